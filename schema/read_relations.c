/*
 * The reader of relations: one row a relation, its columns as arrays in it. That is what keeps 200,000 columns at a
 * fifth of a second: one row a column would send 200,000 rows, and wide ones.
 *
 * Triggers and the meaning of the system columns are read before, so that each relation is complete when it is added.
 */
#include "schema/catalog_sql.h"
#include "schema/read.h"

#define MAX_SYSTEM_COLUMNS 62

struct relations_read {
    struct dg_reading *reading;
    struct dg_vector before_insert; /* oids */
    struct dg_vector instead;
    struct dg_column system_columns[MAX_SYSTEM_COLUMNS + 1]; /* by -attnum; name NULL: not known */
    struct dg_arena names;                                   /* of the system columns */
};

static void read_init(struct relations_read *read, struct dg_reading *reading)
{
    *read = (struct relations_read){.reading = reading};
    dg_vector_init(&read->before_insert, sizeof(dg_oid));
    dg_vector_init(&read->instead, sizeof(dg_oid));
    dg_arena_init(&read->names, 64 * 1024);
}

static void read_fini(struct relations_read *read)
{
    dg_vector_fini(&read->before_insert);
    dg_vector_fini(&read->instead);
    dg_arena_fini(&read->names);
}

/* ---- Before the relations ---------------------------------------------------------------------------------------- */

static enum dg_status on_trigger(const struct dg_row *row, void *context)
{
    struct relations_read *read = context;
    return dg_oids_push(dg_row_int4(row, 1) == 1 ? &read->before_insert : &read->instead, dg_row_oid(row, 0));
}

static enum dg_status on_system_column(const struct dg_row *row, void *context)
{
    struct relations_read *read = context;
    int32_t attnum = dg_row_int4(row, 0);
    if (attnum >= 0 || attnum < -MAX_SYSTEM_COLUMNS)
        return DG_OK;
    const char *name = dg_arena_strdup(&read->names, dg_row_text(row, 1));
    if (name == NULL)
        return DG_NO_MEMORY;
    read->system_columns[-attnum] =
        (struct dg_column){.name = name,
                           .type_oid = dg_row_oid(row, 2),
                           .typmod = dg_row_int4(row, 3),
                           .attnum = (int16_t)attnum,
                           .flags = (uint16_t)(dg_row_bool(row, 4) ? DG_COLUMN_NOT_NULL : 0)};
    return DG_OK;
}

static enum dg_status query(struct relations_read *read, const char *sql, const struct dg_parameter *oids,
                            dg_row_fn on_row)
{
    return dg_catalog_query(read->reading->catalog, sql, oids, oids == NULL ? 0 : 1, on_row, read,
                            read->reading->error);
}

/* ---- A relation -------------------------------------------------------------------------------------------------- */

/* Columns 14 to 18 of the row: nums, names, types, typmods, flags. Each goes to the place that its attnum says. */
static enum dg_status read_columns(struct relations_read *read, const struct dg_row *row, struct dg_relation *relation)
{
    struct dg_arena *scratch = &read->reading->scratch;
    struct dg_array nums = dg_row_array(row, 14);
    struct dg_array names = dg_row_array(row, 15);
    struct dg_array types = dg_row_array(row, 16);
    struct dg_array typmods = dg_row_array(row, 17);
    struct dg_array flags = dg_row_array(row, 18);
    size_t n = nums.n;
    struct dg_column *columns = n <= INT16_MAX ? dg_arena_array(scratch, n, sizeof *columns) : NULL;
    if (columns == NULL)
        return DG_LIMIT;
    for (size_t i = 0; i < n; i++) {
        int16_t attnum = dg_array_int2(&nums);
        const struct dg_column column = {.name = dg_array_text(&names, scratch),
                                         .type_oid = dg_array_oid(&types),
                                         .typmod = dg_array_int4(&typmods),
                                         .attnum = attnum,
                                         .flags = (uint16_t)dg_array_int2(&flags)};
        if (column.name == NULL)
            return DG_NO_MEMORY;
        if (attnum >= 1 && (size_t)attnum <= n)
            columns[attnum - 1] = column;
    }
    struct dg_array defaults = dg_row_array(row, 12);
    struct dg_array hashes = dg_row_array(row, 13);
    while (defaults.n > 0) {
        int16_t attnum = dg_array_int2(&defaults);
        uint32_t hash = (uint32_t)dg_array_int4(&hashes);
        if (attnum >= 1 && (size_t)attnum <= n)
            columns[attnum - 1].default_hash = hash == 0 ? 1 : hash;
    }
    relation->columns = columns;
    relation->n_columns = (uint16_t)n;
    return DG_OK;
}

/* By the mask; or, of a table that has others than pg_class, from columns 19 to 21 of the row. */
static enum dg_status read_system_columns(struct relations_read *read, const struct dg_row *row,
                                          struct dg_relation *relation)
{
    struct dg_arena *scratch = &read->reading->scratch;
    int64_t mask = dg_row_int8(row, 10);
    struct dg_array nums = dg_row_array(row, 19);
    struct dg_array names = dg_row_array(row, 20);
    struct dg_array types = dg_row_array(row, 21);
    size_t n_odd = nums.n;
    struct dg_column *columns = dg_arena_array(scratch, MAX_SYSTEM_COLUMNS + n_odd, sizeof *columns);
    if (columns == NULL)
        return DG_NO_MEMORY;
    for (int bit = 1; bit <= MAX_SYSTEM_COLUMNS && n_odd == 0; bit++)
        if ((mask >> bit & 1) != 0 && read->system_columns[bit].name != NULL)
            columns[relation->n_system_columns++] = read->system_columns[bit];
    for (size_t i = 0; i < n_odd && i < UINT16_MAX; i++) {
        struct dg_column *column = &columns[relation->n_system_columns++];
        column->attnum = dg_array_int2(&nums);
        column->name = dg_array_text(&names, scratch);
        column->type_oid = dg_array_oid(&types);
        column->typmod = -1;
        if (column->name == NULL)
            return DG_NO_MEMORY;
    }
    relation->system_columns = columns;
    return DG_OK;
}

static enum dg_status read_parents(struct relations_read *read, const struct dg_row *row, struct dg_relation *relation)
{
    struct dg_array parents = dg_row_array(row, 11);
    size_t n = parents.n < UINT16_MAX ? parents.n : UINT16_MAX;
    dg_oid *oids = dg_arena_array(&read->reading->scratch, n, sizeof *oids);
    if (oids == NULL)
        return DG_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        oids[i] = dg_array_oid(&parents);
    relation->parents = oids;
    relation->n_parents = (uint16_t)n;
    return DG_OK;
}

static uint8_t flags_of(const struct relations_read *read, const struct dg_row *row, dg_oid oid)
{
    unsigned flags = 0;
    if (dg_row_bool(row, 8))
        flags |= DG_RELATION_PARTITION;
    if (dg_row_bool(row, 9))
        flags |= DG_RELATION_ROW_SECURITY;
    if (dg_oids_contain(&read->before_insert, oid))
        flags |= DG_RELATION_BEFORE_INSERT_TRIGGER;
    if (dg_oids_contain(&read->instead, oid))
        flags |= DG_RELATION_INSTEAD;
    return (uint8_t)flags;
}

static enum dg_status on_relation(const struct dg_row *row, void *context)
{
    struct relations_read *read = context;
    dg_arena_reset(&read->reading->scratch);
    struct dg_relation relation = {.oid = dg_row_oid(row, 0),
                                   .namespace_oid = dg_row_oid(row, 1),
                                   .row_type_oid = dg_row_oid(row, 2),
                                   .of_type_oid = dg_row_oid(row, 3),
                                   .owner_oid = dg_row_oid(row, 4),
                                   .name = dg_row_text(row, 5),
                                   .kind = dg_row_char(row, 6),
                                   .persistence = dg_row_char(row, 7)};
    relation.flags = flags_of(read, row, relation.oid);
    enum dg_status status = read_columns(read, row, &relation);
    if (status == DG_OK)
        status = read_system_columns(read, row, &relation);
    if (status == DG_OK)
        status = read_parents(read, row, &relation);
    return status == DG_OK ? dg_builder_relation(read->reading->builder, &relation) : status;
}

/* ---- Unique indexes ---------------------------------------------------------------------------------------------- */

static enum dg_status on_unique_index(const struct dg_row *row, void *context)
{
    struct relations_read *read = context;
    dg_arena_reset(&read->reading->scratch);
    struct dg_array keys = dg_row_array(row, 2);
    int32_t n_key = dg_row_int4(row, 3);
    size_t n = n_key < 0 ? 0 : (size_t)n_key;
    if (n > keys.n)
        n = keys.n;
    int16_t *attnums = dg_arena_array(&read->reading->scratch, n, sizeof *attnums);
    if (attnums == NULL)
        return DG_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        attnums[i] = dg_array_int2(&keys);
    const struct dg_unique_index index = {.relation_oid = dg_row_oid(row, 0),
                                          .index_oid = dg_row_oid(row, 1),
                                          .attnums = attnums,
                                          .n_attnums = (uint16_t)n,
                                          .is_partial = dg_row_bool(row, 4),
                                          .is_deferrable = dg_row_bool(row, 5)};
    return dg_builder_unique_index(read->reading->builder, &index);
}

/* ---- The two reads ----------------------------------------------------------------------------------------------- */

#define ALL_RELATIONS DG_SQL_RELATIONS("", "", "", "", "")
#define RELATIONS_OF_ARRAY                                                                                             \
    DG_SQL_RELATIONS(" AND c.oid = ANY ($1)", " AND attrelid = ANY ($1)", " AND adrelid = ANY ($1)",                   \
                     " AND inhrelid = ANY ($1)", " AND t.oid = ANY ($1)")

static enum dg_status read_prelude(struct relations_read *read, const struct dg_parameter *oids)
{
    enum dg_status status = query(read, oids == NULL ? DG_SQL_TRIGGERS : DG_SQL_TRIGGERS_OF, oids, on_trigger);
    dg_oids_sort(&read->before_insert);
    dg_oids_sort(&read->instead);
    if (status == DG_OK)
        status = query(read, DG_SQL_SYSTEM_COLUMNS, NULL, on_system_column);
    return status;
}

enum dg_status dg_read_relations(struct dg_reading *reading)
{
    struct relations_read read;
    read_init(&read, reading);
    enum dg_status status = read_prelude(&read, NULL);
    if (status == DG_OK)
        status = query(&read, ALL_RELATIONS, NULL, on_relation);
    if (status == DG_OK)
        status = query(&read, DG_SQL_UNIQUE_INDEXES(""), NULL, on_unique_index);
    read_fini(&read);
    return status;
}

enum dg_status dg_read_relations_of(struct dg_reading *reading, const struct dg_parameter *oids)
{
    struct relations_read read;
    read_init(&read, reading);
    enum dg_status status = read_prelude(&read, oids);
    if (status == DG_OK)
        status = query(&read, RELATIONS_OF_ARRAY, oids, on_relation);
    if (status == DG_OK)
        status = query(&read, DG_SQL_UNIQUE_INDEXES(" AND indrelid = ANY ($1)"), oids, on_unique_index);
    if (status == DG_OK)
        status = dg_read_types_of(reading, oids);
    read_fini(&read);
    return status;
}
