#!/usr/bin/python3
"""pgbench -S straight, through PgBouncer (session pooling) and through the guard in each mode.

    /usr/bin/python3 bench/compare.py [--seconds 5] [--rounds 5] [--clients 8] [--tls] [--binary build/release/driftguard]

Every target stays up all the time and is loaded in turn, round after round, so that whatever else the machine does hits
all of them alike; the table shows medians over the rounds. CPU is what the kernel has charged to the proxy's process,
user and system, all threads, while pgbench ran, divided by pgbench's own count of transactions. With --tls all of them
speak TLS on both sides, with the same certificate.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "lib"))

import environment  # noqa: E402 - found through the line above
from certificates import Authority  # noqa: E402
from cluster import Cluster  # noqa: E402
from guard import Guard  # noqa: E402
from pooler import pgbouncer  # noqa: E402

GUARD_MODES = ("off", "observe", "annotate", "enforce")
PROTOCOLS = ("simple", "prepared")
SCALE = 10
TICKS = os.sysconf("SC_CLK_TCK")

Target = collections.namedtuple("Target", "name url pid")  # pid None: nothing in between
Sample = collections.namedtuple("Sample", "tps cpu_us")


def cpu_seconds(pid):
    """User and system time of a process, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(target, protocol, arguments):
    before = cpu_seconds(target.pid) if target.pid else 0.0
    command = ["pgbench", "-n", "-S", "-M", protocol, "-c", str(arguments.clients), "-j", "2",
               "-T", str(arguments.seconds), target.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    used = cpu_seconds(target.pid) - before if target.pid else 0.0
    if "number of failed transactions: 0 " not in done.stdout:
        raise RuntimeError(f"transactions failed through {target.name}:\n{done.stdout}")
    n = int(re.search(r"actually processed: (\d+)", done.stdout)[1])
    return Sample(float(re.search(r"tps = ([\d.]+)", done.stdout)[1]), used / n * 1e6)


def median(samples):
    return Sample(*(statistics.median(values) for values in zip(*samples)))


def print_table(targets, protocol, samples):
    medians = {target.name: median(samples[protocol, target.name]) for target in targets}
    direct, bouncer = medians["direct"], medians["PgBouncer"]
    print(f"\n-M {protocol}")
    print(f"  {'':<18}{'tps':>9}{'of direct':>11}{'of PgB.':>9}{'CPU us/query':>14}{'of PgB.':>9}   tps, least to most")
    for name, one in medians.items():
        cpu = f"{one.cpu_us:>14.1f}{one.cpu_us / bouncer.cpu_us:>9.2f}" if one.cpu_us else f"{'-':>14}{'-':>9}"
        tps = [sample.tps for sample in samples[protocol, name]]
        print(f"  {name:<18}{one.tps:>9.0f}{one.tps / direct.tps:>11.2f}{one.tps / bouncer.tps:>9.2f}{cpu}"
              f"   {min(tps):.0f} .. {max(tps):.0f}")


def tls_settings():
    """Of the server, of PgBouncer, of the guard, and what a client's URL says."""
    own = Authority("authority").issue("localhost", "localhost")
    server = {"ssl": "on", "ssl_cert_file": own.cert, "ssl_key_file": own.key}
    pooler = {"client_tls_sslmode": "require", "client_tls_cert_file": own.cert, "client_tls_key_file": own.key,
              "server_tls_sslmode": "require"}
    guard = ["client_tls.sslmode=require", f"client_tls.cert_file={own.cert}", f"client_tls.key_file={own.key}",
             "server_tls.sslmode=require"]
    return server, pooler, guard, "?sslmode=require"


def run(arguments):
    with contextlib.ExitStack() as stack:
        server, bouncer, settings, parameters = tls_settings() if arguments.tls else ({}, {}, [], "")
        cluster = stack.enter_context(Cluster({"shared_buffers": "256MB", **server}))
        subprocess.run(["pgbench", "-i", "-q", "-s", str(SCALE), cluster.url], check=True, capture_output=True)
        pooler = stack.enter_context(pgbouncer(cluster, settings=bouncer))
        targets = [Target("direct", cluster.url + parameters, None),
                   Target("PgBouncer", pooler.url + parameters, pooler.pid)]
        for mode in arguments.modes.split(","):
            guard = stack.enter_context(Guard(cluster, mode, settings, binary=arguments.binary))
            targets.append(Target(f"guard, {mode}", guard.url() + parameters, guard.process.pid))
        samples = collections.defaultdict(list)
        for _ in range(arguments.rounds):
            for protocol in PROTOCOLS:
                for target in targets:
                    samples[protocol, target.name].append(measure(target, protocol, arguments))
        print(f"pgbench -S{' by TLS on both legs' if arguments.tls else ''}, scale {SCALE}, {arguments.clients} clients, {arguments.rounds} rounds of "
              f"{arguments.seconds} s each, medians; {os.cpu_count()} processors")
        for protocol in PROTOCOLS:
            print_table(targets, protocol, samples)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--modes", default=",".join(GUARD_MODES))
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--binary", type=pathlib.Path, default=environment.ROOT / "build" / "release" / "driftguard")
    arguments = parser.parse_args()
    arguments.binary = arguments.binary.resolve()
    run(arguments)


if __name__ == "__main__":
    main()
