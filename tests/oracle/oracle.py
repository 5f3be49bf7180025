"""PostgreSQL's regression statements in their order, each judged at the moment that it runs, and mutations of each one that
PostgreSQL accepts.

    oracle.py PROBE [--mutations N] [--shapes N] [--blind] [--files a,b,c] [--report FILE] [--seed N] ...

DDL of a session that is not committed is left out: the snapshot cannot know it. What the server raises only when the
statement runs is seen too, since each runs anyway. Where the regression files lie: DG_PG_REGRESS, else shared/pg-regress
beside the project.
"""

import collections
import os
import pathlib
import re
import shutil
import sys
import time

import compare
import environment
from cluster import Cluster
from judge import Probe, Server, judge
from psql_file import split
from psycopg import pq
from shapes import Shapes

DML = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|insert|update|delete|merge|values|with|table)\b",
                 re.IGNORECASE | re.DOTALL)
KEEPS_SCHEMA = re.compile(r"\s*(show|explain|begin|copy|fetch|close)\b", re.IGNORECASE)
PATH = """select array_to_string(array(select trim(both '"' from trim(x)) from
    unnest(string_to_array(current_setting('search_path'), ',')) x), E'\\x01')"""
IDLE = pq.TransactionStatus.IDLE
ACTIVE = pq.TransactionStatus.INTRANS
SETTINGS = ("set statement_timeout = '30s'; set intervalstyle = postgres_verbose; set datestyle = 'Postgres, MDY'; "
            "set timezone = 'PST8PDT'")


class Regression(compare.Comparison):
    """One file, on a connection of its own."""

    def __init__(self, probe, server, options, tally, mutated, skipped):
        super().__init__(probe, server, options, tally, mutated)
        self.skipped = skipped
        self.is_dirty = True
        self.relations = None
        self.shapes = None

    def session(self):
        """What the resolver has to know of the session, or None where it cannot be asked."""
        path = self.server.value(PATH)
        role = self.server.value("select current_user")
        strings = self.server.value("show standard_conforming_strings")
        if path is None or strings != "on":
            return None
        if self.options.blind:
            return {"path": [], "path_known": False, "role": None}
        return {"path": [name for name in path.split("\x01") if name], "role": role}

    def judge_statement(self, origin, text):
        """The session, if the server accepted the statement and mutations of it may be tried."""
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
        if not self.judge(origin, text, session):
            return None
        if self.shapes is not None:
            self.shapes.add(origin, text, **session)
        return session

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
        if not is_dml and not KEEPS_SCHEMA.match(text):
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


def play_file(name, text, probe, url, options, parts):
    """parts: (tally, mutated, skipped, shapes), each of all files."""
    tally, mutated, skipped, shapes = parts
    with Server(url + "?application_name=regress") as server:
        server.execute(SETTINGS)
        regression = Regression(probe, server, options, tally, mutated, skipped)
        if options.shapes:
            shapes.probe, shapes.server, regression.shapes = probe, server, shapes
        for statement in text:
            regression.run(name, statement)


def run(options, source):
    """The tallies and the shapes."""
    clock = compare.Clock(options.seconds)
    what = "regression files, path not known" if options.blind else "regression files"
    tally, mutated = compare.tallies(options, what, what + ", mutated")
    shapes, skipped = Shapes(None, None, options.shapes), collections.Counter()
    with Cluster({"autovacuum": "off", "shared_buffers": "128MB"}) as cluster:
        work = prepare_files(source, cluster)
        variables = {"PG_ABS_SRCDIR": str(work), "PG_ABS_BUILDDIR": str(work), "PG_LIBDIR": str(work), "PG_DLSUFFIX": ".so"}
        url = compare.create_database(cluster, "regression", options.encoding)
        names = options.files.split(",") if options.files else (source / "order").read_text().split()
        with Probe(options.probe, url) as probe:
            for name in names:
                if clock.is_up:
                    tally.notes.append(f"time was up before {name}")
                    break
                text = (source / "sql" / f"{name}.sql").read_text(encoding="utf-8", errors="replace")
                started = time.monotonic()
                play_file(name, split(text, variables), probe, url, options, (tally, mutated, skipped, shapes))
                compare.say(options, f"{name}: {time.monotonic() - started:.1f} s, {len(tally.disagreements)} and "
                            f"{len(mutated.disagreements)} disagreements so far")
        shutil.rmtree(work, ignore_errors=True)
    tally.notes.append(f"not asked: {dict(skipped)}")
    return [tally, mutated], shapes


def parser():
    made = compare.parser(__doc__)
    made.add_argument("--shapes", type=int, default=0, metavar="N", help="try each with other literals, N times")
    made.add_argument("--files", help="a part of the order")
    made.add_argument("--blind", action="store_true", help="tell the resolver neither search path nor role")
    return made


def main():
    options = parser().parse_args()
    source = find_statements()
    if source is None:
        print("no regression statements: set DG_PG_REGRESS")
        return 0
    tallies, shapes = run(options, source)
    code = compare.end(options, tallies)
    print(f"\nshapes: {shapes}", *shapes.complaints, sep="\n")
    return 1 if shapes.complaints else code


if __name__ == "__main__":
    sys.exit(main())
