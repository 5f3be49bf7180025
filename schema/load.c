/*
 * The whole schema in one transaction: every query sees the same instant.
 */
#include "schema/load.h"

#include "base/clock.h"
#include "schema/read.h"

#define SCRATCH_MAX_BYTES ((size_t)4 << 20)

typedef enum dg_status (*reader_fn)(struct dg_reading *reading);

static enum dg_status read_all(struct dg_reading *reading)
{
    static const reader_fn readers[] = {dg_read_facts,     dg_read_namespaces, dg_read_roles,
                                        dg_read_relations, dg_read_types,      dg_read_functions,
                                        dg_read_enums,     dg_read_row_casts,  dg_read_settings};
    enum dg_status status = DG_OK;
    for (size_t i = 0; i < sizeof readers / sizeof *readers && status == DG_OK; i++)
        status = readers[i](reading);
    return status;
}

enum dg_status dg_catalog_load_within(struct dg_catalog *catalog, size_t max_bytes, uint64_t covers,
                                      struct dg_snapshot **snapshot, struct dg_error *error)
{
    *snapshot = NULL;
    struct dg_reading reading = {.catalog = catalog, .builder = dg_builder_new(max_bytes), .error = error};
    if (reading.builder == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    dg_builder_settings_read(reading.builder, dg_clock_monotonic_ms());
    dg_arena_init(&reading.scratch, SCRATCH_MAX_BYTES);
    enum dg_status status = read_all(&reading);
    dg_arena_fini(&reading.scratch);
    if (status != DG_OK) {
        dg_builder_free(reading.builder);
        return status;
    }
    status = dg_builder_finish(reading.builder, reading.read_at_us, covers, snapshot);
    if (status != DG_OK)
        return dg_error_set(error, status, "the schema does not fit into schema.max_snapshot_bytes");
    return DG_OK;
}

enum dg_status dg_catalog_load(struct dg_catalog *catalog, size_t max_bytes, uint64_t covers,
                               struct dg_snapshot **snapshot, struct dg_error *error)
{
    *snapshot = NULL;
    enum dg_status status = dg_catalog_begin(catalog, error);
    if (status != DG_OK)
        return status;
    status = dg_catalog_load_within(catalog, max_bytes, covers, snapshot, error);
    /* A COMMIT that fails takes nothing back from what was read. */
    if (dg_catalog_end(catalog, status, status == DG_OK ? NULL : error) != DG_OK && status == DG_OK)
        return DG_OK;
    return status;
}
