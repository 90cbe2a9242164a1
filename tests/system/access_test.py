#!/usr/bin/env python3
"""Who is shut out: disabled domains and users, services a user may not use, passwords that changed."""

import imaplib
import poplib
import smtplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class AccessTest(server.ServerTest):
    def may_smtp(self, user, password=server.PASSWORD):
        with smtplib.SMTP_SSL("127.0.0.1", self.server.ports["submissions"], context=self.server.tls()) as smtp:
            try:
                smtp.login(server.address(user), password)
            except smtplib.SMTPAuthenticationError:
                return False
            return True

    def may_imap(self, user, password=server.PASSWORD):
        with imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.server.tls()) as imap:
            try:
                imap.login(server.address(user), password)
            except imaplib.IMAP4.error:
                return False
            return True

    def may_pop3(self, user, password=server.PASSWORD):
        pop3 = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"], context=self.server.tls())
        try:
            pop3.user(server.address(user))
            pop3.pass_(password)
            return True
        except poplib.error_proto:
            return False
        finally:
            pop3.quit()

    def open_doors(self, user, password=server.PASSWORD):
        doors = {"smtp": self.may_smtp, "imap": self.may_imap, "pop3": self.may_pop3}
        return {name for name, may in doors.items() if may(user, password)}

    def answer_to(self, sender, recipient):
        with self.server.smtp() as smtp:
            code, text = smtp.mail(sender)
            return (code, text) if code != 250 else smtp.rcpt(recipient)

    def test_a_user_may_use_all_services(self):
        self.assertEqual(self.open_doors("alice"), {"smtp", "imap", "pop3"})

    def test_each_service_of_a_user_has_its_switch(self):
        for service in ("smtp", "imap", "pop3"):
            with self.subTest(service):
                self.user_during_test("alice", **{f"allow_{service}": "false"})
                self.assertEqual(self.open_doors("alice"), {"smtp", "imap", "pop3"} - {service})
                self.server.ctl("user", "set", "alice@example.test", f"allow_{service}=true")
                self.assertEqual(self.open_doors("alice"), {"smtp", "imap", "pop3"}, "and back on")

    def test_pop3_can_be_denied_to_a_user(self):
        self.user_during_test("bob", allow_pop3="false")
        self.assertFalse(self.may_pop3("bob"))
        self.assertTrue(self.may_pop3("alice"))

    def test_imap_can_be_denied_to_a_user(self):
        self.user_during_test("bob", allow_imap="false")
        self.assertFalse(self.may_imap("bob"))
        self.assertTrue(self.may_imap("alice"))

    def test_a_disabled_user_is_shut_out_and_gets_no_mail(self):
        self.assertEqual(self.open_doors("bob"), {"smtp", "imap", "pop3"}, "also remembers the login")
        self.user_during_test("bob", disabled="true")
        self.assertEqual(self.open_doors("bob"), set())
        code, text = self.answer_to("a@elsewhere.example", "bob@example.test")
        self.assertEqual(code, 550)
        self.assertTrue(text.startswith(b"5.2.1"), text)
        self.server.ctl("user", "set", "bob@example.test", "disabled=false")
        self.assertEqual(self.open_doors("bob"), {"smtp", "imap", "pop3"})
        self.assertEqual(self.answer_to("a@elsewhere.example", "bob@example.test")[0], 250)

    def test_a_disabled_domain_neither_sends_nor_receives_nor_logs_in(self):
        with self.server.imap("alice") as imap:
            imap.append("INBOX", None, None, b"Subject: stays\r\n\r\nx\r\n")
        self.domain_during_test(disabled="true")
        self.assertEqual(self.open_doors("alice"), set())
        self.assertEqual(self.answer_to("a@elsewhere.example", "alice@example.test")[0] // 100, 5)
        self.assertEqual(self.answer_to("alice@example.test", "bob@example.test")[0] // 100, 5)
        self.server.ctl("domain", "set", "example.test", "disabled=false")
        self.server.wait_for_message("alice", b"Subject: stays")
        self.assertEqual(self.answer_to("a@elsewhere.example", "alice@example.test")[0], 250)

    def test_a_disabled_domain_keeps_who_is_logged_in_from_sending(self):
        with self.server.submission("alice") as smtp:
            self.domain_during_test(disabled="true")
            self.assertEqual(smtp.mail("alice@example.test")[0] // 100, 5)

    def test_a_new_password_counts_at_once(self):
        self.assertTrue(self.may_imap("carol"))
        self.server.ctl("user", "passwd", "carol@example.test", "--password-stdin", text="another one\n")
        self.assertEqual(self.open_doors("carol"), set(), "the old one is forgotten, also by the cache")
        self.assertEqual(self.open_doors("carol", "another one"), {"smtp", "imap", "pop3"})
        self.server.ctl("user", "passwd", "carol@example.test", "--password-stdin", text=server.PASSWORD + "\n")
        self.assertTrue(self.may_imap("carol"))

    def test_a_deleted_user_is_gone(self):
        self.server.add_user("dora@example.test")
        self.assertTrue(self.may_imap("dora"))
        self.server.ctl("user", "delete", "dora@example.test")
        self.assertEqual(self.open_doors("dora"), set())
        self.assertEqual(self.answer_to("a@elsewhere.example", "dora@example.test")[0], 550)

    def test_a_name_that_comes_again_finds_an_empty_mailbox(self):
        self.server.add_user("emil@example.test")
        with self.server.imap("emil") as imap:
            imap.append("INBOX", None, None, b"Subject: of the first emil\r\n\r\nx\r\n")
        self.server.ctl("user", "delete", "emil@example.test")
        self.server.add_user("emil@example.test")
        self.assertEqual(self.server.messages("emil"), [])

    def test_failed_logins_are_limited_per_account(self):
        self.during_test(passwords__max_failed_logins_per_account=3)
        self.server.add_user("frida@example.test")
        for _ in range(3):
            self.assertFalse(self.may_imap("frida", "wrong"))
        self.assertFalse(self.may_imap("frida"), "the right one does not help now")
        self.assertTrue(self.may_imap("alice"), "others are not touched")
        self.server.set(passwords__max_failed_logins_per_account=0)
        self.assertTrue(self.may_imap("frida"), "zero is no limit")


class MechanismTest(server.ServerTest):
    """What is offered for a login (SMTPIN-23, SMTPIN-27, SMTPIN-39, POP-11)."""

    def offered(self, listener="submissions"):
        with smtplib.SMTP_SSL("127.0.0.1", self.server.ports[listener], context=self.server.tls()) as smtp:
            smtp.ehlo()
            return set(smtp.esmtp_features.get("auth", "").split())

    def test_plain_and_login_are_offered_over_tls_only(self):
        self.assertLessEqual({"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}, self.offered())
        with self.server.smtp("submission") as smtp:
            plain = set(smtp.esmtp_features.get("auth", "").split())
        self.assertFalse(plain & {"PLAIN", "LOGIN", "SCRAM-SHA-256-PLUS"}, plain)

    def test_plain_text_methods_can_be_switched_off(self):
        self.during_test(smtp_in__disable_auth_login="true")
        self.assertFalse(self.offered() & {"PLAIN", "LOGIN"})
        with smtplib.SMTP_SSL(
            "127.0.0.1", self.server.ports["submissions"], context=self.server.tls()
        ) as smtp:  # fmt: skip
            smtp.ehlo()
            self.assertEqual(smtp.docmd("AUTH PLAIN AGFsaWNlAHg=")[0] // 100, 5)
            self.assertEqual(smtp.docmd("AUTH LOGIN")[0] // 100, 5)

    def test_cram_md5_works_where_policy_allows_it(self):
        self.assertNotIn("CRAM-MD5", self.offered())
        self.during_test(passwords__store_cram_md5="true")
        self.assertIn("CRAM-MD5", self.offered())
        self.server.add_user("grete@example.test")  # a password set from now on
        with smtplib.SMTP_SSL("127.0.0.1", self.server.ports["submissions"], context=self.server.tls()) as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = "grete@example.test", server.PASSWORD
            self.assertEqual(smtp.auth("CRAM-MD5", smtp.auth_cram_md5)[0], 235)
        with smtplib.SMTP_SSL("127.0.0.1", self.server.ports["submissions"], context=self.server.tls()) as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = "grete@example.test", "wrong"
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                smtp.auth("CRAM-MD5", smtp.auth_cram_md5)
        with imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.server.tls()) as imap:
            self.assertEqual(imap.login_cram_md5("grete@example.test", server.PASSWORD)[0], "OK")

    def test_login_as_outlook_does_it(self):
        with smtplib.SMTP_SSL("127.0.0.1", self.server.ports["submissions"], context=self.server.tls()) as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = "alice@example.test", server.PASSWORD
            self.assertEqual(smtp.auth("LOGIN", smtp.auth_login)[0], 235)

    def test_plain_text_without_tls_is_a_setting(self):
        self.during_test(passwords__plain_text_without_tls="true")
        with self.server.smtp("submission") as smtp:
            self.assertEqual(smtp.login("alice@example.test", server.PASSWORD)[0], 235)


if __name__ == "__main__":
    server.main()
