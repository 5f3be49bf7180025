"""Random statements over few names, so that tables, aliases, WITH items, columns and functions are called alike.

    scopes.py PROBE [--statements N] [--seed N] [--report FILE] ...

The writer knows roughly what can be seen at each place, so that about half of the statements are accepted; in most of the
others it breaks one name or two on purpose.
"""

import random
import re

import compare
from cluster import Cluster
from judge import Probe, Server

SCHEMA = """
create schema s;
create type comp as (a int, b text);
create table t (a int, b int, c comp, d int);
create table u (a int, u int, t comp, e int);
create table v (b int, v text, a text);
create table s.t (a int, z int);
create table s.w (a int, s int);
create view w as select a, b as x from t;
create table x () inherits (t);
create function f(int) returns int language sql as 'select 1';
create function g(int, out a int, out y int) language sql as 'select 1, 2';
create function h(int) returns setof u language sql as 'select * from u';
create function e(t) returns int language sql as 'select 1';
create sequence q;
create domain dd as int;
"""
TABLES = {"t": "abcd", "u": "aute", "v": "bva", "s.t": "az", "s.w": "as", "w": "ax", "x": "abcd", "q": ("last_value", "log_cnt", "is_called")}
WRITTEN = ("t", "u", "v", "x")
NAMES = ("t", "u", "v", "k", "k", "m", "a", "b", "w", "x")
FUNCTIONS = (("f", None), ("g", "ay"), ("h", "aute"), ("generate_series", None))
SYSTEM = ("ctid", "tableoid", "xmin")
WRONG = ("nope", "ctid", "zz.a", "t.nope", "u.a", "k.a", "m.b", "s.t.a", "public.t.a", "(t).a", "a", "b", "x", "t", "last_value", "u.e", "t.c",
         "v.v", "excluded.a", "(c).nope", "(c).a", "d", "f", "e", "k", "old.a", "t.e", "u.count")
WRONG_TABLES = ("nope", "s.nope", "zz.t", "k", "comp", "public.k")
WRONG_TARGETS = ("nope", "ctid", "a", "e", "t.a", "k", "c.nope", "z")
LITERALS = ("1", "2", "null", "'x'", "true", "1.5", "$1")
BARE = re.compile(r"(?:\(?\w+\)?\.)*(\w+)")


class Writer:
    """One statement at a time. `env` holds, a level of the statement each, what is visible there: (alias, its columns);
    `items` the WITH items in the same way."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def statement(self):
        self.env, self.items = [], [{}]
        self.n_to_break = self.random.choice((0, 1, 1, 2))
        self.may_write = True
        if self.chance(0.75):
            return self.query(2)[0]
        self.items.append({})
        start = self.with_clause(1) if self.chance(0.3) else ""
        return start + self.write(1)[0]

    # ---- choices

    def chance(self, part):
        return self.random.random() < part

    def one(self, *choices):
        return self.random.choice(choices)

    def breaks(self):
        if self.n_to_break > 0 and self.chance(0.05):
            self.n_to_break -= 1
            return True
        return False

    def aliases(self, n):
        return [self.one("a", "b", "k", "t", "y", "p", "q") for _ in range(n)]

    def seen_with(self, *levels):
        """The levels are visible to what is written inside `with`."""
        return _Levels(self, levels)

    # ---- expressions

    def literal(self):
        return self.one(*LITERALS)

    def reference(self):
        levels = [level for level in self.env if level]
        if self.breaks():
            return self.one(*WRONG)
        if not levels:
            return self.literal()
        alias, columns = self.one(*(levels[-1] if self.chance(0.75) else self.one(*levels)))
        if not columns:
            return alias or self.literal()
        column = self.one(*columns)
        form = self.random.random()
        if alias is None or form < 0.4:
            return column
        if form < 0.92 or "." in alias:
            return f"{alias}.{column}"
        if form < 0.95:
            return f"({alias}).{column}"
        if form < 0.97:
            return alias
        return f"({alias}.c).{self.one('a', 'b')}" if column == "c" else f"{alias}.{column}"

    def expression(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.6:
            return self.reference()
        if kind < 0.87:
            plain = (self.literal, lambda: f"({self.reference()} is null)", lambda: f"coalesce({self.reference()}, null)",
                     lambda: f"({self.query(depth - 1, 1)[0]})")
            return self.one(*plain)()
        rest = (lambda: f"exists ({self.query(depth - 1)[0]})", lambda: f"case when {self.condition(depth - 1)} then {self.reference()} end",
                lambda: f"row({self.reference()}, {self.reference()})", lambda: f"{self.reference()}::text", lambda: f"array[{self.reference()}]")
        return self.one(*rest)()

    def condition(self, depth):
        kind = self.random.random()
        if kind < 0.5:
            return f"{self.reference()} is not null"
        if kind < 0.65:
            return f"{self.reference()}::text = {self.reference()}::text"
        if kind < 0.7:
            return f"{self.reference()} = {self.reference()}"
        if depth <= 0:
            return "true"
        if kind < 0.9:
            return f"exists ({self.query(depth - 1)[0]})"
        return f"{self.condition(depth - 1)} and not ({self.condition(depth - 1)})"

    # ---- FROM: each gives its text, what it shows ((alias, columns), ...), and its columns

    def named(self, columns, must=False):
        """(text of an alias or "", the alias or None, the columns under their new names)"""
        if not must and self.chance(0.4):
            return "", None, columns
        alias = self.one(*NAMES)
        if not columns or self.chance(0.8):
            return f" {alias}", alias, columns
        renamed = self.aliases(self.random.randint(1, min(len(columns), 3)))
        return f" as {alias}({', '.join(renamed)})", alias, renamed + columns[len(renamed):]

    def table(self):
        if self.breaks():
            name = self.one(*WRONG_TABLES)
            return name, [(name.split(".")[-1], ["a"])], ["a"]
        name = self.one(*TABLES, *(name for level in self.items for name in level))
        hiding = [level[name] for level in self.items if name in level]
        columns = list(hiding[-1] if hiding else TABLES[name])
        if not hiding and name != "w" and self.chance(0.2):
            columns.append(self.one(*SYSTEM))
        text, alias, columns = self.named(columns)
        return name + text, [(alias or name.split(".")[-1], columns)], columns

    def function(self, left):
        name, columns = self.one(*FUNCTIONS)
        with self.seen_with(left):
            arguments = (self.reference() if self.chance(0.5) else "1") + (", 2" if name == "generate_series" else "")
        alias = self.one(*NAMES) if self.chance(0.7) else None
        columns = list(columns or [alias or name])
        ordinality = " with ordinality" if self.chance(0.2) else ""
        columns += ["ordinality"] if ordinality else []
        text = f"{name}({arguments}){ordinality}" + (f" {alias}" if alias else "")
        if alias and self.chance(0.3):
            renamed = self.aliases(self.random.randint(1, len(columns)))
            text, columns = f"{text}({', '.join(renamed)})", renamed + columns[len(renamed):]
        return text, [(alias or name, columns)], columns

    def subselect(self, depth, left):
        is_lateral = self.chance(0.4)
        with self.seen_with(*([left] if is_lateral else [])):
            query, columns = self.query(depth - 1)
        text, alias, columns = self.named(columns, must=True)
        return f"{'lateral ' if is_lateral else ''}({query}){text}", [(alias, columns)], columns

    def from_item(self, depth, left):
        kind = self.random.random()
        if depth <= 0 or kind < 0.5:
            return self.table()
        if kind < 0.66:
            return self.subselect(depth, left)
        if kind < 0.76:
            return self.function(left)
        if kind < 0.8:
            text, alias, columns = self.named(["column1", "column2"], must=True)
            return f"(values ({self.literal()}, {self.literal()})){text}", [(alias, columns)], columns
        return self.join(depth - 1, left)

    def join(self, depth, left):
        kind = self.one("join", "join", "left join", "left join", "full join", "right join", "cross join", "natural join")
        first, shown, columns = self.from_item(depth, left)
        sees_first = kind in ("join", "left join", "cross join")
        second, shown_too, more = self.from_item(depth, left + (shown if sees_first else []))
        shown, common = shown + shown_too, [name for name in columns if name in more]
        text = f"{first} {kind} {second}"
        merged = common if kind == "natural join" else []
        if kind not in ("cross join", "natural join") and common and self.chance(0.5):
            merged = [self.one("nope", "ctid", *columns, *more)] if self.breaks() else [self.one(*common)]
            text += f" using ({merged[0]})"
            if self.chance(0.15):
                shown = [*shown, (self.one(*NAMES), merged)]
                text += f" as {shown[-1][0]}"
        elif kind not in ("cross join", "natural join"):
            with self.seen_with(shown):
                text += f" on {self.condition(depth - 1)}"
        columns = merged + [name for name in columns + more if name not in merged]
        if self.chance(0.6):
            return text if self.chance(0.5) else f"({text})", [*shown, (None, columns)], columns
        alias_text, alias, columns = self.named(columns, must=True)
        return f"({text}){alias_text}", [(alias, columns)], columns

    def from_clause(self, depth):
        if self.chance(0.06):
            return "", []
        texts, shown = [], []
        for _ in range(self.one(1, 1, 2)):
            text, more, _ = self.from_item(depth, shown)
            texts.append(text)
            shown = shown + more
        return "from " + ", ".join(texts), shown

    # ---- queries: the text and the names of the columns

    @staticmethod
    def name_of(expression):
        bare = BARE.fullmatch(expression.removesuffix("::text"))
        if bare and not expression[0].isdigit() and expression not in ("null", "true"):
            return bare[1]
        word = re.match(r"coalesce|exists|case|row|array", expression)
        return word[0] if word else '"?column?"'

    def targets(self, depth, shown, n):
        texts, columns = [], []
        for _ in range(n or self.random.randint(1, 3)):
            alias, of_alias = self.one(*shown) if shown else (None, [])
            if n is None and shown and self.chance(0.15):
                texts.append(f"{alias}.*" if alias else "*")
                columns += [name for name in (of_alias if alias else sum((list(one[1]) for one in shown), [])) if name not in SYSTEM]
                continue
            text = self.expression(depth)
            name = self.one("a", "b", "k", "t", "y") if self.chance(0.35) else None
            texts.append(f"{text} as {name}" if name else text)
            columns.append(name or self.name_of(text))
        return texts, columns

    def select(self, depth, n=None, is_arm=False):
        from_text, shown = self.from_clause(depth)
        with self.seen_with(shown):
            texts, columns = self.targets(depth, shown, n)
            head = self.random.choices(("", "distinct ", f"distinct on ({self.one(self.reference(), *columns)}) "), (18, 1, 1))[0]
            words = f"select {head}{', '.join(texts)} {from_text}"
            if self.chance(0.35):
                words += f" where {self.condition(depth)}"
            if self.chance(0.05):
                words += f" group by {self.one(self.reference(), *columns)}"
            if self.chance(0.05):
                words += f" window m as (partition by {self.reference()} order by {self.reference()})"
            if self.chance(0.2) and not is_arm:
                words += f" order by {self.one(self.reference(), *columns, '1')}"
            if self.chance(0.04) and not is_arm:
                words += f" limit {self.one('1', 'null', self.reference())}"
            if self.chance(0.03) and shown and not is_arm:
                words += f" for update of {self.one(*shown)[0] or 't'}"
        return words, columns

    def query(self, depth, n=None):
        self.items.append({})
        start = self.with_clause(depth - 1) if self.chance(0.15) else ""
        if self.chance(0.08):
            n = n or self.one(1, 2)
            words, columns = self.select(depth - 1, n, is_arm=True)
            words += f" {self.one('union all', 'union', 'intersect', 'except')} {self.select(depth - 1, n, is_arm=True)[0]}"
            if self.chance(0.3):
                words += f" order by {self.one(*WRONG) if self.breaks() else self.one('1', *columns)}"
        else:
            words, columns = self.select(depth, n)
        self.items.pop()
        return start + words, columns

    def with_clause(self, depth):
        is_recursive, texts, level = self.chance(0.3), [], self.items[-1]
        for _ in range(self.one(1, 2)):
            name, renamed = self.one(*NAMES), []
            if name in level:
                continue
            if is_recursive and self.chance(0.5):
                body, columns = self.select(0, 1, is_arm=True)
                with self.seen_with([(name, columns)]):
                    body += f" union all select {self.reference()} from {name}"
            elif self.may_write and len(self.items) == 2 and self.chance(0.1):
                body, columns = self.write(depth - 1, returns=True)
            else:
                body, columns = self.query(depth) if depth > 0 else self.select(0)
                renamed = self.aliases(self.random.randint(1, len(columns))) if self.chance(0.25) and columns else []
            listed = f"({', '.join(renamed)})" if renamed else ""
            texts.append(f"{name}{listed} as {self.one('', '', 'materialized ')}({body})")
            level[name] = renamed + columns[len(renamed):]
        return f"with {'recursive ' if is_recursive else ''}{', '.join(texts)} " if texts else ""

    # ---- writes: the text and the names of what RETURNING gives

    def target(self, columns):
        return self.one(*WRONG_TARGETS) if self.breaks() else self.one(*columns)

    def write(self, depth, returns=False):
        may_write, self.may_write = self.may_write, False
        table = self.one(*WRITTEN)
        alias = self.one(*NAMES) if self.chance(0.4) else None
        named = f"{table} as {alias}" if alias else table
        kinds = (self.insert, self.update, self.delete) + (() if returns else (self.merge,))
        words, shown = self.one(*kinds)(depth, named, (alias or table, list(TABLES[table])))
        columns = []
        if shown and (returns or self.chance(0.5)):
            with self.seen_with(shown):
                texts = [self.expression(depth) for _ in range(self.one(1, 2))]
            words += f" returning {', '.join(texts)}"
            columns = [self.name_of(text) for text in texts]
        self.may_write = may_write
        return words, columns

    def insert(self, depth, named, shown):
        columns = self.random.sample(shown[1], self.random.randint(1, 3))
        listed = ", ".join(self.one(*WRONG_TARGETS) if self.breaks() else column for column in columns)
        values = ", ".join(self.literal() if self.chance(0.8) else self.reference() for _ in columns)
        words = f"insert into {named} ({listed}) " + (f"values ({values})" if self.chance(0.6) else self.query(depth, len(columns))[0])
        if self.chance(0.3):
            words += f" on conflict ({self.target(shown[1])}) do "
            with self.seen_with([("excluded", shown[1]), shown]):
                words += self.one("nothing", f"update set {self.target(shown[1])} = {self.reference()} where {self.condition(depth)}")
        return words, [shown]

    def update(self, depth, named, shown):
        from_text, more = self.from_clause(depth) if self.chance(0.4) else ("", [])
        with self.seen_with([shown, *more]):
            words = f"update {named} set {self.target(shown[1])} = {self.expression(depth)}"
            if self.chance(0.3):
                words += f", {self.target(shown[1])} = {self.expression(depth)}"
            words += f" {from_text}" + (f" where {self.condition(depth)}" if self.chance(0.5) else "")
        return words, [shown, *more]

    def delete(self, depth, named, shown):
        from_text, more = self.from_clause(depth) if self.chance(0.4) else ("", [])
        with self.seen_with([shown, *more]):
            words = f"delete from {named} {from_text.replace('from', 'using', 1)}"
            words += f" where {self.condition(depth)}" if self.chance(0.6) else ""
        return words, [shown, *more]

    def merge(self, depth, named, shown):
        item, more, _ = self.from_item(depth, [])
        with self.seen_with([shown, *more]):
            words = f"merge into {named} using {item} on {self.condition(depth)}"
            extra = f" and {self.condition(0)}" if self.chance(0.4) else ""
            words += f" when matched{extra} then {self.one('delete', f'update set {self.target(shown[1])} = {self.expression(0)}')}"
        if self.chance(0.5):
            with self.seen_with(more):
                extra = f" and {self.condition(0)}" if self.chance(0.4) else ""
                words += f" when not matched{extra} then insert ({self.target(shown[1])}) values ({self.expression(0)})"
        return words, []


class _Levels:
    def __init__(self, writer, levels):
        self.writer, self.levels = writer, levels

    def __enter__(self):
        self.before = self.writer.env
        self.writer.env = [*self.before, *self.levels]

    def __exit__(self, *_):
        self.writer.env = self.before


def parser():
    made = compare.parser(__doc__)
    made.add_argument("--statements", type=int, default=20000)
    return made


def run(options):
    """The tallies."""
    tallies = compare.tallies(options, "few names")
    writer, clock = Writer(options.seed), compare.Clock(options.seconds)
    session = {"path": ("$user", "public"), "role": "postgres"}
    with Cluster() as cluster:
        url = compare.create_database(cluster, "names", options.encoding)
        compare.load_schema(url, SCHEMA)
        with Probe(options.probe, url) as probe, Server(url) as server:
            probe.load()
            comparison = compare.Comparison(probe, server, options, tallies[0])
            for number in range(options.statements):
                comparison.judge(number, re.sub(" +", " ", writer.statement()).strip(), session)
                if clock.is_up:
                    break
    return tallies


if __name__ == "__main__":
    compare.main(parser(), run)
