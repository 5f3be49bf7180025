/*
 * INSERT, UPDATE, DELETE in PostgreSQL's order (analyze.c).
 *
 * INSERT: WITH, target, column list, source (which cannot see the target), ON CONFLICT (the target's columns; DO UPDATE
 * sees `excluded` too), RETURNING. UPDATE: WITH, target, FROM, WHERE, RETURNING, then the values of SET, then the
 * columns of SET. DELETE: WITH, target, USING, WHERE, RETURNING.
 */
#include <assert.h>
#include <string.h>

#include "sql/resolver.h"

/* ---- columns that are assigned to ---- */

static const struct dg_column *target_column(const struct dg_scope_item *target, const char *name)
{
    return target->kind == DG_ITEM_RELATION ? dg_relation_column(target->relation, dg_str_of(name)) : NULL;
}

static bool is_system_name(const char *name)
{
    static const char *const names[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* A target column by name. NULL: reported, or the target is not known. */
static const struct dg_column *check_column(struct dg_resolver *r, const struct dg_scope_item *target,
                                            const cJSON *res_target, bool allows_system)
{
    const char *name = dg_tree_string(res_target, "name");
    int32_t location = dg_tree_location(res_target);
    if (name == NULL)
        return NULL;
    const struct dg_column *column = target_column(target, name);
    if (allows_system && is_system_name(name)) { /* UPDATE knows them, whatever the relation, and refuses: 0A000 */
        dg_resolver_blur(r);
        return column;
    }
    if (column != NULL && column->attnum < 0)
        column = NULL;
    if (column != NULL) {
        dg_report_reference(r, target->relation->oid, column->attnum, location);
        return column;
    }
    if (target->kind != DG_ITEM_RELATION || !dg_names_are_same_bytes(r, name)) {
        dg_report_column_name(r, NULL, name);
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    } else {
        dg_report_missing_target(r, target, name, location);
    }
    return NULL;
}

/* 42701: a column named before in the list. Looked for up to a bound: it only makes findings less exact. */
static void check_repeated(struct dg_resolver *r, const cJSON *columns, const cJSON *last, size_t n_before)
{
    const char *name = dg_tree_string(dg_tree_body(last, DG_NODE_RES_TARGET), "name");
    if (n_before >= 64)
        dg_resolver_blur(r);
    for (const cJSON *item = columns; item != last && n_before < 64; item = item->next) {
        if (name != NULL && dg_tree_is(dg_tree_body(item, DG_NODE_RES_TARGET), "name", name))
            dg_resolver_blur(r);
    }
}

void dg_modify_check_columns(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *columns)
{
    size_t n = 0;
    r->clause = DG_CLAUSE_INSERT_COLUMNS;
    for (const cJSON *item = columns; item != NULL; item = item->next) {
        check_column(r, target, dg_tree_body(item, DG_NODE_RES_TARGET), false);
        check_repeated(r, columns, item, n++);
    }
}

/* col.field and col[i].field as targets. */
static void check_field(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                        const cJSON *res_target)
{
    const char *column_name = dg_tree_string(res_target, "name");
    const struct dg_column *column = column_name == NULL ? NULL : target_column(target, column_name);
    dg_oid type_oid = column == NULL ? 0 : column->type_oid;
    for (const cJSON *step = dg_tree_list(res_target, "indirection"); step != NULL; step = step->next) {
        const char *field = dg_tree_sval(step);
        if (field == NULL) {
            const cJSON *indices = dg_tree_body(step, DG_NODE_A_INDICES);
            dg_expression(r, scope, dg_tree_field(indices, "lidx"));
            dg_expression(r, scope, dg_tree_field(indices, "uidx"));
            dg_resolver_blur(r);
            type_oid = dg_names_element_type(r, type_oid);
            continue;
        }
        const struct dg_relation *composite = dg_names_composite(r, type_oid);
        const struct dg_column *found = composite == NULL ? NULL : dg_relation_column(composite, dg_str_of(field));
        if (composite != NULL && (found == NULL || found->attnum < 0) && dg_names_are_same_bytes(r, field)) {
            dg_report_missing_target_field(r, column_name, field, type_oid, dg_tree_location(res_target));
            return;
        }
        if (composite == NULL && column != NULL && !dg_names_type_is_scalar(r, type_oid))
            dg_resolver_undecided(r, DG_REASON_UNKNOWN);
        dg_resolver_blur(r);
        type_oid = found == NULL ? 0 : found->type_oid;
    }
}

/* How many columns a row is to fill at most. */
static size_t count_columns(const struct dg_scope_item *target, const cJSON *columns)
{
    size_t n = 0;
    if (columns != NULL || target->kind != DG_ITEM_RELATION)
        return (size_t)dg_tree_length(columns);
    for (uint16_t i = 0; i < target->relation->n_columns; i++)
        n += (target->relation->columns[i].flags & DG_COLUMN_DROPPED) == 0;
    return n;
}

/* The next column that a row is assigned to. */
struct assignment {
    const struct dg_scope_item *target;
    const cJSON *column; /* of the column list; NULL without one */
    bool has_list;
    uint16_t i; /* without a list: the place in the relation */
};

/* Its type; 0 when it is not known, or assigned to by parts. *res_target: as written, NULL without a list. */
static dg_oid next_type(struct assignment *at, const cJSON **res_target)
{
    *res_target = NULL;
    if (at->has_list) {
        *res_target = dg_tree_body(at->column, DG_NODE_RES_TARGET);
        const char *name = dg_tree_string(*res_target, "name");
        const struct dg_column *column = name == NULL ? NULL : target_column(at->target, name);
        at->column = at->column == NULL ? NULL : at->column->next;
        return column == NULL || dg_tree_list(*res_target, "indirection") != NULL ? 0 : column->type_oid;
    }
    if (at->target->kind != DG_ITEM_RELATION)
        return 0;
    const struct dg_relation *relation = at->target->relation;
    while (at->i < relation->n_columns && (relation->columns[at->i].flags & DG_COLUMN_DROPPED) != 0)
        at->i++;
    return at->i < relation->n_columns ? relation->columns[at->i++].type_oid : 0;
}

/* One value meets one column, after all values were looked at. */
static void assign(struct dg_resolver *r, struct dg_scope *scope, struct assignment *at, const struct dg_value *value)
{
    enum dg_clause clause = r->clause;
    const cJSON *res_target;
    dg_oid type_oid = next_type(at, &res_target);
    dg_expression_settle(r, value, type_oid);
    if (type_oid == 0 || (!dg_expression_fits(value, type_oid) && !dg_enum_accepts(r, value, type_oid)))
        dg_resolver_blur(r);
    r->clause = DG_CLAUSE_INSERT_COLUMNS;
    check_field(r, scope, at->target, res_target);
    r->clause = clause;
}

/* 42601: too many values, or too few for a list of columns. */
static void check_count(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *columns, size_t n)
{
    size_t n_columns = count_columns(target, columns);
    dg_work_add(r->work, n_columns);
    if (n > n_columns || (columns != NULL && n < n_columns))
        dg_resolver_blur(r);
}

/* The fields of columns that there was no value for. */
static void check_other_fields(struct dg_resolver *r, struct dg_scope *scope, const struct assignment *at)
{
    r->clause = DG_CLAUSE_INSERT_COLUMNS;
    for (const cJSON *item = at->column; item != NULL && dg_resolver_work(r, 10); item = item->next)
        check_field(r, scope, at->target, dg_tree_body(item, DG_NODE_RES_TARGET));
}

void dg_modify_assign_row(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                          const cJSON *columns, const cJSON *row)
{
    struct assignment at = {.target = target, .column = columns, .has_list = columns != NULL};
    if (!dg_resolver_work(r, 1))
        return;
    size_t n = (size_t)dg_tree_length(row);
    struct dg_value *values = dg_arena_array(r->arena, n + 1, sizeof(*values));
    if (values == NULL) {
        r->no_memory = true;
        return;
    }
    r->clause = DG_CLAUSE_VALUES;
    size_t i = 0;
    for (const cJSON *item = row; item != NULL; item = item->next)
        values[i++] = dg_expression(r, scope, item);
    check_count(r, target, columns, n);
    for (i = 0; i < n; i++)
        assign(r, scope, &at, &values[i]);
    check_other_fields(r, scope, &at);
}

/* ---- SET ---- */

void dg_modify_set(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target, const cJSON *list)
{
    size_t n = (size_t)dg_tree_length(list);
    struct dg_value *values = dg_arena_array(r->arena, n + 1, sizeof(*values));
    if (values == NULL) {
        r->no_memory = true;
        return;
    }
    r->clause = DG_CLAUSE_SET;
    size_t i = 0;
    for (const cJSON *item = list; item != NULL; item = item->next)
        values[i++] = dg_expression(r, scope, dg_tree_field(dg_tree_body(item, DG_NODE_RES_TARGET), "val"));
    i = 0;
    for (const cJSON *item = list; item != NULL; item = item->next, i++) {
        const cJSON *res_target = dg_tree_body(item, DG_NODE_RES_TARGET);
        const struct dg_column *column = check_column(r, target, res_target, true);
        if (column != NULL && dg_tree_list(res_target, "indirection") == NULL)
            dg_expression_settle(r, &values[i], column->type_oid);
        if (dg_tree_list(res_target, "indirection") != NULL)
            check_field(r, scope, target, res_target);
        else if (column == NULL || (!dg_expression_fits(&values[i], column->type_oid) &&
                                    !dg_enum_accepts(r, &values[i], column->type_oid)))
            dg_resolver_blur(r);
    }
    dg_contract_set(r, target, list);
}

/* ---- RETURNING ---- */

static void add_row_version(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                            const char *name)
{
    const struct dg_scope_item *other;
    bool is_lateral_error;
    struct dg_scope level = *scope;
    level.parent = NULL; /* a table of that name further out is hidden by it */
    if (dg_scope_find_item(&level, name, 0, &other, &is_lateral_error) != DG_LOOKUP_NONE)
        return;
    struct dg_scope_item *item = dg_resolver_alloc(r, sizeof(*item));
    if (item == NULL)
        return;
    *item = *target;
    item->next = NULL;
    item->name = name;
    item->has_alias = true;
    dg_from_add_entry(r, scope, item, true, false);
}

static void returning(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                      const cJSON *body, struct dg_column_list *targets)
{
    const cJSON *list = dg_tree_list(body, "returningList");
    size_t n_before = scope->entries.n;
    if (list == NULL)
        return;
    if (r->facts->version_num >= 180000) {
        add_row_version(r, scope, target, "old");
        add_row_version(r, scope, target, "new");
    }
    r->clause = DG_CLAUSE_RETURNING;
    dg_targets(r, scope, list, targets);
    scope->entries.n = n_before;
}

/* ---- INSERT ---- */

static bool is_plain_values(const cJSON *select)
{
    return dg_tree_list(select, "valuesLists") != NULL && dg_tree_list(select, "sortClause") == NULL &&
           dg_tree_field(select, "limitOffset") == NULL && dg_tree_field(select, "limitCount") == NULL &&
           dg_tree_list(select, "lockingClause") == NULL && dg_tree_field(select, "withClause") == NULL;
}

/* The literals of a select list that reach the target as they are; with ORDER BY and the like they become text. */
static const cJSON *list_of_literals(const cJSON *query)
{
    const cJSON *select = dg_tree_body(query, DG_NODE_SELECT_STMT);
    const char *op = dg_tree_string(select, "op");
    bool is_plain = (op == NULL || strcmp(op, "SETOP_NONE") == 0) && dg_tree_list(select, "sortClause") == NULL &&
                    dg_tree_list(select, "groupClause") == NULL && dg_tree_list(select, "distinctClause") == NULL;
    return is_plain ? dg_tree_list(select, "targetList") : NULL;
}

static bool is_star(const cJSON *target)
{
    struct dg_node node = dg_tree_node(dg_tree_field(dg_tree_body(target, DG_NODE_RES_TARGET), "val"));
    const cJSON *item = dg_tree_list(node.body, node.kind == DG_NODE_COLUMN_REF ? "fields" : "indirection");
    while (item != NULL && item->next != NULL)
        item = item->next;
    return dg_tree_node(item).kind == DG_NODE_A_STAR;
}

static void assign_query(struct dg_resolver *r, struct dg_scope *scope, struct assignment *at, const cJSON *query,
                         const struct dg_column_list *list)
{
    const cJSON *literals = list_of_literals(query);
    r->clause = DG_CLAUSE_SELECT_LIST;
    for (size_t i = 0; i < list->n; i++) {
        struct dg_value value = {.type_oid = list->columns[i].type_oid, .location = -1};
        if (literals != NULL && is_star(literals))
            literals = NULL; /* what is behind it has another place */
        const cJSON *item = dg_tree_field(dg_tree_body(literals, DG_NODE_RES_TARGET), "val");
        if (dg_tree_node(item).kind == DG_NODE_A_CONST)
            value = dg_expression(r, scope, item);
        assign(r, scope, at, &value);
        literals = literals == NULL ? NULL : literals->next;
    }
}

static void insert_from_query(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                              const struct dg_rows *rows, const cJSON *query)
{
    struct dg_column_list list = {0};
    struct assignment at = {.target = target, .column = rows->columns, .has_list = rows->columns != NULL};
    dg_query(r, scope, query, NULL, &list);
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_SUBQUERY, "*SELECT*");
    if (item != NULL)
        dg_scope_add_item(scope, item);
    if (list.is_open)
        dg_resolver_blur(r);
    else
        check_count(r, target, rows->columns, list.n);
    if (!list.is_open)
        assign_query(r, scope, &at, query, &list);
    check_other_fields(r, scope, &at);
    dg_contract_query(r, target, rows, list.is_open ? DG_CONTRACT_OPEN : list.n);
}

static void insert_source(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                          const struct dg_rows *rows, const cJSON *query)
{
    const cJSON *select = dg_tree_body(query, DG_NODE_SELECT_STMT);
    if (query == NULL) { /* DEFAULT VALUES */
        dg_contract_row(r, target, rows, NULL);
        return;
    }
    if (!is_plain_values(select)) {
        insert_from_query(r, scope, target, rows, query);
        return;
    }
    const cJSON *first = dg_tree_list(select, "valuesLists");
    assert(first != NULL); /* else it were no plain VALUES */
    for (const cJSON *row = first; row != NULL; row = row->next)
        dg_modify_assign_row(r, scope, target, rows->columns, dg_tree_items(row));
    if (first->next != NULL) {
        struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_VALUES, "*VALUES*");
        if (item != NULL)
            dg_scope_add_item(scope, item);
    }
    dg_contract_values(r, target, rows, first);
}

/* The columns and expressions of ON CONFLICT (...) WHERE. The target alone is in scope. */
/* Before 14 the target's columns were seen here, its name was not. */
static void conflict_target(struct dg_resolver *r, struct dg_scope *scope, const cJSON *infer)
{
    int32_t location = dg_tree_location(infer);
    bool shows_name = r->facts->version_num >= 140000;
    for (size_t i = 0; i < scope->entries.n; i++)
        scope->entries.entries[i]->shows_name = shows_name;
    for (const cJSON *item = dg_tree_list(infer, "indexElems"); item != NULL; item = item->next) {
        const cJSON *element = dg_tree_body(item, DG_NODE_INDEX_ELEM);
        const char *name = dg_tree_string(element, "name");
        if (name != NULL)
            dg_column_undotted(r, scope, name, location);
        else
            dg_expression(r, scope, dg_tree_field(element, "expr"));
        if (name == NULL || dg_tree_list(element, "collation") != NULL || dg_tree_list(element, "opclass") != NULL)
            dg_resolver_blur(r);
    }
    dg_expression_condition(r, scope, dg_tree_field(infer, "whereClause"));
    for (size_t i = 0; i < scope->entries.n; i++)
        scope->entries.entries[i]->shows_name = true;
    if (dg_tree_string(infer, "conname") != NULL)
        dg_resolver_blur(r); /* 42704 */
}

static void on_conflict(struct dg_resolver *r, struct dg_scope *scope, struct dg_scope_item *target, const cJSON *body)
{
    bool is_update = dg_tree_is(body, "action", "ONCONFLICT_UPDATE");
    struct dg_scope_item *excluded = NULL;
    if (is_update) {
        excluded = dg_resolver_alloc(r, sizeof(*excluded));
        if (excluded == NULL)
            return;
        *excluded = *target;
        excluded->next = NULL;
        excluded->name = "excluded";
        excluded->has_alias = true;
        excluded->is_excluded = true;
        excluded->aliases = NULL;
        excluded->n_aliases = 0;
        dg_scope_add_item(scope, excluded);
    }
    r->clause = DG_CLAUSE_ON_CONFLICT;
    conflict_target(r, scope, dg_tree_field(body, "infer"));
    dg_contract_conflict(r, target, dg_tree_field(body, "infer"));
    if (excluded == NULL)
        return;
    size_t n_before = scope->entries.n;
    dg_from_add_entry(r, scope, excluded, true, true);
    dg_modify_set(r, scope, target, dg_tree_list(body, "targetList"));
    r->clause = DG_CLAUSE_ON_CONFLICT;
    dg_expression_condition(r, scope, dg_tree_field(body, "whereClause"));
    scope->entries.n = n_before;
}

void dg_modify_insert(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body, struct dg_column_list *targets)
{
    struct dg_scope scope;
    dg_scope_init(&scope, parent);
    dg_with_clause(r, &scope, dg_tree_field(body, "withClause"));
    struct dg_scope_item *target = dg_from_target(r, &scope, dg_tree_field(body, "relation"));
    if (target == NULL)
        return;
    struct dg_rows rows = {.columns = dg_tree_list(body, "cols"),
                           .overriding = dg_tree_string(body, "override"),
                           .is_certain_to_run = parent == NULL};
    dg_modify_check_columns(r, target, rows.columns);
    insert_source(r, &scope, target, &rows, dg_tree_field(body, "selectStmt"));
    scope.entries.n = 0;
    dg_from_add_entry(r, &scope, target, true, true);
    const cJSON *conflict = dg_tree_field(body, "onConflictClause");
    if (conflict != NULL)
        on_conflict(r, &scope, target, conflict);
    returning(r, &scope, target, body, targets);
}

/* ---- UPDATE, DELETE ---- */

/* The target is in scope before FROM, but nothing in FROM may refer to it sideways. */
static struct dg_scope_item *open_modify(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                                         const char *from_field)
{
    dg_with_clause(r, scope, dg_tree_field(body, "withClause"));
    struct dg_scope_item *target = dg_from_target(r, scope, dg_tree_field(body, "relation"));
    struct dg_scope_entry *entry = dg_from_add_entry(r, scope, target, true, true);
    if (entry == NULL)
        return NULL;
    entry->is_lateral_only = true;
    entry->is_lateral_ok = false;
    dg_from_clause(r, scope, dg_tree_list(body, from_field));
    r->clause = DG_CLAUSE_WHERE;
    dg_expression_condition(r, scope, dg_tree_field(body, "whereClause"));
    return target;
}

void dg_modify_update(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body, struct dg_column_list *targets)
{
    struct dg_scope scope;
    dg_scope_init(&scope, parent);
    struct dg_scope_item *target = open_modify(r, &scope, body, "fromClause");
    if (target == NULL)
        return;
    returning(r, &scope, target, body, targets);
    dg_modify_set(r, &scope, target, dg_tree_list(body, "targetList"));
}

void dg_modify_delete(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body, struct dg_column_list *targets)
{
    struct dg_scope scope;
    dg_scope_init(&scope, parent);
    struct dg_scope_item *target = open_modify(r, &scope, body, "usingClause");
    if (target != NULL)
        returning(r, &scope, target, body, targets);
}
