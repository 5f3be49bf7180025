/*
 * schema/store.h without a server or a thread: the test publishes snapshots and answers reads itself. One database,
 * "shop"; any other name is refused as if max_databases were held. Linked in the store's place.
 */
#ifndef DG_TESTS_GUARD_FAKE_STORE_H
#define DG_TESTS_GUARD_FAKE_STORE_H

#include "schema/store.h"
#include "shop.h"

#define FAKE_MAX_READS 100

struct fake_read {
    struct dg_schema_request *request;
    struct dg_mailbox *reply_to;
    size_t n_names;
    char first_name[64];
};

struct dg_schema_database {
    struct dg_published published;
    uint64_t changes;
    size_t n_open;
    struct dg_journal *journal;
    struct dg_snapshot *current;
    char changed[256]; /* names of all changes that the guard reported; "*" for any */
};

struct dg_schema_store {
    struct dg_schema_database database;
    struct fake_read reads[FAKE_MAX_READS];
    size_t n_reads;
    size_t n_asked; /* since the start */
    char released[64];
};

void fake_store_init(struct dg_schema_store *store);
void fake_store_fini(struct dg_schema_store *store);
/* Makes the shop's schema this, and has the journal record the difference. */
void fake_store_publish(struct dg_schema_store *store, const struct shop *shop);
/* Posts the answer to every read, with the present snapshot if status is DG_OK. */
void fake_store_answer(struct dg_schema_store *store, enum dg_status status);

#endif
