/*
 * What a catalog read makes of a real schema, and what a targeted read makes of its changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

#include "live.h"
#include "schema/catalog.h"
#include "schema/diff.h"

#define MAX_BYTES ((size_t)64 << 20)

struct fixture {
    PGconn *sql;
    struct dg_catalog *catalog;
    struct dg_snapshot *snapshot;
};

static char url_memory[256];

static const char *url_of(const char *user, const char *database)
{
    snprintf(url_memory, sizeof url_memory, "postgres://%s@%s:%s/%s", user, live_host(), live_port(), database);
    return url_memory;
}

static const char schema_sql[] =
    "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric(10,2) NOT NULL DEFAULT 0,"
    " gone int, note varchar(20), twice numeric GENERATED ALWAYS AS (total * 2) STORED);"
    "ALTER TABLE orders DROP COLUMN gone;"
    "CREATE TABLE leads (id serial, user_email text UNIQUE, UNIQUE (id) DEFERRABLE);"
    "CREATE UNIQUE INDEX leads_partial ON leads (lower(user_email)) INCLUDE (id) WHERE id > 0;"
    "CREATE VIEW open_orders AS SELECT id, total FROM orders;"
    "CREATE TABLE measure (at date NOT NULL, value int) PARTITION BY RANGE (at);"
    "CREATE TABLE measure_2026 PARTITION OF measure FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
    "CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);"
    "CREATE TYPE mood AS ENUM ('sad', 'happy'); ALTER TYPE mood ADD VALUE 'ok' BEFORE 'happy';"
    "CREATE DOMAIN positive AS int NOT NULL DEFAULT 1 CHECK (VALUE > 0);"
    "CREATE TYPE pair AS (f1 int, f2 text);"
    "CREATE TYPE loose AS ENUM ('a'); CREATE CAST (loose AS text) WITH INOUT AS IMPLICIT;"
    "CREATE TYPE odd AS ENUM ('a'); CREATE FUNCTION odd_is(odd, text) RETURNS bool LANGUAGE sql AS 'SELECT true';"
    "CREATE OPERATOR = (FUNCTION = odd_is, LEFTARG = odd, RIGHTARG = text);"
    "CREATE FUNCTION split(a int, b text DEFAULT 'x', OUT c int, INOUT d text DEFAULT NULL) LANGUAGE sql"
    " AS 'SELECT 1, $3';"
    "CREATE FUNCTION many(VARIADIC parts text[]) RETURNS TABLE (x int, y text) LANGUAGE sql AS 'SELECT 1, ''''';"
    "CREATE FUNCTION use_tenant(text) RETURNS void LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM set_config(''search_path'', $1, false); END';"
    "CREATE FUNCTION enter(text) RETURNS void LANGUAGE sql AS 'SELECT public.use_tenant($1)';"
    "CREATE FUNCTION run(text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE $1; END';"
    "CREATE FUNCTION make_table() RETURNS void LANGUAGE plpgsql AS"
    " 'BEGIN CREATE TEMP TABLE made (a int) ON COMMIT DROP; END';"
    "CREATE FUNCTION report() RETURNS int LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM public.make_table(); RETURN 1; END';"
    "CREATE FUNCTION settle() RETURNS int LANGUAGE plpgsql SET search_path = public AS"
    " 'BEGIN EXECUTE format(''SELECT %L'', 1); RETURN 1; END';"
    "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER fill BEFORE INSERT ON measure_2026 FOR EACH ROW EXECUTE FUNCTION fill();"
    "CREATE RULE redirect AS ON INSERT TO child DO INSTEAD NOTHING;"
    "CREATE SCHEMA secret; CREATE TABLE secret.st (a int);"
    "CREATE FUNCTION pair_text(pair) RETURNS text LANGUAGE sql AS 'SELECT ''''::text';"
    "CREATE CAST (pair AS text) WITH FUNCTION pair_text(pair);"
    "CREATE TABLE \"Odd \"\"name\" (\"Gr\xc3\xb6\xc3\x9f"
    "e\" int);";

static int set_up(void **state)
{
    static struct fixture fixture;
    if (live_url() == NULL)
        return 0;
    live_create();
    fixture.sql = live_connect(LIVE_DATABASE);
    live_run(fixture.sql, schema_sql);
    struct dg_error error;
    if (dg_catalog_connect(url_of(live_user(), LIVE_DATABASE), 5000, 20000, &fixture.catalog, &error) != DG_OK ||
        dg_catalog_load(fixture.catalog, MAX_BYTES, 7, &fixture.snapshot, &error) != DG_OK)
        fail_msg("%s", error.text);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture == NULL)
        return 0;
    dg_snapshot_unref(fixture->snapshot);
    dg_catalog_close(fixture->catalog);
    PQfinish(fixture->sql);
    live_drop();
    return 0;
}

static struct fixture *fixture_or_skip(void **state)
{
    if (*state == NULL)
        skip();
    return *state;
}

static const struct dg_relation *relation_of(const struct dg_snapshot *snapshot, const char *schema, const char *name)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace(snapshot, dg_str_of(schema));
    return namespace == NULL ? NULL : dg_snapshot_relation(snapshot, namespace->oid, dg_str_of(name));
}

static const struct dg_relation *in_public(const struct dg_snapshot *snapshot, const char *name)
{
    return relation_of(snapshot, "public", name);
}

/* A patch over the fixture's snapshot; the caller unrefs it. */
static struct dg_snapshot *patch(const struct fixture *fixture, struct dg_snapshot *older, const char *schema,
                                 const char *name)
{
    struct dg_snapshot *snapshot;
    struct dg_error error;
    const struct dg_schema_name names[] = {{schema, name}};
    if (dg_catalog_patch(fixture->catalog, older, names, 1, MAX_BYTES, 8, &snapshot, &error) != DG_OK)
        fail_msg("%s", error.text);
    return snapshot;
}

static struct dg_snapshot *load(const struct fixture *fixture)
{
    struct dg_snapshot *snapshot;
    struct dg_error error;
    if (dg_catalog_load(fixture->catalog, MAX_BYTES, 9, &snapshot, &error) != DG_OK)
        fail_msg("%s", error.text);
    return snapshot;
}

/* After the SQL, a targeted read by this name gives what a full read gives. */
static void assert_patch_equals_load(struct fixture *fixture, const char *sql, const char *schema, const char *name)
{
    struct dg_snapshot *older = load(fixture);
    live_run(fixture->sql, sql);
    struct dg_snapshot *patched = patch(fixture, older, schema, name);
    struct dg_snapshot *loaded = load(fixture);
    if (!dg_snapshot_is_same(patched, loaded))
        fail_msg("the targeted read of \"%s\" after %s differs from a full one", name, sql);
    dg_snapshot_unref(loaded);
    dg_snapshot_unref(patched);
    dg_snapshot_unref(older);
}

static void columns_come_with_their_properties(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    const struct dg_relation *orders = in_public(fixture->snapshot, "orders");
    assert_non_null(orders);
    assert_int_equal(orders->kind, 'r');
    assert_int_equal(orders->persistence, 'p');
    assert_int_equal(orders->n_columns, 5);
    const struct dg_column *id = dg_relation_column(orders, DG_STR("id"));
    assert_int_equal(id->flags, DG_COLUMN_NOT_NULL | DG_COLUMN_IDENTITY_ALWAYS);
    assert_int_equal(id->default_hash, 0);
    const struct dg_column *total = dg_relation_column(orders, DG_STR("total"));
    assert_int_equal(total->flags, DG_COLUMN_NOT_NULL | DG_COLUMN_HAS_DEFAULT);
    assert_true(total->default_hash != 0);
    assert_int_equal(dg_relation_column_by_attnum(orders, 3)->flags & DG_COLUMN_DROPPED, DG_COLUMN_DROPPED);
    assert_int_equal(dg_relation_column(orders, DG_STR("note"))->typmod, 24);
    assert_true(dg_relation_column(orders, DG_STR("twice"))->flags & DG_COLUMN_GENERATED);
    assert_non_null(in_public(fixture->snapshot, "Odd \"name"));
    assert_non_null(dg_relation_column(in_public(fixture->snapshot, "Odd \"name"), DG_STR("Gr\xc3\xb6\xc3\x9f"
                                                                                          "e")));
    assert_int_equal(dg_snapshot_covers(fixture->snapshot), 7);
    assert_int_equal(dg_snapshot_type_by_oid(fixture->snapshot, orders->row_type_oid)->relation_oid, orders->oid);
}

static void system_columns_are_those_of_the_kind(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    const struct {
        const char *name;
        bool has_ctid;
    } cases[] = {{"orders", true}, {"leads_id_seq", true}, {"open_orders", false}, {"measure", true}, {"pair", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dg_relation *relation = in_public(fixture->snapshot, cases[i].name);
        assert_non_null(relation);
        assert_int_equal(dg_relation_column(relation, DG_STR("ctid")) != NULL, cases[i].has_ctid);
    }
    const struct dg_relation *toast = relation_of(fixture->snapshot, "pg_toast", "pg_toast_1255");
    assert_int_equal(toast->kind, 't');
    assert_non_null(dg_relation_column(toast, DG_STR("xmin")));
    assert_non_null(relation_of(fixture->snapshot, "information_schema", "columns"));
    assert_int_equal(in_public(fixture->snapshot, "leads_id_seq")->owner_oid,
                     in_public(fixture->snapshot, "leads")->oid);
    assert_int_equal(in_public(fixture->snapshot, "orders_pkey")->owner_oid,
                     in_public(fixture->snapshot, "orders")->oid);
}

static void trees_know_their_parents_and_triggers_below(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    const struct dg_relation *measure = in_public(fixture->snapshot, "measure");
    const struct dg_relation *part = in_public(fixture->snapshot, "measure_2026");
    assert_int_equal(part->flags, DG_RELATION_PARTITION | DG_RELATION_BEFORE_INSERT_TRIGGER);
    assert_int_equal(part->n_parents, 1);
    assert_int_equal(part->parents[0], measure->oid);
    assert_int_equal(measure->flags, DG_RELATION_BEFORE_INSERT_TRIGGER);
    assert_int_equal(in_public(fixture->snapshot, "child")->flags, DG_RELATION_INSTEAD);
    assert_int_equal(in_public(fixture->snapshot, "child")->parents[0], in_public(fixture->snapshot, "parent")->oid);
    assert_int_equal(in_public(fixture->snapshot, "open_orders")->flags, 0);
}

static void functions_come_with_outputs_defaults_and_variadic(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    size_t cursor = 0;
    const struct dg_function *split = dg_snapshot_functions_named(fixture->snapshot, DG_STR("split"), &cursor);
    assert_int_equal(split->n_inputs, 3);
    assert_int_equal(split->n_outputs, 2);
    assert_int_equal(split->n_defaults, 2);
    assert_string_equal(split->inputs[1].name, "b");
    assert_string_equal(split->outputs[0].name, "c");
    assert_string_equal(split->outputs[1].name, "d");
    cursor = 0;
    const struct dg_function *many = dg_snapshot_functions_named(fixture->snapshot, DG_STR("many"), &cursor);
    assert_int_equal(many->variadic_oid, 25);
    assert_true(many->returns_set);
    assert_string_equal(many->outputs[1].name, "y");
    cursor = 0;
    const struct dg_function *count = dg_snapshot_functions_named(fixture->snapshot, DG_STR("count"), &cursor);
    assert_int_equal(count->kind, 'a');
}

static void functions_that_may_set_the_path_or_change_the_schema_are_known(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    static const struct {
        const char *name;
        bool may_set_path;
        bool may_change_schema;
    } cases[] = {{"use_tenant", true, false}, {"enter", true, false},       {"run", true, true},
                 {"settle", false, false},    {"split", false, false},      {"fill", false, false},
                 {"count", false, false},     {"set_config", false, false}, {"make_table", false, true},
                 {"report", false, true}};
    assert_int_equal(dg_snapshot_side_effects(fixture->snapshot), DG_CALLS_SET_PATH | DG_CALLS_CHANGE_SCHEMA);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t cursor = 0;
        const struct dg_function *function =
            dg_snapshot_functions_named(fixture->snapshot, dg_str_of(cases[i].name), &cursor);
        if (function->may_set_path != cases[i].may_set_path ||
            function->may_change_schema != cases[i].may_change_schema)
            fail_msg("%s", cases[i].name);
    }
}

static void types_enums_domains_casts_and_arrays_are_told_apart(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    const struct dg_snapshot *snapshot = fixture->snapshot;
    const struct dg_namespace *public_schema = dg_snapshot_namespace(snapshot, DG_STR("public"));
    const struct dg_type *mood = dg_snapshot_type(snapshot, public_schema->oid, DG_STR("mood"));
    size_t n;
    const char *const *labels = dg_snapshot_enum_labels(snapshot, mood->oid, &n);
    assert_int_equal(n, 3);
    assert_string_equal(labels[1], "ok");
    assert_false(mood->has_own_operators);
    assert_true(dg_snapshot_type(snapshot, public_schema->oid, DG_STR("loose"))->has_own_operators);
    assert_true(dg_snapshot_type(snapshot, public_schema->oid, DG_STR("odd"))->has_own_operators);
    const struct dg_type *positive = dg_snapshot_type(snapshot, public_schema->oid, DG_STR("positive"));
    assert_int_equal(positive->kind, 'd');
    assert_int_equal(positive->base_oid, 23);
    assert_true(positive->is_not_null && positive->has_default);
    const struct dg_type *moods = dg_snapshot_type(snapshot, public_schema->oid, DG_STR("_mood"));
    assert_true(moods->is_array);
    assert_int_equal(moods->element_oid, mood->oid);
    /* A subscript does not make an array. */
    assert_false(dg_snapshot_type_by_oid(snapshot, 3802)->is_array);
    assert_false(dg_snapshot_type_by_oid(snapshot, 600)->is_array);
    const struct dg_type *pair = dg_snapshot_type(snapshot, public_schema->oid, DG_STR("pair"));
    assert_true(dg_snapshot_has_row_cast(snapshot, pair->oid, 25));
    assert_false(dg_snapshot_has_row_cast(snapshot, pair->oid, 23));
}

static void unique_indexes_are_what_on_conflict_could_infer(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    const struct dg_relation *leads = in_public(fixture->snapshot, "leads");
    size_t n_deferrable = 0;
    size_t n_partial = 0;
    size_t n = 0;
    size_t cursor = 0;
    const struct dg_unique_index *index;
    while ((index = dg_snapshot_unique_indexes(fixture->snapshot, leads->oid, &cursor)) != NULL) {
        n++;
        n_deferrable += index->is_deferrable;
        n_partial += index->is_partial;
        assert_int_equal(index->n_attnums, 1);
        assert_int_equal(index->attnums[0], index->is_partial ? 0 : index->is_deferrable ? 1 : 2);
    }
    assert_int_equal(n, 3);
    assert_int_equal(n_deferrable, 1);
    assert_int_equal(n_partial, 1);
}

/* Since 18 the index of such a constraint may be called unique; ON CONFLICT infers it no more than before. */
static void exclusion_constraints_are_no_unique_indexes(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    bool has_overlaps = live_number(fixture->sql, "SHOW server_version_num") >= 180000;
    live_run(fixture->sql, "CREATE TABLE booked (room int4range, during tstzrange, EXCLUDE USING gist (room WITH =))");
    if (has_overlaps)
        live_run(fixture->sql, "ALTER TABLE booked ADD UNIQUE (room, during WITHOUT OVERLAPS)");
    struct dg_snapshot *snapshot = load(fixture);
    const struct dg_relation *booked = in_public(snapshot, "booked");
    size_t cursor = 0;
    assert_null(dg_snapshot_unique_indexes(snapshot, booked->oid, &cursor));
    dg_snapshot_unref(snapshot);
    live_run(fixture->sql, "DROP TABLE booked");
}

static void schemas_say_who_may_use_them_and_roles_what_they_set(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    live_try(fixture->sql, "DROP OWNED BY dg_reader; DROP OWNED BY dg_other");
    live_run(fixture->sql,
             "DROP ROLE IF EXISTS dg_reader, dg_other; CREATE ROLE dg_reader LOGIN; CREATE ROLE dg_other LOGIN;"
             "GRANT USAGE ON SCHEMA secret TO dg_reader;"
             "ALTER ROLE dg_reader IN DATABASE " LIVE_DATABASE " SET search_path = secret, \"$user\";"
             "ALTER DATABASE " LIVE_DATABASE " SET search_path = public, secret");
    struct dg_snapshot *snapshot = load(fixture);
    const struct dg_namespace *secret = dg_snapshot_namespace(snapshot, DG_STR("secret"));
    const struct dg_role *reader = dg_snapshot_role(snapshot, DG_STR("dg_reader"));
    const struct dg_role *other = dg_snapshot_role(snapshot, DG_STR("dg_other"));
    assert_int_equal(dg_snapshot_usage(snapshot, secret, reader->oid), DG_USAGE_YES);
    assert_int_equal(dg_snapshot_usage(snapshot, secret, other->oid), DG_USAGE_NO);
    assert_int_equal(dg_snapshot_usage(snapshot, secret, 10), DG_USAGE_YES);
    const struct dg_namespace *public_schema = dg_snapshot_namespace(snapshot, DG_STR("public"));
    assert_int_equal(dg_snapshot_usage(snapshot, public_schema, other->oid), DG_USAGE_YES);
    assert_string_equal(dg_snapshot_setting(snapshot, "search_path", reader->oid), "secret, \"$user\"");
    assert_string_equal(dg_snapshot_setting(snapshot, "search_path", other->oid), "public, secret");
    /* The server's default is told apart from what the database sets for our own session. */
    struct dg_error error;
    struct dg_catalog *catalog;
    struct dg_snapshot *again;
    assert_int_equal(dg_catalog_connect(url_of("dg_other", LIVE_DATABASE), 5000, 20000, &catalog, &error), DG_OK);
    assert_int_equal(dg_catalog_load(catalog, MAX_BYTES, 0, &again, &error), DG_OK);
    assert_string_equal(dg_snapshot_facts(again)->search_path, "\"$user\", public");
    assert_string_equal(dg_snapshot_facts(again)->database, LIVE_DATABASE);
    assert_true(dg_snapshot_facts(again)->is_direct); /* test_pooler.py has the other answer */
    dg_catalog_close(catalog);
    dg_snapshot_unref(again);
    dg_snapshot_unref(snapshot);
    live_run(fixture->sql, "ALTER DATABASE " LIVE_DATABASE " RESET search_path;"
                           "DROP OWNED BY dg_reader; DROP ROLE dg_reader, dg_other");
}

static void a_targeted_read_sees_what_a_full_read_sees(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    const struct {
        const char *sql;
        const char *schema;
        const char *name;
    } cases[] = {
        {"ALTER TABLE leads RENAME COLUMN user_email TO contact_email", "", "leads"},
        {"ALTER TABLE leads ADD COLUMN extra text DEFAULT 'x'", "public", "leads"},
        {"ALTER TABLE leads DROP COLUMN extra", "", "leads"},
        {"ALTER TABLE leads RENAME TO prospects", "", "leads"},
        {"ALTER TABLE prospects RENAME TO leads", "", "leads"},
        {"ALTER TABLE leads SET SCHEMA secret", "public", "leads"},
        {"ALTER TABLE secret.leads SET SCHEMA public", "secret", "leads"},
        {"CREATE TABLE fresh (id serial PRIMARY KEY, t text)", "", "fresh"},
        {"CREATE INDEX fresh_t ON fresh (t)", "", "fresh"},
        {"CREATE SCHEMA brand_new CREATE TABLE inside (a int)", "", "inside"},
        {"DROP TABLE fresh", "", "fresh"},
        {"ALTER TABLE parent ADD COLUMN c int", "", "parent"},
        {"ALTER TABLE measure ADD COLUMN unit text", "", "measure"},
        {"CREATE TABLE measure_2027 PARTITION OF measure FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')", "",
         "measure_2027"},
        {"ALTER TABLE measure DETACH PARTITION measure_2027", "", "measure"},
        {"ALTER TABLE measure_2026 DISABLE TRIGGER fill", "", "measure_2026"},
        {"CREATE OR REPLACE VIEW open_orders AS SELECT id, total, note FROM orders", "", "open_orders"},
        {"CREATE UNIQUE INDEX orders_note ON orders (note)", "", "orders"},
        {"ALTER TABLE orders ENABLE ROW LEVEL SECURITY", "", "orders"},
        {"SELECT 1", "", "no such table"},
        {"SELECT 1", "no such schema", "orders"},
        {"DROP TABLE child", "", "child"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_patch_equals_load(fixture, cases[i].sql, cases[i].schema, cases[i].name);
}

static void an_alter_in_flight_does_not_hold_up_a_read(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    live_run(fixture->sql,
             "BEGIN; ALTER TABLE orders ADD COLUMN in_flight int DEFAULT 1;"
             "ALTER TABLE measure ADD COLUMN in_flight int; LOCK TABLE open_orders, leads IN ACCESS EXCLUSIVE MODE;");
    struct dg_catalog *hasty;
    struct dg_error error;
    /* A read that waits for the lock would run into this statement_timeout. */
    assert_int_equal(dg_catalog_connect(url_of(live_user(), LIVE_DATABASE), 5000, 3000, &hasty, &error), DG_OK);
    struct dg_snapshot *snapshot = NULL;
    struct dg_snapshot *patched = NULL;
    enum dg_status loaded = dg_catalog_load(hasty, MAX_BYTES, 0, &snapshot, &error);
    const struct dg_schema_name names[] = {{"", "orders"}, {"", "measure"}};
    enum dg_status patch_status =
        loaded == DG_OK ? dg_catalog_patch(hasty, snapshot, names, 2, MAX_BYTES, 0, &patched, &error) : loaded;
    live_run(fixture->sql, "ROLLBACK");
    dg_catalog_close(hasty);
    assert_int_equal(loaded, DG_OK);
    assert_int_equal(patch_status, DG_OK);
    assert_null(dg_relation_column(in_public(patched, "orders"), DG_STR("in_flight")));
    dg_snapshot_unref(patched);
    dg_snapshot_unref(snapshot);
}

static void a_schema_beyond_the_limit_is_no_snapshot(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    struct dg_catalog *catalog;
    struct dg_snapshot *snapshot;
    struct dg_error error;
    (void)fixture;
    assert_int_equal(dg_catalog_connect(url_of(live_user(), LIVE_DATABASE), 5000, 20000, &catalog, &error), DG_OK);
    assert_int_equal(dg_catalog_load(catalog, 200 * 1024, 0, &snapshot, &error), DG_LIMIT);
    assert_null(snapshot);
    assert_non_null(strstr(error.text, "max_snapshot_bytes"));
    dg_catalog_close(catalog);
}

static void failures_say_what_to_do_and_keep_the_password(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    live_run(fixture->sql, "DROP ROLE IF EXISTS dg_outsider; CREATE ROLE dg_outsider LOGIN;"
                           "REVOKE CONNECT ON DATABASE " LIVE_DATABASE " FROM public");
    const char *const prefix = "postgres://dg_outsider:s3cret@";
    char cases[5][256];
    snprintf(cases[0], sizeof cases[0], "%s%s:%s/%s", prefix, live_host(), live_port(), LIVE_DATABASE);
    snprintf(cases[1], sizeof cases[1], "%s%s:%s/%s", prefix, live_host(), live_port(), "no_such_database");
    snprintf(cases[2], sizeof cases[2], "%s%s:%s/%s", prefix, live_host(), "1", LIVE_DATABASE);
    snprintf(cases[3], sizeof cases[3], "postgres://u:s3@cret@%s:%s/x", live_host(), live_port());
    snprintf(cases[4], sizeof cases[4], "postgres://u:s3cret/x@%s:%s/x", live_host(), live_port());
    static const char *const expected[] = {"GRANT CONNECT ON DATABASE " LIVE_DATABASE " TO dg_outsider",
                                           "database no_such_database does not exist", "Connection refused", "%40",
                                           "%2F"};
    for (size_t i = 0; i < 5; i++) {
        struct dg_catalog *catalog;
        struct dg_error error;
        assert_int_not_equal(dg_catalog_connect(cases[i], 5000, 20000, &catalog, &error), DG_OK);
        assert_null(catalog);
        if (strstr(error.text, expected[i]) == NULL)
            fail_msg("%s: %s", cases[i], error.text);
        assert_null(strstr(error.text, "s3cret"));
        assert_null(strstr(error.text, "cret@"));
    }
    live_run(fixture->sql, "GRANT CONNECT ON DATABASE " LIVE_DATABASE " TO public; DROP ROLE dg_outsider");
}

static void the_environment_does_not_redirect_the_connection(void **state)
{
    const struct fixture *fixture = fixture_or_skip(state);
    (void)fixture;
    setenv("PGHOSTADDR", "127.0.0.99", 1);
    setenv("PGPORT", "1", 1);
    setenv("PGDATABASE", "elsewhere", 1);
    setenv("PGOPTIONS", "-c search_path=elsewhere", 1);
    setenv("PGTARGETSESSIONATTRS", "standby", 1);
    setenv("PGCLIENTENCODING", "LATIN1", 1);
    const struct dg_catalog_parameters parameters = {.host = live_host(),
                                                     .port = live_port(),
                                                     .user = live_user(),
                                                     .database = LIVE_DATABASE,
                                                     .connect_timeout_ms = 5000,
                                                     .statement_timeout_ms = 20000,
                                                     .wake_fd = -1};
    struct dg_catalog *catalog;
    struct dg_snapshot *snapshot = NULL;
    struct dg_error error = {DG_OK, ""};
    enum dg_status status = dg_catalog_open(&parameters, &catalog, &error);
    if (status == DG_OK)
        status = dg_catalog_load(catalog, MAX_BYTES, 0, &snapshot, &error);
    static const char *const names[] = {"PGHOSTADDR",           "PGPORT",          "PGDATABASE", "PGOPTIONS",
                                        "PGTARGETSESSIONATTRS", "PGCLIENTENCODING"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    if (status != DG_OK)
        fail_msg("%s", error.text);
    assert_string_equal(dg_snapshot_facts(snapshot)->search_path, "\"$user\", public");
    assert_non_null(dg_relation_column(in_public(snapshot, "Odd \"name"), DG_STR("Gr\xc3\xb6\xc3\x9f"
                                                                                 "e")));
    dg_snapshot_unref(snapshot);
    dg_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_with_their_properties),
        cmocka_unit_test(system_columns_are_those_of_the_kind),
        cmocka_unit_test(trees_know_their_parents_and_triggers_below),
        cmocka_unit_test(functions_come_with_outputs_defaults_and_variadic),
        cmocka_unit_test(functions_that_may_set_the_path_or_change_the_schema_are_known),
        cmocka_unit_test(types_enums_domains_casts_and_arrays_are_told_apart),
        cmocka_unit_test(unique_indexes_are_what_on_conflict_could_infer),
        cmocka_unit_test(exclusion_constraints_are_no_unique_indexes),
        cmocka_unit_test(schemas_say_who_may_use_them_and_roles_what_they_set),
        cmocka_unit_test(an_alter_in_flight_does_not_hold_up_a_read),
        cmocka_unit_test(a_schema_beyond_the_limit_is_no_snapshot),
        cmocka_unit_test(failures_say_what_to_do_and_keep_the_password),
        cmocka_unit_test(the_environment_does_not_redirect_the_connection),
        cmocka_unit_test(a_targeted_read_sees_what_a_full_read_sees),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
