#!/usr/bin/env python3
"""A message of 40 MB goes in by every door and comes out again, and the daemon never holds it whole."""

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import prepended  # noqa: E402
import server  # noqa: E402
from lines import Lines  # noqa: E402

SIZE = 40 << 20
LINE = bytes(range(33, 111)) + b"\r\n"
# What the daemon may grow by for one such message: write buffers of the store, not the message.
GROWTH_KB = 24 << 10


def large_message(subject):
    head = b"From: a@elsewhere.example\r\nSubject: " + subject + b"\r\n\r\n"
    return head + LINE * ((SIZE - len(head)) // len(LINE) + 1)


class LargeMessageTest(server.ServerTest):
    # Small write buffers and caches, so that what is left of growth is what a connection holds.
    first_start = {
        "store": {"memtable_size_mb": 8, "memtables": 2, "block_cache_mb": 8, "wal_limit_mb": 16, "disk_reserve_mb": 0}
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Everything is warm before it is measured.
        with cls.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", ["carol@example.test"], large_message(b"first"))
        cls.server.wait_for_count("carol", 1)
        cls.fetch("carol")

    @classmethod
    def fetch(cls, user):
        """The newest message, in pieces as a careful client fetches it."""
        digest, size = hashlib.sha256(), 0
        with cls.server.imap(user) as imap:
            count = int(imap.select("INBOX", readonly=True)[1][0])
            while True:
                part = imap.fetch(str(count), f"(BODY.PEEK[]<{size}.4194304>)")[1][0][1]
                size += len(part)
                if size == len(part):
                    first = part
                digest.update(part)
                if len(part) < 4 << 20:
                    return first, size, digest.digest()

    def check_arrived(self, user, octets):
        first, size, digest = self.fetch(user)
        more = size - len(octets)
        self.assertGreaterEqual(more, 0)
        self.assertEqual(digest, hashlib.sha256(first[:more] + octets).digest())
        original = prepended.digest(octets[:10])
        self.assertIsNotNone(prepended.without_prepended(first[: more + 10], lambda digest: digest == original))

    def growth(self):
        """How much the resident memory has grown at most since `begin`."""
        return self.server.memory_kb("VmHWM") - self.before

    def check_growth(self):
        if server.is_sanitized():
            print("memory is not looked at: the daemon runs under a sanitizer")
        else:
            self.assertLess(self.growth(), GROWTH_KB)

    def begin(self):
        self.server.forget_memory_peak()
        self.before = self.server.memory_kb("VmRSS")

    def test_by_data(self):
        octets = large_message(b"by DATA")
        self.begin()
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.sendmail("a@elsewhere.example", ["alice@example.test"], octets), {})
        self.server.wait_for_local_deliveries()
        self.check_growth()
        self.check_arrived("alice", octets)

    def test_by_bdat_over_tls(self):
        octets = large_message(b"by BDAT").replace(b"a@elsewhere.example", b"alice@example.test")
        self.domain_during_test(max_message_size_kb=0)
        self.begin()
        with self.server.submission("alice") as smtp:
            smtp.mail("alice@example.test")
            smtp.rcpt("alice@example.test")
            smtp.send(b"BDAT %d LAST\r\n" % len(octets))
            smtp.send(octets)
            self.assertEqual(smtp.getreply()[0], 250)
        self.server.wait_for_local_deliveries()
        self.check_growth()
        self.assertGreater(self.fetch("alice")[1], SIZE)

    def test_by_append(self):
        octets = large_message(b"by APPEND")
        self.begin()
        with self.server.imap("bob") as imap:
            self.assertEqual(imap.append("INBOX", None, None, octets)[0], "OK")
        self.check_growth()
        self.check_arrived("bob", octets)

    def test_reading_it_takes_no_more_memory(self):
        with self.server.imap("carol") as imap:
            imap.select("INBOX", readonly=True)
            self.begin()
            self.assertGreater(len(imap.fetch("1", "(BODY.PEEK[])")[1][0][1]), SIZE)
        with Lines(self.server.connect_tls("pop3s")) as client:
            client.line()
            client.ask(b"USER carol@example.test")
            client.ask(b"PASS " + server.PASSWORD.encode())
            client.send(b"RETR 1\r\n")
            size = 0
            while (line := client.line()) != b".":
                size += len(line) + 2
            self.assertGreater(size, SIZE)
        self.check_growth()

    def test_append_beyond_the_limit_is_refused(self):
        self.during_test(imap__max_append_size_kb=100)
        with self.server.imap("carol") as imap:
            kind, text = imap.append("INBOX", None, None, b"Subject: x\r\n\r\n" + LINE * 2000)
            self.assertEqual(kind, "NO")
            self.assertIn(b"[TOOBIG]", text[0])  # RFC 7889
            self.assertEqual(imap.noop()[0], "OK")


if __name__ == "__main__":
    server.main()
