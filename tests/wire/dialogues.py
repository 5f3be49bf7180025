"""Conversations drawn from a seed: valid ones, slightly invalid ones, and changes of the schema in between.

A Dialogue is a start-up packet's parameters, steps, and an ending. A step is bytes to send ("say"), or statements that
somebody else runs in the same database meanwhile ("drift"). What a message says is drawn from small sets of statements,
names and values, so that messages meet: a Bind finds its statement about as often as not.

Whatever is drawn, the server's answers are the same each time: no times, no process ids, no sleeping.
"""

import dataclasses
import random
import struct

from wire import (COPY_DONE, FLUSH, SYNC, TERMINATE, bind, close, copy_data, copy_fail, describe, execute, function_call, message, parse,
                  query)

SCHEMA = """
create table t (a int primary key, b text, c int default 7);
create table u (a int, d text not null);
create schema if not exists s2;
create table s2.t (a int, x text);
insert into t select i, 'row ' || i from generate_series(1, 5) i;
insert into u values (1, 'one'), (2, 'two');
"""
DROP = "drop schema public cascade; create schema public; drop schema if exists s2 cascade; drop schema if exists s3 cascade;"
# What becomes of the schema behind the session's back, and may become of it by the session's own statements.
CHANGES = (
    "alter table t rename column b to bb", "alter table t rename column bb to b", "alter table t drop column if exists c",
    "alter table t add column if not exists c int", "alter table u rename to v", "alter table v rename to u", "drop table if exists u",
    "create table if not exists u (a int, d text not null)", "alter table s2.t rename column x to y", "alter table s2.t rename column y to x",
    "alter table t alter column c type text", "create schema if not exists s3", "alter table u set schema s3", "drop schema if exists s3 cascade",
    "alter table u add e int not null default 1", "truncate u",
)
LONG = "i" * 70
WIDE = "\u00e9" * 40  # 80 bytes, cut within a letter or not
READS = (
    "select a, b from t order by a", "select b from t", "select bb from t", "select t.a, u.d from t join u using (a)", "select d from u",
    "select * from t order by 1", "select a from s2.t", "select x from s2.t", "select y, a from s2.t", "select nope from t", "select t.c from t",
    "select 1", "select 1/0", "selekt", "", " ; ", "/* only */", "select 'd\u00e9j\u00e0', b from t", "select b, '\u65e5\u672c' from t as tt",
    f"select 1 as {LONG}", f"select {LONG} from t", f"select {WIDE} from t", f"select 1 as {WIDE}, nope from t", "select generate_series(1, 5)",
    "select repeat('x', 3000) from generate_series(1, 40)", "select i, repeat('y', i) from generate_series(1, 300) i",
    "select 1 / (4 - i) from generate_series(1, 9) i", "table t", "values (1), (2)", "EXPLAIN (costs off) select b from t", "select 'a\\'b'",
    "select E'a\\'b', b from t", "select $$nope$$, c from t", "select count(*) from t", "select from v", "select * from s3.u", "show search_path",
    "with w as (select b from t) select w.b, w.nope from w", "select nope()", "select 1::nope", "select (select d from u limit 1)",
)
WRITES = (
    "insert into t values (8, 'eight')", "insert into t (a, b) values (9, 'nine') on conflict do nothing", "insert into u values (3, null)",
    "insert into u (a) values (4)", "update t set b = b || '!' returning a, b", "update t set nope = 1", "delete from u where a = 1 returning *",
    "delete from t where bb is null", "insert into s2.t values (1, 'x')", "with n as (insert into u values (5, 'five') returning a) select a from n",
)
TRANSACTIONS = (
    "begin", "begin", "commit", "commit", "rollback", "savepoint s", "rollback to s", "release s", "begin; select 1", "commit and chain",
    "begin isolation level serializable read only", "rollback; select 1", "end",
)
SESSION = (
    "set search_path = s2, public", "set search_path = public", "set search_path = nowhere", "set local search_path = s2", "reset all",
    "set client_encoding = 'LATIN1'", "set client_encoding = 'UTF8'", "set client_encoding = 'nope'", "set standard_conforming_strings = off",
    "set standard_conforming_strings = on", "set application_name = 'app'", "set datestyle = 'German'", "set timezone = 'Asia/Tokyo'",
    "discard all", "deallocate all", "deallocate n", "prepare n as select b from t", "prepare n (int) as select $1 + 1", "execute n", "execute n (1)",
    "listen c", "notify c, 'told'", "unlisten *", "do $$begin raise notice 'one'; raise warning 'two'; end$$",
    "do $$begin perform nope from t; end$$", "set role postgres", "set role nobody", "create temporary table t (a int, z text)",
    "create temporary table if not exists w (a int)", "drop table if exists w", "declare c cursor for select a from t order by a",
    "fetch 2 from c", "close c", "set bytea_output = 'escape'", "set client_min_messages = 'error'", "reset client_min_messages",
    "create or replace view vv as select b from t", "select * from vv", "drop view if exists vv",
)
SEVERAL = ("select 1; select b from t", "select 1; select nope from t; select 2", "insert into u values (6, 'six'); select 1/0",
           "begin; insert into u values (7, 'seven'); commit; select nope from u", "set client_encoding = 'LATIN1'; select \"nop\u00e9\"",
           "set local timezone = 'UTC'; select 1; rollback; select 2", "create table if not exists made (a int); select b from made; select 3")
WITH_PARAMETERS = ("select $1::int + 1", "select $1, b from t where a = $1::int", "insert into t values ($1, $2)", "select $2::text, $1::int, nope from t",
                   "select b from t where a = any($1::int[])", "update t set b = $1 where a = $2", "select $1", "select $3::int")
COPIES = ("copy t from stdin", "copy u from stdin (format csv)", "copy t to stdout", "copy (select b from t order by 1) to stdout",
          "copy t (nope) from stdin", "copy t from stdin; select 1", "copy t from stdin; copy u from stdin", "copy nope from stdin",
          "select 1; copy t from stdin; select b from t", "copy s2.t to stdout (format binary)")
COPY_LINES = (b"11\televen\t1\n", b"12\ttwelve\t2\n13\tth", b"irteen\t3\n", b"1\tagain\t1\n", b"bad\n", b"", b"14,x\n", b"\\.\n", b"15\tx\t\\N\n", b"\xff\t\n")
# Repeated by themselves, since that is what a breaker is for; of names that no change brings back.
MISSING = ("select nope from t", "select t.nope, 'it''s' from t", "select 1 from nope", "update t set nope = 1", "insert into t (nope) values (1)",
           "select nope.a from t", "delete from t where nope = 1 and b = 'x'", "select a from t order by nope")
NAMES = ("", "", "", "s", "s", "n", "p", "s\u00e9", "m" * 63 + "a", "m" * 63 + "b")
VALUES = ("1", "7", None, "x", "", "{1,2}", b"\xff", b"\0\0\0\1", "y" * 5000)
OIDS = (0, 23, 25, 20, 1007, 3_999_999_999)
FUNCTIONS = (1397, 1397, 870, 4_000_000_000, 0)  # abs(integer), lower(text), none
UNKNOWN_TYPES = "\0\1!0GNTWavz~\x80\xffRZK"


@dataclasses.dataclass
class Step:
    pieces: list  # of bytes; for "drift": of statements
    kind: str = "say"

    @property
    def data(self):
        return b"".join(self.pieces)


@dataclasses.dataclass
class Dialogue:
    parameters: dict
    steps: list
    ending: str  # "terminate" or "half"
    is_hurried: bool = False  # the client waits for no answers; then there is no drift, since nobody knew when


class Draw:
    """Draws a Dialogue from a seed. `wildness` is how much of it is not as the protocol has it."""

    def __init__(self, seed, wildness=None):
        self._random = random.Random(seed)
        self._wildness = self._random.choice((0, 0.02, 0.1)) if wildness is None else wildness
        self._recent = []

    def dialogue(self):
        steps = [self._step() for _ in range(self._random.randint(2, 12))]
        if self.happens(0.35):
            at = self._random.randrange(len(steps) + 1)
            steps[at:at] = self._storm()
        is_hurried = self.happens(0.3)
        if is_hurried:
            steps = [step for step in steps if step.kind == "say"]
        return Dialogue(self._parameters(), steps, self._any("terminate", "half"), is_hurried)

    def _any(self, *things):
        return self._random.choice(things)

    def happens(self, chance):
        return self._random.random() < chance

    def _parameters(self):
        parameters = {}
        if self.happens(0.3):
            parameters["application_name"] = self._any("", "app", "\u00e9\u00e8", "x" * 3000)
        if self.happens(0.15):
            parameters["client_encoding"] = self._any("UTF8", "LATIN1", "SQL_ASCII", "utf-8")
        if self.happens(0.15):
            parameters["options"] = self._any("-c search_path=s2,public", "-c geqo=off", r"-c search_path=s2,\ public", "--search_path=s2", "-c nope=1")
        if self.happens(0.1):
            parameters["_pq_.later"] = "on"
        if self.happens(0.06):
            parameters[self._any("search_path", "Search_Path", "datestyle", "role", "nonsense")] = self._any("s2", "postgres", "German")
        if self.happens(0.05):
            parameters["replication"] = self._any("database", "off", "0", "on ")
        return parameters

    def _step(self):
        if self.happens(0.12):
            return Step([self._any(*CHANGES) for _ in range(self._any(1, 1, 2))], "drift")
        pieces = []
        for _ in range(self._any(1, 1, 2, 3, 5, 8)):
            if self._recent and self.happens(0.3):
                pieces.append(self._any(*self._recent[-5:]))
            else:
                pieces.append(self._piece())
                self._recent.append(pieces[-1])
        return Step(pieces)

    def _storm(self):
        """The same error again and again, each time awaited; now and then something behind it, or between."""
        sql = self._any(*MISSING)
        piece = self._any(query(sql), query(sql), parse(sql) + bind() + describe() + execute() + SYNC, parse(sql, "s") + describe("S", "s") + SYNC,
                          parse(sql) + FLUSH + bind() + execute() + SYNC)
        steps = []
        for _ in range(self._any(4, 6, 9)):
            steps.append(Step([piece, self._piece()] if self.happens(0.2) else [piece]))
            if self.happens(0.25):
                steps.append(Step([self._any(SYNC, parse("select 1") + SYNC, bind() + execute() + SYNC, self._piece())]))
        return steps

    def _sql(self):
        kinds = (READS, WRITES, TRANSACTIONS, SESSION, SEVERAL, CHANGES, COPIES)
        sql = self._any(*self._random.choices(kinds, (44, 10, 12, 16, 6, 6, 6))[0])
        if self.happens(0.03):
            sql = f"/* {'z' * self._any(10, 8100, 70_000)} */ " + sql
        return sql.encode("latin-1") if self.happens(0.05) and all(ord(c) < 256 for c in sql) else sql

    def _piece(self):
        makers = (self._query, self._batch, self._single, self._copy, self._call, self._wild)
        return self._random.choices(makers, (26, 28, 26, 6, 2, 100 * self._wildness))[0]()

    def _query(self):
        return query(self._sql())

    def _parse(self, name):
        if self.happens(0.25):
            return parse(self._any(*WITH_PARAMETERS), name, [self._any(*OIDS) for _ in range(self._any(0, 1, 2))])
        return parse(self._sql(), name)

    def _bind(self, portal, statement):
        values = [self._any(*VALUES) for _ in range(self._any(0, 0, 0, 1, 2))]
        return bind(*values, portal=portal, statement=statement, formats=self._any((), (), (), (0,), (1,), (0, 1), (7,)))

    def _batch(self):
        name, portal = self._any(*NAMES), self._any("", "", "", *NAMES)
        parts = [self._parse(name), self._bind(portal, name), describe("P", portal), execute(portal, self._any(0, 0, 0, 1, 2, 4_294_967_295)),
                 self._any(b"", b"", close("P", portal), close("S", name), execute(portal))]
        if self.happens(0.2):
            parts.insert(1, describe("S", name) + (FLUSH if self.happens(0.5) else b""))
        parts = [part for part in parts if not self.happens(0.08)]
        return b"".join(parts) + self._any(SYNC, SYNC, SYNC, SYNC, FLUSH, b"", SYNC + SYNC)

    def _single(self):
        name, other = self._any(*NAMES), self._any(*NAMES)
        return self._any(SYNC, SYNC, SYNC, FLUSH, self._parse(name), self._bind(other, name), describe(self._any("S", "P"), name),
                         execute(name, self._any(0, 0, 1, 2)), close(self._any("S", "P"), name))

    def _copy(self):
        lines = b"".join(copy_data(self._any(*COPY_LINES)) for _ in range(self._any(0, 1, 2, 3)))
        end = self._any(COPY_DONE, COPY_DONE, COPY_DONE + SYNC, copy_fail("no more"), copy_fail("no") + SYNC, b"", SYNC + COPY_DONE)
        sql = self._any(*COPIES)
        begin = self._any(query(sql), query(sql), parse(sql) + bind() + execute(), parse(sql) + bind() + execute() + self._any(SYNC, FLUSH), b"")
        return begin + lines + end

    def _call(self):
        arguments = self._any((struct.pack("!i", -5),), (b"ABC",), (), (b"\0\0\0\1", b"\0\0\0\2"))
        return function_call(self._any(*FUNCTIONS), *arguments)

    def _wild(self):
        draw = self._random.random()
        if draw < 0.04:
            return TERMINATE
        if draw < 0.10:
            return message(self._any(*UNKNOWN_TYPES), b"what")
        if draw < 0.25:  # bytes, with a header that is true
            return message(self._any(*"QPBDCEFHSdcf"), self._random.randbytes(self._any(0, 1, 2, 5, 9, 40)))
        return self._bent(self._any(self._query, self._single, self._single, self._call)())

    def _bent(self, whole):
        """A message whose body is cut, longer, or has one other byte; its length is true."""
        body = bytearray(whole[5:5 + struct.unpack("!I", whole[1:5])[0] - 4])
        how = self._any("cut", "longer", "other", "other")
        if how == "cut":
            body = body[:self._random.randrange(len(body) + 1)]
        elif how == "longer":
            body += self._random.randbytes(self._any(1, 2, 4))
        elif body:
            body[self._random.randrange(len(body))] = self._random.randrange(256)
        return message(whole[:1].decode("latin-1"), bytes(body))

    def cuts(self, data):
        """`data` in segments."""
        how = self._any("one", "one", "few", "few", "many", "bytes")
        if how == "one" or len(data) < 2:
            return [data]
        if how == "bytes" and len(data) < 1500:
            return [data[i:i + 1] for i in range(len(data))]
        n = min(len(data) - 1, self._any(1, 2, 3) if how == "few" else 40)
        places = sorted(self._random.sample(range(1, len(data)), n))
        return [data[i:j] for i, j in zip([0, *places], [*places, len(data)])]
