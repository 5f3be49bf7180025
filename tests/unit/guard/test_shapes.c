/*
 * Verdicts by shape, as the proxy sees them: statements that differ in literals are judged once, and what is said of an
 * error is said of the words that raised it.
 */
#include "unit.h"
#include "world.h"

static void run(struct dg_guard_session *session, const char *text)
{
    run_query(session, text, "SELECT 1", 'I');
}

static void statements_with_other_literals_are_judged_once(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    run(session, "SELECT user_email FROM leads WHERE id = 1");
    uint64_t bytes = cell(&world, DG_CELL_VERDICT_CACHE_BYTES);
    for (int i = 2; i < 100; i++) {
        char text[128];
        snprintf(text, sizeof(text), "SELECT user_email FROM leads /* %d */ WHERE id = %d", i * 7, i * i);
        run(session, text);
    }
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_NEW), 1);
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_SHAPE), 98);
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), 99);
    assert_int_equal(cell(&world, DG_CELL_VERDICT_CACHE_BYTES), bytes); /* nothing is kept of texts that never return */
    run(session, "SELECT user_email FROM leads WHERE id = 1");
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_TEXT), 1);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void only_clean_verdicts_are_shared(void **state)
{
    static const char *const pairs[][2] = {
        {"SELECT nope FROM leads WHERE id = 1", "SELECT nope FROM leads WHERE id = 2"}, /* a finding */
        {"SELECT 1 AS n INTO fresh", "SELECT 2 AS n INTO fresh"},                       /* effects */
        {"SELECT x.nope FROM nofunction(1) x", "SELECT x.nope FROM nofunction(2) x"},   /* not decided */
        {"SELECT 'lc_messages'", "SELECT 'LC_messages'"},
        {"SELECT 'a', 1", "SELECT 'idle_session_timeout', 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        dg_ticket_unref(query(session, pairs[i][0]));
        dg_ticket_unref(query(session, pairs[i][1]));
        assert_int_equal(cell(&world, DG_CELL_VERDICTS_SHAPE), 0);
        assert_int_equal(cell(&world, DG_CELL_VERDICTS_NEW), 2);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* Another path, other parameter types, another snapshot, bytes that cannot be read: not the same question. */
static void a_shape_is_judged_in_its_context(void **state)
{
    static const dg_oid type = 25;
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_decision decision;
    run(session, "SELECT user_email FROM leads WHERE id = 1");
    dg_guard_parse(session, DG_STR(""), DG_STR("SELECT user_email FROM leads WHERE id = 2"), &type, 1, true, &decision);
    dg_ticket_unref(decision.ticket);
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_NEW), 2);
    run(session, "SELECT 'a'");
    dg_ticket_unref(query(session, "SELECT '\xff'"));
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_ENCODING), 1);
    run_query(session, "SET search_path TO tenant", "SET", 'I');
    assert_true(foresees(&world, session, "SELECT user_email FROM leads WHERE id = 3"));
    run_query(session, "RESET search_path", "RESET", 'I');
    rename_column(&world);
    assert_true(foresees(&world, session, "SELECT user_email FROM leads WHERE id = 4"));
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_SHAPE), 0);
    dg_guard_session_free(session);
    world_fini(&world);
}

static const char first[] = "SELECT 1, user_email FROM leads";
static const char second[] = "SELECT 1000000, user_email FROM leads";
/* Of the second text. */
static const struct server_error no_user_email_there = {.sqlstate = "42703",
                                                        .message = "column \"user_email\" does not exist",
                                                        .position = "17",
                                                        .routine = "errorMissingColumn"};

static void an_error_is_about_its_own_words(void **state)
{
    (void)state;
    struct world world;
    struct dg_reaction reaction;
    struct dg_text drift;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    run(session, first);
    struct dg_ticket *ticket = query(session, second);
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_SHAPE), 1);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email_there, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_HOLD);
    rename_column(&world);
    world_answer(&world, DG_OK);
    dg_guard_hold_ended(session);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email_there, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_string_equal(reaction.addition.column, "user_email");
    assert_non_null(strstr(reaction.addition.detail, "renamed"));
    assert_true(predictions(&world, "missed", "") == 1);
    dg_text_init(&drift, 65536);
    dg_guard_print_drift(world.shared, &drift);
    assert_non_null(strstr(dg_text_get(&drift), "SELECT $, user_email FROM leads"));
    dg_text_fini(&drift);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void an_error_that_nobody_waits_for_is_filed(void **state)
{
    (void)state;
    struct world world;
    struct dg_reaction reaction;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run(session, first);
    struct dg_ticket *ticket = query(session, second);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email_there, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_PASS);
    dg_ticket_unref(ticket);
    rename_column(&world);
    dg_guard_session_free(session);
    world_answer(&world, DG_OK);
    assert_true(is_filed_as_renamed(&world));
    world_fini(&world);
}

/* Prepared by shape, judged again at Bind: the finding's position is in the prepared text. */
static void a_prepared_statement_keeps_its_words(void **state)
{
    (void)state;
    struct world world;
    struct dg_reaction reaction;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    run(session, first);
    struct dg_ticket *parsed = parse(session, "s", second);
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_SHAPE), 1);
    dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
    dg_guard_ready(session, 'I');
    dg_ticket_unref(parsed);
    run(session, "SELECT 33, user_email FROM leads"); /* its ticket is not the prepared one */
    rename_column(&world);
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("s"));
    raise_error(session, bound, DG_STAGE_BIND, &no_user_email_there, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    dg_ticket_unref(bound);
    dg_guard_close(session, 'S', DG_STR("s"));
    dg_guard_session_free(session);
    world_fini(&world);
}

/* Behind the limit each text is analysed; before it a long one is kept, and given back. */
static void long_texts(void **state)
{
    enum { MAX = 70000 };
    static const size_t lens[] = {100, 3000, 60000, 65536, 65537};
    static const bool shares[] = {true, true, true, true, false};
    static char text[MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        run(session, "SELECT 'a' FROM leads");
        memset(text, 'x', sizeof(text));
        memcpy(text, "SELECT '", 8);
        memcpy(text + lens[i] - 12, "' FROM leads", 13);
        run(session, text);
        assert_int_equal(cell(&world, DG_CELL_VERDICTS_SHAPE), shares[i] ? 1 : 0);
        assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), 2);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_with_other_literals_are_judged_once),
        cmocka_unit_test(only_clean_verdicts_are_shared),
        cmocka_unit_test(a_shape_is_judged_in_its_context),
        cmocka_unit_test(an_error_is_about_its_own_words),
        cmocka_unit_test(an_error_that_nobody_waits_for_is_filed),
        cmocka_unit_test(a_prepared_statement_keeps_its_words),
        cmocka_unit_test(long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
