/*
 * What a completed statement did to its session: the settings and names of path.h, and the map of prepared statements.
 */
#include "guard/state.h"

void dg_session_move_epoch(struct dg_guard_session *session)
{
    if (session->view != NULL && session->view->database != NULL)
        atomic_fetch_add(&session->view->database->epoch, 1);
}

void dg_session_committed(void *context, const struct dg_schema_name *names, size_t n_names)
{
    struct dg_guard_session *session = context;
    dg_session_move_epoch(session);
    if (session->handle == NULL)
        return;
    dg_schema_database_changed(session->handle, names, n_names);
    session->own_changes = dg_schema_database_changes(session->handle);
}

/* SQL-level EXECUTE: of a statement that PREPARE or a Parse message made. One that is not known may do anything. */
static void apply_execute(struct dg_guard_session *session, const struct dg_sql_effect *effect, struct dg_str tag)
{
    struct dg_ticket *ticket = effect->name == NULL ? NULL : dg_map_find(&session->statements, dg_str_of(effect->name));
    const struct dg_sql_statement *statement = dg_ticket_statement(ticket, DG_STAGE_EXECUTE);
    if (statement == NULL) {
        dg_path_lose(&session->path);
        return;
    }
    for (size_t i = 0; i < statement->n_effects; i++) {
        const struct dg_sql_effect *inner = &statement->effects[i];
        if (inner->may_set_path)
            dg_path_lose(&session->path);
        else if (inner->kind != DG_EFFECT_PREPARE && inner->kind != DG_EFFECT_EXECUTE)
            dg_path_apply(&session->path, inner, tag);
    }
}

static void apply_one(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_effect *effect, struct dg_str tag)
{
    dg_path_apply(&session->path, effect, tag);
    if (effect->kind == DG_EFFECT_EXECUTE) {
        apply_execute(session, effect, tag);
    } else if (effect->kind == DG_EFFECT_PREPARE && effect->name != NULL) {
        struct dg_ticket *prepared = dg_ticket_new(session->guard);
        if (prepared == NULL)
            return;
        prepared->verdict = dg_verdict_ref(ticket->verdict);
        prepared->reason = ticket->reason;
        prepared->context = ticket->context;
        prepared->is_prepared = true;
        dg_prepared_put(session, dg_str_of(effect->name), prepared);
        dg_prepared_complete(session, prepared);
        dg_ticket_unref(prepared);
    } else if (effect->kind == DG_EFFECT_DEALLOCATE && effect->name != NULL) {
        dg_prepared_drop(session, dg_str_of(effect->name));
    } else if (effect->kind == DG_EFFECT_DEALLOCATE || effect->kind == DG_EFFECT_DISCARD_ALL) {
        dg_prepared_drop_all(session);
    }
}

void dg_session_apply(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement, struct dg_str tag)
{
    if (statement == NULL) {
        dg_path_apply_tag(&session->path, tag);
        return;
    }
    for (size_t i = 0; i < statement->n_effects; i++) {
        if (statement->effects[i].kind == DG_EFFECT_DDL)
            dg_session_move_epoch(session);
        apply_one(session, ticket, &statement->effects[i], tag);
    }
}
