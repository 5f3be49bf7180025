-- Which relation a name means: path, schemas without USAGE, pg_catalog, "$user".
do $$ begin create role app login; exception when duplicate_object then null; end $$;
create schema app;
create schema tenant;
create schema secret;
revoke all on schema secret from public;
grant usage on schema app, tenant to app;
create table tenant.orders (id int, total int);
create table public.orders (id int, confirmed_at timestamptz);
create table app.mine (id int);
create table secret.hidden (id int);
create table secret.orders (id int, hidden int);
create table public.pg_class (id int);
create table tenant.only_here (id int);
--: as app path $user, secret, tenant, nosuch, public
--: ok
select id from mine
--: ok
select total from orders
--: 42703 8 column "confirmed_at" does not exist
select confirmed_at from orders
--: 42703 8 column "hidden" does not exist
select hidden from orders
--: ok
select relname from pg_class
--: 42703 8 column "id" does not exist
select id from pg_class
--: 42P01 15 relation "hidden" does not exist
select * from hidden
--: other 42501 15 permission denied for schema secret
select * from secret.hidden
--: other 42501 15 permission denied for schema secret
select * from secret.nope
--: ok
select id from only_here
--: ok
select id from public.pg_class
--: 42P01 15 relation "nope" does not exist
select * from nope
--: other 0A000 15 cross-database references are not implemented: "nodb.public.orders"
select * from nodb.public.orders
