"""A wall clock of a test's own, shown to a daemon by libfaketime; its steady clock stays true.

    clock = wall_clock.WallClock(server.folder)
    server.environment.update(clock.environment)   # from the next start on
    clock.shift(365 * wall_clock.DAY)              # a jump, seen at once
"""

import os
import pathlib
import time
import unittest

MINUTE = 60
DAY = 86400
YEAR = 365 * DAY


def library():
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise unittest.SkipTest("faketime is not installed")
    return found[0]


class WallClock:
    def __init__(self, folder):
        self.file = folder / "wall-clock"
        self.seconds = 0
        self.shift(0)
        self.environment = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def shift(self, seconds):
        """From now on the clock shows that much more than the true one."""
        self.seconds = int(seconds)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.seconds:+d}\n")
        os.replace(fresh, self.file)

    def set(self, at):
        """From now on the clock goes on from that Unix time."""
        self.shift(at - time.time())

    def now(self):
        return time.time() + self.seconds
