/*
 * One name resolution in progress: what the files of the walk share. Internal to sql/ (resolve.c starts it).
 *
 *   names.c       what a written name can be in the snapshot: relations through the search path, types, functions
 *   scope.c       what a name can mean at one point of the statement
 *   column.c      column references, whole rows, fields, functional notation
 *   expression.c  the walk over expressions
 *   call.c        function calls: the type of their result, the columns they give in FROM
 *   absent.c      functions, types and schemas that nothing could satisfy
 *   certain.c     calls that cannot fail in analysis
 *   from.c        FROM items and joins
 *   targets.c     target lists and their names, ORDER BY, GROUP BY
 *   select.c, with.c, modify.c, merge.c  the statements
 *   contract.c, contract_null.c  what a target's columns and indexes refuse after all names were found
 *   enum_label.c  string literals that meet an enum
 *   report.c      references, names and findings as they go out
 *   report_missing.c  the words of 42703 and 42P01: explaining is kept apart from resolving
 *   report_calls.c    the words of 42883, 42704, 3F000 and 42702
 *
 * Invariants. The walk goes in PostgreSQL's order of analysis, so the first finding is the server's first error unless
 * something before it may fail otherwise: whatever may raise another error calls dg_resolver_blur when it has been
 * walked, and findings after it are not exact. A failed allocation sets no_memory; everything after it may be garbage
 * but never a crash.
 */
#ifndef DG_SQL_RESOLVER_H
#define DG_SQL_RESOLVER_H

#include "sql/resolve.h"
#include "sql/scope.h"
#include "sql/tree.h"

/* Types that the parser itself knows; their oids are fixed (pg_type.dat). */
enum dg_known_type {
    DG_TYPE_BOOL = 16,
    DG_TYPE_BYTEA = 17,
    DG_TYPE_NAME = 19,
    DG_TYPE_INT8 = 20,
    DG_TYPE_INT2 = 21,
    DG_TYPE_INT2VECTOR = 22,
    DG_TYPE_INT4 = 23,
    DG_TYPE_TEXT = 25,
    DG_TYPE_OID = 26,
    DG_TYPE_OIDVECTOR = 30,
    DG_TYPE_XML = 142,
    DG_TYPE_FLOAT4 = 700,
    DG_TYPE_FLOAT8 = 701,
    DG_TYPE_UNKNOWN = 705,
    DG_TYPE_BPCHAR = 1042,
    DG_TYPE_VARCHAR = 1043,
    DG_TYPE_DATE = 1082,
    DG_TYPE_TIMESTAMP = 1114,
    DG_TYPE_TIMESTAMPTZ = 1184,
    DG_TYPE_BIT = 1560,
    DG_TYPE_NUMERIC = 1700,
    DG_TYPE_RECORD = 2249,
    DG_TYPE_ANY = 2276,
    DG_TYPE_ANYARRAY = 2277,
    DG_TYPE_VOID = 2278,
    DG_TYPE_ANYELEMENT = 2283,
    DG_TYPE_RECORD_ARRAY = 2287,
    DG_TYPE_ANYNONARRAY = 2776,
    DG_TYPE_UUID = 2950,
    DG_TYPE_ANYENUM = 3500,
    DG_TYPE_ANYRANGE = 3831,
    DG_TYPE_ANYMULTIRANGE = 4537,
    DG_TYPE_ANYCOMPATIBLE = 5077,
    DG_TYPE_ANYCOMPATIBLEARRAY = 5078,
    DG_TYPE_ANYCOMPATIBLENONARRAY = 5079,
    DG_TYPE_UNDECIDED = 0xFFFFFFFF /* a parameter's, settled, but it cannot be told as what */
};

/* Deeper than the parser's JSON can be. */
#define DG_RESOLVE_MAX_DEPTH 1000
#define DG_RESOLVE_MAX_FINDINGS 32
/* The server's limits for a target list (1,664) and a join's columns are near; a longer list is open. */
#define DG_RESOLVE_MAX_COLUMNS 2000

/* What a scalar sub-select's column is called: a target made of it takes that name. */
struct dg_sublink_name {
    const cJSON *body;
    const char *name; /* NULL: not known */
    struct dg_sublink_name *next;
};

/* How far the server goes with a query by itself: one that another statement wraps may only be analysed. */
enum dg_reach { DG_REACH_RUN, DG_REACH_PLAN, DG_REACH_ANALYSIS };

/* What a write does against the contract of its target, kept until the whole statement is known to be without an error
   that comes earlier. */
struct dg_breach {
    const struct dg_relation *relation; /* NULL: there is none */
    const struct dg_column *column;     /* NULL for ON CONFLICT */
    enum dg_clause clause;
    bool is_by_domain; /* the column's type refuses NULL, before the column does */
    bool is_update;
    bool is_repeated; /* a column is set twice: another error may come first */
};

struct dg_output; /* references, findings, names: report.c */

struct dg_resolver {
    const struct dg_sql_session *session;
    const struct dg_snapshot *snapshot;
    const struct dg_server_facts *facts;
    struct dg_str text;
    struct dg_arena *arena;
    dg_oid role_oid; /* 0: not known */
    enum dg_clause clause;
    unsigned depth;
    unsigned n_calls;     /* whose arguments are being walked */
    struct dg_work *work; /* of the whole text */
    bool no_memory;
    bool gave_up;           /* a limit: part of the statement was not walked, nothing more is found missing */
    bool is_blurred;        /* something analysed so far may raise another error */
    bool is_path_sensitive; /* another search path could have given another relation */
    bool is_observed;       /* references only */
    bool depends_on_path;
    bool depends_on_literals; /* a literal was compared with something of the schema: the labels of an enum */
    dg_oid *settled;          /* by parameter number, what its first use made of one that is not declared; 0: not met */
    size_t n_settled;
    bool has_parameter; /* one whose type is not declared: it may stay without one (42P18) */
    bool is_array_cast; /* the ARRAY[...] that is looked at next is cast: its elements are of the cast's type */
    enum dg_reach reach;
    struct dg_breach generated; /* the first of each kind: contract.c */
    struct dg_breach conflict;
    struct dg_breach required;
    enum dg_reason reason;
    struct dg_output *output;
    struct dg_sublink_name *sublink_names; /* last met first */
};

/* ---- resolve.c ---- */
void *dg_resolver_alloc(struct dg_resolver *r, size_t size_bytes); /* zeroed; NULL sets no_memory */
void dg_resolver_blur(struct dg_resolver *r);
/* The first reason stays; behind a finding there is none, since the statement fails in any case. */
void dg_resolver_undecided(struct dg_resolver *r, enum dg_reason reason);
/* False beyond the limit or without memory; each true needs a leave. */
bool dg_resolver_enter(struct dg_resolver *r);
void dg_resolver_leave(struct dg_resolver *r);

/* Adds to the work done; false beyond the limit: the caller decides nothing. */
bool dg_resolver_work(struct dg_resolver *r, size_t n);
/* Beyond a limit: nothing more is decided. */
void dg_resolver_give_up(struct dg_resolver *r);
/* True once a limit was met, also by a look-up that went on to its end. */
bool dg_resolver_has_given_up(const struct dg_resolver *r);

/* ---- names.c ---- */
struct dg_relation_name {
    const char *catalog; /* NULL when not written */
    const char *schema;  /* NULL when not written */
    const char *name;
    int32_t location;
};

enum dg_name_result { DG_NAME_FOUND, DG_NAME_MISSING, DG_NAME_UNDECIDED };

struct dg_relation_lookup {
    enum dg_name_result result;
    const struct dg_relation *relation; /* FOUND */
    bool may_fail;                      /* FOUND or MISSING: the server may raise another error instead */
    bool is_unique;                     /* no other schema has a relation of this name (or the schema was written) */
    enum dg_reason reason;              /* UNDECIDED */
};

struct dg_relation_name dg_relation_name_of(const cJSON *range_var);
struct dg_relation_lookup dg_names_relation(struct dg_resolver *r, const struct dg_relation_name *name);
/* True if the session changed an object of that name and has not committed it, or it is a temporary one. */
bool dg_names_is_local(const struct dg_resolver *r, const char *name);
/* True if the server reads the name with the same bytes as the parser did. */
bool dg_names_are_same_bytes(const struct dg_resolver *r, const char *name);
/* The type that a TypeName stands for; NULL when it cannot be told. *array_of: written with brackets. */
const struct dg_type *dg_names_type(struct dg_resolver *r, const cJSON *type_name);
/* Where the search path has the schema: 0 for an implicit pg_catalog, then from 1 on; DG_RANK_NONE: not on it.
   DG_RANK_UNSURE: cannot be told. */
#define DG_RANK_NONE (-1)
#define DG_RANK_UNSURE (-2)
int dg_names_path_rank(struct dg_resolver *r, dg_oid namespace_oid);
/* The true array type over an element type, 0 when it cannot be told. */
dg_oid dg_names_array_type(const struct dg_resolver *r, dg_oid element_oid);
/* The element type of an array type, or 0. */
dg_oid dg_names_element_type(const struct dg_resolver *r, dg_oid array_oid);
/* The relation behind a composite type or a domain over one; NULL when it is none or not known. */
const struct dg_relation *dg_names_composite(const struct dg_resolver *r, dg_oid type_oid);
/* True if the type is known and has no fields. */
bool dg_names_type_is_scalar(const struct dg_resolver *r, dg_oid type_oid);
/* Whether any schema has a type of that name. */
bool dg_names_has_type(const struct dg_resolver *r, const char *name);
/* The type under all domains. */
dg_oid dg_names_base_type(const struct dg_resolver *r, dg_oid type_oid);
/* True if `value.name` may be a call name(value) or a cast: value's type is type_oid, 0 when not known. */
bool dg_names_may_be_call(struct dg_resolver *r, const char *name, dg_oid type_oid, bool is_scalar);
/* True if the search path leads to this type by its name alone. */
bool dg_names_type_is_visible(const struct dg_resolver *r, const struct dg_type *type);
/* How format_type writes it; NULL if that cannot be told. */
const char *dg_names_format_type(struct dg_resolver *r, dg_oid type_oid);

/* ---- report.c ---- */
bool dg_output_init(struct dg_resolver *r);
void dg_output_finish(struct dg_resolver *r, struct dg_resolution *resolution);
void dg_report_reference(struct dg_resolver *r, dg_oid relation_oid, int16_t attnum, int32_t location);
void dg_report_column_reference(struct dg_resolver *r, const struct dg_scope_column *column, int32_t location);
void dg_report_relation_name(struct dg_resolver *r, const char *schema, const char *name);
void dg_report_column_name(struct dg_resolver *r, const char *qualifier, const char *name);

/* True once something was found missing: the statement fails, whatever else is not decided. */
bool dg_report_has_finding(const struct dg_resolver *r);

/* The way in for every finding: fills what all share, and the caller the rest. NULL: none may be reported. Not to be
   called twice for one mistake of the text. */
struct dg_sql_finding *dg_report_add(struct dg_resolver *r, enum dg_finding_kind kind, const char *sqlstate,
                                     int32_t location);
/* Takes the message (of the arena; NULL: no memory). */
void dg_report_set_message(struct dg_resolver *r, struct dg_sql_finding *finding, const char *message);
/* Fills in the relation's name, schema and oid; NULL is allowed. */
void dg_report_set_relation(struct dg_resolver *r, struct dg_sql_finding *finding, const struct dg_relation *relation);
/* A copy in the arena: the tree dies before the answer does. */
const char *dg_report_copy(struct dg_resolver *r, const char *text);

/* ---- report_missing.c: `item` (may be NULL) is what lacks the column ---- */
void dg_report_missing_relation(struct dg_resolver *r, const struct dg_relation_name *name,
                                const struct dg_relation_lookup *lookup);
void dg_report_missing_column(struct dg_resolver *r, const struct dg_scope *scope, const char *qualifier,
                              const char *column, const struct dg_scope_item *item, int32_t location);
void dg_report_missing_field(struct dg_resolver *r, const char *field, dg_oid type_oid, int32_t location);
void dg_report_missing_target(struct dg_resolver *r, const struct dg_scope_item *target, const char *column,
                              int32_t location);
void dg_report_missing_target_field(struct dg_resolver *r, const char *column, const char *field, dg_oid type_oid,
                                    int32_t location);
void dg_report_missing_using(struct dg_resolver *r, const char *column, const struct dg_scope_item *side, bool is_left);
void dg_report_missing_from_entry(struct dg_resolver *r, const struct dg_scope *scope, const char *schema,
                                  const char *name, int32_t location);
void dg_report_missing_locked(struct dg_resolver *r, const char *name, const char *clause, int32_t location);

/* ---- column.c ---- */
/* What an expression is, as far as it is known. */
struct dg_value {
    dg_oid type_oid;     /* 0: not known */
    dg_oid relation_oid; /* a plain column reference: the relation's column behind it */
    int16_t attnum;
    const struct dg_scope_item *row;    /* a whole-row reference to this item */
    const struct dg_scope_item *record; /* a record of these columns: a call of a function with OUT parameters */
    int32_t location;                   /* where the server points for it; -1: not known */
    bool is_constant;                   /* a literal, NULL or parameter that takes the type it is given */
    bool is_string;                     /* a string literal: its text must fit that type */
    int32_t parameter;                  /* number of a parameter whose type is not settled yet, else 0 */
    const char *text;                   /* of a string literal; borrowed from the tree */
};

/* A call as it is written, once its arguments are known. */
struct dg_call_form {
    const char *schema; /* NULL when not written */
    const char *name;   /* NULL: not a name that can be looked up */
    int n_args;
    bool is_exact_count; /* no named and no VARIADIC argument */
    dg_oid first_type;   /* of the first argument, 0 when not known */
    const struct dg_value
        *values; /* of all arguments, those of WITHIN GROUP last; NULL: more than a function can have */
    size_t n_values;
    const struct dg_function *function; /* the one that is called, where that is certain, else NULL */
};

/* An undotted name. */
struct dg_value dg_column_undotted(struct dg_resolver *r, struct dg_scope *scope, const char *name, int32_t location);
struct dg_value dg_column_reference(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body);
/* The item that `fields` (all but the last) name, as in t.* and s.t.col. NULL: reported or not decided. */
const struct dg_scope_item *dg_column_qualifier(struct dg_resolver *r, struct dg_scope *scope, const cJSON *fields,
                                                int n_fields, int32_t location);
struct dg_value dg_column_indirection(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body);
/* The same without the last element (which is a star). */
struct dg_value dg_column_indirection_but_last(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body);

/* ---- expression.c ---- */
struct dg_value dg_expression(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped);
void dg_expression_list(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first);
/* An expression that is coerced to boolean: WHERE, ON, HAVING, FILTER. */
void dg_expression_condition(struct dg_resolver *r, struct dg_scope *scope, const cJSON *wrapped);
/* Built-in types that can be compared, sorted and grouped by. */
bool dg_expression_is_comparable(const struct dg_resolver *r, dg_oid type_oid);
/* The value takes this type: a parameter keeps it for the rest of the statement. */
void dg_expression_settle(struct dg_resolver *r, const struct dg_value *value, dg_oid type_oid);
/* True if assigning the value to a column of this type cannot fail in analysis. */
bool dg_expression_fits(const struct dg_value *value, dg_oid type_oid);

/* ---- absent.c: each reports what is absent, and is silent where that is not certain ---- */
/* The type of a TypeName. */
void dg_absent_type(struct dg_resolver *r, const cJSON *type_name);
/* The schema of a dotted name: an operator's, a collation's. True if it is absent. */
bool dg_absent_schema(struct dg_resolver *r, const cJSON *names, int32_t location);
/* The function of a FuncCall whose arguments have been walked. */
void dg_absent_function(struct dg_resolver *r, const cJSON *body, const struct dg_call_form *form);

/* ---- certain.c ---- */
/* The function of a FuncCall that cannot fail in analysis; NULL: it may, or which it is cannot be told. */
const struct dg_function *dg_certain_call(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body,
                                          const struct dg_call_form *form);

/* ---- report_calls.c ---- */
void dg_report_missing_schema(struct dg_resolver *r, const char *schema, int32_t location);
void dg_report_missing_type(struct dg_resolver *r, const cJSON *type_name, const char *schema, const char *name);
void dg_report_missing_function(struct dg_resolver *r, const cJSON *body, const struct dg_call_form *form);
/* What follows is not exact, also where nothing may be reported. */
void dg_report_ambiguous_column(struct dg_resolver *r, const char *name, int32_t location);
void dg_report_ambiguous_using(struct dg_resolver *r, const char *name, bool is_left);
void dg_report_ambiguous_relation(struct dg_resolver *r, const char *name, int32_t location);

/* ---- call.c ---- */
struct dg_value dg_call(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body);
/* What the server calls the function of a FuncCall, schema left out; NULL if the tree has no name. */
const char *dg_call_name(const struct dg_resolver *r, const cJSON *body);
/* The FROM item of a RangeFunction. */
struct dg_scope_item *dg_call_item(struct dg_resolver *r, struct dg_scope *scope, const cJSON *body);

/* ---- from.c ---- */
void dg_from_clause(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first);
/* A relation as target of INSERT, UPDATE, DELETE or MERGE; in scope->items, not in its entries. */
struct dg_scope_item *dg_from_target(struct dg_resolver *r, struct dg_scope *scope, const cJSON *range_var);
struct dg_scope_item *dg_from_new_item(struct dg_resolver *r, enum dg_item_kind kind, const char *name);
struct dg_scope_entry *dg_from_add_entry(struct dg_resolver *r, struct dg_scope *scope, struct dg_scope_item *item,
                                         bool shows_name, bool shows_columns);
/* The alias' column names rename the first columns of the list. */
void dg_from_rename_columns(struct dg_resolver *r, struct dg_column_list *list, const cJSON *alias);
void dg_list_add(struct dg_resolver *r, struct dg_column_list *list, const struct dg_scope_column *column);

/* ---- targets.c ---- */
void dg_targets(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first, struct dg_column_list *targets);
/* PostgreSQL's name for a target without AS (FigureColname). */
const char *dg_target_name(const struct dg_resolver *r, const cJSON *wrapped);
void dg_targets_star(struct dg_resolver *r, const struct dg_scope_item *item, struct dg_column_list *targets,
                     int32_t location);
void dg_targets_order_by(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first,
                         const struct dg_column_list *targets);
void dg_targets_group_by(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first,
                         const struct dg_column_list *targets);
void dg_targets_distinct_on(struct dg_resolver *r, struct dg_scope *scope, const cJSON *first,
                            const struct dg_column_list *targets);

/* ---- with.c ---- */
/* The columns of a CTE once its query, or the first arm of a recursive one, is known. */
void dg_with_set_columns(struct dg_resolver *r, struct dg_cte *cte, const struct dg_column_list *columns);
void dg_with_clause(struct dg_resolver *r, struct dg_scope *scope, const cJSON *with);

/* ---- select.c ---- */
/* A SELECT, VALUES or set operation below `parent`; `cte` is the one it defines when that is recursive, else NULL. */
void dg_select(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body, struct dg_cte *cte,
               struct dg_column_list *targets);
/* Any statement that gives columns: a sub-select or a CTE's query. False if it gives none (no RETURNING). */
bool dg_query(struct dg_resolver *r, struct dg_scope *parent, const cJSON *wrapped, struct dg_cte *cte,
              struct dg_column_list *targets);

/* ---- modify.c, merge.c ---- */
void dg_modify_insert(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body,
                      struct dg_column_list *targets);
void dg_modify_update(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body,
                      struct dg_column_list *targets);
void dg_modify_delete(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body,
                      struct dg_column_list *targets);
void dg_merge(struct dg_resolver *r, struct dg_scope *parent, const cJSON *body);
/* The column list of an INSERT. */
void dg_modify_check_columns(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *columns);
void dg_modify_assign_row(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                          const cJSON *columns, const cJSON *values);
void dg_modify_set(struct dg_resolver *r, struct dg_scope *scope, const struct dg_scope_item *target,
                   const cJSON *list);

/* ---- contract.c: `columns` is the column list as written, NULL without one ---- */
struct dg_rows {
    const cJSON *columns;
    const char *overriding; /* the parser's word; NULL: none */
    bool is_certain_to_run; /* a statement of its own: neither a CTE nor an action of MERGE */
};
/* VALUES: `first` is the first of the rows. */
void dg_contract_values(struct dg_resolver *r, const struct dg_scope_item *target, const struct dg_rows *rows,
                        const cJSON *first);
/* One row, whose first value is `first`; NULL for DEFAULT VALUES. */
void dg_contract_row(struct dg_resolver *r, const struct dg_scope_item *target, const struct dg_rows *rows,
                     const cJSON *first);
/* Rows of a query, `n` values each; DG_CONTRACT_OPEN: as many as there are columns, or not known. */
#define DG_CONTRACT_OPEN SIZE_MAX
void dg_contract_query(struct dg_resolver *r, const struct dg_scope_item *target, const struct dg_rows *rows, size_t n);
void dg_contract_set(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *list);
void dg_contract_conflict(struct dg_resolver *r, const struct dg_scope_item *target, const cJSON *infer);
/* Once, at the end: the breach that the server raises first, unless the statement fails before. */
void dg_contract_report(struct dg_resolver *r);

/* ---- enum_label.c ---- */
/* True if the type is an enum that only the catalog's own operators compare. */
bool dg_enum_is_plain(const struct dg_resolver *r, dg_oid type_oid);
/* A value that is converted to the type. True if it is a string literal and a label of that enum (or the one under that
   domain); one that is no label is reported. */
bool dg_enum_accepts(struct dg_resolver *r, const struct dg_value *value, dg_oid type_oid);
/* Two values side by side in a comparison: a string literal beside a plain enum is converted to it. False if it is not
   known to be a label. */
bool dg_enum_compare(struct dg_resolver *r, const struct dg_value *a, const struct dg_value *b);

#endif
