#!/usr/bin/python3
"""Runs lints over the tree: lint.py [--root DIR] [--build-dir DIR] [--also NAME] [NAME...]

Without names: all but those on demand (tidy). Prints path:line: sentence; ends with 1 if anything was found. With
--list it names the checks.
"""

import argparse
import pathlib
import sys

import build_checks  # noqa: F401 - importing registers the checks
import source_checks  # noqa: F401
import tree_checks  # noqa: F401
from tree import CHECKS, Tree


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--build-dir", help="where the tree was built; without it some checks have nothing to look at")
    parser.add_argument("--also", action="append", default=[], help="a check on demand, beside all others")
    parser.add_argument("--list", action="store_true", help="name the checks")
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def main():
    arguments = _arguments()
    if arguments.list:
        for name, function in CHECKS.items():
            print(f"{name:10} {function.__doc__.splitlines()[0]}")
        return 0
    names = arguments.names or [n for n, f in CHECKS.items() if not f.on_demand] + arguments.also
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"lint: there is no check {', '.join(unknown)}; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 64
    tree = Tree(arguments.root, arguments.build_dir)
    n_findings = 0
    for name in names:
        for finding in CHECKS[name](tree):
            print(f"{finding.path}:{finding.line}: {finding.text} [{name}]")
            n_findings += 1
    print(f"lint: {len(names)} checks, {n_findings} findings")
    return 1 if n_findings else 0


if __name__ == "__main__":
    sys.exit(main())
