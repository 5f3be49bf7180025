-- Statements that are never a finding, and places where a name is no column.
create table t (id int, name text, "group" text);
create table u (id int, label text);
create function f(a int default 1, b int default 2) returns int language sql as 'select 1';
create view v as select id as v_id from t;
--: ok undecided
truncate nope
--: ok undecided
truncate nosch.nope
--: ok undecided
lock table nope
--: ok undecided
lock table t in share mode
--: ok undecided
analyze nope
--: ok undecided
analyze t (nope)
--: ok undecided
vacuum t (nope)
--: ok undecided
vacuum (analyze) nope
--: ok undecided
copy t (id) to stdout
--: ok undecided
create schema cs create table ct (a int) create view cv as select a from ct
--: ok undecided
create table like_nope (like nope)
--: ok undecided
create table x (a int references nope (b), check (zz > 1))
--: ok undecided
create index on t (nope)
--: ok undecided
create index on nope (id)
--: ok undecided
alter table t rename column nope to nope2
--: ok undecided
alter table nope add column x int
--: ok undecided
drop table nope
--: ok undecided
drop table if exists nope
--: ok undecided
comment on column t.nope is 'x'
--: ok undecided
create trigger tr before insert on t for each row when (new.nope = 1) execute function nope()
--: ok undecided
create rule r as on insert to t do also select new.nope
--: ok undecided
create policy p on t using (nope = 1)
--: ok undecided
create function g() returns int language sql as 'select nope from t'
--: ok undecided
create function g() returns int language sql return (select nope from t)
--: ok undecided
create function g() returns int begin atomic select nope from t; end
--: ok undecided
do $$ begin select nope from t; end $$
--: other 42883 6 procedure nope(integer) does not exist
call nope(1)
--: ok undecided
execute nope
--: ok undecided
execute nope (1, nope2)
--: ok undecided
deallocate nope
--: ok undecided
fetch all from nope
--: ok undecided
move next in nope
--: ok undecided
close nope
--: ok undecided
listen nope
--: ok undecided
notify nope, 'x'
--: other 42704 0 unrecognized configuration parameter "nope"
show nope
--: ok undecided
set nope.x = 1
--: ok undecided
set search_path = nope
--: ok undecided
reset nope.x
--: ok undecided
grant select on nope to public
--: ok undecided
grant select (nope) on t to public
--: ok undecided
refresh materialized view nope
--: ok undecided
reindex table nope
--: ok undecided
cluster nope
--: ok undecided
savepoint nope
--: ok undecided
release nope
--: ok undecided
rollback to nope
--: ok undecided
begin
--: ok undecided
security label on table nope is 'x'
--: ok undecided
alter default privileges in schema nope grant select on tables to public
--: ok undecided
set constraints nope deferred
--: ok undecided
discard plans
--: ok undecided
checkpoint
--: ok
select f(a => 1), f(b => id) from t
--: 42703 15 column "nope" does not exist
select f(a => nope) from t
--: 42883 8 function f(nope => integer) does not exist
select f(nope => 1) from t
--: 42703 24 column "nope" does not exist
select f(a := id, b := nope) from t
--: other 42704 21 window "nope" does not exist
select sum(id) over nope from t
--: other 42704 21 window "nope" does not exist
select sum(id) over nope from t window nopf as (order by id)
--: ok
update t set name = 'x' where current of nope
--: ok
delete from t where current of nope
--: 42P01 13 relation "nope" does not exist
delete from nope where current of nope
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope = 1 where current of nope
--: other 42704 13 collation "de-x-nope" for encoding "UTF8" does not exist
select name collate "de-x-nope" from t -- é
--: 42704 12 type "nope" does not exist
select id::nope from t
--: 42704 8 type "nope" does not exist
select nope 'x' from t
--: 42704 19 type "nope" does not exist
select cast(id as nope) from t
--: 3F000 11 schema "nope" does not exist
select id operator(nope.+) 1 from t
--: other 42883 11 operator does not exist: integer @@@ integer
select id @@@ 1 from t
--: ok
select current_date, current_time, current_timestamp, localtime, localtimestamp, current_role, current_user, session_user, user, current_catalog, current_schema from t
--: ok
select extract(epoch from now()), extract('year' from now()), extract(nope from now()), extract("day" from now()) from t
--: 42703 26 column "nope" does not exist
select extract(year from nope) from t
--: ok
select date_part('nope', now()) from t
--: ok
select interval '1' year to month, interval(3) '1' from t
--: ok
select trim(leading from name), trim(trailing 'x' from name) from t
--: fails 42703 93 column "nope" does not exist
select substring(name similar 'x' escape '#'), substring(name from 'x'), substring(name, 1, nope) from t
--: ok
select normalize(name, nfc), name is nfd normalized from t
--: 42703 21 column "nope" does not exist
select grouping(id, nope) from t group by id
--: ok
select xmlelement(name nope, id), xmlpi(name nope), xmlroot('<a/>', version no value) from t
--: 42703 79 column "nope" does not exist
select exists (select), exists (select from t), exists (select 1 from t where nope)
--: ok
select t.group from t
--: ok
select "group" from t group by "group"
--: ok
select v_id from v
--: 42703 8 column "id" does not exist
select id from v
--: 42703 8 column v.id does not exist
select v.id from v
--: 42703 58 column "id" does not exist
select * from (select id from t) as s(a) where a = 1 and id = 2
--: ok
select t from u t
--: 42703 8 column "u" does not exist
select u from u t
--: 42703 8 column t.t does not exist
select t.t from u t
--: 42703 9 column t.t does not exist
select (t.t).id from u t
--: ok
select name(t) from t
--: 3F000 8 schema "t" does not exist
select t.name(1) from t
--: 42883 8 function label(t) does not exist
select label(t) from t
--: other 42883 8 function t(integer) does not exist
select t(id) from t
--: other 42883 8 function public.t(integer) does not exist
select public.t(id) from t
--: ok
select id "nope" from t order by nope
--: ok
select id nope from t order by nope
--: 42703 44 column "nope" does not exist
select id nope from t group by nope having nope = 1
--: 42703 29 column "nope" does not exist
select id nope from t where nope = 1
--: 42703 28 column "nope" does not exist
select id as nope, (select nope) from t
--: 42703 20 column "nope" does not exist
select id as nope, nope + 1 from t
--: ok
select max(id) as m from t having max(id) > 1 order by m
--: 42703 35 column "m" does not exist
select max(id) as m from t having m > 1
--: ok
select all id from t
--: 42703 17 column "all_ids" does not exist
select distinct all_ids from t
--: other 42804 64 argument of IS NOT UNKNOWN must be type boolean, not type integer
select id from t where true and not false and null is null and id is not unknown
--: ok
select id from t where (true and (name is null) is unknown)
