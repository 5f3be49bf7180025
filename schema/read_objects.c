/*
 * Readers of all that is not a relation: facts, schemas, roles, types, functions, enums, casts, settings.
 */
#include "schema/catalog_sql.h"
#include "schema/read.h"

#define MAX_ARGUMENTS 2048

static enum dg_status query(struct dg_reading *reading, const char *sql, dg_row_fn on_row, void *context)
{
    return dg_catalog_query(reading->catalog, sql, NULL, 0, on_row, context, reading->error);
}

/* ---- Facts ------------------------------------------------------------------------------------------------------- */

struct facts_read {
    struct dg_reading *reading;
    struct dg_server_facts facts;
    bool may_read_identifier;
    bool failed;
};

static const char *keep(struct facts_read *read, const char *text)
{
    const char *copy = dg_arena_strdup(&read->reading->scratch, text);
    read->failed = read->failed || copy == NULL;
    return copy;
}

static enum dg_status on_facts(const struct dg_row *row, void *context)
{
    struct facts_read *read = context;
    read->facts.version_num = dg_row_int4(row, 0);
    read->facts.max_identifier_length = dg_row_int4(row, 1);
    read->facts.database = keep(read, dg_row_text(row, 2));
    read->facts.database_oid = dg_row_oid(row, 3);
    read->facts.server_encoding = keep(read, dg_row_text(row, 4));
    read->facts.lc_messages = keep(read, dg_row_text(row, 5));
    read->facts.search_path = keep(read, dg_row_text(row, 6));
    read->facts.in_recovery = dg_row_bool(row, 7);
    read->reading->read_at_us = dg_row_int8(row, 8);
    read->may_read_identifier = dg_row_bool(row, 9);
    read->facts.idle_session_timeout_is_off = dg_row_bool(row, 10);
    read->facts.user = keep(read, dg_row_text(row, 11));
    read->facts.is_direct = dg_row_int4(row, 12) == dg_catalog_backend_pid(read->reading->catalog);
    return read->failed ? DG_NO_MEMORY : DG_OK;
}

static enum dg_status on_identifier(const struct dg_row *row, void *context)
{
    struct facts_read *read = context;
    read->facts.system_identifier = keep(read, dg_row_text(row, 0));
    return read->failed ? DG_NO_MEMORY : DG_OK;
}

/* Some services withhold it even from those who have the privilege: then the transaction goes on without. */
static enum dg_status read_identifier(struct facts_read *read)
{
    struct dg_catalog *catalog = read->reading->catalog;
    enum dg_status status = dg_catalog_command(catalog, "SAVEPOINT identifier", read->reading->error);
    if (status != DG_OK)
        return status;
    status = query(read->reading, DG_SQL_SYSTEM_IDENTIFIER, on_identifier, read);
    if (status == DG_OK || !dg_catalog_is_usable(catalog))
        return status;
    return dg_catalog_command(catalog, "ROLLBACK TO SAVEPOINT identifier", read->reading->error);
}

enum dg_status dg_read_facts(struct dg_reading *reading)
{
    struct facts_read read = {.reading = reading};
    enum dg_status status = query(reading, DG_SQL_FACTS, on_facts, &read);
    if (status == DG_OK && read.facts.version_num == 0)
        status = dg_error_set(reading->error, DG_DATABASE, "the server does not tell its version");
    if (status == DG_OK && read.may_read_identifier)
        status = read_identifier(&read);
    if (status == DG_OK)
        status = dg_builder_facts(reading->builder, &read.facts);
    dg_arena_reset(&reading->scratch);
    return status;
}

/* ---- Schemas, roles, settings ------------------------------------------------------------------------------------ */

static enum dg_status on_namespace(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    dg_arena_reset(&reading->scratch);
    struct dg_array roles = dg_row_array(row, 3);
    size_t n = roles.n;
    dg_oid *oids = dg_arena_array(&reading->scratch, n, sizeof *oids);
    if (oids == NULL)
        return DG_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        oids[i] = dg_array_oid(&roles);
    const struct dg_namespace namespace = {.oid = dg_row_oid(row, 0),
                                           .name = dg_row_text(row, 1),
                                           .usage_public = dg_row_bool(row, 2),
                                           .usage_known = dg_row_bool(row, 2) || !dg_row_is_null(row, 3),
                                           .usage_roles = oids,
                                           .n_usage_roles = n};
    return dg_builder_namespace(reading->builder, &namespace);
}

enum dg_status dg_read_namespaces(struct dg_reading *reading)
{
    return query(reading, DG_SQL_NAMESPACES(""), on_namespace, reading);
}

enum dg_status dg_read_namespaces_of(struct dg_reading *reading, const struct dg_parameter *oids)
{
    return dg_catalog_query(reading->catalog, DG_SQL_NAMESPACES(" AND oid = ANY ($1)"), oids, 1, on_namespace, reading,
                            reading->error);
}

static enum dg_status on_role(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    const struct dg_role role = {
        .oid = dg_row_oid(row, 0), .name = dg_row_text(row, 1), .is_superuser = dg_row_bool(row, 2)};
    return dg_builder_role(reading->builder, &role);
}

enum dg_status dg_read_roles(struct dg_reading *reading)
{
    return query(reading, DG_SQL_ROLES, on_role, reading);
}

static enum dg_status on_setting(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    return dg_builder_setting(reading->builder, dg_row_oid(row, 0), dg_row_bool(row, 1), dg_row_text(row, 2),
                              dg_row_text(row, 3));
}

enum dg_status dg_read_settings(struct dg_reading *reading)
{
    return query(reading, DG_SQL_SETTINGS, on_setting, reading);
}

/* ---- Types ------------------------------------------------------------------------------------------------------- */

static enum dg_status on_type(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    const struct dg_type type = {.oid = dg_row_oid(row, 0),
                                 .namespace_oid = dg_row_oid(row, 1),
                                 .relation_oid = dg_row_oid(row, 2),
                                 .base_oid = dg_row_oid(row, 3),
                                 .element_oid = dg_row_oid(row, 4),
                                 .name = dg_row_text(row, 5),
                                 .kind = dg_row_char(row, 6),
                                 .category = dg_row_char(row, 7),
                                 .is_not_null = dg_row_bool(row, 8),
                                 .has_default = dg_row_bool(row, 9),
                                 .is_array = dg_row_bool(row, 10),
                                 .has_own_operators = dg_row_bool(row, 11)};
    return dg_builder_type(reading->builder, &type);
}

enum dg_status dg_read_types(struct dg_reading *reading)
{
    /* pg_type.typsubscript came with 14. */
    bool is_old = dg_catalog_server_version(reading->catalog) < 140000;
    return query(reading,
                 is_old ? DG_SQL_TYPES(DG_SQL_IS_ARRAY_13, DG_SQL_ALL_TYPES)
                        : DG_SQL_TYPES(DG_SQL_IS_ARRAY_14, DG_SQL_ALL_TYPES),
                 on_type, reading);
}

enum dg_status dg_read_types_of(struct dg_reading *reading, const struct dg_parameter *oids)
{
    bool is_old = dg_catalog_server_version(reading->catalog) < 140000;
    const char *sql = is_old ? DG_SQL_TYPES(DG_SQL_IS_ARRAY_13, DG_SQL_TYPES_OF_RELATIONS)
                             : DG_SQL_TYPES(DG_SQL_IS_ARRAY_14, DG_SQL_TYPES_OF_RELATIONS);
    return dg_catalog_query(reading->catalog, sql, oids, 1, on_type, reading, reading->error);
}

static enum dg_status on_enum(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    dg_arena_reset(&reading->scratch);
    struct dg_array array = dg_row_array(row, 1);
    size_t n = array.n;
    const char **labels = dg_arena_array(&reading->scratch, n, sizeof *labels);
    if (labels == NULL)
        return DG_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        labels[i] = dg_array_text(&array, &reading->scratch);
        if (labels[i] == NULL)
            return DG_NO_MEMORY;
    }
    return dg_builder_enum(reading->builder, dg_row_oid(row, 0), labels, n);
}

enum dg_status dg_read_enums(struct dg_reading *reading)
{
    return query(reading, DG_SQL_ENUMS, on_enum, reading);
}

static enum dg_status on_row_cast(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    return dg_builder_row_cast(reading->builder, dg_row_oid(row, 0), dg_row_oid(row, 1));
}

enum dg_status dg_read_row_casts(struct dg_reading *reading)
{
    return query(reading, DG_SQL_ROW_CASTS, on_row_cast, reading);
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

/* pg_proc tells inputs in proargtypes; only where there are outputs too, all of them in proallargtypes with their modes
   (i in, o out, b both, v variadic, t table). Names go with the latter, or else with the former. */
static enum dg_status read_arguments(struct dg_reading *reading, const struct dg_row *row, struct dg_function *function)
{
    bool has_modes = !dg_row_is_null(row, 9);
    struct dg_array types = dg_row_array(row, has_modes ? 9 : 8);
    struct dg_array modes = dg_row_array(row, 10);
    struct dg_array names = dg_row_array(row, 11);
    size_t n = types.n;
    if (n > MAX_ARGUMENTS)
        return DG_LIMIT;
    struct dg_argument *inputs = dg_arena_array(&reading->scratch, n, sizeof *inputs);
    struct dg_argument *outputs = dg_arena_array(&reading->scratch, n, sizeof *outputs);
    if (inputs == NULL || outputs == NULL)
        return DG_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const struct dg_argument argument = {dg_array_text(&names, &reading->scratch), dg_array_oid(&types)};
        char mode = has_modes ? dg_array_char(&modes) : 'i';
        if (argument.name == NULL)
            return DG_NO_MEMORY;
        if (mode == 'i' || mode == 'b' || mode == 'v')
            inputs[function->n_inputs++] = argument;
        if (mode == 'o' || mode == 'b' || mode == 't')
            outputs[function->n_outputs++] = argument;
    }
    function->inputs = inputs;
    function->outputs = outputs;
    return DG_OK;
}

static enum dg_status on_function(const struct dg_row *row, void *context)
{
    struct dg_reading *reading = context;
    dg_arena_reset(&reading->scratch);
    struct dg_function function = {.oid = dg_row_oid(row, 0),
                                   .namespace_oid = dg_row_oid(row, 1),
                                   .result_oid = dg_row_oid(row, 2),
                                   .variadic_oid = dg_row_oid(row, 3),
                                   .name = dg_row_text(row, 4),
                                   .kind = dg_row_char(row, 5),
                                   .returns_set = dg_row_bool(row, 6),
                                   .n_defaults = (uint16_t)dg_row_int4(row, 7),
                                   .may_set_path = dg_row_bool(row, 12),
                                   .may_change_schema = dg_row_bool(row, 13)};
    enum dg_status status = read_arguments(reading, row, &function);
    return status == DG_OK ? dg_builder_function(reading->builder, &function) : status;
}

enum dg_status dg_read_functions(struct dg_reading *reading)
{
    bool is_old = dg_catalog_server_version(reading->catalog) < 140000;
    return query(reading, is_old ? DG_SQL_FUNCTIONS(DG_SQL_BODY_SETS_13) : DG_SQL_FUNCTIONS(DG_SQL_BODY_SETS_14),
                 on_function, reading);
}
