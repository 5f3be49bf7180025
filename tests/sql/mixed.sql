-- Statements as applications and ORMs make them; each is also the start of many mutations (tests/oracle/mutate_cases.py).
create type mood as enum ('sad', 'ok');
create type address as (street text, zip text);
create table customers (id int primary key, name text not null, email varchar(200), feels mood, home address, tags text[],
    since timestamptz default now(), extra jsonb, parent_id int);
create table orders (id bigint primary key, customer_id int references customers, total numeric(10, 2), note text, placed date);
create table items (order_id bigint, sku text, amount int, primary key (order_id, sku));
create view rich as select c.id, c.name, sum(o.total) as spent from customers c join orders o on o.customer_id = c.id group by c.id;
create function recent(n int) returns table (id int, label text) language sql as 'select 1, ''x''';
create function pairs(out k int, out v text) returns setof record language sql as 'select 1, ''x''';
--: ok
SELECT "customers"."id" AS t0_r0, "customers"."name" AS t0_r1, "orders"."id" AS t1_r0 FROM "customers" LEFT OUTER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "customers"."email" = $1 ORDER BY "customers"."since" DESC LIMIT $2
--: ok
SELECT "public"."customers"."id", "public"."customers"."email" FROM "public"."customers" WHERE ("public"."customers"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
--: ok
INSERT INTO "public"."customers" ("id","name","email") VALUES ($1,$2,$3) RETURNING "public"."customers"."id"
--: fails 23502 0 null value in column "id" of relation "customers" violates not-null constraint
insert into "customers" ("id", "name", "since") values (default, $1, default), ($2, $3, default) on conflict ("id") do update set "name" = excluded."name", "email" = coalesce(excluded.email, customers.email) where customers.name is distinct from excluded.name returning "id", "name"
--: ok
select c.*, o.n from customers c cross join lateral (select count(*) as n from orders where customer_id = c.id) o where o.n > 1 order by n, c.id
--: ok
select c.id, json_agg(json_build_object('id', o.id, 'items', i.list)) from customers c left join orders o on o.customer_id = c.id left join lateral (select json_agg(x) as list from (select sku, amount from items where order_id = o.id order by sku) x) i on true group by c.id
--: ok
with totals as (select customer_id, sum(total) as total from orders group by customer_id), top as (select customer_id from totals where total > (select avg(total) from totals)) select c.name, t.total from customers c join totals t on t.customer_id = c.id where c.id in (select customer_id from top)
--: ok
with recursive tree(id, parent_id, depth) as (select id, parent_id, 0 from customers where parent_id is null union all select c.id, c.parent_id, t.depth + 1 from customers c join tree t on c.parent_id = t.id) select tree.id, depth from tree order by depth, id
--: ok
with moved as (delete from orders o using customers c where c.id = o.customer_id and c.name = $1 returning o.*, c.email), logged as (insert into items (order_id, sku, amount) select id, note, 1 from moved returning order_id) select m.email, l.order_id from moved m left join logged l on l.order_id = m.id
--: ok
update customers as c set name = o.note, home.street = 'x', tags[1] = 'y', (email, parent_id) = (select note, customer_id from orders where id = c.id) from orders o where o.customer_id = c.id and exists (select 1 from items i where i.order_id = o.id and i.sku = c.name) returning c.id, o.total, (c.home).zip
--: ok
delete from items i where i.order_id in (select o.id from orders o left join customers c on c.id = o.customer_id where c.id is null) returning i.sku, amount
--: ok
select id, rank() over w as place, sum(total) over (partition by customer_id order by placed rows between 1 preceding and current row) as running, lag(total) over w from orders window w as (partition by customer_id order by total desc nulls last)
--: ok
select customer_id, placed, sum(total) as sum, grouping(customer_id, placed) from orders group by grouping sets ((customer_id, placed), (customer_id), ()) having sum(total) > 0 order by sum, 1 nulls first
--: ok
select distinct on (customer_id) customer_id as who, id, total from orders order by customer_id, placed desc, total
--: ok
select id, name from customers where email is null union all (select id::int, note from orders order by placed limit 3) except select customer_id, note from orders where total > 5 order by name, 1 limit 10
--: ok
select x.id, x.label, p.k, p.v, g.n, u.tag, u.at from recent(3) x join pairs() p on p.k = x.id cross join generate_series(1, x.id) as g(n), customers c, unnest(c.tags) with ordinality as u(tag, at)
--: ok
select e.key, e.value, (e).key, j.value ->> 'a', r.a, r.b from customers c, jsonb_each(c.extra) e, jsonb_array_elements(c.extra) as j, jsonb_to_recordset(c.extra) as r(a int, b text)
--: ok
select c, o, c.home, (c.home).street, (o).total, row(c.*, o.id), c is null from customers c join orders o on (c.id, o.total) = (o.customer_id, 1)
--: ok
select s.id, s.name, s.count, s.lower, s.case, s.coalesce, s.max from (select id, name, count(*), lower(name), case when id > 1 then 2 end, coalesce(email, 'x'), (select max(total) from orders) from customers group by id) s
--: ok
select * from customers c natural join (select id, total from orders) o join items i on i.order_id = o.id where i.amount = any ($1) and c.name like $2 and c.tags @> array['x'] and c.extra -> 'a' is not null
--: ok
select k.spent, j.* from rich k join (customers c join orders o using (id)) as j(id, name) using (id) where j.name = k.name
--: ok
merge into items t using (select o.id, o.note, c.name from orders o join customers c on c.id = o.customer_id) s on t.order_id = s.id and t.sku = s.note when matched and s.name = 'x' then delete when matched then update set amount = t.amount + 1, sku = s.note when not matched and s.id > 0 then insert (order_id, sku) values (s.id, s.note) when not matched then do nothing
--: ok
select (select string_agg(i.sku, ',' order by i.amount desc) filter (where i.amount > 0) from items i where i.order_id = o.id) as skus, exists (select from items where order_id = o.id and amount > o.total), array(select sku from items where order_id = o.id order by amount) from orders o order by skus
--: ok
select coalesce(c.id, o.customer_id) as id, ctid is null from (select id, tableoid as t from customers) c full join lateral (select customer_id from orders) o on o.customer_id = c.id, items order by id
--: ok
select 1 from customers c where (select count(*) from (select o.id from orders o where o.customer_id = c.id group by o.id having max(o.total) > c.parent_id) q where q.id <> c.id) > 0 for update of c
--: ok
values (1, 'a'), (2, 'b') order by column2 desc limit 1
--: ok
select n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) from pg_catalog.pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace where a.attnum > 0 and not a.attisdropped and n.nspname = any (current_schemas(false)) order by 1, 2, a.attnum
