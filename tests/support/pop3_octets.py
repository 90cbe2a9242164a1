"""POP3 for tests that count octets: Python's poplib ends lines its own way and refuses long ones."""


class Pop3:
    """A session over a connected socket, after its greeting."""

    def __init__(self, connection):
        self.connection = connection
        self.stream = connection.makefile("rwb")
        self.greeting = self.line()

    def line(self):
        line = self.stream.readline()
        if not line:
            raise EOFError("the server closed the connection")
        return line

    def command(self, text):
        self.stream.write(text.encode() + b"\r\n")
        self.stream.flush()
        answer = self.line()
        if not answer.startswith(b"+OK"):
            raise AssertionError(f"{text.split()[0]}: {answer!r}")
        return answer

    def lines(self):
        """The lines of a multi-line answer, dots taken off, each with its end."""
        while (line := self.line()) != b".\r\n":
            yield line[1:] if line.startswith(b".") else line

    def login(self, user, password):
        self.command(f"USER {user}")
        self.command(f"PASS {password}")

    def retrieve(self, number):
        """The message as stored: as many octets as were announced; a CRLF added at the end is not among them."""
        size = int(self.command(f"RETR {number}").split()[1])
        octets = b"".join(self.lines())
        if octets[size:] not in (b"", b"\r\n"):
            raise AssertionError(f"message {number}: {size} octets announced, {len(octets)} sent")
        return octets[:size]

    def count(self):
        return int(self.command("STAT").split()[1])

    def close(self):
        self.command("QUIT")
        self.stream.close()
        self.connection.close()
