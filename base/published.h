/*
 * One immutable object that many threads read and one replaces: the running config, a database's snapshot.
 *
 * A reader keeps its own reference in a struct dg_reader and asks dg_published_refresh before use: one relaxed-acquire
 * load when nothing changed, a short lock when something did. The object is freed with its last reference.
 */
#ifndef DG_BASE_PUBLISHED_H
#define DG_BASE_PUBLISHED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Embedded as the first member of the published object. */
struct dg_shared {
    atomic_uint n_refs;
    void (*free_object)(struct dg_shared *object);
};

/* Starts with one reference, the caller's. */
void dg_shared_init(struct dg_shared *object, void (*free_object)(struct dg_shared *object));
struct dg_shared *dg_shared_ref(struct dg_shared *object); /* NULL passes through */
void dg_shared_unref(struct dg_shared *object);            /* NULL is allowed */

struct dg_published {
    pthread_mutex_t lock;
    atomic_uint_fast64_t version; /* 0 until the first set, then counts sets */
    struct dg_shared *object;
};

struct dg_reader {
    uint64_t version;
    struct dg_shared *object; /* a reference of the reader's own, or NULL */
};

void dg_published_init(struct dg_published *slot);
void dg_published_fini(struct dg_published *slot);
/* Takes over the caller's reference; NULL publishes "none". */
void dg_published_set(struct dg_published *slot, struct dg_shared *object);
/* Brings reader->object up to date; true if it changed. */
bool dg_published_refresh(struct dg_published *slot, struct dg_reader *reader);
/* A new reference to the present object, or NULL. */
struct dg_shared *dg_published_get(struct dg_published *slot);
void dg_reader_fini(struct dg_reader *reader);

#endif
