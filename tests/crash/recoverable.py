"""What a user expunged and can have back, and where it comes back to."""

import collections
import dataclasses

RESCUE_FOLDER = "INBOX/Recovered"
UIDS_PER_PAGE = 64


@dataclasses.dataclass(frozen=True)
class Expunged:
    folder: int  # the UIDVALIDITY of its folder, which stays when that is renamed
    name: str  # of the folder then
    label: str
    flags: frozenset  # with which it comes back
    group: tuple  # which messages come back together; empty: not known
    earliest_ms: int  # the command was sent then
    latest_ms: int  # and over then

    @property
    def by_eraser(self):
        """Its folder was deleted; it is not there to be had until the eraser has come to it."""
        return not self.group


@dataclasses.dataclass(frozen=True)
class Wish:
    """What an undelete asks for."""

    folder: str  # empty: of any
    since_ms: int


class Recoverable:
    """All that was expunged since `begin`."""

    def __init__(self):
        self._kept = []
        self._commands = 0
        self.since_ms = 0

    def begin(self, now_ms):
        """Forgets what was before, which nobody asks for any more."""
        self._kept = []
        self.since_ms = now_ms

    def keep(self, name, folder, uids, earliest_ms, latest_ms):
        """These messages were expunged with one command."""
        self._commands += 1
        self._add(name, folder, uids, earliest_ms, latest_ms, lambda uid: (self._commands, uid // UIDS_PER_PAGE))

    def retire(self, name, folder, earliest_ms, latest_ms):
        """The folder was deleted."""
        self._add(name, folder, folder.messages, earliest_ms, latest_ms, lambda uid: ())

    def _add(self, name, folder, uids, earliest_ms, latest_ms, group_of):
        for uid in uids:
            message = folder.messages[uid]
            flags = message.flags - {r"\Deleted"}
            self._kept.append(
                Expunged(folder.uid_validity, name, message.label, flags, group_of(uid), earliest_ms, latest_ms)
            )

    def begin_return(self, wish, folders):
        """An undelete was answered, or cut off: `take` says of each message seen since whether it came by that."""
        return Return(self._kept, wish, folders)

    def counts_by_folder(self, folders):
        """How much is listed for each folder that is there; "" stands for all others."""
        names = {folder.uid_validity: name for name, folder in folders.items()}
        return collections.Counter(names.get(each.folder, "") for each in self._kept)


class Return:
    """What one undelete may bring, and has brought."""

    def __init__(self, kept, wish, folders):
        self._kept = kept
        self._wish = wish
        self._homes = {each: _home_of(each, folders) for each in kept if self._may_come(each, folders)}
        self._came = []

    def _may_come(self, each, folders):
        if each.latest_ms < self._wish.since_ms:
            return False
        if not self._wish.folder:
            return True
        named = folders[self._wish.folder]
        return each.name == self._wish.folder or each.folder == named.uid_validity

    def homes(self):
        return set(self._homes.values())

    def take(self, name, message):
        """True when this message, new in the folder, is one that was expunged; it is none of those any more."""
        for each in self._kept:
            if (each.label, each.flags) == (message.label, message.flags) and self._homes.get(each) == name:
                self._kept.remove(each)
                self._came.append(each)
                return True
        return False

    def outstanding(self):
        """What must have come with an undelete that was answered, and has not."""
        return [
            each
            for each in self._kept
            if each in self._homes and not each.by_eraser and each.earliest_ms >= self._wish.since_ms
        ]

    def torn(self):
        """What has not come although others of its group have."""
        groups = {each.group for each in self._came if not each.by_eraser}
        return [each for each in self._kept if each.group in groups]


def _home_of(expunged, folders):
    """Into its own folder; one of that name, if nobody else sees it; or one that is made for such."""
    for name, folder in folders.items():
        if folder.uid_validity == expunged.folder:
            return name
    if expunged.name in folders and not folders[expunged.name].access:
        return expunged.name
    if RESCUE_FOLDER in folders and folders[RESCUE_FOLDER].access:
        return "INBOX"
    return RESCUE_FOLDER
