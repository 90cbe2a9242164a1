"""How Stagepost is started for a benchmark, and what it tells about itself."""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

import processes

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARIES = ROOT / "build/release/bin"
PASSWORD = "stagepost-demo"
# Added to --port-base.
PORTS = {"smtp": 25, "imap": 143, "imaps": 993, "pop3": 110, "http": 80}


def start_command(folder, port_base):
    """Starts stagepostd in the background on `folder`, with users u0001..u0100@example.test who share PASSWORD."""
    return [str(ROOT / "tools/run"), "--background", "--no-install", "--no-build", "--bench-users", "100",
            "--data", str(folder), "--port-base", str(port_base)]


class Stagepost:
    """One run of our server on a fresh data folder."""

    name = "stagepost"

    def __init__(self, folder, port_base):
        self.folder = folder
        self.ports = {door: port_base + offset for door, offset in PORTS.items()}
        self.password = PASSWORD
        subprocess.run(start_command(folder, port_base), check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        self.pids = self._find()
        try:
            for port in self.ports.values():
                processes.wait_for_port(port)
            self._flushes_at_start = self.flushes()
        except BaseException:
            self.stop()
            raise

    def _find(self):
        """The stagepostd that was started on our folder: its command line or a pid file in the folder says so."""
        ends_at = time.monotonic() + 30
        while time.monotonic() < ends_at:
            pids = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_ours(pid)]
            if pids:
                return pids
            for file in self.folder.glob("**/*.pid"):
                return [int(file.read_text())]
            time.sleep(0.1)
        raise RuntimeError("stagepostd was started but is not found among the processes")

    def _is_ours(self, pid):
        try:
            arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return arguments[0].endswith(b"stagepostd") and any(str(self.folder).encode() in word for word in arguments)

    def _ctl(self, *words):
        """What stagepostctl prints."""
        done = subprocess.run([BINARIES / "stagepostctl", "--config", self.folder / "stagepost.yaml", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"stagepostctl {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def send_out(self, port, concurrency, domains=()):
        """From now on mail for elsewhere goes to `port`, over so many connections. `domains` make no difference: each
        is a destination of its own here."""
        self._route = f"smtp_out.routes=*=127.0.0.1:{port}"
        # The loopback network may relay, as it may with the peer.
        self._ctl("settings", "set", "smtp_in.whitelisted_networks=127.0.0.0/8", self._route,
                  f"smtp_out.max_connections={concurrency}", f"smtp_out.connections_per_destination={concurrency}")

    def hold_mail(self):
        """Mail is taken and stays until `release_mail`."""
        self._ctl("settings", "set", "smtp_out.routes=")

    def release_mail(self):
        self._ctl("settings", "set", self._route)

    def mails_waiting(self):
        """Messages in the queue, whomever they are for."""
        found, at = set(), []
        while True:
            page = json.loads(self._ctl("--json", "queue", "list", "--limit", "1000", *at))["messages"]
            ids = {message["id"] for message in page}
            if ids <= found:
                return len(found)
            found |= ids
            at = ["--from", page[-1]["id"]]

    def log_problems(self):
        """Lines of the log that speak of trouble, shortened."""
        log = self.folder / "stagepostd.log"
        return [line[:200] for line in log.read_text(errors="replace").splitlines()
                if any(f" {level} " in line for level in ("warning", "error"))]

    def metric(self, name):
        """The sum over all labels of one metric."""
        url = f"http://127.0.0.1:{self.ports['http']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        values = [float(line.rsplit(None, 1)[1]) for line in lines if line.startswith((name + " ", name + "{"))]
        if not values:
            raise RuntimeError(f"{url} has no {name}")
        return sum(values)

    def flushes(self):
        return self.metric("stagepost_store_flushes_total")

    def flushes_seen(self):
        """Memtable flushes since the start: a write rate without any has not paid for its writes yet."""
        return int(self.flushes() - self._flushes_at_start)

    def is_idle(self):
        return self.metric("stagepost_store_compactions_running") == 0 and self.metric("stagepost_spool_messages") == 0

    def stop(self):
        for pid in self.pids:
            processes.end(pid)
