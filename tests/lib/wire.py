"""The wire protocol by hand, for tests that a driver would not let through: broken frames, stages, exact bytes.

    with Wire(port, "shop") as wire:
        wire.send(query("SELECT 1"))
        wire.until_ready()                # [("T", b"..."), ("D", b"..."), ("C", b"..."), ("Z", b"I")]

Every read has a deadline; the end of the connection is None, not an exception, since tests wait for it.
"""

import socket
import struct

PROTOCOL_3_0 = 196608
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSSENC_REQUEST = struct.pack("!ii", 8, 80877104)


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def startup(**parameters):
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!ii", len(body) + 8, PROTOCOL_3_0) + body


def query(sql):
    return message("Q", sql.encode() + b"\0")


def parse(sql, name=""):
    return message("P", f"{name}\0{sql}\0".encode() + b"\0\0")


def bind(statement="", portal=""):
    return message("B", f"{portal}\0{statement}\0".encode() + struct.pack("!hhh", 0, 0, 0))


def describe(name="", kind="S"):
    return message("D", f"{kind}{name}\0".encode())


def execute(portal="", max_rows=0):
    return message("E", f"{portal}\0".encode() + struct.pack("!i", max_rows))


def close(name="", kind="S"):
    return message("C", f"{kind}{name}\0".encode())


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


def error_fields(body):
    """{"S": severity, "C": SQLSTATE, ...} of an ErrorResponse or NoticeResponse; each field at most once."""
    fields = {}
    for part in body.split(b"\0"):
        if part:
            kind, text = chr(part[0]), part[1:].decode("utf-8", "replace")
            if kind in fields:
                raise ValueError(f"two fields {kind}")
            fields[kind] = text
    return fields


class Wire:
    """One connection; with a database it is through start-up (trust) when the constructor returns."""

    def __init__(self, port, database=None, user="postgres", timeout=20, **parameters):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._unread = b""
        self.greeting = []
        if database is not None:
            self.send(startup(user=user, database=database, **parameters))
            self.greeting = self.until_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *messages):
        """All of them in one write. A peer that has gone is not an error here: the next receive() tells."""
        try:
            self.socket.sendall(b"".join(messages))
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _read(self, n_bytes):
        while len(self._unread) < n_bytes:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self._unread += more
        data, self._unread = self._unread[:n_bytes], self._unread[n_bytes:]
        return data

    def receive(self):
        """The next message as (type, body); None at the end of the connection."""
        head = self._read(5)
        if head is None:
            return None
        length = struct.unpack("!i", head[1:])[0]
        body = self._read(length - 4)
        return None if body is None else (chr(head[0]), body)

    def until(self, *kinds):
        """All messages up to one of these types, which is the last; or up to the end of the connection."""
        received = []
        while True:
            received.append(self.receive())
            if received[-1] is None:
                return received[:-1]
            if received[-1][0] in kinds:
                return received

    def until_ready(self):
        return self.until("Z")

    def until_end(self):
        """All messages until the peer closes."""
        return self.until()

    def read_byte(self):
        """One byte that is no message: the answer to SSLRequest."""
        return self._read(1)


def kinds(messages):
    return "".join(kind for kind, _ in messages)


def errors(messages):
    """The fields of each ErrorResponse among the messages."""
    return [error_fields(body) for kind, body in messages if kind == "E"]
