/*
 * OpenSSL's calls, and what its errors mean here. OpenSSL's error queue belongs to the thread: it is emptied before each
 * call, else SSL_get_error would tell of somebody else's failure.
 *
 * read_ahead is on, so that a small message costs one recv and not two. Then OpenSSL may hold more than it has given:
 * dg_tls_read goes on until it is empty or the caller's room is filled, and does not ask the socket a second time.
 */
#include "proxy/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "proxy/tls_settings.h"

/* ---- opening and closing ------------------------------------------------------------------------------------------ */

static struct dg_tls *new_tls(SSL_CTX *context, int fd)
{
    struct dg_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return NULL;
    tls->fd = fd;
    tls->ssl = SSL_new(context);
    if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1) {
        SSL_free(tls->ssl);
        free(tls);
        return NULL;
    }
    return tls;
}

/* The bytes become the first that OpenSSL reads; dg_tls_handshake puts the socket back in their place. */
static bool put_before(struct dg_tls *tls, struct dg_str first_bytes)
{
    BIO *memory = BIO_new(BIO_s_mem());
    if (memory == NULL)
        return false;
    if (BIO_write(memory, first_bytes.data, (int)first_bytes.len) != (int)first_bytes.len) {
        BIO_free(memory);
        return false;
    }
    BIO_set_mem_eof_return(memory, -1); /* the end of these is not the end */
    SSL_set0_rbio(tls->ssl, memory);
    tls->has_first_bytes = true;
    tls->has_more = true; /* no socket will tell of them */
    return true;
}

struct dg_tls *dg_tls_accept(const struct dg_tls_settings *settings, int fd, struct dg_str first_bytes, bool is_direct)
{
    struct dg_tls *tls = new_tls(settings->client, fd);
    if (tls == NULL)
        return NULL;
    SSL_set_accept_state(tls->ssl);
    tls->needs_alpn = is_direct;
    if (first_bytes.len > 0 && !put_before(tls, first_bytes)) {
        tls->has_failed = true;
        dg_tls_free(tls);
        return NULL;
    }
    return tls;
}

/* RFC 8446, 5.1 and 4: records of type 22, of at most 2^14 bytes each; in them the message, type 1 and a length of three
   bytes, cut as the client likes. */
bool dg_tls_is_half_hello(struct dg_str bytes)
{
    uint8_t head[4] = {0};
    size_t n_message = 0, at = 0;
    while (bytes.len - at >= 5) {
        const uint8_t *record = (const uint8_t *)bytes.data + at;
        size_t len = (size_t)record[3] << 8 | record[4];
        size_t left = bytes.len - at - 5;
        size_t here = len < left ? len : left;
        if (record[0] != 22 || record[1] != 3 || len == 0 || len > 16384)
            return false;
        for (size_t i = 0; i < here && n_message + i < sizeof head; i++)
            head[n_message + i] = record[5 + i];
        n_message += here;
        if (n_message > 0 && head[0] != 1)
            return false;
        if (n_message >= sizeof head &&
            n_message - sizeof head >= ((size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3]))
            return false;
        if (here < len)
            return true;
        at += 5 + len;
    }
    return at == bytes.len || bytes.data[at] == 22;
}

static bool is_numeric(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* verify-full: the certificate must be for this name or address. */
static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 ||
           X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1;
}

struct dg_tls *dg_tls_connect(const struct dg_tls_server *server, const char *host, int fd)
{
    struct dg_tls *tls = new_tls(server->context, fd);
    if (tls == NULL)
        return NULL;
    if (server->sslmode == DG_SSLMODE_VERIFY_FULL && !expect_host(tls->ssl, host)) {
        dg_tls_free(tls);
        return NULL;
    }
    SSL_set_connect_state(tls->ssl);
    tls->needs_alpn = server->is_direct;
    /* RFC 6066: no addresses in SNI. */
    if (!is_numeric(host))
        (void)SSL_set_tlsext_host_name(tls->ssl, host);
    return tls;
}

void dg_tls_shut(struct dg_tls *tls)
{
    if (!tls->is_established || tls->has_failed)
        return;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
}

void dg_tls_free(struct dg_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    free(tls);
}

/* ---- the handshake ------------------------------------------------------------------------------------------------ */

static const char *label_of(int reason)
{
    switch (reason) {
    case 0:
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "closed";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
        return "not_tls";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "version";
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        return "cipher";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return "certificate";
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return "alpn";
    default:
        return reason >= SSL_AD_REASON_OFFSET ? "alert" : "other";
    }
}

static enum dg_stream_result fail(struct dg_tls *tls, const char *failure, const char *sentence)
{
    tls->has_failed = true;
    tls->failure = failure;
    tls->sentence = sentence;
    return DG_STREAM_BROKEN;
}

static enum dg_stream_result handshake_failed(struct dg_tls *tls)
{
    unsigned long code = ERR_peek_last_error();
    const char *sentence = code == 0 ? NULL : ERR_reason_error_string(code);
    const char *failure = label_of(code == 0 || ERR_SYSTEM_ERROR(code) ? 0 : ERR_GET_REASON(code));
    long verified = SSL_get_verify_result(tls->ssl);
    if (verified != X509_V_OK && strcmp(failure, "certificate") == 0)
        sentence = X509_verify_cert_error_string(verified);
    if (sentence == NULL)
        sentence = "the connection was closed in the middle of the handshake";
    return fail(tls, failure, sentence);
}

static bool has_our_alpn(const struct dg_tls *tls)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(tls->ssl, &name, &len);
    return len == DG_ALPN.len && memcmp(name, DG_ALPN.data, len) == 0;
}

/* The bytes that came first are used up: from now on the socket is read. */
static bool read_socket(struct dg_tls *tls)
{
    BIO *socket = BIO_new_socket(tls->fd, BIO_NOCLOSE);
    tls->has_first_bytes = false;
    if (socket != NULL)
        SSL_set0_rbio(tls->ssl, socket);
    return socket != NULL;
}

enum dg_stream_result dg_tls_handshake(struct dg_tls *tls)
{
    if (tls->has_failed)
        return DG_STREAM_BROKEN;
    tls->has_more = false;
    for (;;) {
        ERR_clear_error();
        int status = SSL_do_handshake(tls->ssl);
        if (status == 1)
            break;
        int error = SSL_get_error(tls->ssl, status);
        if (error == SSL_ERROR_WANT_READ && tls->has_first_bytes) {
            if (!read_socket(tls))
                return fail(tls, "other", "out of memory");
        } else if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
            tls->must_wait = error == SSL_ERROR_WANT_WRITE;
            tls->has_more = tls->must_wait;
            return DG_STREAM_LATER;
        } else {
            return handshake_failed(tls);
        }
    }
    if (tls->needs_alpn && !has_our_alpn(tls))
        return fail(tls, "alpn", "the peer does not name the protocol postgresql by ALPN");
    tls->is_established = true;
    return DG_STREAM_SOME;
}

bool dg_tls_wants_write(const struct dg_tls *tls)
{
    return tls->must_wait;
}

/* ---- bytes -------------------------------------------------------------------------------------------------------- */

/* After a call that OpenSSL does not recover from. The end of the connection is none of TLS's failures, with a goodbye or
   without. */
static enum dg_stream_result break_off(struct dg_tls *tls, int error)
{
    tls->has_failed = true;
    tls->is_unusable =
        error == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return DG_STREAM_BROKEN;
}

/* After a read or write that gave nothing. */
static enum dg_stream_result result_of(struct dg_tls *tls, int error)
{
    switch (error) {
    case SSL_ERROR_WANT_READ:
        return DG_STREAM_LATER;
    case SSL_ERROR_WANT_WRITE:
        tls->must_wait = true;
        return DG_STREAM_LATER;
    case SSL_ERROR_ZERO_RETURN:
        return DG_STREAM_END;
    default:
        return break_off(tls, error);
    }
}

enum dg_stream_result dg_tls_read(struct dg_tls *tls, void *bytes, size_t size, size_t *n)
{
    *n = 0;
    tls->has_more = false;
    tls->must_wait = false;
    while (*n < size) {
        size_t got = 0;
        ERR_clear_error();
        int status = SSL_read_ex(tls->ssl, (char *)bytes + *n, size - *n, &got);
        *n += got;
        if (status != 1) {
            enum dg_stream_result result = result_of(tls, SSL_get_error(tls->ssl, status));
            /* What ended it behind these bytes is found again by the next read. */
            tls->has_more = tls->must_wait || (*n > 0 && result != DG_STREAM_LATER);
            return *n > 0 ? DG_STREAM_SOME : result;
        }
        if (SSL_has_pending(tls->ssl) == 0)
            return DG_STREAM_SOME;
    }
    tls->has_more = true;
    return DG_STREAM_SOME;
}

enum dg_stream_result dg_tls_write(struct dg_tls *tls, const void *bytes, size_t len, size_t *n)
{
    *n = 0;
    if (tls->has_failed)
        return DG_STREAM_BROKEN;
    while (*n < len) {
        size_t done = 0;
        ERR_clear_error();
        int status = SSL_write_ex(tls->ssl, (const char *)bytes + *n, len - *n, &done);
        if (status != 1) {
            int error = SSL_get_error(tls->ssl, status);
            if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ)
                return DG_STREAM_LATER;
            return break_off(tls, error);
        }
        *n += done;
    }
    return DG_STREAM_SOME;
}

bool dg_tls_is_empty(const struct dg_tls *tls)
{
    return !tls->has_more && SSL_has_pending(tls->ssl) == 0;
}

/* ---- certificates ------------------------------------------------------------------------------------------------- */

/* A name with a NUL in it is nobody's. */
static bool has_common_name(X509 *certificate, const char *user)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return false;
    unsigned char *name = NULL;
    int len = ASN1_STRING_to_UTF8(&name, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool is_same = len >= 0 && (size_t)len == strlen(user) && memcmp(name, user, (size_t)len) == 0;
    OPENSSL_free(name);
    return is_same;
}

bool dg_tls_has_peer_certificate(const struct dg_tls *tls, const char *user)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (certificate == NULL || SSL_get_verify_result(tls->ssl) != X509_V_OK)
        return false;
    return user == NULL || has_common_name(certificate, user);
}

bool dg_tls_shows_same_certificate(const struct dg_tls *client, const struct dg_tls *server)
{
    const X509 *ours = SSL_get_certificate(client->ssl);
    const X509 *theirs = SSL_get0_peer_certificate(server->ssl);
    return ours != NULL && theirs != NULL && X509_cmp(ours, theirs) == 0;
}
