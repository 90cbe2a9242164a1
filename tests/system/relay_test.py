#!/usr/bin/env python3
"""Who may send to foreign domains, and who has to log in first."""

import smtplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

FAR = "someone@far.example"
STRANGER = "a@elsewhere.example"
# An address of ours that nobody has.
NOBODY = "nobody@example.test"


class RelayTest(server.ServerTest):
    def ask(self, sender, recipient, listener="smtp", from_address="127.0.0.1"):
        """The first refusal of MAIL or RCPT, or the answer to the latter: code and text."""
        with self.server.smtp(listener, from_address) as smtp:
            return self.ask_on(smtp, sender, recipient)

    def ask_on(self, smtp, sender, recipient):
        code, text = smtp.mail(sender)
        return (code, text) if code != 250 else smtp.rcpt(recipient)

    def accepts(self, *arguments, **options):
        code = self.ask(*arguments, **options)[0]
        self.assertIn(code, (250, 530, 550))
        return code == 250

    def senders_let_through(self):
        """Who may send to a foreign domain without a login."""
        senders = {"user": "alice@example.test", "domain": NOBODY, "stranger": STRANGER}
        return {name for name, sender in senders.items() if self.accepts(sender, FAR)}

    def test_nobody_relays_when_the_mode_is_nobody(self):
        self.domain_during_test(require_auth="false")
        self.during_test(smtp_in__allow_relay="nobody")
        self.assertEqual(self.senders_let_through(), set())
        code, text = self.ask(STRANGER, FAR)
        self.assertEqual(code, 550)
        self.assertTrue(text.startswith(b"5.7.1"), text)

    def test_local_users_relay_when_the_mode_is_local_users(self):
        self.domain_during_test(require_auth="false")
        self.during_test(smtp_in__allow_relay="local_users")
        self.assertEqual(self.senders_let_through(), {"user"})

    def test_senders_of_our_domains_relay_when_the_mode_is_local_domains(self):
        self.domain_during_test(require_auth="false")
        self.during_test(smtp_in__allow_relay="local_domains")
        self.assertEqual(self.senders_let_through(), {"user", "domain"})

    def test_everybody_relays_when_the_mode_is_anyone(self):
        self.domain_during_test(require_auth="false")
        self.during_test(smtp_in__allow_relay="anyone")
        self.assertEqual(self.senders_let_through(), {"user", "domain", "stranger"})

    def test_users_of_a_domain_that_requires_it_log_in_whatever_the_mode(self):
        for mode in ("local_users", "local_domains", "anyone"):
            with self.subTest(mode):
                self.during_test(smtp_in__allow_relay=mode)
                code, text = self.ask("alice@example.test", FAR)
                self.assertEqual(code, 530)
                self.assertTrue(text.startswith(b"5.7.0"), text)

    def test_mail_between_local_users_needs_no_login(self):
        self.assertTrue(self.accepts("alice@example.test", "bob@example.test"))

    def test_mail_between_local_users_needs_a_login_when_the_switch_is_on(self):
        self.during_test(smtp_in__require_auth_for_local_deliveries="true")
        self.assertEqual(self.ask("alice@example.test", "bob@example.test")[0], 530)
        self.assertTrue(self.accepts(STRANGER, "bob@example.test"), "others still reach our users")
        with self.server.submission("alice") as smtp:
            self.assertEqual(self.ask_on(smtp, "alice@example.test", "bob@example.test")[0], 250)
        self.domain_during_test(require_auth="false")
        self.assertTrue(self.accepts("alice@example.test", "bob@example.test"), "the domain does not ask for it")

    def test_who_logs_in_may_send_anywhere(self):
        with self.server.submission("alice") as smtp:
            self.assertEqual(self.ask_on(smtp, "alice@example.test", FAR)[0], 250)

    def test_a_login_does_not_help_when_its_switch_is_off(self):
        self.during_test(smtp_in__relay_for_authenticated="false")
        with self.server.submission("alice") as smtp:
            self.assertEqual(self.ask_on(smtp, "alice@example.test", FAR)[0], 550)
            smtp.rset()
            self.assertEqual(self.ask_on(smtp, "alice@example.test", "bob@example.test")[0], 250)

    def test_mail_for_elsewhere_waits_in_the_spool(self):
        with self.server.submission("alice") as smtp:
            smtp.sendmail("alice@example.test", [FAR, "bob@example.test"], "Subject: for both\r\n\r\nhello\r\n")
        self.server.wait_for_message("bob", b"Subject: for both")
        waiting = self.server.ctl_json("queue", "list")["messages"]
        self.assertIn(FAR, [to["address"] for one in waiting for to in one["recipients"]])

    def test_whitelisted_hosts_are_free_of_relay_restrictions(self):
        self.during_test(smtp_in__whitelisted_networks="127.0.0.6")
        self.assertTrue(self.accepts(STRANGER, FAR, from_address="127.0.0.6"))
        self.assertTrue(self.accepts("alice@example.test", FAR, from_address="127.0.0.6"))
        self.assertFalse(self.accepts(STRANGER, FAR))

    def test_exempt_hosts_are_not_asked_to_log_in(self):
        self.during_test(smtp_in__auth_exempt_networks="127.0.0.6", smtp_in__allow_relay="local_users")
        self.assertTrue(self.accepts("alice@example.test", FAR, from_address="127.0.0.6"))
        self.assertFalse(self.accepts("alice@example.test", FAR))
        self.assertFalse(self.accepts(STRANGER, FAR, from_address="127.0.0.6"), "the relay mode still counts")

    def test_submission_takes_nothing_without_a_login(self):
        self.domain_during_test(require_auth="false")
        self.during_test(smtp_in__allow_relay="anyone", smtp_in__whitelisted_networks="127.0.0.0/8")
        for recipient in (FAR, "bob@example.test"):
            code, text = self.ask("alice@example.test", recipient, listener="submission")
            self.assertEqual(code, 530)
            self.assertTrue(text.startswith(b"5.7.0"), text)

    def test_a_null_sender_reaches_our_users_and_nobody_else(self):
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.docmd("MAIL FROM:<>")[0], 250)
            self.assertEqual(smtp.rcpt("alice@example.test")[0], 250)
            self.assertEqual(smtp.rcpt(FAR)[0], 550)


class SenderTest(server.ServerTest):
    """What a user who has logged in may call himself (SMTPIN-18)."""

    def send(self, sender, header):
        """The code that MAIL or the content was refused with, or 250."""
        with self.server.submission("alice") as smtp:
            try:
                smtp.sendmail(sender, ["carol@example.test"], f"From: {header}\r\nSubject: who am I\r\n\r\nx\r\n")
            except smtplib.SMTPSenderRefused as error:
                return error.smtp_code
            except smtplib.SMTPDataError as error:
                return error.smtp_code
            return 250

    def test_any_sender_is_taken_when_nothing_is_required(self):
        self.during_test(smtp_in__require_auth_match="none")
        self.assertEqual(self.send(STRANGER, STRANGER), 250)

    def test_the_sender_is_of_the_users_domain(self):
        self.during_test(smtp_in__require_auth_match="domain")
        self.assertEqual(self.send("bob@example.test", "Bob <bob@EXAMPLE.test>"), 250)
        self.assertEqual(self.send(STRANGER, "alice@example.test"), 553)
        self.assertEqual(self.send("alice@example.test", STRANGER) // 100, 5)

    def test_the_sender_is_the_user_himself(self):
        self.during_test(smtp_in__require_auth_match="address")
        self.assertEqual(self.send("alice@example.test", '"Alice, A." <Alice@example.test>'), 250)
        self.assertEqual(self.send("bob@example.test", "alice@example.test"), 553)
        self.assertEqual(self.send("alice@example.test", "bob@example.test") // 100, 5)

    def test_every_name_of_the_domain_is_the_users_own(self):
        self.server.ctl("domain", "set", "example.test", "--add-name", "example.net")
        for mode in ("domain", "address"):
            self.during_test(smtp_in__require_auth_match=mode)
            self.assertEqual(self.send("alice@example.net", "Alice <alice@example.net>"), 250, mode)
            self.assertEqual(self.send("alice@example.test", "alice@EXAMPLE.NET"), 250, mode)
        self.assertEqual(self.send("bob@example.net", "alice@example.net"), 553)
        self.assertEqual(self.send("alice@example.net", "bob@example.net") // 100, 5)

    def test_an_alias_is_of_the_domain_but_is_not_the_user(self):
        self.server.ctl("alias", "add", "sales@example.test", "alice@example.test")
        self.during_test(smtp_in__require_auth_match="domain")
        self.assertEqual(self.send("sales@example.test", "sales@example.test"), 250)
        self.during_test(smtp_in__require_auth_match="address")
        self.assertEqual(self.send("sales@example.test", "alice@example.test"), 553)

    def test_a_null_sender_is_nobodys_forgery(self):
        self.during_test(smtp_in__require_auth_match="address")
        self.assertEqual(self.send("", "alice@example.test"), 250)


if __name__ == "__main__":
    server.main()
