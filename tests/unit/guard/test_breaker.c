/*
 * The breaker: DESIGN section 6, each condition alone prevents an answer.
 */
#include "guard/breaker.h"

#include "unit.h"

/* A case in which all conditions hold, in memory of its own. */
struct fixture {
    struct dg_sql_finding finding;
    struct dg_sql_statement statements[2];
    struct dg_sql_effect effect;
    struct dg_sql_analysis analysis;
    struct dg_breaker_case situation;
};

static void set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    fixture->finding =
        (struct dg_sql_finding){.kind = DG_FINDING_COLUMN, .sqlstate = "42703", .is_exact = true, .is_certain = true};
    fixture->effect.kind = DG_EFFECT_PATH_UNKNOWN;
    fixture->statements[0] = (struct dg_sql_statement){
        .class = DG_CLASS_DML, .findings = &fixture->finding, .n_findings = 1, .may_repeat = true};
    fixture->statements[1] = fixture->statements[0];
    fixture->analysis = (struct dg_sql_analysis){.statements = fixture->statements, .n_statements = 1};
    fixture->situation = (struct dg_breaker_case){.mode = DG_MODE_ENFORCE,
                                                  .is_idle = true,
                                                  .is_armed = true,
                                                  .idle_timeout_is_off = true,
                                                  .is_direct = true,
                                                  .is_current = true,
                                                  .analysis = &fixture->analysis};
}

static void in_observe(struct fixture *fixture)
{
    fixture->situation.mode = DG_MODE_OBSERVE;
}
static void in_annotate(struct fixture *fixture)
{
    fixture->situation.mode = DG_MODE_ANNOTATE;
}
static void not_idle(struct fixture *fixture)
{
    fixture->situation.is_idle = false;
}
static void disarmed(struct fixture *fixture)
{
    fixture->situation.is_armed = false;
}
static void behind_a_pooler(struct fixture *fixture)
{
    fixture->situation.is_direct = false;
}

static void idle_timeout_not_known(struct fixture *fixture)
{
    fixture->situation.idle_timeout_is_off = false;
}
static void snapshot_behind(struct fixture *fixture)
{
    fixture->situation.is_current = false;
}
static void not_inspected(struct fixture *fixture)
{
    fixture->situation.analysis = NULL;
}
static void unparsed(struct fixture *fixture)
{
    fixture->analysis.reason = DG_REASON_UNPARSED;
}
static void two_statements(struct fixture *fixture)
{
    fixture->analysis.n_statements = 2;
}
static void no_statement(struct fixture *fixture)
{
    fixture->analysis.n_statements = 0;
}
static void may_not_repeat(struct fixture *fixture)
{
    fixture->statements[0].may_repeat = false;
}
static void a_utility_statement(struct fixture *fixture)
{
    fixture->statements[0].class = DG_CLASS_WRAPPED;
}
static void has_an_effect(struct fixture *fixture)
{
    fixture->statements[0].effects = &fixture->effect;
    fixture->statements[0].n_effects = 1;
}
static void not_decided(struct fixture *fixture)
{
    fixture->statements[0].reason = DG_REASON_UNKNOWN;
}
static void no_finding(struct fixture *fixture)
{
    fixture->statements[0].n_findings = 0;
}
static void not_certain(struct fixture *fixture)
{
    fixture->finding.is_certain = false;
}
static void not_exact(struct fixture *fixture)
{
    fixture->finding.is_exact = false;
}
static void about_the_from_clause(struct fixture *fixture)
{
    fixture->finding.kind = DG_FINDING_FROM_ENTRY;
}

static void test_each_condition_alone_prevents_an_answer(void **state)
{
    static void (*const spoilers[])(struct fixture *) = {
        in_observe,
        in_annotate,
        not_idle,
        disarmed,
        idle_timeout_not_known,
        behind_a_pooler,
        snapshot_behind,
        not_inspected,
        unparsed,
        two_statements,
        no_statement,
        may_not_repeat,
        a_utility_statement,
        has_an_effect,
        not_decided,
        no_finding,
        not_certain,
        not_exact,
        about_the_from_clause,
    };
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_true(dg_breaker_permits(&fixture.situation));
    for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++) {
        set_up(&fixture);
        spoilers[i](&fixture);
        if (dg_breaker_permits(&fixture.situation))
            fail_msg("condition %zu does not prevent an answer", i);
    }
}

static const struct dg_hash128 key = {11, 12};

static bool answers(struct dg_breaker *breaker, struct dg_hash128 asked, uint64_t epoch, uint64_t now_ms,
                    uint64_t ttl_ms)
{
    struct dg_str message = {NULL, 0};
    bool is_answered = dg_breaker_answer(breaker, asked, epoch, 0, now_ms, ttl_ms, &message);
    if (is_answered)
        assert_true(dg_str_is(message, "the server's words"));
    return is_answered;
}

static struct dg_breaker *make_breaker(void)
{
    struct dg_breaker *breaker = dg_breaker_new(4);
    assert_non_null(breaker);
    dg_breaker_record(breaker, key, 5, DG_STR("the server's words"), 1000);
    return breaker;
}

static void test_the_answer_is_the_servers_for_its_time_only(void **state)
{
    static const struct {
        uint64_t low;
        uint64_t epoch;
        uint64_t now_ms;
        uint64_t ttl_ms;
        bool is_answered;
    } rows[] = {
        {11, 5, 1000, 1000, true},  {11, 5, 1999, 1000, true},  {11, 5, 2000, 1000, false}, {11, 5, 1099, 100, true},
        {11, 5, 1100, 100, false},  {11, 6, 1001, 1000, false}, {11, 4, 1001, 1000, false}, {99, 5, 1001, 1000, false},
        {11, 5, 2500, 5000, false}, /* never more than a second, whatever is asked for */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dg_breaker *breaker = make_breaker();
        struct dg_hash128 asked = {rows[i].low, 12};
        if (answers(breaker, asked, rows[i].epoch, rows[i].now_ms, rows[i].ttl_ms) != rows[i].is_answered)
            fail_msg("row %zu", i);
        dg_breaker_free(breaker);
    }
}

static void test_each_second_repeat_is_a_probe(void **state)
{
    (void)state;
    struct dg_breaker *breaker = make_breaker();
    assert_true(answers(breaker, key, 5, 1001, 1000));
    assert_false(answers(breaker, key, 5, 1002, 1000));
    assert_true(answers(breaker, key, 5, 1003, 1000));
    assert_false(answers(breaker, key, 5, 1004, 1000));
    dg_breaker_free(breaker);
}

/* What the session has completed since the server's word may have made the statement valid. */
static void test_a_statement_completed_since_needs_a_newer_word(void **state)
{
    (void)state;
    struct dg_breaker *breaker = make_breaker();
    struct dg_str message;
    assert_false(dg_breaker_answer(breaker, key, 5, 1000, 1001, 1000, &message));
    assert_true(dg_breaker_answer(breaker, key, 5, 999, 1001, 1000, &message));
    dg_breaker_record(breaker, key, 5, DG_STR("the server's words"), 1002);
    assert_true(dg_breaker_answer(breaker, key, 5, 1001, 1003, 1000, &message));
    dg_breaker_free(breaker);
}

static void test_an_answered_repeat_does_not_prolong_the_servers_word(void **state)
{
    (void)state;
    struct dg_breaker *breaker = make_breaker();
    assert_true(answers(breaker, key, 5, 1900, 1000));
    assert_false(answers(breaker, key, 5, 1950, 1000));
    assert_false(answers(breaker, key, 5, 2001, 1000));
    dg_breaker_free(breaker);
}

static void test_another_answer_or_epoch_closes_for_good(void **state)
{
    (void)state;
    struct dg_breaker *breaker = make_breaker();
    dg_breaker_forget(breaker, key);
    assert_false(answers(breaker, key, 5, 1001, 1000));
    dg_breaker_record(breaker, key, 5, DG_STR("the server's words"), 1000);
    assert_false(answers(breaker, key, 6, 1001, 1000));
    assert_false(answers(breaker, key, 5, 1001, 1000));
    dg_breaker_free(breaker);
}

static void test_a_full_breaker_makes_room_of_what_expired(void **state)
{
    (void)state;
    struct dg_breaker *breaker = make_breaker();
    for (uint64_t i = 0; i < 3; i++)
        dg_breaker_record(breaker, (struct dg_hash128){100 + i, 0}, 5, DG_STR("the server's words"), 1500);
    dg_breaker_record(breaker, (struct dg_hash128){200, 0}, 5, DG_STR("the server's words"), 1600);
    assert_false(answers(breaker, (struct dg_hash128){200, 0}, 5, 1601, 1000));
    dg_breaker_record(breaker, (struct dg_hash128){200, 0}, 5, DG_STR("the server's words"), 2100);
    assert_true(answers(breaker, (struct dg_hash128){200, 0}, 5, 2101, 1000));
    assert_true(answers(breaker, (struct dg_hash128){100, 0}, 5, 2101, 1000));
    dg_breaker_free(breaker);
}

static void test_a_very_long_error_is_not_kept(void **state)
{
    (void)state;
    struct dg_breaker *breaker = make_breaker();
    char *message = calloc(1, 8193);
    dg_breaker_record(breaker, key, 5, (struct dg_str){message, 8193}, 1000);
    assert_false(answers(breaker, key, 5, 1001, 1000));
    free(message);
    dg_breaker_free(breaker);
}

/* What triggers and rows decide is another matter than names. */
static void test_only_missing_names_disarm_it(void **state)
{
    static const struct {
        enum dg_finding_kind kind;
        bool is_certain;
        bool disarms;
    } rows[] = {
        {DG_FINDING_COLUMN, true, true},           {DG_FINDING_RELATION, true, true},
        {DG_FINDING_FROM_ENTRY, true, true},       {DG_FINDING_COLUMN, false, false},
        {DG_FINDING_REQUIRED, true, false},        {DG_FINDING_GENERATED, true, false},
        {DG_FINDING_CONFLICT_TARGET, true, false}, {DG_FINDING_ENUM_LABEL, true, false},
        {DG_FINDING_FUNCTION, true, false},        {DG_FINDING_TYPE, true, false},
        {DG_FINDING_SCHEMA, true, false},          {DG_FINDING_AMBIGUOUS, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct dg_sql_finding finding = {
            .kind = rows[i].kind, .is_exact = true, .is_certain = rows[i].is_certain};
        if (dg_breaker_is_disarmed_by(&finding) != rows[i].disarms)
            fail_msg("row %zu", i);
        assert_true(!dg_breaker_finding_counts(&finding) || dg_breaker_is_disarmed_by(&finding));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_condition_alone_prevents_an_answer),
        cmocka_unit_test(test_the_answer_is_the_servers_for_its_time_only),
        cmocka_unit_test(test_each_second_repeat_is_a_probe),
        cmocka_unit_test(test_a_statement_completed_since_needs_a_newer_word),
        cmocka_unit_test(test_an_answered_repeat_does_not_prolong_the_servers_word),
        cmocka_unit_test(test_another_answer_or_epoch_closes_for_good),
        cmocka_unit_test(test_a_full_breaker_makes_room_of_what_expired),
        cmocka_unit_test(test_a_very_long_error_is_not_kept),
        cmocka_unit_test(test_only_missing_names_disarm_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
