#!/usr/bin/env python3
"""A disk without room: mail is deferred, reading and deleting go on, and accepting resumes by itself.

The store is on a small tmpfs of its own, which only the superuser can mount; others skip this test.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
import small_disk  # noqa: E402

RESERVE_MB = 24
SIZE = 200_000


def message(number):
    line = f"{number:06} of a message that fills the disk, line by line\r\n"
    head = f"From: a@client.example\r\nTo: alice@example.test\r\nSubject: filling {number}\r\n\r\n"
    return (head + line * (SIZE // len(line))).encode()


class DiskFullTest(small_disk.SmallDisk, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        small = {
            "disk_reserve_mb": RESERVE_MB,
            "memtable_size_mb": 2,
            "wal_limit_mb": 16,
            "commit_batch_size_kb": 1024,
        }
        cls.start_server({"store": small})
        for user in ("alice", "bob"):
            cls.server.ctl("user", "set", server.address(user), "quota_mb=0")

    def send(self, user, number):
        return self.is_taken(user, message(number))

    def accepts_again(self):
        return self.send("bob", 0)

    def has_all(self, user, numbers):
        self.server.wait_for_local_deliveries()
        subjects = [one.partition(b"Subject: filling ")[2].partition(b"\r\n")[0] for one in self.server.messages(user)]
        self.assertEqual(sorted(map(int, subjects)), sorted(numbers))

    def reads_and_deletes(self, user, number):
        """Takes one message away, while the disk is full."""
        with self.server.imap(user) as imap:
            imap.select("INBOX")
            found = imap.search(None, "SUBJECT", f'"filling {number}"')[1][0].split()
            self.assertEqual(len(found), 1)
            body = imap.fetch(found[0], "(BODY.PEEK[])")[1][0][1]
            self.assertTrue(body.endswith(message(number)[-5000:]))
            self.assertEqual(imap.store(found[0], "+FLAGS", r"(\Deleted)")[0], "OK")
            self.assertEqual(imap.expunge()[0], "OK")

    def settles_at(self, user, count):
        """Deliveries that failed for want of room go on by themselves, long before their next try in a quarter hour."""
        server.wait_until("the spool to be empty", lambda: not self.server.ctl_json("queue", "list")["messages"], 90)
        self.assertEqual(self.server.count(user), count)

    def sound(self):
        self.assertIn("sound", self.server.ctl("verify"))

    def test_1_below_the_reserve_mail_is_deferred(self):
        accepted = [number for number in range(1, 21) if self.send("alice", number)]
        self.assertEqual(len(accepted), 20)
        self.has_all("alice", accepted)
        self.fill(RESERVE_MB - 4)
        server.wait_until("mail to be deferred", lambda: not self.send("alice", 21) or accepted.append(21), 10)
        print(f"deferred at {self.free_mb():.0f} MB free; the reserve is {RESERVE_MB} MB")
        for _ in range(5):
            self.assertFalse(self.send("alice", 22))
        self.reads_and_deletes("alice", 5)
        accepted.remove(5)
        with self.server.imap("alice") as imap:
            self.assertEqual(imap.append("INBOX", None, None, message(23))[0], "NO", "APPEND needs room too")
        self.free()
        server.wait_until("mail to be accepted again", self.accepts_again, 30)
        # Each shard looks at the disk in its own time.
        server.wait_until("mail to alice to be accepted again", lambda: self.send("alice", 24), 30)
        self.has_all("alice", [*accepted, 24])
        self.sound()

    def test_2_no_room_at_all(self):
        """The reserve was taken by others while mail came in: writes fail in the middle of it."""
        before = self.server.count("bob")
        accepted = 0
        self.fill(0.5)
        for number in range(100, 110):
            accepted += self.send("bob", number)
        print(f"{self.free_mb():.1f} MB free: {accepted} of 10 accepted")
        self.assertIn(self.server.count("bob") - before, range(accepted + 1), "reading goes on")
        self.free()
        server.wait_until("mail to be accepted again", self.accepts_again, 60)
        self.settles_at("bob", before + accepted + 1)
        self.sound()

    def test_3_a_commit_that_fails_is_not_acknowledged(self):
        """The disk fills up under the server, with a reserve too small to notice in time."""
        self.server.ctl("settings", "set", "store.disk_reserve_mb=0")
        before = self.server.count("bob")
        self.fill(6)
        accepted = [number for number in range(200, 280) if self.send("bob", number)]
        print(f"{self.free_mb():.1f} MB free: {len(accepted)} of 80 accepted before the disk was full")
        self.assertLess(len(accepted), 80)
        self.assertGreaterEqual(self.server.count("bob"), before, "reading goes on")
        self.free()
        self.server.ctl("settings", "set", f"store.disk_reserve_mb={RESERVE_MB}")
        server.wait_until("mail to be accepted again", self.accepts_again, 60)
        self.settles_at("bob", before + len(accepted) + 1)
        self.sound()
        self.assertEqual(self.server.restart(), 0)
        self.assertEqual(self.server.count("bob"), before + len(accepted) + 1)
        self.sound()


if __name__ == "__main__":
    server.main()
