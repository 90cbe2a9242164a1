#!/usr/bin/env python3
"""stagepostctl import: an mbox, a Maildir, a folder of .eml files; a second run brings nothing twice."""

import datetime
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

REFUSED = 1


def letter(number):
    return f"From: a@elsewhere.example\nSubject: letter {number}\n\nBody of {number}\n"


class ImportTest(server.ServerTest):
    def run_import(self, user, path, *more):
        answer = self.server.ctl_json("import", server.address(user), str(path), *more)
        return answer["imported"], answer["known"], answer["refused"]

    def expected(self, *numbers):
        return [letter(number).replace("\n", "\r\n").encode() for number in numbers]

    def test_a_folder_of_eml_files(self):
        folder = self.server.folder / "letters"
        (folder / "below").mkdir(parents=True)
        for number, path in enumerate(("1.eml", "2.eml", "below/3.eml")):
            (folder / path).write_text(letter(number))
        (folder / "notes.txt").write_text("no mail\n")
        os.utime(folder / "1.eml", (1500000000, 1500000000))
        self.assertEqual(self.run_import("alice", folder), (3, 0, 0))
        self.assertEqual(self.run_import("alice", folder), (0, 3, 0), "safe to repeat")
        (folder / "4.eml").write_text(letter(3))
        self.assertEqual(self.run_import("alice", folder), (1, 3, 0))
        self.assertEqual(self.server.messages("alice"), self.expected(0, 1, 2, 3))
        with self.server.imap("alice") as imap:
            imap.select("INBOX", readonly=True)
            self.assertIn(b"14-Jul-2017", imap.fetch("1", "(INTERNALDATE)")[1][0])

    def test_one_file(self):
        path = self.server.folder / "one.eml"
        path.write_bytes(letter(9).replace("\n", "\r\n").encode())
        self.assertEqual(self.run_import("alice", path, "--folder", "Single"), (1, 0, 0))
        self.assertEqual(self.server.messages("alice", "Single"), self.expected(9))

    def test_an_mbox(self):
        path = self.server.folder / "mbox"
        separator = "From a@elsewhere.example Thu Jan  1 00:00:00 2015\n"
        quoted = letter(1) + ">From the first word on\n>>From deeper\n"
        path.write_text(separator + letter(0) + "\n" + separator + quoted + "\n" + separator + letter(2))
        self.assertEqual(self.run_import("bob", path, "--folder", "Old mail"), (3, 0, 0))
        self.assertEqual(self.run_import("bob", path, "--folder", "Old mail"), (0, 3, 0))
        stored = self.server.messages("bob", "Old mail")
        self.assertEqual([stored[0], stored[2]], self.expected(0, 2))
        self.assertTrue(stored[1].endswith(b"Body of 1\r\nFrom the first word on\r\n>From deeper\r\n"))
        self.assertEqual(self.run_import("bob", path), (3, 0, 0), "another folder is another place")

    def test_the_date_of_a_message_of_an_mbox(self):
        def separator(rest):
            return f"From a@elsewhere.example{rest}\n"

        dated = "Date: Tue, 3 Mar 2015 10:00:00 +0100\n" + letter(0)
        cases = (
            (" Thu Jan  1 00:00:05 2015", letter(0), "01-Jan-2015 00:00:05"),
            (" Thu Jan  1 00:00:05 2015", dated, "01-Jan-2015 00:00:05"),
            (" Fri Feb 13 23:31:30 +0100 2009", letter(0), "13-Feb-2009 22:31:30"),
            (" Fri Feb 13 23:31:30 2009 -0500", letter(0), "14-Feb-2009 04:31:30"),
            (" Fri, 13 Feb 2009 23:31:30 +0000", letter(0), "13-Feb-2009 23:31:30"),
            ("", dated, "03-Mar-2015 09:00:00"),
            (" Thu Jan 99 00:00:05 2015", dated, "03-Mar-2015 09:00:00"),
            (" Thu Jan", dated, "03-Mar-2015 09:00:00"),
            ("", letter(0), None),
            ("", "Date: yesterday\n" + letter(0), None),
        )  # fmt: skip
        path = self.server.folder / "dated"
        letters = (separator(rest) + text + f"{number}\n" for number, (rest, text, _) in enumerate(cases))
        path.write_text("\n".join(letters))
        today = datetime.datetime.now(datetime.timezone.utc)
        self.assertEqual(self.run_import("alice", path, "--folder", "Dated"), (len(cases), 0, 0))
        with self.server.imap("alice") as imap:
            imap.select("Dated", readonly=True)
            lines = imap.fetch("1:*", "(INTERNALDATE)")[1]
        for (rest, text, expected), line in zip(cases, lines, strict=True):
            with self.subTest(rest + " / " + text.splitlines()[0]):
                stamp = line.split(b'"')[1].decode().strip()
                came = datetime.datetime.strptime(stamp, "%d-%b-%Y %H:%M:%S %z").astimezone(datetime.timezone.utc)
                if expected:
                    self.assertEqual(came.strftime("%d-%b-%Y %H:%M:%S"), expected)
                else:
                    self.assertLess(abs((came - today).total_seconds()), 600)

    def test_an_mbox_with_windows_line_ends(self):
        path = self.server.folder / "mbox-windows"
        separator = "From a@elsewhere.example Thu Jan  1 00:00:00 2015\n"
        text = separator + letter(5) + "\n" + separator + letter(6)
        path.write_bytes(text.replace("\n", "\r\n").encode())
        self.assertEqual(self.run_import("bob", path, "--folder", "Windows"), (2, 0, 0))
        self.assertEqual(self.server.messages("bob", "Windows"), self.expected(5, 6))

    def test_a_maildir_with_its_flags(self):
        folder = self.server.folder / "Maildir"
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "cur" / "1.host:2,FRS").write_text(letter(1))
        (folder / "cur" / "2.host:2,").write_text(letter(2))
        (folder / "new" / "3.host").write_text(letter(3))
        (folder / "tmp" / "4.host").write_text("half a let")
        self.assertEqual(self.run_import("carol", folder), (3, 0, 0))
        self.assertEqual(self.run_import("carol", folder), (0, 3, 0))
        with self.server.imap("carol") as imap:
            imap.select("INBOX", readonly=True)
            flags = imap.fetch("1:3", "(FLAGS)")[1]
            for word in (rb"\Flagged", rb"\Answered", rb"\Seen"):
                self.assertEqual([word in line for line in flags], [True, False, False], word)

    def test_what_cannot_be_read_is_told(self):
        path = self.server.folder / "nowhere"
        done = self.server.try_ctl("import", "alice@example.test", str(path))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(str(path), done.stderr)
        path = self.server.folder / "one-more.eml"
        path.write_text(letter(0))
        done = self.server.try_ctl("import", "nobody@example.test", str(path))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("There is no user", done.stderr)

    def test_what_is_too_large_or_too_much_does_not_keep_the_others_out(self):
        self.server.add_user("erin@example.test")
        self.server.ctl("user", "set", "erin@example.test", "quota_mb=1")
        self.server.set(imap__max_append_size_kb=1024)
        self.addCleanup(lambda: self.server.set(imap__max_append_size_kb=0))
        long_line = "x" * 70 + "\n"
        texts = [letter(0), letter(1) + long_line * 70000, letter(2) + long_line * 20000, letter(3)]
        path = self.server.folder / "some-too-large"
        separator = "From a@elsewhere.example Thu Jan  1 00:00:00 2015\n"
        path.write_text("\n".join(separator + text for text in texts))
        done = self.server.try_ctl("--json", "import", "erin@example.test", str(path))
        self.assertEqual(done.returncode, REFUSED)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["imported"], answer["known"], answer["refused"]), (2, 0, 2))
        self.assertIn("max_append_size", done.stderr)
        self.assertEqual(self.server.messages("erin"), self.expected(0, 3))

    def test_a_thousand_letters_keep_their_order(self):
        path = self.server.folder / "thousand"
        separator = "From a@elsewhere.example Thu Jan  1 00:00:00 2015\n"
        numbers = [*range(1000), 7, 8]
        path.write_text("\n".join(separator + letter(number) for number in numbers))
        self.assertEqual(self.run_import("carol", path, "--folder", "Many"), (1000, 2, 0), "two are there twice")
        self.assertEqual(self.server.messages("carol", "Many"), self.expected(*range(1000)))
        self.assertEqual(self.run_import("carol", path, "--folder", "Many"), (0, 1002, 0))

    def test_a_full_mailbox_is_told(self):
        self.server.add_user("dora@example.test")
        self.server.ctl("user", "set", "dora@example.test", "quota_mb=1")
        path = self.server.folder / "large.eml"
        path.write_text(letter(0) + ("x" * 70 + "\n") * 20000)
        done = self.server.try_ctl("import", "dora@example.test", str(path))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("quota", done.stderr)
        self.assertTrue(self.server.ctl_json("verify")["sound"])


if __name__ == "__main__":
    server.main()
