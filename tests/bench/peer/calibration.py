"""What the machine can do at the moment, printed beside the figures so that a busy machine shows."""

import hashlib
import os
import time


def _cpu_times():
    with open("/proc/stat") as stat:
        return [int(ticks) for ticks in stat.readline().split()[1:9]]


def idle_percent(seconds=3):
    """The share of all processors that nobody used for `seconds`."""
    before = _cpu_times()
    time.sleep(seconds)
    spent = [after - first for first, after in zip(before, _cpu_times())]
    return 100 * (spent[3] + spent[4]) / max(1, sum(spent))


def syncs_per_second(folder, seconds=1):
    """4 KiB appends, each made durable, by one writer."""
    path = os.path.join(folder, "calibration")
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        count, block, began_at = 0, b"x" * 4096, time.monotonic()
        while time.monotonic() - began_at < seconds:
            os.write(file, block)
            os.fdatasync(file)
            count += 1
        return count / (time.monotonic() - began_at)
    finally:
        os.close(file)
        os.unlink(path)


def hash_megabytes_per_second(seconds=1):
    """SHA-256 on one processor."""
    count, block, began_at = 0, b"x" * (1 << 20), time.monotonic()
    while time.monotonic() - began_at < seconds:
        hashlib.sha256(block).digest()
        count += 1
    return count / (time.monotonic() - began_at)


def line(folder):
    return (f"machine: {os.cpu_count()} processors, {idle_percent():.0f} % idle over 3 s, "
            f"{syncs_per_second(folder):.0f} syncs/s, SHA-256 {hash_megabytes_per_second():.0f} MB/s")
