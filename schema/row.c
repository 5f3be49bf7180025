/*
 * PostgreSQL's binary formats: integers in network order, text as its bytes, arrays as
 *
 *      int32 dimensions (0: empty)  int32 has nulls  oid element type
 *      for each dimension: int32 length  int32 lower bound
 *      for each element:   int32 length in bytes (-1: NULL)  bytes
 */
#include "schema/row.h"

#include <libpq-fe.h>

#define OID_TYPE 26u
#define TEXT_TYPE 25u

static uint64_t read_big_endian(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

bool dg_row_is_null(const struct dg_row *row, int column)
{
    return PQgetisnull(row->result, row->number, column) != 0;
}

/* The value's bytes if it has exactly this length, else NULL. */
static const uint8_t *value_of_length(const struct dg_row *row, int column, int len)
{
    if (dg_row_is_null(row, column) || PQgetlength(row->result, row->number, column) != len)
        return NULL;
    return (const uint8_t *)PQgetvalue(row->result, row->number, column);
}

dg_oid dg_row_oid(const struct dg_row *row, int column)
{
    const uint8_t *bytes = value_of_length(row, column, 4);
    return bytes == NULL ? 0 : (dg_oid)read_big_endian(bytes, 4);
}

int32_t dg_row_int4(const struct dg_row *row, int column)
{
    return (int32_t)dg_row_oid(row, column);
}

int64_t dg_row_int8(const struct dg_row *row, int column)
{
    const uint8_t *bytes = value_of_length(row, column, 8);
    return bytes == NULL ? 0 : (int64_t)read_big_endian(bytes, 8);
}

char dg_row_char(const struct dg_row *row, int column)
{
    const uint8_t *bytes = value_of_length(row, column, 1);
    return bytes == NULL ? '\0' : (char)bytes[0];
}

bool dg_row_bool(const struct dg_row *row, int column)
{
    return dg_row_char(row, column) != '\0';
}

const char *dg_row_text(const struct dg_row *row, int column)
{
    /* libpq puts a NUL behind every value, binary ones too. */
    return dg_row_is_null(row, column) ? "" : PQgetvalue(row->result, row->number, column);
}

/* ---- Arrays ------------------------------------------------------------------------------------------------------ */

struct dg_array dg_row_array(const struct dg_row *row, int column)
{
    const struct dg_array empty = {0};
    int len = PQgetlength(row->result, row->number, column);
    if (dg_row_is_null(row, column) || len < 20)
        return empty;
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(row->result, row->number, column);
    uint64_t dimensions = read_big_endian(bytes, 4);
    uint64_t n = read_big_endian(bytes + 12, 4);
    /* Each element takes at least its length word. */
    if (dimensions != 1 || n > ((size_t)len - 20) / 4)
        return empty;
    return (struct dg_array){bytes + 20, bytes + len, n};
}

/* The next element; data NULL for NULL and when the array ends early, which empties it. */
static struct dg_str next_element(struct dg_array *array)
{
    const struct dg_str none = {NULL, 0};
    if (array->n == 0 || array->end - array->at < 4) {
        array->n = 0;
        return none;
    }
    uint32_t len = (uint32_t)read_big_endian(array->at, 4);
    array->at += 4;
    array->n--;
    if (len == UINT32_MAX)
        return none;
    if (len > (size_t)(array->end - array->at)) {
        array->n = 0;
        return none;
    }
    struct dg_str element = {(const char *)array->at, len};
    array->at += len;
    return element;
}

static uint64_t next_number(struct dg_array *array, size_t len)
{
    struct dg_str element = next_element(array);
    return element.data == NULL || element.len != len ? 0 : read_big_endian((const uint8_t *)element.data, len);
}

dg_oid dg_array_oid(struct dg_array *array)
{
    return (dg_oid)next_number(array, 4);
}

int32_t dg_array_int4(struct dg_array *array)
{
    return (int32_t)next_number(array, 4);
}

int16_t dg_array_int2(struct dg_array *array)
{
    return (int16_t)next_number(array, 2);
}

char dg_array_char(struct dg_array *array)
{
    return (char)next_number(array, 1);
}

const char *dg_array_text(struct dg_array *array, struct dg_arena *arena)
{
    struct dg_str element = next_element(array);
    return element.data == NULL ? "" : dg_arena_strndup(arena, element.data, element.len);
}

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

static void write_int4(struct dg_text *out, uint32_t value)
{
    const char bytes[4] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
    dg_text_append(out, (struct dg_str){bytes, sizeof bytes});
}

static void write_array_header(struct dg_text *out, dg_oid element_type, size_t n)
{
    write_int4(out, n == 0 ? 0 : 1);
    write_int4(out, 0);
    write_int4(out, element_type);
    if (n == 0)
        return;
    write_int4(out, (uint32_t)n);
    write_int4(out, 1);
}

void dg_write_oid_array(struct dg_text *out, const dg_oid *oids, size_t n)
{
    write_array_header(out, OID_TYPE, n);
    for (size_t i = 0; i < n; i++) {
        write_int4(out, 4);
        write_int4(out, oids[i]);
    }
}

void dg_write_text_array_begin(struct dg_text *out, size_t n)
{
    write_array_header(out, TEXT_TYPE, n);
}

void dg_write_text_array_item(struct dg_text *out, const char *item)
{
    struct dg_str text = dg_str_of(item);
    write_int4(out, (uint32_t)text.len);
    dg_text_append(out, text);
}
