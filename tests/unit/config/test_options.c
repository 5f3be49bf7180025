/* The options table: sane by itself, set by text, documented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/options.h"
#include "config/sources.h"

static void names_are_unique_as_options_and_as_variables(void **state)
{
    (void)state;
    for (size_t i = 0; i < dg_n_options; i++) {
        char one[DG_VARIABLE_BYTES], other[DG_VARIABLE_BYTES];
        dg_option_variable_name(dg_options[i].path, one);
        for (size_t j = 0; j < i; j++) {
            dg_option_variable_name(dg_options[j].path, other);
            assert_string_not_equal(one, other);
        }
        assert_ptr_equal(dg_option_find(dg_str_of(dg_options[i].path)), &dg_options[i]);
    }
    char variable[DG_VARIABLE_BYTES];
    dg_option_variable_name("schema.poll_ms", variable);
    assert_string_equal(variable, "DRIFTGUARD_SCHEMA_POLL_MS");
}

/* Every default is a value that its own option accepts. */
static void defaults_are_valid(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 20);
    struct dg_config config = {.arena = &arena};
    for (size_t i = 0; i < dg_n_options; i++) {
        const struct dg_option *option = &dg_options[i];
        char number[32];
        (void)snprintf(number, sizeof number, "%lld", (long long)option->standard_number);
        const char *const *names = dg_option_names(option->type);
        const char *text = names != NULL                    ? names[option->standard_number]
                           : option->standard_text != NULL  ? option->standard_text
                           : option->type == DG_OPTION_BOOL ? "false"
                                                            : number;
        struct dg_problem problem;
        assert_int_equal(dg_option_set_text(&config, option, text, &problem), DG_OK);
    }
    dg_arena_fini(&arena);
}

static void texts_are_checked(void **state)
{
    (void)state;
    const struct {
        const char *path;
        const char *text;
        const char *problem; /* NULL: accepted */
    } cases[] = {
        {"workers", "1", NULL},
        {"workers", "64", NULL},
        {"workers", "0", "must be a whole number from 1 to 64"},
        {"workers", "65", "must be a whole number from 1 to 64"},
        {"workers", "", "must be a whole number"},
        {"workers", " 2", "must be a whole number"},
        {"workers", "+2", "must be a whole number"},
        {"workers", "2 ", "must be a whole number"},
        {"workers", "2.0", "must be a whole number"},
        {"workers", "0x2", "must be a whole number"},
        {"workers", "99999999999999999999", "must be a whole number"},
        {"mode", "enforce", NULL},
        {"mode", "Enforce", "must be one of off, observe, annotate, enforce"},
        {"mode", "", "must be one of"},
        {"log.level", "warn", "must be one of debug, info, warning, error"},
        {"log.format", "json", NULL},
        {"detail", "brief", NULL},
        {"listen", "", "must have at least 1 bytes"},
        {"listen", "5442", "an address is HOST:PORT"},
        {"listen", "127.0.0.1:1,/run/.s.PGSQL.2", NULL},
        {"unix_socket_mode", "0770", NULL},
        {"unix_socket_mode", "1000", "must be a string of octal digits, at most \"0777\""},
        {"unix_socket_mode", "0800", "must be a string of octal digits"},
        {"unix_socket_mode", "", "must be a string of octal digits"},
        {"unix_socket_mode", "0x1ff", "must be a string of octal digits"},
        {"admin", "", NULL},
        {"upstream", "postgres://u:pw@db/x", NULL},
        {"upstream", "db:5432", "must begin with postgres://"},
        {"state_dir", "anything", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_arena arena;
        dg_arena_init(&arena, 1 << 20);
        struct dg_config config = {.arena = &arena};
        struct dg_problem problem = {""};
        const struct dg_option *option = dg_option_find(dg_str_of(cases[i].path));
        enum dg_status status = dg_option_set_text(&config, option, cases[i].text, &problem);
        assert_int_equal(status, cases[i].problem == NULL ? DG_OK : DG_CONFIG);
        if (cases[i].problem != NULL)
            assert_non_null(strstr(problem.text, cases[i].problem));
        dg_arena_fini(&arena);
    }
}

static void a_string_has_at_most_4096_bytes(void **state)
{
    (void)state;
    static char text[DG_OPTION_STRING_BYTES + 2];
    memset(text, 'x', DG_OPTION_STRING_BYTES);
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 20);
    struct dg_config config = {.arena = &arena};
    struct dg_problem problem;
    const struct dg_option *option = dg_option_find(DG_STR("state_dir"));
    assert_int_equal(dg_option_set_text(&config, option, text, &problem), DG_OK);
    text[DG_OPTION_STRING_BYTES] = 'x';
    assert_int_equal(dg_option_set_text(&config, option, text, &problem), DG_CONFIG);
    assert_non_null(strstr(problem.text, "longer than 4096 bytes"));
    dg_arena_fini(&arena);
}

static void the_nearest_option_is_named(void **state)
{
    (void)state;
    const struct {
        const char *typed;
        const char *meant; /* NULL: nobody can tell */
    } cases[] = {
        {"schema.pol_ms", "schema.poll_ms"},
        {"Mode", "mode"},
        {"SCHEMA.POLL_MS", "schema.poll_ms"},
        {"mod", "mode"},
        {"poll_ms", "schema.poll_ms"}, /* the section was left out */
        {"upstraem", "upstream"},
        {"mode_celing", "mode_ceiling"},
        {"connect_timeout_ms", NULL}, /* two sections have one */
        {"color", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dg_option *nearest = dg_option_nearest(dg_str_of(cases[i].typed));
        if (cases[i].meant == NULL) {
            assert_null(nearest);
            continue;
        }
        assert_non_null(nearest);
        assert_string_equal(nearest->path, cases[i].meant);
    }
}

static void every_option_is_documented(void **state)
{
    (void)state;
    struct dg_text markdown;
    dg_text_init(&markdown, 1 << 20);
    dg_config_print_markdown(&markdown);
    assert_false(markdown.failed);
    char *help = NULL;
    size_t help_len = 0;
    FILE *stream = open_memstream(&help, &help_len);
    assert_non_null(stream);
    dg_config_print_help(stream);
    assert_int_equal(fclose(stream), 0);
    for (size_t i = 0; i < dg_n_options; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "\n| `%s` | ", dg_options[i].path);
        assert_non_null(strstr(dg_text_get(&markdown), text));
        assert_non_null(strstr(dg_text_get(&markdown), dg_options[i].help));
        (void)snprintf(text, sizeof text, "  %s\n", dg_options[i].path);
        assert_non_null(strstr(help, text));
        assert_non_null(strstr(help, dg_options[i].help));
    }
    assert_non_null(strstr(dg_text_get(&markdown), "| `workers` | integer | `1` | 1 to 64 | restart | "
                                                   "`DRIFTGUARD_WORKERS` | worker threads |\n"));
    assert_non_null(strstr(dg_text_get(&markdown), "| `state_dir` | string | empty |  | restart | "));
    assert_non_null(strstr(help, "worker threads (default: 1; 1 to 64; needs a restart)\n"));
    free(help);
    dg_text_fini(&markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_as_options_and_as_variables),
        cmocka_unit_test(defaults_are_valid),
        cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(a_string_has_at_most_4096_bytes),
        cmocka_unit_test(the_nearest_option_is_named),
        cmocka_unit_test(every_option_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
