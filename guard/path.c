/*
 * The state machine of path.h: values, frames, and what each effect does to them.
 *
 *            BEGIN, or the first effect of a Query or pipeline         COMMIT: now = kept, DDL handed on
 *   no frame ------------------------------------------------> frame 0 -------------------------------> no frame
 *                                                              |    ^   ROLLBACK, error + 'I': frame 0's copy
 *                                              SAVEPOINT: push |    | RELEASE: pop; ROLLBACK TO: restore the copy
 *                                                              v    |
 *                                                              frame 1..n
 */
#include "guard/path.h"

#include <stdlib.h>

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void setting_put(struct dg_setting *setting, enum dg_setting_state state, struct dg_words *words)
{
    dg_words_ref(words);
    dg_words_unref(setting->words);
    *setting = (struct dg_setting){state, words};
}

static void values_put(struct dg_sql_values *to, const struct dg_sql_values *from)
{
    setting_put(&to->path, from->path.state, from->path.words);
    setting_put(&to->role, from->role.state, from->role.words);
    setting_put(&to->user, from->user.state, from->user.words);
}

static void values_fini(struct dg_sql_values *values)
{
    dg_words_unref(values->path.words);
    dg_words_unref(values->role.words);
    dg_words_unref(values->user.words);
    *values = (struct dg_sql_values){0};
}

/* SET, or SET LOCAL when `is_local`. `offset` picks the setting out of the struct. */
static void path_set(struct dg_path *path, size_t offset, bool is_local, enum dg_setting_state state,
                     struct dg_words *words)
{
    setting_put((struct dg_setting *)(void *)((char *)&path->now + offset), state, words);
    if (!is_local)
        setting_put((struct dg_setting *)(void *)((char *)&path->kept + offset), state, words);
    path->version++;
}

#define SETTING(member) offsetof(struct dg_sql_values, member)

/* ---- local names ------------------------------------------------------------------------------------------------- */

static void locals_truncate(struct dg_path *path, size_t n)
{
    while (path->n_locals > n)
        free(path->locals[--path->n_locals].schema);
    if (path->n_temps > path->n_locals)
        path->n_temps = path->n_locals;
}

static bool local_make(struct dg_local_name *local, const struct dg_sql_name *name, bool is_temp)
{
    const char *schema = name->schema == NULL ? "" : name->schema;
    size_t schema_len = strlen(schema) + 1;
    size_t name_len = strlen(name->name) + 1;
    local->schema = malloc(schema_len + name_len);
    if (local->schema == NULL)
        return false;
    local->name = local->schema + schema_len;
    local->is_temp = is_temp;
    memcpy(local->schema, schema, schema_len);
    memcpy(local->name, name->name, name_len);
    return true;
}

static bool locals_add(struct dg_path *path, const struct dg_sql_name *name, bool is_temp)
{
    if (path->n_locals >= DG_PATH_MAX_LOCALS)
        return false;
    if (path->n_locals == path->cap_locals) {
        size_t cap = path->cap_locals == 0 ? 8 : path->cap_locals * 2;
        struct dg_local_name *grown = realloc(path->locals, cap * sizeof(*grown));
        if (grown == NULL)
            return false;
        path->locals = grown;
        path->cap_locals = cap;
    }
    if (!local_make(&path->locals[path->n_locals], name, is_temp))
        return false;
    path->n_locals++;
    return true;
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */

static void frame_fini(struct dg_frame *frame)
{
    values_fini(&frame->now);
    values_fini(&frame->kept);
    free(frame->savepoint);
    *frame = (struct dg_frame){0};
}

static void frames_pop_to(struct dg_path *path, size_t n)
{
    while (path->n_frames > n)
        frame_fini(&path->frames[--path->n_frames]);
}

void dg_path_lose(struct dg_path *path)
{
    for (size_t i = 0; i < 2; i++) {
        struct dg_sql_values *values = i == 0 ? &path->now : &path->kept;
        setting_put(&values->path, DG_SETTING_UNKNOWN, NULL);
        setting_put(&values->role, DG_SETTING_UNKNOWN, NULL);
    }
    path->version++;
}

static bool frames_push(struct dg_path *path, const char *savepoint)
{
    if (path->n_frames >= DG_PATH_MAX_FRAMES)
        return false;
    if (path->n_frames == path->cap_frames) {
        size_t cap = path->cap_frames == 0 ? 2 : path->cap_frames * 2;
        struct dg_frame *grown = realloc(path->frames, cap * sizeof(*grown));
        if (grown == NULL)
            return false;
        path->frames = grown;
        path->cap_frames = cap;
    }
    char *name = savepoint == NULL ? NULL : strdup(savepoint);
    if (savepoint != NULL && name == NULL)
        return false;
    struct dg_frame *frame = &path->frames[path->n_frames++];
    *frame = (struct dg_frame){.savepoint = name,
                               .n_locals = path->n_locals,
                               .any_uncommitted = path->any_uncommitted,
                               .has_ddl = path->has_ddl,
                               .version = path->version};
    values_put(&frame->now, &path->now);
    values_put(&frame->kept, &path->kept);
    return true;
}

/* Every effect belongs to a transaction; outside of a block it is the implicit one, which ends at ReadyForQuery. */
static void frames_need(struct dg_path *path)
{
    if (path->n_frames == 0 && !frames_push(path, NULL))
        dg_path_lose(path);
}

static void frame_restore(struct dg_path *path, const struct dg_frame *frame)
{
    values_put(&path->now, &frame->now);
    values_put(&path->kept, &frame->kept);
    locals_truncate(path, frame->n_locals);
    path->any_uncommitted = frame->any_uncommitted;
    path->has_ddl = frame->has_ddl;
    path->version++;
}

static void path_rollback(struct dg_path *path)
{
    if (path->n_frames > 0)
        frame_restore(path, &path->frames[0]);
    frames_pop_to(path, 0);
    path->is_explicit = false;
}

/* Tells who listens which relations the committed DDL named. */
static void hand_on_changes(struct dg_path *path)
{
    struct dg_schema_name names[64];
    size_t n = 0;
    bool is_any = path->any_uncommitted;
    for (size_t i = path->n_temps; i < path->n_locals && !is_any; i++) {
        if (path->locals[i].is_temp)
            continue;
        if (n == sizeof(names) / sizeof(names[0]))
            is_any = true;
        else
            names[n++] = (struct dg_schema_name){path->locals[i].schema, path->locals[i].name};
    }
    if (path->committed != NULL)
        path->committed(path->context, names, is_any ? 0 : n);
}

static void local_remove(struct dg_path *path, size_t i)
{
    free(path->locals[i].schema);
    memmove(path->locals + i, path->locals + i + 1, (path->n_locals - i - 1) * sizeof(path->locals[0]));
    path->n_locals--;
}

/* Permanent names are the snapshot's now; a temporary name that such DDL named (DROP TABLE of it) is no longer kept.
   Temporary ones stay. */
static void settle_locals(struct dg_path *path)
{
    for (size_t i = path->n_temps; i < path->n_locals;) {
        if (path->locals[i].is_temp) {
            i++;
            continue;
        }
        for (size_t k = path->n_temps; k-- > 0;) {
            if (strcmp(path->locals[k].name, path->locals[i].name) != 0)
                continue;
            local_remove(path, k);
            path->n_temps--;
            i--;
        }
        local_remove(path, i);
    }
    path->n_temps = path->n_locals;
}

static void path_commit(struct dg_path *path)
{
    if (path->n_frames == 0)
        return;
    values_put(&path->now, &path->kept);
    if (path->has_ddl)
        hand_on_changes(path);
    settle_locals(path);
    path->any_uncommitted = false;
    path->has_ddl = false;
    frames_pop_to(path, 0);
    path->is_explicit = false;
    path->version++;
}

/* The newest frame of this savepoint, or 0 (the transaction's) if there is none. */
static size_t savepoint_find(const struct dg_path *path, const char *name)
{
    for (size_t i = path->n_frames; name != NULL && i-- > 1;) {
        if (strcmp(path->frames[i].savepoint, name) == 0)
            return i;
    }
    return 0;
}

static void path_rollback_to(struct dg_path *path, const char *name)
{
    size_t i = savepoint_find(path, name);
    if (i == 0) {
        dg_path_lose(path); /* a savepoint that we did not see */
        return;
    }
    frame_restore(path, &path->frames[i]);
    frames_pop_to(path, i + 1);
}

/* ---- effects ----------------------------------------------------------------------------------------------------- */

static void apply_search_path(struct dg_path *path, const struct dg_sql_effect *effect)
{
    if (effect->to_default) {
        path_set(path, SETTING(path), effect->is_local, DG_SETTING_DEFAULT, NULL);
        return;
    }
    const char *items[64];
    struct dg_words *words = NULL;
    if (effect->n_names <= sizeof(items) / sizeof(items[0])) {
        for (size_t i = 0; i < effect->n_names; i++)
            items[i] = effect->names[i].name;
        words = dg_words_new(items, effect->n_names);
    }
    path_set(path, SETTING(path), effect->is_local, words == NULL ? DG_SETTING_UNKNOWN : DG_SETTING_SET, words);
    dg_words_unref(words);
}

static void apply_user(struct dg_path *path, size_t offset, const struct dg_sql_effect *effect)
{
    struct dg_words *words = effect->to_default || effect->name == NULL ? NULL : dg_words_new(&effect->name, 1);
    enum dg_setting_state state = effect->to_default ? DG_SETTING_DEFAULT
                                  : words == NULL    ? DG_SETTING_UNKNOWN
                                                     : DG_SETTING_SET;
    path_set(path, offset, effect->is_local, state, words);
    dg_words_unref(words);
    /* SET SESSION AUTHORIZATION takes the role back to none. */
    if (offset == SETTING(user))
        path_set(path, SETTING(role), effect->is_local, DG_SETTING_DEFAULT, NULL);
}

static void drop_temporaries(struct dg_path *path)
{
    while (path->n_temps > 0) {
        local_remove(path, 0);
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
        fits = locals_add(path, &effect->names[i], effect->is_temp);
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
    frames_need(path);
    path->is_explicit = path->n_frames > 0;
}

static void end(struct dg_path *path, const struct dg_sql_effect *effect, struct dg_str tag)
{
    /* A COMMIT in a failed transaction is answered with the tag ROLLBACK. */
    if (effect->kind == DG_EFFECT_ROLLBACK || dg_str_is(tag, "ROLLBACK"))
        path_rollback(path);
    else
        path_commit(path);
    if (effect->chain)
        begin(path);
}

static void apply_reset_all(struct dg_path *path)
{
    path_set(path, SETTING(path), false, DG_SETTING_DEFAULT, NULL);
}

void dg_path_apply(struct dg_path *path, const struct dg_sql_effect *effect, struct dg_str tag)
{
    frames_need(path);
    switch (effect->kind) {
    case DG_EFFECT_BEGIN:
        begin(path);
        return;
    case DG_EFFECT_COMMIT:
    case DG_EFFECT_ROLLBACK:
        end(path, effect, tag);
        return;
    case DG_EFFECT_SAVEPOINT:
        if (effect->name == NULL || !frames_push(path, effect->name))
            dg_path_lose(path);
        return;
    case DG_EFFECT_ROLLBACK_TO:
        path_rollback_to(path, effect->name);
        return;
    case DG_EFFECT_RELEASE: {
        size_t i = savepoint_find(path, effect->name);
        if (i > 0)
            frames_pop_to(path, i);
        return;
    }
    case DG_EFFECT_SET_PATH:
        apply_search_path(path, effect);
        return;
    case DG_EFFECT_PATH_UNKNOWN:
        path_set(path, SETTING(path), false, DG_SETTING_UNKNOWN, NULL);
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
        path_set(path, SETTING(role), false, DG_SETTING_DEFAULT, NULL);
        path_set(path, SETTING(user), false, DG_SETTING_DEFAULT, NULL);
        drop_temporaries(path);
        return;
    case DG_EFFECT_DISCARD_TEMP:
        drop_temporaries(path);
        return;
    case DG_EFFECT_DDL:
        apply_ddl(path, effect);
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
    frames_need(path);
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
    }
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

void dg_path_fail(struct dg_path *path)
{
    path->has_failed = true;
}

static void take_report(struct dg_path *path, bool is_kept)
{
    if (path->reported == NULL)
        return;
    path_set(path, SETTING(path), !is_kept, DG_SETTING_SET, path->reported);
    dg_words_unref(path->reported);
    path->reported = NULL;
}

void dg_path_ready(struct dg_path *path, char status)
{
    if (status == 'I') {
        if (path->has_failed)
            path_rollback(path);
        else
            path_commit(path);
    } else if (path->n_frames == 0) {
        frames_need(path); /* a transaction whose BEGIN we did not see */
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
    frames_pop_to(path, 0);
    locals_truncate(path, 0);
    values_fini(&path->now);
    values_fini(&path->kept);
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
    path_set(path, SETTING(user), path->n_frames > 0, words == NULL ? DG_SETTING_UNKNOWN : DG_SETTING_SET, words);
    dg_words_unref(words);
}

void dg_path_report(struct dg_path *path, struct dg_str value)
{
    struct dg_words *words = dg_words_of_path(value);
    if (words == NULL)
        return;
    dg_words_unref(path->reported);
    path->reported = words;
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
