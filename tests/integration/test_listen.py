#!/usr/bin/python3
"""Where the guard listens: several addresses at once, Unix sockets and their files, and sockets that it inherits."""

import os
import pathlib
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import unittest

import psycopg

import environment
from certificates import Authority
from cluster import Cluster
from guard import Guard, GuardError

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
NOWHERE = "postgres://127.0.0.1:1/postgres"


def driftguard(*words, **variables):
    """The program run to its end."""
    return subprocess.run([str(environment.binary()), *words], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **variables}, stdin=subprocess.DEVNULL)


class ListenCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="listen.", dir=environment.run_dir())
        self.folder = pathlib.Path(self.enterContext(folder))
        self.path = self.folder / ".s.PGSQL.5442"

    def guard(self, *settings, **options):
        return self.enterContext(Guard(self.cluster, "observe", ["schema.poll_ms=0", *settings],
                                       **{"also": [self.path], **options}))

    def connect(self, port=5442, **options):
        return psycopg.connect(host=str(self.folder), port=port, user="postgres", dbname="postgres", autocommit=True,
                               **options)

    def assertServes(self, **options):
        with self.connect(**options) as connection:
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def refused(self, listen, *words):
        """driftguard run ends with an error about this address; gives its text."""
        done = driftguard("run", "--listen", str(listen), "--upstream", NOWHERE, "--admin", "", *words)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr


class Unix(ListenCase):
    def test_libpq_finds_the_socket_by_folder_and_port_beside_tcp(self):
        guard = self.guard()
        self.assertServes()
        with guard.connect() as connection:
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
        self.assertIn(f"127.0.0.1:{guard.port}, {self.path}", guard.log())

    def test_several_at_once(self):
        other = self.folder / ".s.PGSQL.6000"
        self.guard(also=[self.path, other])
        self.assertServes()
        self.assertServes(port=6000)

    def test_the_file_goes_at_the_end_however_it_comes(self):
        for first in (signal.SIGTERM, signal.SIGINT):
            with Guard(self.cluster, also=[self.path]) as guard:
                self.assertTrue(stat.S_ISSOCK(os.stat(self.path).st_mode))
                guard.stop(first)
            self.assertEqual(os.listdir(self.folder), [])

    def test_a_file_that_is_another_s_by_then_stays(self):
        guard = self.guard()
        self.path.unlink()
        self.path.write_text("not the guard's")
        guard.stop()
        self.assertEqual(self.path.read_text(), "not the guard's")

    def test_the_socket_of_a_dead_process_is_replaced(self):
        guard = self.guard()
        guard.kill()
        self.assertTrue(self.path.exists(), "a killed process leaves its file: else this shows nothing")
        guard.start()
        self.assertServes()

    def test_the_socket_of_a_living_process_is_not(self):
        self.guard()
        text = self.refused(self.path)
        self.assertIn(f"cannot listen on {self.path}: another process listens on this socket", text)
        self.assertServes()

    def test_nor_that_of_one_whose_queue_is_full(self):
        with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as client:
            busy.bind(str(self.path))
            busy.listen(0)
            client.connect(str(self.path))
            self.assertIn("another process listens on this socket", self.refused(self.path))

    def test_a_file_that_is_no_socket_is_left_alone(self):
        self.path.write_text("precious")
        self.assertIn("there is a file that is no socket", self.refused(self.path))
        self.assertEqual(self.path.read_text(), "precious")

    def test_of_two_that_start_at_once_one_gets_the_dead_socket(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.path))
        command = [str(environment.binary()), "run", "--listen", str(self.path), "--upstream", NOWHERE, "--admin", ""]
        rivals = [subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
                  for _ in range(4)]
        environment.wait_until(lambda: sum(rival.poll() is not None for rival in rivals) >= 3, "three to give up")
        winners = [rival for rival in rivals if rival.poll() is None]
        self.assertEqual(len(winners), 1, "two processes believe that they have the socket")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
        winners[0].terminate()
        texts = [rival.communicate(timeout=30)[1] for rival in rivals]
        self.assertEqual(sum("another process listens on this socket" in text for text in texts), 3)
        self.assertEqual(os.listdir(self.folder), [])

    def test_who_may_connect(self):
        for mode, expected in ((None, 0o777), ("0770", 0o770), ("600", 0o600)):
            settings = [] if mode is None else [f"unix_socket_mode={mode}"]
            with Guard(self.cluster, settings=settings, also=[self.path]):
                self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), expected)

    def test_folders_that_are_not_there_or_not_ours(self):
        self.assertIn("No such file or directory", self.refused(self.folder / "away" / ".s.PGSQL.5442"))
        self.assertIn("Not a directory", self.refused("/dev/null/.s.PGSQL.5442"))

    def test_an_upstream_that_is_the_guard_s_own_socket_is_refused(self):
        link = self.folder / "link"
        link.symlink_to(self.folder)
        for folder in (self.folder, link, f"{self.folder}/."):
            upstream = "postgres://" + str(folder).replace("/", "%2F") + ":5442/postgres"
            done = driftguard("run", "--listen", str(self.path), "--upstream", upstream, "--admin", "")
            self.assertEqual(done.returncode, 64)
            self.assertIn("is the address that driftguard itself listens on", done.stderr)
        self.assertEqual(os.listdir(self.folder), ["link"])

    def test_another_guard_s_socket_is_an_upstream_like_any(self):
        self.guard()
        upstream = "postgres://postgres@" + str(self.folder).replace("/", "%2F") + ":5442/postgres"
        with Guard(upstream=upstream) as second, second.connect() as connection:
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_a_client_who_comes_as_the_drain_begins_is_served(self):
        """Nobody can find the socket any more once its file is gone, and who had found it is accepted."""
        guard = self.guard()
        for _ in range(20):
            early = socket.socket(socket.AF_UNIX)
            early.connect(str(self.path))
            with early:
                guard.process.send_signal(signal.SIGTERM)
                early.settimeout(20)
                body = b"user\0postgres\0\0"
                early.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
                self.assertEqual(early.recv(1), b"R")
            guard.stop()
            guard.start()


class Errors(ListenCase):
    def check(self, listen, words):
        path = self.folder / "guard.json"
        path.write_text('{"listen":\n"%s"}' % listen)
        done = driftguard("config", "check", str(path))
        self.assertEqual(done.returncode, 64, done.stderr)
        for word in ["2:", *words]:
            self.assertIn(word, done.stderr)

    def test_what_the_config_check_says(self):
        long = "/" + "x" * 94 + "/.s.PGSQL.5442"
        self.assertEqual(len(long), 109)
        for listen, words in {
            long: ["at most 107 bytes", "has 109"],
            "/run/driftguard": ["/FOLDER/.s.PGSQL.PORT", "host=/FOLDER port=PORT"],
            "/run/driftguard/.s.PGSQL.0": ["/FOLDER/.s.PGSQL.PORT"],
            "/run/driftguard/.s.PGSQL.65536": ["/FOLDER/.s.PGSQL.PORT"],
            "/run/driftguard/.s.PGSQL.5442.lock": ["/FOLDER/.s.PGSQL.PORT"],
            "run/.s.PGSQL.5442": ["HOST:PORT"],
            "127.0.0.1:5442,": ["nothing behind the last comma"],
            "127.0.0.1:5442,,127.0.0.1:5443": ["HOST:PORT"],
            ",".join(["127.0.0.1:0"] * 17): ["more than 16 addresses"],
        }.items():
            with self.subTest(listen):
                self.check(listen, words)

    def test_the_longest_path_works(self):
        folder = self.folder / ("x" * (107 - len("/.s.PGSQL.5442") - 1 - len(str(self.folder))))
        folder.mkdir()
        path = folder / ".s.PGSQL.5442"
        self.assertEqual(len(str(path)), 107)
        with Guard(self.cluster, also=[path]):
            with psycopg.connect(host=str(folder), port=5442, user="postgres", dbname="postgres") as connection:
                self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_modes_that_are_none(self):
        for mode in ("", "0o770", "rwx", "778", "1777", "-1"):
            done = driftguard("run", "--set", f"unix_socket_mode={mode}", "--upstream", NOWHERE)
            self.assertEqual(done.returncode, 64)
            self.assertIn('must be a string of octal digits, at most "0777"', done.stderr)


class Tls(ListenCase):
    """PostgreSQL answers N to SSLRequest on a Unix socket, TLS or not; and it lets in over it whom hostssl keeps out."""

    def test_none_on_a_unix_socket_and_none_is_asked_for(self):
        server = Authority("ca").issue("server", "localhost")
        self.guard("client_tls.sslmode=require", f"client_tls.cert_file={server.cert}",
                   f"client_tls.key_file={server.key}")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
            client.sendall(SSL_REQUEST)
            self.assertEqual(client.recv(10), b"N")
        self.assertServes(sslmode="require")  # libpq: no TLS on a Unix socket, whatever sslmode says


class Inherited(ListenCase):
    def listening(self, address=("127.0.0.1", 0), family=socket.AF_INET):
        own = self.enterContext(socket.socket(family))
        own.bind(address)
        own.listen(64)
        return own

    def ask(self, port):
        with psycopg.connect(f"postgres://postgres@127.0.0.1:{port}/postgres") as connection:
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_the_sockets_given_are_all_that_it_listens_on(self):
        tcp, local = self.listening(), self.listening(str(self.path), socket.AF_UNIX)
        guard = self.guard(also=(), sockets=[tcp, local])
        self.ask(tcp.getsockname()[1])
        self.assertServes()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", guard.port))
        for address in ("%s:%d" % tcp.getsockname(), str(self.path)):
            self.assertRegex(guard.log(), f"socket_inherited: .*listen=\"?{address}\"? upstream=main")

    def test_they_outlive_it(self):
        tcp, local = self.listening(), self.listening(str(self.path), socket.AF_UNIX)
        guard = self.guard(also=(), sockets=[tcp, local])
        guard.stop()
        self.assertTrue(self.path.exists(), "it is not ours to remove")
        guard.start()
        self.ask(tcp.getsockname()[1])
        self.assertServes()

    def test_its_children_would_not_take_them_for_theirs(self):
        guard = self.guard(also=(), sockets=[self.listening()])
        self.assertEqual([name for name in os.listdir(f"/proc/{guard.process.pid}/fd") if int(name) >= 100], [])
        flags = pathlib.Path(f"/proc/{guard.process.pid}/fdinfo/3").read_text()
        self.assertRegex(flags, r"flags:\s+0*2004002")  # O_RDWR, O_NONBLOCK, O_CLOEXEC

    def test_variables_for_another_process_mean_nothing(self):
        self.guard(variables={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
        self.assertServes()

    def test_what_is_no_listening_socket(self):
        plain = self.enterContext(socket.socket())
        datagram = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        file = self.enterContext(open("/dev/null"))
        for given, words in ((plain, "does not listen"), (datagram, "is not a stream socket"), (file, "is not a socket")):
            with self.subTest(words):
                with self.assertRaisesRegex(GuardError, f"LISTEN_FDS: descriptor 4 {words}"):
                    self.guard(also=(), sockets=[self.listening(), given])

    def test_variables_that_cannot_be_read(self):
        own = str(os.getpid())
        for pid, n, words in (("x", "1", "LISTEN_PID is not a number"), ("", "1", "LISTEN_PID is not a number"),
                              ("$$", "-1", "LISTEN_FDS is not a number"), ("$$", "65", "LISTEN_FDS is not a number"),
                              ("$$", "many", "LISTEN_FDS is not a number"), ("$$", "40", "is not open")):
            shell = f'export LISTEN_PID="{pid}" LISTEN_FDS="{n}"; exec "$@"'
            done = subprocess.run(["bash", "-c", shell, "bash", str(environment.binary()), "run", "--upstream", NOWHERE],
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.assertEqual(done.returncode, 64, (own, done.stderr))
            self.assertIn(words, done.stderr)

    def test_an_upstream_that_is_an_inherited_socket_is_refused(self):
        tcp = self.listening()
        upstream = "postgres://postgres@127.0.0.1:%d/postgres" % tcp.getsockname()[1]
        with self.assertRaisesRegex(GuardError, "is the address that driftguard itself listens on"):
            self.guard(also=(), sockets=[tcp], upstream=upstream)


if __name__ == "__main__":
    unittest.main()
