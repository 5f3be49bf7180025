/*
 * Inside of base/metrics: the table from metrics.def and what the collector keeps. Not for other folders.
 */
#ifndef DG_BASE_METRICS_TABLE_H
#define DG_BASE_METRICS_TABLE_H

#include <pthread.h>

#include "base/metrics.h"

enum dg_metric_kind { DG_METRIC_COUNTER, DG_METRIC_GAUGE, DG_METRIC_HISTOGRAM };

struct dg_metric_family_row {
    const char *name;
    enum dg_metric_kind kind;
    const char *labels; /* "database,kind" */
    const char *help;
    int histogram; /* its number, or -1 */
};

struct dg_metric_cell_row {
    enum dg_metric_family family;
    const char *label_values;
};

extern const struct dg_metric_family_row dg_metric_families[DG_FAMILY_COUNT];
extern const struct dg_metric_cell_row dg_metric_cells[DG_CELL_COUNT];

struct dg_series {
    char *label_values[DG_METRICS_MAX_LABELS]; /* as many as the family has; in the same allocation */
    double value;
};

struct dg_labelled_family {
    struct dg_series **series; /* room for DG_METRICS_MAX_SERIES; NULL until the first */
    size_t n_series;
    uint64_t n_overflows;
};

struct dg_metrics {
    pthread_mutex_t lock; /* guards all but the contents of the shards */
    struct dg_metrics_shard *shards;
    struct dg_labelled_family labelled[DG_FAMILY_COUNT];
};

/* The n-th name or value of a comma-separated list; false when there are fewer. */
bool dg_metrics_list_item(const char *list, size_t n, struct dg_str *item);

#endif
