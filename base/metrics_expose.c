/*
 * What Prometheus reads (text format 0.0.4: HELP and TYPE once a family, then its samples), and docs/metrics.md.
 */
#include <inttypes.h>

#include "base/metrics.h"
#include "base/metrics_table.h"

static const char *kind_name(enum dg_metric_kind kind)
{
    switch (kind) {
    case DG_METRIC_COUNTER:
        return "counter";
    case DG_METRIC_GAUGE:
        return "gauge";
    case DG_METRIC_HISTOGRAM:
        break;
    }
    return "histogram";
}

static void append_label(struct dg_text *out, size_t n, struct dg_str name, struct dg_str value)
{
    dg_text_char(out, n == 0 ? '{' : ',');
    dg_text_append(out, name);
    dg_text_cstr(out, "=\"");
    dg_text_prometheus_label(out, value);
    dg_text_char(out, '"');
}

/* The series that are cells. A gauge's shards may each be below zero on their own; their sum, modulo 2^64, is right. */
static void expose_cells(struct dg_metrics *metrics, enum dg_metric_family family, struct dg_text *out)
{
    const struct dg_metric_family_row *row = &dg_metric_families[family];
    for (size_t i = 0; i < DG_CELL_COUNT; i++) {
        if (dg_metric_cells[i].family != family)
            continue;
        dg_text_cstr(out, row->name);
        struct dg_str name, value;
        size_t n = 0;
        while (dg_metrics_list_item(row->labels, n, &name) &&
               dg_metrics_list_item(dg_metric_cells[i].label_values, n, &value))
            append_label(out, n++, name, value);
        dg_text_cstr(out, n > 0 ? "} " : " ");
        uint64_t sum = dg_metrics_cell(metrics, (enum dg_metric_cell)i);
        if (row->kind == DG_METRIC_GAUGE)
            dg_text_printf(out, "%" PRId64 "\n", (int64_t)sum);
        else
            dg_text_printf(out, "%" PRIu64 "\n", sum);
    }
}

/* The lock is held while text is appended, which may ask malloc; only rare events wait for it, never a statement. */
static void expose_labelled(struct dg_metrics *metrics, enum dg_metric_family family, struct dg_text *out)
{
    const struct dg_metric_family_row *row = &dg_metric_families[family];
    pthread_mutex_lock(&metrics->lock);
    const struct dg_labelled_family *labelled = &metrics->labelled[family];
    for (size_t i = 0; i < labelled->n_series; i++) {
        const struct dg_series *series = labelled->series[i];
        dg_text_cstr(out, row->name);
        struct dg_str name;
        size_t n = 0;
        for (; n < DG_METRICS_MAX_LABELS && dg_metrics_list_item(row->labels, n, &name); n++)
            append_label(out, n, name, dg_str_of(series->label_values[n]));
        dg_text_cstr(out, n > 0 ? "} " : " ");
        /* 17 digits: no bit of a double is lost, and whole numbers (bytes, seconds) have no exponent. */
        dg_text_printf(out, "%.17g\n", series->value);
    }
    pthread_mutex_unlock(&metrics->lock);
}

/* The family that counts full families is no series of its own table, which could be full as well. */
static void expose_overflows(struct dg_metrics *metrics, struct dg_text *out)
{
    const char *name = dg_metric_families[DG_FAMILY_OVERFLOW].name;
    for (size_t i = 0; i < DG_FAMILY_COUNT; i++) {
        uint64_t n = dg_metrics_overflows(metrics, (enum dg_metric_family)i);
        if (n > 0)
            dg_text_printf(out, "%s{family=\"%s\"} %" PRIu64 "\n", name, dg_metric_families[i].name, n);
    }
}

/* Buckets are added up first, printed later. An observation between the two is seen whole or in part: then the count,
   which is the sum of the buckets, is right and the sum of the times one observation ahead or behind. */
static void expose_histogram(struct dg_metrics *metrics, const struct dg_metric_family_row *row, struct dg_text *out)
{
    uint64_t buckets[DG_METRICS_BUCKETS] = {0};
    uint64_t sum_ns = 0;
    pthread_mutex_lock(&metrics->lock);
    for (struct dg_metrics_shard *shard = metrics->shards; shard != NULL; shard = shard->next) {
        sum_ns += atomic_load_explicit(&shard->sums_ns[row->histogram], memory_order_relaxed);
        for (size_t i = 0; i < DG_METRICS_BUCKETS; i++)
            buckets[i] += atomic_load_explicit(&shard->buckets[row->histogram][i], memory_order_relaxed);
    }
    pthread_mutex_unlock(&metrics->lock);

    uint64_t n_below = 0;
    double bound = 1e-6;
    for (size_t i = 0; i < DG_METRICS_BUCKETS - 1; i++, bound *= 4) {
        n_below += buckets[i];
        dg_text_printf(out, "%s_bucket{le=\"%.9g\"} %" PRIu64 "\n", row->name, bound, n_below);
    }
    n_below += buckets[DG_METRICS_BUCKETS - 1];
    dg_text_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", row->name, n_below);
    dg_text_printf(out, "%s_sum %.9g\n%s_count %" PRIu64 "\n", row->name, (double)sum_ns / 1e9, row->name, n_below);
}

/* A family that has no sample yet is announced all the same: who writes an alert finds the name. */
void dg_metrics_expose(struct dg_metrics *metrics, struct dg_text *out)
{
    for (size_t i = 0; i < DG_FAMILY_COUNT; i++) {
        const struct dg_metric_family_row *row = &dg_metric_families[i];
        enum dg_metric_family family = (enum dg_metric_family)i;
        dg_text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, kind_name(row->kind));
        if (row->kind == DG_METRIC_HISTOGRAM)
            expose_histogram(metrics, row, out);
        else if (family == DG_FAMILY_OVERFLOW)
            expose_overflows(metrics, out);
        expose_cells(metrics, family, out);
        expose_labelled(metrics, family, out);
    }
}

/* "`to_server`, `to_client`": the label values of a family's cells, where it has one label and cells. */
static void print_known_values(enum dg_metric_family family, struct dg_text *out)
{
    size_t n = 0;
    for (size_t i = 0; i < DG_CELL_COUNT; i++) {
        if (dg_metric_cells[i].family == family && dg_metric_cells[i].label_values[0] != '\0')
            dg_text_printf(out, "%s`%s`", n++ == 0 ? ": " : ", ", dg_metric_cells[i].label_values);
    }
}

void dg_metrics_print_markdown(struct dg_text *out)
{
    dg_text_cstr(out, "# Metrics\n\n"
                      "<!-- Generated from base/metrics.def; do not edit. -->\n\n"
                      "`GET /metrics` on the admin address, Prometheus text format 0.0.4.\n\n"
                      "| name | kind | labels | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < DG_FAMILY_COUNT; i++) {
        const struct dg_metric_family_row *row = &dg_metric_families[i];
        dg_text_printf(out, "| `%s` | %s | ", row->name, kind_name(row->kind));
        struct dg_str label;
        for (size_t n = 0; dg_metrics_list_item(row->labels, n, &label); n++)
            dg_text_printf(out, "%s`%.*s`", n == 0 ? "" : ", ", (int)label.len, label.data);
        dg_text_printf(out, " | %s", row->help);
        print_known_values((enum dg_metric_family)i, out);
        dg_text_cstr(out, " |\n");
    }
    dg_text_printf(out,
                   "\nA family with labels keeps at most %d series; what does not fit is counted in `%s`. "
                   "Histograms have the upper bounds 1 us times 1, 4, 16, ... up to 4.2 s.\n",
                   DG_METRICS_MAX_SERIES, dg_metric_families[DG_FAMILY_OVERFLOW].name);
}
