/*
 * The walk over expressions, in the order in which PostgreSQL's parse_expr.c looks at their parts: a cast's type before
 * its argument, the sub-select of x IN (SELECT ...) before x, a CASE's WHEN and THEN in turn, subscripts after their
 * base. Each handler returns what is known of the value's type, which is little: only columns of composite types and
 * the exactness of findings need it.
 *
 * A node that may make the server raise another error than a missing name (an operator that does not exist, a literal
 * that does not fit) blurs what comes after it. Comparisons of built-in types and parameters cannot, and stay sharp:
 * WHERE id = $1 is what most statements that drift look like.
 */
#include <string.h>

#include "sql/resolver.h"

#define MAX_SETTLED_PARAMETERS 4096

typedef struct dg_value handler(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body);

static const struct dg_value no_value = {.location = -1};

static struct dg_value typed(dg_oid type_oid, int32_t location)
{
    return (struct dg_value){.type_oid = type_oid, .location = location};
}

/* ---- what cannot fail ---- */

/* Built-in types whose comparison with a parameter, NULL or the same type always finds its operator. */
bool dg_expression_is_comparable(const struct dg_resolver *r, dg_oid type_oid)
{
    static const dg_oid types[] = {DG_TYPE_BOOL,        DG_TYPE_BYTEA,   DG_TYPE_INT8,   DG_TYPE_INT2,
                                   DG_TYPE_INT4,        DG_TYPE_TEXT,    DG_TYPE_FLOAT4, DG_TYPE_FLOAT8,
                                   DG_TYPE_BPCHAR,      DG_TYPE_VARCHAR, DG_TYPE_DATE,   DG_TYPE_TIMESTAMP,
                                   DG_TYPE_TIMESTAMPTZ, DG_TYPE_NUMERIC, DG_TYPE_UUID,   DG_TYPE_OID};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == type_oid)
            return true;
    }
    return dg_enum_is_plain(r, type_oid);
}

static bool is_number(dg_oid type_oid)
{
    return type_oid == DG_TYPE_INT2 || type_oid == DG_TYPE_INT4 || type_oid == DG_TYPE_INT8 ||
           type_oid == DG_TYPE_NUMERIC || type_oid == DG_TYPE_FLOAT4 || type_oid == DG_TYPE_FLOAT8;
}

static bool is_text(dg_oid type_oid)
{
    return type_oid == DG_TYPE_TEXT || type_oid == DG_TYPE_VARCHAR || type_oid == DG_TYPE_BPCHAR;
}

bool dg_expression_fits(const struct dg_value *value, dg_oid type_oid)
{
    if (value->is_string)
        return is_text(type_oid);
    if (value->is_constant && value->type_oid == 0)
        return true; /* NULL, DEFAULT, a parameter without a declared type */
    if (value->type_oid == type_oid && type_oid != 0)
        return true;
    return is_number(value->type_oid) && is_number(type_oid);
}

/* What a parameter becomes in a comparison with this type. Beside a varchar it is a text; beside an enum with operators or
   casts of its own it cannot be told (0). */
static dg_oid type_beside(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    if (type_oid == DG_TYPE_VARCHAR)
        return DG_TYPE_TEXT;
    return type != NULL && type->has_own_operators ? 0 : type_oid;
}

/* A literal beside an enum is dg_enum_compare's, which is asked next. */
static bool compares_safely(struct dg_resolver *r, const struct dg_value *a, const struct dg_value *b)
{
    dg_expression_settle(r, a, type_beside(r, b->type_oid));
    dg_expression_settle(r, b, type_beside(r, a->type_oid));
    if ((a->is_string && dg_enum_is_plain(r, b->type_oid)) || (b->is_string && dg_enum_is_plain(r, a->type_oid)))
        return true;
    if (dg_expression_is_comparable(r, a->type_oid))
        return dg_expression_fits(b, a->type_oid) || (is_text(a->type_oid) && is_text(b->type_oid));
    return dg_expression_is_comparable(r, b->type_oid) && dg_expression_fits(a, b->type_oid);
}

static bool is_comparison(const cJSON *name)
{
    static const char *const operators[] = {"=", "<>", "<", ">", "<=", ">="};
    const char *operator= dg_tree_length(name) == 1 ? dg_tree_sval(name) : NULL;
    for (size_t i = 0; operator!= NULL && i<sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(operator, operators[i]) == 0)
            return true;
    }
    return false;
}

/* IS [NOT] DISTINCT FROM and NULLIF: an equality under another name. */
static bool compares_equal(const char *kind)
{
    return kind != NULL && (strcmp(kind, "AEXPR_DISTINCT") == 0 || strcmp(kind, "AEXPR_NOT_DISTINCT") == 0 ||
                            strcmp(kind, "AEXPR_NULLIF") == 0);
}

/* ---- leaves ---- */

/* "b1010" or "x1f": the parser takes any character, the server does not (22P02). */
static bool is_bit_string(const char *value)
{
    const char *digits = value[0] == 'x' ? "0123456789abcdefABCDEF" : "01";
    return value[0] != '\0' && value[1 + strspn(value + 1, digits)] == '\0';
}

/* A number too large for int4, or with a fraction: int8 as long as that holds it. */
static dg_oid large_number_type(const char *digits)
{
    if (digits == NULL)
        return DG_TYPE_NUMERIC;
    const char *largest = *digits == '-' ? "9223372036854775808" : "9223372036854775807";
    digits += *digits == '-' ? 1 : 0;
    digits += strspn(digits, "0");
    size_t n = strspn(digits, "0123456789");
    bool is_int8 = digits[n] == '\0' && (n < strlen(largest) || (n == strlen(largest) && strcmp(digits, largest) <= 0));
    return is_int8 ? DG_TYPE_INT8 : DG_TYPE_NUMERIC;
}

static struct dg_value constant(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    (void)scope;
    struct dg_value value = {.location = dg_tree_location(body), .is_constant = true};
    const char *bits = dg_tree_string(dg_tree_field(body, "bsval"), "bsval");
    if (bits != NULL && !is_bit_string(bits))
        dg_resolver_blur(r);
    const cJSON *string = dg_tree_field(body, "sval");
    value.is_string = string != NULL;
    value.text = string == NULL ? NULL : dg_tree_string(string, "sval");
    if (string != NULL && value.text == NULL)
        value.text = ""; /* which the tree leaves out */
    if (dg_tree_field(body, "ival") != NULL)
        value.type_oid = DG_TYPE_INT4;
    else if (dg_tree_field(body, "boolval") != NULL)
        value.type_oid = DG_TYPE_BOOL;
    else if (dg_tree_field(body, "bsval") != NULL)
        value.type_oid = DG_TYPE_BIT;
    else if (dg_tree_field(body, "fval") != NULL)
        value.type_oid = large_number_type(dg_tree_string(dg_tree_field(body, "fval"), "fval"));
    return value;
}

/* Room for the parameter's type; NULL beyond a bound. */
static dg_oid *settled_type(struct dg_resolver *r, int32_t number)
{
    if (number <= 0 || number > MAX_SETTLED_PARAMETERS)
        return NULL;
    if ((size_t)number >= r->n_settled) {
        size_t n = (size_t)number < 32 ? 64 : (size_t)number * 2;
        dg_oid *grown = dg_resolver_alloc(r, n * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        if (r->n_settled > 0)
            memcpy(grown, r->settled, r->n_settled * sizeof(*grown));
        r->settled = grown;
        r->n_settled = n;
    }
    return &r->settled[number];
}

void dg_expression_settle(struct dg_resolver *r, const struct dg_value *value, dg_oid type_oid)
{
    dg_oid *settled = settled_type(r, value->parameter);
    if (settled != NULL && type_oid != 0 && *settled == DG_TYPE_UNDECIDED &&
        dg_names_base_type(r, type_oid) == type_oid)
        *settled = type_oid;
}

/* The first use of a parameter that is not declared settles its type; the later ones have it. */
static void use_parameter(struct dg_resolver *r, struct dg_value *value, int32_t number)
{
    dg_oid *settled = settled_type(r, number);
    r->has_parameter = true;
    if (settled == NULL) {
        dg_resolver_blur(r);
        return;
    }
    value->type_oid = *settled;
    if (*settled != 0)
        return;
    value->parameter = number;
    *settled = DG_TYPE_UNDECIDED;
}

static struct dg_value parameter(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    (void)scope;
    int32_t number = dg_tree_int(body, "number");
    struct dg_value value = {.location = dg_tree_location(body), .is_constant = true};
    if (number <= 0)
        dg_resolver_blur(r); /* 42P02 */
    if (number > 0 && (size_t)number <= r->session->n_param_types)
        value.type_oid = r->session->param_types[number - 1];
    if (value.type_oid == DG_TYPE_UNKNOWN)
        value.type_oid = 0;
    if (value.type_oid == 0)
        use_parameter(r, &value, number);
    return value;
}

static struct dg_value set_to_default(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    (void)scope;
    if (r->n_calls > 0 || (r->clause != DG_CLAUSE_VALUES && r->clause != DG_CLAUSE_SET))
        dg_resolver_blur(r); /* 42601: DEFAULT is not allowed in this context */
    return (struct dg_value){.location = dg_tree_location(body), .is_constant = true};
}

static struct dg_value value_function(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    (void)scope;
    static const struct {
        const char *op;
        dg_oid type_oid;
    } types[] = {{"SVFOP_CURRENT_DATE", DG_TYPE_DATE},
                 {"SVFOP_CURRENT_TIMESTAMP", DG_TYPE_TIMESTAMPTZ},
                 {"SVFOP_LOCALTIMESTAMP", DG_TYPE_TIMESTAMP}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (dg_tree_is(body, "op", types[i].op))
            return typed(types[i].type_oid, dg_tree_location(body));
    }
    dg_resolver_blur(r); /* a precision may be refused */
    return typed(0, dg_tree_location(body));
}

/* ---- operators ---- */

/* OPERATOR(schema.+); only a plain one is looked up before anything else can fail. */
static void operator_schema(struct dg_resolver *r, const cJSON *body)
{
    bool has_row =
        dg_tree_child(body, "lexpr").kind == DG_NODE_ROW_EXPR || dg_tree_child(body, "rexpr").kind == DG_NODE_ROW_EXPR;
    if (has_row || !dg_tree_is(body, "kind", "AEXPR_OP"))
        dg_resolver_blur(r);
    dg_absent_schema(r, dg_tree_list(body, "name"), dg_tree_location(body));
}

/* x = ANY ($1), or of an array of x's type. */
static bool is_any_of(struct dg_resolver *r, const char *kind, const struct dg_value *left,
                      const struct dg_value *right)
{
    if (kind == NULL || (strcmp(kind, "AEXPR_OP_ANY") != 0 && strcmp(kind, "AEXPR_OP_ALL") != 0))
        return false;
    dg_oid array_oid = dg_names_array_type(r, type_beside(r, left->type_oid));
    bool is_free = right->is_constant && right->type_oid == 0 && !right->is_string;
    dg_expression_settle(r, right, array_oid);
    return dg_expression_is_comparable(r, left->type_oid) &&
           (is_free || (array_oid != 0 && right->type_oid == array_oid));
}

static struct dg_value binary(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value left = dg_expression(r, scope, dg_tree_field(body, "lexpr"));
    struct dg_value right = dg_expression(r, scope, dg_tree_field(body, "rexpr"));
    int32_t location = left.location >= 0 ? left.location : dg_tree_location(body);
    const char *kind = dg_tree_string(body, "kind");
    bool is_operator = kind != NULL && strcmp(kind, "AEXPR_OP") == 0;
    bool compares = is_comparison(dg_tree_list(body, "name")) && (is_operator || compares_equal(kind));
    bool is_safe = is_operator && compares && compares_safely(r, &left, &right);
    if (is_comparison(dg_tree_list(body, "name")) && is_any_of(r, kind, &left, &right))
        return typed(DG_TYPE_BOOL, location);
    if (compares)
        is_safe = dg_enum_compare(r, &left, &right) && is_safe;
    if (is_safe)
        return typed(DG_TYPE_BOOL, location);
    operator_schema(r, body);
    dg_resolver_blur(r);
    return typed(0, location);
}

/* ROW(...) op (SELECT ...): the sub-select is looked at first. */
static bool is_row_comparison(const cJSON *body)
{
    const cJSON *sublink = dg_tree_body(dg_tree_field(body, "rexpr"), DG_NODE_SUB_LINK);
    return dg_tree_is(body, "kind", "AEXPR_OP") && dg_tree_child(body, "lexpr").kind == DG_NODE_ROW_EXPR &&
           dg_tree_is(sublink, "subLinkType", "EXPR_SUBLINK");
}

/* All members are looked at before one is compared. */
static struct dg_value in_list(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value left = dg_expression(r, scope, dg_tree_field(body, "lexpr"));
    const cJSON *first = dg_tree_items(dg_tree_field(body, "rexpr"));
    size_t n = 0;
    struct dg_value *members = dg_arena_array(r->arena, (size_t)dg_tree_length(first) + 1, sizeof(*members));
    if (members == NULL) {
        r->no_memory = true;
        return no_value;
    }
    bool is_safe = true;
    for (const cJSON *item = first; item != NULL; item = item->next, n++) {
        members[n] = dg_expression(r, scope, item);
        is_safe = is_safe && compares_safely(r, &left, &members[n]);
    }
    if (!is_safe)
        dg_resolver_blur(r);
    is_safe = true;
    for (size_t i = 0; i < n && is_safe; i++)
        is_safe = dg_enum_compare(r, &left, &members[i]);
    if (!is_safe)
        dg_resolver_blur(r);
    return typed(DG_TYPE_BOOL, left.location);
}

/* a BETWEEN b AND c is analysed as a >= b AND a <= c: a is looked at twice, which adds nothing. */
static struct dg_value between(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "lexpr"));
    for (const cJSON *item = dg_tree_items(dg_tree_field(body, "rexpr")); item != NULL; item = item->next) {
        struct dg_value bound = dg_expression(r, scope, item);
        if (!compares_safely(r, &value, &bound) || !dg_enum_compare(r, &value, &bound))
            dg_resolver_blur(r);
    }
    return typed(DG_TYPE_BOOL, value.location);
}

static struct dg_value a_expr(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const char *kind = dg_tree_string(body, "kind");
    if (kind != NULL && strcmp(kind, "AEXPR_IN") == 0)
        return in_list(r, scope, body);
    if (kind != NULL && strstr(kind, "BETWEEN") != NULL)
        return between(r, scope, body);
    if (is_row_comparison(body)) {
        dg_expression(r, scope, dg_tree_field(body, "rexpr"));
        dg_expression(r, scope, dg_tree_field(body, "lexpr"));
        dg_resolver_blur(r);
        return typed(DG_TYPE_BOOL, dg_tree_location(body));
    }
    return binary(r, scope, body);
}

static struct dg_value bool_expr(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    int32_t location = dg_tree_location(body);
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next)
        dg_expression_condition(r, scope, item);
    return typed(DG_TYPE_BOOL, location);
}

static struct dg_value null_test(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "arg"));
    if (value.parameter != 0)
        r->settled[value.parameter] = 0; /* $1 IS NULL settles nothing */
    return typed(DG_TYPE_BOOL, value.location);
}

static struct dg_value boolean_test(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    dg_expression_condition(r, scope, dg_tree_field(body, "arg"));
    return typed(DG_TYPE_BOOL, dg_tree_location(body));
}

/* ---- forms with arguments ---- */

/* The common type of COALESCE and its like: known when all arguments with a type have the same. */
struct common_type {
    dg_oid type_oid;
    bool is_mixed;
};

static void add_type(struct common_type *common, const struct dg_value *value)
{
    if (value->is_constant && value->type_oid == 0)
        return;
    if (value->type_oid == 0 || (common->type_oid != 0 && common->type_oid != value->type_oid))
        common->is_mixed = true;
    common->type_oid = value->type_oid;
}

static void check_literal(struct dg_resolver *r, struct dg_scope *scope, const struct common_type *common,
                          const cJSON *wrapped)
{
    struct dg_node node = dg_tree_node(wrapped);
    if (node.kind != DG_NODE_A_CONST || common->is_mixed)
        return;
    struct dg_value value = constant(r, scope, node.body);
    if (value.is_string && !dg_enum_accepts(r, &value, common->type_oid))
        dg_resolver_blur(r);
}

/* Once the type is known, the literals among the alternatives are converted to it. */
static void check_literals(struct dg_resolver *r, struct dg_scope *scope, const struct common_type *common,
                           const cJSON *first)
{
    for (const cJSON *item = first; item != NULL; item = item->next)
        check_literal(r, scope, common, item);
}

static dg_oid agreed_type(struct dg_resolver *r, const struct common_type *common)
{
    dg_resolver_blur(r);
    return common->is_mixed ? 0 : common->type_oid;
}

static struct dg_value alternatives(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct common_type common = {0};
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next) {
        struct dg_value value = dg_expression(r, scope, item);
        add_type(&common, &value);
    }
    check_literals(r, scope, &common, dg_tree_list(body, "args"));
    return typed(agreed_type(r, &common), dg_tree_location(body));
}

/* A literal that is tested has become text by now. */
static void compare_case(struct dg_resolver *r, const struct dg_value *tested, struct dg_value value)
{
    if (!tested->is_string)
        dg_enum_compare(r, tested, &value);
}

static struct dg_value case_expr(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct common_type common = {0};
    const cJSON *arg = dg_tree_field(body, "arg");
    struct dg_value tested = no_value;
    if (arg != NULL) {
        tested = dg_expression(r, scope, arg);
        dg_resolver_blur(r);
    }
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next) {
        const cJSON *when = dg_tree_body(item, DG_NODE_CASE_WHEN);
        if (arg == NULL)
            dg_expression_condition(r, scope, dg_tree_field(when, "expr"));
        else
            compare_case(r, &tested, dg_expression(r, scope, dg_tree_field(when, "expr")));
        struct dg_value value = dg_expression(r, scope, dg_tree_field(when, "result"));
        add_type(&common, &value);
    }
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "defresult"));
    if (dg_tree_field(body, "defresult") != NULL)
        add_type(&common, &value);
    /* ELSE is converted first. */
    check_literal(r, scope, &common, dg_tree_field(body, "defresult"));
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next)
        check_literal(r, scope, &common, dg_tree_field(dg_tree_body(item, DG_NODE_CASE_WHEN), "result"));
    return typed(agreed_type(r, &common), dg_tree_location(body));
}

/* Under a cast to an array type the elements, those of arrays in it too, become that type's, not of a common one. */
static struct dg_value array_expr(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct common_type common = {0};
    bool is_cast = r->is_array_cast;
    for (const cJSON *item = dg_tree_list(body, "elements"); item != NULL; item = item->next) {
        r->is_array_cast = is_cast && dg_tree_node(item).kind == DG_NODE_A_ARRAY_EXPR;
        struct dg_value value = dg_expression(r, scope, item);
        add_type(&common, &value);
    }
    r->is_array_cast = false;
    if (!is_cast)
        check_literals(r, scope, &common, dg_tree_list(body, "elements"));
    dg_oid element_oid = agreed_type(r, &common);
    if (element_oid == 0 && !common.is_mixed && dg_tree_list(body, "elements") != NULL)
        element_oid = DG_TYPE_TEXT; /* literals only */
    return typed(dg_names_array_type(r, element_oid), dg_tree_location(body));
}

/* ROW(t.*): the columns are written out. */
static bool ends_in_star(const cJSON *wrapped)
{
    struct dg_node node = dg_tree_node(wrapped);
    const char *list = node.kind == DG_NODE_COLUMN_REF ? "fields" : "indirection";
    const cJSON *item =
        node.kind == DG_NODE_COLUMN_REF || node.kind == DG_NODE_A_INDIRECTION ? dg_tree_list(node.body, list) : NULL;
    while (item != NULL && item->next != NULL)
        item = item->next;
    return item != NULL && dg_tree_node(item).kind == DG_NODE_A_STAR;
}

static struct dg_value row_expr(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value value = typed(DG_TYPE_RECORD, dg_tree_location(body));
    struct dg_scope_item *record = dg_from_new_item(r, DG_ITEM_FUNCTION, "row");
    int n = 0;
    for (const cJSON *item = dg_tree_list(body, "args"); item != NULL; item = item->next) {
        struct dg_value field = dg_expression(r, scope, item);
        struct dg_scope_column column = {.type_oid = field.type_oid, .name = dg_arena_printf(r->arena, "f%d", ++n)};
        if (column.name == NULL || record == NULL)
            r->no_memory = true;
        else
            dg_list_add(r, &record->list, &column);
        if (record != NULL && ends_in_star(item))
            record->list.is_open = true;
    }
    value.record = r->facts->version_num >= 140000 ? record : NULL;
    return value;
}

static struct dg_value grouping_func(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    dg_expression_list(r, scope, dg_tree_list(body, "args"));
    dg_resolver_blur(r);
    return typed(DG_TYPE_INT4, dg_tree_location(body));
}

static struct dg_value type_cast(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    const cJSON *type_name = dg_tree_field(body, "typeName");
    const struct dg_type *type = dg_names_type(r, type_name);
    if (type == NULL)
        dg_absent_type(r, type_name);
    if (type == NULL || dg_tree_list(type_name, "typmods") != NULL ||
        (dg_tree_length(dg_tree_list(type_name, "names")) == 1 && !dg_names_type_is_visible(r, type)))
        dg_resolver_blur(r);
    r->is_array_cast = dg_tree_child(body, "arg").kind == DG_NODE_A_ARRAY_EXPR;
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "arg"));
    r->is_array_cast = false;
    int32_t location = dg_tree_location(body);
    /* x::t starts where x does, CAST(x AS t) at CAST, unless the cast leaves x as it is or makes another constant of it. */
    bool is_same = type != NULL && value.type_oid == type->oid;
    bool is_literal = value.is_constant && (value.is_string || value.type_oid == 0) && type != NULL &&
                      type->kind != 'd' && dg_tree_child(body, "arg").kind != DG_NODE_PARAM_REF;
    if (location < 0 || is_same || is_literal || (value.location >= 0 && value.location < location))
        location = value.location;
    struct dg_value result = typed(type == NULL ? 0 : type->oid, location);
    if (type != NULL)
        dg_expression_settle(r, &value, type->oid);
    if (type == NULL || (!dg_expression_fits(&value, type->oid) && !dg_enum_accepts(r, &value, type->oid)))
        dg_resolver_blur(r);
    return result;
}

static struct dg_value collate_clause(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "arg"));
    if (!dg_expression_fits(&value, DG_TYPE_TEXT) && !is_text(value.type_oid))
        dg_resolver_blur(r); /* 42804: no type of text */
    dg_absent_schema(r, dg_tree_list(body, "collname"), dg_tree_location(body));
    dg_resolver_blur(r);
    return typed(value.type_oid, value.location);
}

static struct dg_value named_arg(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    return dg_expression(r, scope, dg_tree_field(body, "arg"));
}

static struct dg_value xml_expr(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    for (const cJSON *item = dg_tree_list(body, "named_args"); item != NULL; item = item->next)
        dg_expression(r, scope, dg_tree_field(dg_tree_body(item, DG_NODE_RES_TARGET), "val"));
    dg_resolver_blur(r);
    dg_expression_list(r, scope, dg_tree_list(body, "args"));
    return typed(dg_tree_is(body, "op", "IS_DOCUMENT") ? DG_TYPE_BOOL : DG_TYPE_XML, dg_tree_location(body));
}

static struct dg_value xml_serialize(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_value value = dg_expression(r, scope, dg_tree_field(body, "expr"));
    dg_resolver_blur(r);
    dg_absent_type(r, dg_tree_field(body, "typeName"));
    return typed(0, value.location);
}

/* SET (a, b) = ...: each column carries the same source; it is looked at with the first. One that is neither a row nor a
   sub-select is 0A000 before its names. */
static struct dg_value multi_assign(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_node source = dg_tree_node(dg_tree_field(body, "source"));
    if (source.kind != DG_NODE_ROW_EXPR && source.kind != DG_NODE_SUB_LINK)
        dg_resolver_blur(r);
    if (dg_tree_int(body, "colno") <= 1)
        dg_expression(r, scope, dg_tree_field(body, "source"));
    dg_resolver_blur(r);
    return no_value;
}

static void remember_sublink_name(struct dg_resolver *r, const cJSON *body, const struct dg_column_list *columns)
{
    struct dg_sublink_name *entry = dg_resolver_alloc(r, sizeof(*entry));
    if (entry == NULL)
        return;
    entry->body = body;
    entry->name = columns->n > 0 && !columns->is_open ? columns->columns[0].name : NULL;
    entry->next = r->sublink_names;
    r->sublink_names = entry;
}

static struct dg_value sub_link(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body)
{
    struct dg_column_list columns = {0};
    enum dg_clause clause = r->clause;
    dg_query(r, scope, dg_tree_field(body, "subselect"), NULL, &columns);
    r->clause = clause;
    const char *kind = dg_tree_string(body, "subLinkType");
    int32_t location = dg_tree_location(body);
    if (kind == NULL || strcmp(kind, "EXISTS_SUBLINK") == 0)
        return typed(DG_TYPE_BOOL, location);
    bool has_one = columns.n == 1 && !columns.is_open;
    dg_oid type_oid = has_one ? columns.columns[0].type_oid : 0;
    if (!has_one)
        dg_resolver_blur(r);
    if (strcmp(kind, "EXPR_SUBLINK") == 0) {
        remember_sublink_name(r, body, &columns);
        return typed(type_oid, location);
    }
    if (strcmp(kind, "ARRAY_SUBLINK") == 0) {
        dg_resolver_blur(r);
        return typed(dg_names_array_type(r, type_oid), location);
    }
    struct dg_value left = dg_expression(r, scope, dg_tree_field(body, "testexpr"));
    struct dg_value right = typed(type_oid, location);
    if (dg_tree_length(dg_tree_list(body, "operName")) > 1) {
        dg_resolver_blur(r); /* 42601: several columns */
        dg_absent_schema(r, dg_tree_list(body, "operName"), location);
    }
    if (dg_tree_list(body, "operName") != NULL || !compares_safely(r, &left, &right) ||
        !dg_enum_compare(r, &left, &right))
        dg_resolver_blur(r);
    return typed(DG_TYPE_BOOL, location);
}

/* ---- dispatch ---- */

static handler *const handlers[DG_NODE_KIND_COUNT] = {
    [DG_NODE_COLUMN_REF] = dg_column_reference,
    [DG_NODE_A_INDIRECTION] = dg_column_indirection,
    [DG_NODE_A_CONST] = constant,
    [DG_NODE_PARAM_REF] = parameter,
    [DG_NODE_SET_TO_DEFAULT] = set_to_default,
    [DG_NODE_SQL_VALUE_FUNCTION] = value_function,
    [DG_NODE_A_EXPR] = a_expr,
    [DG_NODE_BOOL_EXPR] = bool_expr,
    [DG_NODE_NULL_TEST] = null_test,
    [DG_NODE_BOOLEAN_TEST] = boolean_test,
    [DG_NODE_COALESCE_EXPR] = alternatives,
    [DG_NODE_MIN_MAX_EXPR] = alternatives,
    [DG_NODE_CASE_EXPR] = case_expr,
    [DG_NODE_A_ARRAY_EXPR] = array_expr,
    [DG_NODE_ROW_EXPR] = row_expr,
    [DG_NODE_GROUPING_FUNC] = grouping_func,
    [DG_NODE_TYPE_CAST] = type_cast,
    [DG_NODE_COLLATE_CLAUSE] = collate_clause,
    [DG_NODE_NAMED_ARG_EXPR] = named_arg,
    [DG_NODE_XML_EXPR] = xml_expr,
    [DG_NODE_XML_SERIALIZE] = xml_serialize,
    [DG_NODE_MULTI_ASSIGN_REF] = multi_assign,
    [DG_NODE_SUB_LINK] = sub_link,
    [DG_NODE_FUNC_CALL] = dg_call,
};

struct dg_value dg_expression(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped)
{
    struct dg_node node = dg_tree_node(wrapped);
    struct dg_value value = no_value;
    if (node.kind == DG_NODE_NONE || !dg_resolver_enter(r))
        return value;
    if (node.kind == DG_NODE_LIST)
        dg_expression_list(r, scope, dg_tree_list(node.body, "items"));
    else if (handlers[node.kind] != NULL)
        value = handlers[node.kind](r, scope, node.body);
    else if (node.kind == DG_NODE_CURRENT_OF_EXPR)
        value = typed(DG_TYPE_BOOL, -1);
    else
        dg_resolver_undecided(r, DG_REASON_UNKNOWN); /* a node of another grammar: its names are not seen */
    dg_resolver_leave(r);
    return value;
}

void dg_expression_list(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first)
{
    for (const cJSON *item = first; item != NULL; item = item->next)
        dg_expression(r, scope, item);
}

void dg_expression_condition(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped)
{
    if (wrapped == NULL)
        return;
    struct dg_value value = dg_expression(r, scope, wrapped);
    dg_expression_settle(r, &value, DG_TYPE_BOOL);
    if (!dg_expression_fits(&value, DG_TYPE_BOOL))
        dg_resolver_blur(r);
}
