#!/usr/bin/env python3
"""What a wrong settings file is answered with, and what may not start."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402


class ConfigurationTest(server.ServerTest):
    def daemon(self, path, *options):
        return subprocess.run(
            [self.server.bin / "stagepostd", "--config", path, *options], capture_output=True, text=True, timeout=60
        )

    def changed(self, *changes):
        """A copy of the running server's settings with lines replaced: (what it begins with, by what)."""
        lines = self.server.config.read_text().splitlines()
        for beginning, line in changes:
            if beginning is None:
                lines.append(line)
                continue
            at = next(number for number, old in enumerate(lines) if old.startswith(beginning))
            lines[at] = line
        path = self.server.folder / "changed.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def line_of(self, path, text):
        return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)

    def check_refused(self, path, at, *words):
        """Refused with the file and the line that has `at`, in one sentence with these words."""
        for options in ((), ("--check",)):
            done = self.daemon(path, *options)
            self.assertEqual(done.returncode, 78, "EX_CONFIG")
            self.assertIn(f"{path}:{self.line_of(path, at)}: ", done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
        controlled = subprocess.run(
            [self.server.bin / "stagepostctl", "--config", path, "status"], capture_output=True, text=True, timeout=60
        )
        self.assertEqual(controlled.returncode, 2)
        self.assertIn(f"{path}:{self.line_of(path, at)}: ", controlled.stderr)

    def test_good_settings_pass_the_check(self):
        done = self.daemon(self.server.config, "--check")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_unknown_key_is_named_with_its_line(self):
        self.check_refused(self.changed((None, "hostname: mail.example.test")), "hostname:", "hostname")

    def test_a_wrong_type_is_named_with_its_line(self):
        self.check_refused(self.changed(("shards:", "shards: many")), "shards: many", "shards")

    def test_a_value_out_of_range_is_named_with_its_bounds(self):
        self.check_refused(self.changed(("shards:", "shards: 1000")), "shards: 1000", "shards", "256")

    def test_a_wrong_value_of_a_listener_is_named_with_its_line(self):
        path = self.changed((None, "log: {level: loud}"))
        self.check_refused(path, "level: loud", "level")

    def test_broken_yaml_is_named_with_its_line(self):
        path = self.changed(("node_name:", 'node_name: "test'))
        done = self.daemon(path, "--check")
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, rf"{path}:[0-9]+: ")

    def test_a_setting_of_the_store_is_checked_at_the_first_start_too(self):
        path = self.changed(("first_start:", "first_start:\n  smtp_in: {max_recipients: 5}"))
        self.check_refused(path, "max_recipients: 5", "max_recipients")

    def test_a_file_that_is_not_there_is_named(self):
        done = self.daemon(self.server.folder / "nowhere.yaml")
        self.assertEqual(done.returncode, 78)
        self.assertIn("nowhere.yaml", done.stderr)

    def test_a_second_daemon_on_the_same_data_is_refused(self):
        path = self.changed(
            ("control_socket:", f'control_socket: "{self.server.folder}/other"'), ("listeners:", "listeners: []\nx_:")
        )
        text = path.read_text()
        path.write_text(text[: text.index("listeners: []")] + "listeners: []\n")
        done = self.daemon(path)
        self.assertEqual(done.returncode, 71, "EX_OSERR")
        self.assertIn("store", done.stderr)
        with self.server.imap("alice") as imap:
            self.assertEqual(imap.noop()[0], "OK", "the first one goes on")

    def test_a_port_that_is_taken_stops_the_start(self):
        text = self.server.config.read_text().replace(f"{self.server.folder}/store", f"{self.server.folder}/second")
        text = text.replace(f"{self.server.folder}/control", f"{self.server.folder}/second-control")
        path = self.server.folder / "taken.yaml"
        path.write_text(text)
        done = self.daemon(path)
        self.assertEqual(done.returncode, 71)
        self.assertIn(str(self.server.ports["smtp"]), done.stderr)
        shutil.rmtree(self.server.folder / "second", ignore_errors=True)
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.noop()[0], 250)

    def test_the_data_folder_is_nobody_elses_business(self):
        folder = self.server.folder / "store"
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        for path in folder.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual((self.server.folder / "secrets.key").stat().st_mode & 0o077, 0)

    def test_first_start_counts_at_the_first_start_only(self):
        listed = {one["name"]: one["value"] for one in self.server.ctl_json("settings", "list")["settings"]}
        self.assertEqual(listed["passwords.argon2id_memory_mb"], "8", "given as first_start by this test's server")
        self.server.set(smtp_in__max_hop_count=33)
        text = self.server.config.read_text()
        self.server.config.write_text(text + "  smtp_in:\n    max_hop_count: 44\n")
        self.server.restart()
        self.server.config.write_text(text)
        listed = {one["name"]: one["value"] for one in self.server.ctl_json("settings", "list")["settings"]}
        self.assertEqual(listed["smtp_in.max_hop_count"], "33")

    def test_no_password_is_in_the_log(self):
        with self.server.submission("alice") as smtp:
            smtp.noop()
        with self.server.imap("alice") as imap:
            imap.noop()
        self.assertNotIn(server.PASSWORD, self.server.log.read_text())

    def test_an_orderly_end_says_goodbye_and_exits_with_0(self):
        with Lines(self.server.connect("smtp")) as smtp, Lines(self.server.connect("imap")) as imap:
            smtp.line()
            imap.line()
            self.assertEqual(self.server.stop(), 0)
            self.assertEqual(smtp.line()[:3], b"421")
            self.assertTrue(imap.line().startswith(b"* BYE"))
            self.assertTrue(smtp.is_closed() and imap.is_closed())
        self.server.start()


if __name__ == "__main__":
    server.main()
