/*
 * A text as a whole: its limits, its statements in the session that the ones before leave behind, and what cannot be
 * analysed. Which names hold is the business of test_resolve and tests/oracle; here a missing column stands for them.
 */
#include "unit.h"

#include <pthread.h>

#include "base/text.h"
#include "sql/analysis.h"
#include "sql/lexer.h"
#include "tests/unit/schema/sample.h"

#define MAX_TOKENS 10000

static struct dg_snapshot *snapshot;

/* public.orders and other.parts. */
static int make_snapshot(void **state)
{
    static const struct dg_namespace other = {.oid = 3000, .name = "other", .usage_public = true, .usage_known = true};
    struct dg_builder *builder = sample_builder();

    (void)state;
    assert_int_equal(dg_builder_namespace(builder, &other), DG_OK);
    sample_table(builder, 16500, "orders", "id! total");
    sample_table_in(builder, 3000, 16600, "parts", "id! price");
    snapshot = sample_finish(builder, 0);
    return 0;
}

static int free_snapshot(void **state)
{
    (void)state;
    dg_snapshot_unref(snapshot);
    return 0;
}

static const char *const public_path[] = {"public"};

static struct dg_sql_session make_session(void)
{
    return (struct dg_sql_session){.snapshot = snapshot,
                                   .path = public_path,
                                   .n_path = 1,
                                   .path_known = true,
                                   .role = "app",
                                   .max_tokens = MAX_TOKENS};
}

/* ---- statements one after the other ------------------------------------------------------------------------------ */

/* "ok", the sqlstate of the first finding, or the reason; a finding beside a reason as "42703(unknown)". */
static void render_verdict(const struct dg_sql_statement *statement, struct dg_text *out)
{
    const char *reason = dg_reason_label(statement->reason);

    if (out->len > 0)
        dg_text_char(out, ' ');
    if (statement->n_findings == 0)
        dg_text_cstr(out, statement->reason == DG_REASON_NONE ? "ok" : reason);
    else if (statement->reason == DG_REASON_NONE)
        dg_text_cstr(out, statement->findings[0].sqlstate);
    else
        dg_text_printf(out, "%s(%s)", statement->findings[0].sqlstate, reason);
}

static void check_verdicts_in(const struct dg_sql_session *session, const char *text, const char *expected)
{
    struct dg_sql_analysis analysis;
    struct dg_arena arena;
    struct dg_text out;

    dg_arena_init(&arena, 16 << 20);
    dg_text_init(&out, 1 << 16);
    if (dg_sql_analyze(dg_str_of(text), session, &arena, &analysis) != DG_OK)
        fail_msg("%s: %s", text, dg_reason_label(analysis.reason));
    for (size_t i = 0; i < analysis.n_statements; i++)
        render_verdict(&analysis.statements[i], &out);
    if (strcmp(dg_text_get(&out), expected) != 0)
        fail_msg("%s\n   gave %s\n   not  %s", text, dg_text_get(&out), expected);
    dg_text_fini(&out);
    dg_arena_fini(&arena);
}

static void check_verdicts(const char *text, const char *expected)
{
    struct dg_sql_session session = make_session();

    check_verdicts_in(&session, text, expected);
}

static void each_statement_is_judged(void **state)
{
    (void)state;
    check_verdicts("SELECT id FROM orders", "ok");
    check_verdicts("SELECT nope FROM orders", "42703");
    check_verdicts("SELECT id FROM orders; SELECT nope FROM orders; SELECT 1 FROM nope;", "ok 42703 42P01");
    check_verdicts("TRUNCATE nope; LISTEN x; CREATE TABLE orders (id int)", "utility utility ddl");
}

static void what_a_statement_wraps_is_judged(void **state)
{
    (void)state;
    check_verdicts("EXPLAIN ANALYZE SELECT nope FROM orders", "42703");
    check_verdicts("EXPLAIN DECLARE c CURSOR FOR SELECT nope FROM orders", "42703");
    check_verdicts("DECLARE c CURSOR FOR SELECT nope FROM orders", "42703");
    check_verdicts("CREATE TABLE x AS SELECT nope FROM orders", "42703");
    check_verdicts("CREATE MATERIALIZED VIEW x AS SELECT nope FROM orders", "42703");
    check_verdicts("CREATE VIEW x AS SELECT nope FROM orders", "42703");
    check_verdicts("SELECT nope INTO x FROM orders", "42703");
    check_verdicts("COPY (SELECT nope FROM orders) TO STDOUT", "42703");
    check_verdicts("PREPARE p AS SELECT nope FROM orders WHERE id = $1", "42703");
    check_verdicts("CREATE SCHEMA s CREATE VIEW v AS SELECT nope FROM orders", "ddl");
    check_verdicts("EXPLAIN EXECUTE p", "utility");
}

static void what_the_text_itself_changed_is_unknown(void **state)
{
    (void)state;
    check_verdicts("CREATE TABLE x (a int); SELECT a FROM x; SELECT nope FROM orders", "ddl ddl 42703");
    check_verdicts("CREATE TEMP TABLE orders (a int); SELECT a FROM orders", "ddl ddl");
    check_verdicts("SELECT 1 AS a INTO x; SELECT a FROM x", "ok ddl");
    check_verdicts("ALTER TABLE orders ADD nope int; SELECT nope FROM orders", "ddl ddl");
    check_verdicts("ALTER TABLE other.parts SET SCHEMA public; SELECT price FROM parts", "ddl ddl");
    check_verdicts("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'; SELECT nope FROM orders", "ddl ddl");
    check_verdicts("DO 'begin end'; SELECT nope FROM orders", "utility ddl");
    check_verdicts("DROP TABLE x, y; SELECT 1 FROM y", "ddl ddl");
    /* twenty names: the list grows */
    check_verdicts("DROP TABLE a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, x; SELECT 1 FROM x", "ddl ddl");
    check_verdicts("COMMENT ON TABLE orders IS ''; SELECT nope FROM orders", "ddl 42703");
}

static void the_path_that_the_text_set_is_in_force(void **state)
{
    (void)state;
    check_verdicts("SELECT 1 FROM parts", "42P01");
    check_verdicts("SET search_path = other; SELECT price FROM parts; SELECT 1 FROM orders", "utility ok 42P01");
    check_verdicts("SET LOCAL search_path = 'other', public; SELECT price FROM parts, orders", "utility ok");
    check_verdicts("SELECT set_config('search_path', 'other', true); SELECT price FROM parts", "ok ok");
    check_verdicts("SET search_path = ''; SELECT 1 FROM orders", "utility 42P01");
}

/* Then only what no schema has is missing. */
static void where_the_path_is_not_known_a_name_anywhere_will_do(void **state)
{
    static const char *const texts[] = {
        "RESET search_path",          "RESET ALL", "DISCARD ALL", "COMMIT",
        "ROLLBACK TO SAVEPOINT a",    "ROLLBACK",  "EXECUTE p",   "SELECT set_config('search_path', $1, false)",
        "SET search_path TO DEFAULT",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dg_sql_session session = make_session();
        struct dg_sql_analysis analysis;
        struct dg_arena arena;
        struct dg_text text;

        dg_arena_init(&arena, 16 << 20);
        dg_text_init(&text, 1 << 16);
        dg_text_printf(&text, "%s; SELECT price FROM parts; SELECT 1 FROM nope", texts[i]);
        assert_int_equal(dg_sql_analyze(dg_text_view(&text), &session, &arena, &analysis), DG_OK);
        assert_int_equal(analysis.n_statements, 3);
        assert_int_equal(analysis.statements[1].n_findings, 0);
        assert_int_equal(analysis.statements[2].n_findings, 1);
        dg_text_fini(&text);
        dg_arena_fini(&arena);
    }
}

static void names_that_the_session_made_stay_unknown_beside_those_of_the_text(void **state)
{
    static const char *const local_names[] = {"orders"};
    struct dg_sql_session session = make_session();

    (void)state;
    session.local_names = local_names;
    session.n_local_names = 1;
    check_verdicts_in(&session, "CREATE TABLE x (a int); SELECT nope FROM orders; SELECT nope FROM x", "ddl ddl ddl");
    assert_int_equal(session.n_local_names, 1);
    session.n_local_names = 0;
    session.any_uncommitted = true;
    check_verdicts_in(&session, "SELECT nope FROM orders", "ddl");
}

static void without_a_snapshot_effects_are_told_all_the_same(void **state)
{
    struct dg_sql_session session = make_session();

    (void)state;
    session.snapshot = NULL;
    check_verdicts_in(&session, "SET search_path = a; SELECT 1 FROM nope; TRUNCATE x", "utility no_snapshot utility");
}

/* ---- what else is told of a text --------------------------------------------------------------------------------- */

static struct dg_sql_analysis analyze(struct dg_arena *arena, const char *text)
{
    struct dg_sql_session session = make_session();
    struct dg_sql_analysis analysis;

    assert_int_equal(dg_sql_analyze(dg_str_of(text), &session, arena, &analysis), DG_OK);
    return analysis;
}

static void only_a_query_on_its_own_may_be_repeated(void **state)
{
    static const struct {
        const char *text;
        bool may_repeat;
    } cases[] = {
        {"SELECT 1", true},
        {" /* x */ VALUES (1); ", true},
        {"TABLE orders", true},
        {"INSERT INTO orders VALUES (1)", true},
        {"UPDATE orders SET id = 1", true},
        {"DELETE FROM orders", true},
        {"MERGE INTO orders o USING orders s ON true WHEN MATCHED THEN DELETE", true},
        {"SELECT 1; SELECT 2", false},
        {"SELECT 1 INTO x", false},
        {"EXPLAIN SELECT 1", false},
        {"COPY (SELECT 1) TO STDOUT", false},
        {"BEGIN", false},
    };
    struct dg_arena arena;

    (void)state;
    dg_arena_init(&arena, 16 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dg_sql_analysis analysis = analyze(&arena, cases[i].text);

        for (size_t j = 0; j < analysis.n_statements; j++)
            if (analysis.statements[j].may_repeat != cases[i].may_repeat)
                fail_msg("%s", cases[i].text);
    }
    dg_arena_fini(&arena);
}

static void the_verdict_depends_on_the_path_where_an_unqualified_name_was_looked_up(void **state)
{
    struct dg_arena arena;

    (void)state;
    dg_arena_init(&arena, 16 << 20);
    assert_true(analyze(&arena, "SELECT 1; SELECT id FROM orders").depends_on_path);
    assert_false(analyze(&arena, "SELECT id FROM public.orders; LISTEN x").depends_on_path);
    dg_arena_fini(&arena);
}

static void statements_say_where_they_stand(void **state)
{
    const char *text = " SELECT 1;; -- x\nSELECT nope FROM orders ; SELECT 3";
    struct dg_sql_analysis analysis;
    struct dg_arena arena;

    (void)state;
    dg_arena_init(&arena, 16 << 20);
    analysis = analyze(&arena, text);
    assert_int_equal(analysis.n_statements, 3);
    assert_int_equal(analysis.statements[0].location, 0);
    assert_int_equal(analysis.statements[0].len, 9);
    assert_int_equal(analysis.statements[1].location + analysis.statements[1].len, strstr(text, " ; ") + 1 - text);
    assert_int_equal(analysis.statements[2].len, 0);
    /* Positions count from the start of the text. */
    assert_int_equal(analysis.statements[1].findings[0].position, strstr(text, "nope") - text + 1);
    dg_arena_fini(&arena);
}

static void schema_changes_tell_the_relations_that_they_name(void **state)
{
    struct dg_sql_analysis analysis;
    struct dg_arena arena;

    (void)state;
    dg_arena_init(&arena, 16 << 20);
    analysis = analyze(&arena, "ALTER TABLE other.parts RENAME TO bits");
    assert_int_equal(analysis.statements[0].n_relations, 2);
    assert_string_equal(analysis.statements[0].relations[1].schema, "other");
    assert_string_equal(analysis.statements[0].relations[1].name, "bits");
    dg_arena_fini(&arena);
}

static void a_text_without_statements_has_none(void **state)
{
    static const char *const texts[] = {"", " ", ";", ";;", "-- nothing", "/* a /* b */ */;"};
    struct dg_arena arena;

    (void)state;
    dg_arena_init(&arena, 16 << 20);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dg_sql_analysis analysis = analyze(&arena, texts[i]);

        assert_int_equal(analysis.n_statements, 0);
        assert_int_equal(analysis.reason, DG_REASON_NONE);
    }
    dg_arena_fini(&arena);
}

/* ---- what is not analysed ---------------------------------------------------------------------------------------- */

static void check_refused(struct dg_str text, enum dg_status status, enum dg_reason reason)
{
    struct dg_sql_session session = make_session();
    struct dg_sql_analysis analysis;
    struct dg_arena arena;

    dg_arena_init(&arena, 64 << 20);
    assert_int_equal(dg_sql_analyze(text, &session, &arena, &analysis), status);
    assert_int_equal(analysis.reason, reason);
    assert_int_equal(analysis.n_statements, 0);
    dg_arena_fini(&arena);
}

static void what_does_not_parse_is_said_to(void **state)
{
    static const char *const texts[] = {"SELEC 1",         "SELECT 1; SELEC", "SELECT 'a", "SELECT \"a",
                                        "SELECT /* /* */", "SELECT $$a",      "SELECT \\", "SELECT U&'\\00'",
                                        "SELECT 1a",       "\xff\xfe(",       "'"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_refused(dg_str_of(texts[i]), DG_UNPARSED, DG_REASON_UNPARSED);
}

/* `first`, then `piece` n times, then `last`. */
static struct dg_text repeat(const char *first, const char *piece, size_t n, const char *last)
{
    struct dg_text text;

    dg_text_init(&text, 4 << 20);
    dg_text_cstr(&text, first);
    for (size_t i = 0; i < n; i++)
        dg_text_cstr(&text, piece);
    dg_text_cstr(&text, last);
    assert_false(text.failed);
    return text;
}

/* 70,000 terms would overflow the stack of the parser's JSON writer. */
static void too_many_tokens_never_reach_the_parser(void **state)
{
    struct dg_text text = repeat("SELECT 1", "+1", 70000, "");

    (void)state;
    check_refused(dg_text_view(&text), DG_LIMIT, DG_REASON_TOO_LONG);
    dg_text_fini(&text);
    text = repeat("SELECT 1", ",1", MAX_TOKENS / 2 - 1, "");
    assert_int_equal(dg_sql_count_tokens(dg_text_view(&text), MAX_TOKENS), MAX_TOKENS);
    check_verdicts(dg_text_get(&text), "ok");
    dg_text_cstr(&text, ",1");
    check_refused(dg_text_view(&text), DG_LIMIT, DG_REASON_TOO_LONG);
    dg_text_fini(&text);
}

/* Whatever the nesting, up to the limit of tokens; too deep for the tree is unparsed. */
static void *analyze_nested_shapes(void *unused)
{
    static const struct {
        const char *first;
        const char *piece;
        const char *middle;
        const char *last;
    } shapes[] = {
        {"SELECT 1", "+1", "", ""},
        {"SELECT ", "(", "1", ")"},
        {"SELECT ", "- ", "1", ""},
        {"SELECT ", "NOT ", "true", ""},
        {"SELECT 1", "::int", "", ""},
        {"SELECT id", " COLLATE c", " FROM orders", ""},
        {"SELECT ", "abs(", "1", ")"},
        {"SELECT 1", " UNION SELECT 1", "", ""},
        {"", "SELECT * FROM (", "SELECT 1", ") x"},
        {"SELECT ", "(SELECT ", "1", ")"},
        {"SELECT ", "EXISTS(SELECT ", "1", ")"},
        {"", "WITH a AS (", "SELECT 1", ") SELECT 1"},
        {"SELECT ", "CASE WHEN true THEN ", "1", " END"},
        {"SELECT * FROM orders a", " JOIN orders USING (id)", "", ""},
        {"SELECT ", "ARRAY[", "1", "]"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (size_t n = 100; n < 10000; n += n / 2) {
            struct dg_sql_session session = make_session();
            struct dg_text text = repeat(shapes[i].first, shapes[i].piece, n, shapes[i].middle);
            struct dg_sql_analysis analysis;
            struct dg_arena arena;
            enum dg_status status;

            for (size_t j = 0; j < n; j++)
                dg_text_cstr(&text, shapes[i].last);
            dg_arena_init(&arena, 64 << 20);
            status = dg_sql_analyze(dg_text_view(&text), &session, &arena, &analysis);
            assert_true(status == DG_OK || status == DG_UNPARSED || status == DG_LIMIT);
            dg_arena_fini(&arena);
            dg_text_fini(&text);
        }
    }
    return NULL;
}

/* Measured without sanitizers 640 KiB are enough for what the parser's JSON writer does with 10,000 tokens. */
static void nesting_up_to_the_limit_of_tokens_fits_a_small_stack(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 2 << 20), 0);
    assert_int_equal(pthread_create(&thread, &attributes, analyze_nested_shapes, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

static void a_megabyte_of_little_is_analysed(void **state)
{
    struct dg_text text = repeat("SELECT nope FROM orders WHERE id = '", "x", 1 << 20, "'");

    (void)state;
    check_verdicts(dg_text_get(&text), "42703");
    dg_text_fini(&text);
    text = repeat("/*", " ", 1 << 20, "*/ SELECT nope FROM orders");
    check_verdicts(dg_text_get(&text), "42703");
    dg_text_fini(&text);
    text = repeat("", ";", MAX_TOKENS, "");
    check_verdicts(dg_text_get(&text), "");
    dg_text_fini(&text);
}

/* The guard does not hand such texts over; should one come through, nothing breaks. */
static void bytes_that_are_not_utf8_do_no_harm(void **state)
{
    static const char *const texts[] = {
        "SELECT '\xff'",
        "SELECT \xc3 FROM orders",
        "SELECT nope\xe2\x82 FROM \"\xf0\x9f\"",
        "SELECT "
        "\"a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
        "\x80"
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\" FROM orders",
        "SET search_path = \"\xff\xfe\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dg_sql_session session = make_session();
        struct dg_sql_analysis analysis;
        struct dg_arena arena;
        enum dg_status status;

        dg_arena_init(&arena, 16 << 20);
        status = dg_sql_analyze(dg_str_of(texts[i]), &session, &arena, &analysis);
        assert_true(status == DG_OK || status == DG_UNPARSED);
        dg_arena_fini(&arena);
    }
}

/* Each arena that is too small says so, with no half of an answer. */
static void short_of_memory_there_is_no_answer(void **state)
{
    const char *text = "CREATE TABLE x (a int); SET search_path = a, b; SELECT id, nope FROM orders, other.parts; "
                       "SELECT set_config('search_path', 'a', false); DO 'begin end'; PREPARE p AS SELECT 1";
    struct dg_sql_session session = make_session();
    size_t n_failed = 0;
    enum dg_status status = DG_NO_MEMORY;

    (void)state;
    for (size_t max = 0; status != DG_OK && max < 1 << 20; max += 64) {
        struct dg_sql_analysis analysis;
        struct dg_arena arena;

        dg_arena_init(&arena, max);
        status = dg_sql_analyze(dg_str_of(text), &session, &arena, &analysis);
        if (status != DG_OK) {
            assert_int_equal(status, DG_NO_MEMORY);
            assert_int_equal(analysis.reason, DG_REASON_NO_MEMORY);
            assert_int_equal(analysis.n_statements, 0);
            n_failed++;
        }
        dg_arena_fini(&arena);
    }
    assert_int_equal(status, DG_OK);
    assert_true(n_failed > 1);
}

static void every_reason_and_clause_has_its_words(void **state)
{
    (void)state;
    for (int i = 0; i < DG_REASON_COUNT; i++)
        assert_true(i == DG_REASON_NONE || dg_reason_label((enum dg_reason)i)[0] != '\0');
    for (int i = 0; i < DG_CLAUSE_COUNT; i++)
        assert_non_null(dg_clause_text((enum dg_clause)i));
    assert_string_equal(dg_clause_text(DG_CLAUSE_RETURNING), "RETURNING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_statement_is_judged),
        cmocka_unit_test(what_a_statement_wraps_is_judged),
        cmocka_unit_test(what_the_text_itself_changed_is_unknown),
        cmocka_unit_test(the_path_that_the_text_set_is_in_force),
        cmocka_unit_test(where_the_path_is_not_known_a_name_anywhere_will_do),
        cmocka_unit_test(names_that_the_session_made_stay_unknown_beside_those_of_the_text),
        cmocka_unit_test(without_a_snapshot_effects_are_told_all_the_same),
        cmocka_unit_test(only_a_query_on_its_own_may_be_repeated),
        cmocka_unit_test(the_verdict_depends_on_the_path_where_an_unqualified_name_was_looked_up),
        cmocka_unit_test(statements_say_where_they_stand),
        cmocka_unit_test(schema_changes_tell_the_relations_that_they_name),
        cmocka_unit_test(a_text_without_statements_has_none),
        cmocka_unit_test(what_does_not_parse_is_said_to),
        cmocka_unit_test(too_many_tokens_never_reach_the_parser),
        cmocka_unit_test(nesting_up_to_the_limit_of_tokens_fits_a_small_stack),
        cmocka_unit_test(a_megabyte_of_little_is_analysed),
        cmocka_unit_test(bytes_that_are_not_utf8_do_no_harm),
        cmocka_unit_test(short_of_memory_there_is_no_answer),
        cmocka_unit_test(every_reason_and_clause_has_its_words),
    };

    return cmocka_run_group_tests(tests, make_snapshot, free_snapshot);
}
