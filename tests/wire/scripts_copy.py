"""COPY, in both protocols, ended in every way, and its messages where they do not belong."""

from scripts import FILL, TABLE, batch
from wire import (COPY_DONE, FLUSH, SYNC, TERMINATE, Script, bind, close, copy_data, copy_fail, describe, execute,
                  function_call, message, parse, query)

IN_BATCH = parse("copy t from stdin") + bind() + execute()
# Around the sizes of buffers, here and there: 8 kB and 64 kB, with the header and without.
SIZES = [n + d for n in (8192, 65536) for d in range(-6, 2)] + [1, 0, 131072]

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
    Script("pieces of COPY in of all sizes",
           [(query("create temp table v(a text)"), "Z"), (query("copy v from stdin"), "G"),
            (b"".join(copy_data(b"x" * (n - 1) + b"\n" if n else b"") for n in SIZES) + COPY_DONE, "Z"),
            (query("select length(a) from v"), "Z")]),
    Script("nothing to COPY", [(TABLE, "Z"), (query("copy t from stdin"), "G"), (COPY_DONE, "Z"),
                               (query("copy t from stdin"), "G"), (copy_data(b"") + copy_data(b"\\.\n") + COPY_DONE, "Z"),
                               (query("copy t to stdout"), "Z")]),
    Script("COPY in in a batch given up", [(TABLE, "Z"), (IN_BATCH + FLUSH, "G"), (copy_fail("no more") + SYNC, "Z"),
                                           (IN_BATCH + SYNC, "G"), (copy_fail("no more") + SYNC, "Z"), (query("select 1"), "Z")]),
    Script("COPYs in a pipeline", [
        (TABLE, "Z"), (IN_BATCH + FLUSH, "G"),
        (copy_data(b"1\tx\n") + COPY_DONE + IN_BATCH + copy_data(b"2\tx\n") + COPY_DONE + parse("select a + 0 from t") + bind() +
         execute() + SYNC, "Z"), (query("select count(*) from t"), "Z")]),
    Script("COPYs and other statements in one query", [
        (TABLE, "Z"), (FILL, "Z"), (query("copy t to stdout; select 1; copy t from stdin; select 2; copy t from stdin"), "G"),
        (copy_data(b"11\tx\n") + COPY_DONE, "G"), (copy_data(b"12\tx\n") + COPY_DONE, "Z"), (query("select count(*) from t"), "Z")]),
    Script("the second COPY of a query fails", [
        (TABLE, "Z"), (query("copy t from stdin; copy t from stdin; select 3"), "G"), (copy_data(b"1\tx\n") + COPY_DONE, "G"),
        (copy_data(b"1\tx\n") + COPY_DONE, "Z"), (copy_data(b"5\ty\n") + COPY_DONE + query("select count(*) from t"), "Z")]),
    Script("COPY out fails on its way", [(query("copy (select 1 / (9 - i) from generate_series(1, 20) i) to stdout"), "Z"),
                                         (batch("copy (select 1 / (9 - i) from generate_series(1, 20) i) to stdout"), "Z"),
                                         (query("select 1"), "Z")]),
    Script("COPY out of nothing, of much, in a pipeline",
           [(batch("copy (select 1 where false) to stdout") + batch("copy (select repeat('x', 70000)) to stdout") +
             batch("select 1"), "ZZZ")]),
    Script("COPY in a transaction that has failed", [(TABLE, "Z"), (query("begin; select 1/0"), "Z"), (query("copy t from stdin"), "Z"),
                                                     (copy_data(b"1\tx\n") + COPY_DONE + query("rollback"), "Z")]),
    Script("COPY in fails in a transaction", [(TABLE, "Z"), (query("begin"), "Z"), (query("copy t from stdin"), "G"),
                                              (copy_data(b"bad\n") + COPY_DONE, "Z"), (query("commit; select count(*) from t"), "Z")]),
    Script("COPY messages in a batch without COPY",
           [(copy_data(b"x") + parse("select 1") + COPY_DONE + bind() + copy_fail("x") + describe() + copy_data(b"") + execute() +
             COPY_DONE + SYNC + copy_data(b"x") + COPY_DONE, "Z"), (query("select 1"), "Z")]),
    Script("COPY messages around a suspended portal",
           [(query("begin"), "Z"), (parse("select generate_series(1, 4)") + bind() + execute(max_rows=2) + copy_data(b"x") +
                                    COPY_DONE + execute() + SYNC, "Z"), (query("commit"), "Z")]),
    Script("Flush and Sync in the middle of COPY in", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                                                       (copy_data(b"1\tx\n") + FLUSH + SYNC + SYNC + copy_data(b"2\ty\n") +
                                                        COPY_DONE, "Z"), (query("select count(*) from t"), "Z")]),
    Script("Parse in the middle of COPY in", [(TABLE, "Z"), (IN_BATCH + FLUSH, "G"), (copy_data(b"1\tx\n") + batch("select 1"), "Z"),
                                              (query("select count(*) from t"), "Z")]),
    Script("Bind, Close and FunctionCall in the middle of COPY in",
           [(TABLE, "Z"), (query("copy t from stdin"), "G"), (bind(), "Z"), (SYNC, "Z"), (query("copy t from stdin"), "G"),
            (close("S"), "Z"), (SYNC, "Z"), (query("copy t from stdin"), "G"), (function_call(1397, b"\0\0\0\1"), "Z"),
            (SYNC, "Z")]),
    Script("terminate in the middle of COPY in", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                                                  (copy_data(b"1\tx\n") + TERMINATE, "EOF")]),
    Script("an unknown message in the middle of COPY in", [(TABLE, "Z"), (query("copy t from stdin"), "G"),
                                                           (message("y", b"what"), "EOF")]),
]
