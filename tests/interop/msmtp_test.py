#!/usr/bin/env python3
"""msmtp submits with the mechanisms it knows."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class MsmtpTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.msmtp = server.tool("msmtp")
        super().setUpClass()

    def command(self, listener, mechanism, starttls, password=server.PASSWORD):
        # --file=/dev/null: the settings of whoever runs this do not count.
        return [
            self.msmtp, "--file=/dev/null", "--host=127.0.0.1", f"--port={self.server.ports[listener]}", "--tls=on",
            f"--tls-starttls={'on' if starttls else 'off'}", f"--tls-trust-file={self.server.certificate}",
            f"--auth={mechanism}", "--user=alice@example.test", f"--passwordeval=echo '{password}'",
            "--from=alice@example.test", "--timeout=30", "bob@example.test",
        ]  # fmt: skip

    def send(self, listener, mechanism, starttls):
        words = f"by msmtp, {mechanism}, {listener}"
        text = f"From: alice@example.test\nTo: bob@example.test\nSubject: hello\n\n{words}\n.a dot\n"
        server.run(self.command(listener, mechanism, starttls), input=text, text=True)
        message = self.server.wait_for_message("bob", words.encode())
        self.assertTrue(message.endswith(words.encode() + b"\r\n.a dot\r\n"))

    def supported(self):
        said = subprocess.run([self.msmtp, "--version"], capture_output=True, text=True, check=True).stdout
        line = next(line for line in said.splitlines() if line.startswith("Authentication library"))
        listed = next((line for line in said.splitlines() if line.startswith("Supported authentication")), line)
        block = said[said.index(listed) :].split("\n\n")[0]
        return block.lower()

    def test_it_submits_with_starttls(self):
        self.send("submission", "on", starttls=True)

    def test_it_submits_over_tls(self):
        self.send("submissions", "on", starttls=False)

    def test_it_logs_in_with_each_mechanism(self):
        supported = self.supported()
        for mechanism in ("plain", "login", "scram-sha-256", "scram-sha-256-plus"):
            if mechanism not in supported.split():
                continue
            with self.subTest(mechanism):
                self.send("submissions", mechanism, starttls=False)

    def test_a_wrong_password_is_told(self):
        command = self.command("submissions", "plain", starttls=False, password="wrong")
        done = subprocess.run(command, input=b"Subject: x\n\nx\n", capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 77, "msmtp: EX_NOPERM")
        self.assertIn(b"535", done.stderr)

    def test_it_reads_what_the_server_offers(self):
        self.during_test(smtp_in__max_message_size_kb=20000)  # without a limit msmtp has nothing to say of SIZE
        said = server.run(
            [
                self.msmtp, "--file=/dev/null", "--serverinfo", "--host=127.0.0.1", "--tls=on", "--tls-starttls=on",
                f"--port={self.server.ports['submission']}", f"--tls-trust-file={self.server.certificate}",
            ]
        )  # fmt: skip
        for word in (b"SIZE", b"PIPELINING", b"AUTH", b"STARTTLS"):
            self.assertIn(word, said)


if __name__ == "__main__":
    server.main()
