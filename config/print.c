/*
 * The options for people: --help's list and docs/config.md.
 */
#include <inttypes.h>

#include "config/options.h"
#include "config/sources.h"

static void append_standard(const struct dg_option *option, struct dg_text *out)
{
    const char *const *names = dg_option_names(option->type);
    if (names != NULL)
        dg_text_cstr(out, names[option->standard_number]);
    else if (option->type == DG_OPTION_INT)
        dg_text_printf(out, "%" PRId64, option->standard_number);
    else if (option->type == DG_OPTION_FILE_MODE)
        dg_text_printf(out, "%04" PRIo64, (uint64_t)option->standard_number);
    else if (option->type == DG_OPTION_BOOL)
        dg_text_cstr(out, option->standard_number != 0 ? "true" : "false");
    else
        dg_text_cstr(out, option->standard_text);
}

static const char *type_name(enum dg_option_type type)
{
    switch (type) {
    case DG_OPTION_ADDRESS:
        return "address";
    case DG_OPTION_LISTEN:
        return "addresses";
    case DG_OPTION_FILE_MODE:
        return "octal string";
    case DG_OPTION_URL:
        return "URL";
    case DG_OPTION_INT:
        return "integer";
    case DG_OPTION_BOOL:
        return "boolean";
    case DG_OPTION_STRING:
    case DG_OPTION_MODE:
    case DG_OPTION_LEVEL:
    case DG_OPTION_FORMAT:
    case DG_OPTION_DETAIL:
    case DG_OPTION_CLIENT_SSLMODE:
    case DG_OPTION_SERVER_SSLMODE:
        break;
    }
    return "string";
}

void dg_config_print_help(FILE *out)
{
    for (size_t i = 0; i < dg_n_options; i++) {
        const struct dg_option *option = &dg_options[i];
        char memory[128];
        struct dg_text standard;
        dg_text_init_fixed(&standard, memory, sizeof memory);
        append_standard(option, &standard);
        (void)fprintf(out, "  %s\n      %s (default: %s", option->path, option->help,
                      standard.len == 0 ? "empty" : dg_text_get(&standard));
        if (option->type == DG_OPTION_INT)
            (void)fprintf(out, "; %" PRId64 " to %" PRId64, option->min, option->max);
        (void)fprintf(out, "%s)\n", option->is_live ? "" : "; needs a restart");
    }
}

static void print_row(const struct dg_option *option, struct dg_text *out)
{
    char variable[DG_VARIABLE_BYTES];
    dg_option_variable_name(option->path, variable);
    dg_text_printf(out, "| `%s` | %s | ", option->path, type_name(option->type));
    size_t len = out->len;
    dg_text_char(out, '`');
    append_standard(option, out);
    dg_text_char(out, '`');
    if (!out->failed && out->len == len + 2) {
        /* two backquotes around nothing do not render */
        out->len = len;
        dg_text_cstr(out, "empty");
    }
    dg_text_cstr(out, " | ");
    if (option->type == DG_OPTION_INT)
        dg_text_printf(out, "%" PRId64 " to %" PRId64, option->min, option->max);
    dg_text_printf(out, " | %s | `%s` | %s |\n", option->is_live ? "SIGHUP" : "restart", variable, option->help);
}

void dg_config_print_markdown(struct dg_text *out)
{
    dg_text_cstr(
        out,
        "# Configuration\n\n"
        "<!-- Generated from config/options.def; do not edit. -->\n\n"
        "Precedence, highest first: flags (`--set OPTION=VALUE`), `DRIFTGUARD_*` variables, the environment's\n"
        "overlay, the file, defaults. `mode_ceiling` caps `mode`, whatever set it, and every rule.\n\n"
        "The file is JSON; `//` and `/* */` comments are allowed. A dot in an option's name is an object in the\n"
        "file: `schema.poll_ms` is `{\"schema\": {\"poll_ms\": 5000}}`. A key that is unknown, or there twice, is\n"
        "an error. The file has at most 1 MiB.\n\n"
        "| option | type | default | range | a change needs | variable | meaning |\n"
        "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < dg_n_options; i++)
        print_row(&dg_options[i], out);
    dg_text_printf(
        out,
        "\n## Environments\n\n"
        "`environments` holds overlays by name; `environment` (or the variable `DRIFTGUARD_ENV`, which wins, or\n"
        "`--set environment=NAME`) chooses one. Overlays that are not chosen are checked all the same.\n"
        "`DRIFTGUARD_CONFIG` names the file when no flag does.\n\n"
        "## Further upstreams\n\n"
        "`upstreams` is an array of at most %d objects with `name` (a label of metrics and events), `listen` and\n"
        "`upstream`, which are as the options of these names: one process in front of several databases. The options'\n"
        "own upstream is the first, and is called `main`. Read at the start; an overlay's array replaces the "
        "file's.\n\n"
        "## Rules\n\n"
        "`rules` is an array of at most %d objects with the keys `database`, `user`, `application_name`\n"
        "(patterns: `*` matches any run of characters; a key that is absent matches all), `mode` and `detail`.\n"
        "The first rule that matches a session wins; an overlay's rules come before the file's.\n\n"
        "## Deprecated columns\n\n"
        "`deprecated` is an array of at most %d objects that name columns on their way out: `schema`, `relation`,\n"
        "`column`, and, if wanted, `database` (a pattern), `use` (what to use instead) and `refuse` (true or false,\n"
        "the default). Each statement that names such a column is counted in `driftguard_deprecated_total`. In mode\n"
        "`enforce`, where `refuse` is true, a SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE of its own that comes\n"
        "while the session is idle is refused with SQLSTATE 55000; within a transaction it is forwarded. An\n"
        "overlay's declarations come before the file's.\n\n"
        "```json\n"
        "{\n"
        "  \"mode\": \"observe\", // everywhere\n"
        "  \"environment\": \"staging\",\n"
        "  \"environments\": {\"staging\": {\"mode\": \"annotate\"}},\n"
        "  \"upstreams\": [{\"name\": \"replica\", \"listen\": \"127.0.0.1:5443\",\n"
        "                 \"upstream\": \"postgres://guard@replica/shop\"}],\n"
        "  \"rules\": [{\"application_name\": \"psql*\", \"mode\": \"off\"}],\n"
        "  \"deprecated\": [{\"schema\": \"public\", \"relation\": \"leads\", \"column\": \"user_email\",\n"
        "                  \"use\": \"contact_email\", \"refuse\": true}]\n"
        "}\n"
        "```\n",
        DG_MAX_UPSTREAMS - 1, DG_CONFIG_MAX_RULES, DG_CONFIG_MAX_DEPRECATIONS);
}
