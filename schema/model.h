/*
 * What a snapshot is made of; only for the files of this folder.
 *
 * A snapshot is an index over objects that lie in layers. A layer is an arena with a reference count: a full read makes
 * one, and each patch (a targeted read) adds a small one, while the untouched objects stay where they are and are
 * shared with the older snapshot. So a patch costs one pass over the index, not a copy of every column, and what a patch
 * replaced stays allocated until the next full read (DG_MAX_LAYERS bounds how much that can be).
 *
 *      snapshot --> index arena: entries by oid, hash chains by name
 *               --> layers: [full read] [patch] [patch] ...   each shared between snapshots
 */
#ifndef DG_SCHEMA_MODEL_H
#define DG_SCHEMA_MODEL_H

#include "base/arena.h"
#include "schema/snapshot.h"

/* A patch of a snapshot with this many layers is refused (DG_LIMIT): time for a full read. */
#define DG_MAX_LAYERS 64

struct dg_layer {
    atomic_uint n_refs;
    struct dg_arena arena;
};

struct dg_layer *dg_layer_new(size_t max_bytes);
struct dg_layer *dg_layer_ref(struct dg_layer *layer);
void dg_layer_unref(struct dg_layer *layer);

/* One object under its oid and its name. */
struct dg_entry {
    const void *object;
    const char *name;
    dg_oid oid;
    dg_oid namespace_oid; /* 0 for what has no schema */
    int64_t read_at_us;   /* when the catalogs had it like this */
};

/* Hash chains over an array: buckets and next hold positions + 1, 0 ends a chain. Chains run in the array's order. */
struct dg_chains {
    uint32_t *buckets;
    uint32_t *next;
    uint32_t mask;
};

/* All objects of a kind, sorted by oid. */
struct dg_collection {
    const struct dg_entry *entries;
    size_t n;
    struct dg_chains by_name;      /* the name alone */
    struct dg_chains by_full_name; /* the name within its schema */
};

struct dg_enum {
    dg_oid type_oid;
    const char *const *labels;
    size_t n_labels;
};

struct dg_row_cast {
    dg_oid source_oid;
    dg_oid target_oid;
};

struct dg_setting {
    dg_oid role_oid;    /* 0: every role */
    bool this_database; /* false: every database */
    const char *name;
    const char *value;
};

struct dg_snapshot {
    struct dg_shared shared;
    uint64_t generation;
    int64_t read_at_us;      /* of the newest read */
    int64_t full_read_at_us; /* of the read that began with nothing */
    int64_t verified_at_us; /* when the catalogs were last seen to be still the same, or 0; the schema thread's alone */
    uint64_t settings_read_ms; /* by this process's monotonic clock; 0: by an earlier process */
    uint64_t covers;
    size_t size_bytes;
    struct dg_arena index; /* everything below that is not in a layer */
    struct dg_layer *layers[DG_MAX_LAYERS];
    size_t n_layers;
    const struct dg_server_facts *facts;
    unsigned side_effects; /* enum dg_side_effects */
    struct dg_collection namespaces;
    struct dg_collection relations;
    struct dg_collection types;
    struct dg_collection functions;
    struct dg_collection roles;
    /* Sorted by type_oid, by both oids, by relation and index oid, by role oid. */
    const struct dg_enum *enums;
    size_t n_enums;
    const struct dg_row_cast *row_casts;
    size_t n_row_casts;
    const struct dg_unique_index *unique_indexes;
    size_t n_unique_indexes;
    const struct dg_setting *settings;
    size_t n_settings;
};

/* Where `oid` is, or would be, among n oids in ascending order that stand `stride` bytes apart (a member of an array's
   structs). */
size_t dg_oids_lower_bound(const dg_oid *first, size_t n, size_t stride, dg_oid oid);

/* Sorts the n entries by oid and builds the chains; all memory from `arena`. The entries are copied. */
enum dg_status dg_collection_build(struct dg_collection *collection, struct dg_arena *arena,
                                   const struct dg_entry *entries, size_t n) DG_MUST_CHECK;
/* The object with this oid, or NULL. */
const struct dg_entry *dg_collection_find_oid(const struct dg_collection *collection, dg_oid oid);
const struct dg_entry *dg_collection_find_name(const struct dg_collection *collection, dg_oid namespace_oid,
                                               struct dg_str name);
/* The next object of this name in any schema. *cursor starts at 0 and holds a position + 1. */
const struct dg_entry *dg_collection_next_named(const struct dg_collection *collection, struct dg_str name,
                                                size_t *cursor);
/* The next object in oid order. */
const struct dg_entry *dg_collection_next(const struct dg_collection *collection, size_t *cursor);

#endif
