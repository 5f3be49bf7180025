/*
 * Writes that the table of today refuses: a column that came to need a value, one that is computed, an ON CONFLICT target
 * without its index, an enum label that is not there. What is refused is the finding's; here is since when, and what
 * stands there instead.
 */
#include "guard/diagnose_facts.h"

/* The finding's column as the snapshot has it; NULL: the snapshot is of another time. */
static const struct dg_column *column_of(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_sql_finding *finding = input->finding;
    const struct dg_relation *relation = dg_snapshot_relation_by_oid(input->snapshot, finding->relation_oid);
    if (relation == NULL || finding->column == NULL)
        return NULL;
    facts->name = finding->column;
    facts->is_column = true;
    facts->table = relation;
    dg_diagnose_about(facts, relation);
    return dg_relation_column(relation, dg_str_of(finding->column));
}

static void find_change(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts, int16_t attnum,
                        unsigned kinds)
{
    facts->has_change = input->journal != NULL &&
                        dg_journal_find_change(input->journal, facts->table->oid, attnum, kinds, &facts->change);
}

bool dg_diagnose_required(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_column *column = column_of(input, facts);
    if (column == NULL || (column->flags & DG_COLUMN_NOT_NULL) == 0)
        return false; /* its domain refuses NULL */
    facts->message = (column->flags & DG_COLUMN_HAS_DEFAULT) == 0 ? DG_MESSAGE_COLUMN_REQUIRED : DG_MESSAGE_COLUMN_NULL;
    find_change(input, facts, column->attnum,
                DG_CHANGES(COLUMN_ADDED) | DG_CHANGES(COLUMN_REPLACED) | DG_CHANGES(COLUMN_NULLABILITY) |
                    DG_CHANGES(COLUMN_DEFAULT));
    return true;
}

bool dg_diagnose_generated(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_column *column = column_of(input, facts);
    if (column == NULL)
        return false;
    find_change(input, facts, column->attnum, DG_CHANGES(COLUMN_ADDED) | DG_CHANGES(COLUMN_REPLACED));
    facts->message = DG_MESSAGE_COLUMN_GENERATED;
    return true;
}

bool dg_diagnose_conflict_target(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    facts->table = dg_snapshot_relation_by_oid(input->snapshot, input->finding->relation_oid);
    if (facts->table == NULL)
        return false;
    dg_diagnose_about(facts, facts->table);
    facts->message = DG_MESSAGE_CONFLICT_TARGET_ABSENT;
    return true;
}

bool dg_diagnose_enum_label(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_type *found = NULL;
    size_t cursor = 0;
    for (const struct dg_type *type;
         (type = dg_snapshot_types_named(input->snapshot, dg_str_of(input->finding->object), &cursor)) != NULL;) {
        if (type->kind != 'e')
            continue;
        if (found != NULL)
            return false; /* which of them it was, the finding does not say */
        found = type;
    }
    if (found == NULL)
        return false;
    const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(input->snapshot, found->namespace_oid);
    facts->type = found;
    facts->name = found->name;
    facts->relation = found->name;
    facts->relation_schema = schema == NULL ? NULL : schema->name;
    facts->message = DG_MESSAGE_ENUM_LABEL_ABSENT;
    return true;
}
