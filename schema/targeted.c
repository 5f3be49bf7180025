/*
 * The targeted read: a few relations by name, laid over the older snapshot.
 *
 * Which relations? Those that have the names now, and those that had them in the older snapshot, by oid: so a rename is
 * seen as what it is. With them all that may have changed alongside: descendants (ALTER TABLE parent ADD COLUMN goes
 * down), ancestors (their trigger flags look down), indexes, toast tables, sequences. The same set is then taken out of
 * the older snapshot, whether or not the server still has it.
 */
#include "schema/builder_private.h"
#include "schema/catalog_sql.h"
#include "schema/read.h"

/* Beyond this many relations a full read is the cheaper one. */
#define MAX_RELATIONS 5000u
#define MAX_NAMES 1000u
#define MAX_PARAMETER_BYTES ((size_t)1 << 20)
#define SCRATCH_MAX_BYTES ((size_t)4 << 20)

struct targeted {
    struct dg_snapshot *older;
    struct dg_vector before; /* oids in the older snapshot */
    struct dg_vector now;    /* oids on the server */
    struct dg_text schemas;  /* array parameters */
    struct dg_text names;
    struct dg_text oids;
    struct dg_reading reading;
};

/* ---- In the older snapshot --------------------------------------------------------------------------------------- */

static enum dg_status add_named(struct targeted *targeted, const struct dg_schema_name *name)
{
    const struct dg_snapshot *older = targeted->older;
    const struct dg_namespace *namespace = NULL;
    if (name->schema[0] != '\0') {
        namespace = dg_snapshot_namespace(older, dg_str_of(name->schema));
        if (namespace == NULL)
            return DG_OK;
    }
    size_t cursor = 0;
    const struct dg_relation *relation;
    while ((relation = dg_snapshot_relations_named(older, dg_str_of(name->name), &cursor)) != NULL) {
        if (namespace != NULL && relation->namespace_oid != namespace->oid)
            continue;
        enum dg_status status = dg_oids_push(&targeted->before, relation->oid);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}

static bool descends(const struct dg_relation *relation, const struct dg_vector *oids)
{
    if (dg_oids_contain(oids, relation->owner_oid))
        return true;
    for (size_t i = 0; i < relation->n_parents; i++)
        if (dg_oids_contain(oids, relation->parents[i]))
            return true;
    return false;
}

/* Adds what hangs below the set by inheritance or ownership, a level a round. */
static enum dg_status add_descendants(struct targeted *targeted)
{
    struct dg_vector *set = &targeted->before;
    enum dg_status status = DG_OK;
    bool added = set->n > 0;
    while (status == DG_OK && added) {
        struct dg_vector found;
        dg_vector_init(&found, sizeof(dg_oid));
        size_t cursor = 0;
        const struct dg_relation *relation;
        while (status == DG_OK && (relation = dg_snapshot_relations(targeted->older, &cursor)) != NULL)
            if ((relation->owner_oid != 0 || relation->n_parents > 0) && !dg_oids_contain(set, relation->oid) &&
                descends(relation, set))
                status = dg_oids_push(&found, relation->oid);
        added = found.n > 0;
        if (status == DG_OK)
            status = dg_vector_append(set, found.items, found.n);
        dg_oids_sort(set);
        dg_vector_fini(&found);
    }
    return status;
}

static enum dg_status find_before(struct targeted *targeted, const struct dg_schema_name *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum dg_status status = add_named(targeted, &names[i]);
        if (status != DG_OK)
            return status;
    }
    dg_oids_sort(&targeted->before);
    enum dg_status status = add_descendants(targeted);
    if (status == DG_OK && targeted->before.n > MAX_RELATIONS)
        return DG_LIMIT;
    return status;
}

/* ---- On the server ----------------------------------------------------------------------------------------------- */

static struct dg_parameter parameter_of(dg_oid type_oid, const struct dg_text *bytes)
{
    return (struct dg_parameter){type_oid, dg_text_get(bytes), bytes->len};
}

static enum dg_status on_clock(const struct dg_row *row, void *context)
{
    struct targeted *targeted = context;
    targeted->reading.read_at_us = dg_row_int8(row, 0);
    return DG_OK;
}

static enum dg_status on_oid(const struct dg_row *row, void *context)
{
    struct targeted *targeted = context;
    return targeted->now.n >= MAX_RELATIONS ? DG_LIMIT : dg_oids_push(&targeted->now, dg_row_oid(row, 0));
}

static enum dg_status find_now(struct targeted *targeted, const struct dg_schema_name *names, size_t n)
{
    dg_write_text_array_begin(&targeted->schemas, n);
    dg_write_text_array_begin(&targeted->names, n);
    for (size_t i = 0; i < n; i++) {
        dg_write_text_array_item(&targeted->schemas, names[i].schema);
        dg_write_text_array_item(&targeted->names, names[i].name);
    }
    dg_write_oid_array(&targeted->oids, targeted->before.items, targeted->before.n);
    if (targeted->schemas.failed || targeted->names.failed || targeted->oids.failed)
        return DG_LIMIT;
    const struct dg_parameter parameters[] = {parameter_of(DG_TEXT_ARRAY_TYPE, &targeted->schemas),
                                              parameter_of(DG_TEXT_ARRAY_TYPE, &targeted->names),
                                              parameter_of(DG_OID_ARRAY_TYPE, &targeted->oids)};
    struct dg_reading *reading = &targeted->reading;
    enum dg_status status =
        dg_catalog_query(reading->catalog, DG_SQL_CLOCK, NULL, 0, on_clock, targeted, reading->error);
    if (status == DG_OK)
        status = dg_catalog_query(reading->catalog, DG_SQL_RELATIONS_BY_NAME, parameters, 3, on_oid, targeted,
                                  reading->error);
    dg_oids_sort(&targeted->now);
    return status;
}

/* A relation may lie in a schema that was made since. Only then is a query for schemas worth its time. */
static enum dg_status add_new_namespaces(struct targeted *targeted)
{
    struct dg_reading *reading = &targeted->reading;
    const struct dg_builder *builder = reading->builder;
    struct dg_vector missing;
    dg_vector_init(&missing, sizeof(dg_oid));
    enum dg_status status = dg_builder_unknown_namespaces(builder, targeted->older, &missing);
    if (status == DG_OK && missing.n > 0) {
        dg_text_reset(&targeted->oids);
        dg_write_oid_array(&targeted->oids, missing.items, missing.n);
        const struct dg_parameter oids = parameter_of(DG_OID_ARRAY_TYPE, &targeted->oids);
        status = targeted->oids.failed ? DG_LIMIT : dg_read_namespaces_of(reading, &oids);
    }
    dg_vector_fini(&missing);
    return status;
}

static enum dg_status read_changes(struct targeted *targeted)
{
    struct dg_reading *reading = &targeted->reading;
    enum dg_status status = dg_builder_forget_relations(reading->builder, targeted->before.items, targeted->before.n);
    if (status == DG_OK)
        status = dg_builder_forget_relations(reading->builder, targeted->now.items, targeted->now.n);
    if (status != DG_OK || targeted->now.n == 0)
        return status;
    dg_text_reset(&targeted->oids);
    dg_write_oid_array(&targeted->oids, targeted->now.items, targeted->now.n);
    const struct dg_parameter oids = parameter_of(DG_OID_ARRAY_TYPE, &targeted->oids);
    status = targeted->oids.failed ? DG_LIMIT : dg_read_relations_of(reading, &oids);
    return status == DG_OK ? add_new_namespaces(targeted) : status;
}

static enum dg_status read_targeted(struct targeted *targeted, const struct dg_schema_name *names, size_t n)
{
    enum dg_status status = find_before(targeted, names, n);
    if (status != DG_OK)
        return status;
    struct dg_catalog *catalog = targeted->reading.catalog;
    status = dg_catalog_begin(catalog, targeted->reading.error);
    if (status != DG_OK)
        return status;
    status = find_now(targeted, names, n);
    if (status == DG_OK)
        status = read_changes(targeted);
    return dg_catalog_end(catalog, status, targeted->reading.error);
}

enum dg_status dg_catalog_patch(struct dg_catalog *catalog, struct dg_snapshot *older,
                                const struct dg_schema_name *names, size_t n_names, size_t max_bytes, uint64_t covers,
                                struct dg_snapshot **snapshot, struct dg_error *error)
{
    *snapshot = NULL;
    if (n_names > MAX_NAMES)
        return dg_error_set(error, DG_LIMIT, "too many names for a targeted read");
    struct targeted targeted = {.older = older, .reading = {.catalog = catalog, .error = error}};
    targeted.reading.builder = dg_builder_new_from(older, max_bytes);
    if (targeted.reading.builder == NULL)
        return dg_error_set(error, DG_LIMIT, "the snapshot has been patched often enough");
    dg_vector_init(&targeted.before, sizeof(dg_oid));
    dg_vector_init(&targeted.now, sizeof(dg_oid));
    dg_text_init(&targeted.schemas, MAX_PARAMETER_BYTES);
    dg_text_init(&targeted.names, MAX_PARAMETER_BYTES);
    dg_text_init(&targeted.oids, MAX_PARAMETER_BYTES);
    dg_arena_init(&targeted.reading.scratch, SCRATCH_MAX_BYTES);
    enum dg_status status = read_targeted(&targeted, names, n_names);
    if (status == DG_OK)
        status = dg_builder_finish(targeted.reading.builder, targeted.reading.read_at_us, covers, snapshot);
    else
        dg_builder_free(targeted.reading.builder);
    dg_vector_fini(&targeted.before);
    dg_vector_fini(&targeted.now);
    dg_text_fini(&targeted.schemas);
    dg_text_fini(&targeted.names);
    dg_text_fini(&targeted.oids);
    dg_arena_fini(&targeted.reading.scratch);
    return status;
}
