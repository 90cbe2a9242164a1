#!/usr/bin/env python3
"""What somebody puts behind STARTTLS on the plain line must not be answered on the encrypted one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class StarttlsInjectionTest(server.ServerTest):
    def upgrade(self, listener, before, command, answer):
        """Sends `command` with a forged one behind it in the same segment, then shakes hands. The stream is handed
        back after the answer to the first command of the real client would come."""
        plain = self.server.connect(listener)
        self.addCleanup(plain.close)
        self.read_line(plain)
        if before:
            plain.sendall(before)
            while not self.read_line(plain).startswith((b"250 ", b"a OK")):
                pass
        plain.sendall(command)
        self.assertTrue(self.read_line(plain).startswith(answer))
        secure = self.server.tls().wrap_socket(plain, server_hostname=server.HOST_NAME)
        self.addCleanup(secure.close)
        return secure.makefile("rwb")

    @staticmethod
    def read_line(plain):
        """Octet by octet: what follows the line belongs to the handshake."""
        line = b""
        while not line.endswith(b"\n"):
            octet = plain.recv(1)
            if not octet:
                raise AssertionError(f"closed after {line!r}")
            line += octet
        return line

    def first_answer(self, stream, command):
        stream.write(command)
        stream.flush()
        return stream.readline()

    def test_smtp_forgets_the_forged_command(self):
        for listener in ("smtp", "submission"):
            with self.subTest(listener):
                stream = self.upgrade(listener, b"EHLO c.example\r\n", b"STARTTLS\r\nRSET\r\nHELP\r\n", b"220")
                # RFC 3207 4.2: EHLO is forgotten, too.
                self.assertTrue(self.first_answer(stream, b"MAIL FROM:<a@b.example>\r\n").startswith(b"503"))

    def test_imap_forgets_the_forged_command(self):
        stream = self.upgrade("imap", b"", b"b STARTTLS\r\nforged NOOP\r\n", b"b OK")
        self.assertTrue(self.first_answer(stream, b"c NOOP\r\n").startswith(b"c "))

    def test_pop3_forgets_the_forged_command(self):
        stream = self.upgrade("pop3", b"", b"STLS\r\nUSER alice@example.test\r\nCAPA\r\n", b"+OK")
        self.assertTrue(self.first_answer(stream, b"PASS x\r\n").startswith(b"-ERR"))
        self.assertTrue(self.first_answer(stream, b"QUIT\r\n").startswith(b"+OK"))


if __name__ == "__main__":
    server.main()
