/*
 * Makes a snapshot: from a catalog read (load.c), from an older snapshot with some relations read anew (patch), from
 * an application's expectation (expect/, later), from a few lines in a test. All strings and arrays are copied.
 */
#ifndef DG_SCHEMA_BUILDER_H
#define DG_SCHEMA_BUILDER_H

#include "schema/snapshot.h"

struct dg_builder;

/* NULL if there is no memory. The snapshot's memory never exceeds max_bytes. */
struct dg_builder *dg_builder_new(size_t max_bytes);
/* A builder that begins with all that `older` holds, shared, not copied: for a patch. NULL if there is no memory or
   `older` has been patched too often (then read all anew). */
struct dg_builder *dg_builder_new_from(struct dg_snapshot *older, size_t max_bytes);
void dg_builder_free(struct dg_builder *builder);
/* Takes out what came from `older`: these relations, what belongs to them (owner_oid, to any depth), their row types
   and the array types of those, and their unique indexes. */
enum dg_status dg_builder_forget_relations(struct dg_builder *builder, const dg_oid *oids, size_t n) DG_MUST_CHECK;

/* Adding. Columns with attnum 0 are numbered by their place. After a failure (DG_NO_MEMORY, DG_LIMIT) the builder can
   only be freed. Pointers inside the argument are copied deeply. */
enum dg_status dg_builder_facts(struct dg_builder *builder, const struct dg_server_facts *facts) DG_MUST_CHECK;
enum dg_status dg_builder_namespace(struct dg_builder *builder, const struct dg_namespace *item) DG_MUST_CHECK;
enum dg_status dg_builder_relation(struct dg_builder *builder, const struct dg_relation *item) DG_MUST_CHECK;
enum dg_status dg_builder_type(struct dg_builder *builder, const struct dg_type *item) DG_MUST_CHECK;
enum dg_status dg_builder_function(struct dg_builder *builder, const struct dg_function *item) DG_MUST_CHECK;
enum dg_status dg_builder_role(struct dg_builder *builder, const struct dg_role *item) DG_MUST_CHECK;
enum dg_status dg_builder_enum(struct dg_builder *builder, dg_oid type_oid, const char *const *labels,
                               size_t n) DG_MUST_CHECK;
enum dg_status dg_builder_row_cast(struct dg_builder *builder, dg_oid source_oid, dg_oid target_oid) DG_MUST_CHECK;
enum dg_status dg_builder_unique_index(struct dg_builder *builder, const struct dg_unique_index *item) DG_MUST_CHECK;
enum dg_status dg_builder_setting(struct dg_builder *builder, dg_oid role_oid, bool this_database, const char *name,
                                  const char *value) DG_MUST_CHECK;

/* When the read of the settings began (dg_clock_monotonic_ms). */
void dg_builder_settings_read(struct dg_builder *builder, uint64_t monotonic_ms);

/* Seals the model: *snapshot has one reference, the caller's. The builder is freed in any case. */
enum dg_status dg_builder_finish(struct dg_builder *builder, int64_t read_at_us, uint64_t covers,
                                 struct dg_snapshot **snapshot) DG_MUST_CHECK;

#endif
