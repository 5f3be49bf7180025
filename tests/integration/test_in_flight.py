#!/usr/bin/python3
"""DDL in flight: the column is not there yet, but an ALTER that adds it holds the table or waits for it. PostgreSQL lets
the statement wait and then accepts it; so must the guard, in every mode. A catalog read in between says "missing".
"""

import threading
import unittest

import environment
from support import MODES, ModesCase, label

TABLES = ("uncommitted", "queued", "created", "renamed", "own")
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"


class Statement:
    """A statement on a connection of its own, in a thread, since it is going to wait."""

    def __init__(self, connection, sql):
        self.sql, self.rows, self.error = sql, None, None
        self._connection = connection
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            cursor = self._connection.execute(self.sql)
            self.rows = cursor.fetchall() if cursor.description else []
        except Exception as error:  # whatever it is, the test shows it
            self.error = error

    def finish(self):
        self._thread.join(30)
        if self._thread.is_alive():
            raise TimeoutError(f"still waiting: {self.sql}")
        if self.error:
            raise self.error
        return self.rows


class InFlight(ModesCase):
    schema = "".join(f"CREATE TABLE {table} (id int); INSERT INTO {table} VALUES (1);" for table in TABLES)

    def setUp(self):
        self.watcher = self.enterContext(self.cluster.connect())

    def connect(self, mode):
        return self.enterContext(self.cluster.connect(f"app_{mode}"))

    def through(self, mode):
        return self.enterContext(self.guards[mode].connect())

    def await_lock(self, sql):
        """Until the server itself says that the statement waits for a lock."""
        environment.wait_until(lambda: self.watcher.execute(WAITING, [sql]).fetchone()[0] == 1, f"a lock: {sql}")

    def play_uncommitted(self, mode):
        migration = self.connect(mode)
        migration.execute("BEGIN")
        migration.execute("ALTER TABLE uncommitted ADD COLUMN late int DEFAULT 42")
        statement = Statement(self.through(mode), "SELECT late FROM uncommitted")
        self.await_lock(statement.sql)
        migration.execute("COMMIT")
        self.assertEqual(statement.finish(), [(42,)])

    def play_queued(self, mode):
        """The ALTER itself waits, behind a reader; the statement waits behind the ALTER."""
        reader = self.connect(mode)
        reader.execute("BEGIN")
        reader.execute("SELECT id FROM queued")
        migration = Statement(self.connect(mode), "ALTER TABLE queued ADD COLUMN late int DEFAULT 42")
        self.await_lock(migration.sql)
        statement = Statement(self.through(mode), "INSERT INTO queued (id) VALUES (2) RETURNING late")
        self.await_lock(statement.sql)
        reader.execute("COMMIT")
        migration.finish()
        self.assertEqual(statement.finish(), [(42,)])

    def play_renamed(self, mode):
        migration = self.connect(mode)
        migration.execute("BEGIN")
        migration.execute("ALTER TABLE renamed RENAME COLUMN id TO new_id")
        statement = Statement(self.through(mode), "UPDATE renamed SET new_id = 2 RETURNING new_id")
        self.await_lock(statement.sql)
        migration.execute("COMMIT")
        self.assertEqual(statement.finish(), [(2,)])

    def play_rolled_back(self, mode):
        """The other way round: what waits is valid again when the ALTER is undone."""
        migration = self.connect(mode)
        migration.execute("BEGIN")
        migration.execute("ALTER TABLE created DROP COLUMN id")
        statement = Statement(self.through(mode), "SELECT id FROM created")
        self.await_lock(statement.sql)
        migration.execute("ROLLBACK")
        self.assertEqual(statement.finish(), [(1,)])

    def play_own(self, mode):
        """One's own DDL that is not committed, in the same transaction, is there at once and gone after a rollback."""
        client = self.through(mode)
        client.execute("BEGIN")
        client.execute("ALTER TABLE own ADD COLUMN mine int DEFAULT 7")
        self.assertEqual(client.execute("SELECT mine FROM own").fetchall(), [(7,)])
        client.execute("ROLLBACK")
        with self.assertRaisesRegex(Exception, 'column "mine" does not exist'):
            client.execute("SELECT mine FROM own")


PLAYS = {
    "a_statement_waits_for_an_uncommitted_alter_and_succeeds": InFlight.play_uncommitted,
    "a_statement_waits_behind_a_queued_alter_and_succeeds": InFlight.play_queued,
    "a_statement_waits_for_a_rename_and_succeeds": InFlight.play_renamed,
    "a_statement_waits_for_a_drop_that_is_rolled_back": InFlight.play_rolled_back,
    "own_uncommitted_ddl_counts_at_once": InFlight.play_own,
}


def add_tests():
    for mode in MODES:
        for name, play in PLAYS.items():
            def test(self, mode=mode, play=play):
                play(self, mode)
            setattr(InFlight, f"test_in_{label(mode)}_{name}", test)


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)
