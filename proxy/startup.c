/*
 * How a session starts: the client's first packet, the connection to the server, and, at the first ReadyForQuery, the
 * introduction to the guard.
 *
 * The start-up packet goes to the server as it came: parameters and protocol versions that are new to us are none of our
 * business, and what is malformed the server refuses in its own words. Refused here are only a length that no such packet
 * has, an encryption request with something behind it, and a client that TLS keeps out (session_tls.c).
 *
 * The guard is told of a client only when the server has let it in; names in a packet prove nothing before that.
 */
#include <stdio.h>

#include "protocol/backend.h"
#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"
#include "proxy/tls.h"

/* The first byte of a TLS record that holds a handshake; no start-up packet is so long that it begins with it. */
#define TLS_HANDSHAKE_RECORD 0x16
#define FIRST_READ_BYTES 1024u

/* ---- the server's events and the connection ----------------------------------------------------------------------- */

static void on_server_readable(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    (void)fd;
    (void)what;
    dg_relay_read(session, &session->to_client);
    if (session->to_server.is_blocked)
        dg_relay_resume(session, &session->to_server);
    if (session->worker->is_draining)
        dg_session_drain(session);
    dg_session_update(session);
}

static void on_server_writable(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    (void)fd;
    (void)what;
    dg_relay_flush(session, &session->to_server);
    dg_session_update(session);
}

void dg_session_upstream_failed(const struct dg_session *session, const struct dg_connect_result *result,
                                const char *event, const char *message)
{
    struct dg_worker *worker = session->worker;
    const char *name = session->route.upstream->name;
    const char *reason_labels[] = {name, result->reason};
    dg_metrics_add(worker->proxy->parts.metrics, DG_FAMILY_UPSTREAM_FAILURES, reason_labels, 1);
    if (strcmp(result->reason, "timeout") == 0 ||
        (result->tls_failure != NULL && strcmp(result->tls_failure, "timeout") == 0))
        dg_count(worker->shard, DG_CELL_LIMIT_CONNECT_TIMEOUT, 1);
    if (result->tls_failure != NULL) {
        const char *labels[] = {"server", result->tls_failure};
        dg_metrics_add(worker->proxy->parts.metrics, DG_FAMILY_TLS_FAILURES, labels, 1);
    }
    dg_logf(worker->proxy->parts.log, DG_LOG_WARNING, event, message, dg_field_str("upstream", name),
            dg_field_str("reason", result->reason), dg_field_str("address", result->text));
}

static void on_connect(void *context, const struct dg_connect_result *result)
{
    struct dg_session *session = context;
    session->connect = NULL;
    if (result->fd < 0) {
        dg_session_upstream_failed(session, result, "upstream_failed", "a connection to the database failed");
        char text[600];
        snprintf(text, sizeof text, "driftguard: could not connect to the database at %s", result->text);
        dg_session_refuse(session, "08006", text, NULL, result->hint);
        dg_session_update(session);
        return;
    }
    atomic_store(&session->route.upstream->was_reached, true);
    session->route.host = result->host;
    session->route.address = result->address;
    dg_stream_open(&session->server, session->worker->base, result->fd, on_server_readable, on_server_writable,
                   session);
    dg_session_keep_alive(session, &session->server);
    dg_session_secure_server(session, result->tls);
    dg_session_enter(session, DG_SESSION_AUTHENTICATING);
    dg_relay_send(session, &session->to_server, dg_buffer_view(&session->startup));
    dg_relay_resume(session, &session->to_server);
    dg_session_update(session);
}

static void start_connecting(struct dg_session *session)
{
    struct dg_worker *worker = session->worker;
    if (session->is_over_limit) {
        dg_session_refuse_crowd(session);
        return;
    }
    dg_session_enter(session, DG_SESSION_CONNECTING);
    const struct dg_connect_plan plan = {.url = &session->route.upstream->url,
                                         .tls = dg_worker_tls(worker),
                                         .upstream = session->route.upstream->index,
                                         .timeout_ms = dg_worker_config(worker)->connect_timeout_ms};
    session->connect = dg_connect_start(&worker->resolver, &plan, on_connect, session);
    if (session->connect == NULL)
        dg_session_out_of_memory(session);
}

/* ---- the first packet ---------------------------------------------------------------------------------------------- */

/* S or N to SSLRequest, N to GSSENCRequest. What follows must wait for the answer: bytes that are there already were put
   in by somebody between the client and us (CVE-2021-23214). */
static void answer_request(struct dg_session *session, bool *has_seen, size_t len, bool is_tls)
{
    if (*has_seen) {
        dg_session_malformed(session, "client", "encryption was requested twice");
        return;
    }
    *has_seen = true;
    if (dg_buffer_len(&session->startup) > len) {
        dg_session_malformed(session, "client", "received unencrypted data after an encryption request");
        return;
    }
    dg_buffer_consume(&session->startup, len);
    dg_relay_send(session, &session->to_client, is_tls ? DG_STR("S") : DG_STR("N"));
    if (is_tls)
        dg_session_start_tls(session, DG_STR(""), false);
}

/* Bytes behind the packet are messages; they wait for the connection. */
static bool split_startup(struct dg_session *session, size_t len)
{
    struct dg_str all = dg_buffer_view(&session->startup);
    if (dg_buffer_append(&session->to_server.kept, all.data + len, all.len - len) != DG_OK)
        return false;
    session->startup.tail -= all.len - len;
    return true;
}

/* Looks at the packet at the front of session->startup, if it is whole. */
static void read_packet(struct dg_session *session)
{
    struct dg_startup startup;
    struct dg_str all = dg_buffer_view(&session->startup);
    size_t len;
    enum dg_status status = dg_startup_packet_bytes(all, &len);
    if (status == DG_PROTOCOL)
        dg_session_malformed(session, "client", "invalid length of startup packet");
    if (status != DG_OK || all.len < len)
        return;
    dg_startup_parse((struct dg_str){all.data, len}, &startup);
    switch (startup.kind) {
    case DG_STARTUP_SSL_REQUEST:
        answer_request(session, &session->has_seen_ssl_request, len, dg_session_offers_tls(session));
        return;
    case DG_STARTUP_GSSENC_REQUEST:
        answer_request(session, &session->has_seen_gssenc_request, len, false);
        return;
    case DG_STARTUP_CANCEL_REQUEST:
        session->startup.tail -= all.len - len;
        dg_session_start_cancel(session, startup.cancel_pid, startup.cancel_key);
        return;
    case DG_STARTUP_MESSAGE:
    case DG_STARTUP_UNKNOWN:
        break;
    }
    if (!dg_session_may_start(session, &startup))
        return;
    if (!split_startup(session, len)) {
        dg_session_out_of_memory(session);
        return;
    }
    start_connecting(session);
}

/* A client that begins with TLS instead of asking for it. */
static bool begins_with_tls(struct dg_session *session, const char *bytes)
{
    return bytes[0] == TLS_HANDSHAKE_RECORD && dg_buffer_len(&session->startup) == 0 &&
           !session->has_seen_ssl_request && !session->has_seen_gssenc_request && dg_session_offers_tls(session);
}

/* What is still missing of the packet, once its length is known; most are here with the first read. Messages behind it
   stay in the socket until the client has proven who it is. */
static size_t packet_room(const struct dg_session *session)
{
    struct dg_str all = dg_buffer_view(&session->startup);
    size_t len = 0;
    if (session->awaits_hello)
        return DG_STARTUP_MAX_BYTES - all.len;
    if (dg_startup_packet_bytes(all, &len) == DG_OK && len > all.len)
        return len - all.len;
    return all.len < FIRST_READ_BYTES ? FIRST_READ_BYTES - all.len : 1;
}

void dg_session_take_startup(struct dg_session *session, struct dg_str bytes)
{
    if (begins_with_tls(session, bytes.data)) {
        session->has_seen_ssl_request = true; /* as good as one: there is no second TLS within */
        dg_session_start_tls(session, bytes, true);
        return;
    }
    if (dg_buffer_append(&session->startup, bytes.data, bytes.len) != DG_OK) {
        dg_session_out_of_memory(session);
        return;
    }
    if (session->awaits_hello)
        dg_session_read_hello(session);
    else
        read_packet(session);
}

void dg_session_read_startup(struct dg_session *session)
{
    char bytes[DG_STARTUP_MAX_BYTES];
    size_t n;
    enum dg_stream_result result = dg_stream_read(&session->client, bytes, packet_room(session), &n);
    dg_session_count_tls(session);
    if (result == DG_STREAM_LATER)
        return;
    if (result != DG_STREAM_SOME) {
        dg_session_tls_failed(session, false);
        dg_session_enter(session, DG_SESSION_CLOSED); /* it opened and left: nothing to say */
        return;
    }
    dg_session_take_startup(session, (struct dg_str){bytes, n});
}

/* ---- the first ReadyForQuery ------------------------------------------------------------------------------------- */

/* Values of a start-up packet end in NUL, so they are C strings as they are. */
static const char *parameter(const struct dg_startup *startup, const char *name, const char *otherwise)
{
    struct dg_str value = dg_startup_find_parameter(startup, name);
    return value.len == 0 ? otherwise : value.data;
}

/* The start-up's ParameterStatus messages, in their order. */
static void tell_greeting(struct dg_session *session)
{
    struct dg_str rest = dg_buffer_view(&session->greeting);
    struct dg_frame frame;
    while (dg_frame_read(rest, &frame) == DG_OK) {
        size_t total = (size_t)frame.body_bytes + DG_FRAME_HEADER_BYTES;
        struct dg_str name, value;
        struct dg_str body = {rest.data + DG_FRAME_HEADER_BYTES, frame.body_bytes};
        if (dg_parameter_status_read(body, &name, &value) == DG_OK)
            dg_guard_session_parameter(session->guard, name, value);
        rest = (struct dg_str){rest.data + total, rest.len - total};
    }
}

/* True if the packet sets this parameter, or may. */
static bool sets(const struct dg_startup *startup, const char *name)
{
    char value[64];
    struct dg_str options = dg_startup_find_parameter(startup, "options");
    return dg_startup_find_setting(startup, name).data != NULL ||
           dg_startup_options_find(options, name, value, sizeof value) != DG_OPTIONS_ABSENT;
}

static void introduce(struct dg_session *session, const struct dg_startup *startup)
{
    char search_path[1024];
    char address[DG_ADDRESS_TEXT_BYTES];
    struct dg_str options = dg_startup_find_parameter(startup, "options");
    enum dg_options_answer answer = dg_startup_options_find(options, "search_path", search_path, sizeof search_path);
    struct dg_str own_path = dg_startup_find_setting(startup, "search_path");
    const char *user = parameter(startup, "user", "");
    char hostaddr[DG_ADDRESS_TEXT_BYTES];
    const struct dg_upstream *upstream = session->route.upstream;
    const struct dg_url_host *at = &upstream->url.hosts[session->route.host];
    dg_address_print(&session->route.address, address);
    dg_address_print_host(&session->route.address, hostaddr);
    struct dg_guard_client client = {
        .user = user,
        .database = parameter(startup, "database", user),
        .application_name = parameter(startup, "application_name", ""),
        .server = {upstream->name, at->host, at->port, hostaddr, address},
        .search_path = own_path.data != NULL        ? own_path.data
                       : answer == DG_OPTIONS_FOUND ? search_path
                                                    : NULL,
        .path_unknown = own_path.data == NULL && answer == DG_OPTIONS_UNREADABLE,
        .has_role = sets(startup, "role"),
        .no_breaker = sets(startup, "lc_messages") || sets(startup, "idle_session_timeout") || sets(startup, "role"),
        .is_replication = dg_startup_asks_for_replication(startup),
    };
    session->is_blind = client.is_replication;
    const struct dg_guard_host host = {
        .resume = dg_session_on_resume, .is_silent = dg_session_server_is_silent, .context = session};
    if (!session->is_blind)
        session->guard = dg_guard_session_new(session->worker->guard, &client, &host);
}

void dg_session_begin(struct dg_session *session)
{
    struct dg_startup startup;
    dg_startup_parse(dg_buffer_view(&session->startup), &startup);
    if (startup.kind == DG_STARTUP_MESSAGE)
        introduce(session, &startup);
    if (session->guard == NULL)
        session->is_blind = true;
    else
        tell_greeting(session);
    dg_buffer_fini(&session->startup);
    dg_buffer_fini(&session->greeting);
    dg_session_enter(session, DG_SESSION_READY);
}
