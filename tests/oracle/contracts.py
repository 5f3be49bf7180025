"""Random writes to random tables: what PostgreSQL refuses after all names were found, and literals that no enum has.

    contracts.py PROBE [--statements N] [--seed N] [--report FILE] ...

Each statement is parsed, executed and undone. contract_schema.py makes the tables.
"""

import random

import compare
from cluster import Cluster
from contract_schema import INTEGERS, LABELS, Schema, good_value
from judge import Probe, Server

STATEMENTS_OF_A_SCHEMA = 400
SESSIONS = (("postgres", ("$user", "public")),) * 12 + (("postgres", ("public", "aside")), ("app", ("public",)), ("postgres", ("aside",)))


class Writer:
    """Statements against the tables of one schema."""

    def __init__(self, random, schema):
        self.random = random
        self.schema = schema
        self.n_parameters = 0

    def chance(self, part):
        return self.random.random() < part

    def statement(self):
        self.n_parameters = 0
        table = self.random.choice(self.schema.tables)
        make = self.random.choices((self.insert, self.update, self.merge, self.query, self.inside), (10, 3, 1.5, 4, 1.5))[0]
        return make(table)

    # ---- values

    def value(self, column):
        """Something to put into the column, or to compare it with."""
        kind = self.random.random()
        if kind < 0.62:
            return good_value(self.random, column.type)
        if kind < 0.72:
            return "null"
        if kind < 0.78 and column.type in LABELS:
            return self.random.choice(("'zz'", "'OK'", "''", "'it''s'", "$$zz$$", "E'z\\'z'"))
        if kind < 0.82 and self.n_parameters < 3:
            self.n_parameters += 1
            return f"${self.n_parameters}"
        if column.type in INTEGERS and kind < 0.95:
            return self.random.choice(("one()", "no_row()", "some_rows()", "(select 1)", "(select 1 where false)", "null::int", "1 + 1",
                                       "coalesce(null, 1)", "nullif(1, 1)", "abs(one())", "generate_series(1, 0)", "'2'", "1.5"))
        if kind < 0.97:
            return good_value(self.random, column.type)
        return self.random.choice(("'x'", "null::text", "now()", "array[1]", "upper('x')", "(select null)", "row(1)"))

    def given(self, column):
        return "default" if self.chance(0.18) else self.value(column)

    def some(self, columns):
        n = len(columns)
        return self.random.sample(columns, self.random.choice((1, (n + 1) // 2, n, n)))

    # ---- INSERT

    def insert(self, table):
        columns, listed = table.columns, ""
        if self.chance(0.75):
            columns = self.some(table.columns)
            names = [column.name for column in columns]
            if self.chance(0.02):
                names.append(self.random.choice(("nope", "ctid", names[0])))
            listed = f" ({', '.join(names)})"
        elif self.chance(0.4):
            columns = columns[:self.random.randint(1, len(columns))]
        overriding = self.random.choices(("", " overriding system value", " overriding user value"), (12, 1, 1))[0]
        words = f"insert into {table.name}{listed}{overriding} {self.source(columns, bool(listed))}"
        if self.chance(0.25):
            words += " on conflict" + self.conflict(table)
        return words + self.returning(table)

    def source(self, columns, is_listed):
        kind = self.random.random()
        if kind < 0.04 and not is_listed:
            return "default values"
        if kind < 0.2:
            return self.select(columns)
        rows = []
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            row = [self.given(column) for column in columns]
            if self.chance(0.02):
                row.append("1")
            rows.append(f"({', '.join(row)})")
        return "values " + ", ".join(rows) + (" limit 1" if self.chance(0.02) else "")

    def select(self, columns):
        items = ", ".join(self.value(column) for column in columns)
        tail = self.random.choice(("", "", " where false", " where true", " limit 1", " order by 1", " group by ()", " union all select " + items))
        return f"select {'distinct ' if self.chance(0.05) else ''}{items}{tail}"

    def conflict(self, table):
        action = " do nothing" if self.chance(0.6) else f" do update set {self.assignments(table)}"
        if self.chance(0.15):
            return " do nothing"
        names = [column.name for column in self.some(table.columns)]
        where = f" where {names[0]} is not null" if self.chance(0.15) else ""
        if self.chance(0.04):
            names.append(self.random.choice((names[0], f"({names[0]} is null)", "ctid", "nope")))
        return f" ({', '.join(names)}){where}{action}"

    def returning(self, table):
        return f" returning {self.random.choice(table.columns + table.columns[:1]).name}" if self.chance(0.1) else ""

    # ---- UPDATE, MERGE

    def assignments(self, table):
        columns = self.some(table.columns)
        if len(columns) > 1 and self.chance(0.15):
            return f"({', '.join(item.name for item in columns)}) = ({', '.join(self.given(item) for item in columns)})"
        if self.chance(0.02):
            columns.append(columns[0])
        return ", ".join(f"{item.name} = {self.given(item)}" for item in columns)

    def update(self, table):
        where = f" where {self.condition(table)}" if self.chance(0.4) else ""
        return f"update {table.name} set {self.assignments(table)}{where}{self.returning(table)}"

    def merge(self, table):
        columns = self.some(table.columns)
        values = ", ".join(self.given(column) for column in columns)
        insert = f"insert ({', '.join(column.name for column in columns)}) values ({values})"
        source = self.random.choice(("(select 1 as a)", "(select 1 as a where false)"))
        whens = [f"when matched{self.random.choice((' and true', ''))} then update set {self.assignments(table)}",
                 f"when not matched then {insert}", "when matched then delete"]
        chosen = " ".join(sorted(self.random.sample(whens, self.random.choice((1, 2))), key=len, reverse=True))
        return f"merge into {table.name} using {source} s on {self.random.choice(('true', 'false', 's.a = 1'))} {chosen}"

    def parameter(self):
        self.n_parameters = max(self.n_parameters, 1)
        return self.random.choice(("$1", f"${self.n_parameters}"))

    # ---- enums in expressions

    def condition(self, table):
        column = self.random.choice([item for item in table.columns if item.type in LABELS] or table.columns)
        name, value = column.name, self.value(column)
        other = self.value(column)
        return self.random.choice((
            f"{name} = {value}", f"{value} = {name}", f"{name} <> {value}", f"{name} >= {value}", f"{name} in ({value}, {other})",
            f"{name} in ({value})", f"{value} in ({name}, {other})", f"{name} not in ({other}, {name}, {value})",
            f"{name} between {value} and {other}", f"{value} between {name} and {other}", f"{name} is distinct from {value}",
            f"nullif({name}, {value}) is null", f"coalesce({name}, {value}) is null", f"coalesce({value}, {other}, {name}) = {value}",
            f"greatest({name}, {value}) = {other}", f"case {name} when {value} then true end", f"{name}::text = {value}",
            f"case when true then {value} else {name} end = {other}", f"{value}::{column.type} = {name}",
            f"cast({value} as {column.type}) is null", f"array[{name}, {value}] is null", f"({name}, 1) = ({value}, 1)",
            f"{name} = any (array[{value}, {other}])", f"{name} = (select {value})", f"not {name} = {value} and nope",
            f"{name} || {value} = 'x'", f"{name} like {value}", f"exists (select 1 where {name} = {value})",
            f"array[{name}, {value}]::text[] is null", f"cast(array[array[{name}, {value}]] as text[]) is null",
            f"array[array[{name}, {value}], array[{other}]] is null", f"(array[{name}, {value}])[1] = {other}",
            f"(array[{value}]::{column.type}[])[1] = {other}", f"{value} in (select {name})", f"{name} in (select {value})",
            f"(select {name}) = {value}", f"(select {name} union select {name}) = {value}", f"same({name}) = {value}",
            f"pick({name}, {value}) = {other}", f"pick({value}, {name}) = {other}", f"several({name}) = {value}",
            f"coalesce(nullif({name}, {value}), {other}) = {value}", f"({name}) = ({value})", f"row({name}) = row({value})",
            f"(row({name})).f1 = {value}", f"least({value}, {name}, {other}) is not null", f"{name} = all (select {value})",
            f"{name} = {self.parameter()} and coalesce($1, {value}) is null", f"$1 = {value} and {name} <> $1",
            f"{name} = any ($1) and coalesce(($1)[1], {value}) is null", f"{name} in ({other}, $1) and $1 in ({value}, {other})",
            f"case when true then $1 else {name} end = {value}", f"$1::{column.type} = {name} and nullif($1, {value}) is null"))

    def query(self, table):
        name = self.random.choice(table.columns).name
        return self.random.choice((
            f"select 1 from {table.name} where {self.condition(table)}",
            f"select {self.condition(table)}, {name} from {table.name} order by {self.condition(table)}",
            f"delete from {table.name} where {self.condition(table)}",
            f"select 1 from (select * from {table.name} union select * from {table.name}) x where {self.condition(table)}",
            f"with x as (select * from {table.name}) select 1 from x where {self.condition(table)} and {self.condition(table)}",
            f"select 1 from {table.name} a join {table.name} b using ({name}) where a.{name} is null",
            f"select count(*) filter (where {self.condition(table)}) from {table.name} group by {name} having {name} is null"))

    def inside(self, table):
        """A write that is not a statement of its own."""
        write = self.random.choice((self.insert, self.update))(table)
        return self.random.choice((f"explain {write}", f"explain analyze {write}", f"with w as ({write}) select 1",
                                   f"with w as (select 1) {write}", f"with w as ({write}) {self.random.choice((self.insert, self.update))(table)}"))


def play_schema(options, cluster, number, tally):
    """A database of its own; statements as different sessions."""
    chosen = random.Random(f"{options.seed} {number}")
    schema = Schema(chosen)
    url = compare.create_database(cluster, f"contracts{number}", options.encoding)
    with Server(url) as owner:
        owner.execute("drop role if exists app")
        for statement in schema.sql.split(";\n"):
            owner.execute(statement)  # some do not fit together: then the table is without it
    with Probe(options.probe, url) as probe, Server(url) as server:
        probe.load()
        comparison = compare.Comparison(probe, server, options, tally)
        writer = Writer(chosen, schema)
        for _ in range(STATEMENTS_OF_A_SCHEMA):
            role, path = chosen.choice(SESSIONS)
            server.script("RESET SESSION AUTHORIZATION")
            compare.set_session(server, path, role)
            comparison.judge(f"schema {number}", writer.statement(), {"path": path, "role": role})
    cluster.psql(f"DROP DATABASE contracts{number}")


def run(options):
    clock = compare.Clock(options.seconds)
    tallies = compare.tallies(options, "random writes")
    with Cluster() as cluster:
        for number in range((options.statements + STATEMENTS_OF_A_SCHEMA - 1) // STATEMENTS_OF_A_SCHEMA):
            if clock.is_up:
                break
            play_schema(options, cluster, number, tallies[0])
            compare.say(options, f"{tallies[0].n_statements} statements, {len(tallies[0].disagreements)} disagreements")
    return tallies


def parser():
    made = compare.parser(__doc__)
    made.add_argument("--statements", type=int, default=20000)
    return made


if __name__ == "__main__":
    compare.main(parser(), run)
