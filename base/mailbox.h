/*
 * Mail between threads: many senders, one reader that waits in its event loop on the mailbox's descriptor.
 * A message embeds struct dg_mail and belongs to the mailbox from post to take.
 */
#ifndef DG_BASE_MAILBOX_H
#define DG_BASE_MAILBOX_H

#include "base/status.h"

struct dg_mail {
    struct dg_mail *next;
    void (*deliver)(struct dg_mail *mail,
                    void *reader);         /* called by dg_mailbox_deliver in the reader's thread; owns mail */
    void (*discard)(struct dg_mail *mail); /* called when the mailbox is freed with mail in it */
};

struct dg_mailbox;

/* NULL if there is no memory or no eventfd. */
struct dg_mailbox *dg_mailbox_new(void);
/* Discards what was not delivered. No sender may post any more. */
void dg_mailbox_free(struct dg_mailbox *mailbox);
/* Readable when there is mail. */
int dg_mailbox_fd(const struct dg_mailbox *mailbox);
/* Any thread; never fails, never blocks beyond a short lock. */
void dg_mailbox_post(struct dg_mailbox *mailbox, struct dg_mail *mail);
/* Reader's thread: clears the descriptor and delivers all mail in the order of posting. */
void dg_mailbox_deliver(struct dg_mailbox *mailbox, void *reader);

#endif
