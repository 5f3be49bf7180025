#include "rich.h"

#include <stdlib.h>

#include "schema/builder.h"

enum {
    CATALOG = 11,
    PUBLIC = 2200,
    OTHER = 2201,
    INT4 = 23,
    INT4_ARRAY = 1007,
    TEXT = 25,
    BOOL = 16,
    RECORD = 2249,
    ANYELEMENT = 2283,
    ANYARRAY = 2277,
    MOOD = 5000,
    DOMAIN = 5001,
    REQUIRED_DOMAIN = 5002,
    MONEY_ROW = 6001
};

const char *const rich_names[] = {
    "orders", "leads",  "items", "moods",   "v",      "seq",       "parted", "child",    "money_row", "public",
    "other",  "id",     "total", "lead_id", "data",   "m",         "price",  "amount",   "unit",      "gen",
    "ident",  "needed", "abs",   "max",     "concat", "rows_of",   "series", "first_of", "mood",      "dom",
    "req",    "int4",   "text",  "nope",    "o",      "l",         "i",      "excluded", "ctid",      "tableoid",
    "x",      "y",      "upper", "unnest",  "now",    "pg_catalog"};
const size_t n_rich_names = sizeof(rich_names) / sizeof(rich_names[0]);

static void must(enum dg_status status)
{
    if (status != DG_OK)
        abort();
}

struct maker {
    struct dg_builder *builder;
    dg_oid next_function;
};

struct column {
    const char *name;
    dg_oid type_oid;
    uint16_t flags;
};

static void add_relation(struct maker *maker, struct dg_relation relation, const struct column *columns, uint16_t n)
{
    static const struct dg_column system_columns[] = {{.name = "ctid", .type_oid = 27, .typmod = -1, .attnum = -1},
                                                      {.name = "tableoid", .type_oid = 26, .typmod = -1, .attnum = -6}};
    struct dg_column all[32] = {0};
    for (uint16_t i = 0; i < n; i++)
        all[i] = (struct dg_column){
            .name = columns[i].name, .type_oid = columns[i].type_oid, .typmod = -1, .flags = columns[i].flags};
    relation.row_type_oid = relation.kind == 'S' ? 0 : relation.oid + 1;
    relation.columns = all;
    relation.n_columns = n;
    relation.system_columns = system_columns;
    relation.n_system_columns = relation.kind == 'c' ? 0 : 2;
    relation.persistence = 'p';
    if (relation.namespace_oid == 0)
        relation.namespace_oid = PUBLIC;
    must(dg_builder_relation(maker->builder, &relation));
    if (relation.row_type_oid == 0)
        return;
    const struct dg_type row = {.oid = relation.row_type_oid,
                                .namespace_oid = relation.namespace_oid,
                                .relation_oid = relation.oid,
                                .name = relation.name,
                                .kind = 'c',
                                .category = 'C'};
    must(dg_builder_type(maker->builder, &row));
}

#define LENGTH(array) ((uint16_t)(sizeof(array) / sizeof((array)[0])))

static void add_relations(struct maker *maker)
{
    static const struct column orders[] = {{"id", INT4, DG_COLUMN_NOT_NULL | DG_COLUMN_HAS_DEFAULT},
                                           {"total", INT4, 0},
                                           {"lead_id", INT4, 0},
                                           {"gone", INT4, DG_COLUMN_DROPPED},
                                           {"needed", TEXT, DG_COLUMN_NOT_NULL},
                                           {"gen", INT4, DG_COLUMN_GENERATED},
                                           {"ident", INT4, DG_COLUMN_NOT_NULL | DG_COLUMN_IDENTITY_ALWAYS}};
    static const struct column leads[] = {{"id", INT4, 0}, {"data", TEXT, 0}, {"price", MONEY_ROW, 0}};
    static const struct column items[] = {{"id", INT4, 0}, {"unit", INT4_ARRAY, 0}, {"req", REQUIRED_DOMAIN, 0}};
    static const struct column moods[] = {{"id", INT4, 0}, {"m", MOOD, DG_COLUMN_NOT_NULL}, {"dom", DOMAIN, 0}};
    static const struct column money[] = {{"amount", INT4, 0}, {"unit", TEXT, 0}};
    static const struct column one[] = {{"id", INT4, DG_COLUMN_NOT_NULL}};
    static const struct column wide[] = {
        {"c01", INT4, 0}, {"c02", INT4, 0}, {"c03", INT4, 0}, {"c04", INT4, 0}, {"c05", INT4, 0}, {"c06", INT4, 0},
        {"c07", INT4, 0}, {"c08", INT4, 0}, {"c09", INT4, 0}, {"c10", INT4, 0}, {"c11", INT4, 0}, {"c12", INT4, 0},
        {"c13", INT4, 0}, {"c14", INT4, 0}, {"c15", INT4, 0}, {"c16", INT4, 0}, {"c17", INT4, 0}, {"id", INT4, 0}};
    static const dg_oid parent[] = {7100};
    add_relation(maker, (struct dg_relation){.oid = 7000, .name = "orders", .kind = 'r'}, orders, LENGTH(orders));
    add_relation(maker, (struct dg_relation){.oid = 7100, .name = "leads", .kind = 'r'}, leads, LENGTH(leads));
    add_relation(maker, (struct dg_relation){.oid = 7200, .name = "items", .kind = 'r', .flags = DG_RELATION_INSTEAD},
                 items, LENGTH(items));
    add_relation(maker, (struct dg_relation){.oid = 7300, .name = "moods", .kind = 'r'}, moods, LENGTH(moods));
    add_relation(maker, (struct dg_relation){.oid = 6000, .name = "money_row", .kind = 'c'}, money, LENGTH(money));
    add_relation(maker, (struct dg_relation){.oid = 7400, .name = "v", .kind = 'v'}, leads, LENGTH(leads));
    add_relation(maker, (struct dg_relation){.oid = 7500, .name = "seq", .kind = 'S'}, one, LENGTH(one));
    add_relation(maker, (struct dg_relation){.oid = 7600, .name = "parted", .kind = 'p'}, one, LENGTH(one));
    add_relation(maker,
                 (struct dg_relation){.oid = 7700, .name = "child", .kind = 'r', .parents = parent, .n_parents = 1},
                 leads, LENGTH(leads));
    add_relation(maker, (struct dg_relation){.oid = 7800, .name = "orders", .kind = 'r', .namespace_oid = OTHER}, one,
                 LENGTH(one));
    add_relation(maker, (struct dg_relation){.oid = 7900, .name = "wide", .kind = 'r', .namespace_oid = OTHER}, wide,
                 LENGTH(wide));
    const int16_t keys[] = {1, 2};
    must(dg_builder_unique_index(/* pg_class: indexes are known */
                                 maker->builder,
                                 &(struct dg_unique_index){
                                     .relation_oid = 1259, .index_oid = 2662, .attnums = keys, .n_attnums = 1}));
    must(dg_builder_unique_index(
        maker->builder,
        &(struct dg_unique_index){.relation_oid = 7000, .index_oid = 8000, .attnums = keys, .n_attnums = 1}));
    must(dg_builder_unique_index(
        maker->builder,
        &(struct dg_unique_index){
            .relation_oid = 7100, .index_oid = 8001, .attnums = keys, .n_attnums = 2, .is_partial = true}));
}

static void add_types(struct maker *maker)
{
    static const struct dg_type types[] = {
        {.oid = INT4, .namespace_oid = CATALOG, .name = "int4", .kind = 'b', .category = 'N'},
        {.oid = TEXT, .namespace_oid = CATALOG, .name = "text", .kind = 'b', .category = 'S'},
        {.oid = BOOL, .namespace_oid = CATALOG, .name = "bool", .kind = 'b', .category = 'B'},
        {.oid = RECORD, .namespace_oid = CATALOG, .name = "record", .kind = 'p', .category = 'P'},
        {.oid = ANYELEMENT, .namespace_oid = CATALOG, .name = "anyelement", .kind = 'p', .category = 'P'},
        {.oid = ANYARRAY, .namespace_oid = CATALOG, .name = "anyarray", .kind = 'p', .category = 'P'},
        {.oid = INT4_ARRAY,
         .namespace_oid = CATALOG,
         .element_oid = INT4,
         .name = "_int4",
         .kind = 'b',
         .category = 'A',
         .is_array = true},
        {.oid = MOOD, .namespace_oid = PUBLIC, .name = "mood", .kind = 'e', .category = 'E'},
        {.oid = DOMAIN, .namespace_oid = PUBLIC, .base_oid = INT4, .name = "dom", .kind = 'd', .category = 'N'},
        {.oid = REQUIRED_DOMAIN,
         .namespace_oid = OTHER,
         .base_oid = DOMAIN,
         .name = "req",
         .kind = 'd',
         .category = 'N',
         .is_not_null = true}};
    static const char *const labels[] = {"happy", "sad", "x"};
    for (size_t i = 0; i < LENGTH(types); i++)
        must(dg_builder_type(maker->builder, &types[i]));
    must(dg_builder_enum(maker->builder, MOOD, labels, 3));
}

static void add_function(struct maker *maker, struct dg_function function)
{
    function.oid = maker->next_function++;
    if (function.namespace_oid == 0)
        function.namespace_oid = CATALOG;
    if (function.kind == 0)
        function.kind = 'f';
    must(dg_builder_function(maker->builder, &function));
}

static void add_functions(struct maker *maker)
{
    static const struct dg_argument numbers[] = {{"a", INT4}, {"b", INT4}};
    static const struct dg_argument texts[] = {{"t", TEXT}};
    static const struct dg_argument any[] = {{"", ANYELEMENT}};
    static const struct dg_argument array[] = {{"", ANYARRAY}};
    static const struct dg_argument row[] = {{"", 7101}};
    static const struct dg_argument outputs[] = {{"x", INT4}, {"y", TEXT}};
#define INPUTS(array_) .inputs = (array_), .n_inputs = LENGTH(array_)
    add_function(maker, (struct dg_function){.name = "now", .result_oid = INT4});
    add_function(maker, (struct dg_function){.name = "abs", .result_oid = INT4, .inputs = numbers, .n_inputs = 1});
    add_function(maker, (struct dg_function){.name = "max", .result_oid = ANYELEMENT, INPUTS(any), .kind = 'a'});
    add_function(maker, (struct dg_function){.name = "max", .result_oid = TEXT, INPUTS(texts), .kind = 'a'});
    add_function(maker, (struct dg_function){.name = "upper", .result_oid = TEXT, INPUTS(texts)});
    add_function(maker,
                 (struct dg_function){.name = "concat", .result_oid = TEXT, INPUTS(texts), .variadic_oid = TEXT});
    add_function(maker,
                 (struct dg_function){
                     .name = "series", .result_oid = INT4, INPUTS(numbers), .n_defaults = 1, .returns_set = true});
    add_function(maker,
                 (struct dg_function){.name = "unnest", .result_oid = ANYELEMENT, INPUTS(array), .returns_set = true});
    add_function(maker, (struct dg_function){.name = "rows_of",
                                             .result_oid = RECORD,
                                             .namespace_oid = PUBLIC,
                                             .outputs = outputs,
                                             .n_outputs = 2,
                                             .returns_set = true});
    add_function(maker,
                 (struct dg_function){.name = "first_of", .result_oid = 7101, .namespace_oid = PUBLIC, INPUTS(row)});
    add_function(maker,
                 (struct dg_function){.name = "first_of", .result_oid = INT4, .namespace_oid = OTHER, INPUTS(numbers)});
    add_function(maker, (struct dg_function){
                            .name = "proc", .result_oid = 2278, .namespace_oid = PUBLIC, INPUTS(numbers), .kind = 'p'});
#undef INPUTS
}

struct dg_snapshot *rich_snapshot(void)
{
    static const struct dg_namespace namespaces[] = {
        {.oid = CATALOG, .name = "pg_catalog", .usage_public = true, .usage_known = true},
        {.oid = PUBLIC, .name = "public", .usage_public = true, .usage_known = true},
        {.oid = OTHER, .name = "other", .usage_public = true, .usage_known = true}};
    static const struct dg_server_facts facts = {
        .version_num = 150020, .max_identifier_length = 63, .database = "db", .user = "app", .server_encoding = "UTF8"};
    struct maker maker = {dg_builder_new((size_t)1 << 20), 9000};
    struct dg_snapshot *snapshot = NULL;
    if (maker.builder == NULL)
        abort();
    must(dg_builder_facts(maker.builder, &facts));
    for (size_t i = 0; i < LENGTH(namespaces); i++)
        must(dg_builder_namespace(maker.builder, &namespaces[i]));
    add_types(&maker);
    add_relations(&maker);
    add_functions(&maker);
    must(dg_builder_role(maker.builder, &(struct dg_role){.oid = 10, .name = "app"}));
    must(dg_builder_finish(maker.builder, 0, 0, &snapshot));
    return snapshot;
}
