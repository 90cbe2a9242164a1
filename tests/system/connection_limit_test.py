#!/usr/bin/env python3
"""How many connections are let in, from where, and what the others are told."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402

# Listener, settings, and how each service greets, says "too many" and says "not you".
SERVICES = (
    ("smtp", "smtp_in", b"220 ", b"421 4.7.0 ", b"554 5.7.1 "),
    ("imap", "imap", b"* OK ", b"* BYE ", b"* BYE "),
    ("pop3", "pop3", b"+OK ", b"-ERR [SYS/TEMP] ", b"-ERR [SYS/PERM] "),
)


class ConnectionLimitTest(server.ServerTest):
    def open(self, listener, from_address="127.0.0.1"):
        """A client and the first line it was told."""
        client = Lines(self.server.connect(listener, from_address))
        self.addCleanup(client.close)
        return client, client.line()

    def wait_for_nobody(self):
        """Connections of the test before may not have ended yet."""

        def nobody():
            return not any(self.server.ctl_json("status")["connections"].values())

        server.wait_until("all connections to end", nobody)

    def setUp(self):
        self.wait_for_nobody()

    def check_limit(self, service, limit, others_too):
        listener, section, greeting, too_many, _ = service
        self.during_test(**{f"{section}__{limit}": 2})
        first, said = self.open(listener)
        self.assertTrue(said.startswith(greeting), said)
        self.assertTrue(self.open(listener)[1].startswith(greeting))
        refused, said = self.open(listener)
        self.assertTrue(said.startswith(too_many), said)
        self.assertTrue(refused.is_closed())
        elsewhere, said = self.open(listener, from_address="127.0.0.2")
        self.assertTrue(said.startswith(too_many if others_too else greeting), said)
        elsewhere.close()
        first.close()

        def let_in():
            client, said = self.open(listener)
            client.close()
            return said.startswith(greeting)

        server.wait_until("the place that became free", let_in)

    def test_smtp_takes_so_many_connections(self):
        self.check_limit(SERVICES[0], "max_connections", others_too=True)

    def test_imap_takes_so_many_connections(self):
        self.check_limit(SERVICES[1], "max_connections", others_too=True)

    def test_pop3_takes_so_many_connections(self):
        self.check_limit(SERVICES[2], "max_connections", others_too=True)

    def test_one_address_gets_so_many_connections(self):
        for service in SERVICES:
            with self.subTest(service[0]):
                self.check_limit(service, "max_connections_per_address", others_too=False)

    def test_port_25_and_submission_share_their_limit(self):
        self.during_test(smtp_in__max_connections=1)
        self.assertTrue(self.open("smtp")[1].startswith(b"220 "))
        self.assertTrue(self.open("submission")[1].startswith(b"421 "))

    def test_whitelisted_addresses_have_no_limit_of_their_own(self):
        for listener, section, greeting, _, _ in SERVICES:
            with self.subTest(listener):
                self.during_test(
                    **{f"{section}__max_connections_per_address": 1, f"{section}__whitelisted_networks": "127.0.0.3"}
                )
                for _ in range(3):
                    self.assertTrue(self.open(listener, from_address="127.0.0.3")[1].startswith(greeting))

    def check_blacklist(self, service):
        listener, section, greeting, _, not_you = service
        self.during_test(**{f"{section}__blacklisted_networks": "127.0.0.0/29"})
        refused, said = self.open(listener)
        self.assertTrue(said.startswith(not_you), said)
        self.assertTrue(refused.is_closed())
        self.assertTrue(self.open(listener, from_address="127.0.0.9")[1].startswith(greeting))
        self.during_test(**{f"{section}__whitelisted_networks": "127.0.0.1"})
        self.assertTrue(self.open(listener)[1].startswith(greeting), "the whitelist wins")

    def test_blacklisted_addresses_get_no_smtp(self):
        self.check_blacklist(SERVICES[0])

    def test_blacklisted_addresses_get_no_imap(self):
        self.check_blacklist(SERVICES[1])

    def test_blacklisted_addresses_get_no_pop3(self):
        self.check_blacklist(SERVICES[2])

    def test_lmtp_serves_trusted_peers_only(self):
        self.during_test(lmtp__trusted_networks="127.0.0.4")
        self.assertTrue(self.open("lmtp")[1].startswith(b"554 "))
        self.assertTrue(self.open("lmtp", from_address="127.0.0.4")[1].startswith(b"220 "))

    def check_switch(self, service):
        listener, section, greeting, _, _ = service
        self.during_test(**{f"{section}__enabled": "false"})
        refused, said = self.open(listener)
        self.assertFalse(said.startswith(greeting), said)
        self.assertTrue(refused.is_closed())
        self.server.set(**{f"{section}__enabled": "true"})
        self.assertTrue(self.open(listener)[1].startswith(greeting))

    def test_smtp_can_be_switched_off(self):
        self.check_switch(SERVICES[0])

    def test_imap_can_be_switched_off(self):
        self.check_switch(SERVICES[1])

    def test_pop3_can_be_switched_off(self):
        self.check_switch(SERVICES[2])


if __name__ == "__main__":
    server.main()
