"""A Postfix of the test's own, on loopback and in a folder of its own: Debian's program, no service of the machine. Only
the superuser can start one.

    with private_postfix.Postfix(certificate, key, ["far.example"], {"bob@far.example": "bob@example.test"},
                                 {"example.test": port}) as postfix:
        postfix.port          # takes mail for far.example, with STARTTLS
        postfix.log()
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import unittest

import server

DAEMONS = "/usr/lib/postfix/sbin"
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {host}
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtp_tls_loglevel = 1
smtp_tls_security_level = encrypt
smtp_tls_session_cache_database =
smtpd_tls_session_cache_database =
virtual_alias_domains = {domains}
virtual_alias_maps = texthash:{folder}/aliases
transport_maps = texthash:{folder}/transports
default_transport = error:nothing leaves this test
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def require():
    """Skips the test where there can be none."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("only the superuser can start a Postfix of his own")
    if not pathlib.Path(DAEMONS, "master").exists():
        raise unittest.SkipTest("postfix is not installed")


class Postfix:
    """`domains` are its own, where `aliases` says who is who: others are refused. `next_hops` has the ports that mail for
    other domains goes to, over TLS only."""

    def __init__(self, certificate, key, domains, aliases, next_hops, host="postfix.example"):
        require()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stagepost-postfix-"))
        [self.port] = server.free_ports(1)
        self._master = None
        try:
            self.folder.chmod(0o755)
            for part in ("queue", "data", "conf"):
                (self.folder / part).mkdir()
            owner = pwd.getpwnam("postfix")
            os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
            shutil.copy(certificate, self.folder / "certificate.pem")
            shutil.copy(key, self.folder / "key.pem")
            (self.folder / "key.pem").chmod(0o600)
            (self.folder / "aliases").write_text("".join(f"{who} {whom}\n" for who, whom in aliases.items()))
            hops = "".join(f"{domain} smtp:[127.0.0.1]:{port}\n" for domain, port in next_hops.items())
            (self.folder / "transports").write_text(hops)
            words = {"folder": self.folder, "host": host, "domains": " ".join(domains), "port": self.port}
            (self.folder / "conf" / "main.cf").write_text(MAIN.format(**words))
            (self.folder / "conf" / "master.cf").write_text(MASTER.format(**words))
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
        done = subprocess.run(
            ["postfix", "-c", self.folder / "conf", "start"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, env=environment, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"postfix does not start: {done.stderr}{done.stdout}{self.log()}")
        # It is there, and locked, when the command returns.
        self._master = int((self.folder / "queue/pid/master.pid").read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._master is not None:
            os.kill(self._master, signal.SIGTERM)  # which ends its children, too
            server.wait_until("postfix to end", lambda: not pathlib.Path(f"/proc/{self._master}").exists())
            self._master = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        log = self.folder / "maillog"
        return log.read_text(errors="replace") if log.exists() else ""
