"""Counts the calls that make data durable, in a side run: tracing slows a server, so no figure comes from it."""

import shutil
import signal
import subprocess
import time

import processes

CALLS = ["fsync", "fdatasync", "sync_file_range", "msync"]


def count(server, folder, work):
    """Runs `work` while the server's whole tree is traced. Returns what `work` returned and the calls by name."""
    if not shutil.which("strace"):
        raise SystemExit("--syncs needs strace")
    summary = folder / "strace"
    command = ["strace", "-f", "-c", "-e", "trace=" + ",".join(CALLS), "-o", summary]
    for pid in processes.tree(server.pids):
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)  # until it has attached to all
        done = work()
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
    counts = {}
    for line in summary.read_text().splitlines():
        words = line.split()
        if words and words[-1] in CALLS:
            counts[words[-1]] = int(words[3])
    return done, counts
