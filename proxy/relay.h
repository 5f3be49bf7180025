/*
 * Moving bytes from one socket to the other, one message at a time where it must, in runs where it can.
 *
 *      from --recv--> scratch or kept --split--> run of bytes that pass --send--> to
 *                          |                                   |
 *                    incomplete: kept                    not taken: pending
 *
 * In steady state what is read in one recv leaves in one send, straight from the worker's scratch buffer, and the
 * session holds no memory. `kept` holds a message that must be seen whole and is not there yet, or one that is held;
 * `pending` what the peer has not taken. While pending is above relay.max_buffer_bytes nothing more is read.
 */
#ifndef DG_PROXY_RELAY_H
#define DG_PROXY_RELAY_H

#include "base/buffer.h"
#include "protocol/frame.h"

struct dg_session;
struct dg_stream;

struct dg_flow {
    struct dg_stream *from;
    struct dg_stream *to;
    struct dg_buffer kept;
    struct dg_buffer pending;
    uint64_t body_left; /* of the message under way, which passes without being looked at */
    bool is_dropping;   /* or is thrown away */
    bool is_paused;     /* pending is too long */
    bool is_squeezed;   /* pending is not empty, and all sessions together have too much */
    bool is_held;       /* the guard wants the next message to wait */
    bool is_blocked;    /* the next message waits for something in the other direction */
    uint8_t n_holds;    /* of that message */
};

/* The bytes at hand, cut into messages. [sent, at) passes and has not been sent; `at` is where the next message is. */
struct dg_split {
    struct dg_session *session;
    struct dg_flow *flow;
    struct dg_str bytes;
    size_t sent;
    size_t at;
};

/* What becomes of a message. */
enum dg_step {
    DG_STEP_PASS, /* it goes on, all of it, also what has not arrived */
    DG_STEP_DROP, /* it does not */
    DG_STEP_WAIT  /* it stays: more bytes are needed, or it is held */
};

/* Messages in the hands of inspect_client.c and inspect_server.c. `message` begins with the header and ends where the
   bytes at hand end, or where the message does. */
enum dg_step dg_inspect_client(struct dg_split *split, const struct dg_frame *frame, struct dg_str message);
enum dg_step dg_inspect_server(struct dg_split *split, const struct dg_frame *frame, struct dg_str message);

/* scram.c, for sessions whose server leg is TLS: the server's Authentication message, and the client's answer to it. */
enum dg_step dg_scram_inspect_offer(struct dg_split *split, struct dg_str body);
enum dg_step dg_scram_inspect_choice(struct dg_split *split, const struct dg_frame *frame, struct dg_str message);

/* The body, if the message is there to its end. */
static inline bool dg_split_body(const struct dg_frame *frame, struct dg_str message, struct dg_str *body)
{
    *body = (struct dg_str){message.data + DG_FRAME_HEADER_BYTES, message.len - DG_FRAME_HEADER_BYTES};
    return body->len == frame->body_bytes;
}

/* Sends bytes of our own in the flow's direction, behind all that passed so far. */
void dg_split_insert(struct dg_split *split, struct dg_str bytes);

/* Reads what there is, within limits, and passes it on. */
void dg_relay_read(struct dg_session *session, struct dg_flow *flow);
/* Looks again at what was kept: a hold has ended, the queue has room. */
void dg_relay_resume(struct dg_session *session, struct dg_flow *flow);
/* Sends now or keeps for later. */
void dg_relay_send(struct dg_session *session, struct dg_flow *flow, struct dg_str bytes);
/* The peer takes bytes again. */
void dg_relay_flush(struct dg_session *session, struct dg_flow *flow);

#endif
