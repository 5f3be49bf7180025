/*
 * Calls libpg_query and reads its JSON.
 *
 * What is known of the library (15-4.0), each found by trying it:
 * - A failed parse returns an empty tree beside the error, so the error is looked at first.
 * - Each thread has memory contexts of its own, made at its first parse and freed by a destructor when the thread ends.
 *   pg_query_exit frees them too and does not tell the destructor (a double free), and no parse may follow it. So it is
 *   never called; the main thread's contexts live as long as the process.
 * - It checks no stack depth: the grammar uses none to speak of, but its JSON writer recurses, and so does cJSON (which
 *   stops at 1,000 levels). Whoever calls has counted the tokens before.
 */
#include "sql/parse.h"

#include <pg_query.h>

#include "sql/analysis.h"

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

/* The library's JSON as a cJSON tree. */
static enum dg_status parse_read_tree(const PgQueryParseResult *result, struct dg_parse *parse)
{
    size_t len;

    if (result->error != NULL || result->parse_tree == NULL)
        return DG_UNPARSED;
    len = strlen(result->parse_tree);
    if (len > DG_PARSE_MAX_TREE_BYTES)
        return DG_LIMIT;
    /* NULL also when memory is short; nested too deep is what occurs. */
    parse->root = cJSON_ParseWithLength(result->parse_tree, len);
    return parse->root == NULL ? DG_UNPARSED : DG_OK;
}

enum dg_status dg_parse_init(struct dg_parse *parse, struct dg_str text, struct dg_arena *arena)
{
    PgQueryParseResult result;
    enum dg_status status;
    char *copy;

    *parse = (struct dg_parse){0};
    copy = dg_arena_strndup(arena, text.len == 0 ? "" : text.data, text.len);
    if (copy == NULL)
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

const char *dg_sql_parser_version(void)
{
    return PG_VERSION;
}
