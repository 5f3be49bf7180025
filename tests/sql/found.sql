-- Disagreements that the oracles at length found, each with the oracle's name.
create table t (id int, name text);
-- case files, mutated: PREPARE looks up its types before anything else
--: 42704 12 type "nope" does not exist
prepare p (nope) as select zz_nope from t
--: 42704 17 type "nope" does not exist
prepare p (int, nope, zz_nope) as select id from zz_nope
--: 42703 33 column "zz_nope" does not exist
prepare p (int, text) as select zz_nope from t where id = $1
--: ok
prepare p (int, text[], varchar(10)) as select name from t where id = $1 and name = any ($2) or name = $3
-- case files, mutated: no system column but tableoid in a WHEN's condition
--: ok
merge into t using (select 1 as x) s on t.id = s.x when matched and t.tableoid is not null then delete
--: other 42P10 69 cannot use system column "ctid" in MERGE WHEN condition
merge into t using (select 1 as x) s on t.id = s.x when matched and t.ctid is null and nope then delete
--: other 42P10 68 cannot use system column "xmax" in MERGE WHEN condition
merge into t using t as s on t.id = s.id when matched and t.name = xmax then delete
-- schema changes: PREPARE's parameters have their types
--: other 42883 48 operator does not exist: text = integer
prepare p (int) as select id from t where name = $1 and nope = 2
-- case files, mutated: the source of SET (a, b) is a row or a sub-select, else it is refused before its names
--: 42703 41 column "nope" does not exist
update t set (id, name) = row(1, 'x' || nope)
--: 42703 39 column "nope" does not exist
update t set (id, name) = (select id, nope from t)
--: other 0A000 27 source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression
update t set (id, name) = lower(nope)
--: other 0A000 27 source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression
update t set (id, name) = nope
-- few names: the server's hint looks into the arms of a UNION too, and falls over a column that is there twice
--: other 42702 62 column reference "x" is ambiguous
select id as x, name as x from t union all select 1, (select x)
-- few names: a USING alias is one of the names of MERGE's source
--: other 42712 0 name "t" specified more than once
merge into t using t a left join t b using (id) as t on nope is null when matched then delete
