#!/usr/bin/env python3
"""Users who have their mail answered while they are away: whom they answer, how often, and with what."""

import email
import email.policy
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
import wall_clock  # noqa: E402

HOUR = 3600
ZONES = [
    name_server.Zone("honest", 'mail TXT "v=spf1 ip4:127.0.0.1 -all"\n'),
    name_server.Zone("forged", 'mail TXT "v=spf1 ip4:192.0.2.1 -all"\n'),
]


def message(sender, *fields, to="alice@example.test", subject="are you there"):
    lines = (*fields, f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Message-ID: <ask@far.example>", "", "text")
    return "".join(f"{one}\r\n" for one in lines)


class AutoReplyTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        cls.dns = None
        if not name_server.missing_tools():
            cls.dns = name_server.NameServer(ZONES)
            cls.addClassCleanup(cls.dns.close)
            cls.first_start = {**cls.first_start, "resolver": cls.dns.resolver_settings()}
        super().setUpClass()
        cls.clock = wall_clock.WallClock(cls.server.folder)
        cls.server.environment = cls.clock.environment
        cls.server.restart()

    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        # Nobody was answered yet on the day of a test. Signatures of the zones last four weeks.
        self.clock.shift(self.clock.seconds + 25 * HOUR)
        self.server.set(smtp_out__routes=self.peer.route())
        self.during_test(auto_responder__restriction="unrestricted")
        self.away("alice")

    def away(self, user, subject="Ich bin weg", text="Zurück am Montag.\nBis dann!", **more):
        self.server.ctl("user", "set", server.address(user), "auto_responder_enabled=true",
                        f"auto_responder_subject={subject}", f"auto_responder_text={text}",
                        *(f"auto_responder_{name}={value}" for name, value in more.items()))  # fmt: skip
        self.addCleanup(self.server.ctl, "user", "set", server.address(user), "auto_responder_enabled=false",
                        "auto_responder_from=", "auto_responder_until=")  # fmt: skip

    def send(self, content, sender="bob@far.example", to="alice@example.test"):
        """The queue id."""
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.mail(sender)[0], 250)
            self.assertEqual(smtp.rcpt(to)[0], 250)
            code, text = smtp.data(content)
            self.assertEqual(code, 250, text)
            return text.split()[-1].decode()

    def step(self, queue_id, kind):
        steps = self.server.ctl_json("trace", queue_id)["traces"][0]["steps"]
        found = [dict(one["facts"]) for one in steps if one["step"] == kind]
        return found[0] if found else None

    def answered(self, content, sender="bob@far.example", **more):
        """The reply at the other server, as it came."""
        before = len(self.peer.messages)
        queue_id = self.send(content, sender, **more)
        server.wait_until("the reply", lambda: len(self.peer.messages) == before + 1)
        self.wait_for_empty_queue()
        self.assertEqual(self.step(queue_id, "replied")["to"], sender)
        return self.peer.messages[-1]

    def why_not(self, content, sender="bob@far.example", **more):
        before = len(self.peer.messages)
        queue_id = self.send(content, sender, **more)
        told = server.wait_until("word in the trace", lambda: self.step(queue_id, "not_replied"))
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), before)
        return told["why"]

    def test_a_reply_goes_to_the_sender_from_nobody(self):
        one = self.answered(message("bob@far.example"))
        self.assertEqual((one.sender, one.recipients), ("", ["bob@far.example"]))
        self.assertTrue(all(len(line) <= 998 for line in one.content.split(b"\r\n")))
        read = email.message_from_bytes(one.content, policy=email.policy.default)
        self.assertEqual(read["From"], "alice@example.test")
        self.assertEqual(read["To"], "bob@far.example")
        self.assertEqual(read["Subject"], "Ich bin weg")
        self.assertEqual(read["In-Reply-To"], "<ask@far.example>")
        self.assertEqual(read["References"], "<ask@far.example>")
        self.assertEqual(read["Auto-Submitted"], "auto-replied")
        self.assertEqual(read.get_content().replace("\r\n", "\n").rstrip("\n"), "Zurück am Montag.\nBis dann!")
        self.assertIsNone(read["Return-Path"])
        self.assertEqual([each["Subject"] for each in self.inbox("alice")], ["are you there"])
        self.away("alice", subject="")
        again = self.answered(message("carl@far.example", subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?="), "carl@far.example")
        self.assertEqual(
            email.message_from_bytes(again.content, policy=email.policy.default)["Subject"], "Auto: Grüße"
        )

    def test_a_sender_is_answered_once_a_day(self):
        self.answered(message("bob@far.example"))
        self.assertEqual(self.why_not(message("bob@far.example")), "the sender was answered lately")
        self.answered(message("carl@far.example"), "carl@far.example")
        self.clock.shift(self.clock.seconds + 23 * HOUR)
        self.assertEqual(self.why_not(message("bob@far.example")), "the sender was answered lately")
        self.server.restart(how=signal.SIGKILL)
        self.assertEqual(self.why_not(message("bob@far.example")), "the sender was answered lately")
        self.clock.shift(self.clock.seconds + 2 * HOUR)
        self.answered(message("bob@far.example"))
        self.server.ctl("domain", "set", server.DOMAIN, "auto_responder_once_per_day=false")
        self.addCleanup(self.server.ctl, "domain", "set", server.DOMAIN, "auto_responder_once_per_day=true")
        self.answered(message("bob@far.example"))

    def test_programs_and_lists_are_not_answered(self):
        for sender, field, why in (
            ("", "X-None: 1", "the message has no sender"),
            ("mailer-daemon@far.example", "X-None: 1", "the sender is a program"),
            ("list-request@far.example", "X-None: 1", "the sender is a program"),
            ("bob@far.example", "Auto-Submitted: auto-replied", "the message was sent by a program"),
            ("bob@far.example", "Precedence: bulk", "the message came by a mailing list"),
            ("bob@far.example", "List-Id: <list.far.example>", "the message came by a mailing list"),
            ("bob@far.example", "X-Auto-Response-Suppress: All", "the message asks for no automatic reply"),
        ):
            with self.subTest(sender=sender, field=field):
                self.assertEqual(self.why_not(message("bob@far.example", field), sender), why)

    def test_only_who_is_addressed_answers(self):
        self.assertEqual(self.why_not(message("bob@far.example", to="others@far.example")),
                         "the user is not among those addressed")  # fmt: skip
        self.server.ctl("alias", "add", "sales@example.test", "alice@example.test")
        self.server.ctl("alias", "add", "all@example.test", "alice@example.test", "carol@example.test")
        for alias in ("sales", "all"):
            self.addCleanup(self.server.ctl, "alias", "delete", server.address(alias))
        all_of_us = message("bob@far.example", to="all@example.test")
        self.assertEqual(self.why_not(all_of_us, to="all@example.test"), "the user is not among those addressed")
        self.answered(message("bob@far.example", to="sales@example.test"), to="sales@example.test")

    def test_mail_of_the_catch_all_is_answered_only_where_the_server_says_so(self):
        self.domain_during_test(catch_all="true", catch_all_target="alice@example.test")
        caught = message("bob@far.example", to="whoever@example.test")
        self.assertEqual(self.why_not(caught, to="whoever@example.test"), "the message came by the catch-all address")
        self.during_test(auto_responder__answer_catch_all="true")
        self.answered(caught, to="whoever@example.test")

    def test_the_server_may_want_spf_or_answer_nobody(self):
        self.during_test(auto_responder__restriction="disabled")
        self.assertEqual(self.why_not(message("bob@mail.honest"), "bob@mail.honest"), "automatic replies are switched off")
        if self.dns is None:
            self.skipTest("not installed: " + " ".join(name_server.missing_tools()))
        self.server.set(auto_responder__restriction="spf_passed")
        self.assertEqual(self.why_not(message("bob@mail.forged"), "bob@mail.forged"), "the sender did not pass SPF (fail)")
        self.answered(message("bob@mail.honest"), "bob@mail.honest")

    def test_a_user_answers_on_the_days_he_said(self):
        self.away("alice", until="2001-01-01")
        self.send(message("bob@far.example"))
        self.wait_for_empty_queue()
        self.server.wait_for_local_deliveries()
        self.assertEqual(self.peer.messages, [])
        self.away("alice", until="9999-12-31", **{"from": "2001-01-01"})
        self.answered(message("bob@far.example"))
        refused = self.server.try_ctl("user", "set", "alice@example.test", "auto_responder_from=someday")
        self.assertNotEqual(refused.returncode, 0)

    def test_replies_have_a_priority_of_their_own(self):
        self.during_test(priority__auto_responders="9", priority__auto_responders_enabled="true")
        self.peer.on["MAIL"] = "451 4.3.0 later"
        self.send(message("bob@far.example"))
        [who] = self.wait_for_attempts("bob@far.example", 1)["recipients"]
        self.assertEqual(who["priority"], 9)


if __name__ == "__main__":
    server.main()
