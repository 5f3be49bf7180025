/*
 * What a text weighs: its tokens, and those of a row's source in UPDATE as often as the row has columns. Judged by the
 * parser: no tree is larger than its text's weight lets it be.
 */
#include "unit.h"

#include <pg_query.h>

#include "sql/lexer.h"
#include "sql/weight.h"

#define LIMIT 10000

/* `extra`: beyond the number of tokens. */
static const struct {
    const char *text;
    size_t extra;
} cases[] = {
    {"", 0},
    {"SELECT 1", 0},
    {"UPDATE t SET a = 1, b = (SELECT 1)", 0},
    {"UPDATE t SET (a) = ROW(1)", 0},
    {"UPDATE t SET (a, b) = (1, 2)", 5},
    {"UPDATE t SET (a, b, c) = (1, 2, 3)", 14},
    {"UPDATE t SET (a, b) = (SELECT 1, 2)", 6},
    {"UPDATE t SET (a[1], b.c) = (1, 2)", 5},
    {"update t set(a,b)=(1,2)", 5},
    {"UPDATE t SET /* x */ (a, b) -- y\n = (1, 2)", 5},
    {"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET (a, b) = (1, 2)", 5},
    /* the source ends with its SET */
    {"UPDATE t SET (a, b) = (1, 2), c = 3", 5},
    {"UPDATE t SET (a, b) = (1, 2), (c, d) = (3, 4)", 10},
    {"UPDATE t SET (a, b) = (1, 2) FROM x WHERE true", 5},
    {"UPDATE t SET (a, b) = (1, 2) WHERE true AND true", 5},
    {"UPDATE t SET (a, b) = (1, 2) RETURNING a, b", 5},
    {"UPDATE t SET (a, b) = (1, 2); SELECT 1 + 1", 5},
    {"WITH x AS (UPDATE t SET (a, b) = (1, 2)) SELECT 1 + 1", 5},
    {"MERGE INTO t USING s ON true WHEN MATCHED AND a THEN UPDATE SET (a, b) = (1, 2)"
     " WHEN MATCHED THEN UPDATE SET (a, b) = (1, 2)",
     14},
    /* not with a word or a comma that only looks like it */
    {"UPDATE t SET (a, b) = ARRAY[1, 2]", 6},
    {"UPDATE t SET (a, b) = 1 IS DISTINCT FROM 2", 5},
    {"UPDATE t SET (a, b) = (SELECT 1, 2 FROM x WHERE true)", 10},
    /* within one another they multiply */
    {"UPDATE t SET (a, b) = (WITH x AS (UPDATE t SET (c, d, e) = (1, 2, 3) RETURNING 1) SELECT 1, 2)", 59},
    /* a comparison of rows is no assignment; one behind a comma may be */
    {"SELECT 1 WHERE (a, b) = (1, 2)", 0},
    {"SELECT (a, b) = (1, 2)", 0},
    {"SELECT 1, (a, b) = (1, 2)", 5},
    /* what is no SQL weighs something all the same */
    {") ) ( ] [ = = , ;", 0},
    {"SET (a, b", 0},
    {"SET (a, b) =", 0},
};

static void each_token_counts_as_often_as_the_tree_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dg_str text = dg_str_of(cases[i].text);
        size_t weight = dg_sql_weigh_tokens(text, LIMIT);
        if (weight != dg_sql_count_tokens(text, LIMIT) + cases[i].extra)
            fail_msg("%s: weighs %zu, of which %zu for tokens", cases[i].text, weight,
                     dg_sql_count_tokens(text, LIMIT));
    }
}

static void a_long_token_that_is_repeated_counts_for_more(void **state)
{
    static char text[2000];
    (void)state;
    snprintf(text, sizeof(text), "UPDATE t SET (a, b) = ('%0*d', 2)", 640, 0);
    assert_int_equal(dg_sql_weigh_tokens(dg_str_of(text), LIMIT), 9 + 2 * 5 + 2 * 10);
    snprintf(text, sizeof(text), "UPDATE t SET a = '%0*d'", 640, 0);
    assert_int_equal(dg_sql_weigh_tokens(dg_str_of(text), LIMIT), 6);
}

static void many_bytes_that_json_escapes_count_for_more(void **state)
{
    static char text[2000];
    (void)state;
    snprintf(text, sizeof(text), "SELECT '%0*d'", 480, 0);
    assert_int_equal(dg_sql_weigh_tokens(dg_str_of(text), LIMIT), 2);
    memset(strchr(text, '0'), '\n', 480);
    assert_int_equal(dg_sql_weigh_tokens(dg_str_of(text), LIMIT), 2 + 10);
    memset(strchr(text, '\n'), '<', 480);
    assert_int_equal(dg_sql_weigh_tokens(dg_str_of(text), LIMIT), 2 + 30);
}

static void weighing_stops_just_above_the_limit(void **state)
{
    (void)state;
    assert_int_equal(dg_sql_weigh_tokens(DG_STR("a b c"), 3), 3);
    assert_int_equal(dg_sql_weigh_tokens(DG_STR("a b c d e"), 3), 4);
    assert_int_equal(dg_sql_weigh_tokens(DG_STR("UPDATE t SET (a, b) = (1, 2)"), 19), 19);
    assert_int_equal(dg_sql_weigh_tokens(DG_STR("UPDATE t SET (a, b) = (1, 2)"), 18), 19);
    assert_int_equal(dg_sql_weigh_tokens(DG_STR("a"), 0), 1);
}

/* `open` n times, `core`, `close` n times. */
static void nest(struct dg_text *text, const char *open, const char *core, const char *close, size_t n)
{
    dg_text_reset(text);
    for (size_t i = 0; i < n; i++)
        dg_text_cstr(text, open);
    dg_text_cstr(text, core);
    for (size_t i = 0; i < n; i++)
        dg_text_cstr(text, close);
    assert_false(text->failed);
}

static void updates_in_updates_are_beyond_the_limit_before_they_are_beyond_memory(void **state)
{
    static const char open[] = "WITH x AS (UPDATE t SET (a, b) = (";
    static const char close[] = ") RETURNING 1) SELECT 1, 2";
    struct dg_text text;
    (void)state;
    dg_text_init(&text, (size_t)1 << 20);
    for (size_t n = 0; n < 300; n++) {
        nest(&text, open, "SELECT 1, 2", close, n);
        size_t weight = dg_sql_weigh_tokens(dg_text_view(&text), LIMIT);
        assert_true(n < 9 ? weight < LIMIT : weight == LIMIT + 1);
    }
    /* Brackets deeper than those that are followed hide none. */
    nest(&text, "(SELECT ", "1", ")", 100);
    dg_text_cstr(&text, " WITH x AS (UPDATE t SET (a, b) = (1, 2)");
    assert_true(dg_sql_weigh_tokens(dg_text_view(&text), LIMIT) > dg_sql_count_tokens(dg_text_view(&text), LIMIT));
    dg_text_fini(&text);
}

static void check_tree(struct dg_str text)
{
    PgQueryParseResult parsed = pg_query_parse(text.data);
    size_t weight = dg_sql_weigh_tokens(text, (size_t)10 * LIMIT);
    if (parsed.error == NULL && strlen(parsed.parse_tree) > 500 * (weight + 1) + 6 * text.len)
        fail_msg("%.60s: a tree of %zu bytes, a weight of %zu", text.data, strlen(parsed.parse_tree), weight);
    pg_query_free_parse_result(parsed);
}

static void the_parsers_tree_is_no_larger(void **state)
{
    struct dg_text text;
    (void)state;
    dg_text_init(&text, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_tree(dg_str_of(cases[i].text));
    for (size_t n = 1; n < 12; n++) {
        nest(&text, "WITH x AS (UPDATE t SET (a, b) = (", "SELECT 1, 2", ") RETURNING 1) SELECT 1, 2", n);
        check_tree(dg_text_view(&text));
    }
    dg_text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_token_counts_as_often_as_the_tree_has_it),
        cmocka_unit_test(a_long_token_that_is_repeated_counts_for_more),
        cmocka_unit_test(many_bytes_that_json_escapes_count_for_more),
        cmocka_unit_test(weighing_stops_just_above_the_limit),
        cmocka_unit_test(updates_in_updates_are_beyond_the_limit_before_they_are_beyond_memory),
        cmocka_unit_test(the_parsers_tree_is_no_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
