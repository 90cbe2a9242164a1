#!/usr/bin/env python3
"""Mail that leaves for the hosts the DNS names: a real DNS with signed zones, and mail servers of the test's own on
127.0.0.1 and 127.0.0.2.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
from sending import TEXT  # noqa: E402


def make_certificate(folder):
    """A certificate that no authority knows, and the digest of its key as a TLSA record 3 1 1 has it."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    openssl = server.tool("openssl")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7",
         "-subj", "/CN=peer.example", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    public = subprocess.run([openssl, "pkey", "-in", str(key), "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout  # fmt: skip
    return certificate, key, hashlib.sha256(public).hexdigest()


def zones(port, digest):
    pinned = f"@ MX 10 mail\nmail A 127.0.0.1\n_{port}._tcp.mail TLSA 3 1 1 "
    return [
        name_server.Zone("far", "@ MX 20 backup\n@ MX 10 mail\nmail A 127.0.0.1\nbackup A 127.0.0.2\n"),
        name_server.Zone("plain", "@ A 127.0.0.1\n", "unsigned"),
        name_server.Zone("pinned", pinned + digest + "\n"),
        name_server.Zone("forged", pinned + "00" * 32 + "\n"),
        name_server.Zone("silent", "@ MX 0 .\n"),
        name_server.Zone("circle", f"@ MX 10 {server.HOST_NAME}.\n"),
        name_server.Zone("outside", "@ MX 10 mail\nmail A 192.0.2.1\n"),
        name_server.Zone("expired", "@ MX 10 mail\nmail A 127.0.0.1\n", "expired"),
        name_server.Zone("failing", "", "failing"),
    ]


class OutboundMxTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        folder = tempfile.TemporaryDirectory(prefix="stagepost-peer-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificate, cls.key, digest = make_certificate(pathlib.Path(folder.name))
        [cls.port] = server.free_ports(1)
        cls.dns = name_server.NameServer(zones(cls.port, digest))
        cls.addClassCleanup(cls.dns.close)
        cls.first_start = {
            "smtp_out": {**sending.QUICK, "port": cls.port},
            "resolver": cls.dns.resolver_settings(),
        }
        cls.node = {"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})}
        super().setUpClass()

    def setUp(self):
        self.best = self.peer("127.0.0.1")
        self.addCleanup(self.empty_queue)

    def peer(self, address, **more):
        made = mail_peer.Peer(at=(address, self.port), **more)
        self.addCleanup(made.close)
        return made

    def with_tls(self):
        """The best host again, now with TLS."""
        self.best.close()
        self.best = self.peer("127.0.0.1", certificate=self.certificate, key=self.key)

    def last_reply(self, address):
        [who] = self.wait_for_attempts(address, 1)["recipients"]
        return who["last_reply"]

    def status_of_report(self):
        _, parts = self.report()
        return parts[1].get_payload()[1]["Status"]

    def test_mail_goes_to_the_best_host_of_the_domain(self):
        other = self.peer("127.0.0.2")
        self.submit("bob@far", text=TEXT.replace(b"one@", b"best@"))
        self.wait_for_empty_queue()
        self.assertEqual([one.recipients for one in self.best.messages], [["bob@far"]])
        self.assertEqual(other.connections, 0)
        trace = self.server.ctl("trace", "<best@example.test>")
        self.assertIn("2 MX of far, secure; 10 mail.far: 127.0.0.1", trace)
        self.assertIn("mail.far", trace)
        self.assertIn("250 2.0.0 queued as 4711", trace)

    def test_the_next_host_takes_over_from_one_that_takes_no_mail(self):
        other = self.peer("127.0.0.2")
        self.best.on["CONNECT"] = "421 4.3.2 not today"
        self.submit("bob@far")
        self.wait_for_empty_queue()
        self.best.close()
        self.submit("carol@far")
        self.wait_for_empty_queue()
        self.assertEqual([one.recipients for one in other.messages], [["bob@far"], ["carol@far"]])
        self.assertEqual(self.best.messages, [])

    def test_a_domain_without_mail_hosts_is_its_own(self):
        self.submit("bob@plain")
        self.wait_for_empty_queue()
        self.assertEqual(len(self.best.messages), 1)

    def test_a_domain_that_takes_no_mail_bounces_at_once(self):
        self.submit("bob@silent")
        self.assertEqual(self.status_of_report(), "5.1.10")
        self.wait_for_empty_queue()

    def test_mail_that_would_come_back_to_us_bounces_at_once(self):
        self.submit("bob@circle")
        self.assertEqual(self.status_of_report(), "5.4.6")
        self.wait_for_empty_queue()

    def test_a_domain_that_is_not_there_is_asked_for_once_more(self):
        self.submit("bob@nowhere.far")
        one = self.wait_for_attempts("bob@nowhere.far", 1)
        self.assertEqual(self.inbox(), [])
        self.retry(one["id"])
        self.assertEqual(self.status_of_report(), "5.1.2")
        self.wait_for_empty_queue()

    def test_what_the_dns_cannot_prove_is_not_believed(self):
        self.submit("bob@expired")
        self.assertIn("cannot be looked up", self.last_reply("bob@expired"))
        self.assertEqual(self.best.connections, 0)

    def test_a_zone_that_fails_is_tried_again(self):
        self.submit("bob@failing")
        self.assertIn("cannot be looked up", self.last_reply("bob@failing"))

    def test_a_pinned_certificate_is_proven(self):
        self.with_tls()
        self.submit("bob@pinned", text=TEXT.replace(b"one@", b"pinned@"))
        self.wait_for_empty_queue()
        self.assertTrue(self.best.messages[0].tls)
        trace = self.server.ctl("trace", "<pinned@example.test>")
        self.assertRegex(trace, r"TLSv1\.[23] \S+ dane \(3 1 1, the certificate's own\)")

    def test_no_octet_of_mail_goes_to_a_host_that_another_certificate_is_pinned_for(self):
        self.with_tls()
        self.submit("bob@forged")
        self.wait_for_attempts("bob@forged", 1)
        self.assertFalse(any(line.startswith("MAIL") for line in self.best.lines), self.best.lines)

    def test_no_octet_of_mail_goes_in_the_clear_to_a_host_with_a_pinned_certificate(self):
        self.submit("bob@pinned")
        self.wait_for_attempts("bob@pinned", 1)
        self.assertGreater(self.best.connections, 0)
        self.assertFalse(any(line.startswith("MAIL") for line in self.best.lines), self.best.lines)

    def test_nothing_is_sent_where_this_node_may_not_go(self):
        self.submit("bob@outside")
        said = b"192.0.2.1 is not among outbound.networks"
        server.wait_until("some tries", lambda: self.server.log.read_bytes().count(said) >= 3)
        [one] = self.waiting()
        self.assertEqual(one["recipients"][0]["attempts"], 0)  # nobody was tried, so nothing ever bounces

    def test_a_route_of_the_settings_comes_before_the_dns(self):
        other = self.peer("127.0.0.2")
        self.server.set(smtp_out__routes=f"far=127.0.0.2:{self.port}")
        self.submit("bob@far")
        self.wait_for_empty_queue()
        self.assertEqual(len(other.messages), 1)
        self.assertIn(f"127.0.0.2:{self.port}", self.server.ctl("route", "bob@far"))


class DeadDnsTest(sending.SendingTest):
    first_start = {
        "smtp_out": sending.QUICK,
        "resolver": {"servers": f'["127.0.0.1@{name_server.free_port()}"]', "lookup_timeout_seconds": 2},
    }
    node = {"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})}

    def test_mail_waits_while_no_dns_answers_as_long_as_for_any_server(self):
        self.during_test(spool__retry_intervals_minutes="1, 2, 3", spool__delay_notice_after_attempts="0")
        self.submit("bob@far")
        for attempt in (1, 2, 3):
            one = self.wait_for_attempts("bob@far", attempt)
            self.assertIn("cannot be looked up", one["recipients"][0]["last_reply"])
            self.assertEqual(self.inbox(), [])
            self.retry(one["id"])
        self.assertEqual(self.report()[1][1].get_payload()[1]["Status"], "5.4.3")
        self.wait_for_empty_queue()


if __name__ == "__main__":
    server.main()
