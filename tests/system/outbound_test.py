#!/usr/bin/env python3
"""Mail that leaves: over the routes of the settings to a server of the test's own."""

import email
import email.policy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import sending  # noqa: E402
import server  # noqa: E402
from sending import TEXT  # noqa: E402


class OutboundTest(sending.SendingTest):
    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)

    def route(self, *routes):
        self.server.set(smtp_out__routes=", ".join(routes) if routes else self.peer.route())

    # -- the way out ---------------------------------------------------------------------------------------------

    def test_mail_goes_out_as_it_came(self):
        self.route()
        self.submit("bob@far.example")
        self.wait_for_empty_queue()
        [sent] = self.peer.messages
        self.assertEqual((sent.sender, sent.recipients), ("alice@example.test", ["bob@far.example"]))
        head, _, body = sent.content.partition(b"\r\n\r\n")
        self.assertEqual(body, b"hello\r\n.dot\r\n")
        self.assertTrue(head.startswith(b"Received: "), head)
        self.assertNotIn(b"Return-Path", head)
        whole = self.peer.octets
        self.assertEqual(whole.count(b"\n"), whole.count(b"\r\n"))
        self.assertEqual(whole.count(b"\r"), whole.count(b"\r\n"))
        self.assertEqual(self.inbox(), [])
        self.assertIn("EHLO mail.example.test", self.peer.lines)

    def test_the_trace_has_what_the_other_server_said(self):
        self.route()
        self.submit("bob@far.example", text=TEXT.replace(b"one@", b"traced@"))
        self.wait_for_empty_queue()
        shown = self.server.ctl("trace", "<traced@example.test>")
        self.assertIn("250 2.0.0 queued as 4711", shown)
        self.assertIn("127.0.0.1", shown)

    def test_what_has_no_route_waits_until_it_has_one(self):
        self.submit("bob@far.example")
        [one] = self.waiting()
        self.assertEqual(one["recipients"][0]["state"], "remote")
        self.assertEqual(one["recipients"][0]["attempts"], 0)
        self.server.restart()
        self.assertEqual(self.peer.connections, 0)
        self.route(self.peer.route(".example"))
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    def test_recipients_of_a_destination_share_a_transmission_and_messages_a_connection(self):
        self.route()
        self.submit("a@far.example", "b@far.example", "c@other.example", "bob@example.test")
        self.wait_for_empty_queue()
        self.assertEqual(sorted(one.recipients for one in self.peer.messages),
                         [["a@far.example", "b@far.example"], ["c@other.example"]])  # fmt: skip
        self.assertEqual(len(self.inbox("bob")), 1)

    def test_a_large_message_goes_out_whole(self):
        self.route()
        body = b"".join(b"%07d %s\r\n" % (i, b"x" * 60) for i in range(30000))
        self.submit("bob@far.example", text=TEXT + body)
        self.wait_for_empty_queue()
        self.assertTrue(self.peer.messages[0].content.endswith(b".dot\r\n" + body))

    def test_chunks_are_used_where_they_are_offered(self):
        self.peer.extensions.append("CHUNKING")
        self.route()
        self.submit("bob@far.example")
        self.wait_for_empty_queue()
        self.assertTrue(self.peer.messages[0].content.endswith(b"\r\n\r\nhello\r\n.dot\r\n"))
        self.assertTrue(any(line.startswith("BDAT") for line in self.peer.lines))

    def test_eight_bits_are_encoded_for_a_server_that_takes_seven(self):
        self.peer.extensions.remove("8BITMIME")
        self.route()
        text = (TEXT.replace(b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                             b"Content-Transfer-Encoding: 8bit\r\n\r\n", 1) + "grün\r\n".encode())  # fmt: skip
        self.submit("bob@far.example", text=text, options=["BODY=8BITMIME"])
        self.wait_for_empty_queue()
        sent = self.peer.messages[0].content
        self.assertTrue(sent.isascii())
        self.assertIn("grün", email.message_from_bytes(sent, policy=email.policy.default).get_content())

    def test_tls_is_used_where_it_is_offered(self):
        peer = mail_peer.Peer(certificate=self.server.certificate, key=self.server.folder / "key.pem")
        self.addCleanup(peer.close)
        self.route(peer.route())
        self.submit("bob@far.example", text=TEXT.replace(b"one@", b"tls@"))
        self.wait_for_empty_queue()
        self.assertIn(peer.messages[0].tls, ("TLSv1.2", "TLSv1.3"))
        self.assertIn("tls=TLSv1", self.server.ctl("trace", "<tls@example.test>"))

    def test_mail_goes_in_the_clear_where_the_handshake_fails(self):
        self.peer.extensions.append("STARTTLS")
        self.route()
        self.submit("bob@far.example")
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    def test_no_octet_of_mail_goes_in_the_clear_where_tls_is_required(self):
        self.route(self.peer.route(tls="required"))
        self.submit("bob@far.example")
        self.wait_for_attempts("bob@far.example", 1)
        self.assertFalse(any(line.startswith("MAIL") for line in self.peer.lines))

    # -- refusals ------------------------------------------------------------------------------------------------

    def test_partial_success_is_never_sent_again(self):
        answers = {b"later@": "451 4.2.1 not now", b"never@": "550 5.1.1 no such user"}
        self.peer.on["RCPT"] = lambda line: next((text for who, text in answers.items() if who in line), None)
        self.route()
        self.submit("good@far.example", "later@far.example", "never@far.example")
        one = self.wait_for_attempts("later@far.example", 1)
        self.assertEqual([who["address"] for who in one["recipients"]], ["later@far.example"])
        self.assertIn("451 4.2.1 not now", one["recipients"][0]["last_reply"])
        report, parts = self.report()
        self.assertIn("never@far.example", parts[0].get_content())
        status = parts[1].get_payload()
        self.assertEqual(len(status), 2)
        self.assertEqual(status[1]["Action"], "failed")
        self.assertEqual(status[1]["Status"], "5.1.1")
        self.assertIn("no such user", status[1]["Diagnostic-Code"])
        self.assertEqual(report["Return-Path"], "<>")
        del answers[b"later@"]
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual([sent.recipients for sent in self.peer.messages],
                         [["good@far.example"], ["later@far.example"]])  # fmt: skip

    def test_mail_bounces_after_the_last_interval_and_not_before(self):
        self.during_test(spool__retry_intervals_minutes="1, 2")
        self.peer.on["MAIL"] = "451 4.3.0 out of order"
        self.route()
        self.submit("bob@far.example")
        for attempt in (1, 2):
            one = self.wait_for_attempts("bob@far.example", attempt)
            self.assertEqual(self.inbox(), [])
            self.retry(one["id"])
        _, parts = self.report()
        self.assertIn("out of order", parts[1].get_payload()[1]["Diagnostic-Code"])
        self.wait_for_empty_queue()
        self.assertEqual(sum(line.startswith("MAIL") for line in self.peer.lines), 3)

    def test_a_server_that_is_not_there_is_an_attempt_for_all_that_waits_for_it(self):
        self.peer.close()
        self.route()
        for number in range(5):
            self.submit(f"bob{number}@far.example")
        for number in range(5):
            self.wait_for_attempts(f"bob{number}@far.example", 1)
        self.assertEqual({who["attempts"] for one in self.waiting() for who in one["recipients"]}, {1})

    def test_a_sender_who_does_not_exist_is_named_in_the_trace(self):
        self.peer.on["RCPT"] = "550 5.1.1 no such user"
        self.during_test(smtp_in__allow_relay="anyone")
        self.domain_during_test(require_auth="false")
        self.route()
        with self.server.smtp() as smtp:
            smtp.sendmail("nobody@example.test", ["bob@far.example"], TEXT.replace(b"one@", b"untold@"))
        self.wait_for_empty_queue()
        trace = self.server.ctl("trace", "<untold@example.test>")
        self.assertRegex(trace, r"untold.*nobody@example\.test")
        self.assertIn("no such sender", trace)

    def test_an_answer_in_the_middle_of_a_message_is_an_answer(self):
        self.peer.on["EARLY"] = "552 5.3.4 that is enough"
        self.route()
        self.submit("bob@far.example", text=TEXT + b"x" * 70 + b"\r\n" + b"and so on\r\n" * 500000)
        _, parts = self.report()
        self.assertEqual(parts[1].get_payload()[1]["Status"], "5.3.4")
        self.wait_for_empty_queue()

    def test_nobody_is_told_of_a_report_that_cannot_be_delivered(self):
        self.peer.on["RCPT"] = "550 5.1.1 no such user"
        self.during_test(smtp_in__allow_relay="anyone")
        self.domain_during_test(require_auth="false")
        self.route()
        with self.server.smtp() as smtp:
            smtp.sendmail("", ["bob@far.example"], TEXT)
        self.wait_for_empty_queue()
        self.assertEqual(self.peer.messages, [])
        self.assertEqual(self.inbox(), [])

    def test_a_report_goes_out_to_a_sender_elsewhere(self):
        self.peer.on["RCPT"] = lambda line: "550 5.1.1 no such user" if b"bob@" in line else None
        self.during_test(smtp_in__allow_relay="anyone")
        self.route()
        with self.server.smtp() as smtp:
            smtp.sendmail("carol@near.example", ["bob@far.example"], TEXT)
        self.wait_for_empty_queue()
        [sent] = self.peer.messages
        self.assertEqual((sent.sender, sent.recipients), ("", ["carol@near.example"]))
        self.assertIn(b"multipart/report", sent.content)

    def test_notify_never_is_obeyed(self):
        self.peer.on["RCPT"] = "550 5.1.1 no such user"
        self.route()
        self.submit("bob@far.example", rcpt_options=["NOTIFY=NEVER"])
        self.wait_for_empty_queue()
        self.assertEqual(self.inbox(), [])

    def test_success_is_told_to_whoever_asked_where_the_other_server_does_not(self):
        self.peer.extensions.remove("DSN")
        self.route()
        self.submit("bob@far.example", rcpt_options=["NOTIFY=SUCCESS"])
        _, parts = self.report()
        self.assertEqual(parts[1].get_payload()[1]["Action"], "relayed")

    def test_a_late_message_is_told_of_and_still_tried(self):
        self.during_test(spool__delay_notice_after_attempts="1")
        self.peer.on["MAIL"] = "451 4.3.0 out of order"
        self.route()
        self.submit("bob@far.example")
        _, parts = self.report()
        status = parts[1].get_payload()[1]
        self.assertEqual((status["Action"], status["Status"]), ("delayed", "4.3.0"))
        self.assertIsNotNone(status["Will-Retry-Until"])
        [one] = self.waiting()
        self.peer.on.clear()
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    # -- what the administrator orders ---------------------------------------------------------------------------

    def order(self, verb, *arguments):
        """Until it is done: a message that is being sent right now cannot be changed."""
        server.wait_until(f"queue {verb}", lambda: self.server.try_ctl("queue", verb, *arguments).returncode == 0)

    def test_a_held_message_waits_until_it_is_released(self):
        self.submit("bob@far.example", "carol@other.example")
        [one] = self.waiting()
        self.order("hold", one["id"])
        self.route()
        self.submit("dave@far.example")
        server.wait_until("the other message", lambda: self.peer.addressed_to("dave@far.example"))
        self.server.restart()
        [held] = self.waiting()
        self.assertEqual([who["state"] for who in held["recipients"]], ["held", "held"])
        self.assertEqual(self.peer.addressed_to("bob@far.example"), [])
        self.order("release", one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.addressed_to("bob@far.example")), 1)
        self.assertEqual(len(self.peer.addressed_to("carol@other.example")), 1)

    def test_the_higher_priority_goes_first(self):
        self.during_test(smtp_out__connections_per_destination="1")
        for number in range(6):
            self.submit(f"bob{number}@far.example")
        ids = {one["recipients"][0]["address"]: one["id"] for one in self.waiting()}
        self.order("priority", ids["bob0@far.example"], "1")
        self.order("priority", ids["bob5@far.example"], "9")
        self.order("force", ids["bob4@far.example"])
        self.assertEqual(self.server.try_ctl("queue", "priority", ids["bob0@far.example"], "11").returncode, 2)
        self.route()
        self.wait_for_empty_queue()
        sent = [one.recipients[0] for one in self.peer.messages]
        self.assertEqual(sent[:2], ["bob4@far.example", "bob5@far.example"])
        self.assertEqual(sent[-1], "bob0@far.example")
        self.assertEqual(len(sent), 6)

    def test_attempts_start_over_when_they_are_reset(self):
        self.during_test(spool__retry_intervals_minutes="1, 2")
        self.peer.on["MAIL"] = "451 4.3.0 out of order"
        self.route()
        self.submit("bob@far.example")
        one = self.wait_for_attempts("bob@far.example", 1)
        for attempts in range(2, 6):
            self.order("reset")
            self.wait_for_attempts("bob@far.example", 1)
            self.assertEqual(sum(line.startswith("MAIL") for line in self.peer.lines), attempts)
        self.assertEqual(self.inbox(), [])
        self.peer.on.clear()
        self.retry(one["id"])
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    # -- faults --------------------------------------------------------------------------------------------------

    def test_nothing_is_lost_or_doubled_whatever_the_other_server_does(self):
        refusals = (mail_peer.HANG, mail_peer.CUT, mail_peer.GARBAGE, "421 4.3.2 going down", "451 4.3.0 later")
        stages = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT")
        self.during_test(smtp_out__command_timeout_seconds="60")
        for stage in stages:
            for what in refusals:
                with self.subTest(stage=stage, what=what):
                    self.server.set(smtp_out__command_timeout_seconds="1" if what == mail_peer.HANG else "60")
                    peer = mail_peer.Peer()
                    self.addCleanup(peer.close)
                    peer.on[stage] = what
                    self.route(peer.route())
                    self.submit("bob@far.example")
                    one = self.wait_for_attempts("bob@far.example", 1)
                    self.assertEqual(peer.messages, [])
                    peer.on.clear()
                    self.server.set(smtp_out__command_timeout_seconds="60")
                    self.retry(one["id"])
                    self.wait_for_empty_queue()
                    self.assertEqual(len(peer.messages), 1)
                    self.assertEqual(self.inbox(), [])
                    peer.close()

    def test_octets_that_drip_are_no_answer(self):
        self.during_test(smtp_out__command_timeout_seconds="1")
        for stage in ("EHLO", "MAIL", "CONTENT"):
            with self.subTest(stage=stage):
                peer = mail_peer.Peer()
                self.addCleanup(peer.close)
                peer.on[stage] = mail_peer.DRIP
                self.route(peer.route())
                self.submit("bob@far.example")
                self.wait_for_attempts("bob@far.example", 1)
                self.empty_queue()

    def test_a_connection_that_ends_between_two_messages_costs_the_next_no_attempt(self):
        self.during_test(smtp_out__connections_per_destination="1")
        for ending in (mail_peer.CUT, "421 4.7.0 no more on this connection"):
            with self.subTest(ending=ending):
                peer = mail_peer.Peer()
                self.addCleanup(peer.close)
                begun = []

                def every_second(line, ending=ending, begun=begun):
                    begun.append(line)
                    return ending if len(begun) % 2 == 0 else None

                peer.on["MAIL"] = every_second
                self.server.set(smtp_out__routes="")
                for number in range(4):
                    self.submit(f"bob{number}@far.example")
                self.route(peer.route())
                self.wait_for_empty_queue()
                self.assertEqual(len(peer.messages), 4)
                self.assertEqual(len(begun), 7)

    def test_a_connection_that_is_refused_fails_nothing_while_others_are_on_their_way(self):
        import threading

        self.during_test(smtp_out__command_timeout_seconds="30")
        began, refused, later = [], threading.Event(), threading.Event()

        def connect(_):
            began.append(None)
            number = len(began)
            if number == 2:  # still on its way when the third is refused
                refused.wait(20)
                later.wait(0.5)
            elif number > 2:
                refused.set()
                return "421 4.3.2 too many connections"
            return None

        def end(_):
            if not refused.is_set():  # the first connection goes when the second is on its way
                server.wait_until("the second connection", lambda: len(began) >= 2)
                return mail_peer.CUT
            return None

        self.peer.on["CONNECT"] = connect
        self.peer.on["MAIL"] = end
        for number in range(6):
            self.submit(f"bob{number}@far.example")
        self.route()
        server.wait_until("the others to leave", lambda: len(self.waiting()) == 1)
        self.assertEqual(len(self.peer.messages), 5)

    def test_a_server_that_hangs_after_quit_holds_nothing_up(self):
        self.peer.on["QUIT"] = mail_peer.HANG
        self.route()
        self.submit("bob@far.example")
        self.wait_for_empty_queue()
        self.submit("bob@far.example")
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 2)

    def test_one_dead_destination_holds_up_no_other(self):
        dead = mail_peer.Peer()
        self.addCleanup(dead.close)
        dead.on["CONNECT"] = mail_peer.HANG
        self.during_test(smtp_out__command_timeout_seconds="60")
        self.route(dead.route("dead.example"), self.peer.route())
        for number in range(20):
            self.submit(f"bob{number}@dead.example")
        self.submit("bob@far.example")
        server.wait_until("the other message", lambda: self.peer.messages)
        self.assertEqual(len(self.waiting()), 20)

    def test_connections_to_a_destination_are_bounded(self):
        self.during_test(smtp_out__connections_per_destination="3")
        for number in range(30):
            self.submit(f"bob{number}@far.example")
        self.route()
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 30)
        self.assertLessEqual(self.peer.most_open, 3)
        self.assertLess(self.peer.connections, 30)

    def test_a_message_is_deleted_and_not_sent(self):
        self.submit("bob@far.example")
        [one] = self.waiting()
        self.server.ctl("queue", "delete", one["id"])
        self.route()
        self.submit("carol@far.example")
        self.wait_for_empty_queue()
        self.assertEqual([sent.recipients for sent in self.peer.messages], [["carol@far.example"]])

    def test_a_kill_in_the_middle_loses_nothing(self):
        import signal

        self.peer.on["CONTENT"] = mail_peer.HANG
        self.route()
        self.submit("bob@far.example")
        server.wait_until("the message to be on its way", lambda: "DATA" in self.peer.lines)
        self.server.stop(signal.SIGKILL)
        self.peer.on.clear()
        self.server.start()
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.addressed_to("bob@far.example")), 1)

    def test_an_orderly_stop_waits_for_what_is_under_way(self):
        import signal
        import threading

        asked, go_on = threading.Event(), threading.Event()

        def slow(_):
            asked.set()
            go_on.wait(60)

        self.peer.on["CONTENT"] = slow
        self.addCleanup(go_on.set)
        self.route()
        self.submit("bob@far.example")
        self.assertTrue(asked.wait(60))
        self.server.process.send_signal(signal.SIGTERM)
        server.wait_until("the stop", lambda: not self.answers())
        go_on.set()
        self.assertEqual(self.server.process.wait(60), 0)
        self.server.start()
        self.wait_for_empty_queue()
        self.assertEqual(len(self.peer.messages), 1)

    def answers(self):
        try:
            self.server.connect("smtp").close()
        except OSError:
            return False
        return True

    def test_the_store_is_sound_after_all(self):
        self.route()
        self.submit("bob@far.example", "alice@example.test")
        self.wait_for_empty_queue()
        self.inbox()
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})


if __name__ == "__main__":
    server.main()
