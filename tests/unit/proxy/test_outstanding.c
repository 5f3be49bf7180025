/*
 * The queue of unanswered messages, as conversations: what the client sends, what the server answers, and what is left.
 *
 * A conversation is a text. A lower-case word is not needed to read it:
 *   >X  the client sends message X        <X  the server sends message X
 *   -X  an entry of kind X has left, answered        ~X  it has left, skipped by the server
 * All between two steps must have happened exactly so. At the end the queue's state is given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/outstanding.h"

static const char codes[] = "QPBDECSFc"; /* in the order of enum dg_sent */

struct record {
    char text[256];
    size_t len;
};

static void note(struct record *record, char mark, char code)
{
    assert_true(record->len + 3 < sizeof record->text);
    record->text[record->len++] = mark;
    record->text[record->len++] = code;
    record->text[record->len] = '\0';
}

static void gone(void *context, const struct dg_outstanding_entry *entry, bool is_skipped)
{
    note(context, is_skipped ? '~' : '-', codes[entry->kind]);
}

static void client_sends(struct dg_outstanding *queue, char code)
{
    enum dg_sent kind = (enum dg_sent)(strchr(codes, code) - codes);
    if (queue->is_skipping && kind != DG_SENT_SYNC)
        return;
    assert_int_equal(dg_outstanding_push(queue, kind, NULL, false), DG_OK);
}

/* Plays the script and writes down what really happened, so that the two can be compared as texts. */
static void play(struct dg_outstanding *queue, const char *script, struct record *record)
{
    for (const char *at = script; *at != '\0'; at++) {
        if (*at == '>') {
            note(record, '>', *++at);
            client_sends(queue, *at);
        } else if (*at == '<') {
            note(record, '<', *++at);
            dg_outstanding_answer(queue, *at, gone, record);
        }
    }
}

static void without_blanks(const char *script, char *out, size_t size)
{
    size_t len = 0;
    for (; *script != '\0'; script++) {
        if (*script != ' ') {
            assert_true(len + 1 < size);
            out[len++] = *script;
        }
    }
    out[len] = '\0';
}

enum ending { EMPTY, WAITING, SKIPPING, DOUBTFUL };

static enum ending ending_of(struct dg_outstanding *queue)
{
    if (queue->is_skipping)
        return SKIPPING;
    if (!dg_outstanding_is_empty(queue))
        return WAITING;
    return queue->is_doubtful ? DOUBTFUL : EMPTY;
}

static const struct conversation {
    const char *what;
    const char *script;
    enum ending ending;
} conversations[] = {
    {"a query", ">Q <T<D<C<Z-Q", EMPTY},
    {"a query of three statements has one ReadyForQuery", ">Q <C<C<T<C<Z-Q", EMPTY},
    {"an empty query", ">Q <I<Z-Q", EMPTY},
    {"a query fails", ">Q <E<Z-Q", EMPTY},
    {"two queries at once", ">Q>Q <C<Z-Q <E<Z-Q", EMPTY},
    {"notices, notifications and parameters come in between", ">Q <N<T<A<D<S<C<N<Z-Q <A<S", EMPTY},
    {"a batch", ">P>B>D>E>S <1-P<2-B<T-D<D<C-E<Z-S", EMPTY},
    {"a batch without rows", ">P>B>D>E>S <1-P<2-B<n-D<C-E<Z-S", EMPTY},
    {"describing a statement answers twice", ">P>D>S <1-P<t<T-D<Z-S", EMPTY},
    {"an empty statement", ">P>B>E>S <1-P<2-B<I-E<Z-S", EMPTY},
    {"a portal is suspended and goes on", ">P>B>E>E>S <1-P<2-B<D<s-E<D<C-E<Z-S", EMPTY},
    {"close", ">C>C>S <3-C<3-C<Z-S", EMPTY},
    {"Parse fails, the rest is skipped", ">P>B>D>E>S <E-P~B~D~E<Z-S", EMPTY},
    {"Bind fails", ">P>B>E>S <1-P<E-B~E<Z-S", EMPTY},
    {"Describe fails after its parameters", ">D>S <t<E-D<Z-S", EMPTY},
    {"Execute fails in a pipeline of two batches", ">B>E>S>B>E>S <2-B<D<E-E<Z-S<2-B<C-E<Z-S", EMPTY},
    {"the second of three fails", ">P>B>E>P>B>E>P>B>E>S <1-P<2-B<C-E<E-P~B~E~P~B~E<Z-S", EMPTY},
    {"the error comes before the Sync is sent", ">P <E-P >B>E >S <Z-S", EMPTY},
    {"and until then the server skips", ">P <E-P >B>E", SKIPPING},
    {"queries and calls inside a skip are discarded", ">P>Q>F>B>S <E-P~Q~F~B<Z-S", EMPTY},
    {"a query after the error, before the Sync", ">P<E-P >Q>S <Z-S >Q <C<Z-Q", EMPTY},
    {"each Sync has its ReadyForQuery", ">S>S>S <Z-S<Z-S", WAITING},
    {"an error ends at the first of two Syncs", ">P>S>S <E-P<Z-S<Z-S", EMPTY},
    {"a deferred constraint fails at Sync", ">B>E>S <2-B<C-E<E<Z-S", EMPTY},
    {"a query inside a batch", ">P>B>Q>S <1-P<2-B<T<C<Z-Q<Z-S", EMPTY},
    {"a function call", ">F <V<Z-F", EMPTY},
    {"a function call fails", ">F <E<Z-F", EMPTY},
    {"COPY out by query", ">Q <H<d<c<C<Z-Q", EMPTY},
    {"COPY out by execute", ">B>E>S <2-B<H<d<c<C-E<Z-S", EMPTY},
    {"COPY in by query", ">Q <G >c <C<Z-Q", EMPTY},
    {"COPY in that was sent whole before the answer", ">Q>c>Q <G<C<Z-Q<C<Z-Q", EMPTY},
    {"COPY in fails at the server, CopyDone comes late", ">Q <G <E<Z-Q >c >Q <C<Z-Q", EMPTY},
    {"COPY in fails, CopyDone was under way", ">Q <G >c <E<Z-Q >Q <C<Z-Q", EMPTY},
    {"COPY in by execute, as libpq does it", ">P>B>D>E>S <1-P<2-B<n-D<G >c>S <C-E<Z-S", EMPTY},
    {"Syncs inside a COPY are ignored", ">B>E>S <2-B<G >S>S>c>S <C-E<Z-S", EMPTY},
    {"a COPY with a Sync in it, sent whole before the answer", ">B>E>S>c>S <2-B<G<C-E<Z-S", EMPTY},
    {"two COPYs in one query", ">Q>c>S>c <G<C<G<C<Z-Q", EMPTY},
    {"a COPY by execute fails at once", ">B>E>S <2-B<E-E<Z-S", EMPTY},
    {"a COPY by execute fails in its data", ">B>E <2-B<G >c <E-E >S <Z-S", EMPTY},
    {"the same with a Sync in it: the second ends the skip, but who knows", ">B>E>S <2-B<G >c>S <E-E<Z-S", DOUBTFUL},
    {"the same, and the Sync counted after all", ">B>E>S <2-B<G <E-E <Z >Q <C<Z-Q", DOUBTFUL},
    {"Syncs behind the data that fails are answered", ">Q <G >S>S>c>Q>F <E<Z-Q <Z<Z <T<C<Z-Q <V<Z-F", DOUBTFUL},
    {"the same, and one of them was ignored", ">Q <G >S>S>c>Q>F <E<Z-Q <Z <T<C<Z-Q <V<Z-F", DOUBTFUL},
    {"the same, and a batch comes behind it", ">Q <G >S>c>P>S>Q <E<Z-Q <Z <1-P<Z-S <C<Z-Q", DOUBTFUL},
    {"the same by execute", ">B>E <2-B<G >S>c <E-E >S <Z-S >Q <Z <E<Z-Q", DOUBTFUL},
    {"a COPY fails, and its end was meant for the next", ">Q>Q>c>S>Q <G<E<Z-Q <G<C<Z-Q <Z-S <C<Z-Q", DOUBTFUL},
    {"a query in the middle of a COPY", ">Q <G >Q>c <E<Z-Q <C<Z-Q", DOUBTFUL},
    {"CopyDone and CopyFail outside of a COPY are ignored", ">c >Q <C<Z-Q >c", EMPTY},
    {"CopyDone behind a query that is no COPY", ">Q>c>Q <C<Z-Q<C<Z-Q", EMPTY},
    {"a ReadyForQuery that nobody asked for", "<Z >Q <C<Z-Q", EMPTY},
    {"answers that belong to nothing change nothing", ">P <2<C<Z <1-P", DOUBTFUL},
    {"ReadyForQuery brings a lost queue back in step", ">P>B>S>Q <Z-P-B-S <C<Z-Q", DOUBTFUL},
};

static void conversations_leave_the_queue_in_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const struct conversation *c = &conversations[i];
        struct dg_outstanding queue = {0};
        struct record record = {"", 0};
        char expected[256];
        play(&queue, c->script, &record);
        without_blanks(c->script, expected, sizeof expected);
        if (strcmp(record.text, expected) != 0)
            fail_msg("%s: expected %s, happened %s", c->what, expected, record.text);
        if (ending_of(&queue) != c->ending)
            fail_msg("%s: ends as %d", c->what, (int)ending_of(&queue));
        dg_outstanding_fini(&queue, gone, &record);
    }
}

static void an_error_finds_the_statement_it_belongs_to(void **state)
{
    (void)state;
    struct dg_outstanding queue = {0};
    struct record record = {"", 0};
    int parse, execute;
    assert_int_equal(dg_outstanding_push(&queue, DG_SENT_PARSE, (struct dg_ticket *)&parse, false), DG_OK);
    assert_int_equal(dg_outstanding_push(&queue, DG_SENT_CLOSE, NULL, true), DG_OK);
    assert_int_equal(dg_outstanding_push(&queue, DG_SENT_EXECUTE, (struct dg_ticket *)&execute, false), DG_OK);
    assert_ptr_equal(dg_outstanding_find(&queue, 'E')->ticket, &parse);
    assert_ptr_equal(dg_outstanding_find(&queue, '1')->ticket, &parse);
    assert_null(dg_outstanding_find(&queue, '2'));
    assert_null(dg_outstanding_find(&queue, 'N'));
    dg_outstanding_answer(&queue, '1', gone, &record);
    assert_true(dg_outstanding_find(&queue, '3')->is_ours);
    dg_outstanding_answer(&queue, '3', gone, &record);
    assert_ptr_equal(dg_outstanding_find(&queue, 'E')->ticket, &execute);
    dg_outstanding_fini(&queue, gone, &record);
    assert_string_equal(record.text, "-P-C-E");
}

static void ends_of_copy_do_not_fill_the_queue(void **state)
{
    (void)state;
    struct dg_outstanding queue = {0};
    struct record record = {"", 0};
    assert_int_equal(dg_outstanding_push(&queue, DG_SENT_PARSE, NULL, false), DG_OK);
    for (size_t i = 0; i < 2 * DG_OUTSTANDING_MAX; i++)
        assert_int_equal(dg_outstanding_push(&queue, DG_SENT_COPY_END, NULL, false), DG_OK);
    assert_false(dg_outstanding_is_full(&queue));
    play(&queue, "<1 >S <Z", &record);
    assert_string_equal(record.text, "<1-P>S<Z-S");
    assert_int_equal(ending_of(&queue), DOUBTFUL);
    dg_outstanding_fini(&queue, gone, &record);
}

static void the_queue_is_bounded_and_keeps_its_order(void **state)
{
    (void)state;
    struct dg_outstanding queue = {0};
    struct record record = {"", 0};
    static char tickets[2 * DG_OUTSTANDING_MAX + 1];
    size_t n = 0;
    while (dg_outstanding_push(&queue, DG_SENT_SYNC, (struct dg_ticket *)&tickets[n], false) == DG_OK) {
        n++;
        assert_int_equal(dg_outstanding_is_full(&queue), n >= DG_OUTSTANDING_MAX);
        assert_true(n < sizeof tickets);
    }
    assert_int_equal(n, 2 * DG_OUTSTANDING_MAX);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(dg_outstanding_find(&queue, 'E')->ticket, &tickets[i]);
        record.len = 0;
        dg_outstanding_answer(&queue, 'Z', gone, &record);
    }
    assert_true(dg_outstanding_is_empty(&queue));
    assert_null(queue.ring); /* a large ring is given back */
    dg_outstanding_fini(&queue, gone, &record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_leave_the_queue_in_step),
        cmocka_unit_test(an_error_finds_the_statement_it_belongs_to),
        cmocka_unit_test(ends_of_copy_do_not_fill_the_queue),
        cmocka_unit_test(the_queue_is_bounded_and_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
