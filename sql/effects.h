/*
 * What a statement does to its session and to the schema when it succeeds, read off its raw parse tree. Internal to
 * sql/; the list goes into struct dg_sql_statement.
 *
 * What cannot be seen in a text: functions that a statement calls may change the search path (a SET clause of their own
 * is undone by the server, a set_config in their body is not). The snapshot tells which ones may; marking every
 * function call as "path unknown" would leave no path known.
 */
#ifndef DG_SQL_EFFECTS_H
#define DG_SQL_EFFECTS_H

#include <cjson/cJSON.h>

#include "sql/analysis.h"

/* Of one text, a list at a time; failure is sticky. */
struct dg_effects {
    struct dg_arena *arena;
    const struct dg_snapshot *snapshot; /* tells which relations have children; may be NULL */
    size_t max_identifier_length;
    bool mentions_set_config; /* somewhere in the text; looked for once */
    struct dg_sql_effect *items;
    size_t n_items;
    size_t cap_items;
    bool failed; /* no memory: what the list holds is incomplete */
};

void dg_effects_init(struct dg_effects *effects, struct dg_arena *arena, struct dg_str text,
                     const struct dg_snapshot *snapshot);
/* Hands the list over (it stays in the arena) and begins the next statement's. */
const struct dg_sql_effect *dg_effects_take(struct dg_effects *effects, size_t *n);
/* Borrowed until the next append; NULL (and `failed`) if there is no memory. */
struct dg_sql_effect *dg_effects_append(struct dg_effects *effects, enum dg_effect_kind kind);
/* As append, with a name that is copied as it is; NULL stays NULL. */
struct dg_sql_effect *dg_effects_append_named(struct dg_effects *effects, enum dg_effect_kind kind, const char *name);

/* A growing list of relation names in the arena of `effects`. */
struct dg_name_list {
    struct dg_sql_name *items;
    size_t n_items;
    size_t cap_items;
};
void dg_name_list_add(struct dg_name_list *list, struct dg_effects *effects, const char *schema, const char *name);

/* ---- session (effects.c): `fields` are those inside {"Kind": {...}} ---- */
void dg_effects_of_set(struct dg_effects *effects, const cJSON *fields);
void dg_effects_of_transaction(struct dg_effects *effects, const cJSON *fields);
void dg_effects_of_discard(struct dg_effects *effects, const cJSON *fields);
void dg_effects_of_deallocate(struct dg_effects *effects, const cJSON *fields);
/* `value` NULL: to default. Shared by SET and set_config. */
void dg_effects_set_role(struct dg_effects *effects, enum dg_effect_kind kind, const char *value, bool is_local);
void dg_effects_set_strings(struct dg_effects *effects, const char *value, bool is_local);

/* ---- calls (effects_call.c) ---- */
/* True if the text may hold a call of set_config at all. */
bool dg_effects_mention_set_config(struct dg_str text);
/* set_config anywhere in `statement` ({"Kind": {...}}): precise where it is a target of a plain top-level SELECT, else
   PATH_UNKNOWN. */
void dg_effects_of_set_config(struct dg_effects *effects, const cJSON *statement);
void dg_effects_of_do(struct dg_effects *effects, const cJSON *fields);
void dg_effects_of_call(struct dg_effects *effects);

/* ---- schema (effects_ddl.c): DG_EFFECT_DDL and DG_EFFECT_DATABASE of the statement of this kind; none if it cannot
   change what a name means ---- */
void dg_effects_of_ddl(struct dg_effects *effects, const char *kind, const cJSON *fields);
/* CREATE TABLE AS, SELECT INTO: the relation of an IntoClause. */
void dg_effects_of_into(struct dg_effects *effects, const cJSON *into);

#endif
