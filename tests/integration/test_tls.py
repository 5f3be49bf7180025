#!/usr/bin/python3
"""Sessions by TLS on either leg and on both: who gets in, what channel binding allows, and that everything else is as
without TLS."""

import hashlib
import os
import shutil
import subprocess
import threading
import unittest

import psycopg

import clients
import environment
import tls
import wire
from support import await_snapshot

PASSWORD = "open sesame"
OWN_SSL = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
NOT_BOUND = "channel binding is not possible: the certificate of driftguard is not the database's"


def attempt(guard, user="scram", **options):
    """(TLS to the guard, TLS to the database), or the error's text."""
    try:
        with guard.connect(user=user, password=PASSWORD, **options) as connection:
            return connection.pgconn.ssl_in_use, connection.execute(OWN_SSL).fetchone()[0]
    except psycopg.OperationalError as error:
        return str(error)


class Matrix(unittest.TestCase):
    """Both legs, plain and by TLS, with the database's own certificate and with another; each wish for binding."""

    @classmethod
    def setUpClass(cls):
        cls.world = tls.World(cls)

    def check(self, guard, sslmode, binding, expected):
        result = attempt(guard, sslmode=sslmode, channel_binding=binding)
        with self.subTest(client=sslmode, channel_binding=binding):
            if isinstance(expected, str):
                self.assertIn(expected, str(result))
            else:
                self.assertEqual(result, expected)

    def test_plain_and_plain(self):
        with self.world.guard(tls.server_settings("disable")) as guard:
            self.check(guard, "prefer", "disable", (False, False))
            self.check(guard, "prefer", "prefer", (False, False))
            self.check(guard, "prefer", "require", "channel binding required, but SSL not in use")
            self.check(guard, "require", "prefer", "server does not support SSL, but SSL was required")

    def test_plain_and_tls(self):
        for sslmode in ("prefer", "require", "verify-ca", "verify-full"):
            settings = tls.server_settings(sslmode, self.world.ca if "verify" in sslmode else None)
            with self.world.guard(settings) as guard, self.subTest(sslmode):
                self.check(guard, "disable", "disable", (False, True))
                self.check(guard, "disable", "prefer", (False, True))
                self.check(guard, "disable", "require", "channel binding required, but SSL not in use")
                self.assertEqual(attempt(guard, "only_tls", sslmode="disable"), (False, True))

    def test_tls_and_plain(self):
        with self.world.guard(tls.client_settings(self.world.guards_own) + tls.server_settings("disable")) as guard:
            self.check(guard, "disable", "prefer", (False, False))
            self.check(guard, "require", "disable", (True, False))
            self.check(guard, "require", "prefer", (True, False))
            self.check(guard, "require", "require", "did not offer an authentication method that supports channel binding")

    def test_tls_and_tls_with_another_certificate(self):
        settings = tls.client_settings(self.world.guards_own) + tls.server_settings("verify-full", self.world.ca)
        with self.world.guard(settings) as guard:
            self.check(guard, "disable", "prefer", (False, True))
            self.check(guard, "require", "disable", (True, True))
            self.check(guard, "require", "prefer", NOT_BOUND)
            self.check(guard, "require", "require", NOT_BOUND)
            self.check(guard, "require", "prefer", "Connect with channel_binding=disable, or give driftguard the database's")
            self.assertEqual(attempt(guard, "postgres", sslmode="require"), (True, True), "no SCRAM, nothing to be bound")

    def test_tls_and_tls_with_the_databases_own_certificate(self):
        settings = tls.client_settings(self.world.database) + tls.server_settings("verify-full", self.world.ca)
        with self.world.guard(settings) as guard:
            for binding in ("disable", "prefer", "require"):
                self.check(guard, "require", binding, (True, True))
            verified = attempt(guard, sslmode="verify-full", sslrootcert=self.world.ca, channel_binding="require")
            self.assertEqual(verified, (True, True))

    def test_node_postgres(self):
        """It knows no channel binding, and says so to the server: with it all legs work."""
        legs = {"plain, tls": ([], "", True),
                "tls, plain": (tls.client_settings(self.world.guards_own) + tls.server_settings("disable"),
                               "?sslmode=no-verify", False),
                "tls, tls": (tls.client_settings(self.world.guards_own), "?sslmode=no-verify", True)}
        for name, (settings, parameters, expected) in legs.items():
            with self.subTest(name), self.world.guard(settings) as guard:
                url = guard.url(user="scram").replace("scram@", f"scram:{PASSWORD.replace(' ', '%20')}@") + parameters
                client = clients.Node(url, "simple")
                self.assertEqual(client.run(OWN_SSL), [[expected]])
                client.close()


class Clients(unittest.TestCase):
    """Who must have TLS, and a certificate."""

    @classmethod
    def setUpClass(cls):
        cls.world = tls.World(cls)

    def refused(self, guard, pattern, **options):
        with self.assertRaisesRegex(psycopg.OperationalError, pattern):
            guard.connect(**options)

    def test_required_tls(self):
        with self.world.guard(tls.client_settings(self.world.guards_own, "require")) as guard:
            self.refused(guard, r"FATAL:  driftguard: connection refused: it is not encrypted.*sslmode of driftguard is "
                                r"require\s+HINT:  Connect with sslmode=require", sslmode="disable")
            with guard.connect(sslmode="require") as connection:
                self.assertTrue(connection.pgconn.ssl_in_use)
            self.assertEqual(guard.metric("driftguard_malformed_total"), 0)

    def test_required_certificates(self):
        own, ca = self.world.guards_own, self.world.ca
        certified = {"sslcert": self.world.certified.cert, "sslkey": self.world.certified.key}
        unknown = {"sslcert": self.world.unknown.cert, "sslkey": self.world.unknown.key}
        for sslmode in ("verify-ca", "verify-full"):
            # The database asks the guard for a certificate, too, if the user is `certified`.
            settings = [*tls.client_settings(own, sslmode, ca), *tls.server_settings("verify-full", ca),
                        f"server_tls.cert_file={self.world.certified.cert}",
                        f"server_tls.key_file={self.world.certified.key}"]
            with self.subTest(sslmode), self.world.guard(settings) as guard:
                self.refused(guard, "not encrypted", sslmode="disable")
                self.refused(guard, "connection requires a valid client certificate", sslmode="require",
                             sslcert="/nonexistent")
                self.refused(guard, "SSL error|closed", sslmode="require", **unknown)
                tls.await_metric(guard, 1, "driftguard_tls_failures_total", leg="client", reason="certificate")
                with guard.connect(user="certified", sslmode="require", **certified) as connection:
                    self.assertEqual(connection.execute("SELECT current_user").fetchone(), ("certified",))
                if sslmode == "verify-full":
                    self.refused(guard, "common name is not the user's name", sslmode="require", **certified)
                else:
                    guard.connect(sslmode="require", **certified).close()

    def test_a_client_may_verify_the_guard(self):
        with self.world.guard(tls.client_settings(self.world.guards_own)) as guard:
            with guard.connect(sslmode="verify-full", sslrootcert=self.world.ca) as connection:
                self.assertTrue(connection.pgconn.ssl_in_use)
            self.refused(guard, "certificate verify failed", sslmode="verify-ca",
                         sslrootcert=self.world.stranger.cert)
            tls.await_metric(guard, 1, "driftguard_tls_failures_total", leg="client", reason="alert")
            tls.await_metric(guard, 0, "driftguard_sessions")
            self.assertEqual(guard.metric("driftguard_tls_sessions", leg="client"), 0)


class Sessions(unittest.TestCase):
    """What works without TLS works with it on both legs."""

    @classmethod
    def setUpClass(cls):
        cls.world = tls.World(cls)
        cls.world.cluster.psql("CREATE TABLE leads (id int, user_email text)")
        settings = [*tls.client_settings(cls.world.database, "require"), *tls.server_settings("verify-full", cls.world.ca),
                    "schema.min_reload_interval_ms=0"]
        cls.guard = cls.enterClassContext(cls.world.guard(settings, "enforce"))
        await_snapshot(cls.guard, "postgres")

    def connect(self, **options):
        return self.enterContext(self.guard.connect(**{"sslmode": "require", "channel_binding": "disable", **options}))

    def test_drift_is_explained_and_repeats_are_answered(self):
        self.world.cluster.psql("ALTER TABLE leads RENAME user_email TO contact_email")
        connection = self.connect(prepare_threshold=None)
        errors = []
        for _ in range(20):
            with self.assertRaises(psycopg.errors.UndefinedColumn) as raised:
                connection.execute("SELECT user_email FROM leads")
            errors.append(raised.exception.diag)
        self.assertTrue(all("renamed to \"contact_email\"" in error.message_detail for error in errors))
        self.assertGreater(self.guard.metric("driftguard_refusals_total", database="postgres"), 0)
        self.assertEqual(connection.execute("SELECT count(*) FROM leads").fetchone(), (0,))

    def test_a_large_result_is_the_same(self):
        sql = "COPY (SELECT g, repeat(md5(g::text), 100) FROM generate_series(1, 31500) g) TO STDOUT"
        digests = []
        for connection in (self.connect(), self.enterContext(self.world.cluster.connect(sslmode="disable"))):
            digest, size = hashlib.sha256(), 0
            with connection.cursor().copy(sql) as copy:
                for block in copy:
                    digest.update(block)
                    size += len(block)
            digests.append((digest.hexdigest(), size))
        self.assertEqual(digests[0], digests[1])
        self.assertGreater(digests[0][1], 100_000_000)

    def test_a_large_copy_in_is_the_same(self):
        rows = [f"{number}\t{hashlib.md5(str(number).encode()).hexdigest() * 300}\n" for number in range(3000)]
        connection = self.connect()
        connection.execute("CREATE TEMP TABLE big (id int, value text)")
        with connection.cursor().copy("COPY big FROM STDIN") as copy:
            for row in rows:
                copy.write(row)
        values = connection.execute("SELECT id, value FROM big ORDER BY id").fetchall()
        self.assertEqual([f"{number}\t{value}\n" for number, value in values], rows)

    def test_pipelines(self):
        connection = self.connect()
        cursor = connection.cursor()
        cursor.executemany("SELECT %s::int, repeat('x', %s::int)", [(n, n * 10) for n in range(500)], returning=True)
        seen = [cursor.fetchone()]
        while cursor.nextset():
            seen.append(cursor.fetchone())
        self.assertEqual(seen, [(number, "x" * (number * 10)) for number in range(500)])

    def test_both_sides_flood(self):
        """Neither may wait for the other: a client that writes 20 MB and reads nothing until 2 MB have gone."""
        connection = self.enterContext(tls.TlsWire(self.guard.port, "postgres", timeout=60))
        query = wire.query("SELECT repeat('y', 100000) -- " + "z" * 100000)
        self.assertEqual(connection.flood(query * 200, unread_bytes=len(query) * 20, n_ready=200), "TDCZ" * 200)

    def test_small_records_behind_one_another(self):
        """All of a segment's records are read, though the socket tells of the first only."""
        connection = self.enterContext(tls.TlsWire(self.guard.port, "postgres"))
        out = b""
        for number in range(300):
            out += wire.query(f"SELECT {number}")
        for at in range(0, len(out), 7):
            connection.socket.send(out[at:at + 7])
        for number in range(300):
            messages = connection.until_ready()
            self.assertEqual(messages[1][1][6:], str(number).encode())

    def test_a_cancel(self):
        connection = self.connect()
        timer = threading.Timer(0.5, connection.cancel)
        timer.start()
        with self.assertRaises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(20)")
        timer.join()
        self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_a_cancel_by_tls(self):
        for direct in (False, True):
            with self.subTest(direct=direct), tls.TlsWire(self.guard.port, "postgres", direct=direct) as connection:
                key = next(body for kind, body in connection.greeting if kind == "K")
                connection.send(wire.query("SELECT pg_sleep(20)"))
                sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(20)' AND state = 'active'"
                environment.wait_until(lambda: self.world.cluster.psql(sleeping) == "1", "the query to run")
                with tls.TlsWire(self.guard.port, direct=direct) as canceller:
                    canceller.send(b"\0\0\0\x10\x04\xd2\x16\x2e" + key)
                    self.assertTrue(tls.ends(canceller))
                self.assertEqual(wire.errors(connection.until_ready())[0]["C"], "57014")

    def test_a_goodbye_ends_the_session_on_both_sides(self):
        for way in ("close_notify", "reset", "alert"):
            with self.subTest(way):
                connection = tls.TlsWire(self.guard.port, "postgres", application_name=f"goes by {way}")
                alive = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'goes by {way}'"
                self.assertEqual(self.world.cluster.psql(alive), "1")
                self.leave(connection, way)
                environment.wait_until(lambda: self.world.cluster.psql(alive) == "0", "the server's session to end")
        tls.await_metric(self.guard, 0, "driftguard_tls_sessions", leg="client")

    def leave(self, connection, way):
        if way == "close_notify":
            connection.socket.settimeout(10)
            connection.socket.unwrap().close()
        elif way == "reset":
            connection.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: close is a reset
            connection.socket.close()
        else:
            plain = connection.socket.detach()
            os.write(plain, b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a record that does not decrypt
            environment.wait_until(lambda: self.closed(plain), "the guard to close")
            os.close(plain)

    @staticmethod
    def closed(descriptor):
        try:
            return not os.read(descriptor, 4096)
        except OSError:
            return True

    def test_the_server_is_killed(self):
        connection = self.connect()
        pid = connection.info.backend_pid
        self.world.cluster.psql(f"SELECT pg_terminate_backend({pid})")
        with self.assertRaisesRegex(psycopg.OperationalError, "terminating connection due to administrator command"):
            connection.execute("SELECT 1")


class Reload(unittest.TestCase):
    """SIGHUP reads certificates and keys again; sessions keep what they began with."""

    def setUp(self):
        self.world = tls.World(type(self))
        self.folder = self.world.authority.folder
        self.live = tls.Issued(os.path.join(self.folder, "live.crt"), os.path.join(self.folder, "live.key"))
        self.install(self.world.guards_own)
        self.guard = self.enterContext(self.world.guard([*tls.client_settings(self.live, "require")]))

    @classmethod
    def tearDownClass(cls):
        cls.doClassCleanups()

    def install(self, issued):
        for source, target in zip(issued, self.live):
            shutil.copyfile(source, target)
            os.chmod(target, 0o600)

    def shown(self):
        with tls.TlsWire(self.guard.port) as connection:
            return connection.socket.getpeercert(binary_form=True)

    def reload(self, event):
        before = self.guard.log().count(event)
        self.guard.reload()
        self.guard.wait_until(lambda: self.guard.log().count(event) > before, event)

    def test_a_new_certificate_and_bad_ones(self):
        first = self.shown()
        session = self.enterContext(self.guard.connect(sslmode="require"))
        self.install(self.world.database)
        self.reload("config_reloaded")
        second = self.shown()
        self.assertNotEqual(first, second)
        self.assertEqual(session.execute("SELECT 1").fetchone(), (1,))
        for problem, words in self.spoil():
            with self.subTest(problem):
                self.reload("config_rejected")
                line = [line for line in self.guard.log().splitlines() if "config_rejected" in line][-1]
                self.assertRegex(line, words)
                self.assertEqual(self.shown(), second)
                self.assertEqual(session.execute("SELECT 1").fetchone(), (1,))
        self.install(self.world.guards_own)
        self.reload("config_reloaded")
        self.assertEqual(self.shown(), first)

    def spoil(self):
        """One problem after the other: the files, and then what the log has to say."""
        self.install(self.world.database)
        shutil.copyfile(self.world.guards_own.key, self.live.key)
        yield "the key of another", "client_tls.key_file.*live.key.*is not the key of the certificate"
        shutil.copyfile(self.world.database.key, self.live.key)
        os.chmod(self.live.key, 0o644)
        yield "a key that others read", "client_tls.key_file.*live.key.*others may read it: chmod 0600"
        os.chmod(self.live.key, 0o600)
        with open(self.live.cert, "w") as file:
            file.write("no certificate")
        yield "no certificate", "client_tls.cert_file.*live.crt"
        os.unlink(self.live.cert)
        yield "no file", "client_tls.cert_file.*live.crt.*No such file"


class Start(unittest.TestCase):
    """What is wrong with the files is said before a client comes."""

    @classmethod
    def setUpClass(cls):
        cls.authority = tls.Authority("authority")
        cls.good = cls.authority.issue("good", "localhost")
        cls.encrypted = tls.Issued(cls.good.cert, cls.authority.path("encrypted.key"))
        subprocess.run(["openssl", "ec", "-in", cls.good.key, "-aes256", "-passout", "pass:x", "-out", cls.encrypted.key],
                       check=True, stderr=subprocess.DEVNULL)
        os.chmod(cls.encrypted.key, 0o600)

    def error_of(self, *settings, upstream="postgres://127.0.0.1:1/x"):
        words = [word for setting in settings for word in ("--set", setting)]
        done = subprocess.run([str(environment.binary()), "run", "--listen", "127.0.0.1:0", "--admin", "", "--upstream",
                               upstream, *words], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
                              check=False)
        self.assertEqual(done.returncode, 64, done.stderr)
        return done.stderr

    def test_each_problem_has_its_words(self):
        cases = {
            "client_tls.sslmode require needs client_tls.cert_file": ["client_tls.sslmode=require"],
            "client_tls.cert_file needs client_tls.key_file": ["client_tls.sslmode=allow",
                                                               f"client_tls.cert_file={self.good.cert}"],
            "client_tls.sslmode verify-ca needs client_tls.ca_file": tls.client_settings(self.good, "verify-ca"),
            "client_tls.ca_file \"/nowhere\": No such file": tls.client_settings(self.good, "verify-full", "/nowhere"),
            "client_tls.key_file \".*encrypted.key\": ": tls.client_settings(self.encrypted),
            "server_tls.sslmode verify-full needs server_tls.ca_file": ["server_tls.sslmode=verify-full"],
            "server_tls.ca_file \"/nowhere\": No such file": ["server_tls.ca_file=/nowhere"],
            "server_tls.direct needs server_tls.sslmode require.*it is prefer": ["server_tls.direct=true"],
            "must be one of disable, allow, require": ["client_tls.sslmode=prefer"],
            "must be one of disable, prefer, require": ["server_tls.sslmode=allow"],
        }
        for words, settings in cases.items():
            with self.subTest(words):
                self.assertRegex(self.error_of(*settings), words)

    def test_the_urls_parameters_count(self):
        url = "postgres://127.0.0.1:1/x?sslmode=verify-ca"
        self.assertRegex(self.error_of("server_tls.sslmode=disable", upstream=url), "needs server_tls.ca_file")
        self.assertRegex(self.error_of(upstream=url + "&sslrootcert=/nowhere"), "\"/nowhere\": No such file")

    def test_config_check_reads_the_files(self):
        path = self.authority.path("driftguard.json")
        for cert, code in ((self.good.cert, 0), ("/nowhere", 64)):
            with open(path, "w") as file:
                file.write(f'{{"client_tls": {{"sslmode": "allow", "cert_file": "{cert}", '
                           f'"key_file": "{self.good.key}"}}}}')
            done = subprocess.run([str(environment.binary()), "config", "check", path], capture_output=True, text=True,
                                  timeout=30, check=False)
            self.assertEqual(done.returncode, code, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
