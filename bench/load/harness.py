"""What idle.py and churn.py share: the C programs of this folder as processes, peers to compare with, and memory.

    with EchoServer(programs) as server, haproxy(server.port) as peer, Sessions(programs, peer.port) as sessions:
        sessions.tell("open 1000")        # {"open": 1000, "refused": 0, ...}
"""

import collections
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile

import environment
import pooler

Peer = collections.namedtuple("Peer", "port pid")
Memory = collections.namedtuple("Memory", "rss_kb pss_kb")
HAPROXY_CONFIG = """global
    maxconn {n_sessions}
    nbthread 1
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen database
    bind 127.0.0.1:{port}
    server database 127.0.0.1:{upstream}
"""


def parse(parser):
    """The arguments, with those that all programs of bench have; programs: the folder of sessions and echo_server."""
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="of the guard")
    parser.add_argument("--binary", type=pathlib.Path, default=environment.ROOT / "build" / "release" / "driftguard")
    arguments = parser.parse_args()
    arguments.binary = arguments.binary.resolve()
    arguments.programs = arguments.binary.parent / "bench"
    return arguments


class _Program:
    """A process that is gone with us."""

    def __init__(self, *command):
        self._command = ["setpriv", "--pdeathsig", "KILL", "--", *(str(word) for word in command)]
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid


class EchoServer(_Program):
    """echo_server.c, with what Guard and pgbouncer() expect of a Cluster."""

    def __init__(self, programs):
        self.port = environment.free_port()
        super().__init__(programs / "echo_server", self.port)

    def __enter__(self):
        super().__enter__()
        if self.process.stdout.readline() != "listening\n":
            raise RuntimeError("the echo server does not listen")
        return self

    def url_of(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"


class Sessions(_Program):
    """sessions.c."""

    def __init__(self, programs, port, database="postgres"):
        super().__init__(programs / "sessions", "127.0.0.1", port, database)

    def start(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def result(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sessions program ended with {self.process.wait()}")
        return json.loads(line)

    def tell(self, command):
        self.start(command)
        return self.result()


def all_right(result, n_questions=None):
    """Whether every question got its own reply, and all of n_questions were asked."""
    failed = sum(result[name] for name in ("wrong", "lost", "lost_questions", "refused"))
    return failed == 0 and result["asked"] == result["right"] and n_questions in (None, result["asked"])


@contextlib.contextmanager
def haproxy(upstream, n_sessions):
    port = environment.free_port()
    config = pathlib.Path(tempfile.mkdtemp(prefix="haproxy.", dir=environment.run_dir())) / "haproxy.cfg"
    config.write_text(HAPROXY_CONFIG.format(n_sessions=n_sessions, port=port, upstream=upstream), encoding="ascii")
    with _Program("haproxy", "-db", "-q", "-f", config) as program:
        environment.wait_until(lambda: _answers(port), "HAProxy")
        yield Peer(port, program.pid)


@contextlib.contextmanager
def pgbouncer(server, n_sessions):
    """Session pooling: as the guard, a server connection for each client that has asked something."""
    settings = {"max_client_conn": n_sessions, "default_pool_size": n_sessions, "max_db_connections": n_sessions,
                "query_wait_timeout": 0, "server_round_robin": 0}
    with pooler.pgbouncer(server, pool_size=n_sessions, settings=settings) as peer:
        yield Peer(int(re.search(r":(\d+)/", peer.url)[1]), peer.pid)


def _answers(port):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-d", f"postgres://postgres@127.0.0.1:{port}/postgres"],
                          input="select 1", capture_output=True, text=True, check=False)
    return done.returncode == 0


def memory(pid):
    """Of a process; PSS shares what several processes map."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return Memory(*(int(re.search(rf"^{name}: +(\d+) kB", text, re.M)[1]) for name in ("Rss", "Pss")))


def kernel_memory_kb():
    """What the kernel holds for itself, sockets among it: all of the machine's."""
    text = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    return sum(int(re.search(rf"^{name}: +(\d+) kB", text, re.M)[1]) for name in ("Slab", "KernelStack", "PageTables"))
