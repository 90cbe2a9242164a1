#!/usr/bin/env python3
"""An administrator of a domain sets the quotas of its users by IMAP (RFC 9208): at once, for good, and nobody else."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from imap_client import ImapClient  # noqa: E402

ALICE = "alice@example.test"


class Quotas(server.ServerTest):
    node = {"shards": 1}

    def setUp(self):
        self.server.add_user(server.address("dora"), "--role", "domain_admin")
        self.addCleanup(self.server.ctl, "user", "delete", server.address("dora"))
        self.addCleanup(self.server.ctl, "user", "set", ALICE, "quota_mb=unlimited")

    def client(self, user):
        return ImapClient(self.server, user)

    def quota_of_alice(self):
        return self.server.ctl_json("user", "show", ALICE)["users"][0]["settings"].get("quota_mb", "unlimited")

    def test_a_quota_counts_at_once_and_for_good(self):
        message = b"Subject: big\r\n\r\n" + b"x" * 700_000 + b"\r\n"
        with self.client("dora") as dora, self.client("alice") as alice:
            self.assertIn(b" QUOTASET ", dora.login)
            self.assertNotIn(b"QUOTASET", alice.login)
            alice.say("CREATE Room")
            self.addCleanup(self.empty_room)
            self.assertTrue(alice.say("APPEND Room", message)[-1].startswith(b"OK"))
            lines = dora.say(f"SETQUOTA {ALICE} (STORAGE 1000)")
            self.assertRegex(lines[0], rb"^\* QUOTA alice@example\.test \(STORAGE \d+ 1024 MAILBOX \d+ \d+\)$")
            self.assertEqual(lines[-1], b"OK SETQUOTA completed")
            self.assertEqual(self.quota_of_alice(), "1", "in whole megabytes")
            # The session that was there before hears of it, too.
            self.assertIn(b"[OVERQUOTA]", alice.say("APPEND Room", message)[-1])
            self.assertRegex(alice.say('GETQUOTA ""')[0], rb"^\* QUOTA \"\" \(STORAGE \d+ 1024 ")
            self.assertEqual(dora.say(f"GETQUOTA {ALICE}")[0], lines[0])
        self.server.restart(signal.SIGKILL)
        with self.client("dora") as dora, self.client("alice") as alice:
            self.assertIn(b"[OVERQUOTA]", alice.say("APPEND Room", message)[-1])
            self.assertRegex(dora.say(f"SETQUOTA {ALICE} ()")[0], rb"\(STORAGE \d+ 512000 ", "the domain has 500 MB")
            self.assertEqual(self.quota_of_alice(), "unlimited")
            self.assertTrue(alice.say("APPEND Room", message)[-1].startswith(b"OK"))

    def empty_room(self):
        with self.client("alice") as alice:
            alice.say("DELETE Room")

    def test_a_shared_folder_names_its_owners_quota_to_the_administrator(self):
        with self.client("alice") as alice, self.client("dora") as dora, self.client("bob") as bob:
            alice.say("CREATE Room")
            self.addCleanup(self.empty_room)
            alice.say("SETACL Room anyone lr")
            lines = dora.say('GETQUOTAROOT "Other Users/alice/Room"')
            self.assertEqual(lines[0], b'* QUOTAROOT "Other Users/alice/Room" alice@example.test')
            self.assertTrue(lines[1].startswith(b"* QUOTA alice@example.test ("))
            lines = bob.say('GETQUOTAROOT "Other Users/alice/Room"')
            self.assertEqual(lines, [b'* QUOTAROOT "Other Users/alice/Room"', b"OK GETQUOTAROOT completed"])

    def test_what_is_no_quota_is_refused(self):
        self.server.ctl("domain", "add", "elsewhere.test")
        self.addCleanup(self.server.ctl, "domain", "delete", "elsewhere.test")
        self.server.add_user("eve@elsewhere.test")
        self.addCleanup(self.server.ctl, "user", "delete", "eve@elsewhere.test")
        self.server.ctl("user", "set", ALICE, "quota_mb=3")
        with self.client("dora") as dora:
            for root in ("eve@elsewhere.test", "nobody@example.test", "alice", "nonsense@"):
                for command in (f"GETQUOTA {root}", f"SETQUOTA {root} (STORAGE 2048)"):
                    self.assertTrue(dora.say(command)[-1].startswith(b"NO [NONEXISTENT]"), command)
            self.assertTrue(dora.say(f"SETQUOTA {ALICE} (STORAGE 512001)")[-1].startswith(b"NO [LIMIT]"))
            self.assertTrue(dora.say(f"SETQUOTA {ALICE} (STORAGE 0)")[-1].startswith(b"NO [CANNOT]"))
            self.assertTrue(dora.say(f"SETQUOTA {ALICE} (MAILBOX 9)")[-1].startswith(b"NO [CANNOT]"))
        self.assertEqual(self.quota_of_alice(), "3")

    def test_only_who_administers_the_domain_now_may(self):
        self.server.ctl("user", "set", ALICE, "quota_mb=3")
        with self.client("bob") as bob:
            for root in ('""', ALICE, server.address("bob")):
                self.assertTrue(bob.say(f"SETQUOTA {root} (STORAGE 2048)")[-1].startswith(b"NO [NOPERM]"))
            self.assertTrue(bob.say(f"GETQUOTA {ALICE}")[-1].startswith(b"NO [NONEXISTENT]"))
        with self.client("dora") as dora:
            self.server.ctl("user", "set", server.address("dora"), "disabled=true")
            self.assertTrue(dora.say(f"SETQUOTA {ALICE} (STORAGE 2048)")[-1].startswith(b"NO [NOPERM]"))
        self.assertEqual(self.quota_of_alice(), "3")


class OverShards(Quotas):
    """Each of the users in a shard of his own."""

    node = {"shards": 3}


if __name__ == "__main__":
    server.main()
