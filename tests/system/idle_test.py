#!/usr/bin/env python3
"""Several clients on one mailbox are told of each other's changes at once, and count messages alike."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402


class Client(Lines):
    """An IMAP client that keeps count of the messages as RFC 3501 7.4.1 tells it to."""

    def __init__(self, one, user):
        super().__init__(one.connect_tls("imaps"))
        self.line()
        self.number = 0
        self.flags = []  # of each message, in the order of their numbers
        self.ask_for(f'LOGIN {server.address(user)} "{server.PASSWORD}"')
        self.ask_for("SELECT INBOX")

    def take(self, line):
        if found := re.fullmatch(rb"\* (\d+) EXISTS", line):
            assert int(found[1]) >= len(self.flags), "EXISTS must not take messages away"
            self.flags += [None] * (int(found[1]) - len(self.flags))
        elif found := re.fullmatch(rb"\* (\d+) EXPUNGE", line):
            del self.flags[int(found[1]) - 1]
        elif found := re.match(rb"\* (\d+) FETCH \(.*FLAGS \(([^)]*)\)", line):
            self.flags[int(found[1]) - 1] = set(found[2].split()) - {rb"\Recent"}

    def ask_for(self, command):
        self.number += 1
        lines = self.ask_imap(b"c%d" % self.number, command.encode())
        for line in lines:
            self.take(line)
        assert b" OK" in lines[-1], lines
        return lines

    def idle(self):
        self.number += 1
        said = self.ask(b"c%d IDLE" % self.number)
        while not said.startswith(b"+"):
            self.take(said)
            said = self.line()

    def wait_for(self, condition):
        """Takes what comes until `condition` holds; the socket's time limit ends a wait in vain."""
        while not condition():
            line = self.line()
            assert line, "the server closed the connection"
            self.take(line)

    def done(self):
        self.send(b"DONE\r\n")
        for line in self.tagged(b"c%d" % self.number):
            self.take(line)


class IdleTest(server.ServerTest):
    def setUp(self):
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", r"(\Deleted)")
            imap.expunge()

    def client(self):
        client = Client(self.server, "alice")
        self.addCleanup(client.close)
        return client

    def append(self, count=1):
        with self.server.imap("alice") as imap:
            for number in range(count):
                imap.append("INBOX", None, None, f"Subject: {number}\r\n\r\nx\r\n".encode())

    def test_all_idle_clients_hear_of_new_mail(self):
        watchers = [self.client() for _ in range(4)]
        for one in watchers:
            one.idle()
        with self.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", ["alice@example.test"], "Subject: news\r\n\r\nx\r\n")
        for one in watchers:
            one.wait_for(lambda one=one: len(one.flags) == 1)
            one.done()
            self.assertEqual(one.ask_for("NOOP")[-1].split()[1], b"OK")

    def test_flags_and_expunges_of_one_are_seen_by_all(self):
        self.append(5)
        actor, watchers = self.client(), [self.client() for _ in range(3)]
        for one in watchers:
            one.idle()
        actor.ask_for(r"STORE 2,4 +FLAGS (\Flagged work)")
        for one in watchers:
            one.wait_for(lambda one=one: one.flags[1] == one.flags[3] == {rb"\Flagged", b"work"})
        actor.ask_for(r"STORE 2:3 +FLAGS.SILENT (\Deleted)")
        actor.ask_for("EXPUNGE")
        for one in watchers:
            one.wait_for(lambda one=one: len(one.flags) == 3)
            self.assertEqual(one.flags[1], {rb"\Flagged", b"work"}, "what was the fourth is the second now")
            one.done()

    def test_messages_keep_their_numbers_while_a_fetch_runs(self):
        """RFC 3501 7.4.1: no EXPUNGE in answer to FETCH, STORE or SEARCH."""
        self.append(5)
        reader, other = self.client(), self.client()
        other.ask_for(r"STORE 1:2 +FLAGS (\Deleted)")
        other.ask_for("EXPUNGE")
        for command in ("FETCH 5 (UID)", "SEARCH ALL", r"STORE 5 +FLAGS (\Seen)"):
            said = reader.ask_for(command)
            self.assertFalse([line for line in said if b"EXPUNGE" in line], command)
        self.assertEqual(len(reader.flags), 5)
        reader.ask_for("NOOP")
        self.assertEqual(len(reader.flags), 3)
        self.assertIn(rb"\Seen", reader.flags[2])

    def test_clients_that_all_change_things_agree_in_the_end(self):
        self.append(20)
        clients = [self.client() for _ in range(4)]
        for number, one in enumerate(clients):
            one.ask_for(f"STORE {number + 1}:{number + 8} +FLAGS (k{number})")
            one.ask_for(r"UID STORE 1:* -FLAGS (\Seen)")
            one.ask_for(rf"STORE {number + 1} +FLAGS (\Deleted)")
            one.ask_for("EXPUNGE")
            with self.server.imap("alice") as imap:
                imap.append("INBOX", None, None, b"Subject: more\r\n\r\nx\r\n")
        seen = []
        for one in clients:
            one.ask_for("NOOP")
            one.ask_for("FETCH 1:* (FLAGS)")
            seen.append(one.flags)
        self.assertEqual(len(seen[0]), 20)
        for flags in seen[1:]:
            self.assertEqual(flags, seen[0])

    def test_changes_by_pop3_are_seen_too(self):
        self.append(2)
        watcher = self.client()
        watcher.idle()
        with Lines(self.server.connect_tls("pop3s")) as pop3:
            for command in (b"USER alice@example.test", b"PASS " + server.PASSWORD.encode(), b"DELE 1", b"QUIT"):
                pop3.line()
                pop3.send(command + b"\r\n")
            pop3.line()
            pop3.line()
        watcher.wait_for(lambda: len(watcher.flags) == 1)

    def test_idle_can_be_switched_off(self):
        self.during_test(imap__enable_idle="false")
        with Lines(self.server.connect_tls("imaps")) as client:
            self.assertNotIn(b"IDLE", client.line())
            client.ask_imap(b"a", f'LOGIN alice@example.test "{server.PASSWORD}"'.encode())
            self.assertNotIn(b"IDLE", b" ".join(client.ask_imap(b"b", b"CAPABILITY")))
            self.assertIn(b"BAD", client.ask_imap(b"c", b"IDLE")[-1])


if __name__ == "__main__":
    server.main()
