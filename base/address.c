/*
 * Addresses in words. A link-local IPv6 address says nothing without its interface, so that stands behind it, as a
 * number: names of interfaces would need a system call, and change.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

void dg_address_print_host(const struct dg_address *address, char text[DG_ADDRESS_TEXT_BYTES])
{
    text[0] = '\0';
    if (address->len == 0) {
        return;
    } else if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)&address->storage;
        (void)inet_ntop(AF_INET, &v4->sin_addr, text, DG_ADDRESS_TEXT_BYTES);
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)&address->storage;
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, text, DG_ADDRESS_TEXT_BYTES);
        size_t len = strlen(text);
        if (v6->sin6_scope_id != 0)
            (void)snprintf(text + len, DG_ADDRESS_TEXT_BYTES - len, "%%%u", (unsigned)v6->sin6_scope_id);
    }
}

void dg_address_print(const struct dg_address *address, char text[DG_ADDRESS_TEXT_BYTES])
{
    char host[DG_ADDRESS_TEXT_BYTES];
    dg_address_print_host(address, host);
    if (address->len == 0) {
        (void)snprintf(text, DG_ADDRESS_TEXT_BYTES, "unknown");
    } else if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)&address->storage;
        (void)snprintf(text, DG_ADDRESS_TEXT_BYTES, "%.64s:%u", host, (unsigned)ntohs(v4->sin_port));
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)&address->storage;
        (void)snprintf(text, DG_ADDRESS_TEXT_BYTES, "[%.64s]:%u", host, (unsigned)ntohs(v6->sin6_port));
    } else {
        const struct sockaddr_un *local = (const void *)&address->storage;
        bool is_abstract = local->sun_path[0] == '\0';
        (void)snprintf(text, DG_ADDRESS_TEXT_BYTES, "%s%.107s", is_abstract ? "@" : "", local->sun_path + is_abstract);
    }
}

bool dg_address_of_socket(const char *folder, const char *port, struct dg_address *address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    int len = snprintf(local.sun_path, sizeof local.sun_path, "%s/.s.PGSQL.%s", folder, port);
    if (len < 0 || (size_t)len >= sizeof local.sun_path)
        return false;
    *address = (struct dg_address){.len = sizeof local};
    memcpy(&address->storage, &local, sizeof local);
    return true;
}
