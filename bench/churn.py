#!/usr/bin/python3
"""Sessions that all ask at once, for minutes, while pgbench -C beside them makes a connection for each transaction.

    /usr/bin/python3 bench/churn.py [--seconds 300] [--sessions 2000] [--pause 500] [--clients 16] [--mode enforce]
                                    [--workers 1] [--through guard|PgBouncer|HAProxy|none] [--binary FILE]

Each of the sessions asks `select SESSION,SEQUENCE` every so many milliseconds, with --pause 0 as soon as it has its
answer (two processors then have little left for pgbench's connections). Every byte of every reply is compared.
pgbench's script has a number of its own in each transaction, too, and fails where another comes back. Then the counts
are laid side by side: what the sessions and pgbench have sent, what the guard has counted, what the server's statistics
say of transactions. Exit code 1 if one reply was lost or wrong, or the counts differ.
"""

import argparse
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / "load"), str(BENCH.parent / "tests" / "lib")]

import harness  # noqa: E402 - found through the line above
from cluster import Cluster  # noqa: E402
from guard import Guard  # noqa: E402

# A wrong reply is a division by zero, which pgbench counts as a failure.
TRANSACTION = r"""\set n random(1, 2000000000)
SELECT :n AS got \gset
\if :got <> :n
SELECT 1 / 0
\endif
"""
N_STATEMENTS_OF_PGBENCH = 1  # a transaction


def counted(guard):
    return {"sessions": guard.metric("driftguard_sessions_total"),
            "statements": guard.metric("driftguard_statements_total")}


@contextlib.contextmanager
def target(server, arguments):
    """(port, the guard if it is one)."""
    n = arguments.sessions + 2 * arguments.clients + 50
    if arguments.through == "guard":
        settings = [f"workers={arguments.workers}", f"relay.max_sessions={n}", *arguments.set]
        with Guard(server, arguments.mode, settings, binary=arguments.binary) as guard:
            yield guard.port, guard
    elif arguments.through == "none":
        yield server.port, None
    else:
        maker = {"PgBouncer": lambda: harness.pgbouncer(server, n), "HAProxy": lambda: harness.haproxy(server.port, n)}
        with maker[arguments.through]() as peer:
            yield peer.port, None


@contextlib.contextmanager
def pgbench(port, arguments):
    """Runs beside the block, which ends later; yields a call that gives its number of transactions."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(TRANSACTION)
        script.flush()
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        command = ["pgbench", "-n", "-C", "-c", str(arguments.clients), "-j", "1", "-T", str(arguments.seconds - 1),
                   "-f", script.name, url]
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)

        def outcome():
            out, err = process.communicate(timeout=120)
            failed = re.search(r"number of failed transactions: (\d+)", out)
            if process.returncode != 0 or "aborted" in err or not failed or failed[1] != "0":
                raise RuntimeError(f"pgbench ended with {process.returncode}:\n{out}{err}")
            return int(re.search(r"actually processed: (\d+)", out)[1])

        try:
            yield outcome
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()


def load(port, guard, arguments):
    """Runs both; gives what they saw, and what the guard counted meanwhile."""
    with harness.Sessions(arguments.programs, port) as sessions:
        before = counted(guard) if guard else {}
        opened = sessions.tell(f"open {arguments.sessions}")
        with pgbench(port, arguments) as outcome:
            ran = sessions.tell(f"run {arguments.seconds} {arguments.pause}")
            n_transactions = outcome()
        sessions.tell("close 0")
        if guard:
            guard.wait_until(lambda: guard.metric("driftguard_sessions") == 0, "the sessions' end")
        after = counted(guard) if guard else {}
    return opened, ran, n_transactions, {name: round(after[name] - before[name]) for name in after}


def judge(opened, ran, n_transactions, guards):
    """What does not fit."""
    complaints = []
    if not harness.all_right(opened, 0) or not harness.all_right(ran):
        complaints.append("replies were lost or wrong")
    n_extra = guards.get("sessions", 0) - ran["open"] - n_transactions
    if guards and not 0 <= n_extra <= 2:  # pgbench connects once before it begins
        complaints.append(f"the guard counted {n_extra} sessions more than there were")
    n_statements = ran["asked"] + N_STATEMENTS_OF_PGBENCH * n_transactions
    if guards and guards["statements"] != n_statements:
        complaints.append(f"the guard counted {guards['statements']} statements of {n_statements}")
    return complaints


def run(arguments):
    settings = {"max_connections": arguments.sessions + 2 * arguments.clients + 100, "shared_buffers": "64MB"}
    with Cluster(settings) as server, target(server, arguments) as (port, guard):
        if guard:
            guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded") == 1, "the first snapshot")
        opened, ran, n_transactions, guards = load(port, guard, arguments)
    complaints = judge(opened, ran, n_transactions, guards)
    what = f"the guard in {arguments.mode}" if guard else arguments.through
    print(f"{arguments.sessions} sessions and pgbench -C -c {arguments.clients} for {arguments.seconds} s, through {what}")
    for name, value in {"opened": opened, "ran": ran, "guard": guards}.items():
        print(f"{name}: {json.dumps(value)}")
    print(f"pgbench's transactions: {n_transactions}")
    print("\n".join(complaints) or "every reply came and was right, and the counts agree")
    return 1 if complaints else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--pause", type=int, default=500, metavar="MS")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--mode", default="enforce")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--through", choices=("guard", "PgBouncer", "HAProxy", "none"), default="guard")
    return run(harness.parse(parser))


if __name__ == "__main__":
    sys.exit(main())
