"""The IMAP client of the kill test: changes folders, and keeps account of what was acknowledged."""

import imaplib
import random
import re
import threading

import expected
import mail
import server

FLAGS = (r"\Seen", r"\Flagged", r"\Answered", "$Forwarded", "later")
DEFAULT_FOLDERS = ("INBOX", "Deleted Items", "Drafts", "Junk E-Mail", "Sent Items")


def connect(running, user):
    imap = imaplib.IMAP4("127.0.0.1", running.ports["imap"], timeout=120)
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


def observe(imap):
    """All folders of the user as they are."""
    found = {}
    for line in done(imap.list()):
        name = re.search(rb'"/" "?([^"]*)"?$', line)[1].decode()
        if name.startswith("Other Users"):
            continue  # what others share is in their accounts
        found[name] = status(imap, name)
        granted = re.search(rb" anyone (\S+)$", done(imap.getacl(f'"{name}"'))[0])
        found[name].access = granted[1].decode() if granted else ""
        done(imap.select(f'"{name}"', readonly=True))
        found[name].messages = fetch_from(imap, 1)
    return found


class Changer(threading.Thread):
    """Changes one user's folders at random until the connection breaks."""

    def __init__(self, running, account, seed, stopping, name):
        super().__init__(name=name, daemon=True)
        self._server = running
        self._account = account
        self._random = random.Random(seed)
        self._stopping = stopping
        self._made = 0
        self.complaint = None
        self.changes = 0

    def run(self):
        try:
            with connect(self._server, self._account.user) as self._imap:
                while not self._stopping.is_set():
                    self._step()
        except (OSError, imaplib.IMAP4.abort) as gone:
            if not self._stopping.is_set():
                self.complaint = f"{self.name}: the connection broke before the kill: {gone}"
        except (ValueError, imaplib.IMAP4.error, expected.Broken) as wrong:
            self.complaint = f"{self.name}: {wrong}"

    def _step(self):
        what = self._random.choices(
            (self._store, self._expunge, self._copy, self._move, self._append, self._folders, self._grant),
            (6, 3, 2, 3, 3, 1, 1),
        )[0]
        what()

    def _select(self):
        """Chooses a folder, and sees what came into it."""
        names = sorted(self._account.folders)
        name = "INBOX" if self._random.random() < 0.6 else self._random.choice(names)
        done(self._imap.select(f'"{name}"'))
        folder = self._account.folders[name]
        if name == "INBOX":
            for uid, message in sorted(fetch_from(self._imap, folder.uid_next).items()):
                self._account.arrive(uid, message)
                folder.uid_next = uid + 1
        return name, folder

    def _some(self, folder, most):
        uids = sorted(folder.messages)
        return tuple(sorted(self._random.sample(uids, min(len(uids), self._random.randint(1, most)))))

    def _change(self, change, *command, seen=lambda: None):
        """Sends a command; what it adds is noted by `seen` once it is acknowledged."""
        self._account.pending = change
        done(command[0](*command[1:]))
        seen()
        self._account.settle(change)
        self.changes += 1

    def _store(self):
        name, folder = self._select()
        uids = self._some(folder, 5)
        if uids:
            flags = frozenset(self._random.sample(FLAGS, self._random.randint(0, 3)))
            words = f"({' '.join(sorted(flags))})"
            change = expected.Change("store", name, uids, flags=flags)
            self._change(change, self._imap.uid, "STORE", ",".join(map(str, uids)), "FLAGS.SILENT", words)

    def _expunge(self):
        name, folder = self._select()
        # What piles up would make each round longer than the one before.
        uids = self._some(folder, 5 if len(folder.messages) < 150 else len(folder.messages))
        if uids:
            words = ",".join(map(str, uids))
            deleted = frozenset({r"\Deleted"})
            self._change(
                expected.Change("store", name, uids, flags=deleted),
                self._imap.uid, "STORE", words, "FLAGS.SILENT", r"(\Deleted)",
            )  # fmt: skip
            self._change(expected.Change("expunge", name, uids), self._imap.uid, "EXPUNGE", words)

    def _into(self, what):
        name, folder = self._select()
        uids = self._some(folder, 5)
        targets = [each for each in sorted(self._account.folders) if each not in ("INBOX", name)]
        if not uids or not targets:
            return
        target = self._random.choice(targets)
        copied = [expected.Message(folder.messages[uid].label, folder.messages[uid].flags) for uid in uids]

        def seen():
            answer = self._imap.response("COPYUID")[1][0].decode().split()
            if (uid_set(answer[1]), int(answer[0])) != (list(uids), self._account.folders[target].uid_validity):
                raise ValueError(f"COPYUID {answer} for {uids} into {target}")
            self._note(target, zip(uid_set(answer[2]), copied, strict=True))

        change = expected.Change(what.lower(), name, uids, target)
        self._change(change, self._imap.uid, what, ",".join(map(str, uids)), f'"{target}"', seen=seen)

    def _note(self, name, messages):
        for uid, message in messages:
            self._account.add(name, uid, message)
            self._account.folders[name].uid_next = uid + 1

    def _copy(self):
        self._into("COPY")

    def _move(self):
        self._into("MOVE")

    def _append(self):
        name = self._random.choice([each for each in sorted(self._account.folders) if each != "INBOX"])
        self._made += 1
        size = mail.LARGE if self._random.random() < 0.05 else self._random.randint(100, 6000)
        label = f"{self.name}-{self._made} {size}"
        flags = frozenset(self._random.sample(FLAGS, self._random.randint(0, 2)))
        octets = mail.content_of(label)

        def seen():
            answer = self._imap.response("APPENDUID")[1][0].decode().split()
            if int(answer[0]) != self._account.folders[name].uid_validity:
                raise ValueError(f"APPENDUID {answer} in {name}")
            self._note(name, [(int(answer[1]), expected.Message(label, flags))])

        change = expected.Change("append", target=name, label=label, flags=flags)
        words = f"({' '.join(sorted(flags))})"
        self._change(change, self._imap.append, f'"{name}"', words, None, octets, seen=seen)

    def _grant(self):
        name = self._random.choice(sorted(self._account.folders))
        rights = self._random.choice(("", "l", "lr", "lrs", "lri"))
        change = expected.Change("grant", name, access=rights)
        self._change(change, self._imap.setacl, f'"{name}"', "anyone", f'"{rights}"')

    def _folders(self):
        own = [each for each in sorted(self._account.folders) if each not in DEFAULT_FOLDERS]
        self._made += 1
        fresh = f"{self.name}-{self._made}"
        if len(own) < 3:

            def seen():
                self._account.folders[fresh] = status(self._imap, fresh)

            self._change(expected.Change("create", fresh), self._imap.create, f'"{fresh}"', seen=seen)
            return
        name = self._random.choice(own)
        if self._random.random() < 0.5:
            self._change(
                expected.Change("rename", name, target=fresh), self._imap.rename, f'"{name}"', f'"{fresh}"'
            )
        else:
            done(self._imap.select("INBOX"))
            self._change(expected.Change("delete", name), self._imap.delete, f'"{name}"')
