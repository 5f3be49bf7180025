"""Mutations of the case files' statements: dense in the forms that regression files use rarely.

    mutate_cases.py PROBE [--mutations N] [--report FILE] [--seed N] ...
"""

import pathlib

import compare
from cases import CaseFile
from cluster import Cluster
from judge import Probe, Server

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "sql"


def mutate_file(options, cluster, file, number, tallies):
    url = compare.create_database(cluster, f"cases{number}", options.encoding)
    if not compare.load_schema(url, file.schema):
        return
    with Probe(options.probe, url) as probe, Server(url) as server:
        comparison = compare.Comparison(probe, server, options, *tallies)
        comparison.random.seed(f"{options.seed}{file.path.name}")
        probe.load()
        compare.set_session(server, file.search_path, file.role)
        session = {"path": file.search_path, "role": file.role}
        for case in file.cases:
            if comparison.judge(case, case.statement, session):
                comparison.mutate(case, case.statement, session)


def run(options):
    clock = compare.Clock(options.seconds)
    tallies = compare.tallies(options, "case files", "case files, mutated")
    with Cluster() as cluster:
        for number, path in enumerate(sorted(FOLDER.glob("*.sql"))):
            if not clock.is_up:
                mutate_file(options, cluster, CaseFile(path), number, tallies)
    return tallies


if __name__ == "__main__":
    compare.main(compare.parser(__doc__, mutations=50), run)
