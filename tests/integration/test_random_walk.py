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
import re
import sys
import unittest

from cluster import Cluster
from guard import Guard
from support import await_snapshot
from walk_words import BEGINNING, CHANGES, CONTRACTS, PREPARED, READS, SESSION, TRANSACTIONS
from wire import SYNC, Wire, bind, close, describe, error_fields, execute, parse, query

SEEDS = range(1, 28)
N_STEPS = 30
SETTINGS = ("schema.poll_ms=0", "schema.min_reload_interval_ms=0")
SCHEMAS = ("public", "s1", "s2")
TABLES = ("t1", "t2", "t3", "u1")
COLUMNS = ("a", "b", "c")
GIDS = ("@x", "@y")  # @ stands for the database: the names of prepared transactions are the cluster's
# A statement that executes itself overflows the server's stack: EXPLAIN EXECUTE of it ends the server.
PREPARED = tuple(read for read in READS if "EXECUTE" not in read)
OF_DATABASE = re.compile(r'"[ps][xy]"|postgres|straight')
# How sessions begin.
STARTS = ({}, {}, {}, {"search_path": "s1, public"}, {"options": "-c search_path=s2,public"}, {"user": "walker"},
          {"user": "walker", "Search_Path": '"$user", s1'}, {"options": "-c role=walker"})


class Walk:
    """Statements drawn from a seed; walk_words.py has the templates."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self.start = self._random.choice(STARTS)

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
                  "gid": lambda: self._random.choice(GIDS), "p": lambda: f"n{self._random.randrange(2)}",
                  "label": lambda: self._random.choice(("calm", "glad", "glum", "grim")), "value": self._path,
                  "bool": lambda: self._random.choice(("true", "false"))}
        parts = template.split("{")
        filled = parts[0]
        for part in parts[1:]:
            place, rest = part.split("}", 1)
            filled += makers[place]() + rest
        return filled

    def statement(self):
        kinds = (TRANSACTIONS, SESSION, CHANGES, READS, PREPARED, CONTRACTS)
        kind = self._random.choices(kinds, (14, 12, 14, 32, 14, 22))[0]
        return self._fill(self._random.choice(kind))

    def _step(self):
        """("simple", sql), ("extended", sql), ("pipeline", [sql, ...]), ("prepare", name, sql), ("run", name), or
        ("other", sql) in a second session."""
        draw = self._random.random()
        name = f"n{self._random.randrange(2)}"
        if draw < 0.05:
            return "other", self._fill(self._random.choice((*CHANGES, "BEGIN", "COMMIT", "ROLLBACK")))
        if draw < 0.55:
            return "simple", self.statement()
        if draw < 0.65:
            return "simple", "; ".join(self.statement() for _ in range(2))
        if draw < 0.82:
            return "extended", self.statement()
        if draw < 0.87:
            return "prepare", name, self._fill(self._random.choice(PREPARED))
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
    if kind in ("simple", "other"):
        return query(what)
    if kind == "extended":
        return parse(what) + bind() + describe("", "P") + execute() + SYNC
    if kind == "prepare":
        return close(what) + parse(step[2], what) + SYNC
    if kind == "run":
        return bind(what) + execute() + SYNC
    return b"".join(parse(sql) + bind() + execute() for sql in what) + SYNC


class Side:
    """One database as the walk sees it: a session and, for a few steps, a second one."""

    def __init__(self, port, database, start):
        self._database = database
        self._wire = Wire(port, database, **start)
        self._other = Wire(port, database)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._wire.socket.close()
        self._other.socket.close()

    def take(self, step):
        return take(self._other if step[0] == "other" else self._wire, step, self._database)


def localised(step, letter):
    if isinstance(step, str):
        return step.replace("@", letter)
    return type(step)(localised(part, letter) for part in step)


def take(wire, step, database=""):
    """Sends the step and reads its answer to the ReadyForQuery."""
    wire.send(messages_of(localised(step, database[:1])))
    try:
        answer = wire.until_ready()
    except TimeoutError:
        raise AssertionError(f"no answer to {step}") from None
    if not answer or answer[-1][0] != "Z":
        raise AssertionError(f"the connection was lost at {step}")
    return answer


def begin_anew(port, database):
    """The same schema at the beginning of each walk; the guard is told, since it comes through the guard."""
    with Wire(port, database) as wire:
        for gid in GIDS:
            take(wire, ("simple", f"ROLLBACK PREPARED '{gid}'"), database)
        errors = [error_fields(body) for kind, body in take(wire, ("simple", BEGINNING)) if kind == "E"]
        assert not errors, errors
        take(wire, ("simple", "SELECT 1"))  # waits for the read


def comparable(message):
    """What must not differ. Explanations may, and oids do: of rows and their description only the sizes count. What is
    in quotes may be a database's name, or a prepared transaction's with its letter."""
    kind, body = message
    if kind == "E":
        fields = error_fields(body)
        fields["M"] = OF_DATABASE.sub("@", fields["M"])
        return kind, {name: text for name, text in fields.items() if name not in "DHstc"}
    return (kind, len(body)) if kind in "TDAN" else message


def first_difference(steps, ours, straight):
    """The step whose answers differ, or None."""
    for step in steps:
        one, other = ours.take(step), straight.take(step)
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
        # A prepared transaction or the second session may hold a lock for good.
        settings = {"max_prepared_transactions": "4", "lock_timeout": "200"}
        cls.cluster = cls.enterClassContext(Cluster(settings))
        cls.cluster.psql("CREATE ROLE walker LOGIN")

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
            with Side(guard.port, "postgres", walk.start) as side:
                side.take(("simple", "SELECT 1"))
                for step in steps:
                    side.take(step)
            # A false alarm is counted when the catalog read that supports it is back: one more read comes behind it.
            begin_anew(guard.port, "postgres")
            return wrong() > before

        for seed in self.seeds:
            walk = Walk(seed)
            steps = walk.steps(self.n_steps)
            if fails(steps):
                self.fail(f"seed {seed}, {walk.start}, the steps that matter: {smallest(steps, fails)}")
        self.assertGreater(guard.metric("driftguard_predictions_total", outcome="predicted_raised"), len(self.seeds))

    def test_enforce_answers_as_the_server_does(self):
        self.cluster.psql("CREATE DATABASE straight")
        guard = self.start("enforce")

        def differs(steps):
            begin_anew(guard.port, "postgres")
            begin_anew(self.cluster.port, "straight")
            with Side(guard.port, "postgres", walk.start) as ours, Side(self.cluster.port, "straight", walk.start) as straight:
                return first_difference(steps, ours, straight)

        for seed in self.seeds:
            walk = Walk(seed)
            steps = walk.steps(self.n_steps)
            difference = differs(steps)
            if difference:
                self.fail(f"seed {seed}, {walk.start}, {difference}, the steps that matter: {smallest(steps, differs)}")
        self.assertGreater(guard.metric("driftguard_refusals_total"), 0, "the breaker never acted")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        first, count, RandomWalk.n_steps = (int(word) for word in sys.argv[1:])
        RandomWalk.seeds = range(first, first + count)
        del sys.argv[1:]
    unittest.main(verbosity=2)
