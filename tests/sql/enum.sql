-- String literals that meet an enum: where the server converts them while it analyses, and where it does not.
create type mood as enum ('sad', 'ok', 'happy');
create domain dmood as mood;
create domain calm as dmood check (value::text <> 'sad');
create schema s; create type s.other as enum ('x'); create type "Q t" as enum ('q'); create type empty as enum ();
create table t (id int primary key, m mood, d dmood, c calm, o s.other, q "Q t", n empty, txt text, arr mood[]);
create table u (id int, m mood);
create view v as select * from t;
create function fm(mood) returns mood language sql as 'select $1';
-- Another operator or an implicit cast may take the literal for a text.
create type loose as enum ('a');
create cast (loose as text) with inout as implicit;
create type odd as enum ('a');
create function odd_is(odd, text) returns boolean language sql as 'select true';
create operator = (function = odd_is, leftarg = odd, rightarg = text);
create table w (l loose, x odd, m mood, t text, d dmood);

-- Comparisons.
--: 22P02 27 invalid input value for enum mood: "zz"
select 1 from t where m = 'zz'
--: ok
select 1 from t where m = 'ok'
--: 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' = m
--: 22P02 28 invalid input value for enum mood: "zz"
select 1 from t where m <> 'zz'
--: 22P02 28 invalid input value for enum mood: "zz"
select 1 from t where m != 'zz'
--: 22P02 27 invalid input value for enum mood: "zz"
select 1 from t where m < 'zz'
--: 22P02 28 invalid input value for enum mood: "OK"
select 1 from t where m >= 'OK'
--: 22P02 27 invalid input value for enum mood: ""
select 1 from t where m = ''
--: 22P02 28 invalid input value for enum mood: "zz"
select 1 from t where m = ('zz')
--: 22P02 29 invalid input value for enum mood: "zz"
select 1 from t where (m) = 'zz'
--: 22P02 27 invalid input value for enum mood: "z'z"
select 1 from t where m = E'z\'z'
--: 22P02 27 invalid input value for enum mood: "z"z"
select 1 from t where m = $$z"z$$
--: 22P02 27 invalid input value for enum mood: "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh"
select 1 from t where m = 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh'
--: other 42883 25 operator does not exist: mood ~ unknown
select 1 from t where m ~ 'zz'
--: other 42883 25 operator does not exist: mood ~~ unknown
select 1 from t where m like 'zz'
--: ok
select 1 from t where m || 'zz' = 'a'
--: other 42883 25 operator does not exist: mood = integer
select 1 from t where m = 1
--: other 42883 25 operator does not exist: mood = bit
select 1 from t where m = B'101'
--: other 42883 25 operator does not exist: mood = character
select 1 from t where m = N'ok'
--: other 42883 25 operator does not exist: mood = text
select 1 from t where m = 'zz'::text
--: ok
select 1 from t where m::text = 'zz'
--: other 22P02 48 invalid input value for enum mood: "zz"
select 1 from t where m operator(pg_catalog.=) 'zz'
--: other 22P02 27 invalid input value for enum mood: "zz"
select 1 from t where m = 'zz' collate "C"
--: 22P02 27 invalid input value for enum s.other: "zz"
select 1 from t where o = 'zz'
--: 22P02 27 invalid input value for enum "Q t": "zz"
select 1 from t where q = 'zz'
--: other 22P02 27 invalid input value for enum empty: "zz"
select 1 from t where n = 'zz'
--: other 42883 25 operator does not exist: mood = text
select 1 from t where m = (select 'zz')
--: 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' in (select m)
--: 42703 46 column "nope" does not exist
select 1 from t where 'ok' in (select m) and nope
--: other 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' = any (select m)
--: other 42883 25 operator does not exist: mood = text
select 1 from t where m in (select 'zz')
--: other 22P02 34 invalid input value for enum mood: "zz"
select 1 from t where (m, id) = ('zz', 1)
--: other 22P02 32 invalid input value for enum mood: "zz"
select 1 from t where m = any ('{ok,zz}')
--: other 42883 25 operator does not exist: mood = text
select 1 from t where m = any (array['ok', 'zz'])
--: other 22P02 29 invalid input value for enum mood: "zz"
select 1 from t where arr = '{zz}'

-- A domain over an enum is compared by no operator.
--: other 42883 25 operator does not exist: dmood = unknown
select 1 from t where d = 'zz'
--: other 42883 25 operator does not exist: dmood = mood
select 1 from t where d = m
--: other 42883 25 operator does not exist: dmood = unknown
select 1 from t where d in ('zz')
--: other 22P02 29 invalid input value for enum mood: "zz"
select 1 from t where d in ('zz', 'ok')
--: other 42883 8 operator does not exist: dmood = unknown
select nullif(d, 'zz') from t

-- Lists, ranges, IS DISTINCT FROM, NULLIF.
--: 22P02 29 invalid input value for enum mood: "zz"
select 1 from t where m in ('zz')
--: ok
select 1 from t where m in ('ok', 'sad')
--: 22P02 35 invalid input value for enum mood: "zz"
select 1 from t where m in ('ok', 'zz')
--: 22P02 38 invalid input value for enum mood: "zz"
select 1 from t where m in ('ok', m, 'zz')
--: fails 22P02 38 invalid input value for enum mood: "zz"
select 1 from t where m in ('ok', d, 'zz')
--: fails 42883 25 operator does not exist: mood = integer
select 1 from t where m in (1, 'zz')
--: fails 22P02 29 invalid input value for enum mood: "zz"
select 1 from t where m in ('zz', 1)
--: fails 22P02 34 invalid input value for enum mood: "zz"
select 1 from t where m in (txt, 'zz', 'ok')
--: fails 42883 25 operator does not exist: mood = text
select 1 from t where m in ('ok'::text, 'zz')
--: 22P02 35 invalid input value for enum mood: "zz"
select 1 from t where m in (null, 'zz')
--: 22P02 33 invalid input value for enum mood: "zz"
select 1 from t where m in ($1, 'zz')
--: 22P02 40 invalid input value for enum mood: "zz"
select 1 from t where m not in ('sad', 'zz')
--: fails 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' in (m, d)
--: fails 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' in (m, 'ok', 'sad')
--: ok
select 1 from t where 'ok' in (m, 'zz', 'sad')
--: fails 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' in ('a', 'b', m)
--: 22P02 33 invalid input value for enum mood: "zz"
select 1 from t where m between 'zz' and 'ok'
--: 22P02 42 invalid input value for enum mood: "zz"
select 1 from t where m between 'ok' and 'zz'
--: 22P02 56 invalid input value for enum mood: "zz"
select 1 from t where m not between symmetric 'ok' and 'zz'
--: 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' between m and m
--: ok
select 1 from t where 'ok' between m and 'zz'
--: 22P02 42 invalid input value for enum mood: "zz"
select 1 from t where m is distinct from 'zz'
--: 22P02 23 invalid input value for enum mood: "zz"
select 1 from t where 'zz' is not distinct from m
--: 22P02 18 invalid input value for enum mood: "zz"
select nullif(m, 'zz') from t
--: 22P02 15 invalid input value for enum mood: "zz"
select nullif('zz', m) from t

-- Alternatives take the type of the one that has it; without one they are text.
--: 22P02 20 invalid input value for enum mood: "zz"
select coalesce(m, 'zz') from t
--: 22P02 17 invalid input value for enum mood: "zz"
select coalesce('zz', m) from t
--: ok
select coalesce('ok', m) from t
--: 22P02 17 invalid input value for enum mood: "zz"
select coalesce('zz', 'ok', m, null, $1) from t
--: 22P02 20 invalid input value for enum mood: "zz"
select coalesce(d, 'zz') from t
--: other 22P02 17 invalid input value for enum mood: "zz"
select coalesce('zz', m, d) from t
--: other 42804 20 COALESCE types mood and text cannot be matched
select coalesce(m, txt, 'zz') from t
--: other 42804 26 COALESCE types mood and text cannot be matched
select coalesce('zz', m, txt) from t
--: 22P02 20 invalid input value for enum mood: "zz"
select greatest(m, 'zz') from t
--: 22P02 17 invalid input value for enum mood: "zz"
select array[m, 'zz'] from t
--: ok
select array[m, 'zz']::text[] from t
--: ok
select cast(array[array[m, 'zz']] as text[]) from t
--: 22P02 26 invalid input value for enum mood: "zz"
select array[coalesce(m, 'zz')]::text[] from t
--: other 22P02 17 invalid input value for enum mood: "zz"
select array[m, 'zz']::text from t
--: 22P02 35 invalid input value for enum mood: "zz"
select case when true then m else 'zz' end from t
--: 22P02 28 invalid input value for enum mood: "zz"
select case when true then 'zz' else m end from t
--: 22P02 56 invalid input value for enum mood: "zz"
select case when true then 'yy' when false then m else 'zz' end from t
--: fails 22P02 20 invalid input value for enum mood: "zz"
select case m when 'zz' then 1 end from t
--: other 42883 15 operator does not exist: dmood = unknown
select case d when 'zz' then 1 end from t
--: other 42883 18 operator does not exist: text = mood
select case 'zz' when m then 1 end from t
--: other 42804 18 column "m" is of type mood but expression is of type text
update t set m = coalesce('zz', null)
--: other 42804 18 column "m" is of type mood but expression is of type text
update t set m = case when id = 1 then 'ok' else 'zz' end
--: other 22P02 30 invalid input value for enum mood: "zz"
select m from t union select 'zz'

-- Casts.
--: 22P02 8 invalid input value for enum mood: "zz"
select 'zz'::mood
--: ok
select 'ok'::mood
--: 22P02 13 invalid input value for enum mood: "zz"
select cast('zz' as mood)
--: 22P02 13 invalid input value for enum mood: "zz"
select mood 'zz'
--: 22P02 8 invalid input value for enum mood: "zz"
select 'zz'::dmood
--: 22P02 8 invalid input value for enum mood: "zz"
select 'zz'::calm
--: ok
select 'sad'::calm
--: ok
select 'zz'::text::mood
--: 22P02 8 invalid input value for enum s.other: "zz"
select 'zz'::s.other
--: fails 42704 14 type "other" does not exist
select 'zz'::other
--: 22P02 8 invalid input value for enum "Q t": "zz"
select 'zz'::"Q t"
--: other 22P02 8 invalid input value for enum empty: "zz"
select 'zz'::empty
--: other 22P02 8 invalid input value for enum mood: "zz"
select '{zz}'::mood[]
--: 22P02 11 invalid input value for enum mood: "zz"
select ((('zz')))::mood

-- Columns keep their type through views, sub-selects, CTEs and functions; literals become text there.
--: 22P02 27 invalid input value for enum mood: "zz"
select 1 from v where m = 'zz'
--: 22P02 50 invalid input value for enum mood: "zz"
select 1 from (select m as k from t) x where k = 'zz'
--: fails 22P02 81 invalid input value for enum mood: "zz"
select 1 from (select distinct m as k from t union select m from t) x where k = 'zz'
--: 22P02 44 invalid input value for enum mood: "zz"
select 1 from t join u using (m) where m = 'zz'
--: 22P02 55 invalid input value for enum mood: "zz"
with x as (select m from t) select 1 from x where m = 'zz'
--: other 42883 57 operator does not exist: mood = text
with x as (select 'zz' as k) select 1 from x, t where m = k
--: fails 22P02 31 invalid input value for enum mood: "zz"
select 1 from t where fm(m) = 'zz'
--: other 22P02 11 invalid input value for enum mood: "zz"
select fm('zz')

-- INSERT.
--: 22P02 34 invalid input value for enum mood: "zz"
insert into t (id, m) values (2, 'zz')
--: 22P02 45 invalid input value for enum mood: "zz"
insert into t (id, m) values (2, 'ok'), (3, 'zz')
--: 22P02 26 invalid input value for enum mood: "zz"
insert into t values (1, 'zz')
--: 22P02 34 invalid input value for enum mood: "zz"
insert into t (id, d) values (2, 'zz')
--: ok
insert into t (id, c) values (2, 'sad')
--: other 22P02 36 invalid input value for enum mood: "zz"
insert into t (id, arr) values (2, '{zz}')
--: other 22P02 39 invalid input value for enum mood: "zz"
insert into t (id, arr[1]) values (2, 'zz')
--: 22P02 33 invalid input value for enum mood: "zz"
insert into t (id, m) select 2, 'zz'
--: 22P02 33 invalid input value for enum mood: "zz"
insert into t (id, m) select 2, 'zz' from t where false
--: other 42601 35 INSERT has more expressions than target columns
insert into t (id, m) select u.*, 'zz' from u
--: 22P02 30 invalid input value for enum mood: "zz"
insert into t (m, id) select 'zz', u.id from u
--: other 22P02 33 invalid input value for enum mood: "zz"
insert into t (id, m) select 2, 'zz' order by 1
--: other 42804 33 column "m" is of type mood but expression is of type text
insert into t (id, m) select 2, 'zz' order by 2
--: other 42804 42 column "m" is of type mood but expression is of type text
insert into t (id, m) select distinct 2, 'zz'
--: 22P02 33 invalid input value for enum mood: "zz"
insert into t (id, m) select 2, 'zz' limit 1
--: other 42804 33 column "m" is of type mood but expression is of type text
insert into t (id, m) select 2, 'zz' union select 3, 'ok'
--: 22P02 34 invalid input value for enum mood: "zz"
insert into t (id, m) (select 2, 'zz')
--: 22P02 54 invalid input value for enum mood: "zz"
insert into t (id, m) with x as (select 1) select 2, 'zz' from x
--: other 42804 0 column "m" is of type mood but expression is of type text
insert into t (id, m) values (2, 'zz') limit 1
--: fails 22P02 31 invalid input syntax for type integer: "x"
insert into t (id, m) values ('x', 'zz')
--: 22P02 31 invalid input value for enum mood: "zz"
insert into t (m, id) values ('zz', 'x')
--: fails 42601 40 INSERT has more expressions than target columns
insert into t (m, id) values ('zz', 1, 2)
--: fails 42601 19 INSERT has more target columns than expressions
insert into t (m, id) values ('zz')
--: 22P02 31 invalid input value for enum mood: "zz"
insert into t (m, id) values ('zz', 1), (nope, 2)
--: 42703 19 column "nope" of relation "t" does not exist
insert into t (m, nope) values ('zz', 1)
--: 22P02 31 invalid input value for enum mood: "zz"
insert into t (m, id) values ('zz', 1) on conflict (nope) do nothing
--: 22P02 31 invalid input value for enum mood: "zz"
insert into t (m, id) values ('zz', 1) returning nope
--: 22P02 27 invalid input value for enum mood: "zz"
insert into v (m) values ('zz')
--: 22P02 66 invalid input value for enum mood: "zz"
insert into t (id) values (1) on conflict (id) do update set m = 'zz', nope = 1
--: 42703 62 column "nope" of relation "t" does not exist
insert into t (id) values (1) on conflict (id) do update set nope = 1, m = 'zz'
--: 22P02 83 invalid input value for enum mood: "zz"
insert into t (id) values (1) on conflict (id) do update set m = 'ok' where t.m = 'zz'

-- UPDATE, DELETE, MERGE.
--: 22P02 18 invalid input value for enum mood: "zz"
update t set m = 'zz'
--: ok
update t set m = 'ok', d = 'sad'
--: 42703 29 column "nope" does not exist
update t set m = 'zz' where nope
--: 22P02 18 invalid input value for enum mood: "zz"
update t set m = 'zz', nope = 1
--: 42703 14 column "nope" of relation "t" does not exist
update t set nope = 1, m = 'zz'
--: 42703 33 column "nope" does not exist
update t set m = 'zz' returning nope
--: other 22P02 25 invalid input value for enum mood: "zz"
update t set (m, id) = ('zz', 1)
--: other 42804 35 column "m" is of type mood but expression is of type text
update t set (id, m) = (select 1, 'zz')
--: 22P02 18 invalid input value for enum mood: "zz"
update v set m = 'zz'
--: 22P02 25 invalid input value for enum mood: "zz"
delete from t where m = 'zz'
--: 22P02 85 invalid input value for enum mood: "zz"
merge into t using (select 1 as a) x on t.id = x.a when matched then update set m = 'zz'
--: 22P02 100 invalid input value for enum mood: "zz"
merge into t using (select 1 as a) x on t.id = x.a when not matched then insert (id, m) values (1, 'zz')
--: 22P02 62 invalid input value for enum mood: "zz"
merge into t using (select 1 as a) x on t.id = x.a and t.m = 'zz' when matched then delete

-- What a known label, NULL and parameters leave exact.
--: 42703 36 column "nope" does not exist
select 1 from t where m = 'ok' and nope
--: 42703 47 column "nope" does not exist
select 1 from t where m = $1 and m = null and nope
--: 42703 47 column "nope" does not exist
select 1 from t a join t b on a.m = b.m where nope
--: 42703 42 column "nope" does not exist
select 1 from t where m = 'ok'::mood and nope
--: 42703 38 column "nope" does not exist
select distinct m from t order by m, nope
--: 42703 23 column "nope" does not exist
select 1 from t where nope and m = 'zz'
--: 22P02 31 invalid input value for enum mood: "zz"
select 1 from t where not m = 'zz' and nope
--: 22P02 42 invalid input value for enum mood: "zz"
select 1 from t where txt = 'ok' and m = 'zz'
--: fails 22P02 44 invalid input value for enum mood: "zz"
select 1 from t where txt like 'o' and m = 'zz'
--: 22P02 35 invalid input value for enum mood: "zz"
explain select 1 from t where m = 'zz'
--: 22P02 40 invalid input value for enum mood: "zz"
prepare p as select 1 from t where m = 'zz'

-- Other operators and casts.
--: ok
select 1 from w where l = 'zz'
--: ok
select 1 from w where x = 'zz'
--: other 22P02 29 invalid input value for enum loose: "zz"
select 1 from w where l in ('zz', 'b')
--: 22P02 8 invalid input value for enum loose: "zz"
select 'zz'::loose
--: 22P02 27 invalid input value for enum odd: "zz"
insert into w (x) values ('zz')
--: 22P02 32 invalid input value for enum loose: "zz"
select 1 from w where array[l, 'zz'] is null

-- Parameters take the type that they first meet.
--: ok
select 1 from w where l = $1 and coalesce($1, 'zz') is null
--: ok
select 1 from w where x = $1 and coalesce($1, 'zz') is null
--: 22P02 47 invalid input value for enum mood: "zz"
select 1 from w where m = $1 and coalesce($1, 'zz') is null
--: 22P02 39 invalid input value for enum mood: "zz"
select 1 from w where m = $1 and $1 = 'zz'
--: other 42883 39 operator does not exist: mood = text
select 1 from w where $1 = 'zz' and m = $1
--: ok
select 1 from w where l = $1 and array[$1, 'zz'] is null
--: ok
select 1 from w where l = $1 and case when true then $1 else 'zz' end is null
--: other 42725 25 operator is not unique: loose = loose
select 1 from w where l in ($1, 'a') and coalesce($1, 'zz') is null
--: ok
select 1 from w where l between $1 and 'a' and coalesce($1, 'zz') is null
--: other 22P02 63 invalid input value for enum mood: "zz"
select 1 from w where coalesce(m, $1) = 'ok' and coalesce($1, 'zz') is null
--: other 22P02 64 invalid input value for enum mood: "zz"
select 1 from w where coalesce(d, $1) is null and coalesce($1, 'zz') is null
--: other 42883 25 operator does not exist: dmood = mood
select 1 from w where d in ($1, 'ok') and coalesce($1, 'zz') is null
--: other 22P02 62 invalid input value for enum mood: "zz"
select 1 from w where m is distinct from $1 and coalesce($1, 'zz') is null
--: ok
select 1 from w where nullif(l, $1) is null and coalesce($1, 'zz') is null
--: ok
select 1 from w where l <> $1 and $1 = 'zz'
--: 22P02 56 invalid input value for enum mood: "zz"
select 1 from w where $1::mood = 'ok' and coalesce($1, 'zz') is null
--: ok
select 1 from w where $1::text = 'ok' and coalesce($1, 'zz') is null
--: other 42883 36 operator does not exist: text = mood
select 1 from w where m = $1 and t = $1
--: 22P02 50 invalid input value for enum mood: "zz"
select 1 from w where m in ('ok', $1) and $1 in ('zz', 'b')
--: other 42P08 18 inconsistent types deduced for parameter $1
update w set m = $1, t = coalesce($1, 'zz')
--: other 42P08 18 inconsistent types deduced for parameter $1
update w set d = $1, t = coalesce($1, 'zz')
--: other 42P08 30 inconsistent types deduced for parameter $1
insert into w (m, t) values ($1, coalesce($1, 'zz'))
--: other 42804 50 column "m" is of type mood but expression is of type text
insert into w (t, m) values (coalesce($1, 'zz'), $1)
--: 22P02 46 invalid input value for enum mood: "zz"
insert into w (m) values ($1), (coalesce($1, 'zz'))
--: 22P02 46 invalid input value for enum loose: "zz"
insert into w (l) values ($1), (coalesce($1, 'zz'))
--: other 22P02 46 invalid input value for enum mood: "zz"
insert into w (d) values ($1), (coalesce($1, 'zz'))
--: ok
select 1 from w where l = any ($1) and coalesce($1[1], 'zz') is null
--: ok
select 1 from w where l = any ($1) and coalesce(($1)[1], 'zz') is null
--: fails 22P02 58 invalid input value for enum mood: "zz"
select 1 from w where m = any ($1) and coalesce(($1)[1], 'zz') is null
--: fails 42883 25 operator does not exist: dmood = unknown
select 1 from w where d = any ($1) and coalesce(($1)[1], 'zz') is null
--: other 22P02 59 invalid input value for enum odd: "zz"
select 1 from w where x <> all ($1) and coalesce(($1)[1], 'zz') is null
--: ok
select 1 from w where $1 in (select l) and coalesce($1, 'zz') is null
--: 22P02 57 invalid input value for enum mood: "zz"
select 1 from w where $1 in (select m) and coalesce($1, 'zz') is null
--: fails 42883 26 operator does not exist: text = mood
select 1 from w where $1 in (m, 'ok', 'sad') and coalesce($1, 'zz') is null
--: fails 42P08 23 inconsistent types deduced for parameter $1
select 1 from w where $1 in (m, 'ok') and coalesce($1, 'zz') is null
--: fails 22P02 62 invalid input value for enum mood: "zz"
select 1 from w where $1 between m and 'ok' and coalesce($1, 'zz') is null
--: other 42883 31 operator does not exist: text = mood
select 1 from w where case $1 when m then true end and coalesce($1, 'zz') is null
--: other 22P02 69 invalid input value for enum mood: "zz"
select 1 from w where case m when $1 then true end and coalesce($1, 'zz') is null
--: other 22P02 66 invalid input value for enum mood: "zz"
select 1 from w where $1 is not distinct from m and coalesce($1, 'zz') is null
--: other 22P02 57 invalid input value for enum mood: "zz"
select 1 from w where ($1, 1) = (m, 1) and coalesce($1, 'zz') is null
--: other 42883 25 operator does not exist: mood = text
select 1 from w where m = coalesce($1, null) and coalesce($1, 'zz') is null
--: other 42883 25 operator does not exist: mood = text
select 1 from w where m = (select $1) and coalesce($1, 'zz') is null
--: ok
select 1 from w where $1 = m::text and coalesce($1, 'zz') is null
--: 22P02 59 invalid input value for enum mood: "zz"
select 1 from w a join w b on a.m = $1 where coalesce($1, 'zz') is null
--: other 42883 42 operator does not exist: mood = text
select coalesce($1, 'zz') from w where m = $1
--: other 42883 51 operator does not exist: mood = text
select (select coalesce($1, 'zz')) from w where m = $1
--: 22P02 52 invalid input value for enum mood: "zz"
select 1 from w where m = $1 order by coalesce($1, 'zz')
--: 22P02 52 invalid input value for enum mood: "zz"
select 1 from w where m = $1 group by coalesce($1, 'zz')
--: 22P02 62 invalid input value for enum mood: "zz"
with c as (select 1 from w where m = $1) select coalesce($1, 'zz')
--: other 42883 60 operator does not exist: mood = text
insert into w (t) select coalesce($1, 'zz') from w where m = $1
--: other 42883 46 operator does not exist: mood = text
merge into w using (select $1 as k) s on w.m = s.k when matched then update set t = coalesce($1, 'zz')
--: 22P02 96 invalid input value for enum mood: "zz"
merge into w using (select 1 as k) s on w.m = $1 when matched then update set t = coalesce($1, 'zz')
--: 22P02 51 invalid input value for enum mood: "zz"
delete from w where m = $1 returning coalesce($1, 'zz')
--: 22P02 77 invalid input value for enum mood: "zz"
insert into w (m) values ($1) on conflict do nothing returning coalesce($1, 'zz')
