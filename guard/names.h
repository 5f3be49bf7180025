/*
 * Names near a missing one, and the name that stands at an error's position.
 */
#ifndef DG_GUARD_NAMES_H
#define DG_GUARD_NAMES_H

#include "base/str.h"

/* How far `candidate` is from what was written: 0 (the same but for case) to DG_NAMES_FAR - 1, by edit distance and by
   the words that both are made of (user_email, contact_email, emailOfContact); DG_NAMES_FAR: not near at all. */
#define DG_NAMES_FAR 1000U
unsigned dg_names_distance(struct dg_str written, struct dg_str candidate);

#define DG_NEAREST_MAX 3

/* The nearest few so far, nearest first. Names are borrowed. */
struct dg_nearest {
    struct dg_str written;
    size_t n;
    struct {
        const char *name;
        const void *owner; /* the caller's */
        unsigned distance;
    } items[DG_NEAREST_MAX];
};
void dg_nearest_add(struct dg_nearest *nearest, const char *name, const void *owner);

#define DG_WRITTEN_PARTS 4

/* A dotted name as written, folded and unquoted. */
struct dg_written_name {
    size_t n;
    const char *parts[DG_WRITTEN_PARTS];
    char bytes[256];
};
/* Reads the name at field P (characters from 1). False if there is none, or more parts than make sense. */
bool dg_name_at_position(struct dg_str text, struct dg_str position, struct dg_written_name *name);

#endif
