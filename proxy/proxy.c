/*
 * Binding, and the life of the workers.
 */
#include "proxy/proxy.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/proxy_private.h"

#define BACKLOG 1024

static const struct dg_config *config_of(struct dg_published *published, struct dg_shared **object)
{
    *object = dg_published_get(published);
    return (const struct dg_config *)*object;
}

/* ---- the listening socket ---------------------------------------------------------------------------------------- */

/* The first address of the name that can be bound. SO_REUSEADDR lets a restart pass over what the last run left in
   TIME_WAIT; a socket that somebody listens on stays taken. */
static int bind_and_listen(const struct addrinfo *addresses)
{
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            error = errno;
            continue;
        }
        int on = 1;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
            return fd;
        error = errno;
        close(fd);
    }
    errno = error;
    return -1;
}

/* The socket that `listen_text` names. */
static enum dg_status open_socket(struct dg_listener *listener, const char *listen_text, struct dg_error *error)
{
    char host[256], port[8];
    enum dg_status status = dg_address_parse(listen_text, host, port, error);
    if (status != DG_OK)
        return status;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *addresses = NULL;
    int failure = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &addresses);
    if (failure != 0)
        return dg_error_set(error, DG_IO, "cannot listen on %s: %s", listen_text, gai_strerror(failure));
    listener->fd = bind_and_listen(addresses);
    int reason = errno;
    freeaddrinfo(addresses);
    if (listener->fd >= 0)
        return DG_OK;
    if (reason == EADDRINUSE)
        return dg_error_set(error, DG_IO, "cannot listen on %s: the address is in use by another process", listen_text);
    return dg_error_set(error, DG_IO, "cannot listen on %s: %s", listen_text, strerror(reason));
}

/* ---- an upstream that is ourselves ------------------------------------------------------------------------------- */

static in_port_t port_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)address)->sin_port;
    return ((const struct sockaddr_in6 *)(const void *)address)->sin6_port;
}

static struct dg_str host_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return (struct dg_str){(const char *)&v4->sin_addr, sizeof v4->sin_addr};
    }
    const struct sockaddr_in6 *v6 = (const void *)address;
    return (struct dg_str){(const char *)&v6->sin6_addr, sizeof v6->sin6_addr};
}

static bool is_wildcard(struct dg_str host)
{
    static const char zeros[16];
    return memcmp(host.data, zeros, host.len) == 0;
}

/* An address of this machine? The whole of 127.0.0.0/8 is. */
static bool is_local(const struct sockaddr *address)
{
    struct dg_str host = host_of(address);
    struct ifaddrs *interfaces = NULL;
    bool found = address->sa_family == AF_INET && (unsigned char)host.data[0] == 127;
    if (found || getifaddrs(&interfaces) != 0)
        return found;
    for (const struct ifaddrs *at = interfaces; at != NULL && !found; at = at->ifa_next)
        found = at->ifa_addr != NULL && at->ifa_addr->sa_family == address->sa_family &&
                dg_str_equal(host_of(at->ifa_addr), host);
    freeifaddrs(interfaces);
    return found;
}

static bool is_listener(const struct sockaddr *upstream, const struct sockaddr *listener)
{
    if (upstream->sa_family != AF_INET && upstream->sa_family != AF_INET6)
        return false;
    if (port_of(upstream) != port_of(listener))
        return false;
    if (is_wildcard(host_of(listener)))
        return is_wildcard(host_of(upstream)) || is_local(upstream);
    return upstream->sa_family == listener->sa_family && dg_str_equal(host_of(upstream), host_of(listener));
}

/* A name that does not resolve now may later; then it is looked at when clients come, not here. */
static bool host_is_listener(const struct dg_url_host *host, const struct dg_address *own)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    bool found = false;
    if (host->host[0] == '/' || getaddrinfo(host->host, host->port, &hints, &addresses) != 0)
        return false;
    for (const struct addrinfo *at = addresses; at != NULL && !found; at = at->ai_next)
        found = is_listener(at->ai_addr, (const struct sockaddr *)&own->storage);
    freeaddrinfo(addresses);
    return found;
}

/* Any listener as a host of any upstream: a session would come back to us for ever. */
static enum dg_status refuse_loops(const struct dg_proxy *proxy, const struct dg_listener *listener,
                                   const struct dg_address *own, struct dg_error *error)
{
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        const struct dg_url *url = &proxy->upstreams[i].url;
        for (size_t j = 0; j < url->n_hosts; j++) {
            if (host_is_listener(&url->hosts[j], own))
                return dg_error_set(error, DG_CONFIG,
                                    "upstream %s:%s is the address that driftguard itself listens on (%s)",
                                    url->hosts[j].host, url->hosts[j].port, listener->address);
        }
    }
    return DG_OK;
}

/* ---- the proxy --------------------------------------------------------------------------------------------------- */

static enum dg_status open_listener(struct dg_listener *listener, const char *listen_text, struct dg_error *error)
{
    enum dg_status status = open_socket(listener, listen_text, error);
    if (status != DG_OK)
        return status;
    struct dg_address own = {.len = sizeof own.storage};
    if (getsockname(listener->fd, (struct sockaddr *)&own.storage, &own.len) != 0)
        return dg_error_set(error, DG_IO, "cannot listen on %s: %s", listen_text, strerror(errno));
    dg_address_print(&own, listener->address);
    return refuse_loops(listener->proxy, listener, &own, error);
}

static enum dg_status make_upstreams(struct dg_proxy *proxy, const struct dg_config *config, struct dg_error *error)
{
    proxy->upstreams = calloc(1, sizeof *proxy->upstreams);
    if (proxy->upstreams == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    proxy->n_upstreams = 1;
    proxy->upstreams[0] = (struct dg_upstream){.proxy = proxy, .name = "main"};
    return dg_url_parse(config->upstream, &proxy->upstreams[0].url, error);
}

static enum dg_status open_listeners(struct dg_proxy *proxy, const struct dg_config *config, struct dg_error *error)
{
    proxy->listeners = calloc(1, sizeof *proxy->listeners);
    if (proxy->listeners == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    proxy->n_listeners = 1;
    proxy->listeners[0] = (struct dg_listener){.proxy = proxy, .upstream = &proxy->upstreams[0], .fd = -1};
    return open_listener(&proxy->listeners[0], config->listen, error);
}

static enum dg_status open_all(struct dg_proxy *proxy, const struct dg_config *config, struct dg_error *error)
{
    enum dg_status status = make_upstreams(proxy, config, error);
    if (status == DG_OK)
        status = open_listeners(proxy, config, error);
    if (status != DG_OK)
        return status;
    proxy->cancels = dg_cancel_table_new((size_t)config->max_sessions + 1000);
    proxy->workers = calloc((size_t)config->workers, sizeof *proxy->workers);
    proxy->quota = dg_quota_new();
    if (proxy->cancels == NULL || proxy->quota == NULL || proxy->workers == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    proxy->n_workers = (size_t)config->workers;
    for (size_t i = 0; i < proxy->n_workers; i++) {
        status = dg_worker_init(&proxy->workers[i], proxy);
        if (status != DG_OK)
            return dg_error_set(error, status, "cannot set up worker %zu: %s", i + 1, dg_status_text(status));
    }
    return DG_OK;
}

enum dg_status dg_proxy_new(const struct dg_proxy_parts *parts, struct dg_proxy **proxy, struct dg_error *error)
{
    *proxy = NULL;
    struct dg_proxy *made = calloc(1, sizeof *made);
    if (made == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    made->parts = *parts;
    struct dg_shared *object;
    enum dg_status status = open_all(made, config_of(parts->config, &object), error);
    dg_shared_unref(object);
    if (status != DG_OK) {
        dg_proxy_free(made);
        return status;
    }
    *proxy = made;
    return DG_OK;
}

enum dg_status dg_proxy_start(struct dg_proxy *proxy, struct dg_error *error)
{
    /* The first worker last: it accepts, and hands clients to the others. */
    for (size_t i = proxy->n_workers; i-- > 0;) {
        enum dg_status status = dg_worker_start(&proxy->workers[i]);
        if (status != DG_OK)
            return dg_error_set(error, status, "cannot start worker %zu", i + 1);
    }
    return DG_OK;
}

const char *dg_proxy_address(const struct dg_proxy *proxy)
{
    return proxy->listeners[0].address;
}

bool dg_proxy_upstream_was_reached(const struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        if (!atomic_load(&proxy->upstreams[i].was_reached))
            return false;
    }
    return true;
}

size_t dg_proxy_open_sessions(const struct dg_proxy *proxy)
{
    return atomic_load(&proxy->n_sessions);
}

bool dg_proxy_is_draining(const struct dg_proxy *proxy)
{
    return atomic_load(&proxy->is_draining);
}

void dg_proxy_reload(struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_reload(&proxy->workers[i]);
}

void dg_proxy_stop_listening(struct dg_proxy *proxy)
{
    dg_worker_close_listener(&proxy->workers[0]);
}

void dg_proxy_drain(struct dg_proxy *proxy)
{
    atomic_store(&proxy->is_draining, true);
    dg_proxy_stop_listening(proxy);
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_drain(&proxy->workers[i]);
}

void dg_proxy_free(struct dg_proxy *proxy)
{
    if (proxy == NULL)
        return;
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_stop(&proxy->workers[i]);
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_fini(&proxy->workers[i]);
    for (size_t i = 0; i < proxy->n_listeners; i++) {
        if (proxy->listeners[i].fd >= 0)
            close(proxy->listeners[i].fd);
    }
    for (size_t i = 0; i < proxy->n_upstreams; i++)
        explicit_bzero(&proxy->upstreams[i].url, sizeof proxy->upstreams[i].url);
    dg_cancel_table_free(proxy->cancels);
    dg_quota_free(proxy->quota);
    free(proxy->listeners);
    free(proxy->upstreams);
    free(proxy->workers);
    free(proxy);
}
