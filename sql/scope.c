/*
 * Scopes; see scope.h. Searching follows PostgreSQL's parse_relation.c: a level's entries in order, twice found is
 * ambiguous, nothing found goes one level out. What cannot be seen from a lateral position is passed over, or is an
 * error of its own on the wrong side of a RIGHT or FULL JOIN.
 *
 * Columns and entries are charged to the items' meter where they are looked at, since some forms multiply them (joins in
 * joins of wide tables, NATURAL above all): a limit on what a statement holds would not bound them.
 */
#include "sql/scope.h"

#include <string.h>

bool dg_column_list_add(struct dg_arena *arena, struct dg_column_list *list, const struct dg_scope_column *column)
{
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        struct dg_scope_column *columns = dg_arena_array(arena, cap, sizeof(*columns));
        if (columns == NULL)
            return false;
        if (list->n > 0)
            memcpy(columns, list->columns, list->n * sizeof(*columns));
        list->columns = columns;
        list->cap = cap;
    }
    list->columns[list->n++] = *column;
    return true;
}

bool dg_entry_list_add(struct dg_arena *arena, struct dg_entry_list *list, struct dg_scope_entry *entry)
{
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        struct dg_scope_entry **entries = dg_arena_array(arena, cap, sizeof(struct dg_scope_entry *));
        if (entries == NULL)
            return false;
        if (list->n > 0)
            memcpy(entries, list->entries, list->n * sizeof(struct dg_scope_entry *));
        list->entries = entries;
        list->cap = cap;
    }
    list->entries[list->n++] = entry;
    return true;
}

bool dg_entry_list_append(struct dg_arena *arena, struct dg_entry_list *list, const struct dg_entry_list *more)
{
    for (size_t i = 0; i < more->n; i++) {
        if (!dg_entry_list_add(arena, list, more->entries[i]))
            return false;
    }
    return true;
}

void dg_entry_list_set_lateral(const struct dg_entry_list *list, bool is_lateral_only, bool is_lateral_ok)
{
    for (size_t i = 0; i < list->n; i++) {
        list->entries[i]->is_lateral_only = is_lateral_only;
        list->entries[i]->is_lateral_ok = is_lateral_ok;
    }
}

void dg_scope_init(struct dg_scope *scope, struct dg_scope *parent)
{
    memset(scope, 0, sizeof(*scope));
    scope->parent = parent;
}

void dg_scope_add_item(struct dg_scope *scope, struct dg_scope_item *item)
{
    if (scope->last_item == NULL)
        scope->items = item;
    else
        scope->last_item->next = item;
    scope->last_item = item;
}

/* ---- columns of one item ---- */

static struct dg_scope_column column_of(const struct dg_relation *relation, const struct dg_column *column)
{
    return (struct dg_scope_column){
        .name = column->name, .type_oid = column->type_oid, .relation_oid = relation->oid, .attnum = column->attnum};
}

/* Two findings in one item make it ambiguous; an open part only matters while nothing was found. */
static enum dg_lookup combine(enum dg_lookup a, enum dg_lookup b)
{
    if (a == DG_LOOKUP_NONE || (a == DG_LOOKUP_OPEN && b != DG_LOOKUP_NONE))
        return b;
    if (b == DG_LOOKUP_NONE || b == DG_LOOKUP_OPEN)
        return a;
    return DG_LOOKUP_AMBIGUOUS;
}

struct name_search {
    const char *name;
    struct dg_scope_column *column;
    enum dg_lookup result;
};

/* A look-up in a relation, in comparisons. */
#define RELATION_LOOKUP 8

static bool match_name(void *context, const struct dg_scope_column *column)
{
    struct name_search *search = context;
    if (strcmp(column->name, search->name) != 0)
        return true;
    if (search->result == DG_LOOKUP_NONE)
        *search->column = *column;
    search->result = combine(search->result, DG_LOOKUP_FOUND);
    return search->result == DG_LOOKUP_FOUND;
}

static enum dg_lookup find_in_relation(const struct dg_scope_item *item, const char *name, bool with_system,
                                       struct dg_scope_column *column)
{
    struct name_search search = {name, column, DG_LOOKUP_NONE};
    if (item->n_aliases > 0) {
        dg_item_each_column(item, match_name, &search);
        if (search.result != DG_LOOKUP_NONE)
            return search.result;
    }
    const struct dg_column *found = dg_relation_column(item->relation, dg_str_of(name));
    bool is_renamed = item->n_aliases > 0 && found != NULL && found->attnum > 0;
    if (found == NULL || is_renamed || (found->attnum < 0 && (!with_system || item->is_excluded)))
        return DG_LOOKUP_NONE;
    *column = column_of(item->relation, found);
    return DG_LOOKUP_FOUND;
}

bool dg_item_is_open(const struct dg_scope_item *item)
{
    return item->is_open || item->list.is_open;
}

static const struct dg_scope_column *merged_column(const struct dg_scope_item *join, const char *name)
{
    dg_work_add(join->work, join->n_merged);
    for (size_t i = 0; i < join->n_merged; i++) {
        if (strcmp(join->merged[i].name, name) == 0)
            return &join->merged[i];
    }
    return NULL;
}

static enum dg_lookup find_in_join(const struct dg_scope_item *item, const char *name, struct dg_scope_column *column)
{
    const struct dg_scope_column *merged = merged_column(item, name);
    if (merged != NULL) {
        *column = *merged;
        return DG_LOOKUP_FOUND;
    }
    struct dg_scope_column other;
    enum dg_lookup left = dg_item_find_column(item->left, name, false, column);
    enum dg_lookup right = dg_item_find_column(item->right, name, false, &other);
    if (right == DG_LOOKUP_FOUND && left != DG_LOOKUP_FOUND)
        *column = other;
    enum dg_lookup result = combine(left, right);
    return result == DG_LOOKUP_NONE && dg_item_is_open(item) ? DG_LOOKUP_OPEN : result;
}

enum dg_lookup dg_item_find_column(const struct dg_scope_item *item, const char *name, bool with_system,
                                   struct dg_scope_column *column)
{
    memset(column, 0, sizeof(*column));
    if (!dg_work_add(item->work, RELATION_LOOKUP))
        return DG_LOOKUP_OPEN;
    if (item->kind == DG_ITEM_JOIN && item->left != NULL && item->right != NULL)
        return find_in_join(item, name, column);
    struct name_search search = {name, column, DG_LOOKUP_NONE};
    if (item->kind == DG_ITEM_RELATION)
        search.result = find_in_relation(item, name, with_system, column);
    else
        dg_item_each_column(item, match_name, &search);
    return search.result == DG_LOOKUP_NONE && dg_item_is_open(item) ? DG_LOOKUP_OPEN : search.result;
}

static bool each_relation_column(const struct dg_scope_item *item,
                                 bool (*visit)(void *context, const struct dg_scope_column *column), void *context)
{
    const struct dg_relation *relation = item->relation;
    size_t n_live = 0;
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        if ((relation->columns[i].flags & DG_COLUMN_DROPPED) != 0)
            continue;
        struct dg_scope_column column = column_of(relation, &relation->columns[i]);
        if (n_live < item->n_aliases)
            column.name = item->aliases[n_live];
        n_live++;
        if (!dg_work_add(item->work, 1) || !visit(context, &column))
            return false;
    }
    return true;
}

struct rest_visit {
    const struct dg_scope_item *join;
    bool (*visit)(void *context, const struct dg_scope_column *column);
    void *context;
};

static bool visit_unless_merged(void *context, const struct dg_scope_column *column)
{
    struct rest_visit *rest = context;
    if (!dg_work_add(rest->join->work, 1))
        return false;
    if (merged_column(rest->join, column->name) != NULL)
        return true;
    return rest->visit(rest->context, column);
}

bool dg_item_each_column(const struct dg_scope_item *item,
                         bool (*visit)(void *context, const struct dg_scope_column *column), void *context)
{
    if (item->kind == DG_ITEM_RELATION)
        return each_relation_column(item, visit, context);
    if (item->kind == DG_ITEM_JOIN && item->left != NULL && item->right != NULL) {
        for (size_t i = 0; i < item->n_merged; i++) {
            if (!dg_work_add(item->work, 1) || !visit(context, &item->merged[i]))
                return false;
        }
        struct rest_visit rest = {item, visit, context};
        return dg_item_each_column(item->left, visit_unless_merged, &rest) &&
               dg_item_each_column(item->right, visit_unless_merged, &rest);
    }
    for (size_t i = 0; i < item->list.n; i++) {
        if (!dg_work_add(item->work, 1) || !visit(context, &item->list.columns[i]))
            return false;
    }
    return true;
}

/* ---- levels ---- */

static bool is_hidden(const struct dg_scope *scope, const struct dg_scope_entry *entry)
{
    return entry->is_lateral_only && !scope->is_lateral_active;
}

static enum dg_lookup find_at_level(const struct dg_scope *scope, const char *name, struct dg_scope_column *column,
                                    const struct dg_scope_item **item, bool *is_lateral_error)
{
    enum dg_lookup result = DG_LOOKUP_NONE;
    for (size_t i = 0; i < scope->entries.n; i++) {
        const struct dg_scope_entry *entry = scope->entries.entries[i];
        if (!entry->shows_columns || is_hidden(scope, entry))
            continue;
        struct dg_scope_column candidate;
        enum dg_lookup here = dg_item_find_column(entry->item, name, true, &candidate);
        if (here == DG_LOOKUP_FOUND) {
            *column = candidate;
            *item = entry->item;
            if (entry->is_lateral_only && !entry->is_lateral_ok)
                *is_lateral_error = true;
        }
        result = combine(result, here);
    }
    return result;
}

enum dg_lookup dg_scope_find_column(const struct dg_scope *scope, const char *name, bool local_only,
                                    struct dg_scope_column *column, const struct dg_scope_item **item,
                                    bool *is_lateral_error)
{
    bool is_open = false;
    *is_lateral_error = false;
    *item = NULL;
    memset(column, 0, sizeof(*column));
    for (; scope != NULL; scope = scope->parent) {
        enum dg_lookup result = find_at_level(scope, name, column, item, is_lateral_error);
        if (result == DG_LOOKUP_AMBIGUOUS)
            return is_open ? DG_LOOKUP_OPEN : result; /* an open item further in may have caught the name */
        if (result == DG_LOOKUP_FOUND) {
            /* An open item further in may have caught the name: it is found, but not known where. */
            if (is_open)
                memset(column, 0, sizeof(*column));
            return result;
        }
        is_open = is_open || result == DG_LOOKUP_OPEN;
        if (local_only)
            break;
    }
    return is_open ? DG_LOOKUP_OPEN : DG_LOOKUP_NONE;
}

static bool answers_to(const struct dg_scope_item *item, const char *name, dg_oid oid)
{
    dg_work_add(item->work, 1);
    if (oid == 0)
        return strcmp(item->name, name) == 0;
    return item->kind == DG_ITEM_RELATION && item->relation->oid == oid && !item->has_alias;
}

enum dg_lookup dg_scope_find_item(const struct dg_scope *scope, const char *name, dg_oid oid,
                                  const struct dg_scope_item **item, bool *is_lateral_error)
{
    *is_lateral_error = false;
    for (; scope != NULL; scope = scope->parent) {
        enum dg_lookup result = DG_LOOKUP_NONE;
        for (size_t i = 0; i < scope->entries.n; i++) {
            const struct dg_scope_entry *entry = scope->entries.entries[i];
            if (!entry->shows_name || is_hidden(scope, entry) || !answers_to(entry->item, name, oid))
                continue;
            result = combine(result, DG_LOOKUP_FOUND);
            *item = entry->item;
            if (entry->is_lateral_only && !entry->is_lateral_ok)
                *is_lateral_error = true;
        }
        if (result != DG_LOOKUP_NONE)
            return result;
    }
    return DG_LOOKUP_NONE;
}

struct dg_cte *dg_scope_find_cte(struct dg_work *work, const struct dg_scope *scope, const char *name,
                                 unsigned *levels_up)
{
    *levels_up = 0;
    for (; scope != NULL; scope = scope->parent, (*levels_up)++) {
        for (struct dg_cte *cte = scope->ctes; cte != NULL; cte = cte->next) {
            dg_work_add(work, 1);
            if (strcmp(cte->name, name) == 0)
                return cte;
        }
    }
    return NULL;
}
