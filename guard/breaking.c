/*
 * The breaker in a session's life: which statements may be answered, what is recorded, what closes it.
 */
#include "base/clock.h"
#include "guard/state.h"

/* The same bytes in the same context: what the verdict's key holds, the server among it, and who is connected. */
struct dg_hash128 dg_breaking_key(struct dg_guard_session *session, const struct dg_verdict *verdict)
{
    uint64_t context = dg_session_context(session);
    context = dg_hash64_seeded(session->user, strlen(session->user) + 1, context);
    return dg_verdict_key(context, verdict->text, verdict->param_types, verdict->n_param_types);
}

static uint64_t epoch_of(const struct dg_guard_session *session)
{
    return atomic_load(&session->view->database->epoch) + (dg_schema_database_changes(session->handle) << 32);
}

/* A record is for sessions of one encoding: the message is in it. */
static bool can_break(const struct dg_guard_session *session)
{
    return session->mode == DG_MODE_ENFORCE && session->client_is_utf8 && session->view != NULL &&
           session->view->database != NULL;
}

bool dg_breaking_idle_timeout_is_off(const struct dg_guard_session *session)
{
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    return snapshot != NULL && !session->no_breaker && dg_snapshot_facts(snapshot)->idle_session_timeout_is_off;
}

bool dg_breaking_server_is_silent(const struct dg_guard_session *session)
{
    return session->host.is_silent == NULL || session->host.is_silent(session->host.context);
}

static void answer(struct dg_guard_session *session, const struct dg_verdict *verdict, struct dg_str message,
                   struct dg_decision *decision)
{
    decision->action = DG_ACTION_REFUSE;
    decision->error = message;
    const char *labels[] = {session->place.database, session->place.upstream, "repeat"};
    dg_metrics_add(session->guard->shared->metrics, DG_FAMILY_REFUSALS, labels, 1);
    dg_outcome_count(session->guard, &session->place, "refused", "",
                     verdict->analysis.statements[0].findings[0].sqlstate); /* dg_breaker_permits: there is one */
}

bool dg_breaking_refuses(struct dg_guard_session *session, const struct dg_ticket *ticket, bool is_idle,
                         struct dg_decision *decision)
{
    if (!can_break(session) || ticket == NULL || ticket->verdict == NULL)
        return false;
    struct dg_breaker_case situation = {
        .mode = session->mode,
        .is_idle = is_idle,
        .is_armed = !atomic_load(&session->view->database->is_disarmed),
        .idle_timeout_is_off = dg_breaking_idle_timeout_is_off(session),
        .is_direct = dg_session_is_direct(session),
        .is_current = ticket->reason == DG_REASON_NONE,
        .analysis = &ticket->verdict->analysis,
    };
    struct dg_str message;
    if (!dg_breaker_permits(&situation))
        return false;
    uint64_t ttl_ms = (uint64_t)dg_guard_config(session->guard)->repeat_ttl_ms;
    if (!dg_breaker_answer(session->guard->breaker, dg_breaking_key(session, ticket->verdict), epoch_of(session),
                           session->completed_ms, dg_clock_monotonic_ms(), ttl_ms, &message) ||
        !dg_breaking_server_is_silent(session))
        return false;
    answer(session, ticket->verdict, message, decision);
    return true;
}

void dg_breaking_record(struct dg_guard_session *session, const struct dg_verdict *verdict,
                        const struct dg_sql_finding *finding, struct dg_str message)
{
    /* An identifier that is cut, for one, has a NOTICE before the error each time. */
    if (!can_break(session) || session->has_notice || !dg_breaker_finding_counts(finding))
        return;
    dg_breaker_record(session->guard->breaker, dg_breaking_key(session, verdict), epoch_of(session), message,
                      dg_clock_monotonic_ms());
}

void dg_breaking_forget(struct dg_guard_session *session, const struct dg_verdict *verdict)
{
    if (session->mode == DG_MODE_ENFORCE && verdict != NULL)
        dg_breaker_forget(session->guard->breaker, dg_breaking_key(session, verdict));
}
