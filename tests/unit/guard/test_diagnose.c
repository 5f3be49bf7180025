/*
 * Golden texts of diagnoses: a snapshot, the journal of what led to it, a finding, and what the client reads.
 */
#include "guard/diagnose.h"

#include "shop.h"
#include "unit.h"

#define NOW_US (SHOP_AFTER_US + INT64_C(60000000))

/* What happened to the shop between the two reads. */
struct world {
    struct dg_snapshot *snapshot;
    struct dg_journal *journal;
};

static struct world make_world(const struct shop *before, struct shop after)
{
    struct world world = {.journal = dg_journal_new(100)};
    struct dg_snapshot *older = shop_snapshot(before);
    after.read_at_us = SHOP_AFTER_US;
    world.snapshot = shop_snapshot(&after);
    assert_int_equal(dg_journal_record(world.journal, older, world.snapshot), DG_OK);
    dg_snapshot_unref(older);
    return world;
}

static void free_world(struct world *world)
{
    dg_journal_free(world->journal);
    dg_snapshot_unref(world->snapshot);
}

static void renamed(struct shop *shop)
{
    shop->lead_email = "contact_email";
}
static void renamed_oddly(struct shop *shop)
{
    shop->lead_email = "E-mail \xE2\x82\xAC";
}
static void dropped(struct shop *shop)
{
    shop->lead_email = NULL;
}
static void table_renamed(struct shop *shop)
{
    shop->leads = "prospects";
}
static void table_moved(struct shop *shop)
{
    shop->leads_in_tenant = true;
}
static void table_dropped(struct shop *shop)
{
    shop->leads = NULL;
}
static void nothing(struct shop *shop)
{
    (void)shop;
}

static const struct dg_sql_reference from_orders[] = {{SHOP_ORDERS, 0, DG_CLAUSE_FROM, 0}};
static const struct dg_sql_reference from_system[] = {{SHOP_PG_DATABASE, 0, DG_CLAUSE_FROM, 0},
                                                      {SHOP_ORDERS, 0, DG_CLAUSE_FROM, 0}};
static const struct dg_sql_reference from_both[] = {
    {SHOP_ORDERS, 0, DG_CLAUSE_FROM, 0}, {SHOP_TICKETS, 0, DG_CLAUSE_FROM, 0}, {SHOP_ORDERS, 1, DG_CLAUSE_WHERE, 0}};

#define COLUMN(oid, column_name, in)                                                                                   \
    {                                                                                                                  \
        .kind = DG_FINDING_COLUMN, .sqlstate = "42703", .relation_oid = (oid), .column = (column_name), .clause = (in) \
    }
#define RELATION(schema_name, relation_name)                                                                           \
    {                                                                                                                  \
        .kind = DG_FINDING_RELATION, .sqlstate = "42P01", .schema = (schema_name), .relation = (relation_name),        \
        .clause = DG_CLAUSE_FROM                                                                                       \
    }

static const struct row {
    void (*change)(struct shop *shop);
    struct dg_sql_finding findings[2];
    size_t n_findings;
    const struct dg_sql_reference *references;
    size_t n_references;
    enum dg_detail detail;
    const char *kind; /* NULL: there is nothing to say */
    const char *relation;
    const char *column;
    const char *text;
    const char *hint;
} rows[] = {
    {renamed,
     {COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_WHERE), COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_SELECT_LIST)},
     2,
     NULL,
     0,
     DG_DETAIL_FULL,
     "column_renamed",
     "leads",
     "user_email",
     "driftguard: public.leads.\"user_email\" was renamed to \"contact_email\" between 02:12:58 and 02:13:07 UTC. "
     "Used here in WHERE and in the select list.",
     "Deploy code that uses contact_email, or roll back: ALTER TABLE public.leads RENAME COLUMN contact_email TO "
     "user_email. Retrying will not help."},
    {renamed,
     {COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_WHERE)},
     1,
     NULL,
     0,
     DG_DETAIL_BRIEF,
     "column_renamed",
     "leads",
     "user_email",
     "driftguard: public.leads.\"user_email\" was renamed to \"contact_email\" between 02:12:58 and 02:13:07 UTC. "
     "Used here in WHERE.",
     "Deploy code that uses contact_email. Retrying will not help."},
    {renamed_oddly,
     {COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_RETURNING)},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "column_renamed",
     "leads",
     "user_email",
     "driftguard: public.leads.\"user_email\" was renamed to U&\"E-mail \\20AC\" between 02:12:58 and 02:13:07 UTC. "
     "Used here in RETURNING.",
     "Deploy code that uses U&\"E-mail \\20AC\", or roll back: ALTER TABLE public.leads RENAME COLUMN "
     "U&\"E-mail \\20AC\" TO user_email. Retrying will not help."},
    {dropped,
     {COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_WHERE)},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "column_dropped",
     "leads",
     "user_email",
     "driftguard: public.leads.\"user_email\" was dropped between 02:12:58 and 02:13:07 UTC. Used here in WHERE.",
     "Deploy code that does not use user_email. Its data can only be restored from a backup. Retrying will not help."},
    {nothing,
     {COLUMN(SHOP_ORDERS, "confirmed_at", DG_CLAUSE_RETURNING)},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "column_absent",
     "orders",
     "confirmed_at",
     "driftguard: public.orders has no column \"confirmed_at\" in the live schema, which has 3 "
     "columns; nearest: created_at. Used here in RETURNING.",
     "Apply the migration that adds confirmed_at (ALTER TABLE public.orders ADD COLUMN confirmed_at ...), or deploy "
     "code that does not use it. Retrying will not help."},
    {nothing,
     {COLUMN(SHOP_ORDERS, "confirmed_at", DG_CLAUSE_RETURNING)},
     1,
     NULL,
     0,
     DG_DETAIL_BRIEF,
     "column_absent",
     "orders",
     "confirmed_at",
     "driftguard: public.orders has no column \"confirmed_at\" in the live schema, which has 3 "
     "columns. Used here in RETURNING.",
     "Apply the migration that adds confirmed_at, or deploy code that does not use it. Retrying will not help."},
    /* Unqualified: one relation in scope is as good as a name; of two, both are told. */
    {nothing,
     {COLUMN(0, "confirmed_at", DG_CLAUSE_WHERE)},
     1,
     from_orders,
     1,
     DG_DETAIL_FULL,
     "column_absent",
     "orders",
     "confirmed_at",
     "driftguard: public.orders has no column \"confirmed_at\" in the live schema, which has 3 "
     "columns; nearest: created_at. Used here in WHERE.",
     NULL},
    {nothing,
     {COLUMN(0, "confirmed_at", DG_CLAUSE_WHERE)},
     1,
     from_both,
     3,
     DG_DETAIL_FULL,
     "column_absent",
     "",
     "confirmed_at",
     "driftguard: No relation of this statement has a column \"confirmed_at\" in the live schema "
     "(public.orders, tenant.tickets); nearest: public.orders.created_at. Used here in WHERE.",
     NULL},
    {nothing, {COLUMN(0, "subject", DG_CLAUSE_WHERE)}, 1, from_both, 3, DG_DETAIL_FULL, NULL, NULL, NULL, NULL, NULL},
    {nothing, {COLUMN(0, "x", DG_CLAUSE_WHERE)}, 1, NULL, 0, DG_DETAIL_FULL, NULL, NULL, NULL, NULL, NULL},
    {table_renamed,
     {RELATION(NULL, "leads")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "relation_renamed",
     "leads",
     "",
     "driftguard: public.leads was renamed to \"prospects\" between 02:12:58 and 02:13:07 UTC. Used here in FROM.",
     "Deploy code that uses prospects, or roll back: ALTER TABLE public.prospects RENAME TO leads. Retrying will not "
     "help."},
    {table_moved,
     {RELATION(NULL, "leads")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "relation_moved",
     "leads",
     "",
     "driftguard: public.leads was moved to schema \"tenant\" between 02:12:58 and 02:13:07 UTC. Used here in FROM.",
     "Deploy code that uses tenant.leads, or roll back: ALTER TABLE tenant.leads SET SCHEMA public. Retrying will not "
     "help."},
    {table_dropped,
     {RELATION("public", "leads")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "relation_dropped",
     "leads",
     "",
     "driftguard: public.leads was dropped between 02:12:58 and 02:13:07 UTC. Used here in FROM.",
     "Deploy code that does not use leads. Its data can only be restored from a backup. Retrying will not help."},
    {nothing,
     {RELATION(NULL, "order")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "relation_absent",
     "order",
     "",
     "driftguard: \"order\" does not exist in the live schema; nearest: public.orders. Used here "
     "in FROM.",
     "Apply the migration that creates \"order\", or deploy code that does not use it. Retrying will not help."},
    {nothing,
     {RELATION(NULL, "tickets")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "relation_elsewhere",
     "tickets",
     "",
     "driftguard: tickets exists in schema tenant, which is not in this session's search path. Used here in FROM.",
     "Write tenant.tickets, or set search_path so that it contains tenant. Retrying will not help."},
    {nothing,
     {RELATION(NULL, "vault")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "relation_hidden",
     "vault",
     "",
     "driftguard: vault exists in schema secret, on which this session's role has no USAGE privilege. Used here in "
     "FROM.",
     NULL},
    /* What comes with the server's version is nobody's to migrate. */
    {nothing,
     {COLUMN(SHOP_PG_DATABASE, "daticulocale", DG_CLAUSE_SELECT_LIST)},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "system_column_absent",
     "pg_database",
     "daticulocale",
     "driftguard: pg_catalog.pg_database has no column \"daticulocale\" in PostgreSQL 15.20, the version of this "
     "server; nearest: datlocale. Used here in the select list.",
     "Use a client made for this server's version. Retrying will not help."},
    {nothing,
     {COLUMN(0, "daticulocale", DG_CLAUSE_SELECT_LIST)},
     1,
     from_system,
     1,
     DG_DETAIL_BRIEF,
     "system_column_absent",
     "pg_database",
     "daticulocale",
     "driftguard: pg_catalog.pg_database has no column \"daticulocale\" in PostgreSQL 15.20, the version of this "
     "server. Used here in the select list.",
     "Use a client made for this server's version. Retrying will not help."},
    {nothing,
     {COLUMN(0, "daticulocale", DG_CLAUSE_SELECT_LIST)},
     1,
     from_system,
     2,
     DG_DETAIL_BRIEF,
     "column_absent",
     "",
     "daticulocale",
     "driftguard: No relation of this statement has a column \"daticulocale\" in the live schema. Used here in the "
     "select list.",
     NULL},
    {nothing,
     {RELATION("pg_catalog", "pg_databases")},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     "system_relation_absent",
     "pg_databases",
     "",
     "driftguard: pg_catalog.pg_databases does not exist in PostgreSQL 15.20, the version of this server; nearest: "
     "pg_catalog.pg_database. Used here in FROM.",
     "Use a client made for this server's version. Retrying will not help."},
    {nothing,
     {RELATION("pg_temp", "leads_of_today")},
     1,
     NULL,
     0,
     DG_DETAIL_BRIEF,
     "relation_absent",
     "leads_of_today",
     "",
     "driftguard: pg_temp.leads_of_today does not exist in the live schema. Used here in FROM.",
     NULL},
    /* The snapshot has it: no word about drift. */
    {nothing, {RELATION("public", "leads")}, 1, NULL, 0, DG_DETAIL_FULL, NULL, NULL, NULL, NULL, NULL},
    {nothing, {RELATION(NULL, "leads")}, 1, NULL, 0, DG_DETAIL_FULL, NULL, NULL, NULL, NULL, NULL},
    {nothing,
     {COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_WHERE)},
     1,
     NULL,
     0,
     DG_DETAIL_FULL,
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
};

static void check_row(const struct row *row)
{
    static const char *const path[] = {"$user", "public"};
    struct shop before = shop_before();
    struct shop after = before;
    row->change(&after);
    struct world world = make_world(&before, after);
    struct dg_sql_statement statement = {.findings = row->findings,
                                         .n_findings = row->n_findings,
                                         .references = row->references,
                                         .n_references = row->n_references};
    struct dg_diagnose_input input = {.finding = &row->findings[0],
                                      .statement = &statement,
                                      .snapshot = world.snapshot,
                                      .journal = world.journal,
                                      .detail = row->detail,
                                      .now_us = NOW_US,
                                      .path = path,
                                      .n_path = 2,
                                      .role = "app"};
    struct dg_diagnosis diagnosis;
    dg_diagnose(&input, &diagnosis);
    assert_int_equal(diagnosis.is_explained, row->kind != NULL);
    if (row->kind != NULL) {
        assert_string_equal(diagnosis.kind, row->kind);
        assert_string_equal(diagnosis.detail, row->text);
        assert_string_equal(diagnosis.relation, row->relation);
        assert_string_equal(diagnosis.column, row->column);
        if (row->hint != NULL)
            assert_string_equal(diagnosis.hint, row->hint);
    }
    free_world(&world);
}

static void test_golden_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(&rows[i]);
}

static void test_a_finding_without_a_snapshot_says_nothing(void **state)
{
    (void)state;
    struct dg_sql_finding finding = COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_WHERE);
    struct dg_diagnose_input input = {.finding = &finding};
    struct dg_diagnosis diagnosis;
    dg_diagnose(&input, &diagnosis);
    assert_false(diagnosis.is_explained);
    assert_true(diagnosis.is_unforeseen);
    input.finding = NULL;
    dg_diagnose(&input, &diagnosis);
    assert_false(diagnosis.is_explained);
}

static void test_a_change_of_another_day_has_its_date(void **state)
{
    (void)state;
    struct shop before = shop_before();
    struct shop after = before;
    renamed(&after);
    struct world world = make_world(&before, after);
    struct dg_sql_finding finding = COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_OTHER);
    struct dg_diagnose_input input = {.finding = &finding,
                                      .snapshot = world.snapshot,
                                      .journal = world.journal,
                                      .now_us = NOW_US + INT64_C(86400000000)};
    struct dg_diagnosis diagnosis;
    dg_diagnose(&input, &diagnosis);
    assert_string_equal(diagnosis.detail,
                        "driftguard: public.leads.\"user_email\" was renamed to \"contact_email\" between "
                        "2026-11-21 02:12:58 and 2026-11-21 02:13:07 UTC.");
    free_world(&world);
}

static void test_a_column_that_came_back_is_not_blamed_on_the_past(void **state)
{
    (void)state;
    struct shop before = shop_before();
    struct shop after = before;
    renamed(&after);
    struct world world = make_world(&before, after);
    struct dg_snapshot *back = shop_snapshot(&before);
    assert_int_equal(dg_journal_record(world.journal, world.snapshot, back), DG_OK);
    struct dg_sql_finding finding = COLUMN(SHOP_LEADS, "user_email", DG_CLAUSE_WHERE);
    struct dg_diagnose_input input = {
        .finding = &finding, .snapshot = back, .journal = world.journal, .now_us = NOW_US};
    struct dg_diagnosis diagnosis;
    dg_diagnose(&input, &diagnosis);
    assert_false(diagnosis.is_explained);
    dg_snapshot_unref(back);
    free_world(&world);
}

/* Field of an ErrorResponse by hand. */
static struct dg_error_fields fields_of(const char *sqlstate, const char *position, const char *routine)
{
    struct dg_error_fields fields = {0};
    fields.sqlstate = dg_str_of(sqlstate);
    if (position != NULL)
        fields.position = dg_str_of(position);
    if (routine != NULL)
        fields.routine = dg_str_of(routine);
    return fields;
}

static void test_classes(void **state)
{
    static const struct {
        const char *sqlstate;
        const char *routine;
        const char *class_name;
    } cases[] = {
        {"42703", NULL, "drift_missing"},
        {"42P01", NULL, "drift_missing"},
        {"42883", NULL, "drift_missing"},
        {"3F000", NULL, "drift_missing"},
        {"23502", NULL, "drift_write"},
        {"428C9", NULL, "drift_write"},
        {"22P02", NULL, "drift_write"},
        {"42702", NULL, "drift_changed"},
        {"0A000", "RevalidateCachedQuery", "drift_changed"},
        {"0A000", "transformStmt", "other"},
        {"42501", NULL, "unauthorised"},
        {"28P01", NULL, "unauthorised"},
        {"08006", NULL, "unavailable"},
        {"53300", NULL, "unavailable"},
        {"57P01", NULL, "unavailable"},
        {"57014", NULL, "other"},
        {"40001", NULL, "unavailable"},
        {"40P01", NULL, "unavailable"},
        {"40003", NULL, "other"},
        {"23505", NULL, "other"},
        {"", NULL, "other"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dg_error_fields fields = fields_of(cases[i].sqlstate, NULL, cases[i].routine);
        assert_string_equal(dg_error_class_name(dg_error_classify(&fields)), cases[i].class_name);
    }
}

static void test_what_is_raised_at_analysis(void **state)
{
    (void)state;
    struct dg_error_fields fields = fields_of("42703", "8", "errorMissingColumn");
    assert_true(dg_error_is_at_analysis(&fields));
    fields = fields_of("42P01", "15", "parserOpenTable");
    assert_true(dg_error_is_at_analysis(&fields));
    fields = fields_of("42703", NULL, "transformFromClauseItem"); /* JOIN USING */
    assert_true(dg_error_is_at_analysis(&fields));
    fields = fields_of("42703", "8", NULL); /* a server that names no routines */
    assert_true(dg_error_is_at_analysis(&fields));

    fields = fields_of("42703", NULL, "pg_get_serial_sequence"); /* a function at run time */
    assert_false(dg_error_is_at_analysis(&fields));
    fields = fields_of("42P01", "8", "RangeVarGetRelidExtended"); /* 'x'::regclass */
    assert_false(dg_error_is_at_analysis(&fields));
    fields = fields_of("42703", NULL, "errorMissingColumn");
    assert_false(dg_error_is_at_analysis(&fields));
    fields = fields_of("42703", "8", "errorMissingColumn");
    fields.where = DG_STR("PL/pgSQL function f() line 1");
    assert_false(dg_error_is_at_analysis(&fields));
    fields = fields_of("42703", "8", "errorMissingColumn");
    fields.internal_query = DG_STR("select nope");
    assert_false(dg_error_is_at_analysis(&fields));
    fields = fields_of("42703", "8", "errorMissingColumn");
    fields.internal_position = DG_STR("8");
    assert_false(dg_error_is_at_analysis(&fields));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_texts),
        cmocka_unit_test(test_a_finding_without_a_snapshot_says_nothing),
        cmocka_unit_test(test_a_change_of_another_day_has_its_date),
        cmocka_unit_test(test_a_column_that_came_back_is_not_blamed_on_the_past),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_what_is_raised_at_analysis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
