#!/usr/bin/env python3
"""Mail comes in, folders change and what was expunged is brought back; the daemon is killed at a random moment and
started again: nothing that was acknowledged is lost, nothing is there twice, no change is undone, and one that was not
acknowledged is there as a whole or not at all.

    tests/crash/kill_test.py [--rounds N] [--seed N] [--shards N]

10 rounds, with STAGEPOST_FULL=1 in the environment 50. The seed is printed; with the same one the clients do the same,
but the moment of the kill falls where it will.
"""

import argparse
import collections
import imaplib
import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import changer  # noqa: E402
import expected  # noqa: E402
import imap_view  # noqa: E402
import mail  # noqa: E402
import server  # noqa: E402

WAYS = ("data", "data", "data", "bdat", "lmtp")


class KillTest:
    def __init__(self, seed, shards):
        self.random = random.Random(seed)
        passwords = {**server.QUICK_PASSWORDS, "plain_text_without_tls": "true"}
        self.server = server.Server({"passwords": passwords}, mail.USERS, node={"shards": shards})
        self.server.ctl("domain", "set", server.DOMAIN, "disk_space_mb=0")  # many rounds bring much mail
        for name, targets in mail.ALIASES.items():
            self.server.ctl("alias", "add", server.address(name), *map(server.address, targets))
        self.ledger = mail.Ledger()
        self.accounts = [expected.Account(user, self.ledger) for user in mail.USERS]
        for account in self.accounts:
            with imap_view.connect(self.server, account.user) as imap:
                account.folders = imap_view.observe(imap, account.user)
        self.done = collections.Counter()  # changes that were acknowledged, by kind
        self.cut_off = collections.Counter()  # those that a kill left without an answer
        self.kills = 0

    def round(self, number):
        """Load, kill, start, compare."""
        accepted, changes = self.ledger.accepted_count(), self.done.total()
        stopping = threading.Event()
        threads = self._start_senders(number, stopping) + self._start_changers(number, stopping)
        time.sleep(self.random.uniform(0.1, 1.2))
        stopping.set()
        self._kill()
        self._join(threads)
        for thread in threads:
            if isinstance(thread, changer.Changer):
                self.done += thread.done
        self.server.start()
        while self.random.random() < 0.3:  # and again, while what was left in the spool is delivered
            time.sleep(self.random.uniform(0, 0.1))
            self._kill()
            self.server.start()
        self._send_more(number)
        self._compare()
        print(
            f"round {number}: {self.ledger.accepted_count() - accepted} messages and "
            f"{self.done.total() - changes} changes acknowledged, all there",
            flush=True,
        )

    def _kill(self):
        self.kills += 1
        self.server.stop(signal.SIGKILL)

    def _start_senders(self, number, stopping):
        threads = []
        for index, way in enumerate(WAYS):
            port = self.server.ports["lmtp" if way == "lmtp" else "smtp"]
            name = f"{way}-{number}-{index}"
            threads.append(mail.Sender(name, port, way, self.ledger, self.random.random(), stopping))
            threads[-1].start()
        return threads

    def _start_changers(self, number, stopping):
        threads = []
        for account in self.accounts:
            account.recoverable.begin(changer.now_ms())
            name = f"{account.user}-{number}"
            threads.append(changer.Changer(self.server, account, self.random.random(), stopping, name))
            threads[-1].start()
        return threads

    def _send_more(self, number):
        """New mail while the spool still works on what the kill left there."""
        stopping = threading.Event()
        threads = self._start_senders(f"{number}-after", stopping)
        time.sleep(self.random.uniform(0, 0.3))
        stopping.set()
        self._join(threads)

    @staticmethod
    def _join(threads):
        for thread in threads:
            thread.join(60)
        complaints = [thread.complaint for thread in threads if thread.complaint]
        if complaints:
            raise expected.Broken("; ".join(complaints))

    def _compare(self):
        self._drained()
        for account in self.accounts:
            with imap_view.connect(self.server, account.user) as imap:
                observed = imap_view.observe(imap, account.user)
                if account.pending and not account.pending.answered:
                    self.cut_off[account.pending.what] += 1
                for name, uids in account.compare(observed, changer.now_ms()).items():
                    self._compare_contents(imap, name, uids)
            self._compare_recoverable(account)
            missing = account.missing()
            if missing:
                raise expected.Broken(f"{account.user}: acknowledged and lost: {sorted(missing)}")
        said = self.server.ctl("verify")  # a finding makes it fail
        if ": sound" not in said:
            raise expected.Broken(said)

    def _drained(self):
        def empty():
            return not json.loads(self.server.ctl("--json", "queue", "list"))["messages"]

        server.wait_until("the spool to be empty", empty, 120)

    def _compare_recoverable(self, account):
        """What went and did not come back can still be had."""
        wanted = account.recoverable.counts_by_folder(account.folders)
        since = changer.time_text(account.recoverable.since_ms)

        def listed():
            told = self.server.ctl_json("undelete", server.address(account.user), "--list", "--since", since)
            counts = collections.Counter()
            for line in told["expunged"]:
                counts["" if line["folder_gone"] else line["folder"]] += line["messages"]
            return counts

        server.wait_until("the eraser", lambda: listed().total() >= wanted.total())
        if listed() != wanted:
            raise expected.Broken(f"{account.user}: {listed()} is kept of what was expunged, and not {wanted}")

    @staticmethod
    def _compare_contents(imap, name, uids):
        """Those that no client saw before the kill, octet by octet behind the header fields that we put before."""
        imap_view.done(imap.select(f'"{name}"', readonly=True))
        for first in range(0, len(uids), 50):
            wanted = ",".join(map(str, uids[first : first + 50]))
            for item in imap_view.done(imap.uid("FETCH", wanted, "(UID BODY.PEEK[])")):
                if not isinstance(item, tuple):
                    continue
                label = item[1].partition(b"X-Identity: ")[2].partition(b"\r\n")[0].decode()
                if not item[1].endswith(mail.content_of(label)):
                    raise expected.Broken(f"{label!r} in {name} is not what was sent: {len(item[1])} octets")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    arguments.add_argument("--rounds", type=int, default=50 if os.environ.get("STAGEPOST_FULL") == "1" else 10)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments.add_argument("--shards", type=int, default=server.shards())
    options = arguments.parse_args()
    print(f"seed {options.seed}, {options.rounds} rounds", flush=True)
    began = time.monotonic()
    test = KillTest(options.seed, options.shards)
    try:
        for number in range(1, options.rounds + 1):
            test.round(number)
        if test.server.stop() != 0:
            raise expected.Broken("the daemon did not end in order")
    except (expected.Broken, AssertionError, OSError, ValueError, imaplib.IMAP4.error) as broken:
        print(test.server.log_tail())
        ended = test.server.process.poll()
        print(f"the daemon {'runs' if ended is None else f'ended with {ended}'}; data folder: {test.server.keep()}")
        sys.exit(f"seed {options.seed}: {broken}")
    finally:
        test.server.close()
    print(
        f"{test.kills} kills in {time.monotonic() - began:.0f} s: {test.ledger.accepted_count()} messages and "
        f"{test.done.total()} changes of folders acknowledged, nothing lost, nothing twice"
    )
    for words, counts in (("acknowledged", test.done), ("cut off", test.cut_off)):
        print(f"{words}:", ", ".join(f"{what} {count}" for what, count in sorted(counts.items())))


if __name__ == "__main__":
    try:
        main()
    except server.unittest.SkipTest as skipped:
        print(f"skipped: {skipped}")
        sys.exit(server.SKIPPED)
