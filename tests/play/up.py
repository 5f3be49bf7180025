#!/usr/bin/python3
"""./dev up: a PostgreSQL with a small shop, the guard in front of it, and three stories of drift told with psql.

Each story sends what the application sends twice: straight to PostgreSQL ("before") and through the guard ("now"). With
--once it ends there: 0 if each story got its explanation, else 1. Without, the guard stays up until Ctrl-C. However it
ends, nothing is left behind: Cluster and Guard are context managers, and signals arrive as an exception.
"""

import argparse
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import environment  # noqa: E402 - found through the line above
import stories  # noqa: E402
from cluster import Cluster  # noqa: E402
from guard import Guard, GuardError  # noqa: E402
from show import Show  # noqa: E402

SHOP = pathlib.Path(__file__).with_name("shop.sql")
METRICS = ("driftguard_statements_total", "driftguard_predictions_total", "driftguard_server_errors_total",
           "driftguard_annotations_total", "driftguard_drift", "driftguard_snapshot_loads_total")


class Stopped(BaseException):
    """A signal asked us to end. Not an Exception: nothing may take it for a failure of its own."""


def raise_stopped(number, _):
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise Stopped(number)


def load_shop(cluster):
    cluster.psql("CREATE DATABASE shop")
    cluster.psql(SHOP.read_text(), "shop")


def print_metrics(show, guard):
    show.title("What /metrics says now")
    text = guard.get("/metrics")[1]
    for line in text.splitlines():
        if line.startswith(METRICS) and not line.endswith(" 0"):
            show.quote(line)


def print_drift(show, guard):
    show.title("What /drift says now")
    for group in guard.drift()["groups"]:
        show.quote(stories.describe_group(group))


def play(show, cluster, guard):
    """All stories; how many were left without an explanation."""
    version = cluster.psql("SHOW server_version").split()[0]
    show.plain(f"PostgreSQL {version} on port {cluster.port}; in front of it driftguard on port {guard.port}, mode annotate")
    guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded", database="shop") == 1, "the first snapshot")
    unexplained = [story.__doc__.splitlines()[0] for story in stories.ALL if not story(show, cluster, guard)]
    print_metrics(show, guard)
    print_drift(show, guard)
    for heading in unexplained:
        show.failure(f"No explanation was given in: {heading}")
    return len(unexplained)


def stay_up(show, cluster, guard):
    show.title("The guard stays up. Ctrl-C ends it and removes everything")
    show.plain(f"  through the guard   psql {guard.url()}")
    show.plain(f"  straight            psql {cluster.url_of('shop')}")
    show.plain(f"  metrics, drift      http://{guard.host}:{guard.admin}/metrics  /drift  /readyz  /healthz")
    guard.process.wait()
    show.failure("The guard has ended by itself.")
    return 1


def run(arguments):
    show = Show(sys.stdout)
    with Cluster() as cluster:
        load_shop(cluster)
        with Guard(cluster, "annotate", database="shop", binary=arguments.binary) as guard:
            try:
                n_unexplained = play(show, cluster, guard)
                if arguments.once:
                    return 1 if n_unexplained else 0
                return stay_up(show, cluster, guard)
            except Stopped as stopped:
                # Asked kindly, the guard would wait for clients in the middle of a transaction; these end here too.
                guard.kill()
                return exit_code(stopped, arguments)


def exit_code(stopped, arguments):
    """Ctrl-C is how "up" is meant to end; in the middle of --once it is an interruption."""
    return 128 + stopped.args[0] if arguments.once else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="end after the stories")
    parser.add_argument("--binary", type=pathlib.Path, default=None, help="the driftguard to play with")
    arguments = parser.parse_args()
    arguments.binary = (arguments.binary or environment.binary()).resolve()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), raise_stopped)
    try:
        return run(arguments)
    except Stopped as stopped:
        return exit_code(stopped, arguments)
    except (GuardError, OSError, RuntimeError) as error:
        print(f"dev up: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
