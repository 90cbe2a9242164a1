#!/usr/bin/env python3
"""verify, backup while mail flows, and restore."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

REFUSED = 1


class BackupTest(server.ServerTest):
    def send(self, *numbers):
        with self.server.smtp() as smtp:
            for number in numbers:
                smtp.sendmail("a@elsewhere.example", ["alice@example.test"], f"Subject: n{number}\r\n\r\nx\r\n")

    def numbers(self, user="alice", folder="INBOX"):
        found = [one.partition(b"Subject: n")[2].partition(b"\r\n")[0] for one in self.server.messages(user, folder)]
        return sorted(int(number) for number in found)

    def test_1_verify_finds_a_store_that_is_in_use_sound(self):
        stop = threading.Event()

        def keep_sending():
            number = 1000
            while not stop.is_set():
                self.send(number)
                number += 1

        sender = threading.Thread(target=keep_sending)
        sender.start()
        try:
            for _ in range(5):
                answer = self.server.ctl_json("verify")
                self.assertTrue(answer["sound"], answer)
        finally:
            stop.set()
            sender.join()
        self.assertIn("sound", self.server.ctl("verify"))
        self.server.wait_for_local_deliveries()
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", r"(\Deleted)")
            imap.expunge()

    def test_2_what_was_saved_is_there_after_a_restore(self):
        self.send(*range(10))
        self.server.wait_for_count("alice", 10)
        with self.server.imap("alice") as imap:
            imap.create("Kept")
            imap.select("INBOX")
            imap.store("4", "+FLAGS", r"(\Flagged)")
            imap.copy("1:3", "Kept")
        with self.server.submission("bob") as smtp:
            smtp.sendmail("bob@example.test", ["someone@far.example"], "From: bob@example.test\r\n\r\nwaits\r\n")
        folder = self.server.folder / "backup"
        self.server.ctl("backup", str(folder))
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)

        # What happens after the backup is undone by the restore.
        self.send(10, 11)
        self.server.wait_for_count("alice", 12)
        self.server.add_user("late@example.test")
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:5", "+FLAGS", r"(\Deleted)")
            imap.expunge()
        refused = self.server.try_ctl("restore", str(folder))
        self.assertEqual(refused.returncode, REFUSED)
        self.assertIn("stop it first", refused.stderr)
        self.assertEqual(self.server.stop(), 0)
        self.server.ctl("restore", str(folder))
        self.server.start()

        self.assertTrue(self.server.ctl_json("verify")["sound"])
        self.assertEqual(self.numbers(), list(range(10)))
        self.assertEqual(self.numbers(folder="Kept"), [0, 1, 2])
        with self.server.imap("alice") as imap:
            imap.select("INBOX", readonly=True)
            self.assertEqual(imap.search(None, "FLAGGED")[1], [b"4"])
        users = [one["address"] for one in self.server.ctl_json("user", "list", server.DOMAIN)["users"]]
        self.assertNotIn("late@example.test", users)
        waiting = self.server.ctl_json("queue", "list")["messages"]
        self.assertEqual([to["address"] for one in waiting for to in one["recipients"]], ["someone@far.example"])
        self.send(77)
        self.server.wait_for_count("alice", 11)

    def test_3_what_was_there_before_the_restore_is_put_aside(self):
        aside = list(self.server.folder.glob("store.before-*"))
        self.assertEqual(len(aside), 1)
        self.assertEqual(aside[0].stat().st_mode & 0o777, 0o700)

    def test_4_a_backup_does_not_write_over_anything(self):
        there = self.server.folder / "there"
        there.mkdir()
        for path, word in ((there, "there already"), ("relative", "absolute path")):
            done = self.server.try_ctl("backup", str(path))
            self.assertEqual(done.returncode, REFUSED)
            self.assertIn(word, done.stderr)

    def test_5_what_is_no_backup_is_not_restored(self):
        self.assertEqual(self.server.stop(), 0)
        done = self.server.try_ctl("restore", str(self.server.folder / "there"))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("is no backup", done.stderr)
        self.server.start()
        self.assertEqual(self.server.count("alice"), 11)


if __name__ == "__main__":
    server.main()
