"""A Stagepost of the test's own: temporary data folder, free ports on 127.0.0.1, three users.

    class MyTest(server.ServerTest):
        def test_something(self):
            with self.server.imap("alice") as imap: …

    if __name__ == "__main__":
        server.main()

The binaries are those in STAGEPOST_BIN, else in build/release/bin. A test file ends with 77 when all of it was skipped.
"""

import contextlib
import errno
import imaplib
import json
import os
import pathlib
import random
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
DOMAIN = "example.test"
HOST_NAME = "mail.example.test"
PASSWORD = "correct horse battery"
SKIPPED = 77  # what ctest takes for "skipped"

# Name, service, TLS. "proxied" expects a PROXY header from everybody here.
LISTENERS = (
    ("smtp", "smtp", "starttls"),
    ("submission", "submission", "starttls"),
    ("submissions", "submission", "implicit"),
    ("lmtp", "lmtp", "none"),
    ("imap", "imap", "starttls"),
    ("imaps", "imap", "implicit"),
    ("pop3", "pop3", "starttls"),
    ("pop3s", "pop3", "implicit"),
    ("http", "http", "none"),
    ("proxied", "smtp", "starttls"),
)

# No test sends anything to another machine, nor asks a DNS it did not start: "deliver: all" is for those that did.
OUTBOUND = {"deliver": "routes", "networks": ["127.0.0.0/8", "::1"]}

# Passwords that cost little to check, and failed logins that are answered at once.
QUICK_PASSWORDS = {
    "argon2id_memory_mb": 8,
    "argon2id_passes": 1,
    "scram_iterations": 4096,
    "failed_login_delay_seconds": 0,
}


# What the settings of users and domains are when nobody has changed them (conf/reference.md).
USER_DEFAULTS = {
    "disabled": "false",
    "quota_mb": "unlimited",
    "allow_pop3": "true",
    "allow_imap": "true",
    "allow_smtp": "true",
    "max_message_size_kb": "domain",
    "max_recipients": "domain",
    "time_zone": "domain",
    "plus_addressing": "true",
    "throttle_messages_per_hour": "unlimited",
    "throttle_bandwidth_per_hour_mb": "unlimited",
}
DOMAIN_DEFAULTS = {
    "disabled": "false",
    "require_auth": "true",
    "exclude_ip_from_received": "false",
    "catch_all": "false",
    "catch_all_target": "",
    "disk_space_mb": "500",
    "max_users": "100",
    "max_user_aliases": "1000",
    "max_message_size_kb": "10000",
    "max_recipients": "200",
    "time_zone": "UTC",
    "shared_folders": "true",
    "outgoing_tls": "true",
    "outbound_ipv4": "",
    "outbound_ipv6": "",
    "throttle_messages_per_hour": "5000",
    "throttle_messages_action": "none",
    "throttle_bandwidth_per_hour_mb": "100",
    "throttle_bandwidth_action": "none",
    "throttle_bounces_per_hour": "1000",
    "throttle_bounces_action": "none",
}


def address(user):
    return f"{user}@{DOMAIN}"


def is_sanitized():
    """Whether the daemon was built under AddressSanitizer: then figures of its memory and time mean nothing."""
    daemon = pathlib.Path(os.environ.get("STAGEPOST_BIN", ROOT / "build" / "release" / "bin")) / "stagepostd"
    return daemon.is_file() and b"__asan_init" in daemon.read_bytes()


def binaries():
    folder = pathlib.Path(os.environ.get("STAGEPOST_BIN", ROOT / "build" / "release" / "bin"))
    if not (folder / "stagepostd").is_file():
        raise unittest.SkipTest(f"there is no stagepostd in {folder}")
    return folder


def shards():
    """How many shards a server of a test has that does not ask for a number itself."""
    return int(os.environ.get("STAGEPOST_SHARDS", "1"))


def tool(name):
    """The path of another people's program; its absence skips the test."""
    found = shutil.which(name)
    if not found:
        raise unittest.SkipTest(f"{name} is not installed")
    return found


def wait_until(what, condition, seconds=60):
    """Asks until `condition` gives something true, which is returned; fails naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} seconds in vain for {what}")
        time.sleep(0.05)


# Below those that connections are given: one of these could take a port before it is listened on, and keeps it for a
# minute after its end.
PORTS = range(12000, 32000)


def free_ports(count, host="127.0.0.1"):
    """Ports nobody listens on; all are held until all are found, so that they differ."""
    with contextlib.ExitStack() as held:
        ports = []
        for port in random.sample(PORTS, len(PORTS)):
            one = held.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
            try:
                one.bind((host, port))
            except OSError as why:
                if why.errno != errno.EADDRINUSE:
                    raise
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
        raise AssertionError("there are no free ports")


def answers(port):
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One daemon and its data folder. `first_start` has settings by section, e.g. {"smtp_in": {"max_hop_count": 5}};
    `node` further settings of the node, e.g. {"shards": 3}; `more_listeners` listeners beside the usual ones, by
    attribute. `prepare` gets the folder before the first start. `environment` and `prefix` (a program that ends by
    calling the rest of its command line) hold from the next start on."""

    def __init__(
        self,
        first_start=None,
        users=("alice", "bob", "carol"),
        node=None,
        more_listeners=(),
        prepare=lambda folder: None,
    ):
        self.bin = binaries()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stagepost-test-"))
        self.config = self.folder / "stagepost.yaml"
        self.certificate = self.folder / "certificate.pem"
        self.log = self.folder / "log"
        self.process = None
        self.environment = {}
        self.prefix = ()
        self.ports = dict(zip((name for name, _, _ in LISTENERS), free_ports(len(LISTENERS)), strict=True))
        self.first_start = {"passwords": QUICK_PASSWORDS, **(first_start or {})}
        self.node = {"shards": shards(), "outbound": json.dumps(OUTBOUND), **(node or {})}
        self.more_listeners = more_listeners
        self.further_certificates = []
        try:
            self.make_certificate("certificate", "key", HOST_NAME)
            self.write_config()
            prepare(self.folder)
            self.start()
            self.ctl("domain", "add", DOMAIN)
            for user in users:
                self.add_user(address(user))
        except BaseException:
            self.close()
            raise

    def make_certificate(self, name, key_name, *host_names):
        """Writes NAME.pem and KEY_NAME.pem for these names and 127.0.0.1 into the folder."""
        names = ",".join(f"DNS:{one}" for one in (*host_names, "localhost"))
        subprocess.run(
            [
                tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "7", "-subj", f"/CN={host_names[0]}", "-addext", f"subjectAltName={names},IP:127.0.0.1",
                "-keyout", str(self.folder / f"{key_name}.pem"), "-out", str(self.folder / f"{name}.pem"),
            ],
            check=True, capture_output=True,
        )  # fmt: skip

    def write_config(self):
        lines = [
            'node_name: "test"',
            f'host_name: "{HOST_NAME}"',
            f'data_folder: "{self.folder}/store"',
            f'control_socket: "{self.folder}/control"',
            f'secrets_key_file: "{self.folder}/secrets.key"',
            "certificates:",
            f'  - {{hosts: ["{HOST_NAME}"], certificate: "{self.certificate}", key: "{self.folder}/key.pem"}}',
            *(
                f'  - {{hosts: ["{host}"], certificate: "{self.folder}/{name}.pem", key: "{self.folder}/{key}.pem"}}'
                for host, name, key in self.further_certificates
            ),
            *(f"{key}: {value}" for key, value in self.node.items()),
            "listeners:",
        ]
        for name, service, tls in LISTENERS:
            proxies = ', proxy_protocol_from: ["127.0.0.0/8"]' if name == "proxied" else ""
            lines.append(
                f'  - {{name: "{name}", service: {service}, address: "127.0.0.1", port: {self.ports[name]}, '
                f"tls: {tls}{proxies}}}"
            )
        for each in self.more_listeners:
            lines.append("  - {" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in each.items()) + "}")
        lines.append("first_start:")
        for section, values in self.first_start.items():
            lines.append(f"  {section}:")
            lines += [f"    {key}: {value}" for key, value in values.items()]
        self.config.write_text("\n".join(lines) + "\n")

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.bin / "stagepostd", "--config", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment},
            )  # fmt: skip
        for name, _, tls in LISTENERS:
            wait_until(f"{name} to answer", lambda name=name, tls=tls: self._answers(name, tls))

    def _answers(self, name, tls):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            with self.connect(name) as plain:
                if tls == "implicit" or name in ("http", "proxied"):
                    return True
                return plain.recv(1)
        except OSError:
            return False

    def stop(self, how=signal.SIGTERM, seconds=60):
        """Ends the daemon and returns its exit code."""
        self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the daemon did not end within {seconds} seconds:\n{self.log_tail()}") from None

    def restart(self, how=signal.SIGTERM):
        code = self.stop(how)
        self.start()
        return code

    def reload(self):
        """Sends SIGHUP and waits for what the log says of it."""
        before = len(self.log.read_bytes())
        self.process.send_signal(signal.SIGHUP)

        def told():
            new = self.log.read_bytes()[before:].decode(errors="replace")
            return new if "reload" in new else None

        return wait_until("a word about the reload in the log", told)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self):
        """Kills the daemon and saves its folder, for looking at a failure, from `close`."""
        self.process.kill()
        self.process.wait()
        kept = self.folder.with_name(self.folder.name + "-kept")
        self.folder.rename(kept)
        return kept

    def memory_kb(self, which):
        """A figure of the daemon's memory: VmRSS, or VmHWM for the most it was since forget_memory_peak."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(which + ":"))

    def forget_memory_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def log_tail(self, octets=6000):
        return self.log.read_bytes()[-octets:].decode(errors="replace")

    # -- doors ---------------------------------------------------------------------------------------------------

    def try_ctl(self, *arguments, text=None):
        """Runs stagepostctl, whatever comes of it; the result has returncode, stdout and stderr."""
        return subprocess.run(
            [self.bin / "stagepostctl", "--config", self.config, *arguments],
            input=text, text=True, capture_output=True, timeout=120,
        )  # fmt: skip

    def ctl(self, *arguments, text=None):
        """Runs stagepostctl and returns what it printed."""
        done = self.try_ctl(*arguments, text=text)
        if done.returncode != 0:
            raise AssertionError(f"stagepostctl {' '.join(map(str, arguments))}: {done.stderr or done.stdout}")
        return done.stdout

    def ctl_json(self, *arguments, text=None):
        return json.loads(self.ctl("--json", *arguments, text=text))

    def ask_control(self, *requests):
        """Puts requests to the control socket directly, as many as a test likes in a short time; all must be done."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(120)
            control.connect(str(self.folder / "control"))
            with control.makefile("rwb") as stream:
                for request in requests:
                    stream.write(json.dumps(request).encode() + b"\n")
                    stream.flush()
                    answer = json.loads(stream.readline())
                    if not answer["done"]:
                        raise AssertionError(f"{request}: {answer}")

    def add_user(self, whole_address, *more):
        self.ctl("user", "add", whole_address, "--password-stdin", *more, text=PASSWORD + "\n")

    def set(self, **settings):
        """Changes system settings; smtp_in__vrfy stands for smtp_in.vrfy."""
        self.ctl("settings", "set", *(f"{name.replace('__', '.')}={value}" for name, value in settings.items()))

    def tls(self):
        return ssl.create_default_context(cafile=self.certificate)

    def connect(self, name, from_address="127.0.0.1"):
        """A plain TCP connection to the listener of that name; `from_address` is one of 127.0.0.0/8."""
        return socket.create_connection(("127.0.0.1", self.ports[name]), timeout=30, source_address=(from_address, 0))

    def connect_tls(self, name):
        return self.tls().wrap_socket(self.connect(name), server_hostname=HOST_NAME)

    def imap(self, user):
        imap = imaplib.IMAP4_SSL("127.0.0.1", self.ports["imaps"], ssl_context=self.tls(), timeout=120)
        # Not LOGIN: imaplib takes names of ASCII only.
        imap.authenticate("PLAIN", lambda _: f"\0{address(user)}\0{PASSWORD}".encode())
        return imap

    def smtp(self, listener="smtp", from_address="127.0.0.1"):
        """A client on a port without login, after EHLO; `from_address` is one of 127.0.0.0/8."""
        smtp = smtplib.SMTP(
            "127.0.0.1", self.ports[listener], local_hostname="client.example", timeout=120,
            source_address=(from_address, 0),
        )  # fmt: skip
        smtp.ehlo()
        return smtp

    def submission(self, user):
        smtp = self.smtp("submission")
        smtp.starttls(context=self.tls())
        smtp.login(address(user), PASSWORD)
        return smtp

    # -- mailboxes -----------------------------------------------------------------------------------------------

    def messages(self, user, folder="INBOX"):
        """The octets of all messages of a folder, in UID order."""
        with self.imap(user) as imap:
            count = int(imap.select(f'"{folder}"', readonly=True)[1][0])
            found = []
            for first in range(1, count + 1, 200):
                reply = imap.fetch(f"{first}:{min(first + 199, count)}", "(BODY.PEEK[])")[1]
                found += [item[1] for item in reply if isinstance(item, tuple)]
            return found

    def count(self, user, folder="INBOX"):
        with self.imap(user) as imap:
            return int(imap.select(f'"{folder}"', readonly=True)[1][0])

    def wait_for_local_deliveries(self):
        """Waits until no accepted message is on its way to a mailbox."""

        def idle():
            return self.ctl_json("status")["waiting_for_local_delivery"] == 0

        wait_until("the local deliveries", idle)

    def wait_for_count(self, user, count, folder="INBOX", seconds=60):
        """Waits until the folder has that many messages."""
        with self.imap(user) as imap:

            def arrived():
                return int(imap.select(f'"{folder}"', readonly=True)[1][0]) >= count

            wait_until(f"{count} messages in {folder} of {user}", arrived, seconds)

    def wait_for_message(self, user, words, seconds=60):
        """Waits for a message that has these octets, and returns it."""

        def arrived():
            return next((one for one in reversed(self.messages(user)) if words in one), None)

        return wait_until(f"{words!r} in the INBOX of {user}", arrived, seconds)


class ServerTest(unittest.TestCase):
    """Tests that share one daemon, which must end in order after them."""

    first_start = None
    node = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.first_start, node=cls.node)
        cls.addClassCleanup(cls.server.close)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the daemon ended with {code}:\n{cls.server.log_tail()}")

    def during_test(self, **settings):
        """System settings that hold until the test ends."""
        names = [name.replace("__", ".") for name in settings]
        listed = self.server.ctl_json("settings", "list")["settings"]
        before = {one["name"].replace(".", "__"): one["value"] for one in listed if one["name"] in names}
        self.assertEqual(len(before), len(names), names)
        self.server.set(**settings)
        self.addCleanup(self.server.set, **before)

    def user_during_test(self, user, **settings):
        """Settings of a user that hold until the test ends; `user` without the domain."""
        self._during_test("user", address(user), USER_DEFAULTS, settings)

    def domain_during_test(self, **settings):
        """Settings of the domain that hold until the test ends."""
        self._during_test("domain", DOMAIN, DOMAIN_DEFAULTS, settings)

    def _during_test(self, kind, name, defaults, settings):
        self.server.ctl(kind, "set", name, *(f"{key}={value}" for key, value in settings.items()))
        self.addCleanup(self.server.ctl, kind, "set", name, *(f"{key}={defaults[key]}" for key in settings))


def run(arguments, **options):
    """Runs a client; its failure fails the test with all it said."""
    done = subprocess.run(arguments, capture_output=True, timeout=120, **options)
    if done.returncode != 0:
        said = done.stdout + done.stderr
        said = said if isinstance(said, str) else said.decode(errors="replace")
        raise AssertionError(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{said}")
    return done.stdout


def main():
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    # A class that is skipped as a whole counts as a skip without a run.
    if result.skipped and result.testsRun - len(result.skipped) <= 0:
        sys.exit(SKIPPED)
