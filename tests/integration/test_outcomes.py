#!/usr/bin/python3
"""Predictions beyond missing columns and relations meet what the server does, at analysis, at planning and when it runs."""

import json
import unittest

import psycopg

import wire
from cluster import Cluster
from guard import Guard
from support import await_snapshot

SCHEMA = """
CREATE TYPE mood AS ENUM ('calm', 'glad');
CREATE TABLE a (id int PRIMARY KEY, name text, state mood);
CREATE TABLE b (id int, name text);
CREATE TABLE strict (id int, owner text NOT NULL, twice int GENERATED ALWAYS AS (id * 2) STORED,
                     number int GENERATED ALWAYS AS IDENTITY);
CREATE FUNCTION make_report() RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN CREATE TEMP TABLE report (total int) ON COMMIT DROP; END $$;
"""
ANALYSIS, PLAN, RUN = "Parse", "Bind", "Execute"
# SQLSTATE, statement, when the server raises it.
ERRORS = (
    ("42883", "SELECT reckon(id) FROM a", ANALYSIS),
    ("42704", "SELECT id::money_bag FROM a", ANALYSIS),
    ("3F000", "SELECT vault.open(id) FROM a", ANALYSIS),
    ("42702", "SELECT name FROM a, b", ANALYSIS),
    ("22P02", "SELECT id FROM a WHERE state = 'secret-label'", ANALYSIS),
    ("428C9", "INSERT INTO strict (owner, twice) VALUES ('o', 4)", ANALYSIS),
    ("428C9", "INSERT INTO strict (owner, number) VALUES ('o', 4)", ANALYSIS),
    ("42P10", "INSERT INTO a (id) VALUES (1) ON CONFLICT (name) DO NOTHING", PLAN),
    ("23502", "INSERT INTO strict (id) VALUES (1)", RUN),
)
# What becomes of them when the schema comes to what they want.
MENDS = {"42883": "CREATE FUNCTION reckon(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
         "42P10": "CREATE UNIQUE INDEX ON a (name)",
         "22P02": "ALTER TYPE mood ADD VALUE 'secret-label'",
         "23502": "ALTER TABLE strict ALTER owner SET DEFAULT 'nobody'"}


class Outcomes(unittest.TestCase):
    mode = "annotate"

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        self.cluster.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + SCHEMA)
        self.guard = self.enterContext(Guard(self.cluster, self.mode, ["schema.poll_ms=0"]))
        await_snapshot(self.guard, "postgres")

    def outcomes(self):
        return {name: self.guard.metric("driftguard_predictions_total", outcome=name)
                for name in ("predicted_raised", "missed", "uncovered", "false_alarm", "refused")}

    def expect(self, predicted_raised, **others):
        self.assertEqual(self.outcomes(), {"predicted_raised": predicted_raised, "missed": 0, "uncovered": 0,
                                           "false_alarm": 0, "refused": 0, **others})

    def test_each_is_foreseen_in_each_protocol(self):
        raised = 0
        with self.guard.connect(prepare_threshold=None) as connection:
            for code, sql, _ in ERRORS:
                for prepare in (False, True):
                    with self.subTest(sql, prepare=prepare):
                        with self.assertRaises(psycopg.Error) as caught:
                            connection.execute(sql, prepare=prepare)
                        self.assertEqual(caught.exception.sqlstate, code)
                        raised += 1
                        self.expect(raised)

    def test_an_earlier_answer_does_not_contradict(self):
        """A message at a time: the error comes at its stage, and the answers before it raised no doubt."""
        for number, (code, sql, stage) in enumerate(ERRORS, 1):
            with self.subTest(sql), wire.Wire(self.guard.port, "postgres") as client:
                client.send(wire.parse(sql), wire.bind(), wire.execute(), wire.SYNC)
                answer = client.until_ready()
                self.assertEqual(wire.kinds(answer), {ANALYSIS: "EZ", PLAN: "1EZ", RUN: "12EZ"}[stage])
                self.assertEqual(wire.errors(answer)[0]["C"], code)
                self.expect(number)

    def test_a_prepared_insert_meets_its_prediction_at_each_execute(self):
        with self.guard.connect(prepare_threshold=None) as connection:
            for number in range(1, 5):
                with self.assertRaises(psycopg.errors.NotNullViolation):
                    connection.execute("INSERT INTO strict (id) VALUES (%s)", (number,), prepare=True)
                self.expect(number)
            connection.execute("PREPARE p (int) AS INSERT INTO strict (id) VALUES ($1)")
            for number in range(5, 7):
                with self.assertRaises(psycopg.errors.NotNullViolation):
                    connection.execute("EXECUTE p(1)")
                self.expect(number)

    def test_a_contradiction_is_read_up_on_and_no_alarm_where_the_schema_has_changed(self):
        with self.guard.connect(prepare_threshold=None) as connection:
            for code, sql, _ in ERRORS:
                if code not in MENDS:
                    continue
                with self.subTest(sql):
                    self.cluster.psql(MENDS[code])
                    connection.execute(sql)
                    self.guard.wait_until(lambda: not self.guard.metric("driftguard_snapshot_stale"), "a read")
                    self.expect(0)

    def test_what_a_function_made_for_one_transaction_is_no_false_alarm(self):
        """It is gone when a catalog read looks: that nothing is there then proves nothing."""
        with self.guard.connect(prepare_threshold=None) as connection:
            with connection.transaction():
                connection.execute("SELECT make_report()")
                connection.execute("SELECT total FROM report")
            judged = self.guard.metric("driftguard_statements_total", verdict="ok")

            def is_judging_again():
                connection.execute("SELECT 1")
                return self.guard.metric("driftguard_statements_total", verdict="ok") > judged

            self.guard.wait_until(is_judging_again, "a read of all that was doubted")
            for _ in range(50):  # what that read means is told in the next turns of the worker's loop
                connection.execute("SELECT 1")
        self.expect(0)

    def test_what_was_not_foreseen_is_not_missed(self):
        with self.guard.connect(prepare_threshold=None) as connection:
            for sql in ("SELECT id + name FROM a", "INSERT INTO strict (id, owner) VALUES (1, nullif('x', 'x'))",
                        "SELECT 'x'::int",
                        "SELECT 'secret-label'::text::mood", "SELECT id FROM a LIMIT id"):
                with self.assertRaises(psycopg.Error):
                    connection.execute(sql)
        self.expect(0)

    def test_a_literal_is_on_no_page_and_in_no_log(self):
        with self.guard.connect(prepare_threshold=None) as connection:
            for _ in range(2):
                with self.assertRaises(psycopg.errors.InvalidTextRepresentation):
                    connection.execute("SELECT id FROM a WHERE state = 'secret-label'")
            # And one that is foreseen and not raised: that is logged.
            self.cluster.psql("ALTER TYPE mood ADD VALUE 'secret-label'")
            connection.execute("SELECT id FROM a WHERE state = 'secret-label'")
        self.assertNotIn("secret-label", self.guard.get("/metrics")[1] + json.dumps(self.guard.drift()) + self.guard.log())


class OutcomesInEnforce(Outcomes):
    """The breaker answers none of them, and none disarms it."""
    mode = "enforce"

    def test_the_breaker_is_neither_used_nor_disarmed(self):
        with self.guard.connect(prepare_threshold=None) as connection:
            for _, sql, _ in ERRORS:
                for _ in range(4):
                    with self.assertRaises(psycopg.Error):
                        connection.execute(sql)
            self.expect(4 * len(ERRORS))
            for _ in range(4):
                with self.assertRaises(psycopg.errors.UndefinedColumn):
                    connection.execute("SELECT nope FROM a")
        self.assertGreater(self.guard.metric("driftguard_refusals_total", reason="repeat"), 0)


if __name__ == "__main__":
    unittest.main()
