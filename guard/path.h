/*
 * The session's SQL state as far as names depend on it: search path, role, names of its own that are not committed or
 * temporary. It replays the effects of statements when the server says that they completed, and takes them back with
 * their transaction, savepoint or implicit transaction. Pure: bytes of a session in, state out.
 *
 * Each setting has two values, as in PostgreSQL's guc.c: `now`, and `kept`, which stands after the commit (SET LOCAL
 * moves only `now`). A frame is a copy of all that a rollback restores: frame 0 is the transaction, those above it its
 * savepoints. What cannot be followed (a limit, no memory, a statement that nobody looked at) makes a setting unknown,
 * never wrong.
 */
#ifndef DG_GUARD_PATH_H
#define DG_GUARD_PATH_H

#include "schema/store.h"
#include "sql/analysis.h"

/* An immutable, reference-counted list of words; one worker's. */
struct dg_words {
    unsigned n_refs;
    size_t n;
    const char *items[];
};
struct dg_words *dg_words_new(const char *const *items, size_t n);
struct dg_words *dg_words_ref(struct dg_words *words);
void dg_words_unref(struct dg_words *words);
bool dg_words_equal(const struct dg_words *a, const struct dg_words *b);
/* The elements of a search_path setting's text (folded, unquoted), or NULL if it is malformed or there is no memory. */
struct dg_words *dg_words_of_path(struct dg_str text);

enum dg_setting_state { DG_SETTING_DEFAULT, DG_SETTING_SET, DG_SETTING_UNKNOWN };
struct dg_setting {
    enum dg_setting_state state;
    struct dg_words *words; /* SET: the value; a role is a list of one */
};
struct dg_sql_values {
    struct dg_setting path;
    struct dg_setting role;
    struct dg_setting user; /* session_authorization */
};

/* A relation that the session changed. */
struct dg_local_name {
    char *schema;
    char *name; /* in the same allocation as schema */
    bool is_temp;
};

struct dg_frame {
    char *savepoint; /* NULL for the transaction */
    struct dg_sql_values now;
    struct dg_sql_values kept;
    size_t n_locals;
    bool any_uncommitted;
    bool has_ddl;
    uint64_t version; /* the path's, when the frame began */
};

/* DDL was committed. n_names = 0: it may have changed anything. */
typedef void (*dg_path_committed_fn)(void *context, const struct dg_schema_name *names, size_t n_names);

struct dg_path {
    struct dg_sql_values now;
    struct dg_sql_values kept;
    struct dg_words *default_path; /* what RESET search_path gives; NULL: not known (yet) */
    struct dg_words *default_user; /* who authenticated */
    bool is_reported;              /* the server reports its search_path (PostgreSQL 18) */
    struct dg_words *reported;     /* as it did last; NULL: not understood */
    struct dg_frame *frames;
    size_t n_frames;
    size_t cap_frames;
    struct dg_local_name *locals; /* committed temporary ones first, then what is not committed */
    size_t n_locals;
    size_t cap_locals;
    size_t n_temps;           /* of them committed temporary ones */
    bool any_uncommitted;     /* DDL whose names are not known */
    bool has_ddl;             /* DDL in this transaction that is not only temporary */
    bool is_explicit;         /* frame 0 was opened by BEGIN */
    bool has_failed;          /* an error since the last ReadyForQuery */
    bool any_temp;            /* more temporary names than are kept */
    bool may_have_unseen_ddl; /* by a function or a DO block: what it made need not be in any snapshot, ever */
    uint64_t version;         /* moves with each change */
    dg_path_committed_fn committed;
    void *context;
};

#define DG_PATH_MAX_FRAMES 128
#define DG_PATH_MAX_LOCALS 1024

/* DG_NO_MEMORY: fini is still safe. */
enum dg_status dg_path_init(struct dg_path *path, const char *user, dg_path_committed_fn committed,
                            void *context) DG_MUST_CHECK;
void dg_path_fini(struct dg_path *path);

/* What the search path is without SET; takes over the reference. NULL: not known. */
void dg_path_set_default(struct dg_path *path, struct dg_words *words);
/* ParameterStatus: who the session's user is. */
void dg_path_set_user(struct dg_path *path, struct dg_str user);
/* ParameterStatus search_path: in force at the next ReadyForQuery and at each one after it until it is reported again;
   at once outside of any transaction. What is not a search path, or too long for us, makes it unknown. */
void dg_path_report(struct dg_path *path, struct dg_str value);
/* Nothing is known any more: statements went by that were not looked at. */
void dg_path_lose(struct dg_path *path);

/* What was done so far in an implicit transaction may be committed, so that no later error takes it back, or, if
   `or_undone`, rolled back. Nothing in a transaction block. */
void dg_path_may_have_ended(struct dg_path *path, bool or_undone);

/* An effect of a statement that completed with this tag. */
void dg_path_apply(struct dg_path *path, const struct dg_sql_effect *effect, struct dg_str tag);
/* A statement that was not analysed completed with this tag. */
void dg_path_apply_tag(struct dg_path *path, struct dg_str tag);
/* An error: the implicit transaction will be rolled back at the next ReadyForQuery 'I'. */
void dg_path_fail(struct dg_path *path);
/* ReadyForQuery: 'I', 'T' or 'E'. */
void dg_path_ready(struct dg_path *path, char status);

/* True if the end of the transaction may change what is in force. */
bool dg_path_has_changes(const struct dg_path *path);
/* What is in force. `known` false: *n is 0. */
bool dg_path_search_path(const struct dg_path *path, const char *const **items, size_t *n);
const char *dg_path_role(const struct dg_path *path); /* NULL when not known */

#endif
