/*
 * The store: one snapshot a server and database, kept current by one schema thread that alone talks to the catalogs.
 *
 * A worker opens a database of the server that the client's session is connected to when the server has sent the first ReadyForQuery to a client of it, and closes it when that
 * session ends; the catalog connection is held only while someone has the database open. Reading a snapshot costs one
 * atomic load (base/published.h). Everything that needs the server goes to the schema thread's queue and comes back as
 * mail; nothing here blocks a worker.
 *
 * Stale time is known time: `changes` counts what was seen to change (DDL on our sessions, notifications, polls), and a
 * snapshot says how many of them it covers.
 */
#ifndef DG_SCHEMA_STORE_H
#define DG_SCHEMA_STORE_H

#include "base/log.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "schema/journal.h"
#include "schema/server.h"
#include "schema/snapshot.h"

struct dg_schema_host {
    const char *host; /* name, address or socket folder */
    const char *port;
};

/* How the guard's own connections to an upstream's servers are made. */
struct dg_schema_upstream {
    const char *name;
    const struct dg_schema_host *hosts; /* for the load at the start, when no session is there to say which: in turn */
    size_t n_hosts;
    const char *user;     /* NULL: libpq's default */
    const char *password; /* NULL: password_file, then PGPASSFILE */
    const char *password_file;
    const char *sslmode;       /* as libpq's parameter; NULL: its default */
    const char *ssl_ca_file;   /* "" or NULL: none */
    const char *ssl_cert_file; /* the same */
    const char *ssl_key_file;
    bool ssl_is_direct;
    const char *database; /* loaded at start; "" or NULL: none */
};

struct dg_schema_options {
    const struct dg_schema_upstream *upstreams;
    size_t n_upstreams;
    const char *state_dir; /* "" or NULL: the journal stays in memory; looked at once, at the start */
    uint32_t poll_ms;      /* 0: never */
    uint32_t min_reload_interval_ms;
    uint32_t statement_timeout_ms;
    uint32_t connect_timeout_ms;
    size_t max_databases;
    size_t max_snapshot_bytes;
};

struct dg_schema_store;
struct dg_schema_database;

/* Copies the options and starts the schema thread. DG_IO with a sentence about state_dir if that cannot be used. */
enum dg_status dg_schema_store_new(const struct dg_schema_options *options, struct dg_metrics *metrics,
                                   struct dg_log *log, struct dg_schema_store **store,
                                   struct dg_error *error) DG_MUST_CHECK;
/* After a reload of the config: takes over what may change while running (times, password file). */
void dg_schema_store_set_options(struct dg_schema_store *store, const struct dg_schema_options *options);
/* Ends the thread, which saves the journals, and answers what waits (DG_TIMEOUT), and from now on each request at once. Called before the mailboxes
   of those who ask are freed. */
void dg_schema_store_stop(struct dg_schema_store *store);
/* Ends the thread; no database may be open any more. */
void dg_schema_store_free(struct dg_schema_store *store);

/* One more client of the server's database of this name. NULL when max_databases are held or there is no memory: forward
   without verdicts. */
struct dg_schema_database *dg_schema_database_open(struct dg_schema_store *store, const struct dg_schema_server *server,
                                                   const char *name);
/* One more client of a database that is open. Returns it. */
struct dg_schema_database *dg_schema_database_open_again(struct dg_schema_database *database);
void dg_schema_database_close(struct dg_schema_database *database);

/* Brings the reader's snapshot (reader->object, NULL while there is none) up to date; true if it changed. */
bool dg_schema_database_refresh(struct dg_schema_database *database, struct dg_reader *reader);
/* Changes seen so far. Stale: dg_snapshot_covers(snapshot) < this. */
uint64_t dg_schema_database_changes(const struct dg_schema_database *database);

/* What a change named. Names are as written after folding; schema "" when unqualified (then every schema's). */
struct dg_schema_name {
    const char *schema;
    const char *name;
};
/* DDL was committed on one of our sessions: counts a change and reads again. n_names = 0: it may have changed anything. */
void dg_schema_database_changed(struct dg_schema_database *database, const struct dg_schema_name *names,
                                size_t n_names);

/* A catalog read asked for by a worker; embed it, or allocate it with malloc and free it in deliver. */
struct dg_schema_request {
    struct dg_mail mail;   /* deliver() runs in the asking worker; set by the asker */
    enum dg_status status; /* result: DG_OK, DG_TIMEOUT, DG_DATABASE, DG_NO_MEMORY */
    struct dg_snapshot
        *snapshot; /* result: a reference for the asker, from a read that began after the request; or NULL */
    void *context; /* the asker's */
    const struct dg_schema_name
        *names; /* relations to read; copied. n_names = 0: wait until all changes seen so far are covered */
    size_t n_names;
};
/* Queues the request; it comes back to `reply_to` exactly once, also when the store is freed (DG_TIMEOUT). */
void dg_schema_database_read(struct dg_schema_database *database, struct dg_schema_request *request,
                             struct dg_mailbox *reply_to);

/* Closes the catalog connections to the database called `name` (and holds them off for a few seconds), because a client
   is about to DROP, RENAME or copy it. On every server: that of the session may be known by another address, too; request->names and n_names are not used. Comes back to reply_to when done. */
void dg_schema_store_release_database(struct dg_schema_store *store, const char *name,
                                      struct dg_schema_request *request, struct dg_mailbox *reply_to);

/* The journal of a database's changes. */
const struct dg_journal *dg_schema_database_journal(const struct dg_schema_database *database);

/* What /readyz, /drift and the log show of each database. Calls `visit` under a lock; it must not call back. */
struct dg_schema_status {
    const char *database;
    const char *upstream;
    const char *server; /* its address; "" until one was reached */
    bool is_loaded;
    bool is_stale;
    int64_t read_at_us;
    size_t size_bytes;
    size_t n_clients;
    const char *last_error; /* "" when the last read succeeded; never holds a password */
};
void dg_schema_store_visit(struct dg_schema_store *store,
                           void (*visit)(const struct dg_schema_status *status, void *context), void *context);

#endif
