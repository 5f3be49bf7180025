/*
 * Readers: one catalog query each, its rows added to a builder. Called inside a transaction of dg_catalog_begin.
 */
#ifndef DG_SCHEMA_READ_H
#define DG_SCHEMA_READ_H

#include "schema/builder.h"
#include "schema/catalog.h"
#include "schema/vector.h"

struct dg_reading {
    struct dg_catalog *catalog;
    struct dg_builder *builder;
    struct dg_arena scratch; /* one row's copies */
    struct dg_error *error;
    int64_t read_at_us; /* set by dg_read_facts */
};

enum dg_status dg_read_facts(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_namespaces(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_roles(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_types(struct dg_reading *reading) DG_MUST_CHECK;
/* The row types of the relations of `oids`, and the array types of those. */
enum dg_status dg_read_types_of(struct dg_reading *reading, const struct dg_parameter *oids) DG_MUST_CHECK;
enum dg_status dg_read_functions(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_enums(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_row_casts(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_settings(struct dg_reading *reading) DG_MUST_CHECK;
/* All relations with their unique indexes; or those of `oids` (an array parameter), with their types too. */
enum dg_status dg_read_relations(struct dg_reading *reading) DG_MUST_CHECK;
enum dg_status dg_read_relations_of(struct dg_reading *reading, const struct dg_parameter *oids) DG_MUST_CHECK;
/* The schemas of `oids` that are there. */
enum dg_status dg_read_namespaces_of(struct dg_reading *reading, const struct dg_parameter *oids) DG_MUST_CHECK;

#endif
