/*
 * The frames of path.h: settings with their two values, local names, and what a commit or rollback does to both.
 *
 *            BEGIN, or the first effect of a Query or pipeline         COMMIT: now = kept, DDL handed on
 *   no frame ------------------------------------------------> frame 0 -------------------------------> no frame
 *                                                              |    ^   ROLLBACK, error + 'I': frame 0's copy
 *                                              SAVEPOINT: push |    | RELEASE: pop; ROLLBACK TO: restore the copy
 *                                                              v    |
 *                                                              frame 1..n
 */
#include "guard/path_frames.h"

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

void dg_sql_values_fini(struct dg_sql_values *values)
{
    dg_words_unref(values->path.words);
    dg_words_unref(values->role.words);
    dg_words_unref(values->user.words);
    *values = (struct dg_sql_values){0};
}

/* SET, or SET LOCAL when `is_local`. `offset` picks the setting out of the struct. */
void dg_path_set(struct dg_path *path, size_t offset, bool is_local, enum dg_setting_state state,
                 struct dg_words *words)
{
    setting_put((struct dg_setting *)(void *)((char *)&path->now + offset), state, words);
    if (!is_local)
        setting_put((struct dg_setting *)(void *)((char *)&path->kept + offset), state, words);
    path->version++;
}

/* ---- local names ------------------------------------------------------------------------------------------------- */

void dg_path_truncate_locals(struct dg_path *path, size_t n)
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

bool dg_path_add_local(struct dg_path *path, const struct dg_sql_name *name, bool is_temp)
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
    dg_sql_values_fini(&frame->now);
    dg_sql_values_fini(&frame->kept);
    free(frame->savepoint);
    *frame = (struct dg_frame){0};
}

void dg_path_pop_frames(struct dg_path *path, size_t n)
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

bool dg_path_push_frame(struct dg_path *path, const char *savepoint)
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
void dg_path_need_frame(struct dg_path *path)
{
    if (path->n_frames == 0 && !dg_path_push_frame(path, NULL))
        dg_path_lose(path);
}

static void frame_restore(struct dg_path *path, const struct dg_frame *frame)
{
    values_put(&path->now, &frame->now);
    values_put(&path->kept, &frame->kept);
    dg_path_truncate_locals(path, frame->n_locals);
    path->any_uncommitted = frame->any_uncommitted;
    path->has_ddl = frame->has_ddl;
    path->version++;
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

void dg_path_remove_local(struct dg_path *path, size_t i)
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
            dg_path_remove_local(path, k);
            path->n_temps--;
            i--;
        }
        dg_path_remove_local(path, i);
    }
    path->n_temps = path->n_locals;
}

void dg_path_commit(struct dg_path *path)
{
    if (path->n_frames == 0)
        return;
    values_put(&path->now, &path->kept);
    if (path->has_ddl)
        hand_on_changes(path);
    settle_locals(path);
    path->any_uncommitted = false;
    path->has_ddl = false;
    dg_path_pop_frames(path, 0);
    path->is_explicit = false;
    path->version++;
}

void dg_path_rebase(struct dg_path *path)
{
    dg_path_pop_frames(path, 0);
    dg_path_need_frame(path);
}

void dg_path_rollback(struct dg_path *path)
{
    if (path->n_frames > 0)
        frame_restore(path, &path->frames[0]);
    /* A transaction begins without DDL: this is from before it was rebased. */
    if (path->has_ddl)
        dg_path_commit(path);
    dg_path_pop_frames(path, 0);
    path->is_explicit = false;
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

void dg_path_rollback_to(struct dg_path *path, const char *name)
{
    size_t i = savepoint_find(path, name);
    if (i == 0) {
        dg_path_lose(path); /* a savepoint that we did not see */
        return;
    }
    frame_restore(path, &path->frames[i]);
    dg_path_pop_frames(path, i + 1);
}

void dg_path_release(struct dg_path *path, const char *name)
{
    size_t i = savepoint_find(path, name);
    if (i > 0)
        dg_path_pop_frames(path, i);
}
