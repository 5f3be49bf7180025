/*
 * The guard: what a session's statements mean for it, and what it says about the server's errors.
 *
 * The proxy hands it each Query, Parse, Bind, Describe, Execute and Close that a client sends and each error,
 * completion and ReadyForQuery that the server answers; the guard hands back decisions. It never touches a socket and
 * never blocks: where a catalog read has to be awaited, it says HOLD with a time-out, and calls the session's `resume`
 * in the worker's thread when the answer is there.
 *
 * Three objects by lifetime: struct dg_guard_shared (process: drift groups, live config), struct dg_guard (one worker:
 * verdict cache, breaker, snapshots' readers; no locks), struct dg_guard_session (one client after its first
 * ReadyForQuery: search path, transaction, prepared statements).
 *
 * A failure inside the guard (no memory, a limit) is never the client's: the answer is FORWARD, and a counter moves.
 */
#ifndef DG_GUARD_GUARD_H
#define DG_GUARD_GUARD_H

#include "base/log.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/published.h"
#include "base/text.h"
#include "config/config.h"
#include "protocol/error_fields.h"
#include "schema/store.h"
#include "sql/analysis.h"

/* ---- process ----------------------------------------------------------------------------------------------------- */

struct dg_guard_shared;

/* `config` publishes struct dg_config. All arguments outlive the object. NULL if there is no memory. */
struct dg_guard_shared *dg_guard_shared_new(struct dg_published *config, struct dg_schema_store *store,
                                            struct dg_metrics *metrics, struct dg_log *log);
void dg_guard_shared_free(struct dg_guard_shared *shared);

/* The drift groups as a JSON document (/drift). */
void dg_guard_print_drift(struct dg_guard_shared *shared, struct dg_text *out);
/* Lets groups that were quiet for drift.quiet_s end; call every few seconds from the main thread. */
void dg_guard_tick(struct dg_guard_shared *shared);

/* ---- worker ------------------------------------------------------------------------------------------------------ */

struct dg_guard;

/* `mailbox` is the worker's own: answers of the schema thread come through it. NULL if there is no memory. */
struct dg_guard *dg_guard_new(struct dg_guard_shared *shared, struct dg_metrics_shard *shard,
                              struct dg_mailbox *mailbox);
/* After all its sessions, and after all tickets were given back. Reads in flight may still come to the mailbox: free that
   after the store. */
void dg_guard_free(struct dg_guard *guard);

/* ---- session ----------------------------------------------------------------------------------------------------- */

struct dg_guard_session;

/* Who is connected, from the start-up packet. Strings are copied. */
struct dg_guard_client {
    const char *database;
    const char *user;
    const char *application_name;   /* "" if none */
    struct dg_schema_server server; /* that the session is connected to: its verdicts are from this one's schema */
    const char *search_path;        /* from the start-up packet or its options (-c search_path=...), or NULL */
    bool path_unknown;              /* the options could not be read: the search path is not known */
    bool is_replication;            /* nothing is analysed */
    bool has_role;                  /* the packet sets role: the session's role is not its user */
    bool no_breaker; /* the packet sets lc_messages, idle_session_timeout or role: errors are never repeated */
};

/* What the guard asks of the proxy, in the worker's thread. */
struct dg_guard_host {
    void (*resume)(void *context); /* a HOLD may end before its time-out */
    /* The server's socket is alive and holds nothing that the client should hear before an answer of the guard's. That
       costs a system call: it is asked when all else speaks for such an answer. NULL: it always is. */
    bool (*is_silent)(void *context);
    void *context;
};

/* At the server's first ReadyForQuery. `host` is copied. NULL if there is no memory: relay without it. */
struct dg_guard_session *dg_guard_session_new(struct dg_guard *guard, const struct dg_guard_client *client,
                                              const struct dg_guard_host *host);
/* Also while a HOLD is pending: `resume` is not called any more. NULL is allowed. */
void dg_guard_session_free(struct dg_guard_session *session);

/* ParameterStatus: client_encoding, server_encoding, standard_conforming_strings, application_name, search_path (18),
   session_authorization, server_version. Call for those of the start-up as well, right after dg_guard_session_new. */
void dg_guard_session_parameter(struct dg_guard_session *session, struct dg_str name, struct dg_str value);

/* A statement on its way, from the client's message to the server's answer; reference-counted, worker-local. The proxy
   keeps it in the outstanding queue. NULL is a valid ticket (not inspected). */
struct dg_ticket;
struct dg_ticket *dg_ticket_ref(struct dg_ticket *ticket);
void dg_ticket_unref(struct dg_ticket *ticket);

enum dg_action {
    DG_ACTION_FORWARD,
    DG_ACTION_HOLD,  /* keep the message (and all after it) until resume or hold_ms, then call dg_guard_hold_ended and
                        ask again */
    DG_ACTION_REFUSE /* do not forward: answer with `error` (see DESIGN: Query: E, Z; Parse: E, discard until Sync, Z) */
};

struct dg_decision {
    enum dg_action action;
    uint32_t hold_ms;
    struct dg_ticket *ticket; /* a reference for the caller; NULL unless FORWARD */
    struct dg_str error;      /* REFUSE: a whole ErrorResponse message, borrowed until the next call on the session */
};

/* Frontend messages, in the order in which the client sent them. `is_idle`: nothing is outstanding and the last
   ReadyForQuery said I; with host->is_silent that is DESIGN section 6, point 4.
   Query and Parse come whole; `text` is without its NUL. */
void dg_guard_query(struct dg_guard_session *session, struct dg_str text, bool is_idle, struct dg_decision *decision);
void dg_guard_parse(struct dg_guard_session *session, struct dg_str name, struct dg_str text, const dg_oid *param_types,
                    size_t n_param_types, bool is_idle, struct dg_decision *decision);
/* A Query or Parse that was not read whole (too long) or not looked at: `is_parse` with its name. Returns a ticket or NULL. */
struct dg_ticket *dg_guard_uninspected(struct dg_guard_session *session, bool is_parse, struct dg_str name,
                                       enum dg_reason reason);
/* These never refuse and never hold; the ticket (a reference, or NULL) is that of the statement they use. */
struct dg_ticket *dg_guard_bind(struct dg_guard_session *session, struct dg_str portal, struct dg_str statement);
struct dg_ticket *dg_guard_describe(struct dg_guard_session *session, char kind, struct dg_str name);
struct dg_ticket *dg_guard_execute(struct dg_guard_session *session, struct dg_str portal);
void dg_guard_close(struct dg_guard_session *session, char kind, struct dg_str name);

/* The HOLD is over (time-out or resume): the next call for the same message does not hold again for the same reason. */
void dg_guard_hold_ended(struct dg_guard_session *session);

/* True if a Bind or Describe of the unnamed statement must fail because a refused Query or Parse would have dropped it
   on the server (postgres-facts 4.2): the proxy closes it there before it forwards. Cleared by the call. */
bool dg_guard_take_unnamed_dead(struct dg_guard_session *session);

/* Where in the protocol an error or completion was raised. */
enum dg_stage { DG_STAGE_QUERY, DG_STAGE_PARSE, DG_STAGE_BIND, DG_STAGE_DESCRIBE, DG_STAGE_EXECUTE, DG_STAGE_OTHER };

/* ParseComplete, BindComplete; CommandComplete, EmptyQueryResponse or PortalSuspended (tag "" for these two) of a Query's
   next statement or of an Execute. Not needed where the ticket is NULL. */
void dg_guard_completed(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                        struct dg_str tag);

struct dg_reaction {
    enum { DG_REACTION_PASS, DG_REACTION_REWRITE, DG_REACTION_HOLD } action;
    uint32_t hold_ms; /* HOLD: keep the error and all behind it; then hold_ended and dg_guard_error again */
    struct dg_error_addition addition; /* REWRITE: borrowed until the next call on the session */
};
/* An ErrorResponse of severity ERROR that answers `ticket` (NULL if it answers none). `body` is the message without type
   and length. Counts, remembers, explains. */
void dg_guard_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage, struct dg_str body,
                    struct dg_reaction *reaction);
/* A NoticeResponse: what comes with it is not all of the server's answer, so that is not repeated in its place. */
void dg_guard_notice(struct dg_guard_session *session);
/* The server skipped this ticket's message (an earlier error, until Sync). */
void dg_guard_skipped(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage);
/* ReadyForQuery: 'I', 'T' or 'E'. */
void dg_guard_ready(struct dg_guard_session *session, char status);

#endif
