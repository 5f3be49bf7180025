#!/usr/bin/python3
"""bench/soak.py for a quarter of a minute, and whether it would notice.

Two guards, sessions of mixed protocol, plain and by TLS, and everything else that a soak does, only faster. The other
tests show that a relay which is not transparent does not come through.
"""

import contextlib
import io
import pathlib
import socket
import sys
import threading
import time
import types
import unittest

import environment
import wire

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH), str(BENCH / "soak"), str(BENCH / "load")]

import conversations  # noqa: E402 - found through the line above
import soak  # noqa: E402
from cluster import Cluster  # noqa: E402
from judge import Judge  # noqa: E402
from session import Lost, Mismatch, Session, Target  # noqa: E402
from worker import Drift, Loss  # noqa: E402
from world import DRIFTING, World  # noqa: E402


class Smoke(unittest.TestCase):
    def test_every_reply_is_right_whatever_is_done_to_server_and_guards(self):
        arguments = types.SimpleNamespace(minutes=0.25, sessions=24, pause=30, pace="smoke", seed=1, set=[],
                                          binary=environment.binary())
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = soak.run(arguments)
        self.assertEqual(code, 0, said.getvalue())


class BadRelay:
    """Passes bytes on; the n-th of what the server says comes out changed, or ends the connection."""

    def __init__(self, port, n, cuts):
        self._port, self._n, self._cuts = port, n, cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._relay, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _relay(self):
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            threading.Thread(target=self._pass, args=(client, server), daemon=True).start()
            at = 0
            while data := bytearray(server.recv(65536)):
                position, at = self._n - at, at + len(data)
                if 0 <= position < len(data) and self._cuts:
                    client.sendall(data[:position])
                    return
                if 0 <= position < len(data):
                    data[position] ^= 1
                client.sendall(data)

    @staticmethod
    def _pass(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def session_at(port):
    session = Session(Target("steady", port), "soak")
    session.socket.settimeout(0.5)
    try:
        yield session
    finally:
        session.socket.close()


class Vigilance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.world = World(cls.cluster)
        with session_at(cls.cluster.port) as session:
            conversations.binary(session, 7, 12, cls.world)
            cls.n_before = cls.n_greeting(cls.cluster.port)

    @staticmethod
    def n_greeting(port):
        """Bytes that the server says until a session is ready."""
        with wire.Wire(port, "postgres", application_name="soak") as direct:
            return sum(5 + len(body) for _, body in direct.greeting)

    def talk_through(self, n, cuts):
        with BadRelay(self.cluster.port, n, cuts) as relay, session_at(relay.port) as session:
            conversations.binary(session, 7, 12, self.world)

    def test_each_changed_byte_is_a_mismatch(self):
        for n in range(0, 90, 7):
            with self.subTest(n), self.assertRaises((Mismatch, Lost)) as raised:
                self.talk_through(self.n_before + n, cuts=False)
            if isinstance(raised.exception, Lost):  # a length that is not one: more is awaited than comes
                self.assertEqual(raised.exception.how, "silent")

    def test_a_connection_that_ends_is_lost(self):
        for n in (0, 1, 50, 90):
            with self.subTest(n), self.assertRaises(Lost):
                self.talk_through(self.n_before + n, cuts=True)

    def test_a_loss_without_a_reason_is_unexpected(self):
        judge = Judge(DRIFTING, ["steady"], "observe")
        window = judge.begin("terminate", number=3)
        judge.end(window)
        now = time.monotonic()
        losses = [Loss(3, "steady", "simple", now, now, "57P01", 0), Loss(4, "steady", "simple", now, now, "57P01", 0),
                  Loss(3, "steady", "simple", now, now, "silent", 0)]
        for loss in losses:
            judge._judge_loss(loss)
        self.assertEqual(judge.n_wrongs["unexpected"], 2)

    def test_an_answer_that_was_not_possible_then_is_a_mismatch(self):
        judge = Judge(DRIFTING, ["steady"], "enforce")
        table = DRIFTING[0]
        judge.is_there[table].note(10.0, True, False)
        judge.is_there[table].note(11.0, False)
        for sent, outcome, n_wrong in ((9.0, "row", 0), (9.0, "error", 1), (10.5, "row", 1), (10.5, "error", 1),
                                       (12.0, "row", 2), (12.0, "error", 2)):
            judge._judge_drift(Drift("steady", table, sent, sent + 0.1, outcome))
            self.assertEqual(judge.n_wrongs["mismatches"], n_wrong, (sent, outcome))


if __name__ == "__main__":
    unittest.main()
