#!/usr/bin/env python3
"""Folders that users share (RFC 4314, LIST-MYRIGHTS), and those of the domain: on one shard, and over three."""

import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from imap_client import ImapClient  # noqa: E402
from lines import Lines  # noqa: E402

MAIL = b"From: alice@example.test\r\nSubject: %s\r\n\r\n%s\r\n"


def mail(subject, text="text"):
    return MAIL % (subject.encode(), text.encode())


class Client(ImapClient):
    def ok(self, command, literal=None):
        lines = self.say(command, literal)
        assert lines[-1].startswith(b"OK"), (command, lines)
        return lines

    def no(self, command, literal=None):
        """The reply of a command that is refused."""
        lines = self.say(command, literal)
        assert lines[-1].startswith(b"NO "), (command, lines)
        return lines[-1]

    def append(self, folder, subject, text="text", flags=""):
        return self.ok(f'APPEND "{folder}" ({flags})', mail(subject, text))

    def names(self, pattern="*"):
        lines = self.ok(f'LIST "" "{pattern}"')
        found = [re.fullmatch(rb'\* LIST \(([^)]*)\) "/" "(.*)"', line) for line in lines[:-1]]
        return {one[2].decode() for one in found if rb"\Noselect" not in one[1]}

    def rights(self, folder):
        lines = self.ok(f'MYRIGHTS "{folder}"')
        return re.fullmatch(rb'\* MYRIGHTS "[^"]*" (.*)', lines[0])[1].decode()

    def subjects(self, folder):
        self.ok(f'EXAMINE "{folder}"')
        lines = self.ok("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])") if self.count(folder) else []
        return [line.partition(b": ")[2].decode() for line in lines if line.startswith(b"Subject: ")]

    def count(self, folder):
        lines = self.ok(f'STATUS "{folder}" (MESSAGES)')
        return int(re.search(rb"MESSAGES (\d+)", lines[0])[1])


class SharedFolders(server.ServerTest):
    node = {"shards": 1}

    def setUp(self):
        with self.client("alice") as alice:
            alice.ok("CREATE Work")
            alice.append("Work", "one", flags=r"\Seen")
            alice.append("Work", "two")

    def tearDown(self):
        for user in ("alice", "bob", "carol"):
            with self.client(user) as client:
                for name in sorted(client.names(), reverse=True):
                    if name.startswith("Work"):
                        client.ok(f'DELETE "{name}"')
        self.assertEqual(self.server.ctl_json("verify")["sound"], True)

    def client(self, user):
        return Client(self.server, user)

    def share(self, rights, who="bob", folder="Work", owner="alice"):
        with self.client(owner) as client:
            client.ok(f'SETACL "{folder}" {who if who == "anyone" else server.address(who)} "{rights}"')

    def test_what_is_shared_is_seen_and_read(self):
        self.share("lr")
        with self.client("bob") as bob, self.client("carol") as carol:
            self.assertEqual(bob.names("Other Users/*"), {"Other Users/alice/Work"})
            self.assertEqual(carol.names("Other Users/*"), set())
            lines = bob.ok('SELECT "Other Users/alice/Work"')
            self.assertIn(b"* 2 EXISTS", lines)
            self.assertIn(b"OK [READ-ONLY]", lines[-1])
            lines = bob.ok("FETCH 1:2 (FLAGS BODY[TEXT])")
            self.assertEqual(lines.count(b"text"), 2)
            self.assertTrue(lines[0].startswith(rb"* 1 FETCH (FLAGS (\Seen)"))
            self.assertEqual(bob.ok("SEARCH UNSEEN")[0], b"* SEARCH 2", "nothing was marked as read")
            self.assertEqual(bob.ok("SEARCH BODY text")[0], b"* SEARCH 1 2")
            self.assertIn(b"(MESSAGES 2 UNSEEN 1)", bob.ok('STATUS "Other Users/alice/Work" (MESSAGES UNSEEN)')[0])
            bob.no(r"STORE 1 +FLAGS (\Flagged)")
            bob.no("EXPUNGE")
            lines = bob.ok('LIST "" "Other Users/*" RETURN (MYRIGHTS SUBSCRIBED)')
            self.assertIn(b'* MYRIGHTS "Other Users/alice/Work" lr', lines)
            lines = bob.ok('ESEARCH IN (SUBTREE "Other Users") SUBJECT two')
            self.assertRegex(lines[0], rb'MAILBOX "Other Users/alice/Work" UIDVALIDITY \d+\) UID ALL 2')

    def test_every_right_lets_do_just_that(self):
        shared = "Other Users/alice/Work"
        with self.client("bob") as bob:
            bob.ok("CREATE Work")
            bob.append("Work", "mine", flags=r"\Seen \Deleted \Flagged")
            self.share("lrs")
            bob.ok(f'SELECT "{shared}"')
            self.assertIn(b"NOPERM", bob.no(r"STORE 2 +FLAGS (\Flagged $label)"))
            self.assertIn(rb"(FLAGS (\Seen))", bob.ok(r"STORE 2 FLAGS (\Seen \Deleted)")[0])
            bob.ok(r"STORE 2 -FLAGS (\Seen)")
            self.assertIn(b"NOPERM", bob.no(f'APPEND "{shared}"', mail("x")))
            bob.ok("SELECT Work")
            self.assertIn(b"NOPERM", bob.no(f'COPY 1 "{shared}"'))
            self.share("lri")
            code = bob.ok(f'COPY 1 "{shared}"')[-1]
            self.assertRegex(code, rb"OK \[COPYUID \d+ 1 3\]")
            self.share("lrits")
            bob.ok(f'COPY 1 "{shared}"')
            bob.append(shared, "fresh", flags=r"\Seen \Flagged")
            bob.ok(f'SELECT "{shared}"')
            lines = bob.ok("FETCH 3:5 FLAGS")[:-1]
            self.assertEqual(
                [re.search(rb"FLAGS \((.*)\)\)", line)[1] for line in lines],
                [b"", rb"\Deleted \Seen", rb"\Seen"],
                "flags he may not set are left out",
            )
            self.assertIn(b"NOPERM", bob.no("EXPUNGE"))
            self.assertIn(b"NOPERM", bob.no("MOVE 5 Work"))
            self.share("lrswite")
            bob.ok(f'SELECT "{shared}"')
            lines = bob.ok("MOVE 5 Work")
            self.assertTrue(any(re.match(rb"\* OK \[COPYUID \d+ 5 2\]", line) for line in lines), lines)
            self.assertIn(b"* 4 EXPUNGE", bob.ok("EXPUNGE"))
            self.assertIn(b"NOPERM", bob.no(f'CREATE "{shared}/below"'))
            self.assertIn(b"NOPERM", bob.no(f'DELETE "{shared}"'))
            self.assertIn(b"NOPERM", bob.no(f'RENAME "{shared}" "{shared}2"'))
            self.assertIn(b"NOPERM", bob.no(f'GETACL "{shared}"'))
            self.share("lrkx")
            bob.ok(f'CREATE "{shared}/below"')
            self.assertEqual(bob.rights(f"{shared}/below"), "lrkxc", "as what is above it")
            bob.ok(f'RENAME "{shared}/below" "{shared}/down"')
            bob.ok(f'DELETE "{shared}/down"')
            self.assertIn(b"CANNOT", bob.no(f'RENAME "{shared}" Stolen'))
            bob.ok("SELECT INBOX")
            self.share("la")
            bob.ok(f'SETACL "{shared}" {server.address("carol")} lr')
            self.assertIn(
                b'* ACL "Other Users/alice/Work" alice@example.test lrswipkxteacd '
                b"bob@example.test la carol@example.test lr",
                bob.ok(f'GETACL "{shared}"'),
            )
            self.assertIn(b"NOPERM", bob.no(f'SELECT "{shared}"'))
        self.assertEqual(self.server.messages("bob", "Work")[1], mail("fresh"))

    def test_who_may_not_look_learns_nothing(self):
        self.share("lrswipkxtea")
        with self.client("carol") as carol:
            carol.append("INBOX", "mine")
            carol.ok("SELECT INBOX")
            for command in (
                'SELECT "%s"', 'EXAMINE "%s"', 'STATUS "%s" (MESSAGES)', 'GETACL "%s"', 'MYRIGHTS "%s"',
                'SETACL "%s" carol@example.test lr', 'SETACL "%s" nobody@example.test lr',
                'DELETEACL "%s" bob@example.test', 'LISTRIGHTS "%s" bob@example.test', 'CREATE "%s"',
                'CREATE "%s/below"', 'DELETE "%s"', 'RENAME "%s" "%sx"', 'RENAME "%s" Mine', 'RENAME INBOX "%s"',
                'SUBSCRIBE "%s"', 'UNSUBSCRIBE "%s"', 'COPY 1 "%s"', 'MOVE 1 "%s"', 'GETMETADATA "%s" /shared/comment',
                'SETMETADATA "%s" (/shared/comment "x")', 'APPEND "%s" CATENATE (URL "/INBOX/;UID=1")',
                'APPEND Drafts CATENATE (URL "/%s/;UID=1")', 'GETQUOTAROOT "%s"', 'LIST "" "%s"', 'LSUB "" "%s"',
                'ESEARCH IN (MAILBOXES "%s") ALL',
            ):  # fmt: skip
                answers = []
                for name in ("Other Users/alice/Work", "Other Users/alice/None", "Other Users/nobody/Work"):
                    spoken = command.replace("%s", name)
                    if "URL" in command and "Drafts" in command:
                        spoken = spoken.replace("Other Users", "Other%20Users")
                    lines = carol.say(spoken)
                    for part in (name, name.replace(" ", "%20")):
                        lines = [line.replace(part.encode(), b"NAME") for line in lines]
                    answers.append(lines)
                    if command.startswith(("SELECT", "EXAMINE")):
                        carol.ok("SELECT INBOX")
                self.assertEqual(answers[0][-1], answers[1][-1], command)
                self.assertEqual(answers[0][-1], answers[2][-1], command)
            self.assertEqual(carol.no('APPEND "Other Users/alice/Work"', mail("x")),
                             carol.no('APPEND "Other Users/alice/None"', mail("x")))
        with self.client("alice") as alice:
            self.assertEqual(alice.count("Work"), 2)

    def test_news_reach_all_who_look(self):
        self.share("lrswite")
        with self.client("alice") as alice, self.client("bob") as bob:
            alice.ok("SELECT Work")
            bob.ok('SELECT "Other Users/alice/Work"')
            bob.append("Other Users/alice/Work", "three")
            self.assertIn(b"* 3 EXISTS", alice.ok("NOOP"))
            bob.ok(r"STORE 1 +FLAGS (\Answered)")
            self.assertIn(rb"* 1 FETCH (FLAGS (\Answered \Seen))", alice.ok("NOOP"))
            alice.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
            alice.ok("EXPUNGE")
            self.assertIn(b"* 1 EXPUNGE", bob.ok("NOOP"))
            bob.send(b"i IDLE\r\n")
            self.assertTrue(bob.line().startswith(b"+"))
            alice.append("Work", "four")
            self.assertEqual(bob.line(), b"* 3 EXISTS")
            bob.send(b"DONE\r\n")
            bob.tagged(b"i")

    def test_rights_taken_away_end_a_look(self):
        self.share("lrs")
        with self.client("alice") as alice, self.client("bob") as bob:
            bob.ok('SELECT "Other Users/alice/Work"')
            alice.ok("SETACL Work bob@example.test lr")
            self.assertIn(b"NOPERM", bob.no(r"STORE 2 +FLAGS (\Seen)"))
            bob.ok("FETCH 1 BODY[]")
            alice.ok("DELETEACL Work bob@example.test")
            self.assertTrue(bob.line().startswith(b"* BYE"))
            self.assertTrue(bob.is_closed())
        with self.client("bob") as bob:
            self.assertEqual(bob.names("Other Users/*"), set())
            self.assertIn(b"NONEXISTENT", bob.no('SELECT "Other Users/alice/Work"'))

    def test_anyone_means_the_domain_and_denials_win(self):
        self.server.ctl("domain", "add", "other.test")
        self.server.add_user("eve@other.test")
        self.share("lrs", "anyone")
        with self.client("alice") as alice:
            alice.ok("SETACL Work -bob@example.test s")
            alice.ok("SETACL Work -carol@example.test lr")
            self.assertIn(b"CANNOT", alice.no("SETACL Work eve@other.test lr"))
            self.assertIn(b"CANNOT", alice.no("SETACL Work alice@example.test lr"))
        with self.client("bob") as bob, self.client("carol") as carol:
            self.assertEqual(bob.rights("Other Users/alice/Work"), "lr")
            self.assertEqual(carol.names("Other Users/*"), set())
            self.assertIn(b"NONEXISTENT", carol.no('STATUS "Other Users/alice/Work" (UIDNEXT)'))
        with Lines(self.server.connect_tls("imaps")) as eve:
            eve.line()
            eve.ask_imap(b"a", b'LOGIN eve@other.test "%s"' % server.PASSWORD.encode())
            self.assertEqual(len(eve.ask_imap(b"b", b'LIST "" "Other Users/*"')), 1)
            self.assertIn(b"NONEXISTENT", eve.ask_imap(b"c", b'SELECT "Other Users/alice/Work"')[-1])
        self.server.ctl("user", "delete", "eve@other.test")
        self.server.ctl("domain", "delete", "other.test")

    def test_subscriptions_follow_the_folder(self):
        self.share("lr")
        with self.client("alice") as alice, self.client("bob") as bob:
            bob.ok('SUBSCRIBE "Other Users/alice/Work"')
            alice.ok("RENAME Work Work2")
            self.assertIn(b'"Other Users/alice/Work2"', bob.ok('LSUB "" "Other Users/*"')[0])
            self.assertEqual(len(alice.ok('LSUB "" "Work*"')), 1, "not hers")
            bob.ok('UNSUBSCRIBE "Other Users/alice/Work2"')
            self.assertEqual(len(bob.ok('LSUB "" "Other Users/*"')), 1)

    def test_the_quota_is_the_owners(self):
        self.share("lri")
        self.user_during_test("alice", quota_mb=1)
        with self.client("bob") as bob:
            big = mail("big", "x" * 700_000)
            bob.ok('APPEND "Other Users/alice/Work"', big)
            self.assertIn(b"OVERQUOTA", bob.no('APPEND "Other Users/alice/Work"', big))
            bob.append("INBOX", "big", "x" * 700_000)
            bob.ok("SELECT INBOX")
            self.assertIn(b"OVERQUOTA", bob.no('COPY * "Other Users/alice/Work"'))
            bob.ok(r"STORE * +FLAGS (\Deleted)")
            bob.ok("EXPUNGE")
        self.assertEqual(self.server.messages("alice", "Work")[2], big)

    def test_grants_outlive_a_kill_and_end_with_the_user(self):
        self.server.add_user(server.address("dora"))
        self.share("lr", "dora")
        self.server.restart(signal.SIGKILL)
        with self.client("dora") as dora:
            self.assertEqual(dora.subjects("Other Users/alice/Work"), ["one", "two"])
        self.server.ctl("user", "delete", server.address("dora"))

        def forgotten():
            with self.client("alice") as alice:
                return not any(b"dora" in line for line in alice.ok("GETACL Work"))

        server.wait_until("the grant to be taken away", forgotten)
        self.server.add_user(server.address("dora"))
        with self.client("dora") as dora:
            self.assertEqual(dora.names("Other Users/*"), set())
        self.server.ctl("user", "delete", server.address("dora"))

    def test_folders_go_with_their_owner(self):
        self.server.add_user(server.address("dora"))
        with self.client("dora") as dora:
            dora.ok("CREATE Work")
        self.share("lr", owner="dora")
        with self.client("bob") as bob:
            self.assertEqual(bob.names("Other Users/dora/*"), {"Other Users/dora/Work"})
            self.server.ctl("user", "delete", server.address("dora"))
            self.assertEqual(bob.names("Other Users/dora/*"), set())
            self.assertIn(b"NONEXISTENT", bob.no('SELECT "Other Users/dora/Work"'))

    def test_an_inbox_can_be_delegated(self):
        self.share("lrswite", folder="INBOX")
        with self.client("bob") as bob:
            self.assertEqual(bob.names("Other Users/*"), {"Other Users/alice/INBOX"})
            bob.append("Other Users/alice/inbox", "for alice")
            bob.ok('SELECT "Other Users/alice/INBOX"')
            bob.ok(r"STORE 1:* +FLAGS (\Deleted)")
            bob.ok("CLOSE")
        with self.client("alice") as alice:
            self.assertEqual(alice.count("INBOX"), 0)
            alice.ok("DELETEACL INBOX bob@example.test")

    def test_own_folders_of_such_names_stay_reachable(self):
        self.domain_during_test(shared_folders="false")
        with self.client("bob") as bob:
            self.assertNotIn(b"ACL", bob.ok("CAPABILITY")[0])
            self.assertEqual(bob.ok("NAMESPACE")[0], b'* NAMESPACE (("" "/")) NIL NIL')
            bob.ok('CREATE "Other Users/alice/Work"')
            bob.append("Other Users/alice/Work", "old")
        self.server.ctl("domain", "set", server.DOMAIN, "shared_folders=true")
        self.share("lr")
        with self.client("bob") as bob:
            self.assertEqual(bob.subjects("Other Users/alice/Work"), ["old"])
            bob.ok('RENAME "Other Users/alice/Work" "Work old"')
            self.assertEqual(bob.subjects("Other Users/alice/Work"), ["one", "two"])

    def test_public_folders_belong_to_the_domain(self):
        ctl = self.server.ctl
        ctl("folder", "add", server.DOMAIN, "News")
        ctl("folder", "add", server.DOMAIN, "News/2026", "--rights", "lrswi")
        self.assertEqual(self.server.try_ctl("folder", "add", server.DOMAIN, "News").returncode, 1)
        self.assertEqual(self.server.try_ctl("folder", "add", server.DOMAIN, "x", "--rights", "lz").returncode, 1)
        ctl("folder", "share", server.DOMAIN, "News", server.address("bob"), "lrswipkxtea")
        listed = self.server.ctl_json("folder", "list", server.DOMAIN)["folders"]
        self.assertEqual([one["folder"] for one in listed], ["News", "News/2026"])
        self.assertEqual(
            listed[0]["access"],
            [{"who": "anyone", "rights": "lr"}, {"who": server.address("bob"), "rights": "lrswipkxtea"}],
        )
        self.server.restart(signal.SIGKILL)
        with self.client("alice") as alice, self.client("bob") as bob:
            self.assertEqual(alice.names("Shared Folders/*"), {"Shared Folders/News", "Shared Folders/News/2026"})
            bob.append("Shared Folders/News", "to all")
            self.assertEqual(alice.subjects("Shared Folders/News"), ["to all"])
            self.assertIn(b"NOPERM", alice.no('APPEND "Shared Folders/News"', mail("x")))
            alice.append("Shared Folders/News/2026", "by all")
            bob.ok('CREATE "Shared Folders/News/2027"')
            self.assertIn(b"NOPERM", bob.no('CREATE "Shared Folders/Mine"'))
            self.assertIn(b"NOPERM", bob.no('CREATE "Shared Folders"'))
            lines = bob.ok('GETACL "Shared Folders/News"')
            self.assertEqual(lines[0], b'* ACL "Shared Folders/News" anyone lr bob@example.test lrswipkxteacd')
        with self.client("alice") as alice:
            alice.ok('SELECT "Shared Folders/News"')
            ctl("folder", "delete", server.DOMAIN, "News")
            self.assertTrue(alice.line().startswith(b"* BYE"))
        for name in ("News/2026", "News/2027"):
            ctl("folder", "delete", server.DOMAIN, name)
        with self.client("alice") as alice:
            self.assertEqual(alice.names("Shared Folders/*"), set())

    def test_a_domain_administrator_rules_the_public_folders(self):
        self.server.ctl("folder", "add", server.DOMAIN, "Hidden", "--rights", "")
        self.server.add_user(server.address("dora"), "--role", "domain_admin")
        with self.client("dora") as dora, self.client("bob") as bob:
            self.assertEqual(bob.names("Shared Folders/*"), set())
            self.assertEqual(dora.names("Shared Folders/*"), {"Shared Folders/Hidden"})
            dora.ok('CREATE "Shared Folders/Team"')
            dora.ok('SETACL "Shared Folders/Team" bob@example.test lri')
            bob.append("Shared Folders/Team", "hello")
            self.assertEqual(dora.subjects("Shared Folders/Team"), ["hello"])
            dora.ok('DELETE "Shared Folders/Team"')
            dora.ok('DELETE "Shared Folders/Hidden"')
        self.server.ctl("user", "delete", server.address("dora"))

    def test_public_folders_go_with_the_domain(self):
        ctl = self.server.ctl
        ctl("domain", "add", "third.test")
        ctl("folder", "add", "third.test", "News")
        ctl("domain", "delete", "third.test")
        ctl("domain", "add", "third.test")
        self.assertIn("has no public folders", self.server.try_ctl("folder", "list", "third.test").stderr)
        ctl("domain", "delete", "third.test")


class OverShards(SharedFolders):
    """Each of the users, and the public folders, in a shard of their own."""

    node = {"shards": 3}


if __name__ == "__main__":
    server.main()
