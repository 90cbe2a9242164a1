#!/usr/bin/env python3
"""Kills in the middle of deliveries to other servers: everybody gets his mail, and only what was under way twice."""

import collections
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

ROUNDS = 8
MESSAGES = 30
DOMAINS = 3
CONNECTIONS = 4


class OutboundKillTest(sending.SendingTest):
    first_start = {"smtp_out": {**sending.QUICK, "connections_per_destination": CONNECTIONS}}

    def submit_all(self, round):
        recipients = [f"r{round}m{number}@d{number % DOMAINS}.example" for number in range(MESSAGES)]
        with self.server.submission("alice") as smtp:
            for each in recipients:
                self.assertEqual(smtp.sendmail("alice@example.test", [each], sending.TEXT), {})
        return recipients

    def test_everybody_gets_his_mail_and_nothing_that_was_recorded_goes_out_again(self):
        peer = mail_peer.Peer()
        self.addCleanup(peer.close)
        never = threading.Event()
        peer.on["CONTENT"] = lambda _: never.wait(0.02) or None  # so that a kill finds something under way
        self.server.set(smtp_out__routes=peer.route())
        wanted = []
        for round in range(ROUNDS):
            before = len(peer.messages)
            wanted += self.submit_all(round)
            server.wait_until("some deliveries", lambda: len(peer.messages) >= min(before + 5 + round, len(wanted)))
            self.server.stop(signal.SIGKILL)
            self.server.start()
        self.wait_for_empty_queue()
        got = collections.Counter(who for one in peer.messages for who in one.recipients)
        self.assertEqual(set(got), set(wanted))
        doubled = sum(count - 1 for count in got.values())
        self.assertLessEqual(doubled, ROUNDS * DOMAINS * CONNECTIONS)
        self.assertLess(doubled, len(wanted) // 2)
        self.assertEqual(self.server.count("alice"), 0)
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})


if __name__ == "__main__":
    server.main()
