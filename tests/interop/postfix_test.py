#!/usr/bin/env python3
"""Postfix as the next hop, and as the one that mail comes from: over TLS both ways, with what each says of the other."""

import email
import email.policy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import private_postfix  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402


class PostfixTest(sending.SendingTest):
    first_start = {"smtp_out": {"command_timeout_seconds": 60, "connect_timeout_seconds": 30}}

    @classmethod
    def setUpClass(cls):
        private_postfix.require()
        super().setUpClass()
        cls.server.make_certificate("postfix", "postfix-key", "postfix.example")
        cls.postfix = private_postfix.Postfix(
            cls.server.folder / "postfix.pem", cls.server.folder / "postfix-key.pem",
            domains=["far.example"],
            aliases={"bob@far.example": "bob@example.test", "gone@far.example": "nobody@example.test"},
            next_hops={"example.test": cls.server.ports["smtp"]},
        )  # fmt: skip
        cls.addClassCleanup(cls.postfix.close)
        cls.server.set(smtp_out__routes=f"far.example=127.0.0.1:{cls.postfix.port} required")

    def text(self, name, body=b"hello\r\n.dot\r\n..dots\r\nFrom here\r\n"):
        return sending.TEXT.replace(b"one@", name + b"@").partition(b"hello")[0] + body

    def test_mail_goes_out_to_postfix_and_comes_back_from_it_over_tls(self):
        body = b"hello\r\n.dot\r\n..dots\r\nFrom here\r\n" + b"0123456789 abcdef\r\n" * 20_000
        text = self.text(b"round", body)
        self.submit("bob@far.example", text=text)
        self.wait_for_empty_queue()
        trace = self.server.ctl("trace", "<round@example.test>")
        self.assertRegex(trace, r"tls=TLSv1\.[23]")
        self.assertRegex(trace, r"250 2\.0\.0 Ok: .*queued as \w+")
        octets = self.server.wait_for_message("bob", b"<round@example.test>")
        self.assertTrue(octets.endswith(body), octets[:3000])
        received = email.message_from_bytes(octets, policy=email.policy.default).get_all("Received")
        # From the last to the first: what we say of Postfix, what Postfix says of us, what we say of the client.
        self.assertIn("from postfix.example", received[0])
        self.assertIn("with ESMTPS", received[0])
        self.assertIn("from mail.example.test", received[1])
        self.assertRegex(received[1], r"using TLSv1\.[23] with cipher")
        self.assertIn("by postfix.example (Postfix) with ESMTPS", received[1])
        self.assertIn("by mail.example.test", received[2])
        log = self.postfix.log()
        self.assertRegex(log, r"smtp\[\d+\]: (Untrusted|Trusted|Anonymous) TLS connection established to 127\.0\.0\.1")
        self.assertRegex(log, r"smtpd\[\d+\]: \w+ TLS connection established from ")
        self.assertNotIn("warning: non-SMTP", log)

    def test_many_go_and_none_twice(self):
        for number in range(20):
            self.submit("bob@far.example", text=self.text(b"many%d" % number))
        self.wait_for_empty_queue()

        def came():
            found = [one for one in self.server.messages("bob") if b"Message-ID: <many" in one]
            return found if len(found) >= 20 else None

        found = server.wait_until("all to come back", came)
        names = {one.partition(b"Message-ID: <")[2].partition(b"@")[0] for one in found}
        self.assertEqual((len(found), len(names)), (20, 20))

    def test_smtp_sink_gets_what_is_sent(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="stagepost-sink-")))
        folder.chmod(0o777)  # the sink does not write as root
        [port] = server.free_ports(1)
        mails = folder / "mails"
        sink = subprocess.Popen(
            [shutil.which("smtp-sink", path="/usr/sbin:/usr/bin"), "-4", "-u", "nobody", "-D", mails,
             f"127.0.0.1:{port}", "100"],
            stdin=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        self.addCleanup(sink.wait, 30)
        self.addCleanup(sink.terminate)
        self.during_test(smtp_out__routes=f"sink.example=127.0.0.1:{port}")
        server.wait_until("smtp-sink to listen", lambda: server.answers(port))
        for number in range(5):
            self.submit(f"r{number}@sink.example", text=self.text(b"sink%d" % number))
        self.wait_for_empty_queue()
        written = mails.read_bytes()
        for number in range(5):
            self.assertEqual(written.count(b"X-Rcpt-Args: <r%d@sink.example>" % number), 1, written[:3000])
            self.assertEqual(written.count(b"Message-ID: <sink%d@example.test>" % number), 1)
        self.assertEqual(written.count(b"\n..dots\n"), 5)

    def test_what_postfix_refuses_comes_back_as_a_report_of_ours(self):
        self.submit("nobody@far.example", text=self.text(b"refused"))
        report, parts = self.report()
        self.assertIn("mail.example.test", parts[1].get_payload()[0]["Reporting-MTA"])
        status = parts[1].get_payload()[1]
        self.assertEqual((status["Action"], status["Status"]), ("failed", "5.1.1"))
        self.assertIn("User unknown", status["Diagnostic-Code"])
        self.assertIn("127.0.0.1", status["Remote-MTA"])
        self.assertEqual(report["Return-Path"], "<>")
        self.assertIn("<refused@example.test>", report["References"])

    def test_what_we_refuse_comes_back_as_a_report_of_postfix(self):
        self.submit("gone@far.example", text=self.text(b"gone"))
        report, parts = self.report()
        self.assertIn("postfix.example", parts[1].get_payload()[0]["Reporting-MTA"])
        status = parts[1].get_payload()[1]
        self.assertEqual((status["Action"], status["Status"][0]), ("failed", "5"))
        self.assertIn("nobody@example.test", status["Final-Recipient"])
        self.assertRegex(status["Diagnostic-Code"], r"550")
        self.assertEqual(report["Return-Path"], "<>")


if __name__ == "__main__":
    server.main()
