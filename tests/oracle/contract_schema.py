"""A random schema: tables whose columns, triggers, rules, partitions and indexes decide what a write may do.

    schema = Schema(random.Random(seed))
    schema.sql      the statements that make it
    schema.tables   what writes may name: tables, partitions, views, foreign tables
"""

PREAMBLE = """
create type mood as enum ('sad', 'ok', 'happy');
create schema aside; create type aside.hue as enum ('red', 'blue');
create type loose as enum ('a', 'b'); create cast (loose as text) with inout as implicit;
create domain d_int as int; create domain d_nn as int not null; create domain d_def as int default 7;
create domain d_nn_def as d_nn default 7; create domain d_over as d_nn_def; create domain d_mood as mood;
create domain d_mood_nn as mood not null default 'ok';
create domain d_check as int check (value > 0);
create function fill() returns trigger language plpgsql as
    $$begin new := jsonb_populate_record(new, '{"c0": 1, "c1": 2, "c2": 3}'); return new; end$$;
create function skip() returns trigger language plpgsql as $$begin return null; end$$;
create function keep() returns trigger language plpgsql as $$begin return new; end$$;
create function one() returns int language sql as 'select 1';
create function no_row() returns setof int language sql as 'select 1 where false';
create function some_rows() returns setof int language sql as 'select generate_series(1, 2)';
create function same(anyelement) returns anyelement language sql as 'select $1';
create function pick(anyelement, anyelement) returns anyelement language sql as 'select $2';
create function several(mood) returns mood language sql as 'select $1';
create function several(text) returns text language sql as 'select $1';
create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
create role app; grant usage on schema aside to app;
"""

TYPES = ("int",) * 6 + ("bigint", "text", "text", "varchar(5)", "boolean", "numeric", "mood", "mood", "aside.hue", "loose",
                        "d_int", "d_nn", "d_def", "d_nn_def", "d_over", "d_mood", "d_mood_nn", "d_check", "int[]", "date")
INTEGERS = ("int", "bigint", "numeric", "d_int", "d_nn", "d_def", "d_nn_def", "d_over", "d_check")
LABELS = {"mood": ("sad", "ok", "happy"), "aside.hue": ("red", "blue"), "loose": ("a", "b"),
          "d_mood": ("sad", "ok"), "d_mood_nn": ("sad", "happy")}
GOOD = {"text": "'x'", "varchar(5)": "'abc'", "boolean": "true", "int[]": "'{1}'", "date": "'2020-01-01'"}


def good_value(random, type_name):
    """A literal that the type takes."""
    if type_name in LABELS:
        return f"'{random.choice(LABELS[type_name])}'"
    return GOOD.get(type_name) or str(random.randint(1, 9))


class Column:
    def __init__(self, name, type_name):
        self.name = name
        self.type = type_name


class Table:
    def __init__(self, name, columns, kind="table"):
        self.name = name
        self.columns = columns
        self.kind = kind


class Schema:
    def __init__(self, random, n_tables=8):
        self.random = random
        self.tables = []
        self.lines = []
        for number in range(n_tables):
            make = random.choices((self._plain, self._partitioned, self._child, self._view, self._foreign), (8, 3, 1, 2, 1))[0]
            make(f"t{number}")
        self.sql = PREAMBLE + ";\n".join(self.lines) + ";\n"

    def _chance(self, part):
        return self.random.random() < part

    def _column(self, number, earlier):
        random = self.random
        type_name = random.choice(TYPES)
        column = Column(f"c{number}", type_name)
        words = [column.name, type_name]
        kind = random.random()
        numbers = [item.name for item in earlier if item.type in ("int", "bigint", "numeric") and not item.name.startswith("g")]
        if kind < 0.12 and numbers:
            column.name = words[0] = f"g{number}"
            column.type = words[1] = "int"
            words.append(f"generated always as ({random.choice(numbers)} + 1) stored")
        elif kind < 0.2:
            column.type = words[1] = "int"
            words.append(f"generated {random.choice(('always', 'by default'))} as identity")
        elif kind < 0.24:
            words[1], column.type = "serial", "int"
        elif kind < 0.44:
            words.append(f"default {random.choice((good_value(random, type_name), 'null'))}")
        if self._chance(0.5):
            words.append("not null")
        return column, " ".join(words)

    def _columns(self, first=()):
        columns, texts = [item for item, _ in first], [text for _, text in first]
        for number in range(self.random.randint(1, 5)):
            column, text = self._column(number, columns)
            columns.append(column)
            texts.append(text)
        return columns, ", ".join(texts)

    def _plain(self, name):
        columns, texts = self._columns()
        self.lines.append(f"create table {name} ({texts})")
        if self._chance(0.2):
            self.lines += [f"alter table {name} add column gone int not null", f"alter table {name} drop column gone"]
            column, text = self._column(8, columns)
            self.lines.append(f"alter table {name} add column {text}")
            columns.append(column)
        self._finish(Table(name, columns))

    def _partitioned(self, name):
        columns, texts = self._columns([(Column("k", "int"), "k int")])
        self.lines.append(f"create table {name} ({texts}) partition by list (k)")
        parts = [f"{name}_1", f"{name}_2"]
        self.lines.append(f"create table {parts[0]} partition of {name} for values in (1)")
        if self._chance(0.15) and not any(item.name.startswith("g") for item in columns):
            self.lines.append(f"create foreign table {parts[1]} partition of {name} for values in (2) server nowhere")
            parts.pop()
        elif self._chance(0.3):
            self.lines += [f"create table {parts[1]} partition of {name} for values in (2) partition by list (k)",
                           f"create table {name}_2a partition of {parts[1]} for values in (2)"]
            parts.append(f"{name}_2a")
        else:
            self.lines.append(f"create table {parts[1]} partition of {name} {self.random.choice(('default', 'for values in (2, null)'))}")
        whole = Table(name, columns, "partitioned")
        self._finish(whole)
        for part in parts:
            self._finish(Table(part, columns, "partition"), is_quiet=True)
            if self._chance(0.2):
                self.lines.append(f"alter table {part} alter column {self.random.choice(columns).name} set not null")

    def _child(self, name):
        parents = [table for table in self.tables if table.kind == "table"]
        if not parents:
            self._plain(name)
            return
        parent = self.random.choice(parents)
        self.lines.append(f"create table {name} (own int{self.random.choice((' not null', ''))}) inherits ({parent.name})")
        self._finish(Table(name, parent.columns + [Column("own", "int")]))

    def _view(self, name):
        bases = [table for table in self.tables if table.kind in ("table", "partitioned")]
        if not bases:
            self._plain(name)
            return
        base = self.random.choice(bases)
        self.lines.append(f"create view {name} as select * from {base.name}")
        if self._chance(0.5):
            column = self.random.choice(base.columns)
            self.lines.append(f"alter view {name} alter column {column.name} set default {good_value(self.random, column.type)}")
        self.tables.append(Table(name, base.columns, "view"))

    def _foreign(self, name):
        columns = [Column("c0", "int"), Column("c1", "mood")]
        self.lines.append(f"create foreign table {name} (c0 int not null, c1 mood not null default 'ok') server nowhere")
        self.tables.append(Table(name, columns, "foreign"))

    def _finish(self, table, is_quiet=False):
        self.tables.append(table)
        if self._chance(0.2 if is_quiet else 0.3):
            self._trigger(table)
        if self._chance(0.05 if is_quiet else 0.12):
            self._rule(table)
        for number in range(self.random.choice((0, 1, 2))):
            self._index(table, number)
        if self._chance(0.08):
            self.lines.append(f"alter table {table.name} enable row level security")
        if self._chance(0.7):
            self.lines.append(f"grant all on {table.name} to app")

    def _trigger(self, table):
        name, function = f"tr_{table.name}", self.random.choice(("fill", "skip", "keep"))
        when = self.random.choice(("before insert",) * 4 + ("after insert", "before update", "before insert or update"))
        level = "row" if self._chance(0.8) else "statement"
        self.lines.append(f"create trigger {name} {when} on {table.name} for each {level} execute function {function}()")
        if self._chance(0.3):
            self.lines.append(f"alter table {table.name} {self.random.choice(('disable', 'enable replica', 'enable always'))} trigger {name}")

    def _rule(self, table):
        event = self.random.choice(("insert", "insert", "update"))
        where = self.random.choice(("", "", f" where new.{table.columns[0].name} is null"))
        action = self.random.choice(("instead nothing", "instead select 1", "also select 1"))
        self.lines.append(f"create rule ru_{table.name} as on {event} to {table.name}{where} do {action}")

    def _index(self, table, number):
        names = [column.name for column in self.random.sample(table.columns, min(len(table.columns), self.random.choice((1, 1, 2, 3))))]
        if table.kind == "partitioned" and "k" not in names:
            names.append("k")
        keys = ", ".join(names)
        kind = self.random.random()
        if kind < 0.15:
            self.lines.append(f"alter table {table.name} add constraint u_{table.name}_{number} unique ({keys}) deferrable")
        elif kind < 0.3 and table.kind != "partitioned":
            self.lines.append(f"create unique index on {table.name} ({keys}) where {names[0]} is not null")
        elif kind < 0.4 and table.kind != "partitioned":
            self.lines.append(f"create unique index on {table.name} (({names[0]} is null), {keys})")
        elif kind < 0.5:
            self.lines.append(f"create index on {table.name} ({keys})")
        elif kind < 0.6 and table.kind == "partitioned":
            self.lines.append(f"create unique index on only {table.name} ({keys})")
        else:
            self.lines.append(f"create unique index on {table.name} ({keys})")
