/* Rules: which one a session matches, and that mode_ceiling caps what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/config.h"

static void patterns_match_as_a_whole(void **state)
{
    (void)state;
    const struct {
        const char *pattern;
        const char *name;
        bool matches;
    } cases[] = {
        {NULL, "anything", true},    {"*", "", true},           {"*", "shop", true},
        {"shop", "shop", true},      {"shop", "shop2", false},  {"shop", "ashop", false},
        {"shop", "Shop", false},     {"shop", "", false},       {"psql*", "psql", true},
        {"psql*", "psql 15", true},  {"psql*", "pgsql", false}, {"*_test", "shop_test", true},
        {"*_test", "_test_", false}, {"a*b*c", "abc", true},    {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-c-b", false},   {"*aab*", "aaaaab", true}, {"**", "x", true},
        {"a.c", "abc", false}, /* no other character is special */
        {"a?c", "abc", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dg_rule rule = {.user = cases[i].pattern, .has_mode = true, .mode = DG_MODE_OFF};
        const struct dg_config config = {
            .mode = DG_MODE_OBSERVE, .mode_ceiling = DG_MODE_ENFORCE, .rules = &rule, .n_rules = 1};
        enum dg_mode mode = dg_config_mode_for(&config, DG_STR("d"), dg_str_of(cases[i].name), DG_STR(""), NULL);
        assert_int_equal(mode, cases[i].matches ? DG_MODE_OFF : DG_MODE_OBSERVE);
    }
}

/* A client chooses its application_name; matching must not take exponential time. It would run for years. */
static void a_hostile_name_does_not_stall_the_match(void **state)
{
    (void)state;
    char name[5000];
    memset(name, 'a', sizeof name);
    const struct dg_rule rule = {
        .application_name = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", .has_mode = true, .mode = DG_MODE_OFF};
    const struct dg_config config = {
        .mode = DG_MODE_ANNOTATE, .mode_ceiling = DG_MODE_ENFORCE, .rules = &rule, .n_rules = 1};
    struct dg_str application = {name, sizeof name};
    assert_int_equal(dg_config_mode_for(&config, DG_STR(""), DG_STR(""), application, NULL), DG_MODE_ANNOTATE);
}

static void the_first_rule_wins_and_the_ceiling_caps(void **state)
{
    (void)state;
    const struct dg_rule rules[] = {
        {.database = "shop", .user = "admin", .has_mode = true, .mode = DG_MODE_OFF},
        {.database = "shop", .has_mode = true, .mode = DG_MODE_ENFORCE, .has_detail = true, .detail = DG_DETAIL_BRIEF},
        {.application_name = "psql*", .has_detail = true, .detail = DG_DETAIL_BRIEF},
        {.user = "admin", .has_mode = true, .mode = DG_MODE_ENFORCE},
    };
    struct dg_config config = {.mode = DG_MODE_OBSERVE, .mode_ceiling = DG_MODE_ENFORCE, .rules = rules, .n_rules = 4};
    const struct {
        const char *database;
        const char *user;
        const char *application_name;
        enum dg_mode mode;
        enum dg_detail detail;
    } cases[] = {
        {"shop", "admin", "psql", DG_MODE_OFF, DG_DETAIL_FULL},
        {"shop", "app", "psql", DG_MODE_ENFORCE, DG_DETAIL_BRIEF},
        {"other", "admin", "psql", DG_MODE_OBSERVE, DG_DETAIL_BRIEF}, /* the third rule says nothing of the mode */
        {"other", "admin", "x", DG_MODE_ENFORCE, DG_DETAIL_FULL},
        {"other", "app", "x", DG_MODE_OBSERVE, DG_DETAIL_FULL},
    };
    for (enum dg_mode ceiling = DG_MODE_OFF; ceiling <= DG_MODE_ENFORCE; ceiling++) {
        config.mode_ceiling = ceiling;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            enum dg_detail detail;
            enum dg_mode mode = dg_config_mode_for(&config, dg_str_of(cases[i].database), dg_str_of(cases[i].user),
                                                   dg_str_of(cases[i].application_name), &detail);
            assert_int_equal(mode, cases[i].mode < ceiling ? cases[i].mode : ceiling);
            assert_int_equal(detail, cases[i].detail);
        }
    }
}

/* The operator's switch: every rule is capped, nothing is raised, and the first config may go while the second stays. */
static void a_lowered_config_outlives_the_one_it_came_from(void **state)
{
    (void)state;
    static const char *const settings[] = {"mode=enforce", "upstream=postgres://db.example/shop"};
    const struct dg_config_sources sources = {.settings = settings, .n_settings = 2};
    struct dg_config *config = NULL;
    assert_int_equal(dg_config_load(&sources, &config, NULL), DG_OK);
    struct dg_config *lowered = dg_config_lowered(config, DG_MODE_OBSERVE);
    assert_non_null(lowered);
    struct dg_config *unchanged = dg_config_lowered(lowered, DG_MODE_ENFORCE);
    assert_non_null(unchanged);
    dg_config_unref(config);
    assert_int_equal(dg_config_mode_for(lowered, DG_STR("shop"), DG_STR("app"), DG_STR(""), NULL), DG_MODE_OBSERVE);
    assert_int_equal(lowered->mode, DG_MODE_OBSERVE);
    dg_config_unref(lowered);
    assert_int_equal(unchanged->mode_ceiling, DG_MODE_OBSERVE);
    assert_string_equal(unchanged->upstream, "postgres://db.example/shop");
    dg_config_unref(unchanged);
}

static void modes_are_known_by_their_names_only(void **state)
{
    (void)state;
    enum dg_mode mode = DG_MODE_OFF;
    assert_true(dg_mode_parse(DG_STR("annotate"), &mode));
    assert_int_equal(mode, DG_MODE_ANNOTATE);
    assert_false(dg_mode_parse(DG_STR("Annotate"), &mode));
    assert_false(dg_mode_parse(DG_STR(""), &mode));
    assert_int_equal(mode, DG_MODE_ANNOTATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_a_whole),
        cmocka_unit_test(a_hostile_name_does_not_stall_the_match),
        cmocka_unit_test(the_first_rule_wins_and_the_ceiling_caps),
        cmocka_unit_test(a_lowered_config_outlives_the_one_it_came_from),
        cmocka_unit_test(modes_are_known_by_their_names_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
