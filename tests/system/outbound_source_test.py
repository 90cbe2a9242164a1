#!/usr/bin/env python3
"""Which address mail for other servers comes from, and by which name this server goes there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FAR = "bob@far.example"
# Documentation addresses: nobody has them, so nobody can come from them.
NOT_OURS, NOT_OURS_EITHER = "192.0.2.9", "2001:db8::9"


class OutboundSourceTest(sending.SendingTest):
    def setUp(self):
        self.addCleanup(self.empty_queue)

    def send_to(self, peer):
        """Sends a message over a connection of its own."""
        self.server.set(smtp_out__routes=peer.route())
        known = len(peer.messages)
        self.submit(FAR)
        server.wait_until("the message", lambda: len(peer.messages) > known)
        self.wait_for_empty_queue()
        server.wait_until("the line to be closed", lambda: peer.open == 0)

    def peer(self, host="127.0.0.1"):
        try:
            made = mail_peer.Peer(at=(host, 0))
        except OSError as why:
            self.skipTest(f"no peer at {host}: {why}")
        self.addCleanup(made.close)
        return made

    def test_connections_come_from_the_address_of_the_settings(self):
        self.during_test(smtp_out__source_ipv4="127.0.0.9")
        peer = self.peer()
        self.send_to(peer)
        self.assertEqual(peer.sources, ["127.0.0.9"])

    def test_the_machine_chooses_where_that_address_fails(self):
        self.during_test(smtp_out__source_ipv4=NOT_OURS, smtp_out__source_ipv6=NOT_OURS_EITHER)
        for host in ("127.0.0.1", "::1"):
            with self.subTest(host):
                peer = self.peer(host)
                self.send_to(peer)
                self.assertEqual(peer.sources, [host])

    def test_without_a_fallback_such_mail_waits(self):
        self.during_test(
            smtp_out__source_ipv4=NOT_OURS,
            smtp_out__source_ipv6=NOT_OURS_EITHER,
            smtp_out__fall_back_to_primary="false",
        )
        for host in ("127.0.0.1", "::1"):
            with self.subTest(host):
                peer = self.peer(host)
                self.server.set(smtp_out__routes=peer.route())
                before = self.server.log.read_bytes().count(b"is left alone")
                self.submit(FAR)
                server.wait_until(
                    "a word about it", lambda: self.server.log.read_bytes().count(b"is left alone") > before
                )
                self.assertEqual(peer.sources, [])
                [one] = self.waiting()
                self.assertEqual(one["recipients"][0]["attempts"], 0, "it is no fault of the other server")
                self.server.set(smtp_out__fall_back_to_primary="true")
                self.wait_for_empty_queue()
                self.assertEqual(peer.sources, [host])
                self.server.set(smtp_out__fall_back_to_primary="false")

    def hello(self, peer):
        self.send_to(peer)
        return [line for line in peer.lines if line.startswith("EHLO")][-1]

    def test_the_hello_names_the_host_of_the_address_it_comes_from(self):
        self.during_test(
            smtp_out__source_ipv4="127.0.0.9", smtp_out__host_names="127.0.0.9=nine.example.test, ::1=six.example.test"
        )
        peer = self.peer()
        self.assertEqual(self.hello(peer), "EHLO nine.example.test")
        self.server.set(smtp_out__source_ipv4="127.0.0.8")
        self.assertEqual(self.hello(peer), "EHLO mail.example.test", "an address without a name has that of the node")
        self.assertEqual(self.hello(self.peer("::1")), "EHLO six.example.test")


if __name__ == "__main__":
    server.main()
