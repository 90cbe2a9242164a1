"""A certificate authority of the test's own. A daemon trusts it when it starts with SSL_CERT_FILE naming its certificate.
"""

import hashlib
import subprocess

import server


class Authority:
    """Issues certificates that the daemon trusts, since SSL_CERT_FILE names this one."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate, self.key = folder / "ca.pem", folder / "ca.key"
        self._run("req", "-x509", *self._fresh_key(self.key), "-days", "7", "-subj", "/CN=test authority",
                  "-out", self.certificate)  # fmt: skip

    def _run(self, *arguments):
        subprocess.run([server.tool("openssl"), *map(str, arguments)], check=True, capture_output=True)

    def _fresh_key(self, path):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path)

    def issue(self, name, *hosts):
        """Certificate and key for these hosts: names, or addresses as "IP:127.0.0.1"."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        self._run("req", "-new", *self._fresh_key(key), "-subj", f"/CN={name}", "-out", request)
        extensions.write_text("subjectAltName=" + ",".join(host if host.startswith("IP:") else f"DNS:{host}" for host in hosts) + "\n")
        self._run("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                  "-days", "7", "-extfile", extensions, "-out", certificate)  # fmt: skip
        return certificate, key


def key_digest(key):
    """Of the public key in that file, as a TLSA record 3 1 1 has it."""
    public = subprocess.run([server.tool("openssl"), "pkey", "-in", str(key), "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout  # fmt: skip
    return hashlib.sha256(public).hexdigest()
