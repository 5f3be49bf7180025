/*
 * The store as workers see it: opening and closing databases, counting changes, queueing requests. All of it is short
 * work under one lock; what needs the server is left to the thread (store_thread.c, store_read.c).
 *
 * A server's database stays in the store when its last client has left, without a connection, so that the next client finds the
 * snapshot; when room is needed, the one that was unused for longest goes.
 */
#include "schema/store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/store_private.h"

/* How long connections to a database stay closed after a release. */
#define HOLD_OFF_MS 5000u
#define MAX_PENDING_BYTES ((size_t)1 << 20)

/* ---- Waiting requests -------------------------------------------------------------------------------------------- */

static void pending_free(struct dg_pending *pending)
{
    dg_arena_fini(&pending->strings);
    free(pending);
}

static void answer(struct dg_schema_request *request, struct dg_mailbox *reply_to, enum dg_status status,
                   struct dg_snapshot *snapshot)
{
    request->status = status;
    request->snapshot = snapshot == NULL ? NULL : dg_snapshot_ref(snapshot);
    dg_mailbox_post(reply_to, &request->mail);
}

void dg_pending_answer(struct dg_pending *pending, enum dg_status status, struct dg_snapshot *snapshot)
{
    if (pending->request != NULL)
        answer(pending->request, pending->reply_to, status, status == DG_OK ? snapshot : NULL);
    pending_free(pending);
}

void dg_pending_answer_all(struct dg_pending *list, enum dg_status status, struct dg_snapshot *snapshot)
{
    while (list != NULL) {
        struct dg_pending *next = list->next;
        dg_pending_answer(list, status, snapshot);
        list = next;
    }
}

/* A pending entry with copies of the names; NULL if there is no memory. */
static struct dg_pending *pending_new(const struct dg_schema_name *names, size_t n)
{
    struct dg_pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL)
        return NULL;
    dg_arena_init(&pending->strings, MAX_PENDING_BYTES);
    if (n == 0)
        return pending;
    pending->names = dg_arena_array(&pending->strings, n, sizeof *pending->names);
    for (size_t i = 0; pending->names != NULL && i < n; i++) {
        const char *schema = dg_arena_strdup(&pending->strings, names[i].schema == NULL ? "" : names[i].schema);
        const char *name = dg_arena_strdup(&pending->strings, names[i].name);
        if (schema == NULL || name == NULL)
            pending->names = NULL;
        else
            pending->names[i] = (struct dg_schema_name){schema, name};
    }
    if (pending->names == NULL) {
        pending_free(pending);
        return NULL;
    }
    pending->n_names = n;
    return pending;
}

static void enqueue(struct dg_schema_database *database, struct dg_pending *pending)
{
    pending->next = database->pending;
    database->pending = pending;
    pthread_cond_signal(&database->store->work);
}

/* ---- Databases --------------------------------------------------------------------------------------------------- */

static void database_free(struct dg_schema_database *database)
{
    dg_published_fini(&database->published);
    dg_journal_free(database->journal);
    dg_snapshot_unref(database->current);
    dg_catalog_close(database->catalog);
    dg_schema_server_fini(&database->server);
    free(database->name);
    free(database);
}

/* Files of the first upstream are named as they were when there was but one, and one host: by that host's name. */
static uint64_t state_group_of(const struct dg_schema_store *store, const char *upstream_name, const char *name)
{
    const struct dg_schema_options *options = &store->options->values;
    const struct dg_schema_upstream *upstream = dg_store_find_upstream(options, upstream_name);
    if (upstream == NULL || upstream->n_hosts == 0)
        return dg_state_group(upstream_name, "", "", name);
    return dg_state_group(upstream == options->upstreams ? "" : upstream_name, upstream->hosts[0].host,
                          upstream->hosts[0].port, name);
}

static struct dg_schema_database *database_new(struct dg_schema_store *store, const struct dg_schema_server *server,
                                               const char *name)
{
    struct dg_schema_database *database = calloc(1, sizeof *database);
    if (database == NULL)
        return NULL;
    database->store = store;
    atomic_init(&database->changes, 0);
    dg_published_init(&database->published);
    database->name = strdup(name);
    database->state_group = state_group_of(store, server->upstream, name);
    database->journal = dg_journal_new(DG_JOURNAL_MAX_CHANGES);
    enum dg_status status = dg_schema_server_copy(server, &database->server);
    if (database->name == NULL || database->journal == NULL || status != DG_OK) {
        database_free(database);
        return NULL;
    }
    return database;
}

static struct dg_schema_database *find_database(const struct dg_schema_store *store,
                                                const struct dg_schema_server *server, const char *name)
{
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next)
        if (strcmp(database->name, name) == 0 && dg_schema_server_is_same(&database->server, server))
            return database;
    return NULL;
}

void dg_store_forget_metrics(const struct dg_schema_database *database)
{
    static const enum dg_metric_family families[] = {DG_FAMILY_SNAPSHOT_LOADED, DG_FAMILY_SNAPSHOT_STALE,
                                                     DG_FAMILY_SNAPSHOT_TIMESTAMP, DG_FAMILY_SNAPSHOT_BYTES};
    const char *const labels[] = {database->name, database->server.upstream, database->server.address};
    if (database->store->metrics == NULL)
        return;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        dg_metrics_remove(database->store->metrics, families[i], labels);
}

static bool has_address(const struct dg_schema_database *database)
{
    return database->server.address[0] != '\0';
}

void dg_store_remove(struct dg_schema_database *database)
{
    struct dg_schema_database **at = &database->store->databases;
    while (*at != database)
        at = &(*at)->next;
    *at = database->next;
    dg_store_forget_metrics(database);
    database_free(database);
}

/* Frees the one that was unused for longest; false if all are in use. */
static bool evict_one(struct dg_schema_store *store)
{
    struct dg_schema_database *oldest = NULL;
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next) {
        bool is_unsaved = database->saving.due_ms != 0 && !database->saving.is_stuck;
        if (database->n_clients > 0 || database->is_busy || database->pending != NULL || is_unsaved ||
            !has_address(database))
            continue;
        if (oldest == NULL || database->last_used_ms < oldest->last_used_ms)
            oldest = database;
    }
    if (oldest == NULL)
        return false;
    store->n_databases--;
    dg_store_remove(oldest);
    return true;
}

static bool make_room(struct dg_schema_store *store)
{
    return store->n_databases < store->options->values.max_databases || evict_one(store);
}

static struct dg_schema_database *add_database(struct dg_schema_store *store, const struct dg_schema_server *server,
                                               const char *name)
{
    struct dg_schema_database *database = database_new(store, server, name);
    if (database == NULL)
        return NULL;
    database->next = store->databases;
    store->databases = database;
    return database;
}

/* The first client has come or the last one has left: see show_gauges in store_read.c. Under the lock. */
static void show_gauges(const struct dg_schema_database *database)
{
    const char *const labels[] = {database->name, database->server.upstream, database->server.address};
    bool has_clients = database->n_clients > 0;
    if (database->store->metrics == NULL || database->is_initial)
        return;
    if (database->is_loaded)
        dg_metrics_set(database->store->metrics, DG_FAMILY_SNAPSHOT_STALE, labels, has_clients && database->is_failing);
    else if (!has_clients)
        dg_store_forget_metrics(database);
}

struct dg_schema_database *dg_schema_database_open(struct dg_schema_store *store, const struct dg_schema_server *server,
                                                   const char *name)
{
    pthread_mutex_lock(&store->lock);
    struct dg_schema_database *database = find_database(store, server, name);
    if (database == NULL && make_room(store)) {
        database = add_database(store, server, name);
        store->n_databases += database != NULL;
    }
    if (database != NULL) {
        /* Nobody looked while there was no client. */
        if (database->n_clients == 0)
            database->must_verify = true;
        database->n_clients++;
        if (database->n_clients == 1)
            show_gauges(database);
        pthread_cond_signal(&store->work);
    }
    pthread_mutex_unlock(&store->lock);
    return database;
}

struct dg_schema_database *dg_schema_database_open_again(struct dg_schema_database *database)
{
    pthread_mutex_lock(&database->store->lock);
    database->n_clients++;
    pthread_mutex_unlock(&database->store->lock);
    return database;
}

void dg_store_place(struct dg_schema_database *database, const struct dg_schema_server *server)
{
    struct dg_schema_store *store = database->store;
    struct dg_schema_server copy;
    enum dg_status status = dg_schema_server_copy(server, &copy);
    dg_store_forget_metrics(database);
    pthread_mutex_lock(&store->lock);
    if (status != DG_OK || find_database(store, server, database->name) != NULL || !make_room(store)) {
        database->is_superseded = true;
        dg_schema_server_fini(&copy);
    } else {
        dg_schema_server_fini(&database->server);
        database->server = copy;
        store->n_databases++;
    }
    pthread_mutex_unlock(&store->lock);
}

void dg_schema_database_close(struct dg_schema_database *database)
{
    struct dg_schema_store *store = database->store;
    pthread_mutex_lock(&store->lock);
    database->n_clients--;
    database->last_used_ms = dg_clock_monotonic_ms();
    if (database->n_clients == 0) {
        show_gauges(database);
        pthread_cond_signal(&store->work);
    }
    pthread_mutex_unlock(&store->lock);
}

bool dg_schema_database_refresh(struct dg_schema_database *database, struct dg_reader *reader)
{
    return dg_published_refresh(&database->published, reader);
}

uint64_t dg_schema_database_changes(const struct dg_schema_database *database)
{
    return atomic_load_explicit(&database->changes, memory_order_acquire);
}

const struct dg_journal *dg_schema_database_journal(const struct dg_schema_database *database)
{
    return database->journal;
}

/* ---- Changes and reads ------------------------------------------------------------------------------------------- */

/* Under the lock. */
static uint64_t count_change(struct dg_schema_database *database, bool is_named)
{
    uint64_t count = atomic_load_explicit(&database->changes, memory_order_relaxed) + 1;
    atomic_store_explicit(&database->changes, count, memory_order_release);
    if (!is_named)
        database->unnamed_change = count;
    return count;
}

uint64_t dg_store_count_change(struct dg_schema_database *database)
{
    pthread_mutex_lock(&database->store->lock);
    uint64_t count = count_change(database, false);
    pthread_mutex_unlock(&database->store->lock);
    return count;
}

void dg_schema_database_changed(struct dg_schema_database *database, const struct dg_schema_name *names, size_t n_names)
{
    struct dg_schema_store *store = database->store;
    /* Without memory for the names the change may have been any. */
    struct dg_pending *pending = n_names == 0 ? NULL : pending_new(names, n_names);
    pthread_mutex_lock(&store->lock);
    count_change(database, pending != NULL);
    if (pending != NULL)
        enqueue(database, pending);
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
}

void dg_schema_database_read(struct dg_schema_database *database, struct dg_schema_request *request,
                             struct dg_mailbox *reply_to)
{
    struct dg_schema_store *store = database->store;
    struct dg_pending *pending = pending_new(request->names, request->n_names);
    if (pending == NULL) {
        answer(request, reply_to, DG_NO_MEMORY, NULL);
        return;
    }
    pending->request = request;
    pending->reply_to = reply_to;
    pthread_mutex_lock(&store->lock);
    if (store->is_stopping) {
        pthread_mutex_unlock(&store->lock);
        dg_pending_answer(pending, DG_TIMEOUT, NULL);
        return;
    }
    pending->target = atomic_load_explicit(&database->changes, memory_order_relaxed);
    enqueue(database, pending);
    pthread_mutex_unlock(&store->lock);
}

/* ---- Releases ---------------------------------------------------------------------------------------------------- */

/* The slot of this name, or the one that ends first. */
static void hold_off(struct dg_schema_store *store, char *name)
{
    struct dg_held_off *slot = &store->held_off[0];
    for (size_t i = 0; i < DG_MAX_HELD_OFF; i++) {
        struct dg_held_off *candidate = &store->held_off[i];
        if (candidate->name != NULL && strcmp(candidate->name, name) == 0) {
            slot = candidate;
            break;
        }
        if (candidate->until_ms < slot->until_ms)
            slot = candidate;
    }
    free(slot->name);
    *slot = (struct dg_held_off){name, dg_clock_monotonic_ms() + HOLD_OFF_MS};
}

bool dg_store_is_held_off(const struct dg_schema_store *store, const char *name, uint64_t now_ms)
{
    for (size_t i = 0; i < DG_MAX_HELD_OFF; i++) {
        const struct dg_held_off *slot = &store->held_off[i];
        if (slot->name != NULL && slot->until_ms > now_ms && strcmp(slot->name, name) == 0)
            return true;
    }
    return false;
}

static void wake(const struct dg_schema_store *store)
{
    const uint64_t one = 1;
    /* It can only fail by being full, and then it is readable already. */
    ssize_t written = write(store->wake_fd, &one, sizeof one);
    (void)written;
}

void dg_schema_store_release_database(struct dg_schema_store *store, const char *name,
                                      struct dg_schema_request *request, struct dg_mailbox *reply_to)
{
    struct dg_release *release = calloc(1, sizeof *release);
    char *copy = strdup(name);
    char *held = strdup(name);
    if (release == NULL || copy == NULL || held == NULL) {
        free(release);
        free(copy);
        free(held);
        answer(request, reply_to, DG_NO_MEMORY, NULL);
        return;
    }
    *release = (struct dg_release){.request = request, .reply_to = reply_to, .name = copy};
    pthread_mutex_lock(&store->lock);
    hold_off(store, held);
    if (store->is_stopping) {
        pthread_mutex_unlock(&store->lock);
        answer(request, reply_to, DG_OK, NULL); /* no connection is held any more */
        free(copy);
        free(release);
        return;
    }
    release->next = store->releases;
    store->releases = release;
    if (store->reading != NULL && strcmp(store->reading->name, name) == 0)
        wake(store);
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
}

/* ---- The store --------------------------------------------------------------------------------------------------- */

/* Nobody reads any more: what waits is told so. */
static void answer_what_waits(struct dg_schema_store *store)
{
    while (store->releases != NULL) {
        struct dg_release *release = store->releases;
        store->releases = release->next;
        answer(release->request, release->reply_to, DG_TIMEOUT, NULL);
        free(release->name);
        free(release);
    }
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next) {
        dg_pending_answer_all(database->pending, DG_TIMEOUT, NULL);
        database->pending = NULL;
    }
}

static void free_parts(struct dg_schema_store *store)
{
    answer_what_waits(store);
    while (store->databases != NULL) {
        struct dg_schema_database *database = store->databases;
        store->databases = database->next;
        database_free(database);
    }
    for (size_t i = 0; i < DG_MAX_HELD_OFF; i++)
        free(store->held_off[i].name);
    dg_store_options_free(store->options);
    dg_state_close(store->state);
    if (store->wake_fd >= 0)
        close(store->wake_fd);
    pthread_cond_destroy(&store->work);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static enum dg_status init_parts(struct dg_schema_store *store, const struct dg_schema_options *options)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->work, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&store->lock, NULL);
    store->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    store->options = dg_store_options_new(options);
    if (store->options == NULL)
        return DG_NO_MEMORY;
    if (store->wake_fd < 0)
        return DG_IO;
    for (size_t i = 0; i < store->options->values.n_upstreams; i++) {
        const struct dg_schema_upstream *upstream = &store->options->values.upstreams[i];
        const struct dg_schema_server nowhere = {upstream->name, "", "", "", ""};
        if (upstream->database[0] == '\0')
            continue;
        struct dg_schema_database *database = add_database(store, &nowhere, upstream->database);
        if (database == NULL)
            return DG_NO_MEMORY;
        database->is_initial = true;
    }
    return DG_OK;
}

static enum dg_status open_state(struct dg_schema_store *store, struct dg_error *error)
{
    const struct dg_schema_options *options = &store->options->values;
    if (options->state_dir[0] == '\0')
        return DG_OK;
    return dg_state_open(options->state_dir, store->log, &store->state, error);
}

enum dg_status dg_schema_store_new(const struct dg_schema_options *options, struct dg_metrics *metrics,
                                   struct dg_log *log, struct dg_schema_store **result, struct dg_error *error)
{
    *result = NULL;
    struct dg_schema_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    store->metrics = metrics;
    store->log = log;
    enum dg_status status = init_parts(store, options);
    enum dg_status state_status = status == DG_OK ? open_state(store, error) : DG_OK;
    if (status == DG_OK && state_status == DG_OK && pthread_create(&store->thread, NULL, dg_store_run, store) != 0)
        status = DG_IO;
    if (status == DG_OK && state_status == DG_OK) {
        *result = store;
        return DG_OK;
    }
    free_parts(store);
    if (state_status != DG_OK)
        return state_status;
    return dg_error_set(error, status, "the schema thread could not be started: %s", dg_status_text(status));
}

void dg_schema_store_set_options(struct dg_schema_store *store, const struct dg_schema_options *options)
{
    struct dg_store_options *copy = dg_store_options_new(options);
    if (copy == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    struct dg_store_options *before = store->options;
    store->options = copy;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
    dg_store_options_free(before);
}

void dg_schema_store_stop(struct dg_schema_store *store)
{
    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    bool is_running = !store->is_stopping;
    store->is_stopping = true;
    wake(store);
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
    if (is_running)
        pthread_join(store->thread, NULL);
    pthread_mutex_lock(&store->lock);
    answer_what_waits(store);
    pthread_mutex_unlock(&store->lock);
}

void dg_schema_store_free(struct dg_schema_store *store)
{
    if (store == NULL)
        return;
    dg_schema_store_stop(store);
    free_parts(store);
}

void dg_schema_store_visit(struct dg_schema_store *store,
                           void (*visit)(const struct dg_schema_status *status, void *context), void *context)
{
    pthread_mutex_lock(&store->lock);
    for (const struct dg_schema_database *database = store->databases; database != NULL; database = database->next) {
        bool is_behind = database->is_loaded && database->covers < dg_schema_database_changes(database);
        const struct dg_schema_status status = {.database = database->name,
                                                .upstream = database->server.upstream,
                                                .server = database->server.address,
                                                .is_loaded = database->is_loaded,
                                                .is_stale = database->is_failing || is_behind,
                                                .read_at_us = database->read_at_us,
                                                .size_bytes = database->size_bytes,
                                                .n_clients = database->n_clients,
                                                .last_error = database->last_error};
        visit(&status, context);
    }
    pthread_mutex_unlock(&store->lock);
}
