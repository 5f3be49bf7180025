/*
 * The words of 42883, 42704, 3F000, 42702 and 42P09: functions, types and schemas that are absent, names that are
 * ambiguous. absent.c and the scopes decide; here is only what the server will say.
 */
#include <string.h>

#include "base/text.h"
#include "sql/resolver.h"

/* ---- absent ---- */

/* A dotted name as the server prints it: without quotes. */
static void append_names(struct dg_text *text, const cJSON *names)
{
    for (const cJSON *item = names; item != NULL; item = item->next) {
        if (item != names)
            dg_text_char(text, '.');
        dg_text_cstr(text, dg_tree_sval(item) == NULL ? "" : dg_tree_sval(item));
    }
}

void dg_report_missing_schema(struct dg_resolver *r, const char *schema, int32_t location)
{
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_SCHEMA, "3F000", location);
    if (finding == NULL)
        return;
    finding->object = dg_report_copy(r, schema);
    dg_report_set_message(r, finding, dg_arena_printf(r->arena, "schema \"%s\" does not exist", schema));
}

void dg_report_missing_type(struct dg_resolver *r, const cJSON *type_name, const char *schema, const char *name)
{
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_TYPE, "42704", dg_tree_location(type_name));
    if (finding == NULL)
        return;
    char memory[600]; /* three names of 63 characters */
    struct dg_text words;
    dg_text_init_fixed(&words, memory, sizeof(memory));
    append_names(&words, dg_tree_list(type_name, "names"));
    if (dg_tree_list(type_name, "arrayBounds") != NULL)
        dg_text_cstr(&words, "[]");
    finding->is_exact = finding->is_exact && !words.failed;
    finding->schema = dg_report_copy(r, schema);
    finding->object = dg_report_copy(r, name);
    dg_report_set_message(r, finding, dg_arena_printf(r->arena, "type \"%s\" does not exist", dg_text_get(&words)));
}

/* NULL: not known. */
static const char *argument_type(struct dg_resolver *r, const cJSON *argument, const struct dg_value *value)
{
    struct dg_node node = dg_tree_node(argument);
    size_t number = node.kind == DG_NODE_PARAM_REF ? (size_t)dg_tree_int(node.body, "number") : 0;
    bool is_declared = number <= r->session->n_param_types && (number == 0 || r->session->param_types[number - 1] != 0);
    if (!is_declared) /* text or varchar, where it was compared: that is not followed */
        return value->parameter != 0 ? "unknown" : NULL;
    if (value->type_oid != 0)
        return value->type_oid == DG_TYPE_RECORD ? "record" : dg_names_format_type(r, value->type_oid);
    return node.kind == DG_NODE_A_CONST ? "unknown" : NULL;
}

/* One argument, "name => type". False if its type is not known. */
static bool append_argument(struct dg_resolver *r, struct dg_text *text, const cJSON *argument,
                            const struct dg_value *value)
{
    const cJSON *named = dg_tree_body(argument, DG_NODE_NAMED_ARG_EXPR);
    if (named != NULL) {
        dg_text_printf(text, "%s => ", dg_tree_string(named, "name"));
        argument = dg_tree_field(named, "arg");
    }
    const char *type = argument_type(r, argument, value);
    dg_text_cstr(text, type == NULL ? "?" : type);
    return type != NULL;
}

/* "f(integer, unknown)". False if it is not what the server will write. */
static bool append_call(struct dg_resolver *r, struct dg_text *text, const cJSON *body, const struct dg_call_form *form)
{
    const cJSON *argument = dg_tree_list(body, "args");
    bool is_known = true;
    append_names(text, dg_tree_list(body, "funcname"));
    dg_text_char(text, '(');
    for (size_t i = 0; i < form->n_values; i++) {
        if (i > 0)
            dg_text_cstr(text, ", ");
        if (argument == NULL) /* behind them come those of WITHIN GROUP */
            argument = dg_tree_list(body, "agg_order");
        const cJSON *sort = dg_tree_body(argument, DG_NODE_SORT_BY);
        bool is_argument_known =
            append_argument(r, text, sort == NULL ? argument : dg_tree_field(sort, "node"), &form->values[i]);
        is_known = is_known && is_argument_known;
        argument = argument == NULL ? NULL : argument->next;
    }
    dg_text_char(text, ')');
    return is_known && !text->failed;
}

void dg_report_missing_function(struct dg_resolver *r, const cJSON *body, const struct dg_call_form *form)
{
    char memory[4096];
    struct dg_text words;
    dg_text_init_fixed(&words, memory, sizeof(memory));
    if (!append_call(r, &words, body, form))
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_FUNCTION, "42883", dg_tree_location(body));
    if (finding == NULL)
        return;
    finding->schema = dg_report_copy(r, form->schema);
    finding->object = dg_report_copy(r, form->name);
    dg_report_set_message(r, finding, dg_arena_printf(r->arena, "function %s does not exist", dg_text_get(&words)));
}

/* ---- ambiguous ---- */

static struct dg_sql_finding *ambiguous(struct dg_resolver *r, const char *name, int32_t location)
{
    if (!dg_names_are_same_bytes(r, name))
        return NULL;
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_AMBIGUOUS, "42702", location);
    if (finding != NULL)
        finding->column = dg_report_copy(r, name);
    return finding;
}

void dg_report_ambiguous_column(struct dg_resolver *r, const char *name, int32_t location)
{
    struct dg_sql_finding *finding = ambiguous(r, name, location);
    if (finding != NULL)
        dg_report_set_message(r, finding, dg_arena_printf(r->arena, "column reference \"%s\" is ambiguous", name));
    dg_resolver_blur(r);
}

void dg_report_ambiguous_using(struct dg_resolver *r, const char *name, bool is_left)
{
    struct dg_sql_finding *finding = ambiguous(r, name, -1);
    if (finding != NULL)
        dg_report_set_message(r, finding,
                              dg_arena_printf(r->arena, "common column name \"%s\" appears more than once in %s table",
                                              name, is_left ? "left" : "right"));
    dg_resolver_blur(r);
}

void dg_report_ambiguous_relation(struct dg_resolver *r, const char *name, int32_t location)
{
    struct dg_sql_finding *finding =
        dg_names_are_same_bytes(r, name) ? dg_report_add(r, DG_FINDING_AMBIGUOUS, "42P09", location) : NULL;
    if (finding != NULL) {
        finding->relation = dg_report_copy(r, name);
        dg_report_set_message(r, finding, dg_arena_printf(r->arena, "table reference \"%s\" is ambiguous", name));
    }
    dg_resolver_blur(r);
}
