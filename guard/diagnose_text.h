/*
 * Between the reasons of diagnose.c and the words of messages.def. Not for other folders.
 */
#ifndef DG_GUARD_DIAGNOSE_TEXT_H
#define DG_GUARD_DIAGNOSE_TEXT_H

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
    const char *name;     /* the column or relation that is missing */
    const char *relation; /* the relation that lacks it, or that is missing */
    const char *relation_schema;
    const char *new_name;
    const char *schema;
    struct dg_change change;
    bool has_change;
    size_t n_columns;
    struct dg_nearest nearest;
    const struct dg_relation *relations[DG_DIAGNOSE_MAX_RELATIONS]; /* in scope, where it may be any of them */
    size_t n_relations;
};

/* Fills in detail, hint and kind. */
void dg_diagnose_write(const struct dg_diagnose_facts *facts, struct dg_diagnosis *diagnosis);

#endif
