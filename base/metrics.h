/*
 * Metrics: one table (metrics.def) gives each family its name, kind, labels and help; exposition and docs come from it.
 *
 * Two ways to count. A *cell* is a series known at compile time: each thread has a shard of cells that it alone writes,
 * with relaxed stores and no shared cache line, and exposition sums the shards. A *labelled* series (database,
 * SQLSTATE, relation, ...) lives in one locked table, for events that are rare; a family has at most
 * DG_METRICS_MAX_SERIES of them, and what does not fit is counted in driftguard_metrics_overflow_total{family}.
 */
#ifndef DG_BASE_METRICS_H
#define DG_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum dg_metric_family {
#define DG_FAMILY(id, name, kind, labels, help) DG_FAMILY_##id,
#define DG_CELL(id, family, label_values)
#include "base/metrics.def"
#undef DG_FAMILY
#undef DG_CELL
    DG_FAMILY_COUNT
};

enum dg_metric_cell {
#define DG_FAMILY(id, name, kind, labels, help)
#define DG_CELL(id, family, label_values) DG_CELL_##id,
#include "base/metrics.def"
#undef DG_FAMILY
#undef DG_CELL
    DG_CELL_COUNT
};

/* Only the families of kind HISTOGRAM, numbered from 0. */
#define DG_ONLY_COUNTER(number)
#define DG_ONLY_GAUGE(number)
#define DG_ONLY_HISTOGRAM(number) number,
enum dg_metric_histogram {
#define DG_FAMILY(id, name, kind, labels, help) DG_ONLY_##kind(DG_HISTOGRAM_##id)
#define DG_CELL(id, family, label_values)
#include "base/metrics.def"
#undef DG_FAMILY
#undef DG_CELL
    DG_HISTOGRAM_COUNT
};

#define DG_METRICS_MAX_SERIES 100
#define DG_METRICS_MAX_LABELS 6
/* A longer label value is cut here. */
#define DG_METRICS_LABEL_BYTES 255
/* Upper bounds 1 us, 4 us, ... 4.2 s, and one bucket for what took longer. */
#define DG_METRICS_BUCKETS 13

struct dg_metrics;

/* One thread's cells. Gauges (sessions) add and subtract; the sum over shards is the value. */
struct dg_metrics_shard {
    _Alignas(64) atomic_uint_fast64_t cells[DG_CELL_COUNT];
    atomic_uint_fast64_t buckets[DG_HISTOGRAM_COUNT][DG_METRICS_BUCKETS]; /* not cumulative */
    atomic_uint_fast64_t sums_ns[DG_HISTOGRAM_COUNT];
    struct dg_metrics *owner;
    struct dg_metrics_shard *next;
};

struct dg_metrics *dg_metrics_new(void);
void dg_metrics_free(struct dg_metrics *metrics);
/* A new shard, owned by `metrics`. NULL if there is no memory. */
struct dg_metrics_shard *dg_metrics_shard_new(struct dg_metrics *metrics);

/* Only from the shard's own thread. To subtract from a gauge, add (uint64_t)-n. */
static inline void dg_count(struct dg_metrics_shard *shard, enum dg_metric_cell cell, uint64_t n)
{
    uint64_t now = atomic_load_explicit(&shard->cells[cell], memory_order_relaxed);
    atomic_store_explicit(&shard->cells[cell], now + n, memory_order_relaxed);
}

/* One observation of a histogram (DG_HISTOGRAM_ANALYSIS_SECONDS; buckets are powers of four from 1 µs; unit:
 * nanoseconds in, seconds out). */
void dg_observe_ns(struct dg_metrics_shard *shard, enum dg_metric_histogram histogram, uint64_t duration_ns);

/* The sum of a cell over all shards. Any thread. */
uint64_t dg_metrics_cell(const struct dg_metrics *metrics, enum dg_metric_cell cell);

/* Labelled series; label values in the order of the family's label names, as many as it has (at most DG_METRICS_MAX_LABELS). Any thread. */
void dg_metrics_add(struct dg_metrics *metrics, enum dg_metric_family family, const char *const *label_values,
                    double n);
void dg_metrics_set(struct dg_metrics *metrics, enum dg_metric_family family, const char *const *label_values,
                    double value);
void dg_metrics_remove(struct dg_metrics *metrics, enum dg_metric_family family, const char *const *label_values);
/* The value of a labelled series, 0 when absent. */
double dg_metrics_get(struct dg_metrics *metrics, enum dg_metric_family family, const char *const *label_values);

/* How often a series of the family was not opened because the family was full. */
uint64_t dg_metrics_overflows(struct dg_metrics *metrics, enum dg_metric_family family);

/* Appends all families in Prometheus text format 0.0.4. */
void dg_metrics_expose(struct dg_metrics *metrics, struct dg_text *out);
/* Appends docs/metrics.md. */
void dg_metrics_print_markdown(struct dg_text *out);

#endif
