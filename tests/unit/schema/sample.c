/*
 * Turns the one-line descriptions of sample.h into calls of the builder.
 */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define MAX_COLUMNS 64

struct dg_builder *sample_builder(void)
{
    struct dg_builder *builder = dg_builder_new(SAMPLE_MAX_BYTES);
    assert_non_null(builder);
    const struct dg_namespace public_schema = {.oid = SAMPLE_PUBLIC, .name = "public", .usage_public = true};
    const struct dg_namespace catalog = {.oid = 11, .name = "pg_catalog", .usage_public = true};
    const struct dg_type int4 = {.oid = 23, .namespace_oid = 11, .name = "int4", .kind = 'b', .category = 'N'};
    const struct dg_type text = {.oid = 25, .namespace_oid = 11, .name = "text", .kind = 'b', .category = 'S'};
    assert_int_equal(dg_builder_namespace(builder, &public_schema), DG_OK);
    assert_int_equal(dg_builder_namespace(builder, &catalog), DG_OK);
    assert_int_equal(dg_builder_type(builder, &int4), DG_OK);
    assert_int_equal(dg_builder_type(builder, &text), DG_OK);
    return builder;
}

/* One word of the description into a column; the name goes to `name`. */
static void parse_column(const char *word, size_t len, char name[64], struct dg_column *column)
{
    size_t name_len = 0;
    while (name_len < len && strchr(":!=", word[name_len]) == NULL)
        name_len++;
    assert_true(name_len < 64);
    memcpy(name, word, name_len);
    name[name_len] = '\0';
    *column = (struct dg_column){.name = name, .type_oid = 23, .typmod = -1};
    if (strcmp(name, "-") == 0) {
        *column = (struct dg_column){.name = "........pg.dropped........", .flags = DG_COLUMN_DROPPED};
        return;
    }
    for (size_t i = name_len; i < len; i++) {
        unsigned long number = strtoul(word + i + 1, NULL, 10);
        if (word[i] == ':')
            column->type_oid = (dg_oid)number;
        if (word[i] == '!')
            column->flags |= DG_COLUMN_NOT_NULL;
        if (word[i] == '=') {
            column->flags |= DG_COLUMN_HAS_DEFAULT;
            column->default_hash = (uint32_t)number;
        }
    }
}

static uint16_t parse_columns(const char *text, struct dg_column *columns, char names[MAX_COLUMNS][64])
{
    uint16_t n = 0;
    for (size_t at = strspn(text, " "); text[at] != '\0'; at += strspn(text + at, " ")) {
        size_t len = strcspn(text + at, " ");
        assert_true(n < MAX_COLUMNS);
        parse_column(text + at, len, names[n], &columns[n]);
        n++;
        at += len;
    }
    return n;
}

void sample_table_in(struct dg_builder *builder, dg_oid namespace_oid, dg_oid oid, const char *name,
                     const char *columns)
{
    static const struct dg_column system_columns[] = {
        {.name = "ctid", .type_oid = 27, .typmod = -1, .attnum = -1, .flags = DG_COLUMN_NOT_NULL},
        {.name = "xmin", .type_oid = 28, .typmod = -1, .attnum = -2, .flags = DG_COLUMN_NOT_NULL}};
    struct dg_column parsed[MAX_COLUMNS];
    char names[MAX_COLUMNS][64];
    const struct dg_relation table = {.oid = oid,
                                      .namespace_oid = namespace_oid,
                                      .row_type_oid = oid + 1,
                                      .name = name,
                                      .columns = parsed,
                                      .n_columns = parse_columns(columns, parsed, names),
                                      .system_columns = system_columns,
                                      .n_system_columns = 2,
                                      .kind = 'r',
                                      .persistence = 'p'};
    const struct dg_type row = {.oid = oid + 1,
                                .namespace_oid = namespace_oid,
                                .relation_oid = oid,
                                .name = name,
                                .kind = 'c',
                                .category = 'C'};
    char array_name[80];
    snprintf(array_name, sizeof array_name, "_%s", name);
    const struct dg_type array = {.oid = oid + 2,
                                  .namespace_oid = namespace_oid,
                                  .element_oid = oid + 1,
                                  .name = array_name,
                                  .kind = 'b',
                                  .category = 'A',
                                  .is_array = true};
    assert_int_equal(dg_builder_relation(builder, &table), DG_OK);
    assert_int_equal(dg_builder_type(builder, &row), DG_OK);
    assert_int_equal(dg_builder_type(builder, &array), DG_OK);
}

void sample_table(struct dg_builder *builder, dg_oid oid, const char *name, const char *columns)
{
    sample_table_in(builder, SAMPLE_PUBLIC, oid, name, columns);
}

struct dg_snapshot *sample_finish(struct dg_builder *builder, int64_t read_at_us)
{
    struct dg_snapshot *snapshot;
    assert_int_equal(dg_builder_finish(builder, read_at_us, 0, &snapshot), DG_OK);
    return snapshot;
}
