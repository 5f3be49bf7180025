-- What each clause of a SELECT sees and what its names mean there.
create type comp as (f1 int, f2 text);
create table t (id int primary key, name text, n numeric, cc comp, arr int[], j jsonb, at timestamptz);
create table u (id int, t_id int, label text);
create view v as select id as vid, name as "vName" from t;
create aggregate mysum(int) (sfunc = int4pl, stype = int);
--: ok
select distinct name from t order by name
--: ok
select distinct name as n2 from t order by n2
--: other 42P10 38 for SELECT DISTINCT, ORDER BY expressions must appear in select list
select distinct name from t order by id
--: 42703 38 column "nope" does not exist
select distinct name from t order by nope
--: ok
select distinct on (id) name from t
--: ok
select distinct on (n2) name as n2 from t order by n2
--: ok
select distinct on (t.name) name as n2 from t
--: 42703 21 column t.n2 does not exist
select distinct on (t.n2) name as n2 from t
--: 42703 21 column "n2" does not exist
select distinct on (n2 || 'x') name as n2 from t
--: ok
select distinct on (lower(name)) name as n2 from t
--: ok
select distinct on (1) name from t
--: 42703 27 column "nope" does not exist
select distinct on (name, nope) name from t
--: ok
select name, count(*) from t group by 1
--: ok
select name, count(*) from t group by t.name
--: ok
select name as x, count(*) from t group by x
--: 42703 44 column t.x does not exist
select name as x, count(*) from t group by t.x
--: ok
select name as x, count(*) from t group by (x)
--: 42703 44 column "x" does not exist
select name as x, count(*) from t group by x || 'a'
--: ok
select lower(name) as name, count(*) from t group by name
--: 42703 68 column "lname" does not exist
select lower(name) as lname, count(*) from t group by lname having lname = 'x'
--: ok
select lower(name) as lname, count(*) from t group by lname having count(*) > 1
--: ok
select lower(name) as id, count(*) from t group by id
--: 42702 48 column reference "id" is ambiguous
select name as id, count(*) from u, t group by id
--: ok
select (select t.name as x from u group by x limit 1) from t
--: ok
select (select u.label as name from u group by name limit 1) from t
--: 42703 33 column "nope" does not exist
select count(*) from t group by nope
--: ok
select count(*) from t group by ()
--: ok
select count(*) from t group by distinct rollup (id, name), rollup (id, n)
--: 42703 54 column "nope" does not exist
select count(*) from t group by distinct rollup (id, nope)
--: ok
select name as x from t group by rollup (x)
--: ok
select name as x from t group by grouping sets ((x), ())
--: 42703 53 column "nope" does not exist
select name as x from t group by grouping sets ((x, nope), ())
--: ok
select id, grouping(name) from t group by id, name
--: 42703 21 column "nope" does not exist
select id, grouping(nope) from t group by id
--: 42703 37 column "nope" does not exist
select id from t group by id having nope > 1
--: 42703 37 column "nope" does not exist
select count(*) from t having count(nope) > 1
--: ok
select id from t order by id desc nulls last, name asc nulls first
--: ok
select id from t order by id using <
--: 42703 27 column "nope" does not exist
select id from t order by nope using <
--: other 42702 39 ORDER BY "id" is ambiguous
select id, name as id from t order by id
--: ok
select id, id from t order by id
--: other 42702 43 ORDER BY "x" is ambiguous
select id as x, name as x from t order by x
--: 42703 32 column t.x does not exist
select id as x from t order by t.x
--: ok
select id as x from t order by x, t.id, name || 'a'
--: 42703 33 column "x" does not exist
select id as x from t order by -x
--: ok
select id as x from t order by (x)
--: 42703 32 column "x" does not exist
select id as x from t order by x::text
--: 42703 32 column "x" does not exist
select id as x from t order by x + nope
--: ok
select id as name from t order by name, t.name, lower(name)
--: 42703 40 column "x" does not exist
select id as x from t order by (select x)
--: 42703 65 column "x" does not exist
select id as x from t order by (select u.id from u where u.id = x)
--: ok
select *, id as x from t order by x
--: ok
select * from t order by ctid
--: ok
select id from t order by t
--: ok
select t as x from t order by x
--: ok
select t from t order by (t).id
--: 42703 27 column t.nope does not exist
select t from t order by (t).nope
--: 42703 28 column "nope" does not exist
select id from t limit 1 + nope
--: ok
select id from t limit (select id from u limit 1)
--: other 42P10 32 argument of LIMIT must not contain variables
select id from t limit (select t.id)
--: 42703 32 column "nope" does not exist
select id from t limit (select nope)
--: 42703 25 column "nope" does not exist
select id from t offset nope limit nope2
--: other 42P10 25 argument of OFFSET must not contain variables
select id from t offset id
--: ok
select id from t fetch first 1 rows only
--: ok
select id from t order by id fetch first 1 rows with ties
--: 42703 27 column "nope" does not exist
select id from t order by nope fetch first 1 rows with ties
--: 42703 43 column "nope" does not exist
select id from t order by id fetch first (nope) rows only
--: ok
select id from t order by id limit all
--: ok
select id from t limit null offset $1
--: other 42P10 62 argument of ROWS must not contain variables
select sum(n) over (order by id rows between 1 preceding and id following) from t
--: fails 42703 46 column "nope" does not exist
select sum(n) over (order by id rows between nope preceding and 1 following) from t
--: fails 42703 69 column "x" does not exist
select sum(n) over w from t window w as (partition by name order by x)
--: fails 42703 39 column "x" does not exist
select id as x, sum(n) over (order by x) from t
--: fails 42703 60 column "x" does not exist
select id as x, sum(n) over w from t window w as (order by x)
--: ok
select sum(n) over w2 from t window w as (partition by name), w2 as (w order by id)
--: fails 42703 81 column "nope" does not exist
select sum(n) over w2 from t window w as (partition by name), w2 as (w order by nope)
--: fails 42703 32 column "nope" does not exist
select sum(n) over (w order by nope) from t window w as (partition by name)
--: other 42704 20 window "w" does not exist
select sum(n) over w from t
--: 42703 12 column "nope" does not exist
select sum(nope) over w from t
--: 42P01 8 missing FROM-clause entry for table "w"
select w.id from t window w as (order by id)
--: 42703 8 column "w" does not exist
select w from t window w as (order by id)
--: ok
select sum(n) filter (where name = 'x') over (order by id) from t
--: 42703 29 column "nope" does not exist
select sum(n) filter (where nope = 'x') over (order by id) from t
--: ok
select sum(n) over (order by id range between '1' preceding and current row exclude ties) from t
--: ok
select percentile_cont(0.5) within group (order by id) from t
--: 42703 52 column "nope" does not exist
select percentile_cont(0.5) within group (order by nope) from t
--: 42703 24 column "nope" does not exist
select percentile_cont(nope) within group (order by id) from t
--: ok
select array_agg(distinct name order by name) from t
--: 42703 27 column "nope" does not exist
select array_agg(distinct nope order by name) from t
--: fails 42703 30 column "nope" does not exist
select array_agg(id order by nope) from t
--: fails 42703 25 column "nope" does not exist
select mysum(id), mysum(nope) from t
--: ok
select count(t), count(t.*), count(*) from t
--: 42P01 14 missing FROM-clause entry for table "nope"
select count(nope.*) from t
--: ok
select id from t union select id from u order by 1
--: ok
select id from t union select id from u order by id
--: 42703 55 column "x" does not exist
select id from t union select id as x from u order by x
--: ok
select id as x from t union select id from u order by x
--: 42703 55 column "id" does not exist
select id as x from t union select id from u order by id
--: 42P01 55 missing FROM-clause entry for table "t"
select id as x from t union select id from u order by t.id
--: other 0A000 55 invalid UNION/INTERSECT/EXCEPT ORDER BY clause
select id as x from t union select id from u order by x + 1
--: 42703 55 column "nope" does not exist
select id as x from t union select id from u order by nope + 1
--: 42703 47 column "nope" does not exist
select id from t union select id from u limit nope
--: 42703 47 column "id" does not exist
select id from t union select id from u limit id
--: ok
(select id from t order by name) union (select id from u order by label)
--: 42703 28 column "label" does not exist
(select id from t order by label) union (select id from u order by label)
--: ok
select id, name from t union all select id, label from u order by name, id
--: 42703 67 column "label" does not exist
select id, name from t union all select id, label from u order by label
--: ok
select id from t intersect select id from u except select t_id from u order by id
--: ok
select id from t where id = 1 union select t_id from u where t_id = id
--: 42P01 60 missing FROM-clause entry for table "t"
select id from t where id = 1 union select id from u where t.id = id
--: ok
select (select id from t union select id from u order by id limit 1)
--: ok
select (select t.id from u union select id from u order by id limit 1) from t
--: other 0A000 60 invalid UNION/INTERSECT/EXCEPT ORDER BY clause
select (select t.id from u union select id from u order by t.id limit 1) from t
--: 42703 23 column "nope" does not exist
select 1 union select nope
--: 42703 8 column "nope" does not exist
select nope union select 1
--: 42703 26 column "nope" does not exist
select 1, 2 union select nope
--: 42703 30 column "nope" does not exist
select * from t union select nope from u
--: 42703 79 column "name" does not exist
select id from (select id from t union select id from u) s where s.id = 1 and name = 'x'
--: ok
table t union table t
--: ok
values (1, 'a'), (2, 'b') union select id, name from t order by column1
--: 42703 55 column "id" does not exist
values (1, 'a') union select id, name from t order by id
--: 42703 9 column "id" does not exist
values (id)
--: 42703 45 column "nope" does not exist
values ((select id from t limit 1), (select nope from t))
--: 42703 21 column "nope" does not exist
values (1) order by nope
--: ok
values (1) order by column1 + 1
--: other 42P10 18 argument of LIMIT must not contain variables
values (1) limit column1
--: ok
select column1 from (values (1)) s
--: ok
select id from t for update
--: ok
select id from t for no key update of t skip locked
--: ok
select id from t x for update of x
--: 42702 8 column reference "id" is ambiguous
select id from t, u for update of u
--: fails 42P01 32 relation "nope" in FOR UPDATE clause not found in FROM clause
select id from t for update of nope
--: fails 42P01 40 relation "nope" in FOR UPDATE clause not found in FROM clause
select t.id from t, u for update of t, nope
--: ok
select s.id from t, (select id from u) s for update of s
--: fails 42P01 56 relation "u" in FOR UPDATE clause not found in FROM clause
select s.id from t, (select id from u) s for update of u
--: ok
select t.id from t join u on true for share of u nowait
--: ok
select t.id from (t join u on true) for share of u nowait
--: ok
select j.name from (t join u using (id)) j for share of u
--: other 0A000 57 FOR SHARE cannot be applied to a join
select j.name from (t join u using (id)) j for share of j
--: other 0A000 61 FOR UPDATE cannot be applied to a WITH query
with c as (select 1 as one) select one from c for update of c
--: ok
select vid from v for update of v
--: fails 42P01 33 relation "t" in FOR UPDATE clause not found in FROM clause
select vid from v for update of t
--: 42703 8 column "nope" does not exist
select nope from t for update of nope
--: ok
select name, "vName" from t, v
--: 42703 8 column "vname" does not exist
select vname from v
--: 42703 8 column "name" does not exist
select name from v
--: 42703 16 column "id" does not exist
select 1 where id = 1
--: 42P01 30 missing FROM-clause entry for table "u"
select 1 from t where t.id = u.id
--: fails 42703 21 column "nope" does not exist
select case id when nope then 1 else name2 end from t
--: 42703 30 column "nope" does not exist
select case when id = 1 then nope else name2 end from t
--: 42703 21 column "nope" does not exist
select coalesce(id, nope), greatest(nope2) from t
--: 42703 21 column "nope" does not exist
select nullif(name, nope) from t
--: 42703 20 column "nope" does not exist
select id is null, nope is not null from t
--: 42703 28 column "nope" does not exist
select id is distinct from nope from t
--: 42703 18 column "nope" does not exist
select name like nope escape 'x' from t
--: 42703 24 column "nope" does not exist
select name similar to nope from t
--: 42703 35 column "nope" does not exist
select id between symmetric 1 and nope from t
--: 42703 8 column "nope" does not exist
select nope between 1 and nope2 from t
--: 42703 21 column "nope" does not exist
select id in (1, 2, nope) from t
--: 42703 8 column "nope" does not exist
select nope in (1, 2) from t
--: 42703 13 column "nope" does not exist
select (id, nope) in ((1, 2)) from t
--: 42703 25 column "nope" does not exist
select (id, name) = (1, nope) from t
--: fails 42703 9 column "nope" does not exist
select (nope, name) = (select id, label from u) from t
--: 42703 29 column "nope" does not exist
select (id, name) = (select nope, label from u) from t
--: 42703 16 column "nope" does not exist
select row(id, nope) is null from t
--: 42703 29 column "nope" does not exist
select (id, t_id) overlaps (nope, 2) from u
--: 42703 25 column "nope" does not exist
select id = any (select nope from u) from t
--: 42703 8 column "nope" does not exist
select nope = any (select t_id from u) from t
--: 42703 8 column "nope" does not exist
select nope = any (arr) from t
--: 42703 18 column "nope" does not exist
select id = any (nope) from t
--: 42703 27 column "nope" does not exist
select id = all (array[1, nope]) from t
--: 42703 23 column "nope" does not exist
select exists (select nope from u) from t
--: 42703 21 column "nope" does not exist
select array(select nope from u) from t
--: fails 42703 23 column "nope" does not exist
select array[[1, 2], [nope, 3]] from t
--: 42703 12 column "nope" does not exist
select arr[nope] from t
--: 42703 14 column "nope" does not exist
select arr[1:nope] from t
--: 42703 8 column "nope" does not exist
select nope[1] from t
--: fails 42703 31 column t.nope does not exist
select (t.arr)[id], t.arr[2], t.nope[1] from t
--: ok
select j['a'], j['a']['b'], t.j['x'] from t
--: 42703 10 column "nope" does not exist
select j[nope] from t
--: other 42809 9 column notation .nope applied to type jsonb, which is not a composite type
select (j['a']).nope from t
--: fails 42703 26 column "nope" does not exist
select name collate "C", nope collate "C" from t
--: fails 42703 32 column "nope" does not exist
select name::varchar(10), cast(nope as int) from t
--: fails 42703 28 column t.nope does not exist
select t.name::text::int, (t.nope)::text from t
--: fails 42703 31 column "nope" does not exist
select at at time zone 'UTC', nope at time zone 'UTC' from t
--: fails 42703 49 column "nope" does not exist
select extract(year from at), extract(year from nope) from t
--: fails 42703 47 column "nope" does not exist
select position('x' in name), position('x' in nope) from t
--: 42703 34 column "nope" does not exist
select substring(name from 1 for nope) from t
--: 42703 29 column "nope" does not exist
select overlay(name placing nope from 1) from t
--: 42703 18 column "nope" does not exist
select trim(both nope from name) from t
--: fails 42703 59 column "nope" does not exist
select xmlelement(name foo, xmlattributes(name as x, id), nope) from t
--: 42703 24 column "nope" does not exist
select xmlforest(name, nope as x) from t
--: fails 42703 26 column "nope" does not exist
select xmlparse(document nope) from t
--: 42703 29 column "nope" does not exist
select xmlserialize(content nope as text) from t
--: fails 42703 8 column "nope" does not exist
select nope is document from t
--: ok
select current_user, user, session_user, current_role, current_catalog, current_schema, localtime, localtimestamp, current_time(2) from t
--: 42703 8 column "current_user" does not exist
select "current_user" from t
--: 42703 8 column t.current_user does not exist
select t.current_user from t
--: ok
select interval '1' day, timestamp 'now', date 'today', b'1', x'1f', e'\
', u&'\\0041', $$nope$$, 1e5, .5 from t
--: ok
select treat(id as int) from t
--: 42703 12 column "nope" does not exist
select not nope from t
--: fails 42804 8 argument of AND must be type boolean, not type integer
select id and nope from t
--: 42703 10 column "nope" does not exist
select - nope from t
--: 42703 34 column "nope" does not exist
select id operator(pg_catalog.+) nope from t
--: 42703 8 column "nope" does not exist
select nope, nope2 from t
--: 42703 20 column "nope" does not exist
select id as nope, nope from t
--: 42703 26 column "q" does not exist
select (select id as q), q from t
