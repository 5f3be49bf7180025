/*
 * The PROXY protocol (HAProxy's proxy-protocol.txt), versions 1 and 2: what a load balancer says of its client before the
 * client's own first byte.
 *
 * Whether a header comes is for the operator to say, never to be guessed (chapter 2.0 of it): a client that may choose
 * would choose its own address. Version 1 is a line of at most 107 bytes, version 2 a binary header of which we read at
 * most 536 bytes, the least that a TCP segment holds.
 */
#ifndef DG_PROTOCOL_PROXY_HEADER_H
#define DG_PROTOCOL_PROXY_HEADER_H

#include "base/status.h"
#include "base/str.h"

#define DG_PROXY_HEADER_MAX_BYTES 536

/* Where the client of the peer is. */
enum dg_proxy_family {
    DG_PROXY_OWN,     /* the peer speaks for itself (LOCAL: its health checks) */
    DG_PROXY_UNKNOWN, /* another's connection, and nothing said of it that we know */
    DG_PROXY_IPV4,
    DG_PROXY_IPV6,
    DG_PROXY_UNIX
};

struct dg_proxy_source {
    enum dg_proxy_family family;
    unsigned char address[16]; /* in network order; IPv4: the first 4 */
    uint16_t port;
};

/* Reads the header at the front of `bytes`. *len is its length; what is behind it is the client's. DG_AGAIN: it is not
   whole yet; DG_PROTOCOL: it is none, or a wrong one. Needs at most DG_PROXY_HEADER_MAX_BYTES bytes to decide. */
enum dg_status dg_proxy_header_parse(struct dg_str bytes, struct dg_proxy_source *source, size_t *len) DG_MUST_CHECK;

#define DG_PROXY_SOURCE_TEXT_BYTES 64
/* "192.0.2.1:56324", "[2001:db8::1]:443", "unix", "unknown"; "" of DG_PROXY_OWN. */
void dg_proxy_source_print(const struct dg_proxy_source *source, char text[DG_PROXY_SOURCE_TEXT_BYTES]);

#endif
