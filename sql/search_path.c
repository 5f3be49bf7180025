/*
 * search_path's list syntax (SplitIdentifierString in PostgreSQL's varlena.c). Letters beyond ASCII are not folded: the
 * server folds them in single-byte encodings only, and there no text that holds them is judged.
 */
#include "sql/search_path.h"

struct path_reader {
    struct dg_str value;
    size_t at;
    size_t max_identifier_length;
    struct dg_arena *arena;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void skip_blanks(struct path_reader *reader)
{
    while (reader->at < reader->value.len && is_blank(reader->value.data[reader->at]))
        reader->at++;
}

/* A copy of `name`, cut as the server cuts identifiers. */
static char *copy_name(const struct path_reader *reader, struct dg_str name)
{
    struct dg_str cut = dg_str_utf8_prefix(name, reader->max_identifier_length);

    return dg_arena_strndup(reader->arena, cut.len == 0 ? "" : cut.data, cut.len);
}

/* Behind the opening quote; a doubled quote stands for one. */
static enum dg_status read_quoted(struct path_reader *reader, const char **name)
{
    struct dg_str value = reader->value;
    size_t start = reader->at;
    size_t end = start;
    size_t len = 0;
    char *copy;

    while (end < value.len && (value.data[end] != '"' || (end + 1 < value.len && value.data[end + 1] == '"')))
        end += value.data[end] == '"' ? 2 : 1;
    if (end >= value.len)
        return DG_UNPARSED;
    copy = dg_arena_alloc(reader->arena, end - start + 1);
    if (copy == NULL)
        return DG_NO_MEMORY;
    for (size_t i = start; i < end; i++) {
        copy[len++] = value.data[i];
        if (value.data[i] == '"')
            i++;
    }
    reader->at = end + 1;
    *name = copy_name(reader, (struct dg_str){copy, len});
    return *name == NULL ? DG_NO_MEMORY : DG_OK;
}

static enum dg_status read_bare(struct path_reader *reader, const char **name)
{
    size_t start = reader->at;
    char *copy;

    while (reader->at < reader->value.len && reader->value.data[reader->at] != ',' &&
           !is_blank(reader->value.data[reader->at]))
        reader->at++;
    if (reader->at == start)
        return DG_UNPARSED;
    copy = copy_name(reader, (struct dg_str){reader->value.data + start, reader->at - start});
    if (copy == NULL)
        return DG_NO_MEMORY;
    for (char *c = copy; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    *name = copy;
    return DG_OK;
}

/* The next element and the comma behind it; *more is false when the value ends here. */
static enum dg_status read_element(struct path_reader *reader, const char **name, bool *more)
{
    enum dg_status status;

    if (reader->value.data[reader->at] == '"') {
        reader->at++;
        status = read_quoted(reader, name);
    } else {
        status = read_bare(reader, name);
    }
    if (status != DG_OK)
        return status;
    skip_blanks(reader);
    *more = reader->at < reader->value.len;
    if (!*more)
        return DG_OK;
    if (reader->value.data[reader->at] != ',')
        return DG_UNPARSED;
    reader->at++;
    skip_blanks(reader);
    /* A comma with nothing behind it. */
    return reader->at < reader->value.len ? DG_OK : DG_UNPARSED;
}

static size_t count_commas(struct dg_str value)
{
    size_t n = 0;

    for (size_t i = 0; i < value.len; i++)
        n += value.data[i] == ',' ? 1 : 0;
    return n;
}

enum dg_status dg_sql_split_search_path(struct dg_str value, size_t max_identifier_length, struct dg_arena *arena,
                                        const char *const **names, size_t *n_names)
{
    struct path_reader reader = {value, 0, max_identifier_length, arena};
    size_t cap = count_commas(value) + 1;
    const char **list;
    bool more = true;

    *names = NULL;
    *n_names = 0;
    skip_blanks(&reader);
    if (reader.at >= value.len)
        return DG_OK;
    if (cap > DG_SEARCH_PATH_MAX)
        return DG_LIMIT;
    list = dg_arena_array(arena, cap, sizeof(*list));
    if (list == NULL)
        return DG_NO_MEMORY;
    for (size_t n = 0; more; n++) {
        enum dg_status status = read_element(&reader, &list[n], &more);

        if (status != DG_OK)
            return status;
        *n_names = n + 1;
    }
    *names = list;
    return DG_OK;
}
