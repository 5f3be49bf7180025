/*
 * The proxy's inside, for worker and session: what is fixed at the start and what all threads count together.
 */
#ifndef DG_PROXY_PROXY_PRIVATE_H
#define DG_PROXY_PROXY_PRIVATE_H

#include <stdatomic.h>

#include "config/config.h"
#include "proxy/cancel_table.h"
#include "proxy/proxy.h"
#include "proxy/quota.h"
#include "proxy/worker.h"

/* Where the clients of some listeners go. */
struct dg_upstream {
    struct dg_proxy *proxy;
    size_t index; /* among the proxy's */
    const char *name;
    struct dg_url url;
    atomic_bool was_reached;
    /* The first worker's thread only, once it runs. */
    struct event probe;
    struct dg_connect *probing;
};

/* One bound socket. After the start it is the first worker's alone, but for `address`, which does not change. */
struct dg_listener {
    struct dg_proxy *proxy;
    struct dg_upstream *upstream;
    int fd; /* -1: closed */
    struct event accepting;
    char address[DG_ADDRESS_TEXT_BYTES];
};

struct dg_proxy {
    struct dg_proxy_parts parts;
    struct dg_upstream *upstreams;
    size_t n_upstreams;
    struct dg_listener *listeners;
    size_t n_listeners;
    struct dg_cancel_table *cancels;
    struct dg_quota *quota;
    struct dg_worker *workers;
    size_t n_workers;
    atomic_size_t n_sessions;
    atomic_size_t buffer_bytes; /* of all sessions, as each event left them */
    atomic_bool is_draining;
    /* Below: the first worker's thread only, once it runs. */
    struct event accept_pause;
    bool is_short; /* of descriptors, and it was said; nobody was accepted since */
};

/* First worker's thread: begins to accept and to look for the upstreams; ends the one, ends both. */
void dg_listener_start(struct dg_proxy *proxy);
void dg_listener_close(struct dg_proxy *proxy);
void dg_listener_stop(struct dg_proxy *proxy);

#endif
