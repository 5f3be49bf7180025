/*
 * The fields of ErrorResponse and NoticeResponse (protocol chapter, "Error and Notice Message Fields"): read into a
 * struct of views, and written back with DETAIL, HINT and the object fields changed.
 */
#ifndef DG_PROTOCOL_ERROR_FIELDS_H
#define DG_PROTOCOL_ERROR_FIELDS_H

#include "base/buffer.h"
#include "base/status.h"
#include "base/str.h"

/* Views into the message body; data is NULL where the field is absent. */
struct dg_error_fields {
    struct dg_str severity;          /* S */
    struct dg_str severity_english;  /* V; absent before 9.6 and from PgBouncer */
    struct dg_str sqlstate;          /* C */
    struct dg_str message;           /* M */
    struct dg_str detail;            /* D */
    struct dg_str hint;              /* H */
    struct dg_str position;          /* P */
    struct dg_str internal_position; /* p */
    struct dg_str internal_query;    /* q */
    struct dg_str where;             /* W */
    struct dg_str schema;            /* s */
    struct dg_str table;             /* t */
    struct dg_str column;            /* c */
    struct dg_str file;              /* F */
    struct dg_str line;              /* L */
    struct dg_str routine;           /* R */
};

/* Reads a message body (without type and length). DG_PROTOCOL if it is malformed. Unknown fields are passed over. */
enum dg_status dg_error_fields_parse(struct dg_str body, struct dg_error_fields *fields) DG_MUST_CHECK;

/* What to add to an error. An empty string leaves the field as it is. */
struct dg_error_addition {
    const char *detail; /* goes on a new line after the server's own */
    const char *hint;
    const char *schema; /* set only where the server left the field out */
    const char *table;
    const char *column;
};

/* Appends a whole message (type, length, body) to *out: all fields of `body` in the protocol's order S V C M D H W s t c
   d n P p q F L R, unknown ones last, one field of a type each, with the addition made. */
enum dg_status dg_error_fields_rewrite(struct dg_str body, const struct dg_error_addition *addition,
                                       struct dg_buffer *out) DG_MUST_CHECK;

/* Appends an ErrorResponse of our own: S, V, C, M and, where not NULL, D and H. */
enum dg_status dg_error_response_write(struct dg_buffer *out, const char *severity, const char *sqlstate,
                                       const char *message, const char *detail, const char *hint) DG_MUST_CHECK;

#endif
