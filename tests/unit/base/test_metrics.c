/* Metrics: cells sum over threads, series are bounded, exposition is what Prometheus reads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/metrics.h"

#define N_THREADS 4
#define N_COUNTS 10000

static void cells_sum_over_shards(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    struct dg_metrics_shard *one = dg_metrics_shard_new(metrics);
    struct dg_metrics_shard *two = dg_metrics_shard_new(metrics);
    assert_int_equal((uintptr_t)one % 64, 0);
    assert_int_equal(sizeof *one % 64, 0);
    dg_count(one, DG_CELL_SESSIONS, 3);
    dg_count(two, DG_CELL_SESSIONS, 2);
    dg_count(two, DG_CELL_SESSIONS, (uint64_t)-4); /* a session that ended, counted by another thread than its start */
    assert_int_equal(dg_metrics_cell(metrics, DG_CELL_SESSIONS), 1);
    assert_int_equal(dg_metrics_cell(metrics, DG_CELL_BYTES_TO_SERVER), 0);
    dg_metrics_free(metrics);
    dg_metrics_free(NULL);
}

static void labelled_series_are_told_apart_by_all_labels(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    const char *const full[] = {"shop", "main", "full"};
    const char *const poll[] = {"shop", "main", "poll"};
    dg_metrics_add(metrics, DG_FAMILY_SNAPSHOT_LOADS, full, 1);
    dg_metrics_add(metrics, DG_FAMILY_SNAPSHOT_LOADS, full, 2);
    dg_metrics_add(metrics, DG_FAMILY_SNAPSHOT_LOADS, poll, 5);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADS, full) == 3);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADS, poll) == 5);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_FAILURES, poll) == 0);
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_LOADS, poll, 7);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADS, poll) == 7);
    dg_metrics_remove(metrics, DG_FAMILY_SNAPSHOT_LOADS, full);
    dg_metrics_remove(metrics, DG_FAMILY_SNAPSHOT_LOADS, full);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADS, full) == 0);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADS, poll) == 7);
    dg_metrics_free(metrics);
}

static void a_full_family_counts_what_it_refuses(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    char name[16];
    const char *const labels[] = {name, "main", ""};
    for (int i = 0; i < DG_METRICS_MAX_SERIES; i++) {
        (void)snprintf(name, sizeof name, "db%d", i);
        dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels, 1);
    }
    assert_int_equal(dg_metrics_overflows(metrics, DG_FAMILY_SNAPSHOT_LOADED), 0);
    (void)snprintf(name, sizeof name, "one too many");
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels, 1);
    assert_int_equal(dg_metrics_overflows(metrics, DG_FAMILY_SNAPSHOT_LOADED), 1);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels) == 0);

    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    dg_metrics_expose(metrics, &out);
    assert_non_null(
        strstr(dg_text_get(&out), "\ndriftguard_metrics_overflow_total{family=\"driftguard_snapshot_loaded\"} 1\n"));
    dg_text_fini(&out);

    /* Room again for a series once another is gone. */
    (void)snprintf(name, sizeof name, "db0");
    dg_metrics_remove(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels);
    (void)snprintf(name, sizeof name, "one too many");
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels, 1);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels) == 1);
    dg_metrics_free(metrics);
}

static void long_and_missing_label_values_are_bounded(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    char name[1000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    const char *const labels[] = {name, "main", ""};
    const char *const missing[] = {NULL, "main", ""};
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels, 1);
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_LOADED, missing, 2);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_SNAPSHOT_LOADED, labels) == 1);
    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    dg_metrics_expose(metrics, &out);
    name[DG_METRICS_LABEL_BYTES] = '\0';
    char expected[400];
    (void)snprintf(expected, sizeof expected, "{database=\"%.300s\",upstream=\"main\",server=\"\"} 1\n", name);
    assert_non_null(strstr(dg_text_get(&out), expected));
    assert_non_null(strstr(dg_text_get(&out), "{database=\"\",upstream=\"main\",server=\"\"} 2\n"));
    dg_text_fini(&out);
    dg_metrics_free(metrics);
}

static void exposition_has_each_form_of_sample(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    struct dg_metrics_shard *shard = dg_metrics_shard_new(metrics);
    const char *const hostile[] = {"a\"b\nc", "main", "refused", "x", "42703"};
    const char *const build[] = {"0.1.0", "17"};
    dg_count(shard, DG_CELL_STATEMENTS_OK, 12);
    dg_count(shard, DG_CELL_SESSIONS, (uint64_t)-1);
    dg_metrics_add(metrics, DG_FAMILY_PREDICTIONS, hostile, 1);
    dg_metrics_set(metrics, DG_FAMILY_BUILD_INFO, build, 1);
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_TIMESTAMP, (const char *const[]){"shop", "main", "127.0.0.1:5432"},
                   1795227187.25);
    dg_metrics_set(metrics, DG_FAMILY_SNAPSHOT_BYTES, (const char *const[]){"shop", "main", "127.0.0.1:5432"},
                   8589934592.0);
    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    dg_metrics_expose(metrics, &out);
    const char *const expected[] = {
        "# HELP driftguard_sessions client sessions that are open\n# TYPE driftguard_sessions gauge\n",
        "\ndriftguard_sessions -1\n",
        ("\n# TYPE driftguard_statements_total counter\ndriftguard_statements_total{verdict=\"ok\"} 12\n"
         "driftguard_statements_total{verdict=\"finding\"} 0\n"),
        "\ndriftguard_predictions_total{database=\"a\\\"b\\nc\",upstream=\"main\",outcome=\"refused\",reason=\"x\","
        "sqlstate=\"42703\"} "
        "1\n",
        "\ndriftguard_build_info{version=\"0.1.0\",parser=\"17\"} 1\n",
        "\ndriftguard_snapshot_timestamp_seconds{database=\"shop\",upstream=\"main\",server=\"127.0.0.1:5432\"} "
        "1795227187.25\n",
        "\ndriftguard_snapshot_bytes{database=\"shop\",upstream=\"main\",server=\"127.0.0.1:5432\"} 8589934592\n",
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_non_null(strstr(dg_text_get(&out), expected[i]));
    dg_text_fini(&out);
    dg_metrics_free(metrics);
}

/* Each line is a comment or a sample of the family announced last; no family is announced twice. */
static void exposition_keeps_families_together(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    (void)dg_metrics_shard_new(metrics);
    dg_metrics_add(metrics, DG_FAMILY_ANNOTATIONS, (const char *const[]){"shop", "main"}, 1);
    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    dg_metrics_expose(metrics, &out);
    size_t n_families = 0;
    struct dg_str family = {NULL, 0};
    for (const char *line = dg_text_get(&out); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        assert_int_equal(line[len], '\n');
        if (strncmp(line, "# HELP ", 7) == 0) {
            family = (struct dg_str){line + 7, strcspn(line + 7, " ")};
            n_families++;
        } else {
            const char *name = strncmp(line, "# TYPE ", 7) == 0 ? line + 7 : line;
            assert_memory_equal(name, family.data, family.len);
        }
        line += len + 1;
    }
    assert_int_equal(n_families, DG_FAMILY_COUNT);
    dg_text_fini(&out);
    dg_metrics_free(metrics);
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    struct dg_metrics_shard *one = dg_metrics_shard_new(metrics);
    struct dg_metrics_shard *two = dg_metrics_shard_new(metrics);
    dg_observe_ns(one, DG_HISTOGRAM_ANALYSIS_SECONDS, 0);
    dg_observe_ns(one, DG_HISTOGRAM_ANALYSIS_SECONDS, 1000); /* the bound belongs to its bucket */
    dg_observe_ns(two, DG_HISTOGRAM_ANALYSIS_SECONDS, 1001);
    dg_observe_ns(two, DG_HISTOGRAM_ANALYSIS_SECONDS, UINT64_C(5000000000)); /* above all bounds */
    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    dg_metrics_expose(metrics, &out);
    const char *const expected[] = {
        ("# TYPE driftguard_analysis_seconds histogram\ndriftguard_analysis_seconds_bucket{le=\"1e-06\"} 2\n"
         "driftguard_analysis_seconds_bucket{le=\"4e-06\"} 3\n"),
        ("driftguard_analysis_seconds_bucket{le=\"4.194304\"} 3\ndriftguard_analysis_seconds_bucket{le=\"+Inf\"} 4\n"
         "driftguard_analysis_seconds_sum 5.000002\ndriftguard_analysis_seconds_count 4\n"),
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_non_null(strstr(dg_text_get(&out), expected[i]));
    dg_text_fini(&out);
    dg_metrics_free(metrics);
}

static void *count_things(void *argument)
{
    struct dg_metrics *metrics = argument;
    struct dg_metrics_shard *shard = dg_metrics_shard_new(metrics);
    for (int i = 0; i < N_COUNTS; i++) {
        dg_count(shard, DG_CELL_STATEMENTS_OK, 1);
        dg_observe_ns(shard, DG_HISTOGRAM_ANALYSIS_SECONDS, 10);
        if (i % 100 == 0)
            dg_metrics_add(metrics, DG_FAMILY_ANNOTATIONS, (const char *const[]){"shop", "main"}, 1);
    }
    return NULL;
}

static void threads_count_while_others_read(void **state)
{
    (void)state;
    struct dg_metrics *metrics = dg_metrics_new();
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_things, metrics), 0);
    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    for (int i = 0; i < 20; i++) {
        dg_text_reset(&out);
        dg_metrics_expose(metrics, &out);
        assert_false(out.failed);
    }
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    dg_text_fini(&out);
    assert_int_equal(dg_metrics_cell(metrics, DG_CELL_STATEMENTS_OK), N_THREADS * N_COUNTS);
    assert_true(dg_metrics_get(metrics, DG_FAMILY_ANNOTATIONS, (const char *const[]){"shop", "main"}) ==
                N_THREADS * N_COUNTS / 100);
    dg_metrics_free(metrics);
}

static void the_documentation_has_a_row_for_each_family(void **state)
{
    (void)state;
    struct dg_text out;
    dg_text_init(&out, 1 << 20);
    dg_metrics_print_markdown(&out);
    assert_false(out.failed);
    size_t n_rows = 0;
    for (const char *row = dg_text_get(&out); (row = strstr(row, "\n| `driftguard_")) != NULL; row++)
        n_rows++;
    assert_int_equal(n_rows, DG_FAMILY_COUNT);
    assert_non_null(strstr(dg_text_get(&out), "| `driftguard_bytes_total` | counter | `direction` | bytes relayed: "
                                              "`to_server`, `to_client` |\n"));
    dg_text_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_sum_over_shards),
        cmocka_unit_test(labelled_series_are_told_apart_by_all_labels),
        cmocka_unit_test(a_full_family_counts_what_it_refuses),
        cmocka_unit_test(long_and_missing_label_values_are_bounded),
        cmocka_unit_test(exposition_has_each_form_of_sample),
        cmocka_unit_test(exposition_keeps_families_together),
        cmocka_unit_test(histograms_are_cumulative),
        cmocka_unit_test(threads_count_while_others_read),
        cmocka_unit_test(the_documentation_has_a_row_for_each_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
