#!/usr/bin/env python3
"""Clients that do nothing, clients that send garbage, and more clients than there are descriptors: the others are
served, memory is bounded, nothing spins, and all is well afterwards."""

import os
import random
import resource
import selectors
import socket
import statistics
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import lines  # noqa: E402
import process_figures as figures  # noqa: E402
import server  # noqa: E402

SILENT = 5000 if os.environ.get("STAGEPOST_FULL") == "1" else 2000
GARBAGE = 100
GARBAGE_SECONDS = 5
NO_LIMITS = {"max_connections": 0, "max_connections_per_address": 0}


def milliseconds(values):
    ordered = sorted(values)
    return (
        f"median {statistics.median(ordered) * 1000:.2f} ms, p99 {ordered[len(ordered) * 99 // 100] * 1000:.2f} ms, "
        f"longest {ordered[-1] * 1000:.1f} ms of {len(ordered)}"
    )


@unittest.skipIf(server.is_sanitized(), "figures of time and memory mean nothing under a sanitizer")
class Overload(server.ServerTest):
    first_start = {
        "passwords": {**server.QUICK_PASSWORDS, "plain_text_without_tls": "true"},
        "smtp_in": {**NO_LIMITS, "max_bad_commands": 0},
        "imap": {**NO_LIMITS, "max_bad_commands": 0},
        "pop3": NO_LIMITS,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    @property
    def process(self):
        return self.server.process.pid

    def greeted(self):
        """How long a new client waits for its greeting."""
        began = time.monotonic()
        with self.server.connect("smtp") as plain:
            self.assertEqual(plain.recv(3), b"220")
        return time.monotonic() - began

    def served(self, seconds):
        """Latencies of greetings and of NOOP in a session, and mail goes through."""
        greetings, noops = [], []
        with lines.Lines(self.server.connect("imap")) as talk:
            talk.line()
            talk.ask_imap(b"a", f'LOGIN {server.address("carol")} "{server.PASSWORD}"'.encode())
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                greetings.append(self.greeted())
                for _ in range(5):
                    began = time.monotonic()
                    self.assertEqual(talk.ask(b"n NOOP")[:4], b"n OK")
                    noops.append(time.monotonic() - began)
                    time.sleep(0.002)
        return greetings, noops

    def mail_goes_through(self, subject):
        with self.server.smtp() as smtp:
            smtp.sendmail("a@client.example", [server.address("alice")], f"Subject: {subject}\r\n\r\n".encode())
        self.server.wait_for_message("alice", subject.encode())

    def say(self, what, greetings, noops):
        print(f"{what}: greeting {milliseconds(greetings)}; NOOP {milliseconds(noops)}")

    def test_silent_connections_do_not_delay_others(self):
        self.say("alone", *self.served(1))
        before = figures.resident_bytes(self.process)
        held, opening = [], time.monotonic()
        try:
            for number in range(SILENT):
                held.append(self.server.connect(("smtp", "imap", "submissions", "pop3")[number % 4]))
            opening = time.monotonic() - opening
            greetings, noops = self.served(3)
            self.mail_goes_through("past-the-silent")
            each = (figures.resident_bytes(self.process) - before) / SILENT
            print(f"{SILENT} silent connections opened in {opening:.1f} s, {each / 1024:.1f} KiB each")
            self.say("beside them", greetings, noops)
            self.assertLess(statistics.median(greetings), 0.1)
            self.assertLess(statistics.median(noops), 0.02)
            self.assertLess(each, 64 * 1024)
        finally:
            for one in held:
                one.close()

    def test_garbage_costs_bounded_memory(self):
        self.served(0.5)
        before = figures.resident_bytes(self.process)
        flood = Flood(self.server, GARBAGE)
        flood.start()
        most = before
        until = time.monotonic() + GARBAGE_SECONDS
        noops, greetings = [], []
        while time.monotonic() < until:
            greetings_now, noops_now = self.served(0.3)
            greetings += greetings_now
            noops += noops_now
            most = max(most, figures.resident_bytes(self.process))
        flood.stop()
        after = figures.resident_bytes(self.process)
        print(
            f"{GARBAGE} senders of garbage: {flood.sent / 1e6:.0f} MB sent in {flood.opened} connections; memory "
            f"{before / 1e6:.0f} MB before, {most / 1e6:.0f} MB at most, {after / 1e6:.0f} MB after"
        )
        self.say("beside them", greetings, noops)
        self.assertLess(most - before, 150e6)
        self.assertLess(statistics.median(noops), 0.2)
        self.mail_goes_through("past-the-garbage")

    def test_without_descriptors_nothing_spins(self):
        self.server.prefix = (server.tool("prlimit"), "--nofile=300:300")
        self.server.restart()
        held = []
        try:
            with self.server.smtp() as smtp, self.server.imap("bob") as imap:
                for _ in range(400):
                    held.append(socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=5))
                time.sleep(1)  # the listener finds out
                used, before = figures.descriptors(self.process), figures.cpu_seconds(self.process)
                time.sleep(3)
                spent = figures.cpu_seconds(self.process) - before
                print(f"{used} descriptors used, none left: {spent / 3 * 100:.1f} % of a processor")
                self.assertLess(spent, 0.5)
                # Who is in is served.
                self.assertEqual(imap.noop()[0], "OK")
                code = smtp.docmd("MAIL", "FROM:<a@client.example>")[0]
                self.assertIn(code // 100, (2, 4))
                smtp.docmd("RSET")
        finally:
            for one in held:
                one.close()
        server.wait_until("new clients to be served", self.is_serving, 10)
        self.mail_goes_through("after-the-drought")
        self.server.prefix = ()
        self.assertEqual(self.server.restart(), 0)
        self.mail_goes_through("as-before")
        self.assertIn("sound", self.server.ctl("verify"))

    def is_serving(self):
        try:
            return self.greeted() < 1
        except (OSError, AssertionError):
            return False


class Flood(threading.Thread):
    """Connections that send octets without sense, and come again when they are thrown out."""

    def __init__(self, running, count):
        super().__init__(daemon=True)
        self._server = running
        self._count = count
        self._stopping = threading.Event()
        self._random = random.Random(4711)
        self._selector = selectors.DefaultSelector()
        self.sent = 0
        self.opened = 0

    def _kinds(self):
        noise = self._random.randbytes(1 << 16)
        return (
            ("smtp", b"", noise),
            ("smtp", b"", b"A" * (1 << 16)),
            ("smtp", b"", b"NOOP\r\nHELP\r\n" * 5000),
            ("smtp", b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n", b"RCPT TO:<nobody@example.test>\r\n" * 2000),
            ("imap", b"", noise),
            ("imap", b"", b"a FETCH " + b"(" * (1 << 16)),
            ("imap", b"a LOGIN {1000000000+}\r\n", noise),
            ("imap", b"", b"a NOOP\r\n" * 8000),
            ("submissions", b"", noise),
            ("pop3", b"", noise),
        )

    def _open(self, kind):
        port, first, endless = kind
        one = self._server.connect(port)
        one.sendall(first)
        one.setblocking(False)
        self.opened += 1
        self._selector.register(one, selectors.EVENT_WRITE, (kind, endless))

    def run(self):
        kinds = self._kinds()
        for number in range(self._count):
            self._open(kinds[number % len(kinds)])
        while not self._stopping.is_set():
            for key, _ in self._selector.select(0.1):
                kind, endless = key.data
                try:
                    self.sent += key.fileobj.send(endless)
                except BlockingIOError:
                    continue
                except OSError:
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
                    self._open(kind)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()

    def stop(self):
        self._stopping.set()
        self.join()


if __name__ == "__main__":
    server.main()
