/* The growable text and its escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void appends_follow_each_other(void **state)
{
    (void)state;
    struct dg_text text;
    dg_text_init(&text, 1000);
    assert_string_equal(dg_text_get(&text), "");
    dg_text_cstr(&text, "public");
    dg_text_char(&text, '.');
    dg_text_append(&text, DG_STR("leads"));
    dg_text_append(&text, (struct dg_str){NULL, 0});
    dg_text_printf(&text, " %d%%", 42);
    assert_string_equal(dg_text_get(&text), "public.leads 42%");
    assert_int_equal(text.len, strlen(dg_text_get(&text)));
    dg_text_reset(&text);
    assert_string_equal(dg_text_get(&text), "");
    dg_text_fini(&text);
}

static void failure_sticks_and_leaves_the_text(void **state)
{
    (void)state;
    struct dg_text text;
    dg_text_init(&text, 10);
    dg_text_cstr(&text, "0123456789");
    assert_false(text.failed);
    dg_text_char(&text, 'x');
    assert_true(text.failed);
    assert_string_equal(dg_text_get(&text), "0123456789");
    dg_text_append(&text, DG_STR(""));
    assert_true(text.failed);
    dg_text_reset(&text);
    assert_false(text.failed);
    dg_text_printf(&text, "%s", "0123456789x");
    assert_true(text.failed);
    assert_string_equal(dg_text_get(&text), "");
    dg_text_fini(&text);
}

static void grows_up_to_its_limit_and_no_further(void **state)
{
    (void)state;
    struct dg_text text;
    dg_text_init(&text, 1000);
    for (int i = 0; i < 1000; i++) {
        dg_text_char(&text, 'a');
        assert_false(text.failed);
    }
    assert_true(text.cap <= 1001);
    dg_text_char(&text, 'a');
    assert_true(text.failed);
    assert_int_equal(text.len, 1000);
    dg_text_fini(&text);
}

static void fixed_memory_is_never_left(void **state)
{
    (void)state;
    char memory[8];
    struct dg_text text;
    dg_text_init_fixed(&text, memory, sizeof memory);
    dg_text_cstr(&text, "1234567");
    assert_false(text.failed);
    assert_ptr_equal(dg_text_get(&text), memory);
    dg_text_char(&text, '8');
    assert_true(text.failed);
    assert_string_equal(memory, "1234567");
    dg_text_init_fixed(&text, memory, 1);
    dg_text_char(&text, 'x');
    assert_true(text.failed);
    assert_string_equal(memory, "");
}

typedef void (*append_function)(struct dg_text *text, struct dg_str value);

struct escape_case {
    struct dg_str value;
    const char *escaped;
};

static void assert_escapes(append_function append, const struct escape_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct dg_text text;
        dg_text_init(&text, 1000);
        append(&text, cases[i].value);
        assert_string_equal(dg_text_get(&text), cases[i].escaped);
        dg_text_fini(&text);
    }
}

static void json_strings_are_one_valid_line(void **state)
{
    (void)state;
    const struct escape_case cases[] = {
        {DG_STR(""), "\"\""},
        {DG_STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {DG_STR("a\nb\r\tc"), "\"a\\nb\\r\\tc\""},
        {DG_STR("\0\x01\x1F\x7F"), "\"\\u0000\\u0001\\u001f\\u007f\""},
        {DG_STR("\xC3\xBC"), "\"\xC3\xBC\""},
        {DG_STR("\xC2\x9B[2J"), "\"\\u009b[2J\""},            /* a terminal's control sequence introducer */
        {DG_STR("\xE2\x80\xA8"), "\"\\u2028\""},              /* line separator */
        {DG_STR("a\xFFz"), "\"a\xEF\xBF\xBDz\""},             /* not UTF-8 */
        {DG_STR("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* cut off: each byte by itself */
    };
    assert_escapes(dg_text_json_string, cases, sizeof cases / sizeof cases[0]);
}

static void prometheus_labels_cannot_end_early(void **state)
{
    (void)state;
    const struct escape_case cases[] = {
        {DG_STR("shop"), "shop"},
        {DG_STR("a\"} 1\nfake 2"), "a\\\"} 1\\nfake 2"},
        {DG_STR("c:\\x"), "c:\\\\x"},
        {DG_STR("m\r\x1B[2J\x7F"), "m??[2J?"},
        {DG_STR("\xC3\xBC\xFF"), "\xC3\xBC\xEF\xBF\xBD"},
    };
    assert_escapes(dg_text_prometheus_label, cases, sizeof cases / sizeof cases[0]);
}

static void plain_identifier(struct dg_text *text, struct dg_str name)
{
    dg_text_sql_identifier(text, name, false);
}

static void quoted_identifier(struct dg_text *text, struct dg_str name)
{
    dg_text_sql_identifier(text, name, true);
}

static void identifiers_are_quoted_where_postgres_quotes(void **state)
{
    (void)state;
    const struct escape_case cases[] = {
        {DG_STR("user_email"), "user_email"},
        {DG_STR("_x9"), "_x9"},
        {DG_STR(""), "\"\""},
        {DG_STR("User"), "\"User\""},
        {DG_STR("9lives"), "\"9lives\""},
        {DG_STR("a b"), "\"a b\""},
        {DG_STR("a$b"), "\"a$b\""},
        {DG_STR("say \"hi\""), "\"say \"\"hi\"\"\""},
        {DG_STR("user"), "\"user\""},               /* reserved */
        {DG_STR("order"), "\"order\""},             /* reserved */
        {DG_STR("left"), "\"left\""},               /* type or function name */
        {DG_STR("interval"), "\"interval\""},       /* column name */
        {DG_STR("system_user"), "\"system_user\""}, /* reserved since 16 */
        {DG_STR("all"), "\"all\""},                 /* first of the list */
        {DG_STR("xmltable"), "\"xmltable\""},       /* last of the list */
        {DG_STR("name"), "name"},                   /* unreserved */
        {DG_STR("alle"), "alle"},
        {DG_STR("al"), "al"},
        {DG_STR("gr\xC3\xB6\xC3\x9F"
                "e"),
         "U&\"gr\\00F6\\00DFe\""},
        {DG_STR("\xF0\x9F\x90\x98"), "U&\"\\+01F418\""},
        {DG_STR("\xC3\xBC\\\""), "U&\"\\00FC\\\\\"\"\""},
        {DG_STR("a\nb"), "U&\"a\\000Ab\""},
        {DG_STR("a\xFF"), "U&\"a\\FFFD\""},
        {DG_STR("a\\b"), "\"a\\b\""}, /* a backslash is nothing special without U& */
    };
    assert_escapes(plain_identifier, cases, sizeof cases / sizeof cases[0]);
    const struct escape_case forced[] = {{DG_STR("user_email"), "\"user_email\""}, {DG_STR("a\"b"), "\"a\"\"b\""}};
    assert_escapes(quoted_identifier, forced, sizeof forced / sizeof forced[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_follow_each_other),
        cmocka_unit_test(failure_sticks_and_leaves_the_text),
        cmocka_unit_test(grows_up_to_its_limit_and_no_further),
        cmocka_unit_test(fixed_memory_is_never_left),
        cmocka_unit_test(json_strings_are_one_valid_line),
        cmocka_unit_test(prometheus_labels_cannot_end_early),
        cmocka_unit_test(identifiers_are_quoted_where_postgres_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
