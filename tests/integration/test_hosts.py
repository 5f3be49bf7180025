#!/usr/bin/python3
"""One upstream, several servers: hosts in a list, a fail-over, a standby. Each session is judged by its own server's schema."""

import os
import subprocess
import tempfile
import threading
import unittest

import psycopg

import environment
from cluster import Cluster
from guard import Guard

# What each of two servers has that the other has not, in a table that both have.
FIRST = "CREATE TABLE leads (id int, user_email text); INSERT INTO leads VALUES (1, 'on the first')"
SECOND = "CREATE TABLE leads (id int, contact_email text); INSERT INTO leads VALUES (1, 'on the second')"
OLD = "SELECT user_email FROM leads"
NEW = "SELECT contact_email FROM leads"
QUIET = ("schema.poll_ms=0",)


def address(cluster):
    return f"{cluster.host}:{cluster.port}"


def url_of(*clusters, query=""):
    return f"postgres://postgres@{','.join(address(cluster) for cluster in clusters)}/postgres{query}"


def await_snapshot_of(guard, cluster):
    guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", server=address(cluster)) == 1,
                     f"the snapshot of {address(cluster)}")


class HostCase(unittest.TestCase):
    def assert_raises_foreseen(self, guard, connection, sql, name):
        """The server says 42703, and the guard had said so."""
        before = guard.metric("driftguard_predictions_total", outcome="predicted_raised")
        with self.assertRaisesRegex(psycopg.errors.UndefinedColumn, name):
            connection.execute(sql)
        self.assertEqual(guard.metric("driftguard_predictions_total", outcome="predicted_raised"), before + 1)

    def assert_no_wrong_word(self, guard):
        for outcome in ("false_alarm", "missed"):
            self.assertEqual(guard.metric("driftguard_predictions_total", outcome=outcome), 0, outcome)


class TwoServers(HostCase):
    """The first host's server has stopped and comes back, while sessions go on at the second."""

    def test_sessions_of_both_at_a_time_are_judged_by_their_own(self):
        for mode in ("observe", "enforce"):
            with self.subTest(mode), Cluster() as first, Cluster() as second:
                first.psql(FIRST)
                second.psql(SECOND)
                with Guard(upstream=url_of(first, second), mode=mode, settings=QUIET) as guard:
                    self.fail_over_and_back(guard, first, second)

    def fail_over_and_back(self, guard, first, second):
        with guard.connect() as connection:
            await_snapshot_of(guard, first)
            self.assertEqual(connection.execute(OLD).fetchone(), ("on the first",))
            self.assert_raises_foreseen(guard, connection, NEW, "contact_email")
        first.stop()
        with guard.connect() as at_second:
            await_snapshot_of(guard, second)
            self.assertEqual(at_second.execute(NEW).fetchone(), ("on the second",))
            self.assert_raises_foreseen(guard, at_second, OLD, "user_email")
            first.start()
            with guard.connect() as at_first:
                # The first one's snapshot is there still; what was recorded of the one says nothing of the other.
                await_snapshot_of(guard, first)
                for _ in range(5):
                    self.assertEqual(at_first.execute(OLD).fetchone(), ("on the first",))
                    self.assertEqual(at_second.execute(NEW).fetchone(), ("on the second",))
                    for connection, sql in ((at_first, NEW), (at_second, OLD)):
                        with self.assertRaises(psycopg.errors.UndefinedColumn):
                            connection.execute(sql)
                for connection in (at_first, at_second):
                    connection.execute("SELECT id FROM leads")
        self.assert_no_wrong_word(guard)
        self.assertEqual({group["server"] for group in guard.drift()["groups"]}, {address(first), address(second)})

    def test_a_change_on_one_does_not_touch_the_other(self):
        with Cluster() as first, Cluster() as second:
            for cluster in (first, second):
                cluster.psql(FIRST)
            with Guard(upstream=url_of(first, second), mode="annotate") as guard, guard.connect() as at_first:
                await_snapshot_of(guard, first)
                first.stop()
                with guard.connect() as at_second:
                    await_snapshot_of(guard, second)
                    first.start()
                    with guard.connect() as at_first:
                        # It may have been asked for its schema when it was gone, and is asked again a little later.
                        guard.wait_until(lambda: guard.metric("driftguard_snapshot_stale", server=address(first)) == 0,
                                         "the first server's schema to be read again")
                        at_first.execute("ALTER TABLE leads RENAME user_email TO contact_email")
                        with self.assertRaisesRegex(psycopg.errors.UndefinedColumn, "contact_email"):
                            at_first.execute(OLD)
                        self.assertEqual(at_first.execute(NEW).fetchone(), ("on the first",))
                        self.assertEqual(at_second.execute(OLD).fetchone(), ("on the first",))
                        self.assert_raises_foreseen(guard, at_second, NEW, "contact_email")
                        drift = {group["server"]: group for group in guard.drift()["groups"]}
                        self.assertEqual(drift[address(first)]["kind"], "column_renamed")
                        self.assertEqual(drift[address(second)]["column"], "contact_email")
                self.assert_no_wrong_word(guard)

    def test_a_cancel_reaches_the_server_of_its_session(self):
        with Cluster() as first, Cluster() as second:
            first.stop()
            with Guard(upstream=url_of(first, second)) as guard, guard.connect() as connection:
                first.start()
                connection.execute("SET statement_timeout = '20s'")
                cancelled = []

                def cancel_when_asleep():
                    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
                    environment.wait_until(lambda: second.psql(asleep) == "1", "pg_sleep")
                    connection.cancel()
                    cancelled.append(True)

                thread = threading.Thread(target=cancel_when_asleep)
                thread.start()
                with self.assertRaisesRegex(psycopg.errors.QueryCanceled, "user request"):
                    connection.execute("SELECT pg_sleep(30)")
                thread.join()
                self.assertEqual(cancelled, [True])


class HostList(HostCase):
    def test_a_dead_host_is_passed_over_from_the_start(self):
        with Cluster() as cluster:
            cluster.psql(FIRST)
            dead = environment.free_port()
            upstream = f"postgres://postgres@127.0.0.1:{dead},no-such-host.invalid,{address(cluster)}/postgres"
            with Guard(upstream=upstream, settings=QUIET) as guard:
                await_snapshot_of(guard, cluster)
                with guard.connect() as connection:
                    self.assertEqual(connection.execute(OLD).fetchone(), ("on the first",))
                    self.assert_raises_foreseen(guard, connection, NEW, "contact_email")
                # The schema that the start had read is the one that the session found.
                self.assertEqual(guard.metric("driftguard_snapshot_loads_total", kind="full"), 1)
                self.assertEqual(guard.metrics()["driftguard_snapshot_loaded"],
                                 {(("database", "postgres"), ("server", address(cluster)), ("upstream", "main")): 1.0})

    def test_when_all_are_dead_each_is_named(self):
        ports = [environment.free_port() for _ in range(2)]
        upstream = f"postgres://postgres@127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}/postgres"
        with Guard(upstream=upstream, ready=False) as guard:
            guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "/healthz")
            done = guard.psql("SELECT 1")
            self.assertEqual(done.returncode, 2)
            for port in ports:
                self.assertIn(f"127.0.0.1:{port}: Connection refused", done.stderr)

    def test_a_socket_and_an_address_may_stand_in_one_list(self):
        with tempfile.TemporaryDirectory(dir=environment.run_dir()) as folder:
            os.chmod(folder, 0o777)
            with Cluster(settings={"unix_socket_directories": folder}) as local, Cluster() as other:
                local.psql(FIRST)
                other.psql(SECOND)
                quoted = folder.replace("/", "%2F")
                upstream = f"postgres://postgres@{quoted}:{local.port},{address(other)}/postgres"
                with Guard(upstream=upstream, settings=QUIET) as guard:
                    socket = f"{folder}/.s.PGSQL.{local.port}"
                    guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", server=socket) == 1, socket)
                    with guard.connect() as connection:
                        self.assertEqual(connection.execute(OLD).fetchone(), ("on the first",))
                        self.assert_raises_foreseen(guard, connection, NEW, "contact_email")
                    local.stop()
                    with guard.connect() as connection:
                        await_snapshot_of(guard, other)
                        self.assertEqual(connection.execute(NEW).fetchone(), ("on the second",))
                        self.assert_raises_foreseen(guard, connection, OLD, "user_email")
                    self.assert_no_wrong_word(guard)

    def test_other_session_attributes_than_any_are_refused(self):
        command = [environment.binary(), "run", "--upstream",
                   "postgres://a,b/postgres?target_session_attrs=read-write"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=20)
        self.assertEqual(done.returncode, 64)
        self.assertIn("target_session_attrs can only be any", done.stderr)


class Standby(Cluster):
    """A hot standby: a physical copy of `primary`, which it follows and which has the same system identifier."""

    def __init__(self, primary):
        super().__init__()
        self._primary = primary

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="standby.", dir=environment.run_dir())
        environment.give_to_server_user(self.directory)
        copy = [environment.postgres_bin() / "pg_basebackup", "-D", self.directory, "-R", "-X", "stream", "-c", "fast",
                "-d", f"postgres://postgres@{address(self._primary)}/"]
        subprocess.run(environment.as_server_user(copy), check=True, cwd=environment.run_dir())
        os.chmod(self.directory, 0o700)
        self.start()
        return self


class PrimaryAndStandby(HostCase):
    def test_sessions_go_on_at_the_standby_with_what_it_knows(self):
        with Cluster() as primary:
            primary.psql(FIRST)
            with Standby(primary) as standby, Guard(upstream=url_of(primary, standby), mode="annotate") as guard:
                with guard.connect() as connection:
                    await_snapshot_of(guard, primary)
                    connection.execute("ALTER TABLE leads RENAME user_email TO contact_email")
                    self.assertEqual(connection.execute(NEW).fetchone(), ("on the first",))
                environment.wait_until(lambda: "contact_email" in standby.psql(
                    "SELECT attname FROM pg_attribute WHERE attrelid = 'leads'::regclass"), "the standby to follow")
                primary.stop()
                with guard.connect() as connection:
                    await_snapshot_of(guard, standby)
                    self.assertEqual(connection.execute("SELECT pg_is_in_recovery()").fetchone(), (True,))
                    self.assertEqual(connection.execute(NEW).fetchone(), ("on the first",))
                    self.assert_raises_foreseen(guard, connection, OLD, "user_email")
                self.assert_no_wrong_word(guard)


class Journal(HostCase):
    """The state folder: what was learnt at one address is known at the next, if it is the same database."""

    def test_a_rename_is_known_after_the_server_moved(self):
        with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
            cluster.psql(FIRST)
            settings = (*QUIET, f"state_dir={folder}")
            dead = f"127.0.0.1:{environment.free_port()}"
            with Guard(upstream=f"postgres://postgres@{dead},{address(cluster)}/postgres", settings=settings) as guard:
                with guard.connect() as connection:
                    await_snapshot_of(guard, cluster)
                    connection.execute("ALTER TABLE leads RENAME user_email TO contact_email")
                    with self.assertRaises(psycopg.errors.UndefinedColumn):
                        connection.execute(OLD)
            cluster.stop()
            cluster.port = None  # another one at the next start
            cluster.start()
            with Guard(upstream=f"postgres://postgres@{dead},{address(cluster)}/postgres", mode="annotate",
                       settings=settings) as guard, guard.connect() as connection:
                await_snapshot_of(guard, cluster)
                with self.assertRaises(psycopg.errors.UndefinedColumn) as raised:
                    connection.execute(OLD)
                self.assertIn('was renamed to "contact_email"', raised.exception.diag.message_detail)


if __name__ == "__main__":
    unittest.main(verbosity=2)
