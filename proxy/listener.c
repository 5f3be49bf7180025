/*
 * Accepting, in the first worker's thread, and the first look at the upstream.
 *
 * A client goes to the worker with the fewest sessions. When descriptors run out, accepting pauses for a moment rather
 * than spin on a socket that stays readable.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/proxy_private.h"

#define ACCEPT_PAUSE_MS 100
#define PROBE_MS 500
/* Accepted in one turn of the loop; the others' events come in between. */
#define ACCEPT_BATCH 64
/* Beyond relay.max_sessions clients are told so after their start-up packet; of so many only. Cancels pass there too. */
#define OVER_LIMIT_MAX 64u

static void after(struct event *event, long delay_ms)
{
    struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};
    event_add(event, &delay);
}

static struct dg_worker *least_busy(struct dg_proxy *proxy)
{
    struct dg_worker *best = &proxy->workers[0];
    for (size_t i = 1; i < proxy->n_workers; i++) {
        if (atomic_load(&proxy->workers[i].n_sessions) < atomic_load(&best->n_sessions))
            best = &proxy->workers[i];
    }
    return best;
}

static void welcome(struct dg_proxy *proxy, int fd)
{
    size_t max = (size_t)dg_worker_config(&proxy->workers[0])->max_sessions;
    size_t n = atomic_load(&proxy->n_sessions);
    if (n >= max + OVER_LIMIT_MAX) {
        close(fd);
        return;
    }
    dg_worker_take_client(least_busy(proxy), fd, n >= max);
}

static void pause_accepting(struct dg_proxy *proxy, int error)
{
    if (!proxy->is_short)
        dg_logf(
            proxy->parts.log, DG_LOG_WARNING, "accept_paused", "no client can be accepted for a moment",
            dg_field_str("error", error == EMFILE || error == ENFILE ? "out of file descriptors" : "out of resources"));
    proxy->is_short = true;
    event_del(&proxy->accepting);
    after(&proxy->accept_pause, ACCEPT_PAUSE_MS);
}

static void on_accept(evutil_socket_t fd, short what, void *context)
{
    struct dg_proxy *proxy = context;
    (void)what;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            proxy->is_short = false;
            welcome(proxy, client);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(proxy, errno);
        /* Others are the failed connection's own (accept(2)), and EAGAIN. */
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static void on_accept_pause(evutil_socket_t fd, short what, void *context)
{
    struct dg_proxy *proxy = context;
    (void)fd;
    (void)what;
    if (proxy->listen_fd >= 0)
        event_add(&proxy->accepting, NULL);
}

static void on_probed(void *context, const struct dg_connect_result *result)
{
    struct dg_proxy *proxy = context;
    proxy->probing = NULL;
    if (result->fd >= 0) {
        close(result->fd);
        atomic_store(&proxy->was_reached, true);
        return;
    }
    after(&proxy->probe, PROBE_MS);
}

/* Until somebody has reached the upstream. A connection that opens and leaves is not logged by the server. */
static void on_probe(evutil_socket_t fd, short what, void *context)
{
    struct dg_proxy *proxy = context;
    (void)fd;
    (void)what;
    if (atomic_load(&proxy->was_reached))
        return;
    struct dg_worker *worker = &proxy->workers[0];
    proxy->probing = dg_connect_start(&worker->resolver, proxy->upstream.host, proxy->upstream.port, NULL,
                                      dg_worker_config(worker)->connect_timeout_ms, on_probed, proxy);
    if (proxy->probing == NULL)
        after(&proxy->probe, PROBE_MS);
}

void dg_listener_start(struct dg_proxy *proxy)
{
    struct event_base *base = proxy->workers[0].base;
    event_assign(&proxy->accepting, base, proxy->listen_fd, EV_READ | EV_PERSIST, on_accept, proxy);
    event_assign(&proxy->accept_pause, base, -1, 0, on_accept_pause, proxy);
    event_assign(&proxy->probe, base, -1, 0, on_probe, proxy);
    event_add(&proxy->accepting, NULL);
    after(&proxy->probe, 0);
}

void dg_listener_close(struct dg_proxy *proxy)
{
    if (proxy->listen_fd < 0)
        return;
    event_del(&proxy->accepting);
    event_del(&proxy->accept_pause);
    close(proxy->listen_fd);
    proxy->listen_fd = -1;
}

void dg_listener_stop(struct dg_proxy *proxy)
{
    dg_listener_close(proxy);
    event_del(&proxy->probe);
    dg_connect_cancel(proxy->probing);
    proxy->probing = NULL;
}
