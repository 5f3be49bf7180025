/*
 * What kind of statement a raw parse tree is: its class, its command word, which part of it is judged, and its effects.
 * Internal to sql/; analysis.c asks it about each statement of a text.
 */
#ifndef DG_SQL_STATEMENT_H
#define DG_SQL_STATEMENT_H

#include "sql/effects.h"

struct dg_statement_plan {
    enum dg_sql_class class;
    const char *command;   /* static */
    enum dg_reason reason; /* why it has no verdict; NONE when `judged` is set */
    const cJSON *judged;   /* the query whose names are resolved (the statement, what it wraps, or PREPARE), or NULL */
    const cJSON *observed; /* the statement whose references are noted without findings, or NULL */
    bool is_prepare;       /* the declared parameter types are not those of `judged` */
    bool is_repeatable;    /* a query on its own */
    bool is_at_execute;    /* the server analyses it only when it executes it */
};

/* `node` is {"Kind": {...}}. Appends to `effects` what the statement does when it succeeds. */
void dg_statement_plan(const cJSON *node, struct dg_effects *effects, struct dg_statement_plan *plan);

#endif
