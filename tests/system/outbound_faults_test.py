#!/usr/bin/env python3
"""Whatever another server does at whatever moment: no mail is lost, none is sent again after a 250 was heard, and the
trace says what happened. All faults are played at one time, each by a server of its own.
"""

import collections
import email
import email.policy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
from mail_peer import CUT, DRIP, GARBAGE, HANG, Torn  # noqa: E402

SENDER = "alice@example.test"
SMALL = 300
LARGE = 900_000  # more than one chunk

# As the trace calls them.
STAGES = {
    "CONNECT": "greeting",
    "EHLO": "EHLO",
    "MAIL": "MAIL FROM",
    "RCPT": "RCPT TO",
    "DATA": "DATA",
    "CHUNK": "end of message",
    "CONTENT": "end of message",
}
# No whole reply, or none that there is.
SILENCES = (
    HANG, CUT, GARBAGE, DRIP, Torn(1), Torn(3), Torn(4), Torn(9), Torn(-1),
    "999 5.0.0 no such code", "25 2.0.0 too short", "+OK another protocol", "x" * 5000, "220-one\r\n221 another",
)  # fmt: skip
NOT_NOW = ("421 4.3.2 going down", "450 4.2.0 later", "451 4.3.0 later", "454 4.7.0 later", "452 4.3.1 no room")
NEVER = ("550 5.7.1 go away", "552 5.3.4 too large", "554 5.0.0 never", "501 5.5.4 what?")


class Fault:
    """A server that does `what` at `stage`, what mail to it comes to, and a message."""

    def __init__(self, number, stage, what, outcome, extensions=("PIPELINING", "8BITMIME", "SIZE"), size=SMALL):
        self.stage, self.what, self.outcome, self.size = stage, what, outcome, size
        self.domain = f"f{number}.example"
        self.recipient = f"bob@{self.domain}"
        self.message_id = f"<f{number}@example.test>"
        self.peer = mail_peer.Peer(extensions=extensions)
        self.peer.on[stage] = what

    def text(self):
        head = f"From: <{SENDER}>\r\nTo: <{self.recipient}>\r\nMessage-ID: {self.message_id}\r\n\r\n"
        return head.encode() + b"0123456789 abcdef\r\n" * (self.size // 19)

    def __repr__(self):
        what = self.what if len(str(self.what)) < 60 else "a long line"
        return f"{self.stage} {what!r} ({' '.join(self.peer.extensions)})"


def faults():
    """All faults, with what must come of each at the first try: deferred, bounced or delivered."""
    found = []

    def add(stage, what, outcome, **more):
        found.append(Fault(len(found), stage, what, outcome, **more))

    one_by_one = {"extensions": ("8BITMIME", "SIZE")}
    chunks = {"extensions": ("PIPELINING", "CHUNKING", "8BITMIME"), "size": LARGE}
    for stage in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"):
        for what in (*SILENCES, *NOT_NOW):
            add(stage, what, "deferred")
        for what in (HANG, CUT, Torn(3), *NOT_NOW[:2]):
            add(stage, what, "deferred", **one_by_one)
        for what in NEVER:
            # What is said before MAIL speaks of us or of the host, and not of the mail.
            early = stage in ("CONNECT", "EHLO")
            add(stage, what, "deferred" if early else "bounced")
            if not early:
                add(stage, what, "bounced", **one_by_one)
    add("CONNECT", "521 5.3.2 this host takes no mail", "bounced")
    for what in (HANG, CUT, GARBAGE, Torn(3), *NOT_NOW):
        add("CHUNK", what, "deferred", **chunks)
        add("CONTENT", what, "deferred", **chunks)
    for what in NEVER:
        add("CHUNK", what, "bounced", **chunks)
        add("CONTENT", what, "bounced", **chunks)
    # A code out of place. 250 to DATA is not 354, and 354 is no end of anything.
    add("DATA", "250 2.0.0 no need to send it", "deferred")
    for stage in ("CONNECT", "MAIL", "RCPT", "CONTENT"):
        add(stage, "354 go ahead", "deferred")
    # Who has said 250 has it, whatever he does then.
    for what in (HANG, CUT, GARBAGE, DRIP, Torn(3), *NOT_NOW[:2], *NEVER[:2]):
        add("QUIT", what, "delivered")
    # TLS is used where it can be had: where that goes wrong mail goes without.
    for what in (HANG, CUT, GARBAGE, DRIP, Torn(3), *NOT_NOW[:2], *NEVER[:2], "220 2.0.0 go ahead"):
        add("STARTTLS", what, "delivered", extensions=("PIPELINING", "STARTTLS", "SIZE"))
    return found


class OutboundFaultsTest(sending.SendingTest):
    first_start = {
        "smtp_in": {"allow_relay": "anyone"},
        # The answer to a whole message is waited for ten times as long.
        "smtp_out": {**sending.QUICK, "command_timeout_seconds": 2, "max_connections": 1000, "live_destinations": 1000},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.ctl("domain", "set", server.DOMAIN, "require_auth=false")

    def setUp(self):
        self.addCleanup(self.empty_queue)

    def send(self, *messages):
        """Recipient and text of each."""
        with self.server.smtp() as smtp:
            for recipient, text in messages:
                smtp.sendmail(SENDER, [recipient], text)

    def all_waiting(self):
        """By recipient."""
        listed = self.server.ctl_json("queue", "list", "--limit", "1000")["messages"]
        return {who["address"]: {**who, "id": one["id"]} for one in listed for who in one["recipients"]}

    def steps(self, message_id):
        """The steps of a trace after it was accepted, each with its facts as a dictionary."""
        [trace] = self.server.ctl_json("trace", message_id)["traces"]
        return [(one["step"], dict(one["facts"])) for one in trace["steps"] if one["step"] != "accepted"]

    def reports(self):
        """How often each recipient was reported as failed, and what the report says of him."""
        found = collections.defaultdict(list)
        for octets in self.server.messages("alice"):
            report = email.message_from_bytes(octets, policy=email.policy.default)
            _, status, *_ = report.iter_parts()
            for each in status.get_payload()[1:]:
                self.assertEqual(each["Action"], "failed")
                found[each["Final-Recipient"].partition(";")[2].strip()].append(each)
        return found

    def test_nothing_is_lost_or_doubled_and_the_trace_tells_what_happened(self):
        played = faults()
        for fault in played:
            self.addCleanup(fault.peer.close)
        self.server.set(smtp_out__routes=", ".join(fault.peer.route(fault.domain) for fault in played))
        self.send(*((fault.recipient, fault.text()) for fault in played))
        deferred = {fault.recipient for fault in played if fault.outcome == "deferred"}

        def first_tries_are_over():
            waiting = self.all_waiting()
            return set(waiting) <= deferred and all(who["attempts"] == 1 for who in waiting.values())

        server.wait_until("the end of all first tries", first_tries_are_over, 120)
        waiting = self.all_waiting()
        self.assertEqual(set(waiting), deferred)
        for fault in played:
            with self.subTest(fault=fault):
                sent = 1 if fault.outcome == "delivered" else 0
                self.assertEqual(len(fault.peer.messages), sent)
                self.check_first_step(fault)
        for fault in played:
            fault.peer.on.clear()
        for who in waiting.values():
            self.retry(who["id"])
        server.wait_until("an empty queue", lambda: not self.all_waiting(), 120)
        reports = self.reports()
        for fault in played:
            with self.subTest(fault=fault):
                bounced = fault.outcome == "bounced"
                self.assertEqual(len(fault.peer.messages), 0 if bounced else 1)
                self.assertEqual(len(reports[fault.recipient]), 1 if bounced else 0)
                self.check_last_step(fault, reports)
        print(f"{len(played)} faults: {dict(collections.Counter(fault.outcome for fault in played))}")

    def check_first_step(self, fault):
        steps = self.steps(fault.message_id)
        self.assertEqual([step for step, _ in steps], [fault.outcome], steps)
        facts = steps[0][1]
        self.assertEqual((facts["recipient"], facts["attempt"]), (fault.recipient, "1"))
        self.assertEqual((facts["destination"], facts["host"]), (fault.domain, "127.0.0.1"))
        if fault.outcome == "delivered":
            self.assertIn("250 2.0.0 queued as 4711", facts["reply"])
            return
        self.assertEqual(facts["stage"], STAGES[fault.stage], facts)
        self.assertTrue(facts["status"].startswith("4." if fault.outcome == "deferred" else "5."), facts)
        if fault.what in (*NOT_NOW, *NEVER):
            self.assertIn(fault.what.partition(" ")[2], facts["reply"])
        # The other server has all of it, and nobody heard what it made of that. With chunks, which do not wait for each
        # other, it depends on how far they came.
        if fault.stage == "CHUNK":
            return
        is_unsure = fault.stage == "CONTENT" and fault.what not in (*NOT_NOW, *NEVER)
        self.assertEqual(facts.get("maybe_delivered") == "true", is_unsure, facts)

    def check_last_step(self, fault, reports):
        steps = self.steps(fault.message_id)
        if fault.outcome == "deferred":
            self.assertEqual([step for step, _ in steps], ["deferred", "delivered"], steps)
            self.assertEqual(steps[1][1]["attempt"], "2")
            self.assertIn("250 2.0.0 queued as 4711", steps[1][1]["reply"])
            [sent] = fault.peer.messages
            self.assertTrue(sent.content.endswith(fault.text()), sent)
        elif fault.outcome == "bounced":
            [told] = reports[fault.recipient]
            self.assertEqual(told["Status"], steps[0][1]["status"])
            self.assertIn(fault.what.split(" ")[1], told["Diagnostic-Code"])

    def test_faults_at_reset_hold_up_no_other_message(self):
        """RSET is said where a message was refused and another follows on the connection."""
        self.during_test(smtp_out__connections_per_destination="1")
        peers = {}
        for number, what in enumerate((HANG, CUT, GARBAGE, Torn(3), *NOT_NOW[:2], *NEVER[:2])):
            peer = mail_peer.Peer()
            self.addCleanup(peer.close)
            peer.on["RCPT"] = lambda line: "550 5.1.1 no such user" if b"never@" in line else None
            peer.on["RSET"] = what
            peers[f"r{number}.example"] = peer
        for domain in peers:
            self.send(*((f"{who}@{domain}", sending.TEXT) for who in ("never", "one", "two", "never", "three")))
        self.server.set(smtp_out__routes=", ".join(peer.route(domain) for domain, peer in peers.items()))

        def ended():
            waiting = self.all_waiting()
            for who in waiting.values():
                if who["attempts"] > 0:
                    self.server.try_ctl("queue", "retry", who["id"])
            return not waiting

        server.wait_until("an empty queue", ended, 120)
        for domain, peer in peers.items():
            with self.subTest(what=peer.on["RSET"]):
                sent = sorted(who for one in peer.messages for who in one.recipients)
                self.assertEqual(sent, [f"{who}@{domain}" for who in ("one", "three", "two")])
        reports = self.reports()
        self.assertEqual({domain: len(reports[f"never@{domain}"]) for domain in peers}, dict.fromkeys(peers, 2))

    def test_a_slow_reader_gets_all_of_it(self):
        peer = mail_peer.Peer(extensions=("PIPELINING", "8BITMIME", "SIZE"))
        self.addCleanup(peer.close)
        self.during_test(smtp_out__command_timeout_seconds="2")
        peer.pace = (4096, 0.03)
        self.server.set(smtp_out__routes=peer.route())
        text = sending.TEXT + b"0123456789 abcdef\r\n" * 40_000
        self.send(("bob@far.example", text))
        self.wait_for_empty_queue()
        [sent] = peer.messages
        self.assertTrue(sent.content.endswith(text))
        self.assertEqual(peer.connections, 1)

    def test_a_reader_that_stops_is_given_up_and_gets_it_once(self):
        peer = mail_peer.Peer(extensions=("PIPELINING", "8BITMIME", "SIZE"))
        other = mail_peer.Peer()
        for each in (peer, other):
            self.addCleanup(each.close)
        peer.pace = (1, 3600)
        self.server.set(smtp_out__routes=f"{peer.route('far.example')}, {other.route()}")
        text = sending.TEXT.replace(b"one@", b"stopped@") + b"0123456789 abcdef\r\n" * 480_000
        self.send(("bob@far.example", text), ("bob@other.example", sending.TEXT))
        server.wait_until("the other message", lambda: other.messages)
        one = self.wait_for_attempts("bob@far.example", 1)
        [(step, facts)] = self.steps("<stopped@example.test>")
        self.assertEqual((step, facts["stage"]), ("deferred", "end of message"))
        self.assertNotIn("maybe_delivered", facts)
        self.assertEqual(peer.messages, [])
        peer.pace = None
        self.retry(one["id"])
        self.wait_for_empty_queue()
        [sent] = peer.messages
        self.assertTrue(sent.content.endswith(text[-1000:]))

    def test_the_store_is_sound_after_all(self):
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})


if __name__ == "__main__":
    server.main()
