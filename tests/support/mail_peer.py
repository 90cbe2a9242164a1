"""A mail server of the test's own on 127.0.0.1: takes mail by SMTP, keeps every octet of it, and does what it is told
instead of answering.

    with mail_peer.Peer() as peer:
        peer.on["RCPT"] = lambda line: "451 4.2.1 later" if b"slow@" in line else None
        … peer.messages
"""

import contextlib
import socket
import ssl
import threading

HANG, CUT, GARBAGE, DRIP = "hang", "cut", "garbage", "drip"
USUAL = {
    "CONNECT": "220 peer.example ESMTP",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go ahead",
    "CONTENT": "250 2.0.0 queued as 4711",
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
    "STARTTLS": "220 2.0.0 go ahead",
}


class Torn:
    """The first so many octets of the usual reply, and then the line is cut; counted from the end where negative."""

    def __init__(self, octets):
        self.octets = octets

    def __repr__(self):
        return f"torn at {self.octets}"


class Message:
    def __init__(self, sender, parameters=()):
        self.sender = sender
        self.parameters = list(parameters)
        self.recipients = []
        self.content = b""
        self.connection = 0
        self.tls = None
        self.reply = None

    def __repr__(self):
        return f"<{self.sender} -> {self.recipients}, {len(self.content)} octets>"


class Peer:
    """`on` has what is done at a stage instead of the usual answer: a reply (without CRLF), HANG, CUT, GARBAGE,
    DRIP (octets of a reply that has no end), Torn, or a function of the line that gives one of these or None. EARLY is
    said in the middle of a message, and the connection closed. `pace` is how a content by DATA is read: so many octets
    every so many seconds. `extensions` is what EHLO offers. `messages` are those that were answered 250; `lines` all
    commands; `sources` the addresses that connections came from; `recordings` every octet that came, a connection
    each. With `tls_first` TLS begins with the first octet."""

    def __init__(
        self,
        extensions=("PIPELINING", "8BITMIME", "SIZE", "SMTPUTF8", "DSN"),
        certificate=None,
        key=None,
        at=("127.0.0.1", 0),
        tls_first=False,
    ):
        self.extensions = list(extensions)
        self.on = {}
        self.pace = None
        self.messages = []
        self.lines = []
        self.recordings = []
        self.connections = 0
        self.sources = []
        self.open = 0
        self.most_open = 0
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate, key)
            if not tls_first:
                self.extensions.append("STARTTLS")
        self.tls_first = tls_first
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._listener = socket.create_server(at, family=socket.AF_INET6 if ":" in at[0] else socket.AF_INET)
        self.host, self.port = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def route(self, domain="*", tls=""):
        host = self.host
        return f"{domain}={f'[{host}]' if ':' in host else host}:{self.port} {tls}".strip()

    @property
    def octets(self):
        """Every octet that came, of one connection after the other."""
        with self._lock:
            return b"".join(self.recordings)

    def addressed_to(self, recipient):
        with self._lock:
            return [one for one in self.messages if recipient in one.recipients]

    def _accept(self):
        while not self._ending.is_set():
            try:
                line, source = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self.sources.append(source[0])
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                number = self.connections
            threading.Thread(target=self._serve, args=(line, number), daemon=True).start()

    def _serve(self, line, number):
        line.settimeout(120)
        session = Session(self, line, number)
        try:
            session.run()
        except (OSError, EOFError):
            pass
        finally:
            session.line.close()
            with self._lock:
                self.open -= 1


class Session:
    def __init__(self, peer, line, number):
        self.peer = peer
        self.line = line
        self.number = number
        self.buffer = b""
        self.message = None
        self.secure = None
        self.recording = bytearray()
        with peer._lock:
            peer.recordings.append(self.recording)

    def read(self, most=65536):
        piece = self.line.recv(most)
        if not piece:
            raise EOFError
        with self.peer._lock:
            self.recording += piece
        self.buffer += piece

    def read_line(self):
        while b"\r\n" not in self.buffer:
            self.read()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_octets(self, count):
        while len(self.buffer) < count:
            self.read()
        octets, self.buffer = self.buffer[:count], self.buffer[count:]
        return octets

    def answer(self, stage, line=b"", usual=None, before_250=lambda _: None):
        """Says what is said at the stage, and returns the code."""
        what = self.peer.on.get(stage)
        if callable(what):
            what = what(line)
        if what == HANG:
            while self.peer.on.get(stage) is not None and not self.peer._ending.wait(0.1):
                pass
            raise EOFError
        if what == CUT:
            raise EOFError
        if what == DRIP:
            self.line.sendall(b"250-")
            while self.peer.on.get(stage) is not None and not self.peer._ending.wait(0.1):
                self.line.sendall(b"x")
            raise EOFError
        if what == GARBAGE:
            self.line.sendall(b"\x00\xff this is no SMTP at all\r\n" * 3)
            raise EOFError
        if isinstance(what, Torn):
            self.line.sendall(((usual or USUAL[stage]).encode() + b"\r\n")[: what.octets])
            raise EOFError
        text = what or usual or USUAL[stage]
        if text.startswith("250"):
            before_250(text)
        self.line.sendall(text.encode() + b"\r\n")
        return int(text[:3]) if text[:3].isdigit() else 0

    def run(self):
        if self.peer.tls_first:
            self.line = self.peer.tls.wrap_socket(self.line, server_side=True)
            self.secure = self.line.version()
        if self.answer("CONNECT") != 220:
            return
        while True:
            line = self.read_line()
            with self.peer._lock:
                self.peer.lines.append(line.decode("utf-8", "replace"))
            verb = line.split(b" ")[0].split(b":")[0].upper().decode("ascii", "replace")
            if verb in ("EHLO", "HELO"):
                self.message = None
                offered = [one for one in self.peer.extensions if not (one == "STARTTLS" and self.secure)]
                lines = ["peer.example", *offered]
                text = "\r\n".join(f"250{'-' if i + 1 < len(lines) else ' '}{one}" for i, one in enumerate(lines))
                self.answer("EHLO", line, text)
            elif verb == "STARTTLS":
                if self.answer("STARTTLS", line) == 220:
                    if not self.peer.tls:
                        raise EOFError
                    self.buffer = b""
                    self.line = self.peer.tls.wrap_socket(self.line, server_side=True)
                    self.secure = self.line.version()
            elif verb == "MAIL":
                if self.answer("MAIL", line) == 250:
                    address, _, parameters = line[line.find(b"<") + 1 :].decode().partition(">")
                    self.message = Message(address, parameters.split())
                    self.message.connection = self.number
                    self.message.tls = self.secure
            elif verb == "RCPT":
                if self.answer("RCPT", line) == 250 and self.message:
                    self.message.recipients.append(line[line.find(b"<") + 1 : line.find(b">")].decode())
            elif verb == "DATA":
                self.data(line)
            elif verb == "BDAT":
                _, size, *last = line.split(b" ")
                octets = self.read_octets(int(size))
                if not self.message or not self.message.recipients:
                    self.line.sendall(b"503 5.5.1 no message for it\r\n")
                    continue
                self.message.content += octets
                if last:
                    self.end()
                elif self.answer("CHUNK", line, "250 2.0.0 ok") != 250:
                    self.message = None  # what follows is refused as well (RFC 3030 2)
            elif verb == "QUIT":
                self.answer("QUIT", line)
                return
            else:
                if verb == "RSET":
                    self.message = None
                self.answer(verb, line, USUAL.get(verb, "502 5.5.1 what?"))

    def data(self, line):
        if not self.message or not self.message.recipients:
            self.line.sendall(b"503 5.5.1 no valid recipients\r\n")
            return
        if self.answer("DATA", line) != 354:
            return
        if "EARLY" in self.peer.on:
            self.read()
            self.answer("EARLY")
            raise EOFError  # with octets nobody read: a reset
        while b"\r\n.\r\n" not in b"\r\n" + self.buffer:
            most, seconds = self.peer.pace or (65536, 0)
            if seconds and self.peer._ending.wait(seconds):
                raise EOFError
            self.read(most)
        content, self.buffer = (b"\r\n" + self.buffer).split(b"\r\n.\r\n", 1)
        self.message.content = (content[2:] + b"\r\n").replace(b"\r\n..", b"\r\n.") if content else b""
        if self.message.content.startswith(b".."):
            self.message.content = self.message.content[1:]
        self.end()

    def end(self):
        kept, self.message = self.message, None

        def keep(reply):  # before it is said: whoever hears 250 may look at once
            kept.reply = reply
            with self.peer._lock:
                self.peer.messages.append(kept)

        self.answer("CONTENT", kept.content, before_250=keep)
