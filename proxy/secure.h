/*
 * From a connected socket to a connection that may carry a start-up packet: SSLRequest and its one-byte answer, then the
 * TLS handshake, as server_tls.sslmode wants it. Never blocks; deadlines are the caller's.
 */
#ifndef DG_PROXY_SECURE_H
#define DG_PROXY_SECURE_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "proxy/tls.h"
#include "proxy/tls_settings.h"

/* Called once, from the event loop, never from within dg_secure_start. */
typedef void (*dg_secure_fn)(void *context);

struct dg_secure {
    struct event_base *base;
    struct event ready;
    const struct dg_tls_server *server; /* borrowed */
    const char *host;                   /* borrowed */
    int fd;                             /* borrowed */
    bool is_handshaking;
    dg_secure_fn done;
    void *context;
    /* The outcome. */
    struct dg_tls *tls;  /* to be taken; NULL: plain, if there is no failure */
    const char *failure; /* NULL: none; else a label: refused, garbage, or one of struct dg_tls's */
    const char *sentence;
    const char *hint; /* what to do, or NULL */
};

/* `host`: see dg_tls_connect. */
void dg_secure_start(struct dg_secure *secure, struct event_base *base, const struct dg_tls_server *server,
                     const char *host, int fd, dg_secure_fn done, void *context);
/* Frees what was not taken; before the socket is closed. All zero is allowed. */
void dg_secure_fini(struct dg_secure *secure);

#endif
