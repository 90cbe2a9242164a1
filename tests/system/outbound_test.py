#!/usr/bin/env python3
"""Mail that leaves: over the routes of the settings to a server of the test's own."""

import email
import email.policy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import mail_peer  # noqa: E402
import server  # noqa: E402

TEXT = b"Subject: out\r\nFrom: <alice@example.test>\r\nMessage-ID: <one@example.test>\r\n\r\nhello\r\n.dot\r\n"


class OutboundTest(server.ServerTest):
    first_start = {"smtp_out": {"command_timeout_seconds": 2, "connect_timeout_seconds": 2,
                                "rest_after_failure_seconds": 0}}  # fmt: skip

    def setUp(self):
        self.peer = mail_peer.Peer()
        self.addCleanup(self.peer.close)
        self.addCleanup(self.empty_queue)

    def empty_queue(self):
        self.server.set(smtp_out__routes="")
        for one in self.waiting():
            server.wait_until("the order to delete", lambda one=one: self.gone_after_delete(one["id"]))

    def gone_after_delete(self, queue_id):
        return (
            self.server.try_ctl("queue", "delete", queue_id).returncode == 0
            or self.server.try_ctl("queue", "show", queue_id).returncode != 0
        )

    def route(self, *routes):
        self.server.set(smtp_out__routes=", ".join(routes) if routes else self.peer.route())

    def submit(self, *recipients, text=TEXT, sender="alice@example.test", options=(), rcpt_options=()):
        with self.server.smtp("submission") as smtp:
            smtp.starttls(context=self.server.tls())
            smtp.ehlo()
            smtp.login("alice@example.test", server.PASSWORD)
            self.assertEqual(smtp.sendmail(sender, recipients, text, options, rcpt_options), {})

    def waiting(self):
        return self.server.ctl_json("queue", "list")["messages"]

    def wait_for_empty_queue(self):
        server.wait_until("an empty queue", lambda: not self.waiting())

    def wait_for_attempts(self, address, count):
        def made():
            for one in self.waiting():
                for who in one["recipients"]:
                    if who["address"] == address and who["attempts"] >= count:
                        return one
            return None

        return server.wait_until(f"attempt {count} at {address}", made)

    def retry(self, queue_id):
        server.wait_until("the order to retry", lambda: self.server.try_ctl("queue", "retry", queue_id).returncode == 0)

    def inbox(self, user="alice"):
        with self.server.imap(user) as imap:
            imap.select("INBOX")
            _, numbers = imap.search(None, "ALL")
            found = []
            for number in numbers[0].split():
                _, data = imap.fetch(number, "(BODY.PEEK[])")
                found.append(email.message_from_bytes(data[0][1], policy=email.policy.default))
            for number in numbers[0].split():
                imap.store(number, "+FLAGS", "\\Deleted")
            imap.expunge()
            return found

    def report(self, user="alice"):
        found = []

        def came():
            found.extend(self.inbox(user))
            return found

        server.wait_until("a report", came)
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0].get_content_type(), "multipart/report")
        parts = list(found[0].iter_parts())
        self.assertEqual(parts[1].get_content_type(), "message/delivery-status")
        return found[0], parts

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

    # -- faults --------------------------------------------------------------------------------------------------

    def test_nothing_is_lost_or_doubled_whatever_the_other_server_does(self):
        refusals = (mail_peer.HANG, mail_peer.CUT, mail_peer.GARBAGE, "421 4.3.2 going down", "451 4.3.0 later")
        stages = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT")
        for stage in stages:
            for what in refusals:
                with self.subTest(stage=stage, what=what):
                    peer = mail_peer.Peer()
                    self.addCleanup(peer.close)
                    peer.on[stage] = what
                    self.route(peer.route())
                    self.submit("bob@far.example")
                    one = self.wait_for_attempts("bob@far.example", 1)
                    self.assertEqual(peer.messages, [])
                    peer.on.clear()
                    self.retry(one["id"])
                    self.wait_for_empty_queue()
                    self.assertEqual(len(peer.messages), 1)
                    self.assertEqual(self.inbox(), [])
                    peer.close()

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

    def test_the_store_is_sound_after_all(self):
        self.route()
        self.submit("bob@far.example", "alice@example.test")
        self.wait_for_empty_queue()
        self.inbox()
        self.assertEqual({one["sound"] for one in self.server.ctl_json("verify")["shards"]}, {True})


if __name__ == "__main__":
    server.main()
