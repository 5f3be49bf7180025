/*
 * URLs and addresses. No error quotes the URL itself: where a password is not encoded as it should be, nobody can tell
 * which part of the text it is.
 */
#include <stdlib.h>

#include "config/config.h"
#include "config/sources.h"

#define DEFAULT_PORT "5432"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum dg_status dg_url_decode(struct dg_str part, char *out, size_t size, const char *what, struct dg_error *error)
{
    size_t len = 0;
    for (size_t i = 0; i < part.len; i++) {
        int c = (unsigned char)part.data[i];
        if (c == '%') {
            int high = part.len - i > 2 ? hex_digit(part.data[i + 1]) : -1;
            int low = part.len - i > 2 ? hex_digit(part.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return dg_error_set(error, DG_CONFIG, "in the URL's %s, %% must be followed by two hexadecimal digits",
                                    what);
            c = high * 16 + low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7F)
            return dg_error_set(error, DG_CONFIG, "the URL's %s contains a control character", what);
        if (len + 1 >= size)
            return dg_error_set(error, DG_CONFIG, "the URL's %s is longer than %zu bytes", what, size - 1);
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return DG_OK;
}

bool dg_url_cut(struct dg_str *text, char c, struct dg_str *rest)
{
    const char *found = text->len == 0 ? NULL : memchr(text->data, c, text->len);
    if (found == NULL)
        return false;
    size_t len = (size_t)(found - text->data);
    *rest = (struct dg_str){found + 1, text->len - len - 1};
    text->len = len;
    return true;
}

static bool parse_port(struct dg_str text, unsigned least, char port[8])
{
    unsigned number = 0;
    if (text.len == 0 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    if (number < least || number > 65535)
        return false;
    (void)snprintf(port, 8, "%u", number & 0xFFFFu);
    return true;
}

/*
 * Splits "name", "name:port", "[address]" and "[address]:port". *port.data is NULL when there is none. False if
 * brackets or colons are not in order.
 */
static bool split_host(struct dg_str text, struct dg_str *host, struct dg_str *port)
{
    *port = (struct dg_str){NULL, 0};
    if (text.len > 0 && text.data[0] == '[') {
        struct dg_str behind;
        *host = (struct dg_str){text.data + 1, text.len - 1};
        if (!dg_url_cut(host, ']', &behind) || memchr(host->data, ':', host->len) == NULL)
            return false;
        if (behind.len == 0)
            return true;
        *port = (struct dg_str){behind.data + 1, behind.len - 1};
        return behind.data[0] == ':';
    }
    *host = text;
    (void)dg_url_cut(host, ':', port);
    return port->len == 0 || memchr(port->data, ':', port->len) == NULL;
}

/* A socket folder comes percent-encoded, as the host of a URL cannot contain a slash; it is decoded like any host. */
static enum dg_status parse_host(struct dg_str text, struct dg_url_host *into, struct dg_error *error)
{
    struct dg_str host, port;
    if (!split_host(text, &host, &port))
        return dg_error_set(error, DG_CONFIG, "the URL's host must be name:port or, for IPv6, [address]:port");
    if (host.len == 0)
        return dg_error_set(error, DG_CONFIG,
                            "the URL names no host; write a socket folder as %%2Fvar%%2Frun%%2Fpostgresql");
    if (port.data == NULL)
        port = DG_STR(DEFAULT_PORT);
    if (!parse_port(port, 1, into->port))
        return dg_error_set(error, DG_CONFIG, "the URL's port must be a number from 1 to 65535");
    enum dg_status status = dg_url_decode(host, into->host, sizeof into->host, "host", error);
    /* libpq would take it for a list, and connect elsewhere than we do. */
    if (status == DG_OK && strchr(into->host, ',') != NULL)
        return dg_error_set(error, DG_CONFIG, "the URL's host contains a comma; a list of hosts has them unencoded");
    return status;
}

/* "a:5432,b": a port belongs to its host alone, as in libpq's URLs. */
static enum dg_status parse_hosts(struct dg_str text, struct dg_url *url, struct dg_error *error)
{
    for (bool has_more = true; has_more;) {
        struct dg_str host = text;
        has_more = dg_url_cut(&host, ',', &text);
        if (url->n_hosts == DG_URL_MAX_HOSTS)
            return dg_error_set(error, DG_CONFIG, "the URL names more than %d hosts", DG_URL_MAX_HOSTS);
        enum dg_status status = parse_host(host, &url->hosts[url->n_hosts++], error);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}

/* Cut at the first ? and / as RFC 3986 does, then at @. The host comes first: its errors quote no password. */
static enum dg_status parse_url(struct dg_str rest, struct dg_url *url, struct dg_error *error)
{
    struct dg_str query = {NULL, 0};
    struct dg_str database = {NULL, 0};
    struct dg_str host = {NULL, 0};
    struct dg_str password = {NULL, 0};
    bool has_at = memchr(rest.data, '@', rest.len) != NULL;
    (void)dg_url_cut(&rest, '?', &query);
    (void)dg_url_cut(&rest, '/', &database);
    struct dg_str user = rest;
    bool has_user = dg_url_cut(&user, '@', &host);
    if (!has_user) {
        host = user;
        user = (struct dg_str){NULL, 0};
    }
    /* An @ that is not between user and host means that some delimiter before it is part of a user or password. */
    bool stray_at = has_user ? host.len > 0 && memchr(host.data, '@', host.len) != NULL : has_at;
    if (stray_at)
        return dg_error_set(error, DG_CONFIG,
                            "in the URL's user and password, the characters @ : / ? %% must be percent-encoded");
    (void)dg_url_cut(&user, ':', &password);

    enum dg_status status = parse_hosts(host, url, error);
    if (status == DG_OK)
        status = dg_url_decode(user, url->user, sizeof url->user, "user", error);
    if (status == DG_OK)
        status = dg_url_decode(password, url->password, sizeof url->password, "password", error);
    if (status == DG_OK)
        status = dg_url_decode(database, url->database, sizeof url->database, "database", error);
    return status == DG_OK ? dg_url_read_parameters(query, url, error) : status;
}

enum dg_status dg_url_parse(const char *text, struct dg_url *url, struct dg_error *error)
{
    *url = (struct dg_url){.n_hosts = 0};
    struct dg_str rest = dg_str_of(text);
    const struct dg_str schemes[] = {DG_STR("postgres://"), DG_STR("postgresql://")};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (rest.len < schemes[i].len || memcmp(rest.data, schemes[i].data, schemes[i].len) != 0)
            continue;
        enum dg_status status =
            parse_url((struct dg_str){rest.data + schemes[i].len, rest.len - schemes[i].len}, url, error);
        if (status != DG_OK)
            explicit_bzero(url, sizeof *url);
        return status;
    }
    return dg_error_set(error, DG_CONFIG, "the URL must begin with postgres:// or postgresql://");
}

/* RFC 3986's unreserved characters as they are, all others encoded. */
static void encode(struct dg_text *out, const char *part)
{
    for (; *part != '\0'; part++) {
        bool alphanumeric =
            (*part >= 'a' && *part <= 'z') || (*part >= 'A' && *part <= 'Z') || (*part >= '0' && *part <= '9');
        if (alphanumeric || strchr("-._~", *part) != NULL)
            dg_text_char(out, *part);
        else
            dg_text_printf(out, "%%%02X", (unsigned)(unsigned char)*part);
    }
}

void dg_url_print_host(const struct dg_url_host *host, struct dg_text *out)
{
    if (strchr(host->host, ':') != NULL)
        dg_text_printf(out, "[%s]", host->host);
    else
        encode(out, host->host);
    dg_text_printf(out, ":%s", host->port);
}

void dg_url_print(const struct dg_url *url, struct dg_text *out)
{
    dg_text_cstr(out, "postgres://");
    if (url->user[0] != '\0') {
        encode(out, url->user);
        dg_text_char(out, '@');
    }
    for (size_t i = 0; i < url->n_hosts; i++) {
        if (i > 0)
            dg_text_char(out, ',');
        dg_url_print_host(&url->hosts[i], out);
    }
    if (url->database[0] != '\0') {
        dg_text_char(out, '/');
        encode(out, url->database);
    }
}

/* Letters, digits and what addresses are made of (a zone, fe80::1%eth0, too). */
static bool is_host(struct dg_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || strchr(".-_:%", c) == NULL))
            return false;
    }
    return host.len > 0 && host.len < 256;
}

enum dg_status dg_address_parse(const char *text, char host[256], char port[8], struct dg_error *error)
{
    struct dg_str host_part, port_part;
    if (!split_host(dg_str_of(text), &host_part, &port_part) || port_part.data == NULL || !is_host(host_part))
        return dg_error_set(error, DG_CONFIG,
                            "an address is HOST:PORT or [IPV6]:PORT (all interfaces: 0.0.0.0 or [::])");
    if (!parse_port(port_part, 0, port))
        return dg_error_set(error, DG_CONFIG, "the address's port must be a number from 0 to 65535");
    memcpy(host, host_part.data, host_part.len);
    host[host_part.len] = '\0';
    return DG_OK;
}
