#!/usr/bin/python3
"""Does the guard know what names mean, whatever a session does? Random walks through transactions, savepoints, settings
and DDL, each step through the guard, and after each walk the guard's own books: a prediction that was not raised
(false_alarm) or an error that it did not foresee (missed) is a defect. `schema.wait_after_ddl_ms` keeps the snapshot
current, so there is no excuse.

The second walk is in `enforce`, side by side with the same walk straight to the server in another database: whatever is
answered, the answers have to be the server's.

Seeds are fixed. To hunt: test_random_walk.py FIRST_SEED N_WALKS N_STEPS; a walk that fails is cut down to the steps
that matter and printed.
"""

import random
import sys
import unittest

from cluster import Cluster
from guard import Guard
from support import await_snapshot
from wire import SYNC, Wire, bind, close, describe, error_fields, execute, parse, query

SEEDS = range(1, 28)
N_STEPS = 30
SETTINGS = ("schema.poll_ms=0", "schema.min_reload_interval_ms=0")
SCHEMAS = ("public", "s1", "s2")
TABLES = ("t1", "t2", "t3", "u1")
COLUMNS = ("a", "b", "c")
BEGINNING = """BEGIN;
DROP SCHEMA IF EXISTS s1, s2, s3, walker CASCADE;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public; CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE SCHEMA walker;
CREATE TABLE public.t1 (a int, b int); CREATE TABLE s1.t1 (a int, c int); CREATE TABLE s1.t2 (b int);
CREATE TABLE s2.t2 (c int, a int); CREATE TABLE s2.t3 (a int); CREATE TABLE walker.t3 (b int); CREATE TABLE u1 (a int);
GRANT ALL ON SCHEMA public, s1, s2, walker TO public;
GRANT ALL ON ALL TABLES IN SCHEMA public, s1, s2, walker TO public;
COMMIT"""


class Walk:
    """Statements drawn from a seed. `{s}` and its like in the templates are drawn anew each time."""

    TRANSACTIONS = ("BEGIN", "BEGIN", "START TRANSACTION", "COMMIT", "COMMIT", "END", "ROLLBACK", "ROLLBACK", "ABORT",
                    "SAVEPOINT {sp}", "SAVEPOINT {sp}", "ROLLBACK TO {sp}", "ROLLBACK TO {sp}", "RELEASE {sp}",
                    "COMMIT AND CHAIN", "ROLLBACK AND CHAIN")
    SESSION = ("SET search_path = {path}", "SET search_path TO {path}", "SET LOCAL search_path = {path}",
               "SET SESSION search_path = {path}", "RESET search_path", "RESET ALL", "SET search_path TO DEFAULT",
               "SET LOCAL search_path TO DEFAULT", "SET SCHEMA '{s}'", "DISCARD ALL", "DISCARD TEMP",
               "SELECT set_config('search_path', '{value}', {bool})",
               "SELECT pg_catalog.set_config('search_path', '{value}', false), 1",
               "WITH x AS (SELECT set_config('search_path', '{value}', false)) SELECT * FROM x",
               "DO $$ begin perform set_config('search_path', '{value}', false); end $$",
               "DO $$ begin set local search_path = {s}; end $$",
               "SET ROLE walker", "RESET ROLE", "SET ROLE none", "SET LOCAL ROLE walker",
               "SET SESSION AUTHORIZATION walker", "RESET SESSION AUTHORIZATION")
    CHANGES = ("CREATE TABLE {t} ({c} int)", "CREATE TABLE {t} ({c} int)", "CREATE TEMP TABLE {n} ({c} int)",
               "CREATE TEMP TABLE {n} ({c} int) ON COMMIT DROP", "DROP TABLE IF EXISTS {t}", "DROP TABLE {t}",
               "ALTER TABLE {t} ADD COLUMN {c} int", "ALTER TABLE {t} DROP COLUMN {c}",
               "ALTER TABLE IF EXISTS {t} RENAME COLUMN {c} TO {d}", "ALTER TABLE {t} RENAME TO {n}",
               "ALTER TABLE {t} SET SCHEMA {s}", "CREATE SCHEMA IF NOT EXISTS s3", "DROP SCHEMA IF EXISTS s3 CASCADE",
               "CREATE SCHEMA s3 CREATE TABLE {n} ({c} int)", "ALTER SCHEMA s2 RENAME TO s3",
               "ALTER SCHEMA s3 RENAME TO s2", "CREATE VIEW {t} AS SELECT 1 AS {c}",
               "CREATE OR REPLACE VIEW {t} AS SELECT 1 AS {c}, 2 AS d", "DROP VIEW IF EXISTS {t}",
               "CREATE TEMP VIEW {n} AS SELECT 1 AS {c}", "CREATE TABLE {t} AS SELECT 1 AS {c}",
               "SELECT 1 AS {c} INTO {t}", "SELECT 1 AS {c} INTO TEMP {n}",
               "CREATE MATERIALIZED VIEW {t} AS SELECT 1 AS {c}",
               "DO $$ begin create table {t} ({c} int); end $$", "DO $$ begin create temp table {n} ({c} int); end $$",
               "DO $$ begin execute 'drop table if exists {t}'; end $$", "CREATE SEQUENCE {t}",
               "CREATE TYPE {t} AS ({c} int)",
               "CREATE TABLE {t} (LIKE {t})", "CREATE TABLE {t} () INHERITS ({t})",
               "REVOKE USAGE ON SCHEMA s1 FROM public",
               "CREATE FUNCTION public.{c}(public.t1) RETURNS int LANGUAGE sql AS 'select 1'")
    READS = ("SELECT {c} FROM {t}", "SELECT {c} FROM {t}", "SELECT {c} FROM {t}", "SELECT {c} FROM u1",
             "SELECT {c} FROM u1",
             "SELECT x.{c} FROM {t} x", "SELECT {c}, {d} FROM {t}", "INSERT INTO {t} ({c}) VALUES (1)",
             "UPDATE {t} SET {c} = 1", "UPDATE {t} SET {c} = {d}", "DELETE FROM {t} WHERE {c} = 1",
             "SELECT x.{c}, y.{d} FROM {t} x, {t} y", "SELECT 1 FROM {t} x JOIN {t} y USING ({c})",
             "WITH {n} AS (SELECT 1 AS {c}) SELECT {d} FROM {t}", "SELECT * FROM {t}",
             "SELECT (SELECT {c} FROM {t}) FROM {t}",
             "INSERT INTO {t} ({c}) SELECT {d} FROM {t} RETURNING {d}", "EXPLAIN SELECT {c} FROM {t}", "TABLE {t}",
             "SELECT {c} FROM {t} UNION SELECT {d} FROM {t}", "SELECT t1.{c} FROM {t}", "LOCK TABLE {t}",
             "PREPARE p AS SELECT {c} FROM {t}", "EXECUTE p", "DEALLOCATE ALL", "COPY (SELECT {c} FROM {t}) TO STDOUT",
             "DECLARE cur CURSOR FOR SELECT {c} FROM {t}")

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._recent = []

    def _relation(self):
        draw = self._random.random()
        name = self._random.choice(TABLES)
        if draw < 0.3:
            return f"{self._random.choice((*SCHEMAS, 's3'))}.{name}"
        return f"pg_temp.{name}" if draw < 0.34 else name

    def _path(self):
        names = (*SCHEMAS, "s3", '"$user"', "pg_temp", "nosuch", "pg_catalog")
        return ", ".join(self._random.sample(names, self._random.choice((1, 1, 2, 2, 3))))

    def _fill(self, template):
        """Each place is filled on its own, so that {t} twice may be two relations."""
        makers = {"s": lambda: self._random.choice((*SCHEMAS, "s3")), "t": self._relation, "path": self._path,
                  "n": lambda: self._random.choice(TABLES), "c": lambda: self._random.choice(COLUMNS),
                  "d": lambda: self._random.choice(COLUMNS), "sp": lambda: self._random.choice(("sa", "sb")),
                  "bool": lambda: self._random.choice(("true", "false")), "value": self._path}
        parts = template.split("{")
        filled = parts[0]
        for part in parts[1:]:
            place, rest = part.split("}", 1)
            filled += makers[place]() + rest
        return filled

    def statement(self):
        kind = self._random.choices((self.TRANSACTIONS, self.SESSION, self.CHANGES, self.READS), (18, 16, 18, 48))[0]
        return self._fill(self._random.choice(kind))

    def _step(self):
        """("simple", sql), ("extended", sql), ("pipeline", [sql, ...]), ("prepare", name, sql) or ("run", name)."""
        draw = self._random.random()
        name = f"n{self._random.randrange(2)}"
        if draw < 0.55:
            return "simple", self.statement()
        if draw < 0.65:
            return "simple", "; ".join(self.statement() for _ in range(2))
        if draw < 0.82:
            return "extended", self.statement()
        if draw < 0.87:
            return "prepare", name, self._fill(self._random.choice(self.READS))
        return ("run", name) if draw < 0.93 else ("pipeline", [self.statement() for _ in range(3)])

    def steps(self, n):
        """Every fourth step repeats one of the last few, as applications do; it is what a breaker is for."""
        steps = []
        for _ in range(n):
            repeats = steps and self._random.random() < 0.25
            steps.append(self._random.choice(steps[-4:]) if repeats else self._step())
        return steps


def messages_of(step):
    kind, what = step[0], step[1]
    if kind == "simple":
        return query(what)
    if kind == "extended":
        return parse(what) + bind() + describe("", "P") + execute() + SYNC
    if kind == "prepare":
        return close(what) + parse(step[2], what) + SYNC
    if kind == "run":
        return bind(what) + execute() + SYNC
    return b"".join(parse(sql) + bind() + execute() for sql in what) + SYNC


def take(wire, step):
    """Sends the step and reads its answer to the ReadyForQuery."""
    wire.send(messages_of(step))
    answer = wire.until_ready()
    if not answer or answer[-1][0] != "Z":
        raise AssertionError(f"the connection was lost at {step}")
    return answer


def begin_anew(port, database):
    """The same schema at the beginning of each walk; the guard is told, since it comes through the guard."""
    with Wire(port, database) as wire:
        errors = [error_fields(body) for kind, body in take(wire, ("simple", BEGINNING)) if kind == "E"]
        assert not errors, errors
        take(wire, ("simple", "SELECT 1"))  # waits for the read


def comparable(message):
    """What must not differ. Explanations may, and oids do: of rows and their description only the sizes count."""
    kind, body = message
    if kind == "E":
        fields = error_fields(body)
        return kind, {name: text for name, text in fields.items() if name not in "DHstc"}
    return (kind, len(body)) if kind in "TDAN" else message


def first_difference(steps, ours, straight):
    """The step whose answers differ, or None."""
    for step in steps:
        one, other = take(ours, step), take(straight, step)
        if [comparable(message) for message in one] != [comparable(message) for message in other]:
            return step, one, other
    return None


def smallest(steps, fails):
    """Leaves out what can be left out: halves first, single steps last."""
    size = max(1, len(steps) // 2)
    while size > 0:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size:]
            if fails(fewer):
                steps = fewer
            else:
                at += size
        size //= 2
    return steps


class RandomWalk(unittest.TestCase):
    seeds = SEEDS
    n_steps = N_STEPS

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE ROLE walker; GRANT CREATE ON DATABASE postgres TO walker")

    def start(self, mode, *settings):
        guard = self.enterContext(Guard(self.cluster, mode, (*SETTINGS, *settings)))
        with Wire(guard.port, "postgres"):
            await_snapshot(guard, "postgres")
        return guard

    def test_no_prediction_is_contradicted_and_none_is_missed(self):
        guard = self.start("annotate", "schema.wait_after_ddl_ms=5000")

        def wrong():
            return sum(guard.metric("driftguard_predictions_total", outcome=o) for o in ("false_alarm", "missed"))

        def fails(steps):
            before = wrong()
            begin_anew(guard.port, "postgres")
            with Wire(guard.port, "postgres") as wire:
                take(wire, ("simple", "SELECT 1"))
                for step in steps:
                    take(wire, step)
            # A false alarm is counted when the catalog read that supports it is back: one more read comes behind it.
            begin_anew(guard.port, "postgres")
            return wrong() > before

        for seed in self.seeds:
            steps = Walk(seed).steps(self.n_steps)
            if fails(steps):
                self.fail(f"seed {seed}, the steps that matter: {smallest(steps, fails)}")
        self.assertGreater(guard.metric("driftguard_predictions_total", outcome="predicted_raised"), len(self.seeds))

    def test_enforce_answers_as_the_server_does(self):
        self.cluster.psql("CREATE DATABASE straight")
        self.cluster.psql("GRANT CREATE ON DATABASE straight TO walker")
        guard = self.start("enforce")

        def differs(steps):
            begin_anew(guard.port, "postgres")
            begin_anew(self.cluster.port, "straight")
            with Wire(guard.port, "postgres") as ours, Wire(self.cluster.port, "straight") as straight:
                return first_difference(steps, ours, straight)

        for seed in self.seeds:
            steps = Walk(seed).steps(self.n_steps)
            difference = differs(steps)
            if difference:
                self.fail(f"seed {seed}, {difference}, the steps that matter: {smallest(steps, differs)}")
        self.assertGreater(guard.metric("driftguard_refusals_total"), 0, "the breaker never acted")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        first, count, RandomWalk.n_steps = (int(word) for word in sys.argv[1:])
        RandomWalk.seeds = range(first, first + count)
        del sys.argv[1:]
    unittest.main(verbosity=2)
