#!/usr/bin/python3
"""Many idle sessions at once through the guard in each mode, through PgBouncer (session pooling) and HAProxy (TCP).

    /usr/bin/python3 bench/idle.py [--sessions 9500] [--server echo|postgres] [--modes off,observe,enforce] [--peers ...]
                                   [--set OPTION=VALUE] [--binary build/release/driftguard]

Each session logs in, asks one question (in PgBouncer only that ties a server's connection to it), is left alone, and at
the end asks once more; every byte of both replies is compared. Memory of a session is what the proxy's process has more
with all sessions up than before the first, by their number: RSS, and PSS, which leaves out what other processes map,
too. What the kernel holds is the machine's slab, page tables and stacks: of four sockets a session, of the proxy's
epoll, of the programs at both ends, and with --server postgres of the server's processes. It is named apart.

A session takes two of the proxy's descriptors: with a limit of 20,000 some 9,900 is the most. The echo server is
bench/load/echo_server.c; there the guard has no snapshot, since its catalog reads fail. Exit code 1 if any reply was
lost or wrong.
"""

import argparse
import contextlib
import pathlib
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / "load"), str(BENCH.parent / "tests" / "lib")]

import harness  # noqa: E402 - found through the line above
from cluster import Cluster  # noqa: E402
from guard import Guard  # noqa: E402

QUIET_S = 3  # buffers that are given back after a moment are


@contextlib.contextmanager
def server_for(arguments):
    if arguments.server == "echo":
        with harness.EchoServer(arguments.programs) as server:
            yield server
    else:
        with Cluster({"max_connections": arguments.sessions + 100, "shared_buffers": "32MB"}) as server:
            yield server


@contextlib.contextmanager
def guard_peer(server, mode, arguments):
    settings = [f"relay.max_sessions={arguments.sessions + 100}", *arguments.set]
    with Guard(server, mode, settings, binary=arguments.binary) as guard:
        if arguments.server == "postgres":
            guard.wait_until(lambda: guard.metric("driftguard_snapshot_loaded") == 1, "the first snapshot")
        yield harness.Peer(guard.port, guard.process.pid)


def peers(server, arguments):
    """Name and context manager of each proxy."""
    makers = {f"guard, {mode}": lambda mode=mode: guard_peer(server, mode, arguments) for mode in arguments.modes}
    if "PgBouncer" in arguments.peers:
        makers["PgBouncer"] = lambda: harness.pgbouncer(server, arguments.sessions + 50)
    if "HAProxy" in arguments.peers:
        makers["HAProxy"] = lambda: harness.haproxy(server.port, arguments.sessions + 50)
    return makers.items()


def hold(peer, arguments):
    """One row of the table: what the sessions cost, and whether all was right."""
    n = arguments.sessions
    with harness.Sessions(arguments.programs, peer.port) as sessions:
        before, kernel_before = harness.memory(peer.pid), harness.kernel_memory_kb()
        opened, first = sessions.tell(f"open {n}"), sessions.tell("ask 1")
        time.sleep(QUIET_S)
        after, kernel_after = harness.memory(peer.pid), harness.kernel_memory_kb()
        last = sessions.tell("ask 1")
        right = harness.all_right(opened, 0) and all(harness.all_right(one, n) for one in (first, last))
        return {"opened in s": f"{opened['seconds']:.1f}", "held": last["open"], "right": first["right"] + last["right"],
                "RSS before, kB": before.rss_kb, "with all, kB": after.rss_kb,
                "RSS of a session, B": round((after.rss_kb - before.rss_kb) * 1024 / n),
                "PSS, B": round((after.pss_kb - before.pss_kb) * 1024 / n),
                "kernel, B": round((kernel_after - kernel_before) * 1024 / n)}, right


def print_row(name, cells):
    print(f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def run(arguments):
    print(f"{arguments.sessions} sessions, server: {arguments.server}")
    all_right, is_first = True, True
    with server_for(arguments) as server:
        for name, make in peers(server, arguments):
            with make() as peer:
                row, right = hold(peer, arguments)
            if is_first:
                print_row("through", row)
                print_row("---", ["---"] * len(row))
            print_row(name, row.values())
            all_right, is_first = all_right and right, False
    return 0 if all_right else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=9500)
    parser.add_argument("--server", choices=("echo", "postgres"), default="echo")
    parser.add_argument("--modes", type=lambda text: [word for word in text.split(",") if word],
                        default=["off", "observe", "enforce"])
    parser.add_argument("--peers", type=lambda text: text.split(","), default=["PgBouncer", "HAProxy"])
    return run(harness.parse(parser))


if __name__ == "__main__":
    sys.exit(main())
