#!/usr/bin/env python3
"""curl speaks SMTP, POP3 and IMAP, plain to TLS and TLS from the start."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class CurlTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.curl = server.tool("curl")
        super().setUpClass()

    def command(self, user, scheme, listener, path, *more):
        url = f"{scheme}://127.0.0.1:{self.server.ports[listener]}/{path}"
        login = ["--user", f"{server.address(user)}:{server.PASSWORD}"] if user else []
        # --ssl-reqd: no login before STARTTLS or STLS.
        safety = ["--ssl-reqd", "--cacert", str(self.server.certificate)]
        return [self.curl, "--silent", "--show-error", "--max-time", "60", *safety, *login, *more, url]

    def ask(self, *arguments):
        return server.run(self.command(*arguments))

    def send(self, scheme, listener, words):
        message = self.server.folder / "message.eml"
        message.write_bytes(
            b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: curl\r\n\r\n"
            + words.encode()
            + b"\r\n.dots\r\n..\r\nend\r\n"
        )
        envelope = ["--mail-from", "alice@example.test", "--mail-rcpt", "bob@example.test"]
        self.ask("alice", scheme, listener, "client.example", *envelope, "--upload-file", str(message))
        return self.server.wait_for_message("bob", words.encode())

    def test_it_submits_with_starttls(self):
        self.assertTrue(self.send("smtp", "submission", "by starttls").endswith(b"\r\n.dots\r\n..\r\nend\r\n"))

    def test_it_submits_over_tls(self):
        self.assertTrue(self.send("smtps", "submissions", "by smtps").endswith(b"\r\n.dots\r\n..\r\nend\r\n"))

    def test_it_lists_and_reads_over_pop3(self):
        self.send("smtps", "submissions", "for pop3")
        for scheme, listener in (("pop3", "pop3"), ("pop3s", "pop3s")):
            with self.subTest(scheme):
                listing = self.ask("bob", scheme, listener, "").split(b"\r\n")
                last = [line for line in listing if line][-1]
                number, size = last.split()
                message = self.ask("bob", scheme, listener, number.decode())
                self.assertEqual(len(message), int(size))
                self.assertTrue(message.endswith(b"\r\n.dots\r\n..\r\nend\r\n"))
                unique = self.ask("bob", scheme, listener, "", "--request", "UIDL")
                self.assertRegex(unique, rb"1 [0-9]+\.[0-9]+\r\n")
                top = self.ask("bob", scheme, listener, "", "--request", f"TOP {number.decode()} 0")
                self.assertIn(b"Subject: curl", top)

    def test_it_reads_over_imap(self):
        self.send("smtps", "submissions", "for imap")
        for scheme, listener in (("imap", "imap"), ("imaps", "imaps")):
            with self.subTest(scheme):
                self.assertIn(b"INBOX", self.ask("bob", scheme, listener, ""))
                self.assertIn(b"Subject: curl", self.ask("bob", scheme, listener, "INBOX;MAILINDEX=1"))
                found = self.ask("bob", scheme, listener, "INBOX?SUBJECT%20curl")
                self.assertRegex(found, rb"\* SEARCH [0-9]")
                header = self.ask("bob", scheme, listener, "INBOX;MAILINDEX=1;SECTION=HEADER.FIELDS%20(SUBJECT)")
                self.assertEqual(header, b"Subject: curl\r\n\r\n")

    def test_it_appends_over_imap(self):
        message = self.server.folder / "draft.eml"
        message.write_bytes(b"Subject: a draft\r\n\r\nby curl\r\n")
        self.ask("carol", "imaps", "imaps", "INBOX", "--upload-file", str(message))
        self.assertEqual(self.server.messages("carol"), [message.read_bytes()])

    def test_a_wrong_password_is_told(self):
        for scheme, listener in (("imaps", "imaps"), ("pop3s", "pop3s")):
            command = self.command(None, scheme, listener, "", "--user", "alice@example.test:wrong")
            done = subprocess.run(command, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 67, "curl: login denied")


if __name__ == "__main__":
    server.main()
