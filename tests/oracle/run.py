"""All oracles at length, and one table of what came of them: ./dev oracle [minutes]

    run.py PROBE [--minutes N] [--jobs N] [--report FILE] [--seed N]

Without minutes each oracle does its whole work. With minutes each has a share of them (SHARES), and beyond a quarter of an
hour more to do. Ends with 1 if PostgreSQL contradicted the resolver once.
"""

import argparse
import concurrent.futures
import math
import multiprocessing
import os
import sys
import time
import traceback

import contracts
import environment
import mutate_cases
import notation
import oracle
import orm
import schema_changes
import scopes
import smith
from compare import parser as common
from tally import Tally, change_table, code_table, details, markdown, share, table

MINUTES = 15  # what a whole run takes, more or less, on two processors
OTHERS = ("LATIN1", "SQL_ASCII")
AIM_FAILING, AIM_VALID = 20000, 20000


def say(text):
    print(text, file=sys.stderr, flush=True)


def regression(options):
    source = oracle.find_statements()
    if source is None:
        say("no regression files, so they are left out: see DG_PG_REGRESS in oracle.py")
        return []
    tallies, shapes = oracle.run(options, source)
    if options.shapes:
        tallies[0].notes.append(f"shapes: {shapes}")
        tallies[0].disagreements += [{"origin": "shapes", "text": text} for text in shapes.complaints]
    return tallies


# name: (run, its parser, share of the time, its size for one unit of work)
ORACLES = {
    "regression": (regression, oracle.parser, 25, {"mutations": 2, "shapes": 2}),
    "regression, path not known": (regression, oracle.parser, 10, {"mutations": 1, "blind": True}),
    "sqlsmith": (smith.run, smith.parser, 30, {"mutations": 1, "valid": AIM_VALID}),
    "schema changes": (schema_changes.run, schema_changes.parser, 25, {"rounds": 4}),
    "cases": (mutate_cases.run, lambda: common(mutate_cases.__doc__), 10, {"mutations": 20}),
    "application": (orm.run, lambda: common(orm.__doc__), 10, {"mutations": 20}),
    "random writes": (contracts.run, contracts.parser, 10, {"statements": 20000}),
    "few names": (scopes.run, scopes.parser, 10, {"statements": 20000}),
    "notation": (notation.run, lambda: common(notation.__doc__), 5, {}),
    **{f"regression, {name}": (regression, oracle.parser, 10, {"mutations": 1, "encoding": name}) for name in OTHERS},
    **{f"schema changes, {name}": (schema_changes.run, schema_changes.parser, 10, {"rounds": 1, "encoding": name}) for name in OTHERS},
    **{f"cases, {name}": (mutate_cases.run, lambda: common(mutate_cases.__doc__), 3, {"mutations": 3, "encoding": name})
       for name in OTHERS},
    **{f"application, {name}": (orm.run, lambda: common(orm.__doc__), 3, {"mutations": 3, "encoding": name}) for name in OTHERS},
}
GROWING = ("mutations", "valid", "rounds", "statements")


def play(name, probe, seed, minutes, jobs):
    """One oracle, in a process of its own."""
    run, parser, weight, size = ORACLES[name]
    options = parser().parse_args([probe, "--seed", seed])
    factor = max(1, math.ceil(minutes / MINUTES))
    for key, value in size.items():
        setattr(options, key, value * factor if key in GROWING else value)
    if minutes:
        options.seconds = minutes * 60 * jobs * weight / sum(entry[2] for entry in ORACLES.values())
    started = time.monotonic()
    try:
        tallies = run(options)
    except Exception as error:  # the others' work is not to be lost
        traceback.print_exc()
        tallies = [Tally(name)]
        tallies[0].disagreements.append({"origin": name, "text": f"it ended early: {error}"})
    say(f"{name}: {time.monotonic() - started:.0f} s")
    return tallies


def aims(tallies):
    """What the whole has to reach, and what it reached."""
    changed = [tally for tally in tallies if "mutated" in tally.name or "changed" in tally.name]
    foreseen, raised = map(sum, zip((0, 0), *(tally.foreseen_of_missing() for tally in changed)))
    rows = [("mutated or schema changed: 42703 and 42P01 foreseen", share(foreseen, raised), f"99.5 % of {AIM_FAILING} or more")]
    for tally in tallies:
        if tally.name == "sqlsmith":
            rows.append(("sqlsmith: accepted statements", tally.n_accepted, f"{AIM_VALID}"))
        if tally.name in ("sqlsmith", "regression files"):
            temporary = sum(n for reason, n in tally.reasons.items() if reason.startswith("temp"))
            rows.append((f"{tally.name}: unknown, without temporary names",
                         share(tally.kinds["unknown"] - temporary, tally.n_statements), "below 2 %"))
    disagreements = sum(len(tally.disagreements) for tally in tallies)
    rows.append(("disagreements", disagreements, 0))
    return markdown(("what", "reached", "aim"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--report", default="/dev/null", help="disagreements as JSON lines")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", help=f"some of: {', '.join(ORACLES)} (separated by semicolons)")
    options = parser.parse_args()
    names = options.only.split(";") if options.only else list(ORACLES)
    os.environ["DG_TEST_RUN_DIR"] = str(environment.run_dir())
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(options.jobs, context) as pool:
        futures = [pool.submit(play, name, options.probe, options.seed, options.minutes, options.jobs) for name in names]
        tallies = [tally for future in futures for tally in future.result()]
    with open(options.report, "w", encoding="utf-8") as report:
        for tally in tallies:
            tally.write_disagreements(report)
    print(table(tallies), code_table(tallies), change_table(tallies), "\n".join(map(details, tallies)), aims(tallies), sep="\n\n")
    return 1 if any(tally.disagreements for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
