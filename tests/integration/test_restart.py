#!/usr/bin/python3
"""One guard ends and the next begins: on an inherited socket nobody is refused and nobody reset."""

import socket
import tempfile
import unittest

import environment
from cluster import Cluster
from guard import Guard
from supervisor import Supervisor, Visitors
from wire import Wire, kinds, query, startup

LOGIN = startup(user="postgres", database="postgres")


class Restarts(unittest.TestCase):
    """bench/restarts.py does the same with more."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def visit_through_restarts(self, supervisor, orders, n=100):
        with Visitors(supervisor.address, 3) as visitors:
            supervisor.start()
            for overlapping in orders:
                visitors.wait_for(sum(visitors.counts.values()) + n)
                supervisor.replace(overlapping)
            visitors.wait_for(sum(visitors.counts.values()) + n)
        self.assertEqual(set(visitors.counts), {"served"}, visitors.surprises)

    def test_none_is_refused_and_none_reset(self):
        with Supervisor(self.cluster) as supervisor:
            self.visit_through_restarts(supervisor, (True, False, True))

    def test_nor_on_a_unix_socket(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(dir=environment.run_dir()))
        with Supervisor(self.cluster, socket.AF_UNIX, f"{folder}/.s.PGSQL.5442") as supervisor:
            self.visit_through_restarts(supervisor, (False, True), 30)

    def test_nor_with_several_workers(self):
        with Supervisor(self.cluster, settings=["schema.poll_ms=0", "workers=3"]) as supervisor:
            self.visit_through_restarts(supervisor, (True, False), 30)

    def test_who_comes_while_no_guard_runs_waits(self):
        with Supervisor(self.cluster) as supervisor:
            with Wire(supervisor.address[1]) as early:
                early.send(LOGIN, query("SELECT 1"))
                supervisor.start()
                self.assertEqual(kinds(early.until_ready())[-1], "Z")
                self.assertEqual(kinds(early.until_ready()), "TDCZ")

    def test_the_next_one_gets_the_admin_address_once_it_is_free(self):
        with Cluster() as cluster:
            own = self.enterContext(socket.socket())
            own.bind(("127.0.0.1", 0))
            own.listen()
            with Guard(cluster, sockets=[own]) as old:
                new = Guard(cluster, sockets=[own], ready=False, arguments=["--admin", f"{old.host}:{old.admin}"])
                with new:
                    new.wait_until(lambda: "admin_waits" in new.log(), "the new one to wait")
                    self.assertEqual(old.get("/readyz")[0], 200)
                    old.stop()
                    new.admin = old.admin
                    new.wait_until(lambda: new.get("/readyz")[0] == 200, "the new one's pages")
                    self.assertIn("admin_listens", new.log())


if __name__ == "__main__":
    unittest.main()
