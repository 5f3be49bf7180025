/*
 * The state folder's files and its lock.
 *
 *      driftguard.lock                     flock()ed while a guard writes here
 *      journal-<hash>.json                 one a database; the hash is of host, port and database name
 *      journal-<hash>.json.corrupt         could not be read
 *      journal-<hash>.json.other           of another server, database or format
 *      journal-<hash>.json.PID.tmp         being written; swept when the lock is taken, for a SIGKILL leaves it behind
 *
 * What is set aside replaces what was set aside before, so the folder does not grow.
 */
#include "schema/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "schema/state_format.h"

#define LOCK_NAME "driftguard.lock"
#define FILE_PREFIX "journal-"
#define FILE_SUFFIX ".json"
#define N_HASH_DIGITS 16u
#define TEMPORARY_SUFFIX ".tmp"
/* A model of DG_STATE_MAX_BYTES takes a few times that in memory. */
#define MAX_MODEL_BYTES ((size_t)256 << 20)
#define MAX_PATH_BYTES ((size_t)4096)

struct dg_state {
    char *folder;
    uint64_t upstream;
    int lock_fd;
    bool is_locked;
    struct dg_log *log;
};

/* ---- The lock ---------------------------------------------------------------------------------------------------- */

/* "journal-0123456789abcdef.json.4711.tmp" (base/file.h): only what we made ourselves. */
static bool is_temporary(const char *name)
{
    const size_t prefix = sizeof FILE_PREFIX - 1;
    const size_t suffix = sizeof FILE_SUFFIX - 1;
    const size_t ending = sizeof TEMPORARY_SUFFIX - 1;
    const size_t len = strlen(name);
    if (len <= prefix + N_HASH_DIGITS + suffix + 1 + ending || strncmp(name, FILE_PREFIX, prefix) != 0 ||
        strcmp(name + len - ending, TEMPORARY_SUFFIX) != 0)
        return false;
    for (size_t i = 0; i < N_HASH_DIGITS; i++)
        if (!isxdigit((unsigned char)name[prefix + i]))
            return false;
    return strncmp(name + prefix + N_HASH_DIGITS, FILE_SUFFIX ".", suffix + 1) == 0;
}

static void sweep(const struct dg_state *state)
{
    DIR *folder = opendir(state->folder);
    if (folder == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        if (is_temporary(entry->d_name))
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

/* False with errno. */
static bool take_lock(struct dg_state *state)
{
    int result;
    do {
        result = flock(state->lock_fd, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    state->is_locked = result == 0;
    if (state->is_locked)
        sweep(state);
    return state->is_locked;
}

bool dg_state_may_write(struct dg_state *state)
{
    if (state->is_locked)
        return true;
    if (!take_lock(state))
        return false;
    dg_logf(state->log, DG_LOG_INFO, "state_lock_taken", "the other guard has gone: the journal is saved from here on",
            dg_field_str("folder", state->folder));
    return true;
}

static enum dg_status open_lock(struct dg_state *state, struct dg_error *error)
{
    struct dg_text path;
    dg_text_init(&path, MAX_PATH_BYTES);
    dg_text_printf(&path, "%s/" LOCK_NAME, state->folder);
    if (!path.failed)
        state->lock_fd = open(dg_text_get(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum dg_status status = DG_OK;
    if (path.failed)
        status = dg_error_set(error, DG_IO, "state_dir is too long or there is no memory for it");
    else if (state->lock_fd < 0)
        status = dg_error_set(error, DG_IO, "state_dir \"%s\" cannot be used: could not open %s in it: %m",
                              state->folder, LOCK_NAME);
    dg_text_fini(&path);
    return status;
}

static enum dg_status prepare(struct dg_state *state, struct dg_error *error)
{
    struct stat folder;
    if (stat(state->folder, &folder) != 0)
        return dg_error_set(error, DG_IO, "state_dir \"%s\" cannot be used: %m", state->folder);
    if (!S_ISDIR(folder.st_mode))
        return dg_error_set(error, DG_IO, "state_dir \"%s\" cannot be used: it is no folder", state->folder);
    /* The lock file may be there from better days. */
    if (access(state->folder, R_OK | W_OK | X_OK) != 0)
        return dg_error_set(error, DG_IO, "state_dir \"%s\" cannot be used: %m", state->folder);
    enum dg_status status = open_lock(state, error);
    if (status != DG_OK || take_lock(state))
        return status;
    if (errno != EWOULDBLOCK)
        return dg_error_set(error, DG_IO, "state_dir \"%s\" cannot be used: could not lock %s in it: %m", state->folder,
                            LOCK_NAME);
    dg_logf(state->log, DG_LOG_WARNING, "state_locked",
            "another guard writes to state_dir: what this one sees is kept in memory until that one has gone",
            dg_field_str("folder", state->folder));
    return DG_OK;
}

enum dg_status dg_state_open(const char *folder, const char *host, const char *port, struct dg_log *log,
                             struct dg_state **result, struct dg_error *error)
{
    *result = NULL;
    struct dg_state *state = calloc(1, sizeof *state);
    if (state == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    *state = (struct dg_state){.folder = strdup(folder), .lock_fd = -1, .log = log};
    state->upstream = dg_hash64_seeded(host, strlen(host), dg_hash64(port, strlen(port)));
    enum dg_status status =
        state->folder == NULL ? dg_error_set(error, DG_NO_MEMORY, "out of memory") : prepare(state, error);
    if (status == DG_OK)
        *result = state;
    else
        dg_state_close(state);
    return status;
}

void dg_state_close(struct dg_state *state)
{
    if (state == NULL)
        return;
    if (state->lock_fd >= 0)
        (void)close(state->lock_fd);
    free(state->folder);
    free(state);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void print_path(const struct dg_state *state, const char *database, struct dg_text *path)
{
    uint64_t hash = dg_hash64_seeded(database, strlen(database), state->upstream);
    dg_text_printf(path, "%s/" FILE_PREFIX "%016" PRIx64 FILE_SUFFIX, state->folder, hash);
}

static void set_aside(const struct dg_state *state, const char *path, const char *suffix, const char *reason)
{
    struct dg_text aside;
    dg_text_init(&aside, MAX_PATH_BYTES);
    dg_text_printf(&aside, "%s%s", path, suffix);
    /* It is the other guard's file while that one holds the lock. */
    if (!state->is_locked || aside.failed || rename(path, dg_text_get(&aside)) != 0)
        dg_logf(state->log, DG_LOG_WARNING, "state_not_used", "a saved journal is not used", dg_field_str("file", path),
                dg_field_str("reason", reason));
    else
        dg_logf(state->log, DG_LOG_WARNING, "state_set_aside", "a saved journal is not used and was set aside",
                dg_field_str("file", path), dg_field_str("reason", reason), dg_field_str("now", dg_text_get(&aside)));
    dg_text_fini(&aside);
}

static bool is_of(const struct dg_saved *saved, const struct dg_server_facts *facts)
{
    return saved->database_oid == facts->database_oid &&
           strcmp(saved->system_identifier, facts->system_identifier) == 0;
}

static void take_over(const struct dg_state *state, const char *path, const struct dg_saved *saved,
                      const struct dg_snapshot *first, struct dg_journal *journal)
{
    enum dg_status status = dg_journal_append(journal, saved->changes.items, saved->changes.n);
    size_t n_before = dg_journal_copy(journal, NULL, SIZE_MAX);
    if (status == DG_OK && saved->model != NULL)
        status = dg_journal_record(journal, saved->model, first);
    size_t n_after = dg_journal_copy(journal, NULL, SIZE_MAX);
    if (status != DG_OK) {
        dg_logf(state->log, DG_LOG_WARNING, "state_not_used", "a saved journal is not used", dg_field_str("file", path),
                dg_field_str("reason", dg_status_text(status)));
        return;
    }
    dg_logf(state->log, DG_LOG_INFO, "state_restored", "the journal of schema changes goes on",
            dg_field_str("file", path), dg_field_int("changes", (int64_t)saved->changes.n),
            dg_field_int("since_then", (int64_t)(n_after - n_before)));
}

static void parse_and_use(const struct dg_state *state, const char *path, struct dg_str text,
                          const struct dg_snapshot *first, struct dg_journal *journal)
{
    struct dg_saved saved;
    struct dg_error error;
    enum dg_status status = dg_state_parse(text, MAX_MODEL_BYTES, &saved, &error);
    if (status == DG_UNPARSED) {
        set_aside(state, path, saved.format > DG_STATE_FORMAT ? ".other" : ".corrupt", error.text);
        return;
    }
    if (status != DG_OK) {
        dg_logf(state->log, DG_LOG_WARNING, "state_not_used", "a saved journal is not used", dg_field_str("file", path),
                dg_field_str("reason", error.text));
        return;
    }
    if (is_of(&saved, dg_snapshot_facts(first)))
        take_over(state, path, &saved, first, journal);
    else
        set_aside(state, path, ".other", "it is of another server, or of a database that was dropped since");
    dg_saved_fini(&saved);
}

void dg_state_restore(struct dg_state *state, const char *database, const struct dg_snapshot *first,
                      struct dg_journal *journal)
{
    struct dg_text path;
    struct dg_text text;
    struct dg_error error;
    struct stat file;
    dg_text_init(&path, MAX_PATH_BYTES);
    dg_text_init(&text, DG_STATE_MAX_BYTES);
    print_path(state, database, &path);
    if (path.failed || lstat(dg_text_get(&path), &file) != 0) {
        /* Nothing was saved yet. */
    } else if (!S_ISREG(file.st_mode)) {
        set_aside(state, dg_text_get(&path), ".corrupt", "it is no file");
    } else if (dg_file_read(dg_text_get(&path), &text, &error) != DG_OK) {
        set_aside(state, dg_text_get(&path), ".corrupt", error.text);
    } else {
        parse_and_use(state, dg_text_get(&path), dg_text_view(&text), first, journal);
    }
    dg_text_fini(&text);
    dg_text_fini(&path);
}

enum dg_status dg_state_save(struct dg_state *state, const char *database, const struct dg_snapshot *snapshot,
                             const struct dg_journal *journal, size_t max_bytes, struct dg_error *error)
{
    struct dg_text path;
    struct dg_text text;
    dg_text_init(&path, MAX_PATH_BYTES);
    dg_text_init(&text, max_bytes);
    print_path(state, database, &path);
    dg_state_print(journal, snapshot, true, &text);
    bool is_whole = !text.failed;
    if (!is_whole) {
        dg_text_reset(&text);
        dg_state_print(journal, snapshot, false, &text);
    }
    enum dg_status status = DG_OK;
    if (path.failed || text.failed)
        status = dg_error_set(error, DG_NO_MEMORY, "the journal does not fit into memory or into %zu bytes", max_bytes);
    else
        status = dg_file_replace(dg_text_get(&path), dg_text_view(&text), error);
    if (status == DG_OK && !is_whole)
        status =
            dg_error_set(error, DG_LIMIT, "the schema does not fit into the %zu bytes that a file may have", max_bytes);
    dg_text_fini(&text);
    dg_text_fini(&path);
    return status;
}
