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
            self.server.wait_for_count(user, 1)
            self.assertTrue(self.server.messages(user)[0].endswith(MESSAGE))

    def test_it_answers_for_each_recipient_after_bdat(self):
        with self.client() as lmtp:
            self.assertEqual(self.begin(lmtp, ["carol@example.test"]), [250])
            lmtp.send(b"BDAT %d LAST\r\n" % len(MESSAGE) + MESSAGE)
            self.assertEqual(lmtp.getreply()[0], 250)
            self.assertEqual(lmtp.noop()[0], 250)
        self.server.wait_for_count("carol", 1)

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
