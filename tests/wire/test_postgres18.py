"""What only a later PostgreSQL can show, with one: protocol 3.2 and its long cancel keys, direct TLS, and the search path
that the server reports.

scripts/postgres18.sh provides the server and the psql of version 18; without them the test is skipped. Every other test
file runs against that server too, by hand: DG_POSTGRES_BIN.
"""

import contextlib
import signal
import ssl
import struct
import subprocess
import unittest

import environment
import scripts
import scripts_copy
import scripts_drift
import scripts_start
from certificates import Authority
from cluster import Cluster
from guard import Guard
from wire import SSL_REQUEST, Connection, cancel_request, fields, is_explained, play, query, startup, types

BIN = environment.postgres18_bin()
HBA = "hostssl all scram 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
ROLES = "create role scram login password 'open sesame'; create role other login; create role fixed login;"
MODES = ("off", "observe", "annotate", "enforce")
LOGIN = {"user": "postgres", "database": "postgres"}
V3_2 = 0x30002
SLEEPERS = "select pid from pg_stat_activity where wait_event = 'PgSleep'"
# All of them in all shapes by hand (DG_POSTGRES_BIN); here those that a later server may answer otherwise than 15.
SAMPLE = scripts_start.START + scripts_drift.DRIFTING[:4] + scripts.EXTENDED[::5] + scripts.SIMPLE[::5] + scripts_copy.COPY[::5]
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE
TRUSTING.set_alpn_protocols(["postgresql"])


class World:
    """The server by TLS with the database's certificate, and a guard for each way between."""

    def __init__(self, case):
        authority = Authority("authority")
        self.ca = authority.cert
        self.certificate = authority.issue("database", "localhost")
        settings = {"ssl": "on", "ssl_cert_file": self.certificate.cert, "ssl_key_file": self.certificate.key}
        self.cluster = case.enterClassContext(Cluster(settings, HBA, bin_dir=BIN))
        self.cluster.psql(ROLES + scripts_drift.SCHEMA)

    def guard(self, mode="enforce", *settings, leg="disable"):
        """leg: how it reaches the server, as in server_tls.sslmode, or "direct"."""
        settings += (f"server_tls.sslmode={'require' if leg == 'direct' else leg}", f"server_tls.direct={leg == 'direct'}".lower())
        return Guard(self.cluster, mode, ["schema.poll_ms=0", "client_tls.sslmode=allow", f"client_tls.cert_file={self.certificate.cert}",
                                          f"client_tls.key_file={self.certificate.key}", *settings])


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(cls)
        cls.cluster = cls.world.cluster


class DirectTls(Connection):
    """A client that begins with TLS, as sslnegotiation=direct does."""

    def __init__(self, port):
        super().__init__(port)
        self.socket = TRUSTING.wrap_socket(self.socket)
        assert self.socket.selected_alpn_protocol() == "postgresql"


class NegotiatedTls(Connection):
    def __init__(self, port):
        super().__init__(port)
        self.socket.sendall(SSL_REQUEST)
        assert self.socket.recv(1) == b"S"
        self.socket = TRUSTING.wrap_socket(self.socket)


WAYS = {"plain": Connection, "TLS": NegotiatedTls, "direct TLS": DirectTls}


def psql(port, sql, user="postgres", popen=False, **options):
    """psql of version 18 with these connection options."""
    words = " ".join(f"{name}='{value}'" for name, value in {"sslmode": "disable", **options}.items())
    command = [BIN / "psql", "-X", "-q", "-A", "-t", "-d", f"host=localhost port={port} user={user} dbname=postgres {words}", "-c", sql]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    if popen:
        return subprocess.Popen(command, **pipes)
    done = subprocess.run(command, check=False, timeout=60, **pipes)
    return (done.stdout + done.stderr).strip()


class Scripts(Case):
    """A sample of the scripts of test_scripts.py, in every mode."""

    def test_sample(self):
        guards = {mode: self.enterContext(self.world.guard(mode)) for mode in MODES}
        self.cluster.psql(scripts_drift.DRIFT)
        for script in SAMPLE:
            expected = play(script, self.cluster.port, "bytes")
            for mode, guard in guards.items():
                with self.subTest(script.name, mode=mode):
                    got = play(script, guard.port, "bytes")
                    self.assertEqual(types(got), types(expected))
                    for mine, own in zip(got, expected):
                        if mine != own and not (mode in ("annotate", "enforce") and is_explained(mine, own)):
                            self.assertEqual(mine[:300], own[:300])


class Protocol(Case):
    """Version 3.2: what the client asks for and what the server makes of it pass, and keys are as long as they are."""

    def test_versions(self):
        """The server's whole greeting, masked by play() but for its lengths; 3.0 has keys of 4 bytes, 3.2 of 32."""
        for mode in MODES:
            with self.world.guard(mode) as guard:
                for version, negotiated, n_key in ((0x30000, None, 4), (V3_2, None, 32), (0x30003, V3_2, 32), (0x30000 + 9999, V3_2, 32)):
                    with self.subTest(mode=mode, version=version), Connection(guard.port) as connection:
                        connection.send(startup(version, **LOGIN))
                        greeting = connection.read_until("Z")
                        answers = [found[5:] for found in greeting if found[:1] == b"v"]
                        self.assertEqual(answers, [struct.pack("!II", negotiated, 0)] if negotiated else [])
                        self.assertEqual(len(connection.key_data), 4 + n_key)
                        self.assertEqual(types(connection.ask(query("select 1"))), "TDCZ")

    def test_psql_of_this_version(self):
        for leg in ("disable", "require", "direct"):
            with self.world.guard(leg=leg) as guard:
                for version in ("3.0", "3.2", "latest"):
                    for tls in ({}, {"sslmode": "require"}, {"sslmode": "verify-full", "sslnegotiation": "direct", "sslrootcert": self.world.ca}):
                        with self.subTest(leg=leg, version=version, tls=tls):
                            said = psql(guard.port, "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
                                        max_protocol_version=version, min_protocol_version=version, **tls)
                            self.assertEqual(said, "f" if leg == "disable" else "t")

    def test_channel_binding_by_direct_tls(self):
        """The guard has the server's certificate, so that both ends see the same one."""
        with self.world.guard(leg="direct") as guard:
            options = {"user": "scram", "password": "open sesame", "sslnegotiation": "direct", "channel_binding": "require"}
            self.assertEqual(psql(guard.port, "select current_user", sslmode="require", **options), "scram")


class Cancel(Case):
    @contextlib.contextmanager
    def sleeper(self, guard):
        """A session whose query will end when it is told to."""
        with Connection(guard.port) as session:
            session.send(startup(V3_2, **LOGIN))
            session.read_until("Z")
            session.send(query("select pg_sleep(120)"))
            self.assertEqual(struct.unpack("!I", session.key_data[:4])[0], self.await_sleeper())
            yield session

    def await_sleeper(self):
        return int(environment.wait_until(lambda: self.cluster.psql(SLEEPERS), "a session that sleeps"))

    def cancel(self, guard, way, key):
        """The server closes after it has looked at it."""
        with way(guard.port) as canceller:
            canceller.send(cancel_request(key))
            self.assertEqual(canceller.receive(1), b"", "a cancel is answered by nothing")

    def test_by_a_key_of_32_bytes_on_any_way(self):
        for leg in ("disable", "require", "direct"):
            with self.world.guard(leg=leg) as guard:
                for name, way in WAYS.items():
                    with self.subTest(leg=leg, way=name), self.sleeper(guard) as session:
                        self.cancel(guard, way, session.key_data)
                        self.assertEqual(fields(session.read_until("E")[-1])["C"], "57014")

    def test_by_a_key_that_is_not_the_sessions(self):
        wrong = {"its last bit": lambda key: key[:-1] + bytes([key[-1] ^ 1]), "its first four bytes": lambda key: key[:8],
                 "one byte less": lambda key: key[:-1], "one byte more": lambda key: key + b"\0"}
        with self.world.guard() as guard:
            for name, key_of in wrong.items():
                with self.subTest(name), self.sleeper(guard) as session:
                    self.cancel(guard, Connection, key_of(session.key_data))
                    self.cluster.psql(f"select pg_terminate_backend(pid, 20000) from ({SLEEPERS}) s")
                    self.assertEqual(fields(session.read_until("E")[-1])["C"], "57P01", "it has slept on")

    def test_psql_of_this_version(self):
        """Its cancel goes the way of its session, TLS included."""
        for tls in ({}, {"sslmode": "require"}, {"sslmode": "require", "sslnegotiation": "direct"}):
            with self.subTest(tls=tls), self.world.guard(leg="direct") as guard:
                process = psql(guard.port, "select pg_sleep(120)", popen=True, max_protocol_version="3.2", **tls)
                self.await_sleeper()
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=60)
                self.assertIn("canceling statement due to user request", said[1])


PATHS = """
create schema a; create schema b; create table a.t(in_a int); create table b.t(in_b int); create table public.filled(x int);
create function public.go(path text) returns void language plpgsql as $$begin perform set_config('search_path', path, false); end$$;
create function public.go_local(path text) returns void language plpgsql as $$begin perform set_config('search_path', path, true); end$$;
create function public.inside() returns int language plpgsql set search_path = b as $$begin perform in_b from t; return 1; end$$;
create function public.go_b() returns trigger language plpgsql as $$begin perform public.go('b, public'); return new; end$$;
create trigger go before insert on public.filled for each row execute function public.go_b();
grant usage on schema a, b to public; grant select on all tables in schema a, b to public;
alter database postgres set search_path = a, public; alter role fixed set search_path = b, public;
"""
# (what a session does, the schema whose t it sees after each step): the server reports the path, whoever moved it.
WALKS = {
    "the database's": [("select 1", "a")],
    "a function": [("select go('b, public')", "b"), ("select go('a, public')", "a")],
    "a function in a transaction": [("begin", "a"), ("select go('b, public')", "b"), ("commit", "b")],
    "a function in a transaction that is rolled back": [("begin", "a"), ("select go('b, public')", "b"), ("rollback", "a")],
    "a transaction in one query": [("begin; select go('b, public'); commit", "b")],
    "SET before a function": [("set search_path = b, public", "b"), ("begin", "b"), ("select go('a, public')", "a"), ("commit", "a")],
    "SET after a function": [("begin", "a"), ("select go('b, public')", "b"), ("set search_path = a, public", "a"), ("commit", "a")],
    "a function that sets for the transaction": [("begin", "a"), ("select go_local('b, public')", "b"), ("commit", "a")],
    "both": [("begin", "a"), ("select go('b, public')", "b"), ("select go_local('a, public')", "a"), ("commit", "b")],
    "a savepoint": [("begin; savepoint s", "a"), ("select go('b, public')", "b"), ("rollback to s", "a"), ("commit", "a")],
    "a savepoint that stays": [("begin; savepoint s", "a"), ("select go('b, public')", "b"), ("release s", "b"), ("commit", "b")],
    "a function with a path of its own": [("select inside()", "a"), ("begin; select inside()", "a"), ("commit", "a")],
    "a trigger": [("begin", "a"), ("insert into filled values (1)", "b"), ("commit", "b")],
    "pg_settings": [("begin", "a"), ("update pg_settings set setting = 'b, public' where name = 'search_path'", "b"), ("commit", "b")],
    "EXECUTE": [("prepare p as select go('b, public')", "a"), ("begin", "a"), ("execute p", "b"), ("commit", "b")],
    "a cursor": [("begin; declare c cursor for select go('b, public')", "a"), ("fetch c", "b"), ("commit", "b")],
    "an error behind it": [("select go('b, public'); select 1/0", "a")],
    "DISCARD ALL": [("select go('b, public')", "b"), ("discard all", "a")],
    "RESET": [("select go('b, public')", "b"), ("begin; reset search_path", "a"), ("commit", "a")],
}
WALKS_OF_FIXED = {"a role's": [("select 1", "b")], "a role's, and a function": [("begin; select go('a, public')", "a"), ("commit", "a"), ("reset search_path", "b")]}


class SearchPath(Case):
    """18 reports the search path: whatever has moved it, each missing name is foreseen and no other."""

    def setUp(self):
        self.cluster.psql(PATHS)
        self.guard = self.enterContext(self.world.guard("annotate"))
        self.guard.wait_until(lambda: self.guard.metric("driftguard_snapshot_loaded", database="postgres") == 1, "the snapshot")

    def assertSees(self, session, schema, status):
        """That t is this schema's, and that the guard has judged by it."""
        before = self.guard.metrics().get("driftguard_predictions_total", {})
        for name in "ab":
            probe = f"select in_{name} from t"
            session.ask(query("savepoint probe")) if status == b"T" else None
            self.assertEqual("E" in types(session.ask(query(probe))), name != schema, probe)
            session.ask(query("rollback to probe")) if status == b"T" else None
        after = self.guard.metrics().get("driftguard_predictions_total", {})
        moved = {dict(key)["outcome"]: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
        self.assertEqual(moved, {"predicted_raised": 1})

    def test_walks(self):
        for user, walks in (("postgres", WALKS), ("fixed", WALKS_OF_FIXED)):
            for name, steps in walks.items():
                with self.subTest(name), Connection(self.guard.port) as session:
                    session.login(user=user)
                    for sql, schema in steps:
                        self.assertSees(session, schema, session.ask(query(sql))[-1][5:])


if __name__ == "__main__":
    unittest.main()
