"""Runs every case file of tests/sql against the resolver and against a throw-away PostgreSQL.

    test_cases.py PROBE [FILE...]

Each file has a database of its own, once in each of three encodings: what is not ASCII is judged only in UTF8, as the guard
does, and a schema whose names an encoding has no room for is left out there. A case fails when the server says something
else than the file, or the resolver something else than the server (cases.py and judge.py say what counts).
"""

import pathlib
import sys

from cases import CaseFile
from cluster import Cluster
from compare import create_database, load_schema, set_session
from judge import Probe, Server, judge

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "sql"
ENCODINGS = ("UTF8", "LATIN1", "SQL_ASCII")


def run_file(probe_binary, cluster, path, database, encoding):
    """The complaints about one file, and how many cases it has."""
    file = CaseFile(path)
    if encoding != "UTF8" and not file.schema.isascii():
        return [], 0
    url = create_database(cluster, database, encoding)
    if not load_schema(url, file.schema):
        return [], 0
    complaints = []
    cases = [case for case in file.cases if encoding == "UTF8" or case.statement.isascii()]
    with Probe(probe_binary, url) as probe, Server(url) as server:
        probe.load()
        set_session(server, file.search_path, file.role)
        for case in cases:
            analysis = probe.analyze(case.statement, file.search_path, file.role)
            answer = case.ask(server, analysis)
            complaint = case.complaint(analysis, answer, judge(analysis, answer))
            if complaint:
                complaints.append(f"{path.name}:{case.line} in {encoding}: {complaint}\n    {case.statement}")
    return complaints, len(cases)


def main(arguments):
    probe = arguments[0]
    files = [pathlib.Path(name) for name in arguments[1:]] or sorted(FOLDER.glob("*.sql"))
    n_cases = 0
    complaints = []
    with Cluster() as cluster:
        for number, path in enumerate(files):
            for encoding in ENCODINGS:
                found, n = run_file(probe, cluster, path, f"cases{number}_{encoding.lower()}", encoding)
                complaints += found
                n_cases += n
    print("\n".join(complaints))
    print(f"{len(files)} files, {n_cases} cases, {len(complaints)} complaints")
    return 1 if complaints or n_cases == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
