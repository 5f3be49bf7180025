/*
 * The PROXY protocol's header. The chapters are those of HAProxy's proxy-protocol.txt.
 */
#include "protocol/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Chapter 2.1: with CRLF; the longest line is UNKNOWN with two IPv6 addresses. */
#define V1_MAX_BYTES 107
#define V2_HEAD_BYTES 16

static const char v1_start[] = "PROXY ";
static const char v2_start[] = "\r\n\r\n\0\r\nQUIT\n";

/* The bytes begin as `start` does, as far as they go. */
static bool may_begin(struct dg_str bytes, const char *start, size_t start_len)
{
    return memcmp(bytes.data, start, bytes.len < start_len ? bytes.len : start_len) == 0;
}

/* ---- version 1 ---------------------------------------------------------------------------------------------------- */

/* Takes what stands before the next space off *rest; the last word is all of it. False if there is nothing, or a NUL,
   behind which nobody would look. */
static bool next_word(struct dg_str *rest, char *word, size_t size)
{
    const char *space = rest->len == 0 ? NULL : memchr(rest->data, ' ', rest->len);
    size_t len = space == NULL ? rest->len : (size_t)(space - rest->data);
    if (len == 0 || len >= size || memchr(rest->data, '\0', len) != NULL)
        return false;
    memcpy(word, rest->data, len);
    word[len] = '\0';
    size_t taken = space == NULL ? len : len + 1;
    *rest = (struct dg_str){rest->data + taken, rest->len - taken};
    return space == NULL || rest->len > 0;
}

/* Decimal digits without leading zeros. */
static bool read_port(const char *word, uint16_t *port)
{
    unsigned number = 0;
    size_t len = strlen(word);
    if (len > 5 || (word[0] == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (word[i] < '0' || word[i] > '9')
            return false;
        number = number * 10 + (unsigned)(word[i] - '0');
    }
    *port = (uint16_t)number;
    return number <= 65535;
}

/* "SOURCE DESTINATION SOURCEPORT DESTINATIONPORT". The destination is checked and forgotten. */
static bool read_v1_addresses(struct dg_str rest, struct dg_proxy_source *source)
{
    char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN], from_port[8], to_port[8];
    int family = source->family == DG_PROXY_IPV4 ? AF_INET : AF_INET6;
    unsigned char destination[16];
    uint16_t port;
    return next_word(&rest, from, sizeof from) && next_word(&rest, to, sizeof to) &&
           next_word(&rest, from_port, sizeof from_port) && next_word(&rest, to_port, sizeof to_port) &&
           rest.len == 0 && inet_pton(family, from, source->address) == 1 && inet_pton(family, to, destination) == 1 &&
           read_port(from_port, &source->port) && read_port(to_port, &port);
}

/* The line between "PROXY " and CRLF. Behind UNKNOWN anything may stand; it is to be ignored. */
static bool read_v1_line(struct dg_str line, struct dg_proxy_source *source)
{
    char word[8];
    if (dg_str_is(line, "UNKNOWN") || (line.len > 8 && memcmp(line.data, "UNKNOWN ", 8) == 0)) {
        source->family = DG_PROXY_UNKNOWN;
        return true;
    }
    if (!next_word(&line, word, sizeof word))
        return false;
    if (strcmp(word, "TCP4") != 0 && strcmp(word, "TCP6") != 0)
        return false;
    source->family = word[3] == '4' ? DG_PROXY_IPV4 : DG_PROXY_IPV6;
    return read_v1_addresses(line, source);
}

static enum dg_status parse_v1(struct dg_str bytes, struct dg_proxy_source *source, size_t *len)
{
    const size_t start_len = sizeof v1_start - 1;
    size_t seen = bytes.len < V1_MAX_BYTES ? bytes.len : V1_MAX_BYTES;
    const char *end = memchr(bytes.data, '\r', seen);
    if (end == NULL)
        return seen == V1_MAX_BYTES ? DG_PROTOCOL : DG_AGAIN;
    size_t line_len = (size_t)(end - bytes.data);
    if (line_len + 2 > V1_MAX_BYTES)
        return DG_PROTOCOL;
    if (line_len + 1 == bytes.len)
        return DG_AGAIN;
    if (bytes.data[line_len + 1] != '\n' || line_len < start_len)
        return DG_PROTOCOL;
    *len = line_len + 2;
    return read_v1_line((struct dg_str){bytes.data + start_len, line_len - start_len}, source) ? DG_OK : DG_PROTOCOL;
}

/* ---- version 2 ---------------------------------------------------------------------------------------------------- */

static unsigned two_bytes(const char *at)
{
    return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

/* Chapter 2.2: the addresses of the families that can be a client of ours; whatever else is valid says nothing to us
   (UNSPEC). False if they are longer than the header. */
static bool read_v2_addresses(unsigned char kind, struct dg_str body, struct dg_proxy_source *source)
{
    static const struct {
        unsigned char kind; /* family and transport */
        enum dg_proxy_family family;
        size_t body_bytes;
    } known[] = {{0x11, DG_PROXY_IPV4, 12}, {0x21, DG_PROXY_IPV6, 36}, {0x31, DG_PROXY_UNIX, 216}};
    source->family = DG_PROXY_UNKNOWN;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].kind != kind)
            continue;
        if (body.len < known[i].body_bytes)
            return false;
        source->family = known[i].family;
        size_t address_bytes = kind == 0x11 ? 4 : 16;
        if (kind == 0x31)
            return true; /* paths of another machine, perhaps: not kept */
        memcpy(source->address, body.data, address_bytes);
        source->port = (uint16_t)two_bytes(body.data + 2 * address_bytes);
    }
    return true;
}

/* Versions, commands, families and transports that the protocol does not know are to be refused. */
static bool is_valid_head(unsigned char version_command, unsigned char kind)
{
    return (version_command == 0x20 || version_command == 0x21) && kind >> 4 <= 3 && (kind & 0xF) <= 2;
}

static enum dg_status parse_v2(struct dg_str bytes, struct dg_proxy_source *source, size_t *len)
{
    if (bytes.len < V2_HEAD_BYTES)
        return DG_AGAIN;
    unsigned char version_command = (unsigned char)bytes.data[12];
    unsigned char kind = (unsigned char)bytes.data[13];
    *len = V2_HEAD_BYTES + two_bytes(bytes.data + 14);
    if (!is_valid_head(version_command, kind) || *len > DG_PROXY_HEADER_MAX_BYTES)
        return DG_PROTOCOL;
    if (bytes.len < *len)
        return DG_AGAIN;
    source->family = DG_PROXY_OWN;
    if (version_command == 0x20)
        return DG_OK; /* LOCAL: addresses are to be ignored */
    struct dg_str body = {bytes.data + V2_HEAD_BYTES, *len - V2_HEAD_BYTES};
    return read_v2_addresses(kind, body, source) ? DG_OK : DG_PROTOCOL;
}

/* ---- both --------------------------------------------------------------------------------------------------------- */

enum dg_status dg_proxy_header_parse(struct dg_str bytes, struct dg_proxy_source *source, size_t *len)
{
    *source = (struct dg_proxy_source){.family = DG_PROXY_OWN};
    *len = 0;
    if (bytes.len == 0)
        return DG_AGAIN;
    if (may_begin(bytes, v2_start, sizeof v2_start - 1))
        return parse_v2(bytes, source, len);
    if (may_begin(bytes, v1_start, sizeof v1_start - 1))
        return parse_v1(bytes, source, len);
    return DG_PROTOCOL;
}

void dg_proxy_source_print(const struct dg_proxy_source *source, char text[DG_PROXY_SOURCE_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    text[0] = '\0';
    switch (source->family) {
    case DG_PROXY_OWN:
        break;
    case DG_PROXY_UNKNOWN:
        (void)snprintf(text, DG_PROXY_SOURCE_TEXT_BYTES, "unknown");
        break;
    case DG_PROXY_UNIX:
        (void)snprintf(text, DG_PROXY_SOURCE_TEXT_BYTES, "unix");
        break;
    case DG_PROXY_IPV4:
        (void)inet_ntop(AF_INET, source->address, host, sizeof host);
        (void)snprintf(text, DG_PROXY_SOURCE_TEXT_BYTES, "%s:%u", host, (unsigned)source->port);
        break;
    case DG_PROXY_IPV6:
        (void)inet_ntop(AF_INET6, source->address, host, sizeof host);
        (void)snprintf(text, DG_PROXY_SOURCE_TEXT_BYTES, "[%s]:%u", host, (unsigned)source->port);
        break;
    }
}
