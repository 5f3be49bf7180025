/*
 * Sockets and their events, and the one question whether there is TLS between.
 *
 * OpenSSL may hold bytes that no socket tells of. So when somebody wants to read, and there are such, a timer without
 * delay calls as the readable socket would have: in the loop's next turn, so that nobody else waits for it.
 */
#include "proxy/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/timer.h"
#include "proxy/tls.h"

/* OpenSSL has to write before it can read, and the socket is full: rare, and not worth an event of its own. */
#define RETRY_MS 10

void dg_stream_open(struct dg_stream *stream, struct event_base *base, int fd, event_callback_fn on_readable,
                    event_callback_fn on_writable, void *context)
{
    *stream = (struct dg_stream){.fd = fd, .on_writable = on_writable};
    int on = 1;
    /* Both fail on Unix sockets, where they are not needed. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)evutil_make_socket_nonblocking(fd);
    event_assign(&stream->readable, base, fd, EV_READ | EV_PERSIST, on_readable, context);
}

static void set_tcp_option(int fd, int option, int value)
{
    if (value > 0)
        (void)setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

void dg_stream_keep_alive(struct dg_stream *stream, const struct dg_keep_alive *keep_alive)
{
    set_tcp_option(stream->fd, TCP_KEEPIDLE, keep_alive->idle_s);
    set_tcp_option(stream->fd, TCP_KEEPINTVL, keep_alive->interval_s);
    set_tcp_option(stream->fd, TCP_KEEPCNT, keep_alive->count);
    set_tcp_option(stream->fd, TCP_USER_TIMEOUT, keep_alive->user_timeout_ms);
}

/* After a call that has failed for good. OpenSSL leaves the socket's errno as it was. */
static enum dg_stream_result broken(struct dg_stream *stream)
{
    if (errno == ETIMEDOUT || errno == EHOSTUNREACH || errno == ENETUNREACH)
        stream->is_lost = true;
    return DG_STREAM_BROKEN;
}

void dg_stream_secure(struct dg_stream *stream, struct dg_tls *tls)
{
    const struct event *readable = &stream->readable;
    event_assign(&tls->again, event_get_base(readable), -1, 0, event_get_callback(readable),
                 event_get_callback_arg(readable));
    stream->tls = tls;
}

void dg_stream_close(struct dg_stream *stream)
{
    if (stream->fd < 0)
        return;
    (void)!dg_stream_want(stream, false, false);
    if (stream->tls != NULL && !stream->is_shut)
        dg_tls_shut(stream->tls);
    dg_tls_free(stream->tls);
    stream->tls = NULL;
    close(stream->fd);
    stream->fd = -1;
    stream->has_ended = true;
    stream->is_shut = true;
}

static bool is_for_later(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static enum dg_stream_result read_tls(struct dg_stream *stream, void *bytes, size_t size, size_t *n)
{
    struct dg_tls *tls = stream->tls;
    errno = 0;
    enum dg_stream_result result = tls->is_established ? DG_STREAM_SOME : dg_tls_handshake(tls);
    if (result == DG_STREAM_SOME)
        result = dg_tls_read(tls, bytes, size, n);
    if (result == DG_STREAM_END || result == DG_STREAM_BROKEN)
        stream->has_ended = true;
    return result == DG_STREAM_BROKEN ? broken(stream) : result;
}

static enum dg_stream_result write_tls(struct dg_stream *stream, const void *bytes, size_t len, size_t *n)
{
    if (!stream->tls->is_established)
        return DG_STREAM_BROKEN;
    errno = 0;
    enum dg_stream_result result = dg_tls_write(stream->tls, bytes, len, n);
    return result == DG_STREAM_BROKEN ? broken(stream) : result;
}

enum dg_stream_result dg_stream_read(struct dg_stream *stream, void *bytes, size_t size, size_t *n)
{
    *n = 0;
    if (stream->tls != NULL)
        return read_tls(stream, bytes, size, n);
    ssize_t got = recv(stream->fd, bytes, size, 0);
    if (got > 0) {
        *n = (size_t)got;
        return DG_STREAM_SOME;
    }
    if (got < 0 && is_for_later(errno))
        return DG_STREAM_LATER;
    stream->has_ended = true;
    return got == 0 ? DG_STREAM_END : broken(stream);
}

enum dg_stream_result dg_stream_write(struct dg_stream *stream, const void *bytes, size_t len, size_t *n)
{
    *n = 0;
    if (stream->tls != NULL)
        return write_tls(stream, bytes, len, n);
    ssize_t sent = send(stream->fd, bytes, len, MSG_NOSIGNAL);
    if (sent >= 0) {
        *n = (size_t)sent;
        return (size_t)sent == len ? DG_STREAM_SOME : DG_STREAM_LATER;
    }
    return is_for_later(errno) ? DG_STREAM_LATER : broken(stream);
}

void dg_stream_shut(struct dg_stream *stream)
{
    if (stream->fd < 0 || stream->is_shut)
        return;
    if (stream->tls != NULL)
        dg_tls_shut(stream->tls);
    (void)shutdown(stream->fd, SHUT_WR);
    stream->is_shut = true;
}

bool dg_stream_is_unusable(const struct dg_stream *stream)
{
    return stream->tls != NULL && stream->tls->is_unusable;
}

bool dg_stream_is_silent(const struct dg_stream *stream)
{
    char byte;
    if (stream->tls != NULL && !dg_tls_is_empty(stream->tls))
        return false;
    return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && is_for_later(errno);
}

/* False if the event could not be added. */
static bool want_reading(struct dg_stream *stream, bool wanted)
{
    if (stream->is_reading == wanted)
        return true;
    if (wanted)
        stream->is_reading = event_add(&stream->readable, NULL) == 0;
    else
        stream->is_reading = event_del(&stream->readable) != 0;
    return stream->is_reading || !wanted;
}

/* The same; an event that is being called may be freed. */
static bool want_writing(struct dg_stream *stream, bool wanted)
{
    if ((stream->writable != NULL) == wanted)
        return true;
    if (!wanted) {
        event_free(stream->writable);
        stream->writable = NULL;
        return true;
    }
    stream->writable = event_new(event_get_base(&stream->readable), stream->fd, EV_WRITE | EV_PERSIST,
                                 stream->on_writable, event_get_callback_arg(&stream->readable));
    if (stream->writable == NULL || event_add(stream->writable, NULL) == 0)
        return stream->writable != NULL;
    event_free(stream->writable);
    stream->writable = NULL;
    return false;
}

/* Calls for what OpenSSL holds already. */
static void want_tls(struct dg_tls *tls, bool reading)
{
    if (reading && tls->has_more)
        dg_timer_start(&tls->again, tls->must_wait ? RETRY_MS : 0);
    else
        event_del(&tls->again);
}

bool dg_stream_want(struct dg_stream *stream, bool reading, bool writing)
{
    if (stream->fd < 0)
        return true;
    if (stream->tls != NULL)
        want_tls(stream->tls, reading);
    bool is_read = want_reading(stream, reading);
    return want_writing(stream, writing) && is_read;
}
