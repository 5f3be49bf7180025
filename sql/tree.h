/*
 * Typed access to the parser's JSON tree (libpg_query, read with cJSON).
 *
 * A node is an object with one member whose name is its kind: {"ColumnRef": {...}}. Fields of a fixed type (a
 * RangeVar in INSERT, an Alias) come without that wrapper. Fields that are zero, false or empty are left out, so every
 * reader here takes NULL and whatever else a hostile statement can make of the tree.
 */
#ifndef DG_SQL_TREE_H
#define DG_SQL_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* The kinds that analysis looks at; the most frequent first, since they are searched in this order. */
#define DG_NODE_KINDS(X)                                                                                               \
    X(COLUMN_REF, "ColumnRef")                                                                                         \
    X(STRING, "String")                                                                                                \
    X(RES_TARGET, "ResTarget")                                                                                         \
    X(A_CONST, "A_Const")                                                                                              \
    X(A_EXPR, "A_Expr")                                                                                                \
    X(PARAM_REF, "ParamRef")                                                                                           \
    X(FUNC_CALL, "FuncCall")                                                                                           \
    X(BOOL_EXPR, "BoolExpr")                                                                                           \
    X(TYPE_CAST, "TypeCast")                                                                                           \
    X(RANGE_VAR, "RangeVar")                                                                                           \
    X(JOIN_EXPR, "JoinExpr")                                                                                           \
    X(SORT_BY, "SortBy")                                                                                               \
    X(A_STAR, "A_Star")                                                                                                \
    X(LIST, "List")                                                                                                    \
    X(SUB_LINK, "SubLink")                                                                                             \
    X(SELECT_STMT, "SelectStmt")                                                                                       \
    X(INSERT_STMT, "InsertStmt")                                                                                       \
    X(UPDATE_STMT, "UpdateStmt")                                                                                       \
    X(DELETE_STMT, "DeleteStmt")                                                                                       \
    X(MERGE_STMT, "MergeStmt")                                                                                         \
    X(NULL_TEST, "NullTest")                                                                                           \
    X(BOOLEAN_TEST, "BooleanTest")                                                                                     \
    X(CASE_EXPR, "CaseExpr")                                                                                           \
    X(CASE_WHEN, "CaseWhen")                                                                                           \
    X(COALESCE_EXPR, "CoalesceExpr")                                                                                   \
    X(MIN_MAX_EXPR, "MinMaxExpr")                                                                                      \
    X(A_INDIRECTION, "A_Indirection")                                                                                  \
    X(A_INDICES, "A_Indices")                                                                                          \
    X(A_ARRAY_EXPR, "A_ArrayExpr")                                                                                     \
    X(ROW_EXPR, "RowExpr")                                                                                             \
    X(COLLATE_CLAUSE, "CollateClause")                                                                                 \
    X(SQL_VALUE_FUNCTION, "SQLValueFunction")                                                                          \
    X(NAMED_ARG_EXPR, "NamedArgExpr")                                                                                  \
    X(GROUPING_FUNC, "GroupingFunc")                                                                                   \
    X(GROUPING_SET, "GroupingSet")                                                                                     \
    X(MULTI_ASSIGN_REF, "MultiAssignRef")                                                                              \
    X(SET_TO_DEFAULT, "SetToDefault")                                                                                  \
    X(CURRENT_OF_EXPR, "CurrentOfExpr")                                                                                \
    X(XML_EXPR, "XmlExpr")                                                                                             \
    X(XML_SERIALIZE, "XmlSerialize")                                                                                   \
    X(RANGE_SUBSELECT, "RangeSubselect")                                                                               \
    X(RANGE_FUNCTION, "RangeFunction")                                                                                 \
    X(RANGE_TABLE_FUNC, "RangeTableFunc")                                                                              \
    X(RANGE_TABLE_FUNC_COL, "RangeTableFuncCol")                                                                       \
    X(RANGE_TABLE_SAMPLE, "RangeTableSample")                                                                          \
    X(COMMON_TABLE_EXPR, "CommonTableExpr")                                                                            \
    X(WINDOW_DEF, "WindowDef")                                                                                         \
    X(LOCKING_CLAUSE, "LockingClause")                                                                                 \
    X(INDEX_ELEM, "IndexElem")                                                                                         \
    X(MERGE_WHEN_CLAUSE, "MergeWhenClause")                                                                            \
    X(COLUMN_DEF, "ColumnDef")                                                                                         \
    X(VACUUM_RELATION, "VacuumRelation")                                                                               \
    X(PREPARE_STMT, "PrepareStmt")                                                                                     \
    X(TYPE_NAME, "TypeName")                                                                                           \
    X(COPY_STMT, "CopyStmt")                                                                                           \
    X(TRUNCATE_STMT, "TruncateStmt")                                                                                   \
    X(LOCK_STMT, "LockStmt")                                                                                           \
    X(VACUUM_STMT, "VacuumStmt")

enum dg_node_kind {
    DG_NODE_NONE, /* no node at all */
    DG_NODE_OTHER,
#define DG_NODE_KIND(name, tag) DG_NODE_##name,
    DG_NODE_KINDS(DG_NODE_KIND)
#undef DG_NODE_KIND
        DG_NODE_KIND_COUNT
};

/* A node without its wrapper. */
struct dg_node {
    enum dg_node_kind kind;
    const cJSON *body; /* NULL only for NONE */
};

struct dg_node dg_tree_node(const cJSON *wrapped);
/* The body if the wrapped node is of this kind, else NULL. */
const cJSON *dg_tree_body(const cJSON *wrapped, enum dg_node_kind kind);

/* A field of a body; NULL when left out. */
const cJSON *dg_tree_field(const cJSON *body, const char *name);
struct dg_node dg_tree_child(const cJSON *body, const char *name);
/* A string or enum field; NULL when left out. */
const char *dg_tree_string(const cJSON *body, const char *name);
/* True if the field is this string. */
bool dg_tree_is(const cJSON *body, const char *name, const char *value);
bool dg_tree_bool(const cJSON *body, const char *name);
int32_t dg_tree_int(const cJSON *body, const char *name);
/* Byte offset in the text; 0 when left out (the parser leaves zeros out), -1: none. */
int32_t dg_tree_location(const cJSON *body);

/* The first element of a list (then ->next), of a field that is a list; NULL when empty. */
const cJSON *dg_tree_first(const cJSON *list);
const cJSON *dg_tree_list(const cJSON *body, const char *name);
int dg_tree_length(const cJSON *first);
/* The elements of a {"List": {"items": [...]}} node. */
const cJSON *dg_tree_items(const cJSON *wrapped);
/* The text of a {"String": ...} node; NULL if it is another. */
const char *dg_tree_sval(const cJSON *wrapped);
/* The last {"String"} of a list of names, NULL if the last element is none. */
const char *dg_tree_last_name(const cJSON *first);

#endif
