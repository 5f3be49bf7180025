/*
 * The queue of unanswered messages beside a model of the server: each byte lets the client send a message or the server
 * read one and answer it as PostgreSQL does ("Message Flow" in the protocol chapter; what it skips, what COPY ignores).
 * However the two run apart, each answer finds the message that it answers, the queue knows when the server skips, and
 * when it says that nothing is outstanding the server has nothing left to answer. Where only Queries, FunctionCalls and
 * Syncs are sent, answers find their messages also after a COPY that leaves the queue in doubt.
 */
#include "fuzz.h"
#include "proxy/outstanding.h"

#define MAX_MESSAGES 4096u

enum what {
    SIMPLE,
    PARSE,
    BIND,
    DESCRIBE,
    EXECUTE,
    CLOSE,
    SYNC,
    FLUSH,
    CALL,
    COPY_DATA,
    COPY_DONE,
    COPY_FAIL,
    N_WHATS
};

/* How it goes, in the upper bits of the byte that sends the message. */
enum fate { FINE, FAILS, COPIES, OTHERWISE };

struct letter {
    uint8_t what;
    uint8_t fate;
};

struct dialogue {
    struct dg_outstanding queue;
    struct letter sent[MAX_MESSAGES]; /* a message's ticket points here */
    size_t n_sent;
    size_t n_read;    /* by the server */
    size_t copying;   /* the message that runs COPY FROM STDIN, or MAX_MESSAGES */
    bool is_skipping; /* the server, up to the Sync */
    bool has_copied;  /* from here on the queue may be in doubt */
    bool has_ended;   /* the server has closed */
    bool is_extended; /* other messages than Query, FunctionCall, Sync and COPY's were sent */
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void gone(void *context, const struct dg_outstanding_entry *entry, bool is_skipped)
{
    (void)context;
    (void)entry;
    (void)is_skipped;
}

static struct dg_ticket *ticket_of(struct dialogue *dialogue, size_t index)
{
    return (struct dg_ticket *)&dialogue->sent[index];
}

/* ---- the client -------------------------------------------------------------------------------------------------- */

static const enum dg_sent kinds[N_WHATS] = {
    [SIMPLE] = DG_SENT_QUERY,      [PARSE] = DG_SENT_PARSE,        [BIND] = DG_SENT_BIND,
    [DESCRIBE] = DG_SENT_DESCRIBE, [EXECUTE] = DG_SENT_EXECUTE,    [CLOSE] = DG_SENT_CLOSE,
    [SYNC] = DG_SENT_SYNC,         [CALL] = DG_SENT_FUNCTION_CALL, [COPY_DONE] = DG_SENT_COPY_END,
    [COPY_FAIL] = DG_SENT_COPY_END};

/* As dg_inspect_client does it. */
static void send_message(struct dialogue *dialogue, struct letter letter)
{
    size_t index = dialogue->n_sent++;
    dialogue->sent[index] = letter;
    dialogue->is_extended |= letter.what >= PARSE && letter.what <= CLOSE;
    if (letter.what == FLUSH || letter.what == COPY_DATA)
        return;
    if (letter.what != SYNC && dialogue->queue.is_skipping)
        return;
    struct dg_ticket *ticket = letter.what == SYNC ? NULL : ticket_of(dialogue, index);
    check(dg_outstanding_push(&dialogue->queue, kinds[letter.what], ticket, false) == DG_OK);
}

/* ---- the server -------------------------------------------------------------------------------------------------- */

/* An answer to the message at `index`. */
static void answer(struct dialogue *dialogue, size_t index, char type)
{
    const struct dg_outstanding_entry *entry = dg_outstanding_find(&dialogue->queue, type);
    bool is_sync = dialogue->sent[index].what == SYNC;
    if (type != 'Z' && (!dialogue->queue.is_doubtful || (!dialogue->is_extended && !is_sync))) {
        check(entry != NULL);
        check(entry->ticket == (is_sync ? NULL : ticket_of(dialogue, index)));
    }
    dg_outstanding_answer(&dialogue->queue, type, gone, NULL);
}

static bool is_simple(const struct dialogue *dialogue, size_t index)
{
    uint8_t what = dialogue->sent[index].what;
    return what == SIMPLE || what == SYNC || what == CALL;
}

static void fail(struct dialogue *dialogue, size_t index)
{
    answer(dialogue, index, 'E');
    if (is_simple(dialogue, index))
        answer(dialogue, index, 'Z');
    else
        dialogue->is_skipping = true;
}

static void begin_copy(struct dialogue *dialogue, size_t index)
{
    answer(dialogue, index, 'G');
    dialogue->copying = index;
    dialogue->has_copied = true;
}

/* A Query of one statement, or of several: rows, an end, perhaps an error or a COPY behind the first. */
static void run_simple(struct dialogue *dialogue, size_t index, enum fate fate)
{
    if (fate == OTHERWISE) {
        answer(dialogue, index, 'I');
    } else {
        answer(dialogue, index, 'T');
        answer(dialogue, index, 'C');
    }
    if (fate == COPIES)
        begin_copy(dialogue, index);
    else if (fate == FAILS)
        fail(dialogue, index);
    else
        answer(dialogue, index, 'Z');
}

static void run_describe(struct dialogue *dialogue, size_t index, enum fate fate)
{
    if (fate != FINE)
        answer(dialogue, index, 't');
    if (fate == FAILS)
        fail(dialogue, index);
    else
        answer(dialogue, index, fate == OTHERWISE ? 'n' : 'T');
}

static void run_execute(struct dialogue *dialogue, size_t index, enum fate fate)
{
    if (fate == COPIES)
        begin_copy(dialogue, index);
    else
        answer(dialogue, index, fate == OTHERWISE ? 's' : 'C');
}

static void run(struct dialogue *dialogue, size_t index)
{
    enum fate fate = (enum fate)dialogue->sent[index].fate;
    switch ((enum what)dialogue->sent[index].what) {
    case SIMPLE:
        run_simple(dialogue, index, fate);
        return;
    case DESCRIBE:
        run_describe(dialogue, index, fate);
        return;
    case SYNC:
        if (fate == FAILS && dialogue->is_extended)
            answer(dialogue, index, 'E'); /* a deferred constraint: it ends a transaction that no Query has ended */
        answer(dialogue, index, 'Z');
        return;
    case FLUSH:
    case COPY_DATA:
    case COPY_DONE:
    case COPY_FAIL:
        return;
    case PARSE:
    case BIND:
    case EXECUTE:
    case CLOSE:
    case CALL:
    case N_WHATS:
        break;
    }
    static const char done[N_WHATS] = {[PARSE] = '1', [BIND] = '2', [CLOSE] = '3', [CALL] = 'V'};
    if (fate == FAILS) {
        fail(dialogue, index);
    } else if (dialogue->sent[index].what == EXECUTE) {
        run_execute(dialogue, index, fate);
    } else {
        answer(dialogue, index, done[dialogue->sent[index].what]);
        if (dialogue->sent[index].what == CALL)
            answer(dialogue, index, 'Z');
    }
}

/* What is read while COPY FROM STDIN runs. */
static void feed_copy(struct dialogue *dialogue, struct letter letter)
{
    size_t index = dialogue->copying;
    if (letter.what == SYNC || letter.what == FLUSH || (letter.what == COPY_DATA && letter.fate != FAILS))
        return;
    dialogue->copying = MAX_MESSAGES;
    if (letter.what == COPY_DONE && letter.fate != FAILS) {
        answer(dialogue, index, 'C');
        /* A Query's second COPY. */
        if (letter.fate == COPIES && is_simple(dialogue, index))
            begin_copy(dialogue, index);
        else if (is_simple(dialogue, index))
            answer(dialogue, index, 'Z');
    } else if (letter.what == COPY_DATA || letter.what == COPY_DONE || letter.what == COPY_FAIL) {
        fail(dialogue, index);
    } else {
        dialogue->has_ended = true; /* it has lost the thread, and closes */
    }
}

static void read_message(struct dialogue *dialogue)
{
    size_t index = dialogue->n_read++;
    struct letter letter = dialogue->sent[index];
    if (dialogue->copying < MAX_MESSAGES) {
        feed_copy(dialogue, letter);
        return;
    }
    if (dialogue->is_skipping && letter.what != SYNC)
        return;
    dialogue->is_skipping = false;
    run(dialogue, index);
}

/* True if the server will answer one of the messages that it has not read. */
static bool will_answer(const struct dialogue *dialogue)
{
    bool is_skipping = dialogue->is_skipping;
    for (size_t i = dialogue->n_read; i < dialogue->n_sent; i++) {
        uint8_t what = dialogue->sent[i].what;
        if (what == SYNC)
            return true;
        if (!is_skipping && what != FLUSH && what != COPY_DATA && what != COPY_DONE && what != COPY_FAIL)
            return true;
    }
    return false;
}

/* What a session concludes before it lets the guard answer in the server's place. */
static void check_conclusions(struct dialogue *dialogue)
{
    struct dg_outstanding *queue = &dialogue->queue;
    check(!queue->is_doubtful || dialogue->has_copied);
    bool is_empty = dg_outstanding_is_empty(queue);
    if (queue->is_doubtful || !is_empty)
        return;
    check(dialogue->copying == MAX_MESSAGES);
    check(!will_answer(dialogue) || queue->is_skipping);
    check(queue->is_skipping || !dialogue->is_skipping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dialogue *dialogue = calloc(1, sizeof *dialogue);
    check(dialogue != NULL);
    dialogue->copying = MAX_MESSAGES;
    for (size_t i = 0; i < size && !dialogue->has_ended; i++) {
        uint8_t what = data[i] & 0x0fu;
        if (what < N_WHATS && dialogue->n_sent < MAX_MESSAGES)
            send_message(dialogue, (struct letter){what, (data[i] >> 4) & 3u});
        else if (dialogue->n_read < dialogue->n_sent)
            read_message(dialogue);
        check_conclusions(dialogue);
    }
    while (dialogue->n_read < dialogue->n_sent && !dialogue->has_ended)
        read_message(dialogue);
    if (!dialogue->has_ended)
        check_conclusions(dialogue);
    dg_outstanding_fini(&dialogue->queue, gone, NULL);
    free(dialogue);
    return 0;
}
