/*
 * A builder's snapshot answers every lookup with what went in, shares what a patch did not touch, and stays within its
 * limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "sample.h"

static const struct dg_relation *in_public(const struct dg_snapshot *snapshot, const char *name)
{
    return dg_snapshot_relation(snapshot, SAMPLE_PUBLIC, dg_str_of(name));
}

static void a_table_is_found_by_name_and_by_oid(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    sample_table(builder, 16500, "orders", "id! total");
    sample_table(builder, 16400, "leads", "id!");
    struct dg_snapshot *snapshot = sample_finish(builder, 7);

    const struct dg_relation *orders = in_public(snapshot, "orders");
    assert_non_null(orders);
    assert_int_equal(orders->oid, 16500);
    assert_ptr_equal(dg_snapshot_relation_by_oid(snapshot, 16500), orders);
    assert_null(in_public(snapshot, "order"));
    assert_null(in_public(snapshot, "orders2"));
    assert_null(dg_snapshot_relation(snapshot, 11, DG_STR("orders")));
    assert_null(dg_snapshot_relation_by_oid(snapshot, 16501));
    assert_int_equal(dg_snapshot_type(snapshot, SAMPLE_PUBLIC, DG_STR("orders"))->relation_oid, 16500);
    assert_string_equal(dg_snapshot_namespace(snapshot, DG_STR("public"))->name, "public");
    assert_string_equal(dg_snapshot_namespace_by_oid(snapshot, 11)->name, "pg_catalog");
    assert_int_equal(dg_snapshot_read_at_us(snapshot), 7);
    dg_snapshot_unref(snapshot);
}

static void the_snapshot_owns_copies_of_all_strings(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    char name[] = "orders";
    sample_table(builder, 16500, name, "id");
    name[0] = 'X';
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    assert_non_null(in_public(snapshot, "orders"));
    dg_snapshot_unref(snapshot);
}

static void columns_are_found_by_name_then_system_columns_but_never_dropped_ones(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    sample_table(builder, 16500, "orders", "id! - note:25=9");
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    const struct dg_relation *orders = in_public(snapshot, "orders");

    assert_int_equal(dg_relation_column(orders, DG_STR("note"))->attnum, 3);
    assert_int_equal(dg_relation_column(orders, DG_STR("note"))->default_hash, 9);
    assert_int_equal(dg_relation_column(orders, DG_STR("ctid"))->attnum, -1);
    assert_null(dg_relation_column(orders, DG_STR("........pg.dropped........")));
    assert_null(dg_relation_column(orders, DG_STR("")));
    assert_true(dg_relation_column_by_attnum(orders, 2)->flags & DG_COLUMN_DROPPED);
    assert_int_equal(dg_relation_column_by_attnum(orders, -2)->type_oid, 28);
    assert_null(dg_relation_column_by_attnum(orders, 4));
    assert_null(dg_relation_column_by_attnum(orders, 0));
    assert_null(dg_relation_column_by_attnum(orders, -3));
    dg_snapshot_unref(snapshot);
}

static void a_name_is_walked_through_every_schema_in_oid_order(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    for (dg_oid i = 0; i < 1000; i++) {
        char schema[32];
        snprintf(schema, sizeof schema, "tenant%u", i);
        const struct dg_namespace tenant = {.oid = 30000 + i, .name = schema, .usage_public = true};
        assert_int_equal(dg_builder_namespace(builder, &tenant), DG_OK);
        sample_table_in(builder, 30000 + i, 100000 - i * 10, "orders", "id");
    }
    struct dg_snapshot *snapshot = sample_finish(builder, 0);

    assert_int_equal(dg_snapshot_relation(snapshot, 30500, DG_STR("orders"))->oid, 95000);
    size_t cursor = 0;
    size_t n = 0;
    dg_oid last = 0;
    const struct dg_relation *relation;
    while ((relation = dg_snapshot_relations_named(snapshot, DG_STR("orders"), &cursor)) != NULL) {
        assert_true(relation->oid > last);
        last = relation->oid;
        n++;
    }
    assert_int_equal(n, 1000);
    cursor = 0;
    assert_null(dg_snapshot_relations_named(snapshot, DG_STR("nothing"), &cursor));
    cursor = 0;
    n = 0;
    while (dg_snapshot_relations(snapshot, &cursor) != NULL)
        n++;
    assert_int_equal(n, 1000);
    dg_snapshot_unref(snapshot);
}

static void an_empty_snapshot_finds_nothing(void **state)
{
    (void)state;
    struct dg_builder *builder = dg_builder_new(SAMPLE_MAX_BYTES);
    assert_non_null(builder);
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    size_t cursor = 0;
    size_t n;
    assert_null(in_public(snapshot, "orders"));
    assert_null(dg_snapshot_relation_by_oid(snapshot, 1));
    assert_null(dg_snapshot_functions_named(snapshot, DG_STR("abs"), &cursor));
    assert_null(dg_snapshot_relations(snapshot, &cursor));
    assert_null(dg_snapshot_unique_indexes(snapshot, 1, &cursor));
    assert_null(dg_snapshot_enum_labels(snapshot, 1, &n));
    assert_int_equal(n, 0);
    assert_null(dg_snapshot_setting(snapshot, "search_path", 10));
    assert_string_equal(dg_snapshot_facts(snapshot)->database, "");
    dg_snapshot_unref(snapshot);
}

static void functions_come_with_their_arguments(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    const struct dg_argument inputs[] = {{"", 23}, {"scale", 23}};
    const struct dg_argument outputs[] = {{"result", 25}};
    const struct dg_function one = {.oid = 2,
                                    .namespace_oid = 11,
                                    .name = "f",
                                    .inputs = inputs,
                                    .n_inputs = 2,
                                    .outputs = outputs,
                                    .n_outputs = 1,
                                    .kind = 'f'};
    const struct dg_function other = {.oid = 1, .namespace_oid = 2200, .name = "f", .kind = 'p'};
    assert_int_equal(dg_builder_function(builder, &one), DG_OK);
    assert_int_equal(dg_builder_function(builder, &other), DG_OK);
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    size_t cursor = 0;
    assert_int_equal(dg_snapshot_functions_named(snapshot, DG_STR("f"), &cursor)->kind, 'p');
    const struct dg_function *function = dg_snapshot_functions_named(snapshot, DG_STR("f"), &cursor);
    assert_string_equal(function->inputs[1].name, "scale");
    assert_string_equal(function->outputs[0].name, "result");
    assert_null(dg_snapshot_functions_named(snapshot, DG_STR("f"), &cursor));
    dg_snapshot_unref(snapshot);
}

static void a_role_in_a_database_beats_the_role_beats_the_database(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    assert_int_equal(dg_builder_setting(builder, 10, true, "search_path", "role and database"), DG_OK);
    assert_int_equal(dg_builder_setting(builder, 10, false, "search_path", "role"), DG_OK);
    assert_int_equal(dg_builder_setting(builder, 11, false, "search_path", "other role"), DG_OK);
    assert_int_equal(dg_builder_setting(builder, 0, true, "search_path", "database"), DG_OK);
    assert_int_equal(dg_builder_setting(builder, 0, false, "search_path", "everyone"), DG_OK);
    assert_int_equal(dg_builder_setting(builder, 0, false, "lc_messages", "C"), DG_OK);
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    assert_string_equal(dg_snapshot_setting(snapshot, "search_path", 10), "role and database");
    assert_string_equal(dg_snapshot_setting(snapshot, "search_path", 11), "other role");
    assert_string_equal(dg_snapshot_setting(snapshot, "search_path", 12), "database");
    assert_string_equal(dg_snapshot_setting(snapshot, "lc_messages", 10), "C");
    assert_null(dg_snapshot_setting(snapshot, "DateStyle", 10));
    dg_snapshot_unref(snapshot);
}

static void usage_is_public_or_listed_or_not_known(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    const dg_oid listed[] = {40, 20};
    const struct dg_namespace secret = {
        .oid = 5, .name = "secret", .usage_known = true, .usage_roles = listed, .n_usage_roles = 2};
    const struct dg_namespace vague = {.oid = 6, .name = "vague"};
    assert_int_equal(dg_builder_namespace(builder, &secret), DG_OK);
    assert_int_equal(dg_builder_namespace(builder, &vague), DG_OK);
    const dg_oid role_oids[] = {20, 30, 40, 50};
    for (size_t i = 0; i < 4; i++) {
        const struct dg_role role = {.oid = role_oids[i], .name = "r", .is_superuser = role_oids[i] == 50};
        assert_int_equal(dg_builder_role(builder, &role), DG_OK);
    }
    struct dg_snapshot *snapshot = sample_finish(builder, 0);
    const struct {
        const char *schema;
        dg_oid role;
        enum dg_usage usage;
    } cases[] = {{"public", 30, DG_USAGE_YES}, {"secret", 20, DG_USAGE_YES},     {"secret", 40, DG_USAGE_YES},
                 {"secret", 30, DG_USAGE_NO},  {"secret", 99, DG_USAGE_UNKNOWN}, {"vague", 20, DG_USAGE_UNKNOWN},
                 {"vague", 50, DG_USAGE_YES}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dg_namespace *schema = dg_snapshot_namespace(snapshot, dg_str_of(cases[i].schema));
        assert_int_equal(dg_snapshot_usage(snapshot, schema, cases[i].role), cases[i].usage);
    }
    dg_snapshot_unref(snapshot);
}

static void enums_casts_and_unique_indexes_are_found_by_their_owners(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    const char *const moods[] = {"sad", "ok", "happy"};
    const int16_t key[] = {1, 0};
    const struct dg_unique_index later = {.relation_oid = 100, .index_oid = 12, .attnums = key, .n_attnums = 2};
    const struct dg_unique_index first = {
        .relation_oid = 100, .index_oid = 11, .attnums = key, .n_attnums = 1, .is_partial = true};
    const struct dg_unique_index other = {.relation_oid = 99, .index_oid = 13, .attnums = key, .n_attnums = 1};
    assert_int_equal(dg_builder_enum(builder, 500, moods, 3), DG_OK);
    assert_int_equal(dg_builder_enum(builder, 400, NULL, 0), DG_OK);
    assert_int_equal(dg_builder_row_cast(builder, 7, 8), DG_OK);
    assert_int_equal(dg_builder_unique_index(builder, &later), DG_OK);
    assert_int_equal(dg_builder_unique_index(builder, &first), DG_OK);
    assert_int_equal(dg_builder_unique_index(builder, &other), DG_OK);
    struct dg_snapshot *snapshot = sample_finish(builder, 0);

    size_t n;
    assert_string_equal(dg_snapshot_enum_labels(snapshot, 500, &n)[2], "happy");
    assert_int_equal(n, 3);
    assert_null(dg_snapshot_enum_labels(snapshot, 450, &n));
    assert_true(dg_snapshot_has_row_cast(snapshot, 7, 8));
    assert_false(dg_snapshot_has_row_cast(snapshot, 8, 7));
    size_t cursor = 0;
    assert_int_equal(dg_snapshot_unique_indexes(snapshot, 100, &cursor)->index_oid, 11);
    assert_int_equal(dg_snapshot_unique_indexes(snapshot, 100, &cursor)->n_attnums, 2);
    assert_null(dg_snapshot_unique_indexes(snapshot, 100, &cursor));
    dg_snapshot_unref(snapshot);
}

static void a_patch_replaces_one_table_and_shares_the_rest(void **state)
{
    (void)state;
    struct dg_builder *builder = sample_builder();
    sample_table(builder, 16500, "orders", "id total");
    sample_table(builder, 16400, "leads", "id user_email");
    const struct dg_relation index = {
        .oid = 16600, .namespace_oid = SAMPLE_PUBLIC, .owner_oid = 16400, .name = "leads_key", .kind = 'i'};
    const struct dg_unique_index unique = {.relation_oid = 16400, .index_oid = 16600};
    assert_int_equal(dg_builder_relation(builder, &index), DG_OK);
    assert_int_equal(dg_builder_unique_index(builder, &unique), DG_OK);
    struct dg_snapshot *older = sample_finish(builder, 1);
    const struct dg_relation *orders = in_public(older, "orders");

    builder = dg_builder_new_from(older, SAMPLE_MAX_BYTES);
    assert_non_null(builder);
    assert_int_equal(dg_builder_forget_relations(builder, &(dg_oid){16400}, 1), DG_OK);
    sample_table(builder, 16400, "leads", "id contact_email");
    struct dg_snapshot *newer = sample_finish(builder, 2);

    assert_non_null(dg_relation_column(in_public(newer, "leads"), DG_STR("contact_email")));
    assert_null(dg_relation_column(in_public(newer, "leads"), DG_STR("user_email")));
    assert_non_null(dg_relation_column(in_public(older, "leads"), DG_STR("user_email")));
    assert_ptr_equal(in_public(newer, "orders"), orders);
    assert_null(in_public(newer, "leads_key"));
    size_t cursor = 0;
    assert_null(dg_snapshot_unique_indexes(newer, 16400, &cursor));
    assert_true(dg_snapshot_generation(older) != dg_snapshot_generation(newer));
    /* The types of the old row are gone, those of the new one are there once. */
    cursor = 0;
    assert_non_null(dg_snapshot_types_named(newer, DG_STR("_leads"), &cursor));
    assert_null(dg_snapshot_types_named(newer, DG_STR("_leads"), &cursor));
    /* The shared part outlives the snapshot that it came from. */
    dg_snapshot_unref(older);
    assert_string_equal(in_public(newer, "orders")->name, "orders");
    dg_snapshot_unref(newer);
}

static void patches_end_before_the_layers_do(void **state)
{
    (void)state;
    struct dg_snapshot *snapshot = sample_finish(sample_builder(), 0);
    size_t n_patches = 0;
    struct dg_builder *builder;
    while ((builder = dg_builder_new_from(snapshot, SAMPLE_MAX_BYTES)) != NULL) {
        struct dg_snapshot *next = sample_finish(builder, 0);
        dg_snapshot_unref(snapshot);
        snapshot = next;
        n_patches++;
        assert_true(n_patches < 1000);
    }
    assert_true(n_patches > 10);
    dg_snapshot_unref(snapshot);
}

static void a_schema_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct dg_builder *builder = dg_builder_new(64 * 1024);
    assert_non_null(builder);
    enum dg_status status = DG_OK;
    for (dg_oid oid = 1; status == DG_OK && oid < 100000; oid++) {
        char name[32];
        snprintf(name, sizeof name, "type_%u", oid);
        const struct dg_type type = {.oid = oid, .namespace_oid = 11, .name = name};
        status = dg_builder_type(builder, &type);
    }
    assert_int_equal(status, DG_LIMIT);
    dg_builder_free(builder);
}

static void an_index_beyond_the_limit_is_refused_too(void **state)
{
    (void)state;
    /* Labels cost the layer nothing once the name is interned; entries go to the index. */
    struct dg_builder *builder = dg_builder_new(64 * 1024);
    assert_non_null(builder);
    for (size_t i = 0; i < 20000; i++)
        assert_int_equal(dg_builder_row_cast(builder, 1, 2), DG_OK);
    struct dg_snapshot *snapshot;
    assert_int_equal(dg_builder_finish(builder, 0, 0, &snapshot), DG_LIMIT);
    assert_null(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_found_by_name_and_by_oid),
        cmocka_unit_test(the_snapshot_owns_copies_of_all_strings),
        cmocka_unit_test(columns_are_found_by_name_then_system_columns_but_never_dropped_ones),
        cmocka_unit_test(a_name_is_walked_through_every_schema_in_oid_order),
        cmocka_unit_test(an_empty_snapshot_finds_nothing),
        cmocka_unit_test(functions_come_with_their_arguments),
        cmocka_unit_test(a_role_in_a_database_beats_the_role_beats_the_database),
        cmocka_unit_test(usage_is_public_or_listed_or_not_known),
        cmocka_unit_test(enums_casts_and_unique_indexes_are_found_by_their_owners),
        cmocka_unit_test(a_patch_replaces_one_table_and_shares_the_rest),
        cmocka_unit_test(patches_end_before_the_layers_do),
        cmocka_unit_test(a_schema_beyond_the_limit_is_refused),
        cmocka_unit_test(an_index_beyond_the_limit_is_refused_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
