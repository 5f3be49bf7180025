/*
 * How many sessions a user and a database have, for relay.max_sessions_per_user and relay.max_sessions_per_database. One
 * table a process, locked at the beginning and at the end of each session.
 *
 * A session counts from the moment at which the server has let it in: what a start-up packet claims before that is
 * anybody's word, and a limit that counted it would let a stranger lock a user out, and a flood of made-up names would
 * fill the table. So a name has an entry as long as it has a session, and the table is no longer than the sessions are
 * many.
 */
#ifndef DG_PROXY_QUOTA_H
#define DG_PROXY_QUOTA_H

#include "base/status.h"
#include "base/str.h"

struct dg_quota;
struct dg_quota_count;

/* Whom a session counts for. All zero: nobody. */
struct dg_quota_place {
    struct dg_quota_count *user;
    struct dg_quota_count *database;
};

/* 0: no limit. */
struct dg_quota_limits {
    size_t per_user;
    size_t per_database;
};

enum dg_quota_answer { DG_QUOTA_ADMITTED, DG_QUOTA_USER_IS_FULL, DG_QUOTA_DATABASE_IS_FULL };

/* NULL without memory. */
struct dg_quota *dg_quota_new(void);
/* NULL is allowed. No place is taken any more. */
void dg_quota_free(struct dg_quota *quota);

/* Takes a place, unless one of the limits is reached. Names are cut where PostgreSQL cuts them; an empty one is not
   counted, and neither is one for which there is no memory. `upstream`: names of different servers are different ones.
   Any thread. */
enum dg_quota_answer dg_quota_enter(struct dg_quota *quota, const void *upstream, struct dg_str user,
                                    struct dg_str database, const struct dg_quota_limits *limits,
                                    struct dg_quota_place *place) DG_MUST_CHECK;
/* Gives it back; all zero and twice are fine. Any thread. */
void dg_quota_leave(struct dg_quota *quota, struct dg_quota_place *place);
/* Names that have a session. */
size_t dg_quota_names(struct dg_quota *quota);

#endif
