-- INSERT, UPDATE, DELETE, ON CONFLICT, RETURNING.
create type comp as (f1 int, f2 text);
create table t (id int primary key, name text, cc comp, n numeric, arr int[], ccs comp[]);
create table u (id int, t_id int, label text);
create view v as select id, name from t;
--: ok
insert into t (id, name) values (1, 'x') returning id, name, t.id
--: 42703 20 column "nope" of relation "t" does not exist
insert into t (id, nope) values (1, 'x')
--: 42703 16 column "ctid" of relation "t" does not exist
insert into t (ctid) values ('(0,1)')
--: 42703 16 column "t" of relation "t" does not exist
insert into t (t.id) values (1)
--: 42P01 13 relation "nope" does not exist
insert into nope values (1)
--: 42P01 13 relation "nosch.t" does not exist
insert into nosch.t values (1)
--: 42703 56 column "confirmed_at" does not exist
insert into t (id, name) values ($1, $2) returning id, confirmed_at
--: 42P01 35 invalid reference to FROM-clause entry for table "t"
insert into t (id) select 1 where t.id = 1
--: 42703 27 column "name" does not exist
insert into t (id) select name
--: 42703 28 column "id" does not exist
insert into t (id) values (id)
--: 42P01 28 invalid reference to FROM-clause entry for table "t"
insert into t (id) values (t.id)
--: ok
insert into t as x (id) values (1) returning x.id, id
--: 42P01 46 invalid reference to FROM-clause entry for table "t"
insert into t as x (id) values (1) returning t.id
--: 42703 25 column "x" of relation "t" does not exist
insert into t as x (id, x, nope) values (1, 2, 3)
--: ok
insert into t (id) values (1) on conflict (id) do update set name = excluded.name, n = t.n where t.id = excluded.id
--: 42703 43 column "nope" does not exist
insert into t (id) values (1) on conflict (nope) do nothing
--: 42703 62 column "nope" of relation "t" does not exist
insert into t (id) values (1) on conflict (id) do update set nope = 1
--: 42703 69 column excluded.nope does not exist
insert into t (id) values (1) on conflict (id) do update set name = excluded.nope
--: 42703 69 column excluded.ctid does not exist
insert into t (id) values (1) on conflict (id) do update set name = excluded.ctid
--: 42702 69 column reference "name" is ambiguous
insert into t (id) values (1) on conflict (id) do update set name = name
--: 42P01 83 invalid reference to FROM-clause entry for table "excluded"
insert into t (id) values (1) on conflict (id) do update set name = 'x' returning excluded.id
--: 42P01 69 missing FROM-clause entry for table "excluded"
insert into t (id) values (1) on conflict (id) do nothing returning excluded.id
--: ok
insert into t (id) values (1) on conflict (id) where id > 0 do nothing
--: 42703 54 column "nope" does not exist
insert into t (id) values (1) on conflict (id) where nope > 0 do nothing
--: ok
insert into t (id) values (1) on conflict ((t.id)) do nothing
--: ok
insert into t (cc.f1, id) values (1, 2)
--: fails 42703 16 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
insert into t (cc.nope, id) values (1, 2)
--: ok
update t set name = 'x', cc.f1 = 1, arr[1] = 2 where id = 1 returning id
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope = $1
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope = $1 where id = $2
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope = 1 where name = 'x'
--: other 22P02 36 invalid input syntax for type integer: "x"
update t set name = 'a' where id = 'x' and label = 1
--: fails 42703 16 column "x" of relation "t" does not exist
update t x set x.name = upper('a')
--: 42703 16 column "x" of relation "t" does not exist
update t x set x.name = 'a'
--: 42703 26 column "nope" does not exist
update t set id = 1, x = nope
--: 42703 30 column "nope" does not exist
update t set nope2 = 1 where nope = 1
--: 42703 14 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
update t set cc.nope = 1
--: ok
update t set name = u.label from u where u.t_id = t.id
--: ok
update t as z set name = z.name from u as t where t.id = 1
--: 42P01 40 invalid reference to FROM-clause entry for table "t"
update t as z set name = 'x' where 1 = t.id
--: ok
update t set (id, name) = (1, 'x')
--: ok
update t set (id, name) = (select id, label from u limit 1)
--: 42703 35 column "nope" does not exist
update t set (id, name) = (select nope, label from u limit 1)
--: 42703 22 column "nope" of relation "t" does not exist
update t set id = 1, nope = 2
--: ok
delete from t using u where u.t_id = t.id returning t.*, u.label
--: 42703 21 column "nope" does not exist
delete from t where nope = 1
--: 42703 53 column u.nope does not exist
delete from t using u where u.t_id = t.id returning u.nope
--: 42P01 13 relation "nope" does not exist
delete from nope where x = 1
--: 42P01 8 relation "nope" does not exist
update nope set x = 1
--: ok
update v set name = 'x' where id = 1
--: 42703 14 column "cc" of relation "v" does not exist
update v set cc = null
--: ok
delete from t where current of cur
--: other 42P10 42 invalid reference to FROM-clause entry for table "t"
update t set id = 1 from lateral (select t.id) s
--: ok
insert into t select 1, 'x', null, 2
--: fails 23502 0 null value in column "id" of relation "t" violates not-null constraint
insert into t default values
--: ok
insert into t (id, name) values (1, 'a'), (2, default)
--: 42703 47 column "nope" does not exist
insert into t (id, name) values (1, 'a'), (2, nope)
--: ok
insert into t (id) select id from u on conflict do nothing
--: other 0A000 14 cannot assign to system column "xmin"
update v set xmin = 'x' where id = 1
