#!/usr/bin/env python3
"""What is counted of domains, and when nothing is."""

import datetime
import imaplib
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

COUNTS = (
    "messages_in", "octets_in", "messages_out", "octets_out", "deliveries", "refusals", "logins", "failed_logins",
)  # fmt: skip
STRANGER = "a@elsewhere.example"
MESSAGE = "Subject: count me\r\n\r\nx\r\n"


class StatisticsTest(server.ServerTest):
    def counts(self, *what):
        """The sum of all days; `what` is a domain, or nothing for the whole server."""
        days = self.server.ctl_json("statistics", *what)["days"]
        return {name: sum(day[name] for day in days) for name in COUNTS}

    def more(self, before, *what):
        now = self.counts(*what)
        return {name: now[name] - before[name] for name in COUNTS if now[name] != before[name]}

    def send(self, to=("alice@example.test", "bob@example.test")):
        with self.server.smtp() as smtp:
            smtp.sendmail(STRANGER, to, MESSAGE)
        self.server.wait_for_local_deliveries()

    def test_mail_that_comes_is_counted_for_the_domain(self):
        before, all_before = self.counts(server.DOMAIN), self.counts()
        self.send()
        found = self.more(before, server.DOMAIN)
        self.assertGreater(found.pop("octets_in"), len(MESSAGE))
        self.assertEqual(found, {"messages_in": 1, "deliveries": 2})
        found = self.more(all_before)
        self.assertEqual((found["messages_in"], found["deliveries"]), (1, 2))

    def test_mail_of_users_and_their_logins_are_counted(self):
        before = self.counts(server.DOMAIN)
        with self.server.submission("alice") as smtp:
            smtp.sendmail("alice@example.test", ["someone@far.example"], MESSAGE)
        with self.server.imap("alice"):
            pass
        with (
            self.assertRaises(imaplib.IMAP4.error),
            imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.server.tls()) as imap,
        ):
            imap.login("alice@example.test", "wrong")
        found = self.more(before, server.DOMAIN)
        self.assertGreater(found.pop("octets_out"), len(MESSAGE))
        self.assertEqual(found, {"messages_out": 1, "logins": 2, "failed_logins": 1})

    def test_refused_recipients_are_counted(self):
        before, all_before = self.counts(server.DOMAIN), self.counts()
        with self.server.smtp() as smtp:
            smtp.mail(STRANGER)
            for each in ("nobody@example.test", "nobody.else@example.test", "someone@far.example"):
                self.assertEqual(smtp.rcpt(each)[0], 550)
        server.wait_until("the refusals", lambda: self.more(before, server.DOMAIN) == {"refusals": 2})
        self.assertEqual(self.more(all_before)["refusals"], 3)

    def test_nothing_is_counted_while_everybody_may_relay(self):
        self.server.ctl("domain", "add", "other.test")
        self.server.add_user("dave@other.test")
        self.send()
        before, other_before, all_before = self.counts(server.DOMAIN), self.counts("other.test"), self.counts()
        self.during_test(smtp_in__allow_relay="anyone")
        self.send(["alice@example.test", "dave@other.test"])
        with self.server.imap("alice"):
            pass
        self.assertEqual(self.more(before, server.DOMAIN), {})
        self.assertEqual(self.more(other_before, "other.test"), {})
        self.assertEqual(self.more(all_before), {})
        self.assertFalse(self.server.ctl_json("statistics", server.DOMAIN)["counting"])
        self.assertIn("Nothing is counted", self.server.ctl("statistics", server.DOMAIN))
        self.server.set(smtp_in__allow_relay="nobody")
        self.send(["alice@example.test", "dave@other.test"])
        for name, then in ((server.DOMAIN, before), ("other.test", other_before)):
            found = self.more(then, name)
            self.assertEqual((found["messages_in"], found["deliveries"]), (1, 1), name)
        self.assertTrue(self.server.ctl_json("statistics", server.DOMAIN)["counting"])

    def test_counts_are_there_after_a_restart(self):
        before = self.counts(server.DOMAIN)
        self.send()
        self.assertEqual(self.server.restart(), 0)
        self.assertEqual(self.more(before, server.DOMAIN)["messages_in"], 1)

    def test_what_was_shown_is_there_after_a_kill(self):
        self.send()
        shown = self.counts(server.DOMAIN)
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.counts(server.DOMAIN), shown)

    def test_days_may_be_chosen(self):
        self.send()
        day = self.server.ctl_json("statistics", server.DOMAIN)["days"][-1]["day"]
        self.assertEqual(len(self.server.ctl_json("statistics", server.DOMAIN, "--from", day, "--to", day)["days"]), 1)
        before = str(datetime.date.fromisoformat(day) - datetime.timedelta(days=400))
        found = self.server.ctl_json("statistics", server.DOMAIN, "--from", before, "--to", before)
        self.assertEqual(found["days"], [])
        self.assertIn(day, self.server.ctl("statistics", server.DOMAIN))

    def test_wrong_questions_are_refused(self):
        for wrong in (("nowhere.test",), (server.DOMAIN, "--from", "yesterday"), (server.DOMAIN, "--to", "2026-02-30")):
            self.assertEqual(self.server.try_ctl("statistics", *wrong).returncode, 1, wrong)


if __name__ == "__main__":
    server.main()
