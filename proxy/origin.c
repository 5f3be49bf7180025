/*
 * Where a client comes from: the peer of its socket, or, where require_proxy_protocol is on, whom the load balancer there
 * names in its header.
 *
 * A header that is wrong ends the connection without a word: whoever sent it is a load balancer that is set up in another
 * way, or somebody who is not meant to be there, and neither has shown that it would understand PostgreSQL's messages.
 * What is read of a header is bounded, and the start-up deadline runs from the first moment.
 */
#include <string.h>
#include <sys/socket.h>

#include "proxy/proxy_private.h"
#include "proxy/session.h"

static int family_of(const struct dg_session *session)
{
    int family = AF_UNSPEC;
    socklen_t len = sizeof family;
    return getsockopt(session->client.fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 ? family : AF_UNSPEC;
}

/* Somebody from afar does not become local by a load balancer that comes over a Unix socket. */
bool dg_session_is_local(const struct dg_session *session)
{
    enum dg_proxy_family family = session->source.family;
    return (family == DG_PROXY_OWN || family == DG_PROXY_UNIX) && family_of(session) == AF_UNIX;
}

void dg_session_print_client(const struct dg_session *session, char text[DG_ADDRESS_TEXT_BYTES])
{
    struct dg_address peer = {.len = sizeof peer.storage};
    if (session->source.family != DG_PROXY_OWN) {
        dg_proxy_source_print(&session->source, text);
        return;
    }
    if (session->client.fd < 0 || getpeername(session->client.fd, (struct sockaddr *)&peer.storage, &peer.len) != 0)
        peer.len = 0;
    dg_address_print(&peer, text);
    if (peer.len > 0 && peer.storage.ss_family == AF_UNIX)
        memcpy(text, "unix", sizeof "unix");
}

static void refuse_header(struct dg_session *session)
{
    const struct dg_proxy_parts *parts = &session->worker->proxy->parts;
    const char *side = "proxy_header";
    char client[DG_ADDRESS_TEXT_BYTES];
    dg_session_print_client(session, client);
    dg_metrics_add(parts->metrics, DG_FAMILY_MALFORMED, &side, 1);
    dg_logf(parts->log, DG_LOG_INFO, "malformed",
            "a connection did not begin with a PROXY protocol header, as require_proxy_protocol wants; it was closed",
            dg_field_str("side", side), dg_field_str("client", client));
    dg_session_enter(session, DG_SESSION_CLOSED);
}

/* What came behind the header is the client's. */
static void go_on(struct dg_session *session, size_t header_bytes)
{
    char bytes[DG_PROXY_HEADER_MAX_BYTES];
    struct dg_str all = dg_buffer_view(&session->startup);
    size_t n = all.len - header_bytes;
    memcpy(bytes, all.data + header_bytes, n);
    dg_buffer_consume(&session->startup, all.len);
    dg_session_enter(session, DG_SESSION_STARTUP);
    if (n > 0)
        dg_session_take_startup(session, (struct dg_str){bytes, n});
}

void dg_session_read_proxy_header(struct dg_session *session)
{
    char bytes[DG_PROXY_HEADER_MAX_BYTES];
    size_t n, len;
    enum dg_stream_result result =
        dg_stream_read(&session->client, bytes, sizeof bytes - dg_buffer_len(&session->startup), &n);
    if (result == DG_STREAM_LATER)
        return;
    if (result != DG_STREAM_SOME) {
        dg_session_enter(session, DG_SESSION_CLOSED); /* a health check that only connects, mostly */
        return;
    }
    if (dg_buffer_append(&session->startup, bytes, n) != DG_OK) {
        dg_session_count_shortage(session->worker);
        dg_session_enter(session, DG_SESSION_CLOSED);
        return;
    }
    /* Only a header that is right says anything: `source` stays empty until then. */
    struct dg_proxy_source source;
    enum dg_status status = dg_proxy_header_parse(dg_buffer_view(&session->startup), &source, &len);
    if (status == DG_OK) {
        session->source = source;
        go_on(session, len);
    } else if (status != DG_AGAIN) {
        refuse_header(session);
    }
}
