/*
 * The catalog queries. They run under search_path = pg_catalog, pg_temp, so operators and functions are the server's
 * own; relations are written with their schema all the same, since pg_temp comes first for these otherwise.
 *
 * Tables only. None of pg_get_expr, pg_get_indexdef and their like: they wait behind an ALTER in flight. A macro's
 * argument narrows a query to the relations of $1 (an oid array) for the targeted read; empty, it reads them all.
 */
#ifndef DG_SCHEMA_CATALOG_SQL_H
#define DG_SCHEMA_CATALOG_SQL_H

/* One line of SQL, one line here. */
/* clang-format off */

/* The settings of a session without role and database settings: if ours come from such, the server's own default is
   not to be seen, and the built-in one (search_path) or nothing (lc_messages) stands in. */
#define DG_SQL_DEFAULT_SETTING(name, otherwise)                                                                        \
    "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS c"                          \
    " WHERE c LIKE '" name "=%' AND s.setdatabase IN (0, d.oid)"                                                       \
    " AND s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = session_user)))"                 \
    " THEN " otherwise " ELSE p.reset_val END"

/* PostgreSQL 13 has no such setting. */
#define DG_SQL_IDLE_TIMEOUT_IS_OFF                                                                                     \
    "NOT EXISTS (SELECT FROM pg_catalog.pg_settings p WHERE p.name = 'idle_session_timeout' AND p.reset_val <> '0')"   \
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS c"                           \
    " WHERE c LIKE 'idle_session_timeout=%')"

#define DG_SQL_FACTS                                                                                                   \
    "SELECT current_setting('server_version_num')::int4, current_setting('max_identifier_length')::int4,"              \
    " d.datname, d.oid, current_setting('server_encoding'),"                                                           \
    " (SELECT " DG_SQL_DEFAULT_SETTING("lc_messages", "''") " FROM pg_catalog.pg_settings p"                           \
    "  WHERE p.name = 'lc_messages'),"                                                                                 \
    " (SELECT " DG_SQL_DEFAULT_SETTING("search_path", "p.boot_val") " FROM pg_catalog.pg_settings p"                   \
    "  WHERE p.name = 'search_path'),"                                                                                 \
    " pg_is_in_recovery(), (extract(epoch FROM clock_timestamp()) * 1000000)::int8,"                                   \
    " coalesce(has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE'), false),"          \
    " " DG_SQL_IDLE_TIMEOUT_IS_OFF ", session_user, pg_backend_pid()"                                                                    \
    " FROM pg_catalog.pg_database d WHERE d.datname = current_database()"

#define DG_SQL_SYSTEM_IDENTIFIER "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"

#define DG_SQL_CLOCK "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8"

/* USAGE of every role on every schema that not all may use, while that is a bounded number of questions. */
#define DG_SQL_NAMESPACES(filter)                                                                                      \
    "WITH r AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_roles),"                                                    \
    " n AS MATERIALIZED (SELECT oid, nspname, coalesce(has_schema_privilege('public', oid, 'USAGE'), false) AS open,"  \
    "  nspname ~ '^pg_(toast_)?temp_[0-9]' AS temporary FROM pg_catalog.pg_namespace WHERE true" filter "),"           \
    " size AS MATERIALIZED (SELECT (SELECT count(*) FROM r)"                                                           \
    "  * (SELECT count(*) FROM n WHERE NOT n.open AND NOT n.temporary) AS pairs)"                                      \
    " SELECT n.oid, n.nspname, n.open, CASE WHEN n.open OR n.temporary OR size.pairs > 20000 THEN NULL"                \
    "  ELSE ARRAY(SELECT r.oid FROM r WHERE has_schema_privilege(r.oid, n.oid, 'USAGE')) END"                          \
    " FROM n, size ORDER BY n.oid"

#define DG_SQL_ROLES "SELECT oid, rolname, rolsuper FROM pg_catalog.pg_roles ORDER BY oid"

/* System columns are told by a mask of their attnums, and what the bits mean is read once, from pg_class, which has
   them all. A fork of PostgreSQL may give some tables more: these come as arrays. */
#define DG_SQL_SYSTEM_COLUMNS                                                                                          \
    "SELECT attnum::int4, attname, atttypid, atttypmod, attnotnull FROM pg_catalog.pg_attribute"                       \
    " WHERE attnum BETWEEN -62 AND -1 AND attrelid = 'pg_catalog.pg_class'::regclass"
#define DG_SQL_ODD_SYSTEM_COLUMNS(what)                                                                                \
    " CASE WHEN m.mask & ~(SELECT sum(1::int8 << -attnum)::int8 FROM pg_catalog.pg_attribute"                          \
    "   WHERE attnum BETWEEN -62 AND -1 AND attrelid = 'pg_catalog.pg_class'::regclass) <> 0 THEN"                     \
    "  ARRAY(SELECT " what " FROM pg_catalog.pg_attribute y"                                                           \
    "   WHERE y.attrelid = c.oid AND attnum < 0 ORDER BY attnum) END"

#define DG_SQL_RELATIONS(and_class, and_attribute, and_default, and_inherits, and_toast_owner)                         \
    "SELECT c.oid, c.relnamespace, c.reltype, c.reloftype,"                                                            \
    " coalesce(i.indrelid, t.oid, s.refobjid, 0::oid), c.relname, c.relkind, c.relpersistence, c.relispartition,"      \
    " c.relrowsecurity, m.mask, h.parents, d.nums, d.hashes, a.nums, a.names, a.types, a.typmods, a.flags,"            \
    DG_SQL_ODD_SYSTEM_COLUMNS("attnum") "," DG_SQL_ODD_SYSTEM_COLUMNS("attname") ","                                   \
    DG_SQL_ODD_SYSTEM_COLUMNS("atttypid")                                                                              \
    " FROM pg_catalog.pg_class c"                                                                                      \
    " LEFT JOIN (SELECT attrelid, array_agg(attnum) AS nums, array_agg(attname) AS names,"                             \
    "   array_agg(atttypid) AS types, array_agg(atttypmod) AS typmods, array_agg((attnotnull::int4"                    \
    "   | (atthasdef::int4 << 1) | (attisdropped::int4 << 2) | ((attgenerated <> '')::int4 << 3)"                      \
    "   | ((attidentity = 'a')::int4 << 4) | ((attidentity = 'd')::int4 << 5))::int2) AS flags"                        \
    "   FROM (SELECT * FROM pg_catalog.pg_attribute WHERE attnum > 0" and_attribute                                    \
    "         ORDER BY attrelid, attnum) x GROUP BY attrelid) a ON a.attrelid = c.oid"                                 \
    " LEFT JOIN (SELECT attrelid, sum(1::int8 << -attnum)::int8 AS mask FROM pg_catalog.pg_attribute"                  \
    "   WHERE attnum BETWEEN -62 AND -1" and_attribute " GROUP BY attrelid) m ON m.attrelid = c.oid"                   \
    " LEFT JOIN (SELECT adrelid, array_agg(adnum) AS nums, array_agg(hashtext(adbin::text)) AS hashes"                 \
    "   FROM pg_catalog.pg_attrdef WHERE true" and_default " GROUP BY adrelid) d ON d.adrelid = c.oid"                 \
    " LEFT JOIN (SELECT inhrelid, array_agg(inhparent ORDER BY inhseqno) AS parents FROM pg_catalog.pg_inherits"       \
    "   WHERE true" and_inherits " GROUP BY inhrelid) h ON h.inhrelid = c.oid"                                         \
    " LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"                                                         \
    " LEFT JOIN pg_catalog.pg_class t ON c.relkind = 't' AND t.reltoastrelid = c.oid" and_toast_owner                  \
    " LEFT JOIN pg_catalog.pg_depend s ON c.relkind = 'S' AND s.classid = 1259 AND s.objid = c.oid"                    \
    "   AND s.objsubid = 0 AND s.refclassid = 1259 AND s.deptype IN ('a', 'i')"                                        \
    " WHERE true" and_class " ORDER BY c.oid"

/* 1: an enabled BEFORE ROW INSERT trigger (tgtype 1 row, 2 before, 4 insert) here or on a partition below;
   2: an INSTEAD OF trigger (64), or a rule other than a view's own. */
#define DG_SQL_TRIGGERS                                                                                                \
    "WITH RECURSIVE b(oid) AS (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE tgtype & 7 = 7 AND tgenabled <> 'D'"    \
    "  UNION SELECT i.inhparent FROM b JOIN pg_catalog.pg_inherits i ON i.inhrelid = b.oid"                            \
    "  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition)"                                         \
    " SELECT oid, 1 FROM b"                                                                                            \
    " UNION ALL SELECT tgrelid, 2 FROM pg_catalog.pg_trigger WHERE tgtype & 64 <> 0"                                   \
    " UNION ALL SELECT ev_class, 2 FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN'"

#define DG_SQL_TRIGGERS_OF                                                                                             \
    "WITH RECURSIVE tree(root, oid) AS (SELECT o, o FROM unnest($1) o"                                                 \
    "  UNION SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid"           \
    "  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition)"                                         \
    " SELECT DISTINCT tree.root, 1 FROM tree JOIN pg_catalog.pg_trigger g ON g.tgrelid = tree.oid"                     \
    "  WHERE g.tgtype & 7 = 7 AND g.tgenabled <> 'D'"                                                                  \
    " UNION ALL SELECT tgrelid, 2 FROM pg_catalog.pg_trigger WHERE tgtype & 64 <> 0 AND tgrelid = ANY ($1)"            \
    " UNION ALL SELECT ev_class, 2 FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN' AND ev_class = ANY ($1)"

/* Whether comparing an enum may mean more than the catalog's comparison of enums: an implicit cast from it; or, of those
   made in this database, a comparison that takes it, an array of it, a pseudo-type or any domain. */
#define DG_SQL_HAS_OWN_OPERATORS                                                                                       \
    "CASE WHEN t.typtype = 'e' THEN"                                                                                   \
    " EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource IN (t.oid, t.typarray) AND k.castcontext = 'i')"     \
    " OR EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oid >= 16384"                                            \
    "  AND o.oprname IN ('=', '<>', '<', '>', '<=', '>=') AND EXISTS (SELECT FROM pg_catalog.pg_type x"                \
    "   WHERE x.oid IN (o.oprleft, o.oprright) AND (x.oid IN (t.oid, t.typarray) OR x.typtype IN ('p', 'd'))))"        \
    " ELSE false END"
/* `is_array` differs by version: see DG_SQL_IS_ARRAY_*. */
#define DG_SQL_TYPES(is_array, from)                                                                                   \
    "SELECT t.oid, t.typnamespace, t.typrelid, t.typbasetype, t.typelem, t.typname, t.typtype, t.typcategory,"         \
    " t.typnotnull, t.typdefault IS NOT NULL OR t.typdefaultbin IS NOT NULL, " is_array ", "                           \
    DG_SQL_HAS_OWN_OPERATORS " FROM " from " ORDER BY t.oid"
#define DG_SQL_IS_ARRAY_13 "t.typelem <> 0 AND t.typlen = -1"
#define DG_SQL_IS_ARRAY_14 "t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc"
#define DG_SQL_ALL_TYPES "pg_catalog.pg_type t"
#define DG_SQL_TYPES_OF_RELATIONS                                                                                      \
    "(SELECT c.reltype AS oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)"                                       \
    " UNION ALL SELECT r.typarray FROM pg_catalog.pg_class c JOIN pg_catalog.pg_type r ON r.oid = c.reltype"           \
    " WHERE c.oid = ANY ($1)) w JOIN pg_catalog.pg_type t ON t.oid = w.oid"

/* The last two columns: functions of the database's own whose source has words without which search path and role are
   not set, or runs a text that it was given; the same of DDL; and for both, those whose source names one of them (unless
   they are many: a long pattern is dear). The server reads the sources, they are never sent. `or_body`: see
   DG_SQL_BODY_SETS_14. */
#define DG_SQL_RUNS_A_TEXT "[[:<:]]execute[[:space:]]+[$a-z_0-9]+[[:space:]]*(;|into|using)"
#define DG_SQL_IS_OR_CALLS(set) \
    "pronamespace <> 11 AND (oid IN (SELECT oid FROM " set ")" \
    " OR coalesce(prosrc ~* (SELECT CASE WHEN count(*) <= 50" \
    "  THEN '[[:<:]](' || string_agg(proname, '|') || ')[[:>:]]' END FROM " set \
    "  WHERE proname ~ '^[a-z_0-9]+$'), false))"
#define DG_SQL_FUNCTIONS(or_body) \
    "WITH s AS MATERIALIZED (SELECT oid, proname FROM pg_catalog.pg_proc WHERE pronamespace <> 11 AND (" \
    "  prosrc ~* '(search_path|set_config|pg_settings|[[:<:]](set|reset)[[:space:]]+((local|session)[[:space:]]+)?" \
    "(role|schema|session|all)[[:>:]]|" DG_SQL_RUNS_A_TEXT ")'" or_body "))," \
    " d AS MATERIALIZED (SELECT oid, proname FROM pg_catalog.pg_proc WHERE pronamespace <> 11 AND" \
    "  prosrc ~* '([[:<:]](create|alter|drop)[[:>:]]|" DG_SQL_RUNS_A_TEXT ")')" \
    " SELECT oid, pronamespace, prorettype, provariadic, proname, prokind, proretset, pronargdefaults::int4," \
    " proargtypes, proallargtypes, proargmodes, proargnames, " DG_SQL_IS_OR_CALLS("s") ", " DG_SQL_IS_OR_CALLS("d") \
    " FROM pg_catalog.pg_proc ORDER BY oid"
/* A parsed body (BEGIN ATOMIC) can only call set_config, pg_proc.dat's 2078; the column came with 14. */
#define DG_SQL_BODY_SETS_13 ""
#define DG_SQL_BODY_SETS_14 " OR coalesce(prosqlbody::text LIKE '%:funcid 2078 %', false)"

#define DG_SQL_ENUMS                                                                                                   \
    "SELECT enumtypid, array_agg(enumlabel ORDER BY enumsortorder) FROM pg_catalog.pg_enum GROUP BY enumtypid"

#define DG_SQL_ROW_CASTS                                                                                               \
    "SELECT k.castsource, k.casttarget FROM pg_catalog.pg_cast k"                                                      \
    " JOIN pg_catalog.pg_type t ON t.oid = k.castsource AND t.typrelid <> 0"

/* As the planner looks for arbiters: valid ones only, and since 18 a unique index may be one of an exclusion constraint
   (WITHOUT OVERLAPS), which is none. indkey holds INCLUDE columns too, behind the key. */
#define DG_SQL_UNIQUE_INDEXES(filter)                                                                                  \
    "SELECT indrelid, indexrelid, indkey, indnkeyatts::int4, indpred IS NOT NULL, NOT indimmediate"                    \
    " FROM pg_catalog.pg_index WHERE indisunique AND NOT indisexclusion AND indisvalid" filter

#define DG_SQL_SETTINGS                                                                                                \
    "SELECT s.setrole, s.setdatabase <> 0, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)"                       \
    " FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS c"                                                  \
    " WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))"         \
    " AND split_part(c, '=', 1) IN ('search_path', 'lc_messages', 'role')"

/* $1, $2: schemas ('' for any) and names; $3: what had these names before. The relations, all below and above them in
   the inheritance tree, and what belongs to any of these. */
#define DG_SQL_RELATIONS_BY_NAME                                                                                       \
    "WITH RECURSIVE named AS ("                                                                                        \
    "  SELECT c.oid FROM unnest($1, $2) AS w(schema, name) JOIN pg_catalog.pg_class c ON c.relname = w.name::name"     \
    "   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE w.schema = '' OR n.nspname = w.schema"          \
    "  UNION SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($3)),"                                         \
    " below AS (SELECT oid FROM named UNION SELECT i.inhrelid FROM below"                                              \
    "  JOIN pg_catalog.pg_inherits i ON i.inhparent = below.oid),"                                                     \
    " above AS (SELECT oid FROM named UNION SELECT i.inhparent FROM above"                                             \
    "  JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid),"                                                      \
    " tree AS MATERIALIZED (SELECT oid FROM below UNION SELECT oid FROM above),"                                       \
    " toast AS MATERIALIZED (SELECT c.reltoastrelid AS oid FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid"   \
    "  WHERE c.reltoastrelid <> 0),"                                                                                   \
    " tables AS MATERIALIZED (SELECT oid FROM tree UNION SELECT oid FROM toast)"                                       \
    " SELECT oid FROM tables"                                                                                          \
    " UNION SELECT i.indexrelid FROM tables JOIN pg_catalog.pg_index i ON i.indrelid = tables.oid"                     \
    " UNION SELECT s.objid FROM tree JOIN pg_catalog.pg_depend s ON s.refclassid = 1259 AND s.refobjid = tree.oid"     \
    "  AND s.classid = 1259 AND s.deptype IN ('a', 'i')"                                                               \
    "  JOIN pg_catalog.pg_class q ON q.oid = s.objid AND q.relkind = 'S'"

/* clang-format on */

#endif
