"""Breaks identifiers of a statement, one at a time or two, in the ways that people and renames do.

    for change, changed in Mutator(server, random).variants(text, 4):

Each kind of change is a method that gives the words to put in an identifier's place, or None where it does not apply.
"""

import collections
import re

from psql_file import TOKEN, identifiers

SYSTEM_COLUMNS = ("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid")
FUNCTIONS = ("lower", "count", "abs", "text", "name", "max", "upper", "int4", "to_json")
PSEUDO = ("excluded", "old", "new", "value", "ordinality", "column1", "merge_action", "unnamed_subquery")
FOREIGN_COMMENT = "/* \u00e9\u65e5\U0001f600 */ "
INSERT = re.compile(r'(\s*insert\s+into\s+[\w."$]+(?:\s+as\s+\w+)?\s*\()([^()]*)(\)\s*values\s*)(?=\()', re.IGNORECASE)
CATALOG_NAMES = """
select string_agg(distinct quote_ident(name), E'\\x01') from (
    select attname from pg_attribute a join pg_class c on c.oid = attrelid
        where attnum > 0 and not attisdropped and c.oid >= 16384
    union all select relname from pg_class where oid >= 16384
    union all select proname from pg_proc where oid >= 16384
    union all select typname from pg_type where oid >= 16384 and typname !~ '^_'
    union all select nspname from pg_namespace where oid >= 16384) x(name)
"""
KEYWORDS = "select string_agg(word, ' ') from pg_get_keywords() where catcode in ('R', 'T')"


class Mutator:
    def __init__(self, server, random, may_be_foreign=True):
        self.random = random
        self.keywords = set(server.value(KEYWORDS).split())
        self.catalog = (server.value(CATALOG_NAMES) or "zz_nothing").split("\x01")
        self.pool = collections.deque(self.catalog[:5], maxlen=500)
        self.changes = {"nowhere": (8, self.nowhere), "same statement": (6, self.same_statement),
                        "catalog": (4, self.of_catalog), "earlier statement": (1, self.of_pool),
                        "system column": (1, self.of(SYSTEM_COLUMNS)), "function": (1, self.of(FUNCTIONS)),
                        "pseudo relation": (1, self.of(PSEUDO)), "folded": (1, self.folded), "quoted": (1, self.quoted),
                        "qualified": (2, self.qualified), "qualifier dropped": (2, self.unqualified),
                        "literal": (1, self.literal)}
        self.may_be_foreign = may_be_foreign

    def variants(self, text, n):
        """n times (kind of change, the changed text), fewer where nothing can be changed."""
        found = identifiers(text, self.keywords)
        if not found or len(text) > 20000:
            return
        self.pool.extend(name for _, _, name in found[:5])
        kinds = list(self.changes)
        weights = [self.changes[kind][0] for kind in kinds]
        for _ in range(n):
            kind = self.random.choices(kinds, weights)[0]
            if self.random.random() < 0.2 and (shorter := self.without_a_column(text)):
                yield "column left out", shorter
                continue
            n_places = 2 if len(found) > 1 and self.random.random() < 0.2 else 1
            changed = self.change(text, found, kind, n_places)
            if changed != text:
                yield kind + (", two" if n_places == 2 else ""), self.behind_a_comment(changed)

    def change(self, text, found, kind, n_places):
        places = found
        if kind == "literal":
            places = [(match.start(), match.end(), match.group()) for match in TOKEN.finditer(text) if match["string"]]
        places = self.random.sample(places, min(n_places, len(places)))
        for start, end, name in sorted(places, reverse=True):
            text = self.changes[kind][1](text, start, end, name, found)
        return text

    def without_a_column(self, text):
        """An INSERT of VALUES without one of its columns, and without its values; None if it is not that."""
        match = INSERT.match(text)
        columns = match[2].split(",") if match else []
        if len(columns) < 2:
            return None
        left_out = self.random.randrange(len(columns))
        del columns[left_out]
        depth, n, kept = 0, 0, []
        for token in TOKEN.finditer(text, match.end()):
            if depth == 0 and not token["open"] and token.group() not in (",", " ", "\n"):
                kept.append(text[token.start():])
                break
            depth += 1 if token["open"] else -1 if token["close"] else 0
            if (depth == 1 and token["open"]) or (depth == 0 and token["close"]):
                n = 0
            elif depth == 1 and token.group() == ",":
                n += 1
                if n == (left_out or 1):
                    continue
            elif depth >= 1 and n == left_out:
                continue
            kept.append(token.group())
        return match[1] + ",".join(columns) + match[3] + "".join(kept)

    def behind_a_comment(self, text):
        """Positions count characters: now and then some of several bytes stand in front."""
        is_foreign = self.may_be_foreign and self.random.random() < 0.05
        return FOREIGN_COMMENT + text if is_foreign else text

    @staticmethod
    def nowhere(text, start, end, _name, _found):
        return text[:start] + "zz_nope" + text[end:]

    def same_statement(self, text, start, end, _name, found):
        return text[:start] + self.random.choice(found)[2] + text[end:]

    def of_catalog(self, text, start, end, _name, _found):
        return text[:start] + self.random.choice(self.catalog) + text[end:]

    def of_pool(self, text, start, end, _name, _found):
        return text[:start] + self.random.choice(self.pool) + text[end:]

    def of(self, names):
        return lambda text, start, end, _name, _found: text[:start] + self.random.choice(names) + text[end:]

    @staticmethod
    def folded(text, start, end, name, _found):
        return text[:start] + (name[1:-1] if name.startswith('"') else name.upper()) + text[end:]

    @staticmethod
    def quoted(text, start, end, name, _found):
        return text[:start] + (name.upper() if name.startswith('"') else f'"{name.upper()}"') + text[end:]

    def qualified(self, text, start, _end, _name, found):
        return text[:start] + self.random.choice(found)[2] + "." + text[start:]

    @staticmethod
    def unqualified(text, start, end, _name, _found):
        return text[:start] + text[end + 1:] if text[end:end + 1] == "." else text

    @staticmethod
    def literal(text, start, end, name, _found):
        return text[:start] + ("'zz nope'" if name.startswith("'") else name) + text[end:]
