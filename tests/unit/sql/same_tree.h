/*
 * Two parse trees compared but for what literals hold and where things stand.
 */
#ifndef DG_TESTS_SQL_SAME_TREE_H
#define DG_TESTS_SQL_SAME_TREE_H

#include "sql/parse.h"

/* Parses both: the same status, and the same tree. */
bool same_tree(struct dg_str a, struct dg_str b);

#endif
