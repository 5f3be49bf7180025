/*
 * Deprecated columns: read from the file, looked up by name. A statement is looked up once for a config and a verdict
 * (guard/policy.c), so a walk over the list is good enough.
 */
#include "base/arena.h"
#include "config/json_file.h"
#include "config/options.h"
#include "config/sources.h"

static const char *const keys[] = {"database", "schema", "relation", "column", "use", "refuse", NULL};

static const char *key_at(size_t n)
{
    return keys[n];
}

static enum dg_status unknown_key(const struct dg_json_file *file, const cJSON *item, const struct dg_json_path *path)
{
    const char *meant = dg_nearest(dg_str_of(item->string), key_at);
    return dg_json_fail(file, item, DG_JSON_AT_KEY, "unknown key of a deprecated column (at %s); %s%s%s",
                        dg_json_path_text(path).text,
                        meant != NULL ? "did you mean \"" : "it has database, schema, relation, column, use, refuse",
                        meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
}

static enum dg_status read_member(const struct dg_json_file *file, struct dg_config *config, const cJSON *item,
                                  const struct dg_json_path *path, struct dg_deprecation *deprecation)
{
    const struct {
        const char *key;
        const char *what;
        const char **text;
    } texts[] = {
        {"database", "a name or a pattern with *", &deprecation->database},
        {"schema", "a name", &deprecation->schema},
        {"relation", "a name", &deprecation->relation},
        {"column", "a name", &deprecation->column},
        {"use", "what to use instead", &deprecation->use},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(item->string, texts[i].key) == 0)
            return dg_json_read_text(file, config, item, path, texts[i].what, texts[i].text);
    }
    if (strcmp(item->string, "refuse") != 0)
        return unknown_key(file, item, path);
    if (!cJSON_IsBool(item))
        return dg_json_fail(file, item, DG_JSON_AT_VALUE, "\"refuse\" must be true or false (at %s)",
                            dg_json_path_text(path).text);
    deprecation->is_refused = cJSON_IsTrue(item);
    return DG_OK;
}

static enum dg_status read_deprecation(const struct dg_json_file *file, struct dg_config *config, const cJSON *object,
                                       const struct dg_json_path *path, struct dg_deprecation *deprecation)
{
    if (!cJSON_IsObject(object))
        return dg_json_fail(file, object, DG_JSON_AT_VALUE, "a deprecated column must be an object (at %s)",
                            dg_json_path_text(path).text);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        struct dg_json_path item_path = {path, item->string, 0};
        enum dg_status status = dg_json_check_unique(file, object, item, &item_path);
        if (status == DG_OK)
            status = read_member(file, config, item, &item_path, deprecation);
        if (status != DG_OK)
            return status;
    }
    if (deprecation->schema == NULL || deprecation->relation == NULL || deprecation->column == NULL)
        return dg_json_fail(file, object, DG_JSON_AT_VALUE,
                            "a deprecated column must have \"schema\", \"relation\" and \"column\" (at %s)",
                            dg_json_path_text(path).text);
    return DG_OK;
}

/* As dg_rules_read: an overlay's come in front. */
enum dg_status dg_deprecations_read(const struct dg_json_file *file, struct dg_config *config, const cJSON *array,
                                    const struct dg_json_path *path)
{
    if (!cJSON_IsArray(array))
        return dg_json_fail(file, array, DG_JSON_AT_VALUE, "\"deprecated\" must be an array (at %s)",
                            dg_json_path_text(path).text);
    size_t n_new = (size_t)cJSON_GetArraySize(array);
    if (n_new > DG_CONFIG_MAX_DEPRECATIONS)
        return dg_json_fail(file, array, DG_JSON_AT_VALUE, "there are more than %d deprecated columns (at %s)",
                            DG_CONFIG_MAX_DEPRECATIONS, dg_json_path_text(path).text);
    struct dg_deprecation *list = dg_arena_array(config->arena, n_new + config->n_deprecations, sizeof *list);
    if (list == NULL)
        return dg_error_set(file->error, DG_NO_MEMORY, "out of memory");
    size_t n = 0;
    for (const cJSON *item = array->child; item != NULL; item = item->next, n++) {
        struct dg_json_path item_path = {path, NULL, n};
        enum dg_status status = read_deprecation(file, config, item, &item_path, &list[n]);
        if (status != DG_OK)
            return status;
    }
    if (config->n_deprecations > 0)
        memcpy(list + n, config->deprecations, config->n_deprecations * sizeof *list);
    config->deprecations = list;
    config->n_deprecations += n_new;
    return DG_OK;
}

const struct dg_deprecation *dg_config_deprecation(const struct dg_config *config, struct dg_str database,
                                                   const char *schema, const char *relation, const char *column)
{
    for (size_t i = 0; i < config->n_deprecations; i++) {
        const struct dg_deprecation *deprecation = &config->deprecations[i];
        if (strcmp(deprecation->column, column) == 0 && strcmp(deprecation->relation, relation) == 0 &&
            strcmp(deprecation->schema, schema) == 0 && dg_pattern_matches(deprecation->database, database))
            return deprecation;
    }
    return NULL;
}
