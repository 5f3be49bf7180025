/*
 * One job for one database: connect if need be, then a full read, a targeted read or a poll, whichever serves what
 * waits; publish, and answer.
 *
 * Covers. A full read covers all changes that were counted when its job was taken. A targeted read covers them too,
 * unless one of those that the snapshot does not cover yet may have touched anything.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "schema/builder.h"
#include "schema/diff.h"
#include "schema/model.h"
#include "schema/store_private.h"
#include "schema/watch.h"

#define EXACT_POLL_EVERY 6u
#define MAX_PASSWORD_BYTES 4096u
#define FIRST_BACKOFF_MS 1000u
#define LONGEST_BACKOFF_MS 30000u
#define MAX_NAMES 1000u

/* ---- Telling about it -------------------------------------------------------------------------------------------- */

static void count(const struct dg_schema_database *database, enum dg_metric_family family, const char *kind)
{
    if (database->store->metrics != NULL)
        dg_metrics_add(database->store->metrics, family,
                       (const char *const[]){database->name, database->server.upstream, kind}, 1);
}

/* A database that nobody is connected to is not read again, and need not be: no alert shall wait for a server that a
   fail-over has left for good. */
static void show_gauges(struct dg_schema_database *database)
{
    struct dg_schema_store *store = database->store;
    if (store->metrics == NULL)
        return;
    const char *const labels[] = {database->name, database->server.upstream, database->server.address};
    const struct dg_snapshot *current = database->current;
    bool is_stale =
        database->retry_at_ms != 0 || (current != NULL && current->covers < dg_schema_database_changes(database));
    pthread_mutex_lock(&store->lock); /* the last client may be leaving */
    bool is_wanted = database->n_clients > 0 || database->is_initial;
    if (is_wanted || current != NULL) {
        dg_metrics_set(store->metrics, DG_FAMILY_SNAPSHOT_LOADED, labels, current != NULL);
        dg_metrics_set(store->metrics, DG_FAMILY_SNAPSHOT_STALE, labels, is_stale && is_wanted);
    }
    pthread_mutex_unlock(&store->lock);
    if (current == NULL)
        return;
    dg_metrics_set(store->metrics, DG_FAMILY_SNAPSHOT_TIMESTAMP, labels, (double)current->read_at_us / 1e6);
    dg_metrics_set(store->metrics, DG_FAMILY_SNAPSHOT_BYTES, labels, (double)current->size_bytes);
}

/* A share of `ms` between three quarters and five quarters, so that many sidecars do not ask at once. */
static uint64_t jitter(uint64_t ms)
{
    uint64_t now = dg_clock_monotonic_ns();
    return ms * 3 / 4 + (ms < 2 ? 0 : dg_hash64(&now, sizeof now) % (ms / 2));
}

/* ---- Publishing -------------------------------------------------------------------------------------------------- */

/* Takes over the reference. */
static void publish(struct dg_schema_database *database, struct dg_snapshot *snapshot)
{
    struct dg_snapshot *older = database->current;
    bool has_changed = true;
    if (older != NULL) {
        /* The same content under another name would only empty the verdict caches. */
        bool is_same = dg_snapshot_is_same(older, snapshot);
        if (is_same)
            snapshot->generation = older->generation;
        else if (dg_journal_record(database->journal, older, snapshot) != DG_OK)
            dg_logf(database->store->log, DG_LOG_WARNING, "journal_failed", "a schema change could not be recorded",
                    dg_field_str("database", database->name), dg_field_str("upstream", database->server.upstream),
                    dg_field_str("server", database->server.address));
        /* Of a patch's older parts it still holds; the others were read later anyway. */
        snapshot->verified_at_us = older->verified_at_us;
        has_changed = !is_same;
    } else {
        dg_store_restore_journal(database, snapshot);
    }
    dg_published_set(&database->published, &dg_snapshot_ref(snapshot)->shared);
    database->current = snapshot;
    dg_snapshot_unref(older);
    if (has_changed)
        dg_store_mark_unsaved(database);

    pthread_mutex_lock(&database->store->lock);
    database->is_loaded = true;
    database->is_initial = false;
    database->covers = snapshot->covers;
    database->read_at_us = snapshot->read_at_us;
    database->size_bytes = snapshot->size_bytes;
    pthread_mutex_unlock(&database->store->lock);
}

/* ---- Connecting -------------------------------------------------------------------------------------------------- */

void dg_store_disconnect(struct dg_schema_database *database)
{
    dg_catalog_close(database->catalog);
    database->catalog = NULL;
}

/* The password file's first line, in `text`. */
static enum dg_status read_password(const struct dg_schema_upstream *upstream, struct dg_text *text,
                                    struct dg_error *error)
{
    if (upstream->password != NULL || upstream->password_file == NULL || upstream->password_file[0] == '\0')
        return DG_OK;
    enum dg_status status = dg_file_read(upstream->password_file, text, error);
    if (status == DG_OK && text->data != NULL)
        text->data[strcspn(text->data, "\r\n")] = '\0';
    return status;
}

static enum dg_status open_catalog(struct dg_schema_database *database, const struct dg_schema_upstream *upstream,
                                   const struct dg_schema_server *server, const struct dg_schema_options *options,
                                   struct dg_error *error)
{
    struct dg_text password;
    dg_text_init(&password, MAX_PASSWORD_BYTES);
    enum dg_status status = read_password(upstream, &password, error);
    if (status == DG_OK) {
        const struct dg_catalog_parameters parameters = {.host = server->host,
                                                         .port = server->port,
                                                         .hostaddr = server->hostaddr,
                                                         .user = upstream->user,
                                                         .password = upstream->password != NULL ? upstream->password
                                                                                                : password.data,
                                                         .sslmode = upstream->sslmode,
                                                         .ssl_ca_file = upstream->ssl_ca_file,
                                                         .ssl_cert_file = upstream->ssl_cert_file,
                                                         .ssl_key_file = upstream->ssl_key_file,
                                                         .ssl_is_direct = upstream->ssl_is_direct,
                                                         .database = database->name,
                                                         .connect_timeout_ms = options->connect_timeout_ms,
                                                         .statement_timeout_ms = options->statement_timeout_ms,
                                                         .wake_fd = database->store->wake_fd};
        status = dg_catalog_open(&parameters, &database->catalog, error);
    }
    if (password.data != NULL)
        explicit_bzero(password.data, password.cap);
    dg_text_fini(&password);
    return status;
}

/* The connection has found its server: this is where the database is from now on. */
static void place(struct dg_schema_database *database, const struct dg_schema_server *tried)
{
    struct dg_address address;
    char hostaddr[DG_ADDRESS_TEXT_BYTES];
    char printed[DG_ADDRESS_TEXT_BYTES];
    struct dg_schema_server server = *tried;
    dg_catalog_address(database->catalog, &address);
    dg_address_print_host(&address, hostaddr);
    dg_address_print(&address, printed);
    server.hostaddr = hostaddr;
    server.address = printed;
    dg_store_place(database, &server);
}

/* Stopping, or a release of this database: the wait ended because somebody wanted it to. */
static bool was_interrupted(struct dg_schema_database *database)
{
    struct dg_schema_store *store = database->store;
    pthread_mutex_lock(&store->lock);
    bool interrupted = store->is_stopping || dg_store_is_held_off(store, database->name, dg_clock_monotonic_ms());
    pthread_mutex_unlock(&store->lock);
    return interrupted;
}

/* The load at the start, when no session says which server: the hosts in turn, as a session would take them. What a
   server itself refuses is no reason to ask another one, unless it says that it cannot serve anybody now (57P03). */
static enum dg_status connect_in_turn(struct dg_schema_database *database, const struct dg_schema_upstream *upstream,
                                      const struct dg_schema_options *options, struct dg_error *error)
{
    enum dg_status status = dg_error_set(error, DG_INTERNAL, "the upstream has no host");
    for (size_t i = 0; i < upstream->n_hosts; i++) {
        const struct dg_schema_server server = {upstream->name, upstream->hosts[i].host, upstream->hosts[i].port, "",
                                                ""};
        status = open_catalog(database, upstream, &server, options, error);
        if (status == DG_OK)
            place(database, &server);
        bool may_try_next = status == DG_IO || (status == DG_TIMEOUT && !was_interrupted(database));
        if (!may_try_next)
            return status;
    }
    return status;
}

static enum dg_status connect_database(struct dg_schema_database *database, const struct dg_schema_options *options,
                                       struct dg_error *error)
{
    const struct dg_schema_upstream *upstream = dg_store_find_upstream(options, database->server.upstream);
    database->doing = "connect";
    if (upstream == NULL)
        return dg_error_set(error, DG_INTERNAL, "there is no upstream \"%s\"", database->server.upstream);
    if (database->server.address[0] == '\0')
        return connect_in_turn(database, upstream, options, error);
    return open_catalog(database, upstream, &database->server, options, error);
}

/* ---- Reads ------------------------------------------------------------------------------------------------------- */

/* The full read. The fingerprint is taken in the same transaction, behind the load and of the same instant, when the
   snapshot is already out; the counters before, so that what they miss comes as a difference later. */
static enum dg_status read_full(struct dg_schema_database *database, const struct dg_read_job *job, uint64_t covers,
                                struct dg_error *error)
{
    struct dg_catalog *catalog = database->catalog;
    bool is_first = database->current == NULL;
    database->doing = "full";
    database->last_full_ms = dg_clock_monotonic_ms();
    enum dg_status status = dg_catalog_read_counters(catalog, &database->counters, error);
    if (status == DG_OK)
        status = dg_catalog_begin(catalog, error);
    if (status != DG_OK)
        return status;
    struct dg_snapshot *snapshot;
    status = dg_catalog_load_within(catalog, job->options->values.max_snapshot_bytes, covers, &snapshot, error);
    if (status != DG_OK)
        return dg_catalog_end(catalog, status, error);
    publish(database, snapshot);
    database->is_in_recovery = snapshot->facts->in_recovery;
    count(database, DG_FAMILY_SNAPSHOT_LOADS, "full");
    dg_logf(database->store->log, is_first ? DG_LOG_INFO : DG_LOG_DEBUG, "snapshot_loaded", "the schema was read",
            dg_field_str("database", database->name), dg_field_str("upstream", database->server.upstream),
            dg_field_str("server", database->server.address),
            dg_field_int("milliseconds", (int64_t)(dg_clock_monotonic_ms() - database->last_full_ms)),
            dg_field_int("relations", (int64_t)snapshot->relations.n),
            dg_field_int("bytes", (int64_t)snapshot->size_bytes));
    /* Without a fingerprint the next exact poll finds a difference and reads again. */
    status = dg_catalog_read_fingerprint(catalog, &database->fingerprint, error);
    return dg_catalog_end(catalog, status, error);
}

/* What the job's requests and changes name; *n_names 0 if nothing. The array is the caller's to free. */
static struct dg_schema_name *collect_names(const struct dg_read_job *job, size_t *n_names)
{
    size_t n = 0;
    for (const struct dg_pending *pending = job->pending; pending != NULL; pending = pending->next)
        n += pending->n_names;
    *n_names = n;
    struct dg_schema_name *names = n == 0 ? NULL : calloc(n, sizeof *names);
    if (names == NULL)
        return NULL;
    size_t at = 0;
    for (const struct dg_pending *pending = job->pending; pending != NULL; pending = pending->next)
        for (size_t i = 0; i < pending->n_names; i++)
            names[at++] = pending->names[i];
    return names;
}

/* A snapshot of the same objects with the newer time and cover. */
static struct dg_snapshot *restamp(struct dg_snapshot *older, const struct dg_snapshot *patched, size_t max_bytes)
{
    struct dg_snapshot *snapshot = NULL;
    struct dg_builder *builder = dg_builder_new_from(older, max_bytes);
    if (builder == NULL || dg_builder_finish(builder, patched->read_at_us, patched->covers, &snapshot) != DG_OK)
        return NULL;
    return snapshot;
}

static enum dg_status read_targeted(struct dg_schema_database *database, const struct dg_read_job *job,
                                    struct dg_error *error)
{
    struct dg_snapshot *older = database->current;
    database->doing = "targeted";
    size_t max_bytes = job->options->values.max_snapshot_bytes;
    uint64_t covers = job->unnamed_change > older->covers ? older->covers : job->changes;
    size_t n_names;
    struct dg_schema_name *names = collect_names(job, &n_names);
    if (names == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    struct dg_snapshot *patched;
    enum dg_status status =
        dg_catalog_patch(database->catalog, older, names, n_names, max_bytes, covers, &patched, error);
    free(names);
    if (status != DG_OK)
        return status;
    if (dg_snapshot_is_same(older, patched)) {
        /* Errors that repeat ask again and again: the layers would pile up. */
        struct dg_snapshot *restamped = restamp(older, patched, max_bytes);
        if (restamped != NULL) {
            dg_snapshot_unref(patched);
            patched = restamped;
        }
    }
    publish(database, patched);
    count(database, DG_FAMILY_SNAPSHOT_LOADS, "targeted");
    return DG_OK;
}

/* ---- The poll ---------------------------------------------------------------------------------------------------- */

static enum dg_status read_fingerprint(struct dg_schema_database *database, uint64_t *fingerprint, int64_t *began_at_us,
                                       struct dg_error *error)
{
    enum dg_status status = dg_catalog_begin(database->catalog, error);
    if (status != DG_OK)
        return status;
    status = dg_catalog_read_fingerprint(database->catalog, fingerprint, error);
    if (status == DG_OK)
        status = dg_catalog_read_begin(database->catalog, began_at_us, error);
    return dg_catalog_end(database->catalog, status, error);
}

/* Asks whether the schema changed. The counters move for temporary tables and for what was rolled back too, so a
   difference there is a reason to look closely, not yet a change. */
static enum dg_status poll_changes(struct dg_schema_database *database, bool is_exact, bool *changed,
                                   struct dg_error *error)
{
    int64_t counters;
    uint64_t fingerprint;
    int64_t began_at_us;
    *changed = false;
    database->doing = "poll";
    enum dg_status status = dg_catalog_read_counters(database->catalog, &counters, error);
    if (status != DG_OK)
        return status;
    count(database, DG_FAMILY_SNAPSHOT_LOADS, "poll");
    if (counters == database->counters && !is_exact && !database->is_in_recovery)
        return DG_OK;
    status = read_fingerprint(database, &fingerprint, &began_at_us, error);
    if (status != DG_OK)
        return status;
    database->counters = counters;
    *changed = fingerprint != database->fingerprint;
    if (!*changed)
        dg_store_mark_verified(database, began_at_us);
    return DG_OK;
}

/* ---- A job ------------------------------------------------------------------------------------------------------- */

static bool may_read_full(const struct dg_schema_database *database, const struct dg_read_job *job)
{
    return dg_clock_monotonic_ms() >= database->last_full_ms + job->options->values.min_reload_interval_ms;
}

/* Somebody waits for changes that only a full read covers. */
static bool has_waiter(const struct dg_schema_database *database, const struct dg_read_job *job)
{
    for (const struct dg_pending *pending = job->pending; pending != NULL; pending = pending->next)
        if (pending->request != NULL && pending->n_names == 0 && pending->target > database->current->covers)
            return true;
    return false;
}

static enum dg_status poll_and_read(struct dg_schema_database *database, const struct dg_read_job *job,
                                    struct dg_error *error)
{
    const struct dg_schema_options *options = &job->options->values;
    bool is_exact = job->must_verify || ++database->n_polls % EXACT_POLL_EVERY == 0;
    bool changed;
    database->next_poll_ms = dg_clock_monotonic_ms() + jitter(options->poll_ms);
    enum dg_status status = poll_changes(database, is_exact, &changed, error);
    if (status != DG_OK || !changed)
        return status;
    uint64_t changes = dg_store_count_change(database);
    return may_read_full(database, job) ? read_full(database, job, changes, error) : DG_OK;
}

/* The patch was given up half-way, perhaps with a result still under way. */
static enum dg_status read_full_instead(struct dg_schema_database *database, const struct dg_read_job *job,
                                        struct dg_error *error)
{
    if (!dg_catalog_is_usable(database->catalog)) {
        dg_store_disconnect(database);
        enum dg_status status = connect_database(database, &job->options->values, error);
        if (status != DG_OK)
            return status;
    }
    return read_full(database, job, job->changes, error);
}

/* The reads that the job asks for, over a connection that is there. */
static enum dg_status serve(struct dg_schema_database *database, const struct dg_read_job *job, struct dg_error *error)
{
    if (database->current == NULL)
        return read_full(database, job, job->changes, error);
    bool is_behind = job->unnamed_change > database->current->covers;
    if (is_behind && (has_waiter(database, job) || may_read_full(database, job)))
        return read_full(database, job, job->changes, error);
    size_t n_names = 0;
    for (const struct dg_pending *pending = job->pending; pending != NULL; pending = pending->next)
        n_names += pending->n_names;
    if (n_names > MAX_NAMES)
        return read_full(database, job, job->changes, error);
    if (n_names > 0) {
        enum dg_status status = read_targeted(database, job, error);
        return status == DG_LIMIT ? read_full_instead(database, job, error) : status;
    }
    if (job->pending == NULL || job->must_verify)
        return poll_and_read(database, job, error);
    return DG_OK;
}

static enum dg_status connect_and_serve(struct dg_schema_database *database, const struct dg_read_job *job,
                                        struct dg_error *error)
{
    bool is_fresh = database->catalog == NULL;
    enum dg_status status = DG_OK;
    if (is_fresh)
        status = connect_database(database, &job->options->values, error);
    if (database->is_superseded)
        return status;
    if (status == DG_OK)
        status = serve(database, job, error);
    if (status == DG_OK || database->catalog == NULL || dg_catalog_is_usable(database->catalog))
        return status;
    dg_store_disconnect(database);
    /* A connection that had been idle may have been dead for long; that says nothing about the server now. */
    if (is_fresh || status == DG_TIMEOUT)
        return status;
    status = connect_database(database, &job->options->values, error);
    return status == DG_OK ? serve(database, job, error) : status;
}

/* Names that a change touched and that were not read: from here on the change may have been any. */
static void keep_lost_changes(struct dg_schema_database *database, const struct dg_read_job *job)
{
    bool lost = false;
    for (const struct dg_pending *pending = job->pending; pending != NULL; pending = pending->next)
        lost = lost || (pending->request == NULL && pending->n_names > 0);
    if (!lost)
        return;
    pthread_mutex_lock(&database->store->lock);
    database->unnamed_change = dg_schema_database_changes(database);
    pthread_mutex_unlock(&database->store->lock);
}

/* The end of the job without a read, for a reason that is not a failure of the server's. */
static void give_up(struct dg_schema_database *database, const struct dg_read_job *job, enum dg_status status)
{
    keep_lost_changes(database, job);
    dg_pending_answer_all(job->pending, status, NULL);
}

static void record_success(struct dg_schema_database *database, const struct dg_read_job *job)
{
    bool was_failing = database->retry_at_ms != 0;
    database->retry_at_ms = 0;
    database->n_failures = 0;
    if (database->next_poll_ms == 0)
        database->next_poll_ms = dg_clock_monotonic_ms() + jitter(job->options->values.poll_ms);
    pthread_mutex_lock(&database->store->lock);
    database->is_failing = false;
    database->last_error[0] = '\0';
    pthread_mutex_unlock(&database->store->lock);
    if (was_failing)
        dg_logf(database->store->log, DG_LOG_INFO, "snapshot_recovered", "the schema can be read again",
                dg_field_str("database", database->name), dg_field_str("upstream", database->server.upstream),
                dg_field_str("server", database->server.address));
}

/* The old snapshot stays, stale: what happens while nobody can look is a change of anything. */
static void record_failure(struct dg_schema_database *database, const struct dg_error *error)
{
    uint64_t backoff = FIRST_BACKOFF_MS << (database->n_failures < 5 ? database->n_failures : 5);
    backoff = jitter(backoff < LONGEST_BACKOFF_MS ? backoff : LONGEST_BACKOFF_MS);
    if (database->retry_at_ms == 0 && database->current != NULL)
        dg_store_count_change(database);
    database->last_full_ms = 0; /* the back-off alone says when */
    database->n_failures++;
    database->failed_at_ms = dg_clock_monotonic_ms();
    database->retry_at_ms = database->failed_at_ms + backoff;
    count(database, DG_FAMILY_SNAPSHOT_FAILURES, database->doing);
    pthread_mutex_lock(&database->store->lock);
    bool is_new = strcmp(database->last_error, error->text) != 0;
    memcpy(database->last_error, error->text, sizeof database->last_error);
    database->is_failing = true;
    pthread_mutex_unlock(&database->store->lock);
    /* Once for each kind of failure: the text is one of ours and the same each time. */
    if (is_new)
        dg_logf(database->store->log, DG_LOG_WARNING, "snapshot_failed",
                database->current == NULL ? "the schema could not be read: statements are forwarded without a verdict"
                                          : "the schema could not be read: the last snapshot is kept as stale",
                dg_field_str("database", database->name), dg_field_str("upstream", database->server.upstream),
                dg_field_str("server", database->server.address), dg_field_str("reason", error->text));
}

/* A name that is no text in the server's encoding, as a client with another one may send it: nothing is wrong with the
   server, and there is no such relation. */
static bool is_callers_fault(const struct dg_schema_database *database, enum dg_status status)
{
    return status == DG_DATABASE && database->catalog != NULL && dg_catalog_is_usable(database->catalog) &&
           strcmp(dg_catalog_sqlstate(database->catalog), "22021") == 0;
}

void dg_store_work(struct dg_schema_database *database, struct dg_read_job *job)
{
    if (job->is_held_off) {
        give_up(database, job, DG_DATABASE);
        return;
    }
    if (job->pending == NULL && job->n_clients == 0 && !job->is_initial) {
        dg_store_disconnect(database);
        return;
    }
    /* While reads fail, a request does not make them happen sooner. */
    if (database->retry_at_ms > dg_clock_monotonic_ms() && job->pending != NULL) {
        give_up(database, job, DG_DATABASE);
        return;
    }
    struct dg_error error = {DG_NO_MEMORY, "out of memory"};
    database->doing = "connect";
    enum dg_status status = job->options == NULL ? DG_NO_MEMORY : connect_and_serve(database, job, &error);
    if (database->is_superseded) /* nobody can have asked anything of it */
        return;
    if (status == DG_OK) {
        record_success(database, job);
        dg_pending_answer_all(job->pending, DG_OK, database->current);
    } else if (is_callers_fault(database, status)) {
        give_up(database, job, DG_DATABASE);
    } else {
        dg_store_disconnect(database);
        error.status = status;
        bool interrupted = status == DG_TIMEOUT && was_interrupted(database);
        if (!interrupted)
            record_failure(database, &error);
        give_up(database, job, status == DG_TIMEOUT || status == DG_NO_MEMORY ? status : DG_DATABASE);
    }
    show_gauges(database);
}
