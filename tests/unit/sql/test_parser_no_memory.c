/*
 * The parser's own memory ends: libpg_query's and cJSON's allocations fail one after the other while a statement is
 * parsed. In a child each, since what is tested is that it does not take the process with it.
 *
 * There is a tree then, or no answer because of memory; a statement that PostgreSQL would parse is never taken for one
 * that it would not, since that would be remembered.
 */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "sql/analysis.h"
#include "sql/parse.h"
#include "tests/wire/short_of_memory.h"

#define ARENA_BYTES ((size_t)16 << 20)
#define MAX_ALLOCATIONS 100000u

enum outcome {
    OUTCOME_NOTHING_FAILED = 100,
    /* no exit code of the parser's own */ OUTCOME_TREE,
    OUTCOME_NO_MEMORY,
    OUTCOME_UNPARSED,
    OUTCOME_OTHER
};

/* In the child. */
static enum outcome parse_short(struct dg_str text, unsigned modules, unsigned first, unsigned n_failing)
{
    struct short_page *page = short_page();
    struct dg_arena arena;
    struct dg_parse parse;
    dg_arena_init(&arena, ARENA_BYTES);
    page->modules = modules;
    page->n_failing = n_failing;
    page->n_counted = page->n_failed = 0;
    page->first = first;
    enum dg_status status = dg_parse_init(&parse, text, &arena);
    page->first = 0;
    if (status == DG_OK)
        dg_parse_fini(&parse);
    dg_arena_fini(&arena);
    if (page->n_failed == 0)
        return OUTCOME_NOTHING_FAILED;
    if (status == DG_NO_MEMORY)
        return OUTCOME_NO_MEMORY;
    if (status == DG_UNPARSED)
        return OUTCOME_UNPARSED;
    return status == DG_OK ? OUTCOME_TREE : OUTCOME_OTHER;
}

static enum outcome parse_in_child(struct dg_str text, unsigned modules, unsigned first, unsigned n_failing)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the next test */
        signal(SIGABRT, SIG_DFL);
        _exit((int)parse_short(text, modules, first, n_failing));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) < OUTCOME_NOTHING_FAILED)
        fail_msg("allocation %u of \"%.60s\": the process ended (%#x)", first, text.data, (unsigned)status);
    return (enum outcome)WEXITSTATUS(status);
}

static void check(struct dg_str text, unsigned modules, unsigned n_failing)
{
    enum outcome outcome = OUTCOME_TREE;
    unsigned first = 0;
    for (unsigned step = 1; outcome != OUTCOME_NOTHING_FAILED; first += step) {
        step = 1 + first / 20; /* all of the first, fewer and fewer of thousands */
        outcome = parse_in_child(text, modules, first + 1, n_failing);
        if (outcome == OUTCOME_OTHER || outcome == OUTCOME_UNPARSED)
            fail_msg("allocation %u of \"%.60s\": outcome %d", first + 1, text.data, (int)outcome);
        assert_true(first < MAX_ALLOCATIONS);
    }
}

/* Of the parser's own allocations one fails, and not for a long statement: see sql/parse.c for what it does not survive. */
static void a_statement_that_parses_has_a_tree_or_no_memory(void **state)
{
    struct dg_text large;
    (void)state;
    dg_text_init(&large, ARENA_BYTES);
    dg_text_cstr(&large, "SELECT 1");
    for (unsigned i = 0; i < 500; i++)
        dg_text_printf(&large, ", t%u.\"c %u\"", i, i);
    assert_false(large.failed);
    const struct dg_str texts[] = {DG_STR("SELECT a, b FROM t WHERE c = 'x' AND d IN (SELECT 1)"),
                                   DG_STR("CREATE TABLE t (a int DEFAULT 1, b text); DROP TABLE u"),
                                   DG_STR(""),
                                   {dg_text_get(&large), large.len}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].len < 100)
            check(texts[i], SHORT_PG_QUERY, 1);
        check(texts[i], SHORT_CJSON, 1);
        check(texts[i], SHORT_CJSON, MAX_ALLOCATIONS);
    }
    dg_text_fini(&large);
}

/* Where the parser has an error to report it must not be called without memory. */
static void without_memory_the_parser_is_not_called(void **state)
{
    (void)state;
    assert_int_equal(parse_in_child(DG_STR("SELECT FROM WHERE"), SHORT_OURS | SHORT_PG_QUERY, 1, MAX_ALLOCATIONS),
                     OUTCOME_NO_MEMORY);
    assert_int_equal(parse_in_child(DG_STR("SELECT FROM WHERE"), SHORT_OURS | SHORT_PG_QUERY, 2, MAX_ALLOCATIONS),
                     OUTCOME_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_statement_that_parses_has_a_tree_or_no_memory),
                                       cmocka_unit_test(without_memory_the_parser_is_not_called)};
    dg_sql_prepare_thread();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
