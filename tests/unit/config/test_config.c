/* Loading: files with all their mistakes, and which source wins. */
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
#include "config/sources.h"

#define FILE_NAME "driftguard.json"

static char folder[] = "/tmp/dg-test-config-XXXXXX";

/* The tests run in a folder of their own, so that errors name the file as an operator would. */
static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int leave_folder(void **state)
{
    (void)state;
    (void)unlink(FILE_NAME);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void write_file(struct dg_str content)
{
    struct dg_error error;
    assert_int_equal(dg_file_replace(FILE_NAME, content, &error), DG_OK);
}

static enum dg_status load(const struct dg_config_sources *sources, struct dg_config **config, struct dg_error *error)
{
    *error = (struct dg_error){DG_OK, ""};
    enum dg_status status = dg_config_load(sources, config, error);
    assert_int_equal(status, error->status);
    assert_int_equal(status == DG_OK, *config != NULL);
    return status;
}

static struct dg_config *load_text(const char *text)
{
    struct dg_config *config;
    struct dg_error error;
    write_file(dg_str_of(text));
    enum dg_status status = load(&(struct dg_config_sources){.file = FILE_NAME}, &config, &error);
    if (status != DG_OK)
        fail_msg("%s", error.text);
    return config;
}

static void without_sources_the_defaults_hold(void **state)
{
    (void)state;
    struct dg_config *config;
    struct dg_error error;
    assert_int_equal(load(&(struct dg_config_sources){0}, &config, &error), DG_OK);
    assert_string_equal(config->listen, "127.0.0.1:5442");
    assert_string_equal(config->upstream, "");
    assert_int_equal(config->mode, DG_MODE_OBSERVE);
    assert_int_equal(config->poll_ms, 10000);
    assert_null(config->environment);
    assert_int_equal(config->n_rules, 0);
    dg_config_unref(config);
    dg_config_unref(NULL);
}

static void a_file_sets_options_of_every_type(void **state)
{
    (void)state;
    struct dg_config *config =
        load_text("// the shop\n"
                  "{ \"upstream\": \"postgres://guard:pw@db/shop\", /* the\n"
                  " database */ \"workers\": 4, \"mode\": \"annotate\",\n"
                  "  \"log\": {\"level\": \"debug\", \"format\": \"json\"},\n"
                  "  \"schema\": {\"poll_ms\": 2.5e3}, \"detail\": \"brief\", \"admin\": \"\" }\n"
                  "// the end\n");
    assert_string_equal(config->upstream, "postgres://guard:pw@db/shop");
    assert_int_equal(config->workers, 4);
    assert_int_equal(config->mode, DG_MODE_ANNOTATE);
    assert_int_equal(config->log_level, DG_LOG_DEBUG);
    assert_int_equal(config->log_format, DG_LOG_JSON);
    assert_int_equal(config->poll_ms, 2500);
    assert_int_equal(config->detail, DG_DETAIL_BRIEF);
    assert_string_equal(config->admin, "");
    dg_config_unref(config);
}

static const struct {
    const char *text;
    const char *error;
} mistakes[] = {
    {"{\n  \"schema\": {\n    \"pol_ms\": 1\n  }\n}", "driftguard.json:3:5: unknown option \"schema.pol_ms\" (at "
                                                      "$.schema.pol_ms); did you mean \"schema.poll_ms\"?"},
    {"{\"Mode\": \"off\"}", "driftguard.json:1:2: unknown option \"Mode\" (at $.Mode); did you mean \"mode\"?"},
    {"{\"poll_ms\": 1}",
     "driftguard.json:1:2: unknown option \"poll_ms\" (at $.poll_ms); did you mean \"schema.poll_ms\"?"},
    {"{\"schema.poll_ms\": 1}", "driftguard.json:1:2: unknown option \"schema.poll_ms\" (at $[\"schema.poll_ms\"]); "
                                "write {\"schema\": {\"poll_ms\": ...}}"},
    {"{\"colour\": 1}", "driftguard.json:1:2: unknown option \"colour\" (at $.colour)"},
    {"{\"rule\": []}", "driftguard.json:1:2: unknown option \"rule\" (at $.rule); did you mean \"rules\"?"},
    {"{\"a\\nb\": 1}", "driftguard.json:1:2: unknown option \"a\\nb\" (at $[\"a\\nb\"])"},
    {"{\"mode\": \"off\",\n \"workers\": 1,\n \"mode\": \"off\"}",
     "driftguard.json:3:2: the key is there twice (at $.mode; first in line 1)"},
    {"{\"schema\": {\"poll_ms\": 1, \"poll_ms\": 2}}",
     "driftguard.json:1:27: the key is there twice (at $.schema.poll_ms; first in line 1)"},
    {"{\"schema\": {}, \"schema\": {}}", "driftguard.json:1:16: the key is there twice (at $.schema; first in line 1)"},
    {"{\"environment\": \"a\", \"environment\": \"b\"}",
     "driftguard.json:1:22: the key is there twice (at $.environment; first in line 1)"},
    {"{\"workers\": \"4\"}", "driftguard.json:1:13: \"workers\" must be a whole number from 1 to 64 (at $.workers)"},
    {"{\"workers\": 0}", "driftguard.json:1:13: \"workers\" must be a whole number from 1 to 64 (at $.workers)"},
    {"{\"workers\": 1.5}", "driftguard.json:1:13: \"workers\" must be a whole number from 1 to 64 (at $.workers)"},
    {"{\"workers\": 1e300}", "driftguard.json:1:13: \"workers\" must be a whole number from 1 to 64 (at $.workers)"},
    {"{\"workers\": null}", "driftguard.json:1:13: \"workers\" must be a whole number from 1 to 64 (at $.workers)"},
    {"{\"workers\": true}", "driftguard.json:1:13: \"workers\" must be a whole number from 1 to 64 (at $.workers)"},
    {"{\"mode\": 1}", "driftguard.json:1:10: \"mode\" must be one of off, observe, annotate, enforce (at $.mode)"},
    {"{\"mode\": \"on\"}", "driftguard.json:1:10: \"mode\" must be one of off, observe, annotate, enforce (at $.mode)"},
    {"{\"state_dir\": [\"x\"]}", "driftguard.json:1:15: \"state_dir\" must be a string (at $.state_dir)"},
    {"{\"schema\": 1}", "driftguard.json:1:12: \"schema\" must be an object (at $.schema)"},
    {"{\"schema\": {\"schema\": {}}}", "driftguard.json:1:13: unknown option \"schema.schema\" (at $.schema.schema)"},
    {"{\"schema\": {\"rules\": []}}", "driftguard.json:1:13: unknown option \"schema.rules\" (at $.schema.rules)"},
    {"{\"upstream\": \"mysql://u:hidden@db\"}", "driftguard.json:1:14: \"upstream\" is wrong: the URL must begin with "
                                                "postgres:// or postgresql:// (at $.upstream)"},
    {"[]", "driftguard.json:1:1: the file must contain one object: { ... }"},
    {"", "driftguard.json:1:1: the file is empty; the least that is valid is {}"},
    {" // nothing\n", "driftguard.json:1:1: the file is empty; the least that is valid is {}"},
    {"{} {}", "driftguard.json:1:4: not valid JSON from here on"},
    {"{}\n// fine\nx", "driftguard.json:3:1: not valid JSON from here on"},
    {"{\"mode\": 'off'}", "driftguard.json:1:10: not valid JSON from here on"},
    {"{\n\"mode\": \"off\",\n}", "driftguard.json:2:14: a comma must not stand before a closing bracket"},
    {"{\"rules\": [1, ]}", "driftguard.json:1:13: a comma must not stand before a closing bracket"},
    {"{,}", "driftguard.json:1:2: a comma must not stand before a closing bracket"},
    {"{\"mode\": \"off\" \"detail\": 1}", "driftguard.json:1:16: not valid JSON from here on"},
    {"{\"mode\"", "driftguard.json:1:8: not valid JSON from here on"},
    {"{ /* ", "driftguard.json:1:3: a comment has no end"},
    {"{\"mode\": \"off\n\"}", "driftguard.json:1:14: the line ends inside a string"},
    {"{\"mode\": \"off\\u0000x\"}", "driftguard.json:1:14: a string must not contain \\u0000"},
    {"{\"environments\": []}", "driftguard.json:1:18: \"environments\" must be an object (at $.environments)"},
    {"{\"environments\": {\"a\": 1}}", "driftguard.json:1:24: an environment must be an object (at $.environments.a)"},
    {"{\"environments\": {\"a\": {}, \"a\": {}}}",
     "driftguard.json:1:28: the key is there twice (at $.environments.a; first in line 1)"},
    {"{\"environments\": {\"prod\": {\"modes\": 1}}}", /* though prod is not in force */
     "driftguard.json:1:28: unknown option \"modes\" (at $.environments.prod.modes); did you mean \"mode\"?"},
    {"{\"environments\": {\"prod\": {\"environment\": \"x\"}}}",
     "driftguard.json:1:28: unknown option \"environment\" (at $.environments.prod.environment)"},
    {"{\"environment\": 1}", "driftguard.json:1:17: \"environment\" must be a string (at $.environment)"},
    {"{\"environment\": \"dev\",\n \"environments\": {\"prod\": {}, \"staging\": {}}}",
     "driftguard.json:1:17: there is no environment \"dev\" (at $.environment); there are: \"prod\", \"staging\""},
    {"{\"environment\": \"dev\"}",
     "driftguard.json:1:17: there is no environment \"dev\" (at $.environment); the file has none"},
    {"{\"rules\": {}}", "driftguard.json:1:11: \"rules\" must be an array (at $.rules)"},
    {"{\"rules\": [1]}", "driftguard.json:1:12: a rule must be an object (at $.rules[0])"},
    {"{\"rules\": [{\"mode\": \"off\"}, {\"mod\": \"off\"}]}",
     "driftguard.json:1:30: unknown key in a rule (at $.rules[1].mod); did you mean \"mode\"?"},
    {"{\"rules\": [{\"xyz\": 1}]}",
     "driftguard.json:1:13: unknown key in a rule (at $.rules[0].xyz); a rule has database, "
     "user, application_name, mode, detail"},
    {"{\"rules\": [{\"mode\": \"on\"}]}",
     "driftguard.json:1:21: \"mode\" must be one of off, observe, annotate, enforce (at $.rules[0].mode)"},
    {"{\"rules\": [{\"detail\": 1}]}",
     "driftguard.json:1:23: \"detail\" must be one of full, brief (at $.rules[0].detail)"},
    {"{\"rules\": [{\"user\": 1}]}",
     "driftguard.json:1:21: \"user\" must be a string, a name or a pattern with * (at $.rules[0].user)"},
    {"{\"rules\": [{\"user\": \"\", \"mode\": \"off\"}]}",
     "driftguard.json:1:21: \"user\" must be a string, a name or a pattern with * (at $.rules[0].user)"},
    {"{\"rules\": [{\"user\": \"a\", \"user\": \"b\"}]}",
     "driftguard.json:1:26: the key is there twice (at $.rules[0].user; first in line 1)"},
    {"{\"rules\": [{\"user\": \"a\"}]}",
     "driftguard.json:1:12: a rule must set \"mode\", \"detail\" or both (at $.rules[0])"},
};

static void an_error_says_where_and_what_was_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct dg_config *config;
        struct dg_error error;
        write_file(dg_str_of(mistakes[i].text));
        assert_int_equal(load(&(struct dg_config_sources){.file = FILE_NAME}, &config, &error), DG_CONFIG);
        assert_string_equal(error.text, mistakes[i].error);
    }
}

static void sources_win_in_their_order(void **state)
{
    (void)state;
    write_file(DG_STR("{\"mode\": \"off\", \"workers\": 2, \"detail\": \"brief\", \"schema\": {\"poll_ms\": 2},"
                      " \"environment\": \"staging\", \"environments\": {"
                      "   \"staging\": {\"workers\": 3, \"mode\": \"observe\", \"schema\": {\"poll_ms\": 3}},"
                      "   \"prod\": {\"workers\": 33}}}"));
    const char *const variables[] = {"PATH=/bin", "DRIFTGUARD_MODE=annotate", "DRIFTGUARD_SCHEMA_POLL_MS=4", NULL};
    const char *const settings[] = {"mode=off", "mode=enforce"};
    struct dg_config *config;
    struct dg_error error;
    const struct dg_config_sources sources = {FILE_NAME, settings, 2, variables};
    assert_int_equal(load(&sources, &config, &error), DG_OK);
    assert_int_equal(config->detail, DG_DETAIL_BRIEF); /* the file */
    assert_int_equal(config->workers, 3);              /* the overlay over the file */
    assert_int_equal(config->poll_ms, 4);              /* the variable over the overlay */
    assert_int_equal(config->mode, DG_MODE_ENFORCE);   /* the last flag over all */
    assert_string_equal(config->environment, "staging");
    dg_config_unref(config);
}

static void flag_and_variable_choose_the_environment(void **state)
{
    (void)state;
    write_file(DG_STR("{\"environment\": \"a\", \"environments\": {"
                      "\"a\": {\"workers\": 1}, \"b\": {\"workers\": 2}, \"c\": {\"workers\": 3}}}"));
    const char *const variables[] = {"DRIFTGUARD_ENV=b", "DRIFTGUARD_CONFIG=" FILE_NAME, NULL};
    const char *const empty[] = {"DRIFTGUARD_ENV=", NULL};
    const char *const settings[] = {"environment=c"};
    const struct {
        struct dg_config_sources sources;
        int64_t workers;
    } cases[] = {
        {{FILE_NAME, NULL, 0, NULL}, 1},
        {{FILE_NAME, NULL, 0, empty}, 1},
        {{FILE_NAME, NULL, 0, variables}, 2},
        {{NULL, NULL, 0, variables}, 2}, /* DRIFTGUARD_CONFIG names the file */
        {{FILE_NAME, settings, 1, variables}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_config *config;
        struct dg_error error;
        assert_int_equal(load(&cases[i].sources, &config, &error), DG_OK);
        assert_int_equal(config->workers, cases[i].workers);
        dg_config_unref(config);
    }
}

static void the_ceiling_caps_every_source(void **state)
{
    (void)state;
    struct dg_config *config;
    struct dg_error error;
    write_file(DG_STR("{\"mode_ceiling\": \"observe\", \"rules\": [{\"user\": \"x\", \"mode\": \"enforce\"}]}"));
    const char *const settings[] = {"mode=enforce"};
    assert_int_equal(load(&(struct dg_config_sources){FILE_NAME, settings, 1, NULL}, &config, &error), DG_OK);
    assert_int_equal(config->mode, DG_MODE_OBSERVE);
    assert_int_equal(dg_config_mode_for(config, DG_STR("d"), DG_STR("x"), DG_STR(""), NULL), DG_MODE_OBSERVE);
    dg_config_unref(config);

    /* The ceiling itself follows the order of the sources. */
    const char *const variables[] = {"DRIFTGUARD_MODE_CEILING=annotate", NULL};
    assert_int_equal(load(&(struct dg_config_sources){FILE_NAME, settings, 1, variables}, &config, &error), DG_OK);
    assert_int_equal(config->mode, DG_MODE_ANNOTATE);
    dg_config_unref(config);
}

static void an_overlays_rules_come_first(void **state)
{
    (void)state;
    struct dg_config *config =
        load_text("{\"rules\": [{\"user\": \"file\", \"mode\": \"off\"}], \"environment\": \"e\","
                  " \"environments\": {\"e\": {\"rules\": [{\"database\": \"d*\", \"mode\": \"off\"},"
                  "  {\"application_name\": \"a\", \"detail\": \"brief\"}]}}}");
    assert_int_equal(config->n_rules, 3);
    assert_string_equal(config->rules[0].database, "d*");
    assert_null(config->rules[0].user);
    assert_true(config->rules[0].has_mode);
    assert_false(config->rules[0].has_detail);
    assert_string_equal(config->rules[1].application_name, "a");
    assert_int_equal(config->rules[1].detail, DG_DETAIL_BRIEF);
    assert_string_equal(config->rules[2].user, "file");
    dg_config_unref(config);
}

static void wrong_variables_and_settings_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *variable;
        const char *setting;
        enum dg_status status;
        const char *error;
    } cases[] = {
        {"DRIFTGUARD_SCHEMA_POL_MS=1", NULL, DG_CONFIG,
         "unknown variable DRIFTGUARD_SCHEMA_POL_MS; did you mean DRIFTGUARD_SCHEMA_POLL_MS?"},
        {"DRIFTGUARD_COLOUR=1", NULL, DG_CONFIG,
         "unknown variable DRIFTGUARD_COLOUR; \"driftguard config\" lists the options"},
        {"DRIFTGUARD_WORKERS=many", NULL, DG_CONFIG,
         "the variable DRIFTGUARD_WORKERS must be a whole number from 1 to 64"},
        {"DRIFTGUARD_UPSTREAM=postgres://u:hidden@", NULL, DG_CONFIG,
         "the variable DRIFTGUARD_UPSTREAM is wrong: the URL names no host; write a socket folder as "
         "%2Fvar%2Frun%2Fpostgresql"},
        {"DRIFTGUARD_ENV=prod", NULL, DG_CONFIG,
         "there is no environment \"prod\" (from DRIFTGUARD_ENV): no configuration file is read"},
        {NULL, "schema.pol_ms=1", DG_USAGE, "unknown option \"schema.pol_ms\"; did you mean \"schema.poll_ms\"?"},
        {NULL, "colour=1", DG_USAGE, "unknown option \"colour\""},
        {NULL, "mode", DG_USAGE, "a setting is OPTION=VALUE, and \"mode\" has no '='"},
        {NULL, "mode=on", DG_USAGE, "\"mode\" must be one of off, observe, annotate, enforce"},
        {NULL, "=x", DG_USAGE, "unknown option \"\""},
        {NULL, "rules=[]", DG_USAGE, "unknown option \"rules\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const variables[] = {cases[i].variable, NULL};
        const struct dg_config_sources sources = {NULL, &cases[i].setting, cases[i].setting != NULL, variables};
        struct dg_config *config;
        struct dg_error error;
        assert_int_equal(load(&sources, &config, &error), cases[i].status);
        assert_string_equal(error.text, cases[i].error);
    }
}

static void an_environment_that_a_variable_asks_for_must_be_there(void **state)
{
    (void)state;
    write_file(DG_STR("{\"environments\": {\"prod\": {}, \"staging\": {}}}"));
    const char *const variables[] = {"DRIFTGUARD_ENV=dev", NULL};
    struct dg_config *config;
    struct dg_error error;
    assert_int_equal(load(&(struct dg_config_sources){FILE_NAME, NULL, 0, variables}, &config, &error), DG_CONFIG);
    assert_string_equal(error.text, "driftguard.json: there is no environment \"dev\" (from DRIFTGUARD_ENV); "
                                    "there are: \"prod\", \"staging\"");
}

static void a_file_that_is_missing_or_too_large_is_refused(void **state)
{
    (void)state;
    struct dg_config *config;
    struct dg_error error;
    assert_int_equal(load(&(struct dg_config_sources){.file = "nowhere.json"}, &config, &error), DG_CONFIG);
    assert_non_null(strstr(error.text, "\"nowhere.json\": No such file"));

    char *text = malloc(DG_CONFIG_FILE_BYTES + 1);
    assert_non_null(text);
    memset(text, ' ', DG_CONFIG_FILE_BYTES + 1);
    memcpy(text, "{}", 2);
    write_file((struct dg_str){text, DG_CONFIG_FILE_BYTES});
    assert_int_equal(load(&(struct dg_config_sources){.file = FILE_NAME}, &config, &error), DG_OK);
    dg_config_unref(config);
    write_file((struct dg_str){text, DG_CONFIG_FILE_BYTES + 1});
    assert_int_equal(load(&(struct dg_config_sources){.file = FILE_NAME}, &config, &error), DG_CONFIG);
    assert_non_null(strstr(error.text, "larger than"));
    free(text);
}

/* One more than what is allowed, of rules, environments and depth. */
static void counts_are_limited(void **state)
{
    (void)state;
    const struct {
        const char *before;
        const char *piece;
        const char *after;
        int max;
        const char *error;
    } cases[] = {
        {"{\"rules\": [{\"mode\": \"off\"}", ", {\"mode\": \"off\"}", "]}", DG_CONFIG_MAX_RULES,
         "there are more than 1000 rules"},
        {"{\"rules\": [", "[", "", 1000, "not valid JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_config *config;
        struct dg_error error;
        struct dg_text text;
        dg_text_init(&text, DG_CONFIG_FILE_BYTES);
        dg_text_cstr(&text, cases[i].before);
        for (int n = 1; n <= cases[i].max; n++)
            dg_text_cstr(&text, cases[i].piece);
        dg_text_cstr(&text, cases[i].after);
        write_file(dg_text_view(&text));
        assert_int_equal(load(&(struct dg_config_sources){.file = FILE_NAME}, &config, &error), DG_CONFIG);
        assert_non_null(strstr(error.text, cases[i].error));
        dg_text_fini(&text);
    }
    struct dg_text text;
    dg_text_init(&text, DG_CONFIG_FILE_BYTES);
    for (int n = 0; n <= DG_CONFIG_MAX_ENVIRONMENTS; n++)
        dg_text_printf(&text, "%s\"e%d\": {}", n == 0 ? "{\"environments\": {" : ", ", n);
    dg_text_cstr(&text, "}}");
    write_file(dg_text_view(&text));
    struct dg_config *config;
    struct dg_error error;
    assert_int_equal(load(&(struct dg_config_sources){.file = FILE_NAME}, &config, &error), DG_CONFIG);
    assert_non_null(strstr(error.text, "there are more than 64 environments"));
    dg_text_fini(&text);
}

static void a_reload_knows_what_needs_a_restart(void **state)
{
    (void)state;
    struct dg_config *running = load_text("{\"mode\": \"off\"}");
    struct dg_config *same = load_text("{\"mode\": \"enforce\", \"schema\": {\"poll_ms\": 1}}");
    struct dg_config *number = load_text("{\"workers\": 2}");
    struct dg_config *text = load_text("{\"state_dir\": \"/var/lib/driftguard\"}");
    struct dg_config *name = load_text("{\"log\": {\"format\": \"json\"}}");
    assert_null(dg_config_needs_restart(running, same));
    assert_string_equal(dg_config_needs_restart(running, number), "workers");
    assert_string_equal(dg_config_needs_restart(running, text), "state_dir");
    assert_string_equal(dg_config_needs_restart(running, name), "log.format");
    struct dg_config *const all[] = {running, same, number, text, name};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        dg_config_unref(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_sources_the_defaults_hold),
        cmocka_unit_test(a_file_sets_options_of_every_type),
        cmocka_unit_test(an_error_says_where_and_what_was_meant),
        cmocka_unit_test(sources_win_in_their_order),
        cmocka_unit_test(flag_and_variable_choose_the_environment),
        cmocka_unit_test(the_ceiling_caps_every_source),
        cmocka_unit_test(an_overlays_rules_come_first),
        cmocka_unit_test(wrong_variables_and_settings_are_refused),
        cmocka_unit_test(an_environment_that_a_variable_asks_for_must_be_there),
        cmocka_unit_test(a_file_that_is_missing_or_too_large_is_refused),
        cmocka_unit_test(counts_are_limited),
        cmocka_unit_test(a_reload_knows_what_needs_a_restart),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
