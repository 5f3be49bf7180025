/*
 * Has the schema changed since? Two questions to the server: a quick one that may err on either side, and an exact one.
 */
#ifndef DG_SCHEMA_WATCH_H
#define DG_SCHEMA_WATCH_H

#include "schema/catalog.h"

/* The sum of rows written to the catalogs since statistics began: under a millisecond at any size, but some seconds
   late, moved by temporary tables and rolled-back DDL too, and standing still on a standby. */
enum dg_status dg_catalog_read_counters(struct dg_catalog *catalog, int64_t *sum, struct dg_error *error) DG_MUST_CHECK;

/* A hash over every catalog row that a snapshot is made from, temporary schemas left out. Inside a transaction of
   dg_catalog_begin. */
enum dg_status dg_catalog_read_fingerprint(struct dg_catalog *catalog, uint64_t *fingerprint,
                                           struct dg_error *error) DG_MUST_CHECK;
/* The server's clock when the transaction began, which is before anything was read in it; microseconds since 1970. */
enum dg_status dg_catalog_read_begin(struct dg_catalog *catalog, int64_t *began_at_us,
                                     struct dg_error *error) DG_MUST_CHECK;

#endif
