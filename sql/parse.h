/*
 * PostgreSQL's own grammar: a text in, its raw parse tree out, as the JSON that libpg_query writes and cJSON reads.
 * Internal to sql/; parse.c is the only caller of the parser.
 *
 * In that JSON a node is {"Kind": {fields}}, a field that holds its zero value (0, false, NULL, "", an empty list) is
 * left out, enum values are strings, and `location` is a byte offset in the text (-1: not known; left out: 0).
 */
#ifndef DG_SQL_PARSE_H
#define DG_SQL_PARSE_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

struct dg_parse_statement {
    const cJSON *node; /* {"SelectStmt": {...}}, borrowed from the tree */
    uint32_t location; /* byte offset of what follows the semicolon before; white space and comments included */
    uint32_t len;      /* 0: to the end of the text */
};

struct dg_parse {
    cJSON *root; /* owns everything; NULL after a failure and for a text without statements */
    const struct dg_parse_statement *statements; /* in the arena */
    size_t n_statements;
};

/*
 * Parses `text` (no NUL inside; count its tokens first, see lexer.h: the parser recurses). Always fills *parse. DG_OK,
 * also for a text without statements; DG_UNPARSED: a syntax error, or nested deeper than the tree may be (1,000);
 * DG_LIMIT: the tree would be larger than DG_PARSE_MAX_TREE_BYTES; DG_NO_MEMORY.
 */
#define DG_PARSE_MAX_TREE_BYTES ((size_t)64 << 20)
enum dg_status dg_parse_init(struct dg_parse *parse, struct dg_str text, struct dg_arena *arena) DG_MUST_CHECK;
/* Frees the tree; the nodes are gone. Safe after a failed init. */
void dg_parse_fini(struct dg_parse *parse);

#endif
