"""Servers that say other things than the PostgreSQL at hand: older and later ones, poolers, broken ones.

What the server sends reaches the client byte for byte, what the client sends reaches the server, whatever it is, however
it is cut into segments. What cannot be relayed ends with FATAL and a text.
"""

import contextlib
import os
import socket
import struct
import tempfile
import threading
import unittest

import environment
from guard import Guard
from puppet import Puppet
from stub import (ANSWER, AUTHENTICATED, LOGIN, Stub, authentication, columns, key_data, notification, parameter, ready, report,
                  row, say, tag, talk)
from wire import (COPY_DONE, EOF, FLUSH, SYNC, TERMINATE, TIMEOUT_S, Connection, bind, cancel_request, close, copy_data, describe, execute,
                  fields, function_call, message, parse, query, startup, types)

SHAPES = ("written", "bytes")
# AddressSanitizer keeps what was freed for a while, which would look like memory in use.
FORGETFUL = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:quarantine_size_mb=1"}
ASK = query("select 1")
BATCH = parse("select 1") + bind() + describe() + execute() + SYNC
BATCH_ANSWER = message("1") + message("2") + columns("x") + row(b"1") + tag("SELECT 1") + ready()
NOTICE = report("N", S="NOTICE", V="NOTICE", C="00000", M="by the way")
ASIDES = (NOTICE, notification("channel", "payload"), parameter("TimeZone", "UTC"), message("~", b"of a later version"))
MISSING = {"S": "ERROR", "V": "ERROR", "C": "42703", "M": 'column "nope" does not exist', "P": "8"}

# name -> the server's words from the start-up packet to the first ReadyForQuery
LOGINS = {
    "the usual": LOGIN,
    "no key": AUTHENTICATED + ready(),
    **{f"a key of {n} bytes": AUTHENTICATED + key_data(7, b"k" * n) + ready() for n in (0, 1, 3, 4, 5, 16, 32, 255, 256, 257, 4000)},
    "two keys": AUTHENTICATED + key_data(7, b"1234") + key_data(8, b"5678") + ready(),
    "notices before and after": NOTICE + AUTHENTICATED + NOTICE * 3 + key_data(7, b"1234") + NOTICE + ready(),
    "a long notice": AUTHENTICATED + report("N", S="WARNING", V="WARNING", C="01000", M="w" * 100_000) + ready(),
    "another minor version": message("v", struct.pack("!II", 0x30000, 2), b"_pq_.a\0_pq_.b\0") + LOGIN,
    "another minor version, said twice": message("v", struct.pack("!II", 0x30000, 0)) * 2 + LOGIN,
    "many parameters": AUTHENTICATED + b"".join(parameter(f"name{i}", "v" * 500) for i in range(300)) + ready(),
    "a long parameter": AUTHENTICATED + parameter("search_path", "x" * 70_000) + parameter("y", "z" * 1_200_000) + ready(),
    "malformed parameters": AUTHENTICATED + message("S", b"no end") + message("S") + message("S", b"a\0b\0c\0") + ready(),
    "messages that nobody knows": message("~", b"x") + AUTHENTICATED + message("\1") + message("\xff", b"y" * 100_000) + ready(),
    "ready in a transaction": AUTHENTICATED + ready("T"),
    "ready in no known state": AUTHENTICATED + ready("Q"),
    "ready with more to say": AUTHENTICATED + message("Z", b"I and so on"),
    "no word about authentication": ready(),
}

# name -> steps of (what the client sends, what the server answers)
CONVERSATIONS = {
    "a query": [(ASK, ANSWER)],
    "a batch": [(BATCH, BATCH_ANSWER)],
    "an error without SQLSTATE": [(ASK, report(S="ERROR", M="no code") + ready()), (BATCH, report(M="alone") + ready())],
    "an error without V, as of a pooler": [(ASK, report(S="ERROR", C="42703", M="x", P="1") + ready())],
    "an error of nothing": [(ASK, message("E", b"\0") + ready()), (ASK, message("E") + ready()), (ASK, ANSWER)],
    "an error that does not end": [(ASK, message("E", b"SERROR\0C42703\0Mx") + ready()), (ASK, message("E", b"SERROR\0C42703\0Mx\0") + ready())],
    "an error with fields twice": [(ASK, report(**MISSING)[:-1] + b"Mother\0Dtwo\0\0" + ready())],
    "an error with fields of a later version": [(ASK, report(**MISSING, x="1", Z="2", **{"\x7f": "3"}) + ready())],
    "an error of 40 kB": [(ASK, report(S="ERROR", V="ERROR", C="22000", M="m" * 40_000, D="d" * 40_000) + ready())],
    "an error of more than a mebibyte": [(ASK, report(S="ERROR", V="ERROR", C="42703", M="m" * 1_200_000) + ready()), (BATCH, BATCH_ANSWER)],
    "an error in another language": [(ASK, report(S="FEHLER", V="ERROR", C="42703", M="Spalte »x« existiert nicht", P="8") + ready())],
    "an error in no encoding": [(ASK, message("E", b"SERROR\0VERROR\0C42703\0M\xff\xfe\x80\0P8\0\0") + ready())],
    "two errors": [(BATCH, report(**MISSING) + report(**MISSING) + ready()), (ASK, ANSWER)],
    "an error that nobody asked for": [(b"", report(**MISSING)), (ASK, ANSWER)],
    "asides between any two messages": [(BATCH * 3, b"".join(
        b"".join(ASIDES) + part for part in (message("1"), message("2"), columns("x"), row(b"1"), tag("SELECT 1"), ready()) * 3))],
    "asides while nobody asks": [(b"", b"".join(ASIDES) * 10), (ASK, ANSWER), (b"", b"".join(ASIDES))],
    "long asides": [(ASK, b"".join((report("N", S="LOG", M="m" * 70_000), notification("c", "p" * 100_000), message("~", b"x" * 2_000_000))) +
                     ANSWER)],
    "one ReadyForQuery too many": [(ASK, ANSWER + ready()), (BATCH, ready() + BATCH_ANSWER), (ASK, ANSWER)],
    "answers to nothing": [(b"", message("1") + message("2") + tag("X") + columns() + message("n") + message("s") + message("3") +
                            message("I") + message("V", b"\xff\xff\xff\xff") + message("t", b"\0\0")), (ASK, ANSWER)],
    "answers in a strange order": [(BATCH, tag("X") + message("2") + row() + message("1") + ready()), (BATCH, BATCH_ANSWER)],
    "malformed answers": [(ASK, message("C") + message("C", b"no end") + message("D") + message("T", b"\1") + message("1", b"more") + ready()),
                          (ASK, message("S") + message("K", b"1") + message("Z", b"") + message("Z", b"II") + ANSWER)],
    "a state that nobody knows": [(ASK, tag("X") + ready("?")), (ASK, ANSWER)],
    "rows of all sizes": [(ASK, columns("x") + b"".join(row(b"x" * n) for n in (0, 8191, 65524, 65525, 65526, 65536, 3_000_000)) +
                           tag("SELECT 7") + ready())],
    "a COPY in both directions": [(query("START_REPLICATION"), message("W", b"\0\0\0")), (copy_data(b"r" + b"x" * 33), copy_data(b"w" * 9000)),
                                  (b"", copy_data(b"k") * 100), (COPY_DONE, message("c") + tag("COPY 0") + ready()), (ASK, ANSWER)],
    "a COPY that nobody asked for": [(BATCH, message("G", b"\0\0\0")), (copy_data(b"1\n") + COPY_DONE + SYNC, tag("COPY 1") + ready()),
                                     (ASK, ANSWER)],
    "messages of a later client": [(message("~", b"x") + message("\1") + message("\xff", b"y" * 100_000) + ASK, ANSWER)],
    "a password in the middle": [(message("p", b"again\0"), ready()), (ASK, ANSWER)],
    "malformed questions": [(message("Q", b"no end") + message("Q") + message("P", b"x") + message("B") + message("E", b"\0") + message("D", b"?") +
                             message("C") + message("F") + message("f") + message("S", b"long") + message("X", b"y") + ASK, ANSWER)],
    "everything at once": [(ASK + BATCH + FLUSH + close("S", "x") + function_call(1) + TERMINATE, ANSWER + BATCH_ANSWER)],
    "questions of all sizes": [(b"".join(query("x" * n) for n in (0, 8185, 8186, 8187, 65530, 65531, 65532, 1_048_575, 1_048_576, 1_500_000)) +
                                b"".join(message("B", b"p\0s\0" + b"x" * n) for n in (4091, 65530, 2_000_000)), ANSWER)],
    "names without an end": [(message("B", b"x" * 70_000) + message("P", b"x" * 1_100_000) + message("D", b"S" + b"x" * 9000) +
                              message("C", b"S" + b"x" * 9000) + message("E", b"x" * 9000) + ASK, ANSWER)],
}

# name -> the server's last bytes, which reach the client as they are
LAST_WORDS = {
    "FATAL": report(S="FATAL", V="FATAL", C="57P01", M="going down"),
    "PANIC": report(S="PANIC", V="PANIC", C="XX000", M="all is lost"),
    "FATAL without V": report(S="FATAL", C="57P01", M="going down"),
    "FATAL of 2 MB": report(S="FATAL", V="FATAL", C="57P01", M="x" * 2_000_000),
}
DURING_LOGIN = {
    **LAST_WORDS,
    "an old server's words": b"Ecould not fork new process for connection: out of memory\n\0",
    "ERROR": report(S="ERROR", V="ERROR", C="08P01", M="no such database"),
    "no severity": report(M="no"),
    "another language": report(S="FATALE", C="28000", M="no"),
    "FATAL of 40 kB": report(S="FATAL", V="FATAL", C="57P03", M="m" * 40_000),
    "FATAL behind a login": AUTHENTICATED + NOTICE + report(S="FATAL", V="FATAL", C="53300", M="too many"),
}

# name -> bytes that no server sends, and what is left of them
BROKEN = {"length 3": b"D\0\0\0\3", "length 0": b"D\0\0\0\0", "negative": b"D\xff\xff\xff\xff", "2 GB": b"D\x80\0\0\0",
          "noise": b"\x93\xa1\x8c\xff\x07\x99" * 5}


class ServersCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = cls.enterClassContext(Stub())
        cls.guards = {mode: cls.enterClassContext(Guard(mode=mode, upstream=cls.stub.url, settings=["schema.poll_ms=0"], ready=False, variables=FORGETFUL))
                      for mode in ("off", "annotate", "enforce")}
        for guard in cls.guards.values():
            environment.wait_until(lambda g=guard: g.get("/healthz")[0] == 200, "the guard")
        cls.ports = {mode: guard.port for mode, guard in cls.guards.items()}
        cls.puppet = cls.enterClassContext(Puppet(cls.stub.port))
        cls.ports["puppet"] = cls.puppet.port

    def setUp(self):
        self.addCleanup(self.stub.settle)

    def ways(self):
        for mode, port in self.ports.items():
            for shape in SHAPES:
                self.stub.shape = shape
                yield mode, port, shape

    @contextlib.contextmanager
    def connected(self, port, shape="written", login=LOGIN, **parameters):
        with Connection(port, shape) as connection:
            connection.send(startup(user="u", database="d", **parameters))
            self.assertEqual(connection.receive(len(login)), login)
            yield connection

    def assertReceives(self, connection, expected):
        got = connection.receive(len(expected))
        if got != expected:
            at = next(i for i in range(len(expected)) if got[i:i + 1] != expected[i:i + 1])
            self.assertEqual(got[max(0, at - 100):at + 100], expected[max(0, at - 100):at + 100], f"at byte {at}")


class Transparent(ServersCase):
    def check(self, steps, login=LOGIN):
        for mode, port, shape in self.ways():
            with self.subTest(mode=mode, shape=shape):
                self.stub.serve = talk(*steps, login=login)
                with self.connected(port, shape, login) as connection:
                    for data, answer in steps:
                        connection.send(data)
                        self.assertReceives(connection, answer)
                self.stub.settle()

    def test_the_start_up_packet_arrives_as_it_was(self):
        packet = startup(0x30002, user="u", database="d", options="-c x=y", nonsense="", **{"_pq_.new": "1"})
        for mode, port, shape in self.ways():
            self.stub.serve = talk()
            with Connection(port, shape) as connection:
                connection.send(packet)
                self.assertReceives(connection, LOGIN)
            self.stub.settle()
            self.assertEqual(self.stub.startups[-1], packet)

    def test_authentication_of_any_kind(self):
        exchange = [(authentication(5, b"salt"), message("p", b"md5" + b"f" * 32 + b"\0")),
                    (authentication(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"), message("p", b"SCRAM-SHA-256\0" + struct.pack("!I", 5) + b"n,,n=")),
                    (authentication(11, b"r" * 65_000), message("p", b"c" * 65_535)), (authentication(12, b"v=1"), b""),
                    (authentication(7), message("p", b"g" * 300_000)), (authentication(8, b"h" * 300_000), message("p", b"")),
                    (authentication(99, b"a later kind"), message("p", b"whatever") + message("~", b"of a later client"))]
        steps = [(b"", exchange[0][0])] + [(said, asked[0]) for (_, said), asked in zip(exchange, exchange[1:])]
        steps += [(exchange[-1][1], LOGIN), (ASK, ANSWER)]
        self.check(steps, login=b"")

    def test_last_words_are_the_servers(self):
        for name, words in LAST_WORDS.items():
            for mode, port, shape in self.ways():
                with self.subTest(name, mode=mode, shape=shape), self.connected_to(port, shape, LOGIN, ANSWER[:-6] + words) as connection:
                    self.assertReceives(connection, ANSWER[:-6] + words)
                    self.assertEqual(connection.receive(1), b"")

    def test_last_words_during_login_are_the_servers(self):
        for name, words in DURING_LOGIN.items():
            for mode, port, shape in self.ways():
                with self.subTest(name, mode=mode, shape=shape), self.connected_to(port, shape, b"", words) as connection:
                    self.assertReceives(connection, words)
                    self.assertEqual(connection.receive(1), b"")

    @contextlib.contextmanager
    def connected_to(self, port, shape, login, words):
        """A session in which the client asks, if it has been let in, and the server says these words and leaves."""
        def serve(peer):
            peer.send(login)
            if login:
                peer.receive(len(ASK))
            peer.send(words)
        self.stub.serve = serve
        with self.connected(port, shape, login) as connection:
            if login:
                connection.send(ASK)
            yield connection
        self.stub.settle()


def add_transparent_tests():
    for name, login in LOGINS.items():
        def test(self, login=login):
            self.check([(ASK, ANSWER), (BATCH, BATCH_ANSWER)], login=login)
        setattr(Transparent, f"test_login_with_{name.replace(' ', '_')}", test)
    for name, steps in CONVERSATIONS.items():
        def test(self, steps=steps):
            self.check(steps)
        setattr(Transparent, f"test_{name.replace(' ', '_').replace(',', '')}", test)


add_transparent_tests()


class Broken(ServersCase):
    def test_what_no_server_sends(self):
        for name, words in BROKEN.items():
            for mode, port, shape in self.ways():
                for before in (b"", NOTICE, ANSWER):
                    with self.subTest(name, mode=mode, shape=shape):
                        self.stub.serve = say(LOGIN, before, words)
                        with self.connected(port, shape) as connection:
                            self.assertReceives(connection, before)
                            answer = connection.read_until("EOF")
                            self.assertEqual(types(answer), "E!")
                            self.assertEqual((fields(answer[0])["S"], fields(answer[0])["C"]), ("FATAL", "08P01"))
                        self.stub.settle()
        self.assertGreaterEqual(self.guards["off"].metric("driftguard_malformed_total", side="server"), len(BROKEN))

    def test_what_no_server_sends_at_first(self):
        for name, words in BROKEN.items():
            for _, port, shape in self.ways():
                with self.subTest(name, shape=shape):
                    self.stub.serve = say(words)
                    with self.connected(port, shape, login=b"") as connection:
                        self.assertEqual(types(connection.read_until("EOF")), "E!")

    def test_a_server_that_leaves_without_a_word(self):
        """Behind a whole message the client is told; within one there is nothing to be told, but what came arrives."""
        for said, is_told in ((b"", True), (ANSWER, True), (b"D", True), (b"D\0\0\0", True), (b"E\0\0\0\x30SERROR\0", True),
                              (row(b"x" * 100)[:50], False), (row(b"x" * 100_000)[:-1], False)):
            for mode, port, shape in self.ways():
                with self.subTest(said=said[:10], mode=mode, shape=shape):
                    self.stub.serve = lambda peer, said=said: peer.send(LOGIN + said)
                    with self.connected(port, shape) as connection:
                        answer = connection.receive(1 << 20)
                        if is_told:
                            passed = said if said == ANSWER else b""
                            self.assertEqual(answer[:len(passed)], passed)
                            self.assertEqual(fields(answer[len(passed):])["C"], "08006")
                        else:
                            self.assertEqual(answer, said)
                    self.stub.settle()

    def test_half_a_row_arrives_as_far_as_it_came(self):
        """The client reads when the server has left already, and more than sockets hold is on its way."""
        half = row(b"x" * 9_000_000)[:-1]
        for mode, port, _ in self.ways():
            with self.subTest(mode=mode):
                said = threading.Event()

                def serve(peer, said=said):
                    peer.send(LOGIN)
                    peer.receive(len(ASK))
                    peer.send(half)
                    said.set()
                self.stub.serve = serve
                with self.connected(port) as connection:
                    connection.send(ASK)
                    got = connection.receive(7_000_000)
                    said.wait(TIMEOUT_S)
                    self.stub.settle()
                    self.assertEqual(len(got + connection.receive(len(half))), len(half))

    def test_a_server_that_resets(self):
        for login in (b"", LOGIN):
            for _, port, _ in self.ways():
                def serve(peer, login=login):
                    peer.send(login)
                    peer.receive(len(ASK) if login else 0)
                    peer.reset()
                self.stub.serve = serve
                with self.connected(port, login=login) as connection:
                    if login:
                        connection.send(ASK)
                    answer = connection.read_until("EOF")
                    self.assertEqual(types(answer), "E!")
                    self.assertEqual(fields(answer[0])["C"], "08006")
                self.stub.settle()


class Sizes(ServersCase):
    """What is longer than any buffer, up to what a length word can say: not the guard's to refuse, and not to be kept."""

    # Two gigabytes each way take half a minute; that they pass is looked at with DG_TEST_LARGE=1.
    N_BYTES = (0x7FFFFFFF if os.environ.get("DG_TEST_LARGE") else 0x08000000) - 4

    def memory(self):
        with open(f"/proc/{self.guards['annotate'].process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

    def pour(self, sock, header):
        """A message of N_BYTES zeroes, never in memory."""
        sock.sendall(header + struct.pack("!I", self.N_BYTES + 4))
        with tempfile.TemporaryFile() as sparse:
            sparse.truncate(self.N_BYTES)
            self.assertEqual(sock.sendfile(sparse), self.N_BYTES)

    def drain(self, sock, n):
        room = bytearray(1 << 20)
        while n > 0:
            n -= sock.recv_into(room, min(n, len(room)))

    def test_long_messages_that_are_true(self):
        """To the server as a Query, back as a row."""
        def serve(peer):
            peer.send(LOGIN)
            self.drain(peer.socket, self.N_BYTES + 5)
            self.pour(peer.socket, b"D")
            peer.send(tag("SELECT 1") + ready())
            peer.finish()
        self.stub.serve, self.stub.shape = serve, "written"
        before = self.memory()
        with self.connected(self.ports["annotate"]) as connection:
            self.pour(connection.socket, b"Q")
            self.assertEqual(connection.socket.recv(5, socket.MSG_WAITALL), b"D" + struct.pack("!I", self.N_BYTES + 4))
            self.drain(connection.socket, self.N_BYTES)
            self.assertReceives(connection, tag("SELECT 1") + ready())
        self.assertLess(self.memory() - before, 16_000_000)

    def test_messages_that_are_only_claimed(self):
        """256 MB and a gigabyte of every type, in both directions: nothing is allocated for what has not come."""
        before = self.memory()
        for n in (0x10000000, 0x40000000, 0x7FFFFFFF):
            for code in (b"Q", b"P", b"B", b"D", b"C", b"E", b"F", b"S", b"d", b"~"):
                self.stub.serve = say(LOGIN)
                with self.connected(self.ports["annotate"]) as connection:
                    connection.send(code + struct.pack("!I", n) + b"x" * 50_000)
            for code in (b"E", b"S", b"K", b"C", b"Z", b"T", b"D", b"N", b"A", b"~"):
                words = code + struct.pack("!I", n) + b"x" * 50_000
                self.stub.serve = say(LOGIN, words)
                with self.connected(self.ports["annotate"]) as connection:
                    self.assertReceives(connection, words)
        self.stub.settle()
        self.assertLess(self.memory() - before, 16_000_000)


class Floods(ServersCase):
    def test_both_sides_write_and_nobody_reads_at_first(self):
        """Each side sends what it has before it reads: more than all buffers between them hold would need, but one."""
        n = 12_000_000
        asked, said = query("q" * 50_000) * (n // 50_000), row(b"r" * 50_000) * (n // 50_000)

        def serve(peer):
            peer.send(LOGIN)
            reader = threading.Thread(target=self.keep, args=(peer, len(asked), got), daemon=True)
            begun.wait(TIMEOUT_S)
            reader.start()
            peer.send(said)
            reader.join(TIMEOUT_S)
        for mode in ("off", "annotate"):
            begun, got = threading.Event(), []
            self.stub.serve = serve
            with self.connected(self.ports[mode]) as connection:
                writer = threading.Thread(target=connection.send, args=(asked,), daemon=True)
                writer.start()
                writer.join(0.3)  # until all buffers are full, or not: both must work
                begun.set()
                self.assertReceives(connection, said)
                writer.join(TIMEOUT_S)
                self.stub.settle()
            self.assertEqual(got[0] == asked, True)

    def keep(self, peer, n, got):
        got.append(peer.receive(n))

    def test_a_server_that_never_stops_talking(self):
        """The client does not read; the guard does not keep it all; the client leaves; the server is let go."""
        def serve(peer):
            peer.send(LOGIN)
            try:
                for _ in range(2000):
                    peer.socket.sendall(NOTICE * 1000)
            except OSError:
                ended.set()
        for how in ("close", "reset"):
            ended = threading.Event()
            self.stub.serve = serve
            with self.connected(self.ports["annotate"]) as connection:
                connection.receive(1_000_000)
                connection.socket.close() if how == "close" else connection.reset()
            self.assertTrue(ended.wait(TIMEOUT_S))
            self.stub.settle()


class Explained(ServersCase):
    """The puppet explains each error of a statement that says so."""

    def test_every_error_that_can_be_read(self):
        for name, error in {
                "the usual": report(**MISSING), "no SQLSTATE": report(S="ERROR", M="x"), "no V": report(S="ERROR", C="42703", M="x"),
                "its own texts": report(**{**MISSING, "D": "own detail", "H": "own hint"}), "object names": report(**MISSING, s="s", t="t", c="c"),
                "a later field": report(**MISSING, x="1"), "40 kB": report(**MISSING, W="w" * 40_000),
                "other letters": message("E", b"SERROR\0VERROR\0C42703\0M\xff\xfe\0\0")}.items():
            for shape in SHAPES:
                with self.subTest(name, shape=shape):
                    self.stub.shape = shape
                    ask = query("select nope /* explain */") * 2 + ASK
                    self.stub.serve = talk((ask, error + ready() + error + ready() + ANSWER))
                    with self.connected(self.puppet.port, shape) as connection:
                        connection.send(ask)
                        answer = connection.read_until("ZZZ")
                    self.assertEqual(types(answer), "EZEZTDCZ")
                    for found in (answer[0], answer[2]):
                        self.assertEqual(struct.unpack("!I", found[1:5])[0], len(found) - 1)
                        mine, own = fields(found), fields(error)
                        self.assertEqual(mine.pop("D"), "\n".join([*filter(None, [own.pop("D", "")]), "our detail"]))
                        self.assertEqual(mine.pop("H"), "\n".join([*filter(None, [own.pop("H", "")]), "our hint"]))
                        self.assertEqual(mine, own)
                    self.stub.settle()

    def test_errors_that_cannot_be_read_pass(self):
        for error in (message("E"), message("E", b"\0\0"), message("E", b"SERROR\0Mno end"), message("E", b"SERROR"), message("E", report(**MISSING)[5:] + b"more"),
                      report(**{**MISSING, "M": "m" * 1_100_000}), report(**{**MISSING, "V": "FATAL"}), report("N", **MISSING)):
            ask = query("select nope /* explain */")
            self.stub.serve = talk((ask, error + ready()))
            with self.connected(self.puppet.port) as connection:
                connection.send(ask)
                self.assertReceives(connection, error + ready())
            self.stub.settle()

    def test_asides_do_not_confuse_what_belongs_to_what(self):
        """Notices, notifications, parameters and unknown messages between any two: the guard hears the same as without."""
        told = []
        parts = [message("1"), message("2"), columns("x"), row(b"1"), tag("SELECT 1"), message("1"), report(**MISSING), ready(),
                 message("1"), message("2"), message("n"), message("s"), tag("SELECT 0"), ready(), message("I"), ready()]
        ask = (parse("select 1") + bind() + describe() + execute() + parse("select 2") + bind() + execute() + SYNC +
               parse("select 3 /* explain */") + bind() + describe() + execute() + execute() + SYNC + query(""))
        for asides in (b"", b"".join(ASIDES)):
            before = len(self.puppet.lines(("completed", "error", "skipped", "ready")))
            answer = b"".join(asides + part for part in parts)
            self.stub.serve = talk((ask, answer))
            with self.connected(self.puppet.port) as connection:
                connection.send(ask)
                self.assertReceives(connection, answer)
            self.stub.settle()
            told.append(self.puppet.lines(("completed", "error", "skipped", "ready"))[before:])
        self.assertEqual(told[0], told[1])
        self.assertGreater(len(told[0]), 10)


class Cancels(ServersCase):
    def test_keys_of_every_length(self):
        for n in (4, 5, 16, 32, 255, 256):
            for _, port, shape in self.ways():
                login = AUTHENTICATED + key_data(n, b"k" * n) + ready()
                self.stub.serve = talk(login=login)
                with self.connected(port, shape, login), Connection(port, shape) as canceller:
                    packet = cancel_request(struct.pack("!I", n) + b"k" * n)
                    self.assertEqual(canceller.ask(packet, "EOF"), [EOF])
                self.stub.settle()
                self.assertEqual(self.stub.cancels[-1], packet)

    def test_a_cancel_of_a_held_statement_has_its_key(self):
        for n in (4, 256):
            login = AUTHENTICATED + key_data(n, b"h" * n) + ready()
            ask = query("select 1 /* hold 60000 */")
            self.stub.serve = talk((ask, ANSWER), login=login)
            with self.connected(self.puppet.port, login=login) as connection:
                connection.send(ask)
                environment.wait_until(lambda: self.puppet.lines("hold query"), "the hold")
                with Connection(self.puppet.port) as canceller:
                    canceller.ask(cancel_request(struct.pack("!I", n) + b"h" * n), "EOF")
                self.assertReceives(connection, ANSWER)
            self.stub.settle()
            self.assertEqual(self.stub.cancels[-1], cancel_request(struct.pack("!I", n) + b"h" * n))

    def test_a_hold_without_a_key(self):
        login = AUTHENTICATED + ready()
        ask = query("select 1 /* hold 50 */")
        self.stub.serve = talk((ask, ANSWER), login=login)
        with self.connected(self.puppet.port, login=login) as connection:
            connection.send(ask)
            self.assertReceives(connection, ANSWER)


if __name__ == "__main__":
    unittest.main()
