"""One session of the soak: a socket whose every received byte is compared with what has to come.

A conversation ends in one of three ways: it went as expected; Lost, the connection ended (when and how is recorded, and
judged at the end against what was done to server and guards at that time); Mismatch, which is never right.
"""

import collections
import socket
import ssl
import struct
import time

import messages
import wire

SILENCE_S = 60
Target = collections.namedtuple("Target", "name port")
LINGER_NOT = struct.pack("ii", 1, 0)  # SO_LINGER that makes close() a RST


class Mismatch(Exception):
    """A reply, or its order, that PostgreSQL would not have sent."""


class Lost(Exception):
    """The connection ended. how: the SQLSTATE of the last words, else "closed", "reset", "silent", "refused"."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


def insecure_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Session:
    """Connects at once; raises Lost where that does not succeed."""

    def __init__(self, target, name, tls=None, database="postgres"):
        self.name = name
        self.target = target
        self.is_tls = tls is not None
        self.key = None
        self.notes = []  # what a conversation leaves to be judged later
        self.began = self.began_before = time.monotonic()  # the present conversation, and the last
        self.n_right = 0  # bytes of replies that were right, in the present conversation
        try:
            self.socket = socket.create_connection(("127.0.0.1", target.port), SILENCE_S)
        except OSError:
            raise Lost("refused") from None
        try:
            self._start(tls, database)
        except BaseException:
            self.socket.close()
            raise

    def begin(self):
        """A conversation."""
        self.began_before, self.began, self.n_right = self.began, time.monotonic(), 0

    def _start(self, tls, database):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.send(wire.SSL_REQUEST)
            answer = self._receive(1)
            if answer == b"E":  # in the place of an answer; of a guard that goes away, say
                self._raise_if_over(self._message(answer))
            if answer != b"S":
                raise Mismatch(f"{answer!r} to SSLRequest")
            with _AsLost():
                self.socket = tls.wrap_socket(self.socket)
        self.send(wire.startup(user="postgres", database=database, application_name=self.name))
        while True:
            raw = self._message()
            self._raise_if_over(raw)
            if raw[:1] == b"K":
                self.key = raw[5:]
            elif raw[:1] == b"Z":
                return

    def send(self, *parts):
        with _AsLost():
            self.socket.sendall(b"".join(parts))

    def send_quietly(self, data):
        """From a second thread; whoever reads learns what became of the connection."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def give_up(self):
        """Ends what a second thread still sends."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def send_in_pieces(self, data, n_bytes):
        """n_bytes a segment."""
        with _AsLost():
            for at in range(0, len(data), n_bytes):
                self.socket.sendall(data[at:at + n_bytes])

    def _receive(self, n_bytes):
        with _AsLost():
            data = self.socket.recv(n_bytes)
        if not data:
            raise Lost("closed")
        return data

    def _exactly(self, n_bytes, begun=b""):
        data = bytearray(begun)
        while len(data) < n_bytes:
            data += self._receive(n_bytes - len(data))
        return bytes(data)

    def _message(self, begun=b""):
        head = self._exactly(5, begun)
        return self._exactly(1 + struct.unpack("!i", head[1:5])[0], head)

    def _raise_if_over(self, raw):
        """Last words: what follows is the end of the connection."""
        code = messages.of_last_words(raw)
        if code is None:
            if raw[:1] == b"E":
                raise Mismatch(f"an error: {wire.error_fields(raw[5:])}")
            return
        try:
            while self._receive(65536):
                pass
        except Lost:
            raise Lost(code) from None

    def expect(self, *parts, n_bytes=65536, pause_s=0.0):
        """The next bytes have to be these. A slow reader takes n_bytes at a time and pauses."""
        expected = memoryview(b"".join(parts))
        at = 0
        while at < len(expected):
            data = self._receive(min(n_bytes, len(expected) - at))
            if expected[at:at + len(data)] != data:
                self._explain(bytes(expected), at, data)
            at += len(data)
            self.n_right += len(data)
            if pause_s and at < len(expected):
                time.sleep(pause_s)

    def _explain(self, expected, at, data):
        """Raises what it means that data is not what was expected: last words are Lost, all else a Mismatch."""
        differs, position = at + _n_equal(expected[at:], data), 0
        for wanted in messages.cut(expected):
            if position + len(wanted) > differs:
                break
            position += len(wanted)
        self.n_right += max(0, position - at)
        came = expected[position:at] + data[max(0, position - at):]
        raw = self._rest(came)
        if messages.of_last_words(raw) is None:
            raise Mismatch(f"expected {wanted[:300]!r}, received {raw[:1000]!r}")
        self._raise_if_over(raw)

    def _rest(self, came):
        """The first message of what came, read to its end if need be."""
        head = came if len(came) >= 5 else self._exactly(5, came)
        length = 1 + struct.unpack_from("!i", head, 1)[0]
        return head[:length] if len(head) >= length else self._exactly(length, head)

    def read_message(self):
        """A message that the caller judges; last words are Lost, errors are not."""
        raw = self._message()
        if messages.of_last_words(raw) is not None:
            self._raise_if_over(raw)
        self.n_right += len(raw)
        return raw

    def expect_end(self):
        try:
            data = self._receive(1)
        except Lost as lost:
            if lost.how == "closed":
                return
            raise
        raise Mismatch(f"{data!r} where the connection had to end")

    def finish_writing(self):
        """Half-close. TLS has no such thing in Python; callers ask first."""
        with _AsLost():
            self.socket.shutdown(socket.SHUT_WR)

    def abort(self):
        """RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.socket.close()

    def close(self):
        try:
            self.socket.sendall(wire.TERMINATE)
        except OSError:
            pass
        self.socket.close()


class _AsLost:
    """What a socket raises, as Lost."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is None or issubclass(kind, (Lost, Mismatch)):
            return False
        if issubclass(kind, TimeoutError):
            raise Lost("silent") from None
        if issubclass(kind, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            raise Lost("closed") from None
        if issubclass(kind, ssl.SSLError):
            raise Mismatch(f"TLS: {error}") from None
        if issubclass(kind, OSError):
            raise Lost("reset") from None
        return False


def _n_equal(left, right):
    n = 0
    for one, other in zip(left, right):
        if one != other:
            break
        n += 1
    return n
