/*
 * The shop by way of schema/builder.h.
 */
#include "shop.h"

#include "schema/builder.h"
#include "unit.h"

enum { CATALOG = 11, PUBLIC = 2200, TENANT = 3000, SECRET = 3001, INT4 = 23, TEXT = 25 };

struct shop shop_before(void)
{
    return (struct shop){.lead_email = "user_email",
                         .leads = "leads",
                         .idle_timeout_known = true,
                         .read_at_us = SHOP_BEFORE_US,
                         .search_path = "\"$user\", public"};
}

static void add_relation(struct dg_builder *builder, dg_oid oid, dg_oid schema, const char *name,
                         const char *const *columns, uint16_t n)
{
    struct dg_column items[8] = {{0}};
    for (uint16_t i = 0; i < n; i++) {
        items[i] = (struct dg_column){.name = columns[i] == NULL ? "........pg.dropped.2........" : columns[i],
                                      .type_oid = i == 0 ? INT4 : TEXT,
                                      .typmod = -1,
                                      .attnum = (int16_t)(i + 1),
                                      .flags = columns[i] == NULL ? DG_COLUMN_DROPPED : 0};
    }
    struct dg_relation relation = {.oid = oid,
                                   .namespace_oid = schema,
                                   .row_type_oid = oid + 1,
                                   .name = name,
                                   .columns = items,
                                   .n_columns = n,
                                   .kind = 'r',
                                   .persistence = 'p'};
    assert_int_equal(dg_builder_relation(builder, &relation), DG_OK);
}

static void add_relations(struct dg_builder *builder, const struct shop *shop)
{
    const char *const leads[] = {"id", shop->lead_email, "name"};
    const char *const orders[] = {"id", "total", "created_at", "confirmed_at"};
    const char *const tickets[] = {"id", "subject"};
    const char *const databases[] = {"oid", "datlocale"};
    if (shop->leads != NULL)
        add_relation(builder, SHOP_LEADS, shop->leads_in_tenant ? TENANT : PUBLIC, shop->leads, leads, 3);
    add_relation(builder, SHOP_ORDERS, PUBLIC, "orders", orders, shop->has_confirmed_at ? 4 : 3);
    add_relation(builder, SHOP_TICKETS, TENANT, "tickets", tickets, 2);
    add_relation(builder, SHOP_VAULT, SECRET, "vault", tickets, 1);
    add_relation(builder, SHOP_PG_DATABASE, CATALOG, "pg_database", databases, 2);
}

static void add_rest(struct dg_builder *builder, const struct shop *shop)
{
    static const dg_oid keepers[] = {11};
    const struct dg_namespace schemas[] = {
        {.oid = CATALOG, .name = "pg_catalog", .usage_public = true, .usage_known = true},
        {.oid = PUBLIC, .name = "public", .usage_public = true, .usage_known = true},
        {.oid = TENANT, .name = "tenant", .usage_public = true, .usage_known = true},
        {.oid = SECRET, .name = "secret", .usage_known = true, .usage_roles = keepers, .n_usage_roles = 1}};
    const struct dg_type types[] = {
        {.oid = INT4, .namespace_oid = CATALOG, .name = "int4", .kind = 'b', .category = 'N'},
        {.oid = TEXT, .namespace_oid = CATALOG, .name = "text", .kind = 'b', .category = 'S'}};
    const struct dg_role role = {.oid = SHOP_APP, .name = "app"};
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
        assert_int_equal(dg_builder_namespace(builder, &schemas[i]), DG_OK);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        assert_int_equal(dg_builder_type(builder, &types[i]), DG_OK);
    assert_int_equal(dg_builder_role(builder, &role), DG_OK);
    if (shop->role_path != NULL)
        assert_int_equal(dg_builder_setting(builder, SHOP_APP, true, "search_path", shop->role_path), DG_OK);
}

struct dg_snapshot *shop_snapshot(const struct shop *shop)
{
    struct dg_builder *builder = dg_builder_new((size_t)4 << 20);
    assert_non_null(builder);
    const struct dg_server_facts facts = {.version_num = 150020,
                                          .max_identifier_length = 63,
                                          .database = "shop",
                                          .database_oid = 5,
                                          .user = "guard",
                                          .server_encoding = "UTF8",
                                          .lc_messages = "C",
                                          .search_path = shop->search_path,
                                          .system_identifier = "",
                                          .idle_session_timeout_is_off = shop->idle_timeout_known,
                                          .is_direct = !shop->is_pooled};
    assert_int_equal(dg_builder_facts(builder, &facts), DG_OK);
    add_rest(builder, shop);
    add_relations(builder, shop);
    struct dg_snapshot *snapshot = NULL;
    assert_int_equal(dg_builder_finish(builder, shop->read_at_us, shop->covers, &snapshot), DG_OK);
    return snapshot;
}
