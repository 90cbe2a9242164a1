#!/usr/bin/env python3
"""Mail that was taken in and cannot be put into a mailbox here: it is tried again, and then comes back."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import sending  # noqa: E402
import server  # noqa: E402
import wall_clock  # noqa: E402

LARGE = b"Subject: large\r\nFrom: <alice@example.test>\r\n\r\n" + b"x" * 70 * 100 * 100 + b"\r\n"


class LocalFailuresTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = wall_clock.WallClock(cls.server.folder)
        cls.server.environment = cls.clock.environment
        cls.server.restart()

    def setUp(self):
        self.addCleanup(self.clock.shift, 0)

    def add_alias(self, name, *targets):
        self.server.ctl("alias", "add", server.address(name), *targets)
        self.addCleanup(self.server.ctl, "alias", "delete", server.address(name))

    def submit(self, *recipients, text=LARGE):
        super().submit(*recipients, text=b"\r\n".join(text[at : at + 900] for at in range(0, len(text), 900)))

    def test_a_mailbox_that_stays_full_sends_the_mail_back_with_the_reason(self):
        self.during_test(spool__retry_intervals_minutes="15")
        self.server.set(spool__delay_notice_after_attempts="0")
        self.add_alias("team", "bob@example.test", "carol@example.test")
        self.user_during_test("bob", quota_mb=1)
        self.submit("bob@example.test")
        self.server.wait_for_message("bob", b"Subject: large")
        self.submit("team@example.test")  # only when the alias is written out is it known that there is no room
        self.server.wait_for_message("carol", b"Subject: large")
        one = self.wait_for_attempts("bob@example.test", 1)
        self.assertEqual(self.inbox(), [])
        self.clock.shift(16 * 60)
        report, parts = self.report()
        self.assertEqual(report["Return-Path"], "<>")
        [of_message, of_bob] = parts[1].get_payload()
        self.assertEqual(of_bob["Final-Recipient"], "rfc822;bob@example.test")
        self.assertEqual((of_bob["Action"], of_bob["Status"]), ("failed", "5.2.2"))
        self.assertIn("over quota", parts[0].get_content())
        self.assertEqual(parts[2].get_content_type(), "text/rfc822-headers")
        self.wait_for_empty_queue()
        self.assertEqual((self.server.count("bob"), self.server.count("carol")), (1, 1))
        steps = self.server.ctl_json("trace", one["id"])["traces"][0]["steps"]
        self.assertEqual(steps[-1]["step"], "bounced")
        self.assertEqual(dict(steps[-1]["facts"])["attempt"], "2")

    def test_a_report_that_cannot_be_delivered_is_told_to_the_postmaster(self):
        self.add_alias("lists", "nobody@example.test")
        self.during_test(spool__double_bounces_to="carol@example.test")
        text = b"Subject: to nobody\r\nFrom: <lists@example.test>\r\n\r\nx\r\n"
        with self.server.smtp() as smtp:
            smtp.sendmail(server.address("lists"), [server.address("lists")], text)

        def told():
            return [one for one in self.server.messages("carol") if b"MAILER-DAEMON" in one]

        [found] = server.wait_until("a report on the report", told)
        self.assertIn(b"nobody@example.test", found)
        self.assertIn(b"multipart/report", found)
        self.wait_for_empty_queue()

    def test_an_address_that_is_none_is_refused_as_a_setting(self):
        for wrong in ("postmaster", "@example.test", "a b@example.test", "<a@example.test>"):
            self.assertNotEqual(self.server.try_ctl("settings", "set", f"spool.double_bounces_to={wrong}").returncode, 0)


if __name__ == "__main__":
    server.main()
