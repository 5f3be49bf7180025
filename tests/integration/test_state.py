#!/usr/bin/python3
"""The journal outlives the guard: what happened before it was killed, and what happened while none ran."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import psycopg

import environment
from cluster import Cluster
from guard import Guard
from support import WHEN, await_snapshot

SCHEMA = "CREATE TABLE leads (id int, user_email text, secret text DEFAULT 'a default that is nobody''s business')"
RENAME = "ALTER TABLE leads RENAME COLUMN user_email TO contact_email"
RENAMED = r'public\.leads\."user_email" was renamed to "contact_email" '
# Polling is off unless a test needs it: what is known comes from the session that asks, or from the folder. An error
# waits for its explanation however slow the machine is.
QUIET = ("schema.poll_ms=0", "annotate.timeout_ms=5000")


class State(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(dir=environment.run_dir()))
        self.recreate()

    def recreate(self):
        self.cluster.psql("DROP DATABASE IF EXISTS shop WITH (FORCE)")
        self.cluster.psql("CREATE DATABASE shop")
        self.cluster.psql(SCHEMA, "shop")

    def alter(self, sql):
        self.cluster.psql(sql, "shop")

    def guard(self, settings=QUIET, folder=True, **options):
        arguments = ["--state-dir", self.folder] if folder else []
        return Guard(self.cluster, "annotate", settings, database="shop", arguments=arguments, **options)

    def detail(self, guard, sql="SELECT user_email FROM leads"):
        await_snapshot(guard, "shop")
        with guard.connect() as connection, self.assertRaises(psycopg.Error) as caught:
            connection.execute(sql)
        return caught.exception.diag.message_detail

    def files(self, pattern="journal-*.json"):
        return sorted(pathlib.Path(self.folder).glob(pattern))

    def saved(self):
        """The lines of the one journal, without the header."""
        files = self.files()
        return [json.loads(line) for line in files[0].read_text().splitlines()[1:]] if files else []

    def test_a_rename_under_a_guard_that_was_killed_is_explained_with_its_window(self):
        with self.guard() as guard:
            await_snapshot(guard, "shop")
            self.alter(RENAME)
            before = self.detail(guard)
            guard.wait_until(lambda: any(line[0] == "change" for line in self.saved()), "the change on disk")
            guard.kill()
        with self.guard() as guard:
            self.assertEqual(self.detail(guard), before)
            self.assertRegex(before, RENAMED + WHEN)
            self.assertIn("state_restored", guard.log())

    def test_a_rename_while_no_guard_ran_is_explained_from_the_last_read_to_the_start(self):
        for end in (Guard.stop, Guard.kill):
            with self.subTest(end.__name__):
                self.recreate()
                with self.guard() as guard:
                    await_snapshot(guard, "shop")
                    guard.wait_until(lambda: self.saved() and self.saved()[0][3] == self.database_oid(), "the model on disk")
                    end(guard)
                self.alter(RENAME)
                with self.guard() as guard:
                    self.assertRegex(self.detail(guard), RENAMED + WHEN)
                    self.assertRegex(guard.log(), 'state_restored.*since_then"?[=:]1')

    def database_oid(self):
        with self.cluster.connect("shop") as connection:
            return connection.execute("SELECT oid FROM pg_database WHERE datname = 'shop'").fetchone()[0]

    def test_without_a_folder_it_is_a_plain_absence(self):
        with self.guard(folder=False) as guard:
            await_snapshot(guard, "shop")
            self.alter(RENAME)
            self.assertRegex(self.detail(guard), "was renamed")
            guard.kill()
        with self.guard(folder=False) as guard:
            self.assertNotIn("renamed", self.detail(guard))
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_quiet_database_was_last_seen_at_the_last_poll(self):
        with self.guard(["schema.poll_ms=100"]) as guard:
            await_snapshot(guard, "shop")
            loaded = guard.metric("driftguard_snapshot_timestamp_seconds", database="shop")
            with guard.connect():
                count = guard.metric("driftguard_snapshot_loads_total", kind="poll")
                guard.wait_until(lambda: guard.metric("driftguard_snapshot_loads_total", kind="poll") >= count + 14,
                                 "two exact polls")
        model = [line for line in self.saved() if line[0] == "model"][0]
        self.assertGreater(model[1], (loaded + 0.5) * 1e6, "not the time of the load")

    def test_a_database_made_anew_has_no_past(self):
        with self.guard() as guard:
            await_snapshot(guard, "shop")
            self.alter(RENAME)
            self.detail(guard)
        self.recreate()
        with self.guard() as guard:
            self.assertNotIn("renamed", self.detail(guard, "SELECT contact_email FROM leads"))
            self.assertIn("state_set_aside", guard.log())
        self.assertEqual(len(self.files("*.other")), 1)

    def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(self):
        with self.guard() as guard:
            await_snapshot(guard, "shop")
        path = self.files()[0]
        path.write_bytes(path.read_bytes()[:-10])
        with self.guard() as guard:
            self.detail(guard, "SELECT nothing FROM leads")
            self.assertRegex(guard.log(), "state_set_aside.*" + re.escape(path.name) + ".*line 1: the hash does not fit")
        self.assertEqual([file.name for file in self.files("*.corrupt")], [path.name + ".corrupt"])
        self.assertEqual(self.saved()[0][:2], ["database", "shop"])

    def test_a_second_guard_reads_and_writes_when_the_first_has_gone(self):
        """A rolling deploy: the next guard starts before the last one ends."""
        with self.guard() as first:
            await_snapshot(first, "shop")
            self.alter(RENAME)
            self.detail(first)
            first.wait_until(lambda: any(line[0] == "change" for line in self.saved()), "the change on disk")
            with self.guard() as second:
                self.assertRegex(self.detail(second), RENAMED)
                self.assertIn("state_locked", second.log())
                first.stop()
                self.alter("ALTER TABLE leads RENAME COLUMN id TO key")
                self.assertRegex(self.detail(second, "SELECT id FROM leads"), "was renamed")
            self.assertIn("state_lock_taken", second.log())
        self.assertEqual([line[6:8] for line in self.saved() if line[0] == "change"],
                         [["user_email", "contact_email"], ["id", "key"]])

    def test_a_folder_that_cannot_be_used_is_an_error_at_the_start(self):
        file = pathlib.Path(self.folder, "file")
        file.touch()
        for folder in (self.folder + "/missing", str(file), "/proc/self"):
            with self.subTest(folder):
                command = [str(environment.binary()), "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                           "--upstream", self.cluster.url, "--state-dir", folder]
                done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f'state_dir "{folder}" cannot be used', done.stderr)

    def test_a_folder_that_cannot_be_written_later_is_said_once_and_stops_nothing(self):
        with self.guard() as guard:
            await_snapshot(guard, "shop")
            guard.wait_until(self.files, "the first save")
            os.rename(self.folder, self.folder + ".away")
            try:
                self.alter(RENAME)
                self.assertRegex(self.detail(guard), RENAMED)
                failures = lambda: guard.metric("driftguard_snapshot_failures_total", kind="state")
                guard.wait_until(lambda: failures() == 1, "the failure")
                self.assertEqual(guard.psql("SELECT 1", "shop").stdout, "1\n")
                self.assertEqual(guard.log().count("state_failed"), 1)
            finally:
                os.rename(self.folder + ".away", self.folder)
        self.assertIn("state_recovered", guard.log())
        self.assertTrue(any(line[0] == "change" for line in self.saved()), "saved at the end")

    def test_no_literal_is_in_the_folder_and_nobody_else_may_read_it(self):
        with self.guard() as guard:
            await_snapshot(guard, "shop")
            self.alter("ALTER TABLE leads ALTER COLUMN secret SET DEFAULT 'another default, nobody''s business'")
            self.detail(guard, "SELECT nothing FROM leads")
        for file in pathlib.Path(self.folder).iterdir():
            self.assertNotIn("business", file.read_text())
            self.assertEqual(file.stat().st_mode & 0o077, 0, file)

    def test_names_of_any_bytes_survive(self):
        self.cluster.psql("CREATE DATABASE raw TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
        self.addCleanup(self.cluster.psql, "DROP DATABASE raw WITH (FORCE)")
        with psycopg.connect(self.cluster.url_of("raw"), autocommit=True) as connection:
            connection.execute(b'CREATE TABLE "gr\xf6\xdfe\n" ("l\xe4nge\\" int, ok int)')
        for _ in range(2):
            with self.guard() as guard, guard.connect("raw"):
                await_snapshot(guard, "shop")
                await_snapshot(guard, "raw")
        self.assertEqual(guard.log().count("state_restored"), 2)
        self.assertNotRegex(guard.log(), 'since_then"?[=:][1-9]|state_set_aside|state_not_used')


if __name__ == "__main__":
    unittest.main(verbosity=2)
