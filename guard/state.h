/*
 * What the files of guard/ share: the process, the worker, the session and the ticket. Not for other folders.
 *
 *   dg_guard_shared  1 a process: drift groups, and for each server's database an epoch and whether its breaker is armed
 *   dg_guard         1 a worker: verdicts, breaker, views (the snapshot of each database with sessions here)
 *   dg_guard_session 1 a client
 *   dg_ticket        1 a text on its way; of a prepared statement as long as that lives
 *   dg_read          1 a catalog read that an error or a doubtful prediction asked for
 */
#ifndef DG_GUARD_STATE_H
#define DG_GUARD_STATE_H

#include "base/map.h"
#include "guard/breaker.h"
#include "guard/diagnose.h"
#include "guard/groups.h"
#include "guard/guard.h"
#include "guard/path.h"
#include "guard/place.h"
#include "guard/verdict.h"

#define DG_GUARD_MAX_PREPARED 10000
#define DG_GUARD_MAX_PORTALS 1000
#define DG_GUARD_MAX_READS 64
#define DG_GUARD_REFUSAL_BYTES 4096
#define DG_GUARD_SHAPE_BYTES ((size_t)64 << 10) /* a longer text, or shape, has no verdict by shape */
#define DG_GUARD_ANALYSIS_BYTES ((size_t)8 << 20)

/* A server's database as the process knows it; lives as long as dg_guard_shared. */
struct dg_guard_database {
    struct dg_guard_place place;     /* a copy */
    atomic_uint_fast64_t epoch;      /* moves when recorded errors may be out of date */
    atomic_bool is_disarmed;         /* a prediction was contradicted: no breaker until restart */
    atomic_uint_fast64_t doubted_ms; /* monotonic: the last read for a doubt was asked for */
    /* Guarded by shared->lock: */
    struct dg_schema_database *handle;
    size_t n_sessions;
    struct dg_reader reader; /* dg_guard_tick's own */
};

struct dg_guard_shared {
    struct dg_published *config;
    struct dg_schema_store *store;
    struct dg_metrics *metrics;
    struct dg_log *log;
    struct dg_groups *groups;
    pthread_mutex_t lock;
    struct dg_map databases;
};

/* One worker's sight of a server's database. */
struct dg_guard_view {
    struct dg_guard_database *database;
    struct dg_reader reader;
    size_t n_sessions;
};

struct dg_read;

struct dg_guard {
    struct dg_guard_shared *shared;
    struct dg_metrics_shard *shard;
    struct dg_mailbox *mailbox;
    struct dg_reader config;
    uint64_t secret; /* seeds the keys of verdicts */
    struct dg_verdict_cache *verdicts;
    struct dg_breaker *breaker;
    struct dg_buffer refusal;  /* the last one by policy: what a decision borrows */
    struct dg_snapshot *empty; /* statements are analysed against it for their effects while there is no snapshot */
    struct dg_arena arena;     /* one analysis */
    struct dg_map views;
    struct dg_ticket *spare_tickets;
    size_t n_spare_tickets;
    struct dg_read *reads; /* in flight */
    size_t n_reads;
    char shape[DG_GUARD_SHAPE_BYTES]; /* of the text that is judged now */
};

struct dg_ticket {
    unsigned n_refs;
    struct dg_guard *guard;
    struct dg_verdict *verdict; /* NULL: not inspected, see reason */
    char *own_text;             /* of a verdict by shape: the words at hand; kept with a spare ticket */
    size_t own_len;
    size_t own_cap;
    struct dg_ticket *previous; /* what had this name before, until ParseComplete; or the next spare one */
    struct dg_ticket *executed; /* of a text with an EXECUTE: what its name stood for when it was sent; or NULL */
    uint32_t executed_at;       /* which statement of the text that EXECUTE is */
    uint64_t context;           /* what it was judged under */
    enum dg_reason reason;      /* why the whole text has no verdict now: STALE, NO_SNAPSHOT, TOO_LONG, ... */
    uint32_t n_completed;       /* statements of a Query that are done */
    bool is_prepared;           /* ParseComplete came */
    bool is_judged_anew;        /* the verdict is younger than the server's analysis */
    uint32_t n_pending;         /* times that it is under way and may change what names mean */
};

/* Why a message was held; one bit each. */
enum dg_hold { DG_HOLD_STALE = 1 << 0, DG_HOLD_DATABASE = 1 << 1, DG_HOLD_ERROR = 1 << 2 };

struct dg_guard_session {
    struct dg_guard *guard;
    struct dg_guard_view *view; /* NULL: no snapshot is to be had */
    struct dg_schema_database *handle;
    struct dg_guard_place place; /* a copy */
    char *user;
    char application[64];
    char *start_path; /* search_path of the start-up packet, or NULL */
    uint64_t started_ms;
    struct dg_guard_host host;

    enum dg_mode mode;
    enum dg_detail detail;
    uint64_t config_version;
    bool mode_is_known;
    bool is_replication;
    bool path_unknown;     /* the start-up options could not be read */
    bool default_is_final; /* what the search path is by default will not be looked up again */
    bool was_off;          /* statements went by in mode off */
    bool no_breaker;
    bool
        has_start_role; /* without SET ROLE the role is not the user: set by packet or ALTER ROLE; nobody knows which */
    bool client_is_utf8;
    bool server_is_utf8;
    bool strings_are_standard;
    bool unnamed_is_dead;
    bool has_notice;      /* the server said something beside its answers since the last ReadyForQuery */
    bool query_in_answer; /* the Query under answer is a pending one */

    struct dg_path path;
    uint64_t completed_ms; /* monotonic: a statement last completed, and may have changed anything; enforce only */
    uint64_t own_changes;  /* changes of the database when our DDL was committed */
    size_t n_pending;      /* statements under way that may change what later names mean */
    size_t prepared_bytes;
    struct dg_map statements;
    struct dg_map portals;

    /* The context's digest and what it was made of. */
    uint64_t context_digest;
    uint64_t context_path_version;
    uint64_t context_generation;
    unsigned context_flags;
    bool context_is_known;

    unsigned held_for;              /* reasons for which the message at hand was held already */
    bool is_error_held;             /* dg_guard_error said HOLD and has not been asked again */
    struct dg_read *statement_read; /* awaited, or NULL */
    struct dg_read *error_read;
    struct dg_read *doubt;                /* of this transaction, not sent yet; or NULL */
    struct dg_guard_session *next_waiter; /* of error_read */
    struct dg_diagnosis *explained;       /* what the last REWRITE borrowed */
};

/* ---- ticket.c ---- */
struct dg_ticket *dg_ticket_new(struct dg_guard *guard);
void dg_ticket_free_spares(struct dg_guard *guard);
/* Copies the text of a verdict by shape. False: no memory. */
bool dg_ticket_keep_text(struct dg_ticket *ticket, struct dg_str text);
/* The words that the client sent; of a ticket with a verdict. */
struct dg_str dg_ticket_text(const struct dg_ticket *ticket);
/* The statement that the ticket's next completion or error of this stage is about; NULL if it was not inspected. */
const struct dg_sql_statement *dg_ticket_statement(const struct dg_ticket *ticket, enum dg_stage stage);

/* ---- judge.c ---- */
/* Fills in what the analysis needs to know of the session. `locals` has room for DG_PATH_MAX_LOCALS. */
void dg_judge_describe(struct dg_guard_session *session, const struct dg_snapshot *snapshot, const char **locals,
                       struct dg_sql_session *out);
/* False behind a pooler, and while nobody knows: what this session set may be in force elsewhere. */
bool dg_session_is_direct(const struct dg_guard_session *session);
/* A new ticket for the text with what it means now; NULL if there is no memory. */
struct dg_ticket *dg_judge_text(struct dg_guard_session *session, struct dg_str text, const dg_oid *param_types,
                                size_t n_param_types);
/* The verdict of this very text, never one by shape: from the cache or anew; NULL: *reason says why. */
struct dg_verdict *dg_judge_verdict(struct dg_guard_session *session, struct dg_str text, const dg_oid *param_types,
                                    size_t n_param_types, enum dg_reason *reason);
/* Analyses under a context that is given, past the cache. */
struct dg_verdict *dg_judge_anew(struct dg_guard *guard, struct dg_str text, const struct dg_sql_session *sql,
                                 struct dg_hash128 key);
/* Brings snapshot, mode and context up to date. False: the session's statements are not looked at. */
bool dg_session_refresh(struct dg_guard_session *session);
uint64_t dg_session_context(struct dg_guard_session *session);
/* NONE, STALE or NO_SNAPSHOT: what holds for every text of the session at this moment. */
enum dg_reason dg_session_override(struct dg_guard_session *session);
const struct dg_snapshot *dg_session_snapshot(const struct dg_guard_session *session);
const struct dg_config *dg_guard_config(const struct dg_guard *guard);

/* ---- effects.c ---- */
void dg_session_apply(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement, struct dg_str tag);
/* The statement failed: what it committed before that stays. */
void dg_session_apply_failure(struct dg_guard_session *session, const struct dg_ticket *ticket,
                              const struct dg_sql_statement *statement);
/* dg_path's callback: DDL was committed. */
void dg_session_committed(void *session, const struct dg_schema_name *names, size_t n_names);
void dg_session_move_epoch(struct dg_guard_session *session);

/* ---- prepared.c ---- */
void dg_prepared_put(struct dg_guard_session *session, struct dg_str name, struct dg_ticket *ticket);
struct dg_ticket *dg_prepared_find(struct dg_guard_session *session,
                                   struct dg_str name); /* borrowed, judged anew if need be */
void dg_prepared_drop(struct dg_guard_session *session, struct dg_str name);
void dg_prepared_drop_all(struct dg_guard_session *session);
/* Nothing is known of them any more, portals included. */
void dg_prepared_lose(struct dg_guard_session *session);
void dg_prepared_complete(struct dg_guard_session *session, struct dg_ticket *ticket);
/* Parse failed, or was skipped: what had the name before has it again, but for an unnamed one that failed. */
void dg_prepared_fail(struct dg_guard_session *session, struct dg_ticket *ticket, bool is_skipped);
void dg_portals_drop_all(struct dg_guard_session *session);

/* ---- execute.c ---- */
/* What an answer to the ticket is about: its own statement, or of an EXECUTE the one that its name stands for. */
struct dg_meaning {
    struct dg_ticket *ticket;
    const struct dg_sql_statement *statement; /* NULL if it was not inspected */
};
/* SQL-level PREPARE, which `statement` of the ticket's text is, has run. */
void dg_execute_prepare(struct dg_guard_session *session, const struct dg_ticket *ticket,
                        const struct dg_sql_statement *statement, struct dg_str name);
/* The ticket is about to be sent: finds out what its EXECUTE stands for. */
void dg_execute_attach(struct dg_guard_session *session, struct dg_ticket *ticket);
/* `fields`: of the error that is the answer, else NULL. `ticket` may be NULL. */
struct dg_meaning dg_execute_meaning(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                                     const struct dg_error_fields *fields);

/* ---- outcome.c ---- */
void dg_outcome_count_statements(struct dg_guard_session *session, const struct dg_ticket *ticket);
void dg_outcome_count(struct dg_guard *guard, const struct dg_guard_place *place, const char *outcome,
                      const char *reason, const char *sqlstate);
/* The server's answer to a Parse, Bind, Execute or statement of a Query: is a prediction contradicted? */
void dg_outcome_completed(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                          struct dg_str tag);
void dg_outcome_raised(struct dg_guard_session *session, const struct dg_meaning *meaning,
                       const struct dg_error_fields *fields);
/* The finding that this error is, or NULL. */
const struct dg_sql_finding *dg_outcome_match(const struct dg_sql_statement *statement,
                                              const struct dg_error_fields *fields);
/* Field P; 0: none. */
uint32_t dg_outcome_position(const struct dg_error_fields *fields);

/* ---- breaking.c ---- */
/* True if the server has nothing to say that should come before an answer of ours. */
bool dg_breaking_server_is_silent(const struct dg_guard_session *session);
struct dg_hash128 dg_breaking_key(struct dg_guard_session *session, const struct dg_verdict *verdict);
bool dg_breaking_refuses(struct dg_guard_session *session, const struct dg_ticket *ticket, bool is_idle,
                         struct dg_decision *decision);
void dg_breaking_record(struct dg_guard_session *session, const struct dg_verdict *verdict,
                        const struct dg_sql_finding *finding, struct dg_str message);
bool dg_breaking_idle_timeout_is_off(const struct dg_guard_session *session);
void dg_breaking_forget(struct dg_guard_session *session, const struct dg_verdict *verdict);

/* ---- policy.c ---- */
/* Counts the use of a deprecated column. */
void dg_policy_count(struct dg_guard_session *session, const struct dg_ticket *ticket);
/* True if the operator forbids the statement and the answer may be ours. */
bool dg_policy_refuses(struct dg_guard_session *session, const struct dg_ticket *ticket, bool is_idle,
                       struct dg_decision *decision);

/* ---- read.c ---- */
enum dg_read_purpose { DG_READ_HOLD, DG_READ_ERROR, DG_READ_DOUBT };
/* Awaits until every change seen is covered, or the release of a database; ends the session's statement hold. */
bool dg_read_until_covered(struct dg_guard_session *session);
bool dg_read_release(struct dg_guard_session *session, const char *database);
/* Reads what the statement names, once for all who ask at a time. `is_held`: ends the session's error hold; else the
   answer is used to file the error under the right group. */
bool dg_read_for_error(struct dg_guard_session *session, struct dg_verdict *verdict,
                       const struct dg_sql_statement *statement, struct dg_str body, bool is_held);
/* A prediction was not raised: will a read that begins after the transaction still support it? */
void dg_read_for_doubt(struct dg_guard_session *session, struct dg_verdict *verdict,
                       const struct dg_sql_statement *statement);
/* The transaction has ended: the doubt's read is sent, or forgotten. */
void dg_read_end_doubt(struct dg_guard_session *session, bool is_committed);
void dg_read_detach(struct dg_guard_session *session);
void dg_read_detach_error(struct dg_guard_session *session);
void dg_read_detach_all(struct dg_guard *guard);

/* ---- explain.c ---- */
void dg_explain_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                      struct dg_str body, bool is_again, struct dg_reaction *reaction);

#endif
