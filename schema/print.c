/*
 * Walks the snapshot schema by schema, each kind of object sorted by name, one object or column a line.
 */
#include "schema/print.h"

#include <stdlib.h>

#include "base/clock.h"
#include "schema/model.h"
#include "schema/names.h"
#include "schema/vector.h"

struct printer {
    const struct dg_snapshot *snapshot;
    struct dg_text *out;
    bool with_system;
};

/* ---- Pieces ------------------------------------------------------------------------------------------------------ */

static void print_string(struct printer *printer, const char *key, const char *value)
{
    dg_text_printf(printer->out, ", \"%s\": ", key);
    dg_text_json_string(printer->out, dg_str_of(value));
}

/* Only what is true is said. */
static void print_flag(struct printer *printer, const char *key, bool value)
{
    if (value)
        dg_text_printf(printer->out, ", \"%s\": true", key);
}

static void print_type(struct printer *printer, const char *key, dg_oid type_oid, int32_t typmod)
{
    char memory[256];
    struct dg_text name;
    dg_text_init_fixed(&name, memory, sizeof memory);
    dg_snapshot_type_name(printer->snapshot, type_oid, typmod, &name);
    print_string(printer, key, dg_text_get(&name));
}

/* Opens a list at `indent`; each item is preceded by print_next. */
static void print_next(struct printer *printer, bool *is_first, const char *indent)
{
    dg_text_printf(printer->out, "%s\n%s", *is_first ? "" : ",", indent);
    *is_first = false;
}

static void print_end(struct printer *printer, bool is_empty, const char *indent)
{
    if (!is_empty)
        dg_text_printf(printer->out, "\n%s", indent);
}

static const char *relation_kind(char kind)
{
    switch (kind) {
    case 'r':
        return "table";
    case 'v':
        return "view";
    case 'm':
        return "materialized view";
    case 'f':
        return "foreign table";
    case 'p':
        return "partitioned table";
    case 'S':
        return "sequence";
    case 'c':
        return "composite type";
    case 't':
        return "toast table";
    case 'i':
        return "index";
    case 'I':
        return "partitioned index";
    default:
        return "other";
    }
}

/* ---- Relations --------------------------------------------------------------------------------------------------- */

static void print_column(struct printer *printer, const struct dg_column *column)
{
    dg_text_printf(printer->out, "{\"attnum\": %d", column->attnum);
    if ((column->flags & DG_COLUMN_DROPPED) != 0) {
        dg_text_cstr(printer->out, ", \"dropped\": true}");
        return;
    }
    print_string(printer, "name", column->name);
    print_type(printer, "type", column->type_oid, column->typmod);
    print_flag(printer, "not_null", (column->flags & DG_COLUMN_NOT_NULL) != 0);
    print_flag(printer, "has_default", (column->flags & DG_COLUMN_HAS_DEFAULT) != 0);
    print_flag(printer, "generated", (column->flags & DG_COLUMN_GENERATED) != 0);
    if ((column->flags & DG_COLUMN_IDENTITY_ALWAYS) != 0)
        print_string(printer, "identity", "always");
    if ((column->flags & DG_COLUMN_IDENTITY_BY_DEFAULT) != 0)
        print_string(printer, "identity", "by default");
    dg_text_char(printer->out, '}');
}

static void print_parents(struct printer *printer, const struct dg_relation *relation)
{
    if (relation->n_parents == 0)
        return;
    dg_text_cstr(printer->out, ", \"parents\": [");
    for (uint16_t i = 0; i < relation->n_parents; i++) {
        const struct dg_relation *parent = dg_snapshot_relation_by_oid(printer->snapshot, relation->parents[i]);
        dg_text_cstr(printer->out, i == 0 ? "" : ", ");
        dg_text_json_string(printer->out, dg_str_of(parent == NULL ? "" : parent->name));
    }
    dg_text_char(printer->out, ']');
}

static void print_unique_keys(struct printer *printer, const struct dg_relation *relation)
{
    size_t cursor = 0;
    size_t n = 0;
    const struct dg_unique_index *index;
    while ((index = dg_snapshot_unique_indexes(printer->snapshot, relation->oid, &cursor)) != NULL) {
        dg_text_cstr(printer->out, n++ == 0 ? ", \"unique\": [" : ", ");
        dg_text_cstr(printer->out, "{\"columns\": [");
        for (uint16_t i = 0; i < index->n_attnums; i++) {
            const struct dg_column *column = dg_relation_column_by_attnum(relation, index->attnums[i]);
            dg_text_cstr(printer->out, i == 0 ? "" : ", ");
            /* An expression has no name. */
            if (column == NULL)
                dg_text_cstr(printer->out, "null");
            else
                dg_text_json_string(printer->out, dg_str_of(column->name));
        }
        dg_text_char(printer->out, ']');
        print_flag(printer, "partial", index->is_partial);
        print_flag(printer, "deferrable", index->is_deferrable);
        dg_text_char(printer->out, '}');
    }
    if (n > 0)
        dg_text_char(printer->out, ']');
}

static void print_relation(struct printer *printer, const struct dg_relation *relation)
{
    dg_text_cstr(printer->out, "{\"name\": ");
    dg_text_json_string(printer->out, dg_str_of(relation->name));
    print_string(printer, "kind", relation_kind(relation->kind));
    dg_text_printf(printer->out, ", \"oid\": %u", relation->oid);
    print_flag(printer, "unlogged", relation->persistence == 'u');
    print_flag(printer, "temporary", relation->persistence == 't');
    print_flag(printer, "partition", (relation->flags & DG_RELATION_PARTITION) != 0);
    print_flag(printer, "row_security", (relation->flags & DG_RELATION_ROW_SECURITY) != 0);
    print_flag(printer, "before_insert_trigger", (relation->flags & DG_RELATION_BEFORE_INSERT_TRIGGER) != 0);
    print_flag(printer, "instead", (relation->flags & DG_RELATION_INSTEAD) != 0);
    print_parents(printer, relation);
    print_unique_keys(printer, relation);
    dg_text_cstr(printer->out, ", \"columns\": [");
    bool is_first = true;
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        print_next(printer, &is_first, "        ");
        print_column(printer, &relation->columns[i]);
    }
    print_end(printer, is_first, "      ");
    dg_text_cstr(printer->out, "]}");
}

/* ---- Types and functions ----------------------------------------------------------------------------------------- */

static void print_type_object(struct printer *printer, const struct dg_type *type)
{
    dg_text_cstr(printer->out, "{\"name\": ");
    dg_text_json_string(printer->out, dg_str_of(type->name));
    const char *kind = type->kind == 'e'   ? "enum"
                       : type->kind == 'd' ? "domain"
                       : type->kind == 'r' ? "range"
                       : type->kind == 'm' ? "multirange"
                       : type->kind == 'p' ? "pseudo-type"
                                           : "base";
    print_string(printer, "kind", kind);
    if (type->kind == 'd') {
        print_type(printer, "base", type->base_oid, -1);
        print_flag(printer, "not_null", type->is_not_null);
        print_flag(printer, "has_default", type->has_default);
    }
    size_t n;
    const char *const *labels = dg_snapshot_enum_labels(printer->snapshot, type->oid, &n);
    for (size_t i = 0; i < n; i++) {
        dg_text_cstr(printer->out, i == 0 ? ", \"labels\": [" : ", ");
        dg_text_json_string(printer->out, dg_str_of(labels[i]));
    }
    dg_text_cstr(printer->out, n > 0 ? "]}" : "}");
}

static void print_arguments(struct printer *printer, const char *key, const struct dg_argument *arguments, size_t n)
{
    dg_text_printf(printer->out, ", \"%s\": [", key);
    for (size_t i = 0; i < n; i++) {
        dg_text_cstr(printer->out, i == 0 ? "{\"name\": " : ", {\"name\": ");
        dg_text_json_string(printer->out, dg_str_of(arguments[i].name));
        print_type(printer, "type", arguments[i].type_oid, -1);
        dg_text_char(printer->out, '}');
    }
    dg_text_char(printer->out, ']');
}

static void print_function(struct printer *printer, const struct dg_function *function)
{
    dg_text_cstr(printer->out, "{\"name\": ");
    dg_text_json_string(printer->out, dg_str_of(function->name));
    const char *kind = function->kind == 'a'   ? "aggregate"
                       : function->kind == 'w' ? "window"
                       : function->kind == 'p' ? "procedure"
                                               : "function";
    print_string(printer, "kind", kind);
    print_arguments(printer, "inputs", function->inputs, function->n_inputs);
    if (function->n_outputs > 0)
        print_arguments(printer, "outputs", function->outputs, function->n_outputs);
    if (function->n_defaults > 0)
        dg_text_printf(printer->out, ", \"defaults\": %u", function->n_defaults);
    print_flag(printer, "variadic", function->variadic_oid != 0);
    print_flag(printer, "returns_set", function->returns_set);
    print_type(printer, "result", function->result_oid, -1);
    dg_text_char(printer->out, '}');
}

/* ---- Schemas ----------------------------------------------------------------------------------------------------- */

static bool is_system_schema(const char *name)
{
    return strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0;
}

static bool is_shown_relation(const struct printer *printer, const void *object)
{
    const struct dg_relation *relation = object;
    return printer->with_system || strchr("iIt", relation->kind) == NULL;
}

/* Row types go with their relations and arrays with their elements. */
static bool is_shown_type(const struct printer *printer, const void *object)
{
    const struct dg_type *type = object;
    (void)printer;
    return type->relation_oid == 0 && !type->is_array;
}

static bool is_shown_function(const struct printer *printer, const void *object)
{
    (void)printer;
    (void)object;
    return true;
}

/* By schema, then name, then oid (functions share names). */
static int compare_entries(const void *a, const void *b)
{
    const struct dg_entry *left = a;
    const struct dg_entry *right = b;
    if (left->namespace_oid != right->namespace_oid)
        return left->namespace_oid < right->namespace_oid ? -1 : 1;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->oid < right->oid ? -1 : left->oid > right->oid);
}

/* The collection sorted, in a vector; false if there is no memory. */
static bool sort_entries(const struct dg_collection *collection, struct dg_vector *sorted)
{
    dg_vector_init(sorted, sizeof(struct dg_entry));
    if (dg_vector_append(sorted, collection->entries, collection->n) != DG_OK)
        return false;
    if (sorted->n > 1)
        qsort(sorted->items, sorted->n, sorted->item_size, compare_entries);
    return true;
}

struct kind_printer {
    const char *key;
    bool (*is_shown)(const struct printer *printer, const void *object);
    void (*print)(struct printer *printer, const void *object);
};

static void print_any_relation(struct printer *printer, const void *object)
{
    print_relation(printer, object);
}

static void print_any_type(struct printer *printer, const void *object)
{
    print_type_object(printer, object);
}

static void print_any_function(struct printer *printer, const void *object)
{
    print_function(printer, object);
}

static const struct kind_printer kinds[] = {
    {"relations", is_shown_relation, print_any_relation},
    {"types", is_shown_type, print_any_type},
    {"functions", is_shown_function, print_any_function},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

/* The first entry of this schema. */
static size_t first_of(const struct dg_vector *sorted, dg_oid namespace_oid)
{
    const struct dg_entry *entries = sorted->items;
    size_t low = 0;
    size_t high = sorted->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].namespace_oid < namespace_oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void print_kind(struct printer *printer, const struct kind_printer *kind, const struct dg_vector *sorted,
                       dg_oid namespace_oid)
{
    const struct dg_entry *entries = sorted->items;
    bool is_first = true;
    dg_text_printf(printer->out, ",\n    \"%s\": [", kind->key);
    for (size_t i = first_of(sorted, namespace_oid); i < sorted->n && entries[i].namespace_oid == namespace_oid; i++) {
        if (!kind->is_shown(printer, entries[i].object))
            continue;
        print_next(printer, &is_first, "      ");
        kind->print(printer, entries[i].object);
    }
    print_end(printer, is_first, "    ");
    dg_text_char(printer->out, ']');
}

static void print_schemas(struct printer *printer, const struct dg_vector *schemas,
                          const struct dg_vector sorted[N_KINDS])
{
    const struct dg_entry *entries = schemas->items;
    bool is_first = true;
    dg_text_cstr(printer->out, ",\n  \"schemas\": [");
    for (size_t i = 0; i < schemas->n; i++) {
        if (!printer->with_system && is_system_schema(entries[i].name))
            continue;
        dg_text_printf(printer->out, "%s\n   {\"name\": ", is_first ? "" : ",");
        is_first = false;
        dg_text_json_string(printer->out, dg_str_of(entries[i].name));
        for (size_t k = 0; k < N_KINDS; k++)
            print_kind(printer, &kinds[k], &sorted[k], entries[i].oid);
        dg_text_char(printer->out, '}');
    }
    dg_text_cstr(printer->out, "\n  ]");
}

static void print_facts(struct printer *printer)
{
    const struct dg_server_facts *facts = dg_snapshot_facts(printer->snapshot);
    char read_at[DG_CLOCK_ISO_BYTES];
    dg_clock_format_iso(dg_snapshot_read_at_us(printer->snapshot), read_at);
    dg_text_cstr(printer->out, "{\n  \"database\": ");
    dg_text_json_string(printer->out, dg_str_of(facts->database));
    print_string(printer, "read_at", read_at);
    dg_text_printf(printer->out, ",\n  \"server_version_num\": %d", facts->version_num);
    print_string(printer, "server_encoding", facts->server_encoding);
    print_string(printer, "search_path", facts->search_path);
    print_string(printer, "lc_messages", facts->lc_messages);
    print_string(printer, "system_identifier", facts->system_identifier);
    print_flag(printer, "in_recovery", facts->in_recovery);
}

void dg_snapshot_print_json(const struct dg_snapshot *snapshot, bool with_system, struct dg_text *out)
{
    struct printer printer = {snapshot, out, with_system};
    const struct dg_collection *collections[N_KINDS] = {&snapshot->relations, &snapshot->types, &snapshot->functions};
    struct dg_vector schemas;
    struct dg_vector sorted[N_KINDS];
    bool has_memory = sort_entries(&snapshot->namespaces, &schemas);
    for (size_t k = 0; k < N_KINDS; k++)
        has_memory = sort_entries(collections[k], &sorted[k]) && has_memory;
    print_facts(&printer);
    if (has_memory)
        print_schemas(&printer, &schemas, sorted);
    else
        out->failed = true;
    dg_text_cstr(out, "\n}\n");
    for (size_t k = 0; k < N_KINDS; k++)
        dg_vector_fini(&sorted[k]);
    dg_vector_fini(&schemas);
}
