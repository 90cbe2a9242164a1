#!/usr/bin/env python3
"""Footers: a text that the server, or a domain, puts at the end of messages that come and go."""

import email
import email.policy
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FOOTER = "Geprüft von example.test"


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def text_of(octets):
    return parsed(octets).get_content().replace("\r\n", "\n")


def made(subject, sender="ann@elsewhere.example", **fields):
    message = EmailMessage()
    message["From"] = sender
    message["Subject"] = subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("hello\n")
    return message


class FooterTest(sending.SendingTest):
    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route(), footer__enabled="true", footer__text=FOOTER,
                        footer__mailing_lists="false", footer__domains_may_override="false")  # fmt: skip

    def peer_has(self, subject):
        def came():
            return next((each.content for each in self.peer.messages if subject in each.content), None)

        return server.wait_until(f"{subject} at the other server", came)

    def come(self, message, recipient="alice@example.test", user=None):
        """What is in the mailbox of a message from another server."""
        octets = message if isinstance(message, bytes) else message.as_bytes(policy=email.policy.SMTP)
        subject = parsed(octets)["Subject"].encode()
        with self.server.smtp() as smtp:
            smtp.sendmail("ann@elsewhere.example", [recipient], octets)
        return self.server.wait_for_message(user or recipient.split("@")[0], subject)

    def test_what_comes_and_goes_has_it_once(self):
        came = self.come(made("comes", Message_ID="<comes@elsewhere.example>"))
        self.assertEqual(text_of(came), f"hello\n\n{FOOTER}\n")
        self.assertIn("footer=added", self.server.ctl("trace", "<comes@elsewhere.example>"))
        goes = made("goes", sender="alice@example.test").as_bytes(policy=email.policy.SMTP)
        self.submit("bob@far.example", "bob@example.test", text=goes)
        self.wait_for_empty_queue()
        for octets in (self.peer.messages[0].content, self.server.wait_for_message("bob", b"goes")):
            self.assertEqual(text_of(octets), f"hello\n\n{FOOTER}\n")

    def test_each_alternative_has_it_and_a_large_message_stays_whole(self):
        message = made("large")
        message.add_alternative("<html><body><p>hello</p></body></html>", subtype="html")
        content = bytes(range(256)) * 4096
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename="x")
        came = parsed(self.come(message))
        self.assertIn(FOOTER, came.get_body(("plain",)).get_content())
        html = came.get_body(("html",)).get_content()
        self.assertRegex(html, r"<div>Gepr&#252;ft von example.test</div>\s*</body>")
        self.assertEqual(next(came.iter_attachments()).get_content(), content)

    def test_what_comes_by_lmtp_in_chunks_has_it_before_each_reply(self):
        text = b"Subject: by lmtp\r\n\r\n" + b"a line of a text that is too large to be rewritten\r\n" * 20_000
        with smtplib.LMTP("127.0.0.1", self.server.ports["lmtp"], timeout=60) as lmtp:
            lmtp.ehlo()
            lmtp.mail("ann@elsewhere.example")
            for user in ("alice", "carol"):
                self.assertEqual(lmtp.rcpt(server.address(user))[0], 250)
            for at, last in ((0, ""), (400_000, ""), (800_000, " LAST")):
                piece = text[at:] if last else text[at : at + 400_000]
                lmtp.send(b"BDAT %d%s\r\n" % (len(piece), last.encode()) + piece)
                self.assertEqual(lmtp.getreply()[0], 250)
            self.assertEqual(lmtp.getreply()[0], 250)
        for user in ("alice", "carol"):
            came = parsed(self.server.messages(user)[-1])
            whole, footer = came.iter_parts()
            self.assertEqual(whole.get_content().encode(), text.partition(b"\r\n\r\n")[2])
            self.assertEqual(footer.get_content(), FOOTER)
        self.assertIn("sound", self.server.ctl("verify"))

    def test_what_is_signed_stays_as_it_is(self):
        octets = (
            b"From: ann@elsewhere.example\r\nSubject: signed\r\nMessage-ID: <signed@elsewhere.example>\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
            b"Content-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"
        )
        self.assertTrue(self.come(octets).endswith(octets.partition(b"\r\n\r\n")[2]))
        self.assertIn("it is signed", self.server.ctl("trace", "<signed@elsewhere.example>"))

    def test_what_others_signed_and_users_have_sent_on_stays_as_it_is(self):
        self.server.ctl("user", "set", "bob@example.test", "forward_to=bob@far.example")
        self.addCleanup(self.server.ctl, "user", "set", "bob@example.test", "forward_to=")
        self.server.ctl("alias", "add", "both@example.test", "alice@example.test", "bob@example.test")
        self.addCleanup(self.server.ctl, "alias", "delete", "both@example.test")
        field = {"DKIM_Signature": "v=1; d=elsewhere.example"}
        come = [
            self.come(made("signed: forwarded", Message_ID="<passes@elsewhere.example>", **field), "bob@example.test"),
            self.come(made("signed: by an alias", **field), "both@example.test", "alice"),
            self.peer_has(b"signed: forwarded"),
            self.peer_has(b"signed: by an alias"),
        ]
        for octets in come:
            self.assertEqual(text_of(octets), "hello\n")
        self.assertIn("and sent on", self.server.ctl("trace", "<passes@elsewhere.example>"))
        by_program = made("signed: handed in", sender="alice@example.test", **field)
        self.submit("bob@far.example", text=by_program.as_bytes(policy=email.policy.SMTP))
        self.assertEqual(text_of(self.peer_has(b"signed: handed in")), "hello\n")
        # Nothing stands against it where it stays, or where nobody else signed it.
        self.assertIn(FOOTER, text_of(self.come(made("signed: stays", **field))))
        self.assertIn(FOOTER, text_of(self.come(made("plain: forwarded"), "bob@example.test")))
        self.assertIn(FOOTER, text_of(self.peer_has(b"plain: forwarded")))

    def test_lists_have_it_only_where_that_is_set(self):
        field = {"List_Id": "<all.elsewhere.example>"}
        self.assertNotIn(FOOTER, text_of(self.come(made("list: left alone", **field))))
        self.server.set(footer__mailing_lists="true")
        self.assertIn(FOOTER, text_of(self.come(made("list: footed", **field))))

    def test_a_domain_may_have_its_own(self):
        self.server.ctl("domain", "set", server.DOMAIN, "footer_enabled=true", "footer_text=Ours")
        self.addCleanup(
            self.server.ctl, "domain", "set", server.DOMAIN, "footer_enabled=false", "footer_text="
        )
        self.assertIn(FOOTER, text_of(self.come(made("own: forbidden"))))
        self.server.set(footer__domains_may_override="true")
        self.assertEqual(text_of(self.come(made("own: permitted"))), "hello\n\nOurs\n")
        self.server.set(footer__enabled="false")
        self.assertEqual(text_of(self.come(made("own: alone"))), "hello\n\nOurs\n")


if __name__ == "__main__":
    server.main()
