/*
 * The server's messages: errors, completions, ReadyForQuery, ParameterStatus, BackendKeyData and CommandComplete are
 * read; of others the type is enough to move the queue on; the bodies of rows, COPY data, notices and notifications are
 * never looked at.
 */
#include "protocol/backend.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"

/* Longer ones are not looked into; no server writes such errors, tags or parameters. */
#define BODY_MAX_BYTES 1048576u
#define MAX_HOLDS 8u

static enum dg_stage stage_of(const struct dg_outstanding_entry *entry)
{
    switch (entry->kind) {
    case DG_SENT_QUERY:
        return DG_STAGE_QUERY;
    case DG_SENT_PARSE:
        return DG_STAGE_PARSE;
    case DG_SENT_BIND:
        return DG_STAGE_BIND;
    case DG_SENT_DESCRIBE:
        return DG_STAGE_DESCRIBE;
    case DG_SENT_EXECUTE:
        return DG_STAGE_EXECUTE;
    case DG_SENT_CLOSE:
    case DG_SENT_SYNC:
    case DG_SENT_FUNCTION_CALL:
    case DG_SENT_COPY_END:
        break;
    }
    return DG_STAGE_OTHER;
}

static void entry_gone(void *context, const struct dg_outstanding_entry *entry, bool is_skipped)
{
    struct dg_session *session = context;
    if (is_skipped && entry->ticket != NULL && session->guard != NULL)
        dg_guard_skipped(session->guard, entry->ticket, stage_of(entry));
    if (is_skipped && entry->is_owed && !dg_outstanding_pass_debt(&session->outstanding))
        session->is_close_owed = true;
    dg_ticket_unref(entry->ticket);
}

void dg_session_forget_outstanding(struct dg_session *session)
{
    dg_outstanding_fini(&session->outstanding, entry_gone, session);
}

static void move_on(struct dg_session *session, char type)
{
    dg_outstanding_answer(&session->outstanding, type, entry_gone, session);
}

/* Severity ERROR leaves the session alive; FATAL and PANIC are the server's last words. */
static bool is_last_words(struct dg_str body)
{
    struct dg_error_fields fields;
    if (dg_error_fields_parse(body, &fields) != DG_OK)
        return false;
    struct dg_str severity = fields.severity_english.data != NULL ? fields.severity_english : fields.severity;
    return dg_str_is(severity, "FATAL") || dg_str_is(severity, "PANIC");
}

static void ask_guard(struct dg_session *session, struct dg_str body, struct dg_reaction *reaction)
{
    const struct dg_outstanding_entry *entry = dg_outstanding_find(&session->outstanding, DG_BACKEND_ERROR_RESPONSE);
    *reaction = (struct dg_reaction){.action = DG_REACTION_PASS};
    dg_guard_error(session->guard, entry == NULL ? NULL : entry->ticket,
                   entry == NULL ? DG_STAGE_OTHER : stage_of(entry), body, reaction);
}

/* Puts the explained error in the place of the server's; without memory the server's own goes on. */
static enum dg_step rewrite(struct dg_split *split, struct dg_str body, const struct dg_error_addition *addition)
{
    struct dg_buffer out;
    dg_buffer_init(&out, 2 * BODY_MAX_BYTES);
    enum dg_status status = dg_error_fields_rewrite(body, addition, &out);
    if (status == DG_OK)
        dg_split_insert(split, dg_buffer_view(&out));
    dg_buffer_fini(&out);
    return status == DG_OK ? DG_STEP_DROP : DG_STEP_PASS;
}

static enum dg_step inspect_error(struct dg_split *split, struct dg_str body)
{
    struct dg_session *session = split->session;
    if (is_last_words(body)) {
        session->server_said_why = true;
        return DG_STEP_PASS;
    }
    struct dg_reaction reaction;
    ask_guard(session, body, &reaction);
    if (reaction.action == DG_REACTION_HOLD && session->to_server.is_held) {
        /* One hold at a time: the error goes before the statement that waits. */
        dg_guard_hold_ended(session->guard);
        ask_guard(session, body, &reaction);
    }
    if (reaction.action == DG_REACTION_HOLD && !session->to_server.is_held && split->flow->n_holds <= MAX_HOLDS) {
        dg_session_hold(session, split->flow, reaction.hold_ms);
        return DG_STEP_WAIT;
    }
    enum dg_step step = DG_STEP_PASS;
    if (reaction.action == DG_REACTION_REWRITE)
        step = rewrite(split, body, &reaction.addition);
    move_on(session, DG_BACKEND_ERROR_RESPONSE);
    return step;
}

static enum dg_step inspect_ready(struct dg_session *session, struct dg_str body)
{
    char status;
    bool is_understood = dg_ready_for_query_read(body, &status) == DG_OK;
    session->server_said_why = false;
    session->has_asked = session->state == DG_SESSION_READY;
    if (session->state == DG_SESSION_AUTHENTICATING)
        dg_session_begin(session);
    else if (is_understood)
        move_on(session, DG_BACKEND_READY_FOR_QUERY);
    if (!is_understood) {
        dg_session_lose_track(session); /* of a later protocol, or not PostgreSQL's: its sessions are only relayed */
        return DG_STEP_PASS;
    }
    session->status = status;
    session->was_active = true;
    if (dg_outstanding_is_empty(&session->outstanding))
        session->may_owe_close = false;
    /* What was sent behind the last Sync or Query and left no entry (CopyDone, Flush) opens no transaction. */
    if (!session->outstanding.is_skipping && dg_outstanding_is_empty(&session->outstanding))
        session->is_unsynced = false;
    if (session->guard != NULL)
        dg_guard_ready(session->guard, status);
    return DG_STEP_PASS;
}

static enum dg_step inspect_parameter(struct dg_session *session, struct dg_str message, struct dg_str body)
{
    struct dg_str name, value;
    if (session->state == DG_SESSION_AUTHENTICATING) {
        /* The guard is told at the first ReadyForQuery. Too many for the buffer: those are not known to it. */
        if (dg_buffer_append(&session->greeting, message.data, message.len) != DG_OK)
            return DG_STEP_PASS;
    } else if (session->guard != NULL && dg_parameter_status_read(body, &name, &value) == DG_OK) {
        dg_guard_session_parameter(session->guard, name, value);
    }
    return DG_STEP_PASS;
}

static enum dg_step inspect_key(struct dg_session *session, struct dg_str body)
{
    struct dg_worker *worker = session->worker;
    uint32_t pid;
    struct dg_str key;
    if (session->cancel == NULL && dg_backend_key_read(body, &pid, &key) == DG_OK)
        session->cancel = dg_cancel_table_add(worker->proxy->cancels, pid, key, &session->route, worker, session);
    return DG_STEP_PASS;
}

/* Parse, Bind and Execute done, a Query's next statement done. */
static enum dg_step complete(struct dg_session *session, char type, struct dg_str tag)
{
    const struct dg_outstanding_entry *entry = dg_outstanding_find(&session->outstanding, type);
    if (entry == NULL)
        return DG_STEP_PASS;
    bool is_ours = entry->is_ours;
    enum dg_stage stage = stage_of(entry);
    if (entry->ticket != NULL && stage != DG_STAGE_OTHER && stage != DG_STAGE_DESCRIBE)
        dg_guard_completed(session->guard, entry->ticket, stage, tag);
    move_on(session, type);
    return is_ours ? DG_STEP_DROP : DG_STEP_PASS;
}

static enum dg_step inspect_tag(struct dg_session *session, struct dg_str body)
{
    struct dg_str tag = DG_STR("");
    if (dg_command_complete_read(body, &tag) != DG_OK)
        tag = DG_STR("");
    return complete(session, DG_BACKEND_COMMAND_COMPLETE, tag);
}

static bool must_be_whole(char type)
{
    return type == DG_BACKEND_ERROR_RESPONSE || type == DG_BACKEND_READY_FOR_QUERY ||
           type == DG_BACKEND_PARAMETER_STATUS || type == DG_BACKEND_BACKEND_KEY_DATA ||
           type == DG_BACKEND_COMMAND_COMPLETE;
}

/* Before the first ReadyForQuery, and of a session that is blind: errors that end it, and what other sessions need. */
static enum dg_step inspect_untracked(struct dg_session *session, char type, struct dg_str message, struct dg_str body)
{
    if (type == DG_BACKEND_READY_FOR_QUERY)
        return inspect_ready(session, body);
    if (type == DG_BACKEND_PARAMETER_STATUS)
        return inspect_parameter(session, message, body);
    if (type == DG_BACKEND_BACKEND_KEY_DATA)
        return inspect_key(session, body);
    /* An error during start-up is the end, whatever its severity is called there. */
    if (type == DG_BACKEND_ERROR_RESPONSE && (session->state == DG_SESSION_AUTHENTICATING || is_last_words(body)))
        session->server_said_why = true;
    return DG_STEP_PASS;
}

static bool may_offer_sasl(const struct dg_session *session, char type)
{
    return type == DG_BACKEND_AUTHENTICATION && session->server.tls != NULL &&
           session->state == DG_SESSION_AUTHENTICATING;
}

static enum dg_step inspect_answer(struct dg_split *split, char type, struct dg_str message, struct dg_str body)
{
    struct dg_session *session = split->session;
    switch (type) {
    case DG_BACKEND_ERROR_RESPONSE:
        return inspect_error(split, body);
    case DG_BACKEND_READY_FOR_QUERY:
        return inspect_ready(session, body);
    case DG_BACKEND_PARAMETER_STATUS:
        return inspect_parameter(session, message, body);
    case DG_BACKEND_COMMAND_COMPLETE:
        return inspect_tag(session, body);
    case DG_BACKEND_PARSE_COMPLETE:
    case DG_BACKEND_BIND_COMPLETE:
    case DG_BACKEND_CLOSE_COMPLETE:
    case DG_BACKEND_EMPTY_QUERY_RESPONSE:
    case DG_BACKEND_PORTAL_SUSPENDED:
        return complete(session, type, DG_STR(""));
    case DG_BACKEND_NOTICE_RESPONSE:
        dg_guard_notice(session->guard);
        return DG_STEP_PASS;
    case DG_BACKEND_COPY_BOTH_RESPONSE:
        dg_session_lose_track(session);
        return DG_STEP_PASS;
    case DG_BACKEND_ROW_DESCRIPTION:
    case DG_BACKEND_NO_DATA:
    case DG_BACKEND_COPY_IN_RESPONSE:
        move_on(session, type);
        return DG_STEP_PASS;
    default:
        return DG_STEP_PASS;
    }
}

enum dg_step dg_inspect_server(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    if (frame->type == DG_BACKEND_DATA_ROW)
        return DG_STEP_PASS;
    if (split->flow->is_held)
        return DG_STEP_WAIT;
    struct dg_str body;
    bool is_whole = dg_split_body(frame, message, &body);
    if ((must_be_whole(frame->type) || may_offer_sasl(session, frame->type)) && !is_whole) {
        if (frame->body_bytes <= (dg_session_is_short_of_room(session) ? DG_SHORT_OF_ROOM_BYTES : BODY_MAX_BYTES))
            return DG_STEP_WAIT;
        /* Too long to be looked at, but it is an answer all the same, and may be the last. */
        if (frame->type == DG_BACKEND_ERROR_RESPONSE)
            session->server_said_why = true;
        /* Perhaps the search path: not understood. */
        if (frame->type == DG_BACKEND_PARAMETER_STATUS && session->guard != NULL)
            dg_guard_session_parameter(session->guard, DG_STR("search_path"), DG_STR(","));
        if (!session->is_blind && session->state == DG_SESSION_READY)
            move_on(session, frame->type);
        return DG_STEP_PASS;
    }
    if (may_offer_sasl(session, frame->type))
        return dg_scram_inspect_offer(split, body);
    bool is_first_ready = session->state == DG_SESSION_AUTHENTICATING && frame->type == DG_BACKEND_READY_FOR_QUERY;
    if (is_first_ready && !dg_session_take_place(split))
        return DG_STEP_DROP;
    if (session->is_blind || session->state == DG_SESSION_AUTHENTICATING)
        return inspect_untracked(session, frame->type, message, body);
    return inspect_answer(split, frame->type, message, body);
}
