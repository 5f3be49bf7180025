/*
 * Calls libpg_query and reads its JSON.
 *
 * What is known of the library (15-4.0), each found by trying it:
 * - A failed parse returns an empty tree beside the error, so the error is looked at first.
 * - Each thread has memory contexts of its own, made at its first parse and freed by a destructor when the thread ends.
 *   pg_query_exit frees them too and does not tell the destructor (a double free), and no parse may follow it. So it is
 *   never called; the main thread's contexts live as long as the process.
 * - It checks no stack depth: the grammar uses none to speak of, but its JSON writer recurses, and so does cJSON (which
 *   stops at CJSON_NESTING_LIMIT). Whoever calls has counted the tokens before.
 * - Short of memory it fails as for a syntax error, but not everywhere: it ends the process in a thread's first call
 *   (dg_sql_prepare_thread), while it writes JSON, and when there is none for the error itself. So it is called only if
 *   there is as much as it may want.
 */
#include "sql/parse.h"

#include <pg_query.h>
#include <stdlib.h>

#include "sql/analysis.h"

/* The parser takes up to 460 bytes for one of the text ("SELECT 1+1+1..."), as far as a text is dense: a long one is
   mostly literals, since its tokens are bounded. */
#define PARSE_RESERVE_BYTES 65536u
#define PARSE_RESERVE_FACTOR 512u
#define PARSE_DENSE_MAX_BYTES 65536u

/* A number that the tree leaves out when it is 0; the tree is the parser's, so what is out of range cannot occur. */
static uint32_t parse_offset(const cJSON *entry, const char *field, size_t max)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(entry, field);
    if (!cJSON_IsNumber(item) || item->valueint < 0 || (size_t)item->valueint > max)
        return 0;
    return (uint32_t)item->valueint;
}

static enum dg_status parse_list_statements(struct dg_parse *parse, struct dg_str text, struct dg_arena *arena)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(parse->root, "stmts");
    const cJSON *entry;
    struct dg_parse_statement *statements;
    size_t n = 0;

    cJSON_ArrayForEach (entry, list) {
        n++;
    }
    if (n == 0)
        return DG_OK;
    statements = dg_arena_array(arena, n, sizeof(*statements));
    if (statements == NULL)
        return DG_NO_MEMORY;
    n = 0;
    cJSON_ArrayForEach (entry, list) {
        statements[n].node = cJSON_GetObjectItemCaseSensitive(entry, "stmt");
        statements[n].location = parse_offset(entry, "stmt_location", text.len);
        statements[n].len = parse_offset(entry, "stmt_len", text.len);
        if (statements[n].node != NULL)
            n++;
    }
    parse->statements = statements;
    parse->n_statements = n;
    return DG_OK;
}

static bool parse_has_reserve(size_t text_bytes)
{
    size_t dense_bytes = text_bytes < PARSE_DENSE_MAX_BYTES ? text_bytes : PARSE_DENSE_MAX_BYTES;
    /* volatile: else the compiler leaves both calls out. */
    void *volatile reserve = malloc(PARSE_RESERVE_BYTES + PARSE_RESERVE_FACTOR * dense_bytes);

    free(reserve);
    return reserve != NULL;
}

/* Of JSON that is well formed. */
static size_t parse_depth(const char *json)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool is_quoted = false;

    for (; *json != '\0'; json++) {
        if (is_quoted && *json == '\\')
            json++;
        else if (*json == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && (*json == '{' || *json == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!is_quoted && (*json == '}' || *json == ']'))
            depth--;
    }
    return deepest;
}

static bool parse_ran_short(const PgQueryParseResult *result)
{
    if (result->error != NULL)
        return result->error->message == NULL || strcmp(result->error->message, "out of memory") == 0;
    return result->parse_tree == NULL;
}

/* The library's JSON as a cJSON tree. */
static enum dg_status parse_read_tree(const PgQueryParseResult *result, struct dg_parse *parse)
{
    size_t len;

    if (parse_ran_short(result))
        return DG_NO_MEMORY;
    if (result->error != NULL)
        return DG_UNPARSED;
    len = strlen(result->parse_tree);
    if (len > DG_PARSE_MAX_TREE_BYTES)
        return DG_LIMIT;
    parse->root = cJSON_ParseWithLength(result->parse_tree, len);
    if (parse->root != NULL)
        return DG_OK;
    return parse_depth(result->parse_tree) >= CJSON_NESTING_LIMIT ? DG_UNPARSED : DG_NO_MEMORY;
}

enum dg_status dg_parse_init(struct dg_parse *parse, struct dg_str text, struct dg_arena *arena)
{
    PgQueryParseResult result;
    enum dg_status status;
    char *copy;

    *parse = (struct dg_parse){0};
    copy = dg_arena_strndup(arena, text.len == 0 ? "" : text.data, text.len);
    if (copy == NULL || !parse_has_reserve(text.len))
        return DG_NO_MEMORY;
    result = pg_query_parse(copy);
    status = parse_read_tree(&result, parse);
    pg_query_free_parse_result(result);
    if (status == DG_OK)
        status = parse_list_statements(parse, text, arena);
    if (status != DG_OK)
        dg_parse_fini(parse);
    return status;
}

void dg_parse_fini(struct dg_parse *parse)
{
    cJSON_Delete(parse->root);
    *parse = (struct dg_parse){0};
}

void dg_sql_prepare_thread(void)
{
    pg_query_free_parse_result(pg_query_parse(""));
}

const char *dg_sql_parser_version(void)
{
    return PG_VERSION;
}
