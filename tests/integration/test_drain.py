#!/usr/bin/python3
"""SIGTERM: whom the guard has taken in it serves, and there is a deadline. SIGHUP: nobody notices."""

import signal
import socket
import threading
import unittest

import psycopg

from cluster import Cluster
from guard import Guard
from wire import Wire, error_fields, kinds, query, startup

LOGIN = startup(user="postgres", database="postgres")


class DrainCase(unittest.TestCase):
    settings = ()

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        self.guard = self.enterContext(Guard(self.cluster, settings=["schema.poll_ms=0", *self.settings]))

    def drain(self):
        self.guard.process.send_signal(signal.SIGTERM)
        self.guard.wait_until(lambda: " draining: " in self.guard.log(), "the drain")

    def wire(self, *arguments):
        return self.enterContext(Wire(self.guard.port, *arguments))

    def assertEnds(self, wire):
        last = wire.until_end()
        self.assertEqual(kinds(last), "E")
        found = error_fields(last[0][1])
        self.assertEqual((found["S"], found["C"]), ("FATAL", "57P01"))
        wire.socket.close()

    def await_end(self):
        self.guard.wait_until(lambda: self.guard.process.poll() is not None, "the end")


class Drain(DrainCase):
    def test_an_idle_session_ends_at_once(self):
        wire = self.wire("postgres")
        wire.send(query("SELECT 1"))
        wire.until_ready()
        self.drain()
        self.assertEnds(wire)

    def test_nobody_new_is_accepted_and_the_pages_say_so(self):
        wire = self.wire("postgres")
        wire.send(query("BEGIN"))
        wire.until_ready()
        self.drain()
        self.guard.wait_until(lambda: self.guard.get("/readyz")[0] == 503, "/readyz")
        self.assertEqual(self.guard.get("/healthz")[0], 200)
        self.assertEqual(self.guard.metric("driftguard_sessions"), 1)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((self.guard.host, self.guard.port))
        wire.send(query("COMMIT"))
        self.assertEqual(kinds(wire.until_ready()), "CZ")
        self.assertEnds(wire)

    def test_a_client_at_any_stage_of_its_start_gets_in_and_gets_its_first_answer(self):
        for sent in (0, 1, 7, len(LOGIN) - 1, len(LOGIN)):
            with self.subTest(bytes_sent=sent):
                wire = self.wire()
                wire.send(LOGIN[:sent])
                self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") == 1, "the session")
                self.drain()
                wire.send(LOGIN[sent:])
                self.assertEqual(kinds(wire.until_ready())[-1], "Z")
                wire.send(query("SELECT 1"))
                self.assertEqual(kinds(wire.until_ready()), "TDCZ")
                self.assertEnds(wire)
                self.guard.stop()
                self.guard.start()

    def test_a_session_that_never_asked_for_anything_is_not_waited_for_until_the_deadline(self):
        wire = self.wire("postgres")
        self.drain()
        self.assertEnds(wire)
        self.await_end()
        self.assertNotIn("drain_timeout", self.guard.log())

    def test_a_statement_that_is_under_way_is_answered(self):
        wire = self.wire("postgres")
        wire.send(query("SELECT pg_advisory_lock(1)"))
        wire.until_ready()
        waiting = self.wire("postgres")
        waiting.send(query("SELECT pg_advisory_lock(1)"))
        self.await_lock()
        self.drain()
        with psycopg.connect(self.cluster.url, autocommit=True) as direct:
            direct.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        self.assertEqual(kinds(waiting.until_ready()), "TDCZ")
        self.assertEnds(waiting)

    def await_lock(self):
        self.guard.wait_until(lambda: self.cluster.psql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1",
                              "the lock to be waited for")

    def test_a_reload_while_it_drains_changes_nothing(self):
        wire = self.wire("postgres")
        wire.send(query("BEGIN"))
        wire.until_ready()
        self.drain()
        self.guard.reload()
        self.guard.wait_until(lambda: "config_reloaded" in self.guard.log(), "the reload")
        wire.send(query("SELECT 1"))
        self.assertEqual(kinds(wire.until_ready()), "TDCZ")
        wire.send(query("COMMIT"))
        self.assertEqual(kinds(wire.until_ready()), "CZ")
        self.assertEnds(wire)


class Deadline(DrainCase):
    settings = ("relay.drain_timeout_ms=300",)

    def test_sessions_that_are_not_idle_then_are_ended(self):
        wire, starting = self.wire("postgres"), self.wire()
        wire.send(query("BEGIN"))
        wire.until_ready()
        starting.send(LOGIN[:9])
        self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") == 2, "both sessions")
        self.drain()
        self.assertEnds(wire)
        self.assertEnds(starting)
        self.guard.wait_until(lambda: "drain_timeout" in self.guard.log(), "the log")
        self.await_end()

    def test_they_are_counted(self):
        wire = self.wire("postgres")
        wire.send(query("BEGIN"))
        wire.until_ready()
        self.drain()
        # It reads nothing and does not leave: the guard waits for it a moment, and its pages answer meanwhile.
        self.guard.wait_until(lambda: self.guard.metric("driftguard_limits_total", option="relay.drain_timeout_ms") == 1,
                              "the count")

    def test_a_client_that_reads_nothing_does_not_put_the_end_off(self):
        wire = self.wire("postgres")
        wire.send(query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"))
        self.guard.wait_until(lambda: self.guard.metric("driftguard_bytes_total", direction="to_client") > 1_000_000,
                              "the flood")
        self.drain()
        self.await_end()


class Reload(DrainCase):
    def test_sighup_drops_no_session_in_whatever_state(self):
        idle, busy, starting = self.wire("postgres"), self.wire("postgres"), self.wire()
        starting.send(LOGIN[:20])
        busy.send(query("BEGIN"))
        busy.until_ready()
        failures, is_over = [], threading.Event()

        def ask():
            try:
                with self.guard.connect() as connection:
                    n = 0
                    while not is_over.is_set():
                        n += 1
                        if connection.execute(f"SELECT {n}").fetchone() != (n,):
                            failures.append(n)
            except psycopg.Error as error:
                failures.append(error)

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        for n in range(1, 6):
            self.guard.reload()
            self.guard.wait_until(lambda: self.guard.log().count("config_reloaded") >= n, "the reload")
        starting.send(LOGIN[20:])
        self.assertEqual(kinds(starting.until_ready())[-1], "Z")
        for wire in (idle, busy, starting):
            wire.send(query("SELECT 1"))
            self.assertEqual(kinds(wire.until_ready()), "TDCZ")
        is_over.set()
        for thread in asking:
            thread.join(30)
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
