/*
 * Name resolution: the way in and out, and the state that the walk shares (resolver.h tells which file does what).
 *
 * The order is PostgreSQL's: what its parse analysis looks at first, we look at first. A statement is decided when
 * every name was found or is certain to be missing; one name that cannot be decided gives the whole statement a reason.
 */
#include "sql/resolve.h"

#include "sql/resolver.h"

void *dg_resolver_alloc(struct dg_resolver *r, size_t size_bytes)
{
    void *memory = dg_arena_zalloc(r->arena, size_bytes);
    if (memory == NULL)
        r->no_memory = true;
    return memory;
}

void dg_resolver_blur(struct dg_resolver *r)
{
    r->is_blurred = true;
}

void dg_resolver_undecided(struct dg_resolver *r, enum dg_reason reason)
{
    if (r->reason == DG_REASON_NONE && !dg_report_has_finding(r))
        r->reason = reason;
    r->is_blurred = true;
}

void dg_resolver_give_up(struct dg_resolver *r)
{
    if (!r->gave_up)
        dg_resolver_undecided(r, DG_REASON_UNKNOWN);
    r->gave_up = true;
}

bool dg_resolver_has_given_up(const struct dg_resolver *r)
{
    return r->gave_up || !dg_work_add(r->work, 0);
}

bool dg_resolver_enter(struct dg_resolver *r)
{
    if (r->no_memory)
        return false;
    if (dg_resolver_has_given_up(r) || r->depth >= DG_RESOLVE_MAX_DEPTH) {
        dg_resolver_give_up(r);
        return false;
    }
    r->depth++;
    return true;
}

bool dg_resolver_work(struct dg_resolver *r, size_t n)
{
    dg_work_add(r->work, n);
    if (dg_resolver_has_given_up(r))
        dg_resolver_give_up(r);
    return !r->gave_up;
}

void dg_resolver_leave(struct dg_resolver *r)
{
    r->depth--;
}

/* An escape for a character that the server's encoding may not have (U&"\65e5", E'\u65e5') fails as it is read. */
static bool may_lack_a_character(const struct dg_resolver *r)
{
    const char *encoding = r->facts->server_encoding;
    if (encoding != NULL && strcmp(encoding, "UTF8") == 0)
        return false;
    for (size_t i = 0; i + 1 < r->text.len; i++) {
        char c = (char)(r->text.data[i] | 0x20);
        if ((c == 'u' && r->text.data[i + 1] == '&') ||
            (r->text.data[i] == '\\' && (r->text.data[i + 1] | 0x20) == 'u'))
            return true;
    }
    return false;
}

static bool resolver_init(struct dg_resolver *r, const struct dg_sql_session *session, struct dg_str text,
                          struct dg_work *work, struct dg_arena *arena)
{
    *r = (struct dg_resolver){
        .session = session, .snapshot = session->snapshot, .text = text, .arena = arena, .work = work};
    r->facts = dg_snapshot_facts(session->snapshot);
    if (session->role != NULL) {
        const struct dg_role *role = dg_snapshot_role(session->snapshot, dg_str_of(session->role));
        r->role_oid = role == NULL ? 0 : role->oid;
    }
    if (!dg_output_init(r))
        return false;
    r->is_blurred = may_lack_a_character(r);
    /* Something uncommitted may have changed any name: nothing is decided. */
    if (session->any_uncommitted)
        dg_resolver_undecided(r, DG_REASON_DDL);
    return true;
}

/* PREPARE looks up its parameters' types before all else; they stand in place of those that Parse declared. */
static void declare_parameters(struct dg_resolver *r, struct dg_sql_session *session, const cJSON *declared)
{
    dg_oid *types = dg_resolver_alloc(r, ((size_t)dg_tree_length(declared) + 1) * sizeof(*types));
    session->n_param_types = 0;
    if (types == NULL)
        return;
    session->param_types = types;
    for (const cJSON *item = declared; item != NULL; item = item->next) {
        const cJSON *type_name = dg_tree_body(item, DG_NODE_TYPE_NAME);
        const struct dg_type *type = dg_names_type(r, type_name);
        if (type == NULL)
            dg_absent_type(r, type_name);
        if (type == NULL || dg_tree_list(type_name, "typmods") != NULL)
            dg_resolver_blur(r);
        types[session->n_param_types++] = type == NULL ? DG_TYPE_UNDECIDED : type->oid;
    }
}

/* FALSE: a statement that is not judged here. */
static bool resolve_statement(struct dg_resolver *r, struct dg_sql_session *session, const cJSON *statement)
{
    struct dg_column_list targets = {0};
    struct dg_node node = dg_tree_node(statement);
    if (node.kind == DG_NODE_PREPARE_STMT) {
        declare_parameters(r, session, dg_tree_list(node.body, "argtypes"));
        statement = dg_tree_field(node.body, "query");
        node = dg_tree_node(statement);
    }
    if (node.kind != DG_NODE_MERGE_STMT) {
        dg_query(r, NULL, statement, NULL, &targets);
        return node.kind == DG_NODE_SELECT_STMT || node.kind == DG_NODE_INSERT_STMT ||
               node.kind == DG_NODE_UPDATE_STMT || node.kind == DG_NODE_DELETE_STMT;
    }
    dg_merge(r, NULL, node.body);
    return true;
}

static enum dg_status resolve(const struct dg_sql_session *session, struct dg_str text, const cJSON *statement,
                              enum dg_reach reach, struct dg_work *work, struct dg_arena *arena,
                              struct dg_resolution *resolution)
{
    struct dg_resolver r;
    struct dg_sql_session own = *session; /* PREPARE changes it */
    *resolution = (struct dg_resolution){.reason = DG_REASON_NO_SNAPSHOT};
    if (session->snapshot == NULL)
        return DG_OK;
    if (!resolver_init(&r, &own, text, work, arena)) {
        resolution->reason = DG_REASON_NO_MEMORY;
        return DG_NO_MEMORY;
    }
    r.reach = reach;
    if (!resolve_statement(&r, &own, statement))
        dg_resolver_undecided(&r, DG_REASON_UTILITY);
    if (dg_resolver_has_given_up(&r))
        dg_resolver_give_up(&r);
    dg_contract_report(&r);
    dg_output_finish(&r, resolution);
    return r.no_memory ? DG_NO_MEMORY : DG_OK;
}

enum dg_status dg_resolve(const struct dg_sql_session *session, struct dg_str text, const cJSON *statement,
                          struct dg_work *work, struct dg_arena *arena, struct dg_resolution *resolution)
{
    return resolve(session, text, statement, DG_REACH_RUN, work, arena, resolution);
}

enum dg_status dg_resolve_wrapped(const struct dg_sql_session *session, struct dg_str text, const cJSON *query,
                                  bool is_planned, struct dg_work *work, struct dg_arena *arena,
                                  struct dg_resolution *resolution)
{
    return resolve(session, text, query, is_planned ? DG_REACH_PLAN : DG_REACH_ANALYSIS, work, arena, resolution);
}

/* ---- statements that are only observed ---- */

static void observe_relation(struct dg_resolver *r, const cJSON *range_var, const cJSON *columns)
{
    struct dg_relation_name name = dg_relation_name_of(range_var);
    if (name.name == NULL)
        return;
    dg_report_relation_name(r, name.schema, name.name);
    struct dg_relation_lookup lookup = dg_names_relation(r, &name);
    if (lookup.result != DG_NAME_FOUND)
        return;
    dg_report_reference(r, lookup.relation->oid, 0, name.location);
    for (const cJSON *item = columns; item != NULL; item = item->next) {
        const char *column_name = dg_tree_sval(item);
        const struct dg_column *column =
            column_name == NULL ? NULL : dg_relation_column(lookup.relation, dg_str_of(column_name));
        if (column != NULL)
            dg_report_reference(r, lookup.relation->oid, column->attnum, name.location);
        else if (column_name != NULL)
            dg_report_column_name(r, "", column_name);
    }
}

static void observe_relations(struct dg_resolver *r, const cJSON *first)
{
    for (const cJSON *item = first; item != NULL; item = item->next) {
        const cJSON *vacuumed = dg_tree_body(item, DG_NODE_VACUUM_RELATION);
        if (vacuumed != NULL)
            observe_relation(r, dg_tree_field(vacuumed, "relation"), dg_tree_list(vacuumed, "va_cols"));
        else
            observe_relation(r, dg_tree_body(item, DG_NODE_RANGE_VAR), NULL);
    }
}

enum dg_status dg_resolve_observed(const struct dg_sql_session *session, struct dg_str text, const cJSON *statement,
                                   struct dg_work *work, struct dg_arena *arena, struct dg_resolution *resolution)
{
    struct dg_resolver r;
    *resolution = (struct dg_resolution){.reason = DG_REASON_NO_SNAPSHOT};
    if (session->snapshot == NULL)
        return DG_OK;
    if (!resolver_init(&r, session, text, work, arena)) {
        resolution->reason = DG_REASON_NO_MEMORY;
        return DG_NO_MEMORY;
    }
    r.is_observed = true;
    struct dg_node node = dg_tree_node(statement);
    if (node.kind == DG_NODE_COPY_STMT)
        observe_relation(&r, dg_tree_field(node.body, "relation"), dg_tree_list(node.body, "attlist"));
    else if (node.kind == DG_NODE_TRUNCATE_STMT || node.kind == DG_NODE_LOCK_STMT)
        observe_relations(&r, dg_tree_list(node.body, "relations"));
    else if (node.kind == DG_NODE_VACUUM_STMT)
        observe_relations(&r, dg_tree_list(node.body, "rels"));
    if (dg_resolver_has_given_up(&r))
        dg_resolver_give_up(&r);
    dg_output_finish(&r, resolution);
    return r.no_memory ? DG_NO_MEMORY : DG_OK;
}
