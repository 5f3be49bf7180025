/*
 * Says why a schema error happened and what to do: from the error's fields, the statement's verdict, the snapshot and the
 * journal to the DETAIL and HINT that the client reads. Pure; ASCII only; absolute UTC times; at most 1 kB each.
 */
#ifndef DG_GUARD_DIAGNOSE_H
#define DG_GUARD_DIAGNOSE_H

#include "config/config.h"
#include "protocol/error_fields.h"
#include "schema/journal.h"
#include "schema/snapshot.h"
#include "sql/analysis.h"

/* DESIGN section 7's table of classes. */
enum dg_error_class {
    DG_ERROR_DRIFT_MISSING,
    DG_ERROR_DRIFT_WRITE,
    DG_ERROR_DRIFT_CHANGED,
    DG_ERROR_UNAUTHORISED,
    DG_ERROR_UNAVAILABLE,
    DG_ERROR_OTHER
};
const char *dg_error_class_name(enum dg_error_class error_class);
/* By SQLSTATE, and for 0A000 by routine (RevalidateCachedQuery). */
enum dg_error_class dg_error_classify(const struct dg_error_fields *fields);
/* "cached plan must not change result type", in whatever language. */
bool dg_error_is_stale_plan(const struct dg_error_fields *fields);
/* True if a schema's change may be why: the drift classes, and values that do not fit a type. */
bool dg_error_may_be_drift(const struct dg_error_fields *fields);
/* True if the error is about the statement's own names: position, no q, no W, a routine of parse analysis. */
bool dg_error_is_at_analysis(const struct dg_error_fields *fields);

struct dg_diagnose_input {
    const struct dg_error_fields *fields;     /* may be NULL: a finding without an error (explain) */
    const struct dg_sql_finding *finding;     /* what the error is, or NULL: none foresaw it */
    bool is_guess;                            /* made from what stands at the error's position */
    const struct dg_sql_statement *statement; /* or NULL */
    const struct dg_snapshot *snapshot;       /* or NULL */
    const struct dg_journal *journal;         /* or NULL */
    enum dg_detail detail;
    int64_t now_us;
    const char *const
        *path; /* the search path where it is known, else NULL: an unqualified relation may be any schema's */
    size_t n_path;
    const char *role; /* for "$user", or NULL */
};

#define DG_DIAGNOSIS_BYTES 1024

struct dg_diagnosis {
    bool is_explained;
    char detail[DG_DIAGNOSIS_BYTES];
    char hint[DG_DIAGNOSIS_BYTES];
    char kind[32];     /* "column_renamed", "column_dropped", "column_absent", "relation_absent", ... */
    char schema[64];   /* what the drift group is about */
    char relation[64]; /* or the function, type or schema */
    char column[64];
    bool is_relation;   /* `relation` is one; else a function, a type or a schema */
    bool is_unforeseen; /* a targeted read could say more */
};

void dg_diagnose(const struct dg_diagnose_input *input, struct dg_diagnosis *diagnosis);

#endif
