#!/usr/bin/env python3
"""The PROXY header on a listener that trusts its load balancer, and on one that does not."""

import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_2(source, source_port, further=b""):
    block = socket.inet_aton(source) + socket.inet_aton("192.0.2.200") + struct.pack(">HH", source_port, 25) + further
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(block)) + block


def version_2_of_ipv6(source):
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, "2001:db8::25")
    block = addresses + struct.pack(">HH", 40003, 25)
    return SIGNATURE + b"\x21\x21" + struct.pack(">H", len(block)) + block


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

    def test_the_client_may_have_an_ipv6_address(self):
        by_version = {
            b"six in one": b"PROXY TCP6 2001:db8::77 2001:db8::25 40000 25\r\n",
            b"six in two": version_2_of_ipv6("2001:db8::77"),
        }
        for words, header in by_version.items():
            self.assertIn(b"[IPv6:2001:db8::77]", self.deliver(header, words).partition(b"\r\n\r\n")[0])

    def test_what_else_version_2_carries_is_passed_over(self):
        header = version_2("192.0.2.79", 40002, further=b"\x02\x00\x09mail.test" + b"\xee\x00\x02xy")
        self.assertIn(b"192.0.2.79", self.deliver(header, b"with more in it").partition(b"\r\n\r\n")[0])

    def test_a_header_that_comes_in_pieces_is_waited_for(self):
        header = b"PROXY TCP4 192.0.2.80 192.0.2.200 40000 25\r\n"
        with self.server.connect("proxied") as plain, plain.makefile("rb") as stream:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(header)):
                plain.send(header[at : at + 1])
            self.assertTrue(stream.readline().startswith(b"220"))

    def test_the_lists_count_for_the_client_and_not_for_the_balancer(self):
        self.during_test(smtp_in__blacklisted_networks="192.0.2.81")
        with self.server.connect("proxied") as plain:
            plain.sendall(b"PROXY TCP4 192.0.2.81 192.0.2.200 40000 25\r\n")
            self.assertTrue(self.rest_of(plain).startswith(b"554 "))

    def test_the_limit_of_an_address_counts_for_the_client_and_not_for_the_balancer(self):
        self.during_test(smtp_in__max_connections_per_address=1)

        def greeting_of(client):
            plain = self.server.connect("proxied")
            self.addCleanup(plain.close)
            plain.sendall(b"PROXY TCP4 %s 192.0.2.200 40000 25\r\n" % client)
            return plain.recv(4096)[:4]

        self.assertEqual([greeting_of(b"192.0.2.82"), greeting_of(b"192.0.2.83")], [b"220 ", b"220 "])
        self.assertEqual(greeting_of(b"192.0.2.82"), b"421 ")
        neighbours = (b"PROXY TCP6 2001:db8:1:2::%d 2001:db8::25 40000 25\r\n" % number for number in (1, 2))
        answers = []
        for header in neighbours:
            plain = self.server.connect("proxied")
            self.addCleanup(plain.close)
            plain.sendall(header)
            answers.append(plain.recv(4096)[:4])
        self.assertEqual(answers, [b"220 ", b"421 "], "a /64 is one place")

    def test_a_wrong_header_gets_nothing(self):
        for wrong in (
            b"PROXY TCP4 192.0.2.999 192.0.2.200 40000 25\r\n",
            b"PROXY TCP4 192.0.2.77\r\n",
            SIGNATURE + b"\x31\x11\x00\x0c" + b"\0" * 12,
            SIGNATURE + b"\x21\x11\x00\x04" + b"\0" * 4,
        ):
            with self.subTest(wrong), self.server.connect("proxied") as plain:
                plain.sendall(wrong)
                self.assertEqual(self.rest_of(plain), b"")

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
