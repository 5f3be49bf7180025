"""A server that says anything in any order, while the client says whatever dialogues.py draws: no byte is lost or changed in
either direction, nobody waits for ever, and the sanitizers have nothing to say.

The guard's own connections go on to a PostgreSQL, so that statements are judged and errors of missing names find what was
foreseen. In enforce the guard may answer in the server's place; there it only has to survive. Seeds are fixed; to hunt:
test_babble.py FIRST_SEED N.
"""

import random
import socket
import struct
import sys
import threading
import unittest

import environment
from cluster import Cluster
from dialogues import SCHEMA, Draw
from guard import Guard
from stub import AUTHENTICATED, Stub, columns, key_data, notification, parameter, ready, report, row, tag
from wire import EOF, TERMINATE, TIMEOUT_S, Connection, Peer, is_explained, message, startup

SEEDS = range(1, 13)
MODES = ("observe", "annotate", "enforce")
LOGIN = (AUTHENTICATED + parameter("server_version", "15.0") + parameter("client_encoding", "UTF8") + parameter("server_encoding", "UTF8") +
         parameter("standard_conforming_strings", "on") + key_data(7, b"1234") + ready())
TAGS = ("SELECT 1", "INSERT 0 1", "BEGIN", "COMMIT", "ROLLBACK", "SET", "PREPARE", "DEALLOCATE ALL", "CREATE TABLE", "ALTER TABLE", "COPY 1", "", "?")
SETTINGS = (("client_encoding", "UTF8"), ("client_encoding", "LATIN1"), ("standard_conforming_strings", "off"), ("search_path", "s2"), ("x", ""))


class Babbler:
    """Draws what a server says."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._is_skipping = False

    def _error(self):
        choice = self._random.choice
        name = choice(("nope", "bb", "b", "d", "u", "v"))
        text, code = choice(((f'column "{name}" does not exist', "42703"), (f'relation "{name}" does not exist', "42P01"), ("division by zero", "22012"),
                             ("current transaction is aborted", "25P02"), (f'function {name}() does not exist', "42883"), ("stale", "0A000")))
        named = {"S": choice(("ERROR", "ERROR", "ERROR", "FATAL")), "C": code, "M": text, "P": str(choice((1, 8, 9, 11, 15, 22)))}
        if self._random.random() < 0.8:
            named["V"] = named["S"]
        for field, value in (("D", "own"), ("H", "own"), ("W", "in a function"), ("q", "select"), ("R", "errorMissingColumn"), ("s", "public"), ("t", "t")):
            if self._random.random() < 0.12:
                named[field] = value
        return report(**named)

    def message(self):
        draw = self._random
        kind = draw.choices(("ready", "row", "tag", "error", "plain", "aside", "copy", "noise", "empty"), (16, 8, 14, 14, 26, 8, 6, 5, 3))[0]
        if kind == "ready":
            return ready(draw.choice("IIIITE?"))
        if kind == "row":
            return draw.choice((columns("x"), columns(), row(b"x" * draw.choice((0, 10, 9000))), row()))
        if kind == "tag":
            return tag(draw.choice(TAGS))
        if kind == "error":
            return self._error()
        if kind == "plain":
            return message(draw.choice("123nsIV"), *([b"\xff\xff\xff\xff"] if draw.random() < 0.1 else []))
        if kind == "aside":
            return draw.choice((notification("c", "p"), report("N", S="NOTICE", M="n"), parameter(*draw.choice(SETTINGS)), key_data(9, b"k" * 40)))
        if kind == "copy":
            return draw.choice((message("G", b"\0\0\0"), message("H", b"\0\0\0"), message("d", b"x\n"), message("c"), message("W", b"\0\0\0"), message("t", b"\0\0")))
        if kind == "noise":
            return message(chr(draw.randrange(256)), draw.randbytes(draw.choice((0, 1, 4, 50))))
        return message(draw.choice("EZCSKRTDNA"), draw.randbytes(draw.choice((0, 1, 3))))

    def reply(self, asked):
        """About what PostgreSQL would answer to this message; now and then something else."""
        if self._random.random() < 0.04:
            return self.some()
        kind, fails = asked[:1], self._random.random() < 0.3
        if kind == b"S":
            self._is_skipping = False
            return ready()
        if self._is_skipping:
            return b""
        if kind in (b"P", b"Q") and fails:
            self._is_skipping = kind == b"P"
            return self._error_of(asked) + (b"" if self._is_skipping else ready())
        if kind in (b"B", b"E", b"D") and fails and self._random.random() < 0.2:
            self._is_skipping = True
            return self._error()
        pick = self._random.choice
        done = pick((columns("x") + row(b"1") + tag("SELECT 1"), tag(pick(TAGS)), message("I"), tag("SELECT 1") + tag("SELECT 1")))
        return {b"Q": done + ready(pick("IIIT")), b"P": message("1"), b"B": message("2"), b"C": message("3"),
                b"D": pick((columns("x"), message("n"), message("t", b"\0\0") + message("n"))), b"E": pick((done[-1:] and tag(pick(TAGS)), message("s"), message("I"))),
                b"F": message("V", b"\xff\xff\xff\xff") + ready()}.get(kind, b"")

    def _error_of(self, asked):
        """A name of the statement is missing."""
        text = asked[5:].decode("latin-1")
        names = [name for name in ("nope", "bb", "b", "c", "d", "t", "u", "v", "x", "y") if f" {name}" in text]
        if not names:
            return self._error()
        name, start = self._random.choice(names), text.index("\0") + 1 if asked[:1] == b"P" else 0
        code, words = self._random.choice((("42703", f'column "{name}" does not exist'), ("42P01", f'relation "{name}" does not exist')))
        return report(S="ERROR", V="ERROR", C=code, M=words, P=str(text.index(f" {name}") + 2 - start), F="parse_relation.c", L="1",
                      R="errorMissingColumn" if code == "42703" else "parserOpenTable")

    def some(self):
        return b"".join(self.message() for _ in range(self._random.choice((1, 1, 2, 5, 20))))


class Between(Stub):
    """Babbles to sessions, and brings the guard's own connections to PostgreSQL."""

    def __init__(self, cluster):
        super().__init__()
        self._cluster = cluster

    def _meet(self, peer):
        packet = self._first_packet(peer)
        while packet and struct.unpack("!I", packet[4:8])[0] in (80877103, 80877104):
            peer.send(b"N")
            packet = self._first_packet(peer)
        if b"\0application_name\0driftguard\0" in packet:
            self._bring(peer, packet)
        elif packet:
            self.serve(peer)

    def _bring(self, peer, packet):
        with socket.create_connection((self._cluster.host, self._cluster.port)) as server:
            server.sendall(packet)
            peer.socket.settimeout(None)
            back = threading.Thread(target=self._pour, args=(server, peer.socket), daemon=True)
            back.start()
            self._pour(peer.socket, server)
            back.join(TIMEOUT_S)

    def _pour(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def messages_of(data):
    """And what is behind the last whole one."""
    found, at = [], 0
    while len(data) - at >= 5:
        end = at + 1 + struct.unpack_from("!I", data, at + 1)[0]
        if end > len(data):
            break
        found.append(data[at:end])
        at = end
    return found + [data[at:]]


class Babble(unittest.TestCase):
    seeds = SEEDS

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster({"autovacuum": "off"}))
        cls.cluster.psql(SCHEMA)
        cls.cluster.psql("alter table t rename column b to bb; alter table u rename to v")
        cls.stub = cls.enterClassContext(Between(cls.cluster))
        settings = ["schema.min_reload_interval_ms=0", "enforce.repeat_ttl_ms=1000"]
        upstream = f"postgres://postgres@127.0.0.1:{cls.stub.port}/postgres"
        cls.guards = {mode: cls.enterClassContext(Guard(cls.cluster, mode, settings, upstream=upstream)) for mode in MODES}

    def converse(self, port, seed):
        """(what the client said, what the server got, what the server said, what the client got)"""
        draw, babbler, got, said, done = Draw(seed, 0.05), Babbler(seed), [], [LOGIN], threading.Event()
        dialogue, replies = draw.dialogue(), seed % 3 > 0
        asked = [step.data for step in dialogue.steps if step.kind == "say"] + [TERMINATE]

        def listen(peer):
            rest, first = b"", peer.take()
            while data := first or self.received(peer):
                first = b""
                got.append(data)
                if not replies:
                    continue
                *whole, rest = messages_of(rest + data)
                said.append(b"".join(babbler.reply(one) for one in whole))
                peer.send(said[-1])

        def serve(peer):
            listener = threading.Thread(target=listen, args=(peer,), daemon=True)
            peer.send(LOGIN)
            listener.start()
            for _ in range(0 if replies else len(asked) + 3):
                said.append(babbler.some())
                for segment in draw.cuts(said[-1]):
                    peer.send(segment)
            done.wait(TIMEOUT_S)  # all has been asked: the goodbye arrives before the end
            listener.join(TIMEOUT_S)

        self.stub.serve = serve
        with Connection(port) as connection:
            heard = []
            reader = threading.Thread(target=lambda: heard.append(connection.receive(1 << 30)), daemon=True)
            connection.send(startup(user="postgres", database="postgres"))
            reader.start()
            for data in asked:
                for segment in draw.cuts(data):
                    connection.send(segment)
            done.set()
            connection.socket.shutdown(socket.SHUT_WR)
            reader.join(TIMEOUT_S)
            self.assertFalse(reader.is_alive(), f"seed {seed}: the session does not end")
        return b"".join(asked), b"".join(got), b"".join(said), heard[0]

    def received(self, peer):
        try:
            return peer.socket.recv(65536)
        except OSError:
            return b""

    def test_nothing_is_lost_changed_or_left_waiting(self):
        n_explained = 0
        for seed in self.seeds:
            for mode, guard in self.guards.items():
                asked, got, said, heard = self.converse(guard.port, seed)
                self.stub.settle()
                self.assertIsNone(guard.process.poll(), f"seed {seed}, {mode}: the guard is no more")
                if mode == "enforce":
                    continue
                with self.subTest(seed=seed, mode=mode):
                    self.assertEqual(got, asked)
                    mine, own = messages_of(heard), messages_of(said)
                    self.assertEqual(len(mine), len(own))
                    for i, (one, other) in enumerate(zip(mine, own)):
                        if mode == "annotate" and one != other and is_explained(one, other):
                            n_explained += 1
                            continue
                        self.assertEqual(one, other, f"message {i}")
        print(f"{len(self.seeds)} seeds, {n_explained} explained", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        first, count = (int(word) for word in sys.argv[1:])
        Babble.seeds = range(first, first + count)
        del sys.argv[1:]
    unittest.main(verbosity=2)
