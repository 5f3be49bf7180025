/*
 * Status codes and errors; the table is status.def.
 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

struct status_row {
    const char *name;
    const char *text;
    enum dg_status_kind kind;
};

static const struct status_row rows[DG_STATUS_COUNT] = {
#define DG_STATUS(name, text, kind) [DG_##name] = {#name, text, DG_KIND_##kind},
#include "base/status.def"
#undef DG_STATUS
};

/* A number that is no status is a bug of ours, and is reported as one rather than read past the table. */
static const struct status_row *row_of(enum dg_status status)
{
    if ((unsigned)status >= DG_STATUS_COUNT)
        return &rows[DG_INTERNAL];
    return &rows[status];
}

const char *dg_status_name(enum dg_status status)
{
    return row_of(status)->name;
}

const char *dg_status_text(enum dg_status status)
{
    return row_of(status)->text;
}

enum dg_status_kind dg_status_kind(enum dg_status status)
{
    return row_of(status)->kind;
}

/* A text that is too long is cut by vsnprintf; what it says first matters most. */
enum dg_status dg_error_set(struct dg_error *error, enum dg_status status, const char *format, ...)
{
    if (error == NULL)
        return status;
    error->status = status;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    if (n < 0)
        error->text[0] = '\0';
    return status;
}
