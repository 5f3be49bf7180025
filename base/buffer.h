/*
 * A bounded queue of bytes between two sockets.
 *
 *      data        head            tail          cap
 *      +-----------+---------------+-------------+
 *      | released  | readable      | free        |
 *      +-----------+---------------+-------------+
 *
 * Memory is taken at the first append and given back when the queue runs empty (dg_buffer_consume does it), so an idle
 * session holds none. The readable part is contiguous.
 */
#ifndef DG_BASE_BUFFER_H
#define DG_BASE_BUFFER_H

#include "base/status.h"
#include "base/str.h"

struct dg_buffer {
    uint8_t *data;
    size_t head;
    size_t tail;
    size_t cap;
    size_t max_bytes; /* neither readable bytes nor cap exceed this */
};

void dg_buffer_init(struct dg_buffer *buffer, size_t max_bytes);
void dg_buffer_fini(struct dg_buffer *buffer);

static inline size_t dg_buffer_len(const struct dg_buffer *buffer)
{
    return buffer->tail - buffer->head;
}

/* The readable bytes, borrowed until the next change of the buffer. */
static inline struct dg_str dg_buffer_view(const struct dg_buffer *buffer)
{
    if (buffer->data == NULL)
        return (struct dg_str){NULL, 0};
    return (struct dg_str){(const char *)buffer->data + buffer->head, buffer->tail - buffer->head};
}

/* DG_LIMIT above max_bytes, DG_NO_MEMORY; the buffer is unchanged on failure. */
enum dg_status dg_buffer_append(struct dg_buffer *buffer, const void *bytes, size_t len) DG_MUST_CHECK;
/* Makes room for at least `len` more bytes and returns where they go; follow with dg_buffer_added. All from there to
   cap may be filled (dg_buffer_room). NULL: as append. What was borrowed before may have moved. */
uint8_t *dg_buffer_reserve(struct dg_buffer *buffer, size_t len) DG_MUST_CHECK;
static inline size_t dg_buffer_room(const struct dg_buffer *buffer)
{
    return buffer->cap - buffer->tail;
}
void dg_buffer_added(struct dg_buffer *buffer, size_t len);
/* Releases `len` readable bytes from the front; frees the memory when none are left. */
void dg_buffer_consume(struct dg_buffer *buffer, size_t len);

#endif
