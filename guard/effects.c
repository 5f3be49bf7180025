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

static void apply_one(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement, const struct dg_sql_effect *effect, struct dg_str tag);

/* A procedure or a DO block may commit, or roll back, where no transaction block is open. */
static bool may_end_transaction(const struct dg_sql_statement *statement)
{
    return strcmp(statement->command, "CALL") == 0 || strcmp(statement->command, "DO") == 0;
}

static void apply_all(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement, struct dg_str tag)
{
    const struct dg_sql_effect unseen = {.kind = DG_EFFECT_UNSEEN_DDL};
    bool may_end = may_end_transaction(statement);
    if (may_end) {
        dg_path_may_have_ended(&session->path, true);
        dg_path_apply(&session->path, &unseen, tag);
    }
    for (size_t i = 0; i < statement->n_effects; i++)
        apply_one(session, ticket, statement, &statement->effects[i], tag);
    if (may_end)
        dg_path_may_have_ended(&session->path, false);
}

/* SQL-level EXECUTE: of a statement that PREPARE or a Parse message made. One that is not known may do anything; whether
   EXPLAIN ran it (ANALYZE) is not told. */
static void apply_execute(struct dg_guard_session *session, const struct dg_sql_statement *sent,
                          const struct dg_sql_effect *effect, struct dg_str tag)
{
    struct dg_ticket *ticket = effect->name == NULL ? NULL : dg_map_find(&session->statements, dg_str_of(effect->name));
    const struct dg_sql_statement *statement = dg_ticket_statement(ticket, DG_STAGE_EXECUTE);
    if (statement == NULL || (sent->class == DG_CLASS_WRAPPED && statement->n_effects > 0)) {
        dg_path_lose(&session->path);
        return;
    }
    dg_ticket_ref(ticket); /* it may be what is deallocated */
    if (ticket->verdict->has_execute)
        dg_path_lose(&session->path);
    else
        apply_all(session, ticket, statement, tag);
    dg_ticket_unref(ticket);
}

static void apply_one(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement, const struct dg_sql_effect *effect, struct dg_str tag)
{
    dg_path_apply(&session->path, effect, tag);
    if (effect->kind == DG_EFFECT_EXECUTE)
        apply_execute(session, statement, effect, tag);
    else if (effect->kind == DG_EFFECT_PREPARE && effect->name != NULL)
        dg_execute_prepare(session, ticket, statement, dg_str_of(effect->name));
    else if (effect->kind == DG_EFFECT_DEALLOCATE && effect->name != NULL)
        dg_prepared_drop(session, dg_str_of(effect->name));
    else if (effect->kind == DG_EFFECT_DEALLOCATE || effect->kind == DG_EFFECT_DISCARD_ALL)
        dg_prepared_drop_all(session);
}

static bool begins(struct dg_str tag, const char *word)
{
    size_t len = strlen(word);
    return tag.len >= len && memcmp(tag.data, word, len) == 0;
}

/* A statement that nobody looked at has changed the list of prepared statements; which of them is not known. */
static bool tag_is_of_prepared(struct dg_str tag)
{
    return begins(tag, "DEALLOCATE") || begins(tag, "DISCARD") || dg_str_is(tag, "PREPARE");
}

void dg_session_apply(struct dg_guard_session *session, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement, struct dg_str tag)
{
    if (statement == NULL) {
        dg_path_apply_tag(&session->path, tag);
        if (tag_is_of_prepared(tag))
            dg_prepared_drop_all(session);
        return;
    }
    for (size_t i = 0; i < statement->n_effects; i++) {
        if (statement->effects[i].kind == DG_EFFECT_DDL)
            dg_session_move_epoch(session);
    }
    apply_all(session, ticket, statement, tag);
}

void dg_session_apply_failure(struct dg_guard_session *session, const struct dg_ticket *ticket,
                              const struct dg_sql_statement *statement)
{
    if (statement != NULL && may_end_transaction(statement) && !session->path.is_explicit)
        dg_session_apply(session, ticket, statement, DG_STR(""));
}
