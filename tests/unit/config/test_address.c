/* URLs and addresses; and that no error shows a password, however it was misspelt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

static void urls_are_taken_apart(void **state)
{
    (void)state;
    const struct {
        const char *text;
        struct {
            const char *host, *port, *user, *password, *database;
        } url;
        const char *printed;
    } cases[] = {
        {"postgres://db", {"db", "5432", "", "", ""}, "postgres://db:5432"},
        {"postgresql://db:6000/shop", {"db", "6000", "", "", "shop"}, "postgres://db:6000/shop"},
        {"postgres://guard@db/", {"db", "5432", "guard", "", ""}, "postgres://guard@db:5432"},
        {"postgres://guard:s3cret@db:1/shop", {"db", "1", "guard", "s3cret", "shop"}, "postgres://guard@db:1/shop"},
        {"postgres://g%40x:p%3A%2F%40%25@db/a%2Fb",
         {"db", "5432", "g@x", "p:/@%", "a/b"},
         "postgres://g%40x@db:5432/a%2Fb"},
        {"postgres://u:a:b@db", {"db", "5432", "u", "a:b", ""}, "postgres://u@db:5432"},
        {"postgres://u:@db", {"db", "5432", "u", "", ""}, "postgres://u@db:5432"},
        {"postgres://[::1]", {"::1", "5432", "", "", ""}, "postgres://[::1]:5432"},
        {"postgres://u@[fe80::1]:65535/d", {"fe80::1", "65535", "u", "", "d"}, "postgres://u@[fe80::1]:65535/d"},
        {"postgres://%2Fvar%2Frun:5433/d", {"/var/run", "5433", "", "", "d"}, "postgres://%2Fvar%2Frun:5433/d"},
        {"postgres://db/shop?sslmode=disable", {"db", "5432", "", "", "shop"}, "postgres://db:5432/shop"},
        {"postgres://db?sslmode=prefer", {"db", "5432", "", "", ""}, "postgres://db:5432"},
        {"postgres://db:05432", {"db", "5432", "", "", ""}, "postgres://db:5432"},
        {"postgres://db/gr%C3%BC", {"db", "5432", "", "", "gr\xC3\xBC"}, "postgres://db:5432/gr%C3%BC"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_url url;
        struct dg_error error = {DG_OK, ""};
        assert_int_equal(dg_url_parse(cases[i].text, &url, &error), DG_OK);
        assert_int_equal(url.n_hosts, 1);
        assert_string_equal(url.hosts[0].host, cases[i].url.host);
        assert_string_equal(url.hosts[0].port, cases[i].url.port);
        assert_string_equal(url.user, cases[i].url.user);
        assert_string_equal(url.password, cases[i].url.password);
        assert_string_equal(url.database, cases[i].url.database);
        struct dg_text out;
        dg_text_init(&out, 1000);
        dg_url_print(&url, &out);
        assert_string_equal(dg_text_get(&out), cases[i].printed);
        dg_text_fini(&out);
    }
}

static void a_url_may_list_hosts_each_with_its_port(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t n_hosts;
        const char *hosts[3], *ports[3];
        const char *printed;
    } cases[] = {
        {"postgres://a,b/shop", 2, {"a", "b"}, {"5432", "5432"}, "postgres://a:5432,b:5432/shop"},
        {"postgres://u:p@a:1,b:2,c:3/shop?target_session_attrs=any",
         3,
         {"a", "b", "c"},
         {"1", "2", "3"},
         "postgres://u@a:1,b:2,c:3/shop"},
        /* A port is not the next host's. */
        {"postgres://a:6000,b", 2, {"a", "b"}, {"6000", "5432"}, "postgres://a:6000,b:5432"},
        {"postgres://[::1]:1,10.0.0.1,%2Frun%2Fpg:3",
         3,
         {"::1", "10.0.0.1", "/run/pg"},
         {"1", "5432", "3"},
         "postgres://[::1]:1,10.0.0.1:5432,%2Frun%2Fpg:3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_url url;
        struct dg_error error = {DG_OK, ""};
        assert_int_equal(dg_url_parse(cases[i].text, &url, &error), DG_OK);
        assert_int_equal(url.n_hosts, cases[i].n_hosts);
        for (size_t j = 0; j < url.n_hosts; j++) {
            assert_string_equal(url.hosts[j].host, cases[i].hosts[j]);
            assert_string_equal(url.hosts[j].port, cases[i].ports[j]);
        }
        struct dg_text out;
        dg_text_init(&out, 1000);
        dg_url_print(&url, &out);
        assert_string_equal(dg_text_get(&out), cases[i].printed);
        dg_text_fini(&out);
    }
}

static void a_url_says_how_tls_is_spoken(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool has_sslmode;
        enum dg_sslmode sslmode;
        const char *ca_file, *cert_file, *key_file;
        bool is_direct;
    } cases[] = {
        {"postgres://db", false, DG_SSLMODE_DISABLE, "", "", "", false},
        {"postgres://db?sslmode=disable", true, DG_SSLMODE_DISABLE, "", "", "", false},
        {"postgres://db?sslmode=prefer", true, DG_SSLMODE_OPTIONAL, "", "", "", false},
        {"postgres://db/shop?sslmode=require&", true, DG_SSLMODE_REQUIRE, "", "", "", false},
        {"postgres://db?sslmode=verify-ca&sslrootcert=%2Fca.pem", true, DG_SSLMODE_VERIFY_CA, "/ca.pem", "", "", false},
        {"postgres://db?sslrootcert=/a/ca.pem&sslmode=verify-full&sslcert=c&sslkey=k&sslnegotiation=direct", true,
         DG_SSLMODE_VERIFY_FULL, "/a/ca.pem", "c", "k", true},
        {"postgres://db?sslnegotiation=postgres", false, DG_SSLMODE_DISABLE, "", "", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_url url;
        struct dg_error error = {DG_OK, ""};
        assert_int_equal(dg_url_parse(cases[i].text, &url, &error), DG_OK);
        assert_int_equal(url.has_sslmode, cases[i].has_sslmode);
        assert_int_equal(url.sslmode, cases[i].sslmode);
        assert_string_equal(url.ca_file, cases[i].ca_file);
        assert_string_equal(url.cert_file, cases[i].cert_file);
        assert_string_equal(url.key_file, cases[i].key_file);
        assert_int_equal(url.is_direct, cases[i].is_direct);
    }
}

static void what_the_url_says_wins_over_the_options(void **state)
{
    (void)state;
    const struct dg_config config = {.server_tls_sslmode = DG_SSLMODE_REQUIRE,
                                     .server_tls_ca_file = "option",
                                     .server_tls_cert_file = "",
                                     .server_tls_key_file = "option"};
    struct dg_url url;
    struct dg_error error = {DG_OK, ""};
    struct dg_server_tls tls;
    assert_int_equal(dg_url_parse("postgres://db?sslkey=url&sslcert=url", &url, &error), DG_OK);
    dg_config_server_tls(&config, &url, &tls);
    assert_int_equal(tls.sslmode, DG_SSLMODE_REQUIRE);
    assert_string_equal(tls.ca_file, "option");
    assert_string_equal(tls.cert_file, "url");
    assert_string_equal(tls.key_file, "url");
    assert_int_equal(dg_url_parse("postgres://db?sslmode=disable&sslrootcert=url", &url, &error), DG_OK);
    dg_config_server_tls(&config, &url, &tls);
    assert_int_equal(tls.sslmode, DG_SSLMODE_DISABLE);
    assert_string_equal(tls.ca_file, "url");
    assert_string_equal(tls.cert_file, "");
    assert_string_equal(tls.key_file, "option");
}

/* In all of these the password is s3cret, or a piece of it stands where it does not belong. */
static void wrong_urls_are_refused_and_the_password_kept(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *problem;
    } cases[] = {
        {"", "must begin with"},
        {"s3cret", "must begin with"},
        {"mysql://u:s3cret@db", "must begin with"},
        {"POSTGRES://u:s3cret@db", "must begin with"},
        {"postgres://", "names no host"},
        {"postgres://u:s3cret@", "names no host"},
        {"postgres://u:s3cret@:5432", "names no host"},
        {"postgres://u:s3cret@db:", "port must be"},
        {"postgres://u:s3cret@db:0", "port must be"},
        {"postgres://u:s3cret@db:65536", "port must be"},
        {"postgres://u:s3cret@db:99999999999", "port must be"},
        {"postgres://u:s3cret@db:54x2", "port must be"},
        {"postgres://u:s3cret@a,", "names no host"},
        {"postgres://u:s3cret@,b", "names no host"},
        {"postgres://u:s3cret@a:1,b:0", "port must be"},
        {"postgres://u:s3cret@a%2Cb", "contains a comma"},
        {"postgres://u:s3cret@a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16 hosts"},
        {"postgres://u:s3cret@::1:5432", "[address]:port"},
        {"postgres://u:s3cret@[::1", "[address]:port"},
        {"postgres://u:s3cret@[::1]5432", "[address]:port"},
        {"postgres://u:s3cret@[db]:5432", "[address]:port"},
        {"postgres://u:s3cret%@db", "two hexadecimal digits"},
        {"postgres://u:s3cret%4@db", "two hexadecimal digits"},
        {"postgres://u:s3cret%zz@db", "two hexadecimal digits"},
        {"postgres://u:s3cret%00@db", "control character"},
        {"postgres://u:s3cret@db/a%0Ab", "control character"},
        {"postgres://u:p@s3cret@db", "percent-encoded"},
        {"postgres://u:p/s3cret@db", "percent-encoded"},
        {"postgres://u:p?s3cret@db", "percent-encoded"},
        {"postgres://u:p?s3cret=x@db", "percent-encoded"},
        {"postgres://u@h:p@s3cret@db", "percent-encoded"},
        {"postgres://u:s3cret@db?sslmode=allow", "must be one of disable, prefer"},
        {"postgres://u:s3cret@db?sslmode=disable&sslcrl=x", "\"sslcrl\" is not supported"},
        {"postgres://u:s3cret@db?sslnegotiation=never", "postgres or direct"},
        {"postgres://u:s3cret@a,b?target_session_attrs=read-write", "target_session_attrs can only be any"},
        {"postgres://u:s3cret@db?sslcert=%zz", "two hexadecimal digits"},
        {"postgres://db?sslmode", "other than libpq's"},
        {"postgres://db?password=s3cret", "\"password\" is not supported"},
        {"postgres://db?s3cret", "other than libpq's"},
        {"postgres://db?S3cret=1", "other than libpq's"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_url url;
        struct dg_error error = {DG_OK, ""};
        assert_int_equal(dg_url_parse(cases[i].text, &url, &error), DG_CONFIG);
        assert_non_null(strstr(error.text, cases[i].problem));
        assert_null(strstr(error.text, "3cret"));
        for (size_t j = 0; j < sizeof url.password; j++)
            assert_int_equal(url.password[j], 0);
    }
}

/* "postgres://<n times x>..." with the part at its limit, then one byte beyond. */
static void each_part_has_its_limit(void **state)
{
    (void)state;
    const struct {
        const char *before;
        size_t max;
        const char *after;
        const char *problem;
    } cases[] = {
        {"postgres://", 255, "", "host is longer than 255 bytes"},
        {"postgres://", 127, "@db", "user is longer than 127 bytes"},
        {"postgres://u:", 511, "@db", "password is longer than 511 bytes"},
        {"postgres://db/", 127, "", "database is longer than 127 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char filler[513];
        memset(filler, 'x', sizeof filler);
        for (size_t len = cases[i].max; len <= cases[i].max + 1; len++) {
            struct dg_text text;
            struct dg_url url;
            struct dg_error error = {DG_OK, ""};
            dg_text_init(&text, 2000);
            dg_text_cstr(&text, cases[i].before);
            dg_text_append(&text, (struct dg_str){filler, len});
            dg_text_cstr(&text, cases[i].after);
            assert_int_equal(dg_url_parse(dg_text_get(&text), &url, &error), len > cases[i].max ? DG_CONFIG : DG_OK);
            assert_true(len == cases[i].max || strstr(error.text, cases[i].problem) != NULL);
            dg_text_fini(&text);
        }
    }
}

static void addresses_are_split(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *host; /* NULL: refused */
        const char *port;
    } cases[] = {
        {"127.0.0.1:5442", "127.0.0.1", "5442"},
        {"localhost:0", "localhost", "0"},
        {"[::1]:5442", "::1", "5442"},
        {"[fe80::1%eth0]:1", "fe80::1%eth0", "1"},
        {"0.0.0.0:65535", "0.0.0.0", "65535"},
        {"", NULL, NULL},
        {"5442", NULL, NULL},
        {":5442", NULL, NULL}, /* all interfaces must be asked for by name */
        {"localhost", NULL, NULL},
        {"localhost:", NULL, NULL},
        {"localhost:65536", NULL, NULL},
        {"localhost:-1", NULL, NULL},
        {"localhost:http", NULL, NULL},
        {"::1:5442", NULL, NULL},
        {"[::1]", NULL, NULL},
        {"[::1]x5442", NULL, NULL},
        {"[]:5442", NULL, NULL},
        {"a b:5442", NULL, NULL},
        {"a/b:5442", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char host[256], port[8];
        struct dg_error error;
        enum dg_status status = dg_address_parse(cases[i].text, host, port, &error);
        assert_int_equal(status, cases[i].host == NULL ? DG_CONFIG : DG_OK);
        if (status != DG_OK)
            continue;
        assert_string_equal(host, cases[i].host);
        assert_string_equal(port, cases[i].port);
    }
}

static void a_host_of_an_address_has_at_most_255_bytes(void **state)
{
    (void)state;
    char text[300], host[256], port[8];
    memset(text, 'a', sizeof text);
    memcpy(text + 255, ":1", 3);
    assert_int_equal(dg_address_parse(text, host, port, NULL), DG_OK);
    assert_int_equal(strlen(host), 255);
    memset(text, 'a', sizeof text);
    memcpy(text + 256, ":1", 3);
    assert_int_equal(dg_address_parse(text, host, port, NULL), DG_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(a_url_may_list_hosts_each_with_its_port),
        cmocka_unit_test(a_url_says_how_tls_is_spoken),
        cmocka_unit_test(what_the_url_says_wins_over_the_options),
        cmocka_unit_test(wrong_urls_are_refused_and_the_password_kept),
        cmocka_unit_test(each_part_has_its_limit),
        cmocka_unit_test(addresses_are_split),
        cmocka_unit_test(a_host_of_an_address_has_at_most_255_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
