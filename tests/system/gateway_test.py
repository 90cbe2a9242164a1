#!/usr/bin/env python3
"""stagepostctl gateway: the servers that mail leaves through and comes in for, as the administrator keeps them."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class GatewayTest(server.ServerTest):
    def gateways(self, *name):
        answer = self.server.ctl_json("gateway", "show" if name else "list", *name)
        return {one["name"]: one for one in answer["gateways"]}

    def add(self, *arguments, text=None):
        self.server.ctl("gateway", "add", *arguments, text=text)
        self.addCleanup(self.server.try_ctl, "gateway", "delete", arguments[1])

    def refused(self, *arguments, text=None):
        done = self.server.try_ctl("gateway", *arguments, text=text)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr

    def test_a_gateway_is_kept_as_it_was_made_and_outlives_a_restart(self):
        self.add("outgoing", "lists", "address=192.0.2.1", "port=587", "priority_from=1", "priority_to=1")
        self.add("incoming", "branch", "addresses=192.0.2.8-192.0.2.9", "domains=branch.example, other.example")
        self.server.restart()
        found = self.gateways()
        self.assertEqual([(one["kind"], name) for name, one in found.items()],
                         [("outgoing", "lists"), ("incoming", "branch")])  # fmt: skip
        settings = found["lists"]["settings"]
        self.assertEqual((settings["address"], settings["port"], settings["priority_to"]), ("192.0.2.1", "587", "1"))
        self.assertEqual((settings["enabled"], settings["encryption"]), ("true", "opportunistic"))
        self.assertEqual(found["branch"]["settings"]["domains"], "branch.example, other.example")
        text = self.server.ctl("gateway", "list")
        self.assertRegex(text, r"lists +outgoing on +192\.0\.2\.1:587 +priorities 1 to 1")
        self.assertRegex(text, r"branch +incoming on +backup_mx")
        self.assertRegex(self.server.ctl("gateway", "show", "LISTS"), r"verify_certificate +true")

    def test_passwords_are_kept_and_never_shown(self):
        self.add("outgoing", "one", "address=192.0.2.1", "user=us", "--password-stdin", text="first-secret\n")
        self.assertEqual((self.gateways("one")["one"]["has_password"], self.gateways("one")["one"]["has_server_password"]),
                         (True, False))  # fmt: skip
        self.server.ctl("gateway", "set", "one", "--password-stdin", "--server-password-stdin",
                        text="second-secret\nthird-secret\n")  # fmt: skip
        self.assertTrue(self.gateways("one")["one"]["has_server_password"])
        for shown in (self.server.ctl("gateway", "show", "one"), json.dumps(self.gateways()), self.server.log_tail()):
            self.assertNotIn("-secret", shown)
        for file in (self.server.folder / "store" / "system").iterdir():
            if file.is_file():
                self.assertNotIn(b"-secret", file.read_bytes(), file)
        self.server.ctl("gateway", "set", "one", "--password-stdin", text="\n")
        self.assertFalse(self.gateways("one")["one"]["has_password"])

    def test_what_cannot_be_is_refused_and_nothing_changes(self):
        self.assertIn("needs an address", self.refused("add", "outgoing", "empty"))
        self.assertIn("needs an address", self.refused("add", "incoming", "empty"))
        self.add("outgoing", "one", "address=192.0.2.1")
        self.assertIn("there already", self.refused("add", "outgoing", "ONE", "address=192.0.2.1"))
        self.assertIn("priority_from", self.refused("set", "one", "priority_from=7", "priority_to=3"))
        self.assertIn("encryption", self.refused("set", "one", "encryption=rot13"))
        self.assertIn("web address", self.refused("set", "one", "peer_mode=true"))
        self.assertIn("There is no gateway", self.refused("show", "two"))
        self.assertIn("There is no gateway", self.refused("set", "two", "port=26"))
        self.assertIn("There is no gateway", self.refused("delete", "two"))
        self.assertEqual(self.gateways("one")["one"]["settings"]["priority_to"], "10")
        self.server.ctl("gateway", "delete", "one")
        self.assertEqual(self.gateways(), {})


if __name__ == "__main__":
    server.main()
