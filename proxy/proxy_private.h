/*
 * The proxy's inside, for worker and session: what is fixed at the start and what all threads count together.
 */
#ifndef DG_PROXY_PROXY_PRIVATE_H
#define DG_PROXY_PROXY_PRIVATE_H

#include <stdatomic.h>

#include "config/config.h"
#include "proxy/cancel_table.h"
#include "proxy/proxy.h"
#include "proxy/worker.h"

struct dg_proxy {
    struct dg_proxy_parts parts;
    struct dg_url upstream;
    struct dg_cancel_table *cancels;
    struct dg_worker *workers;
    size_t n_workers;
    char address[DG_ADDRESS_TEXT_BYTES];
    atomic_size_t n_sessions;
    atomic_bool is_draining;
    atomic_bool was_reached;
    /* Below: the first worker's thread only, once it runs. */
    int listen_fd;
    struct event accepting;
    struct event accept_pause;
    bool is_short; /* of descriptors, and it was said; nobody was accepted since */
    struct event probe;
    struct dg_connect *probing;
};

/* First worker's thread: begins to accept and to look for the upstream; ends the one, ends both. */
void dg_listener_start(struct dg_proxy *proxy);
void dg_listener_close(struct dg_proxy *proxy);
void dg_listener_stop(struct dg_proxy *proxy);

#endif
