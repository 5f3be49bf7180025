/*
 * The schema thread's loop: releases first, then the database whose work is due first, then sleep until the next is due
 * or somebody signals. One database is worked on at a time; that is the single flight.
 *
 * What is due, by database (dg_store_due_ms):
 *
 *      something waits in its queue, or it was opened again       now
 *      not loaded yet, or a read failed                           now, or when the back-off ends
 *      a change of anything is not covered                        min_reload_interval after the last full read
 *      clients, and nothing to do                                 the next poll
 *      no clients, connection still open                          LINGER_MS after the last one left
 *
 * What is to be saved goes before reads: it is due at most once a second, and reads may be due all the time.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/store_private.h"

/* A connection is kept this long after the last client: test suites connect again and again, and DROP DATABASE waits
   five seconds for others to leave. */
#define LINGER_MS 500u
/* A client that comes while reads fail is a reason to try again, but not more often than this. */
#define RETRY_FOR_CLIENT_MS 1000u

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t dg_store_due_ms(const struct dg_schema_database *database, const struct dg_schema_options *options)
{
    if (database->pending != NULL)
        return 0;
    if (database->n_clients == 0 && !database->is_initial)
        return database->catalog == NULL ? UINT64_MAX : database->last_used_ms + LINGER_MS;
    if (database->retry_at_ms != 0)
        return database->must_verify ? earlier(database->retry_at_ms, database->failed_at_ms + RETRY_FOR_CLIENT_MS)
                                     : database->retry_at_ms;
    if (!database->is_loaded || database->must_verify)
        return 0;
    uint64_t due = UINT64_MAX;
    if (database->unnamed_change > database->covers)
        due = database->last_full_ms + options->min_reload_interval_ms;
    if (options->poll_ms > 0 && database->n_clients > 0)
        due = earlier(due, database->next_poll_ms);
    return due;
}

/* The database with the earliest work and when that is; NULL if none has any. */
static struct dg_schema_database *find_due(const struct dg_schema_store *store, uint64_t now_ms, uint64_t *due_ms)
{
    struct dg_schema_database *first = NULL;
    *due_ms = UINT64_MAX;
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next) {
        uint64_t due = dg_store_due_ms(database, &store->options->values);
        /* A database that is held off has to answer requests, no more. */
        if (database->pending == NULL && due != UINT64_MAX && dg_store_is_held_off(store, database->name, now_ms))
            due = now_ms + LINGER_MS;
        if (due < *due_ms) {
            *due_ms = due;
            first = database;
        }
    }
    return first;
}

static void serve_release(struct dg_schema_store *store)
{
    struct dg_release *release = store->releases;
    store->releases = release->next;
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next) {
        if (strcmp(database->name, release->name) != 0)
            continue;
        /* Closing sends one message and waits for nothing. */
        dg_store_disconnect(database);
    }
    release->request->status = DG_OK;
    release->request->snapshot = NULL;
    dg_mailbox_post(release->reply_to, &release->request->mail);
    free(release->name);
    free(release);
}

static void clear_wake(const struct dg_schema_store *store)
{
    uint64_t count;
    ssize_t n = read(store->wake_fd, &count, sizeof count);
    (void)n; /* empty is what it usually is */
}

static void serve_database(struct dg_schema_store *store, struct dg_schema_database *database, uint64_t now_ms)
{
    struct dg_store_options *options = dg_store_options_new(&store->options->values);
    struct dg_read_job job = {.options = options,
                              .pending = database->pending,
                              .changes = dg_schema_database_changes(database),
                              .unnamed_change = database->unnamed_change,
                              .n_clients = database->n_clients,
                              .is_initial = database->is_initial,
                              .must_verify = database->must_verify,
                              .is_held_off = dg_store_is_held_off(store, database->name, now_ms)};
    database->pending = NULL;
    database->must_verify = false;
    database->is_busy = true;
    store->reading = database;
    clear_wake(store);
    pthread_mutex_unlock(&store->lock);
    dg_store_work(database, &job);
    dg_store_options_free(options);
    pthread_mutex_lock(&store->lock);
    store->reading = NULL;
    database->is_busy = false;
    if (database->is_superseded)
        dg_store_remove(database);
}

static void serve_saving(struct dg_schema_store *store, struct dg_schema_database *database)
{
    database->is_busy = true;
    pthread_mutex_unlock(&store->lock);
    dg_store_save(database);
    pthread_mutex_lock(&store->lock);
    database->is_busy = false;
}

/* At the end: what was recorded, and when each schema was last seen to be what it is. Workers may
   still open databases meanwhile: such have no snapshot, and one that is busy is not evicted. */
static void save_all(struct dg_schema_store *store)
{
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next)
        if (store->state != NULL && database->current != NULL)
            serve_saving(store, database);
}

static void wait_until(struct dg_schema_store *store, uint64_t due_ms)
{
    if (due_ms == UINT64_MAX) {
        pthread_cond_wait(&store->work, &store->lock);
        return;
    }
    const struct timespec until = {.tv_sec = (time_t)(due_ms / 1000), .tv_nsec = (long)(due_ms % 1000) * 1000000};
    pthread_cond_timedwait(&store->work, &store->lock, &until);
}

void *dg_store_run(void *argument)
{
    struct dg_schema_store *store = argument;
    pthread_mutex_lock(&store->lock);
    while (!store->is_stopping) {
        uint64_t now_ms = dg_clock_monotonic_ms();
        uint64_t due_ms;
        if (store->releases != NULL) {
            serve_release(store);
            continue;
        }
        uint64_t save_due_ms;
        struct dg_schema_database *unsaved = dg_store_find_unsaved(store, &save_due_ms);
        if (unsaved != NULL && save_due_ms <= now_ms) {
            serve_saving(store, unsaved);
            continue;
        }
        struct dg_schema_database *database = find_due(store, now_ms, &due_ms);
        if (database != NULL && due_ms <= now_ms)
            serve_database(store, database, now_ms);
        else
            wait_until(store, earlier(due_ms, save_due_ms));
    }
    save_all(store);
    pthread_mutex_unlock(&store->lock);
    return NULL;
}
