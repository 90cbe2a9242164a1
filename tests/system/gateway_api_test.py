#!/usr/bin/env python3
"""What other servers ask this one by HTTP: which domains and users are valid, and how much waits in the spool."""

import base64
import http.client
import json
import pathlib
import socket
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

USER, SECRET = "gate", "a long secret"
BASE = "/api/v1/gateway/"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class GatewayApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        plain, secure = server.free_ports(2)
        common = {"service": "http", "address": "127.0.0.1", "proxy_protocol_from": ["127.0.0.0/8"]}
        cls.ports = {"plain": plain, "secure": secure}
        cls.server = server.Server(
            # Mail for elsewhere waits as long as a test wants it to.
            node={"outbound": json.dumps({**server.OUTBOUND, "deliver": "none"})},
            more_listeners=(
                {"name": "plainproxied", "port": plain, "tls": "none", **common},
                {"name": "secureproxied", "port": secure, "tls": "implicit", **common},
            ),
        )
        cls.addClassCleanup(cls.server.close)
        cls.server.ctl("alias", "add", "team@example.test", "alice@example.test", "bob@example.test")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the daemon ended with {code}:\n{cls.server.log_tail()}")

    def setUp(self):
        self.allow()

    def allow(self):
        self.server.ctl("gateway-credential", "set", USER, "--password-stdin", text=SECRET + "\n")

    def ask(self, path, parameters=None, authorization=basic(USER, SECRET), method="GET", line=None):
        """Status, headers and JSON of an answer; `line` is a connection other than one from this machine."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["http"], timeout=60)
        if line:
            connection.sock = line
        query = "?" + urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote) if parameters else ""
        fields = {"Authorization": authorization} if authorization else {}
        connection.request(method, BASE + path + query, headers=fields)
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        is_json = (reply.getheader("Content-Type") or "").startswith("application/json")
        return reply.status, dict(reply.getheaders()), json.loads(body) if is_json else body

    def answer(self, path, parameters=None):
        status, _, found = self.ask(path, parameters)
        self.assertEqual(status, 200, found)
        return found

    def proxied(self, kind, address="192.0.2.7"):
        line = socket.create_connection(("127.0.0.1", self.ports[kind]), timeout=60)
        line.sendall(f"PROXY TCP4 {address} 127.0.0.1 4711 80\r\n".encode())
        if kind == "secure":
            line = self.server.tls().wrap_socket(line, server_hostname=server.HOST_NAME)
        return line

    def test_says_which_domains_are_valid(self):
        self.assertEqual(self.answer("domains", {"domain": "example.test"}), {"valid": True})
        self.assertEqual(self.answer("domains", {"domain": "EXAMPLE.test"}), {"valid": True})
        self.assertEqual(self.answer("domains", {"domain": "elsewhere.test"}), {"valid": False})
        self.server.ctl("domain", "set", "example.test", "disabled=true")
        self.addCleanup(self.server.ctl, "domain", "set", "example.test", "disabled=false")
        self.assertEqual(self.answer("domains", {"domain": "example.test"}), {"valid": False})

    def is_user(self, address, domain="example.test"):
        return self.answer("users", {"domain": domain, "address": address})["valid"]

    def test_says_which_addresses_are_valid(self):
        for valid in ("alice@example.test", "Alice@Example.TEST", "alice", "alice+lists@example.test", "team@example.test"):
            self.assertTrue(self.is_user(valid), valid)
        for invalid in ("nobody@example.test", "alice@elsewhere.test", "alice@", "@example.test", "a b c"):
            self.assertFalse(self.is_user(invalid), invalid)
        self.assertFalse(self.is_user("alice@example.test", "elsewhere.test"))

    def test_an_address_of_another_domain_is_none_of_this_one(self):
        self.server.ctl("domain", "add", "second.test")
        self.addCleanup(self.server.ctl, "domain", "delete", "second.test")
        self.assertFalse(self.is_user("alice@example.test", "second.test"))

    def test_a_user_who_is_switched_off_is_not_valid(self):
        self.server.ctl("user", "set", "carol@example.test", "disabled=true")
        self.addCleanup(self.server.ctl, "user", "set", "carol@example.test", "disabled=false")
        self.assertFalse(self.is_user("carol@example.test"))
        self.assertNotIn("carol@example.test", self.answer("users", {"domain": "example.test"})["users"])

    def test_lists_users_and_aliases_page_by_page(self):
        everybody = ["alice@example.test", "bob@example.test", "carol@example.test", "team@example.test"]
        whole = self.answer("users", {"domain": "example.test"})
        self.assertEqual(whole, {"users": everybody, "next": ""})
        for limit in (1, 2, 3):
            found, token = [], ""
            for _ in range(10):
                page = self.answer("users", {"domain": "example.test", "limit": limit, "next": token})
                self.assertLessEqual(len(page["users"]), limit)
                found += page["users"]
                token = page["next"]
                if not token:
                    break
            self.assertEqual(found, everybody)

    def wait_for_count(self, messages):
        """An answer may be a little older than the question."""
        server.wait_until(f"a count of {messages}", lambda: self.answer("spool-count")["messages"] == messages)

    def test_counts_what_waits_for_other_servers_too(self):
        before = self.answer("spool-count")["messages"]
        for number in range(3):
            with self.server.submission("alice") as smtp:
                smtp.sendmail("alice@example.test", ["friend@elsewhere.test"], f"Subject: {number}\r\n\r\nhi\r\n")
        self.wait_for_count(before + 3)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["http"], timeout=60)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        self.assertIn(f"stagepost_spool_messages {before + 3}\n", text)
        for one in self.server.ctl_json("queue", "list")["messages"]:
            server.wait_until(
                "the deletion", lambda one=one: self.server.try_ctl("queue", "delete", one["id"]).returncode == 0
            )
        self.wait_for_count(0)

    def test_whoever_has_not_proven_who_he_is_learns_nothing(self):
        questions = [
            ("domains", {"domain": "example.test"}),
            ("domains", {"domain": "elsewhere.test"}),
            ("users", {"domain": "example.test", "address": "alice@example.test"}),
            ("users", {"domain": "example.test", "address": "nobody@example.test"}),
            ("users", {"domain": "elsewhere.test"}),
            ("users", None),
            ("spool-count", None),
        ]
        wrong = (None, basic(USER, "guess"), basic("alice@example.test", server.PASSWORD), "Bearer x", "Basic x")
        for authorization in wrong:
            seen = set()
            for path, parameters in questions:
                status, headers, found = self.ask(path, parameters, authorization)
                self.assertEqual(status, 401)
                self.assertIn("Basic", headers["WWW-Authenticate"])
                seen.add(json.dumps(found))
            self.assertEqual(len(seen), 1, seen)

    def test_without_a_credential_there_is_nothing(self):
        self.server.ctl("gateway-credential", "delete")
        self.assertIn("nobody", self.server.ctl("gateway-credential", "show"))
        for authorization in (None, basic(USER, SECRET)):
            self.assertEqual(self.ask("spool-count", authorization=authorization)[0], 404)
        self.allow()
        self.assertEqual(self.server.ctl_json("gateway-credential", "show")["user"], USER)
        self.assertEqual(self.ask("spool-count")[0], 200)

    def test_an_address_that_guesses_is_not_listened_to(self):
        self.server.set(passwords__max_failed_logins_per_address=2)
        self.addCleanup(self.server.set, passwords__max_failed_logins_per_address=20)
        for _ in range(2):
            line = self.proxied("secure", "192.0.2.99")
            self.assertEqual(self.ask("spool-count", authorization=basic(USER, "guess"), line=line)[0], 401)
        line = self.proxied("secure", "192.0.2.99")
        self.assertEqual(self.ask("spool-count", line=line)[0], 429)
        self.assertEqual(self.ask("spool-count", line=self.proxied("secure", "198.51.100.9"))[0], 200)

    def test_secrets_do_not_travel_in_the_clear(self):
        self.assertEqual(self.ask("spool-count", line=self.proxied("plain"))[0], 403)
        self.assertEqual(self.ask("spool-count", line=self.proxied("secure"))[0], 200)
        self.assertEqual(self.ask("spool-count", line=self.proxied("plain", "127.0.0.9"))[0], 200)

    def test_nothing_can_be_changed_and_nothing_else_is_there(self):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            self.assertEqual(self.ask("domains", {"domain": "example.test"}, method=method)[0], 405)
        self.assertEqual(self.ask("passwords")[0], 404)

    def test_a_question_that_names_nothing_is_refused(self):
        for path, parameters in (
            ("domains", None),
            ("users", None),
            ("users", {"domain": "example.test", "limit": 0}),
            ("users", {"domain": "example.test", "limit": 1001}),
            ("users", {"domain": "example.test", "limit": "x"}),
        ):
            self.assertEqual(self.ask(path, parameters)[0], 400, (path, parameters))
        self.assertEqual(self.ask("users", {"domain": "elsewhere.test"})[0], 404)

    def test_the_credential_survives_a_restart(self):
        self.assertEqual(self.server.restart(), 0)
        self.assertEqual(self.ask("spool-count")[0], 200)
        self.assertEqual(self.ask("spool-count", authorization=basic(USER, "guess"))[0], 401)


if __name__ == "__main__":
    server.main()
