/*
 * Start-up packets, and the settings hidden in their `options`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "protocol/startup.h"

static void the_length_is_checked_before_anything_else(void **state)
{
    (void)state;
    static const struct {
        char bytes[4];
        enum dg_status status;
        size_t len;
    } cases[] = {
        {{0, 0, 0, 8}, DG_OK, 8},
        {{0, 0, 0x27, 0x14}, DG_OK, 10004},
        {{0, 0, 0x27, 0x15}, DG_PROTOCOL, 0},
        {{0, 0, 0, 7}, DG_PROTOCOL, 0},
        {{0, 0, 0, 0}, DG_PROTOCOL, 0},
        {{'\xff', '\xff', '\xff', '\xff'}, DG_PROTOCOL, 0},
        {{'G', 'E', 'T', ' '}, DG_PROTOCOL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = 0;
        assert_int_equal(dg_startup_packet_bytes((struct dg_str){cases[i].bytes, 4}, &len), cases[i].status);
        assert_int_equal(len, cases[i].len);
    }
    size_t len;
    for (size_t n = 0; n < 4; n++)
        assert_int_equal(dg_startup_packet_bytes((struct dg_str){"\0\0\0\10", n}, &len), DG_AGAIN);
}

/* A packet with this code and content; its length word says `excess` more than is true. */
static struct dg_str packet_of(char *memory, size_t size, uint32_t code, struct dg_str content, int excess)
{
    size_t len = 8 + content.len;
    assert_true(len <= size);
    uint32_t words[2] = {(uint32_t)((int)len + excess), code};
    for (size_t i = 0; i < 8; i++)
        memory[i] = (char)(words[i / 4] >> (24 - 8 * (i % 4)));
    if (content.len > 0)
        memcpy(memory + 8, content.data, content.len);
    return (struct dg_str){memory, len};
}

static void packets_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t code;
        struct dg_str content;
        int excess;
        enum dg_startup_kind kind;
    } cases[] = {
        {"SSLRequest", 80877103, {"", 0}, 0, DG_STARTUP_SSL_REQUEST},
        {"SSLRequest with a byte behind it", 80877103, {"x", 1}, 0, DG_STARTUP_UNKNOWN},
        {"GSSENCRequest", 80877104, {"", 0}, 0, DG_STARTUP_GSSENC_REQUEST},
        {"CancelRequest", 80877102, {"\0\0\1\2abcd", 8}, 0, DG_STARTUP_CANCEL_REQUEST},
        {"CancelRequest with a key of 3 bytes", 80877102, {"\0\0\1\2abc", 7}, 0, DG_STARTUP_UNKNOWN},
        {"CancelRequest without key", 80877102, {"\0\0\1\2", 4}, 0, DG_STARTUP_UNKNOWN},
        {"CancelRequest without process", 80877102, {"\0\0", 2}, 0, DG_STARTUP_UNKNOWN},
        {"protocol 3.0", 0x30000, {"user\0me\0\0", 9}, 0, DG_STARTUP_MESSAGE},
        {"a length that is too large", 0x30000, {"user\0me\0\0", 9}, 1, DG_STARTUP_UNKNOWN},
        {"a length that is too small", 0x30000, {"user\0me\0\0", 9}, -1, DG_STARTUP_UNKNOWN},
        {"an empty value", 0x30000, {"user\0\0\0", 7}, 0, DG_STARTUP_MESSAGE},
        {"no parameters at all", 0x30000, {"\0", 1}, 0, DG_STARTUP_MESSAGE},
        {"protocol 3.2", 0x30002, {"\0", 1}, 0, DG_STARTUP_MESSAGE},
        {"protocol 2", 0x20000, {"\0", 1}, 0, DG_STARTUP_UNKNOWN},
        {"no terminator", 0x30000, {"user\0me\0", 8}, 0, DG_STARTUP_UNKNOWN},
        {"bytes behind the terminator", 0x30000, {"\0x", 2}, 0, DG_STARTUP_UNKNOWN},
        {"a name without value", 0x30000, {"user\0", 5}, 0, DG_STARTUP_UNKNOWN},
        {"a name that does not end", 0x30000, {"user", 4}, 0, DG_STARTUP_UNKNOWN},
        {"nothing but a code", 0x30000, {"", 0}, 0, DG_STARTUP_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char memory[64];
        struct dg_startup startup;
        dg_startup_parse(packet_of(memory, sizeof memory, cases[i].code, cases[i].content, cases[i].excess), &startup);
        if (startup.kind != cases[i].kind)
            fail_msg("%s: kind %d", cases[i].what, (int)startup.kind);
    }
}

static void parameters_are_found_whatever_their_names(void **state)
{
    (void)state;
    char memory[128];
    struct dg_startup startup;
    struct dg_str content = DG_STR("user\0me\0database\0\0_pq_.new\0on\0user\0you\0application_name\0psql\0\0");
    dg_startup_parse(packet_of(memory, sizeof memory, 0x30002, content, 0), &startup);
    assert_int_equal(startup.kind, DG_STARTUP_MESSAGE);
    assert_int_equal(startup.minor, 2);
    assert_true(dg_str_is(dg_startup_find_parameter(&startup, "user"), "you"));
    assert_true(dg_str_is(dg_startup_find_parameter(&startup, "_pq_.new"), "on"));
    struct dg_str database = dg_startup_find_parameter(&startup, "database");
    assert_non_null(database.data);
    assert_int_equal(database.len, 0);
    assert_null(dg_startup_find_parameter(&startup, "options").data);
}

static void a_cancel_key_has_up_to_256_bytes(void **state)
{
    (void)state;
    for (size_t key_len = 255; key_len <= 257; key_len++) {
        size_t len = 12 + key_len;
        char *packet = calloc(1, len);
        assert_non_null(packet);
        memcpy(packet, (char[]){0, 0, (char)(len >> 8), (char)len, 4, '\xd2', 0x16, 0x2e, 0, 0, 1, 2}, 12);
        struct dg_startup startup;
        dg_startup_parse((struct dg_str){packet, len}, &startup);
        assert_int_equal(startup.kind, key_len <= 256 ? DG_STARTUP_CANCEL_REQUEST : DG_STARTUP_UNKNOWN);
        if (key_len <= 256) {
            assert_int_equal(startup.cancel_key.len, key_len);
            assert_int_equal(startup.cancel_pid, 0x0102);
        }
        free(packet);
    }
}

static void options_are_searched_like_the_server_does(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        enum dg_options_answer answer;
        const char *value;
    } cases[] = {
        {"", DG_OPTIONS_ABSENT, ""},
        {"  ", DG_OPTIONS_ABSENT, ""},
        {"-c geqo=off", DG_OPTIONS_ABSENT, ""},
        {"-c search_path=app", DG_OPTIONS_FOUND, "app"},
        {"-csearch_path=app", DG_OPTIONS_FOUND, "app"},
        {"--search_path=app", DG_OPTIONS_FOUND, "app"},
        {"--Search-Path=app,public", DG_OPTIONS_FOUND, "app,public"},
        {"-c search_path=a\\ b\\\\c", DG_OPTIONS_FOUND, "a b\\c"},
        {"-c search_path=one -c search_path=two", DG_OPTIONS_FOUND, "two"},
        {"\t-c\nsearch_path=\\\"$user\\\",x ", DG_OPTIONS_FOUND, "\"$user\",x"},
        {"-c search_path=", DG_OPTIONS_FOUND, ""},
        {"-c search_path", DG_OPTIONS_ABSENT, ""},
        {"-c search_pathx=app", DG_OPTIONS_ABSENT, ""},
        {"-c", DG_OPTIONS_UNREADABLE, ""},
        {"-e", DG_OPTIONS_UNREADABLE, ""},
        {"-S 64 -c search_path=app", DG_OPTIONS_UNREADABLE, ""},
        {"app", DG_OPTIONS_UNREADABLE, ""},
        {"-c search_path=0123456789012345678901234567890", DG_OPTIONS_FOUND, "0123456789012345678901234567890"},
        {"-c search_path=01234567890123456789012345678901", DG_OPTIONS_UNREADABLE, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[32] = "";
        enum dg_options_answer answer =
            dg_startup_options_find(dg_str_of(cases[i].options), "search_path", value, sizeof value);
        if (answer != cases[i].answer || (answer == DG_OPTIONS_FOUND && strcmp(value, cases[i].value) != 0))
            fail_msg("'%s': %d, '%s'", cases[i].options, (int)answer, value);
    }
}

static void a_word_of_options_that_is_too_long_is_not_half_read(void **state)
{
    (void)state;
    char options[2000];
    memset(options, 'x', sizeof options);
    memcpy(options, "-c ", 3);
    char value[32];
    assert_int_equal(
        dg_startup_options_find((struct dg_str){options, sizeof options}, "search_path", value, sizeof value),
        DG_OPTIONS_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_is_checked_before_anything_else),
        cmocka_unit_test(packets_are_told_apart),
        cmocka_unit_test(parameters_are_found_whatever_their_names),
        cmocka_unit_test(a_cancel_key_has_up_to_256_bytes),
        cmocka_unit_test(options_are_searched_like_the_server_does),
        cmocka_unit_test(a_word_of_options_that_is_too_long_is_not_half_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
