#!/usr/bin/env python3
"""The queue of mail that leaves, when it is long or hosts do not answer."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402


class OutboundQueueTest(sending.SendingTest):
    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)

    def test_hosts_that_never_answer_leave_room_for_those_that_do(self):
        dead = mail_peer.Peer()
        self.addCleanup(dead.close)
        dead.on["CONNECT"] = mail_peer.HANG
        self.during_test(
            smtp_out__max_connections="4", smtp_out__live_destinations="4", smtp_out__command_timeout_seconds="120"
        )
        self.server.set(smtp_out__routes=f"{dead.route('.dead.example')}, {self.peer.route()}")
        self.submit("bob@far.example")
        self.wait_for_empty_queue()
        for number in range(10):
            self.submit(f"bob@{number}.dead.example")
        server.wait_until("connections to those who never answer", lambda: dead.open >= 2)
        self.submit("bob@far.example")
        server.wait_until("the other message", lambda: len(self.peer.messages) == 2, 30)
        self.assertEqual(len(self.waiting()), 10)


if __name__ == "__main__":
    server.main()
