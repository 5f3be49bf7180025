/*
 * driftguard config: checks a file as `run` would read it, and prints the documents that come from the tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/text.h"
#include "cli/cli.h"
#include "config/config.h"
#include "proxy/tls_settings.h"

#define MARKDOWN_MAX_BYTES (1 << 20)

/* The files that the options name, as the start would read them. */
static enum dg_status check_tls(const struct dg_config *config, struct dg_error *error)
{
    struct dg_tls_settings *settings = NULL;
    struct dg_url upstreams[DG_MAX_UPSTREAMS] = {0};
    size_t n = 1;
    enum dg_status status = DG_OK;

    if (config->upstream[0] != '\0')
        status = dg_config_parse_upstreams(config, upstreams, &n, error);
    if (status == DG_OK)
        status = dg_tls_settings_new(config, upstreams, n, &settings, error);
    explicit_bzero(upstreams, sizeof(upstreams));
    if (settings != NULL)
        dg_shared_unref(&settings->shared);
    return status;
}

/* The caller's environment counts, as it would for `run`: DRIFTGUARD_ENV selects the overlay. */
static int check(const char *file)
{
    struct dg_config_sources sources = {.file = file, .environ_vars = (const char *const *)environ};
    struct dg_config *config = NULL;
    struct dg_error error = {0};

    enum dg_status status = dg_config_load(&sources, &config, &error);
    if (status == DG_OK)
        status = check_tls(config, &error);
    if (status != DG_OK) {
        dg_config_unref(config);
        return dg_report_error("config check", &error);
    }
    printf("%s: ok (mode %s", file, dg_mode_name(config->mode));
    if (config->environment != NULL)
        printf(", environment %s", config->environment);
    printf(", %zu rule%s)\n", config->n_rules, config->n_rules == 1 ? "" : "s");
    dg_config_unref(config);
    return DG_EXIT_OK;
}

static int print_markdown(void (*print)(struct dg_text *out))
{
    struct dg_text text;

    dg_text_init(&text, MARKDOWN_MAX_BYTES);
    print(&text);
    bool is_written = !text.failed && fwrite(dg_text_get(&text), 1, text.len, stdout) == text.len;
    dg_text_fini(&text);
    return is_written ? DG_EXIT_OK : DG_EXIT_UNDETERMINED;
}

int dg_command_config(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "check") == 0)
        return check(argv[2]);
    if (argc == 2 && strcmp(argv[1], "markdown") == 0)
        return print_markdown(dg_config_print_markdown);
    if (argc == 2 && strcmp(argv[1], "metrics-markdown") == 0)
        return print_markdown(dg_metrics_print_markdown);
    return dg_usage_error("config", "expected: check FILE, markdown or metrics-markdown");
}
