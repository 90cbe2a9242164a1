#!/usr/bin/env python3
"""The load generator's handshakes: its light client and the one of OpenSSL both come to the greeting."""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

HANDSHAKES = 60


class LoadHandshakeTest(server.ServerTest):
    def shake(self, listener, *options):
        done = subprocess.run(
            [
                self.server.bin / "stagepost-load", "imap", "handshake", "--port", str(self.server.ports[listener]),
                "--handshakes", str(HANDSHAKES), "--threads", "2", "--timeout", "60", "--json", *options,
            ],
            capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    def assert_all_greeted(self, *options):
        code, figures = self.shake("imaps", *options)
        self.assertEqual((code, figures["handshakes"], figures["errors_by_text"]), (0, HANDSHAKES, {}), options)
        return figures

    def test_the_light_client_is_greeted_with_either_group(self):
        self.assertEqual(self.assert_all_greeted()["client"], "light")
        self.assert_all_greeted("--group", "p256")

    def test_the_light_client_may_ask_for_a_host(self):
        self.assert_all_greeted("--server-name", server.HOST_NAME)

    def test_the_client_of_openssl_is_greeted(self):
        self.assertEqual(self.assert_all_greeted("--client", "openssl")["client"], "openssl")

    def test_a_door_without_tls_is_an_error_that_is_counted(self):
        code, figures = self.shake("imap")
        self.assertEqual((code, figures["handshakes"]), (2, 0))
        self.assertTrue(all("TLS" in text for text in figures["errors_by_text"]), figures)


if __name__ == "__main__":
    server.main()
