#!/usr/bin/python3
"""Somebody sets the clock: nothing that the guard does hangs off it, only what it says of times."""

import mmap
import os
import struct
import tempfile
import unittest

import psycopg

import environment
import wire
from cluster import Cluster
from guard import Guard
from support import await_snapshot

YEAR_US = 365 * 24 * 3600 * 1_000_000
JUMPS = {"ten years on": 10 * YEAR_US, "an hour back": -3_600_000_000, "to 1970 and before": -60 * YEAR_US, "back to now": 0}
SETTINGS = ("schema.min_reload_interval_ms=0", "schema.poll_ms=100", "drift.quiet_s=3600", "relay.idle_timeout_ms=60000")


class Clock(unittest.TestCase):
    def setUp(self):
        descriptor, path = tempfile.mkstemp(prefix="clock.", dir=environment.run_dir())
        os.write(descriptor, struct.pack("=q", 0))
        self.page = mmap.mmap(descriptor, 8)
        os.close(descriptor)
        self.addCleanup(self.page.close)
        self.cluster = self.enterContext(Cluster())
        self.cluster.psql("CREATE TABLE leads (id int, user_email text)")
        self.state = self.enterContext(tempfile.TemporaryDirectory(dir=environment.run_dir()))
        self.guard = self.enterContext(Guard(
            self.cluster, "enforce", SETTINGS, binary=os.environ["DG_CLOCK_BINARY"],
            arguments=["--state-dir", self.state], variables={"DG_TEST_CLOCK": path}))
        await_snapshot(self.guard, "postgres")

    def jump(self, shift_us):
        self.page[:] = struct.pack("=q", shift_us)

    def error(self, connection, sql):
        with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
            connection.execute(sql)
        return caught.exception.diag

    def rename(self, old, new):
        loads = self.guard.metric("driftguard_snapshot_loads_total")
        self.cluster.psql(f"ALTER TABLE leads RENAME COLUMN {old} TO {new}")
        self.guard.wait_until(lambda: self.guard.metric("driftguard_snapshot_loads_total") > loads + 1, "two looks at the schema")

    def test_a_session_goes_on_and_drift_is_explained_at_any_time(self):
        with self.guard.connect(prepare_threshold=None, autocommit=True) as connection:
            name = "user_email"
            for number, (what, shift_us) in enumerate(JUMPS.items()):
                with self.subTest(what):
                    self.jump(shift_us)
                    self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
                    self.rename(name, f"email_{number}")
                    said = self.error(connection, f"SELECT {name} FROM leads")
                    self.assertIn(f'was renamed to "email_{number}"', said.message_detail)
                    self.assertEqual(connection.execute(f"SELECT email_{number} FROM leads").fetchall(), [])
                    name = f"email_{number}"
        self.assertEqual(self.guard.metric("driftguard_predictions_total", outcome="false_alarm"), 0)

    def test_a_jump_ends_no_group_no_session_and_no_record_of_the_breaker(self):
        with self.guard.connect(prepare_threshold=None, autocommit=True) as connection:
            for _ in range(2):
                self.error(connection, "SELECT nope FROM leads")
            for what, shift_us in JUMPS.items():
                with self.subTest(what):
                    self.jump(shift_us)
                    polls = self.guard.metric("driftguard_snapshot_loads_total")
                    self.guard.wait_until(lambda: self.guard.metric("driftguard_snapshot_loads_total") > polls + 2, "some time")
                    self.error(connection, "SELECT nope FROM leads")
                    groups = [group for group in self.guard.drift()["groups"] if group["column"] == "nope"]
                    self.assertEqual([group["state"] for group in groups], ["open"])
            self.assertEqual(self.guard.metric("driftguard_limits_total"), 0, "no deadline struck")

    def test_the_journal_survives_a_restart_in_another_year(self):
        self.cluster.psql("ALTER TABLE leads RENAME COLUMN user_email TO contact_email")
        with self.guard.connect(prepare_threshold=None) as connection:
            self.error(connection, "SELECT user_email FROM leads")  # and the guard looks
        for shift_us in (10 * YEAR_US, -20 * YEAR_US):
            self.jump(shift_us)
            self.guard.stop()
            self.guard.start()
            await_snapshot(self.guard, "postgres")
            with self.guard.connect(prepare_threshold=None) as connection:
                self.assertIn('was renamed to "contact_email"',
                              self.error(connection, "SELECT user_email FROM leads").message_detail)

    def test_a_drain_takes_as_long_as_it_takes(self):
        with wire.Wire(self.guard.port, "postgres") as connection:
            connection.send(wire.query("BEGIN"))
            connection.until_ready()
            self.guard.process.terminate()
            self.guard.wait_until(lambda: self.guard.get("/readyz")[0] == 503, "the drain")
            self.jump(10 * YEAR_US)
            connection.send(wire.query("SELECT 1"))
            self.assertEqual(wire.kinds(connection.until_ready()), "TDCZ")
            connection.send(wire.query("COMMIT"))
            self.assertEqual(wire.errors(connection.until_end())[0]["C"], "57P01")


if __name__ == "__main__":
    unittest.main()
