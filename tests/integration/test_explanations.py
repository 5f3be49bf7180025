#!/usr/bin/python3
"""What may be said in an explanation, where it stands beside the server's own words, and which errors get none."""

import unittest

import psycopg

import clients
import wire
from cluster import Cluster
from guard import Guard
from support import ErrorCase, await_snapshot

SCHEMA = """
CREATE TABLE leads (id int PRIMARY KEY, user_email text, amount numeric NOT NULL);
CREATE TABLE other (id int, kind text);
CREATE TABLE "Größe" ("Länge" int, "breite" int);
CREATE SCHEMA secret; CREATE TABLE secret.t (a int); CREATE SCHEMA aside; CREATE TABLE aside.hidden (a int);
CREATE ROLE guest LOGIN; GRANT SELECT ON leads TO guest;
CREATE FUNCTION raises() RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'column "x" does not exist' USING ERRCODE = '42703'; END $$;
CREATE FUNCTION reads() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT nope FROM leads LIMIT 1); END $$;
"""


class Explanations(ErrorCase, unittest.TestCase):
    mode = "annotate"

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql(SCHEMA)
        cls.guard = cls.enterClassContext(Guard(cls.cluster, cls.mode, ["schema.poll_ms=0"]))
        await_snapshot(cls.guard, "postgres")

    def both(self, sql, before=(), **options):
        """(the error through the guard, the server's own) on new connections; `before` runs first, and may commit."""
        found = []
        for target in (self.guard, self.cluster):
            with target.connect(prepare_threshold=None, **options) as connection:
                for statement in before:
                    connection.execute(statement)
                with self.assertRaises(psycopg.Error) as caught:
                    connection.execute(sql)
                found.append(clients.of_psycopg(caught.exception))
        return found

    def test_the_servers_hint_comes_first_and_ours_on_a_new_line(self):
        error, own = self.both("SELECT user_emai FROM leads")
        self.assertEqual(own.hint, 'Perhaps you meant to reference the column "leads.user_email".')
        self.assert_explained(error, own, "user_emai")
        self.assertTrue(error.hint.startswith(own.hint + "\n"))

    def test_each_field_stands_once_on_the_wire(self):
        with wire.Wire(self.guard.port, "postgres") as connection:
            connection.send(wire.query("SELECT user_emai FROM leads"))
            fields = wire.errors(connection.until_ready())[0]  # raises if a field comes twice
        self.assertIn("driftguard: ", fields["D"])
        self.assertEqual("".join(fields), "SVCMDHstcPFLR", "in the order of the protocol")

    def test_nearest_names_are_offered(self):
        error, own = self.both("SELECT usermail FROM leads")
        self.assert_explained(error, own, "user_email")

    def test_a_table_of_another_schema_is_named(self):
        error, own = self.both("SELECT a FROM hidden")
        self.assert_explained(error, own, "aside")

    def test_names_that_are_not_ascii_are_written_in_ascii(self):
        """The error may come in an encoding that nobody announced; one that is not UTF-8 is not analysed."""
        for sql in ('SELECT "breit" FROM "Größe"', 'SELECT "Lange" FROM "Größe"'):
            self.assert_explained(*self.both(sql), ".")
            self.assert_only_explained(*self.both(sql, ["SET client_encoding = LATIN1"]))

    def test_the_position_is_the_servers_also_behind_other_characters_and_statements(self):
        for sql in ("SELECT 'é'; SELECT '日本語' AS x; SELECT nope FROM leads", "/* é */ SELECT nope FROM leads"):
            self.assert_only_explained(*self.both(sql))

    def test_errors_that_are_no_drift_are_untouched(self):
        for sql in ("SELECT 1/0", "SELEC 1", "INSERT INTO leads VALUES (1, 'x', 1), (1, 'y', 1)", "SELECT 'x'::int",
                    "SELECT id FROM leads, other", "SELECT pg_sleep(1) FROM generate_series(1, 10) WHERE 1/0 = 1",
                    "SELECT * FROM leads l JOIN other o ON leads.id = o.id", "SET nonsense = 1",
                    "DO $$ BEGIN RAISE EXCEPTION 'x' USING DETAIL = 'd', HINT = 'h'; END $$"):
            with self.subTest(sql):
                error, own = self.both(sql)
                if own.sqlstate not in ("42702",):
                    self.assert_untouched(error, own)
                self.assert_only_explained(error, own)

    def test_a_with_item_further_on_is_no_drift(self):
        error, own = self.both("WITH x AS (SELECT 1 FROM y), y AS (SELECT 2) SELECT 3")
        self.assertIn("WITH item", own.detail)
        self.assert_untouched(error, own)

    def test_nobody_is_told_to_alter_a_system_catalog(self):
        for sql in ("SELECT nope FROM pg_class", "SELECT d.nope FROM pg_catalog.pg_database d",
                    "SELECT nope FROM information_schema.tables", "SELECT 1 FROM pg_catalog.pg_nope"):
            with self.subTest(sql):
                error, own = self.both(sql)
                self.assert_explained(error, own, r"in PostgreSQL \d+\.\d+, the version of this server", "Use a client made for")

    def test_a_missing_privilege_keeps_its_code(self):
        self.assert_only_explained(*self.both("SELECT a FROM secret.t", user="guest"))
        self.assert_only_explained(*self.both("DELETE FROM leads", user="guest"))

    def test_errors_from_inside_functions_are_counted_as_nested_and_keep_the_servers_words(self):
        name = "driftguard_predictions_total"
        for sql in ("SELECT raises()", "SELECT reads()"):
            with self.subTest(sql):
                before = self.guard.metric(name, outcome="uncovered", reason="nested")
                self.assert_only_explained(*self.both(sql))
                self.assertEqual(self.guard.metric(name, outcome="uncovered", reason="nested") - before, 1)
        self.assertEqual(self.guard.metric(name, outcome="missed"), 0)

    def test_a_plan_that_went_stale_keeps_code_and_routine_since_drivers_heal_by_them(self):
        found = []
        self.cluster.psql("CREATE TABLE stale (a int)")
        connections = [wire.Wire(port, "postgres") for port in (self.guard.port, self.cluster.port)]
        for connection in connections:
            self.addCleanup(connection.socket.close)
            connection.send(wire.parse("SELECT * FROM stale", "s"), wire.bind("s"), wire.execute(), wire.SYNC)
            connection.until_ready()
        self.cluster.psql("ALTER TABLE stale ADD COLUMN b int")
        for connection in connections:
            connection.send(wire.bind("s"), wire.execute(), wire.SYNC)
            found.append(wire.errors(connection.until_ready())[0])
        for name in "SVCMFLR":
            self.assertEqual(found[0][name], found[1][name], name)
        self.assertEqual((found[1]["C"], found[1]["R"]), ("0A000", "RevalidateCachedQuery"))

    def test_an_unforeseen_error_is_not_held_for_long(self):
        """The catalog cannot be read: the error goes to the client all the same."""
        settings = ["schema.connect_timeout_ms=60000", "annotate.timeout_ms=100"]
        with Guard(self.cluster, "annotate", settings, upstream=f"postgres://guest@127.0.0.1:{self.cluster.port}/nowhere"
                   ) as guard, guard.connect("postgres") as connection:
            with self.assertRaises(psycopg.errors.UndefinedTable):
                connection.execute("SELECT 1 FROM unforeseen")


class ExplanationsInEnforce(Explanations):
    mode = "enforce"


class Limits(unittest.TestCase):
    def test_a_schema_that_is_too_large_is_not_held_and_all_is_forwarded(self):
        with Cluster() as cluster:
            cluster.psql("".join(f"CREATE TABLE t{n} (" + ",".join(f"column_{c} int" for c in range(100)) + ");"
                                 for n in range(300)))
            with Guard(cluster, "enforce", ["schema.max_snapshot_bytes=1048576"]) as guard, guard.connect() as connection:
                guard.wait_until(lambda: guard.metric("driftguard_snapshot_failures_total") >= 1, "the refusal")
                for _ in range(5):
                    self.assertEqual(connection.execute("SELECT column_1 FROM t1").fetchall(), [])
                    with self.assertRaises(psycopg.errors.UndefinedColumn):
                        connection.execute("SELECT nope FROM t1")
                self.assertEqual(guard.metric("driftguard_snapshot_loaded", database="postgres"), 0)
                self.assertEqual(guard.metric("driftguard_not_inspected_total", reason="no_snapshot"), 10)
                self.assertEqual(guard.metric("driftguard_refusals_total"), 0)

    def test_more_sessions_than_allowed_are_refused_with_53300(self):
        with Cluster() as cluster, Guard(cluster, settings=["relay.max_sessions=2"]) as guard:
            with guard.connect(), guard.connect() as second:
                with wire.Wire(guard.port) as third:
                    third.send(wire.startup(user="postgres", database="postgres"))
                    error = wire.errors(third.until_end())[0]
                self.assertEqual((error["S"], error["C"]), ("FATAL", "53300"))
                self.assertEqual(second.execute("SELECT 1").fetchone(), (1,))
            guard.wait_until(lambda: guard.metric("driftguard_sessions") == 0, "the sessions to end")
            self.assertEqual(guard.psql("SELECT 1").stdout, "1\n")

    def test_more_databases_than_allowed_are_served_without_a_snapshot(self):
        with Cluster() as cluster:
            cluster.psql("CREATE DATABASE one; CREATE DATABASE two")
            with Guard(cluster, "annotate", ["schema.max_databases=2"]) as guard:
                for database in ("one", "two"):
                    self.assertEqual(guard.psql("SELECT 1", database).stdout, "1\n")
                self.assertEqual(guard.psql("SELECT 2", "two").stdout, "2\n")

    def test_a_database_that_a_client_only_claims_is_not_read(self):
        """Names in start-up packets are not to be trusted: only what the server let in counts."""
        with Cluster() as cluster, Guard(cluster) as guard:
            for number in range(50):
                self.assertNotEqual(guard.psql("SELECT 1", f"claimed_{number}").returncode, 0)
            self.assertNotIn("claimed_", guard.get("/metrics")[1] + guard.log())


class Workers(unittest.TestCase):
    def test_with_several_workers_ddl_on_one_is_known_to_the_others(self):
        with Cluster() as cluster:
            cluster.psql("CREATE TABLE t (a int)")
            settings = ["schema.poll_ms=0", "schema.min_reload_interval_ms=0"]
            with Guard(cluster, "enforce", settings, arguments=["--workers", "3"]) as guard:
                await_snapshot(guard, "postgres")
                sessions = [self.enterContext(guard.connect(prepare_threshold=None)) for _ in range(9)]
                for number in range(20):
                    sql = f"SELECT c{number} FROM t"
                    for session in sessions * 2:
                        with self.assertRaises(psycopg.errors.UndefinedColumn):
                            session.execute(sql)
                    sessions[number % 9].execute(f"ALTER TABLE t ADD COLUMN c{number} int")
                    for session in sessions:
                        self.assertEqual(session.execute(sql).fetchall(), [], f"{sql}, just added")
                self.assertGreater(guard.metric("driftguard_refusals_total"), 0)
                self.assertEqual(guard.metric("driftguard_predictions_total", outcome="false_alarm"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
