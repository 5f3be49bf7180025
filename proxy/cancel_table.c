/*
 * A map under a mutex. The key is the process id's four bytes and the cancel key. Should a pooler behind us give the same
 * pair twice, the later session has it.
 */
#include "proxy/cancel_table.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "protocol/startup.h"

#define KEY_BYTES (sizeof(uint32_t) + DG_CANCEL_KEY_MAX_BYTES)

struct dg_cancel_entry {
    const struct dg_route *route; /* the session's own, which outlives the entry */
    struct dg_worker *worker;
    struct dg_session *session;
    bool is_holding;
    size_t key_len;
    char key[]; /* seldom as long as it may be, and there is one for each idle session */
};

struct dg_cancel_table {
    pthread_mutex_t lock;
    struct dg_map by_key;
};

struct dg_cancel_table *dg_cancel_table_new(size_t max_entries)
{
    struct dg_cancel_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    pthread_mutex_init(&table->lock, NULL);
    dg_map_init(&table->by_key, max_entries);
    return table;
}

void dg_cancel_table_free(struct dg_cancel_table *table)
{
    if (table == NULL)
        return;
    dg_map_fini(&table->by_key, free);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

/* 0 if the key is too long to be one. */
static size_t make_key(char out[KEY_BYTES], uint32_t pid, struct dg_str key)
{
    if (key.len > DG_CANCEL_KEY_MAX_BYTES)
        return 0;
    memcpy(out, &pid, sizeof pid);
    if (key.len > 0)
        memcpy(out + sizeof pid, key.data, key.len);
    return sizeof pid + key.len;
}

static struct dg_cancel_entry *new_entry(uint32_t pid, struct dg_str key)
{
    char bytes[KEY_BYTES];
    size_t len = make_key(bytes, pid, key);
    struct dg_cancel_entry *entry = len == 0 ? NULL : calloc(1, sizeof *entry + len);
    if (entry == NULL)
        return NULL;
    memcpy(entry->key, bytes, len);
    entry->key_len = len;
    return entry;
}

struct dg_cancel_entry *dg_cancel_table_add(struct dg_cancel_table *table, uint32_t pid, struct dg_str key,
                                            const struct dg_route *route, struct dg_worker *worker,
                                            struct dg_session *session)
{
    struct dg_cancel_entry *entry = new_entry(pid, key);
    if (entry == NULL)
        return NULL;
    entry->route = route;
    entry->worker = worker;
    entry->session = session;
    pthread_mutex_lock(&table->lock);
    enum dg_status status = dg_map_put(&table->by_key, (struct dg_str){entry->key, entry->key_len}, entry, NULL);
    pthread_mutex_unlock(&table->lock);
    if (status == DG_OK)
        return entry;
    free(entry);
    return NULL;
}

void dg_cancel_table_remove(struct dg_cancel_table *table, struct dg_cancel_entry *entry)
{
    if (entry == NULL)
        return;
    struct dg_str key = {entry->key, entry->key_len};
    pthread_mutex_lock(&table->lock);
    if (dg_map_find(&table->by_key, key) == entry)
        (void)dg_map_take(&table->by_key, key);
    pthread_mutex_unlock(&table->lock);
    free(entry);
}

void dg_cancel_table_set_holding(struct dg_cancel_table *table, struct dg_cancel_entry *entry, bool is_holding)
{
    if (entry == NULL)
        return;
    pthread_mutex_lock(&table->lock);
    entry->is_holding = is_holding;
    pthread_mutex_unlock(&table->lock);
}

/* Called with the lock held. */
static struct dg_cancel_entry *find(struct dg_cancel_table *table, uint32_t pid, struct dg_str key)
{
    char bytes[KEY_BYTES];
    size_t len = make_key(bytes, pid, key);
    return len == 0 ? NULL : dg_map_find(&table->by_key, (struct dg_str){bytes, len});
}

void dg_cancel_table_find(struct dg_cancel_table *table, uint32_t pid, struct dg_str key,
                          struct dg_cancel_target *target)
{
    *target = (struct dg_cancel_target){.holding = NULL};
    pthread_mutex_lock(&table->lock);
    const struct dg_cancel_entry *entry = find(table, pid, key);
    if (entry != NULL) {
        target->is_known = true;
        target->route = *entry->route;
        target->holding = entry->is_holding ? entry->worker : NULL;
    }
    pthread_mutex_unlock(&table->lock);
}

struct dg_session *dg_cancel_table_session(struct dg_cancel_table *table, uint32_t pid, struct dg_str key,
                                           const struct dg_worker *worker)
{
    pthread_mutex_lock(&table->lock);
    const struct dg_cancel_entry *entry = find(table, pid, key);
    struct dg_session *session = entry != NULL && entry->worker == worker ? entry->session : NULL;
    pthread_mutex_unlock(&table->lock);
    return session;
}
