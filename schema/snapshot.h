/*
 * The snapshot: an immutable model of one database's live schema, as the catalogs (pg_namespace, pg_class,
 * pg_attribute, pg_type, pg_proc, ...) had it when a read began.
 *
 * Everything that a lookup returns is borrowed from the snapshot and lives as long as a reference to it. Names are the
 * server's bytes, unquoted. System schemas (pg_catalog, information_schema, pg_toast, pg_temp_N) are in it like any
 * other. Snapshots are made by schema/builder.h, read from a server by schema/load.h and handed out by schema/store.h.
 */
#ifndef DG_SCHEMA_SNAPSHOT_H
#define DG_SCHEMA_SNAPSHOT_H

#include "base/published.h"
#include "base/status.h"
#include "base/str.h"

typedef uint32_t dg_oid; /* PostgreSQL's Oid; 0 is InvalidOid */

enum dg_column_flag {
    DG_COLUMN_NOT_NULL = 1 << 0,
    DG_COLUMN_HAS_DEFAULT = 1 << 1, /* atthasdef: false for identity columns */
    DG_COLUMN_DROPPED = 1 << 2,
    DG_COLUMN_GENERATED = 1 << 3, /* attgenerated is set */
    DG_COLUMN_IDENTITY_ALWAYS = 1 << 4,
    DG_COLUMN_IDENTITY_BY_DEFAULT = 1 << 5
};

struct dg_column {
    const char *name;
    dg_oid type_oid;
    int32_t typmod;
    uint32_t default_hash; /* tells one default from another; 0 when there is none */
    int16_t attnum;
    uint16_t flags; /* enum dg_column_flag */
};

enum dg_relation_flag {
    DG_RELATION_PARTITION = 1 << 0,             /* relispartition */
    DG_RELATION_BEFORE_INSERT_TRIGGER = 1 << 1, /* an enabled BEFORE ROW INSERT trigger here or on a partition below */
    DG_RELATION_INSTEAD = 1 << 2,               /* an INSTEAD OF trigger or a rule other than a view's _RETURN */
    DG_RELATION_ROW_SECURITY = 1 << 3
};

struct dg_relation {
    dg_oid oid;
    dg_oid namespace_oid;
    dg_oid row_type_oid; /* reltype, 0 for indexes, sequences and toast tables of old */
    dg_oid of_type_oid;  /* reloftype */
    dg_oid owner_oid;    /* the table that this index, toast table or serial column's sequence belongs to, else 0 */
    const char *name;
    const struct dg_column *columns;        /* attnum 1 .. n_columns in order, dropped ones included */
    const struct dg_column *system_columns; /* attnum < 0, as the catalog has them */
    const uint16_t *by_name; /* places in columns of those that are not dropped, in the order of their names; NULL where
                                there are few. The builder makes it */
    const dg_oid *parents;   /* pg_inherits, in inhseqno order: inheritance parents or the partitioned table */
    uint16_t n_columns;
    uint16_t n_system_columns;
    uint16_t n_parents;
    uint16_t n_by_name;
    char kind;        /* pg_class.relkind: r v m S t f c p i I */
    char persistence; /* pg_class.relpersistence: p u t */
    uint8_t flags;    /* enum dg_relation_flag */
};

struct dg_namespace {
    dg_oid oid;
    const char *name;
    bool usage_public;         /* every role has USAGE */
    bool usage_known;          /* usage_roles is complete */
    const dg_oid *usage_roles; /* roles that have USAGE, when it is not public; sorted */
    size_t n_usage_roles;
};

struct dg_type {
    dg_oid oid;
    dg_oid namespace_oid;
    dg_oid relation_oid; /* typrelid: the composite's relation */
    dg_oid base_oid;     /* typbasetype of a domain */
    dg_oid element_oid;  /* typelem */
    const char *name;
    char kind;     /* pg_type.typtype: b c d e p r m */
    char category; /* pg_type.typcategory: 'P' pseudo, 'S' string, ... */
    bool is_not_null;
    bool has_default;
    bool is_array; /* a true array type (typsubscript is the array handler) */
    /* Of an enum: operators or an implicit cast of the database's own may take it, so a literal beside it need not be
       one of its labels. */
    bool has_own_operators;
};

struct dg_argument {
    const char *name; /* "" when unnamed */
    dg_oid type_oid;
};

struct dg_function {
    dg_oid oid;
    dg_oid namespace_oid;
    dg_oid result_oid;
    dg_oid variadic_oid; /* provariadic: element type of a VARIADIC last argument, else 0 */
    const char *name;
    const struct dg_argument *inputs;  /* IN, INOUT and VARIADIC arguments */
    const struct dg_argument *outputs; /* OUT, INOUT and TABLE columns */
    uint16_t n_inputs;
    uint16_t n_outputs;
    uint16_t n_defaults;
    char kind; /* pg_proc.prokind: f a w p */
    bool returns_set;
    bool may_set_path;      /* not in pg_catalog, and its source may set search path or role */
    bool may_change_schema; /* the same of DDL, on temporary tables too */
};

/* A unique index that ON CONFLICT could infer. */
struct dg_unique_index {
    dg_oid relation_oid;
    dg_oid index_oid;
    const int16_t *attnums; /* key columns; 0 stands for an expression */
    uint16_t n_attnums;
    bool is_partial;
    bool is_deferrable;
};

struct dg_role {
    dg_oid oid;
    const char *name;
    bool is_superuser;
};

/* What the server says of itself. */
struct dg_server_facts {
    int version_num;           /* server_version_num, 150020 */
    int max_identifier_length; /* bytes in the server's encoding */
    const char *database;      /* current_database() of the read */
    dg_oid database_oid;
    const char *user;              /* current_user of the read */
    const char *server_encoding;   /* "UTF8", "LATIN1", "SQL_ASCII" */
    const char *lc_messages;       /* the server's default */
    const char *search_path;       /* reset value of a session without role and database settings */
    const char *system_identifier; /* "" where it may not be read */
    bool in_recovery;
    /* Known to be 0 for the server and to be set for no role or database; false also where nobody looked (the breaker of
       guard/ needs it: what it answers, the server does not count as activity). */
    bool idle_session_timeout_is_off;
    /* The process that answered is the one that the server announced when the guard's own connection began. Behind a
       pooler it never is: a session's state may be another client's there. False also where nobody looked. */
    bool is_direct;
};

struct dg_snapshot; /* starts with struct dg_shared: base/published.h */

struct dg_snapshot *dg_snapshot_ref(struct dg_snapshot *snapshot);
void dg_snapshot_unref(struct dg_snapshot *snapshot);

/* Differs between any two snapshots of this process; part of a verdict's key. */
uint64_t dg_snapshot_generation(const struct dg_snapshot *snapshot);
/* Wall clock of the server connection when the read began, microseconds since 1970. */
int64_t dg_snapshot_read_at_us(const struct dg_snapshot *snapshot);
/* When the read of roles' and databases' settings began, by this process's dg_clock_monotonic_ms; 0: before its time. A
   targeted read takes the settings of the snapshot before it over. */
uint64_t dg_snapshot_settings_read_ms(const struct dg_snapshot *snapshot);
/* Changes that had been seen (schema/store.h) when the read began. */
uint64_t dg_snapshot_covers(const struct dg_snapshot *snapshot);
size_t dg_snapshot_size_bytes(const struct dg_snapshot *snapshot);
const struct dg_server_facts *dg_snapshot_facts(const struct dg_snapshot *snapshot);

/* Lookups: NULL when there is none. */
const struct dg_namespace *dg_snapshot_namespace(const struct dg_snapshot *snapshot, struct dg_str name);
const struct dg_namespace *dg_snapshot_namespace_by_oid(const struct dg_snapshot *snapshot, dg_oid oid);
const struct dg_relation *dg_snapshot_relation(const struct dg_snapshot *snapshot, dg_oid namespace_oid,
                                               struct dg_str name);
const struct dg_relation *dg_snapshot_relation_by_oid(const struct dg_snapshot *snapshot, dg_oid oid);
const struct dg_type *dg_snapshot_type(const struct dg_snapshot *snapshot, dg_oid namespace_oid, struct dg_str name);
const struct dg_type *dg_snapshot_type_by_oid(const struct dg_snapshot *snapshot, dg_oid oid);
const struct dg_role *dg_snapshot_role(const struct dg_snapshot *snapshot, struct dg_str name);
const struct dg_role *dg_snapshot_role_by_oid(const struct dg_snapshot *snapshot, dg_oid oid);

/* All objects of one name, in every schema. Start with *cursor = 0; NULL at the end. */
const struct dg_relation *dg_snapshot_relations_named(const struct dg_snapshot *snapshot, struct dg_str name,
                                                      size_t *cursor);
const struct dg_type *dg_snapshot_types_named(const struct dg_snapshot *snapshot, struct dg_str name, size_t *cursor);
const struct dg_function *dg_snapshot_functions_named(const struct dg_snapshot *snapshot, struct dg_str name,
                                                      size_t *cursor);

/* What some of the database's own functions may do beyond their result: those that are called, and those for triggers. */
enum dg_side_effects {
    DG_NO_SIDE_EFFECTS = 0,
    DG_CALLS_SET_PATH = 1 << 0, /* or the role */
    DG_TRIGGERS_SET_PATH = 1 << 1,
    DG_CALLS_CHANGE_SCHEMA = 1 << 2,
    DG_TRIGGERS_CHANGE_SCHEMA = 1 << 3,
};
unsigned dg_snapshot_side_effects(const struct dg_snapshot *snapshot);

/* A relation's column by name: user columns that are not dropped, then system columns. NULL when there is none. */
const struct dg_column *dg_relation_column(const struct dg_relation *relation, struct dg_str name);
/* A relation's column by attnum, dropped ones included. */
const struct dg_column *dg_relation_column_by_attnum(const struct dg_relation *relation, int16_t attnum);

/* Labels of an enum type in their order; *n = 0 when it is none. */
const char *const *dg_snapshot_enum_labels(const struct dg_snapshot *snapshot, dg_oid type_oid, size_t *n);
/* True if pg_cast casts the row type `source_oid` to `target_oid`. */
bool dg_snapshot_has_row_cast(const struct dg_snapshot *snapshot, dg_oid source_oid, dg_oid target_oid);
/* Unique indexes of a relation. Start with *cursor = 0; NULL at the end. */
const struct dg_unique_index *dg_snapshot_unique_indexes(const struct dg_snapshot *snapshot, dg_oid relation_oid,
                                                         size_t *cursor);
/* The value that ALTER ROLE / ALTER DATABASE ... SET gives a session of this role in the snapshot's database (role and
   database, then role, then database: PostgreSQL's order), or NULL. `name` is "search_path", "lc_messages"
   or "role". */
const char *dg_snapshot_setting(const struct dg_snapshot *snapshot, const char *name, dg_oid role_oid);
/* USAGE of the role on the schema, as far as the snapshot knows. */
enum dg_usage { DG_USAGE_NO, DG_USAGE_YES, DG_USAGE_UNKNOWN };
enum dg_usage dg_snapshot_usage(const struct dg_snapshot *snapshot, const struct dg_namespace *namespace,
                                dg_oid role_oid);

/* All relations, in oid order, for reports and diffs. Start with *cursor = 0; NULL at the end. */
const struct dg_relation *dg_snapshot_relations(const struct dg_snapshot *snapshot, size_t *cursor);
const struct dg_namespace *dg_snapshot_namespaces(const struct dg_snapshot *snapshot, size_t *cursor);

#endif
