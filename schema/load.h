/*
 * One blocking catalog read over a connection of its own, with deadlines: what the schema thread and the subcommands
 * (explain, snapshot) build on.
 */
#ifndef DG_SCHEMA_LOAD_H
#define DG_SCHEMA_LOAD_H

#include "schema/snapshot.h"

struct dg_catalog; /* a connection for catalog reads */

/* Connects. `url` is a libpq connection string or URL. Errors name host, port and reason, never the password. */
enum dg_status dg_catalog_connect(const char *url, uint32_t connect_timeout_ms, uint32_t statement_timeout_ms,
                                  struct dg_catalog **catalog, struct dg_error *error) DG_MUST_CHECK;
void dg_catalog_close(struct dg_catalog *catalog);
/* Reads the whole schema, in a transaction of its own. */
enum dg_status dg_catalog_load(struct dg_catalog *catalog, size_t max_bytes, uint64_t covers,
                               struct dg_snapshot **snapshot, struct dg_error *error) DG_MUST_CHECK;

#endif
