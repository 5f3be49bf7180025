-- Identifiers: quoted, folded, long, not ASCII, equal to keywords; comments and parameters between them.
create table t (id int, name text, "CamelCase" int, "with ""quote" int, "semi;colon" int, "--dash" int, "/*c*/" int, "$1" int, "a b" int, "ünïcode" int, "日本" int, "select" int, "from" int, "user" int, "order" int, "current_date" int, "true" int, "?column?" int, "a.b" int, value int, type int, "all" int, "array" int, key int, level int, year int, "left" int, "é" int, "É" int);
create table "user" (id int, "group" text);
create table "order" (id int, "desc" int);
create table "Straße" (id int);
create table "Table" (id int);
create schema "My Schema";
create table "My Schema"."My Table" ("My Column" int);
create table abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0 (abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0 int, b int);
create table "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" int);
create table "日本日本日本日本日本日本日本日本日本日本日" ("日本日本日本日本日本日本日本日本日本日本日" int);
--: ok
select "CamelCase" from t
--: 42703 8 column "camelcase" does not exist
select CamelCase from t
--: ok
select t."CamelCase", T."CamelCase", "t"."CamelCase" from T
--: 42P01 8 missing FROM-clause entry for table "T"
select "T".id from t
--: ok
select "t".ID from "t"
--: ok
select "with ""quote", t."with ""quote" from t
--: 42703 8 column "with "nope" does not exist
select "with ""nope" from t
--: 42703 8 column t.with "nope does not exist
select t."with ""nope" from t
--: ok
select "semi;colon", "--dash", "/*c*/", "$1", "a b", "a.b" from t
--: 42P01 17 missing FROM-clause entry for table "a"
select t."a.b", t.a.b from t
--: 42703 8 column t.nope; does not exist
select t."nope;" from t
--: ok
select "ünïcode", "日本" from t
--: ok
select ünïcode, 日本 from t
--: 42703 8 column "ÜnÏcode" does not exist
select ÜNÏCODE from t
--: 42703 8 column "Ünïcode" does not exist
select "Ünïcode" from t
--: 42703 8 column "日本語" does not exist
select "日本語" from t
--: 42703 8 column "日本語" does not exist
select 日本語, nope from t
--: 42703 18 column "nope" does not exist
select id as 日本, nope from t
--: 42703 14 column "nope" does not exist
select '日本', nope from t
--: 42703 17 column "nope" does not exist
select /* 日本 */ nope from t
--: ok
select "é", "É", é, É from t
--: ok
/* é */ select U&"\65e5\672c" from t
--: 42703 16 column "日本語" does not exist
/* é */ select U&"\65e5\672c\8a9e" from t
--: ok
/* é */ select U&"!65e5!672c" uescape '!' from t
--: 42703 8 column "nope" does not exist
select U&"n\006fpe" from t
--: 42703 8 column "data" does not exist
select U&"d\0061ta" from t
--: ok
select t.U&"n\0061me", U&"t".id from t
--: ok
select "select", "from", "user", "order", "current_date", "true", "?column?" from t
--: ok
select t.select, t.from, t.user, t.order, t.current_date, t.true, t.all, t.array from t
--: 42703 8 column t.group does not exist
select t.group from t
--: 42703 8 column "group" does not exist
select "group" from t
--: ok
select value, type, key, level, year, "left" from t
--: ok
select t.value, t.type, t.left from t
--: ok
select user from t
--: ok
select t.user, "user" from t
--: ok
select current_date, t.current_date from t
--: ok
select u.group from "user" u
--: ok
select "user".id, "user"."group" from "user"
--: 42703 8 column user.name does not exist
select "user".name from "user"
--: fails 42703 8 column "id" does not exist
select id from user
--: ok
select "order"."desc", "order".desc from "order"
--: 42703 8 column o.asc does not exist
select o.asc from "order" o
--: 42P01 8 missing FROM-clause entry for table "USER"
select "USER".id from "user"
--: 42P01 15 relation "User" does not exist
select * from "User"
--: ok
select * from "Straße"
--: 42P01 15 relation "straße" does not exist
select * from Straße
--: 42P01 15 relation "strasse" does not exist
select * from "strasse"
--: ok
select * from "Table"
--: 42P01 15 relation "TABLE" does not exist
select * from "TABLE"
--: ok
select "My Column" from "My Schema"."My Table"
--: ok
select "My Table"."My Column", "My Schema"."My Table"."My Column" from "My Schema"."My Table"
--: 42703 8 column My Table.my column does not exist
select "My Table"."my column" from "My Schema"."My Table"
--: 42P01 15 relation "My Schema.my table" does not exist
select * from "My Schema"."my table"
--: 42P01 15 relation "my.schema" does not exist
select * from My.Schema
--: 42P01 15 relation "my schema.My Table" does not exist
select * from "my schema"."My Table"
--: ok
select abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0 from abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0
--: ok
select abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012345 from abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012345
--: ok
select "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0X" from abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0
--: 42P01 15 relation "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz1" does not exist
select b from abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz1
--: 42703 8 column "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz1" does not exist
select abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz1extra from t
--: 42703 8 column "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz1" does not exist
select "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz1éé" from t
--: ok
select aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé from "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé"
--: 42703 8 column "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" does not exist
select aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé from "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
--: 42703 8 column "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax" does not exist
select aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax from t
--: ok
select 日本日本日本日本日本日本日本日本日本日本日本 from 日本日本日本日本日本日本日本日本日本日本日本日本
--: 42703 8 column "日本日本日本日本日本日本日本日本日本日本本" does not exist
select 日本日本日本日本日本日本日本日本日本日本本日 from 日本日本日本日本日本日本日本日本日本日本日本日本
--: 42703 8 column "x日本日本日本日本日本日本日本日本日本日本" does not exist
select x日本日本日本日本日本日本日本日本日本日本日本日本 from t
--: ok
/* é */ select U&"\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c\65e5\672c" from 日本日本日本日本日本日本日本日本日本日本日
--: ok
select t./* comment */id from t
--: ok
select t . name from t
--: 42703 8 column t.nope does not exist
select t.-- x
nope from t
--: ok
select
  id
from
  t
--: 42703 22 column "nope" does not exist
/* leading */ select nope from t
--: 42703 16 column "nope" does not exist
-- line
select nope from t
--: 42703 37 column "nope" does not exist
/* nested /* comment */ é */ select nope from t
--: 42703 8 column "nope" does not exist
select nope -- trailing é
--: 42703 21 column "nope" does not exist
select 1 as "nope", nope from t -- é
--: 42703 27 column "nope" does not exist
select 'it''s', E'it\'s', nope from t
--: 42703 28 column "nope" does not exist
select $$ $x$ $$, $é$x$é$, nope from t
--: 42703 12 column "nope" does not exist
select $1, nope from t
--: 42703 17 column "nope" does not exist
select $1::int, nope from t
--: fails 42725 11 operator is not unique: unknown + unknown
select $1 + $2, nope from t
--: 42703 50 column "nope" does not exist
select id from t where id = $1 and name = $2 and nope = $3
--: other 42809 8 column notation .id applied to type unknown, which is not a composite type
select $1.id from t
--: other 42809 9 column notation .id applied to type unknown, which is not a composite type
select ($1).id from t
--: 42703 39 column "nope" does not exist
select id from t where ($1 is null or nope = $1)
--: 42703 88 column "camelCase" does not exist
insert into t (id, "CamelCase", "日本") values ($1, $2, $3) returning "CamelCase", "日本", "camelCase"
--: 42703 20 column "camelcase" of relation "t" does not exist
insert into t (id, camelCase) values ($1, $2)
--: 42703 22 column "ID" of relation "t" does not exist
insert into t ("id", "ID") values ($1, $2)
--: 42703 31 column "camelcase" of relation "t" does not exist
update t set "CamelCase" = 1, camelcase = 2
--: 42703 24 column "日" of relation "t" does not exist
update t set "日本" = 1, "日" = 2
--: 42P01 49 invalid reference to FROM-clause entry for table "t"
update t as "T" set id = 1 where "T".id = 1 and t.id = 2
--: 42703 73 column x y.nope does not exist
delete from t as "x y" where "x y".id = 1 and "x y"."CamelCase" = 2 and "x y".nope = 3
--: ok
select id AS "select" from t order by "select"
--: ok
select id AS "Select" from t order by "select"
--: 42703 39 column "select2" does not exist
select id AS "Select" from t order by select2
--: ok
select id AS Sel from t order by SEL, "sel"
--: 42703 34 column "Sel" does not exist
select id AS Sel from t order by "Sel"
--: ok
select s."Id" from (select id as "Id" from t) s
--: 42703 8 column s.id does not exist
select s.Id from (select id as "Id" from t) s
--: ok
with "Cte" as (select 1 as "One") select "One" from "Cte"
--: 42703 42 column "one" does not exist
with "Cte" as (select 1 as "One") select one from "Cte"
--: 42P01 49 relation "cte" does not exist
with "Cte" as (select 1 as "One") select * from cte
--: ok
with Cte as (select 1 as One) select CTE.ONE, cte."one" from cTe
--: ok
select "x".* from t "x", t "X"
--: ok
select X.* from t "x", t "X" where "X".id = x.id
--: 42703 8 column X.nope does not exist
select "X".nope from t "x", t "X"
--: 42703 32 column "x" does not exist
select * from t where "name" = "x"
--: other 42883 28 operator does not exist: text = integer
select * from t where name = "value"
--: 42703 61 column t.nope does not exist
select id from "public"."t" where "public"."t"."id" = 1 and "public"."t"."nope" = 2
--: 42P01 16 relation "Public.t" does not exist
select id from "Public".t
--: 42P01 16 relation "public.T" does not exist
select id from public."T"
--: ok
select 1 as id from t where "id" = 1;
--: 42703 8 column "nope" does not exist
select nope from t;
--: 42703 8 column "nope" does not exist
select nope from t ; -- x
--: 42703 10 column "nope" does not exist
;;select nope from t
