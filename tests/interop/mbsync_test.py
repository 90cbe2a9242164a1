#!/usr/bin/env python3
"""mbsync keeps a Maildir and a mailbox alike, both ways."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def message(words):
    header = f"From: a@elsewhere.example\r\nSubject: {words}\r\nMessage-ID: <{words}@c.example>\r\n"
    return f"{header}\r\n{words}\r\n".encode()


class MbsyncTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.mbsync = server.tool("mbsync")
        super().setUpClass()
        cls.server.add_user(server.address("dora"))

    def setUp(self):
        self.local = self.server.folder / f"local-{self.id().rpartition('.')[2]}"
        self.local.mkdir()

    def sync(self, user, *, listener="imaps", ssl="IMAPS"):
        config = self.local / "mbsyncrc"
        config.write_text(
            f"""IMAPAccount server
Host localhost
Port {self.server.ports[listener]}
User {server.address(user)}
Pass "{server.PASSWORD}"
SSLType {ssl}
CertificateFile {self.server.certificate}
Timeout 30

IMAPStore far
Account server

MaildirStore near
Path {self.local}/
Inbox {self.local}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""
        )
        # A folder of its own for what mbsync remembers.
        server.run([self.mbsync, "--config", config, "--all"], env={**os.environ, "HOME": str(self.local)})

    def files(self, folder="INBOX"):
        """The local messages: words of the subject → file."""
        found = {}
        for part in ("new", "cur"):
            for path in (self.local / folder / part).glob("*"):
                header = path.read_bytes().partition(b"Subject: ")[2]
                found[header.splitlines()[0].decode()] = path
        return found

    def put_local(self, folder, words, flags=""):
        for part in ("tmp", "new", "cur"):
            (self.local / folder / part).mkdir(parents=True, exist_ok=True)
        octets = message(words).replace(b"\r\n", b"\n")
        (self.local / folder / "cur" / f"1700000000.{words}.local:2,{flags}").write_bytes(octets)

    def far_flags(self, user, words):
        with self.server.imap(user) as imap:
            imap.select("INBOX", readonly=True)
            number = imap.search(None, "SUBJECT", words)[1][0].decode()
            return imap.fetch(number, "(FLAGS)")[1][0]

    def append(self, user, words, folder="INBOX"):
        with self.server.imap(user) as imap:
            imap.append(folder, None, None, message(words))

    def test_it_brings_mail_folders_and_flags_down(self):
        with self.server.imap("alice") as imap:
            imap.create("Projects/Crane")
        for number in range(20):
            self.append("alice", f"down{number}")
        self.append("alice", "nested", "Projects/Crane")
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("3", "+FLAGS", r"(\Seen \Flagged)")
        self.sync("alice", listener="imap", ssl="STARTTLS")
        files = self.files()
        self.assertEqual(sorted(files), sorted(f"down{number}" for number in range(20)))
        self.assertEqual(set(files["down2"].name.rpartition(",")[2]) & set("FS"), set("FS"))
        self.assertEqual(list(self.files("Projects/Crane")), ["nested"])

    def test_it_brings_mail_folders_and_flags_up(self):
        self.put_local("INBOX", "up1", "S")
        self.put_local("INBOX", "up2", "FR")
        self.put_local("Sent", "sent1", "S")
        self.sync("bob")
        self.assertEqual(self.server.count("bob"), 2)
        self.assertEqual(self.server.count("bob", "Sent"), 1)
        self.assertIn(rb"\Seen", self.far_flags("bob", "up1"))
        self.assertIn(rb"\Answered", self.far_flags("bob", "up2"))
        # mbsync adds a header of its own to find the message again; the rest is what it was.
        self.assertTrue(self.server.messages("bob")[0].endswith(b"\r\n\r\nup1\r\n"))

    def test_changes_go_both_ways_and_do_not_come_back(self):
        for words in ("keep", "flag-far", "flag-near", "delete-far", "delete-near"):
            self.append("carol", words)
        self.sync("carol")
        with self.server.imap("carol") as imap:
            imap.select("INBOX")
            number = imap.search(None, "SUBJECT", "flag-far")[1][0].decode()
            imap.store(number, "+FLAGS", r"(\Flagged)")
            number = imap.search(None, "SUBJECT", "delete-far")[1][0].decode()
            imap.store(number, "+FLAGS", r"(\Deleted)")
            imap.expunge()
        files = self.files()
        near = files["flag-near"]
        near.rename(near.parent.parent / "cur" / (near.name.partition(":")[0] + ":2,F"))
        files["delete-near"].unlink()
        self.put_local("INBOX", "new-near")
        self.append("carol", "new-far")
        for _ in range(2):  # the second time there is nothing to do
            self.sync("carol")
            files = self.files()
            self.assertEqual(sorted(files), ["flag-far", "flag-near", "keep", "new-far", "new-near"])
            self.assertIn("F", files["flag-far"].name.rpartition(",")[2])
            self.assertEqual(self.server.count("carol"), 5)
            self.assertIn(rb"\Flagged", self.far_flags("carol", "flag-near"))

    def test_edits_of_the_same_message_on_both_sides_are_joined(self):
        for words in ("both-flagged", "deleted-near-flagged-far", "deleted-far-flagged-near"):
            self.append("dora", words)
        self.sync("dora")
        with self.server.imap("dora") as imap:
            imap.select("INBOX")
            for words, flag in (
                ("both-flagged", r"(\Answered)"),
                ("deleted-near-flagged-far", r"(\Flagged)"),
                ("deleted-far-flagged-near", r"(\Deleted)"),
            ):
                imap.store(imap.search(None, "SUBJECT", words)[1][0].decode(), "+FLAGS", flag)
            imap.expunge()
        files = self.files()
        for words in ("both-flagged", "deleted-far-flagged-near"):
            near = files[words]
            near.rename(near.parent.parent / "cur" / (near.name.partition(":")[0] + ":2,F"))
        files["deleted-near-flagged-far"].unlink()
        for _ in range(2):
            self.sync("dora")
            near = sorted(self.files())
            self.assertEqual(self.server.count("dora"), len(near))
            self.assertIn("both-flagged", near)
            flags = self.far_flags("dora", "both-flagged")
            self.assertIn(rb"\Answered", flags)
            self.assertIn(rb"\Flagged", flags)


if __name__ == "__main__":
    server.main()
