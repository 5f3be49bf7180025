"""Throw-away certificates, made by the openssl command in the run directory.

    ca = Authority("ca")
    server = ca.issue("server", "localhost", "DNS:localhost,IP:127.0.0.1")
    server.cert, server.key, ca.cert      # paths; keys are 0600 and belong to the server's user
"""

import collections
import os
import subprocess
import tempfile

import environment

Issued = collections.namedtuple("Issued", "cert key")
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words, folder):
    subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    """A certificate authority with a folder of its own."""

    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix="certificates.", dir=environment.run_dir())
        os.chmod(self.folder, 0o755)
        environment.give_to_server_user(self.folder)
        self.cert, self.key = self.path(f"{name}.crt"), self.path(f"{name}.key")
        _openssl("req", "-x509", *CURVE, "-keyout", self.key, "-out", self.cert, "-subj", f"/CN={name}", "-days", "30",
                 folder=self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, common_name, alternative_names="DNS:localhost,IP:127.0.0.1"):
        """A certificate and its key, under this file name."""
        cert, key, request, extensions = (self.path(f"{name}.{kind}") for kind in ("crt", "key", "csr", "ext"))
        with open(extensions, "w") as file:
            file.write(f"subjectAltName={alternative_names}\n")
        _openssl("req", *CURVE, "-keyout", key, "-out", request, "-subj", f"/CN={common_name}", folder=self.folder)
        _openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", "30",
                 "-extfile", extensions, "-out", cert, folder=self.folder)
        os.chmod(key, 0o600)
        environment.give_to_server_user(key)
        return Issued(cert, key)
