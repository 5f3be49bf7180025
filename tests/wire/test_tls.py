"""Every script by TLS on both legs, beside the server itself by TLS: the replies are the same bytes.

One byte a segment is one byte a TLS record here.
"""

import ssl
import unittest

import scripts
import scripts_copy
import scripts_drift
import scripts_start
from certificates import Authority
from cluster import Cluster
from guard import Guard
from wire import SSL_REQUEST, Connection, is_explained, play

SHAPES = ("written", "glued", "bytes")
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname, CONTEXT.verify_mode = False, ssl.CERT_NONE
ALL = scripts.SIMPLE + scripts.EXTENDED + scripts_copy.COPY + scripts_start.START + scripts_drift.DRIFTING


class TlsConnection(Connection):
    def __init__(self, port, shape="written"):
        super().__init__(port, shape)
        self.socket.sendall(SSL_REQUEST)
        assert self.socket.recv(1) == b"S"
        self.socket = CONTEXT.wrap_socket(self.socket)

    def send(self, data):
        try:
            super().send(data)
        except ssl.SSLError:  # it has said goodbye already
            pass


class TlsCase(unittest.TestCase):
    """Filled below: a test a script."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        issued = Authority("authority").issue("both", "localhost")
        cls.cluster = cls.enterClassContext(Cluster(settings={"ssl": "on", "ssl_cert_file": issued.cert,
                                                              "ssl_key_file": issued.key}))
        cls.cluster.psql(scripts_drift.SCHEMA)
        settings = ["schema.poll_ms=0", "server_tls.sslmode=require", "client_tls.sslmode=require",
                    f"client_tls.cert_file={issued.cert}", f"client_tls.key_file={issued.key}"]
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "enforce", settings))
        cls.cluster.psql(scripts_drift.DRIFT)

    def check(self, script):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                expected = play(script, self.cluster.port, shape, TlsConnection)
                got = play(script, self.guard.port, shape, TlsConnection)
                self.assertEqual(len(got), len(expected))
                for mine, own in zip(got, expected):
                    if mine != own and not is_explained(mine, own):
                        self.assertEqual(mine[:300], own[:300])
                        self.fail("long messages differ")


def add_tests():
    for script in ALL:
        name = f"test_{script.name.replace(' ', '_').replace(',', '')}"
        assert not hasattr(TlsCase, name), name
        setattr(TlsCase, name, lambda self, script=script: self.check(script))


add_tests()

if __name__ == "__main__":
    unittest.main()
