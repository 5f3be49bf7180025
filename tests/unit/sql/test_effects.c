/*
 * What kind of statement each is and what it does to its session, as one line a statement:
 *     class COMMAND: effect; effect
 * tests/integration asks a real server whether the effects on search_path and role are the true ones.
 */
#include "unit.h"

#include "base/text.h"
#include "sql/analysis.h"
#include "tests/unit/schema/sample.h"

#define MAX_TOKENS 10000

/* ---- a statement as a line --------------------------------------------------------------------------------------- */

static const char *const class_words[] = {"dml", "wrapped", "observed", "ddl", "utility", "empty"};

static const char *const effect_words[] = {
    [DG_EFFECT_BEGIN] = "begin",
    [DG_EFFECT_COMMIT] = "commit",
    [DG_EFFECT_ROLLBACK] = "rollback",
    [DG_EFFECT_SAVEPOINT] = "savepoint",
    [DG_EFFECT_ROLLBACK_TO] = "rollback to",
    [DG_EFFECT_RELEASE] = "release",
    [DG_EFFECT_SET_PATH] = "path",
    [DG_EFFECT_PATH_UNKNOWN] = "path unknown",
    [DG_EFFECT_UNSEEN_DDL] = "unseen ddl",
    [DG_EFFECT_SET_ROLE] = "role",
    [DG_EFFECT_SET_SESSION_AUTHORIZATION] = "authorization",
    [DG_EFFECT_SET_STRINGS] = "strings",
    [DG_EFFECT_RESET_ALL] = "reset all",
    [DG_EFFECT_DISCARD_ALL] = "discard all",
    [DG_EFFECT_DISCARD_TEMP] = "discard temp",
    [DG_EFFECT_DEALLOCATE] = "deallocate",
    [DG_EFFECT_PREPARE] = "prepare",
    [DG_EFFECT_EXECUTE] = "execute",
    [DG_EFFECT_DDL] = "ddl",
    [DG_EFFECT_DATABASE] = "database",
};

static void render_effect(const struct dg_sql_effect *effect, struct dg_text *out)
{
    dg_text_cstr(out, effect_words[effect->kind]);
    if (effect->is_local)
        dg_text_cstr(out, " local");
    if (effect->is_temp)
        dg_text_cstr(out, " temp");
    if (effect->to_default)
        dg_text_cstr(out, " default");
    if (effect->chain)
        dg_text_cstr(out, " chain");
    if (effect->name != NULL)
        dg_text_printf(out, " %s", effect->name);
    if (effect->kind != DG_EFFECT_DDL && effect->kind != DG_EFFECT_SET_PATH)
        return;
    dg_text_cstr(out, " [");
    for (size_t i = 0; i < effect->n_names; i++)
        dg_text_printf(out, "%s%s%s%s", i > 0 ? " " : "", effect->names[i].schema,
                       effect->names[i].schema[0] != '\0' ? "." : "", effect->names[i].name);
    dg_text_cstr(out, "]");
}

static void render_statement(const struct dg_sql_statement *statement, struct dg_text *out)
{
    dg_text_printf(out, "%s %s", class_words[statement->class], statement->command);
    for (size_t i = 0; i < statement->n_effects; i++) {
        dg_text_cstr(out, i == 0 ? ": " : "; ");
        render_effect(&statement->effects[i], out);
    }
}

static void check_statement(const char *text, const char *expected, const struct dg_snapshot *snapshot)
{
    struct dg_sql_session session = {.snapshot = snapshot, .max_tokens = MAX_TOKENS, .path_known = true};
    struct dg_sql_analysis analysis;
    struct dg_arena arena;
    struct dg_text out;

    dg_arena_init(&arena, 16 << 20);
    dg_text_init(&out, 1 << 16);
    if (dg_sql_analyze(dg_str_of(text), &session, &arena, &analysis) != DG_OK)
        fail_msg("%s: %s", text, dg_reason_label(analysis.reason));
    assert_int_equal(analysis.n_statements, 1);
    render_statement(&analysis.statements[0], &out);
    if (strcmp(dg_text_get(&out), expected) != 0)
        fail_msg("%s\n   gave %s\n   not  %s", text, dg_text_get(&out), expected);
    dg_text_fini(&out);
    dg_arena_fini(&arena);
}

struct statement_case {
    const char *text;
    const char *line;
};

static void check_cases(const struct statement_case *cases, size_t n, const struct dg_snapshot *snapshot)
{
    for (size_t i = 0; i < n; i++)
        check_statement(cases[i].text, cases[i].line, snapshot);
}
#define CHECK(cases, snapshot) check_cases((cases), sizeof(cases) / sizeof((cases)[0]), (snapshot))

/* ---- settings ---------------------------------------------------------------------------------------------------- */

#define SIXTY_THREE "a23456789a23456789a23456789a23456789a23456789a23456789a23456789"

static void settings_that_names_depend_on(void **state)
{
    static const struct statement_case cases[] = {
        {"SET search_path = a, \"B\", 'c d', C", "utility SET: path [a B c d c]"},
        {"SET search_path TO 'a, b'", "utility SET: path [a, b]"},
        {"SET search_path = ''", "utility SET: path []"},
        {"SET search_path = \"$user\", public", "utility SET: path [$user public]"},
        {"SET search_path = '" SIXTY_THREE "x'", "utility SET: path [" SIXTY_THREE "]"},
        {"SET \"Search_Path\" = a", "utility SET: path [a]"},
        {"SET LOCAL search_path TO a", "utility SET: path local [a]"},
        {"SET SESSION search_path TO a", "utility SET: path [a]"},
        {"SET SCHEMA 'X'", "utility SET: path [X]"},
        {"SET LOCAL SCHEMA 'x'", "utility SET: path local [x]"},
        {"SET search_path TO DEFAULT", "utility SET: path default []"},
        {"SET LOCAL search_path TO DEFAULT", "utility SET: path local default []"},
        {"RESET search_path", "utility RESET: path default []"},
        {"SET search_path FROM CURRENT", "utility SET: path unknown"},
        {"SET search_path = a, 1", "utility SET: path unknown"},
        {"RESET ALL", "utility RESET: reset all"},
        {"SET ROLE app", "utility SET: role app"},
        {"SET LOCAL ROLE 'App'", "utility SET: role local App"},
        {"SET ROLE NONE", "utility SET: role default"},
        {"SET role = app", "utility SET: role app"},
        {"RESET ROLE", "utility RESET: role default"},
        {"SET SESSION AUTHORIZATION app", "utility SET: authorization app"},
        {"SET LOCAL SESSION AUTHORIZATION 'none'", "utility SET: authorization local none"},
        {"SET SESSION AUTHORIZATION DEFAULT", "utility SET: authorization default"},
        {"RESET SESSION AUTHORIZATION", "utility RESET: authorization default"},
        {"SET standard_conforming_strings = off", "utility SET: strings off"},
        {"SET LOCAL standard_conforming_strings TO 'tRu'", "utility SET: strings local on"},
        {"SET standard_conforming_strings = 1", "utility SET: strings on"},
        {"SET standard_conforming_strings = 0", "utility SET: strings"},
        {"SET standard_conforming_strings TO DEFAULT", "utility SET: strings default"},
        {"SET work_mem = '1MB'", "utility SET"},
        {"SET app.search_path = a", "utility SET"},
        {"SET TIME ZONE LOCAL", "utility SET"},
        {"SET TRANSACTION READ ONLY", "utility SET"},
        {"SET CONSTRAINTS ALL DEFERRED", "utility SET CONSTRAINTS"},
        {"SHOW search_path", "utility SHOW"},
        {"ALTER SYSTEM SET search_path = a", "utility ALTER SYSTEM"},
        {"DISCARD ALL", "utility DISCARD: discard all"},
        {"DISCARD TEMPORARY", "utility DISCARD: discard temp"},
        {"DISCARD PLANS", "utility DISCARD"},
    };

    (void)state;
    CHECK(cases, NULL);
}

static void calls_of_set_config(void **state)
{
    static const struct statement_case cases[] = {
        {"UPDATE pg_settings SET setting = 'a' WHERE name = 'search_path'", "dml UPDATE: path unknown; role"},
        {"SELECT set_config('search_path', 'a, \"B b\" ,C,$user', false)", "dml SELECT: path [a B b c $user]"},
        {"SELECT pg_catalog.set_config('Search_Path', '', true)", "dml SELECT: path local []"},
        {"SELECT set_config('search_path'::text, 'a'::varchar, false) AS x", "dml SELECT: path [a]"},
        {"SELECT set_config('search_path', 'true'::bool::text, false)", "dml SELECT: path unknown"},
        {"SELECT set_config('search_path', 'abc'::varchar(1), false)", "dml SELECT: path unknown"},
        {"SELECT set_config('search_path', NULL, false)", "dml SELECT: path default []"},
        {"SELECT set_config('search_path', 'a', NULL)", "dml SELECT: path [a]"},
        /* refused by the server */
        {"SELECT set_config('search_path', 'a,', false)", "dml SELECT"},
        {"SELECT set_config('search_path', 'a b', false)", "dml SELECT"},
        /* as PostgREST sends it */
        {"SELECT set_config('search_path', $1, true), set_config('role', $2, true), set_config('request.x', $3, true)",
         "dml SELECT: path unknown; role"},
        {"SELECT set_config('role', 'app', true), set_config('search_path', 'a', true)",
         "dml SELECT: role local app; path local [a]"},
        {"SELECT set_config('role', 'none', false)", "dml SELECT: role default"},
        {"SELECT set_config('session_authorization', 'app', false)", "dml SELECT: authorization app"},
        {"SELECT set_config('standard_conforming_strings', 'off', false)", "dml SELECT: strings off"},
        {"SELECT set_config('search_path', 'a', $1)", "dml SELECT: path unknown"},
        {"SELECT set_config($1, 'a', false)", "dml SELECT: path unknown; role"},
        {"SELECT set_config('work_mem', $1, false)", "dml SELECT"},
        {"SELECT set_config('work_mem', '1MB', false) FROM t", "dml SELECT"},
        {"SELECT other.set_config('search_path', 'a', false)", "dml SELECT"},
        {"SELECT \"SET_CONFIG\"('search_path', 'a', false)", "dml SELECT"},
        /* where it may run never, once or often */
        {"SELECT set_config('search_path', 'a', false) WHERE false", "dml SELECT: path unknown"},
        {"SELECT set_config('search_path', 'a', false) FROM t", "dml SELECT: path unknown"},
        {"SELECT coalesce('x', set_config('search_path', 'a', false))", "dml SELECT: path unknown"},
        {"SELECT set_config('search_path', 'a', false) UNION SELECT 'x'", "dml SELECT: path unknown"},
        {"SELECT 1 FROM (SELECT set_config('search_path', 'a', false)) x", "dml SELECT: path unknown"},
        {"SELECT * FROM set_config('search_path', 'a', false)", "dml SELECT: path unknown"},
        {"VALUES (set_config('search_path', 'a', false))", "dml SELECT: path unknown"},
        {"WITH x AS (SELECT set_config('role', 'a', false)) SELECT * FROM x", "dml SELECT: role"},
        {"INSERT INTO t VALUES (set_config('search_path', 'a', false))", "dml INSERT: path unknown"},
        {"SELECT u&\"set\\005fconfig\"('search_path', 'a', false)", "dml SELECT: path [a]"},
        {"EXPLAIN ANALYZE SELECT set_config('search_path', 'a', false)", "wrapped EXPLAIN: path unknown"},
        {"DECLARE c CURSOR FOR SELECT set_config('search_path', 'a', false)", "wrapped DECLARE CURSOR: path unknown"},
        {"COPY (SELECT set_config('search_path', 'a', false)) TO STDOUT", "wrapped COPY: path unknown"},
        {"EXECUTE p(set_config('search_path', 'a', false))", "utility EXECUTE: execute p; path unknown"},
        {"PREPARE p AS SELECT set_config('search_path', $1, false)", "wrapped PREPARE: prepare p"},
        {"PREPARE p AS SELECT set_config('work_mem', $1, false)", "wrapped PREPARE: prepare p"},
        {"SELECT 'set_config'", "dml SELECT"},
        {"SELECT f()", "dml SELECT"},
    };

    (void)state;
    CHECK(cases, NULL);
}

static struct dg_snapshot *snapshot_with_side_effects(bool has_trigger)
{
    struct dg_builder *builder = sample_builder();
    const struct dg_function plain = {.oid = 1, .namespace_oid = SAMPLE_PUBLIC, .name = "plain", .kind = 'f'};
    const struct dg_function tenant = {
        .oid = 2, .namespace_oid = SAMPLE_PUBLIC, .name = "use_tenant", .kind = 'f', .may_set_path = true};
    const struct dg_function maker = {
        .oid = 4, .namespace_oid = SAMPLE_PUBLIC, .name = "make_table", .kind = 'f', .may_change_schema = true};
    const struct dg_function trigger = {.oid = 3,
                                        .namespace_oid = SAMPLE_PUBLIC,
                                        .name = "on_write",
                                        .kind = 'f',
                                        .result_oid = 2279,
                                        .may_set_path = has_trigger,
                                        .may_change_schema = has_trigger};

    assert_int_equal(dg_builder_function(builder, &plain), DG_OK);
    assert_int_equal(dg_builder_function(builder, &tenant), DG_OK);
    assert_int_equal(dg_builder_function(builder, &maker), DG_OK);
    assert_int_equal(dg_builder_function(builder, &trigger), DG_OK);
    return sample_finish(builder, 0);
}

/* They may be called by any name that fits; a trigger's at every write. */
static void functions_that_set_the_path_or_change_the_schema_themselves(void **state)
{
    static const struct statement_case called[] = {
        {"SELECT use_tenant('a')", "dml SELECT: path unknown; role"},
        {"SELECT other.use_tenant('a') FROM t", "dml SELECT: path unknown; role"},
        {"SELECT * FROM use_tenant('a')", "dml SELECT: path unknown; role"},
        {"INSERT INTO t SELECT x FROM t WHERE plain(use_tenant('a'))", "dml INSERT: path unknown; role"},
        {"EXPLAIN ANALYZE SELECT use_tenant('a')", "wrapped EXPLAIN: path unknown; role"},
        {"SELECT make_table(1)", "dml SELECT: unseen ddl"},
        {"SELECT 1 WHERE use_tenant(make_table(1))", "dml SELECT: path unknown; role; unseen ddl"},
        {"SELECT plain('use_tenant'), use_tenant FROM t", "dml SELECT"},
        {"INSERT INTO t VALUES (1)", "dml INSERT"},
    };
    static const struct statement_case written[] = {
        {"SELECT plain(1)", "dml SELECT"},
        {"SELECT on_write(1)", "dml SELECT: path unknown; role; unseen ddl"},
        {"INSERT INTO t VALUES (1)", "dml INSERT: path unknown; role; unseen ddl"},
        {"WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", "dml SELECT: path unknown; role; unseen ddl"},
        {"COPY t FROM STDIN", "observed COPY: path unknown; role; unseen ddl"},
        {"COPY t TO STDOUT", "observed COPY"},
    };
    struct dg_snapshot *snapshot = snapshot_with_side_effects(false);

    (void)state;
    CHECK(called, snapshot);
    dg_snapshot_unref(snapshot);
    snapshot = snapshot_with_side_effects(true);
    CHECK(written, snapshot);
    dg_snapshot_unref(snapshot);
}

static void blocks_and_procedures_may_do_anything(void **state)
{
    static const struct statement_case cases[] = {
        {"DO $$ BEGIN UPDATE t SET a = 1; END $$", "utility DO: ddl []"},
        {"DO $$ BEGIN SET search_path = a; END $$", "utility DO: ddl []; path unknown; role"},
        {"DO $$ BEGIN SET LOCAL SCHEMA 'a'; END $$", "utility DO: ddl []; path unknown; role"},
        {"DO $$ BEGIN CREATE SCHEMA a; END $$", "utility DO: ddl []"},
        {"DO $$ BEGIN PERFORM Set_Config('x', 'a', true); END $$", "utility DO: ddl []; path unknown; role"},
        {"DO $$ BEGIN EXECUTE 'set ' || x; END $$", "utility DO: ddl []; path unknown; role"},
        {"DO $$ BEGIN \"call\" p(); END $$", "utility DO: ddl []; path unknown; role"},
        {"DO $$ BEGIN RESET ALL; END $$", "utility DO: ddl []; path unknown; role"},
        {"DO $$ BEGIN -- search_path\n NULL; END $$", "utility DO: ddl []"},
        {"DO 'BEGIN ''unclosed; END'", "utility DO: ddl []; path unknown; role"},
        {"DO LANGUAGE plperl 'x'", "utility DO: ddl []; path unknown; role"},
        {"CALL p(1)", "utility CALL: ddl []; path unknown; role"},
    };

    (void)state;
    CHECK(cases, NULL);
}

static void transactions_and_prepared_statements(void **state)
{
    static const struct statement_case cases[] = {
        {"BEGIN", "utility BEGIN: begin"},
        {"START TRANSACTION READ ONLY", "utility START TRANSACTION: begin"},
        {"COMMIT", "utility COMMIT: commit"},
        {"END", "utility COMMIT: commit"},
        {"COMMIT AND CHAIN", "utility COMMIT: commit chain"},
        {"COMMIT AND NO CHAIN", "utility COMMIT: commit"},
        {"ROLLBACK", "utility ROLLBACK: rollback"},
        {"ABORT AND CHAIN", "utility ROLLBACK: rollback chain"},
        {"SAVEPOINT \"A\"", "utility SAVEPOINT: savepoint A"},
        {"ROLLBACK TO SAVEPOINT a", "utility ROLLBACK TO SAVEPOINT: rollback to a"},
        {"RELEASE a", "utility RELEASE: release a"},
        {"PREPARE TRANSACTION 'x'", "utility PREPARE TRANSACTION: commit"},
        {"COMMIT PREPARED 'x'", "utility COMMIT PREPARED: ddl []"},
        {"ROLLBACK PREPARED 'x'", "utility ROLLBACK PREPARED"},
        {"PREPARE p(int) AS INSERT INTO t VALUES ($1)", "wrapped PREPARE: prepare p"},
        {"EXECUTE p(1)", "utility EXECUTE: execute p"},
        {"EXPLAIN EXECUTE p(1)", "wrapped EXPLAIN: execute p"},
        {"CREATE TABLE x AS EXECUTE p(1)", "wrapped CREATE TABLE AS: ddl [x]; execute p"},
        {"DEALLOCATE p", "utility DEALLOCATE: deallocate p"},
        {"DEALLOCATE PREPARE ALL", "utility DEALLOCATE: deallocate"},
    };

    (void)state;
    CHECK(cases, NULL);
}

/* ---- the schema -------------------------------------------------------------------------------------------------- */

static void what_is_made(void **state)
{
    static const struct statement_case cases[] = {
        {"CREATE TABLE t (a int)", "ddl CREATE TABLE: ddl [t]"},
        {"CREATE TABLE IF NOT EXISTS s.\"T\" (LIKE o) INHERITS (p)", "ddl CREATE TABLE: ddl [s.T]"},
        {"CREATE TABLE t PARTITION OF p DEFAULT", "ddl CREATE TABLE: ddl [t]"},
        {"CREATE TABLE s.t (a serial, b int GENERATED ALWAYS AS IDENTITY, c int)",
         "ddl CREATE TABLE: ddl [s.t s.t_a_seq s.t_b_seq]"},
        {"CREATE TEMP TABLE t (a int)", "ddl CREATE TABLE: ddl temp [t]"},
        {"CREATE TABLE pg_temp.t (a int)", "ddl CREATE TABLE: ddl temp [pg_temp.t]"},
        {"CREATE FOREIGN TABLE ft (a int) SERVER s", "ddl CREATE: ddl [ft]"},
        {"CREATE TABLE x AS SELECT 1", "wrapped CREATE TABLE AS: ddl [x]"},
        {"CREATE TEMP TABLE x AS TABLE y", "wrapped CREATE TABLE AS: ddl temp [x]"},
        {"EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1", "wrapped EXPLAIN: ddl [x]"},
        {"SELECT 1 INTO s.x", "wrapped SELECT INTO: ddl [s.x]"},
        {"SELECT 1 INTO TEMP x UNION SELECT 2 UNION SELECT 3", "wrapped SELECT INTO: ddl temp [x]"},
        {"CREATE MATERIALIZED VIEW s.mv AS SELECT 1", "wrapped CREATE MATERIALIZED VIEW: ddl [s.mv]"},
        {"CREATE OR REPLACE VIEW v AS SELECT 1", "wrapped CREATE VIEW: ddl [v]"},
        {"CREATE TEMP VIEW v AS SELECT 1", "wrapped CREATE VIEW: ddl temp [v]"},
        {"CREATE SEQUENCE s.q", "ddl CREATE: ddl [s.q]"},
        {"CREATE INDEX i ON t (a)", "ddl CREATE INDEX"},
        {"CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (a)", "ddl CREATE INDEX: ddl [s.t]"},
        {"CREATE TRIGGER tr BEFORE INSERT ON s.t EXECUTE FUNCTION f()", "ddl CREATE: ddl [s.t]"},
        {"CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "ddl CREATE RULE: ddl [t]"},
        {"CREATE SCHEMA s CREATE TABLE t (a int)", "ddl CREATE: ddl []"},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'", "ddl CREATE: ddl []"},
        {"CREATE AGGREGATE ag (int) (sfunc = f, stype = int)", "ddl CREATE: ddl []"},
        {"CREATE TYPE ty AS (a int)", "ddl CREATE TYPE: ddl []"},
        {"CREATE TYPE ty AS ENUM ('a')", "ddl CREATE: ddl []"},
        {"CREATE DOMAIN d AS int", "ddl CREATE: ddl []"},
        {"CREATE CAST (a AS b) WITH INOUT", "ddl CREATE: ddl []"},
        {"CREATE EXTENSION e", "ddl CREATE: ddl []"},
        {"CREATE ROLE r", "ddl CREATE: ddl []"},
        {"IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", "ddl IMPORT FOREIGN SCHEMA: ddl []"},
        {"CREATE STATISTICS st ON a, b FROM t", "ddl CREATE"},
        {"CREATE POLICY p ON t", "ddl CREATE"},
        {"CREATE PUBLICATION p FOR TABLE t", "ddl CREATE"},
        {"CREATE OPERATOR @@@ (function = f, leftarg = int)", "ddl CREATE"},
        {"CREATE OPERATOR s.= (function = f, leftarg = mood, rightarg = text)", "ddl CREATE: ddl []"},
    };

    (void)state;
    CHECK(cases, NULL);
}

/* orders has the child orders_2026. */
static struct dg_snapshot *shop(void)
{
    static const dg_oid parents[] = {16500};
    struct dg_builder *builder = sample_builder();
    struct dg_relation child = {.oid = 16600,
                                .namespace_oid = SAMPLE_PUBLIC,
                                .name = "orders_2026",
                                .parents = parents,
                                .n_parents = 1,
                                .kind = 'r'};

    sample_table(builder, 16500, "orders", "id");
    sample_table(builder, 16700, "leads", "id");
    assert_int_equal(dg_builder_relation(builder, &child), DG_OK);
    return sample_finish(builder, 0);
}

static void what_is_changed_or_dropped(void **state)
{
    static const struct statement_case cases[] = {
        {"ALTER INDEX s.i ATTACH PARTITION s.i1", "ddl ALTER TABLE: ddl []"},
        {"ALTER INDEX s.i SET (fillfactor = 50)", "ddl ALTER TABLE: ddl [s.i]"},
        {"ALTER TABLE leads ADD COLUMN x serial, DROP COLUMN y", "ddl ALTER TABLE: ddl [leads leads_x_seq]"},
        {"ALTER TABLE public.leads ADD x int", "ddl ALTER TABLE: ddl [public.leads]"},
        {"ALTER TABLE other.orders ADD x int", "ddl ALTER TABLE: ddl [other.orders]"},
        {"ALTER TABLE orders ADD x int", "ddl ALTER TABLE: ddl []"},
        {"ALTER TABLE ONLY orders ALTER x SET DEFAULT 1", "ddl ALTER TABLE: ddl [orders]"},
        {"ALTER TABLE leads DROP COLUMN x CASCADE", "ddl ALTER TABLE: ddl []"},
        {"ALTER TABLE leads INHERIT p", "ddl ALTER TABLE: ddl [leads p]"},
        {"ALTER TABLE leads ATTACH PARTITION s.p2 DEFAULT", "ddl ALTER TABLE: ddl [leads s.p2]"},
        {"ALTER TABLE pg_temp.leads ADD x int", "ddl ALTER TABLE: ddl temp [pg_temp.leads]"},
        {"ALTER TABLE leads RENAME COLUMN a TO b", "ddl ALTER: ddl [leads]"},
        {"ALTER TABLE orders RENAME COLUMN a TO b", "ddl ALTER: ddl []"},
        {"ALTER TABLE public.orders RENAME TO o", "ddl ALTER: ddl [public.orders public.o]"},
        {"ALTER VIEW v RENAME TO w", "ddl ALTER: ddl [v w]"},
        {"ALTER SEQUENCE v RENAME TO w", "ddl ALTER: ddl [v w]"},
        {"ALTER TABLE leads RENAME CONSTRAINT a TO b", "ddl ALTER: ddl [leads]"},
        {"ALTER TABLE leads SET SCHEMA n", "ddl ALTER: ddl [leads n.leads]"},
        {"ALTER TYPE ty ADD ATTRIBUTE a int", "ddl ALTER TABLE: ddl []"},
        {"ALTER TYPE ty RENAME ATTRIBUTE a TO b", "ddl ALTER: ddl []"},
        {"ALTER TYPE ty ADD VALUE 'x'", "ddl ALTER: ddl []"},
        {"ALTER TYPE ty SET SCHEMA n", "ddl ALTER: ddl []"},
        {"ALTER SCHEMA s RENAME TO n", "ddl ALTER: ddl []"},
        {"ALTER SCHEMA s OWNER TO n", "ddl ALTER: ddl []"},
        {"ALTER FUNCTION f() OWNER TO n", "ddl ALTER"},
        {"ALTER FUNCTION f() RENAME TO g", "ddl ALTER: ddl []"},
        {"ALTER ROLE r SET search_path = x", "ddl ALTER: ddl []"},
        {"ALTER DATABASE d SET search_path = x", "ddl ALTER: ddl []"},
        {"ALTER SEQUENCE q RESTART", "ddl ALTER"},
        {"DROP TABLE leads, s.b", "ddl DROP: ddl [leads s.b]"},
        {"DROP TABLE db.s.b", "ddl DROP: ddl [s.b]"},
        {"DROP TABLE orders", "ddl DROP: ddl []"},
        {"DROP TABLE leads CASCADE", "ddl DROP: ddl []"},
        {"DROP TABLE pg_temp.leads", "ddl DROP: ddl temp [pg_temp.leads]"},
        {"DROP TABLE pg_temp.leads, leads", "ddl DROP: ddl [pg_temp.leads leads]"},
        {"DROP VIEW v", "ddl DROP: ddl [v]"},
        {"DROP MATERIALIZED VIEW v", "ddl DROP: ddl [v]"},
        {"DROP INDEX i", "ddl DROP: ddl []"},
        {"DROP TRIGGER tr ON s.t", "ddl DROP: ddl [s.t]"},
        {"DROP RULE r ON orders", "ddl DROP: ddl [orders]"},
        {"DROP FUNCTION f(int)", "ddl DROP: ddl []"},
        {"DROP SCHEMA s", "ddl DROP: ddl []"},
        {"DROP OWNED BY r", "ddl DROP: ddl []"},
        {"DROP ROLE r", "ddl DROP: ddl []"},
        {"DROP OPERATOR + (int, int)", "ddl DROP"},
        {"DROP SERVER s CASCADE", "ddl DROP: ddl []"},
        {"DROP POLICY p ON t", "ddl DROP"},
        {"GRANT SELECT ON t TO u", "ddl GRANT"},
        {"REVOKE ALL ON SCHEMA s FROM PUBLIC", "ddl GRANT: ddl []"},
        {"GRANT r TO u", "ddl GRANT ROLE: ddl []"},
        {"COMMENT ON TABLE t IS 'x'", "ddl COMMENT"},
    };
    struct dg_snapshot *snapshot = shop();

    (void)state;
    CHECK(cases, snapshot);
    dg_snapshot_unref(snapshot);
    /* Without a snapshot any table may have children. */
    check_statement("ALTER TABLE leads ADD x int", "ddl ALTER TABLE: ddl []", NULL);
    check_statement("DROP TABLE leads", "ddl DROP: ddl []", NULL);
}

static void databases_that_must_be_let_go(void **state)
{
    static const struct statement_case cases[] = {
        {"DROP DATABASE IF EXISTS \"D\"", "ddl DROP: database D"},
        {"ALTER DATABASE d RENAME TO e", "ddl ALTER: database d"},
        {"ALTER DATABASE d SET TABLESPACE x", "ddl ALTER: database d"},
        {"ALTER DATABASE d WITH CONNECTION LIMIT 3", "ddl ALTER"},
        {"CREATE DATABASE d TEMPLATE x", "ddl CREATE: database x"},
        {"CREATE DATABASE d", "ddl CREATE: database template1"},
    };

    (void)state;
    CHECK(cases, NULL);
}

static void statements_without_effects(void **state)
{
    static const struct statement_case cases[] = {
        {"SELECT 1", "dml SELECT"},
        {"VALUES (1)", "dml SELECT"},
        {"TABLE t", "dml SELECT"},
        {"INSERT INTO t DEFAULT VALUES", "dml INSERT"},
        {"UPDATE t SET a = 1", "dml UPDATE"},
        {"DELETE FROM t", "dml DELETE"},
        {"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", "dml MERGE"},
        {"EXPLAIN SELECT 1", "wrapped EXPLAIN"},
        {"DECLARE c CURSOR FOR SELECT 1", "wrapped DECLARE CURSOR"},
        {"FETCH c", "utility FETCH"},
        {"CLOSE c", "utility CLOSE CURSOR"},
        {"COPY t (a) FROM STDIN WHERE a > 1", "observed COPY"},
        {"COPY (DELETE FROM t RETURNING a) TO STDOUT", "wrapped COPY"},
        {"TRUNCATE t", "observed TRUNCATE TABLE"},
        {"LOCK t", "observed LOCK TABLE"},
        {"ANALYZE t (a)", "observed ANALYZE"},
        {"VACUUM t", "observed VACUUM"},
        {"LISTEN x", "utility LISTEN"},
        {"UNLISTEN *", "utility UNLISTEN"},
        {"NOTIFY x", "utility NOTIFY"},
        {"CHECKPOINT", "utility CHECKPOINT"},
        {"LOAD 'x'", "utility LOAD"},
        {"REINDEX TABLE t", "utility REINDEX"},
        {"CLUSTER t", "utility CLUSTER"},
        {"REFRESH MATERIALIZED VIEW t", "utility REFRESH MATERIALIZED VIEW"},
    };

    (void)state;
    CHECK(cases, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_names_depend_on),
        cmocka_unit_test(calls_of_set_config),
        cmocka_unit_test(functions_that_set_the_path_or_change_the_schema_themselves),
        cmocka_unit_test(blocks_and_procedures_may_do_anything),
        cmocka_unit_test(transactions_and_prepared_statements),
        cmocka_unit_test(what_is_made),
        cmocka_unit_test(what_is_changed_or_dropped),
        cmocka_unit_test(databases_that_must_be_let_go),
        cmocka_unit_test(statements_without_effects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
