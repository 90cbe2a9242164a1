#!/usr/bin/env python3
"""Clients that synchronise: QRESYNC over two sessions, a compressed connection, and one that changes its user."""

import re
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402


class Deflated:
    """What Lines needs of a socket, over one that is compressed (RFC 4978)."""

    def __init__(self, connection):
        self.connection = connection
        self.packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)
        self.text = b""
        self.received = 0

    def sendall(self, octets):
        self.connection.sendall(self.packer.compress(octets) + self.packer.flush(zlib.Z_SYNC_FLUSH))

    def makefile(self, _):
        return self

    def readline(self):
        while b"\n" not in self.text:
            packed = self.connection.recv(65536)
            if not packed:
                return b""
            self.received += len(packed)
            self.text += self.unpacker.decompress(packed)
        line, _, self.text = self.text.partition(b"\n")
        return line + b"\n"

    def close(self):
        self.connection.close()


class Client(Lines):
    def __init__(self, one, user):
        super().__init__(one.connect_tls("imaps"))
        self.number = 0
        self.line()
        self.log_in(user)

    def log_in(self, user):
        self.ask_for(f'LOGIN {server.address(user)} "{server.PASSWORD}"')

    def tagged(self, tag):
        """The same for answers that have empty lines in them."""
        lines = [b""]
        while not lines[-1].startswith(tag + b" "):
            line = self.stream.readline()
            assert line, "the server closed the connection"
            lines.append(line.rstrip(b"\r\n"))
        return lines[1:]

    def say(self, command):
        """Sends a command; its tagged reply is the last of the lines that come back."""
        self.number += 1
        return self.ask_imap(b"c%d" % self.number, command.encode())

    def ask_for(self, command):
        lines = self.say(command)
        assert re.match(rb"c\d+ OK", lines[-1]), lines
        return lines

    def compress(self):
        self.ask_for("COMPRESS DEFLATE")
        self.stream = self.connection = Deflated(self.connection)


def numbers(lines, pattern):
    found = [re.fullmatch(pattern, line) for line in lines]
    return [one[1] for one in found if one]


class SyncTest(server.ServerTest):
    def setUp(self):
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", r"(\Deleted)")
            imap.expunge()

    def client(self, user="alice"):
        client = Client(self.server, user)
        self.addCleanup(client.close)
        return client

    def append(self, count, size=1):
        with self.server.imap("alice") as imap:
            for number in range(count):
                imap.append("INBOX", None, None, f"Subject: {number}\r\n\r\n{'x' * size}\r\n".encode())

    def state(self, lines):
        """UIDVALIDITY and HIGHESTMODSEQ of an answer to SELECT."""
        (validity,) = numbers(lines, rb"\* OK \[UIDVALIDITY (\d+)\].*")
        (modseq,) = numbers(lines, rb"\* OK \[HIGHESTMODSEQ (\d+)\].*")
        return int(validity), int(modseq)

    def test_a_client_that_comes_back_hears_what_changed(self):
        self.append(6)
        phone, desk = self.client(), self.client()
        phone.ask_for("ENABLE QRESYNC")
        validity, modseq = self.state(phone.ask_for("SELECT INBOX"))
        uids = [int(n) for n in numbers(phone.ask_for("UID FETCH 1:* (UID)"), rb"\* \d+ FETCH \(UID (\d+)\)")]
        phone.ask_for("UNSELECT")
        desk.ask_for("SELECT INBOX")
        desk.ask_for(rf"UID STORE {uids[0]},{uids[3]}:{uids[4]} +FLAGS.SILENT (\Deleted)")
        desk.ask_for("EXPUNGE")
        desk.ask_for(rf"UID STORE {uids[1]} +FLAGS.SILENT (\Flagged)")
        lines = phone.ask_for(f"SELECT INBOX (QRESYNC ({validity} {modseq} {uids[0]}:{uids[5]}))")
        gone = numbers(lines, rb"\* VANISHED \(EARLIER\) (.*)")
        self.assertEqual(gone, [f"{uids[0]},{uids[3]}:{uids[4]}".encode()])
        changed = [line for line in lines if b" FETCH (" in line]
        self.assertEqual(len(changed), 1, lines)
        self.assertIn(rf"UID {uids[1]} FLAGS (\Flagged) MODSEQ (".encode(), changed[0])
        # While it looks on it is told by UID, too.
        desk.ask_for(rf"UID STORE {uids[2]} +FLAGS.SILENT (\Deleted)")
        desk.ask_for("EXPUNGE")
        self.assertIn(f"* VANISHED {uids[2]}".encode(), phone.ask_for("NOOP"))
        # And a server started anew still knows.
        for one in (phone, desk):
            one.close()
        self.server.restart()
        phone = self.client()
        phone.ask_for("ENABLE QRESYNC")
        lines = phone.ask_for(f"SELECT INBOX (QRESYNC ({validity} {modseq}))")
        gone = numbers(lines, rb"\* VANISHED \(EARLIER\) (.*)")
        self.assertEqual(gone, [f"{uids[0]},{uids[2]}:{uids[4]}".encode()])
        lines = phone.ask_for(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq} VANISHED)")
        self.assertEqual(numbers(lines, rb"\* VANISHED \(EARLIER\) (.*)"), gone)

    def test_a_message_moved_away_has_vanished_here(self):
        self.append(2)
        one = self.client()
        one.ask_for("ENABLE QRESYNC")
        validity, modseq = self.state(one.ask_for("SELECT INBOX"))
        (first, _) = numbers(one.ask_for("UID FETCH 1:* (UID)"), rb"\* \d+ FETCH \(UID (\d+)\)")
        one.ask_for('MOVE 1 "Sent Items"')
        lines = one.ask_for(f"SELECT INBOX (QRESYNC ({validity} {modseq}))")
        self.assertEqual(numbers(lines, rb"\* VANISHED \(EARLIER\) (.*)"), [first])

    def test_copies_share_an_email_id_and_a_folder_keeps_its_own(self):
        self.append(2)
        one = self.client()
        created = one.ask_for("CREATE Archive")[-1]
        (folder,) = numbers([created], rb"c\d+ OK \[MAILBOXID \((\w+)\)\].*")
        one.ask_for("SELECT INBOX")
        ids = numbers(one.ask_for("FETCH 1:2 (EMAILID)"), rb"\* \d+ FETCH \(EMAILID \((\w+)\)\)")
        self.assertEqual(len(set(ids)), 2)
        one.ask_for("COPY 2 Archive")
        one.ask_for("RENAME Archive Archive-2026")
        lines = one.ask_for("SELECT Archive-2026")
        self.assertEqual(numbers(lines, rb"\* OK \[MAILBOXID \((\w+)\)\].*"), [folder])
        lines = one.ask_for("FETCH 1 (EMAILID SAVEDATE PREVIEW)")
        self.assertIn(b"EMAILID (" + ids[1] + b")", lines[0])
        self.assertRegex(lines[0], rb'SAVEDATE "[^"]+" PREVIEW "x"')
        self.assertIn(folder, one.ask_for('LIST "" Archive* RETURN (STATUS (MAILBOXID MESSAGES))')[1])
        one.ask_for("DELETE Archive-2026")

    def test_a_compressed_connection_works_as_any_other(self):
        self.append(300, size=2000)
        one = self.client()
        one.compress()
        self.assertNotIn(b"COMPRESS", b"".join(one.ask_for("CAPABILITY")))
        self.assertRegex(one.say("COMPRESS DEFLATE")[-1], rb"NO \[COMPRESSIONACTIVE\]")
        one.ask_for("SELECT INBOX")
        lines = one.ask_for("FETCH 1:* (FLAGS BODY.PEEK[])")
        self.assertEqual(sum(line == b"x" * 2000 for line in lines), 300)
        self.assertLess(one.connection.received, 300 * 2000 / 4)
        text = b"Subject: in\r\n\r\n" + b"y" * 500_000 + b"\r\n"
        one.send(b"a APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
        self.assertRegex(one.tagged(b"a")[-1], rb"a OK \[APPENDUID")
        self.assertIn(b"y" * 500_000, one.ask_for("FETCH 301 BODY[]"))
        # IDLE: told at once, and understood after it was parked.
        one.send(b"i IDLE\r\n")
        while not one.line().startswith(b"+"):
            pass
        self.append(1)
        self.assertEqual(one.line(), b"* 302 EXISTS")
        one.send(b"DONE\r\n")
        one.tagged(b"i")
        one.ask_for("NOOP")

    def test_garbage_ends_a_compressed_connection_and_a_bomb_ends_as_a_long_line(self):
        one = self.client()
        one.compress()
        plain = one.connection.connection
        plain.sendall(b"c9 NOOP\r\nc10 NOOP\r\n")
        self.assertTrue(one.is_closed())
        one = self.client()
        one.compress()
        one.send(b"b " + b"x" * (8 << 20) + b"\r\n")
        self.assertRegex(one.line(), rb"(b BAD|\* BYE)")

    def test_a_client_of_uids_only_sees_no_number(self):
        self.append(3)
        one, other = self.client(), self.client()
        one.ask_for("ENABLE UIDONLY")
        one.ask_for("SELECT INBOX")
        batches = numbers(one.ask_for("UIDBATCHES 500"), rb'\* UIDBATCHES \(TAG "c\d+"\) (\d+):1')
        self.assertEqual(len(batches), 1)
        newest = int(batches[0])
        lines = one.ask_for("UID FETCH 1:* (FLAGS)")
        self.assertEqual(numbers(lines, rb"\* (\d+) UIDFETCH \(FLAGS \(\)\)")[-1], batches[0])
        self.assertRegex(one.say("FETCH 1 FLAGS")[-1], rb"c\d+ BAD \[UIDREQUIRED\]")
        other.ask_for("SELECT INBOX")
        other.ask_for(rf"UID STORE {newest - 1} +FLAGS (\Deleted)")
        other.ask_for("EXPUNGE")
        self.assertIn(f"* VANISHED {newest - 1}".encode(), one.ask_for("NOOP"))

    def test_names_in_utf8_are_the_folders_of_everybody(self):
        one = self.client()
        one.ask_for("CREATE Entw&APw-rfe")
        one.ask_for("ENABLE UTF8=ACCEPT")
        self.assertIn('* LIST (\\HasNoChildren) "/" "Entw\u00fcrfe"'.encode(), one.ask_for('LIST "" "Entw*"'))
        one.ask_for('RENAME "Entw\u00fcrfe" "\u672a"')
        self.assertIn(b'* LIST (\\HasNoChildren) "/" "&Zyo-"', self.client().ask_for('LIST "" "&Zyo-"'))
        one.ask_for('DELETE "\u672a"')

    def test_a_limit_of_messages_is_told_and_kept(self):
        self.append(3)
        self.server.set(imap__message_limit="2")
        self.addCleanup(lambda: self.server.set(imap__message_limit="0"))
        one = self.client()
        self.assertIn(b" MESSAGELIMIT=2", b"".join(one.ask_for("CAPABILITY")))
        one.ask_for("SELECT INBOX")
        one.ask_for("CREATE Limited")
        self.addCleanup(lambda: self.client().ask_for("DELETE Limited"))
        self.assertRegex(one.say("COPY 1:3 Limited")[-1], rb"c\d+ NO \[MESSAGELIMIT 2\]")
        self.assertRegex(one.ask_for(r"STORE 1:3 +FLAGS (\Seen)")[-1], rb"c\d+ OK \[MESSAGELIMIT 2 \d+\]")
        found = one.ask_for("UID SEARCH ALL")
        lowest = re.search(rb"c\d+ OK \[MESSAGELIMIT 2 (\d+)\]", found[-1])
        self.assertIsNotNone(lowest, found)
        below = one.ask_for(f"UID SEARCH UIDBEFORE {int(lowest[1])}")
        self.assertEqual([len(each.split()) for each in below if each.startswith(b"* SEARCH")], [3])
        self.assertRegex(one.ask_for("FETCH 1:3 FLAGS")[-1], rb"c\d+ OK \[MESSAGELIMIT 2 \d+\]")

    def test_one_connection_serves_two_users(self):
        self.append(1)
        one = self.client()
        one.ask_for("SELECT INBOX")
        one.ask_for("UNAUTHENTICATE")
        self.assertRegex(one.say("SELECT INBOX")[-1], rb"c\d+ BAD")
        one.log_in("bob")
        self.assertIn(b"* 0 EXISTS", one.ask_for("SELECT INBOX"))
        one.ask_for("UNAUTHENTICATE")
        one.log_in("alice")
        self.assertIn(b"* 1 EXISTS", one.ask_for("SELECT INBOX"))


if __name__ == "__main__":
    server.main()
