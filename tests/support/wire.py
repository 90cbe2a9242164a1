"""What was said on a connection to a mail server, read back from every octet of it: commands, and contents whole."""

import dataclasses


@dataclasses.dataclass
class Content:
    octets: bytes
    by: str  # DATA or BDAT
    is_binary: bool  # announced by BODY=BINARYMIME


def conversation(recording):
    """The commands and contents of a recording of the client's side. A message that was begun and not ended counts."""
    said = bytes(recording)
    commands, contents = [], []
    at, is_binary, chunks = 0, False, None
    while at < len(said):
        end = said.find(b"\r\n", at)
        line = said[at:] if end < 0 else said[at:end]
        at = len(said) if end < 0 else end + 2
        commands.append(line)
        verb = line.split(b" ")[0].upper()
        if verb == b"MAIL":
            is_binary, chunks = b"BODY=BINARYMIME" in line.upper(), None
        elif verb == b"BDAT":
            _, size, *last = line.split(b" ")
            if chunks is None:
                chunks = Content(b"", "BDAT", is_binary)
                contents.append(chunks)
            chunks.octets += said[at : at + int(size)]
            at += int(size)
            if last:
                chunks = None
        elif verb == b"DATA":
            end = said.find(b"\r\n.\r\n", at - 2)
            stop = len(said) if end < 0 else end + 2
            contents.append(Content(said[at : max(at, stop)], "DATA", is_binary))
            at = len(said) if end < 0 else end + 5
    return commands, contents
