"""Mutations of the case files' statements: dense in the forms that regression files use rarely.

    mutate_cases.py PROBE [--mutations N] [--report FILE] [--seed N]
"""

import argparse
import json
import pathlib
import sys

from cases import CaseFile
from cluster import Cluster
from judge import Probe, Server
from oracle import Oracle, Tally

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "sql"


def mutate_file(options, cluster, file, database, tally):
    cluster.psql(f"CREATE DATABASE {database}")
    with Server(cluster.url_of(database)) as owner:
        owner.script(file.schema)
    with Probe(options.probe, cluster.url_of(database)) as probe, Server(cluster.url_of(database)) as server:
        oracle = Oracle(probe, server, options.mutations, f"{options.seed}{database}")
        oracle.mutated = tally
        oracle.learn_keywords()
        server.script("SELECT set_config('search_path', '%s', false)" % ", ".join(f'"{p}"' for p in file.search_path))
        server.script(f"SET SESSION AUTHORIZATION {file.role}")
        for case in file.cases:
            session = oracle.judge_statement(str(case), case.statement)
            if session:
                oracle.mutate(str(case), case.statement, session)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument("--mutations", type=int, default=50)
    parser.add_argument("--report", default="/dev/stdout")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--unknown", action="store_true", help="report what was not decided too")
    options = parser.parse_args()
    tally = Tally(options.unknown)
    with Cluster() as cluster, open(options.report, "w", encoding="utf-8") as report:
        for number, path in enumerate(sorted(FOLDER.glob("*.sql"))):
            mutate_file(options, cluster, CaseFile(path), f"cases{number}", tally)
        for item in tally.disagreements:
            print(json.dumps(item, ensure_ascii=False), file=report)
    print(f"mutated: {tally}")
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
