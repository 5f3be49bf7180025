/*
 * Verdicts and their cache: a deep copy of the analysis, a key that moves with each of its parts, bounded memory.
 */
#include "guard/verdict.h"

#include "shop.h"
#include "unit.h"

static const struct dg_hash128 key_one = {1, 2};

static struct dg_sql_session plain_session(void)
{
    static const char *const path[] = {"$user", "public"};
    return (struct dg_sql_session){.path = path, .n_path = 2, .path_known = true, .role = "app"};
}

/* Everything that an analysis can hold, in memory that is overwritten afterwards. */
static struct dg_verdict *make_verdict(void)
{
    char name[] = "user_email";
    char relation[] = "leads";
    struct dg_sql_name names[] = {{"public", relation}, {NULL, name}};
    struct dg_sql_reference reference = {SHOP_LEADS, 1, DG_CLAUSE_WHERE, 9};
    struct dg_sql_finding finding = {.kind = DG_FINDING_COLUMN,
                                     .sqlstate = "42703",
                                     .message = "column \"user_email\" does not exist",
                                     .position = 8,
                                     .relation = relation,
                                     .column = name};
    struct dg_sql_effect effects[] = {{.kind = DG_EFFECT_DDL, .name = name, .names = names, .n_names = 2}};
    struct dg_sql_statement statement = {.class = DG_CLASS_DML,
                                         .command = "SELECT",
                                         .references = &reference,
                                         .n_references = 1,
                                         .findings = &finding,
                                         .n_findings = 1,
                                         .effects = effects,
                                         .n_effects = 1,
                                         .relations = names,
                                         .n_relations = 2,
                                         .columns = names + 1,
                                         .n_columns = 1};
    struct dg_sql_analysis analysis = {.statements = &statement, .n_statements = 1};
    dg_oid types[] = {23, 25};
    struct dg_sql_session session = plain_session();
    session.param_types = types;
    session.n_param_types = 2;
    struct dg_verdict *verdict = dg_verdict_new(key_one, DG_STR("SELECT user_email FROM leads"), &session, &analysis);
    memset(name, 'x', sizeof(name) - 1);
    memset(relation, 'x', sizeof(relation) - 1);
    memset(types, 0, sizeof(types));
    return verdict;
}

static void test_a_verdict_is_a_deep_copy(void **state)
{
    (void)state;
    struct dg_verdict *verdict = make_verdict();
    const struct dg_sql_statement *statement = &verdict->analysis.statements[0];
    assert_string_equal(statement->findings[0].column, "user_email");
    assert_string_equal(statement->findings[0].relation, "leads");
    assert_null(statement->findings[0].schema);
    assert_string_equal(statement->findings[0].message, "column \"user_email\" does not exist");
    assert_string_equal(statement->relations[0].schema, "public");
    assert_string_equal(statement->relations[1].schema, "");
    assert_string_equal(statement->columns[0].name, "user_email");
    assert_string_equal(statement->effects[0].names[0].name, "leads");
    assert_int_equal(statement->references[0].location, 9);
    assert_int_equal(verdict->n_param_types, 2);
    assert_int_equal(verdict->param_types[1], 25);
    assert_true(dg_str_is(verdict->text, "SELECT user_email FROM leads"));
    assert_true(verdict->has_ddl);
    assert_true(verdict->affects_names);
    assert_false(verdict->sets_breaker_context);
    dg_verdict_unref(verdict);
}

static struct dg_verdict *text_verdict(struct dg_hash128 key, struct dg_str text)
{
    struct dg_sql_session session = plain_session();
    struct dg_sql_analysis analysis = {0};
    return dg_verdict_new(key, text, &session, &analysis);
}

static void test_settings_that_matter_to_the_breaker_are_noticed(void **state)
{
    (void)state;
    struct dg_verdict *verdict = text_verdict(key_one, DG_STR("SET Idle_Session_Timeout = 5"));
    assert_true(verdict->sets_breaker_context);
    dg_verdict_unref(verdict);
    verdict = text_verdict(key_one, DG_STR("select set_config('LC_MESSAGES', 'de_DE', false)"));
    assert_true(verdict->sets_breaker_context);
    dg_verdict_unref(verdict);
}

static void expect_different(uint64_t base, const struct dg_sql_session *session, struct dg_str database,
                             unsigned flags)
{
    assert_int_not_equal(base, dg_verdict_context(7, database, session, flags));
}

static void test_each_part_moves_the_key(void **state)
{
    static const char *const other_path[] = {"public", "$user"};
    static const char *const merged[] = {"$userpublic"};
    static const char *const locals[] = {"leads"};
    (void)state;
    struct dg_sql_session session = plain_session();
    struct dg_str shop = DG_STR("shop");
    uint64_t base = dg_verdict_context(7, shop, &session, 0);
    assert_int_equal(base, dg_verdict_context(7, shop, &session, 0));
    assert_int_not_equal(base, dg_verdict_context(8, shop, &session, 0));
    expect_different(base, &session, DG_STR("shoq"), 0);
    expect_different(base, &session, shop, 1);

    session.role = "boss";
    expect_different(base, &session, shop, 0);
    session.role = NULL;
    expect_different(base, &session, shop, 0);

    session = plain_session();
    session.path = other_path;
    expect_different(base, &session, shop, 0);
    session.path = merged;
    session.n_path = 1;
    expect_different(base, &session, shop, 0);
    session = plain_session();
    session.path_known = false;
    expect_different(base, &session, shop, 0);

    session = plain_session();
    session.local_names = locals;
    session.n_local_names = 1;
    expect_different(base, &session, shop, 0);
    session = plain_session();
    session.any_uncommitted = true;
    expect_different(base, &session, shop, 0);

    struct shop before = shop_before();
    struct dg_snapshot *first = shop_snapshot(&before);
    struct dg_snapshot *second = shop_snapshot(&before);
    session = plain_session();
    session.snapshot = first;
    uint64_t with_first = dg_verdict_context(7, shop, &session, 0);
    session.snapshot = second;
    assert_int_not_equal(with_first, dg_verdict_context(7, shop, &session, 0));
    dg_snapshot_unref(first);
    dg_snapshot_unref(second);
}

static void test_text_and_parameter_types_move_the_key(void **state)
{
    static const dg_oid types[] = {23, 25};
    (void)state;
    struct dg_hash128 base = dg_verdict_key(9, DG_STR("SELECT 1"), NULL, 0);
    assert_true(dg_hash128_equal(base, dg_verdict_key(9, DG_STR("SELECT 1"), NULL, 0)));
    assert_false(dg_hash128_equal(base, dg_verdict_key(10, DG_STR("SELECT 1"), NULL, 0)));
    assert_false(dg_hash128_equal(base, dg_verdict_key(9, DG_STR("SELECT 2"), NULL, 0)));
    assert_false(dg_hash128_equal(base, dg_verdict_key(9, DG_STR("SELECT 1"), types, 1)));
    assert_false(dg_hash128_equal(dg_verdict_key(9, DG_STR("SELECT 1"), types, 2),
                                  dg_verdict_key(9, DG_STR("SELECT 1"), types, 1)));
    assert_false(dg_hash128_equal(dg_verdict_key(9, DG_STR("SELECT 1"), types, 1),
                                  dg_verdict_key(9, DG_STR("SELECT 1"), types + 1, 1)));
}

static void test_the_cache_compares_texts_too(void **state)
{
    (void)state;
    struct dg_verdict_cache *cache = dg_verdict_cache_new(65536, NULL);
    struct dg_verdict *verdict = text_verdict(key_one, DG_STR("SELECT 1"));
    dg_verdict_cache_put(cache, verdict);
    dg_verdict_unref(verdict);
    assert_null(dg_verdict_cache_find(cache, key_one, DG_STR("SELECT 2")));
    struct dg_verdict *found = dg_verdict_cache_find(cache, key_one, DG_STR("SELECT 1"));
    assert_ptr_equal(found, verdict);
    dg_verdict_unref(found);
    dg_verdict_cache_free(cache);
}

static void put_numbered(struct dg_verdict_cache *cache, uint64_t number, struct dg_str text)
{
    struct dg_verdict *verdict = text_verdict((struct dg_hash128){number, 0}, text);
    dg_verdict_cache_put(cache, verdict);
    dg_verdict_unref(verdict);
}

static void test_the_cache_is_bounded_and_keeps_what_is_used(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    struct dg_metrics_shard *shard = dg_metrics_shard_new(metrics);
    struct dg_verdict_cache *cache = dg_verdict_cache_new(65536, shard);
    struct dg_str text = DG_STR("SELECT something FROM somewhere");
    put_numbered(cache, 1, text);
    for (uint64_t i = 2; i < 2000; i++) {
        put_numbered(cache, i, text);
        struct dg_verdict *used = dg_verdict_cache_find(cache, (struct dg_hash128){1, 0}, text);
        assert_non_null(used);
        dg_verdict_unref(used);
        assert_true(dg_verdict_cache_bytes(cache) <= 65536);
    }
    assert_null(dg_verdict_cache_find(cache, (struct dg_hash128){2, 0}, text));
    assert_true(dg_verdict_cache_count(cache) > 10);
    assert_int_equal(dg_metrics_cell(metrics, DG_CELL_VERDICT_CACHE_BYTES), dg_verdict_cache_bytes(cache));
    dg_verdict_cache_free(cache);
    assert_int_equal(dg_metrics_cell(metrics, DG_CELL_VERDICT_CACHE_BYTES), 0);
    dg_metrics_free(metrics);
}

static void test_eviction_leaves_a_live_verdict_alone(void **state)
{
    (void)state;
    struct dg_verdict_cache *cache = dg_verdict_cache_new(65536, NULL);
    struct dg_verdict *live = make_verdict();
    dg_verdict_cache_put(cache, live);
    for (uint64_t i = 10; i < 2000; i++)
        put_numbered(cache, i, DG_STR("SELECT something FROM somewhere"));
    assert_false(live->is_cached);
    assert_string_equal(live->analysis.statements[0].findings[0].column, "user_email");
    dg_verdict_cache_put(cache, live);
    assert_true(live->is_cached);
    dg_verdict_cache_free(cache);
    assert_string_equal(live->analysis.statements[0].relations[0].name, "leads");
    dg_verdict_unref(live);
}

static void test_a_verdict_too_large_for_the_cache_is_not_taken_in(void **state)
{
    (void)state;
    struct dg_verdict_cache *cache = dg_verdict_cache_new(65536, NULL);
    char *text = malloc(65536 / 8);
    memset(text, ' ', 65536 / 8);
    put_numbered(cache, 1, (struct dg_str){text, 65536 / 8});
    assert_int_equal(dg_verdict_cache_count(cache), 0);
    put_numbered(cache, 1, (struct dg_str){text, 4096});
    assert_int_equal(dg_verdict_cache_count(cache), 1);
    free(text);
    dg_verdict_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_verdict_is_a_deep_copy),
        cmocka_unit_test(test_settings_that_matter_to_the_breaker_are_noticed),
        cmocka_unit_test(test_each_part_moves_the_key),
        cmocka_unit_test(test_text_and_parameter_types_move_the_key),
        cmocka_unit_test(test_the_cache_compares_texts_too),
        cmocka_unit_test(test_the_cache_is_bounded_and_keeps_what_is_used),
        cmocka_unit_test(test_eviction_leaves_a_live_verdict_alone),
        cmocka_unit_test(test_a_verdict_too_large_for_the_cache_is_not_taken_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
