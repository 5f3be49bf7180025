/*
 * Connecting to a server without blocking: the name is resolved anew each time, and all its addresses are tried in turn
 * until one answers or the deadline passes. Then TLS, where it is wanted; if that fails no further address is tried.
 */
#ifndef DG_PROXY_CONNECT_H
#define DG_PROXY_CONNECT_H

#include <event2/dns.h>
#include <event2/event.h>
#include <sys/socket.h>

#include "base/status.h"

struct dg_tls;
struct dg_tls_settings;

struct dg_address {
    struct sockaddr_storage storage;
    socklen_t len; /* 0: not known */
};

#define DG_ADDRESS_TEXT_BYTES 128
/* "127.0.0.1:5432", "[::1]:5432", or a socket's path. */
void dg_address_print(const struct dg_address *address, char text[DG_ADDRESS_TEXT_BYTES]);

struct dg_connect_result {
    int fd; /* the receiver's to close; -1 on failure */
    struct dg_address address;
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

/* `host` is a name, a numeric address, or a folder that begins with '/' (then the socket .s.PGSQL.PORT in it). `tls` says
   how TLS is spoken; NULL: not at all. */
struct dg_connect *dg_connect_start(struct dg_resolver *resolver, const char *host, const char *port,
                                    struct dg_tls_settings *tls, int64_t timeout_ms, dg_connect_fn done, void *context);
/* To an address that is known. */
struct dg_connect *dg_connect_start_address(struct dg_resolver *resolver, const struct dg_address *address,
                                            struct dg_tls_settings *tls, int64_t timeout_ms, dg_connect_fn done,
                                            void *context);
/* Gives up; `done` is not called. NULL is allowed. */
void dg_connect_cancel(struct dg_connect *connect);

#endif
