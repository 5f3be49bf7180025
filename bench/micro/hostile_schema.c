/*
 * The schema that the forms know, in an ordinary and in a large size; see hostile.h.
 */
#include <assert.h>
#include <stdio.h>

#include "bench/micro/hostile.h"
#include "schema/builder.h"

enum {
    PUBLIC = 2200,
    CATALOG = 11,
    INT4 = 23,
    FIRST_SCHEMA = 20000,
    FIRST_TYPE = 40000,
    FIRST_FUNCTION = 60000,
    FIRST_RELATION = 100000,
    MOOD = 30000,
    NESTED = 31000,
    N_LABELS = 1000,
    MAX_COLUMNS = 1600
};

struct maker {
    struct dg_builder *builder;
    dg_oid next_relation;
    dg_oid next_function;
};

static void must(enum dg_status status)
{
    if (status != DG_OK) {
        fprintf(stderr, "the schema: %s\n", dg_status_name(status));
        abort();
    }
}

static void add_type(struct maker *maker, dg_oid oid, dg_oid namespace_oid, const char *name, char kind, dg_oid base)
{
    const struct dg_type type = {
        .oid = oid, .namespace_oid = namespace_oid, .base_oid = base, .name = name, .kind = kind, .category = 'U'};
    must(dg_builder_type(maker->builder, &type));
}

/* A table c1..cn with its row type; columns of `type_oid`. */
static dg_oid add_table_of(struct maker *maker, dg_oid namespace_oid, const char *name, uint16_t n, dg_oid type_oid,
                           const dg_oid *parents, uint16_t n_parents)
{
    static char names[MAX_COLUMNS][8];
    static const struct dg_column system_columns[] = {{.name = "ctid", .type_oid = 27, .typmod = -1, .attnum = -1},
                                                      {.name = "tableoid", .type_oid = 26, .typmod = -1, .attnum = -6}};
    static struct dg_column columns[MAX_COLUMNS];
    dg_oid oid = maker->next_relation;
    maker->next_relation += 2;
    for (uint16_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "c%d", i + 1);
        columns[i] = (struct dg_column){.name = names[i], .type_oid = type_oid, .typmod = -1};
    }
    const struct dg_relation table = {.oid = oid,
                                      .namespace_oid = namespace_oid,
                                      .row_type_oid = oid + 1,
                                      .name = name,
                                      .columns = columns,
                                      .system_columns = system_columns,
                                      .parents = parents,
                                      .n_columns = n,
                                      .n_system_columns = 2,
                                      .n_parents = n_parents,
                                      .kind = 'r',
                                      .persistence = 'p'};
    const struct dg_type row = {.oid = oid + 1,
                                .namespace_oid = namespace_oid,
                                .relation_oid = oid,
                                .name = name,
                                .kind = 'c',
                                .category = 'C'};
    must(dg_builder_relation(maker->builder, &table));
    must(dg_builder_type(maker->builder, &row));
    return oid;
}

static dg_oid add_table(struct maker *maker, const char *name, uint16_t n)
{
    return add_table_of(maker, PUBLIC, name, n, INT4, NULL, 0);
}

static void add_tables(struct maker *maker, size_t n_tables, uint16_t n_columns, uint16_t n_wide_columns)
{
    char name[32];
    for (size_t i = 1; i <= 20; i++) {
        snprintf(name, sizeof(name), "wide%zu", i);
        dg_oid oid = add_table(maker, name, n_wide_columns);
        for (int16_t key = 1; key <= 50; key++) {
            const int16_t attnums[] = {key, (int16_t)(key + 1)};
            const struct dg_unique_index index = {.relation_oid = oid,
                                                  .index_oid = 1000000U + oid * 100U + (dg_oid)key,
                                                  .attnums = attnums,
                                                  .n_attnums = 2};
            must(dg_builder_unique_index(maker->builder, &index));
        }
    }
    for (size_t i = 1; i <= n_tables; i++) {
        snprintf(name, sizeof(name), "t%zu", i);
        add_table(maker, name, n_columns);
    }
}

/* Each of two tables on a level inherits from both of the level above: 2 to the 24 ways up. */
static void add_diamond(struct maker *maker)
{
    dg_oid parents[2] = {0, 0};
    char name[32];
    for (size_t level = 0; level < 24; level++) {
        dg_oid here[2];
        for (size_t i = 0; i < 2; i++) {
            snprintf(name, sizeof(name), "level%zu_%zu", level, i);
            here[i] = add_table_of(maker, PUBLIC, name, 3, INT4, parents, level == 0 ? 0 : 2);
        }
        parents[0] = here[0];
        parents[1] = here[1];
    }
    add_table_of(maker, PUBLIC, "diamond", 3, INT4, parents, 2);
}

/* Its rows are checked against NOT NULL only if no partition is foreign, which is looked for among all relations. */
static void add_partitioned(struct maker *maker)
{
    static const struct dg_column columns[] = {
        {.name = "c1", .type_oid = INT4, .typmod = -1, .flags = DG_COLUMN_NOT_NULL},
        {.name = "c2", .type_oid = INT4, .typmod = -1, .flags = DG_COLUMN_GENERATED}};
    const struct dg_relation table = {.oid = maker->next_relation,
                                      .namespace_oid = PUBLIC,
                                      .row_type_oid = maker->next_relation + 1,
                                      .name = "parted",
                                      .columns = columns,
                                      .n_columns = 2,
                                      .kind = 'p',
                                      .persistence = 'p'};
    maker->next_relation += 2;
    must(dg_builder_relation(maker->builder, &table));
}

static void add_schemas(struct maker *maker, size_t n)
{
    char name[32];
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "schema%zu", i);
        const struct dg_namespace schema = {
            .oid = FIRST_SCHEMA + (dg_oid)i, .name = name, .usage_public = true, .usage_known = true};
        must(dg_builder_namespace(maker->builder, &schema));
        add_table_of(maker, schema.oid, "dup", 5, INT4, NULL, 0);
    }
}

static void add_function(struct maker *maker, const char *name, dg_oid first_type, uint16_t n_inputs, dg_oid result_oid,
                         dg_oid variadic_oid)
{
    static const char *const names[] = {"a1", "a2", "a3", "a4", "a5"};
    struct dg_argument inputs[5];
    assert(n_inputs <= 5);
    for (uint16_t i = 0; i < n_inputs; i++)
        inputs[i] = (struct dg_argument){names[i], i == 0 ? first_type : INT4};
    const struct dg_function function = {.oid = maker->next_function++,
                                         .namespace_oid = CATALOG,
                                         .result_oid = result_oid,
                                         .variadic_oid = variadic_oid,
                                         .name = name,
                                         .inputs = inputs,
                                         .n_inputs = n_inputs,
                                         .kind = 'f'};
    must(dg_builder_function(maker->builder, &function));
}

static void add_functions(struct maker *maker, size_t n_names, size_t n_overloads, dg_oid wide_oid)
{
    char name[32];
    for (size_t i = 0; i < n_names; i++) {
        snprintf(name, sizeof(name), "f%zu", i);
        add_function(maker, name, INT4, (uint16_t)(i % 5), INT4, 0);
    }
    for (size_t i = 0; i < n_overloads; i++) {
        dg_oid type = FIRST_TYPE + (dg_oid)(i % 500);
        add_function(maker, "over", type, (uint16_t)(1 + i % 5), i % 2 == 0 ? INT4 : type, 0);
        add_function(maker, "json_over", type, 3, INT4, 0);
        add_function(maker, "variadic_over", type, 2, INT4, INT4);
        add_function(maker, "takes_row", NESTED + 1, 1, INT4, 0);
    }
    for (dg_oid i = 0; i < 25; i++)
        add_function(maker, "max", FIRST_TYPE + i, 1, FIRST_TYPE + i, 0);
    add_function(maker, "abs", INT4, 1, INT4, 0);
    add_function(maker, "unnest", 2277, 1, 2283, 0);
    add_function(maker, "give_wide", INT4, 0, wide_oid + 1, 0);
}

static void add_types(struct maker *maker)
{
    static const char *const catalog[] = {"int4", "text", "bool"};
    static const dg_oid oids[] = {INT4, 25, 16};
    static char labels[N_LABELS][16];
    static const char *pointers[N_LABELS];
    char name[32];
    for (size_t i = 0; i < 3; i++)
        add_type(maker, oids[i], CATALOG, catalog[i], 'b', 0);
    for (dg_oid i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "type%u", i);
        add_type(maker, FIRST_TYPE + i, PUBLIC, name, 'b', 0);
    }
    for (dg_oid i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), i == 29 ? "deep" : "domain%u", i);
        add_type(maker, FIRST_TYPE + 1000 + i, PUBLIC, name, 'd', i == 0 ? INT4 : FIRST_TYPE + 999 + i);
    }
    add_type(maker, MOOD, PUBLIC, "mood", 'e', 0);
    for (size_t i = 0; i < N_LABELS; i++) {
        snprintf(labels[i], sizeof(labels[i]), "label%zu", i);
        pointers[i] = labels[i];
    }
    must(dg_builder_enum(maker->builder, MOOD, pointers, N_LABELS));
}

struct dg_snapshot *hostile_schema(bool is_large)
{
    static const struct dg_namespace namespaces[] = {
        {.oid = PUBLIC, .name = "public", .usage_public = true, .usage_known = true},
        {.oid = CATALOG, .name = "pg_catalog", .usage_public = true, .usage_known = true}};
    static const struct dg_server_facts facts = {
        .version_num = 150020, .max_identifier_length = 63, .database = "db", .user = "app", .server_encoding = "UTF8"};
    struct maker maker = {dg_builder_new((size_t)256 << 20), FIRST_RELATION, FIRST_FUNCTION};
    struct dg_snapshot *snapshot = NULL;
    if (maker.builder == NULL)
        abort();
    must(dg_builder_facts(maker.builder, &facts));
    for (size_t i = 0; i < 2; i++)
        must(dg_builder_namespace(maker.builder, &namespaces[i]));
    add_types(&maker);
    dg_oid wide_oid = maker.next_relation;
    add_tables(&maker, is_large ? 10000 : 60, is_large ? 20 : 12, is_large ? MAX_COLUMNS : 60);
    add_table_of(&maker, PUBLIC, "moods", 1, MOOD, NULL, 0);
    maker.next_relation = 900000;
    add_table_of(&maker, PUBLIC, "nested1", 1600, 900001, NULL, 0);
    add_diamond(&maker);
    add_partitioned(&maker);
    add_schemas(&maker, is_large ? 1000 : 5);
    add_functions(&maker, 3000, is_large ? 1000 : 10, wide_oid);
    must(dg_builder_finish(maker.builder, 0, 0, &snapshot));
    return snapshot;
}
