"""Real mail from outside, where this checkout has it beside it: every file of ../shared/data that is a message."""

import pathlib

SUFFIXES = {".eml", ".msg", ".mail", ".message"}
FOLDERS_OF_TEXT_FILES = {"cpython-email"}  # messages called msg_01.txt


class MailFile:
    """A message as it goes over the wire: without mbox's first line, lines ended by CRLF."""

    def __init__(self, path):
        self.path = path
        octets = path.read_bytes()
        if octets.startswith(b"From "):
            octets = octets.partition(b"\n")[2]
        unix = octets.replace(b"\r\n", b"\n")
        self.has_bare_cr = b"\r" in unix
        self.octets = unix.replace(b"\n", b"\r\n")

    @property
    def by_smtp(self):
        """DATA cannot but end a message with CRLF."""
        return self.octets if self.octets.endswith(b"\r\n") else self.octets + b"\r\n"


def is_mail(path):
    if path.suffix in SUFFIXES:
        return True
    return path.suffix == ".txt" and path.parent.name in FOLDERS_OF_TEXT_FILES and path.name.startswith("msg_")


def all_below(folder):
    """All messages below `folder`, in the order of their names; empty files are none."""
    paths = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file() and is_mail(path))
    return [mail for mail in map(MailFile, paths) if mail.octets]
