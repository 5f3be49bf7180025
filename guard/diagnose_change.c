/*
 * Errors that no schema alone explains, only a change of one: a name that a new column made ambiguous, a column of another
 * type than the code was written for, a prepared statement whose result is not what it was. Without the journal's word
 * there is nothing to say: such code may never have been right.
 */
#include "guard/diagnose_facts.h"

#define APPEARED                                                                                                       \
    (DG_CHANGES(COLUMN_ADDED) | DG_CHANGES(COLUMN_REPLACED) | DG_CHANGES(COLUMN_RENAMED) | DG_CHANGES(RELATION_ADDED))

static void about_change(struct dg_diagnose_facts *facts, const struct dg_relation *relation, const char *column)
{
    facts->has_change = true;
    facts->is_column = true;
    facts->name = column;
    facts->table = relation;
    dg_diagnose_about(facts, relation);
}

/* Keeps the younger of two changes. */
static bool is_younger(const struct dg_diagnose_facts *facts, const struct dg_change *change)
{
    return !facts->has_change || change->before_us > facts->change.before_us;
}

bool dg_diagnose_ambiguous(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_relation *relations[DG_DIAGNOSE_MAX_RELATIONS];
    size_t n = dg_diagnose_references(input, relations, DG_DIAGNOSE_MAX_RELATIONS);
    const char *name = input->finding->column;
    struct dg_change change;
    if (name == NULL || input->journal == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct dg_column *column = dg_relation_column(relations[i], dg_str_of(name));
        if (column == NULL)
            continue;
        facts->relations[facts->n_relations++] = relations[i];
        if (dg_journal_find_change(input->journal, relations[i]->oid, column->attnum, APPEARED, &change) &&
            is_younger(facts, &change)) {
            facts->change = change;
            about_change(facts, relations[i], column->name);
        }
    }
    facts->message = DG_MESSAGE_COLUMN_AMBIGUOUS;
    return facts->has_change && facts->n_relations > 1;
}

/* INSERT without a list of columns writes them all. */
static bool writes_all(const struct dg_sql_statement *statement)
{
    bool has_target = false;
    for (size_t i = 0; i < statement->n_references; i++) {
        if (statement->references[i].clause == DG_CLAUSE_INSERT_COLUMNS)
            return false;
        has_target = has_target || statement->references[i].clause == DG_CLAUSE_INSERT_TARGET;
    }
    return has_target;
}

/* The youngest change of these kinds under the statement's columns. `is_any`: of any column of its relations. */
static bool youngest_change(const struct dg_diagnose_input *input, unsigned kinds, bool is_any,
                            struct dg_diagnose_facts *facts)
{
    const struct dg_sql_statement *statement = input->statement;
    if (statement == NULL || input->journal == NULL || input->snapshot == NULL)
        return false;
    for (size_t i = 0; i < statement->n_references; i++) {
        const struct dg_sql_reference *reference = &statement->references[i];
        const struct dg_relation *relation = dg_snapshot_relation_by_oid(input->snapshot, reference->relation_oid);
        int16_t attnum = is_any ? 0 : reference->attnum;
        bool is_all = is_any || (reference->clause == DG_CLAUSE_INSERT_TARGET && writes_all(statement));
        struct dg_change change;
        if (relation == NULL || (attnum <= 0 && !is_all) ||
            !dg_journal_find_change(input->journal, relation->oid, attnum, kinds, &change) ||
            !is_younger(facts, &change))
            continue;
        facts->change = change;
        about_change(facts, relation, NULL);
    }
    return facts->has_change;
}

bool dg_diagnose_retyped(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    if (!youngest_change(input, DG_CHANGES(COLUMN_RETYPED), false, facts))
        return false;
    facts->name = facts->change.column;
    facts->new_name = facts->change.new_name;
    facts->message = DG_MESSAGE_COLUMN_RETYPED;
    return true;
}

bool dg_diagnose_stale_plan(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    static const unsigned kinds = DG_CHANGES(COLUMN_ADDED) | DG_CHANGES(COLUMN_DROPPED) | DG_CHANGES(COLUMN_RENAMED) |
                                  DG_CHANGES(COLUMN_RETYPED) | DG_CHANGES(COLUMN_REPLACED);
    facts->message = DG_MESSAGE_STALE_PLAN;
    if (!youngest_change(input, kinds, true, facts))
        return true;
    facts->name = facts->change.column;
    facts->new_name = facts->change.new_name;
    switch (facts->change.kind) {
    case DG_CHANGE_COLUMN_DROPPED:
        facts->message = DG_MESSAGE_STALE_PLAN_DROPPED;
        break;
    case DG_CHANGE_COLUMN_RENAMED:
        facts->message = DG_MESSAGE_STALE_PLAN_RENAMED;
        break;
    case DG_CHANGE_COLUMN_RETYPED:
        facts->message = DG_MESSAGE_STALE_PLAN_RETYPED;
        break;
    case DG_CHANGE_COLUMN_ADDED:
    case DG_CHANGE_COLUMN_REPLACED:
    case DG_CHANGE_COLUMN_NULLABILITY:
    case DG_CHANGE_COLUMN_DEFAULT:
    case DG_CHANGE_RELATION_ADDED:
    case DG_CHANGE_RELATION_DROPPED:
    case DG_CHANGE_RELATION_RENAMED:
    case DG_CHANGE_RELATION_MOVED:
    case DG_CHANGE_RELATION_REPLACED:
    default:
        facts->message = DG_MESSAGE_STALE_PLAN_ADDED;
        break;
    }
    return true;
}
