"""Sessions from their first byte to their last: start-up, malformed input, cancels, ends, flow control, limits.

Where PostgreSQL has an answer of its own, the guard's is compared with it.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import time
import unittest

import environment
import psycopg
from cluster import Cluster
from guard import Guard
from wire import (EOF, GSSENC_REQUEST, SSL_REQUEST, SYNC, TERMINATE, Connection, bind, cancel_request, execute, fields, masked, message,
                  parse, query, startup, types)

LOGIN = startup(user="postgres", database="postgres")
SETTINGS = ["schema.poll_ms=0", "workers=2"]


def sockets_of(pid, *ports):
    """Another process's established connections with one of these ports at one end: copies of them."""
    libc, found = ctypes.CDLL(None, use_errno=True), []
    process = os.pidfd_open(pid)
    for name in os.listdir(f"/proc/{pid}/fd"):
        copy = libc.syscall(438, process, int(name), 0)  # pidfd_getfd
        try:
            sock = socket.socket(fileno=copy)
        except OSError:  # no socket
            continue
        try:
            is_one = sock.family == socket.AF_INET and {sock.getsockname()[1], sock.getpeername()[1]} & set(ports)
        except OSError:  # it listens
            is_one = False
        found.append(sock) if is_one else sock.close()
    os.close(process)
    return found


class SessionsCase(unittest.TestCase):
    settings = ()
    hba = None

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster(hba=cls.hba))
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "observe", [*SETTINGS, *cls.settings]))

    def connect(self, shape="written"):
        return self.enterContext(Connection(self.guard.port, shape))

    def session(self):
        connection = self.connect()
        connection.login()
        return connection

    def assertUsable(self, connection):
        self.assertEqual(types(connection.ask(query("select 1"))), "TDCZ")

    def assertEnds(self, connection, sqlstate):
        """FATAL with this code, and nothing behind it."""
        answer = connection.read_until("EOF")
        self.assertEqual(types(answer), "E!")
        self.assertEqual((fields(answer[0])["S"], fields(answer[0])["C"]), ("FATAL", sqlstate))
        return fields(answer[0])


class StartUp(SessionsCase):
    def test_encryption_is_declined_and_the_client_goes_on(self):
        for requests in ([SSL_REQUEST], [GSSENC_REQUEST], [GSSENC_REQUEST, SSL_REQUEST], [SSL_REQUEST, GSSENC_REQUEST]):
            for shape in ("written", "bytes"):
                connection = self.connect(shape)
                for request in requests:
                    connection.send(request)
                    self.assertEqual(connection.receive(1), b"N")
                connection.ask(LOGIN)
                self.assertUsable(connection)

    def test_plaintext_behind_an_encryption_request_is_refused(self):
        for request in (SSL_REQUEST, GSSENC_REQUEST):
            connection = self.connect()
            connection.send(request + LOGIN)
            self.assertEnds(connection, "08P01")

    def test_encryption_is_asked_for_once(self):
        connection = self.connect()
        connection.send(SSL_REQUEST)
        self.assertEqual(connection.receive(1), b"N")
        connection.send(SSL_REQUEST)
        self.assertEnds(connection, "08P01")

    def test_a_length_that_no_start_up_packet_has(self):
        for length in (0, 3, 7, 10005, 0x7FFFFFFF, 0xFFFFFFFF):
            connection = self.connect()
            connection.send(struct.pack("!I", length) + b"\0\3\0\0")
            self.assertEnds(connection, "08P01")

    def test_those_who_speak_another_protocol(self):
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01"):
            connection = self.connect()
            connection.send(words)
            self.assertEnds(connection, "08P01")

    def test_a_connection_that_opens_and_leaves_makes_no_noise(self):
        before = self.guard.log()
        for n in (0, 1, 4, 7, 20):
            with Connection(self.guard.port) as connection:
                connection.send(LOGIN[:n])
        with self.session() as connection:
            self.assertUsable(connection)
        self.assertEqual(self.guard.log(), before)


    def test_names_of_any_bytes(self):
        """Of roles, databases and applications: the server knows them, and the log and the pages hold none of them as they are."""
        name = 'ro "l\u00e9"\n\t\x1b[31m%s\\'
        quoted = '"' + name.replace('"', '""') + '"'
        self.cluster.psql(f"create role {quoted} login")
        self.cluster.psql(f"create database {quoted}")
        for shape in ("written", "bytes"):
            seen = []
            for port in (self.cluster.port, self.guard.port):
                with Connection(port, shape) as connection:
                    connection.send(startup(user=name, database=name, application_name=name))
                    connection.read_until("Z")
                    answer = connection.ask(query("select current_user, current_database(), current_setting('application_name')") +
                                            query(f"select {quoted} from pg_class") + query(f"select 1 from {quoted}"), "ZZZ")
                    seen.append([masked(found) for found in answer])
            self.assertEqual(seen[1], seen[0])
        environment.wait_until(lambda: "drift_opened" in self.guard.log(), "the drift in the log")
        for text in (self.guard.log(), self.guard.get("/drift")[1], self.guard.get("/metrics")[1]):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("ro \"l", text)
        for line in self.guard.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\S+Z (error|warning|info|debug) \w+: ")

    def test_small_messages_do_not_wait_for_one_another(self):
        """Neither leg delays them in the hope of more (Nagle's algorithm)."""
        with self.session() as connection:
            self.assertUsable(connection)
            legs = sockets_of(self.guard.process.pid, self.guard.port, self.cluster.port)
            self.assertGreaterEqual(len(legs), 2)
            for leg in legs:
                self.assertEqual(leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 1, leg)
                leg.close()


class Malformed(SessionsCase):
    def test_lengths_that_cannot_be(self):
        for length in (0, 3, 0x80000000, 0xFFFFFFFF):
            with self.subTest(length=length):
                other, connection = self.session(), self.session()
                before = self.guard.metric("driftguard_malformed_total", side="client")
                connection.send(b"Q" + struct.pack("!I", length) + b"select 1\0")
                self.assertEqual(self.assertEnds(connection, "08P01")["M"], "invalid message length")
                self.assertUsable(other)
                self.assertEqual(self.guard.metric("driftguard_malformed_total", side="client"), before + 1)

    def test_lengths_that_postgresql_does_not_read(self):
        """It closes without a word; the guard says why."""
        for piece in (message("S", b"x" * 20000), message("D", b"S" + b"n" * 20000 + b"\0"), b"B\x3f\xff\xff\xff" + b"x" * 5000):
            other, connection = self.session(), self.session()
            connection.send(piece)
            self.assertEnds(connection, "08P01")
            self.assertUsable(other)

    def test_what_came_before_is_answered(self):
        connection = self.session()
        connection.send(query("select 1"))
        self.assertEqual(types(connection.read_until("Z")), "TDCZ")
        connection.send(SYNC + b"Q\0\0\0\0")
        self.assertIn(types(connection.read_until("EOF")), ("ZE!", "E!"))

    def test_two_gigabytes_that_are_only_claimed_take_no_memory(self):
        connection = self.session()
        before = self.memory()
        connection.send(b"Q\x7f\xff\xff\xff" + b"select 1")
        connection.send(b"x" * 5_000_000)
        self.assertEnds(connection, "08P01")  # PostgreSQL's own limit is a gigabyte
        self.assertLess(self.memory() - before, 16_000_000)

    def test_a_client_that_dies_within_a_message(self):
        for piece in (b"Q", query("select 1")[:7], parse("select 1")[:-1], b"d\0\0\xff\xffxx"):
            with self.session() as connection:
                connection.send(piece)
        environment.wait_until(lambda: self.guard.metric("driftguard_sessions") == 0, "all sessions to end")

    def memory(self):
        with open(f"/proc/{self.guard.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


class Cancels(SessionsCase):
    def cancel(self, key_data, first=b""):
        with Connection(self.guard.port) as canceller:
            if first:
                canceller.send(first)
                self.assertEqual(canceller.receive(1), b"N")
            self.assertEqual(canceller.ask(cancel_request(key_data), "EOF"), [EOF])

    def test_a_statement_that_runs(self):
        for first in (b"", SSL_REQUEST):
            connection = self.session()
            connection.send(query("select pg_sleep(60)"))
            environment.wait_until(lambda: self.cluster.psql(
                "select count(*) from pg_stat_activity where query like '%sleep(60)' and state = 'active'") == "1", "the statement")
            self.cancel(connection.key_data, first)
            answer = connection.read_until("Z")
            self.assertEqual(fields(next(m for m in answer if m[:1] == b"E"))["C"], "57014")
            self.assertUsable(connection)

    def test_late_and_wrong_cancels_hit_nothing(self):
        connection, other = self.session(), self.session()
        self.assertUsable(connection)
        self.cancel(connection.key_data)
        self.cancel(struct.pack("!II", 1, 1))
        self.cancel(b"\0" * 260)
        with self.session() as ended:
            key_data = ended.key_data
        self.cancel(key_data)
        self.assertUsable(connection)
        self.assertUsable(other)

    def test_malformed_cancels(self):
        for packet in (cancel_request(b"1234567"), cancel_request(b"123"), cancel_request(b"x" * 261)):
            with Connection(self.guard.port) as canceller:
                canceller.send(packet)
                self.assertEqual(canceller.read_until("EOF")[-1], EOF)
        self.assertUsable(self.session())


class Ends(SessionsCase):
    def test_half_closed_clients_get_their_answers(self):
        for ask in (query("select 1") + query("select repeat('x', 3000000)"), parse("select 1") + bind() + execute() + SYNC):
            replies = []
            for port in (self.cluster.port, self.guard.port):
                connection = self.enterContext(Connection(port))
                connection.login()
                connection.send(ask)
                connection.socket.shutdown(socket.SHUT_WR)
                replies.append([masked(found) for found in connection.read_until("EOF")])
            self.assertEqual(types(replies[0]), types(replies[1]))
            self.assertEqual(replies[0], replies[1])

    def test_half_closed_behind_a_goodbye(self):
        for ask, expected in ((query("select 1") + TERMINATE, "TDCZ!"), (TERMINATE, "!"), (parse("selekt") + bind() + TERMINATE, "E!"),
                              (TERMINATE + query("select 1"), "!"), (query("copy (select 1) to stdout") + TERMINATE + b"Q\0", "HdcCZ!")):
            for port in (self.cluster.port, self.guard.port):
                for shape in ("written", "bytes"):
                    with Connection(port, shape) as connection:
                        connection.login()
                        connection.send(ask)
                        with contextlib.suppress(OSError):  # the other side may have gone already
                            connection.socket.shutdown(socket.SHUT_WR)
                        self.assertEqual(types(connection.read_until("EOF")), expected)

    def test_the_servers_last_words_arrive(self):
        connection = self.session()
        pid = struct.unpack("!I", connection.key_data[:4])[0]
        self.cluster.psql(f"select pg_terminate_backend({pid})")
        self.assertEnds(connection, "57P01")

    def test_a_client_that_leaves_takes_its_server_session_along(self):
        with self.session() as connection:
            pid = struct.unpack("!I", connection.key_data[:4])[0]
        environment.wait_until(lambda: self.cluster.psql(
            f"select count(*) from pg_stat_activity where pid = {pid}") == "0", "the server's session to end")


class ServerGone(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(Cluster())
        self.guard = self.enterContext(Guard(self.cluster, "observe", SETTINGS))

    def test_never_a_silent_close(self):
        idle = self.enterContext(Connection(self.guard.port))
        busy = self.enterContext(Connection(self.guard.port))
        idle.login()
        busy.login()
        busy.ask(query("select pg_sleep(60)"), "")
        self.cluster.stop(signal.SIGQUIT)
        for connection in (idle, busy):
            answer = connection.read_until("EOF")
            self.assertEqual(answer[-1], EOF)
            last = fields(answer[-2])
            self.assertEqual(last.get("V"), "FATAL" if last["C"] != "57P02" else last["V"])
            self.assertIn(last["C"], ("57P01", "57P02", "08006"))

    def test_an_upstream_that_is_down_is_named_and_may_come_back(self):
        self.cluster.stop()
        with Connection(self.guard.port) as connection:
            answer = connection.login()
            self.assertEqual(types(answer), "E!")
            found = fields(answer[0])
            self.assertEqual((found["S"], found["C"]), ("FATAL", "08006"))
            self.assertIn(f"127.0.0.1:{self.cluster.port}", found["M"])
            self.assertIn("Connection refused", found["M"])
        self.assertGreaterEqual(self.guard.metric("driftguard_upstream_failures_total", reason="refused"), 1)
        self.cluster.start()
        with Connection(self.guard.port) as connection:
            connection.login()
            self.assertEqual(types(connection.ask(query("select 1"))), "TDCZ")

    def test_a_stop_of_the_guard_is_told(self):
        with Connection(self.guard.port) as connection:
            connection.login()
            self.guard.process.send_signal(signal.SIGTERM)
            answer = connection.read_until("EOF")
            self.assertEqual(fields(answer[0])["C"], "57P01")


class Upstreams(unittest.TestCase):
    """Where the database is: names, addresses, and places where none is."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def log_in(self, host):
        upstream = f"postgres://postgres@{host}:{self.cluster.port}/postgres"
        guard = self.enterContext(Guard(upstream=upstream, settings=SETTINGS, ready=False))
        environment.wait_until(lambda: guard.get("/healthz")[0] == 200, "the guard")
        connection = self.enterContext(Connection(guard.port))
        return connection.login()

    def test_a_name_is_resolved(self):
        self.assertEqual(types(self.log_in("localhost"))[-1], "Z")

    def test_a_name_that_nobody_knows(self):
        answer = self.log_in("nowhere.invalid")
        self.assertEqual(types(answer), "E!")
        self.assertEqual(fields(answer[0])["C"], "08006")
        self.assertIn("nowhere.invalid", fields(answer[0])["M"])

    def assertRefuses(self, listen, upstream, code, words):
        command = [environment.binary(), "run", "--listen", listen, "--upstream", upstream, "--admin", ""]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)

    def test_a_taken_port_is_an_error(self):
        listen = f"127.0.0.1:{self.cluster.port}"
        self.assertRefuses(listen, "postgres://127.0.0.1:1", 1, f"{listen}: the address is in use")
        with Guard(self.cluster, settings=SETTINGS) as guard:
            self.assertRefuses(f"127.0.0.1:{guard.port}", self.cluster.url, 1, "in use")

    def test_an_upstream_that_is_the_guard_itself(self):
        port = environment.free_port()
        for listen, upstream in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.9"), ("127.0.0.1", "localhost")):
            self.assertRefuses(f"{listen}:{port}", f"postgres://{upstream}:{port}/x", 64, "itself")


class OutOfDescriptors(unittest.TestCase):
    def test_accepting_pauses_and_goes_on(self):
        with Cluster() as cluster, Guard(cluster, settings=SETTINGS) as guard:
            subprocess.run(["prlimit", f"--pid={guard.process.pid}", "--nofile=60"], check=True)
            crowd = [Connection(guard.port) for _ in range(80)]
            environment.wait_until(lambda: "accept_paused" in guard.log(), "the pause")
            before = self.cpu_seconds(guard)
            time.sleep(1)
            self.assertLess(self.cpu_seconds(guard) - before, 0.5, "it spins")
            self.assertLess(guard.log().count("accept_paused"), 5, "it is said again and again")
            for connection in crowd:
                connection.socket.close()
            with Connection(guard.port) as connection:
                connection.login()
                self.assertEqual(types(connection.ask(query("select 1"))), "TDCZ")

    def cpu_seconds(self, guard):
        with open(f"/proc/{guard.process.pid}/stat", encoding="ascii") as file:
            words = file.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / 100


class Flow(SessionsCase):
    def test_both_sides_write_and_the_reader_comes_late(self):
        """Queries without end go out, megabytes come back, and neither side waits for the other for ever."""
        connection = self.session()
        n = 3000
        outgoing = query("select repeat('x', 10000) /* " + "y" * 5000 + " */") * n
        connection.socket.setblocking(False)
        n_ready, tail = 0, b""
        deadline = time.monotonic() + 120
        while n_ready < n:
            self.assertLess(time.monotonic(), deadline)
            readable, writable, _ = select.select([connection.socket], [connection.socket] if outgoing else [], [], 10)
            self.assertTrue(readable or writable, "both sides stand still")
            # The client is the polite kind that writes whatever it can before it reads.
            if writable:
                outgoing = outgoing[connection.socket.send(outgoing[:1_000_000]):]
            elif readable:
                data = tail + connection.socket.recv(1_000_000)
                n_ready += data.count(b"Z\0\0\0\5I")
                tail = data[-5:]

    def test_a_slow_reader_costs_no_memory(self):
        connection = self.session()
        before = Malformed.memory(self)
        connection.send(query("select repeat('x', 1000000) from generate_series(1, 200)"))
        time.sleep(1)  # the server would have sent it all by now
        self.assertLess(Malformed.memory(self) - before, 30_000_000)
        answer = connection.read_until("Z")
        self.assertEqual(types(answer).count("D"), 200)

    def test_a_pipeline_longer_than_the_queue(self):
        connection = self.session()
        n = 150_000
        connection.socket.setblocking(False)
        outgoing, incoming = SYNC * n, 0
        while incoming < 6 * n:
            readable, writable, _ = select.select([connection.socket], [connection.socket] if outgoing else [], [], 30)
            self.assertTrue(readable or writable, "both sides stand still")
            if writable:
                outgoing = outgoing[connection.socket.send(outgoing[:300_000]):]
            if readable:
                incoming += len(connection.socket.recv(300_000))
        connection.socket.setblocking(True)
        connection.socket.settimeout(30)
        self.assertUsable(connection)


class Limits(SessionsCase):
    settings = ("relay.max_sessions=3", "relay.startup_timeout_ms=1500")

    def test_one_session_too_many(self):
        sessions = [self.session() for _ in range(3)]
        with Connection(self.guard.port) as one_more:
            answer = one_more.login()
            self.assertEqual(types(answer), "E!")
            self.assertEqual(fields(answer[0])["C"], "53300")
        with Connection(self.guard.port) as canceller:
            canceller.ask(cancel_request(sessions[0].key_data), "EOF")
        sessions[0].socket.close()
        environment.wait_until(lambda: self.guard.metric("driftguard_sessions") == 2, "the session to end")
        self.assertUsable(self.session())

    def test_a_start_up_that_does_not_come(self):
        connection = self.connect()
        self.assertEqual(connection.read_until("EOF"), [EOF])
        connection = self.connect()
        connection.send(LOGIN[:9])
        self.assertEnds(connection, "57014")


class Authentication(SessionsCase):
    """What the client proves to the server passes through the guard unread."""

    hba = ("host all postgres 127.0.0.1/32 trust\nhost all scram 127.0.0.1/32 scram-sha-256\n"
           "host all md5 127.0.0.1/32 md5\nhost all plain,token 127.0.0.1/32 password\n")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster.psql("create role scram login password 'secret'; create role plain login password 'secret';"
                         "set password_encryption = 'md5'; create role md5 login password 'secret'")

    def test_the_right_password(self):
        for user in ("scram", "md5", "plain"):
            with self.guard.connect(user=user, password="secret") as connection:
                self.assertEqual(connection.execute("select current_user").fetchone(), (user,))

    def test_the_wrong_password(self):
        for user in ("scram", "md5", "plain"):
            said = []
            for connect in (self.cluster.connect, self.guard.connect):
                with self.assertRaises(psycopg.OperationalError) as caught:
                    connect(user=user, password="wrong")
                said.append(str(caught.exception).partition("FATAL")[2])
            self.assertEqual(said[0], said[1])
            self.assertIn("password authentication failed", said[1])

    def test_a_token_of_60_kilobytes_that_is_right(self):
        token = "t" * 60_000
        self.cluster.psql(f"set password_encryption = 'scram-sha-256'; create role token login password '{token}'")
        for shape in ("written", "bytes"):
            with Connection(self.guard.port, shape) as connection:
                self.assertEqual(types(connection.ask(startup(user="token", database="postgres"), "R")), "R")
                answer = connection.ask(message("p", token.encode() + b"\0"))
                self.assertEqual((types(answer)[0], types(answer)[-1]), ("R", "Z"))
                self.assertUsable(connection)

    def test_a_password_of_64_kilobytes(self):
        with Connection(self.guard.port) as connection:
            connection.ask(startup(user="plain", database="postgres"), "R")
            answer = connection.ask(message("p", b"x" * 65000 + b"\0"), "EOF")
            self.assertEqual(fields(answer[0])["S"], "FATAL")


if __name__ == "__main__":
    unittest.main()
