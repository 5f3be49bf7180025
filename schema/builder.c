/*
 * The builder: copies what it is given into one layer, remembers an entry for each object, and seals all of it into a
 * snapshot by sorting the entries and hashing their names (collection.c).
 *
 * Strings are interned within the layer. In a schema of 10,000 tables with 20 columns each most column names occur
 * again and again, and every table's row type bears the table's name.
 *
 * An arena does not say why it refused. Here that counts as the limit, by far the likelier reason; DG_NO_MEMORY comes
 * from the vectors, which have none.
 */
#include "schema/builder.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "schema/builder_private.h"

struct dg_builder *dg_builder_new(size_t max_bytes)
{
    struct dg_builder *builder = calloc(1, sizeof *builder);
    if (builder == NULL)
        return NULL;
    builder->layer = dg_layer_new(max_bytes);
    if (builder->layer == NULL) {
        free(builder);
        return NULL;
    }
    builder->max_bytes = max_bytes;
    dg_vector_init(&builder->namespaces, sizeof(struct dg_entry));
    dg_vector_init(&builder->relations, sizeof(struct dg_entry));
    dg_vector_init(&builder->types, sizeof(struct dg_entry));
    dg_vector_init(&builder->functions, sizeof(struct dg_entry));
    dg_vector_init(&builder->roles, sizeof(struct dg_entry));
    dg_vector_init(&builder->enums, sizeof(struct dg_enum));
    dg_vector_init(&builder->row_casts, sizeof(struct dg_row_cast));
    dg_vector_init(&builder->unique_indexes, sizeof(struct dg_unique_index));
    dg_vector_init(&builder->settings, sizeof(struct dg_setting));
    return builder;
}

void dg_builder_free(struct dg_builder *builder)
{
    if (builder == NULL)
        return;
    dg_vector_fini(&builder->namespaces);
    dg_vector_fini(&builder->relations);
    dg_vector_fini(&builder->types);
    dg_vector_fini(&builder->functions);
    dg_vector_fini(&builder->roles);
    dg_vector_fini(&builder->enums);
    dg_vector_fini(&builder->row_casts);
    dg_vector_fini(&builder->unique_indexes);
    dg_vector_fini(&builder->settings);
    free(builder->interned);
    for (size_t i = 0; i < builder->n_inherited; i++)
        dg_layer_unref(builder->inherited[i]);
    dg_layer_unref(builder->layer);
    free(builder);
}

/* ---- Copying ----------------------------------------------------------------------------------------------------- */

static size_t intern_slot(const struct dg_builder *builder, const char *text, size_t len)
{
    size_t mask = builder->n_intern_slots - 1;
    size_t slot = dg_hash64(text, len) & mask;
    while (builder->interned[slot] != NULL && strcmp(builder->interned[slot], text) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

/* Doubles the table; at most half of the slots are in use. */
static bool grow_interned(struct dg_builder *builder)
{
    size_t n_before = builder->n_intern_slots;
    const char **before = builder->interned;
    size_t n_slots = n_before == 0 ? 256 : n_before * 2;
    const char **slots = calloc(n_slots, sizeof *slots);
    if (slots == NULL)
        return false;
    builder->interned = slots;
    builder->n_intern_slots = n_slots;
    for (size_t i = 0; i < n_before; i++)
        if (before[i] != NULL)
            slots[intern_slot(builder, before[i], strlen(before[i]))] = before[i];
    free(before);
    return true;
}

/* The layer's copy of `text` (NULL counts as ""). */
static const char *intern(struct dg_builder *builder, const char *text)
{
    if (text == NULL)
        text = "";
    if (builder->n_interned * 2 >= builder->n_intern_slots && !grow_interned(builder)) {
        builder->has_failed = true;
        return "";
    }
    size_t len = strlen(text);
    size_t slot = intern_slot(builder, text, len);
    if (builder->interned[slot] == NULL) {
        const char *copy = dg_arena_strndup(&builder->layer->arena, text, len);
        if (copy == NULL) {
            builder->has_failed = true;
            return "";
        }
        builder->interned[slot] = copy;
        builder->n_interned++;
    }
    return builder->interned[slot];
}

/* A copy of n items; NULL for none, and when there is no memory. */
static void *copy_items(struct dg_builder *builder, const void *items, size_t n, size_t item_size)
{
    if (n == 0)
        return NULL;
    void *copy = n > SIZE_MAX / item_size ? NULL : dg_arena_alloc(&builder->layer->arena, n * item_size);
    if (copy == NULL)
        builder->has_failed = true;
    else
        memcpy(copy, items, n * item_size);
    return copy;
}

/* Ends the adding of an object: its entry, unless something could not be copied. */
static enum dg_status add_entry(struct dg_builder *builder, struct dg_vector *entries, const struct dg_entry *entry)
{
    if (builder->has_failed)
        return DG_LIMIT;
    return dg_vector_append(entries, entry, 1);
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

enum dg_status dg_builder_facts(struct dg_builder *builder, const struct dg_server_facts *facts)
{
    struct dg_server_facts *copy = copy_items(builder, facts, 1, sizeof *facts);
    if (copy == NULL)
        return DG_LIMIT;
    copy->database = intern(builder, facts->database);
    copy->user = intern(builder, facts->user == NULL ? "" : facts->user);
    copy->server_encoding = intern(builder, facts->server_encoding);
    copy->lc_messages = intern(builder, facts->lc_messages);
    copy->search_path = intern(builder, facts->search_path);
    copy->system_identifier = intern(builder, facts->system_identifier);
    builder->facts = copy;
    return builder->has_failed ? DG_LIMIT : DG_OK;
}

static int compare_oids(const void *a, const void *b)
{
    dg_oid left = *(const dg_oid *)a;
    dg_oid right = *(const dg_oid *)b;
    return left < right ? -1 : left > right;
}

enum dg_status dg_builder_namespace(struct dg_builder *builder, const struct dg_namespace *item)
{
    struct dg_namespace *copy = copy_items(builder, item, 1, sizeof *item);
    if (copy == NULL)
        return DG_LIMIT;
    dg_oid *roles = copy_items(builder, item->usage_roles, item->n_usage_roles, sizeof *roles);
    if (roles != NULL)
        qsort(roles, item->n_usage_roles, sizeof *roles, compare_oids);
    copy->usage_roles = roles;
    copy->name = intern(builder, item->name);
    return add_entry(builder, &builder->namespaces, &(struct dg_entry){copy, copy->name, copy->oid, 0, 0});
}

static const struct dg_column *copy_columns(struct dg_builder *builder, const struct dg_column *columns, size_t n)
{
    struct dg_column *copy = copy_items(builder, columns, n, sizeof *columns);
    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i].name = intern(builder, columns[i].name);
        if (copy[i].attnum == 0)
            copy[i].attnum = (int16_t)(i + 1);
    }
    return copy;
}

static bool same_columns(const struct dg_column *a, const struct dg_column *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].attnum != b[i].attnum || a[i].type_oid != b[i].type_oid || a[i].typmod != b[i].typmod ||
            a[i].flags != b[i].flags || strcmp(a[i].name, b[i].name) != 0)
            return false;
    return true;
}

/* A copy, or the one that an earlier relation already has. */
static const struct dg_column *share_system_columns(struct dg_builder *builder, const struct dg_relation *item)
{
    uint16_t n = item->n_system_columns;
    for (size_t i = 0; i < builder->n_system_columns; i++) {
        const struct dg_system_columns *known = &builder->system_columns[i];
        if (known->n == n && same_columns(known->columns, item->system_columns, n))
            return known->columns;
    }
    const struct dg_column *copy = copy_columns(builder, item->system_columns, n);
    if (copy != NULL && builder->n_system_columns < DG_SHARED_SYSTEM_COLUMNS)
        builder->system_columns[builder->n_system_columns++] = (struct dg_system_columns){copy, n};
    return copy;
}

static int compare_column_names(const void *a, const void *b, void *columns)
{
    const struct dg_column *base = columns;
    return strcmp(base[*(const uint16_t *)a].name, base[*(const uint16_t *)b].name);
}

/* A statement of thousands of names on a table of hundreds of columns is looked up in this. */
static void index_columns(struct dg_builder *builder, struct dg_relation *copy)
{
    copy->by_name = NULL;
    copy->n_by_name = 0;
    if (copy->n_columns <= DG_FEW_COLUMNS || builder->has_failed)
        return;
    uint16_t *places = dg_arena_array(&builder->layer->arena, copy->n_columns, sizeof(*places));
    if (places == NULL) {
        builder->has_failed = true;
        return;
    }
    for (uint16_t i = 0; i < copy->n_columns; i++)
        if ((copy->columns[i].flags & DG_COLUMN_DROPPED) == 0)
            places[copy->n_by_name++] = i;
    qsort_r(places, copy->n_by_name, sizeof(*places), compare_column_names,
            (struct dg_column *)(uintptr_t)copy->columns);
    copy->by_name = places;
}

enum dg_status dg_builder_relation(struct dg_builder *builder, const struct dg_relation *item)
{
    struct dg_relation *copy = copy_items(builder, item, 1, sizeof *item);
    if (copy == NULL)
        return DG_LIMIT;
    copy->parents = copy_items(builder, item->parents, item->n_parents, sizeof *item->parents);
    copy->columns = copy_columns(builder, item->columns, item->n_columns);
    copy->system_columns = share_system_columns(builder, item);
    index_columns(builder, copy);
    copy->name = intern(builder, item->name);
    return add_entry(builder, &builder->relations,
                     &(struct dg_entry){copy, copy->name, copy->oid, copy->namespace_oid, 0});
}

enum dg_status dg_builder_type(struct dg_builder *builder, const struct dg_type *item)
{
    struct dg_type *copy = copy_items(builder, item, 1, sizeof *item);
    if (copy == NULL)
        return DG_LIMIT;
    copy->name = intern(builder, item->name);
    return add_entry(builder, &builder->types, &(struct dg_entry){copy, copy->name, copy->oid, copy->namespace_oid, 0});
}

static const struct dg_argument *copy_arguments(struct dg_builder *builder, const struct dg_argument *arguments,
                                                size_t n)
{
    struct dg_argument *copy = copy_items(builder, arguments, n, sizeof *arguments);
    for (size_t i = 0; copy != NULL && i < n; i++)
        copy[i].name = intern(builder, arguments[i].name);
    return copy;
}

#define TRIGGER_OID 2279 /* pg_type.dat: what trigger functions return */

enum dg_status dg_builder_function(struct dg_builder *builder, const struct dg_function *item)
{
    struct dg_function *copy = copy_items(builder, item, 1, sizeof *item);
    if (copy == NULL)
        return DG_LIMIT;
    copy->inputs = copy_arguments(builder, item->inputs, item->n_inputs);
    copy->outputs = copy_arguments(builder, item->outputs, item->n_outputs);
    copy->name = intern(builder, item->name);
    bool is_trigger = item->result_oid == TRIGGER_OID;
    if (item->may_set_path)
        builder->side_effects |= is_trigger ? DG_TRIGGERS_SET_PATH : DG_CALLS_SET_PATH;
    if (item->may_change_schema)
        builder->side_effects |= is_trigger ? DG_TRIGGERS_CHANGE_SCHEMA : DG_CALLS_CHANGE_SCHEMA;
    return add_entry(builder, &builder->functions,
                     &(struct dg_entry){copy, copy->name, copy->oid, copy->namespace_oid, 0});
}

enum dg_status dg_builder_role(struct dg_builder *builder, const struct dg_role *item)
{
    struct dg_role *copy = copy_items(builder, item, 1, sizeof *item);
    if (copy == NULL)
        return DG_LIMIT;
    copy->name = intern(builder, item->name);
    return add_entry(builder, &builder->roles, &(struct dg_entry){copy, copy->name, copy->oid, 0, 0});
}

enum dg_status dg_builder_enum(struct dg_builder *builder, dg_oid type_oid, const char *const *labels, size_t n)
{
    const char **copy = copy_items(builder, labels, n, sizeof *labels);
    for (size_t i = 0; copy != NULL && i < n; i++)
        copy[i] = intern(builder, labels[i]);
    if (builder->has_failed)
        return DG_LIMIT;
    return dg_vector_append(&builder->enums, &(struct dg_enum){type_oid, copy, n}, 1);
}

enum dg_status dg_builder_row_cast(struct dg_builder *builder, dg_oid source_oid, dg_oid target_oid)
{
    return dg_vector_append(&builder->row_casts, &(struct dg_row_cast){source_oid, target_oid}, 1);
}

enum dg_status dg_builder_unique_index(struct dg_builder *builder, const struct dg_unique_index *item)
{
    struct dg_unique_index copy = *item;
    copy.attnums = copy_items(builder, item->attnums, item->n_attnums, sizeof *item->attnums);
    if (builder->has_failed)
        return DG_LIMIT;
    return dg_vector_append(&builder->unique_indexes, &copy, 1);
}

enum dg_status dg_builder_setting(struct dg_builder *builder, dg_oid role_oid, bool this_database, const char *name,
                                  const char *value)
{
    const struct dg_setting item = {role_oid, this_database, intern(builder, name), intern(builder, value)};
    if (builder->has_failed)
        return DG_LIMIT;
    return dg_vector_append(&builder->settings, &item, 1);
}

/* ---- Sealing ----------------------------------------------------------------------------------------------------- */

static int compare_enums(const void *a, const void *b)
{
    return compare_oids(&((const struct dg_enum *)a)->type_oid, &((const struct dg_enum *)b)->type_oid);
}

static int compare_unique_indexes(const void *a, const void *b)
{
    const struct dg_unique_index *left = a;
    const struct dg_unique_index *right = b;
    int order = compare_oids(&left->relation_oid, &right->relation_oid);
    return order != 0 ? order : compare_oids(&left->index_oid, &right->index_oid);
}

static int compare_settings(const void *a, const void *b)
{
    return compare_oids(&((const struct dg_setting *)a)->role_oid, &((const struct dg_setting *)b)->role_oid);
}

/* The vector sorted and copied into the snapshot's index; NULL if it is empty, or (then *failed) for want of room. */
static const void *seal_vector(struct dg_arena *index, struct dg_vector *vector,
                               int (*compare)(const void *, const void *), bool *failed)
{
    if (vector->n == 0)
        return NULL;
    if (compare != NULL)
        qsort(vector->items, vector->n, vector->item_size, compare);
    void *items = dg_arena_alloc(index, vector->n * vector->item_size);
    if (items == NULL)
        *failed = true;
    else
        memcpy(items, vector->items, vector->n * vector->item_size);
    return items;
}

/* Entries that a patch took over keep the time when they were read. */
static enum dg_status seal_collection(struct dg_snapshot *snapshot, const struct dg_vector *vector,
                                      struct dg_collection *collection)
{
    struct dg_entry *entries = vector->items;
    for (size_t i = 0; i < vector->n; i++)
        if (entries[i].read_at_us == 0)
            entries[i].read_at_us = snapshot->read_at_us;
    return dg_collection_build(collection, &snapshot->index, entries, vector->n);
}

static enum dg_status seal(struct dg_builder *builder, struct dg_snapshot *snapshot)
{
    struct dg_arena *index = &snapshot->index;
    enum dg_status status = seal_collection(snapshot, &builder->namespaces, &snapshot->namespaces);
    if (status == DG_OK)
        status = seal_collection(snapshot, &builder->relations, &snapshot->relations);
    if (status == DG_OK)
        status = seal_collection(snapshot, &builder->types, &snapshot->types);
    if (status == DG_OK)
        status = seal_collection(snapshot, &builder->functions, &snapshot->functions);
    if (status == DG_OK)
        status = seal_collection(snapshot, &builder->roles, &snapshot->roles);
    if (status != DG_OK)
        return status;
    bool failed = false;
    snapshot->enums = seal_vector(index, &builder->enums, compare_enums, &failed);
    snapshot->n_enums = builder->enums.n;
    snapshot->row_casts = seal_vector(index, &builder->row_casts, NULL, &failed);
    snapshot->n_row_casts = builder->row_casts.n;
    snapshot->unique_indexes = seal_vector(index, &builder->unique_indexes, compare_unique_indexes, &failed);
    snapshot->n_unique_indexes = builder->unique_indexes.n;
    snapshot->settings = seal_vector(index, &builder->settings, compare_settings, &failed);
    snapshot->n_settings = builder->settings.n;
    return failed ? DG_LIMIT : DG_OK;
}

static void free_snapshot(struct dg_shared *object)
{
    struct dg_snapshot *snapshot = (struct dg_snapshot *)(void *)object;
    for (size_t i = 0; i < snapshot->n_layers; i++)
        dg_layer_unref(snapshot->layers[i]);
    dg_arena_fini(&snapshot->index);
    free(snapshot);
}

/* Moves the builder's layers into the snapshot; the sum of what they hold. */
static size_t take_layers(struct dg_builder *builder, struct dg_snapshot *snapshot)
{
    size_t size = 0;
    for (size_t i = 0; i < builder->n_inherited; i++)
        snapshot->layers[snapshot->n_layers++] = builder->inherited[i];
    snapshot->layers[snapshot->n_layers++] = builder->layer;
    builder->n_inherited = 0;
    builder->layer = NULL;
    for (size_t i = 0; i < snapshot->n_layers; i++)
        size += snapshot->layers[i]->arena.reserved_bytes;
    return size;
}

/* No counter (it would be a global): the clock and the address tell any two snapshots of a process apart. */
static uint64_t make_generation(const struct dg_snapshot *snapshot)
{
    const uint64_t seed[2] = {dg_clock_monotonic_ns(), (uint64_t)(uintptr_t)snapshot};
    return dg_hash64(seed, sizeof seed);
}

void dg_builder_settings_read(struct dg_builder *builder, uint64_t monotonic_ms)
{
    builder->settings_read_ms = monotonic_ms;
}

enum dg_status dg_builder_finish(struct dg_builder *builder, int64_t read_at_us, uint64_t covers,
                                 struct dg_snapshot **result)
{
    static const struct dg_server_facts no_facts = {.database = "",
                                                    .user = "",
                                                    .server_encoding = "UTF8",
                                                    .lc_messages = "C",
                                                    .search_path = "\"$user\", public",
                                                    .system_identifier = "",
                                                    .max_identifier_length = 63};
    *result = NULL;
    enum dg_status status = DG_OK;
    if (builder->facts == NULL)
        status = dg_builder_facts(builder, &no_facts);
    struct dg_snapshot *snapshot = status == DG_OK ? calloc(1, sizeof *snapshot) : NULL;
    if (snapshot == NULL) {
        dg_builder_free(builder);
        return status == DG_OK ? DG_NO_MEMORY : status;
    }
    dg_shared_init(&snapshot->shared, free_snapshot);
    snapshot->facts = builder->facts;
    snapshot->side_effects = builder->side_effects;
    snapshot->read_at_us = read_at_us;
    snapshot->full_read_at_us = builder->full_read_at_us != 0 ? builder->full_read_at_us : read_at_us;
    snapshot->settings_read_ms = builder->settings_read_ms;
    snapshot->covers = covers;
    snapshot->generation = make_generation(snapshot);
    size_t max_bytes = builder->max_bytes;
    size_t layer_bytes = take_layers(builder, snapshot);
    dg_arena_init(&snapshot->index, max_bytes > layer_bytes ? max_bytes - layer_bytes : 0);
    status = seal(builder, snapshot);
    snapshot->size_bytes = layer_bytes + snapshot->index.reserved_bytes + sizeof *snapshot;
    dg_builder_free(builder);
    if (status != DG_OK)
        dg_snapshot_unref(snapshot);
    else
        *result = snapshot;
    return status;
}
