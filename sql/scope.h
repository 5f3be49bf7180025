/*
 * Scopes: what a name can mean at one point of a statement.
 *
 * A *scope* is one query level (PostgreSQL's ParseState). Its *items* are what FROM and the target brought in (range
 * table entries); an *entry* makes an item visible by name, by its columns, or both, and may be reserved for LATERAL.
 * Entries come and go while a clause is analysed; items stay, since the words of an error depend on them ("missing
 * FROM-clause entry" or "invalid reference").
 *
 * An item whose columns are not known is *open*: it may have any column, so no name is missing where it is searched.
 */
#ifndef DG_SQL_SCOPE_H
#define DG_SQL_SCOPE_H

#include "base/arena.h"
#include "schema/snapshot.h"

struct cJSON; /* the parser's tree */

/* What the names of a text have cost: names compared, near enough. Shared by all its statements. Beyond the limit every
   look-up is open, so nothing more is found missing. */
struct dg_work {
    size_t done;
    size_t max;
};

/* False beyond the limit. NULL has none. */
static inline bool dg_work_add(struct dg_work *work, size_t n)
{
    if (work == NULL)
        return true;
    work->done = n > work->max - work->done ? work->max : work->done + n;
    return work->done < work->max;
}

struct dg_scope_column {
    const char *name;
    dg_oid type_oid;     /* 0: not known */
    dg_oid relation_oid; /* the relation's column behind it, 0: none */
    int16_t attnum;
    bool is_unexpanded; /* columns of SEARCH and CYCLE: no part of * inside their CTE */
};

/* A growing list of columns: a target list, a function's result. */
struct dg_column_list {
    struct dg_scope_column *columns;
    size_t n;
    size_t cap;
    bool is_open; /* there may be more */
};

enum dg_item_kind {
    DG_ITEM_RELATION,
    DG_ITEM_SUBQUERY,
    DG_ITEM_CTE,
    DG_ITEM_FUNCTION,
    DG_ITEM_VALUES,
    DG_ITEM_JOIN,
    DG_ITEM_UNDECIDED /* a relation that is missing or not known */
};

struct dg_cte;

struct dg_scope_item {
    enum dg_item_kind kind;
    const char *name; /* the alias or the item's own name */
    bool has_alias;
    bool is_open;
    bool is_excluded;    /* ON CONFLICT's `excluded`: no system columns */
    bool is_scalar;      /* a function's alias that stands for one value */
    bool is_using_alias; /* its whole row is built from the merged columns */
    dg_oid row_type_oid; /* type of a whole-row reference; 0: not known */

    const struct dg_relation *relation; /* RELATION */
    const struct dg_cte *cte;           /* CTE */
    const char *written_name;           /* UNDECIDED: the name without alias */
    const char *const *aliases;         /* RELATION: names for the first columns */
    size_t n_aliases;

    struct dg_column_list list; /* all but RELATION and a JOIN without column aliases */

    struct dg_scope_item *left; /* JOIN: its columns are merged, then the rest of left, then the rest of right */
    struct dg_scope_item *right;
    const struct dg_scope_column *merged;
    size_t n_merged;
    const char *using_alias; /* JOIN USING (...) AS name */

    struct dg_work *work; /* what searching it costs goes there; NULL: nowhere */

    struct dg_scope_item *next; /* in order of analysis */
};

struct dg_scope_entry {
    struct dg_scope_item *item;
    bool shows_name;
    bool shows_columns;
    bool is_lateral_only; /* visible only while the level analyses something LATERAL */
    bool is_lateral_ok;   /* false: referring to it is an error of its own (42P10) */
};

struct dg_entry_list {
    struct dg_scope_entry **entries;
    size_t n;
    size_t cap;
};

struct dg_cte {
    const char *name;
    const struct cJSON *body;
    struct dg_column_list columns;
    bool is_ready;       /* its columns are known; false inside itself, before its first arm was analysed */
    bool has_no_columns; /* data-modifying without RETURNING: a reference is 0A000 */
    struct dg_cte *next;
};

/* An OVER (...) met in an expression: its names are looked up after LIMIT. */
struct dg_pending_window {
    const struct cJSON *body;
    struct dg_pending_window *next; /* the one met before */
};

struct dg_scope {
    struct dg_scope *parent;
    struct dg_scope_item *items; /* in order of analysis */
    struct dg_scope_item *last_item;
    struct dg_entry_list entries;
    struct dg_cte *ctes;                       /* those that may be referred to */
    struct dg_pending_window *pending_windows; /* last met first */
    bool is_lateral_active;
    bool has_aggregate; /* one that did not blur */
};

enum dg_lookup {
    DG_LOOKUP_NONE,
    DG_LOOKUP_FOUND,
    DG_LOOKUP_AMBIGUOUS, /* PostgreSQL's 42702 or 42P09 */
    DG_LOOKUP_OPEN       /* not found, but something searched is open */
};

/* Appending; false if there is no memory. */
bool dg_column_list_add(struct dg_arena *arena, struct dg_column_list *list, const struct dg_scope_column *column);
bool dg_entry_list_add(struct dg_arena *arena, struct dg_entry_list *list, struct dg_scope_entry *entry);
bool dg_entry_list_append(struct dg_arena *arena, struct dg_entry_list *list, const struct dg_entry_list *more);
void dg_entry_list_set_lateral(const struct dg_entry_list *list, bool is_lateral_only, bool is_lateral_ok);

void dg_scope_init(struct dg_scope *scope, struct dg_scope *parent);
void dg_scope_add_item(struct dg_scope *scope, struct dg_scope_item *item);

bool dg_item_is_open(const struct dg_scope_item *item);
/* A column of the item by name. System columns only `with_system`. */
enum dg_lookup dg_item_find_column(const struct dg_scope_item *item, const char *name, bool with_system,
                                   struct dg_scope_column *column);
/* Calls visit for each column in order (dropped ones left out); stops when it returns false, or beyond the limit of
   work. */
bool dg_item_each_column(const struct dg_scope_item *item,
                         bool (*visit)(void *context, const struct dg_scope_column *column), void *context);

/* An unqualified column: this level, then (unless local_only) outwards. *is_lateral_error: found where LATERAL may not
   look. */
enum dg_lookup dg_scope_find_column(const struct dg_scope *scope, const char *name, bool local_only,
                                    struct dg_scope_column *column, const struct dg_scope_item **item,
                                    bool *is_lateral_error);
/* A visible item by alias, or by relation when oid is not 0 (then only one without alias). */
enum dg_lookup dg_scope_find_item(const struct dg_scope *scope, const char *name, dg_oid oid,
                                  const struct dg_scope_item **item, bool *is_lateral_error);
/* A CTE by name; *levels_up counts the levels between. NULL when there is none. */
struct dg_cte *dg_scope_find_cte(struct dg_work *work, const struct dg_scope *scope, const char *name,
                                 unsigned *levels_up);

#endif
