/*
 * The bump allocator: a list of blocks, newest first, each used from its front.
 *
 * Blocks double from 1 KiB to 64 KiB, so a small arena stays small and a large one asks malloc rarely. A request that
 * is larger than the next block gets a block of its own size.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_BLOCK_BYTES 1024u
#define LARGEST_BLOCK_BYTES 65536u
#define ALIGNMENT alignof(max_align_t)

struct dg_arena_block {
    struct dg_arena_block *next;
    size_t size; /* of the whole block, header included: what malloc was asked for */
    size_t used; /* from the block's start, header included */
    alignas(max_align_t) unsigned char bytes[];
};

void dg_arena_init(struct dg_arena *arena, size_t max_bytes)
{
    *arena = (struct dg_arena){.max_bytes = max_bytes};
}

void dg_arena_fini(struct dg_arena *arena)
{
    while (arena->blocks != NULL) {
        struct dg_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used_bytes = 0;
    arena->reserved_bytes = 0;
}

/* Keeps the largest block of ordinary size: what was needed once is likely needed again, but one huge request is not
   to be held for ever. */
void dg_arena_reset(struct dg_arena *arena)
{
    struct dg_arena_block *kept = NULL;
    struct dg_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct dg_arena_block *next = block->next;
        bool better = block->size <= LARGEST_BLOCK_BYTES && (kept == NULL || block->size > kept->size);
        if (better) {
            free(kept);
            kept = block;
        } else {
            free(block);
        }
        block = next;
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = sizeof *kept;
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
    arena->reserved_bytes = kept == NULL ? 0 : kept->size;
}

/* A block with room for at least `size` bytes in front of the list. */
static struct dg_arena_block *add_block(struct dg_arena *arena, size_t size)
{
    size_t allowed = arena->max_bytes > arena->reserved_bytes ? arena->max_bytes - arena->reserved_bytes : 0;
    if (allowed < sizeof(struct dg_arena_block) || size > allowed - sizeof(struct dg_arena_block))
        return NULL;
    size_t wanted = arena->blocks == NULL ? FIRST_BLOCK_BYTES : arena->blocks->size * 2;
    if (wanted > LARGEST_BLOCK_BYTES)
        wanted = LARGEST_BLOCK_BYTES;
    if (wanted < sizeof(struct dg_arena_block) + size)
        wanted = sizeof(struct dg_arena_block) + size;
    if (wanted > allowed)
        wanted = allowed;

    struct dg_arena_block *block = malloc(wanted);
    if (block == NULL)
        return NULL;
    *block = (struct dg_arena_block){.next = arena->blocks, .size = wanted, .used = sizeof *block};
    arena->blocks = block;
    arena->reserved_bytes += wanted;
    return block;
}

/* A block that is too full for this request is left as it is, though a smaller one might still fit: no search. */
void *dg_arena_alloc(struct dg_arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t size = (size_bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct dg_arena_block *block = arena->blocks;
    if (block == NULL || size > block->size - block->used)
        block = add_block(arena, size);
    if (block == NULL)
        return NULL;
    void *memory = (unsigned char *)block + block->used;
    block->used += size;
    arena->used_bytes += size;
    return memory;
}

void *dg_arena_zalloc(struct dg_arena *arena, size_t size_bytes)
{
    void *memory = dg_arena_alloc(arena, size_bytes);
    if (memory != NULL)
        memset(memory, 0, size_bytes);
    return memory;
}

void *dg_arena_array(struct dg_arena *arena, size_t n, size_t size_bytes)
{
    if (size_bytes != 0 && n > SIZE_MAX / size_bytes)
        return NULL;
    return dg_arena_zalloc(arena, n * size_bytes);
}

char *dg_arena_strndup(struct dg_arena *arena, const char *text, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = dg_arena_alloc(arena, len + 1);
    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *dg_arena_strdup(struct dg_arena *arena, const char *text)
{
    return dg_arena_strndup(arena, text, strlen(text));
}

/* Measures first, since the arena cannot give back what turns out to be too much. */
char *dg_arena_printf(struct dg_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : dg_arena_alloc(arena, (size_t)len + 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}
