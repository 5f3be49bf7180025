/*
 * The snapshot as JSON, for `driftguard snapshot` and for people who compare two of them.
 */
#ifndef DG_SCHEMA_PRINT_H
#define DG_SCHEMA_PRINT_H

#include "base/text.h"
#include "schema/snapshot.h"

/* Schemas, relations and columns, types and functions by name, in an order that does not depend on the server; names
   that are not UTF-8 with U+FFFD. Without `with_system`: no pg_catalog, information_schema, toast and temporary
   schemas, no indexes. Ends with a newline; out->failed says whether it fitted. */
void dg_snapshot_print_json(const struct dg_snapshot *snapshot, bool with_system, struct dg_text *out);

#endif
