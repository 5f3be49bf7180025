"""The two sides of the comparison: the resolver (dg_sql_probe) and a real PostgreSQL, asked by Parse.

    with Probe(binary, url) as probe, Server(url) as server:
        verdict = judge(probe.analyze(text), server.parse(text))

A verdict's `kind` says who was right:

    agree         the server accepts, and nothing was found missing; every name was decided
    unknown       a name was not decided, whatever the server said; `reason` names why
    foreseen      the server refuses with 42703 or 42P01, and the resolver had foreseen a failure
    otherwise     both say that it fails; the server with another code than 42703 and 42P01
    other         the server refuses for a reason that is not the resolver's business
    FALSE_ALARM   the server accepts what the resolver said must fail
    NOT_EXACT     a finding that was called exact differs in code, message or position
    MISSED        the server raises 42703 or 42P01 at analysis, the resolver decided every name and found nothing missing
"""

import json
import subprocess

from psycopg import pq

MISSING = ("42703", "42P01")
INPUT_ROUTINES = ("RangeVarGetRelidExtended", "regclassin")  # of regclass: up to 15, from 16 on
FAILURES = ("FALSE_ALARM", "NOT_EXACT", "MISSED")
FIELD = pq.DiagnosticField


class Probe:
    """dg_sql_probe as a child process."""

    def __init__(self, binary, url):
        self._process = subprocess.Popen([str(binary), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(30)

    def _ask(self, request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the probe died over {request}")
        return json.loads(answer)

    def load(self):
        answer = self._ask({"op": "load"})
        if answer["status"] != "OK":
            raise RuntimeError(f"no snapshot: {answer}")

    def vary(self, text, seed):
        """(the text with other literals, whether the two are of one shape)."""
        answer = self._ask({"op": "vary", "text": text, "seed": seed})
        return answer["text"], answer["shares"]

    def analyze(self, text, path=("$user", "public"), role="postgres", **session):
        return self._ask({"op": "analyze", "text": text, "path": list(path), "role": role, **session})


class Answer:
    """What the server said to a Parse: accepted, or the fields of its error."""

    def __init__(self, result):
        self.accepted = result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
        if self.accepted:
            return
        self.sqlstate = self._field(result, FIELD.SQLSTATE)
        self.message = self._field(result, FIELD.MESSAGE_PRIMARY)
        self.position = int(self._field(result, FIELD.STATEMENT_POSITION) or 0)
        self.routine = self._field(result, FIELD.SOURCE_FUNCTION)
        self.is_nested = bool(self._field(result, FIELD.INTERNAL_QUERY) or self._field(result, FIELD.CONTEXT))

    @staticmethod
    def _field(result, field):
        value = result.error_field(field)
        return value.decode("utf-8", "replace") if value is not None else None

    def __str__(self):
        return "accepted" if self.accepted else f"{self.sqlstate} {self.position} {self.message}"


class Server:
    """A connection that parses statements and throws them away."""

    def __init__(self, url):
        self.connection = pq.PGconn.connect(url.encode())
        if self.connection.status != pq.ConnStatus.OK:
            raise RuntimeError(self.connection.error_message.decode())
        self.connection.notice_handler = lambda _: None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.finish()

    def execute(self, sql):
        return self.connection.exec_(sql.encode())

    def script(self, sql):
        result = self.execute(sql)
        if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY):
            raise RuntimeError(result.error_message.decode())

    def value(self, sql):
        result = self.execute(sql)
        value = result.get_value(0, 0) if result.status == pq.ExecStatus.TUPLES_OK else None
        return value.decode() if value is not None else None

    def parse(self, text):
        return Answer(self.connection.prepare(b"", text.encode()))


class Verdict:
    def __init__(self, kind, reason="", finding=None):
        self.kind = kind
        self.reason = reason
        self.finding = finding

    def __str__(self):
        words = [self.kind]
        if self.reason:
            words.append(f"({self.reason})")
        if self.finding:
            sure = "exact" if self.finding["exact"] else "not exact"
            words.append(f"{sure}: {self.finding['sqlstate']} {self.finding['position']} {self.finding['message']}")
        return " ".join(words)


def _is_same(finding, answer):
    return (finding["sqlstate"], finding["message"], finding["position"]) == (
        answer.sqlstate, answer.message, answer.position)


def is_missing_name(answer):
    """The server refuses with 42703 or 42P01 at analysis."""
    return not answer.accepted and _is_analysis(answer)


def _is_analysis(answer):
    """42703 or 42P01 about a name of the statement itself (not raised inside a function, nor by an input function)."""
    return answer.sqlstate in MISSING and not answer.is_nested and answer.routine not in INPUT_ROUTINES


def judge(analysis, answer):
    """analysis: the probe's answer about a text of one statement."""
    statement = analysis["statements"][0] if analysis["statements"] else None
    reason = statement["reason"] if statement else analysis["reason"]
    finding = statement["findings"][0] if statement and statement["findings"] else None
    if finding is None:
        return _judge_silence(reason, answer)
    if answer.accepted:
        return Verdict("FALSE_ALARM", reason, finding)
    if finding["exact"] and not _is_same(finding, answer):
        return Verdict("NOT_EXACT", reason, finding)
    return Verdict("foreseen" if answer.sqlstate in MISSING else "otherwise", reason, finding)


def _judge_silence(reason, answer):
    if answer.accepted:
        return Verdict("unknown" if reason else "agree", reason)
    if not _is_analysis(answer):
        return Verdict("other", reason)
    return Verdict("unknown" if reason else "MISSED", reason)
