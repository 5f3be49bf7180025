"""What the integration tests share: the modes, guards one for each, and what an explanation looks like."""

import re
import unittest

from cluster import Cluster
from guard import Guard

MODES = ("off", "observe", "annotate", "enforce")
SILENT = ("off", "observe")  # the server's bytes, untouched
EXPLAINING = ("annotate", "enforce")
WHEN = r"(at|between) \d\d:\d\d:\d\d( and \d\d:\d\d:\d\d)? UTC"
# The guard may change DETAIL and HINT, and fill in these where the server left them out.
OURS = ("detail", "hint", "schema", "table", "column")
IDENTIFIER = re.compile(r"\W+")


def label(text):
    """"psycopg, simple" -> "psycopg_simple", for the name of a test."""
    return IDENTIFIER.sub("_", text)


def database_of(mode):
    return f"app_{mode}"


class ModesCase(unittest.TestCase):
    """One cluster; for each mode a database of its own, made by `schema` before its guard starts, and that guard."""

    schema = ""
    settings = ()
    modes = MODES
    # Polling is off: what the tests see is learnt from the session itself, never by luck from a poll in between.
    quiet = ("schema.poll_ms=0",)

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.guards = {}
        for mode in cls.modes:
            cls.cluster.psql(f"CREATE DATABASE {database_of(mode)}")
            cls.cluster.psql(cls.schema, database_of(mode))
            guard = Guard(cls.cluster, mode, (*cls.quiet, *cls.settings), database=database_of(mode))
            cls.guards[mode] = cls.enterClassContext(guard)
        for mode, guard in cls.guards.items():
            await_snapshot(guard, database_of(mode))

    def url_of(self, mode):
        """The mode's database through its guard."""
        return self.guards[mode].url()

    def direct_url_of(self, mode):
        return self.cluster.url_of(database_of(mode))

    def alter(self, mode, sql):
        """Changes the schema beside the guard."""
        self.cluster.psql(sql, database_of(mode))


def await_snapshot(guard, database):
    guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database=database) == 1, "the first snapshot")


class ErrorCase(unittest.TestCase):
    """How an error that came through the guard compares with the server's own."""

    def assert_untouched(self, error, direct):
        self.assertEqual(error.fields, direct.fields)

    def assert_only_explained(self, error, direct):
        """All fields but ours are the server's; of ours, the server's words come first."""
        for name, value in direct.fields.items():
            if name not in OURS:
                self.assertEqual(error.fields[name], value, name)
            elif value is not None and name in ("detail", "hint"):
                self.assertTrue(error.fields[name] == value or error.fields[name].startswith(value + "\n"), name)
            elif value is not None:
                self.assertEqual(error.fields[name], value, name)

    def assert_explained(self, error, direct, detail, hint="."):
        """As above, and DETAIL and HINT hold lines of the guard's that match these patterns."""
        self.assert_only_explained(error, direct)
        self.assertRegex(self._added("detail", error, direct), "^driftguard: .*" + detail)
        self.assertRegex(self._added("hint", error, direct), hint)

    def _added(self, name, error, direct):
        text, own = error.fields[name] or "", direct.fields[name]
        added = text[len(own) + 1:] if own else text
        self.assertNotEqual(added, "", f"the guard added no {name} to: {error}")
        self.assertRegex(added, r"^[\x20-\x7e]{1,1024}$", "one line of printable ASCII, at most 1 kB")
        return added

    def assert_by_mode(self, mode, error, direct, detail, hint="."):
        if mode in SILENT:
            self.assert_untouched(error, direct)
        else:
            self.assert_explained(error, direct, detail, hint)
