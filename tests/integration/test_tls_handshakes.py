#!/usr/bin/python3
"""TLS as it comes about, or does not: clients that begin with it, stop in the middle or send something else; databases
that answer what they like; and who puts bytes in between."""

import socket
import ssl
import threading
import time
import unittest

import psycopg

import environment
import tls
import wire
from cluster import Cluster
from guard import Guard

ALPN = ["postgresql"]
CLIENT_HELLO_HEAD = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


def select_one(connection):
    connection.send(wire.query("SELECT 1"))
    return wire.kinds(connection.until_ready())


def client_hello():
    outgoing = ssl.MemoryBIO()
    client = tls.context(alpn=ALPN).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class FromClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = tls.World(cls)
        cls.guard = cls.enterClassContext(cls.world.guard([*tls.client_settings(cls.world.guards_own),
                                                           "relay.startup_timeout_ms=2000", "log.level=debug"]))

    def failures(self, reason):
        return self.guard.metric("driftguard_tls_failures_total", leg="client", reason=reason)

    def await_failure(self, reason, before, n=1):
        tls.await_metric(self.guard, before + n, "driftguard_tls_failures_total", leg="client", reason=reason)

    def raw(self, *data):
        connection = self.enterContext(wire.Wire(self.guard.port))
        connection.send(*data)
        return connection

    def test_asked_for_and_begun_at_once_and_in_single_bytes(self):
        for direct in (False, True):
            for step in (None, 1, 3, 1000):
                with self.subTest(direct=direct, step=step), \
                        tls.TlsWire(self.guard.port, "postgres", direct=direct, step=step) as connection:
                    self.assertEqual(wire.kinds(connection.greeting)[0], "R")
                    self.assertEqual(select_one(connection), "TDCZ")

    def test_versions_from_1_2_on(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = tls.context()
            context.minimum_version = context.maximum_version = version
            for direct in (False, True):
                if direct:
                    context.set_alpn_protocols(ALPN)
                with tls.TlsWire(self.guard.port, "postgres", tls=context, direct=direct) as connection:
                    self.assertEqual(select_one(connection), "TDCZ")
        before = self.failures("version")
        context = tls.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError):
            tls.TlsWire(self.guard.port, tls=context)
        self.await_failure("version", before)

    def test_who_begins_at_once_must_name_the_protocol(self):
        before = self.failures("alpn")
        with tls.TlsWire(self.guard.port, direct=True, tls=tls.context()) as connection:
            connection.send(wire.startup(user="postgres", database="postgres"))
            self.assertTrue(tls.ends(connection))
        self.await_failure("alpn", before)
        for direct in (False, True):
            with self.assertRaisesRegex(ssl.SSLError, "no application protocol"):
                tls.TlsWire(self.guard.port, direct=direct, tls=tls.context(alpn=["h2", "http/1.1"]))
        self.await_failure("alpn", before, 3)
        with tls.TlsWire(self.guard.port, "postgres", direct=True, tls=tls.context(alpn=["h2", *ALPN])) as connection:
            self.assertEqual(connection.socket.selected_alpn_protocol(), "postgresql")

    def test_garbage_after_a_handshakes_first_byte(self):
        for data in (b"\x16" + b"\0" * 20, b"\x16\x03\x01\xff\xff" + b"x" * 5000, b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff",
                     b"\x16" * 8192, b"\x16\x03\x01\x00\x00", b"\x16\x01\x01\x00\x10" + b"\x01" * 16):
            with self.subTest(data[:12]):
                self.assertTrue(tls.ends(self.raw(data)))
        with tls.TlsWire(self.guard.port, "postgres") as connection:
            self.assertEqual(select_one(connection), "TDCZ")

    def test_plain_words_where_tls_was_promised(self):
        before = self.failures("not_tls")
        connection = self.raw(wire.SSL_REQUEST)
        self.assertEqual(connection.read_byte(), b"S")
        connection.send(wire.startup(user="postgres", database="postgres"))
        self.assertTrue(tls.ends(connection))
        self.await_failure("not_tls", before)

    def test_bytes_behind_a_request_are_refused(self):
        for request in (wire.SSL_REQUEST, wire.GSSENC_REQUEST):
            for behind in (b"\0", wire.startup(user="postgres", database="postgres"), CLIENT_HELLO_HEAD, wire.SSL_REQUEST):
                with self.subTest(request=request, behind=behind[:8]):
                    messages = self.raw(request, behind).until_end()
                    self.assertEqual([error["C"] for error in wire.errors(messages)], ["08P01"])
                    self.assertIn("unencrypted data", wire.errors(messages)[0]["M"])

    def test_requests_in_turn(self):
        connection = self.raw(wire.GSSENC_REQUEST)
        self.assertEqual(connection.read_byte(), b"N")
        connection.send(wire.SSL_REQUEST)
        self.assertEqual(connection.read_byte(), b"S")
        connection.socket = tls.context().wrap_socket(connection.socket, server_hostname="localhost")
        connection.send(wire.startup(user="postgres", database="postgres"))
        self.assertTrue(wire.kinds(connection.until_ready()).endswith("Z"))
        for first, direct in ((wire.SSL_REQUEST, False), (wire.GSSENC_REQUEST, False), (wire.SSL_REQUEST, True)):
            with tls.TlsWire(self.guard.port, direct=direct) as inside:
                inside.send(first)
                if first == wire.GSSENC_REQUEST:
                    self.assertEqual(inside.read_byte(), b"N")
                    inside.send(first)
                self.assertEqual([error["C"] for error in wire.errors(inside.until_end())], ["08P01"])

    def test_who_stops_is_cut_at_the_deadline(self):
        before = self.failures("timeout")
        stopped = [self.raw(CLIENT_HELLO_HEAD), self.raw(b"\x16")]
        for half in (b"", CLIENT_HELLO_HEAD):
            connection = self.raw(wire.SSL_REQUEST)
            self.assertEqual(connection.read_byte(), b"S")
            connection.send(half)
            stopped.append(connection)
        silent = self.enterContext(tls.TlsWire(self.guard.port))  # by TLS, and then not a word
        begin = time.monotonic()
        for connection in [*stopped, silent]:
            self.assertTrue(tls.ends(connection))
        self.assertLess(time.monotonic() - begin, 15)
        self.await_failure("timeout", before, len(stopped))
        tls.await_metric(self.guard, 0, "driftguard_tls_sessions", leg="client")

    def test_many_that_stop_hold_nobody_up(self):
        idle = [self.raw(CLIENT_HELLO_HEAD) for _ in range(200)]
        with tls.TlsWire(self.guard.port, "postgres") as connection:
            for _ in range(20):
                self.assertEqual(select_one(connection), "TDCZ")
        for connection in idle:
            connection.socket.close()

    def test_no_more_at_once_than_the_limit_allows(self):
        """Peers that stop after their ClientHello take all turns; who comes after them waits, and then goes on."""
        hello = client_hello()
        option = "client_tls.max_handshakes"
        with self.world.guard([*tls.client_settings(self.world.guards_own), f"{option}=3"]) as guard:
            stopped = []
            for n_bytes in (len(hello), len(hello), len(hello), 40):
                stopped.append(self.enterContext(wire.Wire(guard.port)))
                stopped[-1].send(hello[:n_bytes])
            for connection in stopped[:3]:
                self.assertEqual(connection.read_byte(), b"\x16")  # the ServerHello
            self.assertEqual(guard.metric("driftguard_limits_total", option=option), 0)
            waiting = [self.enterContext(wire.Wire(guard.port)) for _ in range(3)]
            for connection in waiting:
                connection.send(hello)
            guard.wait_until(lambda: guard.metric("driftguard_limits_total", option=option) == 3, "three to wait")
            stopped[0].socket.close()
            self.assertEqual(waiting[0].read_byte(), b"\x16")
            self.assertEqual(guard.metric("driftguard_sessions"), 6)
            with tls.TlsWire(guard.port, "postgres") as connection:  # those that stopped are ended for it, in a while
                self.assertEqual(select_one(connection), "TDCZ")
            self.assertGreater(guard.metric("driftguard_tls_failures_total", leg="client", reason="timeout"), 1)

    def test_who_leaves_makes_no_noise(self):
        before = self.guard.log().count("tls_failed")
        tls.await_metric(self.guard, 0, "driftguard_sessions")
        count = self.failures("closed")
        for data in ((), (wire.SSL_REQUEST,), (CLIENT_HELLO_HEAD,)):
            connection = wire.Wire(self.guard.port)
            connection.send(*data)
            connection.socket.close()
        self.await_failure("closed", count, 2)
        lines = [line for line in self.guard.log().splitlines() if "tls_failed" in line][before:]
        self.assertFalse([line for line in lines if "debug" not in line and "closed" in line], lines)

    def test_a_guard_without_certificate_knows_no_tls(self):
        with self.world.guard() as guard:
            with wire.Wire(guard.port) as connection:
                connection.send(CLIENT_HELLO_HEAD)
                self.assertEqual(wire.errors(connection.until_end())[0]["M"], "invalid length of startup packet")
            with wire.Wire(guard.port) as connection:
                connection.send(wire.SSL_REQUEST)
                self.assertEqual(connection.read_byte(), b"N")


class Database:
    """A server of our own: `behave(socket)` runs for each connection that sends something."""

    def __init__(self, behave):
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection:
            connection.settimeout(20)
            try:
                if connection.recv(1, socket.MSG_PEEK):
                    self._behave(connection)
            except OSError:
                pass

    def url(self, host="127.0.0.1"):
        return f"postgres://postgres@{host}:{self.port}"


def answers(data, then=b""):
    """Reads an SSLRequest, says this, and waits for the end."""

    def behave(connection):
        connection.recv(8)
        connection.sendall(data)
        if then:
            connection.recv(65536)
            connection.sendall(then)
        while connection.recv(65536):
            pass

    return behave


def forwards(context, port, seen):
    """Ends TLS, direct or asked for, and passes on to a plain server; appends the ALPN that was agreed on."""

    def behave(connection):
        if connection.recv(1, socket.MSG_PEEK) != b"\x16":
            connection.recv(8)
            connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as inside, \
                socket.create_connection(("127.0.0.1", port)) as outside:
            seen.append(inside.selected_alpn_protocol())
            back = threading.Thread(target=pump, args=[inside, outside], daemon=True)
            back.start()
            pump(outside, inside)
            back.join(5)

    return behave


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class ToDatabases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = tls.World(cls)

    def refusal(self, settings, **options):
        """The FATAL that a client gets, and the guard's count of why."""
        with Guard(self.world.cluster, "observe", ["relay.connect_timeout_ms=1500", *settings], **options) as guard:
            with self.assertRaises(psycopg.OperationalError) as raised:
                guard.connect()
            raised.exception.pgconn.finish()  # else its socket would stay open
            reasons = {dict(labels)["reason"] for labels in guard.metrics()["driftguard_tls_failures_total"]}
            self.assertGreater(guard.metric("driftguard_upstream_failures_total", reason="tls"), 0)
            self.assertEqual(guard.metric("driftguard_tls_sessions", leg="server"), 0)
            return str(raised.exception), reasons.pop() if len(reasons) == 1 else reasons

    def test_what_the_server_may_not_answer(self):
        error = b"E\0\0\0\x20SFATAL\0C53300\0Msecret words\0\0"
        cases = {
            "an error": (error, b"", "answered the request for TLS with an error", "refused"),
            "bytes behind S": (b"SR\0\0\0\x08\0\0\0\0", b"", "unencrypted data came behind its answer", "garbage"),
            "bytes behind N": (b"NR\0\0\0\x08\0\0\0\0", b"", "unencrypted data came behind its answer", "garbage"),
            "something else": (b"H", b"", "neither S nor N", "garbage"),
            "no handshake": (b"S", b"", "not answered in time", "timeout"),
            "nothing": (b"", b"", "not answered in time", "timeout"),
            "plain words": (b"S", b"HTTP/1.1 400 Bad Request\r\n\r\n", "wrong version number", "not_tls"),
        }
        for name, (answer, then, words, reason) in cases.items():
            with self.subTest(name), Database(answers(answer, then)) as server:
                text, label = self.refusal(["server_tls.sslmode=prefer"], upstream=server.url())
                self.assertIn(f"driftguard: could not connect to the database at 127.0.0.1:{server.port}: ", text)
                self.assertIn(words, text)
                self.assertNotIn("secret", text)
                self.assertEqual(label, reason)

    def test_a_server_that_closes(self):
        with Database(lambda connection: connection.recv(8)) as server:
            text, reason = self.refusal([], upstream=server.url())
            self.assertIn("closed the connection when it was asked for TLS", text)
            self.assertEqual(reason, "closed")

    def test_a_server_without_tls(self):
        with Cluster() as cluster:
            with Guard(cluster, settings=tls.server_settings("prefer")) as guard, guard.connect() as connection:
                self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
            text, reason = self.refusal(tls.server_settings("require"), upstream=cluster.url)
            self.assertIn("it does not support TLS, which server_tls.sslmode requires", text)
            self.assertIn("Turn ssl on in the database's settings, or set server_tls.sslmode to prefer or disable.", text)
            self.assertEqual(reason, "refused")

    def test_certificates_that_prove_nothing(self):
        text, reason = self.refusal(tls.server_settings("verify-ca", self.world.stranger.cert))
        self.assertRegex(text, "unable to get local issuer certificate|self-signed certificate")
        self.assertIn("server_tls.ca_file must hold the CA", text)
        self.assertEqual(reason, "certificate")
        elsewhere = self.world.authority.issue("elsewhere", "elsewhere", "DNS:elsewhere.example")
        with tls.secure_cluster(self.world.authority, elsewhere) as cluster:
            for host, words in (("localhost", "hostname mismatch"), ("127.0.0.1", "IP address mismatch")):
                url = cluster.url.replace("127.0.0.1", host)
                text, reason = self.refusal(tls.server_settings("verify-full", self.world.ca), upstream=url)
                self.assertIn(words, text)
                self.assertEqual(reason, "certificate")
            with Guard(cluster, settings=tls.server_settings("verify-ca", self.world.ca)) as guard:
                guard.connect().close()

    def test_the_guards_own_certificate(self):
        certificate = [f"server_tls.cert_file={self.world.certified.cert}",
                       f"server_tls.key_file={self.world.certified.key}"]
        with self.world.guard(certificate) as guard, guard.connect(user="certified") as connection:
            self.assertEqual(connection.execute("SELECT current_user").fetchone(), ("certified",))
        with self.world.guard() as guard, self.assertRaisesRegex(psycopg.OperationalError, "valid client certificate"):
            guard.connect(user="certified")

    def test_catalog_reads_go_as_the_sessions_do(self):
        own = ("SELECT bool_and(ssl)::text || count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
               "WHERE application_name = 'driftguard'")
        by_url = self.world.cluster.url + f"?sslmode=verify-full&sslrootcert={self.world.ca}"
        cases = ((tls.server_settings("disable"), None, "false1"), (tls.server_settings("prefer"), None, "true1"),
                 (tls.server_settings("verify-full", self.world.ca), None, "true1"),
                 (tls.server_settings("disable"), by_url, "true1"))
        for settings, upstream, expected in cases:
            with self.subTest(settings=settings, upstream=upstream), self.world.guard(settings, upstream=upstream) as guard:
                with guard.connect() as connection:
                    encrypted = expected.startswith("true")
                    own_ssl = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                    self.assertEqual(connection.execute(own_ssl).fetchone(), (encrypted,))
                    environment.wait_until(lambda: self.world.cluster.psql(own) == expected, f"{expected} of pg_stat_ssl")

    def test_names_are_told_to_the_server_and_addresses_not(self):
        names = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.world.database.cert, self.world.database.key)
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        with Database(forwards(context, self.world.cluster.port, [])) as server:
            for host, expected in (("localhost", "localhost"), ("127.0.0.1", None)):
                settings = tls.server_settings("verify-full", self.world.ca)
                with Guard(upstream=server.url(host), settings=settings) as guard:
                    guard.connect(database="postgres").close()
                self.assertEqual(set(names), {expected})
                names.clear()

    def test_tls_at_once(self):
        for alpn in (ALPN, None):
            seen = []
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.world.database.cert, self.world.database.key)
            if alpn:
                context.set_alpn_protocols(alpn)
            with self.subTest(alpn=alpn), Database(forwards(context, self.world.cluster.port, seen)) as server:
                url = server.url("localhost") + f"?sslmode=verify-full&sslnegotiation=direct&sslrootcert={self.world.ca}"
                if alpn:
                    with Guard(upstream=url) as guard, guard.connect(database="postgres") as connection:
                        self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
                        self.assertIn("postgresql", seen)
                else:
                    text, reason = self.refusal([], upstream=url)
                    self.assertIn("does not name the protocol postgresql by ALPN", text)
                    self.assertEqual(reason, "alpn")


if __name__ == "__main__":
    unittest.main(verbosity=2)
