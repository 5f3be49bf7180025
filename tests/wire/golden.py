"""What the guard says itself, as text that can be read and compared: golden/*.txt.

A file is a list of traces: a title, then what was sent and what came, a message a line, the fields of errors below it:

    == encryption is asked for twice
    > SSLRequest
    < N
    > SSLRequest
    < ErrorResponse
        severity  FATAL
        ...
    < the end

A severity that stands there once more untranslated (V) is shown once.

What differs from run to run (ports, times, the server's version and its source lines) is masked. texts() finds every
sentence in the sources that a client may read: each must be in a trace, or in UNREACHED with the reason why not.
"""

import pathlib
import re

from wire import EOF, GSSENC_REQUEST, SSL_REQUEST

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(__file__).resolve().parent / "golden"

# ---- messages as text ------------------------------------------------------------------------------------------------

BACKEND = {"R": "Authentication", "K": "BackendKeyData", "S": "ParameterStatus", "Z": "ReadyForQuery", "E": "ErrorResponse",
           "N": "NoticeResponse", "T": "RowDescription", "D": "DataRow", "C": "CommandComplete", "1": "ParseComplete",
           "2": "BindComplete", "3": "CloseComplete", "n": "NoData", "I": "EmptyQueryResponse", "A": "NotificationResponse"}
FRONTEND = {"Q": "Query", "P": "Parse", "B": "Bind", "D": "Describe", "E": "Execute", "S": "Sync", "H": "Flush", "C": "Close",
            "X": "Terminate", "p": "PasswordMessage"}
TEXTS = {b"Q": 1, b"P": 2}  # how many strings of theirs are shown
FIELDS = {"S": "severity", "V": "severity, untranslated", "C": "code", "M": "message", "D": "detail", "H": "hint", "P": "position",
          "p": "internal position", "q": "internal query", "W": "where", "s": "schema", "t": "table", "c": "column", "d": "type",
          "n": "constraint", "R": "routine"}
PACKETS = {SSL_REQUEST: "SSLRequest", GSSENC_REQUEST: "GSSENCRequest"}
MASKS = ((re.compile(r"\b(127\.0\.0\.1|localhost):\d+"), r"\1:<port>"),
         (re.compile(r"(at|before) \d\d:\d\d:\d\d UTC|between \d\d:\d\d:\d\d and \d\d:\d\d:\d\d UTC"), "<when>"),
         (re.compile(r"in PostgreSQL \d+\.\d+"), "in PostgreSQL <version>"))


def masked(words):
    for pattern, mask in MASKS:
        words = pattern.sub(mask, words)
    return words.replace("\\", "\\\\").replace("\n", "\\n")


def came(found):
    """A message of the server's side as lines. Of rows and the like only the type: they are not the guard's."""
    if found == EOF:
        return ["< the end"]
    if len(found) == 1:
        return [f"< {found.decode()}"]
    kind = found[:1].decode("latin-1")
    if kind == "Z":
        return [f"< ReadyForQuery {found[5:].decode()}"]
    lines = [f"< {BACKEND[kind]}"]
    if kind == "E":
        parts = [part for part in found[5:].split(b"\0") if part]
        same = next((b"V" + part[1:] for part in parts if part[:1] == b"S"), None)
        for part in parts:
            if part[:1] not in b"FL" and part != same:  # the server's source file and line; what stands there twice
                lines.append(f"    {FIELDS[part[:1].decode()]}  {masked(part[1:].decode())}")
        if same not in parts and not any(part[:1] == b"V" for part in parts):
            lines.append(f"    {FIELDS['V']}  is missing")
    return lines


def sent(data):
    """What the client sent, message by message."""
    if data in PACKETS:
        return [f"> {PACKETS[data]}"]
    lines = []
    while data[:1].decode("latin-1") in FRONTEND and len(data) >= 5:
        length = 1 + int.from_bytes(data[1:5], "big")
        texts = [part.decode() for part in data[5:length].split(b"\0")[:TEXTS.get(data[:1], 0)] if part]
        lines.append(" ".join([f"> {FRONTEND[data[:1].decode()]}", *texts]))
        data = data[length:]
    return lines


class Book:
    """The traces of one file."""

    def __init__(self, name):
        self.path = FOLDER / f"{name}.txt"
        self._lines = []

    def trace(self, title, *parts):
        """parts: bytes that were sent, a string for what is told in words, lists of messages that came."""
        self._lines.append(f"== {title}")
        for part in parts:
            if isinstance(part, bytes):
                self._lines += sent(part)
            elif isinstance(part, str):
                self._lines.append(f"  ({part})")
            else:
                for found in part:
                    self._add(came(found))
        self._lines.append("")

    def _add(self, lines):
        """Of parameters and rows there are as many as the server likes."""
        if lines[0] not in ("< ParameterStatus", "< DataRow"):
            self._lines += lines
        elif self._lines[-1] != f"{lines[0]} ...":
            self._lines.append(f"{lines[0]} ...")

    def text(self):
        return "\n".join(self._lines)


# ---- the sentences in the sources ------------------------------------------------------------------------------------

# These speak to others: a browser, a scraper, the operator at the start or in the log.
NOT_FOR_CLIENTS = {"proxy/admin.c", "proxy/page.c", "proxy/tls_settings.c", "proxy/listener.c", "proxy/proxy.c", "proxy/bind.c",
                   "proxy/inherited.c"}
NOT_SAID = {"dg_logf", "dg_session_upstream_failed", "dg_field_str", "dg_error_set", "_Static_assert", "sscanf"}
# Each with the reason why no trace has it.
UNREACHED = {
    "driftguard: out of memory": "allocation failures are tested in units",
    "out of memory": "allocation failures are tested in units",
    "the name was not resolved in time": "needs a name server that does not answer",
    "no address": "needs a name server",
    "no resolver": "allocation failures are tested in units",
    "between %.*s and %s": "times are masked",
}
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LITERALS = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"\s*(?:PRI\w+\s*)?)+')
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_CONVERSION = re.compile(r"%[-.*0-9]*(?:ll|l|z)?[a-z]|\{\w+\}")
_MESSAGE = re.compile(r"DG_MESSAGE\(\w+,\s*((?:\"(?:[^\"\\]|\\.)*\"[\s,]*)+)\)")


def _caller(source, at):
    """The name of the function or macro whose arguments the offset is among, or ''."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if source[i] == ")":
            depth += 1
        elif source[i] == "(" and depth > 0:
            depth -= 1
        elif source[i] == "(":
            name = re.search(r"(\w+)\s*$", source[:i])
            return name[1] if name else ""
        elif source[i] in ";{}":
            break
    return ""


def _in_source(path):
    source = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), path.read_text())
    source = re.sub(r"^\s*#.*$", "", source, flags=re.MULTILINE)
    for match in _LITERALS.finditer(source):
        words = "".join(_LITERAL.findall(match[0])).replace('\\"', '"').replace("\\n", "\n")
        n_words = len(re.findall(r"[A-Za-z_]+", _CONVERSION.sub("", words)))
        if n_words >= 2 and _caller(source, match.start()) not in NOT_SAID:
            yield words


def texts():
    """{sentence or template: where it is}"""
    found = {}
    paths = [path for path in sorted((ROOT / "proxy").glob("*.c")) if str(path.relative_to(ROOT)) not in NOT_FOR_CLIENTS]
    for path in (*paths, ROOT / "guard/policy.c", ROOT / "guard/diagnose_text.c"):
        for words in _in_source(path):
            found[words] = path.relative_to(ROOT)
    for match in _MESSAGE.finditer((ROOT / "guard/messages.def").read_text()):
        for words in _LITERAL.findall(match[1])[1:]:
            found[words.replace('\\"', '"')] = "guard/messages.def"
    return found


def kept_values():
    """The fields of all errors in all files."""
    values = []
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text().splitlines():
            if line.startswith("    "):
                values.append(line.strip().partition("  ")[2].replace("\\n", "\n").replace("\\\\", "\\"))
    return values


def without_trace():
    """The sentences that no file has, with their place."""
    values = kept_values()
    missing = []
    for words, place in texts().items():
        parts = [re.escape(part) for part in _CONVERSION.split(words)]
        pattern = re.compile(".*?".join(parts).replace("%%", "%"), re.DOTALL)
        if words not in UNREACHED and not any(pattern.search(value) for value in values):
            missing.append(f"{place}: {words}")
    return missing
