/*
 * 23502: a row that leaves a column without the value that it needs.
 *
 * Only where a row is certain to be made and to reach the table's constraints as it was written. A column is filled by
 * its default, its identity, or the default of its type; a row is changed or swallowed by a BEFORE ROW trigger of the
 * table or of any partition, by a rule, or by a view; a foreign partition's constraints are not looked at here; and VALUES
 * with one row makes none if a function in it returns an empty set.
 */
#include <string.h>

#include "sql/contract.h"

#define MAX_LEVELS 32 /* of domains over domains, or partitions below partitions, that are followed */

/* A domain, or one under it, refuses NULL. */
static bool domain_refuses_null(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    for (int i = 0; i < MAX_LEVELS && type != NULL && type->kind == 'd'; i++) {
        if (type->is_not_null)
            return true;
        type = dg_snapshot_type_by_oid(r->snapshot, type->base_oid);
    }
    return false;
}

/* A type has a default of its own, or one under it, or it is not known. */
static bool type_may_have_default(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    for (int i = 0; i < MAX_LEVELS && type != NULL && type->kind == 'd'; i++) {
        if (type->has_default)
            return true;
        type = dg_snapshot_type_by_oid(r->snapshot, type->base_oid);
    }
    return type == NULL || type->kind == 'd' || type->has_default;
}

#define IDENTITY (DG_COLUMN_IDENTITY_ALWAYS | DG_COLUMN_IDENTITY_BY_DEFAULT)

/* Some row leaves the column to its default, and that is NULL; or gives it NULL, which nothing replaces. */
static bool gets_null(const struct dg_resolver *r, const struct dg_column *column, const struct dg_given *given,
                      const char *overriding)
{
    bool is_user_value_ignored =
        (column->flags & IDENTITY) != 0 && overriding != NULL && strcmp(overriding, "OVERRIDING_USER_VALUE") == 0;
    if (given->has_null && !is_user_value_ignored)
        return true;
    if (given->is_given && !given->has_default)
        return false;
    return (column->flags & (DG_COLUMN_HAS_DEFAULT | IDENTITY)) == 0 && !type_may_have_default(r, column->type_oid);
}

/* A value that a user's type makes of NULL by its length cast is not looked into. */
static bool is_length_cast(const struct dg_resolver *r, const struct dg_column *column)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, column->type_oid);
    const struct dg_namespace *namespace =
        type == NULL ? NULL : dg_snapshot_namespace_by_oid(r->snapshot, type->namespace_oid);
    return column->typmod >= 0 && (namespace == NULL || strcmp(namespace->name, "pg_catalog") != 0);
}

static bool returns_a_set(const struct dg_resolver *r, const char *name)
{
    size_t cursor = 0;
    const struct dg_function *function;
    while ((function = dg_snapshot_functions_named(r->snapshot, dg_str_of(name), &cursor)) != NULL) {
        if (function->returns_set || !dg_work_add(r->work, 4))
            return true;
    }
    return false;
}

/* True if the expression is one value: no function in it, nor one behind an operator or a field, may return a set. */
static bool is_one_value(const struct dg_resolver *r, const cJSON *wrapped, unsigned depth)
{
    struct dg_node node = dg_tree_node(wrapped);
    const cJSON *list = NULL;
    if (depth > DG_RESOLVE_MAX_DEPTH)
        return false;
    if (node.kind == DG_NODE_A_CONST || node.kind == DG_NODE_PARAM_REF || node.kind == DG_NODE_SET_TO_DEFAULT ||
        node.kind == DG_NODE_SQL_VALUE_FUNCTION)
        return true;
    if (node.kind == DG_NODE_SUB_LINK)
        return dg_tree_field(node.body, "testexpr") == NULL;
    if (node.kind == DG_NODE_TYPE_CAST || node.kind == DG_NODE_COLLATE_CLAUSE || node.kind == DG_NODE_NULL_TEST)
        return is_one_value(r, dg_tree_field(node.body, "arg"), depth + 1);
    if (node.kind == DG_NODE_A_ARRAY_EXPR)
        list = dg_tree_list(node.body, "elements");
    else if (node.kind == DG_NODE_FUNC_CALL || node.kind == DG_NODE_ROW_EXPR || node.kind == DG_NODE_BOOL_EXPR ||
             node.kind == DG_NODE_COALESCE_EXPR || node.kind == DG_NODE_MIN_MAX_EXPR)
        list = dg_tree_list(node.body, "args");
    else
        return false;
    if (node.kind == DG_NODE_FUNC_CALL) {
        const char *name = dg_call_name(r, node.body);
        if (name == NULL || returns_a_set(r, name) || dg_tree_list(node.body, "agg_order") != NULL ||
            dg_tree_field(node.body, "over") != NULL)
            return false;
    }
    for (const cJSON *item = list; item != NULL; item = item->next) {
        if (!is_one_value(r, item, depth + 1))
            return false;
    }
    return true;
}

/* Several rows are rows whatever stands in them: there the server allows no sets. */
static bool makes_a_row(const struct dg_resolver *r, const cJSON *first_value, bool is_alone)
{
    for (const cJSON *item = is_alone ? first_value : NULL; item != NULL; item = item->next) {
        if (!is_one_value(r, item, 0))
            return false;
    }
    return true;
}

static bool descends_from(const struct dg_resolver *r, const struct dg_relation *relation, dg_oid ancestor_oid)
{
    for (int i = 0; i < MAX_LEVELS && relation != NULL; i++) {
        if (relation->oid == ancestor_oid)
            return true;
        if (relation->n_parents != 1)
            return relation->n_parents != 0;
        relation = dg_snapshot_relation_by_oid(r->snapshot, relation->parents[0]);
    }
    return relation != NULL;
}

/* Its server, not this one, looks at a foreign partition's rows. */
static bool has_foreign_partition(const struct dg_resolver *r, const struct dg_relation *table)
{
    size_t cursor = 0;
    const struct dg_relation *relation;
    while ((relation = dg_snapshot_relations(r->snapshot, &cursor)) != NULL) {
        if (!dg_work_add(r->work, 2))
            return true;
        if (relation->kind == 'f' && relation->n_parents > 0 && descends_from(r, relation, table->oid))
            return true;
    }
    return false;
}

/* Nothing stands between the row and the table's constraints. */
static bool is_bare_table(const struct dg_resolver *r, const struct dg_relation *relation)
{
    if ((relation->flags & (DG_RELATION_BEFORE_INSERT_TRIGGER | DG_RELATION_INSTEAD | DG_RELATION_ROW_SECURITY)) != 0)
        return false;
    if (relation->kind == 'r')
        return true;
    /* What the session did to a partition does not name the table. */
    return relation->kind == 'p' && r->session->n_local_names == 0 && !has_foreign_partition(r, relation);
}

static const struct dg_column *column_of_null(const struct dg_resolver *r, const struct dg_relation *relation,
                                              const struct dg_given *given, const char *overriding, bool by_domain)
{
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        const struct dg_column *column = &relation->columns[i];
        bool refuses = by_domain ? domain_refuses_null(r, column->type_oid) : (column->flags & DG_COLUMN_NOT_NULL) != 0;
        if ((column->flags & (DG_COLUMN_DROPPED | DG_COLUMN_GENERATED)) == 0 && refuses && !is_length_cast(r, column) &&
            gets_null(r, column, &given[i], overriding))
            return column;
    }
    return NULL;
}

void dg_contract_check_null(struct dg_resolver *r, const struct dg_relation *relation, const struct dg_given *given,
                            const struct dg_rows *rows, const cJSON *first_value, bool is_alone)
{
    if (!rows->is_certain_to_run || r->reach != DG_REACH_RUN)
        return;
    const struct dg_column *by_domain = column_of_null(r, relation, given, rows->overriding, true);
    const struct dg_column *column =
        by_domain != NULL ? by_domain : column_of_null(r, relation, given, rows->overriding, false);
    if (column == NULL || !is_bare_table(r, relation) || !makes_a_row(r, first_value, is_alone))
        return;
    dg_contract_keep(r, &r->required,
                     &(struct dg_breach){.relation = relation, .column = column, .is_by_domain = by_domain != NULL});
}
