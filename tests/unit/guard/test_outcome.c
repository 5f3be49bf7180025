/*
 * What an answer of the server says of what was foreseen: errors that come at analysis, at planning and when a row is
 * written. The findings are made here, whatever the resolver would say of the texts.
 */
#include "guard/state.h"
#include "unit.h"
#include "world.h"

static const char insert[] = "INSERT INTO orders (id) VALUES (1)";
static const struct dg_sql_finding required = {.kind = DG_FINDING_REQUIRED,
                                               .stage = DG_RAISED_AT_RUN,
                                               .sqlstate = "23502",
                                               .message = "",
                                               .is_exact = true,
                                               .is_certain = true,
                                               .relation = "orders",
                                               .column = "total"};
static const struct dg_sql_finding no_arbiter = {.kind = DG_FINDING_CONFLICT_TARGET,
                                                 .stage = DG_RAISED_AT_PLAN,
                                                 .sqlstate = "42P10",
                                                 .message = "",
                                                 .is_exact = true,
                                                 .is_certain = true};
static const struct dg_sql_finding no_label = {.kind = DG_FINDING_ENUM_LABEL,
                                               .stage = DG_RAISED_AT_ANALYSIS,
                                               .sqlstate = "22P02",
                                               .message = "",
                                               .position = 33,
                                               .is_exact = true,
                                               .is_certain = true};

/* From now on the ticket's only statement is foreseen to fail like this. */
static void foresee(struct dg_ticket *ticket, const struct dg_sql_finding *finding)
{
    struct dg_sql_session session = {0};
    struct dg_sql_statement statement = ticket->verdict->analysis.statements[0];
    struct dg_sql_analysis analysis = ticket->verdict->analysis;
    statement.findings = finding;
    statement.n_findings = 1;
    statement.reason = DG_REASON_NONE;
    analysis.statements = &statement;
    struct dg_verdict *made = dg_verdict_new(ticket->verdict->key, ticket->verdict->text, &session, &analysis);
    assert_non_null(made);
    made->generation = ticket->verdict->generation;
    dg_verdict_unref(ticket->verdict);
    ticket->verdict = made;
}

/* The answers that the server gives before it comes to the step at which a row is contradicted. */
enum step { AT_PARSE, AT_BIND, AT_SUSPENDED, AT_END, NEVER };

static void answer(struct dg_guard_session *session, struct dg_ticket *ticket, enum step step)
{
    static const enum dg_stage stages[] = {DG_STAGE_PARSE, DG_STAGE_BIND, DG_STAGE_EXECUTE, DG_STAGE_EXECUTE};
    dg_guard_completed(session, ticket, stages[step], dg_str_of(step == AT_END ? "INSERT 0 1" : ""));
}

static void test_an_answer_contradicts_what_would_have_come_by_then(void **state)
{
    static const struct {
        const char *text;
        const struct dg_sql_finding *finding;
        enum step contradicted;
    } rows[] = {
        {insert, &no_label, AT_PARSE},
        {insert, &no_arbiter, AT_BIND},
        {insert, &required, AT_END},
        /* EXPLAIN plans when it runs, and writes no row; of others nobody says whether they plan. */
        {"EXPLAIN INSERT INTO orders (id) VALUES (1)", &no_label, AT_PARSE},
        {"EXPLAIN INSERT INTO orders (id) VALUES (1)", &no_arbiter, AT_SUSPENDED},
        {"EXPLAIN INSERT INTO orders (id) VALUES (1)", &required, NEVER},
        {"PREPARE p AS INSERT INTO orders (id) VALUES (1)", &no_label, AT_SUSPENDED},
        {"PREPARE p AS INSERT INTO orders (id) VALUES (1)", &no_arbiter, NEVER},
        {"PREPARE p AS INSERT INTO orders (id) VALUES (1)", &required, NEVER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = parse(session, "", rows[i].text);
        foresee(ticket, rows[i].finding);
        for (enum step step = AT_PARSE; step <= AT_END; step++) {
            answer(session, ticket, step);
            bool is_doubted = session->doubt != NULL;
            if (is_doubted != (step >= rows[i].contradicted))
                fail_msg("row %zu, step %d: %s", i, (int)step, is_doubted ? "doubted too early" : "not doubted");
        }
        dg_guard_ready(session, 'I');
        assert_int_equal(world.store.n_reads, rows[i].contradicted != NEVER);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_a_query_that_completes_contradicts_all(void **state)
{
    static const struct dg_sql_finding *const findings[] = {&required, &no_arbiter, &no_label};
    (void)state;
    for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, insert);
        foresee(ticket, findings[i]);
        dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("INSERT 0 1"));
        dg_guard_ready(session, 'I');
        assert_int_equal(world.store.n_reads, 1);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_each_execute_meets_its_prediction(void **state)
{
    static const struct server_error no_total = {.sqlstate = "23502", .routine = "ExecConstraints"};
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *parsed = parse(session, "s", insert);
    foresee(parsed, &required);
    dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
    for (int i = 0; i < 4; i++) {
        struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("s"));
        assert_ptr_equal(bound, parsed);
        dg_guard_completed(session, bound, DG_STAGE_BIND, DG_STR(""));
        struct dg_ticket *executed = dg_guard_execute(session, DG_STR(""));
        assert_int_equal(world.store.n_asked, 0);
        if (i < 3) {
            raise_error(session, executed, DG_STAGE_EXECUTE, &no_total, NULL);
        } else { /* a default has come */
            dg_guard_completed(session, executed, DG_STAGE_EXECUTE, DG_STR("INSERT 0 1"));
            dg_guard_ready(session, 'I');
        }
        dg_ticket_unref(bound);
        dg_ticket_unref(executed);
    }
    assert_true(predictions(&world, "predicted_raised", "") == 3);
    assert_int_equal(world.store.n_asked, 1);
    dg_ticket_unref(parsed);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* What is planned and run at each EXECUTE is met by its answer, unless the verdict has changed since the PREPARE. */
static void test_an_execute_contradicts_what_comes_after_analysis(void **state)
{
    static const struct {
        const struct dg_sql_finding *finding;
        bool is_judged_anew;
        const char *execute;
        bool is_doubted;
    } rows[] = {
        {&required, false, "EXECUTE p", true},          {&no_arbiter, false, "EXECUTE p", true},
        {&no_label, false, "EXECUTE p", false},         {&required, true, "EXECUTE p", false},
        {&required, false, "EXPLAIN EXECUTE p", false}, {&no_arbiter, false, "EXPLAIN EXECUTE p", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        run_query(session, "PREPARE p AS INSERT INTO orders (id) VALUES (1)", "PREPARE", 'I');
        struct dg_ticket *prepared = dg_map_find(&session->statements, DG_STR("p"));
        foresee(prepared, rows[i].finding);
        prepared->is_judged_anew = rows[i].is_judged_anew;
        run_query(session, rows[i].execute, "INSERT 0 1", 'I');
        if (world.store.n_asked != rows[i].is_doubted)
            fail_msg("row %zu is %sdoubted", i, rows[i].is_doubted ? "not " : "");
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* One error, what was foreseen, and whether it is that. */
static void test_only_what_was_foreseen_is_counted(void **state)
{
    static const struct {
        const struct dg_sql_finding *finding;
        struct server_error error;
        bool is_foreseen;
    } rows[] = {
        {&required, {.sqlstate = "23502"}, true},
        {&required, {.sqlstate = "23502", .column = "total"}, true},
        {&required, {.sqlstate = "23502", .column = "id"}, false}, /* a NULL that was written */
        {&required, {.sqlstate = "23502", .where = "SQL statement \"INSERT ...\""}, false},
        {&required, {.sqlstate = "42P10"}, false},
        {&no_arbiter, {.sqlstate = "42P10", .routine = "infer_arbiter_indexes"}, true},
        {&no_arbiter, {.sqlstate = "42P10", .position = "9", .routine = "checkExprIsVarFree"}, false},
        {&no_label, {.sqlstate = "22P02", .position = "33", .routine = "enum_in"}, true},
        {&no_label, {.sqlstate = "22P02", .position = "9", .routine = "pg_strtoint32"}, false},
        {&no_label, {.sqlstate = "22P02", .where = "unnamed portal parameter $1"}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, insert);
        foresee(ticket, rows[i].finding);
        raise_error(session, ticket, DG_STAGE_QUERY, &rows[i].error, NULL);
        if ((predictions(&world, "predicted_raised", "") == 1) != rows[i].is_foreseen)
            fail_msg("row %zu is taken for another error", i);
        assert_true(predictions(&world, "missed", "") == 0);
        assert_int_equal(world.store.n_asked, 0);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* Nothing of the kind was foreseen: the server's errors are counted, and no prediction. */
static void test_other_errors_that_nobody_foresaw_are_not_missed(void **state)
{
    static const char *const codes[] = {"42883", "42704", "3F000", "42702", "22P02", "428C9", "42P10", "23502"};
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct world world;
        world_init(&world, "mode=annotate");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, insert);
        const struct server_error error = {.sqlstate = codes[i], .position = "8"};
        struct dg_reaction reaction;
        raise_error(session, ticket, DG_STAGE_QUERY, &error, &reaction);
        assert_int_equal(reaction.action, DG_REACTION_PASS);
        static const char *const outcomes[] = {"missed", "predicted_raised", "uncovered"};
        for (size_t k = 0; k < 3; k++)
            assert_true(predictions(&world, outcomes[k], "") == 0);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* The server stumbled at analysis: what would have come later is not contradicted. */
static void test_an_earlier_error_says_nothing_of_a_later_stage(void **state)
{
    const struct dg_error_fields no_column = {
        .sqlstate = DG_STR("42703"), .position = DG_STR("21"), .routine = DG_STR("checkInsertTargets")};
    (void)state;
    for (int is_later = 0; is_later < 2; is_later++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, insert);
        foresee(ticket, is_later ? &required : &no_label);
        const struct dg_meaning meaning = {ticket, &ticket->verdict->analysis.statements[0]};
        dg_outcome_raised(session, &meaning, &no_column);
        assert_true(predictions(&world, "missed", "") == 1);
        assert_int_equal(world.store.n_asked, !is_later);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* More answers than statements, as where the order of the answers was lost: an error belongs to none of them. */
static void test_an_error_behind_the_last_statement_is_of_no_statement(void **state)
{
    struct world world;
    struct dg_reaction reaction;
    (void)state;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, "SELECT id FROM leads");
    dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("SELECT 1"));
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_PASS);
    assert_true(predictions(&world, "uncovered", "unknown") == 1);
    assert_true(predictions(&world, "missed", "") == 0);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_contradicts_what_would_have_come_by_then),
        cmocka_unit_test(test_a_query_that_completes_contradicts_all),
        cmocka_unit_test(test_each_execute_meets_its_prediction),
        cmocka_unit_test(test_an_execute_contradicts_what_comes_after_analysis),
        cmocka_unit_test(test_only_what_was_foreseen_is_counted),
        cmocka_unit_test(test_other_errors_that_nobody_foresaw_are_not_missed),
        cmocka_unit_test(test_an_earlier_error_says_nothing_of_a_later_stage),
        cmocka_unit_test(test_an_error_behind_the_last_statement_is_of_no_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
