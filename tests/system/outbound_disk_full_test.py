#!/usr/bin/env python3
"""The disk fills up while mail is sent: what others have taken cannot be written down, so it is not sent again, nor is
anything new on those connections; when there is room, all goes on by itself.
"""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
import small_disk  # noqa: E402

CONNECTIONS = 4
MESSAGES = 40 * server.shards()  # each shard has some room left in its log
BALLAST = b"Subject: ballast\r\n\r\n" + b"line by line the disk gets full\r\n" * 6000


class OutboundDiskFullTest(small_disk.SmallDisk, sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        cls.start_server({
            "store": {"disk_reserve_mb": 0, "memtable_size_mb": 2, "wal_limit_mb": 16, "commit_batch_size_kb": 1024},
            "smtp_in": {"allow_relay": "anyone"},
            "smtp_out": {
                **sending.QUICK, "command_timeout_seconds": 120, "connections_per_destination": CONNECTIONS,
            },
        })  # fmt: skip
        cls.server.ctl("domain", "set", server.DOMAIN, "require_auth=false", "disk_space_mb=0")
        for user in ("alice", "bob"):
            cls.server.ctl("user", "set", server.address(user), "quota_mb=0")

    @classmethod
    def tearDownClass(cls):
        pass  # the server ends with the disk

    def put_in(self, recipients):
        with self.server.smtp() as smtp:
            for each in recipients:
                text = sending.TEXT.replace(b"one@", each.partition("@")[0].encode() + b"@")
                smtp.sendmail("alice@example.test", [each], text)

    def test_what_was_taken_and_not_written_down_is_not_sent_again(self):
        peer = mail_peer.Peer()
        self.addCleanup(peer.close)
        asked, answers = threading.Semaphore(0), threading.Event()
        self.addCleanup(answers.set)

        def take(_):
            asked.release()
            answers.wait(120)

        peer.on["CONTENT"] = take
        peer.on["RCPT"] = lambda line: "550 5.1.1 no such user" if b"never" in line else None
        wanted = [f"to{number}@far.example" for number in range(MESSAGES)]
        refused = [f"never{number}@far.example" for number in range(3)]
        self.put_in(wanted + refused)
        self.server.set(smtp_out__routes=peer.route())
        for _ in range(CONNECTIONS):
            self.assertTrue(asked.acquire(timeout=60), "connections that wait for an answer")
        self.fill(4)
        server.wait_until("the disk to be full", lambda: not self.is_taken("bob", BALLAST))
        self.fill(0)
        answers.set()
        server.wait_until("the answers", lambda: len(peer.messages) >= CONNECTIONS)
        # While nothing can be written the queue can be looked at, and nothing goes out a second time.
        for _ in range(5):
            self.is_taken("bob", BALLAST)
            self.assertGreater(len(self.waiting()), 0)
        sent_while_full = len(peer.messages)
        self.free()
        server.wait_until("an empty queue", lambda: not self.waiting(), 120)
        self.server.wait_for_local_deliveries()
        print(f"{sent_while_full} messages went out until the disk was found to be full")
        self.assertLess(sent_while_full, MESSAGES)
        self.assertEqual(sorted(who for one in peer.messages for who in one.recipients), sorted(wanted))
        for who in wanted + refused:
            [trace] = self.server.ctl_json("trace", f"<{who.partition('@')[0]}@example.test>")["traces"]
            ends = [one["step"] for one in trace["steps"] if one["step"] != "accepted"]
            self.assertEqual(ends, ["bounced" if who in refused else "delivered"], trace)
        reports = self.server.messages("alice")
        for who in refused:
            self.assertEqual(sum(f"Final-Recipient: rfc822;{who}".encode() in one for one in reports), 1, who)
        self.assertEqual(len(reports), len(refused))
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})


if __name__ == "__main__":
    server.main()
