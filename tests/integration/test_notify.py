#!/usr/bin/python3
"""What a supervisor hears by sd_notify(3)."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import environment
from cluster import Cluster
from guard import Guard


class Notify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def supervisor(self, name):
        own = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        own.bind(name)
        own.settimeout(30)
        return own

    def guard(self, own, **variables):
        name = own.getsockname()
        shown = "@" + name[1:].decode() if isinstance(name, bytes) else name
        return self.enterContext(Guard(self.cluster, variables={"NOTIFY_SOCKET": shown, **variables}))

    def hear(self, own):
        return dict(line.split("=", 1) for line in own.recv(4096).decode().splitlines())

    def path(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(dir=environment.run_dir()))
        return f"{folder}/notify"

    def test_a_life(self):
        for name in (self.path(), f"\0driftguard-test-{os.getpid()}"):
            own = self.supervisor(name)
            guard = self.guard(own)
            ready = self.hear(own)
            self.assertEqual(ready["READY"], "1")
            self.assertIn(f"listens on 127.0.0.1:{guard.port}", ready["STATUS"])
            before = time.monotonic()
            guard.reload()
            reloading = self.hear(own)
            self.assertEqual(reloading["RELOADING"], "1")
            self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), int(before * 1e6))
            self.assertEqual(self.hear(own), {"READY": "1"})
            guard.process.send_signal(signal.SIGTERM)
            self.assertEqual(self.hear(own)["STOPPING"], "1")
            guard.stop()

    def test_the_watchdog_hears_of_workers_that_turn(self):
        own = self.supervisor(self.path())
        guard = self.guard(own, WATCHDOG_USEC="200000")
        self.hear(own)
        for _ in range(3):
            self.assertEqual(self.hear(own), {"WATCHDOG": "1"})
        guard.stop()

    def test_without_a_listener_nothing_is_amiss(self):
        path = self.path()
        own = self.supervisor(path)
        pathlib.Path(path).unlink()
        with self.guard(own).connect() as connection:
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_a_name_that_is_none(self):
        for name in ("relative", "/", "@", "/" + "x" * 107):
            done = subprocess.run([str(environment.binary()), "run", "--upstream", "postgres://127.0.0.1:1"],
                                  env={**os.environ, "NOTIFY_SOCKET": name}, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.assertEqual(done.returncode, 64)
            self.assertIn("NOTIFY_SOCKET", done.stderr)


if __name__ == "__main__":
    unittest.main()
