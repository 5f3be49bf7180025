"""PgBouncer in front of a Cluster.

    with Cluster() as cluster, pgbouncer(cluster, pool_mode="transaction", pool_size=1) as pooler:
        Guard(upstream=pooler.url)                          # application -> guard -> PgBouncer -> PostgreSQL
"""

import collections
import contextlib
import pathlib
import signal
import subprocess
import tempfile

import environment
from cluster import run_psql

# auth_type any logs everybody in as the user that the database line names.
CONFIG = """[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {pool_mode}
max_client_conn = 100
default_pool_size = {pool_size}
logfile = {folder}/pgbouncer.log
{more}
"""

Pooler = collections.namedtuple("Pooler", "url pid")


@contextlib.contextmanager
def pgbouncer(cluster, pool_mode="session", pool_size=50, settings=None):
    """pool_size: connections to the server for each database. settings: more of [pgbouncer]. PgBouncer refuses to run as root, as the server does."""
    port = environment.free_port()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgbouncer.", dir=environment.run_dir()))
    config = folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(server=cluster.port, port=port, pool_mode=pool_mode, pool_size=pool_size,
                                    folder=folder, more="\n".join(f"{k} = {v}" for k, v in (settings or {}).items())),
                      encoding="ascii")
    environment.give_to_server_user(folder)
    environment.give_to_server_user(config)
    process = subprocess.Popen(environment.as_server_user(["pgbouncer", "-q", config]), start_new_session=True,
                               stdin=subprocess.DEVNULL)
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    try:
        environment.wait_until(lambda: run_psql(url, "SELECT 1").returncode == 0, "PgBouncer")
        yield Pooler(url, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
