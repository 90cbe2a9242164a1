"""A line protocol spoken by hand: what is sent is exactly what the test says."""


class Lines:
    """A conversation over a connected socket, which it closes."""

    def __init__(self, connection):
        self.connection = connection
        self.stream = connection.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, octets):
        self.connection.sendall(octets)

    def line(self):
        """The next line without its end; b"" when the server has closed the connection."""
        try:
            return self.stream.readline().rstrip(b"\r\n")
        except ConnectionResetError:
            return b""

    def ask(self, octets):
        """Sends a line and returns the one that answers it."""
        self.send(octets + b"\r\n")
        return self.line()

    def reply(self):
        """An SMTP reply, which may be of several lines."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return lines

    def ask_smtp(self, octets):
        self.send(octets + b"\r\n")
        return self.reply()

    def tagged(self, tag):
        """The lines of an IMAP server up to the one that begins with `tag`, which is the last."""
        lines = [self.line()]
        while lines[-1] and not lines[-1].startswith(tag + b" "):
            lines.append(self.line())
        return lines

    def ask_imap(self, tag, octets):
        self.send(tag + b" " + octets + b"\r\n")
        return self.tagged(tag)

    def is_closed(self):
        """Waits until the server says something or hangs up; whether it was the latter."""
        return self.line() == b""

    def close(self):
        self.stream.close()
        self.connection.close()
