"""What is done to the database and to the guards while the sessions talk, on a schedule with a seed.

Each deed tells the judge when it began and when it was over. A drift may happen through a guard, too, so that it sees it.
"""

import collections
import json
import random
import signal
import socket
import time

import environment
import world
from guard import Guard

MODES = ("observe", "annotate", "enforce", "off")
STEADY, DRAINED = "steady", "drained"  # the guard that stays all the time, and the one that is drained and replaced
NOBODY = -1
DRAIN_S = 20  # less than the guard's own patience: no conversation lasts so long, a drain that does is stuck
# Seconds between two deeds of a kind, on average: in a soak, and in the minute of a smoke test.
Pace = collections.namedtuple("Pace", "drift reload terminate kill drain")
PACES = {"soak": Pace(2, 20, 7, 120, 75), "smoke": Pace(0.7, 3, 2, 9, 7)}


class SoakGuard(Guard):
    """A guard whose mode comes from a file, on a socket that outlives its process."""

    def __init__(self, cluster, name, settings, binary):
        self.name = name
        self.config = environment.run_dir() / f"soak-{name}.json"
        self.write_mode(MODES[0])
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        super().__init__(cluster, None, settings, binary=binary, arguments=["--config", self.config],
                         sockets=[self._socket])

    def _launch(self):
        self.port = self._socket.getsockname()[1]
        super()._launch()

    def write_mode(self, mode):
        self.config.write_text(json.dumps({"mode": mode}), encoding="ascii")

    def replace(self):
        """Starts another process on the same socket, then drains this one; raises if it does not end, and end well."""
        old = self.process, self._log_path, self.admin
        self.start()
        new = self.process, self._log_path, self.admin
        self.process, self._log_path, self.admin = old
        try:
            self.stop(signal.SIGTERM, DRAIN_S)
        finally:
            self.process, self._log_path, self.admin = new


class Chaos:
    def __init__(self, cluster, guards, judge, n_sessions, pace, seed):
        self._cluster = cluster
        self._guards = guards
        self._judge = judge
        self._n_sessions = n_sessions
        self._chance = random.Random(seed)
        self._is_there = {table: True for table in world.DRIFTING}
        self._deeds = {name: getattr(self, f"_{name}") for name in Pace._fields}
        self._pace = pace._asdict()
        now = time.monotonic()
        self._due = {name: now + every * self._chance.uniform(0.3, 1) for name, every in self._pace.items()}

    def step(self):
        """Does what is due, or waits a little."""
        name = min(self._due, key=self._due.get)
        if self._due[name] > time.monotonic():
            time.sleep(0.05)
            return
        self._deeds[name]()
        self._due[name] = time.monotonic() + self._pace[name] * self._chance.uniform(0.5, 1.5)

    def _drift(self):
        """A column or a table is renamed, or gets its name back; straight, or through a guard that so sees it."""
        table = self._chance.choice(world.DRIFTING)
        there, back, _ = world.gone(table)
        via = self._chance.choice([self._cluster.url, *(guard.url() for guard in self._guards.values())])
        self._judge.is_there[table].note(time.monotonic(), True, False)
        done = world.run_psql(via, there if self._is_there[table] else back)
        if done.returncode == 0:
            self._is_there[table] = not self._is_there[table]
        else:  # psql's connection was lost: perhaps before, perhaps after the commit
            self._look_at(table)
        self._judge.is_there[table].note(time.monotonic(), self._is_there[table])
        self._judge.did("drift")

    def _look_at(self, table):
        self._is_there[table] = self._cluster.psql(world.gone(table)[2]) == "f"

    def _reload(self):
        guard = self._chance.choice(list(self._guards.values()))
        mode = self._chance.choice(MODES)
        modes = self._judge.modes[guard.name]
        modes.note(time.monotonic(), *MODES)
        guard.write_mode(mode)
        guard.reload()
        guard.wait_until(lambda: guard.metric("driftguard_mode", mode=mode) == 1, f"mode {mode}")
        modes.note(time.monotonic(), mode)
        self._judge.did("reload")

    def _terminate(self):
        """One session's backend; each fourth time the guards' own, which read the catalog."""
        number, name = NOBODY, "driftguard"
        if self._chance.random() < 0.75:
            number = self._chance.randrange(self._n_sessions)
            name = f"soak-{number}"
        window = self._judge.begin("terminate", number=number)
        self._cluster.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'")
        self._judge.end(window)

    def _kill(self):
        """The server, as a crash does it; what had drifted then is looked up afterwards."""
        for table in world.DRIFTING:
            self._judge.is_there[table].note(time.monotonic(), True, False)
        window = self._judge.begin("kill")
        self._cluster.stop(signal.SIGQUIT)
        self._cluster.start()
        self._judge.end(window)
        for table in world.DRIFTING:
            self._look_at(table)
            self._judge.is_there[table].note(time.monotonic(), self._is_there[table])

    def _drain(self):
        guard = self._guards[DRAINED]
        window = self._judge.begin("drain", guard.name)
        guard.replace()
        self._judge.end(window)
