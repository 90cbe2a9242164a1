#!/usr/bin/env python3
"""The commands and extensions of SMTP that a client relies on, over a real socket."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402

SENDER = "a@elsewhere.example"
EVERY_OCTET = bytes(range(256)) * 8 + b"\r\n.\r\n.. bare \r and \n, and no end of line"


class ExtensionsTest(server.ServerTest):
    def client(self, listener="smtp"):
        client = Lines(self.server.connect(listener))
        self.addCleanup(client.close)
        client.line()
        return client

    def wait_for_one(self, user, words):
        return self.server.wait_for_message(user, words)

    def test_all_commands_and_extensions_are_there(self):
        with self.server.smtp() as smtp:
            for name in (
                "size", "pipelining", "8bitmime", "smtputf8", "chunking", "binarymime", "dsn", "enhancedstatuscodes",
                "starttls", "auth", "limits", "help",
            ):  # fmt: skip
                self.assertIn(name, smtp.esmtp_features)
            self.assertEqual(smtp.helo("client.example")[0], 250)
            self.assertEqual(smtp.noop()[0], 250)
            self.assertEqual(smtp.docmd("HELP")[0], 214)
            self.assertEqual(smtp.docmd("RCPT TO:<alice@example.test>")[0], 503)
            self.assertEqual(smtp.docmd("DATA")[0], 503)
            self.assertEqual(smtp.mail(SENDER)[0], 250)
            self.assertEqual(smtp.docmd("DATA")[0], 503, "no recipient yet")
            self.assertEqual(smtp.rset()[0], 250)
            self.assertEqual(smtp.docmd("RCPT TO:<alice@example.test>")[0], 503, "RSET forgets the sender")
            self.assertEqual(smtp.quit()[0], 221)

    # -- VRFY and EXPN ---------------------------------------------------------------------------------------------

    def test_vrfy_tells_nothing_until_it_is_switched_on(self):
        with self.server.smtp() as smtp:
            self.assertNotIn("vrfy", smtp.esmtp_features)
            self.assertEqual(smtp.verify("alice@example.test")[0], 252)
            self.assertEqual(smtp.verify("nobody@example.test")[0], 252)
        self.during_test(smtp_in__vrfy="true")
        with self.server.smtp() as smtp:
            self.assertIn("vrfy", smtp.esmtp_features)
            code, text = smtp.verify("alice@example.test")
            self.assertEqual(code, 250)
            self.assertIn(b"<alice@example.test>", text)
            self.assertEqual(smtp.verify("nobody@example.test")[0], 550)

    def test_expn_lists_an_alias_once_it_is_switched_on(self):
        self.server.ctl("alias", "add", "staff@example.test", "alice@example.test", "bob@example.test")
        self.addCleanup(self.server.ctl, "alias", "delete", "staff@example.test")
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.expn("staff@example.test")[0], 502)
        self.during_test(smtp_in__expn="true")
        with self.server.smtp() as smtp:
            code, text = smtp.expn("staff@example.test")
            self.assertEqual(code, 250)
            self.assertIn(b"<alice@example.test>", text)
            self.assertIn(b"<bob@example.test>", text)
            self.assertEqual(smtp.expn("nobody@example.test")[0], 550)

    # -- content ---------------------------------------------------------------------------------------------------

    def test_eight_bit_content_arrives_as_it_was(self):
        octets = "Subject: acht Bit\r\n\r\nGrüße, Ωδή, 日本\r\n".encode()
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.sendmail(SENDER, ["alice@example.test"], octets, ["BODY=8BITMIME"]), {})
        self.assertTrue(self.wait_for_one("alice", b"acht Bit").endswith(octets))

    def test_mail_to_an_internationalised_address_arrives(self):
        self.server.add_user("søren@example.test")
        octets = "From: frå@elsewhere.example\r\nSubject: på dansk\r\n\r\nhej\r\n".encode()
        with self.server.smtp() as smtp:
            smtp.command_encoding = "utf-8"
            self.assertEqual(smtp.mail("frå@elsewhere.example", ["SMTPUTF8", "BODY=8BITMIME"])[0], 250)
            self.assertEqual(smtp.rcpt("Søren@example.test")[0], 250)
            self.assertEqual(smtp.data(octets)[0], 250)
        self.assertTrue(self.wait_for_one("søren", "på dansk".encode()).endswith(octets))

    def test_an_internationalised_address_needs_smtputf8(self):
        client = self.client()
        client.ask_smtp(b"EHLO client.example")
        self.assertEqual(client.ask("MAIL FROM:<frå@elsewhere.example>".encode())[:1], b"5")

    def test_chunks_arrive_octet_for_octet(self):
        octets = b"Subject: in chunks\r\n\r\n" + b"line\r\n" * 100 + b".\r\n..\r\n"
        with self.server.smtp() as smtp:
            smtp.mail(SENDER)
            smtp.rcpt("alice@example.test")
            for at in range(0, len(octets), 100):
                piece = octets[at : at + 100]
                smtp.send(b"BDAT %d\r\n" % len(piece) + piece)
                self.assertEqual(smtp.getreply()[0], 250)
            self.assertEqual(smtp.docmd("BDAT 0 LAST")[0], 250)
        self.assertTrue(self.wait_for_one("alice", b"in chunks").endswith(octets))

    def test_binary_content_arrives_octet_for_octet(self):
        octets = b"Subject: binary\r\nContent-Transfer-Encoding: binary\r\n\r\n" + EVERY_OCTET
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.mail(SENDER, ["BODY=BINARYMIME"])[0], 250)
            smtp.rcpt("alice@example.test")
            self.assertEqual(smtp.docmd("DATA")[0], 503, "RFC 3030 3: binary needs BDAT")
            smtp.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
            self.assertEqual(smtp.getreply()[0], 250)
        self.assertTrue(self.wait_for_one("alice", b"Subject: binary").endswith(octets))

    def test_pipelined_commands_are_answered_in_order(self):
        client = self.client()
        client.ask_smtp(b"EHLO client.example")
        client.send(b"MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<nobody@example.test>\r\n")
        client.send(b"RCPT TO:<alice@example.test>\r\nDATA\r\n")
        self.assertEqual([client.line()[:3] for _ in range(4)], [b"250", b"550", b"250", b"354"])
        client.send(b"Subject: pipelined\r\n\r\nx\r\n.\r\nQUIT\r\n")
        self.assertEqual([client.line()[:3] for _ in range(2)], [b"250", b"221"])
        self.wait_for_one("alice", b"Subject: pipelined")

    def test_who_speaks_before_the_greeting_is_refused(self):
        # That a client is first cannot be made sure of; behind a PROXY header it can.
        with Lines(self.server.connect("proxied")) as client:
            client.send(b"PROXY TCP4 192.0.2.9 192.0.2.25 40000 25\r\nEHLO client.example\r\n")
            self.assertTrue(client.line().startswith(b"554 "))
            self.assertTrue(client.is_closed())

    def test_nothing_is_pipelined_before_the_answer_to_ehlo(self):
        client = self.client()
        client.send(b"EHLO client.example\r\nMAIL FROM:<a@elsewhere.example>\r\n")
        self.assertNotEqual(client.reply()[-1][:3], b"250", "RFC 2920 3.1: what may be pipelined is not known yet")

    def test_only_the_full_end_ends_a_message(self):
        """SMTP smuggling: what looks like an end to some servers is none here."""
        for number, end in enumerate((b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r\n\0.\r\n")):
            with self.subTest(end):
                client = self.client()
                client.ask_smtp(b"EHLO client.example")
                client.send(b"MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n")
                self.assertEqual([client.line()[:3] for _ in range(3)], [b"250", b"250", b"354"])
                smuggled = b"MAIL FROM:<b@evil.example>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: smuggled\r\n"
                client.send(b"Subject: %d\r\n\r\nx" % number + end + smuggled + b"\r\n.\r\nNOOP\r\n")
                code = client.line()[:3]
                self.assertEqual(code[:1], b"2" if b"\0" in end else b"5", "one message, whole or refused")
                self.assertEqual(client.line()[:3], b"250", "NOOP")
        self.server.wait_for_local_deliveries()
        heads = [one.partition(b"\r\n\r\n")[0] for one in self.server.messages("bob")]
        self.assertFalse([head for head in heads if b"smuggled" in head])

    # -- header ----------------------------------------------------------------------------------------------------

    def header_of(self, words, send):
        send(f"Subject: {words}\r\n\r\nx\r\n")
        return self.wait_for_one("alice", f"Subject: {words}".encode()).partition(b"\r\n\r\n")[0]

    def by_anybody(self, text):
        with self.server.smtp() as smtp:
            smtp.sendmail(SENDER, ["alice@example.test"], text)

    def by_a_user(self, text):
        with self.server.submission("bob") as smtp:
            smtp.sendmail("bob@example.test", ["alice@example.test"], "From: bob@example.test\r\n" + text)

    def test_delivery_says_where_a_message_came_from(self):
        head = self.header_of("came from", self.by_anybody)
        self.assertIn(b"Return-Path: <a@elsewhere.example>\r\n", head)
        self.assertRegex(head, rb"Received: from client\.example \(.*127\.0\.0\.1")
        self.assertIn(b"by mail.example.test", head)

    def test_the_received_line_is_a_setting(self):
        ours = b"by mail.example.test"
        self.during_test(smtp_in__append_received="authenticated")
        self.assertNotIn(ours, self.header_of("by a stranger", self.by_anybody))
        self.assertIn(ours, self.header_of("by a user", self.by_a_user))
        self.during_test(smtp_in__append_received="none")
        self.assertNotIn(ours, self.header_of("by a user, no line", self.by_a_user))

    def test_a_domain_may_hide_where_its_users_are(self):
        self.domain_during_test(exclude_ip_from_received="true")
        head = self.header_of("hidden", self.by_a_user)
        self.assertIn(b"by mail.example.test", head)
        self.assertNotIn(b"127.0.0.1", head)
        self.assertIn(b"127.0.0.1", self.header_of("not hidden", self.by_anybody))

    def test_submission_completes_a_message(self):
        def send(text):
            with self.server.submission("bob") as smtp:
                whole = "From: bob@example.test\r\nBcc: alice@example.test\r\n" + text
                smtp.sendmail("bob@example.test", ["alice@example.test"], whole)

        head = self.header_of("incomplete", send)
        self.assertRegex(head, rb"\r\nDate: ")
        self.assertRegex(head, rb"\r\nMessage-I[Dd]: <[^>]+@")
        self.assertNotIn(b"Bcc", head)

    def test_port_25_leaves_a_message_as_it_is(self):
        head = self.header_of("as it is", self.by_anybody)
        self.assertNotIn(b"\r\nDate: ", head)

    # -- listeners -------------------------------------------------------------------------------------------------

    def test_every_service_speaks_ipv6(self):
        ports = server.free_ports(3, host="::1")
        more = [
            {"name": f"{service}6", "service": service, "address": "::1", "port": port}
            for service, port in zip(("smtp", "imap", "pop3"), ports, strict=True)
        ]
        one = server.Server(more_listeners=more)
        self.addCleanup(one.close)
        for port, greeting in zip(ports, (b"220 ", b"* OK ", b"+OK "), strict=True):
            with Lines(socket.create_connection(("::1", port), timeout=30)) as client:
                self.assertTrue(client.line().startswith(greeting))
        with Lines(socket.create_connection(("::1", ports[0]), timeout=30)) as client:
            client.line()
            self.assertEqual(client.ask_smtp(b"EHLO [IPv6:::1]")[-1][:3], b"250")
            self.assertEqual(client.ask(b"MAIL FROM:<a@[IPv6:::1]>")[:3], b"250")
            self.assertEqual(client.ask(b"RCPT TO:<alice@example.test>")[:3], b"250")
            self.assertEqual(client.ask(b"DATA")[:3], b"354")
            self.assertEqual(client.ask(b"Subject: by IPv6\r\n\r\nx\r\n.")[:3], b"250")
        self.assertIn(b"[IPv6:::1]", one.wait_for_message("alice", b"by IPv6").partition(b"\r\n\r\n")[0])
        self.assertEqual(one.stop(), 0)

    def test_lmtp_listens_on_a_unix_socket(self):
        path = f"{self.server.folder}/lmtp.socket"
        one = server.Server(more_listeners=[{"name": "local", "service": "lmtp", "address": path}])
        self.addCleanup(one.close)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(path)
        with Lines(connection) as client:
            self.assertEqual(client.line()[:3], b"220")
            self.assertEqual(client.ask_smtp(b"LHLO client.example")[-1][:3], b"250")
            self.assertEqual(client.ask(b"MAIL FROM:<>")[:3], b"250")
            self.assertEqual(client.ask(b"RCPT TO:<bob@example.test>")[:3], b"250")
            self.assertEqual(client.ask(b"DATA")[:3], b"354")
            self.assertEqual(client.ask(b"Subject: by a socket\r\n\r\nx\r\n.")[:3], b"250")
        one.wait_for_message("bob", b"by a socket")
        self.assertEqual(one.stop(), 0)


if __name__ == "__main__":
    server.main()
