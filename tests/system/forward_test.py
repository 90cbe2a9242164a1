#!/usr/bin/env python3
"""Users who have their mail sent on: to other servers and to each other, with senders that bounces come back to."""

import collections
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
from sending import TEXT  # noqa: E402

SENDER = "someone@elsewhere.example"


def message(subject, *fields):
    return "".join(f"{one}\r\n" for one in (*fields, f"From: {SENDER}", f"Subject: {subject}", "", "text"))


class ForwardTest(sending.SendingTest):
    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)
        self.server.set(smtp_out__routes=self.peer.route())
        for user in ("alice", "bob", "carol"):
            self.inbox(user)  # empties it

    def forward(self, user, *to, keep_copy=True):
        self.server.ctl("user", "set", server.address(user), f"forward_to={', '.join(to)}",
                        f"forward_keep_copy={str(keep_copy).lower()}")  # fmt: skip
        self.addCleanup(self.server.ctl, "user", "set", server.address(user), "forward_to=", "forward_keep_copy=true")

    def send(self, to, content, sender=SENDER):
        """The queue id."""
        with self.server.smtp() as smtp:
            self.assertEqual(smtp.mail(sender)[0], 250)
            self.assertEqual(smtp.rcpt(to)[0], 250)
            code, text = smtp.data(content)
            self.assertEqual(code, 250, text)
            return text.split()[-1].decode()

    def sent(self, subject):
        return [one for one in self.peer.messages if f"Subject: {subject}\r\n".encode() in one.content]

    def wait_for_sent(self, subject):
        server.wait_until(f"{subject!r} at the other server", lambda: self.sent(subject))
        self.wait_for_empty_queue()
        [one] = self.sent(subject)
        return one

    def subjects(self, user):
        return collections.Counter(one["Subject"] for one in self.inbox(user))

    def steps(self, queue_id):
        return self.server.ctl_json("trace", queue_id)["traces"][0]["steps"]

    # -- the way out ---------------------------------------------------------------------------------------------

    def test_a_forward_goes_out_with_a_sender_of_ours_and_a_copy_stays(self):
        self.forward("alice", "bob@far.example")
        queue_id = self.send("alice@example.test", message("to both"))
        one = self.wait_for_sent("to both")
        self.assertEqual(one.recipients, ["bob@far.example"])
        self.assertRegex(one.sender, r"^SRS0=[A-Z2-7]+=[A-Z2-7]{2}=elsewhere\.example=someone@example\.test$")
        self.assertTrue(one.content.startswith(b"Delivered-To: alice@example.test\r\nReceived: "), one.content)
        self.assertNotIn(b"Return-Path", one.content)
        [kept] = self.inbox("alice")
        self.assertEqual((kept["Subject"], kept["Return-Path"]), ("to both", f"<{SENDER}>"))
        [step] = [dict(each["facts"]) for each in self.steps(queue_id) if each["step"] == "forwarded"]
        self.assertEqual((step["recipient"], step["to"]), ("alice@example.test", "bob@far.example"))
        [begin] = [dict(each["facts"]) for each in self.steps(step["as"]) if each["step"] == "accepted"]
        self.assertEqual(begin["forward_of"], queue_id)
        self.assertIn("delivered", [each["step"] for each in self.steps(step["as"])])

    def test_without_a_copy_the_mailbox_stays_empty_and_may_be_full(self):
        self.forward("alice", "bob@far.example", keep_copy=False)
        self.user_during_test("alice", quota_mb="1")
        self.send("alice@example.test", message("away") + "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 20000)
        one = self.wait_for_sent("away")
        self.assertGreater(len(one.content), 1 << 20)
        self.assertEqual(self.inbox("alice"), [])

    def test_several_addresses_get_it_each_once(self):
        self.forward("alice", "bob@far.example", "carol@example.test", "bob@FAR.example", "dave@other.example")
        self.send("alice@example.test", message("to many"))
        server.wait_until("both servers' mail", lambda: len(self.sent("to many")) == 2)
        self.wait_for_empty_queue()
        self.assertEqual(sorted(who for one in self.sent("to many") for who in one.recipients),
                         ["bob@far.example", "dave@other.example"])  # fmt: skip
        self.assertEqual(self.subjects("carol"), {"to many": 1})
        self.assertEqual(self.subjects("alice"), {"to many": 1})

    def test_the_sender_stays_where_the_domain_says_so(self):
        self.forward("alice", "bob@far.example")
        self.server.ctl("domain", "set", server.DOMAIN, "srs=false")
        self.addCleanup(self.server.ctl, "domain", "set", server.DOMAIN, "srs=true")
        self.send("alice@example.test", message("not rewritten"))
        self.assertEqual(self.wait_for_sent("not rewritten").sender, SENDER)

    def test_what_a_user_sends_keeps_his_sender_and_a_bounce_has_none(self):
        self.forward("bob", "bob@far.example")
        self.submit("bob@example.test", text=TEXT.replace(b"Subject: out", b"Subject: from alice"))
        self.assertEqual(self.wait_for_sent("from alice").sender, "alice@example.test")
        self.send("bob@example.test", message("a bounce"), sender="")
        self.assertEqual(self.wait_for_sent("a bounce").sender, "")

    # -- the way back --------------------------------------------------------------------------------------------

    def rewritten(self):
        self.forward("alice", "bob@far.example", keep_copy=False)
        self.send("alice@example.test", message("there"))
        return self.wait_for_sent("there").sender

    def test_a_bounce_to_the_rewritten_sender_goes_back_to_the_first(self):
        address = self.rewritten()
        self.send(address, message("and back"), sender="")
        one = self.wait_for_sent("and back")
        self.assertEqual((one.sender, one.recipients), ("", [SENDER]))
        lines = self.server.ctl("route", address)
        self.assertIn(SENDER, lines)

    def test_the_rewritten_sender_lasts_over_a_restart(self):
        address = self.rewritten()
        self.server.restart()
        self.send(address, message("after a restart"), sender="")
        self.wait_for_sent("after a restart")

    def test_nobody_reaches_others_through_rewritten_senders(self):
        address = self.rewritten()
        local, _, domain = address.partition("@")
        tag, code, day, first, name = local.split("=")
        forged = [
            f"{tag}={code}={day}={first}=victim@{domain}",
            f"{tag}={code}={day}=victim.example={name}@{domain}",
            f"{tag}={code[::-1]}={day}={first}={name}@{domain}",
            f"SRS1={code}={first}=={code}={day}=b=c@{domain}",
            f"SRS0=@{domain}",
        ]
        with self.server.smtp() as smtp:
            smtp.mail("")
            for each in forged:
                self.assertEqual(smtp.rcpt(each)[0], 550, each)
            self.assertEqual(smtp.rcpt(address)[0], 250)
            smtp.rset()
            smtp.mail("spammer@elsewhere.example")
            code, text = smtp.rcpt(address)
            self.assertEqual((code, text[:5]), (550, b"5.7.1"))
        self.assertEqual(self.waiting(), [])

    def test_a_failed_forward_is_reported_to_the_first_sender(self):
        self.peer.on["RCPT"] = lambda line: "550 5.1.1 no such user" if b"bob@" in line else None
        self.forward("alice", "bob@far.example")
        self.send("alice@example.test", message("refused there"))
        server.wait_until("the report", lambda: self.peer.addressed_to(SENDER))
        self.wait_for_empty_queue()
        [report] = self.peer.addressed_to(SENDER)
        self.assertEqual(report.sender, "")
        self.assertIn(b"multipart/report", report.content)
        self.assertIn(b"bob@far.example", report.content)
        self.assertEqual(self.subjects("alice"), {"refused there": 1})

    # -- loops ---------------------------------------------------------------------------------------------------

    def test_users_who_forward_to_each_other_lose_nothing(self):
        self.forward("alice", "bob@example.test", keep_copy=False)
        self.forward("bob", "carol@example.test", keep_copy=False)
        self.forward("carol", "alice@example.test", keep_copy=False)
        self.send("alice@example.test", message("round"))
        self.server.wait_for_message("carol", b"Subject: round")
        self.wait_for_empty_queue()
        self.assertEqual(self.subjects("alice") + self.subjects("bob"), collections.Counter())
        self.assertEqual(self.subjects("carol"), {"round": 1})

    def test_what_comes_back_from_another_server_goes_no_further(self):
        self.forward("alice", "bob@far.example")
        self.send("alice@example.test", message("there and back"))
        one = self.wait_for_sent("there and back")
        with self.server.smtp() as smtp:
            smtp.mail(SENDER)
            smtp.rcpt("alice@example.test")
            code, text = smtp.data(one.content)
        self.assertEqual((code, text[:5]), (554, b"5.4.6"))
        self.wait_for_empty_queue()
        self.assertEqual(len(self.sent("there and back")), 1)
        self.assertEqual(self.subjects("alice"), {"there and back": 1})

    def test_it_comes_back_by_way_of_another_user_and_ends(self):
        self.forward("alice", "alice@far.example", keep_copy=False)
        self.forward("bob", "alice@example.test", keep_copy=False)
        self.send("alice@example.test", message("a long way"))
        one = self.wait_for_sent("a long way")
        self.send("bob@example.test", one.content)
        self.server.wait_for_message("bob", b"Subject: a long way")
        self.wait_for_empty_queue()
        self.assertEqual(len(self.sent("a long way")), 1)
        self.assertEqual(self.subjects("bob"), {"a long way": 1})

    # -- what is not sent on -------------------------------------------------------------------------------------

    def test_forbidden_domains_get_nothing_and_nothing_is_lost(self):
        self.forward("alice", "bob@far.example", keep_copy=False)
        self.during_test(forwarding__blacklist="far.example")
        queue_id = self.send("alice@example.test", message("kept"))
        self.server.wait_for_message("alice", b"Subject: kept")
        self.wait_for_empty_queue()
        self.assertEqual(self.sent("kept"), [])
        [step] = [dict(each["facts"]) for each in self.steps(queue_id) if each["step"] == "not_forwarded"]
        self.assertEqual(step["to"], "bob@far.example")
        self.assertIn("blacklist", step["why"])
        refused = self.server.try_ctl("user", "set", "bob@example.test", "forward_to=bob@FAR.example")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("bob@FAR.example", refused.stderr)

    def test_what_is_no_address_is_refused(self):
        for text in ("bob", "bob@", "bob@far..example", "two words@far.example", "a@far.example, b"):
            refused = self.server.try_ctl("user", "set", "bob@example.test", f"forward_to={text}")
            self.assertNotEqual(refused.returncode, 0, text)
        many = ", ".join(f"b{number}@far.example" for number in range(21))
        self.assertNotEqual(self.server.try_ctl("user", "set", "bob@example.test", f"forward_to={many}").returncode, 0)

    def test_the_route_of_an_address_says_where_it_goes_on_to(self):
        self.forward("alice", "bob@far.example", keep_copy=False)
        lines = self.server.ctl("route", "alice@example.test")
        self.assertIn("is sent on", lines)
        self.assertIn("bob@far.example goes to the mail hosts of far.example", lines)


class ForwardKillTest(sending.SendingTest):
    node = {"shards": 3}

    def test_a_kill_neither_loses_nor_doubles(self):
        users = ("alice", "bob", "carol")
        peer = mail_peer.Peer()
        self.addCleanup(peer.close)
        for user in users:
            keep = str(user != "bob").lower()
            self.server.ctl("user", "set", server.address(user), f"forward_to={user}@far.example",
                            f"forward_keep_copy={keep}")  # fmt: skip
        wanted = collections.Counter()
        for round in range(5):
            with self.server.smtp() as smtp:
                for number in range(20):
                    subject = f"{round}-{number}"
                    smtp.sendmail(SENDER, [server.address(user) for user in users], message(subject))
                    wanted[subject] += 1
            self.server.stop(signal.SIGKILL)
            self.server.start()
        self.server.wait_for_local_deliveries()
        # What waits to leave is counted before any of it does: a kill cannot double what was not sent yet.
        server.wait_until("all forwards in the queue", lambda: len(self.all_waiting()) >= 3 * len(wanted))
        self.assertEqual(len(self.all_waiting()), 3 * len(wanted))
        self.assertEqual(self.server.count("alice"), len(wanted))
        self.assertEqual(self.server.count("bob"), 0)
        self.assertEqual(self.server.count("carol"), len(wanted))
        self.server.set(smtp_out__routes=peer.route())
        server.wait_until("the mail at the other server", lambda: not self.all_waiting())
        for user in users:
            got = collections.Counter(
                next(line for line in one.content.split(b"\r\n") if line.startswith(b"Subject: "))[9:].decode()
                for one in peer.addressed_to(f"{user}@far.example")
            )
            self.assertEqual(got, wanted, user)
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})

    def all_waiting(self):
        return self.server.ctl_json("queue", "list", "--limit", "1000")["messages"]


if __name__ == "__main__":
    server.main()
