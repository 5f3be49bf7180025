"""Nothing that a client sends reaches the log as it is: no control byte, no line of its own, no length without bound."""

import json
import re
import unittest

import wire
from cluster import Cluster
from guard import Guard

LINE_MAX_BYTES = 8192
TEXT_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) \w+: [^\x00-\x1f\x7f]*$")
# What a log must not repeat, with a mark to look for.
EVIL = [b"MARK\x1b[31mred\x1b[0m", b"MARK\n2026-01-01T00:00:00.000Z info forged: by a client", b"MARK\r\x08\x07bell", b"MARK\xff\xfe\xc3(\xed\xa0\x80",
        b"MARK" + b"x" * 10_000, b'MARK"} {"level":"error', b"MARK\xe2\x80\xae\xc2\x85\xe2\x80\xa8", b"MARK %s%n%n %08x", b"MARK\\u001b\\n"]


class LogCase(unittest.TestCase):
    """A guard that logs all it can, in one format."""

    format = "text"

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE TABLE t (a int)")
        settings = [f"log.format={cls.format}", "log.level=debug", "schema.poll_ms=0", "relay.startup_timeout_ms=100"]
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "annotate", settings))
        cls.guard.wait_until(lambda: cls.guard.metric("driftguard_snapshot_loaded") == 1, "the first snapshot")

    def send(self, data, wait="Z"):
        with wire.Connection(self.guard.port) as connection:
            connection.send(data)
            return connection.read_until(wait)

    def lines(self):
        with open(self.guard._log_path, "rb") as file:
            return file.read().split(b"\n")[:-1]

    def check_log(self):
        lines = self.lines()
        self.assertGreater(len(lines), 3)
        for line in lines:
            self.assertLess(len(line), LINE_MAX_BYTES)
            text = line.decode("utf-8")  # raises where it is none
            if self.format == "json":
                self.assertIn("event", json.loads(text))
                self.assertIsNone(re.search(r"[\x00-\x1f\x7f]", text))
            else:
                self.assertRegex(text, TEXT_LINE)
            self.assertFalse(text.startswith("2026-01-01T00:00:00.000Z"), "a forged line")

    def test_names_of_a_start_up_packet(self):
        for evil in EVIL:
            clean = evil.replace(b"\0", b"")
            for name in ("user", "database", "application_name", "options", "search_path", "replication", "nobody_knows_it"):
                parameters = {"user": "postgres", "database": "postgres", name: clean}
                self.send(wire.startup(**parameters))
            self.send(wire.startup(**{"user": "postgres", "database": "postgres", "MARK\x1b\n": "1"}))
        self.check_log()

    def test_statements_and_their_names(self):
        for evil in EVIL:
            with wire.Connection(self.guard.port) as connection:
                connection.login(application_name=evil, client_encoding="SQL_ASCII")
                for sql in (b"select " + evil, b"select '" + evil + b"' from nowhere", b'select "' + evil + b'" from t', b'create table "' + evil + b'" (a int)',
                            b"set application_name = '" + evil.replace(b"'", b"") + b"'", b"set search_path = '" + evil.replace(b"'", b"") + b"'", b'select nope from t /*app=' + evil + b"*/"):
                    connection.ask(wire.query(sql))
                connection.ask(wire.parse(b"select nope from t", evil) + wire.bind(statement=evil, portal=evil) + wire.execute(evil) + wire.SYNC)
                connection.ask(wire.parse(b"select $1::int", evil) + wire.bind(evil, statement=evil) + wire.execute() + wire.SYNC)
                connection.ask(wire.query(b"drop table if exists \"" + evil + b"\""))
        self.check_log()
        self.assertIn(b"MARK", b"".join(self.lines()), "names of columns that drifted are told, and so they were seen here")

    def test_bytes_that_are_no_protocol(self):
        for evil in EVIL:
            for data in (evil, b"\0\0\x10\0" + evil, b"\0\0\0\x08\x04\xd2\x16\x2f" + evil, b"\x16\x03\x01\x02\x00" + evil, b"PROXY TCP4 " + evil + b"\r\n", b"GET /" + evil + b" HTTP/1.1\r\n\r\n"):
                self.send(data, "EOF")
            self.guard.get("/" + "".join(f"%{byte:02x}" for byte in evil[:500]))
        self.check_log()


class JsonLog(LogCase):
    format = "json"


if __name__ == "__main__":
    unittest.main()
