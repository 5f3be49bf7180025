#!/usr/bin/python3
"""The guard's own connections block nobody: databases are dropped, renamed and copied through it and beside it. And a
database that it may not enter is served all the same.
"""

import re
import unittest

import psycopg

from cluster import Cluster
from guard import Guard
from support import EXPLAINING, await_snapshot

# The log quotes the text that it stands in, so quotation marks come with a backslash.
GRANT = re.compile(r'GRANT CONNECT ON DATABASE secret TO reader')


class Databases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        # Polls and reloads as often as they may be: the guard's connections are about all the time.
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "annotate",
                                                ["schema.poll_ms=50", "schema.min_reload_interval_ms=0"]))
        await_snapshot(cls.guard, "postgres")

    def visit(self, database):
        """A client comes, meets an error (so that the guard reads the catalog), and goes."""
        with self.guard.connect(database) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (a int)")
            with self.assertRaises(psycopg.errors.UndefinedColumn):
                connection.execute("SELECT nope FROM t")
            await_snapshot(self.guard, database)

    def test_a_database_is_created_dropped_renamed_and_copied_through_the_guard(self):
        with self.guard.connect() as connection:
            for number in range(5):
                connection.execute("CREATE DATABASE once")
                self.visit("once")
                connection.execute("CREATE DATABASE copy TEMPLATE once")
                self.visit("copy")
                connection.execute("ALTER DATABASE once RENAME TO twice")
                self.visit("twice")
                connection.execute("DROP DATABASE twice")
                connection.execute("DROP DATABASE copy")
                self.assertEqual(connection.execute("SELECT %s::int", [number]).fetchone(), (number,))

    def test_and_beside_it(self):
        for _ in range(5):
            self.cluster.psql("CREATE DATABASE beside")
            self.visit("beside")
            self.cluster.psql("CREATE DATABASE copied TEMPLATE beside")
            self.visit("copied")
            self.cluster.psql("ALTER DATABASE beside RENAME TO moved")
            self.visit("moved")
            self.cluster.psql("DROP DATABASE moved")
            self.cluster.psql("DROP DATABASE copied")

    def test_a_database_of_the_same_name_made_anew_is_known_anew(self):
        for column in ("first_one", "second_one"):
            self.cluster.psql("CREATE DATABASE again")
            self.cluster.psql(f"CREATE TABLE s ({column} int)", "again")
            with self.guard.connect("again") as connection:
                await_snapshot(self.guard, "again")
                self.assertEqual(connection.execute(f"SELECT {column} FROM s").fetchall(), [])
            self.cluster.psql("DROP DATABASE again")
        self.assertEqual(self.guard.metric("driftguard_predictions_total", outcome="false_alarm"), 0)

    def test_the_guard_leaves_a_database_that_no_client_is_on(self):
        self.cluster.psql("CREATE DATABASE lonely")
        self.visit("lonely")
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'lonely'"
        self.guard.wait_until(lambda: self.cluster.psql(count) == "0", "the guard's connection to go")
        self.cluster.psql("DROP DATABASE lonely")


class Forbidden(unittest.TestCase):
    """The snapshot's role may not connect to a database that clients use."""

    def test_statements_are_forwarded_and_counted_and_the_grant_is_said_once(self):
        with Cluster() as cluster:
            cluster.psql("CREATE ROLE reader LOGIN; CREATE DATABASE secret")
            cluster.psql("REVOKE CONNECT ON DATABASE secret FROM PUBLIC")
            cluster.psql("CREATE TABLE t (a int)", "secret")
            upstream = cluster.url_of("postgres", "reader")
            for mode in ("observe", *EXPLAINING):
                settings = ["schema.poll_ms=50", "schema.min_reload_interval_ms=0"]
                with self.subTest(mode), Guard(cluster, mode, settings, upstream=upstream) as guard:
                    self.play(cluster, guard)

    def play(self, cluster, guard):
        def grants():
            return GRANT.findall(guard.log())

        with guard.connect("secret") as connection, cluster.connect("secret") as direct:
            for _ in range(20):
                self.assertEqual(connection.execute("SELECT a FROM t").fetchall(), [])
            guard.wait_until(grants, "the GRANT in the log")
            for _ in range(20):
                errors = []
                for client in (connection, direct):
                    with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
                        client.execute("SELECT nope FROM t")
                    errors.append(caught.exception.diag)
                self.assertEqual(errors[0].message_primary, errors[1].message_primary)
                self.assertEqual(errors[0].statement_position, errors[1].statement_position)
        self.assertGreaterEqual(guard.metric("driftguard_not_inspected_total", reason="no_snapshot"), 1)
        self.assertEqual(guard.metric("driftguard_predictions_total", database="secret", outcome="missed"), 0)
        self.assertGreaterEqual(guard.metric("driftguard_snapshot_failures_total", database="secret"), 1)
        self.assertEqual(len(grants()), 1, guard.log())


class Steered(unittest.TestCase):
    """A search path that the operator's role or database carries, or a pooler left behind, leads the guard's own reads
    nowhere: not to tables, functions or operators of the catalog's names.
    """

    TRAP = """
        CREATE SCHEMA trap;
        CREATE TABLE trap.pg_class (oid oid, relname name);
        CREATE TABLE trap.pg_attribute (attname name);
        CREATE VIEW trap.pg_namespace AS SELECT 1 / 0 AS oid, 'public'::name AS nspname;
        CREATE FUNCTION trap.format_type(oid, integer) RETURNS text LANGUAGE sql AS 'SELECT (1 / 0)::text';
        CREATE FUNCTION trap.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT (1 / 0)::text';
        CREATE FUNCTION trap.never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
        CREATE OPERATOR trap.= (FUNCTION = trap.never, LEFTARG = oid, RIGHTARG = oid);
        ALTER DATABASE postgres SET search_path = trap, public, pg_catalog;
        ALTER ROLE postgres SET search_path = trap, public, pg_catalog;
        CREATE TABLE public.leads (id integer, email text)"""

    def test_the_guards_reads_are_its_own(self):
        with Cluster() as cluster:
            cluster.psql(self.TRAP)
            with Guard(cluster, "annotate", ["schema.poll_ms=50", "schema.min_reload_interval_ms=0"]) as guard:
                await_snapshot(guard, "postgres")
                with guard.connect() as connection:
                    for old, new in (("email", "mail"), ("mail", "address")):
                        connection.execute(f"ALTER TABLE public.leads RENAME COLUMN {old} TO {new}")
                        with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
                            connection.execute(f"SELECT {old} FROM public.leads")
                        self.assertIn(f'renamed to "{new}"', " ".join(caught.exception.diag.message_detail.split()))
                self.assertEqual(guard.metric("driftguard_snapshot_failures_total"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
