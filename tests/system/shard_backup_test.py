#!/usr/bin/env python3
"""Backups of a node with three stores while mail goes from each to each: nothing is lost in them, nothing is twice."""

import itertools
import sys
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

USERS = ("alice", "bob", "carol", "dora", "emil", "frida")
SENDERS = 4
BACKUPS = 5


class ShardBackupTest(server.ServerTest):
    node = {"shards": 3}

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.first_start, users=USERS, node=cls.node)
        cls.addClassCleanup(cls.server.close)

    def keep_sending(self, numbers, acknowledged, stop):
        # The first recipient decides in which store a message waits.
        with self.server.smtp() as smtp:
            while not stop.is_set():
                number = next(numbers)
                first = number % len(USERS)
                to = [server.address(one) for one in USERS[first:] + USERS[:first]]
                self.assertEqual(smtp.sendmail("a@elsewhere.example", to, f"Subject: n{number};\r\n\r\nx\r\n"), {})
                acknowledged.add(number)

    def found(self, user):
        """How often the user has each message."""
        found = (one.partition(b"Subject: n")[2].partition(b";")[0] for one in self.server.messages(user))
        return Counter(int(number) for number in found)

    def make_backups(self):
        """Backups made under load, each with the messages that had been acknowledged before it was asked for."""
        numbers, acknowledged, stop = itertools.count(), set(), threading.Event()
        senders = [
            threading.Thread(target=self.keep_sending, args=(numbers, acknowledged, stop)) for _ in range(SENDERS)
        ]
        for each in senders:
            each.start()
        made = []
        try:
            for number in range(BACKUPS):
                server.wait_until("more mail", lambda: len(acknowledged) >= 40 * (number + 1))
                before = set(acknowledged)
                folder = self.server.folder / f"backup{number}"
                self.server.ctl("backup", str(folder))
                self.server.add_user(server.address(f"late{number}"))
                made.append((folder, before, [f"late{earlier}" for earlier in range(number)]))
        finally:
            stop.set()
            for each in senders:
                each.join()
        self.server.wait_for_local_deliveries()
        self.assertEqual(self.found("alice"), Counter(dict.fromkeys(acknowledged, 1)), "the load is as it should be")
        return made

    def test_each_backup_has_every_message_once_for_everybody(self):
        for folder, acknowledged, late in self.make_backups():
            with self.subTest(folder.name):
                self.assertEqual(self.server.stop(), 0)
                self.server.ctl("restore", str(folder))
                self.server.start()
                self.server.wait_for_local_deliveries()
                found = {user: self.found(user) for user in USERS}
                for user in USERS:
                    self.assertLessEqual(acknowledged, set(found[user]), "what was answered before the backup")
                    self.assertEqual(max(found[user].values()), 1, f"nothing twice for {user}")
                    self.assertEqual(found[user].keys(), found["alice"].keys(), f"{user} has what alice has")
                answer = self.server.ctl_json("verify")
                self.assertTrue(answer["sound"], answer)
                self.assertEqual([one["spooled"] for one in answer["shards"]], [0, 0, 0])
                users = [one["address"] for one in self.server.ctl_json("user", "list", server.DOMAIN)["users"]]
                self.assertEqual(users, sorted(server.address(one) for one in (*USERS, *late)))
                self.server.add_user(server.address("new"))
                self.assertEqual(self.server.count("new"), 0, "nobody finds a stranger's mail")


if __name__ == "__main__":
    server.main()
