/*
 * The circuit breaker of `enforce`: the server's own recent error, given again for the same bytes in the same context.
 *
 * dg_breaker_permits holds the conditions that can be told from the statement and the session; dg_breaker_answer those
 * of the record: the server's word is younger than the time to live, nothing has changed since (epoch), and every
 * second repeat goes through as the probe. One breaker a worker; epochs are the process's.
 */
#ifndef DG_GUARD_BREAKER_H
#define DG_GUARD_BREAKER_H

#include "base/hash.h"
#include "config/config.h"
#include "sql/analysis.h"

struct dg_breaker_case {
    enum dg_mode mode;
    bool is_idle;             /* the proxy's word: nothing outstanding, no transaction, server silent and alive */
    bool is_armed;            /* no prediction of this database was ever contradicted */
    bool idle_timeout_is_off; /* known: idle_session_timeout is not set, nor did this session touch it */
    bool is_direct;           /* no pooler between the guard and the server */
    bool is_current;          /* the snapshot covers every change seen */
    const struct dg_sql_analysis *analysis; /* NULL: not inspected */
};
/* True if session and statement let an answer be ours at all: one plain statement, judged, nothing under way. */
bool dg_breaker_may_answer(const struct dg_breaker_case *situation);
/* The same, and the statement has the finding for it, should the server have said it before. */
bool dg_breaker_permits(const struct dg_breaker_case *situation);
/* True if the finding is certain and exact, so that the server's error for it may be recorded. */
bool dg_breaker_finding_counts(const struct dg_sql_finding *finding);
/* True if a contradiction of the finding puts in doubt what the breaker answers: it rests on missing names, whatever the
   search path. What a trigger or a row's value decides is another matter. */
bool dg_breaker_is_disarmed_by(const struct dg_sql_finding *finding);

struct dg_breaker;

struct dg_breaker *dg_breaker_new(size_t max_entries);
void dg_breaker_free(struct dg_breaker *breaker);
/* The server raised this (a whole message): its last word. */
void dg_breaker_record(struct dg_breaker *breaker, struct dg_hash128 key, uint64_t epoch, struct dg_str message,
                       uint64_t now_ms);
/* The server gave another answer. */
void dg_breaker_forget(struct dg_breaker *breaker, struct dg_hash128 key);
/* The answer to give, borrowed until the next call; false: forward. The server's word counts only if it was given after
   `not_before_ms`: what the session has completed since may have made the statement valid (a function can do anything). */
bool dg_breaker_answer(struct dg_breaker *breaker, struct dg_hash128 key, uint64_t epoch, uint64_t not_before_ms,
                       uint64_t now_ms, uint64_t ttl_ms, struct dg_str *message);

#endif
