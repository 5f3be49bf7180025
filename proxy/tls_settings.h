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

struct dg_tls_settings {
    struct dg_shared shared; /* first member */
    enum dg_sslmode client_sslmode;
    enum dg_sslmode server_sslmode;
    bool is_direct;  /* to the database: no SSLRequest before it */
    SSL_CTX *client; /* NULL: clients are told N */
    SSL_CTX *server; /* NULL: plain */
    char host[256];  /* the database's name, for SNI and verify-full */
};

/* PostgreSQL's name in ALPN. */
#define DG_ALPN DG_STR("postgresql")

/* Reads the files. DG_CONFIG with a sentence that names option, file and what to do. One reference, the caller's. */
enum dg_status dg_tls_settings_new(const struct dg_config *config, const struct dg_url *upstream,
                                   struct dg_tls_settings **settings, struct dg_error *error) DG_MUST_CHECK;

#endif
