/*
 * Tickets: counted, one worker's, kept in a free list so that a statement costs no malloc.
 */
#include <stdlib.h>

#include "guard/state.h"

#define MAX_SPARE_TICKETS 1024

struct dg_ticket *dg_ticket_new(struct dg_guard *guard)
{
    struct dg_ticket *ticket = guard->spare_tickets;
    if (ticket != NULL) {
        guard->spare_tickets = ticket->previous;
        guard->n_spare_tickets--;
    } else {
        ticket = malloc(sizeof(*ticket));
    }
    if (ticket != NULL)
        *ticket = (struct dg_ticket){.n_refs = 1, .guard = guard};
    return ticket;
}

struct dg_ticket *dg_ticket_ref(struct dg_ticket *ticket)
{
    if (ticket != NULL)
        ticket->n_refs++;
    return ticket;
}

void dg_ticket_unref(struct dg_ticket *ticket)
{
    /* A loop, not recursion: the chain of previous ones is as long as a client's pipeline. */
    while (ticket != NULL && --ticket->n_refs == 0) {
        struct dg_guard *guard = ticket->guard;
        struct dg_ticket *previous = ticket->previous;
        dg_verdict_unref(ticket->verdict);
        if (guard->n_spare_tickets < MAX_SPARE_TICKETS) {
            ticket->previous = guard->spare_tickets;
            guard->spare_tickets = ticket;
            guard->n_spare_tickets++;
        } else {
            free(ticket);
        }
        ticket = previous;
    }
}

void dg_ticket_free_spares(struct dg_guard *guard)
{
    while (guard->spare_tickets != NULL) {
        struct dg_ticket *ticket = guard->spare_tickets;
        guard->spare_tickets = ticket->previous;
        free(ticket);
    }
    guard->n_spare_tickets = 0;
}

const struct dg_sql_statement *dg_ticket_statement(const struct dg_ticket *ticket, enum dg_stage stage)
{
    if (ticket == NULL || ticket->verdict == NULL)
        return NULL;
    const struct dg_sql_analysis *analysis = &ticket->verdict->analysis;
    size_t i = stage == DG_STAGE_QUERY ? ticket->n_completed : 0;
    return i < analysis->n_statements ? &analysis->statements[i] : NULL;
}
