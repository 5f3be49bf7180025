/*
 * Accepting, in the first worker's thread, and the first look at each upstream.
 *
 * A client goes to the worker with the fewest sessions. When descriptors run out, accepting pauses for a moment rather
 * than spin on a socket that stays readable.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/proxy_private.h"
#include "proxy/timer.h"

#define ACCEPT_PAUSE_MS 100
#define PROBE_MS 500
/* Accepted in one turn of the loop; the others' events come in between. */
#define ACCEPT_BATCH 64
/* More than a queue holds: whoever keeps coming to a socket that is about to close does not put that off for ever. */
#define ACCEPT_LAST 4096
/* Beyond relay.max_sessions clients are told so after their start-up packet; of so many only. Cancels pass there too. */
#define OVER_LIMIT_MAX 64u

static struct dg_worker *least_busy(struct dg_proxy *proxy)
{
    struct dg_worker *best = &proxy->workers[0];
    for (size_t i = 1; i < proxy->n_workers; i++) {
        if (atomic_load(&proxy->workers[i].n_sessions) < atomic_load(&best->n_sessions))
            best = &proxy->workers[i];
    }
    return best;
}

static void welcome(const struct dg_listener *listener, int fd)
{
    struct dg_proxy *proxy = listener->proxy;
    size_t max = (size_t)dg_worker_config(&proxy->workers[0])->max_sessions;
    size_t n = atomic_load(&proxy->n_sessions);
    if (n >= max)
        dg_count(proxy->workers[0].shard, DG_CELL_LIMIT_SESSIONS, 1);
    if (n >= max + OVER_LIMIT_MAX) {
        close(fd);
        return;
    }
    dg_worker_take_client(least_busy(proxy), listener->upstream, fd, n >= max);
}

static void pause_accepting(struct dg_proxy *proxy, int error)
{
    if (!proxy->is_short)
        dg_logf(
            proxy->parts.log, DG_LOG_WARNING, "accept_paused", "no client can be accepted for a moment",
            dg_field_str("error", error == EMFILE || error == ENFILE ? "out of file descriptors" : "out of resources"));
    proxy->is_short = true;
    for (size_t i = 0; i < proxy->n_listeners; i++)
        event_del(&proxy->listeners[i].accepting);
    dg_timer_start(&proxy->accept_pause, ACCEPT_PAUSE_MS);
}

/* Up to `max` clients. False if descriptors or memory ran out, with errno. */
static bool accept_all(const struct dg_listener *listener, int max)
{
    for (int i = 0; i < max; i++) {
        int client = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            listener->proxy->is_short = false;
            welcome(listener, client);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return false;
        /* Others are the failed connection's own (accept(2)), and EAGAIN. */
        if (errno != ECONNABORTED && errno != EINTR)
            return true;
    }
    return true;
}

static void on_accept(evutil_socket_t fd, short what, void *context)
{
    const struct dg_listener *listener = context;
    (void)fd;
    (void)what;
    if (!accept_all(listener, ACCEPT_BATCH))
        pause_accepting(listener->proxy, errno);
}

static void accept_again(struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_listeners; i++) {
        if (proxy->listeners[i].fd >= 0 && event_add(&proxy->listeners[i].accepting, NULL) != 0)
            dg_timer_start(&proxy->accept_pause, ACCEPT_PAUSE_MS);
    }
}

static void on_accept_pause(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    accept_again(context);
}

static void on_probed(void *context, const struct dg_connect_result *result)
{
    struct dg_upstream *upstream = context;
    upstream->probing = NULL;
    if (result->fd >= 0) {
        close(result->fd);
        atomic_store(&upstream->was_reached, true);
        return;
    }
    dg_timer_start(&upstream->probe, PROBE_MS);
}

/* Until somebody has reached the upstream. A connection that opens and leaves is not logged by the server. */
static void on_probe(evutil_socket_t fd, short what, void *context)
{
    struct dg_upstream *upstream = context;
    (void)fd;
    (void)what;
    if (atomic_load(&upstream->was_reached))
        return;
    struct dg_worker *worker = &upstream->proxy->workers[0];
    const struct dg_connect_plan plan = {.url = &upstream->url,
                                         .timeout_ms = dg_worker_config(worker)->connect_timeout_ms};
    upstream->probing = dg_connect_start(&worker->resolver, &plan, on_probed, upstream);
    if (upstream->probing == NULL)
        dg_timer_start(&upstream->probe, PROBE_MS);
}

void dg_listener_start(struct dg_proxy *proxy)
{
    struct event_base *base = proxy->workers[0].base;
    event_assign(&proxy->accept_pause, base, -1, 0, on_accept_pause, proxy);
    for (size_t i = 0; i < proxy->n_listeners; i++) {
        struct dg_listener *listener = &proxy->listeners[i];
        event_assign(&listener->accepting, base, listener->fd, EV_READ | EV_PERSIST, on_accept, listener);
    }
    accept_again(proxy);
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        event_assign(&proxy->upstreams[i].probe, base, -1, 0, on_probe, &proxy->upstreams[i]);
        dg_timer_start(&proxy->upstreams[i].probe, 0);
    }
}

static void close_all(struct dg_proxy *proxy)
{
    event_del(&proxy->accept_pause);
    for (size_t i = 0; i < proxy->n_listeners; i++) {
        struct dg_listener *listener = &proxy->listeners[i];
        if (listener->fd < 0)
            continue;
        event_del(&listener->accepting);
        dg_sockets_close(listener);
    }
}

/* Clients who wait in the queue of a socket of ours would be reset with it; in that of an inherited one the next process
   finds them. From a Unix socket nobody new can come once its file is gone. */
void dg_listener_drain(struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_listeners; i++) {
        struct dg_listener *listener = &proxy->listeners[i];
        if (listener->fd < 0 || listener->is_inherited)
            continue;
        dg_sockets_hide(listener);
        (void)accept_all(listener, ACCEPT_LAST);
    }
    close_all(proxy);
}

void dg_listener_stop(struct dg_proxy *proxy)
{
    close_all(proxy);
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        event_del(&proxy->upstreams[i].probe);
        dg_connect_cancel(proxy->upstreams[i].probing);
        proxy->upstreams[i].probing = NULL;
    }
}
