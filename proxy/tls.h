/*
 * One TLS connection (OpenSSL) on a non-blocking socket that belongs to somebody else: the handshake, then bytes. It is
 * a socket's other way to read and write below stream.c, and nobody above knows of it.
 *
 * What differs from a socket: bytes that OpenSSL holds already make no socket readable. dg_tls.has_more says so, and
 * stream.c reads again by itself.
 *
 * A failed handshake leaves a label for metrics and a sentence for people; both are OpenSSL's or ours, nothing of the
 * peer's.
 */
#ifndef DG_PROXY_TLS_H
#define DG_PROXY_TLS_H

#include <event2/event_struct.h>
#include <openssl/ssl.h>

#include "base/str.h"
#include "proxy/stream.h"

struct dg_tls_settings;
struct dg_tls_server;

struct dg_tls {
    SSL *ssl;
    struct event again; /* stream.c's: reads what makes no socket readable */
    int fd;
    bool is_established;
    bool has_failed;      /* nothing may be sent any more, no goodbye either */
    bool is_unusable;     /* although the connection stands: see dg_stream_is_unusable */
    bool has_more;        /* a read would give something, whatever the socket says */
    bool must_wait;       /* has_more, but only when the socket takes bytes again */
    bool has_first_bytes; /* the handshake begins with bytes that were read before it */
    bool needs_alpn;
    const char
        *failure; /* of the handshake; a label: closed, not_tls, version, cipher, certificate, alpn, alert, other */
    const char *sentence; /* static text */
};

/* More bytes are needed before these are a whole ClientHello. False for what is no ClientHello, too: OpenSSL knows what
   to say to that. */
bool dg_tls_is_half_hello(struct dg_str bytes);
/* A client's handshake. `first_bytes` of it were read already; `is_direct`: the client did not ask before it, and must
   name the protocol. NULL without memory. */
struct dg_tls *dg_tls_accept(const struct dg_tls_settings *settings, int fd, struct dg_str first_bytes, bool is_direct);
/* Ours to the database. `host` is the server's configured name: for SNI, and with verify-full the certificate must be
   its own. NULL without memory. */
struct dg_tls *dg_tls_connect(const struct dg_tls_server *server, const char *host, int fd);
/* Without a goodbye: dg_tls_shut before it. NULL is allowed. */
void dg_tls_free(struct dg_tls *tls);

/* SOME: established. LATER: when the socket is readable (or writable: dg_tls_wants_write). BROKEN: see failure. */
enum dg_stream_result dg_tls_handshake(struct dg_tls *tls);
bool dg_tls_wants_write(const struct dg_tls *tls);

/* As dg_stream_read and dg_stream_write, once it is established. */
enum dg_stream_result dg_tls_read(struct dg_tls *tls, void *bytes, size_t size, size_t *n);
enum dg_stream_result dg_tls_write(struct dg_tls *tls, const void *bytes, size_t len, size_t *n);
/* close_notify. */
void dg_tls_shut(struct dg_tls *tls);
/* True if OpenSSL holds nothing that came from the peer. */
bool dg_tls_is_empty(const struct dg_tls *tls);

/* The client showed a certificate that its CA vouches for; with `user`, one whose common name that is. */
bool dg_tls_has_peer_certificate(const struct dg_tls *tls, const char *user);
/* True if what `client` sees of us is what `server` showed: then a client's channel binding holds end to end. */
bool dg_tls_shows_same_certificate(const struct dg_tls *client, const struct dg_tls *server);

#endif
