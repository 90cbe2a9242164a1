"""What tests of mail that leaves have in common: a daemon that tries again at once, mail put in by submission, and looks
at the queue and at the reports that come back.
"""

import email
import email.policy

import server

TEXT = b"Subject: out\r\nFrom: <alice@example.test>\r\nMessage-ID: <one@example.test>\r\n\r\nhello\r\n.dot\r\n"
# Time limits stay what they are: on a crowded machine short ones end attempts that were going well. Who tests a peer that
# hangs sets one for that.
QUICK = {"rest_after_failure_seconds": 0}


class SendingTest(server.ServerTest):
    first_start = {"smtp_out": QUICK}

    def empty_queue(self):
        self.server.set(smtp_out__routes="")
        for one in self.waiting():
            server.wait_until("the order to delete", lambda one=one: self.gone_after_delete(one["id"]))

    def gone_after_delete(self, queue_id):
        return (
            self.server.try_ctl("queue", "delete", queue_id).returncode == 0
            or self.server.try_ctl("queue", "show", queue_id).returncode != 0
        )

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
