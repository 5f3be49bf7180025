"""sqlsmith's statements: generated against a rich schema, each judged and mutated like those of oracle.py.

    smith.py PROBE [--valid N] [--mutations N] [--report FILE] [--seed N] ...
"""

import pathlib
import subprocess

import compare
from cluster import Cluster
from judge import Probe, Server

SCHEMA = pathlib.Path(__file__).resolve().parent / "rich.sql"
PATH = ("shop", "archive", "public")


def generate(cluster, database, seed):
    """Statements without end, as sqlsmith prints them: each ends with a semicolon at a line's end."""
    dsn = f"host={cluster.host} port={cluster.port} dbname={database} user=postgres"
    command = ["sqlsmith", f"--target={dsn}", "--dry-run", f"--seed={seed}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8") as smith:
        lines = []
        try:
            for line in smith.stdout:
                lines.append(line)
                if line.endswith(";\n"):
                    yield "".join(lines).strip().removesuffix(";")
                    lines = []
        finally:
            smith.terminate()


def run(options):
    clock = compare.Clock(options.seconds)
    tally, mutated = compare.tallies(options, "sqlsmith", "sqlsmith, mutated")
    session = {"path": PATH, "role": "postgres"}
    with Cluster() as cluster:
        url = compare.create_database(cluster, "smith", options.encoding)
        cluster.psql(SCHEMA.read_text(encoding="utf-8"), database="smith")
        cluster.psql(f"ALTER DATABASE smith SET search_path = {', '.join(PATH)}")
        with Probe(options.probe, url) as probe, Server(url) as server:
            probe.load()
            comparison = compare.Comparison(probe, server, options, tally, mutated)
            for text in generate(cluster, "smith", options.seed):
                if comparison.judge("sqlsmith", text, session):
                    comparison.mutate("sqlsmith", text, session)
                if tally.n_accepted >= options.valid or clock.is_up:
                    break
    return [tally, mutated]


def parser():
    made = compare.parser(__doc__, mutations=1)
    made.add_argument("--valid", type=int, default=20000, help="until the server has accepted so many")
    return made


if __name__ == "__main__":
    compare.main(parser(), run)
