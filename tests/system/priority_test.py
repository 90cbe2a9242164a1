#!/usr/bin/env python3
"""Which priority mail for other servers gets by the settings, and what wins over them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FAR = "bob@far.example"
LARGE = sending.TEXT + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 40


class PriorityTest(sending.SendingTest):
    """Without a route mail waits, untried, where it can be looked at."""

    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)

    def priority_of(self, address=FAR):
        [found] = [who["priority"] for one in self.waiting() for who in one["recipients"] if who["address"] == address]
        return found

    def priority_of_new(self, **how):
        """Of mail that alice sends now."""
        self.submit(FAR, **how)
        found = self.priority_of()
        self.empty_queue()
        return found

    def test_mail_that_no_rule_is_for_has_the_standard_priority(self):
        self.assertEqual(self.priority_of_new(), 5)
        self.during_test(priority__standard="7", priority__standard_enabled="true")
        self.assertEqual(self.priority_of_new(), 7)
        self.server.set(priority__standard_enabled="false")
        self.assertEqual(self.priority_of_new(), 5)

    def test_large_messages_have_their_own(self):
        self.during_test(
            priority__over_size="2", priority__over_size_enabled="true", priority__over_size_threshold_kb="2"
        )
        self.assertEqual(self.priority_of_new(text=LARGE), 2)
        self.assertEqual(self.priority_of_new(), 5)
        self.server.set(priority__over_size_enabled="false")
        self.assertEqual(self.priority_of_new(text=LARGE), 5)

    def test_recipients_that_an_alias_gives_have_it_too(self):
        self.during_test(priority__standard="8")
        self.server.ctl("alias", "add", "friends@example.test", "bob@far.example")
        self.addCleanup(self.server.ctl, "alias", "delete", "friends@example.test")
        self.submit("friends@example.test")

        def written_out():
            return [who for one in self.waiting() for who in one["recipients"] if who["address"] == FAR]

        server.wait_until("the alias to be written out", written_out)
        self.assertEqual(self.priority_of(), 8)

    def test_mail_that_a_user_has_sent_on_has_it_too(self):
        self.during_test(priority__standard="8")
        self.server.ctl("user", "set", "carol@example.test", f"forward_to={FAR}")
        self.addCleanup(self.server.ctl, "user", "set", "carol@example.test", "forward_to=")
        self.submit("carol@example.test")

        def sent_on():
            return [who for one in self.waiting() for who in one["recipients"] if who["address"] == FAR]

        server.wait_until("the message that is sent on", sent_on)
        self.assertEqual(self.priority_of(), 8)
        self.inbox("carol")

    def test_reports_of_failed_deliveries_have_their_own(self):
        self.during_test(
            priority__bounces="9", priority__bounces_enabled="true", smtp_in__whitelisted_networks="127.0.0.6"
        )
        self.peer.on["RCPT"] = "550 5.1.1 no such user"
        self.server.set(smtp_out__routes=self.peer.route("far.example"))
        with self.server.smtp(from_address="127.0.0.6") as smtp:
            smtp.sendmail("carol@near.example", [FAR], sending.TEXT)

        def reported():
            return [who for one in self.waiting() for who in one["recipients"] if who["address"] == "carol@near.example"]

        server.wait_until("the report", reported)
        self.assertEqual(self.priority_of("carol@near.example"), 9, "written here")
        with self.server.smtp(from_address="127.0.0.6") as smtp:
            smtp.sendmail("", ["dave@near.example"], sending.TEXT)
        self.assertEqual(self.priority_of("dave@near.example"), 9, "passed on")

    def test_a_sender_may_have_his_own(self):
        self.during_test(
            priority__sender_overrides="alice@example.test=10 answers to customers, @example.test=3",
            priority__over_size="2",
            priority__over_size_enabled="true",
            priority__over_size_threshold_kb="2",
        )
        self.assertEqual(self.priority_of_new(), 10)
        self.assertEqual(self.priority_of_new(text=LARGE), 10, "and size does not change it")
        self.server.set(priority__sender_overrides="@example.test=3 the rest")
        self.assertEqual(self.priority_of_new(), 3)
        self.server.set(priority__sender_overrides="@other.test=3")
        self.assertEqual(self.priority_of_new(), 5)

    def test_what_is_no_override_is_refused(self):
        for wrong in ("alice@example.test=11", "alice@example.test", "alice=3", "@=3"):
            with self.subTest(wrong):
                self.assertNotEqual(
                    self.server.try_ctl("settings", "set", f"priority.sender_overrides={wrong}").returncode, 0
                )

    def fail_once(self, address, attempts):
        """One more attempt at everything that waits, and until it has failed."""
        for one in self.waiting():
            self.retry(one["id"])
        self.wait_for_attempts(address, attempts)

    def test_failed_attempts_change_it(self):
        self.during_test(
            priority__after_attempts_1="2",
            priority__after_attempts_1_enabled="true",
            priority__attempts_1="1",
            priority__after_attempts_2="8",
            priority__after_attempts_2_enabled="true",
            priority__attempts_2="2",
        )
        self.peer.on["RCPT"] = "451 4.2.1 later"
        self.server.set(smtp_out__routes=self.peer.route())
        self.submit(FAR)
        self.wait_for_attempts(FAR, 1)
        self.assertEqual(self.priority_of(), 2)
        self.fail_once(FAR, 2)
        self.assertEqual(self.priority_of(), 8)

    def test_a_senders_own_and_the_administrators_outlast_attempts(self):
        self.during_test(
            priority__after_attempts_1="2",
            priority__after_attempts_1_enabled="true",
            priority__attempts_1="1",
            priority__sender_overrides="alice@example.test=9",
        )
        self.peer.on["RCPT"] = "451 4.2.1 later"
        self.server.set(smtp_out__routes=self.peer.route())
        self.submit(FAR)
        one = self.wait_for_attempts(FAR, 1)
        self.assertEqual(self.priority_of(), 9)
        self.server.set(priority__sender_overrides="")
        server.wait_until(
            "the order", lambda: self.server.try_ctl("queue", "priority", one["id"], "4").returncode == 0
        )
        self.fail_once(FAR, 2)
        self.assertEqual(self.priority_of(), 4)
        self.server.restart()
        self.fail_once(FAR, 3)
        self.assertEqual(self.priority_of(), 4)

    def test_who_has_the_higher_one_is_sent_first(self):
        self.during_test(
            smtp_out__connections_per_destination="1", priority__sender_overrides="alice@example.test=9"
        )
        with self.server.submission("bob") as smtp:
            smtp.sendmail("bob@example.test", ["first@far.example"], sending.TEXT.replace(b"alice", b"bob"))
        self.submit("second@far.example")
        self.server.set(smtp_out__routes=self.peer.route())
        self.wait_for_empty_queue()
        self.assertEqual([one.recipients[0] for one in self.peer.messages], ["second@far.example", "first@far.example"])


if __name__ == "__main__":
    server.main()
