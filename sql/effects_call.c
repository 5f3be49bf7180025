/*
 * Effects of calls: set_config, DO and CALL.
 *
 * set_config is told exactly where it certainly runs once and in order: as a target of a top-level SELECT that has
 * nothing but targets (what pg_dump, poolers and tenants per schema send). Anywhere else, or with arguments that are not
 * literals, it may have set anything, unless its first argument names a setting that no name depends on.
 *
 * So may a function of the database's own whose source has the words for it (schema/catalog_sql.h), and a trigger's when
 * anything is written. What such a function is called by (another one, a view, a column's default) is not looked into. The
 * same of functions that change the schema: they do so unseen, and what they made may be gone when a catalog read looks.
 */
#include "sql/effects.h"

#include <strings.h>

#include "sql/lexer.h"
#include "sql/node.h"
#include "sql/search_path.h"
#include "sql/tree.h"

/* ---- set_config -------------------------------------------------------------------------------------------------- */

enum setting {
    SETTING_OTHER,
    SETTING_PATH,
    SETTING_ROLE,
    SETTING_AUTHORIZATION,
    SETTING_STRINGS,
    SETTING_ANY /* the name is computed */
};

static enum setting setting_of(const char *name)
{
    if (name == NULL)
        return SETTING_ANY;
    if (strcasecmp(name, "search_path") == 0)
        return SETTING_PATH;
    if (strcasecmp(name, "role") == 0)
        return SETTING_ROLE;
    if (strcasecmp(name, "session_authorization") == 0)
        return SETTING_AUTHORIZATION;
    if (strcasecmp(name, "standard_conforming_strings") == 0)
        return SETTING_STRINGS;
    return SETTING_OTHER;
}

/* The fields of a call of the server's set_config, or NULL. */
static const cJSON *as_set_config(const cJSON *node)
{
    const cJSON *call = dg_node_as(node, "FuncCall");
    const cJSON *first = dg_tree_list(call, "funcname");
    const char *name = dg_tree_last_name(first);

    if (name == NULL || strcmp(name, "set_config") != 0)
        return NULL;
    /* A qualified one is the server's only as pg_catalog.set_config. */
    return first->next == NULL || strcmp(dg_tree_sval(first), "pg_catalog") == 0 ? call : NULL;
}

static enum setting setting_of_call(const cJSON *call)
{
    return setting_of(dg_node_const_string(dg_tree_list(call, "args")));
}

static void append_unknown(struct dg_effects *effects, enum setting setting)
{
    if (setting == SETTING_PATH || setting == SETTING_ANY)
        dg_effects_append(effects, DG_EFFECT_PATH_UNKNOWN);
    if (setting == SETTING_ROLE || setting == SETTING_ANY)
        dg_effects_append(effects, DG_EFFECT_SET_ROLE);
    if (setting == SETTING_AUTHORIZATION)
        dg_effects_append(effects, DG_EFFECT_SET_SESSION_AUTHORIZATION);
    /* Not for a computed name: the server reports this one itself, at the latest before ReadyForQuery. */
    if (setting == SETTING_STRINGS)
        dg_effects_append(effects, DG_EFFECT_SET_STRINGS);
}

/* `value` NULL: to default. A list that the server refuses has no effect. */
static void append_path(struct dg_effects *effects, const char *value, bool is_local)
{
    struct dg_name_list list = {0};
    const char *const *names = NULL;
    struct dg_sql_effect *effect;
    size_t n = 0;

    if (value != NULL) {
        enum dg_status status =
            dg_sql_split_search_path(dg_str_of(value), effects->max_identifier_length, effects->arena, &names, &n);

        if (status == DG_UNPARSED)
            return;
        if (status == DG_LIMIT) {
            append_unknown(effects, SETTING_PATH);
            return;
        }
        effects->failed = effects->failed || status != DG_OK;
    }
    for (size_t i = 0; i < n; i++)
        dg_name_list_add(&list, effects, "", names[i]);
    effect = dg_effects_append(effects, DG_EFFECT_SET_PATH);
    if (effect == NULL)
        return;
    effect->to_default = value == NULL;
    effect->is_local = is_local;
    effect->names = list.items;
    effect->n_names = list.n_items;
}

/* A call that runs once. Three arguments: name, value (NULL: to default), is_local (NULL: false). */
static void append_call(struct dg_effects *effects, const cJSON *call)
{
    const cJSON *name_node = dg_tree_list(call, "args");
    enum setting setting = setting_of_call(call);
    const cJSON *value_node = name_node == NULL ? NULL : name_node->next;
    const cJSON *local_node = value_node == NULL ? NULL : value_node->next;
    const char *value = dg_node_const_string(value_node);
    bool is_local = false;

    if ((value == NULL && !dg_node_const_is_null(value_node)) ||
        (!dg_node_const_bool(local_node, &is_local) && !dg_node_const_is_null(local_node))) {
        append_unknown(effects, setting);
        return;
    }
    switch (setting) {
    case SETTING_PATH:
        append_path(effects, value, is_local);
        break;
    case SETTING_ROLE:
        dg_effects_set_role(effects, DG_EFFECT_SET_ROLE, value, is_local);
        break;
    case SETTING_AUTHORIZATION:
        dg_effects_set_role(effects, DG_EFFECT_SET_SESSION_AUTHORIZATION, value, is_local);
        break;
    case SETTING_STRINGS:
        dg_effects_set_strings(effects, value, is_local);
        break;
    case SETTING_ANY:
        append_unknown(effects, setting);
        break;
    case SETTING_OTHER:
        break;
    }
}

/* Reports each set_config under `node` (and its siblings' trees) that matters. As deep as the tree, which cJSON bounds. */
static void scan_calls(struct dg_effects *effects, const cJSON *node)
{
    const cJSON *call = as_set_config(node);
    const cJSON *child;

    if (call != NULL && setting_of_call(call) != SETTING_OTHER)
        append_unknown(effects, setting_of_call(call));
    cJSON_ArrayForEach (child, node)
        if (cJSON_IsObject(child) || cJSON_IsArray(child))
            scan_calls(effects, child);
}

/* A SELECT with targets and nothing else. */
static bool is_plain_select(const cJSON *select)
{
    const cJSON *field;

    cJSON_ArrayForEach (field, select) {
        if (strcmp(field->string, "targetList") != 0 && strcmp(field->string, "limitOption") != 0 &&
            strcmp(field->string, "op") != 0)
            return false;
    }
    return dg_tree_field(select, "targetList") != NULL;
}

/* A call without FILTER, OVER, VARIADIC and their like. */
static bool is_plain_call(const cJSON *call)
{
    const cJSON *field;

    cJSON_ArrayForEach (field, call) {
        if (strcmp(field->string, "funcname") != 0 && strcmp(field->string, "args") != 0 &&
            strcmp(field->string, "funcformat") != 0 && strcmp(field->string, "location") != 0)
            return false;
    }
    return true;
}

/* Its name stands there, or a name in U&"" that could be it. */
bool dg_effects_mention_set_config(struct dg_str text)
{
    static const char word[] = "set_config";
    const size_t len = sizeof(word) - 1;

    for (size_t i = 0; i + 3 <= text.len; i++) {
        char c = text.data[i];

        if ((c == 's' || c == 'S') && i + len <= text.len && strncasecmp(text.data + i, word, len) == 0)
            return true;
        if ((c == 'u' || c == 'U') && text.data[i + 1] == '&' && text.data[i + 2] == '"')
            return true;
    }
    return false;
}

/* ---- functions of the database's own ----------------------------------------------------------------------------- */

/* What a call at `node` itself may do, of what is asked for (enum dg_side_effects). */
static unsigned side_effects_of_call(const struct dg_snapshot *snapshot, const cJSON *node)
{
    const char *name = dg_tree_last_name(dg_tree_list(dg_node_as(node, "FuncCall"), "funcname"));
    const struct dg_function *function;
    unsigned found = 0;
    size_t cursor = 0;

    while (name != NULL && (function = dg_snapshot_functions_named(snapshot, dg_str_of(name), &cursor)) != NULL)
        found |= (function->may_set_path ? DG_CALLS_SET_PATH : 0U) |
                 (function->may_change_schema ? DG_CALLS_CHANGE_SCHEMA : 0U);
    return found;
}

static bool is_write(const cJSON *node)
{
    static const char *const kinds[] = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (dg_node_as(node, kinds[i]) != NULL)
            return true;
    return dg_tree_bool(dg_node_as(node, "CopyStmt"), "is_from");
}

/* Those of `possible` that something under `node` may have. As deep as the tree. */
static unsigned side_effects_under(const struct dg_snapshot *snapshot, unsigned possible, const cJSON *node)
{
    unsigned found = possible & side_effects_of_call(snapshot, node);
    const cJSON *child;

    if (is_write(node))
        found |= possible & (DG_TRIGGERS_SET_PATH | DG_TRIGGERS_CHANGE_SCHEMA);
    cJSON_ArrayForEach (child, node)
        if (cJSON_IsObject(child) || cJSON_IsArray(child))
            found |= side_effects_under(snapshot, possible, child);
    return found;
}

static void of_side_effects(struct dg_effects *effects, const cJSON *statement)
{
    unsigned possible = effects->snapshot == NULL ? 0 : dg_snapshot_side_effects(effects->snapshot);
    unsigned found = possible == 0 ? 0 : side_effects_under(effects->snapshot, possible, statement);

    if ((found & (DG_CALLS_SET_PATH | DG_TRIGGERS_SET_PATH)) != 0)
        append_unknown(effects, SETTING_ANY);
    if ((found & (DG_CALLS_CHANGE_SCHEMA | DG_TRIGGERS_CHANGE_SCHEMA)) != 0)
        dg_effects_append(effects, DG_EFFECT_UNSEEN_DDL);
}

/* ---- the way in for queries -------------------------------------------------------------------------------------- */

static void of_set_config(struct dg_effects *effects, const cJSON *statement)
{
    const cJSON *select = dg_node_as(statement, "SelectStmt");
    const cJSON *target;

    if (!effects->mentions_set_config)
        return;
    if (select == NULL || !is_plain_select(select)) {
        scan_calls(effects, statement);
        return;
    }
    cJSON_ArrayForEach (target, dg_tree_field(select, "targetList")) {
        const cJSON *call = as_set_config(dg_tree_field(dg_node_as(target, "ResTarget"), "val"));

        if (call != NULL && is_plain_call(call))
            append_call(effects, call);
        else
            scan_calls(effects, target);
    }
}

void dg_effects_of_set_config(struct dg_effects *effects, const cJSON *statement)
{
    of_set_config(effects, statement);
    of_side_effects(effects, statement);
}

/* ---- DO and CALL ------------------------------------------------------------------------------------------------- */

static bool token_is(struct dg_str token, const char *word)
{
    return token.len == strlen(word) && strncasecmp(token.data, word, token.len) == 0;
}

/*
 * True if a PL/pgSQL body may set the search path or the role itself: it holds one of the words without which that is
 * not written (SET SCHEMA is search_path by another name), runs text that it builds, or calls a procedure. Functions
 * that it calls are not looked into, as nowhere else.
 */
static bool body_may_set_path(struct dg_str body)
{
    static const char *const words[] = {"search_path",           "set_config", "role", "authorization",
                                        "session_authorization", "execute",    "call", "reset"};
    struct dg_str before = {"", 0};
    struct dg_lexer lexer;

    dg_lexer_init(&lexer, body);
    for (;;) {
        struct dg_token token = dg_lexer_next(&lexer);
        struct dg_str word = {body.data + token.start, token.len};

        if (token.kind == DG_TOKEN_END)
            return false;
        if (token.kind == DG_TOKEN_INVALID)
            return true;
        if (token.kind != DG_TOKEN_IDENTIFIER)
            continue;
        if (word.len > 2 && token_is((struct dg_str){word.data, 2}, "u&"))
            return true;
        if (word.len >= 2 && word.data[0] == '"')
            word = (struct dg_str){word.data + 1, word.len - 2};
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (token_is(word, words[i]))
                return true;
        if (token_is(word, "schema") &&
            (token_is(before, "set") || token_is(before, "local") || token_is(before, "session")))
            return true;
        before = word;
    }
}

void dg_effects_of_do(struct dg_effects *effects, const cJSON *fields)
{
    const char *language = "plpgsql";
    const char *body = "";
    const cJSON *arg;

    cJSON_ArrayForEach (arg, dg_tree_field(fields, "args")) {
        const cJSON *element = dg_node_as(arg, "DefElem");
        const char *name = dg_tree_string(element, "defname");
        const char *value = dg_tree_sval(dg_tree_field(element, "arg"));

        if (name == NULL || value == NULL)
            continue;
        if (strcmp(name, "language") == 0)
            language = value;
        else if (strcmp(name, "as") == 0)
            body = value;
    }
    dg_effects_append(effects, DG_EFFECT_DDL);
    if (strcmp(language, "plpgsql") != 0 || body_may_set_path(dg_str_of(body)))
        append_unknown(effects, SETTING_ANY);
}

void dg_effects_of_call(struct dg_effects *effects)
{
    dg_effects_append(effects, DG_EFFECT_DDL);
    append_unknown(effects, SETTING_ANY);
}
