/*
 * The client's messages: which are shown to the guard, which are entered in the queue, which only pass.
 *
 * A message is shown to the guard once, when it is about to be forwarded and the server will execute it. While the
 * server skips after an error, or after a Parse that we refused, nothing is shown. Statements over inspect.max_bytes and
 * messages that do not parse go on unseen, with an entry in the queue all the same.
 */
#include "protocol/backend.h"
#include "protocol/frontend.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"

/* Names of portals and statements are looked for in so many bytes; the server itself cuts them at 63. */
#define NAMES_MAX_BYTES 4096u
#define MAX_PARAM_TYPES 65535u
/* A hold ends by itself; should the guard ask again and again for the same message, this is where it stops. */
#define MAX_HOLDS 8u

_Static_assert(sizeof(dg_oid) == sizeof(uint32_t), "parameter types are passed on as they are read");

static enum dg_step enter(struct dg_split *split, enum dg_sent kind, struct dg_ticket *ticket)
{
    struct dg_session *session = split->session;
    if (dg_outstanding_push(&session->outstanding, kind, ticket, false) == DG_OK)
        return DG_STEP_PASS;
    dg_ticket_unref(ticket);
    dg_session_lose_track(session);
    return DG_STEP_PASS;
}

/* Writes to the client, behind all that it has got. */
static void answer(struct dg_session *session, struct dg_str message)
{
    dg_relay_send(session, &session->to_client, message);
}

static void answer_ready(struct dg_session *session)
{
    struct dg_buffer out;
    dg_buffer_init(&out, 64);
    if (dg_ready_for_query_write(&out, 'I') == DG_OK)
        answer(session, dg_buffer_view(&out));
    dg_buffer_fini(&out);
}

/* The message that was entered last ends the unnamed statement, also one that should be dead already. */
static void end_unnamed(struct dg_session *session)
{
    if (session->is_blind)
        return;
    dg_outstanding_end_unnamed(&session->outstanding, session->is_close_owed);
    session->may_owe_close = session->may_owe_close || session->is_close_owed;
    session->is_close_owed = false;
}

/* What is left to do about a Query or Parse when the guard has decided. `is_parse` tells how it is refused;
   `ends_unnamed`: it does so with the unnamed statement. */
static enum dg_step carry_out(struct dg_split *split, const struct dg_decision *decision, bool is_parse,
                              bool ends_unnamed)
{
    struct dg_session *session = split->session;
    switch (decision->action) {
    case DG_ACTION_HOLD:
        dg_session_hold(session, split->flow, decision->hold_ms);
        return DG_STEP_WAIT;
    case DG_ACTION_REFUSE:
        /* Before the answer: a client that is gone by now ends the session, and its guard with it. */
        if (dg_guard_take_unnamed_dead(session->guard))
            session->is_close_owed = true;
        answer(session, decision->error);
        if (is_parse)
            session->is_discarding = true;
        else
            answer_ready(session);
        return DG_STEP_DROP;
    case DG_ACTION_FORWARD:
        break;
    }
    session->is_unsynced = is_parse;
    enum dg_step step = enter(split, is_parse ? DG_SENT_PARSE : DG_SENT_QUERY, decision->ticket);
    if (ends_unnamed)
        end_unnamed(session);
    return step;
}

static enum dg_step uninspected(struct dg_split *split, bool is_parse, struct dg_str name, enum dg_reason reason)
{
    struct dg_decision decision = {.action = DG_ACTION_FORWARD};
    decision.ticket = dg_guard_uninspected(split->session->guard, is_parse, name, reason);
    /* What the server cannot read does nothing there. */
    return carry_out(split, &decision, is_parse, name.len == 0 && reason != DG_REASON_UNPARSED);
}

/* Over inspect.max_bytes. */
static enum dg_step too_long(struct dg_split *split, bool is_parse, struct dg_str name)
{
    dg_count(split->session->worker->shard, DG_CELL_LIMIT_INSPECT_BYTES, 1);
    return uninspected(split, is_parse, name, DG_REASON_TOO_LONG);
}

/* A statement that is not whole is kept until it is, unless there is no room for it. */
static bool may_wait_for(const struct dg_split *split, const struct dg_frame *frame)
{
    return frame->body_bytes <= DG_SHORT_OF_ROOM_BYTES || !dg_session_is_short_of_room(split->session);
}

static enum dg_step no_room(struct dg_split *split, bool is_parse, struct dg_str name)
{
    dg_count(split->session->worker->shard, DG_CELL_LIMIT_TOTAL_BUFFER_BYTES, 1);
    return uninspected(split, is_parse, name, DG_REASON_NO_MEMORY);
}

static bool is_held_too_often(const struct dg_split *split)
{
    return split->flow->n_holds > MAX_HOLDS;
}

static size_t inspect_max_bytes(struct dg_session *session)
{
    return (size_t)dg_worker_config(session->worker)->max_inspect_bytes;
}

static enum dg_step inspect_query(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    struct dg_str body, text;
    if (frame->body_bytes > inspect_max_bytes(session))
        return too_long(split, false, DG_STR(""));
    if (!dg_split_body(frame, message, &body))
        return may_wait_for(split, frame) ? DG_STEP_WAIT : no_room(split, false, DG_STR(""));
    if (dg_query_read(body, &text) != DG_OK)
        return uninspected(split, false, DG_STR(""), DG_REASON_UNPARSED);
    if (is_held_too_often(split))
        return uninspected(split, false, DG_STR(""), DG_REASON_STALE);
    struct dg_decision decision = {.action = DG_ACTION_FORWARD};
    dg_guard_query(session->guard, text, dg_session_is_idle(session), &decision);
    return carry_out(split, &decision, false, true);
}

/* The guard gets the types in an array of our byte order. NULL without memory. */
static const uint32_t *param_types(struct dg_worker *worker, const struct dg_parse_message *parse)
{
    if (worker->param_types == NULL && parse->n_param_types > 0)
        worker->param_types = calloc(MAX_PARAM_TYPES, sizeof *worker->param_types);
    if (worker->param_types != NULL)
        dg_parse_copy_param_types(parse, worker->param_types);
    return worker->param_types;
}

/* Parse with a text that is too long, or for which there is no room: only its name is wanted, and that may be missing
   still. */
static enum dg_step inspect_long_parse(struct dg_split *split, struct dg_str message, bool is_too_long)
{
    struct dg_str prefix = {message.data + DG_FRAME_HEADER_BYTES, message.len - DG_FRAME_HEADER_BYTES};
    struct dg_str name;
    if (dg_parse_read_name(prefix, &name) != DG_OK) {
        if (prefix.len < NAMES_MAX_BYTES)
            return DG_STEP_WAIT;
        name = (struct dg_str){prefix.data, NAMES_MAX_BYTES};
    }
    return is_too_long ? too_long(split, true, name) : no_room(split, true, name);
}

static enum dg_step inspect_parse(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    struct dg_str body;
    if (frame->body_bytes > inspect_max_bytes(session))
        return inspect_long_parse(split, message, true);
    if (!dg_split_body(frame, message, &body))
        return may_wait_for(split, frame) ? DG_STEP_WAIT : inspect_long_parse(split, message, false);
    struct dg_parse_message parse;
    if (dg_parse_read(body, &parse) != DG_OK)
        return uninspected(split, true, DG_STR(""), DG_REASON_UNPARSED);
    const uint32_t *types = param_types(session->worker, &parse);
    if (types == NULL && parse.n_param_types > 0)
        return uninspected(split, true, parse.name, DG_REASON_NO_MEMORY);
    if (is_held_too_often(split))
        return uninspected(split, true, parse.name, DG_REASON_STALE);
    struct dg_decision decision = {.action = DG_ACTION_FORWARD};
    dg_guard_parse(session->guard, parse.name, parse.text, types, parse.n_param_types, dg_session_is_idle(session),
                   &decision);
    return carry_out(split, &decision, true, parse.name.len == 0);
}

/* A refused statement would have dropped the unnamed one on the server: have it dropped now, before it is used. The
   server's CloseComplete is not the client's. */
static void close_unnamed(struct dg_split *split)
{
    struct dg_session *session = split->session;
    struct dg_buffer out;
    dg_buffer_init(&out, 64);
    if (dg_close_unnamed_write(&out) == DG_OK) {
        if (dg_outstanding_push(&session->outstanding, DG_SENT_CLOSE, NULL, true) == DG_OK) {
            end_unnamed(session);
            dg_split_insert(split, dg_buffer_view(&out));
        } else {
            dg_session_lose_track(session);
        }
    }
    dg_buffer_fini(&out);
}

/* Before a message that uses the unnamed statement. False: it has to wait for the server. */
static bool settle_unnamed(struct dg_split *split)
{
    struct dg_session *session = split->session;
    if (session->is_close_owed) {
        close_unnamed(split);
        return true;
    }
    split->flow->is_blocked = session->may_owe_close && dg_outstanding_debt_is_open(&session->outstanding);
    return !split->flow->is_blocked;
}

static enum dg_step inspect_bind(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    struct dg_str body, portal, statement;
    bool is_whole = dg_split_body(frame, message, &body);
    if (dg_bind_read_names(body, &portal, &statement) != DG_OK) {
        if (!is_whole && body.len < NAMES_MAX_BYTES)
            return DG_STEP_WAIT;
        return enter(split, DG_SENT_BIND, NULL);
    }
    if (statement.len == 0 && !settle_unnamed(split))
        return DG_STEP_WAIT;
    if (session->is_blind)
        return DG_STEP_PASS;
    return enter(split, DG_SENT_BIND, dg_guard_bind(session->guard, portal, statement));
}

/* Describe and Close. */
static enum dg_step inspect_target(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    bool is_close = frame->type == DG_FRONTEND_CLOSE;
    enum dg_sent sent = is_close ? DG_SENT_CLOSE : DG_SENT_DESCRIBE;
    struct dg_str body, name;
    char kind;
    if (!dg_split_body(frame, message, &body))
        return frame->body_bytes > NAMES_MAX_BYTES ? enter(split, sent, NULL) : DG_STEP_WAIT;
    if (dg_target_read(body, &kind, &name) != DG_OK)
        return enter(split, sent, NULL);
    if (is_close) {
        dg_guard_close(session->guard, kind, name);
        enum dg_step step = enter(split, sent, NULL);
        if (kind == 'S' && name.len == 0)
            end_unnamed(session);
        return step;
    }
    if (kind == 'S' && name.len == 0 && !settle_unnamed(split))
        return DG_STEP_WAIT;
    if (session->is_blind)
        return DG_STEP_PASS;
    return enter(split, sent, dg_guard_describe(session->guard, kind, name));
}

static enum dg_step inspect_execute(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_str body, portal;
    uint32_t max_rows;
    if (!dg_split_body(frame, message, &body))
        return frame->body_bytes > NAMES_MAX_BYTES ? enter(split, DG_SENT_EXECUTE, NULL) : DG_STEP_WAIT;
    if (dg_execute_read(body, &portal, &max_rows) != DG_OK)
        return enter(split, DG_SENT_EXECUTE, NULL);
    return enter(split, DG_SENT_EXECUTE, dg_guard_execute(split->session->guard, portal));
}

/* After a refused Parse, as the server does after an error: Sync ends it, Terminate is honoured, the rest goes. Only on a
   type that it does not know in this place it ends the session, and says so itself. */
static enum dg_step discard(struct dg_session *session, char type)
{
    if (type == DG_FRONTEND_PASSWORD || dg_message_type_find(DG_SIDE_FRONTEND, type) == NULL)
        return DG_STEP_PASS;
    if (type == DG_FRONTEND_TERMINATE) {
        session->has_terminated = true;
        return DG_STEP_PASS;
    }
    if (type == DG_FRONTEND_SYNC) {
        session->is_discarding = false;
        answer_ready(session);
    }
    return DG_STEP_DROP;
}

/* The statements of a session that is not ready wait; what belongs to authentication passes. */
static enum dg_step inspect_before_ready(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    const char type = frame->type;
    if (type == DG_FRONTEND_PASSWORD && split->session->awaits_mechanism)
        return dg_scram_inspect_choice(split, frame, message);
    if (type == DG_FRONTEND_PASSWORD || dg_message_type_find(DG_SIDE_FRONTEND, type) == NULL)
        return DG_STEP_PASS;
    if (type == DG_FRONTEND_TERMINATE) {
        split->session->has_terminated = true;
        return DG_STEP_PASS;
    }
    split->flow->is_blocked = true;
    return DG_STEP_WAIT;
}

static enum dg_step inspect_statement(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    switch (frame->type) {
    case DG_FRONTEND_QUERY:
        return inspect_query(split, frame, message);
    case DG_FRONTEND_PARSE:
        return inspect_parse(split, frame, message);
    case DG_FRONTEND_BIND:
        session->is_unsynced = true;
        return inspect_bind(split, frame, message);
    case DG_FRONTEND_DESCRIBE:
    case DG_FRONTEND_CLOSE:
        session->is_unsynced = true;
        return inspect_target(split, frame, message);
    case DG_FRONTEND_EXECUTE:
        session->is_unsynced = true;
        return inspect_execute(split, frame, message);
    case DG_FRONTEND_FUNCTION_CALL:
        session->is_unsynced = false;
        return enter(split, DG_SENT_FUNCTION_CALL, NULL);
    case DG_FRONTEND_COPY_DONE:
    case DG_FRONTEND_COPY_FAIL:
        session->is_unsynced = true;
        return enter(split, DG_SENT_COPY_END, NULL);
    default:
        session->is_unsynced = true;
        return DG_STEP_PASS;
    }
}

/* Such a message goes on: the limit is the server's, and another version's may be another. But PostgreSQL closes on it
   without a word, and then the client is told why. */
static bool is_oversized(const struct dg_frame *frame)
{
    if (frame->body_bytes <= DG_BODY_SMALL)
        return false;
    const struct dg_message_type *type = dg_message_type_find(DG_SIDE_FRONTEND, frame->type);
    return type != NULL && frame->body_bytes > type->max_body_bytes;
}

enum dg_step dg_inspect_client(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    if (is_oversized(frame))
        session->has_sent_oversized = true;
    if (session->state == DG_SESSION_AUTHENTICATING)
        return inspect_before_ready(split, frame, message);
    if (split->flow->is_held)
        return DG_STEP_WAIT;
    /* The server's error is held: what the guard learns from it comes before the next message. */
    if (session->to_client.is_held || dg_outstanding_is_full(&session->outstanding)) {
        split->flow->is_blocked = true;
        return DG_STEP_WAIT;
    }
    if (session->is_discarding)
        return discard(session, frame->type);
    if (frame->type == DG_FRONTEND_TERMINATE) {
        session->has_terminated = true;
        return DG_STEP_PASS;
    }
    if (session->is_blind)
        return DG_STEP_PASS;
    if (frame->type == DG_FRONTEND_SYNC) {
        session->is_unsynced = false;
        return enter(split, DG_SENT_SYNC, NULL);
    }
    if (session->outstanding.is_skipping)
        return DG_STEP_PASS;
    return inspect_statement(split, frame, message);
}
