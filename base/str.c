/*
 * Questions about runs of bytes: are they ASCII, UTF-8, how far apart are two names.
 */
#include "base/str.h"

bool dg_str_is_ascii(struct dg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    }
    return true;
}

/*
 * The second byte's range depends on the first: that is where overlong forms (E0, F0), surrogates (ED) and code points
 * above U+10FFFF (F4) are kept out. All later bytes are 80..BF.
 */
size_t dg_str_utf8_char(struct dg_str text, uint32_t *code_point)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    if (text.len == 0)
        return 0;
    if (byte[0] < 0x80) {
        *code_point = byte[0];
        return 1;
    }
    size_t len = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || text.len < len)
        return 0;
    unsigned low = byte[0] == 0xE0 ? 0xA0 : byte[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = byte[0] == 0xED ? 0x9F : byte[0] == 0xF4 ? 0x8F : 0xBF;
    if (byte[1] < low || byte[1] > high)
        return 0;
    uint32_t value = byte[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (byte[i] & 0x3Fu);
    }
    *code_point = value;
    return len;
}

bool dg_str_is_utf8(struct dg_str text)
{
    while (text.len > 0) {
        uint32_t code_point;
        size_t len = dg_str_utf8_char(text, &code_point);
        if (len == 0)
            return false;
        text = (struct dg_str){text.data + len, text.len - len};
    }
    return true;
}

size_t dg_str_utf8_chars(struct dg_str text, size_t len_bytes)
{
    size_t n = 0;
    if (len_bytes > text.len)
        len_bytes = text.len;
    for (size_t i = 0; i < len_bytes; i++)
        n += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return n;
}

struct dg_str dg_str_utf8_prefix(struct dg_str text, size_t max_bytes)
{
    if (text.len <= max_bytes)
        return text;
    size_t len = max_bytes;
    /* Three steps at most: in what is not UTF-8 there may be no first byte to find. */
    for (int i = 0; i < 3 && len > 0 && ((unsigned char)text.data[len] & 0xC0) == 0x80; i++)
        len--;
    return (struct dg_str){text.data, len};
}

#define MAX_DISTANCE_BYTES 255

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned dg_str_distance(struct dg_str a, struct dg_str b, unsigned limit)
{
    if (a.len > MAX_DISTANCE_BYTES || b.len > MAX_DISTANCE_BYTES)
        return limit + 1;
    if ((a.len > b.len ? a.len - b.len : b.len - a.len) > limit)
        return limit + 1;

    /* Three rows of the usual table: row[i % 3][j] is the distance of a's first i bytes to b's first j. */
    unsigned row[3][MAX_DISTANCE_BYTES + 1];
    for (unsigned j = 0; j <= b.len; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *now = row[i % 3];
        const unsigned *before = row[(i + 2) % 3];
        unsigned row_least = now[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned replaced = before[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            now[j] = least(replaced, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                now[j] = least(now[j], row[(i + 1) % 3][j - 2] + 1);
            row_least = least(row_least, now[j]);
        }
        /* A swap reaches back two rows, but never below what the row between has at its least, plus one. */
        if (row_least > limit + 1)
            return limit + 1;
    }
    return least(row[a.len % 3][b.len], limit + 1);
}
