"""A wall clock of a test's own, shown to a daemon by a library in front of libc (wall_clock.cpp); its steady clock and
its timers stay true.

    clock = wall_clock.WallClock(server.folder)
    server.environment.update(clock.environment)   # from the next start on
    clock.shift(365 * wall_clock.DAY)              # a jump, seen at once
"""

import os
import struct
import time

import server

MINUTE = 60
DAY = 86400
YEAR = 365 * DAY


class WallClock:
    def __init__(self, folder):
        self.file = folder / "wall-clock"
        self.seconds = 0
        self.shift(0)
        self.environment = {
            "LD_PRELOAD": str(server.binaries() / "libwall_clock.so"),
            "STAGEPOST_WALL_CLOCK": str(self.file),
            # A daemon with AddressSanitizer finds it behind the library, which is no harm.
            "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".lstrip(":"),
        }

    def shift(self, seconds):
        """From now on the clock shows that much more than the true one."""
        self.seconds = int(seconds)
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, struct.pack("=q", self.seconds), 0)
        finally:
            os.close(descriptor)

    def set(self, at):
        """From now on the clock goes on from that Unix time."""
        self.shift(at - time.time())

    def now(self):
        return time.time() + self.seconds
