#!/usr/bin/env python3
"""Clients that asked for it hear what happens in the whole account without asking again (RFC 5465)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402

EVENTS = b"(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange)"


class Client(Lines):
    def __init__(self, one, user):
        super().__init__(one.connect_tls("imaps"))
        self.line()
        self.number = 0
        self.ask_for(f'LOGIN {server.address(user)} "{server.PASSWORD}"')

    def ask_for(self, command):
        self.number += 1
        octets = command if isinstance(command, bytes) else command.encode()
        lines = self.ask_imap(b"c%d" % self.number, octets)
        assert b" OK" in lines[-1], lines
        return lines[:-1]


class NotifyTest(server.ServerTest):
    def client(self):
        client = Client(self.server, "alice")
        self.addCleanup(client.close)
        return client

    def setUp(self):
        self.one, self.other = self.client(), self.client()

    def append(self, folder):
        with self.server.imap("alice") as imap:
            imap.append(folder, None, None, b"Subject: new\r\n\r\nx\r\n")

    def test_the_capability_is_announced(self):
        self.assertIn(b" NOTIFY", b"".join(self.one.ask_for("CAPABILITY")) + b" ")

    def test_mail_in_any_folder_is_heard_of_at_once(self):
        self.other.ask_for("CREATE Lists")
        self.addCleanup(self.other.ask_for, "DELETE Lists")
        self.one.ask_for(b"NOTIFY SET (personal " + EVENTS + b")")
        self.append("Lists")
        self.assertRegex(self.one.line(), rb'\* STATUS "Lists" \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1\)')
        self.other.ask_for("SELECT Lists")
        self.other.ask_for(r"STORE 1 +FLAGS (\Seen \Deleted)")
        self.assertRegex(self.one.line(), rb'\* STATUS "Lists" \(MESSAGES 1 .* UNSEEN 0\)')
        self.other.ask_for("EXPUNGE")
        self.assertRegex(self.one.line(), rb'\* STATUS "Lists" \(MESSAGES 0 ')

    def test_the_state_at_the_beginning_is_told_where_it_is_asked_for(self):
        told = self.one.ask_for(b"NOTIFY SET STATUS (mailboxes (INBOX Drafts) " + EVENTS + b")")
        self.assertEqual([line.split()[2] for line in told], [b'"Drafts"', b'"INBOX"'])

    def test_new_mail_of_the_selected_folder_comes_with_what_was_asked_for(self):
        self.one.ask_for("SELECT Drafts")
        self.one.ask_for("NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) "
                         "MessageExpunge FlagChange))")
        self.append("Drafts")
        exists = self.one.line()
        self.assertRegex(exists, rb"\* \d+ EXISTS")
        self.assertRegex(self.one.line(), exists.replace(b"*", rb"\*").replace(b"EXISTS", b"") + rb"FETCH \(UID \d+ ")
        self.assertEqual(self.one.line(), b"Subject: new")
        self.assertEqual([self.one.line(), self.one.line()], [b"", b")"])
        self.other.ask_for("SELECT Drafts")
        self.other.ask_for(r"STORE 1:* +FLAGS.SILENT (\Deleted)")
        self.assertRegex(self.one.line(), rb"\* \d+ FETCH \(FLAGS \(\\Deleted\)\)")
        self.other.ask_for("EXPUNGE")
        self.assertRegex(self.one.line(), rb"\* \d+ EXPUNGE")

    def test_folders_that_come_and_go_are_heard_of(self):
        self.one.ask_for(b"NOTIFY SET (personal " + EVENTS + b")")
        self.other.ask_for("CREATE Work")
        self.assertEqual(self.one.line(), b'* LIST () "/" "Work"')
        self.other.ask_for("SUBSCRIBE Work")
        self.assertEqual(self.one.line(), b'* LIST (\\Subscribed) "/" "Work"')
        self.other.ask_for('SETMETADATA Work (/private/comment "mine")')
        self.assertEqual(self.one.line(), b'* METADATA "Work" /private/comment')
        self.other.ask_for("RENAME Work Play")
        self.assertEqual(self.one.line(), b'* LIST (\\Subscribed) "/" "Play" ("OLDNAME" ("Work"))')
        self.other.ask_for("DELETE Play")
        self.assertEqual(self.one.line(), b'* LIST (\\NonExistent) "/" "Play"')
        # What it does itself it knows.
        self.assertEqual(self.one.ask_for("CREATE Mine"), [])
        self.one.ask_for("DELETE Mine")

    def test_none_is_silent(self):
        self.one.ask_for("SELECT INBOX")
        self.one.ask_for(b"NOTIFY SET (selected (MessageNew MessageExpunge)) (personal " + EVENTS + b")")
        self.one.ask_for("NOTIFY NONE")
        self.append("INBOX")
        self.append("Drafts")
        self.assertEqual(self.one.ask_for("NOOP"), [])


if __name__ == "__main__":
    server.main()
