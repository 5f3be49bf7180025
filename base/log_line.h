/*
 * How one event looks as a line of text or JSON. Pure; part of base/log.
 *
 * Text: 2026-11-21T02:13:07.123Z info snapshot_loaded: the schema was read database=shop
 * JSON: {"time":"...","level":"info","event":"snapshot_loaded","message":"the schema was read","database":"shop"}
 */
#ifndef DG_BASE_LOG_LINE_H
#define DG_BASE_LOG_LINE_H

#include "base/log.h"

/* The longest line, newline included. */
#define DG_LOG_LINE_BYTES 4096
/* A value is cut here, with "..." to show it. */
#define DG_LOG_VALUE_BYTES 512

/* Writes the line, which ends in a newline, into out (DG_LOG_LINE_BYTES); returns its length. A field that does not fit
   any more is left out, and the line says so ("truncated"). */
size_t dg_log_line_format(char *out, enum dg_log_format format, int64_t wall_us, enum dg_log_level level,
                          const char *event, const char *message, const struct dg_log_field *fields, size_t n_fields);

#endif
