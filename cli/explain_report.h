/*
 * What `driftguard explain` prints of an analysis, for people and as JSON.
 */
#ifndef DG_CLI_EXPLAIN_REPORT_H
#define DG_CLI_EXPLAIN_REPORT_H

#include <stdio.h>

#include "sql/analysis.h"

struct dg_explain_report {
    struct dg_str text;
    const struct dg_snapshot *snapshot;
    struct dg_sql_analysis analysis;
    int64_t now_us;
};

void dg_explain_print_text(const struct dg_explain_report *report, FILE *out);
void dg_explain_print_json(const struct dg_explain_report *report, FILE *out);
/* 2 if there is a finding, else 1 if something could not be decided, else 0. */
int dg_explain_exit_code(const struct dg_sql_analysis *analysis);

#endif
