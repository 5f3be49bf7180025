/*
 * A worker: a thread with its event loop, its sessions, its guard. Nothing of it is touched from another thread but the
 * mailbox and the count of sessions.
 */
#ifndef DG_PROXY_WORKER_H
#define DG_PROXY_WORKER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/published.h"
#include "config/config.h"
#include "guard/guard.h"
#include "proxy/connect.h"

struct dg_proxy;
struct dg_session;
struct dg_upstream;
struct dg_cancel_table;
struct dg_tls_settings;

/* What is read from a socket at once, and what a message that arrived in pieces may be joined in without an allocation. */
#define DG_SCRATCH_BYTES 65536u
/* libpg_query recurses; deeper than its own limits allow it must not run out of stack. */
#define DG_WORKER_STACK_BYTES (8u * 1024 * 1024)

/* What a worker is told once in its life; it needs no memory, or a process that is short of it could not end. */
struct dg_order {
    struct dg_mail mail;
    atomic_bool was_given;
};

struct dg_worker {
    struct dg_proxy *proxy;
    struct event_base *base;
    struct dg_resolver resolver;
    struct dg_mailbox *mailbox;
    struct event mail;
    struct dg_order close_listener;
    struct dg_order drain;
    struct dg_order end;
    struct dg_order stop;
    struct dg_order ping;   /* so, too */
    struct dg_order reload; /* again and again, one at a time */
    struct event reaper;
    struct event idle_sweep; /* not armed while relay.idle_timeout_ms is 0 */
    struct event handshakes; /* while clients wait for their turn */
    size_t n_handshakes;     /* of clients, under way */
    size_t n_waiting;
    struct dg_guard *guard;
    struct dg_metrics_shard *shard;
    struct dg_reader config;
    struct dg_reader tls;
    uint8_t *scratch;            /* DG_SCRATCH_BYTES; nothing in it outlives a callback */
    uint32_t *param_types;       /* room for 65,535, made at the first Parse that needs it */
    struct dg_session *sessions; /* doubly linked */
    struct dg_session *dead;     /* closed in this turn of the loop, freed at its end */
    atomic_size_t n_sessions;
    pthread_t thread;
    bool has_thread;
    bool is_draining;
};

/* In the thread that makes the proxy; the loop is not running yet. */
enum dg_status dg_worker_init(struct dg_worker *worker, struct dg_proxy *proxy) DG_MUST_CHECK;
enum dg_status dg_worker_start(struct dg_worker *worker) DG_MUST_CHECK;
/* Ends the loop and the thread, and with it all sessions. */
void dg_worker_stop(struct dg_worker *worker);
void dg_worker_fini(struct dg_worker *worker);

/* The first worker's thread. The client's socket changes hands; `is_over_limit`: it shall be told so and go. */
void dg_worker_take_client(struct dg_worker *worker, struct dg_upstream *upstream, int fd, bool is_over_limit);
/* Any thread, from here on. */
/* The first worker's; the others have none. */
void dg_worker_close_listener(struct dg_worker *worker);
void dg_worker_drain(struct dg_worker *worker);
/* The configuration was replaced: what was not looked at since is now. */
void dg_worker_reload(struct dg_worker *worker);
void dg_worker_end_sessions(struct dg_worker *worker);
/* False if the last ping is still unread. */
bool dg_worker_ping(struct dg_worker *worker);
/* Ends the hold of the session with this cancel key, if it holds a statement. */
void dg_worker_end_hold(struct dg_worker *worker, uint32_t pid, struct dg_str key);

/* idle.c: ends who is idle for too long, and comes again. Worker's thread. */
void dg_worker_sweep_idle(struct dg_worker *worker);
/* handshakes.c: lets clients that wait for their turn begin. Worker's thread. */
void dg_worker_next_handshakes(struct dg_worker *worker);
/* The running config, brought up to date; borrowed until the next call. Worker's thread. */
const struct dg_config *dg_worker_config(struct dg_worker *worker);
/* The certificates in force, in the same way. */
struct dg_tls_settings *dg_worker_tls(struct dg_worker *worker);

#endif
