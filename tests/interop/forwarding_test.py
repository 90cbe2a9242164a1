#!/usr/bin/env python3
"""Mail that is sent on passes SPF at the next server; python3-spf judges it."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

DEBIANS_PYTHON = "/usr/bin/python3"
OUR_ADDRESS = "192.0.2.10"  # as the DNS of the test has it; python3-spf lets everything of 127.0.0.0/8 pass
RECORDS = {"elsewhere.example": "v=spf1 ip4:198.51.100.1 -all", "example.test": f"v=spf1 ip4:{OUR_ADDRESS} -all"}
TEXT = b"From: someone@elsewhere.example\r\nSubject: sent on\r\n\r\ntext\r\n"


class ForwardingTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        if subprocess.run([DEBIANS_PYTHON, "-c", "import spf"], capture_output=True, check=False).returncode:
            raise unittest.SkipTest("python3-spf is not installed")
        super().setUpClass()

    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route())
        self.server.ctl("user", "set", "alice@example.test", "forward_to=bob@far.example", "forward_keep_copy=false")

    def spf_at_the_next_server(self, sender):
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, ["alice@example.test"], TEXT)
        self.wait_for_empty_queue()
        records = self.server.folder / "spf.json"
        records.write_text(json.dumps(RECORDS))
        arguments = [records, OUR_ADDRESS, server.HOST_NAME, self.peer.messages[-1].sender]
        done = subprocess.run([DEBIANS_PYTHON, "-B", SUPPORT / "judge_spf.py", *arguments], capture_output=True, check=True)
        return done.stdout.decode().strip()

    def test_it_passes_with_a_rewritten_sender_and_only_with_one(self):
        self.assertEqual(self.spf_at_the_next_server("someone@elsewhere.example"), "pass")
        again = "SRS0=ABCD=XY=first.example=someone@elsewhere.example"
        self.assertEqual(self.spf_at_the_next_server(again), "pass")
        self.assertTrue(self.peer.messages[-1].sender.startswith("SRS1="))
        self.server.ctl("domain", "set", "example.test", "srs=false")
        self.assertEqual(self.spf_at_the_next_server("someone@elsewhere.example"), "fail")


if __name__ == "__main__":
    server.main()
