/* Where to listen: addresses and paths of Unix sockets, one or several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

static void lists_are_taken_apart(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *places[4]; /* paths, or hosts */
        const char *ports[4];
    } cases[] = {
        {"127.0.0.1:5442", {"127.0.0.1"}, {"5442"}},
        {"[::1]:0", {"::1"}, {"0"}},
        {"/.s.PGSQL.1", {"/.s.PGSQL.1"}, {""}},
        {"/run/driftguard/.s.PGSQL.65535", {"/run/driftguard/.s.PGSQL.65535"}, {""}},
        {"a:1, /b c/.s.PGSQL.2 ,[::]:3", {"a", "/b c/.s.PGSQL.2", "::"}, {"1", "", "3"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_str rest = dg_str_of(cases[i].text);
        struct dg_listen_address address;
        size_t n = 0, n_counted = 0;
        for (; rest.len > 0; n++) {
            assert_int_equal(dg_listen_next(&rest, &address, NULL), DG_OK);
            assert_string_equal(address.path[0] != '\0' ? address.path : address.host, cases[i].places[n]);
            assert_string_equal(address.port, cases[i].ports[n]);
        }
        assert_null(cases[i].places[n]);
        assert_int_equal(dg_listen_check(cases[i].text, &n_counted, NULL), DG_OK);
        assert_int_equal(n_counted, n);
    }
}

static void wrong_ones_say_what_is_wrong(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *problem;
    } cases[] = {
        {"", "HOST:PORT"},
        {",", "behind the last comma"},
        {"a:1,", "behind the last comma"},
        {",a:1", "HOST:PORT"},
        {"a:1,,b:2", "HOST:PORT"},
        {"a:1 b:2", "HOST:PORT"},
        {"/run", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.0", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.05442", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.65536", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.4294967297", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.5442/", "host=/FOLDER port=PORT"},
        {"/.s.PGSQL.54x2", "host=/FOLDER port=PORT"},
        {"/x.s.PGSQL.5442", "host=/FOLDER port=PORT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_error error = {DG_OK, ""};
        size_t n;
        assert_int_equal(dg_listen_check(cases[i].text, &n, &error), DG_CONFIG);
        if (strstr(error.text, cases[i].problem) == NULL)
            fail_msg("\"%s\": %s", cases[i].text, error.text);
    }
}

static void there_are_limits(void **state)
{
    (void)state;
    char text[400];
    size_t n;
    memset(text, 'x', sizeof text);
    text[0] = '/';
    memcpy(text + 107 - 14, "/.s.PGSQL.5442", 15);
    assert_int_equal(dg_listen_check(text, &n, NULL), DG_OK);
    memset(text, 'x', sizeof text);
    text[0] = '/';
    memcpy(text + 108 - 14, "/.s.PGSQL.5442", 15);
    assert_int_equal(dg_listen_check(text, &n, NULL), DG_CONFIG);
    memset(text, 'x', sizeof text);
    memcpy(text + 300, ":1", 3);
    assert_int_equal(dg_listen_check(text, &n, NULL), DG_CONFIG);
    text[0] = '\0';
    for (int i = 0; i < DG_LISTEN_MAX; i++) {
        (void)snprintf(text + strlen(text), 20, "%sa:%d", i == 0 ? "" : ",", i);
        assert_int_equal(dg_listen_check(text, &n, NULL), DG_OK);
    }
    (void)snprintf(text + strlen(text), 20, ",a:99");
    assert_int_equal(dg_listen_check(text, &n, NULL), DG_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_taken_apart),
        cmocka_unit_test(wrong_ones_say_what_is_wrong),
        cmocka_unit_test(there_are_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
