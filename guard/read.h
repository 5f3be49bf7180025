/*
 * What a diagnosis needs beside the error: shared by explain.c, where the session is at hand, and read.c, where it may
 * have gone. Not for other folders.
 */
#ifndef DG_GUARD_READ_H
#define DG_GUARD_READ_H

#include "guard/diagnose.h"
#include "guard/path.h"
#include "guard/verdict.h"

struct dg_guard;

struct dg_explain_context {
    struct dg_guard *guard;
    const struct dg_guard_place *place;
    const char *application;
    const struct dg_snapshot *snapshot; /* or NULL */
    const struct dg_journal *journal;   /* or NULL */
    const struct dg_words *path;        /* NULL: not known */
    const char *role;                   /* NULL: not known */
    enum dg_detail detail;
};

/* The finding that the error is, or what its position points at as one; then dg_diagnose. True if it was a finding. */
bool dg_explain_diagnose(const struct dg_explain_context *context, const struct dg_verdict *verdict,
                         const struct dg_sql_statement *statement, const struct dg_error_fields *fields,
                         struct dg_diagnosis *diagnosis);
/* Counts the error in its drift group, if it is about drift. */
void dg_explain_file(const struct dg_explain_context *context, const struct dg_verdict *verdict,
                     const struct dg_error_fields *fields, const struct dg_diagnosis *diagnosis);

#endif
