-- VALUES: the types of its columns, and what can be refused.
create type comp as (f1 int, f2 text); create domain posint as int; create type mood as enum ('a');
create table t (id int, name text, v varchar(10), p posint, cc comp, m mood);
--: 42703 8 column "nope" does not exist
select nope from (values (1, 'a'), (2, 'b')) x(a, b)
--: 42883 8 function nope(integer, text, text) does not exist
select nope(x.a, x.b, x.c) from (values (1, 'a', null), (2, 'b', 'c')) x(a, b, c)
--: other 22P02 37 invalid input syntax for type integer: "x"
select nope(x.a) from (values (1), ('x')) x(a)
--: fails 22P02 32 invalid input syntax for type integer: "x"
select nope from (values (1), ('x')) x(a)
--: other 42883 8 function nope(numeric) does not exist
select nope(x.a) from (values (1), (1.5)) x(a)
--: 42883 8 function nope(integer) does not exist
select nope(x.a) from (values ($1), (1)) x(a)
--: 42883 8 function nope(text) does not exist
select nope(x.a) from (values ($1), ($2)) x(a)
--: other 42883 8 function nope(text) does not exist
select nope(x.a) from (values ($1), ($1)) x(a)
--: 42883 8 function nope(integer) does not exist
select nope(x.a) from (values ($1::int), (2)) x(a)
--: fails 42601 35 VALUES lists must all be the same length
select nope from (values (1, 2), (3)) x(a)
--: fails 42601 27 DEFAULT is not allowed in this context
select nope from (values (default)) x(a)
--: 42P01 36 invalid reference to FROM-clause entry for table "t"
select t.id, nope from t, (values (t.id)) x(a)
--: 42703 19 column "nope" does not exist
select t.id, x.a, nope from t, lateral (values (t.id), (null)) x(a)
--: other 42883 8 function nope(integer) does not exist
select nope(x.a) from t, lateral (values (t.p), (null)) x(a)
--: 42883 8 function nope(posint) does not exist
select nope(x.a) from t, lateral (values (t.p), (t.p)) x(a)
--: 42703 19 column "nope" not found in data type comp
select (x.a).f2, (x.a).nope from t, lateral (values (t.cc)) x(a)
--: ok
select (x.y).f1 from (values ((row(1, 'x'))::comp)) as x(y)
--: fails 42703 9 column "nope" not found in data type comp
select (x.y).nope from (values ((row(1, 'x'))::comp)) as x(y)
--: other 22P02 45 invalid input value for enum mood: "b"
select nope(x.a) from (values ('a'::mood), ('b')) x(a)
--: 42883 8 function nope(mood) does not exist
select nope(x.a) from (values ('a'::mood), (null)) x(a)
--: 42883 8 function nope(character varying) does not exist
select nope(x.a) from t, lateral (values (t.v), ('b')) x(a)
--: other 42883 8 function nope(character varying) does not exist
select nope(x.a) from t, lateral (values (t.v), (t.name)) x(a)
--: 42703 26 column "nope" of relation "t" does not exist
update t set name = x.b, nope = 1 from (values (1, 'a'), (2, 'b')) x(a, b) where t.id = x.a
--: fails 42703 14 column "nope" of relation "t" does not exist
update t set nope = x.b from (values ($1, $2), ($3, $4)) x(a, b) where t.id = x.a::int
--: 42703 39 column "nope" does not exist
with w(a) as (values (1), (2)) select nope from w
--: 42703 12 column "nope" does not exist
values (1, nope), (2)
--: 42703 35 column "nope" does not exist
values (1), (2) order by column1, nope
--: fails 22P02 14 invalid input syntax for type integer: "a"
values (1), ('a') order by nope
--: 42703 33 column "nope" does not exist
insert into t (id) values (1), (nope)
--: 42P01 19 missing FROM-clause entry for table "column2"
select x.column1, x.column2.f1 from (values (1, 2)) x
--: 42P01 13 missing FROM-clause entry for table "a"
select x.a, x.a.b from (values (1)) x(a)
--: other 42809 20 column notation .nope applied to type integer, which is not a composite type
select (x.a).abs, (x.a).nope from (values (1)) x(a)
--: other 42809 0 record type has not been registered
select (x.a).f1 from (values (row(1, 2))) x(a)
--: fails 42804 27 UNION types text and integer cannot be matched
values ('1') union select 1 order by nope
--: 42703 43 column "nope" does not exist
select 1 where 1 in (values (1), (2)) and nope
--: fails 42703 32 column "nope" does not exist
select array(values (1), (2)), nope
--: 42703 70 column "nope" does not exist
insert into t (id, name) select * from (values (1, 'a')) x returning nope
