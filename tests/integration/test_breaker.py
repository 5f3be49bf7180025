#!/usr/bin/python3
"""The breaker of `enforce`: it answers repeats of an error that the server has just given, in the server's own words, and
never later than repeat_ttl after the statement became valid, whatever made it so.
"""

import itertools
import random
import threading
import time
import unittest

import psycopg

import clients
import environment
import wire
from cluster import Cluster
from guard import Guard
from support import OURS, await_snapshot

REPEAT_TTL_S = 1.0
N_CHANGES = 1000
N_CLIENTS = 3
MISSING = ("42703", "42P01")


def fails(connection, sql):
    """The SqlError of a statement that has to fail."""
    try:
        connection.execute(sql)
    except psycopg.Error as error:
        return clients.of_psycopg(error)
    raise AssertionError(f"went well: {sql}")


class Breaker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE TABLE t (id int); CREATE SCHEMA other; INSERT INTO t VALUES (1)")
        # DDL through the guard makes what it may have changed stale until the next read; here that comes at once.
        settings = ["schema.poll_ms=0", "schema.min_reload_interval_ms=0"]
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "enforce", settings))
        await_snapshot(cls.guard, "postgres")

    def setUp(self):
        self.client = self.enterContext(self.guard.connect(prepare_threshold=None))
        self.direct = self.enterContext(self.cluster.connect(prepare_threshold=None))

    def refusals(self):
        return self.guard.metric("driftguard_refusals_total", database="postgres")

    def trip(self, client, sql):
        """Repeats a failing statement until the guard has answered it; each answer has to be the server's."""
        before = self.refusals()
        first = self.servers_fields(fails(client, sql))

        def has_acted():
            self.assertEqual(self.servers_fields(fails(client, sql)), first)
            return self.refusals() > before

        environment.wait_until(has_acted, f"the breaker to answer: {sql}")

    def servers_fields(self, error):
        return {name: value for name, value in error.fields.items() if name not in OURS}

    def test_a_repeat_is_answered_in_the_words_of_the_server_all_fields_included(self):
        self.trip(self.client, "SELECT nope_fields FROM t")
        own = fails(self.direct, "SELECT nope_fields FROM t")
        before = self.refusals()
        answers = [fails(self.client, "SELECT nope_fields FROM t") for _ in range(10)]
        self.assertGreater(self.refusals(), before)
        for error in answers:
            self.assertEqual(error.fields, answers[0].fields)
            self.assertEqual(self.servers_fields(error), self.servers_fields(own))
            self.assertIn("driftguard: ", error.detail)
        self.assertEqual(self.client.execute("SELECT id FROM t").fetchall(), [(1,)])

    def test_repeats_of_a_missing_relation_are_answered_too(self):
        self.trip(self.client, "SELECT id FROM nope_relation")

    def test_each_second_repeat_goes_through_as_the_probe(self):
        def refused_of_a_hundred():
            before = self.refusals()
            for _ in range(100):
                fails(self.client, "SELECT nope_probe FROM t")
            refused = self.refusals() - before
            self.assertLessEqual(refused, 50)
            return refused

        # Fewer while the catalog is being read after the DDL of another test.
        environment.wait_until(lambda: refused_of_a_hundred() >= 40, "the breaker to answer each second repeat")

    def test_a_refused_parse_is_skipped_to_sync_and_the_session_goes_on(self):
        connection = self.enterContext(wire.Wire(self.guard.port, "postgres"))
        before = self.refusals()

        def has_acted():
            connection.send(wire.parse("SELECT nope_parse FROM t"), wire.bind(), wire.execute(), wire.SYNC)
            self.assertEqual(wire.kinds(connection.until_ready()), "EZ")
            return self.refusals() > before

        environment.wait_until(has_acted, "the breaker to answer a Parse")
        connection.send(wire.parse("SELECT id FROM t"), wire.bind(), wire.execute(), wire.SYNC)
        self.assertEqual(wire.kinds(connection.until_ready()), "12DCZ")

    def test_a_refused_query_leaves_no_unnamed_statement_behind(self):
        """On the server each Query drops it, a failed one too."""
        for port in (self.guard.port, self.cluster.port):
            connection = self.enterContext(wire.Wire(port, "postgres"))
            for _ in range(20):
                connection.send(wire.parse("SELECT 1"), wire.SYNC)
                self.assertEqual(wire.kinds(connection.until_ready()), "1Z")
                connection.send(wire.query("SELECT nope_unnamed FROM t"))
                self.assertEqual(wire.kinds(connection.until_ready()), "EZ")
                connection.send(wire.bind(), wire.execute(), wire.SYNC)
                answer = connection.until_ready()
                self.assertEqual(wire.kinds(answer), "EZ")
                self.assertEqual(wire.errors(answer)[0]["C"], "26000")

    def test_nothing_is_refused_inside_a_transaction(self):
        self.trip(self.client, "SELECT nope_block FROM t")
        before = self.refusals()
        for _ in range(10):
            self.client.execute("BEGIN")
            self.client.execute("INSERT INTO t VALUES (99)")
            fails(self.client, "SELECT nope_block FROM t")
            self.client.execute("ROLLBACK")
        self.assertEqual(self.refusals(), before)

    def test_nothing_is_refused_while_an_implicit_transaction_is_open(self):
        """After Parse, Bind, Execute and Flush a transaction is open though all answers are read; the failing statement
        has to reach the server, or the insert before it would be committed."""
        self.trip(self.client, "SELECT nope_flush FROM t")
        connection = self.enterContext(wire.Wire(self.guard.port, "postgres"))
        connection.send(wire.parse("INSERT INTO t VALUES (777)"), wire.bind(), wire.execute(), wire.FLUSH)
        connection.until("C")
        connection.send(wire.parse("SELECT nope_flush FROM t"), wire.SYNC)
        self.assertEqual(wire.kinds(connection.until_ready()), "EZ")
        connection.send(wire.query("SELECT 1"))
        connection.until_ready()
        self.assertEqual(self.direct.execute("SELECT count(*) FROM t WHERE id = 777").fetchone(), (0,))

    def test_ddl_seen_on_the_same_session_closes_it_at_once(self):
        for number in range(10):
            sql = f"SELECT mine_{number} FROM t"
            self.trip(self.client, sql)
            self.client.execute(f"ALTER TABLE t ADD COLUMN mine_{number} int DEFAULT 3")
            self.assertEqual(self.client.execute(sql).fetchall(), [(3,)])

    def test_ddl_seen_on_another_session_closes_it_at_once(self):
        other = self.enterContext(self.guard.connect())
        for number in range(10):
            sql = f"SELECT theirs_{number} FROM t"
            self.trip(self.client, sql)
            other.execute(f"ALTER TABLE t ADD COLUMN theirs_{number} int DEFAULT 4")
            self.assertEqual(self.client.execute(sql).fetchall(), [(4,)])

    def test_a_temporary_table_of_the_session_makes_the_name_valid_at_once(self):
        fails(self.client, "SELECT id FROM nope_temp")
        fails(self.client, "SELECT id FROM nope_temp")
        self.client.execute("CREATE TEMP TABLE nope_temp AS SELECT 5 AS id")
        self.assertEqual(self.client.execute("SELECT id FROM nope_temp").fetchall(), [(5,)])

    def test_what_a_function_of_the_session_has_made_valid_is_valid_at_once(self):
        """"Try, on an error make what is missing, try again", with the DDL inside of a function."""
        self.direct.execute("CREATE OR REPLACE FUNCTION run(text) RETURNS void LANGUAGE plpgsql AS "
                            "$$ BEGIN EXECUTE $1; END $$")
        for number in range(5):
            self.client.execute("RESET search_path; RESET role")  # that function may have set them, for all the guard knows
            sql = f"SELECT by_function_{number} FROM t"
            self.trip(self.client, sql)
            self.client.execute(f"SELECT run('ALTER TABLE t ADD COLUMN by_function_{number} int DEFAULT 8')")
            self.assertEqual(self.client.execute(sql).fetchall(), [(8,)])
            self.client.execute("RESET search_path; RESET role")
            sql = f"SELECT id FROM temporary_by_function_{number}"
            self.trip(self.client, sql)
            self.client.execute(f"SELECT run('CREATE TEMP TABLE temporary_by_function_{number} AS SELECT 9 AS id')")
            self.assertEqual(self.client.execute(sql).fetchall(), [(9,)])

    def test_sessions_with_a_time_out_for_idleness_are_never_answered(self):
        """The server would not hear of them and end them."""
        for options in ("-c idle_session_timeout=60000", "-c Idle_Session_Timeout=60000"):
            with self.guard.connect(options=options, prepare_threshold=None) as connection:
                before = self.refusals()
                for _ in range(50):
                    fails(connection, "SELECT nope_idle FROM t")
                self.assertEqual(self.refusals(), before)
        self.client.execute("SET idle_session_timeout = 60000")
        before = self.refusals()
        for _ in range(50):
            fails(self.client, "SELECT nope_idle FROM t")
        self.assertEqual(self.refusals(), before)

    def test_a_search_path_that_finds_the_name_makes_it_valid_at_once(self):
        self.direct.execute("CREATE TABLE other.nope_path AS SELECT 6 AS id")
        fails(self.client, "SELECT id FROM nope_path")
        fails(self.client, "SELECT id FROM nope_path")
        self.client.execute("SET search_path = other, public")
        self.assertEqual(self.client.execute("SELECT id FROM nope_path").fetchall(), [(6,)])


class Target:
    """A statement, and when it was valid. The changer alone writes; readers judge after the end."""

    def __init__(self, number, sql, make, unmake):
        self.number, self.sql, self.make, self.unmake = number, sql, make, unmake
        self.valid = []  # [from, to], monotonic seconds; `from`: the change had been committed; `to`: before undoing it

    def toggle(self, connection):
        if self.valid and self.valid[-1][1] is None:
            self.valid[-1][1] = time.monotonic()
            connection.execute(self.unmake)
        else:
            connection.execute(self.make)
            self.valid.append([time.monotonic(), None])

    def was_refused_too_late(self, begin, end):
        return any(begin > since + REPEAT_TTL_S and (until is None or end < until) for since, until in self.valid)


def targets():
    """Twenty of each kind of change. The clients' search path is: first, public."""
    for n in range(20):
        yield Target(n, f"SELECT added_{n} FROM wide", f"ALTER TABLE wide ADD COLUMN added_{n} int",
                     f"ALTER TABLE wide DROP COLUMN added_{n}")
        yield Target(n, f"SELECT id FROM table_{n}", f"CREATE TABLE table_{n} (id int)", f"DROP TABLE table_{n}")
        yield Target(n, f"SELECT new_{n} FROM names", f"ALTER TABLE names RENAME COLUMN old_{n} TO new_{n}",
                     f"ALTER TABLE names RENAME COLUMN new_{n} TO old_{n}")
        yield Target(n, f"SELECT id FROM moved_{n}", f"ALTER TABLE elsewhere.moved_{n} SET SCHEMA first",
                     f"ALTER TABLE first.moved_{n} SET SCHEMA elsewhere")
        # These never make the clients' statement valid: they are other sessions' and other schemas' changes.
        yield Target(n, None, f"CREATE TEMP TABLE temporary_{n} (id int)", f"DROP TABLE temporary_{n}")
        yield Target(n, None, f"CREATE TABLE elsewhere.hidden_{n} (id int)", f"DROP TABLE elsewhere.hidden_{n}")


SCHEMA = ("CREATE SCHEMA first; CREATE SCHEMA elsewhere; CREATE TABLE wide (id int);"
          "CREATE TABLE names (" + ", ".join(f"old_{n} int" for n in range(20)) + ");" +
          "".join(f"CREATE TABLE elsewhere.moved_{n} (id int);" for n in range(20)))
NEVER_VALID = [f"SELECT id FROM temporary_{n}" for n in range(20)] + [f"SELECT id FROM hidden_{n}" for n in range(20)]


class Storm(unittest.TestCase):
    """A thousand changes beside the guard while clients repeat statements that fail or not."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql(SCHEMA)
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "enforce", ["schema.poll_ms=500"]))
        await_snapshot(cls.guard, "postgres")

    def repeat(self, seed, all_targets, failures, unexpected, is_over):
        """One client: statements at random, each a few times in a row, until told to end."""
        choice = random.Random(seed)
        statements = [(t, t.sql) for t in all_targets if t.sql] + [(None, sql) for sql in NEVER_VALID]
        with self.guard.connect(options="-c search_path=first,public", prepare_threshold=None) as connection:
            while not is_over.is_set():
                target, sql = choice.choice(statements)
                for _ in range(3):
                    begin = time.monotonic()
                    try:
                        connection.execute(sql)
                        if target is None:
                            unexpected.append(f"went well: {sql}")
                    except psycopg.Error as error:
                        failures.append((target, begin, time.monotonic()))
                        if error.sqlstate not in MISSING:
                            unexpected.append(f"{sql}: {error}")

    def test_after_a_thousand_changes_nothing_was_refused_later_than_repeat_ttl_after_it_became_valid(self):
        all_targets, failures, unexpected, is_over = list(targets()), [], [], threading.Event()
        threads = [threading.Thread(target=self.repeat, args=(seed, all_targets, failures, unexpected, is_over))
                   for seed in range(N_CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            with self.cluster.connect() as changer:
                self.change(changer, all_targets)
        finally:
            is_over.set()
            for thread in threads:
                thread.join(30)
        self.assertFalse(unexpected, unexpected[:5])
        late = [(target.sql, begin, target.valid) for target, begin, end in failures
                if target and target.was_refused_too_late(begin, end)]
        self.assertFalse(late, late[:5])
        self.assert_the_breaker_was_at_work(failures)

    def change(self, changer, all_targets):
        """At an even pace, so that what became valid stays so for longer than repeat_ttl: 120 targets in turn."""
        pace = 3 * REPEAT_TTL_S / len(all_targets)
        begin = time.monotonic()
        for number, target in zip(range(N_CHANGES), itertools.cycle(all_targets)):
            target.toggle(changer)
            ahead = begin + number * pace - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)  # the pace of the load, not a wait for something to happen

    def assert_the_breaker_was_at_work(self, failures):
        refused = self.guard.metric("driftguard_refusals_total", database="postgres")
        alarms = self.guard.metric("driftguard_predictions_total", outcome="false_alarm")
        print(f"\n{N_CHANGES} changes; {len(failures)} failures at clients, {refused:g} of them answered by the guard")
        self.assertGreater(refused, 100)
        self.assertEqual(alarms, 0)

    def test_the_clients_of_the_storm_find_all_that_is_valid_now(self):
        """After the storm, with the breaker as it was left."""
        with self.guard.connect(options="-c search_path=first,public") as connection:
            for table in range(20):
                environment.wait_until(lambda n=table: self.both_agree(connection, f"SELECT id FROM table_{n}"),
                                       "the guard to agree with the server", 2 * REPEAT_TTL_S)

    def both_agree(self, guarded, sql):
        with self.cluster.connect() as direct:
            answers = []
            for connection in (guarded, direct):
                try:
                    answers.append(connection.execute(sql).fetchall())
                except psycopg.Error as error:
                    answers.append(error.sqlstate)
            return answers[0] == answers[1]


if __name__ == "__main__":
    unittest.main(verbosity=2)
