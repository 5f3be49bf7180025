"""Every case of tests/sql with other literals: who shares a shape gets one answer, of the resolver and of PostgreSQL.

    test_shapes.py PROBE
"""

import pathlib
import sys

from cases import CaseFile
from cluster import Cluster
from compare import set_session
from judge import Probe, Server
from shapes import Shapes

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "sql"
N_VARIATIONS = 5


def main(arguments):
    n_pairs = 0
    complaints = []
    with Cluster() as cluster:
        for number, path in enumerate(sorted(FOLDER.glob("*.sql"))):
            file = CaseFile(path)
            cluster.psql(f"CREATE DATABASE shapes{number}")
            url = cluster.url_of(f"shapes{number}")
            with Probe(arguments[0], url) as probe, Server(url) as server:
                server.script(file.schema)
                probe.load()
                set_session(server, file.search_path, file.role)
                shapes = Shapes(probe, server, N_VARIATIONS)
                for case in file.cases:
                    shapes.add(case, case.statement, path=file.search_path, role=file.role)
                print(f"{path.name}: {shapes}")
                n_pairs += shapes.n_pairs
                complaints += shapes.complaints
    print("\n".join(complaints))
    return 1 if complaints or n_pairs == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
