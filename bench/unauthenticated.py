#!/usr/bin/python3
"""What a peer costs that nobody has let in: memory of the guard for each that stops at a stage, until the start-up deadline.

    bench/unauthenticated.py [--binary driftguard] [--peers 1000]

Anonymous memory (/proc/PID/smaps_rollup) of a new guard for each stage, before and after so many peers; sockets' memory is
the kernel's and not in it. The database is a stub that asks for a password and waits.
"""

import argparse
import pathlib
import re
import resource
import selectors
import socket
import ssl
import struct
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/lib"))

import environment
import wire
from certificates import Authority
from guard import Guard

SASL = wire.message("R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0")
STARTUP = wire.startup(user="postgres", database="postgres", application_name="bench")


class Asking:
    """A server that answers each start-up packet with a request for a password, from one thread."""

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port = self._listener.getsockname()[1]
        self.n_asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._selector.register(self._listener.accept()[0], selectors.EVENT_READ)
                else:
                    self._answer(key.fileobj)

    def _answer(self, peer):
        data = b""
        try:
            data = peer.recv(16384)
        except ConnectionResetError:
            pass
        if not data or b"\0driftguard\0" in data:
            self._selector.unregister(peer)
            peer.close()
        elif data == wire.SSL_REQUEST:
            peer.send(b"N")
        else:
            peer.send(SASL)
            self.n_asked += 1


def client_hello():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def stages():
    """name -> (what the peer sends in turn, how many bytes it must see after each, more settings)"""
    hello = client_hello()
    long = struct.pack("!ii", 10000, wire.PROTOCOL_3_0) + b"x" * 9991
    plenty, few = ("client_tls.max_handshakes=1000000",), ("client_tls.max_handshakes=1",)
    return {
        "connected, silent": ([], ()),
        "half a start-up packet": ([(STARTUP[:30], 0)], ()),
        "9,999 of 10,000 bytes of one": ([(long, 0)], ()),
        "SSLRequest answered, silent": ([(wire.SSL_REQUEST, 1)], ()),
        f"half a ClientHello of {len(hello)} bytes": ([(wire.SSL_REQUEST, 1), (hello[:len(hello) // 2], 0)], ()),
        "all of it, over max_handshakes": ([(wire.SSL_REQUEST, 1), (hello, 0)], few),
        "all of it, answered": ([(wire.SSL_REQUEST, 1), (hello, 100)], plenty),
        "asked for a password": ([(STARTUP, len(SASL))], ()),
    }


def anonymous_bytes(guard):
    text = pathlib.Path(f"/proc/{guard.process.pid}/smaps_rollup").read_text("ascii")
    return int(re.search(r"^Anonymous:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024


def stop_at(guard, steps, n_peers):
    peers = []
    for _ in range(n_peers):
        peers.append(socket.create_connection((guard.host, guard.port)))
        for data, n_bytes in steps:
            peers[-1].sendall(data)
            while n_bytes > 0:
                n_bytes -= len(peers[-1].recv(max(n_bytes, 65536 if n_bytes > 1 else 1)))
    return peers


def cost(args, settings, steps):
    server = Asking()
    options = ["schema.poll_ms=0", "relay.startup_timeout_ms=600000", "relay.max_sessions=100000", *settings]
    with Guard(upstream=f"postgres://127.0.0.1:{server.port}/x", settings=options, binary=args.binary) as guard:
        warm = stop_at(guard, steps, 10)
        before = anonymous_bytes(guard)
        peers = stop_at(guard, steps, args.peers)
        n = args.peers + len(warm)
        guard.wait_until(lambda: guard.metric("driftguard_sessions") == n, "all peers to be accepted")
        bytes_each = (anonymous_bytes(guard) - before) / args.peers
        for peer in (*peers, *warm):
            peer.close()
    return bytes_each


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", help="the driftguard to measure; otherwise DG_BINARY or one in build/")
    parser.add_argument("--peers", type=int, default=1000)
    args = parser.parse_args()
    args.binary = args.binary or environment.binary()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    issued = Authority("bench").issue("guard", "localhost")
    tls = ("client_tls.sslmode=allow", f"client_tls.cert_file={issued.cert}", f"client_tls.key_file={issued.key}")
    print("| a peer that stops when it has | bytes each |\n|---|---|")
    for name, (steps, settings) in stages().items():
        print(f"| {name} | {cost(args, (*tls, *settings), steps):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
