#!/usr/bin/env python3
"""Mail that comes in for another mail server: a primary that has the domain, and a gateway before or beside it that has
no domain at all.
"""

import pathlib
import shutil
import smtplib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

SENDER = "friend@elsewhere.example"


def text(subject):
    return f"Subject: {subject}\r\nFrom: <{SENDER}>\r\n\r\nhello\r\n".encode()


class GatewayCase(sending.SendingTest):
    """`server` is the gateway."""

    first_start = {"smtp_out": sending.QUICK}

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.first_start, users=())
        cls.addClassCleanup(cls.server.close)
        cls.server.ctl("domain", "delete", server.DOMAIN)

    def use_gateway(self, *settings, port, text=None):
        self.server.ctl("gateway", "add", "incoming", "branch", "addresses=127.0.0.1", f"port={port}",
                        "retry_intervals_minutes=600, 600", *settings, text=text)  # fmt: skip
        self.addCleanup(self.server.ctl, "gateway", "delete", "branch")

    def rcpt(self, recipient):
        """The code that RCPT is answered with."""
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.mail(SENDER)[0], 250)
            return smtp.rcpt(recipient)[0]

    def send(self, recipient, subject):
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.sendmail(SENDER, [recipient], text(subject)), {})


class BackupMxTest(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.primary = server.Server()
        cls.addClassCleanup(cls.primary.close)

    def setUp(self):
        self.addCleanup(self.empty_queue)
        self.addCleanup(self.have_primary_up)

    def start_primary(self):
        """While it is down any connection of this machine may get one of its ports, and keeps it for a minute."""

        def started():
            seen = len(self.primary.log.read_bytes())
            try:
                self.primary.start()
            except AssertionError:
                if b"Address already in use" in self.primary.log.read_bytes()[seen:]:
                    return False
                raise
            return True

        server.wait_until("the ports of the primary", started, seconds=120)

    def have_primary_up(self):
        if self.primary.process.poll() is not None:
            self.start_primary()

    def use_primary(self, *settings):
        self.use_gateway(f"domains={server.DOMAIN}", *settings, port=self.primary.ports["smtp"])

    def test_a_backup_takes_mail_while_the_primary_is_down_and_hands_it_over_when_it_is_back(self):
        self.use_primary("mode=backup_mx", "user_verification=probe")
        self.assertEqual(self.rcpt("alice@example.test"), 250)
        self.assertEqual(self.rcpt("nobody@example.test"), 550)
        self.primary.stop()
        self.assertEqual(self.rcpt("nobody@example.test"), 550)  # as the primary said before
        self.assertEqual(self.rcpt("alice@elsewhere.example"), 550)
        self.send("alice@example.test", "while it was down")
        self.send("bob@Example.Test", "nobody was asked for him")
        one = self.wait_for_attempts("alice@example.test", 1)
        self.wait_for_attempts("bob@Example.Test", 1)
        # Not before the primary is back does anything count: the next attempt would be in ten hours.
        self.assertEqual(one["recipients"][0]["attempts"], 1)
        self.start_primary()
        self.primary.wait_for_message("alice", b"while it was down")
        self.primary.wait_for_message("bob", b"nobody was asked for him")
        self.wait_for_empty_queue()
        self.assertEqual(self.primary.count("alice"), 1)
        self.assertIn("incoming gateway branch", self.server.ctl("trace", one["id"]))

    def test_what_was_held_goes_also_when_the_backup_was_started_anew_meanwhile(self):
        self.use_primary("mode=backup_mx")
        self.primary.stop()
        self.send("carol@example.test", "over a restart")
        self.wait_for_attempts("carol@example.test", 1)
        self.server.restart()
        self.start_primary()
        self.primary.wait_for_message("carol", b"over a restart")
        self.wait_for_empty_queue()

    def test_a_delivery_that_goes_well_takes_with_it_what_was_held(self):
        self.use_primary("mode=backup_mx")
        self.primary.stop()
        self.send("carol@example.test", "held")
        self.wait_for_attempts("carol@example.test", 1)
        self.start_primary()
        self.send("carol@example.test", "fresh")
        self.primary.wait_for_message("carol", b"Subject: fresh")
        self.primary.wait_for_message("carol", b"Subject: held")
        self.wait_for_empty_queue()

    def test_a_forwarding_gateway_takes_in_what_the_primary_would_take(self):
        self.use_primary("mode=domain_forwarding", "user_verification=probe")
        self.assertEqual(self.rcpt("nobody@example.test"), 550)
        self.send("bob@example.test", "forwarded")
        self.primary.wait_for_message("bob", b"Subject: forwarded")
        self.primary.stop()
        self.assertEqual(self.rcpt("bob@example.test"), 250)  # as the primary said a moment ago
        self.assertEqual(self.rcpt("carol@example.test"), 451)
        self.assertEqual(self.rcpt("nobody@example.test"), 550)
        self.start_primary()
        server.wait_until("the primary to be asked again", lambda: self.rcpt("carol@example.test") == 250)

    def test_mail_of_forwarded_domains_passes_the_command_line_program(self):
        # GWIN-11. The program may run as another account: it has to come to its script.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stagepost-program-"))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        program = folder / "scan"
        program.write_text('#!/bin/sh\ngrep -q "^Subject: virus" "$1" && rm "$1" && exit 0\n'
                           '{ echo "X-Scanned: at the gateway"; cat "$1"; } >"$1.new" && mv "$1.new" "$1"\n')  # fmt: skip
        program.chmod(0o755)
        self.use_primary("mode=domain_forwarding", "user_verification=probe")
        self.during_test(spool__command_line=f"{program} %filepath", spool__command_line_enabled="true",
                         spool__delivery_delay_seconds="0")  # fmt: skip
        self.send("bob@example.test", "virus at the gateway")
        self.send("bob@example.test", "scanned at the gateway")
        found = self.primary.wait_for_message("bob", b"Subject: scanned at the gateway")
        self.assertIn(b"X-Scanned: at the gateway\r\n", found)
        self.wait_for_empty_queue()
        self.assertFalse([one for one in self.primary.messages("bob") if b"virus at the gateway" in one])

    def test_the_primary_is_asked_by_web_service_for_its_domains_and_users(self):
        self.primary.ctl("gateway-credential", "set", "gate", "--password-stdin", text="a long secret\n")
        self.use_gateway("mode=domain_forwarding", "domain_verification=web_service", "user_verification=web_service",
                         "peer_mode=true", f"server_url=http://127.0.0.1:{self.primary.ports['http']}",
                         "server_user=gate", "--server-password-stdin", port=self.primary.ports["smtp"],
                         text="a long secret\n")  # fmt: skip
        self.assertEqual(self.rcpt("nobody@example.test"), 550)
        self.assertEqual(self.rcpt("alice@elsewhere.example"), 550)
        self.send("alice@example.test", "by web service")
        self.primary.wait_for_message("alice", b"Subject: by web service")
        self.wait_for_empty_queue()
        self.primary.stop()
        self.assertEqual(self.rcpt("alice@example.test"), 250)  # as the primary said a moment ago
        self.assertEqual(self.rcpt("bob@example.test"), 451)
        self.assertEqual(self.rcpt("bob@other.example"), 451)
        self.start_primary()
        self.server.ctl("gateway", "set", "branch", "--server-password-stdin", text="another secret\n")
        self.assertEqual(self.rcpt("bob@example.test"), 451)

    def test_the_relay_stays_closed(self):
        for recipient in ("alice@example.test", "alice@elsewhere.example"):
            self.assertEqual(self.rcpt(recipient), 550)
        self.use_primary("mode=backup_mx")
        for recipient in ("alice@elsewhere.example", "alice@sub.example.test", "alice@example.test.example",
                          "alice@[127.0.0.1]", "alice%elsewhere.example@localhost"):  # fmt: skip
            self.assertEqual(self.rcpt(recipient), 550, recipient)
        self.server.ctl("gateway", "set", "branch", "enabled=false")
        self.assertEqual(self.rcpt("alice@example.test"), 550)
        self.assertEqual(self.waiting(), [])

    def test_the_way_to_the_primary_is_shown(self):
        self.use_primary("mode=domain_forwarding")
        said = self.server.ctl("route", "alice@example.test")
        self.assertIn(f"incoming gateway branch leads to 127.0.0.1:{self.primary.ports['smtp']}", said)


class MxVerificationTest(GatewayCase):
    """Domains that the backup knows by their MX records only, before a server of another product."""

    ZONES = [
        name_server.Zone(
            "test",
            "one MX 10 primary\none MX 20 backup\n"
            "other MX 10 stranger\nother MX 20 backup\n"
            "primary A 127.0.0.1\nbackup A 127.0.0.2\nstranger A 127.0.0.9\n",
        ),
        name_server.Zone("failing", "", "failing"),
    ]

    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        cls.dns = name_server.NameServer(cls.ZONES)
        cls.addClassCleanup(cls.dns.close)
        cls.first_start = {
            "smtp_out": sending.QUICK,
            "resolver": cls.dns.resolver_settings(),
        }
        super().setUpClass()

    def test_mail_is_taken_in_for_domains_whose_mx_records_name_the_primary(self):
        with mail_peer.Peer() as peer:
            self.use_gateway("domain_verification=mx", port=peer.port)
            self.assertEqual(self.rcpt("bob@other.test"), 550)
            self.assertEqual(self.rcpt("bob@without.test"), 550)
            self.assertEqual(self.rcpt("bob@failing"), 451)
            self.send("bob@one.test", "by MX")
            self.wait_for_empty_queue()
            self.assertEqual([each.recipients for each in peer.messages], [["bob@one.test"]])

    def test_a_server_of_another_product_is_asked_for_its_users(self):
        with mail_peer.Peer() as peer:
            peer.on["RCPT"] = lambda line: "550 5.1.1 who?" if b"nobody@" in line else None
            self.use_gateway("domain_verification=mx", "user_verification=probe", port=peer.port)
            self.assertEqual(self.rcpt("nobody@one.test"), 550)
            self.assertEqual(self.rcpt("bob@one.test"), 250)
            asked = peer.connections
            self.assertEqual(self.rcpt("nobody@one.test"), 550)
            self.assertEqual(peer.connections, asked)
            with self.assertRaises(smtplib.SMTPRecipientsRefused):
                self.send("nobody@one.test", "to nobody")
            self.assertEqual(peer.messages, [])


class RolesTest(GatewayCase):
    """One server in all roles for others, without a domain of its own."""

    def test_one_server_is_backup_mx_and_gateway_for_mail_both_ways(self):
        with mail_peer.Peer() as first, mail_peer.Peer() as second, mail_peer.Peer() as third:
            self.use_gateway("mode=backup_mx", "domains=first.example", port=first.port)
            self.server.ctl("gateway", "add", "incoming", "other", "mode=domain_forwarding", "addresses=127.0.0.1",
                            f"port={second.port}", "domains=second.example")  # fmt: skip
            self.addCleanup(self.server.ctl, "gateway", "delete", "other")
            # The way out for a primary at 127.0.0.5 (ROLE-06).
            self.during_test(smtp_in__whitelisted_networks="127.0.0.5", smtp_out__routes=third.route())
            self.send("a@first.example", "in")
            self.send("b@second.example", "in")
            self.assertEqual(self.rcpt("c@third.example"), 550)
            with self.server.smtp(from_address="127.0.0.5") as smtp:
                self.assertEqual(smtp.sendmail(SENDER, ["c@third.example"], text("out")), {})
            self.wait_for_empty_queue()
            self.assertEqual([each.recipients for each in first.messages], [["a@first.example"]])
            self.assertEqual([each.recipients for each in second.messages], [["b@second.example"]])
            self.assertEqual([each.recipients for each in third.messages], [["c@third.example"]])


if __name__ == "__main__":
    server.main()
