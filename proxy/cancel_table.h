/*
 * Which server a CancelRequest has to go to: from process id and key, which the server gave to the client in
 * BackendKeyData, to that session's server. One table a process; it is locked at the start and end of a
 * session, when its statement is held, and for each cancel.
 */
#ifndef DG_PROXY_CANCEL_TABLE_H
#define DG_PROXY_CANCEL_TABLE_H

#include "base/str.h"
#include "proxy/connect.h"

struct dg_session;
struct dg_worker;
struct dg_cancel_table;
struct dg_cancel_entry;

struct dg_cancel_table *dg_cancel_table_new(size_t max_entries);
void dg_cancel_table_free(struct dg_cancel_table *table);

/* `route` outlives the entry. NULL if there is no room: the session's cancels go where their own connection would. */
struct dg_cancel_entry *dg_cancel_table_add(struct dg_cancel_table *table, uint32_t pid, struct dg_str key,
                                            const struct dg_route *route, struct dg_worker *worker,
                                            struct dg_session *session);
/* NULL is allowed. */
void dg_cancel_table_remove(struct dg_cancel_table *table, struct dg_cancel_entry *entry);
/* While a statement is held the server has nothing to cancel. NULL is allowed. */
void dg_cancel_table_set_holding(struct dg_cancel_table *table, struct dg_cancel_entry *entry, bool is_holding);

struct dg_cancel_target {
    bool is_known;
    struct dg_route route;     /* if it is known */
    struct dg_worker *holding; /* the worker that holds the session's statement, or NULL */
};
void dg_cancel_table_find(struct dg_cancel_table *table, uint32_t pid, struct dg_str key,
                          struct dg_cancel_target *target);
/* The session with this key, if it is `worker`'s own; call in the worker's thread. */
struct dg_session *dg_cancel_table_session(struct dg_cancel_table *table, uint32_t pid, struct dg_str key,
                                           const struct dg_worker *worker);

#endif
