#!/usr/bin/python3
"""The database is away, goes away or refuses; start-up with and without TLS; passwords; cancel."""

import subprocess
import threading
import time
import unittest

import psycopg

import environment
import wire
from cluster import Cluster
from guard import Guard
from support import await_snapshot


class UpstreamDown(unittest.TestCase):
    def test_a_client_is_told_08006_with_address_and_reason_and_the_guard_stays_up(self):
        port = environment.free_port()
        with Guard(upstream=f"postgres://postgres@127.0.0.1:{port}/postgres", ready=False) as guard:
            guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "/healthz")
            for _ in range(3):
                with wire.Wire(guard.port) as connection:
                    connection.send(wire.startup(user="postgres", database="postgres"))
                    error = wire.errors(connection.until_end())[0]
                self.assertEqual((error["S"], error["C"]), ("FATAL", "08006"))
                said = error["M"] + error.get("D", "")
                self.assertIn(f"127.0.0.1:{port}", said)
                self.assertIn("refused", said)
            self.assertGreaterEqual(guard.metric("driftguard_upstream_failures_total"), 3)
            self.assertEqual(guard.get("/healthz")[0], 200)

    def test_psql_prints_the_reason(self):
        port = environment.free_port()
        with Guard(upstream=f"postgres://postgres@127.0.0.1:{port}/postgres", ready=False) as guard:
            guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "/healthz")
            done = guard.psql("SELECT 1")
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"127.0.0.1:{port}", done.stderr)

    def test_a_name_that_does_not_resolve_is_said(self):
        with Guard(upstream="postgres://postgres@no-such-host.invalid:5432/postgres", ready=False) as guard:
            guard.wait_until(lambda: guard.get("/healthz")[0] == 200, "/healthz")
            with wire.Wire(guard.port) as connection:
                connection.send(wire.startup(user="postgres", database="postgres"))
                error = wire.errors(connection.until_end())[0]
            self.assertEqual((error["S"], error["C"]), ("FATAL", "08006"))
            self.assertIn("no-such-host.invalid", error["M"] + error.get("D", ""))

    def test_sessions_are_told_when_the_server_goes_and_new_ones_work_when_it_is_back(self):
        with Cluster() as cluster, Guard(cluster) as guard:
            for how, states in ((2, ("57P01", "08006")), (3, ("57P01", "57P02", "08006"))):
                with wire.Wire(guard.port, "postgres") as connection:
                    cluster.stop(how)
                    errors = wire.errors(connection.until_end())
                    self.assertTrue(errors, "a silent close")
                    self.assertIn(errors[-1]["C"], states)
                cluster.start()
                self.assertEqual(guard.psql("SELECT 1").stdout, "1\n")

    def test_a_backend_that_is_terminated_ends_its_session_only(self):
        with Cluster() as cluster, Guard(cluster) as guard:
            with guard.connect() as victim, guard.connect() as other:
                pid = victim.info.backend_pid
                cluster.psql(f"SELECT pg_terminate_backend({pid})")
                with self.assertRaises(psycopg.OperationalError):
                    victim.execute("SELECT 1")
                self.assertEqual(other.execute("SELECT 1").fetchone(), (1,))

    def test_the_servers_own_refusal_reaches_the_client(self):
        with Cluster() as cluster, Guard(cluster) as guard:
            for options, state in (({"database": "nowhere"}, "3D000"), ({"user": "nobody"}, "28000")):
                parameters = {"user": "postgres", "database": "postgres", **options}
                answers = []
                for port in (guard.port, cluster.port):
                    with wire.Wire(port) as connection:
                        connection.send(wire.startup(**parameters))
                        answers.append([kind_and_fields(m) for m in connection.until_end()])
                self.assertEqual(*answers)
                self.assertEqual(answers[0][-1][1]["C"], state)


def kind_and_fields(message):
    return message[0], wire.error_fields(message[1]) if message[0] == "E" else message[1]


class StartUp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hba = ("host all plain 127.0.0.1/32 trust\nhost all scram 127.0.0.1/32 scram-sha-256\n"
               "host all md5er 127.0.0.1/32 md5\nhost all clear 127.0.0.1/32 password\n"
               "host all all 127.0.0.1/32 trust\n")
        cls.cluster = cls.enterClassContext(Cluster(hba=hba))
        cls.cluster.psql("CREATE ROLE plain LOGIN; CREATE ROLE scram LOGIN PASSWORD 'open sesame';"
                         "CREATE ROLE clear LOGIN PASSWORD 'open sesame';"
                         "SET password_encryption = md5; CREATE ROLE md5er LOGIN PASSWORD 'open sesame'")
        cls.guard = cls.enterClassContext(Guard(cls.cluster, "annotate"))
        await_snapshot(cls.guard, "postgres")

    def test_every_method_of_authentication_passes_through(self):
        for user in ("plain", "scram", "md5er", "clear"):
            with self.subTest(user), self.guard.connect(user=user, password="open sesame") as connection:
                self.assertEqual(connection.execute("SELECT current_user").fetchone(), (user,))

    def test_a_wrong_password_is_the_servers_error(self):
        for user in ("scram", "md5er", "clear"):
            with self.subTest(user), self.assertRaisesRegex(psycopg.OperationalError, "password authentication failed"):
                self.guard.connect(user=user, password="wrong")
        self.assertNotIn("open sesame", self.guard.log())

    def test_tls_that_is_preferred_falls_back_to_plain(self):
        with self.guard.connect(sslmode="prefer") as connection:
            self.assertFalse(connection.pgconn.ssl_in_use)
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_tls_that_is_required_is_refused_by_the_client(self):
        with self.assertRaisesRegex(psycopg.OperationalError, "server does not support SSL"):
            self.guard.connect(sslmode="require")

    def test_requests_for_encryption_are_answered_n_and_the_client_goes_on(self):
        with wire.Wire(self.guard.port) as connection:
            for request in (wire.GSSENC_REQUEST, wire.SSL_REQUEST):
                connection.send(request)
                self.assertEqual(connection.read_byte(), b"N")
            connection.send(wire.startup(user="postgres", database="postgres"))
            self.assertTrue(wire.kinds(connection.until_ready()).startswith("R"))

    def test_parameters_of_the_start_up_reach_the_server(self):
        options = {"options": r'-c search_path="a\ b",public -c work_mem=5MB', "application_name": "it's me"}
        for target in (self.cluster, self.guard):
            with target.connect(**options) as connection:
                self.assertEqual(connection.execute("SELECT current_setting('work_mem'), "
                                                    "current_setting('application_name')").fetchone(), ("5MB", "it's me"))

    def test_the_greeting_is_the_servers_but_for_its_keys(self):
        with wire.Wire(self.guard.port, "postgres") as mine, wire.Wire(self.cluster.port, "postgres") as own:
            self.assertEqual([m for m in mine.greeting if m[0] != "K"], [m for m in own.greeting if m[0] != "K"])

    def test_notices_and_notifications_arrive(self):
        with self.guard.connect() as connection:
            notices = []
            connection.add_notice_handler(lambda diag: notices.append(diag.message_primary))
            connection.execute("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$")
            self.assertEqual(notices, ["one", "two"])
            connection.execute("LISTEN bell")
            self.cluster.psql("NOTIFY bell, 'ring'")
            self.assertEqual(next(iter(connection.notifies())).payload, "ring")

    def test_a_statement_can_be_cancelled(self):
        with self.guard.connect() as connection, self.cluster.connect() as watcher:
            errors = []

            def work():
                try:
                    connection.execute("SELECT pg_sleep(30)")
                except psycopg.Error as error:
                    errors.append(error)

            thread = threading.Thread(target=work)
            thread.start()
            running = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query LIKE 'SELECT pg_sleep%%' AND state = 'active'"
            environment.wait_until(lambda: watcher.execute(running, [connection.info.backend_pid]).fetchone(), "pg_sleep")
            connection.cancel()
            thread.join(20)
            self.assertFalse(thread.is_alive())
            self.assertIsInstance(errors[0], psycopg.errors.QueryCanceled)
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_a_large_result_and_a_large_copy_arrive_whole(self):
        sql = "SELECT md5(string_agg(g::text, ',')), count(*) FROM big g"
        for target in (self.cluster, self.guard):
            with target.connect() as connection:
                connection.execute("CREATE TEMP TABLE big (g text)")
                with connection.cursor().copy("COPY big FROM STDIN") as copy:
                    for number in range(2000):
                        copy.write(f"{number}{'x' * 10000}\n")
                digest = connection.execute(sql).fetchone()
                rows = connection.execute("SELECT g FROM big").fetchall()
                with connection.cursor().copy("COPY big TO STDOUT") as copy:
                    copied = b"".join(bytes(block) for block in copy)
                self.assertEqual((len(rows), sum(len(row[0]) for row in rows)), (2000, len(copied) - 2000))
                self.assertEqual(digest[1], 2000)

    def test_a_client_that_does_not_read_holds_only_itself_up(self):
        with wire.Wire(self.guard.port, "postgres") as slow:
            slow.send(wire.query("SELECT repeat('x', 1000) FROM generate_series(1, 100000)"))
            begin = time.monotonic()
            with self.guard.connect() as other:
                self.assertEqual(other.execute("SELECT 1").fetchone(), (1,))
            self.assertLess(time.monotonic() - begin, 15)
            self.assertEqual(wire.kinds(slow.until_ready()[-2:]), "CZ")

    def test_psql_works_as_it_does_straight(self):
        script = "\\conninfo\nSELECT 1 AS a \\gdesc\n\\d pg_class\n\\dt\nSELECT nope;\n\\l\n"
        outputs = []
        for url in (self.cluster.url, self.guard.url()):
            done = subprocess.run(["psql", "-X", "-d", url], input=script, capture_output=True, text=True, timeout=30,
                                  check=False)
            lines = (done.stdout + done.stderr).splitlines()
            outputs.append([line for line in lines if "connected to" not in line and "driftguard: " not in line
                            and not line.startswith("HINT:")])
        self.assertEqual(*outputs)


if __name__ == "__main__":
    unittest.main(verbosity=2)
