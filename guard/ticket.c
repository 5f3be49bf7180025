/*
 * Tickets: counted, one worker's, kept in a free list so that a statement costs no malloc. With them goes the room for the
 * text of a statement whose verdict came by shape, which is the only copy of its words.
 */
#include <stdlib.h>

#include "guard/state.h"

#define MAX_SPARE_TICKETS 1024
#define MIN_TEXT_BYTES 256
#define MAX_SPARE_TEXT_BYTES 2048 /* a spare ticket keeps no more */

struct dg_ticket *dg_ticket_new(struct dg_guard *guard)
{
    struct dg_ticket *ticket = guard->spare_tickets;
    if (ticket != NULL) {
        guard->spare_tickets = ticket->previous;
        guard->n_spare_tickets--;
    } else {
        ticket = calloc(1, sizeof(*ticket));
    }
    if (ticket != NULL)
        *ticket =
            (struct dg_ticket){.n_refs = 1, .guard = guard, .own_text = ticket->own_text, .own_cap = ticket->own_cap};
    return ticket;
}

bool dg_ticket_keep_text(struct dg_ticket *ticket, struct dg_str text)
{
    if (text.len > ticket->own_cap) {
        size_t cap = text.len < MIN_TEXT_BYTES ? MIN_TEXT_BYTES : text.len;
        char *grown = realloc(ticket->own_text, cap);
        if (grown == NULL)
            return false;
        ticket->own_text = grown;
        ticket->own_cap = cap;
    }
    if (text.len > 0)
        memcpy(ticket->own_text, text.data, text.len);
    ticket->own_len = text.len;
    return true;
}

struct dg_str dg_ticket_text(const struct dg_ticket *ticket)
{
    if (ticket->verdict->is_shape)
        return (struct dg_str){ticket->own_text, ticket->own_len};
    return ticket->verdict->text;
}

static void drop_long_text(struct dg_ticket *ticket)
{
    if (ticket->own_cap <= MAX_SPARE_TEXT_BYTES)
        return;
    free(ticket->own_text);
    ticket->own_text = NULL;
    ticket->own_cap = 0;
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
        dg_ticket_unref(ticket->executed); /* which has none itself */
        dg_verdict_unref(ticket->verdict);
        if (guard->n_spare_tickets < MAX_SPARE_TICKETS) {
            drop_long_text(ticket);
            ticket->previous = guard->spare_tickets;
            guard->spare_tickets = ticket;
            guard->n_spare_tickets++;
        } else {
            free(ticket->own_text);
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
        free(ticket->own_text);
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
