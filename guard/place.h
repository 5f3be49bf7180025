/*
 * Which database of which server: what sessions, drift groups, series and events are told apart by.
 */
#ifndef DG_GUARD_PLACE_H
#define DG_GUARD_PLACE_H

#include <stdbool.h>

#include "base/str.h"

struct dg_guard_place {
    const char *database;
    const char *upstream; /* its name in the configuration */
    const char *server;   /* its printed address */
};

bool dg_place_is_same(const struct dg_guard_place *a, const struct dg_guard_place *b);
/* False, and *copy all NULL, if there is no memory. */
bool dg_place_copy(const struct dg_guard_place *place, struct dg_guard_place *copy);
/* Frees a copy. All NULL is allowed. */
void dg_place_fini(struct dg_guard_place *copy);
/* A map's key, of a copy and as long as it lives. */
struct dg_str dg_place_key(const struct dg_guard_place *copy);

#endif
