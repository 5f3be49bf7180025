/*
 * One worker's guard: made before its sessions, freed after them.
 */
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "guard/state.h"
#include "schema/builder.h"

#define MAX_VIEWS 10000
#define MAX_BREAKER_RECORDS 1024
#define EMPTY_BYTES ((size_t)1 << 20)

static uint64_t make_secret(void)
{
    uint64_t secret = 0;
    if (getrandom(&secret, sizeof(secret), GRND_NONBLOCK) != (ssize_t)sizeof(secret))
        secret = dg_clock_monotonic_ns();
    return secret;
}

/* A schema with nothing in it: statements are taken apart against it while there is no snapshot, for what they do to the
   session. */
static struct dg_snapshot *make_empty(void)
{
    struct dg_snapshot *snapshot = NULL;
    struct dg_builder *builder = dg_builder_new(EMPTY_BYTES);
    if (builder == NULL || dg_builder_finish(builder, 0, 0, &snapshot) != DG_OK)
        return NULL;
    return snapshot;
}

struct dg_guard *dg_guard_new(struct dg_guard_shared *shared, struct dg_metrics_shard *shard,
                              struct dg_mailbox *mailbox)
{
    struct dg_guard *guard = calloc(1, sizeof(*guard));
    if (guard == NULL)
        return NULL;
    guard->shared = shared;
    guard->shard = shard;
    guard->mailbox = mailbox;
    guard->secret = make_secret();
    dg_published_refresh(shared->config, &guard->config);
    const struct dg_config *config = dg_guard_config(guard);
    size_t cache_bytes = config == NULL ? (size_t)16 << 20 : (size_t)config->verdict_cache_bytes;
    guard->verdicts = dg_verdict_cache_new(cache_bytes, shard);
    guard->breaker = dg_breaker_new(MAX_BREAKER_RECORDS);
    guard->empty = make_empty();
    dg_buffer_init(&guard->refusal, DG_GUARD_REFUSAL_BYTES);
    dg_arena_init(&guard->arena, DG_GUARD_ANALYSIS_BYTES);
    dg_map_init(&guard->views, MAX_VIEWS);
    if (guard->verdicts == NULL || guard->breaker == NULL) {
        dg_guard_free(guard);
        return NULL;
    }
    return guard;
}

void dg_guard_free(struct dg_guard *guard)
{
    if (guard == NULL)
        return;
    dg_read_detach_all(guard);
    dg_ticket_free_spares(guard);
    dg_verdict_cache_free(guard->verdicts);
    dg_breaker_free(guard->breaker);
    dg_buffer_fini(&guard->refusal);
    dg_snapshot_unref(guard->empty);
    dg_arena_fini(&guard->arena);
    dg_map_fini(&guard->views, NULL);
    dg_reader_fini(&guard->config);
    free(guard);
}
