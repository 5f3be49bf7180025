/*
 * The database of a client subcommand (explain, snapshot): --database URL, else DATABASE_URL, else PG*, and one
 * catalog read of it.
 */
#ifndef DG_CLI_DATABASE_H
#define DG_CLI_DATABASE_H

#include "base/status.h"
#include "schema/snapshot.h"

/* Connects, reads the whole schema, disconnects. `url` NULL: DATABASE_URL, else libpq's defaults. *snapshot has one
   reference, the caller's. Errors never hold a password. */
enum dg_status dg_database_read(const char *url, struct dg_snapshot **snapshot, struct dg_error *error) DG_MUST_CHECK;

#endif
