/*
 * One client and its server connection. The states, who moves them, and what each may become:
 *
 *      accept ---> PROXY_HEADER, where it is wanted
 *         |           v
 *         +------> STARTUP ---> CONNECTING ---> AUTHENTICATING ---> READY
 *                     |             |                 |               |
 *                     |             +------+----------+---------------+     an error of ours, or the server is gone
 *                     |                    v
 *                     +---------------> PARTING      the client still gets what is written for it
 *                     v                    |
 *                 CANCELLING               |
 *                     |                    v
 *                     +----------------> CLOSED      freed when this turn of the event loop ends
 *
 *   PROXY_HEADER    before STARTUP, where require_proxy_protocol is on: a load balancer says whose connection it is
 *   STARTUP         reads the first packet; before it SSLRequest and GSSENCRequest, once each, and the TLS handshake
 *   CONNECTING      to the upstream, its TLS handshake included; nothing is read from the client
 *   AUTHENTICATING  relays; the client's statements wait for the first ReadyForQuery
 *   READY           relays and shows each message to the guard; a session that is blind only relays
 *   CANCELLING      a CancelRequest is on its way to the server, or waits until a hold that it found has ended
 *   PARTING         the server side is closed; the client reads its last words
 *
 * Any state may become CLOSED. Only dg_session_enter changes it.
 *
 * startup.c gets a session going, session.c moves the states, relay.c the bytes, inspect_client.c and inspect_server.c look at messages.
 */
#ifndef DG_PROXY_SESSION_H
#define DG_PROXY_SESSION_H

#include "base/buffer.h"
#include "guard/guard.h"
#include "protocol/proxy_header.h"
#include "proxy/cancel_table.h"
#include "proxy/connect.h"
#include "proxy/outstanding.h"
#include "proxy/quota.h"
#include "proxy/relay.h"
#include "proxy/stream.h"
#include "proxy/worker.h"

enum dg_session_state {
    DG_SESSION_PROXY_HEADER,
    DG_SESSION_STARTUP,
    DG_SESSION_CONNECTING,
    DG_SESSION_AUTHENTICATING,
    DG_SESSION_READY,
    DG_SESSION_CANCELLING,
    DG_SESSION_PARTING,
    DG_SESSION_CLOSED
};

struct dg_startup;

/* Beyond relay.max_total_buffer_bytes a flow reads so much at once, and a message up to this length is still kept until it
   is whole. */
#define DG_SHORT_OF_ROOM_BYTES 8192u

struct dg_session {
    struct dg_worker *worker;
    struct dg_session *previous;
    struct dg_session *next;
    enum dg_session_state state;
    struct dg_stream client;
    struct dg_stream server;
    struct dg_flow to_server;
    struct dg_flow to_client;
    struct event timer; /* start-up, hold and parting deadlines, one at a time; not armed in steady state */
    struct dg_connect *connect;
    struct dg_proxy_source source; /* what a PROXY protocol header has said */
    struct dg_route route;         /* its address and host from AUTHENTICATING on */
    struct dg_cancel_entry *cancel;
    struct dg_quota_place place; /* since the first ReadyForQuery */
    struct dg_buffer startup;    /* the start-up packet, until the first ReadyForQuery */
    struct dg_buffer greeting;   /* ParameterStatus messages until then */
    struct dg_outstanding outstanding;
    uint64_t idle_since_ms;         /* idle.c's */
    size_t buffer_bytes;            /* as counted in the proxy's */
    struct dg_guard_session *guard; /* NULL before READY, and when statements are not looked at */
    bool is_over_limit;
    bool was_active; /* since idle.c looked last */
    bool has_seen_ssl_request;
    bool has_seen_gssenc_request;
    bool awaits_hello;     /* TLS is agreed on, and the ClientHello is not whole */
    bool awaits_turn;      /* it is, and others come first */
    bool is_shaking_hands; /* counted in worker->n_handshakes, since idle_since_ms */
    bool is_direct_tls;    /* it was not asked for */
    bool has_client_tls;   /* is counted as such */
    bool has_server_tls;
    bool awaits_mechanism;   /* one that is bound to the TLS channel cannot be let through (scram.c) */
    bool is_discarding;      /* a Parse was refused: drop all up to the Sync */
    bool may_owe_close;      /* an entry of the queue may be is_owed; this spares the look */
    bool is_close_owed;      /* the server's unnamed statement lives where a refused one would have ended it */
    bool is_unsynced;        /* the last message forwarded was none that a ReadyForQuery answers */
    bool is_blind;           /* messages pass unseen: replication, or tracking was lost */
    bool has_terminated;     /* the client said goodbye */
    bool server_said_why;    /* its last error was FATAL, or may have been: no words of ours are needed */
    bool has_sent_oversized; /* a message longer than PostgreSQL reads; it closes without a word then */
    bool has_seen_hold;      /* of a cancel: the statement was held when it last looked */
    uint8_t n_delays;        /* of a cancel */
    char status;             /* of the last ReadyForQuery */
    bool has_asked;          /* a statement was answered, or a drain has waited long enough for one */
};

/* Takes the socket over. Without memory the socket is closed. */
void dg_session_open(struct dg_worker *worker, struct dg_upstream *upstream, int fd, bool is_over_limit);
/* Frees the sessions that closed in this turn. */
void dg_session_reap(struct dg_worker *worker);

void dg_session_enter(struct dg_session *session, enum dg_session_state state);
/* Tells the client why (FATAL) and parts. */
void dg_session_fail(struct dg_session *session, const char *sqlstate, const char *message, const char *detail);
/* As dg_session_fail, with what to do about it. `detail` and `hint` may be NULL. */
void dg_session_refuse(struct dg_session *session, const char *sqlstate, const char *message, const char *detail,
                       const char *hint);
/* Tells the client that there is no memory (FATAL 53200) and parts; counted and logged. */
void dg_session_out_of_memory(struct dg_session *session);
/* Only counts and logs it, of a session that never came about. */
void dg_session_count_shortage(struct dg_worker *worker);
/* The peer broke the protocol: counted, and the session ends with FATAL 08P01. `side` is "client" or "server". */
void dg_session_malformed(struct dg_session *session, const char *side, const char *message);
/* Sends the server a Terminate for a client that sends none itself. */
void dg_session_take_leave(struct dg_session *session);
/* The server has closed, or cannot be spoken to any more. */
void dg_session_server_gone(struct dg_session *session);
/* First ReadyForQuery: the guard gets to know the session. */
void dg_session_begin(struct dg_session *session);
/* Idle outside of a transaction, as far as the session knows without asking the sockets. */
bool dg_session_is_idle(struct dg_session *session);
/* The worker drains: part now if idle, else after the next ReadyForQuery. A client that was about to get in, or did a
   moment ago, came in good faith: it is let in, and gets its first statement answered. */
void dg_session_drain(struct dg_session *session);
/* Parts with FATAL 57P01, whatever is under way. */
void dg_session_end(struct dg_session *session);
/* inspect_server.c: drops what is outstanding. */
void dg_session_forget_outstanding(struct dg_session *session);
/* No answers can be matched any more: all passes unseen from here on. */
void dg_session_lose_track(struct dg_session *session);

/* Begins a hold of one direction; it ends by time, by the guard's word, or by dg_session_end_hold. */
void dg_session_hold(struct dg_session *session, struct dg_flow *flow, uint32_t hold_ms);
void dg_session_end_hold(struct dg_session *session);

/* startup.c. Counts and logs a connection to the database that did not come about. */
void dg_session_upstream_failed(const struct dg_session *session, const struct dg_connect_result *result,
                                const char *event, const char *message);
/* startup.c: more of the client's first packet, from its socket or from here (at least a byte). */
void dg_session_read_startup(struct dg_session *session);
void dg_session_take_startup(struct dg_session *session, struct dg_str bytes);
/* origin.c: more of the PROXY protocol's header. */
void dg_session_read_proxy_header(struct dg_session *session);
/* The client, for people: its own address, or what the load balancer has said. */
void dg_session_print_client(const struct dg_session *session, char text[DG_ADDRESS_TEXT_BYTES]);
/* It comes over a Unix socket, and for itself. */
bool dg_session_is_local(const struct dg_session *session);
/* What the guard asks for (struct dg_guard_host); context is the session. */
void dg_session_on_resume(void *context);
bool dg_session_server_is_silent(void *context);
/* One deadline at a time: a later call replaces the earlier. */
void dg_session_arm(struct dg_session *session, uint64_t delay_ms);
/* Brings what the sockets are watched for in line with state and buffers; the last thing that every event does. */
void dg_session_update(struct dg_session *session);

/* session_tls.c. The client may have TLS, and has not. */
bool dg_session_offers_tls(struct dg_session *session);
/* handshakes.c. The client comes by TLS from here on. `is_direct`: it begins with these bytes, and asked for nothing
   before. */
void dg_session_start_tls(struct dg_session *session, struct dg_str first_bytes, bool is_direct);
/* More of its ClientHello is in session->startup; when it is whole the handshake begins, and reads go on with it. */
void dg_session_read_hello(struct dg_session *session);
/* It is established, or the session ends. Twice is fine. */
void dg_session_end_handshake(struct dg_session *session);
/* Whether client_tls.sslmode lets the client in; if not, it has been told so. */
bool dg_session_may_start(struct dg_session *session, const struct dg_startup *startup);
/* Takes `tls` over; NULL: the leg is plain. */
void dg_session_secure_server(struct dg_session *session, struct dg_tls *tls);
/* After a read: counts the session once its handshake is done. */
void dg_session_count_tls(struct dg_session *session);
void dg_session_uncount_tls(struct dg_session *session, bool is_client);
/* Counts and logs a handshake of the client that is under way and will not be finished; none: nothing. */
void dg_session_tls_failed(struct dg_session *session, bool is_late);

/* limits.c. relay.max_sessions was reached when the client came. */
void dg_session_refuse_crowd(struct dg_session *session);
/* At the first ReadyForQuery, before it is passed on: false if its user or its database has too many sessions, and then
   the client has been told so. */
bool dg_session_take_place(struct dg_split *split);
/* Counts what the session's buffers hold now; after every event. */
void dg_session_count_buffers(struct dg_session *session);
/* All sessions together hold more than relay.max_total_buffer_bytes. */
bool dg_session_is_short_of_room(const struct dg_session *session);
/* How much of this flow may be read now, at once. */
size_t dg_session_read_max(const struct dg_session *session, const struct dg_flow *flow);
/* Brings flow->is_squeezed up to date, and counts when it begins. */
void dg_session_squeeze(struct dg_session *session, struct dg_flow *flow);
/* Has the socket of a leg watch over its peer as the configuration says. */
void dg_session_keep_alive(const struct dg_session *session, struct dg_stream *stream);
/* Counts and logs a leg that is closed because its peer has gone without a word; another: nothing. */
void dg_session_count_lost(struct dg_session *session, const struct dg_stream *stream);
/* The start-up deadline has come. */
void dg_session_startup_is_late(struct dg_session *session);

/* cancel.c: the session was a CancelRequest; its deadline has come. */
void dg_session_start_cancel(struct dg_session *session, uint32_t pid, struct dg_str key);
void dg_session_continue_cancel(struct dg_session *session);

#endif
