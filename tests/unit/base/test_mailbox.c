/* The mailbox: mail arrives in order, once, and the descriptor tells. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mailbox.h"

#define N_SENDERS 4
#define N_LETTERS 2000

struct letter {
    struct dg_mail mail; /* first member */
    int sender;
    int number;
    struct dg_mailbox *reply_to;
};

struct reader {
    int n_delivered;
    int next_number[N_SENDERS];
};

static unsigned n_discarded;

static void deliver(struct dg_mail *mail, void *argument)
{
    struct letter *letter = (struct letter *)mail;
    struct reader *reader = argument;
    assert_int_equal(letter->number, reader->next_number[letter->sender]);
    reader->next_number[letter->sender]++;
    reader->n_delivered++;
    free(letter);
}

static void discard(struct dg_mail *mail)
{
    n_discarded++;
    free(mail);
}

static void post(struct dg_mailbox *mailbox, int sender, int number)
{
    struct letter *letter = calloc(1, sizeof *letter);
    assert_non_null(letter);
    *letter = (struct letter){.mail = {NULL, deliver, discard}, .sender = sender, .number = number};
    dg_mailbox_post(mailbox, &letter->mail);
}

static bool is_readable(const struct dg_mailbox *mailbox)
{
    struct pollfd fd = {.fd = dg_mailbox_fd(mailbox), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void the_descriptor_is_readable_while_there_is_mail(void **state)
{
    (void)state;
    struct reader reader = {0};
    struct dg_mailbox *mailbox = dg_mailbox_new();
    assert_false(is_readable(mailbox));
    post(mailbox, 0, 0);
    post(mailbox, 0, 1);
    assert_true(is_readable(mailbox));
    dg_mailbox_deliver(mailbox, &reader);
    assert_int_equal(reader.n_delivered, 2);
    assert_false(is_readable(mailbox));
    dg_mailbox_deliver(mailbox, &reader);
    assert_int_equal(reader.n_delivered, 2);
    dg_mailbox_free(mailbox);
}

static void deliver_and_post_again(struct dg_mail *mail, void *argument)
{
    struct dg_mailbox *mailbox = ((struct letter *)mail)->reply_to;
    deliver(mail, argument);
    post(mailbox, 0, 1);
}

static void mail_posted_while_delivering_waits_for_the_next_time(void **state)
{
    (void)state;
    struct reader reader = {0};
    struct dg_mailbox *mailbox = dg_mailbox_new();
    struct letter *letter = calloc(1, sizeof *letter);
    *letter = (struct letter){.mail = {NULL, deliver_and_post_again, discard}, .reply_to = mailbox};
    dg_mailbox_post(mailbox, &letter->mail);
    dg_mailbox_deliver(mailbox, &reader);
    assert_int_equal(reader.n_delivered, 1);
    assert_true(is_readable(mailbox));
    dg_mailbox_deliver(mailbox, &reader);
    assert_int_equal(reader.n_delivered, 2);
    dg_mailbox_free(mailbox);
}

static void undelivered_mail_is_discarded(void **state)
{
    (void)state;
    n_discarded = 0;
    struct dg_mailbox *mailbox = dg_mailbox_new();
    for (int i = 0; i < 3; i++)
        post(mailbox, 0, i);
    dg_mailbox_free(mailbox);
    assert_int_equal(n_discarded, 3);
    dg_mailbox_free(NULL);
}

struct sender {
    struct dg_mailbox *mailbox;
    int number;
};

static void *send_letters(void *argument)
{
    const struct sender *sender = argument;
    for (int i = 0; i < N_LETTERS; i++)
        post(sender->mailbox, sender->number, i);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct reader reader = {0};
    struct dg_mailbox *mailbox = dg_mailbox_new();
    struct sender senders[N_SENDERS];
    pthread_t threads[N_SENDERS];
    for (int i = 0; i < N_SENDERS; i++) {
        senders[i] = (struct sender){mailbox, i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_letters, &senders[i]), 0);
    }
    /* A lost wake-up would hang here, until the test's time limit. */
    while (reader.n_delivered < N_SENDERS * N_LETTERS) {
        struct pollfd fd = {.fd = dg_mailbox_fd(mailbox), .events = POLLIN};
        (void)poll(&fd, 1, -1);
        dg_mailbox_deliver(mailbox, &reader);
    }
    for (int i = 0; i < N_SENDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(reader.next_number[i], N_LETTERS);
    }
    dg_mailbox_free(mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_descriptor_is_readable_while_there_is_mail),
        cmocka_unit_test(mail_posted_while_delivering_waits_for_the_next_time),
        cmocka_unit_test(undelivered_mail_is_discarded),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
