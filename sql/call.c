/*
 * Function calls: their arguments in PostgreSQL's order, the type of the result, and the columns that a function gives
 * in FROM.
 *
 * Which overload a call means depends on types that are not followed here. So all functions of the name that take so
 * many arguments are looked at, in every schema: where they agree, that is the answer; where they do not, the result is
 * not known and a FROM item is open.
 */
#include <string.h>

#include "sql/resolver.h"

/* The server's FUNC_MAX_ARGS; more are another error (54023). */
#define MAX_ARGUMENTS 100

/* ---- overloads ---- */

struct overloads {
    const struct dg_function *one; /* any of them */
    size_t n;
    bool same_result; /* all have the result type of `one` */
    bool same_shape;  /* all give the same columns in FROM */
    bool same_schema;
};

static const struct overloads no_overloads = {.same_result = true, .same_shape = true, .same_schema = true};

static bool takes_arguments(const struct dg_function *function, int n_args, bool is_exact_count)
{
    if (function->kind == 'p')
        return false;
    if (!is_exact_count)
        return function->n_inputs >= n_args || function->variadic_oid != 0;
    if (function->variadic_oid != 0)
        return n_args + 1 >= function->n_inputs - function->n_defaults;
    return n_args <= function->n_inputs && n_args >= function->n_inputs - function->n_defaults;
}

static bool is_polymorphic(dg_oid type_oid)
{
    return type_oid == DG_TYPE_ANYELEMENT || type_oid == DG_TYPE_ANYNONARRAY || type_oid == DG_TYPE_ANYCOMPATIBLE ||
           type_oid == DG_TYPE_ANYCOMPATIBLENONARRAY || type_oid == DG_TYPE_ANY || type_oid == DG_TYPE_RECORD;
}

/* One value in one column, whatever the arguments are. */
static bool gives_scalar(const struct dg_resolver *r, const struct dg_function *function)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, dg_names_base_type(r, function->result_oid));
    if (type == NULL || type->kind == 'c' || is_polymorphic(type->oid))
        return false;
    return true;
}

static bool same_output_names(const struct dg_function *a, const struct dg_function *b)
{
    if (a->n_outputs != b->n_outputs)
        return false;
    for (uint16_t i = 0; i < a->n_outputs; i++) {
        if (strcmp(a->outputs[i].name, b->outputs[i].name) != 0)
            return false;
    }
    return true;
}

static bool same_shape(const struct dg_resolver *r, const struct dg_function *a, const struct dg_function *b)
{
    if (!same_output_names(a, b))
        return false;
    if (a->result_oid == b->result_oid)
        return true;
    return gives_scalar(r, a) && gives_scalar(r, b);
}

static bool is_of_kind(const struct dg_resolver *r, dg_oid type_oid, char kind)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, dg_names_base_type(r, type_oid));
    return type == NULL || type->kind == kind;
}

/* The first argument tells unnest(tsvector) from unnest(anyarray); other overloads are not told apart. */
static bool first_argument_matches(const struct dg_resolver *r, const struct dg_function *function,
                                   const struct dg_call_form *form)
{
    if (form->first_type == 0 || function->n_inputs == 0 || !form->is_exact_count)
        return true;
    dg_oid wanted = function->inputs[0].type_oid;
    bool is_array = dg_names_element_type(r, form->first_type) != 0;
    if (wanted == DG_TYPE_ANYARRAY)
        return is_array;
    if (wanted == DG_TYPE_ANYRANGE || wanted == DG_TYPE_ANYMULTIRANGE || wanted == DG_TYPE_ANYENUM)
        return is_of_kind(r, form->first_type,
                          wanted == DG_TYPE_ANYENUM    ? 'e'
                          : wanted == DG_TYPE_ANYRANGE ? 'r'
                                                       : 'm');
    if (wanted == DG_TYPE_ANYNONARRAY || wanted == DG_TYPE_ANYCOMPATIBLENONARRAY)
        return !is_array;
    return !is_array || wanted == form->first_type || is_polymorphic(wanted) || wanted == DG_TYPE_TEXT ||
           dg_names_element_type(r, wanted) != 0;
}

static void add_overload(struct dg_resolver *r, struct overloads *found, const struct dg_function *function)
{
    if (found->one == NULL)
        found->one = function;
    found->n++;
    found->same_result = found->same_result && function->result_oid == found->one->result_oid;
    found->same_shape = found->same_shape && same_shape(r, found->one, function);
    found->same_schema = found->same_schema && function->namespace_oid == found->one->namespace_oid;
}

static bool is_overload(const struct dg_resolver *r, const struct dg_function *function,
                        const struct dg_call_form *form)
{
    return takes_arguments(function, form->n_args, form->is_exact_count) && first_argument_matches(r, function, form);
}

static bool same_inputs(const struct dg_function *a, const struct dg_function *b)
{
    if (a->n_inputs != b->n_inputs)
        return false;
    for (uint16_t i = 0; i < a->n_inputs; i++) {
        if (a->inputs[i].type_oid != b->inputs[i].type_oid)
            return false;
    }
    return true;
}

/* Another function of the same name and arguments stands earlier in the path. */
static bool is_hidden(struct dg_resolver *r, const struct dg_function *function, int rank)
{
    size_t cursor = 0;
    const struct dg_function *other;
    while ((other = dg_snapshot_functions_named(r->snapshot, dg_str_of(function->name), &cursor)) != NULL) {
        int other_rank =
            other->namespace_oid == function->namespace_oid ? rank : dg_names_path_rank(r, other->namespace_oid);
        if (other_rank >= 0 && other_rank < rank && same_inputs(other, function))
            return true;
    }
    return false;
}

/* Functions of one name in several schemas, as tenants have them: those that the path leads to. */
static struct overloads on_path(struct dg_resolver *r, const struct dg_call_form *form, const struct overloads *all)
{
    struct overloads found = no_overloads;
    size_t cursor = 0;
    const struct dg_function *function;
    while ((function = dg_snapshot_functions_named(r->snapshot, dg_str_of(form->name), &cursor)) != NULL) {
        int rank = dg_names_path_rank(r, function->namespace_oid);
        if (rank == DG_RANK_UNSURE || !dg_resolver_work(r, 10))
            return *all;
        if (rank == DG_RANK_NONE || !is_overload(r, function, form))
            continue;
        if (dg_resolver_work(r, all->n * 10) && !is_hidden(r, function, rank))
            add_overload(r, &found, function);
    }
    r->is_path_sensitive = true;
    return found.n > 0 ? found : *all;
}

static struct overloads find_overloads(struct dg_resolver *r, const struct dg_call_form *form)
{
    struct overloads found = no_overloads;
    const struct dg_namespace *namespace =
        form->schema == NULL ? NULL : dg_snapshot_namespace(r->snapshot, dg_str_of(form->schema));
    if (form->schema != NULL && namespace == NULL)
        return found;
    size_t cursor = 0;
    const struct dg_function *function;
    while ((function = dg_snapshot_functions_named(r->snapshot, dg_str_of(form->name), &cursor)) != NULL) {
        if (!dg_resolver_work(r, 16))
            return no_overloads;
        bool is_searched = namespace == NULL || function->namespace_oid == namespace->oid;
        if (is_searched && is_overload(r, function, form))
            add_overload(r, &found, function);
    }
    return found.same_schema ? found : on_path(r, form, &found);
}

/* ---- a call in an expression ---- */

/* Before 14, EXTRACT(... FROM ...) was date_part, and its column was called so. */
const char *dg_call_name(const struct dg_resolver *r, const cJSON *body)
{
    const char *name = dg_tree_last_name(dg_tree_list(body, "funcname"));
    if (r->facts->version_num >= 140000 || !dg_tree_is(body, "funcformat", "COERCE_SQL_SYNTAX"))
        return name;
    return name != NULL && strcmp(name, "extract") == 0 ? "date_part" : name;
}

static struct dg_call_form form_of(const struct dg_resolver *r, const cJSON *body)
{
    struct dg_call_form form = {.is_exact_count = !dg_tree_bool(body, "func_variadic")};
    const cJSON *names = dg_tree_list(body, "funcname");
    form.name = dg_call_name(r, body);
    form.schema = dg_tree_length(names) == 2 ? dg_tree_sval(names) : NULL;
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next) {
        form.n_args++;
        if (dg_tree_node(item).kind == DG_NODE_NAMED_ARG_EXPR)
            form.is_exact_count = false;
    }
    if (dg_tree_length(names) > 2)
        form.name = NULL;
    return form;
}

static struct dg_value sort_expression(struct dg_resolver *r, struct dg_scope *scope, const cJSON *item)
{
    const cJSON *sort = dg_tree_body(item, DG_NODE_SORT_BY);
    return dg_expression(r, scope, sort != NULL ? dg_tree_field(sort, "node") : item);
}

/* array_agg and its like. */
static dg_oid array_result(const struct dg_resolver *r, const struct dg_function *function,
                           const struct dg_call_form *form)
{
    dg_oid wanted = function->inputs[0].type_oid;
    if (wanted == DG_TYPE_ANYARRAY)
        return dg_names_element_type(r, form->first_type) == 0 ? 0 : dg_names_base_type(r, form->first_type);
    return wanted == DG_TYPE_ANYNONARRAY || wanted == DG_TYPE_ANYELEMENT ? dg_names_array_type(r, form->first_type) : 0;
}

/* The type unless it is a pseudo-type. */
static dg_oid plain_type(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    return type == NULL || type->kind == 'p' ? 0 : type->oid;
}

/* The result's type follows from a polymorphic result only for arrays of the first argument's type. */
static dg_oid result_type(struct dg_resolver *r, const struct overloads *found, const struct dg_call_form *form)
{
    if (found->n == 0 || !found->same_result)
        return 0;
    const struct dg_function *function = found->one;
    bool is_plain = found->n == 1 && function->n_inputs > 0 && function->n_outputs == 0 && form->is_exact_count;
    if (is_plain && function->result_oid == DG_TYPE_ANYARRAY && form->n_args == 1)
        return array_result(r, function, form);
    if (!is_polymorphic(function->result_oid) && dg_snapshot_type_by_oid(r->snapshot, function->result_oid) != NULL)
        return plain_type(r, function->result_oid);
    if (!is_plain || function->result_oid != DG_TYPE_ANYELEMENT)
        return 0;
    if (function->inputs[0].type_oid == DG_TYPE_ANYELEMENT)
        return form->first_type;
    if (function->inputs[0].type_oid == DG_TYPE_ANYARRAY)
        return dg_names_element_type(r, form->first_type);
    return 0;
}

static void add_column(struct dg_resolver *r, struct dg_column_list *list, const char *name, dg_oid type_oid)
{
    struct dg_scope_column column = {.name = name, .type_oid = type_oid};
    dg_list_add(r, list, &column);
}

static void output_columns(struct dg_resolver *r, struct dg_column_list *list, const struct dg_function *function,
                           bool is_type_known)
{
    for (uint16_t i = 0; i < function->n_outputs; i++) {
        const char *name = function->outputs[i].name;
        dg_oid type_oid = function->outputs[i].type_oid;
        const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
        if (name[0] == '\0')
            name = dg_arena_printf(r->arena, "column%d", i + 1);
        if (name == NULL) {
            r->no_memory = true;
            return;
        }
        bool is_known = is_type_known && type != NULL && type->kind != 'p';
        add_column(r, list, name, is_known ? type_oid : 0);
    }
}

/* The columns of a record: those that OUT parameters describe, else none. NULL when the result is something else. */
static const struct dg_scope_item *record_of(struct dg_resolver *r, const struct overloads *found)
{
    if (found->n == 0 || !found->same_shape || found->one->result_oid != DG_TYPE_RECORD)
        return NULL;
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_FUNCTION, found->one->name);
    if (item != NULL)
        output_columns(r, &item->list, found->one, found->n == 1);
    return item;
}

/* f(x) may also be a cast to the type f; then nothing is said of its type. */
static bool is_type_too(const struct dg_resolver *r, const struct dg_call_form *form)
{
    return form->n_args == 1 && dg_names_has_type(r, form->name);
}

/* Arguments and, of a call WITHIN GROUP, what it sorts by: the server counts these together. */
static struct dg_call_form walk_arguments(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_call_form form = form_of(r, body);
    const cJSON *sorted = dg_tree_bool(body, "agg_within_group") ? dg_tree_list(body, "agg_order") : NULL;
    size_t n = (size_t)form.n_args + (size_t)dg_tree_length(sorted);
    struct dg_value *values = n > MAX_ARGUMENTS ? NULL : dg_resolver_alloc(r, (n + 1) * sizeof(*values));
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next) {
        struct dg_value value = dg_expression(r, scope, item);
        if (form.n_values == 0)
            form.first_type = value.type_oid;
        if (values != NULL)
            values[form.n_values] = value;
        form.n_values++;
    }
    for (const cJSON *item = sorted; item != NULL; item = item->next) {
        struct dg_value value = sort_expression(r, scope, item);
        if (values != NULL)
            values[form.n_values] = value;
        form.n_values++;
        form.is_exact_count = false;
    }
    form.values = values;
    return form;
}

static struct dg_call_form walk_call(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    r->n_calls++;
    struct dg_call_form form = walk_arguments(r, scope, body);
    dg_expression_condition(r, scope, dg_tree_field(body, "agg_filter"));
    r->n_calls--;
    dg_absent_function(r, body, &form);
    form.function = dg_certain_call(r, scope, body, &form);
    if (form.function == NULL)
        dg_resolver_blur(r); /* it may not take these types */
    if (!dg_tree_bool(body, "agg_within_group")) {
        for (const cJSON *item = dg_tree_list(body, "agg_order"); item != NULL; item = item->next)
            sort_expression(r, scope, item);
    }
    return form;
}

struct dg_value dg_call(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_call_form form = walk_call(r, scope, body);
    struct dg_value value = {.location = dg_tree_location(body)};
    const cJSON *over = dg_tree_field(body, "over");
    if (over != NULL && scope != NULL) {
        /* Looked at after LIMIT: kept until the level's windows are. */
        struct dg_pending_window *pending = dg_resolver_alloc(r, sizeof(*pending));
        if (pending != NULL) {
            pending->body = over;
            pending->next = scope->pending_windows;
            scope->pending_windows = pending;
        }
    }
    if (form.name == NULL)
        return value;
    struct overloads found = find_overloads(r, &form);
    if (form.function != NULL)
        value.type_oid = plain_type(r, form.function->result_oid);
    else if (!is_type_too(r, &form) || form.schema != NULL)
        value.type_oid = result_type(r, &found, &form);
    value.record = record_of(r, &found);
    if (value.record != NULL)
        value.type_oid = DG_TYPE_RECORD;
    return value;
}

/* ---- a function in FROM ---- */

static bool list_relation_column(void *context, const struct dg_scope_column *column)
{
    void **pair = context;
    struct dg_resolver *r = pair[0];
    dg_list_add(r, pair[1], column);
    return !r->no_memory;
}

static void add_composite(struct dg_resolver *r, struct dg_column_list *list, const struct dg_relation *relation)
{
    struct dg_scope_item item = {
        .kind = DG_ITEM_RELATION, .name = relation->name, .relation = relation, .work = r->work};
    void *pair[] = {r, list};
    dg_item_each_column(&item, list_relation_column, pair);
}

/* What one function gives: its columns, and what a whole-row reference to it is. */
struct function_shape {
    struct dg_column_list columns;
    dg_oid row_type_oid; /* 0: not known */
    bool is_scalar;
};

static void open_shape(struct function_shape *shape)
{
    shape->columns.is_open = true;
}

static void definition_list(struct dg_resolver *r, struct function_shape *shape, const cJSON *first)
{
    for (const cJSON *item = first; item != NULL; item = item->next) {
        const cJSON *body = dg_tree_body(item, DG_NODE_COLUMN_DEF);
        const struct dg_type *type = dg_names_type(r, dg_tree_field(body, "typeName"));
        if (type == NULL)
            dg_absent_type(r, dg_tree_field(body, "typeName"));
        const char *name = dg_tree_string(body, "colname");
        add_column(r, &shape->columns, name == NULL ? "" : name, type == NULL ? 0 : type->oid);
    }
    shape->row_type_oid = DG_TYPE_RECORD;
    dg_resolver_blur(r);
}

/* A result that is one value, a composite, or not known. `name`: what a scalar's column is called. */
static void value_columns(struct dg_resolver *r, struct function_shape *shape, dg_oid type_oid, const char *name)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, dg_names_base_type(r, type_oid));
    const struct dg_relation *composite = dg_names_composite(r, type_oid);
    if (composite != NULL) {
        add_composite(r, &shape->columns, composite);
        shape->row_type_oid = type_oid;
    } else if (type == NULL || type->kind == 'c' || is_polymorphic(type_oid)) {
        open_shape(shape);
    } else {
        add_column(r, &shape->columns, name, type->kind == 'p' ? 0 : type_oid);
        shape->row_type_oid = type->kind == 'p' ? 0 : type_oid;
        shape->is_scalar = true;
    }
}

static void call_shape(struct dg_resolver *r, struct function_shape *shape, const struct dg_call_form *form,
                       const char *scalar_name, const cJSON *definitions)
{
    struct overloads found = find_overloads(r, form);
    if (definitions != NULL) {
        definition_list(r, shape, definitions);
        return;
    }
    if (found.n == 0 || !found.same_shape || is_type_too(r, form)) {
        open_shape(shape);
        return;
    }
    const struct dg_function *function = found.one;
    bool is_record = function->result_oid == DG_TYPE_RECORD;
    if (function->n_outputs > 0 && is_record) {
        output_columns(r, &shape->columns, function, found.n == 1);
        shape->row_type_oid = DG_TYPE_RECORD;
        return;
    }
    if (is_record) {
        open_shape(shape); /* without a definition list: 42601 */
        return;
    }
    /* A single named OUT parameter names the column, whatever the alias. */
    if (function->n_outputs == 1 && function->outputs[0].name[0] != '\0')
        scalar_name = function->outputs[0].name;
    dg_oid type_oid = is_polymorphic(function->result_oid) ? result_type(r, &found, form) : function->result_oid;
    value_columns(r, shape, type_oid, scalar_name);
    if (!found.same_result) {
        shape->row_type_oid = 0;
        for (size_t i = 0; i < shape->columns.n; i++)
            shape->columns.columns[i].type_oid = 0;
    }
}

/* The items of a RangeFunction: each a list of an expression and its column definitions. */
struct range_function {
    const char *alias; /* NULL when not written */
    const cJSON *alias_body;
    const cJSON *definitions; /* behind the alias: only of a single function */
    size_t n_functions;
    const char *first_name;
};

static void append_columns(struct dg_resolver *r, struct dg_scope_item *item, struct function_shape *shape)
{
    for (size_t i = 0; i < shape->columns.n; i++)
        dg_list_add(r, &item->list, &shape->columns.columns[i]);
    if (shape->columns.is_open) {
        item->is_open = true;
        item->list.is_open = true;
    }
    item->row_type_oid = shape->row_type_oid;
    item->is_scalar = shape->is_scalar;
}

/* FROM unnest(a, b, ...) stands for ROWS FROM (unnest(a), unnest(b), ...). */
static bool is_multiple_unnest(const cJSON *call, const cJSON *definitions)
{
    const cJSON *names = dg_tree_list(call, "funcname");
    const char *name = dg_tree_length(names) == 1 ? dg_tree_sval(names) : NULL;
    return name != NULL && strcmp(name, "unnest") == 0 && definitions == NULL &&
           dg_tree_length(dg_tree_list(call, "args")) > 1 && dg_tree_list(call, "agg_order") == NULL &&
           dg_tree_field(call, "agg_filter") == NULL && dg_tree_field(call, "over") == NULL &&
           !dg_tree_bool(call, "agg_star") && !dg_tree_bool(call, "agg_distinct") &&
           !dg_tree_bool(call, "func_variadic");
}

static void unnest_each(struct dg_resolver *r, struct dg_scope *scope, const cJSON *call, struct dg_scope_item *item)
{
    for (const cJSON *arg = dg_tree_list(call, "args"); arg != NULL; arg = arg->next) {
        struct dg_value value = dg_expression(r, scope, arg);
        struct dg_call_form form = {
            .name = "unnest", .n_args = 1, .is_exact_count = true, .first_type = value.type_oid};
        struct function_shape shape = {0};
        dg_resolver_blur(r);
        call_shape(r, &shape, &form, "unnest", NULL);
        append_columns(r, item, &shape);
    }
    item->is_scalar = false;
    item->row_type_oid = DG_TYPE_RECORD;
}

static void add_function(struct dg_resolver *r, struct dg_scope *scope, const struct range_function *range,
                         const cJSON *function, struct dg_scope_item *item)
{
    const cJSON *expression = dg_tree_items(function);
    const cJSON *definitions = expression == NULL ? NULL : dg_tree_items(expression->next);
    if (definitions == NULL && range->n_functions == 1)
        definitions = range->definitions;
    struct dg_node node = dg_tree_node(expression);
    if (node.kind == DG_NODE_FUNC_CALL && is_multiple_unnest(node.body, definitions)) {
        unnest_each(r, scope, node.body, item);
        return;
    }
    struct function_shape shape = {0};
    const char *own_name = dg_target_name(r, expression);
    const char *scalar_name = range->n_functions == 1 && range->alias != NULL ? range->alias : own_name;
    if (node.kind == DG_NODE_FUNC_CALL) {
        struct dg_call_form form = walk_call(r, scope, node.body);
        if (form.name == NULL)
            open_shape(&shape);
        else
            call_shape(r, &shape, &form, scalar_name, definitions);
    } else {
        struct dg_value value = dg_expression(r, scope, expression);
        dg_resolver_blur(r);
        if (node.kind == DG_NODE_SQL_VALUE_FUNCTION)
            add_column(r, &shape.columns, scalar_name, value.type_oid);
        else
            value_columns(r, &shape, value.type_oid, scalar_name);
    }
    append_columns(r, item, &shape);
}

struct dg_scope_item *dg_call_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const cJSON *alias = dg_tree_field(body, "alias");
    const cJSON *functions = dg_tree_list(body, "functions");
    struct range_function range = {
        .alias = dg_tree_string(alias, "aliasname"),
        .alias_body = alias,
        .definitions = dg_tree_list(body, "coldeflist"),
        .n_functions = (size_t)dg_tree_length(functions),
    };
    const char *name = range.alias;
    if (name == NULL) /* a function's name needs no look inside */
        name = dg_target_name(r, dg_tree_items(functions));
    struct dg_scope_item *item = dg_from_new_item(r, DG_ITEM_FUNCTION, name);
    if (item == NULL)
        return NULL;
    item->has_alias = range.alias != NULL;
    bool was_lateral = scope->is_lateral_active;
    scope->is_lateral_active = true;
    for (const cJSON *function = functions; function != NULL && !r->no_memory; function = function->next)
        add_function(r, scope, &range, function, item);
    scope->is_lateral_active = was_lateral;
    bool has_ordinality = dg_tree_bool(body, "ordinality");
    if (has_ordinality)
        add_column(r, &item->list, "ordinality", DG_TYPE_INT8);
    if (has_ordinality || range.n_functions != 1) {
        item->is_scalar = false;
        item->row_type_oid = DG_TYPE_RECORD;
    }
    dg_from_rename_columns(r, &item->list, alias);
    dg_resolver_blur(r);
    return item;
}
