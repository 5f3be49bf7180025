/*
 * MERGE (parse_merge.c): WITH, target, source, ON, then each WHEN in order: its condition, then the columns and values
 * of its action. WHEN MATCHED sees target and source, WHEN NOT MATCHED only the source.
 */
#include <string.h>

#include "sql/resolver.h"

/* In a WHEN's condition a system column (but tableoid) is 42P10 as soon as it is found. */
static bool names_system_column(const cJSON *tree)
{
    static const char *const names[] = {"ctid", "xmin", "cmin", "xmax", "cmax"};
    const char *name = tree == NULL ? NULL : dg_tree_string(tree, "sval");
    for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    for (const cJSON *child = tree == NULL ? NULL : tree->child; child != NULL; child = child->next)
        if (names_system_column(child))
            return true;
    return false;
}

static void when_clause(struct dg_resolver *r, struct dg_scope *scope, struct dg_scope_item *target,
                        struct dg_scope_entry *target_entry, const cJSON *when)
{
    bool is_matched = dg_tree_bool(when, "matched");
    target_entry->shows_name = is_matched;
    target_entry->shows_columns = is_matched;
    r->clause = DG_CLAUSE_WHERE;
    if (names_system_column(dg_tree_field(when, "condition")))
        dg_resolver_blur(r);
    dg_expression_condition(r, scope, dg_tree_field(when, "condition"));
    const cJSON *list = dg_tree_list(when, "targetList");
    if (dg_tree_is(when, "commandType", "CMD_INSERT")) {
        dg_modify_check_columns(r, target, list);
        if (dg_tree_list(when, "values") != NULL)
            dg_modify_assign_row(r, scope, target, list, dg_tree_list(when, "values"));
        const struct dg_rows rows = {.columns = list, .overriding = dg_tree_string(when, "override")};
        dg_contract_row(r, target, &rows, dg_tree_list(when, "values"));
    } else if (dg_tree_is(when, "commandType", "CMD_UPDATE")) {
        dg_modify_set(r, scope, target, list);
    }
}

/* 42601, before the target is looked up: a WHEN behind one of its kind that has no condition. */
static bool has_unreachable_when(const cJSON *first)
{
    bool is_closed[2] = {false, false};
    for (const cJSON *item = first; item != NULL; item = item->next) {
        const cJSON *when = dg_tree_body(item, DG_NODE_MERGE_WHEN_CLAUSE);
        bool is_matched = dg_tree_bool(when, "matched");
        if (is_closed[is_matched])
            return true;
        is_closed[is_matched] = dg_tree_field(when, "condition") == NULL;
    }
    return false;
}

/* The target's name, or its alias, is one of the source's too: a join's parts and its USING alias count. */
static bool is_named_in_source(const struct dg_scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->entries.n; i++)
        if (strcmp(scope->entries.entries[i]->item->name, name) == 0)
            return true;
    return scope->last_item != NULL && strcmp(scope->last_item->name, name) == 0;
}

/* The source's own entry (the last) shows its name and columns in every WHEN, though a join hid them. */
void dg_merge(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body)
{
    struct dg_scope scope;
    dg_scope_init(&scope, parent);
    if (r->facts->version_num < 150000)
        dg_resolver_blur(r); /* 42601 */
    if (dg_tree_bool(dg_tree_field(body, "withClause"), "recursive"))
        dg_resolver_blur(r); /* 42601 */
    dg_with_clause(r, &scope, dg_tree_field(body, "withClause"));
    if (has_unreachable_when(dg_tree_list(body, "mergeWhenClauses")))
        dg_resolver_blur(r);
    struct dg_scope_item *target = dg_from_target(r, &scope, dg_tree_field(body, "relation"));
    if (target == NULL)
        return;
    if (target->kind == DG_ITEM_RELATION && target->relation->kind != 'r' && target->relation->kind != 'p')
        dg_resolver_blur(r); /* 0A000 */
    if (target->kind == DG_ITEM_RELATION && (target->relation->flags & DG_RELATION_INSTEAD) != 0)
        dg_resolver_blur(r);
    const cJSON *source = dg_tree_field(body, "sourceRelation");
    if (source != NULL) {
        /* A list of one, as FROM has it; the tree's own node may have siblings. */
        cJSON alone = *source;
        alone.next = NULL;
        dg_from_clause(r, &scope, &alone);
    }
    if (is_named_in_source(&scope, target->name))
        dg_resolver_blur(r); /* 42712 */
    struct dg_scope_entry *target_entry = dg_from_add_entry(r, &scope, target, true, true);
    if (target_entry == NULL)
        return;
    r->clause = DG_CLAUSE_JOIN_ON;
    dg_expression_condition(r, &scope, dg_tree_field(body, "joinCondition"));
    for (const cJSON *item = dg_tree_list(body, "mergeWhenClauses"); item != NULL; item = item->next)
        when_clause(r, &scope, target, target_entry, dg_tree_body(item, DG_NODE_MERGE_WHEN_CLAUSE));
}
