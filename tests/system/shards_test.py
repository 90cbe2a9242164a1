#!/usr/bin/env python3
"""A node with three stores: users are spread over them, and nobody notices."""

import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

USERS = ("alice", "bob", "carol", "dora", "emil", "frida", "gustav")


class ShardsTest(server.ServerTest):
    node = {"shards": 3}

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.first_start, users=USERS, node=cls.node)
        cls.addClassCleanup(cls.server.close)

    def check_sound(self):
        answer = self.server.ctl_json("verify")
        self.assertTrue(answer["sound"], answer)
        self.assertEqual(len(answer["shards"]), 3)
        return answer["shards"]

    def all_have(self, *words):
        """Everybody has a message with each of these octets, once."""
        self.server.wait_for_local_deliveries()
        for user in USERS:
            messages = self.server.messages(user)
            for each in words:
                self.assertEqual(sum(each in one for one in messages), 1, (user, each))

    def test_1_users_are_spread_over_all_stores(self):
        shards = {one["shard"] for one in self.server.ctl_json("user", "list", server.DOMAIN)["users"]}
        self.assertEqual(shards, {0, 1, 2})

    def test_2_one_message_reaches_users_in_several_stores(self):
        with self.server.smtp() as smtp:
            for number in range(5):
                text = f"Subject: to all {number}\r\n\r\n" + "x" * 60 + "\r\n"
                self.assertEqual(smtp.sendmail("a@elsewhere.example", [server.address(one) for one in USERS], text), {})
        self.all_have(*(f"to all {number}".encode() for number in range(5)))
        bodies = [one["bodies"] for one in self.check_sound()]
        self.assertEqual(bodies, [5, 5, 5], "each store has a message once, however many of its users have it")

    def test_3_an_alias_reaches_users_in_several_stores(self):
        self.server.ctl("alias", "add", "all@example.test", *(server.address(one) for one in USERS))
        with self.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", ["all@example.test"], "Subject: by alias\r\n\r\nx\r\n")
        self.all_have(b"by alias")
        self.check_sound()

    def test_4_a_kill_loses_and_doubles_nothing(self):
        with self.server.smtp() as smtp:
            for number in range(20):
                text = f"Subject: before the kill {number};\r\n\r\nx\r\n"
                smtp.sendmail("a@elsewhere.example", [server.address(one) for one in USERS], text)
        self.server.restart(signal.SIGKILL)
        self.all_have(*(f"before the kill {number};".encode() for number in range(20)))
        self.check_sound()

    def test_5_mail_is_removed_from_one_store_and_stays_in_the_others(self):
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", r"(\Deleted)")
            imap.expunge()
        self.assertEqual(self.server.count("alice"), 0)
        self.assertGreater(self.server.count("bob"), 0)
        self.server.ctl("user", "delete", "gustav@example.test")
        self.check_sound()

    def test_6_a_trace_shows_all_deliveries_of_a_message(self):
        with self.server.smtp() as smtp:
            smtp.mail("a@elsewhere.example")
            for one in ("alice", "bob", "carol"):
                smtp.rcpt(server.address(one))
            queue_id = smtp.data("Message-ID: <over-three@x>\r\n\r\nx\r\n")[1].decode().rpartition(" ")[2]
        self.server.wait_for_local_deliveries()
        steps = [step for one in self.server.ctl_json("trace", queue_id)["traces"] for step in one["steps"]]
        self.assertEqual(sum(step["step"] == "delivered" for step in steps), 3, steps)

    def test_7_backup_and_restore_carry_all_stores(self):
        before = {one: self.server.count(one) for one in USERS[:-1]}
        folder = self.server.folder / "backup"
        self.server.ctl("backup", str(folder))
        with self.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", [server.address(one) for one in before], "Subject: later\r\n\r\nx\r\n")
        self.server.wait_for_local_deliveries()
        self.assertEqual(self.server.stop(), 0)
        self.server.ctl("restore", str(folder))
        self.server.start()
        self.assertEqual({one: self.server.count(one) for one in before}, before)
        self.check_sound()

    def test_8_the_number_of_stores_is_fixed(self):
        self.assertEqual(self.server.stop(), 0)
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace("shards: 3", "shards: 2"))
        done = subprocess.run(
            [self.server.bin / "stagepostd", "--config", self.server.config], capture_output=True, timeout=30
        )
        self.assertEqual(done.returncode, 71, "mail of the third store would be out of reach")
        self.assertIn(b"shards", done.stderr)
        self.server.config.write_text(text)
        self.server.start()
        self.assertGreater(self.server.count("bob"), 0)


if __name__ == "__main__":
    server.main()
