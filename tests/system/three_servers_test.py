#!/usr/bin/env python3
"""Three mail servers and a DNS on one machine: a message goes over DANE, waits at a backup while its server is down, comes
back as a bounce, and is sent on with a sender that passes SPF. What each server knows of it is in its traces.
"""

import hashlib
import imaplib
import json
import pathlib
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import unittest

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

DEBIANS_PYTHON = "/usr/bin/python3"
A, B, C = "127.0.0.1", "127.0.0.2", "127.0.0.3"


def in_the_dns(address):
    """python3-spf lets everything of 127.0.0.0/8 pass, so senders are judged by addresses like ours."""
    return address.replace("127.0.0.", "192.0.2.")


def make_certificate(folder):
    """One for all three servers, and the digest of its key as a TLSA record 3 1 1 has it."""
    names = f"subjectAltName=DNS:{server.HOST_NAME},DNS:localhost,IP:127.0.0.1"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    openssl = server.tool("openssl")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7",
         "-subj", f"/CN={server.HOST_NAME}", "-addext", names, "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    public = subprocess.run([openssl, "pkey", "-in", str(key), "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout  # fmt: skip
    return hashlib.sha256(public).hexdigest()


class Site(server.Server):
    """A server with a domain of its own, that takes mail on its address and the port that all have."""

    def __init__(self, address, port, domain, user, dns, certificates):
        def prepare(folder):
            for name in ("certificate.pem", "key.pem"):
                shutil.copy(certificates / name, folder / name)

        super().__init__(
            {
                "smtp_out": {**sending.QUICK, "port": port, "source_ipv4": f'"{address}"'},
                "spool": {"retry_intervals_minutes": "[600, 600]"},
                "resolver": dns.resolver_settings(),
            },
            users=(),
            node={"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})},
            more_listeners=[
                {"name": "mx", "service": "smtp", "address": address, "port": port, "tls": "starttls"},
            ],
            prepare=prepare,
        )
        self.user = f"{user}@{domain}"
        self.ctl("domain", "delete", server.DOMAIN)
        self.ctl("domain", "add", domain)
        self.add_user(self.user)

    def send(self, recipient, subject):
        """By submission, as our user; returns the queue number."""
        with self.smtp("submission") as smtp:
            smtp.starttls(context=self.tls())
            smtp.login(self.user, server.PASSWORD)
            smtp.mail(self.user)
            smtp.rcpt(recipient)
            text = f"From: <{self.user}>\r\nTo: <{recipient}>\r\nSubject: {subject}\r\n\r\nhello\r\n"
            code, said = smtp.data(text.encode())
            if code != 250:
                raise smtplib.SMTPDataError(code, said)
            return re.search(rb" as (\w+)|id (\w+)", said)[0].split()[-1].decode()

    def wait_for_mail(self, words):
        """The octets of the message in our user's mailbox that has these words."""

        def come():
            with imaplib.IMAP4_SSL("127.0.0.1", self.ports["imaps"], ssl_context=self.tls(), timeout=120) as imap:
                imap.login(self.user, server.PASSWORD)
                count = int(imap.select("INBOX", readonly=True)[1][0])
                for number in range(count, 0, -1):
                    octets = imap.fetch(str(number), "(BODY.PEEK[])")[1][0][1]
                    if words in octets:
                        return octets
            return None

        return server.wait_until(f"{words!r} for {self.user}", come)

    def count_with(self, words):
        with imaplib.IMAP4_SSL("127.0.0.1", self.ports["imaps"], ssl_context=self.tls(), timeout=120) as imap:
            imap.login(self.user, server.PASSWORD)
            count = int(imap.select("INBOX", readonly=True)[1][0])
            return sum(words in imap.fetch(str(each), "(BODY.PEEK[])")[1][0][1] for each in range(1, count + 1))

    def waiting(self):
        return self.ctl_json("queue", "list")["messages"]

    def trace_of(self, octets):
        """The trace of a message by the number that our Received field has."""
        return self.ctl("trace", re.search(rb"id (\w+)", octets)[1].decode())


class ThreeServersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        server.binaries()
        folder = tempfile.TemporaryDirectory(prefix="stagepost-site-")
        cls.addClassCleanup(folder.cleanup)
        certificates = pathlib.Path(folder.name)
        digest = make_certificate(certificates)
        [port] = server.free_ports(1)
        zones = [
            name_server.Zone("a", f"@ MX 10 mx\nmx A {A}\n"),
            name_server.Zone("b", f"@ MX 10 mx\n@ MX 20 mx.c.\nmx A {B}\n_{port}._tcp.mx TLSA 3 1 1 {digest}\n"),
            name_server.Zone("c", f"@ MX 10 mx\nmx A {C}\n"),
        ]
        cls.dns = name_server.NameServer(zones)
        cls.addClassCleanup(cls.dns.close)
        cls.sites = []
        for address, domain, user in ((A, "a", "alice"), (B, "b", "bob"), (C, "c", "carol")):
            cls.sites.append(Site(address, port, domain, user, cls.dns, certificates))
            cls.addClassCleanup(cls.sites[-1].close)
        cls.a, cls.b, cls.c = cls.sites
        cls.c.ctl("gateway", "add", "incoming", "b", "mode=backup_mx", "domains=b", f"addresses={B}", f"port={port}",
                  "retry_intervals_minutes=600, 600")  # fmt: skip

    def setUp(self):
        self.addCleanup(self.have_all_up)

    def have_all_up(self):
        for each in self.sites:
            if each.process.poll() is not None:
                each.start()

    def test_mail_goes_to_the_next_server_over_dane(self):
        number = self.a.send("bob@b", "over DANE")
        arrived = self.b.wait_for_mail(b"Subject: over DANE")
        self.assertIn(b"<alice@a>", arrived)
        server.wait_until("the end of the delivery", lambda: not self.a.waiting())
        sent = self.a.ctl("trace", number)
        self.assertIn("dane", sent)
        self.assertIn("TLSv1.3", sent)
        self.assertIn("mx.b", sent)
        taken = self.b.trace_of(arrived)
        self.assertIn(A, taken)
        self.assertIn("TLSv1.3", taken)
        self.assertIn("bob@b", taken)

    def test_a_backup_holds_mail_while_its_server_is_down(self):
        self.b.stop()
        number = self.a.send("bob@b", "by way of the backup")
        held = server.wait_until("the backup to have it", lambda: next(
            (one for one in self.c.waiting() if one["recipients"][0]["attempts"] == 1), None))  # fmt: skip
        server.wait_until("the sender to be rid of it", lambda: not self.a.waiting())
        self.assertIn("mx.c", self.a.ctl("trace", number))
        self.b.start()
        arrived = self.b.wait_for_mail(b"Subject: by way of the backup")
        server.wait_until("the backup to be rid of it", lambda: not self.c.waiting())
        self.assertEqual(self.b.count_with(b"Subject: by way of the backup"), 1)
        story = self.c.ctl("trace", held["id"])
        for word in (A, "incoming gateway b", B, "deferred", "delivered"):
            self.assertIn(word, story)
        self.assertIn(C, self.b.trace_of(arrived))

    def test_a_bounce_comes_back_to_the_sender(self):
        number = self.a.send("nobody@b", "to nobody")
        report = self.a.wait_for_mail(b"nobody@b")
        for words in (b"multipart/report", b"Status: 5.1.1", b"Subject: to nobody"):
            self.assertIn(words, report)
        story = self.a.ctl("trace", number)
        self.assertIn("550", story)
        self.assertIn("bounced", story)

    def test_a_forward_passes_spf_at_the_third_server(self):
        if subprocess.run([DEBIANS_PYTHON, "-c", "import spf"], capture_output=True, check=False).returncode:
            self.skipTest("python3-spf is not installed")
        self.b.ctl("user", "set", "bob@b", "forward_to=carol@c")
        self.addCleanup(self.b.ctl, "user", "set", "bob@b", "forward_to=")
        self.a.send("bob@b", "sent on")
        kept = self.b.wait_for_mail(b"Subject: sent on")
        arrived = self.c.wait_for_mail(b"Subject: sent on")
        [sender] = re.findall(rb"(?m)^Return-Path: <(\S*)>", arrived)
        self.assertTrue(sender.startswith(b"SRS0=") and sender.endswith(b"@b"), sender)
        taken = self.c.trace_of(arrived)
        self.assertIn(sender.decode(), taken)
        self.assertIn(B, taken)
        self.assertEqual(self.spf(B, sender.decode()), "pass")
        self.assertEqual(self.spf(B, "alice@a"), "fail")
        story = self.b.trace_of(kept)
        self.assertIn("forwarded", story)
        self.assertIn("carol@c", story)
        # What goes wrong with it goes back to its first sender.
        with smtplib.SMTP(B, self.b.more_listeners[0]["port"], local_hostname="mx.c", timeout=60) as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.sendmail("", [sender.decode()], b"Subject: it did not arrive\r\n\r\nsorry\r\n"), {})
        self.a.wait_for_mail(b"Subject: it did not arrive")

    def spf(self, address, sender):
        records = self.a.folder / "spf.json"
        records.write_text(json.dumps({name: f"v=spf1 ip4:{in_the_dns(at)} -all" for name, at in (("a", A), ("b", B))}))
        command = [DEBIANS_PYTHON, "-B", SUPPORT / "judge_spf.py", records, in_the_dns(address), "mx.b", sender]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().strip()


if __name__ == "__main__":
    server.main()
