"""What came of one oracle: counts of verdicts, of the server's codes, of what was changed, and every disagreement.

    tally = Tally("case files, mutated")
    tally.add(origin, text, verdict, answer, change="quoted")
    print(table([tally, ...]))
"""

import collections
import json

from judge import ALSO, FAILURES, MISSING, is_own_error

VERDICTS = ("agree", "foreseen", "otherwise", "other", "unjudged", "unknown", *FAILURES)
CODE_COLUMNS = ("raised", "foreseen", "same code", "exact", "unknown")


class Tally:
    def __init__(self, name="", keeps_unknown=False):
        self.name = name
        self.keeps_unknown = keeps_unknown
        self.kinds = collections.Counter()
        self.reasons = collections.Counter()
        self.codes = collections.defaultdict(collections.Counter)
        self.changes = collections.defaultdict(collections.Counter)
        self.exact = 0
        self.n_accepted = 0
        self.disagreements = []
        self.notes = []

    def add(self, origin, text, verdict, answer, change=None):
        self.kinds[verdict.kind] += 1
        self.n_accepted += answer.accepted
        if change is not None:
            self.changes[change]["statements"] += 1
            self.changes[change]["accepted" if answer.accepted else verdict.kind] += 1
        if not answer.accepted:
            self.add_refusal(verdict, answer)
        if verdict.kind == "unknown":
            self.reasons[verdict.reason + ("" if answer.accepted else " " + answer.sqlstate)] += 1
        self.exact += bool(verdict.finding and verdict.finding["exact"])
        is_silent = (verdict.kind == "unknown" and verdict.reason not in ("temp", "ddl")) or (
            verdict.kind == "other" and answer.sqlstate in ALSO and is_own_error(answer))
        if verdict.kind in FAILURES or (self.keeps_unknown and is_silent):
            self.disagreements.append({"origin": str(origin), "text": text, "verdict": str(verdict), "server": str(answer)})

    def add_refusal(self, verdict, answer):
        """Of each code: how many the server raised, foreseen at all, foreseen as this code, called exact."""
        code = answer.sqlstate
        if not is_own_error(answer):
            code += " of a function or literal"
        elif answer.guessed and code == "23502":
            code += " of a parameter"
        elif verdict.reason == "temp" and not verdict.finding:
            code += " on a temporary name"
        row = self.codes[code]
        row["raised"] += 1
        if verdict.finding:
            row["foreseen"] += 1
            row["same code"] += verdict.finding["sqlstate"] == answer.sqlstate
            row["exact"] += verdict.finding["exact"]
        else:
            row["unknown"] += verdict.reason != ""

    @property
    def n_statements(self):
        return sum(self.kinds.values())

    @property
    def has_failed(self):
        return any(self.kinds[kind] for kind in FAILURES)

    def foreseen_of_missing(self):
        """(foreseen, raised) of 42703 and 42P01 that analysis raised for a name of the statement."""
        rows = [self.codes[code] for code in MISSING if code in self.codes]
        return sum(row["foreseen"] for row in rows), sum(row["raised"] for row in rows)

    def write_disagreements(self, file):
        for item in self.disagreements:
            print(json.dumps(item, ensure_ascii=False), file=file)


def markdown(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def share(part, whole):
    return f"{part} of {whole}" + (f", {100 * part / whole:.2f} %" if whole else "")


def table(tallies):
    """A line for each oracle."""
    columns = ("oracle", "statements", "accepted", *VERDICTS, "exact", "42703 and 42P01 foreseen")
    return markdown(columns, [(tally.name, tally.n_statements, tally.n_accepted, *(tally.kinds[kind] for kind in VERDICTS), tally.exact,
                               share(*tally.foreseen_of_missing())) for tally in tallies])


def code_table(tallies):
    """A line for each code that the resolver foresees, over all oracles."""
    codes = collections.defaultdict(collections.Counter)
    for tally in tallies:
        for code, row in tally.codes.items():
            codes[code].update(row)
    kept = [code for code in sorted(codes) if codes[code]["foreseen"] or code in MISSING + ALSO]
    return markdown(("code", *CODE_COLUMNS), [(code, *(codes[code][name] for name in CODE_COLUMNS)) for code in kept])


def change_table(tallies):
    """A line for each kind of change."""
    changes = collections.defaultdict(collections.Counter)
    for tally in tallies:
        for change, row in tally.changes.items():
            changes[change].update(row)
    columns = ("statements", "accepted", "foreseen", "otherwise", "other", "unjudged", "unknown", *FAILURES)
    return markdown(("change", *columns), [(name, *(row[column] for column in columns)) for name, row in sorted(changes.items())])


def details(tally):
    """What was not decided and why, and what else an oracle has to say."""
    reasons = ", ".join(f"{reason} {n}" for reason, n in tally.reasons.most_common())
    lines = [f"unknown: {share(tally.kinds['unknown'], tally.n_statements)}" + (f": {reasons}" if reasons else "")]
    return f"{tally.name}: " + "; ".join(lines + tally.notes)
