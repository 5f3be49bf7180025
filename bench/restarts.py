#!/usr/bin/python3
"""Connections across restarts on an inherited listening socket: none refused, none reset.

    DG_BINARY=build/release/driftguard PYTHONPATH=tests/lib bench/restarts.py [--visits 10000] [--restarts 20] [--threads 8]

A supervisor holds the socket. Threads connect, ask one question with a number of its own in it, compare the answer and
leave, all the time, while the guard is replaced: every other time the next one starts before the last one ends.
"""

import argparse
import sys
import time

from cluster import Cluster
from supervisor import Supervisor, Visitors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--visits", type=int, default=10000)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--threads", type=int, default=8)
    words = parser.parse_args()
    began = time.monotonic()
    with Cluster(settings={"max_connections": 300}) as cluster, Supervisor(cluster) as supervisor:
        supervisor.start()
        with Visitors(supervisor.address, words.threads, words.visits) as visitors:
            for restart in range(words.restarts):
                visitors.wait_for(words.visits * (restart + 1) // (words.restarts + 1))
                supervisor.replace(overlapping=restart % 2 == 0)
            visitors.join(600)
    counts = visitors.counts
    print("| restarts | connections | served | refused | reset | ended before the answer | wrong | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| {words.restarts} | {sum(counts.values())} | {counts['served']} | {counts['refused']} | {counts['reset']} "
          f"| {counts['ended']} | {counts['wrong']} | {time.monotonic() - began:.0f} |")
    for surprise in visitors.surprises[:5]:
        print(surprise, file=sys.stderr)
    return 0 if counts["served"] == words.visits else 1


if __name__ == "__main__":
    sys.exit(main())
