#!/usr/bin/env python3
"""A disk that takes 50 ms for each read delays those who read, and nobody else."""

import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import lines  # noqa: E402
import server  # noqa: E402

READERS = 100
MAILBOXES = 20
OTHERS = 10
SECONDS = 6
BODY = b"A line of a message that is no longer in memory, 64 octets..\r\n" * 300
MESSAGES = 1000  # more than the cache holds


def login(running, user):
    talk = lines.Lines(running.connect("imap"))
    talk.line()
    answer = talk.ask_imap(b"l", f'LOGIN {server.address(user)} "{server.PASSWORD}"'.encode())[-1]
    if not answer.startswith(b"l OK"):
        raise AssertionError(answer)
    return talk


def fetch(talk, number):
    talk.send(b"f FETCH %d BODY.PEEK[]\r\n" % number)
    first = talk.line()
    if not first.endswith(b"}"):
        raise AssertionError(f"FETCH of {number}: {first}")
    content = talk.stream.read(int(first.rpartition(b"{")[2][:-1]))
    last = talk.tagged(b"f")[-1]
    if not content.endswith(BODY) or not last.startswith(b"f OK"):
        raise AssertionError(f"FETCH of {number}: {len(content)} octets, {last}")


def read_on(talk, first, until, latencies):
    """SELECTs and FETCHes one message after the other, from this one on."""
    if not talk.ask_imap(b"s", b"SELECT INBOX")[-1].startswith(b"s OK"):
        raise AssertionError("SELECT failed")
    number = first
    while time.monotonic() < until:
        began = time.monotonic()
        fetch(talk, number % MESSAGES + 1)
        latencies.append(time.monotonic() - began)
        number += READERS


def readers(running, ready, begin, answers):
    """A process of its own, so that its work is not in the other's figures."""
    talks = [login(running, f"reader{number % MAILBOXES}") for number in range(READERS)]
    latencies, failed = [], []

    def one(number, talk):
        try:
            read_on(talk, number, time.monotonic() + SECONDS, latencies)
        except Exception as why:
            failed.append(str(why))

    threads = [threading.Thread(target=one, args=each) for each in enumerate(talks)]
    ready.set()
    begin.wait()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for talk in talks:
        talk.close()
    answers.put((latencies, failed))


def p99(values):
    return statistics.quantiles(values, n=100)[98]


@unittest.skipIf(server.is_sanitized(), "figures of time and memory mean nothing under a sanitizer")
class ColdReadsTest(server.ServerTest):
    first_start = {
        "passwords": {**server.QUICK_PASSWORDS, "plain_text_without_tls": "true"},
        "imap": {"max_connections_per_address": 0},
        "store": {"block_cache_mb": 8},
    }

    def fill(self):
        for number in range(MAILBOXES):
            self.server.add_user(server.address(f"reader{number}"))
        with self.server.smtp() as smtp:
            recipients = [server.address(f"reader{number}") for number in range(MAILBOXES)]
            for number in range(MESSAGES):
                smtp.sendmail("sender@client.example", recipients, b"Subject: %d\r\n\r\n" % number + BODY)
        self.server.wait_for_local_deliveries()

    def restart_with_slow_reads(self, folder):
        library = folder / "slow_reads.so"
        source = server.ROOT / "tests" / "support" / "slow_reads.c"
        server.run([server.tool("cc"), "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"])
        self.server.environment = {
            "LD_PRELOAD": str(library),
            "SLOW_READS_FOLDER": str(self.server.folder / "store"),
            "SLOW_READS_SWITCH": str(folder / "on"),
            "SLOW_READS_MS": "50",
        }
        self.server.restart()

    def noop_latencies(self, talks):
        found = []
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            for talk in talks:
                began = time.monotonic()
                self.assertEqual(talk.ask(b"n NOOP")[:4], b"n OK")
                found.append(time.monotonic() - began)
                time.sleep(0.001)
        return found

    def test_cold_reads_do_not_delay_others(self):
        self.fill()
        with tempfile.TemporaryDirectory(prefix="stagepost-slow-") as folder:
            self.restart_with_slow_reads(Path(folder))
            others = [login(self.server, "carol") for _ in range(OTHERS)]
            for talk in others[: OTHERS // 2]:
                talk.ask_imap(b"s", b"SELECT INBOX")
            context = multiprocessing.get_context("fork")
            ready, begin, answers = context.Event(), context.Event(), context.Queue()
            process = context.Process(target=readers, args=(self.server, ready, begin, answers))
            process.start()
            ready.wait()
            quiet = self.noop_latencies(others[:1])
            (Path(folder) / "on").touch()
            begin.set()
            busy = self.noop_latencies(others)
            read, failed = answers.get()
            process.join()
            (Path(folder) / "on").unlink()
            for talk in others:
                talk.close()
        self.assertEqual(failed, [], self.server.log_tail(2000))
        print(
            f"NOOP alone: median {statistics.median(quiet) * 1000:.2f} ms, p99 {p99(quiet) * 1000:.2f} ms; while "
            f"{READERS} clients read cold mail: median {statistics.median(busy) * 1000:.2f} ms, p99 "
            f"{p99(busy) * 1000:.2f} ms, longest {max(busy) * 1000:.1f} ms, {len(busy)} NOOPs; "
            f"{len(read)} FETCHes, median {statistics.median(read) * 1000:.0f} ms"
        )
        self.assertGreater(statistics.median(read), 0.05, "the reads were slow")
        self.assertLess(statistics.median(busy), 0.02)


if __name__ == "__main__":
    server.main()
