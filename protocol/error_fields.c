/*
 * ErrorResponse and NoticeResponse: a list of {code byte, string}, ended by a NUL byte.
 *
 * One table gives the order in which fields are written and where a reader finds each. Where a server (or something
 * between) sends a field twice the last one counts, as in libpq.
 */
#include "protocol/error_fields.h"

#include <stddef.h>

#include "protocol/frame.h"
#include "protocol/reader.h"

/* The protocol's order. offset: the field's place in struct dg_error_fields, or NO_PLACE where nobody asks for it. */
#define NO_PLACE SIZE_MAX
static const struct {
    char code;
    size_t offset;
} field_table[] = {
    {'S', offsetof(struct dg_error_fields, severity)},
    {'V', offsetof(struct dg_error_fields, severity_english)},
    {'C', offsetof(struct dg_error_fields, sqlstate)},
    {'M', offsetof(struct dg_error_fields, message)},
    {'D', offsetof(struct dg_error_fields, detail)},
    {'H', offsetof(struct dg_error_fields, hint)},
    {'W', offsetof(struct dg_error_fields, where)},
    {'s', offsetof(struct dg_error_fields, schema)},
    {'t', offsetof(struct dg_error_fields, table)},
    {'c', offsetof(struct dg_error_fields, column)},
    {'d', NO_PLACE},
    {'n', NO_PLACE},
    {'P', offsetof(struct dg_error_fields, position)},
    {'p', offsetof(struct dg_error_fields, internal_position)},
    {'q', offsetof(struct dg_error_fields, internal_query)},
    {'F', offsetof(struct dg_error_fields, file)},
    {'L', offsetof(struct dg_error_fields, line)},
    {'R', offsetof(struct dg_error_fields, routine)},
};
#define N_FIELDS (sizeof field_table / sizeof field_table[0])

/* N_FIELDS for a code that is not in the table. */
static size_t field_index(char code)
{
    size_t i = 0;
    while (i < N_FIELDS && field_table[i].code != code)
        i++;
    return i;
}

/* The next field, or code 0 at the terminator, which must be the last byte. */
static enum dg_status next_field(struct dg_byte_reader *reader, char *code, struct dg_str *value)
{
    if (!dg_read_char(reader, code))
        return DG_PROTOCOL;
    if (*code == '\0')
        return reader->left == 0 ? DG_OK : DG_PROTOCOL;
    return dg_read_string(reader, value) ? DG_OK : DG_PROTOCOL;
}

/* values[i] becomes the field of field_table[i], data NULL where absent. */
static enum dg_status collect(struct dg_str body, struct dg_str values[N_FIELDS])
{
    memset(values, 0, N_FIELDS * sizeof values[0]);
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    for (;;) {
        char code;
        struct dg_str value = {NULL, 0};
        enum dg_status status = next_field(&reader, &code, &value);
        if (status != DG_OK || code == '\0')
            return status;
        size_t i = field_index(code);
        if (i < N_FIELDS)
            values[i] = value;
    }
}

enum dg_status dg_error_fields_parse(struct dg_str body, struct dg_error_fields *fields)
{
    struct dg_str values[N_FIELDS];
    *fields = (struct dg_error_fields){0};
    enum dg_status status = collect(body, values);
    if (status != DG_OK)
        return status;
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (field_table[i].offset != NO_PLACE)
            memcpy((char *)fields + field_table[i].offset, &values[i], sizeof values[i]);
    }
    return DG_OK;
}

/* A message under construction: failure is sticky, so that a run of appends is checked once. */
struct draft {
    struct dg_buffer *out;
    size_t start_len;
    enum dg_status status;
};

static void put(struct draft *draft, const void *bytes, size_t len)
{
    if (draft->status == DG_OK)
        draft->status = dg_buffer_append(draft->out, bytes, len);
}

static struct draft begin(struct dg_buffer *out)
{
    struct draft draft = {out, dg_buffer_len(out), DG_OK};
    put(&draft, "E\0\0\0\0", DG_FRAME_HEADER_BYTES);
    return draft;
}

static void put_field(struct draft *draft, char code, struct dg_str value)
{
    put(draft, &code, 1);
    put(draft, value.data, value.len);
    put(draft, "", 1);
}

/* The server's own text, then ours on a new line. */
static void put_both(struct draft *draft, char code, struct dg_str own, const char *added)
{
    put(draft, &code, 1);
    put(draft, own.data, own.len);
    if (own.len > 0)
        put(draft, "\n", 1);
    put(draft, added, strlen(added) + 1);
}

/* Fills in the length; after a failure the buffer holds what it held before. */
static enum dg_status end(struct draft *draft)
{
    put(draft, "", 1);
    size_t len = dg_buffer_len(draft->out) - draft->start_len;
    if (draft->status == DG_OK && len - 1 > DG_FRAME_MAX_LENGTH)
        draft->status = DG_LIMIT;
    if (draft->status != DG_OK) {
        if (len > 0)
            draft->out->tail -= len;
        return draft->status;
    }
    uint8_t *message = draft->out->data + draft->out->head + draft->start_len;
    uint32_t length = (uint32_t)(len - 1);
    for (size_t i = 0; i < 4; i++)
        message[1 + i] = (uint8_t)(length >> (24 - 8 * i));
    return DG_OK;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* What the addition says about a field, or NULL. */
static const char *added_to(const struct dg_error_addition *addition, char code)
{
    switch (code) {
    case 'D':
        return addition->detail;
    case 'H':
        return addition->hint;
    case 's':
        return addition->schema;
    case 't':
        return addition->table;
    case 'c':
        return addition->column;
    default:
        return NULL;
    }
}

static void put_unknown_fields(struct draft *draft, struct dg_str body)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    char code;
    struct dg_str value = {NULL, 0};
    while (next_field(&reader, &code, &value) == DG_OK && code != '\0') {
        if (field_index(code) == N_FIELDS)
            put_field(draft, code, value);
    }
}

enum dg_status dg_error_fields_rewrite(struct dg_str body, const struct dg_error_addition *addition,
                                       struct dg_buffer *out)
{
    struct dg_str values[N_FIELDS];
    enum dg_status status = collect(body, values);
    if (status != DG_OK)
        return status;
    struct draft draft = begin(out);
    for (size_t i = 0; i < N_FIELDS; i++) {
        char code = field_table[i].code;
        const char *added = added_to(addition, code);
        bool is_text = code == 'D' || code == 'H';
        if (is_given(added) && (is_text || values[i].data == NULL))
            put_both(&draft, code, values[i], added);
        else if (values[i].data != NULL)
            put_field(&draft, code, values[i]);
    }
    put_unknown_fields(&draft, body);
    return end(&draft);
}

enum dg_status dg_error_response_write(struct dg_buffer *out, const char *severity, const char *sqlstate,
                                       const char *message, const char *detail, const char *hint)
{
    struct draft draft = begin(out);
    put_field(&draft, 'S', dg_str_of(severity));
    put_field(&draft, 'V', dg_str_of(severity));
    put_field(&draft, 'C', dg_str_of(sqlstate));
    put_field(&draft, 'M', dg_str_of(message));
    if (detail != NULL)
        put_field(&draft, 'D', dg_str_of(detail));
    if (hint != NULL)
        put_field(&draft, 'H', dg_str_of(hint));
    return end(&draft);
}
