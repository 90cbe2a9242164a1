#!/usr/bin/env python3
"""What is too much: sizes, recipients, hops and lines of a message that comes by SMTP."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402

SENDER = "a@elsewhere.example"


def message_of(kilobytes):
    head = b"From: alice@example.test\r\nSubject: so large\r\n\r\n"
    line = b"x" * 78 + b"\r\n"
    return head + line * (kilobytes * 1024 // len(line) + 1)


class LimitsTest(server.ServerTest):
    def send(self, smtp, octets, sender=SENDER, recipient="bob@example.test"):
        """The code of the content."""
        smtp.mail(sender)
        smtp.rcpt(recipient)
        return smtp.data(octets)[0]

    # -- size ------------------------------------------------------------------------------------------------------

    def test_the_largest_message_is_announced_and_kept_to(self):
        self.during_test(smtp_in__max_message_size_kb=100)
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.esmtp_features["size"], str(100 * 1024))
            code, text = smtp.mail(SENDER, ["SIZE=102401"])
            self.assertEqual((code, text[:5]), (552, b"5.3.4"))
            self.assertEqual(smtp.mail(SENDER, ["SIZE=102400"])[0], 250)
            smtp.rset()
            self.assertEqual(self.send(smtp, message_of(99)), 250)
            self.assertEqual(self.send(smtp, message_of(101)), 552, "found out while it comes")
            self.assertEqual(smtp.noop()[0], 250, "the session goes on")

    def test_what_was_stored_of_a_message_that_is_not_taken_is_given_back(self):
        self.during_test(smtp_in__max_message_size_kb=600)
        with self.server.smtp() as smtp:
            for _ in range(5):
                self.assertEqual(self.send(smtp, message_of(700)), 552)
            self.assertEqual(self.send(smtp, message_of(599)), 250, "the session goes on")
        self.user_during_test("carol", quota_mb=1)
        with self.server.imap("carol") as imap:
            self.assertEqual(imap.append("INBOX", None, None, message_of(700))[0], "OK")
            for _ in range(5):
                self.assertEqual(imap.append("INBOX", None, None, message_of(700))[0], "NO")
            self.assertEqual(imap.noop()[0], "OK")
        self.assertTrue(self.server.ctl_json("verify")["sound"])

    def test_a_chunked_message_is_not_larger_either(self):
        self.during_test(smtp_in__max_message_size_kb=100)
        octets = message_of(60)
        with self.server.smtp() as smtp:
            smtp.mail(SENDER)
            smtp.rcpt("bob@example.test")
            codes = []
            for last in (b"", b" LAST"):
                smtp.send(b"BDAT %d%s\r\n" % (len(octets), last) + octets)
                codes.append(smtp.getreply()[0])
            self.assertEqual(codes, [250, 552])
            self.assertEqual(smtp.noop()[0], 250)

    def test_without_a_limit_none_is_announced(self):
        with self.server.smtp() as smtp:
            self.assertIn("size", smtp.esmtp_features)
            self.assertEqual(smtp.esmtp_features["size"], "")

    def test_what_a_user_sends_is_as_large_as_the_domain_allows(self):
        self.domain_during_test(max_message_size_kb=50)
        with self.server.submission("alice") as smtp:
            self.assertEqual(smtp.mail("alice@example.test", ["SIZE=60000"])[0], 552)
            self.assertEqual(self.send(smtp, message_of(51), "alice@example.test"), 552)
            self.assertEqual(self.send(smtp, message_of(49), "alice@example.test"), 250)
        with self.server.smtp() as smtp:
            self.assertEqual(self.send(smtp, message_of(51)), 250, "others are not the domain's users")

    def test_a_user_may_have_a_lower_limit_but_no_higher_one(self):
        self.domain_during_test(max_message_size_kb=50)
        self.user_during_test("alice", max_message_size_kb=20)
        self.user_during_test("bob", max_message_size_kb=90)
        for user, most in (("alice", 20), ("bob", 50)):
            with self.server.submission(user) as smtp:
                sender = server.address(user)
                self.assertEqual(self.send(smtp, message_of(most - 1), sender), 250, user)
                self.assertEqual(self.send(smtp, message_of(most + 1), sender), 552, user)

    # -- recipients ------------------------------------------------------------------------------------------------

    def codes_of_recipients(self, smtp, sender, count):
        self.assertEqual(smtp.mail(sender)[0], 250)
        return [smtp.rcpt(f"alice+{number}@example.test")[0] for number in range(count)]

    def test_recipients_beyond_the_limit_are_deferred(self):
        self.during_test(smtp_in__max_recipients=100)
        with self.server.smtp() as smtp:
            self.assertIn("RCPTMAX=100", smtp.esmtp_features["limits"].split())
            self.assertEqual(self.codes_of_recipients(smtp, SENDER, 101), [250] * 100 + [452])
            code, text = smtp.rcpt("bob@example.test")
            self.assertEqual((code, text[:5]), (452, b"4.5.3"))
            self.assertEqual(smtp.data("Subject: to a hundred\r\n\r\nx\r\n")[0], 250, "the hundred get it")

    def test_a_user_has_as_many_recipients_as_the_domain_allows(self):
        self.domain_during_test(max_recipients=5)
        with self.server.submission("alice") as smtp:
            self.assertEqual(self.codes_of_recipients(smtp, "alice@example.test", 6), [250] * 5 + [452])

    def test_a_user_may_have_fewer_recipients_but_not_more(self):
        self.domain_during_test(max_recipients=5)
        self.user_during_test("alice", max_recipients=2)
        self.user_during_test("bob", max_recipients=9)
        for user, most in (("alice", 2), ("bob", 5)):
            with self.server.submission(user) as smtp:
                codes = self.codes_of_recipients(smtp, server.address(user), most + 1)
                self.assertEqual(codes, [250] * most + [452], user)

    def test_who_tries_names_is_hung_up_on(self):
        self.during_test(smtp_in__max_bad_recipients=3)
        with Lines(self.server.connect("smtp")) as client:
            client.line()
            client.ask_smtp(b"EHLO client.example")
            client.ask(b"MAIL FROM:<a@elsewhere.example>")
            codes = [client.ask(b"RCPT TO:<guess%d@example.test>" % number)[:3] for number in range(3)]
            self.assertEqual(codes, [b"550", b"550", b"421"])
            self.assertTrue(client.is_closed())

    # -- content ---------------------------------------------------------------------------------------------------

    def test_a_message_that_came_too_long_a_way_is_a_loop(self):
        hop = b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
        self.during_test(smtp_in__max_hop_count=5)
        with self.server.smtp() as smtp:
            self.assertEqual(self.send(smtp, hop * 4 + b"Subject: four\r\n\r\nx\r\n"), 250)
            smtp.mail(SENDER)
            smtp.rcpt("bob@example.test")
            code, text = smtp.data(hop * 6 + b"Subject: six\r\n\r\nx\r\n")
            self.assertEqual((code, text[:5]), (554, b"5.4.6"))

    def test_a_line_may_be_long_but_not_endless(self):
        self.during_test(smtp_in__max_line_bytes=5000)
        with self.server.smtp() as smtp:
            self.assertEqual(self.send(smtp, b"Subject: long\r\n\r\n" + b"x" * 4900 + b"\r\n"), 250)
            self.assertEqual(self.send(smtp, b"Subject: longer\r\n\r\n" + b"x" * 5100 + b"\r\n") // 100, 5)

    def test_a_line_of_64_kib_is_stored_as_it_came(self):
        long = b"y" * 65000
        with self.server.smtp() as smtp:
            self.assertEqual(self.send(smtp, b"Subject: 64 KiB\r\n\r\n" + long + b"\r\n"), 250)
        self.assertTrue(self.server.wait_for_message("bob", b"Subject: 64 KiB").endswith(b"\r\n" + long + b"\r\n"))

    def test_a_header_has_its_limit(self):
        self.during_test(smtp_in__max_header_size_kb=16)
        with self.server.smtp() as smtp:
            self.assertEqual(self.send(smtp, b"X-A: b\r\n" * 1000 + b"\r\nx\r\n"), 250)
            self.assertEqual(self.send(smtp, b"X-A: b\r\n" * 3000 + b"\r\nx\r\n") // 100, 5)

    def test_a_bare_newline_is_refused_or_made_good(self):
        octets = b"Subject: unix\r\n\r\none\ntwo\r\n.\r\n"
        with self.server.smtp() as smtp:

            def send():
                smtp.mail(SENDER)
                smtp.rcpt("carol@example.test")
                self.assertEqual(smtp.docmd("DATA")[0], 354)
                smtp.send(octets)
                return smtp.getreply()[0]

            self.assertEqual(send() // 100, 5)
        self.during_test(smtp_in__bare_newline="normalise")
        with self.server.smtp() as smtp:
            self.assertEqual(send(), 250)
        self.assertTrue(self.server.wait_for_message("carol", b"Subject: unix").endswith(b"\r\none\r\ntwo\r\n"))

    def test_a_command_line_has_its_limit(self):
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.docmd("NOOP " + "x" * 10000)[0], 500)
            self.assertEqual(smtp.noop()[0], 250)


if __name__ == "__main__":
    server.main()
