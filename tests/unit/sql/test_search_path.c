/*
 * The string form of search_path, each line as PostgreSQL 15 answered it (set_config, then current_schemas over schemas
 * of those names).
 */
#include "unit.h"

#include "base/text.h"
#include "sql/search_path.h"

static enum dg_status split(const char *value, size_t max_len, struct dg_text *out)
{
    const char *const *names;
    enum dg_status status;
    struct dg_arena arena;
    size_t n;

    dg_arena_init(&arena, 1 << 20);
    status = dg_sql_split_search_path(dg_str_of(value), max_len, &arena, &names, &n);
    if (status == DG_OK)
        for (size_t i = 0; i < n; i++)
            dg_text_printf(out, "<%s>", names[i]);
    dg_arena_fini(&arena);
    return status;
}

static void check_split(const char *value, const char *expected)
{
    struct dg_text out;

    dg_text_init(&out, 1 << 16);
    assert_int_equal(split(value, 63, &out), DG_OK);
    assert_string_equal(dg_text_get(&out), expected);
    dg_text_fini(&out);
}

static void names_are_folded_unless_quoted(void **state)
{
    (void)state;
    check_split("", "");
    check_split(" \t", "");
    check_split("a", "<a>");
    check_split("\"$user\", public", "<$user><public>");
    check_split("$user,public", "<$user><public>");
    check_split(" A , \"B c\" ,D\n", "<a><B c><d>");
    check_split("\"a\"\"b\"", "<a\"b>");
    check_split("\"a,b\",c", "<a,b><c>");
    check_split("\"\"", "<>");
    check_split("a-b.c", "<a-b.c>");
    check_split("a\"b", "<a\"b>");
    check_split("\xc3\x84", "<\xc3\x84>");
}

static void what_the_server_refuses(void **state)
{
    static const char *const values[] = {"a,", ",a", ",", "a,,b", "a b", "\"a", "\"a\"\"", "\"a\"b", "\"a\" b", "\""};
    struct dg_text out;

    (void)state;
    dg_text_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_int_equal(split(values[i], 63, &out), DG_UNPARSED);
    dg_text_fini(&out);
}

static void long_names_are_cut_between_characters(void **state)
{
    struct dg_text out;

    (void)state;
    dg_text_init(&out, 1 << 16);
    assert_int_equal(split("abcdef, \"a\xc3\xa4\xc3\xa4\"", 4, &out), DG_OK);
    assert_string_equal(dg_text_get(&out), "<abcd><a\xc3\xa4>");
    dg_text_fini(&out);
}

static void a_list_without_end_is_a_limit(void **state)
{
    char value[2 * DG_SEARCH_PATH_MAX + 2];
    struct dg_text out;

    (void)state;
    dg_text_init(&out, 1 << 16);
    for (size_t i = 0; i < DG_SEARCH_PATH_MAX + 1; i++) {
        value[2 * i] = 'a';
        value[2 * i + 1] = ',';
    }
    value[2 * DG_SEARCH_PATH_MAX + 1] = '\0';
    assert_int_equal(split(value, 63, &out), DG_LIMIT);
    value[2 * DG_SEARCH_PATH_MAX - 1] = '\0';
    assert_int_equal(split(value, 63, &out), DG_OK);
    dg_text_fini(&out);
}

static void no_memory_is_said(void **state)
{
    const char *const *names;
    struct dg_arena arena;
    size_t n;

    (void)state;
    dg_arena_init(&arena, 0);
    assert_int_equal(dg_sql_split_search_path(DG_STR("a"), 63, &arena, &names, &n), DG_NO_MEMORY);
    dg_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_folded_unless_quoted),
        cmocka_unit_test(what_the_server_refuses),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(a_list_without_end_is_a_limit),
        cmocka_unit_test(no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
