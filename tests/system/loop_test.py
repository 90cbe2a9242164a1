#!/usr/bin/env python3
"""A message that says it was delivered to somebody before is not delivered to him again (Delivered-To, RFC 9228)."""

import smtplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def message(subject, *fields):
    return "".join(f"{one}\r\n" for one in (*fields, "From: a@elsewhere.example", f"Subject: {subject}", "", "x"))


class LoopTest(server.ServerTest):
    def has(self, user, subject):
        return any(subject.encode() in one for one in self.server.messages(user))

    def send(self, recipients, content):
        """The reply to the content."""
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.mail("a@elsewhere.example")[0], 250)
            for one in recipients:
                self.assertEqual(smtp.rcpt(one)[0], 250, one)
            return smtp.data(content)

    def test_what_came_back_to_its_only_recipient_is_refused(self):
        for written in ("alice@example.test", "<ALICE@Example.TEST>", "\r\n alice@example.test"):
            code, text = self.send(["alice@example.test"], message("came back", f"Delivered-To: {written}"))
            self.assertEqual((code, text[:5]), (554, b"5.4.6"), written)
        many = [f"Delivered-To: someone{number}@elsewhere.example" for number in range(40)]
        code, _ = self.send(["alice@example.test"], message("came back", *many, "Delivered-To: alice@example.test"))
        self.assertEqual(code, 554)
        self.assertFalse(self.has("alice", "came back"))

    def returned(self, queue_id):
        """Whom the sender was told about, once he was."""

        def bounced():
            steps = self.server.ctl_json("trace", queue_id)["traces"][0]["steps"]
            return [dict(one["facts"]) for one in steps if one["step"] == "bounced"]

        found = server.wait_until("a bounce", bounced)
        self.assertEqual({one["status"] for one in found}, {"5.4.6"})
        return [one["recipient"] for one in found]

    def test_a_name_for_the_mailbox_is_the_mailbox(self):
        content = message("came back by another name", "Delivered-To: bob@example.test")
        self.assertEqual(self.send(["bob+lists@example.test"], content)[0], 554)
        self.server.ctl("alias", "add", "robert@example.test", "bob@example.test")
        code, text = self.send(["robert@example.test"], content)
        self.assertEqual(code, 250, "what an alias stands for is found out later")
        queue_id = text.split()[-1].decode()
        self.assertEqual(self.returned(queue_id), ["bob@example.test"])
        self.assertFalse(self.has("bob", "came back by another name"))

    def test_the_others_get_it_and_the_trace_says_who_did_not(self):
        content = message("for the others", "Delivered-To: alice@example.test")
        code, text = self.send(["alice@example.test", "carol@example.test"], content)
        self.assertEqual(code, 250)
        self.server.wait_for_message("carol", b"for the others")
        queue_id = text.split()[-1].decode()
        self.assertEqual(self.returned(queue_id), ["alice@example.test"])
        self.assertFalse(self.has("alice", "for the others"))

    def test_another_ones_mark_stops_nothing(self):
        content = message("forwarded", "Delivered-To: bob@elsewhere.example", "Delivered-To: not an address")
        self.assertEqual(self.send(["bob@example.test"], content)[0], 250)
        self.server.wait_for_message("bob", b"forwarded")

    def test_lmtp_hears_of_each_and_may_mark_what_it_delivers(self):
        mark = "Delivered-To: alice@example.test"
        below = message("mark below", "Received: from a by b; Thu, 01 Jan 1970 00:00:00 +0000", mark)
        with smtplib.LMTP("127.0.0.1", self.server.ports["lmtp"], local_hostname="c.example", timeout=60) as lmtp:
            lmtp.ehlo()
            for content, expected in ((message("mark on top", mark), [250, 250]), (below, [554, 250])):
                lmtp.mail("a@elsewhere.example")
                for user in ("alice", "carol"):
                    self.assertEqual(lmtp.rcpt(server.address(user))[0], 250)
                lmtp.putcmd("data")
                self.assertEqual(lmtp.getreply()[0], 354)
                lmtp.send(content.encode() + b"\r\n.\r\n")
                self.assertEqual([lmtp.getreply()[0] for _ in expected], expected)
        self.server.wait_for_message("alice", b"mark on top")
        self.server.wait_for_message("carol", b"mark below")
        self.assertFalse(self.has("alice", "mark below"))


if __name__ == "__main__":
    server.main()
