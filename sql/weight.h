/*
 * How large the parser's tree of a text can become, told before the parser is called: its tokens, each counted as often
 * as the tree repeats it.
 */
#ifndef DG_SQL_WEIGHT_H
#define DG_SQL_WEIGHT_H

#include "base/str.h"

/* Given up above `limit` (then limit + 1). Never less than the number of tokens. */
size_t dg_sql_weigh_tokens(struct dg_str text, size_t limit);

#endif
