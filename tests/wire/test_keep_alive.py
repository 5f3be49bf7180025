"""Peers that vanish without a word, on either leg, found by TCP keep-alive and user timeout.

A filter on the peer's own socket that drops every packet makes it deaf and mute: no acknowledgement, no answer to a probe,
no reset. That is what is seen of a machine that has lost its power or of a firewall that has forgotten a connection.
"""

import ctypes
import socket
import ssl
import struct
import threading
import unittest

from certificates import Authority
from guard import Guard
from stub import ANSWER, LOGIN, Stub
from wire import SSL_REQUEST, Connection, fields, query, types

SO_ATTACH_FILTER = 26
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname, CONTEXT.verify_mode = False, ssl.CERT_NONE
PROBES = ("relay.tcp_keepalives_idle_s=1", "relay.tcp_keepalives_interval_s=1", "relay.tcp_keepalives_count=1")
USER_TIMEOUT = ("relay.tcp_user_timeout_ms=1000",)


def vanish(sock):
    """From here on the kernel drops whatever comes for this socket (classic BPF: return 0)."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))


class TlsConnection(Connection):
    def __init__(self, port):
        super().__init__(port)
        self.socket.sendall(SSL_REQUEST)
        assert self.socket.recv(1) == b"S"
        self.socket = CONTEXT.wrap_socket(self.socket)


class Lost(unittest.TestCase):
    def guard(self, stub, *settings):
        options = ["schema.poll_ms=0", "server_tls.sslmode=disable", *settings]
        return self.enterContext(Guard(upstream=stub.url, settings=options))

    def session(self, guard, connect=Connection):
        connection = self.enterContext(connect(guard.port))
        self.assertEqual(types(connection.login())[-1], "Z")
        return connection

    def assertLost(self, guard, side):
        guard.wait_until(lambda: guard.metric("driftguard_peers_lost_total", side=side) == 1, f"the {side} to be lost")
        guard.wait_until(lambda: guard.metric("driftguard_sessions") == 0, "the session to end")
        self.assertIn("peer_lost", guard.log())

    def test_a_client_that_is_silent(self):
        """The stub's conversation ends only when the guard has closed its connection, too."""
        with Stub() as stub:
            guard = self.guard(stub, *PROBES)
            client = self.session(guard)
            vanish(client.socket)
            self.assertLost(guard, "client")
            stub.settle()

    def test_a_client_by_tls(self):
        issued = Authority("authority").issue("guard", "localhost")
        settings = ("client_tls.sslmode=require", f"client_tls.cert_file={issued.cert}", f"client_tls.key_file={issued.key}")
        with Stub() as stub:
            guard = self.guard(stub, *PROBES, *settings)
            client = self.session(guard, TlsConnection)
            vanish(client.socket)
            self.assertLost(guard, "client")

    def test_a_client_that_takes_nothing(self):
        def serve(peer):
            peer.send(LOGIN)
            peer.read_until("Q")
            vanish(client.socket)
            peer.send(ANSWER)
            peer.read_until("EOF")

        with Stub() as stub:
            stub.serve = serve
            guard = self.guard(stub, *USER_TIMEOUT)
            client = self.session(guard)
            client.send(query("select 1"))
            self.assertLost(guard, "client")
            stub.settle()

    def test_a_server_that_is_silent(self):
        self.assertServerLost(PROBES, b"")

    def test_a_server_that_takes_nothing(self):
        self.assertServerLost(USER_TIMEOUT, query("select 1"))

    def assertServerLost(self, settings, words):
        def serve(peer):
            vanish(peer.socket)
            peer.send(LOGIN)
            told.wait()

        with Stub() as stub:
            told = self.told
            stub.serve = serve
            guard = self.guard(stub, *settings)
            client = self.session(guard)
            client.send(words)
            answer = client.read_until("EOF")
            self.assertEqual(types(answer), "E!")
            self.assertEqual(fields(answer[0])["C"], "08006")
            self.assertIn(f"127.0.0.1:{stub.port} does not answer any more", fields(answer[0])["M"])
            client.socket.close()
            self.assertLost(guard, "server")
            told.set()

    def setUp(self):
        self.told = threading.Event()
        self.addCleanup(self.told.set)


if __name__ == "__main__":
    unittest.main()
