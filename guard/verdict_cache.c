/*
 * The cache of verdicts: a fixed table of buckets over a list from newest to oldest. A hit only sets a bit; eviction
 * takes from the old end and gives those with the bit a second round (so a hit writes one cache line, not three).
 */
#include <stdlib.h>

#include "guard/verdict.h"

#define BYTES_PER_BUCKET 1024 /* about what a short statement's verdict takes */
#define MIN_BUCKETS 64
#define MAX_BUCKETS ((size_t)1 << 20)

struct dg_verdict_cache {
    struct dg_verdict **buckets;
    size_t n_buckets; /* a power of two */
    size_t max_bytes;
    size_t bytes;
    size_t count;
    struct dg_verdict *newest;
    struct dg_verdict *oldest;
    struct dg_metrics_shard *shard;
};

struct dg_verdict_cache *dg_verdict_cache_new(size_t max_bytes, struct dg_metrics_shard *shard)
{
    struct dg_verdict_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->n_buckets = MIN_BUCKETS;
    while (cache->n_buckets < MAX_BUCKETS && cache->n_buckets < max_bytes / BYTES_PER_BUCKET)
        cache->n_buckets *= 2;
    cache->buckets = calloc(cache->n_buckets, sizeof(struct dg_verdict *));
    if (cache->buckets == NULL) {
        free(cache);
        return NULL;
    }
    cache->max_bytes = max_bytes;
    cache->shard = shard;
    return cache;
}

static struct dg_verdict **bucket_of(const struct dg_verdict_cache *cache, struct dg_hash128 key)
{
    return &cache->buckets[key.low & (cache->n_buckets - 1)];
}

static void add_bytes(struct dg_verdict_cache *cache, uint64_t n)
{
    cache->bytes += n;
    if (cache->shard != NULL)
        dg_count(cache->shard, DG_CELL_VERDICT_CACHE_BYTES, n);
}

static void list_add(struct dg_verdict_cache *cache, struct dg_verdict *verdict)
{
    verdict->newer = NULL;
    verdict->older = cache->newest;
    if (cache->newest != NULL)
        cache->newest->newer = verdict;
    else
        cache->oldest = verdict;
    cache->newest = verdict;
}

static void list_remove(struct dg_verdict_cache *cache, struct dg_verdict *verdict)
{
    if (verdict->newer != NULL)
        verdict->newer->older = verdict->older;
    else
        cache->newest = verdict->older;
    if (verdict->older != NULL)
        verdict->older->newer = verdict->newer;
    else
        cache->oldest = verdict->newer;
    verdict->newer = NULL;
    verdict->older = NULL;
}

static void evict(struct dg_verdict_cache *cache, struct dg_verdict *verdict)
{
    struct dg_verdict **link = bucket_of(cache, verdict->key);
    while (*link != verdict)
        link = &(*link)->next;
    *link = verdict->next;
    verdict->next = NULL;
    list_remove(cache, verdict);
    add_bytes(cache, (uint64_t)0 - verdict->size_bytes);
    cache->count--;
    verdict->is_cached = false;
    dg_verdict_unref(verdict);
}

void dg_verdict_cache_free(struct dg_verdict_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != NULL)
        evict(cache, cache->oldest);
    free(cache->buckets);
    free(cache);
}

static struct dg_verdict *find(struct dg_verdict_cache *cache, struct dg_hash128 key, struct dg_str text, bool is_shape)
{
    for (struct dg_verdict *verdict = *bucket_of(cache, key); verdict != NULL; verdict = verdict->next) {
        if (!dg_hash128_equal(verdict->key, key) || verdict->is_shape != is_shape || !dg_str_equal(verdict->text, text))
            continue;
        verdict->was_used = true;
        return dg_verdict_ref(verdict);
    }
    return NULL;
}

struct dg_verdict *dg_verdict_cache_find(struct dg_verdict_cache *cache, struct dg_hash128 key, struct dg_str text)
{
    return find(cache, key, text, false);
}

struct dg_verdict *dg_verdict_cache_find_shape(struct dg_verdict_cache *cache, struct dg_hash128 key,
                                               struct dg_str shape)
{
    return find(cache, key, shape, true);
}

/* Ends: each round either evicts one or takes a bit away. */
static void make_room(struct dg_verdict_cache *cache, size_t size)
{
    while (cache->oldest != NULL && cache->bytes + size > cache->max_bytes) {
        struct dg_verdict *verdict = cache->oldest;
        if (!verdict->was_used) {
            evict(cache, verdict);
            continue;
        }
        verdict->was_used = false;
        list_remove(cache, verdict);
        list_add(cache, verdict);
    }
}

void dg_verdict_cache_put(struct dg_verdict_cache *cache, struct dg_verdict *verdict)
{
    if (verdict->is_cached || verdict->size_bytes > cache->max_bytes / 8)
        return;
    make_room(cache, verdict->size_bytes);
    struct dg_verdict **bucket = bucket_of(cache, verdict->key);
    verdict->next = *bucket;
    *bucket = dg_verdict_ref(verdict);
    verdict->is_cached = true;
    verdict->was_used = false;
    list_add(cache, verdict);
    add_bytes(cache, verdict->size_bytes);
    cache->count++;
}

size_t dg_verdict_cache_bytes(const struct dg_verdict_cache *cache)
{
    return cache->bytes;
}

size_t dg_verdict_cache_count(const struct dg_verdict_cache *cache)
{
    return cache->count;
}
