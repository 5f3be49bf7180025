/*
 * A small schema with something of everything that the resolver looks at: two schemas beside the catalog, tables, views,
 * a sequence, a partitioned table, inheritance, an enum, domains, composites, arrays, functions of each kind, columns that
 * must, may and must not be written, unique indexes.
 */
#ifndef DG_TESTS_FUZZ_RICH_H
#define DG_TESTS_FUZZ_RICH_H

#include "schema/snapshot.h"

/* One reference, the caller's. */
struct dg_snapshot *rich_snapshot(void);

/* Names that mean something in it, and some that mean nothing; for those who change statements. */
extern const char *const rich_names[];
extern const size_t n_rich_names;

#endif
