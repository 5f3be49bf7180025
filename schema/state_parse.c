/*
 * Reads back what state_print.c wrote. The hash is looked at first, so what is truncated or damaged never gets further;
 * all the same nothing below trusts a line, for the file lies where others may write.
 *
 * One line at a time goes through cJSON: a schema of 200,000 columns as one document would be a tree of many times the
 * text's size.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/hash.h"
#include "schema/builder_private.h"
#include "schema/state_format.h"

#define SCRATCH_MAX_BYTES ((size_t)4 << 20)
#define MAX_HEADER_BYTES 256u
#define MAX_CHANGES 10000u

struct parser {
    struct dg_saved *saved;
    struct dg_arena scratch; /* of one line */
    size_t max_model_bytes;
    struct dg_builder *builder; /* NULL until the line "model" */
    int64_t read_at_us;
    const cJSON *item; /* the line's next */
    bool is_sound;     /* false: an item was missing or not what it has to be */
};

/* ---- Items ------------------------------------------------------------------------------------------------------- */

static const cJSON *take(struct parser *parser)
{
    const cJSON *item = parser->item;
    if (item == NULL)
        parser->is_sound = false;
    else
        parser->item = item->next;
    return item;
}

static int64_t take_int(struct parser *parser, int64_t min, int64_t max)
{
    const cJSON *item = take(parser);
    double value = item == NULL || !cJSON_IsNumber(item) ? NAN : item->valuedouble;
    /* All limits that are asked for are exact as doubles. */
    if (!(value >= (double)min && value <= (double)max) || value != floor(value)) {
        parser->is_sound = false;
        return min;
    }
    return (int64_t)value;
}

static dg_oid take_oid(struct parser *parser)
{
    return (dg_oid)take_int(parser, 0, UINT32_MAX);
}

/* Up to the year 2255, where doubles stop to tell one microsecond from the next. */
static int64_t take_time(struct parser *parser)
{
    return take_int(parser, 0, INT64_C(1) << 53);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *bytes_of_hex(struct parser *parser, const char *hex)
{
    size_t len = strlen(hex);
    char *bytes = dg_arena_alloc(&parser->scratch, len / 2 + 1);
    if (bytes == NULL || len % 2 != 0)
        return NULL;
    for (size_t i = 0; i < len / 2; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return NULL;
        bytes[i] = (char)(high * 16 + low);
    }
    bytes[len / 2] = '\0';
    return bytes;
}

/* Borrowed from the line. */
static const char *take_name(struct parser *parser)
{
    const cJSON *item = take(parser);
    const cJSON *hex = cJSON_IsObject(item) ? cJSON_GetObjectItemCaseSensitive(item, "hex") : NULL;
    const char *name = NULL;
    if (cJSON_IsString(item))
        name = item->valuestring;
    else if (cJSON_IsString(hex))
        name = bytes_of_hex(parser, hex->valuestring);
    if (name == NULL)
        parser->is_sound = false;
    return name == NULL ? "" : name;
}

static char take_letter(struct parser *parser)
{
    const char *name = take_name(parser);
    if (strlen(name) != 1)
        parser->is_sound = false;
    return name[0];
}

static void take_name_into(struct parser *parser, char *field, size_t size)
{
    const char *name = take_name(parser);
    size_t len = strlen(name);
    if (len < size)
        memcpy(field, name, len + 1);
    else
        parser->is_sound = false;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

static enum dg_status soundness(const struct parser *parser)
{
    return parser->is_sound ? DG_OK : DG_UNPARSED;
}

static enum dg_status parse_database(struct parser *parser)
{
    struct dg_saved *saved = parser->saved;
    (void)take_name(parser); /* for people */
    take_name_into(parser, saved->system_identifier, sizeof saved->system_identifier);
    saved->database_oid = take_oid(parser);
    return soundness(parser);
}

static bool find_kind(const char *name, enum dg_change_kind *kind)
{
    for (int i = 0; i <= DG_CHANGE_RELATION_REPLACED; i++) {
        if (strcmp(name, dg_change_kind_name((enum dg_change_kind)i)) == 0) {
            *kind = (enum dg_change_kind)i;
            return true;
        }
    }
    return false;
}

static enum dg_status parse_change(struct parser *parser)
{
    struct dg_change change = {0};
    const char *kind = take_name(parser);
    if (parser->is_sound && !find_kind(kind, &change.kind))
        return DG_OK; /* of a later version */
    change.relation_oid = take_oid(parser);
    change.attnum = (int16_t)take_int(parser, INT16_MIN, INT16_MAX);
    take_name_into(parser, change.schema, sizeof change.schema);
    take_name_into(parser, change.relation, sizeof change.relation);
    take_name_into(parser, change.column, sizeof change.column);
    take_name_into(parser, change.new_name, sizeof change.new_name);
    take_name_into(parser, change.old_type, sizeof change.old_type);
    change.after_us = take_time(parser);
    change.before_us = take_time(parser);
    if (!parser->is_sound || parser->saved->changes.n >= MAX_CHANGES)
        return DG_UNPARSED;
    return dg_vector_append(&parser->saved->changes, &change, 1);
}

static enum dg_status parse_model(struct parser *parser)
{
    int64_t full_read_at_us = take_time(parser);
    parser->read_at_us = take_time(parser);
    if (!parser->is_sound || parser->builder != NULL)
        return DG_UNPARSED;
    parser->builder = dg_builder_new(parser->max_model_bytes);
    if (parser->builder == NULL)
        return DG_NO_MEMORY;
    parser->builder->full_read_at_us = full_read_at_us;
    return DG_OK;
}

static enum dg_status parse_schema(struct parser *parser)
{
    struct dg_namespace item = {.oid = take_oid(parser)};
    item.name = take_name(parser);
    return parser->is_sound ? dg_builder_namespace(parser->builder, &item) : DG_UNPARSED;
}

static enum dg_status parse_type(struct parser *parser)
{
    struct dg_type item = {.oid = take_oid(parser), .kind = 'b', .category = 'U'};
    item.namespace_oid = take_oid(parser);
    item.name = take_name(parser);
    item.element_oid = take_oid(parser);
    item.is_array = take_int(parser, 0, 1) == 1;
    return parser->is_sound ? dg_builder_type(parser->builder, &item) : DG_UNPARSED;
}

/* `item` is the line's at this place; the parser then goes on behind the list of columns. */
static struct dg_column parse_column(struct parser *parser, const cJSON *item)
{
    struct dg_column column = {.name = "", .typmod = -1, .flags = DG_COLUMN_DROPPED};
    if (cJSON_IsNumber(item))
        return column;
    parser->item = cJSON_IsArray(item) ? item->child : NULL;
    column.type_oid = take_oid(parser);
    column.name = take_name(parser);
    column.typmod = (int32_t)take_int(parser, INT32_MIN, INT32_MAX);
    column.flags = (uint16_t)take_int(parser, 0, UINT16_MAX);
    column.default_hash = (uint32_t)take_int(parser, 0, UINT32_MAX);
    return column;
}

static enum dg_status parse_columns(struct parser *parser, struct dg_relation *relation)
{
    const cJSON *list = take(parser);
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    if (n < 0 || n > INT16_MAX)
        return DG_UNPARSED;
    struct dg_column *columns = dg_arena_array(&parser->scratch, (size_t)n, sizeof *columns);
    if (columns == NULL)
        return DG_LIMIT;
    const cJSON *item = list->child;
    for (int i = 0; i < n; i++, item = item->next)
        columns[i] = parse_column(parser, item);
    relation->columns = columns;
    relation->n_columns = (uint16_t)n;
    return soundness(parser);
}

static enum dg_status parse_relation(struct parser *parser)
{
    struct dg_relation item = {.oid = take_oid(parser)};
    item.namespace_oid = take_oid(parser);
    item.name = take_name(parser);
    item.kind = take_letter(parser);
    item.persistence = take_letter(parser);
    int64_t seen_at_us = take_time(parser);
    enum dg_status status = parse_columns(parser, &item);
    if (status == DG_OK)
        status = soundness(parser);
    if (status == DG_OK)
        status = dg_builder_relation(parser->builder, &item);
    if (status != DG_OK)
        return status;
    struct dg_vector *relations = &parser->builder->relations;
    ((struct dg_entry *)relations->items)[relations->n - 1].read_at_us = seen_at_us;
    return DG_OK;
}

struct line_kind {
    const char *tag;
    bool is_of_model;
    enum dg_status (*parse)(struct parser *parser);
};

static const struct line_kind line_kinds[] = {
    {"database", false, parse_database}, {"change", false, parse_change}, {"model", false, parse_model},
    {"schema", true, parse_schema},      {"type", true, parse_type},      {"relation", true, parse_relation},
};

static enum dg_status parse_items(struct parser *parser, const cJSON *line)
{
    if (!cJSON_IsArray(line))
        return DG_UNPARSED;
    parser->item = line->child;
    parser->is_sound = true;
    const char *tag = take_name(parser);
    if (!parser->is_sound)
        return DG_UNPARSED;
    for (size_t i = 0; i < sizeof line_kinds / sizeof *line_kinds; i++) {
        const struct line_kind *kind = &line_kinds[i];
        if (strcmp(tag, kind->tag) == 0)
            return kind->is_of_model && parser->builder == NULL ? DG_UNPARSED : kind->parse(parser);
    }
    return DG_OK; /* of a later version */
}

static enum dg_status parse_line(struct parser *parser, struct dg_str text)
{
    dg_arena_reset(&parser->scratch);
    cJSON *line = cJSON_ParseWithLength(text.data, text.len);
    /* cJSON does not say whether it was the memory or the text. */
    enum dg_status status = line == NULL ? DG_UNPARSED : parse_items(parser, line);
    cJSON_Delete(line);
    return status;
}

/* ---- The whole text ---------------------------------------------------------------------------------------------- */

/* Cuts the first line off *rest; false if there is no whole one. */
static bool cut_line(struct dg_str *rest, struct dg_str *line)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    if (end == NULL)
        return false;
    *line = (struct dg_str){rest->data, (size_t)(end - rest->data)};
    *rest = (struct dg_str){end + 1, rest->len - line->len - 1};
    return true;
}

static bool hash_fits(const cJSON *header, struct dg_str body)
{
    const cJSON *hash = cJSON_GetObjectItemCaseSensitive(header, "hash");
    char expected[17];
    snprintf(expected, sizeof expected, "%016" PRIx64, dg_hash64(body.data, body.len));
    return cJSON_IsString(hash) && strcmp(hash->valuestring, expected) == 0;
}

static enum dg_status parse_header(struct dg_str line, struct dg_str body, struct dg_saved *saved,
                                   struct dg_error *error)
{
    cJSON *header = line.len > MAX_HEADER_BYTES ? NULL : cJSON_ParseWithLength(line.data, line.len);
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(header, "format");
    enum dg_status status = DG_OK;
    if (cJSON_IsNumber(format))
        saved->format = format->valueint;
    if (saved->format < 1)
        status = dg_error_set(error, DG_UNPARSED, "line 1: this is no journal");
    else if (saved->format != DG_STATE_FORMAT)
        status = dg_error_set(error, DG_UNPARSED, "line 1: the format is %d, not %d", saved->format, DG_STATE_FORMAT);
    else if (!hash_fits(header, body))
        status = dg_error_set(error, DG_UNPARSED, "line 1: the hash does not fit: truncated or damaged");
    cJSON_Delete(header);
    return status;
}

static enum dg_status parse_lines(struct parser *parser, struct dg_str rest, struct dg_error *error)
{
    struct dg_str line;
    for (int number = 2; rest.len > 0; number++) {
        if (!cut_line(&rest, &line))
            return dg_error_set(error, DG_UNPARSED, "line %d: it has no end", number);
        enum dg_status status = parse_line(parser, line);
        if (status == DG_UNPARSED)
            return dg_error_set(error, status, "line %d: not what the format says", number);
        if (status != DG_OK)
            return dg_error_set(error, status, "line %d: %s", number, dg_status_text(status));
    }
    return DG_OK;
}

static enum dg_status finish_model(struct parser *parser, struct dg_error *error)
{
    struct dg_builder *builder = parser->builder;
    if (builder == NULL)
        return DG_OK;
    parser->builder = NULL;
    enum dg_status status = dg_builder_finish(builder, parser->read_at_us, 0, &parser->saved->model);
    return status == DG_OK ? DG_OK : dg_error_set(error, status, "the model: %s", dg_status_text(status));
}

enum dg_status dg_state_parse(struct dg_str text, size_t max_model_bytes, struct dg_saved *saved,
                              struct dg_error *error)
{
    *saved = (struct dg_saved){0};
    dg_vector_init(&saved->changes, sizeof(struct dg_change));
    struct dg_str header;
    if (!cut_line(&text, &header))
        return dg_error_set(error, DG_UNPARSED, "line 1: it has no end");
    enum dg_status status = parse_header(header, text, saved, error);
    if (status != DG_OK)
        return status;
    struct parser parser = {.saved = saved, .max_model_bytes = max_model_bytes};
    dg_arena_init(&parser.scratch, SCRATCH_MAX_BYTES);
    status = parse_lines(&parser, text, error);
    if (status == DG_OK)
        status = finish_model(&parser, error);
    dg_builder_free(parser.builder);
    dg_arena_fini(&parser.scratch);
    if (status != DG_OK)
        dg_saved_fini(saved);
    return status;
}

void dg_saved_fini(struct dg_saved *saved)
{
    dg_vector_fini(&saved->changes);
    dg_snapshot_unref(saved->model);
    saved->model = NULL;
}
