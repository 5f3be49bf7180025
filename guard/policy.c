/*
 * The operator's policy: columns that the configuration declares deprecated.
 *
 * A use is counted whatever the mode is. In enforce, where the declaration says so, a statement that names such a column
 * is refused before it goes, by the breaker's machinery and under its conditions (DESIGN: a plain statement of its own,
 * judged against a current snapshot, in an idle session): within a transaction the server would have to know of the
 * error, so there it is forwarded. The words are ours and the SQLSTATE is 55000, which no parse analysis raises: nobody
 * takes it for drift. `SELECT *` names no column and is not refused.
 */
#include "guard/breaker.h"
#include "guard/state.h"

static const struct dg_deprecation *deprecation_of(const struct dg_guard_session *session,
                                                   const struct dg_sql_statement *statement)
{
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    for (size_t i = 0; i < statement->n_references; i++) {
        const struct dg_sql_reference *reference = &statement->references[i];
        const struct dg_relation *relation = dg_snapshot_relation_by_oid(snapshot, reference->relation_oid);
        if (reference->attnum <= 0 || relation == NULL)
            continue;
        const struct dg_column *column = dg_relation_column_by_attnum(relation, reference->attnum);
        const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(snapshot, relation->namespace_oid);
        if (column == NULL || schema == NULL)
            continue;
        const struct dg_deprecation *found =
            dg_config_deprecation(dg_guard_config(session->guard), dg_str_of(session->place.database), schema->name,
                                  relation->name, column->name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* What the configuration says of the text, asked once for a verdict and a configuration. */
static const struct dg_deprecation *find(struct dg_guard_session *session, const struct dg_ticket *ticket)
{
    const struct dg_guard *guard = session->guard;
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    struct dg_verdict *verdict = ticket == NULL ? NULL : ticket->verdict;
    if (verdict == NULL || snapshot == NULL || dg_guard_config(guard)->n_deprecations == 0 ||
        verdict->generation != dg_snapshot_generation(snapshot))
        return NULL;
    if (verdict->policy_version == guard->config.version)
        return verdict->deprecation;
    verdict->policy_version = guard->config.version;
    verdict->deprecation = NULL;
    for (size_t i = 0; i < verdict->analysis.n_statements && verdict->deprecation == NULL; i++)
        verdict->deprecation = deprecation_of(session, &verdict->analysis.statements[i]);
    return verdict->deprecation;
}

static void write_column(struct dg_text *out, const struct dg_deprecation *deprecation)
{
    dg_text_sql_identifier(out, dg_str_of(deprecation->schema), false);
    dg_text_char(out, '.');
    dg_text_sql_identifier(out, dg_str_of(deprecation->relation), false);
}

void dg_policy_count(struct dg_guard_session *session, const struct dg_ticket *ticket)
{
    const struct dg_deprecation *deprecation = find(session, ticket);
    char relation[256];
    struct dg_text text;
    if (deprecation == NULL)
        return;
    dg_text_init_fixed(&text, relation, sizeof relation);
    write_column(&text, deprecation);
    const char *labels[] = {session->place.database, session->place.upstream, dg_text_get(&text), deprecation->column};
    dg_metrics_add(session->guard->shared->metrics, DG_FAMILY_DEPRECATED, labels, 1);
}

/* False without memory: then the statement is forwarded. */
static bool write_refusal(struct dg_buffer *out, const struct dg_deprecation *deprecation)
{
    char message[512];
    char hint[512];
    struct dg_text text;
    dg_text_init_fixed(&text, message, sizeof message);
    dg_text_cstr(&text, "column ");
    write_column(&text, deprecation);
    dg_text_char(&text, '.');
    dg_text_sql_identifier(&text, dg_str_of(deprecation->column), false);
    dg_text_cstr(&text, " is deprecated and may not be used");
    bool is_told = !text.failed;
    dg_text_init_fixed(&text, hint, sizeof hint);
    /* ASCII only: nobody knows the encoding that the client expects. */
    if (deprecation->use != NULL && dg_str_is_ascii(dg_str_of(deprecation->use)))
        dg_text_printf(&text, "Use %s. ", deprecation->use);
    dg_text_cstr(&text, "Retrying will not help.");
    return dg_error_response_write(
               out, "ERROR", "55000", is_told ? message : "a deprecated column may not be used",
               "driftguard: the operator's policy refuses this statement; it did not reach the database.",
               hint) == DG_OK;
}

bool dg_policy_refuses(struct dg_guard_session *session, const struct dg_ticket *ticket, bool is_idle,
                       struct dg_decision *decision)
{
    const struct dg_deprecation *deprecation = find(session, ticket);
    if (deprecation == NULL || !deprecation->is_refused)
        return false;
    const struct dg_breaker_case situation = {
        .mode = session->mode,
        .is_idle = is_idle,
        .is_armed = true, /* nothing is predicted here */
        .idle_timeout_is_off = dg_breaking_idle_timeout_is_off(session),
        .is_direct = dg_session_is_direct(session),
        .is_current = ticket->reason == DG_REASON_NONE,
        .analysis = &ticket->verdict->analysis,
    };
    if (!dg_breaker_may_answer(&situation) || !dg_breaking_server_is_silent(session))
        return false;
    struct dg_buffer *refusal = &session->guard->refusal;
    dg_buffer_consume(refusal, dg_buffer_len(refusal));
    if (!write_refusal(refusal, deprecation))
        return false;
    decision->action = DG_ACTION_REFUSE;
    decision->error = dg_buffer_view(refusal);
    const char *labels[] = {session->place.database, session->place.upstream, "policy"};
    dg_metrics_add(session->guard->shared->metrics, DG_FAMILY_REFUSALS, labels, 1);
    return true;
}
