/*
 * A connection that turned out to be a CancelRequest: the packet goes to the server of the session that it names, and
 * the client's socket is closed when the server has closed ours, which tells the client that the signal was sent.
 *
 * A cancel that meets a held statement would find the server idle and do nothing. So the hold is ended first, in the
 * worker that owns the session, and the cancel follows a little later, when the statement is surely there: after a delay
 * in which that worker was not seen to hold. It may be busy, but not for ever, and what it holds by then is another one.
 */
#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"

#define AFTER_HOLD_MS 50
#define MAX_DELAYS 40
#define ANSWER_MS 10000

static void on_server_readable(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    size_t n;
    (void)fd;
    (void)what;
    enum dg_stream_result result = dg_stream_read(&session->server, session->worker->scratch, DG_SCRATCH_BYTES, &n);
    if (result == DG_STREAM_END || result == DG_STREAM_BROKEN)
        dg_session_enter(session, DG_SESSION_CLOSED);
}

static void on_server_writable(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    (void)fd;
    (void)what;
    dg_relay_flush(session, &session->to_server);
    dg_session_update(session);
}

static void on_connect(void *context, const struct dg_connect_result *result)
{
    struct dg_session *session = context;
    session->connect = NULL;
    if (result->fd < 0) {
        dg_session_upstream_failed(session, result, "cancel_failed", "a cancel did not reach the database");
        dg_session_enter(session, DG_SESSION_CLOSED);
        return;
    }
    dg_stream_open(&session->server, session->worker->base, result->fd, on_server_readable, on_server_writable,
                   session);
    dg_session_keep_alive(session, &session->server);
    dg_session_secure_server(session, result->tls);
    dg_relay_send(session, &session->to_server, dg_buffer_view(&session->startup));
    dg_session_arm(session, ANSWER_MS);
    dg_session_update(session);
}

static void connect_by_route(struct dg_session *session)
{
    struct dg_worker *worker = session->worker;
    const struct dg_route *route = &session->route;
    const struct dg_connect_plan plan = {.url = &route->upstream->url,
                                         .first_host = route->host,
                                         .address = &route->address,
                                         .tls = dg_worker_tls(worker),
                                         .upstream = route->upstream->index,
                                         .timeout_ms = dg_worker_config(worker)->connect_timeout_ms};
    event_del(&session->timer);
    session->connect = dg_connect_start(&worker->resolver, &plan, on_connect, session);
    if (session->connect == NULL)
        dg_session_enter(session, DG_SESSION_CLOSED);
}

void dg_session_start_cancel(struct dg_session *session, uint32_t pid, struct dg_str key)
{
    struct dg_cancel_target target;
    dg_session_enter(session, DG_SESSION_CANCELLING);
    dg_cancel_table_find(session->worker->proxy->cancels, pid, key, &target);
    if (target.is_known)
        session->route = target.route;
    if (target.holding == NULL) {
        connect_by_route(session);
        return;
    }
    dg_worker_end_hold(target.holding, pid, key);
    dg_session_arm(session, AFTER_HOLD_MS);
}

/* True if the hold has not been ended yet: its worker has other things to do. */
static bool is_held_still(const struct dg_session *session)
{
    struct dg_startup startup;
    struct dg_cancel_target target;
    dg_startup_parse(dg_buffer_view(&session->startup), &startup);
    dg_cancel_table_find(session->worker->proxy->cancels, startup.cancel_pid, startup.cancel_key, &target);
    return target.holding != NULL;
}

/* True for one delay more: the hold was there at the end of this one, or of the last. */
static bool must_wait(struct dg_session *session)
{
    bool was_held = session->has_seen_hold;
    session->has_seen_hold = session->n_delays < MAX_DELAYS && is_held_still(session);
    session->n_delays++;
    return was_held || session->has_seen_hold;
}

void dg_session_continue_cancel(struct dg_session *session)
{
    /* The timer stands for the delay before the connection, and for the server's patience after it. */
    if (session->server.fd >= 0)
        dg_session_enter(session, DG_SESSION_CLOSED);
    else if (must_wait(session))
        dg_session_arm(session, AFTER_HOLD_MS);
    else
        connect_by_route(session);
}
