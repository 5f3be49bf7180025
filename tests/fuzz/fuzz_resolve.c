/*
 * Parser, resolver and shape over any text, against a rich schema and under several sessions. Beyond memory safety it
 * holds the answers against each other:
 *
 *   - findings are in the order of their stages, their positions lie in the text, only the first may be exact, and no
 *     more than one is; the same text gets the same answer twice;
 *   - a finding that is certain whatever the search path leaves the statement clean under none (but an ambiguous name:
 *     a list of aliases that makes it so may be too long for another path's table, 42P10, which is no finding);
 *   - what is clean under an unknown search path has no finding under a known one;
 *   - other literals of the same shape are as clean as those that were judged.
 */
#include <stdio.h>

#include "fuzz.h"
#include "rich.h"
#include "sql/analysis.h"
#include "sql/shape.h"
#include "tests/unit/sql/vary.h"

#define MAX_TOKENS 1000
#define MAX_SHAPE 8192
#define N_VARIATIONS 3

enum { PUBLIC_FIRST, OTHER_FIRST, NO_PATH, UNKNOWN_PATH, N_SESSIONS };

static void check(bool holds, const char *what, struct dg_str text)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %.*s\n", what, (int)text.len, text.data);
    abort();
}

/* ---- one answer -------------------------------------------------------------------------------------------------- */

static void check_findings(const struct dg_sql_statement *statement, struct dg_str text)
{
    size_t n_chars = dg_str_utf8_chars(text, text.len);
    for (size_t i = 0; i < statement->n_findings; i++) {
        const struct dg_sql_finding *finding = &statement->findings[i];
        check(finding->kind < DG_FINDING_KIND_COUNT && finding->clause < DG_CLAUSE_COUNT, "kind", text);
        check(finding->position <= n_chars + 1, "position", text);
        check(strlen(finding->sqlstate) == 5 && finding->message != NULL && finding->message[0] != '\0', "words", text);
        check(dg_str_is_utf8(dg_str_of(finding->message)), "a message that is no UTF-8", text);
        check(!finding->is_exact || i == 0, "a later finding is exact", text);
        check(!finding->is_exact || finding->stage == DG_RAISED_AT_ANALYSIS, "exact beyond analysis", text);
        check(i == 0 || finding->stage >= finding[-1].stage, "order of stages", text);
    }
}

static void check_statement(const struct dg_sql_statement *statement, struct dg_str text)
{
    check(statement->command != NULL && statement->reason < DG_REASON_COUNT, "statement", text);
    check(statement->location <= text.len && statement->len <= text.len - statement->location, "place", text);
    for (size_t i = 0; i < statement->n_references; i++)
        check(statement->references[i].location <= text.len && statement->references[i].clause < DG_CLAUSE_COUNT,
              "reference", text);
    check(statement->class == DG_CLASS_DML || statement->class == DG_CLASS_WRAPPED || statement->n_findings == 0,
          "findings where none belong", text);
    check_findings(statement, text);
}

static bool same_finding(const struct dg_sql_finding *a, const struct dg_sql_finding *b)
{
    return a->kind == b->kind && a->position == b->position && a->is_exact == b->is_exact &&
           a->is_certain == b->is_certain && strcmp(a->message, b->message) == 0;
}

static void check_same(const struct dg_sql_statement *a, const struct dg_sql_statement *b, struct dg_str text)
{
    check(a->reason == b->reason && a->n_findings == b->n_findings && a->n_references == b->n_references, "twice",
          text);
    for (size_t i = 0; i < a->n_findings; i++)
        check(same_finding(&a->findings[i], &b->findings[i]), "findings twice", text);
}

static bool is_clean(const struct dg_sql_statement *statement)
{
    return statement->reason == DG_REASON_NONE && statement->n_findings == 0;
}

/* ---- several ----------------------------------------------------------------------------------------------------- */

static struct dg_sql_session session_of(const struct dg_snapshot *snapshot, int kind)
{
    static const char *const public_first[] = {"$user", "public"};
    static const char *const other_first[] = {"other", "public"};
    struct dg_sql_session session = {.snapshot = snapshot,
                                     .path = kind == OTHER_FIRST ? other_first : public_first,
                                     .n_path = kind == NO_PATH || kind == UNKNOWN_PATH ? 0 : 2,
                                     .path_known = kind != UNKNOWN_PATH,
                                     .role = "app",
                                     .max_tokens = MAX_TOKENS};
    return session;
}

static void check_paths(const struct dg_sql_analysis *all, struct dg_str text)
{
    for (int a = 0; a < N_SESSIONS; a++) {
        for (int b = 0; b < N_SESSIONS; b++) {
            check(all[a].n_statements == all[b].n_statements, "number of statements", text);
            /* What the first of several does to the path, the second sees. */
            if (all[a].n_statements != 1 || a == b)
                continue;
            const struct dg_sql_statement *one = &all[a].statements[0];
            const struct dg_sql_statement *other = &all[b].statements[0];
            if (one->n_findings > 0 && one->findings[0].is_certain && one->findings[0].kind != DG_FINDING_AMBIGUOUS)
                check(!is_clean(other), "certain, but clean under another path", text);
            if (a == UNKNOWN_PATH && is_clean(one))
                check(other->n_findings == 0, "clean under an unknown path, but not under a known one", text);
        }
    }
}

static bool has_verdict_by_shape(const struct dg_sql_analysis *analysis)
{
    return analysis->reason == DG_REASON_NONE && analysis->n_statements == 1 && is_clean(&analysis->statements[0]) &&
           analysis->statements[0].class == DG_CLASS_DML && analysis->statements[0].n_effects == 0 &&
           !analysis->statements[0].depends_on_literals;
}

static void check_variation(struct dg_str text, struct dg_str shape, const struct dg_sql_session *session,
                            uint64_t seed)
{
    char other[MAX_SHAPE];
    struct dg_sql_analysis analysis;
    struct dg_arena arena;
    struct dg_text varied;
    dg_text_init(&varied, (size_t)1 << 20);
    vary_literals(text, seed, &varied);
    struct dg_str view = dg_text_view(&varied);
    size_t len = dg_sql_shape(view, MAX_TOKENS, other, sizeof(other));
    if (!varied.failed && dg_str_equal((struct dg_str){other, len}, shape)) {
        dg_arena_init(&arena, (size_t)64 << 20);
        if (dg_sql_analyze(view, session, &arena, &analysis) == DG_OK && analysis.n_statements == 1)
            check(analysis.statements[0].n_findings == 0, "not clean with other literals", view);
        dg_arena_fini(&arena);
    }
    dg_text_fini(&varied);
}

static void check_shape(struct dg_str text, const struct dg_sql_session *session, uint64_t seed)
{
    char shape[MAX_SHAPE];
    size_t len = dg_sql_shape(text, MAX_TOKENS, shape, sizeof(shape));
    for (uint64_t i = 0; len > 0 && i < N_VARIATIONS; i++)
        check_variation(text, (struct dg_str){shape, len}, session, seed * N_VARIATIONS + i);
}

static void check_text(const struct dg_snapshot *snapshot, struct dg_str text)
{
    struct dg_sql_analysis all[N_SESSIONS + 1];
    struct dg_arena arena;
    dg_arena_init(&arena, (size_t)256 << 20);
    for (int i = 0; i <= N_SESSIONS; i++) {
        struct dg_sql_session session = session_of(snapshot, i % N_SESSIONS);
        if (dg_sql_analyze(text, &session, &arena, &all[i]) != DG_OK)
            check(all[i].n_statements == 0 && all[i].reason != DG_REASON_NONE, "a failure says why", text);
        for (size_t k = 0; k < all[i].n_statements; k++)
            check_statement(&all[i].statements[k], text);
    }
    for (size_t k = 0; k < all[0].n_statements; k++)
        check_same(&all[0].statements[k], &all[N_SESSIONS].statements[k], text);
    check_paths(all, text);
    for (int i = 0; i < 2; i++) {
        struct dg_sql_session session = session_of(snapshot, i);
        if (has_verdict_by_shape(&all[i]))
            check_shape(text, &session, text.len);
    }
    dg_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dg_snapshot *snapshot;
    struct dg_str text = {(const char *)data, size};
    if (size == 0 || memchr(data, '\0', size) != NULL || !dg_str_is_utf8(text))
        return 0;
    if (snapshot == NULL)
        snapshot = rich_snapshot();
    check_text(snapshot, text);
    return 0;
}
