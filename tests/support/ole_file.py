"""The smallest files of Office 97 that say something: OLE files ([MS-CFB]) with one stream in them."""

import struct

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def directory_entry(name, kind, child, start, size):
    wide = name.encode("utf-16-le") + b"\0\0" if name else b""
    return (
        wide.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(wide), kind, 1, FREE, FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def make_ole(name, stream):
    """A file with this stream, of 4096 octets or less."""
    stream = stream.ljust(4096, b"\0")  # shorter ones would be in other sectors
    sectors = len(stream) // SECTOR
    chain = [FAT, END] + [number + 1 for number in range(2, 1 + sectors)] + [END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(SECTOR, b"\xff")
    entries = directory_entry("Root Entry", 5, 1, END, 0) + directory_entry(name, 2, FREE, 2, len(stream))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
        + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
        + struct.pack("<I", 0)
    ).ljust(SECTOR, b"\xff")
    return header + table + entries.ljust(SECTOR, b"\0") + stream


def make_doc(words):
    """The octets of a .doc whose text is `words`, in ASCII."""
    text = words.encode("ascii") + b"\r"
    begin = 1024
    block = bytearray(begin)
    struct.pack_into("<HHHHHH", block, 0, 0xA5EC, 0xC1, 0, 0x409, 0, 0x1000)  # text is 8-bit or UTF-16
    struct.pack_into("<II", block, 24, begin, begin + len(text))
    struct.pack_into("<I", block, 76, len(text))
    return make_ole("WordDocument", bytes(block) + text)


def make_xls(words):
    """The octets of a .xls with `words` in its only cell."""
    text = words.encode("ascii")

    def record(kind, octets=b""):
        return struct.pack("<HH", kind, len(octets)) + octets

    def begin(what):
        return record(0x0809, struct.pack("<HHHHII", 0x0600, what, 0, 0, 0, 0))

    strings = record(0x00FC, struct.pack("<IIHB", 1, 1, len(text), 0) + text)
    cell = record(0x00FD, struct.pack("<HHHI", 0, 0, 0, 0))
    return make_ole("Workbook", begin(0x05) + strings + record(0x0A) + begin(0x10) + cell + record(0x0A))


def make_ppt(words):
    """The octets of a .ppt that says `words`."""
    text = words.encode("ascii")
    end = struct.pack("<HHI", 0, 0x03EA, 0)
    return make_ole("PowerPoint Document", struct.pack("<HHI", 0, 0x0FA8, len(text)) + text + end)
