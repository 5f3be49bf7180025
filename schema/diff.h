/*
 * Two snapshots side by side.
 */
#ifndef DG_SCHEMA_DIFF_H
#define DG_SCHEMA_DIFF_H

#include "schema/journal.h"

/* True if no lookup could tell them apart, but for time and cover. */
bool dg_snapshot_is_same(const struct dg_snapshot *a, const struct dg_snapshot *b);

/* Calls `on_change` for each difference from `older` to `newer` in tables, views and their like (not in indexes, toast
   tables and temporary relations). Identity is the oid and the attnum; a relation under the same name with another oid
   is replaced, and its columns are then matched by name. Stops when on_change returns false. */
void dg_snapshot_diff(const struct dg_snapshot *older, const struct dg_snapshot *newer,
                      bool (*on_change)(const struct dg_change *change, void *context), void *context);

#endif
