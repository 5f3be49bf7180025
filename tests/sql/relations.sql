-- What each kind of relation shows: system columns, renamed columns, inheritance, partitions.
create type comp as (f1 int, f2 text);
create table t (id int primary key, name text);
create view v as select id, name from t;
create view vv as select id as a, name as b from v;
alter table t rename column name to label;
create view vlist (x, y) as select * from t;
create recursive view rv (n) as select 1 union all select n + 1 from rv where n < 3;
create materialized view mv as select id, label from t;
alter materialized view mv rename column label to tag;
create sequence sq;
create unlogged table ul (k int);
create table typed of comp;
create table par (id int, p text);
create table chi (extra int) inherits (par);
create table grand (deep int) inherits (chi);
alter table par rename column p to q;
create table pt (k int, region text, amount int) partition by list (k);
create table pt1 partition of pt for values in (1) partition by range (amount);
create table pt11 partition of pt1 for values from (0) to (10);
create table ptx (amount int, region text, k int);
alter table pt attach partition ptx for values in (2);
create foreign data wrapper fdw;
create server srv foreign data wrapper fdw;
create foreign table ft (fa int, fb text) server srv;
create table dropped (a int, b int, c int);
alter table dropped drop column b;
create table gen (a int, b int generated always as (a * 2) stored, i int generated always as identity);
create index t_label on t (label);
create table big (a text, b text);
create schema other;
create view other.v as select id as only_other from t;
create table "Upper" ("Id" int, "select" int);
create table "with space" (" " int);
create table keeps_oid (oid int, xmin2 int);
create type enum_t as enum ('a');
create table like_t (like t including all, extra int);
create table multi (z int) inherits (par, keeps_oid);
--: ok
select id, name from v
--: 42703 12 column "label" does not exist
select id, label from v
--: 42703 8 column v.label does not exist
select v.label from v
--: ok
select a, b from vv
--: 42703 8 column "id" does not exist
select id from vv
--: 42703 8 column "name" does not exist
select name from vv
--: ok
select x, y from vlist
--: 42703 8 column "id" does not exist
select id from vlist
--: ok
select n from rv
--: 42703 8 column "m" does not exist
select m from rv
--: ok
select id, tag from mv
--: 42703 8 column "label" does not exist
select label from mv
--: 42703 8 column mv.label does not exist
select mv.label from mv
--: ok
select ctid, xmin, xmax, cmin, cmax, tableoid from mv
--: 42703 8 column "ctid" does not exist
select ctid from v
--: 42703 8 column vv.ctid does not exist
select vv.ctid from vv
--: 42703 8 column "tableoid" does not exist
select tableoid from v
--: 42703 8 column "oid" does not exist
select oid from t
--: 42703 8 column t.oid does not exist
select t.oid from t
--: ok
select oid from keeps_oid
--: ok
select oid from pg_class
--: ok
select ctid, tableoid from sq
--: 42703 40 column "nope" does not exist
select last_value, log_cnt, is_called, nope from sq
--: 42703 8 column "increment_by" does not exist
select increment_by from sq
--: ok
select sq.last_value from sq
--: other 42809 0 relation "sq" does not have a composite type
select sq from sq
--: ok
select sq.* from sq
--: ok
select * from sq
--: ok
select k, ctid from ul
--: ok
select f1, f2, ctid from typed
--: 42703 8 column "f3" does not exist
select f3 from typed
--: ok
select id, q from par
--: 42703 12 column "p" does not exist
select id, p from par
--: 42703 8 column "p" does not exist
select p from chi
--: ok
select id, q, extra from chi
--: ok
select id, q, extra, deep, ctid from grand
--: 42703 8 column "extra" does not exist
select extra from par
--: 42703 8 column par.deep does not exist
select par.deep from par
--: ok
select id from only par
--: 42703 8 column "extra" does not exist
select extra from only par
--: ok
select tableoid::regclass, par.* from par
--: ok
select z, id, q, oid, xmin2 from multi
--: ok
select k, region, amount, tableoid, ctid from pt
--: 42703 8 column "nope" does not exist
select nope from pt
--: ok
select k, region, amount from pt1
--: ok
select region from pt11
--: 42703 8 column pt11.nope does not exist
select pt11.nope from pt11
--: 42703 27 column "nope" does not exist
select amount, region, k, nope from ptx
--: ok
select fa, fb, tableoid, ctid from ft
--: 42703 8 column "fc" does not exist
select fc from ft
--: ok
select a, c from dropped
--: 42703 8 column "b" does not exist
select b from dropped
--: 42703 11 column dropped.........pg.dropped.2........ does not exist
select a, dropped."........pg.dropped.2........" from dropped
--: ok
select a, b, i from gen
--: other 42809 15 "t_label" is an index
select * from t_label
--: other 42809 27 "t_label" is an index
select t_label.label from t_label
--: other 42809 15 "comp" is a composite type
select * from comp
--: other 42809 21 "comp" is a composite type
select comp.f1 from comp
--: 42P01 15 relation "enum_t" does not exist
select * from enum_t
--: 42P01 15 relation "fdw" does not exist
select * from fdw
--: ok
select * from pg_toast.pg_toast_1255
--: ok
select chunk_id, chunk_seq, chunk_data, ctid from pg_toast.pg_toast_1255
--: 42703 8 column "chunk_nope" does not exist
select chunk_nope from pg_toast.pg_toast_1255
--: 42P01 15 relation "pg_toast_1255" does not exist
select * from pg_toast_1255
--: ok
select only_other from other.v
--: 42703 8 column "id" does not exist
select id from other.v
--: 42703 8 column v.only_other does not exist
select v.only_other from v
--: ok
select other.v.only_other from other.v
--: ok
select v.only_other from other.v
--: ok
select "Id" from "Upper"
--: 42703 8 column "id" does not exist
select Id from "Upper"
--: 42703 8 column "id" does not exist
select "id" from "Upper"
--: 42P01 15 relation "upper" does not exist
select * from Upper
--: 42P01 15 relation "upper" does not exist
select * from UPPER
--: ok
select "Upper"."select", "Upper".select from "Upper"
--: 42703 8 column Upper.Select does not exist
select "Upper"."Select" from "Upper"
--: ok
select " " from "with space"
--: 42703 26 column with space.   does not exist
select "with space"." ", "with space"."  " from "with space"
--: 42P01 15 relation "with  space" does not exist
select * from "with  space"
--: ok
select id, label, extra from like_t
--: 42703 8 column "ID" does not exist
select "ID", "Label" from t
--: ok
select T.ID, t."id", T.LABEL from T
--: 42703 24 column t.nope does not exist
select t.ctid, t.xmin, t.nope from t
--: ok
select (t).ctid, (t).xmin from t
--: 42703 9 column t.nope does not exist
select (t).nope from t
--: 42703 9 column v.ctid does not exist
select (v).ctid from v
--: ok
select v.*, (v.*).id from v
--: 42703 9 column v.nope does not exist
select (v.*).nope from v
--: ok
select t.tableoid::regclass from t as t
--: ok
select attname from pg_attribute where attrelid = 't'::regclass
--: 42703 8 column "attnope" does not exist
select attnope from pg_attribute
--: 42703 8 column pg_attribute.attnope does not exist
select pg_attribute.attnope from pg_catalog.pg_attribute
--: ok
select column_name from information_schema.columns
--: 42703 8 column columns.nope does not exist
select columns.nope from information_schema.columns
--: 42P01 15 relation "columns" does not exist
select * from columns
--: 42P01 15 relation "information_schema.nope" does not exist
select * from information_schema.nope
--: 42P01 15 relation "pg_catalog.nope" does not exist
select * from pg_catalog.nope
--: 42P01 15 relation "pg_toast.nope" does not exist
select * from pg_toast.nope
--: 42703 20 column "nope" does not exist
select pid, query, nope from pg_stat_activity
--: ok
select relname, ctid from pg_class
--: 42703 23 column "nope" does not exist
select relname, xmin, nope from pg_class
--: ok
select usename from pg_user
--: 42703 8 column "usenope" does not exist
select usenope from pg_user
--: ok
select name, setting from pg_settings
--: 42703 14 column "nope" does not exist
select name, nope from pg_settings
--: 42703 36 column "nope" of relation "pt" does not exist
insert into pt (k, region, amount, nope) values (1, 'x', 2, 3)
--: 42703 18 column "nope" of relation "pt1" does not exist
insert into pt1 (nope) values (1)
--: 42703 16 column "p" of relation "par" does not exist
update par set p = 'x'
--: 42703 16 column "extra" of relation "par" does not exist
update par set extra = 1
--: 42703 30 column "deep" of relation "par" does not exist
update only par set q = 'x', deep = 2
--: 42703 25 column "p" of relation "chi" does not exist
update chi set q = 'x', p = 'y'
--: 42703 22 column "fc" does not exist
delete from ft where fc = 1
--: 42703 25 column "fc" of relation "ft" does not exist
update ft set fb = 'x', fc = 1
--: ok
update mv set tag = 'x'
--: 42703 14 column "label" of relation "v" does not exist
update v set label = 'x'
--: 42703 31 column "label" does not exist
update v set name = 'x' where label = 'x'
--: 42703 42 column "id" does not exist
update vlist set y = 'x' returning x, y, id
--: 42703 27 column "id" does not exist
delete from other.v where id = 1
--: ok
delete from sq where last_value = 1
--: 42703 17 column "nope" of relation "sq" does not exist
insert into sq (nope) values (1)
--: 42703 22 column "b" of relation "dropped" does not exist
insert into dropped (b) values (1)
--: ok
insert into dropped values (1, 2)
--: 42703 24 column "f3" of relation "typed" does not exist
insert into typed (f1, f3) values (1, 2)
--: 42703 16 column "oid" of relation "t" does not exist
insert into t (oid) values (1)
--: 42703 16 column "tableoid" of relation "t" does not exist
insert into t (tableoid) values (1)
--: other 42809 13 "t_label" is an index
insert into t_label (nope) values (1)
--: other 42809 13 "comp" is a composite type
insert into comp (nope) values (1)
--: 42703 16 column "ctid" of relation "v" does not exist
insert into v (ctid) values (null)
--: 42703 28 column "id" of relation "Upper" does not exist
insert into "Upper" ("Id", id) values (1, 2)
--: 42703 22 column "id" of relation "Upper" does not exist
insert into "Upper" (Id) values (1)
