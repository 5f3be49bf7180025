/*
 * A statement's answer as a line, for the tests that ask the resolver without a server: "ok", or the reason, then each
 * finding as "; sqlstate @position [exact] [certain] message".
 */
#ifndef DG_TESTS_UNIT_SQL_RESOLUTION_H
#define DG_TESTS_UNIT_SQL_RESOLUTION_H

#include "base/text.h"
#include "schema/builder.h"
#include "sql/resolve.h"

#define RESOLUTION_ARENA_BYTES ((size_t)16 << 20)

struct resolution_case {
    const char *sql;
    const char *answer;
};

/* PostgreSQL 15, UTF8, English. */
struct dg_server_facts usual_facts(void);
/* Of role app, with the path "$user", public; nothing was changed in it. `snapshot` must outlive it. */
struct dg_sql_session usual_session(const struct dg_snapshot *snapshot);
/* Appends the line. */
void render_resolution(const struct dg_resolution *resolution, struct dg_text *out);
/* Fails the test, with both lines, if the one statement of `sql` has another answer. */
void check(const struct dg_sql_session *session, const char *sql, const char *answer);
void check_all(const struct dg_sql_session *session, const struct resolution_case *cases, size_t n);
#define CHECK_ALL(session, cases) check_all((session), (cases), sizeof(cases) / sizeof((cases)[0]))

#endif
