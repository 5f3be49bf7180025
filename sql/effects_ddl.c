/*
 * Which relations a schema change names, so that the session's later statements are not judged by a snapshot from
 * before it, and the schema thread reads them again at once.
 *
 * An effect without names says "anything": for what reaches further than the names in the text (CASCADE, a table with
 * children, types, functions, schemas, privileges on schemas, roles) and for what is not understood well enough. A
 * statement that cannot change what a relation, column, type or function name means has no effect: comments, grants on
 * tables, plain indexes, operators but comparisons, statistics, publications.
 *
 * To add a kind of statement: a line in `kinds`.
 */
#include "sql/effects.h"

#include "sql/node.h"
#include "sql/tree.h"

/* ---- names ------------------------------------------------------------------------------------------------------- */

static bool is_temp_schema(const char *schema)
{
    return schema != NULL && (strcmp(schema, "pg_temp") == 0 || strncmp(schema, "pg_temp_", 8) == 0);
}

static bool is_temp_range(const cJSON *range)
{
    return dg_tree_is(range, "relpersistence", "t") || is_temp_schema(dg_tree_string(range, "schemaname"));
}

static void append_any(struct dg_effects *effects)
{
    dg_effects_append(effects, DG_EFFECT_DDL);
}

static void append_names(struct dg_effects *effects, const struct dg_name_list *list, bool is_temp)
{
    struct dg_sql_effect *effect = dg_effects_append(effects, DG_EFFECT_DDL);

    /* Without names it means "anything", which is right for a list that was not understood, too. */
    if (effect == NULL)
        return;
    effect->names = list->items;
    effect->n_names = list->n_items;
    effect->is_temp = is_temp && list->n_items > 0;
}

/* The fields of a RangeVar. */
static void add_range(struct dg_name_list *list, struct dg_effects *effects, const cJSON *range)
{
    const char *name = dg_tree_string(range, "relname");

    if (name != NULL)
        dg_name_list_add(list, effects, dg_tree_string(range, "schemaname"), name);
}

static void append_range(struct dg_effects *effects, const cJSON *range)
{
    struct dg_name_list list = {0};

    add_range(&list, effects, range);
    append_names(effects, &list, is_temp_range(range));
}

static bool is_parent(const struct dg_snapshot *snapshot, dg_oid oid)
{
    const struct dg_relation *relation;
    size_t cursor = 0;

    while ((relation = dg_snapshot_relations(snapshot, &cursor)) != NULL)
        for (size_t i = 0; i < relation->n_parents; i++)
            if (relation->parents[i] == oid)
                return true;
    return false;
}

/* True if a relation of that name has children or partitions, or that cannot be told. */
static bool may_have_children(const struct dg_effects *effects, const char *schema, const char *name)
{
    const struct dg_relation *relation;
    size_t cursor = 0;

    if (effects->snapshot == NULL || name == NULL)
        return true;
    while ((relation = dg_snapshot_relations_named(effects->snapshot, dg_str_of(name), &cursor)) != NULL) {
        const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(effects->snapshot, relation->namespace_oid);

        if (schema != NULL && namespace != NULL && strcmp(namespace->name, schema) != 0)
            continue;
        if (is_parent(effects->snapshot, relation->oid))
            return true;
    }
    return false;
}

/* ---- CREATE ------------------------------------------------------------------------------------------------------ */

static bool has_identity(const cJSON *column)
{
    const cJSON *constraint;

    cJSON_ArrayForEach (constraint, dg_tree_field(column, "constraints")) {
        if (dg_tree_is(dg_node_as(constraint, "Constraint"), "contype", "CONSTR_IDENTITY"))
            return true;
    }
    return false;
}

static bool is_serial(const cJSON *column)
{
    static const char *const types[] = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"};
    const char *type = dg_tree_last_name(dg_tree_list(dg_tree_field(column, "typeName"), "names"));

    for (size_t i = 0; type != NULL && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return has_identity(column);
}

/* A serial or identity column makes a sequence table_column_seq. A name that is taken or too long gets another form;
   then it is the schema thread's next read that finds it. */
static void add_sequence_of_column(struct dg_name_list *list, struct dg_effects *effects, const cJSON *range,
                                   const cJSON *element)
{
    const cJSON *column = dg_node_as(element, "ColumnDef");
    const char *table = dg_tree_string(range, "relname");
    const char *name = dg_tree_string(column, "colname");
    char *sequence;

    if (table == NULL || name == NULL || !is_serial(column))
        return;
    sequence = dg_arena_printf(effects->arena, "%s_%s_seq", table, name);
    if (sequence == NULL)
        effects->failed = true;
    else
        dg_name_list_add(list, effects, dg_tree_string(range, "schemaname"), sequence);
}

static void of_create_table(struct dg_effects *effects, const cJSON *fields)
{
    const cJSON *range = dg_tree_field(fields, "relation");
    struct dg_name_list list = {0};
    const cJSON *element;

    add_range(&list, effects, range);
    cJSON_ArrayForEach (element, dg_tree_field(fields, "tableElts")) {
        add_sequence_of_column(&list, effects, range, element);
    }
    append_names(effects, &list, is_temp_range(range));
}

static void of_create_foreign_table(struct dg_effects *effects, const cJSON *fields)
{
    of_create_table(effects, dg_tree_field(fields, "base"));
}

static void of_view(struct dg_effects *effects, const cJSON *fields)
{
    append_range(effects, dg_tree_field(fields, "view"));
}

static void of_sequence(struct dg_effects *effects, const cJSON *fields)
{
    append_range(effects, dg_tree_field(fields, "sequence"));
}

/* Triggers and rules. */
static void of_relation(struct dg_effects *effects, const cJSON *fields)
{
    append_range(effects, dg_tree_field(fields, "relation"));
}

/* Only a unique index matters: ON CONFLICT infers it. */
static void of_index(struct dg_effects *effects, const cJSON *fields)
{
    if (dg_tree_bool(fields, "unique"))
        append_range(effects, dg_tree_field(fields, "relation"));
}

void dg_effects_of_into(struct dg_effects *effects, const cJSON *into)
{
    append_range(effects, dg_tree_field(into, "rel"));
}

static bool is_one_of(const char *value, const char *const *set, size_t n)
{
    for (size_t i = 0; value != NULL && i < n; i++)
        if (strcmp(value, set[i]) == 0)
            return true;
    return false;
}
#define IS_ONE_OF(value, set) is_one_of((value), (set), sizeof(set) / sizeof((set)[0]))

/* Aggregates are functions, and a comparison may say what a literal beside an enum is; the others that DEFINE makes (more
   operators, collations, text search) name nothing here. */
static void of_define(struct dg_effects *effects, const cJSON *fields)
{
    static const char *const comparisons[] = {"=", "<>", "<", ">", "<=", ">="};
    const char *name = dg_tree_last_name(dg_tree_list(fields, "defnames"));

    if (dg_tree_is(fields, "kind", "OBJECT_AGGREGATE") || dg_tree_is(fields, "kind", "OBJECT_TYPE") ||
        (dg_tree_is(fields, "kind", "OBJECT_OPERATOR") && IS_ONE_OF(name, comparisons)))
        append_any(effects);
}

/* ---- ALTER ------------------------------------------------------------------------------------------------------- */

/* True if the change goes on to children: the relation was named without ONLY and has some. */
static bool reaches_children(const struct dg_effects *effects, const cJSON *range)
{
    return dg_tree_bool(range, "inh") &&
           may_have_children(effects, dg_tree_string(range, "schemaname"), dg_tree_string(range, "relname"));
}

static void of_alter_table(struct dg_effects *effects, const cJSON *fields)
{
    const cJSON *range = dg_tree_field(fields, "relation");
    bool is_any = dg_tree_is(fields, "objtype", "OBJECT_TYPE") || reaches_children(effects, range);
    bool is_index = dg_tree_is(fields, "objtype", "OBJECT_INDEX");
    struct dg_name_list list = {0};
    const cJSON *item;

    add_range(&list, effects, range);
    cJSON_ArrayForEach (item, dg_tree_field(fields, "cmds")) {
        const cJSON *command = dg_node_as(item, "AlterTableCmd");
        const cJSON *def = dg_tree_field(command, "def");

        /* An index that is attached may be the last that a partitioned table's own was waiting for to be valid; the table is
           not named. */
        is_any = is_any || dg_tree_is(command, "behavior", "DROP_CASCADE") ||
                 (is_index && dg_tree_is(command, "subtype", "AT_AttachPartition"));
        add_sequence_of_column(&list, effects, range, def);
        add_range(&list, effects, dg_node_as(def, "RangeVar"));
        add_range(&list, effects, dg_tree_field(dg_node_as(def, "PartitionCmd"), "name"));
    }
    if (is_any)
        append_any(effects);
    else
        append_names(effects, &list, is_temp_schema(dg_tree_string(range, "schemaname")));
}

static const char *const relation_objects[] = {"OBJECT_TABLE",         "OBJECT_VIEW",     "OBJECT_MATVIEW",
                                               "OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE", "OBJECT_INDEX"};
/* What is not a relation and yet has a part in what names mean. */
static const char *const other_objects[] = {
    "OBJECT_SCHEMA",    "OBJECT_TYPE", "OBJECT_DOMAIN",    "OBJECT_FUNCTION",  "OBJECT_PROCEDURE", "OBJECT_ROUTINE",
    "OBJECT_AGGREGATE", "OBJECT_CAST", "OBJECT_EXTENSION", "OBJECT_ATTRIBUTE", "OBJECT_ROLE"};

/* The relation in its old schema under its old name and where it is now. */
static void append_moved(struct dg_effects *effects, const cJSON *range, const char *schema, const char *name)
{
    struct dg_name_list list = {0};

    add_range(&list, effects, range);
    if (name != NULL)
        dg_name_list_add(&list, effects, schema, name);
    append_names(effects, &list, is_temp_schema(dg_tree_string(range, "schemaname")));
}

static void of_rename(struct dg_effects *effects, const cJSON *fields)
{
    const char *type = dg_tree_string(fields, "renameType");
    const cJSON *range = dg_tree_field(fields, "relation");

    if (dg_tree_is(fields, "renameType", "OBJECT_DATABASE"))
        dg_effects_append_named(effects, DG_EFFECT_DATABASE, dg_tree_string(fields, "subname"));
    else if (IS_ONE_OF(type, other_objects) || dg_tree_is(fields, "relationType", "OBJECT_TYPE"))
        append_any(effects);
    else if (IS_ONE_OF(type, relation_objects))
        append_moved(effects, range, dg_tree_string(range, "schemaname"), dg_tree_string(fields, "newname"));
    else if (range != NULL && reaches_children(effects, range))
        append_any(effects);
    else if (range != NULL)
        append_range(effects, range); /* a column, a constraint, a trigger */
}

static void of_set_schema(struct dg_effects *effects, const cJSON *fields)
{
    const char *type = dg_tree_string(fields, "objectType");
    const cJSON *range = dg_tree_field(fields, "relation");

    if (IS_ONE_OF(type, other_objects))
        append_any(effects);
    else if (range != NULL)
        append_moved(effects, range, dg_tree_string(fields, "newschema"), dg_tree_string(range, "relname"));
}

/* A schema's owner may use it. */
static void of_owner(struct dg_effects *effects, const cJSON *fields)
{
    if (dg_tree_is(fields, "objectType", "OBJECT_SCHEMA"))
        append_any(effects);
}

static void of_grant(struct dg_effects *effects, const cJSON *fields)
{
    if (dg_tree_is(fields, "objtype", "OBJECT_SCHEMA"))
        append_any(effects);
}

/* ---- DROP -------------------------------------------------------------------------------------------------------- */

/* The last parts of a dotted name that ends `n_after` texts before its end: schema and relation. */
static bool split_dotted(const cJSON *first, int n_after, const char **schema, const char **name)
{
    int n = dg_tree_length(first) - n_after;

    *schema = NULL;
    *name = NULL;
    for (const cJSON *item = first; item != NULL && n > 0; item = item->next, n--) {
        *schema = *name;
        *name = dg_tree_sval(item);
    }
    return *name != NULL;
}

static void of_drop(struct dg_effects *effects, const cJSON *fields)
{
    const char *type = dg_tree_string(fields, "removeType");
    bool is_on_table =
        dg_tree_is(fields, "removeType", "OBJECT_TRIGGER") || dg_tree_is(fields, "removeType", "OBJECT_RULE");
    bool is_any = dg_tree_is(fields, "behavior", "DROP_CASCADE") || IS_ONE_OF(type, other_objects) ||
                  dg_tree_is(fields, "removeType", "OBJECT_INDEX");
    struct dg_name_list list = {0};
    bool is_temp = true;
    const cJSON *object;

    if (!is_any && !is_on_table && !IS_ONE_OF(type, relation_objects))
        return;
    cJSON_ArrayForEach (object, dg_tree_field(fields, "objects")) {
        const char *schema;
        const char *name;

        /* Of a trigger's or rule's dotted name the last part is its own. */
        if (!split_dotted(dg_tree_items(object), is_on_table ? 1 : 0, &schema, &name))
            continue;
        /* Partitions go with their table. */
        is_any = is_any || (!is_on_table && may_have_children(effects, schema, name));
        is_temp = is_temp && is_temp_schema(schema);
        dg_name_list_add(&list, effects, schema, name);
    }
    if (is_any)
        append_any(effects);
    else
        append_names(effects, &list, is_temp);
}

/* ---- databases --------------------------------------------------------------------------------------------------- */

/* The option's text, or NULL when it was not given. */
static const char *find_option(const cJSON *fields, const char *name)
{
    const cJSON *option;

    cJSON_ArrayForEach (option, dg_tree_field(fields, "options")) {
        const cJSON *element = dg_node_as(option, "DefElem");

        if (dg_tree_is(element, "defname", name))
            return dg_tree_sval(dg_tree_field(element, "arg"));
    }
    return NULL;
}

static void of_create_database(struct dg_effects *effects, const cJSON *fields)
{
    const char *template = find_option(fields, "template");

    dg_effects_append_named(effects, DG_EFFECT_DATABASE, template == NULL ? "template1" : template);
}

static void of_drop_database(struct dg_effects *effects, const cJSON *fields)
{
    dg_effects_append_named(effects, DG_EFFECT_DATABASE, dg_tree_string(fields, "dbname"));
}

/* Moving it to another tablespace needs it to itself, as DROP does. */
static void of_alter_database(struct dg_effects *effects, const cJSON *fields)
{
    if (find_option(fields, "tablespace") != NULL)
        of_drop_database(effects, fields);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void of_anything(struct dg_effects *effects, const cJSON *fields)
{
    (void)fields;
    append_any(effects);
}

static const struct {
    const char *kind;
    void (*append)(struct dg_effects *effects, const cJSON *fields);
} kinds[] = {
    {"AlterTableStmt", of_alter_table},
    {"CreateStmt", of_create_table},
    {"CreateForeignTableStmt", of_create_foreign_table},
    {"ViewStmt", of_view},
    {"CreateSeqStmt", of_sequence},
    {"IndexStmt", of_index},
    {"DropStmt", of_drop},
    {"RenameStmt", of_rename},
    {"AlterObjectSchemaStmt", of_set_schema},
    {"AlterOwnerStmt", of_owner},
    {"GrantStmt", of_grant},
    {"DefineStmt", of_define},
    {"CreateTrigStmt", of_relation},
    {"RuleStmt", of_relation},
    {"CreatedbStmt", of_create_database},
    {"DropdbStmt", of_drop_database},
    {"AlterDatabaseStmt", of_alter_database},
    /* Schemas, functions, types, extensions. */
    {"CreateSchemaStmt", of_anything},
    {"CreateFunctionStmt", of_anything},
    {"CreateCastStmt", of_anything},
    {"CompositeTypeStmt", of_anything},
    {"CreateEnumStmt", of_anything},
    {"AlterEnumStmt", of_anything},
    {"CreateRangeStmt", of_anything},
    {"CreateDomainStmt", of_anything},
    {"AlterDomainStmt", of_anything},
    {"CreateExtensionStmt", of_anything},
    {"AlterExtensionStmt", of_anything},
    {"ImportForeignSchemaStmt", of_anything},
    /* Who may use which schema, and with which search_path the next session starts. */
    {"GrantRoleStmt", of_anything},
    {"CreateRoleStmt", of_anything},
    {"AlterRoleStmt", of_anything},
    {"DropRoleStmt", of_anything},
    {"AlterRoleSetStmt", of_anything},
    {"AlterDatabaseSetStmt", of_anything},
    {"ReassignOwnedStmt", of_anything},
    {"DropOwnedStmt", of_anything},
};

void dg_effects_of_ddl(struct dg_effects *effects, const char *kind, const cJSON *fields)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            kinds[i].append(effects, fields);
}
