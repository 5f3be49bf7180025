"""psql as a running client: one connection, kept open, that is sent statement after statement."""

import subprocess
import uuid


class Psql:
    """with Psql(url) as client: client.send("SELECT 1") -> what psql prints, errors included."""

    def __init__(self, url):
        command = ["psql", "-X", "-q", "-d", url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def send(self, sql):
        """The statement's whole output; psql says a marker after it, so nothing is waited for that does not come."""
        marker = f"-- {uuid.uuid4().hex}"
        self._process.stdin.write(f"{sql.rstrip(';')};\n\\echo '{marker}'\n")
        lines = []
        for line in self._process.stdout:
            if line.rstrip("\n") == marker:
                break
            lines.append(line)
        return "".join(lines).rstrip("\n")
