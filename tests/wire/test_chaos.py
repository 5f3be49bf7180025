"""Clients that leave at any moment, in any state, politely or not: the proxy ends each session and trips over none.

The seed is fixed, so that a failure can be had again; what the sanitizers find makes the puppet end badly.
"""

import random
import socket
import struct
import threading
import unittest

import environment
from cluster import Cluster
from puppet import Puppet
from wire import (COPY_DONE, FLUSH, GSSENC_REQUEST, SSL_REQUEST, SYNC, TERMINATE, Connection, bind, cancel_request, close,
                  copy_data, describe, execute, parse, query, startup)

SEED = 20261121
PIECES = [
    query("select 1"), query("select repeat('x', 300000)"), query("select 1/0 /* late 30 */"), query("select 1 /* refuse */"),
    query("select 1 /* hold 30 */"), query("select 1 /* resume 10 */"), query("select pg_sleep(0.05)"),
    parse("select 1") + bind() + describe() + execute(), parse("selekt /* late 20 */"), parse("select 1 /* refuse */"),
    parse("select 1 /* resume 10 */"), SYNC, SYNC, SYNC, FLUSH, close("S"), copy_data(b"1\n"), COPY_DONE, TERMINATE,
    query("create temp table if not exists c (a int); copy c from stdin"), b"Q\0\0\0\3", b"\xff" * 9, query("select 2")[:8],
]


def conversation(port, choice):
    """Some of a session; it ends in one of several ways."""
    with Connection(port) as connection:
        connection.socket.settimeout(choice.choice((0.01, 0.05, 0.2)))
        try:
            if choice.random() < 0.2:
                connection.send(choice.choice((SSL_REQUEST, GSSENC_REQUEST)))
            packet = startup(user="postgres")
            connection.send(packet if choice.random() < 0.9 else packet[:choice.randrange(len(packet))])
            connection.read_until("Z")
            for _ in range(choice.randrange(6)):
                connection.send(b"".join(choice.choices(PIECES, k=choice.randrange(1, 6))))
                if choice.random() < 0.5:
                    connection.read_until("Z")
            if connection.key_data and choice.random() < 0.2:
                with Connection(port) as canceller:
                    canceller.send(cancel_request(connection.key_data))
        except (OSError, struct.error):
            pass  # the answers do not matter here
        ending = choice.choice(("close", "reset", "half"))
        if ending == "reset":
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif ending == "half":
            try:
                connection.socket.shutdown(socket.SHUT_WR)
                connection.receive(1 << 20)
            except OSError:
                pass


class Chaos(unittest.TestCase):
    def test_clients_that_leave_at_any_moment(self):
        with Cluster() as cluster, Puppet(cluster.port, "workers=2", "relay.max_sessions=40") as puppet:
            failures = []

            def run(seed):
                choice = random.Random(seed)
                try:
                    for _ in range(60):
                        conversation(puppet.port, choice)
                except Exception as error:  # told in the main thread
                    failures.append(repr(error))

            threads = [threading.Thread(target=run, args=(SEED + i,)) for i in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            environment.wait_until(lambda: cluster.psql(
                "select count(*) from pg_stat_activity where backend_type = 'client backend'") == "1", "the last session to end")
            with Connection(puppet.port) as connection:
                connection.login()
                self.assertEqual(connection.ask(query("select 1"))[-1], b"Z\0\0\0\5I")


if __name__ == "__main__":
    unittest.main()
