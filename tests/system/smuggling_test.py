#!/usr/bin/env python3
"""Nobody is smuggled anything through us: a server that mail goes on to never sees a CR without LF or an LF without CR,
whatever was put in and however, unless it asked for that by BINARYMIME; and what it gets is what was put in.

    tests/system/smuggling_test.py [unittest's options]

Puts in mail of ../shared/data and some that was made to deceive, by DATA, BDAT, BINARYMIME, and from a mailbox. A
sample of the files, with STAGEPOST_FULL=1 in the environment all of them; STAGEPOST_SEED repeats a sample.
"""

import collections
import email
import email.policy
import os
import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import conversion  # noqa: E402
import mail_files  # noqa: E402
import mail_peer  # noqa: E402
import prepended  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
import wire  # noqa: E402

FULL = os.environ.get("STAGEPOST_FULL") == "1"
SAMPLE = 100  # of the files, by each way in
SENDER = "alice@example.test"

# What the servers offer that mail goes on to, by their domains.
OFFERS = {
    "seven.example": ("SIZE",),
    "eight.example": ("PIPELINING", "8BITMIME", "SIZE"),
    "chunks.example": ("PIPELINING", "8BITMIME", "SIZE", "CHUNKING"),
    "binary.example": ("PIPELINING", "8BITMIME", "SIZE", "CHUNKING", "BINARYMIME"),
    "half.example": ("8BITMIME", "BINARYMIME"),  # BINARYMIME is nothing without CHUNKING (RFC 3030 3)
}
TAKES_BINARY = {"binary.example"}
TAKES_EIGHT_BITS = set(OFFERS) - {"seven.example"}
FATES = ("as it was", "converted", "returned")

# A second message, as it would have to be said to a server that takes some other octets for the end of the first.
SMUGGLED = b"MAIL FROM:<evil@bad.example>%bRCPT TO:<victim@far.example>%bDATA%bSubject: smuggled%b%bhaha%b.%b"
ENDS_SOMEBODY_MAY_BELIEVE = (
    b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\r\n.\r\r\n", b"\n\r\n.\n\r\n",
    b"\0\r.\0\n", b"\n.\r", b"\r.\n", b"\n\n.\n\n", b"\r\r.\r\r", b"\r\n\x00.\r\n", b"\r\n.\r\r\n",
)  # fmt: skip


def made_to_deceive():
    """Contents with another end in the middle, and what may be behind it."""
    head = b"From: <eve@bad.example>\r\nSubject: one\r\n\r\nhello"
    for end in ENDS_SOMEBODY_MAY_BELIEVE:
        for newline in (b"\n", b"\r\n", b"\r"):
            yield head + end + SMUGGLED % ((newline,) * 7) + b"\r\n"
    parts = b"From: <eve@bad.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\npre\rface\n"
    parts += b"--b\nContent-Type: text/plain\n\none\n.\ntwo\r--b\nContent-Type: application/octet-stream\n"
    parts += b"Content-Transfer-Encoding: binary\n\n" + bytes(range(256)) * 20 + b"\n--b--\nepi\rlogue\n.\n"
    yield parts
    yield b"Subject: a\r.\rheader\n\r\n and\r\n.\r\n more\n\nhello"
    yield b"\n.\n"
    yield b"Subject: nothing\r\n\r\n\r"
    yield b"Subject: at the end\r\n\r\nof a piece\r"
    # A CR at the end of a piece of the body as it is stored, and as it is sent (256 KiB).
    for back in range(-1, 3):
        start = b"Subject: long\r\n\r\n"
        yield start + b"x" * (256 * 1024 - len(start) - back) + b"\r\n.\r\n" + b"y" * 1000 + b"\r"


class SmugglingTest(sending.SendingTest):
    # Mail that has come a long way has many Received fields; here they are no sign of a loop. Nobody is given up because
    # the machine is busy.
    first_start = {
        "smtp_in": {"max_hop_count": 1000, "allow_relay": "anyone"},
        "smtp_out": {**sending.QUICK, "command_timeout_seconds": 120},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.ctl("domain", "set", server.DOMAIN, "require_auth=false", "disk_space_mb=0")
        cls.server.ctl("user", "set", SENDER, "quota_mb=0")
        cls.seed = int(os.environ.get("STAGEPOST_SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"seed {cls.seed}", flush=True)

    def setUp(self):
        self.peers = {domain: mail_peer.Peer(extensions=offers) for domain, offers in OFFERS.items()}
        for peer in self.peers.values():
            self.addCleanup(peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=", ".join(peer.route(domain) for domain, peer in self.peers.items()))
        self.inbox()

    # -- ways in -------------------------------------------------------------------------------------------------

    def samples(self, name):
        """Real mail: those with octets that need care, and of the others as many as there is time for."""
        if not server.SHARED_DATA.is_dir():
            raise unittest.SkipTest(f"there is no real mail: {server.SHARED_DATA} is absent")
        everything = [mail for mail in mail_files.all_below(server.SHARED_DATA) if b"boundary*=" not in mail.octets]
        if FULL:
            return everything
        chance = random.Random(f"{self.seed} {name}")
        needy = [mail for mail in everything if mail.has_bare_cr]
        eight_bit = [mail for mail in everything if not mail.octets.isascii()]
        return needy + chance.sample(eight_bit, SAMPLE // 4) + chance.sample(everything, SAMPLE * 3 // 4)

    @staticmethod
    def recipients(number):
        return [f"m{number}@{domain}" for domain in OFFERS]

    def begin(self, smtp, number, *options):
        """MAIL and RCPT; whether they were taken."""
        code, said = smtp.mail(SENDER, list(options))
        self.assertEqual(code, 250, said)
        for each in self.recipients(number):
            code, said = smtp.rcpt(each)
            self.assertEqual(code, 250, said)

    def put_in_by_data(self, contents):
        """Returns those that were refused, by number."""
        refused = {}
        with self.server.smtp() as smtp:
            for number, octets in enumerate(contents):
                self.begin(smtp, number, "BODY=8BITMIME")
                smtp.putcmd("data")
                self.assertEqual(smtp.getreply()[0], 354)
                # What is no line to RFC 5321 gets no dot: that is what smuggling is.
                stuffed = (b"\r\n" + octets).replace(b"\r\n.", b"\r\n..")[2:]
                smtp.send(stuffed + (b"" if octets.endswith(b"\r\n") else b"\r\n") + b".\r\n")
                code, said = smtp.getreply()
                if code != 250:
                    self.assertEqual(code // 100, 5, said)
                    refused[number] = said
        return refused

    def put_in_by_bdat(self, contents, *options, pieces=2):
        with self.server.smtp() as smtp:
            for number, octets in enumerate(contents):
                self.begin(smtp, number, *options)
                step = max(1, -(-len(octets) // pieces))
                for at in range(0, len(octets), step):
                    piece = octets[at : at + step]
                    smtp.send(b"BDAT %d%s\r\n" % (len(piece), b" LAST" if at + step >= len(octets) else b"") + piece)
                    code, said = smtp.getreply()
                    self.assertEqual(code, 250, said)

    # -- the judge -----------------------------------------------------------------------------------------------

    def check_all(self, contents, refused=()):
        """Each of `contents` came to each of the servers once, or went back for a good reason; as it was, or
        converted where it had to be; and no octet on the wire could be taken for what it is not."""
        self.server.wait_for_local_deliveries()
        server.wait_until("an empty queue", lambda: not self.waiting(), 600)
        reports = self.reports()
        kinds, complaints = collections.Counter(), []
        for domain, peer in self.peers.items():
            self.check_wire(domain, peer)
            got = collections.defaultdict(list)
            for one in peer.messages:
                [recipient] = one.recipients
                got[recipient].append(one)
            for number, octets in enumerate(contents):
                recipient = f"m{number}@{domain}"
                if number in refused:
                    continue  # what came of it all the same is left over
                arrived, told = got.pop(recipient, []), reports.pop(recipient, [])
                if len(arrived) + len(told) != 1:
                    how = f"came {len(arrived)} times, and {len(told)} times back"
                elif arrived:
                    how = self.judge_content(domain, arrived[0].content, octets)
                else:
                    how = self.judge_return(domain, told[0], octets)
                if how not in FATES:
                    complaints.append(f"{recipient}: {how}: {octets[:200]}")
                kinds[f"{domain} {how}"] += 1
            complaints += [f"{recipient}: nobody sent it" for recipient in got]
        complaints += [f"{recipient}: was said to be returned" for recipient in reports]
        self.assertFalse(complaints, f"{len(complaints)} complaints, such as\n" + "\n".join(complaints[:5]))
        print(", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())), flush=True)
        return kinds

    def check_wire(self, domain, peer):
        for recording in peer.recordings:
            commands, contents = wire.conversation(recording)
            for line in commands:
                self.assertRegex(line, rb"\A((EHLO|MAIL|RCPT|BDAT) |(DATA|RSET|QUIT)\Z)", "a command we do not say")
                self.assertNotRegex(line, rb"[\r\n\0]")
                self.assertNotIn(b"evil", line)
            for content in contents:
                self.assertFalse(content.is_binary and domain not in TAKES_BINARY, "BINARYMIME that nobody offered")
                self.assertEqual(content.by, "BDAT" if "CHUNKING" in OFFERS[domain] else "DATA")
                if not content.is_binary:
                    self.assertFalse(conversion.has_bare(content.octets), f"{domain}: a bare CR or LF")
            if "CHUNKING" not in OFFERS[domain]:
                self.assertFalse(conversion.has_bare(bytes(recording)), f"{domain}: a bare CR or LF")

    @staticmethod
    def judge_content(domain, got, original):
        """How it came, one of FATES, or what is wrong."""
        whole = {prepended.digest(original)}
        if not original.endswith(b"\r\n") and "CHUNKING" not in OFFERS[domain]:
            whole.add(prepended.digest(original + b"\r\n"))  # DATA cannot but end with it
        if prepended.without_prepended(got, lambda digest: digest in whole) is not None:
            return "as it was"
        if domain in TAKES_BINARY:
            return f"changed: {got[:200]}"
        is_eight_bit = domain not in TAKES_EIGHT_BITS and not original.isascii()
        if not (is_eight_bit or conversion.has_bare(original) or b"\0" in original):
            return f"converted without need: {got[:200]}"
        if domain not in TAKES_EIGHT_BITS and not got.partition(b"\r\n\r\n")[2].isascii():
            return "octets of eight bits"
        if not got.startswith(b"Received: "):
            return f"begins with {got[:200]}"
        return conversion.difference(original, got[prepended.end_of_field(got, 0) :]) or "converted"

    @staticmethod
    def judge_return(domain, status, original):
        if (status["Action"], status["Status"]) != ("failed", "5.6.3"):
            return f"went back: {status}"
        if domain in TAKES_BINARY or not conversion.may_be_returned(original):
            return f"went back without need: {status}"
        return "returned"

    def reports(self):
        """The recipients of reports of failures, and what was told of each."""
        found = collections.defaultdict(list)
        for octets in self.server.messages("alice"):
            report = email.message_from_bytes(octets, policy=email.policy.default)
            self.assertEqual(report.get_content_type(), "multipart/report", octets[:2000])
            _, status, *_ = report.iter_parts()
            for each in status.get_payload()[1:]:
                found[each["Final-Recipient"].partition(";")[2].strip()].append(each)
        return found

    # -- tests ---------------------------------------------------------------------------------------------------

    def test_mail_put_in_by_data(self):
        contents = [mail.by_smtp for mail in self.samples("data")]
        refused = self.put_in_by_data(contents)
        self.assertEqual(set(refused), {n for n, octets in enumerate(contents) if conversion.has_bare(octets)})
        self.check_all(contents, refused)

    def test_mail_put_in_by_bdat(self):
        contents = [mail.octets for mail in self.samples("bdat") if not mail.has_bare_cr]
        self.put_in_by_bdat(contents, "BODY=8BITMIME")
        self.check_all(contents)

    def test_mail_put_in_as_binary_with_the_newlines_of_its_file(self):
        contents = [mail.path.read_bytes() for mail in self.samples("binary")]
        self.put_in_by_bdat(contents, "BODY=BINARYMIME")
        kinds = self.check_all(contents)
        self.assertGreater(kinds["eight.example converted"], len(contents) // 2)

    def test_mail_from_a_mailbox(self):
        contents = [
            octets
            for number, mail in enumerate(self.samples("mailbox"))
            for octets in [mail.octets if number % 2 else mail.path.read_bytes()]
        ]
        with self.server.imap("bob") as imap:
            imap.create("Kept")
            for octets in contents:
                imap.literal = octets  # imaplib would turn every line end of what append() is given into CRLF
                self.assertEqual(imap._simple_command("APPEND", "Kept")[0], "OK")
        taken_out = self.server.messages("bob", "Kept")
        self.assertEqual(taken_out, contents)
        self.put_in_by_bdat(taken_out, "BODY=BINARYMIME", pieces=3)
        self.check_all(contents)

    def test_data_that_is_made_to_deceive_is_refused(self):
        contents = [octets if octets.endswith(b"\r\n") else octets + b"\r\n" for octets in made_to_deceive()]
        refused = self.put_in_by_data(contents)
        self.assertEqual(set(refused), {n for n, octets in enumerate(contents) if conversion.has_bare(octets)})
        self.check_all(contents, refused)

    def test_binary_that_is_made_to_deceive(self):
        contents = list(made_to_deceive())
        self.put_in_by_bdat(contents, "BODY=BINARYMIME", pieces=1)
        self.check_all(contents)

    def test_what_is_behind_a_multipart_in_another_is_converted_too(self):
        contents = []
        for behind in (b"\n.\n", b"\r.\r", b"gr\xfc\xdf\r\n", b"\n" + SMUGGLED % ((b"\n",) * 7)):
            head = b"From: <eve@bad.example>\r\nMIME-Version: 1.0\r\n"
            head += b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            inner = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ninner\r\n--c--\r\n"
            contents.append(head + inner + b"--b--\r\n" + behind)
            contents.append(head + b"Content-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n" + behind)
        self.put_in_by_bdat(contents, "BODY=BINARYMIME")
        kinds = self.check_all(contents)
        self.assertEqual(kinds["seven.example converted"], len(contents))

    def test_a_signed_message_whose_boundary_is_written_by_rfc_2231_goes_back(self):
        head = b"From: <bob@far.example>\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary*=us-ascii''b\n\n"
        part = b"--b\nContent-Type: text/plain\n\nsigned\n"
        contents = [head + part + b"--b\nContent-Type: application/pgp-signature\n\nby me\n--b--\n"]
        self.put_in_by_bdat(contents, "BODY=BINARYMIME")
        self.assertEqual(self.check_all(contents)["seven.example returned"], 1)

    def test_binary_that_is_not_announced_is_known_for_what_it_is(self):
        """BODY says what the client thinks; what is sent on goes by what the content is."""
        contents = list(made_to_deceive())
        taken = []
        with self.server.smtp() as smtp:
            for octets in contents:
                self.begin(smtp, len(taken), "BODY=8BITMIME")
                smtp.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
                code, _ = smtp.getreply()
                self.assertIn(code // 100, (2, 5))
                if code == 250:
                    taken.append(octets)
        self.check_all(taken)


if __name__ == "__main__":
    server.main()
