/*
 * A row of a catalog query in binary format. What a server sends is checked for its length before it is read; a value
 * that is NULL or has another length than its type counts as 0, "" or an empty array.
 */
#ifndef DG_SCHEMA_ROW_H
#define DG_SCHEMA_ROW_H

#include "base/arena.h"
#include "base/text.h"
#include "schema/snapshot.h"

struct pg_result; /* libpq's PGresult */

struct dg_row {
    const struct pg_result *result;
    int number;
};

bool dg_row_is_null(const struct dg_row *row, int column);
dg_oid dg_row_oid(const struct dg_row *row, int column);
int32_t dg_row_int4(const struct dg_row *row, int column);
int64_t dg_row_int8(const struct dg_row *row, int column);
char dg_row_char(const struct dg_row *row, int column);
bool dg_row_bool(const struct dg_row *row, int column);
/* Borrowed until the row's callback ends. */
const char *dg_row_text(const struct dg_row *row, int column);

/* A one-dimensional array, read from its front. */
struct dg_array {
    const uint8_t *at;
    const uint8_t *end;
    size_t n; /* elements left */
};

struct dg_array dg_row_array(const struct dg_row *row, int column);
dg_oid dg_array_oid(struct dg_array *array);
int32_t dg_array_int4(struct dg_array *array);
int16_t dg_array_int2(struct dg_array *array);
char dg_array_char(struct dg_array *array);
/* A copy in the arena; NULL if there is no memory. */
const char *dg_array_text(struct dg_array *array, struct dg_arena *arena);

/* Arrays as parameters. */
#define DG_OID_ARRAY_TYPE 1028u
#define DG_TEXT_ARRAY_TYPE 1009u
void dg_write_oid_array(struct dg_text *out, const dg_oid *oids, size_t n);
void dg_write_text_array_begin(struct dg_text *out, size_t n);
void dg_write_text_array_item(struct dg_text *out, const char *item);

#endif
