/*
 * Whole files: read with a limit, replaced atomically.
 */
#ifndef DG_BASE_FILE_H
#define DG_BASE_FILE_H

#include "base/status.h"
#include "base/text.h"

/* Reads the file at `path` into *out (initialised by the caller; its max_bytes is the limit). */
enum dg_status dg_file_read(const char *path, struct dg_text *out, struct dg_error *error) DG_MUST_CHECK;
/* Writes to the file `path`.PID.tmp, fsyncs it, renames it over `path`, fsyncs the folder. One writer a path at a time. */
enum dg_status dg_file_replace(const char *path, struct dg_str content, struct dg_error *error) DG_MUST_CHECK;

#endif
