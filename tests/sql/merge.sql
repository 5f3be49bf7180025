-- MERGE.
create table t (id int, name text);
create table s (id int, name text, x int);
create view vs as select * from s;
--: ok
merge into t using s on t.id = s.id when matched then update set name = s.name when not matched then insert (id, name) values (s.id, s.name)
--: ok
merge into t as a using (select id, x from s) as b on a.id = b.id when matched and b.x > 1 then delete when not matched then do nothing
--: 42703 25 column t.nope does not exist
merge into t using s on t.nope = s.id when matched then delete
--: 42P01 20 relation "nope" does not exist
merge into t using nope on t.nope = s.id when matched then delete
--: 42P01 12 relation "nope" does not exist
merge into nope using s on t.nope = s.id when matched then delete
--: 42703 77 column "nope" of relation "t" does not exist
merge into t using s on t.id = s.id when matched then update set id = s.id, nope = 1
--: 42703 67 column "nope" of relation "t" does not exist
merge into t using s on t.id = s.id when not matched then insert (nope) values (1)
--: 42P01 79 invalid reference to FROM-clause entry for table "t"
merge into t using s on t.id = s.id when not matched then insert (id) values (t.id)
--: 42703 79 column "nope" does not exist
merge into t using s on t.id = s.id when not matched then insert (id) values (nope)
--: ok
merge into t using s on t.id = s.id when not matched then insert (id) values (x)
--: 42703 54 column "nope" does not exist
merge into t using s on t.id = s.id when matched and nope then delete
--: 42P01 75 invalid reference to FROM-clause entry for table "t"
merge into t using (select 1 as id) s on t.id = s.id when not matched and t.id = 1 then do nothing
--: ok
merge into t using (s join vs using (id)) on t.id = vs.id when matched then update set name = vs.name
--: ok
with c as (select 1 as id) merge into t using c on t.id = c.id when matched then delete
--: other 42712 0 name "s" specified more than once
merge into s using s on t.id = s.id when matched then delete
--: fails 42601 0 unreachable WHEN clause specified after unconditional WHEN clause
merge into nope using s on true when matched then delete when matched then do nothing
--: fails 42601 0 unreachable WHEN clause specified after unconditional WHEN clause
merge into t using s on true when matched then delete when matched and nope then do nothing
--: 42P01 12 relation "nope" does not exist
merge into nope using s on true when matched and s.id = 1 then delete when matched then do nothing when not matched then do nothing
