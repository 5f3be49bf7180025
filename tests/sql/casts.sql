-- Where a cast stands, as the messages about its fields count it.
create type comp as (f1 int, f2 text);
create domain dcomp as comp;
create table t (id int, cc comp, dc dcomp);
create table par (id int);
create table chi () inherits (par);
create function fcomp(int) returns comp language sql as 'select row(1, ''x'')::comp';
--: 42703 14 column "nope" not found in data type comp
select (cast(null as comp)).nope
--: fails 42703 14 column "nope" not found in data type comp
select (cast('(1,x)' as comp)).nope
--: 42703 9 column "nope" not found in data type comp
select (cast($1 as comp)).nope
--: 42703 14 column "nope" not found in data type comp
select (cast(cc as comp)).nope from t
--: 42703 14 column "nope" not found in data type comp
select (cast(t.cc as comp)).nope from t
--: fails 42703 14 column "nope" not found in data type comp
select (cast(fcomp(1) as comp)).nope
--: fails 42703 9 column "nope" not found in data type comp
select (cast(row(1, 'x') as comp)).nope
--: fails 42703 9 column "nope" not found in data type comp
select (cast(dc as comp)).nope from t
--: fails 42703 9 column "nope" not found in data type dcomp
select (cast(cc as dcomp)).nope from t
--: 42703 9 column "nope" not found in data type dcomp
select (cast(null as dcomp)).nope
--: fails 42703 9 column "nope" not found in data type par
select (cast(chi as par)).nope from chi
--: fails 42703 9 column "nope" not found in data type par
select (cast(chi.* as par)).nope from chi
--: fails 42703 9 column "nope" not found in data type par
select (chi::par).nope from chi
--: 42703 9 column "nope" not found in data type comp
select (cc::comp).nope from t
--: 42703 9 column "nope" not found in data type comp
select (null::comp).nope
--: 42703 9 column "nope" not found in data type comp
select ($1::comp).nope
--: fails 42703 9 column "nope" not found in data type comp
select ('(1,x)'::comp).nope
--: fails 42703 20 column "nope" not found in data type comp
select (row(1, 'x')::comp).nope
--: fails 42703 9 column "nope" not found in data type comp
select (fcomp(1)::comp).nope
--: 42703 11 column "nope" not found in data type comp
select (  cc  ::comp).nope from t
--: 42703 14 column "nope" not found in data type comp
select (cast((select cc from t) as comp)).nope
--: 42703 19 column "nope" not found in data type comp
select (cast(cast(null as comp) as comp)).nope
--: fails 42703 14 column "nope" not found in data type comp
select (cast(case when true then cc end as comp)).nope from t
--: fails 42703 14 column "nope" not found in data type comp
select (comp '(1,x)').nope
