/*
 * The databases of the process, as shared.c keeps them for session.c. Not for other folders.
 */
#ifndef DG_GUARD_SHARED_H
#define DG_GUARD_SHARED_H

#include "guard/state.h"

/* One more session of the database; NULL if there is no memory or there are too many databases. */
struct dg_guard_database *dg_shared_open_database(struct dg_guard_shared *shared, struct dg_schema_database *handle,
                                                  const struct dg_guard_place *place);
/* Call before the session's own handle is closed. */
void dg_shared_close_database(struct dg_guard_shared *shared, struct dg_guard_database *database);

#endif
