/*
 * The configuration file as a tree with positions: what json_file.c and rules.c share. Inside of config/.
 */
#ifndef DG_CONFIG_JSON_FILE_H
#define DG_CONFIG_JSON_FILE_H

#include <cJSON.h>

#include "config/config.h"

#define DG_JSON_PATH_PARTS 4

/* A JSON file being read. */
struct dg_json_file {
    const char *name;   /* as the operator wrote it */
    struct dg_str text; /* comments blanked */
    const cJSON *root;
    struct dg_error *error;
};

/* The way to the value that is being read: $.environments.staging.schema; a part without key is an array's element. */
struct dg_json_path {
    const struct dg_json_path *parent; /* NULL: of the root */
    const char *key;                   /* NULL: an element */
    size_t index;
};

enum dg_json_at { DG_JSON_AT_KEY, DG_JSON_AT_VALUE };

/* Sets the error "FILE:LINE:COLUMN: MESSAGE" and returns DG_CONFIG. Messages quote keys, never values. */
enum dg_status dg_json_fail(const struct dg_json_file *file, const cJSON *item, enum dg_json_at at, const char *format,
                            ...) DG_PRINTF(4, 5);
/* Appends "$.schema.poll_ms". */
void dg_json_path_print(const struct dg_json_path *path, struct dg_text *out);

struct dg_json_path_text {
    char text[160];
};
/* The same as a value, shortened when it is long. */
struct dg_json_path_text dg_json_path_text(const struct dg_json_path *path);

/* The array "rules": sets config->rules to these followed by those that it has. */
enum dg_status dg_rules_read(const struct dg_json_file *file, struct dg_config *config, const cJSON *array,
                             const struct dg_json_path *path) DG_MUST_CHECK;
/* The array "deprecated": the same for config->deprecations. */
enum dg_status dg_deprecations_read(const struct dg_json_file *file, struct dg_config *config, const cJSON *array,
                                    const struct dg_json_path *path) DG_MUST_CHECK;
/* The array "upstreams": sets config->upstreams. */
enum dg_status dg_upstreams_read(const struct dg_json_file *file, struct dg_config *config, const cJSON *array,
                                 const struct dg_json_path *path) DG_MUST_CHECK;
/* A string that is not empty and not long, copied; `what` says in an error what is expected. */
enum dg_status dg_json_read_text(const struct dg_json_file *file, struct dg_config *config, const cJSON *item,
                                 const struct dg_json_path *path, const char *what, const char **text) DG_MUST_CHECK;
/* Fails if a sibling before `item` has its key. */
enum dg_status dg_json_check_unique(const struct dg_json_file *file, const cJSON *object, const cJSON *item,
                                    const struct dg_json_path *path) DG_MUST_CHECK;

#endif
