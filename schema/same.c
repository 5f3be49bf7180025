/*
 * Are two snapshots the same? Asked after every read: most find nothing new, and then the newer one takes over the
 * older's generation, so that verdicts stay in their caches.
 *
 * What a patch took over is the same object; only the rest is compared field by field.
 */
#include "schema/diff.h"
#include "schema/model.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

/* Arrays of plain numbers. */
static bool same_items(const void *a, size_t n_a, const void *b, size_t n_b, size_t item_size)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * item_size) == 0);
}

static bool same_columns(const struct dg_column *a, size_t n_a, const struct dg_column *b, size_t n_b)
{
    if (n_a != n_b)
        return false;
    for (size_t i = 0; a != b && i < n_a; i++)
        if (a[i].attnum != b[i].attnum || a[i].type_oid != b[i].type_oid || a[i].typmod != b[i].typmod ||
            a[i].flags != b[i].flags || a[i].default_hash != b[i].default_hash || !same_text(a[i].name, b[i].name))
            return false;
    return true;
}

static bool same_relation(const void *first, const void *second)
{
    const struct dg_relation *a = first;
    const struct dg_relation *b = second;
    return a->oid == b->oid && a->namespace_oid == b->namespace_oid && a->row_type_oid == b->row_type_oid &&
           a->of_type_oid == b->of_type_oid && a->owner_oid == b->owner_oid && a->kind == b->kind &&
           a->persistence == b->persistence && a->flags == b->flags && same_text(a->name, b->name) &&
           same_items(a->parents, a->n_parents, b->parents, b->n_parents, sizeof *a->parents) &&
           same_columns(a->columns, a->n_columns, b->columns, b->n_columns) &&
           same_columns(a->system_columns, a->n_system_columns, b->system_columns, b->n_system_columns);
}

static bool same_type(const void *first, const void *second)
{
    const struct dg_type *a = first;
    const struct dg_type *b = second;
    return a->oid == b->oid && a->namespace_oid == b->namespace_oid && a->relation_oid == b->relation_oid &&
           a->base_oid == b->base_oid && a->element_oid == b->element_oid && a->kind == b->kind &&
           a->category == b->category && a->is_not_null == b->is_not_null && a->has_default == b->has_default &&
           a->is_array == b->is_array && a->has_own_operators == b->has_own_operators && same_text(a->name, b->name);
}

static bool same_arguments(const struct dg_argument *a, size_t n_a, const struct dg_argument *b, size_t n_b)
{
    if (n_a != n_b)
        return false;
    for (size_t i = 0; i < n_a; i++)
        if (a[i].type_oid != b[i].type_oid || !same_text(a[i].name, b[i].name))
            return false;
    return true;
}

static bool same_function(const void *first, const void *second)
{
    const struct dg_function *a = first;
    const struct dg_function *b = second;
    return a->oid == b->oid && a->namespace_oid == b->namespace_oid && a->result_oid == b->result_oid &&
           a->variadic_oid == b->variadic_oid && a->n_defaults == b->n_defaults && a->kind == b->kind &&
           a->returns_set == b->returns_set && a->may_set_path == b->may_set_path &&
           a->may_change_schema == b->may_change_schema && same_text(a->name, b->name) &&
           same_arguments(a->inputs, a->n_inputs, b->inputs, b->n_inputs) &&
           same_arguments(a->outputs, a->n_outputs, b->outputs, b->n_outputs);
}

static bool same_namespace(const void *first, const void *second)
{
    const struct dg_namespace *a = first;
    const struct dg_namespace *b = second;
    return a->oid == b->oid && a->usage_public == b->usage_public && a->usage_known == b->usage_known &&
           same_text(a->name, b->name) &&
           same_items(a->usage_roles, a->n_usage_roles, b->usage_roles, b->n_usage_roles, sizeof *a->usage_roles);
}

static bool same_role(const void *first, const void *second)
{
    const struct dg_role *a = first;
    const struct dg_role *b = second;
    return a->oid == b->oid && a->is_superuser == b->is_superuser && same_text(a->name, b->name);
}

static bool same_collection(const struct dg_collection *a, const struct dg_collection *b,
                            bool (*same)(const void *, const void *))
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->entries[i].object != b->entries[i].object && !same(a->entries[i].object, b->entries[i].object))
            return false;
    return true;
}

static bool same_facts(const struct dg_server_facts *a, const struct dg_server_facts *b)
{
    return a == b ||
           (a->version_num == b->version_num && a->max_identifier_length == b->max_identifier_length &&
            a->database_oid == b->database_oid && a->in_recovery == b->in_recovery &&
            a->idle_session_timeout_is_off == b->idle_session_timeout_is_off && a->is_direct == b->is_direct &&
            same_text(a->user, b->user) && same_text(a->database, b->database) &&
            same_text(a->server_encoding, b->server_encoding) && same_text(a->lc_messages, b->lc_messages) &&
            same_text(a->search_path, b->search_path) && same_text(a->system_identifier, b->system_identifier));
}

static bool same_enums(const struct dg_snapshot *a, const struct dg_snapshot *b)
{
    if (a->n_enums != b->n_enums)
        return false;
    for (size_t i = 0; i < a->n_enums; i++) {
        const struct dg_enum *x = &a->enums[i];
        const struct dg_enum *y = &b->enums[i];
        if (x->type_oid != y->type_oid || x->n_labels != y->n_labels)
            return false;
        for (size_t k = 0; x->labels != y->labels && k < x->n_labels; k++)
            if (!same_text(x->labels[k], y->labels[k]))
                return false;
    }
    return true;
}

static bool same_unique_indexes(const struct dg_snapshot *a, const struct dg_snapshot *b)
{
    if (a->n_unique_indexes != b->n_unique_indexes)
        return false;
    for (size_t i = 0; i < a->n_unique_indexes; i++) {
        const struct dg_unique_index *x = &a->unique_indexes[i];
        const struct dg_unique_index *y = &b->unique_indexes[i];
        if (x->relation_oid != y->relation_oid || x->index_oid != y->index_oid || x->is_partial != y->is_partial ||
            x->is_deferrable != y->is_deferrable ||
            !same_items(x->attnums, x->n_attnums, y->attnums, y->n_attnums, sizeof *x->attnums))
            return false;
    }
    return true;
}

/* Settings come in no particular order within a role; a different order counts as different and costs no more than a
   new generation. */
static bool same_settings(const struct dg_snapshot *a, const struct dg_snapshot *b)
{
    if (a->n_settings != b->n_settings)
        return false;
    for (size_t i = 0; i < a->n_settings; i++) {
        const struct dg_setting *x = &a->settings[i];
        const struct dg_setting *y = &b->settings[i];
        if (x->role_oid != y->role_oid || x->this_database != y->this_database || !same_text(x->name, y->name) ||
            !same_text(x->value, y->value))
            return false;
    }
    return true;
}

bool dg_snapshot_is_same(const struct dg_snapshot *a, const struct dg_snapshot *b)
{
    return same_facts(a->facts, b->facts) && same_collection(&a->namespaces, &b->namespaces, same_namespace) &&
           same_collection(&a->relations, &b->relations, same_relation) &&
           same_collection(&a->types, &b->types, same_type) &&
           same_collection(&a->functions, &b->functions, same_function) &&
           same_collection(&a->roles, &b->roles, same_role) && same_enums(a, b) &&
           same_items(a->row_casts, a->n_row_casts, b->row_casts, b->n_row_casts, sizeof *a->row_casts) &&
           same_unique_indexes(a, b) && same_settings(a, b);
}
