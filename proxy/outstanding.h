/*
 * The queue of messages that were sent to the server and are not answered yet ("Message Flow" in the protocol chapter).
 * It ties an error to its statement, says when the session is idle, and knows which messages the server skips.
 *
 *   Parse '1'   Bind '2'   Close '3'   Describe 'T' or 'n'   Execute 'C', 'I' or 's'   Query, FunctionCall, Sync 'Z'
 *   any of them 'E'; after an error in Parse to Close all up to the next Sync is skipped, whether sent already or not.
 *
 * Only messages that the server answers stand in it, and the ends of a COPY (CopyDone, CopyFail): a Sync between a
 * CopyInResponse and the end of that COPY is ignored by the server, and clients send one ("void" here).
 *
 * What cannot be understood is not guessed: such an answer finds no entry, and the next ReadyForQuery brings the queue
 * back in step. A queue that may be one Sync off is doubtful from then on: it still finds entries, but nobody may
 * conclude from it that the session is idle. How many Syncs of a failed COPY may be answered after all is remembered until
 * the server is seen to be beyond them: such a ReadyForQuery must not end the Query behind it.
 */
#ifndef DG_PROXY_OUTSTANDING_H
#define DG_PROXY_OUTSTANDING_H

#include <stdint.h>

#include "base/status.h"

struct dg_ticket;

enum dg_sent {
    DG_SENT_QUERY,
    DG_SENT_PARSE,
    DG_SENT_BIND,
    DG_SENT_DESCRIBE,
    DG_SENT_EXECUTE,
    DG_SENT_CLOSE,
    DG_SENT_SYNC,
    DG_SENT_FUNCTION_CALL,
    DG_SENT_COPY_END
};

struct dg_outstanding_entry {
    struct dg_ticket *ticket; /* owned by the entry; may be NULL */
    enum dg_sent kind;
    bool is_ours;     /* the guard sent it: the client must not see the answer */
    bool is_void;     /* a Sync that the server ignores, or the end of a COPY that was matched */
    bool has_answers; /* of a Query or FunctionCall: the server has begun with it */
    /* A Query, or a Parse or Close of the unnamed statement: which is another one afterwards, or none. */
    bool ends_unnamed;
    bool is_owed; /* and the one that it ends should have been dead before (dg_outstanding_end_unnamed) */
};

/* With this many entries no more is read from the client until the queue has shrunk. */
#define DG_OUTSTANDING_MAX 65536u

/* So many a session keeps while it lives; a longer queue gives its memory back when it runs empty. */
#define DG_OUTSTANDING_SMALL 8u

struct dg_outstanding {
    struct dg_outstanding_entry *ring;
    uint32_t cap; /* 0 or a power of two */
    uint32_t head;
    uint32_t n_entries;
    uint32_t n_strays; /* so many ReadyForQuery may come for void Syncs */
    bool is_skipping;  /* the server discards all up to a Sync that was not sent yet */
    bool is_copying;   /* the head runs COPY FROM STDIN */
    bool is_copy_in;   /* and the client has not sent the end of it */
    bool is_doubtful;
};

/* Told of each entry that leaves; owns its ticket from here on. `is_skipped`: the server did not execute it. */
typedef void (*dg_outstanding_gone_fn)(void *context, const struct dg_outstanding_entry *entry, bool is_skipped);

/* All zero is an empty queue. Fini reports what is left as not skipped. */
void dg_outstanding_fini(struct dg_outstanding *queue, dg_outstanding_gone_fn gone, void *context);

/* A message on its way to the server. Takes over the ticket on success. During a skip only a Sync is entered: ask
   is_skipping before making a ticket. DG_NO_MEMORY, DG_LIMIT: the queue is as before. */
enum dg_status dg_outstanding_push(struct dg_outstanding *queue, enum dg_sent kind, struct dg_ticket *ticket,
                                   bool is_ours) DG_MUST_CHECK;
/* The message pushed last ends the unnamed statement. A refused statement would have ended it before: the debt is this
   message's now, and if the server skips it, the next one's in the queue. */
void dg_outstanding_end_unnamed(struct dg_outstanding *queue, bool is_owed);
/* For `gone`, of an entry that is_owed and was skipped: gives its debt to the first that can pay it. False: there is none. */
bool dg_outstanding_pass_debt(struct dg_outstanding *queue);
/* Whether the unnamed statement is what it seems to be shows only when more has been answered: a message that is_owed may
   be skipped yet, and what is sent now will not be with it. A Sync for those answers is on its way. */
bool dg_outstanding_debt_is_open(const struct dg_outstanding *queue);
/* The entry that a server's message of this type belongs to, or NULL. Borrowed until the next change. */
struct dg_outstanding_entry *dg_outstanding_find(struct dg_outstanding *queue, char type);
/* Moves the queue on after a server's message: entries that it answers or makes void leave. For 'E': severity ERROR
   only; a FATAL one ends the session. */
void dg_outstanding_answer(struct dg_outstanding *queue, char type, dg_outstanding_gone_fn gone, void *context);

/* Nothing is on its way that the server would answer. */
bool dg_outstanding_is_empty(struct dg_outstanding *queue);
static inline bool dg_outstanding_is_full(const struct dg_outstanding *queue)
{
    return queue->n_entries >= DG_OUTSTANDING_MAX;
}

#endif
