-- Functions that nothing could satisfy, and calls that only look like it.
create type pair as (f1 int, f2 text);
create type mood as enum ('sad', 'happy');
create domain posint as int;
create table t (id int, name text, v varchar(10), ch char(3), n numeric(5, 2), ts timestamptz, arr int[], p pair,
                m mood, d posint, j json, iv interval, c1 "char");
create table u (id int, label text);
create view vw as select 1 as a;
create schema s1;
create table s1.w (id int);
create function s1.elsewhere(int) returns int language sql as 'select 1';
create schema closed;
create function closed.hidden(int) returns int language sql as 'select 1';
create procedure proc(int) language sql as 'select 1';
create function opt(a int, b int default 2, c text default 'x') returns int language sql as 'select 1';
create function vari(a int, variadic b int[]) returns int language sql as 'select 1';
create function varidef(a int, b int default 1, variadic c int[] default '{}') returns int language sql as 'select 1';
create function outs(a int, out b int, out c int) language sql as 'select 1, 2';
create function rec() returns record language sql as 'select 1, 2';
create function fpair() returns pair language sql as 'select row(1, ''x'')::pair';
create aggregate total(int) (sfunc = int4pl, stype = int);
--: 42883 8 function nope() does not exist
select nope()
--: 42883 8 function nope(integer, unknown, unknown, unknown) does not exist
select nope(1, 'a', null, $1)
--: 42883 8 function nope(integer, character varying, character, numeric, timestamp with time zone, integer[]) does not exist
select nope(id, v, ch, n, ts, arr) from t
--: 42883 8 function nope(pair, mood, posint, json, interval, "char") does not exist
select nope(p, m, d, j, iv, c1) from t
--: 42883 8 function nope(integer, bigint, bigint, numeric, bigint, numeric) does not exist
select nope(2147483647, 2147483648, 9223372036854775807, 9223372036854775808, -9223372036854775808, 1.5)
--: 42883 8 function nope(boolean, bit, boolean, boolean) does not exist
select nope(true, b'1', id = 1, name is null) from t
--: 42883 8 function nope(t, t, record) does not exist
select nope(t, t.*, s) from t, (select 1) s
--: 42883 8 function nope(s1.w, s1.w[]) does not exist
select nope(w, null::s1.w[]) from s1.w
--: 42883 8 function nope(bigint, mood[], double precision, time without time zone, bit varying) does not exist
select nope(null::int8, null::mood[], null::float8, null::time, null::varbit)
--: 42883 8 function nope(pg_class, information_schema.sql_identifier, oidvector, uuid) does not exist
select nope(null::pg_class, null::information_schema.sql_identifier, null::oidvector, null::uuid)
--: 42883 8 function nope(integer, text, integer) does not exist
select nope((select id from t), (select 'x'), (t.p).f1) from t
--: fails 42883 8 function nope(integer, unknown) does not exist
select nope(1 + 1, $1), $1
--: 42883 8 function nope(unknown) does not exist
select nope($1) from t where id = $1
--: 42883 8 function No Pe(integer) does not exist
select "No Pe"(1)
--: 42883 8 function public.nope(integer) does not exist
select public.nope(1)
--: 42883 8 function s1.nope(integer) does not exist
select s1.nope(1)
--: 42883 8 function s1.lower(unknown) does not exist
select s1.lower('X')
--: 42883 8 function pg_catalog.opt(integer, integer) does not exist
select pg_catalog.opt(1, 1)
--: 3F000 8 schema "nosch" does not exist
select nosch.nope(1)
--: 3F000 8 schema "nosch" does not exist
select nosch.lower('x')
--: 3F000 8 schema "t" does not exist
select t.nope(1) from t
--: other 0A000 8 cross-database references are not implemented: nodb.public.nope
select nodb.public.nope(1)
--: other 3F000 8 schema "pg_temp" does not exist
select pg_temp.nope(1)
-- The number of arguments.
--: ok
select opt(1), opt(1, 2), opt(1, 2, 'x')
--: 42883 8 function opt() does not exist
select opt()
--: 42883 8 function opt(integer, integer, unknown, integer) does not exist
select opt(1, 2, 'x', 4)
--: other 42883 8 function opt(unknown, boolean) does not exist
select opt('1', true)
--: ok
select vari(1, 2), vari(1, 2, 3, 4), vari(1, variadic array[1])
--: 42883 8 function vari() does not exist
select vari()
--: 42883 8 function vari(integer) does not exist
select vari(1)
--: fails 42883 8 function vari(integer[]) does not exist
select vari(variadic array[1])
--: ok
select varidef(1), varidef(1, 2), varidef(1, 2, 3), varidef(1, 2, 3, 4), varidef(1, 2, variadic array[1])
--: ok
select outs(1), (outs(1)).c, * from outs(1)
--: 42883 8 function outs(integer, integer) does not exist
select outs(1, 2)
--: ok
select concat(1, 2, 3), format('%s', 1), greatest(1, 2), json_build_object('a', 1)
--: 42883 8 function lower() does not exist
select lower()
--: 42883 8 function lower(unknown, unknown) does not exist
select lower('a', 'b')
--: other 42883 8 function lower(integer) does not exist
select lower(1)
--: 42883 8 function date_trunc(unknown) does not exist
select date_trunc('day')
-- Named arguments.
--: ok
select opt(a => 1), opt(1, c => 'x'), opt(c => 'x', a => 1), opt(1, b := 2)
--: 42883 8 function opt(nope => integer) does not exist
select opt(nope => 1)
--: 42883 8 function opt(integer, a => integer) does not exist
select opt(1, a => 2)
--: fails 42883 8 function opt(b => integer) does not exist
select opt(b => 1), nope from t
--: other 42883 8 function opt(b => integer) does not exist
select opt(b => 1)
--: 42883 8 function vari(a => integer, b => integer) does not exist
select vari(a => 1, b => 2)
--: ok
select vari(a => 1, variadic b => array[1])
--: 42883 8 function outs(a => integer, b => integer) does not exist
select outs(a => 1, b => 2)
--: other 42601 23 argument name "a" used more than once
select opt(1, a => 1, a => 2)
--: other 42601 21 positional argument cannot follow named argument
select nope(a => 1, 2)
-- Aggregates and windows.
--: ok
select count(*), count(id), sum(distinct id), string_agg(name, ',' order by id), total(id) from t
--: ok
select rank() over (order by id), lag(id, 1, 0) over (), count(*) over () from t
--: ok
select percentile_cont(0.5) within group (order by id), rank(1) within group (order by id),
  mode() within group (order by name), rank(1, 'x') within group (order by id, name) from t
--: 42883 8 function nope(numeric, integer) does not exist
select nope(0.5) within group (order by id) from t
--: 42883 8 function mode(integer, integer) does not exist
select mode(1) within group (order by id) from t
--: 42883 8 function percentile_cont(numeric, integer, text) does not exist
select percentile_cont(0.5) within group (order by id, name) from t
--: other 42809 8 WITHIN GROUP is required for ordered-set aggregate rank
select rank(1) from t
--: 42883 8 function count(integer, integer) does not exist
select count(1, 2)
--: 42883 8 function sum() does not exist
select sum(*) from t
--: 42883 8 function nope(integer) does not exist
select nope(distinct id) filter (where id = 1) over (partition by nope2) from t
-- In every clause.
--: 42883 15 function nope(integer) does not exist
select * from nope(1) as x (a int)
--: 3F000 15 schema "nosch" does not exist
select * from nosch.nope(1) as x
--: 42883 26 function nope(integer) does not exist
select * from rows from (nope(1), generate_series(1, 2))
--: fails 42883 49 function nope(integer) does not exist
select * from rows from (generate_series(1, 2), nope(1))
--: 42883 34 function nope(integer) does not exist
select * from t, lateral (select nope(t.id)) s
--: 42883 24 function nope(integer) does not exist
select id from t where nope(id)
--: 42883 27 function nope(integer) does not exist
select id from t order by nope(id)
--: 42883 26 function nope(integer) does not exist
select 1 from t group by nope(id)
--: 42883 24 function nope(integer) does not exist
select 1 from t having nope(1)
--: 42883 16 function nope(integer) does not exist
select 1 limit nope(1)
--: 42883 9 function nope(integer) does not exist
values (nope(1))
--: 42883 28 function nope(integer) does not exist
insert into u (id) values (nope(1))
--: 42883 17 function nope(integer) does not exist
update u set id=nope(id)
--: 42883 25 function nope(u) does not exist
delete from u returning nope(u)
--: 42883 43 function nope(integer) does not exist
insert into u (id) select 1 from t where (nope(id)) is null
--: 42883 19 function nope(integer) does not exist
with w as (select nope(id) from t) select * from w
--: 42883 23 function nope(integer) does not exist
select case when id = nope(id) then 1 end from t
--: 42883 21 function nope() does not exist
select lower(name), nope() from t
--: 42703 13 column "zz" does not exist
select nope(zz) from t
--: 42883 8 function nope(integer) does not exist
select nope(id), zz from t
--: 42883 13 function nope2() does not exist
select nope(nope2())
-- A cast, a column of a row, a procedure.
--: ok
select name(id), int4(name), text(1), posint(id) from t
--: ok
select id(t), name(t), name(t.*), f1(p), a(vw), x(s) from t, vw, (select 1 as x) s
--: 42883 8 function foo(t) does not exist
select foo(t) from t
--: 42883 8 function foo(record) does not exist
select foo(s) from (select 1 as x) s
--: 42883 8 function foo(pair) does not exist
select foo(p) from t
--: other 42883 8 function foo(pair) does not exist
select foo(fpair())
--: ok
select f2(fpair()), b(outs(1))
--: ok
select ctid(t) from t
--: other 42883 8 function foo(record) does not exist
select foo(rec())
--: other 42809 8 proc(integer) is a procedure
select proc(1)
--: 42883 8 function proc(integer, integer) does not exist
select proc(1, 2)
--: other 42883 8 function elsewhere(integer) does not exist
select elsewhere(1)
--: 42883 8 function elsewhere() does not exist
select elsewhere()
-- What the grammar writes.
--: ok
select extract(year from ts), position('a' in name), trim(both 'x' from name), substring(name from 1 for 2),
  overlay(name placing 'x' from 1), ts at time zone 'utc', name like 'a' escape 'b', name similar to 'a',
  (ts, ts) overlaps (ts, ts), normalize(name), name is normalized, collation for (name) from t
--: ok
select current_date, localtime, coalesce(id, 1), nullif(id, 1), xmlelement(name x) from t
