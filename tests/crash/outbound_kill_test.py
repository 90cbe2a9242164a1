#!/usr/bin/env python3
"""Kills in the middle of deliveries to other servers: everybody gets his mail or his sender a report, and twice only
what was under way: at most one message a connection, one whose 250 was not yet on disk.

    tests/crash/outbound_kill_test.py [unittest's options]

8 rounds, with STAGEPOST_FULL=1 in the environment 50, with STAGEPOST_ROUNDS as many as it says. STAGEPOST_SEED repeats
the mail and the aims of the kills, not the moments they hit.
"""

import collections
import email
import email.policy
import itertools
import os
import pathlib
import random
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402

ROUNDS = int(os.environ.get("STAGEPOST_ROUNDS") or (50 if os.environ.get("STAGEPOST_FULL") == "1" else 8))
MESSAGES = 30
DOMAINS = 3
CONNECTIONS = 4


class OutboundKillTest(sending.SendingTest):
    first_start = {
        "smtp_in": {"allow_relay": "anyone"},
        "smtp_out": {**sending.QUICK, "command_timeout_seconds": 60, "connections_per_destination": CONNECTIONS},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.ctl("domain", "set", server.DOMAIN, "require_auth=false", "disk_space_mb=0")
        cls.server.ctl("user", "set", "alice@example.test", "quota_mb=0")

    def setUp(self):
        self.seed = int(os.environ.get("STAGEPOST_SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"seed {self.seed}, {ROUNDS} rounds", flush=True)
        self.chance = random.Random(self.seed)
        self.wanted = {}  # recipients by Message-ID; whose name begins with "never" is refused
        self.replies = itertools.count(1)
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        never = threading.Event()

        def take(_):
            never.wait(0.02)  # so that a kill finds something under way
            return f"250 2.0.0 queued as n{next(self.replies)}"

        self.peer.on["CONTENT"] = take
        self.peer.on["RCPT"] = lambda line: "550 5.1.1 no such user" if b"<never" in line else None
        self.server.set(smtp_out__routes=self.peer.route())

    def put_in(self, round):
        """Messages to one recipient or several, of one domain or several."""
        with self.server.smtp() as smtp:
            for number in range(MESSAGES):
                name = f"r{round}m{number}"
                recipients = []
                for which in range(self.chance.choice((1, 1, 1, 2, 4))):
                    kind = "never" if self.chance.random() < 0.1 else "to"
                    recipients.append(f"{kind}-{name}-{which}@d{self.chance.randrange(DOMAINS)}.example")
                text = sending.TEXT.replace(b"one@", name.encode() + b"@")
                self.assertEqual(smtp.sendmail("alice@example.test", recipients, text), {})
                self.wanted[f"<{name}@example.test>"] = recipients

    def test_everybody_gets_his_mail_and_nothing_that_was_recorded_goes_out_again(self):
        kills, connections_at_kills = 0, 0
        for round in range(ROUNDS):
            before = len(self.peer.messages)
            self.put_in(round)
            aim = before + self.chance.randrange(1, MESSAGES)
            server.wait_until("some deliveries", lambda aim=aim: len(self.peer.messages) >= aim or not self.waiting())
            while True:
                connections_at_kills += self.peer.open
                self.server.stop(signal.SIGKILL)
                kills += 1
                self.server.start()
                if self.chance.random() < 0.7:
                    break  # else once more, while what was left goes out
            if round % 10 == 9:
                self.check_store()
        server.wait_until("an empty queue", lambda: not self.waiting(), 120)
        self.server.wait_for_local_deliveries()
        self.check_store()
        recorded = self.check_traces()
        doubled = self.check_peer(recorded)
        total = sum(map(len, self.wanted.values()))
        print(
            f"{kills} kills, {connections_at_kills} connections open then: {len(self.wanted)} messages to {total} "
            f"recipients, {doubled} transmissions a second time"
        )
        self.assertLessEqual(doubled, connections_at_kills)
        self.check_reports()

    def check_store(self):
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})

    def check_traces(self):
        """Each recipient has one end in the trace. Returns the replies to what was delivered, by recipient."""
        replies = {}
        for message_id, recipients in self.wanted.items():
            [trace] = self.server.ctl_json("trace", message_id)["traces"]
            ends = collections.defaultdict(list)
            for step in trace["steps"]:
                facts = dict(step["facts"])
                if step["step"] in ("delivered", "bounced"):
                    ends[facts["recipient"]].append((step["step"], facts["reply"]))
            self.assertEqual(set(ends), set(recipients), message_id)
            for who, [(step, reply)] in ends.items():
                self.assertEqual(step, "bounced" if who.startswith("never") else "delivered", who)
                if step == "delivered":
                    replies[who] = reply
        return replies

    def check_peer(self, recorded):
        """Returns how many transmissions came to nothing but a second one."""
        got = collections.defaultdict(list)
        last_of_connection = {}
        for one in self.peer.messages:
            last_of_connection[one.connection] = one
            for who in one.recipients:
                got[who].append(one)
        self.assertEqual(set(got), set(recorded))
        for who, times in got.items():
            # A 250 that was recorded is the last one there was.
            self.assertEqual(times[-1].reply, recorded[who], f"{who} got {times}")
        again = {id(one): one for times in got.values() for one in times[:-1]}
        for one in again.values():
            self.assertIs(one, last_of_connection[one.connection], "not the last of its connection, and sent again")
        return len(again)

    def check_reports(self):
        """One report of each who was refused, and of nobody else."""
        told = collections.Counter()
        for octets in self.server.messages("alice"):
            report = email.message_from_bytes(octets, policy=email.policy.default)
            _, status, *_ = report.iter_parts()
            for each in status.get_payload()[1:]:
                told[each["Final-Recipient"].partition(";")[2].strip()] += 1
        refused = [who for recipients in self.wanted.values() for who in recipients if who.startswith("never")]
        wrong = {who: told[who] for who in {*told, *refused} if told[who] != (1 if who in refused else 0)}
        self.assertEqual(wrong, {}, f"reports on {len(refused)} refusals")


if __name__ == "__main__":
    server.main()
