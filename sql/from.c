/*
 * FROM: relations, CTEs, sub-selects, functions, XMLTABLE, TABLESAMPLE, and joins with what they merge and hide.
 *
 * As in PostgreSQL's parse_clause.c each FROM item gives one item (its columns) and the entries that it makes visible.
 * Items further right see those to their left only where they are LATERAL or functions, a join's ON sees only what the
 * join combines, and after the whole clause everything is plainly visible.
 */
#include <string.h>

#include "sql/resolver.h"

struct from_part {
    struct dg_scope_item *item;
    struct dg_entry_list entries;
};

static struct from_part from_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped);

void dg_list_add(struct dg_resolver *r, struct dg_column_list *list, const struct dg_scope_column *column)
{
    dg_work_add(r->work, 2);
    if (list->n >= DG_RESOLVE_MAX_COLUMNS) {
        list->is_open = true;
        dg_resolver_blur(r);
    } else if (!dg_column_list_add(r->arena, list, column)) {
        r->no_memory = true;
    }
}

struct dg_scope_item *dg_from_new_item(struct dg_resolver *r, enum dg_item_kind kind, const char *name)
{
    struct dg_scope_item *item = dg_resolver_alloc(r, sizeof(*item));
    if (item == NULL)
        return NULL;
    item->kind = kind;
    item->name = name == NULL ? "" : name;
    item->row_type_oid = DG_TYPE_RECORD;
    item->work = r->work;
    return item;
}

static struct dg_scope_entry *new_entry(struct dg_resolver *r, struct dg_scope_item *item, bool shows_name,
                                        bool shows_columns)
{
    struct dg_scope_entry *entry = dg_resolver_alloc(r, sizeof(*entry));
    if (entry != NULL)
        *entry = (struct dg_scope_entry){
            .item = item, .shows_name = shows_name, .shows_columns = shows_columns, .is_lateral_ok = true};
    return entry;
}

static void add_to(struct dg_resolver *r, struct dg_entry_list *list, struct dg_scope_entry *entry)
{
    if (entry == NULL || !dg_entry_list_add(r->arena, list, entry))
        r->no_memory = true;
}

struct dg_scope_entry *dg_from_add_entry(struct dg_resolver *r, struct dg_scope *scope, struct dg_scope_item *item,
                                         bool shows_name, bool shows_columns)
{
    struct dg_scope_entry *entry = item == NULL ? NULL : new_entry(r, item, shows_name, shows_columns);
    add_to(r, &scope->entries, entry);
    return entry;
}

/* ---- aliases ---- */

void dg_from_rename_columns(struct dg_resolver *r, struct dg_column_list *list, const cJSON *alias)
{
    size_t i = 0;
    for (const cJSON *item = dg_tree_list(alias, "colnames"); item != NULL; item = item->next, i++) {
        const char *name = dg_tree_sval(item);
        if (name == NULL)
            continue;
        if (i < list->n) {
            list->columns[i].name = name;
        } else if (list->is_open) {
            struct dg_scope_column column = {.name = name};
            dg_list_add(r, list, &column);
        } else {
            dg_resolver_blur(r); /* 42P10: more names than columns */
        }
    }
}

static void rename_relation(struct dg_resolver *r, struct dg_scope_item *item, const cJSON *alias)
{
    const cJSON *names = dg_tree_list(alias, "colnames");
    size_t n_live = 0;
    for (uint16_t i = 0; i < item->relation->n_columns; i++)
        n_live += (item->relation->columns[i].flags & DG_COLUMN_DROPPED) == 0 ? 1 : 0;
    size_t n_names = (size_t)dg_tree_length(names);
    if (n_names == 0)
        return;
    const char **aliases = dg_arena_array(r->arena, n_names, sizeof(*aliases));
    if (aliases == NULL) {
        r->no_memory = true;
        return;
    }
    for (const cJSON *name = names; name != NULL && item->n_aliases < n_live; name = name->next)
        aliases[item->n_aliases++] = dg_tree_sval(name) == NULL ? "" : dg_tree_sval(name);
    item->aliases = aliases;
    if (n_names > n_live)
        dg_resolver_blur(r);
}

static bool copy_column(void *context, const struct dg_scope_column *column)
{
    void **pair = context;
    struct dg_resolver *r = pair[0];
    dg_list_add(r, pair[1], column);
    return !r->no_memory;
}

/* ---- relations and CTEs ---- */

static struct dg_scope_item *undecided_item(struct dg_resolver *r, const struct dg_relation_name *name,
                                            const cJSON *alias)
{
    const char *alias_name = dg_tree_string(alias, "aliasname");
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_UNDECIDED, alias_name == NULL ? name->name : alias_name);
    if (item == NULL)
        return NULL;
    item->has_alias = alias_name != NULL;
    item->is_open = true;
    item->list.is_open = true;
    item->row_type_oid = 0;
    item->written_name = name->name;
    dg_from_rename_columns(r, &item->list, alias);
    return item;
}

static struct dg_scope_item *relation_item(struct dg_resolver *r, const cJSON *range_var)
{
    struct dg_relation_name name = dg_relation_name_of(range_var);
    const cJSON *alias = dg_tree_field(range_var, "alias");
    if (name.name == NULL) {
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
        name.name = "";
        return undecided_item(r, &name, alias);
    }
    dg_report_relation_name(r, name.schema, name.name);
    struct dg_relation_lookup lookup = dg_names_relation(r, &name);
    if (lookup.result == DG_NAME_MISSING)
        dg_report_missing_relation(r, &name, &lookup);
    if (lookup.result == DG_NAME_UNDECIDED)
        dg_resolver_undecided(r, lookup.reason);
    if (lookup.result != DG_NAME_FOUND)
        return undecided_item(r, &name, alias);
    if (lookup.may_fail)
        dg_resolver_blur(r);
    /* An unknown path may not lead there at all: what is missing can be told, that nothing is missing cannot. */
    if (lookup.may_fail && name.schema == NULL)
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    if (!lookup.is_unique)
        r->is_path_sensitive = true;
    dg_report_reference(r, lookup.relation->oid, 0, name.location);
    const char *alias_name = dg_tree_string(alias, "aliasname");
    struct dg_scope_item *item =
        dg_from_new_item(r, DG_ITEM_RELATION, alias_name == NULL ? lookup.relation->name : alias_name);
    if (item == NULL)
        return NULL;
    item->has_alias = alias_name != NULL;
    item->relation = lookup.relation;
    item->row_type_oid = lookup.relation->row_type_oid;
    rename_relation(r, item, alias);
    return item;
}

static struct dg_scope_item *cte_item(struct dg_resolver *r, const struct dg_cte *cte, unsigned levels_up,
                                      const cJSON *alias)
{
    const char *alias_name = dg_tree_string(alias, "aliasname");
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_CTE, alias_name == NULL ? cte->name : alias_name);
    if (item == NULL)
        return NULL;
    item->has_alias = alias_name != NULL;
    item->cte = cte;
    item->is_open = !cte->is_ready || cte->columns.is_open || cte->has_no_columns;
    item->list.is_open = item->is_open;
    if (!cte->is_ready || cte->has_no_columns)
        dg_resolver_blur(r); /* a recursion that is refused, or 0A000 */
    for (size_t i = 0; i < cte->columns.n; i++) {
        struct dg_scope_column column = cte->columns.columns[i];
        column.is_unexpanded = column.is_unexpanded && levels_up > 0;
        dg_list_add(r, &item->list, &column);
    }
    dg_from_rename_columns(r, &item->list, alias);
    return item;
}

static struct dg_scope_item *range_var_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const char *name = dg_tree_string(body, "relname");
    unsigned levels_up = 0;
    const struct dg_cte *cte = NULL;
    if (name != NULL && dg_tree_string(body, "schemaname") == NULL)
        cte = dg_scope_find_cte(r->work, scope, name, &levels_up);
    if (cte != NULL)
        return cte_item(r, cte, levels_up, dg_tree_field(body, "alias"));
    return relation_item(r, body);
}

struct dg_scope_item *dg_from_target(struct dg_resolver *r, struct dg_scope *scope, const cJSON *range_var)
{
    r->clause = DG_CLAUSE_INSERT_TARGET;
    struct dg_scope_item *item = relation_item(r, range_var);
    if (item != NULL)
        dg_scope_add_item(scope, item);
    return item;
}

/* ---- sub-selects, XMLTABLE, TABLESAMPLE ---- */

static struct dg_scope_item *subselect_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const cJSON *alias = dg_tree_field(body, "alias");
    const char *name = dg_tree_string(alias, "aliasname");
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_SUBQUERY, name == NULL ? "unnamed_subquery" : name);
    if (item == NULL)
        return NULL;
    item->has_alias = name != NULL;
    bool was_lateral = scope->is_lateral_active;
    scope->is_lateral_active = dg_tree_bool(body, "lateral");
    dg_query(r, scope, dg_tree_field(body, "subquery"), NULL, &item->list);
    scope->is_lateral_active = was_lateral;
    item->is_open = item->list.is_open;
    dg_from_rename_columns(r, &item->list, alias);
    return item;
}

static struct dg_scope_item *xml_table_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const cJSON *alias = dg_tree_field(body, "alias");
    const char *name = dg_tree_string(alias, "aliasname");
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_FUNCTION, name == NULL ? "xmltable" : name);
    if (item == NULL)
        return NULL;
    item->has_alias = name != NULL;
    bool was_lateral = scope->is_lateral_active;
    scope->is_lateral_active = true;
    dg_expression(r, scope, dg_tree_field(body, "rowexpr"));
    dg_resolver_blur(r);
    dg_expression(r, scope, dg_tree_field(body, "docexpr"));
    for (const cJSON *element = dg_tree_list(body, "columns"); element != NULL; element = element->next) {
        const cJSON *column = dg_tree_body(element, DG_NODE_RANGE_TABLE_FUNC_COL);
        const char *column_name = dg_tree_string(column, "colname");
        const struct dg_type *type = dg_names_type(r, dg_tree_field(column, "typeName"));
        if (type == NULL && !dg_tree_bool(column, "for_ordinality"))
            dg_absent_type(r, dg_tree_field(column, "typeName"));
        struct dg_scope_column listed = {.name = column_name == NULL ? "" : column_name,
                                         .type_oid = type == NULL ? 0 : type->oid};
        dg_list_add(r, &item->list, &listed);
        dg_expression(r, scope, dg_tree_field(column, "colexpr"));
        dg_expression(r, scope, dg_tree_field(column, "coldefexpr"));
    }
    for (const cJSON *element = dg_tree_list(body, "namespaces"); element != NULL; element = element->next)
        dg_expression(r, scope, dg_tree_field(dg_tree_body(element, DG_NODE_RES_TARGET), "val"));
    scope->is_lateral_active = was_lateral;
    dg_from_rename_columns(r, &item->list, alias);
    return item;
}

static struct from_part sample_part(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct from_part part = from_item(r, scope, dg_tree_field(body, "relation"));
    dg_resolver_blur(r); /* 42809: not a table; 42704: no such method */
    dg_expression_list(r, scope, dg_tree_list(body, "args"));
    dg_expression(r, scope, dg_tree_field(body, "repeatable"));
    return part;
}

/* ---- joins ---- */

static bool names_conflict(const struct dg_scope_entry *a, const struct dg_scope_entry *b)
{
    if (!a->shows_name || !b->shows_name || strcmp(a->item->name, b->item->name) != 0)
        return false;
    bool are_tables = a->item->kind == DG_ITEM_RELATION && b->item->kind == DG_ITEM_RELATION;
    return !(are_tables && !a->item->has_alias && !b->item->has_alias && a->item->relation != b->item->relation);
}

/* 42712: a table name specified more than once. Compared up to a bound: the answer only makes findings less exact. */
static void check_conflicts(struct dg_resolver *r, const struct dg_entry_list *a, const struct dg_entry_list *b)
{
    if (!dg_resolver_work(r, a->n * b->n)) {
        dg_resolver_blur(r);
        return;
    }
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            if (names_conflict(a->entries[i], b->entries[j]))
                dg_resolver_blur(r);
        }
    }
}

struct merge_list {
    struct dg_resolver *r;
    const struct dg_scope_item *left;
    const struct dg_scope_item *right;
    struct dg_column_list list;
    bool is_ambiguous; /* reported */
};

static bool merge_if_common(void *context, const struct dg_scope_column *column)
{
    struct merge_list *merge = context;
    struct dg_scope_column other;
    enum dg_lookup right = dg_item_find_column(merge->right, column->name, false, &other);
    if (right != DG_LOOKUP_FOUND && right != DG_LOOKUP_AMBIGUOUS)
        return true;
    dg_list_add(merge->r, &merge->list, column);
    if (merge->is_ambiguous || !dg_resolver_work(merge->r, 1))
        return true;
    if (other.type_oid != column->type_oid || !dg_expression_is_comparable(merge->r, column->type_oid))
        dg_resolver_blur(merge->r); /* 42804: columns are matched one after the other */
    bool is_left = dg_item_find_column(merge->left, column->name, false, &other) == DG_LOOKUP_AMBIGUOUS;
    merge->is_ambiguous = is_left || right == DG_LOOKUP_AMBIGUOUS;
    if (merge->is_ambiguous)
        dg_report_ambiguous_using(merge->r, column->name, is_left);
    return true;
}

static void merge_natural(struct dg_resolver *r, struct dg_scope_item *join)
{
    struct merge_list merge = {.r = r, .left = join->left, .right = join->right};
    if (join->right->kind != DG_ITEM_UNDECIDED)
        dg_item_each_column(join->left, merge_if_common, &merge);
    if (merge.list.is_open) /* columns that are merged would seem to be there twice */
        dg_resolver_give_up(r);
    join->merged = merge.list.columns;
    join->n_merged = merge.list.n;
    dg_resolver_blur(r); /* the operator of the comparison */
}

/* One side of USING; FOUND, or reported, or not decided. */
static bool using_side(struct dg_resolver *r, const struct dg_scope_item *side, const char *name, bool is_left,
                       struct dg_scope_column *column)
{
    enum dg_lookup result = dg_item_find_column(side, name, false, column);
    if (result == DG_LOOKUP_FOUND) {
        dg_report_column_reference(r, column, -1);
        return true;
    }
    if (result == DG_LOOKUP_NONE && dg_names_are_same_bytes(r, name)) {
        dg_report_missing_using(r, name, side, is_left);
    } else if (result == DG_LOOKUP_AMBIGUOUS) {
        dg_report_ambiguous_using(r, name, is_left);
    } else {
        dg_report_column_name(r, side->name, name);
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    }
    return false;
}

/* Looked for up to a bound: it only makes findings less exact. */
static bool is_repeated(struct dg_resolver *r, const cJSON *names, const cJSON *last)
{
    size_t n = 0;
    const char *name = dg_tree_sval(last);
    for (const cJSON *item = names; item != last && n < 64; item = item->next, n++) {
        const char *other = dg_tree_sval(item);
        if (!dg_work_add(r->work, 6) || (other != NULL && strcmp(other, name) == 0))
            return true;
    }
    return n >= 64;
}

static void merge_using(struct dg_resolver *r, struct dg_scope_item *join, const cJSON *names)
{
    struct dg_column_list merged = {0};
    enum dg_clause clause = r->clause;
    r->clause = DG_CLAUSE_USING;
    for (const cJSON *item = names; item != NULL && dg_resolver_work(r, 1); item = item->next) {
        const char *name = dg_tree_sval(item);
        struct dg_scope_column left;
        struct dg_scope_column right;
        if (name == NULL)
            continue;
        if (is_repeated(r, names, item))
            dg_resolver_blur(r); /* 42701 */
        bool is_left = using_side(r, join->left, name, true, &left);
        bool is_right = using_side(r, join->right, name, false, &right);
        struct dg_scope_column column = is_left ? left : is_right ? right : (struct dg_scope_column){.name = name};
        column.name = name;
        if (is_left && is_right && left.type_oid != right.type_oid)
            column.type_oid = 0; /* what both become is not followed */
        if (!is_left || !is_right || left.type_oid != right.type_oid || !dg_expression_is_comparable(r, left.type_oid))
            dg_resolver_blur(r);
        dg_list_add(r, &merged, &column);
    }
    join->merged = merged.columns;
    join->n_merged = merged.n;
    r->clause = clause;
}

/* ON sees what the join combines and nothing else of this level. */
static void join_condition(struct dg_resolver *r, struct dg_scope *scope, const struct dg_entry_list *combined,
                           const cJSON *quals)
{
    struct dg_entry_list saved = scope->entries;
    enum dg_clause clause = r->clause;
    dg_entry_list_set_lateral(combined, false, true);
    scope->entries = *combined;
    r->clause = DG_CLAUSE_JOIN_ON;
    dg_expression_condition(r, scope, quals);
    r->clause = clause;
    scope->entries = saved;
}

/* JOIN ... USING (...) AS x: a name for the merged columns only. */
static void add_using_alias(struct dg_resolver *r, struct dg_scope_item *join, const cJSON *body,
                            struct dg_entry_list *entries)
{
    const char *name = dg_tree_string(dg_tree_field(body, "join_using_alias"), "aliasname");
    if (name == NULL)
        return;
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_JOIN, name);
    if (item == NULL)
        return;
    if (r->facts->version_num < 140000)
        dg_resolver_blur(r); /* 42601 */
    join->using_alias = name;
    item->has_alias = true;
    item->is_using_alias = true;
    for (size_t i = 0; i < join->n_merged; i++)
        dg_list_add(r, &item->list, &join->merged[i]);
    struct dg_entry_list alone = {0};
    add_to(r, &alone, new_entry(r, item, true, false));
    check_conflicts(r, entries, &alone);
    if (alone.n > 0)
        add_to(r, entries, alone.entries[0]);
}

/* An alias' column names are positions: the join's columns are written out. */
static void rename_join(struct dg_resolver *r, struct dg_scope_item *join, const cJSON *alias)
{
    if (dg_tree_list(alias, "colnames") == NULL)
        return;
    void *pair[] = {r, &join->list};
    join->list.is_open = join->is_open;
    dg_item_each_column(join, copy_column, pair);
    join->left = NULL;
    join->right = NULL;
    dg_from_rename_columns(r, &join->list, alias);
}

static struct from_part join_part(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct from_part part = {0};
    struct from_part left = from_item(r, scope, dg_tree_field(body, "larg"));
    bool is_lateral_ok = dg_tree_is(body, "jointype", "JOIN_INNER") || dg_tree_is(body, "jointype", "JOIN_LEFT");
    dg_entry_list_set_lateral(&left.entries, true, is_lateral_ok);
    size_t n_before = scope->entries.n;
    if (!dg_entry_list_append(r->arena, &scope->entries, &left.entries))
        r->no_memory = true;
    struct from_part right = from_item(r, scope, dg_tree_field(body, "rarg"));
    scope->entries.n = n_before;
    const cJSON *alias = dg_tree_field(body, "alias");
    const char *name = dg_tree_string(alias, "aliasname");
    struct dg_scope_item *join = dg_from_new_item(r, DG_ITEM_JOIN, name == NULL ? "unnamed_join" : name);
    if (join == NULL || left.item == NULL || right.item == NULL || r->no_memory)
        return part;
    check_conflicts(r, &left.entries, &right.entries);
    join->has_alias = name != NULL;
    join->left = left.item;
    join->right = right.item;
    join->is_open = dg_item_is_open(left.item) || dg_item_is_open(right.item);
    struct dg_entry_list combined = {0};
    if (!dg_entry_list_append(r->arena, &combined, &left.entries) ||
        !dg_entry_list_append(r->arena, &combined, &right.entries))
        r->no_memory = true;
    if (dg_tree_bool(body, "isNatural"))
        merge_natural(r, join);
    else if (dg_tree_list(body, "usingClause") != NULL)
        merge_using(r, join, dg_tree_list(body, "usingClause"));
    else
        join_condition(r, scope, &combined, dg_tree_field(body, "quals"));
    if (name == NULL) {
        for (size_t i = 0; i < combined.n; i++)
            combined.entries[i]->shows_columns = false;
        part.entries = combined;
    }
    /* An alias of the join hides what is inside, this one too. */
    add_using_alias(r, join, body, name == NULL ? &part.entries : &combined);
    rename_join(r, join, alias);
    dg_scope_add_item(scope, join);
    add_to(r, &part.entries, new_entry(r, join, name != NULL, true));
    part.item = join;
    return part;
}

/* ---- the clause ---- */

static struct from_part single_part(struct dg_resolver *r, struct dg_scope *scope, struct dg_scope_item *item)
{
    struct from_part part = {.item = item};
    if (item == NULL)
        return part;
    dg_scope_add_item(scope, item);
    add_to(r, &part.entries, new_entry(r, item, true, true));
    return part;
}

static struct from_part from_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped)
{
    struct dg_node node = dg_tree_node(wrapped);
    struct from_part part = {0};
    if (!dg_resolver_enter(r))
        return part;
    if (node.kind == DG_NODE_RANGE_VAR) {
        part = single_part(r, scope, range_var_item(r, scope, node.body));
    } else if (node.kind == DG_NODE_RANGE_SUBSELECT) {
        part = single_part(r, scope, subselect_item(r, scope, node.body));
    } else if (node.kind == DG_NODE_RANGE_FUNCTION) {
        part = single_part(r, scope, dg_call_item(r, scope, node.body));
    } else if (node.kind == DG_NODE_RANGE_TABLE_FUNC) {
        part = single_part(r, scope, xml_table_item(r, scope, node.body));
    } else if (node.kind == DG_NODE_RANGE_TABLE_SAMPLE) {
        part = sample_part(r, scope, node.body);
    } else if (node.kind == DG_NODE_JOIN_EXPR) {
        part = join_part(r, scope, node.body);
    } else {
        /* A form of another grammar: whatever it brings in is not known. */
        struct dg_relation_name name = {.name = ""};
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
        part = single_part(r, scope, undecided_item(r, &name, NULL));
    }
    dg_resolver_leave(r);
    return part;
}

void dg_from_clause(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first)
{
    r->clause = DG_CLAUSE_FROM;
    for (const cJSON *wrapped = first; wrapped != NULL; wrapped = wrapped->next) {
        struct from_part part = from_item(r, scope, wrapped);
        r->clause = DG_CLAUSE_FROM;
        check_conflicts(r, &scope->entries, &part.entries);
        dg_entry_list_set_lateral(&part.entries, true, true);
        if (!dg_entry_list_append(r->arena, &scope->entries, &part.entries))
            r->no_memory = true;
    }
    dg_entry_list_set_lateral(&scope->entries, false, true);
}
