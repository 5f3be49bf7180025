/*
 * Bodies of the client's messages that are looked at. Everything is a view into the body. Each reader demands that the
 * body ends exactly where its fields do; DG_PROTOCOL otherwise, which for the caller means "not inspectable: forward,
 * the server will say what it thinks of it".
 */
#ifndef DG_PROTOCOL_FRONTEND_H
#define DG_PROTOCOL_FRONTEND_H

#include "base/buffer.h"
#include "base/status.h"
#include "base/str.h"

enum dg_status dg_query_read(struct dg_str body, struct dg_str *text) DG_MUST_CHECK;

struct dg_parse_message {
    struct dg_str name;
    struct dg_str text;
    struct dg_str param_types; /* n_param_types words of four bytes */
    size_t n_param_types;
};
enum dg_status dg_parse_read(struct dg_str body, struct dg_parse_message *message) DG_MUST_CHECK;
/* Only the name, from the first bytes of a Parse. DG_AGAIN if its end is not among them. */
enum dg_status dg_parse_read_name(struct dg_str prefix, struct dg_str *name) DG_MUST_CHECK;
/* Copies the parameter types to `oids`, which has room for message->n_param_types (at most 65,535). */
void dg_parse_copy_param_types(const struct dg_parse_message *message, uint32_t *oids);

/* Portal and statement from the first bytes of a Bind. DG_AGAIN if they do not end within `prefix`. */
enum dg_status dg_bind_read_names(struct dg_str prefix, struct dg_str *portal, struct dg_str *statement) DG_MUST_CHECK;
/* Describe and Close: 'S' and a statement, or 'P' and a portal. */
enum dg_status dg_target_read(struct dg_str body, char *kind, struct dg_str *name) DG_MUST_CHECK;
enum dg_status dg_execute_read(struct dg_str body, struct dg_str *portal, uint32_t *max_rows) DG_MUST_CHECK;

/* Appends a Close of the unnamed prepared statement. */
enum dg_status dg_close_unnamed_write(struct dg_buffer *out) DG_MUST_CHECK;

#endif
