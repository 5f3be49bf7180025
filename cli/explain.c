/*
 * driftguard explain: one text analysed against one live database, and printed: what each statement refers to, what is
 * missing, and what PostgreSQL will say. The same resolver as the sidecar's, without a session before it: the search
 * path is the role's own, or --search-path.
 *
 * Exit codes: 0 nothing is missing, 2 something is, 1 a statement could not be decided or the database not be read.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/database.h"
#include "cli/explain_report.h"
#include "sql/search_path.h"

#define MAX_TOKENS 100000
#define ARENA_MAX_BYTES ((size_t)512 << 20)

struct dg_explain_arguments {
    const char *url;
    const char *role;
    const char *search_path;
    const char *sql;
    bool is_json;
};

static int read_arguments(int argc, char **argv, struct dg_explain_arguments *arguments)
{
    static const struct option options[] = {{"database", required_argument, NULL, 'd'},
                                            {"role", required_argument, NULL, 'r'},
                                            {"search-path", required_argument, NULL, 'p'},
                                            {"format", required_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    int option = 0;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return dg_usage_error("explain", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        arguments->url = option == 'd' ? optarg : arguments->url;
        arguments->role = option == 'r' ? optarg : arguments->role;
        arguments->search_path = option == 'p' ? optarg : arguments->search_path;
        if (option == 'f') {
            arguments->is_json = strcmp(optarg, "json") == 0;
            if (!arguments->is_json && strcmp(optarg, "text") != 0)
                return dg_usage_error("explain", "unknown format \"%s\"; text or json", optarg);
        }
    }
    if (argc - optind != 1)
        return dg_usage_error("explain", "expected one SQL text, in quotes");
    arguments->sql = argv[optind];
    return DG_EXIT_OK;
}

static int analyse(const struct dg_explain_arguments *arguments, const struct dg_snapshot *snapshot,
                   struct dg_arena *arena)
{
    const struct dg_str text = dg_str_of(arguments->sql);
    struct dg_sql_session session = {.snapshot = snapshot, .path_known = true, .max_tokens = MAX_TOKENS};
    struct dg_explain_report report = {.text = text, .snapshot = snapshot, .now_us = dg_clock_wall_us()};

    session.role = arguments->role != NULL ? arguments->role : dg_snapshot_facts(snapshot)->user;
    const struct dg_role *role = dg_snapshot_role(snapshot, dg_str_of(session.role));
    const char *path = arguments->search_path;
    if (path == NULL && role != NULL)
        path = dg_snapshot_setting(snapshot, "search_path", role->oid);
    path = path != NULL ? path : dg_snapshot_facts(snapshot)->search_path;
    const size_t max_name = (size_t)dg_snapshot_facts(snapshot)->max_identifier_length;
    if (dg_sql_split_search_path(dg_str_of(path), max_name, arena, &session.path, &session.n_path) != DG_OK)
        return dg_usage_error("explain", "the search path is not a list of names: %s", path);
    if (!dg_str_is_utf8(text))
        return dg_usage_error("explain", "the SQL text is not UTF-8");
    if (dg_sql_analyze(text, &session, arena, &report.analysis) == DG_NO_MEMORY) {
        fputs("driftguard explain: out of memory\n", stderr);
        return DG_EXIT_UNDETERMINED;
    }
    if (arguments->is_json)
        dg_explain_print_json(&report, stdout);
    else
        dg_explain_print_text(&report, stdout);
    return dg_explain_exit_code(&report.analysis);
}

int dg_command_explain(int argc, char **argv)
{
    struct dg_explain_arguments arguments = {0};
    struct dg_snapshot *snapshot = NULL;
    struct dg_error error = {0};
    struct dg_arena arena;

    int code = read_arguments(argc, argv, &arguments);
    if (code != DG_EXIT_OK)
        return code;
    if (dg_database_read(arguments.url, &snapshot, &error) != DG_OK)
        return dg_report_error("explain", &error);
    dg_arena_init(&arena, ARENA_MAX_BYTES);
    code = analyse(&arguments, snapshot, &arena);
    dg_arena_fini(&arena);
    dg_snapshot_unref(snapshot);
    return code;
}
