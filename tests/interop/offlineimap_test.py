#!/usr/bin/env python3
"""OfflineIMAP keeps a Maildir and a mailbox alike, both ways."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def message(words):
    header = f"From: a@elsewhere.example\r\nSubject: {words}\r\nMessage-ID: <{words}@o.example>\r\n"
    return f"{header}\r\n{words}\r\n".encode()


class OfflineimapTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.offlineimap = server.tool("offlineimap")
        super().setUpClass()

    def setUp(self):
        self.home = self.server.folder / f"home-{self.id().rpartition('.')[2]}"
        self.home.mkdir()
        self.mail = self.home / "mail"

    def sync(self, user):
        config = self.home / "offlineimaprc"
        config.write_text(
            f"""[general]
accounts = all
metadata = {self.home}/known
ui = basic
socktimeout = 30

[Account all]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {self.mail}
sync_deletes = yes

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {self.server.ports["imaps"]}
remoteuser = {server.address(user)}
remotepass = {server.PASSWORD}
ssl = yes
sslcacertfile = {self.server.certificate}
maxconnections = 2
"""
        )
        server.run([self.offlineimap, "-c", config, "-o"], env={**os.environ, "HOME": str(self.home)})

    def files(self, folder="INBOX"):
        """The local messages: words of the subject → file."""
        found = {}
        for part in ("new", "cur"):
            for path in (self.mail / folder / part).glob("*"):
                found[path.read_bytes().partition(b"Subject: ")[2].splitlines()[0].decode()] = path
        return found

    def append(self, user, words, folder="INBOX"):
        with self.server.imap(user) as imap:
            self.assertEqual(imap.append(folder, None, None, message(words))[0], "OK")

    def far(self, user, folder="INBOX"):
        """The server's messages: words of the subject → flags."""
        found = {}
        with self.server.imap(user) as imap:
            imap.select(folder, readonly=True)
            for number in imap.search(None, "ALL")[1][0].split():
                flags, header = None, None
                for part in imap.fetch(number.decode(), "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
                    if isinstance(part, tuple):
                        flags, header = part
                found[header.decode().removeprefix("Subject: ").strip()] = flags.decode()
        return found

    def test_it_brings_mail_folders_and_flags_down(self):
        with self.server.imap("alice") as imap:
            imap.create("Projects/Crane")
        for number in range(10):
            self.append("alice", f"down{number}")
        self.append("alice", "nested", "Projects/Crane")
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("3", "+FLAGS", r"(\Seen \Flagged)")
        self.sync("alice")
        files = self.files()
        self.assertEqual(sorted(files), [f"down{number}" for number in range(10)])
        self.assertEqual(set(files["down2"].name.rpartition(",")[2]) & set("FS"), set("FS"))
        self.assertEqual(list(self.files("Projects.Crane")), ["nested"])

    def test_changes_on_both_sides_come_together(self):
        for words in ("keep", "flag-far", "flag-near", "delete-far", "delete-near", "flag-both"):
            self.append("bob", words)
        self.sync("bob")
        with self.server.imap("bob") as imap:
            imap.select("INBOX")
            for words, flag in (("flag-far", r"(\Flagged)"), ("delete-far", r"(\Deleted)"), ("flag-both", r"(\Seen)")):
                number = imap.search(None, "SUBJECT", words)[1][0].decode()
                imap.store(number, "+FLAGS", flag)
            imap.expunge()
        files = self.files()
        for words, flags in (("flag-near", "F"), ("flag-both", "F")):
            path = files[words]
            path.rename(path.parent.parent / "cur" / (path.name.partition(":")[0] + f":2,{flags}"))
        files["delete-near"].unlink()
        octets = message("new-near").replace(b"\r\n", b"\n")
        (self.mail / "INBOX" / "cur" / "1700000000.new.local:2,S").write_bytes(octets)
        self.append("bob", "new-far")
        wanted = ["flag-both", "flag-far", "flag-near", "keep", "new-far", "new-near"]
        for _ in range(2):  # the second time there is nothing to do
            self.sync("bob")
            self.assertEqual(sorted(self.files()), wanted)
            far = self.far("bob")
            self.assertEqual(sorted(far), wanted)
            self.assertIn(r"\Flagged", far["flag-near"])
            self.assertIn(r"\Seen", far["new-near"])
            for flag in (r"\Seen", r"\Flagged"):
                self.assertIn(flag, far["flag-both"], "two changes of one message are both kept")


if __name__ == "__main__":
    server.main()
