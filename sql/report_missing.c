/*
 * The words of 42703 and 42P01.
 *
 * Explaining a missing name is kept apart from resolving one, as in PostgreSQL's parse_relation.c: the walk only says
 * that nothing was found; the words here depend on what else the statement's range table holds. Every variant that
 * analysis can raise has its function.
 */
#include <string.h>

#include "sql/resolver.h"

void dg_report_missing_relation(struct dg_resolver *r, const struct dg_relation_name *name,
                                const struct dg_relation_lookup *lookup)
{
    if (lookup->may_fail)
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_RELATION, "42P01", name->location);
    if (finding == NULL)
        return;
    finding->is_certain = lookup->is_unique;
    finding->schema = dg_report_copy(r, name->schema);
    finding->relation = dg_report_copy(r, name->name);
    dg_report_set_message(r, finding,
                          name->schema == NULL ? dg_arena_printf(r->arena, "relation \"%s\" does not exist", name->name)
                                               : dg_arena_printf(r->arena, "relation \"%s.%s\" does not exist",
                                                                 name->schema, name->name));
}

/* The one relation whose columns an unqualified name could have been; NULL if there are several or other items. */
static const struct dg_relation *only_relation(const struct dg_scope *scope)
{
    const struct dg_relation *only = NULL;
    for (; scope != NULL && only == NULL; scope = scope->parent) {
        for (size_t i = 0; i < scope->entries.n; i++) {
            const struct dg_scope_entry *entry = scope->entries.entries[i];
            if (!entry->shows_columns)
                continue;
            if (only != NULL || entry->item->kind != DG_ITEM_RELATION)
                return NULL;
            only = entry->item->relation;
        }
    }
    return only;
}

/* The server looks for its hint in all items of the statement, joins left out, and falls over one that has two columns
   of that name: 42702 (searchRangeTableForCol). */
static bool is_twice_in_an_item(const struct dg_scope *scope, const char *column)
{
    struct dg_scope_column found;
    for (; scope != NULL; scope = scope->parent) {
        for (const struct dg_scope_item *item = scope->items; item != NULL; item = item->next) {
            if (item->kind != DG_ITEM_JOIN && dg_item_find_column(item, column, false, &found) == DG_LOOKUP_AMBIGUOUS)
                return true;
        }
    }
    return false;
}

/* `relation` lacks it; NULL: a record, or not one alone. */
static struct dg_sql_finding *add_missing(struct dg_resolver *r, const char *column, const struct dg_relation *relation,
                                          int32_t location)
{
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_COLUMN, "42703", location);
    if (finding == NULL)
        return NULL;
    finding->column = dg_report_copy(r, column);
    dg_report_set_relation(r, finding, relation);
    return finding;
}

void dg_report_missing_column(struct dg_resolver *r, const struct dg_scope *scope, const char *qualifier,
                              const char *column, const struct dg_scope_item *item, int32_t location)
{
    dg_report_column_name(r, qualifier, column);
    if (is_twice_in_an_item(scope, column))
        dg_resolver_blur(r);
    const struct dg_relation *relation = qualifier == NULL ? only_relation(scope) : NULL;
    if (item != NULL)
        relation = item->relation;
    struct dg_sql_finding *finding = add_missing(r, column, relation, location);
    if (finding == NULL)
        return;
    dg_report_set_message(r, finding,
                          qualifier == NULL
                              ? dg_arena_printf(r->arena, "column \"%s\" does not exist", column)
                              : dg_arena_printf(r->arena, "column %s.%s does not exist", qualifier, column));
}

void dg_report_missing_field(struct dg_resolver *r, const char *field, dg_oid type_oid, int32_t location)
{
    dg_report_column_name(r, NULL, field);
    const char *type = type_oid == DG_TYPE_RECORD ? "" : dg_names_format_type(r, type_oid);
    if (type == NULL || location < 0)
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = add_missing(r, field, dg_names_composite(r, type_oid), location);
    if (finding == NULL)
        return;
    dg_report_set_message(
        r, finding,
        type_oid == DG_TYPE_RECORD
            ? dg_arena_printf(r->arena, "could not identify column \"%s\" in record data type", field)
            : dg_arena_printf(r->arena, "column \"%s\" not found in data type %s", field, type == NULL ? "?" : type));
}

void dg_report_missing_target(struct dg_resolver *r, const struct dg_scope_item *target, const char *column,
                              int32_t location)
{
    dg_report_column_name(r, target->relation->name, column);
    struct dg_sql_finding *finding = add_missing(r, column, target->relation, location);
    if (finding == NULL)
        return;
    dg_report_set_message(
        r, finding,
        dg_arena_printf(r->arena, "column \"%s\" of relation \"%s\" does not exist", column, target->relation->name));
}

void dg_report_missing_target_field(struct dg_resolver *r, const char *column, const char *field, dg_oid type_oid,
                                    int32_t location)
{
    dg_report_column_name(r, column, field);
    const char *type = dg_names_format_type(r, type_oid);
    if (type == NULL)
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = add_missing(r, field, dg_names_composite(r, type_oid), location);
    if (finding == NULL)
        return;
    dg_report_set_message(r, finding,
                          dg_arena_printf(r->arena,
                                          "cannot assign to field \"%s\" of column \"%s\" because there is no such "
                                          "column in data type %s",
                                          field, column, type == NULL ? "?" : type));
}

void dg_report_missing_using(struct dg_resolver *r, const char *column, const struct dg_scope_item *side, bool is_left)
{
    dg_report_column_name(r, side->name, column);
    struct dg_sql_finding *finding = add_missing(r, column, side->relation, -1);
    if (finding == NULL)
        return;
    dg_report_set_message(r, finding,
                          dg_arena_printf(r->arena,
                                          "column \"%s\" specified in USING clause does not exist in %s table", column,
                                          is_left ? "left" : "right"));
}

/* Is there anything in the range table, visible or not, that the name could have meant? Then the server speaks of an
   invalid reference, otherwise of a missing entry. */
static const struct dg_scope_item *find_in_range_table(const struct dg_scope *scope, const char *name, dg_oid oid,
                                                       const struct dg_cte *cte)
{
    for (; scope != NULL; scope = scope->parent) {
        for (const struct dg_scope_item *item = scope->items; item != NULL; item = item->next) {
            dg_work_add(item->work, 1);
            if (strcmp(item->name, name) == 0)
                return item;
            if (item->kind == DG_ITEM_RELATION && oid != 0 && item->relation->oid == oid)
                return item;
            if (item->kind == DG_ITEM_CTE && cte != NULL && item->cte == cte)
                return item;
        }
    }
    return NULL;
}

/* The server looks an alias up before it suggests it, which may fail in ways of its own (42P09, 42P10). */
static bool is_alias_refused(const struct dg_scope *scope, const struct dg_scope_item *item, const char *name)
{
    const struct dg_scope_item *found;
    bool is_lateral_error = false;
    if (item == NULL || !item->has_alias || strcmp(item->name, name) == 0)
        return false;
    enum dg_lookup result = dg_scope_find_item(scope, item->name, 0, &found, &is_lateral_error);
    return is_lateral_error || result == DG_LOOKUP_AMBIGUOUS;
}

/* A relation that we know nothing of may be the one that is meant; by its schema and name only one without alias. */
static bool has_undecided_item(const struct dg_scope *scope, const char *name, bool without_alias)
{
    for (; scope != NULL; scope = scope->parent) {
        for (const struct dg_scope_item *item = scope->items; item != NULL; item = item->next) {
            dg_work_add(item->work, 1);
            if (item->kind == DG_ITEM_UNDECIDED && item->written_name != NULL &&
                strcmp(item->written_name, name) == 0 && !(without_alias && item->has_alias))
                return true;
        }
    }
    return false;
}

void dg_report_missing_from_entry(struct dg_resolver *r, const struct dg_scope *scope, const char *schema,
                                  const char *name, int32_t location)
{
    unsigned levels_up;
    const struct dg_cte *cte = schema == NULL ? dg_scope_find_cte(r->work, scope, name, &levels_up) : NULL;
    dg_oid oid = 0;
    if (cte == NULL) {
        struct dg_relation_name relation_name = {.schema = schema, .name = name};
        struct dg_relation_lookup lookup = dg_names_relation(r, &relation_name);
        oid = lookup.result == DG_NAME_FOUND ? lookup.relation->oid : 0;
        if (lookup.result == DG_NAME_UNDECIDED || lookup.may_fail)
            dg_resolver_blur(r);
    }
    if (schema != NULL && has_undecided_item(scope, name, true)) {
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
        return;
    }
    const struct dg_scope_item *meant = find_in_range_table(scope, name, oid, cte);
    bool is_known = meant != NULL;
    if ((!is_known && has_undecided_item(scope, name, false)) || is_alias_refused(scope, meant, name))
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_FROM_ENTRY, "42P01", location);
    if (finding == NULL)
        return;
    finding->schema = dg_report_copy(r, schema);
    finding->relation = dg_report_copy(r, name);
    dg_report_set_message(
        r, finding,
        is_known ? dg_arena_printf(r->arena, "invalid reference to FROM-clause entry for table \"%s\"", name)
                 : dg_arena_printf(r->arena, "missing FROM-clause entry for table \"%s\"", name));
}

void dg_report_missing_locked(struct dg_resolver *r, const char *name, const char *clause, int32_t location)
{
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_FROM_ENTRY, "42P01", location);
    if (finding == NULL)
        return;
    finding->relation = dg_report_copy(r, name);
    dg_report_set_message(
        r, finding, dg_arena_printf(r->arena, "relation \"%s\" in %s clause not found in FROM clause", name, clause));
}
