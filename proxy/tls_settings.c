/*
 * Files to SSL_CTX. Versions from TLS 1.2 on; ciphers and groups are OpenSSL's (and the machine's) defaults.
 *
 * No session tickets and no cache: a session of PostgreSQL lives long, and PostgreSQL itself does without. No
 * renegotiation and no compression. Records of at most 8 kB, since libpq's asynchronous interface does not look for
 * what OpenSSL still holds of a longer one. A key that others may read is refused by libpq's rule, and an encrypted one
 * too: nobody is there to type its password.
 */
#include "proxy/tls_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAX_RECORD_BYTES 8192
/* A client that nobody knows yet may not send certificates without end. */
#define MAX_CLIENT_CERTIFICATES_BYTES 32768

/* The files of one leg, and what the options are called that name them. */
struct leg {
    const char *section;
    const char *sslmode;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
};

static void free_settings(struct dg_shared *object)
{
    struct dg_tls_settings *settings = (struct dg_tls_settings *)object;
    SSL_CTX_free(settings->client);
    for (size_t i = 0; i < settings->n_servers; i++)
        SSL_CTX_free(settings->servers[i].context);
    free(settings);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

/* The first error of the queue is the cause; those above it say through which of OpenSSL's functions it came. */
static const char *openssl_reason(void)
{
    unsigned long code = ERR_peek_error();
    if (ERR_SYSTEM_ERROR(code))
        return strerror(ERR_GET_REASON(code));
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    return reason == NULL ? "unknown error" : reason;
}

static enum dg_status file_error(const struct leg *leg, const char *option, const char *path, const char *what,
                                 struct dg_error *error)
{
    return dg_error_set(error, DG_CONFIG, "%s.%s \"%.200s\": %s", leg->section, option, path, what);
}

/* libpq's rule: its owner's alone, or root's and at most readable for the group. */
static enum dg_status check_key_file(const struct leg *leg, struct dg_error *error)
{
    struct stat file;
    if (stat(leg->key_file, &file) != 0)
        return file_error(leg, "key_file", leg->key_file, strerror(errno), error);
    if (!S_ISREG(file.st_mode))
        return file_error(leg, "key_file", leg->key_file, "is no regular file", error);
    mode_t forbidden = file.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if ((file.st_mode & forbidden) != 0)
        return file_error(leg, "key_file", leg->key_file,
                          "others may read it: chmod 0600, or 0640 if it belongs to root", error);
    return DG_OK;
}

static int no_password(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return 0;
}

static enum dg_status load_certificate(SSL_CTX *context, const struct leg *leg, struct dg_error *error)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, leg->cert_file) != 1)
        return file_error(leg, "cert_file", leg->cert_file, openssl_reason(), error);
    if (leg->key_file[0] == '\0')
        return dg_error_set(error, DG_CONFIG, "%s.cert_file needs %s.key_file", leg->section, leg->section);
    enum dg_status status = check_key_file(leg, error);
    if (status != DG_OK)
        return status;
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(context, leg->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return file_error(leg, "key_file", leg->key_file,
                          ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH
                              ? "is not the key of the certificate"
                              : openssl_reason(),
                          error);
    return DG_OK;
}

static enum dg_status load_ca(SSL_CTX *context, const struct leg *leg, struct dg_error *error)
{
    ERR_clear_error();
    if (SSL_CTX_load_verify_locations(context, leg->ca_file, NULL) != 1)
        return file_error(leg, "ca_file", leg->ca_file, openssl_reason(), error);
    return DG_OK;
}

/* ---- contexts ----------------------------------------------------------------------------------------------------- */

static SSL_CTX *new_context(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (context == NULL)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
        SSL_CTX_set_max_send_fragment(context, MAX_RECORD_BYTES) == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* A client that names protocols must name ours; one that names none passes here (dg_tls_handshake looks). */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned in_len, void *context)
{
    (void)ssl;
    (void)context;
    for (unsigned at = 0; at < in_len; at += 1u + in[at]) {
        if (in[at] > in_len - at - 1)
            break;
        if (in[at] != DG_ALPN.len || memcmp(in + at + 1, DG_ALPN.data, DG_ALPN.len) != 0)
            continue;
        *out = in + at + 1;
        *out_len = in[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A client without a certificate is let through the handshake and told afterwards, in words. */
static enum dg_status make_client(const struct leg *leg, bool is_verified, SSL_CTX **result, struct dg_error *error)
{
    if (leg->cert_file[0] == '\0')
        return dg_error_set(error, DG_CONFIG,
                            "client_tls.sslmode %s needs client_tls.cert_file and client_tls.key_file", leg->sslmode);
    if (is_verified && leg->ca_file[0] == '\0')
        return dg_error_set(error, DG_CONFIG, "client_tls.sslmode %s needs client_tls.ca_file", leg->sslmode);
    SSL_CTX *context = *result = new_context(TLS_server_method());
    if (context == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
    SSL_CTX_set_max_cert_list(context, MAX_CLIENT_CERTIFICATES_BYTES);
    enum dg_status status = load_certificate(context, leg, error);
    if (status != DG_OK || !is_verified)
        return status;
    status = load_ca(context, leg, error);
    if (status != DG_OK)
        return status;
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(leg->ca_file));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return DG_OK;
}

/* As libpq has it, a CA that is given is used, whatever the mode. */
static enum dg_status make_server(const struct leg *leg, struct dg_tls_server *server, struct dg_error *error)
{
    static const unsigned char alpn[] = "\12postgresql";
    bool is_verified = server->sslmode >= DG_SSLMODE_VERIFY_CA;
    if (is_verified && leg->ca_file[0] == '\0')
        return dg_error_set(error, DG_CONFIG, "server_tls.sslmode %s needs server_tls.ca_file (sslrootcert in the URL)",
                            leg->sslmode);
    if (server->is_direct && server->sslmode < DG_SSLMODE_REQUIRE)
        return dg_error_set(error, DG_CONFIG,
                            "server_tls.direct needs server_tls.sslmode require, verify-ca or "
                            "verify-full, and it is %s",
                            leg->sslmode);
    SSL_CTX *context = server->context = new_context(TLS_client_method());
    if (context == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    if (server->is_direct && SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn - 1) != 0)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    enum dg_status status = leg->cert_file[0] == '\0' ? DG_OK : load_certificate(context, leg, error);
    if (status == DG_OK && leg->ca_file[0] != '\0') {
        status = load_ca(context, leg, error);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    }
    return status;
}

/* TLS is not spoken on a Unix socket. */
static bool has_network_host(const struct dg_url *upstream)
{
    for (size_t i = 0; i < upstream->n_hosts; i++) {
        if (upstream->hosts[i].host[0] != '/')
            return true;
    }
    return upstream->n_hosts == 0;
}

static enum dg_status make_client_leg(const struct dg_config *config, struct dg_tls_settings *made,
                                      struct dg_error *error)
{
    const struct leg leg = {"client_tls", dg_client_sslmode_name(config->client_tls_sslmode),
                            config->client_tls_ca_file, config->client_tls_cert_file, config->client_tls_key_file};
    made->client_sslmode = config->client_tls_sslmode;
    if (made->client_sslmode == DG_SSLMODE_DISABLE)
        return DG_OK;
    return make_client(&leg, made->client_sslmode >= DG_SSLMODE_VERIFY_CA, &made->client, error);
}

static enum dg_status make_server_leg(const struct dg_config *config, const struct dg_url *upstream,
                                      struct dg_tls_server *made, struct dg_error *error)
{
    struct dg_server_tls tls;
    dg_config_server_tls(config, upstream, &tls);
    const struct leg leg = {"server_tls", dg_server_sslmode_name(tls.sslmode), tls.ca_file, tls.cert_file,
                            tls.key_file};
    made->sslmode = tls.sslmode;
    made->is_direct = tls.is_direct;
    if (made->sslmode == DG_SSLMODE_DISABLE || !has_network_host(upstream))
        return DG_OK;
    return make_server(&leg, made, error);
}

enum dg_status dg_tls_settings_new(const struct dg_config *config, const struct dg_url *upstreams, size_t n_upstreams,
                                   struct dg_tls_settings **settings, struct dg_error *error)
{
    *settings = NULL;
    struct dg_tls_settings *made = calloc(1, sizeof *made + n_upstreams * sizeof made->servers[0]);
    if (made == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    dg_shared_init(&made->shared, free_settings);
    made->n_servers = n_upstreams;
    enum dg_status status = make_client_leg(config, made, error);
    for (size_t i = 0; i < n_upstreams && status == DG_OK; i++)
        status = make_server_leg(config, &upstreams[i], &made->servers[i], error);
    ERR_clear_error();
    if (status != DG_OK) {
        dg_shared_unref(&made->shared);
        return status;
    }
    *settings = made;
    return DG_OK;
}
