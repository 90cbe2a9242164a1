#!/usr/bin/env python3
"""What a sender wishes of TLS (RFC 8689), with a real DNS of signed zones and mail servers of the test's own: one on
127.0.0.1 that announces REQUIRETLS and one on 127.0.0.2 that does not.
"""

import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import authority  # noqa: E402
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

REQUIRED = ("REQUIRETLS",)
EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE", "DSN")


def zones(port, digest):
    return [
        name_server.Zone("good", "@ MX 10 mail\nmail A 127.0.0.1\n"),
        name_server.Zone("pinned", f"@ MX 10 mail\nmail A 127.0.0.1\n_{port}._tcp.mail TLSA 3 1 1 {digest}\n"),
        name_server.Zone("lacking", "@ MX 10 mail\nmail A 127.0.0.2\n"),
        name_server.Zone("two", "@ MX 10 first\n@ MX 20 second\nfirst A 127.0.0.2\nsecond A 127.0.0.1\n"),
        name_server.Zone("plain", "@ MX 10 mail\nmail A 127.0.0.1\n", "unsigned"),
        name_server.Zone("other", "@ MX 10 mail\nmail A 127.0.0.1\n"),
        name_server.Zone("forged", f"@ MX 10 mail\nmail A 127.0.0.2\n_{port}._tcp.mail TLSA 3 1 1 {'00' * 32}\n"),
    ]


class RequireTlsTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        folder = tempfile.TemporaryDirectory(prefix="stagepost-require-tls-")
        cls.addClassCleanup(folder.cleanup)
        issuer = authority.Authority(pathlib.Path(folder.name))
        cls.one = issuer.issue("one", "mail.good", "second.two", "mail.plain", "IP:127.0.0.1")
        cls.two = issuer.issue("two", "mail.lacking", "first.two", "mail.forged")
        [cls.port] = server.free_ports(1)
        cls.dns = name_server.NameServer(zones(cls.port, authority.key_digest(cls.one[1])))
        cls.addClassCleanup(cls.dns.close)
        cls.first_start = {
            "smtp_out": {**sending.QUICK, "port": cls.port},
            "resolver": cls.dns.resolver_settings(),
        }
        cls.node = {"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})}
        os.environ["SSL_CERT_FILE"] = str(issuer.certificate)
        cls.addClassCleanup(os.environ.pop, "SSL_CERT_FILE")
        super().setUpClass()

    def setUp(self):
        self.keeping = self.peer("127.0.0.1", self.one, (*EXTENSIONS, "REQUIRETLS"))
        self.lacking = self.peer("127.0.0.2", self.two, EXTENSIONS)
        self.addCleanup(self.empty_queue)
        self.inbox()  # empties it

    def peer(self, address, files, extensions):
        made = mail_peer.Peer(extensions, at=(address, self.port), certificate=files[0], key=files[1])
        self.addCleanup(made.close)
        return made

    def send(self, to, name, options=REQUIRED, header=b""):
        """Hands a message in, and returns the words that find its trace."""
        text = header + sending.TEXT.replace(b"one@", name.encode() + b"@")
        self.submit(to, text=text, options=options)
        return f"<{name}@example.test>"

    def offered(self, peer):
        return [line for line in peer.lines if line.startswith("MAIL")]

    def refusal(self):
        """What the report says of the recipient; it has come back to the sender."""
        _, parts = self.report()
        self.assertEqual(parts[2].get_content_type(), "text/rfc822-headers")  # RFC 8689 5, whatever RET was
        return parts[1].as_string()

    def test_is_announced_and_taken_under_tls_only(self):
        with self.server.smtp() as smtp:
            self.assertFalse(smtp.has_extn("requiretls"))
            self.assertEqual(smtp.mail("a@client.example", REQUIRED)[0], 555)
            smtp.starttls(context=self.server.tls())
            smtp.ehlo()
            self.assertTrue(smtp.has_extn("requiretls"))
            self.assertEqual(smtp.mail("a@client.example", ("REQUIRETLS=1",))[0], 501)
            self.assertEqual(smtp.mail("a@client.example", REQUIRED)[0], 250)

    def test_is_not_announced_where_nothing_leaves_with_tls(self):
        self.during_test(smtp_out__use_tls="false")
        with self.server.smtp() as smtp:
            smtp.starttls(context=self.server.tls())
            smtp.ehlo()
            self.assertFalse(smtp.has_extn("requiretls"))

    def test_goes_on_to_a_proven_server_that_keeps_the_promise(self):
        words = self.send("bob@good", "kept")
        self.wait_for_empty_queue()
        [message] = self.keeping.messages
        self.assertIn("REQUIRETLS", message.parameters)
        self.assertTrue(message.tls)
        trace = self.server.ctl("trace", words)
        self.assertIn("requires_tls", trace)
        self.assertRegex(trace, r"TLSv1\.[23] \S+ verified, REQUIRETLS")

    def test_goes_over_tls_though_the_domain_sends_without(self):
        self.domain_during_test(outgoing_tls="false")
        self.send("bob@good", "usual", options=())
        self.send("bob@good", "strict")
        self.wait_for_empty_queue()
        encrypted = {"REQUIRETLS" in one.parameters: bool(one.tls) for one in self.keeping.messages}
        self.assertEqual(encrypted, {False: False, True: True})

    def test_a_pinned_certificate_is_proof(self):
        words = self.send("bob@pinned", "pin")
        self.wait_for_empty_queue()
        self.assertIn("REQUIRETLS", self.keeping.messages[0].parameters)
        self.assertRegex(self.server.ctl("trace", words), r"TLSv1\.[23] \S+ dane, REQUIRETLS")

    def test_comes_back_where_the_server_makes_no_promise(self):
        words = self.send("bob@lacking", "lacks", options=(*REQUIRED, "RET=FULL"))
        told = self.refusal()
        self.assertIn("5.7.30", told)
        self.assertEqual(self.offered(self.lacking), [])
        trace = self.server.ctl("trace", words)
        self.assertIn("mail.lacking: The server does not promise", trace)

    def test_other_mail_for_the_same_server_goes(self):
        self.send("bob@lacking", "usual", options=())
        self.send("bob@lacking", "strict")
        self.assertIn("5.7.30", self.refusal())
        self.wait_for_empty_queue()
        self.assertEqual(len(self.lacking.messages), 1)
        self.assertNotIn("REQUIRETLS", self.lacking.messages[0].parameters)

    def test_another_server_of_the_domain_gets_it(self):
        words = self.send("bob@two", "second")
        self.wait_for_empty_queue()
        self.assertIn("REQUIRETLS", self.keeping.messages[0].parameters)
        self.assertGreater(self.lacking.connections, 0)
        self.assertEqual(self.offered(self.lacking), [])
        self.assertIn("first.two: The server does not promise", self.server.ctl("trace", words))

    def test_comes_back_where_nothing_proves_the_server(self):
        self.send("bob@plain", "unproven")
        self.assertIn("5.7.10", self.refusal())
        self.assertEqual(self.keeping.connections, 0)

    def test_comes_back_where_the_certificate_is_anothers(self):
        self.send("bob@other", "another")
        self.assertIn("5.7.10", self.refusal())
        self.assertEqual(self.offered(self.keeping), [])

    def test_a_route_of_the_settings_counts_where_its_server_proves_itself(self):
        self.server.set(smtp_out__routes=self.keeping.route("far.example"))
        self.send("bob@far.example", "routed")
        self.wait_for_empty_queue()
        self.assertIn("REQUIRETLS", self.keeping.messages[0].parameters)

    def test_the_wish_outlasts_a_restart_and_a_server_that_is_away(self):
        self.keeping.close()
        self.send("bob@good", "restart")
        waiting = self.wait_for_attempts("bob@good", 1)
        self.assertEqual(self.server.restart(), 0)
        self.keeping = self.peer("127.0.0.1", self.one, (*EXTENSIONS, "REQUIRETLS"))
        self.retry(waiting["id"])
        self.wait_for_empty_queue()
        self.assertIn("REQUIRETLS", self.keeping.messages[0].parameters)

    def test_what_is_sent_on_keeps_the_wish(self):
        self.server.set(smtp_out__routes=self.keeping.route("far.example"))
        self.server.ctl("user", "set", "bob@example.test", "forward_to=friend@far.example")
        self.addCleanup(self.server.ctl, "user", "set", "bob@example.test", "forward_to=")
        self.send("bob@example.test", "onwards")
        server.wait_until("what is sent on", lambda: self.keeping.messages)
        self.assertEqual(self.keeping.messages[0].recipients, ["friend@far.example"])
        self.assertIn("REQUIRETLS", self.keeping.messages[0].parameters)

    def test_mail_that_needs_no_tls_passes_over_a_policy(self):
        self.send("bob@forged", "policy", options=())
        self.wait_for_attempts("bob@forged", 1)
        self.assertEqual(self.offered(self.lacking), [])
        words = self.send("bob@forged", "optional", options=(), header=b"TLS-Required: No\r\n")
        server.wait_until("the mail", lambda: self.lacking.messages)
        self.assertIn(b"TLS-Required: No\r\n", self.lacking.messages[0].content)
        self.assertTrue(self.lacking.messages[0].tls)
        self.assertIn("tls_optional", self.server.ctl("trace", words))
        self.assertEqual(len(self.lacking.messages), 1)  # the other one still waits

    def test_the_parameter_wins_over_the_header(self):
        self.send("bob@lacking", "both", header=b"TLS-Required: No\r\n")
        self.assertIn("5.7.30", self.refusal())
        self.assertEqual(self.offered(self.lacking), [])


if __name__ == "__main__":
    server.main()
