"""A server that says what a test wants it to say, in messages or in bytes.

    with Stub() as stub:
        stub.serve = conversation      # called in a thread for each session, with its Peer, after the start-up packet
        ... connect to a guard in front of stub.port ...

What is sent on is compared in the test; what went wrong in `serve` is raised when the block is left. The guard's own
connections (application_name driftguard) are turned away, cancels are kept in `cancels`.
"""

import socket
import struct
import threading

from wire import EOF, GSSENC_REQUEST, SSL_REQUEST, TIMEOUT_S, Peer, message, text

CANCEL_CODE = struct.pack("!I", 80877102)


def authentication(code, data=b""):
    return message("R", struct.pack("!I", code), data)


def parameter(name, value):
    return message("S", text(name), text(value))


def key_data(pid, key):
    return message("K", struct.pack("!I", pid), key)


def ready(status="I"):
    return message("Z", status.encode())


def report(code="E", **named):
    """An ErrorResponse or NoticeResponse with these fields, in this order."""
    return message(code, *[name.encode() + text(value) for name, value in named.items()], b"\0")


def notification(channel, payload=""):
    return message("A", struct.pack("!I", 99), text(channel), text(payload))


def row(*values):
    return message("D", struct.pack("!H", len(values)), *[struct.pack("!I", len(value)) + value for value in values])


def columns(*names):
    return message("T", struct.pack("!H", len(names)), *[text(n) + struct.pack("!IHIhih", 0, 0, 25, -1, -1, 0) for n in names])


def tag(words):
    return message("C", text(words))


AUTHENTICATED = authentication(0)
LOGIN = AUTHENTICATED + parameter("server_version", "15.0") + parameter("client_encoding", "UTF8") + key_data(7, b"1234") + ready()
ANSWER = columns("x") + row(b"1") + tag("SELECT 1") + ready()


def say(*parts):
    """A conversation that is over when these have been said; it lasts until the client has left."""
    def serve(peer):
        peer.send(b"".join(parts))
        peer.read_until("EOF")
    return serve


def talk(*steps, login=LOGIN):
    """Steps of (what the client must have sent, what is answered), byte for byte."""
    def serve(peer):
        peer.send(login)
        for expected, answer in steps:
            got = peer.receive(len(expected))
            assert got == expected, f"the server got {got[:200]!r} instead of {expected[:200]!r}"
            peer.send(answer)
        peer.finish()
    return serve


class ServerPeer(Peer):
    def finish(self):
        """Nothing but Terminate may follow."""
        rest = [found for found in self.read_until("EOF") if found not in (EOF, message("X"))]
        assert not rest, f"the server got more: {rest[0][:200]!r}"

    def hang_up(self):
        self.socket.close()


class Stub:
    def __init__(self):
        self.serve = say(LOGIN)
        self.shape = "written"
        self.cancels = []
        self.startups = []
        self._failures = []
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if kind is None:
            self.settle()

    @property
    def url(self):
        return f"postgres://127.0.0.1:{self.port}/stub"

    def settle(self):
        """Waits until all sessions are over and raises what went wrong in them."""
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(TIMEOUT_S)
            assert not thread.is_alive(), "a session of the stub does not end"
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._run, args=(ServerPeer(sock, self.shape),), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _run(self, peer):
        with peer.socket:
            try:
                self._meet(peer)
            except Exception as error:  # told in the main thread
                self._failures.append(error)

    def _meet(self, peer):
        packet = self._first_packet(peer)
        while packet[4:] in (SSL_REQUEST[4:], GSSENC_REQUEST[4:]):
            peer.send(b"N")
            packet = self._first_packet(peer)
        if packet[4:8] == CANCEL_CODE:
            self.cancels.append(packet)
        elif b"\0application_name\0driftguard\0" in packet:
            peer.send(report(S="FATAL", V="FATAL", C="57P03", M="not for you"))
        elif packet:
            self.startups.append(packet)
            self.serve(peer)

    def _first_packet(self, peer):
        """Empty if somebody only looks whether the port is open."""
        head = peer.receive(4)
        return head + peer.receive(struct.unpack("!I", head)[0] - 4) if len(head) == 4 else b""
