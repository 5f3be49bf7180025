/*
 * The collector: shards of cells, and the locked table of labelled series. What Prometheus reads is metrics_expose.c's.
 */
#include "base/metrics.h"

#include <stdlib.h>

#include "base/metrics_table.h"

/* The third word of a DG_FAMILY line picks one of these: only histograms have a number. */
#define HISTOGRAM_NUMBER_COUNTER(id) -1
#define HISTOGRAM_NUMBER_GAUGE(id) -1
#define HISTOGRAM_NUMBER_HISTOGRAM(id) DG_HISTOGRAM_##id

const struct dg_metric_family_row dg_metric_families[DG_FAMILY_COUNT] = {
#define DG_FAMILY(id, name, kind, labels, help)                                                                        \
    [DG_FAMILY_##id] = {name, DG_METRIC_##kind, labels, help, HISTOGRAM_NUMBER_##kind(id)},
#define DG_CELL(id, family, label_values)
#include "base/metrics.def"
#undef DG_FAMILY
#undef DG_CELL
};

const struct dg_metric_cell_row dg_metric_cells[DG_CELL_COUNT] = {
#define DG_FAMILY(id, name, kind, labels, help)
#define DG_CELL(id, family, label_values) [DG_CELL_##id] = {DG_FAMILY_##family, label_values},
#include "base/metrics.def"
#undef DG_FAMILY
#undef DG_CELL
};

struct dg_metrics *dg_metrics_new(void)
{
    struct dg_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics != NULL)
        pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

void dg_metrics_free(struct dg_metrics *metrics)
{
    if (metrics == NULL)
        return;
    while (metrics->shards != NULL) {
        struct dg_metrics_shard *next = metrics->shards->next;
        free(metrics->shards);
        metrics->shards = next;
    }
    for (size_t i = 0; i < DG_FAMILY_COUNT; i++) {
        struct dg_labelled_family *family = &metrics->labelled[i];
        for (size_t j = 0; j < family->n_series; j++)
            free(family->series[j]);
        free(family->series);
    }
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

struct dg_metrics_shard *dg_metrics_shard_new(struct dg_metrics *metrics)
{
    /* A shard begins and ends on a cache line of its own: sizeof is a multiple of its alignment. */
    struct dg_metrics_shard *shard = aligned_alloc(_Alignof(struct dg_metrics_shard), sizeof *shard);
    if (shard == NULL)
        return NULL;
    memset(shard, 0, sizeof *shard);
    shard->owner = metrics;
    pthread_mutex_lock(&metrics->lock);
    shard->next = metrics->shards;
    metrics->shards = shard;
    pthread_mutex_unlock(&metrics->lock);
    return shard;
}

/* Load and store instead of an atomic addition: there is one writer, and a locked instruction is many times dearer. */
static void add_relaxed(atomic_uint_fast64_t *cell, uint64_t n)
{
    uint64_t now = atomic_load_explicit(cell, memory_order_relaxed);
    atomic_store_explicit(cell, now + n, memory_order_relaxed);
}

/* At most twelve comparisons, and nearly always fewer than five: most analyses take under 256 us. */
void dg_observe_ns(struct dg_metrics_shard *shard, enum dg_metric_histogram histogram, uint64_t duration_ns)
{
    size_t bucket = 0;
    uint64_t bound_ns = 1000;
    while (bucket < DG_METRICS_BUCKETS - 1 && duration_ns > bound_ns) {
        bound_ns *= 4;
        bucket++;
    }
    add_relaxed(&shard->buckets[histogram][bucket], 1);
    add_relaxed(&shard->sums_ns[histogram], duration_ns);
}

uint64_t dg_metrics_cell(const struct dg_metrics *metrics, enum dg_metric_cell cell)
{
    uint64_t sum = 0;
    /* The lock is no part of what the caller sees as const. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&metrics->lock;
    pthread_mutex_lock(lock);
    for (const struct dg_metrics_shard *shard = metrics->shards; shard != NULL; shard = shard->next)
        sum += atomic_load_explicit(&shard->cells[cell], memory_order_relaxed);
    pthread_mutex_unlock(lock);
    return sum;
}

/* An empty list has no items; "a,,b" has three. */
bool dg_metrics_list_item(const char *list, size_t n, struct dg_str *item)
{
    if (list[0] == '\0')
        return false;
    for (;; n--) {
        size_t len = strcspn(list, ",");
        *item = (struct dg_str){list, len};
        if (n == 0)
            return true;
        if (list[len] == '\0')
            return false;
        list += len + 1;
    }
}

static size_t n_labels_of(enum dg_metric_family family)
{
    size_t n = 0;
    struct dg_str ignored;
    while (n < DG_METRICS_MAX_LABELS && dg_metrics_list_item(dg_metric_families[family].labels, n, &ignored))
        n++;
    return n;
}

/* A label value as it is stored: never NULL, of bounded length. */
static struct dg_str stored_form(const char *value)
{
    return dg_str_utf8_prefix(dg_str_of(value == NULL ? "" : value), DG_METRICS_LABEL_BYTES);
}

/* A family holds a hundred series and they change when something goes wrong, not for each statement: a search from the
   first to the last is fast enough. */
/* The position of a series in its family, or n_series. Called with the lock held. */
static size_t find_series(const struct dg_labelled_family *family, const char *const *label_values, size_t n_labels)
{
    for (size_t i = 0; i < family->n_series; i++) {
        size_t n_same = 0;
        while (n_same < n_labels &&
               dg_str_is(stored_form(label_values[n_same]), family->series[i]->label_values[n_same]))
            n_same++;
        if (n_same == n_labels)
            return i;
    }
    return family->n_series;
}

/* One allocation for the struct and its values: a series is freed by one free(), and cannot be half made. */
static struct dg_series *series_new(const char *const *label_values, size_t n_labels)
{
    size_t size = sizeof(struct dg_series);
    for (size_t i = 0; i < n_labels; i++)
        size += stored_form(label_values[i]).len + 1;
    struct dg_series *series = calloc(1, size);
    if (series == NULL)
        return NULL;
    char *end = (char *)(series + 1);
    for (size_t i = 0; i < n_labels; i++) {
        struct dg_str value = stored_form(label_values[i]);
        series->label_values[i] = end;
        if (value.len > 0)
            memcpy(end, value.data, value.len);
        end += value.len + 1; /* calloc wrote the NUL */
    }
    return series;
}

/* The series, opened if it is new; NULL (and counted) if there is no room. Called with the lock held. */
static struct dg_series *open_series(struct dg_metrics *metrics, enum dg_metric_family number,
                                     const char *const *label_values)
{
    struct dg_labelled_family *family = &metrics->labelled[number];
    size_t n_labels = n_labels_of(number);
    size_t position = find_series(family, label_values, n_labels);
    if (position < family->n_series)
        return family->series[position];

    struct dg_series *series = NULL;
    if (family->series == NULL)
        family->series = calloc(DG_METRICS_MAX_SERIES, sizeof *family->series);
    if (family->series != NULL && family->n_series < DG_METRICS_MAX_SERIES)
        series = series_new(label_values, n_labels);
    if (series == NULL)
        family->n_overflows++;
    else
        family->series[family->n_series++] = series;
    return series;
}

void dg_metrics_add(struct dg_metrics *metrics, enum dg_metric_family family, const char *const *label_values, double n)
{
    pthread_mutex_lock(&metrics->lock);
    struct dg_series *series = open_series(metrics, family, label_values);
    if (series != NULL)
        series->value += n;
    pthread_mutex_unlock(&metrics->lock);
}

void dg_metrics_set(struct dg_metrics *metrics, enum dg_metric_family family, const char *const *label_values,
                    double value)
{
    pthread_mutex_lock(&metrics->lock);
    struct dg_series *series = open_series(metrics, family, label_values);
    if (series != NULL)
        series->value = value;
    pthread_mutex_unlock(&metrics->lock);
}

/* The last series takes the place of the one that goes; Prometheus does not mind their order. */
void dg_metrics_remove(struct dg_metrics *metrics, enum dg_metric_family number, const char *const *label_values)
{
    pthread_mutex_lock(&metrics->lock);
    struct dg_labelled_family *family = &metrics->labelled[number];
    size_t position = find_series(family, label_values, n_labels_of(number));
    if (position < family->n_series) {
        free(family->series[position]);
        family->series[position] = family->series[--family->n_series];
    }
    pthread_mutex_unlock(&metrics->lock);
}

double dg_metrics_get(struct dg_metrics *metrics, enum dg_metric_family number, const char *const *label_values)
{
    pthread_mutex_lock(&metrics->lock);
    const struct dg_labelled_family *family = &metrics->labelled[number];
    size_t position = find_series(family, label_values, n_labels_of(number));
    double value = position < family->n_series ? family->series[position]->value : 0;
    pthread_mutex_unlock(&metrics->lock);
    return value;
}

uint64_t dg_metrics_overflows(struct dg_metrics *metrics, enum dg_metric_family family)
{
    pthread_mutex_lock(&metrics->lock);
    uint64_t n = metrics->labelled[family].n_overflows;
    pthread_mutex_unlock(&metrics->lock);
    return n;
}
