/*
 * Between path.c (what happened) and path_frames.c (what that does to values, names and frames). Not for other files.
 */
#ifndef DG_GUARD_PATH_FRAMES_H
#define DG_GUARD_PATH_FRAMES_H

#include "guard/path.h"

/* Picks a setting out of struct dg_sql_values. */
#define SETTING(member) offsetof(struct dg_sql_values, member)

void dg_sql_values_fini(struct dg_sql_values *values);
/* SET, or SET LOCAL when `is_local`. */
void dg_path_set(struct dg_path *path, size_t offset, bool is_local, enum dg_setting_state state,
                 struct dg_words *words);

/* False beyond DG_PATH_MAX_LOCALS, or if there is no memory. */
bool dg_path_add_local(struct dg_path *path, const struct dg_sql_name *name, bool is_temp);
void dg_path_remove_local(struct dg_path *path, size_t i);
void dg_path_truncate_locals(struct dg_path *path, size_t n);

/* Makes sure that there is a transaction. */
void dg_path_need_frame(struct dg_path *path);
/* False beyond DG_PATH_MAX_FRAMES, or if there is no memory. */
bool dg_path_push_frame(struct dg_path *path, const char *savepoint);
void dg_path_pop_frames(struct dg_path *path, size_t n);
void dg_path_release(struct dg_path *path, const char *savepoint);
void dg_path_rollback_to(struct dg_path *path, const char *savepoint);
/* The transaction as it stands is what a rollback goes back to; DDL in it counts as committed then. */
void dg_path_rebase(struct dg_path *path);
void dg_path_rollback(struct dg_path *path);
void dg_path_commit(struct dg_path *path);

#endif
