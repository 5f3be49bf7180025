"""Errors of drift in every place of a conversation: where the guard explains, it changes no more than DETAIL and HINT.

The tables are permanent, since temporary ones are not judged. SCHEMA makes them; DRIFT changes them when the guards know
them already. No script leaves a row or a change behind.
"""

from scripts import E_ACUTE, GRIN, INT4, NO_TYPE, SUN, batch
from wire import COPY_DONE, FLUSH, SYNC, TERMINATE, Script, bind, close, copy_data, describe, execute, parse, query

SCHEMA = """
create type mood as enum ('sad', 'happy');
create table moved (id int primary key, old text, required text not null default 'x', feeling mood, gone int,
                    twice int generated always as (id * 2) stored);
create table counted (a int);
create table vanished (a int);
create schema elsewhere;
"""
DRIFT = """
alter table moved rename column old to new;
alter table moved drop column gone;
alter table moved alter column required drop default;
alter table vanished set schema elsewhere;
"""

OLD = "select old from moved"
SHORT = "i" * 70  # longer than names are


def armed(sql):
    """Three times the same: where errors are repeated, this one may be from here on."""
    return [(query(sql), "Z")] * 3


DRIFTING = [
    Script("a column that was renamed", [(query(OLD), "Z"), (query("select old, id from moved where id = 1"), "Z"),
                                         (query("update moved set old = 'x'"), "Z"), (query("select 1"), "Z")]),
    Script("a column that was dropped", [(query("select m.gone from moved m"), "Z"), (batch("select gone from moved"), "Z")]),
    Script("a table that has moved", [(query("select a from vanished"), "Z"), (batch("delete from vanished"), "Z")]),
    Script("the server's own detail and hint", [(query("select requird from moved"), "Z"), (query("select moved.a from moved m"), "Z"),
                                                (query("with x as (select 1 from y), y as (select 2) select 3"), "Z")]),
    Script("positions behind letters of many bytes", [(query("select 'd\u00e9j\u00e0 vu', '\u65e5\u672c\u8a9e'; /* \u20ac */ select old from moved"), "Z"),
                                                      (batch("select '\U0001f600', old from moved"), "Z")]),
    Script("in the middle of a query", [(query(f"select 1; {OLD}; select 3"), "Z"), (query(f"begin; select 1; {OLD}"), "Z"),
                                        (query("rollback"), "Z")]),
    Script("in the middle of a pipeline", [(batch("select 1") + batch(OLD) + batch("select 3"), "ZZZ"),
                                           ((batch(OLD) + query(OLD) + query("select 1")) * 20, "ZZZ" * 20)]),
    Script("in the middle of a batch", [(parse("select 1") + bind() + describe() + execute() + parse(OLD) + bind() + describe() + execute() +
                                         parse("select 3") + bind() + execute() + SYNC, "Z"), (batch("select 4"), "Z")]),
    Script("in a query behind others", [(query("select 1") + query(OLD) + query("select 2") + query(OLD), "ZZZZ")]),
    Script("in a transaction", [(query("begin; insert into counted values (1); savepoint s"), "Z"), (query(OLD), "Z"), (query("select 1"), "Z"),
                                (query("rollback to s"), "Z"), (batch(OLD), "Z"), (query("rollback"), "Z"),
                                (query("select count(*) from counted"), "Z")]),
    Script("behind much that is read slowly", [(query("select repeat('x', 100000) from generate_series(1, 20)") + query(OLD) + batch(OLD),
                                                "ZZZ")]),
    Script("in an implicit transaction", [
        *armed(OLD), (parse("insert into counted values (8)") + bind() + execute() + FLUSH, "C"), (parse(OLD) + SYNC, "Z"),
        (query("select count(*) from counted"), "Z"), (parse("insert into counted values (8)") + bind() + execute() + FLUSH, "C"),
        (query(OLD), "Z"), (query("select count(*) from counted"), "Z")]),
    Script("the unnamed statement after errors", [
        *armed(OLD), (parse("select 1") + SYNC, "Z"), (query(OLD), "Z"), (bind() + execute() + SYNC, "Z"),
        (parse("select 1") + SYNC, "Z"), (query(OLD), "Z"), (describe("S") + SYNC, "Z"),
        (parse("select 1") + SYNC, "Z"), (parse(OLD) + SYNC, "Z"), (bind() + execute() + SYNC, "Z"),
        (parse("select 1") + SYNC, "Z"), (parse(OLD, "n") + SYNC, "Z"), (bind() + execute() + SYNC, "Z"),
        (parse("select 1") + SYNC, "Z"), (query(OLD), "Z"), (close("S") + bind() + SYNC, "Z"), (batch("select 2"), "Z")]),
    Script("a name in use, and a missing column", [(parse("select 1", "s") + SYNC, "Z"), *[(parse(OLD, "s") + SYNC, "Z")] * 4,
                                                   (bind(statement="s") + execute() + SYNC, "Z"), (bind(statement="t") + SYNC, "Z")]),
    Script("again and again, by Parse", [(parse(OLD) + bind() + describe() + execute() + SYNC, "Z")] * 6),
    Script("again and again, with Flush", [(parse(OLD, "s") + describe("S", "s") + FLUSH, "E"), (bind(statement="s") + execute() + SYNC, "Z")] * 4),
    Script("again and again, and skipped", [*armed(OLD), (parse(OLD) + parse(OLD) + query(OLD) + FLUSH + copy_data(b"x") + SYNC, "Z"),
                                            (query(OLD), "Z"), (parse(OLD) + bind() + query("select 1") + SYNC + query("select 2"), "ZZ")]),
    Script("again and again, in a pipeline", [(query(OLD) * 12, "Z" * 12), (batch(OLD) * 12, "Z" * 12), (query("select 1"), "Z")]),
    Script("again and again, then terminate", [*armed(OLD), (query(OLD) + TERMINATE, "EOF")]),
    Script("again and again, then terminate in the batch", [*armed(OLD), (parse(OLD) + bind() + TERMINATE, "EOF")]),
    Script("again and again, and nothing is committed", [
        *armed(OLD), (query("begin; insert into counted values (1)"), "Z"), (query(OLD), "Z"), (query("commit"), "Z"),
        (query("select count(*) from counted"), "Z")]),
    Script("an idle session with errors", [(query("set idle_session_timeout = '800ms'"), "Z"), *armed(OLD), (b"", "EOF")]),
    Script("rows that may not be written", [
        (query("insert into moved (id) values (1)"), "Z"), (batch("insert into moved (id, new) values ($1, 'x')", "1"), "Z"),
        (query("insert into moved (id, required, twice) values (1, 'x', 2)"), "Z"), (query("insert into moved values (1, 'n', null)"), "Z"),
        (query("insert into moved (id, required) values (1, 'x') on conflict (new) do nothing"), "Z"),
        (batch("insert into moved (id, required) values (1, 'x') on conflict (new) do nothing"), "Z"),
        (query("update moved set twice = 1"), "Z"), (query("select count(*) from moved"), "Z")]),
    Script("a label that is no label", [(query("select 1 from moved where feeling = 'glad'"), "Z"),
                                        (batch("select 1 from moved where feeling = 'glad'"), "Z"),
                                        (batch("select 1 from moved where feeling = $1", "glad"), "Z")]),
    Script("functions, types and schemas that are not there", [
        (query("select nope(1) from moved"), "Z"), (query("select id::nope from moved"), "Z"), (query("select nope.f()"), "Z"),
        (query("select id from moved, moved m"), "Z"), (batch("select nope($1)", "1"), "Z")]),
    Script("errors that come at Execute", [
        (batch("prepare p as select old from moved"), "Z"), (batch("create view v as select old from moved"), "Z"),
        (query("prepare p as select old from moved; select 1"), "Z"), (batch("EXPLAIN select old from moved"), "Z"),
        (batch("create table c as select old from moved"), "Z"), (batch("truncate nope"), "Z"),
        (batch("declare c cursor for select old from moved"), "Z"), (query("lock table nope"), "Z")]),
    Script("COPY of what is not there", [
        (query("copy moved (old) from stdin"), "Z"), (copy_data(b"x\n") + COPY_DONE + query("select 1"), "Z"),
        (query("copy vanished from stdin") + copy_data(b"x\n") + COPY_DONE, "Z"), (query("copy (select old from moved) to stdout"), "Z"),
        (batch("copy moved (old) to stdout"), "Z"), (parse("copy moved (old) from stdin") + bind() + execute() + copy_data(b"x\n") + COPY_DONE + SYNC, "Z"),
        (query("select count(*) from moved"), "Z")]),
    Script("a notice before the error", [(query(f"select {SHORT} from moved"), "Z"), (batch(f"select 1 as {SHORT}, old from moved"), "Z"),
                                         (query(f"select 1 as {SHORT}; {OLD}"), "Z")]),
    Script("types that are not there either", [(parse("select old from moved where $1 is null", types=[NO_TYPE]) + SYNC, "Z"),
                                               (parse("select old from moved where $2 = $1", types=[INT4]) + SYNC, "Z")]),
    Script("in another encoding", [(query("set client_encoding = 'LATIN1'"), "Z"), (query(b"select '\xe9', old from moved"), "Z"),
                                   (query(b"select \"old\xe9\" from moved"), "Z")]),
    Script("errors of others with the same code", [
        (query("do $$begin perform old from moved; end$$"), "Z"), (query("select query_to_xml('select old from moved', true, true, '')"), "Z"),
        (query("do $$begin raise 'column old' using errcode = 'undefined_column'; end$$"), "Z")]),
    Script("a cursor of what is not there", [(query("begin; declare c cursor for select id from moved"), "Z"),
                                             (query("fetch 1 from c; select old from moved; fetch 1 from c"), "Z"), (query("rollback"), "Z")]),
    Script("a missing name in much text", [(query("select '" + "x" * 300_000 + "', old from moved"), "Z"),
                                           (batch("select '" + "x" * 300_000 + "', old from moved"), "Z")]),
    Script("a missing name in too much text", [(query("select '" + "x" * 1_100_000 + "', old from moved"), "Z"),
                                               (batch("select '" + "x" * 1_100_000 + "', old from moved"), "Z")]),
    Script("strings as they were of old, and a missing name", [
        (query("set standard_conforming_strings = off; set escape_string_warning = off"), "Z"), *[(query("select 'it\\'s', old from moved"), "Z")] * 4,
        (batch("select 'it\\'s', old from moved"), "Z"), (query("select 'a\\', old from moved; --'"), "Z"), (query("begin; set local standard_conforming_strings = on"), "Z"),
        (query("select 'a\\', old from moved; --'"), "Z"), (query("rollback"), "Z"), (query("select 'a\\', old from moved; --'"), "Z")]),
    Script("names of 63 bytes and more that are missing", [
        (query(f"select {'n' * 63} from moved"), "Z"), (query(f"select {E_ACUTE * 31} from moved"), "Z"), (query(f"select {E_ACUTE * 32}, old from moved"), "Z"),
        (batch(f"select m.{SUN * 22} from moved m"), "Z"), (batch(f"select 1 from {GRIN * 15}"), "Z"), (query(f'select 1 from "{GRIN * 16}"'), "Z")]),
    Script("a failed Parse, Flush, and the rest later", [(parse(OLD) + FLUSH, "E"), (bind() + execute(), ""), (SYNC, "Z")], can_glue=False),
]
