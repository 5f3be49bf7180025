/*
 * One end of a session: a non-blocking socket with its two libevent events, and reads and writes, plain or by TLS. All
 * that the rest of proxy/ knows about a connection goes through here: relay and inspection cannot tell the difference.
 *
 * Interest is kept as two flags beside the events, so that asking for what is already so costs nothing: in steady state
 * no event is added or deleted, only recv and send are called.
 */
#ifndef DG_PROXY_STREAM_H
#define DG_PROXY_STREAM_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/status.h"

struct dg_tls;

struct dg_stream {
    int fd; /* -1 when closed */
    struct event readable;
    struct event *writable; /* only while it is watched for: an idle session has none */
    event_callback_fn on_writable;
    struct dg_tls *tls; /* NULL: plain */
    bool is_reading;    /* the event is added */
    bool has_ended;     /* the peer will send no more */
    bool is_shut;       /* we will send no more */
    bool is_lost;       /* the peer has not answered for too long */
};

enum dg_stream_result { DG_STREAM_SOME, DG_STREAM_LATER, DG_STREAM_END, DG_STREAM_BROKEN };

/* Makes the socket non-blocking and quick (TCP_NODELAY, keep-alive) and takes it over. */
void dg_stream_open(struct dg_stream *stream, struct event_base *base, int fd, event_callback_fn on_readable,
                    event_callback_fn on_writable, void *context);
/* When a peer that says nothing, or acknowledges nothing, is dead; 0: as the system has it. */
struct dg_keep_alive {
    int idle_s;
    int interval_s;
    int count;
    int user_timeout_ms;
};
/* Nothing on a Unix socket. */
void dg_stream_keep_alive(struct dg_stream *stream, const struct dg_keep_alive *keep_alive);
/* From here on by TLS; takes `tls` over. Its handshake may be unfinished: then reading goes on with it, and writing is
   BROKEN until it is done. */
void dg_stream_secure(struct dg_stream *stream, struct dg_tls *tls);
/* Deletes the events and closes the socket; closed already is fine. */
void dg_stream_close(struct dg_stream *stream);

enum dg_stream_result dg_stream_read(struct dg_stream *stream, void *bytes, size_t size, size_t *n);
/* *n may be less than len: the rest is for later. */
enum dg_stream_result dg_stream_write(struct dg_stream *stream, const void *bytes, size_t len, size_t *n);
/* Tells the peer that no more will come. */
void dg_stream_shut(struct dg_stream *stream);
/* True if nothing can be read or written any more although the connection stands: TLS broke for want of memory, or at what
   the peer sent. */
bool dg_stream_is_unusable(const struct dg_stream *stream);
/* True if nothing has arrived and the connection stands. One system call at most. */
bool dg_stream_is_silent(const struct dg_stream *stream);

/* What the socket is to be watched for. False without memory for that: nothing would be heard of it any more. */
bool dg_stream_want(struct dg_stream *stream, bool reading, bool writing) DG_MUST_CHECK;

#endif
