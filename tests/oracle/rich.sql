-- A schema with one of everything that names depend on, for statements that sqlsmith makes.
create schema shop;
create schema archive;
create type shop.mood as enum ('sad', 'ok', 'happy');
create type shop.address as (street text, zip text, at point);
create domain shop.positive as int check (value > 0);
create table shop.customers (id int primary key, name text not null, email varchar(200), feels shop.mood,
    home shop.address, tags text[], since timestamptz default now(), extra jsonb, gone int);
alter table shop.customers drop column gone;
create table shop.orders (id bigint primary key, customer_id int references shop.customers, total numeric(10, 2),
    note text, placed date, big boolean generated always as (total > 100) stored);
create table shop.events (id int, happened timestamptz, kind text) partition by range (id);
create table shop.events_1 partition of shop.events for values from (0) to (100);
create table shop.people (name text, age int);
create table shop.staff (salary int, manager text) inherits (shop.people);
create table archive.orders (id int, archived_at timestamptz, reason text);
create table "Quoted Name" ("Id" int, "select" text, "Größe" int);
create view shop.rich as select c.id, c.name, o.total from shop.customers c join shop.orders o on o.customer_id = c.id;
create materialized view shop.totals as select customer_id, sum(total) as total from shop.orders group by 1;
create sequence shop.numbers;
create function shop.twice(x int) returns int language sql immutable as 'select x * 2';
create function shop.pairs(out k int, out v text) returns setof record language sql as 'select 1, ''x''';
create function shop.recent(n int) returns table (id int, label text) language sql as 'select 1, ''x''';
create function shop.all_people() returns setof shop.people language sql as 'select * from shop.people';
create function shop.label(shop.people) returns text language sql as 'select $1.name';
insert into shop.customers values (1, 'a', 'a@b.c');
insert into shop.orders values (1, 1, 10, 'n', '2020-01-01');
