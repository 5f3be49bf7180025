/*
 * The state folder's files and its lock.
 *
 *      driftguard.lock                     flock()ed while a guard writes here
 *      journal-<group>-<address>.json      one a server and database; the group is a hash of upstream and database name
 *      journal-<group>.json                the same of earlier versions, which knew one address; read, not written
 *      journal-....json.corrupt            could not be read
 *      journal-....json.other              of another server, database or format
 *      journal-....json.PID.tmp            being written; swept when the lock is taken, for a SIGKILL leaves it behind
 *
 * What is read is the newest file of the group that tells of the same system identifier and database oid: mostly the
 * address's own, and after a fail-over or a change of address that of the one before. What is set aside replaces what
 * was set aside before, and of a group the oldest files go beyond MAX_FILES, so the folder does not grow.
 */
#include "schema/state.h"

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
/* Of one group: more addresses than a name has at a time. */
#define MAX_FILES 32u

struct dg_state {
    char *folder;
    int lock_fd;
    bool is_locked;
    struct dg_log *log;
};

/* ---- The lock ---------------------------------------------------------------------------------------------------- */

/* How long the name of a journal at the front of `name` is, "journal-0123456789abcdef-0123456789abcdef.json", or without
   the second number; 0: there is none. */
static size_t journal_name_len(const char *name)
{
    size_t len = sizeof FILE_PREFIX - 1;
    if (strncmp(name, FILE_PREFIX, len) != 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        if (strspn(name + len, "0123456789abcdef") != N_HASH_DIGITS)
            return 0;
        len += N_HASH_DIGITS;
        if (strncmp(name + len, FILE_SUFFIX, sizeof FILE_SUFFIX - 1) == 0)
            return len + sizeof FILE_SUFFIX - 1;
        if (name[len++] != '-')
            return 0;
    }
    return 0;
}

/* Followed by ".4711.tmp" (base/file.h): only what we made ourselves. */
static bool is_temporary(const char *name)
{
    const size_t ending = sizeof TEMPORARY_SUFFIX - 1;
    const size_t start = journal_name_len(name);
    const size_t len = strlen(name);
    return start > 0 && len > start + 1 + ending && name[start] == '.' &&
           strcmp(name + len - ending, TEMPORARY_SUFFIX) == 0;
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

enum dg_status dg_state_open(const char *folder, struct dg_log *log, struct dg_state **result, struct dg_error *error)
{
    *result = NULL;
    struct dg_state *state = calloc(1, sizeof *state);
    if (state == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    *state = (struct dg_state){.folder = strdup(folder), .lock_fd = -1, .log = log};
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

uint64_t dg_state_group(const char *upstream, const char *host, const char *port, const char *database)
{
    uint64_t hash = dg_hash64_seeded(host, strlen(host), dg_hash64(port, strlen(port)));
    if (upstream[0] != '\0')
        hash = dg_hash64_seeded(upstream, strlen(upstream), hash);
    return dg_hash64_seeded(database, strlen(database), hash);
}

#define NAME_BYTES 64

static void print_name(const struct dg_state_key *key, char name[NAME_BYTES])
{
    uint64_t hash = dg_hash64(key->address, strlen(key->address));
    (void)snprintf(name, NAME_BYTES, FILE_PREFIX "%016" PRIx64 "-%016" PRIx64 FILE_SUFFIX, key->group, hash);
}

static void print_path(const struct dg_state *state, const char *name, struct dg_text *path)
{
    dg_text_printf(path, "%s/%s", state->folder, name);
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

/* A file that may hold the history. */
struct candidate {
    char name[NAME_BYTES];
    struct timespec written;
    bool is_own; /* of this very address */
};

static bool is_newer(const struct candidate *a, const struct candidate *b)
{
    if (a->written.tv_sec != b->written.tv_sec)
        return a->written.tv_sec > b->written.tv_sec;
    if (a->written.tv_nsec != b->written.tv_nsec)
        return a->written.tv_nsec > b->written.tv_nsec;
    return a->is_own && !b->is_own;
}

/* Keeps the newest MAX_FILES, newest first; what drops out behind them is removed. */
static void add_candidate(const struct dg_state *state, DIR *folder, struct candidate *list, size_t *n,
                          const struct candidate *found)
{
    size_t at = *n;
    while (at > 0 && is_newer(found, &list[at - 1]))
        at--;
    const struct candidate *oldest = at == MAX_FILES ? found : *n == MAX_FILES ? &list[MAX_FILES - 1] : NULL;
    if (oldest != NULL && state->is_locked)
        (void)unlinkat(dirfd(folder), oldest->name, 0);
    if (at == MAX_FILES)
        return;
    if (*n < MAX_FILES)
        ++*n;
    memmove(&list[at + 1], &list[at], (*n - at - 1) * sizeof *list);
    list[at] = *found;
}

/* The files of the key's group. */
static size_t find_candidates(const struct dg_state *state, const struct dg_state_key *key,
                              struct candidate list[MAX_FILES])
{
    char own[NAME_BYTES];
    size_t n = 0;
    const size_t group_len = sizeof FILE_PREFIX - 1 + N_HASH_DIGITS;
    DIR *folder = opendir(state->folder);
    if (folder == NULL)
        return 0;
    print_name(key, own);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        struct stat file;
        struct candidate found = {.is_own = strcmp(entry->d_name, own) == 0};
        size_t len = journal_name_len(entry->d_name);
        if (len == 0 || entry->d_name[len] != '\0' || strncmp(entry->d_name, own, group_len) != 0 ||
            fstatat(dirfd(folder), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        memcpy(found.name, entry->d_name, len + 1);
        found.written = file.st_mtim;
        add_candidate(state, folder, list, &n, &found);
    }
    closedir(folder);
    return n;
}

/* What another address left behind says nothing against this one: only its own file is ever set aside. */
static void reject(const struct dg_state *state, const struct candidate *candidate, const char *path,
                   const char *suffix, const char *reason)
{
    if (candidate->is_own)
        set_aside(state, path, suffix, reason);
    else
        dg_logf(state->log, DG_LOG_DEBUG, "state_not_used", "a saved journal is not used", dg_field_str("file", path),
                dg_field_str("reason", reason));
}

/* True if the file was the one, and no other is to be looked for. */
static bool parse_and_use(const struct dg_state *state, const struct candidate *candidate, const char *path,
                          struct dg_str text, const struct dg_snapshot *first, struct dg_journal *journal)
{
    struct dg_saved saved;
    struct dg_error error;
    enum dg_status status = dg_state_parse(text, MAX_MODEL_BYTES, &saved, &error);
    if (status == DG_UNPARSED) {
        reject(state, candidate, path, saved.format > DG_STATE_FORMAT ? ".other" : ".corrupt", error.text);
        return false;
    }
    if (status != DG_OK) {
        dg_logf(state->log, DG_LOG_WARNING, "state_not_used", "a saved journal is not used", dg_field_str("file", path),
                dg_field_str("reason", error.text));
        return false;
    }
    bool is_ours = is_of(&saved, dg_snapshot_facts(first));
    if (is_ours)
        take_over(state, path, &saved, first, journal);
    else
        reject(state, candidate, path, ".other", "it is of another server, or of a database that was dropped since");
    dg_saved_fini(&saved);
    return is_ours;
}

static bool read_and_use(const struct dg_state *state, const struct candidate *candidate,
                         const struct dg_snapshot *first, struct dg_journal *journal)
{
    struct dg_text path;
    struct dg_text text;
    struct dg_error error;
    struct stat file;
    bool is_used = false;
    dg_text_init(&path, MAX_PATH_BYTES);
    dg_text_init(&text, DG_STATE_MAX_BYTES);
    print_path(state, candidate->name, &path);
    if (path.failed || lstat(dg_text_get(&path), &file) != 0) {
        /* It went away. */
    } else if (!S_ISREG(file.st_mode)) {
        reject(state, candidate, dg_text_get(&path), ".corrupt", "it is no file");
    } else if (dg_file_read(dg_text_get(&path), &text, &error) != DG_OK) {
        reject(state, candidate, dg_text_get(&path), ".corrupt", error.text);
    } else {
        is_used = parse_and_use(state, candidate, dg_text_get(&path), dg_text_view(&text), first, journal);
    }
    dg_text_fini(&text);
    dg_text_fini(&path);
    return is_used;
}

void dg_state_restore(struct dg_state *state, const struct dg_state_key *key, const struct dg_snapshot *first,
                      struct dg_journal *journal)
{
    struct candidate candidates[MAX_FILES];
    size_t n = find_candidates(state, key, candidates);
    bool is_done = false;
    for (size_t i = 0; i < n && !is_done; i++)
        is_done = read_and_use(state, &candidates[i], first, journal);
}

enum dg_status dg_state_save(struct dg_state *state, const struct dg_state_key *key, const struct dg_snapshot *snapshot,
                             const struct dg_journal *journal, size_t max_bytes, struct dg_error *error)
{
    char name[NAME_BYTES];
    struct dg_text path;
    struct dg_text text;
    dg_text_init(&path, MAX_PATH_BYTES);
    dg_text_init(&text, max_bytes);
    print_name(key, name);
    print_path(state, name, &path);
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
