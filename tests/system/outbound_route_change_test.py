#!/usr/bin/env python3
"""Routes that are changed while mail is on its way count for the next message."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FAR = "bob@far.example"


class OutboundRouteChangeTest(sending.SendingTest):
    def setUp(self):
        self.addCleanup(self.empty_queue)

    def test_a_changed_route_counts_while_a_message_is_being_sent_by_the_old_one(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        with mail_peer.Peer() as old, mail_peer.Peer() as new:
            old.on["CONTENT"] = lambda _: None if answer.wait(60) else mail_peer.CUT
            self.server.set(smtp_out__routes=old.route())
            self.submit(FAR)
            server.wait_until("the message at the old place", lambda: "DATA" in old.lines)
            self.server.set(smtp_out__routes=new.route())
            self.submit(FAR)
            server.wait_until("the next one at the new place", lambda: new.messages)
            answer.set()
            self.wait_for_empty_queue()
            self.assertEqual(len(old.messages), 1, "what was under way came to its end")
            self.assertEqual(len(new.messages), 1)
            self.assertEqual(old.connections, 1)

    def test_what_could_not_be_reached_is_tried_by_the_new_route(self):
        with mail_peer.Peer() as gone:
            old = gone.route()
        self.during_test(smtp_out__rest_after_failure_seconds="3600")
        self.server.set(smtp_out__routes=old)
        self.submit(FAR)
        self.wait_for_attempts(FAR, 1)
        with mail_peer.Peer() as new:
            self.server.set(smtp_out__routes=new.route())
            self.submit(FAR)
            server.wait_until("the next message at the new place", lambda: new.messages)


if __name__ == "__main__":
    server.main()
