"""What a user's folders must hold, from what his client saw and what was acknowledged to it."""

import dataclasses


class Broken(Exception):
    """The server does not hold what it must."""


@dataclasses.dataclass
class Message:
    label: str  # its X-Identity: which message it is, and how large
    flags: frozenset


@dataclasses.dataclass
class Folder:
    uid_validity: int
    uid_next: int  # as last seen; UIDs below it were given, and are gone if they are not in `messages`
    messages: dict  # by UID
    access: str = ""  # what it grants to anyone


@dataclasses.dataclass
class Change:
    """A command that was sent and not answered: it may have been done or not."""

    what: str  # store, expunge, copy, move, append, create, rename, delete, grant
    folder: str = ""
    uids: tuple = ()
    target: str = ""
    flags: frozenset = frozenset()  # after it
    label: str = ""
    access: str = ""


class Account:
    """One user. Only his own client changes his folders; mail arrives in the INBOX besides."""

    def __init__(self, user, ledger):
        self.user = user
        self.folders = {}
        self.pending = None
        self._ledger = ledger
        self._arrived = set()
        self._labels = {}  # (UIDVALIDITY, UID): what ever had that name

    # -- what is seen and acknowledged -------------------------------------------------------------------------------

    def _fail(self, sentence):
        raise Broken(f"{self.user}: {sentence}; under way: {self.pending}")

    def add(self, name, uid, message):
        """A message is seen at this UID for the first time."""
        folder = self.folders[name]
        was = self._labels.setdefault((folder.uid_validity, uid), message.label)
        if was != message.label:
            self._fail(f"UID {uid} of {name} was {was!r} and is now {message.label!r}")
        if uid < folder.uid_next:
            self._fail(f"{message.label!r} got UID {uid} in {name}, below the UIDNEXT {folder.uid_next} of before")
        folder.messages[uid] = message

    def arrive(self, uid, message):
        """Mail came into the INBOX."""
        identity = message.label.split()[0]
        if not self._ledger.may_get(self.user, identity):
            self._fail(f"{identity} was never sent to this user")
        if identity in self._arrived:
            self._fail(f"{identity} was delivered twice")
        self._arrived.add(identity)
        self.add("INBOX", uid, message)

    def missing(self):
        """What was acknowledged and never arrived."""
        return self._ledger.due(self.user) - self._arrived

    def settle(self, change):
        """The change was acknowledged. What it added must have been given to `add`."""
        self.pending = None
        folder = self.folders.get(change.folder)
        match change.what:
            case "store":
                for uid in change.uids:
                    folder.messages[uid].flags = change.flags
            case "expunge" | "move":
                for uid in change.uids:
                    del folder.messages[uid]
            case "grant":
                folder.access = change.access
            case "rename":
                self.folders[change.target] = self.folders.pop(change.folder)
            case "delete":
                del self.folders[change.folder]

    # -- the comparison ----------------------------------------------------------------------------------------------

    def compare(self, observed):
        """Holds all folders as they are after a restart against what they must be, and goes on from there. Answers the
        UIDs by folder of all that was not seen before."""
        self._settle_folders(observed)
        new = {}
        gone = {}
        for name, folder in self.folders.items():
            gone[name] = self._compare_known(name, folder, observed[name])
            new[name] = [uid for uid in sorted(observed[name].messages) if uid not in folder.messages]
        self._check_copies(observed, new, gone)
        carried = self._carried()
        target = self.pending.target if self.pending else ""
        for name, folder in self.folders.items():
            for uid in gone[name]:
                del folder.messages[uid]
            for uid in new[name]:
                message = observed[name].messages[uid]
                if name == target and message in carried:
                    self.add(name, uid, message)
                elif name == "INBOX":
                    self.arrive(uid, message)
                else:
                    self._fail(f"{message.label!r} appeared in {name} at UID {uid}")
            folder.messages = observed[name].messages
            folder.uid_next = observed[name].uid_next
            folder.access = observed[name].access
        self.pending = None
        return {name: uids for name, uids in new.items() if uids}

    def _settle_folders(self, observed):
        change = self.pending
        if change and change.what == "create" and change.folder in observed:
            self.folders[change.folder] = dataclasses.replace(observed[change.folder], messages={})
        elif change and change.what == "rename" and change.target in observed:
            self.folders[change.target] = self.folders.pop(change.folder)
        elif change and change.what == "delete" and change.folder not in observed:
            del self.folders[change.folder]
        if set(observed) != set(self.folders):
            self._fail(f"the folders are {sorted(observed)} and not {sorted(self.folders)}")

    def _compare_known(self, name, folder, now):
        """Answers the UIDs that a change under way has removed."""
        change = self.pending if self.pending and self.pending.folder == name else None
        if now.uid_validity != folder.uid_validity:
            self._fail(f"UIDVALIDITY of {name} was {folder.uid_validity} and is {now.uid_validity}")
        if now.uid_next < folder.uid_next:
            self._fail(f"UIDNEXT of {name} was {folder.uid_next} and is {now.uid_next}")
        granted = change is not None and change.what == "grant" and now.access == change.access
        if now.access != folder.access and not granted:
            self._fail(f"{name} granted {folder.access!r} and grants {now.access!r}")
        gone = []
        for uid, message in folder.messages.items():
            touched = change is not None and uid in change.uids
            found = now.messages.get(uid)
            if found is None:
                if not (touched and change.what in ("expunge", "move")):
                    self._fail(f"{message.label!r}, UID {uid} of {name}, is lost")
                gone.append(uid)
            elif found.label != message.label:
                self._fail(f"UID {uid} of {name} was {message.label!r} and is now {found.label!r}")
            elif found.flags != message.flags:
                if not (touched and change.what == "store" and found.flags == change.flags):
                    self._fail(f"UID {uid} of {name} had {set(message.flags)} and has {set(found.flags)}")
        return gone

    def _carried(self):
        """The messages that a change under way may have put into its target."""
        change = self.pending
        if change and change.what == "append":
            return [Message(change.label, change.flags)]
        if change and change.what in ("copy", "move"):
            return [self.folders[change.folder].messages[uid] for uid in change.uids]
        return []

    def _check_copies(self, observed, new, gone):
        """COPY is done as a whole or not at all, MOVE message by message; none is in both folders or in none."""
        change = self.pending
        if not change or change.what not in ("copy", "move"):
            return
        source = self.folders[change.folder].messages
        there = [observed[change.target].messages[uid].label for uid in new[change.target]]
        came = change.uids if there else ()
        if change.what == "move":
            came = [uid for uid in change.uids if uid in gone[change.folder]]
        wanted = [source[uid].label for uid in came]
        if there != wanted:
            self._fail(f"{change.what} came to {there} where {wanted} should be")
