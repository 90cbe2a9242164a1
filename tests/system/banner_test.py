#!/usr/bin/env python3
"""The greeting of each service, with the variables an operator may put in it."""

import re
import sys
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402

SECTIONS = {"smtp": "smtp_in", "submission": "smtp_in", "lmtp": "lmtp", "imap": "imap", "pop3": "pop3"}


class BannerTest(server.ServerTest):
    def greeting(self, listener, from_address="127.0.0.1"):
        with Lines(self.server.connect(listener, from_address)) as client:
            return client.line().decode()

    def greetings_with(self, banner):
        self.during_test(**{f"{section}__banner": banner for section in set(SECTIONS.values())})
        return {listener: self.greeting(listener) for listener in SECTIONS}

    def test_the_shipped_greeting_names_the_host(self):
        for listener in SECTIONS:
            self.assertIn(server.HOST_NAME, self.greeting(listener), listener)

    def test_smtp_says_what_the_operator_wrote(self):
        self.during_test(smtp_in__banner="#HostName# ESMTP of the town hall")
        for listener in ("smtp", "submission"):
            self.assertEqual(self.greeting(listener), f"220 {server.HOST_NAME} ESMTP of the town hall")

    def test_smtp_names_the_host_first_whatever_was_written(self):
        # RFC 5321 4.2: the domain of the server follows the code.
        self.during_test(smtp_in__banner="Welcome")
        self.assertRegex(self.greeting("smtp"), rf"^220 {re.escape(server.HOST_NAME)} .*Welcome$")

    def test_pop3_says_what_the_operator_wrote(self):
        self.during_test(pop3__banner="letters of #HostName#")
        self.assertEqual(self.greeting("pop3").partition(" <")[0], f"+OK letters of {server.HOST_NAME}")

    def test_imap_says_what_the_operator_wrote(self):
        self.during_test(imap__banner="mailboxes of #HostName#")
        said = self.greeting("imap")
        self.assertTrue(said.startswith("* OK"), said)
        self.assertTrue(said.endswith(f"mailboxes of {server.HOST_NAME}"), said)

    def test_the_host_name_stands_in_every_greeting(self):
        for listener, said in self.greetings_with("[#HostName#]").items():
            self.assertIn(f"[{server.HOST_NAME}]", said, listener)

    def test_the_address_of_the_client_stands_in_every_greeting(self):
        for listener, said in self.greetings_with("[#ConnectedIP#]").items():
            self.assertIn("[127.0.0.1]", said, listener)
        self.assertIn("[127.0.0.9]", self.greeting("smtp", from_address="127.0.0.9"))

    def time_in(self, said):
        return parsedate_to_datetime(re.search(r"\[(\w{3}, [^]]*)\]", said)[1])

    def test_the_local_time_stands_in_every_greeting(self):
        for listener, said in self.greetings_with("[#Time#]").items():
            there = self.time_in(said)
            self.assertLess(abs(there.timestamp() - time.time()), 30, listener)
            self.assertEqual(there.utcoffset().total_seconds(), time.localtime().tm_gmtoff)

    def test_the_time_in_utc_stands_in_every_greeting(self):
        for listener, said in self.greetings_with("[#TimeUTC#]").items():
            there = self.time_in(said)
            self.assertEqual(there.utcoffset().total_seconds(), 0)
            self.assertLess(abs(there.timestamp() - time.time()), 30, listener)

    def test_unix_time_stands_in_every_greeting(self):
        for listener, said in self.greetings_with("[#UnixTime#]").items():
            self.assertLess(abs(int(re.search(r"\[([0-9]+)\]", said)[1]) - time.time()), 30, listener)

    def test_a_word_that_is_no_variable_stays(self):
        for listener, said in self.greetings_with("#Nonsense# # #hostname#").items():
            self.assertIn(f"#Nonsense# # {server.HOST_NAME}", said, listener)


if __name__ == "__main__":
    server.main()
