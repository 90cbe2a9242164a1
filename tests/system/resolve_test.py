"""stagepostctl resolve and route: what the server's resolver finds, against a real DNS with signed zones."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import name_server  # noqa: E402
import server  # noqa: E402


class ResolveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        missing = name_server.missing_tools()
        if missing:
            raise unittest.SkipTest("not installed: " + " ".join(missing))
        cls.dns = name_server.NameServer()
        cls.addClassCleanup(cls.dns.close)
        cls.server = server.Server(
            first_start={
                "resolver": cls.dns.resolver_settings(),
            },
            users=("alice",),
            node={"outbound": json.dumps({**server.OUTBOUND, "deliver": "all"})},
        )
        cls.addClassCleanup(cls.server.close)

    def resolve(self, *arguments):
        done = self.server.try_ctl("--json", "resolve", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_answers_come_with_their_proof_and_are_kept(self):
        first = self.resolve("example", "MX")
        self.assertEqual((first["outcome"], first["validation"]), ("found", "secure"), first)
        self.assertEqual(sorted(first["records"]), ["10 mail.example", "20 backup.example"])
        self.assertFalse(first["from_cache"])
        self.assertTrue(self.resolve("EXAMPLE.", "mx")["from_cache"])

    def test_people_read_it_in_a_few_lines(self):
        text = self.server.try_ctl("resolve", "one.example").stdout.splitlines()
        self.assertRegex(text[0], r"^A one\.example: found, secure, for \d+ s")
        self.assertEqual(text[1:], ["  is three.example", "  127.0.0.3"])
        bogus = self.server.try_ctl("resolve", "host.expired").stdout
        self.assertRegex(bogus, r"^A host\.expired: failed, bogus: DNSSEC does not prove")

    def test_an_address_is_looked_up_by_its_reverse_name(self):
        answer = self.resolve("10.0.0.1", "PTR")
        self.assertEqual((answer["name"], answer["records"]), ("1.0.0.10.in-addr.arpa", ["mail.example"]))

    def test_other_types_are_refused(self):
        done = self.server.try_ctl("resolve", "example", "ANY")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not of \"ANY\"", done.stderr)

    def route(self, address):
        return self.server.ctl("route", address).splitlines()

    def test_a_route_is_explained_without_sending(self):
        self.assertRegex(self.route("alice@example.test")[0], r"^alice@example\.test goes into the mailbox alice@")
        self.assertIn("folder lists of the mailbox", self.route("alice+lists@example.test")[0])
        self.assertRegex(self.route("nobody@example.test")[0], "is refused: the domain is ours and has no such user")
        elsewhere = self.route("bob@Sub.Example")
        self.assertEqual(elsewhere[:2], ["bob@Sub.Example goes to the mail hosts of Sub.Example", "  2 MX of sub.example, secure"])
        self.assertRegex(elsewhere[2], r"^  10 mail\.example: ::1, 127\.0\.0\.1; TLS dane \(1 TLSA record of _25")
        self.assertRegex(elsewhere[3], r"^  20 backup\.example: 127\.0\.0\.2; TLS opportunistic")
        self.assertRegex(self.route("bob@silent.example")[1], r"never: 5\.1\.10 .*null MX")
        self.assertRegex(self.route("bob@host.failing")[-1], r"not now: 4\.4\.3 ")

    def test_the_route_of_an_alias_is_that_of_all_it_stands_for(self):
        self.server.ctl("alias", "add", "all@example.test", "alice@example.test", "bob@host.plain", "carol@host.plain")
        lines = self.route("all@example.test")
        self.assertEqual(lines[0], "all@example.test is an alias")
        self.assertTrue(lines[1].startswith("alice@example.test goes into the mailbox"), lines)
        self.assertIn("bob@host.plain goes to the mail hosts of host.plain", lines)
        self.assertIn("  0 host.plain: 127.0.0.4; TLS opportunistic", lines)
        self.assertIn("carol@host.plain goes the same way as others of host.plain", lines)

    def test_a_dns_that_went_away_and_came_back_is_used_again(self):
        self.dns.stop()
        self.addCleanup(lambda: self.dns.process.poll() is None or self.dns.start())
        gone = self.resolve("backup.example", "A")
        self.assertEqual(gone["outcome"], "failed")
        self.assertNotEqual(gone["problem"], "")
        self.dns.start()
        back = server.wait_until(
            "an answer", lambda: (found := self.resolve("backup.example", "A"))["outcome"] == "found" and found, 120
        )
        self.assertEqual((back["records"], back["validation"]), (["127.0.0.2"], "secure"))


if __name__ == "__main__":
    server.main()
