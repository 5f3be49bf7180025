/*
 * SQL identifiers as people may paste them back: quoted where PostgreSQL's own quote_ident() quotes, and ASCII always.
 */
#include "base/text.h"

#include <stdlib.h>

/*
 * PostgreSQL's keywords other than the unreserved ones, versions 13 to 18, sorted. To renew:
 * select word from pg_get_keywords() where catcode <> 'U' order by word collate "C". A word too many costs two quotes.
 */
static const char *const keywords[] = {
#include "base/sql_keywords.def"
};

/* Orders a run of bytes against a C string as memcmp and then length do: the order in which the list is sorted. */
static int compare_word(const void *key, const void *element)
{
    const struct dg_str *word = key;
    const char *keyword = *(const char *const *)element;
    size_t len = strlen(keyword);
    int order = memcmp(word->data, keyword, word->len < len ? word->len : len);
    if (order != 0)
        return order;
    return word->len < len ? -1 : word->len > len;
}

static bool is_keyword(struct dg_str word)
{
    return bsearch(&word, keywords, sizeof keywords / sizeof keywords[0], sizeof keywords[0], compare_word) != NULL;
}

/* True for a letter, digit or underscore that PostgreSQL neither folds nor refuses. */
static bool is_plain(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
}

static bool needs_quotes(struct dg_str name)
{
    if (name.len == 0)
        return true;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_plain(name.data[i], i == 0))
            return true;
    }
    return is_keyword(name);
}

static bool is_printable_ascii(struct dg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < 0x20 || name.data[i] > 0x7E)
            return false;
    }
    return true;
}

/* The inside of U&"...": four hexadecimal digits behind a backslash, six behind \+; backslash and quote doubled. */
static void append_escaped(struct dg_text *text, struct dg_str name)
{
    while (name.len > 0) {
        uint32_t c = 0xFFFD;
        size_t len = dg_str_utf8_char(name, &c);
        if (len == 0)
            len = 1;
        if (c > 0xFFFF)
            dg_text_printf(text, "\\+%06X", (unsigned)c);
        else if (c < 0x20 || c > 0x7E)
            dg_text_printf(text, "\\%04X", (unsigned)c);
        else if (c == '"' || c == '\\')
            dg_text_append(text, (struct dg_str){(const char[]){(char)c, (char)c}, 2});
        else
            dg_text_char(text, (char)c);
        name = (struct dg_str){name.data + len, name.len - len};
    }
}

void dg_text_sql_identifier(struct dg_text *text, struct dg_str name, bool force)
{
    if (!force && !needs_quotes(name)) {
        dg_text_append(text, name);
        return;
    }
    if (!is_printable_ascii(name)) {
        dg_text_cstr(text, "U&\"");
        append_escaped(text, name);
        dg_text_char(text, '"');
        return;
    }
    dg_text_char(text, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"')
            dg_text_char(text, '"');
        dg_text_char(text, name.data[i]);
    }
    dg_text_char(text, '"');
}
