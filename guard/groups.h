/*
 * Drift groups: (server's database, relation, column, kind), open from its first error until a snapshot satisfies it or it was
 * quiet for long. One table a process; locked, since its events are rare. Shows itself as JSON and as the gauge
 * driftguard_drift.
 */
#ifndef DG_GUARD_GROUPS_H
#define DG_GUARD_GROUPS_H

#include "base/metrics.h"
#include "base/text.h"
#include "guard/place.h"
#include "schema/snapshot.h"

struct dg_groups;

struct dg_groups *dg_groups_new(size_t max_groups, struct dg_metrics *metrics);
void dg_groups_free(struct dg_groups *groups);

struct dg_group_event {
    const struct dg_guard_place *place;
    const char *schema;   /* "" if not known */
    const char *relation; /* "" if any of several */
    const char *column;   /* "" for a relation */
    const char *kind;
    const char *sqlstate;
    const char *application;
    struct dg_str text; /* the statement; its literals are replaced before it is kept */
    int64_t now_us;     /* by the wall clock, for people */
    uint64_t now_ms;    /* by the monotonic clock, for the group's end */
};
/* True if the event opened a group (or opened it again). */
bool dg_groups_record(struct dg_groups *groups, const struct dg_group_event *event);
/* Closes the database's groups that the snapshot satisfies: the relation, and the column if it is about one, exist. */
void dg_groups_satisfy(struct dg_groups *groups, const struct dg_guard_place *place,
                       const struct dg_snapshot *snapshot);
/* Closes groups without an event for quiet_ms (monotonic clock). */
void dg_groups_expire(struct dg_groups *groups, uint64_t now_ms, uint64_t quiet_ms);
/* {"groups":[...],"dropped":0} */
void dg_groups_print(struct dg_groups *groups, struct dg_text *out);
size_t dg_groups_open_count(struct dg_groups *groups);

#endif
