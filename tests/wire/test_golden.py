#!/usr/bin/python3
"""What the guard says itself, word for word: each situation is brought about and what comes is compared with golden/.

    test_golden.py --update      writes the files anew: look at the difference, and commit it with what caused it

A new sentence in the sources that no trace has fails the last test: bring it about in the function of its file here.
"""

import contextlib
import json
import os
import signal
import socket
import ssl
import struct
import sys
import tempfile
import threading
import unittest

import environment
import golden
from certificates import Authority
from cluster import Cluster
from golden_drift import CHANGED, CHANGES, EXPLAINED, SCHEMA
from guard import Guard
from stub import LOGIN, Stub, authentication, say
from test_keep_alive import vanish
from wire import (FLUSH, GSSENC_REQUEST, SSL_REQUEST, SYNC, TIMEOUT_S, Connection, bind, describe, execute, message, parse, query,
                  startup, types)

UPDATE = "--update" in sys.argv
PACKET = startup(user="postgres", database="postgres")
QUIET = "schema.poll_ms=0"


def context(certificate=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if certificate:
        made.load_cert_chain(certificate.cert, certificate.key)
    return made


class TlsConnection(Connection):
    def __init__(self, port, certificate=None):
        super().__init__(port)
        self.socket.sendall(SSL_REQUEST)
        assert self.socket.recv(1) == b"S"
        self.socket = context(certificate=certificate).wrap_socket(self.socket)


class Listener:
    """A server whose every connection, but those of the guard's own catalog reads, is given to behave(socket)."""

    def __init__(self, behave):
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgres://localhost:{self._listener.getsockname()[1]}/postgres"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        with accepted, contextlib.suppress(OSError):
            accepted.settimeout(TIMEOUT_S)
            self._behave(accepted)


def answers(words, then=b""):
    """To the request for TLS, and then to the handshake; waits for the peer to leave."""
    def behave(accepted):
        accepted.recv(8)
        accepted.sendall(words)
        if then:
            accepted.recv(5)
            accepted.sendall(then)
        while accepted.recv(65536):
            pass
    return behave


def converse(connection, *steps):
    """Steps of (bytes, what to wait for), as the parts of a trace."""
    for data, wait in steps:
        yield data
        yield connection.ask(data, wait)


def ask(port, *steps, user="postgres", connect=Connection):
    """A session of its own. What comes of its start-up is not kept."""
    with connect(port) as connection:
        connection.login(user=user)
        return list(converse(connection, *steps))


def refused(guard, connect=Connection, **parameters):
    """What a client gets for its start-up packet."""
    with connect(guard.port) as connection:
        connection.send(startup(**{"user": "postgres", "database": "postgres", **parameters}))
        return connection.read_until("EOF")


class GoldenCase(unittest.TestCase):
    maxDiff = 5000

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority("authority")
        cls.certificate = cls.authority.issue("database", "localhost")
        cls.own = cls.authority.issue("guard", "localhost")
        hba = ("hostssl all only_bound 127.0.0.1/32 scram-sha-256\nhost all guest 127.0.0.1/32 trust\n"
               "hostssl all certified 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 trust\n")
        cls.cluster = cls.enterClassContext(Cluster({"ssl": "on", "ssl_cert_file": cls.certificate.cert,
                                                     "ssl_key_file": cls.certificate.key, "ssl_ca_file": cls.authority.cert}, hba))
        cls.cluster.psql("create role only_bound login password 'x'; create role certified login; create role guest login")

    @contextlib.contextmanager
    def book(self, name):
        book = golden.Book(name)
        yield book
        if UPDATE:
            book.path.parent.mkdir(exist_ok=True)
            book.path.write_text(book.text())
        self.assertEqual(book.text(), book.path.read_text() if book.path.exists() else "", f"{book.path.name}: --update writes it anew")

    def guard(self, mode="annotate", *settings, **options):
        """A guard in front of the cluster, or of options' upstream."""
        leg = () if "upstream" in options else ("server_tls.sslmode=disable",)
        return Guard(self.cluster, mode, [QUIET, *leg, *settings], **options)

    def guard_before(self, url, *settings):
        """A guard that will not become ready."""
        return self.guard("off", *settings, upstream=url, ready=False)

    def await_health(self, guard):
        guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "the guard")

    def client_tls(self, sslmode):
        return (f"client_tls.sslmode={sslmode}", f"client_tls.cert_file={self.own.cert}", f"client_tls.key_file={self.own.key}",
                f"client_tls.ca_file={self.authority.cert}")

    def test_start_up(self):
        with self.book("start_up") as book, self.guard() as guard:
            def trace(title, *steps):
                with Connection(guard.port) as connection:
                    book.trace(title, *converse(connection, *steps))
            trace("a length that no start-up packet has", (struct.pack("!II", 7, 0x30000), "EOF"))
            trace("a message of no length", (PACKET, "Z"), (b"Q\0\0\0\3", "EOF"))
            for name, first in (("TLS", SSL_REQUEST), ("GSSAPI", GSSENC_REQUEST)):
                with Connection(guard.port) as connection:
                    connection.send(first)
                    book.trace(f"{name} is asked for twice", first, [connection.receive(1)], *converse(connection, (first, "EOF")))
                with Connection(guard.port) as connection:
                    connection.send(first + PACKET)
                    book.trace(f"something stands behind the request for {name}", first, "a start-up packet at once", connection.read_until("EOF"))

    def test_limits(self):
        with self.book("limits") as book:
            for setting in ("relay.max_sessions=1", "relay.max_sessions_per_user=1", "relay.max_sessions_per_database=1"):
                with self.guard("annotate", setting) as guard, Connection(guard.port) as first:
                    first.login()
                    book.trace(f"a second session, {setting}", refused(guard))
            with self.guard("annotate", "relay.idle_timeout_ms=500") as guard, Connection(guard.port) as idle:
                idle.login()
                book.trace("a session without a statement, relay.idle_timeout_ms=500", idle.read_until("EOF"))
            with self.guard("annotate", "relay.startup_timeout_ms=300") as guard, Connection(guard.port) as connection:
                book.trace("half a start-up packet, relay.startup_timeout_ms=300", *converse(connection, (PACKET[:9], "EOF")))
            with Stub() as stub:
                stub.serve = say(authentication(3))
                with self.guard_before(stub.url, "relay.startup_timeout_ms=2000") as guard:
                    self.await_health(guard)
                    with Connection(guard.port) as connection:
                        connection.send(PACKET)
                        book.trace("a client that does not say its password, relay.startup_timeout_ms=2000", "its start-up packet",
                                   connection.read_until("EOF"))

    def test_ends(self):
        with self.book("ends") as book:
            with Stub() as stub, self.guard_before(stub.url) as guard:
                self.await_health(guard)
                for title, words in (("the server leaves", b""), ("the server says what no server says", b"D\0\0\0\3")):
                    def serve(peer, words=words):
                        peer.send(LOGIN)
                        peer.read()
                        peer.send(words)
                    stub.serve = serve
                    with Connection(guard.port) as connection:
                        connection.login()
                        book.trace(title, *converse(connection, (query("select 1"), "EOF")))
                stub.serve = lambda peer: peer.hang_up()
                book.trace("the server leaves during start-up", refused(guard))
            with Listener(ends_tls(self.certificate, serve=breaks_tls)) as server, \
                    self.guard_before(server.url, "server_tls.sslmode=require") as guard:
                self.await_health(guard)
                with Connection(guard.port) as connection:
                    connection.login()
                    book.trace("a record of the server's that is none", *converse(connection, (query("select 1"), "EOF")))
            with Stub() as stub, self.guard_before(stub.url, "server_tls.sslmode=disable", "relay.tcp_user_timeout_ms=1000") as guard:
                self.await_health(guard)
                told = threading.Event()

                def vanishes(peer):
                    vanish(peer.socket)
                    peer.send(LOGIN)
                    told.wait(TIMEOUT_S)
                stub.serve = vanishes
                with Connection(guard.port) as connection:
                    connection.login()
                    book.trace("the server does not answer, relay.tcp_user_timeout_ms=1000", *converse(connection, (query("select 1"), "EOF")))
                told.set()
            with self.guard() as guard, Connection(guard.port) as idle:
                idle.login()
                guard.process.send_signal(signal.SIGTERM)
                book.trace("an idle session while the guard drains", "SIGTERM", idle.read_until("EOF"))

    def test_upstream(self):
        with self.book("upstream") as book:
            def trace(title, url, *settings):
                with self.guard_before(url, *settings) as guard:
                    self.await_health(guard)
                    book.trace(title, refused(guard))
            trace("nobody listens", f"postgres://127.0.0.1:{environment.free_port()}/postgres")
            trace("a socket that is not there", "postgres://%2Fnonexistent/postgres")
            trace("a socket with a long path", f"postgres://%2F{'x' * 120}/postgres")
            with Listener(lambda accepted: accepted.recv(65536) and accepted.recv(65536)) as server:
                trace("nothing comes of the request for TLS", server.url, "server_tls.sslmode=require", "relay.connect_timeout_ms=500")
            for title, behave in (("the server leaves when it is asked for TLS", lambda accepted: accepted.recv(8)),
                                  ("an error in the answer's place", answers(b"E\0\0\0\x20SFATAL\0C53300\0Msecret words\0\0")),
                                  ("neither S nor N", answers(b"H")), ("something behind the answer", answers(b"SR\0\0\0\x08\0\0\0\0")),
                                  ("no TLS", answers(b"N")), ("plain words where the handshake should be", answers(b"S", b"HTTP/1.1 400 Bad Request\r\n\r\n")),
                                  ("the server leaves in the handshake", lambda accepted: (accepted.recv(8), accepted.sendall(b"S"), accepted.recv(5)))):
                with Listener(behave) as server:
                    trace(title, server.url, "server_tls.sslmode=require")
            stranger = Authority("stranger")
            trace("a certificate of an authority that is not trusted", f"postgres://localhost:{self.cluster.port}/postgres",
                  "server_tls.sslmode=verify-ca", f"server_tls.ca_file={stranger.cert}")
            elsewhere = self.authority.issue("elsewhere", "elsewhere", "DNS:elsewhere")
            for title, made, settings in (
                    ("a certificate with another name", elsewhere, ("server_tls.sslmode=verify-full", f"server_tls.ca_file={self.authority.cert}")),
                    ("no ALPN", self.certificate, ("server_tls.sslmode=require", "server_tls.direct=true"))):
                with Listener(ends_tls(made)) as server:
                    trace(title, server.url, *settings)
            with Listener(ends_tls(self.certificate, self.authority)) as server:
                trace("a server that wants a certificate", server.url, "server_tls.sslmode=require")

    def test_tls(self):
        with self.book("tls") as book:
            stranger = self.authority.issue("somebody", "somebody")
            with self.guard("annotate", *self.client_tls("require")) as guard:
                book.trace("no TLS where it is required", refused(guard))
            with self.guard("annotate", *self.client_tls("verify-ca")) as guard:
                book.trace("no certificate where one is asked for", refused(guard, TlsConnection))
            with self.guard("annotate", *self.client_tls("verify-full")) as guard:
                book.trace("another's certificate", refused(guard, lambda port: TlsConnection(port, stranger)))

    def test_channel_binding(self):
        initial = message("p", b"SCRAM-SHA-256-PLUS\0" + struct.pack("!I", 34) + b"p=tls-server-end-point,,n=,r=nonces")
        with self.book("channel_binding") as book:
            settings = (*self.client_tls("allow"), "server_tls.sslmode=require")
            with Guard(self.cluster, "annotate", [QUIET, *settings]) as guard:
                with TlsConnection(guard.port) as connection:
                    connection.send(startup(user="only_bound", database="postgres"))
                    connection.read()
                    book.trace("a client that binds to the guard's certificate", "SASLInitialResponse with SCRAM-SHA-256-PLUS",
                               connection.ask(initial, "EOF"))
            with Listener(offers_only_bound(self.certificate)) as server, self.guard_before(server.url, *settings) as guard:
                self.await_health(guard)
                book.trace("the server offers nothing else, and the client has no TLS", refused(guard))

    def test_policy(self):
        # As long as names can be, and the longer for being told in ASCII.
        long = [f"{kind}{'ж' * 31}" for kind in "abc"]
        self.cluster.psql("create database policy")
        self.cluster.psql("create table leads (id int, old text, older text, contact text);"
                          f'create schema "{long[0]}"; create table "{long[0]}"."{long[1]}" ("{long[2]}" int)', "policy")
        declared = [{"schema": "public", "relation": "leads", "column": "old", "use": "contact", "refuse": True},
                    {"schema": "public", "relation": "leads", "column": "older", "refuse": True},
                    {"schema": long[0], "relation": long[1], "column": long[2], "refuse": True}]
        with tempfile.NamedTemporaryFile("w", suffix=".json", dir=environment.run_dir()) as file, self.book("policy") as book:
            json.dump({"deprecated": declared}, file)
            file.flush()
            with self.guard("enforce", arguments=["--config", file.name], database="policy") as guard:
                guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database="policy") == 1, "the snapshot")
                def trace(title, *steps):
                    with Connection(guard.port) as connection:
                        connection.login(database="policy")
                        book.trace(title, *converse(connection, *steps))
                trace("a Query", (query("select old from leads"), "Z"), (query("select contact from leads"), "Z"))
                trace("one for which nothing is to be used", (query("update leads set older = 'x'"), "Z"))
                trace("a Parse", (parse("select old from leads") + describe() + FLUSH, "E"), (bind() + execute() + SYNC, "Z"),
                      (bind() + execute() + SYNC, "Z"))
                with Connection(guard.port) as connection:
                    connection.login(database="policy")
                    book.trace("names that are too long to be told", connection.ask(query(f'select "{long[2]}" from "{long[0]}"."{long[1]}"')))

    def explained(self, book, database, *settings):
        """A trace for each text of guard/messages.def."""
        self.cluster.psql(f"create database {database}")
        self.cluster.psql(SCHEMA, database)
        settings += ("schema.wait_after_ddl_ms=10000", "schema.min_reload_interval_ms=0")
        with self.guard("annotate", *settings, database=database) as guard:
            guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database=database) == 1, "the snapshot")
            with Connection(guard.port) as connection:
                connection.login(database=database)
                for sql in (*CHANGES, "select 1"):  # which waits until the last change is known
                    self.assertNotIn("E", types(connection.ask(query(sql))), sql)
            for title, user, *steps in (*EXPLAINED, *((title, "postgres", *steps) for title, *steps in CHANGED)):
                with Connection(guard.port) as connection:
                    connection.login(user=user, database=database)
                    book.trace(title, *converse(connection, *((step if isinstance(step, bytes) else query(step), "Z") for step in steps)))

    def test_explanations(self):
        with self.book("explanations") as book:
            self.explained(book, "explained")

    def test_brief_explanations(self):
        with self.book("explanations_brief") as book:
            self.explained(book, "explained_briefly", "detail=brief")

    def test_breaker(self):
        """Whether the server or the guard answers cannot be seen: each answer is the same, and one is kept."""
        self.cluster.psql("create table things (id int)")
        batch = parse("select gone from things") + bind() + execute() + SYNC
        with self.book("breaker") as book, self.guard("enforce") as guard:
            guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database="postgres") == 1, "the snapshot")
            for title, step in (("a Query, again and again", query("select gone from things")), ("a Parse, again and again", batch)):
                sent, came, *rest = ask(guard.port, *[(step, "Z")] * 6)
                self.assertEqual([part for part in rest if part != sent], [came] * 5, title)
                book.trace(title, sent, came)
            self.assertGreater(guard.metric("driftguard_refusals_total"), 0)


class Texts(unittest.TestCase):
    def test_every_text_has_a_trace(self):
        self.assertEqual(golden.without_trace(), [], "sentences of which golden/ has no trace")
        known = golden.texts()
        self.assertEqual([words for words in golden.UNREACHED if words not in known], [], "not said any more")


def server_context(certificate, authority=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.cert, certificate.key)
    if authority:
        made.load_verify_locations(authority.cert)
        made.verify_mode = ssl.CERT_REQUIRED
        made.maximum_version = ssl.TLSVersion.TLSv1_2  # the refusal comes within the handshake
    return made


def ends_tls(certificate, authority=None, serve=lambda inside: inside.recv(65536)):
    """A server that is asked for TLS, or begins with it, and then goes on with serve()."""
    made = server_context(certificate, authority)

    def behave(accepted):
        if accepted.recv(1, socket.MSG_PEEK) != b"\x16":
            accepted.recv(8)
            accepted.sendall(b"S")
        with contextlib.suppress(ssl.SSLError), made.wrap_socket(accepted, server_side=True) as inside:
            serve(inside)

    return behave


def breaks_tls(inside):
    inside.recv(65536)
    inside.sendall(LOGIN)
    inside.recv(65536)
    os.write(inside.fileno(), b"\x17\x03\x03\0\x20" + b"x" * 32)


def offers_only_bound(certificate):
    def serve(inside):
        inside.recv(65536)
        inside.sendall(authentication(10, b"SCRAM-SHA-256-PLUS\0\0"))
        while inside.recv(65536):
            pass
    return ends_tls(certificate, serve=serve)


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--update"])
