/*
 * Rules: read from the file, matched for a session.
 */
#include "base/arena.h"
#include "config/json_file.h"
#include "config/options.h"
#include "config/sources.h"

#define PATTERN_BYTES 256

static const char pattern_is[] = "a name or a pattern with *";

static const char *const rule_keys[] = {"database", "user", "application_name", "mode", "detail", NULL};

static const char *rule_key(size_t n)
{
    return rule_keys[n];
}

static enum dg_status unknown_key(const struct dg_json_file *file, const cJSON *item, const struct dg_json_path *path)
{
    const char *meant = dg_nearest(dg_str_of(item->string), rule_key);
    return dg_json_fail(file, item, DG_JSON_AT_KEY, "unknown key in a rule (at %s); %s%s%s",
                        dg_json_path_text(path).text,
                        meant != NULL ? "did you mean \"" : "a rule has database, user, application_name, mode, detail",
                        meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
}

/* The place of the item's text among the names of `type`, checked. */
static enum dg_status read_name(const struct dg_json_file *file, const cJSON *item, enum dg_option_type type,
                                const struct dg_json_path *path, int *index)
{
    *index = cJSON_IsString(item) ? dg_option_name_index(dg_option_names(type), item->valuestring) : -1;
    if (*index >= 0)
        return DG_OK;
    const struct dg_option like = {.type = type};
    struct dg_problem problem;
    dg_option_describe(&like, &problem);
    return dg_json_fail(file, item, DG_JSON_AT_VALUE, "\"%s\" %s (at %s)", item->string, problem.text,
                        dg_json_path_text(path).text);
}

enum dg_status dg_json_read_text(const struct dg_json_file *file, struct dg_config *config, const cJSON *item,
                                 const struct dg_json_path *path, const char *what, const char **pattern)
{
    if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
        return dg_json_fail(file, item, DG_JSON_AT_VALUE, "\"%s\" must be a string, %s (at %s)", item->string, what,
                            dg_json_path_text(path).text);
    if (strlen(item->valuestring) > PATTERN_BYTES)
        return dg_json_fail(file, item, DG_JSON_AT_VALUE, "\"%s\" must not be longer than %d bytes (at %s)",
                            item->string, PATTERN_BYTES, dg_json_path_text(path).text);
    *pattern = dg_arena_strdup(config->arena, item->valuestring);
    return *pattern == NULL ? dg_error_set(file->error, DG_NO_MEMORY, "out of memory") : DG_OK;
}

/* A rule has five keys; each is named here once and once in rule_keys. */
static enum dg_status read_member(const struct dg_json_file *file, struct dg_config *config, const cJSON *item,
                                  const struct dg_json_path *path, struct dg_rule *rule)
{
    int index = 0;
    enum dg_status status;
    if (strcmp(item->string, "database") == 0)
        return dg_json_read_text(file, config, item, path, pattern_is, &rule->database);
    if (strcmp(item->string, "user") == 0)
        return dg_json_read_text(file, config, item, path, pattern_is, &rule->user);
    if (strcmp(item->string, "application_name") == 0)
        return dg_json_read_text(file, config, item, path, pattern_is, &rule->application_name);
    if (strcmp(item->string, "mode") == 0) {
        status = read_name(file, item, DG_OPTION_MODE, path, &index);
        rule->mode = (enum dg_mode)index;
        rule->has_mode = true;
        return status;
    }
    if (strcmp(item->string, "detail") == 0) {
        status = read_name(file, item, DG_OPTION_DETAIL, path, &index);
        rule->detail = (enum dg_detail)index;
        rule->has_detail = true;
        return status;
    }
    return unknown_key(file, item, path);
}

static enum dg_status read_rule(const struct dg_json_file *file, struct dg_config *config, const cJSON *object,
                                const struct dg_json_path *path, struct dg_rule *rule)
{
    if (!cJSON_IsObject(object))
        return dg_json_fail(file, object, DG_JSON_AT_VALUE, "a rule must be an object (at %s)",
                            dg_json_path_text(path).text);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        struct dg_json_path item_path = {path, item->string, 0};
        enum dg_status status = dg_json_check_unique(file, object, item, &item_path);
        if (status == DG_OK)
            status = read_member(file, config, item, &item_path, rule);
        if (status != DG_OK)
            return status;
    }
    if (!rule->has_mode && !rule->has_detail)
        return dg_json_fail(file, object, DG_JSON_AT_VALUE, "a rule must set \"mode\", \"detail\" or both (at %s)",
                            dg_json_path_text(path).text);
    return DG_OK;
}

/* Called for the file first and for the overlay after it, so "these before those there" puts the overlay in front. */
enum dg_status dg_rules_read(const struct dg_json_file *file, struct dg_config *config, const cJSON *array,
                             const struct dg_json_path *path)
{
    if (!cJSON_IsArray(array))
        return dg_json_fail(file, array, DG_JSON_AT_VALUE, "\"rules\" must be an array (at %s)",
                            dg_json_path_text(path).text);
    size_t n_new = (size_t)cJSON_GetArraySize(array);
    if (n_new > DG_CONFIG_MAX_RULES)
        return dg_json_fail(file, array, DG_JSON_AT_VALUE, "there are more than %d rules (at %s)", DG_CONFIG_MAX_RULES,
                            dg_json_path_text(path).text);
    struct dg_rule *rules = dg_arena_array(config->arena, n_new + config->n_rules, sizeof *rules);
    if (rules == NULL)
        return dg_error_set(file->error, DG_NO_MEMORY, "out of memory");
    size_t n = 0;
    for (const cJSON *item = array->child; item != NULL; item = item->next, n++) {
        struct dg_json_path item_path = {path, NULL, n};
        enum dg_status status = read_rule(file, config, item, &item_path, &rules[n]);
        if (status != DG_OK)
            return status;
    }
    if (config->n_rules > 0)
        memcpy(rules + n, config->rules, config->n_rules * sizeof *rules);
    config->rules = rules;
    config->n_rules += n_new;
    return DG_OK;
}

/*
 * '*' matches any run. On a mismatch only the last star is tried one byte further: an earlier star cannot do better, so
 * the work is at most pattern times text, whatever a client calls itself.
 */
bool dg_pattern_matches(const char *pattern, struct dg_str text)
{
    if (pattern == NULL)
        return true;
    size_t i = 0;
    const char *star = NULL;
    size_t star_end = 0;
    while (i < text.len) {
        if (*pattern == '*') {
            star = pattern++;
            star_end = i;
        } else if (*pattern != '\0' && *pattern == text.data[i]) {
            pattern++;
            i++;
        } else if (star != NULL) {
            pattern = star + 1;
            i = ++star_end;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* Once for a session, at its start and after a reload: a walk over at most 2,000 rules. */
static const struct dg_rule *find_rule(const struct dg_config *config, struct dg_str database, struct dg_str user,
                                       struct dg_str application_name)
{
    for (size_t i = 0; i < config->n_rules; i++) {
        const struct dg_rule *rule = &config->rules[i];
        if (dg_pattern_matches(rule->database, database) && dg_pattern_matches(rule->user, user) &&
            dg_pattern_matches(rule->application_name, application_name))
            return rule;
    }
    return NULL;
}

/* The ceiling is applied last, to rules as to everything else. */
enum dg_mode dg_config_mode_for(const struct dg_config *config, struct dg_str database, struct dg_str user,
                                struct dg_str application_name, enum dg_detail *detail)
{
    const struct dg_rule *rule = find_rule(config, database, user, application_name);
    enum dg_mode mode = rule != NULL && rule->has_mode ? rule->mode : config->mode;
    if (detail != NULL)
        *detail = rule != NULL && rule->has_detail ? rule->detail : config->detail;
    return mode < config->mode_ceiling ? mode : config->mode_ceiling;
}
