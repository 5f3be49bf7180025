-- Functions in FROM beyond the plain ones; XMLTABLE; TABLESAMPLE; definitions of columns.
create type comp as (f1 int, f2 text);
create type mood as enum ('sad', 'ok');
create domain dcomp as comp;
create domain dint as int;
create table t (id int, name text, arr int[], carr comp[], j jsonb, js json, x xml, ts tsvector, hs text[]);
create table u (id int, k int);
create function fint(int) returns int language sql as 'select 1';
create function fdint(int) returns dint language sql as 'select 1';
create function fset(int) returns setof int language sql as 'select 1';
create function fout1(out o int) language sql as 'select 1';
create function fout1set(out o int) returns setof int language sql as 'select 1';
create function fout2(int, out p int, out q text) language sql as 'select 1, ''x''';
create function finout(inout a int) language sql as 'select 1';
create function finout2(inout a int, out b int) language sql as 'select 1, 2';
create function fnoname(out int, out int) language sql as 'select 1, 2';
create function fmixed(out a int, out int) language sql as 'select 1, 2';
create function ftab1() returns table (only_col int) language sql as 'select 1';
create function ftab2(int default 1) returns table (a int, b comp) language sql as 'select 1, row(1, ''x'')::comp';
create function frec() returns record language sql as 'select 1, 2';
create function frecs() returns setof record language sql as 'select 1, 2';
create function fcomp() returns comp language sql as 'select row(1, ''x'')::comp';
create function fdcomp() returns setof dcomp language sql as 'select row(1, ''x'')::comp::dcomp';
create function ftrow() returns setof t language sql as 'select * from t';
create function fany(anyelement) returns anyelement language sql as 'select $1';
create function fanyarr(anyelement) returns anyarray language sql as 'select array[$1]';
create function fanyset(anyarray) returns setof anyelement language sql as 'select unnest($1)';
create function fvar(variadic int[]) returns setof int language sql as 'select 1';
create function over(int) returns int language sql as 'select 1';
create function over(text, out x int, out y int) language sql as 'select 1, 2';
create function same(int) returns table (a int) language sql as 'select 1';
create function same(text) returns table (a text) language sql as 'select ''x''';
create function fvoid() returns void language sql as 'select 1';
create function ftrig() returns trigger language plpgsql as 'begin return new; end';
create procedure proc(inout a int) language sql as 'select 1';
create schema s2;
create function s2.fint(int) returns table (zz int) language sql as 'select 1';
create function s2.other() returns table (zz int) language sql as 'select 1';
create function fjson() returns json language sql as 'select null::json';
create function "Quoted Fn"() returns int language sql as 'select 1';
create aggregate agg1(int) (sfunc = int4pl, stype = int);
--: ok
select fint from fint(1)
--: ok
select x from fint(1) x
--: ok
select x.a from fint(1) as x(a)
--: ok
select x from fint(1) as x(a)
--: ok
select x from fdint(1) x
--: ok
select fset from fset(1)
--: ok
select g from fset(1) as g
--: ok
select g.b from fset(1) as g(b)
--: ok
select o from fout1()
--: ok
select x.o from fout1() x
--: fails 42703 8 column x.x does not exist
select x.x from fout1() x
--: ok
select fout1 from fout1()
--: fails 42703 8 column x.fout1 does not exist
select x.fout1 from fout1() x
--: ok
select o from fout1set() x
--: ok
select p, q from fout2(1)
--: fails 42703 8 column x.r does not exist
select x.r from fout2(1) x
--: ok
select fout2 from fout2(1)
--: fails 42703 20 column fout2.nope does not exist
select (fout2).p, (fout2).nope from fout2(1)
--: ok
select a from finout(1)
--: ok
select a, b from finout2(1) x
--: fails 42703 8 column x.c does not exist
select x.c from finout2(1) x
--: ok
select column1, column2 from fnoname()
--: fails 42703 8 column "column3" does not exist
select column3 from fnoname()
--: ok
select a, column2 from fmixed()
--: ok
select only_col from ftab1() x
--: fails 42703 8 column x.ftab1 does not exist
select x.ftab1 from ftab1() x
--: ok
select a, (b).f1 from ftab2()
--: fails 42703 12 column "nope" not found in data type comp
select a, (x.b).nope from ftab2() x
--: fails 42703 11 column "f1" does not exist
select a, f1 from ftab2() x
--: ok
select a from frec() as x(a int, b int)
--: fails 42703 8 column "c" does not exist
select c from frec() as x(a int, b int)
--: ok
select x.b from frecs() as x(a int, b comp)
--: fails 42703 19 column "nope" not found in data type comp
select (x.b).f1, (x.b).nope from frecs() as x(a int, b comp)
--: ok
select a from frec() as (a int, b int)
--: ok
select frec.a from frec() as (a int, b int)
--: ok
select f1 from fcomp()
--: ok
select f1 from fdcomp() x
--: fails 42703 8 column "f3" does not exist
select f3 from fdcomp() x
--: ok
select name, id from ftrow()
--: fails 42703 8 column "ctid" does not exist
select ctid from ftrow()
--: fails 42703 8 column x.ctid does not exist
select x.ctid from ftrow() x
--: fails 42703 8 column "nope" does not exist
select nope from ftrow()
--: ok
select x from fany(1) x
--: ok
select x.x from fany('a'::text) x
--: fails 42703 8 column "y" does not exist
select y from fany(1) x
--: ok
select f1 from fany(row(1, 'x')::comp)
--: ok
select x.f1 from fany(row(1, 'x')::comp) x
--: fails 42703 8 column "nope" does not exist
select nope from fany(row(1, 'x')::comp)
--: ok
select x from fanyarr(1) x
--: fails 42703 8 column "nope" does not exist
select nope from fanyarr(1) x
--: ok
select x from fanyset(array[1]) x
--: fails 42703 8 column "nope" does not exist
select nope from fanyset(array[1]) x
--: ok
select x.f1 from fanyset(array[row(1, 'x')::comp]) x
--: fails 42703 8 column "nope" does not exist
select nope from fanyset(array[row(1, 'x')::comp]) x
--: ok
select v from fvar(1, 2, 3) v
--: fails 42703 8 column "nope" does not exist
select nope from fvar(1, 2, 3) v
--: ok
select v from fvar(variadic array[1]) v
--: ok
select over from over(1)
--: ok
select a from same(1)
--: ok
select a from same('x'::text)
--: fails 42703 8 column "b" does not exist
select b from same(1)
--: ok
select zz from s2.fint(1)
--: ok
select fint from s2.fint(1)
--: fails 42703 8 column "nope" does not exist
select nope from s2.fint(1)
--: other 42883 16 function other() does not exist
select zz from other()
--: ok
select zz from s2.other()
--: fails 42703 8 column x.nope does not exist
select x.nope from s2.other() x
--: ok
select fint from public.fint(1)
--: ok
select x from fvoid() x
--: ok
select fvoid from fvoid()
--: fails 42703 8 column "nope" does not exist
select nope from fvoid()
--: other 42804 15 function "ftrig" in FROM has unsupported return type trigger
select * from ftrig()
--: other 42809 15 proc(integer) is a procedure
select * from proc(1)
--: other 42803 15 aggregate functions are not allowed in functions in FROM
select * from agg1(1)
--: other 42803 15 aggregate functions are not allowed in functions in FROM
select * from count(*)
--: ok
select "Quoted Fn" from "Quoted Fn"()
--: fails 42703 8 column "quoted fn" does not exist
select "quoted fn" from "Quoted Fn"()
--: 42883 15 function nofunc(integer) does not exist
select * from nofunc(1)
--: 42883 15 function s2.nofunc(integer) does not exist
select * from s2.nofunc(1)
--: 3F000 15 schema "nosch" does not exist
select * from nosch.fint(1)
--: ok
select ordinality from fset(1) with ordinality
--: fails 42703 26 column "nope" does not exist
select fset, ordinality, nope from fset(1) with ordinality
--: ok
select x.x, x.ordinality from fset(1) with ordinality x
--: ok
select x.a, x.b from fset(1) with ordinality as x(a, b)
--: fails 42703 8 column x.ordinality does not exist
select x.ordinality from fset(1) with ordinality as x(a, b)
--: ok
select x.a, x.ordinality from fset(1) with ordinality as x(a)
--: ok
select p, q, ordinality from fout2(1) with ordinality
--: ok
select f1, ordinality from fcomp() with ordinality
--: ok
select x.a, x.b, x.ordinality from rows from (frec() as (a int, b int)) with ordinality x
--: fails 42703 8 column x.c does not exist
select x.c from rows from (frec() as (a int, b int)) with ordinality x
--: ok
select x.a, x.b, x.c from rows from (fint(1), fset(2)) with ordinality as x(a, b, c)
--: 42703 44 column "nope" does not exist
select x.fint, x.fset from rows from (fint(nope), fset(2)) x
--: ok
select t.id, g from t, fset(t.id) g
--: fails 42703 14 column g.nope does not exist
select t.id, g.nope from t, fset(t.id) g
--: 42P01 20 missing FROM-clause entry for table "t"
select g from fset(t.id) g, t
--: ok
select g from t join fset(t.id) g on g = t.id
--: 42703 32 column t.nope does not exist
select g from t left join fset(t.nope) g on true
--: ok
select g from t join lateral fset(id) g on true
--: 42702 26 column reference "id" is ambiguous
select g from u, t, fset(id) g
--: ok
select n from t, unnest(arr) n
--: ok
select unnest from t, unnest(arr)
--: ok
select unnest from t, unnest(t.hs)
--: ok
select n.f1, f2 from t, unnest(carr) n
--: fails 42703 8 column n.f3 does not exist
select n.f3 from t, unnest(carr) n
--: ok
select a.v, a.i from t, unnest(arr) with ordinality as a(v, i)
--: fails 42703 8 column a.v does not exist
select a.v, a.i from t, unnest(t.hs) with ordinality a
--: ok
select a.a, a.ordinality from t, unnest(t.hs) with ordinality a
--: ok
select a.x, a.y from t, unnest(t.arr, t.hs) as a(x, y)
--: fails 42703 13 column a.z does not exist
select a.x, a.z from t, unnest(t.arr, t.hs) as a(x, y)
--: ok
select a.* from t, unnest(t.arr, t.carr) a
--: ok
select a.f1 from t, unnest(t.arr, t.carr) a
--: ok
select a.x from unnest('{1,2}'::int[]) as a(x)
--: ok
select a.x from unnest(array['a', 'b']) as a(x)
--: other 42725 17 function unnest(unknown) is not unique
select a.x from unnest($1) as a(x)
--: ok
select a.x from unnest($1::text[], $2::int[]) as a(x, y)
--: fails 42703 8 column a.nope does not exist
select a.nope from unnest($1::text[], $2::int[]) as a(x, y)
--: ok
select unnest.unnest from unnest($1::text[])
--: ok
select i from generate_series(1, 10) i
--: ok
select i.i, i from generate_series(1, 10) as i
--: ok
select d::date from generate_series('2020-01-01'::timestamp, now(), '1 day') d
--: fails 42703 13 column d.nope does not exist
select d.d, d.nope from generate_series(1, 2) d
--: ok
select generate_subscripts from generate_subscripts(array[1], 1)
--: fails 42703 13 column s.a does not exist
select s.s, s.a from generate_subscripts(array[1], 1) s
--: ok
select key, value from t, jsonb_each(j)
--: ok
select key, value from t, jsonb_each_text(t.j) e
--: fails 42703 15 column e.nope does not exist
select e.key, e.nope from t, jsonb_each_text(t.j) e
--: ok
select value from t, jsonb_array_elements(j)
--: ok
select elem->>'a' from t, jsonb_array_elements(j) elem
--: ok
select elem.value->>'a' from t, jsonb_array_elements(j) elem
--: fails 42703 8 column elem.elem does not exist
select elem.elem from t, jsonb_array_elements(j) elem
--: fails 42703 8 column elem.key does not exist
select elem.key from t, jsonb_array_elements(j) elem
--: ok
select value from t, json_array_elements_text(js) with ordinality
--: ok
select e.value, e.ordinality from t, jsonb_array_elements_text(j) with ordinality e
--: ok
select e.v, e.o from t, jsonb_array_elements_text(j) with ordinality as e(v, o)
--: ok
select k from t, jsonb_object_keys(j) k
--: fails 42703 13 column k.nope does not exist
select k.k, k.nope from t, jsonb_object_keys(j) k
--: ok
select jsonb_object_keys from t, jsonb_object_keys(j)
--: ok
select x.a, x.b from t, jsonb_to_record(j) as x(a int, b text)
--: fails 42703 8 column x.c does not exist
select x.c from t, jsonb_to_record(j) as x(a int, b text)
--: ok
select x.a, x.b from t, jsonb_to_recordset(j) as x(a int, b comp)
--: fails 42703 9 column "nope" not found in data type comp
select (x.b).nope from t, jsonb_to_recordset(j) as x(a int, b comp)
--: ok
select x.id, x.name from t, jsonb_populate_record(null::t, t.j) x
--: fails 42703 8 column x.nope does not exist
select x.nope from t, jsonb_populate_record(null::t, t.j) x
--: ok
select x.f1 from t, jsonb_populate_recordset(null::comp, t.j) x
--: fails 42703 8 column x.f3 does not exist
select x.f3 from t, json_populate_recordset(null::comp, t.js) x
--: ok
select jsonb_path_query from jsonb_path_query('{}', '$')
--: ok
select q from t, jsonb_path_query(t.j, '$.a') q
--: fails 42703 8 column q.nope does not exist
select q.nope from t, jsonb_path_query(t.j, '$.a') q
--: ok
select m[1] from t, regexp_matches(name, 'x', 'g') m
--: ok
select regexp_matches from t, regexp_matches(name, 'x', 'g')
--: ok
select s from t, regexp_split_to_table(name, ',') s
--: ok
select s from t, string_to_table(name, ',') s
--: fails 42703 13 column s.nope does not exist
select s.s, s.nope from t, string_to_table(name, ',') s
--: ok
select lexeme, positions, weights from t, unnest(ts)
--: ok
select word, nentry, ndoc from ts_stat('select ts from t')
--: ok
select alias, token from ts_debug('english', 'x')
--: ok
select tokid, token from ts_parse('default', 'x')
--: fails 42703 15 column "nope" does not exist
select tokid, nope from ts_parse('default', 'x')
--: ok
select * from pg_get_keywords() k where k.word = 'x' and catdesc = 'y'
--: fails 42703 41 column k.nope does not exist
select * from pg_get_keywords() k where k.nope = 'x'
--: ok
select name, setting from pg_show_all_settings()
--: ok
select pid from pg_stat_get_activity(null)
--: 42703 73 column a.nope does not exist
select * from pg_locks l join pg_stat_activity a on a.pid = l.pid where a.nope = 1
--: ok
select a.attname from pg_options_to_table(array['a=b']) o, pg_attribute a where o.option_name = 'x'
--: fails 42703 8 column o.nope does not exist
select o.nope from pg_options_to_table(array['a=b']) o
--: ok
select x.x from current_date x
--: ok
select current_date from current_date
--: ok
select d from now() d
--: ok
select now from now()
--: fails 42703 8 column d.now does not exist
select d.now from now() d
--: ok
select c.c from coalesce(1, 2) c
--: ok
select coalesce from coalesce(1, 2)
--: ok
select x from cast(1 as int) x
--: ok
select x from (select 1) as x(y)
--: ok
select x.id from xmltable('/r/x' passing (select x from t) columns id int path '@id', name text default 'n', ord for ordinality) x
--: fails 42703 8 column x.nope does not exist
select x.nope from xmltable('/r/x' passing (select x from t) columns id int path '@id', name text default 'n', ord for ordinality) x
--: ok
select x.* from t, xmltable('/r/x' passing t.x columns id int path '@id') x
--: fails 42703 44 column t.nope does not exist
select x.* from t, xmltable('/r/x' passing t.nope columns id int path '@id') x
--: ok
select x.* from t, xmltable('/r/x' passing x columns id int path name default 5) x
--: fails 42703 66 column "nope" does not exist
select x.* from t, xmltable('/r/x' passing x columns id int path nope) x
--: ok
select x.* from t, xmltable(xmlnamespaces('http://x' as n, default 'http://y'), '/n:r' passing x columns id int path '@id') x
--: fails 42703 43 column "nope" does not exist
select x.* from t, xmltable(xmlnamespaces(nope as n), '/n:r' passing x columns id int) x
--: ok
select x.a, x.b from t, xmltable('/r' passing t.x columns id int, name text) as x(a, b)
--: fails 42703 8 column x.id does not exist
select x.id from t, xmltable('/r' passing t.x columns id int, name text) as x(a, b)
--: ok
select id from xmltable('/r' passing '<r/>' columns id int)
--: ok
select xmltable.id from xmltable('/r' passing '<r/>' columns id int)
--: ok
select (x.c).f1 from t, xmltable('/r' passing t.x columns c comp path 'c') x
--: fails 42703 9 column "nope" not found in data type comp
select (x.c).nope from t, xmltable('/r' passing t.x columns c comp path 'c') x
--: fails 42703 8 column x.nope does not exist
select x.nope from t, lateral xmltable('/r' passing t.x columns c comp path 'c') x
--: ok
select id from t tablesample system (10) repeatable (5)
--: fails 42P01 8 invalid reference to FROM-clause entry for table "t"
select t.id from t as s tablesample bernoulli (10)
--: fails 42703 14 column s.nope does not exist
select s.id, s.nope from t as s tablesample bernoulli (10)
--: fails 42703 41 column "nope" does not exist
select id from t tablesample bernoulli (nope)
--: fails 42703 57 column "nope" does not exist
select id from t tablesample bernoulli (10) repeatable (nope)
--: ok
select (select s from fset(t.id) s limit 1) from t
--: 42703 28 column "nope" does not exist
select (select s from fset(nope) s limit 1) from t
--: ok
select * from fset((select max(id) from t))
--: 42703 32 column "nope" does not exist
select * from fset((select max(nope) from t))
--: ok
select s.fset from (select fset(1)) s
--: ok
select s.fset, s.p from (select (fout2(1)).*, fset(1)) s
--: fails 42703 8 column s.nope does not exist
select s.nope from (select (fout2(1)).*, fset(1)) s
--: fails 42703 18 column "nope" does not exist
select fset(id), nope from t
--: fails 42703 9 could not identify column "nope" in record data type
select (fout2(id)).nope from t
--: fails 42703 21 column f.nope does not exist
select f.p, (f).q, (f).nope from t, fout2(t.id) f
--: ok
select x.x from fint(1) x
--: ok undecided
select x.fint from fint(1) x
--: ok
select fint.fint, fint.* from fint(1)
--: fails 42703 8 column "nope" does not exist
select nope from fint(1)
--: fails 42703 8 column x.nope does not exist
select x.nope from fint(1) x
--: fails 42703 8 column x.x does not exist
select x.x from fint(1) as x(a)
--: ok undecided
select x.fdint from fdint(1) x
--: ok undecided
select x from over('a')
--: ok
select x.a, x.fint, x.f1 from rows from (frec() as (a int, b int), fint(1), fcomp()) x
--: ok
select x.x from rows from (fint(1)) x
--: ok undecided
select x.fint from rows from (fint(1)) x
--: fails 42703 8 column x.nope does not exist
select x.nope from rows from (fint(1), fset(2)) x
--: fails 42703 8 column a.y does not exist
select a.y from unnest(array['a', 'b']) as a(x)
--: ok undecided
select d.date from generate_series('2020-01-01'::timestamp, now(), '1 day') d
