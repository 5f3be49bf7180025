"""The guard under test, as a process.

    with Cluster() as cluster, Guard(cluster, mode="annotate", settings=["schema.wait_after_ddl_ms=5000"]) as guard:
        guard.connect()                                     # a psycopg connection through the guard
        guard.metric("driftguard_statements_total", verdict="ok")
        guard.drift()                                       # the parsed page of /drift

Leaving the block sends SIGTERM and fails unless the guard ends with 0 and without a sanitizer's report.
"""

import collections
import fcntl
import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

import cluster as cluster_module
import environment

SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer")
SAMPLE = re.compile(r"^(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')
# On a busy machine, under sanitizers, a catalog read takes longer than an application would wait. A later --set wins.
PATIENT = ("annotate.timeout_ms=5000",)
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


# The sockets come at descriptors from 100 on, where they are in nobody's way, and go to where sd_listen_fds(3) has them.
INHERITING = 'for n in $(seq 0 $(($1 - 1))); do eval "exec $((n + 3))<&$((n + 100)) $((n + 100))<&-"; done; ' \
             'export LISTEN_FDS=$1 LISTEN_PID=$$; shift; exec "$@"'


class GuardError(Exception):
    """The guard did not start, did not end, or ended badly."""


def parse_metrics(text):
    """Prometheus text -> {name: {((label, value), ...): number}}, labels sorted. Raises at a line that is neither."""
    families = collections.defaultdict(dict)
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line!r}")
        labels = LABEL.findall(match["labels"] or "")
        unescaped = ((name, re.sub(r"\\.", lambda m: UNESCAPED[m[0]], value)) for name, value in labels)
        families[match["name"]][tuple(sorted(unescaped))] = float(match["value"])
    return dict(families)


class Guard:
    """driftguard run, in front of a Cluster or of an upstream URL.

    settings: OPTION=VALUE for --set. arguments: further words of the command line. variables: more environment.
    upstream: instead of the cluster's URL, e.g. with a password or through a pooler.
    also: more places to listen at, as paths of Unix sockets. sockets: listening ones that the guard is to inherit.
    """

    def __init__(self, cluster=None, mode="observe", settings=(), *, upstream=None, database="postgres", binary=None,
                 arguments=(), variables=None, ready=True, also=(), sockets=()):
        self.host = "127.0.0.1"
        self.port = None
        self.admin = None
        self.process = None
        self._upstream = upstream or cluster.url_of(database)
        self._database = database
        self._binary = str(binary or environment.binary())
        self._words = ["--mode", mode] if mode else []
        for setting in (*PATIENT, *settings):
            self._words += ["--set", setting]
        self._words += [str(word) for word in arguments]
        self._variables = variables or {}
        self._wait_for_ready = ready
        self._also = [str(place) for place in also]
        self._sockets = sockets
        self._log_path = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
            return
        # The body has failed: its exception matters more than how the guard ends, but the log helps to understand it.
        try:
            self.stop()
        except GuardError as error:
            print(f"-- and then: {error}")
        print("-- the guard's log, its end:\n" + self.log()[-8000:])

    def start(self):
        # It goes away with the run directory: what the guard said can be read after its end.
        descriptor, self._log_path = tempfile.mkstemp(prefix="guard.", suffix=".log", dir=environment.run_dir())
        os.close(descriptor)
        for _ in range(5):
            self.port, self.admin = environment.free_port(), environment.free_port()
            self._launch()
            if not self._wait_for_ready or self._is_ready():
                return
            if "in use" not in self.log():
                break
        raise GuardError(f"the guard ended with {self.process.returncode} at its start:\n{self.log()[-4000:]}")

    def _launch(self):
        listen = ",".join([f"{self.host}:{self.port}", *self._also])
        command = ["setpriv", "--pdeathsig", "KILL", "--", *self._inheriting(), self._binary, "run", "--listen", listen,
                   "--upstream", self._upstream, "--admin", f"{self.host}:{self.admin}", *self._words]
        # allocator_may_return_null: a refused allocation is something the guard must survive, not something to abort at.
        variables = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1",
                     "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "TSAN_OPTIONS": f"halt_on_error=0:suppressions={environment.ROOT}/tests/tsan.supp",
                     **self._variables}
        passed = [fcntl.fcntl(own, fcntl.F_DUPFD, 100) for own in self._sockets]
        with open(self._log_path, "ab") as log:
            self.process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, pass_fds=passed)
        for descriptor in passed:
            os.close(descriptor)

    def _inheriting(self):
        return ["bash", "-c", INHERITING, "bash", str(len(self._sockets))] if self._sockets else []

    def _is_ready(self):
        def settled():
            return self.process.poll() is not None or self.get("/readyz")[0] == 200

        try:
            environment.wait_until(settled, "the guard's /readyz", 60)
        except TimeoutError as error:
            self.process.kill()
            self.process.wait()
            raise GuardError(f"{error}\n{self.log()[-4000:]}") from error
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=30):
        """Ends the guard and judges how it ended; a second call does nothing."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise GuardError(f"the guard was still there {seconds} s after signal {how}:\n{self.log()[-4000:]}") from None
        report = SANITIZER_REPORT.search(self.log())
        if report:
            raise GuardError(f"a sanitizer reported:\n{self.log()[max(0, report.start() - 200):][:8000]}")
        if code != 0:
            raise GuardError(f"the guard ended with {code}:\n{self.log()[-4000:]}")

    def kill(self):
        """Ends the guard as a crash would; a stop() afterwards does nothing."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def reload(self):
        """SIGHUP: read the config file again."""
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        """What the guard has written to stdout and stderr so far."""
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def get(self, path, post=None, headers=()):
        """(status, body) of an admin page; status 0 if nobody listens yet. post: a body to send."""
        data = None if post is None else post.encode()
        request = urllib.request.Request(f"http://{self.host}:{self.admin}{path}", data, dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        status, body = self.get("/metrics")
        if status != 200:
            raise GuardError(f"/metrics answered {status}: {body[:500]}")
        return parse_metrics(body)

    def metric(self, name, **labels):
        """The sum of a family's series that carry these labels; 0 if there are none."""
        wanted = set(labels.items())
        return sum(value for key, value in self.metrics().get(name, {}).items() if wanted <= set(key))

    def drift(self):
        status, body = self.get("/drift")
        if status != 200:
            raise GuardError(f"/drift answered {status}: {body[:500]}")
        return json.loads(body)

    def url(self, database=None, user="postgres"):
        return f"postgres://{user}@{self.host}:{self.port}/{database or self._database}"

    def connect(self, database=None, user="postgres", **options):
        """A psycopg connection through the guard, in autocommit mode."""
        return cluster_module.connect(self.url(database, user), **options)

    def psql(self, sql, database=None, user="postgres", arguments=()):
        """psql through the guard; does not raise: look at returncode, stdout, stderr."""
        return cluster_module.run_psql(self.url(database, user), sql, *arguments)

    def wait_until(self, predicate, what, seconds=20.0):
        """environment.wait_until, with the guard's log in the failure."""
        try:
            return environment.wait_until(predicate, what, seconds)
        except TimeoutError as error:
            raise GuardError(f"{error}\n{self.log()[-4000:]}") from error
