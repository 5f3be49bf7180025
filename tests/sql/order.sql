-- Which error comes first (PostgreSQL's order of analysis), and what makes a finding not exact.
create type mood as enum ('sad', 'ok');
create type comp as (f1 int, f2 text);
create domain pos as int check (value > 0);
create table t (id int primary key, name text, n numeric, d date, ts timestamptz, feels mood, cc comp, b bool, arr int[], j jsonb, v varchar(10), ch char(3), r int4range, u uuid, p pos, i2 smallint, i8 bigint, f8 float8, iv interval, x xml, bin bytea, ip inet, pt point, o oid, reg regclass);
create table u (id int, t_id int, label text);
create function f(int) returns int language sql as 'select 1';
create function lo(text) returns text language sql as 'select ''x''';
--: 42703 8 column "nope" does not exist
select nope from t where id = 'abc'
--: fails 22P02 29 invalid input syntax for type integer: "abc"
select id from t where id = 'abc' and nope = 1
--: 42703 24 column "nope" does not exist
select id from t where nope = 1 and id = 'abc'
--: fails 22P02 29 invalid input syntax for type integer: "abc"
select id from t where id = 'abc' or nope = 1
--: fails 42703 37 column "nope" does not exist
select id from t where id = '1' and nope = 1
--: fails 42883 29 operator does not exist: text = integer
select id from t where name = 1 and nope = 1
--: 42703 64 column "nope" does not exist
select id from t where name = 'x' and v = 'y' and ch = 'z' and nope = 1
--: 42703 79 column "nope" does not exist
select id from t where n = 1 and n = 1.5 and f8 = 1 and i2 = 1 and i8 = 1 and nope = 1
--: fails 42703 36 column "nope" does not exist
select id from t where n = '1' and nope = 1
--: fails 22P02 28 invalid input syntax for type numeric: "x"
select id from t where n = 'x' and nope = 1
--: fails 42703 45 column "nope" does not exist
select id from t where d = '2020-01-01' and nope = 1
--: fails 22007 28 invalid input syntax for type date: "x"
select id from t where d = 'x' and nope = 1
--: fails 42703 38 column "nope" does not exist
select id from t where d = 'now' and nope = 1
--: 42703 39 column "nope" does not exist
select id from t where ts > now() and nope = 1
--: fails 42703 58 column "nope" does not exist
select id from t where ts > now() - interval '1 day' and nope = 1
--: fails 22007 46 invalid input syntax for type interval: "x"
select id from t where ts > now() - interval 'x' and nope = 1
--: 42703 72 column "nope" does not exist
select id from t where ts > current_timestamp and d = current_date and nope = 1
--: 42703 41 column "nope" does not exist
select id from t where feels = 'ok' and nope = 1
--: 22P02 32 invalid input value for enum mood: "zz"
select id from t where feels = 'zz' and nope = 1
--: fails 42883 30 operator does not exist: mood = text
select id from t where feels = name and nope = 1
--: 42703 30 column "nope" does not exist
select id from t where b and nope = 1
--: 42703 48 column "nope" does not exist
select id from t where not b and b is true and nope = 1
--: fails 22P02 41 invalid input syntax for type boolean: "x"
select id from t where b = true and b = 'x' and nope = 1
--: fails 42703 36 column "nope" does not exist
select id from t where b = 't' and nope = 1
--: fails 42804 24 argument of AND must be type boolean, not type integer
select id from t where id and nope = 1
--: fails 42804 24 argument of AND must be type boolean, not type integer
select id from t where 1 and nope = 1
--: fails 22P02 24 invalid input syntax for type boolean: "x"
select id from t where 'x' and nope = 1
--: fails 42703 32 column "nope" does not exist
select id from t where 't' and nope = 1
--: 42703 33 column "nope" does not exist
select id from t where null and nope = 1
--: 42703 31 column "nope" does not exist
select id from t where $1 and nope = 1
--: 42703 42 column "nope" does not exist
select id from t where id = any ($1) and nope = 1
--: 42703 43 column "nope" does not exist
select id from t where id = any (arr) and nope = 1
--: fails 42809 27 op ANY/ALL (array) requires array on right side
select id from t where id = any (name) and nope = 1
--: fails 42703 47 column "nope" does not exist
select id from t where id = any ('{1,2}') and nope = 1
--: fails 22P02 34 invalid input syntax for type integer: "x"
select id from t where id = any ('{x}') and nope = 1
--: 42703 41 column "nope" does not exist
select id from t where id in (1, 2) and nope = 1
--: fails 42703 45 column "nope" does not exist
select id from t where id in ('1', '2') and nope = 1
--: fails 22P02 31 invalid input syntax for type integer: "x"
select id from t where id in ('x') and nope = 1
--: 42703 43 column "nope" does not exist
select id from t where id in ($1, $2) and nope = 1
--: 42703 47 column "nope" does not exist
select id from t where name in ('a', 'b') and nope = 1
--: fails 42883 29 operator does not exist: text = integer
select id from t where name in (1) and nope = 1
--: 42703 47 column "nope" does not exist
select id from t where id between 1 and 2 and nope = 1
--: fails 22P02 35 invalid input syntax for type integer: "x"
select id from t where id between 'x' and 2 and nope = 1
--: 42703 49 column "nope" does not exist
select id from t where id between $1 and $2 and nope = 1
--: fails 42703 43 column "nope" does not exist
select id from t where name like 'x%' and nope = 1
--: fails 42703 42 column "nope" does not exist
select id from t where name ilike $1 and nope = 1
--: fails 42883 27 operator does not exist: integer ~~ unknown
select id from t where id like 'x' and nope = 1
--: fails 42703 54 column "nope" does not exist
select id from t where name ~ 'x' and name ~* $1 and nope = 1
--: fails 42703 46 column "nope" does not exist
select id from t where name || 'x' = 'y' and nope = 1
--: fails 42703 39 column "nope" does not exist
select id from t where id + 1 = 2 and nope = 1
--: fails 22P02 29 invalid input syntax for type integer: "x"
select id from t where id + 'x' = 2 and nope = 1
--: fails 42703 40 column "nope" does not exist
select id from t where id = $1 + 1 and nope = 1
--: 42703 45 column "nope" does not exist
select id from t where lower(name) = $1 and nope = 1
--: fails 42703 52 column "nope" does not exist
select id from t where lower(name) = lower($1) and nope = 1
--: fails 42883 24 function lower(integer) does not exist
select id from t where lower(id) = 'x' and nope = 1
--: fails 42703 38 column "nope" does not exist
select id from t where f(id) = 1 and nope = 1
--: fails 42883 24 function f(text) does not exist
select id from t where f(name) = 1 and nope = 1
--: fails 42703 52 column "nope" does not exist
select id from t where coalesce(name, '') = '' and nope = 1
--: fails 22P02 37 invalid input syntax for type integer: "x"
select id from t where coalesce(id, 'x') = 1 and nope = 1
--: fails 42804 37 COALESCE types integer and text cannot be matched
select id from t where coalesce(id, name) = 1 and nope = 1
--: 42703 39 column "nope" does not exist
select id from t where id is null and nope = 1
--: 42703 60 column "nope" does not exist
select id from t where id is not null and name is null and nope = 1
--: fails 42703 54 column "nope" does not exist
select id from t where name is distinct from 'x' and nope = 1
--: fails 22P02 44 invalid input syntax for type integer: "x"
select id from t where id is distinct from 'x' and nope = 1
--: fails 42703 39 column "nope" does not exist
select id from t where arr[1] = 1 and nope = 1
--: fails 22P02 28 invalid input syntax for type integer: "x"
select id from t where arr['x'] = 1 and nope = 1
--: fails 42703 41 column "nope" does not exist
select id from t where arr @> '{1}' and nope = 1
--: fails 42703 43 column "nope" does not exist
select id from t where j -> 'a' = '1' and nope = 1
--: fails 42703 44 column "nope" does not exist
select id from t where j ->> 'a' = 'x' and nope = 1
--: fails 42703 44 column "nope" does not exist
select id from t where j @> '{"a": 1}' and nope = 1
--: fails 22P02 29 invalid input syntax for type json
select id from t where j @> 'x' and nope = 1
--: 42703 40 column "nope" does not exist
select id from t where (cc).f1 = 1 and nope = 1
--: fails 22P02 34 invalid input syntax for type integer: "x"
select id from t where (cc).f1 = 'x' and nope = 1
--: fails 42703 71 column "nope" does not exist
select id from t where u = '00000000-0000-0000-0000-000000000000' and nope = 1
--: fails 22P02 28 invalid input syntax for type uuid: "x"
select id from t where u = 'x' and nope = 1
--: 42703 35 column "nope" does not exist
select id from t where u = $1 and nope = 1
--: fails 42703 43 column "nope" does not exist
select id from t where id::text = 'x' and nope = 1
--: 42704 28 type "nope" does not exist
select id from t where id::nope = 'x' and nope2 = 1
--: 42704 31 type "nope" does not exist
select id from t where nope2::nope = 'x'
--: fails 42703 42 column "nope" does not exist
select id from t where name::int = 1 and nope = 1
--: fails 22P02 24 invalid input syntax for type integer: "x"
select id from t where 'x'::int = 1 and nope = 1
--: fails 42703 41 column "nope" does not exist
select id from t where '1'::int = 1 and nope = 1
--: 42703 41 column "nope" does not exist
select id from t where $1::int = id and nope = 1
--: fails 42703 40 column "nope" does not exist
select id from t where id::pos = 1 and nope = 1
--: fails 42703 34 column "nope" does not exist
select id from t where p = 1 and nope = 1
--: fails 22P02 28 invalid input syntax for type integer: "x"
select id from t where p = 'x' and nope = 1
--: fails 42703 35 column "nope" does not exist
select id from t where r @> 1 and nope = 1
--: fails 22P02 28 malformed range literal: "x"
select id from t where r = 'x' and nope = 1
--: fails 22007 29 invalid input syntax for type interval: "x"
select id from t where iv = 'x' and nope = 1
--: fails 42703 41 column "nope" does not exist
select id from t where iv = '1 day' and nope = 1
--: fails 42883 26 operator does not exist: xml = unknown
select id from t where x = 'x' and nope = 1
--: fails 42703 41 column "nope" does not exist
select id from t where bin = '\x00' and nope = 1
--: fails 22023 30 invalid hexadecimal data: odd number of digits
select id from t where bin = '\x0' and nope = 1
--: fails 22P02 29 invalid input syntax for type inet: "x"
select id from t where ip = 'x' and nope = 1
--: fails 42703 39 column "nope" does not exist
select id from t where ip = '::1' and nope = 1
--: fails 42883 27 operator does not exist: point = unknown
select id from t where pt = '(1,2)' and nope = 1
--: fails 22P02 38 invalid input syntax for type oid: "x"
select id from t where o = 1 and o = 'x' and nope = 1
--: fails 42P01 30 relation "nope" does not exist
select id from t where reg = 'nope'::regclass and nope = 1
--: fails 22P02 30 invalid input syntax for type oid: "nope"
select id from t where reg = 'nope' and nope = 1
--: other 42P01 24 relation "nope" does not exist
select id from t where 'nope'::regclass = reg and id = 1
--: fails 42P01 8 relation "nope" does not exist
select 'nope'::regclass, nope from t
--: fails 42P01 16 relation "nope" does not exist
select nextval('nope'), nope from t
--: fails 42P01 16 relation "nope" does not exist
select nextval('nope') from t where nope = 1
--: fails 42P01 16 relation "t_id_seq" does not exist
select currval('t_id_seq'), nope
--: 42703 29 column "nope" does not exist
select to_regclass('nope'), nope from t
--: fails 42704 8 type "x" does not exist
select 'x'::regtype, nope from t
--: fails 42883 8 function "nope" does not exist
select 'nope'::regproc, nope from t
--: fails 42883 8 function "nope()" does not exist
select 'nope()'::regprocedure, nope from t
--: fails 42704 8 role "nope" does not exist
select 'nope'::regrole, 'nope'::regnamespace, nope from t
--: 42703 42 column "nope" does not exist
select id, name, 'x', 1, null, true, $1, nope from t
--: 42703 16 column "nope" does not exist
select id = 1, nope from t
--: fails 42883 11 operator does not exist: integer = text
select id = name, nope from t
--: fails 42703 13 column "nope" does not exist
select -id, nope from t
--: fails 42883 8 operator does not exist: - text
select - name, nope from t
--: fails 42703 16 column "nope" does not exist
select id + 1, nope from t
--: 42703 18 column "nope" does not exist
select count(*), nope from t
--: 42703 34 column "nope" does not exist
select count(*), id from t where nope = 1
--: 42703 34 column "nope" does not exist
select id, count(*) from t where nope = 1
--: 42703 37 column "nope" does not exist
select id, count(*) from t group by nope
--: 42703 51 column "nope" does not exist
select id, count(*) from t group by name order by nope
--: 42703 34 column "nope" does not exist
select id, count(*) from (select nope from t) s
--: fails 42703 48 column "nope" does not exist
select id, (select count(*), t.id from u where nope = 1) from t
--: fails 42601 12 subquery must return only one column
select id, (select 1, 2), nope from t
--: 42703 35 column "nope" does not exist
select id, (select label from u), nope from t
--: 42703 41 column "nope" does not exist
select id, exists (select 1, 2 from u), nope from t
--: fails 42601 12 subquery must return only one column
select id, array(select 1, 2), nope from t
--: fails 42601 11 subquery has too many columns
select id in (select 1, 2), nope from t
--: 42703 24 column "nope2" does not exist
select nope in (select nope2 from u) from t
--: fails 42601 19 subquery has too few columns
select (id, name) in (select 1), nope from t
--: fails 22P02 21 invalid input syntax for type integer: "x"
select case id when 'x' then 1 end, nope from t
--: fails 42703 35 column "nope" does not exist
select case id when 1 then 1 end, nope from t
--: fails 22P02 33 invalid input syntax for type integer: "x"
select case when b then id else 'x' end, nope from t
--: fails 42703 40 column "nope" does not exist
select case when b then id else 1 end, nope from t
--: fails 42804 18 argument of CASE/WHEN must be type boolean, not type integer
select case when id then 1 end, nope from t
--: fails 42703 22 column "nope" does not exist
select array[id, 1], nope from t
--: fails 22P02 18 invalid input syntax for type integer: "x"
select array[id, 'x'], nope from t
--: fails 42P18 8 cannot determine type of empty array
select array[], nope from t
--: 42703 23 column "nope" does not exist
select row(id, name), nope from t
--: fails 42703 31 column "nope" does not exist
select (id, name) = (1, 'x'), nope from t
--: fails 42883 19 operator does not exist: text = integer
select (id, name) = (1, 2), nope from t
--: 42703 10 column "nope" does not exist
select f(nope), nope2 from t
--: 42703 15 column "nope" does not exist
select nofunc(nope), nope2 from t
--: 42883 8 function nofunc(integer) does not exist
select nofunc(id), nope from t
--: 42703 14 column "nope" does not exist
select f(id, nope) from t
--: fails 42883 8 function f(text) does not exist
select f(name), nope from t
--: 42703 15 column "nope" does not exist
select f(x => nope) from t
--: 42703 14 column "nope" does not exist
select count(nope) filter (where nope2) from t
--: fails 42804 32 argument of FILTER must be type boolean, not type text
select count(id) filter (where name), nope from t
--: fails 42883 8 function sum(text) does not exist
select sum(name), nope from t
--: fails 42803 12 aggregate function calls cannot be nested
select sum(count(id)), nope from t
--: fails 42703 31 column "nope" does not exist
select generate_series(1, 2), nope from t
--: fails 0A000 24 set-returning functions are not allowed in WHERE
select id from t where generate_series(1, 2) = 1 and nope = 1
--: fails 42803 24 aggregate functions are not allowed in WHERE
select id from t where count(*) = 1 and nope = 1
--: 42703 28 column "nope" does not exist
select id from t where sum(nope) = 1
--: fails 42P20 24 window functions are not allowed in WHERE
select id from t where row_number() over () = 1 and nope = 1
--: fails 42P02 24 there is no parameter $0
select id from t where $0 = 1 and nope = 1
--: fails 42P10 27 ORDER BY position 5 is not in select list
select id from t order by 5, nope
--: 42703 30 column "nope" does not exist
select id from t order by 1, nope
--: fails 42601 27 non-integer constant in ORDER BY
select id from t order by 'x', nope
--: fails 42P10 27 GROUP BY position 5 is not in select list
select id from t group by 5, nope
--: 42703 35 column "nope" does not exist
select id from t limit 'x' offset nope
--: 42703 33 column "nope" does not exist
select id from t limit 1 offset nope
--: 42703 34 column "nope" does not exist
select id from t limit -1 offset nope
--: 42703 36 column "nope" does not exist
select id from t limit name offset nope
--: 42703 8 column "nope" does not exist
select nope from t limit nope2
--: 42703 8 column "nope" does not exist
select nope from t order by nope2
--: 42703 8 column "nope" does not exist
select nope from t group by nope2
--: 42703 42 column "nope" does not exist
select id from t group by nope2 order by nope
--: 42703 40 column "nope" does not exist
select id from t group by nope2 having nope = 1
--: 42703 46 column "nope2" does not exist
select distinct on (nope) id from t order by nope2
--: 42703 46 column "nope2" does not exist
select distinct on (nope) id from t group by nope2
--: 42703 24 column "nope" does not exist
select id from t where nope = 1 group by nope2
--: 42703 8 column "nope2" does not exist
select nope2 from t where nope = 1
--: 42P01 19 relation "nope" does not exist
select nope2 from nope
--: 42P01 26 relation "nope" does not exist
select nope2 from t join nope on nope3 = 1
--: 42703 31 column "nope3" does not exist
select nope2 from t join u on nope3 = 1
--: 42703 0 column "nope" specified in USING clause does not exist in left table
select nope2 from t join u using (nope) join u as z using (nope3)
--: 42P01 25 relation "nope" does not exist
select nope2 from t, u, nope, nope3
--: 42P01 22 relation "nope.nope3" does not exist
select nope2 from t, nope.nope3, nope
--: fails 42703 38 column "nope" does not exist
select * from t natural join u where nope = 1
--: 42703 41 column "nope" does not exist
select * from t join u using (id) where nope = 1
--: fails 42804 0 JOIN/USING types integer and text cannot be matched
select * from (select id as j from t) q join (select label as j from u) w using (j) where nope = 1
--: fails 42804 0 JOIN/USING types integer and text cannot be matched
select * from t join (select 'x'::text as id) q using (id) where nope = 1
--: fails 42712 0 table name "t" specified more than once
select * from t cross join u, t where nope = 1
--: fails 42712 0 table name "t" specified more than once
select nope from t, t
--: fails 42P10 0 table "q" has 25 columns available but 27 columns specified
select * from t as q(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, tt, uu, vv, ww, xx, yy, zz, aaa), u where nope = 1
--: fails 42P10 0 table "q" has 1 columns available but 2 columns specified
select 1 from f(1) as q(a, b) where nope = 1
--: 42703 17 column "name" does not exist
select 1 from f(name) as q, t where nope = 1
--: 42883 15 function nofunc(integer) does not exist
select 1 from nofunc(1) as q where nope = 1
--: 42703 22 column "nope" does not exist
select 1 from nofunc(nope) as q
--: fails 22P02 17 invalid input syntax for type integer: "x"
select 1 from f('x') as q where nope = 1
--: fails 42703 46 column "nope" does not exist
select 1 from generate_series(1, 2, 0) where nope = 1
--: fails 42704 29 tablesample method nope does not exist
select 1 from t tablesample nope (1) where nope = 1
--: fails 22P02 37 invalid input syntax for type real: "x"
select 1 from t tablesample system ('x') where nope = 1
--: fails 42P01 41 relation "nope" does not exist
select 1 from u tablesample system (1), nope
--: fails 42601 32 VALUES lists must all be the same length
select 1 from (values (1, 2), (3)) v where nope = 1
--: fails 22P02 29 invalid input syntax for type integer: "x"
select 1 from (values (1), ('x')) v where nope = 1
--: fails 22P02 38 invalid input syntax for type integer: "x"
select 1 from (select 1 union select 'x') v where nope = 1
--: fails 42601 38 each UNION query must have the same number of columns
select 1 from (select 1 union select 1, 2) v where nope = 1
--: fails 42601 23 each UNION query must have the same number of columns
select 1 union select 1, 2 order by nope
--: 42703 8 column "nope" does not exist
select nope union select 1, 2
--: fails 22P02 8 invalid input syntax for type integer: "x"
select 'x' union select 1 order by nope
--: fails 42804 31 UNION types integer and text cannot be matched
select id from t union select name from t union select nope from t
--: 42703 31 column "nope" does not exist
select id from t union select nope from t union select name from t
--: fails 22P02 28 invalid input syntax for type integer: "x"
insert into t (id) values ('x') returning nope
--: fails 42703 43 column "nope" does not exist
insert into t (id) values ('1') returning nope
--: fails 42703 50 column "nope" does not exist
insert into t (id, name) values (1, 2) returning nope
--: fails 22007 34 invalid input syntax for type date: "x"
insert into t (id, d) values (1, 'x') returning nope
--: fails 42703 58 column "nope" does not exist
insert into t (id, d) values (1, '2020-01-01') returning nope
--: fails 22P02 34 invalid input syntax for type boolean: "x"
insert into t (id, b) values (1, 'x') returning nope
--: fails 22P02 34 invalid input syntax for type json
insert into t (id, j) values (1, 'x') returning nope
--: fails 42703 50 column "nope" does not exist
insert into t (id, j) values (1, '{}') returning nope
--: 22P02 38 invalid input value for enum mood: "zz"
insert into t (id, feels) values (1, 'zz') returning nope
--: 42703 68 column "nope" does not exist
insert into t (id, n, f8, i2, i8) values (1, 1, 1, 1, 1) returning nope
--: 42703 28 column "name" does not exist
insert into t (id) values (name) on conflict (nope) do nothing
--: 42703 35 column "nope" does not exist
insert into t (id) values (1.5), (nope)
--: fails 22P02 28 invalid input syntax for type integer: "x"
insert into t (id) values ('x'), (nope)
--: 42703 33 column "nope" does not exist
insert into t (id) values (1), (nope), ('x')
--: 42703 20 column "nope" of relation "t" does not exist
insert into t (id, nope) values ('x', 1)
--: 42703 45 column "nope" does not exist
insert into t (id) select name from t where nope = 1
--: fails 42804 27 column "id" is of type integer but expression is of type text
insert into t (id) select name from t returning nope
--: fails 42804 27 column "id" is of type integer but expression is of type text
insert into t (id) select label from u on conflict (nope) do nothing
--: 42703 69 column "nope2" does not exist
insert into t (id) values (1) on conflict (id) do update set nope = nope2
--: 42703 79 column "nope" does not exist
insert into t (id) values (1) on conflict (id) do update set id = 'x', name = nope
--: 42703 69 column "nope" does not exist
insert into t (id) values (1) on conflict (id) do update set name = nope where nope2
--: 42703 43 column "nope" does not exist
insert into t (id) values (1) on conflict (nope) do update set name = nope2 where nope3 returning nope4
--: fails 22P02 67 invalid input syntax for type integer: "x"
insert into t (id) values (1) on conflict (id) do update set id = 'x' returning nope
--: 42703 83 column "nope" does not exist
insert into t (id) values (1) on conflict (id) do update set name = 'x' returning nope
--: fails 42701 20 column "id" specified more than once
insert into t (id, id) values (nope, 1)
--: 42703 31 column "nope" does not exist
insert into t (id) values (1, nope)
--: 42703 28 column "nope" does not exist
insert into t (id) values (nope, 1)
--: 42703 34 column "nope" does not exist
insert into t (id, name) values (nope)
--: 42703 29 column "nope" does not exist
update t set id = 'x' where nope = 1
--: fails 22P02 19 invalid input syntax for type integer: "x"
update t set id = 'x', nope = 1
--: 42703 33 column "nope" does not exist
update t set id = 'x' returning nope
--: fails 22P02 47 invalid input syntax for type integer: "x"
update t set id = nope, name = 'x' where id = 'x'
--: fails 22007 18 invalid input syntax for type date: "x"
update t set d = 'x', nope = 1
--: fails 42703 24 column "nope" of relation "t" does not exist
update t set name = 1, nope = 1
--: fails 42804 19 column "id" is of type integer but expression is of type text
update t set id = name, nope = 1
--: 42703 24 column "nope" of relation "t" does not exist
update t set id = 1.5, nope = 1
--: 42703 34 column "nope" of relation "t" does not exist
update t set id = $1, name = $2, nope = $3 where id = $4
--: fails 42703 24 column "nope" of relation "t" does not exist
update t set j = '{}', nope = 1
--: 42703 28 column "nope" of relation "t" does not exist
update t set feels = 'ok', nope = 1
--: 42703 28 column "nope" of relation "t" does not exist
update t set id = default, nope = 1
--: fails 42703 30 column "nope" of relation "t" does not exist
update t set arr = array[1], nope = 1
--: 42703 31 column "nope" does not exist
update t set (id, name) = (1, nope), nope2 = 1
--: fails 42601 27 number of columns does not match number of values
update t set (id, name) = (select 1), nope = 1
--: fails 42601 33 number of columns does not match number of values
update t set (id, name, nope) = (select 1, 2)
--: fails 42804 19 column "id" is of type integer but expression is of type text
update t set id = (select label from u), nope = 1
--: 42703 39 column "nope" of relation "t" does not exist
update t set id = (select id from u), nope = 1
--: 42703 27 column "nope" does not exist
update t set id = 1, id = nope
--: 42P01 39 relation "nope3" does not exist
update t set nope = 1, nope2 = 2 from nope3
--: fails 42712 0 table name "t" specified more than once
update t set name = 'x' from t where nope = 1
--: 42P01 30 relation "nope" does not exist
update t set name = 'x' from nope where nope = 1
--: 42P01 8 relation "nope" does not exist
update nope set nope = 1 from nope2 where nope = 1
--: fails 22P02 26 invalid input syntax for type integer: "x"
delete from t where id = 'x' returning nope
--: 42703 38 column "nope" does not exist
delete from t where id = 1 returning nope
--: 42P01 21 relation "nope" does not exist
delete from t using nope where nope = 1
--: 42702 29 column reference "id" is ambiguous
delete from t using u where id = 1 and nope = 1
--: 42703 21 column "nope" does not exist
delete from t where nope = 1 returning nope2
--: fails 42883 30 operator does not exist: integer = text
merge into t using u on t.id = u.label when matched then delete when not matched then insert (nope) values (1)
--: fails 22P02 71 invalid input syntax for type integer: "x"
merge into t using u on t.id = u.id when matched then update set id = 'x', nope = 1
--: 42703 71 column "nope" of relation "t" does not exist
merge into t using u on t.id = u.id when not matched then insert (id, nope) values (1, nope2)
--: 42703 82 column "nope" does not exist
merge into t using u on t.id = u.id when not matched then insert (id) values (1, nope)
--: fails 22P02 79 invalid input syntax for type integer: "x"
merge into t using u on t.id = u.id when not matched then insert (id) values ('x') when matched and nope then delete
--: 42703 25 column "nope" does not exist
merge into t using u on nope when matched then update set nope2 = nope3
--: 42702 25 column reference "id" is ambiguous
merge into t using u on id = 1 and nope when matched then delete
--: 42703 19 column "nope" does not exist
with a as (select nope from t), b as (select nope2 from t) select nope3
--: fails 42712 23 WITH query name "a" specified more than once
with a as (select 1), a as (select nope) select nope2
--: fails 22P02 19 invalid input syntax for type integer: "x"
with a as (select 'x'::int as y) select nope from a
--: fails 42P10 6 WITH query "a" has 1 columns available but 2 columns specified
with a (p, q) as (select 1) select nope from a
--: other 0A000 55 WITH query "a" does not have a RETURNING clause
with a as (insert into u values (1)) select nope from a
--: 42703 45 column "nope" does not exist
with a as (insert into u values (1)) select nope from t
--: 42703 27 column "nope" of relation "u" does not exist
with a as (insert into u (nope) values (1)) select nope2 from t
--: fails 42P19 16 recursive query "a" does not have the form non-recursive-term UNION [ALL] recursive-term
with recursive a as (select nope from a) select nope2
--: fails 22P02 53 invalid input syntax for type integer: "x"
with recursive a as (select 1 as x union all select 'x' from a) select nope
--: fails 42804 29 recursive query "a" column 1 has type integer in non-recursive term but type numeric overall
with recursive a as (select 1 as x union all select x + 1.5 from a) select nope
--: 42703 68 column "nope" does not exist
with recursive a as (select 1 as x union all select x from a where nope) select nope2
--: 42703 8 column "nope" does not exist
select nope from t for update of nope2
--: fails 0A000 0 FOR UPDATE is not allowed with aggregate functions
select count(*) from t for update of nope
--: 42703 40 column "nope" does not exist
select id from t window w as (order by nope), w as (order by id)
--: fails 42704 21 window "nope" does not exist
select sum(id) over nope from t where nope2 = 1
--: fails 42703 42 column "nope2" does not exist
select sum(id) over (partition by nope), nope2 from t
--: fails 42703 57 column "nope2" does not exist
select sum(id) over (partition by nope) from t order by nope2
--: fails 42703 54 column "nope2" does not exist
select sum(id) over (partition by nope) from t limit nope2
--: 42703 39 column "nope" does not exist
select id from t where exists (select nope from u) and nope2 = 1
--: fails 42883 46 operator does not exist: text = integer
select id from t where (select label from u) = 1 and nope = 1
--: 42703 52 column "nope" does not exist
select id from t where id = (select id from u) and nope = 1
--: fails 42703 58 column "nope" does not exist
select id from t where id = (select count(*) from u) and nope = 1
--: 42703 53 column "nope" does not exist
select id from t where id in (select id from u) and nope = 1
--: fails 42883 27 operator does not exist: integer = text
select id from t where id in (select label from u) and nope = 1
--: 42703 71 column "nope" does not exist
select id from t where exists (select 1 from u where label = 'x') and nope = 1
--: fails 22P02 59 invalid input syntax for type integer: "x"
select id from t where exists (select 1 from u where id = 'x') and nope = 1
--: 42P01 8 missing FROM-clause entry for table "secret"
select secret.nope, nope from t
--: 42883 8 function pg_catalog.nofunc(integer) does not exist
select pg_catalog.nofunc(1), nope
--: 3F000 8 schema "nosch" does not exist
select nosch.f(1), nope from t
--: 3F000 11 schema "nosch" does not exist
select 1::nosch.typ, nope from t
--: fails 42804 11 collations are not supported by type integer
select id collate "nope", nope from t
--: fails 42704 13 collation "nope" for encoding "UTF8" does not exist
select name collate "nope", nope from t -- é
--: fails 42703 26 column "nope" does not exist
select name collate "C", nope from t
--: fails 42804 11 collations are not supported by type integer
select id collate "C", nope from t
--: fails 42703 28 column "nope" does not exist
select d at time zone 'x', nope from t
--: fails 22007 18 invalid input syntax for type timestamp: "x"
select timestamp 'x', nope from t
--: fails 42703 32 column "nope" does not exist
select timestamp '2020-01-01', nope from t
--: fails 22007 35 invalid input syntax for type interval: "x"
select interval '1 day', interval 'x', nope from t
--: fails 22P02 8 "2" is not a valid binary digit
select b'102', nope
--: fails 22P02 8 "z" is not a valid hexadecimal digit
select x'zz', nope
--: 42703 20 column "nope" does not exist
select b'1', x'f', nope from t
--: 42703 37 column "nope" does not exist
select 99999999999999999999, 1e400, nope from t
--: 42703 25 column "nope" does not exist
select 9999999999::int, nope from t
--: fails 42703 13 column "nope" does not exist
select 1/0, nope from t
--: fails 42703 21 column "nope" does not exist
select 'é'::"char", nope from t
--: fails 42703 26 column "nope" does not exist
select cast('x' as xml), nope from t
--: fails 42703 32 column "nope" does not exist
select xmlparse(document 'x'), nope from t
--: fails 42703 31 column "nope" does not exist
select current_timestamp(99), nope from t
--: fails 42703 22 column "nope" does not exist
select localtime(3), nope from t
--: fails 42703 36 column "nope" does not exist
select current_user, current_date, nope from t
--: fails 42703 22 column "nope" does not exist
select grouping(id), nope from t
--: 42703 11 column "nope" does not exist
select t, nope from t
--: 42703 13 column "nope" does not exist
select t.*, nope from t
--: 42703 11 column "nope" does not exist
select *, nope from t
--: 42P01 8 missing FROM-clause entry for table "u"
select u.*, nope from t
--: fails 42601 8 SELECT * with no tables specified is not valid
select *, nope
--: 42703 8 column "nope" does not exist
select nope, *
--: fails 0A000 0 FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT
select id from t union select nope from t for update
--: fails 0A000 0 FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT
with c as (select nope) select id from t union select id from t for update
--: fails 0A000 0 FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT
(select nope from t for update) union select id from t
--: fails 0A000 0 FOR SHARE is not allowed with UNION/INTERSECT/EXCEPT
select id from t union (select id from t for share) order by nope
--: fails 0A000 0 FOR SHARE is not allowed with UNION/INTERSECT/EXCEPT
select id from t union (select nope from t for share)
--: fails 42601 45 non-integer constant in ORDER BY
select nope from (select id from t order by 1.5) s
--: fails 42601 27 non-integer constant in ORDER BY
select id from t order by 1.5, nope
--: fails 42601 27 non-integer constant in ORDER BY
select id from t order by true, nope
--: fails 42601 27 non-integer constant in ORDER BY
select id from t order by null, nope
--: fails 42601 27 non-integer constant in GROUP BY
select id from t group by 'x', nope
--: 42703 26 column "nope" does not exist
select distinct on (1.5) nope from t
--: fails 42P10 43 SELECT DISTINCT ON expressions must match initial ORDER BY expressions
select id, nope from (select distinct on (id) id from t order by name) s
--: fails 42703 53 column "nope" does not exist
select distinct on (id) id from t order by id limit nope
--: fails 0A000 6 MERGE not supported in WITH query
with c as (merge into t using u on t.id = u.id when matched then delete) select nope from t
--: fails 0A000 26 MERGE not supported in WITH query
with c as (select nope), d as (merge into t using u on t.id = u.id when matched then delete) select 1
--: fails 42601 0 WITH RECURSIVE is not supported for MERGE statement
with recursive c as (select nope) merge into t using u on t.id = u.id when matched then delete
--: fails 42601 0 unreachable WHEN clause specified after unconditional WHEN clause
merge into nope using u on true when matched then delete when matched then delete
--: fails 42601 0 unreachable WHEN clause specified after unconditional WHEN clause
merge into t using u on nope when matched then delete when matched and true then delete
--: 42703 25 column "nope" does not exist
merge into t using u on nope when matched then delete when not matched then do nothing
