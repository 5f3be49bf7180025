-- FROM: joins and what they merge and hide, LATERAL, functions, aliases.
create table a (id int, x int, y text);
create table b (id int, z int);
create table c (id int, x int);
create schema s1;
create table s1.a (id int, extra int);
create type comp as (f1 int, f2 text);
create table ct (id int, cc comp);
create function fone(out foo int) language sql as 'select 1';
create function ftwo(out p int, out q text) language sql as 'select 1, ''x''';
create function ftab() returns table (k int, v text) language sql as 'select 1, ''x''';
create function fset() returns setof a language sql as 'select * from a';
create function fcomp() returns comp language sql as 'select row(1, ''x'')::comp';
create function frec() returns record language sql as 'select 1, 2';
create function scal(int) returns int language sql as 'select 1';
create domain dcomp as comp;
create index a_idx on a (id);
create function fdcomp() returns dcomp language sql as 'select row(1, ''x'')::comp::dcomp';
--: ok
select a.id, b.z from a join b on a.id = b.id
--: ok
select id, x, z from a join b using (id)
--: ok
select a.id, b.id, id from a full join b using (id)
--: ok
select a.*, b.* from a natural join b
--: ok
select x, y, z from a natural join b
--: 42703 0 column "nope" specified in USING clause does not exist in left table
select 1 from a join b using (nope)
--: 42703 0 column "z" specified in USING clause does not exist in left table
select 1 from a join b using (z)
--: 42703 0 column "x" specified in USING clause does not exist in right table
select 1 from a join b using (x)
--: 42703 0 column "ctid" specified in USING clause does not exist in left table
select 1 from a join b using (ctid)
--: ok
select j.id, j.z from (a join b using (id)) as j
--: 42P01 8 invalid reference to FROM-clause entry for table "a"
select a.id from (a cross join b) as j
--: ok
select j.id, a.x, b.z from a join b using (id) as j
--: 42703 8 column j.x does not exist
select j.x from a join b using (id) as j
--: ok
select j.one, j.two from (a join b using (id)) as j(one, two)
--: 42703 8 column j.id does not exist
select j.id from (a join b using (id)) as j(one, two)
--: ok
select q.one, q.x from a as q(one)
--: 42703 8 column q.id does not exist
select q.id from a as q(one)
--: 42703 8 column "id" does not exist
select id from a as q(one)
--: other 42P10 0 table "q" has 3 columns available but 4 columns specified
select q.id from a as q(one, two, three, four)
--: 42703 8 column "ctid" does not exist
select ctid from a join b using (id)
--: 42P01 34 missing FROM-clause entry for table "c"
select 1 from a join b on a.id = c.id, c
--: 42P01 37 invalid reference to FROM-clause entry for table "c"
select 1 from c, a join b on a.id = c.id
--: ok
select 1 from a, lateral (select a.x) s
--: 42P01 26 invalid reference to FROM-clause entry for table "a"
select 1 from a, (select a.x) s
--: 42703 26 column "y" does not exist
select 1 from a, (select y) s
--: ok
select 1 from a left join lateral (select a.x) s on true
--: other 42P10 44 invalid reference to FROM-clause entry for table "a"
select 1 from a right join lateral (select a.x) s on true
--: ok
select 1 from a, generate_series(1, a.x) g
--: ok
select 1 from a, scal(x)
--: 42P01 20 missing FROM-clause entry for table "a"
select 1 from scal(a.x), b
--: 42P01 20 missing FROM-clause entry for table "a"
select 1 from scal(a.x), a
--: ok
select g, g.g from generate_series(1, 2) g
--: ok
select generate_series from generate_series(1, 2)
--: ok
select g.n, n from generate_series(1, 2) as g(n)
--: fails 42703 8 column "m" does not exist
select m from generate_series(1, 2) as g(n)
--: ok
select value from jsonb_array_elements('[1]') as elem
--: fails 42703 8 column elem.elem does not exist
select elem.elem from jsonb_array_elements('[1]') as elem
--: ok
select elem from jsonb_array_elements('[1]') as elem
--: ok
select foo from fone() k
--: ok
select p, q from ftwo()
--: fails 42703 8 column "r" does not exist
select r from ftwo()
--: ok
select k, ftab.v from ftab()
--: ok
select id, f.y from fset() f
--: ok
select f1, f2 from fcomp()
--: ok
select f1, f2 from fdcomp() x
--: fails 42703 8 column x.f3 does not exist
select x.f3 from fcomp() x
--: ok
select m, n from frec() as (m int, n int)
--: fails 42703 8 column "o" does not exist
select o from frec() as (m int, n int)
--: ok
select r.generate_series, r.now from rows from (generate_series(1, 2), now()) as r
--: ok
select r.ordinality, r.k from ftab() with ordinality as r
--: ok
select r.a, r.b, r.c from ftab() with ordinality as r(a, b, c)
--: other 42702 8 column reference "unnest" is ambiguous
select u.unnest from unnest(array[1], array[2]) as u
--: ok
select u.p, q from unnest(array[1], array[2]) as u(p, q)
--: ok
select x from unnest($1::int[]) as x
--: ok
select x.x from unnest(array[1, 2]) x
--: fails 42703 8 column "y" does not exist
select y from unnest($1::int[]) as x
--: ok undecided
select f1 from unnest(array[row(1, 'a')::comp]) x
--: ok
select x.id from jsonb_populate_record(null::a, '{}') x
--: ok
select id, n from json_to_recordset('[]') as x(id int, n text)
--: ok
select (x).f1, key, value from ct, jsonb_each('{}') j, lateral (select cc as x) q
--: ok
select word, catcode from pg_get_keywords()
--: ok
select column1, column2 from (values (1, 2)) v
--: ok
select v.p, v.q from (values (1, 2)) v(p, q)
--: 42P01 15 relation "v" does not exist
select * from v
--: ok
select extra from s1.a
--: 42P01 8 invalid reference to FROM-clause entry for table "a"
select s1.a.id from a
--: ok
select public.a.id, s1.a.extra from a, s1.a
--: 42P01 8 invalid reference to FROM-clause entry for table "b"
select public.b.id from b q
--: ok
select x.a, x.o from xmltable('/r' passing '<r/>' columns a int path 'a', o for ordinality) x
--: fails 42703 8 column x.b does not exist
select x.b from xmltable('/r' passing '<r/>' columns a int path 'a') x
--: ok
select id from a tablesample system (1)
--: fails 42703 38 column "nope" does not exist
select id from a tablesample system (nope)
--: ok
select d, d.d from current_date d
--: ok
select a.id from a natural join b natural join c
--: 42703 8 column "nope" does not exist
select nope from a join b using (id) left join c on true
--: ok
select n.nspname, relname from pg_class join pg_namespace n on n.oid = relnamespace
--: 42703 8 column n.nope does not exist
select n.nope from pg_class join pg_namespace n on n.oid = relnamespace
--: ok
select id from (select * from a) s where x = 1 and exists (select 1 from b where b.id = s.x)
--: 42703 24 column "nope" does not exist
select id from (select nope from a) s
--: other 42712 0 table name "a" specified more than once
select a.nope from a, a
--: other 42809 15 "a_idx" is an index
select * from a_idx
--: other 42809 15 "comp" is a composite type
select * from comp
--: ok
select lexeme, positions[1] from unnest('base:7'::tsvector)
--: fails 42703 8 column "nope" does not exist
select nope from unnest('base:7'::tsvector)
--: ok
select (pg_timezone_names()).name, (ftwo()).p
--: fails 42703 9 could not identify column "nope" in record data type
select (ftwo()).nope
--: ok
select s.p, s.q from (select (ftwo()).*) s
--: fails 42703 8 column s.r does not exist
select s.r from (select (ftwo()).*) s
--: other 42712 0 table name "b" specified more than once
select nope from a join b using (id) as b
--: other 42P10 48 invalid reference to FROM-clause entry for table "a"
select s.nope from a full join lateral (select a from b) s on true
