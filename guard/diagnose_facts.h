/*
 * Between the reasons (diagnose.c, and diagnose_contract.c, diagnose_object.c, diagnose_change.c beside it) and the words
 * of messages.def (diagnose_text.c). Not for other folders.
 */
#ifndef DG_GUARD_DIAGNOSE_FACTS_H
#define DG_GUARD_DIAGNOSE_FACTS_H

#include "guard/diagnose.h"
#include "guard/names.h"

enum dg_message {
#define DG_MESSAGE(id, kind, detail, hint, brief_hint) DG_MESSAGE_##id,
#include "guard/messages.def"
#undef DG_MESSAGE
    DG_MESSAGE_COUNT
};

#define DG_DIAGNOSE_MAX_RELATIONS 16

/* What is to be said. Strings are borrowed; NULL where there is none. */
struct dg_diagnose_facts {
    const struct dg_diagnose_input *input;
    enum dg_message message;
    const char *name;     /* the column, relation, function, type or schema that it is about */
    const char *relation; /* the relation that lacks it, or that is missing; of functions and types, these themselves */
    const char *relation_schema;
    const char *new_name;
    const char *schema;
    const struct dg_relation *table; /* of what is told about its indexes and columns */
    const struct dg_type *type;
    bool is_column; /* `name` is a column's */
    struct dg_change change;
    bool has_change;
    size_t n_columns;
    struct dg_nearest nearest;
    const struct dg_relation *relations[DG_DIAGNOSE_MAX_RELATIONS]; /* in scope, where it may be any of them */
    size_t n_relations;
};

/* Each fills in the facts that the words need; false: there is nothing to say. */
bool dg_diagnose_required(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_generated(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_conflict_target(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_enum_label(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_function(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_type(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_schema(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_ambiguous(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
/* An error that no finding foresaw, by what has changed under the statement's columns. */
bool dg_diagnose_retyped(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);
bool dg_diagnose_stale_plan(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts);

/* ---- for these alone ---- */

/* The words will be about this relation. */
void dg_diagnose_about(struct dg_diagnose_facts *facts, const struct dg_relation *relation);
/* The path leads to the schema, or the path is not known. */
bool dg_diagnose_is_in_path(const struct dg_diagnose_input *input, const char *schema);
/* Not pg_catalog and its like. */
bool dg_diagnose_is_named_by_people(const char *schema);
/* The session's role has no USAGE on it. */
bool dg_diagnose_is_hidden(const struct dg_diagnose_input *input, const struct dg_namespace *schema);
/* The distinct relations that the statement refers to; returns how many. */
size_t dg_diagnose_references(const struct dg_diagnose_input *input, const struct dg_relation **out, size_t max);

/* Fills in detail, hint and kind. */
void dg_diagnose_write(const struct dg_diagnose_facts *facts, struct dg_diagnosis *diagnosis);

#endif
