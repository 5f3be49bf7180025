/*
 * Target lists: what a select list or RETURNING gives, under which names, and the clauses that may name an output
 * column: ORDER BY, GROUP BY, DISTINCT ON (PostgreSQL's parse_target.c and findTargetlistEntrySQL92).
 */
#include <string.h>

#include "sql/resolver.h"

/* ---- names ---- */

static int figure_name(const struct dg_resolver *r, const cJSON *wrapped, const char **name, unsigned depth);

static int figure_from_words(const cJSON *body, const char *field, const char *const (*words)[2], const char **name)
{
    for (size_t i = 0; words[i][0] != NULL; i++) {
        if (dg_tree_is(body, field, words[i][0])) {
            *name = words[i][1];
            return 2;
        }
    }
    return 0;
}

static int figure_value_function(const cJSON *body, const char **name)
{
    static const char *const words[][2] = {
        {"SVFOP_CURRENT_DATE", "current_date"},     {"SVFOP_CURRENT_TIME", "current_time"},
        {"SVFOP_CURRENT_TIME_N", "current_time"},   {"SVFOP_CURRENT_TIMESTAMP", "current_timestamp"},
        {"SVFOP_LOCALTIME", "localtime"},           {"SVFOP_CURRENT_TIMESTAMP_N", "current_timestamp"},
        {"SVFOP_LOCALTIME_N", "localtime"},         {"SVFOP_LOCALTIMESTAMP", "localtimestamp"},
        {"SVFOP_CURRENT_ROLE", "current_role"},     {"SVFOP_LOCALTIMESTAMP_N", "localtimestamp"},
        {"SVFOP_CURRENT_USER", "current_user"},     {"SVFOP_USER", "user"},
        {"SVFOP_SESSION_USER", "session_user"},     {"SVFOP_CURRENT_CATALOG", "current_catalog"},
        {"SVFOP_CURRENT_SCHEMA", "current_schema"}, {NULL, NULL}};
    return figure_from_words(body, "op", words, name);
}

static int figure_xml(const cJSON *body, const char **name)
{
    static const char *const words[][2] = {{"IS_XMLCONCAT", "xmlconcat"},
                                           {"IS_XMLELEMENT", "xmlelement"},
                                           {"IS_XMLFOREST", "xmlforest"},
                                           {"IS_XMLPARSE", "xmlparse"},
                                           {"IS_XMLPI", "xmlpi"},
                                           {"IS_XMLROOT", "xmlroot"},
                                           {"IS_XMLSERIALIZE", "xmlserialize"},
                                           {NULL, NULL}};
    return figure_from_words(body, "op", words, name);
}

/* The last of the names, or what the argument is called; stars and subscripts have none. */
static int figure_reference(const struct dg_resolver *r, const cJSON *names, const cJSON *arg, const char **name,
                            unsigned depth)
{
    const char *last = NULL;
    for (const cJSON *item = names; item != NULL; item = item->next) {
        if (dg_tree_sval(item) != NULL)
            last = dg_tree_sval(item);
    }
    if (last == NULL)
        return arg == NULL ? 0 : figure_name(r, arg, name, depth);
    *name = last;
    return 2;
}

static int figure_cast(const struct dg_resolver *r, const cJSON *body, const char **name, unsigned depth)
{
    int strength = figure_name(r, dg_tree_field(body, "arg"), name, depth);
    const char *type = dg_tree_last_name(dg_tree_list(dg_tree_field(body, "typeName"), "names"));
    if (strength > 1 || type == NULL)
        return strength;
    *name = type;
    return 1;
}

static int figure_case(const struct dg_resolver *r, const cJSON *body, const char **name, unsigned depth)
{
    int strength = figure_name(r, dg_tree_field(body, "defresult"), name, depth);
    if (strength > 1)
        return strength;
    *name = "case";
    return 1;
}

static int figure_sublink(const struct dg_resolver *r, const cJSON *body, const char **name)
{
    if (dg_tree_field(body, "subLinkType") == NULL || dg_tree_is(body, "subLinkType", "EXISTS_SUBLINK")) {
        *name = "exists";
        return 2;
    }
    if (dg_tree_is(body, "subLinkType", "ARRAY_SUBLINK")) {
        *name = "array";
        return 2;
    }
    if (!dg_tree_is(body, "subLinkType", "EXPR_SUBLINK"))
        return 0;
    *name = NULL; /* as long as nothing is known of it */
    for (const struct dg_sublink_name *entry = r->sublink_names; entry != NULL; entry = entry->next) {
        if (entry->body == body) {
            *name = entry->name;
            break;
        }
    }
    return 2;
}

static int figure_fixed(const char *word, const char **name)
{
    *name = word;
    return 2;
}

/* 0: no name; 1: a weak one, which a better argument's name replaces; 2: a name. */
static int figure_name(const struct dg_resolver *r, const cJSON *wrapped, const char **name, unsigned depth)
{
    struct dg_node node = dg_tree_node(wrapped);
    const cJSON *body = node.body;
    if (depth > DG_RESOLVE_MAX_DEPTH)
        return 0;
    depth++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (node.kind) {
    case DG_NODE_COLUMN_REF:
        return figure_reference(r, dg_tree_list(body, "fields"), NULL, name, depth);
    case DG_NODE_A_INDIRECTION:
        return figure_reference(r, dg_tree_list(body, "indirection"), dg_tree_field(body, "arg"), name, depth);
    case DG_NODE_FUNC_CALL:
        return figure_fixed(dg_call_name(r, body), name);
    case DG_NODE_A_EXPR:
        return dg_tree_is(body, "kind", "AEXPR_NULLIF") ? figure_fixed("nullif", name) : 0;
    case DG_NODE_TYPE_CAST:
        return figure_cast(r, body, name, depth);
    case DG_NODE_COLLATE_CLAUSE:
        return figure_name(r, dg_tree_field(body, "arg"), name, depth);
    case DG_NODE_GROUPING_FUNC:
        return figure_fixed("grouping", name);
    case DG_NODE_SUB_LINK:
        return figure_sublink(r, body, name);
    case DG_NODE_CASE_EXPR:
        return figure_case(r, body, name, depth);
    case DG_NODE_A_ARRAY_EXPR:
        return figure_fixed("array", name);
    case DG_NODE_ROW_EXPR:
        return figure_fixed("row", name);
    case DG_NODE_COALESCE_EXPR:
        return figure_fixed("coalesce", name);
    case DG_NODE_MIN_MAX_EXPR:
        return figure_fixed(dg_tree_is(body, "op", "IS_LEAST") ? "least" : "greatest", name);
    case DG_NODE_SQL_VALUE_FUNCTION:
        return figure_value_function(body, name);
    case DG_NODE_XML_EXPR:
        return figure_xml(body, name);
    case DG_NODE_XML_SERIALIZE:
        return figure_fixed("xmlserialize", name);
    case DG_NODE_A_CONST:
        if (dg_tree_field(body, "boolval") == NULL || r->facts->version_num >= 150000)
            return 0;
        *name = "bool"; /* before 15 a truth value was a cast */
        return 1;
    default:
        return 0;
    }
#pragma GCC diagnostic pop
}

const char *dg_target_name(const struct dg_resolver *r, const cJSON *wrapped)
{
    const char *name = "?column?";
    return figure_name(r, wrapped, &name, 0) == 0 ? "?column?" : name;
}

/* ---- the list ---- */

struct star_context {
    struct dg_resolver *r;
    struct dg_column_list *targets;
};

static bool add_star_column(void *context, const struct dg_scope_column *column)
{
    struct star_context *star = context;
    if (!column->is_unexpanded)
        dg_list_add(star->r, star->targets, column);
    /* A list that is full takes no more. */
    return !star->r->no_memory && (!star->targets->is_open || star->targets->n < DG_RESOLVE_MAX_COLUMNS);
}

static void report_star(struct dg_resolver *r, const struct dg_scope_item *item, int32_t location)
{
    if (!dg_resolver_work(r, 10))
        return;
    if (item->kind == DG_ITEM_RELATION)
        dg_report_reference(r, item->relation->oid, 0, location);
    if (item->kind == DG_ITEM_JOIN && item->left != NULL && item->right != NULL) {
        report_star(r, item->left, location);
        report_star(r, item->right, location);
    }
}

void dg_targets_star(struct dg_resolver *r, const struct dg_scope_item *item, struct dg_column_list *targets,
                     int32_t location)
{
    struct star_context star = {r, targets};
    if (!dg_resolver_work(r, 10)) {
        targets->is_open = true;
        return;
    }
    report_star(r, item, location);
    dg_item_each_column(item, add_star_column, &star);
    if (dg_item_is_open(item))
        targets->is_open = true;
}

static void bare_star(struct dg_resolver *r, struct dg_scope *scope, struct dg_column_list *targets, int32_t location)
{
    bool has_table = false;
    for (size_t i = 0; i < scope->entries.n; i++) {
        const struct dg_scope_entry *entry = scope->entries.entries[i];
        if (!entry->shows_columns)
            continue;
        has_table = true;
        dg_targets_star(r, entry->item, targets, location);
        if (dg_resolver_has_given_up(r))
            return;
    }
    if (!has_table)
        dg_resolver_blur(r); /* 42601 */
}

static bool ends_in_star(const cJSON *first)
{
    while (first != NULL && first->next != NULL)
        first = first->next;
    return first != NULL && dg_tree_node(first).kind == DG_NODE_A_STAR;
}

static void reference_star(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                           struct dg_column_list *targets)
{
    const cJSON *fields = dg_tree_list(body, "fields");
    int n_fields = dg_tree_length(fields);
    int32_t location = dg_tree_location(body);
    if (n_fields == 1) {
        bare_star(r, scope, targets, location);
        return;
    }
    const struct dg_scope_item *item = dg_column_qualifier(r, scope, fields, n_fields - 1, location);
    if (item == NULL)
        targets->is_open = true;
    else
        dg_targets_star(r, item, targets, location);
}

static void indirection_star(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                             struct dg_column_list *targets)
{
    struct dg_value value = dg_column_indirection_but_last(r, scope, body);
    const struct dg_relation *composite = dg_names_composite(r, value.type_oid);
    dg_resolver_blur(r);
    if (value.row != NULL) {
        dg_targets_star(r, value.row, targets, value.location);
    } else if (value.record != NULL && value.record->list.n > 0) {
        dg_targets_star(r, value.record, targets, value.location);
    } else if (composite != NULL) {
        struct dg_scope_item item = {
            .kind = DG_ITEM_RELATION, .name = composite->name, .relation = composite, .work = r->work};
        dg_targets_star(r, &item, targets, value.location);
    } else {
        targets->is_open = true;
    }
}

static void add_target(struct dg_resolver *r, struct dg_scope *scope, const cJSON *target,
                       struct dg_column_list *targets)
{
    const cJSON *value_node = dg_tree_field(target, "val");
    struct dg_value value = dg_expression(r, scope, value_node);
    const char *name = dg_tree_string(target, "name");
    if (name == NULL)
        name = dg_target_name(r, value_node);
    struct dg_scope_column column = {
        .name = name, .type_oid = value.type_oid, .relation_oid = value.relation_oid, .attnum = value.attnum};
    if (value.is_string)
        column.type_oid = DG_TYPE_TEXT;
    if (name == NULL) { /* a sub-select's column of a name that is not known */
        column.name = "";
        targets->is_open = true;
    }
    dg_list_add(r, targets, &column);
}

void dg_targets(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first, struct dg_column_list *targets)
{
    for (const cJSON *item = first; item != NULL; item = item->next) {
        /* A star is no expression, which would ask. */
        if (dg_resolver_has_given_up(r)) {
            dg_resolver_give_up(r);
            targets->is_open = true;
            return;
        }
        const cJSON *target = dg_tree_body(item, DG_NODE_RES_TARGET);
        struct dg_node value = dg_tree_child(target, "val");
        if (value.kind == DG_NODE_COLUMN_REF && ends_in_star(dg_tree_list(value.body, "fields")))
            reference_star(r, scope, value.body, targets);
        else if (value.kind == DG_NODE_A_INDIRECTION && ends_in_star(dg_tree_list(value.body, "indirection")))
            indirection_star(r, scope, value.body, targets);
        else
            add_target(r, scope, target, targets);
    }
}

/* ---- clauses that may name an output column ---- */

/* The name if the node is a bare, undotted one. */
static const char *bare_name(const cJSON *wrapped)
{
    const cJSON *fields = dg_tree_list(dg_tree_body(wrapped, DG_NODE_COLUMN_REF), "fields");
    return fields != NULL && fields->next == NULL ? dg_tree_sval(fields) : NULL;
}

static size_t count_outputs(const struct dg_column_list *targets, const char *name, dg_oid *type_oid)
{
    size_t n = 0;
    for (size_t i = 0; i < targets->n; i++) {
        if (strcmp(targets->columns[i].name, name) == 0) {
            n++;
            *type_oid = targets->columns[i].type_oid;
        }
    }
    return n;
}

static void check_sortable(struct dg_resolver *r, dg_oid type_oid)
{
    if (!dg_expression_is_comparable(r, type_oid))
        dg_resolver_blur(r); /* 42883: no ordering or equality operator */
}

/* A name that is no output column, while the output columns are not all known. */
static void open_output(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped, const char *name)
{
    struct dg_scope_column column;
    const struct dg_scope_item *item;
    bool is_lateral_error;
    dg_resolver_blur(r);
    if (dg_scope_find_column(scope, name, false, &column, &item, &is_lateral_error) != DG_LOOKUP_NONE) {
        dg_expression(r, scope, wrapped);
        return;
    }
    dg_report_column_name(r, NULL, name);
    dg_resolver_undecided(r, DG_REASON_UNKNOWN);
}

/* ORDER BY 2 */
static bool is_position(const cJSON *wrapped, const struct dg_column_list *targets, dg_oid *type_oid)
{
    const cJSON *ival = dg_tree_field(dg_tree_body(wrapped, DG_NODE_A_CONST), "ival");
    int32_t position = dg_tree_int(ival, "ival");
    if (ival == NULL)
        return false;
    bool is_listed = position >= 1 && (size_t)position <= targets->n && !targets->is_open;
    *type_oid = is_listed ? targets->columns[position - 1].type_oid : 0;
    return true;
}

static void output_or_expression(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped,
                                 const struct dg_column_list *targets, bool input_first)
{
    const char *name = bare_name(wrapped);
    dg_oid type_oid = 0;
    if (!dg_resolver_work(r, targets->n))
        return;
    if (is_position(wrapped, targets, &type_oid)) {
        check_sortable(r, type_oid);
        return;
    }
    if (dg_tree_node(wrapped).kind == DG_NODE_A_CONST)
        dg_resolver_blur(r); /* 42601: a constant that is no position */
    if (name != NULL && input_first) {
        struct dg_scope_column column;
        const struct dg_scope_item *item;
        bool is_lateral_error;
        if (dg_scope_find_column(scope, name, true, &column, &item, &is_lateral_error) != DG_LOOKUP_NONE)
            name = NULL;
    }
    size_t n_outputs = name == NULL ? 0 : count_outputs(targets, name, &type_oid);
    if (n_outputs > 0) {
        check_sortable(r, n_outputs == 1 ? type_oid : 0);
    } else if (name != NULL && targets->is_open) {
        open_output(r, scope, wrapped, name);
    } else {
        struct dg_value value = dg_expression(r, scope, wrapped);
        check_sortable(r, value.type_oid);
    }
}

void dg_targets_order_by(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first,
                         const struct dg_column_list *targets)
{
    r->clause = DG_CLAUSE_ORDER_BY;
    for (const cJSON *item = first; item != NULL; item = item->next) {
        const cJSON *sort = dg_tree_body(item, DG_NODE_SORT_BY);
        output_or_expression(r, scope, dg_tree_field(sort, "node"), targets, false);
        if (dg_tree_list(sort, "useOp") != NULL) {
            dg_absent_schema(r, dg_tree_list(sort, "useOp"), dg_tree_location(sort));
            dg_resolver_blur(r);
        }
    }
}

static void group_element(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped,
                          const struct dg_column_list *targets)
{
    struct dg_node node = dg_tree_node(wrapped);
    const cJSON *parts = NULL;
    if (node.kind == DG_NODE_GROUPING_SET)
        parts = dg_tree_list(node.body, "content");
    else if (node.kind == DG_NODE_LIST)
        parts = dg_tree_list(node.body, "items");
    else if (node.kind == DG_NODE_ROW_EXPR && dg_tree_is(node.body, "row_format", "COERCE_IMPLICIT_CAST"))
        parts = dg_tree_list(node.body, "args"); /* GROUP BY (a, b) */
    else if (node.kind != DG_NODE_NONE)
        output_or_expression(r, scope, wrapped, targets, true);
    if (parts == NULL || !dg_resolver_enter(r))
        return;
    for (const cJSON *part = parts; part != NULL; part = part->next)
        group_element(r, scope, part, targets);
    dg_resolver_leave(r);
}

void dg_targets_group_by(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first,
                         const struct dg_column_list *targets)
{
    r->clause = DG_CLAUSE_GROUP_BY;
    for (const cJSON *item = first; item != NULL; item = item->next)
        group_element(r, scope, item, targets);
    if (first != NULL && scope->has_aggregate)
        dg_resolver_blur(r); /* 42803: a position or an output name may be an aggregate's */
}

void dg_targets_distinct_on(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first,
                            const struct dg_column_list *targets)
{
    r->clause = DG_CLAUSE_SELECT_LIST;
    for (const cJSON *item = first; item != NULL; item = item->next) {
        if (dg_tree_node(item).kind == DG_NODE_NONE)
            dg_resolver_blur(r); /* plain DISTINCT: all columns must be sortable */
        else
            output_or_expression(r, scope, item, targets, false);
    }
}
