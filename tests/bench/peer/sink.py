"""The server that mail for elsewhere goes to: one smtp-sink of Debian's postfix package, the same for both sides."""

import bisect
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

import processes

MEMORY = "/dev/shm"  # what is written down there costs no sync


class Sink:
    """A running smtp-sink. It says "mesg=N" as soon as it has the end of a message, and when that came is kept. With
    `list_recipients` it writes down the recipients, too, which takes it some time: not where its speed counts."""

    def __init__(self, port, list_recipients=False):
        self.port = port
        if not shutil.which("smtp-sink"):
            raise SystemExit("smtp-sink is not there: install Debian's postfix")
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="sink-", dir=MEMORY if os.path.isdir(MEMORY) else None))
        self._folder.chmod(0o777)  # smtp-sink does not write as root
        self._mails = self._folder / "mails"
        words = ["-u", "nobody"] if os.geteuid() == 0 else []
        words += ["-D", self._mails] if list_recipients else []
        # -m: connections at once; behind that the backlog.
        self._process = subprocess.Popen(["smtp-sink", "-c", "-4", "-m", "2000", *words, f"127.0.0.1:{port}", "1000"],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=self._folder)
        self._times, self._counts = [], []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            processes.wait_for_port(port)
        except BaseException:
            self.stop()
            raise

    def _read(self):
        held = b""
        while piece := os.read(self._process.stdout.fileno(), 1 << 16):
            now = time.monotonic()
            whole, _, held = (held + piece).rpartition(b"\r")
            found = re.findall(rb"mesg=(\d+)", whole)
            if not found or int(found[-1]) == self.count:
                continue
            with self._changed:
                self._times.append(now)
                self._counts.append(int(found[-1]))
                self._changed.notify_all()

    @property
    def count(self):
        """Messages so far."""
        return self._counts[-1] if self._counts else 0

    def time_of(self, number):
        """When the message of that number had come, counted from 1. Of fewer, when the last one had."""
        return self._times[min(bisect.bisect_left(self._counts, number), len(self._times) - 1)]

    def wait_for(self, count, patience_seconds=60):
        """Waits until so many messages have come in all. False when none came for `patience_seconds`."""
        with self._changed:
            while self.count < count:
                if not self._changed.wait(patience_seconds):
                    return False
        return True

    def rate(self, first, last):
        """Messages a second from the one of that number to the other."""
        return (last - first) / max(1e-6, self.time_of(last) - self.time_of(first))

    def recipients(self):
        """All that were written down."""
        text = self._mails.read_text(errors="replace") if self._mails.exists() else ""
        return re.findall(r"^X-Rcpt-Args: <([^>]*)>", text, re.MULTILINE)

    def cpu_seconds(self):
        return processes.cpu_seconds([self._process.pid])

    def stop(self):
        processes.end(self._process.pid)
        self._reader.join()
        self._process.stdout.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
