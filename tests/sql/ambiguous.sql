-- Names that mean several things.
create schema s1;
create schema s2;
create table t (id int, name text);
create table u (id int, label text);
create table s1.a (id int);
create table s2.a (id int);
create view v as select 1 as id;
create table dup (id int, oid_ int);
create function two(out id int, out name text) language sql as 'select 1, ''x''';
--: 42702 8 column reference "id" is ambiguous
select id from t, u
--: 42702 8 column reference "id" is ambiguous
select id from t join u on true
--: 42702 8 column reference "id" is ambiguous
select id from t a, t b
--: 42702 8 column reference "ctid" is ambiguous
select ctid from t, u
--: 42703 8 column "ctid" does not exist
select ctid from t join u on true
--: ok
select ctid from t, v
--: ok
select id from t join u using (id)
--: ok
select id from t natural join u
--: ok
select id, t.id, u.id from t full join u using (id) where id = 1
--: 42702 30 column reference "id" is ambiguous
select t.id from t, u where (id) = 1
--: 42702 32 column reference "id" is ambiguous
select 1 from t a join u b on (id = 1)
--: 42702 16 column reference "id" is ambiguous
select (select id) from t, u
--: ok
select (select id from v) from t, u
--: 42702 49 column reference "id" is ambiguous
select 1 from t, u where exists (select 1 where id = 1)
--: 42702 29 column reference "id" is ambiguous
select 1 from t, u order by id
--: ok
select t.id from t, u order by id
--: 42702 32 column reference "id" is ambiguous
select t.id from t, u group by id
--: 42702 38 column reference "id" is ambiguous
select 1 from t, u, lateral (select (id)) s
--: fails 42702 8 column reference "id" is ambiguous
select id from t, two()
--: 42702 8 column reference "a" is ambiguous
select s.a from (select 1 as a, 2 as a) s
--: 42702 8 column reference "a" is ambiguous
select a from (select 1 as a, 2 as a) s
--: ok
select s.b, s.* from (select 1 as a, 2 as a, 3 as b) s
--: 42702 9 column reference "a" is ambiguous
select (s).a from (select 1 as a, 2 as a) s
--: 42702 8 column reference "a" is ambiguous
select s.a from t s(a, a)
--: 42702 8 column reference "id" is ambiguous
select j.id from (t cross join u) as j
--: ok
select j.name, j.* from (t cross join u) as j
--: 42702 41 column reference "id" is ambiguous
with w as (select id, id from t) select id from w
--: fails 42702 8 column reference "count" is ambiguous
select count from (select count(*), count(id) from t) s
--: 42702 69 column reference "name" is ambiguous
insert into t (id) values (1) on conflict (id) do update set name = name
--: ok
insert into t (id) values (1) on conflict do nothing
--: 42702 34 column reference "id" is ambiguous
update t set id = 1 from u where id = 1
--: 42702 33 column reference "id" is ambiguous
delete from t using u where 1 = id
--: 42702 44 column reference "id" is ambiguous
update t set name = label from u returning id
--: 42702 41 column reference "id" is ambiguous
merge into t using u on t.id = u.id and id = 1 when matched then delete
--: ok
merge into t using u on t.id = u.id when not matched then insert values (id)
-- USING and NATURAL.
--: 42702 0 common column name "id" appears more than once in left table
select * from (t cross join u) join v using (id)
--: 42702 0 common column name "id" appears more than once in right table
select * from v join (t cross join u) using (id)
--: 42702 0 common column name "id" appears more than once in left table
select * from (t cross join u) natural join v
--: 42702 0 common column name "id" appears more than once in right table
select * from v natural join (t cross join u)
--: ok
select * from (t join u using (id)) join v using (id)
--: ok
select id from t natural join u natural join v
--: ok
select name from (t cross join u) join (select 'x' as name) s using (name)
--: other 42804 0 JOIN/USING types integer and text cannot be matched
select * from t join (select 'x' as id) s using (id, nope)
--: other 42701 0 column name "id" appears more than once in USING clause
select * from t join u using (id, id)
--: 42702 0 common column name "a" appears more than once in right table
select * from (select 1 as a) s join (select 1 as a, 2 as a) r using (a)
-- Tables.
--: 42P09 8 table reference "a" is ambiguous
select a.id from s1.a, s2.a
--: 42P09 8 table reference "a" is ambiguous
select a from s1.a, s2.a
--: 42P09 8 table reference "a" is ambiguous
select a.* from s1.a, s2.a
--: ok
select s1.a.id, s2.a.id from s1.a, s2.a
--: other 42712 0 table name "t" specified more than once
select t.id from t, t
--: ok
select id from t where (select 1 from u where u.id = t.id and label = name) = 1
-- Which output column is meant.
--: other 42702 38 ORDER BY "id" is ambiguous
select t.id, u.id from t, u order by id
--: ok
select t.id, t.id from t order by id
-- Lateral references on the wrong side are another error.
--: other 42P10 44 invalid reference to FROM-clause entry for table "t"
select * from t right join lateral (select t.id) s on true
--: 42P01 24 relation "nope" does not exist
select (select id from nope) from t, u
--: 42P01 16 relation "nope" does not exist
select id from nope, t, u
