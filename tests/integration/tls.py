"""What the TLS tests share: a cluster that speaks TLS, guards between, and a client's handshake by hand."""

import select
import socket
import ssl

import environment
import wire
from certificates import Authority, Issued  # noqa: F401 - tests take them from here
from cluster import Cluster
from guard import Guard

HBA = ("hostssl all certified 127.0.0.1/32 cert\nhostssl all only_tls 127.0.0.1/32 scram-sha-256\n"
       "host all scram 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
ROLES = ("CREATE ROLE scram LOGIN PASSWORD 'open sesame'; CREATE ROLE only_tls LOGIN PASSWORD 'open sesame';"
         "CREATE ROLE certified LOGIN; GRANT CREATE ON SCHEMA public TO public;")


def secure_cluster(authority, issued):
    """A Cluster that offers TLS with this certificate and asks for those of clients."""
    return Cluster(settings={"ssl": "on", "ssl_cert_file": issued.cert, "ssl_key_file": issued.key,
                             "ssl_ca_file": authority.cert}, hba=HBA)


def client_settings(issued, sslmode="allow", ca=None):
    settings = [f"client_tls.sslmode={sslmode}", f"client_tls.cert_file={issued.cert}",
                f"client_tls.key_file={issued.key}"]
    return settings + ([f"client_tls.ca_file={ca}"] if ca else [])


def server_settings(sslmode, ca=None):
    return [f"server_tls.sslmode={sslmode}"] + ([f"server_tls.ca_file={ca}"] if ca else [])


def context(ca=None, cert=None, alpn=None):
    """A client's SSLContext; without a CA it believes everything."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE if ca is None else ssl.CERT_REQUIRED
    if ca is not None:
        made.load_verify_locations(ca)
    if cert is not None:
        made.load_cert_chain(cert.cert, cert.key)
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


class TlsWire(wire.Wire):
    """wire.Wire by TLS: asked for with SSLRequest, or begun at once (direct). step: bytes of the handshake a segment."""

    def __init__(self, port, database=None, user="postgres", direct=False, tls=None, step=None, timeout=20, **parameters):
        super().__init__(port, timeout=timeout)
        self.plain = self.socket
        self.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not direct:
            self.send(wire.SSL_REQUEST)
            answer = self.read_byte()
            if answer != b"S":
                raise ssl.SSLError(f"the guard answered {answer}")
        tls = tls or context(alpn=["postgresql"] if direct else None)
        self.socket = _Stepped(self.plain, tls, step) if step else tls.wrap_socket(self.plain, server_hostname="localhost")
        if database is not None:
            self.send(wire.startup(user=user, database=database, **parameters))
            self.greeting = self.until_ready()


    def flood(self, data, unread_bytes, n_ready):
        """Sends data, reading as soon as unread_bytes of it have gone, and returns the kinds of the messages that came up to
        the n-th ReadyForQuery, or the end. One thread does both, since a TLS connection is no thing to share."""
        data, received, seen, at = memoryview(data), bytearray(), "", 0
        n_sent = 0
        self.socket.setblocking(False)
        while seen.count("Z") < n_ready:
            reads = n_sent >= unread_bytes
            select.select([self.socket] if reads else [], [self.socket] if n_sent < len(data) else [], [], 60)
            try:
                if n_sent < len(data):
                    n_sent += self.socket.send(data[n_sent:n_sent + 16384])
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                pass
            more = self._read_what_is_there() if reads else []
            if more is None:
                break
            received += b"".join(more)
            while at + 5 <= len(received) and at + 1 + int.from_bytes(received[at + 1:at + 5], "big") <= len(received):
                seen += chr(received[at])
                at += 1 + int.from_bytes(received[at + 1:at + 5], "big")
        self.socket.settimeout(20)
        return seen

    def _read_what_is_there(self):
        """Pieces; None at the end of the connection."""
        pieces = []
        while True:
            try:
                pieces.append(self.socket.recv(65536))
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return pieces
            if not pieces[-1]:
                return None


class _Stepped:
    """A TLS socket whose ciphertext goes out in segments of `step` bytes."""

    def __init__(self, plain, tls, step):
        self._plain, self._step = plain, step
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = tls.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self._drive(self._object.do_handshake)

    def _flush(self):
        data = self._outgoing.read()
        for at in range(0, len(data), self._step):
            self._plain.sendall(data[at:at + self._step])

    def _drive(self, call):
        while True:
            try:
                result = call()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self._plain.recv(65536)
                if not data:
                    self._incoming.write_eof()
                self._incoming.write(data)

    def sendall(self, data):
        self._drive(lambda: self._object.write(data))

    def recv(self, size):
        try:
            return self._drive(lambda: self._object.read(size))
        except ssl.SSLEOFError:
            return b""

    def close(self):
        self._plain.close()


class World:
    """An authority, one that nobody trusts, the database's certificate, the guard's own, clients', and the database."""

    def __init__(self, case):
        self.authority = Authority("authority")
        self.stranger = Authority("stranger")
        self.database = self.authority.issue("database", "localhost")
        self.guards_own = self.authority.issue("guard", "localhost")
        self.certified = self.authority.issue("certified", "certified")
        self.unknown = self.stranger.issue("unknown", "certified")
        self.cluster = case.enterClassContext(secure_cluster(self.authority, self.database))
        self.cluster.psql(ROLES)

    @property
    def ca(self):
        return self.authority.cert

    def guard(self, settings=(), mode="annotate", **options):
        return Guard(self.cluster, mode, ["schema.poll_ms=0", *settings], **options)


def ends(wire_connection):
    """True once the peer has closed, whatever it says before."""
    try:
        return wire_connection.until_end() is not None
    except (OSError, ssl.SSLError):
        return True


def await_metric(guard, expected, name, **labels):
    environment.wait_until(lambda: guard.metric(name, **labels) == expected,
                           f"{name} {labels} to be {expected}: {guard.metrics().get(name)}")
