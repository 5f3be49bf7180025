/*
 * From the server's error to what the client reads: which finding it is, whether a catalog read could say more, the
 * diagnosis, the drift group, the breaker's record.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "guard/names.h"
#include "guard/read.h"
#include "guard/state.h"

static bool is_of_missing_name(const struct dg_error_fields *fields)
{
    return dg_str_is(fields->sqlstate, "42703") || dg_str_is(fields->sqlstate, "42P01");
}

/* Errors about a FROM clause that never was right are no drift. The routine is the same in every language; and of a missing
   relation the server has a DETAIL only where a WITH item of that name stands further on. */
static bool is_about_from_clause(const struct dg_error_fields *fields, const struct dg_sql_finding *finding)
{
    if (dg_str_is(fields->routine, "parserOpenTable") && fields->detail.data != NULL)
        return true;
    if (finding != NULL)
        return finding->kind == DG_FINDING_FROM_ENTRY;
    return dg_str_is(fields->routine, "errorMissingRTE") || dg_str_is(fields->routine, "transformLockingClause");
}

/* COPY and its like look names up when they run: their errors have no position, but are about their own names. */
static bool is_of_utility(const struct dg_sql_statement *statement, const struct dg_error_fields *fields)
{
    return statement->class == DG_CLASS_OBSERVED && fields->internal_query.data == NULL &&
           fields->internal_position.data == NULL && fields->where.data == NULL;
}

/* The error may be one of the schema's, and is about what the statement itself says: not about what a function or a
   trigger does in it. */
static bool is_own(const struct dg_sql_statement *statement, enum dg_stage stage, const struct dg_error_fields *fields)
{
    if (is_of_missing_name(fields))
        return dg_error_is_at_analysis(fields) || is_of_utility(statement, fields);
    bool is_nested = fields->internal_query.data != NULL || fields->internal_position.data != NULL;
    /* At Bind the context is the parameter's. */
    return dg_error_may_be_drift(fields) && !is_nested && (fields->where.data == NULL || stage == DG_STAGE_BIND);
}

/* Without a finding, the name at the error's position is the best there is; without a position, the first that the
   statement writes and the schema lacks. The names' bytes are in *names or the statement's. */
static bool make_finding(const struct dg_verdict *verdict, const struct dg_sql_statement *statement,
                         const struct dg_error_fields *fields, struct dg_written_name *names,
                         struct dg_sql_finding *finding)
{
    bool is_relation = dg_str_is(fields->sqlstate, "42P01");
    const char *name = NULL;
    const char *schema = NULL;
    if (dg_name_at_position(verdict->text, fields->position, names)) {
        name = names->parts[names->n - 1];
        schema = names->n > 1 ? names->parts[names->n - 2] : NULL;
    } else if (is_relation && statement->n_relations > 0) {
        name = statement->relations[0].name;
        schema = statement->relations[0].schema[0] == '\0' ? NULL : statement->relations[0].schema;
    } else if (!is_relation && statement->n_columns > 0) {
        name = statement->columns[0].name;
    }
    *finding = (struct dg_sql_finding){.sqlstate = is_relation ? "42P01" : "42703",
                                       .kind = is_relation ? DG_FINDING_RELATION : DG_FINDING_COLUMN,
                                       .schema = is_relation ? schema : NULL,
                                       .relation = is_relation ? name : NULL,
                                       .column = is_relation ? NULL : name};
    return name != NULL;
}

/* The same for functions, types and schemas, which have a position always. */
static bool make_object_finding(const struct dg_verdict *verdict, const struct dg_error_fields *fields,
                                struct dg_written_name *names, struct dg_sql_finding *finding)
{
    static const struct {
        const char *sqlstate;
        const char *routine;
        enum dg_finding_kind kind;
    } kinds[] = {{"42883", "ParseFuncOrColumn", DG_FINDING_FUNCTION}, {"42704", "typenameType", DG_FINDING_TYPE}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!dg_str_is(fields->sqlstate, kinds[i].sqlstate) || !dg_str_is(fields->routine, kinds[i].routine) ||
            !dg_name_at_position(verdict->text, fields->position, names))
            continue;
        *finding = (struct dg_sql_finding){.sqlstate = kinds[i].sqlstate,
                                           .kind = kinds[i].kind,
                                           .schema = names->n > 1 ? names->parts[names->n - 2] : NULL,
                                           .object = names->parts[names->n - 1]};
        return true;
    }
    return false;
}

bool dg_explain_diagnose(const struct dg_explain_context *context, const struct dg_verdict *verdict,
                         const struct dg_sql_statement *statement, const struct dg_error_fields *fields,
                         struct dg_diagnosis *diagnosis)
{
    struct dg_written_name names;
    struct dg_sql_finding made;
    const struct dg_sql_finding *finding = dg_outcome_match(statement, fields);
    bool is_found = finding != NULL;
    *diagnosis = (struct dg_diagnosis){0};
    if (is_of_missing_name(fields) && is_about_from_clause(fields, finding))
        return true;
    if (!is_found && is_of_missing_name(fields))
        finding = make_finding(verdict, statement, fields, &names, &made) ? &made : NULL;
    else if (!is_found)
        finding = make_object_finding(verdict, fields, &names, &made) ? &made : NULL;
    struct dg_diagnose_input input = {.fields = fields,
                                      .finding = finding,
                                      .is_guess = !is_found,
                                      .statement = statement,
                                      .snapshot = context->snapshot,
                                      .journal = context->journal,
                                      .detail = context->detail,
                                      .now_us = dg_clock_wall_us(),
                                      .path = context->path == NULL ? NULL : context->path->items,
                                      .n_path = context->path == NULL ? 0 : context->path->n,
                                      .role = context->role};
    dg_diagnose(&input, diagnosis);
    return is_found;
}

void dg_explain_file(const struct dg_explain_context *context, const struct dg_verdict *verdict,
                     const struct dg_error_fields *fields, const struct dg_diagnosis *diagnosis)
{
    if (!diagnosis->is_explained)
        return;
    char sqlstate[6] = "";
    if (fields->sqlstate.len == 5)
        memcpy(sqlstate, fields->sqlstate.data, 5);
    struct dg_group_event event = {.place = context->place,
                                   .schema = diagnosis->schema,
                                   .relation = diagnosis->relation,
                                   .column = diagnosis->column,
                                   .kind = diagnosis->kind,
                                   .sqlstate = sqlstate,
                                   .application = context->application,
                                   .text = verdict->text,
                                   .now_us = dg_clock_wall_us(),
                                   .now_ms = dg_clock_monotonic_ms()};
    if (!dg_groups_record(context->guard->shared->groups, &event))
        return;
    dg_logf(context->guard->shared->log, DG_LOG_WARNING, "drift_opened", "the code and the live schema differ",
            dg_field_str("database", context->place->database), dg_field_str("upstream", context->place->upstream),
            dg_field_str("server", context->place->server), dg_field_str("schema", diagnosis->schema),
            dg_field_str("relation", diagnosis->relation), dg_field_str("column", diagnosis->column),
            dg_field_str("kind", diagnosis->kind));
}

/* ASCII only: the error's encoding is not known. */
static const char *plain(const char *name)
{
    return dg_str_is_ascii(dg_str_of(name)) ? name : "";
}

/* False if there is no memory: the error goes on as it came. */
static bool rewrite(struct dg_guard_session *session, const struct dg_diagnosis *diagnosis,
                    struct dg_error_addition *addition)
{
    struct dg_diagnosis *kept = session->explained;
    if (kept == NULL)
        kept = session->explained = malloc(sizeof(*kept));
    if (kept == NULL)
        return false;
    *kept = *diagnosis;
    *addition = (struct dg_error_addition){.detail = kept->detail,
                                           .hint = kept->hint,
                                           .schema = kept->is_relation ? plain(kept->schema) : "",
                                           .table = kept->is_relation ? plain(kept->relation) : "",
                                           .column = plain(kept->column)};
    return true;
}

static void record(struct dg_guard_session *session, const struct dg_verdict *verdict,
                   const struct dg_sql_finding *finding, struct dg_str body, const struct dg_error_addition *addition)
{
    struct dg_buffer message;
    if (session->mode != DG_MODE_ENFORCE || finding == NULL || verdict->analysis.n_statements != 1)
        return;
    dg_buffer_init(&message, 65536);
    if (dg_error_fields_rewrite(body, addition, &message) == DG_OK)
        dg_breaking_record(session, verdict, finding, dg_buffer_view(&message));
    dg_buffer_fini(&message);
}

static bool hold_for_read(struct dg_guard_session *session, struct dg_verdict *verdict,
                          const struct dg_sql_statement *statement, struct dg_str body, struct dg_reaction *reaction)
{
    int64_t timeout_ms = dg_guard_config(session->guard)->annotate_timeout_ms;
    bool is_held = session->mode >= DG_MODE_ANNOTATE && timeout_ms > 0;
    if (!dg_read_for_error(session, verdict, statement, body, is_held))
        return false;
    if (is_held) {
        session->is_error_held = true;
        session->held_for |= DG_HOLD_ERROR;
        reaction->action = DG_REACTION_HOLD;
        reaction->hold_ms = (uint32_t)timeout_ms;
    }
    return true;
}

/* The server says of a column that it must not be NULL, and the snapshot has it otherwise. */
static bool is_newer_than(const struct dg_snapshot *snapshot, const struct dg_error_fields *fields)
{
    const struct dg_namespace *schema = dg_snapshot_namespace(snapshot, fields->schema);
    const struct dg_relation *relation =
        schema == NULL ? NULL : dg_snapshot_relation(snapshot, schema->oid, fields->table);
    const struct dg_column *column = relation == NULL ? NULL : dg_relation_column(relation, fields->column);
    bool is_named = fields->schema.data != NULL && fields->table.data != NULL && fields->column.data != NULL;
    return is_named && (column == NULL || (column->flags & DG_COLUMN_NOT_NULL) == 0);
}

/* Whether a catalog read could say more of an error that no finding foresaw. Most errors of the other codes are no drift:
   one of them is worth a read only where it says itself that the snapshot is of another time. */
static bool may_learn(const struct dg_explain_context *context, const struct dg_error_fields *fields,
                      const struct dg_diagnosis *diagnosis)
{
    if (dg_error_is_stale_plan(fields)) /* what is known may have been before it was prepared */
        return true;
    if (is_of_missing_name(fields))
        return diagnosis->is_unforeseen;
    return dg_str_is(fields->sqlstate, "23502") && context->snapshot != NULL &&
           is_newer_than(context->snapshot, fields);
}

static void explain(struct dg_guard_session *session, struct dg_verdict *verdict,
                    const struct dg_sql_statement *statement, const struct dg_error_fields *fields, struct dg_str body,
                    bool is_again, struct dg_reaction *reaction)
{
    const struct dg_path *path = &session->path;
    struct dg_explain_context context = {
        .guard = session->guard,
        .place = &session->place,
        .application = session->application,
        .snapshot = dg_session_snapshot(session),
        .journal = session->handle == NULL ? NULL : dg_schema_database_journal(session->handle),
        .path = path->now.path.state == DG_SETTING_SET       ? path->now.path.words
                : path->now.path.state == DG_SETTING_DEFAULT ? path->default_path
                                                             : NULL,
        .role = dg_path_role(path),
        .detail = session->detail,
    };
    struct dg_diagnosis diagnosis;
    bool is_found = dg_explain_diagnose(&context, verdict, statement, fields, &diagnosis);
    if (!is_found && !is_again && may_learn(&context, fields, &diagnosis) &&
        hold_for_read(session, verdict, statement, body, reaction))
        return;
    dg_explain_file(&context, verdict, fields, &diagnosis);
    if (session->mode < DG_MODE_ANNOTATE)
        return;
    if (diagnosis.is_explained && rewrite(session, &diagnosis, &reaction->addition)) {
        const char *labels[] = {session->place.database, session->place.upstream};
        dg_metrics_add(session->guard->shared->metrics, DG_FAMILY_ANNOTATIONS, labels, 1);
        reaction->action = DG_REACTION_REWRITE;
    }
    record(session, verdict, dg_outcome_match(statement, fields), body, &reaction->addition);
}

/* Judged again where the snapshot is another by now, as it is after a read, and where the verdict is that of a shape: what
   is said of an error is said of the very words that raised it. A new reference; NULL: nothing can be said. */
static struct dg_verdict *current_verdict(struct dg_guard_session *session, const struct dg_ticket *ticket, size_t i)
{
    struct dg_verdict *old = ticket->verdict;
    if (!old->is_shape && ticket->context == (dg_session_context(session) ^ dg_session_override(session)))
        return dg_verdict_ref(old);
    enum dg_reason reason;
    struct dg_verdict *verdict =
        dg_judge_verdict(session, dg_ticket_text(ticket), old->param_types, old->n_param_types, &reason);
    if (verdict != NULL && i < verdict->analysis.n_statements)
        return verdict;
    dg_verdict_unref(verdict);
    return old->is_shape ? NULL : dg_verdict_ref(old);
}

void dg_explain_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                      struct dg_str body, bool is_again, struct dg_reaction *reaction)
{
    struct dg_error_fields fields;
    if (dg_error_fields_parse(body, &fields) != DG_OK)
        return;
    struct dg_meaning meaning = dg_execute_meaning(session, ticket, stage, &fields);
    const struct dg_sql_statement *statement = meaning.statement;
    if (statement == NULL)
        return;
    if (!is_own(statement, stage, &fields))
        return;
    size_t i = (size_t)(statement - meaning.ticket->verdict->analysis.statements);
    struct dg_verdict *verdict = current_verdict(session, meaning.ticket, i);
    if (verdict == NULL)
        return;
    explain(session, verdict, &verdict->analysis.statements[i], &fields, body, is_again, reaction);
    dg_verdict_unref(verdict);
}
