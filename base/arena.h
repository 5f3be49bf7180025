/*
 * Bump allocator for things that die together. An arena is named after its lifetime: message, session, snapshot,
 * process. Memory is given back all at once by reset or fini; nothing in it has a destructor.
 */
#ifndef DG_BASE_ARENA_H
#define DG_BASE_ARENA_H

#include "base/status.h"
#include "base/str.h"

struct dg_arena_block;

struct dg_arena {
    struct dg_arena_block *blocks; /* newest first */
    size_t used_bytes;             /* handed out since init or reset */
    size_t reserved_bytes;         /* taken from malloc */
    size_t max_bytes;              /* reserve never exceeds this */
};

/* No memory is taken until the first allocation. */
void dg_arena_init(struct dg_arena *arena, size_t max_bytes);
/* Frees all but one block; what was handed out is gone. */
void dg_arena_reset(struct dg_arena *arena);
void dg_arena_fini(struct dg_arena *arena);

/* Uninitialised / zeroed memory, aligned for any type. NULL if the limit or malloc says no. */
void *dg_arena_alloc(struct dg_arena *arena, size_t size_bytes) DG_MUST_CHECK;
void *dg_arena_zalloc(struct dg_arena *arena, size_t size_bytes) DG_MUST_CHECK;
/* As zalloc for n elements; NULL on overflow too. */
void *dg_arena_array(struct dg_arena *arena, size_t n, size_t size_bytes) DG_MUST_CHECK;
/* NUL-terminated copies. NULL if there is no memory. */
char *dg_arena_strdup(struct dg_arena *arena, const char *text) DG_MUST_CHECK;
char *dg_arena_strndup(struct dg_arena *arena, const char *text, size_t len) DG_MUST_CHECK;
char *dg_arena_printf(struct dg_arena *arena, const char *format, ...) DG_MUST_CHECK DG_PRINTF(2, 3);

#endif
