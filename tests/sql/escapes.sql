-- Statements in ASCII whose escapes stand for characters that an encoding may lack: in UTF8 they are like any other.
create table t (id int, name text);
--: 42703 17 column "nope" does not exist
select E'\x41', nope from t
--: ok
select U&'\0041' from t where id = 1
--: ok
select U&"n\0061me" from t
