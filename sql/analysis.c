/*
 * dg_sql_analyze: count, parse, then each statement in turn: what it is, what it does, whether its names hold.
 *
 * Statements of one text run one after the other, so each is judged in the session that the ones before it leave
 * behind: what they created or changed is unknown, a search_path that they set is in force. The snapshot is from before
 * the text. What the end of a transaction restores is not known here (the guard tracks it between texts), so behind a
 * COMMIT or ROLLBACK the path is unknown for the rest of the text.
 */
#include "sql/analysis.h"

#include <string.h>

#include "sql/parse.h"
#include "sql/resolve.h"
#include "sql/statement.h"
#include "sql/weight.h"

const char *dg_reason_label(enum dg_reason reason)
{
    static const char *const labels[] = {
#define DG_REASON(name, label, help) label,
#include "sql/reason.def"
#undef DG_REASON
    };

    return (unsigned)reason < DG_REASON_COUNT ? labels[reason] : "";
}

const char *dg_reason_help(enum dg_reason reason)
{
    static const char *const helps[] = {
#define DG_REASON(name, label, help) help,
#include "sql/reason.def"
#undef DG_REASON
    };

    return (unsigned)reason < DG_REASON_COUNT ? helps[reason] : "";
}

const char *dg_clause_text(enum dg_clause clause)
{
    static const char *const texts[DG_CLAUSE_COUNT] = {
        [DG_CLAUSE_OTHER] = "the statement",
        [DG_CLAUSE_SELECT_LIST] = "the select list",
        [DG_CLAUSE_FROM] = "FROM",
        [DG_CLAUSE_JOIN_ON] = "JOIN ... ON",
        [DG_CLAUSE_USING] = "USING",
        [DG_CLAUSE_WHERE] = "WHERE",
        [DG_CLAUSE_GROUP_BY] = "GROUP BY",
        [DG_CLAUSE_HAVING] = "HAVING",
        [DG_CLAUSE_WINDOW] = "WINDOW",
        [DG_CLAUSE_ORDER_BY] = "ORDER BY",
        [DG_CLAUSE_LIMIT] = "LIMIT",
        [DG_CLAUSE_INSERT_TARGET] = "the target of the statement",
        [DG_CLAUSE_INSERT_COLUMNS] = "the column list of INSERT",
        [DG_CLAUSE_VALUES] = "VALUES",
        [DG_CLAUSE_SET] = "SET",
        [DG_CLAUSE_ON_CONFLICT] = "ON CONFLICT",
        [DG_CLAUSE_RETURNING] = "RETURNING",
    };

    return (unsigned)clause < DG_CLAUSE_COUNT ? texts[clause] : texts[DG_CLAUSE_OTHER];
}

/* The session as the statements so far leave it. */
struct progress {
    struct dg_sql_session session;
    struct dg_arena *arena;
    const char **local_names; /* the session's own, then those of this text */
    size_t cap_local_names;
    struct dg_work work;
};

/* ---- what the statements before have done ------------------------------------------------------------------------ */

static enum dg_status add_local_name(struct progress *progress, const char *name)
{
    size_t n = progress->session.n_local_names;

    if (n >= progress->cap_local_names) {
        size_t cap = n < 8 ? 16 : n * 2;
        const char **grown = dg_arena_array(progress->arena, cap, sizeof(*grown));

        if (grown == NULL)
            return DG_NO_MEMORY;
        for (size_t i = 0; i < n; i++)
            grown[i] = progress->session.local_names[i];
        progress->local_names = grown;
        progress->cap_local_names = cap;
        progress->session.local_names = grown;
    }
    progress->local_names[n] = name;
    progress->session.n_local_names = n + 1;
    return DG_OK;
}

static enum dg_status apply_ddl(struct progress *progress, const struct dg_sql_effect *effect)
{
    if (effect->n_names == 0)
        progress->session.any_uncommitted = true;
    for (size_t i = 0; i < effect->n_names; i++) {
        enum dg_status status = add_local_name(progress, effect->names[i].name);

        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}

static enum dg_status apply_path(struct progress *progress, const struct dg_sql_effect *effect)
{
    const char **path;

    progress->session.path_known = false;
    if (effect->to_default)
        return DG_OK;
    path = dg_arena_array(progress->arena, effect->n_names + 1, sizeof(*path));
    if (path == NULL)
        return DG_NO_MEMORY;
    for (size_t i = 0; i < effect->n_names; i++)
        path[i] = effect->names[i].name;
    progress->session.path = path;
    progress->session.n_path = effect->n_names;
    progress->session.path_known = true;
    return DG_OK;
}

static enum dg_status apply_effect(struct progress *progress, const struct dg_sql_effect *effect)
{
    switch (effect->kind) {
    case DG_EFFECT_SET_PATH:
        return apply_path(progress, effect);
    case DG_EFFECT_DDL:
        return apply_ddl(progress, effect);
    case DG_EFFECT_SET_ROLE:
    case DG_EFFECT_SET_SESSION_AUTHORIZATION:
        progress->session.role = effect->name;
        return DG_OK;
    case DG_EFFECT_COMMIT:
    case DG_EFFECT_ROLLBACK:
    case DG_EFFECT_ROLLBACK_TO:
    case DG_EFFECT_DISCARD_ALL:
    case DG_EFFECT_EXECUTE: /* it may be of a set_config */
        progress->session.role = NULL;
        progress->session.path_known = false;
        return DG_OK;
    case DG_EFFECT_RESET_ALL:
    case DG_EFFECT_PATH_UNKNOWN:
        progress->session.path_known = false;
        return DG_OK;
    case DG_EFFECT_BEGIN:
    case DG_EFFECT_SAVEPOINT:
    case DG_EFFECT_RELEASE:
    case DG_EFFECT_SET_STRINGS: /* the whole text was lexed before */
    case DG_EFFECT_DISCARD_TEMP:
    case DG_EFFECT_DEALLOCATE:
    case DG_EFFECT_PREPARE:
    case DG_EFFECT_UNSEEN_DDL: /* what follows is judged as if nothing were: only a contradiction says more */
    case DG_EFFECT_DATABASE:
        break;
    }
    return DG_OK;
}

/* ---- one statement ----------------------------------------------------------------------------------------------- */

/* The relations that a schema change names, where no resolution lists them. */
static void take_ddl_relations(struct dg_sql_statement *statement)
{
    for (size_t i = 0; i < statement->n_effects; i++) {
        if (statement->effects[i].kind != DG_EFFECT_DDL)
            continue;
        statement->relations = statement->effects[i].names;
        statement->n_relations = statement->effects[i].n_names;
        return;
    }
}

static void take_resolution(struct dg_sql_statement *statement, const struct dg_resolution *resolution)
{
    statement->references = resolution->references;
    statement->n_references = resolution->n_references;
    statement->findings = resolution->findings;
    statement->n_findings = resolution->n_findings;
    statement->relations = resolution->relations;
    statement->n_relations = resolution->n_relations;
    statement->columns = resolution->columns;
    statement->n_columns = resolution->n_columns;
    statement->depends_on_literals = resolution->depends_on_literals;
}

static enum dg_status resolve_names(struct progress *progress, struct dg_str text, const struct dg_statement_plan *plan,
                                    struct dg_sql_statement *statement, bool *depends_on_path)
{
    struct dg_sql_session session = progress->session;
    struct dg_resolution resolution = {0};
    enum dg_status status;

    if (session.snapshot == NULL) {
        if (plan->judged != NULL)
            statement->reason = DG_REASON_NO_SNAPSHOT;
        return DG_OK;
    }
    if (plan->is_prepare)
        session.n_param_types = 0;
    if (plan->judged != NULL && plan->class == DG_CLASS_DML)
        status = dg_resolve(&session, text, plan->judged, &progress->work, progress->arena, &resolution);
    else if (plan->judged != NULL)
        status = dg_resolve_wrapped(&session, text, plan->judged, strcmp(plan->command, "EXPLAIN") == 0,
                                    &progress->work, progress->arena, &resolution);
    else
        status = dg_resolve_observed(&session, text, plan->observed, &progress->work, progress->arena, &resolution);
    if (status != DG_OK)
        return status;
    take_resolution(statement, &resolution);
    if (plan->judged != NULL)
        statement->reason = resolution.reason;
    *depends_on_path = *depends_on_path || resolution.depends_on_path;
    return DG_OK;
}

static enum dg_status analyze_statement(struct progress *progress, struct dg_effects *effects, struct dg_str text,
                                        const struct dg_parse_statement *parsed, struct dg_sql_statement *statement,
                                        bool *depends_on_path)
{
    struct dg_statement_plan plan;
    enum dg_status status;

    dg_statement_plan(parsed->node, effects, &plan);
    statement->class = plan.class;
    statement->command = plan.command;
    statement->location = parsed->location;
    statement->len = parsed->len;
    statement->reason = plan.reason;
    statement->may_repeat = plan.is_repeatable;
    statement->is_analysed_at_execute = plan.is_at_execute;
    statement->effects = dg_effects_take(effects, &statement->n_effects);
    if (effects->failed)
        return DG_NO_MEMORY;
    take_ddl_relations(statement);
    if (plan.judged != NULL || plan.observed != NULL) {
        status = resolve_names(progress, text, &plan, statement, depends_on_path);
        if (status != DG_OK)
            return status;
    }
    for (size_t i = 0; i < statement->n_effects; i++) {
        status = apply_effect(progress, &statement->effects[i]);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

static enum dg_status analyze_parsed(const struct dg_parse *parse, struct dg_str text,
                                     const struct dg_sql_session *session, struct dg_arena *arena,
                                     struct dg_sql_analysis *analysis)
{
    struct progress progress = {.session = *session, .arena = arena, .work = {0, DG_RESOLVE_MAX_WORK}};
    struct dg_sql_statement *statements;
    struct dg_effects effects;

    if (parse->n_statements == 0)
        return DG_OK;
    statements = dg_arena_array(arena, parse->n_statements, sizeof(*statements));
    if (statements == NULL)
        return DG_NO_MEMORY;
    dg_effects_init(&effects, arena, text, session->snapshot);
    for (size_t i = 0; i < parse->n_statements; i++) {
        enum dg_status status = analyze_statement(&progress, &effects, text, &parse->statements[i], &statements[i],
                                                  &analysis->depends_on_path);

        if (status != DG_OK)
            return status;
    }
    if (parse->n_statements > 1)
        for (size_t i = 0; i < parse->n_statements; i++)
            statements[i].may_repeat = false;
    analysis->statements = statements;
    analysis->n_statements = parse->n_statements;
    return DG_OK;
}

static enum dg_reason reason_of_status(enum dg_status status)
{
    if (status == DG_NO_MEMORY)
        return DG_REASON_NO_MEMORY;
    return status == DG_LIMIT ? DG_REASON_TOO_LONG : DG_REASON_UNPARSED;
}

enum dg_status dg_sql_analyze(struct dg_str text, const struct dg_sql_session *session, struct dg_arena *arena,
                              struct dg_sql_analysis *analysis)
{
    struct dg_parse parse;
    enum dg_status status;

    *analysis = (struct dg_sql_analysis){0};
    /* Before the parser: its recursion and its tree are bounded by this alone. */
    if (dg_sql_weigh_tokens(text, session->max_tokens) > session->max_tokens) {
        analysis->reason = DG_REASON_TOO_LONG;
        return DG_LIMIT;
    }
    status = dg_parse_init(&parse, text, arena);
    if (status == DG_OK)
        status = analyze_parsed(&parse, text, session, arena, analysis);
    dg_parse_fini(&parse);
    if (status != DG_OK)
        *analysis = (struct dg_sql_analysis){.reason = reason_of_status(status)};
    return status;
}
