"""sqlsmith's statements: generated against a rich schema, each judged and mutated like those of oracle.py.

    smith.py PROBE [--queries N] [--mutations N] [--report FILE] [--seed N]
"""

import argparse
import json
import pathlib
import subprocess
import sys

from cluster import Cluster
from judge import Probe, Server
from oracle import Oracle, Tally

SCHEMA = pathlib.Path(__file__).resolve().parent / "rich.sql"
PATH = "shop, archive, public"


def generate(url, queries, seed):
    """The statements, as sqlsmith prints them: each ends with a semicolon at a line's end."""
    dsn = f"host={url['host']} port={url['port']} dbname={url['database']} user=postgres"
    done = subprocess.run(["sqlsmith", f"--target={dsn}", "--dry-run", f"--seed={seed}",
                           f"--max-queries={queries}"], capture_output=True, text=True, check=False, timeout=1200)
    for statement in done.stdout.split(";\n"):
        if statement.strip():
            yield statement.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument("--queries", type=int, default=20000)
    parser.add_argument("--mutations", type=int, default=2)
    parser.add_argument("--report", default="/dev/stdout")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unknown", action="store_true")
    options = parser.parse_args()
    with Cluster() as cluster, open(options.report, "w", encoding="utf-8") as report:
        cluster.psql("CREATE DATABASE smith")
        cluster.psql(SCHEMA.read_text(encoding="utf-8"), database="smith")
        cluster.psql(f"ALTER DATABASE smith SET search_path = {PATH}")
        url = cluster.url_of("smith")
        where = {"host": cluster.host, "port": cluster.port, "database": "smith"}
        with Probe(options.probe, url) as probe, Server(url) as server:
            oracle = Oracle(probe, server, options.mutations, options.seed)
            oracle.tally, oracle.mutated = Tally(options.unknown), Tally(options.unknown)
            oracle.learn_keywords()
            for text in generate(where, options.queries, options.seed):
                session = oracle.judge_statement("sqlsmith", text)
                if session:
                    oracle.mutate("sqlsmith", text, session)
        disagreements = oracle.tally.disagreements + oracle.mutated.disagreements
        for item in disagreements:
            print(json.dumps(item, ensure_ascii=False), file=report)
    print(f"as generated: {oracle.tally}\nmutated: {oracle.mutated}")
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
