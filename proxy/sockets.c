/*
 * The listeners: which sockets there are, whose clients come through each, and how they are closed.
 *
 * Sockets that were inherited are all that we listen on: where a supervisor says the addresses, to bind others besides
 * would make two processes meet on them at the very restart that the supervisor is there for. The configured addresses
 * then only tell which upstream a socket belongs to, and with one upstream that is no question.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/proxy_private.h"

/* ---- what was inherited ------------------------------------------------------------------------------------------- */

/* True if the socket `own` is at this address: the same path, or host and port as they are printed. */
static bool is_at(const char *own, const struct dg_listen_address *address)
{
    char text[DG_ADDRESS_TEXT_BYTES + sizeof address->host];
    if (address->path[0] != '\0')
        return strcmp(own, address->path) == 0;
    bool is_v6 = strchr(address->host, ':') != NULL;
    snprintf(text, sizeof text, is_v6 ? "[%s]:%s" : "%s:%s", address->host, address->port);
    return strcmp(own, text) == 0;
}

static bool listens_at(const struct dg_upstream *upstream, const char *own)
{
    struct dg_str rest = dg_str_of(upstream->listen);
    struct dg_listen_address address;
    while (rest.len > 0) {
        if (dg_listen_next(&rest, &address, NULL) != DG_OK)
            return false;
        if (is_at(own, &address))
            return true;
    }
    return false;
}

static struct dg_upstream *upstream_of(struct dg_proxy *proxy, const char *own)
{
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        if (listens_at(&proxy->upstreams[i], own))
            return &proxy->upstreams[i];
    }
    return proxy->n_upstreams == 1 ? &proxy->upstreams[0] : NULL;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static struct dg_listener *new_listener(struct dg_proxy *proxy, int fd)
{
    struct dg_listener *listener = &proxy->listeners[proxy->n_listeners++];
    *listener = (struct dg_listener){.proxy = proxy, .fd = fd};
    return listener;
}

/* What the socket itself says about where it is. */
static enum dg_status settle(struct dg_listener *listener, struct dg_error *error)
{
    struct dg_proxy *proxy = listener->proxy;
    struct dg_address own = {.len = sizeof own.storage};
    if (getsockname(listener->fd, (struct sockaddr *)&own.storage, &own.len) != 0)
        return dg_error_set(error, DG_IO, "cannot listen: %s", strerror(errno));
    dg_address_print(&own, listener->address);
    size_t len = strlen(proxy->addresses);
    snprintf(proxy->addresses + len, sizeof proxy->addresses - len, "%s%s", len == 0 ? "" : ", ", listener->address);
    return dg_sockets_refuse_loops(proxy, listener, &own, error);
}

static enum dg_status adopt(struct dg_proxy *proxy, int fd, struct dg_error *error)
{
    struct dg_listener *listener = new_listener(proxy, fd);
    listener->is_inherited = true;
    enum dg_status status = settle(listener, error);
    if (status != DG_OK)
        return status;
    listener->upstream = upstream_of(proxy, listener->address);
    if (listener->upstream == NULL)
        return dg_error_set(error, DG_CONFIG,
                            "the inherited socket %s (LISTEN_FDS) is at none of the addresses that the upstreams' "
                            "\"listen\" name, so nobody knows where its clients go",
                            listener->address);
    dg_logf(proxy->parts.log, DG_LOG_INFO, "socket_inherited", "a listening socket was inherited (LISTEN_FDS)",
            dg_field_str("listen", listener->address), dg_field_str("upstream", listener->upstream->name));
    return DG_OK;
}

static enum dg_status bind_one(struct dg_upstream *upstream, const struct dg_listen_address *address, mode_t mode,
                               struct dg_error *error)
{
    struct dg_listener *listener = new_listener(upstream->proxy, -1);
    listener->upstream = upstream;
    enum dg_status status = address->path[0] != '\0'
                                ? dg_bind_unix(address->path, mode, &listener->fd, &listener->file, error)
                                : dg_bind_tcp(address->host, address->port, &listener->fd, error);
    return status == DG_OK ? settle(listener, error) : status;
}

static enum dg_status bind_all(struct dg_upstream *upstream, mode_t mode, struct dg_error *error)
{
    struct dg_str rest = dg_str_of(upstream->listen);
    struct dg_listen_address address;
    enum dg_status status = DG_OK;
    while (status == DG_OK && rest.len > 0) {
        status = dg_listen_next(&rest, &address, error);
        if (status == DG_OK)
            status = bind_one(upstream, &address, mode, error);
    }
    return status;
}

/* An upstream that no inherited socket leads to is an error of the unit, and would be found out late. */
static enum dg_status check_upstreams(const struct dg_proxy *proxy, struct dg_error *error)
{
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        bool is_reached = false;
        for (size_t j = 0; j < proxy->n_listeners; j++)
            is_reached = is_reached || proxy->listeners[j].upstream == &proxy->upstreams[i];
        if (!is_reached)
            return dg_error_set(error, DG_CONFIG,
                                "no inherited socket (LISTEN_FDS) is at an address of upstream \"%s\" (%s)",
                                proxy->upstreams[i].name, proxy->upstreams[i].listen);
    }
    return DG_OK;
}

static enum dg_status count_addresses(const struct dg_proxy *proxy, size_t *n, struct dg_error *error)
{
    *n = 0;
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        size_t n_own = 0;
        enum dg_status status = dg_listen_check(proxy->upstreams[i].listen, &n_own, error);
        if (status != DG_OK)
            return status;
        *n += n_own;
    }
    return DG_OK;
}

enum dg_status dg_sockets_open(struct dg_proxy *proxy, const struct dg_config *config, struct dg_error *error)
{
    const struct dg_inherited *inherited = proxy->parts.inherited;
    bool has_inherited = inherited != NULL && inherited->n_fds > 0;
    size_t n = 0;
    enum dg_status status = has_inherited ? DG_OK : count_addresses(proxy, &n, error);
    if (status != DG_OK)
        return status;
    proxy->listeners = calloc(has_inherited ? inherited->n_fds : n, sizeof *proxy->listeners);
    if (proxy->listeners == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    for (size_t i = 0; has_inherited && i < inherited->n_fds && status == DG_OK; i++)
        status = adopt(proxy, inherited->fds[i], error);
    if (has_inherited)
        return status == DG_OK ? check_upstreams(proxy, error) : status;
    for (size_t i = 0; i < proxy->n_upstreams && status == DG_OK; i++)
        status = bind_all(&proxy->upstreams[i], (mode_t)config->unix_socket_mode, error);
    return status;
}

void dg_sockets_hide(struct dg_listener *listener)
{
    if (listener->fd >= 0 && listener->file.inode != 0)
        dg_bind_remove(listener->address, &listener->file);
    listener->file = (struct dg_socket_file){0};
}

void dg_sockets_close(struct dg_listener *listener)
{
    if (listener->fd < 0)
        return;
    dg_sockets_hide(listener);
    close(listener->fd);
    listener->fd = -1;
}
