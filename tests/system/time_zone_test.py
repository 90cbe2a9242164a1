#!/usr/bin/env python3
"""The time zone of a user, else of the domain: what IMAP shows and finds, a Date added, a trace printed."""

import imaplib
import re
import sys
import time
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

# In UTC: before and after the hours at which Berlin and New York change their clocks, and twice around midnight there.
INSTANTS = (
    "29-Mar-2026 00:59:59 +0000",
    "29-Mar-2026 01:00:00 +0000",
    "01-Nov-2026 05:59:59 +0000",
    "01-Nov-2026 06:00:00 +0000",
    "30-Jun-2026 22:30:00 +0000",
    "01-Jul-2026 04:30:00 +0000",
)


class TimeZoneTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.server.imap("alice") as imap:
            for at in INSTANTS:
                if imap.append("INBOX", None, f'"{at}"', b"Subject: dated\r\n\r\nx\r\n")[0] != "OK":
                    raise AssertionError(f"APPEND with {at} failed")

    def dates(self):
        """All internal dates as FETCH has them."""
        with self.server.imap("alice") as imap:
            imap.select("INBOX", readonly=True)
            lines = imap.fetch("1:*", "(INTERNALDATE)")[1]
            return [re.search(rb'"(.*)"', line)[1].decode().strip() for line in lines]

    def found(self, *keys):
        with self.server.imap("alice") as imap:
            imap.select("INBOX", readonly=True)
            return [int(one) for one in imap.search(None, *keys)[1][0].split()]

    def test_dates_are_in_utc_by_default(self):
        self.assertEqual(self.dates()[1], "29-Mar-2026 01:00:00 +0000")
        self.assertEqual(self.found("ON", "1-Jul-2026"), [6])

    def test_dates_follow_daylight_saving_time_of_the_user(self):
        self.user_during_test("alice", time_zone="Europe/Berlin")
        self.assertEqual(self.dates()[:2], ["29-Mar-2026 01:59:59 +0100", "29-Mar-2026 03:00:00 +0200"])
        self.user_during_test("alice", time_zone="America/New_York")
        # The same hour on the clock, twice.
        self.assertEqual(self.dates()[2:4], ["1-Nov-2026 01:59:59 -0400", "1-Nov-2026 01:00:00 -0500"])
        self.user_during_test("alice", time_zone="Asia/Kolkata")
        self.assertEqual(self.dates()[0], "29-Mar-2026 06:29:59 +0530")

    def test_dates_are_the_same_instants_in_every_zone(self):
        want = [imaplib.Internaldate2tuple(f'INTERNALDATE "{at}"'.encode()) for at in INSTANTS]
        self.user_during_test("alice", time_zone="America/Santiago")
        have = [imaplib.Internaldate2tuple(f'INTERNALDATE "{at.rjust(26)}"'.encode()) for at in self.dates()]
        self.assertEqual(have, want)

    def test_the_zone_of_the_domain_holds_for_who_has_none(self):
        self.domain_during_test(time_zone="America/Santiago")
        self.assertEqual(self.dates()[0], "28-Mar-2026 21:59:59 -0300")
        self.user_during_test("alice", time_zone="Europe/Berlin")
        self.assertEqual(self.dates()[0], "29-Mar-2026 01:59:59 +0100")

    def test_search_counts_days_as_the_user_does(self):
        self.user_during_test("alice", time_zone="Europe/Berlin")
        self.assertEqual(self.found("ON", "1-Jul-2026"), [5, 6])
        self.assertEqual(self.found("BEFORE", "1-Jul-2026"), [1, 2])
        self.user_during_test("alice", time_zone="America/Los_Angeles")
        self.assertEqual(self.found("ON", "30-Jun-2026"), [5, 6])
        self.assertEqual(self.found("SINCE", "1-Jul-2026"), [3, 4])

    def test_an_append_means_the_zone_it_names(self):
        self.user_during_test("bob", time_zone="Asia/Kathmandu")
        with self.server.imap("bob") as imap:
            imap.append("INBOX", None, '"22-Nov-2026 12:00:00 -0500"', b"\r\n")
            imap.select("INBOX")
            self.assertIn(b'"22-Nov-2026 22:45:00 +0545"', imap.fetch("1", "(INTERNALDATE)")[1][0])

    def test_a_date_added_by_submission_is_the_senders(self):
        self.user_during_test("bob", time_zone="Asia/Kolkata")
        with self.server.submission("bob") as smtp:
            text = "From: bob@example.test\r\nSubject: without a date\r\n\r\nx\r\n"
            smtp.sendmail("bob@example.test", ["carol@example.test"], text)
        date = message_from_bytes(self.server.wait_for_message("carol", b"without a date"))["Date"]
        self.assertTrue(date.endswith(" +0530"), date)
        self.assertLess(abs(parsedate_to_datetime(date).timestamp() - time.time()), 600)

    def test_a_trace_is_printed_in_the_zone_asked_for(self):
        with self.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", ["carol@example.test"], "Message-ID: <zone@here>\r\n\r\nx\r\n")
        self.server.wait_for_local_deliveries()
        steps = self.server.ctl_json("trace", "zone@here")["traces"][0]["steps"]
        self.assertTrue(steps[0]["at"].endswith("Z"))
        self.assertIn(steps[0]["at"], self.server.ctl("trace", "zone@here"))
        there = self.server.ctl("trace", "zone@here", "--time-zone", "Asia/Kolkata")
        self.assertRegex(there, r"T\d\d:\d\d:\d\d\.\d{3}\+05:30  accepted")
        self.assertEqual(
            self.server.ctl_json("trace", "zone@here", "--time-zone", "Asia/Kolkata")["traces"][0]["steps"], steps
        )
        self.assertIn("no time zone", self.server.try_ctl("trace", "x", "--time-zone", "Nowhere/At_All").stderr)

    def test_a_zone_that_is_none_is_refused(self):
        for kind, name in (("user", "alice@example.test"), ("domain", "example.test")):
            refused = self.server.try_ctl(kind, "set", name, "time_zone=Mars/Olympus_Mons")
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("no time zone", refused.stderr + refused.stdout)


if __name__ == "__main__":
    server.main()
