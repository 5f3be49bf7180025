/*
 * Variables and command line settings: both are a name and a text.
 */
#include "config/options.h"
#include "config/sources.h"

#define PREFIX "DRIFTGUARD_"

/* Variables that choose what is read; they are looked up before the options are. */
static const char *const special_names[] = {PREFIX "ENV", PREFIX "CONFIG", NULL};

void dg_option_variable_name(const char *path, char out[DG_VARIABLE_BYTES])
{
    size_t len = sizeof PREFIX - 1;
    memcpy(out, PREFIX, len);
    for (; *path != '\0' && len + 1 < DG_VARIABLE_BYTES; path++) {
        char c = *path == '.' ? '_' : *path;
        out[len++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[len] = '\0';
}

/* The value behind "NAME=", or NULL if `entry` is of another name. */
static const char *value_of(const char *entry, struct dg_str name)
{
    if (strncmp(entry, name.data, name.len) != 0 || entry[name.len] != '=')
        return NULL;
    return entry + name.len + 1;
}

const char *dg_environment_find(const char *const *environ_vars, const char *name)
{
    for (; environ_vars != NULL && *environ_vars != NULL; environ_vars++) {
        const char *value = value_of(*environ_vars, dg_str_of(name));
        if (value != NULL)
            return value[0] == '\0' ? NULL : value;
    }
    return NULL;
}

const char *dg_settings_find(const char *const *settings, size_t n_settings, const char *name)
{
    while (n_settings-- > 0) {
        const char *value = value_of(settings[n_settings], dg_str_of(name));
        if (value != NULL)
            return value;
    }
    return NULL;
}

/* From the option to the variable and not the other way: an underscore may have been a dot or an underscore. */
static const struct dg_option *find_by_variable(struct dg_str name)
{
    for (size_t i = 0; i < dg_n_options; i++) {
        char variable[DG_VARIABLE_BYTES];
        dg_option_variable_name(dg_options[i].path, variable);
        if (dg_str_is(name, variable))
            return &dg_options[i];
    }
    return NULL;
}

/* The variable nearest to an unknown one, into `out`; false if none is near. */
static bool nearest_variable(struct dg_str name, char out[DG_VARIABLE_BYTES])
{
    unsigned limit = 3;
    bool found = false;
    for (size_t i = 0; i < dg_n_options; i++) {
        char variable[DG_VARIABLE_BYTES];
        dg_option_variable_name(dg_options[i].path, variable);
        unsigned distance = dg_str_distance(name, dg_str_of(variable), limit);
        if (distance > limit || (found && distance == limit))
            continue;
        limit = distance;
        found = true;
        memcpy(out, variable, sizeof variable);
    }
    return found;
}

/* An error and not a warning: a mode that was misspelt would leave the guard in another one, and nobody would know. */
static enum dg_status unknown_variable(struct dg_str name, struct dg_error *error)
{
    char nearest[DG_VARIABLE_BYTES];
    int len = name.len < 80 ? (int)name.len : 80;
    if (nearest_variable(name, nearest))
        return dg_error_set(error, DG_CONFIG, "unknown variable %.*s; did you mean %s?", len, name.data, nearest);
    return dg_error_set(error, DG_CONFIG, "unknown variable %.*s; \"driftguard config\" lists the options", len,
                        name.data);
}

static bool is_special(struct dg_str name)
{
    for (size_t i = 0; special_names[i] != NULL; i++) {
        if (dg_str_is(name, special_names[i]))
            return true;
    }
    return false;
}

static enum dg_status read_variable(struct dg_config *config, const char *entry, struct dg_error *error)
{
    size_t len = strcspn(entry, "=");
    struct dg_str name = {entry, len};
    if (entry[len] == '\0' || is_special(name))
        return DG_OK;
    const struct dg_option *option = find_by_variable(name);
    if (option == NULL)
        return unknown_variable(name, error);
    struct dg_problem problem;
    enum dg_status status = dg_option_set_text(config, option, entry + len + 1, &problem);
    if (status == DG_CONFIG)
        return dg_error_set(error, DG_CONFIG, "the variable %.*s %s", (int)len, entry, problem.text);
    if (status != DG_OK)
        return dg_error_set(error, status, "out of memory");
    return DG_OK;
}

enum dg_status dg_config_read_environment(struct dg_config *config, const char *const *environ_vars,
                                          struct dg_error *error)
{
    for (; environ_vars != NULL && *environ_vars != NULL; environ_vars++) {
        if (strncmp(*environ_vars, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        enum dg_status status = read_variable(config, *environ_vars, error);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}

/* The part before '=' only: what is behind it may be a URL with a password. */
static enum dg_status read_setting(struct dg_config *config, const char *setting, struct dg_error *error)
{
    size_t len = strcspn(setting, "=");
    struct dg_str name = {setting, len};
    int shown = len < 80 ? (int)len : 80;
    if (setting[len] == '\0')
        return dg_error_set(error, DG_USAGE, "a setting is OPTION=VALUE, and \"%.*s\" has no '='", shown, setting);
    if (dg_str_is(name, "environment"))
        return DG_OK; /* it chose the overlay already */
    const struct dg_option *option = dg_option_find(name);
    if (option == NULL) {
        const struct dg_option *nearest = dg_option_nearest(name);
        return dg_error_set(error, DG_USAGE, "unknown option \"%.*s\"%s%s%s", shown, setting,
                            nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest->path : "",
                            nearest != NULL ? "\"?" : "");
    }
    struct dg_problem problem;
    enum dg_status status = dg_option_set_text(config, option, setting + len + 1, &problem);
    if (status == DG_CONFIG)
        return dg_error_set(error, DG_USAGE, "\"%s\" %s", option->path, problem.text);
    if (status != DG_OK)
        return dg_error_set(error, status, "out of memory");
    return DG_OK;
}

enum dg_status dg_config_read_settings(struct dg_config *config, const char *const *settings, size_t n_settings,
                                       struct dg_error *error)
{
    for (size_t i = 0; i < n_settings; i++) {
        enum dg_status status = read_setting(config, settings[i], error);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}
