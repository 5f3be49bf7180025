#!/usr/bin/python3
"""The guard's own side fails: its catalog connection, its state folder. Sessions go on as PostgreSQL lets them."""

import os
import pathlib
import resource
import socket
import subprocess
import tempfile
import threading
import unittest

import psycopg

import environment
from cluster import HBA_TRUST, Cluster
from guard import Guard
from support import await_snapshot

SCHEMA = "CREATE TABLE leads (id int, user_email text); INSERT INTO leads VALUES (1, 'x')"
MISSING = "SELECT nope FROM leads"
LOCK = "BEGIN; LOCK TABLE pg_catalog.pg_attrdef IN ACCESS EXCLUSIVE MODE"
QUIET = ("schema.poll_ms=0", "schema.min_reload_interval_ms=0", "schema.statement_timeout_ms=1000", "schema.connect_timeout_ms=1000")


class Relay:
    """Between guard and server: what a connection of the guard's own gets is up to the test, all others pass."""

    def __init__(self, port):
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.treatment = "pass"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self._upstream)) as server:
            first = client.recv(65536)
            treatment = self.treatment if b"driftguard" in first else "pass"
            if treatment == "silence":
                client.recv(1)  # until the guard gives up
                return
            server.sendall(first)
            other = threading.Thread(target=self._pump, args=(client, server, None), daemon=True)
            other.start()
            self._pump(server, client, 6000 if treatment == "stop in a result" else None)
            other.join()

    @staticmethod
    def _pump(source, sink, limit):
        """Beyond `limit` nothing more comes, and nothing ends."""
        n = 0
        try:
            while data := source.recv(65536):
                data = data if limit is None else data[:max(0, limit - n)]
                n += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class CatalogFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE DATABASE shop")
        cls.cluster.psql(SCHEMA, "shop")

    def assert_untouched(self, guard):
        """Statements pass, and so does an error that there is no snapshot to explain with, or a stale one."""
        with guard.connect() as through, self.cluster.connect("shop") as direct:
            self.assertEqual(through.execute("SELECT * FROM leads").fetchall(), [(1, "x")])
            errors = []
            for connection in (through, direct):
                with self.assertRaises(psycopg.Error) as caught:
                    connection.execute(MISSING)
                errors.append((caught.exception.sqlstate, caught.exception.diag.message_primary))
            self.assertEqual(*errors)

    def test_a_catalog_connection_that_is_silent_or_stops_within_a_result(self):
        with Relay(self.cluster.port) as relay:
            upstream = f"postgres://postgres@127.0.0.1:{relay.port}/shop?sslmode=disable"
            for treatment in ("silence", "stop in a result"):
                with self.subTest(treatment):
                    relay.treatment = treatment
                    with Guard(None, "annotate", (*QUIET, "annotate.timeout_ms=100"), upstream=upstream, database="shop") as guard:
                        guard.wait_until(lambda: guard.metric("driftguard_snapshot_failures_total") >= 1, "a read that fails")
                        self.assert_untouched(guard)
                        self.assertEqual(guard.log().count("snapshot_failed"), 1, "said once")
                        relay.treatment = "pass"
                        with guard.connect() as connection:
                            guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database="shop") == 1, "the snapshot", 60)
                            with self.assertRaisesRegex(psycopg.Error, "driftguard"):
                                connection.execute(MISSING)

    def test_a_guard_that_the_server_lets_in_nowhere(self):
        hba = "host all guard 127.0.0.1/32 reject\n" + HBA_TRUST
        with Cluster(hba=hba) as cluster:
            cluster.psql("CREATE ROLE guard LOGIN")
            cluster.psql(SCHEMA)
            upstream = f"postgres://guard@127.0.0.1:{cluster.port}/postgres"
            with Guard(None, "annotate", QUIET, upstream=upstream) as guard, guard.connect() as connection:
                guard.wait_until(lambda: guard.metric("driftguard_snapshot_failures_total") >= 1, "a read that fails")
                self.assertEqual(connection.execute("SELECT * FROM leads").fetchall(), [(1, "x")])
                with self.assertRaisesRegex(psycopg.Error, 'column "nope" does not exist'):
                    connection.execute(MISSING)
                self.assertIn("pg_hba.conf", guard.log())

    def test_a_read_behind_a_lock_holds_nobody_up(self):
        """The read waits for a lock on a catalog, is given up, and comes through when the lock has gone."""
        with Guard(self.cluster, "annotate", (*QUIET, "annotate.timeout_ms=300"), database="shop") as guard:
            await_snapshot(guard, "shop")
            with guard.connect() as connection, self.cluster.connect("shop") as holder:
                connection.execute("SELECT id FROM leads")
                failures = guard.metric("driftguard_snapshot_failures_total", database="shop")
                holder.execute(LOCK)
                connection.execute("CREATE TABLE later (a int)")  # the guard reads the catalogs behind it
                for _ in range(3):
                    self.assertEqual(connection.execute("SELECT * FROM leads").fetchall(), [(1, "x")])
                    with self.assertRaises(psycopg.errors.UndefinedColumn):
                        connection.execute(MISSING)
                guard.wait_until(lambda: guard.metric("driftguard_snapshot_failures_total", database="shop") > failures, "the read to be given up")
                self.assertEqual(guard.metric("driftguard_snapshot_stale", database="shop"), 1)
                holder.execute("ROLLBACK")
                guard.wait_until(lambda: guard.metric("driftguard_snapshot_stale", database="shop") == 0, "a read that comes through", 60)
                connection.execute("DROP TABLE later")

    def test_the_end_does_not_wait_for_a_hung_read(self):
        with self.cluster.connect("shop") as holder:
            settings = ("schema.poll_ms=0", "schema.statement_timeout_ms=600000")
            with Guard(self.cluster, "annotate", settings, database="shop") as guard:
                await_snapshot(guard, "shop")
                with guard.connect() as connection:
                    holder.execute(LOCK)
                    connection.execute("CREATE TABLE last (a int)")
                    guard.wait_until(lambda: self.cluster.psql("select count(*) from pg_stat_activity where application_name = 'driftguard' "
                                                               "and wait_event_type = 'Lock'") != "0", "the read to hang")
                guard.stop(seconds=20)
            holder.execute("ROLLBACK")


class StateFolder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        self.cluster.psql("DROP DATABASE IF EXISTS shop WITH (FORCE)")
        self.cluster.psql("CREATE DATABASE shop")
        self.cluster.psql(SCHEMA, "shop")
        self.folder = self.enterContext(tempfile.TemporaryDirectory(dir=environment.run_dir()))

    def guard(self):
        return Guard(self.cluster, "annotate", QUIET, database="shop", arguments=["--state-dir", self.folder])

    def change(self, connection, n):
        """DDL that the guard sees, and so a journal to save."""
        connection.execute(f"ALTER TABLE leads ADD COLUMN c{n} int")

    def check_failure(self, guard, connection):
        """The guard goes on, says it once and counts it; what was saved before is still whole."""
        guard.wait_until(lambda: guard.metric("driftguard_snapshot_failures_total", kind="state") >= 1, "a save that fails")
        self.assertEqual(guard.log().count("state_failed"), 1)
        self.assertEqual(connection.execute("SELECT id FROM leads").fetchall(), [(1,)])
        with self.assertRaisesRegex(psycopg.Error, "driftguard"):
            connection.execute(MISSING)

    def test_a_file_that_may_not_grow_is_not_cut_off(self):
        """As on a full disk: write() takes a part and then fails. The old file stays, and the next guard reads it."""
        # Much more than the guard's log has: that is a file of the same process.
        self.cluster.psql("DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s (a int, b text)', i); END LOOP; END $$", "shop")
        with self.guard() as guard, guard.connect() as connection:
            await_snapshot(guard, "shop")
            file = guard.wait_until(lambda: next(iter(pathlib.Path(self.folder).glob("journal-*.json")), None), "the first save")
            before = file.read_bytes()
            resource.prlimit(guard.process.pid, resource.RLIMIT_FSIZE, (len(before) // 2, resource.RLIM_INFINITY))
            self.change(connection, 1)
            self.check_failure(guard, connection)
            self.assertEqual(file.read_bytes(), before)
            self.assertEqual([path.name for path in pathlib.Path(self.folder).iterdir() if path.name.endswith(".tmp")], [])
            guard.kill()
        with self.guard() as guard:
            await_snapshot(guard, "shop")
            self.assertIn("state_restored", guard.log())
            self.assertNotIn("state_set_aside", guard.log())

    def test_a_disk_that_is_full(self):
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.folder], check=False, capture_output=True).returncode != 0:
            self.skipTest("no right to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=False)
        with self.assertRaises(OSError), open(pathlib.Path(self.folder, "others"), "wb", 0) as others:
            while others.write(b"x" * 4096) > 0:
                pass
        with self.guard() as guard, guard.connect() as connection:
            await_snapshot(guard, "shop")
            self.check_failure(guard, connection)
        pathlib.Path(self.folder, "others").unlink()
        with self.guard() as guard, guard.connect() as connection:
            await_snapshot(guard, "shop")
            self.change(connection, 1)
        self.assertNotEqual(list(pathlib.Path(self.folder).glob("journal-*.json")), [])

    def test_a_folder_that_goes_away(self):
        with self.guard() as guard, guard.connect() as connection:
            await_snapshot(guard, "shop")
            guard.wait_until(lambda: list(pathlib.Path(self.folder).glob("journal-*.json")), "the first save")
            for path in pathlib.Path(self.folder).iterdir():
                path.unlink()
            os.rmdir(self.folder)
            self.change(connection, 1)
            self.check_failure(guard, connection)
            os.mkdir(self.folder)


if __name__ == "__main__":
    unittest.main()
