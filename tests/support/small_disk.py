"""A server whose store is on a small disk of its own, which a test fills and frees. Only the superuser can mount one;
others skip the test.
"""

import os
import shutil
import smtplib
import subprocess
import unittest

import server

DISK_MB = 160


class SmallDisk:
    """For a test class whose `server` has its store on it."""

    @classmethod
    def start_server(cls, first_start, **more):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only the superuser can mount the small disk this test needs")
        cls.server = server.Server(first_start, prepare=cls.mount, **more)
        cls.addClassCleanup(cls.server.close)  # after the daemon has ended
        cls.addClassCleanup(cls.end)

    @classmethod
    def mount(cls, folder):
        """Puts the store on a small disk."""
        store = folder / "store"
        store.mkdir(mode=0o700)
        done = subprocess.run(
            [server.tool("mount"), "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", store],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise unittest.SkipTest(f"no tmpfs can be mounted here: {done.stderr.strip()}")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", store])

    @classmethod
    def end(cls):
        if cls.server.process.poll() is None:
            cls.server.stop()

    def free_mb(self):
        disk = os.statvfs(self.server.folder / "store")
        return disk.f_bavail * disk.f_frsize / 1e6

    def ballast(self):
        return self.server.folder / "store" / "ballast"

    def fill(self, leave_mb):
        """Somebody else's file takes the room, down to this much."""
        try:
            with open(self.ballast(), "ab", buffering=0) as file:
                while self.free_mb() > leave_mb:
                    file.write(bytes(int(min(1e6, (self.free_mb() - leave_mb) * 1e6 + 4096))))
        except OSError:
            pass  # to the last octet

    def free(self):
        self.ballast().unlink()

    def is_taken(self, user, text):
        """Whether a message is accepted; refused for now is the only other answer."""
        try:
            with self.server.smtp() as smtp:
                smtp.sendmail("a@client.example", [server.address(user)], text)
            return True
        except smtplib.SMTPResponseException as refused:
            self.assertEqual(refused.smtp_code, 452, refused.smtp_error)
        except smtplib.SMTPRecipientsRefused as refused:
            self.assertEqual([code for code, _ in refused.recipients.values()], [452])
        return False
