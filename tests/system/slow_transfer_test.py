#!/usr/bin/env python3
"""A transfer that stops is given up after the command time-out, whose shortest value is a minute (POP-02, IMAP-02)."""

import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402

LARGE = b"Subject: large\r\n\r\n" + (b"x" * 78 + b"\r\n") * 200000


class SlowTransferTest(server.ServerTest):
    first_start = {
        "passwords": {**server.QUICK_PASSWORDS, "plain_text_without_tls": "true"},
        "pop3": {"command_timeout_minutes": 1},
        "imap": {"command_timeout_minutes": 1},
    }

    def pop3_that_does_not_read(self):
        """It asks for a large message and takes none of it."""
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(120)
        plain.connect(("127.0.0.1", self.server.ports["pop3"]))
        client = Lines(plain)
        self.addCleanup(client.close)
        client.line()
        for command in (b"USER alice@example.test", b"PASS " + server.PASSWORD.encode()):
            self.assertTrue(client.ask(command).startswith(b"+OK"))
        client.send(b"RETR 1\r\n")
        return client

    def imap_that_stops_in_append(self):
        client = Lines(self.server.connect("imap"))
        client.connection.settimeout(120)
        self.addCleanup(client.close)
        client.line()
        self.assertIn(b"OK", client.ask_imap(b"a", f'LOGIN bob@example.test "{server.PASSWORD}"'.encode())[-1])
        self.assertTrue(client.ask(b"b APPEND INBOX {1000}").startswith(b"+"))
        client.send(b"Subject: never finished\r\n")
        return client

    def open_connections(self):
        return self.server.ctl_json("status")["connections"]

    def test_a_transfer_that_stops_is_given_up(self):
        with self.server.imap("alice") as imap:
            imap.append("INBOX", None, None, LARGE)
        began = time.monotonic()
        self.pop3_that_does_not_read()
        imap = self.imap_that_stops_in_append()
        idle = Lines(self.server.connect("imap"))
        self.addCleanup(idle.close)
        idle.line()
        self.assertIn(b"OK", idle.ask_imap(b"a", f'LOGIN carol@example.test "{server.PASSWORD}"'.encode())[-1])
        self.assertEqual(self.open_connections()["pop3"], 1)
        while imap.line():
            pass  # perhaps a BYE before the end
        self.assertGreater(time.monotonic() - began, 55)
        server.wait_until("the end of the POP3 transfer", lambda: self.open_connections()["pop3"] == 0)
        self.assertIn(b"OK", idle.ask_imap(b"b", b"NOOP")[-1], "who is merely idle is not touched")
        self.assertEqual(self.server.count("bob"), 0)


if __name__ == "__main__":
    server.main()
