/*
 * The journal: what changed between two successive snapshots of a database, each change with the window of time in
 * which it happened. Written by the schema thread, asked by workers when an error has to be explained.
 */
#ifndef DG_SCHEMA_JOURNAL_H
#define DG_SCHEMA_JOURNAL_H

#include "schema/snapshot.h"

enum dg_change_kind {
    DG_CHANGE_COLUMN_ADDED,
    DG_CHANGE_COLUMN_DROPPED,
    DG_CHANGE_COLUMN_RENAMED,
    DG_CHANGE_COLUMN_RETYPED,
    DG_CHANGE_COLUMN_NULLABILITY,
    DG_CHANGE_COLUMN_DEFAULT,
    DG_CHANGE_COLUMN_REPLACED, /* same name, another attnum: the one that it has now */
    DG_CHANGE_RELATION_ADDED,
    DG_CHANGE_RELATION_DROPPED,
    DG_CHANGE_RELATION_RENAMED,
    DG_CHANGE_RELATION_MOVED,   /* to another schema */
    DG_CHANGE_RELATION_REPLACED /* same name, another oid */
};

/* A set of kinds: DG_CHANGES(COLUMN_ADDED) | DG_CHANGES(COLUMN_RETYPED). */
#define DG_CHANGES(kind) (1u << (unsigned)DG_CHANGE_##kind)

/* "column_renamed" and so on. */
const char *dg_change_kind_name(enum dg_change_kind kind);

#define DG_JOURNAL_NAME_BYTES 64 /* NAMEDATALEN */

struct dg_change {
    enum dg_change_kind kind;
    dg_oid relation_oid;
    int16_t attnum;
    char schema[DG_JOURNAL_NAME_BYTES]; /* as it was before the change */
    char relation[DG_JOURNAL_NAME_BYTES];
    char column[DG_JOURNAL_NAME_BYTES];
    char new_name[DG_JOURNAL_NAME_BYTES]; /* renamed: the new name; moved: the new schema; retyped: the new type */
    char old_type[DG_JOURNAL_NAME_BYTES];
    int64_t after_us;  /* the window: the change happened after this ... */
    int64_t before_us; /* ... and before this. Equal when the instant is known. */
};

struct dg_journal;

struct dg_journal *dg_journal_new(size_t max_changes);
void dg_journal_free(struct dg_journal *journal);
/* Appends what differs from `older` to `newer` by identity (class oid, attnum); forgets the oldest beyond max_changes. */
enum dg_status dg_journal_record(struct dg_journal *journal, const struct dg_snapshot *older,
                                 const struct dg_snapshot *newer) DG_MUST_CHECK;
/* Appends changes that were recorded by an earlier process, oldest first; the oldest beyond max_changes are forgotten. */
enum dg_status dg_journal_append(struct dg_journal *journal, const struct dg_change *changes, size_t n) DG_MUST_CHECK;
/* The newest change that took the name `column` from the relation (renamed, dropped); false if none is known. */
bool dg_journal_find_column(const struct dg_journal *journal, dg_oid relation_oid, struct dg_str column,
                            struct dg_change *change);
/* The newest change that took the name `relation` (schema "" for any) away: renamed, moved, dropped. */
bool dg_journal_find_relation(const struct dg_journal *journal, struct dg_str schema, struct dg_str relation,
                              struct dg_change *change);
/* The newest change of these kinds (DG_CHANGES) to this column of the relation, attnum 0: to any; or to the relation. */
bool dg_journal_find_change(const struct dg_journal *journal, dg_oid relation_oid, int16_t attnum, unsigned kinds,
                            struct dg_change *change);
/* The changes, oldest first, copied to `out` (at most max; NULL: only counted); returns how many. */
size_t dg_journal_copy(const struct dg_journal *journal, struct dg_change *out, size_t max);

#endif
