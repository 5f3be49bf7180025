/*
 * Write contracts and enum labels where no server can be asked: older servers' words, what wraps a statement, sessions
 * that know little, models that do. What a server says to each rule stands in tests/sql/contract.sql and enum.sql.
 */
#include "resolution.h"
#include "unit.h"

#include <stdio.h>

#include "sql/analysis.h"
#include "tests/unit/schema/sample.h"

#define MOOD 17000
#define LOOSE 17010

struct world {
    struct dg_snapshot *snapshot;
    struct dg_sql_session session;
};

static void add_enum(struct dg_builder *builder, dg_oid oid, const char *name, bool has_own_operators)
{
    static const char *const labels[] = {"sad", "ok", "fr\xc3\xb6hlich"};
    const struct dg_type type = {.oid = oid,
                                 .namespace_oid = SAMPLE_PUBLIC,
                                 .name = name,
                                 .kind = 'e',
                                 .category = 'E',
                                 .has_own_operators = has_own_operators};
    assert_int_equal(dg_builder_type(builder, &type), DG_OK);
    assert_int_equal(dg_builder_enum(builder, oid, labels, 3), DG_OK);
}

/* required (a not null, b), identity (i always, a), moody (m mood, l loose), parted (a not null), which is partitioned. */
static void add_tables(struct dg_builder *builder)
{
    static const struct dg_column identity[] = {
        {.name = "i", .type_oid = 23, .typmod = -1, .flags = DG_COLUMN_NOT_NULL | DG_COLUMN_IDENTITY_ALWAYS},
        {.name = "a", .type_oid = 23, .typmod = -1}};
    static const struct dg_column parted[] = {{.name = "a", .type_oid = 23, .typmod = -1, .flags = DG_COLUMN_NOT_NULL},
                                              {.name = "b", .type_oid = 23, .typmod = -1}};
    const struct dg_relation relations[] = {
        {.oid = 16500, .name = "identity", .columns = identity, .n_columns = 2, .kind = 'r'},
        {.oid = 16600, .name = "parted", .columns = parted, .n_columns = 2, .kind = 'p'}};
    sample_table(builder, 16400, "required", "a! b");
    sample_table(builder, 16700, "moody", "m:17000 l:17010 t:25");
    for (size_t i = 0; i < 2; i++) {
        struct dg_relation relation = relations[i];
        relation.namespace_oid = SAMPLE_PUBLIC;
        relation.persistence = 'p';
        assert_int_equal(dg_builder_relation(builder, &relation), DG_OK);
    }
}

static void world_init(struct world *world, int version, const char *encoding, bool has_indexes)
{
    static const int16_t key = 1;
    struct dg_builder *builder = sample_builder();
    struct dg_server_facts facts = usual_facts();
    facts.version_num = version;
    facts.server_encoding = encoding;
    assert_int_equal(dg_builder_facts(builder, &facts), DG_OK);
    add_enum(builder, MOOD, "mood", false);
    add_enum(builder, LOOSE, "loose", true);
    add_tables(builder);
    if (has_indexes)
        assert_int_equal(dg_builder_unique_index(builder, &(struct dg_unique_index){1259, 2662, &key, 1, false, false}),
                         DG_OK);
    world->snapshot = sample_finish(builder, 0);
    world->session = usual_session(world->snapshot);
}

static void world_fini(struct world *world)
{
    dg_snapshot_unref(world->snapshot);
}

/* "CODE stage exact: message", or "" without a finding; `*by_literals` may be NULL. */
static void describe(const struct world *world, const char *sql, char *out, size_t size, bool *by_literals)
{
    static const char *const stages[] = {
        [DG_RAISED_AT_ANALYSIS] = "analysis", [DG_RAISED_AT_PLAN] = "plan", [DG_RAISED_AT_RUN] = "run"};
    struct dg_arena arena;
    struct dg_sql_analysis analysis;
    dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
    assert_int_equal(dg_sql_analyze(dg_str_of(sql), &world->session, &arena, &analysis), DG_OK);
    const struct dg_sql_statement *statement = &analysis.statements[0];
    out[0] = '\0';
    if (statement->n_findings > 0) {
        const struct dg_sql_finding *finding = &statement->findings[0];
        snprintf(out, size, "%s %s%s: %s", finding->sqlstate, stages[finding->stage], finding->is_exact ? " exact" : "",
                 finding->message);
    }
    if (by_literals != NULL)
        *by_literals = statement->depends_on_literals;
    dg_arena_fini(&arena);
}

static void check_breach(const struct world *world, const char *sql, const char *expected)
{
    char said[600];
    describe(world, sql, said, sizeof(said), NULL);
    if (strcmp(said, expected) != 0)
        fail_msg("%s\n   gave %s\n   not  %s", sql, said, expected);
}

#define NO_VALUE "23502 run: null value in column \"a\" of relation \"required\" violates not-null constraint"
#define NO_INDEX "42P10 plan: there is no unique or exclusion constraint matching the ON CONFLICT specification"

static void each_breach_has_its_stage(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    check_breach(&world, "INSERT INTO identity (i) VALUES (1)",
                 "428C9 analysis exact: cannot insert a non-DEFAULT value into column \"i\"");
    check_breach(&world, "UPDATE identity SET i = 1",
                 "428C9 analysis exact: column \"i\" can only be updated to DEFAULT");
    check_breach(&world, "INSERT INTO required (a) VALUES (1) ON CONFLICT (a) DO NOTHING", NO_INDEX);
    check_breach(&world, "INSERT INTO required (b) VALUES (1)", NO_VALUE);
    check_breach(&world, "INSERT INTO required VALUES (NULL)", NO_VALUE);
    world_fini(&world);
}

static void what_comes_first_is_all_that_is_said(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    check_breach(&world, "INSERT INTO required (b) VALUES (1) ON CONFLICT (b) DO NOTHING", NO_INDEX);
    check_breach(&world, "INSERT INTO required (b) VALUES (1) RETURNING nope",
                 "42703 analysis exact: column \"nope\" does not exist");
    check_breach(&world, "INSERT INTO required (b, b) VALUES (1, 2)", "");
    check_breach(&world, "INSERT INTO required (b) VALUES (1, 2)", "");
    world_fini(&world);
}

static void servers_before_14_have_other_words(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 130000, "UTF8", true);
    check_breach(&world, "INSERT INTO identity (i) VALUES (1)",
                 "428C9 analysis exact: cannot insert into column \"i\"");
    check_breach(&world, "UPDATE identity SET i = 1",
                 "428C9 analysis exact: column \"i\" can only be updated to DEFAULT");
    world_fini(&world);
}

static void a_statement_that_is_wrapped_may_not_get_so_far(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    check_breach(&world, "EXPLAIN INSERT INTO identity (i) VALUES (1)",
                 "428C9 plan: cannot insert a non-DEFAULT value into column \"i\"");
    check_breach(&world, "EXPLAIN INSERT INTO required VALUES (1) ON CONFLICT (a) DO NOTHING", NO_INDEX);
    check_breach(&world, "EXPLAIN INSERT INTO required (b) VALUES (1)", "");
    check_breach(&world, "PREPARE p AS INSERT INTO required VALUES (1) ON CONFLICT (a) DO NOTHING", "");
    check_breach(&world, "WITH w AS (INSERT INTO required (b) VALUES (1)) SELECT 1", "");
    world_fini(&world);
}

static void a_session_that_changed_something_is_not_sure_of_partitions(void **state)
{
    static const char *const local[] = {"some_partition"};
    static const char *const itself[] = {"required"};
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    check_breach(&world, "INSERT INTO parted (b) VALUES (1)",
                 "23502 run: null value in column \"a\" of relation \"parted\" violates not-null constraint");
    check_breach(&world, "INSERT INTO parted VALUES (1) ON CONFLICT (a) DO NOTHING", NO_INDEX);
    world.session.local_names = local;
    world.session.n_local_names = 1;
    check_breach(&world, "INSERT INTO parted (b) VALUES (1)", "");
    check_breach(&world, "INSERT INTO parted VALUES (1) ON CONFLICT (a) DO NOTHING", "");
    check_breach(&world, "INSERT INTO required (b) VALUES (1)", NO_VALUE);
    world.session.local_names = itself;
    check_breach(&world, "INSERT INTO required (b) VALUES (1)", "");
    world.session.n_local_names = 0;
    world.session.any_uncommitted = true;
    check_breach(&world, "INSERT INTO required (b) VALUES (1)", "");
    check_breach(&world, "SELECT 1 FROM moody WHERE m = 'zz'", "");
    world_fini(&world);
}

static void a_model_without_indexes_says_nothing_of_them(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", false);
    check_breach(&world, "INSERT INTO required (a) VALUES (1) ON CONFLICT (a) DO NOTHING", "");
    world_fini(&world);
}

static void a_label_is_named_as_far_as_the_path_is_known(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    check_breach(&world, "SELECT 1 FROM moody WHERE m = 'zz'",
                 "22P02 analysis exact: invalid input value for enum mood: \"zz\"");
    check_breach(&world, "SELECT 1 FROM moody WHERE l = 'zz'", "");
    world.session.n_path = 0;
    check_breach(&world, "SELECT 1 FROM public.moody WHERE m = 'zz'",
                 "22P02 analysis exact: invalid input value for enum public.mood: \"zz\"");
    world.session.path_known = false;
    check_breach(&world, "SELECT 1 FROM public.moody WHERE m = 'zz'",
                 "22P02 analysis: invalid input value for enum mood: \"zz\"");
    world_fini(&world);
}

static void a_literal_of_another_encoding_is_left_alone(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, 150000, "LATIN1", true);
    check_breach(&world, "SELECT 1 FROM moody WHERE m = 'fr\xc3\xb6hlicher'", "");
    check_breach(&world, "SELECT 1 FROM moody WHERE m = 'zz'",
                 "22P02 analysis exact: invalid input value for enum mood: \"zz\"");
    world_fini(&world);
}

/* 255 times x, then a character of two bytes that would be cut. */
static void a_long_literal_is_cut_between_characters(void **state)
{
    char literal[300];
    char sql[400];
    char said[600];
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    memset(literal, 'x', 255);
    memcpy(literal + 255, "\xc3\xb6yyy", 6);
    snprintf(sql, sizeof(sql), "SELECT '%s'::mood", literal);
    describe(&world, sql, said, sizeof(said), NULL);
    literal[255] = '\0';
    assert_non_null(strstr(said, literal));
    assert_string_equal(strstr(said, literal) + 255, "\"");
    assert_null(strstr(said, "exact"));
    world_fini(&world);
}

static void a_statement_depends_on_literals_that_met_an_enum(void **state)
{
    static const struct {
        const char *sql;
        bool by_literals;
    } cases[] = {
        {"SELECT 1 FROM moody WHERE m = 'ok'", true},
        {"SELECT 1 FROM moody WHERE m IN ('ok', 'sad')", true},
        {"SELECT 'ok'::mood", true},
        {"UPDATE moody SET m = 'ok'", true},
        {"INSERT INTO moody (m) VALUES ('ok')", true},
        {"INSERT INTO moody (m) SELECT 'ok'", true},
        {"SELECT coalesce(m, 'ok') FROM moody", true},
        {"SELECT 1 FROM moody WHERE m = $1", false},
        {"SELECT 1 FROM moody WHERE m = NULL", false},
        {"SELECT 1 FROM moody WHERE t = 'ok'", false},
        {"UPDATE moody SET t = 'ok'", false},
    };
    struct world world;
    (void)state;
    world_init(&world, 150000, "UTF8", true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char said[600];
        bool by_literals;
        describe(&world, cases[i].sql, said, sizeof(said), &by_literals);
        if (by_literals != cases[i].by_literals || said[0] != '\0')
            fail_msg("%s: by literals %d, %s", cases[i].sql, by_literals, said);
    }
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_breach_has_its_stage),
        cmocka_unit_test(what_comes_first_is_all_that_is_said),
        cmocka_unit_test(servers_before_14_have_other_words),
        cmocka_unit_test(a_statement_that_is_wrapped_may_not_get_so_far),
        cmocka_unit_test(a_session_that_changed_something_is_not_sure_of_partitions),
        cmocka_unit_test(a_model_without_indexes_says_nothing_of_them),
        cmocka_unit_test(a_label_is_named_as_far_as_the_path_is_known),
        cmocka_unit_test(a_literal_of_another_encoding_is_left_alone),
        cmocka_unit_test(a_long_literal_is_cut_between_characters),
        cmocka_unit_test(a_statement_depends_on_literals_that_met_an_enum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
