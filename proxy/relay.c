/*
 * Reading, splitting, sending. What a message means is not known here: dg_inspect_client and dg_inspect_server say
 * whether it passes, is dropped, or waits.
 *
 * A callback may part or close the session at any depth. Its memory stays until the end of the loop's turn and closed
 * streams swallow what is sent to them, so the one thing to do is to stop when dg_session_is_relaying says no.
 */
#include "proxy/relay.h"

#include "proxy/proxy_private.h"
#include "proxy/session.h"

/* Up to here the kept bytes are copied in front of what is read next; longer ones are read on to in their own buffer. */
#define JOIN_MAX_BYTES 8192u
#define READS_AT_ONCE 8

static bool is_relaying(const struct dg_session *session)
{
    return session->state == DG_SESSION_AUTHENTICATING || session->state == DG_SESSION_READY;
}

/* The peer is gone for writing. A client's absence ends the session. A server's last words may still be there to read. */
static void peer_is_deaf(struct dg_session *session, struct dg_flow *flow)
{
    dg_buffer_fini(&flow->pending);
    flow->is_paused = false;
    if (flow->to == &session->client)
        dg_session_enter(session, DG_SESSION_CLOSED);
    else if (dg_stream_is_unusable(flow->to))
        dg_session_server_gone(session);
    else
        flow->to->is_shut = true;
}

static enum dg_stream_result write_some(struct dg_session *session, struct dg_flow *flow, struct dg_str bytes,
                                        size_t *n)
{
    enum dg_stream_result result = dg_stream_write(flow->to, bytes.data, bytes.len, n);
    bool is_to_server = flow->to == &session->server;
    dg_count(session->worker->shard, is_to_server ? DG_CELL_BYTES_TO_SERVER : DG_CELL_BYTES_TO_CLIENT, *n);
    return result;
}

/* The peer has not taken all, and there is no room for the rest. A client that got half a message can be told no more. */
static void cannot_keep(struct dg_session *session, const struct dg_flow *flow)
{
    if (flow->to == &session->server) {
        dg_session_out_of_memory(session);
        return;
    }
    dg_session_count_shortage(session->worker);
    dg_session_enter(session, DG_SESSION_CLOSED);
}

static size_t pause_bytes(struct dg_session *session)
{
    return (size_t)dg_worker_config(session->worker)->max_buffer_bytes;
}

void dg_relay_send(struct dg_session *session, struct dg_flow *flow, struct dg_str bytes)
{
    if (flow->to->fd < 0 || flow->to->is_shut || bytes.len == 0)
        return;
    size_t n = 0;
    if (dg_buffer_len(&flow->pending) == 0) {
        enum dg_stream_result result = write_some(session, flow, bytes, &n);
        if (result == DG_STREAM_SOME)
            return;
        if (result == DG_STREAM_BROKEN) {
            peer_is_deaf(session, flow);
            return;
        }
    }
    if (dg_buffer_append(&flow->pending, bytes.data + n, bytes.len - n) != DG_OK) {
        cannot_keep(session, flow);
        return;
    }
    if (dg_buffer_len(&flow->pending) >= pause_bytes(session) && !flow->is_paused) {
        flow->is_paused = true;
        dg_count(session->worker->shard, DG_CELL_LIMIT_BUFFER_BYTES, 1);
    }
}

/* A client that has sent all is told to the server once all is there. */
static void pass_on_end(struct dg_session *session, struct dg_flow *flow)
{
    if (flow->from->has_ended && !flow->is_held && dg_buffer_len(&flow->pending) == 0 && flow->to == &session->server)
        dg_stream_shut(flow->to);
}

void dg_relay_flush(struct dg_session *session, struct dg_flow *flow)
{
    struct dg_str bytes = dg_buffer_view(&flow->pending);
    size_t n = 0;
    if (bytes.len > 0 && write_some(session, flow, bytes, &n) == DG_STREAM_BROKEN) {
        peer_is_deaf(session, flow);
        return;
    }
    dg_buffer_consume(&flow->pending, n);
    if (dg_buffer_len(&flow->pending) <= pause_bytes(session) / 2)
        flow->is_paused = false;
    if (is_relaying(session))
        pass_on_end(session, flow);
}

static void send_run(struct dg_split *split)
{
    if (split->at > split->sent) {
        struct dg_str run = {split->bytes.data + split->sent, split->at - split->sent};
        dg_relay_send(split->session, split->flow, run);
    }
    split->sent = split->at;
}

void dg_split_insert(struct dg_split *split, struct dg_str bytes)
{
    send_run(split);
    dg_relay_send(split->session, split->flow, bytes);
}

/* Moves on by `len` bytes, which pass or are thrown away. */
static void advance(struct dg_split *split, size_t len, bool is_dropping)
{
    if (is_dropping)
        send_run(split);
    split->at += len;
    if (is_dropping)
        split->sent = split->at;
}

/* The next message at split->at. False if it has to wait. */
static bool split_message(struct dg_split *split)
{
    struct dg_session *session = split->session;
    struct dg_flow *flow = split->flow;
    struct dg_str rest = {split->bytes.data + split->at, split->bytes.len - split->at};
    bool is_client = flow->from == &session->client;
    struct dg_frame frame;
    enum dg_status status = dg_frame_read(rest, &frame);
    if (status == DG_AGAIN)
        return false;
    if (status != DG_OK) {
        send_run(split);
        dg_session_malformed(session, is_client ? "client" : "server", "invalid message length");
        return false;
    }
    uint64_t total = (uint64_t)frame.body_bytes + DG_FRAME_HEADER_BYTES;
    if (rest.len > total)
        rest.len = (size_t)total;
    enum dg_step step = is_client ? dg_inspect_client(split, &frame, rest) : dg_inspect_server(split, &frame, rest);
    if (step == DG_STEP_WAIT)
        return false;
    flow->n_holds = 0;
    flow->is_dropping = step == DG_STEP_DROP;
    flow->body_left = total - rest.len;
    advance(split, rest.len, flow->is_dropping);
    return true;
}

/* Passes on all that may pass; returns how many bytes are done with. */
static size_t split_bytes(struct dg_session *session, struct dg_flow *flow, struct dg_str bytes)
{
    struct dg_split split = {session, flow, bytes, 0, 0};
    while (split.at < bytes.len && is_relaying(session)) {
        if (flow->body_left > 0) {
            size_t here = bytes.len - split.at;
            size_t len = flow->body_left < here ? (size_t)flow->body_left : here;
            flow->body_left -= len;
            advance(&split, len, flow->is_dropping);
        } else if (!split_message(&split)) {
            break;
        }
    }
    if (is_relaying(session))
        send_run(&split);
    return split.at;
}

/* Reads into the scratch buffer behind the kept bytes, or into their own. `*bytes` is all there is then. */
static enum dg_stream_result read_some(struct dg_session *session, struct dg_flow *flow, struct dg_str *bytes)
{
    struct dg_str kept = dg_buffer_view(&flow->kept);
    size_t max = dg_session_read_max(session, flow);
    size_t n = 0;
    if (kept.len > JOIN_MAX_BYTES) {
        uint8_t *room = dg_buffer_reserve(&flow->kept, max);
        if (room == NULL) {
            dg_session_out_of_memory(session);
            return DG_STREAM_LATER;
        }
        enum dg_stream_result result =
            dg_stream_read(flow->from, room, max < DG_SCRATCH_BYTES ? max : dg_buffer_room(&flow->kept), &n);
        dg_buffer_added(&flow->kept, n);
        *bytes = dg_buffer_view(&flow->kept);
        return result;
    }
    uint8_t *scratch = session->worker->scratch;
    if (kept.len > 0)
        memcpy(scratch, kept.data, kept.len);
    size_t room = DG_SCRATCH_BYTES - kept.len;
    enum dg_stream_result result = dg_stream_read(flow->from, scratch + kept.len, max < room ? max : room, &n);
    if (result == DG_STREAM_SOME && kept.len > 0)
        dg_buffer_consume(&flow->kept, kept.len);
    *bytes = (struct dg_str){(const char *)scratch, kept.len + n};
    return result;
}

/* The peer sends no more. Half a message that was kept is of no use to anybody. */
static void peer_has_ended(struct dg_session *session, struct dg_flow *flow, bool is_broken)
{
    dg_buffer_fini(&flow->kept);
    if (flow->from == &session->server)
        dg_session_server_gone(session);
    else if (is_broken)
        dg_session_enter(session, DG_SESSION_CLOSED);
    else
        pass_on_end(session, flow);
}

/* Reads once and passes on. True if the read was filled to the brim and all of it has gone: there is probably more. */
static bool read_once(struct dg_session *session, struct dg_flow *flow)
{
    struct dg_str bytes = {NULL, 0};
    enum dg_stream_result result = read_some(session, flow, &bytes);
    if (!is_relaying(session) || result == DG_STREAM_LATER)
        return false;
    if (result != DG_STREAM_SOME) {
        peer_has_ended(session, flow, result == DG_STREAM_BROKEN);
        return false;
    }
    bool is_in_kept = dg_buffer_len(&flow->kept) > 0;
    size_t n_done = split_bytes(session, flow, bytes);
    if (!is_relaying(session))
        return false;
    if (is_in_kept) {
        dg_buffer_consume(&flow->kept, n_done);
        return false;
    }
    if (dg_buffer_append(&flow->kept, bytes.data + n_done, bytes.len - n_done) != DG_OK) {
        dg_session_out_of_memory(session);
        return false;
    }
    return bytes.len == DG_SCRATCH_BYTES && !flow->is_held && !flow->is_blocked && dg_buffer_len(&flow->pending) == 0;
}

void dg_relay_read(struct dg_session *session, struct dg_flow *flow)
{
    /* In bulk this spares the event loop's call between two reads; others wait no longer than for READS_AT_ONCE. */
    for (int i = 0; i < READS_AT_ONCE && read_once(session, flow); i++)
        ;
}

void dg_relay_resume(struct dg_session *session, struct dg_flow *flow)
{
    flow->is_blocked = false;
    struct dg_str kept = dg_buffer_view(&flow->kept);
    if (kept.len == 0 || !is_relaying(session))
        return;
    size_t n_done = split_bytes(session, flow, kept);
    if (is_relaying(session))
        dg_buffer_consume(&flow->kept, n_done);
}
