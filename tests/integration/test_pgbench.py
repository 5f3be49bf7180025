#!/usr/bin/python3
"""pgbench through the guard: no transaction fails, and the guard has counted what pgbench and the server have."""

import re
import subprocess
import unittest

from cluster import Cluster
from guard import Guard
from support import MODES, await_snapshot

N_CLIENTS = 8
N_TRANSACTIONS = 400  # of each client
PROTOCOLS = ("simple", "extended", "prepared")


class Pgbench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The log tells which statements the server has had from pgbench: %a is the application's name.
        cls.cluster = cls.enterClassContext(Cluster({"log_statement": "all", "log_line_prefix": "%a|"}))
        subprocess.run(["pgbench", "-i", "-q", "-s", "1", cls.cluster.url], check=True, capture_output=True, timeout=120)

    def run_pgbench(self, guard, protocol):
        """pgbench's count of its transactions."""
        done = subprocess.run(["pgbench", "-n", "-S", "-M", protocol, "-c", str(N_CLIENTS), "-j", "2",
                               "-t", str(N_TRANSACTIONS), guard.url()], capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"number of failed transactions: 0 \(0\.000%\)")
        return int(re.search(r"number of transactions actually processed: (\d+)/", done.stdout)[1])

    def logged(self):
        """(SELECTs of pgbench's transactions, its other statements) in the server's log so far."""
        lines = re.findall(r"^pgbench\|LOG:  (?:statement|execute [^:]+): (.*)", self.cluster.log(), re.MULTILINE)
        transactions = sum(line.startswith("SELECT abalance FROM") for line in lines)
        return transactions, len(lines) - transactions

    def play(self, mode, protocol):
        before = self.logged()
        with Guard(self.cluster, mode) as guard:
            await_snapshot(guard, "postgres")
            n_transactions = self.run_pgbench(guard, protocol)
            counted = guard.metric("driftguard_statements_total")
            judged = guard.metric("driftguard_statements_total", verdict="ok")
            alarms = guard.metric("driftguard_predictions_total")
            by_shape = guard.metric("driftguard_verdicts_total", source="shape")
        transactions, others = (now - then for now, then in zip(self.logged(), before))
        self.assertEqual(n_transactions, N_CLIENTS * N_TRANSACTIONS)
        self.assertEqual(transactions, n_transactions)
        self.assertEqual(alarms, 0)
        if mode == "off":
            self.assertEqual(counted, 0, "statements are not looked at")
        else:
            self.assertEqual(counted, n_transactions + others, f"{others} statements of pgbench's own")
            self.assertGreaterEqual(judged, n_transactions)
        if mode != "off" and protocol == "simple":
            self.assertGreater(by_shape, 0.9 * n_transactions, "each transaction has another literal")


def add_tests():
    for mode in MODES:
        counted = "not_looked_at" if mode == "off" else "counted_once"
        for protocol in PROTOCOLS:
            def test(self, mode=mode, protocol=protocol):
                self.play(mode, protocol)
            setattr(Pgbench, f"test_in_{mode}_every_{protocol}_statement_is_{counted}", test)


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)
