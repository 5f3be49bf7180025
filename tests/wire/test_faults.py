"""Faults between client, guard and PostgreSQL: whoever goes, whenever, nothing half said is executed and nobody waits for ever."""

import os
import select
import signal
import socket
import struct
import threading
import time
import unittest

import environment
from cluster import Cluster
from guard import Guard
from wire import (COPY_DONE, EOF, FLUSH, SSL_REQUEST, SYNC, TERMINATE, Connection, bind, cancel_request, copy_data, execute, fields,
                  parse, query, startup, types)

INSERT = "insert into t values (1)"
LONG_INSERT = "insert into t values (1) /* " + "x" * 2_000_000 + " */"


def pid_of(connection):
    return struct.unpack("!I", connection.key_data[:4])[0]


class FaultsCase(unittest.TestCase):
    mode = "annotate"
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster(cls.settings))
        cls.cluster.psql("create table t (a int)")
        cls.guard = cls.enterClassContext(Guard(cls.cluster, cls.mode, ["schema.poll_ms=0", "workers=2"]))

    def session(self, shape="written", **parameters):
        connection = self.enterContext(Connection(self.guard.port, shape))
        connection.login(**parameters)
        return connection

    def wait_for_end_of(self, *pids):
        among = ",".join(str(pid) for pid in pids)
        environment.wait_until(lambda: self.cluster.psql(f"select count(*) from pg_stat_activity where pid in ({among})") == "0",
                               "the server's sessions to end")

    def wait_for_sleepers(self, n):
        environment.wait_until(lambda: self.cluster.psql("select count(*) from pg_stat_activity where query like 'select pg_sleep%' "
                                                         "and state = 'active'") == str(n), f"{n} sleeping statements")

    def assertUsable(self, connection):
        self.assertEqual(types(connection.ask(query("select 1"))), "TDCZ")


class Clients(FaultsCase):
    def test_half_a_message_is_not_executed(self):
        """The client ends within its message, or before the Sync that commits: the table stays empty."""
        batch = parse(INSERT) + bind() + execute()
        copy = query("copy t from stdin") + copy_data(b"1\n") * 10
        pieces = [query(INSERT)[:-1], query(LONG_INSERT)[:-1], query(LONG_INSERT)[:1_500_000], batch + FLUSH, batch, batch + SYNC[:4],
                  parse(LONG_INSERT) + bind() + execute(), parse(INSERT) + bind("x" * 2_000_000)[:-1], query("begin; " + INSERT), copy,
                  copy + COPY_DONE[:3], copy + copy_data(b"1\n" * 100_000)[:-1], copy + TERMINATE]
        pids = []
        for piece in pieces:
            for how in ("close", "reset", "half"):
                connection = self.session()
                pids.append(pid_of(connection))
                connection.send(piece)
                if how == "close":
                    connection.socket.close()
                elif how == "reset":
                    connection.reset()
                else:
                    connection.socket.shutdown(socket.SHUT_WR)
                    self.assertEqual(connection.read_until("EOF")[-1], EOF)
        self.wait_for_end_of(*pids)
        self.assertEqual(self.cluster.psql("select count(*) from t"), "0")
        self.assertEqual(self.guard.metric("driftguard_malformed_total"), 0)

    def test_a_client_that_leaves_while_it_is_answered(self):
        pids = []
        for how in ("close", "reset"):
            for n_read in (0, 10, 300_000):
                connection = self.session()
                pids.append(pid_of(connection))
                connection.send(query("select repeat('x', 100000) from generate_series(1, 10000)"))
                connection.receive(n_read)
                connection.socket.close() if how == "close" else connection.reset()
        self.wait_for_end_of(*pids)

    def test_a_client_that_half_closes_while_it_starts(self):
        """Its last words are in the same segment as its first."""
        for words in (query("select 1"), parse("select 1") + bind() + execute() + SYNC, query("select nope from t") + query("select 1"), TERMINATE, b"", b"Q\0"):
            seen = []
            for port in (self.cluster.port, self.guard.port):
                with Connection(port) as connection:
                    connection.send(startup(user="postgres") + words)
                    connection.socket.shutdown(socket.SHUT_WR)
                    seen.append(types(connection.read_until("EOF")))
            self.assertEqual(seen[1], seen[0], words)

    def test_packets_cut_at_their_joints(self):
        """The pause lets the guard see each part by itself."""
        for first in (b"", SSL_REQUEST):
            with Connection(self.guard.port) as connection:
                packet = startup(user="postgres")
                ask = query("select 1") + parse("select 2") + bind() + execute() + SYNC
                parts = [first[:4], first[4:], packet[:4], packet[4:8], packet[8:], ask[:1], ask[1:5], ask[5:14], ask[14:19], ask[19:]]
                for part in filter(None, parts):
                    connection.socket.sendall(part)
                    time.sleep(0.01)
                    if part == first[4:]:
                        self.assertEqual(connection.receive(1), b"N")
                self.assertEqual(types(connection.read_until("ZZZ"))[-10:], "ZTDCZ12DCZ")


class Servers(FaultsCase):
    settings = {"restart_after_crash": "on"}

    def test_a_backend_that_is_killed_while_it_answers(self):
        """What has come is whole messages and perhaps the beginning of one; then the server's last words, or ours."""
        connection = self.session()
        connection.send(query("select i, repeat('x', 30000) from generate_series(1, 100000) i"))
        connection.receive(100_000)
        os.kill(pid_of(connection), signal.SIGKILL)
        answer = connection.receive(1 << 30)
        self.assertGreater(len(answer), 0)
        environment.wait_until(lambda: self.cluster_answers(), "the server to recover", 60)
        self.assertUsable(self.session())

    def cluster_answers(self):
        with Connection(self.guard.port) as connection:
            return types(connection.login())[-1:] == "Z"

    def test_a_backend_that_is_told_to_end_while_it_answers(self):
        for _ in range(3):
            connection = self.session()
            connection.send(query("select i, repeat('x', 1000), pg_sleep(0.001) from generate_series(1, 10000000) i"))
            connection.receive(50_000)
            self.cluster.psql(f"select pg_terminate_backend({pid_of(connection)})")
            tail = connection.receive(1 << 30)
            last = tail[tail.rindex(b"SFATAL\0") - 5:]
            self.assertEqual((fields(last)["C"], struct.unpack("!I", last[1:5])[0]), ("57P01", len(last) - 1))


class Writers(FaultsCase):
    def test_a_backend_that_is_told_to_end_while_the_client_writes(self):
        """The client reads only when it has written all that it may; what the server said last is still there."""
        for asked, first in (("copy t from stdin", copy_data(b"1\n") * 100), ("select 1", query("select 1") * 100)):
            connection = self.session()
            self.assertIn(connection.ask(query(asked), "T" if "select" in asked else "G")[-1][:1], (b"T", b"G"))
            connection.send(first)
            self.cluster.psql(f"select pg_terminate_backend({pid_of(connection)}, 10000)")
            for _ in range(200):
                connection.send(first)
            last = [found for found in connection.read_until("EOF") if found != EOF][-1]
            self.assertEqual((fields(last)["S"], fields(last)["C"]), ("FATAL", "57P01"))
        self.assertEqual(self.cluster.psql("select count(*) from t"), "0")


class Asides(FaultsCase):
    def test_what_the_server_says_to_an_idle_session(self):
        """Notifications come at once; changed parameters when the server says them, with its next answer."""
        connection = self.session()
        connection.ask(query("listen news"))
        for i in range(3):
            self.cluster.psql(f"notify news, 'number {i}'")
            found = connection.read()
            self.assertEqual((found[:1], f"number {i}".encode() in found), (b"A", True))
        self.cluster.psql("alter system set datestyle = 'German'")
        self.cluster.psql("select pg_reload_conf()")
        environment.wait_until(lambda: b"German" in b"".join(connection.ask(query("select 1"))), "the changed parameter")
        self.assertUsable(connection)

    def test_notifications_in_the_middle_of_a_pipeline(self):
        """They come between two answers, and each answer is still its own question's."""
        connection = self.session()
        connection.ask(query("listen news"))
        asked = b"".join(query(f"select {i}") + query(f"select nope{i} from t") for i in range(100))
        for _ in range(5):
            connection.send(asked)
            self.cluster.psql("notify news; notify news, 'x'")
            answers = connection.read_until("ZZ" * 100)
            said = [found for found in answers if found[:1] in b"DE"]
            for i in range(100):
                self.assertIn(str(i).encode(), said[2 * i])
                self.assertIn(f"nope{i}", fields(said[2 * i + 1])["M"])
        connection.ask(SYNC)


class Cancels(FaultsCase):
    def test_a_storm_hits_whom_it_names(self):
        """Forty statements run, half of them are cancelled, several times at once, among cancels of nobody."""
        sessions = [self.session() for _ in range(40)]
        bystander = self.session()
        for connection in sessions:
            connection.send(query("select pg_sleep(60)"))
        self.wait_for_sleepers(40)
        named, others = sessions[::2], sessions[1::2]
        packets = [cancel_request(connection.key_data) for connection in named] * 3
        packets += [cancel_request(struct.pack("!I", pid_of(connection)) + b"oops") for connection in others]
        threads = [threading.Thread(target=self.cancel, args=(packet,)) for packet in packets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for connection in named:
            self.assertEqual(fields(connection.read_until("Z")[-2])["C"], "57014")
            self.assertUsable(connection)
        self.assertEqual(select.select([connection.socket for connection in others], [], [], 0)[0], [])
        self.wait_for_sleepers(20)
        self.assertUsable(bystander)
        for connection in others:
            self.cancel(cancel_request(connection.key_data))
            self.assertEqual(fields(connection.read_until("Z")[-2])["C"], "57014")

    def cancel(self, packet):
        with Connection(self.guard.port) as canceller:
            self.assertEqual(canceller.ask(packet, "EOF"), [EOF])

    def test_cancels_that_come_late_in_a_pipeline(self):
        """Each cancel is over before its statement is, or after: one way or the other every question has one answer."""
        connection = self.session()
        for _ in range(20):
            connection.send(query("select pg_sleep(0.002)") * 3)
            self.cancel(cancel_request(connection.key_data))
            answer = connection.read_until("ZZZ")
            self.assertEqual(types(answer).count("Z"), 3)
            self.assertEqual(types(answer).count("C") + types(answer).count("E"), 3)
            self.assertEqual({fields(found)["C"] for found in answer if found[:1] == b"E"} - {"57014"}, set())
        self.assertUsable(connection)

    def test_a_cancel_in_pieces_and_half_closed(self):
        connection = self.session()
        connection.send(query("select pg_sleep(60)"))
        self.wait_for_sleepers(1)
        with Connection(self.guard.port, "bytes") as canceller:
            canceller.send(cancel_request(connection.key_data))
            canceller.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(canceller.read_until("EOF"), [EOF])
        self.assertEqual(fields(connection.read_until("Z")[-2])["C"], "57014")

    def test_a_canceller_that_does_not_wait(self):
        for how in ("close", "reset"):
            connection = self.session()
            connection.send(query("select pg_sleep(60)"))
            self.wait_for_sleepers(1)
            with Connection(self.guard.port) as canceller:
                canceller.send(cancel_request(connection.key_data))
                canceller.socket.close() if how == "close" else canceller.reset()
            self.assertEqual(fields(connection.read_until("Z")[-2])["C"], "57014")


class UnixUpstream(unittest.TestCase):
    def test_a_server_behind_a_socket_file(self):
        folder = environment.run_dir()
        with Cluster({"unix_socket_directories": str(folder)}) as cluster:
            upstream = f"postgres://postgres@{str(folder).replace('/', '%2F')}:{cluster.port}/postgres"
            with Guard(cluster, "annotate", ["schema.poll_ms=0"], upstream=upstream) as guard, Connection(guard.port) as connection:
                connection.login()
                answer = connection.ask(query("select nope from pg_class"))
                self.assertIn("driftguard: ", fields(answer[0])["D"])
                connection.send(query("select pg_sleep(60)"))
                environment.wait_until(lambda: cluster.psql("select count(*) from pg_stat_activity where query like '%sleep(60)' "
                                                            "and state = 'active'") == "1", "the statement")
                with Connection(guard.port) as canceller:
                    self.assertEqual(canceller.ask(cancel_request(connection.key_data), "EOF"), [EOF])
                self.assertEqual(fields(connection.read_until("Z")[-2])["C"], "57014")
                cluster.stop(signal.SIGQUIT)
                self.assertIn(fields(connection.read_until("EOF")[-2])["C"], ("57P01", "57P02", "08006"))


if __name__ == "__main__":
    unittest.main()
