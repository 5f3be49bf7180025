"""A throw-away PostgreSQL.

    with Cluster(settings={"log_statement": "all"}) as cluster:
        cluster.psql("CREATE TABLE t (a int)")
        cluster.url            # postgres://postgres@127.0.0.1:PORT/postgres
        cluster.connect()      # a psycopg connection, straight to the server

initdb runs once a test run; each cluster is a copy of its result. Encoding UTF8, locale C, trust for everybody on
loopback, superuser "postgres", no Unix socket. fsync is off: these databases live for seconds.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import zlib

import environment

HBA_TRUST = "local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n"
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB",
         "shared_buffers": "32MB", "logging_collector": "off", "timezone": "UTC", "lc_messages": "C"}


def _template(bin_dir):
    """initdb's result, made at the first call; tests of one run wait for one another rather than make two."""
    folder = environment.run_dir() / f"template.{zlib.crc32(bytes(bin_dir)):08x}"
    with open(environment.run_dir() / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            command = [bin_dir / "initdb", "-D", folder, "-U", "postgres", "-A", "trust", "-N",
                       "--locale=C", "-E", "UTF8"]
            subprocess.run(environment.as_server_user(command), check=True, stdout=subprocess.DEVNULL,
                           cwd=environment.run_dir())
            (folder / "pg_hba.conf").write_text(HBA_TRUST)
            (folder / "complete").touch()
    return folder


class Cluster:
    """One server. settings go to its command line as -c name=value; hba replaces pg_hba.conf.

    bin_dir: the folder of another version's programs, e.g. environment.postgres18_bin().
    """

    def __init__(self, settings=None, hba=None, *, bin_dir=None):
        self.host = "127.0.0.1"
        self.port = None
        self.directory = None
        self._settings = {**QUICK, **(settings or {})}
        self._hba = hba
        self._bin_dir = bin_dir or environment.postgres_bin()
        self._process = None

    def __enter__(self):
        template = _template(self._bin_dir)
        self.directory = tempfile.mkdtemp(prefix="cluster.", dir=environment.run_dir())
        environment.give_to_server_user(self.directory)
        subprocess.run(environment.as_server_user(["cp", "-a", f"{template}/.", self.directory]), check=True)
        if self._hba is not None:
            with open(os.path.join(self.directory, "pg_hba.conf"), "w") as file:
                file.write(self._hba)
        try:
            self.start()
        except BaseException:
            self.stop()
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        """Starts the server; after a stop() on the port that it had."""
        attempts = [self.port] if self.port else [environment.free_port() for _ in range(5)]
        for port in attempts:
            self._launch(port)
            if self._is_up():
                return
        raise RuntimeError("PostgreSQL did not start:\n" + self.log()[-4000:])

    def _launch(self, port):
        self.port = port
        command = [self._bin_dir / "postgres", "-D", self.directory, "-p", port, "-k", "",
                   "-c", "listen_addresses=127.0.0.1"]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self._log_path(), "ab") as log:
            self._process = subprocess.Popen(environment.as_server_user(command), cwd=self.directory, stderr=log,
                                             stdout=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def _is_up(self):
        """Waits until the server answers (True) or has ended, as when its port was taken (False)."""
        probe = [self._bin_dir / "pg_isready", "-q", "-h", self.host, "-p", str(self.port)]

        def settled():
            return self._process.poll() is not None or subprocess.run(probe, check=False).returncode == 0

        environment.wait_until(settled, "PostgreSQL to accept connections", 60, 0.05)
        return self._process.poll() is None

    def stop(self, how=signal.SIGINT):
        """SIGINT: fast, clients are thrown out. SIGQUIT: at once, as after a crash."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(30)
        self._process = None

    def restart(self):
        self.stop()
        self.start()

    def _log_path(self):
        return os.path.join(self.directory, "server.log")

    def log(self):
        """The server's log so far."""
        with open(self._log_path(), encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def url(self):
        return self.url_of("postgres")

    def url_of(self, database, user="postgres"):
        return f"postgres://{user}@{self.host}:{self.port}/{database}"

    def psql(self, sql, database="postgres", user="postgres"):
        """Runs the SQL, stops at the first error (raised with psql's words), and gives the unaligned output back."""
        done = run_psql(self.url_of(database, user), sql)
        if done.returncode != 0:
            raise RuntimeError(f"psql ended with {done.returncode}: {done.stderr}")
        return done.stdout.rstrip("\n")

    def connect(self, database="postgres", user="postgres", **options):
        """A psycopg connection in autocommit mode."""
        return connect(self.url_of(database, user), **options)


def run_psql(url, sql, *arguments):
    """psql without anybody's .psqlrc, the SQL on its standard input. Does not raise: look at returncode and stderr."""
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments, "-d", url]
    return subprocess.run(command, input=sql, capture_output=True, text=True, check=False)


def connect(url, **options):
    import psycopg  # not at the top: lint and ./dev up use this module without it

    return psycopg.connect(url, **{"autocommit": True, "connect_timeout": 20, **options})
