/*
 * Beside sql/tree.h, which names the kinds of node that names are resolved in: nodes of any kind by the parser's own
 * word for it (there are some 150 kinds of statement), and what a literal holds. All take NULL and then find nothing.
 */
#ifndef DG_SQL_NODE_H
#define DG_SQL_NODE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The kind of {"Kind": {fields}} and its fields; NULL when `node` is not of that form. */
const char *dg_node_tag(const cJSON *node);
const cJSON *dg_node_fields(const cJSON *node);
/* The fields of `node` if it is of this kind, else NULL. */
const cJSON *dg_node_as(const cJSON *node, const char *kind);

/* What an A_Const holds; casts to text are looked through, so that 'a'::text is a. NULL or false: it is another. */
const char *dg_node_const_string(const cJSON *node);
bool dg_node_const_bool(const cJSON *node, bool *value);
/* Not negative: libpg_query writes those as 0, so 0 is never returned. */
bool dg_node_const_positive(const cJSON *node, int *value);
bool dg_node_const_is_null(const cJSON *node);

#endif
