#!/usr/bin/env python3
"""What domains and users may send and receive in an hour, and what happens to more until it ends."""

import datetime
import signal
import smtplib
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
import wall_clock  # noqa: E402

HOUR = 3600
FAR = "bob@far.example"
MANY = 60
LARGE = sending.TEXT + (b"y" * 70 + b"\r\n") * 9000  # 650 KB


class ThrottleTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = wall_clock.WallClock(cls.server.folder)
        cls.server.environment = cls.clock.environment
        cls.next_hour()
        cls.server.restart()

    @classmethod
    def next_hour(cls):
        """The clock goes to ten past the next hour: no test meets the end of one unasked."""
        cls.clock.set((cls.clock.now() // HOUR + 1) * HOUR + 10 * wall_clock.MINUTE)

    def setUp(self):
        self.next_hour()
        self.next_hour()  # what an earlier test let wait counts to the one after it
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route())

    def sends(self, *recipients, user="alice", text=sending.TEXT):
        """Whether all of it was taken. A refusal must be one until the hour ends."""
        with self.server.submission(user) as smtp:
            try:
                refused = smtp.sendmail(server.address(user), recipients, text.replace(b"alice@", user.encode() + b"@"))
            except smtplib.SMTPSenderRefused as why:
                self.check_refusal(why.smtp_code, why.smtp_error)
                return False
            except smtplib.SMTPDataError as why:
                self.check_refusal(why.smtp_code, why.smtp_error)
                return False
        self.assertEqual(refused, {})
        return True

    def check_refusal(self, code, text):
        ends = datetime.datetime.fromtimestamp((self.clock.now() // HOUR + 1) * HOUR, datetime.timezone.utc)
        self.assertEqual(code, 450)
        self.assertTrue(text.startswith(b"4.7.1"), text)
        self.assertIn(ends.strftime("%H:%M UTC").encode(), text)

    def due_in(self, address):
        """How long a recipient in the queue still waits, in seconds."""
        [due_at] = [
            who["due_at"] for one in self.waiting() for who in one["recipients"] if who["address"] == address
        ]
        return datetime.datetime.fromisoformat(due_at.replace("Z", "+00:00")).timestamp() - self.clock.now()

    def rest_of_the_hour(self):
        return HOUR - self.clock.now() % HOUR

    def test_the_action_none_slows_nothing(self):
        self.domain_during_test(throttle_messages_per_hour="1", throttle_bounces_per_hour="0")
        for _ in range(3):
            self.assertTrue(self.sends(FAR))
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 3)

    def test_messages_above_the_threshold_are_refused_until_the_hour_ends(self):
        self.domain_during_test(throttle_messages_per_hour="3", throttle_messages_action="reject")
        self.assertTrue(self.sends(FAR, "carol@far.example"), "each recipient counts")
        self.assertTrue(self.sends(FAR))
        self.assertFalse(self.sends(FAR))
        self.assertFalse(self.sends("bob@example.test"), "mail to one's own domain is sent, too")
        self.assertFalse(self.sends(FAR, user="bob"), "it is the domain's threshold")
        self.next_hour()
        self.assertTrue(self.sends(FAR))

    def test_recipients_above_the_threshold_are_refused(self):
        self.domain_during_test(throttle_messages_per_hour="2", throttle_messages_action="reject")
        with self.server.submission("alice") as smtp:
            everybody = [f"bob{number}@far.example" for number in range(4)]
            refused = smtp.sendmail("alice@example.test", everybody, sending.TEXT)
        self.assertEqual(sorted(refused), everybody[2:])
        for code, text in refused.values():
            self.check_refusal(code, text)
        server.wait_until("the others' mail", lambda: self.peer.addressed_to("bob1@far.example"))

    def test_data_above_the_threshold_is_refused_until_the_hour_ends(self):
        self.domain_during_test(throttle_bandwidth_per_hour_mb="1", throttle_bandwidth_action="reject")
        self.assertTrue(self.sends(FAR, text=LARGE))
        self.assertFalse(self.sends(FAR, text=LARGE))
        self.assertTrue(self.sends(FAR), "a small one still fits")
        with self.server.submission("alice") as smtp:  # one that does not say before how large it is
            self.assertEqual(smtp.docmd("MAIL FROM:<alice@example.test>")[0], 250)
            self.assertEqual(smtp.rcpt(FAR)[0], 250)
            self.check_refusal(*smtp.data(LARGE))
        self.next_hour()
        self.assertTrue(self.sends(FAR, text=LARGE))

    def test_mail_above_the_threshold_waits_until_the_hour_ends(self):
        self.domain_during_test(throttle_messages_per_hour="1", throttle_messages_action="delay")
        self.during_test(spool__retry_intervals_minutes="1, 2")
        self.assertTrue(self.sends(FAR))
        self.wait_for_empty_queue()
        self.assertTrue(self.sends("carol@far.example", "bob@example.test"))
        self.server.wait_for_local_deliveries()
        for address in ("carol@far.example", "bob@example.test"):
            self.assertAlmostEqual(self.due_in(address), self.rest_of_the_hour(), delta=10)
        [one] = self.waiting()
        self.assertEqual([who["attempts"] for who in one["recipients"]], [0, 0])
        self.assertTrue(one["recipients"][0]["last_reply"].startswith("450 4.7.1"))
        self.assertIn("450 4.7.1", self.server.ctl("trace", one["id"]))
        self.server.restart()
        self.server.wait_for_local_deliveries()
        self.assertEqual(self.server.count("bob"), 0)
        self.assertEqual(self.peer.addressed_to("carol@far.example"), [])
        self.next_hour()
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.addressed_to("carol@far.example")), 1)
        self.assertEqual(len(self.inbox("bob")), 1)
        # It was sent in this hour, so it counts to this one: two recipients, and one is allowed.
        self.assertTrue(self.sends(FAR))
        self.assertAlmostEqual(self.due_in(FAR), self.rest_of_the_hour(), delta=10)

    def test_the_administrator_may_send_what_waits(self):
        self.domain_during_test(throttle_messages_per_hour="0", throttle_messages_action="delay")
        self.assertTrue(self.sends(FAR))
        [one] = self.waiting()
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    def test_a_user_has_a_threshold_of_his_own(self):
        self.domain_during_test(throttle_messages_action="reject", throttle_bandwidth_action="reject")
        self.user_during_test("alice", throttle_messages_per_hour="1")
        self.user_during_test("carol", throttle_bandwidth_per_hour_mb="1")
        self.assertTrue(self.sends(FAR))
        self.assertFalse(self.sends(FAR))
        self.assertTrue(self.sends(FAR, user="bob"))
        self.assertTrue(self.sends(FAR, user="carol", text=LARGE))
        self.assertFalse(self.sends(FAR, user="carol", text=LARGE))
        self.next_hour()
        self.assertTrue(self.sends(FAR))

    def test_counts_are_exact_over_restarts_and_kills(self):
        self.domain_during_test(throttle_messages_per_hour="4", throttle_messages_action="reject")
        for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
            self.assertTrue(self.sends(FAR))
            self.server.restart(how)
        self.assertFalse(self.sends(FAR))
        self.server.restart(signal.SIGKILL)
        self.assertFalse(self.sends(FAR))
        self.next_hour()
        self.server.restart()
        self.assertTrue(self.sends(FAR))

    def send_until_refused(self):
        """As many clients at once as a busy hour has; each ends when it is refused, or the daemon is gone."""

        def send():
            try:
                with self.server.submission("alice") as smtp:
                    for _ in range(MANY):
                        smtp.sendmail("alice@example.test", [FAR], sending.TEXT)
            except (smtplib.SMTPException, OSError):
                pass

        clients = [threading.Thread(target=send) for _ in range(6)]
        for each in clients:
            each.start()
        return clients

    def test_exactly_as_much_is_taken_whoever_comes_at_once_and_whenever_a_kill_comes(self):
        self.domain_during_test(throttle_messages_per_hour=str(MANY), throttle_messages_action="reject")
        self.server.set(smtp_out__routes="")  # so that all that was taken is there to be counted
        for enough in (MANY // 3, 2 * MANY // 3):
            clients = self.send_until_refused()
            server.wait_until("some mail", lambda enough=enough: len(self.waiting()) >= enough)
            self.server.stop(signal.SIGKILL)
            for each in clients:
                each.join()
            self.server.start()
        for each in self.send_until_refused():
            each.join()
        self.assertEqual(len(self.waiting()), MANY)

    def test_bounces_above_the_threshold_are_refused(self):
        self.domain_during_test(throttle_bounces_per_hour="2", throttle_bounces_action="reject")
        with self.server.smtp() as smtp:
            smtp.sendmail("", ["alice@example.test", "bob@example.test"], sending.TEXT)
            self.assertEqual(smtp.mail("")[0], 250)
            self.check_refusal(*smtp.rcpt("carol@example.test"))
            smtp.rset()
            smtp.sendmail("a@elsewhere.example", ["carol@example.test"], sending.TEXT)
        self.next_hour()
        with self.server.smtp() as smtp:
            smtp.sendmail("", ["carol@example.test"], sending.TEXT)
        self.server.wait_for_count("carol", 2)
        for user in ("alice", "bob", "carol"):
            self.inbox(user)

    def test_bounces_above_the_threshold_wait_until_the_hour_ends(self):
        self.domain_during_test(throttle_bounces_per_hour="1", throttle_bounces_action="delay")
        with self.server.smtp() as smtp:
            smtp.sendmail("", ["alice@example.test"], sending.TEXT)
            smtp.sendmail("", ["bob@example.test"], sending.TEXT)
        self.server.wait_for_count("alice", 1)
        self.server.wait_for_local_deliveries()
        self.assertEqual(self.server.count("bob"), 0)
        self.assertAlmostEqual(self.due_in("bob@example.test"), self.rest_of_the_hour(), delta=10)
        self.next_hour()
        self.server.wait_for_count("bob", 1)
        for user in ("alice", "bob"):
            self.inbox(user)

    def test_nobody_else_uses_up_what_a_domain_may_send(self):
        self.domain_during_test(throttle_messages_per_hour="1", throttle_messages_action="reject")
        with self.server.smtp() as smtp:  # whoever calls himself by a name of ours, to users of ours
            for _ in range(3):
                smtp.sendmail("alice@example.test", ["bob@example.test"], sending.TEXT)
        self.assertTrue(self.sends(FAR))
        self.inbox("bob")

    def test_hosts_that_may_relay_send_for_the_domain(self):
        self.domain_during_test(throttle_messages_per_hour="1", throttle_messages_action="reject")
        self.during_test(smtp_in__whitelisted_networks="127.0.0.6")
        with self.server.smtp(from_address="127.0.0.6") as smtp:
            smtp.sendmail("alice@example.test", [FAR], sending.TEXT)
            self.assertEqual(smtp.mail("alice@example.test")[0], 250)
            self.check_refusal(*smtp.rcpt(FAR))
            smtp.rset()
            smtp.sendmail("alice@elsewhere.example", [FAR], sending.TEXT)

    def test_a_jump_of_the_clock_costs_nobody_anything(self):
        self.domain_during_test(throttle_messages_per_hour="1", throttle_messages_action="reject")
        begun = self.clock.seconds
        self.addCleanup(self.clock.shift, begun)
        for jump in (0, -wall_clock.DAY, 30 * wall_clock.DAY, 0):
            self.clock.shift(begun + jump)
            self.assertTrue(self.sends(FAR), jump)
            self.assertFalse(self.sends(FAR), jump)

    def test_mail_that_waits_is_not_kept_by_a_clock_that_went_back(self):
        self.domain_during_test(throttle_messages_per_hour="0", throttle_messages_action="delay")
        self.assertTrue(self.sends(FAR))
        begun = self.clock.seconds
        self.addCleanup(self.clock.shift, begun)
        self.clock.shift(begun - wall_clock.DAY)
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)


if __name__ == "__main__":
    server.main()
