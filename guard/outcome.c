/*
 * Statements by verdict, and predictions against what the server did (DESIGN section 2).
 *
 * For each error of 42703 or 42P01 exactly one outcome: predicted_raised, missed, or uncovered with its reason. Errors of
 * the other codes that are foreseen (42883, 23502, ...) are predicted_raised where they were: where they were not, they
 * are counted with the server's errors alone, since many have causes that no schema shows (a type that does not fit, a
 * row's own value). A prediction that was not raised is a false_alarm only after a catalog read that began afterwards
 * supports it (read.c).
 *
 * An answer contradicts a prediction only where the server would have raised it by then: a ParseComplete says nothing of
 * what is found at planning or when a row is written.
 */
#include <stdlib.h>

#include "guard/diagnose.h"
#include "guard/state.h"

static const enum dg_metric_cell not_inspected_cells[DG_REASON_COUNT] = {
    [DG_REASON_DDL] = DG_CELL_NOT_INSPECTED_DDL,
    [DG_REASON_UTILITY] = DG_CELL_NOT_INSPECTED_UTILITY,
    [DG_REASON_UNPARSED] = DG_CELL_NOT_INSPECTED_UNPARSED,
    [DG_REASON_STALE] = DG_CELL_NOT_INSPECTED_STALE,
    [DG_REASON_TOO_LONG] = DG_CELL_NOT_INSPECTED_TOO_LONG,
    [DG_REASON_ENCODING] = DG_CELL_NOT_INSPECTED_ENCODING,
    [DG_REASON_NO_SNAPSHOT] = DG_CELL_NOT_INSPECTED_NO_SNAPSHOT,
    [DG_REASON_NO_MEMORY] = DG_CELL_NOT_INSPECTED_NO_MEMORY,
    [DG_REASON_OFF] = DG_CELL_NOT_INSPECTED_OFF,
};

static void count_statement(struct dg_metrics_shard *shard, enum dg_reason reason, size_t n_findings)
{
    switch (reason) {
    case DG_REASON_NONE:
        dg_count(shard, n_findings > 0 ? DG_CELL_STATEMENTS_FINDING : DG_CELL_STATEMENTS_OK, 1);
        return;
    case DG_REASON_UNKNOWN:
    case DG_REASON_TEMP:
    case DG_REASON_NESTED:
        dg_count(shard, n_findings > 0 ? DG_CELL_STATEMENTS_FINDING : DG_CELL_STATEMENTS_UNKNOWN, 1);
        return;
    case DG_REASON_DDL:
    case DG_REASON_UTILITY:
    case DG_REASON_UNPARSED:
    case DG_REASON_STALE:
    case DG_REASON_TOO_LONG:
    case DG_REASON_ENCODING:
    case DG_REASON_NO_SNAPSHOT:
    case DG_REASON_NO_MEMORY:
    case DG_REASON_OFF:
        dg_count(shard, DG_CELL_STATEMENTS_NOT_INSPECTED, 1);
        dg_count(shard, not_inspected_cells[reason], 1);
        return;
    case DG_REASON_COUNT:
    default:
        return;
    }
}

/* A reason of the whole text comes before the statement's own, but for those that say why there is nothing to judge. */
static enum dg_reason reason_of(const struct dg_ticket *ticket, const struct dg_sql_statement *statement)
{
    if (statement->reason == DG_REASON_UTILITY || statement->reason == DG_REASON_DDL)
        return statement->reason;
    return ticket->reason != DG_REASON_NONE ? ticket->reason : statement->reason;
}

/* One statement of a text; `ticket` is that of the text that it stands in. */
static void count_one(struct dg_metrics_shard *shard, const struct dg_ticket *ticket,
                      const struct dg_sql_statement *statement)
{
    count_statement(shard, reason_of(ticket, statement), statement->n_findings);
}

void dg_outcome_count_statements(struct dg_guard_session *session, const struct dg_ticket *ticket)
{
    struct dg_metrics_shard *shard = session->guard->shard;
    if (ticket == NULL || ticket->verdict == NULL || ticket->verdict->analysis.reason != DG_REASON_NONE) {
        count_statement(shard, ticket == NULL ? DG_REASON_NO_MEMORY : ticket->reason, 0);
        return;
    }
    const struct dg_sql_analysis *analysis = &ticket->verdict->analysis;
    for (size_t i = 0; i < analysis->n_statements; i++) {
        if (ticket->executed != NULL && i == ticket->executed_at)
            count_one(shard, ticket->executed, dg_ticket_statement(ticket->executed, DG_STAGE_EXECUTE));
        else
            count_one(shard, ticket, &analysis->statements[i]);
    }
    dg_policy_count(session, ticket);
    dg_policy_count(session, ticket->executed);
}

void dg_outcome_count(struct dg_guard *guard, const struct dg_guard_place *place, const char *outcome,
                      const char *reason, const char *sqlstate)
{
    const char *labels[] = {place->database, place->upstream, outcome, reason, sqlstate};
    dg_metrics_add(guard->shared->metrics, DG_FAMILY_PREDICTIONS, labels, 1);
}

uint32_t dg_outcome_position(const struct dg_error_fields *fields)
{
    uint32_t position = 0;
    for (size_t i = 0; i < fields->position.len && position < UINT32_MAX / 10 - 9; i++) {
        char c = fields->position.data[i];
        if (c < '0' || c > '9')
            return 0;
        position = position * 10 + (uint32_t)(c - '0');
    }
    return position;
}

/* Of several required columns that an INSERT leaves out, or with one that gets an explicit NULL, the server names the one
   that it came to first; where it names none, the code has to do. */
static bool is_of_column(const struct dg_sql_finding *finding, const struct dg_error_fields *fields)
{
    return fields->column.data == NULL || finding->column == NULL || dg_str_is(fields->column, finding->column);
}

const struct dg_sql_finding *dg_outcome_match(const struct dg_sql_statement *statement,
                                              const struct dg_error_fields *fields)
{
    uint32_t position = dg_outcome_position(fields);
    if (statement == NULL)
        return NULL;
    for (size_t i = 0; i < statement->n_findings; i++) {
        const struct dg_sql_finding *finding = &statement->findings[i];
        if (finding->sqlstate != NULL && dg_str_is(fields->sqlstate, finding->sqlstate) &&
            finding->position == position && is_of_column(finding, fields))
            return finding;
    }
    return NULL;
}

/* Behind PREPARE, EXPLAIN and the like the server may count positions from elsewhere: an inexact finding of the same
   code was foreseen too. */
static bool was_foreseen(const struct dg_sql_statement *statement, const struct dg_error_fields *fields)
{
    if (dg_outcome_match(statement, fields) != NULL)
        return true;
    for (size_t i = 0; i < statement->n_findings; i++) {
        const struct dg_sql_finding *finding = &statement->findings[i];
        if (!finding->is_exact && finding->sqlstate != NULL && dg_str_is(fields->sqlstate, finding->sqlstate) &&
            is_of_column(finding, fields))
            return true;
    }
    return false;
}

/* Whether the server has been beyond the stage when it answers what was sent like this. Of the statements that wrap
   another, EXPLAIN plans it; which of the others plan or run it, and when, is left open. */
static bool is_beyond(const struct dg_sql_statement *sent, enum dg_finding_stage raised_at, enum dg_stage stage,
                      struct dg_str tag)
{
    bool is_wrapped = sent->class == DG_CLASS_WRAPPED;
    bool has_ended = stage == DG_STAGE_QUERY || stage == DG_STAGE_EXECUTE;
    switch (raised_at) {
    case DG_RAISED_AT_ANALYSIS:
        return has_ended || !sent->is_analysed_at_execute;
    case DG_RAISED_AT_PLAN:
        return is_wrapped ? has_ended && strcmp(sent->command, "EXPLAIN") == 0 : has_ended || stage == DG_STAGE_BIND;
    case DG_RAISED_AT_RUN:
    default:
        return !is_wrapped && has_ended && tag.len > 0; /* PortalSuspended: not all of its rows are written */
    }
}

/* Whether the server's answer rests on the analysis that the verdict foresaw. Of what is prepared it keeps the one that it
   made, until it sees that something has changed which the statement uses: a relation that hides another since then, an
   enum label's new name, a type that is gone are not among these. And behind a pooler the name of a prepared statement may
   stand for another client's. */
static bool is_of_that_analysis(const struct dg_guard_session *session, const struct dg_meaning *meaning,
                                const struct dg_ticket *ticket, const struct dg_sql_statement *sent,
                                enum dg_stage stage)
{
    bool is_sent_whole = meaning->ticket == ticket && (stage == DG_STAGE_QUERY || stage == DG_STAGE_PARSE);
    if (is_sent_whole)
        return true;
    if (meaning->ticket->is_judged_anew || !dg_session_is_direct(session))
        return false;
    return meaning->statement->findings[0].stage != DG_RAISED_AT_ANALYSIS || sent->is_analysed_at_execute;
}

void dg_outcome_completed(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                          struct dg_str tag)
{
    const struct dg_sql_statement *sent = dg_ticket_statement(ticket, stage);
    struct dg_meaning meaning = dg_execute_meaning(session, ticket, stage, NULL);
    if (meaning.statement == NULL || meaning.statement->n_findings == 0 || meaning.ticket->reason != DG_REASON_NONE)
        return;
    const struct dg_sql_finding *finding = &meaning.statement->findings[0];
    if (!is_beyond(sent, finding->stage, stage, tag))
        return;
    dg_breaking_forget(session, meaning.ticket->verdict);
    dg_session_move_epoch(session);
    if (!is_of_that_analysis(session, &meaning, ticket, sent, stage))
        return;
    dg_read_for_doubt(session, meaning.ticket->verdict, meaning.statement);
    /* Whatever made the name valid may have made others, in this transaction still. */
    const struct dg_sql_effect unseen = {.kind = DG_EFFECT_DDL};
    dg_path_apply(&session->path, &unseen, DG_STR(""));
    /* A function may have set the search path, and that stays when the transaction ends. */
    if (!finding->is_certain)
        dg_path_lose(&session->path);
}

static bool is_nested(const struct dg_error_fields *fields)
{
    return fields->internal_query.data != NULL || fields->where.data != NULL;
}

/* The server named something that was not foreseen, though something else was: is that promise still good? The
   transaction has failed; only where nothing came before the statement can another connection tell. */
static void doubt_other_promise(struct dg_guard_session *session, const struct dg_ticket *ticket,
                                const struct dg_sql_statement *statement)
{
    const struct dg_sql_finding *finding = statement->n_findings == 0 ? NULL : &statement->findings[0];
    if (finding == NULL || !finding->is_exact || finding->stage != DG_RAISED_AT_ANALYSIS || session->path.is_explicit)
        return;
    dg_read_for_doubt(session, ticket->verdict, statement);
    dg_read_end_doubt(session, true);
}

void dg_outcome_raised(struct dg_guard_session *session, const struct dg_meaning *meaning,
                       const struct dg_error_fields *fields)
{
    struct dg_ticket *ticket = meaning->ticket;
    const struct dg_sql_statement *statement = meaning->statement;
    bool is_of_names = dg_str_is(fields->sqlstate, "42703") || dg_str_is(fields->sqlstate, "42P01");
    bool is_foreseen =
        statement != NULL && ticket->reason == DG_REASON_NONE && !is_nested(fields) && was_foreseen(statement, fields);
    if (!is_of_names && !is_foreseen)
        return;
    /* Without a statement the answer belongs to none that was judged, or the order of the answers was lost. */
    enum dg_reason reason = statement != NULL                                    ? reason_of(ticket, statement)
                            : ticket == NULL || ticket->reason == DG_REASON_NONE ? DG_REASON_UNKNOWN
                                                                                 : ticket->reason;
    const char *outcome = "uncovered";
    if (is_foreseen) {
        outcome = "predicted_raised";
        reason = DG_REASON_NONE;
    } else if (is_nested(fields)) {
        reason = DG_REASON_NESTED;
    } else if (reason == DG_REASON_NONE) {
        bool is_ours = dg_error_is_at_analysis(fields);
        outcome = is_ours ? "missed" : "uncovered";
        reason = is_ours ? DG_REASON_NONE : DG_REASON_NESTED;
        if (is_ours)
            doubt_other_promise(session, ticket, statement);
    }
    char sqlstate[6] = "";
    if (is_foreseen)
        memcpy(sqlstate, fields->sqlstate.data, 5); /* a finding's, so it has five characters */
    dg_outcome_count(session->guard, &session->place, outcome, dg_reason_label(reason), sqlstate);
}
