/*
 * Status codes: how a function of ours reports that it could not do its work.
 *
 * Three channels never mix. A status is our own failure; a finding (sql/) is data about a statement; an assertion is
 * our bug. To add a status, add a line to status.def.
 */
#ifndef DG_BASE_STATUS_H
#define DG_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#define DG_MUST_CHECK __attribute__((warn_unused_result))
#define DG_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))

enum dg_status {
#define DG_STATUS(name, text, kind) DG_##name,
#include "base/status.def"
#undef DG_STATUS
    DG_STATUS_COUNT
};

enum dg_status_kind {
    DG_KIND_OK,
    DG_KIND_AGAIN,    /* call again with more bytes */
    DG_KIND_PEER,     /* the other side is at fault; the only kind that may close a session */
    DG_KIND_RESOURCE, /* memory, files, network, deadlines */
    DG_KIND_INPUT,    /* what we were given to read is not readable */
    DG_KIND_CONFIG,   /* the operator has to change something; exit code 64 */
    DG_KIND_INTERNAL
};

/* The enum's name without prefix ("NO_MEMORY"), its text, its kind. Static storage; never NULL. */
const char *dg_status_name(enum dg_status status);
const char *dg_status_text(enum dg_status status);
enum dg_status_kind dg_status_kind(enum dg_status status);

/* A status with the sentence that a person reads: what failed, where, and what to do. */
struct dg_error {
    enum dg_status status;
    char text[512];
};

/* Fills *error (which may be NULL) and returns `status`, so that a failure reads `return dg_error_set(error, ...)`. */
enum dg_status dg_error_set(struct dg_error *error, enum dg_status status, const char *format, ...) DG_PRINTF(3, 4);

#endif
