/*
 * Verdicts and their cache: what a text means under one snapshot, search path, role and list of parameter types.
 *
 * A verdict is one allocation that holds a compact copy of the analysis, the text and the parameter types. It is
 * reference-counted and belongs to one worker; the cache holds one reference, each ticket another, so eviction never
 * pulls a verdict from under a statement in flight. The cache is bounded in bytes and evicts by second chance.
 */
#ifndef DG_GUARD_VERDICT_H
#define DG_GUARD_VERDICT_H

#include "base/hash.h"
#include "base/metrics.h"
#include "sql/analysis.h"

struct dg_deprecation;

struct dg_verdict {
    unsigned n_refs;
    bool is_cached;
    bool was_used;         /* since the cache's hand last came by */
    bool affects_names;    /* a statement may change what later names mean: path, role, DDL */
    bool ends_transaction; /* may take back or confirm what was done before */
    bool has_ddl;
    bool has_execute;          /* SQL-level */
    bool sets_breaker_context; /* mentions idle_session_timeout or lc_messages: no answers of ours afterwards */
    bool is_shape;             /* of all texts of a shape: `text` is the shape; no findings or effects, no locations */
    uint64_t last_read_ms;     /* when an error of this text last asked for a catalog read */
    size_t size_bytes;
    uint64_t generation;                      /* of the snapshot */
    uint64_t policy_version;                  /* the config that was asked about deprecated columns (policy.c) */
    const struct dg_deprecation *deprecation; /* and what it said; borrowed from it */
    struct dg_hash128 key;
    struct dg_verdict *next; /* in its bucket */
    struct dg_verdict *newer;
    struct dg_verdict *older;
    struct dg_sql_analysis analysis;
    struct dg_str text;
    const dg_oid *param_types;
    size_t n_param_types;
};

/* NULL if there is no memory. The caller has the only reference. */
struct dg_verdict *dg_verdict_new(struct dg_hash128 key, struct dg_str text, const struct dg_sql_session *session,
                                  const struct dg_sql_analysis *analysis);
/* The same verdict for all texts of a shape: NULL if it may not be shared, or if there is no memory. It holds nothing that
   is a text's own: no words, and no locations. */
struct dg_verdict *dg_verdict_of_shape(const struct dg_verdict *verdict, struct dg_hash128 key, struct dg_str shape);
/* The text mentions a setting that the breaker's answers depend on. */
bool dg_verdict_sets_breaker_context(struct dg_str text);
struct dg_verdict *dg_verdict_ref(struct dg_verdict *verdict); /* NULL passes through */
void dg_verdict_unref(struct dg_verdict *verdict);             /* NULL is allowed */

/* The digest of all that is the same for many texts: server and database (`place`, any bytes), snapshot, path, role, local names and `flags`. */
uint64_t dg_verdict_context(uint64_t secret, struct dg_str place, const struct dg_sql_session *session, unsigned flags);
/* The key of a text with its declared parameter types under a context. */
struct dg_hash128 dg_verdict_key(uint64_t context, struct dg_str text, const dg_oid *param_types, size_t n_param_types);
/* As a byte for byte other key as the text's: shapes and texts live in one cache. */
struct dg_hash128 dg_verdict_shape_key(uint64_t context, struct dg_str shape, const dg_oid *param_types,
                                       size_t n_param_types);

struct dg_verdict_cache;

/* `shard` (may be NULL) shows the bytes held. */
struct dg_verdict_cache *dg_verdict_cache_new(size_t max_bytes, struct dg_metrics_shard *shard);
void dg_verdict_cache_free(struct dg_verdict_cache *cache);
/* A new reference, or NULL. `text` is compared too: clients choose texts, and a hash is only a hash. */
struct dg_verdict *dg_verdict_cache_find(struct dg_verdict_cache *cache, struct dg_hash128 key, struct dg_str text);
/* The same for a shape; a text whose bytes are some shape's is another thing. */
struct dg_verdict *dg_verdict_cache_find_shape(struct dg_verdict_cache *cache, struct dg_hash128 key,
                                               struct dg_str shape);
/* Takes a reference of its own, and evicts what does not fit any more. A verdict of more than an eighth of the cache is
   not taken in. */
void dg_verdict_cache_put(struct dg_verdict_cache *cache, struct dg_verdict *verdict);
size_t dg_verdict_cache_bytes(const struct dg_verdict_cache *cache);
size_t dg_verdict_cache_count(const struct dg_verdict_cache *cache);

#endif
