/*
 * The bounded byte queue: doubles from 4 KiB, freed when empty.
 */
#include "base/buffer.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_BYTES 4096u

void dg_buffer_init(struct dg_buffer *buffer, size_t max_bytes)
{
    *buffer = (struct dg_buffer){.max_bytes = max_bytes};
}

void dg_buffer_fini(struct dg_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct dg_buffer){.max_bytes = buffer->max_bytes};
}

/* Moves the readable bytes to the front of the memory. */
static void compact(struct dg_buffer *buffer)
{
    size_t len = dg_buffer_len(buffer);
    memmove(buffer->data, buffer->data + buffer->head, len);
    buffer->head = 0;
    buffer->tail = len;
}

/* New memory for at least `needed` bytes, with the readable ones at its front. */
static enum dg_status grow(struct dg_buffer *buffer, size_t needed)
{
    size_t cap = buffer->cap > FIRST_BYTES ? buffer->cap : FIRST_BYTES;
    while (cap < needed && cap <= buffer->max_bytes / 2)
        cap *= 2;
    if (cap < needed || cap > buffer->max_bytes)
        cap = buffer->max_bytes;
    uint8_t *data = malloc(cap);
    if (data == NULL)
        return DG_NO_MEMORY;
    size_t len = dg_buffer_len(buffer);
    if (len > 0)
        memcpy(data, buffer->data + buffer->head, len);
    free(buffer->data);
    buffer->data = data;
    buffer->head = 0;
    buffer->tail = len;
    buffer->cap = cap;
    return DG_OK;
}

/* The limit is checked before anything moves: on failure the buffer is what it was. */
static enum dg_status make_room(struct dg_buffer *buffer, size_t len)
{
    size_t readable = dg_buffer_len(buffer);
    if (len > buffer->max_bytes - readable)
        return DG_LIMIT;
    if (len <= buffer->cap - buffer->tail)
        return DG_OK;
    /* Moving pays when at least as much was released as is moved: then each byte is moved once on average. */
    bool fits = readable + len <= buffer->cap;
    if (fits && (buffer->head >= readable || buffer->cap == buffer->max_bytes)) {
        compact(buffer);
        return DG_OK;
    }
    return grow(buffer, fits ? buffer->cap + 1 : readable + len);
}

enum dg_status dg_buffer_append(struct dg_buffer *buffer, const void *bytes, size_t len)
{
    if (len == 0)
        return DG_OK;
    enum dg_status status = make_room(buffer, len);
    if (status != DG_OK)
        return status;
    memcpy(buffer->data + buffer->tail, bytes, len);
    buffer->tail += len;
    return DG_OK;
}

uint8_t *dg_buffer_reserve(struct dg_buffer *buffer, size_t len)
{
    /* Even for no bytes there is memory to point to. */
    if (make_room(buffer, len == 0 ? 1 : len) != DG_OK)
        return NULL;
    return buffer->data + buffer->tail;
}

void dg_buffer_added(struct dg_buffer *buffer, size_t len)
{
    assert(len <= buffer->cap - buffer->tail);
    buffer->tail += len;
}

void dg_buffer_consume(struct dg_buffer *buffer, size_t len)
{
    assert(len <= dg_buffer_len(buffer));
    buffer->head += len;
    if (buffer->head == buffer->tail)
        dg_buffer_fini(buffer);
}
