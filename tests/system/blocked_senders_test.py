#!/usr/bin/env python3
"""Senders whom the administrator has blocked, and what mail says of who logged in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FAR = "bob@far.example"
FIELD = b"X-Stagepost-Authenticated-As"


class BlockedSendersTest(sending.SendingTest):
    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route())

    def mail_as(self, user, sender=None):
        with self.server.submission(user) as smtp:
            return smtp.mail(f"{user}@example.test" if sender is None else sender)

    def check_blocked(self, answer):
        code, text = answer
        self.assertEqual(code, 550)
        self.assertTrue(text.startswith(b"5.7.1"), text)

    def test_a_blocked_user_cannot_send_until_he_is_taken_off_the_list(self):
        self.during_test(security__blocked_senders="alice@example.test")
        self.check_blocked(self.mail_as("alice"))
        self.check_blocked(self.mail_as("alice", ""))
        self.assertEqual(self.mail_as("bob")[0], 250)
        with self.server.smtp() as smtp:  # without a login neither
            self.check_blocked(smtp.mail("Alice@EXAMPLE.test"))
            self.assertEqual(smtp.mail("alice@elsewhere.example")[0], 250)
            self.assertEqual(smtp.rcpt("alice@example.test")[0], 250, "he still receives")
        with self.server.imap("alice") as imap:
            self.assertEqual(imap.select("INBOX")[0], "OK", "and reads")
        self.server.set(security__blocked_senders="")
        self.assertEqual(self.mail_as("alice")[0], 250)

    def test_domains_and_patterns_are_blocked(self):
        for entry, blocked in (
            ("example.test", {"alice", "bob"}),
            ("*.test", {"alice", "bob"}),
            ("al*@example.test", {"alice"}),
            ("*@example.*", {"alice", "bob"}),
            ("example.org, bob@example.test", {"bob"}),
            ("*@elsewhere.example", set()),
        ):
            with self.subTest(entry):
                self.during_test(security__blocked_senders=entry)
                self.assertEqual({user for user in ("alice", "bob") if self.mail_as(user)[0] == 550}, blocked)

    def test_other_names_of_the_domain_do_not_help(self):
        self.server.ctl("domain", "set", "example.test", "--add-name", "other.test")
        self.addCleanup(self.server.ctl, "domain", "set", "example.test", "--drop-name", "other.test")
        for entry in ("alice@example.test", "alice@other.test"):
            with self.subTest(entry):
                self.during_test(security__blocked_senders=entry)
                self.check_blocked(self.mail_as("alice"))
                self.check_blocked(self.mail_as("alice", "alice@other.test"))
                self.assertEqual(self.mail_as("bob")[0], 250)

    # -- SMTPOUT-10 ----------------------------------------------------------------------------------------------

    def fields(self, content):
        return [line for line in content.split(b"\r\n\r\n")[0].split(b"\r\n") if line.lower().startswith(FIELD.lower())]

    def sent_by_alice(self, *recipients):
        """What arrives of a message in which alice says that somebody else logged in."""
        self.submit(*recipients, text=FIELD + b": admin@example.test\r\n" + sending.TEXT)
        self.wait_for_empty_queue()
        return self.peer.messages[-1].content if self.peer.messages else b""

    def test_mail_that_leaves_says_who_logged_in(self):
        self.during_test(smtp_out__authenticated_as_header="true")
        self.assertEqual(self.fields(self.sent_by_alice(FAR)), [FIELD + b": alice@example.test"])

    def test_nobody_is_believed_who_says_so_himself(self):
        self.assertEqual(self.fields(self.sent_by_alice(FAR)), [])
        self.during_test(smtp_out__authenticated_as_header="true", smtp_in__whitelisted_networks="127.0.0.6")
        with self.server.smtp(from_address="127.0.0.6") as smtp:
            smtp.sendmail("a@elsewhere.example", [FAR], FIELD + b": admin@example.test\r\n" + sending.TEXT)
        self.wait_for_empty_queue()
        self.assertEqual(self.fields(self.peer.messages[-1].content), [])

    def test_mail_that_stays_says_nothing(self):
        self.during_test(smtp_out__authenticated_as_header="true")
        self.sent_by_alice("bob@example.test")
        self.server.wait_for_count("bob", 1)
        [got] = self.server.messages("bob")
        self.assertEqual(self.fields(got), [])
        self.inbox("bob")


if __name__ == "__main__":
    server.main()
