-- WITH in every form: order, recursion, SEARCH and CYCLE, queries that change data.
create table t (id int, parent int, name text);
create table u (id int, t_id int);
create view v as select id as vid from t;
create table log (at text, what int);
--: ok
with a as (select 1 as x), b as (select x + 1 as y from a), c as (select x, y from a, b) select x, y from c
--: fails 42703 67 column "z" does not exist
with a as (select 1 as x), b as (select x + 1 as y from a) select z from b
--: fails 42712 28 WITH query name "a" specified more than once
with a as (select 1 as x), a as (select 2 as y) select x from a
--: 42P01 26 relation "b" does not exist
with a as (select x from b), b as (select 1 as x) select x from a
--: 42P01 28 relation "b" does not exist
with a as (select b.x from b), b as (select 1 as x) select x from a
--: 42703 34 column a.y does not exist
with a as (select 1 as x) select a.y from a
--: 42P01 54 invalid reference to FROM-clause entry for table "a"
with a as (select 1 as x) select * from a as q where a.x = 1
--: ok
with a as (select 1 as x) select * from a as q where q.x = 1
--: ok
with a (p, q) as (select 1, 2) select p, q from a
--: 42703 39 column "column1" does not exist
with a (p, q) as (select 1, 2) select column1 from a
--: ok
with a (p) as (select 1 as one, 2 as two) select p, two from a
--: 42703 50 column "one" does not exist
with a (p) as (select 1 as one, 2 as two) select one from a
--: other 42P10 6 WITH query "a" has 2 columns available but 3 columns specified
with a (p, q, r) as (select 1, 2) select p from a
--: 42703 74 column "nope" does not exist
with a as materialized (select id from t), b as not materialized (select nope from a) select 1
--: ok
with a as (select 1) select "?column?" from a
--: 42702 32 column reference "?column?" is ambiguous
with a as (select 1, 2) select a."?column?" from a
--: 42702 41 column reference "id" is ambiguous
with a as (select id, id from t) select id from a
--: ok
with a as (select * from t) select id, name, a.parent from a
--: ok
with a as (select * from t, u) select name, t_id from a
--: 42702 39 column reference "id" is ambiguous
with a as (select * from t, u) select id from a
--: ok
with t as (select 1 as solo) select solo from t
--: 42703 43 column "id" does not exist
with t as (select 1 as solo) select solo, id from t
--: 42703 37 column "solo" does not exist
with t as (select 1 as solo) select solo from public.t
--: ok
with t as (select id from t) select id from t
--: 42703 19 column "nope" does not exist
with t as (select nope from t) select id from t
--: 42703 19 column "solo" does not exist
with t as (select solo from t), u as (select id from t) select 1
--: ok
with t as (select 1 as solo), x as (select solo from t) select solo from x
--: ok
with recursive t as (select 1 as solo), x as (select solo from t) select solo from x
--: ok
with v as (select 1 as a) select a from v
--: 42703 34 column "vid" does not exist
with v as (select 1 as a) select vid from v
--: 42703 41 column "relname" does not exist
with pg_class as (select 1 as a) select relname from pg_class
--: ok
with pg_class as (select 1 as a) select relname from pg_catalog.pg_class
--: 42P01 39 relation "a" does not exist
with a as (select 1 as x) insert into a values (1)
--: 42P01 34 relation "a" does not exist
with a as (select 1 as x) update a set x = 1
--: 42P01 39 relation "a" does not exist
with a as (select 1 as x) delete from a
--: ok
with t as (select 1 as x) insert into t (id) select x from t
--: ok
with t as (select 1 as x) delete from t using t as q where q.x = t.id
--: ok
with t as (select 1 as x) update t set id = q.x from t as q
--: 42703 45 column q.nope does not exist
with t as (select 1 as x) update t set id = q.nope from t as q
--: 42703 61 column "nope" does not exist
with a as (select 1 as x) select (select x from a), (select nope from a)
--: ok
with a as (select 1 as x) select 1 from t where exists (select 1 from a where a.x = t.id)
--: 42703 79 column a.y does not exist
with a as (select 1 as x) select 1 from t where exists (select 1 from a where a.y = t.id)
--: ok
with a as (select 1 as x) select * from (with a as (select 2 as y) select y from a) q, a
--: 42703 75 column "x" does not exist
with a as (select 1 as x) select * from (with a as (select 2 as y) select x from a) q, a
--: 42P01 72 relation "b" does not exist
with a as (with b as (select 1 as x) select x from b) select x from a, b
--: ok
with a as (with b as (select 1 as x) select x from b) select x from a
--: 42P01 42 missing FROM-clause entry for table "u"
with a as (select id from t where t.id = u.id) select 1 from u, a
--: ok
select 1 from u, lateral (with a as (select t.id from t where t.id = u.id) select id from a) q
--: 42703 70 column u.nope does not exist
select 1 from u, lateral (with a as (select t.id from t where t.id = u.nope) select id from a) q
--: ok
select (with a as (select u.id as x) select x from a) from u
--: 42703 27 column u.nope does not exist
select (with a as (select u.nope as x) select x from a) from u
--: 42703 59 column "y" does not exist
with a as (select 1 as x) (select x from a) union (select y from a)
--: 42703 56 column "y" does not exist
with a as (select 1 as x) select x from a union select y from a
--: 42P01 65 relation "a" does not exist
(with a as (select 1 as x) select x from a) union select x from a
--: ok
(with a as (select 1 as x) select x from a) union (with a as (select 2 as y) select y from a)
--: ok
with a as (values (1, 2)) select column1, column2 from a
--: 42703 34 column "column3" does not exist
with a as (values (1, 2)) select column3 from a
--: 42703 47 column "column1" does not exist
with a (x, y) as (values (1, 2)) select x, y, column1 from a
--: ok
with a as (table t) select id from a
--: ok
with recursive r(n) as (values (1) union all select n + 1 from r where n < 10) select n, r.n from r
--: 42703 53 column "m" does not exist
with recursive r(n) as (values (1) union all select m + 1 from r where n < 10) select n from r
--: ok
with recursive r as (select 1 as n union select n + 1 from r) select n from r
--: 42703 49 column "m" does not exist
with recursive r as (select 1 as n union select m + 1 from r) select n from r
--: 42703 49 column r.m does not exist
with recursive r as (select 1 as n union select r.m from r) select n from r
--: 42703 52 column "n" does not exist
with recursive r(a) as (select 1 as n union select n + 1 from r) select a from r
--: ok
with recursive r as (select id, parent, 1 as depth, array[id] as path from t where parent is null union all select t.id, t.parent, r.depth + 1, r.path || t.id from t join r on r.id = t.parent where not t.id = any (r.path)) select id, depth, path from r order by path
--: 42703 113 column r.level does not exist
with recursive r as (select id, parent, 1 as depth from t where parent is null union all select t.id, t.parent, r.level + 1 from t join r on r.id = t.parent) select id from r
--: 42703 29 column "nope" does not exist
with recursive r as (select nope from t union all select 1 from r) select 1
--: 42703 45 column "nope" does not exist
with recursive r as (select id from t where nope = 1 union all select id from r) select id from r
--: other 42P19 16 recursive query "r" does not have the form non-recursive-term UNION [ALL] recursive-term
with recursive r as (select id from r) select id from r
--: ok
with recursive r as (select id from t) select id from r
--: 42703 47 column "name" does not exist
with recursive r as (select id from t) select name from r
--: ok
with recursive r as (select id from t union all select r.id from r left join t on t.id = r.id) select id from r
--: other 42P19 78 recursive reference to query "r" must not appear within an outer join
with recursive r as (select id from t union all select t.id from t left join r on t.id = r.id) select id from r
--: other 42P19 72 recursive reference to query "r" must not appear within a subquery
with recursive r as (select id from t union all select (select id from r)) select id from r
--: other 42P19 88 recursive reference to query "r" must not appear more than once
with recursive r as (select id from t union all (select id from r union select id from r)) select id from r
--: other 42P19 56 aggregate functions are not allowed in a recursive query's recursive term
with recursive r as (select id from t union all select count(id)::int from r) select id from r
--: other 0A000 75 ORDER BY in a recursive query is not implemented
with recursive r as (select id from t union all select id from r order by id) select id from r
--: other 0A000 72 LIMIT in a recursive query is not implemented
with recursive r as (select id from t union all select id from r limit 1) select id from r
--: ok
with recursive a as (select x from b), b as (select 1 as x) select x from a
--: 42703 29 column "y" does not exist
with recursive a as (select y from b), b as (select 1 as x) select x from a
--: other 0A000 16 mutual recursion between WITH items is not implemented
with recursive a as (select x from b), b as (select x from a) select x from a
--: other 0A000 16 mutual recursion between WITH items is not implemented
with recursive a as (select x from b union select 1), b as (select x from a) select x from a
--: fails 42703 99 column "nope" does not exist
with recursive r as (select id from t union all select r.id from r), s as (select id from r where nope = 1) select id from s
--: fails 42703 109 column "nope" does not exist
with recursive s as (select id from r), r as (select id from t union all select r.id + 1 from r) select id, nope from s
--: ok
with recursive r as (with q as (select * from t) select id from q union all select r.id from r) select id from r
--: ok
with recursive r as (select id from t union all (with q as (select * from r) select id from q)) select id from r
--: fails 42703 85 column "nope" does not exist
with recursive r as (select id from t union all (with q as (select * from r) select nope from q)) select id from r
--: ok
with recursive r as (select 1 as id union all select r.id from r, lateral (select r.id as x) q where q.x < 3) select id from r
--: 42703 83 column r.nope does not exist
with recursive r as (select 1 as id union all select r.id from r, lateral (select r.nope as x) q where q.x < 3) select id from r
--: ok
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search breadth first by id, parent set seq select id, seq from r order by seq
--: other 42702 118 column reference "id" is ambiguous
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set id select id from r
--: ok
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id and seq is null) search depth first by id set seq select id from r
--: fails 42809 165 column notation .nope applied to type record[], which is not a composite type
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set seq select (seq).nope, nope from r
--: other XX000 0 CTE r does not have attribute 3
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search breadth first by id set seq select (seq)."*DEPTH*", (seq).id from r
--: ok
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) cycle id, parent set loops to 'y' default 'n' using trail select id, loops, trail from r where not loops = 'y'
--: fails 42703 218 column r.nope does not exist
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set seq cycle id set loops using trail select id, seq, loops, trail, r.nope from r
--: ok
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set seq cycle id set loops using trail select r.*, r.seq, r.loops, r.trail from r
--: fails 42703 164 column s.seq does not exist
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set seq select s.seq from (select * from r) s
--: fails 42703 164 column s.seq does not exist
with recursive r(id, parent) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set seq select s.seq from (select r.* from r) s
--: ok
with d as (delete from t where id = 1 returning id, name) select id, name from d
--: 42703 70 column "parent" does not exist
with d as (delete from t where id = 1 returning id, name) select id, parent from d
--: 42703 32 column "nope" does not exist
with d as (delete from t where nope = 1 returning id, name) select id, parent from d
--: ok
with d as (delete from t returning id as gone, t.*) select gone, id, name from d
--: ok
with d as (delete from t returning *, 1 as one), i as (insert into log (at, what) select name, one from d returning what) select what from i
--: 42703 90 column "nope" does not exist
with d as (delete from t returning *, 1 as one), i as (insert into log (at, what) select nope, one from d returning what) select what from i
--: 42703 77 column "nope" of relation "log" does not exist
with d as (delete from t returning *, 1 as one), i as (insert into log (at, nope) select name, one from d returning what) select what from i
--: ok
with d as (delete from t returning id), i as (insert into log (what) select id from d) select 1
--: other 0A000 64 WITH query "i" does not have a RETURNING clause
with i as (insert into log (what) values (1)) select what from i
--: ok
with i as (insert into log (what) values (1)) select 1
--: other 0A000 91 WITH query "i" does not have a RETURNING clause
with i as (insert into log (what) values (1)) select 1 from t where exists (select 1 from i)
--: ok
with i as (insert into log as l (what) values (1) returning l.what, l.at as stamp) select i.what, stamp from i
--: 42P01 61 invalid reference to FROM-clause entry for table "log"
with i as (insert into log as l (what) values (1) returning log.what) select i.what from i
--: ok
with i (p, q) as (insert into log (what) values (1) returning *) select p, q from i
--: 42703 73 column "at" does not exist
with i (p, q) as (insert into log (what) values (1) returning *) select at from i
--: ok
with up as (update t set name = 'x' where id = 1 returning t.id, name as was) select id, was from up
--: ok
with up as (update t set name = 'x' from u where u.id = t.id returning t.*, u.t_id) select name, t_id from up
--: 42702 89 column reference "id" is ambiguous
with up as (update t set name = 'x' from u where u.id = t.id returning t.*, u.*) select id from up
--: 42703 26 column "nope" of relation "t" does not exist
with up as (update t set nope = 'x' returning *) select id from up
--: 42703 47 column "nope" does not exist
with up as (update t set name = 'x' returning nope) select id from up
--: ok
with a as (select id from t), d as (delete from t using a where a.id = t.id returning a.id as aid) insert into log (what) select aid from d returning at
--: 42703 65 column a.nope does not exist
with a as (select id from t), d as (delete from t using a where a.nope = t.id returning a.id as aid) insert into log (what) select aid from d returning at
--: ok
with a as (select 1 as id) insert into t (id) select id from a on conflict do nothing returning id
--: 42P01 85 missing FROM-clause entry for table "a"
with a as (select 1 as id) insert into t (id) values ((select id from a)) returning a.id
--: 42703 63 column "nope" does not exist
with a as (select 1 as id) insert into t (id) values ((select nope from a))
--: 42703 54 column "nope" does not exist
with a as (select 1 as id) insert into t (id) select nope from a
--: ok
insert into t (id) with a as (select 1 as id) select id from a
--: 42703 54 column "nope" does not exist
insert into t (id) with a as (select 1 as id) select nope from a
--: ok
insert into t (id) (with a as (select 1 as id) select id from a) returning id
--: ok
with a as (select 1 as id) update t set id = (select id from a) where id in (select id from a)
--: 42P01 46 missing FROM-clause entry for table "a"
with a as (select 1 as id) update t set id = a.id
--: ok
with a as (select 1 as id) update t set id = a.id from a where a.id = t.parent
--: 42703 46 column a.nope does not exist
with a as (select 1 as id) update t set id = a.nope from a where a.id = t.parent
--: 42703 61 column "nope" does not exist
with a as (select 1 as id) delete from t where id = (select nope from a)
--: 42P01 53 missing FROM-clause entry for table "a"
with a as (select 1 as id) delete from t where id = a.id
--: ok
with x as (select 1 as id) merge into t using x on x.id = t.id when not matched then insert (id) values (x.id) when matched then update set name = x.id::text
--: 42703 52 column x.nope does not exist
with x as (select 1 as id) merge into t using x on x.nope = t.id when not matched then insert (id) values (x.id)
--: other 0A000 21 WITH clause containing a data-modifying statement must be at the top level
select * from (with d as (delete from t returning id) select id from d) q
--: ok
with a as (select 1 as x) select a from a
--: 42703 42 column a.y does not exist
with a as (select 1 as x) select (a).x, (a).y from a
--: ok
with a as (select 1 as x) select a.* , x from a group by a.x
--: 42703 34 column a.ctid does not exist
with a as (select 1 as x) select a.ctid from a
--: 42703 34 column "ctid" does not exist
with a as (select 1 as x) select ctid from a
--: ok
with a as (select t from t) select (t).id, (a.t).name from a
--: 42703 37 column "nope" not found in data type t
with a as (select t from t) select (t).nope from a
--: 42703 70 column b.nope does not exist
with a as (select t.* from t), b as (select a.* from a) select b.id, b.nope from b
--: ok
with a as (select 1 as x), b as (select * from a join t on t.id = a.x) select x, id, name from b
--: 42P01 82 missing FROM-clause entry for table "a"
with a as (select 1 as x), b as (select * from a join t on t.id = a.x) select x, a.x from b
--: 42703 0 column "x" specified in USING clause does not exist in right table
with a as (select 1 as x) select 1 from a join t using (x)
--: ok
with a as (select 1 as id) select name, id from a join t using (id)
--: ok
with a as (select 1 as id) select name, parent from a natural join t where a.id = 1
