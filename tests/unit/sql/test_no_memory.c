/*
 * Memory that ends: each statement, one for every kind of finding, is analysed in arenas of growing size, and with each
 * allocation of its tree failing once. There is no answer then, and it is said why; or it is the one that there always is.
 */
#include "unit.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "sql/analysis.h"
#include "tests/fuzz/rich.h"

#define ARENA_BYTES ((size_t)1 << 20)
#define STEP_BYTES 48

static const struct {
    const char *text;
    const char *sqlstate; /* of the first finding; NULL: none */
} cases[] = {
    {"SELECT o.id, nope FROM orders o", "42703"},
    {"SELECT * FROM nope", "42P01"},
    {"SELECT nope.id FROM orders o, leads l", "42P01"},
    {"SELECT nope.f(1)", "3F000"},
    {"SELECT upper('a', 'b', 1)", "42883"},
    {"SELECT 1::nope", "42704"},
    {"SELECT id FROM orders, leads", "42702"},
    {"SELECT 1 FROM moods WHERE m = 'nope'", "22P02"},
    {"UPDATE orders SET gen = 1", "428C9"},
    {"INSERT INTO leads VALUES (1) ON CONFLICT (id) DO NOTHING", "42P10"},
    {"INSERT INTO orders (total) VALUES (1)", "23502"},
    {"SELECT (l.price).nope FROM leads l", "42703"},
    {"SELECT 1 FROM orders JOIN leads USING (id, nope)", "42703"},
    {"WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n FROM r), c AS (SELECT * FROM orders) "
     "SELECT c.*, (SELECT max(n) FROM r) FROM c NATURAL JOIN leads j(x, y), LATERAL (VALUES (1)) v, "
     "unnest(ARRAY[1]) WITH ORDINALITY u(p, q), rows_of() WHERE p IN (1, 2) GROUP BY 1 ORDER BY max(1) OVER (ORDER BY "
     "p)",
     NULL},
    {"MERGE INTO leads l USING orders o ON l.id = o.id WHEN MATCHED THEN UPDATE SET data = o.nope", "42703"},
    {"INSERT INTO moods (id, m) SELECT id, 'happy' FROM orders ON CONFLICT DO NOTHING RETURNING *", NULL},
    {"SET search_path = public, other; CREATE TABLE x (a int); SELECT 1 FROM x, orders; DROP TABLE a, b, c", NULL},
};
#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static enum dg_status analyze(const struct dg_snapshot *snapshot, const char *text, struct dg_arena *arena,
                              struct dg_sql_analysis *analysis)
{
    static const char *const path[] = {"$user", "public"};
    const struct dg_sql_session session = {
        .snapshot = snapshot, .path_known = true, .path = path, .n_path = 2, .role = "app", .max_tokens = 1000};
    return dg_sql_analyze(dg_str_of(text), &session, arena, analysis);
}

/* The answer that there is with memory enough. */
static void check_answer(size_t i, const struct dg_sql_analysis *analysis)
{
    assert_true(analysis->n_statements > 0);
    const struct dg_sql_statement *first = &analysis->statements[0];
    if (cases[i].sqlstate == NULL && first->n_findings > 0)
        fail_msg("%s: %s", cases[i].text, first->findings[0].message);
    if (cases[i].sqlstate != NULL && first->n_findings == 0)
        fail_msg("%s: nothing found, %s expected", cases[i].text, cases[i].sqlstate);
    if (cases[i].sqlstate != NULL)
        assert_string_equal(first->findings[0].sqlstate, cases[i].sqlstate);
}

static void check_no_answer(size_t i, const struct dg_sql_analysis *analysis, enum dg_reason reason)
{
    if (analysis->n_statements != 0 || analysis->reason != reason)
        fail_msg("%s: %zu statements, %s", cases[i].text, analysis->n_statements, dg_reason_label(analysis->reason));
}

static void an_arena_that_is_too_small_gives_no_answer(void **state)
{
    struct dg_snapshot *snapshot = rich_snapshot();
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        bool has_answer = false;
        for (size_t max_bytes = 0; !has_answer && max_bytes < ARENA_BYTES; max_bytes += STEP_BYTES) {
            struct dg_sql_analysis analysis;
            struct dg_arena arena;
            dg_arena_init(&arena, max_bytes);
            has_answer = analyze(snapshot, cases[i].text, &arena, &analysis) == DG_OK;
            if (has_answer)
                check_answer(i, &analysis);
            else
                check_no_answer(i, &analysis, DG_REASON_NO_MEMORY);
            dg_arena_fini(&arena);
        }
        assert_true(has_answer);
    }
    dg_snapshot_unref(snapshot);
}

/* ---- the tree's own allocations ---------------------------------------------------------------------------------- */

static size_t tree_countdown;

static void *tree_malloc(size_t size)
{
    if (tree_countdown > 0 && --tree_countdown == 0)
        return NULL;
    return malloc(size);
}

static void a_tree_without_memory_gives_no_answer(void **state)
{
    cJSON_Hooks hooks = {tree_malloc, free};
    struct dg_snapshot *snapshot = rich_snapshot();
    (void)state;
    cJSON_InitHooks(&hooks);
    for (size_t i = 0; i < N_CASES; i++) {
        bool has_failed = true;
        for (size_t n = 1; has_failed; n++) {
            struct dg_sql_analysis analysis;
            struct dg_arena arena;
            dg_arena_init(&arena, ARENA_BYTES);
            tree_countdown = n;
            enum dg_status status = analyze(snapshot, cases[i].text, &arena, &analysis);
            has_failed = tree_countdown == 0;
            tree_countdown = 0;
            assert_int_equal(status, has_failed ? DG_NO_MEMORY : DG_OK);
            if (has_failed)
                check_no_answer(i, &analysis, DG_REASON_NO_MEMORY);
            else
                check_answer(i, &analysis);
            dg_arena_fini(&arena);
        }
    }
    cJSON_InitHooks(NULL);
    dg_snapshot_unref(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_that_is_too_small_gives_no_answer),
        cmocka_unit_test(a_tree_without_memory_gives_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
