"""A private Postfix and Dovecot on loopback, made from the templates beside this file."""

import os
import pathlib
import pwd
import shutil
import subprocess

import processes

TEMPLATES = pathlib.Path(__file__).resolve().parent
PACKAGES = ["postfix", "dovecot-core", "dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd"]
PROGRAMS = ["/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/pop3",
            "/usr/lib/dovecot/lmtp"]
PORTS = {"smtp": 25, "imap": 143, "imaps": 993, "pop3": 110}
USERS = [f"u{number:04d}@example.test" for number in range(1, 101)]
FORMATS = ["sdbox", "mdbox"]


def install():
    """Installs the peers from Debian when they are absent, without letting the packages start their services."""
    if all(map(os.path.exists, PROGRAMS)):
        return
    if os.geteuid() != 0:
        raise SystemExit(f"not installed, and only root may install: {' '.join(PACKAGES)}")
    print("installing", *PACKAGES, flush=True)
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    made_policy = not policy.exists()
    if made_policy:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        quiet = {"env": environment, "check": True, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], **quiet)
    finally:
        if made_policy:
            policy.unlink()


def versions():
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "postfix", "dovecot-core"],
                           capture_output=True, text=True)
    return ", ".join(asked.stdout.split("\n")[:-1])


def _fill_in(template, target, words):
    text = (TEMPLATES / template).read_text()
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    target.write_text(text)


class PostfixDovecot:
    """One run of both on fresh folders. `format` is Dovecot's mailbox format: one of FORMATS."""

    def __init__(self, folder, port_base, format):
        self.name = f"postfix+dovecot {format}"
        self.ports = {door: port_base + offset for door, offset in PORTS.items()}
        self.password = "stagepost-demo"
        self.pids = []
        self._postfix, self._dovecot = folder / "postfix", folder / "dovecot"
        try:
            self._start_dovecot(format)
            self._start_postfix()
            for port in self.ports.values():
                processes.wait_for_port(port)
        except BaseException:
            self.stop()
            raise

    def _start_dovecot(self, format):
        mail = self._dovecot / "mail"
        for part in (self._dovecot / "state", mail):
            part.mkdir(parents=True)
        nobody = pwd.getpwnam("nobody")
        os.chown(mail, nobody.pw_uid, nobody.pw_gid)
        (self._dovecot / "users").write_text("".join(f"{user}:{self.password}\n" for user in USERS))
        # The kind of key our demo makes, too.
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "30", "-subj", "/CN=127.0.0.1", "-keyout", self._dovecot / "key.pem", "-out",
                        self._dovecot / "certificate.pem"], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        _fill_in("dovecot.conf", self._dovecot / "dovecot.conf",
                 {"folder": self._dovecot, "format": format, "imap_port": self.ports["imap"],
                  "imaps_port": self.ports["imaps"], "pop3_port": self.ports["pop3"]})
        started = subprocess.Popen(["dovecot", "-F", "-c", self._dovecot / "dovecot.conf"], stdin=subprocess.DEVNULL)
        self.pids.append(started.pid)

    def _start_postfix(self):
        for part in ("queue", "data", "conf"):
            (self._postfix / part).mkdir(parents=True)
        shutil.chown(self._postfix / "data", "postfix", "postfix")
        (self._postfix / "mailboxes").write_text("".join(f"{user} x\n" for user in USERS))
        words = {"folder": self._postfix, "dovecot": self._dovecot, "smtp_address": f"127.0.0.1:{self.ports['smtp']}"}
        _fill_in("main.cf", self._postfix / "conf/main.cf", words)
        _fill_in("master.cf", self._postfix / "conf/master.cf", words)
        started = subprocess.run(["postfix", "-c", self._postfix / "conf", "start"], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True)
        if started.returncode != 0:
            raise RuntimeError("postfix does not start: " + started.stderr + started.stdout)
        # master has locked this file and written it before the start command returns.
        self.pids.append(int((self._postfix / "queue/pid/master.pid").read_text()))

    def is_idle(self):
        """Postfix holds no mail in any of its queues; Dovecot keeps none back."""
        queue = self._postfix / "queue"
        return not any(files for part in ("incoming", "active", "deferred", "maildrop")
                       for _, _, files in os.walk(queue / part))

    def log_problems(self):
        """Lines of both logs that speak of trouble, shortened: they stand beside the figures."""
        found = []
        for log in (self._postfix / "maillog", self._dovecot / "log"):
            if log.exists():
                for line in log.read_text(errors="replace").splitlines():
                    if any(word in line for word in ("warning:", "fatal:", "panic:", "Error:", "Fatal:", "Panic:")):
                        found.append(line[:200])
        return found

    def stop(self):
        # Postfix first, so that it does not find the LMTP socket gone.
        members = processes.tree(self.pids)
        for pid in reversed(self.pids):
            processes.end(pid)
        for pid in members:
            if processes.alive(pid):
                processes.end(pid, limit_seconds=5)
