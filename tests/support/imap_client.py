"""An IMAP client that logs in over TLS and says what the test says."""

import server
from lines import Lines


class ImapClient(Lines):
    def __init__(self, one, user):
        super().__init__(one.connect_tls("imaps"))
        self.number = 0
        self.line()
        self.login = self.say(f'LOGIN {server.address(user)} "{server.PASSWORD}"')[-1]
        assert self.login.startswith(b"OK"), self.login

    def say(self, command, literal=None):
        """Sends a command; its tagged reply, without the tag, is the last of the lines that come back."""
        self.number += 1
        tag = b"c%d" % self.number
        octets = command.encode()
        if literal is not None:
            octets += b" {%d+}\r\n" % len(literal) + literal
        self.send(tag + b" " + octets + b"\r\n")
        lines = []
        while True:  # not tagged(): messages have empty lines
            line = self.stream.readline()
            assert line, "the server closed the connection"
            line = line.rstrip(b"\r\n")
            if line.startswith(tag + b" "):
                return [*lines, line[len(tag) + 1 :]]
            lines.append(line)
