/*
 * What statements, errors and ReadyForQuery do to the state of path.h. The frames themselves are path_frames.c's.
 */
#include <stdlib.h>

#include "guard/path_frames.h"

/* ---- effects ----------------------------------------------------------------------------------------------------- */

static void apply_search_path(struct dg_path *path, const struct dg_sql_effect *effect)
{
    if (effect->to_default) {
        dg_path_set(path, SETTING(path), effect->is_local, DG_SETTING_DEFAULT, NULL);
        return;
    }
    const char *items[64];
    struct dg_words *words = NULL;
    if (effect->n_names <= sizeof(items) / sizeof(items[0])) {
        for (size_t i = 0; i < effect->n_names; i++)
            items[i] = effect->names[i].name;
        words = dg_words_new(items, effect->n_names);
    }
    dg_path_set(path, SETTING(path), effect->is_local, words == NULL ? DG_SETTING_UNKNOWN : DG_SETTING_SET, words);
    dg_words_unref(words);
}

static void apply_user(struct dg_path *path, size_t offset, const struct dg_sql_effect *effect)
{
    struct dg_words *words = effect->to_default || effect->name == NULL ? NULL : dg_words_new(&effect->name, 1);
    enum dg_setting_state state = effect->to_default ? DG_SETTING_DEFAULT
                                  : words == NULL    ? DG_SETTING_UNKNOWN
                                                     : DG_SETTING_SET;
    dg_path_set(path, offset, effect->is_local, state, words);
    dg_words_unref(words);
    /* SET SESSION AUTHORIZATION takes the role back to none. */
    if (offset == SETTING(user))
        dg_path_set(path, SETTING(role), effect->is_local, DG_SETTING_DEFAULT, NULL);
}

static void drop_temporaries(struct dg_path *path)
{
    while (path->n_temps > 0) {
        dg_path_remove_local(path, 0);
        path->n_temps--;
    }
    for (size_t i = 0; i < path->n_frames; i++)
        path->frames[i].n_locals = 0; /* DISCARD does not run in a block: there is at most the implicit frame */
    path->any_temp = false;
    path->version++;
}

static void apply_ddl(struct dg_path *path, const struct dg_sql_effect *effect)
{
    bool fits = true;
    for (size_t i = 0; i < effect->n_names && fits; i++)
        fits = dg_path_add_local(path, &effect->names[i], effect->is_temp);
    if (!effect->is_temp)
        path->has_ddl = true;
    if (!fits && effect->is_temp)
        path->any_temp = true;
    else if (!fits || effect->n_names == 0)
        path->any_uncommitted = true;
    path->version++;
}

static void begin(struct dg_path *path)
{
    dg_path_need_frame(path);
    path->is_explicit = path->n_frames > 0;
}

static void end(struct dg_path *path, const struct dg_sql_effect *effect, struct dg_str tag)
{
    /* A COMMIT in a failed transaction is answered with the tag ROLLBACK. */
    if (effect->kind == DG_EFFECT_ROLLBACK || dg_str_is(tag, "ROLLBACK"))
        dg_path_rollback(path);
    else
        dg_path_commit(path);
    if (effect->chain)
        begin(path);
}

static void apply_reset_all(struct dg_path *path)
{
    dg_path_set(path, SETTING(path), false, DG_SETTING_DEFAULT, NULL);
}

void dg_path_apply(struct dg_path *path, const struct dg_sql_effect *effect, struct dg_str tag)
{
    dg_path_need_frame(path);
    switch (effect->kind) {
    case DG_EFFECT_BEGIN:
        begin(path);
        return;
    case DG_EFFECT_COMMIT:
    case DG_EFFECT_ROLLBACK:
        end(path, effect, tag);
        return;
    case DG_EFFECT_SAVEPOINT:
        if (effect->name == NULL || !dg_path_push_frame(path, effect->name))
            dg_path_lose(path);
        return;
    case DG_EFFECT_ROLLBACK_TO:
        dg_path_rollback_to(path, effect->name);
        return;
    case DG_EFFECT_RELEASE:
        dg_path_release(path, effect->name);
        return;
    case DG_EFFECT_SET_PATH:
        apply_search_path(path, effect);
        return;
    case DG_EFFECT_PATH_UNKNOWN:
        dg_path_set(path, SETTING(path), false, DG_SETTING_UNKNOWN, NULL);
        return;
    case DG_EFFECT_SET_ROLE:
        apply_user(path, SETTING(role), effect);
        return;
    case DG_EFFECT_SET_SESSION_AUTHORIZATION:
        apply_user(path, SETTING(user), effect);
        return;
    case DG_EFFECT_RESET_ALL:
        apply_reset_all(path);
        return;
    case DG_EFFECT_DISCARD_ALL:
        apply_reset_all(path);
        dg_path_set(path, SETTING(role), false, DG_SETTING_DEFAULT, NULL);
        dg_path_set(path, SETTING(user), false, DG_SETTING_DEFAULT, NULL);
        drop_temporaries(path);
        /* The server commits it at once, also where more of the same pipeline follows. */
        if (!path->is_explicit)
            dg_path_commit(path);
        return;
    case DG_EFFECT_DISCARD_TEMP:
        drop_temporaries(path);
        return;
    case DG_EFFECT_DDL:
        apply_ddl(path, effect);
        return;
    case DG_EFFECT_UNSEEN_DDL:
        path->may_have_unseen_ddl = true;
        return;
    case DG_EFFECT_SET_STRINGS: /* the server reports it in ParameterStatus */
    case DG_EFFECT_DEALLOCATE:  /* the session's map of statements */
    case DG_EFFECT_PREPARE:
    case DG_EFFECT_EXECUTE:
    case DG_EFFECT_DATABASE:
        return;
    default:
        dg_path_lose(path);
        return;
    }
}

/* ---- statements that nobody looked at ---------------------------------------------------------------------------- */

/* Tags of statements that cannot change what a name means. A SELECT may: it can call set_config. */
static bool tag_is_harmless(struct dg_str tag)
{
    static const char *const harmless[] = {
        "INSERT", "UPDATE",  "DELETE", "MERGE", "COPY", "FETCH",    "MOVE",       "LISTEN",  "UNLISTEN", "NOTIFY",
        "VACUUM", "ANALYZE", "SHOW",   "CLOSE", "LOCK", "TRUNCATE", "DEALLOCATE", "PREPARE", "DECLARE",  "CHECKPOINT"};
    size_t len = 0;
    while (len < tag.len && tag.data[len] != ' ')
        len++;
    struct dg_str word = {tag.data, len};
    if (word.len == 0)
        return true;
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (dg_str_is(word, harmless[i]))
            return !dg_str_is(tag, "PREPARE TRANSACTION");
    }
    return false;
}

void dg_path_apply_tag(struct dg_path *path, struct dg_str tag)
{
    if (tag_is_harmless(tag))
        return;
    struct dg_sql_effect effect = {.kind = DG_EFFECT_BEGIN};
    dg_path_need_frame(path);
    if (dg_str_is(tag, "BEGIN") || dg_str_is(tag, "START TRANSACTION")) {
        begin(path);
    } else if (dg_str_is(tag, "COMMIT") || dg_str_is(tag, "PREPARE TRANSACTION")) {
        effect.kind = DG_EFFECT_COMMIT;
        end(path, &effect, tag);
    } else if (dg_str_is(tag, "SELECT") || (tag.len > 7 && memcmp(tag.data, "SELECT ", 7) == 0) ||
               dg_str_is(tag, "SET") || dg_str_is(tag, "RESET") || dg_str_is(tag, "ROLLBACK") ||
               dg_str_is(tag, "SAVEPOINT") || dg_str_is(tag, "RELEASE")) {
        /* ROLLBACK may be one to a savepoint; ReadyForQuery will say whether the transaction ended. */
        dg_path_lose(path);
    } else {
        /* DDL, DO, CALL, DISCARD ...: anything. */
        effect.kind = DG_EFFECT_DDL;
        apply_ddl(path, &effect);
        dg_path_lose(path);
        if (dg_str_is(tag, "CALL") || dg_str_is(tag, "DO")) {
            dg_path_may_have_ended(path, false);
            effect.kind = DG_EFFECT_UNSEEN_DDL;
            dg_path_apply(path, &effect, tag);
        }
    }
}

/* ---- procedures -------------------------------------------------------------------------------------------------- */

void dg_path_may_have_ended(struct dg_path *path, bool or_undone)
{
    if (path->is_explicit)
        return;
    if (or_undone && dg_path_has_changes(path))
        dg_path_lose(path);
    dg_path_rebase(path);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

void dg_path_fail(struct dg_path *path)
{
    path->has_failed = true;
}

/* Before each ReadyForQuery the server reports a path that is not the one that it reported last. So what it said last is
   in force, whatever was not seen of how it came about: a function's set_config, a trigger, a commit of both. */
static void take_report(struct dg_path *path, bool is_kept)
{
    if (!path->is_reported)
        return;
    const struct dg_words *words = path->reported;
    enum dg_setting_state state = words == NULL ? DG_SETTING_UNKNOWN : DG_SETTING_SET;
    const struct dg_setting *now = &path->now.path, *kept = &path->kept.path;
    bool is_known = now->state == state && now->words == words;
    if (!is_known || (is_kept && (kept->state != state || kept->words != words)))
        dg_path_set(path, SETTING(path), !is_kept, state, path->reported);
}

void dg_path_ready(struct dg_path *path, char status)
{
    if (status == 'I') {
        if (path->has_failed)
            dg_path_rollback(path);
        else
            dg_path_commit(path);
    } else if (path->n_frames == 0) {
        dg_path_need_frame(path); /* a transaction whose BEGIN we did not see */
        path->is_explicit = true;
    }
    path->has_failed = false;
    take_report(path, status == 'I');
}

/* ---- in and out -------------------------------------------------------------------------------------------------- */

enum dg_status dg_path_init(struct dg_path *path, const char *user, dg_path_committed_fn committed, void *context)
{
    *path = (struct dg_path){.committed = committed, .context = context};
    path->default_user = dg_words_new(&user, 1);
    return path->default_user == NULL ? DG_NO_MEMORY : DG_OK;
}

void dg_path_fini(struct dg_path *path)
{
    dg_path_pop_frames(path, 0);
    dg_path_truncate_locals(path, 0);
    dg_sql_values_fini(&path->now);
    dg_sql_values_fini(&path->kept);
    dg_words_unref(path->default_path);
    dg_words_unref(path->default_user);
    dg_words_unref(path->reported);
    free(path->frames);
    free(path->locals);
    *path = (struct dg_path){0};
}

void dg_path_set_default(struct dg_path *path, struct dg_words *words)
{
    dg_words_unref(path->default_path);
    path->default_path = words;
    path->version++;
}

void dg_path_set_user(struct dg_path *path, struct dg_str user)
{
    char name[256];
    if (user.len >= sizeof(name))
        return;
    memcpy(name, user.data, user.len);
    name[user.len] = '\0';
    const char *item = name;
    struct dg_words *words = dg_words_new(&item, 1);
    dg_path_set(path, SETTING(user), path->n_frames > 0, words == NULL ? DG_SETTING_UNKNOWN : DG_SETTING_SET, words);
    dg_words_unref(words);
}

void dg_path_report(struct dg_path *path, struct dg_str value)
{
    dg_words_unref(path->reported);
    path->reported = dg_words_of_path(value);
    path->is_reported = true;
    if (path->n_frames == 0)
        take_report(path, true);
}

bool dg_path_has_changes(const struct dg_path *path)
{
    return path->n_frames > 0 && path->version != path->frames[0].version;
}

bool dg_path_search_path(const struct dg_path *path, const char *const **items, size_t *n)
{
    const struct dg_words *words = path->now.path.state == DG_SETTING_SET       ? path->now.path.words
                                   : path->now.path.state == DG_SETTING_DEFAULT ? path->default_path
                                                                                : NULL;
    *items = words == NULL ? NULL : words->items;
    *n = words == NULL ? 0 : words->n;
    return words != NULL;
}

const char *dg_path_role(const struct dg_path *path)
{
    const struct dg_setting *setting = path->now.role.state == DG_SETTING_DEFAULT ? &path->now.user : &path->now.role;
    if (setting->state == DG_SETTING_UNKNOWN)
        return NULL;
    const struct dg_words *words = setting->state == DG_SETTING_SET ? setting->words : path->default_user;
    return words == NULL || words->n == 0 ? NULL : words->items[0];
}
