/*
 * Functions, types and schemas that nothing in the snapshot could satisfy.
 *
 * Which function a call means depends on types that are not followed here, so a function is absent only where its name
 * or its number of arguments rules out every candidate, in every schema that the call may look at (all of them, unless
 * one is written). The candidates are PostgreSQL's (namespace.c FuncnameGetCandidates): defaults, VARIADIC, named
 * arguments, and procedures, whose call is another error. f(x) may also be a cast to a type f, or the column f of a row
 * x: then nothing is said. A type is absent where no schema has one of the name.
 */
#include <string.h>

#include "sql/resolver.h"

/* A model of a schema may leave the catalogs out: then nothing of them can be called absent. */
static bool has_catalogs(const struct dg_resolver *r)
{
    size_t cursor = 0;
    return dg_snapshot_functions_named(r->snapshot, dg_str_of("now"), &cursor) != NULL && dg_names_has_type(r, "int4");
}

/* ---- schemas ---- */

enum schema_state {
    SCHEMA_THERE,
    SCHEMA_ABSENT,
    SCHEMA_UNSURE /* pg_temp is each session's own; without USAGE: 42501 */
};

static enum schema_state look_at_schema(struct dg_resolver *r, const char *schema,
                                        const struct dg_namespace **namespace)
{
    *namespace = NULL;
    if (!has_catalogs(r) || strncmp(schema, "pg_temp", strlen("pg_temp")) == 0 || !dg_names_are_same_bytes(r, schema))
        return SCHEMA_UNSURE;
    *namespace = dg_snapshot_namespace(r->snapshot, dg_str_of(schema));
    if (*namespace == NULL)
        return SCHEMA_ABSENT;
    enum dg_usage usage = dg_snapshot_usage(r->snapshot, *namespace, r->role_oid);
    if (usage == DG_USAGE_NO)
        return SCHEMA_UNSURE;
    return SCHEMA_THERE;
}

static void blur_without_usage(struct dg_resolver *r, const struct dg_namespace *namespace)
{
    if (namespace != NULL && dg_snapshot_usage(r->snapshot, namespace, r->role_oid) != DG_USAGE_YES)
        dg_resolver_blur(r);
}

/* A dotted name: its last part, the schema before it (NULL when not written). False if it is of another database. */
static bool split_name(const struct dg_resolver *r, const cJSON *names, const char **schema, const char **name)
{
    int n = dg_tree_length(names);
    const char *database = r->facts->database;
    *schema = NULL;
    if (n == 3) {
        const char *catalog = dg_tree_sval(names);
        if (catalog == NULL || database == NULL || strcmp(catalog, database) != 0)
            return false;
        names = names->next;
        n = 2;
    }
    if (n == 2)
        *schema = dg_tree_sval(names);
    *name = dg_tree_last_name(names);
    return (n == 1 || *schema != NULL) && n <= 2 && *name != NULL;
}

bool dg_absent_schema(struct dg_resolver *r, const cJSON *names, int32_t location)
{
    const char *schema;
    const char *name;
    const struct dg_namespace *namespace;
    if (!split_name(r, names, &schema, &name) || schema == NULL ||
        look_at_schema(r, schema, &namespace) != SCHEMA_ABSENT)
        return false;
    dg_report_missing_schema(r, schema, location);
    return true;
}

/* ---- types ---- */

void dg_absent_type(struct dg_resolver *r, const cJSON *type_name)
{
    const cJSON *names = dg_tree_list(type_name, "names");
    int32_t location = dg_tree_location(type_name);
    const char *schema;
    const char *name;
    const struct dg_namespace *namespace = NULL;
    if (dg_tree_bool(type_name, "pct_type") || !split_name(r, names, &schema, &name) ||
        !dg_names_are_same_bytes(r, name) || dg_names_is_local(r, name))
        return;
    if (schema == NULL) {
        if (has_catalogs(r) && !dg_names_has_type(r, name))
            dg_report_missing_type(r, type_name, NULL, name);
        return;
    }
    enum schema_state state = look_at_schema(r, schema, &namespace);
    if (state == SCHEMA_ABSENT)
        dg_report_missing_schema(r, schema, location);
    if (state != SCHEMA_THERE || dg_snapshot_type(r->snapshot, namespace->oid, dg_str_of(name)) != NULL)
        return;
    blur_without_usage(r, namespace);
    dg_report_missing_type(r, type_name, schema, name);
}

/* ---- functions ---- */

/* Function names that later grammars read by themselves, without a row in pg_proc. */
static bool is_later_syntax(const struct dg_resolver *r, const struct dg_call_form *form)
{
    int version = r->facts->version_num;
    if (form->schema != NULL || version < 160000)
        return false;
    return version >= 190000 || strncmp(form->name, "json", strlen("json")) == 0 ||
           strcmp(form->name, "merge_action") == 0;
}

/* The name of a named argument, else NULL. */
static const char *argument_name(const cJSON *argument)
{
    return dg_tree_string(dg_tree_body(argument, DG_NODE_NAMED_ARG_EXPR), "name");
}

static bool has_names(const cJSON *arguments)
{
    for (; arguments != NULL; arguments = arguments->next) {
        if (argument_name(arguments) != NULL)
            return true;
    }
    return false;
}

/* 42601 before any look-up: a name twice, or an argument without a name behind one with. */
static bool are_names_in_order(const cJSON *arguments)
{
    bool has_name = false;
    for (const cJSON *item = arguments; item != NULL; item = item->next) {
        const char *name = argument_name(item);
        if (name == NULL && has_name)
            return false;
        has_name = name != NULL;
        for (const cJSON *before = arguments; name != NULL && before != item; before = before->next) {
            const char *other = argument_name(before);
            if (other != NULL && strcmp(name, other) == 0)
                return false;
        }
    }
    return true;
}

static bool has_input(const struct dg_function *function, uint16_t first, const char *name)
{
    for (uint16_t i = first; i < function->n_inputs; i++) {
        if (strcmp(function->inputs[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Each name is a parameter's that no argument before it has filled. */
static bool takes_names(const struct dg_function *function, const cJSON *arguments)
{
    uint16_t n_positional = 0;
    for (; arguments != NULL; arguments = arguments->next) {
        const char *name = argument_name(arguments);
        if (name == NULL)
            n_positional++;
        else if (!has_input(function, n_positional, name))
            return false;
    }
    return true;
}

/* Could the function take so many arguments, whatever their types? */
static bool takes_call(const struct dg_function *function, const struct dg_call_form *form, const cJSON *body)
{
    const cJSON *arguments = dg_tree_list(body, "args");
    bool is_spread = function->variadic_oid != 0 && !dg_tree_bool(body, "func_variadic");
    bool is_named = has_names(arguments);
    if (is_named && (is_spread || !takes_names(function, arguments)))
        return false;
    if (is_spread && form->n_values >= function->n_inputs)
        return true;
    return form->n_values <= function->n_inputs && form->n_values + function->n_defaults >= function->n_inputs;
}

static bool has_candidate(struct dg_resolver *r, const struct dg_call_form *form, const struct dg_namespace *namespace,
                          const cJSON *body)
{
    size_t cursor = 0;
    const struct dg_function *function;
    while ((function = dg_snapshot_functions_named(r->snapshot, dg_str_of(form->name), &cursor)) != NULL) {
        if (!dg_resolver_work(r, 10 + form->n_values))
            return true; /* beyond the limit nothing is absent */
        if ((namespace == NULL || function->namespace_oid == namespace->oid) && takes_call(function, form, body))
            return true;
    }
    return false;
}

/* f(x) as x.f: a column of that name, as far as the columns are known. */
static bool may_be_column(const struct dg_resolver *r, const struct dg_value *value, const char *name)
{
    struct dg_scope_column column;
    if ((value->is_constant && value->type_oid == 0) || dg_names_type_is_scalar(r, value->type_oid))
        return false;
    if (value->row != NULL)
        return dg_item_find_column(value->row, name, true, &column) != DG_LOOKUP_NONE;
    if (value->record != NULL)
        return dg_item_find_column(value->record, name, false, &column) != DG_LOOKUP_NONE;
    const struct dg_relation *composite = dg_names_composite(r, value->type_oid);
    return composite == NULL || dg_relation_column(composite, dg_str_of(name)) != NULL;
}

/* A parameter declared as void is left out of the arguments (what JDBC sends for OUT parameters). */
static bool has_void(const struct dg_call_form *form)
{
    for (size_t i = 0; i < form->n_values; i++) {
        if (form->values[i].type_oid == DG_TYPE_VOID)
            return true;
    }
    return false;
}

/* May the server read the call as something else than a call of a function of that name? */
static bool may_be_other(const struct dg_resolver *r, const struct dg_call_form *form, const cJSON *body)
{
    if (dg_tree_is(body, "funcformat", "COERCE_SQL_SYNTAX") || is_later_syntax(r, form) || has_void(form))
        return true;
    if (form->n_values != 1)
        return false;
    bool may_be_cast = dg_names_has_type(r, form->name) || dg_names_is_local(r, form->name);
    return may_be_cast || (form->schema == NULL && may_be_column(r, &form->values[0], form->name));
}

void dg_absent_function(struct dg_resolver *r, const cJSON *body, const struct dg_call_form *form)
{
    const struct dg_namespace *namespace = NULL;
    if (form->name == NULL || form->values == NULL || !dg_names_are_same_bytes(r, form->name) ||
        !are_names_in_order(dg_tree_list(body, "args")))
        return;
    if (form->schema != NULL) {
        enum schema_state state = look_at_schema(r, form->schema, &namespace);
        if (state == SCHEMA_ABSENT)
            dg_report_missing_schema(r, form->schema, dg_tree_location(body));
        if (state != SCHEMA_THERE)
            return;
    }
    if (!has_catalogs(r) || may_be_other(r, form, body) || has_candidate(r, form, namespace, body))
        return;
    blur_without_usage(r, namespace);
    dg_report_missing_function(r, body, form);
}
