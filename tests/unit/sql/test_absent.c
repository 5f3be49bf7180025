/*
 * Absent functions, types and schemas, ambiguous names and calls that cannot fail, where no server can be asked: what is
 * not known of the session, other versions' grammars, a model without the catalogs. The rest stands in
 * tests/sql/{functions,types,ambiguous,certain}.sql and is checked against a server.
 */
#include "resolution.h"
#include "unit.h"

#include "tests/unit/schema/sample.h"

struct world {
    struct dg_snapshot *snapshot;
    struct dg_sql_session session;
};

static void add_function(struct dg_builder *builder, dg_oid oid, dg_oid namespace_oid, const char *name,
                         dg_oid result_oid, dg_oid input_oid)
{
    const struct dg_argument input = {.name = "a", .type_oid = input_oid};
    const struct dg_function function = {.oid = oid,
                                         .namespace_oid = namespace_oid,
                                         .result_oid = result_oid,
                                         .name = name,
                                         .inputs = &input,
                                         .n_inputs = input_oid == 0 ? 0 : 1,
                                         .kind = 'f'};
    assert_int_equal(dg_builder_function(builder, &function), DG_OK);
}

/* public: t (id, name), u (id), f(int), twice(int) -> int; tenant: twice(int) -> text, alone(int); pg_catalog: now(), upper(text). */
static void world_init(struct world *world, int version, bool has_catalog)
{
    static const struct dg_namespace tenant = {.oid = 3000, .name = "tenant", .usage_public = true};
    static const struct dg_namespace guarded = {.oid = 3001, .name = "guarded", .usage_known = true};
    static const struct dg_role app = {.oid = 900, .name = "app"};
    struct dg_builder *builder = sample_builder();
    struct dg_server_facts facts = usual_facts();
    facts.version_num = version;
    assert_int_equal(dg_builder_facts(builder, &facts), DG_OK);
    assert_int_equal(dg_builder_namespace(builder, &tenant), DG_OK);
    assert_int_equal(dg_builder_namespace(builder, &guarded), DG_OK);
    assert_int_equal(dg_builder_role(builder, &app), DG_OK);
    sample_table(builder, 16400, "t", "id name:25");
    sample_table(builder, 16500, "u", "id");
    if (has_catalog) {
        add_function(builder, 100, 11, "now", 25, 0);
        add_function(builder, 101, 11, "upper", 25, 25);
    }
    add_function(builder, 16600, SAMPLE_PUBLIC, "f", 23, 23);
    add_function(builder, 16601, SAMPLE_PUBLIC, "twice", 23, 23);
    add_function(builder, 16602, 3000, "twice", 25, 23);
    add_function(builder, 16603, 3000, "alone", 25, 23);
    world->snapshot = sample_finish(builder, 0);
    world->session = usual_session(world->snapshot);
}

static void world_fini(struct world *world)
{
    dg_snapshot_unref(world->snapshot);
}

static void what_no_schema_has_is_absent_whatever_the_path(void **state)
{
    static const struct resolution_case rows[] = {
        {"SELECT nope(1)", "ok; 42883 @8 exact certain function nope(integer) does not exist"},
        {"SELECT f(1, 2)", "ok; 42883 @8 exact certain function f(integer, integer) does not exist"},
        {"SELECT '1'::nope", "ok; 42704 @13 exact certain type \"nope\" does not exist"},
        {"SELECT nope.f(1)", "ok; 3F000 @8 exact certain schema \"nope\" does not exist"},
        {"SELECT id FROM public.t, public.u", "ok; 42702 @8 exact certain column reference \"id\" is ambiguous"},
        {"SELECT alone(1)", "ok"}, /* another path has it */
        {"SELECT tenant.alone(1, 2)",
         "ok; 42883 @8 exact certain function tenant.alone(integer, integer) does not exist"},
        {"SELECT guarded.f(1)", "ok"}, /* 42501 */
        {"SELECT '1'::guarded.nope", "ok"},
        {"SELECT pg_temp.nope(1)", "ok"},
        {"SELECT pg_temp_3.nope(1)", "ok"},
    };
    static const struct resolution_case without_path[] = {
        {"SELECT nope()", "ok; 42883 @8 exact certain function nope() does not exist"},
        {"SELECT nope(1)",
         "ok; 42883 @8 certain function nope(?) does not exist"}, /* how the type is written depends on the path */
        {"SELECT f(1, 2)", "ok; 42883 @8 certain function f(?, ?) does not exist"},
        {"SELECT '1'::nope", "ok; 42704 @13 exact certain type \"nope\" does not exist"},
        {"SELECT nope.f(1)", "ok; 3F000 @8 exact certain schema \"nope\" does not exist"},
        {"SELECT id FROM public.t, public.u", "ok; 42702 @8 exact certain column reference \"id\" is ambiguous"},
        {"SELECT alone(1)", "ok"},
    };
    struct world world;
    (void)state;
    world_init(&world, 150020, true);
    CHECK_ALL(&world.session, rows);
    world.session.path_known = false;
    world.session.role = NULL;
    CHECK_ALL(&world.session, without_path);
    world_fini(&world);
}

static void nothing_is_absent_that_the_session_may_have_made(void **state)
{
    static const char *const made[] = {"nope"};
    static const struct resolution_case local[] = {
        {"SELECT nope(1)", "ok"}, /* a cast to the row type of a temporary table */
        {"SELECT '1'::nope", "ok"},
        {"SELECT nope(1, 2)", "ok; 42883 @8 exact certain function nope(integer, integer) does not exist"},
    };
    static const struct resolution_case uncommitted[] = {
        {"SELECT nope(1, 2)", "ddl"}, {"SELECT '1'::nope", "ddl"}, {"SELECT nope.f(1)", "ddl"}};
    struct world world;
    (void)state;
    world_init(&world, 150020, true);
    world.session.local_names = made;
    world.session.n_local_names = 1;
    CHECK_ALL(&world.session, local);
    world.session.any_uncommitted = true;
    CHECK_ALL(&world.session, uncommitted);
    world_fini(&world);
}

static void a_model_without_catalogs_says_nothing_of_functions_and_types(void **state)
{
    static const struct resolution_case rows[] = {{"SELECT nope(1, 2)", "ok"},
                                                  {"SELECT now()", "ok"},
                                                  {"SELECT '1'::numeric", "ok"},
                                                  {"SELECT pg_catalog.now()", "ok"},
                                                  {"SELECT other.now()", "ok"}};
    struct world world;
    (void)state;
    world_init(&world, 150020, false);
    CHECK_ALL(&world.session, rows);
    world_fini(&world);
}

static void what_a_later_grammar_reads_by_itself_is_not_absent(void **state)
{
    static const struct {
        int version;
        const char *sql;
        const char *answer;
    } rows[] = {
        {150020, "SELECT json_scalar(1)", "ok; 42883 @8 exact certain function json_scalar(integer) does not exist"},
        {170000, "SELECT json_scalar(1)", "ok"},
        {160000, "SELECT json_array()", "ok"},
        {170000, "SELECT merge_action()", "ok"},
        {180000, "SELECT nope(1, 2)", "ok; 42883 @8 exact certain function nope(integer, integer) does not exist"},
        {190000, "SELECT nope(1, 2)", "ok"},
        {190000, "SELECT public.nope(1, 2)",
         "ok; 42883 @8 exact certain function public.nope(integer, integer) does not exist"},
        {150020, "SELECT system_user FROM t a (system_user), u b (system_user)",
         "ok; 42702 @8 exact certain column reference \"system_user\" is ambiguous"},
        {160000, "SELECT system_user FROM t a (system_user), u b (system_user)", "ok"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, rows[i].version, true);
        check(&world.session, rows[i].sql, rows[i].answer);
        world_fini(&world);
    }
}

static void the_path_decides_between_tenants_functions(void **state)
{
    static const char *const tenant_first[] = {"tenant", "public"};
    struct world world;
    (void)state;
    world_init(&world, 150020, true);
    check(&world.session, "SELECT nope(twice(1), 2)", "ok; 42883 @8 function nope(integer, integer) does not exist");
    check(&world.session, "SELECT x.x FROM twice(1) x", "ok");
    world.session.path = tenant_first;
    check(&world.session, "SELECT x.x FROM twice(1) x", "ok");
    world.session.path_known = false;
    check(&world.session, "SELECT x.x FROM twice(1) x", "ok");
    world_fini(&world);
}

static void a_call_is_certain_only_where_the_path_is_known(void **state)
{
    static const char *const catalog_last[] = {"public", "pg_catalog"};
    struct world world;
    (void)state;
    world_init(&world, 150020, true);
    check(&world.session, "SELECT upper(name), nope FROM t",
          "ok; 42703 @21 exact certain column \"nope\" does not exist");
    check(&world.session, "SELECT f(id), nope FROM t",
          "ok; 42703 @15 certain column \"nope\" does not exist"); /* a function of the user's */
    check(&world.session, "SELECT upper(id), nope FROM t", "ok; 42703 @19 certain column \"nope\" does not exist");
    world.session.path = catalog_last;
    check(&world.session, "SELECT upper(name), nope FROM t", "ok; 42703 @21 certain column \"nope\" does not exist");
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_schema_has_is_absent_whatever_the_path),
        cmocka_unit_test(nothing_is_absent_that_the_session_may_have_made),
        cmocka_unit_test(a_model_without_catalogs_says_nothing_of_functions_and_types),
        cmocka_unit_test(what_a_later_grammar_reads_by_itself_is_not_absent),
        cmocka_unit_test(the_path_decides_between_tenants_functions),
        cmocka_unit_test(a_call_is_certain_only_where_the_path_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
