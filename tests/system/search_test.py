#!/usr/bin/env python3
"""SORT, THREAD, saved and partial searches and searches of several folders, as Python's imaplib sees them."""

import imaplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def mail(subject, date, sender, message_id, references=""):
    lines = [f"Subject: {subject}", f"Date: {date}", f"From: {sender}", f"Message-ID: <{message_id}>"]
    if references:
        lines.append(f"References: {references}")
    return "\r\n".join(lines).encode() + b"\r\n\r\nSome text.\r\n"


MAILS = (
    mail("Budget", "Mon, 02 Nov 2026 10:00:00 +0000", "zoe@example.net", "a@x"),
    mail("Re: Budget", "Wed, 04 Nov 2026 10:00:00 +0000", "bob@example.net", "b@x", "<a@x>"),
    mail("=?utf-8?q?=C3=84pfel?=", "Sun, 01 Nov 2026 10:00:00 +0000", "Carl <carl@example.net>", "c@x"),
    mail("[list] re: budget", "Tue, 03 Nov 2026 10:00:00 +0000", "anna@example.net", "d@x", "<a@x>"),
)


class SearchTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.server.imap("alice") as imap:
            for folder in ("Work", "Work/Old", "Empty"):
                imap.create(folder)
            for octets in MAILS:
                if imap.append("INBOX", None, None, octets)[0] != "OK":
                    raise AssertionError("APPEND failed")
            imap.append("Work", None, None, MAILS[0])
            imap.append("Work/Old", None, None, MAILS[1])
            imap.append("Work/Old", None, None, MAILS[2])

    def setUp(self):
        self.imap = self.enterContext(self.server.imap("alice"))
        self.imap.select("INBOX")

    def command(self, *words):
        """A command imaplib has no method for; the untagged ESEARCH responses it brings."""
        imaplib.Commands.setdefault("ESEARCH", ("AUTH", "SELECTED"))
        self.imap.untagged_responses.pop("ESEARCH", None)
        status, said = self.imap._simple_command(*words)
        self.assertEqual(status, "OK", said)
        return [line.decode() for line in self.imap.untagged_responses.pop("ESEARCH", []) if line]

    def sorted(self, criteria, *keys):
        return [int(one) for one in self.imap.sort(criteria, "UTF-8", *keys)[1][0].split()]

    def test_it_is_announced(self):
        said = self.imap.capability()[1][0].decode().split()
        for one in ("SORT", "SORT=DISPLAY", "ESORT", "THREAD=REFERENCES", "SEARCHRES", "PARTIAL", "MULTISEARCH"):
            self.assertIn(one, said)

    def test_sort(self):
        self.assertEqual(self.sorted("(DATE)", "ALL"), [3, 1, 4, 2])
        self.assertEqual(self.sorted("(SUBJECT REVERSE DATE)", "ALL"), [3, 2, 4, 1])
        self.assertEqual(self.sorted("(DISPLAYFROM)", "SINCE", "1-Jan-2020"), [4, 2, 3, 1])
        self.assertEqual(self.sorted("(FROM)", "SUBJECT", "budget"), [4, 2, 1])
        self.assertEqual(self.imap.uid("SORT", "(REVERSE DATE)", "UTF-8", "TEXT", "some")[1][0], b"2 4 1 3")

    def test_thread(self):
        self.assertEqual(self.imap.thread("REFERENCES", "UTF-8", "ALL")[1], [b"(3)(1 (4)(2))"])
        self.assertEqual(self.imap.thread("ORDEREDSUBJECT", "UTF-8", "ALL")[1], [b"(3)(1 (4)(2))"])

    def test_a_search_is_saved(self):
        self.command("SEARCH", "RETURN (SAVE)", "SUBJECT", "budget")
        self.assertEqual(self.imap.search(None, "$")[1][0], b"1 2 4")
        found = self.imap.fetch("$", "(UID)")[1]
        self.assertEqual(found, [b"1 (UID 1)", b"2 (UID 2)", b"4 (UID 4)"])

    def test_a_part_of_the_results(self):
        (said,) = self.command("UID", "SEARCH", "RETURN (PARTIAL -1:-2 COUNT)", "ALL")
        self.assertTrue(said.endswith("UID PARTIAL (-1:-2 3:4) COUNT 4"), said)

    def test_several_folders_are_searched(self):
        said = self.command("ESEARCH", "IN (personal)", "RETURN (COUNT)", "SUBJECT", "budget")
        found = {line.split('MAILBOX "')[1].split('"')[0]: line.rsplit(" ", 1)[1] for line in said}
        self.assertEqual(found, {"INBOX": "3", "Work": "1", "Work/Old": "1"})
        # The whole text of messages in a folder that is not selected.
        (said,) = self.command("ESEARCH", 'IN (subtree-one "Work/Old")', "BODY", "text", "SUBJECT", "Re:")
        self.assertIn('MAILBOX "Work/Old" UIDVALIDITY', said)
        self.assertTrue(said.endswith("UID ALL 1"), said)
        # The selected folder is still the same, and its news still come.
        with self.server.imap("alice") as other:
            other.append("Work", None, None, MAILS[2])
            other.select("INBOX")
            other.store("1", "+FLAGS", "\\Flagged")
        self.imap.noop()
        self.assertEqual(self.imap.search(None, "FLAGGED")[1][0], b"1")


if __name__ == "__main__":
    server.main()
