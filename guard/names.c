/*
 * Nearness of names, for "nearest names" in diagnoses.
 */
#include "guard/names.h"

#include <ctype.h>

#include "sql/lexer.h"

#define MAX_NAME_BYTES 128
#define MAX_WORDS 8

static struct dg_str lower(struct dg_str name, char *out)
{
    size_t len = name.len < MAX_NAME_BYTES ? name.len : MAX_NAME_BYTES;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)name.data[i]);
    return (struct dg_str){out, len};
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Takes a name apart: at what is no letter or digit, and before a capital that follows none. Words of one letter say
   nothing. */
static size_t split_words(struct dg_str name, struct dg_str *words)
{
    size_t n = 0;
    size_t start = 0;
    for (size_t i = 0; i <= name.len && n < MAX_WORDS; i++) {
        bool is_end = i == name.len || (!isalnum((unsigned char)name.data[i]) && (unsigned char)name.data[i] < 0x80);
        bool is_hump = !is_end && i > start && is_upper(name.data[i]) && !is_upper(name.data[i - 1]);
        if (!is_end && !is_hump)
            continue;
        if (i - start > 1)
            words[n++] = (struct dg_str){name.data + start, i - start};
        start = is_end ? i + 1 : i;
    }
    return n;
}

static bool words_equal(struct dg_str a, struct dg_str b)
{
    char a_bytes[MAX_NAME_BYTES];
    char b_bytes[MAX_NAME_BYTES];
    return dg_str_equal(lower(a, a_bytes), lower(b, b_bytes));
}

static size_t count_shared(struct dg_str a, struct dg_str b, size_t *n_most)
{
    struct dg_str a_words[MAX_WORDS];
    struct dg_str b_words[MAX_WORDS];
    size_t n_a = split_words(a, a_words);
    size_t n_b = split_words(b, b_words);
    size_t n = 0;
    *n_most = n_a > n_b ? n_a : n_b;
    for (size_t i = 0; i < n_a; i++) {
        bool is_shared = false;
        for (size_t k = 0; k < n_b && !is_shared; k++)
            is_shared = words_equal(a_words[i], b_words[k]);
        n += is_shared;
    }
    return n;
}

unsigned dg_names_distance(struct dg_str written, struct dg_str candidate)
{
    char a_bytes[MAX_NAME_BYTES];
    char b_bytes[MAX_NAME_BYTES];
    struct dg_str a = lower(written, a_bytes);
    struct dg_str b = lower(candidate, b_bytes);
    size_t longest = a.len > b.len ? a.len : b.len;
    unsigned limit = longest <= 4 ? 1U : longest <= 8 ? 2U : 3U;
    unsigned edits = dg_str_distance(a, b, limit);
    if (edits <= limit)
        return edits;
    size_t n_most;
    size_t n_shared = count_shared(written, candidate, &n_most);
    if (n_shared == 0)
        return DG_NAMES_FAR;
    /* Behind every typing error: ten for each word that differs. */
    return 10 + 10 * (unsigned)(n_most > n_shared ? n_most - n_shared : 0);
}

void dg_nearest_add(struct dg_nearest *nearest, const char *name, const void *owner)
{
    unsigned distance = dg_names_distance(nearest->written, dg_str_of(name));
    if (distance >= DG_NAMES_FAR)
        return;
    size_t at = nearest->n;
    while (at > 0 && nearest->items[at - 1].distance > distance)
        at--;
    if (at == DG_NEAREST_MAX)
        return;
    size_t last = nearest->n < DG_NEAREST_MAX ? nearest->n : DG_NEAREST_MAX - 1;
    for (size_t i = last; i > at; i--)
        nearest->items[i] = nearest->items[i - 1];
    nearest->items[at].name = name;
    nearest->items[at].owner = owner;
    nearest->items[at].distance = distance;
    nearest->n = last + 1;
}

/* The byte offset of a character, counted from 1; SIZE_MAX if it lies outside. */
static size_t offset_of(struct dg_str text, struct dg_str position)
{
    size_t wanted = 0;
    for (size_t i = 0; i < position.len && wanted <= text.len; i++) {
        if (position.data[i] < '0' || position.data[i] > '9')
            return SIZE_MAX;
        wanted = wanted * 10 + (size_t)(position.data[i] - '0');
    }
    size_t n_chars = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (((unsigned char)text.data[i] & 0xC0) != 0x80 && ++n_chars == wanted)
            return i;
    }
    return SIZE_MAX;
}

/* Appends the part that the token writes; false where it is too long or not plain ("U&" forms need escapes read). */
static bool add_part(struct dg_written_name *name, struct dg_str token, size_t *used)
{
    if (name->n == DG_WRITTEN_PARTS || *used + token.len + 1 > sizeof(name->bytes))
        return false;
    bool is_quoted = token.len >= 2 && token.data[0] == '"';
    if (!is_quoted && memchr(token.data, '"', token.len) != NULL)
        return false;
    char *start = name->bytes + *used;
    size_t end = is_quoted ? token.len - 1 : token.len;
    for (size_t i = is_quoted ? 1 : 0; i < end; i++) {
        char c = token.data[i];
        name->bytes[(*used)++] = !is_quoted && is_upper(c) ? (char)(c - 'A' + 'a') : c;
        if (is_quoted && c == '"')
            i++; /* a doubled quote */
    }
    name->bytes[(*used)++] = '\0';
    name->parts[name->n++] = start;
    return true;
}

bool dg_name_at_position(struct dg_str text, struct dg_str position, struct dg_written_name *name)
{
    size_t offset = position.len == 0 ? SIZE_MAX : offset_of(text, position);
    size_t used = 0;
    name->n = 0;
    if (offset == SIZE_MAX)
        return false;
    struct dg_lexer lexer;
    dg_lexer_init(&lexer, (struct dg_str){text.data + offset, text.len - offset});
    for (;;) {
        struct dg_token token = dg_lexer_next(&lexer);
        struct dg_str bytes = {lexer.text.data + token.start, token.len};
        if (token.kind != DG_TOKEN_IDENTIFIER || !add_part(name, bytes, &used))
            return false;
        token = dg_lexer_next(&lexer);
        if (token.kind != DG_TOKEN_PUNCTUATION || token.len != 1 || lexer.text.data[token.start] != '.')
            return true;
    }
}
