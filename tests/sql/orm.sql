-- Statements in the words of ORMs, drivers and tools: none may be undecided, and a missing name in each is foreseen.
create extension if not exists plpgsql;
create type status as enum ('draft', 'live');
create table "User" ("id" text primary key, "email" text unique, "createdAt" timestamp(3) not null default current_timestamp, "roleId" int);
create table "Post" ("id" serial primary key, "title" text, "authorId" text references "User", "status" status default 'draft', meta jsonb, tags text[], "deletedAt" timestamp);
create table "_PostToTag" ("A" int, "B" int);
create table django_users (id bigserial primary key, username varchar(150), is_active bool, date_joined timestamptz, last_login timestamptz, data jsonb);
create table django_orders (id bigserial primary key, user_id bigint references django_users, total numeric(10,2), created date, note text);
create table schema_migrations (version varchar primary key);
create table ar_internal_metadata (key varchar primary key, value varchar, created_at timestamp(6), updated_at timestamp(6));
create table alembic_version (version_num varchar(32));
create table products (id uuid primary key default gen_random_uuid(), name text, price numeric, attrs jsonb, search tsvector, created_at timestamptz default now(), category_id int, path text[]);
create table categories (id int primary key, parent_id int, name text, lft int, rgt int);
create table jobs (id bigserial primary key, queue text, run_at timestamptz, locked_at timestamptz, locked_by text, attempts int default 0, payload jsonb, state text);
create table events (id bigint, at timestamptz, kind text, user_id bigint, value float8) partition by range (at);
create table kv (k text primary key, v jsonb, ver int default 1);
--: ok
SELECT "public"."User"."id", "public"."User"."email", "public"."User"."createdAt" FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) LIMIT $2 OFFSET $3
--: 42703 30 column User.created_at does not exist
SELECT "public"."User"."id", "public"."User"."created_at" FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) LIMIT $2 OFFSET $3
--: ok
SELECT COUNT(*) FROM (SELECT "public"."Post"."id" FROM "public"."Post" LEFT JOIN "public"."User" AS "j0" ON ("j0"."id") = ("public"."Post"."authorId") WHERE ("j0"."email" ILIKE $1 AND ("j0"."id" IS NOT NULL)) OFFSET $2) AS "sub"
--: 42703 159 column j0.mail does not exist
SELECT COUNT(*) FROM (SELECT "public"."Post"."id" FROM "public"."Post" LEFT JOIN "public"."User" AS "j0" ON ("j0"."id") = ("public"."Post"."authorId") WHERE ("j0"."mail" ILIKE $1 AND ("j0"."id" IS NOT NULL)) OFFSET $2) AS "sub"
--: ok
SELECT "t0"."id", "t0"."title", "User_author"."__prisma_data__" AS "author" FROM "public"."Post" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'email', "t1"."email") AS "__prisma_data__" FROM "public"."User" AS "t1" WHERE "t0"."authorId" = "t1"."id" LIMIT $1) AS "User_author" ON TRUE ORDER BY "t0"."id" ASC
--: 42703 176 column t1.name does not exist
SELECT "t0"."id", "t0"."title", "User_author"."__prisma_data__" AS "author" FROM "public"."Post" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'name', "t1"."name") AS "__prisma_data__" FROM "public"."User" AS "t1" WHERE "t0"."authorId" = "t1"."id" LIMIT $1) AS "User_author" ON TRUE ORDER BY "t0"."id" ASC
--: ok
SELECT "t1"."id", COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__", "t3"."id" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id") AS "__prisma_data__", "t2"."id" FROM (SELECT "t1".* FROM "public"."Post" AS "t1" WHERE "t1"."authorId" = $1) AS "t2") AS "t3") AS "t1" GROUP BY "t1"."id"
--: ok
INSERT INTO "public"."Post" ("title","authorId","status","tags") VALUES ($1,$2,CAST($3::text AS "public"."status"),$4) RETURNING "public"."Post"."id", "public"."Post"."title", "public"."Post"."status"::text
--: 42703 49 column "state" of relation "Post" does not exist
INSERT INTO "public"."Post" ("title","authorId","state") VALUES ($1,$2,CAST($3::text AS "public"."status")) RETURNING "public"."Post"."id"
--: ok
UPDATE "public"."Post" SET "title" = $1, "status" = CAST($2::text AS "public"."status"), "tags" = array_append("tags", $3) WHERE ("public"."Post"."id" IN ($4,$5) AND 1=1)
--: 42703 39 column Post.views does not exist
UPDATE "public"."Post" SET "views" = ("public"."Post"."views" + $1) WHERE ("public"."Post"."id" = $2 AND 1=1)
--: ok
SELECT "public"."_PostToTag"."A", "public"."_PostToTag"."B" FROM "public"."_PostToTag" WHERE "public"."_PostToTag"."A" IN ($1,$2)
--: ok
DELETE FROM "public"."User" WHERE ("public"."User"."id" IN ($1) AND 1=1)
--: ok
SELECT "django_users"."id", "django_users"."username", "django_users"."is_active" FROM "django_users" WHERE ("django_users"."is_active" AND UPPER("django_users"."username"::text) LIKE UPPER('%x%')) ORDER BY "django_users"."date_joined" DESC LIMIT 21
--: ok
SELECT "django_users"."id", COUNT("django_orders"."id") AS "num_orders", SUM("django_orders"."total") AS "total__sum" FROM "django_users" LEFT OUTER JOIN "django_orders" ON ("django_users"."id" = "django_orders"."user_id") GROUP BY "django_users"."id" HAVING COUNT("django_orders"."id") > 5 ORDER BY "num_orders" DESC
--: 42703 216 column "n_orders" does not exist
SELECT "django_users"."id", COUNT("django_orders"."id") AS "num_orders" FROM "django_users" LEFT OUTER JOIN "django_orders" ON ("django_users"."id" = "django_orders"."user_id") GROUP BY "django_users"."id" ORDER BY "n_orders" DESC
--: ok
SELECT (1) AS "a" FROM "django_users" WHERE "django_users"."username" = 'x' LIMIT 1
--: ok
SELECT "django_users"."id", (SELECT U0."total" FROM "django_orders" U0 WHERE U0."user_id" = ("django_users"."id") ORDER BY U0."created" DESC LIMIT 1) AS "last_total", EXISTS(SELECT 1 AS "a" FROM "django_orders" U0 WHERE U0."user_id" = ("django_users"."id") LIMIT 1) AS "has" FROM "django_users"
--: 42703 78 column u0.user does not exist
SELECT "django_users"."id", (SELECT U0."total" FROM "django_orders" U0 WHERE U0."user" = ("django_users"."id") ORDER BY U0."created" DESC LIMIT 1) AS "last_total" FROM "django_users"
--: ok
SELECT ("django_users"."data" #>> '{a,b}') AS "x", EXTRACT(YEAR FROM "django_users"."date_joined" AT TIME ZONE 'UTC') AS "y", DATE_TRUNC('day', "django_users"."date_joined" AT TIME ZONE 'UTC') AS "d" FROM "django_users" WHERE ("django_users"."data" -> 'a') = '1'
--: 42703 224 column t3.email does not exist
SELECT "django_orders"."id", T3."username" FROM "django_orders" INNER JOIN "django_users" ON ("django_orders"."user_id" = "django_users"."id") LEFT OUTER JOIN "django_users" T3 ON (T3."id" = "django_users"."id") WHERE NOT (T3."email" IS NULL)
--: ok
UPDATE "django_orders" SET "total" = ("django_orders"."total" + 1), "note" = CASE WHEN ("django_orders"."id" = 1) THEN 'a' WHEN ("django_orders"."id" = 2) THEN 'b' ELSE NULL END WHERE "django_orders"."id" IN (1, 2)
--: ok
INSERT INTO "django_orders" ("user_id", "total", "created", "note") VALUES (1, '10.00', '2020-01-01'::date, NULL), (2, '20.00', '2020-01-02'::date, NULL) RETURNING "django_orders"."id"
--: ok
INSERT INTO "django_orders" ("user_id", "total") SELECT * FROM UNNEST(($1)::bigint[], ($2)::numeric[]) RETURNING "django_orders"."id"
--: fails 42P10 0 there is no unique or exclusion constraint matching the ON CONFLICT specification
INSERT INTO "django_users" ("username") VALUES ('x') ON CONFLICT("username") DO UPDATE SET "is_active" = EXCLUDED."is_active" RETURNING "django_users"."id"
--: 42703 106 column excluded.active does not exist
INSERT INTO "django_users" ("username") VALUES ('x') ON CONFLICT("username") DO UPDATE SET "is_active" = EXCLUDED."active" RETURNING "django_users"."id"
--: ok
SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC
--: ok
SELECT "ar_internal_metadata".* FROM "ar_internal_metadata" WHERE "ar_internal_metadata"."key" = $1 ORDER BY "ar_internal_metadata"."key" ASC LIMIT 1
--: ok
INSERT INTO "schema_migrations" ("version") VALUES ('20200101') RETURNING "version"
--: ok
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"User"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
--: ok
SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'x' AND c.relkind IN ('r','v','m','p','f')
--: ok
SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'x' AND n.nspname = ANY (current_schemas(false)) ORDER BY i.relname
--: ok
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4')
--: ok
SELECT type.typname AS name, type.oid AS oid, n.nspname AS schema, string_agg(enum.enumlabel, ',' ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(false)) GROUP BY type.OID, n.nspname, type.typname
--: ok
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = $1::VARCHAR AND pg_catalog.pg_class.relkind = ANY (ARRAY[$2::VARCHAR, $3::VARCHAR]) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != $4::VARCHAR
--: ok
SELECT alembic_version.version_num FROM alembic_version
--: ok
UPDATE alembic_version SET version_num='a' WHERE alembic_version.version_num = 'b'
--: ok
SELECT products_1.id AS products_1_id, products_1.name AS products_1_name, anon_1.total AS anon_1_total FROM products AS products_1 JOIN (SELECT django_orders.user_id AS user_id, sum(django_orders.total) AS total FROM django_orders GROUP BY django_orders.user_id) AS anon_1 ON anon_1.user_id = products_1.category_id WHERE products_1.price > $1
--: fails 42703 314 column anon_1.amount does not exist
SELECT products_1.id AS products_1_id, anon_1.total AS anon_1_total FROM products AS products_1 JOIN (SELECT django_orders.user_id AS user_id, sum(django_orders.total) AS total FROM django_orders GROUP BY django_orders.user_id) AS anon_1 ON anon_1.user_id = products_1.category_id WHERE products_1.price > $1 AND anon_1.amount > $2
--: ok
SELECT CAST(products.attrs ->> $1 AS INTEGER) AS anon_1, products.attrs['a']['b'] AS x FROM products WHERE products.path @> ARRAY[$2]::TEXT[] AND products.search @@ plainto_tsquery('english', $3) ORDER BY ts_rank(products.search, plainto_tsquery('english', $3)) DESC
--: ok
INSERT INTO products (name, price) SELECT p0::VARCHAR, p1::NUMERIC FROM (VALUES ($1, $2, 0), ($3, $4, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING products.id, products.id AS id__1
--: fails 42703 56 column "p2" does not exist
INSERT INTO products (name, price) SELECT p0::VARCHAR, p2::NUMERIC FROM (VALUES ($1, $2, 0), ($3, $4, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING products.id
--: ok
WITH RECURSIVE tree AS (SELECT id, parent_id, name, 1 AS depth, ARRAY[id] AS path FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, c.name, tree.depth + 1, tree.path || c.id FROM categories c JOIN tree ON tree.id = c.parent_id) SELECT tree.*, p.id FROM tree LEFT JOIN products p ON p.category_id = tree.id ORDER BY tree.path
--: 42703 140 column c.title does not exist
WITH RECURSIVE tree AS (SELECT id, parent_id, name, 1 AS depth FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, c.title, tree.depth + 1 FROM categories c JOIN tree ON tree.id = c.parent_id) SELECT tree.* FROM tree
--: ok
SELECT count(*) FROM categories AS node, categories AS parent WHERE node.lft BETWEEN parent.lft AND parent.rgt GROUP BY node.name, node.lft ORDER BY node.lft
--: ok
UPDATE jobs SET locked_at = now(), locked_by = $1, attempts = attempts + 1 WHERE id = (SELECT id FROM jobs WHERE queue = $2 AND run_at <= now() AND locked_at IS NULL ORDER BY run_at FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id, payload, attempts
--: 42703 106 column "priority" does not exist
UPDATE jobs SET locked_at = now(), worker = $1 WHERE id = (SELECT id FROM jobs WHERE queue = $2 ORDER BY priority FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id
--: ok
WITH next AS (SELECT j.id FROM jobs j WHERE j.state = 'ready' AND j.queue = ANY ($1::text[]) ORDER BY j.run_at, j.id LIMIT $2 FOR UPDATE OF j SKIP LOCKED) UPDATE jobs SET state = 'running' FROM next WHERE jobs.id = next.id RETURNING jobs.*
--: fails 42703 140 column next.job_id does not exist
WITH next AS (SELECT j.id FROM jobs j WHERE j.state = 'ready' LIMIT $2 FOR UPDATE SKIP LOCKED) DELETE FROM jobs USING next WHERE jobs.id = next.job_id RETURNING jobs.*
--: ok
INSERT INTO kv (k, v) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = kv.v || EXCLUDED.v, ver = kv.ver + 1 WHERE kv.ver < EXCLUDED.ver RETURNING (xmax = 0) AS inserted, ver
--: fails 42703 139 column target.version does not exist
INSERT INTO kv AS target (k, v) SELECT x.key, x.value FROM jsonb_each($1::jsonb) AS x ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v, ver = target.version + 1
--: ok
INSERT INTO kv (k, v) SELECT (r->>'k')::text, r->'v' FROM jsonb_array_elements($1::jsonb) r
--: ok
INSERT INTO kv SELECT * FROM jsonb_populate_recordset(NULL::kv, $1)
--: fails 42703 89 column x.version does not exist
INSERT INTO kv SELECT * FROM json_to_recordset($1) AS x(k text, v jsonb, ver int) WHERE x.version > 1
--: ok
SELECT date_trunc('hour', at) AS bucket, kind, count(*), avg(value), percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95 FROM events WHERE at >= now() - $1::interval GROUP BY bucket, kind ORDER BY bucket
--: 42703 69 column "bucket" does not exist
SELECT date_trunc('hour', at) AS bucket, count(*) FROM events WHERE bucket >= now() - $1::interval GROUP BY bucket ORDER BY bucket
--: 42703 81 column "bucket" does not exist
SELECT date_trunc('hour', at) AS bucket, count(*) FROM events GROUP BY 1 HAVING bucket > now()
--: ok
SELECT g.day, coalesce(e.n, 0) AS n FROM generate_series($1::date, $2::date, '1 day') AS g(day) LEFT JOIN (SELECT at::date AS day, count(*) AS n FROM events GROUP BY 1) e USING (day) ORDER BY day
--: fails 42703 24 column e.num does not exist
SELECT g.day, coalesce(e.num, 0) AS n FROM generate_series($1::date, $2::date, '1 day') AS g(day) LEFT JOIN (SELECT at::date AS day, count(*) AS n FROM events GROUP BY 1) e USING (day) ORDER BY day
--: ok
SELECT DISTINCT ON (e.user_id) e.user_id, e.kind, e.at, lag(e.value) OVER (PARTITION BY e.user_id ORDER BY e.at) AS prev FROM events e ORDER BY e.user_id, e.at DESC
--: fails 42703 93 column "rn" does not exist
SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY at DESC) AS rn FROM events WHERE rn = 1
--: ok
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY at DESC) AS rn FROM events) e WHERE e.rn = 1 AND e.kind = $1
--: ok
SELECT json_build_object('id', p.id, 'cat', row_to_json(c), 'posts', (SELECT json_agg(row_to_json(x)) FROM (SELECT o.id, o.total FROM django_orders o WHERE o.user_id = c.id) x)) FROM products p JOIN categories c ON c.id = p.category_id
--: ok
SELECT to_jsonb(p) - 'search' || jsonb_build_object('cat', c.name) FROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.attrs @> $1 AND p.attrs ? 'x' AND p.attrs #> '{a}' IS NOT NULL
--: ok
SELECT coalesce(json_agg(r), '[]') FROM (SELECT p.*, c.name AS category_name FROM products p LEFT JOIN categories c ON c.id = p.category_id) r
--: 42703 26 column r.categry does not exist
SELECT coalesce(json_agg(r.categry), '[]') FROM (SELECT p.*, c.name AS category_name FROM products p LEFT JOIN categories c ON c.id = p.category_id) r
--: ok
WITH pgrst_source AS (SELECT "public"."products"."id", row_to_json("products_cat_1".*) AS "cat" FROM "public"."products" LEFT JOIN LATERAL (SELECT "cat_1"."name" FROM "public"."categories" AS "cat_1" WHERE "cat_1"."id" = "public"."products"."category_id") AS "products_cat_1" ON TRUE WHERE "public"."products"."name" = $1) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS response_headers FROM (SELECT * FROM pgrst_source) _postgrest_t
--: ok
WITH pgrst_payload AS (SELECT $1 AS json_data), pgrst_body AS (SELECT CASE WHEN json_typeof(json_data) = 'array' THEN json_data ELSE json_build_array(json_data) END AS val FROM (SELECT json_data::json FROM pgrst_payload) q) INSERT INTO "public"."kv"("k", "v") SELECT "k", "v" FROM json_to_recordset((SELECT val FROM pgrst_body)) AS _ ("k" text, "v" jsonb) RETURNING "public"."kv".*
--: ok
select "t".*, "u"."email" as "author_email" from "Post" as "t" inner join "User" as "u" on "u"."id" = "t"."authorId" where "t"."deletedAt" is null and ("t"."title" ilike $1 or "u"."email" ilike $1) order by "t"."id" desc limit $2
--: 42703 23 column "body" does not exist
select "id", "title", "body" from "Post" where "authorId" in (select "id" from "User" where "email" = $1) for update
--: ok
SELECT "Post"."id" AS "Post_id", "Post"."title" AS "Post_title", "Post__Post_author"."id" AS "Post__Post_author_id" FROM "Post" "Post" LEFT JOIN "User" "Post__Post_author" ON "Post__Post_author"."id"="Post"."authorId" WHERE ( ("Post"."id" = $1) ) AND ( "Post"."deletedAt" IS NULL ) LIMIT 1
--: ok
SELECT DISTINCT "distinctAlias"."Post_id" AS "ids_Post_id" FROM (SELECT "Post"."id" AS "Post_id" FROM "Post" "Post") "distinctAlias" ORDER BY "Post_id" ASC LIMIT 1
--: 42703 17 column distinctAlias.Post_title does not exist
SELECT DISTINCT "distinctAlias"."Post_title" AS "ids_Post_id" FROM (SELECT "Post"."id" AS "Post_id" FROM "Post" "Post") "distinctAlias" ORDER BY "Post_id" ASC LIMIT 1
--: ok
select this_.id as id1_0_0_, this_.name as name2_0_0_ from products this_ where this_.name like 'x' order by this_.price
--: ok
select this_.id as id1_0_0_, this_.name as name2_0_0_ from products this_ where this_.name like $1 order by this_.price asc nulls last fetch first $2 rows only
--: ok
SELECT COUNT(*) OVER () AS full_count, p.* FROM products AS p WHERE ($1::text IS NULL OR p.name = $1) AND ($2::int IS NULL OR p.category_id = $2) AND (p.price, p.id) > ($3, $4) ORDER BY p.price, p.id LIMIT 20
--: ok
SELECT p.id, similarity FROM products p, plainto_tsquery('x') query, ts_rank_cd(p.search, query) AS similarity WHERE query @@ p.search ORDER BY similarity DESC
--: fails 42703 72 column p.document does not exist
SELECT p.id FROM products p, plainto_tsquery('x') query WHERE query @@ p.document
--: ok
SELECT relname, n_live_tup, pg_size_pretty(pg_total_relation_size(relid)) FROM pg_stat_user_tables ORDER BY n_live_tup DESC
--: ok
SELECT pid, now() - xact_start AS age, state, query FROM pg_stat_activity WHERE state <> 'idle' AND backend_type = 'client backend'
--: ok
SELECT blocked.pid, blocking.pid FROM pg_locks blocked JOIN pg_locks blocking ON blocking.locktype = blocked.locktype AND blocking.pid <> blocked.pid WHERE NOT blocked.granted
--: ok
SELECT column_name, data_type, is_nullable, column_default, character_maximum_length FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position
--: ok
SELECT tc.constraint_name, kcu.column_name, ccu.table_name AS foreign_table FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu USING (constraint_name, table_schema) JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE tc.constraint_type = 'FOREIGN KEY'
--: ok
SELECT version()
--: ok
SELECT 1
--: ok
SELECT now() AS now, current_setting('server_version_num')::int AS v
--: ok
SELECT pg_advisory_lock($1), pg_try_advisory_xact_lock(hashtext($2))
--: ok
SELECT nextval('"Post_id_seq"'::regclass), currval('"Post_id_seq"'), lastval(), setval('"Post_id_seq"', 1, false)
--: ok
SELECT t.typname, t.oid FROM pg_type t JOIN pg_namespace ns ON t.typnamespace = ns.oid WHERE t.typtype = 'b' AND ns.nspname <> 'pg_toast'
--: ok
SELECT set_config('app.user', $1, true), current_setting('app.user', true)
--: ok
SELECT n.nspname AS "Schema", p.proname AS "Name", pg_catalog.pg_get_function_result(p.oid) AS "Result", CASE p.prokind WHEN 'a' THEN 'agg' ELSE 'func' END AS "Type" FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE pg_catalog.pg_function_is_visible(p.oid) AND n.nspname <> 'pg_catalog' ORDER BY 1, 2, 4
--: fails 42703 93 column x.m does not exist
select string_agg(x.t, ', ' order by x.n) from (values ('a', 1), ('b', 2)) as x(t, n) where x.m = 1
--: ok
select v.id, v.val from (values ($1::int, $2::text), ($3, $4)) as v(id, val) join categories c on c.id = v.id
--: ok
update products p set price = v.price, name = v.name from (values ($1::uuid, $2::numeric, $3), ($4, $5, $6)) as v(id, price, name) where v.id = p.id
--: 42703 31 column v.cost does not exist
update products p set price = v.cost from (values ($1::uuid, $2::numeric), ($4, $5)) as v(id, price) where v.id = p.id
--: ok
update products set attrs = jsonb_set(attrs, '{a,b}', $1::jsonb), search = to_tsvector('english', name || ' ' || coalesce(attrs->>'d', '')) where id = any ($2::uuid[])
--: ok
insert into events (at, kind, user_id, value) select now(), x.kind, x.uid, x.val from unnest($1::text[], $2::bigint[], $3::float8[]) as x(kind, uid, val)
--: fails 42703 76 column x.value does not exist
insert into events (at, kind, user_id, value) select now(), x.kind, x.uid, x.value from unnest($1::text[], $2::bigint[], $3::float8[]) as x(kind, uid, val)
--: ok
insert into events select e.* from unnest($1::events[]) e
--: fails 42703 33 column e.kindd does not exist
insert into events select e.at, e.kindd from unnest($1::events[]) e
--: ok
select e.kind from unnest($1::events[]) e
--: ok
select c.name, p.* from categories c cross join lateral (select id, price from products where category_id = c.id order by price limit 3) p
--: 42703 109 column c.ident does not exist
select c.name, p.* from categories c cross join lateral (select id, price from products where category_id = c.ident order by price limit 3) p
--: ok
select c.name, filter.n from categories c left join (select category_id, count(*) filter (where price > 10) as n from products group by category_id) filter on filter.category_id = c.id
--: ok
select array_agg(t.tag order by t.tag) from "Post" p, unnest(p.tags) as t(tag) where t.tag <> all ($1)
--: ok
select tag, count(*) from "Post", unnest(tags) tag group by tag order by 2 desc
--: ok
select p.meta->'a'->>'b' as b, jsonb_path_query_first(p.meta, '$.x') as x, p.meta @? '$.y' from "Post" p order by b
--: fails 42703 54 column "b" does not exist
select p.meta->'a'->>'b' as b from "Post" p order by b + 1
--: ok
select k.key, k.value->>'x' from "Post" p, jsonb_each(p.meta) k where jsonb_typeof(k.value) = 'object'
--: ok
select x.a, x.b from "Post" p cross join jsonb_to_record(p.meta) as x(a int, b text)
--: ok
select count(distinct (p.id, p.title)), max(p.*::text) from "Post" p
--: ok
select exists (select from "User" where email = $1) as "exists"
--: fails 42703 92 column "deletedAt" does not exist
select case when count(*) > 0 then true else false end as ok from "User" where id = $1 and "deletedAt" is null
--: other 42804 0 JOIN/USING types integer and text cannot be matched
select greatest(p."deletedAt", u."createdAt") as g from "Post" p natural join "User" u
--: 42703 65 column u.createdat does not exist
select * from "Post" p join "User" u on u.id = p."authorId" and u."createdat" < now()
--: ok
select "p"."status", "p".status = 'live', p.status::text, p.status in ('draft', 'live') from "Post" p
--: 42703 8 column p.state does not exist
select p.state from "Post" p where status = any ($1::status[])
