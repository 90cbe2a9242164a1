"""What the kill test says over IMAP beyond imaplib, and how it reads what it is told."""

import imaplib
import re
import shlex
import socket

import expected
import server


def connect(running, user):
    imap = imaplib.IMAP4("127.0.0.1", running.ports["imap"], timeout=120)
    imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    imap.login(server.address(user), server.PASSWORD)
    return imap


def done(answer):
    """The data of an answer that must be OK."""
    if answer[0] != "OK":
        raise ValueError(f"refused: {answer}")
    return answer[1]


def uid_set(text):
    """1:3,7 as a list."""
    found = []
    for piece in text.split(","):
        first, _, last = piece.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


def flag_list(flags):
    return f"({' '.join(sorted(flags))})"


def parse_messages(reply):
    """FETCH answers with UID, FLAGS and the X-Identity field: messages by UID."""
    found = {}
    for head, item in zip(reply, [*reply[1:], b""], strict=True):
        if not isinstance(head, tuple):
            continue
        words = head[0] + (item if isinstance(item, bytes) else b"")
        uid = int(re.search(rb"UID (\d+)", words)[1])
        flags = re.search(rb"FLAGS \(([^)]*)\)", words)[1].decode().split()
        label = head[1].decode().partition(":")[2].strip()
        found[uid] = expected.Message(label, frozenset(flags) - {r"\Recent"})
    return found


def fetch_from(imap, first):
    """All messages of the selected folder from this UID on."""
    reply = done(imap.uid("FETCH", f"{first}:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (X-Identity)])"))
    return {uid: message for uid, message in parse_messages(reply).items() if uid >= first}


def status(imap, name):
    words = done(imap.status(f'"{name}"', "(UIDVALIDITY UIDNEXT)"))[0].decode()
    return expected.Folder(
        int(re.search(r"UIDVALIDITY (\d+)", words)[1]), int(re.search(r"UIDNEXT (\d+)", words)[1]), {}
    )


def access(imap, name, owner):
    """What others than the owner may do in the folder: rights by identifier."""
    words = shlex.split(done(imap.getacl(f'"{name}"'))[0].decode())[1:]
    granted = {who: frozenset(rights) for who, rights in zip(words[::2], words[1::2], strict=True)}
    del granted[server.address(owner)]
    return granted


def observe(imap, user):
    """All folders of the user as they are."""
    found = {}
    for line in done(imap.list()):
        name = re.search(rb'"/" "?([^"]*)"?$', line)[1].decode()
        if name.startswith("Other Users"):
            continue  # what others share is in their accounts
        found[name] = status(imap, name)
        found[name].access = access(imap, name, user)
        done(imap.select(f'"{name}"', readonly=True))
        found[name].messages = fetch_from(imap, 1)
    return found


def append_several(imap, name, messages):
    """MULTIAPPEND (RFC 3502), which imaplib lacks, of flags and octets: the UIDVALIDITY and the UIDs they got."""
    imap.send(f'several APPEND "{name}"'.encode())
    for flags, octets in messages:
        imap.send(f" {flag_list(flags)} {{{len(octets)}}}\r\n".encode())
        _read_until(imap, b"+")
        imap.send(octets)
    imap.send(b"\r\n")
    answer = _read_until(imap, b"several ")
    code = re.match(rb"several OK \[APPENDUID (\d+) (\S+)\]", answer)
    return int(code[1]), uid_set(code[2].decode())


def _read_until(imap, start):
    """The next line that starts so; a refusal is none."""
    while True:
        line = imap.readline()
        if not line.endswith(b"\n"):
            raise imap.abort("the connection ended")
        if re.match(rb"several (NO|BAD)", line):
            raise ValueError(f"refused: {line!r}")
        if line.startswith(start):
            return line
