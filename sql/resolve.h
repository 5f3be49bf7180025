/*
 * Name resolution of one statement's parse tree against a snapshot, in PostgreSQL's own order of analysis
 * (src/backend/parser: parse_relation.c, parse_clause.c, parse_target.c, parse_cte.c, parse_func.c). Internal to sql/:
 * analysis.c calls it for each statement whose names are judged.
 */
#ifndef DG_SQL_RESOLVE_H
#define DG_SQL_RESOLVE_H

#include <cjson/cJSON.h>

#include "sql/analysis.h"
#include "sql/scope.h"

struct dg_resolution {
    enum dg_reason reason; /* NONE: decided. UNKNOWN, TEMP, DDL: some name could not be decided; findings may still hold
                              those that are certain to fail before or beside it */
    const struct dg_sql_reference *references;
    size_t n_references;
    const struct dg_sql_finding *findings;
    size_t n_findings;
    const struct dg_sql_name *relations;
    size_t n_relations;
    const struct dg_sql_name *columns;
    size_t n_columns;
    bool depends_on_path;
    bool depends_on_literals;
};

/* What the names of one text may cost, some ten milliseconds; what comes after is not decided. */
#define DG_RESOLVE_MAX_WORK 1000000

/* `text` is the whole message (positions count from its start), `work` that of all its statements (NULL: no limit).
   `statement` is the node as the parser's JSON wraps it, {"SelectStmt": {...}}; of PREPARE the types are resolved, then
   the query. DG_OK or DG_NO_MEMORY. */
enum dg_status dg_resolve(const struct dg_sql_session *session, struct dg_str text, const cJSON *statement,
                          struct dg_work *work, struct dg_arena *arena, struct dg_resolution *resolution) DG_MUST_CHECK;

/* The same for a query that another statement wraps: what the server raises after its analysis is left out, or, if it
   plans the query (EXPLAIN), what it raises after planning. */
enum dg_status dg_resolve_wrapped(const struct dg_sql_session *session, struct dg_str text, const cJSON *query,
                                  bool is_planned, struct dg_work *work, struct dg_arena *arena,
                                  struct dg_resolution *resolution) DG_MUST_CHECK;

/* The same for statements that are observed only (COPY t(cols), TRUNCATE, LOCK, ANALYZE t(cols)): references, no findings. */
enum dg_status dg_resolve_observed(const struct dg_sql_session *session, struct dg_str text, const cJSON *statement,
                                   struct dg_work *work, struct dg_arena *arena,
                                   struct dg_resolution *resolution) DG_MUST_CHECK;

#endif
