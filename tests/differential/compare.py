"""Compares psql's output straight from the server with its output through a guard, line by line.

The guard may add, to an error that the server has raised, one line to DETAIL that begins with "driftguard:" and one line
to HINT, and nothing else. Taking exactly these lines away must give the server's output; so this does not search for
what looks like an addition: it walks both texts and allows one only where they stop being equal, right behind an error.

An error, as psql prints it, then the guard's additions (+):

    ERROR:  column "b" does not exist
    LINE 1: select b from t;
                   ^
  + DETAIL:  driftguard: ...             or, behind a DETAIL of the server's:   + driftguard: ...
    HINT:  Perhaps you meant ...
  + a line of the guard's hint           or, without a HINT of the server's:    + HINT:  ...
"""

import difflib
import re

DETAIL_ALONE = re.compile(r"DETAIL:  driftguard: [\x20-\x7e]+$")
DETAIL_BEHIND = re.compile(r"driftguard: [\x20-\x7e]+$")
HINT_ALONE = re.compile(r"HINT:  [\x20-\x7e]+$")
HINT_BEHIND = re.compile(r"[\x20-\x7e]+$")
MAX_ADDITION = 1024


class Comparison:
    def __init__(self):
        self.additions = []  # lines that the guard added
        self.differences = []  # human-readable; empty if equal but for the additions


class _Walk:
    """Two cursors; remembers where the last ERROR began and what of the guard's has been seen in it."""

    def __init__(self, direct, guarded, result):
        self.direct = direct.splitlines()
        self.guarded = guarded.splitlines()
        self.result = result
        self.field = None  # of the error that the cursors stand behind: "ERROR", "DETAIL", "HINT"; None: not in one
        self.has_detail = self.has_hint = False  # the guard's own, in this error

    def run(self):
        i = j = 0
        while j < len(self.guarded):
            line = self.guarded[j]
            if i < len(self.direct) and self.direct[i] == line:
                self._enter(line)
                i, j = i + 1, j + 1
            elif self._is_addition(line):
                self.result.additions.append(line)
                j += 1
            else:
                return False
        return i == len(self.direct)

    def _enter(self, line):
        if line.startswith("ERROR:  "):
            self.field, self.has_detail, self.has_hint = "ERROR", False, False
        elif self.field and line.startswith("DETAIL:  "):
            self.field = "DETAIL"
        elif self.field and line.startswith("HINT:  "):
            self.field = "HINT"

    def _is_addition(self, line):
        if self.field is None or len(line) > MAX_ADDITION + len("DETAIL:  "):
            return False
        if not self.has_detail:
            pattern = DETAIL_BEHIND if self.field == "DETAIL" else DETAIL_ALONE
            self.has_detail = bool(pattern.match(line)) and self.field != "HINT"
            return self.has_detail
        if not self.has_hint:
            self.has_hint = bool((HINT_BEHIND if self.field == "HINT" else HINT_ALONE).match(line))
            return self.has_hint
        return False


def compare(direct, guarded, may_explain):
    """Texts of one file. may_explain False: they must be identical."""
    result = Comparison()
    if direct == guarded:
        return result
    if may_explain and _Walk(direct, guarded, result).run():
        return result
    # Lines that could be additions are taken away for the report only, so that it shows what is wrong.
    kept = [line for line in guarded.splitlines() if not (may_explain and "driftguard: " in line)]
    result.differences = list(difflib.unified_diff(direct.splitlines(), kept, "direct", "guarded", lineterm="", n=2))
    if not result.differences:
        result.differences = ["the texts differ in how additions are placed, or in line ends"]
    return result
