#!/usr/bin/env python3
"""NeoMutt reads, flags, copies and deletes mail over IMAP, in a terminal of its own."""

import os
import pty
import select
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

PATIENCE_SECONDS = 60


class NeomuttTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.neomutt = server.tool("neomutt")
        super().setUpClass()

    def run_neomutt(self, user, keys):
        """Opens the INBOX, types `keys`, and waits for the end."""
        home = self.server.folder / f"home-{self.id().rpartition('.')[2]}"
        home.mkdir(exist_ok=True)
        config = home / "muttrc"
        config.write_text(
            f"""set imap_user = "{server.address(user)}"
set imap_pass = "{server.PASSWORD}"
set folder = "imaps://localhost:{self.server.ports["imaps"]}/"
set spoolfile = "+INBOX"
set certificate_file = "{self.server.certificate}"
set ssl_ca_certificates_file = "{self.server.certificate}"
set imap_condstore = yes
set imap_qresync = yes
set confirmappend = no
set delete = yes
set mark_old = no
set move = no
set quit = yes
set sort = mailbox-order
set header_cache = ""
set wait_key = no
push "{keys}"
"""
        )
        try:
            ours, theirs = pty.openpty()
        except OSError as error:  # a chroot without /dev/pts
            raise unittest.SkipTest(f"there is no terminal for neomutt: {error}") from error
        environment = {**os.environ, "HOME": str(home), "TERM": "xterm", "LINES": "24", "COLUMNS": "80"}
        process = subprocess.Popen(
            [self.neomutt, "-n", "-F", config], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        seen = b""
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    raise AssertionError(f"neomutt did not end; its terminal has {seen[-2000:]!r}")
                if select.select([ours], [], [], 0.2)[0]:
                    try:
                        seen += os.read(ours, 65536)
                    except OSError:  # its end of the terminal is closed
                        break
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(PATIENCE_SECONDS)
            os.close(ours)
        self.assertEqual(process.returncode, 0, seen[-2000:])

    def fill(self, user):
        with self.server.imap(user) as imap:
            for number in range(1, 6):
                text = f"From: a@elsewhere.example\r\nSubject: letter {number}\r\n\r\ntext of letter {number}\r\n"
                imap.append("INBOX", None, None, text.encode())
            imap.create("Kept")

    def far(self, user, folder="INBOX"):
        """Subject → flags."""
        found = {}
        with self.server.imap(user) as imap:
            imap.select(folder, readonly=True)
            for number in imap.search(None, "ALL")[1][0].split():
                for part in imap.fetch(number.decode(), "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
                    if isinstance(part, tuple):
                        found[part[1].decode().removeprefix("Subject: ").strip()] = part[0].decode()
        return found

    def test_it_reads_flags_copies_and_deletes(self):
        self.fill("alice")
        read = self.server.folder / "read"
        self.run_neomutt(
            "alice",
            f"1<enter><display-message><pipe-message>cat > {read}<enter><exit>2<enter><flag-message>3<enter><copy-message>=Kept<enter>"
            "4<enter><delete-message><sync-mailbox><quit>",
        )
        self.assertIn(b"text of letter 1", read.read_bytes())
        inbox = self.far("alice")
        self.assertEqual(sorted(inbox), ["letter 1", "letter 2", "letter 3", "letter 5"])
        self.assertIn(r"\Seen", inbox["letter 1"])
        self.assertIn(r"\Flagged", inbox["letter 2"])
        self.assertEqual(list(self.far("alice", "Kept")), ["letter 3"])


if __name__ == "__main__":
    server.main()
