/*
 * What a written name can be in the snapshot: relations through the search path, types, and whether `x.name` may be a
 * call of a function.
 *
 * The search path is PostgreSQL's (namespace.c): the session's temporary schema first for relations, pg_catalog next
 * unless the path names it, "$user" is the current user's schema, missing schemas and those without USAGE are skipped.
 * Where any of that is not known (the path, the role, an ACL, another session's temporary schema that may be ours), the
 * lookup is undecided unless every possibility gives the same answer.
 */
#include <string.h>

#include "base/text.h"
#include "schema/names.h"
#include "sql/resolver.h"

#define TEMP_SCHEMA_PREFIX "pg_temp_"

struct dg_relation_name dg_relation_name_of(const cJSON *range_var)
{
    return (struct dg_relation_name){
        .catalog = dg_tree_string(range_var, "catalogname"),
        .schema = dg_tree_string(range_var, "schemaname"),
        .name = dg_tree_string(range_var, "relname"),
        .location = dg_tree_location(range_var),
    };
}

/* A server built with another NAMEDATALEN, or with another encoding, cuts long names elsewhere than our parser. */
bool dg_names_are_same_bytes(const struct dg_resolver *r, const char *name)
{
    size_t len = strlen(name);
    int max = r->facts->max_identifier_length;
    if (max == 63 || max == 0)
        return len < 60 || r->facts->server_encoding == NULL || strcmp(r->facts->server_encoding, "UTF8") == 0 ||
               dg_str_is_ascii((struct dg_str){name, len});
    return len < 60 && (int)len <= max;
}

bool dg_names_is_local(const struct dg_resolver *r, const char *name)
{
    dg_work_add(r->work, r->session->n_local_names);
    for (size_t i = 0; i < r->session->n_local_names; i++) {
        if (strcmp(r->session->local_names[i], name) == 0)
            return true;
    }
    return false;
}

/* ---- relations ---- */

static bool is_temp_namespace(const struct dg_resolver *r, dg_oid namespace_oid)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, namespace_oid);
    return namespace != NULL && strncmp(namespace->name, TEMP_SCHEMA_PREFIX, strlen(TEMP_SCHEMA_PREFIX)) == 0;
}

struct same_name {
    size_t n;
    bool has_temp;
    const struct dg_relation *any;
};

/* All relations of that name, wherever they are. */
static struct same_name relations_of_name(const struct dg_resolver *r, const char *name)
{
    struct same_name found = {0};
    size_t cursor = 0;
    const struct dg_relation *relation;
    while ((relation = dg_snapshot_relations_named(r->snapshot, dg_str_of(name), &cursor)) != NULL) {
        found.n++;
        found.any = relation;
        if (!dg_work_add(r->work, 10))
            break; /* what is made of it is no finding */
        if (relation->persistence == 't' || is_temp_namespace(r, relation->namespace_oid))
            found.has_temp = true;
    }
    return found;
}

static struct dg_relation_lookup undecided(enum dg_reason reason)
{
    return (struct dg_relation_lookup){.result = DG_NAME_UNDECIDED, .reason = reason};
}

/* Indexes and composite types cannot be read: another error than ours. */
static struct dg_relation_lookup found_relation(const struct dg_relation *relation, bool is_unique, bool may_fail)
{
    if (strchr("rvmSftp", relation->kind) == NULL)
        return undecided(DG_REASON_UNKNOWN);
    return (struct dg_relation_lookup){
        .result = DG_NAME_FOUND, .relation = relation, .is_unique = is_unique, .may_fail = may_fail};
}

static struct dg_relation_lookup qualified_relation(struct dg_resolver *r, const struct dg_relation_name *name)
{
    if (strcmp(name->schema, "pg_temp") == 0 ||
        strncmp(name->schema, TEMP_SCHEMA_PREFIX, strlen(TEMP_SCHEMA_PREFIX)) == 0)
        return undecided(DG_REASON_TEMP);
    struct dg_relation_lookup missing = {.result = DG_NAME_MISSING, .is_unique = true};
    const struct dg_namespace *namespace = dg_snapshot_namespace(r->snapshot, dg_str_of(name->schema));
    if (namespace == NULL)
        return missing;
    enum dg_usage usage = dg_snapshot_usage(r->snapshot, namespace, r->role_oid);
    if (usage == DG_USAGE_NO)
        return undecided(DG_REASON_UNKNOWN); /* 42501 */
    missing.may_fail = usage != DG_USAGE_YES;
    const struct dg_relation *relation = dg_snapshot_relation(r->snapshot, namespace->oid, dg_str_of(name->name));
    return relation == NULL ? missing : found_relation(relation, true, missing.may_fail);
}

enum path_step { PATH_SKIPPED, PATH_LOOKED_AT, PATH_UNSURE };

/* One element of the path: does it hold the name? */
static enum path_step look_in_schema(const struct dg_resolver *r, const char *schema, const char *name,
                                     const struct dg_relation **relation)
{
    *relation = NULL;
    if (strcmp(schema, "$user") == 0) {
        if (r->session->role == NULL)
            return PATH_UNSURE;
        schema = r->session->role;
    }
    const struct dg_namespace *namespace = dg_snapshot_namespace(r->snapshot, dg_str_of(schema));
    if (namespace == NULL)
        return PATH_SKIPPED;
    const struct dg_relation *found = dg_snapshot_relation(r->snapshot, namespace->oid, dg_str_of(name));
    if (found == NULL)
        return PATH_SKIPPED;
    enum dg_usage usage = dg_snapshot_usage(r->snapshot, namespace, r->role_oid);
    if (usage == DG_USAGE_NO)
        return PATH_SKIPPED;
    *relation = found;
    return usage == DG_USAGE_YES ? PATH_LOOKED_AT : PATH_UNSURE;
}

static bool path_names(const struct dg_resolver *r, const char *schema)
{
    for (size_t i = 0; i < r->session->n_path; i++) {
        if (strcmp(r->session->path[i], schema) == 0)
            return true;
    }
    return false;
}

int dg_names_path_rank(struct dg_resolver *r, dg_oid namespace_oid)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, namespace_oid);
    int rank = DG_RANK_NONE;
    r->depends_on_path = true;
    if (!r->session->path_known || namespace == NULL)
        return DG_RANK_UNSURE;
    if (strcmp(namespace->name, "pg_catalog") == 0 && !path_names(r, "pg_catalog"))
        return 0;
    for (size_t i = 0; rank == DG_RANK_NONE && i < r->session->n_path; i++) {
        const char *schema = r->session->path[i];
        bool is_user = strcmp(schema, "$user") == 0;
        if (is_user && r->session->role == NULL)
            return DG_RANK_UNSURE;
        if (strcmp(is_user ? r->session->role : schema, namespace->name) == 0)
            rank = (int)i + 1;
    }
    enum dg_usage usage = dg_snapshot_usage(r->snapshot, namespace, r->role_oid);
    if (rank != DG_RANK_NONE && usage != DG_USAGE_YES)
        return usage == DG_USAGE_NO ? DG_RANK_NONE : DG_RANK_UNSURE;
    return rank;
}

/* The path cannot be known: one relation of that name in all schemas is either the one meant or none is. */
static struct dg_relation_lookup relation_without_path(struct dg_resolver *r, const char *name,
                                                       const struct same_name *all)
{
    if (all->n == 0)
        return (struct dg_relation_lookup){.result = DG_NAME_MISSING, .is_unique = true};
    if (all->n > 1)
        return undecided(DG_REASON_UNKNOWN);
    const struct dg_relation *in_catalog;
    bool is_catalog = look_in_schema(r, "pg_catalog", name, &in_catalog) == PATH_LOOKED_AT;
    return found_relation(all->any, true, !is_catalog);
}

static struct dg_relation_lookup unqualified_relation(struct dg_resolver *r, const char *name)
{
    r->depends_on_path = true;
    struct same_name all = relations_of_name(r, name);
    if (all.has_temp)
        return undecided(DG_REASON_TEMP);
    if (!r->session->path_known || all.n == 0)
        return relation_without_path(r, name, &all);
    const struct dg_relation *relation;
    if (!path_names(r, "pg_catalog") && look_in_schema(r, "pg_catalog", name, &relation) == PATH_LOOKED_AT)
        return found_relation(relation, all.n == 1, false);
    for (size_t i = 0; i < r->session->n_path; i++) {
        enum path_step step = look_in_schema(r, r->session->path[i], name, &relation);
        if (step == PATH_UNSURE)
            return undecided(DG_REASON_UNKNOWN);
        if (step == PATH_LOOKED_AT)
            return found_relation(relation, all.n == 1, false);
    }
    return (struct dg_relation_lookup){.result = DG_NAME_MISSING, .is_unique = false};
}

struct dg_relation_lookup dg_names_relation(struct dg_resolver *r, const struct dg_relation_name *name)
{
    if (r->session->any_uncommitted)
        return undecided(DG_REASON_DDL);
    if (dg_names_is_local(r, name->name))
        return undecided(relations_of_name(r, name->name).has_temp ? DG_REASON_TEMP : DG_REASON_DDL);
    bool is_other_database =
        name->catalog != NULL && (r->facts->database == NULL || strcmp(name->catalog, r->facts->database) != 0);
    if (is_other_database || !dg_names_are_same_bytes(r, name->name))
        return undecided(DG_REASON_UNKNOWN); /* another database: 0A000 */
    return name->schema != NULL ? qualified_relation(r, name) : unqualified_relation(r, name->name);
}

/* ---- types ---- */

static const struct dg_type *type_in_schema(const struct dg_resolver *r, const char *schema, const char *name)
{
    if (strcmp(schema, "$user") == 0)
        schema = r->session->role;
    const struct dg_namespace *namespace =
        schema == NULL ? NULL : dg_snapshot_namespace(r->snapshot, dg_str_of(schema));
    return namespace == NULL ? NULL : dg_snapshot_type(r->snapshot, namespace->oid, dg_str_of(name));
}

/* A type made in some session's temporary schema may be ours, and come before all others. */
static bool has_temp_type(const struct dg_resolver *r, const char *name)
{
    size_t cursor = 0;
    const struct dg_type *type;
    while ((type = dg_snapshot_types_named(r->snapshot, dg_str_of(name), &cursor)) != NULL) {
        if (!dg_work_add(r->work, 10) || is_temp_namespace(r, type->namespace_oid))
            return true;
    }
    return false;
}

/* A type is only said to be this one when no other schema has another of the name, or it is the catalog's. */
static const struct dg_type *unqualified_type(struct dg_resolver *r, const char *name)
{
    r->depends_on_path = true;
    size_t cursor = 0;
    const struct dg_type *first = dg_snapshot_types_named(r->snapshot, dg_str_of(name), &cursor);
    if (first == NULL || has_temp_type(r, name))
        return NULL;
    if (dg_snapshot_types_named(r->snapshot, dg_str_of(name), &cursor) == NULL)
        return first;
    if (!r->session->path_known || dg_names_is_local(r, name))
        return NULL;
    const struct dg_type *type = path_names(r, "pg_catalog") ? NULL : type_in_schema(r, "pg_catalog", name);
    for (size_t i = 0; type == NULL && i < r->session->n_path; i++)
        type = type_in_schema(r, r->session->path[i], name);
    return type;
}

const struct dg_type *dg_names_type(struct dg_resolver *r, const cJSON *type_name)
{
    const cJSON *names = dg_tree_list(type_name, "names");
    const char *name = dg_tree_last_name(names);
    if (name == NULL || dg_tree_bool(type_name, "pct_type") || dg_tree_bool(type_name, "setof"))
        return NULL;
    const struct dg_type *type = NULL;
    int n_names = dg_tree_length(names);
    if (n_names == 1)
        type = unqualified_type(r, name);
    else if (n_names == 2 && dg_tree_sval(names) != NULL)
        type = type_in_schema(r, dg_tree_sval(names), name);
    if (type != NULL && dg_tree_list(type_name, "arrayBounds") != NULL)
        type = dg_snapshot_type_by_oid(r->snapshot, dg_names_array_type(r, type->oid));
    return type;
}

/* PostgreSQL names an array type "_" and the element's name, in its schema, unless that was taken. */
dg_oid dg_names_array_type(const struct dg_resolver *r, dg_oid element_oid)
{
    const struct dg_type *element = dg_snapshot_type_by_oid(r->snapshot, element_oid);
    if (element == NULL)
        return 0;
    char name[80];
    struct dg_text text;
    dg_text_init_fixed(&text, name, sizeof(name));
    dg_text_printf(&text, "_%s", element->name);
    if (text.failed)
        return 0;
    const struct dg_type *type = dg_snapshot_type(r->snapshot, element->namespace_oid, dg_text_view(&text));
    return type != NULL && type->element_oid == element_oid && type->is_array ? type->oid : 0;
}

dg_oid dg_names_element_type(const struct dg_resolver *r, dg_oid array_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, dg_names_base_type(r, array_oid));
    return type != NULL && type->is_array ? type->element_oid : 0;
}

dg_oid dg_names_base_type(const struct dg_resolver *r, dg_oid type_oid)
{
    for (int i = 0; i < 32; i++) {
        const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
        if (type == NULL || type->kind != 'd')
            return type_oid;
        type_oid = type->base_oid;
    }
    return 0;
}

/* What this session changed is not known, whichever way it is reached. */
const struct dg_relation *dg_names_composite(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, dg_names_base_type(r, type_oid));
    if (type == NULL || type->kind != 'c')
        return NULL;
    const struct dg_relation *relation = dg_snapshot_relation_by_oid(r->snapshot, type->relation_oid);
    return relation == NULL || dg_names_is_local(r, relation->name) ? NULL : relation;
}

bool dg_names_has_type(const struct dg_resolver *r, const char *name)
{
    size_t cursor = 0;
    return dg_snapshot_types_named(r->snapshot, dg_str_of(name), &cursor) != NULL;
}

bool dg_names_type_is_scalar(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, dg_names_base_type(r, type_oid));
    return type != NULL && strchr("berm", type->kind) != NULL;
}

/* ---- functional notation ---- */

static bool inherits_from(const struct dg_resolver *r, const struct dg_relation *child, dg_oid row_type_oid, int depth)
{
    /* Ways up may be many more than relations. */
    if (child == NULL || depth > 64 || !dg_work_add(r->work, 20))
        return child != NULL;
    if (child->row_type_oid == row_type_oid)
        return true;
    for (uint16_t i = 0; i < child->n_parents; i++) {
        if (inherits_from(r, dg_snapshot_relation_by_oid(r->snapshot, child->parents[i]), row_type_oid, depth + 1))
            return true;
    }
    return false;
}

static bool is_any_type(dg_oid type_oid)
{
    return type_oid == DG_TYPE_ANY || type_oid == DG_TYPE_ANYELEMENT || type_oid == DG_TYPE_ANYNONARRAY ||
           type_oid == DG_TYPE_ANYCOMPATIBLE || type_oid == DG_TYPE_ANYCOMPATIBLENONARRAY || type_oid == DG_TYPE_RECORD;
}

/* May a value of this row type be given where the parameter's type is expected? */
static bool accepts_row(const struct dg_resolver *r, dg_oid parameter_oid, dg_oid row_type_oid)
{
    parameter_oid = dg_names_base_type(r, parameter_oid);
    if (is_any_type(parameter_oid) || parameter_oid == row_type_oid || parameter_oid == 0)
        return true;
    const struct dg_relation *composite = dg_names_composite(r, parameter_oid);
    if (row_type_oid == DG_TYPE_RECORD)
        return composite != NULL;
    if (dg_snapshot_has_row_cast(r->snapshot, row_type_oid, parameter_oid))
        return true;
    /* Its own, a parent's, or the type that it is a typed table of. */
    const struct dg_relation *row = dg_names_composite(r, row_type_oid);
    if (row != NULL && row->of_type_oid == parameter_oid)
        return true;
    return composite != NULL && inherits_from(r, row, parameter_oid, 0);
}

static bool function_takes_row(const struct dg_resolver *r, const struct dg_function *function, dg_oid type_oid,
                               bool is_row)
{
    if (function->n_inputs == 0 || function->n_inputs > function->n_defaults + 1)
        return false;
    /* f(VARIADIC t[]) takes one t; a variadic argument behind others has to be given or has a default. */
    bool is_spread = function->variadic_oid != 0 && function->n_inputs == 1;
    dg_oid parameter_oid = is_spread ? function->variadic_oid : function->inputs[0].type_oid;
    return !is_row || accepts_row(r, parameter_oid, type_oid);
}

bool dg_names_may_be_call(struct dg_resolver *r, const char *name, dg_oid type_oid, bool is_scalar)
{
    bool is_row = !is_scalar && (type_oid == DG_TYPE_RECORD || dg_names_composite(r, type_oid) != NULL);
    dg_oid row_type_oid = dg_names_base_type(r, type_oid);
    size_t cursor = 0;
    const struct dg_function *function;
    while ((function = dg_snapshot_functions_named(r->snapshot, dg_str_of(name), &cursor)) != NULL) {
        if (!dg_work_add(r->work, 25) || function_takes_row(r, function, row_type_oid, is_row))
            return true;
    }
    cursor = 0;
    const struct dg_type *type;
    while ((type = dg_snapshot_types_named(r->snapshot, dg_str_of(name), &cursor)) != NULL) {
        /* A row becomes a domain over it, what a cast leads to, or (s.record) itself; no other type, text included. */
        dg_oid base_oid = dg_names_base_type(r, type->oid);
        bool is_own = base_oid == row_type_oid && (type->kind == 'd' || type->kind == 'p');
        if (!dg_work_add(r->work, 10) || !is_row || base_oid == 0 || is_own ||
            dg_snapshot_has_row_cast(r->snapshot, row_type_oid, base_oid))
            return true;
    }
    return false;
}

/* ---- words ---- */

bool dg_names_type_is_visible(const struct dg_resolver *r, const struct dg_type *type)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, type->namespace_oid);
    if (!r->session->path_known)
        return namespace != NULL && strcmp(namespace->name, "pg_catalog") == 0;
    const struct dg_type *seen = path_names(r, "pg_catalog") ? NULL : type_in_schema(r, "pg_catalog", type->name);
    for (size_t i = 0; seen == NULL && i < r->session->n_path; i++)
        seen = type_in_schema(r, r->session->path[i], type->name);
    return seen == type;
}

static void append_type(struct dg_resolver *r, struct dg_text *text, const struct dg_namespace *namespace,
                        const struct dg_type *type)
{
    r->depends_on_path = true;
    if (!dg_names_type_is_visible(r, type)) {
        dg_text_sql_identifier(text, dg_str_of(namespace->name), false);
        dg_text_char(text, '.');
    }
    dg_text_sql_identifier(text, dg_str_of(type->name), false);
}

/* These are written by their own names, though they look like arrays. */
static bool is_vector(dg_oid type_oid)
{
    return type_oid == DG_TYPE_INT2VECTOR || type_oid == DG_TYPE_OIDVECTOR;
}

const char *dg_names_format_type(struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    bool is_array = type != NULL && type->is_array && !is_vector(type_oid);
    const struct dg_type *element = is_array ? dg_snapshot_type_by_oid(r->snapshot, type->element_oid) : type;
    if (element == NULL || element->kind == 'p' || !r->session->path_known)
        return NULL;
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, element->namespace_oid);
    if (namespace == NULL || !dg_str_is_ascii(dg_str_of(element->name)) || !dg_str_is_ascii(dg_str_of(namespace->name)))
        return NULL;
    char words[300];
    struct dg_text text;
    dg_text_init_fixed(&text, words, sizeof(words));
    bool is_built_in = strcmp(namespace->name, "pg_catalog") == 0;
    if (is_vector(element->oid))
        dg_text_cstr(&text, element->name);
    else if (is_built_in && !path_names(r, "pg_catalog"))
        dg_snapshot_type_name(r->snapshot, element->oid, -1, &text);
    else if (is_built_in)
        return NULL; /* something before pg_catalog may hide it */
    else
        append_type(r, &text, namespace, element);
    if (is_array)
        dg_text_cstr(&text, "[]");
    return text.failed ? NULL : dg_arena_strdup(r->arena, dg_text_get(&text));
}
