#!/usr/bin/env python3
"""A domain's own way out: the address its mail leaves from, and whether it is encrypted."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FAR = "bob@far.example"
OWN, OTHER = server.address("alice"), "olga@other.test"
# A documentation address: nobody has it, so nobody can come from it.
NOT_OURS = "192.0.2.9"


def text(sender, name):
    return f"Subject: out\r\nFrom: <{sender}>\r\nMessage-ID: <{name}@example.test>\r\n\r\nhello\r\n".encode()


class DomainWayOutTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.ctl("domain", "add", "other.test")
        cls.server.add_user(OTHER)

    def setUp(self):
        self.addCleanup(self.empty_queue)

    def peer(self, **how):
        made = mail_peer.Peer(**how)
        self.addCleanup(made.close)
        return made

    def send(self, sender, name="one"):
        with self.server.smtp("submission") as smtp:
            smtp.starttls(context=self.server.tls())
            smtp.ehlo()
            smtp.login(sender, server.PASSWORD)
            self.assertEqual(smtp.sendmail(sender, [FAR], text(sender, name)), {})

    def facts(self, name):
        """Of the last attempt in a message's trace; empty before the first."""
        trace = self.server.ctl_json("trace", f"<{name}@example.test>")["traces"][-1]
        attempts = [facts for facts in (dict(one["facts"]) for one in trace["steps"]) if "reply" in facts]
        return attempts[-1] if attempts else {}

    def sources(self, peer):
        """Where each message came from, by its sender."""
        return {one.sender: peer.sources[one.connection - 1] for one in peer.messages}

    def test_mail_of_a_domain_leaves_from_its_own_address(self):
        self.domain_during_test(outbound_ipv4="127.0.0.2")
        self.during_test(smtp_out__source_ipv4="127.0.0.9", smtp_out__host_names="127.0.0.2=two.example.test")
        peer = self.peer()
        self.server.set(smtp_out__routes=peer.route())
        self.send(OWN, "own")
        self.send(OTHER, "other")
        self.wait_for_empty_queue()
        sources = self.sources(peer)
        self.assertEqual(sorted(sources.values()), ["127.0.0.2", "127.0.0.9"])
        [own] = [sender for sender in sources if OWN in sender]
        self.assertEqual(sources[own], "127.0.0.2")
        hellos = sorted(line for line in peer.lines if line.startswith("EHLO"))
        self.assertEqual(hellos, ["EHLO mail.example.test", "EHLO two.example.test"])
        self.assertEqual(self.facts("own")["source"], "127.0.0.2 (outbound_ipv4 of the sender's domain)")
        self.assertEqual(self.facts("other")["source"], "127.0.0.9 (smtp_out.source_ipv4)")

        shown = self.server.ctl("route", FAR, "--from", OWN)
        self.assertIn("from 127.0.0.2, outbound_ipv4 of example.test", shown)
        self.assertIn("from 127.0.0.9, smtp_out.source_ipv4", self.server.ctl("route", FAR, "--from", OTHER))
        self.assertNotIn("127.0.0.9", self.server.ctl("route", FAR))

    def test_no_connection_takes_mail_of_another_way(self):
        self.domain_during_test(outbound_ipv4="127.0.0.2")
        self.during_test(smtp_out__connections_per_destination="1")
        answer = threading.Event()
        self.addCleanup(answer.set)
        peer = self.peer()
        peer.on["CONTENT"] = lambda _: None if answer.wait(60) else mail_peer.CUT
        self.server.set(smtp_out__routes=peer.route())
        self.send(OWN)
        server.wait_until("the first message", lambda: "DATA" in peer.lines)
        for sender in (OTHER, OWN, OTHER, OWN):
            self.send(sender)
        answer.set()
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.messages), 5)
        for one in peer.messages:
            expected = "127.0.0.2" if OWN in one.sender else "127.0.0.1"
            self.assertEqual(peer.sources[one.connection - 1], expected, one.sender)

    def test_a_change_counts_for_the_next_connection(self):
        peer = self.peer()
        self.server.set(smtp_out__routes=peer.route())
        for address in ("127.0.0.2", "127.0.0.3"):
            self.domain_during_test(outbound_ipv4=address)
            self.send(OWN)
            self.wait_for_empty_queue()
        self.assertEqual(peer.sources, ["127.0.0.2", "127.0.0.3"])

    def test_an_address_that_is_not_here_delays_only_that_domain(self):
        self.domain_during_test(outbound_ipv4=NOT_OURS)
        self.during_test(smtp_out__fall_back_to_primary="false", smtp_out__rest_after_failure_seconds="3600")
        peer = self.peer()
        self.server.set(smtp_out__routes=peer.route())
        self.send(OWN, "stays")
        server.wait_until("a word about it", lambda: "reply" in self.facts("stays"))
        self.send(OTHER, "goes")
        server.wait_until("the mail of the other domain", lambda: peer.messages)
        said = self.facts("stays")
        self.assertIn(NOT_OURS, said["reply"])
        self.assertEqual(said["counted"], "false", "it is no fault of the other server")
        self.assertEqual(peer.sources, ["127.0.0.1"])
        [one] = self.waiting()

        self.server.set(smtp_out__fall_back_to_primary="true")
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.messages), 2)
        self.assertIn("since outbound_ipv4 of the sender's domain failed", self.facts("stays")["source"])

    def test_that_one_address_is_refused_says_nothing_of_the_others(self):
        self.domain_during_test(outbound_ipv4="127.0.0.2")
        self.during_test(smtp_out__rest_after_failure_seconds="3600")
        peer = self.peer()
        peer.on["CONNECT"] = lambda _: "421 4.7.1 blocked" if peer.sources[-1] == "127.0.0.2" else None
        self.server.set(smtp_out__routes=peer.route())
        self.send(OWN, "blocked")
        server.wait_until("the refusal", lambda: "reply" in self.facts("blocked"))
        self.send(OTHER)
        server.wait_until("the mail of the other domain", lambda: peer.messages)
        self.assertIn("127.0.0.2", self.facts("blocked")["source"])
        self.assertEqual([peer.sources[one.connection - 1] for one in peer.messages], ["127.0.0.1"])

    def test_a_domain_sends_without_tls(self):
        self.domain_during_test(outgoing_tls="false")
        peer = self.peer(certificate=self.server.certificate, key=self.server.folder / "key.pem")
        self.server.set(smtp_out__routes=peer.route())
        self.send(OWN, "plain")
        self.send(OTHER, "secret")
        self.wait_for_empty_queue()
        secure = {one.sender: bool(one.tls) for one in peer.messages}
        self.assertEqual(sorted(secure.values()), [False, True])
        self.assertTrue(all(tls == (OTHER in sender) for sender, tls in secure.items()), secure)
        self.assertEqual(self.facts("plain")["tls"], "none: outgoing_tls of the sender's domain is off")
        self.assertIn("outgoing_tls of example.test is off", self.server.ctl("route", FAR, "--from", OWN))

    def test_what_a_route_demands_is_encrypted_all_the_same(self):
        self.domain_during_test(outgoing_tls="false")
        peer = self.peer(certificate=self.server.certificate, key=self.server.folder / "key.pem")
        self.server.set(smtp_out__routes=peer.route(tls="required"))
        self.send(OWN)
        self.wait_for_empty_queue()
        self.assertTrue(peer.messages[0].tls)


if __name__ == "__main__":
    server.main()
