#!/usr/bin/env python3
"""Mail comes in and folders change; the daemon is killed at a random moment and started again: nothing that was
acknowledged is lost, nothing is there twice, no change is undone.

    tests/crash/kill_test.py [--rounds N] [--seed N] [--shards N]

10 rounds, with STAGEPOST_FULL=1 in the environment 50. The seed is printed; with the same one the clients do the same,
but the moment of the kill falls where it will.
"""

import argparse
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
            with changer.connect(self.server, account.user) as imap:
                account.folders = changer.observe(imap)
        self.changes = 0
        self.kills = 0

    def round(self, number):
        """Load, kill, start, compare."""
        accepted, changes = self.ledger.accepted_count(), self.changes
        stopping = threading.Event()
        threads = self._start_senders(number, stopping) + self._start_changers(number, stopping)
        time.sleep(self.random.uniform(0.1, 1.2))
        stopping.set()
        self._kill()
        self._join(threads)
        self.changes += sum(thread.changes for thread in threads if isinstance(thread, changer.Changer))
        self.server.start()
        while self.random.random() < 0.3:  # and again, while what was left in the spool is delivered
            time.sleep(self.random.uniform(0, 0.1))
            self._kill()
            self.server.start()
        self._send_more(number)
        self._compare()
        print(
            f"round {number}: {self.ledger.accepted_count() - accepted} messages and {self.changes - changes} changes "
            "acknowledged, all there",
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
            with changer.connect(self.server, account.user) as imap:
                for name, uids in account.compare(changer.observe(imap)).items():
                    self._compare_contents(imap, name, uids)
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

    @staticmethod
    def _compare_contents(imap, name, uids):
        """Those that no client saw before the kill, octet by octet behind the header fields that we put before."""
        changer.done(imap.select(f'"{name}"', readonly=True))
        for first in range(0, len(uids), 50):
            wanted = ",".join(map(str, uids[first : first + 50]))
            for item in changer.done(imap.uid("FETCH", wanted, "(UID BODY.PEEK[])")):
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
        f"{test.changes} changes of folders acknowledged, nothing lost, nothing twice"
    )


if __name__ == "__main__":
    try:
        main()
    except server.unittest.SkipTest as skipped:
        print(f"skipped: {skipped}")
        sys.exit(server.SKIPPED)
