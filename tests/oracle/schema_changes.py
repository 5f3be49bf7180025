"""The other way round: the statements stay and the schema changes under them, as in a deploy that went wrong.

    schema_changes.py PROBE [--rounds N] [--steps N] [--report FILE] [--seed N] ...

For each schema (case files, rich.sql with statements of sqlsmith, the application of orm/) the statements that PostgreSQL
accepts are kept. A round copies the database, changes it step by step (changes.sql lists what can be done), and after
each step puts all statements to the resolver, with a new snapshot, and to the server. Rounds undo by dropping the copy.
"""

import collections
import itertools
import pathlib
import random
import re

import compare
import orm
import smith
from cases import CaseFile
from cluster import Cluster
from judge import Probe, Server
from mutate_cases import FOLDER

CHANGES = (pathlib.Path(__file__).resolve().parent / "changes.sql").read_text(encoding="utf-8")
A_COLUMN = """select attname from pg_attribute join pg_class c on c.oid = attrelid
    where c.oid >= 16384 and relkind in ('r', 'v') and attnum > 0 and not attisdropped order by random() limit 1"""
A_SCHEMA = "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by random() limit 1"
OFTEN = ("column dropped", "column renamed", "column renamed to a name in use", "column added", "table renamed", "table moved")
ABOUT_OURS = re.compile(r"\b(shop|archive|public)\..*\b(shop|archive|public)\.", re.DOTALL)
Statement = collections.namedtuple("Statement", "origin text")


class Source:
    """A schema and statements that run against it."""

    def __init__(self, name, schema, statements, path=("$user", "public"), role="postgres"):
        self.name = name
        self.schema = schema
        self.statements = list(statements)
        self.path = list(path)
        self.role = role

    @property
    def session(self):
        return {"path": self.path, "role": self.role}

    def keep_accepted(self, url):
        with Server(url) as server:
            compare.set_session(server, self.path, self.role)
            self.statements = [statement for statement in self.statements if server.parse(statement.text).accepted]


def case_sources():
    for path in sorted(FOLDER.glob("*.sql")):
        file = CaseFile(path)
        yield Source(path.stem, file.schema, (Statement(str(case), case.statement) for case in file.cases), file.search_path,
                     file.role)


def rich_source(cluster, n):
    url = compare.create_database(cluster, "for_smith", "UTF8")
    schema = smith.SCHEMA.read_text(encoding="utf-8")
    source = Source("rich", schema, (), smith.PATH)
    with Server(url) as server:
        server.script(schema)
        server.script(f"ALTER DATABASE for_smith SET search_path = {', '.join(smith.PATH)}")
    with Server(url) as server:
        made = (text for text in smith.generate(cluster, "for_smith", 1)
                if ABOUT_OURS.search(text) and len(text) < 3000 and server.parse(text).accepted)
        source.statements = [Statement("sqlsmith", text) for text in itertools.islice(made, n)]
    return source


def orm_source():
    return Source("orm", orm.schema(), (Statement(item.origin, item.text) for item in orm.statements()), orm.PATH)


class Rounds:
    """The rounds over one source."""

    def __init__(self, options, cluster, source, tally, number):
        self.options = options
        self.cluster = cluster
        self.source = source
        self.tally = tally
        self.random = random.Random(f"{options.seed}{source.name}")
        self.base = f"base{number}"
        url = compare.create_database(cluster, self.base, options.encoding)
        if compare.load_schema(url, source.schema):
            source.keep_accepted(url)
        else:
            source.statements = []
        self.admin = Server(cluster.url)

    def play(self):
        self.admin.script(f"CREATE DATABASE copy TEMPLATE {self.base}")
        url = self.cluster.url_of("copy")
        path = self.source.path
        done = []
        with Probe(self.options.probe, url) as probe, Server(url) as owner:
            owner.script(f"select setseed({self.random.random()})")
            for _ in range(self.options.steps):
                kind, ddl = self.change(owner)
                if kind is None:
                    break
                if kind == "search path":
                    path = self.other_path(owner, path)
                    ddl = f"search_path = {path}"
                done.append(ddl)
                probe.load()
                self.compare(probe, url, "; ".join(done), kind, path)
        self.admin.script("DROP DATABASE copy WITH (FORCE)")

    def change(self, owner):
        """Does something to the schema that the server accepts: (kind, DDL), or (None, None)."""
        if self.random.random() < 0.08:
            return "search path", ""
        names = {":'column'": owner.value(A_COLUMN) or "id", ":'schema'": owner.value(A_SCHEMA) or "public"}
        sql = CHANGES
        for variable, name in names.items():
            sql = sql.replace(variable, "'" + name.replace("'", "''") + "'")
        result = owner.execute(sql)
        if result.error_message:
            raise RuntimeError(result.error_message.decode())
        choices = collections.defaultdict(list)
        for row in range(result.ntuples):
            choices[result.get_value(row, 0).decode()].append(result.get_value(row, 1).decode())
        kinds = sorted(choices)
        for _ in range(100 if kinds else 0):
            kind = self.random.choices(kinds, [4 if kind in OFTEN else 1 for kind in kinds])[0]
            ddl = self.random.choice(choices[kind])
            try:
                owner.script(ddl)
                return kind, ddl
            except RuntimeError:
                continue
        return None, None

    def other_path(self, owner, path):
        """Another order, one less, or a schema that there is."""
        how = self.random.randrange(3)
        if how == 0 and len(path) > 1:
            return self.random.sample(path, len(path))
        if how == 1 and len(path) > 1:
            return path[:-1]
        return [owner.value(A_SCHEMA) or "public", *path]

    def compare(self, probe, url, origin, change, path):
        with Server(url) as server:
            compare.set_session(server, path, self.source.role)
            comparison = compare.Comparison(probe, server, self.options, self.tally)
            session = {"path": path, "role": self.source.role}
            for statement in self.source.statements:
                comparison.judge(f"{statement.origin} after {origin}", statement.text, session, change)


def run(options):
    tallies = []
    with Cluster() as cluster:
        cases = list(case_sources())
        groups = (("case files", cases, options.rounds), ("rich", [rich_source(cluster, options.generated)], options.rounds * len(cases) // 4),
                  ("application", [orm_source()], options.rounds * len(cases) // 4))
        number = 0
        for name, sources, n_rounds in groups:
            clock = compare.Clock(options.seconds / len(groups))
            tally, = compare.tallies(options, f"schema changed, {name}")
            tallies.append(tally)
            all_rounds = []
            for source in sources:
                number += 1
                all_rounds.append(Rounds(options, cluster, source, tally, number))
            for rounds in all_rounds * n_rounds:
                if rounds.source.statements and not clock.is_up:
                    rounds.play()
            compare.say(options, f"{name}: {tally.n_statements} statements, {len(tally.disagreements)} disagreements")
    return tallies


def parser():
    made = compare.parser(__doc__)
    made.add_argument("--rounds", type=int, default=20, help="over each case file; a quarter of their sum over each other schema")
    made.add_argument("--generated", type=int, default=200, help="statements of sqlsmith for rich.sql")
    made.add_argument("--steps", type=int, default=3, help="changes in one round")
    return made


if __name__ == "__main__":
    compare.main(parser(), run)
