#!/usr/bin/env python3
"""A DNS that fails while mail is to be sent: mail waits, the trace says why, and it goes once when the DNS is back."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import faulty_resolver  # noqa: E402
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

FAULTS = (faulty_resolver.SILENT, faulty_resolver.SERVFAIL, faulty_resolver.GARBAGE, faulty_resolver.CUT_OFF)


class OutboundDnsFaultsTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        [cls.port] = server.free_ports(1)
        # A zone for each fault, so that no answer is known from before.
        records = "@ MX 10 mail\nmail A 127.0.0.1\n"
        zones = [name_server.Zone(f"z{number}", records) for number in range(len(FAULTS) + 1)]
        zones.append(name_server.Zone("stripped", records, "stripped"))
        zones.append(name_server.Zone("expired", records, "expired"))
        cls.dns = name_server.NameServer(zones)
        cls.addClassCleanup(cls.dns.close)
        cls.between = faulty_resolver.FaultyResolver(cls.dns.port)
        cls.addClassCleanup(cls.between.close)
        cls.first_start = {
            "smtp_out": {**sending.QUICK, "port": cls.port},
            "resolver": cls.dns.resolver_settings(by=cls.between.server),
        }
        cls.node = {"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})}
        super().setUpClass()

    def setUp(self):
        self.peer = mail_peer.Peer(at=("127.0.0.1", self.port))
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.addCleanup(setattr, self.between, "fault", None)

    def ends(self, message_id):
        [trace] = self.server.ctl_json("trace", message_id)["traces"]
        return [(one["step"], dict(one["facts"])) for one in trace["steps"] if one["step"] != "accepted"]

    def is_known(self, zone):
        """Whether all that is looked up on the way there can be found out."""
        questions = ((zone, "MX"), (f"mail.{zone}", "A"), (f"mail.{zone}", "AAAA"),
                     (f"_{self.port}._tcp.mail.{zone}", "TLSA"))  # fmt: skip
        return all(": failed" not in self.server.try_ctl("resolve", *each).stdout for each in questions)

    def test_mail_waits_while_the_dns_fails_and_goes_once_when_it_is_back(self):
        for number, fault in enumerate(FAULTS):
            with self.subTest(fault=fault):
                self.between.fault = fault
                asked = self.between.questions
                name, who = f"dns{number}@".encode(), f"bob@z{number}"
                self.submit(who, text=sending.TEXT.replace(b"one@", name))
                one = self.wait_for_attempts(who, 1)
                self.assertGreater(self.between.questions, asked)
                self.assertIn("cannot be looked up", one["recipients"][0]["last_reply"])
                self.assertEqual((self.inbox(), self.peer.addressed_to(who)), ([], []))
                self.between.fault = None
                # A resolver remembers for some seconds that there was no answer.
                server.wait_until("the DNS to be back", lambda number=number: self.is_known(f"z{number}"))
                self.retry(one["id"])
                self.wait_for_empty_queue()
                self.assertEqual(len(self.peer.addressed_to(who)), 1)
                self.assertEqual(self.inbox(), [])
                ends = self.ends(f"<dns{number}@example.test>")
                self.assertEqual([step for step, _ in ends], ["deferred", "delivered"], ends)
                self.assertEqual((ends[0][1]["stage"], ends[0][1]["status"][0]), ("routing", "4"))

    def test_a_slow_dns_is_waited_for(self):
        self.between.fault = faulty_resolver.SLOW
        who = f"bob@z{len(FAULTS)}"
        self.submit(who)
        server.wait_until("the mail to go", lambda: self.peer.addressed_to(who))
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    def test_nothing_goes_where_the_signatures_are_missing_or_old(self):
        for zone in ("stripped", "expired"):
            self.submit(f"bob@{zone}", text=sending.TEXT.replace(b"one@", f"{zone}@".encode()))
            one = self.wait_for_attempts(f"bob@{zone}", 1)
            self.assertIn("cannot be looked up", one["recipients"][0]["last_reply"])
            [(step, facts)] = self.ends(f"<{zone}@example.test>")
            self.assertEqual((step, facts["stage"]), ("deferred", "routing"))
        self.assertEqual((self.peer.connections, self.inbox()), (0, []))


if __name__ == "__main__":
    server.main()
