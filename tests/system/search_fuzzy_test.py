#!/usr/bin/env python3
"""SEARCH=FUZZY: other forms of the words that are there are found, by the index as by reading, the best first."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

# Of each: the subject, and what the message says. There must be more than a search would read without asking.
MAILS = [
    ("Invoice of March", "please pay"),
    ("March", "three invoices are open"),
    ("Rechnungen", "zwei Häuser in Köln"),
    ("Breaking news", "IMAP servers connected"),
    ("invoiced", "a connection of servers"),
] + [(f"number {number}", "nothing of it") for number in range(20)]

QUESTIONS = {
    ("FUZZY", "TEXT", "invoices"): {1: 75, 2: 60, 5: 75},
    ("FUZZY", "SUBJECT", "invoices"): {1: 75, 5: 75},
    ("FUZZY", "SUBJECT", '"march invoicing"'): {1: 87},
    ("FUZZY", "BODY", '"server connect"'): {4: 75, 5: 75},
    ("FUZZY", "BODY", "haus"): {3: 75},
    ("FUZZY", "BODY", "koln"): {3: 75},
    ("FUZZY", "SUBJECT", "Rechnung"): {3: 75},
    ("FUZZY", "SUBJECT", "break"): {4: 75},
    ("OR", "FUZZY", "SUBJECT", "march", "FUZZY", "SUBJECT", "invoices"): {1: 100, 2: 100, 5: 75},
    ("FUZZY", "SUBJECT", "invoices", "NOT", "FUZZY", "BODY", "connect"): {1: 75},
    ("FUZZY", "FROM", "example.net"): {number: 90 for number in range(1, len(MAILS) + 1)},
    ("FUZZY", "HEADER", "Subject", "marches"): {1: 75, 2: 75},
    ("SUBJECT", "rechnung", "FUZZY", "BODY", "absent"): {},
}


def mail(subject, words):
    return (
        f"From: bob@example.net\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    ).encode()


class SearchFuzzyTest(server.ServerTest):
    first_start = {"index": {"wait_seconds": 3600}}

    def scores(self, imap, *keys):
        """What is found, and how well."""
        imap.untagged_responses.pop("ESEARCH", None)
        status, said = imap.uid("SEARCH", "RETURN (ALL RELEVANCY)", *keys)
        self.assertEqual(status, "OK", said)
        (line,) = [one for one in imap.untagged_responses.pop("ESEARCH") if one]
        words = line.decode().partition(" UID")[2].strip()
        if not words:
            return {}
        ranges, _, told = words.removeprefix("ALL ").partition(" RELEVANCY (")
        found = []
        for each in ranges.split(","):
            first, _, last = each.partition(":")
            found.extend(range(int(first), int(last or first) + 1))
        scores = [int(score) for score in told.removesuffix(")").split()]
        self.assertEqual(len(found), len(scores), line)
        return dict(zip(found, scores))

    def wait_for_index(self):
        def up_to_date():
            listed = self.server.ctl_json("index", "status", server.address("alice"))["folders"]
            return any(one["folder"] == "INBOX" and one["up_to_date"] for one in listed)

        server.wait_until("the index of INBOX", up_to_date)

    def test_words_are_found_by_their_stems_indexed_or_not(self):
        with self.server.imap("alice") as imap:
            self.assertIn("SEARCH=FUZZY", imap.capability()[1][0].decode().split())
            for one in MAILS:
                self.assertEqual(imap.append("INBOX", None, None, mail(*one))[0], "OK")
            imap.select("INBOX")
            for keys, expected in QUESTIONS.items():
                self.assertEqual(self.scores(imap, *keys), expected, f"by reading: {keys}")
            self.server.set(index__wait_seconds=0)
            self.server.ctl("index", "rebuild", server.address("alice"))
            self.wait_for_index()
            for keys, expected in QUESTIONS.items():
                self.assertEqual(self.scores(imap, *keys), expected, f"by the index: {keys}")
            self.assertEqual(
                imap.uid("SORT", "(RELEVANCY)", "UTF-8", "FUZZY", "TEXT", "invoices")[1][0], b"1 5 2", "the best first"
            )
            self.assertEqual(imap.uid("SEARCH", "SUBJECT", "invoices")[1][0], b"", "not without FUZZY")
            imap.append("INBOX", None, None, mail("the invoicing", "has just come"))
            imap.noop()
            self.assertEqual(list(self.scores(imap, "FUZZY", "SUBJECT", "invoices")), [1, 5, len(MAILS) + 1])

        self.server.set(index__languages="fr")
        self.addCleanup(self.server.set, index__languages="en, de")
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            self.assertEqual(self.scores(imap, "FUZZY", "SUBJECT", "breaks"), {}, "no word of the languages set")
            self.assertEqual(self.scores(imap, "FUZZY", "SUBJECT", "break"), {4: 50})


if __name__ == "__main__":
    server.main()
