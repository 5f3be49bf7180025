/*
 * The options table: looking up by path, setting a value with its check.
 */
#include "config/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"

/* The type in a line of options.def says which field its default goes to. */
#define STANDARD_TEXT(value) .standard_text = (value)
#define STANDARD_NUMBER(value) .standard_number = (value)
#define STANDARD_STRING STANDARD_TEXT
#define STANDARD_ADDRESS STANDARD_TEXT
#define STANDARD_LISTEN STANDARD_TEXT
#define STANDARD_FILE_MODE STANDARD_NUMBER
#define STANDARD_URL STANDARD_TEXT
#define STANDARD_INT STANDARD_NUMBER
#define STANDARD_BOOL STANDARD_NUMBER
#define STANDARD_MODE STANDARD_NUMBER
#define STANDARD_LEVEL STANDARD_NUMBER
#define STANDARD_FORMAT STANDARD_NUMBER
#define STANDARD_DETAIL STANDARD_NUMBER
#define STANDARD_CLIENT_SSLMODE STANDARD_NUMBER
#define STANDARD_SERVER_SSLMODE STANDARD_NUMBER
#define RELOAD_LIVE true
#define RELOAD_START false

const struct dg_option dg_options[] = {
#define DG_OPTION(member, json_path, value_type, standard, least, most, reload, help_text)                             \
    {.path = (json_path),                                                                                              \
     .type = DG_OPTION_##value_type,                                                                                   \
     .offset = offsetof(struct dg_config, member),                                                                     \
     STANDARD_##value_type(standard),                                                                                  \
     .min = (least),                                                                                                   \
     .max = (most),                                                                                                    \
     .is_live = RELOAD_##reload,                                                                                       \
     .help = (help_text)},
#include "config/options.def"
#undef DG_OPTION
};

const size_t dg_n_options = sizeof dg_options / sizeof dg_options[0];

static const char *const mode_names[] = {"off", "observe", "annotate", "enforce", NULL};
static const char *const level_names[] = {"debug", "info", "warning", "error", NULL};
static const char *const format_names[] = {"text", "json", NULL};
static const char *const detail_names[] = {"full", "brief", NULL};
static const char *const client_sslmode_names[] = {"disable", "allow", "require", "verify-ca", "verify-full", NULL};
static const char *const server_sslmode_names[] = {"disable", "prefer", "require", "verify-ca", "verify-full", NULL};

const char *dg_mode_name(enum dg_mode mode)
{
    return mode_names[mode];
}

const char *dg_server_sslmode_name(enum dg_sslmode sslmode)
{
    return server_sslmode_names[sslmode];
}

const char *dg_client_sslmode_name(enum dg_sslmode sslmode)
{
    return client_sslmode_names[sslmode];
}

bool dg_mode_parse(struct dg_str name, enum dg_mode *mode)
{
    for (size_t i = 0; mode_names[i] != NULL; i++) {
        if (dg_str_is(name, mode_names[i])) {
            *mode = (enum dg_mode)i;
            return true;
        }
    }
    return false;
}

const char *const *dg_option_names(enum dg_option_type type)
{
    switch (type) {
    case DG_OPTION_MODE:
        return mode_names;
    case DG_OPTION_LEVEL:
        return level_names;
    case DG_OPTION_FORMAT:
        return format_names;
    case DG_OPTION_DETAIL:
        return detail_names;
    case DG_OPTION_CLIENT_SSLMODE:
        return client_sslmode_names;
    case DG_OPTION_SERVER_SSLMODE:
        return server_sslmode_names;
    case DG_OPTION_STRING:
    case DG_OPTION_ADDRESS:
    case DG_OPTION_LISTEN:
    case DG_OPTION_FILE_MODE:
    case DG_OPTION_URL:
    case DG_OPTION_INT:
    case DG_OPTION_BOOL:
        break;
    }
    return NULL;
}

int dg_option_name_index(const char *const *names, const char *text)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return -1;
}

/* Forty options, looked up while a file is read: no index. */
const struct dg_option *dg_option_find(struct dg_str path)
{
    for (size_t i = 0; i < dg_n_options; i++) {
        if (dg_str_is(path, dg_options[i].path))
            return &dg_options[i];
    }
    return NULL;
}

/* Letters as the options are written: lower case. Longer names are cut, and are near to nothing anyway. */
static struct dg_str lower(struct dg_str name, char out[64])
{
    size_t len = name.len < 64 ? name.len : 64;
    for (size_t i = 0; i < len; i++) {
        char c = name.data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct dg_str){out, len};
}

/* The limit grows with the name: one edit in a short one, three in a long one; more would suggest at random. */
const char *dg_nearest(struct dg_str name, dg_candidate candidate)
{
    char name_memory[64], candidate_memory[64];
    struct dg_str wanted = lower(name, name_memory);
    unsigned limit = wanted.len < 6 ? 1 : wanted.len < 12 ? 2 : 3;
    const char *nearest = NULL;
    const char *text;
    for (size_t i = 0; (text = candidate(i)) != NULL; i++) {
        unsigned distance = dg_str_distance(wanted, lower(dg_str_of(text), candidate_memory), limit);
        if (distance <= limit) {
            nearest = text;
            if (distance == 0)
                break;
            limit = distance - 1; /* from here on only what is nearer */
        }
    }
    return nearest;
}

static const char *option_path(size_t n)
{
    return n < dg_n_options ? dg_options[n].path : NULL;
}

/* The only option whose path ends in ".<name>": somebody left the section out. */
static const struct dg_option *find_by_last_part(struct dg_str name)
{
    const struct dg_option *found = NULL;
    for (size_t i = 0; i < dg_n_options; i++) {
        const char *dot = strrchr(dg_options[i].path, '.');
        if (dot == NULL || !dg_str_is(name, dot + 1))
            continue;
        if (found != NULL)
            return NULL;
        found = &dg_options[i];
    }
    return found;
}

/* Typing errors first: they are commoner than a section that was left out. */
const struct dg_option *dg_option_nearest(struct dg_str path)
{
    const char *nearest = dg_nearest(path, option_path);
    return nearest != NULL ? dg_option_find(dg_str_of(nearest)) : find_by_last_part(path);
}

static void *member_of(struct dg_config *config, const struct dg_option *option)
{
    return (char *)config + option->offset;
}

static const void *const_member_of(const struct dg_config *config, const struct dg_option *option)
{
    return (const char *)config + option->offset;
}

bool dg_option_is_string(enum dg_option_type type)
{
    return type != DG_OPTION_INT && type != DG_OPTION_BOOL;
}

/* Stores a value that has been checked. */
static void store_number(struct dg_config *config, const struct dg_option *option, int64_t number)
{
    void *member = member_of(config, option);
    switch (option->type) {
    case DG_OPTION_INT:
    case DG_OPTION_FILE_MODE:
        *(int64_t *)member = number;
        break;
    case DG_OPTION_BOOL:
        *(bool *)member = number != 0;
        break;
    case DG_OPTION_MODE:
        *(enum dg_mode *)member = (enum dg_mode)number;
        break;
    case DG_OPTION_LEVEL:
        *(enum dg_log_level *)member = (enum dg_log_level)number;
        break;
    case DG_OPTION_FORMAT:
        *(enum dg_log_format *)member = (enum dg_log_format)number;
        break;
    case DG_OPTION_DETAIL:
        *(enum dg_detail *)member = (enum dg_detail)number;
        break;
    case DG_OPTION_CLIENT_SSLMODE:
    case DG_OPTION_SERVER_SSLMODE:
        *(enum dg_sslmode *)member = (enum dg_sslmode)number;
        break;
    case DG_OPTION_STRING:
    case DG_OPTION_ADDRESS:
    case DG_OPTION_LISTEN:
    case DG_OPTION_URL:
        break;
    }
}

/* The counterpart of store_number; numbers of all types compare as int64_t. */
static int64_t load_number(const struct dg_config *config, const struct dg_option *option)
{
    const void *member = const_member_of(config, option);
    switch (option->type) {
    case DG_OPTION_INT:
    case DG_OPTION_FILE_MODE:
        return *(const int64_t *)member;
    case DG_OPTION_BOOL:
        return *(const bool *)member;
    case DG_OPTION_MODE:
        return *(const enum dg_mode *)member;
    case DG_OPTION_LEVEL:
        return *(const enum dg_log_level *)member;
    case DG_OPTION_FORMAT:
        return *(const enum dg_log_format *)member;
    case DG_OPTION_DETAIL:
        return *(const enum dg_detail *)member;
    case DG_OPTION_CLIENT_SSLMODE:
    case DG_OPTION_SERVER_SSLMODE:
        return *(const enum dg_sslmode *)member;
    case DG_OPTION_STRING:
    case DG_OPTION_ADDRESS:
    case DG_OPTION_LISTEN:
    case DG_OPTION_URL:
        break;
    }
    return 0;
}

static bool is_text(enum dg_option_type type)
{
    return type == DG_OPTION_STRING || type == DG_OPTION_ADDRESS || type == DG_OPTION_LISTEN || type == DG_OPTION_URL;
}

/* Texts are never NULL: the default of each is a literal. */
bool dg_option_equal(const struct dg_option *option, const struct dg_config *a, const struct dg_config *b)
{
    if (!is_text(option->type))
        return load_number(a, option) == load_number(b, option);
    const char *const *text_a = const_member_of(a, option);
    const char *const *text_b = const_member_of(b, option);
    return strcmp(*text_a, *text_b) == 0;
}

void dg_options_set_standard(struct dg_config *config)
{
    for (size_t i = 0; i < dg_n_options; i++) {
        const struct dg_option *option = &dg_options[i];
        if (is_text(option->type))
            *(const char **)member_of(config, option) = option->standard_text;
        else
            store_number(config, option, option->standard_number);
    }
}

/* Says what is valid and does not repeat the value: what stands in the wrong place may be a secret. */
void dg_option_describe(const struct dg_option *option, struct dg_problem *problem)
{
    struct dg_text text;
    dg_text_init_fixed(&text, problem->text, sizeof problem->text);
    const char *const *names = dg_option_names(option->type);
    if (names != NULL) {
        dg_text_cstr(&text, "must be one of ");
        for (size_t i = 0; names[i] != NULL; i++)
            dg_text_printf(&text, "%s%s", i == 0 ? "" : ", ", names[i]);
    } else if (option->type == DG_OPTION_INT) {
        dg_text_printf(&text, "must be a whole number from %" PRId64 " to %" PRId64, option->min, option->max);
    } else if (option->type == DG_OPTION_FILE_MODE) {
        dg_text_printf(&text, "must be a string of octal digits, at most \"%04" PRIo64 "\"", (uint64_t)option->max);
    } else {
        dg_text_cstr(&text, option->type == DG_OPTION_BOOL ? "must be true or false" : "must be a string");
    }
}

static enum dg_status refuse(const struct dg_option *option, struct dg_problem *problem)
{
    dg_option_describe(option, problem);
    return DG_CONFIG;
}

/* Addresses and URLs are looked into here, so that the error can say the line; they are taken apart where they are
   used. An empty one means "none". */
static enum dg_status check_form(const struct dg_option *option, const char *text, struct dg_problem *problem)
{
    struct dg_error error = {DG_OK, ""};
    if (option->type == DG_OPTION_ADDRESS && text[0] != '\0') {
        char host[256], port[8];
        (void)!dg_address_parse(text, host, port, &error);
    } else if (option->type == DG_OPTION_LISTEN) {
        size_t n;
        (void)!dg_listen_check(text, &n, &error);
    } else if (option->type == DG_OPTION_URL && text[0] != '\0') {
        struct dg_url url;
        (void)!dg_url_parse(text, &url, &error);
        explicit_bzero(&url, sizeof url);
    }
    if (error.status != DG_OK)
        (void)snprintf(problem->text, sizeof problem->text, "is wrong: %.200s", error.text);
    return error.status;
}

/* Copied into the config's arena: the file, the variable or the flag may be gone before the config is. */
static enum dg_status set_string(struct dg_config *config, const struct dg_option *option, const char *text,
                                 struct dg_problem *problem)
{
    size_t max = option->max > 0 ? (size_t)option->max : DG_OPTION_STRING_BYTES;
    size_t len = strlen(text);
    if (len > max || len < (size_t)option->min) {
        (void)snprintf(problem->text, sizeof problem->text,
                       len > max ? "must not be longer than %zu bytes" : "must have at least %zu bytes",
                       len > max ? max : (size_t)option->min);
        return DG_CONFIG;
    }
    enum dg_status status = check_form(option, text, problem);
    if (status != DG_OK)
        return status;
    const char *copy = dg_arena_strdup(config->arena, text);
    if (copy == NULL)
        return DG_NO_MEMORY;
    *(const char **)member_of(config, option) = copy;
    return DG_OK;
}

/* JSON's numbers are doubles. Every option's range lies below 2^53, where they are exact; NaN fails the comparison. */
enum dg_status dg_option_set_number(struct dg_config *config, const struct dg_option *option, double number,
                                    struct dg_problem *problem)
{
    bool in_range = number >= (double)option->min && number <= (double)option->max && trunc(number) == number;
    if (option->type != DG_OPTION_INT || !in_range)
        return refuse(option, problem);
    store_number(config, option, (int64_t)number);
    return DG_OK;
}

enum dg_status dg_option_set_bool(struct dg_config *config, const struct dg_option *option, bool value)
{
    if (option->type != DG_OPTION_BOOL)
        return DG_CONFIG;
    store_number(config, option, value);
    return DG_OK;
}

static enum dg_status set_integer(struct dg_config *config, const struct dg_option *option, const char *text,
                                  struct dg_problem *problem)
{
    /* strtoll would take blanks and a plus sign in front. */
    bool begins_well = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (!begins_well || *end != '\0' || errno != 0 || number < option->min || number > option->max)
        return refuse(option, problem);
    store_number(config, option, number);
    return DG_OK;
}

static enum dg_status set_file_mode(struct dg_config *config, const struct dg_option *option, const char *text,
                                    struct dg_problem *problem)
{
    size_t len = strlen(text);
    if (len == 0 || len > 6 || strspn(text, "01234567") != len)
        return refuse(option, problem);
    long mode = strtol(text, NULL, 8);
    if (mode < option->min || mode > option->max)
        return refuse(option, problem);
    store_number(config, option, mode);
    return DG_OK;
}

enum dg_status dg_option_set_text(struct dg_config *config, const struct dg_option *option, const char *text,
                                  struct dg_problem *problem)
{
    if (is_text(option->type))
        return set_string(config, option, text, problem);
    if (option->type == DG_OPTION_INT)
        return set_integer(config, option, text, problem);
    if (option->type == DG_OPTION_FILE_MODE)
        return set_file_mode(config, option, text, problem);
    static const char *const bool_names[] = {"false", "true", NULL};
    const char *const *names = option->type == DG_OPTION_BOOL ? bool_names : dg_option_names(option->type);
    int index = dg_option_name_index(names, text);
    if (index < 0)
        return refuse(option, problem);
    store_number(config, option, index);
    return DG_OK;
}
