/*
 * Types as people write them.
 */
#ifndef DG_SCHEMA_NAMES_H
#define DG_SCHEMA_NAMES_H

#include "base/text.h"
#include "schema/snapshot.h"

/* Appends the type's name as PostgreSQL's format_type() gives it: "character varying(20)", "bigint[]", "shop.mood". The
   schema is left out for pg_catalog and public. "type 12345" if the snapshot does not know it. */
void dg_snapshot_type_name(const struct dg_snapshot *snapshot, dg_oid type_oid, int32_t typmod, struct dg_text *out);

#endif
