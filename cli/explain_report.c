/*
 * The report of `driftguard explain`. References are gathered by relation, each column once, in the order of the text.
 */
#include "cli/explain_report.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/cli.h"
#include "guard/diagnose.h"

/* A name is cut at 63 bytes by nearly every server; a message holds a few of them, or a literal. */
#define MAX_STRING_BYTES ((size_t)1 << 20)

static const char *column_name(const struct dg_relation *relation, int16_t attnum)
{
    const struct dg_column *column = dg_relation_column_by_attnum(relation, attnum);

    return column == NULL ? "?" : column->name;
}

static const char *schema_name(const struct dg_snapshot *snapshot, const struct dg_relation *relation)
{
    const struct dg_namespace *found = dg_snapshot_namespace_by_oid(snapshot, relation->namespace_oid);

    return found == NULL ? "?" : found->name;
}

/* True if one of the references before `index` names the same relation, and the same column too if `with_column`. */
static bool was_seen(const struct dg_sql_statement *statement, size_t index, bool with_column)
{
    const struct dg_sql_reference *reference = &statement->references[index];

    for (size_t i = 0; i < index; i++) {
        const struct dg_sql_reference *earlier = &statement->references[i];
        if (earlier->relation_oid == reference->relation_oid && (!with_column || earlier->attnum == reference->attnum))
            return true;
    }
    return false;
}

static void diagnose(const struct dg_explain_report *report, const struct dg_sql_statement *statement, size_t index,
                     struct dg_diagnosis *diagnosis)
{
    const struct dg_diagnose_input input = {
        .finding = &statement->findings[index],
        .statement = statement,
        .snapshot = report->snapshot,
        .detail = DG_DETAIL_FULL,
        .now_us = report->now_us,
    };

    dg_diagnose(&input, diagnosis);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void print_relation(const struct dg_explain_report *report, const struct dg_sql_statement *statement,
                           size_t first, FILE *out)
{
    const dg_oid oid = statement->references[first].relation_oid;
    const struct dg_relation *relation = dg_snapshot_relation_by_oid(report->snapshot, oid);
    const char *separator = ": ";

    if (relation == NULL)
        return;
    fprintf(out, "  refers to   %s.%s", schema_name(report->snapshot, relation), relation->name);
    for (size_t i = first; i < statement->n_references; i++) {
        const struct dg_sql_reference *reference = &statement->references[i];
        if (reference->relation_oid == oid && reference->attnum != 0 && !was_seen(statement, i, true)) {
            fprintf(out, "%s%s", separator, column_name(relation, reference->attnum));
            separator = ", ";
        }
    }
    fputc('\n', out);
}

static void print_finding(const struct dg_explain_report *report, const struct dg_sql_statement *statement,
                          size_t index, FILE *out)
{
    const struct dg_sql_finding *finding = &statement->findings[index];
    struct dg_diagnosis diagnosis;

    fprintf(out, "  finding     %s: %s", finding->sqlstate, finding->message);
    if (finding->position != 0)
        fprintf(out, " (at character %u, in %s)", finding->position, dg_clause_text(finding->clause));
    fputc('\n', out);
    diagnose(report, statement, index, &diagnosis);
    if (diagnosis.detail[0] != '\0')
        fprintf(out, "              %s\n", diagnosis.detail);
    if (diagnosis.hint[0] != '\0')
        fprintf(out, "              HINT: %s\n", diagnosis.hint);
}

static void print_refusal(const struct dg_sql_finding *first, FILE *out)
{
    static const char *const when[] = {[DG_RAISED_AT_ANALYSIS] = "",
                                       [DG_RAISED_AT_PLAN] = " when it plans it",
                                       [DG_RAISED_AT_RUN] = " when it runs it"};

    fprintf(out, "  prediction  PostgreSQL refuses it%s", when[first->stage]);
    if (first->is_exact)
        fprintf(out, ": ERROR %s: %s\n", first->sqlstate, first->message);
    else
        fputs("; which error it names first is not certain\n", out);
}

static void print_prediction(const struct dg_sql_statement *statement, FILE *out)
{
    if (statement->n_findings > 0) {
        print_refusal(&statement->findings[0], out);
    } else if (statement->reason != DG_REASON_NONE) {
        fprintf(out, "  prediction  none: %s\n", dg_reason_help(statement->reason));
    } else {
        fputs("  prediction  every name is found\n", out);
    }
}

void dg_explain_print_text(const struct dg_explain_report *report, FILE *out)
{
    if (report->analysis.reason != DG_REASON_NONE)
        fprintf(out, "not analysed: %s\n", dg_reason_help(report->analysis.reason));
    for (size_t i = 0; i < report->analysis.n_statements; i++) {
        const struct dg_sql_statement *statement = &report->analysis.statements[i];
        fprintf(out, "%s\n", statement->command);
        for (size_t j = 0; j < statement->n_references; j++)
            if (!was_seen(statement, j, false))
                print_relation(report, statement, j, out);
        for (size_t j = 0; j < statement->n_findings; j++)
            print_finding(report, statement, j, out);
        print_prediction(statement, out);
    }
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* Names are the server's bytes, and not every server's are UTF-8; cJSON would let them through. */
static void add_string(cJSON *json, const char *key, const char *value)
{
    struct dg_text text;

    if (value == NULL || value[0] == '\0')
        return;
    dg_text_init(&text, MAX_STRING_BYTES);
    dg_text_json_string(&text, dg_str_of(value));
    if (!text.failed)
        cJSON_AddRawToObject(json, key, dg_text_get(&text));
    dg_text_fini(&text);
}

static cJSON *reference_json(const struct dg_explain_report *report, const struct dg_sql_reference *reference)
{
    const struct dg_relation *relation = dg_snapshot_relation_by_oid(report->snapshot, reference->relation_oid);
    cJSON *json = cJSON_CreateObject();

    if (relation != NULL) {
        add_string(json, "schema", schema_name(report->snapshot, relation));
        add_string(json, "relation", relation->name);
        if (reference->attnum != 0)
            add_string(json, "column", column_name(relation, reference->attnum));
    }
    cJSON_AddStringToObject(json, "clause", dg_clause_text(reference->clause));
    cJSON_AddNumberToObject(json, "offset", reference->location);
    return json;
}

static cJSON *finding_json(const struct dg_explain_report *report, const struct dg_sql_statement *statement,
                           size_t index)
{
    const struct dg_sql_finding *finding = &statement->findings[index];
    static const char *const stages[] = {
        [DG_RAISED_AT_ANALYSIS] = "analysis", [DG_RAISED_AT_PLAN] = "planning", [DG_RAISED_AT_RUN] = "execution"};
    struct dg_diagnosis diagnosis;
    cJSON *json = cJSON_CreateObject();

    diagnose(report, statement, index, &diagnosis);
    cJSON_AddStringToObject(json, "sqlstate", finding->sqlstate);
    cJSON_AddStringToObject(json, "raised_at", stages[finding->stage]);
    add_string(json, "message", finding->message);
    cJSON_AddNumberToObject(json, "position", finding->position);
    cJSON_AddBoolToObject(json, "exact", finding->is_exact);
    cJSON_AddBoolToObject(json, "certain", finding->is_certain);
    cJSON_AddStringToObject(json, "clause", dg_clause_text(finding->clause));
    add_string(json, "schema", finding->schema);
    add_string(json, "relation", finding->relation);
    add_string(json, "column", finding->column);
    add_string(json, "object", finding->object);
    add_string(json, "detail", diagnosis.detail);
    add_string(json, "hint", diagnosis.hint);
    return json;
}

static cJSON *statement_json(const struct dg_explain_report *report, const struct dg_sql_statement *statement)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *references = cJSON_AddArrayToObject(json, "references");
    cJSON *findings = cJSON_AddArrayToObject(json, "findings");

    cJSON_AddStringToObject(json, "command", statement->command);
    cJSON_AddStringToObject(json, "reason", dg_reason_label(statement->reason));
    cJSON_AddStringToObject(json, "prediction",
                            statement->n_findings > 0             ? "refused"
                            : statement->reason != DG_REASON_NONE ? "unknown"
                                                                  : "accepted");
    for (size_t i = 0; i < statement->n_references; i++)
        cJSON_AddItemToArray(references, reference_json(report, &statement->references[i]));
    for (size_t i = 0; i < statement->n_findings; i++)
        cJSON_AddItemToArray(findings, finding_json(report, statement, i));
    return json;
}

void dg_explain_print_json(const struct dg_explain_report *report, FILE *out)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *statements = cJSON_AddArrayToObject(json, "statements");

    cJSON_AddStringToObject(json, "reason", dg_reason_label(report->analysis.reason));
    for (size_t i = 0; i < report->analysis.n_statements; i++)
        cJSON_AddItemToArray(statements, statement_json(report, &report->analysis.statements[i]));
    char *text = cJSON_Print(json);
    fprintf(out, "%s\n", text == NULL ? "{}" : text);
    free(text);
    cJSON_Delete(json);
}

int dg_explain_exit_code(const struct dg_sql_analysis *analysis)
{
    int code = analysis->reason == DG_REASON_NONE ? DG_EXIT_OK : DG_EXIT_UNDETERMINED;

    for (size_t i = 0; i < analysis->n_statements; i++) {
        if (analysis->statements[i].n_findings > 0)
            return DG_EXIT_FOUND;
        if (analysis->statements[i].reason != DG_REASON_NONE)
            code = DG_EXIT_UNDETERMINED;
    }
    return code;
}
