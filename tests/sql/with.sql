-- WITH: plain, recursive, data-modifying, SEARCH and CYCLE.
create table t (id int, parent int, name text);
create table u (id int);
--: ok
with c as (select id from t) select id, c.id from c
--: 42703 37 column "name" does not exist
with c as (select id from t) select name from c
--: 42703 37 column c.name does not exist
with c as (select id from t) select c.name from c
--: ok
with c(x) as (select id from t) select x from c
--: 42703 40 column "id" does not exist
with c(x) as (select id from t) select id from c
--: ok
with t as (select 1 as one) select one from t
--: 42703 37 column "id" does not exist
with t as (select 1 as only) select id from t
--: ok
with t as (select 1 as only) select id from public.t
--: 42P01 26 relation "d" does not exist
with c as (select * from d), d as (select 1) select * from c
--: ok
with c as (select 1 as a), d as (select a from c) select a from d
--: ok
with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) select n from r
--: ok
with recursive r as (select id, parent from t union all select t.id, t.parent from t join r on r.id = t.parent) select id from r
--: 42703 89 column r.nope does not exist
with recursive r as (select id, parent from t union all select t.id, 1 from t join r on r.nope = t.parent) select id from r
--: ok
with r(n) as (select 1) select r from r
--: ok
with recursive c as (select * from d), d as (select 1 as one) select one from c
--: 42703 55 column "nope" does not exist
with recursive c as (select bad from d), d as (select nope from t) select one from c
--: ok
with recursive r(id, p) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) search depth first by id set ord select id, p, ord from r
--: ok
with recursive r(id, p) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) cycle id set is_c using path select id, is_c, path from r
--: fails 42703 155 column "ord" does not exist
with recursive r(id, p) as (select id, parent from t union all select t.id, t.parent from t, r where t.parent = r.id) cycle id set is_c using path select ord from r
--: ok
with i as (insert into u values (1) returning id) select id from i
--: 42703 58 column "name" does not exist
with i as (insert into u values (1) returning id) select name from i
--: other 0A000 53 WITH query "i" does not have a RETURNING clause
with i as (insert into u values (1)) select id from i
--: ok
with d as (delete from t returning *) insert into u select id from d
--: ok
select * from (with c as (select 1 as x) select x from c) s where exists (select 1 from u where u.id = s.x)
--: ok
with c as (select 1 as a) select (select a from c), (with c as (select 2 as b) select b from c)
--: ok
with c as (select 1 as a) update t set id = c.a from c
--: 42P01 13 relation "c" does not exist
insert into c values (1)
--: 42703 50 column "x" does not exist
with c as (select 1 as a) select 1 union (select x from (select * from c) q) union select * from public.c
--: ok
with a as (select 1 as x), b as (select x from a union select 2) select * from b order by x
--: ok
with recursive w as (with c as (select 1 as n) select n from c union all select n + 1 from w) select n from w
--: other 42P19 76 recursive reference to query "r" must not appear more than once
with recursive r(id) as (select id from nope union all select r.id from r, r q) select id from r
