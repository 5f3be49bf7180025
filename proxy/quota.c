/*
 * A map under a mutex. A key is what is counted (user or database), of which upstream, and the name.
 */
#include "proxy/quota.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

/* NAMEDATALEN - 1: of longer names of roles and databases the server reads no more than this. */
#define NAME_MAX_BYTES 63u
#define KEY_MAX_BYTES (1 + sizeof(void *) + NAME_MAX_BYTES)

struct dg_quota_count {
    size_t n_sessions;
    size_t key_len;
    char key[];
};

struct dg_quota {
    pthread_mutex_t lock;
    struct dg_map counts;
};

struct dg_quota *dg_quota_new(void)
{
    struct dg_quota *quota = calloc(1, sizeof *quota);
    if (quota == NULL)
        return NULL;
    pthread_mutex_init(&quota->lock, NULL);
    dg_map_init(&quota->counts, UINT32_MAX / 4);
    return quota;
}

void dg_quota_free(struct dg_quota *quota)
{
    if (quota == NULL)
        return;
    dg_map_fini(&quota->counts, free);
    pthread_mutex_destroy(&quota->lock);
    free(quota);
}

/* The count of this name, made if need be. NULL: nobody's, or no memory. */
static struct dg_quota_count *find_or_make(struct dg_quota *quota, char kind, const void *upstream, struct dg_str name)
{
    char bytes[KEY_MAX_BYTES];
    struct dg_str key = {bytes, 1 + sizeof upstream};
    if (name.len == 0)
        return NULL;
    if (name.len > NAME_MAX_BYTES)
        name.len = NAME_MAX_BYTES;
    bytes[0] = kind;
    memcpy(bytes + 1, &upstream, sizeof upstream);
    memcpy(bytes + key.len, name.data, name.len);
    key.len += name.len;
    struct dg_quota_count *count = dg_map_find(&quota->counts, key);
    if (count != NULL)
        return count;
    count = calloc(1, sizeof *count + key.len);
    if (count == NULL)
        return NULL;
    count->key_len = key.len;
    memcpy(count->key, bytes, key.len);
    if (dg_map_put(&quota->counts, key, count, NULL) == DG_OK)
        return count;
    free(count);
    return NULL;
}

/* An entry dies with its last session. */
static void forget_if_unused(struct dg_quota *quota, struct dg_quota_count *count)
{
    if (count != NULL && count->n_sessions == 0)
        free(dg_map_take(&quota->counts, (struct dg_str){count->key, count->key_len}));
}

static bool is_full(const struct dg_quota_count *count, size_t limit)
{
    return limit > 0 && count != NULL && count->n_sessions >= limit;
}

static void add(struct dg_quota_count *count)
{
    if (count != NULL)
        count->n_sessions++;
}

enum dg_quota_answer dg_quota_enter(struct dg_quota *quota, const void *upstream, struct dg_str user,
                                    struct dg_str database, const struct dg_quota_limits *limits,
                                    struct dg_quota_place *place)
{
    enum dg_quota_answer answer = DG_QUOTA_ADMITTED;
    pthread_mutex_lock(&quota->lock);
    struct dg_quota_place wanted = {find_or_make(quota, 'u', upstream, user),
                                    find_or_make(quota, 'd', upstream, database)};
    /* The server, too, looks at the role first. */
    if (is_full(wanted.user, limits->per_user))
        answer = DG_QUOTA_USER_IS_FULL;
    else if (is_full(wanted.database, limits->per_database))
        answer = DG_QUOTA_DATABASE_IS_FULL;
    if (answer == DG_QUOTA_ADMITTED) {
        add(wanted.user);
        add(wanted.database);
        *place = wanted;
    } else {
        forget_if_unused(quota, wanted.user);
        forget_if_unused(quota, wanted.database);
    }
    pthread_mutex_unlock(&quota->lock);
    return answer;
}

static void leave(struct dg_quota *quota, struct dg_quota_count *count)
{
    if (count == NULL)
        return;
    count->n_sessions--;
    forget_if_unused(quota, count);
}

void dg_quota_leave(struct dg_quota *quota, struct dg_quota_place *place)
{
    if (place->user == NULL && place->database == NULL)
        return;
    pthread_mutex_lock(&quota->lock);
    leave(quota, place->user);
    leave(quota, place->database);
    pthread_mutex_unlock(&quota->lock);
    *place = (struct dg_quota_place){NULL, NULL};
}

size_t dg_quota_names(struct dg_quota *quota)
{
    pthread_mutex_lock(&quota->lock);
    size_t n_names = quota->counts.n_entries;
    pthread_mutex_unlock(&quota->lock);
    return n_names;
}
