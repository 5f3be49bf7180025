/*
 * The array `upstreams`: databases beside the one that the options `listen` and `upstream` name, each with a name and
 * addresses of its own. All are read at the start alone.
 */
#include "base/arena.h"
#include "config/json_file.h"
#include "config/options.h"
#include "config/sources.h"

static const char *const keys[] = {"name", "listen", "upstream", NULL};

static const char *key_at(size_t n)
{
    return keys[n];
}

static enum dg_status unknown_key(const struct dg_json_file *file, const cJSON *item, const struct dg_json_path *path)
{
    const char *meant = dg_nearest(dg_str_of(item->string), key_at);
    return dg_json_fail(file, item, DG_JSON_AT_KEY, "unknown key of an upstream (at %s); %s%s%s",
                        dg_json_path_text(path).text,
                        meant != NULL ? "did you mean \"" : "it has name, listen, upstream", meant != NULL ? meant : "",
                        meant != NULL ? "\"?" : "");
}

/* It becomes a label's value and stands in logs. */
static bool is_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return len > 0 && len < DG_UPSTREAM_NAME_BYTES && text[len] == '\0';
}

static void check_value(const char *key, const char *text, struct dg_error *problem)
{
    struct dg_url url;
    size_t n;
    if (strcmp(key, "name") == 0 && !is_name(text))
        (void)!dg_error_set(problem, DG_CONFIG, "a name has 1 to %d letters, digits, _, - and .",
                            DG_UPSTREAM_NAME_BYTES - 1);
    else if (strcmp(key, "listen") == 0)
        (void)!dg_listen_check(text, &n, problem);
    else if (strcmp(key, "upstream") == 0)
        (void)!dg_url_parse(text, &url, problem);
    explicit_bzero(&url, sizeof url);
}

static enum dg_status read_member(const struct dg_json_file *file, struct dg_config *config, const cJSON *item,
                                  const struct dg_json_path *path, struct dg_upstream_option *upstream)
{
    const char **texts[] = {&upstream->name, &upstream->listen, &upstream->upstream};
    struct dg_error problem = {DG_OK, ""};
    size_t i = 0;
    while (keys[i] != NULL && strcmp(item->string, keys[i]) != 0)
        i++;
    if (keys[i] == NULL)
        return unknown_key(file, item, path);
    if (!cJSON_IsString(item))
        return dg_json_fail(file, item, DG_JSON_AT_VALUE, "\"%s\" must be a string (at %s)", item->string,
                            dg_json_path_text(path).text);
    check_value(keys[i], item->valuestring, &problem);
    if (problem.status != DG_OK)
        return dg_json_fail(file, item, DG_JSON_AT_VALUE, "\"%s\" is wrong: %.200s (at %s)", item->string, problem.text,
                            dg_json_path_text(path).text);
    *texts[i] = dg_arena_strdup(config->arena, item->valuestring);
    return *texts[i] == NULL ? dg_error_set(file->error, DG_NO_MEMORY, "out of memory") : DG_OK;
}

static enum dg_status read_upstream(const struct dg_json_file *file, struct dg_config *config, const cJSON *object,
                                    const struct dg_json_path *path, struct dg_upstream_option *upstream)
{
    if (!cJSON_IsObject(object))
        return dg_json_fail(file, object, DG_JSON_AT_VALUE, "an upstream must be an object (at %s)",
                            dg_json_path_text(path).text);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        struct dg_json_path item_path = {path, item->string, 0};
        enum dg_status status = dg_json_check_unique(file, object, item, &item_path);
        if (status == DG_OK)
            status = read_member(file, config, item, &item_path, upstream);
        if (status != DG_OK)
            return status;
    }
    if (upstream->name == NULL || upstream->listen == NULL || upstream->upstream == NULL)
        return dg_json_fail(file, object, DG_JSON_AT_VALUE,
                            "an upstream must have \"name\", \"listen\" and \"upstream\" (at %s)",
                            dg_json_path_text(path).text);
    return DG_OK;
}

static bool is_taken(const struct dg_upstream_option *list, size_t n, const char *name)
{
    bool taken = strcmp(name, DG_MAIN_UPSTREAM) == 0;
    for (size_t i = 0; i < n; i++)
        taken = taken || strcmp(list[i].name, name) == 0;
    return taken;
}

/* An overlay's array stands in the place of the file's. */
enum dg_status dg_upstreams_read(const struct dg_json_file *file, struct dg_config *config, const cJSON *array,
                                 const struct dg_json_path *path)
{
    if (!cJSON_IsArray(array))
        return dg_json_fail(file, array, DG_JSON_AT_VALUE, "\"upstreams\" must be an array (at %s)",
                            dg_json_path_text(path).text);
    size_t n_new = (size_t)cJSON_GetArraySize(array);
    if (n_new >= DG_MAX_UPSTREAMS)
        return dg_json_fail(file, array, DG_JSON_AT_VALUE, "there are more than %d upstreams (at %s)",
                            DG_MAX_UPSTREAMS - 1, dg_json_path_text(path).text);
    struct dg_upstream_option *list = dg_arena_array(config->arena, n_new, sizeof *list);
    if (list == NULL && n_new > 0)
        return dg_error_set(file->error, DG_NO_MEMORY, "out of memory");
    size_t n = 0;
    for (const cJSON *item = array->child; item != NULL; item = item->next, n++) {
        struct dg_json_path item_path = {path, NULL, n};
        enum dg_status status = read_upstream(file, config, item, &item_path, &list[n]);
        if (status != DG_OK)
            return status;
        if (is_taken(list, n, list[n].name))
            return dg_json_fail(file, item, DG_JSON_AT_VALUE,
                                "the name \"%s\" is taken (at %s); \"" DG_MAIN_UPSTREAM
                                "\" is that of the options listen and upstream",
                                list[n].name, dg_json_path_text(&item_path).text);
    }
    config->upstreams = list;
    config->n_upstreams = n_new;
    return DG_OK;
}

size_t dg_config_upstreams(const struct dg_config *config, struct dg_upstream_option list[DG_MAX_UPSTREAMS])
{
    list[0] = (struct dg_upstream_option){DG_MAIN_UPSTREAM, config->listen, config->upstream};
    for (size_t i = 0; i < config->n_upstreams; i++)
        list[i + 1] = config->upstreams[i];
    return config->n_upstreams + 1;
}

enum dg_status dg_config_parse_upstreams(const struct dg_config *config, struct dg_url urls[DG_MAX_UPSTREAMS],
                                         size_t *n, struct dg_error *error)
{
    struct dg_upstream_option list[DG_MAX_UPSTREAMS];
    *n = dg_config_upstreams(config, list);
    enum dg_status status = DG_OK;
    for (size_t i = 0; i < *n && status == DG_OK; i++)
        status = dg_url_parse(list[i].upstream, &urls[i], error);
    return status;
}

bool dg_upstreams_equal(const struct dg_config *a, const struct dg_config *b)
{
    if (a->n_upstreams != b->n_upstreams)
        return false;
    for (size_t i = 0; i < a->n_upstreams; i++) {
        if (strcmp(a->upstreams[i].name, b->upstreams[i].name) != 0 ||
            strcmp(a->upstreams[i].listen, b->upstreams[i].listen) != 0 ||
            strcmp(a->upstreams[i].upstream, b->upstreams[i].upstream) != 0)
            return false;
    }
    return true;
}
