-- Statements that PostgreSQL analyses at Parse although they are utility commands: the query inside is judged.
create table t (id int, name text);
--: ok
explain select id from t
--: 42703 16 column "nope" does not exist
explain select nope from t
--: 42703 32 column "nope" of relation "t" does not exist
explain analyze insert into t (nope) values (1)
--: 42703 29 column "nope" does not exist
declare c cursor for select nope from t
--: 42703 30 column "nope" does not exist
create table fresh as select nope from t
--: 42P01 49 relation "nope" does not exist
create materialized view fresh as select 1 from nope
--: 42703 8 column "nope" does not exist
select nope into fresh from t
--: 42703 43 column "nope" does not exist
create table if not exists t as select 1, nope from t
--: ok
create table fresh as select id as nope from t
