#!/usr/bin/env python3
"""SEARCH has an index of words: what it answers is what is there, at each moment."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


def mail(words, subject="test", kind="text/plain"):
    return f"From: bob@example.net\r\nSubject: {subject}\r\nContent-Type: {kind}\r\n\r\n{words}\r\n".encode()


class SearchIndexTest(server.ServerTest):
    first_start = {"index": {"wait_seconds": 0, "items_per_pass": 20, "deleted_before_cleanup": 5}}

    def folders(self, user):
        return {one["folder"]: one for one in self.server.ctl_json("index", "status", server.address(user))["folders"]}

    def wait_for_index(self, user, folder="INBOX"):
        def up_to_date():
            found = self.folders(user).get(folder)
            return found if found and found["up_to_date"] else None

        return server.wait_until(f"the index of {folder} of {user}", up_to_date)

    def search(self, imap, *keys):
        return [int(number) for number in imap.uid("SEARCH", *keys)[1][0].split()]

    def test_a_search_finds_what_has_just_come_and_nothing_that_has_gone(self):
        with self.server.imap("alice") as imap:
            imap.create("Stale")
            imap.select("Stale")
            for number in range(1, 61):
                imap.append("Stale", None, None, mail(f"word{number}x and all"))
                imap.noop()
                self.assertEqual(self.search(imap, "BODY", f"ord{number}x"), [number])
                self.assertEqual(self.search(imap, "TEXT", f'"{number}x and"'), [number])
            self.assertEqual(self.search(imap, "BODY", "word"), list(range(1, 61)))
            imap.uid("STORE", "10:49", "+FLAGS.SILENT", r"(\Deleted)")
            imap.expunge()
            left = [*range(1, 10), *range(50, 61)]
            self.assertEqual(self.search(imap, "BODY", "word"), left)
            self.assertEqual(self.search(imap, "NOT", "BODY", "word7x"), [n for n in left if n != 7])

            def tidied():
                return self.folders("alice")["Stale"]["indexed_messages"] < 25

            server.wait_until("the index to forget what is gone", tidied)
            self.assertEqual(self.search(imap, "BODY", "word"), left)

    def test_the_index_says_the_same_as_reading_does(self):
        self.server.set(index__wait_seconds=3600)
        self.addCleanup(self.server.set, index__wait_seconds=0)
        questions = [
            ("BODY", "frag"), ("BODY", '"two words"'), ("TEXT", "bob@example"), ("SUBJECT", '"bject 1"'),
            ("FROM", "EXAMPLE.NET"), ("NOT", "BODY", "fragment"), ("OR", "BODY", "bold", "SUBJECT", "17"),
            ("HEADER", "Content-Type", "html"), ("BODY", "absent"), ("BODY", '"--"'), ("BODY", "color"),
        ]  # fmt: skip
        with self.server.imap("bob") as imap:
            for number in range(60):
                html = f"<p style='color: red'>some <b>bo</b>ld frag<i>ment</i> {number}</p>"
                words = f"two words, {'frag-ment' if number % 3 else 'fragment'} {number} -- end"
                imap.append("INBOX", None, None, mail(words, f"subject {number}"))
                imap.append("INBOX", None, None, mail(html, f"subject {number}", "text/html"))
            imap.select("INBOX")
            self.assertFalse(self.folders("bob")["INBOX"]["up_to_date"], "not indexed yet")
            read = [self.search(imap, *keys) for keys in questions]
            self.assertEqual(len(read[0]), 120)
            self.assertEqual(read[10], [], "markup is not text")
            self.server.set(index__wait_seconds=0)
            self.server.ctl("index", "rebuild", server.address("bob"))
            self.wait_for_index("bob")
            self.assertEqual([self.search(imap, *keys) for keys in questions], read)

        self.server.restart(signal.SIGKILL)
        self.wait_for_index("bob")
        with self.server.imap("bob") as imap:
            imap.select("INBOX")
            self.assertEqual([self.search(imap, *keys) for keys in questions], read)
            self.server.ctl("index", "rebuild")
            self.assertEqual([self.search(imap, *keys) for keys in questions], read)
            self.wait_for_index("bob")
            self.assertEqual([self.search(imap, *keys) for keys in questions], read)

        def resting():
            shards = self.server.ctl_json("index", "status")["shards"]
            return all(one["folders_waiting"] + one["folders_at_work"] == 0 for one in shards)

        server.wait_until("the indexers to rest", resting)
        shards = self.server.ctl_json("index", "status")["shards"]
        self.assertGreaterEqual(sum(one["messages_indexed"] for one in shards), 120)
        self.assertIn("messages indexed", self.server.ctl("index", "status"))
        self.assertIn("INBOX", self.server.ctl("index", "status", server.address("bob")))

    def test_nobody_is_asked_about_who_is_nobody(self):
        for verb in ("status", "rebuild"):
            refused = self.server.try_ctl("index", verb, "nobody@example.test")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("There is no user", refused.stderr)


if __name__ == "__main__":
    server.main()
