/*
 * Column references: name, table.name, schema.table.name, database.schema.table.name; whole rows; (expression).field;
 * and functional notation, by which table.name may be the call name(table).
 *
 * PostgreSQL's order (parse_expr.c transformColumnRef): an undotted name is a column of this level or one further out,
 * else a whole row. A dotted one needs its table to be visible; then a column, then a call. There is no falling back to
 * fields without parentheses.
 */
#include <string.h>

#include "sql/resolver.h"

static const struct dg_value nothing_known = {.location = -1};

static struct dg_value value_of_column(const struct dg_scope_column *column, int32_t location)
{
    return (struct dg_value){.type_oid = column->type_oid,
                             .relation_oid = column->relation_oid,
                             .attnum = column->attnum,
                             .location = location};
}

static struct dg_value value_of_row(struct dg_resolver *r, const struct dg_scope_item *item, int32_t location)
{
    if (item->kind == DG_ITEM_RELATION)
        dg_report_reference(r, item->relation->oid, 0, location);
    if (item->kind == DG_ITEM_RELATION && item->row_type_oid == 0)
        dg_resolver_blur(r); /* 42809: a sequence has no row type */
    return (struct dg_value){.type_oid = item->row_type_oid, .row = item, .location = location};
}

/* Words that later servers' grammars know as functions without parentheses, where our parser reads a column. */
static bool is_later_keyword(const struct dg_resolver *r, const char *name)
{
    return r->facts->version_num >= 160000 && strcmp(name, "system_user") == 0;
}

static size_t entries_in_scope(const struct dg_scope *scope)
{
    size_t n = 1;
    for (; scope != NULL; scope = scope->parent)
        n += scope->entries.n;
    return n;
}

/* Where LATERAL may not look, the error is another: 42P10. */
static void ambiguous_column(struct dg_resolver *r, const char *name, int32_t location, bool is_lateral_error)
{
    if (is_lateral_error || is_later_keyword(r, name))
        dg_resolver_blur(r);
    else
        dg_report_ambiguous_column(r, name, location);
}

struct dg_value dg_column_undotted(struct dg_resolver *r, struct dg_scope *scope, const char *name, int32_t location)
{
    if (!dg_resolver_work(r, entries_in_scope(scope)))
        return nothing_known;
    struct dg_scope_column column;
    const struct dg_scope_item *item;
    bool is_lateral_error;
    enum dg_lookup result = dg_scope_find_column(scope, name, false, &column, &item, &is_lateral_error);
    if (is_lateral_error)
        dg_resolver_blur(r); /* 42P10 */
    if (result == DG_LOOKUP_FOUND) {
        dg_report_column_reference(r, &column, location);
        return value_of_column(&column, location);
    }
    if (result == DG_LOOKUP_AMBIGUOUS) {
        ambiguous_column(r, name, location, is_lateral_error);
        return nothing_known;
    }
    enum dg_lookup row = dg_scope_find_item(scope, name, 0, &item, &is_lateral_error);
    if (row != DG_LOOKUP_NONE && is_lateral_error)
        dg_resolver_blur(r); /* 42P10 */
    if (row == DG_LOOKUP_FOUND && result == DG_LOOKUP_NONE)
        return value_of_row(r, item, location);
    if (row == DG_LOOKUP_AMBIGUOUS && result == DG_LOOKUP_NONE && !is_lateral_error && !is_later_keyword(r, name))
        dg_report_ambiguous_relation(r, name, location);
    if (row != DG_LOOKUP_NONE)
        return nothing_known;
    if (result == DG_LOOKUP_OPEN || is_later_keyword(r, name) || !dg_names_are_same_bytes(r, name)) {
        dg_report_column_name(r, NULL, name);
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    } else {
        dg_report_missing_column(r, scope, NULL, name, NULL, location);
    }
    return nothing_known;
}

/* ---- dotted names ---- */

static const struct dg_scope_item *found_item(struct dg_resolver *r, enum dg_lookup result, bool is_lateral_error,
                                              const struct dg_scope_item *item)
{
    if (is_lateral_error || result == DG_LOOKUP_AMBIGUOUS)
        dg_resolver_blur(r);
    return result == DG_LOOKUP_FOUND ? item : NULL;
}

static const struct dg_scope_item *schema_qualifier(struct dg_resolver *r, struct dg_scope *scope, const char *schema,
                                                    const char *name, int32_t location)
{
    struct dg_relation_name relation_name = {.schema = schema, .name = name, .location = location};
    struct dg_relation_lookup lookup = dg_names_relation(r, &relation_name);
    if (lookup.result == DG_NAME_UNDECIDED) {
        dg_resolver_undecided(r, lookup.reason);
        return NULL;
    }
    const struct dg_scope_item *item = NULL;
    bool is_lateral_error = false;
    enum dg_lookup result = DG_LOOKUP_NONE;
    if (lookup.result == DG_NAME_FOUND)
        result = dg_scope_find_item(scope, name, lookup.relation->oid, &item, &is_lateral_error);
    if (result == DG_LOOKUP_NONE)
        dg_report_missing_from_entry(r, scope, schema, name, location);
    return found_item(r, result, is_lateral_error, item);
}

const struct dg_scope_item *dg_column_qualifier(struct dg_resolver *r, struct dg_scope *scope, const cJSON *fields,
                                                int n_fields, int32_t location)
{
    const char *names[3] = {NULL, NULL, NULL}; /* database, schema, table */
    if (n_fields < 1 || n_fields > 3) {
        dg_resolver_blur(r); /* 42601: too many dotted names */
        return NULL;
    }
    const cJSON *field = fields;
    for (int i = 3 - n_fields; i < 3; i++, field = field == NULL ? NULL : field->next)
        names[i] = dg_tree_sval(field);
    if (names[2] == NULL || (n_fields >= 2 && names[1] == NULL)) {
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
        return NULL;
    }
    if (n_fields == 3 &&
        (names[0] == NULL || r->facts->database == NULL || strcmp(names[0], r->facts->database) != 0)) {
        dg_resolver_blur(r); /* 0A000: another database */
        return NULL;
    }
    if (n_fields >= 2)
        return schema_qualifier(r, scope, names[1], names[2], location);
    const struct dg_scope_item *item = NULL;
    bool is_lateral_error;
    enum dg_lookup result = dg_scope_find_item(scope, names[2], 0, &item, &is_lateral_error);
    if (result == DG_LOOKUP_AMBIGUOUS && !is_lateral_error)
        dg_report_ambiguous_relation(r, names[2], location);
    if (result == DG_LOOKUP_NONE && !dg_names_are_same_bytes(r, names[2]))
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    else if (result == DG_LOOKUP_NONE)
        dg_report_missing_from_entry(r, scope, NULL, names[2], location);
    return found_item(r, result, is_lateral_error, item);
}

/* A whole row's field, or a call of a function of that name: what (t).name and t.name have in common. */
static struct dg_value field_of_row(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *item,
                                    const char *qualifier, const char *name, int32_t location)
{
    struct dg_scope_column column;
    enum dg_lookup result = dg_item_find_column(item, name, true, &column);
    if (result == DG_LOOKUP_FOUND) {
        dg_report_column_reference(r, &column, location);
        return value_of_column(&column, location);
    }
    if (result == DG_LOOKUP_AMBIGUOUS) {
        dg_report_ambiguous_column(r, name, location);
        return nothing_known;
    }
    bool may_be_call = dg_names_may_be_call(r, name, item->row_type_oid, item->is_scalar);
    if (may_be_call || result == DG_LOOKUP_OPEN || !dg_names_are_same_bytes(r, name)) {
        dg_report_column_name(r, qualifier, name);
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
        return nothing_known;
    }
    if (item->kind == DG_ITEM_RELATION && item->row_type_oid == 0)
        dg_resolver_blur(r); /* 42809: a sequence has no row that a function could take */
    dg_report_missing_column(r, scope, qualifier, name, item, location);
    return nothing_known;
}

static const cJSON *last_of(const cJSON *first)
{
    while (first != NULL && first->next != NULL)
        first = first->next;
    return first;
}

struct dg_value dg_column_reference(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const cJSON *fields = dg_tree_list(body, "fields");
    int32_t location = dg_tree_location(body);
    int n_fields = dg_tree_length(fields);
    struct dg_node last = dg_tree_node(last_of(fields));
    const char *name = dg_tree_sval(last_of(fields));
    if (n_fields == 1 && name != NULL)
        return dg_column_undotted(r, scope, name, location);
    if (n_fields < 2 || (last.kind != DG_NODE_A_STAR && name == NULL)) {
        dg_resolver_blur(r); /* a star where none may stand */
        return nothing_known;
    }
    const struct dg_scope_item *item = dg_column_qualifier(r, scope, fields, n_fields - 1, location);
    if (item == NULL)
        return nothing_known;
    if (last.kind == DG_NODE_A_STAR)
        return value_of_row(r, item, location);
    const cJSON *qualifier = fields;
    for (int i = 0; i < n_fields - 2; i++)
        qualifier = qualifier->next;
    return field_of_row(r, scope, item, dg_tree_sval(qualifier), name, location);
}

/* ---- (expression).field[subscript] ---- */

static struct dg_value field_of_composite(struct dg_resolver *r, const struct dg_relation *relation, const char *name,
                                          const struct dg_value *value)
{
    const struct dg_column *column = dg_relation_column(relation, dg_str_of(name));
    if (column != NULL && column->attnum > 0) {
        dg_report_reference(r, relation->oid, column->attnum, value->location);
        return (struct dg_value){.type_oid = column->type_oid, .location = value->location};
    }
    if (dg_names_may_be_call(r, name, value->type_oid, false) || !dg_names_are_same_bytes(r, name)) {
        dg_report_column_name(r, NULL, name);
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    } else {
        dg_report_missing_field(r, name, value->type_oid, value->location);
    }
    return nothing_known;
}

static struct dg_value field_of_record(struct dg_resolver *r, const struct dg_value *value, const char *name)
{
    struct dg_scope_column column;
    enum dg_lookup result = dg_item_find_column(value->record, name, false, &column);
    if (result == DG_LOOKUP_FOUND)
        return (struct dg_value){.type_oid = column.type_oid, .location = value->location};
    if (result != DG_LOOKUP_NONE || dg_names_may_be_call(r, name, DG_TYPE_RECORD, false) ||
        !dg_names_are_same_bytes(r, name)) {
        dg_report_column_name(r, NULL, name);
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    } else {
        dg_report_missing_field(r, name, DG_TYPE_RECORD, value->location);
    }
    return nothing_known;
}

static struct dg_value select_field(struct dg_resolver *r, struct dg_scope *scope, const struct dg_value *value,
                                    const char *name)
{
    if (value->row != NULL && value->row->is_using_alias) {
        struct dg_value row = *value;
        row.record = value->row;
        return field_of_record(r, &row, name);
    }
    if (value->row != NULL)
        return field_of_row(r, scope, value->row, value->row->name, name, value->location);
    if (value->record != NULL)
        return field_of_record(r, value, name);
    const struct dg_relation *relation = dg_names_composite(r, value->type_oid);
    if (relation != NULL)
        return field_of_composite(r, relation, name, value);
    /* A scalar: a function, a cast, or 42809. A record: its columns are not followed here. */
    dg_report_column_name(r, NULL, name);
    if (dg_names_type_is_scalar(r, value->type_oid))
        dg_resolver_blur(r);
    else
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    return (struct dg_value){.location = value->location};
}

/* Neighbouring subscripts are one step: [1][2] leads to the element type, a slice among them to the array's own. */
static dg_oid subscript(struct dg_resolver *r, struct dg_scope *scope, const cJSON **step, const cJSON *end,
                        dg_oid type_oid)
{
    bool is_slice = false;
    for (;;) {
        const cJSON *indices = dg_tree_body(*step, DG_NODE_A_INDICES);
        is_slice = is_slice || dg_tree_bool(indices, "is_slice");
        /* The lower bound first, as the server does. */
        dg_expression(r, scope, dg_tree_field(indices, "lidx"));
        dg_expression(r, scope, dg_tree_field(indices, "uidx"));
        const cJSON *next = (*step)->next;
        if (next == end || dg_tree_body(next, DG_NODE_A_INDICES) == NULL)
            break;
        *step = next;
    }
    dg_resolver_blur(r);
    return is_slice ? type_oid : dg_names_element_type(r, type_oid);
}

static struct dg_value indirection(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body, bool but_last)
{
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "arg"));
    const cJSON *steps = dg_tree_list(body, "indirection");
    const cJSON *end = but_last ? last_of(steps) : NULL;
    for (const cJSON *step = steps; step != end; step = step->next) {
        struct dg_node node = dg_tree_node(step);
        int32_t location = value.location;
        if (node.kind == DG_NODE_STRING) {
            value = select_field(r, scope, &value, dg_tree_sval(step));
        } else if (node.kind == DG_NODE_A_INDICES) {
            value = (struct dg_value){.type_oid = subscript(r, scope, &step, end, value.type_oid)};
        } else {
            dg_resolver_blur(r); /* a star in the middle */
            value = nothing_known;
        }
        value.location = location;
    }
    return value;
}

struct dg_value dg_column_indirection(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    return indirection(r, scope, body, false);
}

struct dg_value dg_column_indirection_but_last(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    return indirection(r, scope, body, true);
}
