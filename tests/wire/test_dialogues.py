"""Conversations that nobody wrote, straight to PostgreSQL and through the guard: the same replies, the same tables after it.

"held" is the puppet, which makes every statement and error wait; "tls" is enforce with TLS on both legs.

Each side has a database of its own, which begins the same. A dialogue (dialogues.py) is played straight first: what has
been said by the end of each step says how much the others wait for. Where the guard explains errors, an error may be the
server's with the guard's words behind its own.

Seeds are fixed. To hunt: test_dialogues.py FIRST_SEED N_DIALOGUES; a dialogue that differs is cut down to the pieces that
matter and printed.
"""

import collections
import copy
import select
import ssl
import struct
import sys
import time
import unittest

import psycopg
from certificates import Authority
from cluster import Cluster
from dialogues import CHANGES, DROP, SCHEMA, Draw
from guard import Guard
from puppet import Puppet
from test_tls import TlsConnection
from wire import EOF, TERMINATE, Connection, is_explained, masked, startup

SEEDS = range(1, 11)
MODES = ("off", "observe", "annotate", "enforce", "held", "tls")
EXPLAINING = ("annotate", "enforce", "tls")
SETTINGS = ["schema.min_reload_interval_ms=0", "enforce.repeat_ttl_ms=1000"]
QUIET_S = 0.015  # nothing more is said straight away
SETTLED_S = 0.1  # and what was sent has been executed, also where nothing is said of it yet: locks are where they will be
PATIENCE_S = 20
CONTENTS = """
select schema_to_xml('public', true, false, '')::text || coalesce(
    (select table_to_xml(c.oid, true, false, '')::text from pg_class c where c.oid = to_regclass('s2.t')), '') || coalesce(
    (select string_agg(concat_ws(' ', nspname, relname, attname, atttypid::regtype), ',' order by nspname, relname, attnum)
     from pg_namespace n left join pg_class c on n.oid = relnamespace left join pg_attribute on attrelid = c.oid and attnum > 0
     where nspname in ('public', 's2', 's3')), '')"""


class Listener:
    """Gathers what a connection says, in messages."""

    def __init__(self, connection):
        self._socket = connection.socket
        self._bytes = b""
        self.messages = []

    @property
    def has_ended(self):
        return self.messages[-1:] == [EOF]

    def hear(self, seconds):
        """False if nothing was said for so long."""
        has_more = getattr(self._socket, "pending", lambda: 0)()
        if self.has_ended or not has_more and not select.select([self._socket], [], [], seconds)[0]:
            return False
        try:
            data = self._socket.recv(1 << 18)
        except (ConnectionResetError, ssl.SSLError):
            data = b""
        self._bytes += data
        at = 0
        while len(self._bytes) - at >= 5:
            end = at + 1 + struct.unpack_from("!I", self._bytes, at + 1)[0]
            if end > len(self._bytes):
                break
            self.messages.append(masked(self._bytes[at:end]))
            at = end
        self._bytes = self._bytes[at:]
        if not data:
            self.messages += [self._bytes, EOF] if self._bytes else [EOF]
        return True

    def hear_until(self, n_messages):
        """False if they do not come."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.messages) < n_messages and not self.has_ended:
            if time.monotonic() > deadline:
                return False
            self.hear(1)
        return True


class Side:
    """One way to the server, with a database of its own."""

    def __init__(self, name, port, cluster):
        self.name = name
        self.port = port
        self.database = f"side_{name}"
        cluster.psql(f"create database {self.database}")
        self.admin = cluster.connect(database=self.database)
        self.admin.execute("set lock_timeout = '100ms'; set client_min_messages = 'error'")
        self._pristine = None
        self.begin_anew()

    def begin_anew(self):
        if self._pristine is None or self.contents() != self._pristine:
            self.admin.execute("set lock_timeout = '20s'")
            self.admin.execute(DROP + SCHEMA)
            self.admin.execute("set lock_timeout = '100ms'")
            self._pristine = self.contents()

    def contents(self):
        return self.admin.execute(CONTENTS).fetchone()[0]

    def drift(self, statements):
        """What became of each."""
        said = []
        for sql in statements:
            try:
                self.admin.execute(sql)
                said.append(b"done")
            except psycopg.Error as error:
                said.append(str(error.sqlstate).encode())
        return said

    def play(self, dialogue, draw, counts=None):
        """(messages, how many there were whenever answers were awaited). counts: wait for so many."""
        seen, counts, drifts = [], iter(counts or ()), []
        with (TlsConnection if self.name == "tls" else Connection)(self.port) as connection:
            listener = Listener(connection)
            steps = [("say", startup(**{"user": "postgres", "database": self.database, **dialogue.parameters}))]
            steps += [(step.kind, step.pieces if step.kind == "drift" else step.data) for step in dialogue.steps]
            for kind, what in steps:
                if kind == "say":
                    self.say(connection, listener, draw, what)
                if not dialogue.is_hurried:
                    if not self.await_answers(listener, next(counts, None)):
                        listener.messages.append(b"NOTHING MORE COMES")
                        return listener.messages + drifts, seen
                    seen.append(len(listener.messages))
                if kind == "drift":
                    time.sleep(SETTLED_S)
                    drifts += self.drift(what)
            if dialogue.ending == "terminate":
                connection.send(TERMINATE)
            else:
                self.half_close(connection)
            if not listener.hear_until(1 << 30):
                listener.messages.append(b"IT DOES NOT END")
        return listener.messages + drifts, seen

    def say(self, connection, listener, draw, data):
        for segment in draw.cuts(data):
            connection.send(segment)
            while listener.hear(0):  # or both might wait for the other to read
                pass
            if draw.happens(0.03):
                time.sleep(0.002)

    def await_answers(self, listener, count):
        if count is not None:
            return listener.hear_until(count)
        while listener.hear(QUIET_S):
            pass
        return True

    def half_close(self, connection):
        try:
            connection.socket.shutdown(1)
        except OSError:
            pass


def same(mode, got, expected):
    """True if these messages may stand for one another."""
    if len(got) != len(expected):
        return False
    return all(mine == own or mode in EXPLAINING and is_explained(mine, own) for mine, own in zip(got, expected))


class Dialogues(unittest.TestCase):
    seeds = SEEDS
    hunts = False

    @classmethod
    def setUpClass(cls):
        issued = Authority("authority").issue("both", "localhost")
        cls.cluster = cls.enterClassContext(Cluster({"autovacuum": "off", "max_connections": "60", "ssl": "on", "ssl_cert_file": issued.cert,
                                                     "ssl_key_file": issued.key}))
        tls = ["server_tls.sslmode=require", "client_tls.sslmode=require", f"client_tls.cert_file={issued.cert}", f"client_tls.key_file={issued.key}"]
        cls.cluster.psql("create role nobody")
        cls.straight = Side("straight", cls.cluster.port, cls.cluster)
        cls.sides, cls.guards = [], {}
        for mode in MODES:
            if mode == "held":
                process = cls.enterClassContext(Puppet(cls.cluster.port, orders="hold 1 linger 1"))
            else:
                process = cls.guards[mode] = cls.enterClassContext(Guard(cls.cluster, "enforce" if mode == "tls" else mode, SETTINGS + (tls if mode == "tls" else [])))
            cls.sides.append(Side(mode, process.port, cls.cluster))
        cls.tally = collections.Counter()
        cls.played = collections.deque(maxlen=3)

    def differences(self, dialogue, seed, sides=None, counts_too=False):
        """[(mode, what it said, what it should have said)]"""
        self.straight.begin_anew()
        self.played.append((seed, dialogue))
        draw = Draw(seed)
        expected, counts = self.straight.play(dialogue, draw)
        tables = self.straight.contents()
        found = []
        for side in sides or self.sides:
            if side.name == "tls" and dialogue.ending == "half":
                continue  # TLS ends with words of its own
            side.begin_anew()
            try:
                got, _ = side.play(dialogue, draw, counts)
            except ConnectionRefusedError:
                self.fail(f"{side.name} is no more; the last dialogues were {list(self.played)[-3:]}")
            own = side.contents()
            if not same(side.name, got, expected):
                found.append((side, got, expected))
            elif own != tables:
                found.append((side, [own.encode()], [tables.encode()]))
            if counts_too:
                self.tally["conversations"] += 1
                self.tally["messages"] += len(got)
                self.tally["explained"] += sum(mine != its for mine, its in zip(got, expected))
        return found

    def test_all_say_the_same(self):
        for seed in self.seeds:
            draw = Draw(seed)
            dialogue = draw.dialogue()
            found = self.differences(dialogue, seed, counts_too=True)
            if self.hunts and seed % 100 == 0:
                print(f"{seed}: {dict(self.tally)}", flush=True)
            if not found:
                continue
            again = self.differences(dialogue, seed, [side for side, _, _ in found])
            again = again or self.differences(dialogue, seed, [side for side, _, _ in found])
            self.tally["differs" if again else "differs once"] += 1
            text = self.told(seed, dialogue, again or found, bool(again))
            if again and not self.hunts:  # once alone may be a busy machine's: what is quiet for long is taken for done
                self.fail(text)
            print(text, flush=True)
        refused = {mode: int(self.guards[mode].metric("driftguard_refusals_total")) for mode in ("enforce", "tls")}
        print(f"{len(self.seeds)} dialogues: {dict(self.tally)}, answered by the guard: {refused}", file=sys.stderr)

    def told(self, seed, dialogue, found, repeats):
        side, got, expected = found[0]
        if repeats:
            dialogue = self.smallest(dialogue, lambda d: bool(self.differences(d, seed, [side])))
            again = self.differences(dialogue, seed, [side])
            if again:
                side, got, expected = again[0]
        at = next((i for i, (mine, own) in enumerate(zip(got, expected)) if not same(side.name, [mine], [own])), min(len(got), len(expected)))
        pieces = "\n  ".join(f"{step.kind} {[p[:200] for p in step.pieces]}" for step in dialogue.steps)
        return (f"== seed {seed}, {[s.name for s, _, _ in found]}, {'always' if repeats else 'once'}: {dialogue.parameters}\n  {pieces}\n  {dialogue.ending}\n"
                f"  at {at}: {[m[:300] for m in got[max(0, at - 2):at + 4]]}\n  instead {[m[:300] for m in expected[max(0, at - 2):at + 4]]}")

    def smallest(self, dialogue, fails):
        """Without the pieces that can be left out."""
        for s in reversed(range(len(dialogue.steps))):
            for p in reversed(range(len(dialogue.steps[s].pieces))):
                fewer = copy.deepcopy(dialogue)
                del fewer.steps[s].pieces[p]
                if fails(fewer):
                    dialogue = fewer
        for name in list(dialogue.parameters):
            fewer = copy.deepcopy(dialogue)
            del fewer.parameters[name]
            if fails(fewer):
                dialogue = fewer
        dialogue.steps = [step for step in dialogue.steps if step.pieces]
        return dialogue


if __name__ == "__main__":
    if len(sys.argv) == 3:
        first, count = (int(word) for word in sys.argv[1:])
        Dialogues.seeds, Dialogues.hunts = range(first, first + count), True
        del sys.argv[1:]
    unittest.main(verbosity=2)
