/*
 * The command line: one table of subcommands (main.c), a file for each, exit codes that scripts can rely on.
 */
#ifndef DG_CLI_CLI_H
#define DG_CLI_CLI_H

#include <stddef.h>

#include "base/status.h"

/* DESIGN section 8: the same everywhere. "Could not determine" is never "compatible". */
enum dg_exit { DG_EXIT_OK = 0, DG_EXIT_UNDETERMINED = 1, DG_EXIT_FOUND = 2, DG_EXIT_USAGE = 64 };

struct dg_command {
    const char *name;
    const char *usage;                 /* what follows "driftguard NAME" */
    const char *summary;               /* one line */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

int dg_command_run(int argc, char **argv);
int dg_command_explain(int argc, char **argv);
int dg_command_snapshot(int argc, char **argv);
int dg_command_config(int argc, char **argv);

/* Prints "driftguard NAME: TEXT" and how to get help; returns DG_EXIT_USAGE. */
int dg_usage_error(const char *command, const char *format, ...) DG_PRINTF(2, 3);
/* Prints "driftguard NAME: TEXT"; returns 64 for DG_KIND_CONFIG, else 1. */
int dg_report_error(const char *command, const struct dg_error *error);

#endif
