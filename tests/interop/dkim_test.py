#!/usr/bin/env python3
"""Mail that leaves is signed by the keys of its domain; python3-dkim and opendkim judge the signatures."""

import json
import os
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
HEAD = b"From: Alice <alice@example.test>\r\nTo: bob@far.example\r\nSubject: signed\r\nMessage-ID: <%s@example.test>\r\n"


class DkimTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        if subprocess.run([DEBIANS_PYTHON, "-c", "import dkim, nacl"], capture_output=True, check=False).returncode:
            raise unittest.SkipTest("python3-dkim and python3-nacl are not installed")
        super().setUpClass()

    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route())

    def keys(self):
        return self.server.ctl_json("dkim", "list", "example.test")["keys"]

    def signing(self):
        return {(key["selector"], key["algorithm"]) for key in self.keys() if key["state"] == "signing"}

    def judge(self, message):
        records = self.server.folder / "records.json"
        records.write_text(json.dumps({key["record_name"]: key["record_value"] for key in self.keys()}))
        done = subprocess.run(
            [DEBIANS_PYTHON, "-B", SUPPORT / "judge_dkim.py", records], input=message, capture_output=True, check=True
        )
        return [line.split() for line in done.stdout.decode().splitlines()]

    def send(self, text, **how):
        before = len(self.peer.messages)
        self.submit("bob@far.example", text=text, **how)
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), before + 1)
        return self.peer.messages[-1].content

    def prepare(self):
        self.server.ctl("dkim", "enable", "example.test")
        if len(self.signing()) < 2:
            self.server.ctl("dkim", "add", "example.test", "ed25519")
        signing = self.signing()
        self.assertEqual({algorithm for _, algorithm in signing}, {"rsa", "ed25519"})
        return signing

    def assert_signed_by(self, message, keys):
        verdicts = self.judge(message)
        self.assertEqual([one[0] for one in verdicts], ["pass"] * len(keys), (verdicts, message))
        self.assertEqual({(one[2], one[3].removesuffix("-sha256")) for one in verdicts}, keys)
        self.assertEqual({one[1] for one in verdicts}, {"example.test"})

    def test_mail_of_many_shapes_is_signed_by_all_keys_that_sign(self):
        keys = self.prepare()
        bodies = {
            b"plain": b"hello\r\n",
            b"spaces": b" a  b \t c \r\n\r\n\r\n",
            b"dots": b".\r\n..\r\n.dot\r\n",
            b"empty": b"",
            b"large": b"x" * 70 + b"\r\n" + (b"0123456789" * 7 + b"\r\n") * 20000,
        }
        for name, body in bodies.items():
            with self.subTest(name=name):
                sent = self.send(HEAD % name + b"\r\n" + body)
                self.assertTrue(sent.startswith(b"DKIM-Signature: "), sent[:200])
                self.assert_signed_by(sent, keys)

    def test_what_is_signed_is_what_is_sent_to_a_peer_without_8bitmime(self):
        keys = self.prepare()
        self.peer.extensions = ["PIPELINING", "SIZE"]
        text = HEAD % b"wide" + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        text += b"Content-Transfer-Encoding: 8bit\r\n\r\n" + "grüße\r\n".encode() * 50
        sent = self.send(text, options=["BODY=8BITMIME"])
        self.assertTrue(all(octet < 128 for octet in sent))
        self.assert_signed_by(sent, keys)

    def judge_with_opendkim(self, message):
        """Whether it passes. Opendkim knows RSA only."""
        [key] = [key for key in self.keys() if key["algorithm"] == "rsa" and key["state"] == "signing"]
        label = key["record_name"].lower().removesuffix(".").removesuffix(".example.test")
        value = key["record_value"]
        pieces = " ".join(f'"{value[at : at + 200]}"' for at in range(0, len(value), 200))
        (self.server.folder / "records.zone").write_text(f"{label} TXT {pieces.replace(';', chr(92) + ';')}\n")
        (self.server.folder / "message").write_bytes(message)
        # Who is root needs no user namespace, which not every machine allows.
        unshare = [server.tool("unshare"), "-nm" if os.geteuid() == 0 else "-Urnm"]
        done = subprocess.run(
            [*unshare, sys.executable, "-B", SUPPORT / "judge_opendkim.py", "example.test",
             self.server.folder / "records.zone", self.server.folder / "message"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode == 0, done.stdout + done.stderr

    def test_opendkim_agrees_on_rsa(self):
        missing = [name for name in ("opendkim-testmsg", "nsd", "ip") if not name_server.program(name)]
        if missing:
            self.skipTest("not installed: " + " ".join(missing))
        if subprocess.run([server.tool("unshare"), "-nm" if os.geteuid() == 0 else "-Urnm", "true"],
                          capture_output=True, check=False).returncode:  # fmt: skip
            self.skipTest("no namespaces of one's own here")
        for key in self.keys():  # the judge knows the other one only
            if key["algorithm"] == "ed25519" and key["state"] == "signing":
                self.server.ctl("dkim", "retire", "example.test", key["selector"])
        self.server.ctl("dkim", "enable", "example.test")
        self.assertEqual({algorithm for _, algorithm in self.signing()}, {"rsa"})
        for header in ("simple", "relaxed"):
            for body in ("simple", "relaxed"):
                with self.subTest(header=header, body=body):
                    self.server.ctl("domain", "set", "example.test", f"sign_header_as={header}", f"sign_body_as={body}")
                    sent = self.send(HEAD % b"judged" + b"\r\nhello  there \r\n.dot\r\n\r\n")
                    passes, said = self.judge_with_opendkim(sent)
                    self.assertTrue(passes, said)
                    passes, said = self.judge_with_opendkim(sent.replace(b"hello", b"hallo"))
                    self.assertFalse(passes, said)

    def test_a_new_key_signs_when_it_is_told_to_and_the_old_one_still_proves_what_it_signed(self):
        self.prepare()
        before = self.send(HEAD % b"before" + b"\r\nhello\r\n")
        [old] = [key for key in self.keys() if key["algorithm"] == "rsa" and key["state"] == "signing"]
        self.server.ctl("dkim", "add", "example.test", "rsa")
        [new] = [key for key in self.keys() if key["state"] == "prepared"]
        self.assertNotIn(new["selector"].encode(), self.send(HEAD % b"between" + b"\r\nhello\r\n"))
        self.server.ctl("dkim", "sign", "example.test", new["selector"])
        after = self.send(HEAD % b"after" + b"\r\nhello\r\n")
        self.assertIn(new["selector"], {one[2] for one in self.judge(after)})
        self.assertNotIn(old["selector"].encode(), after)
        self.assertEqual({one[0] for one in self.judge(before) + self.judge(after)}, {"pass"})
        self.server.ctl("dkim", "remove", "example.test", old["selector"])
        self.assertIn("fail", {one[0] for one in self.judge(before)})

    def test_the_record_is_shown_as_it_belongs_into_the_dns(self):
        self.prepare()
        shown = self.server.ctl("dkim", "list", "example.test")
        for key in self.keys():
            self.assertRegex(key["selector"], r"^[0-9A-F]+$")
            self.assertEqual(key["record_name"].lower(), f"{key['selector']}._domainkey.example.test".lower())
            self.assertIn("p=", key["record_value"])
            self.assertIn(key["zone_line"], shown)

    def test_mail_is_signed_in_the_form_the_domain_asks_for(self):
        keys = self.prepare()
        for header in ("simple", "relaxed"):
            for body in ("simple", "relaxed"):
                self.server.ctl(
                    "domain", "set", "example.test", f"sign_header_as={header}", f"sign_body_as={body}"
                )
                sent = self.send(HEAD % b"form" + b"Subject:  two   spaces \r\n\r\nhello  there \r\n\r\n")
                self.assertIn(f"c={header}/{body};".encode(), sent)
                self.assert_signed_by(sent, keys)

    def test_a_changed_message_does_not_pass(self):
        self.prepare()
        sent = self.send(HEAD % b"changed" + b"\r\npay 10\r\n")
        self.assertEqual({one[0] for one in self.judge(sent.replace(b"pay 10", b"pay 99"))}, {"fail"})
        self.assertEqual({one[0] for one in self.judge(b"Subject: other\r\n" + sent)}, {"fail"})

    def test_nothing_is_signed_where_signing_is_off(self):
        self.prepare()
        self.server.ctl("domain", "set", "example.test", "sign_mail=false")
        self.addCleanup(self.server.ctl, "dkim", "enable", "example.test")
        self.assertNotIn(b"DKIM-Signature", self.send(HEAD % b"off" + b"\r\nhello\r\n"))

    def test_what_comes_from_elsewhere_is_not_signed_whatever_it_says_it_is_from(self):
        self.prepare()
        self.server.ctl("alias", "add", "away@example.test", "bob@far.example")
        self.addCleanup(self.server.ctl, "alias", "delete", "away@example.test")
        with self.server.smtp() as smtp:
            smtp.sendmail("eve@else.example", ["away@example.test"], HEAD % b"forged" + b"\r\nhello\r\n")
        self.wait_for_empty_queue()
        [sent] = self.peer.messages
        self.assertNotIn(b"DKIM-Signature", sent.content)


if __name__ == "__main__":
    server.main()
