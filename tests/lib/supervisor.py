"""A supervisor in the small: it holds a listening socket, and starts and ends the guards that accept from it.

    with Supervisor(cluster) as supervisor, Visitors(supervisor.port, 4) as visitors:
        supervisor.start()
        supervisor.replace(overlapping=True)    # the next one is there before the last one ends
        visitors.counts                         # Counter(served=...); refused, reset, ended, wrong where there are any

A visitor connects, asks one question with its own number in it, compares the answer and leaves.
"""

import collections
import signal
import socket
import struct
import threading

import environment
from guard import Guard

SETTINGS = ("schema.poll_ms=0",)


def _startup():
    body = struct.pack("!I", 0x30000) + b"user\0postgres\0database\0postgres\0\0"
    return struct.pack("!I", len(body) + 4) + body


def _query(sql):
    return b"Q" + struct.pack("!I", len(sql) + 5) + sql.encode() + b"\0"


class Supervisor:
    """Guards one after another on one socket; each that ends must end well (guard.Guard.stop)."""

    def __init__(self, cluster, family=socket.AF_INET, address=("127.0.0.1", 0), settings=SETTINGS, binary=None):
        self._cluster = cluster
        self._settings = settings
        self._binary = binary
        self.socket = socket.socket(family)
        self.socket.bind(address)
        self.socket.listen(1024)
        self.address = self.socket.getsockname()
        self.guard = None
        self.logs = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.guard is not None:
                self.end(self.guard)
        finally:
            self.socket.close()

    def start(self):
        """Starts a guard and waits until it accepts."""
        self.guard = Guard(self._cluster, "observe", self._settings, sockets=[self.socket], ready=False,
                           binary=self._binary)
        self.guard.start()
        self.guard.wait_until(lambda: " started: " in self.guard.log(), "the guard to start")
        return self.guard

    def end(self, guard):
        guard.stop(signal.SIGTERM, 60)
        self.logs.append(guard.log())

    def replace(self, overlapping):
        old = self.guard
        if overlapping:
            self.start()
        self.end(old)
        if not overlapping:
            self.start()


class Visitors:
    """Threads that connect, ask and leave, over and over, until the block is left. `limit`: visits of all together."""

    def __init__(self, address, n_threads, limit=None):
        self.counts = collections.Counter()
        self.surprises = []
        self._address = address
        self._limit = limit
        self._begun = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._visit_on, daemon=True) for _ in range(n_threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self.join()

    def join(self, seconds=120):
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), "a visitor hangs"

    def served(self):
        return self.counts["served"]

    def wait_for(self, n):
        environment.wait_until(lambda: sum(self.counts.values()) >= n, f"{n} visits, after {dict(self.counts)}", 120)

    def _next(self):
        with self._lock:
            if self._is_over.is_set() or self._begun == self._limit:
                return None
            self._begun += 1
            return self._begun

    def _visit_on(self):
        while (number := self._next()) is not None:
            outcome = self._visit(number)
            with self._lock:
                self.counts[outcome] += 1

    def _visit(self, number):
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        client = socket.socket(family)
        client.settimeout(60)
        try:
            client.connect(self._address)
            client.sendall(_startup())
            self._read_to_ready(client)
            client.sendall(_query(f"SELECT {number}"))
            row = self._read_to_ready(client)
            client.sendall(b"X\0\0\0\4")
            # The end, or, of a session that a drain found idle behind its answer, words about that. A reset would count.
            rest = client.recv(1)
            return "served" if row == str(number).encode() and rest in (b"", b"E") else "wrong"
        except ConnectionRefusedError:
            return "refused"
        except (ConnectionResetError, BrokenPipeError):
            return "reset"
        except (EOFError, socket.timeout) as error:
            self.surprises.append(repr(error))
            return "ended"
        finally:
            client.close()

    @staticmethod
    def _read_to_ready(client):
        """The last row's one column."""
        row, data = None, b""
        while True:
            while len(data) >= 5 and len(data) > (length := struct.unpack_from("!I", data, 1)[0]):
                kind, body, data = data[:1], data[5:length + 1], data[length + 1:]
                if kind == b"E":
                    raise EOFError(body)
                if kind == b"D":
                    row = body[6:]
                if kind == b"Z":
                    return row
            more = client.recv(65536)
            if not more:
                raise EOFError("closed")
            data += more
