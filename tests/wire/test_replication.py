"""Replication through the guard: the streams of a base backup, of WAL and of logical decoding, and how they end."""

import itertools
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest

import environment
from cluster import Cluster
from guard import Guard
from wire import COPY_DONE, EOF, TERMINATE, Connection, copy_data, fields, message, query, types

NUMBERS = itertools.count()
SHAPES = ("written", "glued", "bytes")
SETTINGS = {"wal_level": "logical", "max_wal_senders": "20", "max_replication_slots": "20", "wal_sender_timeout": "60s"}


def standby_status(position, wants_answer=False):
    return copy_data(b"r" + struct.pack("!QQQQ?", position, position, position, 0, wants_answer))


class ReplicationCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster(SETTINGS))
        cls.cluster.psql("create table r (a int, b text)")
        cls.guards = {mode: cls.enterClassContext(Guard(cls.cluster, mode, ["schema.poll_ms=0"])) for mode in ("off", "enforce")}

    def wait_for_senders(self, n):
        environment.wait_until(lambda: self.cluster.psql("select count(*) from pg_stat_replication") == str(n), f"{n} streams")

    def stream(self, port, shape="written"):
        """A connection in CopyBoth that decodes what is done to the table."""
        connection = self.enterContext(Connection(port, shape))
        connection.login(replication="database")
        slot = f"slot_{next(NUMBERS)}"
        answer = connection.ask(query(f"CREATE_REPLICATION_SLOT {slot} TEMPORARY LOGICAL test_decoding"))
        self.assertEqual(types(answer), "TDCZ")
        answer = connection.ask(query(f"START_REPLICATION SLOT {slot} LOGICAL 0/0 (\"include-xids\" 'off')"), "W")
        self.assertEqual(types(answer), "W")
        return connection

    def decoded(self, connection, n):
        """The next n changes; keepalives in between are answered."""
        changes = []
        while len(changes) < n:
            found = connection.read()
            self.assertEqual(found[:1], b"d")
            if found[5:6] == b"w":
                changes.append(found[30:].decode())
            else:
                connection.send(standby_status(struct.unpack("!Q", found[6:14])[0]))
        return changes


class Replication(ReplicationCase):
    def test_logical_decoding_is_the_same(self):
        for mode, guard in self.guards.items():
            for shape in SHAPES:
                with self.subTest(mode=mode, shape=shape):
                    direct, through = self.stream(self.cluster.port, shape), self.stream(guard.port, shape)
                    self.cluster.psql("insert into r select i, repeat('x', i * 100) from generate_series(1, 30) i; delete from r")
                    changes = self.decoded(through, 64)
                    self.assertEqual(changes, self.decoded(direct, 64))
                    self.assertEqual((changes[0], changes[-1]), ("BEGIN", "COMMIT"))
                    for connection in (direct, through):
                        connection.socket.close()
                    self.wait_for_senders(0)

    def test_a_stream_ends_and_the_session_goes_on(self):
        for guard in self.guards.values():
            for shape in SHAPES:
                connection = self.stream(guard.port, shape)
                self.cluster.psql("insert into r values (1, 'x'); delete from r")
                self.decoded(connection, 3)
                connection.send(COPY_DONE)
                answer = [found for found in connection.read_until("Z") if found[:1] != b"d"]
                self.assertEqual(types(answer), "cCCZ")
                self.assertEqual(types(connection.ask(query("IDENTIFY_SYSTEM"))), "TDCZ")
                self.assertEqual(types(connection.ask(query("select nope from r"))), "EZ")
                self.assertEqual(types(connection.ask(TERMINATE, "EOF")), "!")
        self.wait_for_senders(0)

    def test_a_stream_whose_client_goes(self):
        for how in ("close", "reset", "terminate", "half", "middle"):
            for guard in self.guards.values():
                connection = self.stream(guard.port)
                self.wait_for_senders(1)
                self.cluster.psql("insert into r select 1, repeat('x', 1000) from generate_series(1, 1000); delete from r")
                if how == "terminate":
                    connection.send(TERMINATE)
                if how == "middle":
                    connection.send(standby_status(1)[:9])
                if how == "half":
                    connection.socket.shutdown(1)
                    self.assertEqual(connection.read_until("EOF")[-1], EOF)
                elif how == "reset":
                    connection.reset()
                else:
                    connection.socket.close()
                with self.subTest(how):
                    self.wait_for_senders(0)

    def test_a_stream_that_is_ended_by_the_server(self):
        for guard in self.guards.values():
            connection = self.stream(guard.port)
            self.cluster.psql("select pg_terminate_backend(pid) from pg_stat_replication")
            last = fields(connection.read_until("EOF")[-2])
            self.assertEqual((last["S"], last["C"]), ("FATAL", "57P01"))

    def test_what_does_not_belong_into_a_stream(self):
        """As the server does by itself; where it closes without a word, the client is told that it has."""
        for words, wait in ((query("select 1"), "EOF"), (message("y", b"what"), "EOF"), (copy_data(b"?"), "EOF"), (copy_data(b""), "Z"),
                            (message("S") + message("H") + COPY_DONE, "EOF")):
            seen = []
            for port in (self.cluster.port, *(guard.port for guard in self.guards.values())):
                connection = self.stream(port)
                connection.send(words)
                seen.append([found for found in connection.read_until(wait) if found[:1] != b"d"])
                connection.socket.close()
                self.wait_for_senders(0)
            for answer in seen[1:]:
                with self.subTest(words):
                    if seen[0] == [EOF]:
                        self.assertEqual((types(answer), fields(answer[0])["C"]), ("E!", "08006"))
                    else:
                        self.assertEqual(answer, seen[0])

    def test_an_ordinary_session_beside_it(self):
        """Only sessions that ask for replication are not looked at."""
        with self.guards["enforce"].connect() as connection:
            before = self.guards["enforce"].metric("driftguard_statements_total")
            connection.execute("select a from r")
            self.assertGreater(self.guards["enforce"].metric("driftguard_statements_total"), before)


    def run_tool(self, name, port, *arguments, **options):
        command = [environment.postgres_bin() / name, "-h", "127.0.0.1", "-p", port, "-U", "postgres", *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120, **options)

    def test_a_base_backup(self):
        for mode, guard in self.guards.items():
            folder = tempfile.mkdtemp(prefix="backup.", dir=environment.run_dir())
            try:
                done = self.run_tool("pg_basebackup", guard.port, "-D", os.path.join(folder, "data"), "-X", "stream", "-c", "fast")
                self.assertEqual(done.returncode, 0, f"{mode}: {done.stderr}")
                done = subprocess.run([environment.postgres_bin() / "pg_verifybackup", os.path.join(folder, "data")],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
            finally:
                shutil.rmtree(folder)

    def test_pg_recvlogical(self):
        port = self.guards["enforce"].port
        self.assertEqual(self.run_tool("pg_recvlogical", port, "-d", "postgres", "-S", "tool", "-P", "test_decoding", "--create-slot").returncode, 0)
        self.cluster.psql("insert into r values (7, 'seven')")
        end = self.cluster.psql("select pg_current_wal_insert_lsn()")
        done = self.run_tool("pg_recvlogical", port, "-d", "postgres", "-S", "tool", "--start", "-f", "-", "-E", end)
        self.assertIn("b[text]:'seven'", done.stdout, done.stderr)
        self.assertEqual(self.run_tool("pg_recvlogical", port, "-d", "postgres", "-S", "tool", "--drop-slot").returncode, 0)


class Crash(ReplicationCase):
    def test_a_stream_whose_server_dies(self):
        streams = [self.stream(guard.port) for guard in self.guards.values()]
        self.cluster.stop(signal.SIGQUIT)
        for connection in streams:
            last = fields([found for found in connection.read_until("EOF") if found != EOF][-1])
            self.assertIn(last["C"], ("57P02", "57P01", "08006"))


if __name__ == "__main__":
    unittest.main()
