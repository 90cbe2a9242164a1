#!/usr/bin/env python3
"""smtplib, poplib and imaplib, used as a Python programmer does."""

import email.message
import email.policy
import imaplib
import poplib
import smtplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def text_message(subject, body="Hello\n"):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = "alice@example.test"
    message["To"] = "bob@example.test"
    message["Subject"] = subject
    message.set_content(body)
    return message


class SmtplibTest(server.ServerTest):
    def test_it_sends_a_message_with_attachments(self):
        message = text_message("with an attachment", "See below.\n")
        message.add_attachment(bytes(range(256)) * 40, "application", "octet-stream", filename="Übersicht.bin")
        with self.server.submission("alice") as smtp:
            self.assertEqual(smtp.send_message(message), {})
        arrived = email.message_from_bytes(
            self.server.wait_for_message("bob", b"with an attachment"), policy=email.policy.default
        )
        attachment = next(arrived.iter_attachments())
        self.assertEqual(attachment.get_filename(), "Übersicht.bin")
        self.assertEqual(attachment.get_content(), bytes(range(256)) * 40)

    def test_it_names_the_recipients_that_were_refused(self):
        with self.server.submission("alice") as smtp:
            refused = smtp.send_message(text_message("partly"), to_addrs=["bob@example.test", "none@example.test"])
        self.assertEqual(list(refused), ["none@example.test"])
        self.server.wait_for_message("bob", b"Subject: partly")

    def test_it_may_not_send_as_somebody_else(self):
        with self.server.submission("alice") as smtp:
            with self.assertRaises((smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)):
                smtp.sendmail("someone@elsewhere.example", ["bob@example.test"], "From: x@elsewhere.example\r\n\r\nx")

    def test_a_wrong_password_is_told(self):
        with self.server.smtp("submission") as smtp:
            smtp.starttls(context=self.server.tls())
            with self.assertRaises(smtplib.SMTPAuthenticationError) as refusal:
                smtp.login("alice@example.test", "wrong")
            self.assertEqual(refusal.exception.smtp_code, 535)

    def test_no_password_goes_over_a_plain_line(self):
        with self.server.smtp("submission") as smtp:
            self.assertNotIn("PLAIN", smtp.esmtp_features.get("auth", ""))
            self.assertEqual(smtp.docmd("AUTH", "PLAIN AGEAYg==")[0] // 100, 5)


class PoplibTest(server.ServerTest):
    def pop3(self, user):
        pop3 = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        pop3.stls(context=self.server.tls())
        pop3.user(server.address(user))
        pop3.pass_(server.PASSWORD)
        return pop3

    def test_it_reads_and_deletes(self):
        with self.server.submission("alice") as smtp:
            for number in range(3):
                smtp.send_message(text_message(f"number {number}", f".dot\n{number}\n"))
        self.server.wait_for_count("bob", 3)
        pop3 = self.pop3("bob")
        self.assertEqual(pop3.stat()[0], 3)
        self.assertEqual(len(pop3.list()[1]), 3)
        unique = pop3.uidl()[1]
        lines = pop3.retr(2)[1]
        self.assertEqual(lines[-2], b".dot")
        self.assertNotIn(b".dot", pop3.top(2, 0)[1])
        pop3.dele(2)
        pop3.quit()
        pop3 = self.pop3("bob")
        left = [line.split()[1] for line in pop3.uidl()[1]]
        self.assertEqual(left, [unique[0].split()[1], unique[2].split()[1]])
        pop3.quit()

    def test_it_finds_the_capabilities(self):
        pop3 = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        before = pop3.capa()
        self.assertIn("STLS", before)
        self.assertNotIn("USER", before)
        pop3.stls(context=self.server.tls())
        after = pop3.capa()
        self.assertNotIn("STLS", after)
        for name in ("USER", "TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "SASL", "UTF8"):
            self.assertIn(name, after)
        pop3.utf8()
        pop3.quit()

    def test_a_wrong_password_is_told(self):
        pop3 = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"], context=self.server.tls(), timeout=60)
        pop3.user("alice@example.test")
        with self.assertRaisesRegex(poplib.error_proto, r"-ERR \[AUTH\]"):
            pop3.pass_("wrong")
        pop3.quit()


class ImaplibTest(server.ServerTest):
    def test_it_stores_searches_copies_and_expunges(self):
        with self.server.imap("alice") as imap:
            for number in range(5):
                octets = text_message(f"letter {number}").as_bytes()
                self.assertEqual(imap.append("INBOX", r"(\Seen)", None, octets)[0], "OK")
            imap.select("INBOX")
            self.assertEqual(imap.search(None, "SUBJECT", '"letter 3"')[1], [b"4"])
            self.assertEqual(imap.search(None, "UNSEEN")[1], [b""])
            imap.create("Kept")
            self.assertEqual(imap.copy("1:2", "Kept")[0], "OK")
            imap.store("1:2", "+FLAGS", r"(\Deleted)")
            self.assertEqual(len(imap.expunge()[1]), 2)
            self.assertIn(b"MESSAGES 2", imap.status("Kept", "(MESSAGES)")[1][0])
            self.assertIn(b"MESSAGES 3", imap.status("INBOX", "(MESSAGES)")[1][0])
            self.assertEqual(imap.rename("Kept", '"Kept well"')[0], "OK")
            self.assertTrue(any(b"Kept well" in line for line in imap.list()[1]))
            self.assertEqual(imap.delete('"Kept well"')[0], "OK")

    def test_it_upgrades_by_starttls(self):
        with imaplib.IMAP4("127.0.0.1", self.server.ports["imap"], timeout=60) as imap:
            self.assertIn("LOGINDISABLED", imap.capabilities)
            imap.starttls(self.server.tls())
            self.assertNotIn("LOGINDISABLED", imap.capabilities)
            self.assertEqual(imap.login("bob@example.test", server.PASSWORD)[0], "OK")

    def test_it_logs_in_by_authenticate_plain(self):
        with imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.server.tls()) as imap:
            words = f"\0bob@example.test\0{server.PASSWORD}".encode()
            self.assertEqual(imap.authenticate("PLAIN", lambda _: words)[0], "OK")

    def test_a_wrong_password_is_told(self):
        with imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.server.tls()) as imap:
            with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED"):
                imap.login("bob@example.test", "wrong")

    def test_one_client_sees_what_another_does(self):
        with self.server.imap("carol") as watcher, self.server.imap("carol") as other:
            watcher.select("INBOX")
            other.append("INBOX", None, None, b"Subject: news\r\n\r\nx\r\n")

            def told():
                watcher.noop()
                return watcher.response("EXISTS")[1] not in ([None], [])

            server.wait_until("EXISTS", told)


if __name__ == "__main__":
    server.main()
