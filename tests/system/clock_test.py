#!/usr/bin/env python3
"""The wall clock jumps by a year, forth and back, and over changes of daylight saving time, while the server works."""

import base64
import datetime
import re
import sys
import threading
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
import wall_clock  # noqa: E402
from lines import Lines  # noqa: E402

JUMPS = (wall_clock.YEAR, 0, -wall_clock.YEAR, 0)


class ClockTest(server.ServerTest):
    node = {"shards": 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = wall_clock.WallClock(cls.server.folder)
        cls.server.environment = {**cls.clock.environment, "TZ": "Europe/Berlin"}
        cls.server.restart()

    def setUp(self):
        self.addCleanup(self.clock.shift, 0)

    def jumps_logged(self):
        told = re.findall(rb"the wall clock jumped by (-?\d+) seconds", self.server.log.read_bytes())
        return [int(one) for one in told]

    def wait_for_jump(self, known):
        """Waits until one more jump than `known` is in the log, and returns it."""
        server.wait_until("a word about the jump", lambda: len(self.jumps_logged()) > known)
        return self.jumps_logged()[known]

    def last(self, imap):
        """UID, modification number and internal date of the last message selected."""
        imap.noop()
        told = imap.fetch("*", "(UID MODSEQ INTERNALDATE)")[1][0]
        shown = re.search(rb'INTERNALDATE "([^"]*)"', told)[1].decode().strip()
        when = datetime.datetime.strptime(shown, "%d-%b-%Y %H:%M:%S %z")
        return int(re.search(rb"UID (\d+)", told)[1]), int(re.search(rb"MODSEQ \((\d+)\)", told)[1]), when

    def test_1_sessions_mail_and_doors_go_on(self):
        known = len(self.jumps_logged())
        stop = threading.Event()
        sent, failed = [], []

        def load():
            try:
                with self.server.smtp() as smtp:
                    while not stop.is_set():
                        smtp.sendmail("load@elsewhere.example", ["carol@example.test"], "Subject: load\r\n\r\nx\r\n")
                        sent.append(1)
            except OSError as why:
                failed.append(why)

        loader = threading.Thread(target=load)
        loader.start()
        self.addCleanup(loader.join)
        self.addCleanup(stop.set)
        with (
            self.server.imap("alice") as imap,
            Lines(self.server.connect_tls("pop3s")) as pop3,
            self.server.smtp() as smtp,
        ):
            metrics = f"http://127.0.0.1:{self.server.ports['http']}/metrics"
            imap.select("INBOX")
            pop3.line()
            pop3.ask(b"USER alice@example.test")
            self.assertTrue(pop3.ask(b"PASS " + server.PASSWORD.encode()).startswith(b"+OK"))
            before_uid, before_modseq, validity = 0, 0, 0
            for number, shift in enumerate((0, *JUMPS)):
                # The clock jumps in the middle of a transaction.
                self.assertEqual(smtp.mail("a@elsewhere.example")[0], 250)
                self.assertEqual(smtp.rcpt(server.address("alice"))[0], 250)
                jump = shift - self.clock.seconds
                self.clock.shift(shift)
                self.assertEqual(smtp.data(f"Subject: jump {number}\r\n\r\nx\r\n")[0], 250)
                if jump:
                    self.assertAlmostEqual(self.wait_for_jump(known), jump, delta=5)
                    known += 1
                self.server.wait_for_count("alice", number + 1)
                uid, modseq, when = self.last(imap)
                self.assertEqual(uid, before_uid + 1)
                self.assertGreater(modseq, before_modseq)
                self.assertAlmostEqual(when.timestamp(), self.clock.now(), delta=90, msg="dated by the new clock")
                before_uid, before_modseq = uid, modseq
                # Numbers that say which folder is meant never come again, whatever the clock shows.
                imap.delete("Fleeting")
                self.assertEqual(imap.create("Fleeting")[0], "OK")
                told = int(re.search(rb"UIDVALIDITY (\d+)", imap.status("Fleeting", "(UIDVALIDITY)")[1][0])[1])
                self.assertGreater(told, validity)
                validity = told
                self.assertTrue(pop3.ask(b"NOOP").startswith(b"+OK"))
                with urllib.request.urlopen(metrics, timeout=60) as answer:
                    self.assertIn(b"stagepost_", answer.read())
                self.assertEqual(self.server.ctl_json("status")["node"], "test")
        stop.set()
        loader.join()
        self.assertEqual(failed, [])
        self.server.wait_for_count("carol", len(sent))
        self.assertEqual(self.server.count("carol"), len(sent))
        self.assertIn("delivered", self.server.ctl("trace", self.trace_of_first_load()))

    def trace_of_first_load(self):
        """The queue number of the first message of the load, sent before the clock jumped."""
        return re.search(rb" id ([0-9A-Za-z]+)", self.server.messages("carol")[0])[1].decode()

    def test_2_logins_are_limited_as_before(self):
        self.during_test(passwords__max_failed_logins_per_account=2)

        def try_to_log_in(password):
            with self.server.smtp("submission", from_address="127.0.0.77") as smtp:
                smtp.starttls(context=self.server.tls())
                smtp.ehlo()
                proof = base64.b64encode(f"\0bob@example.test\0{password}".encode()).decode()
                return smtp.docmd("AUTH", "PLAIN " + proof)[0]

        for _ in range(2):
            self.assertEqual(try_to_log_in("wrong"), 535)
        for shift in JUMPS:
            self.clock.shift(shift)
            self.assertNotEqual(try_to_log_in(server.PASSWORD), 235, "the limit has not run out")

    def test_3_mail_that_waits_is_neither_lost_nor_made_to_wait(self):
        # Enough attempts for all jumps, and nobody elsewhere is told meanwhile.
        self.during_test(spool__retry_intervals_minutes="15, 30, 60, 60, 60, 60", spool__delay_notice_after_attempts="0")
        self.server.ctl("user", "set", "bob@example.test", "quota_mb=1")
        for name in ("fits", "does not fit"):
            with self.server.smtp() as smtp:
                smtp.mail("a@elsewhere.example")
                self.assertEqual(smtp.rcpt("bob@example.test")[0], 250)
                text = f"Subject: {name}\r\n\r\n".encode() + (b"x" * 78 + b"\r\n") * 8000
                self.assertEqual(smtp.data(text)[0], 250)
            self.server.wait_for_local_deliveries()

        def waiting():
            (message,) = self.server.ctl_json("queue", "list")["messages"]
            (recipient,) = message["recipients"]
            return recipient

        server.wait_until("the first try", lambda: waiting()["attempts"] == 1)
        for shift in JUMPS:
            before = waiting()["attempts"]
            self.clock.shift(shift)
            server.wait_until("another try", lambda before=before: waiting()["attempts"] > before)
            due_at = datetime.datetime.fromisoformat(waiting()["due_at"].replace("Z", "+00:00")).timestamp()
            self.assertGreater(due_at, self.clock.now() + 5 * wall_clock.MINUTE, "one try a jump")
            self.assertLess(due_at, self.clock.now() + wall_clock.DAY)
        self.assertEqual(self.server.count("bob"), 1)
        self.server.ctl("user", "set", "bob@example.test", "quota_mb=unlimited")
        self.server.ctl("queue", "retry")
        self.server.wait_for_count("bob", 2)

    def test_4_daylight_saving_time_changes_only_what_is_shown(self):
        self.user_during_test("alice", time_zone="Europe/Berlin")
        year = datetime.datetime.now().year + 1
        for change, before, after in (
            (self.last_sunday(year, 3), "+0100", "+0200"),
            (self.last_sunday(year, 10), "+0200", "+0100"),
        ):
            known = len(self.jumps_logged())
            self.clock.set(change - 4 * wall_clock.MINUTE)
            self.wait_for_jump(known)
            with self.server.imap("alice") as imap:
                imap.select("INBOX")
                self.assertEqual(self.told_after_a_message(imap), before)
                self.clock.shift(self.clock.seconds + 5 * wall_clock.MINUTE)
                self.assertEqual(self.told_after_a_message(imap), after)
            self.clock.shift(0)
            self.wait_for_jump(known + 1)
            self.assertEqual(len(self.jumps_logged()), known + 2, "an hour more on the wall is no jump")

    @staticmethod
    def last_sunday(year, month):
        """Unix time at which clocks in the European Union change: 01:00 UTC."""
        day = datetime.datetime(year, month, 31, 1, tzinfo=datetime.timezone.utc)
        return (day - datetime.timedelta(days=(day.weekday() + 1) % 7)).timestamp()

    def told_after_a_message(self, imap):
        """The zone in which the internal date of a new message is shown."""
        count = int(imap.select("INBOX")[1][0])
        with self.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", ["alice@example.test"], "Subject: by the clock\r\n\r\nx\r\n")
        self.server.wait_for_count("alice", count + 1)
        when = self.last(imap)[2]
        self.assertAlmostEqual(when.timestamp(), self.clock.now(), delta=90)
        return when.strftime("%z")


if __name__ == "__main__":
    server.main()
