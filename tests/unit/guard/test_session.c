/*
 * The guard as the proxy sees it: holds, explanations, prepared statements, and the breaker in a session's life.
 */
#include "guard/state.h"
#include "unit.h"
#include "world.h"

static const char missing[] = "SELECT user_email FROM leads";
static const char renamed_detail[] =
    "driftguard: public.leads.\"user_email\" was renamed to \"contact_email\" between ";

static void assert_begins(const char *text, const char *beginning)
{
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", text, beginning);
}

/* ---- annotate ---------------------------------------------------------------------------------------------------- */

static void test_a_foreseen_error_is_explained_at_once(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    rename_column(&world);
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, missing);
    struct dg_reaction reaction;
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_begins(reaction.addition.detail, renamed_detail);
    assert_string_equal(reaction.addition.hint,
                        "Deploy code that uses contact_email, or roll back: ALTER TABLE public.leads RENAME COLUMN "
                        "contact_email TO user_email. Retrying will not help.");
    assert_string_equal(reaction.addition.schema, "public");
    assert_string_equal(reaction.addition.table, "leads");
    assert_string_equal(reaction.addition.column, "user_email");
    assert_int_equal(world.store.n_asked, 0);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* The rename happened elsewhere: the first error of many has to name it, and all of them together cost one read. */
static void test_the_first_errors_wait_for_one_read_and_name_the_rename(void **state)
{
    enum { N = 5 };
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *sessions[N];
    struct dg_ticket *tickets[N];
    struct dg_reaction reaction;
    for (int i = 0; i < N; i++) {
        sessions[i] = world_session(&world);
        tickets[i] = query(sessions[i], missing);
        raise_error(sessions[i], tickets[i], DG_STAGE_QUERY, &no_user_email, &reaction);
        assert_int_equal(reaction.action, DG_REACTION_HOLD);
        assert_int_equal(reaction.hold_ms, 100);
    }
    assert_int_equal(world.store.n_asked, 1);
    rename_column(&world);
    world_answer(&world, DG_OK);
    assert_int_equal(world.n_resumes, N);
    for (int i = 0; i < N; i++) {
        dg_guard_hold_ended(sessions[i]);
        raise_error(sessions[i], tickets[i], DG_STAGE_QUERY, &no_user_email, &reaction);
        assert_int_equal(reaction.action, DG_REACTION_REWRITE);
        assert_begins(reaction.addition.detail, renamed_detail);
        dg_ticket_unref(tickets[i]);
        dg_guard_session_free(sessions[i]);
    }
    assert_true(predictions(&world, "missed", "") == N); /* each once, though each was asked twice */
    world_fini(&world);
}

static void test_an_error_whose_read_is_late_goes_on(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, missing);
    struct dg_reaction reaction;
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_HOLD);
    dg_guard_hold_ended(session);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_PASS); /* the snapshot has the column: nothing to say */
    world_answer(&world, DG_OK);
    assert_int_equal(world.n_resumes, 0);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_a_session_that_ends_while_held_is_not_resumed(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *sessions[3];
    struct dg_reaction reaction;
    for (int i = 0; i < 3; i++) {
        sessions[i] = world_session(&world);
        struct dg_ticket *ticket = query(sessions[i], missing);
        raise_error(sessions[i], ticket, DG_STAGE_QUERY, &no_user_email, &reaction);
        dg_ticket_unref(ticket);
    }
    dg_guard_session_free(sessions[1]);
    world_answer(&world, DG_OK);
    assert_int_equal(world.n_resumes, 2);
    dg_guard_session_free(sessions[0]);
    dg_guard_session_free(sessions[2]);
    world_fini(&world);
}

static void test_what_is_not_drift_passes_untouched(void **state)
{
    static const struct {
        const char *text;
        struct server_error error;
    } rows[] = {
        {"SELECT id FROM leads", {.sqlstate = "22012", .message = "division by zero"}},
        {"SELECT id FROM leads", {.sqlstate = "42703", .position = "8", .where = "PL/pgSQL function f()"}},
        {"SELECT x.id FROM leads", {.sqlstate = "42P01", .position = "8", .routine = "errorMissingRTE"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        world_init(&world, "mode=annotate");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, rows[i].text);
        struct dg_reaction reaction;
        raise_error(session, ticket, DG_STAGE_QUERY, &rows[i].error, &reaction);
        if (reaction.action != DG_REACTION_PASS || world.store.n_asked != 0)
            fail_msg("row %zu is not passed on", i);
        dg_ticket_unref(ticket);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* COPY looks its columns up when it runs, and says no position. */
static void test_copy_is_explained(void **state)
{
    static const struct server_error error = {.sqlstate = "42703",
                                              .message = "column \"user_email\" of relation \"leads\" does not exist",
                                              .routine = "CopyGetAttnums"};
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, "COPY leads (id, user_email) FROM STDIN");
    struct dg_reaction reaction;
    raise_error(session, ticket, DG_STAGE_QUERY, &error, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_HOLD);
    rename_column(&world);
    world_answer(&world, DG_OK);
    dg_guard_hold_ended(session);
    raise_error(session, ticket, DG_STAGE_QUERY, &error, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_begins(reaction.addition.detail, renamed_detail);
    assert_true(predictions(&world, "uncovered", "utility") == 1);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_an_undecided_statement_is_explained_by_the_errors_position(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    rename_column(&world);
    struct dg_guard_client client = {.database = "shop",
                                     .user = "app",
                                     .application_name = "",
                                     .server = WORLD_SERVER("127.0.0.1:5432"),
                                     .path_unknown = true};
    struct dg_guard_session *session = dg_guard_session_new(world.guard, &client, &(struct dg_guard_host){0});
    dg_guard_session_parameter(session, DG_STR("standard_conforming_strings"), DG_STR("on"));
    struct dg_ticket *ticket = query(session, "BEGIN; CREATE TABLE x (a int); SELECT user_email FROM public.leads");
    dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("BEGIN"));
    dg_guard_completed(session, ticket, DG_STAGE_QUERY, DG_STR("CREATE TABLE"));
    struct server_error error = no_user_email;
    error.position = "39";
    struct dg_reaction reaction;
    raise_error(session, ticket, DG_STAGE_QUERY, &error, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_begins(reaction.addition.detail, renamed_detail);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* ---- prepared statements ----------------------------------------------------------------------------------------- */

static void test_a_statement_prepared_before_the_rename_is_judged_again_at_bind(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=annotate");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *parsed = parse(session, "s", missing);
    dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
    dg_guard_ready(session, 'I');
    rename_column(&world);
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("s"));
    assert_ptr_not_equal(bound, parsed);
    struct dg_reaction reaction;
    raise_error(session, bound, DG_STAGE_BIND, &no_user_email, &reaction);
    assert_int_equal(reaction.action, DG_REACTION_REWRITE);
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    dg_ticket_unref(parsed);
    dg_ticket_unref(bound);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_a_name_is_what_the_server_says_it_is(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *first = parse(session, "s", "SELECT id FROM leads");
    dg_guard_completed(session, first, DG_STAGE_PARSE, DG_STR(""));
    /* The name is in use: the server refuses the second and skips the third, and the first lives on. */
    struct dg_ticket *second = parse(session, "s", "SELECT id FROM orders");
    struct dg_ticket *third = parse(session, "s", "SELECT total FROM orders");
    raise_error(session, second, DG_STAGE_PARSE, &(struct server_error){.sqlstate = "42P05"}, NULL);
    dg_guard_skipped(session, third, DG_STAGE_PARSE);
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("s"));
    assert_ptr_equal(bound, first);
    dg_ticket_unref(bound);
    dg_guard_close(session, 'S', DG_STR("s"));
    assert_null(dg_guard_bind(session, DG_STR(""), DG_STR("s")));
    dg_ticket_unref(first);
    dg_ticket_unref(second);
    dg_ticket_unref(third);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_the_unnamed_statement(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *first = parse(session, "", "SELECT id FROM leads");
    dg_guard_completed(session, first, DG_STAGE_PARSE, DG_STR(""));
    struct dg_ticket *second = parse(session, "", "SELECT nope FROM leads");
    raise_error(session, second, DG_STAGE_PARSE, &no_user_email, NULL);
    assert_null(dg_guard_bind(session, DG_STR(""), DG_STR(""))); /* a failed Parse drops the old one too */
    struct dg_ticket *third = parse(session, "", "SELECT id FROM leads");
    dg_guard_completed(session, third, DG_STAGE_PARSE, DG_STR(""));
    run_query(session, "SELECT 1", "SELECT 1", 'I');
    assert_null(dg_guard_bind(session, DG_STR(""), DG_STR(""))); /* and so does a Query */
    dg_ticket_unref(first);
    dg_ticket_unref(second);
    dg_ticket_unref(third);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_deallocate_and_discard(void **state)
{
    static const char *const enders[] = {"DEALLOCATE s", "DEALLOCATE ALL", "DISCARD ALL"};
    (void)state;
    for (size_t i = 0; i < sizeof(enders) / sizeof(enders[0]); i++) {
        struct world world;
        world_init(&world, "");
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *parsed = parse(session, "s", "SELECT id FROM leads");
        dg_guard_completed(session, parsed, DG_STAGE_PARSE, DG_STR(""));
        run_query(session, enders[i], "DEALLOCATE", 'I');
        assert_null(dg_guard_bind(session, DG_STR(""), DG_STR("s")));
        dg_ticket_unref(parsed);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_more_prepared_statements_than_are_kept(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    char name[16];
    for (int i = 0; i <= 10000; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        struct dg_ticket *ticket = parse(session, name, "SELECT id FROM leads");
        dg_guard_completed(session, ticket, DG_STAGE_PARSE, DG_STR(""));
        dg_ticket_unref(ticket);
    }
    struct dg_ticket *kept = dg_guard_describe(session, 'S', DG_STR("s9999"));
    assert_non_null(kept);
    assert_null(dg_guard_describe(session, 'S', DG_STR("s10000")));
    dg_ticket_unref(kept);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* ---- statements that wait ---------------------------------------------------------------------------------------- */

static void test_a_statement_behind_own_ddl_waits_if_asked_to(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "schema.wait_after_ddl_ms=500");
    struct dg_guard_session *session = world_session(&world);
    struct dg_guard_session *other = world_session(&world);
    run_query(session, "ALTER TABLE leads RENAME user_email TO contact_email", "ALTER TABLE", 'I');
    struct dg_decision decision;
    dg_guard_query(session, dg_str_of(missing), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_HOLD);
    assert_int_equal(decision.hold_ms, 500);
    assert_int_equal(world.store.reads[0].n_names, 0);
    dg_ticket_unref(query(other, missing)); /* another session's statement goes on */
    struct shop shop = shop_before();
    shop.lead_email = "contact_email";
    shop.covers = 1;
    fake_store_publish(&world.store, &shop);
    world_answer(&world, DG_OK);
    assert_int_equal(world.n_resumes, 1);
    dg_guard_hold_ended(session);
    struct dg_ticket *ticket = query(session, missing);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
    assert_true(predictions(&world, "predicted_raised", "") == 1);
    dg_ticket_unref(ticket);
    dg_guard_session_free(session);
    dg_guard_session_free(other);
    world_fini(&world);
}

static void test_a_wait_that_times_out_does_not_begin_again(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "schema.wait_after_ddl_ms=500");
    struct dg_guard_session *session = world_session(&world);
    run_query(session, "ALTER TABLE leads ADD x int", "ALTER TABLE", 'I');
    struct dg_decision decision;
    dg_guard_query(session, dg_str_of(missing), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_HOLD);
    dg_guard_hold_ended(session);
    dg_guard_query(session, dg_str_of(missing), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_FORWARD);
    dg_ticket_unref(decision.ticket);
    /* The next statement is another one. */
    dg_guard_query(session, dg_str_of(missing), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_HOLD);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_the_guards_own_connection_goes_before_a_database_is_dropped(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    struct dg_guard_session *session = world_session(&world);
    struct dg_decision decision;
    dg_guard_query(session, DG_STR("DROP DATABASE old"), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_HOLD);
    assert_string_equal(world.store.released, "old");
    world_answer(&world, DG_OK);
    assert_int_equal(world.n_resumes, 1);
    dg_guard_hold_ended(session);
    dg_ticket_unref(query(session, "DROP DATABASE old"));
    dg_guard_session_free(session);
    world_fini(&world);
}

/* ---- enforce ----------------------------------------------------------------------------------------------------- */

/* A world in which the server has just raised the foreseen error for `missing`. */
static struct dg_guard_session *after_the_error(struct world *world, const char *settings)
{
    world_init(world, settings);
    rename_column(world);
    struct dg_guard_session *session = world_session(world);
    struct dg_ticket *ticket = query(session, missing);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
    dg_ticket_unref(ticket);
    return session;
}

static enum dg_action repeat(struct dg_guard_session *session, const char *text, bool is_idle)
{
    struct dg_decision decision;
    dg_guard_query(session, dg_str_of(text), is_idle, &decision);
    dg_ticket_unref(decision.ticket);
    return decision.action;
}

static void test_a_repeat_gets_the_servers_words(void **state)
{
    (void)state;
    struct world world;
    struct dg_guard_session *session = after_the_error(&world, "mode=enforce");
    struct dg_decision decision;
    dg_guard_query(session, dg_str_of(missing), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_REFUSE);
    assert_null(decision.ticket);
    assert_int_equal(decision.error.data[0], 'E');
    struct dg_error_fields fields;
    struct dg_str body = {decision.error.data + 5, decision.error.len - 5};
    assert_int_equal(dg_error_fields_parse(body, &fields), DG_OK);
    assert_true(dg_str_is(fields.sqlstate, "42703"));
    assert_true(dg_str_is(fields.message, "column \"user_email\" does not exist"));
    assert_true(dg_str_is(fields.position, "8"));
    assert_true(dg_str_is(fields.routine, "errorMissingColumn"));
    assert_true(fields.detail.len > 0);
    const char *labels[] = {"shop", "main", "repeat"};
    assert_true(dg_metrics_get(world.metrics, DG_FAMILY_REFUSALS, labels) == 1);
    assert_true(predictions(&world, "refused", "") == 1);
    assert_true(dg_guard_take_unnamed_dead(session));
    assert_false(dg_guard_take_unnamed_dead(session));
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD); /* the probe */
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_another_session_of_the_same_kind_shares_the_answer(void **state)
{
    (void)state;
    struct world world;
    struct dg_guard_session *session = after_the_error(&world, "mode=enforce");
    struct dg_guard_session *twin = world_session(&world);
    assert_int_equal(repeat(twin, missing, true), DG_ACTION_REFUSE);
    dg_guard_session_free(twin);
    struct dg_guard_client client = {
        .database = "shop", .user = "app", .application_name = "", .server = WORLD_SERVER("10.0.0.9:5432")};
    struct dg_guard_session *elsewhere = dg_guard_session_new(world.guard, &client, &(struct dg_guard_host){0});
    dg_guard_session_parameter(elsewhere, DG_STR("client_encoding"), DG_STR("UTF8"));
    dg_guard_session_parameter(elsewhere, DG_STR("server_encoding"), DG_STR("UTF8"));
    assert_int_equal(repeat(elsewhere, missing, true), DG_ACTION_FORWARD);
    dg_guard_session_free(elsewhere);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void not_idle(struct world *world, struct dg_guard_session *session)
{
    (void)world;
    assert_int_equal(repeat(session, missing, false), DG_ACTION_FORWARD);
}
static void other_bytes(struct world *world, struct dg_guard_session *session)
{
    (void)world;
    assert_int_equal(repeat(session, "SELECT user_email FROM leads ", true), DG_ACTION_FORWARD);
}
static void after_a_path(struct world *world, struct dg_guard_session *session)
{
    (void)world;
    run_query(session, "SET search_path = public, tenant", "SET", 'I');
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
}
static void after_own_ddl(struct world *world, struct dg_guard_session *session)
{
    struct dg_guard_session *other = world_session(world);
    struct dg_ticket *ticket = query(other, "ALTER TABLE leads ADD user_email text"); /* on its way only */
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
    dg_ticket_unref(ticket);
    dg_guard_session_free(other);
}
static void after_a_change_elsewhere(struct world *world, struct dg_guard_session *session)
{
    world->store.database.changes++;
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
}
static void after_a_new_snapshot(struct world *world, struct dg_guard_session *session)
{
    rename_column(world);
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
}
static void after_success(struct world *world, struct dg_guard_session *session)
{
    assert_int_equal(repeat(session, missing, true), DG_ACTION_REFUSE);
    run_query(session, missing, "SELECT 0", 'I'); /* the probe */
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
    (void)world;
}
static void after_another_error(struct world *world, struct dg_guard_session *session)
{
    (void)world;
    assert_int_equal(repeat(session, missing, true), DG_ACTION_REFUSE);
    struct dg_ticket *ticket = query(session, missing);
    raise_error(session, ticket, DG_STAGE_QUERY, &(struct server_error){.sqlstate = "53300"}, NULL);
    dg_ticket_unref(ticket);
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
}
static void after_a_lower_ceiling(struct world *world, struct dg_guard_session *session)
{
    world_configure(world, "mode=enforce mode_ceiling=annotate");
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
}
static void after_it_spoke_of_timeouts(struct world *world, struct dg_guard_session *session)
{
    (void)world;
    run_query(session, "SET idle_session_timeout = 5000", "SET", 'I');
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
}

static void test_what_closes_the_breaker(void **state)
{
    static void (*const closers[])(struct world *, struct dg_guard_session *) = {
        not_idle,
        other_bytes,
        after_a_path,
        after_own_ddl,
        after_a_change_elsewhere,
        after_success,
        after_another_error,
        after_a_lower_ceiling,
        after_it_spoke_of_timeouts,
        after_a_new_snapshot,
    };
    (void)state;
    for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++) {
        struct world world;
        struct dg_guard_session *session = after_the_error(&world, "mode=enforce");
        closers[i](&world, session);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_other_modes_answer_nothing(void **state)
{
    static const char *const modes[] = {"mode=observe", "mode=annotate"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        struct dg_guard_session *session = after_the_error(&world, modes[i]);
        assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_a_false_alarm_disarms_for_good(void **state)
{
    (void)state;
    struct world world;
    struct dg_guard_session *session = after_the_error(&world, "mode=enforce");
    assert_int_equal(repeat(session, missing, true), DG_ACTION_REFUSE);
    run_query(session, missing, "SELECT 0", 'I');
    world_answer(&world, DG_OK); /* the schema still says that it is missing */
    assert_true(predictions(&world, "false_alarm", "") == 1);
    struct dg_ticket *ticket = query(session, missing);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
    dg_ticket_unref(ticket);
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* What the breaker answers rests on missing names alone. */
static void test_a_false_alarm_of_another_kind_does_not(void **state)
{
    (void)state;
    struct world world;
    struct dg_guard_session *session = after_the_error(&world, "mode=enforce");
    run_query(session, "SELECT id FROM leads, orders", "SELECT 0", 'I'); /* ambiguous, and yet it ran */
    world_answer(&world, DG_OK);
    assert_true(predictions(&world, "false_alarm", "") == 1);
    assert_false(atomic_load(&session->view->database->is_disarmed));
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_where_idle_session_timeout_may_be_set(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=enforce");
    struct shop shop = shop_before();
    shop.lead_email = "contact_email";
    shop.idle_timeout_known = false;
    fake_store_publish(&world.store, &shop);
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *ticket = query(session, missing);
    raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
    dg_ticket_unref(ticket);
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
    dg_guard_session_free(session);
    world_fini(&world);
}

static void test_a_parse_is_answered_and_kills_the_unnamed_only(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=enforce");
    rename_column(&world);
    struct dg_guard_session *session = world_session(&world);
    struct dg_ticket *good = parse(session, "s", "SELECT id FROM leads");
    dg_guard_completed(session, good, DG_STAGE_PARSE, DG_STR(""));
    struct dg_ticket *bad = parse(session, "", missing);
    raise_error(session, bad, DG_STAGE_PARSE, &no_user_email, NULL);
    struct dg_decision decision;
    dg_guard_parse(session, DG_STR("s"), dg_str_of(missing), NULL, 0, true, &decision);
    assert_int_equal(decision.action, DG_ACTION_REFUSE);
    assert_false(dg_guard_take_unnamed_dead(session));
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR(""), DG_STR("s"));
    assert_non_null(bound); /* the server would have kept the old one */
    dg_ticket_unref(good);
    dg_ticket_unref(bad);
    dg_ticket_unref(bound);
    dg_guard_session_free(session);
    world_fini(&world);
}

/* Something came from the server while the session was idle: the client hears that before any word of ours, so the repeat
   goes to the server, and is one statement. */
static void test_a_server_that_has_spoken_is_heard_first(void **state)
{
    (void)state;
    struct world world;
    struct dg_guard_session *session = after_the_error(&world, "mode=enforce");
    uint64_t n_findings = cell(&world, DG_CELL_STATEMENTS_FINDING);
    world.has_server_spoken = true;
    assert_int_equal(repeat(session, missing, true), DG_ACTION_FORWARD);
    assert_int_equal(cell(&world, DG_CELL_STATEMENTS_FINDING), n_findings + 1);
    const char *labels[] = {"shop", "main", "repeat"};
    assert_true(dg_metrics_get(world.metrics, DG_FAMILY_REFUSALS, labels) == 0);
    assert_true(predictions(&world, "refused", "") == 0);
    assert_false(dg_guard_take_unnamed_dead(session));
    dg_guard_session_free(session);
    world_fini(&world);
}

/* The server says it before each such error; we would not. */
static void test_an_error_behind_a_notice_is_not_repeated(void **state)
{
    (void)state;
    for (int has_notice = 0; has_notice < 2; has_notice++) {
        struct world world;
        world_init(&world, "mode=enforce");
        rename_column(&world);
        struct dg_guard_session *session = world_session(&world);
        struct dg_ticket *ticket = query(session, missing);
        if (has_notice)
            dg_guard_notice(session);
        raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
        dg_ticket_unref(ticket);
        assert_int_equal(repeat(session, missing, true), has_notice ? DG_ACTION_FORWARD : DG_ACTION_REFUSE);
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

/* ---- behind a pooler --------------------------------------------------------------------------------------------- */

static void put_pooler_between(struct world *world)
{
    struct shop shop = shop_before();
    shop.lead_email = "contact_email";
    shop.is_pooled = true;
    shop.read_at_us = SHOP_AFTER_US;
    fake_store_publish(&world->store, &shop);
}

/* What the session has set may be in force elsewhere, and what is in force another's. */
static void test_behind_a_pooler_path_and_role_are_unknown(void **state)
{
    (void)state;
    for (int is_pooled = 0; is_pooled < 2; is_pooled++) {
        struct world world;
        world_init(&world, "");
        if (is_pooled)
            put_pooler_between(&world);
        struct dg_guard_session *session = world_session(&world);
        run_query(session, "SET search_path = tenant", "SET", 'I');
        const char *locals[DG_PATH_MAX_LOCALS];
        struct dg_sql_session sql;
        dg_judge_describe(session, dg_session_snapshot(session), locals, &sql);
        assert_true(sql.path_known == !is_pooled);
        assert_true((sql.role == NULL) == is_pooled);
        /* leads is in public: right or wrong, who knows; nowhere is in no schema at all. */
        assert_true(foresees(&world, session, "SELECT 1 FROM leads") == !is_pooled);
        assert_true(foresees(&world, session, "SELECT 1 FROM nowhere"));
        dg_guard_session_free(session);
        world_fini(&world);
    }
}

static void test_behind_a_pooler_clients_with_different_paths_raise_no_alarm(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    put_pooler_between(&world);
    struct dg_guard_session *a = world_session(&world);
    struct dg_guard_session *b = world_session(&world);
    run_query(a, "SET search_path = tenant", "SET", 'I');
    run_query(b, "SET search_path = public", "SET", 'I');
    /* Each meets the other's server. */
    run_query(a, "SELECT 1 FROM leads", "SELECT 0", 'I');
    run_query(b, "SELECT 1 FROM tickets", "SELECT 0", 'I');
    static const struct server_error no_leads = {.sqlstate = "42P01", .position = "15", .routine = "parserOpenTable"};
    struct dg_ticket *ticket = query(b, "SELECT 1 FROM leads");
    raise_error(b, ticket, DG_STAGE_QUERY, &no_leads, NULL);
    dg_ticket_unref(ticket);
    world_answer(&world, DG_OK);
    assert_true(predictions(&world, "false_alarm", "") == 0);
    assert_true(predictions(&world, "missed", "") == 0);
    assert_true(predictions(&world, "uncovered", "unknown") == 1);
    dg_guard_session_free(a);
    dg_guard_session_free(b);
    world_fini(&world);
}

static void test_behind_a_pooler_nothing_is_answered(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "mode=enforce");
    put_pooler_between(&world);
    struct dg_guard_session *session = world_session(&world);
    for (int i = 0; i < 4; i++) {
        struct dg_ticket *ticket = query(session, missing);
        raise_error(session, ticket, DG_STAGE_QUERY, &no_user_email, NULL);
        dg_ticket_unref(ticket);
    }
    assert_true(predictions(&world, "predicted_raised", "") == 4);
    assert_true(predictions(&world, "refused", "") == 0);
    dg_guard_session_free(session);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_foreseen_error_is_explained_at_once),
        cmocka_unit_test(test_the_first_errors_wait_for_one_read_and_name_the_rename),
        cmocka_unit_test(test_an_error_whose_read_is_late_goes_on),
        cmocka_unit_test(test_a_session_that_ends_while_held_is_not_resumed),
        cmocka_unit_test(test_what_is_not_drift_passes_untouched),
        cmocka_unit_test(test_copy_is_explained),
        cmocka_unit_test(test_an_undecided_statement_is_explained_by_the_errors_position),
        cmocka_unit_test(test_a_statement_prepared_before_the_rename_is_judged_again_at_bind),
        cmocka_unit_test(test_a_name_is_what_the_server_says_it_is),
        cmocka_unit_test(test_the_unnamed_statement),
        cmocka_unit_test(test_deallocate_and_discard),
        cmocka_unit_test(test_more_prepared_statements_than_are_kept),
        cmocka_unit_test(test_a_statement_behind_own_ddl_waits_if_asked_to),
        cmocka_unit_test(test_a_wait_that_times_out_does_not_begin_again),
        cmocka_unit_test(test_the_guards_own_connection_goes_before_a_database_is_dropped),
        cmocka_unit_test(test_a_repeat_gets_the_servers_words),
        cmocka_unit_test(test_another_session_of_the_same_kind_shares_the_answer),
        cmocka_unit_test(test_what_closes_the_breaker),
        cmocka_unit_test(test_other_modes_answer_nothing),
        cmocka_unit_test(test_a_false_alarm_disarms_for_good),
        cmocka_unit_test(test_a_false_alarm_of_another_kind_does_not),
        cmocka_unit_test(test_where_idle_session_timeout_may_be_set),
        cmocka_unit_test(test_a_parse_is_answered_and_kills_the_unnamed_only),
        cmocka_unit_test(test_a_server_that_has_spoken_is_heard_first),
        cmocka_unit_test(test_an_error_behind_a_notice_is_not_repeated),
        cmocka_unit_test(test_behind_a_pooler_path_and_role_are_unknown),
        cmocka_unit_test(test_behind_a_pooler_clients_with_different_paths_raise_no_alarm),
        cmocka_unit_test(test_behind_a_pooler_nothing_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
