/*
 * Scanners over JSON text.
 */
#include "config/json_text.h"

#include <cJSON.h>

/* The end of the string that begins at `start`, one past its closing quote; on a problem, the place of it. */
static const char *skip_string(const char *text, size_t len, size_t start, size_t *end)
{
    size_t i = start + 1;
    for (; i < len && text[i] != '"'; i++) {
        *end = i;
        if (text[i] == '\n' || text[i] == '\r')
            return "the line ends inside a string";
        if ((unsigned char)text[i] < 0x20)
            return "a control character in a string must be escaped";
        if (text[i] != '\\')
            continue;
        if (len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
            return "a string must not contain \\u0000";
        i++;
    }
    *end = start;
    if (i >= len)
        return "a string has no end";
    *end = i + 1;
    return NULL;
}

/* Blanks the comment that begins at `start`; *end is one past it. */
static const char *blank_comment(char *text, size_t len, size_t start, size_t *end)
{
    bool is_block = text[start + 1] == '*';
    size_t i = start + 2;
    while (i < len) {
        if (is_block ? (text[i] == '*' && i + 1 < len && text[i + 1] == '/') : text[i] == '\n')
            break;
        i++;
    }
    *end = start;
    if (is_block && i >= len)
        return "a comment has no end";
    if (is_block)
        i += 2;
    for (size_t j = start; j < i; j++) {
        /* A character of several bytes leaves several blanks: columns after a comment count from there on. */
        if (text[j] != '\n' && text[j] != '\r')
            text[j] = ' ';
    }
    *end = i;
    return NULL;
}

/* Checked as a whole and first: all that comes later may then rely on it, the column count too. */
static const char *check_utf8(const char *text, size_t len, size_t *offset)
{
    for (*offset = 0; *offset < len;) {
        uint32_t ignored;
        size_t n = dg_str_utf8_char((struct dg_str){text + *offset, len - *offset}, &ignored);
        if (n == 0)
            return "the file is not UTF-8";
        *offset += n;
    }
    return NULL;
}

const char *dg_json_blank(char *text, size_t len, size_t *offset)
{
    const char *problem = check_utf8(text, len, offset);
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        memset(text, ' ', 3);
    size_t i = 0;
    while (i < len && problem == NULL) {
        size_t end = i + 1;
        if (text[i] == '"')
            problem = skip_string(text, len, i, &end);
        else if (text[i] == '/' && i + 1 < len && (text[i + 1] == '/' || text[i + 1] == '*'))
            problem = blank_comment(text, len, i, &end);
        else if (text[i] == '\0') {
            problem = "a NUL byte";
            end = i;
        }
        i = *offset = end;
    }
    return problem;
}

struct dg_place dg_json_place(struct dg_str text, size_t offset)
{
    struct dg_place place = {1, 1};
    if (offset > text.len)
        offset = text.len;
    size_t line_start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text.data[i] == '\n') {
            place.line++;
            line_start = i + 1;
        }
    }
    struct dg_str line = {text.data + line_start, offset - line_start};
    place.column += (unsigned)dg_str_utf8_chars(line, line.len);
    return place;
}

/* How far the walk over the values is, and in what it stands. It trusts brackets and commas, which cJSON has checked,
   but no index is used unchecked all the same. */
struct scan {
    struct dg_str text;
    size_t offset;
    size_t n_values;
    size_t key_offset;
    unsigned depth;
    bool expects_key;
    bool in_object[CJSON_NESTING_LIMIT + 1]; /* by depth; [0] is the top */
};

/* Steps over `,`, `:`, closing brackets, blanks and keys to where a value begins; false at the end. */
static bool to_next_value(struct scan *scan)
{
    while (scan->offset < scan->text.len) {
        char c = scan->text.data[scan->offset];
        if (c == '"' && scan->expects_key) {
            scan->key_offset = scan->offset;
            if (skip_string(scan->text.data, scan->text.len, scan->offset, &scan->offset) != NULL)
                return false;
            continue;
        }
        if (c == ',')
            scan->expects_key = scan->in_object[scan->depth];
        else if (c == ':')
            scan->expects_key = false;
        else if ((c == '}' || c == ']') && scan->depth > 0)
            scan->depth--;
        else if ((unsigned char)c > ' ')
            return true;
        scan->offset++;
    }
    return false;
}

/* Steps into an object or array, over anything else. */
static bool into_value(struct scan *scan)
{
    char c = scan->text.data[scan->offset];
    if (c == '"')
        return skip_string(scan->text.data, scan->text.len, scan->offset, &scan->offset) == NULL;
    scan->offset++;
    if (c == '{' || c == '[') {
        if (scan->depth >= CJSON_NESTING_LIMIT)
            return false;
        scan->in_object[++scan->depth] = c == '{';
        scan->expects_key = c == '{';
        return true;
    }
    while (scan->offset < scan->text.len && strchr(",:]}", scan->text.data[scan->offset]) == NULL &&
           (unsigned char)scan->text.data[scan->offset] > ' ')
        scan->offset++;
    return true;
}

bool dg_json_find_value(struct dg_str text, size_t n, size_t *key_offset, size_t *value_offset)
{
    struct scan scan = {.text = text};
    while (to_next_value(&scan)) {
        if (scan.n_values++ == n) {
            *value_offset = scan.offset;
            *key_offset = scan.in_object[scan.depth] ? scan.key_offset : scan.offset;
            return true;
        }
        if (!into_value(&scan))
            return false;
    }
    return false;
}
