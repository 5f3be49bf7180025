/*
 * Beginning a builder from an older snapshot: every entry is taken over as it is, together with a reference to the
 * layers that the objects lie in; then what will be read anew is taken out.
 */
#include "schema/builder_private.h"

static enum dg_status inherit_collection(struct dg_vector *entries, const struct dg_collection *collection)
{
    return dg_vector_append(entries, collection->entries, collection->n);
}

static enum dg_status inherit(struct dg_builder *builder, const struct dg_snapshot *older)
{
    for (size_t i = 0; i < older->n_layers; i++)
        builder->inherited[builder->n_inherited++] = dg_layer_ref(older->layers[i]);
    builder->facts = older->facts;
    builder->side_effects = older->side_effects;
    builder->full_read_at_us = older->full_read_at_us;
    builder->settings_read_ms = older->settings_read_ms;
    enum dg_status status = inherit_collection(&builder->namespaces, &older->namespaces);
    if (status == DG_OK)
        status = inherit_collection(&builder->relations, &older->relations);
    if (status == DG_OK)
        status = inherit_collection(&builder->types, &older->types);
    if (status == DG_OK)
        status = inherit_collection(&builder->functions, &older->functions);
    if (status == DG_OK)
        status = inherit_collection(&builder->roles, &older->roles);
    if (status == DG_OK)
        status = dg_vector_append(&builder->enums, older->enums, older->n_enums);
    if (status == DG_OK)
        status = dg_vector_append(&builder->row_casts, older->row_casts, older->n_row_casts);
    if (status == DG_OK)
        status = dg_vector_append(&builder->unique_indexes, older->unique_indexes, older->n_unique_indexes);
    if (status == DG_OK)
        status = dg_vector_append(&builder->settings, older->settings, older->n_settings);
    return status;
}

struct dg_builder *dg_builder_new_from(struct dg_snapshot *older, size_t max_bytes)
{
    /* One slot is for the new layer. What was replaced in the old layers still counts against max_bytes. */
    if (older->n_layers >= DG_MAX_LAYERS || older->size_bytes >= max_bytes)
        return NULL;
    struct dg_builder *builder = dg_builder_new(max_bytes);
    if (builder == NULL)
        return NULL;
    builder->layer->arena.max_bytes = max_bytes - older->size_bytes;
    if (inherit(builder, older) != DG_OK) {
        dg_builder_free(builder);
        return NULL;
    }
    return builder;
}

/* Adds the relations that belong to one in the sorted set; true if there were any. The set is sorted again. */
static enum dg_status add_owned(const struct dg_builder *builder, struct dg_vector *oids, bool *added)
{
    const struct dg_entry *entries = builder->relations.items;
    struct dg_vector owned;
    dg_vector_init(&owned, sizeof(dg_oid));
    enum dg_status status = DG_OK;
    for (size_t i = 0; i < builder->relations.n && status == DG_OK; i++) {
        const struct dg_relation *relation = entries[i].object;
        if (relation->owner_oid != 0 && dg_oids_contain(oids, relation->owner_oid) &&
            !dg_oids_contain(oids, relation->oid))
            status = dg_oids_push(&owned, relation->oid);
    }
    *added = owned.n > 0;
    if (status == DG_OK)
        status = dg_vector_append(oids, owned.items, owned.n);
    dg_oids_sort(oids);
    dg_vector_fini(&owned);
    return status;
}

static void forget_entries(struct dg_vector *entries, const struct dg_vector *oids)
{
    struct dg_entry *items = entries->items;
    size_t kept = 0;
    for (size_t i = 0; i < entries->n; i++)
        if (!dg_oids_contain(oids, items[i].oid))
            items[kept++] = items[i];
    entries->n = kept;
}

static void forget_unique_indexes(struct dg_vector *indexes, const struct dg_vector *relation_oids)
{
    struct dg_unique_index *items = indexes->items;
    size_t kept = 0;
    for (size_t i = 0; i < indexes->n; i++)
        if (!dg_oids_contain(relation_oids, items[i].relation_oid))
            items[kept++] = items[i];
    indexes->n = kept;
}

/* The row types of the relations, and the array types of those. */
static enum dg_status forget_types(struct dg_vector *types, const struct dg_vector *relation_oids)
{
    const struct dg_entry *items = types->items;
    struct dg_vector rows;
    struct dg_vector arrays;
    dg_vector_init(&rows, sizeof(dg_oid));
    dg_vector_init(&arrays, sizeof(dg_oid));
    enum dg_status status = DG_OK;
    for (size_t i = 0; i < types->n && status == DG_OK; i++) {
        const struct dg_type *type = items[i].object;
        if (type->relation_oid != 0 && dg_oids_contain(relation_oids, type->relation_oid))
            status = dg_oids_push(&rows, type->oid);
    }
    dg_oids_sort(&rows);
    for (size_t i = 0; i < types->n && status == DG_OK; i++) {
        const struct dg_type *type = items[i].object;
        if (type->is_array && dg_oids_contain(&rows, type->element_oid))
            status = dg_oids_push(&arrays, type->oid);
    }
    dg_oids_sort(&arrays);
    if (status == DG_OK) {
        forget_entries(types, &rows);
        forget_entries(types, &arrays);
    }
    dg_vector_fini(&rows);
    dg_vector_fini(&arrays);
    return status;
}

enum dg_status dg_builder_forget_relations(struct dg_builder *builder, const dg_oid *oids, size_t n)
{
    struct dg_vector all;
    dg_vector_init(&all, sizeof(dg_oid));
    enum dg_status status = dg_vector_append(&all, oids, n);
    dg_oids_sort(&all);
    /* A table owns a toast table, that one owns an index: two rounds, and one that finds nothing more. */
    bool added = n > 0;
    while (status == DG_OK && added)
        status = add_owned(builder, &all, &added);
    if (status == DG_OK)
        status = forget_types(&builder->types, &all);
    if (status == DG_OK) {
        forget_entries(&builder->relations, &all);
        forget_unique_indexes(&builder->unique_indexes, &all);
    }
    dg_vector_fini(&all);
    return status;
}

enum dg_status dg_builder_unknown_namespaces(const struct dg_builder *builder, const struct dg_snapshot *older,
                                             struct dg_vector *oids)
{
    const struct dg_entry *entries = builder->relations.items;
    enum dg_status status = DG_OK;
    for (size_t i = 0; i < builder->relations.n && status == DG_OK; i++) {
        dg_oid oid = entries[i].namespace_oid;
        if (dg_collection_find_oid(&older->namespaces, oid) == NULL && !dg_oids_contain(oids, oid)) {
            status = dg_oids_push(oids, oid);
            dg_oids_sort(oids);
        }
    }
    return status;
}
