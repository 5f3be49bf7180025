/*
 * The guard as the proxy sees it: statements counted, names judged, predictions meeting their outcome.
 */
#include "guard/state.h"
#include "unit.h"
#include "world.h"

static const char missing[] = "SELECT user_email FROM leads";

static uint64_t statements(const struct world *world)
{
    return cell(world, DG_CELL_STATEMENTS_OK) + cell(world, DG_CELL_STATEMENTS_FINDING) +
           cell(world, DG_CELL_STATEMENTS_UNKNOWN) + cell(world, DG_CELL_STATEMENTS_NOT_INSPECTED);
}

static void test_statements_are_counted_by_verdict(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, "SELECT id FROM leads", "SELECT 1", 'I');
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), 1);
    dg_ticket_unref(query(session, "SELECT nope FROM leads"));
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 1);
    dg_ticket_unref(query(session, "SELECT id FROM leads; SELECT id FROM orders; BEGIN"));
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), 3);
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_UTILITY), 1);
    dg_ticket_unref(query(session, "this is no SQL"));
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_UNPARSED), 1);
    dg_ticket_unref(query(session, "CREATE TABLE t (id int)"));
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_DDL), 1);
    dg_ticket_unref(dg_guard_uninspected(session, false, DG_STR(""), DG_REASON_TOO_LONG));
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_TOO_LONG), 1);
    dg_ticket_unref(query(session, ""));
    assert_int_equal(statements(&world), 8);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_each_execute_counts_and_a_parse_does_not(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *parsed = parse(session, "s", "SELECT id FROM leads");
    dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
    assert_int_equal(statements(&world), 0);
    for (int i = 0; i < 3; i++) {
        struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("s"));
        assert_ptr_equal(bound, parsed);
        struct dg_ticket *executed = dg_guard_execute(session, DG_STR(""));
        assert_ptr_equal(executed, parsed);
        dg_guard_completed(session, executed, DG_STAGE_EXECUTE, DG_STR("SELECT 1"));
        dg_guard_ready(session, 'I');
        dg_ticket_unref(bound);
        dg_ticket_unref(executed);
    }
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), 3);
    assert_int_equal(statements(&world), 3);
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_NEW), 1);
    struct dg_ticket *cursor = dg_guard_execute(session, DG_STR("a_cursor"));
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_UTILITY), 1);
    /* Nothing is known of it, so nothing of the names behind it, until its tag comes. */
    struct dg_ticket *behind = parse(session, "n", "SELECT nope FROM leads");
    dg_guard_completed(session, cursor, DG_STAGE_EXECUTE, DG_STR("FETCH 1"));
    dg_guard_ready(session, 'I');
    dg_ticket_unref(cursor);
    dg_ticket_unref(behind);
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 0);
    assert_true(foresees(&world, session, "SELECT nope FROM leads"));
    dg_ticket_unref(parsed);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_a_text_seen_before_is_not_analysed_again(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    for (int i = 0; i < 5; i++)
        run_query(session, "SELECT id FROM leads", "SELECT 1", 'I');
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_NEW), 1);
    assert_int_equal(cell(&world, DG_CELL_VERDICTS_TEXT), 4);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_off_counts_nothing(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=off");
    struct dg_guard_session *session = world_session(&world);
    assert_null(query(session, missing));
    assert_null(parse(session, "s", missing));
    assert_null(dg_guard_bind(session, DG_STR(""), DG_STR("s")));
    struct dg_reaction reaction;
    raise_error(session, NULL, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_PASS);
    assert_int_equal(statements(&world), 0);
    assert_true(predictions(&world, "uncovered", "unknown") == 0);
    /* Switched on while the session lives: what it did meanwhile is not known, until it says. */
    world_configure(&world, "mode=observe");
    assert_false(foresees(&world, session, "SELECT id FROM tickets"));
    run_query(session, "SET search_path = public", "SET", 'I');
    assert_true(foresees(&world, session, "SELECT id FROM tickets"));
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_a_foreseen_error(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    rename_column(&world);
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, missing);
    struct dg_reaction reaction;
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_PASS); /* observe */
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    const char *error_labels[] = {"shop", "main", "drift_missing", "42703"};
    assert_true(dg_metrics_get(world.metrics, DG_FAMILY_SERVER_ERRORS, error_labels) == 1);
    assert_true(is_filed_as_renamed(&world));
    assert_int_equal(world.store.n_asked, 0);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_the_second_of_three_statements(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, "SELECT id FROM leads; SELECT nope FROM leads; SELECT id FROM orders");
    dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("SELECT 1"));
    struct server_error error = no_user_email;
    error.position = "30";
    raise_error(session, ticket, DG_STAGE_QUERY, &error, NULL);
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_uncovered_errors_say_why(void **state)
{
    static const struct {
        const char *text; /* NULL: too long to be read */
        struct server_error error;
        const char *reason;
    } rows[] = {
        {"SELECT id FROM leads", {.sqlstate = "42703", .position = "8", .where = "PL/pgSQL function f()"}, "nested"},
        {"SELECT id FROM leads", {.sqlstate = "42703", .routine = "column_has_privilege"}, "nested"},
        {"SELECT id FROM leads",
         {.sqlstate = "42P01", .position = "8", .routine = "RangeVarGetRelidExtended"},
         "nested"},
        {"TRUNCATE nope", {.sqlstate = "42P01", .routine = "RangeVarGetRelidExtended"}, "utility"},
        {"ALTER TABLE nope ADD c int", {.sqlstate = "42P01", .routine = "RangeVarGetRelidExtended"}, "ddl"},
        {"no SQL of ours", {.sqlstate = "42P01", .position = "4", .routine = "parserOpenTable"}, "unparsed"},
        {NULL, {.sqlstate = "42P01", .position = "4", .routine = "parserOpenTable"}, "too_long"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = rows[i].text != NULL
                                       ? query(session, rows[i].text)
                                       : dg_guard_uninspected(session, false, DG_STR(""), DG_REASON_TOO_LONG);
        raise_error(session, ticket, DG_STAGE_QUERY, &rows[i].error, NULL);
        if (predictions(&world, "uncovered", rows[i].reason) != 1)
            fail_msg("row %zu is not uncovered{%s}", i, rows[i].reason);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_what_is_not_readable_is_not_judged(void **state)
{
    static const struct {
        const char *parameter;
        const char *value;
        const char *text;
        bool is_judged;
    } rows[] = {
        {"client_encoding", "UTF8", "SELECT '\xC3\xA9' FROM leads", true},
        {"client_encoding", "LATIN1", "SELECT '\xC3\xA9' FROM leads", false},
        {"client_encoding", "LATIN1", "SELECT id FROM leads", true},
        {"server_encoding", "LATIN1", "SELECT '\xC3\xA9' FROM leads", false},
        {"client_encoding", "UTF8", "SELECT '\xC3' FROM leads", false},
        {"standard_conforming_strings", "off", "SELECT id FROM leads", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        dg_guard_session_parameter(session, dg_str_of(rows[i].parameter), dg_str_of(rows[i].value));
        struct dg_ticket *ticket = query(session, rows[i].text);
        assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_ENCODING), !rows[i].is_judged);
        assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), rows[i].is_judged);
        struct server_error error = no_user_email;
        raise_error(session, ticket, DG_STAGE_QUERY, &error, NULL);
        assert_true(predictions(&world, "uncovered", "encoding") == !rows[i].is_judged);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_without_a_snapshot(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_client client = {
        .database = "full", .user = "app", .application_name = "", .server = WORLD_SERVER("127.0.0.1:5432")};
    struct dg_guard_session *session = dg_guard_session_new(world.guard, &client, &(struct dg_guard_host){0});
    struct dg_ticket *ticket = query(session, missing);
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_NO_SNAPSHOT), 1);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
    const char *labels[] = {"full", "main", "uncovered", "no_snapshot", ""};
    assert_true(dg_metrics_get(world.metrics, DG_FAMILY_PREDICTIONS, labels) == 1);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_stale_until_a_read_covers_the_change(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, "ALTER TABLE leads ADD COLUMN note text", "ALTER TABLE", 'I');
    assert_string_equal(world.store.database.changed, "leads ");
    struct dg_ticket *ticket = query(session, missing);
    assert_int_equal(cell(&world, DG_CELL_NOT_INSPECTED_STALE), 1);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
    assert_true(predictions(&world, "uncovered", "stale") == 1);
    dg_ticket_unref(ticket);
    world_answer(&world, DG_OK);
    struct shop shop = shop_before();
    shop.covers = 1;
    fake_store_publish(&world.store, &shop);
    run_query(session, missing, "SELECT 0", 'I');
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_OK), 1);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_a_missed_error_asks_for_a_read(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, missing);
    struct dg_reaction reaction;
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_PASS);
    assert_true(predictions(&world, "missed", "") == 1);
    assert_int_equal(world.store.n_reads, 1);
    assert_string_equal(world.store.reads[0].first_name, "leads");
    dg_ticket_unref(ticket);
    /* In observe the error is filed when the read tells what it was, also after the session has gone. */
    rename_column(&world);
    dg_guard_session_free(session);
    world_answer(&world, DG_OK);
    assert_true(is_filed_as_renamed(&world));
    world_fini(&world);
}

static void test_a_prediction_that_was_not_raised(void **state)
{
    (void)state;
    for (int is_supported = 0; is_supported < 2; is_supported++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        rename_column(&world);
        run_query(session, missing, "SELECT 0", 'I');
        assert_int_equal(world.store.n_reads, 1);
        assert_true(predictions(&world, "false_alarm", "") == 0);
        if (!is_supported) { /* renamed back before the statement ran */
            struct shop shop = shop_before();
            fake_store_publish(&world.store, &shop);
        }
        world_answer(&world, DG_OK);
        assert_true(predictions(&world, "false_alarm", "") == is_supported);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* PREPARE, COPY and CREATE VIEW are analysed when they are executed. */
static void test_the_parse_complete_of_a_copy_refutes_nothing(void **state)
{
    (void)state;
    static const struct server_error no_such_column = {.sqlstate = "42703",
                                                       .message = "column \"user_email\" does not exist",
                                                       .position = "14",
                                                       .routine = "errorMissingColumn"};
    struct world world;
    world_init(&world, "");
    rename_column(&world);
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *parsed = parse(session, "", "COPY (SELECT user_email FROM leads) TO STDOUT");
    dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR(""));
    dg_guard_completed(session, bound, DG_STAGE_BIND, DG_STR(""));
    struct dg_ticket *executed = dg_guard_execute(session, DG_STR(""));
    raise_error(session, executed, DG_STAGE_EXECUTE, &no_such_column, NULL);
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    assert_int_equal(world.store.n_asked, 0); /* there was no doubt */
    dg_ticket_unref(parsed);
    dg_ticket_unref(bound);
    dg_ticket_unref(executed);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* A column that came and went between the snapshot and the read: its number is gone for good. */
static void test_a_column_that_came_and_went_is_no_false_alarm(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, "SELECT nope FROM orders", "SELECT 0", 'I');
    struct shop shop = shop_before();
    shop.has_confirmed_at = true;
    shop.read_at_us = SHOP_AFTER_US;
    fake_store_publish(&world.store, &shop);
    world_answer(&world, DG_OK);
    assert_int_equal(world.store.n_asked, 1);
    assert_true(predictions(&world, "false_alarm", "") == 0);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* A relation has no such number, but two reads in between saw it. */
static void test_a_relation_that_came_and_went_is_no_false_alarm(void **state)
{
    (void)state;
    for (int was_seen = 0; was_seen < 2; was_seen++) {
        struct world world;
        world_init(&world, "");
        struct shop shop = shop_before();
        shop.leads = NULL;
        shop.read_at_us = SHOP_AFTER_US;
        fake_store_publish(&world.store, &shop);
        struct dg_guard_session *session = world_session(&world);
        run_query(session, "SELECT 1 FROM leads", "SELECT 0", 'I');
        assert_int_equal(world.store.n_reads, 1);
        for (int i = 0; i < 2 && was_seen; i++) {
            shop.leads = i == 0 ? "leads" : NULL;
            shop.read_at_us += 1000000;
            fake_store_publish(&world.store, &shop);
        }
        world_answer(&world, DG_OK);
        assert_true(predictions(&world, "false_alarm", "") == !was_seen);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* Somebody else's change, at one moment or another: prediction and read are of different times. */
static void test_changes_meanwhile_leave_a_doubt_open(void **state)
{
    enum moment { NEVER, BEFORE_THE_ANSWER, BEFORE_THE_END, BEFORE_THE_READ, MOMENTS };
    (void)state;
    for (int moment = NEVER; moment < MOMENTS; moment++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, "SELECT 1 FROM nowhere");
        world.store.database.changes += moment == BEFORE_THE_ANSWER;
        dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("SELECT 0"));
        world.store.database.changes += moment == BEFORE_THE_END;
        dg_guard_ready(session, 'I');
        world.store.database.changes += moment == BEFORE_THE_READ;
        struct shop shop = shop_before();
        shop.covers = world.store.database.changes;
        shop.read_at_us = SHOP_AFTER_US;
        fake_store_publish(&world.store, &shop);
        world_answer(&world, DG_OK);
        assert_true(predictions(&world, "false_alarm", "") == (moment == NEVER));
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* What a function made in this transaction, nobody else sees before its end. */
static void test_a_doubt_waits_for_the_end_of_the_transaction(void **state)
{
    (void)state;
    for (int is_committed = 0; is_committed < 2; is_committed++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        rename_column(&world);
        run_query(session, "BEGIN", "BEGIN", 'T');
        run_query(session, missing, "SELECT 0", 'T');
        assert_int_equal(world.store.n_reads, 0);
        /* Whatever made it valid may still be there. */
        uint64_t n_findings = cell(&world, DG_CELL_STATEMENTS_FINDING);
        run_query(session, missing, "SELECT 0", 'T');
        assert_true(cell(&world, DG_CELL_STATEMENTS_FINDING) == n_findings);
        run_query(session, is_committed ? "COMMIT" : "ROLLBACK", is_committed ? "COMMIT" : "ROLLBACK", 'I');
        assert_int_equal(world.store.n_reads, is_committed);
        world_answer(&world, DG_OK);
        assert_true(predictions(&world, "false_alarm", "") == is_committed);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_a_doubt_that_cannot_be_settled_is_no_false_alarm(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    rename_column(&world);
    run_query(session, missing, "SELECT 0", 'I');
    world_answer(&world, DG_DATABASE);
    assert_true(predictions(&world, "false_alarm", "") == 0);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_the_search_path_decides(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    assert_true(foresees(&world, session, "SELECT id FROM tickets"));
    run_query(session, "SET search_path = tenant", "SET", 'I');
    assert_false(foresees(&world, session, "SELECT id FROM tickets"));
    assert_true(foresees(&world, session, "SELECT id FROM leads"));
    run_query(session, "RESET search_path", "RESET", 'I');
    assert_true(foresees(&world, session, "SELECT id FROM tickets"));
    dg_guard_session_free(session);
    world_fini(&world);
}

/* A function set it: the relation is there for all to see, but not on the path that was taken for granted. */
static void test_a_contradicted_path_is_unknown_from_then_on(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    assert_true(foresees(&world, session, "SELECT id FROM tickets"));
    run_query(session, "SELECT id FROM tickets", "SELECT 0", 'I');
    world_answer(&world, DG_OK);
    struct shop shop = shop_before();
    shop.covers = world.store.database.changes; /* current again: it is the path that is not known */
    fake_store_publish(&world.store, &shop);
    assert_false(foresees(&world, session, "SELECT id FROM tickets"));
    assert_true(foresees(&world, session, "SELECT id FROM no_table_of_any_schema"));
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_where_the_search_path_comes_from(void **state)
{
    static const struct {
        const char *start_up;
        const char *role_setting;
        bool path_unknown;
        bool foresees_tickets; /* tenant.tickets */
        bool foresees_leads;   /* public.leads */
    } rows[] = {
        {NULL, NULL, false, true, false},     {"tenant", NULL, false, false, true},
        {NULL, "tenant", false, false, true}, {"public", "tenant", false, true, false},
        {NULL, NULL, true, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct shop shop = shop_before();
        shop.role_path = rows[i].role_setting;
        fake_store_publish(&world.store, &shop);
        struct dg_guard_client client = {.database = "shop",
                                         .user = "app",
                                         .application_name = "",
                                         .server = WORLD_SERVER("127.0.0.1:5432"),
                                         .search_path = rows[i].start_up,
                                         .path_unknown = rows[i].path_unknown};
        struct dg_guard_session *session = dg_guard_session_new(world.guard, &client, &(struct dg_guard_host){0});
        assert_int_equal(foresees(&world, session, "SELECT id FROM tickets"), rows[i].foresees_tickets);
        assert_int_equal(foresees(&world, session, "SELECT id FROM leads"), rows[i].foresees_leads);
        assert_true(foresees(&world, session, "SELECT id FROM nowhere"));
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_names_of_a_pipeline_under_way_are_not_guessed(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *set = parse(session, "", "SET search_path = tenant");
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR(""));
    struct dg_ticket *executed = dg_guard_execute(session, DG_STR(""));
    /* Sent before the server has answered any of it. */
    struct dg_ticket *next = parse(session, "n", "SELECT id FROM tickets");
    struct dg_ticket *next_bound = dg_guard_bind(session, DG_STR("p"), DG_STR("n"));
    struct dg_ticket *next_executed = dg_guard_execute(session, DG_STR("p"));
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 0);
    dg_guard_completed(session, set, DG_STAGE_PARSE, DG_STR(""));
    dg_guard_completed(session, bound, DG_STAGE_BIND, DG_STR(""));
    dg_guard_completed(session, executed, DG_STAGE_EXECUTE, DG_STR("SET"));
    dg_guard_completed(session, next, DG_STAGE_PARSE, DG_STR(""));
    dg_guard_completed(session, next_bound, DG_STAGE_BIND, DG_STR(""));
    dg_guard_completed(session, next_executed, DG_STAGE_EXECUTE, DG_STR("SELECT 0"));
    dg_guard_ready(session, 'I');
    assert_int_equal(world.store.n_asked, 0);
    assert_true(foresees(&world, session, "SELECT id FROM leads"));
    struct dg_ticket *const all[] = {set, bound, executed, next, next_bound, next_executed};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        dg_ticket_unref(all[i]);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* BEGIN, SELECT, COMMIT, SELECT in one go: nothing in it changes names, so all of it is judged. */
static void test_a_pipeline_of_plain_transactions_is_judged(void **state)
{
    static const char *const texts[] = {"BEGIN", "SELECT id FROM leads", "COMMIT", "SELECT nope FROM leads"};
    static const char *const tags[] = {"BEGIN", "SELECT 0", "COMMIT", ""};
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *tickets[4];
    for (int i = 0; i < 4; i++) {
        tickets[i] = parse(session, "", texts[i]);
        dg_ticket_unref(dg_guard_bind(session, DG_STR(""), DG_STR("")));
        dg_ticket_unref(dg_guard_execute(session, DG_STR("")));
    }
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 1);
    for (int i = 0; i < 4; i++) {
        if (i < 3)
            dg_guard_completed(session, tickets[i], DG_STAGE_EXECUTE, dg_str_of(tags[i]));
        dg_ticket_unref(tickets[i]);
    }
    dg_guard_session_free(session);
    world_fini(&world);
}

/* What a procedure or a DO block has committed stays, though it or what follows in the pipeline fails; and what came before
   it in the pipeline it may have rolled back. */
static void test_what_a_procedure_committed_outlives_an_error(void **state)
{
    enum after { IT_FAILS, THE_NEXT_FAILS, ALL_IS_WELL };
    static const struct {
        const char *before; /* in the same pipeline */
        const char *text;
        bool in_block;
        enum after after;
        bool path_is_known;
    } rows[] = {
        {NULL, "CALL p()", false, IT_FAILS, false},
        {NULL, "CALL p()", false, THE_NEXT_FAILS, false},
        {NULL, "CALL p()", true, IT_FAILS, true},
        {NULL, "DO 'begin set search_path = tenant; commit; raise division_by_zero; end'", false, IT_FAILS, false},
        {NULL, "DO 'begin null; end'", false, IT_FAILS, true},
        {NULL, "DO 'begin null; end'", false, ALL_IS_WELL, true},
        {"SET search_path = tenant", "DO 'begin rollback; end'", false, ALL_IS_WELL, false},
        {"SELECT 1", "DO 'begin rollback; end'", false, ALL_IS_WELL, true},
        {"SET search_path = tenant", "SELECT 1", false, THE_NEXT_FAILS, true},
    };
    static const struct server_error error = {.sqlstate = "22012"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        if (rows[i].in_block)
            run_query(session, "BEGIN", "BEGIN", 'T');
        const char *const texts[] = {rows[i].before, rows[i].text, rows[i].after == THE_NEXT_FAILS ? "SELECT 2" : NULL};
        for (size_t k = 0; k < 3; k++) {
            bool is_failing = (k == 1 && rows[i].after == IT_FAILS) || k == 2;
            if (texts[k] == NULL)
                continue;
            struct dg_ticket *parsed = parse(session, "", texts[k]);
            struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR(""));
            struct dg_ticket *executed = dg_guard_execute(session, DG_STR(""));
            struct dg_reaction reaction;
            if (is_failing)
                raise_error(session, executed, DG_STAGE_EXECUTE, &error, &reaction);
            else
                dg_guard_completed(session, executed, DG_STAGE_EXECUTE, DG_STR("DO"));
            dg_ticket_unref(parsed);
            dg_ticket_unref(bound);
            dg_ticket_unref(executed);
        }
        dg_guard_ready(session, rows[i].in_block ? 'E' : 'I');
        if (rows[i].in_block)
            run_query(session, "ROLLBACK", "ROLLBACK", 'I');
        const char *locals[DG_PATH_MAX_LOCALS];
        struct dg_sql_session sql;
        dg_judge_describe(session, dg_session_snapshot(session), locals, &sql);
        if (sql.path_known != rows[i].path_is_known)
            fail_msg("row %zu: the path is %sknown", i, sql.path_known ? "" : "not ");
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_own_tables_are_not_missing(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    assert_true(foresees(&world, session, "SELECT a FROM fresh"));
    run_query(session, "BEGIN", "BEGIN", 'T');
    run_query(session, "CREATE TABLE fresh (a int)", "CREATE TABLE", 'T');
    struct dg_ticket *ticket = query(session, "SELECT a FROM fresh");
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), 1);
    dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("SELECT 0"));
    dg_guard_ready(session, 'T');
    dg_ticket_unref(ticket);
    run_query(session, "ROLLBACK", "ROLLBACK", 'I');
    assert_string_equal(world.store.database.changed, "");
    assert_true(foresees(&world, session, "SELECT a FROM fresh"));
    run_query(session, "CREATE TEMP TABLE fresh (a int)", "CREATE TABLE", 'I');
    assert_false(foresees(&world, session, "SELECT a FROM fresh"));
    assert_string_equal(world.store.database.changed, "");
    dg_guard_session_free(session);
    world_fini(&world);
}

/* As in the server's own tables. */
static void test_names_are_what_their_first_63_bytes_are(void **state)
{
#define N63 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    (void)state;
    assert_int_equal(strlen(N63), 63);
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *parsed = parse(session, N63 "a", "SELECT id FROM leads");
    dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(N63 "p"), DG_STR(N63 "b"));
    assert_ptr_equal(bound, parsed);
    struct dg_ticket *described = dg_guard_describe(session, 'S', DG_STR(N63));
    assert_ptr_equal(described, parsed);
    struct dg_ticket *executed = dg_guard_execute(session, DG_STR(N63 "q"));
    assert_ptr_equal(executed, parsed);
    dg_guard_close(session, 'P', DG_STR(N63 "r"));
    assert_null(dg_guard_describe(session, 'P', DG_STR(N63 "p")));
    dg_guard_close(session, 'S', DG_STR(N63 "c"));
    assert_null(dg_guard_bind(session, DG_STR(""), DG_STR(N63 "a")));
    dg_ticket_unref(executed);
    dg_ticket_unref(described);
    dg_ticket_unref(bound);
    dg_ticket_unref(parsed);
    dg_guard_session_free(session);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_what_their_first_63_bytes_are),
        cmocka_unit_test(test_statements_are_counted_by_verdict),
        cmocka_unit_test(test_each_execute_counts_and_a_parse_does_not),
        cmocka_unit_test(test_a_text_seen_before_is_not_analysed_again),
        cmocka_unit_test(test_off_counts_nothing),
        cmocka_unit_test(test_a_foreseen_error),
        cmocka_unit_test(test_the_second_of_three_statements),
        cmocka_unit_test(test_uncovered_errors_say_why),
        cmocka_unit_test(test_what_is_not_readable_is_not_judged),
        cmocka_unit_test(test_without_a_snapshot),
        cmocka_unit_test(test_stale_until_a_read_covers_the_change),
        cmocka_unit_test(test_a_missed_error_asks_for_a_read),
        cmocka_unit_test(test_a_prediction_that_was_not_raised),
        cmocka_unit_test(test_the_parse_complete_of_a_copy_refutes_nothing),
        cmocka_unit_test(test_a_column_that_came_and_went_is_no_false_alarm),
        cmocka_unit_test(test_a_relation_that_came_and_went_is_no_false_alarm),
        cmocka_unit_test(test_changes_meanwhile_leave_a_doubt_open),
        cmocka_unit_test(test_a_doubt_waits_for_the_end_of_the_transaction),
        cmocka_unit_test(test_a_doubt_that_cannot_be_settled_is_no_false_alarm),
        cmocka_unit_test(test_the_search_path_decides),
        cmocka_unit_test(test_a_contradicted_path_is_unknown_from_then_on),
        cmocka_unit_test(test_where_the_search_path_comes_from),
        cmocka_unit_test(test_names_of_a_pipeline_under_way_are_not_guessed),
        cmocka_unit_test(test_a_pipeline_of_plain_transactions_is_judged),
        cmocka_unit_test(test_what_a_procedure_committed_outlives_an_error),
        cmocka_unit_test(test_own_tables_are_not_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
