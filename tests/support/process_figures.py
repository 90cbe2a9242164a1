"""What a running process costs, from /proc."""

import os
import pathlib

TICKS = os.sysconf("SC_CLK_TCK")


def resident_bytes(process):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def proportional_bytes(process):
    """Shared pages counted in part: what leaving would free."""
    for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Pss")


def cpu_seconds(process):
    """Of all threads, since the process began."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def descriptors(process):
    return len(os.listdir(f"/proc/{process}/fd"))
