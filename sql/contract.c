/*
 * The contract of a write's target: what the server refuses although every name was found.
 *
 *   428C9  a value for a generated or GENERATED ALWAYS AS IDENTITY column. The rewriter says so, after the whole
 *          statement was analysed but still at Parse, its CTEs first (rewriteHandler.c rewriteTargetListIU).
 *   42P10  ON CONFLICT (...) that no unique index matches. The planner says so, at Bind or EXPLAIN (plancat.c).
 *   23502  a row without a value for a column that needs one. The executor says so, row by row; foreseen only where a
 *          row is certain: VALUES in an INSERT of its own.
 *
 * So none is reported where it is seen: the first of each kind is kept as a *breach*, and the first of these goes out
 * once the walk is over and nothing else was found. What the server has in between (privileges, other errors while it
 * plans and runs) is not known here: findings beyond analysis are never exact.
 *
 * Silent wherever something may step in: views; for 42P10 partial, deferrable and expression indexes that might match;
 * for 23502 see contract_null.c.
 */
#include "sql/contract.h"

#include <string.h>

/* ---- the columns that a row assigns to ---- */

struct assignment {
    const struct dg_relation *relation;
    struct dg_given *given; /* by attnum - 1 */
    uint16_t *places;       /* attnum - 1 of each value of a row */
    size_t n;
    size_t max;
};

/* Most relations have no such column, and then there is nothing to look at. */
static bool has_server_filled_column(const struct dg_resolver *r, const struct dg_relation *relation)
{
    dg_work_add(r->work, relation->n_columns / 2);
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        if ((relation->columns[i].flags & (DG_COLUMN_GENERATED | DG_COLUMN_IDENTITY_ALWAYS)) != 0)
            return true;
    }
    return false;
}

/* False if no breach is to be looked for. */
static bool assignment_init(struct dg_resolver *r, const struct dg_scope_item *target, bool is_certain_to_run,
                            struct assignment *assignment)
{
    if (r->reach == DG_REACH_ANALYSIS || target->kind != DG_ITEM_RELATION ||
        strchr("rpf", target->relation->kind) == NULL)
        return false;
    if (!is_certain_to_run && !has_server_filled_column(r, target->relation))
        return false;
    size_t n = target->relation->n_columns;
    if (!dg_resolver_work(r, n))
        return false;
    *assignment = (struct assignment){.relation = target->relation, .max = n};
    assignment->given = dg_resolver_alloc(r, (n + 1) * sizeof(*assignment->given));
    assignment->places = dg_resolver_alloc(r, (n + 1) * sizeof(*assignment->places));
    return assignment->given != NULL && assignment->places != NULL;
}

/* False if the column is another error: there is none of that name, or it is assigned to twice. */
static bool add_place(struct assignment *assignment, const cJSON *res_target)
{
    const char *name = dg_tree_string(res_target, "name");
    const struct dg_column *column = name == NULL ? NULL : dg_relation_column(assignment->relation, dg_str_of(name));
    if (column == NULL || column->attnum < 1 || assignment->n >= assignment->max)
        return false;
    struct dg_given *given = &assignment->given[column->attnum - 1];
    bool is_part = dg_tree_list(res_target, "indirection") != NULL;
    if (given->is_given)
        return false;
    *given = (struct dg_given){.is_given = true, .is_part = is_part};
    assignment->places[assignment->n++] = (uint16_t)(column->attnum - 1);
    return true;
}

static bool take_columns(struct assignment *assignment, const cJSON *columns)
{
    for (const cJSON *item = columns; item != NULL; item = item->next) {
        if (!add_place(assignment, dg_tree_body(item, DG_NODE_RES_TARGET)))
            return false;
    }
    return true;
}

/* Without a list, the first n columns. */
static bool take_first_columns(struct assignment *assignment, size_t n)
{
    for (uint16_t i = 0; i < assignment->max && assignment->n < n; i++) {
        if ((assignment->relation->columns[i].flags & DG_COLUMN_DROPPED) != 0)
            continue;
        assignment->given[i].is_given = true;
        assignment->places[assignment->n++] = i;
    }
    return assignment->n == n;
}

/* False if the rows do not fit the columns (42601). */
static bool take_places(struct assignment *assignment, const cJSON *columns, size_t n)
{
    if (columns == NULL)
        return take_first_columns(assignment, n);
    return take_columns(assignment, columns) && assignment->n == n;
}

static bool take_row(struct assignment *assignment, const cJSON *first)
{
    size_t i = 0;
    for (const cJSON *item = first; item != NULL; item = item->next, i++) {
        if (i >= assignment->n)
            return false;
        struct dg_given *given = &assignment->given[assignment->places[i]];
        struct dg_node node = dg_tree_node(item);
        bool is_default = node.kind == DG_NODE_SET_TO_DEFAULT;
        given->has_default = given->has_default || is_default;
        given->has_value = given->has_value || !is_default;
        given->has_null =
            given->has_null || (node.kind == DG_NODE_A_CONST && dg_tree_bool(node.body, "isnull") && !given->is_part);
    }
    return i == assignment->n;
}

void dg_contract_keep(const struct dg_resolver *r, struct dg_breach *kept, const struct dg_breach *breach)
{
    if (kept->relation != NULL)
        return;
    *kept = *breach;
    kept->clause = r->clause;
}

/* ---- 428C9: columns that only the server fills ---- */

static bool is_server_filled(const struct dg_column *column, const char *overriding)
{
    if ((column->flags & DG_COLUMN_GENERATED) != 0)
        return true;
    bool is_overridden = overriding != NULL && strcmp(overriding, "OVERRIDING_NOT_SET") != 0;
    return (column->flags & DG_COLUMN_IDENTITY_ALWAYS) != 0 && !is_overridden;
}

static void check_generated(struct dg_resolver *r, const struct assignment *assignment, const char *overriding,
                            bool is_update)
{
    const struct dg_relation *relation = assignment->relation;
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        const struct dg_column *column = &relation->columns[i];
        if (assignment->given[i].has_value && is_server_filled(column, overriding)) {
            dg_contract_keep(r, &r->generated,
                             &(struct dg_breach){.relation = relation, .column = column, .is_update = is_update});
            return;
        }
    }
}

/* ---- INSERT ---- */

void dg_contract_values(struct dg_resolver *r, const struct dg_scope_item *target, const struct dg_rows *rows,
                        const cJSON *first)
{
    struct assignment assignment;
    const cJSON *values = dg_tree_items(first);
    if (!assignment_init(r, target, rows->is_certain_to_run, &assignment) ||
        !take_places(&assignment, rows->columns, (size_t)dg_tree_length(values)))
        return;
    for (const cJSON *row = first; row != NULL; row = row->next) {
        if (!take_row(&assignment, dg_tree_items(row)))
            return;
    }
    r->clause = DG_CLAUSE_INSERT_COLUMNS;
    check_generated(r, &assignment, rows->overriding, false);
    dg_contract_check_null(r, assignment.relation, assignment.given, rows, values, first->next == NULL);
}

void dg_contract_row(struct dg_resolver *r, const struct dg_scope_item *target, const struct dg_rows *rows,
                     const cJSON *first)
{
    struct assignment assignment;
    if (!assignment_init(r, target, rows->is_certain_to_run, &assignment) ||
        !take_places(&assignment, rows->columns, (size_t)dg_tree_length(first)) || !take_row(&assignment, first))
        return;
    r->clause = DG_CLAUSE_INSERT_COLUMNS;
    check_generated(r, &assignment, rows->overriding, false);
    dg_contract_check_null(r, assignment.relation, assignment.given, rows, first, true);
}

void dg_contract_query(struct dg_resolver *r, const struct dg_scope_item *target, const struct dg_rows *rows, size_t n)
{
    struct assignment assignment;
    if (!assignment_init(r, target, false, &assignment) || (n == DG_CONTRACT_OPEN && rows->columns == NULL))
        return;
    if (n == DG_CONTRACT_OPEN)
        n = (size_t)dg_tree_length(rows->columns);
    if (!take_places(&assignment, rows->columns, n))
        return;
    for (size_t i = 0; i < assignment.n; i++)
        assignment.given[assignment.places[i]].has_value = true;
    r->clause = DG_CLAUSE_INSERT_COLUMNS;
    check_generated(r, &assignment, rows->overriding, false);
}

/* ---- SET ---- */

/* SET (a, b) = (1, DEFAULT): each column carries the whole row. */
static bool is_set_to_default(const cJSON *wrapped)
{
    struct dg_node node = dg_tree_node(wrapped);
    if (node.kind != DG_NODE_MULTI_ASSIGN_REF)
        return node.kind == DG_NODE_SET_TO_DEFAULT;
    const cJSON *item = dg_tree_list(dg_tree_body(dg_tree_field(node.body, "source"), DG_NODE_ROW_EXPR), "args");
    for (int32_t i = dg_tree_int(node.body, "colno"); i > 1 && item != NULL; i--)
        item = item->next;
    return dg_tree_node(item).kind == DG_NODE_SET_TO_DEFAULT;
}

void dg_contract_set(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *list)
{
    struct assignment assignment;
    bool was_breached = r->generated.relation != NULL;
    bool is_repeated = false;
    if (!assignment_init(r, target, false, &assignment))
        return;
    for (const cJSON *item = list; item != NULL; item = item->next) {
        const cJSON *res_target = dg_tree_body(item, DG_NODE_RES_TARGET);
        const char *name = dg_tree_string(res_target, "name");
        const struct dg_column *column = name == NULL ? NULL : dg_relation_column(target->relation, dg_str_of(name));
        if (column == NULL || column->attnum < 1)
            return;
        struct dg_given *given = &assignment.given[column->attnum - 1];
        is_repeated = is_repeated || given->is_given;
        given->is_given = true;
        given->has_value = given->has_value || !is_set_to_default(dg_tree_field(res_target, "val"));
    }
    r->clause = DG_CLAUSE_SET;
    check_generated(r, &assignment, NULL, true);
    if (!was_breached)
        r->generated.is_repeated = is_repeated;
}

/* ---- 42P10: ON CONFLICT (...) ---- */

#define PG_CLASS_OID 1259
/* The planner's own limit for an index. */
#define MAX_KEY_COLUMNS 32

struct key {
    int16_t attnums[MAX_KEY_COLUMNS];
    size_t n;
};

static bool key_has(const struct key *key, int16_t attnum)
{
    for (size_t i = 0; i < key->n; i++) {
        if (key->attnums[i] == attnum)
            return true;
    }
    return false;
}

/* The columns named; false if something else is, or too many. */
static bool key_of_conflict(const struct dg_relation *relation, const cJSON *infer, struct key *key)
{
    const cJSON *first = dg_tree_list(infer, "indexElems");
    *key = (struct key){.n = 0};
    for (const cJSON *item = first; item != NULL; item = item->next) {
        const cJSON *element = dg_tree_body(item, DG_NODE_INDEX_ELEM);
        const char *name = dg_tree_string(element, "name");
        const struct dg_column *column = name == NULL ? NULL : dg_relation_column(relation, dg_str_of(name));
        if (column == NULL || column->attnum < 1 || dg_tree_list(element, "collation") != NULL ||
            dg_tree_list(element, "opclass") != NULL || dg_tree_list(element, "opclassopts") != NULL)
            return false;
        if (key_has(key, column->attnum))
            continue;
        if (key->n == MAX_KEY_COLUMNS)
            return false;
        key->attnums[key->n++] = column->attnum;
    }
    return first != NULL && dg_tree_string(infer, "conname") == NULL;
}

static bool index_has(const struct dg_unique_index *index, int16_t attnum)
{
    for (uint16_t i = 0; i < index->n_attnums; i++) {
        if (index->attnums[i] == attnum)
            return true;
    }
    return false;
}

/* The planner compares sets of columns. An index with an expression may match if it has no column that is not named. */
static bool may_match(const struct dg_unique_index *index, const struct key *key)
{
    for (uint16_t i = 0; i < index->n_attnums; i++) {
        if (index->attnums[i] != 0 && !key_has(key, index->attnums[i]))
            return false;
    }
    for (size_t i = 0; i < key->n; i++) {
        if (!index_has(index, key->attnums[i]) && !index_has(index, 0))
            return false;
    }
    return true;
}

/* A model that does not come from a server may know of no indexes at all; pg_class has some on every server. */
static bool knows_indexes(const struct dg_resolver *r)
{
    size_t cursor = 0;
    return dg_snapshot_unique_indexes(r->snapshot, PG_CLASS_OID, &cursor) != NULL;
}

void dg_contract_conflict(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *infer)
{
    struct key key;
    if (r->reach == DG_REACH_ANALYSIS || target->kind != DG_ITEM_RELATION)
        return;
    const struct dg_relation *relation = target->relation;
    /* The index of a partitioned table becomes valid by what is done to another's. */
    bool is_known = relation->kind == 'r' || (relation->kind == 'p' && r->session->n_local_names == 0);
    if (!is_known || (relation->flags & DG_RELATION_INSTEAD) != 0 || !key_of_conflict(relation, infer, &key) ||
        !knows_indexes(r))
        return;
    size_t cursor = 0;
    const struct dg_unique_index *index;
    while ((index = dg_snapshot_unique_indexes(r->snapshot, relation->oid, &cursor)) != NULL) {
        if (!dg_resolver_work(r, index->n_attnums * key.n) || may_match(index, &key))
            return;
    }
    r->clause = DG_CLAUSE_ON_CONFLICT;
    dg_contract_keep(r, &r->conflict, &(struct dg_breach){.relation = relation});
}

/* ---- words ---- */

static struct dg_sql_finding *report(struct dg_resolver *r, const struct dg_breach *breach, enum dg_finding_kind kind,
                                     const char *sqlstate, enum dg_finding_stage stage)
{
    r->clause = breach->clause;
    struct dg_sql_finding *finding = dg_report_add(r, kind, sqlstate, -1);
    if (finding == NULL)
        return NULL;
    finding->stage = stage;
    finding->is_exact = finding->is_exact && stage == DG_RAISED_AT_ANALYSIS;
    dg_report_set_relation(r, finding, breach->relation);
    if (breach->column != NULL)
        finding->column = dg_report_copy(r, breach->column->name);
    return finding;
}

static void report_generated(struct dg_resolver *r, const struct dg_breach *breach)
{
    const char *name = breach->column->name;
    struct dg_sql_finding *finding = report(r, breach, DG_FINDING_GENERATED, "428C9",
                                            r->reach == DG_REACH_RUN ? DG_RAISED_AT_ANALYSIS : DG_RAISED_AT_PLAN);
    if (finding == NULL)
        return;
    finding->is_exact = finding->is_exact && !breach->is_repeated && !r->has_parameter;
    if (breach->is_update)
        dg_report_set_message(r, finding,
                              dg_arena_printf(r->arena, "column \"%s\" can only be updated to DEFAULT", name));
    else if (r->facts->version_num >= 140000)
        dg_report_set_message(r, finding,
                              dg_arena_printf(r->arena, "cannot insert a non-DEFAULT value into column \"%s\"", name));
    else
        dg_report_set_message(r, finding, dg_arena_printf(r->arena, "cannot insert into column \"%s\"", name));
}

static void report_conflict(struct dg_resolver *r, const struct dg_breach *breach)
{
    struct dg_sql_finding *finding = report(r, breach, DG_FINDING_CONFLICT_TARGET, "42P10", DG_RAISED_AT_PLAN);
    if (finding != NULL)
        finding->message = "there is no unique or exclusion constraint matching the ON CONFLICT specification";
}

static const char *domain_words(struct dg_resolver *r, const struct dg_column *column)
{
    const char *words = dg_names_format_type(r, column->type_oid);
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, column->type_oid);
    if (words != NULL)
        return words;
    return type == NULL ? "" : type->name;
}

static void report_required(struct dg_resolver *r, const struct dg_breach *breach)
{
    struct dg_sql_finding *finding = report(r, breach, DG_FINDING_REQUIRED, "23502", DG_RAISED_AT_RUN);
    if (finding == NULL)
        return;
    char *message;
    if (breach->is_by_domain)
        message = dg_arena_printf(r->arena, "domain %s does not allow null values", domain_words(r, breach->column));
    else
        message =
            dg_arena_printf(r->arena, "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
                            breach->column->name, breach->relation->name);
    dg_report_set_message(r, finding, message);
}

void dg_contract_report(struct dg_resolver *r)
{
    if (dg_report_has_finding(r) || r->reason != DG_REASON_NONE || r->no_memory)
        return;
    if (r->generated.relation != NULL)
        report_generated(r, &r->generated);
    else if (r->conflict.relation != NULL)
        report_conflict(r, &r->conflict);
    else if (r->required.relation != NULL)
        report_required(r, &r->required);
}
