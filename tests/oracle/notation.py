"""Two exhaustive looks at what the catalog holds.

Functional notation: x.NAME and (x).NAME for every function's and type's name, where x is a row of a table, of a child, of
a typed table, of a sub-select, a scalar function's alias, a scalar column. Functions in FROM: for every function, called
with typed NULLs, the columns that the server gives must be found, and one that nothing has must be missing or unknown.

    notation.py PROBE [--report FILE]
"""


import compare
from cluster import Cluster
from judge import Probe, Server, judge
from psycopg import pq

SCHEMA = """
create type pair as (f1 int, f2 text);
create table par (id int);
create table chi (extra int) inherits (par);
create table typed of pair;
create table t (id int, label text, j json, arr int[], p pair);
create domain dt as t;
create function of_pair(pair) returns int language sql as 'select 1';
create function of_par(par) returns int language sql as 'select 1';
create function of_t_array(variadic t[]) returns int language sql as 'select 1';
create function of_t_later(int, t) returns int language sql as 'select 1';
create function of_any(anyelement) returns int language sql as 'select 1';
create function of_anyc(anycompatible, anycompatible default null) returns int language sql as 'select 1';
create function to_text(t) returns text language sql as 'select ''x''';
create cast (t as text) with function to_text(t) as implicit;
create function out_one(out one int) language sql as 'select 1';
create function out_row(out p pair) language sql as 'select null::pair';
create function set_of_any(anyelement) returns setof anyelement language sql as 'select $1';
"""
FORMS = ("select t.{} from t", "select (t).{} from t", "select chi.{} from chi", "select typed.{} from typed",
         "select s.{} from (select 1 as x) s", "select g.{} from generate_series(1, 2) g", "select (id).{} from t",
         "select (label).{} from t", "select (p).{} from t", "select (arr).{} from t", "select {} from t",
         "select v.{} from (values (1)) v", "select j.{} from (t cross join par) j", "select o.{} from out_row() o",
         "with c as (select 1 as x) select c.{} from c")
NAMES = "select distinct quote_ident(n) from (select proname n from pg_proc union select typname from pg_type) x"
CALLS = """
select quote_ident(nspname) || '.' || quote_ident(proname) || '(' || coalesce((select string_agg('null::' ||
  case format_type(t, null) when '"any"' then 'text' when 'anyarray' then 'int[]' when 'anyelement' then 't'
  when 'anycompatible' then 'int' when 'anycompatiblearray' then 'int[]' when 'anynonarray' then 'int'
  when 'anyenum' then 'int' when 'record' then 't' else format_type(t, null) end, ', ' order by i)
  from unnest(proargtypes) with ordinality u(t, i)), '') || ')'
from pg_proc p join pg_namespace n on n.oid = pronamespace where prokind = 'f' order by 1
"""


def rows(server, sql):
    result = server.execute(sql)
    return [result.get_value(i, 0).decode() for i in range(result.ntuples)]


def described(server, sql):
    """The names of the statement's columns, or None if the server refuses it."""
    if not server.parse(sql).accepted:
        return None
    result = server.connection.describe_prepared(b"")
    return [result.fname(i).decode() for i in range(result.nfields)] if result.status == pq.ExecStatus.COMMAND_OK else None


def ask(probe, server, tally, text):
    analysis = probe.analyze(text)
    answer = server.answer(text, analysis)
    tally.add("notation", text, judge(analysis, answer), answer)


def look_at_functions(probe, server, tally):
    for call in rows(server, CALLS):
        for alias in ("", " as zz", " with ordinality as zz"):
            names = described(server, f"select * from {call}{alias}")
            if not names or len(set(names)) != len(names):
                continue
            ask(probe, server, tally, f"select {', '.join(compare.quoted(name) for name in names)} from {call}{alias}")
            ask(probe, server, tally, f"select zz_nope from {call}{alias}")
            if alias:
                ask(probe, server, tally, f"select zz, zz.* , zz.{compare.quoted(names[0])} from {call}{alias}")


def run(options):
    notation, functions = compare.tallies(options, "functional notation", "functions in FROM")
    with Cluster() as cluster:
        url = compare.create_database(cluster, "notation", options.encoding)
        with Server(url) as server:
            server.script(SCHEMA)
        with Probe(options.probe, url) as probe, Server(url) as server:
            probe.load()
            for name in rows(server, NAMES):
                for form in FORMS:
                    ask(probe, server, notation, form.format(name))
            look_at_functions(probe, server, functions)
    return [notation, functions]


if __name__ == "__main__":
    compare.main(compare.parser(__doc__), run)
