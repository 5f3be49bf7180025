/*
 * Immutable, counted lists of words: a search path, a role. Sharing them makes a frame's copy of the settings cheap.
 */
#include <stdlib.h>

#include "guard/path.h"
#include "sql/search_path.h"

#define MAX_PATH_BYTES ((size_t)8192)
#define MAX_IDENTIFIER_LENGTH 63

struct dg_words *dg_words_new(const char *const *items, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += strlen(items[i]) + 1;
    struct dg_words *words = malloc(sizeof(*words) + n * sizeof(char *) + bytes);
    if (words == NULL)
        return NULL;
    words->n_refs = 1;
    words->n = n;
    char *next = (char *)(void *)(words->items + n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(items[i]) + 1;
        memcpy(next, items[i], len);
        words->items[i] = next;
        next += len;
    }
    return words;
}

struct dg_words *dg_words_ref(struct dg_words *words)
{
    if (words != NULL)
        words->n_refs++;
    return words;
}

void dg_words_unref(struct dg_words *words)
{
    if (words != NULL && --words->n_refs == 0)
        free(words);
}

bool dg_words_equal(const struct dg_words *a, const struct dg_words *b)
{
    bool is_equal = a->n == b->n;
    for (size_t i = 0; is_equal && i < a->n; i++)
        is_equal = strcmp(a->items[i], b->items[i]) == 0;
    return is_equal;
}

struct dg_words *dg_words_of_path(struct dg_str text)
{
    if (text.len > MAX_PATH_BYTES)
        return NULL;
    struct dg_arena arena;
    dg_arena_init(&arena, 32 * MAX_PATH_BYTES);
    const char *const *names = NULL;
    size_t n = 0;
    struct dg_words *words = NULL;
    if (dg_sql_split_search_path(text, MAX_IDENTIFIER_LENGTH, &arena, &names, &n) == DG_OK)
        words = dg_words_new(names, n);
    dg_arena_fini(&arena);
    return words;
}
