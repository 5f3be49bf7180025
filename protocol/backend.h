/*
 * Bodies of the server's messages that are looked at, as views into the body, and the one message besides
 * ErrorResponse that the guard writes in the server's place.
 */
#ifndef DG_PROTOCOL_BACKEND_H
#define DG_PROTOCOL_BACKEND_H

#include "base/buffer.h"
#include "base/status.h"
#include "base/str.h"

enum dg_status dg_parameter_status_read(struct dg_str body, struct dg_str *name, struct dg_str *value) DG_MUST_CHECK;
/* Keys are 4 bytes long up to protocol 3.1 and up to 256 from 3.2 on. */
enum dg_status dg_backend_key_read(struct dg_str body, uint32_t *pid, struct dg_str *key) DG_MUST_CHECK;
/* 'I', 'T' or 'E'; other values pass as they are. */
enum dg_status dg_ready_for_query_read(struct dg_str body, char *status) DG_MUST_CHECK;
enum dg_status dg_command_complete_read(struct dg_str body, struct dg_str *tag) DG_MUST_CHECK;

enum dg_status dg_ready_for_query_write(struct dg_buffer *out, char status) DG_MUST_CHECK;

#endif
