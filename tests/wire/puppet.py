"""The program of puppet.c: the proxy with a guard that does what a comment in the statement says. DG_PUPPET names it."""

import os
import subprocess
import tempfile

import environment


class Puppet:
    """The process, its port, and what the proxy has told the guard so far."""

    def __init__(self, upstream_port, *settings, orders=""):
        self.output = tempfile.NamedTemporaryFile(prefix="puppet.", dir=environment.run_dir())
        command = [os.environ["DG_PUPPET"], "listen=127.0.0.1:0", f"upstream=postgres://127.0.0.1:{upstream_port}",
                   *settings]
        variables = {**os.environ, "DG_PUPPET_ORDERS": orders}
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], env=variables, stdout=self.output,
                                        stderr=self.output, stdin=subprocess.DEVNULL)
        line = environment.wait_until(lambda: self.lines("listening on "), "the puppet to listen")[0]
        self.port = int(line.rpartition(":")[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        code = self.process.wait(30)
        log = "\n".join(self.lines())
        self.output.close()
        assert code == 0 and "Sanitizer" not in log and "runtime error" not in log, f"ended with {code}:\n{log[-5000:]}"

    def lines(self, start=""):
        with open(self.output.name, encoding="utf-8", errors="replace") as file:
            return [line for line in file.read().splitlines() if line.startswith(start)]
