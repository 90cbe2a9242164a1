"""The client of the kill test: changes folders, and keeps account of what was acknowledged."""

import collections
import datetime
import imaplib
import json
import random
import threading
import time
import traceback

import expected
import imap_view
import mail
import recoverable
import server

FLAGS = (r"\Seen", r"\Flagged", r"\Answered", "$Forwarded", "later")
DEFAULT_FOLDERS = ("INBOX", "Deleted Items", "Drafts", "Junk E-Mail", "Sent Items")
MOST_OWN_FOLDERS = 6


def now_ms():
    return time.time_ns() // 1_000_000


def time_text(at_ms):
    at = datetime.datetime.fromtimestamp(at_ms // 1000, datetime.timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


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
        self.done = collections.Counter()  # the changes that were acknowledged, by kind

    def run(self):
        try:
            with imap_view.connect(self._server, self._account.user) as self._imap:
                while not self._stopping.is_set():
                    self._step()
        except (OSError, imaplib.IMAP4.abort) as gone:
            if not self._stopping.is_set():
                self.complaint = f"{self.name}: the connection broke before the kill: {gone}"
        except (ValueError, imaplib.IMAP4.error, expected.Broken) as wrong:
            self.complaint = f"{self.name}: {wrong}"
        except Exception:  # a mistake in here must not pass for a quiet round
            self.complaint = f"{self.name}: {traceback.format_exc()}"

    def _step(self):
        ways = {
            self._store: 6,
            self._expunge: 3,
            self._copy: 2,
            self._move: 3,
            self._append: 2,
            self._append_several: 2,
            self._folders: 3,
            self._grant: 2,
            self._undelete: 1,
        }
        self._random.choices(list(ways), list(ways.values()))[0]()

    def _select(self):
        """Chooses a folder, and sees what came into it."""
        names = sorted(self._account.folders)
        name = "INBOX" if self._random.random() < 0.6 else self._random.choice(names)
        imap_view.done(self._imap.select(f'"{name}"'))
        folder = self._account.folders[name]
        if name == "INBOX":
            for uid, message in sorted(imap_view.fetch_from(self._imap, folder.uid_next).items()):
                self._account.arrive(uid, message)
                folder.uid_next = uid + 1
        return name, folder

    def _some(self, folder, most):
        uids = sorted(folder.messages)
        return tuple(sorted(self._random.sample(uids, min(len(uids), self._random.randint(1, most)))))

    def _some_flags(self, most):
        return frozenset(self._random.sample(FLAGS, self._random.randint(0, most)))

    def _change(self, change, command, *words, seen=lambda answer: None):
        """Gives a command; what it adds is noted by `seen` once it is acknowledged."""
        change.sent_ms = now_ms()
        self._account.pending = change
        answer = command(*words)
        change.answered = True
        seen(answer)
        self._account.settle(change, now_ms())
        self.done[change.what] += 1

    def _say(self, change, command, *words, seen=lambda answer: None):
        """The same with a method of imaplib's."""
        self._change(change, lambda: imap_view.done(command(*words)), seen=seen)

    # -- messages ----------------------------------------------------------------------------------------------------

    def _store(self):
        name, folder = self._select()
        uids = self._some(folder, 5)
        if uids:
            flags = self._some_flags(3)
            change = expected.Change("store", name, uids, flags=flags)
            words = imap_view.flag_list(flags)
            self._say(change, self._imap.uid, "STORE", ",".join(map(str, uids)), "FLAGS.SILENT", words)

    def _expunge(self):
        name, folder = self._select()
        # What piles up would make each round longer than the one before.
        uids = self._some(folder, 5 if len(folder.messages) < 150 else len(folder.messages))
        if uids:
            words = ",".join(map(str, uids))
            mark = expected.Change("mark", name, uids, flags=frozenset({r"\Deleted"}))
            self._say(mark, self._imap.uid, "STORE", words, "+FLAGS.SILENT", r"(\Deleted)")
            self._say(expected.Change("expunge", name, uids), self._imap.uid, "EXPUNGE", words)

    def _into(self, what):
        name, folder = self._select()
        uids = self._some(folder, 5)
        targets = [each for each in sorted(self._account.folders) if each not in ("INBOX", name)]
        if not uids or not targets:
            return
        target = self._random.choice(targets)
        copied = [expected.Message(folder.messages[uid].label, folder.messages[uid].flags) for uid in uids]

        def seen(_):
            answer = self._imap.response("COPYUID")[1][0].decode().split()
            if (imap_view.uid_set(answer[1]), int(answer[0])) != (list(uids), self._validity_of(target)):
                raise ValueError(f"COPYUID {answer} for {uids} into {target}")
            self._note(target, zip(imap_view.uid_set(answer[2]), copied, strict=True))

        change = expected.Change(what.lower(), name, uids, target)
        self._say(change, self._imap.uid, what, ",".join(map(str, uids)), f'"{target}"', seen=seen)

    def _validity_of(self, name):
        return self._account.folders[name].uid_validity

    def _note(self, name, messages):
        for uid, message in messages:
            self._account.add(name, uid, message)
            self._account.folders[name].uid_next = uid + 1

    def _copy(self):
        self._into("COPY")

    def _move(self):
        self._into("MOVE")

    def _make_message(self):
        self._made += 1
        size = mail.LARGE if self._random.random() < 0.05 else self._random.randint(100, 6000)
        return expected.Message(f"{self.name}-{self._made} {size}", self._some_flags(2))

    def _folder_for_new(self):
        return self._random.choice([each for each in sorted(self._account.folders) if each != "INBOX"])

    def _append(self):
        name = self._folder_for_new()
        message = self._make_message()

        def seen(_):
            answer = self._imap.response("APPENDUID")[1][0].decode().split()
            if int(answer[0]) != self._validity_of(name):
                raise ValueError(f"APPENDUID {answer} in {name}")
            self._note(name, [(int(answer[1]), message)])

        change = expected.Change("append", target=name, messages=(message,))
        words = imap_view.flag_list(message.flags)
        octets = mail.content_of(message.label)
        self._say(change, self._imap.append, f'"{name}"', words, None, octets, seen=seen)

    def _append_several(self):
        name = self._folder_for_new()
        messages = tuple(self._make_message() for _ in range(self._random.randint(2, 4)))

        literals = [(each.flags, mail.content_of(each.label)) for each in messages]

        def seen(answer):
            if answer[0] != self._validity_of(name):
                raise ValueError(f"APPENDUID {answer} in {name}")
            self._note(name, zip(answer[1], messages, strict=True))

        change = expected.Change("multiappend", target=name, messages=messages)
        self._change(change, imap_view.append_several, self._imap, name, literals, seen=seen)

    # -- folders -----------------------------------------------------------------------------------------------------

    def _grant(self):
        name = self._random.choice(sorted(self._account.folders))
        access = dict(self._account.folders[name].access)
        others = [server.address(user) for user in mail.USERS if user != self._account.user]
        who = self._random.choice(["anyone", *others])
        sign = self._random.choice(("", "+", "-"))
        rights = self._random.choice(("", "l", "lr", "lrs", "lri"))
        had = access.pop(who, frozenset())
        change = expected.Change("grant", name, access=access)
        if self._random.random() < 0.3:
            self._say(change, self._imap.deleteacl, f'"{name}"', who)
            return
        after = {"": frozenset(rights), "+": had | set(rights), "-": had - set(rights)}[sign]
        if after:  # without rights there is no entry
            access[who] = after
        self._say(change, self._imap.setacl, f'"{name}"', who, f'"{sign}{rights}"')

    def _folders(self):
        own = [each for each in sorted(self._account.folders) if each not in DEFAULT_FOLDERS]
        if len(own) < MOST_OWN_FOLDERS:
            self._create(own)
        elif self._random.random() < 0.6:
            self._rename(own)
        else:
            self._delete_folder(own)

    def _fresh_name(self, parents):
        """Of no folder ever, on its own or below one of these."""
        self._made += 1
        parent = self._random.choice(["", *(each + "/" for each in parents if each.count("/") < 2)])
        return f"{parent}{self.name}-{self._made}"

    def _create(self, own):
        fresh = self._fresh_name(own)

        def seen(_):
            self._account.create(fresh, imap_view.status(self._imap, fresh))

        self._say(expected.Change("create", fresh), self._imap.create, f'"{fresh}"', seen=seen)

    def _rename(self, own):
        # The next INBOX/Recovered would have the name of the one before, and what was expunged is known by names, too.
        name = self._random.choice([each for each in own if each != recoverable.RESCUE_FOLDER])
        target = self._fresh_name([each for each in own if not expected.below(each, name)])
        self._say(expected.Change("rename", name, target=target), self._imap.rename, f'"{name}"', f'"{target}"')

    def _delete_folder(self, own):
        name = self._random.choice([each for each in own if not any(other.startswith(each + "/") for other in own)])
        imap_view.done(self._imap.select("INBOX"))
        self._say(expected.Change("delete", name), self._imap.delete, f'"{name}"')

    # -- what was expunged -------------------------------------------------------------------------------------------

    def _undelete(self):
        name = self._random.choice(["", "INBOX", *sorted(self._account.folders)])
        since_ms = self._account.recoverable.since_ms
        if self._random.random() < 0.5:
            since_ms = max(since_ms, now_ms() - self._random.randint(0, 500))
        change = expected.Change("undelete", name, since_ms=since_ms)
        self._change(change, self._ask_undelete, name, since_ms, seen=self._see_what_came_back)

    def _ask_undelete(self, name, since_ms):
        asked = ["undelete", server.address(self._account.user), "--since", time_text(since_ms)]
        if name:
            asked += ["--folder", name]
        told = self._server.try_ctl("--json", *asked)
        if told.returncode != 0 and self._stopping.is_set():
            raise ConnectionError(told.stderr)
        if told.returncode != 0:
            raise ValueError(f"{asked} was refused: {told.stderr or told.stdout}")
        return json.loads(told.stdout)

    def _see_what_came_back(self, told):
        observed = {}
        for line in told["folders"]:
            name = line["folder"]
            known = self._account.folders.get(name)
            observed[name] = imap_view.status(self._imap, name)
            imap_view.done(self._imap.select(f'"{name}"'))
            observed[name].messages = imap_view.fetch_from(self._imap, known.uid_next if known else 1)
        new = {name: sorted(folder.messages) for name, folder in observed.items()}
        counts = self._account.take_back(observed, new)
        if counts != {line["folder"]: line["messages"] for line in told["folders"]} or told["lost"] != 0:
            raise ValueError(f"undelete said {told}, and {counts} came back")
        for name, uids in new.items():
            if uids:
                self._account.folders[name].uid_next = uids[-1] + 1
