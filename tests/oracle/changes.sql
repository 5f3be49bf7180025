-- What could be done to this schema: a kind and its DDL a row. :column and :schema are names that exist elsewhere in the
-- database, so that changes collide now and then.
with names as (select :'column'::name as other_column, :'schema'::name as other_schema),
tables as (
    select c.oid, c.relkind, c.relname, c.relispartition, nspname, format('%I.%I', nspname, relname) as t
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where c.oid >= 16384 and nspname !~ '^pg_' and nspname <> 'information_schema'),
columns as (
    select t.*, a.attname, a.attnum, a.attidentity, a.attgenerated, a.attnotnull, a.atthasdef, a.atttypid,
        format('alter table %s', t.t) as alter_table
    from tables t join pg_attribute a on a.attrelid = t.oid
    where relkind in ('r', 'p', 'f') and attnum > 0 and not attisdropped and attislocal),
functions as (
    select proname, nspname, p.oid::regprocedure as f, prokind, pronargs,
        case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as word
    from pg_proc p join pg_namespace n on n.oid = pronamespace where p.oid >= 16384),
types as (
    select y.oid, typname, typtype, format('%I.%I', nspname, typname) as y,
        case typtype when 'd' then 'domain' else 'type' end as word
    from pg_type y join pg_namespace n on n.oid = typnamespace left join pg_class c on c.oid = typrelid
    where y.oid >= 16384 and typname !~ '^_' and (typrelid = 0 or relkind = 'c') and typtype <> 'm'),
schemas as (select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
select 'column dropped', alter_table || format(' drop column %I cascade', attname) from columns
union all select 'column renamed', alter_table || format(' rename column %I to %I', attname, attname || '_now') from columns
union all select 'column renamed', alter_table || format(' rename column %I to %I', attname, upper(attname)) from columns
union all select 'column renamed to a name in use', alter_table || format(' rename column %I to %I', attname, other_column)
    from columns, names
union all select 'columns swapped', format('%1$s rename column %2$I to zz_swap; %1$s rename column %3$I to %2$I; %1$s rename column zz_swap to %3$I',
    a.alter_table, a.attname, b.attname) from columns a join columns b on a.oid = b.oid and a.attnum + 1 = b.attnum
union all select 'column added', format('alter table %s add column %I text', t, other_column) from tables, names
    where relkind in ('r', 'p') and not relispartition
union all select 'column added', format('alter table %s add column %I int', t, relname) from tables where relkind in ('r', 'p')
union all select 'column added, required', format('alter table %1$s add column zz_required int not null default 1; alter table %1$s alter zz_required drop default', t)
    from tables where relkind in ('r', 'p') and not relispartition
union all select 'column retyped', alter_table || format(' alter column %I type %s using null', attname, y) from columns,
    unnest(array['text', 'int', 'jsonb', 'timestamptz', 'bool', 'int[]']) y where not attnotnull
union all select 'column retyped', alter_table || format(' alter column %1$I type text using %1$I::text', attname) from columns
union all select 'column made required', alter_table || format(' alter column %I set not null', attname) from columns
union all select 'column made optional', alter_table || format(' alter column %I drop not null', attname) from columns where attnotnull
union all select 'default dropped', alter_table || format(' alter column %I drop default', attname) from columns where atthasdef
union all select 'default set', alter_table || format(' alter column %I set default null', attname) from columns
union all select 'column made generated', format('%1$s drop column %2$I cascade; %1$s add column %2$I %3$s generated always as (null::%3$s) stored',
    alter_table, attname, format_type(atttypid, null)) from columns where relkind = 'r'
union all select 'column no longer generated', alter_table || format(' alter column %I drop expression', attname) from columns where attgenerated = 's'
union all select 'column made identity', format('%1$s alter column %2$I drop default, alter column %2$I set not null, alter column %2$I add generated always as identity',
    alter_table, attname) from columns where atttypid in (20, 21, 23)
union all select 'column no longer identity', alter_table || format(' alter column %I drop identity', attname) from columns where attidentity <> ''
union all select 'table dropped', format('drop %s %s cascade', case relkind when 'v' then 'view' when 'm' then 'materialized view'
    when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end, t) from tables where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all select 'table renamed', format('alter table %s rename to %I', t, relname || '_now') from tables where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all select 'table renamed', format('alter table %s rename to %I', t, upper(relname)) from tables where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all select 'table moved', format('alter table %s set schema %I', t, other_schema) from tables, names where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all select 'table made a view', format('alter table %1$s rename to %2$I; create view %1$s as select * from %3$I.%2$I', t, relname || '_base', nspname)
    from tables where relkind in ('r', 'p')
union all select 'table made a sequence', format('drop table %1$s cascade; create sequence %1$s', t) from tables where relkind = 'r'
union all select 'table made anew', format('drop table %1$s cascade; create table %1$s (zz_other int)', t) from tables where relkind = 'r'
union all select 'another table in front', format('create table %I.%I (zz_other int)', other_schema, relname) from tables, names
union all select 'partition detached', format('alter table %s detach partition %s', i.inhparent::regclass, t) from tables
    join pg_inherits i on i.inhrelid = oid where relispartition and relkind = 'r'
union all select 'inheritance ended', format('alter table %s no inherit %s', t, i.inhparent::regclass) from tables
    join pg_inherits i on i.inhrelid = oid where not relispartition and relkind = 'r'
union all select 'view column renamed', format('alter view %s rename column %I to %I', t, attname, attname || '_now') from tables
    join pg_attribute on attrelid = oid where relkind = 'v' and attnum > 0
union all select 'constraint dropped', format('alter table %s drop constraint %I cascade', t, conname) from tables
    join pg_constraint on conrelid = tables.oid where contype in ('u', 'p', 'x')
union all select 'index dropped', format('drop index %s cascade', indexrelid::regclass) from tables join pg_index on indrelid = oid where indisunique
union all select 'unique index made partial', format('drop index %s cascade; create unique index on %s (%I) where false', indexrelid::regclass, t, attname)
    from tables join pg_index on indrelid = oid join pg_attribute on attrelid = oid and attnum = indkey[0] where indisunique and not indisprimary
union all select 'unique index added', format('create unique index on %s (%I)', t, attname) from columns where relkind = 'r'
union all select 'trigger added', format('create function zz_%2$s() returns trigger language plpgsql as ''begin return null; end''; create trigger zz before insert on %1$s for each row execute function zz_%2$s()', t, oid)
    from tables where relkind in ('r', 'p')
union all select 'triggers disabled', format('alter table %s disable trigger user', t) from tables where relkind in ('r', 'p')
union all select 'rule added', format('create rule zz as on insert to %s do instead nothing', t) from tables where relkind in ('r', 'p')
union all select 'function dropped', format('drop %s %s cascade', word, f) from functions
union all select 'function renamed', format('alter %s %s rename to %I', word, f, proname || '_now') from functions
union all select 'function moved', format('alter %s %s set schema %I', word, f, other_schema) from functions, names
union all select 'function overloaded', format('create function %I.%I() returns int language sql as ''select 1''', nspname, proname) from functions
union all select 'another function in front', format('create function %I.%I(int, int, int) returns int language sql as ''select 1''', other_schema, proname) from functions, names
union all select 'function named like a column', format('create function %I(%s) returns int language sql as ''select 1''', other_column, t) from tables, names
    where relkind in ('r', 'p', 'v')
union all select 'type dropped', format('drop %s %s cascade', word, y) from types
union all select 'type renamed', format('alter %s %s rename to %I', word, y, typname || '_now') from types
union all select 'type moved', format('alter %s %s set schema %I', word, y, other_schema) from types, names
union all select 'enum label renamed', format('alter type %s rename value %L to %L', y, enumlabel, enumlabel || '_now') from types join pg_enum on enumtypid = types.oid
union all select 'enum label added', format('alter type %s add value ''zz_more''', y) from types where typtype = 'e'
union all select 'attribute renamed', format('alter type %s rename attribute %I to %I cascade', y, attname, attname || '_now') from types
    join pg_type p on p.oid = types.oid join pg_attribute on attrelid = p.typrelid where types.typtype = 'c' and attnum > 0 and not attisdropped
union all select 'attribute dropped', format('alter type %s drop attribute %I cascade', y, attname) from types
    join pg_type p on p.oid = types.oid join pg_attribute on attrelid = p.typrelid where types.typtype = 'c' and attnum > 0 and not attisdropped
union all select 'attribute added', format('alter type %s add attribute %I int cascade', y, other_column) from types, names where typtype = 'c'
union all select 'domain made required', format('alter domain %s set not null', y) from types where typtype = 'd'
union all select 'domain with a default', format('alter domain %s set default null', y) from types where typtype = 'd'
union all select 'schema renamed', format('alter schema %I rename to %I', nspname, nspname || '_now') from schemas
union all select 'schema dropped', format('drop schema %I cascade', nspname) from schemas
union all select 'schema added', 'create schema zz_schema' from schemas
