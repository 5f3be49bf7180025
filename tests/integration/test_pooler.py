#!/usr/bin/python3
"""In front of PgBouncer in transaction mode: what a client set is in force for another, so nothing may rest on it."""

import unittest

import psycopg

from cluster import Cluster
from guard import Guard
from pooler import pgbouncer
from support import await_snapshot

SCHEMA = ("CREATE SCHEMA a; CREATE TABLE a.t (id int, of_a int); CREATE TABLE a.only_a (id int);"
          "CREATE SCHEMA b; CREATE TABLE b.t (id int, of_b int); CREATE TABLE b.only_b (id int);"
          "CREATE TABLE leads (id int, name text)")
STATEMENTS = ("SELECT of_a FROM t", "SELECT of_b FROM t", "SELECT id FROM only_a", "SELECT id FROM only_b",
              "SELECT id FROM leads", "INSERT INTO t (of_a) VALUES (1)", "UPDATE t SET of_b = 2")


class Pooler(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql(SCHEMA)

    def guarded(self, mode):
        # One connection to the server: each client meets what the one before has left there.
        pooler = self.enterContext(pgbouncer(self.cluster, pool_mode="transaction", pool_size=1))
        guard = self.enterContext(Guard(mode=mode, upstream=pooler.url))
        await_snapshot(guard, "postgres")
        return guard

    def connect(self, guard):
        # Names of prepared statements are not the pooler's to keep, in this version.
        return self.enterContext(guard.connect(prepare_threshold=None))

    def outcome(self, guard, name):
        return guard.metric("driftguard_predictions_total", outcome=name)

    def test_clients_with_different_paths_are_not_judged_by_them(self):
        guard = self.guarded("observe")
        one, other = self.connect(guard), self.connect(guard)
        surprises = 0
        for _ in range(5):
            for connection, path in ((one, "a"), (other, "b")):
                connection.execute(f"SET search_path = {path}")
            for connection, path in ((one, "a"), (other, "b")):
                for sql in STATEMENTS:
                    try:
                        connection.execute(sql)
                        surprises += f"of_{path}" not in sql and f"only_{path}" not in sql and "leads" not in sql
                    except psycopg.Error as error:
                        self.assertIn(error.sqlstate, ("42703", "42P01"))
        self.assertGreater(surprises, 0, "the path in force was never another's: this test shows nothing")
        self.assertEqual((self.outcome(guard, "missed"), self.outcome(guard, "false_alarm")), (0, 0))
        self.assertGreater(guard.metric("driftguard_predictions_total", outcome="uncovered", reason="unknown"), 0)

    def test_what_no_path_could_make_right_is_still_foreseen(self):
        guard = self.guarded("annotate")
        connection = self.connect(guard)
        with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
            connection.execute("SELECT nope FROM public.leads")
        self.assertRegex(caught.exception.diag.message_detail, "^driftguard: public.leads has no column")
        self.assertEqual(self.outcome(guard, "predicted_raised"), 1)

    def test_enforce_answers_nothing_itself(self):
        guard = self.guarded("enforce")
        connection = self.connect(guard)
        for _ in range(20):
            with self.assertRaises(psycopg.errors.UndefinedColumn):
                connection.execute("SELECT nope FROM public.leads")
        self.assertEqual(self.outcome(guard, "predicted_raised"), 20)
        self.assertEqual(guard.metric("driftguard_refusals_total"), 0)


if __name__ == "__main__":
    unittest.main()
