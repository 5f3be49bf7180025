"""Checks that read C sources: sizes, layering, banned functions, names."""

import re

import c_source
from tree import FLOORS, HOUSE, Finding, check, floor_of, line_of

MAX_FUNCTION_LINES = 100
MAX_FILE_LINES = 800
SIZED = (".c", ".h", ".def", ".py", ".sh", ".mjs", ".js")

# Headers with one owner: the only folder that may know of the library behind them.
OWNED_HEADERS = {"pg_query.h": "sql", "libpq-fe.h": "schema", "ssl.h": "proxy"}

# Called or pointed to: these have no safe use, wherever the compiler looks or does not look (tests, macros, #if 0).
BANNED = set("strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof alloca longjmp setjmp "
             "tmpnam mktemp asctime ctime gmtime localtime rand srand popen".split())
# Names that may also be a field or a variable: only a call counts.
BANNED_CALLS = {"system", "sleep"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


@check("sizes")
def sizes(tree):
    """Functions of at most 100 lines, files of at most 800."""
    for path in tree.files(*SIZED):
        n_lines = len(tree.lines(path))
        if n_lines > MAX_FILE_LINES:
            yield Finding(path, n_lines, f"{n_lines} lines, {MAX_FILE_LINES} are allowed: split it by what it is about")
    for path in tree.c_files():
        for function in c_source.functions(tree.text(path)):
            n_lines = function.last_line - function.line + 1
            if n_lines > MAX_FUNCTION_LINES:
                yield Finding(path, function.line,
                              f"{function.name} has {n_lines} lines, {MAX_FUNCTION_LINES} are allowed")


@check("layers")
def layers(tree):
    """Includes are rooted (but for helpers of tests), name a file that exists, and point to lower floors only."""
    for path in tree.c_files():
        text = tree.text(path)
        for match in INCLUDE.finditer(text):
            line = line_of(text, match.start())
            if match.group(1):
                yield from _check_own_include(tree, path, line, match.group(1))
            else:
                yield from _check_system_include(path, line, match.group(2))


def _check_own_include(tree, path, line, target):
    if path.startswith("tests/") and "/" not in target:
        return  # a helper beside the tests; the floors are told apart by rooted paths only
    if not (tree.root / target).is_file():
        yield Finding(path, line, f'"{target}" is no file below the root: includes are rooted, as in "base/str.h"')
        return
    mine, theirs = floor_of(path), floor_of(target)
    if not mine or not theirs or mine[1] == theirs[1]:
        return
    if theirs[0] >= mine[0]:
        allowed = ", ".join(folder for floor in FLOORS[:mine[0]] for folder in floor) or "nothing"
        yield Finding(path, line, f"{mine[1]} may not know of {theirs[1]}; below it: {allowed}")


def _check_system_include(path, line, target):
    owner = OWNED_HEADERS.get(target.rsplit("/", 1)[-1])
    mine = floor_of(path)
    if owner and (not mine or mine[1] != owner):
        yield Finding(path, line, f"only {owner}/ includes {target}")


@check("banned")
def banned(tree):
    """Functions that nobody calls here. base/banned.h tells the compiler; this sees what it does not compile."""
    word = re.compile(r"(?<![\w.>])(?:(%s)\b|(%s)\s*\()" % ("|".join(sorted(BANNED)), "|".join(sorted(BANNED_CALLS))))
    for path in tree.c_files():
        if path == "base/banned.h":
            continue
        code = c_source.blank(tree.text(path))
        code = INCLUDE.sub(lambda match: " " * len(match.group()), code)
        for match in word.finditer(code):
            yield Finding(path, line_of(code, match.start()), f"{match.group(1) or match.group(2)} is banned here")


@check("names")
def names(tree):
    """Functions that other files see begin with dg_: libpg_query.so exports PostgreSQL's bare names."""
    for path in tree.c_files():
        if not path.startswith(tuple(folder + "/" for folder in HOUSE)):
            continue
        for function in c_source.functions(tree.text(path)):
            if not function.is_static and not function.name.startswith("dg_") and function.name != "main":
                yield Finding(path, function.line, f"{function.name} is not static and does not begin with dg_")
