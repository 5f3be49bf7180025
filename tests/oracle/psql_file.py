"""PostgreSQL's regression files as a list of statements: psql's meta commands are followed as far as names need them
(\\set, \\getenv, variables, COPY data), the others are passed over."""

import re

TOKEN = re.compile(r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
  | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|(?:[uUxXbBnN]&?)?'(?:[^']|'')*')
  | (?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<variable>(?<![:\w]):(?:'\w+'|"\w+"|[A-Za-z_]\w*))
  | (?P<number>\d[\w.]*)
  | (?P<param>\$\d+)
  | (?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
  | (?P<meta>\\[^\n]*)
  | (?P<end>;)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<other>.)
""", re.VERBOSE | re.DOTALL)
COPY_STDIN = re.compile(r"\s*copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
BEGIN_ATOMIC = re.compile(r"\bbegin\s+atomic\b", re.IGNORECASE)


class Statement:
    def __init__(self, text, copy_data=None):
        self.text = text
        self.copy_data = copy_data


def _substitute(piece, variables):
    name = piece[1:].strip("'\"")
    if name not in variables:
        return piece
    value = variables[name]
    if piece[1] == "'":
        return "'" + value.replace("'", "''") + "'"
    return '"' + value.replace('"', '""') + '"' if piece[1] == '"' else value


def _set_words(words, variables):
    pieces = [word[1:-1] if word.startswith("'") else variables.get(word[1:].strip("'\""), word)
              if word.startswith(":") else word for word in words]
    return "".join(pieces)


def _meta(line, variables, environment):
    words = re.findall(r"'[^']*'|\S+", line)
    if words[0] == "\\getenv" and len(words) == 3:
        variables[words[1]] = environment.get(words[2], "")
    elif words[0] == "\\set" and len(words) >= 2:
        variables[words[1]] = _set_words(words[2:], variables)


def split(text, environment):
    """Yields the statements of a file."""
    variables = {}
    position = 0
    parts = []
    depth = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        position = match.end()
        piece = match.group()
        depth += 1 if match["open"] else -1 if match["close"] else 0
        if match["variable"]:
            parts.append(_substitute(piece, variables))
            continue
        if match["meta"]:
            if "".join(parts).strip() and piece.startswith("\\g"):
                yield Statement("".join(parts).strip())
                parts = []
            elif not piece.startswith("\\;"):
                _meta(piece, variables, environment)
            else:
                parts.append(";")
                position = match.start() + 2
            continue
        inside = depth > 0 or (BEGIN_ATOMIC.search("".join(parts)) and not re.search(r"\bend\s*$", "".join(parts), re.I))
        if not match["end"] or inside:
            parts.append(piece)
            continue
        statement = "".join(parts).strip()
        parts, depth = [], 0
        if not COPY_STDIN.match(re.sub(r"^(\s*--[^\n]*\n)+", "", statement)):
            yield Statement(statement)
            continue
        start = text.index("\n", position) + 1
        end = re.compile(r"^\\\.$", re.MULTILINE).search(text, start)
        stop = end.start() if end else len(text)
        yield Statement(statement, text[start:stop])
        position = end.end() if end else len(text)


def identifiers(text, keywords):
    """(start, end, name) of each word or quoted name that is not a keyword."""
    found = []
    for match in TOKEN.finditer(text):
        if match["quoted"] or (match["word"] and match.group().lower() not in keywords):
            found.append((match.start(), match.end(), match.group()))
    return found
