/*
 * Published objects. The slot holds one reference, each reader its own; the lock is held only to swap pointers and
 * count up, never while an object is freed.
 */
#include "base/published.h"

#include <stddef.h>

void dg_shared_init(struct dg_shared *object, void (*free_object)(struct dg_shared *object))
{
    atomic_init(&object->n_refs, 1);
    object->free_object = free_object;
}

struct dg_shared *dg_shared_ref(struct dg_shared *object)
{
    /* Relaxed: whoever takes a reference has one, or the slot's lock, to keep the object alive. */
    if (object != NULL)
        atomic_fetch_add_explicit(&object->n_refs, 1, memory_order_relaxed);
    return object;
}

void dg_shared_unref(struct dg_shared *object)
{
    if (object == NULL)
        return;
    /* Release, so that our use of it comes before its end; acquire, so that the last one sees everybody's use done. */
    if (atomic_fetch_sub_explicit(&object->n_refs, 1, memory_order_acq_rel) == 1)
        object->free_object(object);
}

void dg_published_init(struct dg_published *slot)
{
    pthread_mutex_init(&slot->lock, NULL);
    atomic_init(&slot->version, 0);
    slot->object = NULL;
}

void dg_published_fini(struct dg_published *slot)
{
    dg_shared_unref(slot->object);
    slot->object = NULL;
    pthread_mutex_destroy(&slot->lock);
}

void dg_published_set(struct dg_published *slot, struct dg_shared *object)
{
    pthread_mutex_lock(&slot->lock);
    struct dg_shared *old = slot->object;
    slot->object = object;
    atomic_fetch_add_explicit(&slot->version, 1, memory_order_release);
    pthread_mutex_unlock(&slot->lock);
    dg_shared_unref(old);
}

bool dg_published_refresh(struct dg_published *slot, struct dg_reader *reader)
{
    if (atomic_load_explicit(&slot->version, memory_order_acquire) == reader->version)
        return false;
    pthread_mutex_lock(&slot->lock);
    struct dg_shared *now = dg_shared_ref(slot->object);
    reader->version = atomic_load_explicit(&slot->version, memory_order_relaxed);
    pthread_mutex_unlock(&slot->lock);
    dg_shared_unref(reader->object);
    reader->object = now;
    return true;
}

struct dg_shared *dg_published_get(struct dg_published *slot)
{
    pthread_mutex_lock(&slot->lock);
    struct dg_shared *object = dg_shared_ref(slot->object);
    pthread_mutex_unlock(&slot->lock);
    return object;
}

void dg_reader_fini(struct dg_reader *reader)
{
    dg_shared_unref(reader->object);
    *reader = (struct dg_reader){0, NULL};
}
