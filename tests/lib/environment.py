"""What every test process needs to know about where it runs.

Invariants:
- Nothing of the caller's libpq settings reaches a server or a client that a test starts: importing this module takes
  PG*, DATABASE_URL and DRIFTGUARD_* out of os.environ.
- Whatever is started here dies with the process that started it, also if that is killed (PDEATHSIG), and whatever is
  written here lies under one run directory, which goes away at the end.

Variables that do count (set by ./dev test and by CMake, never needed by hand):
  DG_BINARY        the driftguard to test; otherwise the first of build/{asan,ci,dev,release}/driftguard
  DG_TEST_RUN_DIR  a folder that postgres may enter, shared by all tests of one run; otherwise one of our own
  DG_POSTGRES_BIN  the folder of the server programs that a Cluster runs; otherwise Debian's. Any test file can be run
                   by hand against another version: DG_POSTGRES_BIN=$(scripts/postgres18.sh) python3 test_drift.py
"""

import atexit
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77  # SKIP_RETURN_CODE of the tests that may be
PRESETS = ("asan", "ci", "dev", "tsan", "release")


def _is_callers(name):
    return name.startswith("PG") or name.startswith("DRIFTGUARD_") or name == "DATABASE_URL"


for _name in [name for name in os.environ if _is_callers(name)]:
    del os.environ[_name]


def postgres_bin():
    """The folder of initdb and postgres: Debian keeps them off PATH."""
    if "DG_POSTGRES_BIN" in os.environ:
        return pathlib.Path(os.environ["DG_POSTGRES_BIN"])
    for version in range(20, 12, -1):
        folder = pathlib.Path(f"/usr/lib/postgresql/{version}/bin")
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if not found:
        raise RuntimeError("PostgreSQL's server programs are not installed: ./dev build installs them")
    return pathlib.Path(found).resolve().parent


def postgres18_bin():
    """The folder of PostgreSQL 18's programs, psql among them. Without it the process ends as a test that is skipped."""
    asked = subprocess.run([ROOT / "scripts/postgres18.sh", "--where"], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        print(f"skipped: {asked.stderr.strip()}")
        sys.exit(SKIPPED)
    return pathlib.Path(asked.stdout.strip())


def binary():
    """The driftguard executable under test."""
    named = os.environ.get("DG_BINARY")
    candidates = [pathlib.Path(named)] if named else [ROOT / "build" / p / "driftguard" for p in PRESETS]
    for path in candidates:
        if path.exists():
            return path
    raise RuntimeError(f"no driftguard to test among {[str(p) for p in candidates]}; ./dev build makes one")


def as_server_user(command):
    """The command as a user that PostgreSQL accepts (it refuses root), to be stopped by SIGINT when we die."""
    prefix = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        prefix += ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return prefix + ["--"] + [str(word) for word in command]


def give_to_server_user(path):
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(path, account.pw_uid, account.pw_gid)


def _can_be_entered(folder):
    probe = as_server_user(["test", "-w", folder, "-a", "-x", folder])
    return subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0


def new_run_dir():
    """Makes a folder that the server's user may enter. A private clone cannot be entered by it, so never in the tree."""
    parent = os.environ.get("TMPDIR", "/var/tmp")
    if not _can_be_entered(parent):
        parent = "/var/tmp"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="driftguard-run.", dir=parent))
    give_to_server_user(folder)
    return folder


_own_run_dir = None


def run_dir():
    """The folder that holds everything of this run; removed at the end by whoever made it."""
    global _own_run_dir
    given = os.environ.get("DG_TEST_RUN_DIR")
    if given:
        return pathlib.Path(given)
    if _own_run_dir is None:
        _own_run_dir = new_run_dir()
        atexit.register(shutil.rmtree, _own_run_dir, ignore_errors=True)
    return _own_run_dir


def free_port():
    """A TCP port of loopback that nobody listened on a moment ago. Callers try again if somebody was quicker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(predicate, what, seconds=20.0, interval=0.02):
    """Polls until predicate() is true and gives its value back; raises TimeoutError naming what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(interval)
