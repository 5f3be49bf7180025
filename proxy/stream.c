/*
 * Sockets and their events.
 */
#include "proxy/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

void dg_stream_open(struct dg_stream *stream, struct event_base *base, int fd, event_callback_fn on_readable,
                    event_callback_fn on_writable, void *context)
{
    *stream = (struct dg_stream){.fd = fd};
    int on = 1;
    /* Both fail on Unix sockets, where they are not needed. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)evutil_make_socket_nonblocking(fd);
    event_assign(&stream->readable, base, fd, EV_READ | EV_PERSIST, on_readable, context);
    event_assign(&stream->writable, base, fd, EV_WRITE | EV_PERSIST, on_writable, context);
}

void dg_stream_close(struct dg_stream *stream)
{
    if (stream->fd < 0)
        return;
    dg_stream_want(stream, false, false);
    close(stream->fd);
    stream->fd = -1;
    stream->has_ended = true;
    stream->is_shut = true;
}

static bool is_for_later(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

enum dg_stream_result dg_stream_read(struct dg_stream *stream, void *bytes, size_t size, size_t *n)
{
    *n = 0;
    ssize_t got = recv(stream->fd, bytes, size, 0);
    if (got > 0) {
        *n = (size_t)got;
        return DG_STREAM_SOME;
    }
    if (got < 0 && is_for_later(errno))
        return DG_STREAM_LATER;
    stream->has_ended = true;
    return got == 0 ? DG_STREAM_END : DG_STREAM_BROKEN;
}

enum dg_stream_result dg_stream_write(struct dg_stream *stream, const void *bytes, size_t len, size_t *n)
{
    *n = 0;
    ssize_t sent = send(stream->fd, bytes, len, MSG_NOSIGNAL);
    if (sent >= 0) {
        *n = (size_t)sent;
        return (size_t)sent == len ? DG_STREAM_SOME : DG_STREAM_LATER;
    }
    return is_for_later(errno) ? DG_STREAM_LATER : DG_STREAM_BROKEN;
}

void dg_stream_shut(struct dg_stream *stream)
{
    if (stream->fd < 0 || stream->is_shut)
        return;
    (void)shutdown(stream->fd, SHUT_WR);
    stream->is_shut = true;
}

bool dg_stream_is_silent(const struct dg_stream *stream)
{
    char byte;
    return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && is_for_later(errno);
}

static void set_interest(struct event *event, bool *is_added, bool wanted)
{
    if (*is_added == wanted)
        return;
    if (wanted)
        *is_added = event_add(event, NULL) == 0;
    else
        *is_added = event_del(event) != 0;
}

void dg_stream_want(struct dg_stream *stream, bool reading, bool writing)
{
    if (stream->fd < 0)
        return;
    set_interest(&stream->readable, &stream->is_reading, reading);
    set_interest(&stream->writable, &stream->is_writing, writing);
}
