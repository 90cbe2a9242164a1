#!/usr/bin/env python3
"""What was stored is there after the daemon ended, in order or not."""

import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def message(number):
    return (
        f"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: message {number}\r\n"
        f"Message-ID: <{number}@client.example>\r\n\r\nBody of {number}\r\n"
    ).encode()


class PersistenceTest(server.ServerTest):
    def send(self, first, count):
        with self.server.smtp() as smtp:
            for number in range(first, first + count):
                smtp.sendmail("alice@example.test", ["bob@example.test"], message(number))

    def subjects(self):
        lines = [one.partition(b"Subject: ")[2].partition(b"\r\n")[0] for one in self.server.messages("bob")]
        return sorted(int(line.split()[-1]) for line in lines)

    def state(self):
        """UIDVALIDITY, UIDNEXT, UIDs and flags, as a client compares them after a restart."""
        with self.server.imap("bob") as imap:
            status = imap.status("INBOX", "(UIDVALIDITY UIDNEXT MESSAGES UNSEEN)")[1][0]
            imap.select("INBOX", readonly=True)
            reply = imap.fetch("1:*", "(UID FLAGS)")[1]
            return status, [line.replace(b" \\Recent", b"").replace(b"\\Recent", b"") for line in reply if line]

    def test_1_mail_and_flags_survive_an_orderly_restart(self):
        self.send(0, 20)
        self.server.wait_for_count("bob", 20)
        with self.server.imap("bob") as imap:
            imap.select("INBOX")
            imap.store("3", "+FLAGS", r"(\Seen \Flagged keyword)")
            imap.store("5", "+FLAGS", r"(\Deleted)")
            imap.expunge()
            imap.create("Archive/2025")
            imap.copy("1:4", "Archive/2025")
        before = self.state()
        self.assertEqual(self.server.restart(), 0, "the exit code of an orderly end")
        self.assertEqual(self.state(), before)
        self.assertEqual(self.server.count("bob", "Archive/2025"), 4)

    def test_2_acknowledged_mail_survives_a_kill(self):
        before = self.subjects()
        self.send(100, 30)
        self.server.restart(signal.SIGKILL)  # at once: some of it is still in the spool
        self.server.wait_for_count("bob", len(before) + 30)
        self.assertEqual(self.subjects(), sorted(before + list(range(100, 130))))

    def test_3_users_and_passwords_survive(self):
        self.server.restart(signal.SIGKILL)
        with self.server.submission("carol") as smtp:
            self.assertEqual(smtp.noop()[0], 250)

    def test_4_uids_are_never_used_again(self):
        with self.server.imap("bob") as imap:
            imap.select("INBOX")
            last = imap.uid("SEARCH", "ALL")[1][0].split()[-1]
            imap.uid("STORE", last, "+FLAGS", r"(\Deleted)")
            imap.expunge()
        self.server.restart(signal.SIGKILL)
        self.send(200, 1)
        self.server.wait_for_message("bob", b"Body of 200")
        with self.server.imap("bob") as imap:
            imap.select("INBOX", readonly=True)
            self.assertGreater(int(imap.uid("SEARCH", "ALL")[1][0].split()[-1]), int(last))

    def test_5_a_second_daemon_does_not_start_on_the_same_folder(self):
        done = subprocess.run(
            [self.server.bin / "stagepostd", "--config", self.server.config], capture_output=True, timeout=60
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.server.count("carol"), 0, "the first one goes on")


if __name__ == "__main__":
    server.main()
