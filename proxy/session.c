/*
 * The states of a session, its holds, its end, and the client's events. The drawing is in session.h; how a session
 * starts is in startup.c.
 *
 * Invariants: dg_session_enter is the only place where the state changes, and it arms or disarms the timer. After every
 * event dg_session_update brings what the sockets are watched for in line with the state and the buffers. A session that
 * is CLOSED holds no socket and no event; its memory goes in dg_session_reap.
 */
#include "proxy/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/timer.h"

/* For a client that has everything to close, too; and for one that has not read all yet, since it last took bytes. It may
   be busy with what it has: from the server itself it would get the rest however late. */
#define PARTING_MS 5000
#define LAST_WORDS_MS 600000
/* In a drain: for a client that is in and has not asked for anything yet. A pool may hold many that never will. */
#define FIRST_STATEMENT_MS 2000
/* What a session may keep beyond the pause of reading: one message that is inspected, and what was read with it. */
#define KEPT_MAX_BYTES (68u * 1024 * 1024)
#define GREETING_MAX_BYTES 65536u

static void on_client_readable(evutil_socket_t fd, short what, void *context);
static void on_client_writable(evutil_socket_t fd, short what, void *context);
static void on_timer(evutil_socket_t fd, short what, void *context);

/* The end of the process does not wait for who does not read. */
static uint64_t last_words_ms(const struct dg_session *session)
{
    return session->worker->is_draining ? PARTING_MS : LAST_WORDS_MS;
}

/* ---- states ------------------------------------------------------------------------------------------------------ */

#define TO(state) (1u << (unsigned)DG_SESSION_##state)

static const unsigned edges[] = {
    [DG_SESSION_PROXY_HEADER] = TO(STARTUP) | TO(CLOSED),
    [DG_SESSION_STARTUP] = TO(CONNECTING) | TO(CANCELLING) | TO(PARTING) | TO(CLOSED),
    [DG_SESSION_CONNECTING] = TO(AUTHENTICATING) | TO(PARTING) | TO(CLOSED),
    [DG_SESSION_AUTHENTICATING] = TO(READY) | TO(PARTING) | TO(CLOSED),
    [DG_SESSION_READY] = TO(PARTING) | TO(CLOSED),
    [DG_SESSION_CANCELLING] = TO(CLOSED),
    [DG_SESSION_PARTING] = TO(CLOSED),
    [DG_SESSION_CLOSED] = 0,
};

void dg_session_arm(struct dg_session *session, uint64_t delay_ms)
{
    event_del(&session->timer); /* also where it was activated already */
    dg_timer_start(&session->timer, delay_ms);
}

/* All that has to do with the server. */
static void leave_server(struct dg_session *session)
{
    dg_connect_cancel(session->connect);
    session->connect = NULL;
    dg_cancel_table_remove(session->worker->proxy->cancels, session->cancel);
    session->cancel = NULL;
    dg_quota_leave(session->worker->proxy->quota, &session->place);
    dg_session_forget_outstanding(session);
    dg_guard_session_free(session->guard);
    session->guard = NULL;
    dg_session_uncount_tls(session, false);
    dg_session_count_lost(session, &session->server);
    dg_stream_close(&session->server);
    dg_buffer_fini(&session->to_server.kept);
    dg_buffer_fini(&session->to_server.pending);
    dg_buffer_fini(&session->to_client.kept);
    dg_buffer_fini(&session->startup);
    dg_buffer_fini(&session->greeting);
}

static void leave_client(struct dg_session *session)
{
    struct dg_worker *worker = session->worker;
    event_del(&session->timer);
    dg_session_end_handshake(session);
    dg_session_uncount_tls(session, true);
    dg_session_count_lost(session, &session->client);
    dg_stream_close(&session->client);
    dg_buffer_fini(&session->to_client.pending);
    if (session->previous != NULL)
        session->previous->next = session->next;
    else
        worker->sessions = session->next;
    if (session->next != NULL)
        session->next->previous = session->previous;
    session->next = worker->dead;
    worker->dead = session;
    event_active(&worker->reaper, EV_TIMEOUT, 0);
    atomic_fetch_sub(&worker->n_sessions, 1);
    atomic_fetch_sub(&worker->proxy->n_sessions, 1);
    dg_count(worker->shard, DG_CELL_SESSIONS, (uint64_t)-1);
}

void dg_session_enter(struct dg_session *session, enum dg_session_state state)
{
    if (session->state == DG_SESSION_CLOSED || session->state == state)
        return;
    (void)edges; /* where asserts are compiled out */
    assert((edges[session->state] & (1u << (unsigned)state)) != 0);
    session->state = state;
    switch (state) {
    case DG_SESSION_READY:
        event_del(&session->timer);
        break;
    case DG_SESSION_PARTING:
        leave_server(session);
        dg_session_arm(session, last_words_ms(session));
        break;
    case DG_SESSION_CLOSED:
        leave_server(session);
        leave_client(session);
        dg_session_count_buffers(session);
        break;
    case DG_SESSION_PROXY_HEADER:
    case DG_SESSION_STARTUP:
    case DG_SESSION_CONNECTING:
    case DG_SESSION_AUTHENTICATING:
    case DG_SESSION_CANCELLING:
        break; /* the start-up deadline runs on */
    }
}

static bool may_read(const struct dg_flow *flow)
{
    return !flow->from->has_ended && !flow->is_paused && !flow->is_squeezed && !flow->is_held && !flow->is_blocked;
}

/* A client that has been told everything is shut, and gone once it has closed too. */
static bool watch_parting(struct dg_session *session)
{
    bool has_told_all = dg_buffer_len(&session->to_client.pending) == 0;
    if (has_told_all && session->client.has_ended) {
        dg_session_enter(session, DG_SESSION_CLOSED);
        return true;
    }
    if (has_told_all && !session->client.is_shut) {
        dg_stream_shut(&session->client);
        dg_session_arm(session, PARTING_MS);
    }
    return dg_stream_want(&session->client, !session->client.has_ended, !has_told_all);
}

static bool watch_relaying(struct dg_session *session)
{
    dg_session_squeeze(session, &session->to_server);
    dg_session_squeeze(session, &session->to_client);
    bool has_for_client = dg_buffer_len(&session->to_client.pending) > 0;
    bool has_for_server = dg_buffer_len(&session->to_server.pending) > 0;
    return dg_stream_want(&session->client, may_read(&session->to_server), has_for_client) &&
           dg_stream_want(&session->server, may_read(&session->to_client), has_for_server);
}

/* False if a socket cannot be watched. */
static bool watch(struct dg_session *session)
{
    bool has_for_client = dg_buffer_len(&session->to_client.pending) > 0;
    bool has_for_server = dg_buffer_len(&session->to_server.pending) > 0;
    dg_session_count_buffers(session);
    switch (session->state) {
    case DG_SESSION_PROXY_HEADER:
    case DG_SESSION_STARTUP:
        return dg_stream_want(&session->client, !session->awaits_turn, has_for_client);
    case DG_SESSION_CONNECTING:
        return dg_stream_want(&session->client, false, has_for_client);
    case DG_SESSION_AUTHENTICATING:
    case DG_SESSION_READY:
        return watch_relaying(session);
    case DG_SESSION_CANCELLING:
        return dg_stream_want(&session->client, false, false) && dg_stream_want(&session->server, true, has_for_server);
    case DG_SESSION_PARTING:
        return watch_parting(session);
    case DG_SESSION_CLOSED:
        break;
    }
    return true;
}

void dg_session_update(struct dg_session *session)
{
    if (watch(session))
        return;
    dg_session_out_of_memory(session);
    if (!watch(session))
        dg_session_enter(session, DG_SESSION_CLOSED);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static void init_flow(struct dg_flow *flow, struct dg_stream *from, struct dg_stream *to, size_t pause_bytes)
{
    flow->from = from;
    flow->to = to;
    dg_buffer_init(&flow->kept, KEPT_MAX_BYTES);
    dg_buffer_init(&flow->pending, pause_bytes + KEPT_MAX_BYTES);
}

void dg_session_open(struct dg_worker *worker, struct dg_upstream *upstream, int fd, bool is_over_limit)
{
    struct dg_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        dg_session_count_shortage(worker);
        close(fd);
        atomic_fetch_sub(&worker->n_sessions, 1);
        atomic_fetch_sub(&worker->proxy->n_sessions, 1);
        return;
    }
    const struct dg_config *config = dg_worker_config(worker);
    session->worker = worker;
    session->state = config->require_proxy_protocol ? DG_SESSION_PROXY_HEADER : DG_SESSION_STARTUP;
    session->route.upstream = upstream;
    session->is_over_limit = is_over_limit;
    session->server.fd = -1;
    dg_stream_open(&session->client, worker->base, fd, on_client_readable, on_client_writable, session);
    dg_session_keep_alive(session, &session->client);
    init_flow(&session->to_server, &session->client, &session->server, (size_t)config->max_buffer_bytes);
    init_flow(&session->to_client, &session->server, &session->client, (size_t)config->max_buffer_bytes);
    dg_buffer_init(&session->startup, DG_STARTUP_MAX_BYTES);
    dg_buffer_init(&session->greeting, GREETING_MAX_BYTES);
    event_assign(&session->timer, worker->base, -1, 0, on_timer, session);
    session->next = worker->sessions;
    if (session->next != NULL)
        session->next->previous = session;
    worker->sessions = session;
    dg_count(worker->shard, DG_CELL_SESSIONS, 1);
    dg_count(worker->shard, DG_CELL_SESSIONS_TOTAL, 1);
    dg_session_arm(session, (uint64_t)config->startup_timeout_ms);
    dg_session_update(session);
}

void dg_session_reap(struct dg_worker *worker)
{
    while (worker->dead != NULL) {
        struct dg_session *session = worker->dead;
        worker->dead = session->next;
        free(session);
    }
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

void dg_session_fail(struct dg_session *session, const char *sqlstate, const char *message, const char *detail)
{
    dg_session_refuse(session, sqlstate, message, detail, NULL);
}

void dg_session_refuse(struct dg_session *session, const char *sqlstate, const char *message, const char *detail,
                       const char *hint)
{
    if (session->state == DG_SESSION_PARTING || session->state == DG_SESSION_CLOSED)
        return;
    /* A client that waits for a handshake can read no words, and a load balancer does not know ours. */
    if (session->state == DG_SESSION_CANCELLING || session->state == DG_SESSION_PROXY_HEADER || session->awaits_hello) {
        dg_session_enter(session, DG_SESSION_CLOSED);
        return;
    }
    /* Half a message has gone out: words behind it could not be read, but what came of it still goes. */
    if (session->to_client.body_left > 0) {
        dg_session_enter(session, DG_SESSION_PARTING);
        return;
    }
    struct dg_buffer out;
    dg_buffer_init(&out, DG_SCRATCH_BYTES);
    if (dg_error_response_write(&out, "FATAL", sqlstate, message, detail, hint) == DG_OK)
        dg_relay_send(session, &session->to_client, dg_buffer_view(&out));
    dg_buffer_fini(&out);
    dg_session_enter(session, session->state == DG_SESSION_CLOSED ? DG_SESSION_CLOSED : DG_SESSION_PARTING);
}

void dg_session_count_shortage(struct dg_worker *worker)
{
    dg_count(worker->shard, DG_CELL_OUT_OF_MEMORY, 1);
    dg_logf(worker->proxy->parts.log, DG_LOG_WARNING, "out_of_memory",
            "a session was ended because memory could not be allocated",
            dg_field_int("sessions", (int64_t)atomic_load(&worker->n_sessions)));
}

void dg_session_out_of_memory(struct dg_session *session)
{
    if (session->state == DG_SESSION_PARTING || session->state == DG_SESSION_CLOSED)
        return;
    dg_session_count_shortage(session->worker);
    dg_session_fail(session, "53200", "driftguard: out of memory", NULL);
}

void dg_session_malformed(struct dg_session *session, const char *side, const char *message)
{
    struct dg_proxy *proxy = session->worker->proxy;
    char client[DG_ADDRESS_TEXT_BYTES];
    dg_session_print_client(session, client);
    dg_metrics_add(proxy->parts.metrics, DG_FAMILY_MALFORMED, &side, 1);
    dg_logf(proxy->parts.log, DG_LOG_INFO, "malformed", "a peer violated the protocol; its session was closed",
            dg_field_str("side", side), dg_field_str("client", client), dg_field_str("what", message));
    dg_session_fail(session, "08P01", message, NULL);
}

void dg_session_take_leave(struct dg_session *session)
{
    static const char terminate[] = {'X', 0, 0, 0, 4};
    if (session->to_server.body_left == 0 && dg_buffer_len(&session->to_server.kept) == 0)
        dg_relay_send(session, &session->to_server, (struct dg_str){terminate, sizeof terminate});
}

static void tell_server_gone(struct dg_session *session, const char *address)
{
    char text[DG_ADDRESS_TEXT_BYTES + 80];
    if (dg_stream_is_unusable(&session->server))
        snprintf(text, sizeof text, "driftguard: the encrypted connection to the database at %s broke", address);
    else if (session->server.is_lost)
        snprintf(text, sizeof text, "driftguard: the database at %s does not answer any more", address);
    else
        snprintf(text, sizeof text, "driftguard: the database at %s closed the connection", address);
    dg_session_fail(session, "08006", text, NULL);
}

void dg_session_server_gone(struct dg_session *session)
{
    bool client_waits = !session->server_said_why && !session->has_terminated && !session->client.has_ended;
    if (!client_waits) {
        dg_session_enter(session, DG_SESSION_PARTING);
        return;
    }
    if (session->has_sent_oversized) {
        dg_session_malformed(session, "client", "invalid message length");
        return;
    }
    char address[DG_ADDRESS_TEXT_BYTES];
    dg_address_print(&session->route.address, address);
    if (!session->server.is_lost)
        dg_logf(session->worker->proxy->parts.log, DG_LOG_INFO, "server_gone",
                dg_stream_is_unusable(&session->server) ? "a session's encrypted connection to the database broke"
                                                        : "the database closed a session's connection",
                dg_field_str("address", address));
    tell_server_gone(session, address);
}

bool dg_session_is_idle(struct dg_session *session)
{
    return session->state == DG_SESSION_READY && session->status == 'I' && !session->is_unsynced &&
           !session->is_blind && !session->outstanding.is_doubtful && !session->outstanding.is_skipping &&
           dg_outstanding_is_empty(&session->outstanding) && dg_buffer_len(&session->to_server.pending) == 0 &&
           dg_buffer_len(&session->to_client.kept) == 0 && session->to_client.body_left == 0 &&
           !session->server.has_ended;
}

bool dg_session_server_is_silent(void *context)
{
    const struct dg_session *session = context;
    return dg_stream_is_silent(&session->server);
}

void dg_session_end(struct dg_session *session)
{
    dg_session_fail(session, "57P01", "terminating connection because driftguard is shutting down", NULL);
}

/* Idle, and nothing is on its way from the client either. */
static bool may_be_ended(struct dg_session *session)
{
    return dg_session_is_idle(session) && !session->to_server.is_held && dg_buffer_len(&session->to_server.kept) == 0 &&
           dg_stream_is_silent(&session->client);
}

void dg_session_drain(struct dg_session *session)
{
    if (session->state == DG_SESSION_PARTING)
        dg_session_arm(session, PARTING_MS);
    if (!may_be_ended(session))
        return;
    if (!session->has_asked) {
        if (!evtimer_pending(&session->timer, NULL))
            dg_session_arm(session, FIRST_STATEMENT_MS);
        return;
    }
    dg_session_end(session);
    dg_session_update(session);
}

void dg_session_lose_track(struct dg_session *session)
{
    session->is_blind = true;
    dg_session_forget_outstanding(session);
    dg_guard_session_free(session->guard);
    session->guard = NULL;
}

/* ---- holds ------------------------------------------------------------------------------------------------------- */

void dg_session_hold(struct dg_session *session, struct dg_flow *flow, uint32_t hold_ms)
{
    flow->is_held = true;
    flow->n_holds++;
    dg_session_arm(session, hold_ms);
    if (flow == &session->to_server)
        dg_cancel_table_set_holding(session->worker->proxy->cancels, session->cancel, true);
}

void dg_session_end_hold(struct dg_session *session)
{
    if (session->state != DG_SESSION_READY || (!session->to_server.is_held && !session->to_client.is_held))
        return;
    event_del(&session->timer);
    session->to_server.is_held = false;
    session->to_client.is_held = false;
    dg_cancel_table_set_holding(session->worker->proxy->cancels, session->cancel, false);
    if (session->guard != NULL)
        dg_guard_hold_ended(session->guard);
    dg_relay_resume(session, &session->to_client);
    dg_relay_resume(session, &session->to_server);
    dg_session_update(session);
}

/* The guard's word that a hold may end. It comes from within the guard, so it is acted on in the loop's next turn. */
void dg_session_on_resume(void *context)
{
    struct dg_session *session = context;
    event_active(&session->timer, EV_TIMEOUT, 0);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    (void)fd;
    (void)what;
    switch (session->state) {
    case DG_SESSION_PROXY_HEADER:
    case DG_SESSION_STARTUP:
    case DG_SESSION_CONNECTING:
    case DG_SESSION_AUTHENTICATING:
        dg_session_startup_is_late(session);
        break;
    case DG_SESSION_READY:
        dg_session_end_hold(session);
        if (session->worker->is_draining) {
            session->has_asked = true;
            dg_session_drain(session);
        }
        break;
    case DG_SESSION_CANCELLING:
        dg_session_continue_cancel(session);
        break;
    case DG_SESSION_PARTING:
        dg_session_enter(session, DG_SESSION_CLOSED);
        break;
    case DG_SESSION_CLOSED:
        break;
    }
    dg_session_update(session);
}

/* ---- the client's events ------------------------------------------------------------------------------------------ */

/* What a client still says when nobody listens any more. */
static void read_and_forget(struct dg_session *session)
{
    size_t n;
    (void)dg_stream_read(&session->client, session->worker->scratch, DG_SCRATCH_BYTES, &n);
}

static void on_client_readable(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    (void)fd;
    (void)what;
    session->was_active = true;
    if (session->state == DG_SESSION_READY || session->state == DG_SESSION_AUTHENTICATING)
        dg_relay_read(session, &session->to_server);
    else if (session->state == DG_SESSION_STARTUP)
        dg_session_read_startup(session);
    else if (session->state == DG_SESSION_PROXY_HEADER)
        dg_session_read_proxy_header(session);
    else
        read_and_forget(session);
    dg_session_update(session);
}

static void on_client_writable(evutil_socket_t fd, short what, void *context)
{
    struct dg_session *session = context;
    (void)fd;
    (void)what;
    session->was_active = true;
    dg_relay_flush(session, &session->to_client);
    if (session->state == DG_SESSION_PARTING)
        dg_session_arm(session, last_words_ms(session));
    dg_session_update(session);
}
