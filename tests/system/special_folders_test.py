#!/usr/bin/env python3
"""The folders a new account begins with have the names the operator chose (IMAP-14)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class SpecialFoldersTest(server.ServerTest):
    def folders(self, user):
        with self.server.imap(user) as imap:
            kind, lines = imap.list()
            self.assertEqual(kind, "OK")
            return [line.decode() for line in lines]

    def has(self, lines, use, name):
        return any(use in line and line.endswith(f'"{name}"') for line in lines)

    def test_new_accounts_get_the_names_that_are_set(self):
        before = self.folders("alice")
        self.assertTrue(self.has(before, "\\Sent", "Sent Items"), before)
        self.during_test(imap__sent_folder="Sent", imap__trash_folder="Trash")
        self.server.add_user(server.address("dora"))
        fresh = self.folders("dora")
        self.assertTrue(self.has(fresh, "\\Sent", "Sent"), fresh)
        self.assertTrue(self.has(fresh, "\\Trash", "Trash"), fresh)
        self.assertTrue(self.has(fresh, "\\Junk", "Junk E-Mail"), fresh)
        self.server.restart()
        self.assertEqual(self.folders("alice"), before, "folders that are there keep their names")
        self.assertEqual(self.folders("dora"), fresh)

    def test_names_that_cannot_be_are_refused(self):
        for setting in ("imap.sent_folder=INBOX", "imap.sent_folder=a//b", "imap.sent_folder=Drafts"):
            self.assertNotEqual(self.server.try_ctl("settings", "set", setting).returncode, 0, setting)


if __name__ == "__main__":
    server.main()
