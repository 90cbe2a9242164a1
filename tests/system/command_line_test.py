#!/usr/bin/env python3
"""The program that is run on new mail: what it deletes is not delivered, what it changes is, and it may fail, hang or
be cut off without harm to any message."""

import os
import pathlib
import shutil
import signal
import smtplib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

SENDER = "sender@client.example"


def mail(words):
    return f"From: {SENDER}\r\nTo: bob@example.test\r\nSubject: {words}\r\n\r\n{words}\r\n".encode()


class CommandLineTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        # Programs may run as another account: it has to come to its scripts and marks.
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stagepost-programs-"))
        cls.folder.chmod(0o777)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        super().setUpClass()

    def run_on_new_mail(self, script, timeout=30, delay=0):
        path = self.folder / "program"
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\nfile="$1"\nmarks="{self.folder}"\n{script}\n')
        path.chmod(0o755)
        self.during_test(
            spool__command_line=f"{path} %filepath",
            spool__command_line_enabled="true",
            spool__command_line_timeout_seconds=timeout,
            spool__delivery_delay_seconds=delay,
        )

    def send(self, words, to=("bob",), listener="smtp"):
        """The queue id of a message that was accepted."""
        with self.server.smtp(listener) as smtp:
            smtp.mail(SENDER)
            for each in to:
                smtp.rcpt(server.address(each))
            code, text = smtp.data(mail(words))
            self.assertEqual(code, 250, text)
        return text.decode().rpartition(" ")[2]

    def steps(self, queue_id):
        return self.server.ctl_json("trace", queue_id)["traces"][0]["steps"]

    def step(self, queue_id, kind):
        """The facts of the step of that kind, once there is one."""

        def written():
            return next((dict(one["facts"]) for one in self.steps(queue_id) if one["step"] == kind), None)

        return server.wait_until(f"a step {kind}", written)

    def queued(self):
        return self.server.ctl_json("queue", "list")["messages"]

    def wait_for_empty_queue(self):
        server.wait_until("an empty queue", lambda: not self.queued())

    def wait_for_mark(self, name):
        server.wait_until(f"the mark {name}", (self.folder / name).exists)

    def test_what_it_deletes_is_not_delivered_and_the_rest_is(self):
        self.run_on_new_mail('if grep -q "^Subject: virus" "$file"; then rm "$file"; exit 1; fi')
        bad = self.send("virus 1", ("bob", "carol"))
        good = self.send("harmless 1")
        self.server.wait_for_message("bob", b"Subject: harmless 1")
        self.wait_for_empty_queue()
        self.assertIn("deleted it", self.step(bad, "removed")["reason"])
        self.assertEqual(self.step(good, "check")["program"], "exit status 0")
        for user in ("bob", "carol"):
            self.assertFalse([one for one in self.server.messages(user) if b"virus 1" in one])

    def test_what_it_changes_is_delivered_so(self):
        self.run_on_new_mail('{ echo "X-Scanned: clean"; cat "$file"; } >"$file.new" && mv "$file.new" "$file"')
        queue_id = self.send("changed 1", ("bob", "carol"))
        for user in ("bob", "carol"):
            found = self.server.wait_for_message(user, b"Subject: changed 1")
            self.assertIn(b"X-Scanned: clean\r\n", found)
        self.assertEqual(self.step(queue_id, "check")["message"], "changed")

    def test_lmtp_hears_that_the_spool_has_it(self):
        self.run_on_new_mail("true")
        lmtp = smtplib.LMTP("127.0.0.1", self.server.ports["lmtp"], timeout=60)
        self.addCleanup(lmtp.close)
        self.assertEqual(lmtp.sendmail(SENDER, [server.address("bob")], mail("by lmtp 1")), {})
        self.server.wait_for_message("bob", b"Subject: by lmtp 1")

    def test_a_program_that_hangs_does_not_stop_the_mail(self):
        self.run_on_new_mail('echo $$ >>"$marks/hung"; sleep 1000 & sleep 1000', timeout=1)
        queue_id = self.send("hung 1")
        self.server.wait_for_message("bob", b"Subject: hung 1", seconds=90)
        facts = self.step(queue_id, "check")
        self.assertEqual((facts["program"], facts["unfinished"]), ("it took too long", "3"))
        for group in (self.folder / "hung").read_text().split():
            server.wait_until("the end of what it started", lambda group=group: not runs(int(group)))

    def test_it_has_no_rights_and_nothing_of_the_server(self):
        self.run_on_new_mail(
            'id -u >"$marks/user"; grep NoNewPrivs /proc/self/status >"$marks/privileges"; env >"$marks/environment";'
            'ls -l /proc/$$/fd >"$marks/descriptors"; pwd >"$marks/place"; dirname "$file" >"$marks/expected"'
        )
        self.server.wait_for_message("bob", self.send_and_name("confined 1"))
        self.assertIn("1", (self.folder / "privileges").read_text())
        if os.geteuid() == 0:
            self.assertNotEqual((self.folder / "user").read_text().strip(), "0")
        descriptors = (self.folder / "descriptors").read_text()
        self.assertNotIn("socket:", descriptors)
        self.assertNotIn(str(self.server.folder), descriptors)
        self.assertNotIn("STAGEPOST", (self.folder / "environment").read_text())
        self.assertEqual((self.folder / "place").read_text(), (self.folder / "expected").read_text())

    def send_and_name(self, words):
        self.send(words)
        return b"Subject: " + words.encode()

    def test_the_delay_holds_only_what_a_program_works_on(self):
        self.wait_for_empty_queue()
        self.run_on_new_mail('echo "$file" >"$marks/held.new"; mv "$marks/held.new" "$marks/held"', delay=3600)
        queue_id = self.send("delayed 1")
        self.wait_for_mark("held")
        [waiting] = self.queued()
        self.assertEqual([one["state"] for one in waiting["recipients"]], ["scanning"])
        self.assertIn("command-line program", self.server.try_ctl("queue", "delete", queue_id).stderr)
        self.assertTrue(pathlib.Path((self.folder / "held").read_text().strip()).exists())
        # A restart forgets that the program ran, and then there is none.
        self.server.set(spool__command_line_enabled="false")
        self.send("not delayed 1")
        self.server.wait_for_message("bob", b"Subject: not delayed 1")
        self.server.restart()
        self.server.wait_for_message("bob", b"Subject: delayed 1")

    def test_what_is_deleted_during_the_delay_is_not_delivered(self):
        # As by something in the background that the program gave it to.
        self.run_on_new_mail('echo "$file" >"$marks/short.new"; mv "$marks/short.new" "$marks/short"', delay=2)
        queue_id = self.send("deleted late 1")
        self.wait_for_mark("short")
        pathlib.Path((self.folder / "short").read_text().strip()).unlink()
        self.wait_for_empty_queue()
        self.assertIn("deleted it", self.step(queue_id, "removed")["reason"])

    def test_a_kill_in_the_middle_begins_it_again_and_leaves_no_file(self):
        gate = self.folder / "gate"
        gate.write_text("")
        self.run_on_new_mail(
            'echo "$file" >"$marks/begun.new"; mv "$marks/begun.new" "$marks/begun";'
            'while [ -e "$marks/gate" ]; do sleep 0.05; done; echo "X-Run: once" >"$file.new"; cat "$file" >>"$file.new";'
            'mv "$file.new" "$file"'
        )
        self.send("killed 1")
        self.wait_for_mark("begun")
        file = pathlib.Path((self.folder / "begun").read_text().strip())
        stale = file.parent.parent / "stale"
        stale.mkdir()
        (self.folder / "begun").unlink()
        self.server.restart(signal.SIGKILL)
        self.wait_for_mark("begun")
        self.assertFalse(stale.exists())
        gate.unlink()
        found = self.server.wait_for_message("bob", b"Subject: killed 1")
        self.assertEqual(found.count(b"X-Run: once"), 1)
        self.wait_for_empty_queue()
        server.wait_until("the end of the file", lambda: not file.parent.exists())
        self.assertEqual(len([one for one in self.server.messages("bob") if b"Subject: killed 1" in one]), 1)

    def test_settings_that_make_no_sense_are_refused(self):
        for wrong in ("scan %filepath", "/usr/bin/scan", "/usr/bin/scan '%filepath"):
            self.assertNotEqual(self.server.try_ctl("settings", "set", f"spool.command_line={wrong}").returncode, 0)
        refused = self.server.try_ctl("settings", "set", "spool.command_line_enabled=true")
        self.assertNotEqual(refused.returncode, 0)


def runs(group):
    """Whether a process of that group is there that has not ended."""
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


if __name__ == "__main__":
    server.main()
