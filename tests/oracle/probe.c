/*
 * The resolver as a process that a test talks to: a JSON object a line in, one out.
 *
 *   {"op": "load"}                                       reads the schema anew; {"status": "OK"}
 *   {"op": "analyze", "text": "...", "path": [...], "path_known": true, "role": "...", "local": [...]}
 *   {"op": "vary", "text": "...", "seed": 1}             {"text": with other literals, "shares": true if of one shape}
 *   {"op": "quit"}
 *
 * The database is the first argument. Only for tests: it trusts its caller.
 */
#include <cjson/cJSON.h>

#include "schema/load.h"
#include "sql/analysis.h"
#include "sql/shape.h"
#include "tests/unit/sql/vary.h"

#define LINE_BYTES ((size_t)8 << 20)
#define MAX_NAMES 1000
#define MAX_TOKENS 10000
#define MAX_SHAPE ((size_t)64 << 10)

struct probe {
    struct dg_catalog *catalog;
    struct dg_snapshot *snapshot;
};

static void answer(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    puts(text == NULL ? "{}" : text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(object);
}

static void answer_status(enum dg_status status, const char *text)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "status", dg_status_name(status));
    cJSON_AddStringToObject(object, "text", text);
    answer(object);
}

static void load(struct probe *probe)
{
    struct dg_error error = {.status = DG_OK};
    struct dg_snapshot *snapshot = NULL;
    enum dg_status status = dg_catalog_load(probe->catalog, (size_t)512 << 20, 0, &snapshot, &error);
    if (status == DG_OK) {
        dg_snapshot_unref(probe->snapshot);
        probe->snapshot = snapshot;
    }
    answer_status(status, error.text);
}

static size_t take_names(const cJSON *list, const char **names)
{
    size_t n = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        if (cJSON_IsString(item) && n < MAX_NAMES)
            names[n++] = item->valuestring;
    }
    return n;
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (text != NULL)
        cJSON_AddStringToObject(object, key, text);
}

static cJSON *finding_object(const struct dg_sql_finding *finding)
{
    static const char *const stages[] = {
        [DG_RAISED_AT_ANALYSIS] = "analysis", [DG_RAISED_AT_PLAN] = "plan", [DG_RAISED_AT_RUN] = "run"};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "kind", finding->kind);
    add_text(object, "sqlstate", finding->sqlstate);
    add_text(object, "message", finding->message);
    cJSON_AddNumberToObject(object, "position", finding->position);
    cJSON_AddBoolToObject(object, "exact", finding->is_exact);
    cJSON_AddBoolToObject(object, "certain", finding->is_certain);
    add_text(object, "schema", finding->schema);
    add_text(object, "relation", finding->relation);
    add_text(object, "column", finding->column);
    add_text(object, "object", finding->object);
    add_text(object, "stage", stages[finding->stage]);
    add_text(object, "clause", dg_clause_text(finding->clause));
    return object;
}

static cJSON *statement_object(const struct dg_sql_statement *statement)
{
    cJSON *object = cJSON_CreateObject();
    add_text(object, "command", statement->command);
    cJSON_AddNumberToObject(object, "class", statement->class);
    add_text(object, "reason", dg_reason_label(statement->reason));
    cJSON_AddBoolToObject(object, "late", statement->is_analysed_at_execute);
    cJSON_AddBoolToObject(object, "by_literals", statement->depends_on_literals);
    cJSON_AddNumberToObject(object, "references", (double)statement->n_references);
    cJSON *findings = cJSON_AddArrayToObject(object, "findings");
    for (size_t i = 0; i < statement->n_findings; i++)
        cJSON_AddItemToArray(findings, finding_object(&statement->findings[i]));
    cJSON *effects = cJSON_AddArrayToObject(object, "effects");
    for (size_t i = 0; i < statement->n_effects; i++)
        cJSON_AddItemToArray(effects, cJSON_CreateNumber(statement->effects[i].kind));
    return object;
}

static void analyze(const struct probe *probe, const cJSON *request)
{
    const char *path[MAX_NAMES];
    const char *local[MAX_NAMES];
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "text"));
    struct dg_sql_session session = {
        .snapshot = probe->snapshot,
        .path = path,
        .path_known = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(request, "path_known")),
        .role = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "role")),
        .local_names = local,
        .any_uncommitted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "uncommitted")),
        .max_tokens = MAX_TOKENS,
    };
    session.n_path = take_names(cJSON_GetObjectItemCaseSensitive(request, "path"), path);
    session.n_local_names = take_names(cJSON_GetObjectItemCaseSensitive(request, "local"), local);
    struct dg_arena arena;
    struct dg_sql_analysis analysis;
    dg_arena_init(&arena, (size_t)256 << 20);
    enum dg_status status = dg_sql_analyze(dg_str_of(text == NULL ? "" : text), &session, &arena, &analysis);
    cJSON *object = cJSON_CreateObject();
    add_text(object, "status", dg_status_name(status));
    add_text(object, "reason", dg_reason_label(analysis.reason));
    cJSON *statements = cJSON_AddArrayToObject(object, "statements");
    for (size_t i = 0; i < analysis.n_statements; i++)
        cJSON_AddItemToArray(statements, statement_object(&analysis.statements[i]));
    dg_arena_fini(&arena);
    answer(object);
}

/* The statement with other literals, and whether the two are of one shape. */
static void vary(const cJSON *request)
{
    static char shapes[2][MAX_SHAPE];
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "text"));
    double seed = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(request, "seed"));
    struct dg_text varied;
    dg_text_init(&varied, LINE_BYTES);
    vary_literals(dg_str_of(text), (uint64_t)seed, &varied);
    size_t len = dg_sql_shape(dg_str_of(text), MAX_TOKENS, shapes[0], MAX_SHAPE);
    size_t varied_len = dg_sql_shape(dg_text_view(&varied), MAX_TOKENS, shapes[1], MAX_SHAPE);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "text", dg_text_get(&varied));
    cJSON_AddBoolToObject(object, "shares", len > 0 && len == varied_len && memcmp(shapes[0], shapes[1], len) == 0);
    dg_text_fini(&varied);
    answer(object);
}

/* False at "quit". */
static bool serve_line(struct probe *probe, const char *line)
{
    cJSON *request = cJSON_Parse(line);
    const char *op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "op"));
    bool goes_on = op != NULL && strcmp(op, "quit") != 0;
    if (goes_on && strcmp(op, "load") == 0)
        load(probe);
    else if (goes_on && strcmp(op, "vary") == 0)
        vary(request);
    else if (goes_on)
        analyze(probe, request);
    cJSON_Delete(request);
    return goes_on;
}

int main(int argc, char **argv)
{
    struct probe probe = {0};
    struct dg_error error = {.status = DG_OK};
    char *line = malloc(LINE_BYTES);
    if (argc != 2 || line == NULL)
        return 64;
    if (dg_catalog_connect(argv[1], 10000, 60000, &probe.catalog, &error) != DG_OK) {
        fprintf(stderr, "%s\n", error.text);
        free(line);
        return 1;
    }
    while (fgets(line, (int)LINE_BYTES, stdin) != NULL && serve_line(&probe, line))
        ;
    dg_snapshot_unref(probe.snapshot);
    dg_catalog_close(probe.catalog);
    free(line);
    return 0;
}
