/*
 * A ring of entries. It keeps its first few slots while a session lives and gives a larger ring back when it runs empty,
 * so that an idle session holds 128 bytes.
 */
#include "proxy/outstanding.h"

#include <assert.h>
#include <stdlib.h>

static struct dg_outstanding_entry *entry_at(const struct dg_outstanding *queue, uint32_t index)
{
    assert(index < queue->n_entries);
    return &queue->ring[(queue->head + index) & (queue->cap - 1)];
}

static enum dg_status grow(struct dg_outstanding *queue)
{
    uint32_t cap = queue->cap == 0 ? DG_OUTSTANDING_SMALL : queue->cap * 2;
    struct dg_outstanding_entry *ring = calloc(cap, sizeof *ring);
    if (ring == NULL)
        return DG_NO_MEMORY;
    for (uint32_t i = 0; i < queue->n_entries; i++)
        ring[i] = *entry_at(queue, i);
    free(queue->ring);
    queue->ring = ring;
    queue->cap = cap;
    queue->head = 0;
    return DG_OK;
}

static void pop(struct dg_outstanding *queue)
{
    assert(queue->n_entries > 0);
    queue->head = (queue->head + 1) & (queue->cap - 1);
    queue->n_entries--;
    if (queue->n_entries == 0 && queue->cap > DG_OUTSTANDING_SMALL) {
        free(queue->ring);
        queue->ring = NULL;
        queue->cap = 0;
        queue->head = 0;
    }
}

/* Takes the head out and tells whoever owns its ticket now. */
static void release(struct dg_outstanding *queue, bool is_skipped, dg_outstanding_gone_fn gone, void *context)
{
    struct dg_outstanding_entry entry = *entry_at(queue, 0);
    pop(queue);
    if (entry.kind != DG_SENT_COPY_END)
        gone(context, &entry, is_skipped);
}

void dg_outstanding_fini(struct dg_outstanding *queue, dg_outstanding_gone_fn gone, void *context)
{
    while (queue->n_entries > 0)
        release(queue, false, gone, context);
    free(queue->ring);
    *queue = (struct dg_outstanding){0};
}

/* Void Syncs and ends of COPY have nobody waiting for them: they vanish when they reach the head. */
static void settle(struct dg_outstanding *queue)
{
    while (queue->n_entries > 0) {
        const struct dg_outstanding_entry *head = entry_at(queue, 0);
        if (!head->is_void && head->kind != DG_SENT_COPY_END)
            break;
        pop(queue);
    }
}

bool dg_outstanding_is_empty(struct dg_outstanding *queue)
{
    settle(queue);
    return queue->n_entries == 0;
}

enum dg_status dg_outstanding_push(struct dg_outstanding *queue, enum dg_sent kind, struct dg_ticket *ticket,
                                   bool is_ours)
{
    struct dg_outstanding_entry entry = {.ticket = ticket, .kind = kind, .is_ours = is_ours};
    if (kind == DG_SENT_COPY_END) {
        /* Outside of a COPY the server ignores it, and so do we. */
        if (dg_outstanding_is_empty(queue) || queue->is_skipping)
            return DG_OK;
        entry.is_void = queue->is_copy_in;
        /* Nobody sends so many on purpose, and as the server answers none of them the queue might never shrink. */
        if (queue->n_entries >= DG_OUTSTANDING_MAX / 2) {
            queue->is_copy_in = false;
            queue->is_doubtful = true;
            return DG_OK;
        }
    } else if (kind == DG_SENT_SYNC) {
        entry.is_void = queue->is_copy_in;
    } else if (queue->is_copy_in) {
        /* Nothing but these belongs into a COPY: the server ends the session, unless the COPY has failed before. */
        queue->is_doubtful = true;
        queue->is_copy_in = false;
    }
    /* The bound is on what clients pipeline; one read may carry the queue past it, so leave that much room. */
    if (queue->n_entries >= 2 * DG_OUTSTANDING_MAX)
        return DG_LIMIT;
    if (queue->n_entries == queue->cap && grow(queue) != DG_OK)
        return DG_NO_MEMORY;
    queue->n_entries++;
    *entry_at(queue, queue->n_entries - 1) = entry;
    if (kind == DG_SENT_COPY_END)
        queue->is_copy_in = false;
    else if (kind == DG_SENT_SYNC && !entry.is_void)
        queue->is_skipping = false;
    return DG_OK;
}

void dg_outstanding_end_unnamed(struct dg_outstanding *queue, bool is_owed)
{
    struct dg_outstanding_entry *entry = entry_at(queue, queue->n_entries - 1);
    entry->ends_unnamed = true;
    entry->is_owed = is_owed;
}

bool dg_outstanding_pass_debt(struct dg_outstanding *queue)
{
    for (uint32_t i = 0; i < queue->n_entries; i++) {
        struct dg_outstanding_entry *entry = entry_at(queue, i);
        if (entry->ends_unnamed) {
            entry->is_owed = true;
            return true;
        }
    }
    return false;
}

bool dg_outstanding_debt_is_open(const struct dg_outstanding *queue)
{
    bool is_owed = false;
    for (uint32_t i = 0; i < queue->n_entries; i++) {
        const struct dg_outstanding_entry *entry = entry_at(queue, i);
        if (is_owed && entry->kind == DG_SENT_SYNC && !entry->is_void)
            return true;
        is_owed = is_owed || entry->is_owed;
    }
    return false;
}

#define IS(kind) (1u << (unsigned)(kind))

/* Which kinds of message a server's message can belong to. */
static unsigned kinds_answered_by(char type)
{
    switch (type) {
    case '1':
        return IS(DG_SENT_PARSE);
    case '2':
        return IS(DG_SENT_BIND);
    case '3':
        return IS(DG_SENT_CLOSE);
    case 't':
    case 'n':
        return IS(DG_SENT_DESCRIBE);
    case 'T':
        return IS(DG_SENT_DESCRIBE) | IS(DG_SENT_QUERY) | IS(DG_SENT_EXECUTE);
    case 's':
        return IS(DG_SENT_EXECUTE);
    case 'C':
    case 'I':
    case 'G':
    case 'H':
    case 'W':
        return IS(DG_SENT_QUERY) | IS(DG_SENT_EXECUTE);
    case 'V':
        return IS(DG_SENT_FUNCTION_CALL);
    case 'E':
        return ~0u;
    default:
        return 0;
    }
}

struct dg_outstanding_entry *dg_outstanding_find(struct dg_outstanding *queue, char type)
{
    if (dg_outstanding_is_empty(queue))
        return NULL;
    struct dg_outstanding_entry *head = entry_at(queue, 0);
    return (kinds_answered_by(type) & IS(head->kind)) != 0 ? head : NULL;
}

static bool ends_with_ready(const struct dg_outstanding_entry *entry)
{
    return entry->kind == DG_SENT_QUERY || entry->kind == DG_SENT_FUNCTION_CALL ||
           (entry->kind == DG_SENT_SYNC && !entry->is_void);
}

/* CopyInResponse: from here to the end of the COPY the server ignores Syncs. The end may have been sent already; if
   something else was sent before it, the COPY will fail at that, or has failed at its data, and who can say where. */
static void begin_copy_in(struct dg_outstanding *queue)
{
    queue->is_copying = true;
    for (uint32_t i = 1; i < queue->n_entries; i++) {
        struct dg_outstanding_entry *entry = entry_at(queue, i);
        if (entry->is_void)
            continue;
        if (entry->kind != DG_SENT_SYNC && entry->kind != DG_SENT_COPY_END) {
            queue->is_doubtful = true;
            return;
        }
        entry->is_void = true;
        if (entry->kind == DG_SENT_COPY_END)
            return;
    }
    queue->is_copy_in = true;
}

static uint32_t count_void_syncs(const struct dg_outstanding *queue)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < queue->n_entries; i++) {
        const struct dg_outstanding_entry *entry = entry_at(queue, i);
        n += entry->is_void && entry->kind == DG_SENT_SYNC;
    }
    return n;
}

/* A COPY that failed may have failed before the server read the Syncs in it; then it still answers them. That is rare
   (clients send them before the data that fails), so they stay void, but nothing certain can be said any more: not when
   later answers come either, which may be those of a message that was taken for skipped (tests/fuzz/fuzz_dialogue.c shows
   it to whoever tries). */
static void end_failed_copy(struct dg_outstanding *queue)
{
    if (queue->is_copying) {
        queue->n_strays = count_void_syncs(queue);
        queue->is_doubtful = queue->is_doubtful || queue->n_strays > 0;
    }
    queue->is_copying = false;
    queue->is_copy_in = false;
}

/* The server has come to this entry, and so it is beyond all Syncs before. */
static void begin_answers(struct dg_outstanding *queue, struct dg_outstanding_entry *entry)
{
    entry->has_answers = true;
    queue->n_strays = 0;
}

static void skip_until_sync(struct dg_outstanding *queue, dg_outstanding_gone_fn gone, void *context)
{
    for (;;) {
        settle(queue);
        if (queue->n_entries == 0) {
            queue->is_skipping = true;
            return;
        }
        if (entry_at(queue, 0)->kind == DG_SENT_SYNC)
            return;
        release(queue, true, gone, context);
    }
}

static void answer_error(struct dg_outstanding *queue, dg_outstanding_gone_fn gone, void *context)
{
    if (!dg_outstanding_is_empty(queue))
        begin_answers(queue, entry_at(queue, 0));
    end_failed_copy(queue);
    if (dg_outstanding_is_empty(queue) || ends_with_ready(entry_at(queue, 0)))
        return;
    release(queue, false, gone, context);
    skip_until_sync(queue, gone, context);
}

/* True if a ReadyForQuery cannot be this entry's: the server has not begun with what comes before its own. */
static bool is_too_early_for(const struct dg_outstanding *queue, uint32_t index)
{
    const struct dg_outstanding_entry *entry = entry_at(queue, index);
    return index > 0 || (entry->kind != DG_SENT_SYNC && !entry->has_answers);
}

/* ReadyForQuery ends the first Query, FunctionCall or Sync. Anything before it means that we were out of step. */
static void answer_ready(struct dg_outstanding *queue, dg_outstanding_gone_fn gone, void *context)
{
    queue->is_copying = false;
    queue->is_copy_in = false;
    settle(queue);
    uint32_t index = 0;
    while (index < queue->n_entries && !ends_with_ready(entry_at(queue, index)))
        index++;
    bool may_be_stray = queue->n_strays > 0;
    if (may_be_stray && (index == queue->n_entries || is_too_early_for(queue, index))) {
        queue->n_strays--;
        queue->is_skipping = false;
        return;
    }
    if (index == queue->n_entries) {
        /* One ReadyForQuery more than was expected: a Sync that was taken for void has been answered after all. */
        queue->is_doubtful = queue->is_doubtful || queue->n_entries > 0 || queue->is_skipping;
        queue->is_skipping = false;
        return;
    }
    if (index > 0)
        queue->is_doubtful = true;
    for (uint32_t i = 0; i <= index; i++)
        release(queue, false, gone, context);
}

void dg_outstanding_answer(struct dg_outstanding *queue, char type, dg_outstanding_gone_fn gone, void *context)
{
    if (type == 'E') {
        answer_error(queue, gone, context);
        return;
    }
    if (type == 'Z') {
        answer_ready(queue, gone, context);
        return;
    }
    struct dg_outstanding_entry *entry = dg_outstanding_find(queue, type);
    if (entry == NULL)
        return;
    begin_answers(queue, entry);
    if (type == 'G') {
        begin_copy_in(queue);
        return;
    }
    if (type == 'C') {
        queue->is_copying = false;
        queue->is_copy_in = false;
    }
    bool is_last = type == 'T' ? entry->kind == DG_SENT_DESCRIBE : type != 't' && type != 'H' && type != 'W';
    if (is_last && !ends_with_ready(entry))
        release(queue, false, gone, context);
}
