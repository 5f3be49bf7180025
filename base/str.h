/*
 * struct dg_str: a borrowed run of bytes. It owns nothing and need not end in NUL; a view into a message buffer does
 * not outlive the callback that received it (dg_arena_strndup it otherwise).
 */
#ifndef DG_BASE_STR_H
#define DG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dg_str {
    const char *data;
    size_t len;
};

#define DG_STR(literal) ((struct dg_str){(literal), sizeof(literal) - 1})

static inline struct dg_str dg_str_of(const char *text)
{
    return (struct dg_str){text, text == NULL ? 0 : strlen(text)};
}

static inline bool dg_str_equal(struct dg_str a, struct dg_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool dg_str_is(struct dg_str a, const char *text)
{
    return dg_str_equal(a, dg_str_of(text));
}

/* True if every byte is below 0x80. */
bool dg_str_is_ascii(struct dg_str text);
/* True if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool dg_str_is_utf8(struct dg_str text);
/* Number of UTF-8 characters in the first `len_bytes` bytes of well-formed `text`. */
size_t dg_str_utf8_chars(struct dg_str text, size_t len_bytes);
/* The length in bytes of the well-formed UTF-8 character that `text` begins with, and its code point; 0 if none. */
size_t dg_str_utf8_char(struct dg_str text, uint32_t *code_point);
/* The longest run from the start of `text` within max_bytes that does not cut a UTF-8 character in two. */
struct dg_str dg_str_utf8_prefix(struct dg_str text, size_t max_bytes);
/* Edit distance (bytes; insert, delete, replace, or swap two neighbours), given up at `limit` (then returns limit + 1).
   Names over 255 bytes: limit + 1. */
unsigned dg_str_distance(struct dg_str a, struct dg_str b, unsigned limit);

#endif
