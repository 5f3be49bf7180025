/*
 * Looking things up in a snapshot. Everything here is a pure read of what builder.c sealed; any number of threads may
 * do it at once, each holding a reference.
 */
#include "schema/snapshot.h"

#include <stdlib.h>

#include "schema/model.h"

/* ---- Lifetime ---------------------------------------------------------------------------------------------------- */

struct dg_layer *dg_layer_new(size_t max_bytes)
{
    struct dg_layer *layer = calloc(1, sizeof *layer);
    if (layer == NULL)
        return NULL;
    atomic_init(&layer->n_refs, 1);
    dg_arena_init(&layer->arena, max_bytes);
    return layer;
}

struct dg_layer *dg_layer_ref(struct dg_layer *layer)
{
    atomic_fetch_add_explicit(&layer->n_refs, 1, memory_order_relaxed);
    return layer;
}

void dg_layer_unref(struct dg_layer *layer)
{
    if (layer == NULL || atomic_fetch_sub_explicit(&layer->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    dg_arena_fini(&layer->arena);
    free(layer);
}

struct dg_snapshot *dg_snapshot_ref(struct dg_snapshot *snapshot)
{
    return (struct dg_snapshot *)(void *)dg_shared_ref((struct dg_shared *)(void *)snapshot);
}

void dg_snapshot_unref(struct dg_snapshot *snapshot)
{
    dg_shared_unref((struct dg_shared *)(void *)snapshot);
}

/* ---- What it says of itself -------------------------------------------------------------------------------------- */

uint64_t dg_snapshot_generation(const struct dg_snapshot *snapshot)
{
    return snapshot->generation;
}

uint64_t dg_snapshot_settings_read_ms(const struct dg_snapshot *snapshot)
{
    return snapshot->settings_read_ms;
}

int64_t dg_snapshot_read_at_us(const struct dg_snapshot *snapshot)
{
    return snapshot->read_at_us;
}

uint64_t dg_snapshot_covers(const struct dg_snapshot *snapshot)
{
    return snapshot->covers;
}

size_t dg_snapshot_size_bytes(const struct dg_snapshot *snapshot)
{
    return snapshot->size_bytes;
}

unsigned dg_snapshot_side_effects(const struct dg_snapshot *snapshot)
{
    return snapshot->side_effects;
}

const struct dg_server_facts *dg_snapshot_facts(const struct dg_snapshot *snapshot)
{
    return snapshot->facts;
}

/* ---- By name and by oid ------------------------------------------------------------------------------------------ */

static const void *object_of(const struct dg_entry *entry)
{
    return entry == NULL ? NULL : entry->object;
}

const struct dg_namespace *dg_snapshot_namespace(const struct dg_snapshot *snapshot, struct dg_str name)
{
    return object_of(dg_collection_find_name(&snapshot->namespaces, 0, name));
}

const struct dg_namespace *dg_snapshot_namespace_by_oid(const struct dg_snapshot *snapshot, dg_oid oid)
{
    return object_of(dg_collection_find_oid(&snapshot->namespaces, oid));
}

const struct dg_relation *dg_snapshot_relation(const struct dg_snapshot *snapshot, dg_oid namespace_oid,
                                               struct dg_str name)
{
    return object_of(dg_collection_find_name(&snapshot->relations, namespace_oid, name));
}

const struct dg_relation *dg_snapshot_relation_by_oid(const struct dg_snapshot *snapshot, dg_oid oid)
{
    return object_of(dg_collection_find_oid(&snapshot->relations, oid));
}

const struct dg_type *dg_snapshot_type(const struct dg_snapshot *snapshot, dg_oid namespace_oid, struct dg_str name)
{
    return object_of(dg_collection_find_name(&snapshot->types, namespace_oid, name));
}

const struct dg_type *dg_snapshot_type_by_oid(const struct dg_snapshot *snapshot, dg_oid oid)
{
    return object_of(dg_collection_find_oid(&snapshot->types, oid));
}

const struct dg_role *dg_snapshot_role(const struct dg_snapshot *snapshot, struct dg_str name)
{
    return object_of(dg_collection_find_name(&snapshot->roles, 0, name));
}

const struct dg_role *dg_snapshot_role_by_oid(const struct dg_snapshot *snapshot, dg_oid oid)
{
    return object_of(dg_collection_find_oid(&snapshot->roles, oid));
}

const struct dg_relation *dg_snapshot_relations_named(const struct dg_snapshot *snapshot, struct dg_str name,
                                                      size_t *cursor)
{
    return object_of(dg_collection_next_named(&snapshot->relations, name, cursor));
}

const struct dg_type *dg_snapshot_types_named(const struct dg_snapshot *snapshot, struct dg_str name, size_t *cursor)
{
    return object_of(dg_collection_next_named(&snapshot->types, name, cursor));
}

const struct dg_function *dg_snapshot_functions_named(const struct dg_snapshot *snapshot, struct dg_str name,
                                                      size_t *cursor)
{
    return object_of(dg_collection_next_named(&snapshot->functions, name, cursor));
}

const struct dg_relation *dg_snapshot_relations(const struct dg_snapshot *snapshot, size_t *cursor)
{
    return object_of(dg_collection_next(&snapshot->relations, cursor));
}

const struct dg_namespace *dg_snapshot_namespaces(const struct dg_snapshot *snapshot, size_t *cursor)
{
    return object_of(dg_collection_next(&snapshot->namespaces, cursor));
}

/* ---- Columns ----------------------------------------------------------------------------------------------------- */

static const struct dg_column *column_among(const struct dg_column *columns, size_t n, struct dg_str name)
{
    for (size_t i = 0; i < n; i++)
        if ((columns[i].flags & DG_COLUMN_DROPPED) == 0 && dg_str_is(name, columns[i].name))
            return &columns[i];
    return NULL;
}

static int compare_name(const char *text, struct dg_str name)
{
    size_t len = strlen(text);
    int order = memcmp(text, name.data, len < name.len ? len : name.len);
    return order != 0 ? order : (len > name.len) - (len < name.len);
}

static const struct dg_column *column_by_name(const struct dg_relation *relation, struct dg_str name)
{
    size_t low = 0;
    size_t high = relation->n_by_name;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct dg_column *column = &relation->columns[relation->by_name[middle]];
        int order = compare_name(column->name, name);
        if (order == 0)
            return column;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct dg_column *dg_relation_column(const struct dg_relation *relation, struct dg_str name)
{
    const struct dg_column *found = relation->by_name != NULL
                                        ? column_by_name(relation, name)
                                        : column_among(relation->columns, relation->n_columns, name);
    return found != NULL ? found : column_among(relation->system_columns, relation->n_system_columns, name);
}

const struct dg_column *dg_relation_column_by_attnum(const struct dg_relation *relation, int16_t attnum)
{
    if (attnum > 0)
        return attnum <= relation->n_columns ? &relation->columns[attnum - 1] : NULL;
    for (size_t i = 0; i < relation->n_system_columns; i++)
        if (relation->system_columns[i].attnum == attnum)
            return &relation->system_columns[i];
    return NULL;
}

/* ---- What hangs on types, relations and roles -------------------------------------------------------------------- */

const char *const *dg_snapshot_enum_labels(const struct dg_snapshot *snapshot, dg_oid type_oid, size_t *n)
{
    const struct dg_enum *enums = snapshot->enums;
    size_t n_enums = snapshot->n_enums;
    size_t at = n_enums == 0 ? 0 : dg_oids_lower_bound(&enums[0].type_oid, n_enums, sizeof(enums[0]), type_oid);
    bool found = at < n_enums && enums[at].type_oid == type_oid;
    *n = found ? enums[at].n_labels : 0;
    return found ? enums[at].labels : NULL;
}

bool dg_snapshot_has_row_cast(const struct dg_snapshot *snapshot, dg_oid source_oid, dg_oid target_oid)
{
    /* A handful at most: casts from row types are rare. */
    for (size_t i = 0; i < snapshot->n_row_casts; i++)
        if (snapshot->row_casts[i].source_oid == source_oid && snapshot->row_casts[i].target_oid == target_oid)
            return true;
    return false;
}

static size_t first_unique_index(const struct dg_snapshot *snapshot, dg_oid relation_oid)
{
    const struct dg_unique_index *indexes = snapshot->unique_indexes;
    size_t n = snapshot->n_unique_indexes;
    return n == 0 ? 0 : dg_oids_lower_bound(&indexes[0].relation_oid, n, sizeof(indexes[0]), relation_oid);
}

const struct dg_unique_index *dg_snapshot_unique_indexes(const struct dg_snapshot *snapshot, dg_oid relation_oid,
                                                         size_t *cursor)
{
    size_t position = *cursor == 0 ? first_unique_index(snapshot, relation_oid) : *cursor;
    if (position >= snapshot->n_unique_indexes || snapshot->unique_indexes[position].relation_oid != relation_oid)
        return NULL;
    *cursor = position + 1;
    return &snapshot->unique_indexes[position];
}

static const char *setting_of(const struct dg_snapshot *snapshot, const char *name, dg_oid role_oid, bool this_database)
{
    size_t low = 0;
    size_t high = snapshot->n_settings;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->settings[middle].role_oid < role_oid)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < snapshot->n_settings && snapshot->settings[low].role_oid == role_oid; low++) {
        const struct dg_setting *setting = &snapshot->settings[low];
        if (setting->this_database == this_database && strcmp(setting->name, name) == 0)
            return setting->value;
    }
    return NULL;
}

const char *dg_snapshot_setting(const struct dg_snapshot *snapshot, const char *name, dg_oid role_oid)
{
    /* PostgreSQL applies ALL, database, role, role in database, the later over the earlier. */
    const char *value = NULL;
    if (role_oid != 0) {
        value = setting_of(snapshot, name, role_oid, true);
        if (value == NULL)
            value = setting_of(snapshot, name, role_oid, false);
    }
    if (value == NULL)
        value = setting_of(snapshot, name, 0, true);
    if (value == NULL)
        value = setting_of(snapshot, name, 0, false);
    return value;
}

enum dg_usage dg_snapshot_usage(const struct dg_snapshot *snapshot, const struct dg_namespace *namespace,
                                dg_oid role_oid)
{
    if (namespace->usage_public)
        return DG_USAGE_YES;
    const struct dg_role *role = dg_snapshot_role_by_oid(snapshot, role_oid);
    if (role == NULL)
        return DG_USAGE_UNKNOWN;
    if (role->is_superuser)
        return DG_USAGE_YES;
    if (!namespace->usage_known)
        return DG_USAGE_UNKNOWN;
    size_t low = 0;
    size_t high = namespace->n_usage_roles;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (namespace->usage_roles[middle] < role_oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < namespace->n_usage_roles && namespace->usage_roles[low] == role_oid ? DG_USAGE_YES : DG_USAGE_NO;
}
