#!/usr/bin/python3
"""Runs a command with DG_TEST_DATABASE_URL pointing at a throw-away PostgreSQL, and ends as the command does.

    with_cluster.py COMMAND [ARGUMENT]...
"""

import os
import subprocess
import sys

import cluster


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with cluster.Cluster() as server:
        url = f"postgres://postgres@{server.host}:{server.port}"
        done = subprocess.run(sys.argv[1:], env={**os.environ, "DG_TEST_DATABASE_URL": url}, check=False)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


if __name__ == "__main__":
    sys.exit(main())
