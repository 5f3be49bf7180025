"""The conversations that must be the same through the guard, byte for byte.

Each is written once. Tables are temporary, so that a script can be played any number of times. Where a reader waits for
"EOF" the server ends the session by itself.
"""

import struct

from wire import (COPY_DONE, FLUSH, SYNC, TERMINATE, Script, bind, close, copy_data,
                  copy_fail, describe, execute, function_call, message, parse, query, startup)

INT4 = 23
ABS_INT4 = 1397  # pg_proc's oid of abs(integer)

TABLE = query("create temporary table t (a int primary key, b text)")
FILL = query("insert into t select i, 'row ' || i from generate_series(1, 10) i")


def batch(sql, *values, **named):
    return parse(sql, **named) + bind(*values) + describe() + execute() + SYNC


SIMPLE = [
    Script("a query", [(query("select 1 as one, null, 'text'"), "Z")]),
    Script("an empty query", [(query(""), "Z"), (query(" ; "), "Z")]),
    Script("several statements in one query", [(query("select 1; select 2; create temp table x(a int); select 3"), "Z")]),
    Script("an error in the middle of a query", [(query("select 1; select 1/0; select 3"), "Z"), (query("select 4"), "Z")]),
    Script("syntax errors", [(query("selekt"), "Z"), (query("select 'open"), "Z"), (query("select 1"), "Z")]),
    Script("missing names", [(query("select nope from pg_class"), "Z"), (query("select 1 from nope"), "Z")]),
    Script("queries sent together", [(query("select 1") + query("select 1/0") + query("select 3"), "ZZZ")]),
    Script("a transaction that fails", [(query("begin"), "Z"), (query("select 1/0"), "Z"), (query("select 1"), "Z"),
                                        (query("rollback"), "Z")]),
    Script("a deferred constraint fails at commit",
           [(query("create temp table d(a int unique deferrable initially deferred)"), "Z"),
            (query("begin; insert into d values (1), (1)"), "Z"), (query("commit"), "Z")]),
    Script("notices", [(query("do $$begin raise notice 'one'; raise warning 'two'; end$$"), "Z")]),
    Script("notifications to oneself", [(query("listen c"), "Z"), (query("notify c, 'payload'"), "Z"),
                                        (query("begin; notify c; select 1; commit"), "Z")]),
    Script("parameters that change", [(query("set application_name = 'x'; set timezone = 'Asia/Tokyo'"), "Z"),
                                      (query("set client_encoding = 'LATIN1'"), "Z"), (query("reset all"), "Z")]),
    Script("bytes that are not UTF-8", [(query(b"select '\xff\xfe'"), "Z"), (query("select 'täst'"), "Z")]),
    Script("a query over a mebibyte", [(query("select '" + "x" * 1_200_000 + "'"), "Z"), (query("select 1"), "Z")]),
    Script("many rows", [(query("select i, repeat('x', i % 1000) from generate_series(1, 20000) i"), "Z")]),
    Script("a row of a mebibyte", [(query("select repeat('x', 3000000)"), "Z")]),
    Script("terminate", [(query("select 1"), "Z"), (TERMINATE, "EOF")]),
    Script("terminate behind a query", [(query("select 1") + TERMINATE, "EOF")]),
]

EXTENDED = [
    Script("a batch", [(batch("select $1::int + 1", "41"), "Z")]),
    Script("nothing but Sync", [(SYNC, "Z"), (SYNC + SYNC, "ZZ")]),
    Script("an empty statement", [(batch(""), "Z")]),
    Script("a pipeline", [(batch("select 1") + batch("select 2") + batch("select 3"), "ZZZ")]),
    Script("a query and a batch in one write", [(query("select 1") + batch("select 2") + query("select 3"), "ZZZ")]),
    Script("a query inside a batch", [(parse("select 1") + query("select 2") + bind() + execute() + SYNC, "ZZ")]),
    Script("the second of three fails",
           [(parse("select 1") + bind() + execute() + parse("select 1/0") + bind() + execute() + parse("select 3") +
             bind() + execute() + SYNC, "Z"), (batch("select 4"), "Z")]),
    Script("Parse fails and all is skipped",
           [(parse("selekt") + bind() + query("select 1") + close("S", "x") + FLUSH + SYNC, "Z"), (query("select 2"), "Z")]),
    Script("an error, and the rest of the batch later",
           [(parse("selekt") + FLUSH, "E"), (bind() + execute(), ""), (SYNC, "Z"), (query("select 1"), "Z")],
           can_glue=False),
    Script("Bind fails", [(parse("select $1::int") + bind("no number") + execute() + SYNC, "Z")]),
    Script("the wrong number of parameters", [(parse("select $1::int") + bind("1", "2") + execute() + SYNC, "Z")]),
    Script("unknown statements and portals",
           [(bind(statement="nope") + SYNC, "Z"), (describe("S", "nope") + SYNC, "Z"), (describe("P", "nope") + SYNC, "Z"),
            (execute("nope") + SYNC, "Z"), (close("S", "nope") + close("P", "nope") + SYNC, "Z")]),
    Script("a named statement, used again",
           [(parse("select $1::int", "s", [INT4]) + describe("S", "s") + SYNC, "Z"),
            (bind("1", statement="s") + execute() + SYNC, "Z"), (bind(None, statement="s") + execute() + SYNC, "Z"),
            (parse("select 2", "s") + SYNC, "Z"), (close("S", "s") + parse("select 2", "s") + SYNC, "Z")]),
    Script("deallocate and parse again",
           [(parse("select 1", "s") + SYNC, "Z"), (query("deallocate all"), "Z"), (parse("select 2", "s") + SYNC, "Z"),
            (query("discard all"), "Z"), (bind(statement="s") + SYNC, "Z")]),
    Script("the unnamed statement is gone after a query",
           [(parse("select 1") + SYNC, "Z"), (query("select 2"), "Z"), (bind() + SYNC, "Z")]),
    Script("a failed Parse and its name again",
           [(parse("selekt", "s") + SYNC, "Z"), (parse("select 1", "s") + bind(statement="s") + execute() + SYNC, "Z")]),
    Script("portals by and by",
           [(TABLE, "Z"), (FILL, "Z"), (query("begin"), "Z"),
            (parse("select * from t order by a") + bind(portal="p") + execute("p", 3) + FLUSH, "s"),
            (execute("p", 3) + FLUSH, "s"), (execute("p", 0) + FLUSH, "C"), (execute("p", 0) + close("P", "p") + SYNC, "Z"),
            (query("commit"), "Z")]),
    Script("two portals at once",
           [(query("begin"), "Z"), (parse("select generate_series(1, 4)", "s") + bind(portal="p", statement="s") +
                                    bind(portal="q", statement="s") + execute("p", 2) + execute("q", 1) +
                                    execute("p", 2) + execute("q") + SYNC, "Z"), (query("commit"), "Z")]),
    Script("Flush between the steps",
           [(parse("select 1") + FLUSH, "1"), (describe("S") + FLUSH, "T"), (bind() + FLUSH, "2"),
            (execute() + FLUSH, "C"), (SYNC, "Z")]),
    Script("a portal with the name of a statement",
           [(parse("select 1", "n") + bind(portal="n", statement="n") + close("P", "n") + execute("n") + SYNC, "Z"),
            (bind(statement="n") + execute() + SYNC, "Z")]),
    Script("names longer than any buffer",
           [(parse("select 1", "n" * 9000) + SYNC, "Z"), (bind(statement="n" * 9000, portal="p" * 7000) + SYNC, "Z")]),
    Script("many parameters",
           [(parse("select array[" + ",".join(f"${i}" for i in range(1, 30001)) + "]::int[]", types=[INT4] * 30000) +
             bind(*["7"] * 30000) + describe() + execute() + SYNC, "Z")]),
    Script("a parameter of three mebibytes", [(batch("select length($1::text)", "x" * 3_000_000), "Z")]),
    Script("a Parse over a mebibyte", [(batch("select '" + "y" * 1_200_000 + "'", name=""), "Z")]),
    Script("a message that says more than it has", [(message("P", b"\0select 1\0\0\0more") + SYNC, "Z"),
                                                    (message("Q", b"select 1\0more"), "Z"), (query("select 1"), "Z")]),
    Script("a message without its end", [(message("D", b"Sx") + SYNC, "Z"), (message("C", b"") + SYNC, "Z")]),
    Script("function calls", [(function_call(ABS_INT4, struct.pack("!i", -5)), "Z"),
                              (function_call(ABS_INT4), "Z"), (function_call(4_000_000_000), "Z"),
                              (query("select 1") + function_call(ABS_INT4, struct.pack("!i", -6)) + SYNC, "ZZZ")]),
]

COPY = [
    Script("COPY out", [(TABLE, "Z"), (FILL, "Z"), (query("copy t to stdout"), "Z"), (query("select 1"), "Z")]),
    Script("COPY out in a batch", [(TABLE, "Z"), (FILL, "Z"), (batch("copy t to stdout (format binary)"), "Z")]),
    Script("COPY in", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                       (copy_data(b"1\tx\n2\ty\n") + copy_data(b"3\tz\n") + COPY_DONE, "Z"), (query("select a + 0, b || '' from t"), "Z")]),
    Script("COPY in, lines cut anywhere", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                                           (copy_data(b"1\t") + copy_data(b"x\n2") + copy_data(b"\ty\n") + COPY_DONE, "Z")]),
    Script("COPY in by the client given up", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                                              (copy_data(b"1\tx\n") + copy_fail("no more"), "Z"), (query("select 1"), "Z")]),
    Script("COPY in fails at the server, and the client goes on",
           [(TABLE, "Z"), (query("copy t from stdin"), "G"), (copy_data(b"1\tx\n1\ty\n") + COPY_DONE, "Z"),
            (copy_data(b"2\tx\n") + COPY_DONE + query("select count(*) from t"), "Z")]),
    Script("COPY in in a batch", [(TABLE, "Z"), (parse("copy t from stdin") + bind() + execute() + FLUSH, "G"),
                                  (copy_data(b"1\tx\n") + COPY_DONE + SYNC, "Z"), (query("select a + 0, b || '' from t"), "Z")]),
    Script("COPY in with a Sync in it, as libpq sends it",
           [(TABLE, "Z"), (parse("copy t from stdin") + bind() + describe() + execute() + SYNC, "G"),
            (copy_data(b"1\tx\n") + COPY_DONE + SYNC, "Z"), (query("select a + 0 from t") + batch("select 1"), "ZZ")]),
    Script("COPY in in a batch fails",
           [(TABLE, "Z"), (parse("copy t from stdin") + bind() + execute() + FLUSH, "G"),
            (copy_data(b"bad\n") + COPY_DONE + parse("select 1") + SYNC, "Z"), (query("select a + 0, b || '' from t"), "Z")]),
    Script("COPY in fails, with a Sync in it",
           [(TABLE, "Z"), (parse("copy t from stdin") + bind() + execute() + SYNC, "G"),
            (copy_data(b"bad\n") + COPY_DONE + SYNC, "Z"), (query("select 1") + batch("select 2"), "ZZ")]),
    Script("two COPYs in one query", [(query("create temp table u(a int)"), "Z"),
                                      (query("copy u from stdin; copy u from stdin"), "G"),
                                      (copy_data(b"1\n") + COPY_DONE, "G"), (copy_data(b"2\n") + COPY_DONE, "Z")]),
    Script("COPY messages where no COPY is", [(copy_data(b"x") + COPY_DONE + copy_fail("x") + query("select 1"), "Z")]),
    Script("a query in the middle of COPY in", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                                                (copy_data(b"1\tx\n") + query("select 1"), "EOF")]),
    Script("a mebibyte of COPY in",
           [(query("create temp table v(a text)"), "Z"), (query("copy v from stdin"), "G"),
            (b"".join(copy_data(b"x" * 999 + b"\n") for _ in range(1500)) + COPY_DONE, "Z"),
            (query("select count(*), sum(length(a)) from v"), "Z")]),
]

START = [
    Script("plain start-up", [(startup(user="postgres", database="postgres"), "Z")], login=False),
    Script("no database", [(startup(user="postgres"), "Z"), (query("select current_database()"), "Z")], login=False),
    Script("an empty database and application name",
           [(startup(user="postgres", database="", application_name=""), "Z")], login=False),
    Script("options", [(startup(user="postgres", options=r"-c search_path=a\ b --geqo=off -c work_mem=1MB"), "Z"),
                       (query("show search_path; show geqo; show work_mem"), "Z")], login=False),
    Script("settings as parameters", [(startup(user="postgres", search_path="x, y", timezone="UTC"), "Z"),
                                      (query("show search_path"), "Z")], login=False),
    Script("a parameter that nobody knows", [(startup(user="postgres", nonsense="1"), "EOF")], login=False),
    Script("protocol extensions", [(startup(0x30000, user="postgres", **{"_pq_.new": "on"}), "Z")], login=False),
    Script("protocol 3.2", [(startup(0x30002, user="postgres"), "Z"), (query("select 1"), "Z")], login=False),
    Script("protocol 4", [(startup(0x40000, user="postgres"), "EOF")], login=False),
    Script("a user that is not there", [(startup(user="nobody"), "EOF")], login=False),
    Script("a database that is not there", [(startup(user="postgres", database="nope"), "EOF")], login=False),
    Script("no user", [(startup(database="postgres"), "EOF")], login=False),
    Script("another byte for the terminator", [(b"\0\0\0\x17\0\3\0\0user\0postgres\0x", "Z"), (query("select 1"), "Z")],
           login=False),
    Script("bytes behind the terminator", [(b"\0\0\0\x19\0\3\0\0user\0postgres\0\0xy", "EOF")], login=False),
    Script("a long start-up packet", [(startup(user="postgres", application_name="x" * 9000), "Z")], login=False),
    Script("statements behind the start-up packet",
           [(startup(user="postgres") + query("select 1") + batch("select 2"), "ZZZ")], login=False),
    Script("an unknown message", [(message("y", b"what"), "EOF")]),
    Script("an unknown message while the server skips", [(parse("selekt") + message("y", b"what"), "EOF")]),
    Script("a session that the server ends",
           [(query("select pg_terminate_backend(pg_backend_pid())"), "EOF")]),
]

ALL = SIMPLE + EXTENDED + COPY + START
