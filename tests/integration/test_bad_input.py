#!/usr/bin/python3
"""Input that is broken, oversized or not understood. What breaks the protocol ends its own session with FATAL 08P01;
what only the guard does not understand is forwarded. Somebody else's session goes on in every case.
"""

import struct
import unittest

import psycopg

import wire
from cluster import Cluster
from guard import Guard
from support import MODES, await_snapshot


def frame(kind, length, body=b""):
    """A message whose length is what it says, not what it has."""
    return kind + struct.pack("!I", length) + body


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE TABLE t (a int)")
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "enforce"))
        await_snapshot(cls.guard, "postgres")

    def setUp(self):
        self.other = self.enterContext(self.guard.connect())

    def tearDown(self):
        self.assertEqual(self.other.execute("SELECT 1").fetchone(), (1,), "another session")

    # -- frames ----------------------------------------------------------------------------------------------------

    FRAMES = {
        "a length below four": frame(b"Q", 3, b"x"),
        "a length of zero": frame(b"Q", 0),
        "a negative length": frame(b"Q", 0xFFFFFFFF),
        "the most negative length": frame(b"Q", 0x80000000),
        "a type that does not exist": frame(b"!", 4),
        "a type of zero": frame(b"\0", 4),
        "a Sync of a gigabyte": frame(b"S", 0x40000000),
        "a Describe of a gigabyte": frame(b"D", 0x40000000),
        "a Query of two gigabytes": frame(b"Q", 0x7FFFFFFF, b"SELECT"),
        "a Terminate's length below four": frame(b"X", 1),
    }

    def assert_session_ends(self, connection, name):
        messages = connection.until_end()
        errors = wire.errors(messages)
        self.assertTrue(errors, f"{name}: no error before the end, but {messages}")
        self.assertEqual((errors[-1]["S"], errors[-1]["V"], errors[-1]["C"]), ("FATAL", "FATAL", "08P01"), name)

    def test_a_broken_frame_ends_the_session_with_fatal_08p01(self):
        for name, data in self.FRAMES.items():
            with self.subTest(name), wire.Wire(self.guard.port, "postgres") as connection:
                connection.send(data)
                self.assert_session_ends(connection, name)

    def test_broken_frames_are_counted(self):
        before = self.guard.metric("driftguard_malformed_total", side="client")
        with wire.Wire(self.guard.port, "postgres") as connection:
            connection.send(frame(b"Q", 3))
            connection.until_end()
        self.assertEqual(self.guard.metric("driftguard_malformed_total", side="client") - before, 1)

    def test_what_was_sent_before_a_broken_frame_is_answered(self):
        with wire.Wire(self.guard.port, "postgres") as connection:
            connection.send(wire.query("SELECT 1"), frame(b"Q", 2))
            messages = connection.until_end()
            self.assertTrue(wire.kinds(messages).endswith("E"))
            self.assertEqual(wire.errors(messages)[-1]["C"], "08P01")

    STARTUPS = {
        "a length of nothing": struct.pack("!i", 0),
        "a length of seven": struct.pack("!i", 7) + b"\0\0\0",
        "a negative length": struct.pack("!i", -1),
        "a length of a megabyte": struct.pack("!ii", 1 << 20, wire.PROTOCOL_3_0),
        "no terminator": struct.pack("!ii", 8 + 4, wire.PROTOCOL_3_0) + b"user",
        "a name without a value": struct.pack("!ii", 8 + 6, wire.PROTOCOL_3_0) + b"user\0\0",
        "no user": struct.pack("!ii", 9, wire.PROTOCOL_3_0) + b"\0",
        "protocol two": struct.pack("!ii", 8, 131072),
        "plain HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "nothing but ones": b"\xff" * 64,
    }

    def test_a_broken_start_up_ends_its_connection(self):
        for name, data in self.STARTUPS.items():
            with self.subTest(name), wire.Wire(self.guard.port) as connection:
                connection.send(data)
                self.assertFalse([m for m in connection.until_end() if m[0] in "RZ"], name)

    def test_a_client_that_says_nothing_and_leaves_is_no_event(self):
        for data in (b"", b"\0", b"\0\0\0\x08"):
            with wire.Wire(self.guard.port) as connection:
                connection.send(data)
        self.guard.wait_until(lambda: self.guard.metric("driftguard_sessions") == 1, "the sessions to end")

    def test_bytes_one_at_a_time_are_as_good_as_all_at_once(self):
        for port in (self.guard.port, self.cluster.port):
            with wire.Wire(port) as connection:
                data = (wire.startup(user="postgres", database="postgres") + wire.query("SELECT nope FROM t") +
                        wire.parse("SELECT 1") + wire.bind() + wire.execute() + wire.SYNC)
                for place in range(len(data)):
                    connection.send(data[place:place + 1])
                connection.until_ready()
                self.assertEqual(wire.kinds(connection.until_ready()), "EZ")
                self.assertEqual(wire.kinds(connection.until_ready()), "12DCZ")

    # -- statements ------------------------------------------------------------------------------------------------

    def both(self, sql, **options):
        """The outcome of a statement, straight and through the guard."""
        outcomes = []
        for target in (self.cluster, self.guard):
            with target.connect(**options) as connection:
                try:
                    outcomes.append(connection.execute(sql).fetchall())
                except psycopg.Error as error:
                    outcomes.append((error.sqlstate, error.diag.message_primary, error.diag.statement_position))
                outcomes[-1] = (outcomes[-1], connection.execute("SELECT 2").fetchone())
        return outcomes

    STATEMENTS = {
        "does not parse": "SELEC 1",
        "an open string": "SELECT 'abc",
        "an open comment": "SELECT 1 /* abc",
        "an open dollar quote": "SELECT $a$ abc",
        "two statements, the second broken": "SELECT 1; SELEC 2",
        "seventy thousand terms": "SELECT 1" + "+1" * 70000,
        "brackets": "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "unions": "SELECT 1" + " UNION ALL SELECT 1" * 2000,
        "casts": "SELECT 1" + "::int" * 20000,
        "a megabyte of a select list": "SELECT " + ",".join(["1"] * 1600) + "/*" + "x" * (1 << 20) + "*/",
        "a list of two megabytes": "SELECT count(*) FROM (VALUES " + ",".join(["(1)"] * 500000) + ") v",
        "only semicolons": ";" * 10000 + "SELECT 3",
        "a byte order mark": "\ufeffSELECT 1",
    }

    def test_what_the_guard_cannot_analyse_is_forwarded_and_ends_as_it_does_straight(self):
        for name, sql in self.STATEMENTS.items():
            with self.subTest(name):
                direct, guarded = self.both(sql)
                self.assertEqual(guarded, direct)

    def test_a_statement_that_is_not_analysed_is_counted_with_its_reason(self):
        for reason, sql in (("too_long", "SELECT 1" + "+1" * 70000), ("unparsed", "SELEC 1")):
            before = self.guard.metric("driftguard_not_inspected_total", reason=reason)
            self.both(sql)
            self.assertEqual(self.guard.metric("driftguard_not_inspected_total", reason=reason) - before, 1, reason)

    def test_bytes_that_are_no_utf8_are_answered_by_the_server(self):
        answers = []
        for port in (self.guard.port, self.cluster.port):
            with wire.Wire(port, "postgres") as connection:
                connection.send(wire.message("Q", b"SELECT '\xff\xfe', nope\0"))
                answers.append(connection.until_ready())
        self.assertEqual(*answers)
        self.assertEqual(wire.errors(answers[0])[0]["C"], "22021")

    def test_messages_that_are_broken_inside_are_answered_by_the_server(self):
        """Their frame is in order: bytes behind the NUL, no NUL at all, a count that is wrong."""
        for name, data in {"bytes behind the end": wire.message("Q", b"SELECT 1\0x"),
                           "no end": wire.message("Q", b"SELECT 1"),
                           "an empty Query": wire.message("Q", b""),
                           "a Parse without its end": wire.message("P", b"s\0SELECT 1") + wire.SYNC,
                           "an empty Parse": wire.message("P", b"") + wire.SYNC,
                           "a Parse with too few types": wire.message("P", b"\0SELECT 1\0\0\x02") + wire.SYNC,
                           "an empty Bind": wire.message("B", b"") + wire.SYNC,
                           "a Close of neither": wire.message("C", b"x\0") + wire.SYNC,
                           "an Execute without a count": wire.message("E", b"\0") + wire.SYNC}.items():
            answers = []
            for port in (self.guard.port, self.cluster.port):
                with wire.Wire(port, "postgres") as connection:
                    connection.send(data)
                    messages = connection.until("Z", "E")
                    if messages[-1][0] == "E" and "FATAL" not in wire.errors(messages)[-1]["S"]:
                        messages += connection.until_ready()
                    answers.append([(kind, wire.error_fields(body) if kind == "E" else body) for kind, body in messages])
            with self.subTest(name):
                self.assertEqual(*answers)


MEBIBYTE = 1 << 20


def full(first, piece, last=b""):
    """As many pieces as a message within inspect.max_bytes has room for."""
    return first + piece * ((MEBIBYTE - len(first) - len(last)) // len(piece)) + last


# Statement: why the guard does not look into it; None: it does.
HOSTILE = {
    "a hundred thousand terms": (b"SELECT 1" + b"+1" * 100000, "too_long"),
    "a chain of casts": (full(b"SELECT 1", b"::int"), "too_long"),
    "a chain of UNIONs": (full(b"SELECT 1", b" UNION SELECT 1"), "too_long"),
    "brackets": (b"SELECT " + b"(" * 500000 + b"1" + b")" * 500000, "too_long"),
    "a dense select list": (full(b"SELECT 1", b",1"), "too_long"),
    "as many brackets as are inspected": (b"SELECT " + b"(" * 4999 + b"1" + b")" * 4999, None),
    "as many terms as are inspected, too deep for the tree": (b"SELECT 1" + b"+1" * 4999, "unparsed"),
    "as many columns as are inspected": (b"SELECT 1" + b",1" * 4999, None),
    "updates in updates, each with two columns": (
        b"WITH x AS (UPDATE w SET (a, b) = (" * 12 + b"SELECT 1, 2" + b") RETURNING 1) SELECT 1, 2" * 12, "too_long"),
    "a row of columns from a row of values": (
        b"UPDATE w SET (a" + b", a" * 999 + b") = ROW(1" + b", 1" * 999 + b")", "too_long"),
    "natural joins of a wide table": (b"SELECT 1 FROM wide NATURAL JOIN wide v NATURAL JOIN wide w", None),
    "one string of a mebibyte": (full(b"SELECT length('", b"abcdefgh ", b"')"), None),
    "one string of control characters": (full(b"SELECT length('", b"\x01", b"')"), "too_long"),
    "one comment of a mebibyte": (full(b"SELECT 1 /*", b"* ", b"*/"), None),
    "a mebibyte and a byte more": (full(b"SELECT 1 /*", b"x", b"*/") + b" ", "too_long"),
    "thousands of statements": (b"SELECT 1;" * 3333, None),
    "nothing": (b"", None),
    "only a comment": (b"/* nothing */ -- at all", None),
    "only semicolons": (b";" * 9999, None),
    "more semicolons than are inspected": (b";" * 10001, "too_long"),
    "bytes that are no UTF-8": (b"SELECT '\xc3\x28'", "encoding"),
    "a NUL within": (b"SELECT 1\0 + 1", None),
    "a NUL at once": (b"\0SELECT 1", None),
}
# What the guard may grow by, whatever it was sent: caches, and what malloc keeps; sanitizers keep much more.
GROWTH_KB = 400 * 1024


class Hostile(unittest.TestCase):
    """Each statement as a Query and as a Parse, straight and through the guard in enforce: the same bytes come back."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        columns = ", ".join(f"c{i} int" for i in range(200))
        cls.cluster.psql(f"CREATE TABLE w (a int, b int); CREATE TABLE wide ({columns})")
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "enforce", ("schema.poll_ms=0",)))
        await_snapshot(cls.guard, "postgres")

    def answers(self, *messages):
        """What comes back straight and through the guard. The server ends the session where bytes follow a NUL."""
        answers = []
        for port in (self.cluster.port, self.guard.port):
            with wire.Wire(port, "postgres", timeout=120) as connection:
                connection.send(*messages)
                answers.append(connection.until("Z"))
                connection.send(wire.query("SELECT 3"))
                answers[-1] += connection.until("Z")
        return answers

    def not_inspected(self, reason):
        return self.guard.metric("driftguard_not_inspected_total", reason=reason)

    def resident_kb(self):
        with open(f"/proc/{self.guard.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def check(self, name, reason, *messages):
        with self.subTest(name):
            before = None if reason is None else self.not_inspected(reason)
            direct, guarded = self.answers(*messages)
            self.assertTrue(direct, name)
            self.assertEqual(guarded, direct)
            if reason is not None:
                self.assertEqual(self.not_inspected(reason) - before, 1, name)

    def test_it_is_forwarded_and_its_answer_comes_back(self):
        before = self.resident_kb()
        for name, (text, reason) in HOSTILE.items():
            self.check(f"{name}, Query", reason, wire.message("Q", text + b"\0"))
            # One that is not executed is not counted.
            self.check(f"{name}, Parse", None, wire.message("P", b"\0" + text + b"\0\0\0"), wire.SYNC)
        self.assertLess(self.resident_kb() - before, GROWTH_KB)

    def test_tens_of_thousands_of_parameters(self):
        for n in (60000, 65535):
            text = b"SELECT $1::int + $%d::int" % n
            types = struct.pack("!H", n) + struct.pack("!I", 23) * n
            parse = wire.message("P", b"\0" + text + b"\0" + types)
            values = struct.pack("!H", n) + (struct.pack("!i", 1) + b"7") * n
            bind = wire.message("B", b"\0\0" + struct.pack("!H", 0) + values + struct.pack("!H", 0))
            self.check(f"{n} types and values", None, parse, bind, wire.execute(), wire.SYNC)

    def test_somebody_else_is_answered_meanwhile(self):
        with self.guard.connect() as other, wire.Wire(self.guard.port, "postgres", timeout=120) as connection:
            for text, _ in HOSTILE.values():
                connection.send(wire.message("Q", text.replace(b"\0", b"") + b"\0"))
                self.assertEqual(other.execute("SELECT 1").fetchone(), (1,))
                connection.until("Z")


class EveryMode(unittest.TestCase):
    def test_in_every_mode_unparsable_sql_gets_the_servers_own_error(self):
        with Cluster() as cluster:
            for mode in MODES:
                with self.subTest(mode), Guard(cluster, mode) as guard:
                    errors = []
                    for target in (cluster, guard):
                        with target.connect() as connection, self.assertRaises(psycopg.errors.SyntaxError) as caught:
                            connection.execute("SELECT FROM WHERE")
                        errors.append(str(caught.exception))
                    self.assertEqual(*errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
