/*
 * When the store saves: a database's journal and model, after a change and at the end of the schema thread, but not
 * more often than each SAVE_INTERVAL_MS while changes come in quick succession. That is what a SIGKILL can lose.
 *
 * A folder that cannot be written is said once and tried again later; nothing else depends on it.
 */
#include "base/clock.h"
#include "schema/model.h"
#include "schema/state.h"
#include "schema/store_private.h"

#define SAVE_INTERVAL_MS 1000u
#define LOCK_RETRY_MS 5000u
#define FAILURE_RETRY_MS 30000u
/* A database that does not change is saved anew now and then all the same: the time when it was last seen unchanged is
   where the window begins if it changes while no guard runs. */
#define REFRESH_MS 600000u

static struct dg_state_key key_of(const struct dg_schema_database *database)
{
    return (struct dg_state_key){database->state_group, database->server.address};
}

void dg_store_restore_journal(struct dg_schema_database *database, const struct dg_snapshot *first)
{
    if (database->store->state == NULL)
        return;
    const struct dg_state_key key = key_of(database);
    dg_state_restore(database->store->state, &key, first, database->journal);
}

static void set_due(struct dg_schema_database *database, uint64_t due_ms, bool is_stuck)
{
    pthread_mutex_lock(&database->store->lock);
    database->saving.due_ms = due_ms;
    database->saving.is_stuck = is_stuck;
    pthread_mutex_unlock(&database->store->lock);
}

void dg_store_mark_unsaved(struct dg_schema_database *database)
{
    /* Only this thread writes it: no lock to read it here. */
    if (database->store->state == NULL || database->saving.due_ms != 0)
        return;
    uint64_t now_ms = dg_clock_monotonic_ms();
    uint64_t earliest_ms = database->saving.saved_at_ms == 0 ? 0 : database->saving.saved_at_ms + SAVE_INTERVAL_MS;
    set_due(database, earliest_ms > now_ms ? earliest_ms : now_ms, false);
}

void dg_store_mark_verified(struct dg_schema_database *database, int64_t verified_at_us)
{
    database->current->verified_at_us = verified_at_us;
    if (dg_clock_monotonic_ms() >= database->saving.saved_at_ms + REFRESH_MS)
        dg_store_mark_unsaved(database);
}

static void record_failure(struct dg_schema_database *database, bool *was_said, const char *message,
                           const struct dg_error *error)
{
    struct dg_schema_store *store = database->store;
    if (store->metrics != NULL)
        dg_metrics_add(store->metrics, DG_FAMILY_SNAPSHOT_FAILURES,
                       (const char *const[]){database->name, database->server.upstream, "state"}, 1);
    if (!*was_said)
        dg_logf(store->log, DG_LOG_WARNING, "state_failed", message, dg_field_str("database", database->name),
                dg_field_str("upstream", database->server.upstream), dg_field_str("server", database->server.address),
                dg_field_str("reason", error->text));
    *was_said = true;
}

void dg_store_save(struct dg_schema_database *database)
{
    struct dg_schema_store *store = database->store;
    struct dg_saving *saving = &database->saving;
    struct dg_error error;
    if (!dg_state_may_write(store->state)) {
        set_due(database, dg_clock_monotonic_ms() + LOCK_RETRY_MS, true);
        return;
    }
    const struct dg_state_key key = key_of(database);
    enum dg_status status =
        dg_state_save(store->state, &key, database->current, database->journal, DG_STATE_MAX_BYTES, &error);
    saving->saved_at_ms = dg_clock_monotonic_ms();
    if (status != DG_OK && status != DG_LIMIT) {
        record_failure(database, &saving->is_failing,
                       "the journal could not be saved: it is in memory, and saving is tried again", &error);
        set_due(database, saving->saved_at_ms + FAILURE_RETRY_MS, true);
        return;
    }
    if (saving->is_failing)
        dg_logf(store->log, DG_LOG_INFO, "state_recovered", "the journal can be saved again",
                dg_field_str("database", database->name), dg_field_str("upstream", database->server.upstream),
                dg_field_str("server", database->server.address));
    saving->is_failing = false;
    if (status == DG_LIMIT)
        record_failure(database, &saving->is_too_large,
                       "the journal was saved without the schema: changes while no guard runs will not be known",
                       &error);
    set_due(database, 0, false);
}

struct dg_schema_database *dg_store_find_unsaved(const struct dg_schema_store *store, uint64_t *due_ms)
{
    struct dg_schema_database *first = NULL;
    *due_ms = UINT64_MAX;
    for (struct dg_schema_database *database = store->databases; database != NULL; database = database->next) {
        if (database->saving.due_ms != 0 && database->saving.due_ms < *due_ms) {
            *due_ms = database->saving.due_ms;
            first = database;
        }
    }
    return first;
}
