/*
 * The store's inside.
 *
 * Who touches what: `lock` guards everything that workers and the schema thread share; the members under "thread" are
 * the schema thread's alone. The thread never holds the lock while it talks to a server.
 *
 * One database's read, in short:
 *
 *      changed(names)  --+                                        +--> publish, journal, metrics
 *      read(names)     --+--> take all that waits, unlock, read --+
 *      changed()       --+    (one targeted or one full read)     +--> answer those that it serves
 *      read()          --+
 */
#ifndef DG_SCHEMA_STORE_PRIVATE_H
#define DG_SCHEMA_STORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "schema/catalog.h"
#include "schema/state.h"
#include "schema/store.h"

#define DG_MAX_HELD_OFF 16
#define DG_JOURNAL_MAX_CHANGES 1000

/* The options with strings of our own. */
struct dg_store_options {
    struct dg_schema_options values;
    struct dg_schema_upstream *upstreams; /* values.upstreams */
    struct dg_arena strings;
};

/* When the journal is saved (store_state.c). */
struct dg_saving {
    uint64_t due_ms;      /* under the lock; 0: nothing to save */
    bool is_stuck;        /* under the lock: the folder cannot be written just now */
    uint64_t saved_at_ms; /* thread */
    bool is_failing;      /* thread: said in the log */
    bool is_too_large;    /* thread: said in the log */
};

/* What waits for a read: a worker's request, or (request NULL) names that a change touched. */
struct dg_pending {
    struct dg_pending *next;
    struct dg_schema_request *request;
    struct dg_mailbox *reply_to;
    uint64_t target; /* changes that must be covered, for a request without names */
    struct dg_arena strings;
    struct dg_schema_name *names;
    size_t n_names;
};

struct dg_schema_database {
    struct dg_schema_store *store;
    struct dg_schema_database *next;
    char *name;
    /* Written by the thread under the lock, when the load at the start finds out where it is; until then address is "". */
    struct dg_schema_server server;
    uint64_t state_group; /* dg_state_group() */
    struct dg_published published;
    struct dg_journal *journal;
    atomic_uint_fast64_t changes; /* written under the lock */

    /* Under the lock. */
    size_t n_clients;
    uint64_t last_used_ms;
    struct dg_pending *pending; /* newest first */
    uint64_t unnamed_change;    /* the newest change that may have touched anything */
    bool is_initial;            /* to be loaded although nobody has it open */
    bool is_superseded;         /* a client had opened what the load at the start found: to be freed */
    bool is_busy;               /* the thread works on it: not to be evicted */
    bool must_verify;           /* opened again after a time without clients: ask whether it changed */
    bool is_failing;
    size_t size_bytes;
    int64_t read_at_us;
    uint64_t covers;
    bool is_loaded;
    char last_error[512];
    struct dg_saving saving;

    /* Thread. */
    struct dg_catalog *catalog;
    struct dg_snapshot *current; /* a reference */
    uint64_t last_full_ms;
    uint64_t next_poll_ms;
    uint64_t retry_at_ms; /* 0 unless failing */
    uint64_t failed_at_ms;
    unsigned n_failures;
    unsigned n_polls;
    int64_t counters;
    uint64_t fingerprint;
    bool is_in_recovery;
    const char *doing; /* the kind of read that failed, if one did */
};

/* A database whose connections were closed for somebody's DROP, RENAME or copy. */
struct dg_held_off {
    char *name;
    uint64_t until_ms;
};

/* A release that was asked for. */
struct dg_release {
    struct dg_release *next;
    struct dg_schema_request *request;
    struct dg_mailbox *reply_to;
    char *name;
};

struct dg_schema_store {
    struct dg_metrics *metrics;
    struct dg_log *log;
    struct dg_state *state; /* NULL: the journals stay in memory; the thread's while it runs */
    pthread_t thread;
    int wake_fd; /* readable: the thread shall give up what it waits for */
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool is_stopping;
    struct dg_store_options *options; /* replaced whole */
    struct dg_schema_database *databases;
    size_t n_databases;                       /* with an address */
    const struct dg_schema_database *reading; /* what the thread talks to the server about */
    struct dg_release *releases;
    struct dg_held_off held_off[DG_MAX_HELD_OFF];
};

/* The thread: until store->is_stopping. */
void *dg_store_run(void *store);

/* One step of work for this database (store_read.c), outside the lock. */
struct dg_read_job {
    const struct dg_store_options *options; /* the job's own copy */
    struct dg_pending *pending;             /* taken */
    uint64_t changes;                       /* as they were when the job was taken */
    uint64_t unnamed_change;
    size_t n_clients;
    bool is_initial;
    bool must_verify;
    bool is_held_off;
};
void dg_store_work(struct dg_schema_database *database, struct dg_read_job *job);
/* When it next has work without being asked; UINT64_MAX: never. Under the lock. */
uint64_t dg_store_due_ms(const struct dg_schema_database *database, const struct dg_schema_options *options);
/* Closes the connection, if there is one. */
void dg_store_disconnect(struct dg_schema_database *database);

/* Answers and frees. `snapshot` is borrowed. */
void dg_pending_answer(struct dg_pending *pending, enum dg_status status, struct dg_snapshot *snapshot);
void dg_pending_answer_all(struct dg_pending *list, enum dg_status status, struct dg_snapshot *snapshot);
/* Counts a change of anything, as the thread finds one; under no lock. Returns the new count. */
uint64_t dg_store_count_change(struct dg_schema_database *database);
bool dg_store_is_held_off(const struct dg_schema_store *store, const char *name, uint64_t now_ms);

/* Saving (store_state.c); all of it is the thread's, outside the lock but for the last. */
/* Before the first snapshot is published. */
void dg_store_restore_journal(struct dg_schema_database *database, const struct dg_snapshot *first);
void dg_store_mark_unsaved(struct dg_schema_database *database);
/* The catalogs were seen to be still what the current snapshot says. */
void dg_store_mark_verified(struct dg_schema_database *database, int64_t verified_at_us);
void dg_store_save(struct dg_schema_database *database);
/* The database that is to be saved first and when; NULL and UINT64_MAX if there is none. Under the lock. */
struct dg_schema_database *dg_store_find_unsaved(const struct dg_schema_store *store, uint64_t *due_ms);

struct dg_store_options *dg_store_options_new(const struct dg_schema_options *options);
void dg_store_options_free(struct dg_store_options *options);
/* NULL if there is none of that name. */
const struct dg_schema_upstream *dg_store_find_upstream(const struct dg_schema_options *options, const char *name);

/* The thread has connected to `server` for the load at the start: the database is that server's from here on, or it is
   superseded by the one that a client has opened there, or there is no room for it. */
void dg_store_place(struct dg_schema_database *database, const struct dg_schema_server *server);
/* Takes the database out of the store and frees it. Under the lock; nobody has it open. */
void dg_store_remove(struct dg_schema_database *database);
/* Takes the database's gauges away. Under the lock or not. */
void dg_store_forget_metrics(const struct dg_schema_database *database);

#endif
