"""HAProxy in front of a guard, as a TCP load balancer that says whose connections it passes on.

    with haproxy(guard_port, "send-proxy-v2") as port: ...
"""

import contextlib
import pathlib
import subprocess
import tempfile

import environment

CONFIG = """global
    maxconn 200
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
listen guard
    bind 127.0.0.1:{port}
    server guard {target} {how}
"""


@contextlib.contextmanager
def haproxy(target, how):
    """`target`: HOST:PORT or, for a Unix socket, unix@PATH. `how`: further words about the server, as "send-proxy"."""
    port = environment.free_port()
    folder = tempfile.mkdtemp(prefix="haproxy.", dir=environment.run_dir())
    config = pathlib.Path(folder) / "haproxy.cfg"
    config.write_text(CONFIG.format(port=port, target=target, how=how), encoding="ascii")
    command = ["setpriv", "--pdeathsig", "KILL", "--", "haproxy", "-db", "-q", "-f", config]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        environment.wait_until(lambda: _listens(port), "HAProxy")
        yield port
    finally:
        process.kill()
        process.wait(20)


def _listens(port):
    """Without a connection: the guard behind it would see one."""
    with open("/proc/net/tcp", encoding="ascii") as sockets:
        return any(line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A" for line in sockets)
