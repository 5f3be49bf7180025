/*
 * What contract.c and contract_null.c share.
 */
#ifndef DG_SQL_CONTRACT_H
#define DG_SQL_CONTRACT_H

#include "sql/resolver.h"

/* What the rows give one column. */
struct dg_given {
    bool is_given;
    bool is_part;     /* a field or an element of it */
    bool has_value;   /* in some row, something other than DEFAULT */
    bool has_default; /* in some row, DEFAULT */
    bool has_null;    /* in some row, NULL as it stands */
};

/* Keeps the breach if it is the first of its kind. */
void dg_contract_keep(const struct dg_resolver *r, struct dg_breach *kept, const struct dg_breach *breach);

/* The rows of an INSERT: `given` has an entry for each column of the relation, `first_value` begins the first row (NULL:
   DEFAULT VALUES), which may be alone. */
void dg_contract_check_null(struct dg_resolver *r, const struct dg_relation *relation, const struct dg_given *given,
                            const struct dg_rows *rows, const cJSON *first_value, bool is_alone);

#endif
