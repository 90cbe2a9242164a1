#!/usr/bin/env python3
"""Mail that is sent on passes SPF at the next server and says what was found when it came (ARC); python3-spf and
python3-dkim judge it.
"""

import json
import subprocess
import sys
import unittest
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

DEBIANS_PYTHON = "/usr/bin/python3"
OUR_ADDRESS = "192.0.2.10"  # as the DNS of the test has it; python3-spf lets everything of 127.0.0.0/8 pass
RECORDS = {"elsewhere.example": "v=spf1 ip4:198.51.100.1 -all", "example.test": f"v=spf1 ip4:{OUR_ADDRESS} -all"}
TEXT = b"From: someone@elsewhere.example\r\nSubject: sent on\r\n\r\ntext\r\n"


def need(package):
    if subprocess.run([DEBIANS_PYTHON, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        raise unittest.SkipTest(f"python3-{package} is not installed")


def judge(script, *arguments, message=b""):
    command = [DEBIANS_PYTHON, "-B", SUPPORT / script, *arguments]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout.decode().strip()


class ForwardingTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        need("spf")
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
        return judge("judge_spf.py", records, OUR_ADDRESS, server.HOST_NAME, self.peer.messages[-1].sender)

    def test_it_passes_with_a_rewritten_sender_and_only_with_one(self):
        self.assertEqual(self.spf_at_the_next_server("someone@elsewhere.example"), "pass")
        again = "SRS0=ABCD=XY=first.example=someone@elsewhere.example"
        self.assertEqual(self.spf_at_the_next_server(again), "pass")
        self.assertTrue(self.peer.messages[-1].sender.startswith("SRS1="))
        self.server.ctl("domain", "set", "example.test", "srs=false")
        self.assertEqual(self.spf_at_the_next_server("someone@elsewhere.example"), "fail")


class SealingTest(sending.SendingTest):
    records = {}

    @classmethod
    def setUpClass(cls):
        need("dkim")
        if name_server.missing_tools():
            raise unittest.SkipTest("not installed: " + " ".join(name_server.missing_tools()))
        cls.dns = name_server.NameServer(cls.zones())
        cls.addClassCleanup(cls.dns.close)
        cls.first_start = {
            **sending.SendingTest.first_start,
            "resolver": cls.dns.resolver_settings(),
        }
        super().setUpClass()
        cls.server.ctl("dkim", "enable", "example.test")
        keys = cls.server.ctl_json("dkim", "list", "example.test")["keys"]
        cls.records = {key["record_name"]: key["record_value"] for key in keys}
        cls.dns.stop()
        cls.dns.write(cls.zones())
        cls.dns.start()
        cls.server.restart()  # the DNS has a new anchor
        for user in ("alice", "carol"):
            cls.server.ctl("user", "set", server.address(user), f"forward_to={user}@far.example",
                           "forward_keep_copy=false")  # fmt: skip

    @classmethod
    def zones(cls):
        keys = ""
        for name, value in cls.records.items():
            strings = " ".join(f'"{value[at:at + 250]}"' for at in range(0, len(value), 250))
            keys += f"{name.rstrip('.')}. TXT {strings}\n"
        return [
            name_server.Zone("honest.example", '@ TXT "v=spf1 ip4:127.0.0.1 -all"\n', "unsigned"),
            name_server.Zone("liar.example", '@ TXT "v=spf1 ip4:192.0.2.1 -all"\n', "unsigned"),
            name_server.Zone("example.test", keys + "host A 127.0.0.1\n", "unsigned"),
        ]

    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route())

    def sent_on(self, text, user="alice", sender="someone@honest.example"):
        before = len(self.peer.messages)
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, [server.address(user)], text)
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), before + 1)
        return self.peer.messages[-1].content

    def results(self, message):
        """Of the topmost set, unfolded."""
        field = message.split(b"ARC-Authentication-Results:", 1)[1]
        return field.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n", 1)[0].decode()

    def judge(self, message):
        records = self.server.folder / "arc.json"
        records.write_text(json.dumps(self.records))
        return judge("judge_arc.py", records, message=message).split()[:2]

    def test_it_is_sealed_with_what_was_found_when_it_came(self):
        sent = self.sent_on(TEXT)
        self.assertTrue(sent.startswith(b"ARC-Seal: "), sent)
        self.assertIn(b"\r\nDelivered-To: alice@example.test\r\n", sent)
        self.assertEqual(self.judge(sent), ["pass", "1"], sent)
        said = self.results(sent)
        self.assertRegex(said, rf"^ i=1; {server.HOST_NAME};.* spf=pass .*smtp\.mailfrom=someone@honest\.example")
        self.assertIn("dkim=none", said)
        self.assertIn("arc=none", said)
        liar = self.sent_on(TEXT, sender="someone@liar.example")
        self.assertIn("spf=fail", self.results(liar))
        large = self.sent_on(TEXT + (b"0123456789" * 7 + b"\r\n") * 10000)
        self.assertEqual(self.judge(large), ["pass", "1"])

    def test_a_chain_grows_while_it_holds_and_is_not_mended_when_it_does_not(self):
        first = self.sent_on(TEXT)
        second = self.sent_on(first, user="carol")
        self.assertEqual(self.judge(second), ["pass", "2"], second)
        self.assertIn("arc=pass", self.results(second))
        forged = self.sent_on(first.replace(b"\r\n\r\ntext", b"\r\n\r\nother"), user="carol")
        self.assertIn("arc=fail", self.results(forged))
        self.assertEqual(self.judge(forged)[0], "fail")

    def test_a_domain_that_signs_nothing_seals_nothing(self):
        self.server.ctl("domain", "set", server.DOMAIN, "sign_mail=false")
        self.addCleanup(self.server.ctl, "domain", "set", server.DOMAIN, "sign_mail=true")
        self.assertNotIn(b"ARC-", self.sent_on(TEXT))


if __name__ == "__main__":
    server.main()
