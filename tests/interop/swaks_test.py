#!/usr/bin/env python3
"""Swaks sends by every way in."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class SwaksTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.swaks = server.tool("swaks")
        super().setUpClass()

    def swaks_command(self, listener, *more, sender="alice@example.test", recipients="bob@example.test"):
        return [
            self.swaks, "--server", "127.0.0.1", "--port", str(self.server.ports[listener]), "--ehlo", "client.example",
            "--from", sender, "--to", recipients, "--timeout", "30", *more,
        ]  # fmt: skip

    def send(self, listener, words, *more, **who):
        server.run(self.swaks_command(listener, "--body", words, *more, **who), text=True)

    def login(self, mechanism):
        return ["--auth", mechanism, "--auth-user", "alice@example.test", "--auth-password", server.PASSWORD]

    def test_it_submits_with_starttls_and_a_login(self):
        for mechanism in ("PLAIN", "LOGIN"):
            with self.subTest(mechanism):
                self.send("submission", f"by starttls and {mechanism}", "--tls", *self.login(mechanism))
                self.server.wait_for_message("bob", f"by starttls and {mechanism}".encode())

    def test_it_submits_over_tls_from_the_first_octet(self):
        self.send("submissions", "by tls on connect", "--tls-on-connect", *self.login("PLAIN"))
        self.server.wait_for_message("bob", b"by tls on connect")

    def test_it_delivers_to_local_users_without_a_login(self):
        self.send("smtp", "from outside", sender="someone@elsewhere.example")
        self.server.wait_for_message("bob", b"from outside")

    def test_it_pipelines(self):
        both = "bob@example.test,carol@example.test"
        self.send("smtp", "to two at once", "--pipeline", sender="someone@elsewhere.example", recipients=both)
        for user in ("bob", "carol"):
            self.server.wait_for_message(user, b"to two at once")

    def test_it_delivers_by_lmtp(self):
        self.send("lmtp", "by lmtp", "--protocol", "LMTP", sender="someone@elsewhere.example")
        self.server.wait_for_message("bob", b"by lmtp")

    def refused(self, listener, *more, **who):
        done = subprocess.run(
            self.swaks_command(listener, "--body", "never", *more, **who), capture_output=True, text=True, timeout=60
        )
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_it_may_not_relay(self):
        said = self.refused("smtp", sender="someone@elsewhere.example", recipients="other@far.example")
        self.assertRegex(said, r"<\*\* +5[0-9][0-9] 5\.7\.")

    def test_it_may_not_submit_without_a_login(self):
        self.assertRegex(self.refused("submission"), r"<\*\* +530 5\.7\.0")

    def test_it_may_not_log_in_with_a_wrong_password(self):
        wrong = ["--auth", "PLAIN", "--auth-user", "alice@example.test", "--auth-password", "wrong"]
        self.assertRegex(self.refused("submission", "--tls", *wrong), r"<~\* +535 5\.7\.8")

    def test_it_learns_of_unknown_users(self):
        said = self.refused("smtp", sender="someone@elsewhere.example", recipients="nobody@example.test")
        self.assertRegex(said, r"<\*\* +550 5\.1\.1")


if __name__ == "__main__":
    server.main()
