/*
 * Prepared statements and portals by name. A Parse puts its ticket at once, so that the Bind behind it in the pipeline
 * finds it; what had the name before hangs on it (`previous`) until the server has said whether the Parse succeeded.
 */
#include <stdlib.h>

#include "guard/state.h"

/* Verdicts that one session's prepared statements may keep alive. */
#define MAX_PREPARED_BYTES ((size_t)16 << 20)

static size_t bytes_of(const struct dg_ticket *ticket)
{
    return ticket == NULL || ticket->verdict == NULL ? 0 : ticket->verdict->size_bytes + ticket->own_len;
}

static void release(struct dg_guard_session *session, struct dg_ticket *ticket)
{
    session->prepared_bytes -= bytes_of(ticket);
    dg_ticket_unref(ticket);
}

/* Cuts what hangs on the ticket. */
static void release_previous(struct dg_guard_session *session, struct dg_ticket *ticket)
{
    struct dg_ticket *previous = ticket->previous;
    ticket->previous = NULL;
    while (previous != NULL) {
        struct dg_ticket *next = previous->previous;
        previous->previous = NULL;
        release(session, previous);
        previous = next;
    }
}

void dg_prepared_put(struct dg_guard_session *session, struct dg_str name, struct dg_ticket *ticket)
{
    void *old = NULL;
    if (session->prepared_bytes + bytes_of(ticket) > MAX_PREPARED_BYTES ||
        dg_map_put(&session->statements, name, ticket, &old) != DG_OK) {
        dg_prepared_drop(session, name);
        return;
    }
    dg_ticket_ref(ticket);
    session->prepared_bytes += bytes_of(ticket);
    ticket->previous = old;
}

void dg_prepared_complete(struct dg_guard_session *session, struct dg_ticket *ticket)
{
    ticket->is_prepared = true;
    release_previous(session, ticket);
}

/* The name under which the ticket, or one that hangs over it, stands. Only after a failed Parse: a walk is no harm. */
static struct dg_ticket *find_chain(struct dg_guard_session *session, const struct dg_ticket *ticket,
                                    struct dg_str *name)
{
    size_t position = 0;
    for (struct dg_ticket *top; (top = dg_map_next(&session->statements, &position, name)) != NULL;) {
        for (const struct dg_ticket *link = top; link != NULL; link = link->previous) {
            if (link == ticket)
                return top;
        }
    }
    return NULL;
}

static void replace_top(struct dg_guard_session *session, struct dg_str name, struct dg_ticket *previous)
{
    char copy[256];
    if (previous == NULL || name.len > sizeof(copy)) {
        dg_map_take(&session->statements, name);
        if (previous != NULL)
            release(session, previous);
        return;
    }
    memcpy(copy, name.data, name.len);
    if (dg_map_put(&session->statements, (struct dg_str){copy, name.len}, previous, NULL) != DG_OK)
        release(session, previous);
}

void dg_prepared_fail(struct dg_guard_session *session, struct dg_ticket *ticket, bool is_skipped)
{
    struct dg_str name;
    struct dg_ticket *top = ticket->is_prepared ? NULL : find_chain(session, ticket, &name);
    if (top == NULL)
        return;
    /* The server drops the unnamed statement when it begins a Parse of another, not when it skips one. */
    if (name.len == 0 && !is_skipped)
        release_previous(session, ticket);
    struct dg_ticket *previous = ticket->previous;
    ticket->previous = NULL;
    if (top == ticket) {
        replace_top(session, name, previous);
    } else {
        struct dg_ticket *above = top;
        while (above->previous != ticket)
            above = above->previous;
        above->previous = previous;
    }
    release(session, ticket);
}

struct dg_ticket *dg_prepared_find(struct dg_guard_session *session, struct dg_str name)
{
    struct dg_ticket *ticket = dg_map_find(&session->statements, name);
    if (ticket == NULL || ticket->verdict == NULL || !ticket->is_prepared)
        return ticket;
    if (ticket->context == (dg_session_context(session) ^ dg_session_override(session)))
        return ticket;
    const struct dg_verdict *verdict = ticket->verdict;
    struct dg_ticket *anew =
        dg_judge_text(session, dg_ticket_text(ticket), verdict->param_types, verdict->n_param_types);
    if (anew == NULL)
        return ticket;
    anew->is_prepared = true;
    anew->is_judged_anew = true;
    dg_prepared_put(session, name, anew);
    release_previous(session, anew);
    dg_ticket_unref(anew);
    return dg_map_find(&session->statements, name);
}

void dg_prepared_drop(struct dg_guard_session *session, struct dg_str name)
{
    struct dg_ticket *ticket = dg_map_take(&session->statements, name);
    if (ticket == NULL)
        return;
    release_previous(session, ticket);
    release(session, ticket);
}

static void unref_ticket(void *ticket)
{
    dg_ticket_unref(ticket);
}

static void drop_all(struct dg_guard_session *session, bool with_unanswered)
{
    struct dg_str name;
    size_t position = 0;
    for (struct dg_ticket *ticket; (ticket = dg_map_next(&session->statements, &position, &name)) != NULL;) {
        if (ticket->is_prepared || with_unanswered)
            dg_prepared_drop(session, name);
    }
}

void dg_prepared_drop_all(struct dg_guard_session *session)
{
    /* A Parse that was sent behind the DEALLOCATE ALL is not answered yet, and stays. */
    drop_all(session, false);
}

void dg_prepared_lose(struct dg_guard_session *session)
{
    drop_all(session, true);
    dg_portals_drop_all(session);
}

void dg_portals_drop_all(struct dg_guard_session *session)
{
    dg_map_fini(&session->portals, unref_ticket);
    dg_map_init(&session->portals, DG_GUARD_MAX_PORTALS);
}
