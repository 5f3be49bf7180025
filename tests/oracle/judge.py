"""The two sides of the comparison: the resolver (dg_sql_probe) and a real PostgreSQL.

    with Probe(binary, url) as probe, Server(url) as server:
        analysis = probe.analyze(text)
        verdict = judge(analysis, server.answer(text, analysis))

The server is asked by Parse. A finding that it raises later (stage "plan" or "run"), and any finding in a statement that
is not analysed at Parse (PREPARE, CREATE VIEW, COPY), is judged by executing the statement in a transaction that is
rolled back; parameters are NULL then, so a refusal that they may have caused is not judged.

A verdict's `kind` says who was right:

    agree         the server accepts, and nothing was found missing; every name was decided
    unknown       a name was not decided, whatever the server said; `reason` names why
    foreseen      the server refuses with 42703 or 42P01, and the resolver had foreseen a failure
    otherwise     both say that it fails; the server with another code than 42703 and 42P01
    other         the server refuses with another code, and the resolver said nothing
    unjudged      a finding of a later stage in a statement that cannot be executed here
    FALSE_ALARM   the server accepts what the resolver said must fail
    NOT_EXACT     a finding that was called exact differs in code, message, position or stage
    MISSED        the server raises 42703 or 42P01 at analysis, the resolver decided every name and found nothing missing
"""

import json
import subprocess

from psycopg import pq

MISSING = ("42703", "42P01")
# What else the resolver foresees where it can; it need not.
ALSO = ("42883", "42704", "3F000", "42702", "22P02", "428C9", "42P10", "23502")
INPUT_ROUTINES = ("RangeVarGetRelidExtended", "regclassin")  # of regclass: up to 15, from 16 on
FAILURES = ("FALSE_ALARM", "NOT_EXACT", "MISSED")
ACCEPTED = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT,
            pq.ExecStatus.EMPTY_QUERY)
FIELD = pq.DiagnosticField


class Probe:
    """dg_sql_probe as a child process."""

    def __init__(self, binary, url):
        self._process = subprocess.Popen([str(binary), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         encoding="utf-8", errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

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
    """What the server said to a Parse, or to an execution: accepted, or the fields of its error."""

    def __init__(self, result, executed=False, guessed=False):
        self.accepted = result.status in ACCEPTED
        self.executed = executed
        self.guessed = guessed  # executed with NULL for each parameter
        self.sqlstate = self.message = None
        self.position = 0
        self.is_nested = False
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
        self.connection = pq.PGconn.connect((url + ("&" if "?" in url else "?") + "client_encoding=UTF8").encode())
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

    def answer(self, text, analysis, executes=False):
        """The answer at the stage that the resolver speaks of; with `executes` always that of an execution."""
        answer = self.parse(text)
        if not answer.accepted or not (executes or _is_raised_later(analysis)):
            return answer
        return self._execute(text, self.connection.describe_prepared(b"").nparams)

    def _execute(self, text, n_params):
        """Executes the statement, NULL for each parameter, and undoes it."""
        is_inside = self.connection.transaction_status == pq.TransactionStatus.INTRANS
        self.script("SAVEPOINT dg" if is_inside else "BEGIN")
        self.script("SET LOCAL statement_timeout = '10s'")
        result = self.connection.exec_params(text.encode(), [None] * n_params)
        self._end_copy(result)
        self.script("ROLLBACK TO SAVEPOINT dg; RELEASE SAVEPOINT dg" if is_inside else "ROLLBACK")
        return Answer(result, executed=True, guessed=n_params > 0)

    def _end_copy(self, result):
        if result.status == pq.ExecStatus.COPY_IN:
            self.connection.put_copy_end(b"not wanted")
        elif result.status == pq.ExecStatus.COPY_OUT:
            while self.connection.get_copy_data(0)[0] > 0:
                pass
        while self.connection.transaction_status == pq.TransactionStatus.ACTIVE:
            if self.connection.get_result() is None:
                break


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
    """42703 or 42P01 about a name of the statement itself (not raised inside a function, nor by an input function)."""
    return is_own_error(answer) and answer.sqlstate in MISSING


def is_own_error(answer):
    """The server refuses the statement itself, not a function that it calls, nor a literal of a reg* type."""
    return not answer.accepted and not answer.is_nested and answer.routine not in INPUT_ROUTINES


def _first(analysis):
    """(the first statement, its first finding), either may be None."""
    statement = analysis["statements"][0] if analysis["statements"] else None
    return statement, statement["findings"][0] if statement and statement["findings"] else None


def _is_raised_later(analysis):
    statement, finding = _first(analysis)
    return finding is not None and (finding["stage"] != "analysis" or statement["late"])


def judge(analysis, answer):
    """analysis: the probe's answer about a text of one statement; answer: that of Server.answer."""
    statement, finding = _first(analysis)
    reason = statement["reason"] if statement else analysis["reason"]
    if finding is None:
        return _judge_silence(reason, answer)
    is_late = _is_raised_later(analysis)
    if is_late and answer.accepted and not answer.executed:
        return Verdict("unjudged", "not executed", finding)
    if is_late and answer.guessed and finding["stage"] == "run" and not _is_same(finding, answer):
        return Verdict("unjudged", "parameters", finding)
    if answer.accepted:
        return Verdict("FALSE_ALARM", reason, finding)
    if finding["exact"] and (not _is_same(finding, answer) or answer.executed != is_late):
        return Verdict("NOT_EXACT", reason, finding)
    return Verdict("foreseen" if answer.sqlstate in MISSING else "otherwise", reason, finding)


def _judge_silence(reason, answer):
    if answer.accepted:
        return Verdict("unknown" if reason else "agree", reason)
    if not is_missing_name(answer):
        return Verdict("other", reason)
    return Verdict("unknown" if reason else "MISSED", reason)
