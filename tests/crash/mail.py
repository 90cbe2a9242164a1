"""The mail of the kill test: what was offered to the server, and of that, what it acknowledged."""

import hashlib
import random
import socket
import threading

import server

ALIASES = {"team": ("alice", "bob"), "all": ("team", "carol", "bob")}
USERS = ("alice", "bob", "carol")
LARGE = 300 * 1024


def behind(name):
    """The users that get what is sent to `name`."""
    if name not in ALIASES:
        return {name}
    return set().union(*(behind(each) for each in ALIASES[name]))


def content(identity, size):
    """A message that says everywhere which one it is and where in it one stands; the same for the same arguments."""
    mark = hashlib.sha256(identity.encode()).hexdigest()[:40]
    head = (
        f"From: sender@client.example\r\nTo: all@{server.DOMAIN}\r\nSubject: {identity}\r\n"
        f"Message-ID: <{identity}@client.example>\r\nX-Identity: {identity} {size}\r\n\r\n"
    )
    lines = (f"{mark} {number:08}\r\n" for number in range(max(1, size // 51)))
    return (head + "".join(lines)).encode()


def content_of(label):
    """The same from the words of its X-Identity."""
    identity, size = label.split()
    return content(identity, int(size))


class Ledger:
    """What every message was sent to. Any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self._offered = {}  # identity: users that may get it
        self._accepted = {}  # identity: users that must get it

    def offer(self, identity, users):
        with self._lock:
            self._offered[identity] = set(users)

    def accept(self, identity, users):
        with self._lock:
            self._accepted.setdefault(identity, set()).update(users)

    def may_get(self, user, identity):
        with self._lock:
            return user in self._offered.get(identity, ())

    def due(self, user):
        """All that this user must have had by now."""
        with self._lock:
            return {identity for identity, users in self._accepted.items() if user in users}

    def accepted_count(self):
        with self._lock:
            return len(self._accepted)


class Sender(threading.Thread):
    """Sends mail over one connection until that breaks. `way`, the path into the store: "data", "bdat" or "lmtp"."""

    def __init__(self, name, port, way, ledger, seed, stopping):
        super().__init__(name=name, daemon=True)
        self._port = port
        self._way = way
        self._ledger = ledger
        self._random = random.Random(seed)
        self._stopping = stopping
        self.complaint = None

    def run(self):
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=60) as plain:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._replies = plain.makefile("rb")
                self._send = plain.sendall
                self._expect(220)
                self._send(b"LHLO client.example\r\n" if self._way == "lmtp" else b"EHLO client.example\r\n")
                self._expect(250)
                number = 0
                while not self._stopping.is_set():
                    number += 1
                    self._message(f"{self.name}-{number}")
        except (OSError, EOFError) as gone:
            if not self._stopping.is_set():
                self.complaint = f"{self.name}: the connection broke before the kill: {gone}"
        except ValueError as refused:
            self.complaint = f"{self.name}: {refused}"

    def _reply(self):
        while True:
            line = self._replies.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            if line[3:4] != b"-":
                return int(line[:3]), line

    def _expect(self, code):
        found, line = self._reply()
        if found != code:
            raise ValueError(f"expected {code}, got {line!r}")

    def _message(self, identity):
        names = self._random.sample([*USERS, *ALIASES], self._random.randint(1, 3))
        each = [behind(name) for name in names]
        size = LARGE if self._random.random() < 0.08 else self._random.randint(200, 8000)
        octets = content(identity, size)
        self._ledger.offer(identity, set().union(*each))
        envelope = "MAIL FROM:<sender@client.example>\r\n"
        envelope += "".join(f"RCPT TO:<{server.address(name)}>\r\n" for name in names)
        if self._way == "bdat":
            half = len(octets) // 2
            self._send(envelope.encode() + b"BDAT %d\r\n" % half + octets[:half])
            self._send(b"BDAT %d LAST\r\n" % (len(octets) - half) + octets[half:])
            for _ in range(len(names) + 2):
                self._expect(250)
        else:
            self._send(envelope.encode() + b"DATA\r\n")
            for _ in range(len(names) + 1):
                self._expect(250)
            self._expect(354)
            self._send(octets + b".\r\n")
        if self._way == "lmtp":  # a reply for each recipient: it is in the mailbox
            for users in each:
                self._expect(250)
                self._ledger.accept(identity, users)
        else:
            self._expect(250)
            self._ledger.accept(identity, set().union(*each))
