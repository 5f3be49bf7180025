/*
 * An array of objects sorted by oid, with two sets of hash chains over it: by name alone (what may an unqualified name
 * mean) and by name within a schema (a thousand tenants may each have their "orders"; a chain by name alone would be a
 * thousand long).
 *
 * Built once, never changed. Chains hold positions, not pointers: half the memory, and the array itself is the storage.
 */
#include "schema/model.h"

#include <stdlib.h>

#include "base/hash.h"

static int compare_oids(const void *a, const void *b)
{
    const struct dg_entry *left = a;
    const struct dg_entry *right = b;
    return left->oid < right->oid ? -1 : left->oid > right->oid;
}

static bool is_sorted(const struct dg_entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (entries[i - 1].oid > entries[i].oid)
            return false;
    return true;
}

static uint32_t hash_name(struct dg_str name)
{
    return (uint32_t)dg_hash64(name.data, name.len);
}

static uint32_t hash_full_name(dg_oid namespace_oid, struct dg_str name)
{
    return (uint32_t)dg_hash64_seeded(name.data, name.len, namespace_oid);
}

/* Empty chains for n objects: at least as many buckets as objects. */
static enum dg_status chains_init(struct dg_chains *chains, struct dg_arena *arena, size_t n)
{
    size_t n_buckets = 1;
    while (n_buckets < n)
        n_buckets *= 2;
    chains->buckets = dg_arena_array(arena, n_buckets, sizeof *chains->buckets);
    chains->next = dg_arena_array(arena, n, sizeof *chains->next);
    if (chains->buckets == NULL || chains->next == NULL)
        return DG_LIMIT; /* the arena's */
    chains->mask = (uint32_t)n_buckets - 1;
    return DG_OK;
}

static void chains_push(struct dg_chains *chains, uint32_t hash, size_t position)
{
    uint32_t *bucket = &chains->buckets[hash & chains->mask];
    chains->next[position] = *bucket;
    *bucket = (uint32_t)position + 1;
}

enum dg_status dg_collection_build(struct dg_collection *collection, struct dg_arena *arena,
                                   const struct dg_entry *entries, size_t n)
{
    *collection = (struct dg_collection){0};
    if (n == 0)
        return DG_OK;
    if (n >= UINT32_MAX / 2)
        return DG_LIMIT;
    struct dg_entry *sorted = dg_arena_array(arena, n, sizeof *sorted);
    if (sorted == NULL)
        return DG_LIMIT; /* the arena's */
    memcpy(sorted, entries, n * sizeof *sorted);
    /* The catalog read comes in oid order, and so does a patch but for its few new objects. */
    if (!is_sorted(sorted, n))
        qsort(sorted, n, sizeof *sorted, compare_oids);

    enum dg_status status = chains_init(&collection->by_name, arena, n);
    if (status == DG_OK)
        status = chains_init(&collection->by_full_name, arena, n);
    if (status != DG_OK)
        return status;
    /* From the last to the first, since each push goes to the front of its chain. */
    for (size_t i = n; i-- > 0;) {
        struct dg_str name = dg_str_of(sorted[i].name);
        chains_push(&collection->by_name, hash_name(name), i);
        chains_push(&collection->by_full_name, hash_full_name(sorted[i].namespace_oid, name), i);
    }
    collection->entries = sorted;
    collection->n = n;
    return DG_OK;
}

size_t dg_oids_lower_bound(const dg_oid *first, size_t n, size_t stride, dg_oid oid)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (*(const dg_oid *)(const void *)((const char *)first + middle * stride) < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct dg_entry *dg_collection_find_oid(const struct dg_collection *collection, dg_oid oid)
{
    const struct dg_entry *entries = collection->entries;
    if (collection->n == 0)
        return NULL;
    size_t at = dg_oids_lower_bound(&entries[0].oid, collection->n, sizeof(entries[0]), oid);
    return at < collection->n && entries[at].oid == oid ? &entries[at] : NULL;
}

const struct dg_entry *dg_collection_find_name(const struct dg_collection *collection, dg_oid namespace_oid,
                                               struct dg_str name)
{
    if (collection->n == 0)
        return NULL;
    const struct dg_chains *chains = &collection->by_full_name;
    uint32_t position = chains->buckets[hash_full_name(namespace_oid, name) & chains->mask];
    while (position != 0) {
        const struct dg_entry *entry = &collection->entries[position - 1];
        if (entry->namespace_oid == namespace_oid && dg_str_is(name, entry->name))
            return entry;
        position = chains->next[position - 1];
    }
    return NULL;
}

const struct dg_entry *dg_collection_next_named(const struct dg_collection *collection, struct dg_str name,
                                                size_t *cursor)
{
    if (collection->n == 0)
        return NULL;
    const struct dg_chains *chains = &collection->by_name;
    uint32_t position = 0;
    if (*cursor == 0)
        position = chains->buckets[hash_name(name) & chains->mask];
    else if (*cursor <= collection->n)
        position = chains->next[*cursor - 1];
    for (; position != 0; position = chains->next[position - 1]) {
        if (!dg_str_is(name, collection->entries[position - 1].name))
            continue;
        *cursor = position;
        return &collection->entries[position - 1];
    }
    return NULL;
}

const struct dg_entry *dg_collection_next(const struct dg_collection *collection, size_t *cursor)
{
    if (*cursor >= collection->n)
        return NULL;
    return &collection->entries[(*cursor)++];
}
