/*
 * The lines of resolution.h.
 */
#include "resolution.h"

#include "unit.h"

#include "sql/parse.h"

struct dg_server_facts usual_facts(void)
{
    return (struct dg_server_facts){.version_num = 150020,
                                    .max_identifier_length = 63,
                                    .database = "shop",
                                    .server_encoding = "UTF8",
                                    .lc_messages = "C",
                                    .search_path = "public",
                                    .system_identifier = ""};
}

struct dg_sql_session usual_session(const struct dg_snapshot *snapshot)
{
    static const char *const path[] = {"$user", "public"};
    return (struct dg_sql_session){
        .snapshot = snapshot, .path = path, .n_path = 2, .path_known = true, .role = "app", .max_tokens = 10000};
}

void render_resolution(const struct dg_resolution *resolution, struct dg_text *out)
{
    dg_text_cstr(out, resolution->reason == DG_REASON_NONE ? "ok" : dg_reason_label(resolution->reason));
    for (size_t i = 0; i < resolution->n_findings; i++) {
        const struct dg_sql_finding *finding = &resolution->findings[i];
        dg_text_printf(out, "; %s @%u%s%s %s", finding->sqlstate, finding->position, finding->is_exact ? " exact" : "",
                       finding->is_certain ? " certain" : "", finding->message);
    }
}

void check(const struct dg_sql_session *session, const char *sql, const char *answer)
{
    struct dg_arena arena;
    struct dg_parse parse;
    struct dg_resolution resolution;
    struct dg_text out;
    dg_arena_init(&arena, RESOLUTION_ARENA_BYTES);
    dg_text_init(&out, 1 << 16);
    assert_int_equal(dg_parse_init(&parse, dg_str_of(sql), &arena), DG_OK);
    assert_int_equal(parse.n_statements, 1);
    assert_int_equal(dg_resolve(session, dg_str_of(sql), parse.statements[0].node, NULL, &arena, &resolution), DG_OK);
    render_resolution(&resolution, &out);
    if (strcmp(dg_text_get(&out), answer) != 0)
        fail_msg("%s\n   gave %s\n   not  %s", sql, dg_text_get(&out), answer);
    dg_parse_fini(&parse);
    dg_text_fini(&out);
    dg_arena_fini(&arena);
}

void check_all(const struct dg_sql_session *session, const struct resolution_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(session, cases[i].sql, cases[i].answer);
}
