"""The clients whose errors are looked at, behind one interface.

    client = make("psycopg, prepared", url)
    client.run("SELECT a FROM t WHERE id = $1", 1)   # rows; raises SqlError with every field of the error
    client.close()

$1 is a whole number: the clients of the simple protocol write it into the text, the others send it as a parameter. The
"prepared" and "named" ones prepare a text once and bind it from then on.
"""

import json
import pathlib
import re
import subprocess
import uuid

import psycopg

import environment  # noqa: F401 - takes the caller's PG* out of the environment

NODE_CLIENT = pathlib.Path(__file__).with_name("node_client.js")
FIELDS = ("severity", "sqlstate", "message", "detail", "hint", "position", "internal_position", "internal_query",
          "context", "schema", "table", "column", "datatype", "constraint", "file", "line", "routine")


class SqlError(Exception):
    """An error of the server, as the client's library shows it. fields: {name: text or None}, names of FIELDS."""

    def __init__(self, fields):
        super().__init__(f"{fields['sqlstate']}: {fields['message']}")
        self.fields = {name: None if fields.get(name) is None else str(fields[name]) for name in FIELDS}

    def __getattr__(self, name):
        return self.fields[name]


def _inlined(sql, values):
    for number, value in enumerate(values, 1):
        sql = sql.replace(f"${number}", str(value))
    return sql


# ---- psycopg ---------------------------------------------------------------------------------------------------------

PSYCOPG_FIELDS = {"severity": "severity", "sqlstate": "sqlstate", "message": "message_primary",
                  "detail": "message_detail", "hint": "message_hint", "position": "statement_position",
                  "internal_position": "internal_position", "internal_query": "internal_query", "context": "context",
                  "schema": "schema_name", "table": "table_name", "column": "column_name",
                  "datatype": "datatype_name", "constraint": "constraint_name", "file": "source_file",
                  "line": "source_line", "routine": "source_function"}


def of_psycopg(error):
    """A psycopg exception as SqlError."""
    return SqlError({name: getattr(error.diag, attribute) for name, attribute in PSYCOPG_FIELDS.items()})


class Psycopg:
    def __init__(self, url, protocol):
        self._protocol = protocol
        self.connection = psycopg.connect(url, autocommit=True, connect_timeout=20, prepare_threshold=None,
                                          application_name="psycopg")

    def run(self, sql, *values):
        try:
            if self._protocol == "simple":
                cursor = self.connection.execute(_inlined(sql, values))
            else:
                text = re.sub(r"\$\d", "%s", sql.replace("%", "%%"))
                is_named = self._protocol == "prepared"
                # An argument always, so that the extended protocol is used; none of the statement is binary.
                cursor = self.connection.execute(text, values, prepare=is_named)
            return [list(row) for row in cursor.fetchall()] if cursor.description else []
        except psycopg.Error as error:
            raise of_psycopg(error) from error

    def close(self):
        self.connection.close()


# ---- node-postgres ---------------------------------------------------------------------------------------------------

NODE_FIELDS = {"severity": "severity", "sqlstate": "code", "message": "message", "detail": "detail", "hint": "hint",
               "position": "position", "internal_position": "internalPosition", "internal_query": "internalQuery",
               "context": "where", "schema": "schema", "table": "table", "column": "column", "datatype": "dataType",
               "constraint": "constraint", "file": "file", "line": "line", "routine": "routine"}


class Node:
    def __init__(self, url, protocol):
        self._protocol = protocol
        self._names = {}
        command = ["setpriv", "--pdeathsig", "KILL", "--", "node", str(NODE_CLIENT), url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                         start_new_session=True)
        self._answer()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"node ended with {self._process.wait(20)}")
        answer = json.loads(line)
        if "error" in answer:
            raise SqlError({name: answer["error"][field] for name, field in NODE_FIELDS.items()})
        return answer["rows"]

    def run(self, sql, *values):
        if self._protocol == "simple":
            request = {"text": _inlined(sql, values)}
        else:
            request = {"text": sql, "values": list(values)}
            if self._protocol == "named":
                request["name"] = self._names.setdefault(sql, f"s{len(self._names)}")
        self._process.stdin.write(json.dumps(request) + "\n")
        return self._answer()

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


# ---- psql ------------------------------------------------------------------------------------------------------------

PSQL_LABELS = {"DETAIL": "detail", "HINT": "hint", "CONTEXT": "context", "QUERY": "internal_query",
               "SCHEMA NAME": "schema", "TABLE NAME": "table", "COLUMN NAME": "column",
               "DATATYPE NAME": "datatype", "CONSTRAINT NAME": "constraint", "LOCATION": "location"}
PSQL_HEAD = re.compile(r"(ERROR|FATAL|PANIC):  ([0-9A-Z]{5}): (.*)")
PSQL_LABEL = re.compile(rf"({'|'.join(PSQL_LABELS)}):  (.*)")
PSQL_LINE = re.compile(r"LINE (\d+): ")


def of_psql(lines, sql):
    """psql's verbose lines of one error as SqlError."""
    severity, sqlstate, message = PSQL_HEAD.match(lines[0]).groups()
    fields, name, rest = {"severity": severity, "sqlstate": sqlstate, "message": message}, "message", lines[1:]
    while rest:
        line, rest = rest[0], rest[1:]
        place, label = PSQL_LINE.match(line), PSQL_LABEL.match(line)
        if place:
            column = rest[0].index("^") - place.end()
            before = sum(len(text) + 1 for text in sql.splitlines()[:int(place[1]) - 1])
            fields["position"], rest = before + column + 1, rest[1:]
        elif label:
            name = PSQL_LABELS[label[1]]
            fields[name] = label[2]
        else:
            fields[name] += "\n" + line
    if "location" in fields:
        fields["routine"], fields["file"], fields["line"] = re.split(r"[:,] ?", fields.pop("location"))
    return SqlError(fields)


class Psql:
    """Statements have to be short: psql shortens the line that it shows of a long one, and the position is read there."""

    def __init__(self, url):
        command = ["setpriv", "--pdeathsig", "KILL", "--", "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v",
                   "VERBOSITY=verbose", "-d", url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True)

    def send(self, text):
        """What psql prints for its input; a marker of ours behind it, so nothing is waited for that does not come."""
        marker = f"-- {uuid.uuid4().hex}"
        self._process.stdin.write(f"{text}\n\\echo '{marker}'\n")
        lines = []
        for line in self._process.stdout:
            if line.rstrip("\n") == marker:
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("psql has ended:\n" + "\n".join(lines))

    def run(self, sql, *values):
        sql = _inlined(sql, values)
        lines = self.send(sql + ";")
        if lines and PSQL_HEAD.match(lines[0]):
            raise of_psql(lines, sql)
        return [line.split("\t") for line in lines]

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


MAKERS = {
    "psql": Psql,
    "psycopg, simple": lambda url: Psycopg(url, "simple"),
    "psycopg, extended": lambda url: Psycopg(url, "extended"),
    "psycopg, prepared": lambda url: Psycopg(url, "prepared"),
    "node, simple": lambda url: Node(url, "simple"),
    "node, extended": lambda url: Node(url, "extended"),
    "node, named": lambda url: Node(url, "named"),
}


def make(kind, url):
    return MAKERS[kind](url)
