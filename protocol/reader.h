/*
 * A must-check cursor over a message body, so that nobody does pointer arithmetic on bytes from outside. Each take
 * either succeeds whole or leaves the cursor where it was and returns false.
 */
#ifndef DG_PROTOCOL_READER_H
#define DG_PROTOCOL_READER_H

#include "base/status.h"
#include "base/str.h"

struct dg_byte_reader {
    const char *at;
    size_t left;
};

static inline struct dg_byte_reader dg_byte_reader_of(struct dg_str bytes)
{
    return (struct dg_byte_reader){bytes.data, bytes.len};
}

DG_MUST_CHECK static inline bool dg_read_bytes(struct dg_byte_reader *reader, size_t len, struct dg_str *bytes)
{
    if (reader->left < len)
        return false;
    *bytes = (struct dg_str){reader->at, len};
    if (len > 0)
        reader->at += len;
    reader->left -= len;
    return true;
}

DG_MUST_CHECK static inline bool dg_read_char(struct dg_byte_reader *reader, char *value)
{
    struct dg_str bytes;
    if (!dg_read_bytes(reader, 1, &bytes))
        return false;
    *value = bytes.data[0];
    return true;
}

/* Network byte order. */
DG_MUST_CHECK static inline bool dg_read_u16(struct dg_byte_reader *reader, uint16_t *value)
{
    struct dg_str bytes;
    if (!dg_read_bytes(reader, 2, &bytes))
        return false;
    const uint8_t *b = (const uint8_t *)bytes.data;
    *value = (uint16_t)((unsigned)b[0] << 8 | (unsigned)b[1]);
    return true;
}

DG_MUST_CHECK static inline bool dg_read_u32(struct dg_byte_reader *reader, uint32_t *value)
{
    struct dg_str bytes;
    if (!dg_read_bytes(reader, 4, &bytes))
        return false;
    const uint8_t *b = (const uint8_t *)bytes.data;
    *value = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
    return true;
}

/* A String of the protocol: up to a NUL, which is taken but is not part of *text. */
DG_MUST_CHECK static inline bool dg_read_string(struct dg_byte_reader *reader, struct dg_str *text)
{
    const char *nul = reader->left == 0 ? NULL : memchr(reader->at, '\0', reader->left);
    if (nul == NULL)
        return false;
    struct dg_str taken;
    size_t len = (size_t)(nul - reader->at);
    if (!dg_read_bytes(reader, len + 1, &taken))
        return false;
    *text = (struct dg_str){taken.data, len};
    return true;
}

#endif
