"""The statements of orm/: what object-relational mappers send, over the schema of one application (orm/schema.sql).

    orm.py PROBE [--mutations N] [--report FILE] [--seed N] ...

Each file holds the statements of one mapper's style, each ending with a semicolon at a line's end. All must be accepted,
and every name in them decided; then they are mutated.
"""

import collections
import pathlib

import compare
from cluster import Cluster
from judge import Probe, Server

FOLDER = pathlib.Path(__file__).resolve().parent / "orm"
PATH = ("public",)
Statement = collections.namedtuple("Statement", "origin text")


def schema():
    return (FOLDER / "schema.sql").read_text(encoding="utf-8")


def statements():
    for path in sorted(FOLDER.glob("*.sql")):
        if path.name == "schema.sql":
            continue
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
        texts = "\n".join(lines).split(";\n")
        for number, text in enumerate((text.strip().removesuffix(";") for text in texts), 1):
            if text:
                yield Statement(f"{path.name} {number}", text)


def run(options):
    clock = compare.Clock(options.seconds)
    tally, mutated = compare.tallies(options, "application", "application, mutated")
    session = {"path": list(PATH), "role": "postgres"}
    with Cluster() as cluster:
        url = compare.create_database(cluster, "orm", options.encoding)
        with Server(url) as owner:
            owner.script(schema())
        with Probe(options.probe, url) as probe, Server(url) as server:
            probe.load()
            comparison = compare.Comparison(probe, server, options, tally, mutated)
            for statement in statements():
                if comparison.judge(statement.origin, statement.text, session) and not clock.is_up:
                    comparison.mutate(statement.origin, statement.text, session)
    return [tally, mutated]


if __name__ == "__main__":
    compare.main(compare.parser(__doc__, mutations=30), run)
