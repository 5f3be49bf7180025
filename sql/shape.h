/*
 * The shape of a statement: its tokens with literals reduced to their kind, white space and comments left out. Two texts
 * of one shape are the same statement with other literals in it (shape.c says why that is enough for a verdict).
 */
#ifndef DG_SQL_SHAPE_H
#define DG_SQL_SHAPE_H

#include "base/str.h"

/*
 * Writes the shape of `text` (standard_conforming_strings on, no NUL inside) to `out` and returns its length: at most
 * `max_bytes`. 0: it has none, because a literal may matter, the text is no single query, it has more than max_tokens
 * tokens or a shape longer than max_bytes, or because nothing in it could be otherwise (no literal and no comment), so
 * that no other text would share it. Compare shapes as bytes; they are not for people.
 */
size_t dg_sql_shape(struct dg_str text, size_t max_tokens, char *out, size_t max_bytes);

#endif
