/*
 * One table from kinds of statement to what is done with them.
 *
 * Judged are queries, and the query inside EXPLAIN, DECLARE, PREPARE, CREATE TABLE AS, CREATE MATERIALIZED VIEW, a
 * CREATE VIEW of its own (inside CREATE SCHEMA a view may use tables that the same statement makes) and COPY (query).
 * Everything else is never a finding. A kind that is not in the table is a change of the schema if its name says so,
 * else a utility statement: a new grammar's statements are forwarded and not understood.
 */
#include "sql/statement.h"

#include "sql/node.h"
#include "sql/tree.h"

static bool is_query(const cJSON *node)
{
    static const char *const kinds[] = {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"};
    const char *tag = dg_node_tag(node);

    for (size_t i = 0; tag != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(tag, kinds[i]) == 0)
            return true;
    return false;
}

/*
 * Goes down to the query that a statement wraps. EXPLAIN may hold any of the others, and CREATE TABLE AS an EXECUTE,
 * whose query is elsewhere. Effects are noted as if EXPLAIN executed, since with ANALYZE it does.
 */
static void plan_wrapped(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    while (node != NULL && !is_query(node)) {
        const cJSON *fields = dg_node_fields(node);

        if (dg_node_as(node, "CreateTableAsStmt") != NULL)
            dg_effects_of_into(effects, dg_tree_field(fields, "into"));
        else if (dg_node_as(node, "ExecuteStmt") != NULL)
            dg_effects_append_named(effects, DG_EFFECT_EXECUTE, dg_tree_string(fields, "name"));
        node = dg_tree_field(fields, "query");
    }
    plan->judged = node;
    plan->reason = node == NULL ? DG_REASON_UTILITY : DG_REASON_NONE;
}

static void plan_query(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    plan->judged = node;
    plan->is_repeatable = true;
    dg_effects_of_set_config(effects, node);
}

/* UPDATE pg_settings SET setting = ... is SET by another name (the system's rule pg_settings_u): to what, is not looked at. */
static void plan_update(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    const char *target = dg_tree_string(dg_tree_field(dg_node_fields(node), "relation"), "relname");

    plan_query(node, effects, plan);
    if (target == NULL || strcmp(target, "pg_settings") != 0)
        return;
    dg_effects_append(effects, DG_EFFECT_PATH_UNKNOWN);
    dg_effects_append(effects, DG_EFFECT_SET_ROLE);
    plan->is_repeatable = false;
}

/* SELECT ... INTO makes a table; of a set operation the leftmost arm says so. */
static void plan_select(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    const cJSON *select = dg_node_fields(node);
    const cJSON *left;
    const cJSON *into;

    plan_query(node, effects, plan);
    while ((left = dg_tree_field(select, "larg")) != NULL)
        select = left;
    into = dg_tree_field(select, "intoClause");
    if (into == NULL)
        return;
    plan->class = DG_CLASS_WRAPPED;
    plan->command = "SELECT INTO";
    plan->is_repeatable = false;
    dg_effects_of_into(effects, into);
}

static void plan_wrapper(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    plan_wrapped(node, effects, plan);
    dg_effects_of_set_config(effects, node);
}

static void plan_create_table_as(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    if (dg_tree_is(dg_node_fields(node), "objtype", "OBJECT_MATVIEW"))
        plan->command = "CREATE MATERIALIZED VIEW";
    plan_wrapper(node, effects, plan);
}

static void plan_view(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    plan_wrapped(dg_tree_field(dg_node_fields(node), "query"), effects, plan);
    dg_effects_of_ddl(effects, "ViewStmt", dg_node_fields(node));
    plan->is_at_execute = true;
}

/* It runs nothing yet. */
static void plan_prepare(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    dg_effects_append_named(effects, DG_EFFECT_PREPARE, dg_tree_string(dg_node_fields(node), "name"));
    plan_wrapped(node, effects, plan);
    if (plan->judged != NULL)
        plan->judged = node;
    plan->is_prepare = true;
    plan->is_at_execute = true;
}

static void plan_copy(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    plan->is_at_execute = true;
    if (dg_tree_field(dg_node_fields(node), "query") != NULL) {
        plan_wrapper(node, effects, plan);
        return;
    }
    plan->class = DG_CLASS_OBSERVED;
    plan->reason = DG_REASON_UTILITY;
    plan->observed = node;
    dg_effects_of_set_config(effects, node); /* COPY ... WHERE */
}

static void plan_observed(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)effects;
    plan->observed = node;
}

static void plan_vacuum(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    if (dg_tree_bool(dg_node_fields(node), "is_vacuumcmd"))
        plan->command = "VACUUM";
    plan_observed(node, effects, plan);
}

static void plan_ddl(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)plan;
    dg_effects_of_ddl(effects, dg_node_tag(node), dg_node_fields(node));
}

static void plan_set(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    const cJSON *fields = dg_node_fields(node);

    if (dg_tree_is(fields, "kind", "VAR_RESET") || dg_tree_is(fields, "kind", "VAR_RESET_ALL"))
        plan->command = "RESET";
    dg_effects_of_set(effects, fields);
}

static void plan_transaction(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    static const struct {
        const char *kind;
        const char *command;
    } commands[] = {
        {"TRANS_STMT_BEGIN", "BEGIN"},
        {"TRANS_STMT_START", "START TRANSACTION"},
        {"TRANS_STMT_COMMIT", "COMMIT"},
        {"TRANS_STMT_ROLLBACK", "ROLLBACK"},
        {"TRANS_STMT_SAVEPOINT", "SAVEPOINT"},
        {"TRANS_STMT_RELEASE", "RELEASE"},
        {"TRANS_STMT_ROLLBACK_TO", "ROLLBACK TO SAVEPOINT"},
        {"TRANS_STMT_PREPARE", "PREPARE TRANSACTION"},
        {"TRANS_STMT_COMMIT_PREPARED", "COMMIT PREPARED"},
        {"TRANS_STMT_ROLLBACK_PREPARED", "ROLLBACK PREPARED"},
    };
    const cJSON *fields = dg_node_fields(node);

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (dg_tree_is(fields, "kind", commands[i].kind))
            plan->command = commands[i].command;
    dg_effects_of_transaction(effects, fields);
}

static void plan_discard(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)plan;
    dg_effects_of_discard(effects, dg_node_fields(node));
}

static void plan_deallocate(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)plan;
    dg_effects_of_deallocate(effects, dg_node_fields(node));
}

/* Its arguments are judged by nobody, its query was when it was prepared. */
static void plan_execute(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    plan_wrapped(node, effects, plan);
    dg_effects_of_set_config(effects, node);
}

static void plan_do(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)plan;
    dg_effects_of_do(effects, dg_node_fields(node));
}

static void plan_call(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)node;
    (void)plan;
    dg_effects_of_call(effects);
}

static void plan_nothing(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    (void)node;
    (void)effects;
    (void)plan;
}

struct statement_kind {
    const char *tag;
    enum dg_sql_class class;
    const char *command;
    void (*fill)(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan);
};

static const struct statement_kind statement_kinds[] = {
    {"SelectStmt", DG_CLASS_DML, "SELECT", plan_select},
    {"InsertStmt", DG_CLASS_DML, "INSERT", plan_query},
    {"UpdateStmt", DG_CLASS_DML, "UPDATE", plan_update},
    {"DeleteStmt", DG_CLASS_DML, "DELETE", plan_query},
    {"MergeStmt", DG_CLASS_DML, "MERGE", plan_query},
    {"TransactionStmt", DG_CLASS_UTILITY, "TRANSACTION", plan_transaction},
    {"VariableSetStmt", DG_CLASS_UTILITY, "SET", plan_set},
    {"ExplainStmt", DG_CLASS_WRAPPED, "EXPLAIN", plan_wrapper},
    {"DeclareCursorStmt", DG_CLASS_WRAPPED, "DECLARE CURSOR", plan_wrapper},
    {"CreateTableAsStmt", DG_CLASS_WRAPPED, "CREATE TABLE AS", plan_create_table_as},
    {"ViewStmt", DG_CLASS_WRAPPED, "CREATE VIEW", plan_view},
    {"PrepareStmt", DG_CLASS_WRAPPED, "PREPARE", plan_prepare},
    {"CopyStmt", DG_CLASS_WRAPPED, "COPY", plan_copy},
    {"TruncateStmt", DG_CLASS_OBSERVED, "TRUNCATE TABLE", plan_observed},
    {"LockStmt", DG_CLASS_OBSERVED, "LOCK TABLE", plan_observed},
    {"VacuumStmt", DG_CLASS_OBSERVED, "ANALYZE", plan_vacuum},
    {"ExecuteStmt", DG_CLASS_UTILITY, "EXECUTE", plan_execute},
    {"DeallocateStmt", DG_CLASS_UTILITY, "DEALLOCATE", plan_deallocate},
    {"DiscardStmt", DG_CLASS_UTILITY, "DISCARD", plan_discard},
    {"DoStmt", DG_CLASS_UTILITY, "DO", plan_do},
    {"CallStmt", DG_CLASS_UTILITY, "CALL", plan_call},
    {"VariableShowStmt", DG_CLASS_UTILITY, "SHOW", plan_nothing},
    {"FetchStmt", DG_CLASS_UTILITY, "FETCH", plan_nothing},
    {"ClosePortalStmt", DG_CLASS_UTILITY, "CLOSE CURSOR", plan_nothing},
    {"ListenStmt", DG_CLASS_UTILITY, "LISTEN", plan_nothing},
    {"UnlistenStmt", DG_CLASS_UTILITY, "UNLISTEN", plan_nothing},
    {"NotifyStmt", DG_CLASS_UTILITY, "NOTIFY", plan_nothing},
    {"ConstraintsSetStmt", DG_CLASS_UTILITY, "SET CONSTRAINTS", plan_nothing},
    {"RefreshMatViewStmt", DG_CLASS_UTILITY, "REFRESH MATERIALIZED VIEW", plan_nothing},
    {"ReindexStmt", DG_CLASS_UTILITY, "REINDEX", plan_nothing},
    {"ClusterStmt", DG_CLASS_UTILITY, "CLUSTER", plan_nothing},
    {"CheckPointStmt", DG_CLASS_UTILITY, "CHECKPOINT", plan_nothing},
    {"LoadStmt", DG_CLASS_UTILITY, "LOAD", plan_nothing},
    {"CreateStmt", DG_CLASS_DDL, "CREATE TABLE", plan_ddl},
    {"AlterTableStmt", DG_CLASS_DDL, "ALTER TABLE", plan_ddl},
    {"IndexStmt", DG_CLASS_DDL, "CREATE INDEX", plan_ddl},
    {"DefineStmt", DG_CLASS_DDL, "CREATE", plan_ddl},
    {"CompositeTypeStmt", DG_CLASS_DDL, "CREATE TYPE", plan_ddl},
    {"RuleStmt", DG_CLASS_DDL, "CREATE RULE", plan_ddl},
    {"RenameStmt", DG_CLASS_DDL, "ALTER", plan_ddl},
    {"GrantStmt", DG_CLASS_DDL, "GRANT", plan_ddl},
    {"GrantRoleStmt", DG_CLASS_DDL, "GRANT ROLE", plan_ddl},
    {"CommentStmt", DG_CLASS_DDL, "COMMENT", plan_ddl},
    {"SecLabelStmt", DG_CLASS_DDL, "SECURITY LABEL", plan_ddl},
    {"ReassignOwnedStmt", DG_CLASS_DDL, "REASSIGN OWNED", plan_ddl},
    {"ImportForeignSchemaStmt", DG_CLASS_DDL, "IMPORT FOREIGN SCHEMA", plan_ddl},
    {"AlterSystemStmt", DG_CLASS_UTILITY, "ALTER SYSTEM", plan_nothing},
};

/* The tag begins with this word: CreatedbStmt, AlterOwnerStmt, DropRoleStmt, ... */
static const struct statement_kind ddl_prefixes[] = {
    {"Create", DG_CLASS_DDL, "CREATE", plan_ddl},
    {"Alter", DG_CLASS_DDL, "ALTER", plan_ddl},
    {"Drop", DG_CLASS_DDL, "DROP", plan_ddl},
};

static const struct statement_kind unknown_kind = {"", DG_CLASS_UTILITY, "OTHER", plan_nothing};

static const struct statement_kind *find_kind(const char *tag)
{
    for (size_t i = 0; tag != NULL && i < sizeof(statement_kinds) / sizeof(statement_kinds[0]); i++)
        if (strcmp(statement_kinds[i].tag, tag) == 0)
            return &statement_kinds[i];
    for (size_t i = 0; tag != NULL && i < sizeof(ddl_prefixes) / sizeof(ddl_prefixes[0]); i++)
        if (strncmp(ddl_prefixes[i].tag, tag, strlen(ddl_prefixes[i].tag)) == 0)
            return &ddl_prefixes[i];
    return &unknown_kind;
}

static enum dg_reason reason_of_class(enum dg_sql_class class)
{
    switch (class) {
    case DG_CLASS_DML:
    case DG_CLASS_WRAPPED:
        return DG_REASON_NONE;
    case DG_CLASS_DDL:
        return DG_REASON_DDL;
    case DG_CLASS_OBSERVED:
    case DG_CLASS_UTILITY:
        break;
    }
    return DG_REASON_UTILITY;
}

void dg_statement_plan(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan)
{
    const struct statement_kind *kind = find_kind(dg_node_tag(node));

    *plan = (struct dg_statement_plan){
        .class = kind->class, .command = kind->command, .reason = reason_of_class(kind->class)};
    kind->fill(node, effects, plan);
}
