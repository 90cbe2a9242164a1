#!/usr/bin/env python3
"""mpop fetches mail, remembers what it has, and deletes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402


class MpopTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.mpop = server.tool("mpop")
        super().setUpClass()

    def send(self, user, first, count):
        with self.server.smtp() as smtp:
            for number in range(first, first + count):
                text = f"Subject: message {number}\r\n\r\n.dot first\r\nbody {number}\r\n".encode()
                smtp.sendmail("someone@elsewhere.example", [server.address(user)], text)

    def fetch(self, user, listener, *, starttls, keep, name, **more):
        """Runs mpop once with a configuration of its own; gives the messages that are in its Maildir then."""
        folder = self.server.folder / name
        maildir = folder / "maildir"
        for part in ("tmp", "new", "cur"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        settings = {
            "host": "127.0.0.1",
            "port": self.server.ports[listener],
            "user": server.address(user),
            "passwordeval": f"echo '{server.PASSWORD}'",
            "tls": "on",
            "tls_starttls": "on" if starttls else "off",
            "tls_trust_file": self.server.certificate,
            "keep": "on" if keep else "off",
            "uidls_file": folder / "uidls",
            "delivery": f"maildir {maildir}",
            "received_header": "off",
            "timeout": 30,
            **more,
        }
        config = folder / "mpoprc"
        config.write_text("account default\n" + "".join(f"{key} {value}\n" for key, value in settings.items()))
        config.chmod(0o600)
        server.run([self.mpop, f"--file={config}", "--quiet", "--all-accounts"])
        return [path.read_bytes() for path in sorted((maildir / "new").iterdir())]

    def test_it_fetches_only_what_it_does_not_have(self):
        self.send("alice", 0, 5)
        self.server.wait_for_count("alice", 5)
        options = {"starttls": True, "keep": True, "name": "keeping"}
        self.assertEqual(len(self.fetch("alice", "pop3", **options)), 5)
        self.assertEqual(len(self.fetch("alice", "pop3", **options)), 5, "none of them twice")
        self.send("alice", 5, 2)
        self.server.wait_for_count("alice", 7)
        fetched = self.fetch("alice", "pop3", **options)
        self.assertEqual(len(fetched), 7)
        # mpop writes Unix line ends.
        stored = sorted(one.replace(b"\r\n", b"\n") for one in self.server.messages("alice"))
        self.assertEqual(sorted(one.replace(b"\r\n", b"\n") for one in fetched), stored)

    def test_it_deletes_what_it_has_fetched(self):
        self.send("bob", 0, 4)
        self.server.wait_for_count("bob", 4)
        self.assertEqual(len(self.fetch("bob", "pop3s", starttls=False, keep=False, name="deleting")), 4)
        self.assertEqual(self.server.count("bob"), 0)

    def test_it_works_without_pipelining(self):
        self.send("carol", 0, 3)
        self.server.wait_for_count("carol", 3)
        fetched = self.fetch("carol", "pop3s", starttls=False, keep=True, name="slow", pipelining="off", auth="user")
        self.assertEqual(len(fetched), 3)


if __name__ == "__main__":
    server.main()
