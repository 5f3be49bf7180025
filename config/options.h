/*
 * The options table at run time, made from options.def. Inside of config/.
 *
 * Setting a value has two failures: the value is wrong, then `problem` says what it must be ("must be a whole number
 * from 1 to 64") and the caller says where; or there is no memory.
 */
#ifndef DG_CONFIG_OPTIONS_H
#define DG_CONFIG_OPTIONS_H

#include "config/config.h"

enum dg_option_type {
    DG_OPTION_STRING,
    DG_OPTION_ADDRESS,
    DG_OPTION_LISTEN,
    DG_OPTION_FILE_MODE,
    DG_OPTION_URL,
    DG_OPTION_INT,
    DG_OPTION_BOOL,
    DG_OPTION_MODE,
    DG_OPTION_LEVEL,
    DG_OPTION_FORMAT,
    DG_OPTION_DETAIL,
    DG_OPTION_CLIENT_SSLMODE,
    DG_OPTION_SERVER_SSLMODE
};

struct dg_option {
    const char *path;
    enum dg_option_type type;
    size_t offset; /* in struct dg_config */
    const char *standard_text;
    int64_t standard_number; /* the value, or the place among the names */
    int64_t min;
    int64_t max;
    bool is_live;
    const char *help;
};

#define DG_OPTION_STRING_BYTES 4096

extern const struct dg_option dg_options[];
extern const size_t dg_n_options;

/* NULL if there is none of that path. */
const struct dg_option *dg_option_find(struct dg_str path);
/* The option most like `path` that a typing error, another case or a forgotten section explains, or NULL. */
const struct dg_option *dg_option_nearest(struct dg_str path);
/* The names that a value of `type` is one of, ended by NULL; NULL for a type that has none. */
const char *const *dg_option_names(enum dg_option_type type);
/* True if two configs have the same value. */
bool dg_option_equal(const struct dg_option *option, const struct dg_config *a, const struct dg_config *b);

/* Sets all options to their defaults (literals; no memory is taken). */
void dg_options_set_standard(struct dg_config *config);

struct dg_problem {
    char text[256];
};

/* DG_CONFIG with *problem filled, or DG_NO_MEMORY. The text forms are what flags and variables give. */
enum dg_status dg_option_set_text(struct dg_config *config, const struct dg_option *option, const char *text,
                                  struct dg_problem *problem) DG_MUST_CHECK;
enum dg_status dg_option_set_number(struct dg_config *config, const struct dg_option *option, double number,
                                    struct dg_problem *problem) DG_MUST_CHECK;
enum dg_status dg_option_set_bool(struct dg_config *config, const struct dg_option *option, bool value);
/* True if JSON writes values of this type as strings. */
bool dg_option_is_string(enum dg_option_type type);
/* What a value must be: "must be a whole number from 1 to 64", "must be one of off, observe, ...". */
void dg_option_describe(const struct dg_option *option, struct dg_problem *problem);

/* The place of `text` among `names`, or -1. */
int dg_option_name_index(const char *const *names, const char *text);

/* The n-th candidate of a search for the nearest name; NULL ends it. */
typedef const char *(*dg_candidate)(size_t n);
/* The candidate nearest to `name`, letter case aside, or NULL if none is near. */
const char *dg_nearest(struct dg_str name, dg_candidate candidate);

#endif
