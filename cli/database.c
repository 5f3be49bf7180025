/*
 * One catalog read for a subcommand. Where it cannot be done, the subcommand could not determine its answer: exit 1.
 */
#include "cli/database.h"

#include <stdlib.h>

#include "schema/load.h"

#define CONNECT_TIMEOUT_MS 10000
#define STATEMENT_TIMEOUT_MS 60000
#define MAX_SNAPSHOT_BYTES ((size_t)1 << 30)

enum dg_status dg_database_read(const char *url, struct dg_snapshot **snapshot, struct dg_error *error)
{
    const char *environment_url = getenv("DATABASE_URL");
    struct dg_catalog *catalog = NULL;

    if (url == NULL)
        url = environment_url != NULL ? environment_url : "";
    enum dg_status status = dg_catalog_connect(url, CONNECT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS, &catalog, error);
    if (status != DG_OK)
        return status;
    status = dg_catalog_load(catalog, MAX_SNAPSHOT_BYTES, 0, snapshot, error);
    dg_catalog_close(catalog);
    return status;
}
