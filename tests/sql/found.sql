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
