-- Functional notation, whole rows, composite fields, inheritance, system columns.
create type comp as (f1 int, f2 text);
create table par (id int);
create table chi (extra int) inherits (par);
create table t (id int, name text, cc comp, j json);
create table comp_t (x comp);
create function dflt(t, int default 1) returns int language sql as 'select 1';
create function vari(variadic t[]) returns int language sql as 'select 1';
create function onpar(par) returns int language sql as 'select 1';
create function onrec(record) returns int language plpgsql as 'begin return 1; end';
create domain du as t;
create type pair as (a int);
create table typed of pair;
create function onpair(pair) returns int language sql as 'select 1';
create function onint(int) returns int language sql as 'select 1';
create function frec() returns record language sql as 'select 1, 2';
create function fcomp() returns comp language sql as 'select row(1, ''x'')::comp';
create procedure proc(t) language sql as 'select 1';
--: ok undecided
select t.dflt from t
--: ok undecided
select t.vari from t
--: ok undecided
select t.count from t
--: ok undecided
select t.concat from t
--: ok undecided
select t.json_agg from t
--: ok undecided
select t.record_out from t
--: ok undecided
select chi.onpar from chi
--: ok undecided
select t.onrec, s.onrec from t, (select 1) s
--: ok undecided
select t.du from t
--: 42703 8 column t.format does not exist
select t.format from t
--: 42703 8 column t.text does not exist
select t.text from t
--: 42703 8 column t.max does not exist
select t.max from t
--: 42703 8 column t.onint does not exist
select t.onint from t
--: other 42809 8 proc(t) is a procedure
select t.proc from t
--: ok undecided
select g.abs, g.text from generate_series(1, 2) g
--: 42703 8 column "dflt" does not exist
select dflt from t
--: ok
select (t.cc).f1, (cc).f2, (comp_t.x).f1 from t, comp_t
--: 42703 9 column "nope" not found in data type comp
select (t.cc).nope from t
--: 42703 9 column t.nope does not exist
select (t).nope from t
--: 42703 9 column s.nope does not exist
select (s).nope from (select 1 as x) s
--: ok
select (t).id, (t).ctid from t
--: 42P01 8 missing FROM-clause entry for table "x"
select x.f1 from comp_t
--: 42P01 8 missing FROM-clause entry for table "cc"
select t.cc.f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (fcomp()).nope
--: ok
select (fcomp()).f1
--: ok
select ((fcomp()).f2)::int
--: ok undecided
select (id).text, (name).length from t
--: other 42809 9 column notation .x applied to type json, which is not a composite type
select (j).x from t
--: 42703 9 could not identify column "nope" in record data type
select (row(1, 2)).nope
--: ok
select (row(1, 'x')::comp).f1
--: fails 42703 20 column "f3" not found in data type comp
select (row(1, 'x')::comp).f3
--: ok
select extra, id, tableoid::regclass from chi
--: 42703 8 column "extra" does not exist
select extra from par
--: ok
select (select t from t limit 1) is null, t.*::text from t
--: 42703 8 column t.name2 does not exist
select t.name2 from t
--: ok
select row_to_json(t), row_to_json(s) from t, (select 1) s
--: ok undecided
select s.record from (select 1 as x) s
--: ok undecided
select typed.onpair from typed
--: 42703 8 column t.t does not exist
select t.t from t
-- Records: the row of a USING alias, ROW(...), a function without OUT columns.
--: 42703 9 could not identify column "nope" in record data type
select (k).nope from t join par using (id) as k
--: ok
select (k).id, k.id from t join par using (id) as k
--: 42703 8 column k.nope does not exist
select k.nope from t join par using (id) as k
--: 42P01 56 missing FROM-clause entry for table "j"
select 1 from (t join par using (id) as j) q where 1 = j.id
--: ok
select (row(1, 2)).f2 from t
--: ok undecided
select (row(t.*)).f3, (row(t.*)).onrec from t
--: ok
select f2(row(1, 2))
--: 42883 8 function f3(record) does not exist
select f3(row(1, 2))
--: fails 42703 9 could not identify column "nope" in record data type
select (frec()).nope
--: ok
select (array_agg(cc))[1].f2 from t
--: ok
select (array[cc, cc])[1].f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (array_agg(cc))[1].nope from t
