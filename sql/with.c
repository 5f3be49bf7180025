/*
 * WITH. Plain: each query sees those before it. RECURSIVE: all see all, and the server analyses them in the order of
 * their dependencies (parse_cte.c); a recursive query sees its own columns once its first arm has been analysed. SEARCH
 * and CYCLE add columns that * leaves out inside the query itself.
 */
#include <string.h>

#include "sql/resolver.h"

/* More queries than this in one WITH RECURSIVE are taken in the written order, and nothing after is exact. */
#define MAX_ORDERED_CTES 32
#define WORK_PER_NODE 10

static void add_named(struct dg_resolver *r, struct dg_column_list *list, const char *name)
{
    struct dg_scope_column column = {.name = name, .is_unexpanded = true};
    if (name != NULL)
        dg_list_add(r, list, &column);
}

void dg_with_set_columns(struct dg_resolver *r, struct dg_cte *cte, const struct dg_column_list *columns)
{
    struct dg_column_list list = {.is_open = columns->is_open};
    for (size_t i = 0; i < columns->n; i++)
        dg_list_add(r, &list, &columns->columns[i]);
    size_t i = 0;
    for (const cJSON *item = dg_tree_list(cte->body, "aliascolnames"); item != NULL; item = item->next, i++) {
        struct dg_scope_column column = {.name = dg_tree_sval(item)};
        if (column.name == NULL)
            continue;
        if (i < list.n)
            list.columns[i].name = column.name;
        else if (list.is_open)
            dg_list_add(r, &list, &column);
        else
            dg_resolver_blur(r); /* 42P10 */
    }
    const cJSON *search = dg_tree_field(cte->body, "search_clause");
    const cJSON *cycle = dg_tree_field(cte->body, "cycle_clause");
    add_named(r, &list, dg_tree_string(search, "search_seq_column"));
    add_named(r, &list, dg_tree_string(cycle, "cycle_mark_column"));
    add_named(r, &list, dg_tree_string(cycle, "cycle_path_column"));
    if (search != NULL || cycle != NULL)
        dg_resolver_blur(r);
    cte->columns = list;
    cte->is_ready = true;
}

static void analyze_cte(struct dg_resolver *r, struct dg_scope *scope, struct dg_cte *cte, bool is_recursive)
{
    struct dg_column_list columns = {0};
    const cJSON *query = dg_tree_field(cte->body, "ctequery");
    cte->has_no_columns = !dg_query(r, scope, query, is_recursive ? cte : NULL, &columns);
    /* A recursive query's types are settled by its first arm, and may then turn out wrong. */
    if (is_recursive && cte->is_ready)
        dg_resolver_blur(r);
    dg_with_set_columns(r, cte, &columns);
}

static struct dg_cte *new_cte(struct dg_resolver *r, const cJSON *body)
{
    struct dg_cte *cte = dg_resolver_alloc(r, sizeof(*cte));
    if (cte == NULL)
        return NULL;
    const char *name = dg_tree_string(body, "ctename");
    cte->name = name == NULL ? "" : name;
    cte->body = body;
    return cte;
}

/* Looked at before any of the queries: names, and MERGE, which WITH takes from 17 on (0A000). */
static void check_items(struct dg_resolver *r, const cJSON *first)
{
    size_t n = 0;
    for (const cJSON *a = first; a != NULL; a = a->next, n++) {
        const cJSON *body = dg_tree_body(a, DG_NODE_COMMON_TABLE_EXPR);
        const char *name = dg_tree_string(body, "ctename");
        if (r->facts->version_num < 170000 && dg_tree_child(body, "ctequery").kind == DG_NODE_MERGE_STMT)
            dg_resolver_blur(r);
        for (const cJSON *b = first; b != a && n < 100; b = b->next) {
            if (name != NULL && dg_tree_is(dg_tree_body(b, DG_NODE_COMMON_TABLE_EXPR), "ctename", name))
                dg_resolver_blur(r); /* 42712 */
        }
    }
    if (n >= 100)
        dg_resolver_blur(r);
}

static void plain_with(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first)
{
    for (const cJSON *item = first; item != NULL && !r->no_memory; item = item->next) {
        struct dg_cte *cte = new_cte(r, dg_tree_body(item, DG_NODE_COMMON_TABLE_EXPR));
        if (cte == NULL)
            return;
        analyze_cte(r, scope, cte, false);
        cte->next = scope->ctes;
        scope->ctes = cte;
    }
}

/* ---- RECURSIVE ---- */

/* A walk over a tree's relation names. Names that an inner WITH hides are not told apart: has_inner_with says that the
   order found may not be the server's. */
struct mention_scan {
    struct dg_cte *const *ctes;
    size_t n;
    struct dg_work *work; /* it is walked through again in each WITH around it */
    bool has_inner_with;
};

/* Bit i is set for each CTE that a relation name in the tree may mean. */
static uint64_t mentions(const cJSON *tree, struct mention_scan *scan, unsigned depth)
{
    uint64_t found = 0;
    if (depth > DG_RESOLVE_MAX_DEPTH || !dg_work_add(scan->work, WORK_PER_NODE))
        return 0;
    const char *name = dg_tree_string(tree, "relname");
    if (name != NULL && dg_tree_string(tree, "schemaname") == NULL) {
        for (size_t i = 0; i < scan->n; i++) {
            if (strcmp(scan->ctes[i]->name, name) == 0)
                found |= (uint64_t)1 << i;
        }
    }
    if (dg_tree_field(tree, "withClause") != NULL)
        scan->has_inner_with = true;
    for (const cJSON *child = tree == NULL ? NULL : tree->child; child != NULL; child = child->next)
        found |= mentions(child, scan, depth + 1);
    return found;
}

/* The server's sort: to each place comes the first of the rest that waits for none of the rest. */
static void sort_by_dependency(struct dg_resolver *r, struct dg_cte **ctes, uint64_t *needs, size_t n)
{
    uint64_t done = 0;
    uint64_t bit[MAX_ORDERED_CTES];
    for (size_t i = 0; i < n; i++)
        bit[i] = (uint64_t)1 << i;
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        while (j < n && (needs[j] & ~done & ~bit[j]) != 0)
            j++;
        if (j == n) {
            dg_resolver_blur(r); /* 0A000: mutual recursion */
            return;
        }
        struct dg_cte *cte = ctes[j];
        uint64_t need = needs[j];
        uint64_t own = bit[j];
        ctes[j] = ctes[i];
        needs[j] = needs[i];
        bit[j] = bit[i];
        ctes[i] = cte;
        needs[i] = need;
        bit[i] = own;
        done |= own;
    }
}

/* How a query refers to itself. */
struct recursion {
    struct dg_work *work;
    const char *name;
    size_t n;      /* times */
    bool is_risky; /* something that the server may refuse a reference under: outer joins, sub-selects, EXCEPT */
};

static void count_references(const cJSON *tree, struct recursion *recursion, unsigned depth)
{
    if (depth > DG_RESOLVE_MAX_DEPTH || !dg_work_add(recursion->work, WORK_PER_NODE))
        return;
    if (dg_tree_is(tree, "relname", recursion->name) && dg_tree_string(tree, "schemaname") == NULL)
        recursion->n++;
    bool is_outer = dg_tree_string(tree, "jointype") != NULL && !dg_tree_is(tree, "jointype", "JOIN_INNER");
    bool is_difference = dg_tree_is(tree, "op", "SETOP_EXCEPT") || dg_tree_is(tree, "op", "SETOP_INTERSECT");
    if (is_outer || is_difference || dg_tree_string(tree, "subLinkType") != NULL)
        recursion->is_risky = true;
    for (const cJSON *child = tree == NULL ? NULL : tree->child; child != NULL; child = child->next)
        count_references(child, recursion, depth + 1);
}

/* The server checks the form of all recursions (42P19) before it looks at any name. Only the plainest is known to pass:
   one reference, in the second arm of a UNION. */
static void check_recursion(struct dg_resolver *r, const struct dg_cte *cte)
{
    const cJSON *query = dg_tree_field(cte->body, "ctequery");
    const cJSON *select = dg_tree_body(query, DG_NODE_SELECT_STMT);
    struct recursion all = {.work = r->work, .name = cte->name};
    struct recursion second = {.work = r->work, .name = cte->name};
    count_references(query, &all, 0);
    if (all.n == 0)
        return;
    count_references(dg_tree_field(select, "rarg"), &second, 0);
    bool has_clauses = dg_tree_list(select, "sortClause") != NULL || dg_tree_field(select, "limitCount") != NULL ||
                       dg_tree_field(select, "limitOffset") != NULL || dg_tree_list(select, "lockingClause") != NULL ||
                       dg_tree_field(select, "withClause") != NULL;
    if (all.n != 1 || second.n != 1 || second.is_risky || has_clauses || !dg_tree_is(select, "op", "SETOP_UNION"))
        dg_resolver_blur(r);
}

static void order_ctes(struct dg_resolver *r, struct dg_cte **ctes, size_t n)
{
    uint64_t needs[MAX_ORDERED_CTES];
    struct mention_scan scan = {.ctes = ctes, .n = n, .work = r->work};
    if (n > MAX_ORDERED_CTES) {
        dg_resolver_blur(r);
        return;
    }
    for (size_t i = 0; i < n; i++)
        needs[i] = mentions(dg_tree_field(ctes[i]->body, "ctequery"), &scan, 0);
    if (scan.has_inner_with)
        dg_resolver_blur(r);
    if (!dg_resolver_work(r, 0))
        return;
    for (size_t i = 0; i < n; i++)
        check_recursion(r, ctes[i]);
    sort_by_dependency(r, ctes, needs, n);
}

static void recursive_with(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first)
{
    size_t n = 0;
    struct dg_cte **ctes = dg_arena_array(r->arena, (size_t)dg_tree_length(first) + 1, sizeof(struct dg_cte *));
    if (ctes == NULL) {
        r->no_memory = true;
        return;
    }
    for (const cJSON *item = first; item != NULL; item = item->next) {
        struct dg_cte *cte = new_cte(r, dg_tree_body(item, DG_NODE_COMMON_TABLE_EXPR));
        if (cte == NULL)
            return;
        ctes[n++] = cte;
    }
    order_ctes(r, ctes, n);
    for (size_t i = 0; i < n; i++) {
        ctes[i]->next = scope->ctes;
        scope->ctes = ctes[i];
    }
    for (size_t i = 0; i < n && !r->no_memory; i++)
        analyze_cte(r, scope, ctes[i], true);
}

void dg_with_clause(struct dg_resolver *r, struct dg_scope *scope, const cJSON *with)
{
    const cJSON *first = dg_tree_list(with, "ctes");
    if (first == NULL)
        return;
    check_items(r, first);
    if (dg_tree_bool(with, "recursive"))
        recursive_with(r, scope, first);
    else
        plain_with(r, scope, first);
}
