-- Fields, subscripts and whole rows: of columns, arrays, domains, functions, sub-selects.
create type comp as (f1 int, f2 text);
create type nest as (c comp, n int, cs comp[]);
create domain dcomp as comp;
create domain darr as int[];
create domain dcarr as comp[];
create domain ddcomp as dcomp;
create table t (id int, cc comp, ccs comp[], nn nest, nns nest[], dc dcomp, ddc ddcomp, da darr, dca dcarr, m comp[][], j jsonb, js json, name text, hs int[]);
create table u (id int, tt t, ts t[]);
create table par (id int, cc comp);
create table chi (extra int) inherits (par);
create function fcomp(int) returns comp language sql as 'select row(1, ''x'')::comp';
create function fcomps(int) returns setof comp language sql as 'select row(1, ''x'')::comp';
create function farr(int) returns comp[] language sql as 'select array[row(1, ''x'')::comp]';
create function fdarr(int) returns dcarr language sql as 'select array[row(1, ''x'')::comp]';
create function fout(out p int, out q comp) language sql as 'select 1, row(1, ''x'')::comp';
create function ftab() returns table (k int, c comp) language sql as 'select 1, row(1, ''x'')::comp';
create function frow() returns t language sql as 'select * from t';
create function full_name(t) returns text language sql as 'select ''x''';
create function cname(comp) returns text language sql as 'select ''x''';
create function anyone(anyelement) returns text language sql as 'select ''x''';
create view v as select cc, nn, ccs, t as whole from t;
--: ok
select (cc).f1, (t.cc).f2, (public.t.cc).f1 from t
--: 42703 9 column "nope" not found in data type comp
select (cc).nope from t
--: 42703 9 column "nope" not found in data type comp
select (t.cc).nope from t
--: 42703 9 column "nope" not found in data type comp
select (public.t.cc).nope from t
--: 42P01 8 missing FROM-clause entry for table "cc"
select cc.f1 from t
--: 42P01 8 missing FROM-clause entry for table "cc"
select t.cc.f1 from t
--: other 0A000 8 cross-database references are not implemented: public.t.cc.f1
select public.t.cc.f1 from t
--: ok
select (nn).c from t
--: ok
select (nn).c.f1, ((nn).c).f2 from t
--: 42703 9 column "nope" not found in data type comp
select (nn).c.nope from t
--: 42703 9 column "nope" not found in data type nest
select (nn).nope.f1 from t
--: ok
select (nn).cs[1].f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (nn).cs[1].nope from t
--: ok
select (nn).cs[1] from t
--: ok
select (nns[1]).c.f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (nns[1]).c.nope from t
--: ok
select nns[1].c from t
--: ok
select (ccs[1]).f1, (ccs[1]).f2 from t
--: fails 42703 9 column "nope" not found in data type comp
select (ccs[1]).nope from t
--: fails 42703 9 column "nope" not found in data type comp
select (t.ccs[1]).nope from t
--: ok
select ccs[1].f1 from t
--: ok
select (ccs)[1].f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (ccs)[1].nope from t
--: other 42809 9 column notation .f1 applied to type comp[], which is not a composite type
select (ccs[1:2]).f1 from t
--: fails 42703 27 column "nope" does not exist
select (ccs[id]).f1, (ccs[nope]).f1 from t
--: ok
select (dc).f1, (ddc).f2 from t
--: 42703 9 column "nope" not found in data type dcomp
select (dc).nope from t
--: 42703 9 column "nope" not found in data type ddcomp
select (ddc).nope from t
--: ok
select (dca[1]).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (dca[1]).nope from t
--: ok
select da[1], (da)[1] from t
--: other 42809 9 column notation .nope applied to type darr, which is not a composite type
select (da).nope from t
--: other 42809 9 column notation .nope applied to type integer, which is not a composite type
select (id).nope from t
--: other 42809 9 column notation .nope applied to type text, which is not a composite type
select (name).nope from t
--: other 42809 9 column notation .nope applied to type jsonb, which is not a composite type
select (j).nope from t
--: other 42809 9 column notation .nope applied to type json, which is not a composite type
select (js).nope from t
--: 42P01 8 missing FROM-clause entry for table "j"
select j.nope from t
--: 42P01 8 missing FROM-clause entry for table "j"
select t.j.nope from t
--: other 42809 9 column notation .nope applied to type integer, which is not a composite type
select (hs[1]).nope from t
--: ok
select (tt).id, (tt).cc, ((tt).cc).f1, (tt).cc.f1 from u
--: 42703 9 column "nope" not found in data type t
select (tt).nope from u
--: 42703 9 column "nope" not found in data type comp
select (tt).cc.nope from u
--: 42703 9 column "ctid" not found in data type t
select (tt).ctid from u
--: ok
select (ts[1]).name, (ts[1]).cc.f1 from u
--: fails 42703 9 column "nope" not found in data type t
select (ts[1]).nope from u
--: 42P01 21 missing FROM-clause entry for table "tt"
select (u.tt).name, u.tt.name from u
--: ok
select (fcomp(1)).f1, (fcomp(id)).f2 from t
--: fails 42703 9 column "nope" not found in data type comp
select (fcomp(1)).nope
--: 42703 15 column "nope" does not exist
select (fcomp(nope)).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (fcomp(id)).nope from t
--: ok
select (fcomps(1)).f1
--: fails 42703 9 column "nope" not found in data type comp
select (fcomps(1)).nope
--: other 42809 9 column notation .f1 applied to type comp[], which is not a composite type
select (farr(1)).f1
--: ok
select (farr(1))[1].f1
--: fails 42703 9 column "nope" not found in data type comp
select (farr(1))[1].nope
--: ok
select (fdarr(1))[1].f1
--: fails 42703 9 column "nope" not found in data type comp
select (fdarr(1))[1].nope
--: ok
select (fout()).p, (fout()).q, (fout()).q.f1
--: fails 42703 9 could not identify column "nope" in record data type
select (fout()).nope
--: fails 42703 9 column "nope" not found in data type comp
select (fout()).q.nope
--: ok
select (ftab()).k, (ftab()).c.f1
--: fails 42703 9 could not identify column "nope" in record data type
select (ftab()).nope
--: ok
select (frow()).id, (frow()).cc.f1
--: fails 42703 9 column "nope" not found in data type t
select (frow()).nope
--: fails 42703 9 column "ctid" not found in data type t
select (frow()).ctid
--: ok
select x.f1 from fcomp(1) x
--: fails 42703 8 column x.nope does not exist
select x.nope from fcomp(1) x
--: ok
select (x).f1 from fcomp(1) x
--: fails 42703 9 column x.nope does not exist
select (x).nope from fcomp(1) x
--: ok
select x.q, (x.q).f1 from fout() x
--: fails 42703 9 column "nope" not found in data type comp
select (x.q).nope from fout() x
--: ok
select x.c, (x.c).f2, (x).c from ftab() x
--: fails 42703 9 column "nope" not found in data type comp
select (x.c).nope from ftab() x
--: fails 42703 9 column x.nope does not exist
select (x).nope from ftab() x
--: 42703 8 column t.nope_name does not exist
select t.nope_name from t
--: 42P01 8 missing FROM-clause entry for table "cc"
select cc.cname from t
--: 42703 9 column t.cname does not exist
select (t).cname from t
--: 42703 8 column t.cname does not exist
select t.cname from t
--: 42703 8 column u.full_name does not exist
select u.full_name from u
--: ok
select (row(1, 'x')::comp).f1
--: fails 42703 20 column "nope" not found in data type comp
select (row(1, 'x')::comp).nope
--: ok
select (row(1, 'x')::dcomp).f1
--: fails 42703 20 column "nope" not found in data type dcomp
select (row(1, 'x')::dcomp).nope
--: ok
select (null::comp).f1, (null::t).id, (null::u).tt.cc.f1
--: 42703 9 column "nope" not found in data type comp
select (null::comp).nope
--: 42703 9 column "nope" not found in data type t
select (null::t).nope
--: 42703 9 column "nope" not found in data type comp
select (null::u).tt.cc.nope
--: ok
select ($1::comp).f1
--: 42703 9 column "nope" not found in data type comp
select ($1::comp).nope
--: other 42809 9 column notation .nope applied to type unknown, which is not a composite type
select ($1).nope
--: ok
select ($1::comp[])[1].f1
--: fails 42703 9 column "nope" not found in data type comp
select ($1::comp[])[1].nope
--: ok
select (array[row(1, 'x')::comp])[1].f1
--: fails 42703 9 column "nope" not found in data type comp
select (array[row(1, 'x')::comp])[1].nope
--: ok
select (array[cc])[1].f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (array[cc])[1].nope from t
--: ok
select (case when true then cc end).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (case when true then cc end).nope from t
--: ok
select (coalesce(cc, cc)).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (coalesce(cc, cc)).nope from t
--: other 42804 22 COALESCE types comp and record cannot be matched
select (coalesce(cc, row(1, 'x'))).nope from t
--: fails 42703 9 column "nope" not found in data type comp
select (greatest(cc, cc)).nope from t
--: ok
select ((select cc from t limit 1)).f1
--: 42703 8 column "nope" not found in data type comp
select ((select cc from t limit 1)).nope
--: ok
select (select cc from t limit 1).f1
--: ok
select ((select t from t limit 1)).id
--: 42703 8 column "nope" not found in data type t
select ((select t from t limit 1)).nope
--: ok
select (array(select cc from t))[1].f1
--: fails 42703 9 column "nope" not found in data type comp
select (array(select cc from t))[1].nope
--: other 42883 9 function max(comp) does not exist
select (max(cc)).f1 from t
--: ok
select (first_value(cc) over ()).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (first_value(cc) over ()).nope from t
--: ok
select (lag(t) over ()).id from t
--: ok
select (unnest(ccs)).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (unnest(ccs)).nope from t
--: ok
select (unnest(ccs)).* from t
--: ok
select (cc).*, (t).*, (fcomp(1)).* from t
--: ok
select s.f1 from (select (cc).* from t) s
--: fails 42703 8 column s.nope does not exist
select s.nope from (select (cc).* from t) s
--: ok
select s.f1, s.f2 from (select (unnest(ccs)).* from t) s
--: ok
select s.k, (s.c).f1 from (select (ftab()).*) s
--: other 42809 0 type integer is not composite
select (id).* from t
--: 42703 9 column "nope" does not exist
select (nope).* from t
--: 42P01 8 missing FROM-clause entry for table "nope"
select nope.* from t
--: 42703 9 column "nope" not found in data type comp
select (cc).nope.* from t
--: ok
select (nn).c.* from t
--: ok
select s.cc from (select t.* from t) s where (s.cc).f1 = 1
--: 42703 47 column "nope" not found in data type comp
select s.cc from (select t.* from t) s where (s.cc).nope = 1
--: ok
select (s).cc, (s.cc).f1, ((s).cc).f1, (s).cc.f1 from (select t.* from t) s
--: 42703 9 column "nope" not found in data type comp
select (s).cc.nope from (select t.* from t) s
--: ok
select (s.x).f1 from (select cc as x from t union select cc from t) s
--: fails 42703 9 column "nope" not found in data type comp
select (s.x).nope from (select cc as x from t union select cc from t) s
--: ok
select (v.cc).f1, (v.nn).c.f1, (v.ccs[1]).f1, (v.whole).id, (v.whole).cc.f1 from v
--: 42703 9 column "nope" not found in data type comp
select (v.cc).nope from v
--: 42703 9 column "nope" not found in data type t
select (v.whole).nope from v
--: ok
select (chi).extra, (chi.cc).f1, (par).cc.f1 from chi, par
--: 42703 9 column par.extra does not exist
select (par).extra from par
--: fails 42703 9 column "extra" not found in data type par
select (chi::par).extra from chi
--: ok
select (chi::par).cc.f1 from chi
--: ok
with w as (select cc, t as row_t from t) select (w.cc).f1, (w.row_t).id, (row_t).cc.f1 from w
--: 42703 50 column "nope" not found in data type comp
with w as (select cc, t as row_t from t) select (w.cc).nope from w
--: 42703 50 column "nope" not found in data type t
with w as (select cc, t as row_t from t) select (w.row_t).nope from w
--: 42703 61 column w.nope does not exist
with w as (select cc, t as row_t from t) select (w).row_t, (w).nope from w
--: ok
with recursive w(x) as (select cc from t union all select x from w) select (x).f1 from w
--: fails 42703 77 column "nope" not found in data type comp
with recursive w(x) as (select cc from t union all select x from w) select (x).nope from w
--: other 42809 9 column notation .f1 applied to type integer, which is not a composite type
select (x.y).f1 from unnest(array[row(1, 'x')::comp]) as x(y)
--: ok
select x.f1, x.f2 from t, unnest(t.ccs) x
--: fails 42703 8 column x.nope does not exist
select x.nope from t, unnest(t.ccs) x
--: ok
select x from t, unnest(t.hs) x
--: ok
select x.x from t, unnest(t.hs) x
--: ok
select x.f1 from t, unnest(t.ccs) as x(f1, f2)
--: ok
select x.a, x.b from t, unnest(t.ccs) as x(a, b)
--: fails 42703 8 column x.f1 does not exist
select x.f1 from t, unnest(t.ccs) as x(a, b)
--: ok
select x.a, x.o from t, unnest(t.ccs) with ordinality as x(a, b, o)
--: ok
select x.f1, x.ordinality from t, unnest(t.ccs) with ordinality as x
--: ok
select x.id, x.cc from jsonb_populate_recordset(null::t, '[]') x
--: fails 42703 8 column x.nope does not exist
select x.nope from jsonb_populate_recordset(null::t, '[]') x
--: ok
select (x.cc).f1 from jsonb_populate_record(null::t, '{}') x
--: ok
select (jsonb_populate_record(null::t, '{}')).id
--: fails 42703 9 column "nope" not found in data type t
select (jsonb_populate_record(null::t, '{}')).nope
--: ok
update t set cc.f1 = 1, cc.f2 = 'x', nn.c.f1 = 2, ccs[1].f1 = 3, nn.cs[1].f2 = 'x'
--: 42703 14 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
update t set cc.nope = 1
--: fails 42703 14 cannot assign to field "nope" of column "c" because there is no such column in data type comp
update t set nn.c.nope = 1
--: 42703 14 cannot assign to field "nope" of column "nn" because there is no such column in data type nest
update t set nn.nope.f1 = 1
--: fails 42703 14 cannot assign to field "nope" of column "ccs" because there is no such column in data type comp
update t set ccs[1].nope = 1
--: 42703 18 column "nope" does not exist
update t set ccs[nope].f1 = 1
--: fails 42703 14 cannot assign to field "nope" of column "cs" because there is no such column in data type comp
update t set nn.cs[1].nope = 1
--: ok
update t set dc.f1 = 1, ddc.f2 = 'x'
--: 42703 14 cannot assign to field "nope" of column "dc" because there is no such column in data type dcomp
update t set dc.nope = 1
--: other 42804 14 cannot assign to field "nope" of column "id" because its type integer is not a composite type
update t set id.nope = 1
--: ok
update t set j['a'] = '1', j['a']['b'] = '2', hs[1:2] = '{1,2}'
--: 42703 16 column "nope" does not exist
update t set j[nope] = '1'
--: other 42804 14 cannot assign to field "a" of column "j" because its type jsonb is not a composite type
update t set j.a = '1'
--: 42703 22 column "nope" does not exist
update t set hs[1] = nope
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope[1] = 1
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope.f1 = 1
--: ok
update t set (cc.f1, cc.f2) = (1, 'x')
--: fails 42703 22 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
update t set (cc.f1, cc.nope) = (1, 'x')
--: fails 42703 19 column "nope" of relation "t" does not exist
update t set (cc, nope) = (select cc, 1 from t)
--: other 42804 38 column "dc" is of type dcomp but expression is of type integer
update t set cc = row(1, 'x'), dc = (t.cc).f1
--: 42703 27 column "nope" not found in data type comp
update t set cc = row(1, (cc).nope)
--: ok
insert into t (cc.f1, cc.f2, ccs[1].f1, j['a']) values (1, 'x', 2, '3')
--: fails 42703 16 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
insert into t (cc.nope) values (1)
--: 42703 16 column "nope" of relation "t" does not exist
insert into t (nope.f1) values (1)
--: fails 42703 16 cannot assign to field "nope" of column "c" because there is no such column in data type comp
insert into t (nn.c.nope) values (1)
--: ok
insert into t (nn.c.f1, nn.n) values (1, 2)
--: fails 42703 16 cannot assign to field "nope" of column "ccs" because there is no such column in data type comp
insert into t (ccs[1].nope) values (1)
--: fails 42703 20 column "nope" does not exist
insert into t (ccs[nope].f1) values (1)
--: ok
insert into t (hs[1], hs[2]) values (1, 2)
--: ok
insert into u (tt.cc.f1, tt.name) values (1, 'x')
--: fails 42703 16 cannot assign to field "nope" of column "tt" because there is no such column in data type t
insert into u (tt.nope) values (1)
--: fails 42703 16 cannot assign to field "nope" of column "cc" because there is no such column in data type comp
insert into u (ts[1].cc.nope) values (1)
--: ok
insert into t (id) values (1) returning (cc).f1, (t).cc.f1
--: 42703 42 column "nope" not found in data type comp
insert into t (id) values (1) returning (cc).nope
--: 42703 42 column t.nope does not exist
insert into t (id) values (1) returning (t).nope
--: ok
select (m[1][2]).f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (m[1][2]).nope from t
--: ok undecided
select t.full_name, (t).full_name, full_name(t) from t
--: ok undecided
select (t.cc).cname, (cc).cname from t
--: ok undecided
select t.anyone, (t.cc).anyone, (id).anyone from t
--: ok undecided
select (u.tt).full_name from u
--: ok
select (row(1, 'x')).f1
--: 42703 9 could not identify column "nope" in record data type
select (row(1, 'x')).nope
--: 42703 14 column "nope" not found in data type t
select (cast(null as t)).nope
--: ok undecided
select (coalesce(cc, dc)).f1 from t
--: ok
select (array_agg(cc))[1].f1 from t
--: fails 42703 9 column "nope" not found in data type comp
select (array_agg(cc))[1].nope from t
--: ok
select (array_agg(t))[1].name from t
--: fails 42703 9 column "nope" not found in data type t
select (array_agg(t))[1].nope from t
--: ok undecided
select (x.y).f1 from (values ((row(1, 'x'))::comp)) as x(y)
