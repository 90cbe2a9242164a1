#!/usr/bin/env python3
"""A mailbox or a domain that is full takes no new mail, and says so in the way the operator chose."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

HALF_A_MEGABYTE = b"Subject: large\r\n\r\n" + (b"x" * 78 + b"\r\n") * 6554


class QuotaTest(server.ServerTest):
    def answer_to(self, recipient, *options):
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.mail("a@elsewhere.example", options)[0], 250)
            return smtp.rcpt(recipient)

    def fill(self, user):
        """Two messages of half a megabyte by APPEND, into a mailbox of a megabyte."""
        with self.server.imap(user) as imap:
            for _ in range(2):
                self.assertEqual(imap.append("INBOX", None, None, HALF_A_MEGABYTE)[0], "OK")

    def test_1_a_full_mailbox_defers_or_refuses_mail_as_set(self):
        self.fill("alice")
        self.user_during_test("alice", quota_mb=1)
        code, text = self.answer_to("alice@example.test")
        self.assertEqual((code, text[:5]), (452, b"4.2.2"))
        self.during_test(smtp_in__over_quota_reply="permanent")
        code, text = self.answer_to("alice@example.test")
        self.assertEqual((code, text[:5]), (552, b"5.2.2"))
        self.assertEqual(self.answer_to("bob@example.test")[0], 250, "others have room")

    def test_2_a_full_mailbox_refuses_append_and_takes_mail_once_there_is_room(self):
        self.user_during_test("alice", quota_mb=1)
        with self.server.imap("alice") as imap:
            kind, text = imap.append("INBOX", None, None, b"Subject: no room\r\n\r\nx\r\n")
            self.assertEqual(kind, "NO")
            self.assertIn(b"[OVERQUOTA]", text[0])  # RFC 5530
            imap.select("INBOX")
            imap.store("1", "+FLAGS", r"(\Deleted)")
            imap.expunge()
            self.assertEqual(imap.append("INBOX", None, None, b"Subject: room\r\n\r\nx\r\n")[0], "OK")
        self.assertEqual(self.answer_to("alice@example.test")[0], 250)

    def test_3_copying_into_a_full_mailbox_is_refused(self):
        self.fill("bob")
        self.user_during_test("bob", quota_mb=1)
        with self.server.imap("bob") as imap:
            imap.create("Copies")
            imap.select("INBOX")
            kind, text = imap.copy("1", "Copies")
            self.assertEqual(kind, "NO")
            self.assertIn(b"[OVERQUOTA]", text[0])
            self.assertIn(b"MESSAGES 0", imap.status("Copies", "(MESSAGES)")[1][0])

    def test_4_a_message_announced_too_large_for_what_is_left_is_refused(self):
        self.user_during_test("carol", quota_mb=1)
        self.assertEqual(self.answer_to("carol@example.test", "SIZE=500000")[0], 250)
        self.assertEqual(self.answer_to("carol@example.test", "SIZE=2000000")[0], 452)

    def test_5_a_full_domain_takes_no_mail(self):
        self.fill("carol")
        self.domain_during_test(disk_space_mb=1)
        code, text = self.answer_to("carol@example.test")
        self.assertEqual((code, text[:4]), (452, b"4.2."))
        self.during_test(smtp_in__over_quota_reply="permanent")
        self.assertEqual(self.answer_to("carol@example.test")[0], 552)
        self.assertEqual(self.server.count("carol"), 2, "reading goes on")

    def test_6_a_full_domain_stays_full_over_a_restart_and_its_administrator_is_told(self):
        self.server.add_user("boss@example.test", "--role", "domain_admin")
        self.fill("carol")
        self.domain_during_test(disk_space_mb=1)
        self.server.restart()
        self.assertEqual(self.answer_to("bob@example.test")[0], 452, "from the first question on")
        self.assertEqual(self.answer_to("boss@example.test")[0], 452)
        letter = self.server.wait_for_message("boss", b"disk space of example.test is used up")
        self.assertIn(b"Return-Path: <>", letter)
        self.assertIn(b"Auto-Submitted: auto-generated", letter)
        self.assertEqual(self.server.count("boss"), 1)


if __name__ == "__main__":
    server.main()
