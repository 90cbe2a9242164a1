#!/usr/bin/env python3
"""Messages that were expunged come back: with their flags and dates, once, and as long as the settings say."""

import poplib
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def mail(words):
    return f"From: bob@example.net\r\nSubject: {words}\r\n\r\n{words}\r\n".encode()


class UndeleteTest(server.ServerTest):
    def fill(self, user, folder, *words):
        with self.server.imap(user) as imap:
            imap.create(folder)
            for each in words:
                imap.append(folder, r"(\Seen)", '"01-Jan-2020 12:00:00 +0000"', mail(each))

    def expunge(self, imap, folder, uids):
        imap.select(folder)
        imap.uid("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)")
        imap.expunge()

    def subjects(self, user, folder="INBOX"):
        found = []
        for message in self.server.messages(user, folder):
            found.append(message.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode())
        return found

    def listed(self, user, *more):
        return self.server.ctl_json("undelete", server.address(user), "--list", *more)["expunged"]

    def undelete(self, user, *more):
        return self.server.ctl_json("undelete", server.address(user), *more)

    def expect_sound(self):
        self.assertIn(": sound", self.server.ctl("verify"))

    def test_what_a_client_expunged_comes_back_as_it_was(self):
        self.fill("alice", "Work", "one", "two", "three")
        with self.server.imap("alice") as imap:
            self.expunge(imap, "Work", "1:2")
            [line] = self.listed("alice")
            self.assertEqual((line["folder"], line["messages"], line["folder_gone"]), ("Work", 2, False))
        self.expect_sound()
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.listed("alice", "--folder", "INBOX"), [])
        told = self.server.ctl("undelete", server.address("alice"), "--folder", "Work")
        self.assertIn("2 messages are back in Work", told)
        with self.server.imap("alice") as imap:
            imap.select("Work")
            self.assertEqual(imap.uid("SEARCH", "ALL")[1][0], b"3 4 5")
            flags = imap.uid("FETCH", "4", "(FLAGS INTERNALDATE)")[1][0]
            self.assertIn(rb"FLAGS (\Seen)", flags)
            self.assertIn(b" 1-Jan-2020 12:00:00 +0000", flags)
        self.assertEqual(sorted(self.subjects("alice", "Work")), ["one", "three", "two"])
        self.assertEqual(self.listed("alice"), [])
        self.assertEqual(self.undelete("alice")["messages"], 0)
        self.expect_sound()

    def test_a_deleted_folder_comes_back_below_the_inbox(self):
        self.fill("bob", "Old", *(f"message {number}" for number in range(70)))
        with self.server.imap("bob") as imap:
            self.assertEqual(imap.delete("Old")[0], "OK")
        server.wait_until("the eraser", lambda: sum(each["messages"] for each in self.listed("bob")) == 70)
        self.assertTrue(all(each["folder_gone"] for each in self.listed("bob")))
        told = self.undelete("bob", "--folder", "Old")
        self.assertEqual(told["folders"], [{"folder": "INBOX/Recovered", "messages": 70}])
        self.assertEqual(self.server.count("bob", "INBOX/Recovered"), 70)
        self.expect_sound()

    def test_what_goes_after_a_rename_is_known_by_the_new_name(self):
        self.fill("alice", "Former", "one")
        with self.server.imap("alice") as imap:
            imap.rename("Former", "Latter")
            self.expunge(imap, "Latter", "1")
            imap.select("INBOX")
            imap.delete("Latter")
            imap.create("Former")
        self.assertEqual(self.undelete("alice", "--folder", "Former")["messages"], 0)
        told = self.undelete("alice", "--folder", "Latter")
        self.assertEqual(told["folders"], [{"folder": "INBOX/Recovered", "messages": 1}])

    def test_what_pop3_deleted_comes_back(self):
        self.fill("carol", "INBOX", "kept", "gone")
        pop = poplib.POP3("127.0.0.1", self.server.ports["pop3"])
        pop.stls(self.server.tls())
        pop.user(server.address("carol"))
        pop.pass_(server.PASSWORD)
        pop.dele(2)
        pop.quit()
        self.assertEqual(self.subjects("carol"), ["kept"])
        self.assertEqual(self.undelete("carol")["messages"], 1)
        self.assertEqual(self.subjects("carol"), ["kept", "gone"])

    def test_times_and_users_are_checked(self):
        self.fill("alice", "Times", "one")
        with self.server.imap("alice") as imap:
            self.expunge(imap, "Times", "1")
        [line] = self.listed("alice", "--folder", "Times")
        self.assertEqual(len(self.listed("alice", "--since", line["expunged_at"])), 1)
        self.assertEqual(self.undelete("alice", "--since", "2999-01-01")["messages"], 0)
        for wrong in ("yesterday", "2026-02-30", "2026-02-01T10:00:00", "2026-02-01T25:00:00Z"):
            self.assertNotEqual(self.server.try_ctl("undelete", server.address("alice"), "--since", wrong).returncode, 0)
        self.assertNotEqual(self.server.try_ctl("undelete", "nobody@example.test").returncode, 0)
        self.assertEqual(self.undelete("alice", "--since", "2020-01-01", "--folder", "Times")["messages"], 1)

    def test_nothing_is_kept_when_the_settings_say_so(self):
        self.during_test(store__undelete_retention_days=0)
        self.fill("bob", "Bin", "one")
        with self.server.imap("bob") as imap:
            self.expunge(imap, "Bin", "1")
        self.assertEqual(self.listed("bob", "--folder", "Bin"), [])
        self.expect_sound()


if __name__ == "__main__":
    server.main()
