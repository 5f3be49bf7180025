/*
 * The differences between two snapshots, as changes with the window in which each happened.
 *
 * Both lists of relations are sorted by oid, so one walk finds what is in both, what went and what came. What went and
 * came under one name was replaced: dropped and made again by a migration, or a whole database restored from a dump.
 * The window of a relation runs from the read that last saw it in its old state to the read that saw the new one;
 * a snapshot may have been patched, so these are times of entries, not of snapshots; or from the poll that last found
 * all of it unchanged.
 */
#include "schema/diff.h"

#include <stdio.h>

#include "schema/model.h"
#include "schema/names.h"

struct diff {
    const struct dg_snapshot *older;
    const struct dg_snapshot *newer;
    bool (*on_change)(const struct dg_change *change, void *context);
    void *context;
    bool is_over;
    int64_t after_us;
    int64_t before_us;
    dg_oid relation_oid; /* under which the changes of columns go */
    const char *schema;
    const char *relation;
};

/* Copies a name into a field; longer ones than any server's are cut. */
static void set_name(char field[DG_JOURNAL_NAME_BYTES], const char *name)
{
    struct dg_str kept = dg_str_utf8_prefix(dg_str_of(name), DG_JOURNAL_NAME_BYTES - 1);
    memcpy(field, kept.data, kept.len);
    field[kept.len] = '\0';
}

static void emit(struct diff *diff, enum dg_change_kind kind, const struct dg_column *column, const char *new_name,
                 const char *old_type)
{
    if (diff->is_over)
        return;
    struct dg_change change = {.kind = kind,
                               .relation_oid = diff->relation_oid,
                               .attnum = column == NULL ? 0 : column->attnum,
                               .after_us = diff->after_us,
                               .before_us = diff->before_us};
    set_name(change.schema, diff->schema);
    set_name(change.relation, diff->relation);
    set_name(change.column, column == NULL ? "" : column->name);
    set_name(change.new_name, new_name);
    set_name(change.old_type, old_type);
    diff->is_over = !diff->on_change(&change, diff->context);
}

/* ---- Columns ----------------------------------------------------------------------------------------------------- */

static bool is_live(const struct dg_column *column)
{
    return (column->flags & DG_COLUMN_DROPPED) == 0;
}

static const struct dg_column *live_column(const struct dg_relation *relation, const char *name)
{
    const struct dg_column *column = dg_relation_column(relation, dg_str_of(name));
    return column != NULL && column->attnum > 0 ? column : NULL;
}

static void emit_retyped(struct diff *diff, const struct dg_column *before, const struct dg_column *after)
{
    char old_name[DG_JOURNAL_NAME_BYTES];
    char new_name[DG_JOURNAL_NAME_BYTES];
    struct dg_text old_text;
    struct dg_text new_text;
    dg_text_init_fixed(&old_text, old_name, sizeof old_name);
    dg_text_init_fixed(&new_text, new_name, sizeof new_name);
    dg_snapshot_type_name(diff->older, before->type_oid, before->typmod, &old_text);
    dg_snapshot_type_name(diff->newer, after->type_oid, after->typmod, &new_text);
    emit(diff, DG_CHANGE_COLUMN_RETYPED, before, dg_text_get(&new_text), dg_text_get(&old_text));
}

/* What else may have changed of a column that is still there. */
static void diff_properties(struct diff *diff, const struct dg_column *before, const struct dg_column *after)
{
    const unsigned default_flags =
        DG_COLUMN_HAS_DEFAULT | DG_COLUMN_GENERATED | DG_COLUMN_IDENTITY_ALWAYS | DG_COLUMN_IDENTITY_BY_DEFAULT;
    unsigned flags = (unsigned)before->flags ^ after->flags;
    if (before->type_oid != after->type_oid || before->typmod != after->typmod)
        emit_retyped(diff, before, after);
    if ((flags & DG_COLUMN_NOT_NULL) != 0)
        emit(diff, DG_CHANGE_COLUMN_NULLABILITY, before, (after->flags & DG_COLUMN_NOT_NULL) != 0 ? "not null" : "null",
             "");
    if (before->default_hash != after->default_hash || (flags & default_flags) != 0)
        emit(diff, DG_CHANGE_COLUMN_DEFAULT, before, "", "");
}

/* By attnum: the relation is the same one. */
static void diff_columns(struct diff *diff, const struct dg_relation *older, const struct dg_relation *newer)
{
    for (uint16_t i = 0; i < older->n_columns; i++) {
        const struct dg_column *before = &older->columns[i];
        const struct dg_column *after = dg_relation_column_by_attnum(newer, (int16_t)(i + 1));
        if (!is_live(before))
            continue;
        if (after == NULL || !is_live(after)) {
            const struct dg_column *successor = live_column(newer, before->name);
            if (successor == NULL)
                emit(diff, DG_CHANGE_COLUMN_DROPPED, before, "", "");
            else
                emit(diff, DG_CHANGE_COLUMN_REPLACED, successor, "", "");
            continue;
        }
        if (strcmp(before->name, after->name) != 0)
            emit(diff, DG_CHANGE_COLUMN_RENAMED, before, after->name, "");
        diff_properties(diff, before, after);
    }
    for (uint16_t i = older->n_columns; i < newer->n_columns; i++) {
        const struct dg_column *added = &newer->columns[i];
        /* A successor was told of already, as replaced; but the name may also have become free by a rename. */
        const struct dg_column *namesake = is_live(added) ? live_column(older, added->name) : NULL;
        const struct dg_column *now = namesake == NULL ? NULL : dg_relation_column_by_attnum(newer, namesake->attnum);
        if (is_live(added) && (namesake == NULL || (now != NULL && is_live(now))))
            emit(diff, DG_CHANGE_COLUMN_ADDED, added, "", "");
    }
}

/* By name: another relation took the place of the older one. */
static void diff_columns_by_name(struct diff *diff, const struct dg_relation *older, const struct dg_relation *newer)
{
    for (uint16_t i = 0; i < older->n_columns; i++) {
        const struct dg_column *before = &older->columns[i];
        if (!is_live(before))
            continue;
        const struct dg_column *after = live_column(newer, before->name);
        if (after == NULL)
            emit(diff, DG_CHANGE_COLUMN_DROPPED, before, "", "");
        else
            diff_properties(diff, before, after);
    }
    for (uint16_t i = 0; i < newer->n_columns; i++)
        if (is_live(&newer->columns[i]) && live_column(older, newer->columns[i].name) == NULL)
            emit(diff, DG_CHANGE_COLUMN_ADDED, &newer->columns[i], "", "");
}

/* ---- Relations --------------------------------------------------------------------------------------------------- */

static const char *schema_name(const struct dg_snapshot *snapshot, dg_oid oid)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(snapshot, oid);
    return namespace == NULL ? "" : namespace->name;
}

bool dg_snapshot_diff_covers(const struct dg_snapshot *snapshot, const struct dg_relation *relation)
{
    if (relation->persistence == 't' || strchr("rvmfpSc", relation->kind) == NULL)
        return false;
    const char *schema = schema_name(snapshot, relation->namespace_oid);
    return strncmp(schema, "pg_", 3) != 0 && strcmp(schema, "information_schema") != 0;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The relation that has this one's full name in the other snapshot, if it has another oid. */
static const struct dg_relation *namesake(const struct dg_snapshot *from, const struct dg_snapshot *to,
                                          const struct dg_relation *relation)
{
    const struct dg_namespace *schema =
        dg_snapshot_namespace(to, dg_str_of(schema_name(from, relation->namespace_oid)));
    if (schema == NULL)
        return NULL;
    const struct dg_relation *found = dg_snapshot_relation(to, schema->oid, dg_str_of(relation->name));
    return found != NULL && found->oid != relation->oid && dg_snapshot_diff_covers(to, found) ? found : NULL;
}

static void set_subject(struct diff *diff, const struct dg_snapshot *snapshot, const struct dg_relation *relation)
{
    diff->relation_oid = relation->oid;
    diff->relation = relation->name;
    diff->schema = schema_name(snapshot, relation->namespace_oid);
}

static void diff_relation(struct diff *diff, const struct dg_entry *before, const struct dg_entry *after)
{
    const struct dg_relation *older = before->object;
    const struct dg_relation *newer = after->object;
    set_subject(diff, diff->older, older);
    diff->after_us = later(before->read_at_us, diff->older->verified_at_us);
    diff->before_us = after->read_at_us;
    const char *new_schema = schema_name(diff->newer, newer->namespace_oid);
    /* A schema that was renamed moves what is in it, as far as names go. */
    if (strcmp(diff->schema, new_schema) != 0)
        emit(diff, DG_CHANGE_RELATION_MOVED, NULL, new_schema, "");
    if (strcmp(older->name, newer->name) != 0)
        emit(diff, DG_CHANGE_RELATION_RENAMED, NULL, newer->name, "");
    if (older != newer)
        diff_columns(diff, older, newer);
}

static void relation_gone(struct diff *diff, const struct dg_entry *before)
{
    const struct dg_relation *older = before->object;
    const struct dg_relation *successor = namesake(diff->older, diff->newer, older);
    set_subject(diff, diff->older, older);
    diff->after_us = later(before->read_at_us, diff->older->verified_at_us);
    diff->before_us = diff->newer->read_at_us;
    /* A successor that was there before under another name was renamed into place: it is told of as that, and this one
       as dropped. */
    if (successor == NULL || dg_snapshot_relation_by_oid(diff->older, successor->oid) != NULL) {
        emit(diff, DG_CHANGE_RELATION_DROPPED, NULL, "", "");
        return;
    }
    diff->relation_oid = successor->oid;
    emit(diff, DG_CHANGE_RELATION_REPLACED, NULL, "", "");
    diff_columns_by_name(diff, older, successor);
}

static void relation_came(struct diff *diff, const struct dg_entry *after)
{
    const struct dg_relation *newer = after->object;
    const struct dg_relation *predecessor = namesake(diff->newer, diff->older, newer);
    if (predecessor != NULL && dg_snapshot_relation_by_oid(diff->newer, predecessor->oid) == NULL)
        return; /* told of as replaced */
    set_subject(diff, diff->newer, newer);
    /* When it was last seen to be absent: by the last full read at the latest. */
    diff->after_us = later(diff->older->full_read_at_us, diff->older->verified_at_us);
    diff->before_us = after->read_at_us;
    emit(diff, DG_CHANGE_RELATION_ADDED, NULL, "", "");
}

void dg_snapshot_diff(const struct dg_snapshot *older, const struct dg_snapshot *newer,
                      bool (*on_change)(const struct dg_change *change, void *context), void *context)
{
    struct diff diff = {.older = older, .newer = newer, .on_change = on_change, .context = context};
    const struct dg_entry *before = older->relations.entries;
    const struct dg_entry *after = newer->relations.entries;
    size_t i = 0;
    size_t k = 0;
    while (!diff.is_over && (i < older->relations.n || k < newer->relations.n)) {
        bool has_before = i < older->relations.n;
        bool has_after = k < newer->relations.n;
        bool is_same = has_before && has_after && before[i].oid == after[k].oid;
        bool is_gone = !is_same && has_before && (!has_after || before[i].oid < after[k].oid);
        const struct dg_relation *relation = is_gone || is_same ? before[i].object : after[k].object;
        if (dg_snapshot_diff_covers(is_gone || is_same ? older : newer, relation)) {
            if (is_same)
                diff_relation(&diff, &before[i], &after[k]);
            else if (is_gone)
                relation_gone(&diff, &before[i]);
            else
                relation_came(&diff, &after[k]);
        }
        i += is_same || is_gone ? 1 : 0;
        k += is_same || !is_gone ? 1 : 0;
    }
}
