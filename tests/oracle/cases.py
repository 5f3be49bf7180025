"""Case files: tests/sql/*.sql, each a schema and statements with what PostgreSQL says to them.

    create table t (id int);                          everything before the first directive: the schema
    --: ok                                            the server accepts; the resolver decides every name
    select id from t
    --: ok undecided                                  the server accepts; the resolver may say that it does not know
    select t.f from t
    --: 42703 8 column "nope" does not exist          the server's words; the resolver foresees exactly these
    select nope from t
    --: fails 42703 8 column "nope" does not exist    as above, but not called exact (something before may fail)
    select upper(id), nope from t
    --: other 42883 8 function nope() does not exist  the server's words; the resolver has no exact finding
    select nope()
    --: 23502 0 null value in column "id" of relation "t" violates not-null constraint
    insert into t default values                      what is raised after analysis: the statement is executed and undone

A directive before the schema, `--: as ROLE path SCHEMA, SCHEMA`, sets the session of all statements of the file.
"""

import re

SESSION = re.compile(r"--: as (?P<role>\w+) path (?P<path>.*)$", re.MULTILINE)
DIRECTIVE = re.compile(r"^--: (?!as )(.*)$", re.MULTILINE)
AFTER_ANALYSIS = ("23502", "42P10")  # may be raised later than Parse
ERROR = re.compile(r"(?:(?P<mode>fails|other) )?(?P<sqlstate>[0-9A-Z]{5}) (?P<position>\d+) (?P<message>.*)$")


class Case:
    def __init__(self, file, line, expected, statement):
        self.file = file
        self.line = line
        self.expected = expected
        self.statement = statement

    def __str__(self):
        return f"{self.file.name}:{self.line}"

    def ask(self, server, analysis):
        """The server's answer: at Parse, unless the case or the resolver speaks of a later stage."""
        error = ERROR.match(self.expected)
        is_late = any(statement["late"] for statement in analysis["statements"])
        return server.answer(self.statement, analysis, is_late or error and error["sqlstate"] in AFTER_ANALYSIS)

    def complaint(self, analysis, answer, verdict):
        """What is wrong with the two answers, or None."""
        if self.expected in ("ok", "ok undecided"):
            wanted = ("agree", "unknown") if self.expected == "ok undecided" else ("agree",)
            return None if verdict.kind in wanted else f"{self.expected}, but {verdict}; server: {answer}"
        error = ERROR.match(self.expected)
        if error is None:
            return f"not a directive: {self.expected}"
        words = f"{error['sqlstate']} {error['position']} {error['message']}"
        if str(answer) != words:
            return f"the server says: {answer}"
        findings = [item for statement in analysis["statements"] for item in statement["findings"]]
        if error["mode"] == "other":
            return f"should not be exact: {verdict}" if findings and findings[0]["exact"] else None
        if not findings or verdict.kind not in ("foreseen", "otherwise"):
            return f"not foreseen: {verdict}"
        is_exact = findings[0]["exact"]
        return None if is_exact == (error["mode"] is None) else f"{'' if is_exact else 'not '}exact: {verdict}"


class CaseFile:
    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        session = SESSION.search(text)
        self.path = path
        self.role = session["role"] if session else "postgres"
        self.search_path = [name.strip() for name in session["path"].split(",")] if session else ["$user", "public"]
        parts = DIRECTIVE.split(text)
        self.schema = parts[0]
        self.cases = []
        line = parts[0].count("\n") + 1
        for expected, body in zip(parts[1::2], parts[2::2]):
            self.cases.append(Case(path, line, expected.strip(), body.strip()))
            line += body.count("\n")
