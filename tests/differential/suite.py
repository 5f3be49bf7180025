"""One run of PostgreSQL's regression statements against a cluster of its own, straight or through a guard.

The files are run in their order, one after another, with `psql -X -a -q`, as their README says. What differs between two
runs for no reason of the guard's is taken out: the run's own folders and ports become words. Every server error is read
from the server's JSON log, which knows SQLSTATE, position and routine: what psql prints does not tell.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import environment
from cluster import Cluster

SETTINGS = {"autovacuum": "off", "logging_collector": "on", "log_destination": "jsonlog", "log_directory": "log",
            "log_error_verbosity": "verbose", "log_min_messages": "error", "log_min_error_statement": "error",
            "log_rotation_size": "0", "log_filename": "server.log", "shared_buffers": "128MB", "max_wal_size": "1GB"}
FILE_TIMEOUT_S = 120  # the longest takes some seconds
DML = re.compile(r"\s*(select|insert|update|delete|merge|values|with|table|copy)\b", re.IGNORECASE)
COMMENT = re.compile(r"\s*(--[^\n]*(\n|$)|/\*.*?\*/)", re.DOTALL)
SETUP = "test_setup"
VACUUM = re.compile(r"^VACUUM(?: ANALYZE)? (\w+);$", re.MULTILINE)
SCHEMA_STATES = ("42703", "42P01")


def find():
    """The folder of the regression statements: $DG_PG_REGRESS, else beside the project; None if there is none."""
    named = os.environ.get("DG_PG_REGRESS")
    candidates = [pathlib.Path(named)] if named else [environment.ROOT.parent / "shared" / "pg-regress"]
    return next((folder for folder in candidates if (folder / "order").exists()), None)


class Run:
    """What one run left: output by file, the server's errors, and how the guard counted."""

    def __init__(self, name):
        self.name = name
        self.outputs = {}
        self.errors = []
        self.metrics = {}
        self.seconds = 0.0


def is_dml(statement):
    """True if the text's first word, comments aside, begins a statement that reads or writes rows."""
    while True:
        comment = COMMENT.match(statement)
        if not comment:
            return bool(DML.match(statement))
        statement = statement[comment.end():]


def dml_schema_errors(errors):
    """The errors 42703 and 42P01 that a DML statement raised, wherever inside of it."""
    return [error for error in schema_errors(errors) if is_dml(error.get("statement", ""))]


def schema_errors(errors):
    return [error for error in errors if error.get("state_code") in SCHEMA_STATES]


class Suite:
    """The statements, and a folder for one run's files; `names` is a part of the order, for a quick look."""

    def __init__(self, source, names=None):
        self.source = source
        self.order = names or (source / "order").read_text().split()

    def run(self, name, make_guard=None):
        """Runs all files; make_guard(cluster) gives a guard, not yet started, to go through."""
        result = Run(name)
        with Cluster(SETTINGS) as cluster:
            work = self._work_folder(cluster)
            cluster.psql("CREATE DATABASE regression TEMPLATE template0")
            if make_guard is None:
                self._run_files(result, work, cluster, cluster.port)
            else:
                with make_guard(cluster) as guard:
                    guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database="regression") == 1,
                                     "the first snapshot")
                    self._run_files(result, work, cluster, guard.port)
                    result.metrics = guard.metrics()
            result.errors = _read_errors(cluster)
        shutil.rmtree(work, ignore_errors=True)
        return result

    def _work_folder(self, cluster):
        """Data that the server reads and the folder it writes to, where its user may. Its path has a fixed length."""
        work = pathlib.Path(cluster.directory + ".files")
        shutil.copytree(self.source / "data", work / "data")
        (work / "results").mkdir()
        for folder, _, files in os.walk(work):
            os.chmod(folder, 0o755)
            environment.give_to_server_user(folder)
            for file in files:
                os.chmod(os.path.join(folder, file), 0o644)
        return work

    def _run_files(self, result, work, cluster, port):
        variables = {**os.environ, "PG_ABS_SRCDIR": str(work), "PG_ABS_BUILDDIR": str(work), "PG_LIBDIR": str(work),
                     "PG_DLSUFFIX": ".so", "PGTZ": "PST8PDT", "PGDATESTYLE": "Postgres, MDY",
                     "PGOPTIONS": "-c intervalstyle=postgres_verbose", "PGHOST": "127.0.0.1", "PGPORT": str(port),
                     "PGUSER": "postgres", "LC_ALL": "C", "TERM": "dumb"}
        for name in self.order:
            variables["PGAPPNAME"] = f"regress/{name}"
            output = self._run_file(self.source / "sql" / f"{name}.sql", variables)
            result.outputs[name] = output.replace(str(work), "@FILES@").replace(f'port "{port}"', 'port "@PORT@"')
            if name == SETUP:
                self._vacuum_again(cluster)

    def _vacuum_again(self, cluster):
        """The same VACUUM as in the set-up, once nobody's transaction is open (in each run alike, also the straight one).

        A VACUUM marks no page all-visible that an open transaction might see otherwise, and a read of the catalog that
        the guard makes after a CREATE TABLE is one. Later files print plans that hang on these marks.
        """
        tables = VACUUM.findall((self.source / "sql" / f"{SETUP}.sql").read_text())
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
        environment.wait_until(lambda: cluster.psql(open_ones) == "0", "all transactions to end")
        cluster.psql(f"VACUUM {', '.join(tables)}", "regression")

    @staticmethod
    def _run_file(path, variables):
        command = ["psql", "-X", "-a", "-q", "-d", "regression", "-v", "HIDE_TABLEAM=on",
                   "-v", "HIDE_TOAST_COMPRESSION=on"]
        with open(path, "rb") as sql:
            done = subprocess.run(command, stdin=sql, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables,
                                  timeout=FILE_TIMEOUT_S, check=False)
        return done.stdout.decode("utf-8", "surrogateescape")


def _read_errors(cluster):
    """Every ERROR of a client backend, as the server logged it."""
    path = pathlib.Path(cluster.directory) / "log" / "server.json"
    with open(path, encoding="utf-8", errors="replace") as file:
        records = [json.loads(line) for line in file]
    return [record for record in records
            if record.get("error_severity") == "ERROR" and record.get("backend_type") == "client backend"]
