/*
 * A growable, bounded, NUL-terminated text for messages, reports and JSON. Failure is sticky: after the first append
 * that does not fit, the text stays as it was and `failed` is true, so a run of appends is checked once at its end.
 */
#ifndef DG_BASE_TEXT_H
#define DG_BASE_TEXT_H

#include "base/status.h"
#include "base/str.h"

struct dg_text {
    char *data; /* NULL until the first append */
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool failed;
};

void dg_text_init(struct dg_text *text, size_t max_bytes);
/* As init, in `size` bytes of the caller's (at least 1): never grows; do not fini. */
void dg_text_init_fixed(struct dg_text *text, char *memory, size_t size);
void dg_text_fini(struct dg_text *text);
void dg_text_reset(struct dg_text *text);

void dg_text_append(struct dg_text *text, struct dg_str piece);
void dg_text_cstr(struct dg_text *text, const char *piece);
void dg_text_char(struct dg_text *text, char c);
void dg_text_printf(struct dg_text *text, const char *format, ...) DG_PRINTF(2, 3);
/* A JSON string with its quotes (RFC 8259). Bytes that are not UTF-8 become U+FFFD; DEL, C1 controls and the Unicode
   line separators are escaped too, so that the string is safe on a terminal and always one line. */
void dg_text_json_string(struct dg_text *text, struct dg_str value);
/* A Prometheus label value without its quotes: backslash, quote and newline escaped, other control
   characters as a question mark; non-UTF-8 as U+FFFD. */
void dg_text_prometheus_label(struct dg_text *text, struct dg_str value);
/* An SQL identifier, quoted when it needs quotes; always quoted if `force`. Non-ASCII as U&"\XXXX" (ASCII output). */
void dg_text_sql_identifier(struct dg_text *text, struct dg_str name, bool force);

/* The text as a C string; "" when nothing was appended. */
const char *dg_text_get(const struct dg_text *text);
static inline struct dg_str dg_text_view(const struct dg_text *text)
{
    return (struct dg_str){text->data, text->len};
}

#endif
