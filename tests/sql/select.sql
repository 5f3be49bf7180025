-- The clauses of SELECT: where each looks, and what it says.
create table t (id int primary key, name text, cc point);
create table u (id int, t_id int, label text);
create view v as select id, name from t;
create sequence sq;
create materialized view mv as select id from t;
--: ok
select id, name from t
--: ok
select t.id, public.t.name from t
--: ok
select ctid, xmin, tableoid, cmax from t
--: ok
select ctid, xmin from sq
--: ok
select ctid from mv
--: ok
select last_value, log_cnt, is_called from sq
--: 42703 8 column "ctid" does not exist
select ctid from v
--: 42703 8 column "ctid" does not exist
select ctid from (select id from t) s
--: 42703 8 column "nope" does not exist
select nope from t
--: 42703 8 column t.nope does not exist
select t.nope from t
--: 42703 8 column t.nope does not exist
select public.t.nope from t
--: 42P01 15 relation "nope" does not exist
select * from nope
--: 42P01 15 relation "public.nope" does not exist
select * from public.nope
--: 42P01 15 relation "nosch.t" does not exist
select * from nosch.t
--: 42P01 8 missing FROM-clause entry for table "x"
select x.id from t
--: 42P01 8 invalid reference to FROM-clause entry for table "t"
select t.id from t x
--: 42P01 8 missing FROM-clause entry for table "cc"
select t.cc.f1 from t
--: 42P01 8 missing FROM-clause entry for table "x"
select nope.x.y from t
--: 42P01 8 invalid reference to FROM-clause entry for table "t"
select nosch.t.id from t
--: 42703 20 column "nope" does not exist
select 'é日本' as é, nope from t
--: 42703 42 column "nope" does not exist
select 1 from t where id = $1 and name = nope
--: ok
select t from t
--: ok
select u from u, t where t = t
--: 42703 8 column "t" does not exist
select t from t x
--: ok
select * from t order by 1, name
--: ok
select id as x from t order by x
--: ok
select id as x from t group by x
--: 42703 32 column "x" does not exist
select id as x from t order by x + 1
--: 42703 32 column "x" does not exist
select id as x from t order by x collate "C"
--: ok
select id as x from t group by id order by x
--: 42703 29 column "x" does not exist
select id as x from t where x = 1
--: 42703 36 column "x" does not exist
select count(*) as x from t having x = 1
--: ok
select distinct on (x) id as x from t
--: 42703 21 column "nope" does not exist
select distinct on (nope) id as x from t
--: 42703 33 column "nope" does not exist
select id, name from t order by nope limit 1
--: ok
select id from t union select t_id from u order by id
--: 42703 52 column "t_id" does not exist
select id from t union select t_id from u order by t_id
--: other 42804 31 UNION types integer and text cannot be matched
select id from t union select name from t order by nope
--: ok
select (select max(u.id) from u where u.t_id = t.id) from t
--: ok
select (select label from u where t_id = t.id limit 1) from t
--: 42703 9 column "id" does not exist
select (id) from (select 1 as x) s
--: 42P01 47 missing FROM-clause entry for table "s"
select id from t where exists (select 1 where s.x = id)
--: 42702 8 column reference "id" is ambiguous
select id from t, u
--: 42702 8 column reference "id" is ambiguous
select id, nope from t, u
--: ok
select u.label, t.name from t, u
--: ok
select case when true then 1 else id end from t
--: ok
select s.id from (select case when true then 1 else id end from t) s
--: ok
select s."case" from (select case when true then 1 else 2 end from t) s
--: ok
select s.id from (select id::text from t) s
--: ok
select s.abs from (select abs(id)::int from t) s
--: ok
select s.text from (select 'x'::text) s
--: ok
select s.row, s.coalesce, s.array, s.exists, s."nullif", s.greatest from (select row(1), coalesce(1), array[1], exists(select 1), nullif(1, 2), greatest(1, 2)) s
--: ok
select s."?column?" from (select true) s
--: 42703 8 column s.bool does not exist
select s.bool from (select true) s
--: ok
select s.extract, s.btrim, s.timezone from (select extract(year from now()), trim('x'), now() at time zone 'UTC') s
--: ok
select s.current_date, s.current_user from (select current_date, current_user) s
--: ok
select s.id from (select (select id from t limit 1)) s
--: ok
select s.id from (select (select * from (select id from t) q limit 1)) s
--: ok
select s."case" from (select (select case 1 when 1 then 2 end)) s
--: ok
select s.arr from (select (arr)[1]::text from (select array[1] as arr) q) s
--: ok
select 1 from t limit 1 offset 0
--: 42703 23 column "nope" does not exist
select 1 from t limit nope
--: other 42P10 23 argument of LIMIT must not contain variables
select 1 from t limit id
--: ok
select (select 1 from u limit t.id) from t
--: ok
select sum(id) over w, row_number() over (partition by name order by id) from t window w as (order by id)
--: fails 42703 39 column "nope" does not exist
select sum(id) over (partition by id, nope) from t
--: fails 42703 46 column "nope" does not exist
select sum(id) over (partition by x order by nope) from t
--: fails 42703 52 column "nope" does not exist
select sum(id) over w from t window w as (order by nope)
--: ok
select id from t for update of t
--: fails 42P01 32 relation "x" in FOR UPDATE clause not found in FROM clause
select id from t for update of x
--: fails 42P01 33 relation "t" in FOR SHARE clause not found in FROM clause
select id from t x for share of t
--: ok
select count(*) filter (where id > 1), string_agg(name, ',' order by id) from t
--: fails 42703 38 column "nope" does not exist
select string_agg(name, ',' order by nope) from t
--: 42703 31 column "nope" does not exist
select count(*) filter (where nope > 1) from t
--: ok
select grouping(id), name from t group by grouping sets ((id), (name), ())
--: 42703 46 column "nope" does not exist
select id from t group by rollup (id, name), nope
--: 42703 37 column "nope" does not exist
select id from t group by cube (id, nope)
--: ok
select 1 where current_date > '2020-01-01' and extract(day from now()) > 0
--: 42703 22 column "nope" does not exist
table t order by id, nope
--: ok
table t order by id
--: ok
values (1, 2), (3, 4) order by column1
--: 42703 32 column "column3" does not exist
values (1, 2), (3, 4) order by column3
--: other 42601 8 SELECT * with no tables specified is not valid
select *
--: 42703 8 column "user_email" does not exist
select user_email from t
--: 42703 24 column "nope" does not exist
select 1 from t where (nope).x = 1
--: 42703 27 column "nope" does not exist
select cast(($1) as int), nope from t
--: 42703 38 column "nope" does not exist
select id from t where id in (select nope from t)
--: 42703 37 column t.nope does not exist
select id from t where x in (select t.nope from t)
--: 42703 24 column "x" does not exist
select id from t where x in (select t.id from t)
--: 42703 45 column "y" does not exist
select id from t where id between 1 and 2 + y
--: fails 42P01 26 missing FROM-clause entry for table "x"
select (select count(*), x.* from t) from u
--: 42P01 8 missing FROM-clause entry for table "x"
select x.* from t
--: ok
select t.*, public.t.* from t
--: ok
select "t"."id", "T".id from t, t "T"
--: 42703 8 column "ID" does not exist
select "ID" from t
--: ok
select ID, Name FROM T
--: other 42809 0 relation "sq" does not have a composite type
select sq, nope from sq
