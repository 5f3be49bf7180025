/*
 * driftguard's entry: finds the subcommand in one table and hands it its arguments. The subcommands build what they
 * need themselves; nothing here is global.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "cli/cli.h"
#include "config/config.h"

static const struct dg_command commands[] = {
    {"run", "--upstream postgres://HOST:PORT[/DB] [--listen HOST:PORT] [--mode MODE] ...",
     "the sidecar: relay, check, explain", dg_command_run},
    {"explain", "[--database URL] [--role NAME] [--search-path LIST] [--format text|json] 'SQL'",
     "what a statement refers to, what is missing, what PostgreSQL will say", dg_command_explain},
    {"snapshot", "[--database URL] [--system]", "the model of the live schema, as JSON", dg_command_snapshot},
    {"config", "check FILE | markdown | metrics-markdown", "check a config file; print the reference documents",
     dg_command_config},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
    fputs("driftguard stands between an application and PostgreSQL and explains schema drift.\n\nUsage:\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  driftguard %s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].summary);
    fputs("  driftguard --version\n\nExit codes: 0 compatible, 1 could not determine, 2 incompatible (something was "
          "found), "
          "64 usage.\nOptions of run, each also in the config file and as DRIFTGUARD_* variable:\n",
          out);
    dg_config_print_help(out);
}

int dg_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "driftguard %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry: driftguard --help\n");
    return DG_EXIT_USAGE;
}

int dg_report_error(const char *command, const struct dg_error *error)
{
    fprintf(stderr, "driftguard %s: %s\n", command, error->text);
    return dg_status_kind(error->status) == DG_KIND_CONFIG ? DG_EXIT_USAGE : DG_EXIT_UNDETERMINED;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return DG_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return DG_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("driftguard " DG_VERSION);
        return DG_EXIT_OK;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "driftguard: there is no subcommand \"%s\"\n\n", argv[1]);
    print_help(stderr);
    return DG_EXIT_USAGE;
}
