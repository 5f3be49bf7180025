/*
 * The whole analysis over any bytes, against a small schema: the parser, the effects, the resolver. The first byte
 * chooses what the session is like. What comes out must lie inside the text and inside the enums.
 */
#include "fuzz.h"
#include "schema/builder.h"
#include "sql/analysis.h"

#define PUBLIC_OID 2200u

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void add_table(struct dg_builder *builder, dg_oid oid, const char *name, const char *const *columns, size_t n)
{
    static const struct dg_column system_columns[] = {{.name = "ctid", .type_oid = 27, .typmod = -1, .attnum = -1}};
    struct dg_column parsed[8] = {0};
    const struct dg_relation table = {.oid = oid,
                                      .namespace_oid = PUBLIC_OID,
                                      .row_type_oid = oid + 1,
                                      .name = name,
                                      .columns = parsed,
                                      .n_columns = (uint16_t)n,
                                      .system_columns = system_columns,
                                      .n_system_columns = 1,
                                      .kind = 'r',
                                      .persistence = 'p'};
    const struct dg_type row = {
        .oid = oid + 1, .namespace_oid = PUBLIC_OID, .relation_oid = oid, .name = name, .kind = 'c', .category = 'C'};

    for (size_t i = 0; i < n; i++)
        parsed[i] = (struct dg_column){.name = columns[i], .type_oid = 23, .typmod = -1};
    check(dg_builder_relation(builder, &table) == DG_OK);
    check(dg_builder_type(builder, &row) == DG_OK);
}

static struct dg_snapshot *make_snapshot(void)
{
    static const char *const orders[] = {"id", "total", "lead_id", "confirmed_at"};
    static const char *const leads[] = {"id", "user_email", "data"};
    static const struct dg_namespace namespaces[] = {
        {.oid = PUBLIC_OID, .name = "public", .usage_public = true, .usage_known = true},
        {.oid = 11, .name = "pg_catalog", .usage_public = true, .usage_known = true}};
    static const struct dg_argument input = {.name = "", .type_oid = 23};
    static const struct dg_function function = {.oid = 1397,
                                                .namespace_oid = 11,
                                                .result_oid = 23,
                                                .name = "abs",
                                                .inputs = &input,
                                                .n_inputs = 1,
                                                .kind = 'f'};
    static const struct dg_type int4 = {.oid = 23, .namespace_oid = 11, .name = "int4", .kind = 'b', .category = 'N'};
    struct dg_builder *builder = dg_builder_new((size_t)1 << 20);
    struct dg_snapshot *snapshot;

    check(builder != NULL);
    for (size_t i = 0; i < 2; i++)
        check(dg_builder_namespace(builder, &namespaces[i]) == DG_OK);
    check(dg_builder_type(builder, &int4) == DG_OK);
    check(dg_builder_function(builder, &function) == DG_OK);
    add_table(builder, 16500, "orders", orders, 4);
    add_table(builder, 16600, "leads", leads, 3);
    check(dg_builder_finish(builder, 0, 0, &snapshot) == DG_OK);
    return snapshot;
}

static void check_statement(const struct dg_sql_statement *statement, size_t text_len)
{
    check(statement->command != NULL);
    check(statement->class <= DG_CLASS_UTILITY && statement->reason < DG_REASON_COUNT);
    check(statement->location <= text_len && statement->len <= text_len);
    for (size_t i = 0; i < statement->n_references; i++)
        check(statement->references[i].location <= text_len && statement->references[i].clause < DG_CLAUSE_COUNT);
    for (size_t i = 0; i < statement->n_findings; i++) {
        check(statement->findings[i].position <= text_len + 1);
        check(statement->findings[i].kind < DG_FINDING_KIND_COUNT);
        check(strlen(statement->findings[i].sqlstate) == 5 && statement->findings[i].message != NULL);
    }
    for (size_t i = 0; i < statement->n_effects; i++)
        for (size_t j = 0; j < statement->effects[i].n_names; j++)
            check(strlen(statement->effects[i].names[j].schema) + strlen(statement->effects[i].names[j].name) <=
                  2 * text_len + 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const path[] = {"$user", "public"};
    static const char *const local_names[] = {"leads"};
    struct dg_snapshot *snapshot;
    struct dg_sql_session session = {.path = path, .n_path = 2, .max_tokens = 2000};
    struct dg_sql_analysis analysis;
    struct dg_arena arena;
    struct dg_str text;

    if (size == 0 || memchr(data + 1, '\0', size - 1) != NULL)
        return 0;
    snapshot = make_snapshot();
    text = (struct dg_str){(const char *)data + 1, size - 1};
    session.path_known = (data[0] & 1) == 0;
    session.snapshot = (data[0] & 2) == 0 ? snapshot : NULL;
    session.role = (data[0] & 4) == 0 ? "app" : NULL;
    session.local_names = local_names;
    session.n_local_names = (data[0] & 8) == 0 ? 0 : 1;
    session.any_uncommitted = (data[0] & 16) != 0;
    dg_arena_init(&arena, (data[0] & 32) == 0 ? (size_t)64 << 20 : (size_t)16 << 10);
    if (dg_sql_analyze(text, &session, &arena, &analysis) != DG_OK)
        check(analysis.n_statements == 0 && analysis.reason != DG_REASON_NONE);
    for (size_t i = 0; i < analysis.n_statements; i++)
        check_statement(&analysis.statements[i], text.len);
    dg_arena_fini(&arena);
    dg_snapshot_unref(snapshot);
    return 0;
}
