/*
 * Hash table from a run of bytes to a pointer: prepared statements by name, relations by name, drift groups by key.
 * Bounded by max_entries; keys are copied.
 *
 * Entries lie densely in an array; an open-addressed index of power-of-two size, seeded at random for each table since
 * clients choose keys, holds their positions. Deletion shifts the index back (no tombstones) and moves the last entry
 * into the hole, which is why a walk runs from the last entry to the first.
 */
#ifndef DG_BASE_MAP_H
#define DG_BASE_MAP_H

#include "base/status.h"
#include "base/str.h"

struct dg_map_entry;

struct dg_map {
    struct dg_map_entry *entries; /* NULL until the first put */
    uint32_t *index;              /* n_slots of them: 0 for none, else an entry's position + 1 */
    size_t n_slots;
    size_t n_entries;
    size_t cap_entries;
    size_t max_entries;
    uint64_t seed;
};

void dg_map_init(struct dg_map *map, size_t max_entries);
/* Calls free_value (may be NULL) on each value, then frees the table. */
void dg_map_fini(struct dg_map *map, void (*free_value)(void *value));

/* The value, borrowed, or NULL. */
void *dg_map_find(const struct dg_map *map, struct dg_str key);
/* DG_LIMIT beyond max_entries, DG_NO_MEMORY. Sets key to value (not NULL); the value that stood there before goes to
 * *old (NULL if none; `old` may be NULL). */
enum dg_status dg_map_put(struct dg_map *map, struct dg_str key, void *value, void **old) DG_MUST_CHECK;
/* Removes and returns the value, or NULL. */
void *dg_map_take(struct dg_map *map, struct dg_str key);
/* Iteration: *position starts at 0; returns the next value and its key (borrowed; `key` may be NULL), NULL at the end.
   Newest first while nothing was taken. No change to the table meanwhile, but dg_map_take of the entry just returned is
   safe (its key is gone then). */
void *dg_map_next(const struct dg_map *map, size_t *position, struct dg_str *key);

#endif
