/*
 * A server, as sessions are connected to it: one address of one upstream. The store keeps one snapshot a server and
 * database, and reads it from that very address: behind one name may stand a primary and its standby, or today another
 * machine than yesterday, and they need not have the same schema.
 */
#ifndef DG_SCHEMA_SERVER_H
#define DG_SCHEMA_SERVER_H

#include <stdbool.h>

#include "base/status.h"

/* No string is NULL. */
struct dg_schema_server {
    const char *upstream; /* its name in the configuration */
    const char *host;     /* as configured: what TLS verifies and PGPASSFILE lists; of a unix socket the folder */
    const char *port;
    const char *hostaddr; /* numeric; "" of a unix socket */
    const char *address;  /* printed, "10.0.0.7:5432": what tells servers apart, and labels */
};

/* The same address of the same upstream. */
bool dg_schema_server_is_same(const struct dg_schema_server *a, const struct dg_schema_server *b);
/* Copies the strings; on failure *copy needs no fini. */
enum dg_status dg_schema_server_copy(const struct dg_schema_server *server,
                                     struct dg_schema_server *copy) DG_MUST_CHECK;
/* Frees a copy. All zero is allowed. */
void dg_schema_server_fini(struct dg_schema_server *copy);

#endif
