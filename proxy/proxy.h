/*
 * The proxy: listening sockets, N worker threads, and a session for each client with one server connection of its own.
 *
 * A socket is bound plainly, without SO_REUSEPORT, so a taken port is an error in every case and nobody can join in
 * later. One that is inherited (inherited.h) outlives us, and with it the clients that wait in its queue. The first worker accepts and hands each client to the worker with the fewest sessions through its mailbox:
 * that balances better than the kernel's hash over few long-lived connections, and closing the socket at a drain loses
 * no client that waits in another worker's accept queue.
 */
#ifndef DG_PROXY_PROXY_H
#define DG_PROXY_PROXY_H

#include "base/log.h"
#include "base/metrics.h"
#include "base/published.h"
#include "base/status.h"
#include "guard/guard.h"
#include "proxy/inherited.h"

struct dg_proxy;

/* What the proxy works with; all of it outlives the proxy. */
struct dg_proxy_parts {
    struct dg_published *config; /* publishes struct dg_config */
    struct dg_published *tls;    /* publishes struct dg_tls_settings (proxy/tls_settings.h) */
    struct dg_guard_shared *guard;
    struct dg_metrics *metrics;
    struct dg_log *log;                   /* may be NULL */
    const struct dg_inherited *inherited; /* NULL: none; dg_proxy_new takes the sockets over */
};

/* Listens on what was inherited or else on config->listen, so clients queue from here on. An address that is taken, an upstream URL that does
   not parse, an upstream that is this very listener: an error whose text names the address. */
enum dg_status dg_proxy_new(const struct dg_proxy_parts *parts, struct dg_proxy **proxy,
                            struct dg_error *error) DG_MUST_CHECK;
/* Starts the workers. Signals are blocked in them. */
enum dg_status dg_proxy_start(struct dg_proxy *proxy, struct dg_error *error) DG_MUST_CHECK;

/* Where it listens, "127.0.0.1:5442, /run/driftguard/.s.PGSQL.5442", with the real port where the config said 0. */
const char *dg_proxy_address(const struct dg_proxy *proxy);
/* True once a connection to the upstream was made; the first worker tries until one is. Never false again. Any thread. */
bool dg_proxy_upstream_was_reached(const struct dg_proxy *proxy);
/* Sessions that are open now. Any thread. */
size_t dg_proxy_open_sessions(const struct dg_proxy *proxy);
bool dg_proxy_is_draining(const struct dg_proxy *proxy);

/* The published config was replaced. Sessions see that by themselves; what runs by the clock is told here. */
void dg_proxy_reload(struct dg_proxy *proxy);
/* True if every worker's loop has turned since the last call; asks them anew. One thread's. */
bool dg_proxy_ping(struct dg_proxy *proxy);

/* Accepts no more. Returns at once; sessions go on. */
void dg_proxy_stop_listening(struct dg_proxy *proxy);
/* stop_listening, and ends each session with FATAL 57P01 as soon as it is idle outside a transaction. Returns at once:
   poll dg_proxy_open_sessions. */
void dg_proxy_drain(struct dg_proxy *proxy);
/* The drain has lasted long enough: ends all sessions with FATAL 57P01. Returns at once; within seconds none is left. */
void dg_proxy_end_sessions(struct dg_proxy *proxy);
/* Ends what is left, with FATAL 57P01 where the client still listens, and joins the workers. NULL is allowed. */
void dg_proxy_free(struct dg_proxy *proxy);

#endif
