/*
 * Two snapshots side by side.
 */
#ifndef DG_SCHEMA_DIFF_H
#define DG_SCHEMA_DIFF_H

#include "schema/journal.h"

/* True if no lookup could tell them apart, but for time and cover. */
bool dg_snapshot_is_same(const struct dg_snapshot *a, const struct dg_snapshot *b);

/* True of relations that a diff tells of: tables, views and their like, but none of the system's own schemas. */
bool dg_snapshot_diff_covers(const struct dg_snapshot *snapshot, const struct dg_relation *relation);

/* Calls `on_change` for each difference from `older` to `newer` in what it covers. Identity is the oid and the attnum; a relation under the same name with another oid
   is replaced, and its columns are then matched by name. Stops when on_change returns false. */
void dg_snapshot_diff(const struct dg_snapshot *older, const struct dg_snapshot *newer,
                      bool (*on_change)(const struct dg_change *change, void *context), void *context);

#endif
