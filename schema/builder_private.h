/*
 * A builder's inside, shared by builder.c (adding, sealing) and patch.c (beginning from an older snapshot).
 */
#ifndef DG_SCHEMA_BUILDER_PRIVATE_H
#define DG_SCHEMA_BUILDER_PRIVATE_H

#include "schema/builder.h"
#include "schema/model.h"
#include "schema/vector.h"

#define DG_SHARED_SYSTEM_COLUMNS 16
/* Up to so many columns are searched one after the other. */
#define DG_FEW_COLUMNS 16

/* System columns are the same six for nearly every relation: kept once. */
struct dg_system_columns {
    const struct dg_column *columns;
    uint16_t n;
};

struct dg_builder {
    size_t max_bytes;
    bool has_failed;        /* an allocation did: looked at once at the end of each adding */
    struct dg_layer *layer; /* where copies go */
    struct dg_layer *inherited[DG_MAX_LAYERS];
    size_t n_inherited;
    const struct dg_server_facts *facts;
    unsigned side_effects;   /* enum dg_side_effects */
    int64_t full_read_at_us; /* of the snapshot that this one began from, else 0 */
    uint64_t settings_read_ms;
    /* struct dg_entry each */
    struct dg_vector namespaces;
    struct dg_vector relations;
    struct dg_vector types;
    struct dg_vector functions;
    struct dg_vector roles;
    struct dg_vector enums;          /* struct dg_enum */
    struct dg_vector row_casts;      /* struct dg_row_cast */
    struct dg_vector unique_indexes; /* struct dg_unique_index */
    struct dg_vector settings;       /* struct dg_setting */
    /* Strings seen so far in this layer, by hash: names repeat (id, created_at, ctid) and are kept once. */
    const char **interned;
    size_t n_interned;
    size_t n_intern_slots;
    struct dg_system_columns system_columns[DG_SHARED_SYSTEM_COLUMNS];
    size_t n_system_columns;
};

/* The schemas of the builder's relations that `older` does not know: a sorted set of oids. */
enum dg_status dg_builder_unknown_namespaces(const struct dg_builder *builder, const struct dg_snapshot *older,
                                             struct dg_vector *oids) DG_MUST_CHECK;

#endif
