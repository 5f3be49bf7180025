/* The array "deprecated": every mistake in it has its place, and a column is found by all its names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/config.h"

static char path[] = "/tmp/dg-test-deprecated-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static struct dg_config *load(const char *text, struct dg_error *error)
{
    struct dg_config *config = NULL;
    assert_int_equal(dg_file_replace(path, dg_str_of(text), error), DG_OK);
    enum dg_status status = dg_config_load(&(struct dg_config_sources){.file = path}, &config, error);
    assert_int_equal(status == DG_OK, config != NULL);
    return config;
}

static void a_column_is_found_by_all_its_names(void **state)
{
    (void)state;
    static const char text[] = "{\"deprecated\": ["
                               "{\"schema\": \"public\", \"relation\": \"leads\", \"column\": \"user_email\","
                               " \"use\": \"contact_email\", \"refuse\": true, \"database\": \"shop*\"},"
                               "{\"schema\": \"public\", \"relation\": \"leads\", \"column\": \"old\"}]}";
    static const struct {
        const char *database;
        const char *schema;
        const char *relation;
        const char *column;
        bool is_found;
    } rows[] = {
        {"shop", "public", "leads", "user_email", true},   {"shop_2", "public", "leads", "user_email", true},
        {"other", "public", "leads", "user_email", false}, {"shop", "tenant", "leads", "user_email", false},
        {"shop", "public", "orders", "user_email", false}, {"shop", "public", "leads", "User_Email", false},
        {"other", "public", "leads", "old", true},
    };
    struct dg_error error;
    struct dg_config *config = load(text, &error);
    assert_non_null(config);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dg_deprecation *found = dg_config_deprecation(config, dg_str_of(rows[i].database), rows[i].schema,
                                                                   rows[i].relation, rows[i].column);
        if ((found != NULL) != rows[i].is_found)
            fail_msg("row %zu", i);
    }
    assert_true(config->deprecations[0].is_refused);
    assert_string_equal(config->deprecations[0].use, "contact_email");
    assert_false(config->deprecations[1].is_refused);
    assert_null(config->deprecations[1].use);
    dg_config_unref(config);
}

static void an_overlays_come_first(void **state)
{
    (void)state;
    struct dg_error error;
    struct dg_config *config =
        load("{\"environment\": \"staging\","
             "\"deprecated\": [{\"schema\": \"s\", \"relation\": \"r\", \"column\": \"c\"}],"
             "\"environments\": {\"staging\": {\"deprecated\":"
             " [{\"schema\": \"s\", \"relation\": \"r\", \"column\": \"c\", \"refuse\": true}]}}}",
             &error);
    assert_non_null(config);
    assert_int_equal(config->n_deprecations, 2);
    assert_true(dg_config_deprecation(config, DG_STR("x"), "s", "r", "c")->is_refused);
    dg_config_unref(config);
}

static void each_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"{\"deprecated\": {}}", "must be an array (at $.deprecated)"},
        {"{\"deprecated\": [1]}", "must be an object (at $.deprecated[0])"},
        {"{\"deprecated\": [{\"schema\": \"s\", \"relation\": \"r\"}]}", "\"schema\", \"relation\" and \"column\""},
        {"{\"deprecated\": [{\"colum\": \"c\"}]}", "did you mean \"column\"?"},
        {"{\"deprecated\": [{\"column\": 3}]}", "must be a string, a name (at $.deprecated[0].column)"},
        {"{\"deprecated\": [{\"column\": \"\"}]}", "must be a string, a name"},
        {"{\"deprecated\": [{\"refuse\": \"yes\"}]}", "must be true or false (at $.deprecated[0].refuse)"},
        {"{\"deprecated\": [{\"column\": \"a\", \"column\": \"b\"}]}", "$.deprecated[0].column"},
        {"{\"deprectaed\": []}", "did you mean \"deprecated\"?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dg_error error = {DG_OK, ""};
        assert_null(load(rows[i].text, &error));
        assert_int_equal(error.status, DG_CONFIG);
        if (strstr(error.text, rows[i].expected) == NULL)
            fail_msg("%s\n   gave %s", rows[i].text, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_found_by_all_its_names),
        cmocka_unit_test(an_overlays_come_first),
        cmocka_unit_test(each_mistake_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
