/*
 * A failure inside the guard is never the client's: each allocation of a session's life fails once, and all goes on.
 */
#include "no_memory.h"
#include "unit.h"
#include "world.h"

static const char missing[] = "SELECT user_email FROM leads";

static void forwards(struct dg_guard_session *session, const char *text, const char *tag, char status)
{
    struct dg_decision decision;
    dg_guard_query(session, dg_str_of(text), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_FORWARD);
    if (decision.ticket != NULL)
        dg_guard_completed(session, decision.ticket, DG_STAGE_QUERY, dg_str_of(tag));
    dg_guard_ready(session, status);
    dg_ticket_unref(decision.ticket);
}

static void fails(struct world *world, struct dg_guard_session *session, const char *text)
{
    struct dg_decision decision;
    struct dg_reaction reaction;
    dg_guard_query(session, dg_str_of(text), false, &decision);
    assert_int_equal(decision.action, DG_ACTION_FORWARD);
    dg_guard_error(session, decision.ticket, DG_STAGE_QUERY, error_body(&no_user_email), &reaction);
    if (reaction.action == DG_REACTION_HOLD) {
        world_answer(world, DG_OK);
        dg_guard_hold_ended(session);
        dg_guard_error(session, decision.ticket, DG_STAGE_QUERY, error_body(&no_user_email), &reaction);
        assert_int_not_equal(reaction.action, DG_REACTION_HOLD);
    }
    dg_guard_ready(session, 'I');
    dg_ticket_unref(decision.ticket);
}

static void prepares(struct dg_guard_session *session, const char *name, const char *text)
{
    struct dg_decision decision;
    dg_guard_parse(session, dg_str_of(name), dg_str_of(text), NULL, 0, false, &decision);
    assert_int_equal(decision.action, DG_ACTION_FORWARD);
    struct dg_ticket *bound = dg_guard_bind(session, DG_STR("p"), dg_str_of(name));
    struct dg_ticket *executed = dg_guard_execute(session, DG_STR("p"));
    if (decision.ticket != NULL)
        dg_guard_completed(session, decision.ticket, DG_STAGE_PARSE, DG_STR(""));
    if (bound != NULL)
        dg_guard_completed(session, bound, DG_STAGE_BIND, DG_STR(""));
    if (executed != NULL)
        dg_guard_completed(session, executed, DG_STAGE_EXECUTE, DG_STR("SELECT 0"));
    dg_guard_ready(session, 'I');
    dg_ticket_unref(decision.ticket);
    dg_ticket_unref(bound);
    dg_ticket_unref(executed);
}

static void on_resume(void *context)
{
    (void)context;
}

static void live(struct world *world)
{
    struct dg_guard_client client = {.database = "shop",
                                     .user = "app",
                                     .application_name = "web",
                                     .server = WORLD_SERVER("127.0.0.1:5432"),
                                     .search_path = "public"};
    const struct dg_guard_host host = {.resume = on_resume};
    struct dg_guard_session *session = dg_guard_session_new(world->guard, &client, &host);
    if (session == NULL)
        return;
    dg_guard_session_parameter(session, DG_STR("search_path"), DG_STR("public"));
    dg_guard_session_parameter(session, DG_STR("session_authorization"), DG_STR("app"));
    forwards(session, "BEGIN", "BEGIN", 'T');
    forwards(session, "SET LOCAL search_path = tenant, public", "SET", 'T');
    forwards(session, "SAVEPOINT s", "SAVEPOINT", 'T');
    forwards(session, "CREATE TEMP TABLE mine (a int)", "CREATE TABLE", 'T');
    forwards(session, "ROLLBACK TO s", "ROLLBACK", 'T');
    forwards(session, "COMMIT", "COMMIT", 'I');
    prepares(session, "s", "SELECT id FROM leads WHERE id = $1");
    forwards(session, "PREPARE q AS SELECT id FROM leads", "PREPARE", 'I');
    forwards(session, "EXECUTE q", "SELECT 0", 'I');
    forwards(session, "EXPLAIN EXECUTE q", "EXPLAIN", 'I');
    fails(world, session, missing);
    forwards(session, "DISCARD ALL", "DISCARD ALL", 'I');
    dg_guard_session_free(session);
}

static void test_each_allocation_may_fail(void **state)
{
    (void)state;
    bool happened = true;
    for (unsigned n = 1; happened; n++) {
        struct world world;
        world_init(&world, "mode=annotate");
        no_memory_at(n);
        live(&world);
        happened = no_memory_happened();
        world_fini(&world);
        assert_true(n < 5000);
    }
}

static void test_a_process_or_worker_without_memory_is_null(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "");
    bool happened = true;
    for (unsigned n = 1; happened; n++) {
        no_memory_at(n);
        struct dg_guard_shared *shared = dg_guard_shared_new(&world.config, &world.store, world.metrics, NULL);
        struct dg_guard *guard = shared == NULL ? NULL : dg_guard_new(shared, world.shard, world.mailbox);
        happened = no_memory_happened();
        dg_guard_free(guard);
        dg_guard_shared_free(shared);
    }
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_may_fail),
        cmocka_unit_test(test_a_process_or_worker_without_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
