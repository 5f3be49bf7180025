"""Every allocation of a running guard may fail: the replies are PostgreSQL's all the same, or the session ends in words.

One conversation at a time, and in it the first allocation fails, then, in the next one, the second, and so on until none is
left: the guard's own, libevent's, OpenSSL's, libpq's, the parser's. As a test a part of them, chosen anew at each run; all, for
an hour, by hand, with what to sweep and whose allocations:

    test_short_of_memory.py sweep [CONVERSATION|all [ours|libevent|cjson|openssl|libpq|pg_query|libc|others|all [FIRST]]]

A session may be ended where the guard cannot keep it (counted); what was said until then is whole and true. The process
never ends, never hangs, and whoever comes next is served.
"""

import collections
import contextlib
import dataclasses
import itertools
import os
import random
import ssl
import struct
import sys
import time
import unittest

import environment
import wire
from certificates import Authority
from cluster import Cluster
from guard import Guard
from shortage import ALL, FOR_EVER, NAMES, PG_QUERY, Shortage
from test_tls import TlsConnection
from wire import (COPY_DONE, EOF, SYNC, Connection, Script, bind, cancel_request, copy_data, describe, execute, fields, is_explained,
                  parse, play, query)

SCHEMA = "create table t (a int, b text); insert into t values (1, 'x')"
BEFORE_EACH = "drop table if exists d; create table d (a int)"
BINARY = os.environ.get("DG_SHORT_OF_MEMORY_BINARY")
N_SAMPLES = 12  # of each conversation
DETERMINED = ["schema.poll_ms=0", "schema.wait_after_ddl_ms=4000", "schema.min_reload_interval_ms=0", "workers=2", "relay.startup_timeout_ms=8000"]


def batch(sql, *values):
    return parse(sql) + bind(*values) + describe() + execute() + SYNC


# Stands for a name that no statement had before, so that none is known already; as long as what it becomes.
NEW = "name_0000000"
NEVER_SEEN = f"with {NEW} as (select 1) "


def renewed(script, number):
    new = f"name_{number:07}".encode()
    return dataclasses.replace(script, steps=[(data.replace(NEW.encode(), new), wait) for data, wait in script.steps])


SIMPLE = Script("simple", [(query(NEVER_SEEN + "select a, b from t where a = 1"), "Z"), (query("select 1; select 2"), "Z"), (query(""), "Z"),
                           (query("begin"), "Z"), (query("set local search_path = public"), "Z"), (query("rollback"), "Z")])
EXTENDED = Script("extended", [(batch(NEVER_SEEN + "select a from t where a = $1", "1"), "Z"), (parse(NEVER_SEEN + "select b from t", "s") + SYNC, "Z"),
                               (bind(statement="s") + execute() + SYNC, "Z"),
                               (b"".join(parse(f"select {i}") + bind() + execute() for i in range(20)) + SYNC, "Z")])
COPY = Script("copy", [(query("begin; create temp table c (a int)"), "Z"), (query("copy c from stdin"), "G"),
                       (copy_data(b"1\n" * 50000) + COPY_DONE, "Z"), (query("copy c to stdout"), "Z"), (query("rollback"), "Z")])
ERRORS = Script("errors", [(query(NEVER_SEEN + "select nope from t"), "Z"), (query("select nope from t"), "Z"), (batch(NEVER_SEEN + "select a from nowhere"), "Z"),
                           (query("begin; select nope from t"), "Z"), (query("select 1"), "Z"), (query("rollback"), "Z")])
DDL = Script("ddl", [(query("alter table d add column x int"), "Z"), (query("select x from d"), "Z"),
                     (query("alter table d rename column x to y"), "Z"), (query("select x from d"), "Z"), (query("drop table d"), "Z")])
LARGE = Script("large", [(query("select repeat('x', 300000) /* " + "y" * 200000 + " */"), "Z"), (query("select '" + "z" * 1500000 + "'"), "Z")])


def cancel(port, connect=Connection):
    """A statement, its cancel, and what came of it."""
    with connect(port) as connection:
        seen = connection.login()
        if seen[-1] == EOF:
            return seen
        connection.send(query("select pg_sleep(0.5)"))
        time.sleep(0.02)
        with connect(port) as canceller:
            canceller.ask(cancel_request(connection.key_data), "EOF")
        return [wire.masked(found) for found in seen + connection.read_until("Z")]


class Refused(Exception):
    """The session never came about."""


def converse(conversation, number, port, connect):
    try:
        if callable(conversation):
            return conversation(port, connect)
        return play(renewed(conversation, number), port, "written", connect)
    except (ssl.SSLError, ConnectionError, AssertionError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise Refused(str(error)) from error


CONVERSATIONS = {script.name: script for script in (SIMPLE, EXTENDED, COPY, ERRORS, DDL, LARGE)}
CONVERSATIONS["cancel"] = cancel
CONVERSATIONS["tls"] = Script("tls", [(query(NEVER_SEEN + "select a, b from t where a = 1"), "Z"), (query(NEVER_SEEN + "select nope from t"), "Z"),
                                      (query("select repeat('x', 100000)"), "Z")])


def is_same(got, expected):
    return got == expected or is_explained(got, expected)


def judge(got, expected):
    """"same", "ended" or what is wrong."""
    if EOF in got:
        got = got[:got.index(EOF) + 1]
    if len(got) == len(expected) and all(is_same(*pair) for pair in zip(got, expected)):
        return "same"
    if got[-1:] != [EOF]:
        return f"different: {got[-3:]!r} instead of {expected[len(got) - 3:len(got)]!r}"[:1000]
    said, last, cut = got[:-1], b"", b""
    if said and struct.unpack("!I", said[-1][1:5].rjust(4, b"\0"))[0] != len(said[-1]) - 1:
        said, cut = said[:-1], said[-1]
    elif said and said[-1][:1] == b"E" and fields(said[-1]).get("S") == "FATAL":
        said, last = said[:-1], said[-1]
    if last and "C" in fields(last) and fields(last)["C"] not in ("53200", "08006", "57014"):
        return f"ended by {fields(last)}"
    for mine, own in zip(said, expected):
        if not is_same(mine, own):
            return f"different before the end: {mine[:300]!r} instead of {own[:300]!r}"
    if cut:
        return "ended within a message" if expected[len(said)].startswith(cut) else f"different before the end: {cut[:300]!r}"
    return "ended in words" if last else "ended"


class Sweep:
    """Two guards (the second with TLS on both legs) and what has come of all."""

    def __init__(self, enter):
        issued = Authority("authority").issue("both", "localhost")
        self.cluster = enter(Cluster(settings={"ssl": "on", "ssl_cert_file": issued.cert, "ssl_key_file": issued.key}))
        self.cluster.psql(SCHEMA)
        self.direct = enter(self.cluster.connect())
        self.direct.execute(BEFORE_EACH)
        secure = ["server_tls.sslmode=require", "client_tls.sslmode=require", f"client_tls.cert_file={issued.cert}",
                  f"client_tls.key_file={issued.key}"]
        self.shortages, self.guards = {}, {}
        for name, settings in (("plain", ["server_tls.sslmode=disable"]), ("tls", secure)):
            shortage = self.shortages[name] = Shortage()
            self.guards[name] = enter(Guard(self.cluster, "annotate", DETERMINED + settings, binary=BINARY, variables=shortage.variables))
        self.numbers = itertools.count(1)
        self.expected = {}
        self.outcomes = collections.Counter()
        self.endings = collections.Counter()

    def prepare(self, name):
        if name == "ddl":
            self.direct.execute(BEFORE_EACH)

    def side_of(self, name):
        side = "tls" if name == "tls" else "plain"
        return self.guards[side], self.shortages[side], TlsConnection if side == "tls" else Connection

    def expect(self, name):
        """What the server itself says, and the guard when it lacks nothing."""
        if name in self.expected:
            return
        guard, _, connect = self.side_of(name)
        for port in (self.cluster.port, guard.port):
            self.prepare(name)
            got = converse(CONVERSATIONS[name], 0, port, connect)
            self.expected.setdefault(name, got)
        assert judge(got, self.expected[name]) == "same", judge(got, self.expected[name])

    def one(self, name, first, modules=ALL, n_failing=1):
        """The conversation with this allocation failing. False if it has fewer."""
        guard, shortage, connect = self.side_of(name)
        self.expect(name)
        self.prepare(name)
        shortage.begin(first, n_failing, modules)
        try:
            outcome = judge(converse(CONVERSATIONS[name], next(self.numbers), guard.port, connect), self.expected[name])
        except Refused:
            outcome = "ended"
        except TimeoutError:
            outcome = "hangs"
        n_failed = shortage.end()
        if guard.process.poll() is not None:
            raise AssertionError(f"{name}, allocation {first}: the guard ended with {guard.process.returncode}\n{guard.log()[-6000:]}")
        if name == "cancel" and outcome.startswith("different"):
            outcome = "cancel lost"
        self.outcomes[outcome] += 1
        if outcome not in ("same", "ended", "ended in words", "ended within a message", "cancel lost"):
            raise AssertionError(f"{name}, allocation {first}: {outcome}\n" + "\n".join(shortage.caller(guard.process.pid)))
        if outcome != "same":
            assert n_failed > 0, f"{name}: {outcome} without a failure"
            self.endings[(name, outcome, *shortage.caller(guard.process.pid)[:6])] += 1
        self.assert_serves(guard, connect)
        return n_failed > 0

    def assert_serves(self, guard, connect):
        with connect(guard.port) as connection:
            connection.login()
            answer = wire.types(connection.ask(query("select 1")))
            assert answer == "TDCZ", answer

    def finish(self):
        for guard in self.guards.values():
            guard.wait_until(lambda guard=guard: guard.metric("driftguard_sessions") == 0, "all sessions to end")


class ShortOfMemory(unittest.TestCase):
    """A part of the sweep."""

    @classmethod
    def setUpClass(cls):
        wire.TIMEOUT_S = 15
        cls.random = random.Random()
        cls.state = Sweep(cls.enterClassContext)

    @classmethod
    def tearDownClass(cls):
        cls.state.finish()

    def sample(self, name):
        """Some of its allocations; how many it has is seen on the way."""
        self.state.expect(name)
        _, shortage, _ = self.state.side_of(name)
        self.state.one(name, FOR_EVER)
        n_allocations = shortage.n_counted
        self.assertGreater(n_allocations, 10)
        for first in sorted(self.random.sample(range(1, n_allocations + 1), min(N_SAMPLES, n_allocations))):
            self.state.one(name, first)

    def test_simple(self):
        self.sample("simple")

    def test_extended(self):
        self.sample("extended")

    def test_copy(self):
        self.sample("copy")

    def test_errors(self):
        self.sample("errors")

    def test_ddl(self):
        self.sample("ddl")

    def test_large(self):
        self.sample("large")

    def test_cancel(self):
        self.sample("cancel")

    def test_tls(self):
        self.sample("tls")

    def test_no_memory_at_all_for_a_while(self):
        """Whoever is served then may lose the session; a session that is idle keeps it, and afterwards all is well."""
        for side in ("plain", "tls"):
            guard, shortage, connect = self.state.guards[side], self.state.shortages[side], TlsConnection if side == "tls" else Connection
            with connect(guard.port) as idle:
                idle.login()
                shortage.begin(1, FOR_EVER, ALL - PG_QUERY)
                for name in ("simple", "errors"):
                    try:
                        judged = judge(converse(CONVERSATIONS[name], next(self.state.numbers), guard.port, connect), [])
                    except Refused:
                        judged = "ended"
                    self.assertTrue(judged.startswith("ended"), judged)
                answer = "TDCZ" if side == "tls" else wire.types(idle.ask(query("select 1")))  # OpenSSL needs memory to read
                self.assertGreater(shortage.end(), 0)
                self.assertEqual(answer, "TDCZ", side)
                self.assertEqual(wire.types(idle.ask(query("select 1"))), "TDCZ")
            self.state.assert_serves(guard, connect)
            self.assertEqual(guard.get("/metrics")[0], 200)


def sweep(names, modules, first):
    wire.TIMEOUT_S = 12
    with contextlib.ExitStack() as stack:
        state = Sweep(stack.enter_context)
        for name in names:
            n, failures = first, 0
            while True:
                try:
                    if not state.one(name, n, modules):
                        break
                except AssertionError as error:
                    failures += 1
                    print(error, flush=True)
                    if failures > 20 or any(guard.process.poll() is not None for guard in state.guards.values()):
                        raise
                n += 1
            print(f"{name}: {n - 1} allocations, {dict(state.outcomes)}", flush=True)
            state.outcomes.clear()
        for ending, times in state.endings.most_common():
            print(times, *ending, sep="\n    ")
        state.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["sweep"]:
        words = sys.argv[2:] + ["all", "all", "1"][len(sys.argv) - 2:]
        sweep(list(CONVERSATIONS) if words[0] == "all" else words[0].split(","), NAMES[words[1]], int(words[2]))
    else:
        unittest.main()
