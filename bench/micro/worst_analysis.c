/*
 * The worst that a statement within the limits can cost: each hostile form at its largest and below (what a limit of the
 * resolver ends at its largest may cost more just under it), on two schemas; then, if asked, a search for worse by
 * changing the worst. Prints a table, the worst on top.
 *
 * The time is that of all that a new text is put through in a worker: encoding, key, shape, tokens, parser, resolver, the
 * verdict's copy. It is the thread's own, and the least of several runs: what the machine does beside it is not the
 * statement's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "bench/micro/hostile.h"
#include "guard/state.h"
#include "guard/verdict.h"
#include "sql/parse.h"
#include "sql/shape.h"
#include "sql/weight.h"

#define N_RUNS_FIRST 1
#define N_RUNS_LAST 9
#define SMALLEST_SCALE 0.0052
#define SCALE_STEP 1.3893 /* its 16th power brings the smallest to one */
#define BEYOND_ALL_BOUNDS_NS ((uint64_t)200 * 1000 * 1000)
#define MAX_RESULTS 4096
#define MAX_PATTERN 512

struct options {
    size_t max_tokens;
    size_t max_bytes;
    unsigned search_seconds;
    size_t n_shown;
    uint64_t seed;
    const char *only; /* forms whose name has this in it */
};

struct result {
    char name[64];
    char pattern[MAX_PATTERN];
    bool is_large;
    size_t n;
    size_t m;
    uint64_t ns;
    uint64_t parse_ns; /* of it, the parser and its JSON */
    size_t n_tokens;
    size_t n_bytes;
    size_t arena_bytes;
    size_t verdict_bytes;
    const char *outcome;
};

struct bench {
    struct options options;
    struct dg_snapshot *schemas[2];
    struct dg_text text;
    struct dg_arena arena;
    char shape[DG_GUARD_SHAPE_BYTES];
    struct result *results;
    size_t n_results;
};

static const char *outcome_of(const struct dg_sql_analysis *analysis)
{
    if (analysis->reason != DG_REASON_NONE)
        return dg_reason_label(analysis->reason);
    for (size_t i = 0; i < analysis->n_statements; i++) {
        if (analysis->statements[i].reason != DG_REASON_NONE)
            return dg_reason_label(analysis->statements[i].reason);
        if (analysis->statements[i].n_findings > 0)
            return "finding";
    }
    return "clean";
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static uint64_t run_parser(struct bench *bench, struct dg_str text)
{
    struct dg_parse parse;
    uint64_t began_ns = thread_cpu_ns();
    (void)!dg_parse_init(&parse, text, &bench->arena);
    dg_parse_fini(&parse);
    uint64_t ns = thread_cpu_ns() - began_ns;
    dg_arena_reset(&bench->arena);
    return ns;
}

/* As guard/judge.c does it, for a text that no cache knows. */
static uint64_t run_once(struct bench *bench, struct dg_str text, struct result *result)
{
    static const char *const path[] = {"$user", "public"};
    const struct dg_sql_session session = {.path_known = true,
                                           .path = path,
                                           .n_path = 2,
                                           .role = "app",
                                           .snapshot = bench->schemas[result->is_large],
                                           .max_tokens = bench->options.max_tokens};
    struct dg_sql_analysis analysis;
    uint64_t began_ns = thread_cpu_ns();
    uint64_t context = dg_verdict_context(1, dg_str_of("db"), &session, 3);
    struct dg_hash128 key = dg_verdict_key(context, text, NULL, 0);
    bool is_readable = dg_str_is_ascii(text) || dg_str_is_utf8(text);
    if (is_readable && text.len <= sizeof(bench->shape) && !dg_verdict_sets_breaker_context(text))
        (void)dg_sql_shape(text, bench->options.max_tokens, bench->shape, sizeof(bench->shape));
    (void)!dg_sql_analyze(text, &session, &bench->arena, &analysis);
    struct dg_verdict *verdict = dg_verdict_new(key, text, &session, &analysis);
    uint64_t ns = thread_cpu_ns() - began_ns;
    result->outcome = outcome_of(&analysis);
    result->verdict_bytes = verdict == NULL ? 0 : verdict->size_bytes;
    result->arena_bytes = bench->arena.reserved_bytes;
    dg_verdict_unref(verdict);
    dg_arena_reset(&bench->arena);
    return ns;
}

static void measure(struct bench *bench, struct result *result, unsigned n_runs)
{
    hostile_write(&bench->text, result->pattern, result->n, result->m);
    struct dg_str text = dg_text_view(&bench->text);
    result->n_bytes = text.len;
    result->n_tokens = dg_sql_weigh_tokens(text, bench->options.max_tokens);
    result->ns = UINT64_MAX;
    result->parse_ns = UINT64_MAX;
    if (bench->text.failed || result->n_tokens > bench->options.max_tokens || text.len > bench->options.max_bytes) {
        result->ns = 0;
        return;
    }
    for (unsigned i = 0; i < n_runs; i++) {
        uint64_t ns = run_once(bench, text, result);
        result->ns = ns < result->ns ? ns : result->ns;
        if (n_runs == 1)
            continue;
        ns = run_parser(bench, text);
        result->parse_ns = ns < result->parse_ns ? ns : result->parse_ns;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct result *left = a;
    const struct result *right = b;
    return (left->ns < right->ns) - (left->ns > right->ns);
}

static void keep(struct bench *bench, const struct result *result)
{
    if (bench->n_results == MAX_RESULTS) {
        qsort(bench->results, bench->n_results, sizeof(*bench->results), by_time);
        bench->n_results = MAX_RESULTS / 2;
    }
    bench->results[bench->n_results++] = *result;
}

/* The worst size of a pattern at one ratio. */
static void try_ratio(struct bench *bench, struct result *base, double ratio)
{
    struct result worst = *base;
    size_t last_n = 0;
    size_t largest =
        hostile_largest(&bench->text, base->pattern, ratio, bench->options.max_tokens, bench->options.max_bytes);
    worst.ns = 0;
    /* From below, and not on from where it is beyond all bounds: some forms would take minutes. */
    for (double scale = SMALLEST_SCALE; scale < 1.01 && worst.ns < BEYOND_ALL_BOUNDS_NS; scale *= SCALE_STEP) {
        struct result here = *base;
        here.n = scale > 1 ? largest : (size_t)((double)largest * scale);
        double m = (double)here.n * ratio;
        here.m = m < 1 ? 1 : (size_t)m;
        if (here.n == last_n)
            continue;
        last_n = here.n;
        measure(bench, &here, N_RUNS_FIRST);
        if (here.ns > worst.ns)
            worst = here;
    }
    if (worst.ns > 0)
        keep(bench, &worst);
}

static void try_pattern(struct bench *bench, const char *name, const char *pattern, bool is_large)
{
    static const double ratios[] = {1, 0.125, 8, 0.02};
    struct result base = {.is_large = is_large, .outcome = ""};
    snprintf(base.name, sizeof(base.name), "%s", name);
    snprintf(base.pattern, sizeof(base.pattern), "%s", pattern);
    size_t n_ratios = strstr(pattern, "{2") == NULL ? 1 : sizeof(ratios) / sizeof(ratios[0]);
    for (size_t i = 0; i < n_ratios; i++)
        try_ratio(bench, &base, ratios[i]);
}

/* ---- searching --------------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Clauses that can be changed for one another: what the forms hold between the same words. */
static void change_pattern(struct bench *bench, uint64_t *random, char *pattern)
{
    static const char *const swaps[][2] = {
        {"1", "*"},
        {"1", "nope#"},
        {"1", "c@"},
        {"1", "w#.c@"},
        {"c@", "nope#"},
        {"c@", "w#.c@"},
        {"t1", "wide1"},
        {"t1", "dup"},
        {"wide&", "t#"},
        {"wide&", "dup"},
        {"wide&", "a"},
        {"c1", "c@"},
        {"w#", "w"},
        {"int", "nope#"},
        {"ON true", "USING (c1)"},
        {"JOIN", "LEFT JOIN"},
        {"JOIN", "NATURAL JOIN"},
        {"ON true", "ON c1 = nope#"},
        {"1", "over(1)"},
        {"1", "(SELECT 1)"},
        {"SELECT 1", "SELECT *"},
        {"1", "'x'"},
        {"c@", "c@::int"},
        {"c1", "(w).c1"},
        {"max", "over"},
        {"t1", "(SELECT * FROM wide1) s"},
        {"wide1", "(VALUES ({2 1,}1)) v"},
        {"1", "$#"},
    };
    char changed[MAX_PATTERN];
    const char *const *swap = swaps[next_random(random) % (sizeof(swaps) / sizeof(swaps[0]))];
    bool is_back = next_random(random) % 4 == 0;
    const char *from = swap[is_back];
    const char *to = swap[!is_back];
    const char *at = strstr(pattern, from);
    /* Any of the places, each as likely as the one before it. */
    for (const char *other = at; other != NULL; other = strstr(other + 1, from))
        if (next_random(random) % 2 == 0)
            at = other;
    (void)bench;
    if (at == NULL)
        return;
    int n = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - pattern), pattern, to, at + strlen(from));
    if (n > 0 && (size_t)n < sizeof(changed))
        memcpy(pattern, changed, (size_t)n + 1);
}

static void search(struct bench *bench)
{
    uint64_t random = bench->options.seed;
    uint64_t ends_ms = dg_clock_monotonic_ms() + (uint64_t)bench->options.search_seconds * 1000;
    size_t n_tried = 0;
    while (dg_clock_monotonic_ms() < ends_ms) {
        qsort(bench->results, bench->n_results, sizeof(*bench->results), by_time);
        /* The worst are changed more often, but every form has its turn. */
        size_t among = next_random(&random) % 3 == 0 ? bench->n_results : bench->n_results / 10 + 1;
        struct result base = bench->results[next_random(&random) % among];
        for (size_t i = 0; i <= next_random(&random) % 3; i++)
            change_pattern(bench, &random, base.pattern);
        static const double ratios[] = {1, 0.3, 0.1, 3, 10, 0.02};
        try_ratio(bench, &base, ratios[next_random(&random) % 6]);
        n_tried++;
    }
    printf("%zu changed forms tried in %u s (seed %llu)\n", n_tried, bench->options.search_seconds,
           (unsigned long long)bench->options.seed);
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

static void print(struct bench *bench)
{
    qsort(bench->results, bench->n_results, sizeof(*bench->results), by_time);
    size_t n = bench->n_results < 2 * bench->options.n_shown ? bench->n_results : 2 * bench->options.n_shown;
    for (size_t i = 0; i < n; i++)
        measure(bench, &bench->results[i], N_RUNS_LAST);
    qsort(bench->results, n, sizeof(*bench->results), by_time);
    printf("| ms | parser | schema | tokens | bytes | arena | verdict | outcome | form | n, m |\n");
    printf("|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n && i < bench->options.n_shown; i++) {
        const struct result *result = &bench->results[i];
        printf("| %.1f | %.1f | %s | %zu | %zu | %zu k | %zu k | %s | %s: `%.150s` | %zu, %zu |\n",
               (double)result->ns / 1e6, (double)result->parse_ns / 1e6, result->is_large ? "large" : "ordinary",
               result->n_tokens, result->n_bytes, result->arena_bytes >> 10, result->verdict_bytes >> 10,
               result->outcome, result->name, result->pattern, result->n, result->m);
    }
    printf("worst: %.2f ms (least of %d runs)\n", n == 0 ? 0 : (double)bench->results[0].ns / 1e6, N_RUNS_LAST);
}

static bool take_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){10000, (size_t)1 << 20, 0, 40, 1, ""};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--tokens") == 0)
            options->max_tokens = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--bytes") == 0)
            options->max_bytes = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--search") == 0)
            options->search_seconds = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--shown") == 0)
            options->n_shown = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            options->seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--only") == 0)
            options->only = value;
        else
            return false;
    }
    return argc % 2 == 1 && options->seed != 0;
}

int main(int argc, char **argv)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    if (bench == NULL || !take_options(argc, argv, &bench->options)) {
        fprintf(stderr,
                "worst_analysis [--tokens N] [--bytes N] [--only WORDS] [--search SECONDS] [--seed N] [--shown N]\n");
        return 64;
    }
    bench->results = calloc(MAX_RESULTS, sizeof(*bench->results));
    dg_text_init(&bench->text, 4 * bench->options.max_bytes);
    dg_arena_init(&bench->arena, DG_GUARD_ANALYSIS_BYTES);
    for (int is_large = 0; is_large < 2; is_large++) {
        bench->schemas[is_large] = hostile_schema(is_large != 0);
        for (size_t i = 0; i < n_hostile_forms; i++)
            if (strstr(hostile_forms[i].name, bench->options.only) != NULL)
                try_pattern(bench, hostile_forms[i].name, hostile_forms[i].pattern, is_large != 0);
    }
    if (bench->options.search_seconds > 0 && bench->n_results > 0)
        search(bench);
    print(bench);
    dg_arena_fini(&bench->arena);
    dg_text_fini(&bench->text);
    for (int i = 0; i < 2; i++)
        dg_snapshot_unref(bench->schemas[i]);
    free(bench->results);
    free(bench);
    return 0;
}
