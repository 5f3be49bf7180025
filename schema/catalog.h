/*
 * A connection for catalog reads, seen from inside this folder: connecting from parameters rather than a URL, queries
 * with deadlines, and the targeted read. load.h is the outside of it.
 *
 * Every wait is a poll() with a deadline on the connection's socket and, if there is one, on `wake_fd`: when that is
 * readable the wait ends with DG_TIMEOUT, so that a process that is told to stop does not wait for a slow server.
 */
#ifndef DG_SCHEMA_CATALOG_H
#define DG_SCHEMA_CATALOG_H

#include "base/address.h"
#include "schema/load.h"
#include "schema/row.h"
#include "schema/store.h"

struct dg_catalog_parameters {
    const char *host;
    const char *port;
    const char *hostaddr;      /* numeric: where `host` is; "" or NULL: to be resolved */
    const char *user;          /* NULL: libpq's default */
    const char *password;      /* NULL: libpq looks into PGPASSFILE */
    const char *sslmode;       /* NULL: libpq's own default, and its default files */
    const char *ssl_ca_file;   /* "" or NULL: none */
    const char *ssl_cert_file; /* the same */
    const char *ssl_key_file;
    bool ssl_is_direct;
    const char *database;
    uint32_t connect_timeout_ms;
    uint32_t statement_timeout_ms;
    int wake_fd; /* -1: none */
};

/* Connects to exactly these parameters; nothing of the environment redirects it. DG_IO and DG_TIMEOUT: there is no server
   there, or one that serves nobody now (57P03); DG_DATABASE: what it answered. */
enum dg_status dg_catalog_open(const struct dg_catalog_parameters *parameters, struct dg_catalog **catalog,
                               struct dg_error *error) DG_MUST_CHECK;
/* False once something failed that leaves the connection in an unknown state: close it. */
bool dg_catalog_is_usable(const struct dg_catalog *catalog);
/* The SQLSTATE of the last failure, or "" (no answer of a server). */
const char *dg_catalog_sqlstate(const struct dg_catalog *catalog);
int dg_catalog_server_version(const struct dg_catalog *catalog);
/* Where the connection has led to. */
void dg_catalog_address(const struct dg_catalog *catalog, struct dg_address *address);
/* The process id of BackendKeyData. */
int dg_catalog_backend_pid(const struct dg_catalog *catalog);

/* ---- Statements: used by the readers ----------------------------------------------------------------------------- */

/* One transaction: READ ONLY, REPEATABLE READ, with search_path, time-outs and encoding set for it alone. Ends with
   COMMIT if `status` is DG_OK, else with ROLLBACK; returns `status`, or what the COMMIT said. */
enum dg_status dg_catalog_begin(struct dg_catalog *catalog, struct dg_error *error) DG_MUST_CHECK;
enum dg_status dg_catalog_end(struct dg_catalog *catalog, enum dg_status status, struct dg_error *error) DG_MUST_CHECK;
/* Statements without rows and parameters. */
enum dg_status dg_catalog_command(struct dg_catalog *catalog, const char *sql, struct dg_error *error) DG_MUST_CHECK;

/* A parameter in binary form. */
struct dg_parameter {
    dg_oid type_oid;
    const void *bytes;
    size_t len;
};
typedef enum dg_status (*dg_row_fn)(const struct dg_row *row, void *context);
/* One statement; on_row sees each row as it arrives, and what it returns ends the read. */
enum dg_status dg_catalog_query(struct dg_catalog *catalog, const char *sql, const struct dg_parameter *parameters,
                                size_t n_parameters, dg_row_fn on_row, void *context,
                                struct dg_error *error) DG_MUST_CHECK;

/* As dg_catalog_load, within the caller's transaction: what it asks next is of the same instant. */
enum dg_status dg_catalog_load_within(struct dg_catalog *catalog, size_t max_bytes, uint64_t covers,
                                      struct dg_snapshot **snapshot, struct dg_error *error) DG_MUST_CHECK;

/* ---- The targeted read ------------------------------------------------------------------------------------------- */

/* A new snapshot: `older` with all relations of these names read anew, their descendants, ancestors, indexes, toast
   tables and sequences with them, and also whatever had one of the names in `older` and has another one now.
   DG_LIMIT: too much for a patch, read all. */
enum dg_status dg_catalog_patch(struct dg_catalog *catalog, struct dg_snapshot *older,
                                const struct dg_schema_name *names, size_t n_names, size_t max_bytes, uint64_t covers,
                                struct dg_snapshot **snapshot, struct dg_error *error) DG_MUST_CHECK;

#endif
