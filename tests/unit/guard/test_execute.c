/*
 * SQL-level PREPARE and EXECUTE: what an EXECUTE stands for, how long, and what is said of it. Positions are those that
 * PostgreSQL gave.
 */
#include "unit.h"
#include "world.h"

static const char prepare_email[] = "PREPARE p AS SELECT user_email FROM leads";
static const char parsed_email[] = "SELECT user_email FROM leads";

static struct server_error no_email_at(const char *position)
{
    struct server_error error = no_user_email;
    error.position = position;
    return error;
}

static void complete_parse(struct dg_guard_session *session, const char *name, const char *text)
{
    struct dg_ticket *ticket = parse(session, name, text);
    dg_guard_completed(session, ticket, DG_STAGE_PARSE, DG_STR(""));
    dg_guard_ready(session, 'I');
    dg_ticket_unref(ticket);
}

/* ---- what it stands for ------------------------------------------------------------------------------------------ */

static void test_an_execute_takes_the_verdict_of_its_prepare(void **state)
{
    static const struct {
        const char *prepare; /* by SQL; NULL: by a Parse message */
        const char *execute;
        size_t n_done; /* statements of the text before it */
        const char *position;
    } rows[] = {
        {prepare_email, "EXECUTE p", 0, "21"},
        {prepare_email, "EXPLAIN EXECUTE p", 0, "21"},
        {prepare_email, "CREATE TABLE x AS EXECUTE p", 0, "21"},
        {prepare_email, "BEGIN; EXECUTE p", 1, "21"},
        {NULL, "EXECUTE p", 0, "8"},
        {"SELECT 'é'; /* x */ PREPARE p2 AS SELECT user_email FROM leads; SELECT 2", "EXECUTE p2", 0, "42"},
        {"PREPARE \"As\" (numeric(10, 2)) AS SELECT user_email FROM leads", "EXECUTE \"As\"(1)", 0, "41"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "mode=annotate");
        struct dg_guard_session *session = world_session(&world);
        if (rows[i].prepare == NULL) {
            complete_parse(session, "p", parsed_email);
        } else {
            struct dg_ticket *ticket = query(session, rows[i].prepare);
            for (int k = strchr(rows[i].prepare, ';') == NULL ? 2 : 0; k < 3; k++)
                dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("PREPARE"));
            dg_guard_ready(session, 'I');
            dg_ticket_unref(ticket);
        }
        assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 0);
        rename_column(&world);
        struct dg_ticket *ticket = query(session, rows[i].execute);
        if (cell(&world, DG_CELL_STATEMENTS_FINDING) != 1)
            fail_msg("row %zu has no finding", i);
        for (size_t k = 0; k < rows[i].n_done; k++)
            dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("BEGIN"));
        struct dg_reaction reaction;
        struct server_error error = no_email_at(rows[i].position);
        raise_error(session, ticket, DG_STAGE_QUERY, &error, &reaction);
        if (predictions(&world, "predicted_raised", "") != 1)
            fail_msg("row %zu: the error is not the one that was foreseen", i);
        assert_int_equal(reaction.action, DG_REACTION_REWRITE);
        assert_non_null(strstr(reaction.addition.detail, "was renamed to \"contact_email\""));
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_bind_finds_what_sql_prepared(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, prepare_email, "PREPARE", 'I');
    rename_column(&world);
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("p"));
    struct dg_reaction reaction;
    struct server_error error = no_email_at("21");
    raise_error(session, bound, DG_STAGE_BIND, &error, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    dg_ticket_unref(bound);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* A driver that sends all its texts by Parse. */
static void test_an_execute_within_the_extended_protocol(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, prepare_email, "PREPARE", 'I');
    complete_parse(session, "e", "EXECUTE p");
    rename_column(&world);
    struct server_error error = no_email_at("21");
    for (int i = 0; i < 2; i++) {
        struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("e"));
        dg_guard_completed(session, bound, DG_STAGE_BIND, DG_STR(""));
        struct dg_ticket *ticket =
            i == 0 ? dg_guard_execute(session, DG_STR("")) : dg_guard_describe(session, 'S', DG_STR("e"));
        raise_error(session, ticket, i == 0 ? DG_STAGE_EXECUTE : DG_STAGE_DESCRIBE, &error, NULL);
        dg_ticket_unref(bound);
        dg_ticket_unref(ticket);
    }
    assert_true(predictions(&world, "predicted_raised", "") == 2);
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 1); /* a Describe is no statement */
    assert_int_equal(world.store.n_asked, 0);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* ---- how long it does -------------------------------------------------------------------------------------------- */

static void close_p(struct dg_guard_session *session)
{
    dg_guard_close(session, 'S', DG_STR("p"));
}

static void prepare_again(struct dg_guard_session *session)
{
    struct dg_ticket *ticket = query(session, "PREPARE p AS SELECT id FROM leads");
    raise_error(session, ticket, DG_STAGE_QUERY, &(struct server_error){.sqlstate = "42P05"}, NULL);
    dg_ticket_unref(ticket);
}

static void parse_again(struct dg_guard_session *session)
{
    struct dg_ticket *ticket = parse(session, "p", "SELECT id FROM leads");
    raise_error(session, ticket, DG_STAGE_PARSE, &(struct server_error){.sqlstate = "42P05"}, NULL);
    dg_ticket_unref(ticket);
}

static void test_how_long_a_name_stands(void **state)
{
    static const struct {
        const char *texts[3];
        void (*act)(struct dg_guard_session *session);
        const char *execute;
        bool is_judged;
    } rows[] = {
        {{prepare_email}, NULL, "EXECUTE p", true},
        {{"BEGIN", prepare_email, "ROLLBACK"}, NULL, "EXECUTE p", true},
        {{prepare_email, "DISCARD PLANS"}, NULL, "EXECUTE p", true},
        {{prepare_email, "DEALLOCATE q"}, NULL, "EXECUTE p", true},
        {{prepare_email, "DEALLOCATE p"}, NULL, "EXECUTE p", false},
        {{prepare_email, "DEALLOCATE ALL"}, NULL, "EXECUTE p", false},
        {{prepare_email, "DISCARD ALL"}, NULL, "EXECUTE p", false},
        {{prepare_email}, close_p, "EXECUTE p", false},
        {{prepare_email}, prepare_again, "EXECUTE p", true},
        {{prepare_email}, parse_again, "EXECUTE p", true},
        {{prepare_email}, NULL, "EXECUTE q", false},
        {{prepare_email}, NULL, "DEALLOCATE p; EXECUTE p", false},
        {{prepare_email}, NULL, "SET search_path = tenant; EXECUTE p", false},
        {{prepare_email, "SET search_path = nowhere"}, NULL, "EXECUTE p", true}, /* another finding: no such relation */
        {{NULL}, prepare_again, "EXECUTE p", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        for (size_t k = 0; k < 3 && rows[i].texts[k] != NULL; k++) {
            bool is_open = strcmp(rows[i].texts[0], "BEGIN") == 0 && k < 2;
            run_query(session, rows[i].texts[k], k == 2 ? "ROLLBACK" : "", is_open ? 'T' : 'I');
        }
        if (rows[i].act != NULL)
            rows[i].act(session);
        rename_column(&world);
        if (foresees(&world, session, rows[i].execute) != rows[i].is_judged)
            fail_msg("row %zu: %s", i, rows[i].is_judged ? "not foreseen" : "foreseen");
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* Sent before it was known that the name stands for another by then. */
static void test_a_name_that_is_taken_again_meanwhile_says_nothing(void **state)
{
    static const char *const texts[] = {"DEALLOCATE p", "PREPARE p AS SELECT id FROM leads", "EXECUTE p"};
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, prepare_email, "PREPARE", 'I');
    rename_column(&world);
    struct dg_decision decisions[3];
    for (size_t i = 0; i < 3; i++)
        dg_guard_query(session, dg_str_of(texts[i]), false, &decisions[i]);
    for (size_t i = 0; i < 3; i++) {
        dg_guard_completed(session, decisions[i].ticket, DG_STAGE_QUERY, DG_STR("SELECT 0"));
        dg_guard_ready(session, 'I');
        dg_ticket_unref(decisions[i].ticket);
    }
    assert_int_equal(world.store.n_asked, 0);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* In an encoding that is not read, or longer than what is read. */
static void test_a_text_that_nobody_read_may_have_taken_any_name(void **state)
{
    static const struct {
        const char *tag;
        bool is_judged;
    } rows[] = {{"DEALLOCATE", false}, {"DEALLOCATE ALL", false}, {"DISCARD ALL", false},
                {"PREPARE", false},    {"INSERT 0 1", true},      {"PREPARE TRANSACTION", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        run_query(session, "PREPARE p AS SELECT user_email FROM public.leads", "PREPARE", 'I');
        rename_column(&world);
        run_query(session, "DEALLOCATE p; -- \xC3", rows[i].tag, 'I');
        if (foresees(&world, session, "EXECUTE p") != rows[i].is_judged)
            fail_msg("row %zu: %s", i, rows[i].tag);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_while_the_mode_was_off_any_name_may_have_gone(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, "PREPARE p AS SELECT user_email FROM public.leads", "PREPARE", 'I');
    rename_column(&world);
    assert_true(foresees(&world, session, "EXECUTE p"));
    world_configure(&world, "mode=off");
    assert_null(query(session, "DEALLOCATE p"));
    world_configure(&world, "mode=observe");
    assert_false(foresees(&world, session, "EXECUTE p"));
    assert_null(dg_guard_bind(session, DG_STR(""), DG_STR("p")));
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_behind_a_pooler_a_name_may_be_anothers(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct shop shop = shop_before();
    shop.is_pooled = true;
    shop.lead_email = "contact_email";
    fake_store_publish(&world.store, &shop);
    struct dg_guard_session *session = world_session(&world);
    run_query(session, prepare_email, "PREPARE", 'I');
    assert_false(foresees(&world, session, "EXECUTE p"));
    dg_guard_session_free(session);
    world_fini(&world);
}

/* ---- what is said of it ------------------------------------------------------------------------------------------ */

/* PostgreSQL keeps the analysis of what is prepared until it sees a reason for another: that the text would fail today
   (a table hides the one that was meant, an enum label has another name) does not make the EXECUTE fail. */
static void test_what_is_prepared_may_run_on_an_older_analysis(void **state)
{
    (void)state;
    for (int is_by_sql = 0; is_by_sql < 2; is_by_sql++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        complete_parse(session, "p", parsed_email);
        rename_column(&world);
        if (is_by_sql) {
            run_query(session, "EXECUTE p", "SELECT 0", 'I');
        } else {
            struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("p"));
            struct dg_ticket *executed = dg_guard_execute(session, DG_STR(""));
            dg_guard_completed(session, bound, DG_STAGE_BIND, DG_STR(""));
            dg_guard_completed(session, executed, DG_STAGE_EXECUTE, DG_STR("SELECT 0"));
            dg_guard_ready(session, 'I');
            dg_ticket_unref(bound);
            dg_ticket_unref(executed);
        }
        assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 1);
        assert_int_equal(world.store.n_asked, 0);
        /* The same text, sent as it is, is analysed: then it is a doubt. */
        run_query(session, parsed_email, "SELECT 0", 'I');
        assert_int_equal(world.store.n_asked, 1);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_errors_of_an_execute(void **state)
{
    static const struct {
        const char *execute;
        const char *position;
        const char *outcome;
        const char *reason;
    } rows[] = {
        {"EXECUTE p", "21", "missed", ""},
        {"EXECUTE p(1, 'some words')", "21", "missed", ""},
        {"EXECUTE p(nope)", "11", "uncovered", "utility"}, /* no column can be an argument */
        {"EXECUTE q", "21", "uncovered", "utility"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        run_query(session, prepare_email, "PREPARE", 'I');
        struct dg_ticket *ticket = query(session, rows[i].execute);
        struct server_error error = no_email_at(rows[i].position);
        raise_error(session, ticket, DG_STAGE_QUERY, &error, NULL);
        if (predictions(&world, rows[i].outcome, rows[i].reason) != 1)
            fail_msg("row %zu is not %s", i, rows[i].outcome);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_answer(&world, DG_OK);
        world_fini(&world);
    }
}

/* What is prepared has its effects when it runs, not before; whether EXPLAIN runs it is left open. */
static void test_effects_come_with_the_execute(void **state)
{
    static const struct {
        const char *then[2];
        bool leads_is_missing;
        bool tickets_is_missing;
    } rows[] = {
        {{NULL}, false, true},
        {{"EXECUTE to_tenant"}, true, false},
        {{"EXPLAIN EXECUTE to_tenant"}, false, false},
        {{"EXPLAIN EXECUTE to_tenant", "EXECUTE to_tenant"}, true, false},
        {{"EXECUTE unheard_of"}, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        run_query(session, "PREPARE to_tenant AS SELECT set_config('search_path', 'tenant', false)", "PREPARE", 'I');
        for (size_t k = 0; k < 2 && rows[i].then[k] != NULL; k++)
            run_query(session, rows[i].then[k], "SELECT 1", 'I');
        if (foresees(&world, session, "SELECT 1 FROM leads") != rows[i].leads_is_missing ||
            foresees(&world, session, "SELECT 1 FROM tickets") != rows[i].tickets_is_missing)
            fail_msg("row %zu: another search path", i);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_execute_takes_the_verdict_of_its_prepare),
        cmocka_unit_test(test_bind_finds_what_sql_prepared),
        cmocka_unit_test(test_an_execute_within_the_extended_protocol),
        cmocka_unit_test(test_how_long_a_name_stands),
        cmocka_unit_test(test_a_name_that_is_taken_again_meanwhile_says_nothing),
        cmocka_unit_test(test_a_text_that_nobody_read_may_have_taken_any_name),
        cmocka_unit_test(test_while_the_mode_was_off_any_name_may_have_gone),
        cmocka_unit_test(test_behind_a_pooler_a_name_may_be_anothers),
        cmocka_unit_test(test_what_is_prepared_may_run_on_an_older_analysis),
        cmocka_unit_test(test_errors_of_an_execute),
        cmocka_unit_test(test_effects_come_with_the_execute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
