/* PROXY protocol headers, right and wrong, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/proxy_header.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal) literal, sizeof(literal) - 1
#define TEN "\1\2\3\4\5\6\7\x8\x9\xA"
#define UNIX_ADDRESSES                                                                                                 \
    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\1\2\3\4\5\6"

static const struct header {
    const char *bytes;
    size_t len;
    const char *source; /* as it is printed; NULL: refused */
} headers[] = {
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n"), "192.0.2.7:56324"},
    {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:65535"},
    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 0 0\r\n"), "1.2.3.4:0"},
    {BYTES("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), "[2001:db8::1]:1"},
    {BYTES("PROXY TCP6 ffff:f...f:ffff ffff:f...f:ffff 1 2\r\n"), NULL},
    {BYTES(
         "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {BYTES("PROXY UNKNOWN\r\n"), "unknown"},
    {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
           "65535\r\n"),
     "unknown"},
    {BYTES("PROXY UNKNOWN whatever\r\n"), "unknown"},
    {BYTES("PROXY UNKNOWNS\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 56324\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 56324 443 \r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 56324 443 1\r\n"), NULL},
    {BYTES("PROXY TCP4  192.0.2.7 192.0.2.8 56324 443\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 65536 443\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 056 443\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 -1 443\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 443x\r\n"), NULL},
    {BYTES("PROXY TCP4 192.0.2 192.0.2.8 1 443\r\n"), NULL},
    {BYTES("PROXY TCP4 ::1 ::1 1 443\r\n"), NULL},
    {BYTES("PROXY TCP6 1.2.3.4 1.2.3.4 1 443\r\n"), NULL},
    {BYTES("PROXY UDP4 1.2.3.4 1.2.3.4 1 443\r\n"), NULL},
    {BYTES("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 443\r\n"), NULL},
    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 443\rx"), NULL},
    {BYTES("PROXY \r\n"), NULL},
    {BYTES("PROXY TCP4\r\n"), NULL},
    {BYTES("proxy TCP4 1.2.3.4 1.2.3.4 1 443\r\n"), NULL},
    {BYTES("\0\0\0\x8\x4\xd2\x16\x2f"), NULL}, /* SSLRequest */
    {BYTES("GET / HTTP/1.0\r\n"), NULL},
    {BYTES(V2 "\x21\x11\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), "192.0.2.7:56324"},
    {BYTES(V2 "\x21\x11\0\x13\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB\4\0\4abcd"), "192.0.2.7:56324"}, /* a TLV behind it */
    {BYTES(V2 "\x21\x11\0\xB\xC0\0\2\7\xC0\0\2\x8\xDC\4\1"), NULL},
    {BYTES(V2 "\x21\x21\0\x24"
              "\x20\1\xD\xB8\0\0\0\0\0\0\0\0\0\0\0\1"
              "\x20\1\xD\xB8\0\0\0\0\0\0\0\0\0\0\0\2"
              "\0\x50\1\xBB"),
     "[2001:db8::1]:80"},
    {BYTES(V2 "\x21\x21\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), NULL},
    {BYTES(V2 "\x21\x31\0\xD8" UNIX_ADDRESSES), "unix"},
    {BYTES(V2 "\x21\x31\0\x2\0\0"), NULL},
    {BYTES(V2 "\x20\x00\0\0"), ""}, /* LOCAL */
    {BYTES(V2 "\x20\x11\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), ""},
    {BYTES(V2 "\x21\x00\0\0"), "unknown"},
    {BYTES(V2 "\x21\x00\0\3xyz"), "unknown"},
    {BYTES(V2 "\x21\x12\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), "unknown"}, /* UDP */
    {BYTES(V2 "\x22\x11\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), NULL},      /* no such command */
    {BYTES(V2 "\x11\x11\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), NULL},      /* no such version */
    {BYTES(V2 "\x21\x41\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), NULL},      /* no such family */
    {BYTES(V2 "\x21\x13\0\xC\xC0\0\2\7\xC0\0\2\x8\xDC\4\1\xBB"), NULL},      /* no such transport */
    {BYTES(V2 "\x21\x11\x2\x9"), NULL},                                      /* 537 bytes */
    {BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\xC"), NULL},
};

static void check(const struct header *header, struct dg_str bytes, size_t *decided_at)
{
    struct dg_proxy_source source;
    char text[DG_PROXY_SOURCE_TEXT_BYTES];
    size_t len = 0;
    enum dg_status status = DG_AGAIN;
    *decided_at = 0;
    for (size_t n = 0; n <= bytes.len && status == DG_AGAIN; n++) {
        status = dg_proxy_header_parse((struct dg_str){bytes.data, n}, &source, &len);
        *decided_at = n;
    }
    if (status != (header->source == NULL ? DG_PROTOCOL : DG_OK))
        fail_msg("%.60s: %s", header->bytes, dg_status_name(status));
    if (status != DG_OK)
        return;
    assert_int_equal(len, header->len);
    dg_proxy_source_print(&source, text);
    assert_string_equal(text, header->source);
}

/* Byte by byte: nothing is believed before the last one. */
static void each_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        size_t decided_at;
        check(&headers[i], (struct dg_str){headers[i].bytes, headers[i].len}, &decided_at);
        if (headers[i].source != NULL)
            assert_int_equal(decided_at, headers[i].len);
    }
}

static void what_is_behind_it_is_the_client_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct dg_proxy_source source;
        char bytes[700];
        size_t len;
        if (headers[i].source == NULL)
            continue;
        memcpy(bytes, headers[i].bytes, headers[i].len);
        memset(bytes + headers[i].len, '\n', 100);
        assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, headers[i].len + 100}, &source, &len), DG_OK);
        assert_int_equal(len, headers[i].len);
    }
}

static void there_are_limits(void **state)
{
    (void)state;
    struct dg_proxy_source source;
    char bytes[600];
    size_t len;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "PROXY UNKNOWN ", 14);
    memcpy(bytes + 105, "\r\n", 2);
    assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, 107}, &source, &len), DG_OK);
    assert_int_equal(len, 107);
    memcpy(bytes + 105, "x\r\n", 3);
    assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, 106}, &source, &len), DG_AGAIN);
    assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, 107}, &source, &len), DG_PROTOCOL);
    assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, 108}, &source, &len), DG_PROTOCOL);
    memcpy(bytes, V2 "\x21\x11\x2\x8", 16);
    assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, 535}, &source, &len), DG_AGAIN);
    assert_int_equal(dg_proxy_header_parse((struct dg_str){bytes, 536}, &source, &len), DG_OK);
    assert_int_equal(len, DG_PROXY_HEADER_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_read_or_refused),
        cmocka_unit_test(what_is_behind_it_is_the_client_s),
        cmocka_unit_test(there_are_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
