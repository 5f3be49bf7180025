/*
 * The hash table; its layout is told in the header.
 *
 * Invariants: at most three quarters of the index are in use, so every probe ends at an empty slot; for each entry
 * there is exactly one slot, and no slot between the entry's home and its slot is empty.
 */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/hash.h"

#define FIRST_SLOTS 8u
/* Positions are 32 bits wide. */
#define MOST_ENTRIES 0x7FFFFFFFu
/* What no slot has as its number. */
#define NO_SLOT SIZE_MAX

struct dg_map_entry {
    char *key;
    size_t key_len;
    uint64_t hash;
    void *value;
};

void dg_map_init(struct dg_map *map, size_t max_entries)
{
    *map = (struct dg_map){.max_entries = max_entries < MOST_ENTRIES ? max_entries : MOST_ENTRIES};
}

void dg_map_fini(struct dg_map *map, void (*free_value)(void *value))
{
    for (size_t i = 0; i < map->n_entries; i++) {
        if (free_value != NULL)
            free_value(map->entries[i].value);
        free(map->entries[i].key);
    }
    free(map->entries);
    free(map->index);
    dg_map_init(map, map->max_entries);
}

static uint64_t hash_of(const struct dg_map *map, struct dg_str key)
{
    return dg_hash64_seeded(key.data, key.len, map->seed);
}

static size_t home_of(const struct dg_map *map, uint64_t hash)
{
    return (size_t)hash & (map->n_slots - 1);
}

/* The slot of `key`, or NO_SLOT. */
static size_t find_slot(const struct dg_map *map, struct dg_str key)
{
    if (map->n_entries == 0)
        return NO_SLOT;
    uint64_t hash = hash_of(map, key);
    for (size_t slot = home_of(map, hash); map->index[slot] != 0; slot = (slot + 1) & (map->n_slots - 1)) {
        const struct dg_map_entry *entry = &map->entries[map->index[slot] - 1];
        if (entry->hash == hash && dg_str_equal((struct dg_str){entry->key, entry->key_len}, key))
            return slot;
    }
    return NO_SLOT;
}

void *dg_map_find(const struct dg_map *map, struct dg_str key)
{
    size_t slot = find_slot(map, key);
    return slot == NO_SLOT ? NULL : map->entries[map->index[slot] - 1].value;
}

/* Puts the entry at `position` into the first free slot from its home on. */
static void index_entry(struct dg_map *map, size_t position)
{
    size_t slot = home_of(map, map->entries[position].hash);
    while (map->index[slot] != 0)
        slot = (slot + 1) & (map->n_slots - 1);
    map->index[slot] = (uint32_t)(position + 1);
}

/* A seed that clients cannot guess; without the kernel's random numbers (early boot), one that is at least theirs alone
   to measure. */
static uint64_t random_seed(const struct dg_map *map)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        return seed;
    return dg_clock_monotonic_ns() ^ (uint64_t)(uintptr_t)map;
}

/* Room for one entry more: the index at most three quarters full, the entries' array as large as that allows. */
static enum dg_status grow(struct dg_map *map)
{
    size_t n_slots = map->n_slots == 0 ? FIRST_SLOTS : map->n_slots * 2;
    size_t cap = n_slots / 4 * 3;
    if (map->n_slots == 0)
        map->seed = random_seed(map);
    struct dg_map_entry *entries = reallocarray(map->entries, cap, sizeof *entries);
    if (entries == NULL)
        return DG_NO_MEMORY;
    map->entries = entries;
    uint32_t *index = calloc(n_slots, sizeof *index);
    if (index == NULL)
        return DG_NO_MEMORY;
    free(map->index);
    map->index = index;
    map->n_slots = n_slots;
    map->cap_entries = cap;
    for (size_t i = 0; i < map->n_entries; i++)
        index_entry(map, i);
    return DG_OK;
}

static enum dg_status add_entry(struct dg_map *map, struct dg_str key, void *value)
{
    if (map->n_entries >= map->max_entries)
        return DG_LIMIT;
    char *copy = malloc(key.len + 1);
    if (copy == NULL)
        return DG_NO_MEMORY;
    if (map->n_entries == map->cap_entries && grow(map) != DG_OK) {
        free(copy);
        return DG_NO_MEMORY;
    }
    if (key.len > 0)
        memcpy(copy, key.data, key.len);
    copy[key.len] = '\0';
    size_t position = map->n_entries++;
    map->entries[position] = (struct dg_map_entry){copy, key.len, hash_of(map, key), value};
    index_entry(map, position);
    return DG_OK;
}

enum dg_status dg_map_put(struct dg_map *map, struct dg_str key, void *value, void **old)
{
    if (old != NULL)
        *old = NULL;
    size_t slot = find_slot(map, key);
    if (slot == NO_SLOT)
        return add_entry(map, key, value);
    struct dg_map_entry *entry = &map->entries[map->index[slot] - 1];
    if (old != NULL)
        *old = entry->value;
    entry->value = value;
    return DG_OK;
}

/* Empties `slot` and moves back what follows it, up to the next empty slot, where its home allows. */
static void empty_slot(struct dg_map *map, size_t slot)
{
    size_t mask = map->n_slots - 1;
    size_t hole = slot;
    for (size_t next = (hole + 1) & mask; map->index[next] != 0; next = (next + 1) & mask) {
        size_t home = home_of(map, map->entries[map->index[next] - 1].hash);
        /* It may move to the hole if the hole lies between its home and where it is, on the circle. */
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            map->index[hole] = map->index[next];
            hole = next;
        }
    }
    map->index[hole] = 0;
}

/* Moves the last entry to `position`, whose own entry is gone, and its slot with it. */
static void fill_hole(struct dg_map *map, size_t position)
{
    size_t last = map->n_entries - 1;
    if (position == last)
        return;
    size_t slot = home_of(map, map->entries[last].hash);
    while (map->index[slot] != last + 1)
        slot = (slot + 1) & (map->n_slots - 1);
    map->index[slot] = (uint32_t)(position + 1);
    map->entries[position] = map->entries[last];
}

void *dg_map_take(struct dg_map *map, struct dg_str key)
{
    size_t slot = find_slot(map, key);
    if (slot == NO_SLOT)
        return NULL;
    size_t position = map->index[slot] - 1;
    void *value = map->entries[position].value;
    char *stored_key = map->entries[position].key;
    empty_slot(map, slot);
    fill_hole(map, position);
    map->n_entries--;
    free(stored_key); /* last: `key` may be the stored key itself, as dg_map_next gives it */
    return value;
}

/*
 * *position is 0 before the start, else one more than the position of the entry just returned. The walk goes down:
 * taking that entry fills its place with the last entry, which was returned before, so nothing is met twice or missed.
 */
void *dg_map_next(const struct dg_map *map, size_t *position, struct dg_str *key)
{
    size_t before = *position == 0 ? map->n_entries : *position - 1;
    if (before == 0) {
        *position = 1; /* stays at the end */
        return NULL;
    }
    *position = before;
    const struct dg_map_entry *entry = &map->entries[before - 1];
    if (key != NULL)
        *key = (struct dg_str){entry->key, entry->key_len};
    return entry->value;
}
