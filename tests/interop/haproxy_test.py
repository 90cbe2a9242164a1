#!/usr/bin/env python3
"""haproxy in front of the server tells it who the client is, by either version of the PROXY protocol."""

import smtplib
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

CLIENT = "127.0.0.2"  # any address of 127.0.0.0/8 is ours to come from


class HaproxyTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        haproxy = server.tool("haproxy")
        super().setUpClass()
        cls.ports = dict(zip(("send-proxy", "send-proxy-v2"), server.free_ports(2), strict=True))
        parts = ["defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n"]
        for option, port in cls.ports.items():
            parts.append(
                f"listen {option}\n  bind 127.0.0.1:{port}\n"
                f"  server mail 127.0.0.1:{cls.server.ports['proxied']} {option}\n"
            )
        config = cls.server.folder / "haproxy.cfg"
        config.write_text("\n".join(parts))
        # -db: in the foreground, one process.
        process = subprocess.Popen([haproxy, "-db", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        for port in cls.ports.values():
            server.wait_until("haproxy to answer", lambda port=port: cls.greets(port))

    @staticmethod
    def greets(port):
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
                return smtp.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def test_the_received_header_names_the_client_and_not_the_proxy(self):
        for option, port in self.ports.items():
            with self.subTest(option):
                with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=60, source_address=(CLIENT, 0)) as smtp:
                    words = f"through {option}"
                    smtp.sendmail("a@elsewhere.example", ["alice@example.test"], f"Subject: x\r\n\r\n{words}\r\n")
                message = self.server.wait_for_message("alice", words.encode())
                self.assertIn(CLIENT.encode(), message.partition(b"\r\n\r\n")[0])

    def test_starttls_works_behind_the_header(self):
        with smtplib.SMTP("127.0.0.1", self.ports["send-proxy-v2"], "client.example", timeout=60) as smtp:
            smtp.starttls(context=self.server.tls())
            self.assertEqual(smtp.ehlo()[0], 250)


if __name__ == "__main__":
    server.main()
