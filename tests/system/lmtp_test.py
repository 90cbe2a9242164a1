#!/usr/bin/env python3
"""LMTP: a reply for each recipient after the content, and no relaying (RFC 2033)."""

import smtplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

MESSAGE = b"From: a@elsewhere.example\r\nSubject: by lmtp\r\n\r\nHello\r\n.dot\r\n"


class LmtpTest(server.ServerTest):
    def client(self):
        lmtp = smtplib.LMTP("127.0.0.1", self.server.ports["lmtp"], local_hostname="client.example", timeout=60)
        self.assertEqual(lmtp.ehlo()[0], 250)  # smtplib.LMTP says LHLO
        return lmtp

    def begin(self, lmtp, recipients):
        """MAIL and RCPTs; the codes of the latter."""
        self.assertEqual(lmtp.mail("a@elsewhere.example")[0], 250)
        return [lmtp.rcpt(one)[0] for one in recipients]

    def test_it_answers_for_each_accepted_recipient(self):
        with self.client() as lmtp:
            codes = self.begin(lmtp, ["alice@example.test", "nobody@example.test", "bob@example.test"])
            self.assertEqual(codes, [250, 550, 250])
            lmtp.putcmd("data")
            self.assertEqual(lmtp.getreply()[0], 354)
            lmtp.send(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            self.assertEqual([lmtp.getreply()[0] for _ in range(2)], [250, 250])
            self.assertEqual(lmtp.noop()[0], 250, "there was no third reply")
        for user in ("alice", "bob"):
            self.assertEqual(self.server.count(user), 1, "its mailbox had it before the reply")
            self.assertTrue(self.server.messages(user)[0].endswith(MESSAGE))

    def test_it_answers_for_each_recipient_after_bdat(self):
        with self.client() as lmtp:
            self.assertEqual(self.begin(lmtp, ["carol@example.test"]), [250])
            lmtp.send(b"BDAT %d LAST\r\n" % len(MESSAGE) + MESSAGE)
            self.assertEqual(lmtp.getreply()[0], 250)
            self.assertEqual(lmtp.noop()[0], 250)
        self.server.wait_for_count("carol", 1)

    def deliver(self, recipients, content):
        """The replies to the content."""
        with self.client() as lmtp:
            self.assertEqual(self.begin(lmtp, recipients), [250] * len(recipients))
            lmtp.putcmd("data")
            self.assertEqual(lmtp.getreply()[0], 354)
            lmtp.send(content + b".\r\n")
            return [lmtp.getreply() for _ in recipients]

    def wait_for_empty_queue(self):
        server.wait_until("an empty queue", lambda: not self.server.ctl_json("queue", "list")["messages"])

    def test_each_reply_tells_of_that_mailbox(self):
        for user in ("full", "other"):
            self.server.add_user(server.address(user))
        self.server.ctl("user", "set", "full@example.test", "quota_mb=1")
        large = b"Subject: too large for one\r\n\r\n" + (b"x" * 78 + b"\r\n") * 15000
        names = ["other@example.test", "full@example.test", "FULL@example.test"]
        replies = self.deliver(names, large)
        self.assertEqual([code for code, _ in replies], [250, 452, 452])
        self.assertEqual(replies[1][1][:5], b"4.2.2")
        # It is there already: LMTP's 250 comes after the mailbox.
        self.assertEqual(self.server.count("other"), 1)
        self.wait_for_empty_queue()  # who was refused does not wait
        queue_id = replies[0][1].split()[-1].decode()
        steps = self.server.ctl_json("trace", queue_id)["traces"][0]["steps"]
        self.assertEqual([one["step"] for one in steps].count("refused"), 1, "one mailbox, named twice")
        # The client comes again when there is room, and nobody gets it twice.
        self.server.ctl("user", "set", "full@example.test", "quota_mb=10")
        self.assertEqual([code for code, _ in self.deliver(names[1:2], large)], [250])
        self.assertEqual(self.server.count("full"), 1)
        self.assertEqual(self.server.count("other"), 1)

    def test_a_full_mailbox_is_a_refusal_for_good_where_it_is_set_so(self):
        self.server.add_user("crammed@example.test")
        self.server.ctl("user", "set", "crammed@example.test", "quota_mb=1")
        self.during_test(smtp_in__over_quota_reply="permanent")
        large = b"Subject: too large\r\n\r\n" + (b"x" * 78 + b"\r\n") * 15000
        replies = self.deliver(["crammed@example.test"], large)
        self.assertEqual([(code, text[:5]) for code, text in replies], [(552, b"5.2.2")])
        self.wait_for_empty_queue()

    def test_an_alias_is_taken_over_by_the_spool(self):
        self.server.add_user("dave@example.test")
        self.server.ctl("alias", "add", "info@example.test", "dave@example.test")
        replies = self.deliver(["info@example.test"], b"Subject: to an alias\r\n\r\n")
        self.assertEqual([code for code, _ in replies], [250])
        self.server.wait_for_message("dave", b"to an alias")

    def test_it_never_relays(self):
        with self.client() as lmtp:
            self.assertEqual(self.begin(lmtp, ["someone@elsewhere.example"])[0] // 100, 5)

    def test_it_knows_neither_helo_nor_ehlo(self):
        with self.server.connect("lmtp") as plain, plain.makefile("rwb") as stream:
            stream.readline()
            for greeting in (b"EHLO", b"HELO"):
                stream.write(greeting + b" client.example\r\n")
                stream.flush()
                self.assertTrue(stream.readline().startswith(b"5"), greeting)


if __name__ == "__main__":
    server.main()
