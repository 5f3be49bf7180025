"""What the random walk says: the schema that each walk begins with, and statements in which {t} and its like are drawn
anew each time ({t} a relation, {n} its bare name, {c} and {d} columns, {s} a schema, {path} and {value} a list of them,
{sp} a savepoint, {gid} a prepared transaction, {p} a prepared statement, {label} an enum label).

Whatever a session can do that changes what a name means belongs here, each in every spelling that the server knows.
"""

BEGINNING = """BEGIN;
DROP SCHEMA IF EXISTS s1, s2, s3, walker CASCADE;
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public; CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE SCHEMA walker;
CREATE TABLE public.t1 (a int, b int); CREATE TABLE s1.t1 (a int, c int); CREATE TABLE s1.t2 (b int);
CREATE FUNCTION public.fill() RETURNS trigger LANGUAGE plpgsql AS 'begin new := new; return new; end';
CREATE TYPE mood AS ENUM ('calm', 'glad');
CREATE TABLE s2.t2 (c int, a int); CREATE TABLE s2.t3 (a int); CREATE TABLE walker.t3 (b int); CREATE TABLE u1 (a int);
GRANT ALL ON SCHEMA public, s1, s2, walker TO public;
GRANT ALL ON ALL TABLES IN SCHEMA public, s1, s2, walker TO public;
CREATE FUNCTION public.use_path(text) RETURNS void LANGUAGE plpgsql AS 'begin perform set_config(''search_path'', $1, false); end';
CREATE FUNCTION public.enter(text) RETURNS void LANGUAGE sql AS 'select public.use_path($1)';
CREATE FUNCTION public.keeps_path() RETURNS int LANGUAGE sql SET search_path = s1 AS 'select 1';
CREATE FUNCTION public.fails(text) RETURNS int LANGUAGE plpgsql AS 'begin execute concat($1); return 1; end';
CREATE PROCEDURE public.commits(text) LANGUAGE plpgsql AS 'begin execute $1; commit; end';
CREATE PROCEDURE public.rolls_back(text) LANGUAGE plpgsql AS 'begin execute $1; rollback; end';
DO $$ begin execute format('grant create on database %I to walker', current_database()); end $$;
COMMIT"""

TRANSACTIONS = (
    "BEGIN", "BEGIN", "START TRANSACTION", "COMMIT", "COMMIT", "END", "ROLLBACK", "ROLLBACK", "ABORT",
    "SAVEPOINT {sp}", "SAVEPOINT {sp}", "ROLLBACK TO {sp}", "ROLLBACK TO {sp}", "RELEASE {sp}", "COMMIT AND CHAIN",
    "ROLLBACK AND CHAIN", "SELECT 1/0", "PREPARE TRANSACTION '{gid}'", "COMMIT PREPARED '{gid}'",
    "ROLLBACK PREPARED '{gid}'", 'SAVEPOINT "SA"', 'ROLLBACK TO "SA"', "RELEASE {sp}; SAVEPOINT {sp}",
    "BEGIN; SAVEPOINT {sp}", "SET TRANSACTION READ WRITE",
)

SESSION = (
    "SET search_path = {path}", "SET search_path TO {path}", "SET LOCAL search_path = {path}",
    "SET SESSION search_path = {path}", "RESET search_path", "RESET ALL", "SET search_path TO DEFAULT",
    "SET LOCAL search_path TO DEFAULT", "SET SCHEMA '{s}'", "DISCARD ALL", "DISCARD TEMP",
    "SELECT set_config('search_path', '{value}', {bool})",
    "SELECT pg_catalog.set_config('search_path', '{value}', false), 1",
    "WITH x AS (SELECT set_config('search_path', '{value}', false)) SELECT * FROM x",
    "DO $$ begin perform set_config('search_path', '{value}', false); end $$",
    "DO $$ begin set local search_path = {s}; end $$", "SET ROLE walker", "RESET ROLE", "SET ROLE none",
    "SET LOCAL ROLE walker", "SET SESSION AUTHORIZATION walker", "RESET SESSION AUTHORIZATION",
    "SET LOCAL SESSION AUTHORIZATION walker", "SET SESSION AUTHORIZATION DEFAULT", "SET search_path = ''",
    "SET Search_Path TO '{s}', {path}", "SET SESSION SCHEMA '{s}'", "SET search_path FROM CURRENT",
    "SELECT set_config('search_path', NULL, {bool})", "SELECT set_config('ROLE', 'walker', {bool})",
    "SELECT set_config('role', 'none', {bool})", "SELECT set_config('search' || '_path', '{value}', {bool})",
    "SELECT set_config('search_path', '{value}', {bool}) FROM u1",
    "SELECT CASE WHEN {bool} THEN set_config('search_path', '{value}', false) END",
    "EXPLAIN ANALYZE SELECT set_config('search_path', '{value}', {bool})",
    "PREPARE q AS SELECT set_config('search_path', '{value}', {bool})", "EXECUTE q", "EXECUTE q",
    "EXPLAIN ANALYZE EXECUTE q", "UPDATE pg_settings SET setting = '{value}' WHERE name = 'search_path'",
    "SELECT public.use_path('{value}')", "SELECT public.use_path('{value}') FROM {t}",
    "SELECT public.enter('{value}')", "SELECT public.keeps_path()", "CALL public.commits('SET search_path = {s}')",
    "CALL public.rolls_back('SET search_path = {s}')", "DO $$ begin null; end $$",
    "DO $$ begin set local role walker; end $$", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SHOW search_path",
)

CHANGES = (
    "CREATE TABLE {t} ({c} int)", "CREATE TABLE {t} ({c} int)", "CREATE TEMP TABLE {n} ({c} int)",
    "CREATE TEMP TABLE {n} ({c} int) ON COMMIT DROP", "DROP TABLE IF EXISTS {t}", "DROP TABLE {t}",
    "ALTER TABLE {t} ADD COLUMN {c} int", "ALTER TABLE {t} DROP COLUMN {c}",
    "ALTER TABLE IF EXISTS {t} RENAME COLUMN {c} TO {d}", "ALTER TABLE {t} RENAME TO {n}",
    "ALTER TABLE {t} SET SCHEMA {s}", "CREATE SCHEMA IF NOT EXISTS s3", "DROP SCHEMA IF EXISTS s3 CASCADE",
    "CREATE SCHEMA s3 CREATE TABLE {n} ({c} int)", "ALTER SCHEMA s2 RENAME TO s3", "ALTER SCHEMA s3 RENAME TO s2",
    "CREATE VIEW {t} AS SELECT 1 AS {c}", "CREATE OR REPLACE VIEW {t} AS SELECT 1 AS {c}, 2 AS d",
    "DROP VIEW IF EXISTS {t}", "CREATE TEMP VIEW {n} AS SELECT 1 AS {c}", "CREATE TABLE {t} AS SELECT 1 AS {c}",
    "SELECT 1 AS {c} INTO {t}", "SELECT 1 AS {c} INTO TEMP {n}", "CREATE MATERIALIZED VIEW {t} AS SELECT 1 AS {c}",
    "DO $$ begin create table {t} ({c} int); end $$", "DO $$ begin create temp table {n} ({c} int); end $$",
    "DO $$ begin execute 'drop table if exists {t}'; end $$", "CREATE SEQUENCE {t}", "CREATE TYPE {t} AS ({c} int)",
    "CREATE TABLE {t} (LIKE {t})", "CREATE TABLE {t} () INHERITS ({t})", "REVOKE USAGE ON SCHEMA s1 FROM public",
    "CREATE FUNCTION public.{c}(public.t1) RETURNS int LANGUAGE sql AS 'select 1'",
    "CREATE TABLE IF NOT EXISTS {t} ({c} int)", "CREATE TABLE IF NOT EXISTS {t} AS SELECT 1 AS {c}",
    "CREATE TABLE {t} AS EXECUTE p", "CREATE TEMP TABLE {n} AS EXECUTE p", "DROP TABLE {t}, {t}",
    "DROP TABLE IF EXISTS {t} CASCADE", "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS {c} int, DROP COLUMN IF EXISTS {d}",
    "ALTER TABLE ONLY {t} RENAME COLUMN {c} TO {d}", "ALTER VIEW IF EXISTS {t} RENAME COLUMN {c} TO {d}",
    "ALTER VIEW {t} RENAME TO {n}", "ALTER MATERIALIZED VIEW {t} RENAME COLUMN {c} TO {d}",
    "DROP MATERIALIZED VIEW IF EXISTS {t}", "DROP SEQUENCE IF EXISTS {t}", "DROP TYPE IF EXISTS {t} CASCADE",
    "ALTER SEQUENCE {t} RENAME TO {n}", "ALTER TYPE {t} ADD ATTRIBUTE {c} int CASCADE",
    "CREATE TABLE {t} ({c} int) PARTITION BY LIST ({c})", "CREATE TABLE {t} PARTITION OF {t} DEFAULT",
    "ALTER TABLE {t} DETACH PARTITION {t}", "ALTER TABLE {t} INHERIT {t}", "ALTER TABLE {t} NO INHERIT {t}",
    "CREATE TABLE {t} (id serial, {c} int)", "CREATE TEMP SEQUENCE {n}",
    "CREATE RECURSIVE VIEW {t} ({c}) AS SELECT 1", "CREATE SCHEMA AUTHORIZATION walker", "DROP SCHEMA {s} CASCADE",
    "CREATE SCHEMA {s}", "CREATE SCHEMA s3 CREATE TABLE {n} ({c} int) CREATE VIEW {c} AS SELECT {c} FROM {n}",
    "ALTER SCHEMA {s} OWNER TO walker", "GRANT USAGE ON SCHEMA s1 TO walker", "REVOKE ALL ON SCHEMA {s} FROM public",
    "GRANT ALL ON SCHEMA {s} TO public", "CREATE TABLE pg_temp.{n} ({c} int)", "DROP TABLE IF EXISTS pg_temp.{n}",
    "SELECT 1 AS {c} INTO pg_temp.{n}", "DROP FUNCTION IF EXISTS public.{c}(public.t1)",
    "CREATE FUNCTION pg_temp.{c}(public.t1) RETURNS int LANGUAGE sql AS 'select 1'",
    "CREATE OR REPLACE FUNCTION public.{n}(OUT {c} int) RETURNS int LANGUAGE sql AS 'select 1'",
    "DROP FUNCTION IF EXISTS public.{n}()", "CALL public.commits('create table {t} ({c} int)')",
    "CALL public.rolls_back('create table {t} ({c} int)')", "CREATE TABLE pg_class ({c} int)",
    "ALTER TABLE {t} OWNER TO walker", "COMMENT ON TABLE {t} IS 'x'", "CREATE UNIQUE INDEX ON {t} ({c})",
    "CREATE RULE r AS ON INSERT TO {t} DO INSTEAD NOTHING", "TRUNCATE {t}", "ANALYZE {t} ({c})",
)

READS = (
    "SELECT {c} FROM {t}", "SELECT {c} FROM {t}", "SELECT {c} FROM {t}", "SELECT {c} FROM u1", "SELECT {c} FROM u1",
    "SELECT x.{c} FROM {t} x", "SELECT {c}, {d} FROM {t}", "INSERT INTO {t} ({c}) VALUES (1)",
    "UPDATE {t} SET {c} = 1", "UPDATE {t} SET {c} = {d}", "DELETE FROM {t} WHERE {c} = 1",
    "SELECT x.{c}, y.{d} FROM {t} x, {t} y", "SELECT 1 FROM {t} x JOIN {t} y USING ({c})",
    "WITH {n} AS (SELECT 1 AS {c}) SELECT {d} FROM {t}", "SELECT * FROM {t}", "SELECT (SELECT {c} FROM {t}) FROM {t}",
    "INSERT INTO {t} ({c}) SELECT {d} FROM {t} RETURNING {d}", "EXPLAIN SELECT {c} FROM {t}", "TABLE {t}",
    "SELECT {c} FROM {t} UNION SELECT {d} FROM {t}", "SELECT t1.{c} FROM {t}", "LOCK TABLE {t}",
    "PREPARE p AS SELECT {c} FROM {t}", "EXECUTE p", "DEALLOCATE ALL", "COPY (SELECT {c} FROM {t}) TO STDOUT",
    "DECLARE cur CURSOR FOR SELECT {c} FROM {t}", "DECLARE cur CURSOR WITH HOLD FOR SELECT {c} FROM {t}", "FETCH cur",
    "UPDATE {t} SET {c} = 1 WHERE CURRENT OF cur", "CLOSE ALL", "DEALLOCATE p", "EXECUTE n0", "EXPLAIN EXECUTE p",
    "PREPARE p AS UPDATE {t} SET {c} = {d} RETURNING {c}", "SELECT x.{c} FROM {t} AS x (a)",
    "SELECT {c} FROM pg_class", "SELECT {t} FROM {t}", "SELECT (x).{c} FROM {t} x",
    "SELECT x FROM {t} x WHERE x.{c} = 1 ORDER BY {d}", "SELECT {c}, count(*) FROM {t} GROUP BY {d}",
    "SELECT {c} AS {d} FROM {t} ORDER BY {d}", "SELECT * FROM {t} x NATURAL JOIN {t} y WHERE {c} = 1",
    "SELECT q.{c} FROM (SELECT * FROM {t}) q", "SELECT q.{c} FROM {t} x, LATERAL (SELECT x.{d} AS {c}) q",
    "WITH {n} AS (SELECT * FROM {t}) SELECT {c} FROM {n}",
    "WITH {n} AS (DELETE FROM {t} RETURNING {c}) SELECT {d} FROM {n}", "SELECT {c} FROM public.{n}()",
    "SELECT {c} FROM {n}()", "INSERT INTO {t} ({c}) VALUES (1) ON CONFLICT ({d}) DO UPDATE SET {c} = excluded.{d}",
    "INSERT INTO {t} DEFAULT VALUES",
    "MERGE INTO {t} x USING {t} y ON x.{c} = y.{d} WHEN MATCHED THEN UPDATE SET {c} = 1",
    "MERGE INTO {t} x USING u1 ON x.{c} = u1.a WHEN NOT MATCHED THEN INSERT ({d}) VALUES (u1.{c})",
    "CREATE VIEW pg_temp.v AS SELECT {c} FROM {t}", "SELECT last_value FROM {t}", "SELECT last_value FROM {n}_id_seq",
    "SELECT ctid FROM {t}", "COPY {t} ({c}) TO STDOUT", "SELECT {c} FROM {t} x FOR UPDATE OF {n}",
    "SELECT public.fails('SELECT {c} FROM {t}')", "DELETE FROM {t} x USING {t} y WHERE x.{c} = y.{d}",
)

# {p} is a name that Parse messages use, too.
PREPARED = (
    "PREPARE {p} AS SELECT {c} FROM {t}", "PREPARE {p} AS SELECT {c} FROM u1", "EXECUTE {p}", "EXECUTE {p}",
    "EXECUTE {p}", "PREPARE {p} AS INSERT INTO {t} ({c}) VALUES (1)", "EXPLAIN EXECUTE {p}", "DEALLOCATE {p}",
    "DEALLOCATE {p}", "CREATE TABLE {t} AS EXECUTE {p}", "EXPLAIN ANALYZE EXECUTE {p}", "DISCARD PLANS", "EXECUTE {p}(1)",
    "PREPARE {p} AS SELECT set_config('search_path', '{value}', {bool})", "EXECUTE {p}({c})",
    "DO $$ begin execute 'deallocate all'; end $$", "PREPARE {p} (int) AS UPDATE {t} SET {c} = $1",
    "PREPARE {p} AS SELECT NULL::mood = '{label}'", "PREPARE {p} AS SELECT f{c}(1)",
    "DO $$ begin execute 'prepare {p} as select {c} from {t}'; end $$",
)

# What is foreseen beyond missing columns and relations, and what makes it right or wrong; {label} of an enum.
CONTRACTS = (
    "SELECT {c} FROM {t} x, {t} y", "SELECT f{c}(1)", "SELECT {s}.f{c}(1)", "SELECT 1::{s}.mood", "SELECT 'calm'::mood",
    "SELECT NULL::mood = '{label}'", "SELECT NULL::mood = '{label}'", "INSERT INTO {t} VALUES (1)",
    "INSERT INTO {t} ({c}) VALUES (1) ON CONFLICT ({d}) DO NOTHING", "INSERT INTO {t} ({c}) VALUES (1)",
    "INSERT INTO {t} ({c}) VALUES (1)", "INSERT INTO {t} ({c}) VALUES (NULL)", "INSERT INTO {t} (g) VALUES (1)",
    "UPDATE {t} SET g = 1", "INSERT INTO {t} DEFAULT VALUES", "ALTER TABLE {t} ALTER {c} SET NOT NULL",
    "ALTER TABLE {t} ALTER {c} SET NOT NULL", "ALTER TABLE {t} ALTER {c} DROP NOT NULL",
    "ALTER TABLE {t} ALTER {c} SET DEFAULT 1", "ALTER TABLE {t} ALTER {c} DROP DEFAULT",
    "ALTER TABLE {t} ADD COLUMN g int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE {t} ADD COLUMN g int GENERATED ALWAYS AS (1) STORED", "ALTER TABLE {t} DROP COLUMN g",
    "CREATE UNIQUE INDEX ON {t} ({c})", "ALTER TABLE {t} ADD PRIMARY KEY ({c})",
    "CREATE FUNCTION f{c}(int) RETURNS int LANGUAGE sql AS 'select 1'", "DROP FUNCTION f{c}",
    "CREATE TYPE mood AS ENUM ('calm', 'glad')", "DROP TYPE mood", "CREATE DOMAIN mood AS text",
    "ALTER TYPE mood RENAME VALUE 'calm' TO 'glum'", "ALTER TYPE mood ADD VALUE '{label}'",
    "ALTER TABLE {t} ALTER {c} TYPE mood USING NULL", "SELECT {c} FROM {t} WHERE {c} = '{label}'",
    "DROP RULE r ON {t}", "CREATE TRIGGER tr BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION public.fill()",
    "DROP TRIGGER tr ON {t}", "ALTER TABLE {t} DISABLE TRIGGER ALL", "ALTER TABLE {t} ENABLE TRIGGER ALL",
)
