/* Runs of bytes: ASCII, UTF-8, edit distance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static void utf8_is_told_from_what_is_not(void **state)
{
    (void)state;
    const struct {
        struct dg_str text;
        bool is_utf8;
        bool is_ascii;
    } cases[] = {
        {DG_STR(""), true, true},
        {DG_STR("select"), true, true},
        {DG_STR("\x7F"), true, true},
        {DG_STR("\xC3\xBC"), true, false},          /* u with diaeresis */
        {DG_STR("\xE2\x82\xAC"), true, false},      /* euro sign */
        {DG_STR("\xF0\x9F\x90\x98"), true, false},  /* elephant */
        {DG_STR("\xF4\x8F\xBF\xBF"), true, false},  /* U+10FFFF */
        {DG_STR("\xED\x9F\xBF"), true, false},      /* U+D7FF, last before the surrogates */
        {DG_STR("\x80"), false, false},             /* a continuation without its start */
        {DG_STR("\xC0\xAF"), false, false},         /* overlong '/' */
        {DG_STR("\xC1\xBF"), false, false},         /* overlong */
        {DG_STR("\xE0\x9F\xBF"), false, false},     /* overlong */
        {DG_STR("\xF0\x8F\xBF\xBF"), false, false}, /* overlong */
        {DG_STR("\xED\xA0\x80"), false, false},     /* surrogate U+D800 */
        {DG_STR("\xF4\x90\x80\x80"), false, false}, /* above U+10FFFF */
        {DG_STR("\xF5\x80\x80\x80"), false, false},
        {DG_STR("\xFF"), false, false},
        {DG_STR("\xC3"), false, false},         /* cut off */
        {DG_STR("a\xE2\x82"), false, false},    /* cut off */
        {DG_STR("\xF0\x9F\x90"), false, false}, /* cut off */
        {DG_STR("\xC3 "), false, false},        /* wrong continuation */
        {DG_STR("\xE2\x82x"), false, false},    /* wrong third byte */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(dg_str_is_utf8(cases[i].text), cases[i].is_utf8);
        assert_int_equal(dg_str_is_ascii(cases[i].text), cases[i].is_ascii);
    }
}

static void characters_are_decoded_and_counted(void **state)
{
    (void)state;
    uint32_t c = 0;
    assert_int_equal(dg_str_utf8_char(DG_STR("\xE2\x82\xACx"), &c), 3);
    assert_int_equal(c, 0x20AC);
    assert_int_equal(dg_str_utf8_char(DG_STR("\xF0\x9F\x90\x98"), &c), 4);
    assert_int_equal(c, 0x1F418);
    assert_int_equal(dg_str_utf8_char(DG_STR(""), &c), 0);

    struct dg_str text = DG_STR("a\xC3\xBC\xE2\x82\xACz");
    assert_int_equal(dg_str_utf8_chars(text, 0), 0);
    assert_int_equal(dg_str_utf8_chars(text, 3), 2);
    assert_int_equal(dg_str_utf8_chars(text, text.len), 4);
    assert_int_equal(dg_str_utf8_chars(text, 1000), 4);
}

static void a_prefix_does_not_cut_a_character(void **state)
{
    (void)state;
    struct dg_str text = DG_STR("a\xE2\x82\xAC"
                                "b");
    const size_t lengths[] = {0, 1, 1, 1, 4, 5, 5};
    for (size_t max = 0; max < sizeof lengths / sizeof lengths[0]; max++)
        assert_int_equal(dg_str_utf8_prefix(text, max).len, lengths[max]);
}

static void distance_counts_edits(void **state)
{
    (void)state;
    const struct {
        const char *a;
        const char *b;
        unsigned limit;
        unsigned distance;
    } cases[] = {
        {"", "", 3, 0},
        {"user_email", "user_email", 3, 0},
        {"user_emial", "user_email", 3, 1}, /* a swap is one edit */
        {"mdoe", "mode", 1, 1},
        {"ab", "ba", 0, 1},
        {"abcd", "badc", 2, 2},
        {"ca", "abc", 3, 3}, /* a swapped pair is not edited again */
        {"pol_ms", "poll_ms", 3, 1},
        {"kitten", "sitting", 3, 3},
        {"kitten", "sitting", 2, 3}, /* given up */
        {"abc", "xyz", 1, 2},        /* given up */
        {"", "abcd", 4, 4},
        {"abcd", "", 2, 3}, /* the lengths alone say so */
        {"flaw", "lawn", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_str a = dg_str_of(cases[i].a), b = dg_str_of(cases[i].b);
        assert_int_equal(dg_str_distance(a, b, cases[i].limit), cases[i].distance);
        assert_int_equal(dg_str_distance(b, a, cases[i].limit), cases[i].distance);
    }
}

static void a_name_that_is_too_long_is_near_to_nothing(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'x', sizeof name);
    assert_int_equal(dg_str_distance((struct dg_str){name, 255}, (struct dg_str){name, 255}, 5), 0);
    assert_int_equal(dg_str_distance((struct dg_str){name, 256}, (struct dg_str){name, 256}, 5), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(characters_are_decoded_and_counted),
        cmocka_unit_test(a_prefix_does_not_cut_a_character),
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(a_name_that_is_too_long_is_near_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
