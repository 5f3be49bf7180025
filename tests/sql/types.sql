-- Types and schemas that nothing could satisfy.
create type pair as (f1 int, f2 text);
create type mood as enum ('sad', 'happy');
create domain posint as int;
create table t (id int, name text, num numeric, doc xml);
create schema s1;
create type s1.only_here as enum ('a');
create table s1.w (id int);
--: 42704 13 type "nope" does not exist
select '1'::nope
--: 42704 19 type "nope" does not exist
select cast(id as nope) from t
--: 42704 8 type "nope" does not exist
select nope '1'
--: 42704 13 type "nope[]" does not exist
select '1'::nope[]
--: 42704 13 type "nope[]" does not exist
select '1'::nope[3][3]
--: 42704 13 type "nope" does not exist
select '1'::nope(3, 4)
--: 42704 20 type "No pe" does not exist
select cast('1' as "No pe")
--: 42704 13 type "public.nope" does not exist
select '1'::public.nope
--: 42704 13 type "s1.mood" does not exist
select '1'::s1.mood
--: 42704 13 type "pg_catalog.integer" does not exist
select '1'::pg_catalog.integer
--: 3F000 13 schema "nosch" does not exist
select '1'::nosch.int4
--: 3F000 13 schema "nosch" does not exist
select '1'::nosch.nope[]
--: other 0A000 0 cross-database references are not implemented: nodb.public.nope
select '1'::nodb.public.nope
--: other 3F000 13 schema "pg_temp" does not exist
select '1'::pg_temp.nope
--: other 42704 13 type "only_here" does not exist
select 'a'::only_here
--: ok
select 'a'::s1.only_here, null::s1.w, null::t, null::t[], null::pair[], null::_pair, 'sad'::mood, 1::posint
--: ok
select '1'::int, '1'::int4, '1'::integer, '1'::bigint, '1'::smallint, '1'::real, '1'::float(3), '1'::float,
  '1'::double precision, '1'::decimal(3, 1), '1'::numeric, '1'::bit(3), '1'::bit varying(3), '1'::char, '1'::char(3),
  '1'::"char", '1'::character varying(3), '1'::varchar, '1'::national character(2), '1'::nchar varying(3), 't'::boolean
--: ok
select '1:00'::time, '1:00'::time(3) with time zone, now()::timestamp, now()::timestamp(2) with time zone,
  '1 day'::interval, interval '1' hour, interval(3) '1 s', '1'::interval day to second(2), date '2020-01-01',
  '{1}'::int array, '{1}'::int array[3], '1'::pg_catalog.int4, '[1]'::json, '[1]'::jsonb
-- The type before the argument.
--: 42704 12 type "nope" does not exist
select zz::nope, zz from t
--: 42703 8 column "zz" does not exist
select zz::int from t
--: 42704 32 type "nope" does not exist
select id from t where id = 1::nope
--: fails 42704 27 type "nope" does not exist
select id + 1, id, '1' :: nope from t
--: 42704 28 type "nope" does not exist
insert into t values ('1'::nope)
--: 42704 24 type "nope" does not exist
update t set name = 1::nope where id = 1
-- Column definitions.
--: ok
select * from json_to_record('{}') as x(a int, b pair, c s1.only_here)
--: fails 42704 43 type "nope" does not exist
select * from json_to_record('{}') as x(a nope)
--: fails 3F000 43 schema "nosch" does not exist
select * from json_to_record('{}') as x(a nosch.int4)
--: fails 42704 68 type "nope" does not exist
select * from rows from (json_to_record('{}') as (a int, b text, c nope))
--: ok
select * from t, xmltable('/a' passing doc columns a int path 'b', n for ordinality, m mood)
--: fails 42704 54 type "nope" does not exist
select * from t, xmltable('/a' passing doc columns a nope path 'b')
--: fails 42704 36 type "nope" does not exist
select xmlserialize(content doc as nope) from t
--: ok
select xmlserialize(content doc as text) from t
-- Schemas of operators and collations.
--: ok
select 1 operator(pg_catalog.+) 2, name collate "C", name collate pg_catalog."C" from t
--: 3F000 10 schema "nosch" does not exist
select 1 operator(nosch.+) 2
--: 3F000 8 schema "nosch" does not exist
select operator(nosch.-) 2
--: fails 3F000 10 schema "nosch" does not exist
select 1 operator(nosch.=) any (array[1])
--: fails 3F000 10 schema "nosch" does not exist
select 1 operator(nosch.=) any (select id from t)
--: fails 3F000 15 schema "nosch" does not exist
select (1, 2) operator(nosch.=) (1, 2)
--: other 42601 15 unequal number of entries in row expressions
select (1, 2) operator(nosch.=) (1, 2, 3)
--: 3F000 36 schema "nosch" does not exist
select id from t order by id using operator(nosch.<)
--: other 42883 10 operator does not exist: integer s1.+ integer
select 1 operator(s1.+) 2
--: 3F000 13 schema "nosch" does not exist
select name collate nosch."C" from t
--: 3F000 12 schema "nosch" does not exist
select 'a' collate nosch."C"
--: other 42804 11 collations are not supported by type integer
select id collate nosch."C" from t
--: ok
select name collate "POSIX" from t
