"""The oracle at length: PostgreSQL's regression statements in their order, each judged at the moment that it runs, and
mutations of each one that PostgreSQL accepts.

    oracle.py PROBE [--mutations N] [--shapes N] [--files a,b,c] [--report FILE] [--seed N]

A mutation replaces one identifier (sometimes two) by a name that exists nowhere, by another of the same statement, by
one from any statement before, by a system column, by a function's name, or quotes it in upper case. DDL of a session
that is not committed is left out: the snapshot cannot know it.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import sys
import time

import environment
from cluster import Cluster
from judge import ALSO, FAILURES, MISSING, Probe, Server, is_own_error, judge
from psql_file import identifiers, split
from psycopg import pq
from shapes import Shapes

DML = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|insert|update|delete|merge|values|with|table)\b",
                 re.IGNORECASE | re.DOTALL)
SPECIAL = ("ctid", "xmin", "tableoid", "lower", "count", "abs", "text", "name", "excluded", "old", "value", "ordinality")
COLUMNS = ("raised", "foreseen", "same code", "exact", "unknown")
IDLE = pq.TransactionStatus.IDLE
ACTIVE = pq.TransactionStatus.INTRANS


class Tally:
    """Counts of verdicts, and the disagreements (with keeps_unknown, what was not decided too)."""

    def __init__(self, keeps_unknown=False):
        self.kinds = collections.Counter()
        self.reasons = collections.Counter()
        self.exact = 0
        self.codes = {}
        self.disagreements = []
        self.keeps_unknown = keeps_unknown

    def add(self, origin, text, verdict, answer):
        self.kinds[verdict.kind] += 1
        if not answer.accepted:
            self.add_refusal(verdict, answer)
        if verdict.kind == "unknown":
            self.reasons[verdict.reason + ("" if answer.accepted else " " + answer.sqlstate)] += 1
        if verdict.finding and verdict.finding["exact"]:
            self.exact += 1
        is_silent = verdict.kind == "unknown" and verdict.reason not in ("temp", "ddl")
        if verdict.kind in FAILURES or (self.keeps_unknown and is_silent):
            self.disagreements.append({"origin": origin, "text": text, "verdict": str(verdict), "server": str(answer)})

    def add_refusal(self, verdict, answer):
        """Of each code: how many the server raised, foreseen as this code, as a failure at least, called exact."""
        code = answer.sqlstate if is_own_error(answer) else answer.sqlstate + " not its own"
        row = self.codes.setdefault(code, collections.Counter())
        row["raised"] += 1
        if verdict.finding:
            row["foreseen"] += 1
            row["same code"] += verdict.finding["sqlstate"] == answer.sqlstate
            row["exact"] += verdict.finding["exact"]
        else:
            row["unknown"] += verdict.reason != ""

    def code_table(self):
        lines = [f"{'code':20}" + "".join(f"{name:>10}" for name in COLUMNS)]
        for code, row in sorted(self.codes.items()):
            if row["foreseen"] or code in MISSING + ALSO:
                lines.append(f"{code:20}" + "".join(f"{row[name]:10}" for name in COLUMNS))
        return "\n".join(lines)

    def __str__(self):
        counts = ", ".join(f"{kind} {n}" for kind, n in sorted(self.kinds.items()))
        reasons = ", ".join(f"{reason} {n}" for reason, n in self.reasons.most_common())
        return f"{sum(self.kinds.values())} statements: {counts}; exact findings {self.exact}; unknown: {reasons}"


class Oracle:
    def __init__(self, probe, server, mutations, seed):
        self.probe = probe
        self.server = server
        self.mutations = mutations
        self.random = random.Random(seed)
        self.is_dirty = True
        self.tally = Tally()
        self.mutated = Tally()
        self.skipped = collections.Counter()
        self.pool = collections.deque(maxlen=500)
        self.keywords = set()
        self.relations = None
        self.is_blind = False
        self.shapes = None

    def learn_keywords(self):
        words = self.server.value("select string_agg(word, ' ') from pg_get_keywords() where catcode in ('R', 'T')")
        self.keywords = set(words.split())

    def session(self):
        """What the resolver has to know of the session, or None where it cannot be asked."""
        path = self.server.value("select array_to_string(array(select trim(both '\"' from trim(x)) from "
                                 "unnest(string_to_array(current_setting('search_path'), ',')) x), E'\\x01')")
        role = self.server.value("select current_user")
        strings = self.server.value("show standard_conforming_strings")
        if path is None or strings != "on":
            return None
        if self.is_blind:
            return {"path": [], "path_known": False, "role": None}
        return {"path": [name for name in path.split("\x01") if name], "role": role}

    def ask(self, text, session):
        analysis = self.probe.analyze(text, **session)
        return analysis, self.server.answer(text, analysis)

    def judge_statement(self, origin, text):
        """Returns True if the server accepted it and mutations of it may be tried."""
        status = self.server.connection.transaction_status
        if status not in (IDLE, ACTIVE) or (status == ACTIVE and self.is_dirty):
            self.skipped["uncommitted" if status == ACTIVE else "failed transaction"] += 1
            return None
        session = self.session()
        if session is None:
            self.skipped["session"] += 1
            return None
        if self.is_dirty:
            self.probe.load()
            self.is_dirty = False
        analysis, answer = self.ask(text, session)
        if len(analysis["statements"]) > 1:
            return None
        self.tally.add(origin, text, judge(analysis, answer), answer)
        if self.shapes is not None:
            self.shapes.add(origin, text, **session)
        is_idle = self.server.connection.transaction_status == IDLE
        return session if answer.accepted and is_idle else None

    def mutate(self, origin, text, session):
        found = identifiers(text, self.keywords)
        self.pool.extend(name for _, _, name in found[:5])
        if not found or len(text) > 20000:
            return
        for _ in range(self.mutations):
            changed = text
            places = self.random.sample(found, 2 if len(found) > 1 and self.random.random() < 0.2 else 1)
            for start, end, name in sorted(places, reverse=True):
                changed = changed[:start] + self.other_name(name, found) + changed[end:]
            analysis, answer = self.ask(changed, session)
            if answer.accepted or answer.sqlstate != "42601":
                self.mutated.add(origin, changed, judge(analysis, answer), answer)

    def other_name(self, name, found):
        kind = self.random.randrange(10)
        if kind < 4:
            return "zz_nope"
        if kind < 7:
            return self.random.choice(found)[2]
        if kind == 7:
            return self.random.choice(SPECIAL)
        if kind == 8 and not name.startswith('"'):
            return '"' + name.upper() + '"'
        return self.random.choice(self.pool)

    def run(self, origin, statement):
        text = statement.text
        if not text:
            return
        is_dml = DML.match(text) is not None
        session = self.judge_statement(origin, text) if is_dml else None
        if session:
            self.mutate(origin, text, session)
        result = self.server.execute(text)
        while self.server.connection.transaction_status == pq.TransactionStatus.ACTIVE:
            self.copy(result, statement.copy_data or "")
            break
        self.notice_changes(text, is_dml)

    def notice_changes(self, text, is_dml):
        """The schema is read again when it may have changed; a function that a query calls may have changed it too."""
        if not is_dml and not re.match(r"\s*(show|explain|begin|copy|fetch|close)\b", text, re.IGNORECASE):
            self.is_dirty = True
        if is_dml and re.search(r"\binto\b|\(", text, re.IGNORECASE):
            relations = self.server.value("select count(*) || ' ' || max(oid) from pg_class")
            if relations is not None and relations != self.relations:
                self.is_dirty = True
                self.relations = relations

    def copy(self, result, data):
        connection = self.server.connection
        if result.status == pq.ExecStatus.COPY_IN:
            connection.put_copy_data(data.encode())
            connection.put_copy_end()
        else:
            while connection.get_copy_data(0)[0] > 0:
                pass
        while connection.get_result() is not None:
            pass


def find_statements():
    named = os.environ.get("DG_PG_REGRESS")
    folder = pathlib.Path(named) if named else environment.ROOT.parent / "shared" / "pg-regress"
    return folder if (folder / "order").exists() else None


def prepare_files(source, cluster):
    """The data files where the server may read them."""
    work = pathlib.Path(cluster.directory + ".files")
    shutil.copytree(source / "data", work / "data")
    (work / "results").mkdir()
    for folder, _, files in os.walk(work):
        os.chmod(folder, 0o755)
        environment.give_to_server_user(folder)
        for file in files:
            os.chmod(os.path.join(folder, file), 0o644)
    return work


def run_all(options, source, report):
    shapes = Shapes(None, None, options.shapes)
    tally, mutated, skipped = Tally(options.unknown), Tally(options.unknown), collections.Counter()
    with Cluster({"autovacuum": "off", "shared_buffers": "128MB"}) as cluster:
        work = prepare_files(source, cluster)
        variables = {"PG_ABS_SRCDIR": str(work), "PG_ABS_BUILDDIR": str(work), "PG_LIBDIR": str(work), "PG_DLSUFFIX": ".so"}
        cluster.psql("CREATE DATABASE regression TEMPLATE template0")
        url = cluster.url_of("regression")
        names = options.files.split(",") if options.files else (source / "order").read_text().split()
        with Probe(options.probe, url) as probe:
            for name in names:
                text = (source / "sql" / f"{name}.sql").read_text(encoding="utf-8", errors="replace")
                started = time.monotonic()
                with Server(url + "?application_name=regress") as server:
                    server.execute("set statement_timeout = '30s'; set intervalstyle = postgres_verbose; "
                                   "set datestyle = 'Postgres, MDY'; set timezone = 'PST8PDT'")
                    oracle = Oracle(probe, server, options.mutations, f"{options.seed}{name}")
                    oracle.tally, oracle.mutated, oracle.skipped = tally, mutated, skipped
                    oracle.is_blind = options.blind
                    if options.shapes:
                        shapes.probe, shapes.server, oracle.shapes = probe, server, shapes
                    oracle.learn_keywords()
                    for statement in split(text, variables):
                        oracle.run(name, statement)
                print(f"{name}: {time.monotonic() - started:.1f} s, {len(tally.disagreements)} and "
                      f"{len(mutated.disagreements)} disagreements so far", file=sys.stderr)
        shutil.rmtree(work, ignore_errors=True)
    for item in tally.disagreements + mutated.disagreements:
        print(json.dumps(item, ensure_ascii=False), file=report)
    print("\n".join(shapes.complaints), file=report)
    print(f"as written: {tally}\nmutated: {mutated}\nskipped: {dict(skipped)}\nshapes: {shapes}")
    return 1 if tally.disagreements or mutated.disagreements or shapes.complaints else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument("--mutations", type=int, default=4, help="of each accepted statement")
    parser.add_argument("--shapes", type=int, default=0, metavar="N", help="try each with other literals, N times")
    parser.add_argument("--files", help="a part of the order")
    parser.add_argument("--report", default="/dev/stdout", help="disagreements as JSON lines")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--unknown", action="store_true", help="report what was not decided too")
    parser.add_argument("--blind", action="store_true", help="tell the resolver neither search path nor role")
    options = parser.parse_args()
    source = find_statements()
    if source is None:
        print("no regression statements: set DG_PG_REGRESS")
        return 0
    with open(options.report, "w", encoding="utf-8") as report:
        return run_all(options, source, report)


if __name__ == "__main__":
    sys.exit(main())
