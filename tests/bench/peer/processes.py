"""Processor time and memory of a server, its whole process tree included; waiting for it and ending it."""

import os
import signal
import socket
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _stat_fields(pid):
    """The fields of /proc/PID/stat after the program name, or None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(roots):
    """The process ids of `roots` and of all that descend from them, alive now."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat_fields(entry)
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid for pid in roots if alive(pid)]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def alive(pid):
    fields = _stat_fields(pid)
    return fields is not None and fields[0] != "Z"


def cpu_seconds(roots):
    """User and system time of the tree so far. Children that ended count through their parent's cutime and cstime."""
    total = 0
    for pid in tree(roots):
        fields = _stat_fields(pid)
        if fields:
            total += sum(int(ticks) for ticks in fields[11:15])
    return total / TICKS_PER_SECOND


def pss_kib(roots):
    """Proportional memory of the tree: a page that n processes share counts a n-th for each."""
    total = 0
    for pid in tree(roots):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we counted
    return total


def wait_until_quiet(roots, is_idle, limit_seconds=120):
    """Waits until `is_idle` says so and the tree used next to no processor time for a second. False after the limit."""
    ends_at = time.monotonic() + limit_seconds
    while time.monotonic() < ends_at:
        before = cpu_seconds(roots)
        time.sleep(1)
        if is_idle() and cpu_seconds(roots) - before <= 0.03:
            return True
    return False


def wait_for_port(port, limit_seconds=30):
    """Waits until somebody listens on a loopback port."""
    ends_at = time.monotonic() + limit_seconds
    while time.monotonic() < ends_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


def end(pid, limit_seconds=30):
    """Asks one process to end, and kills it when it does not in time. Reaps it when it is a child of ours."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        ends_at = time.monotonic() + limit_seconds
        while time.monotonic() < ends_at:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
            if not alive(pid):
                return
            time.sleep(0.05)
