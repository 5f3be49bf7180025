/*
 * The state folder: the journal and the last known model of each server's database in a file of its own, so that a rename
 * is still known when the guard was replaced, and one that happened while no guard ran becomes known at the next start.
 * The history goes on where an upstream has another address than before, if it is the same database by the server's own
 * identifiers, as after a fail-over to a standby or a move of a container.
 *
 * A file is replaced atomically and holds both, so that they fit together after a SIGKILL. One guard at a time writes: a
 * lock file is held while it runs. A second one (the next one of a rolling deploy) reads, keeps what it sees in memory,
 * and writes once the first has gone. Called by the schema thread alone, after the opening.
 */
#ifndef DG_SCHEMA_STATE_H
#define DG_SCHEMA_STATE_H

#include "base/log.h"
#include "schema/journal.h"

/* Beyond this a file holds the journal without the model. */
#define DG_STATE_MAX_BYTES ((size_t)32 << 20)

struct dg_state;

/* Takes the lock; if another guard has it, says so in the log. DG_IO: the folder is not there, cannot be written, or
   cannot be locked. */
enum dg_status dg_state_open(const char *folder, struct dg_log *log, struct dg_state **state,
                             struct dg_error *error) DG_MUST_CHECK;
void dg_state_close(struct dg_state *state);
/* True if this guard may write; tries again for the lock if it has not got it yet. */
bool dg_state_may_write(struct dg_state *state);

/* Whose file it is. */
struct dg_state_key {
    uint64_t group;      /* one upstream's database, on whatever server */
    const char *address; /* the server */
};
/* `upstream` is "" for the first one of the configuration, or its name; `host` and `port` are its first. */
uint64_t dg_state_group(const char *upstream, const char *host, const char *port, const char *database);

/* Before the first snapshot is seen by anyone: what was saved goes into the journal, and so does what differs from the
   saved model to `first`. A file of this address that is of another server or database, or cannot be read, is set aside
   with a word in the log. */
void dg_state_restore(struct dg_state *state, const struct dg_state_key *key, const struct dg_snapshot *first,
                      struct dg_journal *journal);
/* DG_LIMIT: the file would hold more than max_bytes; the journal was saved, the model was not. */
enum dg_status dg_state_save(struct dg_state *state, const struct dg_state_key *key, const struct dg_snapshot *snapshot,
                             const struct dg_journal *journal, size_t max_bytes, struct dg_error *error) DG_MUST_CHECK;

#endif
