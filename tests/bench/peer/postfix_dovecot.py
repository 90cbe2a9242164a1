"""A private Postfix and Dovecot on loopback, made from the templates beside this file."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

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

    def _postfix_command(self, program, *words):
        done = subprocess.run([program, "-c", self._postfix / "conf", *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(words)}: {done.stderr}{done.stdout}")

    def _set(self, **settings):
        self._postfix_command("postconf", "-e", *(f"{name} = {value}" for name, value in settings.items()))
        before = [pid for pid in processes.tree(self.pids) if self._is_smtpd(pid)]
        self._postfix_command("postfix", "reload")
        # The command does not wait; those that are left would go on by the old settings.
        ends_at = time.monotonic() + 20
        while any(map(self._is_smtpd, before)) and time.monotonic() < ends_at:
            time.sleep(0.05)

    @staticmethod
    def _is_smtpd(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "smtpd"
        except OSError:
            return False

    def send_out(self, port, concurrency, domains=()):
        """From now on mail for elsewhere goes to `port`, over so many connections. Each of `domains` is a next hop of
        its own then, all others are one."""
        if concurrency > 100:
            raise ValueError("default_process_limit is 100")
        # Leading zeros make next hops differ that lead to one place. With a single one Postfix would send to fifty
        # recipients of any domains at a time, which no two domains with servers of their own let it do.
        hops = [f"{domain} smtp:[127.0.0.1]:{port:0{6 + number}d}" for number, domain in enumerate(domains)]
        (self._postfix / "transports").write_text("".join(hop + "\n" for hop in hops))
        self._set(relayhost=f"[127.0.0.1]:{port}", transport_maps=f"texthash:{self._postfix}/transports",
                  default_destination_concurrency_limit=concurrency,
                  # In Postfix's favour: it would begin with five and feel its way.
                  initial_destination_concurrency=concurrency)

    def hold_mail(self):
        """Mail is taken and stays until `release_mail`."""
        self._set(smtpd_client_restrictions="check_client_access static:HOLD")

    def release_mail(self):
        self._postfix_command("postsuper", "-H", "ALL")
        # What "postqueue -f" says, which itself asks for the pickup service.
        with socket.socket(socket.AF_UNIX) as manager:
            manager.connect(str(self._postfix / "queue/public/qmgr"))
            manager.sendall(b"FADI")

    def _files_in(self, *parts):
        return sum(len(files) for part in parts for _, _, files in os.walk(self._postfix / "queue" / part))

    def mails_waiting(self):
        """Messages in the queue, whomever they are for."""
        return self._files_in("incoming", "active", "deferred", "maildrop", "hold")

    def is_idle(self):
        """Postfix holds no mail in any of its queues but the one where mail is kept back; Dovecot keeps none back."""
        return self._files_in("incoming", "active", "deferred", "maildrop") == 0

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
