#!/usr/bin/env python3
"""The PROXY header on a listener that trusts its load balancer, and on one that does not."""

import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_2(source, source_port):
    block = socket.inet_aton(source) + socket.inet_aton("192.0.2.200") + struct.pack(">HH", source_port, 25)
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(block)) + block


class ProxyHeaderTest(server.ServerTest):
    def deliver(self, header, words):
        """Sends a message behind `header` and returns it as it arrived."""
        with self.server.connect("proxied") as plain, plain.makefile("rwb") as stream:
            stream.write(header)
            stream.flush()
            self.assertTrue(stream.readline().startswith(b"220"))
            for line in (b"HELO client.example", b"MAIL FROM:<a@elsewhere.example>", b"RCPT TO:<alice@example.test>"):
                stream.write(line + b"\r\n")
                stream.flush()
                self.assertTrue(stream.readline().startswith(b"250"), line)
            stream.write(b"DATA\r\n")
            stream.flush()
            self.assertTrue(stream.readline().startswith(b"354"))
            stream.write(b"Subject: proxied\r\n\r\n" + words + b"\r\n.\r\n")
            stream.flush()
            self.assertTrue(stream.readline().startswith(b"250"))
        return self.server.wait_for_message("alice", words)

    def test_the_client_is_the_one_that_version_1_names(self):
        header = b"PROXY TCP4 192.0.2.77 192.0.2.200 40000 25\r\n"
        self.assertIn(b"192.0.2.77", self.deliver(header, b"by version one").partition(b"\r\n\r\n")[0])

    def test_the_client_is_the_one_that_version_2_names(self):
        header = version_2("192.0.2.78", 40001)
        self.assertIn(b"192.0.2.78", self.deliver(header, b"by version two").partition(b"\r\n\r\n")[0])

    def test_a_balancers_own_connection_is_served(self):
        header = SIGNATURE + b"\x20\x00\0\0"
        self.assertIn(b"127.0.0.1", self.deliver(header, b"by the balancer").partition(b"\r\n\r\n")[0])

    def test_a_connection_without_a_header_gets_nothing(self):
        with self.server.connect("proxied") as plain:
            plain.sendall(b"EHLO client.example\r\n")
            self.assertEqual(self.rest_of(plain), b"")

    def test_a_header_from_elsewhere_is_not_believed(self):
        with self.server.connect("smtp") as plain:
            plain.sendall(b"PROXY TCP4 192.0.2.77 192.0.2.200 40000 25\r\nQUIT\r\n")
            self.assertNotIn(b"250", self.rest_of(plain))

    @staticmethod
    def rest_of(plain):
        got = b""
        try:
            while octets := plain.recv(4096):
                got += octets
        except ConnectionResetError:
            pass
        return got


if __name__ == "__main__":
    server.main()
