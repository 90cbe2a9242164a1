#!/usr/bin/env python3
"""Every real message goes in by SMTP, APPEND or BDAT and comes out of POP3 and IMAP octet for octet."""

import collections
import smtplib
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_files  # noqa: E402
import prepended  # noqa: E402
import server  # noqa: E402
from pop3_octets import Pop3  # noqa: E402


class RealMailTest(server.ServerTest):
    # Mail that has come a long way has many Received fields; here they are no sign of a loop.
    first_start = {"smtp_in": {"max_hop_count": 1000}}

    @classmethod
    def setUpClass(cls):
        if not server.SHARED_DATA.is_dir():
            raise unittest.SkipTest(f"there is no real mail: {server.SHARED_DATA} is absent")
        super().setUpClass()
        everything = mail_files.all_below(server.SHARED_DATA)
        cls.ordinary = [mail for mail in everything if not mail.has_bare_cr]
        cls.with_bare_cr = [mail for mail in everything if mail.has_bare_cr]

    def send_all(self, mails, recipient):
        refused = []
        with self.server.smtp() as smtp:
            options = ["BODY=8BITMIME", *(["SMTPUTF8"] if smtp.has_extn("smtputf8") else [])]
            for mail in mails:
                try:
                    smtp.sendmail("sender@elsewhere.example", [recipient], mail.by_smtp, options)
                except smtplib.SMTPException as error:
                    refused.append(f"{mail.path}: {error}")
        return refused

    def check_all_arrived(self, delivered, mails):
        """Each delivered message is one of `mails` behind prepended fields, and none of them is missing."""
        expected = collections.Counter(prepended.digest(mail.by_smtp) for mail in mails)
        strangers = 0
        for octets in delivered:
            original = prepended.without_prepended(octets, lambda digest: expected[digest] > 0)
            if original is None:
                strangers += 1
            else:
                expected[prepended.digest(original)] -= 1
        missing = [mail.path.name for mail in mails if expected[prepended.digest(mail.by_smtp)] > 0]
        self.assertFalse(missing[:10], f"{len(missing)} messages came back changed or not at all")
        self.assertEqual(strangers, 0, "messages that nobody sent")

    def test_1_what_comes_by_smtp_leaves_by_imap_and_pop3_unchanged(self):
        self.assertGreater(len(self.ordinary), 0)
        refused = self.send_all(self.ordinary, "bob@example.test")
        self.assertFalse(refused[:10], f"{len(refused)} messages were refused")
        self.server.wait_for_count("bob", len(self.ordinary), seconds=300)
        self.check_all_arrived(self.server.messages("bob"), self.ordinary)

        pop3 = Pop3(self.server.connect_tls("pop3s"))
        pop3.login("bob@example.test", server.PASSWORD)
        count = pop3.count()
        self.assertEqual(count, len(self.ordinary))
        self.check_all_arrived([pop3.retrieve(number) for number in range(1, count + 1)], self.ordinary)
        pop3.close()

    def test_2_data_refuses_a_bare_carriage_return(self):
        for mail in self.with_bare_cr:
            with self.subTest(mail.path.name), self.server.smtp() as smtp:
                with self.assertRaises(smtplib.SMTPDataError) as refusal:
                    smtp.sendmail("sender@elsewhere.example", ["carol@example.test"], mail.by_smtp, ["BODY=8BITMIME"])
                self.assertEqual(refusal.exception.smtp_code // 100, 5)
        self.assertEqual(self.server.count("carol"), 0)

    def test_3_append_keeps_every_octet(self):
        mails = self.with_bare_cr + self.ordinary[:200]
        with self.server.imap("carol") as imap:
            imap.create("Appended")
            for mail in mails:
                # imaplib would turn every line end of a message given to append() into CRLF.
                imap.literal = mail.octets
                self.assertEqual(imap._simple_command("APPEND", "Appended")[0], "OK", mail.path)
        stored = self.server.messages("carol", "Appended")
        self.assertEqual(len(stored), len(mails))
        for mail, octets in zip(mails, stored, strict=True):
            self.assertEqual(octets, mail.octets, mail.path)

    def test_4_bdat_keeps_every_octet(self):
        mails = self.with_bare_cr + self.ordinary[:200]
        with self.server.smtp() as smtp:
            self.assertTrue(smtp.has_extn("chunking") and smtp.has_extn("binarymime"))
            for mail in mails:
                self.assertEqual(smtp.mail("sender@elsewhere.example", ["BODY=BINARYMIME"])[0], 250)
                self.assertEqual(smtp.rcpt("alice@example.test")[0], 250)
                half = len(mail.octets) // 2
                smtp.send(b"BDAT %d\r\n" % half + mail.octets[:half])
                self.assertEqual(smtp.getreply()[0], 250, mail.path)
                rest = mail.octets[half:]
                smtp.send(b"BDAT %d LAST\r\n" % len(rest) + rest)
                self.assertEqual(smtp.getreply()[0], 250, mail.path)
        self.server.wait_for_count("alice", len(mails), seconds=120)
        expected = collections.Counter(prepended.digest(mail.octets) for mail in mails)
        for octets in self.server.messages("alice"):
            original = prepended.without_prepended(octets, lambda digest: expected[digest] > 0)
            self.assertIsNotNone(original, octets[:300])
            expected[prepended.digest(original)] -= 1


if __name__ == "__main__":
    server.main()
