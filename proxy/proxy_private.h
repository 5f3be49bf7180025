/*
 * The proxy's inside, for worker and session: what is fixed at the start and what all threads count together.
 */
#ifndef DG_PROXY_PROXY_PRIVATE_H
#define DG_PROXY_PROXY_PRIVATE_H

#include <stdatomic.h>

#include "config/config.h"
#include "proxy/bind.h"
#include "proxy/cancel_table.h"
#include "proxy/proxy.h"
#include "proxy/quota.h"
#include "proxy/worker.h"

/* Where the clients of some listeners go. */
struct dg_upstream {
    struct dg_proxy *proxy;
    size_t index; /* among the proxy's */
    char name[DG_UPSTREAM_NAME_BYTES];
    const char *listen; /* where its clients come; while the sockets are opened */
    struct dg_url url;
    atomic_bool was_reached;
    /* The first worker's thread only, once it runs. */
    struct event probe;
    struct dg_connect *probing;
};

/* One listening socket. After the start it is the first worker's alone, but for `address`, which does not change. */
struct dg_listener {
    struct dg_proxy *proxy;
    struct dg_upstream *upstream;
    int fd;            /* -1: closed */
    bool is_inherited; /* whoever gave it to us keeps it open, and clients wait in its queue */
    struct event accepting;
    char address[DG_ADDRESS_TEXT_BYTES];
    struct dg_socket_file file; /* of a Unix socket that we made, at `address`; else 0 */
};

struct dg_proxy {
    struct dg_proxy_parts parts;
    struct dg_upstream *upstreams;
    size_t n_upstreams;
    struct dg_listener *listeners;
    size_t n_listeners;
    char addresses[DG_LISTEN_MAX * DG_ADDRESS_TEXT_BYTES]; /* of all listeners, with commas between */
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

/* sockets.c: makes the listeners, from what was inherited or, where nothing was, from the upstreams' `listen`. */
enum dg_status dg_sockets_open(struct dg_proxy *proxy, const struct dg_config *config,
                               struct dg_error *error) DG_MUST_CHECK;
/* Takes away the file of a Unix socket of ours: nobody finds it any more. */
void dg_sockets_hide(struct dg_listener *listener);
/* Closed already is fine. */
void dg_sockets_close(struct dg_listener *listener);
/* loop.c: an error if a host of any upstream leads to this listener, whose address is `own`. */
enum dg_status dg_sockets_refuse_loops(const struct dg_proxy *proxy, const struct dg_listener *listener,
                                       const struct dg_address *own, struct dg_error *error) DG_MUST_CHECK;

/* First worker's thread: begins to accept and to look for the upstreams; ends the one, ends both. */
void dg_listener_start(struct dg_proxy *proxy);
/* Accepts no more, but whoever is in the queue already. */
void dg_listener_drain(struct dg_proxy *proxy);
void dg_listener_stop(struct dg_proxy *proxy);

#endif
