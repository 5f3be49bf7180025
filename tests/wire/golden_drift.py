"""The drift whose explanations golden/ keeps: a schema, changes of it, and what is asked then. For test_golden.py."""

from wire import SYNC, bind, describe, execute, parse

SCHEMA = """
create table leads (id int primary key, user_email text, phone text, amount numeric);
create table orders (id int primary key, lead_id int, created_on date, confirmed_on date);
create table renamed_away (id int); create table moved_away (id int); create table dropped (id int);
create table "Odd name" ("Odd column" int); create table "Größe" ("Länge" int); create table single (only_one int);
create schema aside; create table aside.elsewhere (id int); create schema hidden; create table hidden.unseen (id int);
create type status as enum ('new', 'paid', 'it''s shipped'); create type letter as enum ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k');
create table bills (id int primary key, state status, initial letter, note text, required text not null default 'x');
create table customers (id int primary key, email text, tenant int, name text);
create unique index on customers (tenant, lower(email)); create unique index on customers (name) where tenant = 1;
create table needy (id int, must text not null); create table computed (id int, twice int generated always as (id * 2) stored);
create table typed (amount text, code varchar(20)); create table prepared (a int, b text);
create function fee(int, numeric[]) returns int language sql as 'select 1'; create function lists() returns table (a int) language sql as 'select 1';
create schema billing; create function billing.tax(int) returns int language sql as 'select 1'; create type billing.currency as enum ('EUR');
grant select on all tables in schema public to guest;
"""
# Through the guard, so that it knows what became of the names.
CHANGES = ("alter table leads rename user_email to contact_email", "alter table leads drop phone", "alter table renamed_away rename to renamed",
           "alter table moved_away set schema aside", "drop table dropped", 'alter table "Odd name" rename "Odd column" to "even Odder"')
PREPARED = parse("select * from prepared", "p") + SYNC
EXECUTED = bind(statement="p") + execute() + SYNC
# (title, user, statements or messages)
EXPLAINED = (
    ("a renamed column", "postgres", "select user_email from leads", "select id from leads where user_email = 'x' order by user_email"),
    ("a renamed column, by Parse", "postgres", parse("select user_email from leads where user_email = $1") + describe() + SYNC),
    ("names that must be quoted", "postgres", 'select "Odd column" from "Odd name"'),
    ("a dropped column", "postgres", "update leads set phone = 'x' where id = 1"),
    ("a column that never came", "postgres", "insert into leads (id, emial) values (1, 'x')", "select confirmed from orders", "select x from single"),
    ("a column that never came, and the server has a hint", "postgres", "select contact_emai from leads"),
    ("a column of none of several tables", "postgres", "select created_at from leads join orders on leads.id = lead_id",
     "select nope from leads a, orders b, single c, renamed d, aside.elsewhere e"),
    ("a column that no version of the system has", "postgres", "select relhasoids from pg_class", "select nope from pg_class, pg_attribute"),
    ("a renamed table", "postgres", "select id from renamed_away"),
    ("a moved table", "postgres", "select id from moved_away", "delete from public.moved_away"),
    ("a dropped table", "postgres", "select id from dropped"),
    ("a table that never came", "postgres", "select 1 from leed", "select 1 from public.leed", "copy leed from stdin"),
    ("a relation that no version of the system has", "postgres", "select 1 from pg_catalog.pg_nope"),
    ("a table of another schema", "postgres", "select id from elsewhere"),
    ("a table of a schema that the role may not use", "guest", "select id from unseen"),
    ("names that are not ASCII", "postgres", 'select "Lange" from "Größe"', 'select "Länger" from leads'),
    ("a label that its type lacks", "postgres", "insert into bills (id, state) values (1, 'refunded')", "select 1 from bills where initial = 'z'"),
    ("no index for ON CONFLICT", "postgres", "insert into customers (id) values (1) on conflict (email) do nothing"),
    ("a function that takes other arguments", "postgres", "select fee(1)"),
    ("a function that never came", "postgres", "select id from bills where public.rebate(id) > 1"),
    ("a function of another schema", "postgres", "select tax(1)"),
    ("a type that never came", "postgres", "select null::money_amount"),
    ("a type of another schema", "postgres", "select 'EUR'::currency"),
    ("a schema that never came", "postgres", "select biling.tax(1)"),
    ("no value for a column that must have one", "postgres", "insert into needy (id) values (1)"),
    ("NULL for a column that must have a value", "postgres", "insert into bills (id, required) values (1, null)"),
    ("a value for a generated column", "postgres", "insert into computed (id, twice) values (1, 2)"),
    ("a transaction goes on as the server has it", "postgres", "begin", "select user_email from leads", "select 1", "rollback"),
)


# The same, and the changes are among the statements.
CHANGED = (
    ("a column came, and must have a value", "alter table orders add tenant int not null", "insert into orders (id) values (7)"),
    ("a column became NOT NULL", "alter table customers alter name set not null", "insert into customers (id) values (7)"),
    ("a default went", "alter table bills alter required drop default", "insert into bills (id) values (7)"),
    ("a column went and came again", "alter table needy drop must, add must int not null", "insert into needy (id) values (7)"),
    ("a column is generated now", "alter table computed drop twice, add twice int generated always as (id * 3) stored",
     "insert into computed (id, twice) values (1, 2)"),
    ("a new column makes a name ambiguous", "alter table customers add note text", "select note from bills join customers using (id)"),
    ("a renamed column does", "alter table customers rename note to state", "select state from bills join customers using (id)"),
    ("a new table does", "create table lately (initial int)", "select initial from bills, lately"),
    ("a column of another type", "alter table typed alter amount type int using 1", "select 1 from typed where amount = 'x'::text",
     "insert into typed (amount) values ('twelve')"),
    ("a shorter type", "alter table typed alter code type varchar(3)", "insert into typed (code) values ('abcdef')"),
    ("a stale plan: a column came", PREPARED, "alter table prepared add c int", EXECUTED),
    ("a stale plan: a column has another name", PREPARED, "alter table prepared rename c to d", EXECUTED),
    ("a stale plan: a column is of another type", PREPARED, "alter table prepared alter d type text", EXECUTED),
    ("a stale plan: a column went", PREPARED, "alter table prepared drop d", EXECUTED),
    ("a stale plan, and nobody knows why", parse("select * from lists()", "p") + SYNC,
     "drop function lists(); create function lists() returns table (a int, b int) language sql as 'select 1, 2'", EXECUTED),
)
