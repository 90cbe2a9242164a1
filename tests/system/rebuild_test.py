#!/usr/bin/env python3
"""Folders that were damaged are made again from bodies and change logs; what was in a folder at a time is shown."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

VERIFY_FOUND = 4


def mail(words):
    return f"From: bob@example.net\r\nSubject: {words}\r\n\r\n{words}\r\n".encode()


class RebuildTest(server.ServerTest):
    def fill(self, user):
        """Two folders with flags and a keyword; of "Work" 2 is expunged."""
        with self.server.imap(user) as imap:
            for folder in ("INBOX", "Work"):
                imap.create(folder)
                for number in range(1, 5):
                    imap.append(folder, r"(\Flagged)" if number == 4 else None, None, mail(f"{folder} {number}"))
            imap.select("Work")
            imap.uid("STORE", "1", "+FLAGS", r"(\Seen $Todo)")
            imap.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
            imap.expunge()

    def look(self, user):
        """What a client sees of all folders: validity, next UID, flags and octets."""
        found = {}
        with self.server.imap(user) as imap:
            for folder in ("INBOX", "Work"):
                status = imap.status(folder, "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)")[1][0]
                imap.select(folder, readonly=True)
                found[folder] = (status, imap.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1])
        return found

    def damage(self, how, *families):
        for store in sorted((self.server.folder / "store").glob("shard*")):
            server.run([self.server.bin / "damage_store", str(store), how, *families])

    def rebuild(self, *more, expected=0):
        done = self.server.try_ctl("rebuild", *more)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return done.stdout

    def test_folders_come_back_as_they_were(self):
        self.fill("alice")
        self.fill("bob")
        before = {user: self.look(user) for user in ("alice", "bob")}
        refused = self.server.try_ctl("rebuild")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("stop it first", refused.stderr)

        self.server.stop()
        self.damage("drop", "mailbox_state", "flags")
        self.damage("spoil", "folders")
        self.server.start()
        self.assertEqual(self.server.try_ctl("verify").returncode, VERIFY_FOUND)
        self.server.stop()
        told = self.rebuild("--mailbox", server.address("nobody"), expected=1)
        told = self.rebuild()
        self.assertIn("folders have their records again", told)
        self.assertIn("messages stand in their folders again", told)
        self.assertIn("nothing was to be done", self.rebuild())
        self.server.start()
        self.assertIn(": sound", self.server.ctl("verify"))
        for user, was in before.items():
            self.assertEqual(self.look(user), was)
        with self.server.imap("alice") as imap:  # a UID does not come back
            imap.append("Work", None, None, mail("later"))
            imap.select("Work")
            self.assertEqual(imap.uid("SEARCH", "ALL")[1][0], b"1 3 4 5")

        # The same when even the records of messages are gone, but for dates that only they knew.
        before = self.server.messages("bob", "Work")
        self.server.stop()
        self.damage("drop", "messages", "flags", "folders")
        self.assertIn("records of messages were made from their bodies", self.rebuild())
        self.server.start()
        self.assertIn(": sound", self.server.ctl("verify"))
        self.assertEqual(self.server.messages("bob", "Work"), before)

    def history(self, *more):
        return self.server.ctl_json("mailbox", "history", server.address("carol"), *more)

    def test_a_folder_is_shown_as_it_was(self):
        self.fill("carol")
        changes = self.history("--folder", "Work")["changes"]
        kinds = [each["change"] for each in changes]
        self.assertEqual(kinds, ["added"] * 4 + ["flags", "flags", "expunged"])
        self.assertEqual(changes[4]["flags"], ["\\Seen", "$Todo"])
        self.assertEqual((changes[6]["uids"], changes[6]["messages"]), ("2", 1))
        [now] = self.history("--folder", "Work", "--at", "2999-01-01")["folders"]
        self.assertEqual([each["uid"] for each in now["messages"]], [1, 3, 4])
        self.assertTrue(now["complete"])
        [then] = self.history("--folder", "Work", "--at", "2020-01-01")["folders"]
        self.assertEqual(then["messages"], [])
        first = self.history("--folder", "Work", "--since", changes[4]["at"])["changes"]
        self.assertIn("expunged", [each["change"] for each in first])
        self.assertEqual(self.history("--since", "2999-01-01")["changes"], [])
        self.assertIn("$Todo", self.server.ctl("mailbox", "history", server.address("carol")))
        for wrong in (("--at", "yesterday"), ("--folder", "Nowhere")):
            self.assertNotEqual(
                self.server.try_ctl("mailbox", "history", server.address("carol"), *wrong).returncode, 0
            )
        self.assertNotEqual(self.server.try_ctl("mailbox", "history", "nobody@example.test").returncode, 0)


if __name__ == "__main__":
    server.main()
