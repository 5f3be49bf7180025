/*
 * The configuration file. cJSON parses; everything it lets pass is checked here: keys that are unknown, twice there or
 * in another case, text behind the document, values of a wrong type. Overlays that are not in force are read all the
 * same, into a config that is thrown away, so that an error in production's shows up everywhere.
 */
#include "config/json_file.h"

#include <assert.h>
#include <stdarg.h>

#include "base/arena.h"
#include "base/file.h"
#include "config/json_text.h"
#include "config/options.h"
#include "config/sources.h"

/* Walks the tree in the order of the text; true when `item` is met, with its number in *n. */
static bool number_of(const cJSON *tree, const cJSON *item, size_t *n)
{
    for (; tree != NULL; tree = tree->next) {
        if (tree == item)
            return true;
        (*n)++;
        if (number_of(tree->child, item, n))
            return true;
    }
    return false;
}

/* Only for errors: it goes through tree and text from the start. */
static struct dg_place place_of(const struct dg_json_file *file, const cJSON *item, enum dg_json_at at)
{
    size_t n = 0, key_offset = 0, value_offset = 0;
    if (!number_of(file->root, item, &n) || !dg_json_find_value(file->text, n, &key_offset, &value_offset))
        return (struct dg_place){1, 1};
    return dg_json_place(file->text, at == DG_JSON_AT_KEY ? key_offset : value_offset);
}

static enum dg_status fail_at(const struct dg_json_file *file, struct dg_place place, const char *message)
{
    return dg_error_set(file->error, DG_CONFIG, "%.120s:%u:%u: %s", file->name, place.line, place.column, message);
}

enum dg_status dg_json_fail(const struct dg_json_file *file, const cJSON *item, enum dg_json_at at, const char *format,
                            ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail_at(file, place_of(file, item, at), n < 0 ? "invalid" : message);
}

void dg_json_path_print(const struct dg_json_path *path, struct dg_text *out)
{
    if (path->parent == NULL) {
        dg_text_char(out, '$');
        return;
    }
    dg_json_path_print(path->parent, out);
    if (path->key == NULL) {
        dg_text_printf(out, "[%zu]", path->index);
        return;
    }
    bool is_word = path->key[0] != '\0' && strspn(path->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                             "0123456789_-") == strlen(path->key);
    if (is_word) {
        dg_text_printf(out, ".%s", path->key);
        return;
    }
    dg_text_char(out, '[');
    dg_text_json_string(out, dg_str_of(path->key));
    dg_text_char(out, ']');
}

struct dg_json_path_text dg_json_path_text(const struct dg_json_path *path)
{
    struct dg_json_path_text out;
    struct dg_text text;
    dg_text_init_fixed(&text, out.text, sizeof out.text - 4);
    dg_json_path_print(path, &text);
    if (text.failed)
        memcpy(out.text + text.len, "...", 4);
    return out;
}

enum dg_status dg_json_check_unique(const struct dg_json_file *file, const cJSON *object, const cJSON *item,
                                    const struct dg_json_path *path)
{
    for (const cJSON *before = object->child; before != item; before = before->next) {
        if (strcmp(before->string, item->string) == 0)
            return dg_json_fail(file, item, DG_JSON_AT_KEY, "the key is there twice (at %s; first in line %u)",
                                dg_json_path_text(path).text, place_of(file, before, DG_JSON_AT_KEY).line);
    }
    return DG_OK;
}

/* ---- options ---- */

/* An object of options being read: the root, an overlay, or a section of either. */
struct scope {
    const struct dg_json_file *file;
    struct dg_config *config;
    const cJSON *object;
    const struct dg_json_path *path; /* of the object */
    const char *section;             /* "schema", or NULL outside of one */
    bool is_root;
};

/* Keys beside the options; an overlay has only the first. */
static const char *const other_keys[] = {"rules", "deprecated", "upstreams", "environment", "environments", NULL};

static const char *root_key(size_t n)
{
    return other_keys[n];
}

static const char *overlay_key(size_t n)
{
    return n == 0 ? other_keys[0] : NULL;
}

/* True if options of the path "<name>.something" exist. */
static bool is_section(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < dg_n_options; i++) {
        if (strncmp(dg_options[i].path, name, len) == 0 && dg_options[i].path[len] == '.')
            return true;
    }
    return false;
}

/* Cold path: says what was meant. */
static enum dg_status unknown_key(const struct scope *scope, const cJSON *item, const struct dg_json_path *path)
{
    char memory[128];
    struct dg_text full;
    dg_text_init_fixed(&full, memory, sizeof memory);
    if (scope->section != NULL)
        dg_text_printf(&full, "%s.", scope->section);
    dg_text_cstr(&full, item->string);

    char shown_memory[160];
    struct dg_text shown;
    dg_text_init_fixed(&shown, shown_memory, sizeof shown_memory);
    dg_text_json_string(&shown, full.failed ? DG_STR("...") : dg_text_view(&full));
    struct dg_json_path_text at = dg_json_path_text(path);
    const char *dot = strchr(item->string, '.');
    if (dot != NULL && dg_option_find(dg_text_view(&full)) != NULL)
        return dg_json_fail(scope->file, item, DG_JSON_AT_KEY,
                            "unknown option %s (at %s); write {\"%.*s\": {\"%s\": ...}}", dg_text_get(&shown), at.text,
                            (int)(dot - item->string), item->string, dot + 1);
    const struct dg_option *nearest = dg_option_nearest(dg_text_view(&full));
    const char *meant = nearest != NULL ? nearest->path : NULL;
    if (meant == NULL && scope->section == NULL)
        meant = dg_nearest(dg_text_view(&full), scope->is_root ? root_key : overlay_key);
    if (meant == NULL)
        return dg_json_fail(scope->file, item, DG_JSON_AT_KEY, "unknown option %s (at %s)", dg_text_get(&shown),
                            at.text);
    return dg_json_fail(scope->file, item, DG_JSON_AT_KEY, "unknown option %s (at %s); did you mean \"%s\"?",
                        dg_text_get(&shown), at.text, meant);
}

static enum dg_status read_value(const struct scope *scope, const struct dg_option *option, const cJSON *item,
                                 const struct dg_json_path *path)
{
    struct dg_problem problem;
    enum dg_status status = DG_CONFIG;
    dg_option_describe(option, &problem);
    if (cJSON_IsString(item) && dg_option_is_string(option->type))
        status = dg_option_set_text(scope->config, option, item->valuestring, &problem);
    else if (cJSON_IsNumber(item))
        status = dg_option_set_number(scope->config, option, item->valuedouble, &problem);
    else if (cJSON_IsBool(item))
        status = dg_option_set_bool(scope->config, option, cJSON_IsTrue(item));
    if (status == DG_CONFIG)
        return dg_json_fail(scope->file, item, DG_JSON_AT_VALUE, "\"%s\" %s (at %s)", option->path, problem.text,
                            dg_json_path_text(path).text);
    if (status != DG_OK)
        return dg_error_set(scope->file->error, status, "out of memory while reading \"%.120s\"", scope->file->name);
    return DG_OK;
}

static enum dg_status read_options(const struct scope *scope);

static enum dg_status read_section(const struct scope *outer, const cJSON *item, const struct dg_json_path *path)
{
    if (!cJSON_IsObject(item))
        return dg_json_fail(outer->file, item, DG_JSON_AT_VALUE, "\"%s\" must be an object (at %s)", item->string,
                            dg_json_path_text(path).text);
    struct scope section = {outer->file, outer->config, item, path, item->string, false};
    return read_options(&section);
}

/* The option that `key` means in this scope, or NULL. */
static const struct dg_option *option_of(const struct scope *scope, const char *key)
{
    if (strchr(key, '.') != NULL)
        return NULL; /* one way only: nested objects */
    if (scope->section == NULL)
        return dg_option_find(dg_str_of(key));
    char memory[128];
    struct dg_text path;
    dg_text_init_fixed(&path, memory, sizeof memory);
    dg_text_printf(&path, "%s.%s", scope->section, key);
    return path.failed ? NULL : dg_option_find(dg_text_view(&path));
}

static enum dg_status read_item(const struct scope *scope, const cJSON *item)
{
    struct dg_json_path path = {scope->path, item->string, 0};
    enum dg_status status = dg_json_check_unique(scope->file, scope->object, item, &path);
    if (status != DG_OK)
        return status;
    const struct dg_option *option = option_of(scope, item->string);
    if (option != NULL)
        return read_value(scope, option, item, &path);
    if (scope->section == NULL && is_section(item->string))
        return read_section(scope, item, &path);
    if (scope->section == NULL && strcmp(item->string, "rules") == 0)
        return dg_rules_read(scope->file, scope->config, item, &path);
    if (scope->section == NULL && strcmp(item->string, "deprecated") == 0)
        return dg_deprecations_read(scope->file, scope->config, item, &path);
    if (scope->section == NULL && strcmp(item->string, "upstreams") == 0)
        return dg_upstreams_read(scope->file, scope->config, item, &path);
    bool is_read_elsewhere =
        scope->is_root && (strcmp(item->string, "environment") == 0 || strcmp(item->string, "environments") == 0);
    return is_read_elsewhere ? DG_OK : unknown_key(scope, item, &path);
}

/* Each key is known and new, or the reading ends: so the comparison with those before it stays short. */
static enum dg_status read_options(const struct scope *scope)
{
    enum dg_status status = DG_OK;
    for (const cJSON *item = scope->object->child; item != NULL && status == DG_OK; item = item->next)
        status = read_item(scope, item);
    return status;
}

/* ---- environments ---- */

static const struct dg_json_path root_path = {NULL, NULL, 0};

static enum dg_status read_overlay(const struct dg_json_file *file, struct dg_config *config, const cJSON *overlay,
                                   const struct dg_json_path *path)
{
    if (!cJSON_IsObject(overlay))
        return dg_json_fail(file, overlay, DG_JSON_AT_VALUE, "an environment must be an object (at %s)",
                            dg_json_path_text(path).text);
    struct scope scope = {file, config, overlay, path, NULL, false};
    return read_options(&scope);
}

/* Reads an overlay that is not in force, for its errors. */
static enum dg_status check_overlay(const struct dg_json_file *file, const cJSON *overlay,
                                    const struct dg_json_path *path)
{
    struct dg_arena arena;
    dg_arena_init(&arena, 4u * DG_CONFIG_FILE_BYTES);
    struct dg_config scratch = {.arena = &arena};
    enum dg_status status = read_overlay(file, &scratch, overlay, path);
    dg_arena_fini(&arena);
    return status;
}

/* An environment that is asked for and not there: lists those that are. */
static enum dg_status no_such_environment(const struct dg_json_file *file, const cJSON *environments,
                                          const char *wanted, const char *source)
{
    char memory[256];
    struct dg_text list;
    dg_text_init_fixed(&list, memory, sizeof memory);
    const cJSON *item = environments == NULL ? NULL : environments->child;
    for (; item != NULL; item = item->next) {
        dg_text_cstr(&list, list.len == 0 ? "" : ", ");
        dg_text_json_string(&list, dg_str_of(item->string));
    }
    const char *lead = list.len == 0 ? "the file has none" : "there are: ";
    char shown_memory[96];
    struct dg_text shown;
    dg_text_init_fixed(&shown, shown_memory, sizeof shown_memory);
    dg_text_json_string(&shown, dg_str_utf8_prefix(dg_str_of(wanted), 64));
    const cJSON *named_by = cJSON_GetObjectItemCaseSensitive(file->root, "environment");
    if (source == NULL)
        return dg_json_fail(file, named_by, DG_JSON_AT_VALUE, "there is no environment %s (at $.environment); %s%s",
                            dg_text_get(&shown), lead, dg_text_get(&list));
    return dg_error_set(file->error, DG_CONFIG, "%.120s: there is no environment %s (from %s); %s%s", file->name,
                        dg_text_get(&shown), source, lead, dg_text_get(&list));
}

static enum dg_status read_environments(const struct dg_json_file *file, struct dg_config *config, const char *wanted,
                                        const char *source)
{
    const cJSON *environments = cJSON_GetObjectItemCaseSensitive(file->root, "environments");
    struct dg_json_path path = {&root_path, "environments", 0};
    if (environments != NULL && !cJSON_IsObject(environments))
        return dg_json_fail(file, environments, DG_JSON_AT_VALUE,
                            "\"environments\" must be an object (at $.environments)");
    const cJSON *chosen = NULL;
    size_t n = 0;
    for (const cJSON *item = environments == NULL ? NULL : environments->child; item != NULL; item = item->next) {
        struct dg_json_path item_path = {&path, item->string, 0};
        if (++n > DG_CONFIG_MAX_ENVIRONMENTS)
            return dg_json_fail(file, item, DG_JSON_AT_KEY, "there are more than %d environments",
                                DG_CONFIG_MAX_ENVIRONMENTS);
        enum dg_status status = dg_json_check_unique(file, environments, item, &item_path);
        if (status == DG_OK && wanted != NULL && strcmp(item->string, wanted) == 0)
            chosen = item;
        else if (status == DG_OK)
            status = check_overlay(file, item, &item_path);
        if (status != DG_OK)
            return status;
    }
    if (wanted == NULL)
        return DG_OK;
    if (chosen == NULL)
        return no_such_environment(file, environments, wanted, source);
    struct dg_json_path chosen_path = {&path, chosen->string, 0};
    config->environment = dg_arena_strdup(config->arena, wanted);
    if (config->environment == NULL)
        return dg_error_set(file->error, DG_NO_MEMORY, "out of memory");
    return read_overlay(file, config, chosen, &chosen_path);
}

/* Options and rules of the root first, so that the overlay can go over them. */
static enum dg_status read_root(const struct dg_json_file *file, struct dg_config *config, const char *environment,
                                const char *source)
{
    if (!cJSON_IsObject(file->root))
        return dg_json_fail(file, file->root, DG_JSON_AT_VALUE, "the file must contain one object: { ... }");
    assert(file->root != NULL);
    struct scope scope = {file, config, file->root, &root_path, NULL, true};
    enum dg_status status = read_options(&scope);
    if (status != DG_OK)
        return status;
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(file->root, "environment");
    if (named != NULL && !cJSON_IsString(named))
        return dg_json_fail(file, named, DG_JSON_AT_VALUE, "\"environment\" must be a string (at $.environment)");
    if (environment == NULL && named != NULL && named->valuestring[0] != '\0') {
        environment = named->valuestring;
        source = NULL;
    }
    return read_environments(file, config, environment, source);
}

/* The place of the last byte before `end` that is not blank, or `end`. */
static size_t before(struct dg_str text, size_t end)
{
    size_t i = end;
    while (i > 0 && (unsigned char)text.data[i - 1] <= ' ')
        i--;
    return i > 0 ? i - 1 : end;
}

/*
 * cJSON stops behind the document when there is more, and near the place inside it when it cannot go on. The commonest
 * mistake has words of its own: a comma after the last member.
 */
static enum dg_status not_json(const struct dg_json_file *file, size_t offset)
{
    struct dg_str text = file->text;
    size_t bracket = offset < text.len && strchr("]}", text.data[offset]) != NULL ? offset : before(text, offset);
    size_t comma = before(text, bracket);
    if (bracket < text.len && strchr("]}", text.data[bracket]) != NULL && text.data[comma] == ',')
        return fail_at(file, dg_json_place(text, comma), "a comma must not stand before a closing bracket");
    return fail_at(file, dg_json_place(text, offset), "not valid JSON from here on");
}

static enum dg_status parse(struct dg_json_file *file, struct dg_text *text, cJSON **root)
{
    size_t offset = 0;
    const char *problem = text->len == 0 ? NULL : dg_json_blank(text->data, text->len, &offset);
    file->text = dg_text_view(text);
    if (problem != NULL)
        return fail_at(file, dg_json_place(file->text, offset), problem);
    const char *end = NULL;
    *root = cJSON_ParseWithLengthOpts(dg_text_get(text), text->len + 1, &end, 1);
    if (*root != NULL)
        return DG_OK;
    offset = end == NULL ? 0 : (size_t)(end - dg_text_get(text));
    if (strspn(dg_text_get(text), " \t\r\n") == text->len)
        return fail_at(file, (struct dg_place){1, 1}, "the file is empty; the least that is valid is {}");
    return not_json(file, offset);
}

/* What is wrong with the file, its absence and size too, is for the operator to change: DG_CONFIG. */
enum dg_status dg_config_read_file(struct dg_config *config, const char *path, const char *environment,
                                   const char *environment_source, struct dg_error *error)
{
    struct dg_text text;
    dg_text_init(&text, DG_CONFIG_FILE_BYTES);
    struct dg_json_file file = {.name = path, .error = error};
    cJSON *root = NULL;
    enum dg_status status = dg_file_read(path, &text, error);
    if (status == DG_IO || status == DG_LIMIT) {
        status = DG_CONFIG;
        if (error != NULL)
            error->status = status;
    }
    if (status == DG_OK)
        status = parse(&file, &text, &root);
    file.root = root;
    if (status == DG_OK)
        status = read_root(&file, config, environment, environment_source);
    cJSON_Delete(root);
    if (text.data != NULL)
        explicit_bzero(text.data, text.len); /* it may hold the upstream's password */
    dg_text_fini(&text);
    return status;
}
