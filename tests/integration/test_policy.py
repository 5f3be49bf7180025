#!/usr/bin/python3
"""Deprecated columns: counted in every mode, refused in enforce where the operator says so, and never at another's cost."""

import json
import os
import tempfile
import unittest

import psycopg

import wire
from cluster import Cluster
from guard import Guard
from support import await_snapshot

DEPRECATED = [{"schema": "public", "relation": "leads", "column": "user_email", "use": "contact_email", "refuse": True},
              {"schema": "public", "relation": "leads", "column": "old_name"}]
REFUSED = "SELECT user_email FROM leads"


class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE TABLE leads (id int PRIMARY KEY, user_email text, contact_email text, old_name text);"
                         "INSERT INTO leads VALUES (1, 'a', 'a', 'n')")
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.config = os.path.join(folder, "driftguard.json")
        with open(cls.config, "w", encoding="ascii") as file:
            json.dump({"deprecated": DEPRECATED}, file)

    def guarded(self, mode):
        guard = self.enterContext(Guard(self.cluster, mode, arguments=["--config", self.config]))
        await_snapshot(guard, "postgres")
        return guard

    def connect(self, guard, **options):
        connection = self.enterContext(guard.connect(**options))
        connection.autocommit = True
        return connection

    def uses(self, guard, column):
        return guard.metric("driftguard_deprecated_total", database="postgres", relation="public.leads", column=column)

    def test_enforce_refuses_the_statement_and_says_what_to_use(self):
        guard = self.guarded("enforce")
        connection = self.connect(guard, prepare_threshold=None)
        with self.assertRaises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
            connection.execute(REFUSED)
        diag = caught.exception.diag
        self.assertEqual(diag.message_primary, "column public.leads.user_email is deprecated and may not be used")
        self.assertRegex(diag.message_detail, "^driftguard: the operator's policy refuses")
        self.assertEqual(diag.message_hint, "Use contact_email. Retrying will not help.")
        self.assertEqual(connection.execute("SELECT contact_email FROM leads").fetchone(), ("a",))
        self.assertEqual(guard.metric("driftguard_refusals_total", reason="policy"), 1)
        self.assertEqual(self.uses(guard, "user_email"), 1)

    def test_enforce_refuses_each_repeat_and_writes_too(self):
        guard = self.guarded("enforce")
        connection = self.connect(guard)
        for sql in (REFUSED, REFUSED, REFUSED, "UPDATE leads SET user_email = 'b'", "DELETE FROM leads WHERE user_email = 'a'"):
            with self.assertRaises(psycopg.errors.ObjectNotInPrerequisiteState):
                connection.execute(sql)
        self.assertEqual(self.cluster.psql("SELECT user_email FROM leads"), "a")

    def test_statements_that_share_a_verdict_by_shape_are_counted_and_refused_each(self):
        guard = self.guarded("enforce")
        connection = self.connect(guard, prepare_threshold=None)
        for number in range(5):
            with self.assertRaises(psycopg.errors.ObjectNotInPrerequisiteState):
                connection.execute(f"SELECT user_email FROM leads WHERE id = {number}")
        self.assertEqual(self.uses(guard, "user_email"), 5)
        self.assertEqual(guard.metric("driftguard_verdicts_total", source="shape"), 4)

    def test_a_refused_parse_is_skipped_to_its_sync(self):
        guard = self.guarded("enforce")
        client = self.enterContext(wire.Wire(guard.port, "postgres"))
        client.send(wire.parse(REFUSED), wire.bind(), wire.execute(), wire.SYNC)
        answer = client.until_ready()
        self.assertEqual(wire.kinds(answer), "EZ")
        self.assertEqual(wire.errors(answer)[0]["C"], "55000")
        client.send(wire.parse("SELECT id FROM leads"), wire.bind(), wire.execute(), wire.SYNC)
        self.assertEqual(wire.kinds(client.until_ready()), "12DCZ")

    def test_within_a_transaction_it_is_forwarded(self):
        connection = self.connect(self.guarded("enforce"))
        with connection.transaction():
            self.assertEqual(connection.execute(REFUSED).fetchone(), ("a",))

    def test_columns_that_are_only_declared_are_counted(self):
        guard = self.guarded("enforce")
        connection = self.connect(guard)
        self.assertEqual(connection.execute("SELECT old_name FROM leads").fetchone(), ("n",))
        self.assertEqual(self.uses(guard, "old_name"), 1)

    def test_a_star_names_no_column(self):
        guard = self.guarded("enforce")
        self.assertEqual(self.connect(guard).execute("SELECT * FROM leads").fetchone(), (1, "a", "a", "n"))
        self.assertEqual(self.uses(guard, "user_email"), 0)

    def test_lower_modes_forward_and_count(self):
        for mode in ("observe", "annotate"):
            with self.subTest(mode):
                guard = self.guarded(mode)
                self.assertEqual(self.connect(guard).execute(REFUSED).fetchone(), ("a",))
                self.assertEqual(self.uses(guard, "user_email"), 1)

    def test_off_does_not_look(self):
        guard = self.enterContext(Guard(self.cluster, "off", arguments=["--config", self.config]))
        self.assertEqual(self.connect(guard).execute(REFUSED).fetchone(), ("a",))
        self.assertEqual(self.uses(guard, "user_email"), 0)


if __name__ == "__main__":
    unittest.main()
