"""Each limit and each deadline is exceeded: what the client is told, what is counted, and that all goes on afterwards."""

import pathlib
import select
import socket
import tempfile
import time
import unittest

import environment
import wire
from guard import Guard
from support import LimitsCase
from wire import Wire


class UsersAndDatabases(LimitsCase):
    settings = ("relay.max_sessions_per_user=2", "relay.max_sessions_per_database=3")
    hba = ("host all secret 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
           "host replication all 127.0.0.1/32 trust\n")

    @classmethod
    def prepare(cls):
        cls.cluster.psql("create role ann login; create role bob login; create role secret login password 'xyzzy';"
                         "create role keeper login replication")
        for database in ("shop", "books", "lent"):
            cls.cluster.psql(f"create database {database}")
        cls.cluster.psql("alter database lent connection limit 0")

    def test_one_user_has_too_many_sessions(self):
        option = "relay.max_sessions_per_user"
        before = self.struck(option)
        first, second = self.wire("shop", "ann"), self.wire("books", "ann")
        refused = self.wire("shop", "ann")
        said = self.assertRefused(refused.greeting, "53300", 'too many connections for role "ann"')
        self.assertEqual(said["D"], "driftguard: relay.max_sessions_per_user allows 2 sessions of one user.")
        self.assertIn("raise the limit", said["H"])
        self.assertEqual(wire.kinds(refused.greeting)[0], "R", "what the server has said comes first")
        self.assertStruck(option, before)
        self.await_backends(2, "ann")  # the third was given back to the server
        self.assertAnswers(self.wire("shop", "bob"))
        self.assertAnswers(first)
        second.send(wire.TERMINATE)
        self.await_backends(1, "ann")
        self.assertAnswers(self.wire("shop", "ann"))

    def test_one_database_has_too_many_sessions(self):
        option = "relay.max_sessions_per_database"
        before = self.struck(option)
        sessions = [self.wire("books", user) for user in ("ann", "bob", "bob")]
        refused = self.wire("books", "postgres")
        self.assertRefused(refused.greeting, "53300", 'too many connections for database "books"')
        self.assertStruck(option, before)
        for session in sessions:
            self.assertAnswers(session)
        self.assertAnswers(self.wire("shop", "postgres"))

    def test_the_words_are_those_of_the_server(self):
        self.cluster.psql("create role once login connection limit 0")
        for database, user in (("shop", "once"), ("lent", "ann")):
            own = wire.errors(self.enterContext(Wire(self.cluster.port, database, user)).greeting)[0]
            self.assertRegex(own["M"], f'^too many connections for (role|database) "({database}|{user})"$')
            self.assertEqual(own["C"], "53300")

    def test_a_database_that_is_not_named_is_the_users(self):
        self.cluster.psql("create database keeper")
        for _ in range(2):
            connection = self.wire(None)
            connection.send(wire.startup(user="keeper"))
            self.assertEqual(wire.kinds(connection.until_ready())[-1], "Z")
        self.assertAnswers(self.wire("keeper", "bob"))
        self.assertRefused(self.wire("keeper", "postgres").greeting, "53300",
                           'too many connections for database "keeper"')

    def test_strangers_do_not_lock_a_user_out(self):
        """Start-ups in a user's name, without its password, count for nobody."""
        strangers = [self.wire(None) for _ in range(20)]
        for stranger in strangers:
            stranger.send(wire.startup(user="secret", database="shop"))
            self.assertEqual(stranger.receive()[0], "R")
        for _ in range(2):
            self.enterContext(self.guard.connect("shop", "secret", password="xyzzy")).execute("select 1")

    def test_a_cancel_counts_for_nobody(self):
        first, second = self.wire("shop", "bob"), self.wire("books", "bob")
        key = dict(first.greeting)["K"]
        first.send(wire.query("select pg_sleep(60)"))
        running = "select count(*) = 1 from pg_stat_activity where usename = 'bob' and state = 'active'"
        environment.wait_until(lambda: self.cluster.psql(running) == "t", "the statement to run")
        with socket.create_connection(("127.0.0.1", self.guard.port)) as canceller:
            canceller.sendall(b"\0\0\0\x10\4\xd2\x16\x2e" + key)
            canceller.recv(1)
        self.assertEqual(wire.errors(first.until_ready())[0]["C"], "57014")
        self.assertAnswers(second)

    def test_physical_replication_is_on_no_database(self):
        streams = [self.wire(None) for _ in range(2)]
        for stream in streams:
            stream.send(wire.startup(user="keeper", replication="true", database="shop"))
            self.assertEqual(wire.kinds(stream.until_ready())[-1], "Z")
        sessions = [self.wire("shop", user) for user in ("ann", "bob", "postgres")]
        for session in sessions:
            self.assertAnswers(session)


class LoweredLimit(LimitsCase):
    """A limit that is set while sessions are open counts them, and ends none of them."""

    def test_reload(self):
        path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "limits.json")
        path.write_text('{"relay": {"max_sessions_per_user": 0}}', "ascii")
        with Guard(self.cluster, settings=LimitsCase.quiet, arguments=["--config", path]) as guard:
            sessions = [self.enterContext(Wire(guard.port, "postgres")) for _ in range(3)]
            path.write_text('{"relay": {"max_sessions_per_user": 2}}', "ascii")
            guard.reload()
            guard.wait_until(lambda: "config_reloaded" in guard.log(), "the reload")
            refused = self.enterContext(Wire(guard.port, "postgres"))
            self.assertRefused(refused.greeting, "53300", 'too many connections for role "postgres"')
            for session in sessions:
                self.assertAnswers(session)


class Sessions(LimitsCase):
    settings = ("relay.max_sessions=2",)

    def test_one_session_too_many(self):
        before = self.struck("relay.max_sessions")
        self.wire(), self.wire()
        said = self.assertRefused(self.wire().greeting, "53300", "driftguard: too many sessions (relay.max_sessions)")
        self.assertEqual(said["D"], "driftguard: relay.max_sessions allows 2 sessions.")
        self.assertStruck("relay.max_sessions", before)


class Deadlines(LimitsCase):
    settings = ("relay.startup_timeout_ms=700", "relay.connect_timeout_ms=300")
    hba = "host all ann 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"

    def test_a_start_up_that_stops(self):
        before = self.struck("relay.startup_timeout_ms")
        half, silent, unauthenticated = self.wire(None), self.wire(None), self.wire(None)
        half.send(wire.startup(user="ann")[:9])
        unauthenticated.send(wire.startup(user="ann", database="postgres"))
        said = self.assertRefused(half.until_end(), "57014", "driftguard: the start-up packet did not arrive in time")
        self.assertIn("relay.startup_timeout_ms allows 700 ms", said["D"])
        self.assertEqual(silent.until_end(), [])
        self.assertRefused(unauthenticated.until_end(), "57014", "driftguard: authentication did not finish in time")
        self.assertStruck("relay.startup_timeout_ms", before, 3)

    def test_a_database_that_does_not_answer(self):
        """A full backlog: the connection is never made."""
        with socket.socket() as deaf, socket.socket() as first:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            first.connect(deaf.getsockname())
            upstream = f"postgres://postgres@127.0.0.1:{deaf.getsockname()[1]}/postgres"
            with Guard(None, settings=[*LimitsCase.quiet, *self.settings], upstream=upstream, ready=False) as guard:
                guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "the guard to serve")
                connection = self.enterContext(Wire(guard.port))
                connection.send(wire.startup(user="ann", database="postgres"))
                said = wire.errors(connection.until_end())
                self.assertEqual(said[0]["C"], "08006")
                self.assertEqual(guard.metric("driftguard_limits_total", option="relay.connect_timeout_ms"), 1)
                self.assertEqual(guard.metric("driftguard_upstream_failures_total", reason="timeout"), 1)


class Idle(LimitsCase):
    settings = ("relay.idle_timeout_ms=600",)
    option = "relay.idle_timeout_ms"

    def assertTimedOut(self, connection, messages=None):
        said = self.assertRefused(messages or connection.until_end(), "57P05",
                                  "terminating connection due to idle-session timeout")
        self.assertEqual(said["D"], "driftguard: relay.idle_timeout_ms allows 600 ms without a statement.")

    def test_the_words_are_those_of_the_server(self):
        with Wire(self.cluster.port, "postgres") as straight:
            straight.send(wire.query("set idle_session_timeout = 100"))
            straight.until_ready()
            self.assertEqual(wire.errors(straight.until_end())[0]["M"],
                             "terminating connection due to idle-session timeout")

    def test_one_that_says_nothing_is_ended_on_both_sides(self):
        before = self.struck(self.option)
        self.cluster.psql("create role quiet login")
        connection = self.wire(user="quiet")
        started = time.monotonic()
        self.assertTimedOut(connection)
        self.assertGreater(time.monotonic() - started, 0.6, "ended before its time")
        self.assertStruck(self.option, before)
        self.await_backends(0, "quiet")

    def test_one_that_has_a_statement_in_time_stays(self):
        """While two others, one after the other, are silent for too long; then it is silent itself."""
        busy = self.wire()
        for _ in range(2):
            silent = self.wire()
            while not select.select([silent.socket], [], [], 0.02)[0]:
                self.assertAnswers(busy)
            self.assertTimedOut(silent)
        self.assertAnswers(busy)
        self.assertTimedOut(busy)

    def test_one_that_works_stays(self):
        long, copying, open_one, unsynced = (self.wire() for _ in range(4))
        long.send(wire.query("select pg_sleep(2)"))
        copying.send(wire.query("create temp table t (a int); copy t from stdin"))
        copying.until("G")
        open_one.send(wire.query("begin"))
        open_one.until_ready()
        unsynced.send(wire.parse("select 1"), wire.FLUSH)
        unsynced.until("1")
        self.assertEqual(wire.kinds(long.until_ready()), "TDCZ")
        copying.send(wire.message("d", b"1\n"), wire.message("c"))
        self.assertEqual(wire.kinds(copying.until_ready()), "CZ")
        open_one.send(wire.query("commit"))
        self.assertEqual(wire.kinds(open_one.until_ready()), "CZ")
        unsynced.send(wire.SYNC)
        self.assertEqual(wire.kinds(unsynced.until_ready()), "Z")
        for connection in (long, copying, open_one, unsynced):
            self.assertTimedOut(connection)

    def test_one_that_only_listens_is_idle_for_the_server_too(self):
        listener = self.wire()
        listener.send(wire.query("listen news"))
        listener.until_ready()
        heard = []
        with self.cluster.connect() as teller:
            while not heard or heard[-1] is not None and heard[-1][0] == "A":
                teller.execute("notify news")
                heard.append(listener.receive())
        self.assertTimedOut(listener, heard[-1:])

    def test_a_replication_connection_stays(self):
        stream = self.wire(None)
        stream.send(wire.startup(user="postgres", replication="true"))
        stream.until_ready()
        self.assertTimedOut(self.wire())
        self.assertTimedOut(self.wire())
        stream.send(wire.query("IDENTIFY_SYSTEM"))
        self.assertEqual(wire.kinds(stream.until_ready()), "TDCZ")

    def test_a_reload_turns_it_on(self):
        path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "limits.json")
        path.write_text('{"relay": {"idle_timeout_ms": 0}}', "ascii")
        with Guard(self.cluster, settings=self.quiet, arguments=["--config", path]) as guard:
            connection = self.enterContext(Wire(guard.port, "postgres"))
            path.write_text('{"relay": {"idle_timeout_ms": 600}}', "ascii")
            guard.reload()
            self.assertTimedOut(connection)


class Inspection(LimitsCase):
    """What is too long is forwarded, counted, and answered."""

    settings = ("inspect.max_bytes=4096", "inspect.max_tokens=100")

    def test_too_many_bytes(self):
        before = self.struck("inspect.max_bytes")
        connection = self.wire()
        text = "select /* " + "x" * 5000 + " */ 1"
        connection.send(wire.query(text))
        self.assertEqual(wire.kinds(connection.until_ready()), "TDCZ")
        connection.send(wire.parse(text), wire.SYNC)
        self.assertEqual(wire.kinds(connection.until_ready()), "1Z")
        self.assertStruck("inspect.max_bytes", before, 2)

    def test_too_many_tokens(self):
        before = self.struck("inspect.max_tokens")
        counted = self.guard.metric("driftguard_not_inspected_total", reason="too_long")
        connection = self.wire()
        connection.send(wire.query("select 1" + " + 1" * 100))
        self.assertEqual(wire.kinds(connection.until_ready()), "TDCZ")
        self.assertStruck("inspect.max_tokens", before)
        self.assertEqual(self.guard.metric("driftguard_not_inspected_total", reason="too_long"), counted + 1)


if __name__ == "__main__":
    unittest.main()
