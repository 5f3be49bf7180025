/* JSON as text: comments become blanks, and each value is found where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/json_text.h"

static void comments_become_blanks(void **state)
{
    (void)state;
    const struct {
        const char *before;
        const char *after;
    } cases[] = {
        {"", ""},
        {"{} // end", "{}       "},
        {"{ // a\n}", "{     \n}"},
        {"{/*a*/}", "{     }"},
        {"{/*a\nb*/}", "{   \n   }"},
        {"{/**/}", "{    }"},
        {"{/***/}", "{     }"},
        {"/* // */ {}", "         {}"},
        {"// /*\n{}", "     \n{}"},
        {"\"// no /* comment */\"", "\"// no /* comment */\""},
        {"\"a\\\"// no\" // yes", "\"a\\\"// no\"       "},
        {"\"\\\\\"//x", "\"\\\\\"   "},
        {"1 / 2", "1 / 2"}, /* not JSON, but no comment either: the parser says so */
        {"\xEF\xBB\xBF{}", "   {}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        size_t offset = 0;
        size_t len = strlen(cases[i].before);
        memcpy(text, cases[i].before, len + 1);
        assert_null(dg_json_blank(text, len, &offset));
        assert_string_equal(text, cases[i].after);
    }
}

static void what_the_parser_would_let_pass_is_found(void **state)
{
    (void)state;
    const struct {
        struct dg_str text;
        const char *problem;
        size_t offset;
    } cases[] = {
        {DG_STR("{ /* a"), "a comment has no end", 2},
        {DG_STR("{ /*/"), "a comment has no end", 2},
        {DG_STR("{\"a"), "a string has no end", 1},
        {DG_STR("{\"a\\"), "a string has no end", 1},
        {DG_STR("{\"a\\\""), "a string has no end", 1},
        {DG_STR("{\"a\nb\"}"), "the line ends inside a string", 3},
        {DG_STR("{\"a\x01\"}"), "a control character in a string must be escaped", 3},
        {DG_STR("{\"a\\u0000\"}"), "a string must not contain \\u0000", 3},
        {DG_STR("{\"a\\\\u0000\"}"), NULL, 0}, /* a backslash, then plain letters */
        {DG_STR("{\"\xFF\"}"), "the file is not UTF-8", 2},
        {DG_STR("{}\0{}"), "a NUL byte", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        size_t offset = 0;
        memcpy(text, cases[i].text.data, cases[i].text.len);
        const char *problem = dg_json_blank(text, cases[i].text.len, &offset);
        if (cases[i].problem == NULL) {
            assert_null(problem);
            continue;
        }
        assert_non_null(problem);
        assert_string_equal(problem, cases[i].problem);
        assert_int_equal(offset, cases[i].offset);
    }
}

static void places_count_lines_and_characters(void **state)
{
    (void)state;
    struct dg_str text = DG_STR("ab\n\xC3\xBC\xE2\x82\xACx\n\ny");
    const struct {
        size_t offset;
        unsigned line;
        unsigned column;
    } cases[] = {{0, 1, 1}, {1, 1, 2}, {2, 1, 3}, {3, 2, 1}, {5, 2, 2}, {8, 2, 3}, {10, 3, 1}, {11, 4, 1}, {999, 4, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_place place = dg_json_place(text, cases[i].offset);
        assert_int_equal(place.line, cases[i].line);
        assert_int_equal(place.column, cases[i].column);
    }
}

/* In the text, the beginning of value n is marked by the letter or bracket that the table names. */
static void values_are_found_by_number(void **state)
{
    (void)state;
    struct dg_str text =
        DG_STR("{\"k,:{\": [1, {}, [ ], \"]\\\",{\"], \"l\" : {\"m\":true}, \"n\":-1.5e3 , \"o\": null}");
    const struct {
        const char *value;
        const char *key; /* NULL: none */
    } cases[] = {
        {"{\"k", NULL}, {"[1", "\"k,"},  {"1", NULL},       {"{}", NULL},      {"[ ]", NULL},
        {"\"]", NULL},  {"{\"m", "\"l"}, {"true", "\"m\""}, {"-1.5", "\"n\""}, {"null", "\"o\""},
    };
    size_t n = sizeof cases / sizeof cases[0];
    for (size_t i = 0; i < n; i++) {
        size_t key = 0, value = 0;
        assert_true(dg_json_find_value(text, i, &key, &value));
        assert_memory_equal(text.data + value, cases[i].value, strlen(cases[i].value));
        const char *key_text = cases[i].key == NULL ? cases[i].value : cases[i].key;
        assert_memory_equal(text.data + key, key_text, strlen(key_text));
    }
    size_t ignored;
    assert_false(dg_json_find_value(text, n, &ignored, &ignored));
}

static void deep_nesting_ends_the_search(void **state)
{
    (void)state;
    char text[2000];
    memset(text, '[', sizeof text);
    size_t key = 0, value = 0;
    assert_true(dg_json_find_value((struct dg_str){text, sizeof text}, 999, &key, &value));
    assert_int_equal(value, 999);
    assert_false(dg_json_find_value((struct dg_str){text, sizeof text}, 1999, &key, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_become_blanks),
        cmocka_unit_test(what_the_parser_would_let_pass_is_found),
        cmocka_unit_test(places_count_lines_and_characters),
        cmocka_unit_test(values_are_found_by_number),
        cmocka_unit_test(deep_nesting_ends_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
