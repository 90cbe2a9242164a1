#!/usr/bin/env python3
"""Mail that leaves through outgoing gateways: by priority, encrypted, with a login, and round one that is down."""

import base64
import http.server
import json
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import name_server  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
from sending import TEXT  # noqa: E402


class OutgoingGatewayTest(sending.SendingTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The authority that the machine trusts is the one of the test's own certificate.
        cls.server.environment = {"SSL_CERT_FILE": str(cls.server.certificate)}
        cls.server.restart()
        cls.server.make_certificate("stranger", "stranger_key", "stranger.example")

    def setUp(self):
        self.addCleanup(self.empty_queue)
        self.message_ids = 0

    def peer(self, **options):
        peer = mail_peer.Peer(**options)
        self.addCleanup(peer.close)
        return peer

    def secure_peer(self, certificate="certificate", key="key", **options):
        folder = self.server.folder
        return self.peer(certificate=folder / f"{certificate}.pem", key=folder / f"{key}.pem", **options)

    def gateway(self, name, peer, *settings, password=None):
        arguments = ["address=127.0.0.1", f"port={peer.port}", *settings]
        if password:
            arguments.append("--password-stdin")
        self.server.ctl("gateway", "add", "outgoing", name, *arguments, text=password and password + "\n")
        self.addCleanup(self.server.try_ctl, "gateway", "delete", name)

    def text(self):
        """A message of its own, and its Message-ID."""
        self.message_ids += 1
        name = f"{self.id().rpartition('.')[2]}.{self.message_ids}@example.test"
        return TEXT.replace(b"one@example.test", name.encode()), f"<{name}>"

    def send(self, *recipients):
        text, message_id = self.text()
        self.submit(*recipients, text=text)
        return message_id

    def send_and_wait(self, *recipients):
        message_id = self.send(*recipients)
        self.wait_for_empty_queue()
        return self.server.ctl("trace", message_id)

    def set_priority(self, queue_id, priority):
        server.wait_until(
            "the order about the priority",
            lambda: self.server.try_ctl("queue", "priority", queue_id, priority).returncode == 0,
        )

    # -- which mail goes where -----------------------------------------------------------------------------------

    def test_a_message_goes_through_the_gateway_of_its_priority(self):
        usual, low = self.peer(), self.peer()
        self.gateway("low", low, "priority_from=1", "priority_to=1")
        self.send("bob@far.example")
        [one] = self.waiting()
        self.assertEqual((low.connections, one["recipients"][0]["attempts"]), (0, 0))
        self.set_priority(one["id"], "1")
        self.wait_for_empty_queue()
        self.assertEqual([sent.recipients for sent in low.messages], [["bob@far.example"]])
        self.gateway("usual", usual, "priority_from=2", "priority_to=10")
        trace = self.send_and_wait("carol@other.example", "dave@far.example")
        self.assertIn("route=gateway usual", trace)
        self.assertEqual(sorted(sent.recipients for sent in usual.messages),
                         [["carol@other.example"], ["dave@far.example"]])  # fmt: skip
        self.assertEqual(len(low.messages), 1)

    def test_what_no_gateway_takes_goes_as_ever(self):
        usual, low = self.peer(), self.peer()
        self.gateway("low", low, "priority_from=1", "priority_to=4")
        self.server.set(smtp_out__routes=usual.route())
        self.send_and_wait("bob@far.example")
        self.assertEqual((len(usual.messages), low.connections), (1, 0))

    def test_a_gateway_is_nearer_than_the_route_for_all_and_farther_than_that_of_the_domain(self):
        gateway, own, others = self.peer(), self.peer(), self.peer()
        self.gateway("usual", gateway)
        self.server.set(smtp_out__routes=f"{own.route('own.example')}, {own.route('.below.example')}, {others.route()}")
        self.send_and_wait("a@own.example", "b@x.below.example", "c@far.example")
        self.assertEqual(sorted(sent.recipients for sent in own.messages), [["a@own.example"], ["b@x.below.example"]])
        self.assertEqual([sent.recipients for sent in gateway.messages], [["c@far.example"]])
        self.assertEqual(others.connections, 0)

    def test_changes_hold_at_once(self):
        first, second = self.peer(), self.peer()
        self.gateway("one", first)
        self.send_and_wait("bob@far.example")
        self.server.ctl("gateway", "set", "one", f"port={second.port}")
        self.send_and_wait("bob@far.example")
        self.assertEqual((len(first.messages), len(second.messages)), (1, 1))
        self.server.set(smtp_out__routes=first.route())
        self.server.ctl("gateway", "set", "one", "enabled=false")
        self.send_and_wait("bob@far.example")
        self.assertEqual((len(first.messages), len(second.messages)), (2, 1))

    def test_the_route_is_explained_by_priority(self):
        self.gateway("low", self.peer(), "priority_from=1", "priority_to=3", "encryption=starttls")
        shown = self.server.ctl("route", "bob@far.example")
        self.assertRegex(shown, r"priority 1 to 3: through gateway low \(127\.0\.0\.1:\d+, TLS verified\)")
        self.assertRegex(shown, r"priority 4 to 10:\n *it waits here")

    def test_another_server_of_ours_is_the_gateway(self):
        """Nothing relays there but what comes from this server."""
        far = self.peer()
        other = server.Server({"smtp_out": sending.QUICK}, users=())
        self.addCleanup(other.close)
        other.set(smtp_out__routes=far.route(), smtp_in__whitelisted_networks="127.0.0.2")
        self.server.ctl("gateway", "add", "outgoing", "other", "address=127.0.0.1", f"port={other.ports['smtp']}")
        self.addCleanup(self.server.try_ctl, "gateway", "delete", "other")
        self.send("bob@far.example")
        server.wait_until("a report", self.inbox)  # 550: relaying denied
        other.set(smtp_in__whitelisted_networks="127.0.0.1")
        self.send("bob@far.example")
        server.wait_until("the mail behind the gateway", lambda: far.messages)
        self.assertIn(b"by mail.example.test", far.messages[0].content)

    # -- several gateways ----------------------------------------------------------------------------------------

    def test_gateways_of_the_same_priorities_take_turns(self):
        first, second = self.peer(), self.peer()
        self.gateway("one", first)
        self.gateway("two", second)
        for i in range(8):
            self.send_and_wait(f"bob@d{i}.example")
        self.assertEqual((len(first.messages), len(second.messages)), (4, 4))

    def test_mail_goes_round_a_gateway_that_is_down(self):
        down, up = self.peer(), self.peer()
        down.on["CONNECT"] = "421 4.3.2 closed today"
        self.gateway("down", down)
        self.gateway("up", up)
        for i in range(8):
            self.assertIn("route=gateway up", self.send_and_wait(f"bob@d{i}.example"))
        self.assertEqual(len(up.messages), 8)
        self.assertEqual(down.connections, 1)  # it is remembered

    def test_mail_goes_on_through_the_other_when_a_gateway_dies(self):
        dying, other = self.peer(), self.peer()
        self.gateway("dying", dying)
        self.gateway("other", other)
        for i in range(2):
            self.send_and_wait(f"bob@d{i}.example")
        self.assertEqual(len(dying.messages), 1)
        dying.close()
        self.send(*(f"bob@e{i}.example" for i in range(20)))
        self.wait_for_empty_queue()
        self.assertEqual(len(other.messages), 21)

    def test_mail_waits_while_no_gateway_is_there_and_is_not_called_undeliverable(self):
        peer = self.peer()
        peer.on["CONNECT"] = "421 4.3.2 closed today"
        self.gateway("one", peer)
        self.send("bob@no-such-domain.example")
        one = self.wait_for_attempts("bob@no-such-domain.example", 1)
        self.assertIn("closed today", one["recipients"][0]["last_reply"])
        self.retry(one["id"])
        one = self.wait_for_attempts("bob@no-such-domain.example", 2)
        self.assertEqual(self.inbox(), [])
        peer.on.clear()
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.messages), 1)

    def test_no_more_connections_are_open_than_the_gateway_is_given(self):
        peer, beside = self.peer(), self.peer()
        peer.on["MAIL"] = mail_peer.HANG
        self.gateway("one", peer, "max_connections=2")
        self.during_test(smtp_out__command_timeout_seconds="60")
        self.server.set(smtp_out__routes=beside.route("beside.example"))
        self.send(*(f"bob@d{i}.example" for i in range(12)))
        server.wait_until("two connections", lambda: peer.connections == 2)
        self.send("carol@beside.example")
        server.wait_until("mail that goes another way", lambda: beside.messages)
        self.assertEqual(peer.connections, 2)
        peer.on.clear()  # ends those that hang
        server.wait_until("the rest of the mail", lambda: len(peer.messages) >= 10)

    # -- gateways that say how much waits there --------------------------------------------------------------------

    def spool_counter(self, count):
        """The web service of a gateway in peer mode: says that so many messages wait there."""
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, self.headers["Authorization"]))
                body = json.dumps({"messages": count}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        return web.server_address[1], asked

    def test_a_gateway_where_less_waits_gets_more_of_the_mail(self):
        idle, busy = self.peer(), self.peer()
        for name, peer, count in (("busy", busy, 990), ("idle", idle, 0)):
            port, asked = self.spool_counter(count)
            self.server.ctl(
                "gateway", "add", "outgoing", name, "address=127.0.0.1", f"port={peer.port}", "peer_mode=true",
                f"server_url=http://127.0.0.1:{port}/", "server_user=us", "--server-password-stdin", text="secret\n",
            )  # fmt: skip
            self.addCleanup(self.server.try_ctl, "gateway", "delete", name)
            server.wait_until(f"a question to {name}", lambda asked=asked: asked)
            path, authorization = asked[0]
            self.assertEqual(path, "/api/v1/gateway/spool-count")
            self.assertEqual(authorization, "Basic " + base64.b64encode(b"us:secret").decode())
        trace = server.wait_until("a choice by what waits", self.choice_by_count)
        self.assertRegex(trace, r"route=gateway (idle, where 0|busy, where 990) messages wait")
        before = len(busy.messages)
        for i in range(10):
            self.send_and_wait(f"bob@d{i}.example")
        self.assertLessEqual(len(busy.messages) - before, 1)

    def choice_by_count(self):
        trace = self.send_and_wait(f"bob@first{self.message_ids}.example")
        return trace if "messages wait" in trace else None

    # -- encryption and login ------------------------------------------------------------------------------------

    def logins(self, peer, password="secret"):
        peer.extensions.append("AUTH PLAIN")
        wanted = "AUTH PLAIN " + base64.b64encode(f"\0us\0{password}".encode()).decode()
        peer.on["AUTH"] = lambda line: "235 2.7.0 ok" if line.decode() == wanted else "535 5.7.8 not you"
        peer.on["MAIL"] = lambda line: None if wanted in peer.lines else "530 5.7.0 who are you?"

    def test_it_logs_in_over_tls(self):
        peer = self.secure_peer()
        self.logins(peer)
        self.gateway("one", peer, "encryption=starttls", "user=us", password="secret")
        trace = self.send_and_wait("bob@far.example")
        self.assertIn(peer.messages[0].tls, ("TLSv1.2", "TLSv1.3"))
        self.assertIn("verified", trace)
        self.assertNotIn("secret", trace)

    def test_it_logs_in_where_tls_begins_at_once(self):
        peer = self.secure_peer(tls_first=True)
        self.logins(peer)
        self.gateway("one", peer, "encryption=ssl", "user=us", password="secret")
        self.send_and_wait("bob@far.example")
        self.assertIn(peer.messages[0].tls, ("TLSv1.2", "TLSv1.3"))

    def test_a_password_is_shown_to_the_network_only_where_encryption_is_none(self):
        peer = self.peer()
        self.logins(peer)
        self.gateway("one", peer, "user=us", password="secret")
        self.send("bob@far.example")
        one = self.wait_for_attempts("bob@far.example", 1)
        self.assertFalse(any(line.startswith("AUTH") for line in peer.lines))
        self.server.ctl("gateway", "set", "one", "encryption=none")
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.messages), 1)

    def test_a_refused_login_bounces_nothing_and_another_gateway_is_tried(self):
        strict, other = self.peer(), self.peer()
        self.logins(strict)
        self.gateway("strict", strict, "encryption=none", "user=us", password="wrong")
        self.send("bob@far.example")
        one = self.wait_for_attempts("bob@far.example", 1)
        self.assertIn("not you", one["recipients"][0]["last_reply"])
        self.assertEqual(self.inbox(), [])
        self.gateway("other", other)
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(other.messages), 1)

    def test_mail_waits_where_the_gateway_cannot_prove_its_name(self):
        peer = self.secure_peer("stranger", "stranger_key")
        self.gateway("one", peer, "encryption=starttls")
        self.send("bob@far.example")
        one = self.wait_for_attempts("bob@far.example", 1)
        self.assertFalse(any(line.startswith("MAIL") for line in peer.lines))
        self.server.ctl("gateway", "set", "one", "verify_certificate=false")
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.messages), 1)
        self.assertTrue(peer.messages[0].tls)

    def test_mail_waits_where_the_gateway_has_no_tls_and_must_have_it(self):
        peer = self.peer()
        for encryption in ("starttls", "ssl"):
            with self.subTest(encryption):
                self.gateway(encryption, peer, f"encryption={encryption}")
                self.send("bob@far.example")
                one = self.wait_for_attempts("bob@far.example", 1)
                self.server.ctl("gateway", "delete", encryption)
                server.wait_until("the order to delete", lambda one=one: self.gone_after_delete(one["id"]))
        self.assertFalse(any(line.startswith("MAIL") for line in peer.lines))


class NamedGatewayTest(sending.SendingTest):
    """Gateways by host name, and domains that the DNS knows nothing of: nobody asks it about them."""

    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        zone = name_server.Zone("net", "gw A 127.0.0.2\ngw A 127.0.0.1\nempty TXT nothing\n", "unsigned")
        cls.dns = name_server.NameServer([zone])
        cls.addClassCleanup(cls.dns.close)
        cls.first_start = {
            "smtp_out": sending.QUICK,
            "resolver": cls.dns.resolver_settings(),
        }
        cls.node = {"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})}
        super().setUpClass()

    def setUp(self):
        self.addCleanup(self.empty_queue)
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)

    def gateway(self, address):
        self.server.ctl("gateway", "add", "outgoing", "named", f"address={address}", f"port={self.peer.port}")
        self.addCleanup(self.server.try_ctl, "gateway", "delete", "named")

    def test_all_addresses_of_the_name_are_tried(self):
        self.gateway("gw.net")  # nobody listens on 127.0.0.2
        self.submit("bob@unknown.example")
        self.wait_for_empty_queue()
        self.assertEqual([one.recipients for one in self.peer.messages], [["bob@unknown.example"]])

    def test_mail_waits_for_a_gateway_without_address_longer_than_for_a_domain_that_is_not_there(self):
        self.during_test(spool__attempts_with_dns_errors="1")
        self.gateway("empty.net")
        self.submit("bob@unknown.example")
        one = self.wait_for_attempts("bob@unknown.example", 1)
        self.assertIn("the gateway named has no address", one["recipients"][0]["last_reply"])
        self.retry(one["id"])
        self.wait_for_attempts("bob@unknown.example", 2)
        self.assertEqual(self.inbox(), [])


if __name__ == "__main__":
    server.main()
