#!/usr/bin/python3
"""Behind a load balancer that says whose connections it passes on: HAProxy itself, and headers by hand."""

import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile
import unittest

import psycopg

import environment
from balancer import haproxy
from certificates import Authority
from cluster import Cluster, run_psql
from guard import Guard
from wire import SSL_REQUEST, Wire, error_fields, kinds, query, startup

LOGIN = startup(user="postgres", database="postgres")
V1 = b"PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n"
V2_START = b"\r\n\r\n\0\r\nQUIT\n"
V2 = V2_START + b"\x21\x11\0\x0c" + bytes([192, 0, 2, 7, 192, 0, 2, 8]) + struct.pack("!HH", 56324, 443)
V2_LOCAL = V2_START + b"\x20\0\0\0"
BROKEN = b"Q\0\0\0\1"  # a length that cannot be: the log says whose session it was


class HeaderCase(unittest.TestCase):
    settings = ("client_tls.sslmode=allow",)

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        server = Authority("ca").issue("server", "localhost")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir=environment.run_dir())))
        cls.path = cls.folder / ".s.PGSQL.5442"
        # /readyz and the guard's own reads need no header; its clients do.
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "observe", also=[cls.path], settings=[
            "schema.poll_ms=0", "require_proxy_protocol=true", f"client_tls.cert_file={server.cert}",
            f"client_tls.key_file={server.key}", *cls.settings]))

    def wire(self, *first):
        wire = self.enterContext(Wire(self.guard.port))
        wire.send(*first)
        return wire

    def malformed(self):
        return self.guard.metric("driftguard_malformed_total", side="proxy_header")

    def assertServes(self, wire):
        self.assertEqual(kinds(wire.until_ready())[-1], "Z")
        wire.send(query("SELECT 1"))
        self.assertEqual(kinds(wire.until_ready()), "TDCZ")

    def assertClientIs(self, wire, expected):
        """Breaks the protocol, and looks for whom the log blames."""
        wire.send(BROKEN)
        self.assertEqual(error_fields(wire.until_end()[-1][1])["C"], "08P01")
        self.guard.wait_until(lambda: f"client={expected} what=" in self.guard.log(), f"{expected} in the log")


class ByHand(HeaderCase):
    def test_each_version_and_what_comes_with_it_in_one_segment(self):
        for header, client in ((V1, "192.0.2.7:56324"), (V2, "192.0.2.7:56324"), (b"PROXY UNKNOWN\r\n", "unknown")):
            with self.subTest(header):
                wire = self.wire(header + LOGIN)
                self.assertServes(wire)
                self.assertClientIs(wire, client)

    def test_local_is_the_peer_itself(self):
        wire = self.wire(V2_LOCAL + LOGIN)
        self.assertServes(wire)
        self.assertClientIs(wire, "%s:%d" % wire.socket.getsockname())

    def test_byte_by_byte(self):
        for header in (V1, V2, V2_START + b"\x21\x11\0\x13" + V2[16:] + b"\4\0\4abcd"):
            wire = self.wire()
            wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header + LOGIN:
                wire.send(bytes([byte]))
            self.assertServes(wire)

    def test_tls_behind_it(self):
        for direct in (False, True):
            with self.subTest(direct=direct):
                self.assertEqual(self.ask_by_tls(direct), b"R")

    def ask_by_tls(self, direct):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["postgresql"])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing)
        with socket.create_connection(("127.0.0.1", self.guard.port), 20) as sock:
            first = V2  # goes in one segment with the ClientHello, or with SSLRequest
            if not direct:
                sock.sendall(first + SSL_REQUEST)
                self.assertEqual(sock.recv(1), b"S")
                first = b""
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    sock.sendall(first + outgoing.read())
                    first = b""
                    incoming.write(sock.recv(65536))
            client.write(LOGIN)
            sock.sendall(outgoing.read())
            while True:
                try:
                    return client.read(1)
                except ssl.SSLWantReadError:
                    incoming.write(sock.recv(65536))

    def test_what_is_no_header_is_closed_without_a_word_and_counted(self):
        for words in (LOGIN, SSL_REQUEST, b"GET / HTTP/1.0\r\n\r\n", b"PROXY TCP4 1.2.3.4\r\n", V2_START + b"\x2f\x11\0\0",
                      b"PROXY " + b"x" * 200, V2_START + b"\x21\x11\xff\xff"):
            with self.subTest(words):
                before = self.malformed()
                wire = self.wire(words)
                self.assertEqual(wire.read_byte(), None)
                self.assertEqual(self.malformed(), before + 1)

    def test_who_opens_and_leaves_makes_no_noise(self):
        before, log = self.malformed(), self.guard.log()
        for n in (0, 1, len(V1) - 1, len(V1)):
            with self.wire(V1[:n]):
                pass
        self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") == 0, "all to go")
        self.assertEqual((self.malformed(), self.guard.log()), (before, log))

    def test_a_second_header_is_none(self):
        wire = self.wire(V1 + V1)
        self.assertEqual(error_fields(wire.until_end()[0][1])["C"], "08P01")

    def test_cancels_come_with_a_header_too(self):
        wire = self.wire(V1 + LOGIN)
        key = next(body for kind, body in wire.until_ready() if kind == "K")
        wire.send(query("SELECT pg_sleep(60)"))
        self.guard.wait_until(lambda: self.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT "
                                                        "pg_sleep%' AND state = 'active'") == "1", "the statement")
        self.wire(V2 + struct.pack("!II", 16, 80877102) + key)
        answer = wire.until_ready()
        self.assertEqual([error_fields(body)["C"] for kind, body in answer if kind == "E"], ["57014"])

    def test_without_the_option_a_header_is_a_broken_packet(self):
        with Guard(self.cluster) as guard, Wire(guard.port) as wire:
            wire.send(V1 + LOGIN)
            self.assertEqual(error_fields(wire.until_end()[0][1])["C"], "08P01")


class Late(HeaderCase):
    settings = ("relay.startup_timeout_ms=300",)

    def test_the_start_up_deadline_runs_from_the_first_moment(self):
        for sent in (b"", V2[:20]):
            wire = self.wire(sent)
            self.assertEqual(wire.read_byte(), None)
        self.assertGreaterEqual(self.guard.metric("driftguard_limits_total", option="relay.startup_timeout_ms"), 2)


class Local(HeaderCase):
    """Over a Unix socket there is no TLS; but whom a load balancer there speaks for came over a network."""

    settings = ("client_tls.sslmode=require",)

    def ask(self, header, request):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self.path))
            client.sendall(header + request)
            return client.recv(1)

    def test_who_is_local(self):
        unix = V2_START + b"\x21\x31" + struct.pack("!H", 216) + bytes(216)
        for header, answer, login in ((V2_LOCAL, b"N", b"R"), (unix, b"N", b"R"), (V2, b"S", b"E"), (V1, b"S", b"E"),
                                      (b"PROXY UNKNOWN\r\n", b"S", b"E")):
            with self.subTest(header):
                self.assertEqual(self.ask(header, SSL_REQUEST), answer)
                self.assertEqual(self.ask(header, LOGIN), login)


class Haproxy(HeaderCase):
    def test_the_client_s_own_address_reaches_the_log(self):
        for how in ("send-proxy", "send-proxy-v2"):
            with self.subTest(how), haproxy(f"127.0.0.1:{self.guard.port}", how) as port, Wire(port) as wire:
                wire.send(LOGIN)
                self.assertServes(wire)
                self.assertClientIs(wire, "%s:%d" % wire.socket.getsockname())

    def test_on_a_unix_socket(self):
        with haproxy(f"unix@{self.path}", "send-proxy-v2") as port, Wire(port) as wire:
            wire.send(LOGIN)
            self.assertServes(wire)
            self.assertClientIs(wire, "%s:%d" % wire.socket.getsockname())

    def test_libpq_by_tls_and_without(self):
        with haproxy(f"127.0.0.1:{self.guard.port}", "send-proxy-v2") as port:
            for sslmode, expected in (("require", "t"), ("disable", "f")):
                with psycopg.connect(f"postgres://postgres@127.0.0.1:{port}/postgres?sslmode={sslmode}") as connection:
                    self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
                    self.assertEqual(connection.pgconn.ssl_in_use, expected == "t")

    def test_its_health_checks_make_no_noise(self):
        before = self.malformed()
        with haproxy(f"127.0.0.1:{self.guard.port}", "send-proxy-v2 check check-send-proxy inter 20ms") as port:
            begun = self.guard.metric("driftguard_sessions_total")
            self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions_total") > begun + 5, "checks")
            done = run_psql(f"postgres://postgres@127.0.0.1:{port}/postgres", "SELECT 1")
            self.assertEqual((done.returncode, done.stdout.strip()), (0, "1"))
        self.assertEqual(self.malformed(), before)

    def test_without_a_header_from_it_nobody_gets_in(self):
        before = self.malformed()
        with haproxy(f"127.0.0.1:{self.guard.port}", "") as port:
            done = subprocess.run(["psql", f"postgres://postgres@127.0.0.1:{port}/postgres", "-c", "SELECT 1"],
                                  capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0)
        self.assertGreater(self.malformed(), before)


if __name__ == "__main__":
    unittest.main()
