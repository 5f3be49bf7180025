"""Just enough C to find functions and words in it: no preprocessor, no types.

blank() keeps every offset and line of the text, so that a finding can name its place.
"""

import collections
import re

# One alternative each for what a word must not be found in. Line splices inside string literals are allowed by \\.
_TRIVIA = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_SIGNATURE = re.compile(r"([A-Za-z_]\w*)\s*\(")

Function = collections.namedtuple("Function", "name line last_line is_static")


def _spaces(match):
    return re.sub(r"[^\n]", " ", match.group())


def blank(text):
    """The text with comments and literals turned into spaces."""
    return _TRIVIA.sub(_spaces, text)


def _blank_directives(text):
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", _spaces, text, flags=re.MULTILINE)


def functions(text):
    """The functions that the text defines, from the line of the name to that of the closing brace."""
    code = _blank_directives(blank(text))
    depth, head_start = 0, 0
    opened = None
    for match in re.finditer(r"[{};]", code):
        at, mark = match.start(), match.group()
        if mark == "{":
            if depth == 0:
                opened = _signature(code, head_start, at)
            depth += 1
        elif mark == "}":
            depth = max(depth - 1, 0)
            if depth == 0:
                if opened:
                    name, start, is_static = opened
                    yield Function(name, code.count("\n", 0, start) + 1, code.count("\n", 0, at) + 1, is_static)
                opened, head_start = None, at + 1
        elif depth == 0:
            head_start = at + 1


def _signature(code, start, brace):
    """(name, offset, static) if what stands before the brace ends in a parameter list; None for structs and tables."""
    head = code[start:brace].rstrip()
    if not head.endswith(")") or re.search(r"=(?!=)", head):
        return None
    match = _SIGNATURE.search(head)
    while match and match.group(1) in ("__attribute__", "_Alignas", "__declspec"):
        match = _SIGNATURE.search(head, match.end())
    if not match:
        return None
    return match.group(1), start + match.start(), bool(re.search(r"\bstatic\b", head[:match.start()]))
