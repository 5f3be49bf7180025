/*
 * driftguard snapshot: the model of the live schema as JSON, in a stable order, so that two runs can be compared.
 */
#include <getopt.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/database.h"
#include "schema/print.h"

#define MAX_JSON_BYTES ((size_t)2 << 30)

int dg_command_snapshot(int argc, char **argv)
{
    static const struct option options[] = {
        {"database", required_argument, NULL, 'd'}, {"system", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    struct dg_snapshot *snapshot = NULL;
    struct dg_error error = {0};
    const char *url = NULL;
    bool with_system = false;
    int option = 0;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return dg_usage_error("snapshot", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        url = option == 'd' ? optarg : url;
        with_system = with_system || option == 's';
    }
    if (optind < argc)
        return dg_usage_error("snapshot", "unexpected argument \"%s\"", argv[optind]);
    if (dg_database_read(url, &snapshot, &error) != DG_OK)
        return dg_report_error("snapshot", &error);
    struct dg_text json;
    dg_text_init(&json, MAX_JSON_BYTES);
    dg_snapshot_print_json(snapshot, with_system, &json);
    bool is_written =
        !json.failed && fwrite(dg_text_get(&json), 1, json.len, stdout) == json.len && fflush(stdout) == 0;
    dg_text_fini(&json);
    dg_snapshot_unref(snapshot);
    return is_written ? DG_EXIT_OK : DG_EXIT_UNDETERMINED;
}
