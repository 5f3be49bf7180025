/*
 * What a session may not exceed: how many there may be, and how long it may take. Each time that a limit or a deadline
 * strikes, driftguard_limits_total moves, and the client is told which option it was.
 *
 * relay.max_sessions counts connections from the moment they are accepted, as PostgreSQL's max_connections does: it
 * bounds what the process costs. Sessions of a user and of a database count once the server has let them in (quota.h
 * says why); the client is refused as the server would refuse it, after authentication, before it can ask for anything.
 */
#include <stdio.h>

#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"

#define DETAIL_BYTES 160
/* Names of roles and databases are at most 63 bytes long; of others so much is said. */
#define NAME_SAID_BYTES 63

/* ---- how many ----------------------------------------------------------------------------------------------------- */

void dg_session_refuse_crowd(struct dg_session *session)
{
    char detail[DETAIL_BYTES];
    snprintf(detail, sizeof detail, "driftguard: relay.max_sessions allows %lld sessions.",
             (long long)dg_worker_config(session->worker)->max_sessions);
    dg_session_refuse(session, "53300", "driftguard: too many sessions (relay.max_sessions)", detail,
                      "Close sessions that are not needed, or raise the limit.");
}

static struct dg_str name_of(const struct dg_startup *startup, const char *parameter)
{
    return dg_startup_find_parameter(startup, parameter);
}

/* Physical replication is connected to no database. */
static struct dg_str database_of(const struct dg_startup *startup)
{
    struct dg_str replication = name_of(startup, "replication");
    if (dg_startup_asks_for_replication(startup) && !dg_str_is(replication, "database"))
        return DG_STR("");
    struct dg_str database = name_of(startup, "database");
    return database.len > 0 ? database : name_of(startup, "user");
}

static void refuse_place(struct dg_session *session, const struct dg_startup *startup, enum dg_quota_answer answer)
{
    bool is_user = answer == DG_QUOTA_USER_IS_FULL;
    const struct dg_config *config = dg_worker_config(session->worker);
    struct dg_str name = is_user ? name_of(startup, "user") : database_of(startup);
    char message[NAME_SAID_BYTES + 64], detail[DETAIL_BYTES];
    int len = (int)(name.len < NAME_SAID_BYTES ? name.len : NAME_SAID_BYTES);
    snprintf(message, sizeof message, "too many connections for %s \"%.*s\"", is_user ? "role" : "database", len,
             name.data);
    snprintf(detail, sizeof detail, "driftguard: relay.max_sessions_per_%s allows %lld sessions of one %s.",
             is_user ? "user" : "database",
             (long long)(is_user ? config->max_sessions_per_user : config->max_sessions_per_database),
             is_user ? "user" : "database");
    dg_count(session->worker->shard, is_user ? DG_CELL_LIMIT_SESSIONS_PER_USER : DG_CELL_LIMIT_SESSIONS_PER_DATABASE,
             1);
    dg_session_take_leave(session);
    dg_session_refuse(session, "53300", message, detail, "Close sessions that are not needed, or raise the limit.");
}

bool dg_session_take_place(struct dg_split *split)
{
    struct dg_session *session = split->session;
    struct dg_startup startup;
    dg_startup_parse(dg_buffer_view(&session->startup), &startup);
    if (startup.kind != DG_STARTUP_MESSAGE)
        return true;
    const struct dg_config *config = dg_worker_config(session->worker);
    const struct dg_quota_limits limits = {(size_t)config->max_sessions_per_user,
                                           (size_t)config->max_sessions_per_database};
    enum dg_quota_answer answer =
        dg_quota_enter(session->worker->proxy->quota, session->route.upstream, name_of(&startup, "user"),
                       database_of(&startup), &limits, &session->place);
    if (answer == DG_QUOTA_ADMITTED)
        return true;
    dg_split_insert(split, DG_STR("")); /* what the server has said goes first */
    refuse_place(session, &startup, answer);
    return false;
}

/* ---- how long ----------------------------------------------------------------------------------------------------- */

void dg_session_startup_is_late(struct dg_session *session)
{
    bool is_packet = session->state == DG_SESSION_STARTUP;
    char detail[DETAIL_BYTES];
    dg_count(session->worker->shard, DG_CELL_LIMIT_STARTUP_TIMEOUT, 1);
    /* One that never said a word has nobody to be told. */
    if (session->state == DG_SESSION_PROXY_HEADER ||
        (is_packet && (session->awaits_hello || dg_buffer_len(&session->startup) == 0))) {
        dg_session_tls_failed(session, true);
        dg_session_enter(session, DG_SESSION_CLOSED);
        return;
    }
    snprintf(detail, sizeof detail,
             "driftguard: relay.startup_timeout_ms allows %lld ms from the connection to the first "
             "ReadyForQuery.",
             (long long)dg_worker_config(session->worker)->startup_timeout_ms);
    dg_session_fail(session, "57014",
                    is_packet ? "driftguard: the start-up packet did not arrive in time"
                              : "driftguard: authentication did not finish in time",
                    detail);
}

void dg_session_keep_alive(const struct dg_session *session, struct dg_stream *stream)
{
    const struct dg_config *config = dg_worker_config(session->worker);
    const struct dg_keep_alive keep_alive = {.idle_s = (int)config->tcp_keepalives_idle_s,
                                             .interval_s = (int)config->tcp_keepalives_interval_s,
                                             .count = (int)config->tcp_keepalives_count,
                                             .user_timeout_ms = (int)config->tcp_user_timeout_ms};
    dg_stream_keep_alive(stream, &keep_alive);
}

void dg_session_count_lost(struct dg_session *session, const struct dg_stream *stream)
{
    if (stream->fd < 0 || !stream->is_lost)
        return;
    bool is_client = stream == &session->client;
    dg_count(session->worker->shard, is_client ? DG_CELL_PEERS_LOST_CLIENT : DG_CELL_PEERS_LOST_SERVER, 1);
    dg_logf(session->worker->proxy->parts.log, DG_LOG_INFO, "peer_lost",
            "a peer does not answer any more; its session was closed",
            dg_field_str("side", is_client ? "client" : "server"));
}

/* ---- how much memory ----------------------------------------------------------------------------------------------
 *
 * relay.max_total_buffer_bytes stops nobody. Beyond it a session that holds nothing may still read one small piece, so
 * each flow moves on as its own receiver takes bytes, whatever the others hold: what waits for nobody else cannot wait for
 * ever. What would have to wait for more of itself, a long statement that is not whole, is not kept but forwarded unseen.
 * So the total is at most the limit, one read for each worker, and a small piece for each flow that is stuck.
 */

/* Of a client that has not been let in: start-up packets, passwords and tokens come in such pieces. */
#define STRANGER_READ_BYTES 2048u

static size_t buffer_bytes(const struct dg_session *session)
{
    const struct dg_outstanding *queue = &session->outstanding;
    size_t bytes = session->startup.cap + session->greeting.cap;
    bytes += session->to_server.kept.cap + session->to_server.pending.cap;
    bytes += session->to_client.kept.cap + session->to_client.pending.cap;
    return queue->cap <= DG_OUTSTANDING_SMALL ? bytes : bytes + queue->cap * sizeof *queue->ring;
}

void dg_session_count_buffers(struct dg_session *session)
{
    size_t now = session->state == DG_SESSION_CLOSED ? 0 : buffer_bytes(session);
    if (now == session->buffer_bytes)
        return;
    size_t change = now - session->buffer_bytes; /* unsigned: less wraps around, and back when it is added */
    atomic_fetch_add_explicit(&session->worker->proxy->buffer_bytes, change, memory_order_relaxed);
    dg_count(session->worker->shard, DG_CELL_BUFFER_BYTES, change);
    session->buffer_bytes = now;
}

bool dg_session_is_short_of_room(const struct dg_session *session)
{
    size_t bytes = atomic_load_explicit(&session->worker->proxy->buffer_bytes, memory_order_relaxed);
    return bytes > 0 && bytes >= (size_t)dg_worker_config(session->worker)->max_total_buffer_bytes;
}

void dg_session_squeeze(struct dg_session *session, struct dg_flow *flow)
{
    bool was_squeezed = flow->is_squeezed;
    bool is_strange = session->state == DG_SESSION_AUTHENTICATING && flow == &session->to_server;
    bool is_short = dg_buffer_len(&flow->pending) > 0 && dg_session_is_short_of_room(session);
    flow->is_squeezed = is_short || (is_strange && dg_buffer_len(&flow->pending) > 0);
    if (is_short && !was_squeezed)
        dg_count(session->worker->shard, DG_CELL_LIMIT_TOTAL_BUFFER_BYTES, 1);
}

size_t dg_session_read_max(const struct dg_session *session, const struct dg_flow *flow)
{
    if (session->state == DG_SESSION_AUTHENTICATING && flow == &session->to_server)
        return STRANGER_READ_BYTES;
    return dg_session_is_short_of_room(session) ? DG_SHORT_OF_ROOM_BYTES : DG_SCRATCH_BYTES;
}
