#!/usr/bin/env python3
"""Writes the demo's sample mail: a Maildir for each folder, the same messages every time.

    tools/demo/mail.py FOLDER [--messages N] [--to ADDRESS]

FOLDER/INBOX, FOLDER/Archive … are Maildirs for `stagepostctl import`. The mail is made up: threads, newsletters,
attachments, pictures, calendar invitations, UTF-8 and older character sets, long and empty messages.
"""

import argparse
import email.message
import email.policy
import email.utils
import os
import pathlib
import random
import struct
import sys
import zlib

# A fixed day, so that two runs write the same files.
NEWEST = 1_767_000_000  # 2025-12-29
POLICY = email.policy.SMTP.clone(max_line_length=78)

PEOPLE = [
    ("Bob Miller", "bob@example.test"),
    ("Carol Özdemir", "carol@example.test"),
    ("Zoë Åkesson", "zoe@partner.example"),
    ("山田 太郎", "taro@partner.example"),
    ("Иван Петров", "ivan@partner.example"),
    ("Build Server", "build@ci.example"),
    ("José Núñez", "jose@partner.example"),
    ("Eleni Παπαδάκη", "eleni@partner.example"),
]

THREADS = [
    ("Archive", "Minutes of the Tuesday meeting"),
    ("Archive", "Protokoll: Über die neue Prüfstelle"),
    ("Projects", "Harbour crane: load figures"),
    ("Projects", "プロジェクトの進捗について"),
    ("Projects", "Смета на второй квартал"),
    ("INBOX", "Lunch on Friday?"),
    ("INBOX", "Your order has been shipped 📦"),
    ("INBOX", "Invitation: quarterly review"),
    ("INBOX", "Ένα ερώτημα για το ταξίδι"),
    ("Lists/Birdwatchers", "[birds] Cranes over the estuary"),
    ("Lists/Birdwatchers", "[birds] Identification, please"),
]

WORDS = (
    "the a we you they figures crane harbour report meeting Tuesday draft number between after before please could "
    "should would table line page second third answer question morning evening train office window letter copy list "
    "change review budget version error green small large early late new old road bridge water wind bird garden"
).split()


class Writer:
    """Makes messages and puts them into Maildirs; all its choices come from one seed."""

    def __init__(self, root, recipient):
        self.root = root
        self.recipient = recipient
        self.random = random.Random(20250101)
        self.count = 0
        self.last_of_thread = {}

    def sentence(self):
        words = [self.random.choice(WORDS) for _ in range(self.random.randint(4, 16))]
        return " ".join(words).capitalize() + self.random.choice(".....?!")

    def paragraphs(self, count):
        return "\n\n".join(
            "\n".join(self.sentence() for _ in range(self.random.randint(1, 5))) for _ in range(count)
        )

    def next_message(self, folder, subject):
        """A message with its header; the body is still to come."""
        name, address = self.random.choice(PEOPLE)
        message = email.message.EmailMessage(policy=POLICY)
        message["From"] = email.utils.formataddr((name, address))
        message["To"] = self.recipient
        if self.random.random() < 0.3:
            message["Cc"] = email.utils.formataddr(self.random.choice(PEOPLE))
        before = self.last_of_thread.get((folder, subject))
        message["Subject"] = f"Re: {subject}" if before else subject
        self.at = NEWEST - (self.total - self.count) * 5400 - self.random.randint(0, 3600)
        message["Date"] = email.utils.formatdate(self.at, localtime=False)
        domain = address.split("@")[1]
        message["Message-ID"] = f"<demo-{self.count:04d}@{domain}>"
        if before:
            message["In-Reply-To"] = before[0]
            message["References"] = " ".join(before[1][-8:])
        references = (before[1] if before else []) + [message["Message-ID"]]
        self.last_of_thread[folder, subject] = (message["Message-ID"], references)
        if folder.startswith("Lists/"):
            message["List-Id"] = "Birdwatchers <birds.lists.example>"
            message["List-Unsubscribe"] = "<mailto:birds-leave@lists.example>"
            message["Precedence"] = "list"
        return message

    # -- bodies: each takes a message and fills it ------------------------------------------------------------

    def plain(self, message):
        message.set_content(self.paragraphs(self.random.randint(1, 6)) + "\n\n-- \nSent by the demo\n")

    def quoted(self, message):
        quote = "\n".join("> " + line for line in self.paragraphs(2).splitlines())
        message.set_content(f"{self.paragraphs(1)}\n\nOn Monday you wrote:\n{quote}\n\n{self.paragraphs(1)}\n")

    def latin(self, message):
        text = "Grüße aus Köln: das Maß ist voll, die Änderung kommt später. Ça va déjà.\n" * 3
        message.set_content(text, charset="iso-8859-1", cte="quoted-printable")

    def utf8(self, message):
        text = "Здравствуйте! 今日は。 Γειά σου. Blåbærgrød 🫐\n" * self.random.randint(1, 20)
        message.set_content(text, charset="utf-8", cte=self.random.choice(["base64", "8bit"]))

    def alternative(self, message):
        text = self.paragraphs(3)
        message.set_content(text)
        rows = "".join(f"<p>{line}</p>" for line in text.splitlines() if line)
        message.add_alternative(f"<html><body><h1>News</h1>{rows}</body></html>", subtype="html")

    def with_picture(self, message):
        message.set_content("The picture is in the mail.")
        message.add_alternative('<p>See: <img src="cid:dot@demo" alt="a square"></p>', subtype="html")
        html = message.get_payload()[1]
        html.add_related(self.png(), "image", "png", cid="<dot@demo>")

    def with_attachments(self, message):
        self.plain(message)
        table = "\r\n".join(f"{i};{self.random.randint(1, 999)};{self.sentence()}" for i in range(200))
        message.add_attachment(table.encode(), "text", "csv", filename="figures.csv")
        if self.random.random() < 0.5:
            octets = self.random.randbytes(self.random.randint(1000, 60000))
            message.add_attachment(octets, "application", "octet-stream", filename="Meßwerte späť.bin")

    def forwarded(self, message):
        inner = email.message.EmailMessage(policy=POLICY)
        inner["From"] = "Somebody Else <else@partner.example>"
        inner["To"] = "bob@example.test"
        inner["Subject"] = "The message inside"
        inner["Date"] = email.utils.formatdate(self.at - 86400, localtime=False)
        inner.set_content(self.paragraphs(2))
        message.set_content("See below.\n")
        message.add_attachment(inner)

    def invitation(self, message):
        message.set_content("You are invited. The invitation is attached.\n")
        lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Stagepost//demo//EN", "METHOD:REQUEST", "BEGIN:VEVENT",
            f"UID:demo-{self.count}@example.test", "DTSTAMP:20251201T080000Z", "DTSTART:20260112T090000Z",
            "DTEND:20260112T100000Z", "SUMMARY:Quarterly review", "ORGANIZER:mailto:bob@example.test",
            f"ATTENDEE;RSVP=TRUE:mailto:{self.recipient}", "END:VEVENT", "END:VCALENDAR", "",
        ]  # fmt: skip
        message.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": "REQUEST"})

    def long(self, message):
        message.set_content(self.paragraphs(150))

    def with_dots(self, message):
        message.set_content("Lines that begin with dots:\n.\n..\n.hidden\n...\nFrom here on all is well.\n")

    def empty(self, message):
        message.set_content("")

    def png(self):
        """A square of one colour, as small as PNG allows."""
        colour = bytes(self.random.randint(0, 255) for _ in range(3))
        rows = b"".join(b"\0" + colour * 32 for _ in range(32))

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        head = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

    # -- the whole --------------------------------------------------------------------------------------------

    def write_all(self, total):
        self.total = total
        bodies = [self.plain] * 6 + [self.quoted] * 5 + [
            self.latin, self.utf8, self.utf8, self.alternative, self.alternative, self.with_picture,
            self.with_attachments, self.with_attachments, self.forwarded, self.long, self.with_dots, self.empty,
        ]  # fmt: skip
        for self.count in range(1, total + 1):
            folder, subject = self.random.choice(THREADS)
            message = self.next_message(folder, subject)
            body = self.invitation if subject.startswith("Invitation") else self.random.choice(bodies)
            body(message)
            if message.is_multipart():
                self.fix_boundaries(message)
            self.store(folder, message)

    def fix_boundaries(self, message):
        """The library would draw boundaries from a seed of its own."""
        for number, part in enumerate(message.walk()):
            if part.get_content_maintype() == "multipart":
                part.set_boundary(f"=_demo_{self.count}_{number}")

    def store(self, folder, message):
        maildir = self.root / folder
        for name in ("tmp", "new", "cur"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        # Older mail is seen; some is answered or flagged.
        flags = "".join(flag for flag, chance in (("F", 0.08), ("R", 0.2)) if self.random.random() < chance)
        seen = self.count < self.total - 12
        place = maildir / "cur" / f"{self.at}.{self.count:04d}.demo:2,{flags}S" if seen else (
            maildir / "new" / f"{self.at}.{self.count:04d}.demo"
        )  # fmt: skip
        place.write_bytes(message.as_bytes())
        os.utime(place, (self.at, self.at))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--to", default="alice@example.test")
    options = parser.parse_args()
    Writer(options.folder, options.to).write_all(options.messages)


if __name__ == "__main__":
    sys.exit(main())
