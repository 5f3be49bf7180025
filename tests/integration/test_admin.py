#!/usr/bin/python3
"""The admin pages and the log: what they show, and what they never show."""

import json
import re
import unittest

import psycopg

from cluster import Cluster
from guard import Guard, GuardError
from support import await_snapshot

# Values that stand in statements, parameters and rows below; none may be seen on a page or in the log.
SECRETS = ("hunter2-literal", "4111111111111111", "hunter2-parameter", "hunter2-row", "hunter2-copy", "hunter2-password",
           "hunter2-dollar", "hunter2-enum", "hunter2-comment")


class Admin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE TABLE leads (id int PRIMARY KEY, user_email text NOT NULL, n numeric CHECK (n < 5));"
                         "CREATE TYPE mood AS ENUM ('ok')")
        cls.guard = cls.enterClassContext(Guard(
            cls.cluster, "annotate", ["schema.poll_ms=200", "schema.min_reload_interval_ms=0"],
            upstream=f"postgres://postgres:hunter2-password@127.0.0.1:{cls.cluster.port}/postgres"))
        await_snapshot(cls.guard, "postgres")

    def connect(self, **options):
        return self.enterContext(self.guard.connect(**options))

    def refuse(self, connection, sql, *values):
        with self.assertRaises(psycopg.Error):
            connection.execute(sql, values or None)

    def group(self, **wanted):
        """The one drift group with these properties."""
        groups = [group for group in self.guard.drift()["groups"] if wanted.items() <= group.items()]
        self.assertEqual(len(groups), 1, self.guard.drift())
        return groups[0]

    def test_healthz_and_readyz_answer(self):
        self.assertEqual(self.guard.get("/healthz")[0], 200)
        self.assertEqual(self.guard.get("/readyz")[0], 200)

    def test_a_page_for_people_and_nothing_elsewhere(self):
        status, body = self.guard.get("/")
        self.assertEqual(status, 200)
        self.assertIn("<html", body.lower())
        self.assertEqual(self.guard.get("/nowhere")[0], 404)

    def test_the_switch_lowers_every_session_until_the_configuration_is_read_again(self):
        connection = self.connect()

        def detail():
            with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
                connection.execute("SELECT user_mail FROM leads")
            return caught.exception.diag.message_detail

        connection.autocommit = True
        self.assertIn("driftguard:", detail())
        self.assertEqual(self.guard.get("/mode_ceiling", "observe\n"), (200, "observe\n"))
        self.assertIsNone(detail())
        self.assertEqual(self.guard.metric("driftguard_mode", mode="observe"), 1)
        self.assertEqual(self.guard.get("/mode_ceiling", "enforce")[0], 200)
        self.assertIsNone(detail(), "a higher ceiling raises nothing")
        self.guard.reload()
        self.guard.wait_until(lambda: self.guard.metric("driftguard_mode", mode="annotate") == 1, "the reload")
        self.assertIn("driftguard:", detail())

    def test_the_switch_refuses_what_is_no_mode_and_pages_of_other_origins(self):
        self.assertEqual(self.guard.get("/mode_ceiling", "sideways")[0], 400)
        self.assertEqual(self.guard.get("/mode_ceiling", "off", {"Origin": "http://elsewhere.example"})[0], 403)
        self.assertEqual(self.guard.get("/mode_ceiling")[0], 405)
        self.assertEqual(self.guard.get("/metrics", "x")[0], 405)
        self.assertEqual(self.guard.metric("driftguard_mode", mode="annotate"), 1)

    def test_every_family_of_the_reference_is_declared(self):
        """Families without a series yet need not be there; those of a running guard are."""
        text = self.guard.get("/metrics")[1]
        for family in ("build_info", "mode", "sessions", "bytes_total", "statements_total", "not_inspected_total",
                       "analysis_seconds", "snapshot_loaded", "snapshot_timestamp_seconds", "snapshot_loads_total"):
            self.assertRegex(text, rf"(?m)^# TYPE driftguard_{family} (counter|gauge|histogram)$")
        for bucket in ('le="+Inf"',):
            self.assertIn(f"driftguard_analysis_seconds_bucket{{{bucket}}}", text)
        self.assertEqual(self.guard.metric("driftguard_mode", mode="annotate"), 1)
        self.assertEqual(self.guard.metric("driftguard_mode", mode="observe"), 0)
        self.assertEqual(self.guard.metric("driftguard_build_info"), 1)

    def test_sessions_are_counted_while_they_are_open(self):
        before = self.guard.metric("driftguard_sessions_total")
        with self.guard.connect(), self.guard.connect():
            self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") >= 2, "two sessions")
        self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") == 0, "no session")
        self.assertEqual(self.guard.metric("driftguard_sessions_total") - before, 2)

    def test_an_error_is_counted_by_class_and_state(self):
        before = self.guard.metric("driftguard_server_errors_total", database="postgres", sqlstate="42P01")
        self.refuse(self.connect(), "SELECT 1 FROM counted_nope")
        after = self.guard.metric("driftguard_server_errors_total", database="postgres", sqlstate="42P01")
        self.assertEqual(after - before, 1)
        self.assertEqual(self.guard.metric("driftguard_drift", relation="counted_nope") or
                         self.guard.metric("driftguard_drift", relation="public.counted_nope"), 1)

    def test_a_group_has_counts_times_applications_and_statements_without_literals(self):
        for application in ("web", "batch"):
            connection = self.connect(application_name=application)
            for number in range(3):
                self.refuse(connection, f"SELECT grouped FROM leads WHERE id = {number + 4000} AND user_email = 'x{number}'")
        group = self.group(column="grouped")
        self.assertEqual((group["database"], group["relation"], group["sqlstate"], group["state"], group["count"]),
                         ("postgres", "public.leads", "42703", "open", 6))
        self.assertEqual(sorted(group["applications"]), ["batch", "web"])
        self.assertRegex(group["first_seen"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        self.assertLessEqual(group["first_seen"], group["last_seen"])
        self.assertEqual(len(group["statements"]), 1, "one shape")
        self.assertIn("grouped", group["statements"][0])
        self.assertNotRegex(group["statements"][0], r"400\d|x\d")

    def test_a_group_closes_when_the_schema_satisfies_it(self):
        connection = self.connect()
        self.refuse(connection, "SELECT healed FROM leads")
        self.assertEqual(self.group(column="healed")["state"], "open")
        self.assertEqual(self.guard.metric("driftguard_drift", column="healed"), 1)
        self.cluster.psql("ALTER TABLE leads ADD COLUMN healed int")
        self.guard.wait_until(lambda: self.group(column="healed")["state"] == "closed", "the group to close", 30)
        self.assertEqual(self.guard.metric("driftguard_drift", column="healed"), 0)

    def test_at_most_a_hundred_drift_series_and_the_rest_is_counted(self):
        connection = self.connect()
        for number in range(130):
            self.refuse(connection, f"SELECT 1 FROM absent_{number}")
        self.assertLessEqual(len(self.guard.metrics()["driftguard_drift"]), 100)
        self.assertGreater(self.guard.metric("driftguard_metrics_overflow_total", family="driftguard_drift"), 0)

    def test_no_literal_parameter_or_row_is_seen_on_a_page_or_in_the_log(self):
        connection = self.connect(prepare_threshold=None)
        for sql in ("SELECT nope_a, 'hunter2-literal', 4111111111111111 FROM leads WHERE user_email = 'hunter2-literal'",
                    "SELECT nope_b, $tag$hunter2-dollar$tag$, E'hunter2-literal' FROM leads",
                    "SELECT nope_c /* hunter2-comment */ FROM leads -- hunter2-comment",
                    "INSERT INTO leads (id, user_email, nope_d) VALUES (4111111111111111, 'hunter2-row', 3)",
                    "INSERT INTO leads (id, user_email, n) VALUES (1, 'hunter2-row', 9)",
                    "INSERT INTO leads (id, user_email) VALUES (1, 'hunter2-row'), (2, NULL)",
                    "SELECT 'hunter2-enum'::mood", "SELECT 'hunter2-literal'::int",
                    "SELECT 1 FROM nope_e WHERE x = 'hunter2-literal", "SELECT 'hunter2-literal' FROM nope_f"):
            self.refuse(connection, sql)
        self.refuse(connection, "SELECT nope_g FROM leads WHERE user_email = %s", "hunter2-parameter")
        with self.assertRaises(psycopg.Error), connection.cursor().copy("COPY leads (id, user_email) FROM STDIN") as copy:
            copy.write("x\thunter2-copy\n")
        seen = {path: self.guard.get(path)[1] for path in ("/drift", "/metrics", "/")} | {"log": self.guard.log()}
        self.assertIn("nope_a", seen["/drift"])
        for place, text in seen.items():
            for secret in SECRETS:
                self.assertNotIn(secret, text, place)


class Log(unittest.TestCase):
    def test_the_first_line_says_version_mode_upstream_without_password_and_limits(self):
        with Cluster() as cluster:
            upstream = f"postgres://postgres:s3cret@127.0.0.1:{cluster.port}/postgres"
            with Guard(cluster, "annotate", ["log.format=json", "inspect.max_bytes=4096"], upstream=upstream) as guard:
                guard.wait_until(guard.log, "a line")
                line = json.loads(guard.log().splitlines()[0])
        text = json.dumps(line)
        self.assertNotIn("s3cret", text)
        for part in (f"127.0.0.1:{cluster.port}", "annotate", "4096"):
            self.assertIn(part, text)
        self.assertTrue(any(re.fullmatch(r"\d+\.\d+\.\d+", str(value)) for value in line.values()), line)

    def test_each_line_is_json_where_json_is_asked_for(self):
        with Cluster() as cluster:
            with Guard(cluster, "observe", ["log.format=json", "log.level=debug"]) as guard:
                await_snapshot(guard, "postgres")
                guard.psql("SELECT nope")
                guard.psql('SELECT "a\\b""c\td" FROM "x\ny"')
            for line in guard.log().splitlines():
                self.assertIsInstance(json.loads(line), dict, line)


class Readiness(unittest.TestCase):
    def test_not_ready_until_the_upstream_accepts_and_ready_ever_after(self):
        with Cluster() as cluster:
            cluster.stop()
            with Guard(cluster, ready=False) as guard:
                guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "/healthz")
                self.assertEqual(guard.get("/readyz")[0], 503)
                cluster.start()
                guard.wait_until(lambda: guard.get("/readyz")[0] == 200, "/readyz", 30)
                cluster.stop()
                self.assertEqual(guard.get("/readyz")[0], 200)

    def test_a_drain_lets_the_open_transaction_end_and_answers_503_meanwhile(self):
        with Cluster() as cluster, Guard(cluster) as guard:
            connection = guard.connect()
            connection.execute("BEGIN")
            guard.process.terminate()
            guard.wait_until(lambda: guard.get("/readyz")[0] == 503, "the drain")
            self.assertEqual(guard.get("/metrics")[0], 200)
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
            connection.execute("COMMIT")
            guard.wait_until(lambda: guard.process.poll() is not None, "the end")
            with self.assertRaises(psycopg.OperationalError):
                connection.execute("SELECT 1")
            connection.close()

    def test_a_second_signal_ends_it_at_once(self):
        with Cluster() as cluster, Guard(cluster) as guard:
            connection = guard.connect()
            connection.execute("BEGIN")
            guard.process.terminate()
            guard.wait_until(lambda: guard.get("/readyz")[0] == 503, "the drain")
            guard.process.terminate()
            try:
                guard.wait_until(lambda: guard.process.poll() is not None, "the end")
            except GuardError:
                connection.close()
                raise
            with self.assertRaises(psycopg.OperationalError):
                connection.execute("SELECT 1")
            connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
