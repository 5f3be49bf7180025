/*
 * The queue of unanswered messages under any conversation: each byte is a message of the client (high bit clear) or an
 * answer of the server (set). Every entry that went in comes out once, and the queue ends empty.
 */
#include "fuzz.h"
#include "proxy/outstanding.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void gone(void *context, const struct dg_outstanding_entry *entry, bool is_skipped)
{
    size_t *n_inside = context;
    (void)is_skipped;
    check(entry->ticket != NULL && *n_inside > 0);
    --*n_inside;
}

/* How many entries of the queue have somebody waiting. */
static size_t count_live(const struct dg_outstanding *queue)
{
    size_t n = 0;
    for (uint32_t i = 0; i < queue->n_entries; i++)
        n += queue->ring[(queue->head + i) & (queue->cap - 1)].kind != DG_SENT_COPY_END;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char answers[] = "123tnTsCIGHWVEZZAND?";
    static char ticket;
    struct dg_outstanding queue = {0};
    size_t n_inside = 0;
    for (size_t i = 0; i < size; i++) {
        enum dg_sent kind = (enum dg_sent)(data[i] & 0x7fu) % (DG_SENT_COPY_END + 1);
        if (data[i] >= 0x80) {
            dg_outstanding_answer(&queue, answers[(data[i] & 0x7fu) % (sizeof answers - 1)], gone, &n_inside);
        } else if (!queue.is_skipping || kind == DG_SENT_SYNC) {
            check(dg_outstanding_push(&queue, kind, (struct dg_ticket *)&ticket, false) == DG_OK);
            n_inside += kind != DG_SENT_COPY_END;
        }
        /* Void Syncs vanish without a word: they have no ticket in real life. */
        check(count_live(&queue) <= n_inside);
        n_inside = count_live(&queue);
    }
    dg_outstanding_fini(&queue, gone, &n_inside);
    check(n_inside == 0 && queue.ring == NULL);
    return 0;
}
