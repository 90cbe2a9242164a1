#!/usr/bin/env python3
"""Policies of MTA-STS (RFC 8461) for mail that leaves, and what is counted of TLS (RFC 8460): a real DNS, a web server
with a certificate of an authority of the test's own, and mail servers with right and wrong certificates.
"""

import http.server
import json
import os
import pathlib
import ssl
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import authority  # noqa: E402
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

WEB = "127.0.0.3"
POLICY_PATH = "/.well-known/mta-sts.txt"
DOMAINS = ("good", "bad", "trial", "html", "unlisted")


class PolicyServer:
    """Serves `policies` by host: a text, or a pair of text and media type."""

    def __init__(self, certificate, key):
        self.policies = {}
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host = self.headers["Host"]
                outer.asked.append(host)
                found = outer.policies.get(host.removeprefix("mta-sts.")) if self.path == POLICY_PATH else None
                text, kind = found if isinstance(found, tuple) else (found, "text/plain; charset=utf-8")
                body = (text or "none here").encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer((WEB, 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def policy(mode, *hosts, max_age=604800):
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {max_age}"]
    return "\r\n".join(lines) + "\r\n"


def zones(with_records=True):
    made = []
    for name in DOMAINS:
        address = "127.0.0.1" if name in ("good", "html") else "127.0.0.2"
        text = f"@ MX 10 mail\nmail A {address}\nmta-sts A {WEB}\n"
        if with_records:
            text += '_mta-sts TXT "v=STSv1; id=20261123a;"\n'
        made.append(name_server.Zone(name, text))
    return made


class MtaStsTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        folder = tempfile.TemporaryDirectory(prefix="stagepost-sts-")
        cls.addClassCleanup(folder.cleanup)
        issuer = authority.Authority(pathlib.Path(folder.name))
        cls.web_files = issuer.issue("web", *(f"mta-sts.{name}" for name in DOMAINS))
        cls.right = issuer.issue("right", "mail.good", "mail.html", "mail.unlisted")
        cls.wrong = issuer.issue("wrong", "elsewhere.example")
        try:
            cls.web = PolicyServer(*cls.web_files)
        except PermissionError:
            raise unittest.SkipTest("port 443 is for others") from None
        cls.addClassCleanup(lambda: cls.web.close())
        cls.web.policies = {
            "good": policy("enforce", "mail.good"),
            "bad": policy("enforce", "*.bad"),
            "trial": policy("testing", "mail.trial"),
            "html": (policy("enforce", "mail.html"), "text/html"),
            "unlisted": policy("enforce", "other.unlisted"),
        }
        [cls.port] = server.free_ports(1)
        cls.dns = name_server.NameServer(zones())
        cls.addClassCleanup(cls.dns.close)
        cls.first_start = {
            "smtp_out": {**sending.QUICK, "port": cls.port},
            "resolver": cls.dns.resolver_settings(),
        }
        cls.node = {"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})}
        # The authorities the machine trusts, as far as the daemon is concerned.
        os.environ["SSL_CERT_FILE"] = str(issuer.certificate)
        cls.addClassCleanup(os.environ.pop, "SSL_CERT_FILE")
        super().setUpClass()

    def setUp(self):
        self.first = self.peer("127.0.0.1", self.right)
        self.second = self.peer("127.0.0.2", self.wrong)
        self.addCleanup(self.empty_queue)

    def peer(self, address, files):
        made = mail_peer.Peer(at=(address, self.port), certificate=files[0], key=files[1])
        self.addCleanup(made.close)
        return made

    def counted(self, domain):
        """What was counted of a domain: sessions by result."""
        rows = self.server.ctl_json("outbound-tls")["results"]
        found = {}
        for row in rows:
            if row["policy_domain"] == domain:
                kind = (row["policy_type"], row["result_type"])
                found[kind] = found.get(kind, 0) + row["sessions"]
        return found

    def assert_no_mail_was_offered_to(self, peer):
        self.assertFalse(any(line.startswith("MAIL") for line in peer.lines), peer.lines)

    def test_a_host_that_proves_its_name_gets_the_mail(self):
        text = sending.TEXT.replace(b"one@", b"good@")
        self.submit("bob@good", text=text)
        self.wait_for_empty_queue()
        self.assertTrue(self.first.messages[0].tls)
        trace = self.server.ctl("trace", "<good@example.test>")
        self.assertIn("MTA-STS enforce, id 20261123a", trace)
        self.assertRegex(trace, r"TLSv1\.[23] \S+ mta-sts")
        self.assertGreaterEqual(self.counted("good").get(("sts", "success"), 0), 1)

    def test_a_host_with_another_certificate_gets_nothing_and_the_mail_waits(self):
        self.submit("bob@bad")
        self.wait_for_attempts("bob@bad", 1)
        self.assertGreater(self.second.connections, 0)
        self.assert_no_mail_was_offered_to(self.second)
        self.assertGreaterEqual(self.counted("bad").get(("sts", "certificate-host-mismatch"), 0), 1)

    def test_a_host_without_tls_gets_nothing(self):
        self.second.close()
        self.second = mail_peer.Peer(at=("127.0.0.2", self.port))
        self.addCleanup(self.second.close)
        self.submit("bob@bad")
        self.wait_for_attempts("bob@bad", 1)
        self.assertGreater(self.second.connections, 0)
        self.assert_no_mail_was_offered_to(self.second)
        self.assertGreaterEqual(self.counted("bad").get(("sts", "starttls-not-supported"), 0), 1)

    def test_a_host_that_the_policy_does_not_name_is_not_spoken_to(self):
        self.submit("bob@unlisted")
        self.wait_for_attempts("bob@unlisted", 1)
        self.assertEqual(self.second.connections, 0)
        self.assertIn("does not name it", self.server.ctl("route", "bob@unlisted"))

    def test_a_policy_that_is_tested_stops_nothing_and_is_counted(self):
        self.submit("bob@trial")
        self.wait_for_empty_queue()
        self.assertEqual(len(self.second.messages), 1)
        self.assertTrue(self.second.messages[0].tls)
        self.assertGreaterEqual(self.counted("trial").get(("sts", "certificate-host-mismatch"), 0), 1)
        self.assertIn("MTA-STS testing, id 20261123a", self.server.ctl("route", "bob@trial"))

    def test_what_is_no_policy_demands_nothing(self):
        self.submit("bob@html")
        self.wait_for_empty_queue()
        self.assertEqual(len(self.first.messages), 1)
        self.assertIn("it is no text/plain", self.server.log.read_text(errors="replace"))
        self.assertGreaterEqual(self.counted("html").get(("sts", "sts-policy-invalid"), 0), 1)

    def test_the_setting_switches_it_off(self):
        self.during_test(smtp_out__mta_sts="false")
        self.assertNotIn("MTA-STS", self.server.ctl("route", "bob@bad"))

    def test_a_policy_is_fetched_once_for_many(self):
        self.server.ctl("route", "bob@good")
        before = self.web.asked.count("mta-sts.good")
        self.server.ctl("route", "bob@good")
        self.server.ctl("route", "carol@good")
        self.assertEqual(self.web.asked.count("mta-sts.good"), before)

    def test_zz_a_policy_binds_when_its_record_and_its_server_are_gone(self):
        self.assertIn("MTA-STS enforce", self.server.ctl("route", "bob@bad"))
        self.web.close()
        self.dns.stop()
        self.dns.write(zones(with_records=False))
        self.dns.start()
        self.assertEqual(self.server.restart(), 0)
        self.assertIn("MTA-STS enforce, id 20261123a", self.server.ctl("route", "bob@bad"))
        self.submit("bob@bad")
        self.wait_for_attempts("bob@bad", 1)
        self.assert_no_mail_was_offered_to(self.second)
        self.assertGreater(self.second.connections, 0)


if __name__ == "__main__":
    server.main()
