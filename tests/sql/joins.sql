-- Joins in joins, merged columns, and how far sideways and outwards a name is seen.
create table a (id int, x int, y text);
create table b (id int, z int, y text);
create table c (id int, x int, w int);
create table d (k int, "Mixed Case" int, "with.dot" int, "quo""te" int);
create table e ();
create schema s1;
create table s1.a (id int, extra int);
create function f(int) returns setof a language sql as 'select * from a';
--: ok
select id, y, x, z, w from a natural join b natural join c
--: ok
select id from a natural join b natural join c natural join d
--: 42702 18 column reference "x" is ambiguous
select a.x, c.x, x from a join b using (id) join c using (id)
--: ok
select id, a.id, b.id, c.id from a join b using (id) join c using (id)
--: ok
select id from (a join b using (id)) join c using (id)
--: ok
select id from a join (b join c using (id)) using (id)
--: 42702 0 common column name "id" appears more than once in right table
select id from a join (b join c on true) using (id)
--: 42702 0 common column name "id" appears more than once in left table
select id from a join b on true join c using (id)
--: ok
select j.id, j.y from (a join b using (id, y)) j
--: ok
select j.* , a.x from a join b using (id) as j
--: ok
select j.id, k.id from a join b using (id) as j join c using (id) as k
--: 42703 8 column j.z does not exist
select j.z from a join b using (id) as j
--: ok
select j from a join b using (id) as j
--: ok
select (j).id from a join b using (id) as j
--: ok
select j from (a join b using (id)) as j
--: ok
select (j).x from (a join b using (id)) as j
--: 42703 9 column j.nope does not exist
select (j).nope from (a join b using (id)) as j
--: 42702 18 column reference "y" is ambiguous
select j.p, j.q, j.y from (a join b using (id)) as j(p, q)
--: 42P01 8 invalid reference to FROM-clause entry for table "a"
select a.id from (a join b using (id)) as j
--: 42703 8 column "id" does not exist
select id from (a join b using (id)) as j(p)
--: ok
select x from (a join b using (id)) as j(p)
--: 42702 8 column reference "p" is ambiguous
select p from (a join b using (id)) as j(p, p)
--: 42702 8 column reference "p" is ambiguous
select j.p from (a cross join b) as j(p, p)
--: 42702 8 column reference "id" is ambiguous
select id from (a cross join b) as j
--: 42702 13 column reference "id" is ambiguous
select q.p, q.id from ((a cross join b) as j(p) cross join c) as q
--: ok
select q.p from ((a cross join b) as j(p) cross join c) as q
--: 42P01 55 missing FROM-clause entry for table "c"
select 1 from a left join b on a.id = b.id and b.id = c.id left join c on true
--: 42P01 61 invalid reference to FROM-clause entry for table "a"
select 1 from a left join (b left join c on b.id = c.id and a.x = 1) on true
--: ok
select 1 from a left join (b left join c on b.id = c.id) on c.id = a.id and b.z = a.x
--: 42703 81 column b.nope does not exist
select 1 from a join b on b.id = a.id join c on c.id = a.id and c.x = b.z where b.nope = 1
--: 42703 27 column b.nope does not exist
select 1 from a join b on b.nope = a.id join c on c.nope = a.id
--: 42703 34 column a.nope does not exist
select 1 from a join b on b.id = a.nope
--: 42703 27 column "nope" does not exist
select 1 from a join b on nope = 1
--: 42703 27 column "w" does not exist
select 1 from a join b on w = 1 join c on true
--: 42702 27 column reference "y" is ambiguous
select 1 from a join b on y = 'x'
--: 42702 27 column reference "x" is ambiguous
select 1 from a join c on x = 1
--: 42P01 30 invalid reference to FROM-clause entry for table "a"
select 1 from a, b join c on a.id = c.id
--: ok
select 1 from a, b join c on y = 'x'
--: ok
select 1 from a, lateral (select * from b join c on a.id = c.id) q
--: ok
select 1 from a cross join lateral (select a.x union select b.z from b) q
--: 42703 44 column a.nope does not exist
select 1 from a cross join lateral (select a.nope union select 1) q
--: ok
select 1 from a left join lateral f(a.id) g on g.x = a.x
--: other 42P10 38 invalid reference to FROM-clause entry for table "a"
select 1 from a right join lateral f(a.id) g on true
--: other 42P10 29 invalid reference to FROM-clause entry for table "a"
select 1 from a full join f(a.id) g on true
--: ok
select 1 from a full join f(1) g on g.id = a.id
--: other 42P10 30 invalid reference to FROM-clause entry for table "a"
select 1 from a right join f(x) g on true
--: other 42P10 44 invalid reference to FROM-clause entry for table "a"
select 1 from a right join lateral (select x) g on true
--: ok
select 1 from (a right join b on true) left join lateral (select a.x, b.z) g on true
--: ok
select 1 from c, (a right join lateral (select c.x) g on true)
--: ok
select 1 from c, a right join lateral (select c.w) g on true
--: 42P01 31 missing FROM-clause entry for table "a"
select 1 from lateral (select a.x) g, a
--: 42703 23 column "x" does not exist
select 1 from (select x) g, a
--: 42P01 23 missing FROM-clause entry for table "a"
select 1 from (select a.x) g, a
--: 42P01 48 invalid reference to FROM-clause entry for table "a"
select 1 from a, (select 1 from b where b.id = a.id) q
--: 42703 45 column "x" does not exist
select 1 from a, (select 1 from b where z = x) q
--: ok
select 1 from a where exists (select 1 from b where exists (select 1 from c where c.id = a.id and c.x = b.z and w = z))
--: 42P01 90 missing FROM-clause entry for table "q"
select 1 from a where exists (select 1 from b where exists (select 1 from c where c.id = q.id))
--: 42703 31 column "nope" does not exist
select 1 from a where (select nope from b) = 1
--: ok
select 1 from a where (select x from b) = 1
--: 42703 31 column b.x does not exist
select 1 from a where (select b.x from b) = 1
--: ok
select (select a.id from b as a) from a
--: 42703 16 column a.x does not exist
select (select a.x from b as a) from a
--: ok
select (select a.z from b as a) from a
--: ok
select (select x from b as a) from a
--: 42P01 16 invalid reference to FROM-clause entry for table "a"
select (select a.x from b) from a as q
--: ok
select (select s1.a.extra from b) from a, s1.a
--: 42703 8 column a.x does not exist
select s1.a.x from a, s1.a
--: 42P09 8 table reference "a" is ambiguous
select a.x from a, s1.a
--: 42703 8 column a.x does not exist
select a.x from s1.a
--: 42P01 8 invalid reference to FROM-clause entry for table "a"
select public.a.x from s1.a
--: ok
select public.a.x from public.a, s1.a as q
--: ok
select a.extra from s1.a, b as q
--: ok
select extra from a, s1.a
--: ok
select "Mixed Case", "with.dot", d."quo""te" from d
--: 42703 8 column "mixed" does not exist
select mixed case from d
--: 42703 8 column "mixed case" does not exist
select "mixed case" from d
--: 42P01 8 missing FROM-clause entry for table "with"
select d."with"."dot" from d
--: 42P01 8 missing FROM-clause entry for table "with.dot"
select "with.dot".dot from d
--: 42703 8 column "quo"tes" does not exist
select "quo""tes" from d
--: ok
select 1 from e
--: ok
select e.* from e
--: ok
select * from e
--: ok
select e from e
--: 42703 8 column e.x does not exist
select e.x from e
--: 42703 8 column "x" does not exist
select x from e
--: ok
select count(e.*) from e
--: 42703 8 column e.id does not exist
select e.id from e, a
--: ok
select 1 from e natural join a
--: ok
select id from e natural join a
--: 42703 0 column "id" specified in USING clause does not exist in left table
select 1 from e join a using (id)
--: ok
select * from a, lateral (select a.*) q
--: ok
select q.x, q.id from a, lateral (select a.*) q
--: 42703 8 column q.nope does not exist
select q.nope from a, lateral (select a.*) q
--: 42P01 36 missing FROM-clause entry for table "q"
select q.* from a, lateral (select q.x) q
--: other 42712 0 table name "q" specified more than once
select 1 from a q, b q
--: ok
select q.id from a q, (b q join c on true) r
--: ok
select q.id, r.w from a q, (b q join c on true) r
--: 42703 8 column r.q does not exist
select r.q from a q, (b q join c on true) r
--: other 42712 0 table name "a" specified more than once
select 1 from a join a on true
--: ok
select 1 from a join s1.a on true
--: ok
select extra, y from public.a join s1.a on true
--: 42P09 8 table reference "a" is ambiguous
select a.extra, a.y from public.a join s1.a on true
--: ok
select x from (a join b using (id)) where a.x = 1 and b.z = 2
--: 42P01 45 invalid reference to FROM-clause entry for table "a"
select * from (a join b using (id)) q where a.x = 1
--: 42703 0 column "nope" specified in USING clause does not exist in left table
select 1 from a join b using (id, nope)
--: 42703 0 column "nope" specified in USING clause does not exist in left table
select 1 from a join b using (nope, id)
--: 42703 0 column "x" specified in USING clause does not exist in right table
select 1 from a join b using (x, z)
--: 42702 0 common column name "id" appears more than once in right table
select 1 from a join (b cross join c) using (id)
--: 42702 0 common column name "id" appears more than once in left table
select 1 from (b cross join c) join a using (id)
--: 42703 0 column "w" specified in USING clause does not exist in right table
select 1 from (b cross join c) join a using (w)
--: 42702 0 common column name "id" appears more than once in right table
select 1 from a natural join (b cross join c)
--: 42703 46 column "nope" does not exist
select 1 from a left join b using (id) where nope is null
--: ok
select id from a full join b using (id) where id = 1 order by id
--: 42703 12 column "nope" does not exist
select id, nope from a full join b using (id) where id = 1 order by id
--: 42703 0 column "ID" specified in USING clause does not exist in left table
select 1 from a join b using ("ID")
--: ok
select 1 from a join b using ("id")
--: 42703 0 column "k" specified in USING clause does not exist in left table
select 1 from a join d using (k)
--: other 42712 0 table name "a" specified more than once
select 1 from a join b using (id) as a
--: other 42712 0 table name "j" specified more than once
select 1 from a join b using (id) as j, c as j
--: 42703 49 column j.nope does not exist
select j.id from a join b using (id) as j where j.nope = 1
--: ok
select 1 from (a join b using (id) as j) q where q.id = 1
--: ok
select 1 from ((a join b using (id) as j)) where j.id = 1
--: ok
select 1 from (a join b using (id) as j) join c on c.id = j.id
--: 42703 59 column j.x does not exist
select 1 from (a join b using (id) as j) join c on c.id = j.x
--: ok
select id from a left join lateral (select b.z from b where b.id = a.id limit 1) q on true where q.z = 1
--: 42703 8 column q.y does not exist
select q.y from a left join lateral (select b.z from b where b.id = a.id limit 1) q on true
--: 42P01 67 missing FROM-clause entry for table "c"
select 1 from a left join lateral (select b.z from b where b.id = c.id limit 1) q on true
--: fails 42703 40 column "x" does not exist
select 1 from a tablesample bernoulli (x)
--: fails 42P01 43 invalid reference to FROM-clause entry for table "a"
select 1 from a, b tablesample bernoulli (a.x)
--: ok
select 1 from a, lateral (select 1 from b tablesample bernoulli (a.x)) q
--: 42703 27 column "nope" does not exist
select 1 from (values (1, nope)) v
--: 42703 30 column "x" does not exist
select 1 from a, (values (1, x)) v
--: 42703 46 column "nope" does not exist
select 1 from a, lateral (values (1, x), (2, nope)) v
--: 42703 19 column v.column3 does not exist
select v.column1, v.column3 from a, lateral (values (1, x), (2, id)) v
--: 42703 8 column "column1" does not exist
select column1 from (values (1), (2)) as v(column2)
--: ok
select column2 from (values (1), (2)) as v(column2)
--: ok
select v from (values (1), (2)) as v
--: ok
select (v).column1 from (values (1), (2)) as v
--: 42703 9 column v.column2 does not exist
select (v).column2 from (values (1), (2)) as v
--: ok
select t.a, b from (select 1, 2) as t(a, b)
--: 42703 13 column "c" does not exist
select t.a, c from (select 1, 2) as t(a, b)
--: ok
select t."?column?" from (select 1) t
--: 42702 8 column reference "?column?" is ambiguous
select "?column?" from (select 1, 2) t
--: 42702 8 column reference "id" is ambiguous
select t.id from (select a.id, b.id from a, b) t
--: 42703 8 column t.y does not exist
select t.y from (select a.id, b.id from a, b) t
--: ok
select id from (select a.*, c.x as x2 from a, c) t
--: 42702 8 column reference "x" is ambiguous
select x from (select * from a, c) t
--: 42703 12 column "w" does not exist
select x2, w from (select a.*, c.x as x2 from a, c) t
--: 42P01 55 relation "t" does not exist
select id from (select * from a) t, (select nope from t) u
--: 42P01 31 relation "nope" does not exist
select id from (select * from nope) t, (select nope from t) u
--: ok
select a.id from a a, b b
--: 42P01 8 invalid reference to FROM-clause entry for table "a"
select public.a.id from a a
--: ok
select public.a.id from public.a
--: other 0A000 8 cross-database references are not implemented: postgres.public.a.id
select postgres.public.a.id from public.a
--: other 0A000 8 cross-database references are not implemented: nodb.public.a.id
select nodb.public.a.id from public.a
--: 42703 9 could not identify column "x" in record data type
select (j).x from a join b using (id) as j
--: 42P01 50 missing FROM-clause entry for table "j"
select 1 from (a join b using (id) as j) q where j.id = 1
--: fails 42702 38 column reference "p" is ambiguous
select k.*, (select 1 from b k where k.p = 1) from a as k(p, p)
--: fails 42702 8 column reference "id" is ambiguous
select q.id, r.w from (select a.id, b.id from a, b) r, d q
--: fails 42P10 33 invalid reference to FROM-clause entry for table "k"
select 1 from (a k right join f(a.id) g on true)
--: fails 42712 0 table name "x" specified more than once
select 1 from a x, b, s1.a x where public.a.id = 1
--: fails 42703 23 column "nope" does not exist
select sum(1) over w, nope from a window w as (order by a.xmin)
--: fails 42883 59 could not identify an ordering operator for type xid
select (select sum(1) over w from a window w as (order by xmin)), nope from a
