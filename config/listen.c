/*
 * Where to listen: a list of TCP addresses and paths of Unix sockets, with commas between.
 *
 * A path must be one that clients find: libpq and its like are given a folder and a port (host=/run/driftguard
 * port=5442) and connect to FOLDER/.s.PGSQL.PORT. Any other name would be a socket that no driver can be told of.
 */
#include "config/config.h"
#include "config/sources.h"

#define SOCKET_NAME "/.s.PGSQL."

static struct dg_str trimmed(struct dg_str text)
{
    while (text.len > 0 && text.data[0] == ' ')
        text = (struct dg_str){text.data + 1, text.len - 1};
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    return text;
}

static bool is_port(const char *text)
{
    unsigned long number = 0;
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (unsigned long)(text[i] - '0');
    }
    return len > 0 && len <= 5 && text[0] != '0' && number <= 65535;
}

static enum dg_status parse_path(struct dg_str text, struct dg_listen_address *address, struct dg_error *error)
{
    if (text.len >= sizeof address->path)
        return dg_error_set(error, DG_CONFIG,
                            "the path of a Unix socket has at most %zu bytes, and this one has %zu; choose a shorter "
                            "folder",
                            sizeof address->path - 1, text.len);
    memcpy(address->path, text.data, text.len);
    address->path[text.len] = '\0';
    const char *name = strrchr(address->path, '/');
    if (strlen(address->path) != text.len || strncmp(name, SOCKET_NAME, strlen(SOCKET_NAME)) != 0 ||
        !is_port(name + strlen(SOCKET_NAME)))
        return dg_error_set(error, DG_CONFIG,
                            "the path of a Unix socket is /FOLDER/.s.PGSQL.PORT; clients connect to it with "
                            "host=/FOLDER port=PORT");
    return DG_OK;
}

static enum dg_status parse_one(struct dg_str text, struct dg_listen_address *address, struct dg_error *error)
{
    char copy[sizeof address->host + 16];
    *address = (struct dg_listen_address){.path = ""};
    if (text.len > 0 && text.data[0] == '/')
        return parse_path(text, address, error);
    if (text.len >= sizeof copy)
        return dg_error_set(error, DG_CONFIG, "an address is HOST:PORT, and a host has at most 255 bytes");
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return dg_address_parse(copy, address->host, address->port, error);
}

enum dg_status dg_listen_next(struct dg_str *rest, struct dg_listen_address *address, struct dg_error *error)
{
    struct dg_str first = *rest;
    if (!dg_url_cut(&first, ',', rest))
        *rest = (struct dg_str){NULL, 0};
    else if (rest->len == 0)
        return dg_error_set(error, DG_CONFIG, "there is nothing behind the last comma");
    return parse_one(trimmed(first), address, error);
}

enum dg_status dg_listen_check(const char *text, size_t *n, struct dg_error *error)
{
    struct dg_str rest = dg_str_of(text);
    struct dg_listen_address address;
    for (*n = 0; *n == 0 || rest.len > 0; (*n)++) {
        if (*n == DG_LISTEN_MAX)
            return dg_error_set(error, DG_CONFIG, "there are more than %d addresses", DG_LISTEN_MAX);
        enum dg_status status = dg_listen_next(&rest, &address, error);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}
