#!/usr/bin/env python3
"""How long the server waits and how much nonsense it takes. The shortest times the settings allow are one second."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402


class PatienceTest(server.ServerTest):
    def open(self, listener):
        client = Lines(self.server.connect(listener))
        self.addCleanup(client.close)
        self.assertTrue(client.line(), listener)
        return client

    def begin_data(self, client):
        for line in (b"EHLO client.example", b"MAIL FROM:<a@elsewhere.example>", b"RCPT TO:<alice@example.test>"):
            self.assertEqual(client.ask_smtp(line)[-1][:3], b"250", line)
        self.assertEqual(client.ask(b"DATA")[:3], b"354")

    def test_a_silent_smtp_session_is_closed(self):
        self.during_test(smtp_in__session_timeout_seconds=1)
        client = self.open("smtp")
        began = time.monotonic()
        self.assertTrue(client.line().startswith(b"421 4.4.2"))
        self.assertTrue(client.is_closed())
        self.assertGreater(time.monotonic() - began, 0.9)

    def test_a_command_in_time_keeps_the_session(self):
        self.during_test(smtp_in__session_timeout_seconds=1)
        client = self.open("smtp")
        began = time.monotonic()
        while time.monotonic() - began < 1.3:
            self.assertEqual(client.ask(b"NOOP")[:3], b"250")
        self.assertEqual(client.ask(b"QUIT")[:3], b"221")

    def test_the_session_time_out_can_be_switched_off(self):
        self.during_test(smtp_in__session_timeout_seconds=1, smtp_in__session_timeout_enabled="false")
        patient = self.open("smtp")
        self.server.set(smtp_in__session_timeout_enabled="true")
        impatient = self.open("smtp")
        self.server.set(smtp_in__session_timeout_enabled="false")
        self.assertTrue(impatient.line().startswith(b"421"), "a second has passed for both")
        self.assertEqual(patient.ask(b"NOOP")[:3], b"250")

    def test_a_message_whose_data_stops_is_given_up(self):
        self.during_test(smtp_in__command_timeout_seconds=1)
        client = self.open("smtp")
        self.begin_data(client)
        client.send(b"Subject: never finished\r\n\r\nhalf a li")
        self.assertTrue(client.line().startswith(b"421"))
        self.assertTrue(client.is_closed())
        self.assertFalse(any(b"never finished" in one for one in self.server.messages("alice")))

    def test_the_time_for_data_is_not_that_between_commands(self):
        self.during_test(smtp_in__command_timeout_seconds=120, smtp_in__session_timeout_seconds=1)
        client = self.open("smtp")
        self.begin_data(client)
        silent = self.open("smtp")
        self.assertTrue(silent.line().startswith(b"421"), "the session's second has passed for both")
        client.send(b"Subject: slow\r\n\r\nbut finished\r\n.\r\n")
        self.assertEqual(client.line()[:3], b"250")

    def test_a_silent_lmtp_session_is_closed(self):
        self.during_test(lmtp__session_timeout_seconds=1)
        client = self.open("lmtp")
        self.assertTrue(client.line().startswith(b"421"))
        self.assertTrue(client.is_closed())

    def test_a_silent_http_connection_is_closed(self):
        self.during_test(http__idle_timeout_seconds=1)
        with Lines(self.server.connect("http")) as client:
            self.assertTrue(client.is_closed())

    def test_bad_commands_end_an_smtp_session(self):
        self.during_test(smtp_in__max_bad_commands=3)
        client = self.open("smtp")
        self.assertEqual([client.ask(b"NONSENSE")[:3] for _ in range(2)], [b"500", b"500"])
        self.assertEqual(client.ask(b"NONSENSE")[:3], b"421")
        self.assertTrue(client.is_closed())

    def test_malformed_commands_count_as_bad_ones(self):
        self.during_test(smtp_in__max_bad_commands=2)
        client = self.open("smtp")
        self.assertEqual(client.ask_smtp(b"EHLO client.example")[-1][:3], b"250")
        self.assertEqual(client.ask(b"MAIL FROM:<a@elsewhere.example")[:2], b"50")
        self.assertEqual(client.ask(b"MAIL FROM:<a@elsewhere.example")[:3], b"421")

    def test_bad_commands_end_a_pop3_session(self):
        self.during_test(pop3__max_bad_commands=3)
        client = self.open("pop3")
        for _ in range(3):
            self.assertTrue(client.ask(b"NONSENSE").startswith(b"-ERR"))
        self.assertTrue(client.is_closed())

    def test_bad_commands_end_an_imap_session(self):
        self.during_test(imap__max_bad_commands=3)
        client = self.open("imap")
        for number in range(2):
            self.assertTrue(client.ask_imap(b"t%d" % number, b"NONSENSE")[-1].split()[1] == b"BAD")
        client.send(b"t9 NONSENSE\r\n")
        said = [client.line()]
        while said[-1]:
            said.append(client.line())
        self.assertTrue(any(line.startswith(b"* BYE") for line in said), said)

    def test_zero_takes_any_number_of_bad_commands(self):
        self.during_test(smtp_in__max_bad_commands=0, pop3__max_bad_commands=0, imap__max_bad_commands=0)
        smtp, pop3, imap = self.open("smtp"), self.open("pop3"), self.open("imap")
        for number in range(30):
            self.assertEqual(smtp.ask(b"NONSENSE")[:3], b"500")
            self.assertTrue(pop3.ask(b"NONSENSE").startswith(b"-ERR"))
            self.assertIn(b"BAD", imap.ask_imap(b"t%d" % number, b"NONSENSE")[-1])


if __name__ == "__main__":
    server.main()
