/*
 * Hash table from a run of bytes to a pointer: prepared statements by name, relations by name, drift groups by key.
 * Open addressing, power-of-two capacity, keys copied into the table. Bounded by max_entries.
 */
#ifndef DG_BASE_MAP_H
#define DG_BASE_MAP_H

#include "base/status.h"
#include "base/str.h"

struct dg_map_slot;

struct dg_map {
    struct dg_map_slot *slots; /* NULL until the first put */
    size_t n_slots;
    size_t n_entries;
    size_t max_entries;
};

void dg_map_init(struct dg_map *map, size_t max_entries);
/* Calls free_value (may be NULL) on each value, then frees the table. */
void dg_map_fini(struct dg_map *map, void (*free_value)(void *value));

/* The value, borrowed, or NULL. */
void *dg_map_find(const struct dg_map *map, struct dg_str key);
/* Sets key to value (not NULL); the value that stood there before goes to *old (NULL if none; `old` may be NULL). */
enum dg_status dg_map_put(struct dg_map *map, struct dg_str key, void *value, void **old) DG_MUST_CHECK;
/* Removes and returns the value, or NULL. */
void *dg_map_take(struct dg_map *map, struct dg_str key);
/* Iteration: *position starts at 0; returns the next value and its key (borrowed), NULL at the end. No change to the
   table meanwhile, but dg_map_take of the entry just returned is safe. */
void *dg_map_next(const struct dg_map *map, size_t *position, struct dg_str *key);

#endif
