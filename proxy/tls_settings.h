/*
 * What TLS is spoken on both legs: certificates, keys and trust, read from files once and then immutable. Made at the
 * start and at SIGHUP, published whole (base/published.h); connections that are open keep what they began with.
 */
#ifndef DG_PROXY_TLS_SETTINGS_H
#define DG_PROXY_TLS_SETTINGS_H

#include <openssl/ssl.h>

#include "base/published.h"
#include "base/str.h"
#include "config/config.h"

/* TLS to the servers of one upstream. */
struct dg_tls_server {
    enum dg_sslmode sslmode;
    bool is_direct;   /* no SSLRequest before it */
    SSL_CTX *context; /* NULL: plain */
};

struct dg_tls_settings {
    struct dg_shared shared; /* first member */
    enum dg_sslmode client_sslmode;
    SSL_CTX *client; /* NULL: clients are told N */
    size_t n_servers;
    struct dg_tls_server servers[]; /* one an upstream, in their order */
};

/* PostgreSQL's name in ALPN. */
#define DG_ALPN DG_STR("postgresql")

/* Reads the files. DG_CONFIG with a sentence that names option, file and what to do. One reference, the caller's. */
enum dg_status dg_tls_settings_new(const struct dg_config *config, const struct dg_url *upstreams, size_t n_upstreams,
                                   struct dg_tls_settings **settings, struct dg_error *error) DG_MUST_CHECK;

#endif
