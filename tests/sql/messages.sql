-- Every message of 42703 and 42P01 that a statement can raise, and their neighbours with other codes.
create type comp as (f1 int, f2 text);
create domain dcomp as comp;
create table t (id int primary key, name text, cc comp, dc dcomp, j json);
create table u (id int, label text);
create schema s1;
create table s1.t (id int, only_s1 int);
create table s1.w (id int);
create index t_idx on t (name);
create sequence sq;
create function frec() returns record language sql as 'select 1, 2';
create function fcomp() returns comp language sql as 'select row(1, ''x'')::comp';
create materialized view mv as select 1 as one;
--: 42703 8 column "nope" does not exist
select nope from t
--: 42703 8 column "name2" does not exist
select name2, naem from t
--: 42703 8 column "nope" does not exist
select nope from t, u
--: 42703 8 column "label" does not exist
select label from t
--: 42703 8 column "nope" does not exist
select nope
--: 42703 16 column "nope" does not exist
select (select nope from t) from u
--: 42703 8 column "only_s1" does not exist
select only_s1 from t
--: 42703 8 column t.nope does not exist
select t.nope from t
--: 42703 8 column t.nope does not exist
select public.t.nope from public.t
--: 42703 8 column q.nope does not exist
select q.nope from t q
--: 42703 8 column t.nope does not exist
select s1.t.nope from s1.t
--: ok
select s1.t.only_s1, public.t.name from s1.t, public.t
--: 42703 9 column t.nope does not exist
select (t).nope from t
--: 42703 9 column s.nope does not exist
select (s).nope from (select 1 as x) s
--: 42703 9 column "nope" not found in data type comp
select (cc).nope from t
--: 42703 9 column "nope" not found in data type dcomp
select (dc).nope from t
--: fails 42703 9 column "nope" not found in data type comp
select (fcomp()).nope
--: other 42809 9 column notation .nope applied to type integer, which is not a composite type
select (cc).f1.nope from t
--: 42703 16 column "nope" of relation "t" does not exist
insert into t (nope) values (1)
--: 42703 20 column "nope" of relation "t" does not exist
insert into t (id, nope) values (1, 2)
--: 42703 21 column "nope" of relation "t" does not exist
insert into t as x (nope) values (1)
--: 42703 23 column "nope" of relation "t" does not exist
insert into public.t (nope) values (1)
--: 42703 16 column "t" of relation "t" does not exist
insert into t (t.id) values (1)
--: 42703 16 column "x" of relation "t" does not exist
insert into t (x.y) values (1)
--: 42703 16 column "ctid" of relation "t" does not exist
insert into t (ctid) values (null)
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope = 1
--: 42703 16 column "nope" of relation "t" does not exist
update t x set nope = 1
--: 42703 21 column "nope" of relation "t" does not exist
update public.t set nope = 1
--: 42703 14 column "t" of relation "t" does not exist
update t set t.id = 1
--: 42703 16 column "x" of relation "t" does not exist
update t x set x.id = 1
--: 42703 17 column "name" of relation "t" does not exist
update s1.t set name = 1
--: 42703 62 column "nope" of relation "t" does not exist
insert into t (id) values (1) on conflict (id) do update set nope = 1
--: 42703 62 column "t" of relation "t" does not exist
insert into t (id) values (1) on conflict (id) do update set t.name = 'x'
--: 42703 66 column "nope" of relation "t" does not exist
merge into t using u on t.id = u.id when matched then update set nope = 1
--: 42703 67 column "nope" of relation "t" does not exist
merge into t using u on t.id = u.id when not matched then insert (nope) values (1)
--: 42703 14 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
update t set cc.nope = 1
--: 42703 14 cannot assign to field "nope" of column "dc" because there is no such column in data type dcomp
update t set dc.nope = 1
--: other 42804 14 cannot assign to field "nope" of column "id" because its type integer is not a composite type
update t set id.nope = 1
--: fails 42703 16 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
insert into t (cc.nope) values (1)
--: 42703 0 column "nope" specified in USING clause does not exist in left table
select * from t join u using (nope)
--: 42703 0 column "name" specified in USING clause does not exist in right table
select * from t join u using (name)
--: 42703 0 column "label" specified in USING clause does not exist in left table
select * from t join u using (label)
--: 42703 0 column "nope" specified in USING clause does not exist in left table
select * from t join u using (id, nope)
--: 42P01 15 relation "nope" does not exist
select * from nope
--: 42P01 15 relation "public.nope" does not exist
select * from public.nope
--: 42P01 15 relation "nosch.t" does not exist
select * from nosch.t
--: 42P01 15 relation "nosch.nope" does not exist
select * from nosch.nope
--: other 0A000 15 cross-database references are not implemented: "postgres.public.nope"
select * from postgres.public.nope
--: 42P01 13 relation "nope" does not exist
insert into nope values (1)
--: 42P01 13 relation "nosch.t" does not exist
insert into nosch.t values (1)
--: 42P01 8 relation "nope" does not exist
update nope set x = 1
--: 42P01 8 relation "nosch.t" does not exist
update nosch.t set x = 1
--: 42P01 13 relation "nope" does not exist
delete from nope
--: 42P01 13 relation "nosch.t" does not exist
delete from nosch.t
--: 42P01 12 relation "nope" does not exist
merge into nope using t on true when matched then delete
--: 42P01 12 relation "nosch.t" does not exist
merge into nosch.t using t on true when matched then delete
--: 42P01 20 relation "nope" does not exist
merge into t using nope on true when matched then delete
--: 42P01 20 relation "nosch.nope" does not exist
merge into t using nosch.nope on true when matched then delete
--: 42P01 26 relation "d" does not exist
with c as (select * from d), d as (select 1) select * from c
--: 42P01 26 relation "d" does not exist
with c as (select * from d) select * from c
--: 42P01 43 relation "dd" does not exist
with d as (select 1), c as (select * from dd) select * from c
--: 42P01 8 missing FROM-clause entry for table "x"
select x.id from t
--: 42P01 8 missing FROM-clause entry for table "x"
select x.* from t
--: 42P01 8 missing FROM-clause entry for table "x"
select x.id from t, u where y.id = 1
--: 42P01 8 missing FROM-clause entry for table "cc"
select t.cc.f1 from t
--: 42P01 8 missing FROM-clause entry for table "x"
select nope.x.y from t
--: 42P01 8 missing FROM-clause entry for table "j"
select j.x from t
--: 42P01 8 missing FROM-clause entry for table "j"
select t.j.x from t
--: 42P01 8 missing FROM-clause entry for table "cc"
select cc.f1 from t
--: 42P01 8 invalid reference to FROM-clause entry for table "t"
select t.id from t x
--: 42P01 8 invalid reference to FROM-clause entry for table "t"
select public.t.id from t x
--: 42P01 8 invalid reference to FROM-clause entry for table "t"
select s1.t.id from t
--: 42P01 8 invalid reference to FROM-clause entry for table "t"
select nosch.t.id from t
--: 42P01 8 missing FROM-clause entry for table "u"
select u.id from t
--: 42P01 8 missing FROM-clause entry for table "t"
select t.id from (select id from t) s
--: 42P01 26 invalid reference to FROM-clause entry for table "t"
select 1 from t, (select t.id) s
--: 42703 26 column "id" does not exist
select 1 from t, (select id) s
--: 42P01 34 missing FROM-clause entry for table "s"
select 1 from t join u on t.id = s.id, (select 1 as id) s
--: other 42P10 44 invalid reference to FROM-clause entry for table "u"
select 1 from u right join lateral (select u.id) s on true
--: other 42P10 43 invalid reference to FROM-clause entry for table "u"
select 1 from u full join lateral (select u.id) s on true
--: ok
select 1 from u left join lateral (select u.id) s on true
--: fails 42P01 32 relation "nope" in FOR UPDATE clause not found in FROM clause
select id from t for update of nope
--: fails 42P01 34 relation "t" in FOR UPDATE clause not found in FROM clause
select id from t x for update of t
--: fails 42P01 34 relation "nope" in FOR SHARE clause not found in FROM clause
select id from t for share of t, nope
--: fails 42P01 35 relation "nope" in FOR KEY SHARE clause not found in FROM clause
select id from t for key share of nope
--: fails 42P01 39 relation "nope" in FOR NO KEY UPDATE clause not found in FROM clause
select id from t for no key update of nope
--: fails 42P01 51 relation "t" in FOR UPDATE clause not found in FROM clause
select id from (select id from t) s for update of t
--: other 42809 15 "t_idx" is an index
select * from t_idx
--: other 42809 15 "t_idx" is an index
select * from public.t_idx
--: other 42809 15 "comp" is a composite type
select * from comp
--: other 42809 13 "comp" is a composite type
insert into comp values (1)
--: other 42809 13 "t_idx" is an index
insert into t_idx values (1)
--: other 42809 8 "t_idx" is an index
update t_idx set x = 1
--: other 42809 13 "comp" is a composite type
delete from comp where f1 = 1
--: ok
insert into sq values (1)
--: ok
insert into mv values (1)
--: 42703 15 column "nope" of relation "mv" does not exist
update mv set nope = 1
--: other 42809 9 column notation .x applied to type json, which is not a composite type
select (j).x from t
--: other 0A000 15 cross-database references are not implemented: "otherdb.public.t"
select * from otherdb.public.t
--: other 0A000 8 cross-database references are not implemented: otherdb.public.t.id
select otherdb.public.t.id from t
--: other 42P10 24 argument of LIMIT must not contain variables
select id from t limit id
--: other 42P10 25 argument of OFFSET must not contain variables
select id from t offset t.id
--: other 0A000 34 invalid UNION/INTERSECT/EXCEPT ORDER BY clause
select 1 union select 2 order by 1 + 1
--: 42703 50 column "nope" does not exist
select id from t union select id from u order by nope
--: 42P01 50 missing FROM-clause entry for table "t"
select id from t union select id from u order by t.id
--: other 42704 22 window "nope" does not exist
select count(*) over nope from t
--: 42883 8 function nofunc(integer) does not exist
select nofunc(id) from t
--: 3F000 8 schema "nosch" does not exist
select nosch.nofunc(id) from t
--: 42704 12 type "notype" does not exist
select id::notype from t
--: 3F000 12 schema "nosch" does not exist
select id::nosch.notype from t
--: 42704 12 type "s1.notype" does not exist
select id::s1.notype from t
--: other 0A000 14 cannot assign to system column "ctid"
update t set ctid = '(0,1)'
--: other 0A000 14 cannot assign to system column "tableoid"
update t set tableoid = 1
--: other 42701 20 column "id" specified more than once
insert into t (id, id) values (1, 2)
--: other 42P10 0 table "x" has 5 columns available but 6 columns specified
select * from t as x (a, b, c, d, e, f)
--: fails 42P10 0 table "x" has 5 columns available but 6 columns specified
select x.nope from t as x (a, b, c, d, e, f)
--: other 42P10 0 table "x" has 2 columns available but 3 columns specified
select * from (select 1, 2) as x (a, b, c)
--: fails 42P10 6 WITH query "x" has 1 columns available but 2 columns specified
with x (a, b) as (select 1) select nope from x
--: 42703 16 column "nope" does not exist
explain select nope from t
--: 42703 37 column "nope" does not exist
explain (costs off, verbose) select nope from t
--: 42703 24 column "nope" does not exist
explain analyze select nope from t
--: 42703 32 column "nope" of relation "t" does not exist
explain (analyze) update t set nope = 1
--: 42703 24 column "nope" of relation "t" does not exist
explain insert into t (nope) values (1)
--: 42P01 21 relation "nope" does not exist
explain delete from nope
--: 42703 40 column u.nope does not exist
explain merge into t using u on t.id = u.nope when matched then delete
--: 42703 37 column "nope" does not exist
explain declare c cursor for select nope from t
--: 42703 34 column "nope" does not exist
explain create table x as select nope from t
--: 42703 46 column "nope" does not exist
explain create materialized view x as select nope from t
--: 42703 56 column "y" does not exist
explain (format json) with a as (select 1 as x) select y from a
--: 42703 29 column "nope" does not exist
declare c cursor for select nope from t
--: 42703 46 column "nope" does not exist
declare c scroll cursor with hold for select nope from t
--: 42703 60 column "nope" does not exist
declare c insensitive cursor for select id from t order by nope
--: 42P01 67 relation "nope" does not exist
declare c binary no scroll cursor without hold for select id from nope for update
--: 42703 26 column "nope" does not exist
create table x as select nope from t
--: 42703 37 column "nope" does not exist
create table x (a, b) as select id, nope from t with no data
--: 42703 46 column "nope" does not exist
create temp table x on commit drop as select nope from t
--: 42703 49 column "nope" does not exist
create unlogged table if not exists x as select nope from t
--: 42P01 25 relation "nope" does not exist
create table x as table nope
--: 42703 27 column "nope" does not exist
create table x as values (nope)
--: 42703 52 column "b" does not exist
create table x as with q as (select 1 as a) select b from q
--: 42703 38 column "nope" does not exist
create materialized view x as select nope from t
--: 42703 56 column "nope" does not exist
create materialized view if not exists x (a) as select nope from t with no data
--: 42703 8 column "nope" does not exist
select nope into x from t
--: 42703 8 column "nope" does not exist
select nope into temp x from t
--: 42P01 23 relation "nope" does not exist
select id into t from nope
--: 42703 31 column "nope" does not exist
select id into x from t where nope = 1
--: 42703 38 column "nope" does not exist
select id into x from t union select nope from u
--: 42703 25 column "nope" does not exist
create view x as select nope from t
--: 42703 40 column "nope" does not exist
create or replace view x (a) as select nope from t
--: 42703 30 column "nope" does not exist
create temp view x as select nope from t with check option
--: 42703 39 column "nope" does not exist
create recursive view x (a) as select nope from t
--: 42P01 29 missing FROM-clause entry for table "a"
create view x as select id, a.id from t
--: 42P01 32 relation "nope" does not exist
create view x as select * from nope
--: ok
create view x as select id, name from t
--: 42703 21 column "nope" does not exist
prepare p as select nope from t
--: 42703 43 column "nope" does not exist
prepare p (int) as select id from t where nope = $1
--: 42703 75 column "nope" does not exist
prepare p (int, text) as select id from t where id = $1 and name = $2 and nope = $3
--: 42703 33 column "nope" of relation "t" does not exist
prepare p as insert into t (id, nope) values ($1, $2)
--: 42703 27 column "nope" of relation "t" does not exist
prepare p as update t set nope = $1
--: 42P01 26 relation "nope" does not exist
prepare p as delete from nope
--: 42704 12 type "nope" does not exist
prepare p (nope) as select id from t
--: 42703 26 column "nope" does not exist
prepare p as select 'é', nope from t
--: 42703 14 column "nope" does not exist
copy (select nope from t) to stdout
--: 42P01 22 relation "nope" does not exist
copy (select id from nope) to stdout with (format csv)
--: 42703 41 column "nope" does not exist
copy (update t set name = 'x' returning nope) to stdout
--: 42703 27 column "nope" does not exist
copy (delete from t where nope = 1 returning id) to stdout
--: 42703 40 column "y" does not exist
copy (with a as (select 1 as x) select y from a) to stdout
--: 42703 15 column "nope" does not exist
copy (values (nope)) to stdout
--: 42P01 13 relation "nope" does not exist
copy (table nope) to stdout
--: fails 42703 9 could not identify column "nope" in record data type
select (frec()).nope
--: 42703 9 could not identify column "nope" in record data type
select (row(1, 2)).nope
--: ok undecided
explain execute nope
--: ok undecided
create table x as execute nope
