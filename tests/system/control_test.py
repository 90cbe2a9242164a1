#!/usr/bin/env python3
"""stagepostctl: every verb, as text and as JSON, and its exit codes."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

DONE, REFUSED, USAGE, NOT_REACHED = 0, 1, 2, 3


class ControlTest(server.ServerTest):
    def refused(self, *arguments, text=None):
        """The sentence a request is refused with."""
        done = self.server.try_ctl(*arguments, text=text)
        self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        as_json = self.server.try_ctl("--json", *arguments, text=text)
        self.assertEqual(as_json.returncode, REFUSED)
        answer = json.loads(as_json.stdout)
        self.assertIs(answer["done"], False)
        self.assertEqual(answer["sentence"], done.stderr.strip())
        return answer["sentence"]

    def test_status(self):
        answer = self.server.ctl_json("status")
        self.assertEqual(answer["node"], "test")
        self.assertEqual(len(answer["listeners"]), len(server.LISTENERS))
        self.assertTrue(all(one["writing"] for one in answer["shards"]))
        self.assertIn("up", self.server.ctl("status"))

    def test_domains(self):
        self.server.ctl("domain", "add", "Second.Example")
        self.assertIn("second.example", self.refused("domain", "add", "second.example"))
        self.assertIn("is not a domain name", self.refused("domain", "add", "not a name"))
        names = [one["name"] for one in self.server.ctl_json("domain", "list")["domains"]]
        self.assertEqual(names, [server.DOMAIN, "second.example"])
        self.assertIn("second.example", self.server.ctl("domain", "list").splitlines()[1])
        self.server.ctl("domain", "set", "second.example", "max_users=1", "--add-name", "alias.example")
        shown = self.server.ctl_json("domain", "show", "SECOND.example")["domains"]
        self.assertEqual(len(shown), 1)
        self.assertEqual((shown[0]["aliases"], shown[0]["settings"]), (["alias.example"], {"max_users": "1"}))
        self.assertIn("alias.example", self.refused("domain", "add", "alias.example"))
        self.assertIn("nonsense", self.refused("domain", "set", "second.example", "nonsense=1"))
        self.assertIn("max_users", self.refused("domain", "set", "second.example", "max_users=many"))
        self.server.add_user("one@second.example")
        self.assertIn("still has users", self.refused("domain", "delete", "second.example"))
        sentence = self.refused("user", "add", "two@second.example", "--password-stdin", text="x\n")
        self.assertIn("may have 1 users", sentence)
        self.server.ctl("user", "delete", "one@second.example")
        self.server.ctl("domain", "delete", "second.example")
        self.assertIn("There is no domain", self.refused("domain", "show", "second.example"))
        self.assertIn("There is no domain", self.refused("domain", "delete", "second.example"))

    def test_an_internationalised_domain_is_shown_by_both_its_names(self):
        self.server.ctl("domain", "add", "straße.example")
        for name in ("straße.example", "xn--strae-oqa.example"):
            self.assertEqual(len(self.server.ctl_json("domain", "show", name)["domains"]), 1, name)
        self.server.ctl("domain", "delete", "straße.example")

    def test_users(self):
        self.server.add_user("Dora@example.test", "--role", "domain_admin")
        shown = self.server.ctl_json("user", "show", "DORA@Example.test")["users"]
        self.assertEqual([(one["address"], one["role"]) for one in shown], [("dora@example.test", "domain_admin")])
        listed = [one["address"] for one in self.server.ctl_json("user", "list", server.DOMAIN)["users"]]
        self.assertEqual(listed, [server.address(name) for name in ("alice", "bob", "carol", "dora")])
        self.assertIn("dora@example.test", self.server.ctl("user", "list", server.DOMAIN))
        self.server.ctl("user", "set", "dora@example.test", "quota_mb=5", "allow_pop3=false")
        settings = self.server.ctl_json("user", "show", "dora@example.test")["users"][0]["settings"]
        self.assertEqual(settings, {"quota_mb": "5", "allow_pop3": "false"})
        self.assertIn("quota_mb", self.refused("user", "set", "dora@example.test", "quota_mb=lots"))
        self.server.ctl("user", "passwd", "dora@example.test", "--password-stdin", text="new\n")
        self.assertIn("there already", self.refused("user", "add", "dora@example.test", "--password-stdin", text="x\n"))
        self.assertIn("password", self.refused("user", "passwd", "dora@example.test", "--password-stdin", text="\n"))
        self.server.ctl("user", "delete", "dora@example.test")
        for verb in ("show", "delete"):
            self.assertIn("There is no user", self.refused("user", verb, "dora@example.test"))
        self.assertIn("There is no domain", self.refused("user", "list", "nowhere.example"))
        self.assertIn("is not an address", self.refused("user", "add", "@x", "--password-stdin", text="x\n"))

    def test_an_internationalised_user_is_shown(self):
        self.server.add_user("Åsa@example.test")
        shown = self.server.ctl_json("user", "show", "ÅSA@example.test")["users"]
        self.assertEqual([one["address"] for one in shown], ["åsa@example.test"])
        self.server.ctl("user", "delete", "åsa@example.test")

    def test_administrators(self):
        self.server.ctl("admin", "add", "root", "--password-stdin", text="secret\n")
        self.assertIn("there already", self.refused("admin", "add", "root", "--password-stdin", text="x\n"))
        self.assertIn("no @", self.refused("admin", "add", "root@example.test", "--password-stdin", text="x\n"))
        self.assertEqual(self.server.ctl_json("user", "show", "root")["users"][0]["role"], "system_admin")

    def test_aliases(self):
        self.server.ctl("alias", "add", "Team@example.test", "alice@example.test", "far@elsewhere.example")
        listed = self.server.ctl_json("alias", "list", server.DOMAIN)["aliases"]
        expected = {"address": "team@example.test", "targets": ["alice@example.test", "far@elsewhere.example"]}
        self.assertEqual(listed, [expected])
        self.assertIn("team@example.test", self.server.ctl("alias", "list", server.DOMAIN))
        self.assertIn("is a user", self.refused("alias", "add", "bob@example.test", "alice@example.test"))
        self.assertIn("is an alias", self.refused("user", "add", "team@example.test", "--password-stdin", text="x\n"))
        self.assertIn("is not an address", self.refused("alias", "add", "a@example.test", "nonsense"))
        self.server.ctl("alias", "delete", "team@example.test")
        self.assertIn("There is no alias", self.refused("alias", "delete", "team@example.test"))

    def test_a_domain_has_so_many_other_names(self):
        self.server.ctl("domain", "add", "third.example")
        names = [f"name{number}.example" for number in range(3)]
        self.server.ctl("domain", "set", "third.example", "--add-name", names[0], "--add-name", names[1])
        sentence = self.refused("domain", "set", "third.example", "--add-name", names[2])
        self.assertIn("may have 2 domain aliases", sentence)
        self.server.ctl("domain", "delete", "third.example")

    def test_a_domain_loses_other_names(self):
        def names():
            return self.server.ctl_json("domain", "show", "fourth.example")["domains"][0]["aliases"]

        self.server.ctl("domain", "add", "fourth.example")
        self.server.add_user("one@fourth.example")
        self.server.ctl("domain", "set", "fourth.example", "--add-name", "old.example", "--add-name", "kept.example")
        with self.server.smtp() as smtp:
            smtp.mail("a@elsewhere.example")
            self.assertEqual(smtp.rcpt("one@old.example")[0], 250)
        answer = self.server.ctl_json("domain", "set", "fourth.example", "--drop-name", "OLD.example")
        self.assertIs(answer["done"], True)
        self.assertEqual(names(), ["kept.example"])
        with self.server.smtp() as smtp:
            smtp.mail("a@elsewhere.example")
            self.assertGreaterEqual(smtp.rcpt("one@old.example")[0], 500)
            self.assertEqual(smtp.rcpt("one@kept.example")[0], 250)
        for each in ("old.example", "fourth.example"):
            sentence = self.refused("domain", "set", "fourth.example", "--drop-name", each)
            self.assertIn(f"no other name {each}", sentence)
        # Room for another one, and the dropped one is free for others.
        self.server.ctl("domain", "set", "fourth.example", "--drop-name", "kept.example", "--add-name", "new.example")
        self.assertEqual(names(), ["new.example"])
        self.server.ctl("domain", "add", "old.example")
        self.server.ctl("domain", "delete", "old.example")
        self.server.ctl("user", "delete", "one@fourth.example")
        self.server.ctl("domain", "delete", "fourth.example")

    def test_a_role_that_there_is_not_is_refused(self):
        for role in ("system_admin", "emperor", "", 3, 99, None):
            with self.subTest(role), self.assertRaisesRegex(AssertionError, "role of a user"):
                request = {"verb": "user.add", "name": "eve@example.test", "password": "x", "role": role}
                self.server.ask_control(request)
        self.assertIn("There is no user", self.refused("user", "show", "eve@example.test"))

    def test_the_limits_of_mail_do_not_lock_the_administrator_out(self):
        self.during_test(smtp_in__max_connections=1)
        with self.server.smtp():
            with contextlib.ExitStack() as open_ones:
                for _ in range(5):
                    control = open_ones.enter_context(socket.socket(socket.AF_UNIX))
                    control.connect(str(self.server.folder / "control"))
                    control.sendall(b'{"verb": "status"}\n')
                    self.assertIn(b'"done":true', control.recv(65536))
                self.server.ctl("status")

    def test_the_control_socket_has_a_limit_of_its_own(self):
        def answers(control):
            control.settimeout(60)
            control.connect(str(self.server.folder / "control"))
            try:
                control.sendall(b'{"verb": "status"}\n')
                return control.recv(65536)
            except OSError:
                return b""

        with contextlib.ExitStack() as open_ones:
            taken = 0
            while answers(open_ones.enter_context(socket.socket(socket.AF_UNIX))):
                taken += 1
                self.assertLess(taken, 200)
            self.assertTrue(50 < taken <= 64, taken)
            with self.server.smtp() as smtp:
                self.assertEqual(smtp.noop()[0], 250)
        server.wait_until("room for the administrator", lambda: self.server.try_ctl("status").returncode == DONE)

    def test_limits_of_a_domain_are_kept_to(self):
        self.domain_during_test(max_user_aliases=1)
        self.server.ctl("alias", "add", "only@example.test", "alice@example.test")
        self.assertIn("may have 1 aliases", self.refused("alias", "add", "more@example.test", "bob@example.test"))
        self.server.ctl("alias", "add", "only@example.test", "bob@example.test")
        self.server.ctl("alias", "delete", "only@example.test")

    def test_a_list_is_whole_however_long_it_is(self):
        self.domain_during_test(max_user_aliases=5000)
        batch = [f"a{number:04}@example.test" for number in range(1005)]
        target = ["alice@example.test"]
        self.server.ask_control(*({"verb": "alias.add", "name": one, "targets": target} for one in batch))
        listed = [one["address"] for one in self.server.ctl_json("alias", "list", server.DOMAIN)["aliases"]]
        self.assertEqual(listed, batch)
        self.server.ask_control(*({"verb": "alias.delete", "name": one} for one in batch))

    def test_settings(self):
        listed = {one["name"]: one for one in self.server.ctl_json("settings", "list")["settings"]}
        self.assertEqual(listed["smtp_in.max_hop_count"]["default"], "20")
        self.during_test(smtp_in__max_hop_count=7)
        self.assertRegex(self.server.ctl("settings", "list"), r"smtp_in\.max_hop_count +7 +\(default 20\)")
        self.assertIn("max_hop_count", self.refused("settings", "set", "smtp_in.max_hop_count=0"))
        self.assertIn("nonsense", self.refused("settings", "set", "smtp_in.nonsense=0"))
        self.assertIn("max_hop_count", self.refused("settings", "set", "smtp_in.vrfy=true", "smtp_in.max_hop_count=x"))
        listed = {one["name"]: one for one in self.server.ctl_json("settings", "list")["settings"]}
        self.assertEqual(listed["smtp_in.vrfy"]["value"], "false", "all or nothing")

    # -- the spool and the trace -----------------------------------------------------------------------------------

    def send_far(self, words):
        """Mail that waits, as nobody delivers to other servers yet; its queue id."""
        with self.server.submission("alice") as smtp:
            smtp.mail("alice@example.test")
            smtp.rcpt("someone@far.example")
            code, text = smtp.data(f"From: alice@example.test\r\nMessage-ID: <{words}@x>\r\n\r\nx\r\n")
            self.assertEqual(code, 250)
            return text.decode().rpartition(" ")[2]

    def test_queue(self):
        first, second = self.send_far("queue-one"), self.send_far("queue-two")
        self.assertLess(first, second, "queue ids are in order")
        listed = [one["id"] for one in self.server.ctl_json("queue", "list")["messages"]]
        self.assertEqual([one for one in listed if one in (first, second)], [first, second])
        limited = self.server.ctl_json("queue", "list", "--from", second, "--limit", "1")["messages"]
        self.assertEqual([one["id"] for one in limited], [second])
        self.assertIn(first, self.server.ctl("queue", "list"))
        shown = self.server.ctl_json("queue", "show", first)["message"]
        self.assertEqual(shown["sender"], "alice@example.test")
        self.assertEqual([to["address"] for to in shown["recipients"]], ["someone@far.example"])
        self.server.ctl("queue", "delete", first)
        self.assertIn("no such message", self.refused("queue", "show", first))
        self.assertIn("no such message", self.refused("queue", "delete", first))
        self.assertIn("not a queue id", self.refused("queue", "show", "nonsense"))
        self.server.ctl("queue", "retry")
        self.server.ctl("queue", "delete", second)
        self.assertTrue(self.server.ctl_json("verify")["sound"])

    def test_trace(self):
        with self.server.submission("alice") as smtp:
            smtp.mail("alice@example.test")
            smtp.rcpt("bob@example.test")
            code, text = smtp.data("From: alice@example.test\r\nMessage-ID: <traced@x>\r\n\r\nx\r\n")
            self.assertEqual(code, 250)
        queue_id = text.decode().rpartition(" ")[2]
        self.server.wait_for_message("bob", b"<traced@x>")
        for asked_for in (queue_id, "<traced@x>"):
            traces = self.server.ctl_json("trace", asked_for)["traces"]
            self.assertEqual([one["id"] for one in traces], [queue_id])
        steps = traces[0]["steps"]
        accepted = dict(steps[0]["facts"])
        self.assertEqual(steps[0]["step"], "accepted")
        self.assertEqual(accepted["user"], "alice@example.test")
        self.assertEqual((accepted["from"], accepted["to"]), ("alice@example.test", "bob@example.test"))
        self.assertEqual(accepted["peer"], "127.0.0.1")
        self.assertTrue(accepted["tls"].startswith("TLSv1"))
        self.assertTrue(accepted["connection"])
        delivered = dict(steps[-1]["facts"])
        self.assertEqual(steps[-1]["step"], "delivered")
        self.assertTrue(int(delivered["uid"]) > 0)
        self.assertIn(queue_id, self.server.ctl("trace", queue_id))
        self.assertIn("no trace", self.refused("trace", "<never@seen>"))
        self.assertIn(queue_id, self.server.log.read_text())

    # -- exit codes ------------------------------------------------------------------------------------------------

    def test_wrong_usage_ends_with_2(self):
        for arguments in (
            (), ("nonsense",), ("domain",), ("domain", "add"), ("user", "add", "x@example.test"), ("--nonsense",),
            ("settings", "set", "smtp_in.vrfy"), ("queue", "list", "--limit", "0"),
        ):  # fmt: skip
            with self.subTest(arguments):
                done = self.server.try_ctl(*arguments)
                self.assertEqual(done.returncode, USAGE, done.stderr)
                self.assertTrue(done.stderr)

    def test_help_ends_with_0_and_tells_the_exit_codes(self):
        done = self.server.try_ctl("--help")
        self.assertEqual(done.returncode, DONE)
        self.assertIn("Exit codes", done.stdout)

    def test_a_server_that_is_not_there_ends_with_3(self):
        path = self.server.folder / "elsewhere.yaml"
        path.write_text(self.server.config.read_text().replace("/control", "/nobody-listens"))
        done = subprocess.run(
            [self.server.bin / "stagepostctl", "--config", path, "status"], capture_output=True, text=True, timeout=60
        )
        self.assertEqual(done.returncode, NOT_REACHED)
        self.assertIn("does not answer", done.stderr)


if __name__ == "__main__":
    server.main()
