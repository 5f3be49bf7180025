/*
 * What the resolver answers where no server can be asked: a session of which something is not known, another server
 * version or encoding, trees that no parser makes, memory that runs out. All that PostgreSQL itself can judge stands in
 * tests/sql and is checked against it.
 */
#include "resolution.h"
#include "unit.h"

#include "sql/parse.h"
#include "tests/unit/schema/sample.h"

/* The model of all tests; facts differ. */
static struct dg_snapshot *make_snapshot(struct dg_server_facts facts)
{
    static const dg_oid tenant_roles[] = {900};
    static const struct dg_namespace namespaces[] = {
        {.oid = 3000, .name = "tenant", .usage_known = true, .usage_roles = tenant_roles, .n_usage_roles = 1},
        {.oid = 3001, .name = "guarded"},
        {.oid = 3002, .name = "app", .usage_public = true},
        {.oid = 3003, .name = "pg_temp_3", .usage_public = true},
    };
    static const int16_t key = 1;
    static const struct dg_role roles[] = {{.oid = 900, .name = "app"}, {.oid = 901, .name = "other"}};
    struct dg_builder *builder = sample_builder();
    assert_int_equal(dg_builder_facts(builder, &facts), DG_OK);
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        assert_int_equal(dg_builder_namespace(builder, &namespaces[i]), DG_OK);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        assert_int_equal(dg_builder_role(builder, &roles[i]), DG_OK);
    sample_table(builder, 16400, "orders", "id! - total:25");
    sample_table(builder, 16500, "shared", "id left_one");
    sample_table_in(builder, 3000, 16600, "shared", "id right_one");
    sample_table_in(builder, 3000, 16700, "tenant_only", "id");
    sample_table_in(builder, 3001, 16800, "guarded_only", "id");
    sample_table_in(builder, 3002, 16900, "mine", "id");
    sample_table_in(builder, 3003, 17000, "temporary", "id");
    sample_table_in(builder, 11, 17100, "pg_class", "oid relname");
    assert_int_equal(dg_builder_unique_index(builder, &(struct dg_unique_index){16400, 16401, &key, 1, false, false}),
                     DG_OK);
    return sample_finish(builder, 0);
}

/* ---- certainty --------------------------------------------------------------------------------------------------- */

static void a_finding_is_certain_if_no_search_path_could_help(void **state)
{
    static const struct resolution_case cases[] = {
        {"SELECT nope FROM orders", "ok; 42703 @8 exact certain column \"nope\" does not exist"},
        {"SELECT o.nope FROM orders o", "ok; 42703 @8 exact certain column o.nope does not exist"},
        {"SELECT right_one FROM shared", "ok; 42703 @8 exact column \"right_one\" does not exist"},
        {"SELECT right_one FROM public.shared", "ok; 42703 @8 exact certain column \"right_one\" does not exist"},
        {"SELECT 1 FROM nope", "ok; 42P01 @15 exact certain relation \"nope\" does not exist"},
        {"SELECT 1 FROM tenant_only", "ok; 42P01 @15 exact relation \"tenant_only\" does not exist"},
        {"SELECT 1 FROM public.tenant_only",
         "ok; 42P01 @15 exact certain relation \"public.tenant_only\" does not exist"},
        {"SELECT 1 FROM tenant.nope", "ok; 42P01 @15 exact certain relation \"tenant.nope\" does not exist"},
    };
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    CHECK_ALL(&session, cases);
    dg_snapshot_unref(snapshot);
}

/* ---- what is not known of the session ---------------------------------------------------------------------------- */

static void an_unknown_path_finds_missing_only_what_is_missing_everywhere(void **state)
{
    static const struct resolution_case cases[] = {
        {"SELECT 1 FROM nope", "ok; 42P01 @15 exact certain relation \"nope\" does not exist"},
        {"SELECT id FROM orders", "unknown"}, /* the path may not lead to its schema */
        /* orders is in one schema: either it is meant or there is none. Both fail, with one code or the other. */
        {"SELECT nope FROM orders", "unknown; 42703 @8 certain column \"nope\" does not exist"},
        {"SELECT left_one FROM shared", "unknown"},
        {"SELECT nope FROM shared", "unknown"},
        {"SELECT nope FROM pg_class", "ok; 42703 @8 exact certain column \"nope\" does not exist"},
        {"SELECT left_one FROM public.shared", "ok"},
        {"SELECT public.shared.nope FROM shared", "unknown"}, /* it may be that one */
        {"SELECT public.shared.id FROM shared s",
         "unknown; 42P01 @8 certain missing FROM-clause entry for table \"shared\""},
    };
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    session.path_known = false;
    CHECK_ALL(&session, cases);
    dg_snapshot_unref(snapshot);
}

static void an_unknown_role_leaves_its_own_schema_open(void **state)
{
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    check(&session, "SELECT id FROM mine", "ok");
    session.role = "other";
    check(&session, "SELECT id FROM mine", "ok; 42P01 @16 exact relation \"mine\" does not exist");
    session.role = NULL;
    check(&session, "SELECT id FROM mine", "unknown");
    check(&session, "SELECT nope FROM nope", "ok; 42P01 @18 exact certain relation \"nope\" does not exist");
    dg_snapshot_unref(snapshot);
}

static void usage_decides_which_schemas_count(void **state)
{
    static const char *const path[] = {"tenant", "guarded", "public"};
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    session.path = path;
    session.n_path = 3;
    check(&session, "SELECT right_one FROM shared", "ok");
    check(&session, "SELECT id FROM guarded_only", "unknown");
    check(&session, "SELECT nope FROM guarded.guarded_only", "ok; 42703 @8 certain column \"nope\" does not exist");
    check(&session, "SELECT 1 FROM guarded.nope", "ok; 42P01 @15 certain relation \"guarded.nope\" does not exist");
    session.role = "other";
    check(&session, "SELECT left_one FROM shared", "ok");
    check(&session, "SELECT nope FROM tenant.shared", "unknown");
    dg_snapshot_unref(snapshot);
}

static void what_the_session_changed_is_not_judged(void **state)
{
    static const char *const local[] = {"orders", "fresh"};
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    session.local_names = local;
    session.n_local_names = 2;
    check(&session, "SELECT nope FROM orders", "ddl");
    check(&session, "SELECT nope FROM fresh", "ddl");
    check(&session, "SELECT s.nope FROM shared s, orders", "ddl; 42703 @8 column s.nope does not exist");
    check(&session, "SELECT id FROM temporary", "temp");
    check(&session, "SELECT id FROM pg_temp.anything", "temp");
    session.n_local_names = 0;
    session.any_uncommitted = true;
    check(&session, "SELECT nope", "ddl");
    check(&session, "SELECT nope FROM shared", "ddl");
    dg_snapshot_unref(snapshot);
}

/* ---- exactness --------------------------------------------------------------------------------------------------- */

static void only_what_cannot_fail_may_stand_before_an_exact_finding(void **state)
{
    static const dg_oid types[] = {25, 0};
    static const struct resolution_case cases[] = {
        {"SELECT id FROM orders WHERE id = $2 AND nope", "ok; 42703 @41 exact certain column \"nope\" does not exist"},
        {"SELECT id FROM orders WHERE id = $1 AND nope", "ok; 42703 @41 certain column \"nope\" does not exist"},
        {"SELECT id FROM orders WHERE id = 7 AND nope", "ok; 42703 @40 exact certain column \"nope\" does not exist"},
        {"SELECT id FROM orders WHERE id = '7' AND nope", "ok; 42703 @42 certain column \"nope\" does not exist"},
        {"SELECT id FROM orders WHERE total = '7' AND nope",
         "ok; 42703 @45 exact certain column \"nope\" does not exist"},
        {"SELECT lower(total), nope FROM orders", "ok; 42703 @22 certain column \"nope\" does not exist"},
        {"SELECT id + 1, nope FROM orders", "ok; 42703 @16 certain column \"nope\" does not exist"},
        {"SELECT NULL, 'x', 1, $2, id, nope FROM orders", "ok; 42703 @30 exact certain column \"nope\" does not exist"},
        {"INSERT INTO orders (id, total) VALUES ($2, 'x') RETURNING nope",
         "ok; 42703 @59 exact certain column \"nope\" does not exist"},
        {"INSERT INTO orders (id, total) VALUES ('x', 'x') RETURNING nope",
         "ok; 42703 @60 certain column \"nope\" does not exist"},
        /* The second cannot be the first error. */
        {"SELECT one, two FROM orders", "ok; 42703 @8 exact certain column \"one\" does not exist; 42703 @13 certain "
                                        "column \"two\" does not exist"},
    };
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    session.param_types = types;
    session.n_param_types = 2;
    CHECK_ALL(&session, cases);
    dg_snapshot_unref(snapshot);
}

/* ---- other servers ----------------------------------------------------------------------------------------------- */

static void positions_count_the_servers_characters(void **state)
{
    struct dg_server_facts facts = usual_facts();
    struct dg_snapshot *snapshot = make_snapshot(facts);
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    check(&session, "SELECT '\xc3\xa9\xe6\x97\xa5', nope",
          "ok; 42703 @14 exact certain column \"nope\" does not exist");
    dg_snapshot_unref(snapshot);
    facts.server_encoding = "SQL_ASCII";
    snapshot = make_snapshot(facts);
    session.snapshot = snapshot;
    check(&session, "SELECT '\xc3\xa9\xe6\x97\xa5', nope",
          "ok; 42703 @17 exact certain column \"nope\" does not exist");
    dg_snapshot_unref(snapshot);
}

static void a_server_with_other_identifiers_decides_long_names_itself(void **state)
{
#define SIXTY "a23456789_a23456789_a23456789_a23456789_a23456789_a23456789_"
    struct dg_server_facts facts = usual_facts();
    struct dg_snapshot *snapshot = make_snapshot(facts);
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    check(&session, "SELECT " SIXTY, "ok; 42703 @8 exact certain column \"" SIXTY "\" does not exist");
    dg_snapshot_unref(snapshot);
    facts.max_identifier_length = 127;
    snapshot = make_snapshot(facts);
    session.snapshot = snapshot;
    check(&session, "SELECT " SIXTY, "unknown");
    check(&session, "SELECT 1 FROM " SIXTY, "unknown");
    dg_snapshot_unref(snapshot);
    facts.max_identifier_length = 31;
    snapshot = make_snapshot(facts);
    session.snapshot = snapshot;
    check(&session, "SELECT o.a23456789_a23456789_a23456789_x1 FROM orders o", "unknown");
    dg_snapshot_unref(snapshot);
}

static void the_servers_version_decides(void **state)
{
    static const struct {
        int version_num;
        struct resolution_case cases[7];
        size_t n;
    } versions[] = {
        {150000,
         {{"SELECT system_user", "ok; 42703 @8 exact certain column \"system_user\" does not exist"},
          {"UPDATE orders SET id = 1 RETURNING old.id",
           "ok; 42P01 @36 exact certain missing FROM-clause entry for table \"old\""},
          {"SELECT s.bool FROM (SELECT true) s", "ok; 42703 @8 exact certain column s.bool does not exist"}},
         3},
        {180000,
         {{"SELECT system_user", "unknown"},
          {"UPDATE orders SET id = 1 RETURNING old.id, new.total", "ok"},
          {"UPDATE orders SET id = 1 RETURNING old.nope", "ok; 42703 @36 exact certain column old.nope does not exist"},
          /* the row's old version hides a table of that name further out */
          {"SELECT (WITH u AS (UPDATE orders SET id = 1 RETURNING old.left_one) SELECT 1) FROM public.shared old",
           "ok; 42703 @55 exact certain column old.left_one does not exist"}},
         4},
        {140000,
         {{"SELECT s.bool FROM (SELECT true) s", "ok"},
          {"SELECT id FROM orders", "ok"},
          {"MERGE INTO orders USING shared ON nope WHEN MATCHED THEN DELETE",
           "ok; 42703 @35 column \"nope\" does not exist"},
          {"SELECT s.extract FROM (SELECT EXTRACT(year FROM now())) s", "ok"},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT ((orders.id)) DO NOTHING", "ok"},
          {"SELECT q.nope FROM orders a JOIN orders b USING (id) AS q",
           "ok; 42703 @8 exact certain column q.nope does not exist"}},
         6},
        {130000,
         {{"SELECT s.extract FROM (SELECT EXTRACT(year FROM now())) s",
           "ok; 42703 @8 certain column s.extract does not exist"},
          {"SELECT s.date_part FROM (SELECT EXTRACT(year FROM now())) s", "ok"},
          {"SELECT date_part FROM EXTRACT(year FROM now())", "ok"},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT ((orders.id)) DO NOTHING",
           "ok; 42P01 @50 exact certain invalid reference to FROM-clause entry for table \"orders\""},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2 WHERE orders.id = 1", "ok"},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO NOTHING RETURNING orders.id", "ok"},
          {"SELECT q.nope FROM orders a JOIN orders b USING (id) AS q",
           "ok; 42703 @8 certain column q.nope does not exist"}},
         7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct dg_server_facts facts = usual_facts();
        facts.version_num = versions[i].version_num;
        struct dg_snapshot *snapshot = make_snapshot(facts);
        struct dg_sql_session session = usual_session(snapshot);
        check_all(&session, versions[i].cases, versions[i].n);
        dg_snapshot_unref(snapshot);
    }
}

/* ---- references -------------------------------------------------------------------------------------------------- */

static void references_say_what_was_used_and_where(void **state)
{
    static const char sql[] = "SELECT o.total, * FROM orders o WHERE id = 1";
    static const struct dg_sql_reference expected[] = {
        {.relation_oid = 16400, .attnum = 0, .clause = DG_CLAUSE_FROM, .location = 23},
        {.relation_oid = 16400, .attnum = 3, .clause = DG_CLAUSE_SELECT_LIST, .location = 7},
        {.relation_oid = 16400, .attnum = 0, .clause = DG_CLAUSE_SELECT_LIST, .location = 16},
        {.relation_oid = 16400, .attnum = 1, .clause = DG_CLAUSE_WHERE, .location = 38},
    };
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    struct dg_resolution resolution;
    struct dg_parse parse;
    struct dg_arena arena;
    (void)state;
    dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
    assert_int_equal(dg_parse_init(&parse, dg_str_of(sql), &arena), DG_OK);
    assert_int_equal(dg_resolve(&session, dg_str_of(sql), parse.statements[0].node, NULL, &arena, &resolution), DG_OK);
    assert_int_equal(resolution.n_references, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(resolution.references[i].relation_oid, expected[i].relation_oid);
        assert_int_equal(resolution.references[i].attnum, expected[i].attnum);
        assert_int_equal(resolution.references[i].clause, expected[i].clause);
        assert_int_equal(resolution.references[i].location, expected[i].location);
    }
    assert_int_equal(resolution.n_relations, 1);
    assert_string_equal(resolution.relations[0].name, "orders");
    assert_true(resolution.depends_on_path);
    dg_parse_fini(&parse);
    dg_arena_fini(&arena);
    dg_snapshot_unref(snapshot);
}

static void a_finding_names_the_relation_that_lacks_the_column(void **state)
{
    static const struct {
        const char *sql;
        const char *relation; /* NULL: any of those in scope */
        const char *column;
    } cases[] = {
        {"SELECT nope FROM orders", "orders", "nope"},
        {"SELECT x.nope FROM orders x, shared", "orders", "nope"},
        {"SELECT nope FROM orders, shared", NULL, "nope"},
        {"INSERT INTO orders (nope) VALUES (1)", "orders", "nope"},
        {"UPDATE orders x SET nope = 1", "orders", "nope"},
        {"SELECT 1 FROM orders JOIN shared USING (left_one)", "orders", "left_one"},
    };
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dg_resolution resolution;
        struct dg_parse parse;
        struct dg_arena arena;
        struct dg_str text = dg_str_of(cases[i].sql);
        dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
        assert_int_equal(dg_parse_init(&parse, text, &arena), DG_OK);
        assert_int_equal(dg_resolve(&session, text, parse.statements[0].node, NULL, &arena, &resolution), DG_OK);
        assert_int_equal(resolution.n_findings, 1);
        assert_string_equal(resolution.findings[0].column, cases[i].column);
        if (cases[i].relation == NULL) {
            assert_null(resolution.findings[0].relation);
        } else {
            assert_string_equal(resolution.findings[0].relation, cases[i].relation);
            assert_string_equal(resolution.findings[0].schema, "public");
            assert_int_equal(resolution.findings[0].relation_oid, 16400);
        }
        dg_parse_fini(&parse);
        dg_arena_fini(&arena);
    }
    dg_snapshot_unref(snapshot);
}

/* ---- hostile trees and limits ------------------------------------------------------------------------------------ */

static void trees_that_no_parser_makes_do_no_harm(void **state)
{
    static const char *const trees[] = {
        "{}",
        "[]",
        "7",
        "{\"SelectStmt\": 7}",
        "{\"SelectStmt\": {\"fromClause\": 7, \"targetList\": {}}}",
        "{\"SelectStmt\": {\"fromClause\": [7, {}, {\"RangeVar\": {}}, {\"JoinExpr\": {}}]}}",
        "{\"SelectStmt\": {\"fromClause\": [{\"RangeFunction\": {\"functions\": [{}, {\"List\": {\"items\": "
        "[7]}}]}}]}}",
        "{\"SelectStmt\": {\"op\": \"SETOP_UNION\"}}",
        "{\"SelectStmt\": {\"targetList\": [{\"ResTarget\": {\"val\": {\"ColumnRef\": {\"fields\": [7, {}]}}}}]}}",
        "{\"SelectStmt\": {\"targetList\": [{\"ResTarget\": {\"val\": {\"ColumnRef\": {\"location\": 1e9,"
        " \"fields\": [{\"String\": {\"sval\": \"x\"}}]}}}}]}}",
        "{\"SelectStmt\": {\"withClause\": {\"recursive\": true, \"ctes\": [{}, {\"CommonTableExpr\": {}}]}}}",
        "{\"SelectStmt\": {\"lockingClause\": [{\"LockingClause\": {\"lockedRels\": [{}]}}]}}",
        "{\"InsertStmt\": {}}",
        "{\"InsertStmt\": {\"relation\": {\"relname\": \"orders\"}, \"cols\": [{}], \"selectStmt\": {\"SelectStmt\":"
        " {\"valuesLists\": [{}]}}, \"onConflictClause\": {\"infer\": {\"indexElems\": [{}]}}}}",
        "{\"UpdateStmt\": {\"targetList\": [{}, {\"ResTarget\": {\"indirection\": [{}]}}]}}",
        "{\"DeleteStmt\": []}",
        "{\"MergeStmt\": {\"mergeWhenClauses\": [{\"MergeWhenClause\": {\"commandType\": \"CMD_INSERT\"}}]}}",
    };
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        struct dg_resolution resolution;
        struct dg_arena arena;
        dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
        cJSON *tree = cJSON_Parse(trees[i]);
        assert_non_null(tree);
        assert_int_equal(dg_resolve(&session, DG_STR("SELECT"), tree, NULL, &arena, &resolution), DG_OK);
        assert_int_equal(dg_resolve_observed(&session, DG_STR("SELECT"), tree, NULL, &arena, &resolution), DG_OK);
        cJSON_Delete(tree);
        dg_arena_fini(&arena);
    }
    dg_snapshot_unref(snapshot);
}

static void without_memory_there_is_no_answer_but_no_harm(void **state)
{
    static const char sql[] =
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r), c AS (SELECT * FROM orders) "
        "SELECT c.id, (SELECT max(n) FROM r), c.nope FROM c JOIN (shared JOIN orders o USING (id)) j(a, b) ON true, "
        "LATERAL (VALUES (1)) v, unnest(ARRAY[1]) WITH ORDINALITY u(x, y) "
        "GROUP BY 1, c.id ORDER BY sum(1) OVER (PARTITION BY x)";
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    struct dg_arena tree_arena;
    struct dg_parse parse;
    bool succeeded = false;
    (void)state;
    dg_arena_init(&tree_arena, RESOLUTION_ARENA_BYTES);
    assert_int_equal(dg_parse_init(&parse, dg_str_of(sql), &tree_arena), DG_OK);
    for (size_t max_bytes = 0; !succeeded && max_bytes < 65536; max_bytes += 64) {
        struct dg_resolution resolution;
        struct dg_arena arena;
        dg_arena_init(&arena, max_bytes);
        enum dg_status status =
            dg_resolve(&session, dg_str_of(sql), parse.statements[0].node, NULL, &arena, &resolution);
        succeeded = status == DG_OK;
        if (!succeeded) {
            assert_int_equal(status, DG_NO_MEMORY);
            assert_int_equal(resolution.reason, DG_REASON_NO_MEMORY);
            assert_int_equal(resolution.n_findings, 0);
        } else {
            assert_int_equal(resolution.n_findings, 1);
        }
        dg_arena_fini(&arena);
    }
    assert_true(succeeded);
    dg_parse_fini(&parse);
    dg_arena_fini(&tree_arena);
    dg_snapshot_unref(snapshot);
}

static void without_a_snapshot_nothing_is_said(void **state)
{
    struct dg_sql_session session = {.path_known = true};
    struct dg_resolution resolution;
    struct dg_arena arena;
    (void)state;
    dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
    assert_int_equal(dg_resolve(&session, DG_STR("SELECT nope"), NULL, NULL, &arena, &resolution), DG_OK);
    assert_int_equal(resolution.reason, DG_REASON_NO_SNAPSHOT);
    assert_int_equal(resolution.n_findings, 0);
    dg_arena_fini(&arena);
}

static void findings_are_bounded(void **state)
{
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    struct dg_resolution resolution;
    struct dg_parse parse;
    struct dg_arena arena;
    struct dg_text sql;
    (void)state;
    dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
    dg_text_init(&sql, 1 << 16);
    dg_text_cstr(&sql, "SELECT nope0");
    for (int i = 1; i < 100; i++)
        dg_text_printf(&sql, ", nope%d", i);
    assert_int_equal(dg_parse_init(&parse, dg_text_view(&sql), &arena), DG_OK);
    assert_int_equal(dg_resolve(&session, dg_text_view(&sql), parse.statements[0].node, NULL, &arena, &resolution),
                     DG_OK);
    assert_int_equal(resolution.n_findings, 32);
    dg_parse_fini(&parse);
    dg_text_fini(&sql);
    dg_arena_fini(&arena);
    dg_snapshot_unref(snapshot);
}

/* "SELECT id, id, ..., nope FROM orders t0, orders t1 (n1), ...": each name is compared with each item. */
static void render_crowded(struct dg_text *sql, int n_names, int n_items)
{
    dg_text_cstr(sql, "SELECT ");
    for (int i = 0; i < n_names; i++)
        dg_text_cstr(sql, "id, ");
    dg_text_cstr(sql, "nope FROM orders t0");
    for (int i = 1; i < n_items; i++)
        dg_text_printf(sql, ", orders t%d (n%d)", i, i);
}

static void a_statement_that_is_too_much_work_is_not_decided(void **state)
{
    static const struct {
        int n_names;
        int n_items;
        enum dg_reason reason;
        size_t n_findings;
    } cases[] = {{200, 400, DG_REASON_NONE, 1}, {600, 400, DG_REASON_UNKNOWN, 0}};
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dg_resolution resolution;
        struct dg_parse parse;
        struct dg_arena arena;
        struct dg_text sql;
        struct dg_work work = {0, DG_RESOLVE_MAX_WORK};
        dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
        dg_text_init(&sql, 1 << 16);
        render_crowded(&sql, cases[i].n_names, cases[i].n_items);
        assert_int_equal(dg_parse_init(&parse, dg_text_view(&sql), &arena), DG_OK);
        assert_int_equal(dg_resolve(&session, dg_text_view(&sql), parse.statements[0].node, &work, &arena, &resolution),
                         DG_OK);
        assert_int_equal(resolution.reason, cases[i].reason);
        assert_int_equal(resolution.n_findings, cases[i].n_findings);
        dg_parse_fini(&parse);
        dg_text_fini(&sql);
        dg_arena_fini(&arena);
    }
    dg_snapshot_unref(snapshot);
}

static void more_columns_than_a_server_allows_are_not_followed(void **state)
{
    /* Each CTE doubles the columns of the one before: 2, 4, ..., 4096. */
    struct dg_snapshot *snapshot = make_snapshot(usual_facts());
    struct dg_sql_session session = usual_session(snapshot);
    struct dg_text sql;
    (void)state;
    dg_text_init(&sql, 1 << 16);
    dg_text_cstr(&sql, "WITH c0 AS (SELECT * FROM orders)");
    for (int i = 1; i < 12; i++)
        dg_text_printf(&sql, ", c%d AS (SELECT a.*, b.* FROM c%d a, c%d b)", i, i - 1, i - 1);
    dg_text_cstr(&sql, " SELECT nope FROM c11");
    check(&session, dg_text_get(&sql), "unknown");
    dg_text_fini(&sql);
    dg_snapshot_unref(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_certain_if_no_search_path_could_help),
        cmocka_unit_test(an_unknown_path_finds_missing_only_what_is_missing_everywhere),
        cmocka_unit_test(an_unknown_role_leaves_its_own_schema_open),
        cmocka_unit_test(usage_decides_which_schemas_count),
        cmocka_unit_test(what_the_session_changed_is_not_judged),
        cmocka_unit_test(only_what_cannot_fail_may_stand_before_an_exact_finding),
        cmocka_unit_test(positions_count_the_servers_characters),
        cmocka_unit_test(a_server_with_other_identifiers_decides_long_names_itself),
        cmocka_unit_test(the_servers_version_decides),
        cmocka_unit_test(references_say_what_was_used_and_where),
        cmocka_unit_test(a_finding_names_the_relation_that_lacks_the_column),
        cmocka_unit_test(trees_that_no_parser_makes_do_no_harm),
        cmocka_unit_test(without_memory_there_is_no_answer_but_no_harm),
        cmocka_unit_test(without_a_snapshot_nothing_is_said),
        cmocka_unit_test(findings_are_bounded),
        cmocka_unit_test(a_statement_that_is_too_much_work_is_not_decided),
        cmocka_unit_test(more_columns_than_a_server_allows_are_not_followed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
