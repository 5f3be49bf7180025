/*
 * An upstream that is ourselves: the first session would come back to us for ever.
 */
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "proxy/proxy_private.h"

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
    if (listener->sa_family != AF_INET && listener->sa_family != AF_INET6)
        return false;
    if (upstream->sa_family != AF_INET && upstream->sa_family != AF_INET6)
        return false;
    if (port_of(upstream) != port_of(listener))
        return false;
    if (is_wildcard(host_of(listener)))
        return is_wildcard(host_of(upstream)) || is_local(upstream);
    return upstream->sa_family == listener->sa_family && dg_str_equal(host_of(upstream), host_of(listener));
}

/* The upstream's folder may be spelt in another way than ours: the files are compared. */
static bool path_is_listener(const struct dg_url_host *host, const struct sockaddr *own)
{
    const struct sockaddr_un *listener = (const void *)own;
    char path[sizeof host->host + sizeof host->port + 16];
    struct stat upstream_file, own_file;
    snprintf(path, sizeof path, "%s/.s.PGSQL.%s", host->host, host->port);
    return own->sa_family == AF_UNIX && listener->sun_path[0] != '\0' && stat(path, &upstream_file) == 0 &&
           stat(listener->sun_path, &own_file) == 0 && upstream_file.st_dev == own_file.st_dev &&
           upstream_file.st_ino == own_file.st_ino;
}

/* A name that does not resolve now may later; then it is looked at when clients come, not here. */
static bool host_is_listener(const struct dg_url_host *host, const struct dg_address *own)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    bool found = false;
    if (host->host[0] == '/')
        return path_is_listener(host, (const struct sockaddr *)&own->storage);
    if (getaddrinfo(host->host, host->port, &hints, &addresses) != 0)
        return false;
    for (const struct addrinfo *at = addresses; at != NULL && !found; at = at->ai_next)
        found = is_listener(at->ai_addr, (const struct sockaddr *)&own->storage);
    freeaddrinfo(addresses);
    return found;
}

enum dg_status dg_sockets_refuse_loops(const struct dg_proxy *proxy, const struct dg_listener *listener,
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
