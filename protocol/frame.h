/*
 * Frames: after start-up every message is a type byte, a length word that counts itself, and a body (protocol chapter,
 * "Message Formats"). Only the header is read here; bodies are for whoever needs them.
 */
#ifndef DG_PROTOCOL_FRAME_H
#define DG_PROTOCOL_FRAME_H

#include "base/status.h"
#include "base/str.h"

#define DG_FRAME_HEADER_BYTES 5u
/* The length word is a signed 32-bit integer. What it says truly may pass, up to its end. */
#define DG_FRAME_MAX_LENGTH 0x7fffffffu

#define DG_BODY_SMALL (10000u - 4u)
#define DG_BODY_LARGE (0x3ffffffeu - 4u)

enum dg_message_side { DG_SIDE_FRONTEND, DG_SIDE_BACKEND };

enum dg_message_code {
#define DG_MESSAGE(side, code, name, min, max) DG_##side##_##name = (code),
#include "protocol/messages.def"
#undef DG_MESSAGE
};

struct dg_message_type {
    const char *name; /* "COPY_DATA" */
    uint32_t min_body_bytes;
    uint32_t max_body_bytes;
};

/* NULL if the type is not known. */
const struct dg_message_type *dg_message_type_find(enum dg_message_side side, char code);

struct dg_frame {
    char type;
    uint32_t body_bytes;
};

/* Reads a header. DG_AGAIN below five bytes, of which none is lost; DG_PROTOCOL if the length is below 4 or negative. */
static inline enum dg_status dg_frame_read(struct dg_str bytes, struct dg_frame *frame)
{
    if (bytes.len < DG_FRAME_HEADER_BYTES)
        return DG_AGAIN;
    const uint8_t *b = (const uint8_t *)bytes.data;
    uint32_t length = (uint32_t)b[1] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 8 | (uint32_t)b[4];
    if (length < 4 || length > DG_FRAME_MAX_LENGTH)
        return DG_PROTOCOL;
    frame->type = (char)b[0];
    frame->body_bytes = length - 4;
    return DG_OK;
}

#endif
