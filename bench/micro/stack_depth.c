/*
 * How much of a worker's stack the deepest statements use: each form that nests, at its largest within the limit of
 * tokens and at the sizes below (what the JSON's depth ends at its largest goes further below it), on a thread whose
 * stack was painted before. Ends with 1 if one uses more than three quarters.
 *
 *     stack_depth [TOKENS [BYTES OF STACK [WORDS OF A FORM'S NAME]]]
 *
 * The deepest are not the parser's grammar (it keeps its stack on the heap) but its JSON writer, a recursion for each
 * level of the tree.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench/micro/hostile.h"
#include "guard/state.h"
#include "proxy/worker.h"
#include "sql/analysis.h"
#include "sql/weight.h"

#define PAINT 0xa5
#define GUARD_BYTES 65536u

struct run {
    const struct dg_snapshot *snapshot;
    struct dg_str text;
    size_t max_tokens;
    enum dg_reason reason;
};

static void *analyze(void *context)
{
    static const char *const path[] = {"public"};
    struct run *run = context;
    const struct dg_sql_session session = {.path_known = true,
                                           .path = path,
                                           .n_path = 1,
                                           .role = "app",
                                           .snapshot = run->snapshot,
                                           .max_tokens = run->max_tokens};
    struct dg_sql_analysis analysis;
    struct dg_arena arena;
    dg_arena_init(&arena, DG_GUARD_ANALYSIS_BYTES);
    (void)!dg_sql_analyze(run->text, &session, &arena, &analysis);
    run->reason = analysis.reason;
    dg_arena_fini(&arena);
    return NULL;
}

/* Bytes of the stack that were written to; they are painted again. */
static size_t measure(struct run *run, unsigned char *stack, size_t stack_bytes)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstack(&attributes, stack, stack_bytes) != 0 ||
        pthread_create(&thread, &attributes, analyze, run) != 0)
        abort();
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    size_t untouched = 0;
    while (untouched < stack_bytes && stack[untouched] == PAINT)
        untouched++;
    memset(stack + untouched, PAINT, stack_bytes - untouched);
    return stack_bytes - untouched;
}

struct deepest {
    size_t bytes;
    size_t n;
    size_t n_tokens;
    enum dg_reason reason;
};

static struct deepest try_form(struct run *run, struct dg_text *text, const char *pattern, unsigned char *stack,
                               size_t stack_bytes)
{
    struct deepest deepest = {0};
    size_t largest = hostile_largest(text, pattern, 0.02, run->max_tokens, (size_t)1 << 20);
    for (size_t n = largest; n > 20; n = n * 3 / 5) {
        size_t m = n / 50;
        hostile_write(text, pattern, n, m == 0 ? 1 : m);
        run->text = dg_text_view(text);
        size_t bytes = measure(run, stack, stack_bytes);
        if (bytes > deepest.bytes)
            deepest = (struct deepest){bytes, n, dg_sql_weigh_tokens(run->text, run->max_tokens), run->reason};
    }
    return deepest;
}

int main(int argc, char **argv)
{
    struct run run = {.max_tokens = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000};
    size_t stack_bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : DG_WORKER_STACK_BYTES;
    unsigned char *memory = mmap(NULL, stack_bytes + GUARD_BYTES, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct dg_snapshot *snapshot = hostile_schema(false);
    struct dg_text text;
    size_t worst = 0;
    if (memory == MAP_FAILED || mprotect(memory, GUARD_BYTES, PROT_NONE) != 0)
        return 2;
    memset(memory + GUARD_BYTES, PAINT, stack_bytes);
    run.snapshot = snapshot;
    dg_text_init(&text, (size_t)4 << 20);
    printf("| kB of %zu | form | n | tokens | text |\n|---|---|---|---|---|\n", stack_bytes / 1024);
    for (size_t i = 0; i < n_hostile_forms; i++) {
        if (argc > 3 && strstr(hostile_forms[i].name, argv[3]) == NULL)
            continue;
        struct deepest deepest = try_form(&run, &text, hostile_forms[i].pattern, memory + GUARD_BYTES, stack_bytes);
        if (deepest.bytes > worst / 2)
            printf("| %zu | %s | %zu | %zu | %s |\n", deepest.bytes / 1024, hostile_forms[i].name, deepest.n,
                   deepest.n_tokens, dg_reason_label(deepest.reason));
        worst = deepest.bytes > worst ? deepest.bytes : worst;
    }
    printf("deepest: %zu kB of %zu kB\n", worst / 1024, stack_bytes / 1024);
    dg_text_fini(&text);
    dg_snapshot_unref(snapshot);
    return worst > stack_bytes / 4 * 3;
}
