"""What a user's folders must hold, from what his client saw and what was acknowledged to it."""

import dataclasses

import recoverable


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
    access: dict = dataclasses.field(default_factory=dict)  # what it grants to others: rights by identifier


@dataclasses.dataclass
class Change:
    """A command that was sent and not settled: it may have been done or not, and has been if it was answered."""

    what: str  # store, mark, expunge, copy, move, append, multiappend, create, rename, delete, grant, undelete
    folder: str = ""
    uids: tuple = ()
    target: str = ""
    flags: frozenset = frozenset()  # store: after it; mark: added by it
    messages: tuple = ()  # append, multiappend: those it brings
    access: dict = dataclasses.field(default_factory=dict)  # after it
    since_ms: int = 0  # undelete
    sent_ms: int = 0
    answered: bool = False

    def flags_after(self, before):
        return before | self.flags if self.what == "mark" else self.flags


def below(name, parent):
    """The name is that of the parent or of a folder below it."""
    return name == parent or name.startswith(parent + "/")


class Account:
    """One user. Only his own client changes his folders; mail arrives in the INBOX besides."""

    def __init__(self, user, ledger):
        self.user = user
        self.folders = {}
        self.pending = None
        self.recoverable = recoverable.Recoverable()
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

    def create(self, name, found):
        """The folder is there, shared as the one above it."""
        above = self.folders.get(name.rpartition("/")[0])
        self.folders[name] = Folder(found.uid_validity, 1, {}, dict(above.access) if above else {})

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

    def settle(self, change, now_ms):
        """The change was acknowledged. What it added must have been given to `add`."""
        folder = self.folders.get(change.folder)
        match change.what:
            case "store" | "mark":
                for uid in change.uids:
                    folder.messages[uid].flags = change.flags_after(folder.messages[uid].flags)
            case "expunge":
                self._expunged(change.folder, change.uids, now_ms)
            case "move":
                for uid in change.uids:
                    del folder.messages[uid]
            case "grant":
                folder.access = change.access
            case "rename":
                self._renamed()
            case "delete":
                self._deleted(now_ms)
        self.pending = None

    def _expunged(self, name, uids, now_ms):
        folder = self.folders[name]
        self.recoverable.keep(name, folder, uids, self.pending.sent_ms, now_ms)
        for uid in uids:
            del folder.messages[uid]

    def _renamed(self):
        """The folder with all below it."""
        old, new = self.pending.folder, self.pending.target
        self.folders = {
            new + name[len(old) :] if below(name, old) else name: folder for name, folder in self.folders.items()
        }

    def _deleted(self, now_ms):
        name = self.pending.folder
        self.recoverable.retire(name, self.folders.pop(name), self.pending.sent_ms, now_ms)

    # -- what came back ----------------------------------------------------------------------------------------------

    def take_back(self, observed, new):
        """The undelete under way may have brought these new UIDs by folder: adds what it did bring to the folders, with
        what arrived in the INBOX meanwhile, and answers how much came into which folder."""
        change = self.pending
        came = self.recoverable.begin_return(recoverable.Wish(change.folder, change.since_ms), self.folders)
        if recoverable.RESCUE_FOLDER in observed and recoverable.RESCUE_FOLDER not in self.folders:
            if recoverable.RESCUE_FOLDER not in came.homes():
                self._fail(f"{recoverable.RESCUE_FOLDER} was made for nothing")
            made = observed[recoverable.RESCUE_FOLDER]
            self.folders[recoverable.RESCUE_FOLDER] = Folder(made.uid_validity, 1, {})
        counts = {}
        for name, uids in new.items():
            for uid in uids:
                message = observed[name].messages[uid]
                if came.take(name, message):
                    self.add(name, uid, message)
                    counts[name] = counts.get(name, 0) + 1
                elif name == "INBOX":
                    self.arrive(uid, message)
                else:
                    self._fail(f"{message.label!r} appeared in {name} at UID {uid}")
        if came.torn():
            self._fail(f"without the others of their group stay expunged: {came.torn()}")
        if change.answered and came.outstanding():
            self._fail(f"did not come back: {came.outstanding()}")
        return counts

    # -- the comparison ----------------------------------------------------------------------------------------------

    def compare(self, observed, now_ms):
        """Holds all folders as they are after a restart against what they must be, and goes on from there. Answers the
        UIDs by folder of all that was not seen before."""
        undelete = self.pending is not None and self.pending.what == "undelete"
        self._settle_folders(observed, now_ms)
        new = {}
        gone = {}
        for name, now in observed.items():
            known = self.folders[name].messages if name in self.folders else {}
            gone[name] = self._compare_known(name, self.folders[name], now) if name in self.folders else []
            new[name] = [uid for uid in sorted(now.messages) if uid not in known]
        self._check_whole(observed, new, gone)
        carried = self._carried()
        target = self.pending.target if self.pending else ""
        if undelete:
            self.take_back(observed, new)
        for name, folder in self.folders.items():
            if gone[name] and self.pending.what == "expunge":
                self._expunged(name, gone[name], now_ms)
            for uid in new[name] if not undelete else ():
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

    def _settle_folders(self, observed, now_ms):
        change = self.pending
        wanted = set(self.folders)
        if change and change.what == "create" and change.folder in observed:
            self.create(change.folder, observed[change.folder])
            wanted = set(self.folders)
        elif change and change.what == "create" and change.answered:
            wanted.add(change.folder)
        elif change and change.what == "rename" and change.target in observed:
            self._renamed()
            wanted = set(self.folders)
        elif change and change.what == "delete" and change.folder not in observed:
            self._deleted(now_ms)
            wanted = set(self.folders)
        elif change and change.what == "undelete":
            wanted |= set(observed) & {recoverable.RESCUE_FOLDER}
        if set(observed) != wanted:
            self._fail(f"the folders are {sorted(observed)} and not {sorted(wanted)}")

    def _compare_known(self, name, folder, now):
        """Answers the UIDs that a change under way has removed."""
        change = self.pending if self.pending and self.pending.folder == name else None
        if now.uid_validity != folder.uid_validity:
            self._fail(f"UIDVALIDITY of {name} was {folder.uid_validity} and is {now.uid_validity}")
        if now.uid_next < folder.uid_next:
            self._fail(f"UIDNEXT of {name} was {folder.uid_next} and is {now.uid_next}")
        granted = change is not None and change.what == "grant" and now.access == change.access
        if now.access != folder.access and not granted:
            self._fail(f"{name} granted {folder.access} and grants {now.access}")
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
                stored = touched and change.what in ("store", "mark")
                if not (stored and found.flags == change.flags_after(message.flags)):
                    self._fail(f"UID {uid} of {name} had {set(message.flags)} and has {set(found.flags)}")
        return gone

    def _carried(self):
        """The messages that a change under way may have put into its target."""
        change = self.pending
        if change and change.what in ("append", "multiappend"):
            return change.messages
        if change and change.what in ("copy", "move"):
            return [self.folders[change.folder].messages[uid] for uid in change.uids]
        return []

    def _check_whole(self, observed, new, gone):
        """A change of several messages is done as a whole or not at all; what is moved is in one folder, and in one
        only."""
        change = self.pending
        if change is None:
            return
        removed = gone.get(change.folder, [])
        if removed and sorted(removed) != sorted(change.uids):
            self._fail(f"of {change.uids} only {removed} are gone")
        if change.what in ("copy", "move", "append", "multiappend"):
            there = [observed[change.target].messages[uid].label for uid in new[change.target]]
            wanted = [message.label for message in self._carried()]
            done = bool(removed) if change.what == "move" else bool(there)
            if there != (wanted if done else []):
                self._fail(f"{change.what} brought {there} of {wanted} into {change.target}")
        if change.what in ("store", "mark") and change.folder in observed:
            self._check_stored(observed[change.folder].messages)

    def _check_stored(self, now):
        """That each message has its flags of before or those after is known; all must be alike in it."""
        before = self.folders[self.pending.folder].messages
        differ = [uid for uid in self.pending.uids if self.pending.flags_after(before[uid].flags) != before[uid].flags]
        stored = [uid for uid in differ if now[uid].flags != before[uid].flags]
        if stored and stored != differ:
            self._fail(f"of {differ} only {stored} have new flags")
