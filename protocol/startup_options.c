/*
 * The `options` start-up parameter: the server splits it at blanks and reads the words like its own command line. Only
 * the two ways of setting a variable are understood, -c name=value and --name=value; any other switch makes the answer
 * UNREADABLE, since it may take the next word as its argument.
 */
#include "protocol/startup.h"

struct words {
    struct dg_str rest;
    char *word; /* `size` bytes; the present word without backslashes */
    size_t size;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* False at the end, or with *too_long when the word does not fit. */
static bool next_word(struct words *words, bool *too_long)
{
    size_t at = 0;
    while (at < words->rest.len && is_blank(words->rest.data[at]))
        at++;
    if (at == words->rest.len)
        return false;
    words->len = 0;
    for (; at < words->rest.len && !is_blank(words->rest.data[at]); at++) {
        if (words->rest.data[at] == '\\' && ++at == words->rest.len)
            break;
        if (words->len + 1 >= words->size) {
            *too_long = true;
            return false;
        }
        words->word[words->len++] = words->rest.data[at];
    }
    words->rest = (struct dg_str){words->rest.data + at, words->rest.len - at};
    return true;
}

static char fold(char c)
{
    if (c == '-')
        return '_';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "name=value" with the wanted name (letters of either case; the server reads '-' in names as '_'). */
static bool setting_value(struct dg_str setting, const char *name, struct dg_str *value)
{
    size_t len = strlen(name);
    if (setting.len <= len || setting.data[len] != '=')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (fold(setting.data[i]) != name[i])
            return false;
    }
    *value = (struct dg_str){setting.data + len + 1, setting.len - len - 1};
    return true;
}

enum dg_options_answer dg_startup_options_find(struct dg_str options, const char *name, char *value, size_t size)
{
    char memory[1024];
    struct words words = {options, memory, sizeof memory, 0};
    enum dg_options_answer answer = DG_OPTIONS_ABSENT;
    bool too_long = false;
    while (next_word(&words, &too_long)) {
        struct dg_str word = {words.word, words.len};
        if (dg_str_is(word, "-c")) {
            if (!next_word(&words, &too_long))
                return DG_OPTIONS_UNREADABLE;
            word = (struct dg_str){words.word, words.len};
        } else if (word.len > 2 && word.data[0] == '-' && (word.data[1] == 'c' || word.data[1] == '-')) {
            word = (struct dg_str){word.data + 2, word.len - 2};
        } else {
            return DG_OPTIONS_UNREADABLE;
        }
        struct dg_str found;
        if (!setting_value(word, name, &found))
            continue;
        if (found.len >= size)
            return DG_OPTIONS_UNREADABLE;
        memcpy(value, found.data, found.len);
        value[found.len] = '\0';
        answer = DG_OPTIONS_FOUND;
    }
    return too_long ? DG_OPTIONS_UNREADABLE : answer;
}
