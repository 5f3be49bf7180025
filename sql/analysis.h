/*
 * What a Query or Parse text means: its statements, the relations and columns that each refers to, what is missing, and
 * what each statement does to the session when it succeeds.
 *
 * dg_sql_analyze is pure: text + snapshot + session in, dg_sql_analysis out, all of it in the caller's arena. It never
 * calls a server. PostgreSQL is the judge: a name is `missing` only where PostgreSQL would raise an error; whatever
 * cannot be decided makes the statement `unknown` and says why.
 */
#ifndef DG_SQL_ANALYSIS_H
#define DG_SQL_ANALYSIS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "schema/snapshot.h"

enum dg_reason {
#define DG_REASON(name, label, help) DG_REASON_##name,
#include "sql/reason.def"
#undef DG_REASON
    DG_REASON_COUNT
};
const char *dg_reason_label(enum dg_reason reason);
/* The sentence of reason.def. */
const char *dg_reason_help(enum dg_reason reason);
/* Once in each thread that analyses, at its start: what the parser needs for all its life is allocated now, when memory is
   there. It ends the process if that fails later, in the midst of a session. */
void dg_sql_prepare_thread(void);
/* The PostgreSQL version that the linked parser comes from, "15.1". */
const char *dg_sql_parser_version(void);

/* ---- in ---------------------------------------------------------------------------------------------------------- */

/* The session as far as names depend on it. */
struct dg_sql_session {
    const struct dg_snapshot *snapshot;
    /* The search_path setting's elements as the server would list them after folding ("$user" kept as such). When
       path_known is false, a name counts as missing only if no schema has it. */
    const char *const *path;
    size_t n_path;
    bool path_known;
    const char *role; /* current_user, NULL when not known (SET ROLE of something computed) */
    /* Relations that this session made, dropped or changed and has not committed, and its temporary ones: names in
       this list are unknown. `any_uncommitted`: it did something uncommitted that may have changed any name. */
    const char *const *local_names;
    size_t n_local_names;
    bool any_uncommitted;
    const dg_oid *param_types; /* declared in Parse; 0 = not declared */
    size_t n_param_types;
    size_t max_tokens; /* a text of more tokens gets DG_LIMIT before the parser is called */
};

/* ---- out --------------------------------------------------------------------------------------------------------- */

enum dg_clause {
    DG_CLAUSE_OTHER,
    DG_CLAUSE_SELECT_LIST,
    DG_CLAUSE_FROM,
    DG_CLAUSE_JOIN_ON,
    DG_CLAUSE_USING,
    DG_CLAUSE_WHERE,
    DG_CLAUSE_GROUP_BY,
    DG_CLAUSE_HAVING,
    DG_CLAUSE_WINDOW,
    DG_CLAUSE_ORDER_BY,
    DG_CLAUSE_LIMIT,
    DG_CLAUSE_INSERT_TARGET,
    DG_CLAUSE_INSERT_COLUMNS,
    DG_CLAUSE_VALUES,
    DG_CLAUSE_SET,
    DG_CLAUSE_ON_CONFLICT,
    DG_CLAUSE_RETURNING,
    DG_CLAUSE_COUNT
};
/* As people write it: "the select list", "WHERE", "RETURNING". */
const char *dg_clause_text(enum dg_clause clause);

/* A name that was found. attnum 0: the relation itself (FROM, target, whole row, *). */
struct dg_sql_reference {
    dg_oid relation_oid;
    int16_t attnum;
    enum dg_clause clause;
    uint32_t location; /* byte offset in the text */
};

enum dg_finding_kind {
    DG_FINDING_COLUMN,   /* 42703: a relation, or all that is in scope, has no such column */
    DG_FINDING_RELATION, /* 42P01: no such relation */
    DG_FINDING_FROM_ENTRY, /* 42P01: missing FROM-clause entry or invalid reference: no drift, the statement's own fault */
    DG_FINDING_SCHEMA,     /* 3F000: of a function or type; of a relation a missing schema is 42P01 */
    DG_FINDING_FUNCTION,        /* 42883: no function of that name takes so many arguments */
    DG_FINDING_TYPE,            /* 42704: no such type */
    DG_FINDING_AMBIGUOUS,       /* 42702: several columns in scope have that name; 42P09: several tables */
    DG_FINDING_ENUM_LABEL,      /* 22P02: a literal is no label of the enum type that it meets */
    DG_FINDING_GENERATED,       /* 428C9: a value for a generated or GENERATED ALWAYS AS IDENTITY column */
    DG_FINDING_CONFLICT_TARGET, /* 42P10: no unique index matches ON CONFLICT (...) */
    DG_FINDING_REQUIRED,        /* 23502: an INSERT leaves out a column that is NOT NULL and has no default */
    DG_FINDING_KIND_COUNT
};

/* When the server raises it. What comes later than analysis is said last, whatever its place in the text. */
enum dg_finding_stage {
    DG_RAISED_AT_ANALYSIS, /* Parse */
    DG_RAISED_AT_PLAN,     /* Bind or Execute; EXPLAIN raises it too */
    DG_RAISED_AT_RUN       /* Execute */
};

/* Something that PostgreSQL will refuse. */
struct dg_sql_finding {
    enum dg_finding_kind kind;
    enum dg_finding_stage stage;
    const char *sqlstate; /* static, five characters */
    const char *message;  /* the server's words in English; may hold a literal (22P02), so it is not for logs */
    uint32_t position;    /* field P: characters of the server's encoding from the start of the text, from 1; 0: none */
    bool is_exact;        /* the server's first error is this one, with this code, message and position; otherwise the
                              statement is certain to fail, with a code that is not certain */
    bool is_certain;      /* whatever the search path: nothing of that name anywhere could satisfy it */
    const char *schema;   /* of the relation that lacks the column, or as written before a missing relation; or NULL */
    const char *relation; /* the relation that lacks the column, or that is missing; NULL: any of those in scope */
    const char *column;   /* the column that is missing, ambiguous, required or generated; NULL for other kinds */
    const char *object;   /* the missing function, type or schema; the enum type of a label; else NULL */
    dg_oid relation_oid;  /* the relation that lacks the column, else 0 */
    enum dg_clause clause;
};

enum dg_sql_class {
    DG_CLASS_DML,     /* SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE */
    DG_CLASS_WRAPPED, /* EXPLAIN, DECLARE CURSOR, CREATE TABLE AS, SELECT INTO, CREATE VIEW, COPY (query), PREPARE of one */
    DG_CLASS_OBSERVED, /* COPY t, TRUNCATE, LOCK, ANALYZE, VACUUM: references, never findings */
    DG_CLASS_DDL,
    DG_CLASS_UTILITY
};

/* What a statement does to its session when it succeeds; the guard replays it at CommandComplete. */
enum dg_effect_kind {
    DG_EFFECT_BEGIN,
    DG_EFFECT_COMMIT, /* also PREPARE TRANSACTION; COMMIT AND CHAIN sets `chain` */
    DG_EFFECT_ROLLBACK,
    DG_EFFECT_SAVEPOINT,   /* name */
    DG_EFFECT_ROLLBACK_TO, /* name */
    DG_EFFECT_RELEASE,     /* name */
    DG_EFFECT_SET_PATH, /* names: the new search_path; is_local; n_names = 0 with `to_default`: RESET / SET TO DEFAULT */
    DG_EFFECT_PATH_UNKNOWN, /* something that may have set it to anything; a SET_ROLE of NULL follows if the role too */
    DG_EFFECT_SET_ROLE,     /* name; NULL: not known; to_default: RESET ROLE / NONE */
    DG_EFFECT_SET_SESSION_AUTHORIZATION, /* the same */
    DG_EFFECT_SET_STRINGS, /* standard_conforming_strings: name "on" or "off"; NULL not known. For what comes before the
                               next ReadyForQuery: by then a ParameterStatus has said it, if it changed */
    DG_EFFECT_RESET_ALL,
    DG_EFFECT_DISCARD_ALL,
    DG_EFFECT_DISCARD_TEMP,
    DG_EFFECT_DEALLOCATE, /* name; NULL: all */
    DG_EFFECT_PREPARE,    /* name: SQL-level PREPARE; what it prepares runs, and has effects, at each EXECUTE */
    DG_EFFECT_EXECUTE,    /* name: SQL-level EXECUTE (EXPLAIN EXECUTE and CREATE TABLE AS EXECUTE too): it takes verdict
                               and effects of its PREPARE */
    DG_EFFECT_DDL, /* names: relations that it named (dg_sql_name); n_names = 0: it may change anything; is_temp */
    DG_EFFECT_UNSEEN_DDL, /* it called what may have changed the schema, or made a temporary table */
    DG_EFFECT_DATABASE /* name: a database that is dropped, renamed or copied; the guard's connection has to go first */
};

struct dg_sql_name {
    const char *schema; /* "" when unqualified */
    const char *name;
};

struct dg_sql_effect {
    enum dg_effect_kind kind;
    bool is_local; /* SET LOCAL */
    bool is_temp;  /* DDL on temporary objects only */
    bool to_default;
    bool chain;
    const char *name;
    const struct dg_sql_name *names;
    size_t n_names;
};

struct dg_sql_statement {
    enum dg_sql_class class;
    const char *command; /* "SELECT", "INSERT", ..., static */
    uint32_t location;   /* byte offset and length in the text; length 0: to the end */
    uint32_t len;
    enum dg_reason reason; /* NONE: judged (findings may be empty); else why it has no verdict */
    const struct dg_sql_reference *references;
    size_t n_references;
    const struct dg_sql_finding *findings; /* the first is the one that PostgreSQL raises first */
    size_t n_findings;
    const struct dg_sql_effect *effects;
    size_t n_effects;
    const struct dg_sql_name
        *relations; /* every relation name written (not CTEs), for targeted reads and explanations */
    size_t n_relations;
    const struct dg_sql_name
        *columns; /* column names written that were not found or not decided: {qualifier or "", name} */
    size_t n_columns;
    bool is_analysed_at_execute; /* PREPARE, COPY, CREATE VIEW: a ParseComplete says nothing of its names */
    bool depends_on_literals;    /* other literals of the same kind could have other findings: no verdict by shape */
    bool may_repeat; /* a single SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE: the breaker may answer its repeats */
};

struct dg_sql_analysis {
    const struct dg_sql_statement *statements;
    size_t n_statements;
    enum dg_reason reason; /* for the whole text: UNPARSED, TOO_LONG, ENCODING, NO_MEMORY; n_statements is 0 then */
    bool depends_on_path;  /* an unqualified name was looked up: the verdict's key needs the search path */
};

/*
 * Analyses all statements of `text` (no NUL inside; UTF-8 or ASCII). Always fills *analysis: on failure with a reason and
 * no statements. Returns DG_OK, DG_UNPARSED, DG_LIMIT (tokens) or DG_NO_MEMORY.
 */
enum dg_status dg_sql_analyze(struct dg_str text, const struct dg_sql_session *session, struct dg_arena *arena,
                              struct dg_sql_analysis *analysis) DG_MUST_CHECK;

#endif
