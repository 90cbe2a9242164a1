#!/usr/bin/env python3
"""What IMAP's extensions write is there as a whole or not at all, also after the daemon was killed."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class RawImap:
    """imaplib knows none of the extensions: lines and literals as they are."""

    def __init__(self, test, user):
        self.imap = test.server.imap(user)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.imap.logout()

    def send(self, *pieces):
        self.count += 1
        tag = b"x%d" % self.count
        self.imap.send(tag + b" " + b"".join(pieces) + b"\r\n")
        return tag

    def answer(self, tag):
        """All up to the tagged line, which is the last."""
        found = b""
        while True:
            line = self.imap.readline()
            if not line:
                raise ConnectionError("the server is gone")
            found += line
            if line.startswith(tag + b" "):
                return found, line

    def say(self, *pieces):
        return self.answer(self.send(*pieces))


def literal(content, binary=False):
    return (b"~" if binary else b"") + b"{%d+}\r\n" % len(content) + content


def mail(number, size=0):
    return b"Subject: message %d\r\n\r\n" % number + b"x" * size + b"\r\n"


class ImapWriteTest(server.ServerTest):
    def raw(self, user):
        return RawImap(self, user)

    def test_1_many_messages_come_with_one_append(self):
        big = mail(1, 700_000)  # over several pieces of a body
        with self.raw("alice") as imap:
            _, line = imap.say(b"APPEND INBOX ", *[literal(one) + b" " for one in (big, mail(2))], literal(mail(3)))
            self.assertRegex(line, rb"OK \[APPENDUID \d+ 1:3\]")
            many = [mail(number, 9000) for number in range(400)]  # more than is held in memory
            _, line = imap.say(b"APPEND Drafts", *[b" (\\Seen) " + literal(one) for one in many])
            self.assertRegex(line, rb"OK \[APPENDUID \d+ 1:400\]")
            _, line = imap.say(b"APPEND INBOX ", literal(mail(4)), b" {100000000}")
            self.assertIn(b"NO [TOOBIG]", line)
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.server.messages("alice"), [big, mail(2), mail(3)])
        self.assertEqual(self.server.messages("alice", "Drafts"), many)

    def test_2_a_kill_in_the_middle_leaves_nothing(self):
        before = self.server.count("alice")
        imap = self.raw("alice")
        imap.send(b"APPEND INBOX ", literal(mail(1, 700_000)), b" ", literal(mail(2, 900_000)), b" {1000+}")
        self.server.restart(signal.SIGKILL)
        imap.imap.shutdown()
        self.assertEqual(self.server.count("alice"), before)

    def test_3_parts_of_messages_become_a_new_one(self):
        with self.raw("bob") as imap:
            source = b"Subject: source\r\n\r\n" + b"0123456789" * 60_000
            imap.say(b"APPEND INBOX ", literal(source))
            _, line = imap.say(
                b"APPEND Drafts CATENATE (TEXT ", literal(b"Subject: new\r\n\r\n"),
                b' URL "/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=5.500000" TEXT ', literal(b"end"), b")",
            )  # fmt: skip
            self.assertRegex(line, rb"OK \[APPENDUID \d+ 1\]")
            _, line = imap.say(b'APPEND Drafts CATENATE (URL "/INBOX/;UID=9")')
            self.assertIn(b'NO [BADURL /INBOX/;UID=9]', line)
        text = (b"0123456789" * 60_000)[5:500_005]
        self.assertEqual(self.server.messages("bob", "Drafts"), [b"Subject: new\r\n\r\n" + text + b"end"])

    def test_4_any_octet_comes_back(self):
        content = b"Subject: b\r\nContent-Transfer-Encoding: binary\r\n\r\n" + bytes(range(256)) * 2000 + b"\r\n.\r\n\n\r"
        with self.raw("bob") as imap:
            imap.say(b"CREATE Binary")
            _, line = imap.say(b"APPEND Binary ", literal(content, True))
            self.assertIn(b" OK ", line)
            imap.say(b"SELECT Binary")
            found, _ = imap.say(b"FETCH 1 BINARY.PEEK[]")
            self.assertIn(b"BINARY[] ~{%d}\r\n" % len(content) + content + b")\r\n", found)
            encoded = b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n"
            imap.say(b"APPEND Binary ", literal(encoded))
            found, _ = imap.say(b"FETCH 2 (BINARY.SIZE[1] BINARY.PEEK[1])")
            self.assertIn(b"(BINARY.SIZE[1] 3 BINARY[1] ~{3}\r\n\x00\x01\x02)", found)
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.server.messages("bob", "Binary")[0], content)

    def test_5_replace_lasts(self):
        with self.raw("carol") as imap:
            imap.say(b"APPEND Drafts ", literal(mail(1)))
            imap.say(b"SELECT Drafts")
            found, line = imap.say(b"REPLACE 1 Drafts (\\Draft) ", literal(mail(2)))
            self.assertIn(b" OK ", line)
            self.assertIn(b"* 1 EXPUNGE", found)
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.server.messages("carol", "Drafts"), [mail(2)])
        with self.raw("carol") as imap:
            imap.say(b"SELECT Drafts")
            _, line = imap.say(b'UID REPLACE 2 "Sent Items" ', literal(mail(3)))
            self.assertIn(b" OK ", line)
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.server.messages("carol", "Drafts"), [])
        self.assertEqual(self.server.messages("carol", "Sent Items"), [mail(3)])

    def test_6_quota_and_annotations_are_told_and_last(self):
        self.user_during_test("carol", quota_mb=1)
        with self.raw("carol") as imap:
            found, _ = imap.say(b"GETQUOTAROOT INBOX")
            self.assertRegex(found, rb'\* QUOTA "" \(STORAGE \d+ 1024 MAILBOX 5 10000\)')
            imap.say(b"APPEND INBOX ", literal(mail(1, 600_000)))
            _, line = imap.say(b"APPEND INBOX ", literal(mail(2, 300_000)), b" ", literal(mail(3, 300_000)))
            self.assertIn(b"NO [OVERQUOTA]", line)
            imap.say(b"SELECT INBOX")
            imap.say(b"STORE 1 +FLAGS (\\Deleted)")
            found, _ = imap.say(b"STATUS INBOX (DELETED DELETED-STORAGE)")
            self.assertIn(b"(DELETED 1 DELETED-STORAGE %d)" % len(mail(1, 600_000)), found)
            _, line = imap.say(b'SETMETADATA INBOX (/private/comment "mine")')
            self.assertIn(b" OK ", line)
            _, line = imap.say(b'SETMETADATA "" (/private/vendor/x ', literal(b"a\x00b", True), b")")
            self.assertIn(b" OK ", line)
        self.server.restart(signal.SIGKILL)
        with self.raw("carol") as imap:
            found, _ = imap.say(b"GETMETADATA INBOX (/private/comment)")
            self.assertIn(b'(/private/comment "mine")', found)
            found, _ = imap.say(b'GETMETADATA (DEPTH infinity) "" /private')
            self.assertIn(b"(/private/vendor/x ~{3}\r\na\x00b)", found)

    def test_7_a_draft_is_replaced_where_there_is_no_room_for_two(self):
        self.server.add_user(server.address("dora"))
        self.user_during_test("dora", quota_mb="1")
        with self.raw("dora") as imap:
            for number in (1, 2):
                _, line = imap.say(b"APPEND Drafts ", literal(mail(number, 400_000)))
                self.assertIn(b"OK [APPENDUID", line)
            imap.say(b"SELECT Drafts")
            _, line = imap.say(b"APPEND Drafts ", literal(mail(3, 400_000)))
            self.assertIn(b"NO [OVERQUOTA]", line)
            _, line = imap.say(b"REPLACE 2 Drafts ", literal(mail(3, 400_000)))
            self.assertIn(b" OK ", line)
            _, line = imap.say(b"REPLACE 1 Drafts ", literal(mail(4, 900_000)))
            self.assertIn(b"NO [OVERQUOTA]", line)
        self.assertEqual(self.server.messages("dora", "Drafts"), [mail(1, 400_000), mail(3, 400_000)])


if __name__ == "__main__":
    server.main()
