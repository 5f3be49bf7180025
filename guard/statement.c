/*
 * Frontend messages: text to ticket, ticket to decision.
 *
 * A statement is judged when the client sends it, though earlier ones of its pipeline may still run. What those may
 * change (path, role, DDL) makes it unknown until they are answered (n_pending); nothing is guessed ahead.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "guard/state.h"

#define RELEASE_MS 2000
#define NAME_BYTES 63 /* of a statement or portal: the server's tables cut them there, within a letter or not */

static struct dg_str known_as(struct dg_str name)
{
    name.len = name.len < NAME_BYTES ? name.len : NAME_BYTES;
    return name;
}

/* Nothing is outstanding: whatever the proxy did not tell us of is over. */
static void settle(struct dg_guard_session *session)
{
    session->n_pending = 0;
    session->query_in_answer = false;
    if (session->portals.n_entries > 0)
        dg_portals_drop_all(session);
}

/* A session's statement behind its own DDL may wait until the schema was read again. */
static bool holds_for_reload(struct dg_guard_session *session, struct dg_decision *decision)
{
    int64_t wait_ms = dg_guard_config(session->guard)->wait_after_ddl_ms;
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    if (wait_ms <= 0 || session->handle == NULL || (session->held_for & DG_HOLD_STALE) != 0)
        return false;
    if (session->own_changes == 0 || (snapshot != NULL && dg_snapshot_covers(snapshot) >= session->own_changes))
        return false;
    if (!dg_read_until_covered(session))
        return false;
    session->held_for |= DG_HOLD_STALE;
    *decision = (struct dg_decision){.action = DG_ACTION_HOLD, .hold_ms = (uint32_t)wait_ms};
    return true;
}

static const char *database_of(const struct dg_ticket *ticket)
{
    if (ticket == NULL || ticket->verdict == NULL)
        return NULL;
    const struct dg_sql_analysis *analysis = &ticket->verdict->analysis;
    for (size_t i = 0; i < analysis->n_statements; i++) {
        for (size_t k = 0; k < analysis->statements[i].n_effects; k++) {
            if (analysis->statements[i].effects[k].kind == DG_EFFECT_DATABASE)
                return analysis->statements[i].effects[k].name;
        }
    }
    return NULL;
}

/* DROP DATABASE and its like fail while anybody is connected: our own connection goes first. */
static bool holds_for_release(struct dg_guard_session *session, const struct dg_ticket *ticket,
                              struct dg_decision *decision)
{
    const char *database = database_of(ticket);
    if (database == NULL || (session->held_for & DG_HOLD_DATABASE) != 0 || !dg_read_release(session, database))
        return false;
    session->held_for |= DG_HOLD_DATABASE;
    *decision = (struct dg_decision){.action = DG_ACTION_HOLD, .hold_ms = RELEASE_MS};
    return true;
}

/* The message goes to the server. */
static void note_forwarded(struct dg_guard_session *session, const struct dg_ticket *ticket)
{
    session->held_for &= (unsigned)DG_HOLD_ERROR;
    if (ticket == NULL)
        dg_path_lose(&session->path); /* nobody will tell how it ends */
    if (ticket == NULL || ticket->verdict == NULL) {
        session->no_breaker = true; /* it may have set or changed anything */
        dg_session_move_epoch(session);
        return;
    }
    if (ticket->verdict->has_ddl)
        dg_session_move_epoch(session);
    if (ticket->verdict->sets_breaker_context)
        session->no_breaker = true;
}

/* COMMIT and ROLLBACK change names only if something was done before: most transactions read and write rows. */
static bool may_change_names(const struct dg_guard_session *session, const struct dg_ticket *ticket)
{
    const struct dg_verdict *verdict = ticket->verdict;
    if (verdict == NULL || verdict->analysis.reason != DG_REASON_NONE || verdict->affects_names)
        return true;
    return verdict->ends_transaction && (session->n_pending > 0 || dg_path_has_changes(&session->path));
}

/* A Query or an Execute is under way: what it may change is not known until it is answered. */
static void note_under_way(struct dg_guard_session *session, struct dg_ticket *ticket)
{
    if (!may_change_names(session, ticket))
        return;
    ticket->n_pending++;
    session->n_pending++;
}

/* A Query or Parse. A Query ends the unnamed statement as a Parse of another does. */
struct message {
    bool is_query;
    bool is_idle;
    struct dg_str name;
    struct dg_str text;
    const dg_oid *param_types;
    size_t n_param_types;
};

static void note_refused(struct dg_guard_session *session, const struct message *message)
{
    session->held_for &= (unsigned)DG_HOLD_ERROR;
    /* The server would have dropped the unnamed statement, and kept a named one. */
    if (message->name.len > 0)
        return;
    dg_prepared_drop(session, message->name);
    session->unnamed_is_dead = true;
}

/* True if the message goes to the server, with decision->ticket (NULL: no memory). */
static bool decide(struct dg_guard_session *session, const struct message *message, struct dg_decision *decision)
{
    if (message->is_idle)
        settle(session);
    if (holds_for_reload(session, decision))
        return false;
    struct dg_ticket *ticket = dg_judge_text(session, message->text, message->param_types, message->n_param_types);
    bool is_held = holds_for_release(session, ticket, decision);
    if (!is_held && message->is_query) {
        dg_execute_attach(session, ticket);
        dg_outcome_count_statements(session, ticket);
    }
    bool is_refused = !is_held && (dg_breaking_refuses(session, ticket, message->is_idle, decision) ||
                                   dg_policy_refuses(session, ticket, message->is_idle, decision));
    if (is_refused)
        note_refused(session, message);
    if (is_held || is_refused) {
        dg_ticket_unref(ticket);
        return false;
    }
    if (message->name.len == 0)
        session->unnamed_is_dead = false;
    note_forwarded(session, ticket);
    decision->ticket = ticket;
    return true;
}

void dg_guard_query(struct dg_guard_session *session, struct dg_str text, bool is_idle, struct dg_decision *decision)
{
    const struct message message = {.is_query = true, .is_idle = is_idle, .name = DG_STR(""), .text = text};
    *decision = (struct dg_decision){.action = DG_ACTION_FORWARD};
    if (!dg_session_refresh(session) || !decide(session, &message, decision))
        return;
    dg_prepared_drop(session, message.name);
    if (decision->ticket != NULL)
        note_under_way(session, decision->ticket);
}

void dg_guard_parse(struct dg_guard_session *session, struct dg_str name, struct dg_str text, const dg_oid *param_types,
                    size_t n_param_types, bool is_idle, struct dg_decision *decision)
{
    name = known_as(name);
    const struct message message = {
        .is_idle = is_idle, .name = name, .text = text, .param_types = param_types, .n_param_types = n_param_types};
    *decision = (struct dg_decision){.action = DG_ACTION_FORWARD};
    if (!dg_session_refresh(session) || !decide(session, &message, decision))
        return;
    if (decision->ticket != NULL)
        dg_prepared_put(session, name, decision->ticket);
    else
        dg_prepared_drop(session, name);
}

struct dg_ticket *dg_guard_uninspected(struct dg_guard_session *session, bool is_parse, struct dg_str name,
                                       enum dg_reason reason)
{
    if (!dg_session_refresh(session))
        return NULL;
    struct dg_ticket *ticket = dg_ticket_new(session->guard);
    if (ticket != NULL)
        ticket->reason = reason;
    note_forwarded(session, ticket);
    if (is_parse) {
        if (ticket != NULL)
            dg_prepared_put(session, known_as(name), ticket);
        else
            dg_prepared_drop(session, known_as(name));
        return ticket;
    }
    dg_outcome_count_statements(session, ticket);
    dg_prepared_drop(session, DG_STR(""));
    session->unnamed_is_dead = false;
    if (ticket != NULL)
        note_under_way(session, ticket);
    return ticket;
}

struct dg_ticket *dg_guard_bind(struct dg_guard_session *session, struct dg_str portal, struct dg_str statement)
{
    if (!dg_session_refresh(session))
        return NULL;
    struct dg_ticket *ticket = dg_prepared_find(session, known_as(statement));
    void *old = NULL;
    portal = known_as(portal);
    if (session->portals.n_entries >= DG_GUARD_MAX_PORTALS)
        dg_portals_drop_all(session);
    if (ticket == NULL) {
        dg_ticket_unref(dg_map_take(&session->portals, portal));
        return NULL;
    }
    if (dg_map_put(&session->portals, portal, ticket, &old) == DG_OK) {
        dg_ticket_ref(ticket);
        dg_ticket_unref(old);
    }
    return dg_ticket_ref(ticket);
}

struct dg_ticket *dg_guard_describe(struct dg_guard_session *session, char kind, struct dg_str name)
{
    if (!dg_session_refresh(session))
        return NULL;
    name = known_as(name);
    struct dg_ticket *ticket = kind == 'S' ? dg_prepared_find(session, name) : dg_map_find(&session->portals, name);
    dg_execute_attach(session, ticket);
    return dg_ticket_ref(ticket);
}

struct dg_ticket *dg_guard_execute(struct dg_guard_session *session, struct dg_str portal)
{
    if (!dg_session_refresh(session))
        return NULL;
    struct dg_ticket *ticket = dg_ticket_ref(dg_map_find(&session->portals, known_as(portal)));
    if (ticket == NULL) {
        /* A cursor, or a portal that we lost: its tag will tell what it was. */
        ticket = dg_ticket_new(session->guard);
        if (ticket != NULL)
            ticket->reason = DG_REASON_UTILITY;
        note_forwarded(session, ticket);
    }
    dg_execute_attach(session, ticket);
    dg_outcome_count_statements(session, ticket);
    if (ticket == NULL)
        return NULL;
    if (ticket->verdict != NULL && ticket->verdict->has_ddl)
        dg_session_move_epoch(session);
    note_under_way(session, ticket);
    return ticket;
}

void dg_guard_close(struct dg_guard_session *session, char kind, struct dg_str name)
{
    if (kind == 'S')
        dg_prepared_drop(session, known_as(name));
    else
        dg_ticket_unref(dg_map_take(&session->portals, known_as(name)));
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void end_pending(struct dg_guard_session *session, struct dg_ticket *ticket)
{
    if (ticket == NULL || ticket->n_pending == 0)
        return;
    ticket->n_pending--;
    if (session->n_pending > 0)
        session->n_pending--;
}

static bool is_last_statement(const struct dg_ticket *ticket)
{
    return ticket->verdict != NULL && ticket->n_completed + 1 >= ticket->verdict->analysis.n_statements;
}

/* An Execute, or the Query under answer, is no longer under way. */
static void note_answered(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage)
{
    if (stage == DG_STAGE_EXECUTE)
        end_pending(session, ticket);
    if (stage != DG_STAGE_QUERY || ticket == NULL)
        return;
    if (ticket->n_pending > 0) {
        ticket->n_pending = 0;
        session->query_in_answer = true;
    }
    /* The rest of its statements comes before its ReadyForQuery. */
    if (session->query_in_answer && is_last_statement(ticket)) {
        session->query_in_answer = false;
        session->n_pending -= session->n_pending > 0;
    }
}

static bool is_looked_at(const struct dg_guard_session *session)
{
    return session->mode_is_known && session->mode != DG_MODE_OFF && !session->is_replication;
}

void dg_guard_completed(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                        struct dg_str tag)
{
    if (!is_looked_at(session))
        return;
    const struct dg_sql_statement *statement = dg_ticket_statement(ticket, stage);
    note_answered(session, ticket, stage);
    if (stage == DG_STAGE_PARSE && ticket != NULL)
        dg_prepared_complete(session, ticket);
    dg_outcome_completed(session, ticket, stage, tag);
    if (stage != DG_STAGE_QUERY && stage != DG_STAGE_EXECUTE)
        return;
    if (session->mode == DG_MODE_ENFORCE)
        session->completed_ms = dg_clock_monotonic_ms();
    if (ticket != NULL && stage == DG_STAGE_QUERY)
        ticket->n_completed++;
    if (dg_str_is(tag, "ROLLBACK"))
        dg_read_end_doubt(session, false);
    if (statement != NULL || tag.len > 0)
        dg_session_apply(session, ticket, statement, tag);
}

static void count_server_error(struct dg_guard_session *session, const struct dg_error_fields *fields)
{
    char sqlstate[6] = "?????";
    bool is_plain = fields->sqlstate.len == 5;
    for (size_t i = 0; i < 5 && is_plain; i++) {
        char c = fields->sqlstate.data[i];
        is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
    }
    if (is_plain)
        memcpy(sqlstate, fields->sqlstate.data, 5);
    const char *labels[] = {session->place.database, session->place.upstream,
                            dg_error_class_name(dg_error_classify(fields)), sqlstate};
    dg_metrics_add(session->guard->shared->metrics, DG_FAMILY_SERVER_ERRORS, labels, 1);
}

/* Bookkeeping of an error, once. */
static void note_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                       struct dg_str body)
{
    struct dg_error_fields fields;
    if (stage == DG_STAGE_QUERY || stage == DG_STAGE_EXECUTE)
        dg_session_apply_failure(session, ticket, dg_ticket_statement(ticket, stage));
    dg_path_fail(&session->path);
    note_answered(session, ticket, stage);
    if (stage == DG_STAGE_PARSE && ticket != NULL)
        dg_prepared_fail(session, ticket, false);
    if (dg_error_fields_parse(body, &fields) != DG_OK)
        return;
    count_server_error(session, &fields);
    struct dg_meaning meaning = dg_execute_meaning(session, ticket, stage, &fields);
    dg_outcome_raised(session, &meaning, &fields);
    /* Any word of the server is its last one; the same error is recorded again by explain.c. */
    if (meaning.statement != NULL && meaning.statement->n_findings > 0)
        dg_breaking_forget(session, meaning.ticket->verdict);
}

void dg_guard_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage, struct dg_str body,
                    struct dg_reaction *reaction)
{
    *reaction = (struct dg_reaction){.action = DG_REACTION_PASS};
    if (!is_looked_at(session))
        return;
    bool is_again = session->is_error_held;
    session->is_error_held = false;
    session->held_for &= ~(unsigned)DG_HOLD_ERROR;
    if (!is_again)
        note_error(session, ticket, stage, body);
    if (ticket != NULL && dg_session_refresh(session))
        dg_explain_error(session, ticket, stage, body, is_again, reaction);
}

void dg_guard_notice(struct dg_guard_session *session)
{
    session->has_notice = true;
}

void dg_guard_skipped(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage)
{
    if (!is_looked_at(session))
        return;
    if (stage == DG_STAGE_PARSE && ticket != NULL)
        dg_prepared_fail(session, ticket, true);
    if (stage == DG_STAGE_EXECUTE || stage == DG_STAGE_QUERY)
        end_pending(session, ticket);
}

void dg_guard_ready(struct dg_guard_session *session, char status)
{
    if (session->query_in_answer && session->n_pending > 0)
        session->n_pending--;
    session->query_in_answer = false;
    session->has_notice = false;
    free(session->explained);
    session->explained = NULL;
    bool is_committed = !session->path.has_failed;
    dg_path_ready(&session->path, status);
    if (status == 'I')
        dg_read_end_doubt(session, is_committed);
}
