#!/usr/bin/python3
"""Sessions that compare every byte they receive, while server, schema and guards are not left in peace.

    /usr/bin/python3 bench/soak.py [--minutes 30] [--sessions 96] [--seed N] [--pace soak|smoke] [--binary FILE]

Two guards before one PostgreSQL, plain and by TLS on either side: one stays for the whole run (its memory is sampled),
the other is drained and replaced now and then. Sessions of mixed protocol (soak/conversations.py) talk through both;
meanwhile modes are reloaded, tables that they query lose columns and names and get them back, backends are terminated,
the server is killed. Every reply carries its session and sequence number and is compared with what was computed without
a server. A lost connection has to have a reason among these deeds (soak/judge.py).

Exit code 1 if one reply was wrong, one connection lost without reason, a drain did not end, or a sanitizer complained.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import random
import sys
import threading
import time

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / "soak"), str(BENCH / "load"), str(BENCH.parent / "tests" / "lib")]

import harness  # noqa: E402 - found through the line above
from certificates import Authority  # noqa: E402
from chaos import DRAINED, MODES, PACES, STEADY, Chaos, SoakGuard  # noqa: E402
from cluster import Cluster  # noqa: E402
from judge import Judge  # noqa: E402
from session import Target  # noqa: E402
from worker import Spec, Worker  # noqa: E402
from world import DRIFTING, World  # noqa: E402

N_PROCESSES = 3
JOIN_S = 120
WARM_S = 300  # caches fill until then
# Each statement is a new text here: the cache is to be full soon, so that memory that grows later is seen.
SETTINGS = ("inspect.verdict_cache_bytes=2097152", "annotate.timeout_ms=100", "schema.poll_ms=2000",
            "schema.min_reload_interval_ms=500", "client_tls.sslmode=allow")


class Memory:
    """RSS of a process over time."""

    def __init__(self, pid, every_s):
        self._pid, self._every_s, self._due, self.samples = pid, every_s, 0.0, []

    def look(self):
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._every_s
            self.samples.append((now, harness.memory(self._pid).rss_kb))

    def slope_kb_a_minute(self, after_s):
        """Least squares over the samples that were taken so long after the first; None if there are too few."""
        samples = [(when, rss) for when, rss in self.samples if when >= self.samples[0][0] + after_s]
        if len(samples) < 10:
            return None
        n = len(samples)
        mean_when, mean_rss = (sum(values) / n for values in zip(*samples))
        return 60 * (sum((when - mean_when) * (rss - mean_rss) for when, rss in samples)
                     / sum((when - mean_when) ** 2 for when, _ in samples))


def specs(guards, n_sessions):
    """Two of three sessions at the steady guard, each second by TLS."""
    targets = {name: Target(name, guard.port) for name, guard in guards.items()}
    return [Spec(number, targets[DRAINED if number % 3 == 2 else STEADY], number % 2 == 1)
            for number in range(n_sessions)]


class Workers:
    """The sessions' processes, and the thread that hands their news to the judge."""

    def __init__(self, all_specs, world, arguments, judge):
        # fork before the thread: what the children inherit is then at rest.
        context = multiprocessing.get_context("fork")
        self._stop, self._judge = context.Event(), judge
        self._outbox = context.Queue()
        self._processes = []
        for i in range(N_PROCESSES):
            worker = Worker(all_specs[i::N_PROCESSES], world, arguments.pause / 1000, arguments.seed, self._stop, self._outbox)
            self._processes.append(context.Process(target=worker.run, daemon=True))
        for process in self._processes:
            process.start()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self):
        n_running = N_PROCESSES
        while n_running:
            batch = self._outbox.get()
            if batch is None:
                n_running -= 1
            else:
                self._judge.take(batch)

    def finish(self):
        self._stop.set()
        self._listening.join(JOIN_S)
        if self._listening.is_alive():
            raise RuntimeError(f"a session had not ended {JOIN_S} s after it was told to")
        for process in self._processes:
            process.join(10)


@contextlib.contextmanager
def soaked(arguments):
    """The server and both guards."""
    own = Authority("soak").issue("localhost", "localhost")
    tls = {"ssl": "on", "ssl_cert_file": own.cert, "ssl_key_file": own.key}
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(Cluster({"max_connections": arguments.sessions + 150, **tls}))
        world = World(cluster)
        settings = [*SETTINGS, f"client_tls.cert_file={own.cert}", f"client_tls.key_file={own.key}"]
        guards = {}
        for name, sslmode in ((STEADY, "disable"), (DRAINED, "require")):
            guard = SoakGuard(cluster, name, [*settings, f"server_tls.sslmode={sslmode}", *arguments.set], arguments.binary)
            guards[name] = stack.enter_context(guard)
        yield cluster, guards, world


def guards_own(guard):
    """What the steady guard counted, and the descriptors that it has when nobody is connected."""
    guard.wait_until(lambda: guard.metric("driftguard_sessions") == 0, "the sessions' end")
    own = {"false_alarm": 0}
    for labels, n in guard.metrics().get("driftguard_predictions_total", {}).items():
        labels = dict(labels)
        name = " ".join(labels[key] for key in ("outcome", "reason") if labels.get(key))
        own[name] = own.get(name, 0) + round(n)
    own["answered by it"] = round(guard.metric("driftguard_refusals_total"))
    own["statements"] = round(guard.metric("driftguard_statements_total"))
    own["descriptors"] = len(os.listdir(f"/proc/{guard.process.pid}/fd"))
    return own


def print_report(judge, memory, own, arguments, seconds):
    print(f"{arguments.sessions} sessions for {seconds / 60:.1f} min, seed {arguments.seed}")
    for name, value in (*judge.counts().items(), ("deeds", dict(judge.deeds)), ("conversations by kind", dict(judge.right)),
                        ("lost", dict(judge.lost)), ("answers of tables that drift", dict(judge.drift_answers)),
                        ("the steady guard", own)):
        print(f"  {name}: {json.dumps(value)}")
    rss = [rss for _, rss in memory.samples]
    by_minute = {int((when - memory.samples[0][0]) / 60): rss for when, rss in memory.samples}
    slope = memory.slope_kb_a_minute(WARM_S)
    print(f"  RSS of the steady guard, kB: {rss[0]} at first, {max(rss)} at most, {rss[-1]} at last"
          + f"; at each minute's end {list(by_minute.values())}"
          + (f"; slope after {WARM_S} s {slope:+.1f} a minute" if slope is not None else ""))


def run(arguments):
    began = time.monotonic()
    with soaked(arguments) as (cluster, guards, world):
        judge = Judge(DRIFTING, guards, MODES[0])
        workers = Workers(specs(guards, arguments.sessions), world, arguments, judge)
        memory = Memory(guards[STEADY].process.pid, 10 if arguments.pace == "soak" else 1)
        chaos = Chaos(cluster, guards, judge, arguments.sessions, PACES[arguments.pace], arguments.seed)
        told, n_said = time.monotonic(), 0
        while time.monotonic() < began + arguments.minutes * 60:
            memory.look()
            chaos.step()
            for complaint in judge.complaints_so_far()[n_said:]:
                n_said += 1
                print(f"  {time.monotonic() - began:.0f} s: {complaint}", file=sys.stderr, flush=True)
            if time.monotonic() > told + 60:
                told = time.monotonic()
                print(f"  {(told - began) / 60:.0f} min: {json.dumps(judge.counts())}", file=sys.stderr, flush=True)
        workers.finish()
        memory.look()
        judge.finish()
        own = guards_own(guards[STEADY])
    print_report(judge, memory, own, arguments, time.monotonic() - began)
    complaints = judge.complaints()
    if own["false_alarm"]:
        complaints.append(f"{own['false_alarm']} false alarms")
    for complaint in complaints[:50]:
        print(complaint[:3000])
    return 1 if complaints else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--sessions", type=int, default=96)
    parser.add_argument("--pause", type=float, default=30, metavar="MS", help="between a session's conversations, on average")
    parser.add_argument("--pace", choices=PACES, default="soak")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 10**6))
    return run(harness.parse(parser))


if __name__ == "__main__":
    sys.exit(main())
