/*
 * The same statement with other literals: each is replaced by a random one of its kind, in any of the ways to write it.
 * For the tests of shapes: nothing here knows what sql/shape.c makes of it.
 */
#ifndef DG_TESTS_SQL_VARY_H
#define DG_TESTS_SQL_VARY_H

#include "base/text.h"

/* Appends to `out`; the same seed gives the same text. */
void vary_literals(struct dg_str text, uint64_t seed, struct dg_text *out);

#endif
