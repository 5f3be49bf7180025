/*
 * The JSON is in an order of names, and types are written as people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "sample.h"
#include "schema/names.h"
#include "schema/print.h"

static void relations_are_printed_by_name_with_their_columns(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    sample_table(builder, 16400, "zebra", "id! note:25=7");
    sample_table(builder, 16500, "a\"pe", "id -");
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    struct dg_text json;
    dg_text_init(&json, 1 << 20);
    dg_snapshot_print_json(snapshot, false, &json);
    assert_false(json.failed);
    assert_string_equal(
        dg_text_get(&json),
        "{\n  \"database\": \"\", \"read_at\": \"1970-01-01T00:00:00.000Z\",\n  \"server_version_num\": 0,"
        " \"server_encoding\": \"UTF8\", \"search_path\": \"\\\"$user\\\", public\", \"lc_messages\": \"C\","
        " \"system_identifier\": \"\",\n  \"schemas\": [\n   {\"name\": \"public\",\n    \"relations\": [\n"
        "      {\"name\": \"a\\\"pe\", \"kind\": \"table\", \"oid\": 16500, \"columns\": [\n"
        "        {\"attnum\": 1, \"name\": \"id\", \"type\": \"integer\"},\n"
        "        {\"attnum\": 2, \"dropped\": true}\n      ]},\n"
        "      {\"name\": \"zebra\", \"kind\": \"table\", \"oid\": 16400, \"columns\": [\n"
        "        {\"attnum\": 1, \"name\": \"id\", \"type\": \"integer\", \"not_null\": true},\n"
        "        {\"attnum\": 2, \"name\": \"note\", \"type\": \"text\", \"has_default\": true}\n      ]}\n    ],\n"
        "    \"types\": [],\n    \"functions\": []}\n  ]\n}\n");
    dg_text_fini(&json);
    dg_snapshot_unref(snapshot);
}

static void a_text_that_is_too_small_says_so(void **state)
{
    (void)state;
    struct dg_snapshot *snapshot = sample_finish(sample_builder(), 0);
    struct dg_text json;
    dg_text_init(&json, 64);
    dg_snapshot_print_json(snapshot, true, &json);
    assert_true(json.failed);
    dg_text_fini(&json);
    dg_snapshot_unref(snapshot);
}

static void types_have_the_names_that_format_type_gives(void **state)
{
    (void)state;
    const struct {
        dg_oid oid;
        int32_t typmod;
        const char *name;
    } cases[] = {{23, -1, "integer"},
                 {1043, 24, "character varying(20)"},
                 {1043, -1, "character varying"},
                 {1700, (10 << 16 | 2) + 4, "numeric(10,2)"},
                 {1700, (3 << 16 | (-2 & 0x7ff)) + 4, "numeric(3,-2)"},
                 {1184, -1, "timestamp with time zone"},
                 {1184, 3, "timestamp(3) with time zone"},
                 {1560, 8, "bit(8)"},
                 {25, -1, "text"},
                 {100, -1, "shop.\"Mood\""},
                 {101, -1, "shop.\"Mood\"[]"},
                 {99999, -1, "type 99999"}};
    struct dg_builder *builder = sample_builder();
    const struct dg_namespace shop = {.oid = 5, .name = "shop"};
    const struct dg_type mood = {.oid = 100, .namespace_oid = 5, .name = "Mood", .kind = 'e'};
    const struct dg_type moods = {
        .oid = 101, .namespace_oid = 5, .element_oid = 100, .name = "_Mood", .is_array = true};
    assert_int_equal(dg_builder_namespace(builder, &shop), DG_OK);
    assert_int_equal(dg_builder_type(builder, &mood), DG_OK);
    assert_int_equal(dg_builder_type(builder, &moods), DG_OK);
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dg_text name;
        dg_text_init(&name, 256);
        dg_snapshot_type_name(snapshot, cases[i].oid, cases[i].typmod, &name);
        assert_string_equal(dg_text_get(&name), cases[i].name);
        dg_text_fini(&name);
    }
    dg_snapshot_unref(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relations_are_printed_by_name_with_their_columns),
        cmocka_unit_test(a_text_that_is_too_small_says_so),
        cmocka_unit_test(types_have_the_names_that_format_type_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
