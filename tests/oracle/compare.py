"""One database, a resolver and a server beside it, and statements put to both: as they are, and mutated.

The scripts of this folder share their options and their end too (`parser`, `main`).
"""

import argparse
import random
import sys
import time

from judge import Server, judge
from mutate import Mutator
from psycopg import pq
from tally import Tally, change_table, code_table, details, table

EXECUTED = ("INSERT", "MERGE")  # refused after analysis too: what Parse accepted is executed and undone
LATE = ("42P10", "23502")  # all else that an execution raises is about data


def parser(description, **defaults):
    """The options that all oracles have."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("probe")
    made.add_argument("--mutations", type=int, default=defaults.get("mutations", 4), help="of each accepted statement")
    made.add_argument("--report", default="/dev/null", help="disagreements as JSON lines")
    made.add_argument("--seed", default="1")
    made.add_argument("--seconds", type=float, default=0, help="stop after so long; 0: when all is done")
    made.add_argument("--encoding", default="UTF8", choices=("UTF8", "LATIN1", "SQL_ASCII"))
    made.add_argument("--unknown", action="store_true", help="report what was not decided or not foreseen too")
    made.add_argument("--progress", action="store_true", help="say on standard error how far it is")
    return made


def end(options, tallies):
    """Prints what came of it; the exit code."""
    with open(options.report, "w", encoding="utf-8") as report:
        for tally in tallies:
            tally.write_disagreements(report)
    print(table(tallies), code_table(tallies), change_table(tallies), *map(details, tallies), sep="\n\n")
    return 1 if any(tally.has_failed for tally in tallies) else 0


def main(options_parser, run):
    """The whole of a script: its options, its tallies, its exit code."""
    options = options_parser.parse_args()
    sys.exit(end(options, run(options)))


class Clock:
    """Says when an oracle's time is up."""

    def __init__(self, seconds):
        self.limit = time.monotonic() + seconds if seconds else None

    @property
    def is_up(self):
        return self.limit is not None and time.monotonic() > self.limit


def create_database(cluster, name, encoding):
    cluster.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    return cluster.url_of(name)


def load_schema(url, schema):
    """False if the database's encoding has no room for the schema's names."""
    with Server(url) as owner:
        try:
            owner.script(schema)
        except RuntimeError as error:
            if "has no equivalent in encoding" not in str(error):
                raise
            return False
    return True


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def set_session(server, path, role="postgres"):
    server.script(f"SET search_path TO {', '.join(quoted(name) for name in path)}; SET SESSION AUTHORIZATION {role}")


class Comparison:
    """The tallies may be shared by several comparisons."""

    def __init__(self, probe, server, options, tally, mutated=None):
        self.probe = probe
        self.server = server
        self.options = options
        self.tally = tally
        self.mutated = mutated
        self.random = random.Random(f"{options.seed}{tally.name}")
        self.mutator = Mutator(server, self.random, options.encoding == "UTF8") if mutated is not None else None

    def ask(self, text, session):
        """The two answers."""
        analysis = self.probe.analyze(text, **session)
        statement = analysis["statements"][0] if analysis["statements"] else None
        answer = self.server.answer(text, analysis, executes=statement is not None and statement["command"] in EXECUTED)
        is_of_data = answer.sqlstate not in LATE or (answer.guessed and answer.sqlstate == "23502")
        if answer.executed and is_of_data and not statement["findings"]:
            answer.accepted = True
        return analysis, answer

    def judge(self, origin, text, session, change=None):
        """True if the server accepted the statement: mutations of it may be tried."""
        if self.options.encoding != "UTF8" and not text.isascii():
            return False
        analysis, answer = self.ask(text, session)
        if len(analysis["statements"]) > 1:
            return False
        self.tally.add(origin, text, judge(analysis, answer), answer, change)
        return answer.accepted

    def mutate(self, origin, text, session):
        if self.server.connection.transaction_status != pq.TransactionStatus.IDLE:
            return
        for change, changed in self.mutator.variants(text, self.options.mutations):
            if self.options.encoding != "UTF8" and not changed.isascii():
                continue
            analysis, answer = self.ask(changed, session)
            if answer.accepted or answer.sqlstate != "42601":
                self.mutated.add(origin, changed, judge(analysis, answer), answer, change)


def say(options, text):
    if options.progress:
        print(text, file=sys.stderr, flush=True)


def tallies(options, *names):
    suffix = "" if options.encoding == "UTF8" else f" ({options.encoding})"
    return [Tally(name + suffix, options.unknown) for name in names]
