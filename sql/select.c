/*
 * SELECT, VALUES and set operations, clause by clause in PostgreSQL's order: WITH, FROM, the select list, WHERE,
 * HAVING, ORDER BY, GROUP BY, DISTINCT ON, OFFSET, LIMIT, windows, FOR UPDATE OF (analyze.c transformSelectStmt).
 */
#include <string.h>

#include "sql/resolver.h"

/* ---- clauses ---- */

static void condition(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, const char *field,
                      enum dg_clause clause)
{
    r->clause = clause;
    dg_expression_condition(r, scope, dg_tree_field(body, field));
}

static void limit(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, const char *field)
{
    const cJSON *wrapped = dg_tree_field(body, field);
    if (wrapped == NULL)
        return;
    r->clause = DG_CLAUSE_LIMIT;
    struct dg_value value = dg_expression(r, scope, wrapped);
    dg_expression_settle(r, &value, DG_TYPE_INT8);
    if (!value.is_constant || !dg_expression_fits(&value, DG_TYPE_INT8))
        dg_resolver_blur(r); /* 42P10: a variable; or a literal that is no number */
}

static void limits(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    limit(r, scope, body, "limitOffset");
    limit(r, scope, body, "limitCount");
}

/* Output names do not count in a window; ORDER BY is looked at before PARTITION BY. */
static void window(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    r->clause = DG_CLAUSE_WINDOW;
    if (dg_tree_string(body, "refname") != NULL)
        dg_resolver_blur(r);
    for (const cJSON *item = dg_tree_list(body, "orderClause"); item != NULL; item = item->next) {
        struct dg_value value = dg_expression(r, scope, dg_tree_field(dg_tree_body(item, DG_NODE_SORT_BY), "node"));
        if (!dg_expression_is_comparable(r, value.type_oid))
            dg_resolver_blur(r); /* 42883: no ordering operator */
    }
    for (const cJSON *item = dg_tree_list(body, "partitionClause"); item != NULL; item = item->next) {
        struct dg_value value = dg_expression(r, scope, item);
        if (!dg_expression_is_comparable(r, value.type_oid))
            dg_resolver_blur(r);
    }
    dg_resolver_blur(r);
    dg_expression(r, scope, dg_tree_field(body, "startOffset"));
    dg_expression(r, scope, dg_tree_field(body, "endOffset"));
}

static void windows(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    for (const cJSON *item = dg_tree_list(body, "windowClause"); item != NULL; item = item->next)
        window(r, scope, dg_tree_body(item, DG_NODE_WINDOW_DEF));
    struct dg_pending_window *in_order = NULL;
    while (scope->pending_windows != NULL) {
        struct dg_pending_window *pending = scope->pending_windows;
        scope->pending_windows = pending->next;
        pending->next = in_order;
        in_order = pending;
    }
    for (; in_order != NULL; in_order = in_order->next)
        window(r, scope, in_order->body);
}

static const char *locking_words(const cJSON *body)
{
    if (dg_tree_is(body, "strength", "LCS_FORKEYSHARE"))
        return "FOR KEY SHARE";
    if (dg_tree_is(body, "strength", "LCS_FORSHARE"))
        return "FOR SHARE";
    if (dg_tree_is(body, "strength", "LCS_FORNOKEYUPDATE"))
        return "FOR NO KEY UPDATE";
    return "FOR UPDATE";
}

/* FOR UPDATE OF may name whatever stands in FROM, joins with an alias included (another error). */
static bool can_be_locked(const struct dg_scope *scope, const char *name)
{
    for (const struct dg_scope_item *item = scope->items; item != NULL; item = item->next) {
        if (!dg_work_add(item->work, 1))
            return true;
        if (item->kind == DG_ITEM_JOIN && !item->has_alias) {
            if (item->using_alias != NULL && strcmp(item->using_alias, name) == 0)
                return true;
        } else if (strcmp(item->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void locking(struct dg_resolver *r, const struct dg_scope *scope, const cJSON *body)
{
    r->clause = DG_CLAUSE_OTHER;
    for (const cJSON *item = dg_tree_list(body, "lockingClause"); item != NULL; item = item->next) {
        const cJSON *clause = dg_tree_body(item, DG_NODE_LOCKING_CLAUSE);
        dg_resolver_blur(r); /* 0A000: with GROUP BY, DISTINCT, aggregates */
        for (const cJSON *locked = dg_tree_list(clause, "lockedRels"); locked != NULL; locked = locked->next) {
            const cJSON *range_var = dg_tree_body(locked, DG_NODE_RANGE_VAR);
            const char *name = dg_tree_string(range_var, "relname");
            bool is_plain = name != NULL && dg_tree_string(range_var, "schemaname") == NULL;
            if (is_plain && !can_be_locked(scope, name))
                dg_report_missing_locked(r, name, locking_words(clause), dg_tree_location(range_var));
        }
    }
}

/* ---- a plain SELECT ---- */

static void plain_select(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                         struct dg_column_list *targets)
{
    dg_with_clause(r, scope, dg_tree_field(body, "withClause"));
    dg_from_clause(r, scope, dg_tree_list(body, "fromClause"));
    r->clause = DG_CLAUSE_SELECT_LIST;
    dg_targets(r, scope, dg_tree_list(body, "targetList"), targets);
    condition(r, scope, body, "whereClause", DG_CLAUSE_WHERE);
    condition(r, scope, body, "havingClause", DG_CLAUSE_HAVING);
    dg_targets_order_by(r, scope, dg_tree_list(body, "sortClause"), targets);
    dg_targets_group_by(r, scope, dg_tree_list(body, "groupClause"), targets);
    dg_targets_distinct_on(r, scope, dg_tree_list(body, "distinctClause"), targets);
    if (dg_tree_list(body, "distinctClause") != NULL && dg_tree_list(body, "sortClause") != NULL)
        dg_resolver_blur(r); /* 42P10: they do not match */
    limits(r, scope, body);
    windows(r, scope, body);
    /* GROUP BY's own rules (42803) come before the level above goes on. */
    bool is_grouped = dg_tree_list(body, "groupClause") != NULL || dg_tree_field(body, "havingClause") != NULL;
    locking(r, scope, body);
    if (is_grouped)
        dg_resolver_blur(r);
}

/* ---- VALUES ---- */

/* The common type of a column of VALUES, as far as it is plain to see: one type, and literals that it takes. */
struct values_type {
    dg_oid type_oid;  /* of what is no literal; 0: none yet */
    bool has_literal; /* NULL, a string, or a parameter that is met for the first time */
    bool has_string;
    bool is_mixed;
};

static void add_to_column(struct values_type *column, const struct dg_value *value)
{
    bool is_literal = value->is_constant && value->type_oid == 0;
    column->has_literal = column->has_literal || is_literal;
    column->has_string = column->has_string || value->is_string;
    if (is_literal)
        return;
    if (value->type_oid == 0 || (column->type_oid != 0 && column->type_oid != value->type_oid))
        column->is_mixed = true;
    column->type_oid = value->type_oid;
}

/* 0: not known; *is_safe: nothing of the column can be refused. */
static dg_oid common_type(const struct dg_resolver *r, const struct values_type *column, bool *is_safe)
{
    const struct dg_value string = {.is_constant = true, .is_string = true};
    dg_oid type_oid = column->type_oid == 0 && !column->is_mixed ? DG_TYPE_TEXT : column->type_oid;
    *is_safe = !column->is_mixed && (!column->has_string || dg_expression_fits(&string, type_oid)) &&
               (!column->has_literal || dg_names_base_type(r, type_oid) == type_oid);
    return *is_safe ? type_oid : 0;
}

/* One row; false if it has another number of columns than the first (42601). */
static bool values_row(struct dg_resolver *r, struct dg_scope *scope, const cJSON *row, struct values_type *columns,
                       size_t n)
{
    size_t i = 0;
    for (const cJSON *item = dg_tree_items(row); item != NULL; item = item->next, i++) {
        struct dg_value value = dg_expression(r, scope, item);
        if (dg_tree_node(item).kind == DG_NODE_SET_TO_DEFAULT)
            dg_resolver_blur(r); /* 42601 */
        if (i < n)
            add_to_column(&columns[i], &value);
    }
    return i == n;
}

static void values_columns(struct dg_resolver *r, struct dg_column_list *list, const struct values_type *columns,
                           size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_safe;
        struct dg_scope_column column = {.name = dg_arena_printf(r->arena, "column%zu", i + 1),
                                         .type_oid = common_type(r, &columns[i], &is_safe)};
        if (!is_safe)
            dg_resolver_blur(r);
        if (column.name == NULL) {
            r->no_memory = true;
            return;
        }
        dg_list_add(r, list, &column);
    }
}

static void values(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, struct dg_column_list *targets)
{
    dg_with_clause(r, scope, dg_tree_field(body, "withClause"));
    const cJSON *rows = dg_tree_list(body, "valuesLists");
    r->clause = DG_CLAUSE_VALUES;
    size_t n = (size_t)dg_tree_length(dg_tree_items(rows));
    struct values_type *columns = dg_resolver_alloc(r, (n + 1) * sizeof(*columns));
    if (columns == NULL)
        return;
    for (const cJSON *row = rows; row != NULL; row = row->next) {
        if (!values_row(r, scope, row, columns, n))
            dg_resolver_blur(r);
    }
    values_columns(r, targets, columns, n);
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_VALUES, "*VALUES*");
    if (item == NULL)
        return;
    item->list = *targets;
    dg_scope_add_item(scope, item);
    dg_from_add_entry(r, scope, item, true, true);
    dg_targets_order_by(r, scope, dg_tree_list(body, "sortClause"), targets);
    limits(r, scope, body);
}

/* ---- UNION, INTERSECT, EXCEPT ---- */

static bool is_set_operation(const cJSON *body)
{
    const char *op = dg_tree_string(body, "op");
    return op != NULL && strcmp(op, "SETOP_NONE") != 0;
}

/* An arm with clauses of its own is a query of its own. */
static bool is_leaf(const cJSON *body)
{
    return !is_set_operation(body) || dg_tree_list(body, "sortClause") != NULL ||
           dg_tree_field(body, "limitOffset") != NULL || dg_tree_field(body, "limitCount") != NULL ||
           dg_tree_list(body, "lockingClause") != NULL || dg_tree_field(body, "withClause") != NULL;
}

static void set_operation(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, struct dg_cte *cte,
                          struct dg_column_list *targets);

static void arm(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, struct dg_column_list *targets)
{
    if (!dg_resolver_enter(r))
        return;
    if (dg_tree_list(body, "lockingClause") != NULL)
        dg_resolver_blur(r); /* 0A000 */
    if (!is_leaf(body)) {
        set_operation(r, scope, body, NULL, targets);
    } else {
        dg_select(r, scope, body, NULL, targets);
        struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_SUBQUERY, "*SELECT*");
        if (item != NULL) {
            item->list = *targets; /* nothing sees it but the server's hints (report_missing.c) */
            item->is_open = targets->is_open;
            dg_scope_add_item(scope, item);
        }
    }
    dg_resolver_leave(r);
}

/* The result has the left arm's names, and a type where both arms have the same. */
static void set_operation(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, struct dg_cte *cte,
                          struct dg_column_list *targets)
{
    struct dg_column_list left = {0};
    struct dg_column_list right = {0};
    arm(r, scope, dg_tree_field(body, "larg"), &left);
    if (cte != NULL)
        dg_with_set_columns(r, cte, &left);
    arm(r, scope, dg_tree_field(body, "rarg"), &right);
    targets->is_open = left.is_open;
    bool is_safe = !left.is_open && !right.is_open && left.n == right.n;
    for (size_t i = 0; i < left.n; i++) {
        struct dg_scope_column column = {.name = left.columns[i].name};
        if (i < right.n && right.columns[i].type_oid == left.columns[i].type_oid)
            column.type_oid = left.columns[i].type_oid;
        is_safe = is_safe && dg_expression_is_comparable(r, column.type_oid);
        dg_list_add(r, targets, &column);
    }
    if (!is_safe)
        dg_resolver_blur(r);
}

static void set_operation_statement(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                                    struct dg_cte *cte, struct dg_column_list *targets)
{
    if (dg_tree_list(body, "lockingClause") != NULL)
        dg_resolver_blur(r); /* 0A000 */
    dg_with_clause(r, scope, dg_tree_field(body, "withClause"));
    set_operation(r, scope, body, cte, targets);
    /* ORDER BY may name output columns only; in an expression they are seen too, but refused afterwards (0A000). */
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_JOIN, "unnamed_join");
    if (item == NULL)
        return;
    item->list = *targets;
    item->is_open = targets->is_open;
    dg_from_add_entry(r, scope, item, false, true);
    dg_targets_order_by(r, scope, dg_tree_list(body, "sortClause"), targets);
    scope->entries.n = 0;
    limits(r, scope, body);
}

/* ---- ways in ---- */

void dg_select(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body, struct dg_cte *cte,
               struct dg_column_list *targets)
{
    struct dg_scope scope;
    dg_scope_init(&scope, parent);
    if (!dg_resolver_enter(r))
        return;
    if (is_set_operation(body))
        set_operation_statement(r, &scope, body, cte, targets);
    else if (dg_tree_list(body, "valuesLists") != NULL)
        values(r, &scope, body, targets);
    else
        plain_select(r, &scope, body, targets);
    dg_resolver_leave(r);
}

bool dg_query(struct dg_resolver *r, struct dg_scope *parent, const cJSON *wrapped, struct dg_cte *cte,
              struct dg_column_list *targets)
{
    struct dg_node node = dg_tree_node(wrapped);
    enum dg_clause clause = r->clause;
    bool has_columns = true;
    if (node.kind == DG_NODE_SELECT_STMT) {
        dg_select(r, parent, node.body, cte, targets);
    } else if (node.kind == DG_NODE_INSERT_STMT || node.kind == DG_NODE_UPDATE_STMT ||
               node.kind == DG_NODE_DELETE_STMT) {
        has_columns = dg_tree_list(node.body, "returningList") != NULL;
        if (node.kind == DG_NODE_INSERT_STMT)
            dg_modify_insert(r, parent, node.body, targets);
        else if (node.kind == DG_NODE_UPDATE_STMT)
            dg_modify_update(r, parent, node.body, targets);
        else
            dg_modify_delete(r, parent, node.body, targets);
    } else {
        targets->is_open = true;
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    }
    r->clause = clause;
    return has_columns;
}
