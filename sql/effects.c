/*
 * The list of effects, and those of statements that change the session: SET and RESET, transactions, DISCARD.
 *
 * A setting's name is compared without regard to case, as the server does. A value that the server will refuse is of no
 * matter: the effect counts only if the statement succeeds.
 */
#include "sql/effects.h"

#include <strings.h>

#include "sql/node.h"
#include "sql/tree.h"

#define FIRST_CAP 4

void dg_effects_init(struct dg_effects *effects, struct dg_arena *arena, struct dg_str text,
                     const struct dg_snapshot *snapshot)
{
    *effects = (struct dg_effects){.arena = arena, .snapshot = snapshot, .max_identifier_length = 63};
    effects->mentions_set_config = dg_effects_mention_set_config(text);
    if (snapshot != NULL && dg_snapshot_facts(snapshot)->max_identifier_length > 0)
        effects->max_identifier_length = (size_t)dg_snapshot_facts(snapshot)->max_identifier_length;
}

const struct dg_sql_effect *dg_effects_take(struct dg_effects *effects, size_t *n)
{
    const struct dg_sql_effect *items = effects->items;

    *n = effects->n_items;
    effects->items = NULL;
    effects->n_items = 0;
    effects->cap_items = 0;
    return items;
}

/* Room for one more element of `size` bytes in an arena's array; the old array is left to the arena. */
static void *grow(struct dg_effects *effects, void *items, size_t n, size_t *cap, size_t size)
{
    size_t new_cap = *cap == 0 ? FIRST_CAP : *cap * 2;
    void *grown;

    if (n < *cap)
        return items;
    grown = dg_arena_array(effects->arena, new_cap, size);
    if (grown == NULL) {
        effects->failed = true;
        return NULL;
    }
    if (n > 0)
        memcpy(grown, items, n * size);
    *cap = new_cap;
    return grown;
}

struct dg_sql_effect *dg_effects_append(struct dg_effects *effects, enum dg_effect_kind kind)
{
    struct dg_sql_effect *items =
        grow(effects, effects->items, effects->n_items, &effects->cap_items, sizeof(*effects->items));

    if (items == NULL)
        return NULL;
    effects->items = items;
    items[effects->n_items] = (struct dg_sql_effect){.kind = kind};
    return &items[effects->n_items++];
}

struct dg_sql_effect *dg_effects_append_named(struct dg_effects *effects, enum dg_effect_kind kind, const char *name)
{
    struct dg_sql_effect *effect = dg_effects_append(effects, kind);

    if (effect != NULL && name != NULL) {
        effect->name = dg_arena_strdup(effects->arena, name);
        effects->failed = effects->failed || effect->name == NULL;
    }
    return effect;
}

void dg_name_list_add(struct dg_name_list *list, struct dg_effects *effects, const char *schema, const char *name)
{
    struct dg_sql_name *items = grow(effects, list->items, list->n_items, &list->cap_items, sizeof(*items));

    if (items == NULL)
        return;
    list->items = items;
    items[list->n_items].schema = dg_arena_strdup(effects->arena, schema == NULL ? "" : schema);
    items[list->n_items].name = dg_arena_strdup(effects->arena, name);
    if (items[list->n_items].schema == NULL || items[list->n_items].name == NULL)
        effects->failed = true;
    else
        list->n_items++;
}

/* ---- SET and RESET ----------------------------------------------------------------------------------------------- */

/* Each argument of SET search_path is one name, whatever it holds: the server quotes it. Numbers it would take too. */
static void set_path(struct dg_effects *effects, const cJSON *args, bool is_local)
{
    struct dg_name_list names = {0};
    struct dg_sql_effect *effect;
    const cJSON *arg;

    cJSON_ArrayForEach (arg, args) {
        const char *value = dg_node_const_string(arg);
        struct dg_str cut;
        char *copy;

        if (value == NULL) {
            dg_effects_append(effects, DG_EFFECT_PATH_UNKNOWN);
            return;
        }
        cut = dg_str_utf8_prefix(dg_str_of(value), effects->max_identifier_length);
        copy = dg_arena_strndup(effects->arena, value, cut.len);
        if (copy == NULL) {
            effects->failed = true;
            return;
        }
        dg_name_list_add(&names, effects, "", copy);
    }
    effect = dg_effects_append(effects, DG_EFFECT_SET_PATH);
    if (effect == NULL)
        return;
    effect->is_local = is_local;
    effect->names = names.items;
    effect->n_names = names.n_items;
}

void dg_effects_set_role(struct dg_effects *effects, enum dg_effect_kind kind, const char *value, bool is_local)
{
    bool to_default = value == NULL || (kind == DG_EFFECT_SET_ROLE && strcmp(value, "none") == 0);
    struct dg_sql_effect *effect = dg_effects_append_named(effects, kind, to_default ? NULL : value);

    if (effect == NULL)
        return;
    effect->is_local = is_local;
    effect->to_default = to_default;
}

/* True if the server reads `value` as this word: unique prefixes count. */
static bool is_boolean_word(const char *value, const char *word, size_t min_len)
{
    size_t len = strlen(value);

    return len >= min_len && len <= strlen(word) && strncasecmp(value, word, len) == 0;
}

void dg_effects_set_strings(struct dg_effects *effects, const char *value, bool is_local)
{
    const char *name = NULL;
    struct dg_sql_effect *effect;

    if (value != NULL) {
        if (is_boolean_word(value, "true", 1) || is_boolean_word(value, "yes", 1) || is_boolean_word(value, "on", 2) ||
            strcmp(value, "1") == 0)
            name = "on";
        else if (is_boolean_word(value, "false", 1) || is_boolean_word(value, "no", 1) ||
                 is_boolean_word(value, "off", 2) || strcmp(value, "0") == 0)
            name = "off";
    }
    effect = dg_effects_append_named(effects, DG_EFFECT_SET_STRINGS, name);
    if (effect == NULL)
        return;
    effect->is_local = is_local;
    effect->to_default = value == NULL;
}

static void set_default(struct dg_effects *effects, const char *name, bool is_local)
{
    if (strcasecmp(name, "search_path") == 0) {
        struct dg_sql_effect *effect = dg_effects_append(effects, DG_EFFECT_SET_PATH);

        if (effect != NULL) {
            effect->to_default = true;
            effect->is_local = is_local;
        }
    } else if (strcasecmp(name, "role") == 0) {
        dg_effects_set_role(effects, DG_EFFECT_SET_ROLE, NULL, is_local);
    } else if (strcasecmp(name, "session_authorization") == 0) {
        dg_effects_set_role(effects, DG_EFFECT_SET_SESSION_AUTHORIZATION, NULL, is_local);
    } else if (strcasecmp(name, "standard_conforming_strings") == 0) {
        dg_effects_set_strings(effects, NULL, is_local);
    }
}

/* One argument as the server's text of it; NULL when it is none that can be told. */
static const char *single_value(const cJSON *args)
{
    if (args == NULL || cJSON_GetArraySize(args) != 1)
        return NULL;
    return dg_node_const_string(args->child);
}

static void set_value(struct dg_effects *effects, const char *name, const cJSON *args, bool is_local)
{
    const char *value = single_value(args);

    if (strcasecmp(name, "search_path") == 0) {
        set_path(effects, args, is_local);
    } else if (strcasecmp(name, "role") == 0 || strcasecmp(name, "session_authorization") == 0) {
        enum dg_effect_kind kind =
            strcasecmp(name, "role") == 0 ? DG_EFFECT_SET_ROLE : DG_EFFECT_SET_SESSION_AUTHORIZATION;

        if (value != NULL)
            dg_effects_set_role(effects, kind, value, is_local);
        else
            dg_effects_append(effects, kind);
    } else if (strcasecmp(name, "standard_conforming_strings") == 0) {
        int number = 0;

        /* "?" is no boolean: not known. 0 and every negative number look alike in the tree. */
        if (value == NULL)
            value = args != NULL && dg_node_const_positive(args->child, &number) && number == 1 ? "1" : "?";
        dg_effects_set_strings(effects, value, is_local);
    }
}

void dg_effects_of_set(struct dg_effects *effects, const cJSON *fields)
{
    const char *kind = dg_tree_string(fields, "kind");
    const char *name = dg_tree_string(fields, "name");
    bool is_local = dg_tree_bool(fields, "is_local");

    if (kind == NULL)
        return;
    if (strcmp(kind, "VAR_RESET_ALL") == 0)
        dg_effects_append(effects, DG_EFFECT_RESET_ALL);
    else if (name == NULL)
        return;
    else if (strcmp(kind, "VAR_SET_VALUE") == 0)
        set_value(effects, name, dg_tree_field(fields, "args"), is_local);
    else if (strcmp(kind, "VAR_SET_DEFAULT") == 0 || strcmp(kind, "VAR_RESET") == 0)
        set_default(effects, name, is_local);
    else if (strcmp(kind, "VAR_SET_CURRENT") == 0 && strcasecmp(name, "search_path") == 0)
        dg_effects_append(effects, DG_EFFECT_PATH_UNKNOWN); /* a local value may become the session's */
}

/* ---- transactions, DISCARD, DEALLOCATE --------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    enum dg_effect_kind effect;
} transaction_kinds[] = {
    {"TRANS_STMT_BEGIN", DG_EFFECT_BEGIN},
    {"TRANS_STMT_START", DG_EFFECT_BEGIN},
    {"TRANS_STMT_COMMIT", DG_EFFECT_COMMIT},
    {"TRANS_STMT_ROLLBACK", DG_EFFECT_ROLLBACK},
    {"TRANS_STMT_SAVEPOINT", DG_EFFECT_SAVEPOINT},
    {"TRANS_STMT_RELEASE", DG_EFFECT_RELEASE},
    {"TRANS_STMT_ROLLBACK_TO", DG_EFFECT_ROLLBACK_TO},
    {"TRANS_STMT_PREPARE", DG_EFFECT_COMMIT},
    /* Another session's prepared changes become visible: anything. */
    {"TRANS_STMT_COMMIT_PREPARED", DG_EFFECT_DDL},
};

void dg_effects_of_transaction(struct dg_effects *effects, const cJSON *fields)
{
    const char *kind = dg_tree_string(fields, "kind");

    for (size_t i = 0; kind != NULL && i < sizeof(transaction_kinds) / sizeof(transaction_kinds[0]); i++) {
        struct dg_sql_effect *effect;

        if (strcmp(kind, transaction_kinds[i].kind) != 0)
            continue;
        effect =
            dg_effects_append_named(effects, transaction_kinds[i].effect, dg_tree_string(fields, "savepoint_name"));
        if (effect != NULL)
            effect->chain = dg_tree_bool(fields, "chain");
        return;
    }
}

void dg_effects_of_discard(struct dg_effects *effects, const cJSON *fields)
{
    const char *target = dg_tree_string(fields, "target");

    /* DISCARD_ALL is 0 in the parser's enum, and enums are never left out. */
    if (target != NULL && strcmp(target, "DISCARD_ALL") == 0)
        dg_effects_append(effects, DG_EFFECT_DISCARD_ALL);
    else if (target != NULL && strcmp(target, "DISCARD_TEMP") == 0)
        dg_effects_append(effects, DG_EFFECT_DISCARD_TEMP);
}

void dg_effects_of_deallocate(struct dg_effects *effects, const cJSON *fields)
{
    dg_effects_append_named(effects, DG_EFFECT_DEALLOCATE, dg_tree_string(fields, "name"));
}
