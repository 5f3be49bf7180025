-- Calls that cannot fail in analysis, and types that parameters take: what follows stays exact.
create table t (id int, name text, v varchar(10), b bigint, n numeric, ts timestamptz, d date, ok bool);
create table u (id int, label text);
create domain email as text; create domain td as t;
create table dd (e email);
create function public.abs(text) returns int language sql as 'select 1';
--: 42703 18 column "nope" does not exist
select count(*), nope from t
--: 42703 15 column "nope" does not exist
select now(), nope
--: 42703 21 column "nope" does not exist
select lower(name), nope from t
--: fails 42703 18 column "nope" does not exist
select lower(v), nope from t
--: fails 42703 20 column "nope" does not exist
select lower('x'), nope from t
--: fails 42703 19 column "nope" does not exist
select lower($1), nope from t
--: fails 42703 18 column "nope" does not exist
select lower(e), nope from dd
--: 42703 56 column "nope" does not exist
select count(id), sum(id), min(name), max(ts), avg(n), nope from t
--: fails 42703 28 column "nope" does not exist
select count(distinct id), nope from t
--: fails 42703 16 column "nope" does not exist
select min(v), nope from t
--: 42703 31 column "nope" does not exist
select date_trunc('day', ts), nope from t
--: fails 42703 30 column "nope" does not exist
select date_trunc('day', d), nope from t
--: fails 42703 17 column "nope" does not exist
select abs(id), nope from t
--: 42703 21 column "nope" does not exist
select round(n, 2), nope from t
--: 42703 19 column "nope" does not exist
select md5(name), nope from t
--: fails 42703 18 column "nope" does not exist
select md5('x'), nope from t
--: fails 42703 33 column "nope" does not exist
select length(name), length(v), nope from t
--: 42703 29 column "nope" does not exist
select to_char(ts, 'YYYY'), nope from t
--: 42703 37 column "nope" does not exist
select gen_random_uuid(), random(), nope
--: 42703 30 column "nope" does not exist
select current_setting('x'), nope
--: fails 42703 22 column "nope" does not exist
select nextval('t'), nope
--: 42703 8 column t.email does not exist
select t.email from t
--: ok undecided
select t.td from t
--: 42703 8 column t.t does not exist
select t.t from t
--: fails 42803 26 aggregate functions are not allowed in WHERE
select t.id from t where count(*) > 1 and nope
--: fails 42803 29 aggregate functions are not allowed in GROUP BY
select t.id from t group by count(*), nope
--: fails 42803 8 aggregate functions are not allowed in GROUP BY
select count(*) from t group by 1 limit nope
--: fails 42803 8 aggregate functions are not allowed in GROUP BY
select count(*) c from t group by c limit nope
--: 42703 48 column "nope" does not exist
select count(*) from t having count(*) > 1 and nope
--: 42703 43 column "nope" does not exist
select count(*) from t order by count(*), nope
--: fails 42803 45 aggregate functions are not allowed in WHERE
select count(*) from t where exists (select count(t.id) from u) and nope
--: fails 42703 37 column "nope" does not exist
select (select count(t.id) from u), nope from t
--: fails 42703 56 column "nope" does not exist
select 1 from t where (select count(*) from u) > 0 and nope
--: fails 42803 14 aggregate function calls cannot be nested
select count(count(*)), nope from t
--: fails 42803 12 aggregate function calls cannot be nested
select sum(count(id)), nope from t
--: fails 42703 39 column "nope" does not exist
select lower(name || count(*)::text), nope from t
--: fails 42803 31 aggregate functions are not allowed in FILTER
select count(*) filter (where count(*) > 1 and nope) from t
--: fails 42703 26 column "nope" does not exist
select count(*) over (), nope from t
--: fails 42803 28 aggregate functions are not allowed in VALUES
insert into t (id) values (count(*), nope)
--: 42703 34 column "nope" does not exist
update t set id = count(*) where nope
--: 42703 39 column "nope" does not exist
update t set name = lower(name), id = nope
--: 42703 61 column "nope" does not exist
update t set name = lower(name) where lower(name) = 'x' and nope = 1
--: fails 42703 44 column "nope" does not exist
insert into t (name) values (lower('x')), (nope)
--: 42703 42 column "nope" does not exist
delete from t where lower(name) = $1 and nope
--: fails 42703 58 column "nope" does not exist
insert into t (id, name) values (1, lower($1)) returning nope
--: fails 42883 40 operator does not exist: integer = text
select * from t where name = $1 and id = $1 and nope = 1
--: 42703 46 column "nope" does not exist
select * from t where id = $1 and b = $1 and nope = 1
--: fails 42703 64 column "nope" does not exist
select * from t where name = lower(v) and length(name) = 3 and nope = 1
--: 42703 38 column "nope" does not exist
select * from t where ts > now() and nope = 1
--: 42703 44 column "nope" does not exist
select id from t where ts > now() order by nope
--: fails 42809 8 WITHIN GROUP is required for ordered-set aggregate mode
select mode(id), nope from t
--: fails 42809 8 WITHIN GROUP is required for ordered-set aggregate percentile_cont
select percentile_cont(id::float8, 1::float8), nope from t
--: fails 42809 8 window function rank requires an OVER clause
select rank(), nope from t
--: fails 42703 31 column "nope" does not exist
select generate_series(1, 2), nope from t
--: fails 0A000 23 set-returning functions are not allowed in WHERE
select 1 from t where generate_series(id, id) = 1 and nope
--: 42883 22 function f(integer) does not exist
select length(name), f(length(name)) from t
--: fails 42883 8 function f(bigint, timestamp with time zone, text, bigint) does not exist
select f(count(*), now(), lower(name), sum(id)) from t
--: fails 42809 8 window function row_number requires an OVER clause
select row_number(), nope from t
--: 42883 8 function now(integer) does not exist
select now(1), nope
--: 42883 8 function lower() does not exist
select lower(*), nope
--: 42883 8 function count(text, integer) does not exist
select count(name, 1), nope from t
--: 42703 28 column "nope" does not exist
select substr(name, 1, 2), nope from t
--: 42703 29 column "nope" does not exist
select substr(name, id, 2), nope from t
--: fails 42703 36 column "nope" does not exist
select coalesce(lower(name), 'x'), nope from t
--: fails 42803 39 column "t.id" must appear in the GROUP BY clause or be used in an aggregate function
select id from (select count(*) as c, id from t) s where nope = 1
--: fails 42601 8 DEFAULT is not allowed in this context
select default, nope from t
--: fails 42703 50 column "nope" does not exist
select count(*), min(id) from t union select id, nope from t
--: 42703 57 column "nope" does not exist
select * from (values (1, 'a'), (2, 'b')) x(a, b) where nope
--: fails 42883 40 operator does not exist: integer = text
select * from t where name = $1 and id = $1 and nope = 1
--: 42703 46 column "nope" does not exist
select * from t where id = $1 and b = $1 and nope = 1
--: 42703 46 column "nope" does not exist
select * from t where b = $1 and id = $1 and nope = 1
--: 42703 48 column "nope" does not exist
select * from t where v = $1 and name = $1 and nope = 1
--: 42703 51 column "nope" does not exist
select * from t where ($1 is null or id = $1) and nope = 1
--: 42703 56 column "nope" does not exist
select * from t where ($1::int is null or id = $1) and nope = 1
--: fails 42883 48 operator does not exist: text = integer
select * from t where ($1::int is null or name = $1) and nope = 1
--: 42703 42 column "nope" does not exist
select * from t where id in ($1, $1) and nope = 1
--: fails 42883 47 operator does not exist: text = integer
select * from t where id in ($1, $2) and name in ($2, $3) and nope = 1
--: fails 42883 50 operator does not exist: date >= integer
select * from t where id between $1 and $2 and d between $1 and $2 and nope = 1
--: 42703 40 column "nope" does not exist
select * from t where id = any($1) and nope = 1
--: 42703 39 column "nope" does not exist
select * from t where v = any($1) and nope = 1
--: fails 42883 45 operator does not exist: text = integer[]
select * from t where id = any($1) and name = $1 and nope = 1
--: 42703 57 column "nope" does not exist
select * from t where id = any($1) and id = any($1) and nope = 1
--: fails 42703 56 column "nope" does not exist
select * from t where id = any($1) and b = any($1) and nope = 1
--: fails 42703 43 column "nope" does not exist
select * from t where id = any('{1}') and nope = 1
--: fails 42703 48 column "nope" does not exist
select * from t where id = any(array[1,2]) and nope = 1
--: 42703 42 column "nope" does not exist
select * from t where id = any(null) and nope = 1
--: 42703 57 column "nope" does not exist
select * from t where ok = any($1) and d <> all($2) and nope = 1
--: fails 42883 26 operator does not exist: integer = text
select * from t where id = any(array['a']) and nope = 1
--: fails 42703 40 column "nope" does not exist
select * from t where $1 = any($2) and nope = 1
--: fails 42P08 38 inconsistent types deduced for parameter $1
insert into t (id, name) values ($1, $1) returning nope
--: fails 42P08 35 inconsistent types deduced for parameter $1
insert into t (id, b) values ($1, $1) returning nope
--: fails 42P08 37 inconsistent types deduced for parameter $1
insert into t (name, v) values ($1, $1) returning nope
--: 42703 84 column "nope" of relation "t" does not exist
insert into t (id, name) values ($1, $2) on conflict (id) do update set name = $2, nope = 1
--: fails 42P08 30 inconsistent types deduced for parameter $1
update t set name = $1, id = $1, nope = 2
--: 42703 42 column "nope" does not exist
update t set name = $1 where id = $1 and nope = 1
--: 42703 22 column "nope" of relation "t" does not exist
update t set b = $1, nope = 2 where id = $1
--: fails 42703 25 column "nope" of relation "t" does not exist
update t set name = $1, nope = 2 where id = $1
--: fails 42883 8 function nope(unknown, unknown) does not exist
select nope($1, $1)
--: 42883 8 function nope(unknown) does not exist
select nope($1) from t where nope2($1)
--: fails 42883 8 function nope(unknown, unknown, boolean, boolean) does not exist
select nope($1, $2, $1 = 1, $2 is null)
--: fails 42883 33 operator does not exist: integer = boolean
select * from t where $1 and id = $1 and nope = 1
--: 42703 47 column "nope" does not exist
select * from t where id = $1 limit $1 offset nope
--: fails 42883 55 operator does not exist: integer = text
select * from t where $1 is null and name = $1 and id = $1 and nope = 1
--: 42703 28 column "nope" does not exist
select $1, $1 from t where nope = 1
--: fails 42703 36 column "nope" does not exist
select $1 from t where id = $1 and nope = 1
--: 42703 63 column "nope" does not exist
select count(*), sum(id) from t where id = $1 and id = $1 and nope = $1
--: 42703 71 column "nope" does not exist
select * from t where id = $1 and ts = $2 and id = $1 and ts = $2 and nope = $5000
--: fails 42883 43 operator does not exist: text = integer
select * from t where id = $5000 and name = $5000 and nope = 1
--: fails 42883 35 operator does not exist: date = integer
delete from t where id = $1 and d = $1 returning nope
--: fails 42703 49 column "nope" does not exist
select * from t where (id, name) = ($1, $2) and nope = 1
--: fails 42883 73 operator does not exist: text = integer
select * from t where id = $1 and exists (select 1 from u where u.label = $1) and nope = 1
-- Literals that a parameter's type does not take.
--: fails 42809 8 count(*) must be used to call a parameterless aggregate function
select count(), nope from t
--: fails 42804 0 could not determine polymorphic type because input has type unknown
select to_json(null), nope from t
--: fails 42883 8 function textrecv(unknown) does not exist
select textrecv(null), nope from t
