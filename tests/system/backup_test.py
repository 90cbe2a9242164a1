#!/usr/bin/env python3
"""verify, backup while mail flows, and restore."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

REFUSED, CANNOT_START = 1, 71


class BackupTest(server.ServerTest):
    node = {"shards": 1}  # it breaks the one shard's files; shard_backup_test.py has several

    def send(self, *numbers):
        with self.server.smtp() as smtp:
            for number in numbers:
                smtp.sendmail("a@elsewhere.example", ["alice@example.test"], f"Subject: n{number}\r\n\r\nx\r\n")

    def uid_validity(self, folder):
        with self.server.imap("alice") as imap:
            return int(imap.status(folder, "(UIDVALIDITY)")[1][0].rpartition(b" ")[2].strip(b")"))

    def state(self):
        """What is in the data folder, but for what a restore leaves there on purpose."""
        store = self.server.folder / "store"
        return sorted(one.name for one in store.iterdir() if not one.name.startswith("before-restore-"))

    def numbers(self, user="alice", folder="INBOX"):
        found = [one.partition(b"Subject: n")[2].partition(b"\r\n")[0] for one in self.server.messages(user, folder)]
        return sorted(int(number) for number in found)

    def test_1_verify_finds_a_store_that_is_in_use_sound(self):
        stop = threading.Event()

        def keep_sending():
            number = 1000
            while not stop.is_set():
                self.send(number)
                number += 1

        sender = threading.Thread(target=keep_sending)
        sender.start()
        try:
            for _ in range(5):
                answer = self.server.ctl_json("verify")
                self.assertTrue(answer["sound"], answer)
        finally:
            stop.set()
            sender.join()
        self.assertIn("sound", self.server.ctl("verify"))
        self.server.wait_for_local_deliveries()
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", r"(\Deleted)")
            imap.expunge()

    def test_2_what_was_saved_is_there_after_a_restore(self):
        self.send(*range(10))
        self.server.wait_for_count("alice", 10)
        with self.server.imap("alice") as imap:
            imap.create("Kept")
            imap.select("INBOX")
            imap.store("4", "+FLAGS", r"(\Flagged)")
            imap.copy("1:3", "Kept")
        with self.server.submission("bob") as smtp:
            smtp.sendmail("bob@example.test", ["someone@far.example"], "From: bob@example.test\r\n\r\nwaits\r\n")
        folder = self.server.folder / "backup"
        self.server.ctl("backup", str(folder))
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)

        before = {folder: self.uid_validity(folder) for folder in ("INBOX", "Kept")}

        # What happens after the backup is undone by the restore.
        with self.server.imap("alice") as imap:
            imap.create("Later")
        later = self.uid_validity("Later")
        self.send(10, 11)
        self.server.wait_for_count("alice", 12)
        self.server.add_user("late@example.test")
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            imap.store("1:5", "+FLAGS", r"(\Deleted)")
            imap.expunge()
        refused = self.server.try_ctl("restore", str(folder))
        self.assertEqual(refused.returncode, REFUSED)
        self.assertIn("stop it first", refused.stderr)
        self.assertEqual(self.server.stop(), 0)
        self.server.ctl("restore", str(folder))
        self.server.start()

        self.assertTrue(self.server.ctl_json("verify")["sound"])
        self.assertEqual(self.numbers(), list(range(10)))
        self.assertEqual(self.numbers(folder="Kept"), [0, 1, 2])
        # UIDs that went to messages 10 and 11 will go to others: no client may take them for those it knows.
        now = {folder: self.uid_validity(folder) for folder in before}
        self.assertEqual(len(set(now.values())), 2)
        for folder, value in now.items():
            self.assertGreater(value, max(*before.values(), later), folder)
        with self.server.imap("alice") as imap:
            imap.create("Later")
        self.assertGreater(self.uid_validity("Later"), max(now.values()))
        with self.server.imap("alice") as imap:
            imap.select("INBOX", readonly=True)
            self.assertEqual(imap.search(None, "FLAGGED")[1], [b"4"])
        users = [one["address"] for one in self.server.ctl_json("user", "list", server.DOMAIN)["users"]]
        self.assertNotIn("late@example.test", users)
        waiting = self.server.ctl_json("queue", "list")["messages"]
        self.assertEqual([to["address"] for one in waiting for to in one["recipients"]], ["someone@far.example"])
        self.send(77)
        self.server.wait_for_count("alice", 11)

    def test_3_what_was_there_before_the_restore_is_put_aside(self):
        aside = list((self.server.folder / "store").glob("before-restore-*"))
        self.assertEqual(len(aside), 1)
        self.assertEqual(aside[0].stat().st_mode & 0o777, 0o700)
        self.assertEqual(sorted(one.name for one in aside[0].iterdir()), ["shard0", "system"])
        self.assertEqual(self.state(), ["shard0", "system"])

    def test_4_a_backup_does_not_write_over_anything(self):
        there = self.server.folder / "there"
        there.mkdir()
        for path, word in ((there, "there already"), ("relative", "absolute path")):
            done = self.server.try_ctl("backup", str(path))
            self.assertEqual(done.returncode, REFUSED)
            self.assertIn(word, done.stderr)
        self.assertEqual(self.state(), ["shard0", "system"])

    def test_5_what_is_no_whole_backup_is_not_restored(self):
        self.assertEqual(self.server.stop(), 0)
        good = self.server.folder / "backup"
        table = next(one.name for one in (good / "shard0").iterdir() if one.suffix == ".sst")

        def without_manifest(folder):
            (folder / "manifest").unlink()

        def with_another_manifest(folder):
            text = (folder / "manifest").read_text()
            (folder / "manifest").write_text(text.replace("shards 1", "shards 2"))

        def without_a_table(folder):
            (folder / "shard0" / table).unlink()

        def with_a_cut_table(folder):
            with open(folder / "shard0" / table, "r+b") as file:
                file.truncate(10)

        def with_a_damaged_table(folder):
            size = (folder / "shard0" / table).stat().st_size
            (folder / "shard0" / table).write_bytes(b"x" * size)

        def with_a_damaged_directory(folder):
            (folder / "system" / "CURRENT").write_bytes(b"MANIFEST-999999\n")

        for number, spoil in enumerate((
            without_manifest, with_another_manifest, without_a_table, with_a_cut_table, with_a_damaged_table,
            with_a_damaged_directory,
        )):  # fmt: skip
            with self.subTest(spoil.__name__):
                folder = self.server.folder / f"spoilt{number}"
                shutil.copytree(good, folder)
                spoil(folder)
                done = self.server.try_ctl("restore", str(folder))
                self.assertEqual(done.returncode, REFUSED, done.stderr)
                self.assertTrue(done.stderr.strip())
                self.assertEqual(self.state(), ["shard0", "system"])
        done = self.server.try_ctl("restore", str(self.server.folder / "there"))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("is no backup", done.stderr)
        self.server.start()
        self.assertEqual(self.server.count("alice"), 11)

    def test_6_a_restore_that_was_cut_off_is_finished_by_the_next_and_nothing_starts_before(self):
        self.assertEqual(self.server.stop(), 0)
        store, source = self.server.folder / "store", self.server.folder / "backup"
        # As it is between two renames: the new stores lie ready, one of the old ones is gone already.
        shutil.copytree(source, store / "restore.new", ignore=shutil.ignore_patterns("manifest"))
        (store / "restore.swap").write_text(f"stagepost-swap 1\nbefore-restore-cut\nshard0\nsystem\n\n{source}")
        (store / "before-restore-cut").mkdir()
        (store / "shard0").rename(store / "before-restore-cut" / "shard0")
        done = subprocess.run(
            [self.server.bin / "stagepostd", "--config", self.server.config], capture_output=True, timeout=60
        )
        self.assertEqual(done.returncode, CANNOT_START)
        self.assertIn(f"stagepostctl restore {source}".encode(), done.stderr)
        self.assertFalse((store / "shard0").exists(), "no new store between the others")
        self.assertIn("finished the restore", self.server.ctl("restore", str(source)))
        self.assertEqual(self.state(), ["shard0", "system"])
        self.server.start()
        self.assertEqual(self.numbers(), list(range(10)))
        self.assertTrue(self.server.ctl_json("verify")["sound"])

    def test_7_a_restore_cut_off_before_it_touched_anything_leaves_what_was_there(self):
        self.assertEqual(self.server.stop(), 0)
        store = self.server.folder / "store"
        (store / "restore.new" / "shard0").mkdir(parents=True)
        (store / "backup.new" / "shard0").mkdir(parents=True)
        self.server.start()
        self.assertEqual(self.numbers(), list(range(10)))
        self.assertFalse((store / "backup.new").exists())
        self.assertEqual(self.server.stop(), 0)
        self.server.ctl("restore", str(self.server.folder / "backup"))
        self.assertEqual(self.state(), ["shard0", "system"])
        self.server.start()
        self.assertEqual(self.numbers(), list(range(10)))

    def test_8_a_backup_is_restored_where_nothing_was(self):
        self.assertEqual(self.server.stop(), 0)
        shutil.rmtree(self.server.folder / "store")
        self.server.ctl("restore", str(self.server.folder / "backup"))
        self.assertEqual((self.server.folder / "store").stat().st_mode & 0o777, 0o700)
        self.server.start()
        self.assertEqual(self.numbers(), list(range(10)))

    def test_9_a_data_folder_that_cannot_be_locked_is_not_touched(self):
        path = self.server.folder / "elsewhere.yaml"
        in_the_way = self.server.folder / "a-file"
        in_the_way.write_text("no folder")
        path.write_text(self.server.config.read_text().replace(f"{self.server.folder}/store", str(in_the_way)))
        done = subprocess.run(
            [self.server.bin / "stagepostctl", "--config", path, "restore", self.server.folder / "backup"],
            capture_output=True, timeout=60,
        )  # fmt: skip
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(str(in_the_way).encode(), done.stderr)
        self.assertEqual(in_the_way.read_text(), "no folder")


if __name__ == "__main__":
    server.main()
