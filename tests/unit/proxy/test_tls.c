/*
 * Streams by TLS over a pair of sockets: what goes in comes out, whatever the sizes; what OpenSSL holds is not forgotten;
 * and how it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "certificate.h"
#include "proxy/stream.h"
#include "proxy/tls.h"
#include "proxy/tls_settings.h"

#define RECORD_MAX_BYTES 8192u
#define HEADER_BYTES 5u

struct world {
    struct dg_test_certificate certificate;
    struct dg_tls_settings *settings;
    struct event_base *base;
};

static struct dg_config config_of(const struct dg_test_certificate *certificate)
{
    return (struct dg_config){.client_tls_sslmode = DG_SSLMODE_REQUIRE,
                              .client_tls_cert_file = certificate->cert,
                              .client_tls_key_file = certificate->key,
                              .client_tls_ca_file = "",
                              .server_tls_sslmode = DG_SSLMODE_VERIFY_FULL,
                              .server_tls_ca_file = certificate->cert,
                              .server_tls_cert_file = "",
                              .server_tls_key_file = ""};
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct dg_url upstream = {.hosts = {{.host = "localhost"}}, .n_hosts = 1};
    struct dg_error error;
    (void)signal(SIGPIPE, SIG_IGN);
    dg_test_certificate_make(&world->certificate);
    struct dg_config config = config_of(&world->certificate);
    world->base = event_base_new();
    assert_non_null(world->base);
    assert_int_equal(dg_tls_settings_new(&config, &upstream, 1, &world->settings, &error), DG_OK);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    dg_shared_unref(&world->settings->shared);
    event_base_free(world->base);
    dg_test_certificate_remove(&world->certificate);
    free(world);
    return 0;
}

/* ---- two ends ---------------------------------------------------------------------------------------------------- */

struct end {
    struct dg_stream stream;
    size_t room; /* of a read */
    size_t n_calls;
    uint8_t *got;
    size_t n_got;
    enum dg_stream_result last;
};

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct end *end = context;
    size_t n;
    (void)fd;
    (void)what;
    end->n_calls++;
    end->got = realloc(end->got, end->n_got + end->room);
    assert_non_null(end->got);
    end->last = dg_stream_read(&end->stream, end->got + end->n_got, end->room, &n);
    end->n_got += n;
    assert_true(dg_stream_want(&end->stream, !end->stream.has_ended, false));
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

struct pair {
    struct end guard;  /* accepts */
    struct end client; /* connects */
};

static void open_pair(struct world *world, struct pair *pair)
{
    int fds[2];
    *pair = (struct pair){.guard.room = 65536, .client.room = 65536};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    dg_stream_open(&pair->guard.stream, world->base, fds[0], on_readable, on_writable, &pair->guard);
    dg_stream_open(&pair->client.stream, world->base, fds[1], on_readable, on_writable, &pair->client);
}

static void secure_guard(struct world *world, struct pair *pair)
{
    struct dg_tls *tls = dg_tls_accept(world->settings, pair->guard.stream.fd, DG_STR(""), false);
    assert_non_null(tls);
    dg_stream_secure(&pair->guard.stream, tls);
}

static void secure_client(struct world *world, struct pair *pair)
{
    struct dg_tls *tls = dg_tls_connect(&world->settings->servers[0], "localhost", pair->client.stream.fd);
    assert_non_null(tls);
    dg_stream_secure(&pair->client.stream, tls);
}

static void shake_hands(struct pair *pair)
{
    for (int i = 0; i < 20; i++) {
        on_readable(-1, 0, &pair->client);
        on_readable(-1, 0, &pair->guard);
    }
    assert_true(pair->guard.stream.tls->is_established);
    assert_true(pair->client.stream.tls->is_established);
}

static void open_secure_pair(struct world *world, struct pair *pair)
{
    open_pair(world, pair);
    secure_guard(world, pair);
    secure_client(world, pair);
    shake_hands(pair);
    assert_int_equal(pair->guard.n_got, 0);
    assert_int_equal(pair->client.n_got, 0);
}

static void close_pair(struct pair *pair)
{
    dg_stream_close(&pair->guard.stream);
    dg_stream_close(&pair->client.stream);
    free(pair->guard.got);
    free(pair->client.got);
}

static void turn(struct world *world, int n_turns)
{
    for (int i = 0; i < n_turns; i++)
        (void)event_base_loop(world->base, EVLOOP_NONBLOCK);
}

static uint8_t *pattern(size_t len)
{
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    return bytes;
}

/* ---- cases -------------------------------------------------------------------------------------------------------- */

static void what_goes_in_comes_out(void **state)
{
    struct world *world = *state;
    const size_t lengths[] = {1, 2, 100, 8191, 8192, 8193, 16384, 70000, 500000};
    const size_t rooms[] = {1, 7, 5000, 8192, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t j = 0; j < sizeof rooms / sizeof rooms[0]; j++) {
            if (lengths[i] / rooms[j] > 2000)
                continue;
            struct pair pair;
            open_secure_pair(world, &pair);
            uint8_t *bytes = pattern(lengths[i]);
            size_t n_sent = 0;
            pair.client.room = rooms[j];
            assert_true(dg_stream_want(&pair.client.stream, true, false));
            while (pair.client.n_got < lengths[i]) {
                size_t n = 0;
                if (n_sent < lengths[i])
                    assert_true(dg_stream_write(&pair.guard.stream, bytes + n_sent, lengths[i] - n_sent, &n) <=
                                DG_STREAM_LATER);
                n_sent += n;
                size_t before = pair.client.n_got;
                turn(world, 2);
                assert_true(n > 0 || pair.client.n_got > before);
            }
            assert_int_equal(pair.client.n_got, lengths[i]);
            assert_memory_equal(pair.client.got, bytes, lengths[i]);
            free(bytes);
            close_pair(&pair);
        }
    }
}

/* The socket is empty, OpenSSL is not: reading goes on without an event of the socket, and only while it is wanted. */
static void what_openssl_holds_is_read_when_it_is_wanted(void **state)
{
    struct world *world = *state;
    struct pair pair;
    size_t n;
    open_secure_pair(world, &pair);
    uint8_t *bytes = pattern(8000);
    assert_int_equal(dg_stream_write(&pair.guard.stream, bytes, 8000, &n), DG_STREAM_SOME);
    pair.client.room = 1000;
    pair.client.n_calls = 0;
    on_readable(-1, 0, &pair.client);
    assert_int_equal(pair.client.n_got, 1000);
    assert_false(dg_stream_is_silent(&pair.client.stream));
    char byte;
    assert_int_equal(recv(pair.client.stream.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
    assert_true(dg_stream_want(&pair.client.stream, false, false));
    turn(world, 5);
    assert_int_equal(pair.client.n_got, 1000);
    assert_true(dg_stream_want(&pair.client.stream, true, false));
    turn(world, 50);
    assert_int_equal(pair.client.n_got, 8000);
    assert_memory_equal(pair.client.got, bytes, 8000);
    assert_true(dg_stream_is_silent(&pair.client.stream));
    size_t n_calls = pair.client.n_calls;
    turn(world, 50);
    assert_int_equal(pair.client.n_calls, n_calls);
    free(bytes);
    close_pair(&pair);
}

static void records_have_at_most_8_kb(void **state)
{
    struct world *world = *state;
    struct pair pair;
    size_t n;
    open_secure_pair(world, &pair);
    uint8_t *bytes = pattern(60000);
    uint8_t *records = malloc(100000);
    assert_non_null(records);
    assert_int_equal(dg_stream_write(&pair.guard.stream, bytes, 60000, &n), DG_STREAM_SOME);
    ssize_t len = recv(pair.client.stream.fd, records, 100000, 0);
    size_t n_records = 0;
    for (size_t at = 0; at < (size_t)len; n_records++) {
        size_t record = (size_t)records[at + 3] << 8 | records[at + 4];
        assert_in_range(record, 1, RECORD_MAX_BYTES + 256);
        at += HEADER_BYTES + record;
        assert_true(at <= (size_t)len);
    }
    assert_in_range(n_records, 8, 10);
    free(records);
    free(bytes);
    close_pair(&pair);
}

/* The rest of a record that the socket did not take goes first, from wherever the caller keeps it by then. */
static void a_full_socket_takes_the_rest_later(void **state)
{
    struct world *world = *state;
    struct pair pair;
    open_secure_pair(world, &pair);
    const size_t len = 4000000;
    uint8_t *bytes = pattern(len);
    size_t n_sent = 0, n = 0;
    assert_true(dg_stream_want(&pair.client.stream, true, false));
    assert_int_equal(dg_stream_write(&pair.guard.stream, bytes, len, &n), DG_STREAM_LATER);
    while ((n_sent += n) < len) {
        turn(world, 1);
        uint8_t *moved = malloc(len - n_sent);
        assert_non_null(moved);
        memcpy(moved, bytes + n_sent, len - n_sent);
        assert_true(dg_stream_write(&pair.guard.stream, moved, len - n_sent, &n) <= DG_STREAM_LATER);
        free(moved);
    }
    turn(world, 200);
    assert_int_equal(pair.client.n_got, len);
    assert_memory_equal(pair.client.got, bytes, len);
    free(bytes);
    close_pair(&pair);
}

static void a_goodbye_behind_data_is_the_end(void **state)
{
    struct world *world = *state;
    struct pair pair;
    size_t n;
    open_secure_pair(world, &pair);
    assert_int_equal(dg_stream_write(&pair.guard.stream, "last", 4, &n), DG_STREAM_SOME);
    dg_tls_shut(pair.guard.stream.tls); /* and no FIN */
    assert_true(dg_stream_want(&pair.client.stream, true, false));
    turn(world, 5);
    assert_int_equal(pair.client.n_got, 4);
    assert_int_equal(pair.client.last, DG_STREAM_END);
    assert_true(pair.client.stream.has_ended);
    /* The other direction goes on. */
    assert_int_equal(dg_stream_write(&pair.client.stream, "mine", 4, &n), DG_STREAM_SOME);
    on_readable(-1, 0, &pair.guard);
    assert_int_equal(pair.guard.n_got, 4);
    close_pair(&pair);
}

static void an_end_without_goodbye_is_one_too(void **state)
{
    struct world *world = *state;
    struct pair pair;
    open_secure_pair(world, &pair);
    assert_int_equal(shutdown(pair.guard.stream.fd, SHUT_WR), 0);
    on_readable(-1, 0, &pair.client);
    assert_int_equal(pair.client.last, DG_STREAM_END);
    close_pair(&pair);
}

static void a_record_that_does_not_decrypt_breaks_the_stream(void **state)
{
    struct world *world = *state;
    struct pair pair;
    static const char forged[HEADER_BYTES + 32] = {0x17, 3, 3, 0, 32};
    size_t n;
    open_secure_pair(world, &pair);
    assert_int_equal(send(pair.client.stream.fd, forged, sizeof forged, 0), sizeof forged);
    for (int i = 0; i < 3; i++) {
        on_readable(-1, 0, &pair.guard);
        assert_int_equal(pair.guard.last, DG_STREAM_BROKEN);
    }
    assert_int_equal(dg_stream_write(&pair.guard.stream, "x", 1, &n), DG_STREAM_BROKEN);
    close_pair(&pair);
}

static void nothing_is_written_before_the_handshake_is_done(void **state)
{
    struct world *world = *state;
    struct pair pair;
    size_t n;
    char byte;
    open_pair(world, &pair);
    secure_guard(world, &pair);
    assert_int_equal(dg_stream_write(&pair.guard.stream, "x", 1, &n), DG_STREAM_BROKEN);
    dg_stream_shut(&pair.guard.stream);
    assert_int_equal(recv(pair.client.stream.fd, &byte, 1, MSG_DONTWAIT), 0);
    close_pair(&pair);
}

/* The client's first flight arrives in pieces of `step` bytes; `n_before` of them were read before TLS began. */
static void shake_hands_in_pieces(struct world *world, size_t step, size_t n_before)
{
    struct pair pair;
    int wire[2];
    uint8_t flight[4096];
    open_pair(world, &pair);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, wire), 0);
    struct dg_tls *client = dg_tls_connect(&world->settings->servers[0], "localhost", wire[0]);
    assert_int_equal(dg_tls_handshake(client), DG_STREAM_LATER);
    ssize_t len = recv(wire[1], flight, sizeof flight, 0);
    assert_true(len > 0 && (size_t)len >= n_before);
    struct dg_str first = {(const char *)flight, n_before};
    dg_stream_secure(&pair.guard.stream, dg_tls_accept(world->settings, pair.guard.stream.fd, first, false));
    assert_true(dg_stream_want(&pair.guard.stream, true, false));
    turn(world, 2);
    for (size_t at = n_before; at < (size_t)len; at += step) {
        size_t n = (size_t)len - at < step ? (size_t)len - at : step;
        assert_int_equal(send(pair.client.stream.fd, flight + at, n, 0), n);
        turn(world, 1);
    }
    for (int i = 0; i < 20 && !pair.guard.stream.tls->is_established; i++) {
        len = recv(pair.client.stream.fd, flight, sizeof flight, MSG_DONTWAIT);
        for (ssize_t at = 0; at < len; at++) {
            assert_int_equal(send(wire[1], flight + at, 1, 0), 1);
            assert_true(dg_tls_handshake(client) <= DG_STREAM_LATER);
        }
        len = recv(wire[1], flight, sizeof flight, MSG_DONTWAIT);
        for (ssize_t at = 0; at < len; at++) {
            assert_int_equal(send(pair.client.stream.fd, flight + at, 1, 0), 1);
            turn(world, 1);
        }
    }
    assert_true(pair.guard.stream.tls->is_established);
    assert_true(client->is_established);
    dg_tls_free(client);
    close(wire[0]);
    close(wire[1]);
    close_pair(&pair);
}

static void a_handshake_may_come_in_pieces(void **state)
{
    const size_t cases[][2] = {{1, 0}, {1, 1}, {1, 5}, {1, 6}, {3, 100}, {4096, 0}, {4096, 1}, {4096, 200}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        shake_hands_in_pieces(*state, cases[i][0], cases[i][1]);
}

static void failed_handshakes_say_why(void **state)
{
    struct world *world = *state;
    const struct {
        struct dg_str bytes;
        const char *failure;
    } cases[] = {
        {DG_STR("\0\0\0\10\4\322\26\57"), "not_tls"},
        {DG_STR("GET / HTTP/1.1\r\n\r\n"), "not_tls"},
        {DG_STR(""), "closed"},
        {DG_STR("\26\3\1\0\5"), "closed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair pair;
        open_pair(world, &pair);
        secure_guard(world, &pair);
        (void)!send(pair.client.stream.fd, cases[i].bytes.data, cases[i].bytes.len, 0);
        (void)shutdown(pair.client.stream.fd, SHUT_WR);
        on_readable(-1, 0, &pair.guard);
        on_readable(-1, 0, &pair.guard);
        assert_int_equal(pair.guard.last, DG_STREAM_BROKEN);
        assert_string_equal(pair.guard.stream.tls->failure, cases[i].failure);
        assert_non_null(pair.guard.stream.tls->sentence);
        close_pair(&pair);
    }
}

static void exchange(struct pair *pair)
{
    size_t n;
    pair->client.n_got = 0;
    pair->guard.n_got = 0;
    assert_int_equal(dg_stream_write(&pair->guard.stream, "ping", 4, &n), DG_STREAM_SOME);
    on_readable(-1, 0, &pair->client);
    assert_int_equal(dg_stream_write(&pair->client.stream, "pong", 4, &n), DG_STREAM_SOME);
    on_readable(-1, 0, &pair->guard);
    on_readable(-1, 0, &pair->guard);
    on_readable(-1, 0, &pair->client);
    assert_memory_equal(pair->client.got, "ping", 4);
    assert_memory_equal(pair->guard.got, "pong", 4);
}

/* TLS 1.3: either side may change its keys at any time, and ask the other to do so, who writes while it reads. */
static void keys_may_change(void **state)
{
    struct world *world = *state;
    struct pair pair;
    open_secure_pair(world, &pair);
    for (int i = 0; i < 10; i++) {
        SSL *ssl = i % 2 == 0 ? pair.client.stream.tls->ssl : pair.guard.stream.tls->ssl;
        assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(ssl), 1);
        exchange(&pair);
    }
    close_pair(&pair);
}

/* The guard's answer to a change of keys finds the socket full: reading is tried again, without a spin, until there is
   room. */
static void keys_may_change_while_the_socket_is_full(void **state)
{
    struct world *world = *state;
    struct pair pair;
    size_t n, len = 4000000;
    open_secure_pair(world, &pair);
    uint8_t *bytes = pattern(len);
    assert_int_equal(dg_stream_write(&pair.guard.stream, bytes, len, &n), DG_STREAM_LATER);
    assert_int_equal(SSL_key_update(pair.client.stream.tls->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(pair.client.stream.tls->ssl), 1);
    size_t n_written;
    assert_int_equal(dg_stream_write(&pair.client.stream, "pong", 4, &n_written), DG_STREAM_SOME);
    pair.guard.n_calls = 0;
    assert_true(dg_stream_want(&pair.guard.stream, true, false));
    turn(world, 1000);
    assert_true(pair.guard.n_calls < 100);
    assert_true(dg_stream_want(&pair.client.stream, true, false));
    for (size_t n_sent = n; n_sent < len; n_sent += n) {
        turn(world, 1);
        assert_true(dg_stream_write(&pair.guard.stream, bytes + n_sent, len - n_sent, &n) <= DG_STREAM_LATER);
    }
    for (int i = 0; i < 5000 && pair.guard.n_got < 4; i++) {
        turn(world, 1);
        (void)usleep(1000);
    }
    turn(world, 100);
    assert_int_equal(pair.client.n_got, len);
    assert_memory_equal(pair.client.got, bytes, len);
    assert_int_equal(pair.guard.n_got, 4);
    free(bytes);
    close_pair(&pair);
}

/* TLS 1.2 had this; it costs the side that accepts a lot. */
static void a_second_handshake_is_refused(void **state)
{
    struct world *world = *state;
    struct pair pair;
    open_pair(world, &pair);
    secure_guard(world, &pair);
    secure_client(world, &pair);
    SSL *ssl = pair.client.stream.tls->ssl;
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
    shake_hands(&pair);
    assert_int_equal(SSL_renegotiate(ssl), 1);
    assert_int_not_equal(SSL_do_handshake(ssl), 1);
    on_readable(-1, 0, &pair.guard);
    assert_int_equal(pair.guard.n_got, 0);
    assert_int_not_equal(SSL_do_handshake(ssl), 1);
    assert_int_equal(SSL_get_error(ssl, -1), SSL_ERROR_SSL);
    close_pair(&pair);
}

static void certificates_are_compared(void **state)
{
    struct world *world = *state;
    struct pair pair;
    open_secure_pair(world, &pair);
    assert_true(dg_tls_shows_same_certificate(pair.guard.stream.tls, pair.client.stream.tls));
    assert_true(dg_tls_has_peer_certificate(pair.client.stream.tls, NULL));
    assert_true(dg_tls_has_peer_certificate(pair.client.stream.tls, "localhost"));
    assert_false(dg_tls_has_peer_certificate(pair.client.stream.tls, "localhos"));
    assert_false(dg_tls_has_peer_certificate(pair.client.stream.tls, ""));
    assert_false(dg_tls_has_peer_certificate(pair.guard.stream.tls, NULL));
    close_pair(&pair);
}

/* libpq's rule, and only for keys that are used. */
static void a_key_that_others_may_read_is_refused(void **state)
{
    struct world *world = *state;
    struct dg_config config = config_of(&world->certificate);
    struct dg_url upstream = {.hosts = {{.host = "localhost"}}, .n_hosts = 1};
    const struct {
        mode_t mode;
        bool as_root, as_other;
    } cases[] = {{0600, true, true},   {0400, true, true},   {0640, true, false},
                 {0644, false, false}, {0660, false, false}, {0604, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_tls_settings *settings = NULL;
        struct dg_error error = {DG_OK, ""};
        assert_int_equal(chmod(world->certificate.key, cases[i].mode), 0);
        bool is_allowed = geteuid() == 0 ? cases[i].as_root : cases[i].as_other;
        enum dg_status status = dg_tls_settings_new(&config, &upstream, 1, &settings, &error);
        assert_int_equal(status, is_allowed ? DG_OK : DG_CONFIG);
        if (!is_allowed)
            assert_non_null(strstr(error.text, "client_tls.key_file"));
        else
            dg_shared_unref(&settings->shared);
    }
    config.client_tls_sslmode = DG_SSLMODE_DISABLE;
    struct dg_tls_settings *settings = NULL;
    struct dg_error error = {DG_OK, ""};
    assert_int_equal(dg_tls_settings_new(&config, &upstream, 1, &settings, &error), DG_OK);
    assert_null(settings->client);
    assert_non_null(settings->servers[0].context);
    dg_shared_unref(&settings->shared);
}

/* Of a ClientHello each part but the whole is half; what cannot become one is left to OpenSSL at once. */
static void a_hello_is_whole_when_its_last_byte_is_there(void **state)
{
    (void)state;
    static const char in_one[] = "\x16\x03\x01\x00\x0a\x01\x00\x00\x06"
                                 "abcdef";
    static const char in_two[] = "\x16\x03\x01\x00\x02\x01\x00\x16\x03\x03\x00\x08\x00\x06"
                                 "abcdef";
    for (size_t len = 0; len < sizeof in_one - 1; len++)
        assert_true(dg_tls_is_half_hello((struct dg_str){in_one, len}));
    assert_false(dg_tls_is_half_hello((struct dg_str){in_one, sizeof in_one - 1}));
    for (size_t len = 0; len < sizeof in_two - 1; len++)
        assert_true(dg_tls_is_half_hello((struct dg_str){in_two, len}));
    assert_false(dg_tls_is_half_hello((struct dg_str){in_two, sizeof in_two - 1}));
    static const struct dg_str others[] = {{"\x15\x03\x01\x00\x02", 5},
                                           {"GET / HTTP/1.1", 14},
                                           {"\x16\x02\x01\x00\x10", 5},
                                           {"\x16\x03\x01\x00\x00", 5},
                                           {"\x16\x03\x01\x40\x01", 5},
                                           {"\x16\x03\x01\x00\x08\x02", 6},
                                           {"\x80", 1},
                                           {"\x16\x03\x01\x00\x01\x01\x17", 7}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(dg_tls_is_half_hello(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hello_is_whole_when_its_last_byte_is_there),
        cmocka_unit_test_setup_teardown(what_goes_in_comes_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_openssl_holds_is_read_when_it_is_wanted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_have_at_most_8_kb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_socket_takes_the_rest_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_goodbye_behind_data_is_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_without_goodbye_is_one_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_does_not_decrypt_breaks_the_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_written_before_the_handshake_is_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_handshake_may_come_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_handshakes_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_may_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_may_change_while_the_socket_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_handshake_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(certificates_are_compared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_others_may_read_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
