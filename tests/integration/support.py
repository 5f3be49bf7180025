"""What the integration tests share: the modes, guards one for each, and what an explanation looks like."""

import re
import unittest

import environment
import wire
from cluster import Cluster
from guard import Guard
from wire import Wire

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


class LimitsCase(unittest.TestCase):
    """One server and one guard; `settings` are the guard's."""

    settings = ()
    quiet = ("schema.poll_ms=0", "workers=2")
    hba = None

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster(hba=cls.hba))
        cls.prepare()
        cls.guard = cls.enterClassContext(Guard(cls.cluster, settings=[*cls.quiet, *cls.settings]))

    @classmethod
    def prepare(cls):
        """What the server needs before the guard starts."""

    def setUp(self):
        """What the test before left counts no more."""
        self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") == 0, "old sessions to end")

    def wire(self, database="postgres", user="postgres", **parameters):
        return self.enterContext(Wire(self.guard.port, database, user, **parameters))

    def struck(self, option):
        return self.guard.metric("driftguard_limits_total", option=option)

    def assertStruck(self, option, before, times=1):
        self.guard.wait_until(lambda: self.struck(option) == before + times, f"{option} to be counted")

    def assertAnswers(self, connection):
        connection.send(wire.query("select 1"))
        self.assertEqual(wire.kinds(connection.until_ready()), "TDCZ")

    def assertRefused(self, messages, sqlstate, message):
        """FATAL is the last that comes; gives its fields back."""
        fields = wire.errors(messages)
        self.assertEqual(len(fields), 1, messages)
        self.assertEqual(messages[-1][0], "E", messages)
        self.assertEqual((fields[0]["S"], fields[0]["C"], fields[0]["M"]), ("FATAL", sqlstate, message))
        return fields[0]

    def await_backends(self, n, user):
        count = f"select count(*) = {n} from pg_stat_activity where usename = '{user}'"
        environment.wait_until(lambda: self.cluster.psql(count) == "t", f"{n} backends of {user}")
