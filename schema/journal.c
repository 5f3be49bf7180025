/*
 * The journal: a ring of changes behind a lock. The schema thread writes a batch after a read, workers search it from
 * the newest to the oldest when an error has to be explained; both are rare and short.
 *
 * A restored database replaces every relation at once. That would push all that is worth remembering out of the ring,
 * so a batch may put in at most half as many such entries as the ring holds.
 */
#include "schema/journal.h"

#include <pthread.h>
#include <stdlib.h>

#include "schema/diff.h"

struct dg_journal {
    pthread_mutex_t lock;
    struct dg_change *ring;
    size_t max_changes;
    size_t first; /* the oldest */
    size_t n;
};

const char *dg_change_kind_name(enum dg_change_kind kind)
{
    static const char *const names[] = {
        [DG_CHANGE_COLUMN_ADDED] = "column_added",
        [DG_CHANGE_COLUMN_DROPPED] = "column_dropped",
        [DG_CHANGE_COLUMN_RENAMED] = "column_renamed",
        [DG_CHANGE_COLUMN_RETYPED] = "column_retyped",
        [DG_CHANGE_COLUMN_NULLABILITY] = "column_nullability",
        [DG_CHANGE_COLUMN_DEFAULT] = "column_default",
        [DG_CHANGE_COLUMN_REPLACED] = "column_replaced",
        [DG_CHANGE_RELATION_ADDED] = "relation_added",
        [DG_CHANGE_RELATION_DROPPED] = "relation_dropped",
        [DG_CHANGE_RELATION_RENAMED] = "relation_renamed",
        [DG_CHANGE_RELATION_MOVED] = "relation_moved",
        [DG_CHANGE_RELATION_REPLACED] = "relation_replaced",
    };
    return names[kind];
}

struct dg_journal *dg_journal_new(size_t max_changes)
{
    struct dg_journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return NULL;
    journal->max_changes = max_changes == 0 ? 1 : max_changes;
    pthread_mutex_init(&journal->lock, NULL);
    return journal;
}

void dg_journal_free(struct dg_journal *journal)
{
    if (journal == NULL)
        return;
    pthread_mutex_destroy(&journal->lock);
    free(journal->ring);
    free(journal);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

struct batch {
    struct dg_journal *journal;
    size_t n_replaced;
};

/* Under the lock. */
static void append(struct dg_journal *journal, const struct dg_change *change)
{
    journal->ring[(journal->first + journal->n) % journal->max_changes] = *change;
    if (journal->n < journal->max_changes)
        journal->n++;
    else
        journal->first = (journal->first + 1) % journal->max_changes;
}

static bool on_change(const struct dg_change *change, void *context)
{
    struct batch *batch = context;
    struct dg_journal *journal = batch->journal;
    if (change->kind != DG_CHANGE_RELATION_REPLACED || batch->n_replaced++ <= journal->max_changes / 2)
        append(journal, change);
    return true;
}

/* Memory for the ring is taken with the first change. Under the lock. */
static bool has_ring(struct dg_journal *journal)
{
    if (journal->ring == NULL)
        journal->ring = calloc(journal->max_changes, sizeof *journal->ring);
    return journal->ring != NULL;
}

enum dg_status dg_journal_record(struct dg_journal *journal, const struct dg_snapshot *older,
                                 const struct dg_snapshot *newer)
{
    struct batch batch = {.journal = journal};
    pthread_mutex_lock(&journal->lock);
    enum dg_status status = has_ring(journal) ? DG_OK : DG_NO_MEMORY;
    if (status == DG_OK)
        dg_snapshot_diff(older, newer, on_change, &batch);
    pthread_mutex_unlock(&journal->lock);
    return status;
}

enum dg_status dg_journal_append(struct dg_journal *journal, const struct dg_change *changes, size_t n)
{
    pthread_mutex_lock(&journal->lock);
    enum dg_status status = n == 0 || has_ring(journal) ? DG_OK : DG_NO_MEMORY;
    for (size_t i = 0; status == DG_OK && i < n; i++)
        append(journal, &changes[i]);
    pthread_mutex_unlock(&journal->lock);
    return status;
}

/* ---- Searching --------------------------------------------------------------------------------------------------- */

/* What is looked for: the newest change that took a name away, or, where there are kinds, that was one of them. */
struct search {
    unsigned kinds;
    int16_t attnum;
    bool is_column;
    dg_oid relation_oid;
    struct dg_str schema;
    struct dg_str name;
};

static bool is_found(const struct search *search, const struct dg_change *change)
{
    if (search->kinds != 0)
        return (search->kinds & (1u << (unsigned)change->kind)) != 0 && change->relation_oid == search->relation_oid &&
               (search->attnum == 0 || change->attnum == 0 || change->attnum == search->attnum);
    if (search->is_column)
        return (change->kind == DG_CHANGE_COLUMN_RENAMED || change->kind == DG_CHANGE_COLUMN_DROPPED) &&
               change->relation_oid == search->relation_oid && dg_str_is(search->name, change->column);
    return (change->kind == DG_CHANGE_RELATION_RENAMED || change->kind == DG_CHANGE_RELATION_MOVED ||
            change->kind == DG_CHANGE_RELATION_DROPPED) &&
           dg_str_is(search->name, change->relation) &&
           (search->schema.len == 0 || dg_str_is(search->schema, change->schema));
}

static bool find(const struct dg_journal *journal, const struct search *search, struct dg_change *result)
{
    /* The lock is the one thing in it that a reader changes. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&journal->lock;
    bool found = false;
    pthread_mutex_lock(lock);
    for (size_t i = journal->n; i-- > 0 && !found;) {
        const struct dg_change *change = &journal->ring[(journal->first + i) % journal->max_changes];
        found = is_found(search, change);
        if (found)
            *result = *change;
    }
    pthread_mutex_unlock(lock);
    return found;
}

bool dg_journal_find_column(const struct dg_journal *journal, dg_oid relation_oid, struct dg_str column,
                            struct dg_change *change)
{
    return find(journal, &(struct search){.is_column = true, .relation_oid = relation_oid, .name = column}, change);
}

bool dg_journal_find_relation(const struct dg_journal *journal, struct dg_str schema, struct dg_str relation,
                              struct dg_change *change)
{
    return find(journal, &(struct search){.schema = schema, .name = relation}, change);
}

bool dg_journal_find_change(const struct dg_journal *journal, dg_oid relation_oid, int16_t attnum, unsigned kinds,
                            struct dg_change *change)
{
    return find(journal, &(struct search){.kinds = kinds, .relation_oid = relation_oid, .attnum = attnum}, change);
}

size_t dg_journal_copy(const struct dg_journal *journal, struct dg_change *out, size_t max)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&journal->lock;
    pthread_mutex_lock(lock);
    size_t n = journal->n < max ? journal->n : max;
    for (size_t i = 0; out != NULL && i < n; i++)
        out[i] = journal->ring[(journal->first + i) % journal->max_changes];
    pthread_mutex_unlock(lock);
    return n;
}
