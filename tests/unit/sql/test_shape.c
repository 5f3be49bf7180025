/*
 * Shapes: which texts share one, which do not, which have none; and that texts of one shape are the same statement.
 */
#include "unit.h"

#include "base/text.h"
#include "same_tree.h"
#include "sql/shape.h"
#include "vary.h"

#define MAX_TOKENS 1000
#define MAX_SHAPE 4096

struct shape {
    char bytes[MAX_SHAPE];
    size_t len;
};

static struct shape shape_of(const char *text)
{
    struct shape shape;
    shape.len = dg_sql_shape(dg_str_of(text), MAX_TOKENS, shape.bytes, sizeof(shape.bytes));
    return shape;
}

static bool same_shape(const char *a, const char *b)
{
    struct shape left = shape_of(a);
    struct shape right = shape_of(b);
    return left.len > 0 && dg_str_equal((struct dg_str){left.bytes, left.len}, (struct dg_str){right.bytes, right.len});
}

static void texts_that_differ_in_literals_share_a_shape(void **state)
{
    static const char *const pairs[][2] = {
        {"SELECT a FROM t WHERE id = 1", "SELECT a FROM t WHERE id = 2147483647"},
        {"SELECT a FROM t WHERE id = 0", "SELECT a FROM t WHERE id = 007"},
        {"SELECT a FROM t WHERE id=1", "SELECT a\n\tFROM t -- why\n WHERE id /* /* nested */ */ = 42"},
        {"SELECT a FROM t WHERE id = -5", "SELECT a FROM t WHERE id = - 6"},
        {"SELECT a FROM t WHERE id=-1", "SELECT a FROM t WHERE id= -77"},
        {"SELECT 'a'", "SELECT 'it''s'"},
        {"SELECT 'a'", "SELECT ''"},
        {"SELECT 'a'", "SELECT 'a'\n  'b'"},
        {"SELECT 'a'", "SELECT $$dollar's$$"},
        {"SELECT 'a'", "SELECT $tag$ $$ $tag$"},
        {"SELECT 'a'", "SELECT E'quote''s'"},
        {"SELECT 'a'", "SELECT '-- no comment'"},
        {"SELECT 'a', 1", "SELECT '/*', 2"},
        {"SELECT 1.5", "SELECT 1e10"},
        {"SELECT .5", "SELECT 3."},
        {"SELECT 3000000000", "SELECT 9223372036854775807"},
        {"SELECT 1.5", "SELECT 92233720368547758070"},
        {"SELECT b'01'", "SELECT B'1'"},
        {"SELECT x'1F'", "SELECT X''"},
        {"INSERT INTO t VALUES (1, 'a'), (2, NULL)", "INSERT INTO t VALUES (3, 'b'), (4, NULL)"},
        {"UPDATE t SET a = 1 WHERE id = 2;", "UPDATE t SET a = 3 WHERE id = 4 ;"},
        {"DELETE FROM t WHERE id IN (1, 2)", "DELETE FROM t WHERE id IN (3, 4)"},
        {"WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 2) SELECT * FROM x"},
        {"VALUES (1)", "VALUES (2)"},
        {"SELECT a FROM t ORDER BY 1 LIMIT 5", "SELECT a FROM t ORDER BY 1 LIMIT 6"},
        {"SELECT a FROM t ORDER BY a OFFSET 5", "SELECT a FROM t ORDER BY a OFFSET 6"},
        {"SELECT a FROM (SELECT a FROM t ORDER BY 1) s WHERE a = 1",
         "SELECT a FROM (SELECT a FROM t ORDER BY 1) s WHERE a = 2"},
        {"/* trace 1 */ SELECT a FROM t", "/* trace 2 */ SELECT a FROM t"},
        {"SELECT a FROM t --a\nWHERE true", "SELECT a FROM t --b\nWHERE true"},
        {"INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2",
         "INSERT INTO t VALUES (3) ON CONFLICT (id) DO UPDATE SET a = 4"},
        {"SELECT region FROM t WHERE has_paid = 1", "SELECT region FROM t WHERE has_paid = 2"},
        {"SELECT $1, 1", "SELECT $1, 2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (!same_shape(pairs[i][0], pairs[i][1]))
            fail_msg("not one shape: %s | %s", pairs[i][0], pairs[i][1]);
        if (!same_tree(dg_str_of(pairs[i][0]), dg_str_of(pairs[i][1])))
            fail_msg("not one statement: %s | %s", pairs[i][0], pairs[i][1]);
    }
}

static void texts_that_differ_in_more_have_two_shapes(void **state)
{
    static const char *const pairs[][2] = {
        {"SELECT a FROM t WHERE id = 1", "SELECT b FROM t WHERE id = 1"},
        {"SELECT a FROM t WHERE id = 1", "SELECT a FROM t WHERE id = '1'"},
        {"SELECT a FROM t WHERE id = 1", "SELECT a FROM t WHERE id = 1.0"},
        {"SELECT a FROM t WHERE id = 1", "SELECT a FROM t WHERE id = 2147483648"},
        {"SELECT a FROM t WHERE id = 2147483648", "SELECT a FROM t WHERE id = 2147483649"},
        {"SELECT 9223372036854775807", "SELECT 9223372036854775808"},
        {"SELECT 9223372036854775808", "SELECT 9223372036854775809"},
        {"SELECT 1, NULL", "SELECT 1, 1"},
        {"SELECT 1, TRUE", "SELECT 1, FALSE"},
        {"SELECT 1, $1", "SELECT 1, $2"},
        {"SELECT b'1'", "SELECT x'1'"},
        {"SELECT b'1'", "SELECT '1'"},
        {"SELECT a FROM t WHERE a = 1", "SELECT a FROM t WHERE a <> 1"},
        {"SELECT a FROM t WHERE a = 1", "SELECT a FROM t WHERE a = -1"},
        {"SELECT a FROM t WHERE a <-1", "SELECT a FROM t WHERE a <<1"},
        {"SELECT 1 AS ab", "SELECT 1 AS \"ab\""},
        {"SELECT 1 AS a_b", "SELECT 1 AS a, b"},
        {"SELECT a, 1 FROM t ORDER BY 1", "SELECT a, 1 FROM t ORDER BY 2"},
        {"SELECT a, 'x' FROM t GROUP BY 1", "SELECT a, 'x' FROM t GROUP BY 2"},
        {"SELECT DISTINCT ON (1) a, 'x' FROM t", "SELECT DISTINCT ON (2) a, 'x' FROM t"},
        {"SELECT 'x' FROM t ORDER BY a, 1", "SELECT 'x' FROM t ORDER BY a, 2"},
        {"SELECT 'x' FROM t ORDER BY (SELECT 1 LIMIT 1), 1", "SELECT 'x' FROM t ORDER BY (SELECT 1 LIMIT 1), 2"},
        {"SELECT 'x' FROM t ORDER BY (SELECT 1 ORDER BY 1 LIMIT 1), 1",
         "SELECT 'x' FROM t ORDER BY (SELECT 1 ORDER BY 1 LIMIT 1), 2"},
        {"SELECT 'x' FROM t ORDER BY t.limit, 1", "SELECT 'x' FROM t ORDER BY t.limit, 2"},
        {"SELECT 'x' FROM t ORDER BY t /**/ . /**/ offset, 1", "SELECT 'x' FROM t ORDER BY t /**/ . /**/ offset, 2"},
        {"SELECT 'x' FROM t GROUP BY GROUPING SETS ((1), (2))", "SELECT 'x' FROM t GROUP BY GROUPING SETS ((1), (3))"},
        {"SELECT 'x' FROM t ORDER BY a[1], 1", "SELECT 'x' FROM t ORDER BY a[1], 2"},
        {"(SELECT 1)", "SELECT 1"},
        {"SELECT 1", "SELECT 1;"},
        {"INSERT INTO t VALUES (1), (2)", "INSERT INTO t VALUES (1)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (same_shape(pairs[i][0], pairs[i][1]))
            fail_msg("one shape: %s | %s", pairs[i][0], pairs[i][1]);
    }
}

static void where_a_literal_may_matter_there_is_no_shape(void **state)
{
    static const char *const texts[] = {
        "SELECT 'leads'::regclass",
        "SELECT regclass 'leads'",
        "SELECT CAST('leads' AS RegClass)",
        "SELECT 'x'::\"regtype\"",
        "SELECT nextval('s')",
        "SELECT pg_catalog.currval('s')",
        "SELECT \"setval\"('s', 1)",
        "SELECT to_regclass('leads')",
        "SELECT pg_get_serial_sequence('leads', 'id')",
        "SELECT has_table_privilege('leads', 'select')",
        "SELECT set_config('search_path', 'a', false)",
        "SELECT SET_CONFIG('search_path', 'a', false)",
        "UPDATE pg_settings SET setting = 'a' WHERE name = 'search_path'",
        "INSERT INTO t VALUES (1) ON CONFLICT (id) WHERE c = 1 DO NOTHING",
        "SELECT 1::float(24)",
        "SELECT E'\\x41'",
        "SELECT U&'\\0041'",
        "SELECT U&'!0041' UESCAPE '!'",
        "SELECT 1 AS U&\"\\0061\"",
        "SELECT 1 AS \"tab\tin\"",
        "SELECT 'a' -- b\n 'c'",
        "SELECT * FROM unnest(a) WITH /* c */ ORDINALITY",
        "SELECT 1 ORDER BY 1 NULLS--\nFIRST",
        "SELECT N'x'",
        "SELECT 0x1F",
        "SELECT 1_000",
        "SELECT 1_000.5",
        "SELECT 1; SELECT 2",
        "SELECT 1;;",
        "; SELECT 1",
        "SET search_path TO 'a'",
        "RESET ALL",
        "CREATE TABLE t (a int DEFAULT 1)",
        "EXPLAIN SELECT 1",
        "PREPARE p AS SELECT 1",
        "EXECUTE p (1)",
        "COPY t FROM STDIN DELIMITER ','",
        "CALL p(1)",
        "DO 'x'",
        "DECLARE c CURSOR FOR SELECT 1",
        "selec 1",
        "\"select\" 1",
        "1 SELECT",
        "'a' SELECT",
        "SELECT 'not closed",
        "SELECT 1 /* not closed",
        "SELECT 1a",
        "SELECT 1 \\ 2",
        "",
        ";",
        "-- nothing",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (shape_of(texts[i]).len > 0)
            fail_msg("has a shape: %s", texts[i]);
    }
}

static void where_nothing_could_be_otherwise_there_is_no_shape(void **state)
{
    (void)state;
    assert_int_equal(shape_of("SELECT a FROM t WHERE id = $1").len, 0);
    assert_int_equal(shape_of("SELECT a - b FROM t").len, 0);
    assert_true(shape_of("SELECT a FROM t /*x*/ WHERE id = $1").len > 0);
}

static void limits_hold(void **state)
{
    static const char text[] = "SELECT a, 1";
    struct shape whole = shape_of(text);
    char out[64];
    (void)state;
    assert_true(whole.len > 0);
    assert_int_equal(dg_sql_shape(dg_str_of(text), 4, out, sizeof(out)), whole.len);
    assert_int_equal(dg_sql_shape(dg_str_of(text), 3, out, sizeof(out)), 0);
    assert_int_equal(dg_sql_shape(dg_str_of(text), 4, out, whole.len), whole.len);
    assert_int_equal(dg_sql_shape(dg_str_of(text), 4, out, whole.len - 1), 0);
    assert_int_equal(dg_sql_shape(dg_str_of(text), 4, out, 0), 0);
}

/* Whatever literals are put in: the same shape, and the parser's tree is the same but for them. */
static void generated_literals_share(void **state)
{
    static const char *const texts[] = {
        "SELECT a.x, 'l', 1.5, 7 FROM a JOIN b ON a.id = b.id WHERE a.n > 10 AND b.s LIKE 'q%' OR a.z = -3000000000",
        "INSERT INTO t (a, b, c) VALUES (1, 'x', b'01'), (2, E'y', B'1') RETURNING id + 1",
        "UPDATE t SET a = a + 1, b = date '2020-01-01', c = interval '1 day' WHERE id = 5",
        "DELETE FROM t USING u WHERE t.id = u.id AND u.k BETWEEN 1 AND 2",
        "SELECT * FROM (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 100) c LIMIT 10 OFFSET 20",
        "SELECT j -> 'k' ->> 0, a[1], a[2:3], x::numeric(10, 2), f(1, 'two', y => 3) FROM t",
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.k = 1 THEN UPDATE SET v = 'x'",
        "SELECT CASE WHEN a = 1 THEN 'one' ELSE 'x' END, substring('abc' from 1 for 2), extract('year' from d) FROM t",
        "SELECT count(*) FILTER (WHERE k = 1) FROM t TABLESAMPLE bernoulli (10) FETCH FIRST 3 ROWS ONLY",
    };
    struct dg_text varied;
    (void)state;
    dg_text_init(&varied, 65536);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (uint64_t seed = 0; seed < 200; seed++) {
            dg_text_reset(&varied);
            vary_literals(dg_str_of(texts[i]), seed, &varied);
            if (!same_shape(texts[i], dg_text_get(&varied)))
                fail_msg("not one shape: %s | %s", texts[i], dg_text_get(&varied));
            if (!same_tree(dg_str_of(texts[i]), dg_text_view(&varied)))
                fail_msg("not one statement: %s | %s", texts[i], dg_text_get(&varied));
        }
    }
    dg_text_fini(&varied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_differ_in_literals_share_a_shape),
        cmocka_unit_test(texts_that_differ_in_more_have_two_shapes),
        cmocka_unit_test(where_a_literal_may_matter_there_is_no_shape),
        cmocka_unit_test(where_nothing_could_be_otherwise_there_is_no_shape),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(generated_literals_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
