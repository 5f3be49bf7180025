/*
 * Records of the breaker, by key, in a bounded map; a full map forgets what has expired, then takes nothing new.
 */
#include "guard/breaker.h"

#include <stdlib.h>

#include "base/map.h"

#define MAX_MESSAGE_BYTES 8192
/* No answer is older than this, whatever the configuration says (config/options.def has the same maximum). */
#define MAX_TTL_MS 1000

struct record {
    uint64_t epoch;
    uint64_t said_at_ms;
    bool next_is_probe;
    size_t len;
    char message[];
};

struct dg_breaker {
    struct dg_map map;
};

bool dg_breaker_finding_counts(const struct dg_sql_finding *finding)
{
    return finding->is_exact && finding->is_certain &&
           (finding->kind == DG_FINDING_COLUMN || finding->kind == DG_FINDING_RELATION);
}

bool dg_breaker_is_disarmed_by(const struct dg_sql_finding *finding)
{
    return finding->is_certain && (finding->kind == DG_FINDING_COLUMN || finding->kind == DG_FINDING_RELATION ||
                                   finding->kind == DG_FINDING_FROM_ENTRY);
}

bool dg_breaker_may_answer(const struct dg_breaker_case *situation)
{
    const struct dg_sql_analysis *analysis = situation->analysis;
    if (situation->mode != DG_MODE_ENFORCE || !situation->is_idle || !situation->is_armed)
        return false;
    if (!situation->idle_timeout_is_off || !situation->is_direct || !situation->is_current)
        return false;
    if (analysis == NULL || analysis->reason != DG_REASON_NONE || analysis->n_statements != 1)
        return false;
    const struct dg_sql_statement *statement = &analysis->statements[0];
    return statement->class == DG_CLASS_DML && statement->may_repeat && statement->reason == DG_REASON_NONE &&
           statement->n_effects == 0;
}

bool dg_breaker_permits(const struct dg_breaker_case *situation)
{
    if (!dg_breaker_may_answer(situation))
        return false;
    const struct dg_sql_statement *statement = &situation->analysis->statements[0];
    return statement->n_findings > 0 && dg_breaker_finding_counts(&statement->findings[0]);
}

struct dg_breaker *dg_breaker_new(size_t max_entries)
{
    struct dg_breaker *breaker = calloc(1, sizeof(*breaker));
    if (breaker != NULL)
        dg_map_init(&breaker->map, max_entries);
    return breaker;
}

void dg_breaker_free(struct dg_breaker *breaker)
{
    if (breaker == NULL)
        return;
    dg_map_fini(&breaker->map, free);
    free(breaker);
}

static struct dg_str key_bytes(const struct dg_hash128 *key)
{
    return (struct dg_str){(const char *)key, sizeof(*key)};
}

static void forget_expired(struct dg_breaker *breaker, uint64_t now_ms)
{
    struct dg_str key;
    size_t position = 0;
    for (struct record *record; (record = dg_map_next(&breaker->map, &position, &key)) != NULL;) {
        if (now_ms - record->said_at_ms >= MAX_TTL_MS)
            free(dg_map_take(&breaker->map, key));
    }
}

void dg_breaker_forget(struct dg_breaker *breaker, struct dg_hash128 key)
{
    free(dg_map_take(&breaker->map, key_bytes(&key)));
}

void dg_breaker_record(struct dg_breaker *breaker, struct dg_hash128 key, uint64_t epoch, struct dg_str message,
                       uint64_t now_ms)
{
    dg_breaker_forget(breaker, key);
    if (message.len > MAX_MESSAGE_BYTES)
        return;
    if (breaker->map.n_entries >= breaker->map.max_entries)
        forget_expired(breaker, now_ms);
    struct record *record = malloc(sizeof(*record) + message.len);
    if (record == NULL)
        return;
    *record = (struct record){.epoch = epoch, .said_at_ms = now_ms, .len = message.len};
    memcpy(record->message, message.data, message.len);
    if (dg_map_put(&breaker->map, key_bytes(&key), record, NULL) != DG_OK)
        free(record);
}

bool dg_breaker_answer(struct dg_breaker *breaker, struct dg_hash128 key, uint64_t epoch, uint64_t not_before_ms,
                       uint64_t now_ms, uint64_t ttl_ms, struct dg_str *message)
{
    struct record *record = dg_map_find(&breaker->map, key_bytes(&key));
    if (record == NULL)
        return false;
    uint64_t limit_ms = ttl_ms < MAX_TTL_MS ? ttl_ms : MAX_TTL_MS;
    if (record->epoch != epoch || now_ms - record->said_at_ms >= limit_ms) {
        dg_breaker_forget(breaker, key);
        return false;
    }
    if (record->said_at_ms <= not_before_ms)
        return false;
    bool is_probe = record->next_is_probe;
    record->next_is_probe = !is_probe;
    *message = (struct dg_str){record->message, record->len};
    return !is_probe;
}
