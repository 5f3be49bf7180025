/*
 * Small models for the tests of schema/: tables described in a line each.
 */
#ifndef DG_TEST_SCHEMA_SAMPLE_H
#define DG_TEST_SCHEMA_SAMPLE_H

#include "schema/builder.h"

#define SAMPLE_MAX_BYTES ((size_t)16 << 20)
#define SAMPLE_PUBLIC 2200u

/* A builder that holds the schema "public" and the type int4 (23) and text (25). */
struct dg_builder *sample_builder(void);
/* Adds a table to public, its row type (oid + 1) and that one's array type (oid + 2). `columns` are names separated by
   blanks; "-" is a dropped one, "name:25" has another type than int4, "name!" is NOT NULL, "name=7" has a default of
   hash 7. */
void sample_table(struct dg_builder *builder, dg_oid oid, const char *name, const char *columns);
/* The same in another schema (whose namespace the test adds). */
void sample_table_in(struct dg_builder *builder, dg_oid namespace_oid, dg_oid oid, const char *name,
                     const char *columns);
struct dg_snapshot *sample_finish(struct dg_builder *builder, int64_t read_at_us);

#endif
