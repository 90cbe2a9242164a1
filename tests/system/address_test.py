#!/usr/bin/env python3
"""Which mailbox an address leads to."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

SENDER = "a@elsewhere.example"


class AddressTest(server.ServerTest):
    def setUp(self):
        # Words that tell this test's message from the others'.
        self.words = self.id().rpartition(".")[2]

    def answer_to(self, recipient, smtp_utf8=False):
        """The reply to RCPT; `recipient` as it stands between the angle brackets."""
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.docmd(f"MAIL FROM:<{SENDER}>" + (" SMTPUTF8" if smtp_utf8 else ""))[0], 250)
            smtp.send(f"RCPT TO:<{recipient}>\r\n".encode())
            return smtp.getreply()

    def send(self, *recipients, smtp_utf8=False):
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.docmd(f"MAIL FROM:<{SENDER}>" + (" SMTPUTF8" if smtp_utf8 else ""))[0], 250)
            for one in recipients:
                smtp.send(f"RCPT TO:<{one}>\r\n".encode())
                self.assertEqual(smtp.getreply()[0], 250, one)
            self.assertEqual(smtp.data(f"Subject: {self.words}\r\n\r\nx\r\n")[0], 250)

    def received(self, user, folder="INBOX"):
        """How many of this test's messages a folder has."""
        return sum(self.words.encode() in one for one in self.server.messages(user, folder))

    def wait_for(self, **users):
        """Waits until each has the message as often as expected, and until nothing is on its way any more."""
        self.server.wait_for_local_deliveries()
        for user, count in users.items():
            self.assertEqual(self.received(user), count, user)

    def add_alias(self, local_part, *targets):
        self.server.ctl("alias", "add", f"{local_part}@example.test", *targets)
        self.addCleanup(self.server.ctl, "alias", "delete", f"{local_part}@example.test")

    # -- users -----------------------------------------------------------------------------------------------------

    def test_an_unknown_user_is_refused(self):
        code, text = self.answer_to("nobody@example.test")
        self.assertEqual((code, text[:5]), (550, b"5.1.1"))

    def test_case_and_quotes_do_not_matter(self):
        self.send("ALICE@Example.TEST", '"bob"@example.test', "Carol@EXAMPLE.test")
        self.wait_for(alice=1, bob=1, carol=1)

    def test_a_recipient_named_twice_gets_it_once(self):
        self.send("alice@example.test", "Alice@example.test", '"alice"@EXAMPLE.test')
        self.wait_for(alice=1)

    def test_what_follows_the_separator_is_ignored(self):
        self.send("alice+lists@example.test")
        self.wait_for(alice=1)

    def test_the_suffix_names_a_folder_if_there_is_one(self):
        with self.server.imap("bob") as imap:
            imap.create("invoices")
        self.send("bob+invoices@example.test")
        self.server.wait_for_local_deliveries()
        self.assertEqual((self.received("bob"), self.received("bob", "invoices")), (0, 1))

    def test_the_separator_is_a_setting(self):
        self.during_test(smtp_in__plus_separator="-")
        self.assertEqual(self.answer_to("alice-lists@example.test")[0], 250)
        self.assertEqual(self.answer_to("alice+lists@example.test")[0], 550)
        self.during_test(smtp_in__plus_separator="")
        self.assertEqual(self.answer_to("alice-lists@example.test")[0], 550)

    def test_a_user_may_do_without_plus_addressing(self):
        self.user_during_test("carol", plus_addressing="false")
        self.assertEqual(self.answer_to("carol+lists@example.test")[0], 550)
        self.assertEqual(self.answer_to("carol@example.test")[0], 250)

    # -- aliases -----------------------------------------------------------------------------------------------------

    def test_an_alias_reaches_all_its_targets_once(self):
        self.add_alias("team", "alice@example.test", "bob@example.test", "ALICE@example.test")
        self.send("team@example.test", "bob@example.test")
        self.wait_for(alice=1, bob=1, carol=0)

    def test_aliases_may_be_nested(self):
        self.add_alias("inner", "bob@example.test", "carol@example.test")
        self.add_alias("outer", "inner@example.test", "alice@example.test")
        self.send("outer@example.test")
        self.wait_for(alice=1, bob=1, carol=1)

    def test_aliases_in_a_circle_do_no_harm(self):
        self.add_alias("chicken", "egg@example.test", "alice@example.test")
        self.add_alias("egg", "chicken@example.test", "bob@example.test")
        self.send("chicken@example.test")
        self.wait_for(alice=1, bob=1)

    def test_an_alias_takes_a_suffix_too(self):
        self.add_alias("shop", "carol@example.test")
        self.send("shop+order@example.test")
        self.wait_for(carol=1)

    def test_an_alias_may_lead_out_of_the_house(self):
        self.add_alias("abroad", "someone@far.example", "alice@example.test")
        self.send("abroad@example.test")
        self.wait_for(alice=1)
        waiting = self.server.ctl_json("queue", "list")["messages"]
        self.assertIn("someone@far.example", [to["address"] for one in waiting for to in one["recipients"]])

    def test_a_deleted_alias_is_unknown(self):
        self.server.ctl("alias", "add", "short@example.test", "alice@example.test")
        self.assertEqual(self.answer_to("short@example.test")[0], 250)
        self.server.ctl("alias", "delete", "short@example.test")
        self.assertEqual(self.answer_to("short@example.test")[0], 550)

    # -- domains -----------------------------------------------------------------------------------------------------

    def test_another_name_of_the_domain_leads_to_the_same_users(self):
        self.server.ctl("domain", "set", "example.test", "--add-name", "example.net")
        self.send("alice@example.net", "alice@example.test")
        self.wait_for(alice=1)
        self.assertEqual(self.answer_to("nobody@example.net")[0], 550)

    def test_an_internationalised_domain_has_one_form(self):
        self.server.ctl("domain", "add", "bücher.example")
        self.server.add_user("doris@bücher.example")
        for spelling in ("doris@xn--bcher-kva.example", "doris@XN--BCHER-KVA.example"):
            self.assertEqual(self.answer_to(spelling)[0], 250, spelling)
        for spelling in ("doris@bücher.example", "doris@BÜCHER.example"):
            self.assertEqual(self.answer_to(spelling, smtp_utf8=True)[0], 250, spelling)

    def test_an_internationalised_local_part_is_found_in_all_its_forms(self):
        self.server.add_user("jürgen@example.test")
        composed, decomposed = "J\u00fcrgen@example.test", "ju\u0308rgen@example.test"
        self.send(composed, smtp_utf8=True)
        self.send(decomposed, smtp_utf8=True)
        self.wait_for(jürgen=2)
        code = self.answer_to(composed)[0]
        self.assertEqual(code // 100, 5, "without SMTPUTF8 it is no address")

    def test_a_catch_all_gets_what_is_for_nobody(self):
        self.domain_during_test(catch_all="true", catch_all_target="carol@example.test")
        self.send("whoever@example.test", "alice@example.test")
        self.wait_for(carol=1, alice=1)
        self.server.ctl("domain", "set", "example.test", "catch_all=false")
        self.assertEqual(self.answer_to("whoever@example.test")[0], 550)

    def test_postmaster_and_abuse_always_arrive(self):
        for name in ("postmaster", "abuse", "PostMaster"):
            self.assertEqual(self.answer_to(f"{name}@example.test")[0], 250, name)
        self.send("postmaster@example.test")
        self.wait_for(alice=1)  # the first user, as nobody administers the domain

    def test_the_bare_postmaster_arrives(self):
        self.send("postmaster")
        self.wait_for(alice=1)

    def test_postmaster_can_be_an_alias(self):
        self.add_alias("postmaster", "bob@example.test")
        self.send("postmaster@example.test")
        self.wait_for(alice=0, bob=1)

    def test_malformed_addresses_are_refused(self):
        for bad in ("alice", "@example.test", "alice@", "alice@@example.test", "a b@example.test", "alice@-.test"):
            self.assertEqual(self.answer_to(bad)[0] // 100, 5, bad)


if __name__ == "__main__":
    server.main()
