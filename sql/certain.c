/*
 * Calls that cannot fail in analysis, so that what comes after them stays exact.
 *
 * PostgreSQL's own choice (parse_func.c func_get_detail) is followed as far as it is simple. Among the functions that
 * the search path leads to and that take just so many arguments: one whose parameters have exactly the types of the
 * arguments, literals left out, is chosen before any rule of preference; and a single one is chosen if the arguments
 * can be cast to its parameters. Whatever else a call may be or carry (a set, a window function, DISTINCT, VARIADIC,
 * names, a literal that its type may refuse) is not certain.
 *
 * An aggregate may be refused for the place where it stands, or because of what its arguments hold: only those of a
 * statement's outermost query are certain, over columns and literals.
 */
#include <string.h>

#include "sql/resolver.h"

/* Aggregates that need no WITHIN GROUP: pg_proc alone does not tell. */
static bool is_plain_aggregate(const char *name)
{
    static const char *const names[] = {"count", "sum", "avg", "min", "max", "bool_and", "bool_or", "every"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_plain(const cJSON *body, const struct dg_call_form *form)
{
    return form->name != NULL && form->values != NULL && form->is_exact_count &&
           !dg_tree_is(body, "funcformat", "COERCE_SQL_SYNTAX") && dg_tree_list(body, "agg_order") == NULL &&
           dg_tree_field(body, "agg_filter") == NULL && dg_tree_field(body, "over") == NULL &&
           !dg_tree_bool(body, "agg_within_group") && !dg_tree_bool(body, "agg_distinct") &&
           !dg_tree_bool(body, "func_variadic");
}

/* ---- arguments ---- */

static bool is_literal(const struct dg_value *value)
{
    return value->is_constant && value->type_oid == 0;
}

/* A literal takes its parameter's type: NULL and strings do without fail, if that is one of text, and none that no value
   can have (internal, any...). A parameter of the statement may have got a type before. */
static bool literal_fits(const struct dg_resolver *r, const cJSON *argument, const struct dg_value *value,
                         dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    if (type == NULL || type->kind == 'p')
        return false;
    return dg_tree_node(argument).kind == DG_NODE_A_CONST && dg_expression_fits(value, type_oid);
}

/* Casts that are implicit and lead to one type. */
static bool is_widened(dg_oid from, dg_oid to)
{
    static const dg_oid numbers[] = {DG_TYPE_INT2,    DG_TYPE_INT4,   DG_TYPE_INT8,
                                     DG_TYPE_NUMERIC, DG_TYPE_FLOAT4, DG_TYPE_FLOAT8};
    bool is_met = false;
    if (to == DG_TYPE_ANY || (from == DG_TYPE_VARCHAR && to == DG_TYPE_TEXT))
        return true;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        is_met = is_met || numbers[i] == from;
        if (is_met && numbers[i] == to)
            return true;
    }
    return false;
}

/* ---- the choice ---- */

enum match {
    MATCH_NONE,
    MATCH_CAST,
    MATCH_EXACT,
    MATCH_RISKY /* the types are the same, but a literal may not fit */
};

static enum match match_inputs(const struct dg_resolver *r, const cJSON *body, const struct dg_function *function,
                               const struct dg_call_form *form)
{
    enum match match = MATCH_EXACT;
    size_t n_typed = 0;
    bool is_risky = false;
    const cJSON *argument = dg_tree_list(body, "args");
    for (size_t i = 0; i < form->n_values; i++, argument = argument == NULL ? NULL : argument->next) {
        const struct dg_value *value = &form->values[i];
        dg_oid type_oid = function->inputs[i].type_oid;
        if (is_literal(value)) {
            is_risky = is_risky || !literal_fits(r, argument, value, type_oid);
            continue;
        }
        n_typed++;
        if (value->type_oid == type_oid && type_oid != 0)
            continue;
        if (!is_widened(value->type_oid, type_oid))
            return MATCH_NONE;
        match = MATCH_CAST;
    }
    if (is_risky)
        return match == MATCH_EXACT ? MATCH_RISKY : MATCH_NONE;
    return n_typed == 0 && form->n_values > 0 ? MATCH_CAST : match;
}

/* The only function of that name and number of arguments, or the only one of just these types. */
static const struct dg_function *choose(struct dg_resolver *r, const cJSON *body, const struct dg_call_form *form)
{
    const struct dg_function *exact = NULL;
    const struct dg_function *cast = NULL;
    const struct dg_function *function;
    size_t n = 0;
    size_t n_exact = 0;
    size_t cursor = 0;
    while ((function = dg_snapshot_functions_named(r->snapshot, dg_str_of(form->name), &cursor)) != NULL) {
        int rank = dg_names_path_rank(r, function->namespace_oid);
        if (rank == DG_RANK_UNSURE || rank > 0 || !dg_resolver_work(r, 10 + form->n_values))
            return NULL; /* one of the user's own, or nothing is known */
        bool may_take = function->variadic_oid != 0 || form->n_values < function->n_inputs;
        if (rank == DG_RANK_NONE || (form->n_values > function->n_inputs && function->variadic_oid == 0) ||
            form->n_values + function->n_defaults < function->n_inputs)
            continue;
        if (may_take)
            return NULL;
        enum match match = match_inputs(r, body, function, form);
        n++;
        if (match == MATCH_RISKY)
            return NULL;
        if (match == MATCH_EXACT) {
            exact = function;
            n_exact++;
        } else if (match == MATCH_CAST) {
            cast = function;
        }
    }
    if (n_exact > 0)
        return n_exact == 1 ? exact : NULL;
    return n == 1 ? cast : NULL;
}

/* Columns and literals only: nothing that could hold another aggregate, or belong to a query further out. */
static bool is_aggregate_allowed(const struct dg_resolver *r, const struct dg_scope *scope, const cJSON *body,
                                 const struct dg_function *function)
{
    bool is_place =
        r->clause == DG_CLAUSE_SELECT_LIST || r->clause == DG_CLAUSE_HAVING || r->clause == DG_CLAUSE_ORDER_BY;
    if (dg_tree_list(body, "args") == NULL && !dg_tree_bool(body, "agg_star"))
        return false; /* 42809: count() */
    if (!is_place || r->n_calls > 0 || scope == NULL || scope->parent != NULL || !is_plain_aggregate(function->name))
        return false;
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next) {
        enum dg_node_kind kind = dg_tree_node(item).kind;
        if (kind != DG_NODE_COLUMN_REF && kind != DG_NODE_A_CONST)
            return false;
    }
    return true;
}

const struct dg_function *dg_certain_call(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                                          const struct dg_call_form *form)
{
    if (r->is_blurred || !is_plain(body, form) || form->schema != NULL ||
        (form->n_values == 1 && dg_names_has_type(r, form->name)))
        return NULL;
    const struct dg_function *function = choose(r, body, form);
    if (function == NULL || function->returns_set)
        return NULL;
    if (function->kind == 'a') {
        if (!is_aggregate_allowed(r, scope, body, function))
            return NULL;
        scope->has_aggregate = true;
        return function;
    }
    return function->kind == 'f' && !dg_tree_bool(body, "agg_star") ? function : NULL;
}
