/*
 * Connecting to a server without blocking. The upstream's hosts are tried in their order, as libpq does: a name is
 * resolved anew each time, and all its addresses are tried in turn until one answers or the host's time is up. Then TLS,
 * where it is wanted; if that fails nothing further is tried.
 */
#ifndef DG_PROXY_CONNECT_H
#define DG_PROXY_CONNECT_H

#include <event2/dns.h>
#include <event2/event.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/status.h"
#include "config/config.h"

struct dg_tls;
struct dg_tls_settings;

struct dg_upstream;

/* Which server: of an upstream's hosts the one that `address` was found under. */
struct dg_route {
    struct dg_upstream *upstream;
    size_t host;
    struct dg_address address;
};

struct dg_connect_result {
    int fd; /* the receiver's to close; -1 on failure */
    struct dg_address address;
    size_t host;             /* which of the upstream's hosts it is an address of */
    struct dg_tls *tls;      /* the receiver's; NULL: plain */
    const char *reason;      /* on failure, the label for metrics: resolve, refused, timeout, unreachable, tls, other */
    const char *tls_failure; /* with reason tls: its label */
    const char *text;        /* on failure, for people: address and error; borrowed */
    const char *hint;        /* on failure: what to do, or NULL */
};

/* Called from the event loop, never from within dg_connect_start. The attempt is gone when it returns. */
typedef void (*dg_connect_fn)(void *context, const struct dg_connect_result *result);

struct dg_connect;

/* Where names are resolved; made at the first name, so that a numeric upstream needs no resolver. */
struct dg_resolver {
    struct event_base *base;
    struct evdns_base *dns;
};
void dg_resolver_fini(struct dg_resolver *resolver);

/* Where to, and how. */
struct dg_connect_plan {
    const struct dg_url *url;         /* outlives the attempt */
    size_t first_host;                /* hosts before it are passed over */
    const struct dg_address *address; /* of url->hosts[first_host]: it alone is tried; NULL or len 0: not known */
    struct dg_tls_settings *tls;      /* NULL: no TLS, whatever is configured */
    size_t upstream;                  /* which of tls->servers */
    int64_t timeout_ms;               /* for each host */
};

/* NULL if there is no memory. */
struct dg_connect *dg_connect_start(struct dg_resolver *resolver, const struct dg_connect_plan *plan,
                                    dg_connect_fn done, void *context);
/* Gives up; `done` is not called. NULL is allowed. */
void dg_connect_cancel(struct dg_connect *connect);

#endif
