/*
 * The growable text and its escapes. Growth doubles from 128 bytes; max_bytes does not count the closing NUL.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_BYTES 128u
#define REPLACEMENT 0xFFFDu

void dg_text_init(struct dg_text *text, size_t max_bytes)
{
    *text = (struct dg_text){.max_bytes = max_bytes};
}

void dg_text_init_fixed(struct dg_text *text, char *memory, size_t size)
{
    memory[0] = '\0';
    *text = (struct dg_text){.data = memory, .cap = size, .max_bytes = size - 1};
}

void dg_text_fini(struct dg_text *text)
{
    free(text->data);
    *text = (struct dg_text){.max_bytes = text->max_bytes};
}

void dg_text_reset(struct dg_text *text)
{
    text->len = 0;
    text->failed = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

/* Makes room for `len` more bytes and the NUL; false (and failed) if that cannot be. */
static bool make_room(struct dg_text *text, size_t len)
{
    /* The limit first: small texts have more memory than they may use. */
    if (text->failed || len > text->max_bytes - text->len) {
        text->failed = true;
        return false;
    }
    if (text->data != NULL && len < text->cap - text->len)
        return true;
    size_t needed = text->len + len + 1;
    size_t cap = text->cap == 0 ? FIRST_BYTES : text->cap;
    while (cap < needed && cap <= text->max_bytes / 2)
        cap *= 2;
    if (cap < needed)
        cap = text->max_bytes + 1;
    char *data = realloc(text->data, cap);
    text->failed = data == NULL;
    if (data == NULL)
        return false;
    text->data = data;
    text->cap = cap;
    return true;
}

void dg_text_append(struct dg_text *text, struct dg_str piece)
{
    if (piece.len == 0 || !make_room(text, piece.len))
        return;
    memcpy(text->data + text->len, piece.data, piece.len);
    text->len += piece.len;
    text->data[text->len] = '\0';
}

void dg_text_cstr(struct dg_text *text, const char *piece)
{
    dg_text_append(text, dg_str_of(piece));
}

void dg_text_char(struct dg_text *text, char c)
{
    dg_text_append(text, (struct dg_str){&c, 1});
}

/* Measures, makes room, writes: the arguments are gone through twice. */
void dg_text_printf(struct dg_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        text->failed = true;
    } else if (make_room(text, (size_t)len)) {
        (void)vsnprintf(text->data + text->len, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
}

/* Takes one character off the front of *rest: its bytes and code point. A byte that begins no well-formed character is
   taken alone and reads as U+FFFD. */
static uint32_t next_char(struct dg_str *rest, struct dg_str *bytes)
{
    uint32_t code_point = REPLACEMENT;
    size_t len = dg_str_utf8_char(*rest, &code_point);
    *bytes = len > 0 ? (struct dg_str){rest->data, len} : DG_STR("\xEF\xBF\xBD");
    if (len == 0)
        len = 1;
    *rest = (struct dg_str){rest->data + len, rest->len - len};
    return code_point;
}

/* \b and \f are left to \u0008 and \u000c: nobody can read them anyway. */
/* JSON's short escape of a character, or 0. */
static char json_escape(uint32_t c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* C0, DEL, C1 and the two Unicode line ends: what may move a cursor, or end a line for some reader. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

void dg_text_json_string(struct dg_text *text, struct dg_str value)
{
    dg_text_char(text, '"');
    while (value.len > 0) {
        struct dg_str bytes;
        uint32_t c = next_char(&value, &bytes);
        char escape = json_escape(c);
        if (escape != 0)
            dg_text_append(text, (struct dg_str){(const char[]){'\\', escape}, 2});
        else if (is_control(c))
            dg_text_printf(text, "\\u%04x", (unsigned)c);
        else
            dg_text_append(text, bytes);
    }
    dg_text_char(text, '"');
}

/* The format has these three escapes and no other; every other byte stands as it is. */
void dg_text_prometheus_label(struct dg_text *text, struct dg_str value)
{
    while (value.len > 0) {
        struct dg_str bytes;
        uint32_t c = next_char(&value, &bytes);
        if (c == '\n')
            dg_text_cstr(text, "\\n");
        else if (c == '\\' || c == '"')
            dg_text_append(text, (struct dg_str){(const char[]){'\\', (char)c}, 2});
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            dg_text_char(text, '?'); /* legal, but a terminal would obey it */
        else
            dg_text_append(text, bytes);
    }
}

const char *dg_text_get(const struct dg_text *text)
{
    return text->data == NULL ? "" : text->data;
}
