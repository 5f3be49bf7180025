#!/usr/bin/python3
"""PREPARE and EXECUTE in SQL: judged, counted and explained as what their names stand for; one list of names with Parse."""

import unittest

import psycopg
from psycopg import pq

from cluster import Cluster
from guard import Guard
from support import await_snapshot

SCHEMA = ("CREATE TABLE leads (id int PRIMARY KEY, user_email text, name text);"
          "INSERT INTO leads VALUES (1, 'a', 'n');"
          "CREATE SCHEMA tenant; CREATE TABLE tenant.tickets (id int)")
RENAME = "ALTER TABLE leads RENAME COLUMN user_email TO contact_email"
BACK = "ALTER TABLE leads RENAME COLUMN contact_email TO user_email"
ERROR_FIELDS = {"M": pq.DiagnosticField.MESSAGE_PRIMARY, "P": pq.DiagnosticField.STATEMENT_POSITION,
                "D": pq.DiagnosticField.MESSAGE_DETAIL, "C": pq.DiagnosticField.SQLSTATE}

# What prepares a statement of this name, what uses it, and where the server says that its error is.
WAYS = (
    ("PREPARE p AS SELECT user_email FROM leads", "EXECUTE p", "21"),
    ("PREPARE p AS SELECT user_email FROM leads", "EXPLAIN EXECUTE p", "21"),
    ("PREPARE p AS SELECT user_email FROM leads", "CREATE TEMPORARY TABLE x AS EXECUTE p", "21"),
    ("PREPARE p (int) AS SELECT id FROM leads WHERE id = $1 AND user_email = 'é'", "EXECUTE p(1)", "59"),
    ("SELECT 'é'; PREPARE p AS SELECT user_email FROM leads; SELECT 1", "BEGIN; EXECUTE p", "33"),
    ("PREPARE p AS SELECT user_email FROM leads", ("bind", "p"), "21"),
    (("parse", "p", "SELECT user_email FROM leads"), "EXECUTE p", "8"),
    (("parse", "p", "SELECT user_email FROM leads"), ("bind", "p"), "8"),
    (("parse", "p", "SELECT user_email FROM leads"), ("parse and bind", "EXECUTE p"), "8"),
)


class Session:
    """A connection on which texts go as they are, and messages by name."""

    def __init__(self, connection):
        self.connection = connection
        self._pgconn = connection.pgconn

    def __call__(self, step):
        """The result of a text, or of ("parse", name, text), ("bind", name), ("parse and bind", text)."""
        if isinstance(step, str):
            return self._pgconn.exec_(step.encode())
        if step[0] == "parse":
            return self._pgconn.prepare(step[1].encode(), step[2].encode())
        if step[0] == "bind":
            return self._pgconn.exec_prepared(step[1].encode(), [])
        return self._pgconn.exec_params(step[1].encode(), [])

    def succeed(self, step):
        result = self(step)
        assert not result.error_message, result.error_message.decode()

    def fail(self, step):
        """The error's fields, and the transaction at an end."""
        result = self(step)
        assert result.status == pq.ExecStatus.FATAL_ERROR, step
        self.succeed("ROLLBACK")
        return {name: (result.error_field(field) or b"").decode() for name, field in ERROR_FIELDS.items()}


class Prepare(unittest.TestCase):
    # The session's next statement waits until its own schema change is known; what others change is not polled for.
    settings = ("schema.poll_ms=0", "schema.wait_after_ddl_ms=5000")

    def setUp(self):
        self.cluster = self.enterContext(Cluster())
        self.cluster.psql(SCHEMA)

    def guarded(self, mode):
        guard = self.enterContext(Guard(self.cluster, mode, self.settings))
        await_snapshot(guard, "postgres")
        return guard

    def session(self, guard=None):
        url = guard.url() if guard else self.cluster.url_of("postgres")
        return Session(self.enterContext(psycopg.connect(url, autocommit=True)))

    def outcomes(self, guard):
        return {name: guard.metric("driftguard_predictions_total", outcome=name)
                for name in ("predicted_raised", "missed", "uncovered", "false_alarm")}

    def test_each_way_to_prepare_and_execute(self):
        guard, direct = self.guarded("annotate"), self.session()
        for number, (prepare, execute, position) in enumerate(WAYS, 1):
            with self.subTest(prepare=prepare, execute=execute):
                client = self.session(guard)
                client.succeed(prepare)
                direct.succeed(prepare)
                findings = guard.metric("driftguard_statements_total", verdict="finding")
                client.succeed(RENAME)
                client.succeed("SELECT 1")  # a Bind does not wait
                own, error = direct.fail(execute), client.fail(execute)
                client.succeed(BACK)
                direct.succeed("DEALLOCATE ALL")
                self.assertEqual(own["P"], position)
                self.assertEqual({**error, "D": own["D"]}, own)
                self.assertRegex(error["D"], 'leads."user_email" was renamed to "contact_email"')
                self.assertEqual(self.outcomes(guard), {"predicted_raised": number, "missed": 0, "uncovered": 0,
                                                        "false_alarm": 0})
                self.assertEqual(guard.metric("driftguard_statements_total", verdict="finding"), findings + 1)

    def test_a_change_that_nobody_saw_is_explained_too(self):
        guard = self.guarded("annotate")
        client = self.session(guard)
        client.succeed("PREPARE p (int) AS SELECT user_email FROM leads WHERE id = $1")
        self.cluster.psql(RENAME)
        self.assertRegex(client.fail("EXECUTE p(1)")["D"], 'leads."user_email" was renamed to "contact_email"')
        self.assertEqual(self.outcomes(guard)["missed"], 1)
        # An argument that is no value has nothing to do with the statement.
        self.assertEqual(client.fail("EXECUTE p(nope)")["D"], "")
        self.assertEqual(self.outcomes(guard)["missed"], 1)

    def test_names_outlive_rollbacks_and_failures_but_not_deallocate(self):
        """Whatever happens to the names, the guard's word is never against the server's."""
        guard = self.guarded("observe")
        client = self.session(guard)
        prepare, other = "PREPARE p AS SELECT user_email FROM leads", "PREPARE p AS SELECT id FROM leads"
        parse, close = ("parse", "p", "SELECT id FROM leads"), "DEALLOCATE p"
        histories = (
            ([f"BEGIN; {prepare}; ROLLBACK"], True), ([f"{prepare}; SELECT 1/0"], True), ([prepare, "DISCARD PLANS"], True),
            ([prepare, other], True), ([prepare, parse], True), ([other, prepare], False), ([parse, prepare], False),
            ([prepare, close, other], False), ([prepare, f"{close}; {other}"], False), ([prepare, "DISCARD ALL"], None),
            ([prepare, "DEALLOCATE ALL", parse], False), (["PREPARE p AS SELECT nope FROM leads", other], False),
            ([prepare, "SET search_path = tenant", "RESET search_path"], True),
        )
        for steps, fails in histories:
            with self.subTest(steps=steps):
                for step in steps:
                    client(step)
                client.succeed(RENAME)
                before = self.outcomes(guard)
                result = client("EXECUTE p")
                code = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
                self.assertEqual(code, {True: "42703", False: "", None: "26000"}[fails])
                client.succeed(BACK)
                client.succeed("DEALLOCATE ALL")
                after = self.outcomes(guard)
                self.assertEqual(after["predicted_raised"] - before["predicted_raised"], 1 if fails else 0)
                self.assertEqual((after["missed"], after["false_alarm"]), (0, 0))

    def test_what_is_prepared_may_run_on_an_older_analysis(self):
        """The server does not look again for these; the text would fail, the statement does not."""
        guard = self.guarded("observe")
        client = self.session(guard)
        client.succeed("CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE days (state mood)")
        client.succeed("SET search_path = tenant, public")
        prepared = (("one", "SELECT user_email FROM leads"), ("two", "SELECT * FROM days WHERE state = 'calm'"))
        for name, sql in prepared:
            client.succeed(f"PREPARE {name} AS {sql}")
            client.succeed(("parse", f"{name}_parsed", sql))
        client.succeed("CREATE TABLE tenant.leads (id int); ALTER TYPE mood RENAME VALUE 'calm' TO 'glad'")
        for name, sql in prepared:
            client.fail(sql)
            client.succeed(f"EXECUTE {name}")
            client.succeed(f"EXECUTE {name}_parsed")
            client.succeed(("bind", f"{name}_parsed"))
        client.succeed("SELECT 1")
        self.assertEqual(self.outcomes(guard)["missed"], 0)
        guard.wait_until(lambda: not guard.metric("driftguard_snapshot_stale"), "a read")
        self.assertEqual(self.outcomes(guard)["false_alarm"], 0)

    def test_what_is_prepared_sets_the_path_when_it_runs(self):
        guard = self.guarded("observe")
        client = self.session(guard)
        client.succeed("PREPARE p AS SELECT set_config('search_path', 'tenant', false)")
        client.succeed("SELECT id FROM leads")
        client.succeed(("bind", "p"))
        client.succeed("SELECT id FROM tickets")
        client.fail("SELECT id FROM leads")
        client.succeed("RESET search_path")
        client.succeed("EXPLAIN EXECUTE p")
        client.succeed("SELECT id FROM leads")
        client.succeed("EXPLAIN ANALYZE EXECUTE p")
        client.succeed("SELECT id FROM tickets")
        client.succeed("EXECUTE p")
        client.fail("SELECT id FROM leads")
        self.assertEqual(self.outcomes(guard), {"predicted_raised": 2, "missed": 0, "uncovered": 0, "false_alarm": 0})


if __name__ == "__main__":
    unittest.main()
