#!/usr/bin/python3
"""Several upstreams of one guard: each listener leads to its own, and what is learnt of one is said of that one alone."""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import unittest

import psycopg

import cluster as cluster_module
import environment
from cluster import Cluster
from guard import Guard

LEADS = "CREATE TABLE leads (id int, user_email text); INSERT INTO leads VALUES (1, 'of main')"
OTHER = "CREATE TABLE leads (id int, contact_email text); INSERT INTO leads VALUES (1, 'of other')"
OLD = "SELECT user_email FROM leads"
NEW = "SELECT contact_email FROM leads"


def config_file(folder, upstreams):
    path = os.path.join(folder, "driftguard.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"upstreams": upstreams}, file)
    return path


class TwoUpstreams(unittest.TestCase):
    """The same database name on both, with different schemas."""

    def setUp(self):
        self.main, self.other = (self.enterContext(Cluster()) for _ in range(2))
        self.main.psql(LEADS)
        self.other.psql(OTHER)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.state = self.enterContext(tempfile.TemporaryDirectory())
        self.port = environment.free_port()
        self.path = config_file(folder, [{"name": "other", "listen": f"127.0.0.1:{self.port}",
                                          "upstream": self.other.url}])

    def guard(self, mode):
        return Guard(self.main, mode, ("schema.poll_ms=0", f"state_dir={self.state}"), arguments=("--config", self.path))

    def connect_to_other(self):
        return cluster_module.connect(f"postgres://postgres@127.0.0.1:{self.port}/postgres")

    def await_both(self, guard):
        for name in ("main", "other"):
            guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", upstream=name) == 1, name)

    def test_sessions_get_the_verdicts_of_their_own(self):
        with self.guard("enforce") as guard:
            self.await_both(guard)
            with guard.connect() as main, self.connect_to_other() as other:
                for _ in range(5):
                    self.assertEqual(main.execute(OLD).fetchone(), ("of main",))
                    self.assertEqual(other.execute(NEW).fetchone(), ("of other",))
                    for connection, sql in ((main, NEW), (other, OLD)):
                        with self.assertRaises(psycopg.errors.UndefinedColumn):
                            connection.execute(sql)
                for connection in (main, other):
                    connection.execute("SELECT id FROM leads")
            for name in ("main", "other"):
                foreseen = sum(guard.metric("driftguard_predictions_total", upstream=name, outcome=outcome)
                               for outcome in ("predicted_raised", "refused"))
                self.assertEqual(foreseen, 5, name)
            for outcome in ("false_alarm", "missed"):
                self.assertEqual(guard.metric("driftguard_predictions_total", outcome=outcome), 0, outcome)
            self.assertEqual({(group["upstream"], group["column"]) for group in guard.drift()["groups"]},
                             {("main", "contact_email"), ("other", "user_email")})

    def test_drift_on_one_is_no_drift_of_the_other_now_and_after_a_restart(self):
        for restarted in (False, True):
            with self.guard("annotate") as guard:
                self.await_both(guard)
                with guard.connect() as main, self.connect_to_other() as other:
                    if not restarted:
                        other.execute("ALTER TABLE leads RENAME contact_email TO email")
                    for connection, renamed in ((other, True), (main, False)):
                        with self.assertRaises(psycopg.errors.UndefinedColumn) as raised:
                            connection.execute(NEW)
                        self.assertEqual('renamed to "email"' in (raised.exception.diag.message_detail or ""), renamed)

    def test_a_cancel_reaches_the_server_of_its_session(self):
        with self.guard("observe"), self.connect_to_other() as other:
            with self.assertRaisesRegex(psycopg.errors.QueryCanceled, "user request"), self.cancelling(other):
                other.execute("SELECT pg_sleep(30)")

    @contextlib.contextmanager
    def cancelling(self, connection):
        """Sends a cancel as soon as the other server sleeps."""
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"

        def cancel():
            environment.wait_until(lambda: self.other.psql(asleep) == "1", "pg_sleep")
            connection.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def test_ready_when_each_was_reached(self):
        self.other.stop()
        with Guard(self.main, "observe", arguments=("--config", self.path), ready=False) as guard:
            guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "/healthz")
            with guard.connect() as connection:
                connection.execute("SELECT 1")
            self.assertEqual(guard.get("/readyz")[0], 503)
            self.other.start()
            guard.wait_until(lambda: guard.get("/readyz")[0] == 200, "/readyz")


class Configuration(unittest.TestCase):
    def check(self, upstreams, *expected):
        with tempfile.TemporaryDirectory() as folder:
            command = [str(environment.binary()), "config", "check", config_file(folder, upstreams)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        for text in expected:
            self.assertIn(text, done.stderr)
        self.assertEqual(done.returncode == 0, not expected, done.stderr)

    def test_what_is_wrong_is_named(self):
        good = {"name": "replica", "listen": "127.0.0.1:5443", "upstream": "postgres://replica/shop"}
        self.check([good])
        self.check({}, "must be an array")
        self.check([1], "must be an object", "upstreams[0]")
        self.check([{**good, "name": "main"}], '"main" is taken')
        self.check([good, good], '"replica" is taken', "upstreams[1]")
        self.check([{**good, "name": "a b"}], "letters, digits")
        self.check([{**good, "listen": "nowhere"}], '"listen" is wrong', "upstreams[0].listen")
        self.check([{**good, "upstream": "postgres://u:s3cret@"}], "names no host")
        self.check([{"name": "replica"}], 'must have "name", "listen" and "upstream"')
        self.check([{**good, "upstreem": ""}], 'did you mean "upstream"?')
        self.check([{**good, "name": f"r{i}"} for i in range(16)], "more than 15")

    def test_a_loop_over_any_listener_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            ports = [environment.free_port() for _ in range(2)]
            path = config_file(folder, [{"name": "back", "listen": f"127.0.0.1:{ports[1]}",
                                         "upstream": f"postgres://127.0.0.1:{ports[0]}/postgres"}])
            command = [str(environment.binary()), "run", "--config", path, "--listen", f"127.0.0.1:{ports[0]}",
                       "--upstream", "postgres://127.0.0.1:1/postgres", "--admin", ""]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("itself listens on", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
