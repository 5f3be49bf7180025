/*
 * Hostile statements by pattern: a form is a text with repeated parts, written at a size that the caller chooses.
 *
 * In a pattern {1 ...} is repeated n times and {2 ...} m times; they nest. In a repeated part # is the repetition's
 * number from 1, @ that number within 1..1600 (a column of the widest table), & within 1..20 (a wide table). A blank
 * after the digit is no part of what is repeated.
 */
#ifndef DG_BENCH_HOSTILE_H
#define DG_BENCH_HOSTILE_H

#include "base/text.h"
#include "schema/snapshot.h"

struct hostile_form {
    const char *name;
    const char *pattern;
};

extern const struct hostile_form hostile_forms[];
extern const size_t n_hostile_forms;

void hostile_write(struct dg_text *out, const char *pattern, size_t n, size_t m);

/* The largest statement of the form within both limits; m is n * ratio (at least 1). 0: not even n = 1 fits. */
size_t hostile_largest(struct dg_text *out, const char *pattern, double ratio, size_t max_tokens, size_t max_bytes);

/* A schema that the forms know: wide1..wide20, t1..., functions of many overloads, a thousand schemas' `dup`, an enum,
   nested composites, a diamond of inheritance. `is_large`: 10,000 tables, 200,000 columns, 1,600 in each wide table. */
struct dg_snapshot *hostile_schema(bool is_large);

#endif
