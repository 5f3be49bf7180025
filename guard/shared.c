/*
 * The process's part of the guard: drift groups, and what all workers know of a database (its epoch, whether its breaker
 * is armed). Its entries live as long as the process: "disarmed until restart" must outlive the last session.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "guard/shared.h"

#define MAX_DATABASES 10000

static void database_free(void *value)
{
    struct dg_guard_database *database = value;
    dg_reader_fini(&database->reader);
    dg_place_fini(&database->place);
    free(database);
}

struct dg_guard_shared *dg_guard_shared_new(struct dg_published *config, struct dg_schema_store *store,
                                            struct dg_metrics *metrics, struct dg_log *log)
{
    struct dg_guard_shared *shared = calloc(1, sizeof(*shared));
    if (shared == NULL)
        return NULL;
    size_t max_groups = 1000;
    struct dg_shared *object = dg_published_get(config);
    if (object != NULL)
        max_groups = (size_t)((const struct dg_config *)(const void *)object)->max_drift_groups;
    dg_shared_unref(object);
    shared->config = config;
    shared->store = store;
    shared->metrics = metrics;
    shared->log = log;
    shared->groups = dg_groups_new(max_groups, metrics);
    pthread_mutex_init(&shared->lock, NULL);
    dg_map_init(&shared->databases, MAX_DATABASES);
    if (shared->groups == NULL) {
        dg_guard_shared_free(shared);
        return NULL;
    }
    return shared;
}

void dg_guard_shared_free(struct dg_guard_shared *shared)
{
    if (shared == NULL)
        return;
    dg_map_fini(&shared->databases, database_free);
    dg_groups_free(shared->groups);
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

static struct dg_guard_database *database_add(struct dg_guard_shared *shared, const struct dg_guard_place *place)
{
    struct dg_guard_database *database = calloc(1, sizeof(*database));
    if (database == NULL)
        return NULL;
    if (!dg_place_copy(place, &database->place) ||
        dg_map_put(&shared->databases, dg_place_key(&database->place), database, NULL) != DG_OK) {
        database_free(database);
        return NULL;
    }
    return database;
}

struct dg_guard_database *dg_shared_open_database(struct dg_guard_shared *shared, struct dg_schema_database *handle,
                                                  const struct dg_guard_place *place)
{
    pthread_mutex_lock(&shared->lock);
    struct dg_guard_database *database = dg_map_find(&shared->databases, dg_place_key(place));
    if (database == NULL)
        database = database_add(shared, place);
    if (database != NULL) {
        database->handle = handle;
        database->n_sessions++;
    }
    pthread_mutex_unlock(&shared->lock);
    return database;
}

void dg_shared_close_database(struct dg_guard_shared *shared, struct dg_guard_database *database)
{
    pthread_mutex_lock(&shared->lock);
    if (--database->n_sessions == 0) {
        database->handle = NULL;
        dg_reader_fini(&database->reader);
        database->reader = (struct dg_reader){0};
    }
    pthread_mutex_unlock(&shared->lock);
}

void dg_guard_print_drift(struct dg_guard_shared *shared, struct dg_text *out)
{
    dg_groups_print(shared->groups, out);
}

/* Closes what new snapshots satisfy, also where no session says anything at the moment. */
static void satisfy_groups(struct dg_guard_shared *shared)
{
    size_t position = 0;
    pthread_mutex_lock(&shared->lock);
    for (struct dg_guard_database *database; (database = dg_map_next(&shared->databases, &position, NULL)) != NULL;) {
        if (database->handle == NULL || !dg_schema_database_refresh(database->handle, &database->reader))
            continue;
        const struct dg_snapshot *snapshot = (const struct dg_snapshot *)(const void *)database->reader.object;
        atomic_fetch_add(&database->epoch, 1);
        if (snapshot != NULL)
            dg_groups_satisfy(shared->groups, &database->place, snapshot);
    }
    pthread_mutex_unlock(&shared->lock);
}

void dg_guard_tick(struct dg_guard_shared *shared)
{
    uint64_t quiet_s = 3600;
    struct dg_shared *object = dg_published_get(shared->config);
    if (object != NULL)
        quiet_s = (uint64_t)((const struct dg_config *)(const void *)object)->drift_quiet_s;
    dg_shared_unref(object);
    satisfy_groups(shared);
    dg_groups_expire(shared->groups, dg_clock_monotonic_ms(), quiet_s * 1000);
}
