/*
 * The mailbox: a locked list and an eventfd that counts up when the list stops being empty.
 */
#include "base/mailbox.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct dg_mailbox {
    pthread_mutex_t lock;
    struct dg_mail *first;
    struct dg_mail **end; /* where the next mail is hung */
    int fd;
};

struct dg_mailbox *dg_mailbox_new(void)
{
    struct dg_mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (mailbox == NULL)
        return NULL;
    mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mailbox->fd < 0) {
        free(mailbox);
        return NULL;
    }
    mailbox->end = &mailbox->first;
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox;
}

/* All mail at once; the box is empty afterwards. */
static struct dg_mail *take_all(struct dg_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    struct dg_mail *mail = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    pthread_mutex_unlock(&mailbox->lock);
    return mail;
}

void dg_mailbox_free(struct dg_mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    struct dg_mail *mail = take_all(mailbox);
    while (mail != NULL) {
        struct dg_mail *next = mail->next;
        mail->discard(mail);
        mail = next;
    }
    (void)close(mailbox->fd);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

int dg_mailbox_fd(const struct dg_mailbox *mailbox)
{
    return mailbox->fd;
}

/* The write is made under the lock: once the reader has the mail, no sender touches the descriptor for it any more. */
void dg_mailbox_post(struct dg_mailbox *mailbox, struct dg_mail *mail)
{
    mail->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = mailbox->first == NULL;
    *mailbox->end = mail;
    mailbox->end = &mail->next;
    if (was_empty) {
        /* Fails only if the counter is at its limit, and then the descriptor is readable anyway. */
        const uint64_t one = 1;
        ssize_t n = write(mailbox->fd, &one, sizeof one);
        (void)n;
    }
    pthread_mutex_unlock(&mailbox->lock);
}

/* The descriptor is cleared before the list is taken: mail that comes in between leaves it readable, never the reverse.
 */
void dg_mailbox_deliver(struct dg_mailbox *mailbox, void *reader)
{
    uint64_t count;
    ssize_t n = read(mailbox->fd, &count, sizeof count);
    (void)n;
    struct dg_mail *mail = take_all(mailbox);
    while (mail != NULL) {
        struct dg_mail *next = mail->next; /* deliver may free it */
        mail->deliver(mail, reader);
        mail = next;
    }
}
